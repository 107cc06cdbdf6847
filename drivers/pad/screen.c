#include "drivers/pad/screen.h"

#include <string.h>

#include "common/base/clock.h"

#define CONTROL_MS 1000

static struct bus_setup setup(struct pad_link *p, bool get, uint8_t id, size_t len)
{
    return (struct bus_setup){get ? 0xA1 : 0x21, get ? 0x01 : 0x09, (uint16_t)(0x0300 | id),
                              bus_id(p->bus)->interface, (uint16_t)len};
}

enum rc pad_set(struct pad_link *p, const uint8_t *report, size_t len, struct err *e)
{
    uint8_t copy[256];
    struct bus_setup s = setup(p, false, report[0], len);
    memcpy(copy, report, len);
    return bus_control(p->bus, &s, copy, NULL, mono_ms() + CONTROL_MS, e);
}

enum rc pad_set1(struct pad_link *p, uint8_t id, uint8_t value, struct err *e)
{
    return pad_set(p, (const uint8_t[]){id, value}, 2, e);
}

enum rc pad_get(struct pad_link *p, uint8_t id, uint8_t *out, size_t len, size_t *got, struct err *e)
{
    struct bus_setup s = setup(p, true, id, len);
    return bus_control(p->bus, &s, out, got, mono_ms() + CONTROL_MS, e);
}

enum rc pad_status(struct pad_link *p, struct stu_status *out, struct err *e)
{
    uint8_t report[5] = {0};
    size_t got = 0;
    TRY(pad_get(p, STU_STATUS, report, sizeof(report), &got, e));
    return stu_status_read(report, got, out, e);
}

enum rc pad_order(struct pad_link *p, const uint8_t *report, size_t len, struct err *e)
{
    struct stu_status s;
    TRY(pad_set(p, report, len, e));
    TRY(pad_status(p, &s, e));
    if (s.error == 0)
        return RC_OK;
    if (s.error == 2)
        return err_code(e, RC_STATE, "PAD_STATE", s.state, "report %02x in state %d", report[0], s.state);
    return err_code(e, RC_DEVICE, "PAD_GRAPHICS", s.error, "report %02x: error %d", report[0], s.error);
}

enum rc pad_clear(struct pad_link *p, struct err *e)
{
    return pad_order(p, (const uint8_t[]){STU_CLEAR, 0}, 2, e);
}

/* One row of dots in the pad's encoding; returns its length. */
static size_t encode_row(const struct pad_link *p, const struct bitmap *b, int y, uint8_t *out)
{
    if (p->mono) {
        size_t n = (size_t)(b->w + 7) / 8;
        for (size_t i = 0; i < n; i++)
            out[i] = (uint8_t)~b->bits[(size_t)y * b->stride + i];
        return n;
    }
    for (int x = 0; x < b->w; x++)
        memset(out + 2 * x, bitmap_get(b, x, y) ? 0x00 : 0xff, 2);
    return 2 * (size_t)b->w;
}

static enum rc send_image(struct pad_link *p, const uint8_t *bytes, size_t len, struct err *e)
{
    uint8_t block[256];
    while (len) {
        size_t n = len < STU_BLOCK_MAX ? len : STU_BLOCK_MAX;
        TRY(pad_set(p, block, stu_block(block, bytes, n), e));
        bytes += n;
        len -= n;
    }
    return RC_OK;
}

enum rc pad_draw(struct pad_link *p, struct arena *a, const struct bitmap *b, int x, int y, struct err *e)
{
    uint8_t area[11];
    uint8_t *bytes = arena_alloc(a, (size_t)b->w * (size_t)b->h * 2 + 1);
    size_t len = 0;
    for (int row = 0; row < b->h; row++)
        len += encode_row(p, b, row, bytes + len);
    TRY(pad_order(p, area, stu_area(area, x, y, x + b->w - 1, y + b->h - 1), e));
    TRY(pad_order(p, (const uint8_t[]){STU_IMAGE, p->mono ? STU_ENC_MONO : STU_ENC_RGB16}, 2, e));
    enum rc rc = send_image(p, bytes, len, e);
    struct err quiet = {0};
    if (rc != RC_OK) {
        if (pad_set1(p, STU_IMAGE_END, 1, &quiet) != RC_OK)
            return rc;
        return rc;
    }
    return pad_order(p, (const uint8_t[]){STU_IMAGE_END, 0}, 2, e);
}

/* Only the part with ink: each row of dots costs a transfer or more. */
static struct bitmap *trimmed(struct arena *a, const struct bitmap *b, int *dx, int *dy)
{
    int x0 = b->w, y0 = b->h, x1 = -1, y1 = -1;
    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            if (bitmap_get(b, x, y)) {
                x0 = x < x0 ? x : x0;
                x1 = x > x1 ? x : x1;
                y0 = y < y0 ? y : y0;
                y1 = y;
            }
    if (x1 < 0)
        return NULL;
    struct bitmap *out = bitmap_new(a, x1 - x0 + 1, y1 - y0 + 1);
    bitmap_draw(out, b, -x0, -y0);
    *dx = x0;
    *dy = y0;
    return out;
}

static enum rc text_at(struct pad_link *p, struct arena *a, const char *text, const struct raster_face *f,
                       int *y, struct err *e)
{
    struct bitmap *b = NULL;
    int side = p->cap.width / 16;
    int most = p->cap.height / 4;
    if (!text || !*text)
        return RC_OK;
    TRY(raster_text(a, text, f, p->cap.width - 2 * side, &b, e));
    b->h = b->h < most ? b->h : most;
    int dx = 0, dy = 0;
    const struct bitmap *ink = trimmed(a, b, &dx, &dy);
    if (ink)
        TRY(pad_draw(p, a, ink, side + dx, *y + dy, e));
    *y += b->h + p->cap.height / 60;
    return RC_OK;
}

enum rc pad_show(struct pad_link *p, struct arena *a, const char *title, const char *under, struct err *e)
{
    const struct raster_face big = {.px = p->cap.height / 14.0, .weight = 600};
    const struct raster_face small = {.px = p->cap.height / 22.0, .weight = 400};
    int y = p->cap.height / 20, side = p->cap.width / 16;
    TRY(text_at(p, a, title, &big, &y, e));
    TRY(text_at(p, a, under, &small, &y, e));
    struct bitmap *line = bitmap_new(a, p->cap.width - 2 * side, 2);
    bitmap_rect(line, 0, 0, line->w, line->h);
    return pad_draw(p, a, line, side, p->cap.height * 82 / 100, e);
}
