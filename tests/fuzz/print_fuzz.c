/* Printers: the stream in one piece and in pieces must give the same events. The first byte is not used. */
#include "drivers/print/profile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void events(const uint8_t *p, size_t n, size_t piece, struct buf *out)
{
    struct escpos_demux d = {0};
    struct escpos_status s = {0};
    struct escpos_event ev;
    for (uint8_t q = 1; q <= 4; q++)
        escpos_asked(&d, q);
    escpos_asked(&d, ESCPOS_CUSTOM_FULL);
    escpos_asked(&d, ESCPOS_CUSTOM_ROLL);
    for (size_t i = 0; i < n; i++) {
        escpos_put(&d, p[i]);
        if ((i + 1) % piece != 0 && i + 1 < n && d.len < ESCPOS_BLOCK_MAX)
            continue;
        while (escpos_next(&d, &ev)) {
            escpos_merge(&s, &ev);
            buf_fmt(out, "%d %d ", ev.kind, ev.n);
            buf_add(out, ev.data, ev.len);
        }
    }
    buf_add(out, &s, sizeof s);
    buf_add(out, &d.noise, sizeof d.noise);
}

static void printer(const uint8_t *p, size_t n)
{
    char value[16];
    printer_id_value((const char *)p, n, "MDL", value, sizeof value);
    BUF_SCOPE(whole);
    events(p, n, 1, &whole);
    for (size_t piece = 2; piece <= 64; piece += piece < 8 ? 1 : piece) {
        BUF_SCOPE(split);
        events(p, n, piece, &split);
        if (split.len != whole.len || memcmp(split.p, whole.p, whole.len) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    printer(data + 1, size - 1);
    return 0;
}
