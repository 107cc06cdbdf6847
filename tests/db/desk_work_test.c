/* Work at the desk as it is done: paper comes in, two clerks meet in one file, a file is sealed, scans, an
 * answer. */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/json.h"
#include "tests/db/desk_rig.h"

static struct desk_rig rig;
static struct browser registrar, ana, bela, head, mayor;
static char id[40]; /* of the paper's case */

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    desk_hand(&rig, &registrar, "registru", "registrar", "uat-1");
    desk_hand(&rig, &ana, "ana", "clerk", "uat-1/registratura");
    desk_hand(&rig, &bela, "bela", "clerk", "uat-1/registratura");
    desk_hand(&rig, &head, "cora", "head", "uat-1");
    desk_hand(&rig, &mayor, "primar", "approver", "uat-1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    struct browser *all[] = {&registrar, &ana, &bela, &head, &mayor};
    for (size_t i = 0; i < COUNT(all); i++)
        desk_leave(all[i]);
    desk_rig_free(&rig);
    return 0;
}

static int post(struct browser *b, const char *what, const char *text, struct buf *body)
{
    char path[120];
    snprintf(path, sizeof(path), "/api/cases/%s%s", id, what);
    return desk_post(b, path, text, body);
}

static int look(struct browser *b, const char *what, const char *reason, struct buf *body)
{
    char path[120], more[200] = "";
    snprintf(path, sizeof(path), "/api/cases/%s%s", id, what);
    if (reason)
        snprintf(more, sizeof(more), "X-Reason: %s\r\n", reason);
    return desk_send(b, &(struct desk_ask){"GET", path, NULL, more}, NULL, body);
}

static int64_t version(void)
{
    char sql[120];
    snprintf(sql, sizeof(sql), "SELECT version FROM casefile WHERE id = '%s'", id);
    return desk_count(&rig, sql);
}

static int act(struct browser *b, const char *action, int64_t v, const char *given, struct buf *body)
{
    char text[400];
    snprintf(text, sizeof(text), "{\"action\":\"%s\",\"version\":%lld,\"given\":{%s}}", action, (long long)v,
             given);
    return post(b, "/act", text, body);
}

static int half_received(void)
{
    char path[300];
    int n = 0;
    snprintf(path, sizeof(path), "%s/blobs/new", rig.s.dir);
    DIR *d = opendir(path);
    for (struct dirent *f; d && (f = readdir(d));)
        n += f->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

#define FORM                                                                                                 \
    "{\"register\":\"petitions\",\"direction\":\"in\",\"subject\":\"Groapă în "                            \
    "drum\",\"correspondent\":\"Őri Ștefan\","                                                             \
    "\"service\":\"petition.general\",\"contact\":{\"email\":\"x@example.org\"},\"documents\":[\"%s\"]}"
#define DRAFT                                                                                                \
    "{\"template\":\"answer.petition\",\"lang\":\"ro\",\"title\":\"Răspuns\",\"body\":\"Groapa "            \
    "%s.\",\"version\":%d}"
#define GRANT "{\"act\":\"grant\",\"account\":\"%s\",\"role\":\"%s\",\"reach\":\"%s\",\"institution\":\"%s\"}"
static void paper_comes_in(void **state)
{
    (void)state;
    BUF_SCOPE(scan);
    BUF_SCOPE(made);
    BUF_SCOPE(none);
    char text[700], sha[65];

    assert_int_equal(desk_file(&registrar, "/api/documents", desk_dot, &scan), 200);
    assert_has(scan, "\"title\":\"pagină 1.png\"");
    snprintf(sha, sizeof(sha), "%.64s", strstr(scan.p, "\"sha256\":\"") + 10);
    /* Of another person's file only the hash is known: it does not go in. */
    snprintf(text, sizeof(text), FORM, "0000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(desk_post(&registrar, "/api/register/entries", text, &none), 422);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM casefile"), 0);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM register_counter"), 0);
    snprintf(text, sizeof(text), FORM, sha);
    int status = desk_post(&registrar, "/api/register/entries", text, &made);
    if (status != 200)
        fail_msg("%d %s", status, made.p);
    assert_has(made, "\"n\":1,");
    snprintf(id, sizeof(id), "%.36s", strstr(made.p, "\"case\":\"") + 8);
}

static void two_clerks(void **state)
{
    (void)state;
    BUF_SCOPE(first);
    BUF_SCOPE(late);
    int64_t seen = version();

    assert_int_equal(post(&bela, "/presence", "", NULL), 200);
    int status = act(&ana, "take", seen, "", &first);
    if (status != 200)
        fail_msg("%d %s", status, first.p);
    assert_has(first, "\"assignee\":\"ana\"");
    assert_has(first, "\"others\":[{\"account\" : \"bela\"");
    assert_has(first, "\"kind\":\"scan\"");
    assert_int_equal(act(&bela, "take", seen, "", &late), 409);
    assert_has(late, "\"changed\":[{");
    assert_has(late, "\"act\":\"take\"");
    assert_has(late, "\"actor\":\"ana\"");
    assert_has(late, "\"say\":{\"ro\":\"");
    assert_int_equal(act(&bela, "no_such_step", version(), "", NULL), 404);
    assert_int_equal(act(&ana, "sign_answer", version(), "", NULL), 403);
    assert_int_equal(act(&mayor, "sign_answer", version(), "", NULL), 409); /* not decided yet */
}

/* What ana may not do with her case, each with its sentence: a step of others, one of another state, a right.
 */
static void refused(void **state)
{
    (void)state;
    static const char *const hers[] = {"return", "extend", "case.note", "answer.draft", "case.unseal"};
    BUF_SCOPE(body);

    assert_status(200, look(&ana, "/refused", NULL, &body), body);
    assert_has(body, "{\"id\":\"sign_answer\",\"label\":{\"ro\":\"");
    assert_has(body, "\"ro\":\"Acest pas îl face: Conducătorul care semnează.\"");
    assert_has(body, "Pasul „Preia” se face din: Înregistrată.");
    assert_has(body, "{\"id\":\"case.assign\",\"label\":null,\"why\":{\"ro\":\"Nu aveți dreptul. Îl au: "
                     "Șef de birou, Registrator.\"");
    assert_has(body, "{\"id\":\"case.seal\"");
    for (size_t i = 0; i < COUNT(hers); i++) {
        char at[60];
        snprintf(at, sizeof(at), "{\"id\":\"%s\"", hers[i]);
        if ((strcmp(hers[i], "extend") == 0) != (strstr(body.p, at) != NULL))
            fail_msg("%s: %s", hers[i], body.p);
    }
    buf_reset(&body);
    assert_status(200, look(&head, "/refused", NULL, &body), body);
    assert_null(strstr(body.p, "case.assign"));
}

static void two_pens(void **state)
{
    (void)state;
    BUF_SCOPE(body);
    char text[300], path[100];
    struct desk_ask ask = {"PUT", path, text, "X-Pridvor: 1\r\nContent-Type: application/json\r\n"};

    snprintf(path, sizeof(path), "/api/cases/%s/draft", id);
    snprintf(text, sizeof(text), DRAFT, "se astupă", 0);
    assert_int_equal(desk_send(&ana, &ask, NULL, NULL), 200);
    snprintf(text, sizeof(text), DRAFT, "rămâne", 0);
    assert_int_equal(desk_send(&bela, &ask, NULL, &body), 409);
    assert_has(body, "\"draft\":{");
    assert_has(body, "Groapa se astupă.");
    BUF_SCOPE(pdf);
    assert_int_equal(look(&ana, "/preview.pdf", NULL, &pdf), 200);
    assert_memory_equal(pdf.p, "%PDF-", 5);
}

static void sealed_file(void **state)
{
    (void)state;
    BUF_SCOPE(body);
    BUF_SCOPE(list);
    char text[200];

    snprintf(text, sizeof(text), "{\"sealed\":true,\"reason\":\"minor\",\"version\":%lld}",
             (long long)version());
    assert_int_equal(post(&ana, "/seal", text, NULL), 403); /* not a clerk's */
    assert_int_equal(post(&head, "/seal", text, NULL), 200);
    assert_int_equal(look(&ana, "", NULL, &body), 403);
    assert_has(body, "\"key\":\"err.reason_needed\"");
    assert_null(strstr(body.p, "tefan"));
    assert_int_equal(look(&bela, "/preview.pdf", NULL, NULL), 403);
    long opened =
        desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'sealed case opened' AND actor = 'ana'");
    assert_int_equal(look(&ana, "", "r%C4%83spuns%20la%20cerere", NULL), 200);
    assert_true(
        desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'sealed case opened' AND actor = 'ana'") >
        opened);
    buf_reset(&body);
    assert_status(200, look(&ana, "/refused", "r%C4%83spuns%20la%20cerere", &body), body);
    assert_null(strstr(body.p, "\"id\":\"answer.draft\"")); /* with a reason she may */
    assert_has(body, "{\"id\":\"case.unseal\"");
    assert_int_equal(look(&bela, "/refused", NULL, NULL), 403);
    assert_int_equal(look(&ana, "/preview.pdf", NULL, NULL), 200);  /* the frame beside the file */
    assert_int_equal(look(&bela, "/preview.pdf", NULL, NULL), 403); /* who gave no reason */
    assert_int_equal(look(&ana, "", "%zz", NULL), 403);
    assert_int_equal(desk_get(&ana, "/api/queue?q=mine", &list), 200);
    assert_has(list, "\"sealed\":true");
    assert_null(strstr(list.p, "tefan"));
    snprintf(text, sizeof(text), "{\"sealed\":false,\"reason\":\"gata\",\"version\":%lld}",
             (long long)version());
    assert_int_equal(post(&mayor, "/seal", text, NULL), 200);
}

/* Holds the row with a change of its own until somebody waits behind it. */
static void *sealed_meanwhile(void *user)
{
    struct db_sync *other = user;
    struct err e = {0};

    pgcluster_waiting(&rig.s.pg, 1);
    return db_sync_script(other, "COMMIT", &e) == RC_OK ? other : NULL;
}

/* Sealed, or taken away, while somebody's step was on its way: what happened is not for them to read. */
static void sealed_in_between(void **state)
{
    (void)state;
    static const struct {
        const char *change, *back;
        int status;
    } rows[] = {{"sealed = true", "sealed = false", 409},
                {"institution = 'uat-2', department = ''",
                 "institution = 'uat-1', department = 'registratura'", 403}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct db_sync *other = NULL;
        struct err e = {0};
        pthread_t thread;
        void *ended;
        char sql[700];
        int64_t seen = version();
        BUF_SCOPE(body);

        assert_int_equal(db_sync_open(rig.s.pg.conninfo, &other, &e), RC_OK);
        snprintf(
            sql, sizeof(sql),
            "BEGIN; UPDATE casefile SET %s, version = version + 1 WHERE id = '%s'; INSERT INTO case_event "
            "(case_id, at, actor, act, state_from, state_to, given, public, version) SELECT id, now(), "
            "'cora', 'return', state, state, '{\"reason\":\"minor Ferencz\"}', false, version FROM casefile "
            "WHERE id = '%s'",
            rows[i].change, id, id);
        assert_int_equal(db_sync_script(other, sql, &e), RC_OK);
        assert_int_equal(pthread_create(&thread, NULL, sealed_meanwhile, other), 0);
        assert_status(rows[i].status,
                      act(&ana, "return", seen, "\"reason\":\"x\",\"fields\":\"pet.subject\"", &body), body);
        pthread_join(thread, &ended);
        assert_non_null(ended);
        assert_has(body, "\"say\":{\"ro\":\"");
        assert_null(strstr(body.p, "Ferencz"));
        assert_null(strstr(body.p, "\"changed\""));
        snprintf(sql, sizeof(sql), "UPDATE casefile SET %s WHERE id = '%s'", rows[i].back, id);
        assert_int_equal(db_sync_script(other, sql, &e), RC_OK);
        db_sync_close(other);
    }
}

/* Nothing of a stranger's file touches the disk; what is too big, or not what it says, is refused. */
static void files(void **state)
{
    (void)state;
    char path[100], *big = calloc(1, 6 << 20);
    struct browser stranger = {.rig = &rig};
    BUF_SCOPE(body);
    BUF_SCOPE(top);

    snprintf(path, sizeof(path), "/api/cases/%s/documents", id);
    const struct desk_ask bare = {"GET", "/api/me", NULL, NULL};
    assert_int_equal(desk_send(&stranger, &bare, &top, NULL), 401);
    assert_has(top, "WWW-Authenticate: Session ");
    assert_int_equal(desk_file(&stranger, path, desk_dot, NULL), 401);
    desk_leave(&stranger);
    stranger.rig = &rig;
    snprintf(stranger.cookie, sizeof(stranger.cookie), "Cookie: __Host-pridvor=%064d\r\n", 7);
    assert_int_equal(desk_file(&stranger, path, desk_dot, NULL), 401);
    desk_leave(&stranger);
    assert_int_equal(desk_file(&ana, path, BYTES("MZ nothing of that", 18), &body), 422);
    assert_has(body, "\"path\":\"file\"");
    buf_reset(&body);
    assert_int_equal(desk_file(&ana, path, BYTES(big, 6 << 20), &body), 413);
    assert_has(body, "\"say\":{\"ro\":\"Este prea mare.");
    desk_leave(&bela);
    free(big);
    assert_int_equal(half_received(), 0);
    assert_int_equal(desk_enter_as(&bela, "bela", desk_secret), 200);
    assert_int_equal(desk_get(&bela, "/api/me", NULL), 200);
    assert_int_equal(desk_file(&bela, path, desk_dot, NULL), 200);
}

static void the_answer(void **state)
{
    (void)state;
    BUF_SCOPE(body);
    BUF_SCOPE(done);
    BUF_SCOPE(pdf);
    char path[100];

    int status = act(&ana, "draft_answer", version(), "\"document\":\"draft\"", &body);
    if (status != 200)
        fail_msg("%d %s", status, body.p);
    status = act(&mayor, "sign_answer", version(), "", &done);
    if (status != 200)
        fail_msg("%d %s", status, done.p);
    assert_has(done, "\"state\":\"answered\"");
    const char *doc = strstr(done.p, "\"kind\":\"answer\"");
    assert_non_null(doc);
    snprintf(path, sizeof(path), "/api/documents/%.36s", doc - 38);
    BUF_SCOPE(top);
    assert_int_equal(desk_send(&ana, &(struct desk_ask){"GET", path, NULL, NULL}, &top, &pdf), 200);
    assert_memory_equal(pdf.p, "%PDF-", 5);
    assert_has(top, "Content-Type: application/pdf\r\n");
    assert_has(top, "frame-ancestors 'self'");
    assert_has(top, "Cache-Control: no-store\r\n");
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM owed_message WHERE request_id IS NOT NULL"), 1);
    assert_int_equal(look(&registrar, "/request.pdf", NULL, NULL), 200);
}

/* A stand-in who is away is none, and who has left is shown as long as work is theirs. */
static void the_team(void **state)
{
    (void)state;
    static const struct {
        const char *change, *shown;
    } rows[] = {
        {"INSERT INTO delegation (account, to_account, from_day, to_day, reason, at, by) VALUES ('ana', "
         "'bela', "
         "current_date - 1, current_date + 2, 'x', now(), 'x')",
         "\"to_account\" : \"bela\""},
        {"INSERT INTO delegation (account, to_account, from_day, to_day, reason, at, by) VALUES ('bela', "
         "'cora', "
         "current_date - 1, current_date + 2, 'x', now(), 'x')",
         "\"to_account\" : null"},
        {"DELETE FROM delegation", "\"absent\" : null"},
        {"UPDATE account SET disabled_at = now() WHERE name = 'ana'", "\"gone\" : true"},
        {"UPDATE account SET disabled_at = NULL WHERE name = 'ana'", "\"gone\" : false"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err e = {0};
        BUF_SCOPE(body);
        assert_int_equal(db_sync_script(rig.db, rows[i].change, &e), RC_OK);
        assert_status(200, desk_get(&head, "/api/team", &body), body);
        buf_chr(&body, '\0');
        const char *ana_row = strstr(body.p, "\"ana\""), *end = ana_row ? strstr(ana_row, "}, {\"acc") : NULL;
        assert_non_null(ana_row);
        if (!memmem(ana_row, end ? (size_t)(end - ana_row) : strlen(ana_row), rows[i].shown,
                    strlen(rows[i].shown)))
            fail_msg("row %zu: %s", i, ana_row);
    }
}

/* What is looked for comes in the body: an address stays in histories and logs. */
static void found_again(void **state)
{
    (void)state;
    static const char *const words[] = {"őri ștefan", "ORI", "1", "groapa"};
    long kept = desk_count(&rig, "SELECT count(*) FROM desk_once");

    for (size_t i = 0; i < COUNT(words); i++) {
        BUF_SCOPE(body);
        char text[100];
        snprintf(text, sizeof(text), "{\"q\":\"%s\",\"after\":\"\"}", words[i]);
        assert_status(200, desk_post(&head, "/api/search", text, &body), body);
        assert_has(body, id);
    }
    assert_int_equal(desk_get(&head, "/api/search?q=ORI", NULL), 405);
    assert_int_equal(desk_post(&head, "/api/search?q=ORI", "{}", NULL), 422);
    assert_int_equal(desk_send(&head, /* from a page elsewhere */
                               &(struct desk_ask){"POST", "/api/search", "{\"q\":\"ORI\"}",
                                                  "Content-Type: application/json\r\n"},
                               NULL, NULL),
                     403);
    assert_int_equal(
        desk_send(&head,
                  &(struct desk_ask){"POST", "/api/search", "{\"q\":\"ORI\"}",
                                     "X-Pridvor: 1\r\nContent-Type: application/json\r\n"
                                     "Idempotency-Key: 0a0a0a0a-2222-4333-8444-555555555555\r\n"},
                  NULL, NULL),
        200);
    assert_int_equal(desk_post(&ana, "/api/search", "{\"q\":\"1960101410019\"}", NULL),
                     403); /* a CNP is not a clerk's to look for */
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM desk_once"), kept);
}

static void says(struct browser *b, const char *path, const char *text, int status, const char *say)
{
    BUF_SCOPE(body);
    assert_int_equal(desk_post(b, path, text, &body), status);
    assert_has(body, say);
}

/* Is the button shown? */
static bool offers(struct browser *b, const char *right)
{
    BUF_SCOPE(body);
    char quoted[40];
    snprintf(quoted, sizeof(quoted), "\"%s\"", right);
    assert_int_equal(desk_get(b, "/api/me", &body), 200);
    return strstr(body.p, quoted) != NULL;
}

/* What an administrator may not do: to oneself, beyond the house, over those who reach further. */
static void administrators(void **state)
{
    (void)state;
    struct browser b;
    char text[300];
    static const struct {
        const char *account, *role, *reach, *institution;
        int status;
        const char *say;
    } rows[] = {
        {"ana", "registrar", "institution", "uat-1", 200, ""},
        {"ana", "registrar", "institution", "uat-1", 409, "are deja acest rol"},
        {"ana", "registrar", "institution", "uat-2", 403, ""},
        {"admin", "approver", "institution", "uat-1", 403, "alt administrator"},
        {"ana", "approver", "below", "cj-1", 403, ""},
        {"ana", "king", "institution", "uat-1", 422, ""},
        {"nimeni", "registrar", "institution", "uat-1", 409, "Nu există un cont"},
    };

    pgcluster_query(&rig.s.pg,
                    "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) VALUES ('cj-1', "
                    "'county', 'J', 'J', 'J')");
    pgcluster_query(&rig.s.pg, "UPDATE institution SET parent = 'cj-1' WHERE id IN ('uat-1', 'uat-2')");
    desk_person(&rig, "departe", "uat-2");
    desk_person(&rig, "sus", "uat-1");
    desk_grant(&rig, "sus", "county", "cj-1/");
    desk_hand(&rig, &b, "admin", "administrator", "uat-1");
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(body);
        snprintf(text, sizeof(text), GRANT, rows[i].account, rows[i].role, rows[i].reach,
                 rows[i].institution);
        int status = desk_post(&b, "/api/roles", text, &body);
        if (status != rows[i].status || !strstr(body.p ? body.p : "", rows[i].say))
            fail_msg("row %zu: %d %s", i, status, body.p);
    }
    says(&b, "/api/users", "{\"name\":\"ana\",\"full_name\":\"Ana\",\"institution\":\"uat-1\"}", 409,
         "Un cont cu acest nume");
    says(&b, "/api/users", "{\"name\":\"Ana\",\"full_name\":\"Ana\",\"institution\":\"uat-1\"}", 422,
         "litere mici");
    assert_int_equal(desk_post(&b, "/api/users/departe", "{\"act\":\"reset\"}", NULL), 404);
    assert_int_equal(desk_post(&b, "/api/users/sus", "{\"act\":\"reset\"}", NULL), 403);
    assert_int_equal(desk_post(&b, "/api/users/bela", "{\"act\":\"disable\"}", NULL), 200);
    assert_int_equal(desk_get(&bela, "/api/me", NULL), 401);
    says(&b, "/api/holidays", "{\"day\":\"2027-03-01\",\"name\":\"X\"}", 403, "întregului județ");
    says(&b, "/api/holidays/withdraw", "{\"day\":\"2027-03-01\"}", 403, "întregului județ");
    assert_false(offers(&b, "holiday.manage"));
    desk_leave(&b);
}

/* Declared, withdrawn, declared again by who reaches every house; the law's own days cannot be withdrawn. */
static void days_off(void **state)
{
    (void)state;
    struct browser b;
    static const struct {
        const char *path, *day;
        int status, shown;
    } rows[] = {
        {"/api/holidays", "2027-03-01", 200, 1},          {"/api/holidays", "2027-03-01", 409, -1},
        {"/api/holidays/withdraw", "2027-03-01", 200, 0}, {"/api/holidays/withdraw", "2027-03-01", 404, -1},
        {"/api/holidays", "2027-03-01", 200, 1},          {"/api/holidays/withdraw", "2026-12-25", 404, -1},
        {"/api/holidays/withdraw", "2027-02-29", 422, -1}};

    pgcluster_query(&rig.s.pg,
                    "UPDATE institution SET parent = 'cj-1' WHERE parent IS NULL AND id <> 'cj-1'");
    desk_hand(&rig, &b, "capat", "administrator", "cj-1/");
    assert_true(offers(&b, "holiday.manage"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(body);
        char text[80];
        bool add = strcmp(rows[i].path, "/api/holidays") == 0;
        snprintf(text, sizeof(text), "{\"day\":\"%s\"%s}", rows[i].day, add ? ",\"name\":\"Punte\"" : "");
        int status = desk_post(&b, rows[i].path, text, &body);
        if (status != rows[i].status)
            fail_msg("row %zu: %d %s", i, status, body.p);
        if (rows[i].shown >= 0)
            assert_int_equal(strstr(body.p, rows[i].day) != NULL, rows[i].shown);
    }
    assert_string_equal(pgcluster_query(&rig.s.pg,
                                        "SELECT string_agg(act, ' ' ORDER BY id) FROM audit WHERE act "
                                        "LIKE 'holiday%'"),
                        "holiday added holiday withdrawn holiday added");
    desk_leave(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paper_comes_in), cmocka_unit_test(two_clerks),
        cmocka_unit_test(refused),        cmocka_unit_test(two_pens),
        cmocka_unit_test(sealed_file),    cmocka_unit_test(sealed_in_between),
        cmocka_unit_test(files),          cmocka_unit_test(the_answer),
        cmocka_unit_test(the_team),       cmocka_unit_test(found_again),
        cmocka_unit_test(administrators), cmocka_unit_test(days_off),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
