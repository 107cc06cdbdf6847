/* The pad's screen: images as the host sends them, ink as the pen leaves it, DIR/screen.png. */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/devices/pad.h"

enum { MONO = 0, RGB16 = 2, BGR24 = 4, BULK = 0x10, IMAGE_MAX = PAD_W * PAD_H * 3 };

void pad_screen_new(struct pad *d)
{
    d->screen = cairo_image_surface_create(CAIRO_FORMAT_RGB24, PAD_W, PAD_H);
    pad_clear(d);
    d->clears = 0;
}

void pad_area_full(struct pad *d)
{
    d->left = d->top = 0;
    d->right = PAD_W - 1;
    d->bottom = PAD_H - 1;
}

void pad_clear(struct pad *d)
{
    cairo_t *cr = cairo_create(d->screen);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_destroy(cr);
    pad_area_full(d);
    d->clears++;
}

static size_t expected(const struct pad *d)
{
    size_t w = (size_t)(d->right - d->left + 1), h = (size_t)(d->bottom - d->top + 1);
    switch (d->encoding & ~BULK) {
    case MONO:
        return (w + 7) / 8 * h;
    case RGB16:
        return w * h * 2;
    default:
        return w * h * 3;
    }
}

uint8_t pad_image_start(struct pad *d, uint8_t encoding)
{
    uint8_t kind = encoding & (uint8_t)~BULK;
    if (kind != MONO && kind != RGB16 && kind != BGR24)
        return PAD_GRAPHICS + 1;
    d->encoding = encoding;
    g_byte_array_set_size(d->image, 0);
    d->status = PAD_IMAGE;
    return PAD_OK;
}

uint8_t pad_image_block(struct pad *d, const uint8_t *p, size_t len)
{
    if (d->status != PAD_IMAGE)
        return PAD_WRONG_STATE;
    if (d->image->len + len > IMAGE_MAX)
        return PAD_GRAPHICS + 2;
    g_byte_array_append(d->image, p, (guint)len);
    return PAD_OK;
}

static uint32_t pixel(const struct pad *d, const uint8_t *row, int x)
{
    switch (d->encoding & ~BULK) {
    case MONO:
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

uint8_t pad_image_end(struct pad *d, bool commit)
{
    if (d->status != PAD_IMAGE)
        return PAD_WRONG_STATE;
    d->status = PAD_READY;
    size_t want = expected(d), h = (size_t)(d->bottom - d->top + 1);
    if (!commit)
        return PAD_OK;
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
    cairo_set_source_rgb(cr, 0.05, 0.12, 0.4);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_width(cr, 1.0 + 2.5 * to->p / PAD_P);
    cairo_move_to(cr, from->x * (double)PAD_W / PAD_X, from->y * (double)PAD_H / PAD_Y);
    cairo_line_to(cr, to->x * (double)PAD_W / PAD_X, to->y * (double)PAD_H / PAD_Y);
    cairo_stroke(cr);
    cairo_destroy(cr);
}

bool pad_picture(struct pad *d)
{
    g_autofree char *path = g_build_filename(d->dir, "screen.png", NULL);
    g_autofree char *tmp = g_strconcat(path, ".tmp", NULL);
    return cairo_surface_write_to_png(d->screen, tmp) == CAIRO_STATUS_SUCCESS && g_rename(tmp, path) == 0;
}
