/* registryd as it runs: terminals over mutual TLS, the status page, revocation, PostgreSQL away and back. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/db/body.h"
#include "tests/db/server.h"
#include "tests/db/tclient.h"

static struct server server;

enum { TERMINALS = 4, CLIENTS = 64, EACH = 12 };
struct worker {
    pthread_t thread;
    int number, acknowledged, refused, bad, repeats, lost;
    const char *shared; /* all send this one */
    struct body body;
    char name[8], institution[16];
};

static int64_t number_of(struct arena *a, const struct buf *reply, bool *repeat)
{
    struct filed f = {0};
    struct err e = {0};
    if (json_decode(a, &filed_desc, reply->p, reply->len, &f, &e) != RC_OK) {
        print_message("%s: %s\n", e.text, reply->p);
        return -1;
    }
    *repeat = f.repeat;
    return f.n;
}

static void terminal_of(struct worker *w, int i)
{
    snprintf(w->name, sizeof(w->name), "K%02d", i % TERMINALS + 1);
    snprintf(w->institution, sizeof(w->institution), "uat-%d", i % TERMINALS + 1);
}

/* Every eighth request is broken; the innocent ones beside it must not notice. */
static void one_filing(struct worker *w, struct tclient *c, struct arena *a, int i)
{
    struct err e = {0};
    struct body b;
    bool broken = i % 8 == 3, repeat = false;
    BUF_SCOPE(reply);

    body_init(&b, w->name, w->institution);
    b.service = i % 2 ? "complaint.abandoned_vehicle" : NULL;
    if (broken)
        b.note = "a\\u0000b";
    const char *text = body_text(a, &b);
    int status = tclient_request(c, "POST", "/v1/requests", body_headers(a, &b), text, &reply, &e);
    if (broken)
        w->bad += status == 400 || status == 422;
    else if (status == 201 && number_of(a, &reply, &repeat) > 0 && !repeat)
        w->acknowledged++;
    else
        print_message("unexpected: %d %s\n", status, reply.p ? reply.p : "");
}

static void *file_many(void *user)
{
    struct worker *w = user;
    struct tls_ctx *ctx = server_client(&server, w->name);
    struct tclient c;
    struct err e = {0};
    ARENA_SCOPE(a);

    if (tclient_open(&c, server.port, ctx, &e) == RC_OK) {
        for (int i = 0; i < EACH; i++)
            one_filing(w, &c, a, i);
        tclient_close(&c);
    }
    tls_ctx_free(ctx);
    return NULL;
}

static void assert_sound(void)
{
    assert_int_equal(server_ctl(&server, (const char *[]){"verify", NULL}), 0);
}

static long count(const char *sql)
{
    return strtol(pgcluster_query(&server.pg, sql), NULL, 10);
}

static void many_clients(void **state)
{
    static struct worker workers[CLIENTS];
    int acknowledged = 0, bad = 0;
    long before = count("SELECT count(*) FROM request");
    (void)state;

    for (int i = 0; i < CLIENTS; i++) {
        terminal_of(&workers[i], i);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, file_many, &workers[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(workers[i].thread, NULL);
        acknowledged += workers[i].acknowledged;
        bad += workers[i].bad;
    }
    print_message("%d clients: %d acknowledged, %d broken ones refused\n", CLIENTS, acknowledged, bad);
    assert_int_equal(acknowledged, CLIENTS * (EACH - 2));
    assert_int_equal(bad, CLIENTS * 2);
    assert_int_equal(count("SELECT count(*) FROM request") - before, acknowledged);
    assert_sound();
}

static void *file_same(void *user)
{
    struct worker *w = user;
    struct tls_ctx *ctx = server_client(&server, w->name);
    struct tclient c;
    struct err e = {0};
    ARENA_SCOPE(a);
    BUF_SCOPE(reply);
    bool repeat;

    if (tclient_open(&c, server.port, ctx, &e) == RC_OK) {
        int status =
            tclient_request(&c, "POST", "/v1/requests", body_headers(a, &w->body), w->shared, &reply, &e);
        if (status == 201 || status == 200) {
            w->number = (int)number_of(a, &reply, &repeat);
            w->acknowledged = status == 201;
            w->repeats = status == 200 && repeat;
        }
        tclient_close(&c);
    }
    tls_ctx_free(ctx);
    return NULL;
}

static void same_request_100_times(void **state)
{
    static struct worker workers[100];
    int first = 0, repeats = 0;
    long before = count("SELECT count(*) FROM request");
    struct body b;
    ARENA_SCOPE(a);
    (void)state;

    body_init(&b, "K01", "uat-1");
    const char *text = body_text(a, &b);
    for (int i = 0; i < 100; i++) {
        terminal_of(&workers[i], 0);
        workers[i].body = b;
        workers[i].shared = text;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, file_same, &workers[i]), 0);
    }
    for (int i = 0; i < 100; i++) {
        pthread_join(workers[i].thread, NULL);
        first += workers[i].acknowledged;
        repeats += workers[i].repeats;
        assert_int_equal(workers[i].number, workers[0].number);
        assert_true(workers[i].number > 0);
    }
    print_message("the same request 100 times: %d new, %d repeats, one number\n", first, repeats);
    assert_int_equal(first, 1);
    assert_int_equal(repeats, 99);
    assert_int_equal(count("SELECT count(*) FROM request") - before, 1);
    assert_int_equal(count("SELECT sum(times) FROM request_repeat"), 99);
    assert_sound();
}

struct line {
    struct tls_ctx *ctx;
    struct tclient c;
    struct arena *a;
};

static void line_open(struct line *l, const char *terminal)
{
    struct err e = {0};
    l->a = arena_new();
    l->ctx = server_client(&server, terminal);
    if (tclient_open(&l->c, server.port, l->ctx, &e) != RC_OK)
        fail_msg("%s", e.text);
}

static void line_close(struct line *l)
{
    tclient_close(&l->c);
    tls_ctx_free(l->ctx);
    arena_free(l->a);
}

static int file(struct line *l, const struct body *b, struct buf *reply)
{
    struct err e = {0};
    return tclient_request(&l->c, "POST", "/v1/requests", body_headers(l->a, b), body_text(l->a, b), reply,
                           &e);
}

static void same_id_other_bytes(void **state)
{
    struct line l;
    struct body b, other;
    BUF_SCOPE(reply);
    (void)state;

    line_open(&l, "K01");
    body_init(&b, "K01", "uat-1");
    assert_int_equal(file(&l, &b, NULL), 201);
    assert_int_equal(file(&l, &b, NULL), 200);
    other = b;
    other.note = "Altcineva";
    assert_int_equal(file(&l, &other, &reply), 409);
    assert_non_null(strstr(reply.p, "RC_CONFLICT"));
    other = b;
    snprintf(other.code, sizeof(other.code), "0000000000");
    assert_int_equal(file(&l, &other, NULL), 409);
    line_close(&l);
    assert_sound();
}

static void stored_byte_for_byte(void **state)
{
    struct line l;
    struct body b;
    char sql[200];
    (void)state;

    line_open(&l, "K02");
    body_init(&b, "K02", "uat-2");
    assert_int_equal(file(&l, &b, NULL), 201);
    const char *sent = strstr(body_text(l.a, &b), "\"signature\":") + 12;
    struct bytes text = server_opened(&server, l.a, b.id, "request");
    assert_int_equal(text.len, strlen(body_request(l.a, &b)));
    assert_memory_equal(text.p, body_request(l.a, &b), text.len);
    text = server_opened(&server, l.a, b.id, "signature");
    assert_memory_equal(text.p, sent, text.len);
    assert_string_equal((const char *)text.p + text.len - 3, "]]}");
    /* the PIN rests nowhere */
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM request r WHERE request_id = '%s' AND r::text LIKE '%%%s%%%s%%'", b.id,
             "pin\":\"", b.pin);
    assert_string_equal(pgcluster_query(&server.pg, sql), "0");
    /* how the identity was proven can be asked, by either name of the request */
    assert_int_equal(server_ctl(&server, (const char *[]){"proofs", b.id, NULL}), 0);
    assert_int_equal(server_ctl(&server, (const char *[]){"proofs", b.code, NULL}), 0);
    assert_int_equal(server_ctl(&server, (const char *[]){"proofs", "nobody", NULL}), 1);
    assert_int_equal(server_ctl(&server, (const char *[]){"proofs", NULL}), 0);
    line_close(&l);
}

static void filed_offline_keeps_its_day(void **state)
{
    static const struct {
        int days_ago;
        bool offline, kept;
    } cases[] = {{3, true, true}, {30, true, true}, {31, true, false}, {3, false, false}, {-1, true, false}};
    struct line l;
    char sql[200], filed[25], day[11];
    (void)state;

    line_open(&l, "K03");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body b;
        struct date on = date_add(date_of_ms(unix_ms()), -cases[i].days_ago);
        int64_t ms = date_days(on) * INT64_C(86400000) + 36000000; /* by day: hours move with summer time */
        iso_utc(filed, ms);
        body_init(&b, "K03", "uat-3");
        b.filed_at = filed;
        b.offline = cases[i].offline;
        assert_int_equal(file(&l, &b, NULL), 201);
        date_iso(day, date_of_ms(cases[i].kept ? ms : unix_ms()));
        snprintf(sql, sizeof(sql), "SELECT filed_on FROM request WHERE request_id = '%s'", b.id);
        assert_string_equal(pgcluster_query(&server.pg, sql), day);
    }
    line_close(&l);
}

static void other_institution(void **state)
{
    struct line l;
    struct body b;
    (void)state;

    line_open(&l, "K01");
    body_init(&b, "K01", "uat-2");
    assert_int_equal(file(&l, &b, NULL), 403);
    body_init(&b, "K02", "uat-1");
    assert_int_equal(file(&l, &b, NULL), 403);
    line_close(&l);
}

static void revoked_at_once(void **state)
{
    struct line l;
    struct body b;
    int status = 201;
    (void)state;

    line_open(&l, "K04");
    body_init(&b, "K04", "uat-4");
    assert_int_equal(file(&l, &b, NULL), 201);
    assert_int_equal(server_ctl(&server, (const char *[]){"terminal", "revoke", "K04", NULL}), 0);
    for (int64_t end = mono_ms() + 20000; status != 403 && mono_ms() < end; usleep(5000)) {
        struct err e = {0};
        status = tclient_request(&l.c, "GET", "/v1/ping", "", "", NULL, &e);
    }
    assert_int_equal(status, 403);
    body_init(&b, "K04", "uat-4");
    assert_int_equal(file(&l, &b, NULL), 403);
    line_close(&l);
}

/* Code and PIN, then the page behind the cookie; its language is that of the form. */
static int status_try(const char *code, const char *pin, const char *lang, struct buf *page)
{
    struct tclient c;
    struct err e = {0};
    char form[128], ask[600], cookie[300] = "";
    BUF_SCOPE(head);

    int n = snprintf(form, sizeof(form), "lang=%s&code=%s&pin=%s", lang, code, pin);
    snprintf(ask, sizeof(ask),
             "POST /s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
             "Content-Length: %d\r\n\r\n%s",
             n, form);
    assert_int_equal(tclient_open(&c, server.public_port, NULL, &e), RC_OK);
    assert_int_equal(tclient_send(&c, ask, strlen(ask), &e), RC_OK);
    int status = tclient_answer(&c, &head, NULL, &e);
    const char *set = status == 303 ? strstr(head.p, "Set-Cookie: ") : NULL;
    if (set) {
        assert_non_null(strstr(set, "HttpOnly; SameSite=Strict"));
        snprintf(cookie, sizeof(cookie), "Cookie: %.*s\r\n", (int)strcspn(set + 12, ";"), set + 12);
        status = tclient_request(&c, "GET", "/case", cookie, "", page, &e);
    }
    tclient_close(&c);
    return status;
}

static void status_page(void **state)
{
    static const struct {
        const char *lang, *state, *service;
    } pages[] = {{"ro", "Cererea are număr", "Certificat de naștere"},
                 {"hu", "iktatószáma", "Születési bizonyítvány"},
                 {"en", "has a number", "Birth certificate"}};
    struct line l;
    struct body b;
    char wrong[8];
    (void)state;

    line_open(&l, "K02");
    body_init(&b, "K02", "uat-2");
    assert_int_equal(file(&l, &b, NULL), 201);
    line_close(&l);
    for (size_t i = 0; i < COUNT(pages); i++) {
        BUF_SCOPE(page);
        assert_int_equal(status_try(b.code, b.pin, pages[i].lang, &page), 200);
        assert_non_null(strstr(page.p, pages[i].state));
        assert_non_null(strstr(page.p, pages[i].service));
        assert_null(strstr(page.p, "Mureșan")); /* nothing personal */
    }
    snprintf(wrong, sizeof(wrong), "%04ld", (strtol(b.pin, NULL, 10) + 1) % 10000);
    for (int i = 0; i < 5; i++)
        assert_int_equal(status_try(b.code, wrong, "ro", NULL), 403);
    assert_int_equal(status_try(b.code, b.pin, "ro", NULL), 429); /* right, but too late */
    server_kill(&server, SIGTERM);
    server_start(&server);
    assert_int_equal(status_try(b.code, b.pin, "ro", NULL), 429); /* counted in the database */
    pgcluster_query(&server.pg, "UPDATE status_try SET since = since - interval '61 minutes'");
    assert_int_equal(status_try(b.code, b.pin, "ro", NULL), 200);
    assert_int_equal(status_try("0000000000", "0000", "ro", NULL), 403);
    assert_int_equal(status_try("%3Cscript", "0000", "ro", NULL), 422);
}

/* A terminal calls for a person: seen in the figures; a stranger's words are not. */
static void help_called(void **state)
{
    struct tclient c;
    struct err e = {0};
    BUF_SCOPE(page);
    (void)state;
    struct tls_ctx *ctx = server_client(&server, "K01");
    static const char json[] = "Content-Type: application/json\r\n";
    assert_int_equal(tclient_open(&c, server.port, ctx, &e), RC_OK);
    assert_int_equal(tclient_request(&c, "POST", "/v1/terminals/help", json,
                                     "{\"step\":\"form\",\"lang\":\"hu\"}", NULL, &e),
                     202);
    assert_int_equal(tclient_request(&c, "POST", "/v1/terminals/help", json,
                                     "{\"step\":\"fo\\\"rm\",\"lang\":\"hu\"}", NULL, &e),
                     422);
    tclient_close(&c);
    tls_ctx_free(ctx);
    assert_int_equal(tclient_open(&c, server.public_port, NULL, &e), RC_OK);
    assert_int_equal(tclient_request(&c, "GET", "/metrics", "", "", &page, &e), 200);
    assert_non_null(
        strstr(page.p, "pridvor_help_waiting_seconds{terminal=\"K01\",step=\"form\",lang=\"hu\"}"));
    assert_non_null(strstr(page.p, "pridvor_help_calls_total 1\n"));
    tclient_close(&c);
}

static void status_page_shape(void **state)
{
    struct tclient c;
    struct err e = {0};
    BUF_SCOPE(head);
    BUF_SCOPE(page);
    static const char get[] = "GET /s/%3Cscript%3Ealert(1)?lang=hu HTTP/1.1\r\nHost: localhost\r\n\r\n";
    (void)state;

    assert_int_equal(tclient_open(&c, server.public_port, NULL, &e), RC_OK);
    assert_int_equal(tclient_send(&c, get, sizeof(get) - 1, &e), RC_OK);
    assert_int_equal(tclient_answer(&c, &head, &page, &e), 200);
    assert_non_null(strstr(head.p, "default-src 'none'"));
    assert_non_null(strstr(head.p, "frame-ancestors 'none'"));
    assert_null(strstr(page.p, "<script"));
    assert_non_null(strstr(page.p, "<html lang=\"hu\">"));
    assert_int_equal(tclient_request(&c, "GET", "/s/style.css", "", "", NULL, &e), 200);
    assert_int_equal(tclient_request(&c, "GET", "/metrics", "", "", &page, &e), 200);
    assert_non_null(strstr(page.p, "pridvor_submissions_total{result=\"registered\"}"));
    assert_non_null(strstr(page.p, "pridvor_batch_size_bucket{le=\"+Inf\"}"));
    assert_int_equal(tclient_request(&c, "GET", "/nothing", "", "", NULL, &e), 404);
    tclient_close(&c);
}

static void *file_until_told(void *user)
{
    struct worker *w = user;
    struct tls_ctx *ctx = server_client(&server, w->name);
    ARENA_SCOPE(a);

    for (int i = 0; i < EACH; i++) {
        struct body b;
        int status = 0;
        body_init(&b, w->name, w->institution);
        const char *text = body_text(a, &b), *headers = body_headers(a, &b);
        for (int try = 0; try < 1000 && status != 201 && status != 200; try++) {
            struct tclient c;
            struct err e = {0};
            if (tclient_open(&c, server.port, ctx, &e) == RC_OK) {
                status = tclient_request(&c, "POST", "/v1/requests", headers, text, NULL, &e);
                tclient_close(&c);
            }
            if (status != 201 && status != 200) {
                w->refused++;
                usleep(20000);
            }
        }
        w->acknowledged += status == 201;
        w->repeats += status == 200;
    }
    tls_ctx_free(ctx);
    return NULL;
}

/* Stopped politely and at once, each while terminals file. */
static void postgres_away_and_back(void **state)
{
    static struct worker workers[8];
    static const int signals[] = {SIGINT, SIGQUIT, SIGINT};
    int acknowledged = 0, refused = 0, repeats = 0;
    long before = count("SELECT count(*) FROM request");
    (void)state;

    for (int i = 0; i < 8; i++) {
        terminal_of(&workers[i], i % 3);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, file_until_told, &workers[i]), 0);
    }
    for (size_t i = 0; i < COUNT(signals); i++) {
        usleep(100000);
        pgcluster_stop(&server.pg, signals[i]);
        bool ready = true; /* as far as it knows */
        for (int64_t end = mono_ms() + 20000; (ready = server_ready(&server)) && mono_ms() < end;)
            usleep(20000);
        assert_false(ready);
        pgcluster_start(&server.pg);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(workers[i].thread, NULL);
        acknowledged += workers[i].acknowledged;
        refused += workers[i].refused;
        repeats += workers[i].repeats;
    }
    print_message("PostgreSQL stopped 3 times: %d acknowledged, %d on repeat, %d tries refused\n",
                  acknowledged, repeats, refused);
    assert_int_equal(acknowledged + repeats, 8 * EACH);
    assert_true(refused > 0);
    assert_int_equal(count("SELECT count(*) FROM request") - before, 8 * EACH);
    assert_sound();
}

static int setup(void **state)
{
    (void)state;
    if (!server_make(&server, TERMINALS))
        exit(77);
    server_start(&server);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_free(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_clients),
        cmocka_unit_test(same_request_100_times),
        cmocka_unit_test(same_id_other_bytes),
        cmocka_unit_test(stored_byte_for_byte),
        cmocka_unit_test(filed_offline_keeps_its_day),
        cmocka_unit_test(other_institution),
        cmocka_unit_test(revoked_at_once),
        cmocka_unit_test(status_page),
        cmocka_unit_test(help_called),
        cmocka_unit_test(status_page_shape),
        cmocka_unit_test(postgres_away_and_back),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
