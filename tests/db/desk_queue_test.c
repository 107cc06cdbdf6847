/* Queues: every page of every order together is exactly what the person may see, each row once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/json.h"
#include "common/base/text.h"
#include "tests/db/desk_rig.h"

static struct desk_rig rig;

/* Three town halls below a county; every seventh case without a day, every fifth closed, many on one day. */
static const char cases[] =
    "INSERT INTO casefile (id, registered_at, entered_at, closed_at, n, service_version, workflow_version, "
    "year, "
    "filed_on, due, late_after, institution, register, service, workflow, state, department, assignee, "
    "channel, "
    "lang, sealed, subject, person) SELECT gen_random_uuid(), now() - g % 40 * interval '1 day', now(), "
    "CASE WHEN g % 5 = 0 THEN now() END, g, 1, 1, 2026, " SQL_TODAY " - g % 40, "
    "CASE WHEN g % 7 <> 0 THEN " SQL_TODAY " + 12 - g % 25 END, "
    "CASE WHEN g % 7 <> 0 THEN " SQL_TODAY " + 12 - g % 25 END, 'uat-' || 1 + g % 3, 'general', "
    "'petition.general', 'simple', CASE WHEN g % 5 = 0 THEN 'closed' ELSE (ARRAY['registered', 'in_work', "
    "'returned', 'decided'])[1 + g % 4] END, (ARRAY['registratura', 'stare_civila', 'urbanism'])[1 + g / 3 % "
    "3], "
    "CASE WHEN g % 4 = 1 THEN (ARRAY['clerk1', 'clerk2'])[1 + g % 2] END, 'paper', 'ro', g % 11 = 0, "
    "'<script>alert(1)</script>', 'Popescu ' || g FROM generate_series(1, 600) g";

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    pgcluster_query(&rig.s.pg,
                    "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) VALUES ('cj-1', "
                    "'county', 'J', 'J', 'J')");
    pgcluster_query(&rig.s.pg, "UPDATE institution SET parent = 'cj-1' WHERE id IN ('uat-1', 'uat-2')");
    static const char *const names[] = {"clerk1",  "clerk2", "registrar1", "head3",
                                        "county1", "admin1", "nobody1"};
    for (size_t i = 0; i < COUNT(names); i++)
        desk_person(&rig, names[i], "uat-1");
    desk_grant(&rig, "clerk1", "clerk", "uat-1/urbanism");
    desk_grant(&rig, "clerk2", "clerk", "uat-2");
    desk_grant(&rig, "clerk2", "clerk", "uat-2/urbanism"); /* twice the same */
    desk_grant(&rig, "registrar1", "registrar", "uat-1");
    desk_grant(&rig, "head3", "head", "uat-3/stare_civila");
    desk_grant(&rig, "head3", "head", "uat-3/urbanism");
    desk_grant(&rig, "county1", "county", "cj-1/");
    desk_grant(&rig, "admin1", "administrator", "uat-1");
    pgcluster_query(&rig.s.pg, cases);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    desk_rig_free(&rig);
    return 0;
}

static const struct {
    const char *name, *reach; /* reach as SQL knows it */
} people[] = {
    {"clerk1", "institution = 'uat-1' AND department = 'urbanism'"},
    {"clerk2", "institution = 'uat-2'"},
    {"registrar1", "institution = 'uat-1'"},
    {"head3", "institution = 'uat-3' AND department IN ('stare_civila', 'urbanism')"},
    {"county1", "institution IN ('uat-1', 'uat-2')"},
};
static const struct {
    const char *q, *where;
} queues[] = {
    {"all", "true"},
    {"register", "closed_at IS NULL AND state IN ('submitted', 'registered') AND assignee IS NULL"},
    {"mine", "closed_at IS NULL AND assignee = '{me}'"},
    {"today", "closed_at IS NULL AND due = " SQL_TODAY " AND state IN ('registered', 'in_work', 'returned', "
              "'decided')"},
    {"late",
     "closed_at IS NULL AND late_after < " SQL_TODAY " AND state IN ('registered', 'in_work', 'returned', "
     "'decided')"},
    {"unassigned", "closed_at IS NULL AND assignee IS NULL"},
    {"waiting", "closed_at IS NULL AND state = 'returned'"},
    {"opinions", "false"},
};

static long wanted(size_t p, size_t q)
{
    ARENA_SCOPE(a);
    struct text_var me[] = {{"me", people[p].name}};
    return desk_count(&rig, arena_fmt(a, "SELECT count(*) FROM casefile WHERE (%s) AND (%s)", people[p].reach,
                                      text_fill(a, queues[q].where, me, 1)));
}

struct seen {
    char *ids; /* "id id ..." */
    int n;
};

/* The key by which rows must come, as text that sorts. */
static void key_of(char out[64], const struct jval *row, const char *sort)
{
    if (strcmp(sort, "number") == 0)
        snprintf(out, 64, "%04d%010d", (int)jval_int(row, "year", 0), (int)jval_int(row, "n", 0));
    else if (strcmp(sort, "registered") == 0)
        snprintf(out, 64, "%s", jval_str(row, "registered_at", ""));
    else
        snprintf(out, 64, "%s", jval_str(row, "due", "infinity"));
}

static void take_rows(const struct jval *items, const char *sort, bool down, char last[64], struct seen *seen)
{
    for (size_t i = 0; i < items->n; i++) {
        const struct jval *row = &items->items[i];
        char key[64];
        key_of(key, row, sort);
        if (*last && (down ? strcmp(key, last) > 0 : strcmp(key, last) < 0))
            fail_msg("%s after %s", key, last);
        snprintf(last, 64, "%s", key);
        const char *id = jval_str(row, "id", "?");
        if (strstr(seen->ids, id))
            fail_msg("%s twice", id);
        snprintf(seen->ids + seen->n++ * 37, 38, "%s ", id);
        if (jval_bool(row, "sealed", false))
            assert_string_equal(jval_str(row, "person", "?"), "");
    }
}

static int page_through(struct browser *b, const char *q, const char *sort, const char *dir)
{
    ARENA_SCOPE(a);
    struct seen seen = {arena_alloc(a, 40 * 700), 0};
    char last[64] = "";
    const char *after = "";

    do {
        struct err e = {0};
        struct jval *v = NULL;
        BUF_SCOPE(body);
        const char *path =
            arena_fmt(a, "/api/queue?q=%s&sort=%s&dir=%s&limit=23&after=%s", q, sort, dir, after);
        int status = desk_get(b, path, &body);
        if (status != 200 || jval_parse(a, body.p, body.len, &v, &e) != RC_OK)
            fail_msg("%s: %d %s", path, status, body.p);
        take_rows(jval_get(v, "items"), sort, strcmp(dir, "desc") == 0, last, &seen);
        after = jval_str(v, "next", NULL);
        BUF_SCOPE(enc);
        for (const char *p = after; p && *p; p++)
            buf_fmt(&enc, *p == ' ' || *p == '+' || *p == ':' ? "%%%02X" : "%c", *p);
        after = after ? arena_str(a, enc.p) : NULL;
    } while (after);
    return seen.n;
}

static void every_page(void **state)
{
    (void)state;
    static const char *const sorts[] = {"due", "number", "registered"}, *const dirs[] = {"asc", "desc"};
    for (size_t p = 0; p < COUNT(people); p++) {
        struct browser b = {.rig = &rig};
        assert_int_equal(desk_enter_as(&b, people[p].name, desk_secret), 200);
        for (size_t q = 0; q < COUNT(queues); q++) {
            long want = wanted(p, q);
            for (size_t i = 0; i < 6; i++) {
                const char *sort = sorts[i / 2];
                if (strcmp(queues[q].q, "all") == 0)
                    sort = "registered";
                if (strcmp(queues[q].q, "today") == 0)
                    sort = "due";
                int n = page_through(&b, queues[q].q, sort, dirs[i % 2]);
                if (n != want)
                    fail_msg("%s %s %s: %d rows, not %ld", people[p].name, queues[q].q, sort, n, want);
            }
        }
        desk_leave(&b);
    }
}

static void counts(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT(people); p++) {
        struct browser b = {.rig = &rig};
        BUF_SCOPE(body);
        assert_int_equal(desk_enter_as(&b, people[p].name, desk_secret), 200);
        assert_int_equal(desk_get(&b, "/api/counts", &body), 200);
        for (size_t q = 1; q < COUNT(queues); q++) {
            char member[100];
            snprintf(member, sizeof(member), "\"%s\":%ld", queues[q].q, wanted(p, q));
            if (!strstr(body.p, member))
                fail_msg("%s: no %s in %s", people[p].name, member, body.p);
        }
        desk_leave(&b);
    }
}

/* Who has no casework at all sees no queue; the refusal is in the audit and nowhere else. */
static void without_right(void **state)
{
    (void)state;
    static const char *const names[] = {"admin1", "nobody1"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct browser b = {.rig = &rig};
        assert_int_equal(desk_enter_as(&b, names[i], desk_secret), 200);
        long audit = desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'desk refused'");
        assert_int_equal(desk_get(&b, "/api/queue?q=all", NULL), 403);
        assert_int_equal(desk_get(&b, "/api/counts", NULL), 403);
        assert_int_equal(desk_count(&rig, "SELECT count(*) FROM audit WHERE act = 'desk refused'"),
                         audit + 2);
        desk_leave(&b);
    }
}

static void bad_queries(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "/api/queue",
        "/api/queue?q=",
        "/api/queue?q=everything",
        "/api/queue?q=all%27--",
        "/api/queue?q=all&sort=person",
        "/api/queue?q=all&dir=up",
        "/api/queue?q=all&limit=0",
        "/api/queue?q=all&limit=201",
        "/api/queue?q=all&limit=99999999999999999999",
        "/api/queue?q=all&limit=1%3BDROP%20TABLE%20casefile",
        "/api/queue?q=all&after=x",
        "/api/queue?q=all&after=x~00000000-0000-0000-0000-000000000000",
        "/api/queue?q=late&after=2026-13-40~00000000-0000-0000-0000-000000000000",
        "/api/queue?q=late&sort=number&after=1e9~00000000-0000-0000-0000-000000000000",
        "/api/queue?q=all&after=~",
    };
    struct browser b = {.rig = &rig};
    assert_int_equal(desk_enter_as(&b, "registrar1", desk_secret), 200);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(body);
        if (desk_get(&b, rows[i], &body) != 422)
            fail_msg("%s: %s", rows[i], body.p);
        if (!strstr(body.p, "\"key\":\"err.bad_field\""))
            fail_msg("%s: %s", rows[i], body.p);
    }
    BUF_SCOPE(none);
    assert_int_equal(desk_get(&b, "/api/queue?q=all&department=%27%20OR%20true--", &none), 200);
    assert_string_equal(none.p, "{\"items\":[],\"next\":null}");
    desk_leave(&b);
}

static void asked(struct browser *b, const char *path, const char *want)
{
    /* each connection keeps things of its own */
    for (int i = 0; i < 12; i++) {
        BUF_SCOPE(body);
        assert_int_equal(desk_get(b, path, &body), 200);
        if (!strstr(body.p, want))
            fail_msg("%s: no %s in %s", path, want, body.p);
    }
}

static void now(const char *sql)
{
    pgcluster_query(&rig.s.pg, sql);
}

/* What registryd keeps from call to call is never older than the call. */
static void what_is_kept(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    BUF_SCOPE(first);
    char both[60], one[60];
    static const char days[] = "/api/queue?q=unassigned&sort=due&dir=desc";

    snprintf(both, sizeof(both), "\"unassigned\":%ld", wanted(4, 5));
    snprintf(one, sizeof(one), "\"unassigned\":%ld",
             desk_count(&rig,
                        "SELECT count(*) FROM casefile WHERE institution = 'uat-1' AND assignee IS NULL "
                        "AND closed_at IS NULL"));
    assert_string_not_equal(one, both);
    assert_int_equal(desk_enter_as(&b, "county1", desk_secret), 200);
    asked(&b, "/api/counts", both);
    now("UPDATE institution SET parent = NULL WHERE id = 'uat-2'");
    asked(&b, "/api/counts", one);
    now("UPDATE institution SET parent = 'cj-1' WHERE id = 'uat-2'");
    asked(&b, "/api/counts", both);
    assert_int_equal(desk_get(&b, days, &first), 200);
    asked(&b, days, first.p);
    now("INSERT INTO holiday (day, name, at, by) SELECT " SQL_TODAY " + g, 'x', now(), 'root' FROM "
        "generate_series(1, 4) g");
    for (int i = 0; i < 12; i++) {
        BUF_SCOPE(body);
        assert_int_equal(desk_get(&b, days, &body), 200);
        assert_string_not_equal(body.p, first.p);
    }
    now("DELETE FROM holiday");
    asked(&b, days, first.p);
    desk_leave(&b);
}

/* The call after a role was taken back is refused, and so is the one after the account was closed. */
static void at_once(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    struct people_role role = {"registrar1", "registrar", "institution", "uat-1", ""};
    struct err e = {0};

    assert_int_equal(desk_enter_as(&b, "registrar1", desk_secret), 200);
    asked(&b, "/api/counts", "\"unassigned\":");
    assert_int_equal(people_role(rig.db, &rig.rights, &role, false, "root", &e), RC_OK);
    assert_int_equal(desk_get(&b, "/api/counts", NULL), 403);
    assert_int_equal(people_role(rig.db, &rig.rights, &role, true, "root", &e), RC_OK);
    assert_int_equal(desk_get(&b, "/api/counts", NULL), 200);
    assert_int_equal(people_disable(rig.db, "registrar1", true, "root", &e), RC_OK);
    assert_int_equal(desk_get(&b, "/api/counts", NULL), 401);
    desk_leave(&b);
}

static long rows_of(struct browser *b, const char *institution)
{
    BUF_SCOPE(body);
    char said[60];
    long n = 0;

    assert_int_equal(desk_get(b, "/api/queue?q=all&limit=200", &body), 200);
    snprintf(said, sizeof(said), "\"institution\":\"%s\"", institution);
    for (const char *p = body.p; (p = strstr(p, said)); p++)
        n++;
    return n;
}

/* Who a session was is remembered from call to call: what has changed since counts in the very next one, and
 * what the page would have read for the person of before is not shown. */
static void remembered(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    struct people_role more = {"clerk1", "clerk", "institution", "uat-3", ""};
    struct err e = {0};

    assert_int_equal(desk_enter_as(&b, "clerk1", desk_secret), 200);
    for (int i = 0; i < 20; i++) {
        bool given = i % 2;
        if (i)
            assert_int_equal(people_role(rig.db, &rig.rights, &more, given, "root", &e), RC_OK);
        assert_true(rows_of(&b, "uat-1") > 0);
        assert_true((rows_of(&b, "uat-3") > 0) == given);
        assert_true((rows_of(&b, "uat-3") > 0) == given);
    }
    now("INSERT INTO delegation (account, to_account, from_day, to_day, at, by, reason) SELECT "
        "a, 'clerk1', current_date - 1, current_date + 1, now(), 'root', 'x' FROM "
        "unnest(ARRAY['clerk2', 'head3', 'registrar1']) a");
    for (int i = 0; i < 4; i++)
        assert_true(rows_of(&b, "uat-2") > 0);
    now("UPDATE delegation SET ended_at = now()");
    assert_int_equal(rows_of(&b, "uat-2"), 0);
    now("UPDATE login_session SET seen_at = now() - interval '5 minutes' WHERE account = 'clerk1'");
    assert_true(rows_of(&b, "uat-1") > 0);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM login_session WHERE account = 'clerk1' AND "
                                      "seen_at > now() - interval '1 minute'"),
                     1); /* noted as used */
    static const char *const ends[] = {
        "locked_at = now()", "locked_at = NULL, until = now()",
        "until = now() + interval '1 hour', seen_at = now() - interval '1 day'",
        "seen_at = now(), ended_at = now(), ended_why = 'logout'"};
    for (size_t i = 0; i < COUNT(ends); i++) {
        BUF_SCOPE(body);
        char sql[200];
        snprintf(sql, sizeof(sql), "UPDATE login_session SET %s WHERE account = 'clerk1'", ends[i]);
        now(sql);
        assert_status(401, desk_get(&b, "/api/queue?q=all", &body), body);
        assert_null(strstr(body.p, "items"));
        assert_int_equal(desk_get(&b, "/api/register?register=general&year=2026", NULL), 401);
        assert_int_equal(desk_post(&b, "/api/search", "{\"q\":\"popescu\"}", NULL), 401);
    }
    desk_leave(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page),  cmocka_unit_test(counts),       cmocka_unit_test(without_right),
        cmocka_unit_test(bad_queries), cmocka_unit_test(what_is_kept), cmocka_unit_test(at_once),
        cmocka_unit_test(remembered),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
