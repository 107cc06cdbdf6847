/* Two act in the same moment: one goes first, the other hears why not, and nothing happens twice. Who goes
 * first is not luck: a third hand holds a row until both wait for it. */
#include "tests/db/case_steps.h"

#include <pthread.h>

#include "backend/sql.h"

struct meet {
    const char *who, *id, *action;
    struct workflow_given given[2];
    size_t n;
    const char *answers; /* instead of an action: what the citizen corrects */
    int64_t version;
    enum rc rc;
    char say[300];
    pthread_t thread;
};

static enum rc meet_does(struct work *w, struct meet *m, struct err *bad)
{
    struct actor who = actor_citizen;
    struct case_act act = {
        .id = m->id, .action = m->action, .version = m->version, .given = m->given, .n_given = m->n};
    struct jval *v = NULL;

    if (strcmp(m->who, "citizen") != 0)
        TRY(case_actor(w, m->who, &who, bad));
    if (!m->answers)
        return case_act(w, &who, &act, NULL, bad);
    TRY(jval_parse(w->a, m->answers, strlen(m->answers), &v, bad));
    return case_return_answer(w, &who, m->id, v, NULL, bad);
}

static void *meet_runs(void *user)
{
    struct meet *m = user;
    struct db_sync *db = NULL;
    struct err bad = {0};

    m->rc = db_sync_open(rig.pg.conninfo, &db, &bad);
    if (m->rc != RC_OK)
        return NULL;
    struct work w = {.house = &rig.house, .db = db, .a = arena_new(), .now_ms = rig_clock};
    m->rc = meet_does(&w, m, &bad);
    snprintf(m->say, sizeof(m->say), "%s | %.150s", w.say.t[LANG_EN] ? w.say.t[LANG_EN] : "", bad.text);
    arena_free(w.a);
    db_sync_close(db);
    return NULL;
}

/* Each waits behind the one before it at the row that `hold` locks; then all go. */
static void meet(const char *hold, struct meet *m, size_t n)
{
    struct db_sync *third = NULL;

    assert_int_equal(db_sync_open(rig.pg.conninfo, &third, &e), RC_OK);
    for (size_t i = 0; i < n; i++)
        m[i].version = atoll(of_case(m[i].id, "version"));
    assert_int_equal(db_sync_script(third, "BEGIN", &e), RC_OK);
    assert_int_equal(db_sync_script(third, hold, &e), RC_OK);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(pthread_create(&m[i].thread, NULL, meet_runs, &m[i]), 0);
        assert_true(pgcluster_waiting(&rig.pg, (int)i + 1));
    }
    assert_int_equal(db_sync_script(third, "COMMIT", &e), RC_OK);
    for (size_t i = 0; i < n; i++)
        pthread_join(m[i].thread, NULL);
    db_sync_close(third);
    for (size_t i = 0; i < n; i++)
        if (m[i].rc == RC_UNAVAILABLE || m[i].rc == RC_INTERNAL)
            fail_msg("%s %s: %s %s", m[i].who, m[i].action, rc_name(m[i].rc), m[i].say);
}

static const char *row_of(const char *id)
{
    static char sql[120];
    snprintf(sql, sizeof(sql), "SELECT 1 FROM casefile WHERE id = '%s' FOR UPDATE", id);
    return sql;
}

static const char *which(const char *id)
{
    static char number[60];
    snprintf(number, sizeof(number), "%s", of_case(id, "register || '/' || n || '/' || year"));
    return number;
}

static const char *taken(void)
{
    const char *id = new_case("hall-1", "petition.general", petition);
    DOES("clerk", id, "take", NULL, 0);
    return id;
}

/* ---- more time, forwarding ---- */

static void more_time_twice(void **state)
{
    (void)state;
    const char *id = taken();
    struct meet m[] = {
        {.who = "mayor", .id = id, .action = "extend", .given = {{"reason", "Cercetare."}}, .n = 1},
        {.who = "mayor", .id = id, .action = "extend", .given = {{"reason", "Cercetare."}}, .n = 1}};

    meet(row_of(id), m, COUNT(m));
    assert_int_equal(m[0].rc, RC_OK);
    assert_int_equal(m[1].rc, RC_CONFLICT);
    assert_string_equal(of_case(id,
                                "concat(due - filed_on BETWEEN 45 AND 55, (SELECT count(*) FROM case_event v "
                                "WHERE v.case_id = c.id AND act = 'extend'))"),
                        "t1");
}

/* While a field is with the citizen nobody gives time or sends it away; a correction gives none back. */
static void nothing_while_it_is_away(void **state)
{
    (void)state;
    const char *id = taken();
    static const struct {
        const char *who, *action;
        struct workflow_given given[2];
        size_t n;
    } rows[] = {{"mayor", "extend", {{"reason", "x"}}, 1},
                {"registrar", "forward", {{"institution", "hall-2"}, {"reason", "x"}}, 2}};
    char due[12];

    DOES("mayor", id, "extend", GIVEN({"reason", "Cercetare."}));
    snprintf(due, sizeof(due), "%s", of_case(id, "due::text"));
    DOES("clerk", id, "return", GIVEN({"reason", "Strada?"}, {"fields", "pet.subject"}));
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(step(rows[i].who, id, rows[i].action, rows[i].given, rows[i].n), RC_STATE);
        assert_non_null(strstr(sentence, "With the citizen, for correction"));
    }
    rig_now += INT64_C(3) * 86400000;
    struct meet back = {.who = "citizen", .id = id, .answers = "{\"pet.subject\":\"Lumini\"}"};
    meet_runs(&back);
    assert_int_equal(back.rc, RC_OK);
    assert_string_equal(of_case(id, "due::text"), due); /* the extension holds, and OG 27 knows no pause */
    rig_now -= INT64_C(3) * 86400000;
}

static void forwarded_twice(void **state)
{
    (void)state;
    const char *id = taken();
    struct meet m[] = {{.who = "registrar",
                        .id = id,
                        .action = "forward",
                        .given = {{"institution", "hall-2"}, {"reason", "Acolo."}},
                        .n = 2},
                       {.who = "head",
                        .id = id,
                        .action = "forward",
                        .given = {{"institution", "county"}, {"reason", "Acolo."}},
                        .n = 2}};

    meet(row_of(id), m, COUNT(m));
    assert_int_equal(m[0].rc, RC_OK);
    assert_int_equal(m[1].rc, RC_CONFLICT);
    assert_string_equal(of_case(id,
                                "(SELECT string_agg(o.institution, ',') FROM casefile o WHERE o.request_id = "
                                "c.request_id AND o.id <> c.id)"),
                        "hall-2");
    assert_string_equal(Q("SELECT bool_and(c.n = (SELECT count(*) FROM register_line l WHERE (l.institution, "
                          "l.register, l.year) = (c.institution, c.register, c.year)))::text FROM "
                          "register_counter c"),
                        "true");
}

/* ---- a correction and the office ---- */

static void a_correction_and_the_office(void **state)
{
    (void)state;
    for (size_t first = 0; first < 2; first++) {
        const char *id = taken();
        DOES("clerk", id, "return", GIVEN({"reason", "Strada?"}, {"fields", "pet.subject"}));
        struct meet citizen = {.who = "citizen", .id = id, .answers = "{\"pet.subject\":\"Lumini\"}"},
                    office = {.who = "clerk",
                              .id = id,
                              .action = "continue_without",
                              .given = {{"reason", "A sunat."}},
                              .n = 1};
        struct meet m[] = {first ? office : citizen, first ? citizen : office};
        meet(row_of(id), m, COUNT(m));
        assert_int_equal(m[0].rc, RC_OK);
        /* The office hears that it came; what the citizen wrote is in the file whoever was first. */
        assert_int_equal(m[1].rc, first ? RC_OK : RC_CONFLICT);
        assert_string_equal(of_case(id, "state"), "in_work");
        assert_string_equal(of_case(id, "(SELECT count(*) FROM case_return r WHERE r.case_id = c.id AND "
                                        "answered_at IS NOT NULL)"),
                            "1");
    }
}

/* The correction of one connexed case while the other is worked on: rows are taken in one order. */
static void a_correction_of_a_connexed_one(void **state)
{
    (void)state;
    const char *one = taken(), *two = taken();
    const char *low = strcmp(one, two) < 0 ? one : two, *high = low == one ? two : one;

    DOES("clerk", low, "connex", GIVEN({"case_number", which(high)}));
    DOES("clerk", high, "return", GIVEN({"reason", "Strada?"}, {"fields", "pet.subject"}));
    struct meet m[] = {{.who = "mayor", .id = low, .action = "extend", .given = {{"reason", "x"}}, .n = 1},
                       {.who = "citizen", .id = high, .answers = "{\"pet.subject\":\"Lumini\"}"}};
    meet(row_of(low), m, COUNT(m));
    assert_int_equal(m[0].rc, RC_OK);
    assert_int_equal(m[1].rc, RC_OK);
}

/* ---- one of several connexed ones is withdrawn ---- */

static void answer_is_ready(const char *lead, const char *follow)
{
    DOES("clerk", lead, "connex", GIVEN({"case_number", which(follow)}));
    draft_of(lead, "clerk");
    DOES("clerk", lead, "draft_answer", GIVEN({"document", "draft"}));
}

static void a_following_one_is_withdrawn(void **state)
{
    (void)state;
    const char *lead = taken(), *follow = taken();

    answer_is_ready(lead, follow);
    DOES("citizen", follow, "withdraw", NULL, 0);
    DOES("mayor", lead, "sign_answer", NULL, 0);
    assert_string_equal(of_case(follow, "state"), "withdrawn");
    assert_string_equal(of_case(follow,
                                "(SELECT count(*) FROM owed_message m WHERE m.request_id = c.id AND message "
                                "= 'answered')"),
                        "0");
    assert_string_equal(of_case(lead, "state"), "answered");
}

static void a_leading_one_is_withdrawn(void **state)
{
    (void)state;
    const char *lead = taken(), *follow = taken();

    DOES("clerk", lead, "connex", GIVEN({"case_number", which(follow)}));
    DOES("citizen", lead, "withdraw", NULL, 0);
    assert_string_equal(of_case(follow, "state || (due IS NOT NULL)::text"),
                        "in_worktrue"); /* its clock runs on */
    draft_of(follow, "clerk");
    DOES("clerk", follow, "draft_answer", GIVEN({"document", "draft"}));
    DOES("mayor", follow, "sign_answer", NULL, 0);
    assert_string_equal(of_case(follow, "state"), "answered");
    assert_string_equal(of_case(lead, "state"), "withdrawn");
}

/* The answer goes out while the one that follows is withdrawn: each ends once, in one way. Of the leading one
 * the decision is made; it can no longer be withdrawn. */
static void withdrawn_while_it_is_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const char *lead = taken(), *follow = taken(), *gone = i % 2 ? lead : follow;
        bool answer_first = i < 2, withdrawn = !answer_first && gone == follow;
        answer_is_ready(lead, follow);
        struct meet answer = {.who = "mayor", .id = lead, .action = "sign_answer"},
                    away = {.who = "citizen", .id = gone, .action = "withdraw"};
        struct meet m[] = {answer_first ? answer : away, answer_first ? away : answer};
        const char *low = strcmp(lead, follow) < 0 ? lead : follow;
        meet(row_of(low), m, COUNT(m));
        assert_int_equal(m[answer_first ? 0 : 1].rc, RC_OK);
        assert_int_equal(m[answer_first ? 1 : 0].rc == RC_OK, withdrawn);
        assert_string_equal(of_case(lead, "state"), "answered");
        assert_string_equal(of_case(follow, "state"), withdrawn ? "withdrawn" : "answered");
        assert_string_equal(
            of_case(gone, "(SELECT count(*) FROM case_event v WHERE v.case_id = c.id AND state_to IN "
                          "('answered', 'withdrawn') AND state_from <> state_to)"),
            "1");
    }
}

/* ---- the last place ---- */

static void stock(int n)
{
    struct work w = rig_begin(&rig);
    struct case_places x = {"hall-1", "parking.place", n};
    assert_int_equal(case_places_set(&w, &actor_system, &x, &e), RC_OK);
    rig_end(&w);
}

static const char *car(void)
{
    struct work w = rig_begin(&rig);
    const char *id = new_case("hall-1", "parking.place",
                              rig_answers(w.a, catalog_find(&rig.house.catalog, "parking.place"), 0));
    rig_end(&w);
    return id;
}

#define STOCK "SELECT 1 FROM place_stock FOR UPDATE"
#define PROMISED                                                                                             \
    "SELECT count(*) FROM casefile WHERE state = 'waiting' AND facts->>'case.place_free' = 'true'"

static void the_last_place(void **state)
{
    (void)state;
    stock(1);
    const char *one = car(), *two = car();
    struct meet m[] = {
        {.who = "clerk", .id = one, .action = "review_yes", .given = {{"reason", "Da."}}, .n = 1},
        {.who = "clerk2", .id = two, .action = "review_yes", .given = {{"reason", "Da."}}, .n = 1}};
    meet(STOCK, m, COUNT(m));
    assert_int_equal(m[0].rc, RC_OK);
    assert_int_equal(m[1].rc, RC_STATE);
    assert_non_null(strstr(m[1].say, "No place is free."));
    DOES("clerk", two, "review_wait", GIVEN({"reason", "Pe listă."}));
    const char *three = car();
    DOES("clerk", three, "review_wait", GIVEN({"reason", "Pe listă."}));

    /* Given back twice at once: one place goes on, to who is first. */
    DOES("clerk", one, "pay", NULL, 0);
    struct meet back[] = {{.who = "clerk", .id = one, .action = "expire"},
                          {.who = "citizen", .id = one, .action = "expire"}};
    meet(row_of(one), back, COUNT(back));
    assert_int_equal(back[0].rc, RC_OK);
    assert_true(back[1].rc == RC_CONFLICT);
    assert_string_equal(Q(PROMISED), "1");
    assert_string_equal(of_case(two, "attention"), "staff_place_free");

    /* Who was promised it leaves: it goes on to the next, and only now. */
    DOES("citizen", two, "withdraw", NULL, 0);
    assert_string_equal(of_case(three, "concat(attention, facts->>'case.place_free')"),
                        "staff_place_freetrue");
    DOES("clerk", three, "place_found", NULL, 0);
    const char *four = car();
    assert_int_equal(step("clerk", four, "review_yes", GIVEN({"reason", "x"})), RC_STATE);
    DOES("clerk", three, "pay", NULL, 0);

    /* The next in line is being worked on while the place comes back: it still is the next. */
    DOES("clerk", four, "review_wait", GIVEN({"reason", "Pe listă."}));
    const char *five = car();
    DOES("clerk", five, "review_wait", GIVEN({"reason", "Pe listă."}));
    struct meet busy = {.who = "clerk", .id = three, .action = "expire"};
    meet(row_of(four), &busy, 1);
    assert_int_equal(busy.rc, RC_OK);
    assert_string_equal(of_case(four, "concat(attention, facts->>'case.place_free')"),
                        "staff_place_freetrue");
    assert_string_equal(of_case(five, "coalesce(facts->>'case.place_free', '-')"), "-");
    Q("DELETE FROM place_stock");
}

/* One lets a place go while the next in line asks for it: neither waits for ever. */
static void let_go_and_asked_for(void **state)
{
    (void)state;
    stock(1);
    Q("UPDATE casefile SET state = 'withdrawn', closed_at = now() WHERE service = 'parking.place'");
    const char *one = car(), *two = car();
    DOES("clerk", one, "review_yes", GIVEN({"reason", "Da."}));
    DOES("clerk", one, "pay", NULL, 0);
    DOES("clerk", two, "review_wait", GIVEN({"reason", "Pe listă."}));
    struct meet m[] = {{.who = "clerk", .id = one, .action = "expire"},
                       {.who = "clerk2", .id = two, .action = "place_found"}};
    meet(STOCK, m, COUNT(m));
    assert_int_equal(m[0].rc, RC_OK);
    assert_true(m[1].rc == RC_OK || m[1].rc == RC_CONFLICT);
    Q("DELETE FROM place_stock");
}

static void *counts_anew(void *user)
{
    struct db_sync *db = NULL;
    struct err bad = {0};
    enum rc *rc = user;
    int moved;

    *rc = db_sync_open(rig.pg.conninfo, &db, &bad);
    if (*rc != RC_OK)
        return NULL;
    struct work w = {.house = &rig.house, .db = db, .a = arena_new(), .now_ms = rig_clock};
    *rc = case_recompute_terms(&w, &moved, &bad);
    arena_free(w.a);
    db_sync_close(db);
    return NULL;
}

#define NEW_DAYS "SELECT string_agg(name, ',') FROM holiday WHERE recomputed_at IS NULL"

/* A day off is declared while terms are counted anew for another: it began before, and is kept after. */
static void a_day_off_comes_while_another_is_counted(void **state)
{
    struct db_sync *third = NULL;
    pthread_t thread;
    enum rc rc;
    char sql[400];
    const char *id = new_case("hall-1", "petition.general", petition);

    (void)state;
    Q("INSERT INTO holiday (day, name, at, by) VALUES ('2027-03-01', 'first', now() - interval '1 h', 'x')");
    snprintf(sql, sizeof(sql),
             "BEGIN; INSERT INTO holiday (day, name, at, by) VALUES ('%s', 'second', now() - interval '1 h', "
             "'x'); SELECT 1 FROM casefile WHERE id = '%s' FOR UPDATE",
             of_case(id, "due"), id);
    assert_int_equal(db_sync_open(rig.pg.conninfo, &third, &e), RC_OK);
    assert_int_equal(db_sync_script(third, sql, &e), RC_OK);
    assert_int_equal(pthread_create(&thread, NULL, counts_anew, &rc), 0);
    assert_true(pgcluster_waiting(&rig.pg, 1));
    assert_int_equal(db_sync_script(third, "COMMIT", &e), RC_OK);
    pthread_join(thread, NULL);
    db_sync_close(third);
    assert_int_equal(rc, RC_OK);
    assert_string_equal(Q(NEW_DAYS), "second");
    counts_anew(&rc);
    assert_int_equal(rc, RC_OK);
    assert_string_equal(Q(NEW_DAYS), "");
    assert_string_equal(of_case(id, "(SELECT count(*) FROM holiday h WHERE h.day = c.due)"), "0");
    Q("DELETE FROM holiday");
}

/* What an act counts without the new day is there when it is counted anew: the day waits for the act. */
static void a_day_off_waits_for_acts_that_count(void **state)
{
    struct db_sync *third = NULL;
    struct work w = rig_begin(&rig);

    (void)state;
    assert_int_equal(db_sync_open(rig.pg.conninfo, &third, &e), RC_OK);
    assert_int_equal(work_begin(&w, &e), RC_OK);
    assert_int_equal(work_terms(&w, &e), RC_OK);
    assert_int_equal(db_sync_script(third, "BEGIN; SET LOCAL lock_timeout = '50ms'", &e), RC_OK);
    assert_int_not_equal(db_sync_run(third, &sql_table[SQL_DESK_HOLIDAY_LOCK], NULL, NULL, &e), RC_OK);
    assert_int_equal(db_sync_script(third, "ROLLBACK", &e), RC_OK);
    assert_int_equal(work_end(&w, RC_OK, &e), RC_OK);
    assert_int_equal(db_sync_run(third, &sql_table[SQL_DESK_HOLIDAY_LOCK], NULL, NULL, &e), RC_OK);
    db_sync_close(third);
    rig_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_time_twice),
        cmocka_unit_test(nothing_while_it_is_away),
        cmocka_unit_test(forwarded_twice),
        cmocka_unit_test(a_correction_and_the_office),
        cmocka_unit_test(a_correction_of_a_connexed_one),
        cmocka_unit_test(a_following_one_is_withdrawn),
        cmocka_unit_test(a_leading_one_is_withdrawn),
        cmocka_unit_test(withdrawn_while_it_is_answered),
        cmocka_unit_test(the_last_place),
        cmocka_unit_test(let_go_and_asked_for),
        cmocka_unit_test(a_day_off_comes_while_another_is_counted),
        cmocka_unit_test(a_day_off_waits_for_acts_that_count),
    };
    return cmocka_run_group_tests(tests, steps_setup, steps_teardown);
}
