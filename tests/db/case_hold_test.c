/* What must hold when much happens at once, and when something does not go: nothing waits for ever, nobody is
 * stopped by another's trouble. */
#include <pthread.h>

#include "tests/db/case_steps.h"

#include "backend/case_priv.h"

enum { LANES = 8, EACH = 6 };

struct lane {
    const char *who, *to;
    char ids[EACH][37];
    pthread_t thread;
    int done;
    char why[200];
};

static void *forwards(void *user)
{
    struct lane *l = user;
    struct db_sync *db = NULL;
    struct err bad = {0};

    if (db_sync_open(rig.pg.conninfo, &db, &bad) != RC_OK)
        return NULL;
    for (int i = 0; i < EACH; i++) {
        struct work w = {.house = &rig.house, .db = db, .a = arena_new(), .now_ms = rig_clock};
        struct workflow_given given[] = {{"institution", l->to}, {"reason", "Strada este acolo."}};
        struct case_act act = {
            .id = l->ids[i], .action = "forward", .version = 1, .given = given, .n_given = COUNT(given)};
        struct actor who;
        bad = (struct err){0};
        bool ok =
            case_actor(&w, l->who, &who, &bad) == RC_OK && case_act(&w, &who, &act, NULL, &bad) == RC_OK;
        l->done += ok;
        if (!ok)
            snprintf(l->why, sizeof(l->why), "%s %.150s", rc_name(bad.rc), bad.text);
        arena_free(w.a);
    }
    db_sync_close(db);
    return NULL;
}

/* Each takes a number in both houses; in opposite directions they must not wait for each other. */
static void opposite_forwards_do_not_block(void **state)
{
    static struct lane lanes[LANES];
    struct rig_request q = {.service = "petition.general", .answers = petition};

    (void)state;
    for (int i = 0; i < LANES; i++) {
        lanes[i].who = i % 2 ? "otherreg" : "registrar";
        lanes[i].to = i % 2 ? "hall-1" : "hall-2";
        q.institution = i % 2 ? "hall-2" : "hall-1";
        for (int k = 0; k < EACH; k++)
            rig_request(&rig, &q, lanes[i].ids[k]);
    }
    assert_int_equal(rig_open(&rig), LANES * EACH);
    for (int i = 0; i < LANES; i++)
        assert_int_equal(pthread_create(&lanes[i].thread, NULL, forwards, &lanes[i]), 0);
    for (int i = 0; i < LANES; i++)
        pthread_join(lanes[i].thread, NULL);
    for (int i = 0; i < LANES; i++)
        if (lanes[i].done != EACH)
            fail_msg("%s: %d of %d: %s", lanes[i].who, lanes[i].done, EACH, lanes[i].why);
    assert_string_equal(Q("SELECT count(*) FROM casefile WHERE state = 'forwarded'"), "48");
    assert_string_equal(
        Q("SELECT bool_and(c.n = (SELECT count(*) FROM register_line l WHERE (l.institution, "
          "l.register, l.year) = (c.institution, c.register, c.year)))::text FROM register_counter c"),
        "true");
}

struct pair {
    const char *id, *other;
    pthread_t thread;
    enum rc rc;
};

static void *connexes(void *user)
{
    struct pair *p = user;
    struct db_sync *db = NULL;
    struct err bad = {0};

    p->rc = db_sync_open(rig.pg.conninfo, &db, &bad);
    if (p->rc != RC_OK)
        return NULL;
    for (int i = 0; i < 20 && p->rc != RC_UNAVAILABLE; i++) {
        struct work w = {.house = &rig.house, .db = db, .a = arena_new(), .now_ms = rig_clock};
        struct workflow_given given = {"case_number", p->other};
        struct case_act act = {.id = p->id, .action = "connex", .given = &given, .n_given = 1};
        struct casefile c;
        struct actor who;
        assert_true(case_actor(&w, "clerk", &who, &bad) == RC_OK &&
                    case_get(&w, p->id, false, &c, &bad) == RC_OK);
        act.version = c.version;
        p->rc = case_act(&w, &who, &act, NULL, &bad);
        arena_free(w.a);
    }
    db_sync_close(db);
    return NULL;
}

/* Each takes the other along: both rows are taken in one order. */
static void opposite_connexes_do_not_block(void **state)
{
    (void)state;
    const char *a = new_case("hall-1", "petition.general", petition),
               *b = new_case("hall-1", "petition.general", petition);
    struct pair pairs[] = {
        {.id = a, .other = b}, {.id = b, .other = a}, {.id = a, .other = b}, {.id = b, .other = a}};

    DOES("clerk", a, "take", NULL, 0);
    DOES("clerk", b, "take", NULL, 0);
    for (size_t i = 0; i < COUNT(pairs); i++)
        assert_int_equal(pthread_create(&pairs[i].thread, NULL, connexes, &pairs[i]), 0);
    for (size_t i = 0; i < COUNT(pairs); i++)
        pthread_join(pairs[i].thread, NULL);
    for (size_t i = 0; i < COUNT(pairs); i++)
        assert_true(pairs[i].rc == RC_OK || pairs[i].rc == RC_CONFLICT);
}

static const char *timer_of(const char *id, const char *column)
{
    char sql[300];
    snprintf(sql, sizeof(sql), "SELECT %s FROM case_timer WHERE case_id = '%s' AND timer = 'warn_5'", column,
             id);
    return Q(sql);
}

/* A timer that fails waits longer each time, then a person is told; it stops no other. */
static void a_failing_timer_is_told(void **state)
{
    (void)state;
    int64_t then = rig_now;
    const char *bad = new_case("hall-1", "petition.general", petition),
               *good = new_case("hall-1", "petition.general", petition);
    char sql[200];

    snprintf(sql, sizeof(sql), "UPDATE casefile SET workflow = 'gone' WHERE id = '%s'", bad);
    Q(sql);
    rig_now += (int64_t)28 * 86400000;
    assert_true(ring() > 0);
    assert_string_equal(of_case(good, "attention"), "staff_due_soon");
    assert_string_equal(timer_of(bad, "tries || (done_at IS NULL)::text"), "1true");
    ring();
    assert_string_equal(timer_of(bad, "tries"), "1"); /* not yet */
    for (int i = 0; i < 5; i++) {
        assert_string_equal(of_case(bad, "attention"), "");
        rig_now += (int64_t)40 * 60000;
        ring();
    }
    assert_string_equal(timer_of(bad, "tries || (gave_up_at IS NOT NULL AND done_at IS NOT NULL)::text"),
                        "6true");
    assert_string_equal(
        of_case(bad, "attention || (SELECT act FROM case_event v WHERE v.case_id = c.id ORDER BY id "
                     "DESC LIMIT 1)"),
        "staff_stucktimer_stuck");
    struct work w = rig_begin(&rig);
    struct case_stats seen;
    assert_int_equal(case_figures(&w, &seen, &e), RC_OK);
    assert_int_equal(seen.stuck, 1);
    rig_end(&w);
    rig_now += 86400000;
    ring();
    assert_string_equal(timer_of(bad, "tries"), "6"); /* for good */
    /* Once it is mended and somebody works on it, it runs again. */
    snprintf(sql, sizeof(sql), "UPDATE casefile SET workflow = 'simple' WHERE id = '%s'", bad);
    Q(sql);
    DOES("clerk", bad, "take", NULL, 0);
    assert_string_equal(timer_of(bad, "tries || (done_at IS NULL AND gave_up_at IS NULL)::text"), "0true");
    ring();
    assert_string_equal(of_case(bad, "attention"), "staff_due_soon");
    rig_now = then;
}

/* A case that cannot be counted does not stop the others after a new holiday. */
static void a_recount_goes_past_what_fails(void **state)
{
    (void)state;
    const char *first = new_case("hall-1", "petition.general", petition),
               *bad = new_case("hall-1", "petition.general", petition),
               *last = new_case("hall-1", "petition.general", petition);
    char due[12], sql[300];
    struct work w = rig_begin(&rig);
    int moved = 0;

    snprintf(due, sizeof(due), "%s", of_case(last, "due::text"));
    snprintf(sql, sizeof(sql), "UPDATE case_term SET rule = 'law.gone' WHERE case_id = '%s' AND main", bad);
    Q(sql);
    snprintf(sql, sizeof(sql),
             "INSERT INTO holiday (day, name, at, by) VALUES ('%s', 'Zi liberă', '2026-01-15', "
             "'admin')",
             due);
    Q(sql);
    if (case_recompute_terms(&w, &moved, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_string_equal(Q("SELECT count(*) FROM holiday WHERE recomputed_at IS NULL"), "0");
    snprintf(sql, sizeof(sql), "(due > '%s')::text || attention", due);
    assert_string_equal(of_case(first, sql), "true");
    assert_string_equal(of_case(last, sql), "true");
    assert_string_equal(of_case(bad, sql), "falsestaff_stuck");
    assert_string_equal(
        of_case(bad,
                "(SELECT count(*)::text FROM case_event v WHERE v.case_id = c.id AND act = 'terms_stuck')"),
        "1");
    assert_string_equal(Q("SELECT count(*) FROM audit WHERE act = 'terms_stuck'"), "1");
    assert_true(moved >= 2);
    Q("DELETE FROM holiday");
    rig_end(&w);
}

static const char *numbered_like(const char *id, const char *other)
{
    static char sql[300];
    snprintf(sql, sizeof(sql),
             "UPDATE casefile SET n = (SELECT n FROM request WHERE request_id = '%s') WHERE id = '%s'", other,
             id);
    return Q(sql);
}

/* What cannot be opened lies apart; what came after it is opened all the same. */
static void what_cannot_be_opened_lies_apart(void **state)
{
    (void)state;
    const char *in_the_way = new_case("hall-1", "petition.general", petition);
    struct rig_request q = {.institution = "hall-1", .service = "petition.general", .answers = petition};
    char bad[37], good[37];
    struct work w = rig_begin(&rig);
    struct case_stats seen;
    int n;

    rig_request(&rig, &q, bad);
    numbered_like(in_the_way, bad); /* its number has a case already */
    rig_request(&rig, &q, good);
    Q("UPDATE audit_mark SET settled = (SELECT max(id) FROM audit)"); /* the sealer's word */
    assert_int_equal(case_open_pending(&w, 1, &n, &e), RC_OK);
    assert_int_equal(n, 0);
    assert_int_equal(case_open_pending(&w, 1, &n, &e), RC_OK);
    assert_int_equal(n, 1);
    assert_string_equal(of_case(good, "state"), "registered");
    assert_string_equal(of_case(bad, "state"), "");
    assert_int_equal(case_figures(&w, &seen, &e), RC_OK);
    assert_int_equal(seen.unopened, 1);
    assert_string_equal(
        Q("SELECT (settled >= (SELECT max(id) FROM audit WHERE act = 'registered'))::text FROM "
          "case_mark"),
        "true");
    /* slower each time */
    assert_string_equal(Q("SELECT tries FROM case_unopened"), "1");
    rig_now += 11000;
    assert_int_equal(rig_open(&rig), 0);
    assert_string_equal(Q("SELECT tries FROM case_unopened"), "2");
    rig_now += 11000;
    assert_int_equal(rig_open(&rig), 0);
    assert_string_equal(Q("SELECT tries FROM case_unopened"), "2");
    /* mended: a new program tries at once */
    numbered_like(in_the_way, in_the_way);
    assert_int_equal(rig_open(&rig), 0);
    assert_int_equal(case_wake_unopened(&w, &e), RC_OK);
    assert_int_equal(rig_open(&rig), 1);
    assert_string_equal(of_case(bad, "state"), "registered");
    assert_int_equal(case_figures(&w, &seen, &e), RC_OK);
    assert_int_equal(seen.unopened, 0);
    assert_int_equal(rig_open(&rig), 0);
    rig_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opposite_forwards_do_not_block),   cmocka_unit_test(opposite_connexes_do_not_block),
        cmocka_unit_test(a_failing_timer_is_told),          cmocka_unit_test(a_recount_goes_past_what_fails),
        cmocka_unit_test(what_cannot_be_opened_lies_apart),
    };
    return cmocka_run_group_tests(tests, steps_setup, steps_teardown);
}
