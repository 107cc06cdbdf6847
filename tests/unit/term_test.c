/* Legal terms at the edges: ends of months and years, days off, hours, what the rules cannot count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fs.h"
#include "common/model/term.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* Days of the calendar where counting goes wrong: 29 February, both ends of the year, a chain of days off,
 * the nights on which the clock is changed. Hours are the same hour of the day, as people count them. */
static void term_edges(void **state)
{
    static const struct {
        const char *rule;
        struct moment start;
        struct date due;
        int minute;
    } rows[] = {
        {"og27.answer", {{2028, 2, 29}, -1}, {2028, 3, 30}, -1}, /* begins on the leap day */
        {"og27.answer", {{2028, 1, 30}, -1}, {2028, 2, 29}, -1}, /* ends on it */
        {"og27.answer", {{2027, 1, 30}, -1}, {2027, 3, 1}, -1},  /* and there is none */
        {"cc.divorce_certificate", {{2028, 2, 25}, -1}, {2028, 3, 3}, -1},
        {"l544.answer", {{2026, 12, 20}, -1}, {2026, 12, 31}, -1}, /* the last day of the year */
        {"og27.answer", {{2026, 12, 31}, -1}, {2027, 2, 1}, -1},   /* begins on it; a Saturday */
        {"og27.answer", {{2027, 1, 1}, -1}, {2027, 2, 1}, -1},     /* begins on a holiday; a Sunday */
        {"og27.forward", {{2026, 12, 31}, -1}, {2027, 1, 5}, -1},
        {"og27.answer", {{2026, 11, 25}, -1}, {2026, 12, 28}, -1}, /* 25, 26, Sunday */
        {"cc.divorce_certificate",
         {{2026, 12, 31}, -1},
         {2027, 1, 12},
         -1}, /* 1, 2, 6, 7 January and a weekend */
        {"policy.bite_visit", {{2026, 3, 28}, 720}, {2026, 3, 29}, 720},   /* a day of 23 hours */
        {"policy.bite_visit", {{2026, 10, 24}, 720}, {2026, 10, 25}, 720}, /* of 25 */
        {"policy.bite_visit", {{2026, 3, 28}, 210}, {2026, 3, 29}, 210},   /* an hour that is not there */
        {"policy.optin", {{2028, 2, 28}, 1439}, {2028, 3, 1}, 1439},
        {"policy.optin", {{2026, 12, 31}, 1439}, {2027, 1, 2}, 1439},
    };
    struct err e = {0};
    struct terms *terms = NULL;

    (void)state;
    assert_int_equal(terms_load(arena, "configs", &terms, &e), RC_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct term t;
        char got[11], want[11];
        assert_int_equal(term_judge(arena, terms,
                                    &(struct term_ask){.rule = rows[i].rule, .start = rows[i].start}, &t, &e),
                         RC_OK);
        date_iso(got, t.due);
        date_iso(want, rows[i].due);
        if (strcmp(got, want) != 0 || t.minute != rows[i].minute)
            fail_msg("row %zu, %s: %s %d, not %s", i, rows[i].rule, got, t.minute, want);
        for (int k = 0; k < LANG_COUNT; k++)
            assert_non_null(strstr(t.calc.t[k], date_said(arena, t.due, (enum lang)k)));
    }
    /* A chain made longer by days that were declared. */
    const int64_t off[] = {date_days((struct date){2026, 12, 28}), date_days((struct date){2026, 12, 29}),
                           date_days((struct date){2026, 12, 30}), date_days((struct date){2026, 12, 31})};
    struct term t;
    assert_int_equal(term_compute(arena, terms_with(arena, terms, off, COUNT(off)), "og27.answer",
                                  (struct date){2026, 11, 25}, &t, &e),
                     RC_OK);
    assert_int_equal(date_cmp(t.due, (struct date){2027, 1, 4}), 0);
}

/* No rule of the house counts months yet; one that does is counted by Codul civil art. 2552. */
static enum rc odd_rule(const char *unit, const char *count, const char *more, struct terms **out,
                        struct err *e)
{
    char dir[] = "/tmp/pridvor-terms-XXXXXX";
    const char *rules;
    char *days;
    size_t len;

    assert_non_null(mkdtemp(dir));
    assert_int_equal(fs_read(arena, "configs/holidays.json", 1 << 20, &days, &len, e), RC_OK);
    rules = arena_fmt(arena,
                      "{\"explain\":{},\"rules\":[{\"id\":\"odd\",\"n\":%s,\"unit\":\"%s\",\"count\":"
                      "\"%s\",\"roll\":\"none\"%s}]}",
                      strcmp(count, "before") == 0 ? "3" : "1", unit, count, more);
    const char *file[] = {arena_fmt(arena, "%s/holidays.json", dir), arena_fmt(arena, "%s/terms.json", dir)};
    assert_int_equal(fs_write(file[0], days, len, 0600, e), RC_OK);
    assert_int_equal(fs_write(file[1], rules, strlen(rules), 0600, e), RC_OK);
    enum rc rc = terms_load(arena, dir, out, e);
    unlink(file[0]);
    unlink(file[1]);
    rmdir(dir);
    return rc;
}

static void term_months(void **state)
{
    static const struct {
        const char *count;
        struct date start, due;
    } rows[] = {
        {"day_after", {2027, 1, 31}, {2027, 2, 28}}, {"day_after", {2028, 1, 31}, {2028, 2, 29}},
        {"day_after", {2028, 2, 29}, {2028, 3, 29}}, {"day_after", {2026, 12, 31}, {2027, 1, 31}},
        {"free_days", {2028, 1, 30}, {2028, 2, 29}}, {"both_counted", {2027, 3, 31}, {2027, 4, 30}},
        {"before", {2028, 5, 31}, {2028, 2, 29}},    {"before", {2027, 2, 28}, {2026, 11, 28}},
    };
    static const char *const wrong[][3] = {{"weeks", "day_after", ""},
                                           {"months", "working_days", ""},
                                           {"months", "day_after", ",\"late_count\":\"hours\""},
                                           {"months", "day_after", ",\"extension\":{\"max_extra_days\":15}"},
                                           {"days", "some_day", ""}};
    struct terms *terms = NULL;
    struct err e = {0};
    struct term t;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(odd_rule("months", rows[i].count, "", &terms, &e), RC_OK);
        assert_int_equal(term_compute(arena, terms, "odd", rows[i].start, &t, &e), RC_OK);
        if (date_cmp(t.due, rows[i].due) != 0)
            fail_msg("row %zu: %d-%d-%d", i, t.due.y, t.due.m, t.due.d);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        e = (struct err){0};
        assert_int_equal(odd_rule(wrong[i][0], wrong[i][1], wrong[i][2], &terms, &e), RC_BAD_FIELD);
        assert_non_null(strstr(e.text, "term odd"));
    }
}

static void term_changes(void **state)
{
    (void)state;
    struct err e = {0};
    struct terms *terms = NULL;
    struct term t;
    char due[11];
    struct term_ask ask = {.rule = "og27.answer", .start = {{2026, 11, 27}, -1}, .reason = "cercetare"};
    assert_int_equal(terms_load(arena, "configs", &terms, &e), RC_OK);
    /* 45 days from registration, not 15 from the first due day. */
    assert_int_equal(term_judge(arena, terms, &ask, &t, &e), RC_OK);
    date_iso(due, t.due);
    assert_string_equal(due, "2027-01-11");
    assert_true(t.extended && strstr(t.why.t[LANG_RO], "cercetare"));
    /* The petition law knows no pause: days with the citizen count. */
    ask = (struct term_ask){.rule = "og27.answer", .start = {{2026, 11, 22}, -1}, .returned_days = 7};
    assert_int_equal(term_judge(arena, terms, &ask, &t, &e), RC_OK);
    assert_false(t.paused);
    date_iso(due, t.due);
    assert_string_equal(due, "2026-12-22");
    ask = (struct term_ask){.rule = "og27.forward", .start = {{2026, 11, 22}, -1}, .reason = "x"};
    assert_int_equal(term_judge(arena, terms, &ask, &t, &e), RC_STATE);
    /* 30 days more for a divorce: its rule has no other rule, only days. */
    ask = (struct term_ask){.rule = "cc.divorce_wait", .start = {{2026, 12, 2}, -1}, .reason = "x"};
    assert_int_equal(term_judge(arena, terms, &ask, &t, &e), RC_OK);
    date_iso(due, t.due);
    assert_string_equal(due, "2027-02-01"); /* 31 January is a Sunday */
    ask = (struct term_ask){.rule = "l60.gendarmes", .start = {{2026, 12, 1}, -1}};
    assert_int_equal(term_judge(arena, terms, &ask, &t, &e), RC_BAD_FIELD);
    ask = (struct term_ask){.rule = "parking.year_window", .start = {{2027, 1, 5}, -1}};
    assert_int_equal(term_judge(arena, terms, &ask, &t, &e), RC_OK);
    date_iso(due, t.due);
    assert_string_equal(due, "2027-03-31");
    /* Over midnight and month. */
    ask = (struct term_ask){.rule = "policy.bite_visit", .start = {{2026, 12, 31}, 23 * 60 + 30}};
    assert_int_equal(term_judge(arena, terms, &ask, &t, &e), RC_OK);
    date_iso(due, t.due);
    assert_string_equal(due, "2027-01-01");
    assert_int_equal(t.minute, 23 * 60 + 30);
    assert_int_equal(term_working_left(terms, (struct date){2026, 12, 23}, (struct date){2026, 12, 31}), 5);
    assert_int_equal(term_working_left(terms, (struct date){2026, 12, 31}, (struct date){2026, 12, 23}), -5);
    assert_int_equal(term_working_left(terms, (struct date){2026, 12, 25}, (struct date){2026, 12, 27}), 0);
}

/* Counted out it is the same as day by day, forwards and back, with a day that is declared twice. */
static void days_left(void **state)
{
    (void)state;
    struct err e = {0};
    struct terms *terms = NULL;
    const struct date first = {2026, 11, 20};
    const int64_t twice[] = {date_days((struct date){2026, 12, 1}), date_days((struct date){2026, 12, 7}),
                             date_days((struct date){2026, 12, 7}), date_days((struct date){2026, 12, 12})};
    assert_int_equal(terms_load(arena, "configs", &terms, &e), RC_OK);
    const struct terms *t = terms_with(arena, terms, twice, COUNT(twice));

    for (int from = 0; from < 60; from++) {
        int64_t n = 0;
        for (int to = from + 1; to < 500; to++) {
            n += term_day_off(t, date_add(first, to)) ? 0 : 1;
            assert_int_equal(term_working_left(t, date_add(first, from), date_add(first, to)), n);
        }
        n = 0;
        for (int to = from - 1; to > -500; to--) {
            n -= term_day_off(t, date_add(first, to)) ? 0 : 1;
            assert_int_equal(term_working_left(t, date_add(first, from), date_add(first, to)), n);
        }
    }
}

/* Every rule of the file can be counted from any day of four years, and no due day is a day off where it
 * rolls. */
static void every_term(void **state)
{
    (void)state;
    struct err e = {0};
    struct terms *terms = NULL;
    struct jval *file = NULL;
    size_t judged = 0;
    assert_int_equal(terms_load(arena, "configs", &terms, &e), RC_OK);
    assert_int_equal(jval_load(arena, "configs/terms.json", &file, &e), RC_OK);
    const struct jval *rules = jval_get(file, "rules");
    for (size_t i = 0; i < rules->n; i++)
        for (struct date d = {2025, 1, 1}; d.y < 2029; d = date_add(d, 1)) {
            ARENA_SCOPE(a);
            struct term t;
            struct term_ask ask = {.rule = jval_str(&rules->items[i], "id", ""), .start = {d, 600}};
            if (term_judge(a, terms, &ask, &t, &e) != RC_OK)
                fail_msg("%s: %s", ask.rule, e.text);
            bool rolls = strcmp(jval_str(&rules->items[i], "roll", ""), "next_working") == 0;
            assert_false(rolls && term_day_off(terms, t.due));
            assert_true(date_cmp(t.due, t.nominal) >= 0 && date_cmp(t.late_after, t.due) >= 0);
            judged++;
        }
    print_message("%zu rules, %zu terms\n", rules->n, judged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(term_edges), cmocka_unit_test(term_months), cmocka_unit_test(term_changes),
        cmocka_unit_test(days_left),  cmocka_unit_test(every_term),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
