/* The room: jobs in order, never more than may wait, each answered once, also when the database goes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backend/migrate.h"
#include "backend/room.h"
#include "tests/db/pgcluster.h"

enum { JOBS = 12 };
static struct pgcluster pg;
static uv_loop_t loop;
static struct registry_conf conf;
static struct work_house house;
static int order[JOBS], n_done, n_bad;
static struct err last;

struct ask {
    int n;
    const char *sql;
    char seen[40];
};

static enum rc work(struct work *w, void *user, struct err *e)
{
    struct ask *ask = user;
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(db_sync_query(w->db, ask->sql, NULL, 0, &r, e));
    snprintf(ask->seen, sizeof(ask->seen), "%s", db_text(r, 0, 0));
    return RC_OK;
}

static void done(const struct err *e, void *user)
{
    struct ask *ask = user;
    if (n_done < JOBS)
        order[n_done] = ask->n;
    n_done++;
    n_bad += e->rc != RC_OK;
    last = *e;
}

static void begin(void)
{
    n_done = n_bad = 0;
    last = (struct err){0};
}

static struct room *open_room(unsigned seats, unsigned waiting, int64_t ms)
{
    const struct room_conf rc = {
        .loop = &loop, .house = &house, .seats = seats, .waiting = waiting, .statement_ms = ms};
    return room_new(&rc);
}

static void run_all(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void in_order(void **state)
{
    struct room *r = open_room(1, JOBS, 0);
    struct ask asks[JOBS];
    struct err e = {0};
    (void)state;

    begin();
    for (int i = 0; i < JOBS; i++) {
        asks[i] = (struct ask){i, "SELECT current_setting('timezone')", ""};
        assert_int_equal(room_run(r, &(struct room_job){work, done, &asks[i]}, &e), RC_OK);
    }
    assert_int_equal(n_done, 0); /* never from inside */
    run_all();
    assert_int_equal(n_done, JOBS);
    assert_int_equal(n_bad, 0);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(order[i], i);
    assert_string_equal(asks[3].seen, "UTC");
    assert_int_equal(room_pending(r), 0);
    room_free(r);
}

static void too_many(void **state)
{
    struct room *r = open_room(1, 2, 0);
    struct ask ask = {0, "SELECT 1", ""};
    const struct room_job job = {work, done, &ask};
    struct err e = {0};
    (void)state;

    begin();
    assert_int_equal(room_run(r, &job, &e), RC_OK); /* takes the seat */
    assert_int_equal(room_run(r, &job, &e), RC_OK);
    assert_int_equal(room_run(r, &job, &e), RC_OK);
    assert_int_equal(room_run(r, &job, &e), RC_BUSY);
    run_all();
    assert_int_equal(n_done, 3);
    assert_int_equal(room_run(r, &job, &e), RC_OK);
    assert_int_equal(room_run(r, &job, &e), RC_OK);
    room_free(r); /* one runs to its end, one is told */
    run_all();
    assert_int_equal(n_done, 5);
    assert_int_equal(n_bad, 1);
}

static void slow_statement(void **state)
{
    struct room *r = open_room(1, 2, 200);
    struct ask ask = {0, "SELECT pg_sleep(20)", ""};
    struct err e = {0};
    (void)state;

    begin();
    assert_int_equal(room_run(r, &(struct room_job){work, done, &ask}, &e), RC_OK);
    run_all();
    assert_int_equal(n_bad, 1);
    ask.sql = "SELECT 'still there'";
    assert_int_equal(room_run(r, &(struct room_job){work, done, &ask}, &e), RC_OK);
    run_all();
    assert_int_equal(n_bad, 1);
    assert_string_equal(ask.seen, "still there");
    room_free(r);
}

static enum rc half(struct work *w, void *user, struct err *e)
{
    (void)user;
    TRY(work_begin(w, e));
    return db_sync_script(w->db, "CREATE TABLE half (x int)", e);
}

/* A statement that failed and was passed over. */
static enum rc passed_over(struct work *w, void *user, struct err *e)
{
    struct err no = {0};

    (void)user;
    TRY(work_begin(w, e));
    enum rc rc = db_sync_script(w->db, "CREATE TABLE half (x int)", e);
    if (db_sync_script(w->db, "SELECT 1 / 0", &no) == RC_OK)
        rc = RC_STATE;
    return work_end(w, rc, e);
}

/* Neither ends well, and neither leaves anything to the next. */
static void open_transactions(void **state)
{
    struct room *r = open_room(1, 2, 0);
    struct ask ask = {0, "SELECT coalesce(to_regclass('half')::text, 'nothing')", ""};
    enum rc (*const bad[])(struct work *, void *, struct err *) = {half, passed_over};
    struct err e = {0};
    (void)state;

    begin();
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(room_run(r, &(struct room_job){bad[i], done, &ask}, &e), RC_OK);
        run_all();
        assert_int_equal(n_bad, (int)i + 1);
        assert_int_equal(last.rc, RC_INTERNAL);
        assert_int_equal(room_run(r, &(struct room_job){work, done, &ask}, &e), RC_OK);
        run_all();
        assert_int_equal(n_bad, (int)i + 1);
        assert_string_equal(ask.seen, "nothing");
    }
    room_free(r);
}

static void database_away(void **state)
{
    struct room *r = open_room(2, 2, 0);
    struct ask ask = {0, "SELECT 'here'", ""};
    const struct room_job job = {work, done, &ask};
    struct err e = {0};
    (void)state;

    begin();
    assert_int_equal(room_run(r, &job, &e), RC_OK);
    run_all();
    assert_int_equal(n_bad, 0);
    pgcluster_stop(&pg, SIGQUIT);
    assert_int_equal(room_run(r, &job, &e), RC_OK);
    run_all();
    assert_int_equal(n_bad, 1);
    assert_int_equal(last.rc, RC_UNAVAILABLE);
    pgcluster_start(&pg);
    assert_int_equal(room_run(r, &job, &e), RC_OK);
    run_all();
    assert_int_equal(n_bad, 1); /* the seat noticed before it began */
    pgcluster_stop(&pg, SIGINT);
    pgcluster_start(&pg);
    assert_int_equal(room_run(r, &job, &e), RC_OK);
    run_all();
    assert_int_equal(n_bad, 1);
    room_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),       cmocka_unit_test(too_many),
        cmocka_unit_test(slow_statement), cmocka_unit_test(open_transactions),
        cmocka_unit_test(database_away),
    };
    if (!pgcluster_make(&pg))
        return 77;
    pgcluster_database(&pg, "pridvor");
    conf.db = pg.conninfo;
    house.conf = &conf;
    uv_loop_init(&loop);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    uv_loop_close(&loop);
    pgcluster_free(&pg);
    return failed;
}
