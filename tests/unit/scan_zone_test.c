/* Cards with made-up names are drawn, scanned and read: how many are read, and that none is read wrong. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "drivers/card/mrz.h"
#include "drivers/scan/band.h"
#include "drivers/scan/ocr.h"
#include "drivers/scan/pack.h"
#include "tests/devices/scan_pages.h"

static unsigned seed = 20261122;

static unsigned dice(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

struct card {
    char line[3][48];
    char surname[40], given[40], number[16];
};

static const char *const surnames[] = {"POPESCU", "IONESCU",    "SZABO",  "NAGY",
                                       "MURESAN", "POP",        "KOVACS", "CONSTANTINESCU",
                                       "BALAZS",  "STEFANESCU", "TIMOC",  "OZUNU"};
static const char *const givens[] = {"ANA<MARIA",   "ION",       "ISTVAN",  "ILDIKO",   "GHEORGHE",
                                     "MARIA<IOANA", "ZSUZSANNA", "DUMITRU", "OCTAVIAN", "QUINTIN"};

static void fill(char *line, size_t len)
{
    size_t n = strlen(line);
    memset(line + n, '<', len - n);
    line[len] = 0;
}

static void spaced(char *out, const char *in)
{
    for (; *in; in++)
        *out++ = *in == '<' ? ' ' : *in;
    *out = 0;
}

/* format: 2 lines of 36, 3 of 30, 2 of 44 (ICAO 9303 parts 4 to 6). */
static void make(struct card *c, int width)
{
    const char *surname = surnames[dice(COUNT(surnames))], *given = givens[dice(COUNT(givens))];
    char number[10], birth[7], expiry[7], sex = "MF"[dice(2)], all[64];
    snprintf(c->surname, sizeof c->surname, "%s", surname);
    spaced(c->given, given);
    snprintf(c->number, sizeof c->number, "%c%c%06u", 'A' + (int)dice(26), 'A' + (int)dice(26),
             dice(1000000) % 1000000);
    snprintf(number, sizeof number, "%.8s<", c->number);
    snprintf(birth, sizeof birth, "%02u%02u%02u", 40 + dice(60), 1 + dice(12), 1 + dice(28));
    snprintf(expiry, sizeof expiry, "%02u%02u%02u", 27 + dice(9), 1 + dice(12), 1 + dice(28));
    memset(c->line, 0, sizeof c->line);
    if (width == 30) {
        snprintf(c->line[0], 48, "IDROU%s%c", number, mrz_digit(number, 9));
        fill(c->line[0], 30);
        snprintf(c->line[1], 48, "%s%c%c%s%cROU", birth, mrz_digit(birth, 6), sex, expiry,
                 mrz_digit(expiry, 6));
        fill(c->line[1], 29);
        snprintf(all, sizeof all, "%s%.7s%.7s%s", c->line[0] + 5, c->line[1], c->line[1] + 8,
                 c->line[1] + 18);
        c->line[1][29] = mrz_digit(all, strlen(all));
        c->line[1][30] = 0;
        snprintf(c->line[2], 48, "%s<<%s", surname, given);
        fill(c->line[2], 30);
        return;
    }
    snprintf(c->line[0], 48, "%sROU%s<<%s", width == 44 ? "P<" : "ID", surname, given);
    fill(c->line[0], (size_t)width);
    snprintf(c->line[1], 48, "%s%cROU%s%c%c%s%c", number, mrz_digit(number, 9), birth, mrz_digit(birth, 6),
             sex, expiry, mrz_digit(expiry, 6));
    fill(c->line[1], (size_t)width - 1);
    if (width == 44)
        c->line[1][42] = '<';
    snprintf(all, sizeof all, "%.10s%.7s%s", c->line[1], c->line[1] + 13, c->line[1] + 21);
    c->line[1][width - 1] = mrz_digit(all, strlen(all));
    c->line[1][width] = 0;
}

struct tally {
    int cards, read, wrong, repaired;
};

static void one(struct tally *t, const struct card *c, struct page_ask ask)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(json);
    BUF_SCOPE(jpeg);
    struct err e = {0};
    struct picture p, back;
    char want[3][64];
    ask.kind = PAGE_CARD;
    for (int i = 0; i < 3; i++)
        ask.zone[i] = c->line[i];
    p = page_draw(a, &ask);
    assert_int_equal(pack_jpeg(&p, 80, &jpeg, &e), RC_OK);
    assert_int_equal(pack_grey(a, jpeg.p, jpeg.len, &back, &e), RC_OK);
    int64_t from = mono_ms();
    enum rc rc = ocr_zone(&back, &json, &e);
    t->cards++;
    t->read += rc == RC_OK;
    snprintf(want[0], sizeof want[0], "\"last_name\":\"%s\"", c->surname);
    snprintf(want[1], sizeof want[1], "\"first_name\":\"%s\"", c->given);
    snprintf(want[2], sizeof want[2], "\"document_number\":\"%s\"", c->number);
    bool right = rc == RC_OK;
    for (int i = 0; right && i < 3; i++)
        right = strstr(json.p, want[i]) != NULL;
    t->wrong += rc == RC_OK && !right;
    if (getenv("SCAN_SHOW"))
        printf("  %s turn %.1f noise %.0f blur %.1f: %s %lld ms %s\n  %s\n  %s\n", c->line[0], ask.turn,
               ask.noise, ask.blur,
               rc == RC_OK ? right ? "read" : "WRONG"
               : e.code    ? e.code
                           : e.text,
               (long long)(mono_ms() - from), rc == RC_OK ? json.p : "", c->line[1], c->line[2]);
}

static void test_cards(void **state)
{
    (void)state;
    static const int widths[] = {36, 36, 30, 44};
    const char *many = getenv("PRIDVOR_SCAN_CARDS");
    int cards = many ? (int)strtol(many, NULL, 10) : 16;
    struct tally t = {0};
    if (!page_has_ocr_b())
        printf("zone: no OCR-B font on this machine, drawn with another\n");
    for (int i = 0; i < cards; i++) {
        struct card c;
        make(&c, widths[i % 4]);
        struct page_ask ask = {.noise = dice(7),
                               .blur = dice(12) / 10.0,
                               .turn = (int)dice(80) / 10.0 - 4,
                               .seed = (unsigned)i,
                               .paper = 235 + dice(20),
                               .ink = 20 + dice(40)};
        one(&t, &c, ask);
    }
    printf("zone: %d of %d cards read, %d of them wrong\n", t.read, t.cards, t.wrong);
    assert_int_equal(t.wrong, 0);
    assert_true(t.read * 100 >= t.cards * 85);
}

/* Upside down and on its side. */
static void test_turned(void **state)
{
    (void)state;
    struct tally t = {0};
    static const double turns[] = {90, 180, 270};
    for (int i = 0; i < 3; i++) {
        struct card c;
        make(&c, 36);
        one(&t, &c, (struct page_ask){.turn = turns[i] + 1, .noise = 3});
    }
    printf("zone: %d of %d turned cards read\n", t.read, t.cards);
    assert_int_equal(t.wrong, 0);
    assert_true(t.read >= 2);
}

/* Pages without a zone. */
static void test_none(void **state)
{
    (void)state;
    static const enum page_kind kinds[] = {PAGE_TEXT, PAGE_FORM, PAGE_BLANK};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        ARENA_SCOPE(a);
        BUF_SCOPE(json);
        struct err e = {0};
        struct picture p = page_draw(a, &(struct page_ask){.kind = kinds[i], .dpi = 200});
        assert_int_not_equal(ocr_zone(&p, &json, &e), RC_OK);
        assert_non_null(e.code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cards),
        cmocka_unit_test(test_turned),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
