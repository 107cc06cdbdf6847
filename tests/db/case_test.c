/* Cases: how they open, each kind of step, what is refused and with which sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/case_rig.h"

static struct rig rig;
static struct err e;

#define Q(sql) pgcluster_query(&rig.pg, (sql))
#define GIVEN(...) ((struct workflow_given[]){__VA_ARGS__}), COUNT(((struct workflow_given[]){__VA_ARGS__}))

static const char petition[] =
    "{\"who.kind\":\"person\",\"who.last_name\":\"Kovács\",\"who.first_name\":\"Ștefan\",\"who.email\":"
    "\"stefan@example.ro\",\"who.phone\":\"0722123456\",\"pet.kind\":\"ask\",\"pet.subject\":\"Iluminat pe "
    "strada Mică\","
    "\"pet.text\":\"Nu este lumină.\",\"lang.answer\":\"hu\",\"consent.data_read\":true}";

static int setup(void **state)
{
    (void)state;
    if (!rig_make(&rig))
        exit(77);
    rig_user(&rig, "clerk", "clerk", "hall-1", "");
    rig_user(&rig, "clerk2", "clerk", "hall-1", "");
    rig_user(&rig, "registrar", "registrar", "hall-1", "");
    rig_user(&rig, "head", "head", "hall-1", "");
    rig_user(&rig, "mayor", "approver", "hall-1", "");
    rig_user(&rig, "officer", "officer", "hall-1", "");
    rig_user(&rig, "field", "field", "hall-1", "");
    rig_user(&rig, "police", "expert", "hall-1", "politia_locala");
    rig_user(&rig, "roads", "expert", "hall-1", "drumuri");
    rig_user(&rig, "other", "clerk", "hall-2", "");
    rig_user(&rig, "otherreg", "registrar", "hall-2", "");
    rig_user(&rig, "county", "county", "county", "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* A case that waits in `registered`; its id in a static buffer. */
static const char *new_case(const char *institution, const char *service, const char *answers)
{
    static char id[8][37];
    static int next;
    char *mine = id[next++ % 8];
    struct rig_request q = {.institution = institution, .service = service, .answers = answers};
    rig_request(&rig, &q, mine);
    assert_int_equal(rig_open(&rig), 1);
    return mine;
}

static char sentence[600];

/* The newest version unless another is asked for. */
static enum rc step_at(const char *who, const char *id, int64_t version, const char *action,
                       const struct workflow_given *given, size_t n)
{
    struct work w = rig_begin(&rig);
    struct actor a = actor_citizen;
    struct casefile c, now;

    memset(&e, 0, sizeof(e));
    if (strcmp(who, "citizen") != 0)
        rig_actor(&w, who, &a);
    if (version == 0) {
        assert_int_equal(case_get(&w, id, false, &c, &e), RC_OK);
        version = c.version;
    }
    struct case_act act = {.id = id, .action = action, .version = version, .given = given, .n_given = n};
    enum rc rc = case_act(&w, &a, &act, &now, &e);
    snprintf(sentence, sizeof(sentence), "%s", w.say.t[LANG_EN] ? w.say.t[LANG_EN] : "");
    rig_end(&w);
    return rc;
}

static enum rc step(const char *who, const char *id, const char *action, const struct workflow_given *given,
                    size_t n)
{
    return step_at(who, id, 0, action, given, n);
}

#define DOES(who, id, action, ...)                                                                           \
    do {                                                                                                     \
        enum rc rc_ = step((who), (id), (action), __VA_ARGS__);                                              \
        if (rc_ != RC_OK)                                                                                    \
            fail_msg("%s %s: %s %s (%s)", (who), (action), rc_name(rc_), e.text, sentence);                  \
    } while (0)

static const char *of_case(const char *id, const char *column)
{
    char sql[300];
    snprintf(sql, sizeof(sql), "SELECT %s FROM casefile c WHERE id = '%s'", column, id);
    return Q(sql);
}

static void a_request_becomes_a_case(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);

    assert_string_equal(of_case(id, "state || ' ' || department || ' ' || workflow"),
                        "registered registratura simple");
    assert_string_equal(of_case(id, "person || ' | ' || subject || ' | ' || folded"),
                        "Kovács Ștefan | Iluminat pe strada Mică | kovacs stefan iluminat pe strada mica");
    assert_string_equal(of_case(id, "email || phone"), "stefan@example.ro0722123456");
    assert_string_equal(of_case(id, "(due - filed_on >= 30)::text"), "true");
    assert_string_equal(
        of_case(id, "(SELECT count(*) FROM case_term t WHERE t.case_id = c.id AND main)::text"), "1");
    assert_string_equal(
        of_case(id, "(SELECT (why->>'ro' <> '' AND calc->>'hu' <> '')::text FROM case_term t WHERE "
                    "t.case_id = c.id)"),
        "true");
    assert_string_equal(of_case(id,
                                "(SELECT count(*) FROM case_timer t WHERE t.case_id = c.id AND done_at IS "
                                "NULL)::text"),
                        "5"); /* warn_5, late, three of escalation */
    assert_int_equal(rig_open(&rig), 0);

    /* A number that an officer gives: born before the term. */
    struct work w = rig_begin(&rig);
    const char *answers = rig_answers(w.a, catalog_find(&rig.house.catalog, "cs.divorce_request"), 0);
    id = new_case("hall-1", "cs.divorce_request", answers);
    rig_end(&w);
    assert_string_equal(of_case(id, "state || coalesce(due::text, '-') || (facts->>'case.has_wait')"),
                        "submitted-true");
    assert_string_equal(of_case(id, "(cnp_hash IS NOT NULL AND cnp_sealed IS NOT NULL)::text"), "true");
    assert_string_equal(of_case(id, "(position('1960523125783' in c::text) = 0)::text"), "true");
}

static void a_petition_is_answered(void **state)
{
    (void)state;
    const char *id = new_case("hall-1", "petition.general", petition);

    DOES("clerk", id, "take", NULL, 0);
    assert_string_equal(of_case(id, "state || assignee"), "in_workclerk");
    assert_int_equal(step("clerk", id, "draft_answer", NULL, 0), RC_BAD_FIELD);
    assert_string_equal(sentence, "Missing: the document.");
    assert_string_equal(e.path, "document");
    assert_int_equal(step("clerk", id, "draft_answer", GIVEN({"document", "draft"})), RC_BAD_FIELD);
    assert_string_equal(sentence, "The document is not in this case.");
    assert_int_equal(step("other", id, "draft_answer", GIVEN({"document", "draft"})), RC_DENIED);
    assert_string_equal(sentence, "The case is not in your area.");
    char sql[300];
    snprintf(sql, sizeof(sql),
             "INSERT INTO draft VALUES ('%s', 1, now(), 'clerk', 'answer.petition', 'ro', 'Răspuns', 'Text')",
             id);
    Q(sql);
    DOES("clerk", id, "draft_answer", GIVEN({"document", "draft"}));
    assert_string_equal(of_case(id, "state || author"), "decidedclerk");
    assert_int_equal(step("clerk", id, "sign_answer", NULL, 0), RC_DENIED);
    DOES("mayor", id, "sign_answer", NULL, 0);
    assert_string_equal(of_case(id, "state || coalesce(due::text, '-')"), "answered-");
    snprintf(
        sql, sizeof(sql),
        "SELECT string_agg(message || ' ' || way || ' ' || lang, ',' ORDER BY id) FROM owed_message WHERE "
        "request_id = '%s'",
        id);
    assert_string_equal(Q(sql), "answered email ro");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_becomes_a_case),
        cmocka_unit_test(a_petition_is_answered),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
