/* Pages as JPEG. The only user of libjpeg among the drivers. */
#ifndef PRIDVOR_SCAN_PACK_H
#define PRIDVOR_SCAN_PACK_H

#include "common/base/arena.h"
#include "drivers/scan/frame.h"

/* Baseline JPEG with the density set (JFIF), quality 1..100. */
MUST enum rc pack_jpeg(const struct picture *p, int quality, struct buf *out, struct err *e);
/* At most `limit` bytes where that is possible: the quality falls, then the shades of the paper go to white,
 * at last the picture is halved to 150 dpi (p and its pixels change with it). keep_shades: a photo or an
 * identity card, never whitened, never halved. paper: the page's own white, of quality_check(). */
struct pack_fit_rule {
    size_t limit;
    bool keep_shades;
    int paper;
};
MUST enum rc pack_fit(struct picture *p, const struct pack_fit_rule *fit, struct buf *out, struct err *e);
/* Grey, whatever it was. RC_PROTOCOL: no JPEG, or larger than a page can be. px is of the arena. */
MUST enum rc pack_grey(struct arena *a, const void *jpeg, size_t len, struct picture *out, struct err *e);

#endif
