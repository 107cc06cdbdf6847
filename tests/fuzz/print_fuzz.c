/* First byte: what the rest is. Printers: the stream in one piece and in pieces must give the same events.
 * Pads: reports, and samples that become strokes. */
#include "drivers/pad/stroke.h"
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

static void pad(const uint8_t *p, size_t n)
{
    static struct stroke_point points[STROKE_SAMPLES_MAX];
    struct strokes s = {.points = points};
    struct stu_capability cap = {9600, 6000, 1023, 320, 200, 200, 2540, 0}, read;
    struct stu_status status;
    struct stu_sample sample;
    struct err e = {0};
    BUF_SCOPE(json);
    char model[8];
    if (stu_capability_read(p, n, &read, &e) == RC_OK)
        cap = read;
    if (stu_status_read(p, n, &status, &e) == RC_OK && status.state > 255)
        abort();
    stu_model_read(p, n, model);
    int64_t now = 0;
    for (size_t at = 0; at + 11 <= n; now += p[at] * 10, at += 11)
        if (stu_sample_read(p + at, 11, &sample, &e) == RC_OK)
            strokes_add(&s, &sample, now, &cap);
    if (strokes_judge(&s, &e) == RC_OK && s.n < STROKE_SAMPLES_MIN)
        abort();
    strokes_json(&s, &json);
    strokes_clear(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    if (data[0] & 1)
        pad(data + 1, size - 1);
    else
        printer(data + 1, size - 1);
    return 0;
}
