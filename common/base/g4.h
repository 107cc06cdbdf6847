/* ITU-T T.6 ("Group 4") for bilevel pictures: lossless, about 40 KB for a page of text at 300 dpi. */
#ifndef PRIDVOR_G4_H
#define PRIDVOR_G4_H

#include "common/base/buf.h"
#include "common/base/jpeg.h"

/* Adds the coded picture with its end-of-facsimile-block; in PDF: /K -1 /BlackIs1 true is not needed, black
 * runs are coded as black. */
void g4_encode(const struct bilevel *in, struct buf *out);

#endif
