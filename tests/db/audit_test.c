/* The audit is edited behind the program's back in every way; every edit is found and named. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/audit.h"
#include "backend/migrate.h"
#include "backend/people.h"
#include "common/base/clock.h"
#include "common/base/fs.h"
#include "tests/db/body.h"
#include "tests/db/server.h"
#include "tests/db/tclient.h"

static struct pgcluster pg;
static char said[16384];

static int setup(void **state)
{
    (void)state;
    if (!pgcluster_make(&pg))
        exit(77);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pgcluster_free(&pg);
    return 0;
}

static struct audit_report verify(const char *institution, const char *heads)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct audit_report r = {0};
    struct err e = {0};
    FILE *out = fmemopen(said, sizeof(said), "w");

    assert_int_equal(db_sync_open(pg.conninfo, &s, &e), RC_OK);
    if (audit_verify(s, institution, heads, out, &r, &e) != RC_OK)
        fail_msg("%s", e.text);
    fclose(out);
    return r;
}

static void does(enum rc (*what)(struct db_sync *s, struct err *e))
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct err e = {0};
    assert_int_equal(db_sync_open(pg.conninfo, &s, &e), RC_OK);
    if (what(s, &e) != RC_OK)
        fail_msg("%s", e.text);
}

static void seal_all(void)
{
    does(audit_seal_all);
}

/* Three chains: a and b with 300 rows each, mixed, and one without institution; every member takes every
 * shape. */
static const char *const fill_sql =
    "INSERT INTO audit (at, request_id, institution, actor, act, detail) SELECT now() - g * interval '1 ms', "
    "CASE WHEN g % 3 = 0 THEN gen_random_uuid() END, (ARRAY['uat-1','uat-2',NULL])[1 + g % 3], 'K' || g % 7, "
    "'registered', (ARRAY[NULL, '', 'două:3,-', E'\\n|x'])[1 + g % 4] FROM generate_series(1, 900) g";

static void fresh(const char *name)
{
    struct err e = {0};

    pgcluster_database(&pg, name);
    if (migrate(pg.conninfo, NULL, &e) != RC_OK)
        fail_msg("%s", e.text);
    pgcluster_query(&pg, fill_sql);
    seal_all();
    struct audit_report r = verify(NULL, NULL);
    if (r.bad != audit_has_key() || r.rows != 900 || r.chains != 3 || r.waiting || r.late)
        fail_msg("rows %ld chains %ld bad %ld: %s", r.rows, r.chains, r.bad, said);
}

#define ROW(n) "(SELECT audit_id FROM audit_seal WHERE institution = 'uat-1' AND seq = " #n ")"
#define SEAL(n) "institution = 'uat-1' AND seq = " #n

static const struct edit {
    const char *what, *sql, *names; /* names: part of what is printed */
} edits[] = {
    {"time", "UPDATE audit SET at = at + interval '1 us' WHERE id = " ROW(50), "entry 50: row"},
    {"actor", "UPDATE audit SET actor = 'K0x' WHERE id = " ROW(50), "entry 50: row"},
    {"act", "UPDATE audit SET act = 'seen' WHERE id = " ROW(50), "entry 50: row"},
    {"detail", "UPDATE audit SET detail = 'x' WHERE id = " ROW(50), "entry 50: row"},
    {"detail empty for none",
     "UPDATE audit SET detail = CASE WHEN detail IS NULL THEN '' END WHERE id = " ROW(50), "entry 50: row"},
    {"request", "UPDATE audit SET request_id = gen_random_uuid() WHERE id = " ROW(50), "entry 50: row"},
    {"institution", "UPDATE audit SET institution = 'uat-2' WHERE id = " ROW(50), "uat-1: entry 50: row"},
    {"words moved between members", "UPDATE audit SET actor = actor || act, act = '' WHERE id = " ROW(50),
     "entry 50: row"},
    {"number",
     "WITH d AS (DELETE FROM audit WHERE id = " ROW(
         50) " RETURNING *) INSERT INTO audit (id, at, request_id, institution, actor, act, detail) "
             "OVERRIDING SYSTEM VALUE SELECT 100000, at, request_id, institution, actor, act, detail FROM d",
     "is missing"},
    {"row deleted", "DELETE FROM audit WHERE id = " ROW(50), "is missing"},
    {"row and seal deleted",
     "WITH s AS (DELETE FROM audit_seal WHERE " SEAL(50) " RETURNING audit_id) DELETE FROM audit a USING s "
                                                         "WHERE a.id = s.audit_id",
     "entries 50 to 50 are missing"},
    {"deleted and numbers closed up",
     "WITH s AS (DELETE FROM audit_seal WHERE " SEAL(
         50) " RETURNING audit_id), d AS (DELETE FROM audit a USING s "
             "WHERE a.id = s.audit_id), h AS (UPDATE audit_head SET seq = seq - 1 WHERE institution = "
             "'uat-1') UPDATE "
             "audit_seal SET seq = seq - 1 WHERE institution = 'uat-1' AND seq > 50",
     "entry 50: row"},
    {"first row deleted", "DELETE FROM audit WHERE id = " ROW(1), "is missing"},
    {"first row and seal deleted",
     "WITH s AS (DELETE FROM audit_seal WHERE " SEAL(
         1) " RETURNING audit_id) DELETE FROM audit a USING s WHERE a.id = "
            "s.audit_id",
     "entries 1 to 1 are missing"},
    {"beginning cut off and numbers closed up",
     "WITH s AS (DELETE FROM audit_seal WHERE institution = 'uat-1' AND seq <= 20 RETURNING audit_id), d AS "
     "(DELETE FROM "
     "audit a USING s WHERE a.id = s.audit_id), h AS (UPDATE audit_head SET seq = seq - 20 WHERE institution "
     "= 'uat-1') "
     "UPDATE audit_seal SET seq = seq - 20 WHERE institution = 'uat-1' AND seq > 20",
     "entry 1: row"},
    {"another institution's row put in, with its seal",
     "WITH up AS (UPDATE audit_seal SET seq = seq + 1 WHERE institution = 'uat-1' AND seq >= 50), h AS "
     "(UPDATE audit_head "
     "SET seq = seq + 1 WHERE institution = 'uat-1'), a AS (INSERT INTO audit (at, request_id, institution, "
     "actor, act, "
     "detail) SELECT at, request_id, 'uat-1', actor, act, detail FROM audit WHERE id = (SELECT audit_id FROM "
     "audit_seal "
     "WHERE institution = 'uat-2' AND seq = 50) RETURNING id) INSERT INTO audit_seal SELECT a.id, 50, "
     "s.sealed_at, 'uat-1', "
     "s.hash FROM a, audit_seal s WHERE s.institution = 'uat-2' AND s.seq = 50",
     "entry 50: row"},
    {"seal deleted", "DELETE FROM audit_seal WHERE " SEAL(50), "entries 50 to 50 are missing"},
    {"seal's hash", "UPDATE audit_seal SET hash = sha256('x') WHERE " SEAL(50), "entry 50: row"},
    {"seal's hash cut", "UPDATE audit_seal SET hash = '' WHERE " SEAL(50), "entry 50: row"},
    {"seal's time", "UPDATE audit_seal SET sealed_at = sealed_at - interval '1 us' WHERE " SEAL(50),
     "entry 50: row"},
    {"two moved", "UPDATE audit_seal SET seq = 101 - seq WHERE institution = 'uat-1' AND seq IN (50, 51)",
     "entry 50: row"},
    {"two rows exchanged",
     "UPDATE audit a SET actor = b.actor, at = b.at, request_id = b.request_id, detail = b.detail FROM audit "
     "b "
     "WHERE (a.id = " ROW(50) " AND b.id = " ROW(54) ") OR (a.id = " ROW(54) " AND b.id = " ROW(50) ")",
     "entry 54: row"},
    {"row inserted below",
     "INSERT INTO audit (id, at, institution, actor, act) OVERRIDING SYSTEM VALUE SELECT -5, "
     "now() - interval '1 h', 'uat-1', 'K01', 'registered'",
     "row -5 (registered) has no seal"},
    {"row inserted with a seal of its own",
     "WITH up AS (UPDATE audit_seal SET seq = seq + 1 WHERE institution = 'uat-1' AND seq >= 50), h AS "
     "(UPDATE "
     "audit_head SET seq = seq + 1 WHERE institution = 'uat-1'), a AS (INSERT INTO audit (at, institution, "
     "actor, "
     "act) VALUES (now(), 'uat-1', 'K01', 'x') RETURNING id) INSERT INTO audit_seal SELECT id, 50, now(), "
     "'uat-1', "
     "sha256('y') FROM a",
     "entry 50: row"},
    {"seal doubled",
     "INSERT INTO audit_seal SELECT 777777, seq, sealed_at, institution, hash FROM audit_seal "
     "WHERE " SEAL(50),
     "stands twice"},
    {"end cut off",
     "WITH s AS (DELETE FROM audit_seal WHERE institution = 'uat-1' AND seq > 290 RETURNING audit_id) DELETE "
     "FROM "
     "audit a USING s WHERE a.id = s.audit_id",
     "entries 291 to 300 are missing at the end"},
    {"head changed", "UPDATE audit_head SET hash = sha256('z') WHERE institution = 'uat-1'",
     "the head is not"},
    {"head set back", "UPDATE audit_head SET seq = 290 WHERE institution = 'uat-1'",
     "entries after the head 290"},
    {"head deleted", "DELETE FROM audit_head WHERE institution = 'uat-1'", "the head is missing"},
    {"whole chain deleted",
     "WITH s AS (DELETE FROM audit_seal WHERE institution = 'uat-1') DELETE FROM audit WHERE institution = "
     "'uat-1'",
     "all are missing"},
    {"table emptied", "TRUNCATE audit, audit_seal", "all are missing"},
};

/* Each edit in a copy of the same database. */
static void every_edit(void **state)
{
    (void)state;
    char sql[128], name[32];

    fresh("edited");
    for (size_t i = 0; i < COUNT(edits); i++) {
        snprintf(name, sizeof(name), "edit%zu", i);
        snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE edited", name);
        char keep[400];
        snprintf(pg.conninfo, sizeof(pg.conninfo), "host=%s user=pridvor dbname=postgres", pg.dir);
        pgcluster_query(&pg, sql);
        snprintf(pg.conninfo, sizeof(pg.conninfo), "host=%s user=pridvor dbname=%s", pg.dir, name);
        snprintf(keep, sizeof(keep), "%s", pg.conninfo);
        pgcluster_query(&pg, edits[i].sql);
        struct audit_report r = verify(NULL, NULL);
        if (r.bad == 0 || !strstr(said, edits[i].names) || !strstr(said, "uat-1"))
            fail_msg("%s: %ld findings: %s", edits[i].what, r.bad, said);
        assert_int_equal(verify("uat-1", NULL).bad > 0, true);
        if (strcmp(edits[i].what, "table emptied") != 0)
            assert_int_equal(verify("", NULL).bad, 0);
    }
    print_message("%zu edits, each found and named\n", COUNT(edits));
}

static void heads_on_paper(void **state)
{
    (void)state;
    struct err e = {0};
    char path[300], line[300];

    fresh("paper");
    snprintf(path, sizeof(path), "%s/heads", pg.dir);
    snprintf(line, sizeof(line), "%s",
             pgcluster_query(&pg, "SELECT string_agg(coalesce(nullif(institution, ''), "
                                  "'-') || ' ' || seq || ' ' || encode(hash, 'hex') || ' x', E'\\n') FROM "
                                  "audit_head WHERE institution > ''"));
    assert_int_equal(fs_write(path, line, strlen(line), 0600, &e), RC_OK);
    assert_int_equal(verify(NULL, path).bad, 0);
    pgcluster_query(&pg, fill_sql);
    seal_all();
    assert_int_equal(verify(NULL, path).bad, 0); /* it has grown since */
    /* Someone who can write everything cuts the end, or builds a whole new chain: sound in itself. */
    pgcluster_query(
        &pg, "WITH s AS (DELETE FROM audit_seal WHERE institution = 'uat-1' AND seq > 250 RETURNING "
             "audit_id), d AS (DELETE FROM audit a USING s WHERE a.id = s.audit_id) UPDATE audit_head h "
             "SET seq = 250, hash = s.hash FROM audit_seal s WHERE h.institution = 'uat-1' AND "
             "s.institution = 'uat-1' AND s.seq = 250");
    assert_int_equal(verify(NULL, NULL).bad, 0);
    assert_int_equal(verify(NULL, path).bad, 1);
    assert_non_null(strstr(said, "uat-1: the kept head 300 is beyond the end 250: truncated"));
    pgcluster_query(&pg, "UPDATE audit SET actor = 'K9' WHERE actor = 'K1'");
    pgcluster_query(&pg, "TRUNCATE audit_seal, audit_head");
    seal_all();
    assert_int_equal(verify(NULL, NULL).bad, 0);
    assert_int_equal(verify("uat-2", path).bad, 1);
    assert_non_null(strstr(said, "uat-2: entry 300 differs from the kept head"));
}

/* A writer that commits after later ones is sealed later, none is forgotten; a row that waits is said to
 * wait. */
static void late_writer(void **state)
{
    (void)state;
    struct db_sync *slow SCOPED(db_sync_closep) = NULL;
    struct err e = {0};

    fresh("late");
    assert_int_equal(db_sync_open(pg.conninfo, &slow, &e), RC_OK);
    assert_int_equal(db_sync_script(slow,
                                    "BEGIN; INSERT INTO audit (at, institution, actor, act) VALUES (now(), "
                                    "'uat-1', 'slow', 'x')",
                                    &e),
                     RC_OK);
    for (int i = 0; i < 5; i++) {
        pgcluster_query(
            &pg, "INSERT INTO audit (at, institution, actor, act) VALUES (now(), 'uat-1', 'quick', 'x')");
        pgcluster_query(&pg, "UPDATE audit_mark SET next_at = '-infinity'"); /* the pause is over */
        pgcluster_query(&pg, "SELECT audit_seal_rows(1000, false)");
    }
    assert_string_equal(
        pgcluster_query(&pg, "SELECT settled < (SELECT max(id) - 5 FROM audit) FROM audit_mark"), "t");
    assert_int_equal(db_sync_script(slow, "COMMIT", &e), RC_OK);
    struct audit_report r = verify(NULL, NULL);
    assert_int_equal(r.waiting, 1);
    assert_int_equal(r.bad, 0);
    pgcluster_query(&pg, "SELECT audit_seal_rows(1000, false)");
    r = verify(NULL, NULL);
    assert_int_equal(r.waiting, 0);
    assert_int_equal(r.bad, 0);
    assert_int_equal(r.rows, 906);
    pgcluster_query(&pg, "INSERT INTO audit (at, institution, actor, act) VALUES (now() - interval '2 days', "
                         "'uat-1', 'backdated', 'x')");
    assert_int_equal(verify(NULL, NULL).bad, 1); /* nothing seals here */
    seal_all();
    assert_int_equal(verify(NULL, NULL).late, 1);
}

static bool mark_at_the_end(void)
{
    pgcluster_query(&pg,
                    "INSERT INTO audit (at, institution, actor, act) SELECT now(), 'uat-1', 'k', 'x' FROM "
                    "generate_series(1, 7)");
    pgcluster_query(&pg, "SELECT audit_seal_rows(1000, false)");
    return pgcluster_query(&pg, "SELECT settled = (SELECT max(id) FROM audit) FROM audit_mark")[0] == 't';
}

static void mark_passes_the_pause(void)
{
    for (int i = 0; i < 2; i++) {
        pgcluster_query(&pg, "UPDATE audit_mark SET next_at = '-infinity'");
        mark_at_the_end();
    }
}

/* Nothing is looked at twice, but for the seconds after an id that never came. */
static void mark_follows(void **state)
{
    (void)state;
    fresh("mark");
    mark_passes_the_pause();
    assert_true(mark_at_the_end());
    assert_true(mark_at_the_end());
    pgcluster_query(&pg, "SELECT nextval(pg_get_serial_sequence('audit', 'id'))"); /* as if undone */
    assert_false(mark_at_the_end());
    assert_false(mark_at_the_end());
    mark_passes_the_pause();
    assert_true(mark_at_the_end());
    assert_true(mark_at_the_end());
    assert_int_equal(verify(NULL, NULL).waiting, 0);
    assert_int_equal(verify(NULL, NULL).bad, 0);
}

static enum rc seen(struct db_sync *s, struct err *e)
{
    return people_audit(s, "uat-1", "ana", "seen", NULL, e);
}

static enum rc late(struct db_sync *s, struct err *e)
{
    return people_audit(s, "uat-1", "ana", "late", NULL, e);
}

/* Rows put in behind the register's back, which it seals like its own. */
static const struct edit inserted[] = {
    {"now", "INSERT INTO audit (at, institution, actor, act) VALUES (now(), 'uat-1', 'ana', 'x')",
     "was not written by the register"},
    {"dated back",
     "INSERT INTO audit (at, institution, actor, act) VALUES (now() - interval '9 days', "
     "'uat-1', 'ana', 'x')",
     "was not written by the register"},
    {"below what is vouched for",
     "INSERT INTO audit (id, at, institution, actor, act) OVERRIDING SYSTEM VALUE VALUES (-5, now() - "
     "interval "
     "'9 days', 'uat-1', 'ana', 'x')",
     "was not written by the register"},
    {"a copy",
     "INSERT INTO audit (at, institution, actor, act, mac) SELECT now(), institution, actor, act, mac FROM "
     "audit WHERE act = 'seen'",
     "is a copy of row"},
    {"another act under a true MAC",
     "WITH d AS (DELETE FROM audit WHERE act = 'late' RETURNING *) INSERT INTO audit (at, institution, "
     "actor, "
     "act, mac) SELECT at, institution, actor, 'early', mac FROM d",
     "was not written by the register"},
    {"another institution",
     "WITH d AS (DELETE FROM audit WHERE act = 'late' RETURNING *) INSERT INTO audit (at, institution, "
     "actor, "
     "act, mac) SELECT at, 'uat-2', actor, act, mac FROM d",
     "was not written by the register"},
    {"a MAC of his own",
     "INSERT INTO audit (at, institution, actor, act, mac) VALUES (now(), 'uat-1', 'ana', 'x', "
     "decode(repeat('00', 24), 'hex'))",
     "was not written by the register"},
    {"vouched by himself",
     "INSERT INTO audit (at, actor, act, detail, mac) VALUES (now(), 'registryd', 'earlier rows vouched "
     "for', "
     "'999999', decode(repeat('00', 24), 'hex'))",
     "was not written by the register"},
};

static void who_wrote(void **state)
{
    static const uint8_t master[32] = "a key that is not in there";
    struct err e = {0};
    (void)state;

    assert_int_equal(audit_key(master, &e), RC_OK);
    for (size_t i = 0; i < COUNT(inserted); i++) {
        char name[16];
        snprintf(name, sizeof(name), "wrote%zu", i);
        fresh(name); /* rows from before there were MACs */
        does(audit_vouch);
        does(audit_vouch);
        does(seen);
        seal_all();
        does(late); /* waits for its seal */
        struct audit_report r = verify(NULL, NULL);
        if (r.bad || r.rows != 902 || r.waiting != 1)
            fail_msg("rows %ld, waiting %ld: %s", r.rows, r.waiting, said);
        pgcluster_query(&pg, inserted[i].sql);
        for (int sealed = 0; sealed < 2; sealed++) {
            bool named = (verify(NULL, NULL).bad == 1 || i == 2) && strstr(said, inserted[i].names);
            /* A row with so low an id is named before its seal as not sealed. */
            if (!named && !(i == 2 && !sealed && strstr(said, "has no seal")))
                fail_msg("%s, sealed %d: %s", inserted[i].what, sealed, said);
            seal_all();
        }
    }
}

/* The chain does not hold the MACs: without them it is as sound as before. */
static void taken_out(void **state)
{
    static const char *const how[] = {
        "UPDATE audit SET mac = NULL",
        "WITH h AS (DELETE FROM audit_head WHERE institution = ''), s AS (DELETE FROM audit_seal WHERE "
        "institution = ''), d AS (DELETE FROM audit WHERE institution IS NULL), k AS (DELETE FROM settings "
        "WHERE key = 'audit_vouched') UPDATE audit SET mac = NULL WHERE institution > ''",
    };
    (void)state;

    for (size_t i = 0; i < COUNT(how); i++) {
        fresh(i ? "taken1" : "taken0");
        does(audit_vouch);
        does(seen);
        seal_all();
        assert_int_equal(verify(NULL, NULL).bad, 0);
        pgcluster_query(&pg, how[i]);
        pgcluster_query(
            &pg, "INSERT INTO audit (at, institution, actor, act) VALUES (now(), 'uat-1', 'ana', 'x')");
        seal_all();
        assert_int_equal(verify(NULL, NULL).bad, 1);
        assert_non_null(strstr(said, "nobody vouches for the rows without a MAC"));
    }
}

/* A row without a MAC, put under what is vouched for, whose seals tell nothing any more. */
static void one_more(void **state)
{
    (void)state;
    fresh("more");
    does(audit_vouch);
    does(seen);
    pgcluster_query(&pg,
                    "INSERT INTO audit (id, at, institution, actor, act) OVERRIDING SYSTEM VALUE VALUES (-5, "
                    "now() - interval '9 days', 'uat-1', 'ana', 'x')");
    seal_all();
    pgcluster_query(&pg,
                    "UPDATE audit_seal SET sealed_at = now() + interval '1 day' WHERE audit_id = (SELECT id "
                    "FROM audit WHERE act = 'earlier rows vouched for')");
    (void)verify(NULL, NULL);
    assert_non_null(strstr(said, "rows have no MAC and"));
    pgcluster_query(&pg, "DELETE FROM audit_seal WHERE audit_id = -5");
    pgcluster_query(
        &pg, "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE mac IS NULL ORDER BY id LIMIT 2)");
    (void)verify(NULL, NULL);
    assert_non_null(strstr(said, "rows have no MAC and"));
}

/* Who takes the vouching row away, or lets the register vouch once more for rows of his, is found. */
static void vouched_once(void **state)
{
    (void)state;
    fresh("vouched");
    does(audit_vouch);
    does(seen);
    seal_all();
    assert_int_equal(verify(NULL, NULL).bad, 0);
    pgcluster_query(&pg,
                    "INSERT INTO audit (at, institution, actor, act) VALUES (now(), 'uat-1', 'ana', 'x')");
    pgcluster_query(&pg, "DELETE FROM settings WHERE key = 'audit_vouched'");
    does(audit_vouch);
    seal_all();
    assert_int_equal(verify(NULL, NULL).bad, 2);
    assert_non_null(strstr(said, "earlier rows are vouched for more than once"));
    assert_non_null(strstr(said, "was not written by the register"));
    pgcluster_query(&pg, "UPDATE audit SET detail = '999999' WHERE act = 'earlier rows vouched for'");
    assert_true(verify("uat-2", NULL).bad > 0);
    assert_non_null(strstr(said, "nobody vouches for the rows without a MAC"));
}

/* The running register seals by itself, also what it finds when it was killed. */
static void sealed_by_the_register(void **state)
{
    (void)state;
    static struct server server;
    struct tclient c;
    struct err e = {0};
    int64_t deadline = mono_ms() + 60000;

    if (!server_make(&server, 2))
        skip();
    for (int round = 0; round < 3; round++) {
        server_start(&server);
        struct tls_ctx *ctx = server_client(&server, "K01");
        assert_int_equal(tclient_open(&c, server.port, ctx, &e), RC_OK);
        for (int i = 0; i < 20; i++) {
            ARENA_SCOPE(a);
            struct body b;
            body_init(&b, "K01", "uat-1");
            assert_int_equal(
                tclient_request(&c, "POST", "/v1/requests", body_headers(a, &b), body_text(a, &b), NULL, &e),
                201);
        }
        tclient_close(&c);
        tls_ctx_free(ctx);
        server_kill(&server, SIGKILL);
    }
    server_start(&server);
    while (strcmp(pgcluster_query(&server.pg, "SELECT count(*) FROM audit_seal"), "61") !=
           0) /* one vouches */ {
        assert_true(mono_ms() < deadline);
        usleep(50000);
    }
    assert_int_equal(server_ctl(&server, (const char *[]){"verify-audit", NULL}), 0);
    assert_int_equal(server_ctl(&server, (const char *[]){"audit-head", NULL}), 0);
    pgcluster_query(&server.pg,
                    "INSERT INTO audit (at, institution, actor, act) VALUES (now(), 'uat-2', 'ana', 'x')");
    while (strcmp(pgcluster_query(&server.pg, "SELECT count(*) FROM audit_seal"), "62") != 0) {
        assert_true(mono_ms() < deadline);
        usleep(50000);
    }
    assert_int_equal(server_ctl(&server, (const char *[]){"verify-audit", "--institution", "uat-2", NULL}),
                     1);
    pgcluster_query(
        &server.pg,
        "UPDATE audit SET actor = 'K02' WHERE id = (SELECT max(id) FROM audit WHERE institution = 'uat-1')");
    assert_int_equal(server_ctl(&server, (const char *[]){"verify-audit", "--institution", "uat-1", NULL}),
                     1);
    server_kill(&server, SIGTERM);
    assert_int_equal(server.exit_status, 0);
    server_free(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_edit),
                                       cmocka_unit_test(heads_on_paper),
                                       cmocka_unit_test(late_writer),
                                       cmocka_unit_test(mark_follows),
                                       cmocka_unit_test(sealed_by_the_register),
                                       cmocka_unit_test(who_wrote),
                                       cmocka_unit_test(vouched_once),
                                       cmocka_unit_test(one_more),
                                       cmocka_unit_test(taken_out)};
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
