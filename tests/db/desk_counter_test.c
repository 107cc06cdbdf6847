/* At the counter: a paper with its service's own questions, and a correction typed for who stands there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/desk_rig.h"

static struct desk_rig rig;
static struct browser registrar, ana, head;
static char id[40]; /* of the paper's case */

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    desk_hand(&rig, &registrar, "registru", "registrar", "uat-1");
    desk_hand(&rig, &ana, "ana", "clerk", "uat-1");
    desk_hand(&rig, &head, "cora", "head", "uat-1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    struct browser *all[] = {&registrar, &ana, &head};
    for (size_t i = 0; i < COUNT(all); i++)
        desk_leave(all[i]);
    desk_rig_free(&rig);
    return 0;
}

static int scan(struct browser *b, char sha[65])
{
    BUF_SCOPE(body);

    int status = desk_file(b, "/api/documents", desk_dot, &body);
    if (status == 200)
        snprintf(sha, 65, "%.64s", strstr(body.p, "\"sha256\":\"") + 10);
    return status;
}

#define ENTRY "{\"direction\":\"in\",\"service\":\"petition.general\",\"answers\":{%s}%s}"
#define WHO                                                                                                  \
    "\"who.kind\":\"person\",\"who.last_name\":\"Őri\",\"who.first_name\":\"Ștefan\",\"who.address\":\""   \
    "Cluj, Str. Lungă 1\","
#define REST                                                                                                 \
    "\"pet.kind\":\"request\",\"pet.subject\":\"Groapă în drum\",\"pet.how\":\"type\",\"pet.text\":\""     \
    "Vă rog.\",\"who.email\":\"%s\",\"consent.data_read\":true"

/* The page asks for what is to be asked now; what was answered opens and closes questions. */
static void the_questions(void **state)
{
    (void)state;
    BUF_SCOPE(first);
    BUF_SCOPE(then);

    assert_status(200, desk_post(&ana, "/api/form", "{\"service\":\"petition.general\"}", &first), first);
    assert_has(first, "\"id\":\"pet.kind\",\"type\":\"choice\"");
    assert_has(first, "\"hu\":\"Mit szeretne?\"");
    assert_has(first, "\"required\":true");
    assert_has(first, "{\"field\":\"pet.subject\",\"say\":{\"ro\":\"");
    assert_null(strstr(first.p, "\"id\":\"pet.text\""));
    assert_null(strstr(first.p, "sign.signature")); /* it stands on the paper */
    assert_status(200,
                  desk_post(&ana, "/api/form",
                            "{\"service\":\"petition.general\",\"answers\":{\"pet.how\":\"type\"}}", &then),
                  then);
    assert_has(then, "\"id\":\"pet.text\"");
    assert_status(422, desk_post(&ana, "/api/form", "{\"service\":\"nimic\"}", &then), then);
    assert_status(422,
                  desk_post(&ana, "/api/form",
                            "{\"service\":\"petition.general\",\"answers\":{\"straniu\":\"x\"}}", &then),
                  then);
    assert_int_equal(desk_post(&head, "/api/form", "{\"service\":\"petition.general\"}", NULL), 403);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM casefile"), 0);
}

/* What a kiosk would not take, the counter does not either, and no number is lost over it. */
static void paper_with_answers(void **state)
{
    (void)state;
    BUF_SCOPE(none);
    BUF_SCOPE(wrong);
    BUF_SCOPE(made);
    BUF_SCOPE(page);
    BUF_SCOPE(book);
    char text[900], rest[400], path[80], year[8];

    snprintf(text, sizeof(text), ENTRY, "", "");
    assert_status(422, desk_post(&ana, "/api/register/entries", text, &none), none);
    assert_has(none, "\"fields\":[{\"field\":\"");
    snprintf(rest, sizeof(rest), WHO REST, "fara-arond");
    snprintf(text, sizeof(text), ENTRY, rest, "");
    assert_status(422, desk_post(&ana, "/api/register/entries", text, &wrong), wrong);
    assert_has(wrong, "\"path\":\"answers.who.email\"");
    assert_has(wrong, "\"fields\":[{\"field\":\"who.email\",\"say\":{\"ro\":\"");
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM register_counter"), 0);
    snprintf(rest, sizeof(rest), WHO REST, "stefan@example.org");
    snprintf(text, sizeof(text), ENTRY, rest, "");
    assert_status(200, desk_post(&ana, "/api/register/entries", text, &made), made);
    assert_has(made, "\"n\":1,");
    snprintf(id, sizeof(id), "%.36s", strstr(made.p, "\"case\":\"") + 8);
    snprintf(path, sizeof(path), "/api/cases/%s", id);
    assert_status(200, desk_get(&ana, path, &page), page);
    assert_has(page, "\"person\":\"Őri Ștefan\"");
    assert_has(page, "\"subject\":\"Groapă în drum\"");
    assert_has(page, "\"field\":\"pet.text\"");
    assert_has(page, "\"text\":\"Cer ceva\",\"shown\":{\"ro\":\"Cer ceva\",\"hu\":\"Kérek valamit\"");
    assert_has(page, "\"email\":\"stefan@example.org\"");
    /* The book says the same as the file. */
    snprintf(year, sizeof(year), "%ld", desk_count(&rig, "SELECT year FROM casefile"));
    snprintf(path, sizeof(path), "/api/register?register=petitions&year=%s", year);
    assert_status(200, desk_get(&registrar, path, &book), book);
    assert_has(book, "Groapă în drum");
    assert_has(book, "Őri Ștefan");
}

/* A letter that has no service, and a request that cannot be completed now: number first. */
static void only_registered(void **state)
{
    (void)state;
    BUF_SCOPE(body);
    assert_status(
        422,
        desk_post(&ana, "/api/register/entries", "{\"direction\":\"in\",\"register\":\"general\"}", &body),
        body);
    assert_has(body, "\"path\":\"subject\"");
    assert_status(200,
                  desk_post(&registrar, "/api/register/entries",
                            "{\"direction\":\"in\",\"register\":\"general\",\"subject\":\"Invitație\","
                            "\"correspondent\":\"Școala\"}",
                            &body),
                  body);
    assert_null(strstr(body.p, "\"case\":"));
    assert_status(
        200,
        desk_post(&ana, "/api/register/entries",
                  "{\"direction\":\"in\",\"service\":\"petition.general\",\"correspondent\":\"Pop\"}", &body),
        body);
    assert_has(body, "\"case\":");
}

#define ENTRIES "/api/register/entries"

/* Characters, not bytes; and each refusal says what is wrong, in three languages. */
static void said_plainly(void **state)
{
    (void)state;
    BUF_SCOPE(body);
    char text[2000], name[700] = "";

    for (int i = 0; i < 300; i++)
        memcpy(name + 2 * (size_t)i, "ő", 3);
    snprintf(text, sizeof(text),
             "{\"direction\":\"in\",\"register\":\"general\",\"subject\":\"a\",\"correspondent\":\"%s\"}",
             name);
    assert_status(200, desk_post(&registrar, ENTRIES, text, &body), body);
    snprintf(text, sizeof(text),
             "{\"direction\":\"in\",\"register\":\"general\",\"subject\":\"a\",\"correspondent\":\"%sx\"}",
             name);
    assert_status(422, desk_post(&registrar, ENTRIES, text, &body), body);
    assert_has(body, "Cel mult 300 de caractere");
    assert_has(body, "\"path\":\"correspondent\"");
    assert_status(
        422,
        desk_post(&registrar, ENTRIES,
                  "{\"direction\":\"in\",\"register\":\"general\",\"subject\":\"a\",\"date_on_paper\":"
                  "\"2999-01-01\"}",
                  &body),
        body);
    assert_has(body, "Data de pe hârtie este în viitor");
    assert_has(body, "a jövőben van");
}

/* A file that is an answer is a document of the case, brought by this very person. */
static void a_photo(void **state)
{
    (void)state;
    BUF_SCOPE(made);
    char sha[65] = "", text[900];
    static const char photo[] =
        "{\"direction\":\"in\",\"service\":\"complaint.illegal_dump\",\"answers\":{\"photo\":[\"sha256:%s\"],"
        "\"burning\":\"no\",\"waste.kind\":[\"household\"],\"waste.size\":\"bag\",\"place.address\":\"Lungă "
        "1\","
        "\"who.wants_answer\":\"no\",\"consent.data_read\":true}}";

    assert_int_equal(scan(&registrar, sha), 200);
    snprintf(text, sizeof(text), photo, sha);
    int status = desk_post(&ana, "/api/register/entries", text, &made);
    assert_int_equal(status, 422);
    assert_int_equal(scan(&ana, sha), 200);
    assert_status(200, desk_post(&ana, "/api/register/entries", text, &made), made);
    assert_int_equal(
        desk_count(&rig, "SELECT count(*) FROM document WHERE kind = 'scan' AND made_by = 'ana'"), 1);
}

static int act(struct browser *b, const char *action, const char *given, struct buf *body)
{
    return desk_step(b, id, action, given, body);
}

static int put_right(struct browser *b, const char *members, struct buf *body)
{
    char sql[120], text[500], path[80];

    snprintf(sql, sizeof(sql), "SELECT version FROM casefile WHERE id = '%s'", id);
    snprintf(text, sizeof(text), "{%s,\"version\":%ld}", members, desk_count(&rig, sql));
    snprintf(path, sizeof(path), "/api/cases/%s/return", id);
    return desk_post(b, path, text, body);
}

static void refused_corrections(void)
{
    static const char *const rows[][2] = {
        {"\"answers\":{\"pet.subject\":\"Altceva\",\"who.email\":\"b@example.org\"}", "\"path\":\"note\""},
        {"\"answers\":{\"pet.subject\":\"\",\"who.email\":\"fara\"},\"note\":\"spus\"",
         "{\"field\":\"pet.subject\",\"say\":{"},
        {"\"answers\":{\"pet.subject\":\"Altceva\"},\"note\":\"spus\"", "\"path\":\"answers.who.email\""},
        {"\"answers\":{\"pet.text\":\"Altceva\",\"pet.subject\":\"a\",\"who.email\":\"\"},\"note\":\"spus\"",
         "\"path\":\"answers.pet.text\""},
        {"\"answers\":[],\"note\":\"spus\"", "\"path\":\"answers\""},
        {"\"answers\":{\"pet.subject\":\"Altceva\",\"who.email\":\"b@example.org\"},\"documents\":[\""
         "0000000000000000000000000000000000000000000000000000000000000000\"]",
         "\"path\":\"documents\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(body);
        assert_status(422, put_right(&ana, rows[i][0], &body), body);
        assert_has(body, rows[i][1]);
        assert_has(body, "\"say\":{\"ro\":\"");
    }
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM case_event WHERE act = 'correction_typed'"), 0);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM case_return WHERE answered_at IS NOT NULL"), 0);
}

/* Who stands at the counter is helped there; the file says who did it, for whom, and how it came. */
static void typed_for_the_applicant(void **state)
{
    (void)state;
    BUF_SCOPE(back);
    BUF_SCOPE(done);
    BUF_SCOPE(late);
    char path[80], sha[65], members[300];

    assert_status(200, act(&ana, "take", "", &done), done);
    assert_int_equal(put_right(&ana, "\"answers\":{},\"note\":\"x\"", NULL), 404); /* nothing is asked */
    assert_status(
        200, act(&ana, "return", "\"reason\":\"Nu se înțelege\",\"fields\":\"pet.subject,who.email\"", &done),
        done);
    snprintf(path, sizeof(path), "/api/cases/%s/return", id);
    assert_status(200, desk_get(&ana, path, &back), back);
    assert_has(back, "\"reason\":\"Nu se înțelege\"");
    assert_has(back, "\"id\":\"pet.subject\"");
    assert_has(back, "\"value\":\"Groapă în drum\"");
    assert_null(strstr(back.p, "pet.text"));
    assert_int_equal(desk_get(&registrar, path, NULL), 403);
    refused_corrections();
    assert_int_equal(scan(&ana, sha), 200);
    snprintf(members, sizeof(members),
             "\"answers\":{\"pet.subject\":\"Groapă pe Str. Lungă\",\"who.email\":\"\"},\"note\":\"A spus la "
             "ghișeu\",\"documents\":[\"%s\"]",
             sha);
    assert_status(200, put_right(&ana, members, &done), done);
    assert_has(done, "\"state\":\"in_work\"");
    assert_has(done, "Groapă pe Str. Lungă");
    assert_has(done, "\"act\":\"correction_typed\"");
    assert_has(done, "\"reason\":\"A spus la ghișeu\"");
    assert_has(done, "\"title\":\"");
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'correction_typed' AND actor = "
                                      "'ana' AND detail LIKE 'for the applicant%1 scans, with a note'"),
                     1);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE detail LIKE '%ghișeu%'"), 0);
    /* Whoever has the old page is told what has happened since. */
    snprintf(members, sizeof(members), "{%s,\"version\":1}",
             "\"answers\":{\"pet.subject\":\"x\",\"who.email\":\"\"},\"note\":\"x\"");
    assert_status(404, desk_post(&ana, path, members, &late), late);
}

static void two_at_once(void **state)
{
    (void)state;
    BUF_SCOPE(done);
    BUF_SCOPE(late);
    char path[80];

    assert_status(200, act(&ana, "return", "\"reason\":\"Încă o dată\",\"fields\":\"pet.subject\"", &done),
                  done);
    snprintf(path, sizeof(path), "/api/cases/%s/return", id);
    assert_status(
        409,
        desk_post(&ana, path, "{\"answers\":{\"pet.subject\":\"x\"},\"note\":\"x\",\"version\":1}", &late),
        late);
    assert_has(late, "\"changed\":[{");
    assert_has(late, "\"act\":\"return\"");
}

static void corrects(struct browser *b, const char *name)
{
    BUF_SCOPE(body);

    if (act(&ana, "return", "\"reason\":\"Mai lipsește\",\"fields\":\"pet.subject\"", &body) != 200 ||
        put_right(b, "\"answers\":{\"pet.subject\":\"Altul\"},\"note\":\"spus\"", &body) != 200)
        fail_msg("%s: %s", name, body.p ? body.p : "");
    assert_has(body, "\"state\":\"in_work\"");
}

/* Whoever may send a request back may also type what its applicant then says; elsewhere nobody may. */
static void each_who_sends_back(void **state)
{
    (void)state;
    const struct right_action *right = rights_action(&rig.rights, "case.return_fields");
    static const char members[] = "\"answers\":{\"pet.subject\":\"x\"},\"note\":\"spus\"";
    struct browser abroad = {.rig = &rig};

    assert_int_equal(put_right(&ana, members, NULL), 200); /* what two_at_once left open */
    for (size_t i = 0; i < right->n_roles; i++) {
        struct browser b;
        char name[40];
        snprintf(name, sizeof(name), "back%zu", i);
        desk_hand(&rig, &b, name, right->roles[i], "uat-1");
        corrects(&b, right->roles[i]);
        desk_leave(&b);
    }
    desk_person(&rig, "straina", "uat-2");
    desk_grant(&rig, "straina", "head", "uat-2");
    assert_int_equal(desk_enter_as(&abroad, "straina", desk_secret), 200);
    assert_int_equal(act(&ana, "return", "\"reason\":\"Mai lipsește\",\"fields\":\"pet.subject\"", NULL),
                     200);
    assert_int_equal(put_right(&abroad, members, NULL), 404);
    desk_leave(&abroad);
}

/* The questions of a service are for who may enter its papers here: not for another office's clerk, and not
 * for who may elsewhere. */
static void only_what_one_enters(void **state)
{
    (void)state;
    static const char dump[] = "{\"service\":\"complaint.illegal_dump\"}",
                      general[] = "{\"service\":\"petition.general\"}";
    struct browser one, far = {.rig = &rig};
    BUF_SCOPE(list);

    desk_hand(&rig, &one, "mediu", "clerk", "uat-1/mediu");
    desk_grant(&rig, "mediu", "clerk", "uat-2");
    assert_int_equal(desk_post(&one, "/api/form", dump, NULL), 200);
    assert_int_equal(desk_post(&one, "/api/form", general, NULL), 403);
    assert_int_equal(desk_get(&one, "/api/services", &list), 200);
    assert_has(list, "\"department\":\"mediu\",\"term\":\"");
    const char *at = strstr(list.p, "\"id\":\"complaint.illegal_dump\"");
    assert_non_null(at);
    assert_int_equal(strncmp(strstr(at, "\"enter\":"), "\"enter\":true", 12), 0);
    at = strstr(list.p, "\"id\":\"petition.general\"");
    assert_int_equal(strncmp(strstr(at, "\"enter\":"), "\"enter\":false", 13), 0);
    desk_leave(&one);
    desk_person(&rig, "departe", "uat-1");
    desk_grant(&rig, "departe", "clerk", "uat-2");
    assert_int_equal(desk_enter_as(&far, "departe", desk_secret), 200);
    assert_int_equal(desk_post(&far, "/api/form", general, NULL), 403);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'desk refused' AND detail LIKE "
                                      "'%/api/form%' AND actor IN ('mediu', 'departe')"),
                     2);
    desk_leave(&far);
}

/* What terms are counted with: the law's days by name in three languages, and those declared here. */
static void days_off(void **state)
{
    (void)state;
    BUF_SCOPE(body);

    pgcluster_query(&rig.s.pg,
                    "INSERT INTO holiday (day, name, at, by) VALUES ('2027-03-01', 'Punte', now(), 'root')");
    assert_int_equal(desk_get(&ana, "/api/holidays", &body), 200);
    assert_has(body, "{\"day\":\"2026-12-01\",\"kind\":\"legal\",\"name\":{\"ro\":\"");
    assert_has(body, "\"day\":\"2026-04-12\""); /* Easter */
    assert_has(body, "\"hu\":\"Újév\"");
    assert_has(body, "\"2027-03-01\"");
    assert_has(body, "\"declared\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_questions),
        cmocka_unit_test(paper_with_answers),
        cmocka_unit_test(only_registered),
        cmocka_unit_test(said_plainly),
        cmocka_unit_test(a_photo),
        cmocka_unit_test(typed_for_the_applicant),
        cmocka_unit_test(two_at_once),
        cmocka_unit_test(each_who_sends_back),
        cmocka_unit_test(only_what_one_enters),
        cmocka_unit_test(days_off),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
