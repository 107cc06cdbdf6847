#include "drivers/scan/frame.h"

#include "common/base/arena.h"

#include <string.h>

/* Bytes of a line that hold pixels. At depth 1 colour comes as a byte of red, of green, of blue for each
 * eight pixels. */
static size_t needed(const struct frame_format *f)
{
    size_t channels = f->kind == FRAME_RGB ? 3 : 1;
    if (f->depth == 1)
        return (((size_t)f->pixels + 7) / 8) * channels;
    return (size_t)f->pixels * channels * (size_t)(f->depth / 8);
}

enum rc frames_begin(struct frames *f, const struct frame_format *now, struct err *e)
{
    bool pass = now->kind >= FRAME_RED && now->kind <= FRAME_BLUE;
    int channels = now->kind == FRAME_GRAY ? 1 : 3;
    if (now->depth != 1 && now->depth != 8 && now->depth != 16)
        return err_set(e, RC_PROTOCOL, "%d bits a sample", now->depth);
    if (now->pixels < 1 || now->pixels > PAGE_PIXELS_MAX || now->lines > PAGE_PIXELS_MAX || now->lines == 0 ||
        now->lines < -1)
        return err_set(e, RC_PROTOCOL, "a page of %d x %d pixels", now->pixels, now->lines);
    if (now->stride < 1 || (size_t)now->stride < needed(now) || now->stride > 8 * PAGE_PIXELS_MAX)
        return err_set(e, RC_PROTOCOL, "%d bytes for a line of %d pixels", now->stride, now->pixels);
    if (f->passes > 0 && (!pass || f->w != now->pixels || f->channels != channels || f->passes == 3))
        return err_set(e, RC_PROTOCOL, "the frames of a page do not fit each other");
    f->now = *now;
    f->w = now->pixels;
    f->channels = channels;
    f->row = 0;
    f->passes++;
    buf_reset(&f->line);
    return RC_OK;
}

static uint8_t sample(const struct frame_format *f, const uint8_t *line, int x, int channel)
{
    int channels = f->kind == FRAME_RGB ? 3 : 1;
    if (f->depth == 8)
        return line[x * channels + channel];
    if (f->depth == 16) { /* in the order of this machine */
        uint16_t v;
        memcpy(&v, line + 2 * (x * channels + channel), 2);
        return (uint8_t)(v >> 8);
    }
    bool bit = line[(x / 8) * channels + channel] & (0x80 >> (x % 8));
    return (f->kind == FRAME_GRAY) == bit ? 0 : 255; /* grey: 1 is black; colour: 1 is full */
}

static enum rc row(struct frames *f, const uint8_t *line, struct err *e)
{
    size_t width = (size_t)f->w * (size_t)f->channels;
    if (f->row >= PAGE_PIXELS_MAX || width * (size_t)(f->row + 1) > PAGE_BYTES_MAX)
        return err_set(e, RC_TOO_BIG, "the page does not end");
    if (f->row >= f->height) {
        static const uint8_t blank[4096]; /* in pieces, so that no second buffer is needed */
        for (size_t left = width; left > 0;) {
            size_t n = left < sizeof blank ? left : sizeof blank;
            buf_add(&f->out, blank, n);
            left -= n;
        }
        f->height = f->row + 1;
    }
    uint8_t *to = (uint8_t *)f->out.p + width * (size_t)f->row;
    if (f->now.depth == 8 && f->now.kind <= FRAME_RGB) {
        memcpy(to, line, width);
    } else if (f->now.kind <= FRAME_RGB) {
        for (int x = 0; x < f->w; x++)
            for (int c = 0; c < f->channels; c++)
                to[x * f->channels + c] = sample(&f->now, line, x, c);
    } else {
        for (int x = 0; x < f->w; x++)
            to[x * 3 + (int)(f->now.kind - FRAME_RED)] = sample(&f->now, line, x, 0);
    }
    f->row++;
    return RC_OK;
}

enum rc frames_feed(struct frames *f, const uint8_t *p, size_t len, struct err *e)
{
    size_t stride = (size_t)f->now.stride;
    while (len > 0) {
        if (f->line.len == 0 && len >= stride) {
            TRY(row(f, p, e));
            p += stride;
            len -= stride;
            continue;
        }
        size_t n = stride - f->line.len < len ? stride - f->line.len : len;
        buf_add(&f->line, p, n);
        p += n;
        len -= n;
        if (f->line.len == stride) {
            TRY(row(f, (const uint8_t *)f->line.p, e));
            buf_reset(&f->line);
        }
    }
    return RC_OK;
}

enum rc frames_picture(const struct frames *f, int dpi, struct picture *out, struct err *e)
{
    if (f->height < 1)
        return err_set(e, RC_PROTOCOL, "a page without a single line");
    *out = (struct picture){(uint8_t *)f->out.p, f->w, f->height, f->channels, dpi};
    return RC_OK;
}

void frames_free(struct frames *f)
{
    buf_free(&f->line);
    buf_free(&f->out);
    *f = (struct frames){0};
}

void picture_grey(const struct picture *in, uint8_t *out)
{
    size_t n = (size_t)in->w * (size_t)in->h;
    if (in->channels == 1) {
        if (out != in->px)
            memcpy(out, in->px, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        out[i] =
            (uint8_t)((77 * in->px[3 * i] + 150 * in->px[3 * i + 1] + 29 * in->px[3 * i + 2] + 128) >> 8);
}
