/* The only file of common/ that knows libjpeg. */
#include "common/base/jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#define SOI 0xD8
#define EOI 0xD9
#define SOS 0xDA
#define APP0 0xE0
#define QUALITY 78

struct reader {
    const uint8_t *p;
    size_t len, at;
};

static int be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

/* SOF0..SOF15 without DHT, JPG and DAC, which share the range. */
static bool is_frame(int marker)
{
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* The next marker with the bytes of its segment; false at the end or when a length lies. */
static bool segment(struct reader *r, int *marker, struct bytes *body)
{
    if (r->at + 2 > r->len || r->p[r->at] != 0xFF)
        return false;
    while (r->at < r->len && r->p[r->at] == 0xFF) /* fill bytes are allowed before a marker */
        r->at++;
    if (r->at + 3 > r->len)
        return false;
    *marker = r->p[r->at++];
    size_t n = (size_t)be16(r->p + r->at);
    if (*marker == 0 || *marker == SOI || *marker == EOI || n < 2 || n > r->len - r->at)
        return false;
    *body = BYTES(r->p + r->at + 2, n - 2);
    r->at += n;
    return true;
}

static int density(struct bytes b)
{
    const uint8_t *p = b.p;
    if (b.len < 12 || memcmp(p, "JFIF", 5) != 0)
        return 0;
    int n = be16(p + 8);
    return p[7] == 1 ? n : p[7] == 2 ? (n * 254 + 50) / 100 : 0;
}

static enum rc frame(int marker, struct bytes b, struct jpeg_info *out, struct err *e)
{
    const uint8_t *p = b.p;
    if (marker > 0xC2)
        return err_set(e, RC_BAD_FIELD, "JPEG of a kind that few can show (SOF%d)", marker - 0xC0);
    if (b.len < 6 || b.len < 6 + 3 * (size_t)p[5])
        return err_set(e, RC_BAD_FIELD, "JPEG frame is cut");
    if (p[0] != 8)
        return err_set(e, RC_BAD_FIELD, "JPEG of %d bits", p[0]);
    out->height = be16(p + 1);
    out->width = be16(p + 3);
    out->channels = p[5];
    if (out->channels != 1 && out->channels != 3)
        return err_set(e, RC_BAD_FIELD, "JPEG of %d colours", out->channels);
    if (out->width < 1 || out->height < 1 || out->width > JPEG_SIDE_MAX || out->height > JPEG_SIDE_MAX)
        return err_set(e, RC_BAD_FIELD, "JPEG of %d x %d pixels", out->width, out->height);
    return RC_OK;
}

enum rc jpeg_head(struct bytes in, struct jpeg_info *out, struct err *e)
{
    struct reader r = {in.p, in.len, 2};
    struct jpeg_info info = {0};
    int marker = 0, frames = 0;
    struct bytes body;
    if (in.len < 4 || r.p[0] != 0xFF || r.p[1] != SOI)
        return err_set(e, RC_BAD_FIELD, "no JPEG");
    while (segment(&r, &marker, &body)) {
        if (marker == APP0 && info.dpi == 0)
            info.dpi = density(body);
        if (is_frame(marker)) {
            TRY(frame(marker, body, &info, e));
            frames++;
        }
        if (marker != SOS)
            continue;
        if (frames != 1)
            return err_set(e, RC_BAD_FIELD, "JPEG with %d frames", frames);
        *out = info;
        return RC_OK;
    }
    return err_set(e, RC_BAD_FIELD, "JPEG without a picture");
}

/* libjpeg's way out is a jump; what it allocated is given back by jpeg_destroy, what we allocated lives in an
 * arena. */
struct fault {
    struct jpeg_error_mgr mgr;
    jmp_buf back;
    char why[JMSG_LENGTH_MAX];
};

static void on_error(j_common_ptr c)
{
    struct fault *f = (struct fault *)c->err;
    f->mgr.format_message(c, f->why);
    longjmp(f->back, 1);
}

static void on_message(j_common_ptr c)
{
    (void)c; /* warnings about damaged data: the picture shows them */
}

static struct jpeg_error_mgr *fault_init(struct fault *f)
{
    jpeg_std_error(&f->mgr);
    f->mgr.error_exit = on_error;
    f->mgr.output_message = on_message;
    f->why[0] = '\0';
    return &f->mgr;
}

struct pixels {
    int width, height, channels;
    uint8_t *p;
};

/* scale: libjpeg's denominator (1, 2, 4, 8). */
static enum rc decode(struct arena *a, struct bytes in, int scale, bool grey, struct pixels *out,
                      struct err *e)
{
    struct jpeg_decompress_struct d = {0};
    struct jpeg_info head;
    struct fault f;
    TRY(jpeg_head(in, &head, e));
    d.err = fault_init(&f);
    if (setjmp(f.back)) {
        jpeg_destroy_decompress(&d);
        return err_set(e, RC_BAD_FIELD, "JPEG: %.150s", f.why);
    }
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, in.p, in.len);
    jpeg_read_header(&d, TRUE);
    /* libjpeg may find another head than jpeg_head(), which has set the limits */
    if ((int)d.image_width != head.width || (int)d.image_height != head.height) {
        jpeg_destroy_decompress(&d);
        return err_set(e, RC_BAD_FIELD, "JPEG with two sizes");
    }
    d.scale_num = 1;
    d.scale_denom = (unsigned)scale;
    d.dct_method = JDCT_ISLOW;
    if (grey)
        d.out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(&d);
    size_t row = (size_t)d.output_width * (size_t)d.output_components;
    uint8_t *p = arena_alloc(a, row * d.output_height + 1);
    while (d.output_scanline < d.output_height) {
        JSAMPROW to = p + row * d.output_scanline;
        jpeg_read_scanlines(&d, &to, 1);
    }
    *out = (struct pixels){(int)d.output_width, (int)d.output_height, d.output_components, p};
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
    return RC_OK;
}

static void free_wiped(uint8_t *p, size_t len)
{
    if (p)
        wipe(p, len);
    free(p);
}

static enum rc encode(struct arena *a, const struct pixels *in, struct bytes *out, struct err *e)
{
    struct jpeg_compress_struct c = {0};
    struct fault f;
    uint8_t *volatile mem = NULL;
    uint8_t *got = NULL;
    unsigned long len = 0;
    c.err = fault_init(&f);
    if (setjmp(f.back)) {
        jpeg_destroy_compress(&c);
        free(mem);
        return err_set(e, RC_INTERNAL, "JPEG: %.150s", f.why);
    }
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &got, &len);
    mem = got;
    c.image_width = (unsigned)in->width;
    c.image_height = (unsigned)in->height;
    c.input_components = in->channels;
    c.in_color_space = in->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, QUALITY, TRUE);
    jpeg_start_compress(&c, TRUE);
    size_t row = (size_t)in->width * (size_t)in->channels;
    while (c.next_scanline < c.image_height) {
        JSAMPROW from = in->p + row * c.next_scanline;
        jpeg_write_scanlines(&c, &from, 1);
        mem = got;
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    *out = BYTES(arena_dup(a, got, len), len);
    free_wiped(got, len);
    return RC_OK;
}

/* Box filter to whole pixels: calm thumbnails without a library for it. */
static void shrink(const struct pixels *in, struct pixels *out)
{
    int k = in->channels;
    for (int y = 0; y < out->height; y++) {
        int y0 = y * in->height / out->height, y1 = (y + 1) * in->height / out->height;
        for (int x = 0; x < out->width; x++) {
            int x0 = x * in->width / out->width, x1 = (x + 1) * in->width / out->width;
            for (int c = 0; c < k; c++) {
                unsigned sum = 0, n = 0;
                for (int v = y0; v < y1; v++)
                    for (int u = x0; u < x1; u++, n++)
                        sum += in->p[((size_t)v * (size_t)in->width + (size_t)u) * (size_t)k + (size_t)c];
                out->p[((size_t)y * (size_t)out->width + (size_t)x) * (size_t)k + (size_t)c] =
                    (uint8_t)(sum / n);
            }
        }
    }
}

enum rc jpeg_thumb(struct arena *a, struct bytes in, int side, struct bytes *out, struct err *e)
{
    struct jpeg_info info;
    struct pixels big, small;
    ARENA_SCOPE(work);
    TRY(jpeg_head(in, &info, e));
    int longer = info.width > info.height ? info.width : info.height, scale = 1;
    while (scale < 8 && longer / (scale * 2) >= side)
        scale *= 2;
    TRY(decode(work, in, scale, false, &big, e));
    longer = big.width > big.height ? big.width : big.height;
    if (longer <= side)
        return encode(a, &big, out, e);
    small = (struct pixels){big.width * side / longer, big.height * side / longer, big.channels, NULL};
    small.width = small.width ? small.width : 1;
    small.height = small.height ? small.height : 1;
    small.p = arena_alloc(work, (size_t)small.width * (size_t)small.height * (size_t)small.channels);
    shrink(&big, &small);
    return encode(a, &small, out, e);
}

/* N. Otsu, "A threshold selection method from gray-level histograms" (1979): the most variance between the
 * two classes. */
static int otsu(const struct pixels *p)
{
    size_t count[256] = {0}, n = (size_t)p->width * (size_t)p->height;
    double all = 0, dark = 0, best = -1;
    size_t below = 0;
    int at = 127;
    for (size_t i = 0; i < n; i++)
        count[p->p[i]]++;
    for (int i = 0; i < 256; i++)
        all += (double)i * (double)count[i];
    for (int i = 0; i < 256; i++) {
        below += count[i];
        dark += (double)i * (double)count[i];
        if (below == 0 || below == n)
            continue;
        double w0 = (double)below, w1 = (double)(n - below), d = dark / w0 - (all - dark) / w1;
        if (w0 * w1 * d * d > best) {
            best = w0 * w1 * d * d;
            at = i;
        }
    }
    return at;
}

enum rc jpeg_bilevel(struct arena *a, struct bytes in, struct bilevel *out, struct err *e)
{
    struct jpeg_info info;
    struct pixels p;
    ARENA_SCOPE(work);
    TRY(jpeg_head(in, &info, e));
    TRY(decode(work, in, 1, true, &p, e));
    int limit = otsu(&p), stride = (p.width + 7) / 8;
    uint8_t *bits = arena_alloc(a, (size_t)stride * (size_t)p.height);
    for (int y = 0; y < p.height; y++) {
        const uint8_t *row = p.p + (size_t)y * (size_t)p.width;
        uint8_t *to = bits + (size_t)y * (size_t)stride;
        for (int x = 0; x < p.width; x++)
            to[x / 8] |= (uint8_t)((row[x] <= limit) << (7 - x % 8));
    }
    *out = (struct bilevel){p.width, p.height, stride, bits};
    return RC_OK;
}
