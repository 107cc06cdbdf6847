/* The quality check against drawn pages: what is good passes, what is not is named; the rates are printed. */
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "drivers/scan/pack.h"
#include "drivers/scan/quality.h"
#include "tests/devices/scan_pages.h"

static struct quality judge(const struct page_ask *ask, struct picture *out)
{
    static struct arena *a;
    arena_free(a);
    a = arena_new();
    struct picture p = page_draw(a, ask);
    struct quality q;
    ARENA_SCOPE(scratch);
    quality_check(&p, scratch, &q);
    if (getenv("SCAN_SHOW"))
        printf("  %-6s seed %u turn %5.1f blur %3.1f paper %3.0f ink %3.0f cut %2.0f noise %2.0f -> hints "
               "%02x skew %d paper "
               "%d ink %d tiles %d sharp %d cut %d text %d\n",
               page_kind_names[ask->kind], ask->seed, ask->turn, ask->blur, ask->paper, ask->ink, ask->cut_mm,
               ask->noise, q.hints, q.skew_tenths, q.paper, q.ink, q.ink_tiles, q.sharp_permille, q.cut_runs,
               q.text);
    if (out)
        *out = p;
    return q;
}

struct rate {
    int cases, wrong;
};

static void count(struct rate *r, bool right)
{
    r->cases++;
    r->wrong += !right;
}

static void say(const char *what, const struct rate *r, int allowed_percent)
{
    printf("quality: %-42s %3d of %3d wrong\n", what, r->wrong, r->cases);
    assert_true(r->wrong * 100 <= r->cases * allowed_percent);
}

static const enum page_kind written[] = {PAGE_TEXT, PAGE_LETTER, PAGE_FORM, PAGE_CERT, PAGE_CARD, PAGE_PHOTO};

/* Good pages: a degree askew, a soft scanner, noise, greyish paper. Nothing may be complained about. */
static void test_good(void **state)
{
    (void)state;
    struct rate all = {0};
    const struct page_ask ways[] = {{0},
                                    {.noise = 4},
                                    {.blur = 0.9, .noise = 3},
                                    {.turn = 1},
                                    {.turn = -1.5, .noise = 3},
                                    {.paper = 215, .ink = 50, .noise = 3},
                                    {.paper = 254, .ink = 90}};
    for (size_t k = 0; k < COUNT(written); k++)
        for (size_t i = 0; i < COUNT(ways); i++) {
            struct page_ask ask = ways[i];
            ask.kind = written[k];
            ask.seed = (unsigned)i;
            count(&all, judge(&ask, NULL).hints == 0);
        }
    say("good pages complained about", &all, 0);
}

static void hint(const char *what, const struct page_ask *ways, size_t n, unsigned bit, int percent)
{
    struct rate r = {0};
    for (size_t k = 0; k < COUNT(written); k++)
        for (size_t i = 0; i < n; i++) {
            struct page_ask ask = ways[i];
            ask.kind = written[k];
            ask.seed = (unsigned)i + 3;
            count(&r, judge(&ask, NULL).hints & bit);
        }
    say(what, &r, percent);
}

static void test_blur(void **state)
{
    (void)state;
    const struct page_ask ways[] = {{.blur = 4.5}, {.blur = 6}, {.blur = 9, .noise = 3}};
    hint("blurred pages not noticed", ways, COUNT(ways), HINT_BLUR, 0);
}

static void test_dark(void **state)
{
    (void)state;
    const struct page_ask dark[] = {{.paper = 110, .ink = 15, .dpi = 150},
                                    {.paper = 70, .ink = 10, .noise = 4, .dpi = 150}};
    const struct page_ask light[] = {{.paper = 252, .ink = 195, .dpi = 150},
                                     {.paper = 250, .ink = 205, .noise = 2, .dpi = 150}};
    hint("dark pages not noticed", dark, COUNT(dark), HINT_DARK, 0);
    hint("faint pages not noticed", light, COUNT(light), HINT_LIGHT | HINT_BLANK, 10);
}

static void test_blank(void **state)
{
    (void)state;
    struct rate r = {0};
    for (unsigned seed = 0; seed < 12; seed++) {
        struct page_ask ask = {
            .kind = PAGE_BLANK, .seed = seed, .noise = seed % 3 * 3, .paper = seed % 2 ? 230 : 0, .ink = 60};
        count(&r, (judge(&ask, NULL).hints & HINT_BLANK) != 0);
    }
    say("empty pages with dust not noticed", &r, 0);
}

/* Angles: within three tenths of the truth; told from three degrees on. */
static void test_skew(void **state)
{
    (void)state;
    struct rate told = {0}, angle = {0}, quiet = {0};
    static const enum page_kind kinds[] = {PAGE_TEXT, PAGE_LETTER, PAGE_FORM, PAGE_CERT};
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (int d = -10; d <= 10; d += abs(d) > 4 ? 2 : 1) {
            struct page_ask ask = {
                .kind = kinds[k], .dpi = 150, .turn = d, .seed = (unsigned)(d + 10), .noise = 2};
            struct quality q = judge(&ask, NULL);
            count(&angle, abs(q.skew_tenths - 10 * d) <= 3);
            if (abs(d) >= 3)
                count(&told, (q.hints & HINT_SKEW) != 0);
            if (abs(d) <= 2)
                count(&quiet, !(q.hints & HINT_SKEW));
        }
    say("angles off by more than 0.3 degrees", &angle, 5);
    say("pages of 3 to 10 degrees not noticed", &told, 0);
    say("pages within 2 degrees complained about", &quiet, 0);
}

static void test_cut(void **state)
{
    (void)state;
    struct rate r = {0};
    static const enum page_kind kinds[] = {PAGE_TEXT, PAGE_FORM, PAGE_CERT};
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (int i = 0; i < 4; i++) {
            struct page_ask ask = {
                .kind = kinds[k], .cut_mm = 27.3 + 3.7 * i, .dpi = 150, .seed = (unsigned)i, .noise = 2};
            count(&r, (judge(&ask, NULL).hints & HINT_CUT_OFF) != 0);
        }
    say("pages cut off not noticed", &r, 10);
}

/* What a scanner may send besides A4: nothing crashes, nothing is read outside. */
static void test_odd_sizes(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    unsigned seed = 5;
    for (int i = 0; i < 400; i++) {
        seed = seed * 1103515245u + 12345u;
        int w = 1 + (int)(seed >> 8) % 700, h = 1 + (int)(seed >> 16) % 700, dpi = (int)(seed >> 3) % 1300;
        struct picture p = {malloc((size_t)w * (size_t)h), w, h, 1, dpi};
        for (int k = 0; k < w * h; k++)
            p.px[k] = (uint8_t)(k * (int)(seed & 31) >> 2);
        struct quality q;
        quality_check(&p, a, &q);
        free(p.px);
        arena_reset(a);
    }
}

/* Every reference page fits into its limit, also with the grain of a real sensor; and opens again. */
static void test_size(void **state)
{
    (void)state;
    size_t largest = 0;
    for (size_t k = 0; k < COUNT(written); k++)
        for (int noise = 0; noise <= 8; noise += 4) {
            struct page_ask ask = {.kind = written[k], .noise = noise, .blur = 0.7, .paper = 238, .ink = 40};
            struct picture p, back;
            struct quality q = judge(&ask, &p);
            struct pack_fit_rule rule = {300000, false, q.paper};
            struct err e = {0};
            BUF_SCOPE(out);
            ARENA_SCOPE(a);
            assert_int_equal(pack_fit(&p, &rule, &out, &e), RC_OK);
            largest = out.len > largest ? out.len : largest;
            assert_true(out.len <= 300000);
            assert_int_equal(pack_grey(a, out.p, out.len, &back, &e), RC_OK);
            assert_int_equal(back.w, p.w);
            assert_int_equal(back.dpi, p.dpi);
            if (getenv("SCAN_SHOW"))
                printf("  %s noise %d: %zu bytes, %d dpi\n", page_kind_names[ask.kind], noise, out.len,
                       p.dpi);
        }
    printf("pages: the largest of the reference pages has %zu bytes\n", largest);
}

static void test_text_flag(void **state)
{
    (void)state;
    static const bool text[PAGE_KINDS] = {true, true, true, true, false, false, false};
    for (size_t k = 0; k < COUNT(written); k++) {
        if (written[k] == PAGE_CERT)
            continue; /* its stamp may count as a shade or not */
        struct page_ask ask = {.kind = written[k], .noise = 3};
        assert_int_equal(judge(&ask, NULL).text, text[written[k]]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),  cmocka_unit_test(test_blur),      cmocka_unit_test(test_dark),
        cmocka_unit_test(test_blank), cmocka_unit_test(test_skew),      cmocka_unit_test(test_cut),
        cmocka_unit_test(test_size),  cmocka_unit_test(test_text_flag), cmocka_unit_test(test_odd_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
