/* The pad model's table of reports. */
#ifndef PRIDVOR_TESTS_PAD_REPORT_H
#define PRIDVOR_TESTS_PAD_REPORT_H

#include "tests/devices/pad.h"

struct pad_report {
    uint8_t id;
    int total; /* with the id */
    bool in;   /* input report, else feature */
    unsigned needs;
    void (*get)(struct pad *d, uint8_t *out); /* out: the bytes after the id, zeroed; NULL: as it was set */
    uint8_t (*set)(struct pad *d, const uint8_t *p); /* returns an error code; NULL: kept */
};
extern const struct pad_report pad_reports[]; /* id 0 ends it */
int pad_report_length(const struct pad_kind *k, const struct pad_report *r);
bool pad_has_report(const struct pad_kind *k, const struct pad_report *r);

#endif
