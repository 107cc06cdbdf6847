/* Papers at the kiosk: pages come, are turned, moved, thrown away and become one file; what goes wrong with
 * the scanner; and the small promises of a session around it: more time, the card that is taken out, help, a
 * provisional receipt that is asked about later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "firmware/link.h"
#include "tests/unit/flow_rig.h"

static const char car[] = "complaint.abandoned_vehicle", event[] = "public.event",
                  birth[] = "cs.birth_certificate";

/* To the question that asks for papers. */
static const struct field *to_papers(struct rig *r, const char *service)
{
    struct form_page pages[PAGES_MAX];
    rig_to(r, STEP_FORM, service);
    const struct field *f = NULL;
    size_t n = form_now(r->flow, pages);
    for (size_t i = 0; i < n && !f; i++)
        if (pages[i].fields[0]->type == FT_FILE)
            f = pages[i].fields[0];
    assert_non_null(f);
    char body[100];
    snprintf(body, sizeof(body), "{\"field\":\"%s\"}", f->id);
    rig_must(r, "/v1/form/goto", body);
    return f;
}

static void start(struct rig *r, const struct field *f, const char *source)
{
    char body[120];
    snprintf(body, sizeof(body), "{\"field\":\"%s\",\"source\":\"%s\"}", f->id, source);
    rig_must(r, "/v1/scan/start", body);
    assert_int_equal(r->status, 202);
}

static void page(struct rig *r, const char *what, int64_t id)
{
    char path[64], body[40];
    snprintf(path, sizeof(path), "/v1/scan/%s", what);
    snprintf(body, sizeof(body), "{\"page\":%lld}", (long long)id);
    rig_must(r, path, body);
}

static int64_t id_at(const struct rig *r, size_t at)
{
    return r->flow->s->scan.pages[at].id;
}

static void test_tray(void **state)
{
    (void)state;
    static struct rig r;
    rig_open_scan(&r, NULL, "good");
    const struct field *f = to_papers(&r, car);
    rig_until(&r, "\"feeder\":true,\"flatbed\":true,\"loaded\":true");
    rig_do(&r, "/v1/scan/start", "{\"field\":\"car.plate\",\"source\":\"auto\"}");
    assert_int_equal(r.rc, RC_BAD_FIELD);
    start(&r, f, "feeder");
    rig_do(&r, "/v1/scan/start", "{\"field\":\"photo\",\"source\":\"auto\"}");
    assert_int_equal(r.rc, RC_BUSY);
    flow_tick(r.flow, r.flow->s->touched_at + 300000); /* a scan is no silence */
    assert_true(flow_active(r.flow));
    rig_until(&r, "\"scan\":{\"field\":\"photo\",\"phase\":\"ready\"");
    assert_int_equal(scan_count(r.flow->s, f), 3);
    int64_t first = id_at(&r, 0), second = id_at(&r, 1), third = id_at(&r, 2);
    char body[60];
    snprintf(body, sizeof(body), "{\"page\":%lld,\"to\":1}", (long long)third);
    rig_must(&r, "/v1/scan/page/move", body);
    assert_true(id_at(&r, 0) == third && id_at(&r, 1) == first && id_at(&r, 2) == second);
    snprintf(body, sizeof(body), "{\"page\":%lld,\"to\":3}", (long long)third);
    rig_must(&r, "/v1/scan/page/move", body);
    assert_true(id_at(&r, 0) == first && id_at(&r, 2) == third);
    rig_do(&r, "/v1/scan/page/move", "{\"page\":1,\"to\":4}");
    assert_int_equal(r.rc, RC_BAD_FIELD);
    for (int i = 0; i < 5; i++)
        page(&r, "page/rotate", second);
    assert_int_equal(r.flow->s->scan.pages[1].turns, 1);
    page(&r, "page/delete", first);
    assert_int_equal(scan_count(r.flow->s, f), 2);
    page(&r, "again", second);
    rig_until(&r, "\"phase\":\"ready\"");
    assert_true(id_at(&r, 0) > third && id_at(&r, 1) == third && r.flow->s->scan.n == 2);
    struct bytes small = flow_scan_image(r.flow, third, false), whole = flow_scan_image(r.flow, third, true);
    assert_true(small.len > 100 && whole.len > 400 && memcmp(small.p, "\xFF\xD8", 2) == 0);
    assert_int_equal(flow_scan_image(r.flow, 99, false).len, 0);
    rig_do(&r, "/v1/form/answer", "{\"values\":{\"photo\":[\"sha256:00\"]}}"); /* the page names no files */
    assert_int_equal(r.rc, RC_BAD_FIELD);
    rig_must(&r, "/v1/form/answer", "{\"values\":{}}");
    rig_to(&r, STEP_REVIEW, car);
    assert_true(rig_state_has(&r, "\"value\":\"atașat, 2 pagini\""));
    rig_must(&r, "/v1/session/end", "{}");
    rig_close(&r);
}

static void check_filed(struct rig *r, const char *field, size_t pages)
{
    struct err e = {0};
    struct queue_item item;
    struct submission sub;
    struct request req;
    struct queue_blob b;
    bool found = false;
    int64_t n, bytes;
    ARENA_SCOPE(a);
    assert_int_equal(queue_get(r->queue, a, r->filed_id, &item, &e), RC_OK);
    if (submission_read(a, &(struct rulebook){&r->catalog, r->i18n}, BYTES(item.body, item.len), &sub, &req,
                        &e) != RC_OK)
        fail_msg("the register would refuse it: %s", e.text);
    const struct jval *answer = jval_get(req.answers, field);
    assert_non_null(answer);
    assert_true(answer->kind == JV_ARR && answer->n == 1);
    assert_int_equal(req.n_originals, pages);
    for (size_t i = 0; i < pages; i++) {
        assert_string_equal(req.originals[i].field, field);
        assert_int_equal(req.originals[i].page, i + 1);
        assert_int_equal(strlen(req.originals[i].sha256), 64);
    }
    assert_int_equal(queue_blob_count(r->queue, r->filed_id, &n, &bytes, &e), RC_OK);
    assert_int_equal(n, pages ? 1 : 0);
    if (!pages) {
        assert_string_equal(answer->items[0].s, "counter");
        return;
    }
    assert_int_equal(queue_blob_next(r->queue, a, r->filed_id, &b, &found, &e), RC_OK);
    assert_true(found && b.data.len > 1000 && memcmp(b.data.p, "%PDF-1.7", 8) == 0);
    assert_string_equal(answer->items[0].s + 7, b.sha256);
}

/* A required paper: scanned, filed with its request; changed again before, the old file is none any more. */
static void test_filed(void **state)
{
    (void)state;
    static struct rig r;
    rig_open_scan(&r, NULL, "good");
    rig_to(&r, STEP_FORM, event);
    struct form_page pages[PAGES_MAX];
    rig_fill(&r); /* everything else; the sketch "at the counter" for now */
    rig_must(&r, "/v1/form/goto", "{\"field\":\"file.sketch\"}");
    assert_true(rig_state_has(&r, "\"chosen\":true"));
    form_now(r.flow, pages);
    const struct field *f = pages[r.flow->s->page].fields[0];
    assert_true(f->required);
    start(&r, f, "feeder");
    rig_until(&r, "\"phase\":\"ready\"");
    rig_must(&r, "/v1/form/answer", "{\"values\":{}}");
    assert_int_equal(flow_step(r.flow), STEP_REVIEW);
    char was[65];
    snprintf(was, sizeof(was), "%s", r.flow->s->scan.files[0].sha256);
    rig_must(&r, "/v1/form/goto", "{\"field\":\"file.sketch\"}");
    page(&r, "page/rotate", id_at(&r, 0));
    assert_null(answers_get(&r.flow->s->answers, f->id));
    rig_must(&r, "/v1/form/answer", "{\"values\":{}}");
    assert_string_not_equal(was, r.flow->s->scan.files[0].sha256);
    rig_to(&r, STEP_FILING, event);
    check_filed(&r, "file.sketch", 3);
    flow_waits(r.flow, r.filed_id);
    assert_true(rig_state_has(&r, "\"papers\":true")); /* nothing is forgotten in the scanner */
    rig_must(&r, "/v1/session/touch", "{}");
    rig_close(&r);
}

/* The paper comes to the counter: the request says so. */
static void test_counter(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, NULL);
    rig_must(&r, "/v1/session/start", "{\"lang\":\"ro\"}");
    assert_true(rig_state_has(&r, "hârtiile le aduceți la ghișeu")); /* before the form */
    rig_to(&r, STEP_FORM, event);
    rig_fill(&r);
    assert_true(rig_state_has(&r, "\"value\":\"îl aduceți la ghișeu\""));
    rig_to(&r, STEP_FILING, event);
    check_filed(&r, "file.sketch", 0);
    rig_close(&r);
}

/* Required and left empty: said; nothing forced through. */
static void test_required(void **state)
{
    (void)state;
    static struct rig r;
    rig_open_scan(&r, NULL, "poor");
    rig_to(&r, STEP_FORM, event);
    rig_fill(&r);
    rig_must(&r, "/v1/form/goto", "{\"field\":\"file.sketch\"}");
    struct form_page pages[PAGES_MAX];
    form_now(r.flow, pages);
    const struct field *f = pages[r.flow->s->page].fields[0];
    start(&r, f, "flatbed");
    rig_until(&r, "\"poor\":true,\"kept\":false,\"hints\":[\"blur\",\"skew\"]");
    rig_until(&r, "\"phase\":\"ready\"");
    rig_do(&r, "/v1/form/answer", "{\"values\":{}}");
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.reply, "o scanați din nou sau o păstrați"));
    page(&r, "page/delete", id_at(&r, 0));
    rig_do(&r, "/v1/form/answer", "{\"values\":{}}");
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.reply, "Scanați documentul sau"));
    start(&r, f, "flatbed");
    rig_until(&r, "\"poor\":true");
    rig_until(&r, "\"phase\":\"ready\"");
    page(&r, "page/keep", id_at(&r, 0));
    rig_must(&r, "/v1/form/answer", "{\"values\":{}}");
    assert_int_equal(flow_step(r.flow), STEP_REVIEW);
    rig_close(&r);
}

static void expect_trouble(const char *mode, const char *code, size_t pages)
{
    static struct rig r;
    char want[64];
    rig_open_scan(&r, NULL, mode);
    const struct field *f = to_papers(&r, car);
    start(&r, f, "auto");
    snprintf(want, sizeof(want), "\"error\":{\"code\":\"%s\"", code);
    rig_until(&r, want);
    assert_int_equal(scan_count(r.flow->s, f), pages);
    assert_null(r.flow->s->scan.coming.arena);
    rig_must(&r, "/v1/form/answer", "{\"values\":{}}"); /* the way on is never shut: the photo is optional */
    rig_close(&r);
}

static void test_troubles(void **state)
{
    (void)state;
    expect_trouble("jam", "ADF_JAM", 2);
    expect_trouble("die", "DRIVER_DIED", 1);
    expect_trouble("huge", "SCAN_FULL", 0);
    expect_trouble("liar", "SCAN_DATA", 0);
    expect_trouble("gap", "SCAN_DATA", 0);
}

static void test_cancel(void **state)
{
    (void)state;
    static struct rig r;
    rig_open_scan(&r, NULL, "stuck");
    const struct field *f = to_papers(&r, car);
    start(&r, f, "flatbed");
    rig_until(&r, "\"phase\":\"scanning\"");
    rig_do(&r, "/v1/form/answer", "{\"values\":{}}");
    assert_int_equal(r.rc, RC_BUSY);
    rig_must(&r, "/v1/scan/cancel", "{}");
    rig_until(&r, "\"phase\":\"ready\"");
    start(&r, f, "flatbed");
    rig_must(&r, "/v1/session/back", "{}"); /* leaving the question stops the scanner */
    assert_int_equal(r.flow->s->scan.cmd, 0);
    rig_must(&r, "/v1/session/end", "{}");
    assert_int_equal(r.ended, 1);
    rig_close(&r);
}

/* A card without a chip, laid on the scanner. */
static void test_printed_card(void **state)
{
    (void)state;
    static struct rig r;
    rig_open_scan(&r, "good", "good");
    rig_to(&r, STEP_CARD, birth);
    assert_true(rig_state_has(&r, "\"scan\":\"ready\""));
    rig_until(&r, "\"reader\":\"ready\"");
    /* another person's chip first: its proof stays its own */
    rig_must(&r, "/v1/card/read", "{\"can\":\"000003\"}");
    rig_until(&r, "\"step\":\"form\"");
    while (r.flow->s->card.cmd)
        uv_run(&r.loop, UV_RUN_ONCE);
    assert_non_null(r.flow->s->card.passive);
    rig_must(&r, "/v1/session/back", "{}");
    rig_to(&r, STEP_CARD, birth);
    rig_must(&r, "/v1/card/scan", "{}");
    rig_until(&r, "\"step\":\"form\"");
    assert_true(rig_state_has(&r, "\"value\":\"POPESCU\",\"source\":\"card\""));
    assert_true(rig_state_has(&r, "Luați buletinul de pe scaner"));
    rig_fill(&r);
    rig_to(&r, STEP_FILING, birth);
    struct err e = {0};
    struct queue_item item;
    ARENA_SCOPE(a);
    assert_int_equal(queue_get(r.queue, a, r.filed_id, &item, &e), RC_OK);
    assert_null(strstr(item.body, "passive"));
    assert_non_null(strstr(item.body, "\\\"source\\\":\\\"card_scan\\\",\\\"access\\\":\\\"\\\","
                                      "\\\"document_number\\\":\\\"XX123456\\\""));
    rig_close(&r);
    rig_open_scan(&r, "good", "jam");
    rig_to(&r, STEP_CARD, birth);
    rig_must(&r, "/v1/card/scan", "{}");
    rig_until(&r, "\"error\":{\"code\":\"MRZ_NOT_FOUND\"");
    rig_must(&r, "/v1/card/skip", "{}"); /* by hand is the last way */
    assert_int_equal(flow_step(r.flow), STEP_FORM);
    rig_close(&r);
}

/* Facts R6 and R7: large text gives more time; a pad that waits for the pen is silence; the card taken out in
 * the middle is asked about at once. */
static void test_time(void **state)
{
    (void)state;
    static struct rig r;
    const struct frame out = {.kind = "unsolicited", .event = "card_removed"};
    rig_open(&r, "inserted", NULL, "good");
    rig_to(&r, STEP_CARD, birth);
    rig_until(&r, "\"phase\":\"can\"");
    rig_to(&r, STEP_FORM, birth);
    rig_must(&r, "/v1/session/comfort", "{\"slow\":true}");
    flow_tick(r.flow, r.flow->s->touched_at + 119000);
    assert_true(rig_state_has(&r, "\"idle\":{\"warn\":false"));
    flow_tick(r.flow, r.flow->s->touched_at + 121000);
    assert_true(rig_state_has(&r, "\"idle\":{\"warn\":true"));
    rig_must(&r, "/v1/session/comfort", "{\"slow\":false}");
    flow_unsolicited(r.flow, "card", &out);
    assert_true(rig_state_has(&r, "\"idle\":{\"warn\":true,\"left_s\":30,\"why\":\"card\"}"));
    rig_must(&r, "/v1/session/touch", "{}");
    assert_true(rig_state_has(&r, "\"idle\":{\"warn\":false,\"left_s\":90}"));
    rig_to(&r, STEP_REVIEW, birth);
    rig_must(&r, "/v1/sign/start", "{}");
    rig_until(&r, "\"phase\":\"capturing\"");
    assert_true(rig_state_has(&r, "\"width\":12800,\"height\":8000"));
    flow_tick(r.flow, r.flow->s->touched_at + 61000);
    assert_true(rig_state_has(&r, "\"idle\":{\"warn\":true"));
    flow_tick(r.flow, r.flow->s->touched_at + 91000);
    assert_false(flow_active(r.flow));
    r.conf.card_keep = true;
    rig_to(&r, STEP_FORM, birth);
    flow_unsolicited(r.flow, "card", &out);
    assert_true(rig_state_has(&r, "\"idle\":{\"warn\":false"));
    rig_close(&r);
}

static void test_help(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, NULL);
    rig_must(&r, "/v1/help", "{}"); /* on the start page too */
    assert_string_equal(r.reply, "{\"called\":false}");
    r.online = true;
    rig_must(&r, "/v1/help", "{}");
    assert_string_equal(r.reply, "{\"called\":true}");
    assert_int_equal(r.helped, 1);
    rig_to(&r, STEP_FORM, birth);
    rig_must(&r, "/v1/help", "{}");
    assert_true(rig_state_has(&r, "Am chemat un coleg"));
    flow_helped(r.flow, false);
    assert_true(rig_state_has(&r, "Mergeți la ghișeu"));
    rig_close(&r);
}

static void look(struct rig *r, const char *code, const char *want)
{
    char body[60];
    snprintf(body, sizeof(body), "{\"code\":\"%s\"}", code);
    rig_must(r, "/v1/receipt/look", body);
    if (!strstr(r->reply, want))
        fail_msg("%s: %s", want, r->reply);
}

static void test_receipt(void **state)
{
    (void)state;
    static struct rig r;
    struct err e = {0};
    char code[RECEIPT_CODE_LEN + 1];
    rig_open(&r, NULL, NULL, NULL);
    rig_to(&r, STEP_DONE, car);
    snprintf(code, sizeof(code), "%s", r.flow->s->filing.code);
    rig_must(&r, "/v1/session/end", "{}");
    look(&r, code, "\"state\":\"waiting\"");
    const struct kept kept = {"19/23.11.2026", "2026-11-23T06:00:00.000Z", "2026-12-22", code};
    BUF_SCOPE(b);
    json_encode(&kept_desc, &kept, &b);
    assert_int_equal(queue_ack(r.queue, r.filed_id, b.p, b.len, &e), RC_OK);
    look(&r, code,
         "{\"state\":\"registered\",\"number\":\"19/"
         "23.11.2026\",\"date\":\"23.11.2026\",\"due\":\"22.12.2026\"}");
    rig_do(&r, "/v1/receipt/look", "{\"code\":\"12\"}");
    assert_int_equal(r.rc, RC_BAD_FIELD);
    for (int i = 0; i < LOOKS_MAX; i++)
        look(&r, "0000000000", "\"state\":\"unknown\"");
    rig_do(&r, "/v1/receipt/look", "{\"code\":\"0000000000\"}");
    assert_int_equal(r.rc, RC_LIMIT);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tray),     cmocka_unit_test(test_filed),        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_required), cmocka_unit_test(test_troubles),     cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_time),     cmocka_unit_test(test_printed_card), cmocka_unit_test(test_help),
        cmocka_unit_test(test_receipt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
