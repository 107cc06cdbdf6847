/* The address behind the PIN of the electronic card: offered where a service asks for it, never demanded;
 * what goes wrong is said and typing goes on; the card's last try is not used here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/flow_rig.h"

static const char birth[] = "cs.birth_certificate", complaint[] = "complaint.abandoned_vehicle";
#define ADDRESS "jud. Cluj, mun. Turda, str. Lungă nr. 9"
#define OFFER "\"address\":{\"field\":\"who.address\",\"phase\":\"offer\""
#define CLOSED "\"address\":{\"field\":\"who.address\",\"phase\":\"closed\""
#define READING "\"phase\":\"reading\""

static struct rig r;

static const char *value(const char *field)
{
    return answers_one(&r.flow->s->answers, field);
}

/* Page by page as the card and the citizen fill it, until the question for the address. */
static void to_address(void)
{
    for (int i = 0; i < 20 && !rig_state_has(&r, "\"id\":\"who.address\""); i++)
        rig_next(&r);
    assert_true(rig_state_has(&r, "\"id\":\"who.address\""));
}

static void begin_with(const char *can)
{
    char body[40];
    snprintf(body, sizeof(body), "{\"can\":\"%s\"}", can);
    rig_open(&r, "inserted", NULL, NULL);
    rig_to(&r, STEP_CARD, birth);
    rig_must(&r, "/v1/card/read", body);
    rig_until(&r, "\"phase\":\"ok\"");
    to_address();
}

static void pin(const char *digits)
{
    char body[40];
    snprintf(body, sizeof(body), "{\"pin\":\"%s\"}", digits);
    rig_do(&r, "/v1/card/address", body);
}

static void try_pin(const char *digits, const char *state)
{
    pin(digits);
    if (r.rc != RC_OK)
        fail_msg("%s: %s", digits, r.err.text);
    assert_int_equal(r.status, 202);
    rig_until(&r, state);
    assert_false(rig_state_has(&r, digits));
}

static void type_instead(void)
{
    rig_must(&r, "/v1/form/answer", "{\"values\":{\"who.address\":\"Dej, str. Mică 1\"}}");
    assert_string_equal(value("who.address"), "Dej, str. Mică 1");
    assert_string_equal(answers_source(&r.flow->s->answers, "who.address"), "applicant");
    rig_fill(&r);
    rig_close(&r);
}

static void test_taken(void **state)
{
    (void)state;
    begin_with("123456");
    assert_true(rig_state_has(&r, OFFER));
    assert_null(value("who.address")); /* offered, not done */
    try_pin("1357", "\"phase\":\"taken\"");
    assert_string_equal(value("who.address"), ADDRESS);
    assert_true(rig_state_has(&r, "\"source\":\"card\""));
    assert_string_equal(r.flow->s->card.can, "");
    pin("1357"); /* nothing is asked twice */
    assert_int_equal(r.rc, RC_STATE);
    rig_must(&r, "/v1/form/answer", "{\"values\":{\"who.address\":\"" ADDRESS "\"}}");
    assert_string_equal(answers_source(&r.flow->s->answers, "who.address"), "card");
    rig_fill(&r);
    assert_string_equal(value("who.address"), ADDRESS);
    rig_must(&r, "/v1/form/goto", "{\"field\":\"who.address\"}"); /* editable as the names are */
    rig_must(&r, "/v1/form/answer", "{\"values\":{\"who.address\":\"" ADDRESS ", ap. 4\"}}");
    assert_string_equal(answers_source(&r.flow->s->answers, "who.address"), "applicant");
    rig_close(&r);
}

/* Never asked unless the service needs the address: not before its question, not in a service without it. */
static void test_not_needed(void **state)
{
    (void)state;
    rig_open(&r, "inserted", NULL, NULL);
    rig_to(&r, STEP_CARD, birth);
    pin("1357");
    assert_int_equal(r.rc, RC_STATE);
    rig_must(&r, "/v1/card/read", "{\"can\":\"123456\"}");
    rig_until(&r, "\"phase\":\"ok\"");
    assert_false(rig_state_has(&r, "\"address\":{"));
    pin("1357"); /* the question of the names */
    assert_int_equal(r.rc, RC_STATE);
    rig_close(&r);
    size_t without = 0;
    rig_open(&r, "inserted", NULL, NULL);
    for (size_t i = 0; i < r.catalog.n; i++) {
        const struct service *s = &r.catalog.services[i];
        if (!(s->channels & CH_KIOSK) || address_wanted(s))
            continue;
        without++;
        rig_must(&r, "/v1/session/start", "{\"lang\":\"ro\"}");
        rig_to(&r, STEP_FORM, s->id);
        assert_false(rig_state_has(&r, "\"address\":{"));
        pin("1357");
        assert_int_equal(r.rc, RC_STATE);
        assert_string_equal(r.flow->s->card.can, ""); /* nor is the CAN kept for later */
        assert_int_equal(r.flow->s->address.attempts, 0);
        rig_must(&r, "/v1/session/end", "{}");
    }
    assert_true(without > 0);
    rig_close(&r);
}

/* Typed, scanned, unproven, opened with printed data, or no card at all: no offer. */
static void test_other_kinds(void **state)
{
    static const char *const cans[] = {"000004", "000005"};
    (void)state;
    for (size_t i = 0; i < COUNT(cans); i++) {
        begin_with(cans[i]);
        assert_false(rig_state_has(&r, "\"address\":{"));
        pin("1357");
        assert_int_equal(r.rc, RC_STATE);
        rig_close(&r);
    }
    rig_open(&r, "inserted", NULL, NULL);
    rig_to(&r, STEP_CARD, birth);
    rig_must(&r, "/v1/card/skip", "{}");
    to_address();
    assert_false(rig_state_has(&r, "\"address\":{"));
    rig_close(&r);
    rig_open(&r, "inserted", NULL, NULL);
    rig_to(&r, STEP_CARD, birth);
    rig_must(
        &r, "/v1/card/mrz",
        "{\"document_number\":\"XX123456\",\"birth_date\":\"1990-01-01\",\"expiry_date\":\"2035-01-01\"}");
    rig_until(&r, "\"phase\":\"ok\"");
    to_address();
    assert_false(rig_state_has(&r, "\"address\":{"));
    rig_close(&r);
}

/* A foreigner's residence permit has the same format. */
static void test_foreigner(void **state)
{
    (void)state;
    begin_with("123456");
    assert_true(rig_state_has(&r, OFFER));
    r.flow->s->card.identity->nationality = "MDA";
    assert_false(rig_state_has(&r, "\"address\":{"));
    pin("1357");
    assert_int_equal(r.rc, RC_STATE);
    rig_close(&r);
}

static void test_wrong_pin(void **state)
{
    (void)state;
    begin_with("123456");
    try_pin("4242", "\"code\":\"PIN_WRONG\"");
    assert_true(rig_state_has(&r, OFFER));
    assert_true(rig_state_has(&r, "\"tries_left\":2"));
    try_pin("1357", "\"phase\":\"taken\"");
    assert_string_equal(value("who.address"), ADDRESS);
    rig_close(&r);
}

static void test_last_try_kept(void **state)
{
    (void)state;
    begin_with("123456");
    try_pin("4242", "\"tries_left\":2");
    try_pin("4343", "\"code\":\"PIN_LAST\"");
    assert_true(rig_state_has(&r, CLOSED));
    assert_true(rig_state_has(&r, "\"tries_left\":1"));
    pin("1357");
    assert_int_equal(r.rc, RC_STATE);
    while (flow_step(r.flow) == STEP_FORM) /* nor when the card is read again */
        rig_must(&r, "/v1/session/back", "{}");
    rig_must(&r, "/v1/session/service", "{\"service\":\"cs.birth_certificate\"}");
    rig_must(&r, "/v1/card/read", "{\"can\":\"123456\"}");
    rig_until(&r, "\"phase\":\"ok\"");
    to_address();
    assert_true(rig_state_has(&r, CLOSED));
    pin("1357");
    assert_int_equal(r.rc, RC_STATE);
    type_instead();
}

/* One sentence each; the offer goes on where it makes sense, typing always. */
static void test_faults(void **state)
{
    static const struct {
        const char *pin, *code;
        bool open;
    } rows[] = {
        {"9001", "CARD_REMOVED", true}, {"9002", "CARD_SWAPPED", true}, {"9003", "NO_ADDRESS", false},
        {"9004", "PIN_BLOCKED", false}, {"9005", "CARD_ABSENT", true},  {"9006", "READER_HARDWARE", true},
        {"9009", "CARD_SWAPPED", true}, {"9010", "CARD_SWAPPED", true}, {"9011", "CARD_SWAPPED", true}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char code[60];
        snprintf(code, sizeof(code), "\"code\":\"%s\",\"text\":\"", rows[i].code);
        begin_with("123456");
        try_pin(rows[i].pin, code);
        assert_true(rig_state_has(&r, rows[i].open ? OFFER : CLOSED));
        assert_null(value("who.address"));
        assert_string_equal(value("who.last_name"), "POPESCU");
        if (rows[i].open) {
            try_pin("1357", "\"phase\":\"taken\"");
            assert_string_equal(value("who.address"), ADDRESS);
            rig_close(&r);
        } else
            type_instead();
    }
}

/* Twice without the card's word: two tries may be gone, so the third is not ours. */
static void test_unsure(void **state)
{
    (void)state;
    begin_with("123456");
    try_pin("9001", "\"code\":\"CARD_REMOVED\"");
    try_pin("9001", "\"code\":\"PIN_UNSURE\"");
    assert_true(rig_state_has(&r, CLOSED));
    pin("1357");
    assert_int_equal(r.rc, RC_STATE);
    type_instead();
}

/* The reader's process dies: a sentence, no offer while it is away, typing goes on. */
static void test_driver_dies(void **state)
{
    (void)state;
    begin_with("123456");
    try_pin("9007", "\"address\":{\"field\":\"who.address\",\"phase\":\"closed\",\"progress\":0,\"attempts\":"
                    "1,\"error\"");
    type_instead();
}

/* Stopped by the citizen, by typing, by going back, by leaving. */
static void test_stopped(void **state)
{
    (void)state;
    begin_with("123456");
    try_pin("9008", READING);
    pin("1357");
    assert_int_equal(r.rc, RC_STATE);
    rig_must(&r, "/v1/card/address/cancel", "{}");
    assert_true(rig_state_has(&r, OFFER));
    try_pin("9008", READING);
    rig_must(&r, "/v1/form/answer", "{\"values\":{\"who.address\":\"Dej, str. Mică 1\"}}");
    assert_int_equal(r.flow->s->address.cmd, 0);
    assert_string_equal(value("who.address"), "Dej, str. Mică 1");
    rig_close(&r);
    begin_with("123456");
    try_pin("9008", READING);
    rig_must(&r, "/v1/session/back", "{}");
    assert_int_equal(r.flow->s->address.cmd, 0);
    rig_close(&r);
    begin_with("123456");
    try_pin("9008", READING);
    rig_must(&r, "/v1/session/end", "{}");
    assert_int_equal(flow_step(r.flow), STEP_IDLE);
    rig_close(&r);
}

/* The card that is pulled while it is read gives a sentence, not the farewell of one who leaves. */
static void test_pulled(void **state)
{
    static const struct frame out = {.kind = "unsolicited", .event = "card_removed"};
    (void)state;
    begin_with("123456");
    try_pin("9008", READING);
    flow_unsolicited(r.flow, "card", &out);
    assert_false(rig_state_has(&r, "\"warn\":true"));
    rig_close(&r);
}

static void test_no_pin(void **state)
{
    static const char *const bad[] = {"{\"pin\":\"12a4\"}", "{\"pin\":\"123\"}", "{\"pin\":\"12345\"}", "{}",
                                      "{\"pin\":1357}"};
    (void)state;
    begin_with("123456");
    for (size_t i = 0; i < COUNT(bad); i++) {
        rig_do(&r, "/v1/card/address", bad[i]);
        assert_int_not_equal(r.rc, RC_OK);
        assert_null(strstr(r.err.text, "12a4"));
        assert_int_equal(r.flow->s->address.attempts, 0);
    }
    rig_close(&r);
}

/* Another card in the same visit: the address of the first goes with its names. */
static void test_next_card(void **state)
{
    (void)state;
    begin_with("123456");
    try_pin("1357", "\"phase\":\"taken\"");
    while (flow_step(r.flow) == STEP_FORM)
        rig_must(&r, "/v1/session/back", "{}");
    rig_must(&r, "/v1/session/service", "{\"service\":\"cs.birth_certificate\"}");
    rig_must(&r, "/v1/card/read", "{\"can\":\"000003\"}");
    rig_until(&r, "\"phase\":\"ok\"");
    assert_string_equal(value("who.last_name"), "IONESCU");
    to_address();
    assert_null(value("who.address"));
    assert_true(rig_state_has(&r, OFFER));
    rig_close(&r);
    rig_open(&r, NULL, NULL, NULL); /* and where no card is asked for, nothing of it is known */
    rig_to(&r, STEP_REVIEW, complaint);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),       cmocka_unit_test(test_not_needed),
        cmocka_unit_test(test_other_kinds), cmocka_unit_test(test_foreigner),
        cmocka_unit_test(test_wrong_pin),   cmocka_unit_test(test_last_try_kept),
        cmocka_unit_test(test_faults),      cmocka_unit_test(test_unsure),
        cmocka_unit_test(test_driver_dies), cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_pulled),      cmocka_unit_test(test_no_pin),
        cmocka_unit_test(test_next_card),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
