/* A signature as a PNG. */
#ifndef PRIDVOR_RASTER_INK_H
#define PRIDVOR_RASTER_INK_H

#include "common/model/signature.h"

/* Dark blue on white, cut to the ink, `width` dots wide (16 to 4096). RC_BAD_FIELD: no strokes. */
MUST enum rc raster_ink(const struct ink *s, int width, struct buf *out, struct err *e);

#endif
