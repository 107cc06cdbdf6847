/* A ZIP of files as they are (APPNOTE 6.3.3, method 0): what a person takes home opens anywhere. Names are
 * ASCII. */
#ifndef PRIDVOR_ZIP_H
#define PRIDVOR_ZIP_H

#include "common/base/arena.h"
#include "common/base/buf.h"

struct zip {
    struct buf out, index;
    unsigned n;
};
void zip_add(struct zip *z, const char *name, struct bytes b);
void zip_end(struct zip *z); /* out is whole */
void zip_free(struct zip *z);

uint32_t crc32_of(const void *p, size_t n); /* of ZIP and PNG */

#endif
