/* The desk's listener from outside: pages, log-in, cookies, foreign pages, slow and vanished browsers, the
 * database away in mid-request. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/desk_priv.h"
#include "common/base/clock.h"
#include "tests/db/desk_rig.h"

static struct desk_rig rig;

static int setup(void **state)
{
    (void)state;
    if (!desk_rig_make(&rig))
        exit(77);
    static const char *const names[] = {"ana", "bela", "cora", "dan", "eva", "fane", "gina"};
    for (size_t i = 0; i < COUNT(names); i++)
        desk_person(&rig, names[i], "uat-1");
    desk_grant(&rig, "ana", "registrar", "uat-1");
    desk_grant(&rig, "ana", "clerk", "uat-1/tax");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    desk_rig_free(&rig);
    return 0;
}

static void only_pages(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *type;
    } rows[] = {
        {"/", 200, "Content-Type: text/html; charset=utf-8\r\n"},
        {"/index.html", 200, "text/html"},
        {"/?q=1", 200, "text/html"},
        {"/assets/desk.js", 200, "Content-Type: text/javascript; charset=utf-8\r\n"},
        {"/assets/desk.css", 200, "Content-Type: text/css; charset=utf-8\r\n"},
        {"/assets", 404, "application/json"},
        {"/assets/", 404, "application/json"},
        {"/note.txt", 404, "application/json"},
        {"/secret.html", 404, "application/json"},
        {"/../secret.html", 400, ""},
        {"/assets/../../secret.html", 400, ""},
        {"/%2e%2e/secret.html", 400, ""},
        {"/..%2fsecret.html", 400, ""},
        {"/..%5csecret.html", 400, ""},
        {"//secret.html", 404, ""},
        {"/assets//desk.js", 404, ""},
        {"/./index.html", 400, ""},
        {"/index.html%00.js", 400, ""},
        {"/INDEX.HTML", 404, ""},
        {"/etc/passwd", 404, ""},
        {"/api", 404, ""},
        {"/api/", 404, ""},
        {"/api/nothing", 404, ""},
        {"/api/me/", 404, ""},
        {"/api/login", 405, "Allow: POST\r\n"},
    };
    struct browser b = {.rig = &rig};
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(head);
        BUF_SCOPE(body);
        int status = desk_send(&b, &(struct desk_ask){"GET", rows[i].path, NULL, NULL}, &head, &body);
        if (status != rows[i].status)
            fail_msg("%s: %d", rows[i].path, status);
        if (!strstr(head.p, rows[i].type) && (status == 200 || status == 404))
            fail_msg("%s: %s", rows[i].path, head.p);
        assert_has(head, "X-Content-Type-Options: nosniff\r\n");
        assert_null(strstr(body.p ? body.p : "", "secret"));
    }
    desk_leave(&b);
}

static void unchanged_pages(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    BUF_SCOPE(head);
    BUF_SCOPE(again);
    char more[100];

    assert_int_equal(desk_send(&b, &(struct desk_ask){"GET", "/", NULL, NULL}, &head, NULL), 200);
    assert_has(head, "script-src 'self';");
    assert_has(head, "frame-ancestors 'none'");
    assert_has(head, "Cache-Control: no-cache\r\n");
    assert_null(strstr(head.p, "unsafe"));
    const char *tag = strstr(head.p, "ETag: ");
    assert_non_null(tag);
    snprintf(more, sizeof(more), "If-None-Match: %.*s\r\n", (int)strcspn(tag + 6, "\r"), tag + 6);
    assert_int_equal(desk_send(&b, &(struct desk_ask){"GET", "/", NULL, more}, &again, NULL), 304);
    desk_leave(&b);
}

static void in_and_out(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    BUF_SCOPE(me);
    BUF_SCOPE(none);
    char stolen[160];

    assert_int_equal(desk_get(&b, "/api/me", &none), 401);
    assert_has(none, "\"key\":\"err.session\"");
    assert_has(none, "\"say\":{\"ro\":\"Sesiunea s-a încheiat.");
    assert_int_equal(desk_enter_as(&b, "ana", "gresit gresit"), 401);
    assert_int_equal(desk_enter_as(&b, "ana", desk_secret), 200);
    assert_int_equal(desk_get(&b, "/api/me", &me), 200);
    assert_has(me, "\"account\":\"ana\"");
    assert_has(me, "\"institution\":{\"id\":\"uat-1\",\"name\":{\"ro\":\"Primăria 1\"");
    assert_has(me, "\"role\":\"clerk\",\"name\":{\"ro\":\"Funcționar\"");
    assert_has(me, "\"department\":\"tax\"");
    assert_has(me, "\"register.year\"");
    assert_null(strstr(me.p, "\"user.manage\""));
    assert_has(me, "\"idle_minutes\":30");
    snprintf(stolen, sizeof(stolen), "%s", b.cookie);
    assert_int_equal(desk_post(&b, "/api/logout", "", NULL), 200);
    assert_int_equal(desk_get(&b, "/api/me", NULL), 401); /* the cookie is still sent */
    desk_leave(&b);
    snprintf(b.cookie, sizeof(b.cookie), "%s", stolen);
    assert_int_equal(desk_get(&b, "/api/me", NULL), 401);
    desk_leave(&b);
}

static void cookie_is_kept_safe(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    BUF_SCOPE(head);
    char text[200];

    snprintf(text, sizeof(text), "{\"account\":\"bela\",\"password\":\"%s\"}", desk_secret);
    assert_int_equal(desk_send(&b,
                               &(struct desk_ask){"POST", "/api/login", text,
                                                  "X-Pridvor: 1\r\nContent-Type: application/json\r\n"},
                               &head, NULL),
                     200);
    assert_has(head, "Set-Cookie: __Host-pridvor=");
    assert_has(head, "; Path=/; Secure; HttpOnly; SameSite=Strict\r\n");
    assert_has(head, "Cache-Control: no-store\r\n");
    desk_leave(&b);
}

/* Another page, even on the same machine, gets nothing done. */
static void foreign_pages(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *more;
        int status;
    } rows[] = {
        {"POST", "/api/logout", "", 403},
        {"POST", "/api/logout", "X-Pridvor: 0\r\n", 403},
        {"POST", "/api/logout", "X-Pridvor: 1\r\nOrigin: https://evil.example\r\n", 403},
        {"POST", "/api/logout", "X-Pridvor: 1\r\nOrigin: https://localhost\r\n", 403}, /* another port */
        {"POST", "/api/logout", "X-Pridvor: 1\r\nOrigin: http://localhost\r\n", 403},
        {"POST", "/api/logout", "X-Pridvor: 1\r\nOrigin: null\r\n", 403},
        {"POST", "/api/logout", "X-Pridvor: 1\r\nSec-Fetch-Site: cross-site\r\n", 403},
        {"POST", "/api/logout", "X-Pridvor: 1\r\nSec-Fetch-Site: same-site\r\n", 403},
        {"POST", "/api/logout", "X-Pridvor: 1\r\nSec-Fetch-Site: none\r\n", 403},
        {"GET", "/api/me", "Sec-Fetch-Site: cross-site\r\n", 403},
        {"GET", "/api/me", "Sec-Fetch-Site: same-site\r\n", 403},
        {"GET", "/api/me", "Origin: https://evil.example\r\n", 403},
        {"GET", "/api/me", "Sec-Fetch-Site: none\r\n", 200},
        {"POST", "/api/login", "Content-Type: application/json\r\n", 403},
        {"POST", "/api/login", "X-Pridvor: 1\r\nContent-Type: text/plain\r\n", 400},
        {"POST", "/api/login", "X-Pridvor: 1\r\n", 400},
    };
    struct browser b = {.rig = &rig};
    assert_int_equal(desk_enter_as(&b, "bela", desk_secret), 200);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status =
            desk_send(&b, &(struct desk_ask){rows[i].method, rows[i].path, "", rows[i].more}, NULL, NULL);
        if (status != rows[i].status)
            fail_msg("row %zu: %d", i, status);
    }
    assert_int_equal(desk_get(&b, "/api/me", NULL), 200); /* still in */
    desk_leave(&b);
}

static void bad_cookies(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "__Host-pridvor=",
        "__Host-pridvor=0",
        "__Host-pridvor=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        "__Host-pridvor=0000000000000000000000000000000000000000000000000000000000000000",
        "__Host-pridvor=' OR true --",
        "pridvor=0000000000000000000000000000000000000000000000000000000000000000",
        "x__Host-pridvor=0000000000000000000000000000000000000000000000000000000000000000",
        ";;;=;__Host-pridvor",
    };
    struct browser b = {.rig = &rig};
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(b.cookie, sizeof(b.cookie), "Cookie: %s\r\n", rows[i]);
        assert_int_equal(desk_get(&b, "/api/me", NULL), 401);
    }
    desk_leave(&b);
}

static void sessions_end(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig}, second = {.rig = &rig};
    struct err e = {0};
    BUF_SCOPE(body);

    assert_int_equal(desk_enter_as(&b, "cora", desk_secret), 200);
    pgcluster_query(&rig.s.pg, "UPDATE login_session SET seen_at = now() - interval '29 minutes'");
    assert_int_equal(desk_get(&b, "/api/me", NULL), 200);
    pgcluster_query(&rig.s.pg, "UPDATE login_session SET seen_at = now() - interval '31 minutes'");
    assert_int_equal(desk_get(&b, "/api/me", NULL), 401);
    desk_leave(&b);
    assert_int_equal(desk_enter_as(&b, "cora", desk_secret), 200);
    pgcluster_query(&rig.s.pg, "UPDATE login_session SET until = now() - interval '1 second'");
    assert_int_equal(desk_get(&b, "/api/me", NULL), 401);
    desk_leave(&b);
    /* The password changes: every session of this person ends. */
    assert_int_equal(desk_enter_as(&b, "cora", desk_secret), 200);
    assert_int_equal(desk_enter_as(&second, "cora", desk_secret), 200);
    assert_int_equal(
        desk_post(&b, "/api/password", "{\"old\":\"gresit\",\"fresh\":\"o parola noua lunga\"}", NULL), 401);
    assert_int_equal(
        desk_post(&b, "/api/password", "{\"old\":\"corect cal baterie\",\"fresh\":\"scurt\"}", &body), 422);
    sleep(2); /* a wrong attempt makes the next one wait */
    assert_int_equal(desk_post(&b, "/api/password",
                               "{\"old\":\"corect cal baterie\",\"fresh\":\"o parola noua lunga\"}", NULL),
                     200);
    assert_int_equal(desk_get(&second, "/api/me", NULL), 401);
    desk_leave(&b);
    desk_leave(&second);
    /* Disabled: at once. */
    assert_int_equal(desk_enter_as(&b, "cora", "o parola noua lunga"), 200);
    assert_int_equal(people_disable(rig.db, "cora", true, "root", &e), RC_OK);
    assert_int_equal(desk_get(&b, "/api/me", NULL), 401);
    desk_leave(&b);
    assert_int_equal(desk_enter_as(&b, "cora", "o parola noua lunga"), 401);
    desk_leave(&b);
}

static void redeemed(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    struct err e = {0};
    char code[LOGIN_CODE], text[200];

    assert_int_equal(login_reset(&rig.login, "dan", "root", code, &e), RC_OK);
    snprintf(text, sizeof(text), "{\"account\":\"dan\",\"code\":\"%s\",\"fresh\":\"o parola noua lunga\"}",
             code);
    assert_int_equal(desk_post(&b, "/api/redeem", text, NULL), 200);
    assert_int_equal(desk_post(&b, "/api/redeem", text, NULL), 401); /* once */
    assert_int_equal(desk_enter_as(&b, "dan", "o parola noua lunga"), 200);
    desk_leave(&b);
}

/* Wrong passwords: this name has to wait, others do not, the town hall works on. */
static void lock_out(void **state)
{
    (void)state;
    struct browser bad = {.rig = &rig}, good = {.rig = &rig};
    int status = 401, tries = 0;

    assert_int_equal(desk_enter_as(&good, "eva", desk_secret), 200);
    desk_leave(&good);
    while (status == 401 && tries++ < 50)
        status = desk_enter_as(&bad, "fane", "gresit gresit");
    assert_int_equal(status, 429);
    assert_true(bad.seconds > 0);
    assert_int_equal(desk_enter_as(&bad, "fane", desk_secret), 429); /* even when it is right */
    assert_int_equal(desk_enter_as(&good, "eva", desk_secret), 200);
    desk_leave(&good);
    desk_leave(&bad);
    pgcluster_query(&rig.s.pg, "DELETE FROM login_delay");
}

/* What is typed into the members of open routes: a clear error, nothing stored but the audit. */
static void bad_input(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text;
        int status;
    } rows[] = {
        {"/api/login", "", 400},
        {"/api/login", "null", 400},
        {"/api/login", "[]", 400},
        {"/api/login", "{", 400},
        {"/api/login", "{\"account\":\"ana\"}", 422},
        {"/api/login", "{\"account\":1,\"password\":\"x\"}", 422},
        {"/api/login", "{\"account\":\"ana\",\"password\":[]}", 422},
        {"/api/login", "{\"account\":\"ana\",\"password\":\"x\",\"admin\":true}", 422},
        {"/api/login", "{\"account\":\"ana\",\"account\":\"ana\",\"password\":\"x\"}", 422},
        {"/api/login", "{\"account\":\"' OR 1=1 --\",\"password\":\"x\"}", 401},
        {"/api/login", "{\"account\":\"<script>alert(1)</script>\",\"password\":\"x\"}", 401},
        {"/api/login", "{\"account\":\"../../etc/passwd\",\"password\":\"x\"}", 401},
        {"/api/login", "{\"account\":\"a\\u0000b\",\"password\":\"x\"}", 400},
        {"/api/redeem", "{\"account\":\"ana\",\"code\":\"x\",\"fresh\":\"x\"}", 422},
    };
    struct browser b = {.rig = &rig};
    long accounts = desk_count(&rig, "SELECT count(*) FROM account");
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(body);
        int status = desk_post(&b, rows[i].path, rows[i].text, &body);
        if (status == 422 || status == 400)
            assert_has(body, "\"error\":{\"rc\":\"RC_BAD_");
        if (status != rows[i].status && !(rows[i].status != 401 && (status == 400 || status == 422)))
            fail_msg("row %zu: %d %s", i, status, body.p);
        pgcluster_query(&rig.s.pg, "DELETE FROM login_delay");
    }
    char *big = malloc(400001);
    memset(big, 'a', 400000);
    big[400000] = 0;
    assert_int_equal(desk_post(&b, "/api/login", big, NULL), 413);
    free(big);
    assert_int_equal(desk_count(&rig, "SELECT count(*) FROM account"), accounts);
    desk_leave(&b);
}

struct many {
    pthread_t thread;
    char cookie[160];
    int good, later, bad, last_bad;
};

static void *many_run(void *user)
{
    struct many *m = user;
    struct browser b = {.rig = &rig, .ctx = server_client(&rig.s, NULL)};

    snprintf(b.cookie, sizeof(b.cookie), "%s", m->cookie);
    for (int i = 0; i < 50; i++) {
        int status = desk_get(&b, "/api/me", NULL);
        __atomic_fetch_add(&m->good, status == 200, __ATOMIC_RELAXED);
        m->later += status == 503;
        m->bad += status != 200 && status != 503;
        m->last_bad = status != 200 && status != 503 ? status : m->last_bad;
    }
    desk_leave(&b);
    tls_ctx_free(b.ctx);
    return NULL;
}

enum { MANY = 64 };

static void many_start(struct many *all, const struct browser *who)
{
    for (int i = 0; i < MANY; i++) {
        all[i] = (struct many){0};
        snprintf(all[i].cookie, sizeof(all[i].cookie), "%s", who->cookie);
        pthread_create(&all[i].thread, NULL, many_run, &all[i]);
    }
}

static void many_wait(struct many *all, int good)
{
    for (int sum = 0; sum < good; usleep(1000)) {
        sum = 0;
        for (int i = 0; i < MANY; i++)
            sum += __atomic_load_n(&all[i].good, __ATOMIC_RELAXED);
    }
}

static struct many many_end(struct many *all)
{
    struct many sum = {0};
    for (int i = 0; i < MANY; i++) {
        pthread_join(all[i].thread, NULL);
        sum.good += all[i].good;
        sum.later += all[i].later;
        sum.bad += all[i].bad;
        sum.last_bad = all[i].bad ? all[i].last_bad : sum.last_bad;
    }
    return sum;
}

static void sixty_four(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    struct many all[MANY], sum;

    assert_int_equal(desk_enter_as(&b, "gina", desk_secret), 200);
    int64_t begin = mono_ms();
    many_start(all, &b);
    sum = many_end(all);
    print_message("%d answers in %lld ms, registryd %ld kB\n", sum.good, (long long)(mono_ms() - begin),
                  server_rss_kb(&rig.s));
    assert_int_equal(sum.good, MANY * 50);
    desk_leave(&b);
}

/* PostgreSQL dies while they work: everybody gets an answer, and afterwards all is well by itself. */
static void database_dies(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    struct many all[MANY], sum;

    assert_int_equal(desk_enter_as(&b, "gina", desk_secret), 200);
    many_start(all, &b);
    many_wait(all, 300); /* in the middle of them */
    pgcluster_stop(&rig.s.pg, SIGQUIT);
    assert_int_equal(desk_get(&b, "/api/me", NULL), 503);
    sum = many_end(all);
    print_message("%d good, %d later, %d bad %d\n", sum.good, sum.later, sum.bad, sum.last_bad);
    assert_int_equal(sum.bad, 0);
    pgcluster_start(&rig.s.pg);
    int status = 0;
    for (int i = 0; i < 100 && status != 200; i++) {
        status = desk_get(&b, "/api/me", NULL);
        usleep(100000);
    }
    assert_int_equal(status, 200);
    db_sync_close(rig.db);
    struct err e = {0};
    assert_int_equal(db_sync_open(rig.s.pg.conninfo, &rig.db, &e), RC_OK);
    rig.login.db = rig.db;
    /* Connections that lay idle while it restarted are not noticed by anybody. */
    pgcluster_query(&rig.s.pg, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> "
                               "pg_backend_pid() AND usename = 'pridvor'");
    usleep(300000);
    for (int i = 0; i < 8; i++)
        assert_int_equal(desk_get(&b, "/api/me", NULL), 200);
    desk_leave(&b);
    db_sync_close(rig.db);
    assert_int_equal(db_sync_open(rig.s.pg.conninfo, &rig.db, &e), RC_OK);
    rig.login.db = rig.db;
}

/* Whoever goes before the answer comes, or sends a byte now and then, holds nobody up. */
static void gone_and_slow(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    struct tclient slow[32], gone;
    struct err e = {0};
    char text[300];

    assert_int_equal(desk_enter_as(&b, "gina", desk_secret), 200);
    for (size_t i = 0; i < COUNT(slow); i++) {
        assert_int_equal(tclient_open(&slow[i], rig.s.desk_port, rig.ctx, &e), RC_OK);
        assert_int_equal(tclient_send(&slow[i], "POST /api/lo", 12, &e), RC_OK);
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(tclient_open(&gone, rig.s.desk_port, rig.ctx, &e), RC_OK);
        snprintf(text, sizeof(text), "GET /api/me HTTP/1.1\r\nHost: localhost\r\n%s\r\n", b.cookie);
        assert_int_equal(tclient_send(&gone, text, strlen(text), &e), RC_OK);
        tclient_close(&gone);
    }
    assert_int_equal(desk_get(&b, "/api/me", NULL), 200);
    for (size_t i = 0; i < COUNT(slow); i++)
        tclient_close(&slow[i]);
    desk_leave(&b);
}

static enum rc nothing(struct desk_call *c, const void *in, struct err *e)
{
    (void)c;
    (void)in;
    return err_set(e, RC_INTERNAL, "not called");
}

/* A route that does not say who may call it keeps the program from starting. */
static void without_a_right(void **state)
{
    (void)state;
    struct err e = {0};
    const struct desk_route bad[] = {
        {"GET", "/api/x", NULL, NULL, nothing, false},
        {"GET", "/api/x", "", NULL, nothing, false},
        {"GET", "/api/x", "case.everything", NULL, nothing, false},
        {"GET", "/api/x", "case.view", NULL, NULL, false},
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(desk_routes_check(&bad[i], 1, &rig.rights, &e), RC_STATE);
    assert_int_equal(desk_routes_check(desk_routes, n_desk_routes, &rig.rights, &e), RC_OK);
    /* Open are those by which one comes in, opens the locked screen or leaves it, no other. */
    static const char open[] = "/api/login /api/redeem /api/unlock /api/logout ";
    for (size_t i = 0; i < n_desk_routes; i++) {
        ARENA_SCOPE(a);
        if (strcmp(desk_routes[i].right, DESK_OPEN) == 0)
            assert_non_null(strstr(open, arena_fmt(a, "%s ", desk_routes[i].path)));
    }
}

static void ends_cleanly(void **state)
{
    (void)state;
    struct browser b = {.rig = &rig};
    struct many all[MANY];

    assert_int_equal(desk_enter_as(&b, "gina", desk_secret), 200);
    many_start(all, &b);
    usleep(50000);
    server_kill(&rig.s, SIGTERM);
    many_end(all);
    assert_true(WIFEXITED(rig.s.exit_status));
    assert_int_equal(WEXITSTATUS(rig.s.exit_status), 0);
    desk_leave(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_pages),    cmocka_unit_test(unchanged_pages),
        cmocka_unit_test(in_and_out),    cmocka_unit_test(cookie_is_kept_safe),
        cmocka_unit_test(foreign_pages), cmocka_unit_test(bad_cookies),
        cmocka_unit_test(sessions_end),  cmocka_unit_test(redeemed),
        cmocka_unit_test(lock_out),      cmocka_unit_test(bad_input),
        cmocka_unit_test(sixty_four),    cmocka_unit_test(gone_and_slow),
        cmocka_unit_test(database_dies), cmocka_unit_test(without_a_right),
        cmocka_unit_test(ends_cleanly),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
