/* What must be refused, each with its status, without harm to anybody else: bodies, certificates, slow
 * clients. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/pki.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/db/body.h"
#include "tests/db/server.h"
#include "tests/db/tclient.h"

static struct server server;
static struct tls_ctx *client;
static unsigned filed;

/* The first `from` of a good body becomes `to`; in: the place, to judge the signed text too. */
struct change {
    const char *what, *from, *to;
    int status;
};

#define NEST "[[[[[[[[[[[[[[[[[[[[[[[["
#define TEN "ăăăăăăăăăă"
#define TWO_HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct change envelope[] = {
    {"empty object", NULL, "{}", 422},
    {"nothing", NULL, "", 400},
    {"no JSON", NULL, "hello", 400},
    {"an array", NULL, "[]", 422},
    {"cut off", NULL, "{\"request\":\"{}\"", 400},
    {"two values", NULL, "{} {}", 400},
    {"unknown member", "{\"request\"", "{\"foo\":1,\"request\"", 422},
    {"missing member", ",\"offline\":false", "", 422},
    {"doubled member", "\"offline\":false", "\"offline\":false,\"offline\":false", 400},
    {"wrong type", "\"offline\":false", "\"offline\":\"no\"", 422},
    {"null", "\"offline\":false", "\"offline\":null", 422},
    {"a fraction", "\"width\":9600", "\"width\":9600.5", 400},
    {"a huge number", "\"width\":9600", "\"width\":99999999999999999999999", 400},
    {"out of range", "\"width\":9600", "\"width\":-1", 422},
    {"deep nesting", "\"strokes\":[", "\"strokes\":" NEST, 400},
    {"bytes that are not UTF-8", "\"kind\":\"pad\"", "\"kind\":\"p\xff\xfe\"", 400},
    {"an overlong form", "\"kind\":\"pad\"", "\"kind\":\"p\xc0\xaf\"", 400},
    {"a lone surrogate", "\"kind\":\"pad\"", "\"kind\":\"\\ud800\"", 400},
    {"U+0000", "\"kind\":\"pad\"", "\"kind\":\"pad\\u0000\"", 400},
    {"a control byte", "\"kind\":\"pad\"", "\"kind\":\"p\x01\"", 400},
    {"an unknown word", "\"kind\":\"pad\"", "\"kind\":\"ink\"", 422},
    {"a long receipt code", "\"code\":\"", "\"code\":\"X", 422},
    {"a PIN of letters", "\"pin\":\"", "\"pin\":\"x", 422},
    {"no time", "\"filed_at\":\"2", "\"filed_at\":\"x", 422},
    {"a sample off the pad", "[1200,2200,300,0]", "[9601,2200,300,0]", 422},
    {"a sample of three", "[1200,2200,300,0]", "[1200,2200,300]", 422},
    {"another hash", "\"sha256\":\"", "\"sha256\":\"0123", 422},
};

/* In the signed text; its hash is made anew. */
static const struct change signed_text[] = {
    {"unknown member", "{\"v\":1", "{\"v\":1,\"w\":2", 422},
    {"another version", "{\"v\":1", "{\"v\":2", 422},
    {"id that is none", "\"request_id\":\"", "\"request_id\":\"g", 422},
    {"unknown service", "cs.birth_certificate", "cs.nothing_of_that_kind", 422},
    {"a version of the service that is not known yet", "\"service_version\":1", "\"service_version\":7", 429},
    {"unknown language", "\"lang\":\"ro\"", "\"lang\":\"xx\"", 422},
    {"foreign institution", "\"institution\":\"uat-1\"", "\"institution\":\"uat-2\"", 403},
    {"foreign terminal", "\"terminal\":\"K01\"", "\"terminal\":\"K02\"", 403},
    {"an answer to no question", "\"act.who\":", "\"act.whom\":\"x\",\"act.who\":", 422},
    {"a required answer missing", "\"act.last_name\":\"Mureșan\",", "", 422},
    {"an option that is none", "\"reason\":\"lost\"", "\"reason\":\"eaten\"", 422},
    {"a CNP with a wrong check digit", "\"act.who\":", "\"who.cnp\":\"2900517123456\",\"act.who\":", 422},
    {"a name of 200 letters", "\"who.last_name\":\"Mureșan\"", "\"who.last_name\":\"" TWO_HUNDRED "\"", 422},
    {"a day that is none", "1990-05-17", "1990-02-30", 422},
    {"a date to come", "1990-05-17", "2990-05-17", 422},
};

static char *replaced(struct arena *a, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at)
        fail_msg("\"%s\" is not in the body", from);
    return arena_fmt(a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static const char *with_text(struct arena *a, const struct body *b, const char *text)
{
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    BUF_SCOPE(out);

    sha256(hash, text, strlen(text));
    hex_encode(hex, hash, sizeof(hash));
    buf_str(&out, "{\"request\":");
    json_quote(&out, text);
    buf_fmt(
        &out,
        ",\"signature\":{\"kind\":\"none\",\"sha256\":\"%s\"},\"receipt\":{\"code\":\"%s\",\"pin\":\"%s\"},",
        hex, b->code, b->pin);
    buf_str(&out, "\"filed_at\":\"2026-11-22T08:15:00.000Z\",\"offline\":false}");
    return arena_str(a, out.p);
}

static int send_text(struct tclient *c, const struct body *b, const char *text, struct buf *reply)
{
    struct err e = {0};
    ARENA_SCOPE(a);
    return tclient_request(c, "POST", "/v1/requests", body_headers(a, b), text, reply, &e);
}

static void open_client(struct tclient *c)
{
    struct err e = {0};
    if (tclient_open(c, server.port, client, &e) != RC_OK)
        fail_msg("%s", e.text);
}

static void judge(const struct change *x, const struct body *b, const char *text)
{
    struct tclient c;
    BUF_SCOPE(reply);

    open_client(&c);
    int status = send_text(&c, b, text, &reply);
    if (status != x->status)
        fail_msg("%s: %d instead of %d: %s", x->what, status, x->status, reply.p ? reply.p : "");
    assert_non_null(strstr(reply.p, "\"error\""));
    tclient_close(&c);
}

static void still_serves(void)
{
    struct tclient c;
    struct body b;
    ARENA_SCOPE(a);

    open_client(&c);
    body_init(&b, "K01", "uat-1");
    assert_int_equal(send_text(&c, &b, body_text(a, &b), NULL), 201);
    filed++;
    tclient_close(&c);
}

static void bad_envelopes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(envelope); i++) {
        struct body b;
        ARENA_SCOPE(a);
        body_init(&b, "K01", "uat-1");
        const char *good = body_text(a, &b);
        judge(&envelope[i], &b,
              envelope[i].from ? replaced(a, good, envelope[i].from, envelope[i].to) : envelope[i].to);
    }
    still_serves();
}

static void bad_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(signed_text); i++) {
        struct body b;
        ARENA_SCOPE(a);
        body_init(&b, "K01", "uat-1");
        judge(&signed_text[i], &b,
              with_text(a, &b, replaced(a, body_request(a, &b), signed_text[i].from, signed_text[i].to)));
    }
    still_serves();
}

static void bad_headers(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"", 400},
        {"Content-Type: text/plain\r\n", 400},
        {"Content-Type: application/json\r\n", 400},
        {"Content-Type: application/json\r\nIdempotency-Key: 0193512e-8a00-7000-8000-0123456789ab\r\n", 400},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tclient c;
        struct body b;
        struct err e = {0};
        ARENA_SCOPE(a);
        open_client(&c);
        body_init(&b, "K01", "uat-1");
        assert_int_equal(
            tclient_request(&c, "POST", "/v1/requests", cases[i].headers, body_text(a, &b), NULL, &e),
            cases[i].status);
        tclient_close(&c);
    }
    still_serves();
}

/* cedilla ş ţ become comma-below by the form rules of the terminal; the register takes both and stores what
 * was signed */
static void letters(void **state)
{
    static const char *const names[] = {"Mureșan", "Mureşan", "Ţăruş", "Kőszegi Ödön"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct tclient c;
        struct body b;
        ARENA_SCOPE(a);
        open_client(&c);
        body_init(&b, "K01", "uat-1");
        const char *text = replaced(a, body_request(a, &b), "\"who.last_name\":\"Mureșan\"",
                                    arena_fmt(a, "\"who.last_name\":\"%s\"", names[i]));
        assert_int_equal(send_text(&c, &b, with_text(a, &b, text), NULL), 201);
        filed++;
        tclient_close(&c);
    }
}

static void ten_megabytes(void **state)
{
    struct tclient c;
    struct body b;
    BUF_SCOPE(reply);
    size_t len = 10u << 20;
    char *big = malloc(len + 1);
    (void)state;

    memset(big, 'x', len);
    big[len] = 0;
    open_client(&c);
    body_init(&b, "K01", "uat-1");
    int status = send_text(&c, &b, big, &reply);
    /* refused by its length, at the latest when the connection is closed under the rest of it */
    assert_true(status == 413 || status == -1);
    tclient_close(&c);
    free(big);
    still_serves();
}

static void no_answer_for(const char *what, struct tls_ctx *ctx)
{
    struct tclient c;
    struct err e = {0};
    int status = -1;

    if (tclient_open(&c, server.port, ctx, &e) == RC_OK) {
        status = tclient_request(&c, "GET", "/v1/ping", "", "", NULL, &e);
        tclient_close(&c);
    }
    if (status != -1)
        fail_msg("%s: answered with %d", what, status);
    tls_ctx_free(ctx);
}

static void issue(const char *ca, const char *folder, int64_t from_days, int64_t till_days)
{
    ARENA_SCOPE(a);
    struct err e = {0};
    char serial[2 * PKI_SERIAL + 1];
    const char *dir = arena_fmt(a, "%s/%s", server.dir, folder);
    struct pki_request r = {
        .cn = "K01",
        .use = PKI_CLIENT,
        .from_ms = unix_ms() + from_days * INT64_C(86400000),
        .till_ms = unix_ms() + till_days * INT64_C(86400000),
        .cert = arena_fmt(a, "%s/terminal.pem", dir),
        .key = arena_fmt(a, "%s/terminal.key", dir),
    };
    assert_int_equal(fs_mkdirs(dir, 0755, &e), RC_OK);
    if (pki_issue(ca, &r, serial, &e) != RC_OK)
        fail_msg("%s", e.text);
}

static void certificates(void **state)
{
    struct err e = {0};
    struct tclient c;
    char foreign[300];
    (void)state;

    snprintf(foreign, sizeof(foreign), "%s/foreign", server.dir);
    assert_int_equal(pki_ca_init(foreign, "Pridvor CA", &e), RC_OK); /* even under the same name */
    issue(foreign, "K01-foreign", -1, 30);
    issue(server.dir, "K01-expired", -30, -1);
    issue(server.dir, "K01-early", 1, 30);
    issue(server.dir, "K01-stranger", -1, 30);
    no_answer_for("without a certificate", server_client(&server, NULL));
    no_answer_for("foreign authority", server_client(&server, "K01-foreign"));
    no_answer_for("expired", server_client(&server, "K01-expired"));
    no_answer_for("not valid yet", server_client(&server, "K01-early"));
    struct tls_ctx *stranger = server_client(&server, "K01-stranger"); /* ours, right name, never enrolled */
    assert_int_equal(tclient_open(&c, server.port, stranger, &e), RC_OK);
    assert_int_equal(tclient_request(&c, "GET", "/v1/ping", "", "", NULL, &e), 403);
    tclient_close(&c);
    tls_ctx_free(stranger);
    assert_int_equal(tclient_open(&c, server.port, NULL, &e), RC_OK); /* no TLS at all */
    assert_int_equal(tclient_request(&c, "GET", "/v1/ping", "", "", NULL, &e), -1);
    tclient_close(&c);
    still_serves();
}

/* One byte a second, in the handshake, in the head, in the body: cut by the timers, and nobody else waits. */
static void one_byte_a_second(void **state)
{
    enum { SLOW = 3 };
    static const char head[] =
        "POST /v1/requests HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 3000\r\n\r\n";
    struct tclient slow[SLOW];
    struct err e = {0};
    int64_t start = mono_ms();
    int open = SLOW;
    size_t sent = 0;
    (void)state;

    assert_int_equal(tclient_open(&slow[0], server.port, NULL, &e), RC_OK);
    open_client(&slow[1]);
    open_client(&slow[2]);
    assert_int_equal(tclient_send(&slow[2], head, sizeof(head) - 1, &e), RC_OK);
    while (open && mono_ms() - start < 60000) {
        still_serves();
        for (int i = 0; i < SLOW; i++) {
            if (slow[i].fd < 0)
                continue;
            if (tclient_send(&slow[i], i == 0 ? "\x16" : &head[sent % sizeof(head)], 1, &e) != RC_OK ||
                tclient_pending(&slow[i])) {
                print_message("slow client %d cut after %.1f s\n", i, (double)(mono_ms() - start) / 1000);
                tclient_close(&slow[i]);
                open--;
            }
        }
        sleep(1);
        sent++;
    }
    assert_int_equal(open, 0);
}

static void nothing_slipped_in(void **state)
{
    char n[16];
    (void)state;
    snprintf(n, sizeof(n), "%u", filed);
    assert_string_equal(pgcluster_query(&server.pg, "SELECT count(*) FROM request"), n);
    assert_int_equal(server_ctl(&server, (const char *[]){"verify", NULL}), 0);
}

/* Nothing personal in the log of all of this. */
static void log_is_clean(void **state)
{
    static const char *const planted[] = {"Mureșan",        "Muresan", "XX123456",
                                          "Observatorului", "2900517", "40740123456"};
    ARENA_SCOPE(a);
    struct err e = {0};
    char *text;
    size_t len;
    (void)state;

    server_kill(&server, SIGTERM);
    assert_int_equal(server.exit_status, 0);
    assert_int_equal(fs_read(a, server.log, 64u << 20, &text, &len, &e), RC_OK);
    for (size_t i = 0; i < COUNT(planted); i++)
        if (strstr(text, planted[i]))
            fail_msg("\"%s\" is in the log", planted[i]);
}

static int setup(void **state)
{
    (void)state;
    if (!server_make(&server, 2))
        exit(77);
    server_start(&server);
    client = server_client(&server, "K01");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tls_ctx_free(client);
    server_free(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_envelopes),     cmocka_unit_test(bad_requests),
        cmocka_unit_test(bad_headers),       cmocka_unit_test(letters),
        cmocka_unit_test(ten_megabytes),     cmocka_unit_test(certificates),
        cmocka_unit_test(one_byte_a_second), cmocka_unit_test(nothing_slipped_in),
        cmocka_unit_test(log_is_clean),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
