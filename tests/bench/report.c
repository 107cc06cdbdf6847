#include "tests/bench/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/json.h"

static FILE *out;

void series_add(struct series *s, double v)
{
    if (s->n < SERIES_MAX)
        s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double at(const struct series *s, double share)
{
    double v[SERIES_MAX];
    if (!s->n)
        return 0;
    memcpy(v, s->v, sizeof(v[0]) * s->n);
    qsort(v, s->n, sizeof(v[0]), by_value);
    return s->n % 2 == 0 && share == 0.5 ? (v[s->n / 2 - 1] + v[s->n / 2]) / 2
                                         : v[(size_t)(share * (double)(s->n - 1))];
}

double series_median(const struct series *s)
{
    return at(s, 0.5);
}

double series_min(const struct series *s)
{
    return at(s, 0);
}

double series_max(const struct series *s)
{
    return at(s, 1);
}

void report_open(const char *path)
{
    out = path ? fopen(path, "ae") : NULL;
    if (path && !out)
        perror(path);
}

void report(const char *name, double value, const char *unit, const char *note)
{
    BUF_SCOPE(line);

    printf("%-44s %12.2f %-8s %s\n", name, value, unit, note);
    fflush(stdout);
    if (!out)
        return;
    buf_str(&line, "{\"name\":");
    json_quote(&line, name);
    buf_fmt(&line, ",\"value\":%.4g,\"unit\":", value);
    json_quote(&line, unit);
    buf_str(&line, ",\"note\":");
    json_quote(&line, note);
    fprintf(out, "%s}\n", line.p);
    fflush(out);
}

void report_series(const char *name, const struct series *s, const char *unit, const char *note)
{
    char text[200];
    snprintf(text, sizeof(text), "[%.2f - %.2f, %zu rounds]%s%s", series_min(s), series_max(s), s->n,
             note[0] ? " " : "", note);
    report(name, series_median(s), unit, text);
}
