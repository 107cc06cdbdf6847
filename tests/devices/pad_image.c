/* The pad's screen: images as the host sends them, ink as the pen leaves it, DIR/screen.png. */
#include <glib/gstdio.h>
#include <string.h>
#include <zlib.h>

#include "tests/devices/pad.h"

enum { MONO = 0, PACKED = 1, RGB16 = 2, BGR24 = 4, BULK = 0x10 };

void pad_screen_new(struct pad *d)
{
    d->screen = cairo_image_surface_create(CAIRO_FORMAT_RGB24, d->kind->w, d->kind->h);
    pad_clear(d);
    d->clears = 0;
}

static void whole(struct pad *d)
{
    d->left = d->top = 0;
    d->right = d->kind->w - 1;
    d->bottom = d->kind->h - 1;
}

void pad_clear(struct pad *d)
{
    cairo_t *cr = cairo_create(d->screen);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_destroy(cr);
    whole(d);
    d->write_left = d->write_top = 0;
    d->write_right = d->right;
    d->write_bottom = d->bottom;
    d->clears++;
}

static size_t expected(const struct pad *d)
{
    size_t w = (size_t)(d->right - d->left + 1), h = (size_t)(d->bottom - d->top + 1);
    switch (d->encoding & ~BULK) {
    case MONO:
    case PACKED:
        return (w + 7) / 8 * h;
    case RGB16:
        return w * h * 2;
    default:
        return w * h * 3;
    }
}

static bool offered(const struct pad *d, uint8_t encoding)
{
    static const uint8_t need[] = {[MONO] = PAD_CAN_MONO,
                                   [PACKED] = PAD_CAN_MONO | PAD_CAN_ZLIB,
                                   [RGB16] = PAD_CAN_16,
                                   [BGR24] = PAD_CAN_24};
    uint8_t kind = encoding & (uint8_t)~BULK;
    uint8_t can = d->kind->encodings ? d->kind->encodings : PAD_CAN_MONO;
    if (kind >= G_N_ELEMENTS(need) || !need[kind] || (can & need[kind]) != need[kind])
        return false;
    return !(encoding & BULK) || (d->kind->has & HAS_OUT);
}

static bool rectangle(const struct pad *d, const uint8_t *p, int v[4])
{
    for (int i = 0; i < 4; i++)
        v[i] = p[2 * i] | p[2 * i + 1] << 8;
    return v[0] <= v[2] && v[1] <= v[3] && v[2] < d->kind->w && v[3] < d->kind->h;
}

uint8_t pad_image_start(struct pad *d, uint8_t encoding, const uint8_t *rect)
{
    int v[4];
    whole(d);
    if (rect && !rectangle(d, rect, v))
        return PAD_GRAPHICS + 3;
    if (!offered(d, encoding))
        return PAD_GRAPHICS + 1;
    if (rect) {
        d->left = v[0];
        d->top = v[1];
        d->right = v[2];
        d->bottom = v[3];
    }
    d->encoding = encoding;
    g_byte_array_set_size(d->image, 0);
    d->status = PAD_IMAGE;
    return PAD_OK;
}

uint8_t pad_writing(struct pad *d, const uint8_t *rect)
{
    int v[4];
    if (!rectangle(d, rect, v))
        return PAD_GRAPHICS + 3;
    d->write_left = v[0];
    d->write_top = v[1];
    d->write_right = v[2];
    d->write_bottom = v[3];
    return PAD_OK;
}

uint8_t pad_image_block(struct pad *d, const uint8_t *p, size_t len)
{
    if (d->status != PAD_IMAGE)
        return PAD_WRONG_STATE;
    if (d->image->len + len > (size_t)d->kind->w * (size_t)d->kind->h * 3)
        return PAD_GRAPHICS + 2;
    g_byte_array_append(d->image, p, (guint)len);
    d->blocks++;
    return PAD_OK;
}

static uint32_t pixel(const struct pad *d, const uint8_t *row, int x)
{
    switch (d->encoding & ~BULK) {
    case MONO:
    case PACKED:
        return row[x / 8] & 0x80 >> x % 8 ? 0xFFFFFF : 0;
    case RGB16: {
        unsigned v = (unsigned)(row[2 * x] | row[2 * x + 1] << 8);
        unsigned r = v >> 11, g = v >> 5 & 63, b = v & 31;
        return (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 | (b << 3 | b >> 2);
    }
    default:
        return (uint32_t)(row[3 * x + 2] << 16 | row[3 * x + 1] << 8 | row[3 * x]);
    }
}

static bool unpack(struct pad *d, size_t want)
{
    g_autofree uint8_t *room = g_malloc(want + 1);
    uLongf n = want + 1;
    if (uncompress(room, &n, d->image->data, d->image->len) != Z_OK || n != want)
        return false;
    g_byte_array_set_size(d->image, 0);
    g_byte_array_append(d->image, room, (guint)n);
    return true;
}

uint8_t pad_image_end(struct pad *d, bool commit)
{
    if (d->status != PAD_IMAGE)
        return PAD_WRONG_STATE;
    d->status = PAD_READY;
    size_t want = expected(d), h = (size_t)(d->bottom - d->top + 1);
    if (!commit)
        return PAD_OK;
    if ((d->encoding & ~BULK) == PACKED && !unpack(d, want))
        return PAD_GRAPHICS + 4;
    if (d->image->len != want)
        return PAD_GRAPHICS;
    cairo_surface_flush(d->screen);
    unsigned char *px = cairo_image_surface_get_data(d->screen);
    int stride = cairo_image_surface_get_stride(d->screen);
    for (size_t y = 0; y < h; y++) {
        const uint8_t *row = d->image->data + y * (want / h);
        uint32_t *out = (uint32_t *)(void *)(px + ((size_t)d->top + y) * (size_t)stride) + d->left;
        for (int x = 0; x <= d->right - d->left; x++)
            out[x] = pixel(d, row, x);
    }
    cairo_surface_mark_dirty(d->screen);
    g_byte_array_set_size(d->image, 0);
    d->images++;
    pad_picture(d);
    return PAD_OK;
}

void pad_ink(struct pad *d, const struct pad_sample *from, const struct pad_sample *to)
{
    cairo_t *cr = cairo_create(d->screen);
    cairo_rectangle(cr, d->write_left, d->write_top, d->write_right - d->write_left + 1,
                    d->write_bottom - d->write_top + 1);
    cairo_clip(cr);
    cairo_set_source_rgb(cr, 0.05, 0.12, 0.4);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_width(cr, (1.0 + 2.5 * to->p / d->kind->p) * d->kind->h / 480);
    cairo_move_to(cr, from->x * (double)d->kind->w / d->kind->x, from->y * (double)d->kind->h / d->kind->y);
    cairo_line_to(cr, to->x * (double)d->kind->w / d->kind->x, to->y * (double)d->kind->h / d->kind->y);
    cairo_stroke(cr);
    cairo_destroy(cr);
}

bool pad_picture(struct pad *d)
{
    g_autofree char *path = g_build_filename(d->dir, "screen.png", NULL);
    g_autofree char *tmp = g_strconcat(path, ".tmp", NULL);
    return cairo_surface_write_to_png(d->screen, tmp) == CAIRO_STATUS_SUCCESS && g_rename(tmp, path) == 0;
}
