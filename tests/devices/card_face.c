/* The portrait of DG2: a drawn person on a plain ground, 413 x 531 (35 x 45 mm at 300 dpi). Always the same
 * picture for the same look, between 15 and 20 kB: the quality is searched. */
#include "tests/devices/card_priv.h"

#include <cairo.h>
#include <jpeglib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { W = 413, H = 531, SMALL = 15000, LARGE = 20000 };

struct rgb {
    double r, g, b;
};
static const struct look {
    struct rgb skin, hair, cloth;
    double age; /* 0 young .. 1 old: lines, less hair */
    bool long_hair, glasses;
} looks[] = {
    {{0.93, 0.76, 0.66}, {0.28, 0.17, 0.11}, {0.24, 0.35, 0.52}, 0.1, true, false},
    {{0.89, 0.71, 0.59}, {0.16, 0.13, 0.12}, {0.30, 0.33, 0.30}, 0.3, false, true},
    {{0.88, 0.70, 0.61}, {0.72, 0.72, 0.72}, {0.35, 0.22, 0.22}, 0.9, false, false},
};

static void shade(cairo_t *cr, struct rgb c, double f)
{
    cairo_set_source_rgb(cr, fmin(1, c.r * f), fmin(1, c.g * f), fmin(1, c.b * f));
}

static void oval(cairo_t *cr, double x, double y, double rx, double ry)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, rx, ry);
    cairo_new_sub_path(cr);
    cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
    cairo_restore(cr);
}

struct disc {
    double x, y, r;
};

static void blush(cairo_t *cr, struct disc d, struct rgb c, double alpha)
{
    cairo_pattern_t *p = cairo_pattern_create_radial(d.x, d.y, 0, d.x, d.y, d.r);
    cairo_pattern_add_color_stop_rgba(p, 0, c.r, c.g, c.b, alpha);
    cairo_pattern_add_color_stop_rgba(p, 1, c.r, c.g, c.b, 0);
    cairo_set_source(cr, p);
    cairo_rectangle(cr, d.x - d.r, d.y - d.r, 2 * d.r, 2 * d.r);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
}

static void draw_body(cairo_t *cr, const struct look *k)
{
    cairo_pattern_t *bg = cairo_pattern_create_linear(0, 0, 0, H);
    cairo_pattern_add_color_stop_rgb(bg, 0, 0.88, 0.90, 0.92);
    cairo_pattern_add_color_stop_rgb(bg, 1, 0.78, 0.81, 0.84);
    cairo_set_source(cr, bg);
    cairo_paint(cr);
    cairo_pattern_destroy(bg);
    if (k->long_hair) {
        shade(cr, k->hair, 1);
        oval(cr, W / 2.0, 275, 128, 180);
        cairo_fill(cr);
    }
    shade(cr, k->cloth, 1);
    oval(cr, W / 2.0, 590, 205, 145);
    cairo_fill(cr);
    shade(cr, k->skin, 0.86);
    cairo_rectangle(cr, W / 2.0 - 46, 370, 92, 85);
    cairo_fill(cr);
    oval(cr, W / 2.0, 455, 56, 30);
    cairo_fill(cr);
}

static void draw_head(cairo_t *cr, const struct look *k)
{
    const double x = W / 2.0;
    shade(cr, k->skin, 0.92);
    oval(cr, x - 104, 265, 16, 32);
    oval(cr, x + 104, 265, 16, 32);
    cairo_fill(cr);
    shade(cr, k->skin, 1);
    oval(cr, x, 262, 105, 142);
    cairo_fill(cr);
    cairo_save(cr); /* colour stays inside the face */
    oval(cr, x, 262, 105, 142);
    cairo_clip(cr);
    const struct rgb red = {0.9, 0.5, 0.45}, dark = {k->skin.r * 0.7, k->skin.g * 0.7, k->skin.b * 0.7};
    blush(cr, (struct disc){x - 55, 310, 45}, red, 0.25);
    blush(cr, (struct disc){x + 55, 310, 45}, red, 0.25);
    blush(cr, (struct disc){x + 60, 300, 110}, dark, 0.35);
    cairo_restore(cr);
    shade(cr, k->hair, 1);
    double line = 185 - 45 * k->age; /* the hair line goes up with the years */
    cairo_move_to(cr, x - 112, 255);
    cairo_curve_to(cr, x - 125, 60, x + 125, 60, x + 112, 255);
    cairo_line_to(cr, x + 96, 255);
    cairo_curve_to(cr, x + 84, line + 10, x + 40, line - 25, x, line - 12);
    cairo_curve_to(cr, x - 50, line - 5, x - 84, line + 10, x - 96, 255);
    cairo_fill(cr);
}

static void draw_eye(cairo_t *cr, const struct look *k, double x)
{
    cairo_set_source_rgb(cr, 0.98, 0.98, 0.97);
    oval(cr, x, 255, 20, 10);
    cairo_fill(cr);
    cairo_set_source_rgb(cr, 0.32, 0.24, 0.16);
    oval(cr, x, 255, 9, 9);
    cairo_fill(cr);
    cairo_set_source_rgb(cr, 0.03, 0.03, 0.03);
    oval(cr, x, 255, 4, 4);
    cairo_fill(cr);
    shade(cr, k->hair, 0.8);
    cairo_set_line_width(cr, 6);
    cairo_move_to(cr, x - 27, 231);
    cairo_curve_to(cr, x - 10, 221, x + 10, 221, x + 27, 231);
    cairo_stroke(cr);
    if (!k->glasses)
        return;
    cairo_set_source_rgb(cr, 0.15, 0.15, 0.17);
    cairo_set_line_width(cr, 3.5);
    oval(cr, x, 257, 37, 27);
    cairo_stroke(cr);
}

static void draw_face(cairo_t *cr, const struct look *k)
{
    const double x = W / 2.0;
    draw_eye(cr, k, x - 45);
    draw_eye(cr, k, x + 45);
    shade(cr, k->skin, 0.75);
    cairo_set_line_width(cr, 4);
    cairo_move_to(cr, x - 4, 262);
    cairo_curve_to(cr, x - 20, 312, x - 16, 318, x + 8, 316);
    cairo_stroke(cr);
    cairo_set_source_rgb(cr, 0.70, 0.36, 0.34);
    cairo_set_line_width(cr, 7);
    cairo_move_to(cr, x - 34, 348);
    cairo_curve_to(cr, x - 12, 356, x + 12, 356, x + 34, 348);
    cairo_stroke(cr);
    shade(cr, k->skin, 0.82);
    cairo_set_line_width(cr, 2);
    for (int i = 0; i < (k->age > 0.5 ? 4 : 0); i++) {
        cairo_move_to(cr, x - 55, 172 + 11 * i);
        cairo_curve_to(cr, x - 20, 166 + 11 * i, x + 20, 166 + 11 * i, x + 55, 172 + 11 * i);
    }
    cairo_stroke(cr);
}

/* A camera's grain; without it a drawing is far too small a file. */
static void grain(unsigned char *px, int stride, unsigned look)
{
    uint32_t s = 0x9E3779B9u + look;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            unsigned char *p = px + y * stride + 4 * x;
            s = s * 1664525u + 1013904223u;
            int d = (int)(s >> 29) - 3;
            for (int c = 0; c < 3; c++) {
                int v = p[c] + d;
                p[c] = (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
        }
}

static void encode(struct buf *out, const unsigned char *px, int stride, int quality)
{
    struct jpeg_compress_struct j;
    struct jpeg_error_mgr err;
    unsigned char *mem = NULL, row[W * 3];
    unsigned long n = 0;
    JSAMPROW rows[] = {row};
    j.err = jpeg_std_error(&err);
    jpeg_create_compress(&j);
    jpeg_mem_dest(&j, &mem, &n);
    j.image_width = W;
    j.image_height = H;
    j.input_components = 3;
    j.in_color_space = JCS_RGB;
    jpeg_set_defaults(&j);
    j.dct_method = JDCT_ISLOW;
    jpeg_set_quality(&j, quality, TRUE);
    jpeg_start_compress(&j, TRUE);
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++)
            for (int c = 0; c < 3; c++) /* cairo's little-endian xRGB is B G R x in memory */
                row[3 * x + c] = px[y * stride + 4 * x + 2 - c];
        jpeg_write_scanlines(&j, rows, 1);
    }
    jpeg_finish_compress(&j);
    jpeg_destroy_compress(&j);
    buf_reset(out);
    buf_add(out, mem, n);
    free(mem);
}

void face_jpeg(struct buf *out, int look, unsigned *width, unsigned *height)
{
    const struct look *k = &looks[(unsigned)look % COUNT(looks)];
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, W, H);
    cairo_t *cr = cairo_create(s);
    draw_body(cr, k);
    draw_head(cr, k);
    draw_face(cr, k);
    cairo_destroy(cr);
    cairo_surface_flush(s);
    unsigned char *px = cairo_image_surface_get_data(s);
    grain(px, cairo_image_surface_get_stride(s), (unsigned)look);
    for (int q = 92; q >= 40; q -= 2) {
        encode(out, px, cairo_image_surface_get_stride(s), q);
        if (out->len < LARGE)
            break;
    }
    must(out->len >= SMALL && out->len < LARGE ? 0 : -1);
    cairo_surface_destroy(s);
    *width = W;
    *height = H;
}
