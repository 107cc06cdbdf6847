/* The step table, the way through it, what goes wrong on it, and its one end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/unit/flow_rig.h"

static const char birth[] = "cs.birth_certificate", car[] = "complaint.abandoned_vehicle";

/* The table once more, as letters per step: i s c f r g(sign) l(filing) d m(mine). */
static const struct {
    const char *path, *steps;
} want[] = {
    {"/v1/session/start", "i"},
    {"/v1/session/lang", "scfrgldm"},
    {"/v1/session/service", "s"},
    {"/v1/session/touch", "scfrgldm"},
    {"/v1/session/end", "scfrgdm"},
    {"/v1/session/back", "cfrgm"},
    {"/v1/mine/open", "s"},
    {"/v1/mine/look", "m"},
    {"/v1/mine/repair", "m"},
    {"/v1/card/read", "c"},
    {"/v1/card/mrz", "c"},
    {"/v1/card/skip", "c"},
    {"/v1/card/address", "f"},
    {"/v1/card/address/cancel", "f"},
    {"/v1/form/answer", "f"},
    {"/v1/form/goto", "fr"},
    {"/v1/sign/start", "rg"},
    {"/v1/sign/clear", "g"},
    {"/v1/sign/finish", "g"},
    {"/v1/sign/cancel", "g"},
    {"/v1/sign/skip", "rg"},
    {"/v1/submit", "rgld"},
    {"/v1/print", "d"},
    {"/v1/print/resolve", "d"},
    {"/v1/help", "iscfrgldm"},
    {"/v1/session/comfort", "scfrgldm"},
    {"/v1/receipt/look", "i"},
    {"/v1/card/scan", "c"},
    {"/v1/scan/start", "f"},
    {"/v1/scan/again", "f"},
    {"/v1/scan/cancel", "f"},
    {"/v1/scan/page/move", "f"},
    {"/v1/scan/page/rotate", "f"},
    {"/v1/scan/page/delete", "f"},
    {"/v1/scan/page/keep", "f"},
    {"/v1/scan/skip", "f"},
};

static void test_table(void **state)
{
    (void)state;
    static const char letters[] = "iscfrgldm";
    const struct flow_row *rows;
    assert_int_equal(flow_rows(&rows), COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_string_equal(rows[i].path, want[i].path);
        for (int s = 0; s < STEP_COUNT; s++)
            assert_int_equal((rows[i].steps >> s) & 1, strchr(want[i].steps, letters[s]) != NULL);
    }
}

/* Every command in every step where it has no business: refused, and nothing moves. */
static void test_refused(void **state)
{
    (void)state;
    static struct rig r;
    const struct flow_row *rows;
    size_t n = flow_rows(&rows);
    rig_open(&r, NULL, NULL, NULL);
    for (int step = 0; step < STEP_COUNT; step++) {
        rig_to(&r, (enum step)step, birth);
        for (size_t i = 0; i < n; i++) {
            if (rows[i].steps & (1u << step))
                continue;
            rig_do(&r, rows[i].path, "{}");
            assert_int_equal(r.rc, RC_STATE);
            assert_int_equal(flow_step(r.flow), step);
        }
    }
    rig_do(&r, "/v1/nothing", "{}");
    assert_int_equal(r.rc, RC_NOT_FOUND);
    rig_close(&r);
}

static void test_bodies(void **state)
{
    (void)state;
    static struct rig r;
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"lang\":\"de\"}",
        "{\"lang\":5}",
        "{\"lang\":\"ro\",\"lang\":\"ro\"}",
        "{\"lang\":\"ro\",\"x\":1}",
        "{\"lang\":\"ro\"} x",
        "{\"lang\":null}",
    };
    rig_open(&r, NULL, NULL, NULL);
    for (size_t i = 0; i < COUNT(bad); i++) {
        rig_do(&r, "/v1/session/start", bad[i]);
        assert_int_not_equal(r.rc, RC_OK);
        assert_false(flow_active(r.flow));
    }
    rig_close(&r);
}

/* Nothing but a person and a disk: everything typed, signed at the counter, register away. */
static void test_alone(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, NULL);
    rig_to(&r, STEP_CARD, birth);
    assert_true(rig_state_has(&r, "\"reader\":\"absent\""));
    rig_do(&r, "/v1/card/read", "{\"can\":\"123456\"}");
    assert_int_equal(r.rc, RC_NO_DEVICE);
    rig_to(&r, STEP_REVIEW, birth);
    rig_must(&r, "/v1/submit", "{\"key\":\"018f0000-0000-7000-8000-000000000001\"}");
    assert_int_equal(flow_step(r.flow), STEP_SIGN);
    assert_true(rig_state_has(&r, "\"sign\":{\"phase\":\"absent\""));
    rig_to(&r, STEP_FILING, birth);
    assert_int_equal(r.filed, 1);
    rig_must(&r, "/v1/submit",
             "{\"key\":\"018f0000-0000-7000-8000-000000000001\"}"); /* the page asks again */
    assert_int_equal(r.filed, 1);
    rig_do(&r, "/v1/submit", "{\"key\":\"018f0000-0000-7000-8000-000000000002\"}");
    assert_int_equal(r.rc, RC_STATE);
    flow_tick(r.flow, mono_ms() + 2000);
    assert_int_equal(flow_step(r.flow), STEP_FILING);
    flow_tick(r.flow, mono_ms() + 3001);
    assert_int_equal(flow_step(r.flow), STEP_DONE);
    assert_true(rig_state_has(&r, "\"provisional\":true"));
    assert_true(rig_state_has(&r, "\"print\":{\"phase\":\"absent\""));
    rig_answer(&r, "15/22.11.2026"); /* the register came back while the person still reads */
    assert_true(rig_state_has(&r, "\"provisional\":false,\"number\":\"15/22.11.2026\""));
    assert_true(rig_state_has(&r, "\"due\":\"22.12.2026\""));
    rig_must(&r, "/v1/session/end", "{}");
    assert_int_equal(r.ended, 1);
    assert_false(rig_state_has(&r, "Popescu"));
    rig_close(&r);
}

/* A complaint without a name: no card, no signature, no applicant on the paper. */
static void test_complaint(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, "good", "good", "good");
    rig_to(&r, STEP_FORM, car);
    rig_to(&r, STEP_REVIEW, car);
    assert_true(rig_state_has(&r, "\"sign\":false"));
    rig_do(&r, "/v1/sign/start", "{}");
    assert_int_equal(r.rc, RC_STATE);
    rig_to(&r, STEP_FILING, car);
    rig_answer(&r, "16/22.11.2026");
    assert_int_equal(flow_step(r.flow), STEP_DONE);
    rig_until(&r, "\"print\":{\"phase\":\"printed\",\"proof\":\"L2\"");
    rig_close(&r);
}

static void check_stored(struct rig *r)
{
    struct err e = {0};
    struct queue_item item;
    struct submission sub;
    struct request req;
    ARENA_SCOPE(a);
    assert_int_equal(queue_get(r->queue, a, r->filed_id, &item, &e), RC_OK);
    if (submission_read(a, &(struct rulebook){&r->catalog, r->i18n}, BYTES(item.body, item.len), &sub, &req,
                        &e) != RC_OK)
        fail_msg("the register would refuse it: %s", e.text);
    assert_string_equal(req.identity.source, "card_read");
    assert_string_equal(req.identity.access, "PACE");
    assert_string_equal(req.identity.document_number, "XX123456");
    assert_int_equal(strlen(req.identity.sod_sha256), 64);
    assert_string_equal(sub.signature.kind, "pad");
    assert_int_equal(sub.signature.max_pressure, 1023);
    assert_string_equal(req.request_id, r->filed_id);
}

/* Card, form, pen, register, paper. */
static void test_whole(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, "inserted", "good", "good");
    r.online = true;
    rig_to(&r, STEP_CARD, birth);
    rig_until(&r, "\"phase\":\"can\"");
    rig_to(&r, STEP_FORM, birth);
    assert_true(rig_state_has(&r, "\"value\":\"POPESCU\""));
    assert_true(rig_state_has(&r, "\"cnp_last4\":\"0015\""));
    assert_false(rig_state_has(&r, "290010112"));
    rig_to(&r, STEP_FILING, birth);
    assert_true(r.devices > 0);
    check_stored(&r);
    rig_answer(&r, "17/22.11.2026");
    rig_until(&r, "\"print\":{\"phase\":\"printed\",\"proof\":\"L2\"");
    assert_true(rig_state_has(&r, "\"number\":\"17/22.11.2026\""));
    rig_must(&r, "/v1/session/end", "{}");
    assert_int_equal(flow_step(r.flow), STEP_IDLE);
    rig_close(&r);
}

static void test_card_troubles(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, "inserted", NULL, NULL);
    rig_to(&r, STEP_CARD, birth);
    rig_do(&r, "/v1/card/read", "{\"can\":\"12345x\"}");
    assert_int_equal(r.rc, RC_BAD_FIELD);
    rig_must(&r, "/v1/card/read", "{\"can\":\"000000\"}");
    rig_do(&r, "/v1/card/read", "{\"can\":\"123456\"}");
    assert_int_equal(r.rc, RC_BUSY);
    rig_until(&r, "\"error\":{\"code\":\"CAN_WRONG\"");
    assert_true(rig_state_has(&r, "\"tries_left\":2"));
    rig_must(&r, "/v1/card/read", "{\"can\":\"000001\"}");
    rig_until(&r, "\"phase\":\"mrz\"");
    rig_do(&r, "/v1/card/mrz",
           "{\"document_number\":\"X\",\"birth_date\":\"1990-13-01\",\"expiry_date\":\"350101\"}");
    assert_int_equal(r.rc, RC_BAD_FIELD);
    rig_must(&r, "/v1/card/mrz",
             "{\"document_number\":\"X\",\"birth_date\":\"1990-01-01\",\"expiry_date\":\"350101\"}");
    rig_until(&r, "\"phase\":\"ok\"");
    assert_int_equal(flow_step(r.flow), STEP_FORM);
    rig_close(&r);
}

/* Taken out after the names: they stay in the form, but count as typed. */
static void test_half_read(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, "inserted", NULL, NULL);
    rig_to(&r, STEP_CARD, birth);
    rig_must(&r, "/v1/card/read", "{\"can\":\"000002\"}");
    rig_until(&r, "\"code\":\"CARD_REMOVED\"");
    assert_int_equal(flow_step(r.flow), STEP_FORM);
    assert_true(rig_state_has(&r, "POPESCU"));
    assert_false(rig_state_has(&r, "\"notice\":\"\""));
    rig_to(&r, STEP_REVIEW, birth);
    struct err e = {0};
    assert_int_equal(file_text(r.flow, &e), RC_OK);
    assert_non_null(
        strstr(r.flow->s->filing.text, "\"source\":\"typed\",\"access\":\"\",\"document_number\":\"\""));
    rig_close(&r);
}

/* "For whom?" decides whether the card's names are the act's. */
static void test_prefill(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, "inserted", NULL, NULL);
    rig_to(&r, STEP_FORM, birth);
    struct answers *s = &r.flow->s->answers;
    static const char *const self[] = {"self"}, *const child[] = {"child"};
    assert_string_equal(answers_one(s, "who.last_name"), "POPESCU");
    assert_string_equal(answers_one(s, "who.id_doc"), "XX123456");
    assert_null(answers_one(s, "act.last_name"));
    answers_put(s, "act.who", self, 1, "applicant");
    form_prefill(r.flow);
    assert_string_equal(answers_one(s, "act.last_name"), "POPESCU");
    assert_string_equal(answers_one(s, "act.birth_date"), "1990-01-01");
    answers_put(s, "act.who", child, 1, "applicant");
    form_prefill(r.flow);
    assert_null(answers_one(s, "act.last_name"));
    assert_null(answers_one(s, "act.birth_date"));
    rig_close(&r);
}

static void test_form(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, NULL);
    rig_to(&r, STEP_FORM, birth);
    rig_do(&r, "/v1/form/answer", "{\"values\":{\"who.last_name\":\"\",\"who.first_name\":\"Ana\"}}");
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.reply, "\"field\":\"who.last_name\""));
    assert_true(rig_state_has(&r, "\"value\":\"Ana\"")); /* kept although refused */
    rig_do(&r, "/v1/form/answer", "{\"values\":{\"reason\":\"lost\"}}");
    assert_int_equal(r.rc, RC_BAD_FIELD);
    rig_do(&r, "/v1/form/answer", "{\"values\":{\"no.such\":\"x\"}}");
    assert_int_equal(r.rc, RC_BAD_FIELD);
    rig_do(&r, "/v1/form/answer", "{\"values\":[]}");
    assert_int_equal(r.rc, RC_BAD_FIELD);
    rig_to(&r, STEP_REVIEW, birth);
    rig_must(&r, "/v1/form/goto", "{\"field\":\"who.address\"}");
    assert_true(rig_state_has(&r, "\"id\":\"who.address\""));
    rig_must(&r, "/v1/form/answer", "{\"values\":{\"who.address\":\"Dej, str. 1\"}}");
    assert_int_equal(flow_step(r.flow), STEP_REVIEW);
    assert_true(rig_state_has(&r, "Dej, str. 1"));
    rig_do(&r, "/v1/form/goto", "{\"field\":\"act.mother\"}"); /* not asked when the act is one's own */
    assert_int_equal(r.rc, RC_BAD_FIELD);
    rig_must(&r, "/v1/session/back", "{}");
    assert_int_equal(flow_step(r.flow), STEP_FORM);
    while (flow_step(r.flow) == STEP_FORM)
        rig_must(&r, "/v1/session/back", "{}");
    assert_int_equal(flow_step(r.flow), STEP_CARD);
    rig_close(&r);
}

/* A change after signing voids the signature: what is filed is what was signed. */
static void test_signature_void(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, "good");
    rig_to(&r, STEP_SIGN, birth);
    rig_must(&r, "/v1/sign/start", "{}");
    rig_do(&r, "/v1/submit", "{\"key\":\"018f0000-0000-7000-8000-000000000001\"}");
    assert_int_equal(r.rc, RC_STATE);
    rig_must(&r, "/v1/sign/finish", "{}");
    rig_until(&r, "\"sign\":{\"phase\":\"done\"");
    char first[65];
    snprintf(first, sizeof(first), "%s", r.flow->s->filing.hash);
    rig_must(&r, "/v1/session/back", "{}");
    rig_must(&r, "/v1/form/goto", "{\"field\":\"who.address\"}");
    rig_must(&r, "/v1/form/answer", "{\"values\":{\"who.address\":\"Dej, str. 1\"}}");
    assert_null(r.flow->s->filing.text);
    rig_must(&r, "/v1/sign/start", "{}");
    assert_string_not_equal(first, r.flow->s->filing.hash);
    rig_must(&r, "/v1/sign/cancel", "{}");
    assert_true(rig_state_has(&r, "\"sign\":{\"phase\":\"ready\""));
    rig_close(&r);
}

/* Paper: unknown is asked; after "no" the next one is a copy; what is proven is not asked. */
static void test_print_unknown(void **state)
{
    (void)state;
    static struct rig r;
    struct err e = {0};
    int64_t copies;
    rig_open(&r, NULL, "unknown", NULL);
    rig_to(&r, STEP_DONE, birth);
    rig_until(&r, "\"print\":{\"phase\":\"unknown\"");
    rig_do(&r, "/v1/print", "{}");
    assert_int_equal(r.rc, RC_STATE);
    rig_must(&r, "/v1/print/resolve", "{\"printed\":false}");
    assert_true(rig_state_has(&r, "\"print\":{\"phase\":\"failed\""));
    assert_int_equal(queue_journal_copies(r.queue, r.filed_id, &copies, &e), RC_OK);
    assert_int_equal(copies, 1);
    rig_must(&r, "/v1/print", "{}");
    rig_until(&r, "\"print\":{\"phase\":\"unknown\"");
    rig_must(&r, "/v1/print/resolve", "{\"printed\":true}");
    rig_do(&r, "/v1/print/resolve", "{\"printed\":true}");
    assert_int_equal(r.rc, RC_STATE);
    rig_close(&r);
}

static void expect_print(const char *mode, const char *phase, int64_t want_copies)
{
    static struct rig r;
    struct err e = {0};
    int64_t copies;
    rig_open(&r, NULL, mode, NULL);
    rig_to(&r, STEP_DONE, car);
    rig_until(&r, phase);
    assert_int_equal(queue_journal_copies(r.queue, r.filed_id, &copies, &e), RC_OK);
    assert_int_equal(copies, want_copies);
    rig_close(&r);
}

static void test_print_troubles(void **state)
{
    (void)state;
    expect_print("staff", "\"print\":{\"phase\":\"failed\"",
                 0); /* out of paper before the start: no copy next */
    expect_print("die", "\"print\":{\"phase\":\"unknown\"", 1); /* killed while printing */
    expect_print("partial", "\"print\":{\"phase\":\"unknown\",\"proof\":\"L0\"", 1);
    expect_print("uncut", "\"print\":{\"phase\":\"sent\",\"proof\":\"L0\"",
                 1); /* tear by hand; a copy next */
    expect_print("left", "\"print\":{\"phase\":\"printed\",\"proof\":\"L2\"", 1);
    expect_print("offered", "\"print\":{\"phase\":\"printed\",\"proof\":\"L2\"", 1); /* already then */
}

/* The person leaves while the receipt prints: the paper is finished, the journal knows, nobody else is told.
 */
static void test_leave_printing(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, "stuck", NULL);
    rig_to(&r, STEP_DONE, car);
    assert_true(rig_state_has(&r, "\"print\":{\"phase\":\"printing\""));
    rig_must(&r, "/v1/session/end", "{}");
    rig_must(&r, "/v1/session/start", "{\"lang\":\"hu\"}");
    assert_false(rig_state_has(&r, "printing"));
    rig_close(&r);
}

static void test_refused_by_register(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, NULL);
    rig_to(&r, STEP_FILING, car);
    flow_refused(r.flow, r.filed_id);
    assert_int_equal(flow_step(r.flow), STEP_REVIEW);
    assert_false(rig_state_has(&r, "\"notice\":\"\""));
    rig_close(&r);
}

static void test_idle(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, NULL);
    rig_to(&r, STEP_FORM, birth);
    int64_t start = r.flow->s->touched_at;
    flow_tick(r.flow, start + 59000);
    assert_true(rig_state_has(&r, "\"idle\":{\"warn\":false"));
    flow_tick(r.flow, start + 60000);
    assert_true(rig_state_has(&r, "\"idle\":{\"warn\":true,\"left_s\":30"));
    flow_tick(r.flow, start + 75000);
    assert_true(rig_state_has(&r, "\"left_s\":15"));
    rig_must(&r, "/v1/session/touch", "{}");
    assert_true(rig_state_has(&r, "\"idle\":{\"warn\":false"));
    flow_tick(r.flow, start + 95000);
    assert_false(flow_active(r.flow));
    assert_int_equal(r.ended, 1);
    rig_to(&r, STEP_DONE, car);
    flow_tick(r.flow, r.flow->s->touched_at + 51000); /* the receipt page keeps nobody's data long */
    assert_false(flow_active(r.flow));
    rig_close(&r);
}

/* One end, from every step. */
static void test_end_everywhere(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, "inserted", "good", "good");
    for (int step = STEP_SERVICE; step < STEP_COUNT; step++) {
        rig_to(&r, (enum step)step, birth);
        if (step == STEP_CARD)
            rig_must(&r, "/v1/card/read", "{\"can\":\"123456\"}"); /* in the middle of things */
        if (step == STEP_SIGN)
            rig_must(&r, "/v1/sign/start", "{}");
        int before = r.ended;
        flow_end(r.flow, "test");
        assert_int_equal(r.ended, before + 1);
        assert_int_equal(flow_step(r.flow), STEP_IDLE);
        assert_null(r.flow->s);
        flow_end(r.flow, "again");
        assert_int_equal(r.ended, before + 1);
        for (int i = 0; i < 20; i++)
            uv_run(&r.loop, UV_RUN_NOWAIT); /* late frames of the ended session find nobody */
        assert_false(rig_state_has(&r, "POPESCU"));
    }
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_complaint),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_card_troubles),
        cmocka_unit_test(test_half_read),
        cmocka_unit_test(test_prefill),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_signature_void),
        cmocka_unit_test(test_print_unknown),
        cmocka_unit_test(test_print_troubles),
        cmocka_unit_test(test_leave_printing),
        cmocka_unit_test(test_refused_by_register),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_end_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
