/* A folder of a page's files, read once at start: what is asked for is looked up by its name, so no path
 * leads to the disk. Hidden files, links and what no browser asks for (maps, notes) are left out. */
#ifndef PRIDVOR_ASSETS_H
#define PRIDVOR_ASSETS_H

#include "common/base/arena.h"
#include "common/base/err.h"

#define ASSET_ETAG 35

struct asset {
    const char *path; /* "/assets/kiosk.js" */
    const char *type;
    const char *body;
    size_t len;
    char etag[ASSET_ETAG]; /* with its quotes (RFC 9110 8.8.3), from the content */
};
struct assets {
    struct asset *items;
    size_t n;
};

MUST enum rc assets_load(struct arena *a, const char *dir, struct assets *out, struct err *e);
const struct asset *assets_find(const struct assets *s, const char *path); /* "/" is "/index.html"; NULL */

#endif
