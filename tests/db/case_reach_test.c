/* How far rights reach: absences that would widen them, cases taken along with another's, the page of a
 * request that went on to another house. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/case_priv.h"
#include "backend/people.h"
#include "backend/public.h"
#include "tests/db/case_rig.h"

static struct rig rig;
static struct err e;

#define Q(sql) pgcluster_query(&rig.pg, (sql))

static const char petition[] =
    "{\"who.kind\":\"person\",\"who.last_name\":\"Kovács\",\"who.first_name\":\"Ștefan\",\"who.email\":"
    "\"stefan@example.ro\",\"who.phone\":\"0722123456\",\"pet.kind\":\"ask\",\"pet.subject\":\"Iluminat\","
    "\"pet.text\":\"Nu este lumină.\",\"lang.answer\":\"hu\",\"consent.data_read\":true}";

static int setup(void **state)
{
    (void)state;
    if (!rig_make(&rig))
        exit(77);
    rig_user(&rig, "clerk", "clerk", "hall-1", "");
    rig_user(&rig, "clerk2", "clerk", "hall-1", "");
    rig_user(&rig, "desk", "clerk", "hall-1", "registratura");
    rig_user(&rig, "head", "head", "hall-1", "");
    rig_user(&rig, "chief", "head", "hall-1", "urbanism");
    rig_user(&rig, "mayor", "approver", "hall-1", "");
    rig_user(&rig, "vice", "approver", "hall-1", "");
    rig_user(&rig, "officer", "officer", "hall-1", "");
    rig_user(&rig, "both", "clerk", "hall-1", "urbanism");
    rig_user(&rig, "both", "officer", "hall-1", "");
    rig_user(&rig, "other", "clerk", "hall-2", "");
    rig_user(&rig, "county", "county", "county", "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* Who enters another's absence cannot hand out what is not theirs to give. */
static void absences_widen_no_rights(void **state)
{
    static const struct {
        const char *who, *away, *here;
        enum rc rc;
    } rows[] = {
        {"clerk", "clerk", "clerk2", RC_OK},       {"head", "clerk", "clerk2", RC_OK},
        {"head", "clerk2", "head", RC_OK},         {"mayor", "mayor", "vice", RC_OK},
        {"vice", "mayor", "clerk", RC_OK},         {"mayor", "officer", "clerk", RC_OK},
        {"clerk", "clerk2", "clerk", RC_DENIED},   {"head", "mayor", "head", RC_DENIED},
        {"head", "mayor", "clerk", RC_DENIED},     {"head", "officer", "head", RC_DENIED},
        {"chief", "both", "chief", RC_DENIED},     {"chief", "clerk", "chief", RC_DENIED},
        {"head", "other", "clerk", RC_DENIED},     {"mayor", "county", "mayor", RC_DENIED},
        {"clerk", "clerk", "other", RC_BAD_FIELD},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct work w = rig_begin(&rig);
        struct date today = date_of_ms(rig_now);
        struct case_delegation d = {rows[i].away, rows[i].here, "concediu", today, today};
        struct actor who;
        int64_t id;
        rig_actor(&w, rows[i].who, &who);
        enum rc rc = case_delegate(&w, &who, &d, &id, &e);
        if (rc != rows[i].rc)
            fail_msg("%s: %s for %s: %s %s", rows[i].who, rows[i].here, rows[i].away, rc_name(rc), e.text);
        rig_end(&w);
        Q("UPDATE delegation SET ended_at = now(), ended_by = 'test' WHERE ended_at IS NULL");
    }
}

static enum rc away(const char *account, const char *here, int from, int to)
{
    struct work w = rig_begin(&rig);
    struct date today = date_of_ms(rig_now);
    struct case_delegation d = {account, here, "concediu", date_add(today, from), date_add(today, to)};
    struct actor who;
    int64_t id;
    e = (struct err){0};
    rig_actor(&w, account, &who);
    enum rc rc = case_delegate(&w, &who, &d, &id, &e);
    rig_end(&w);
    return rc;
}

static const char *works_for(const char *account)
{
    static char out[40];
    struct work w = rig_begin(&rig);
    const char *who;
    assert_int_equal(case_stand_in(&w, account, &who, &e), RC_OK);
    snprintf(out, sizeof(out), "%s", who);
    rig_end(&w);
    return out;
}

/* Has the account the role today, its own or another's? */
static bool bears(const char *account, const char *role)
{
    struct work w = rig_begin(&rig);
    struct actor a;
    bool yes = false;
    rig_actor(&w, account, &a);
    for (size_t i = 0; i < a.person.n; i++)
        yes |= strcmp(a.person.grants[i].role, role) == 0;
    rig_end(&w);
    return yes;
}

static void nobody_away(void)
{
    Q("UPDATE delegation SET ended_at = now(), ended_by = 'test' WHERE ended_at IS NULL");
}

/* One link, no loop, one stand-in at a time; days that only touch do not meet. */
static void absences_do_not_chain(void **state)
{
    static const struct {
        const char *account, *here;
        int from, to;
        enum rc rc;
        const char *path;
    } rows[] = {
        {"clerk", "clerk2", 0, 5, RC_OK, NULL},
        {"clerk", "clerk2", 0, 5, RC_BAD_FIELD, "from"}, /* the same twice */
        {"clerk", "desk", 5, 9, RC_BAD_FIELD, "from"},   /* overlaps by a day */
        {"clerk", "desk", 6, 9, RC_OK, NULL},
        {"clerk2", "clerk", 0, 0, RC_BAD_FIELD, "to_account"},  /* the loop */
        {"head", "clerk", 3, 3, RC_BAD_FIELD, "to_account"},    /* to who is away */
        {"head", "clerk", 10, 12, RC_OK, NULL},                 /* and is back then */
        {"clerk", "clerk", 20, 21, RC_BAD_FIELD, "to_account"}, /* to oneself */
        {"clerk", "other", 20, 21, RC_BAD_FIELD, "to_account"}, /* to another house */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum rc rc = away(rows[i].account, rows[i].here, rows[i].from, rows[i].to);
        if (rc != rows[i].rc || (rows[i].path && strcmp(e.path, rows[i].path) != 0))
            fail_msg("row %zu: %s %s: %s", i, rc_name(rc), e.path, e.text);
    }
    nobody_away();
    /* The stand-in of the mayor falls ill: their own stand-in does not sign, and nothing is laid on an empty
     * desk. */
    assert_int_equal(away("mayor", "clerk", 0, 5), RC_OK);
    assert_string_equal(works_for("mayor"), "clerk");
    assert_int_equal(away("clerk", "clerk2", 0, 1), RC_OK);
    assert_string_equal(works_for("mayor"), "mayor");
    assert_true(bears("clerk", "approver"));
    assert_false(bears("clerk2", "approver"));
    nobody_away();
}

static enum rc entered(const char *by, const char *account, int64_t *id)
{
    struct work w = rig_begin(&rig);
    struct date soon = date_add(date_of_ms(rig_now), 30);
    struct case_delegation d = {account, "clerk", "concediu", soon, soon};
    struct actor who;

    rig_actor(&w, by, &who);
    enum rc rc = *id ? case_delegate_end(&w, &who, *id, &e) : case_delegate(&w, &who, &d, id, &e);
    rig_end(&w);
    return rc;
}

/* Who signs for the mayor does the mayor's work, but does not decide how long. */
static void a_stand_in_does_not_prolong_it(void **state)
{
    int64_t id = 0, other = 0;

    (void)state;
    assert_int_equal(away("mayor", "clerk", 0, 5), RC_OK);
    assert_int_equal(entered("clerk", "mayor", &id), RC_DENIED);
    assert_int_equal(entered("clerk2", "mayor", &id), RC_DENIED);
    id = atoll(Q("SELECT id FROM delegation WHERE account = 'mayor' AND ended_at IS NULL"));
    assert_int_equal(entered("clerk", "mayor", &id), RC_DENIED);
    assert_int_equal(entered("clerk", "vice", &other), RC_OK);
    assert_int_equal(entered("vice", "mayor", &id), RC_OK);
    assert_int_equal(entered("clerk", "vice", &other), RC_DENIED); /* the mayor is back */
    assert_int_equal(entered("mayor", "vice", &other), RC_OK);
    nobody_away();
}

/* What the giver has no longer, the stand-in has no longer; what ends, ends with the next thing that is done.
 */
static void lent_rights_end(void **state)
{
    static const struct people_role signs = {"vice", "approver", "institution", "hall-1", ""};
    const int64_t then = rig_now;

    (void)state;
    assert_int_equal(away("vice", "clerk2", 0, 1), RC_OK);
    assert_true(bears("clerk2", "approver"));
    assert_int_equal(people_role(rig.db, &rig.house.rights, &signs, false, "test", &e), RC_OK);
    assert_false(bears("clerk2", "approver"));
    assert_int_equal(people_role(rig.db, &rig.house.rights, &signs, true, "test", &e), RC_OK);
    assert_true(bears("clerk2", "approver"));
    assert_int_equal(people_disable(rig.db, "vice", true, "admin", &e), RC_OK);
    assert_false(bears("clerk2", "approver"));
    assert_int_equal(people_disable(rig.db, "vice", false, "admin", &e), RC_OK);
    assert_int_equal(people_disable(rig.db, "clerk2", true, "admin", &e), RC_OK);
    assert_string_equal(works_for("vice"), "vice"); /* nobody stands in who may not come in */
    assert_int_equal(people_disable(rig.db, "clerk2", false, "admin", &e), RC_OK);
    rig_now = case_ms(date_add(date_of_ms(then), 1), 23 * 60 + 59);
    assert_true(bears("clerk2", "approver"));
    rig_now += 60000; /* midnight */
    assert_false(bears("clerk2", "approver"));
    assert_string_equal(works_for("vice"), "vice");
    rig_now = then;
    nobody_away();
    assert_false(bears("clerk2", "approver"));
}

static const char *new_case(const char *service)
{
    static char id[8][37];
    static int next;
    char *mine = id[next++ % 8];
    struct rig_request q = {.institution = "hall-1", .service = service, .answers = petition};
    rig_request(&rig, &q, mine);
    assert_int_equal(rig_open(&rig), 1);
    return mine;
}

static enum rc step(const char *name, const char *id, const char *action, struct workflow_given *given,
                    size_t n)
{
    struct work w = rig_begin(&rig);
    struct actor who;
    struct casefile c;

    e = (struct err){0};
    rig_actor(&w, name, &who);
    assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
    struct case_act act = {.id = id, .action = action, .version = c.version, .given = given, .n_given = n};
    enum rc rc = case_act(&w, &who, &act, NULL, &e);
    rig_end(&w);
    return rc;
}

/* The other case ends with this one's answer: whoever takes it along must work on it, too. */
static void a_foreign_case_is_not_taken_along(void **state)
{
    const char *mine = new_case("petition.general"), *theirs = new_case("petition.general");
    char sql[200];
    struct workflow_given given = {"case_number", theirs};

    (void)state;
    snprintf(sql, sizeof(sql), "UPDATE casefile SET department = 'urbanism' WHERE id = '%s'", theirs);
    Q(sql);
    assert_int_equal(step("desk", mine, "take", NULL, 0), RC_OK);
    assert_int_equal(step("desk", mine, "connex", &given, 1), RC_BAD_FIELD);
    assert_string_equal(e.path, "case_number");
    assert_string_equal(Q("SELECT count(*) FROM case_link"), "0");
    assert_int_equal(step("clerk", mine, "connex", &given, 1), RC_OK);
    assert_string_equal(Q("SELECT count(*) FROM case_link"), "1");
}

static void a_request_that_went_on_is_still_there(void **state)
{
    const char *id = new_case("petition.general");
    struct workflow_given given[] = {{"institution", "hall-2"}, {"reason", "ține de comuna vecină"}};
    char token[2 * VISIT_TOKEN + 1], sql[200];
    struct work w = rig_begin(&rig);
    struct visit_begin b = {.request_id = id, .lang = LANG_RO};
    struct visit v;

    (void)state;
    assert_int_equal(step("head", id, "forward", given, COUNT(given)), RC_OK);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM casefile WHERE request_id = '%s'", id);
    assert_string_equal(Q(sql), "2");
    assert_int_equal(visit_begin(&w, &b, token, &e), RC_OK);
    if (visit_get(&w, token, NULL, VISIT_MINUTES, &v, &e) != RC_OK)
        fail_msg("%s", e.text);
    /* its owner follows it to where it is worked on */
    snprintf(sql, sizeof(sql), "SELECT id FROM casefile WHERE request_id = '%s' AND institution = 'hall-2'",
             id);
    assert_string_equal(v.case_id, Q(sql));
    struct db_result *r = NULL, *place = NULL;
    struct db_param request[] = {DB_STR(id)}, message[] = {DB_STR(NULL)};
    assert_int_equal(work_sql(&w, SQL_PUBLIC_CASE_OF, request, &r, &e), RC_OK);
    assert_int_equal(db_rows(r), 1);
    assert_string_equal(db_text(r, 0, 0), v.case_id);
    db_result_free(r);
    /* what the other house owes is the other house's */
    message[0].p =
        Q("INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient, step) "
          "SELECT now(), now(), request_id, 'email', 'late', 'ro', 'x@example.ro', id || '/9' FROM "
          "casefile WHERE institution = 'hall-2' RETURNING id");
    assert_int_equal(work_sql(&w, SQL_DESK_MESSAGE_PLACE, message, &place, &e), RC_OK);
    assert_string_equal(db_text(place, 0, 1), "hall-2");
    db_result_free(place);
    rig_end(&w);
}

static size_t times(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
        n++;
    return n;
}

/* One request, two houses: each sees, and erases, the messages of its own steps. */
static void messages_belong_to_a_case(void **state)
{
    const char *here = new_case("petition.general");
    struct workflow_given given[] = {{"institution", "hall-2"}, {"reason", "ține de comuna vecină"}};
    char there[40], sql[500];
    struct work w = rig_begin(&rig);
    struct db_result *r = NULL;

    (void)state;
    assert_int_equal(step("head", here, "forward", given, COUNT(given)), RC_OK);
    snprintf(sql, sizeof(sql), "SELECT other FROM case_link WHERE case_id = '%s' AND kind = 'forwarded'",
             here);
    snprintf(there, sizeof(there), "%s", Q(sql));
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO owed_message (created_at, due_at, closed_at, request_id, way, message, lang, recipient, "
        "step, attention) SELECT now(), now(), now(), '%s', 'email', m, 'ro', 'x@example.ro', s, true FROM "
        "(VALUES ('received', ''), ('question', '%s/3'), ('late', '%s/9')) v (m, s)",
        here, here, there);
    Q("UPDATE owed_message SET closed_at = now()");
    Q(sql);
    const struct {
        const char *id, *has, *has_not, *house;
    } rows[] = {{here, "question", "\"late\"", "hall-1"}, {there, "\"late\"", "question", "hall-2"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct db_param parts[] = {DB_STR(rows[i].id), DB_STR(here)};
        struct db_param reach[] = {DB_STR(arena_fmt(w.a, "{%s}", rows[i].house)), DB_STR("{\"\"}")};
        assert_int_equal(work_sql(&w, SQL_DESK_CASE_PARTS, parts, &r, &e), RC_OK);
        assert_non_null(strstr(db_text(r, 0, 3), rows[i].has));
        assert_null(strstr(db_text(r, 0, 3), rows[i].has_not));
        assert_int_equal(times(db_text(r, 0, 3), "\"received\""), i == 0);
        db_result_free(r);
        assert_int_equal(work_sql(&w, SQL_DESK_MESSAGES, reach, &r, &e), RC_OK);
        assert_int_equal(times(db_text(r, 0, 0), "\"id\""), i == 0 ? 2 : 1);
        assert_non_null(strstr(db_text(r, 0, 0), rows[i].id));
        db_result_free(r);
    }
    struct db_param gone[] = {DB_STR(arena_fmt(w.a, "{%s}", there)), DB_STR("2026-01-01")};
    assert_int_equal(work_sql(&w, SQL_PERSON_ERASE, gone, NULL, &e), RC_OK);
    snprintf(sql, sizeof(sql),
             "SELECT string_agg(message, ',' ORDER BY message) FROM owed_message WHERE request_id = '%s' AND "
             "recipient <> ''",
             here);
    assert_string_equal(Q(sql), "forwarded,question,received");
    rig_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absences_widen_no_rights),
        cmocka_unit_test(absences_do_not_chain),
        cmocka_unit_test(a_stand_in_does_not_prolong_it),
        cmocka_unit_test(lent_rights_end),
        cmocka_unit_test(a_foreign_case_is_not_taken_along),
        cmocka_unit_test(a_request_that_went_on_is_still_there),
        cmocka_unit_test(messages_belong_to_a_case),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
