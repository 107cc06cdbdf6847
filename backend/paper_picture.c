/* A picture that goes into a PDF as it is: a JPEG, or the rows of a PNG (ISO/IEC 15948; ISO 32000-1, 7.4.4).
 * What a PDF cannot say so, a small PNG is drawn; all else lies inside as a file. */
#include <string.h>
#include <zlib.h>

#include "backend/paper.h"
#include "common/base/jpeg.h"
#include "common/base/text.h"

enum {
    JPEG_HEAD_MAX = 256 << 10, /* what cameras write before the picture */
    PNG_DRAWN_MAX = 3000000,   /* dots; four bytes each and more, while it is drawn */
    PIECE = 16384,
};

/* Onto a sheet that lies when the picture does. */
static void lay_out(struct paper_scan *s)
{
    bool lies = s->width > s->height;
    double w = lies ? 841.89 : 595.276, h = lies ? 595.276 : 841.89;
    double k = w / s->width < h / s->height ? w / s->width : h / s->height;

    s->sheet_w = w;
    s->sheet_h = h;
    s->matrix[0] = s->width * k;
    s->matrix[3] = s->height * k;
    s->matrix[4] = (w - s->width * k) / 2;
    s->matrix[5] = (h - s->height * k) / 2;
}

static enum rc jpeg(struct arena *a, struct paper_scan *s, size_t *n, struct err *e)
{
    size_t len = store_size(s->file) < JPEG_HEAD_MAX ? store_size(s->file) : JPEG_HEAD_MAX;
    struct paper_span *all = ARENA_NEW(a, struct paper_span);
    void *head = arena_alloc(a, len);
    struct jpeg_info info;
    struct err odd = {0};

    TRY(store_at(s->file, 0, head, len, e));
    if (jpeg_head(BYTES(head, len), &info, &odd) != RC_OK)
        return RC_OK;
    *all = (struct paper_span){0, store_size(s->file)};
    s->kind = SCAN_JPEG;
    s->width = info.width;
    s->height = info.height;
    s->channels = info.channels;
    s->bits = 8;
    s->spans = all;
    s->n_spans = 1;
    *n = 1;
    return RC_OK;
}

/* ---- PNG ---- */

struct png {
    struct paper_scan *s;
    struct paper_span *spans;
    size_t cap;
    int colour;
    bool odd; /* interlaced, or with dots that may be seen through */
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static enum rc chunk(struct arena *a, struct png *g, const uint8_t head[8], size_t at, struct err *e)
{
    struct paper_scan *s = g->s;
    size_t len = be32(head);
    uint8_t b[768];

    if (memcmp(head + 4, "IHDR", 4) == 0 && len == 13) {
        TRY(store_at(s->file, at, b, 13, e));
        s->width = (int)be32(b);
        s->height = (int)be32(b + 4);
        s->bits = b[8];
        g->colour = b[9];
        g->odd |= b[12] != 0 || g->colour > 3;
        s->channels = g->colour == 2 ? 3 : 1;
    } else if (memcmp(head + 4, "PLTE", 4) == 0 && g->colour == 3 && len <= sizeof b && len % 3 == 0 && len) {
        char *hex = arena_alloc(a, 2 * len + 1);
        TRY(store_at(s->file, at, b, len, e));
        hex_encode(hex, b, len);
        s->palette = hex;
    } else if (memcmp(head + 4, "tRNS", 4) == 0) {
        g->odd = true;
    } else if (memcmp(head + 4, "IDAT", 4) == 0) {
        if (s->n_spans == g->cap) {
            g->cap = g->cap ? 2 * g->cap : 16;
            struct paper_span *more = ARENA_ARRAY(a, struct paper_span, g->cap);
            if (s->n_spans)
                memcpy(more, g->spans, s->n_spans * sizeof *more);
            g->spans = more;
            s->spans = more;
        }
        g->spans[s->n_spans++] = (struct paper_span){at, len};
    }
    return RC_OK;
}

static void unpack_end(z_stream *z)
{
    inflateEnd(z);
}

/* Every row is there, each with a filter that exists, and nothing behind them. */
struct rows {
    size_t row, left, at; /* bytes of a row with its filter; rows to come; bytes of this row */
};

static bool rows_take(struct rows *r, const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t take = r->row - r->at < n ? r->row - r->at : n;
        if (!r->left || (r->at == 0 && *p > 4))
            return false;
        r->at += take;
        if (r->at == r->row) {
            r->at = 0;
            r->left--;
        }
        p += take;
        n -= take;
    }
    return true;
}

static enum rc whole(const struct paper_scan *s, bool *out, struct err *e)
{
    z_stream z SCOPED(unpack_end) = {0};
    size_t dots = (size_t)s->width * (size_t)(s->channels * s->bits);
    struct rows r = {(dots + 7) / 8 + 1, (size_t)s->height, 0};
    uint8_t in[PIECE], bytes[PIECE];
    int st = inflateInit(&z);

    for (size_t i = 0; i < s->n_spans && st == Z_OK; i++)
        for (size_t at = 0; at < s->spans[i].len && st == Z_OK;) {
            size_t left = s->spans[i].len - at;
            z.avail_in = (unsigned)(left < sizeof in ? left : sizeof in);
            z.next_in = in;
            TRY(store_at(s->file, s->spans[i].at + at, in, z.avail_in, e));
            at += z.avail_in;
            while (st == Z_OK && (z.avail_in || !z.avail_out)) {
                z.next_out = bytes;
                z.avail_out = sizeof bytes;
                st = inflate(&z, Z_NO_FLUSH);
                if (!rows_take(&r, bytes, sizeof bytes - z.avail_out))
                    st = Z_DATA_ERROR;
            }
            st = st == Z_BUF_ERROR ? Z_OK : st;
            z.avail_out = 1;
        }
    *out = st == Z_STREAM_END && r.left == 0;
    return RC_OK;
}

static enum rc png(struct arena *a, struct paper_scan *s, size_t *n, struct err *e)
{
    struct png g = {.s = s};
    uint8_t head[8];
    bool sound = false;

    for (size_t at = 8; store_size(s->file) - at >= 12; at += 12 + be32(head)) {
        TRY(store_at(s->file, at, head, sizeof head, e));
        if (be32(head) > store_size(s->file) - at - 12)
            return RC_OK;
        TRY(chunk(a, &g, head, at + 8, e));
    }
    if (s->width < 1 || s->height < 1 || (g.colour == 3) != (s->palette != NULL) || !s->n_spans)
        return RC_OK;
    s->kind = g.odd ? SCAN_DRAWN : SCAN_PNG;
    if (g.odd)
        sound = (int64_t)s->width * s->height <= PNG_DRAWN_MAX;
    else
        TRY(whole(s, &sound, e));
    *n = sound;
    return RC_OK;
}

enum rc paper_picture(struct arena *a, struct store_reader *file, struct paper_scan *out, size_t *n,
                      struct err *e)
{
    uint8_t magic[2] = {0};

    *n = 0;
    *out = (struct paper_scan){.file = file};
    TRY(store_at(file, 0, magic, store_size(file) < 2 ? store_size(file) : 2, e));
    TRY(magic[0] == 0xFF ? jpeg(a, out, n, e) : magic[0] == 0x89 ? png(a, out, n, e) : RC_OK);
    if (*n)
        lay_out(out);
    return RC_OK;
}
