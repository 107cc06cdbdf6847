#include "common/base/qr.h"

#include <errno.h>
#include <qrencode.h>

#include "common/base/buf.h"

#define QUIET 4

static void code_freep(QRcode **p)
{
    if (*p != NULL)
        QRcode_free(*p);
}

enum rc qr_encode(struct arena *a, const char *text, struct qr *out, struct err *e)
{
    QRcode *code SCOPED(code_freep) = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (code == NULL)
        return err_set(e, errno == ERANGE ? RC_TOO_BIG : RC_INTERNAL, "qr: the text does not fit");
    size_t n = (size_t)code->width * (size_t)code->width;
    uint8_t *m = arena_alloc(a, n);
    for (size_t i = 0; i < n; i++)
        m[i] = code->data[i] & 1;
    *out = (struct qr){code->width, m};
    return RC_OK;
}

const char *qr_svg(struct arena *a, const struct qr *q)
{
    BUF_SCOPE(b);
    int side = q->size + 2 * QUIET;
    buf_fmt(&b,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
            "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
            side, side, side, side);
    for (int y = 0; y < q->size; y++)
        for (int x = 0, run; x < q->size; x += run) {
            const uint8_t *row = q->modules + (size_t)y * (size_t)q->size;
            for (run = 1; x + run < q->size && row[x + run] == row[x]; run++)
                ;
            if (row[x])
                buf_fmt(&b, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
        }
    buf_str(&b, "\"/></svg>");
    return arena_strn(a, b.p, b.len);
}
