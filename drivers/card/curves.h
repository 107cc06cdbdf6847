/* The elliptic curves of identity documents (ICAO 9303-11 9.5.1), all of cofactor 1. A certificate or a chip
 * may spell its curve out; it counts only when every number is that of a row here. Nothing is ever computed
 * with numbers that came from outside (the class of CVE-2020-0601). */
#ifndef PRIDVOR_CARD_CURVES_H
#define PRIDVOR_CARD_CURVES_H

#include "common/base/base.h"

struct curve {
    int id;     /* standardised domain parameters: 8 .. 18 */
    size_t len; /* bytes of a number: field, coordinate and order all have this length */
    unsigned bits;
    const char *name;
    struct bytes oid; /* content bytes */
    const uint8_t *p, *a, *b, *gx, *gy, *n;
};

struct curve_values {
    struct bytes p, a, b, n; /* big endian, zeros in front allowed */
    struct bytes g;          /* 04 x y, or 02/03 x */
};

const struct curve *curve_by_id(int parameter_id); /* NULL: unknown; so below */
const struct curve *curve_by_oid(const void *oid, size_t len);
const struct curve *curve_by_values(const struct curve_values *v);

/* crypto_group.c: the group of mbedTLS for a row, loaded once per process and kept (it holds no secret); NULL
 * when memory is out. Rows that mbedTLS does not have built in are filled from the table. */
struct mbedtls_ecp_group;
struct mbedtls_ecp_group *curve_group(const struct curve *c);

#endif
