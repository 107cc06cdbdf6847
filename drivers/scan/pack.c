#include "drivers/scan/pack.h"

#include "common/base/arena.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs FILE */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

/* libjpeg leaves by its error handler, which may not return. What is kept over the jump is volatile or lives
 * behind this pointer. */
struct trap {
    struct jpeg_error_mgr mgr;
    jmp_buf out;
};

static void leave(j_common_ptr c)
{
    longjmp(((struct trap *)c->err)->out, 1);
}

static void quiet(j_common_ptr c, int level)
{
    (void)c;
    (void)level;
}

static struct jpeg_error_mgr *trap_set(struct trap *t)
{
    jpeg_std_error(&t->mgr);
    t->mgr.error_exit = leave;
    t->mgr.emit_message = quiet;
    return &t->mgr;
}

enum rc pack_jpeg(const struct picture *p, int quality, struct buf *out, struct err *e)
{
    struct jpeg_compress_struct c = {0};
    struct trap trap;
    unsigned char *mem = NULL;
    unsigned long size = 0;
    if (p->w < 1 || p->h < 1 || p->w > PAGE_PIXELS_MAX || p->h > PAGE_PIXELS_MAX)
        return err_set(e, RC_PROTOCOL, "a picture of %d x %d", p->w, p->h);
    c.err = trap_set(&trap);
    if (setjmp(trap.out)) {
        jpeg_destroy_compress(&c);
        free(mem);
        return err_set(e, RC_INTERNAL, "the page could not be packed");
    }
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &mem, &size);
    c.image_width = (JDIMENSION)p->w;
    c.image_height = (JDIMENSION)p->h;
    c.input_components = p->channels;
    c.in_color_space = p->channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, quality, TRUE);
    c.optimize_coding = TRUE; /* a tenth smaller */
    c.density_unit = 1;       /* per inch */
    c.X_density = c.Y_density = (UINT16)p->dpi;
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < c.image_height) {
        JSAMPROW row = p->px + (size_t)c.next_scanline * (size_t)p->w * (size_t)p->channels;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    buf_reset(out);
    buf_add(out, mem, size);
    wipe(mem, size);
    free(mem);
    return RC_OK;
}

/* Shades of the paper become white, so that its grain costs nothing: the levels are stretched until a little
 * below the paper is 255. */
static void whiten(struct picture *p, int paper)
{
    uint8_t map[256];
    int white = paper - 24;
    if (white < 96)
        return;
    for (int i = 0; i < 256; i++) {
        int v = i * 255 / white;
        map[i] = (uint8_t)(v < 255 ? v : 255);
    }
    size_t n = picture_bytes(p);
    for (size_t i = 0; i < n; i++)
        p->px[i] = map[p->px[i]];
}

static void halve(struct picture *p)
{
    int w = p->w / 2, h = p->h / 2, ch = p->channels;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int c = 0; c < ch; c++) {
                const uint8_t *a =
                    p->px + ((size_t)(2 * y) * (size_t)p->w + (size_t)(2 * x)) * (size_t)ch + c;
                const uint8_t *b = a + (size_t)p->w * (size_t)ch;
                p->px[((size_t)y * (size_t)w + (size_t)x) * (size_t)ch + (size_t)c] =
                    (uint8_t)((a[0] + a[ch] + b[0] + b[ch] + 2) / 4);
            }
    p->w = w;
    p->h = h;
    p->dpi /= 2;
}

enum rc pack_fit(struct picture *p, const struct pack_fit_rule *fit, struct buf *out, struct err *e)
{
    enum { KEEP, WHITEN, HALVE };
    static const struct {
        int quality, step;
        size_t part; /* of the size at quality 70, percent, on pages of text (measured) */
    } tries[] = {{85, KEEP, 120}, {70, WHITEN, 100}, {55, KEEP, 82}, {42, KEEP, 72}, {32, KEEP, 63},
                 {24, KEEP, 54},  {18, KEEP, 47},    {50, HALVE, 0}, {30, KEEP, 0},  {18, KEEP, 0}};
    size_t at_70 = 0;
    for (size_t i = 0; i < COUNT(tries); i++) {
        bool last = i + 1 == COUNT(tries);
        if (tries[i].step == HALVE && (fit->keep_shades || p->dpi < 250))
            return RC_OK; /* as small as it gets */
        if (tries[i].step == HALVE)
            halve(p);
        if (tries[i].step == WHITEN && !fit->keep_shades)
            whiten(p, fit->paper);
        if (!last && tries[i].part && at_70 * tries[i].part > fit->limit * 100) /* it cannot do */
            continue;
        TRY(pack_jpeg(p, tries[i].quality, out, e));
        if (out->len <= fit->limit)
            return RC_OK;
        at_70 = tries[i].quality == 70 ? out->len : at_70;
    }
    return RC_OK;
}

enum rc pack_grey(struct arena *a, const void *jpeg, size_t len, struct picture *out, struct err *e)
{
    struct jpeg_decompress_struct c = {0};
    struct trap trap;
    c.err = trap_set(&trap);
    if (setjmp(trap.out)) {
        jpeg_destroy_decompress(&c);
        return err_set(e, RC_PROTOCOL, "this is no JPEG");
    }
    jpeg_create_decompress(&c);
    jpeg_mem_src(&c, jpeg, len);
    jpeg_read_header(&c, TRUE);
    c.out_color_space = JCS_GRAYSCALE;
    jpeg_calc_output_dimensions(&c);
    if (c.output_width > PAGE_PIXELS_MAX || c.output_height > PAGE_PIXELS_MAX ||
        (size_t)c.output_width * c.output_height > PAGE_BYTES_MAX) {
        jpeg_destroy_decompress(&c);
        return err_set(e, RC_PROTOCOL, "a picture of %u x %u", c.output_width, c.output_height);
    }
    jpeg_start_decompress(&c);
    uint8_t *px = arena_alloc(a, (size_t)c.output_width * c.output_height + 1);
    while (c.output_scanline < c.output_height) {
        JSAMPROW row = px + (size_t)c.output_scanline * c.output_width;
        jpeg_read_scanlines(&c, &row, 1);
    }
    *out =
        (struct picture){px, (int)c.output_width, (int)c.output_height, 1,
                         c.density_unit == 1 && c.X_density >= 50 && c.X_density <= 2400 ? c.X_density : 300};
    jpeg_finish_decompress(&c);
    jpeg_destroy_decompress(&c);
    return RC_OK;
}
