/* QR codes (ISO/IEC 18004), error correction level M. */
#ifndef PRIDVOR_QR_H
#define PRIDVOR_QR_H

#include "common/base/arena.h"
#include "common/base/err.h"

struct qr {
    int size;               /* modules per side, without the quiet zone */
    const uint8_t *modules; /* size * size, row by row; 1 is dark */
};

MUST enum rc qr_encode(struct arena *a, const char *text, struct qr *out, struct err *e);
/* One path on white, with the quiet zone of 4 modules; one module is one unit. */
const char *qr_svg(struct arena *a, const struct qr *q);

#endif
