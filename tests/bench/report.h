/* Figures of a benchmark: printed, and one JSON line each in a file: {"name","value","unit","note"}. */
#ifndef PRIDVOR_BENCH_REPORT_H
#define PRIDVOR_BENCH_REPORT_H

#include <stddef.h>

enum { SERIES_MAX = 64 };
struct series {
    double v[SERIES_MAX];
    size_t n;
};

void series_add(struct series *s, double v);
double series_median(const struct series *s);
double series_min(const struct series *s);
double series_max(const struct series *s);

void report_open(const char *path); /* NULL: print only */
void report(const char *name, double value, const char *unit, const char *note);
/* Median, with the range in the note. */
void report_series(const char *name, const struct series *s, const char *unit, const char *note);

#endif
