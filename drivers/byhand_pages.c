/* kdrv scan scan --out FOLDER: page-1.jpg and so on, as they come. */
#include "common/base/fs.h"
#include "common/base/text.h"
#include "drivers/byhand.h"

#include <stdio.h>
#include <string.h>

static struct {
    struct buf jpeg;
    int64_t n, bytes;
} page;

void byhand_page(const struct byhand *h, struct arena *a, const struct frame *f)
{
    struct jval *args = NULL;
    struct err e = {0};
    uint8_t *raw;
    size_t len;
    if (strcmp(f->kind, "event") != 0 || !h->args.len)
        return;
    if (strcmp(f->event, "page") == 0) {
        buf_free(&page.jpeg);
        page.n = jval_int(f->data, "n", 0);
        page.bytes = jval_int(f->data, "bytes", 0);
    }
    if (strcmp(f->event, "page_data") != 0 || jval_parse(a, h->args.p, h->args.len, &args, &e) != RC_OK)
        return;
    const char *folder = jval_str(args, "out", "");
    if (!*folder || base64_decode(a, jval_str(f->data, "b64", ""), &raw, &len, &e) != RC_OK)
        return;
    buf_add(&page.jpeg, raw, len);
    if ((int64_t)page.jpeg.len < page.bytes)
        return;
    const char *path = arena_fmt(a, "%s/page-%lld.jpg", folder, (long long)page.n);
    if (fs_mkdirs(folder, 0700, &e) != RC_OK || fs_write(path, page.jpeg.p, page.jpeg.len, 0600, &e) != RC_OK)
        fprintf(stderr, "kdrv: %s\n", e.text);
    buf_free(&page.jpeg);
}
