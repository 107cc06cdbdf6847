/* Odd turns of a session: what a citizen clears, swaps, or does too often; and every service of the catalogue
 * walked at random. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/flow_rig.h"

static const char birth[] = "cs.birth_certificate", car[] = "complaint.abandoned_vehicle";

static const char *value(struct rig *r, const char *field)
{
    return answers_one(&r->flow->s->answers, field);
}

/* What the card knows and the citizen takes out of the form stays out. */
static void test_cleared(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, "inserted", NULL, NULL);
    rig_to(&r, STEP_REVIEW, birth);
    assert_string_equal(value(&r, "who.cnp"), "2900101120015");
    rig_must(&r, "/v1/form/goto", "{\"field\":\"who.cnp\"}");
    rig_must(&r, "/v1/form/answer", "{\"values\":{\"who.cnp\":\"\"}}");
    assert_null(value(&r, "who.cnp"));
    rig_to(&r, STEP_SIGN, birth);
    struct err e = {0};
    assert_int_equal(file_text(r.flow, &e), RC_OK);
    assert_null(strstr(r.flow->s->filing.text, "2900101120015"));
    rig_close(&r);
}

/* The first card is pulled after its names were read, another one is put in: the form speaks of the second.
 */
static void two_cards(bool page_before)
{
    static struct rig r;
    rig_open(&r, "inserted", NULL, NULL);
    rig_to(&r, STEP_CARD, birth);
    rig_must(&r, "/v1/card/read", "{\"can\":\"000002\"}");
    rig_until(&r, "\"code\":\"CARD_REMOVED\"");
    assert_string_equal(value(&r, "who.last_name"), "POPESCU");
    if (page_before)
        rig_must(&r, "/v1/form/answer",
                 "{\"values\":{\"who.last_name\":\"POPESCU\",\"who.first_name\":\"ANA MARIA\"}}");
    while (flow_step(r.flow) == STEP_FORM)
        rig_must(&r, "/v1/session/back", "{}");
    assert_int_equal(flow_step(r.flow), STEP_CARD);
    rig_must(&r, "/v1/card/read", "{\"can\":\"000003\"}");
    rig_until(&r, "\"phase\":\"ok\"");
    assert_string_equal(value(&r, "who.last_name"), "IONESCU");
    assert_string_equal(value(&r, "who.id_doc"), "YY654321");
    rig_to(&r, STEP_REVIEW, birth);
    struct err e = {0};
    assert_int_equal(file_text(r.flow, &e), RC_OK);
    assert_non_null(strstr(r.flow->s->filing.text, "\"document_number\":\"YY654321\""));
    assert_null(strstr(r.flow->s->filing.text, "POPESCU"));
    rig_close(&r);
}

static void test_two_cards(void **state)
{
    (void)state;
    two_cards(false);
    two_cards(true);
}

/* The reader's process dies and the card is gone when the next one starts: nobody is asked for its number. */
static void test_card_gone(void **state)
{
    (void)state;
    static struct rig r;
    const struct frame in = {.kind = "unsolicited", .event = "card_inserted"};
    rig_open(&r, "good", NULL, NULL);
    flow_unsolicited(r.flow, "card", &in);
    rig_to(&r, STEP_CARD, birth);
    assert_true(rig_state_has(&r, "\"present\":true,\"phase\":\"can\""));
    struct driver_view v;
    driver_view(drivers_find(r.drivers, "card"), &v);
    kill(v.pid, SIGKILL);
    rig_until(&r, "\"reader\":\"absent\"");
    rig_until(&r, "\"reader\":\"ready\"");
    assert_true(rig_state_has(&r, "\"present\":false,\"phase\":\"insert\""));
    rig_close(&r);
}

/* A session that holds too much can still be left, and a signature made again takes the first one's place. */
static void test_too_much(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, "good");
    rig_to(&r, STEP_SIGN, birth);
    size_t before = 0;
    for (int i = 0; i < 50; i++) {
        rig_must(&r, "/v1/sign/start", "{}");
        rig_until(&r, "\"phase\":\"capturing\"");
        rig_must(&r, "/v1/sign/finish", "{}");
        rig_until(&r, "\"sign\":{\"phase\":\"done\"");
        if (i == 0)
            before = arena_used(r.flow->s->arena);
    }
    assert_in_range(arena_used(r.flow->s->arena), before, before + 1024);
    (void)arena_alloc(r.flow->s->arena, SESSION_BYTES + 1);
    rig_do(&r, "/v1/sign/start", "{}");
    assert_int_equal(r.rc, RC_LIMIT);
    rig_must(&r, "/v1/session/touch", "{}");
    rig_must(&r, "/v1/submit", "{\"key\":\"018f0000-0000-7000-8000-000000000001\"}");
    flow_waits(r.flow, r.filed_id);
    rig_must(&r, "/v1/session/end", "{}");
    rig_close(&r);
}

/* Refused for good while the citizen reads the provisional receipt: it is said, not kept quiet. */
static void test_refused_late(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, NULL);
    rig_to(&r, STEP_DONE, car);
    assert_true(rig_state_has(&r, "\"notice\":\"\""));
    flow_refused(r.flow, r.filed_id);
    assert_int_equal(flow_step(r.flow), STEP_DONE);
    assert_false(rig_state_has(&r, "\"notice\":\"\""));
    rig_close(&r);
}

/* What is wrong with a field is said in the language chosen last. */
static void test_language(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, NULL);
    rig_to(&r, STEP_FORM, birth);
    rig_do(&r, "/v1/form/answer", "{\"values\":{\"who.last_name\":\"\",\"who.first_name\":\"Ana\"}}");
    assert_int_equal(r.status, 422);
    const char *ro = i18n_text(r.i18n, LANG_RO, "err.required"),
               *hu = i18n_text(r.i18n, LANG_HU, "err.required");
    assert_true(rig_state_has(&r, ro));
    rig_must(&r, "/v1/session/lang", "{\"lang\":\"hu\"}");
    assert_true(rig_state_has(&r, hu));
    assert_false(rig_state_has(&r, ro));
    rig_close(&r);
}

/* ---- every service, at random ----------------------------------------------------------------------------
 */

static unsigned seed;

static unsigned dice(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

static const char *guess(const struct field *f)
{
    static const char *const words[FT_COUNT][2] = {
        [FT_TEXT] = {"Ștefan", "x"},
        [FT_AREA] = {"Un text.\nDouă rânduri.", "?"},
        [FT_DATE] = {"1990-01-01", "2199-12-31"},
        [FT_TIME] = {"08:30", "23:59"},
        [FT_INT] = {"1", "20"},
        [FT_DECIMAL] = {"12,5", "3"},
        [FT_CNP] = {"2900101120015", "1"},
        [FT_CUI] = {"RO14399840", "RO 14399840"},
        [FT_PLATE] = {"cj-07-abc", "CJ07ABC"},
        [FT_PHONE] = {"0722 123 456", "+40722123456"},
        [FT_EMAIL] = {"a@example.ro", "Ana.Pop@Example.RO"},
        [FT_ADDRESS] = {"Turda, str. Mihai 3", "Dej"},
        [FT_LOCALITY] = {"Turda", "Dej"},
        [FT_BOOL] = {"true", "true"},
    };
    if (!f->required && dice(3) == 0)
        return "";
    if (f->n_options)
        return f->options[dice((unsigned)f->n_options)].id;
    static char least[24];
    snprintf(least, sizeof(least), "%lld", (long long)(f->min ? f->min : 1));
    if (f->type == FT_INT)
        return least;
    const char *w = words[f->type][dice(4) == 0];
    return w ? w : "";
}

/* One page. False: the page was refused, and says at a field of its own why. */
static bool turn(struct rig *r)
{
    struct form_page pages[PAGES_MAX];
    BUF_SCOPE(b);
    size_t n = form_now(r->flow, pages);
    assert_true(n > 0);
    const struct form_page *p = &pages[r->flow->s->page];
    if (p->fields[0]->type == FT_FILE && (p->fields[0]->required || dice(2))) {
        rig_must(r, "/v1/scan/skip", "{}");
        return true;
    }
    buf_str(&b, "{\"values\":{");
    for (size_t i = 0, k = 0; i < p->n; i++) {
        if (p->fields[i]->type == FT_NOTE || p->fields[i]->type == FT_FILE)
            continue;
        buf_str(&b, k++ ? "," : "");
        json_quote(&b, p->fields[i]->id);
        buf_chr(&b, ':');
        json_quote(&b, guess(p->fields[i]));
    }
    buf_str(&b, "}}");
    rig_do(r, "/v1/form/answer", b.p);
    if (r->rc != RC_OK)
        fail_msg("%s: %s %s", r->flow->s->service->id, r->err.text, b.p);
    if (r->status == 200)
        return true;
    for (size_t i = 0; i < r->flow->s->n_errors; i++) {
        const char *id = r->flow->s->errors[i].field;
        bool here = strcmp(id, p->fields[0]->id) == 0 || (p->n > 1 && strcmp(id, p->fields[1]->id) == 0);
        if (!here)
            fail_msg("%s: the page of %s is refused for %s", r->flow->s->service->id, p->fields[0]->id, id);
    }
    return false;
}

static void check_filed(struct rig *r)
{
    struct err e = {0};
    struct queue_item item;
    struct submission sub;
    struct request req;
    ARENA_SCOPE(a);
    assert_int_equal(queue_get(r->queue, a, r->filed_id, &item, &e), RC_OK);
    if (submission_read(a, &(struct rulebook){&r->catalog, r->i18n}, BYTES(item.body, item.len), &sub, &req,
                        &e) != RC_OK)
        fail_msg("the register would refuse it: %s\n%s", e.text, item.body);
}

/* Returns false when the dice never found a way (a question whose only right answer is one of many). */
static bool walk(struct rig *r, const struct service *s)
{
    rig_to(r, STEP_FORM, s->id);
    for (int i = 0, same = 0; i < 400 && flow_step(r->flow) == STEP_FORM; i++) {
        size_t page = r->flow->s->page;
        bool went = turn(r);
        same = went && flow_step(r->flow) == STEP_FORM && r->flow->s->page == page ? same + 1 : 0;
        if (same > 40)
            fail_msg("%s: \"continue\" on page %zu is taken and leads nowhere", s->id, page);
        if (dice(12) == 0 && flow_step(r->flow) == STEP_FORM && r->flow->s->page > 0)
            rig_must(r, "/v1/session/back", "{}");
    }
    bool through = flow_step(r->flow) == STEP_REVIEW;
    if (through) {
        rig_to(r, STEP_FILING, s->id);
        check_filed(r);
        flow_waits(r->flow, r->filed_id);
    }
    flow_end(r->flow, "test");
    return through;
}

static void test_services(void **state)
{
    (void)state;
    static struct rig r;
    rig_open(&r, NULL, NULL, NULL);
    size_t walks = 0, through = 0;
    for (size_t i = 0; i < r.catalog.n; i++) {
        const struct service *s = &r.catalog.services[i];
        size_t before = through;
        for (unsigned k = 0; (s->channels & CH_KIOSK) && k < 8; k++, walks++) {
            seed = (unsigned)(i * 100 + k + 1);
            through += walk(&r, s);
        }
        if ((s->channels & CH_KIOSK) && through == before)
            fail_msg("%s: no way through", s->id);
    }
    printf("services: %zu walks, %zu filed\n", walks, through);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cleared),      cmocka_unit_test(test_two_cards),
        cmocka_unit_test(test_card_gone),    cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_refused_late), cmocka_unit_test(test_language),
        cmocka_unit_test(test_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
