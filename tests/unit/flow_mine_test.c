/* "My request" at the kiosk: what is asked of the register, what its answers become, and that nothing stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "firmware/flow_int.h"
#include "tests/unit/flow_rig.h"

static const char look[] = "{\"code\":\"9w0yv-wyxw8\",\"pin\":\"4821\"}";
static const char plain[] =
    "{\"number\":\"15/22.11.2026\",\"service\":\"Certificat\",\"institution\":\"Cluj\","
    "\"state\":\"in_work\",\"says\":\"Un coleg lucrează la cerere.\",\"events\":[],\"notes\":[]}";
#define RETURNED(service, version, fields)                                                                   \
    "{\"number\":\"15/"                                                                                      \
    "22.11.2026\",\"service\":\"Certificat\",\"institution\":\"Cluj\",\"state\":\"returned\","               \
    "\"says\":\"Avem nevoie de o corectură.\",\"events\":[],\"notes\":[],\"returned\":{\"reason\":\"Data "  \
    "nu se "                                                                                                 \
    "citește.\",\"id\":7,\"service\":\"" service "\",\"version\":" version ",\"fields\":[" fields "]}}"
static const char date_back[] = RETURNED("cs.birth_certificate", "1", "\"act.birth_date\"");

static void answer(struct rig *r, int status, const char *body)
{
    flow_answered(r->flow, status, body, body ? strlen(body) : 0);
}

static void to_shown(struct rig *r, const char *view)
{
    rig_to(r, STEP_MINE, NULL);
    rig_must(r, "/v1/mine/look", look);
    assert_true(rig_state_has(r, "\"phase\":\"asking\""));
    answer(r, 200, view);
}

static void shown(void **state)
{
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    to_shown(&r, plain);
    assert_string_equal(r.ask_path, "POST /v1/status");
    assert_string_equal(r.ask_body, "{\"code\":\"9W0YVWYXW8\",\"pin\":\"4821\",\"lang\":\"ro\"}");
    assert_true(rig_state_has(&r, "Un coleg lucrează la cerere."));
    assert_false(rig_state_has(&r, "4821")); /* the PIN does not go to the page */
    assert_false(rig_state_has(&r, "9W0YVWYXW8"));
    rig_do(&r, "/v1/mine/repair", "{}");
    assert_int_equal(r.rc, RC_STATE);
    rig_must(&r, "/v1/session/lang", "{\"lang\":\"hu\"}"); /* the register speaks the new language */
    assert_non_null(strstr(r.ask_body, "\"lang\":\"hu\""));
    answer(&r, 200, plain);
    rig_must(&r, "/v1/session/back", "{}");
    assert_int_equal(flow_step(r.flow), STEP_SERVICE);
    assert_false(rig_state_has(&r, "Un coleg"));
    rig_must(&r, "/v1/mine/open", "{}");
    assert_true(rig_state_has(&r, "\"phase\":\"enter\""));
    rig_close(&r);
}

static void by_address(void **state)
{
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    rig_to(&r, STEP_MINE, NULL);
    rig_must(&r, "/v1/mine/look", "{\"code\":\"https://cluj.example/s/9W0YVWYXW8\",\"pin\":\"4821\"}");
    assert_non_null(strstr(r.ask_body, "\"code\":\"9W0YVWYXW8\""));
    rig_close(&r);
}

/* As it was typed: the register reads it. Another language asks with the same. */
static void by_number(void **state)
{
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    rig_to(&r, STEP_MINE, NULL);
    rig_must(&r, "/v1/mine/look",
             "{\"number\":\"nr. 15 din \\\"2026\",\"institution\":\"Primăria Dej\",\"pin\":\"4821\"}");
    assert_string_equal(r.ask_body, "{\"number\":\"nr. 15 din \\\"2026\",\"institution\":\"Primăria Dej\","
                                    "\"pin\":\"4821\",\"lang\":\"ro\"}");
    answer(&r, 422, "{}");
    assert_true(rig_state_has(&r, "Nu am înțeles primăria sau numărul."));
    rig_must(&r, "/v1/mine/look", "{\"number\":\"15\",\"pin\":\"4821\"}");
    answer(&r, 403, "{}");
    assert_true(rig_state_has(&r, "Primăria, numărul și PIN-ul nu se potrivesc."));
    rig_must(&r, "/v1/mine/look", "{\"number\":\"15\",\"pin\":\"4821\"}");
    answer(&r, 429, "{}");
    assert_true(rig_state_has(&r, "Cu codul de pe bon puteți intra și acum"));
    rig_must(&r, "/v1/mine/look", "{\"number\":\"15\",\"pin\":\"4821\"}");
    answer(&r, 200, date_back);
    assert_true(rig_state_has(&r, "\"repairable\":true"));
    assert_false(rig_state_has(&r, "4821"));
    rig_must(&r, "/v1/session/lang", "{\"lang\":\"hu\"}");
    assert_string_equal(r.ask_body, "{\"number\":\"15\",\"pin\":\"4821\",\"lang\":\"hu\"}");
    answer(&r, 200, plain);
    rig_must(&r, "/v1/session/back", "{}");
    rig_must(&r, "/v1/mine/open", "{}");
    rig_must(&r, "/v1/mine/look", look); /* the number is forgotten with the visit */
    assert_string_equal(r.ask_body, "{\"code\":\"9W0YVWYXW8\",\"pin\":\"4821\",\"lang\":\"hu\"}");
    rig_close(&r);
}

static void not_shown(void **state)
{
    static const struct {
        int status;
        const char *body, *says;
    } rows[] = {
        {403, "{}", "nu se potrivesc"}, {429, "{}", "Prea multe"},        {0, NULL, "nu răspunde"},
        {500, "{}", "nu răspunde"},     {200, "nonsense", "nu răspunde"}, {200, "[]", "nu răspunde"},
        {200, "", "nu răspunde"},
    };
    static const char *const bad[] = {"{\"code\":\"short\",\"pin\":\"4821\"}",
                                      "{\"code\":\"9W0YVWYXW8\",\"pin\":\"48x1\"}",
                                      "{\"code\":\"/\",\"pin\":\"4821\"}"};
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    rig_to(&r, STEP_MINE, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        rig_must(&r, "/v1/mine/look", look);
        answer(&r, rows[i].status, rows[i].body);
        assert_true(rig_state_has(&r, "\"phase\":\"enter\""));
        assert_true(rig_state_has(&r, rows[i].says));
    }
    int asks = r.asks;
    for (size_t i = 0; i < COUNT(bad); i++) {
        rig_must(&r, "/v1/mine/look", bad[i]);
        assert_true(rig_state_has(&r, "10 litere și cifre"));
    }
    r.online = false;
    rig_must(&r, "/v1/mine/look", look);
    assert_true(rig_state_has(&r, "nu răspunde"));
    assert_int_equal(r.asks, asks); /* nobody was asked */
    rig_close(&r);
}

/* An answer to somebody else's question shows nothing. */
static void late_answers(void **state)
{
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    rig_to(&r, STEP_MINE, NULL);
    rig_must(&r, "/v1/mine/look", look);
    flow_end(r.flow, "test");
    answer(&r, 200, plain);
    assert_int_equal(flow_step(r.flow), STEP_IDLE);
    rig_to(&r, STEP_MINE, NULL);
    rig_must(&r, "/v1/mine/look", look);
    rig_must(&r, "/v1/session/back", "{}");
    rig_must(&r, "/v1/mine/open", "{}");
    rig_must(&r, "/v1/mine/look", "{\"code\":\"0000000000\",\"pin\":\"0000\"}");
    answer(&r, 200, plain); /* to the first */
    assert_true(rig_state_has(&r, "\"phase\":\"asking\""));
    assert_false(rig_state_has(&r, "Un coleg"));
    answer(&r, 403, "{}");
    assert_true(rig_state_has(&r, "nu se potrivesc"));
    answer(&r, 200, plain); /* to nothing */
    assert_false(rig_state_has(&r, "Un coleg"));
    rig_close(&r);
}

static const char submit[] = "{\"key\":\"018f0000-0000-7000-8000-000000000001\"}";
static const char after[] = "{\"errors\":[],\"at\":\"2026-11-24T08:31:07.000Z\",\"view\":{\"number\":\"15/"
                            "22.11.2026\",\"service\":\"Certificat\","
                            "\"institution\":\"Primăria Dej\",\"state\":\"in_work\",\"says\":\"Un coleg "
                            "lucrează la cerere.\",\"events\":[],"
                            "\"notes\":[],\"due_on\":\"2026-12-24\",\"due\":\"Răspuns până la 24 "
                            "decembrie\",\"left\":\"\",\"late\":false,"
                            "\"why\":\"Termenul a stat două zile.\"}}";

static void to_review(struct rig *r)
{
    to_shown(r, date_back);
    rig_must(r, "/v1/mine/repair", "{}");
    rig_must(r, "/v1/form/answer", "{\"values\":{\"act.birth_date\":\"1991-06-18\"}}");
}

static void repaired(void **state)
{
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    to_shown(&r, date_back);
    assert_true(rig_state_has(&r, "\"repairable\":true"));
    rig_must(&r, "/v1/mine/repair", "{}");
    assert_int_equal(flow_step(r.flow), STEP_FORM);
    assert_true(rig_state_has(&r, "\"pages\":1,"));
    assert_true(rig_state_has(&r, "act.birth_date"));
    assert_false(rig_state_has(&r, "act.last_name"));
    rig_do(&r, "/v1/form/answer", "{\"values\":{\"act.last_name\":\"Altul\"}}");
    assert_int_equal(r.rc, RC_BAD_FIELD); /* not among what came back */
    rig_do(&r, "/v1/form/answer", "{\"values\":{\"act.birth_date\":\"2190-01-01\"}}");
    assert_int_equal(r.status, 422);
    rig_must(&r, "/v1/session/back", "{}");
    assert_int_equal(flow_step(r.flow), STEP_MINE);
    assert_true(rig_state_has(&r, "\"phase\":\"shown\""));
    rig_must(&r, "/v1/mine/repair", "{}");
    rig_must(&r, "/v1/form/answer", "{\"values\":{\"act.birth_date\":\"1991-06-18\"}}");
    assert_int_equal(flow_step(r.flow), STEP_REVIEW);
    assert_true(rig_state_has(&r, "\"sign\":false"));
    rig_must(&r, "/v1/submit", submit);
    assert_string_equal(r.ask_path, "POST /v1/returns");
    assert_string_equal(r.ask_body,
                        "{\"code\":\"9W0YVWYXW8\",\"pin\":\"4821\",\"lang\":\"ro\",\"return_id\":7,"
                        "\"answers\":{\"act.birth_date\":\"1991-06-18\"}}");
    assert_true(rig_state_has(&r, "\"phase\":\"sending\""));
    rig_must(&r, "/v1/session/back", "{}"); /* not now */
    assert_true(rig_state_has(&r, "\"phase\":\"sending\""));
    answer(&r, 422, "{}");
    assert_int_equal(flow_step(r.flow), STEP_REVIEW); /* what was typed stays */
    assert_true(rig_state_has(&r, "nu este încă bun"));
    assert_true(rig_state_has(&r, "18.06.1991"));
    rig_must(&r, "/v1/submit", submit);
    answer(&r, 200, after);
    assert_int_equal(flow_step(r.flow), STEP_DONE);
    assert_int_equal(r.filed, 0); /* nothing was filed anew */
    assert_true(rig_state_has(&r, "\"number\":\"15/22.11.2026\","
                                  "\"date\":\"24.11.2026\",\"time\":\"10:31\",\"due\":\"24.12.2026\","
                                  "\"due_why\":\"Termenul a stat două zile.\""));
    assert_true(rig_state_has(&r, "\"pin\":\"\",\"url\":\"http://127.0.0.1:7082/s/9W0YVWYXW8\""));
    assert_true(rig_state_has(&r, "\"institution\":\"Primăria Dej\",\"corrected\":\"Data nașterii\""));
    assert_true(
        rig_state_has(&r, "\"print\":{\"phase\":\"absent\"")); /* the number on the screen is all there is */
    rig_do(&r, "/v1/submit", submit);
    assert_int_equal(flow_step(r.flow), STEP_DONE);
    rig_must(&r, "/v1/session/lang", "{\"lang\":\"hu\"}");
    assert_true(rig_state_has(&r, "\"corrected\":\"Születési"));
    rig_must(&r, "/v1/session/end", "{}");
    assert_false(rig_state_has(&r, "15/22.11.2026"));
    rig_close(&r);
}

/* The answer is lost, or says nothing of what became of it: the same goes again by itself, and the person is
 * told. */
static void sent_again(void **state)
{
    static const int unsaid[] = {0, 500, 503};
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    for (size_t i = 0; i < COUNT(unsaid); i++) {
        to_review(&r);
        rig_must(&r, "/v1/submit", submit);
        int asks = r.asks;
        answer(&r, unsaid[i], unsaid[i] ? "{}" : NULL);
        assert_int_equal(flow_step(r.flow), STEP_MINE);
        assert_true(rig_state_has(&r, "\"phase\":\"sending\""));
        assert_true(rig_state_has(&r, "Încercăm din nou; ce ați scris rămâne."));
        rig_do(&r, "/v1/submit", submit); /* a press meanwhile sends nothing */
        assert_int_equal(r.rc, RC_STATE);
        flow_tick(r.flow, mono_ms());
        assert_int_equal(r.asks, asks);
        flow_tick(r.flow, mono_ms() + 1000);
        assert_int_equal(r.asks, asks + 1);
        assert_string_equal(r.ask_path, "POST /v1/returns");
        assert_non_null(strstr(r.ask_body, "\"answers\":{\"act.birth_date\":\"1991-06-18\"}"));
        flow_tick(r.flow, mono_ms() + 60000); /* one at a time */
        assert_int_equal(r.asks, asks + 1);
        answer(&r, 200, after);
        assert_int_equal(flow_step(r.flow), STEP_DONE);
        rig_must(&r, "/v1/session/end", "{}");
    }
    rig_close(&r);
}

/* Nobody answers for long, and the line is down meanwhile: then it is said, and the next press begins anew.
 */
static void given_up(void **state)
{
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    to_review(&r);
    rig_must(&r, "/v1/submit", submit);
    answer(&r, 0, NULL);
    r.online = false;
    int asks = r.asks;
    flow_tick(r.flow, mono_ms() + 1000);
    assert_int_equal(r.asks, asks);
    assert_true(rig_state_has(&r, "\"phase\":\"sending\""));
    r.online = true;
    struct mine_part *p = &r.flow->s->mine;
    p->sent_at -= 20000;
    flow_tick(r.flow, mono_ms() + 10000);
    assert_int_equal(r.asks, asks + 1);
    answer(&r, 0, NULL);
    assert_int_equal(flow_step(r.flow), STEP_REVIEW);
    assert_true(rig_state_has(&r, "nu răspunde acum. Nimic nu s-a pierdut."));
    assert_true(rig_state_has(&r, "18.06.1991"));
    rig_must(&r, "/v1/submit", submit);
    answer(&r, 0, NULL);
    assert_true(rig_state_has(&r, "\"phase\":\"sending\"")); /* patient again */
    answer(&r, 200, after);                                  /* to nothing that was asked */
    assert_true(rig_state_has(&r, "\"phase\":\"sending\""));
    flow_end(r.flow, "test"); /* nothing goes after the visit */
    asks = r.asks;
    flow_tick(r.flow, mono_ms() + 60000);
    assert_int_equal(r.asks, asks);
    rig_close(&r);
}

/* The clerk gave up waiting, or asks for something else now: what was typed is not for that, and the way back
 * shows how the request stands. */
static void no_longer_expected(void **state)
{
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    to_review(&r);
    rig_must(&r, "/v1/submit", submit);
    answer(&r, 409, "{}");
    assert_int_equal(flow_step(r.flow), STEP_REVIEW);
    assert_true(rig_state_has(&r, "nu mai este așteptată"));
    rig_must(&r, "/v1/session/back", "{}");
    assert_int_equal(flow_step(r.flow), STEP_MINE);
    assert_string_equal(r.ask_path, "POST /v1/status");
    assert_true(rig_state_has(&r, "\"phase\":\"asking\""));
    answer(&r, 200, plain);
    assert_false(rig_state_has(&r, "\"repairable\":true"));
    rig_close(&r);
}

/* What the register added to "kept" cannot be read, or is not there: the correction stands, the number is
 * known. */
static void thin_answers(void **state)
{
    static const char *const rows[] = {"{\"errors\":[]}", "", "[1,", "{\"view\":1,\"at\":\"soon\"}",
                                       "{\"view\":{\"number\":\"15/22.11.2026\",\"due_on\":\"2026-13-01\"}}"};
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    for (size_t i = 0; i < COUNT(rows); i++) {
        to_review(&r);
        rig_must(&r, "/v1/submit", submit);
        answer(&r, 200, rows[i]);
        assert_int_equal(flow_step(r.flow), STEP_DONE);
        assert_true(rig_state_has(&r, i == 3 ? "\"number\":\"\"" : "\"number\":\"15/22.11.2026\""));
        assert_true(rig_state_has(&r, "\"due\":\"\""));
        rig_must(&r, "/v1/session/end", "{}");
    }
    rig_close(&r);
}

/* By number no code is known, and none is given: the QR leads to the page that asks for number and PIN. */
static void paper(void **state)
{
    static const char by_number[] = "{\"number\":\"15\",\"pin\":\"4821\"}";
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, "good", NULL);
    r.online = true;
    rig_to(&r, STEP_MINE, NULL);
    rig_must(&r, "/v1/mine/look", by_number);
    answer(&r, 200, date_back);
    rig_must(&r, "/v1/mine/repair", "{}");
    rig_must(&r, "/v1/form/answer", "{\"values\":{\"act.birth_date\":\"1991-06-18\"}}");
    rig_must(&r, "/v1/submit", submit);
    answer(&r, 200, after);
    rig_until(&r, "\"print\":{\"phase\":\"printed\",\"proof\":\"L2\"");
    assert_string_equal(flow_receipt_url(r.flow), "http://127.0.0.1:7082/n");
    assert_true(rig_state_has(&r, "\"receipt_code\":\"\""));
    rig_must(&r, "/v1/print", "{}"); /* a copy, as of any receipt */
    rig_until(&r, "\"phase\":\"printed\"");
    rig_close(&r);
}

/* What this terminal cannot ask is said, and not half asked. */
static void not_here(void **state)
{
    static const char *const views[] = {
        RETURNED("cs.birth_certificate", "99", "\"act.birth_date\""),
        RETURNED("cs.nothing", "1", "\"x\""),
        RETURNED("cs.birth_certificate", "1", "\"act.birth_date\",\"nothing\""),
        RETURNED("complaint.abandoned_vehicle", "1", "\"place.pin\""),
        RETURNED("cs.birth_certificate", "1", ""),
        RETURNED("cs.birth_certificate", "1", "1"),
    };
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    for (size_t i = 0; i < COUNT(views); i++) {
        to_shown(&r, views[i]);
        assert_true(rig_state_has(&r, "\"repairable\":false"));
        rig_do(&r, "/v1/mine/repair", "{}");
        assert_int_equal(r.rc, RC_STATE);
        rig_must(&r, "/v1/session/end", "{}");
    }
    rig_close(&r);
}

static void ends(void **state)
{
    static struct rig r;
    (void)state;
    rig_open(&r, NULL, NULL, NULL);
    r.online = true;
    to_shown(&r, date_back);
    rig_must(&r, "/v1/mine/repair", "{}");
    flow_tick(r.flow, mono_ms() + 200000); /* nobody is there any more */
    assert_int_equal(flow_step(r.flow), STEP_IDLE);
    assert_false(rig_state_has(&r, "Data nu se"));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown),
        cmocka_unit_test(by_address),
        cmocka_unit_test(by_number),
        cmocka_unit_test(not_shown),
        cmocka_unit_test(late_answers),
        cmocka_unit_test(repaired),
        cmocka_unit_test(sent_again),
        cmocka_unit_test(given_up),
        cmocka_unit_test(not_here),
        cmocka_unit_test(ends),
        cmocka_unit_test(thin_answers),
        cmocka_unit_test(paper),
        cmocka_unit_test(no_longer_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
