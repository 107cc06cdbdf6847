/* "My request" over the terminals' road: code and PIN with each ask, the repair with files that came before.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    assert_non_null(strstr(page.p, "\"by\":\"A javítást eddig várjuk: 20"));
    assert_non_null(strstr(page.p, "\"by_late\":\"\",\"by_why\":\"A javítást 10 napon belül kérjük.\""));
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
    BUF_SCOPE(first);
    buf_add(&first, page.p, page.len);
    house_ask("UPDATE blob_brought SET at = at - interval '3 hours'");
    assert_int_equal(ask("/v1/returns", good),
                     200); /* the same again: the same answer, and nothing is done */
    assert_int_equal(page.len, first.len);
    assert_memory_equal(page.p, first.p, first.len);
    assert_string_equal(house_ask("SELECT count(*) FROM case_event WHERE act = 'correct'"), "1");
    assert_int_equal(ask("/v1/returns", json_of(a, mine.pin, "{\"act.birth_date\":\"1991-06-19\"}")), 409);
    house_ask("UPDATE case_return SET answered_at = answered_at - interval '3 hours'");
    assert_int_equal(ask("/v1/returns", good), 409); /* another day it is over */
}

/* Sent, and the line is cut before the answer. */
static void ask_and_go(const char *path, const char *json)
{
    struct tclient c;
    struct err e = {0};
    struct tls_ctx *ctx = server_client(&house, "K02");
    ARENA_SCOPE(a);

    assert_int_equal(tclient_open(&c, house.port, ctx, &e), RC_OK);
    const char *all = arena_fmt(a,
                                "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                "Content-Length: %zu\r\n\r\n%s",
                                path, strlen(json), json);
    assert_int_equal(tclient_send(&c, all, strlen(all), &e), RC_OK);
    tclient_close(&c);
    tls_ctx_free(ctx);
}

static const char *answered(void)
{
    return house_ask("SELECT count(*) FROM case_return WHERE answered_at IS NOT NULL");
}

/* The answer is lost after the commit: the next press gets it, by code and by number. */
static void lost(void **state)
{
    ARENA_SCOPE(a);
    const char *by_code = json_of(a, mine.pin, "{\"act.birth_date\":\"1991-06-20\"}");
    const char *by_number =
        arena_fmt(a,
                  "{\"number\":\"1\",\"institution\":\"Primăria 1\",\"pin\":\"%s\",\"lang\":\"hu\","
                  "\"answers\":{\"act.birth_date\":\"1991-06-20\"}}",
                  mine.pin);
    (void)state;

    house_return(id, "{act.birth_date}", "Nem olvasható.", NULL);
    house_ask("UPDATE casefile SET state = 'returned' WHERE id = '%s'", id);
    const char *before = arena_str(a, answered());
    ask_and_go("/v1/returns", by_code);
    for (int i = 0; i < 400 && strcmp(answered(), before) == 0; i++)
        usleep(25000);
    assert_string_not_equal(answered(), before);
    const char *once = arena_str(a, house_ask("SELECT count(*) FROM case_event WHERE act = 'correct'"));
    assert_int_equal(ask("/v1/returns", by_code), 200);
    assert_non_null(strstr(page.p, "\"view\":{\"number\":\""));
    assert_non_null(strstr(page.p, "\"due_on\":\"20"));
    assert_non_null(strstr(page.p, "Eredmény: "));
    assert_int_equal(ask("/v1/returns", by_number), 200);
    assert_string_equal(house_ask("SELECT count(*) FROM case_event WHERE act = 'correct'"), once);
}

/* The same field is returned again before the second press: the paper on the table answers the first return,
 * by code and by number. Another correction, or one of a return that was given up, counts for nothing. */
static void asked_again(void **state)
{
    static const char sent[] = "{%s,\"pin\":\"%s\",\"lang\":\"hu\",\"return_id\":%s,\"answers\":{"
                               "\"act.birth_date\":\"1991-06-%s\"}}";
    ARENA_SCOPE(a);
    const char *by_code = arena_fmt(a, "\"code\":\"%s\"", mine.code),
               *by_number = "\"number\":\"1\",\"institution\":\"Primăria 1\"";
    const char *open = "SELECT id FROM case_return WHERE answered_at IS NULL";
    (void)state;

    house_return(id, "{act.birth_date}", "Nem olvasható.", NULL);
    house_ask("UPDATE casefile SET state = 'returned' WHERE id = '%s'", id);
    const char *first = arena_str(a, house_ask("%s", open));
    assert_int_equal(ask("/v1/status", json_of(a, mine.pin, NULL)), 200);
    assert_non_null(strstr(page.p, arena_fmt(a, "\"returned\":{\"id\":%s,", first)));
    assert_int_equal(ask("/v1/returns", arena_fmt(a, sent, by_code, mine.pin, first, "21")), 200);
    const char *once = arena_str(a, answered());
    house_return(id, "{act.birth_date}", "Még mindig nem.", NULL);
    house_ask("UPDATE casefile SET state = 'returned' WHERE id = '%s'", id);
    const char *second = arena_str(a, house_ask("%s", open));
    assert_int_equal(ask("/v1/returns", arena_fmt(a, sent, by_code, mine.pin, first, "21")), 200);
    assert_non_null(strstr(page.p, "Még mindig nem.")); /* and what is asked now can be seen */
    assert_int_equal(ask("/v1/returns", arena_fmt(a, sent, by_number, mine.pin, first, "21")), 200);
    assert_int_equal(ask("/v1/returns", arena_fmt(a, sent, by_code, mine.pin, first, "22")), 409);
    assert_string_equal(answered(), once);
    house_ask("UPDATE case_return SET answered_at = now() WHERE id = %s", second); /* given up */
    house_return(id, "{act.birth_date}", "Harmadszor.", NULL);
    const char *third = arena_str(a, house_ask("%s", open));
    assert_int_equal(ask("/v1/returns", arena_fmt(a, sent, by_code, mine.pin, second, "23")), 409);
    assert_string_equal(house_ask("%s", open), third);
    assert_int_equal(ask("/v1/returns", arena_fmt(a, sent, by_code, mine.pin, "999999", "23")), 409);
    assert_int_equal(ask("/v1/returns", arena_fmt(a, sent, by_code, mine.pin, third, "23")), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(looks),     cmocka_unit_test(wrong),
                                       cmocka_unit_test(by_number), cmocka_unit_test(repairs),
                                       cmocka_unit_test(lost),      cmocka_unit_test(asked_again)};
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
