/* The filters of a PDF's stream, one behind the other, in pieces (ISO 32000-1, 7.4). */
#ifndef PRIDVOR_STORE_FILTER_H
#define PRIDVOR_STORE_FILTER_H

#include "backend/store.h"

enum { FILTERS_MAX = 8 };

struct filter {
    enum filter_kind { FILTER_HEX, FILTER_A85, FILTER_RUN, FILTER_LZW, FILTER_FLATE } kind;
    int predictor, colors, bits, columns; /* of LZW and Flate; predictor 1: none */
    int early;                            /* of LZW: 1, as everybody writes it, or 0 */
};
struct filtered {
    bool (*take)(void *user, const unsigned char *p, size_t n); /* false: enough */
    void *user;
    size_t max;  /* bytes that all filters together may give */
    size_t made; /* that they gave */
    bool broken; /* not to be read to its end in this way, or more than max */
};
/* What stands in the file from this byte on, through all of them. */
MUST enum rc store_filter(struct store_reader *r, size_t at, const struct filter *f, size_t n,
                          struct filtered *out, struct err *e);

#endif
