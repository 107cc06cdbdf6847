/* "My request" over the terminals' road: code and PIN with each ask, the repair with files that came before.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "tests/db/public_rig.h"

static struct body mine;
static char id[40];
static struct buf page;

static int setup(void **state)
{
    (void)state;
    if (!house_open())
        exit(77);
    house_file(&mine);
    snprintf(id, sizeof(id), "%s", house_case(&mine, "in_work"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_free(&page);
    house_close();
    return 0;
}

/* From K02, another town hall's: any kiosk will do. */
static int ask_as(const char *terminal, const char *method, const char *path, const char *type,
                  struct bytes body)
{
    struct tclient c;
    struct err e = {0};
    struct tls_ctx *ctx = server_client(&house, terminal);
    ARENA_SCOPE(a);

    buf_reset(&page);
    if (tclient_open(&c, house.port, ctx, &e) != RC_OK)
        fail_msg("%s", e.text);
    const char *head =
        arena_fmt(a, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                  method, path, type, body.len);
    int status =
        tclient_send(&c, head, strlen(head), &e) == RC_OK && tclient_send(&c, body.p, body.len, &e) == RC_OK
            ? tclient_answer(&c, NULL, &page, &e)
            : -1;
    buf_str(&page, "");
    tclient_close(&c);
    tls_ctx_free(ctx);
    return status;
}

static int ask(const char *path, const char *json)
{
    return ask_as("K02", "POST", path, "application/json", BYTES(json, strlen(json)));
}

static const char *json_of(struct arena *a, const char *pin, const char *answers)
{
    return arena_fmt(a, "{\"code\":\"%s\",\"pin\":\"%s\",\"lang\":\"hu\"%s%s}", mine.code, pin,
                     answers ? ",\"answers\":" : "", answers ? answers : "");
}

static void looks(void **state)
{
    ARENA_SCOPE(a);
    (void)state;
    house_event(id, "take", "in_work", "", true);
    house_event(id, "reassign", "in_work", "secret", false);
    assert_int_equal(ask("/v1/status", json_of(a, mine.pin, NULL)), 200);
    assert_non_null(strstr(page.p, "Egy kolléga dolgozik a kérelmen."));
    assert_non_null(strstr(page.p, "Válasz legkésőbb"));
    assert_null(strstr(page.p, "secret"));
    assert_null(strstr(page.p, "Mureșan"));
    assert_null(strstr(page.p, "returned\":"));
}

static void wrong(void **state)
{
    static const char *const bad[] = {"",
                                      "{}",
                                      "[]",
                                      "{\"code\":1}",
                                      "{\"code\":\"x\",\"pin\":\"1\",\"lang\":\"hu\"}",
                                      "{\"code\":\"0000000000\",\"pin\":\"0000\",\"lang\":\"xx\"}"};
    char pin[8];
    ARENA_SCOPE(a);
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        int status = ask("/v1/status", bad[i]);
        assert_true(status == 400 || status == 422);
    }
    assert_int_equal(ask("/v1/status", "{\"code\":\"'; DROP TABLE x\",\"pin\":\"0000\",\"lang\":\"hu\"}"),
                     403);
    snprintf(pin, sizeof(pin), "%04ld", (strtol(mine.pin, NULL, 10) + 1) % 10000);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ask(i % 2 ? "/v1/status" : "/v1/returns", json_of(a, pin, "{}")), 403);
    assert_int_equal(ask("/v1/status", json_of(a, mine.pin, NULL)),
                     429); /* tries of pages and kiosks count together */
    house_ask("DELETE FROM status_try");
}

static const char *number_json(struct arena *a, const char *number, const char *house_name)
{
    return arena_fmt(a, "{\"number\":\"%s\"%s%s%s,\"pin\":\"%s\",\"lang\":\"hu\"}", number,
                     house_name ? ",\"institution\":\"" : "", house_name ? house_name : "",
                     house_name ? "\"" : "", mine.pin);
}

/* By number: of this terminal's own house, or of the one that is named; its tries are its own. */
static void by_number(void **state)
{
    ARENA_SCOPE(a);
    const char *own = number_json(a, "1", NULL);
    (void)state;

    assert_int_equal(ask("/v1/status", number_json(a, "1", "Primăria 1")), 200);
    assert_non_null(strstr(page.p, "Egy kolléga dolgozik a kérelmen."));
    assert_int_equal(ask("/v1/status", own), 403); /* K02 is of uat-2 */
    assert_int_equal(ask_as("K01", "POST", "/v1/status", "application/json", BYTES(own, strlen(own))), 200);
    assert_int_equal(ask("/v1/status", number_json(a, "x", "Primăria 1")), 422);
    for (int i = 2; i < 22; i++)
        assert_int_equal(ask("/v1/status", number_json(a, arena_fmt(a, "%d", 1000 + i), "uat-1")),
                         i < 21 ? 403 : 429);
    assert_int_equal(ask("/v1/status", json_of(a, mine.pin, NULL)), 200);
    house_ask("DELETE FROM public_use");
}

static void repairs(void **state)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(pdf);
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    (void)state;

    assert_int_equal(ask("/v1/returns", json_of(a, mine.pin, "{\"act.birth_date\":\"1991-06-18\"}")), 409);
    house_return(id, "{act.birth_date,file.mandate}", "Nem olvasható.", NULL);
    assert_int_equal(ask("/v1/status", json_of(a, mine.pin, NULL)), 200);
    assert_non_null(strstr(page.p, "\"fields\":[\"act.birth_date\",\"file.mandate\"]"));
    pdf_small(&pdf, "kiosk");
    sha256(hash, pdf.p, pdf.len);
    hex_encode(hex, hash, sizeof(hash));
    const char *good =
        json_of(a, mine.pin,
                arena_fmt(a, "{\"act.birth_date\":\"1991-06-18\",\"file.mandate\":[\"sha256:%s\"]}", hex));
    assert_int_equal(ask("/v1/returns", json_of(a, mine.pin, "{\"act.last_name\":\"Altul\"}")), 422);
    assert_int_equal(ask("/v1/returns", json_of(a, mine.pin, "{\"act.birth_date\":\"2190-06-18\"}")), 422);
    assert_non_null(strstr(page.p, "{\"field\":\"act.birth_date\",\"text\":"));
    assert_non_null(strstr(page.p, "{\"field\":\"file.mandate\",\"text\":"));
    assert_int_equal(ask("/v1/returns", json_of(a, mine.pin, "[]")), 422);
    assert_int_equal(ask("/v1/returns", good), 422); /* the file is not there */
    /* It is there, but another terminal brought it, or this one did for somebody before. */
    assert_int_equal(
        ask_as("K01", "PUT", arena_fmt(a, "/v1/blobs/%s", hex), "application/pdf", BYTES(pdf.p, pdf.len)),
        201);
    assert_int_equal(ask("/v1/returns", good), 422);
    assert_non_null(strstr(page.p, "{\"field\":\"file.mandate\",\"text\":"));
    assert_int_equal(
        ask_as("K02", "PUT", arena_fmt(a, "/v1/blobs/%s", hex), "application/pdf", BYTES(pdf.p, pdf.len)),
        200);
    house_ask("UPDATE blob_brought SET at = at - interval '3 hours'");
    assert_int_equal(ask("/v1/returns", good), 422);
    assert_string_equal(house_ask("SELECT count(*) FROM case_return WHERE answered_at IS NOT NULL"), "0");
    assert_int_equal(
        ask_as("K02", "PUT", arena_fmt(a, "/v1/blobs/%s", hex), "application/pdf", BYTES(pdf.p, pdf.len)),
        200);
    assert_int_equal(ask("/v1/returns", good), 200);
    static const char *const receipt[] = {"{\"errors\":[],\"at\":\"20", "\"view\":{\"number\":\"",
                                          "\"state\":\"in_work\"", "\"due_on\":\"20", "Eredmény: "};
    for (size_t i = 0; i < COUNT(receipt); i++)
        assert_non_null(strstr(page.p, receipt[i])); /* what a receipt of it needs */
    assert_string_equal(house_ask("SELECT state FROM casefile WHERE id = '%s'", id), "in_work");
    assert_int_equal(ask("/v1/returns", good), 409); /* once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(looks), cmocka_unit_test(wrong),
                                       cmocka_unit_test(by_number), cmocka_unit_test(repairs)};
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
