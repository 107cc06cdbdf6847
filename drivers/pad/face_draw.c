#include "drivers/apart.h"
#include "drivers/pad/face.h"

#include <string.h>

#define DRAW_MS 4000 /* it takes about 20 */

struct drawing {
    const struct face_text *text;
    const struct screen_size *size;
};

/* The face as it stands, its pictures behind it. */
static enum rc draw(const void *arg, struct buf *out, struct err *e)
{
    const struct drawing *w = arg;
    struct face f;
    ARENA_SCOPE(a);
    TRY(face_make(a, w->text, w->size, &f, e));
    buf_add(out, &f, sizeof f);
    for (size_t i = 0; i < f.n; i++)
        bitmap_put(f.part[i].bits, out);
    return RC_OK;
}

enum rc face_draw(struct arena *a, const struct face_text *t, const struct screen_size *size,
                  struct face *out, struct err *e)
{
    const struct drawing w = {t, size};
    BUF_SCOPE(bytes);
    struct face f = {0};
    TRY(apart_run(draw, &w, DRAW_MS, &bytes, e));
    if (bytes.len < sizeof f)
        return err_set(e, RC_INTERNAL, "a screen that is not whole");
    memcpy(&f, bytes.p, sizeof f);
    struct bytes left = BYTES(bytes.p + sizeof f, bytes.len - sizeof f);
    if (f.n > FACE_PARTS)
        return err_set(e, RC_INTERNAL, "a screen of too many parts");
    for (size_t i = 0; i < f.n; i++) {
        struct bitmap *b = NULL;
        TRY(bitmap_take(a, &left, &b, e));
        f.part[i].bits = b;
    }
    *out = f;
    return RC_OK;
}
