/* Civil dates in Bucharest, against the C library (UTC days) and hand-known edges. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "common/base/clock.h"

#define S INT64_C(1000)

static void every_day(void **state)
{
    (void)state;
    struct date d = {1970, 1, 1};
    for (int64_t n = 0; n < 47847; n++) { /* to 2100-12-31 */
        time_t t = (time_t)(n * 86400);
        struct tm tm;
        gmtime_r(&t, &tm);
        assert_true(date_valid(d));
        assert_int_equal(d.y, tm.tm_year + 1900);
        assert_int_equal(d.m, tm.tm_mon + 1);
        assert_int_equal(d.d, tm.tm_mday);
        assert_int_equal(date_days(d), n);
        assert_int_equal(date_weekday(d), tm.tm_wday == 0 ? 7 : tm.tm_wday);
        d = date_add(d, 1);
    }
    assert_int_equal(date_cmp(d, (struct date){2101, 1, 1}), 0);
    assert_int_equal(date_cmp(date_add(d, -47847), (struct date){1970, 1, 1}), 0);
}

static void validity(void **state)
{
    static const struct {
        const char *s;
        bool ok;
    } rows[] = {{"2024-02-29", true},  {"2026-02-29", false},  {"2000-02-29", true},  {"2100-02-29", false},
                {"2026-04-31", false}, {"2026-13-01", false},  {"2026-00-01", false}, {"2026-01-00", false},
                {"2026-1-01", false},  {"2026-01-011", false}, {"", false},           {"0000-01-01", false}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct date d;
        assert_int_equal(date_parse(rows[i].s, &d), rows[i].ok);
    }
}

static void summer_time(void **state)
{
    static const struct {
        const char *utc;
        int y, m, d, hour, minute;
    } rows[] = {
        {"2026-03-29T00:59:59.999Z", 2026, 3, 29, 2, 59},
        {"2026-03-29T01:00:00.000Z", 2026, 3, 29, 4, 0},
        {"2026-10-25T00:59:59.999Z", 2026, 10, 25, 3, 59},
        {"2026-10-25T01:00:00.000Z", 2026, 10, 25, 3, 0},
        {"2026-11-22T08:15:00.123Z", 2026, 11, 22, 10, 15},
        {"2026-12-31T21:59:59.000Z", 2026, 12, 31, 23, 59},
        {"2026-12-31T22:00:00.000Z", 2027, 1, 1, 0, 0},
        {"2026-07-01T20:59:00.000Z", 2026, 7, 1, 23, 59},
        {"2026-07-01T21:00:00.000Z", 2026, 7, 2, 0, 0},
        {"2024-03-31T01:00:00.000Z", 2024, 3, 31, 4, 0},
        {"2027-10-31T00:30:00.000Z", 2027, 10, 31, 3, 30},
        {"2027-10-31T01:30:00.000Z", 2027, 10, 31, 3, 30},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t ms;
        int hour, minute;
        assert_int_equal(iso_utc_parse(rows[i].utc, &ms, NULL), RC_OK);
        struct date d = date_of_ms(ms);
        time_of_ms(ms, &hour, &minute);
        assert_int_equal(date_cmp(d, (struct date){rows[i].y, rows[i].m, rows[i].d}), 0);
        assert_int_equal(hour, rows[i].hour);
        assert_int_equal(minute, rows[i].minute);
    }
}

static void iso(void **state)
{
    static const char *const bad[] = {"2026-11-22T08:15:00Z",      "2026-11-22 08:15:00.123Z",
                                      "2026-02-30T08:15:00.123Z",  "2026-11-22T24:00:00.000Z",
                                      "2026-11-22T23:60:00.000Z",  "2026-11-22T23:59:60.000Z",
                                      "2026-11-22T08:15:00.123Z ", "2026-11-22T08:15:00.123"};
    int64_t ms;
    char out[25];
    (void)state;
    for (int64_t t = 0; t < INT64_C(4133980800000); t += INT64_C(86399999) * 31) {
        iso_utc(out, t);
        assert_int_equal(iso_utc_parse(out, &ms, NULL), RC_OK);
        assert_int_equal(ms, t);
    }
    iso_utc(out, 1795335300123);
    assert_string_equal(out, "2026-11-22T08:15:00.123Z");
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(iso_utc_parse(bad[i], &ms, NULL), RC_BAD_FIELD);
    date_iso(out, (struct date){2026, 1, 2});
    assert_string_equal(out, "2026-01-02");
    date_ro(out, (struct date){2026, 1, 2});
    assert_string_equal(out, "02.01.2026");
}

/* The rule, against the time zone data of the machine where it has some. */
static void against_tzdata(void **state)
{
    (void)state;
    setenv("TZ", "Europe/Bucharest", 1);
    tzset();
    time_t probe = 1784073600; /* July 2026 */
    struct tm tm;
    localtime_r(&probe, &tm);
    if (tm.tm_gmtoff != 10800)
        skip();
    for (time_t t = 852076800; t < 2145916800;
         t += 3557) { /* 1997, when Romania took the rule over, to 2037 */
        int hour, minute;
        localtime_r(&t, &tm);
        struct date d = date_of_ms(t * S);
        time_of_ms(t * S, &hour, &minute);
        assert_int_equal(d.d, tm.tm_mday);
        assert_int_equal(d.m, tm.tm_mon + 1);
        assert_int_equal(hour, tm.tm_hour);
        assert_int_equal(minute, tm.tm_min);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_day), cmocka_unit_test(validity),
                                       cmocka_unit_test(summer_time), cmocka_unit_test(iso),
                                       cmocka_unit_test(against_tzdata)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
