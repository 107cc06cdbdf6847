/* A signature as a picture: the same curves as its SVG. */
#include "drivers/print/raster_ink.h"

#include <cairo.h>

static void surface_freep(cairo_surface_t **s)
{
    if (*s)
        cairo_surface_destroy(*s);
}

static void cairo_freep(cairo_t **c)
{
    if (*c)
        cairo_destroy(*c);
}

static cairo_status_t png_piece(void *out, const unsigned char *p, unsigned n)
{
    buf_add(out, p, n);
    return CAIRO_STATUS_SUCCESS;
}

static void piece(void *user, const struct ink_piece *p)
{
    cairo_t *c = user;
    cairo_set_line_width(c, p->width);
    cairo_move_to(c, p->x[0], p->y[0]);
    cairo_curve_to(c, p->x[1], p->y[1], p->x[2], p->y[2], p->x[3], p->y[3]);
    cairo_stroke(c);
}

enum rc raster_ink(const struct ink *s, int width, struct buf *out, struct err *e)
{
    struct ink_box box;
    TRY(ink_bounds(s, &box, e));
    if (width < 16 || width > 4096 || box.h > 8 * box.w)
        return err_set(e, RC_BAD_FIELD, "no picture of that size");
    double scale = width / box.w;
    cairo_surface_t *surface SCOPED(surface_freep) =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, (int)(box.h * scale) + 1);
    cairo_t *c SCOPED(cairo_freep) = cairo_create(surface);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    cairo_scale(c, scale, scale);
    cairo_translate(c, -box.x, -box.y);
    cairo_set_source_rgb(c, 0x14 / 255.0, 0x21 / 255.0, 0x3d / 255.0);
    cairo_set_line_cap(c, CAIRO_LINE_CAP_ROUND);
    TRY(ink_pieces(s, piece, c, e));
    if (cairo_status(c) != CAIRO_STATUS_SUCCESS ||
        cairo_surface_write_to_png_stream(surface, png_piece, out) != CAIRO_STATUS_SUCCESS)
        return err_set(e, RC_INTERNAL, "cannot draw the signature");
    return RC_OK;
}
