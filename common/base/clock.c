#include "common/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)

static int64_t now_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t mono_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t mono_ms(void)
{
    return mono_us() / 1000;
}

int64_t unix_ms(void)
{
    return now_us(CLOCK_REALTIME) / 1000;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Gregorian calendar <-> day number, counted in 400-year eras that begin on 1 March (leap day last). */
int64_t date_days(struct date d)
{
    int64_t y = d.m <= 2 ? d.y - 1 : d.y;
    int64_t era = floor_div(y, 400);
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (d.m + (d.m > 2 ? -3 : 9)) + 2) / 5 + d.d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static struct date date_of_days(int64_t days)
{
    days += 719468;
    int64_t era = floor_div(days, 146097);
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int m = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct date){(int)(yoe + era * 400 + (m <= 2)), m, (int)(doy - (153 * mp + 2) / 5 + 1)};
}

/* 01:00 UTC on the last Sunday of a month with 31 days. */
static int64_t change_ms(int year, int month)
{
    struct date last = {year, month, 31};
    int64_t days = date_days(last) - date_weekday(last) % 7;
    return days * DAY_MS + HOUR_MS;
}

static int64_t local_ms(int64_t utc_ms)
{
    int year = date_of_days(floor_div(utc_ms, DAY_MS)).y;
    bool summer = utc_ms >= change_ms(year, 3) && utc_ms < change_ms(year, 10);
    return utc_ms + (summer ? 3 : 2) * HOUR_MS;
}

struct date date_of_ms(int64_t utc_ms)
{
    return date_of_days(floor_div(local_ms(utc_ms), DAY_MS));
}

void time_of_ms(int64_t utc_ms, int *hour, int *minute)
{
    int64_t local = local_ms(utc_ms);
    int64_t of_day = local - floor_div(local, DAY_MS) * DAY_MS;
    *hour = (int)(of_day / HOUR_MS);
    *minute = (int)(of_day % HOUR_MS / 60000);
}

/* n decimal digits of v. */
static void digits(char *out, int64_t v, int n)
{
    for (int i = n - 1; i >= 0; i--, v /= 10)
        out[i] = (char)('0' + v % 10);
}

static void put_date(char *out, struct date d)
{
    digits(out, d.y < 0 ? 0 : d.y, 4);
    out[4] = '-';
    digits(out + 5, d.m, 2);
    out[7] = '-';
    digits(out + 8, d.d, 2);
}

void iso_utc(char out[25], int64_t utc_ms)
{
    int64_t day = floor_div(utc_ms, DAY_MS);
    int64_t ms = utc_ms - day * DAY_MS;
    put_date(out, date_of_days(day));
    memcpy(out + 10, "T00:00:00.000Z", 15);
    digits(out + 11, ms / HOUR_MS, 2);
    digits(out + 14, ms / 60000 % 60, 2);
    digits(out + 17, ms / 1000 % 60, 2);
    digits(out + 20, ms % 1000, 3);
}

/* Compares with a picture: '9' stands for any digit. */
static bool looks_like(const char *s, const char *picture)
{
    for (; *picture != '\0'; s++, picture++)
        if (*picture == '9' ? *s < '0' || *s > '9' : *s != *picture)
            return false;
    return *s == '\0';
}

static int number(const char *s, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++)
        v = v * 10 + (s[i] - '0');
    return v;
}

enum rc iso_utc_parse(const char *s, int64_t *out, struct err *e)
{
    if (s == NULL || !looks_like(s, "9999-99-99T99:99:99.999Z"))
        return err_set(e, RC_BAD_FIELD, "not a time like 2026-11-22T08:15:00.123Z");
    struct date d = {number(s, 4), number(s + 5, 2), number(s + 8, 2)};
    int hour = number(s + 11, 2), minute = number(s + 14, 2), second = number(s + 17, 2);
    if (!date_valid(d) || hour > 23 || minute > 59 || second > 59)
        return err_set(e, RC_BAD_FIELD, "no such time");
    *out = date_days(d) * DAY_MS + hour * HOUR_MS + minute * 60000 + second * 1000 + number(s + 20, 3);
    return RC_OK;
}

void date_iso(char out[11], struct date d)
{
    put_date(out, d);
    out[10] = '\0';
}

void date_ro(char out[11], struct date d)
{
    digits(out, d.d, 2);
    out[2] = '.';
    digits(out + 3, d.m, 2);
    out[5] = '.';
    digits(out + 6, d.y, 4);
    out[10] = '\0';
}

bool date_parse(const char *s, struct date *out)
{
    if (s == NULL || !looks_like(s, "9999-99-99"))
        return false;
    struct date d = {number(s, 4), number(s + 5, 2), number(s + 8, 2)};
    if (!date_valid(d))
        return false;
    *out = d;
    return true;
}

bool date_valid(struct date d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (d.y < 1 || d.y > 9999 || d.m < 1 || d.m > 12 || d.d < 1)
        return false;
    bool leap = (d.y % 4 == 0 && d.y % 100 != 0) || d.y % 400 == 0;
    return d.d <= days[d.m - 1] + (d.m == 2 && leap);
}

struct date date_add(struct date d, int64_t days)
{
    return date_of_days(date_days(d) + days);
}

int date_weekday(struct date d)
{
    int64_t n = date_days(d) + 3; /* 1970-01-01 was a Thursday */
    return (int)(n - floor_div(n, 7) * 7) + 1;
}

int date_cmp(struct date a, struct date b)
{
    int64_t x = date_days(a), y = date_days(b);
    return (x > y) - (x < y);
}
