/* A ZIP of files as they are (APPNOTE 6.3.3, method 0): what a person takes home opens anywhere. Names are
 * ASCII. Files at rest are named in it and read when it goes out. */
#ifndef PRIDVOR_ZIP_H
#define PRIDVOR_ZIP_H

#include "backend/parts.h"

struct zip {
    struct parts out;
    struct buf index;
    unsigned n;
};
enum { ZIP_FILES_MAX = 65535 };
#define ZIP_FILES "ZIP_FILES" /* code of RC_TOO_BIG: one file more than that; else it is more than 4 GiB */
/* What is refused is not in it, and what was there before stays good. */
MUST enum rc zip_add(struct zip *z, const char *name, struct bytes b, struct err *e);
/* A file of the store, looked at on the way. */
MUST enum rc zip_lay(struct zip *z, const char *name, struct store_reader *file, const char *hex,
                     struct err *e);
void zip_end(struct zip *z); /* out is whole */
void zip_free(struct zip *z);

uint32_t crc32_of(const void *p, size_t n); /* of ZIP and PNG */

#endif
