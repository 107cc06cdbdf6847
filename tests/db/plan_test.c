/* How PostgreSQL goes about what is asked of a table that has grown: by an index, never through all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/db.h"
#include "backend/migrate.h"
#include "backend/sql.h"
#include "common/base/buf.h"
#include "tests/db/pgcluster.h"

static struct pgcluster pg;
static struct db_sync *db;
static struct err e;

static void run(const char *sql)
{
    if (db_sync_script(db, sql, &e) != RC_OK)
        fail_msg("%.200s: %s", sql, e.text);
}

/* Its plan for any values, line below line. */
static void plan_of(enum sql_id id, struct buf *out)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    BUF_SCOPE(sql);

    buf_fmt(&sql, "PREPARE looked AS %s", sql_text(id));
    run(sql.p);
    buf_reset(&sql);
    buf_fmt(&sql, "EXPLAIN EXECUTE looked(NULL");
    for (int i = 1; i < sql_table[id].nparams; i++)
        buf_fmt(&sql, ", NULL");
    buf_fmt(&sql, ")");
    if (db_sync_query(db, sql.p, NULL, 0, &r, &e) != RC_OK)
        fail_msg("%s: %s", sql_table[id].name, e.text);
    for (int i = 0; i < db_rows(r); i++)
        buf_fmt(out, "%s\n", db_text(r, i, 0));
    run("DEALLOCATE looked");
}

/* What must be in its plan, and what must not. */
static void goes(enum sql_id id, const char *by, const char *not_by)
{
    BUF_SCOPE(plan);

    plan_of(id, &plan);
    if (!strstr(plan.p, by) || strstr(plan.p, not_by))
        fail_msg("%s:\n%s", sql_table[id].name, plan.p);
}

/* A mail server is down for days: what concerns one request or one message does not look through all others.
 */
static void messages_wait(void **state)
{
    static const enum sql_id asked[] = {SQL_MESSAGES_OF_REQUEST, SQL_PUBLIC_MESSAGES, SQL_DESK_CASE_PARTS,
                                        SQL_OUTBOX_FAIL, SQL_PERSON_REST};
    (void)state;
    run("INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient, step, "
        "state, "
        "closed_at) SELECT now(), now(), md5((g / 2)::text)::uuid, 'email', 'received', 'ro', 'x@y.example', "
        "g::text, CASE WHEN g > 20000 THEN 'sent' ELSE 'queued' END, CASE WHEN g > 20000 THEN now() END FROM "
        "generate_series(1, 60000) g");
    run("ANALYZE owed_message");
    for (size_t i = 0; i < COUNT(asked); i++)
        goes(asked[i], "owed_message_waits", "Seq Scan on owed_message");
    goes(SQL_DESK_MESSAGE_PLACE, "owed_message_open", "Seq Scan on owed_message");
}

/* Asked once a second: from the mark on, not all that was ever registered. */
static void requests_wait(void **state)
{
    (void)state;
    run("INSERT INTO audit (at, request_id, institution, actor, act) SELECT now(), md5(g::text)::uuid, "
        "'sic', "
        "'K01', 'registered' FROM generate_series(1, 20000) g");
    run("UPDATE case_mark SET settled = (SELECT max(id) FROM audit)");
    run("ANALYZE audit");
    goes(SQL_CASE_PENDING, "Index Cond: (id > m.settled)", "Seq Scan on request");
    goes(SQL_BLOB_GONE, "Index Cond: (id > m.settled)", "Seq Scan on request");
}

/* After a flood cases are opened faster than statistics come: each looks for its own terms, whatever the
 * planner guesses about a table that it takes for small. */
static void terms_run(void **state)
{
    static const enum sql_id asked[] = {SQL_CASE_MOMENTS, SQL_CASE_TERMS_OPEN, SQL_CASE_TERM_ADD,
                                        SQL_CASE_TERM_STOP, SQL_CASE_FACTS};
    (void)state;
    for (int full = 0; full < 2; full++) {
        for (size_t i = 0; i < COUNT(asked); i++)
            goes(asked[i], "using case_term_runs", "BitmapAnd");
        run("ALTER TABLE case_term SET (autovacuum_enabled = off)");
        run("INSERT INTO case_term (case_id, rule, main, began_on, due, late_after, why, calc, computed_at) "
            "SELECT md5((g / 2)::text)::uuid, 'x', true, now(), now(), now(), '{}', '{}', now() FROM "
            "generate_series(1, 10000) g");
    }
}

/* Each act at the desk takes a few of the oldest away, and does not look through all that are kept. */
static void answers_age(void **state)
{
    (void)state;
    run("INSERT INTO desk_once SELECT 'h', md5(g::text)::uuid, 'ana', '', 'x', now() - g * interval '1 hour' "
        "FROM generate_series(1, 20000) g");
    run("ANALYZE desk_once");
    goes(SQL_DESK_ONCE_TAKE, "desk_once_at", "Seq Scan on desk_once");
}

static int setup(void **state)
{
    (void)state;
    if (!pgcluster_make(&pg))
        exit(77);
    if (migrate(pg.conninfo, NULL, &e) != RC_OK || db_sync_open(pg.conninfo, &db, &e) != RC_OK)
        return -1;
    return db_sync_script(db, sql_text(SQL_SESSION), &e) == RC_OK ? 0 : -1; /* as the product asks */
}

static int teardown(void **state)
{
    (void)state;
    db_sync_close(db);
    pgcluster_free(&pg);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(messages_wait), cmocka_unit_test(requests_wait),
                                       cmocka_unit_test(terms_run), cmocka_unit_test(answers_age)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
