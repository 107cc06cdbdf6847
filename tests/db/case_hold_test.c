/* What must hold when much happens at once, and when something does not go: nothing waits for ever, nobody is
 * stopped by another's trouble. */
#include <pthread.h>

#include "tests/db/case_steps.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opposite_forwards_do_not_block),
    };
    return cmocka_run_group_tests(tests, steps_setup, steps_teardown);
}
