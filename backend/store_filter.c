#include "backend/store_filter.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PIECE = 4096, ROW_MAX = 64 << 10, LZW_CODES = 4096 };

struct stage {
    struct filter f;
    bool predicts; /* the rows behind an LZW or Flate */
    bool ended;
    struct stage *next; /* NULL: out */
    struct filtered *out;
    bool *enough;
    z_stream z;
    bool z_open;
    /* hexadecimal, base 85, runs: what is begun */
    uint32_t bits;
    int have, run;
    /* LZW */
    uint16_t before[LZW_CODES];
    unsigned char last[LZW_CODES];
    int width, codes, previous;
    /* rows: the one above and this one, each with the bytes of one dot in front */
    unsigned char *above, *row;
    size_t row_len, row_at, dot;
    int tag;
};

static void push(struct stage *s, const unsigned char *p, size_t n);

static bool stopped(const struct stage *s)
{
    return s->out->broken || *s->enough;
}

static void give(struct stage *s, const unsigned char *p, size_t n)
{
    struct filtered *o = s->out;

    o->made += n;
    if (o->made > o->max)
        o->broken = true;
    if (n == 0 || stopped(s))
        return;
    if (s->next)
        push(s->next, p, n);
    else if (!o->take(o->user, p, n))
        *s->enough = true;
}

static bool blank(unsigned char c)
{
    return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ';
}

static void hex(struct stage *s, unsigned char c)
{
    int v = c >= '0' && c <= '9'   ? c - '0'
            : c >= 'a' && c <= 'f' ? c - 'a' + 10
            : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                   : -1;
    unsigned char one;

    s->ended = c == '>';
    if (blank(c) || (s->ended && !s->have))
        return;
    s->out->broken |= v < 0 && !s->ended;
    s->bits = s->bits << 4 | (uint32_t)(v < 0 ? 0 : v);
    if (++s->have < 2 && !s->ended)
        return;
    one = (unsigned char)s->bits;
    if (s->ended)
        one = (unsigned char)(s->bits & 0xF0);
    s->have = 0;
    give(s, &one, 1);
}

static void base85_out(struct stage *s, int n)
{
    const unsigned char four[4] = {(unsigned char)(s->bits >> 24), (unsigned char)(s->bits >> 16),
                                   (unsigned char)(s->bits >> 8), (unsigned char)s->bits};
    s->bits = 0;
    s->have = 0;
    give(s, four, (size_t)n);
}

static void base85(struct stage *s, unsigned char c)
{
    s->ended = c == '~';
    if (blank(c))
        return;
    if (c == 'z' && s->have == 0) {
        base85_out(s, 4);
    } else if (s->ended) {
        int n = s->have - 1;
        while (s->have > 1 && s->have < 5) {
            s->bits = s->bits * 85 + 84;
            s->have++;
        }
        if (n > 0)
            base85_out(s, n);
    } else if (c < '!' || c > 'u') {
        s->out->broken = true;
    } else {
        s->bits = s->bits * 85 + (c - '!');
        if (++s->have == 5)
            base85_out(s, 4);
    }
}

/* run > 0: so many bytes as they are; < 0: the next byte so many times. */
static void run(struct stage *s, unsigned char c)
{
    unsigned char many[128];

    if (s->run > 0) {
        s->run--;
        give(s, &c, 1);
    } else if (s->run < 0) {
        memset(many, c, sizeof many);
        give(s, many, (size_t)-s->run);
        s->run = 0;
    } else if (c == 128) {
        s->ended = true;
    } else {
        s->run = c < 128 ? c + 1 : c - 257;
    }
}

static void lzw_clear(struct stage *s)
{
    s->codes = 258;
    s->width = 9;
    s->previous = -1;
}

/* The bytes a code stands for, from the last to the first; that it stands for the one before is ruled out by
 * how the table grows: each points to a lower one. */
static size_t lzw_text(const struct stage *s, int code, unsigned char out[LZW_CODES])
{
    size_t n = LZW_CODES;

    for (; code > 257; code = s->before[code])
        out[--n] = s->last[code];
    out[--n] = (unsigned char)code;
    return n;
}

static void lzw_code(struct stage *s, int code)
{
    unsigned char text[LZW_CODES + 1];
    bool new = code == s->codes && s->previous >= 0;

    if (code == 256) {
        lzw_clear(s);
        return;
    }
    s->ended = code == 257;
    s->out->broken |= !s->ended && (code > s->codes || (code == s->codes && !new));
    if (s->ended || s->out->broken)
        return;
    size_t from = lzw_text(s, new ? s->previous : code, text), end = LZW_CODES;
    if (new)
        text[end++] = text[from];
    if (s->previous >= 0 && s->codes < LZW_CODES) {
        s->before[s->codes] = (uint16_t)s->previous;
        s->last[s->codes++] = text[from];
    }
    int next = s->codes + s->f.early;
    s->width = next >= 2048 ? 12 : next >= 1024 ? 11 : next >= 512 ? 10 : 9;
    s->previous = code;
    give(s, text + from, end - from);
}

static void lzw(struct stage *s, unsigned char c)
{
    s->bits = s->bits << 8 | c;
    s->have += 8;
    if (s->have < s->width)
        return;
    s->have -= s->width;
    lzw_code(s, (int)(s->bits >> s->have & ((1u << s->width) - 1)));
}

static void flate(struct stage *s, const unsigned char *p, size_t n)
{
    unsigned char out[PIECE];
    int st = Z_OK;

    s->z.next_in = (unsigned char *)(uintptr_t)p;
    s->z.avail_in = (unsigned)n;
    do {
        s->z.next_out = out;
        s->z.avail_out = sizeof out;
        st = inflate(&s->z, Z_NO_FLUSH);
        give(s, out, sizeof out - s->z.avail_out);
    } while (st == Z_OK && (s->z.avail_in || !s->z.avail_out) && !stopped(s));
    s->ended = st == Z_STREAM_END;
    s->out->broken |= st != Z_OK && st != Z_STREAM_END && st != Z_BUF_ERROR;
}

/* ---- rows ---- */

static unsigned char paeth(int a, int b, int c)
{
    int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
    return (unsigned char)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

static void row_out(struct stage *s)
{
    unsigned char *row = s->row + s->dot, *above = s->above + s->dot;

    for (size_t i = 0; i < s->row_at; i++) {
        int left = (row - s->dot)[i], up = above[i], corner = (above - s->dot)[i];
        int add = s->tag == 1   ? left
                  : s->tag == 2 ? up
                  : s->tag == 3 ? (left + up) / 2
                  : s->tag == 4 ? paeth(left, up, corner)
                                : 0;
        row[i] = (unsigned char)(row[i] + add);
    }
    give(s, row, s->row_at);
    unsigned char *old = s->above;
    s->above = s->row;
    s->row = old;
    s->row_at = 0;
    s->tag = s->f.predictor == 2 ? 1 : -1;
}

/* Whatever number is given, each row of a PNG says its own; in a TIFF each byte is told by the dot before. */
static void rows(struct stage *s, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n && !stopped(s); i++) {
        if (s->tag < 0) {
            s->tag = p[i];
            s->out->broken |= s->tag > 4;
            continue;
        }
        s->row[s->dot + s->row_at++] = p[i];
        if (s->row_at == s->row_len)
            row_out(s);
    }
}

static void rows_begin(struct stage *s)
{
    const struct filter *f = &s->f;
    bool sound = f->colors >= 1 && f->colors <= 32 && f->columns >= 1 && f->columns <= ROW_MAX &&
                 (f->bits == 1 || f->bits == 2 || f->bits == 4 || f->bits == 8 || f->bits == 16) &&
                 (f->predictor == 2 ? f->bits == 8 : f->predictor >= 10 && f->predictor <= 15);
    size_t bits = sound ? (size_t)f->colors * (size_t)f->bits : 8;

    s->dot = (bits + 7) / 8;
    s->row_len = sound ? (bits * (size_t)f->columns + 7) / 8 : 1;
    s->out->broken |= !sound || s->row_len > ROW_MAX;
    s->row_len = s->row_len > ROW_MAX ? ROW_MAX : s->row_len;
    s->above = calloc(1, s->dot + s->row_len);
    s->row = calloc(1, s->dot + s->row_len);
    if (!s->above || !s->row)
        abort();
    s->tag = f->predictor == 2 ? 1 : -1;
}

/* ---- */

static void push(struct stage *s, const unsigned char *p, size_t n)
{
    static void (*const each[])(struct stage * s, unsigned char c) = {
        [FILTER_HEX] = hex, [FILTER_A85] = base85, [FILTER_RUN] = run, [FILTER_LZW] = lzw};

    if (s->ended || stopped(s))
        return;
    if (s->predicts)
        rows(s, p, n);
    else if (s->f.kind == FILTER_FLATE)
        flate(s, p, n);
    else
        for (size_t i = 0; i < n && !s->ended && !stopped(s); i++)
            each[s->f.kind](s, p[i]);
}

/* Nothing more comes. */
static void finish(struct stage *s)
{
    if (s->predicts && s->row_at && !stopped(s))
        row_out(s);
    else if (!s->predicts && s->f.kind == FILTER_FLATE && !s->ended && !*s->enough)
        s->out->broken = true;
}

static void stage_begin(struct stage *s, const struct filter *f, bool predicts)
{
    s->f = *f;
    s->predicts = predicts;
    lzw_clear(s);
    if (predicts) {
        rows_begin(s);
    } else if (f->kind == FILTER_FLATE) {
        s->z_open = inflateInit(&s->z) == Z_OK;
        s->out->broken |= !s->z_open;
    }
}

static void stages_end(struct stage *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i].z_open)
            inflateEnd(&s[i].z);
        free(s[i].above);
        free(s[i].row);
    }
    free(s);
}

static enum rc through(struct store_reader *r, size_t at, struct stage *s, struct err *e)
{
    unsigned char piece[PIECE];

    for (size_t n; at < store_size(r) && !s->ended && !stopped(s); at += n) {
        n = store_size(r) - at < sizeof piece ? store_size(r) - at : sizeof piece;
        TRY(store_at(r, at, piece, n, e));
        push(s, piece, n);
    }
    return RC_OK;
}

enum rc store_filter(struct store_reader *r, size_t at, const struct filter *f, size_t n,
                     struct filtered *out, struct err *e)
{
    struct stage *s = calloc(2 * FILTERS_MAX, sizeof *s);
    bool enough = false;
    size_t k = 0;

    if (!s)
        abort();
    out->made = 0;
    out->broken = n == 0 || n > FILTERS_MAX;
    for (size_t i = 0; i < n && !out->broken; i++)
        for (int rows_too = 0; rows_too < 2; rows_too++) {
            if (rows_too && (f[i].kind < FILTER_LZW || f[i].predictor == 1))
                continue;
            s[k].out = out;
            s[k].enough = &enough;
            if (k)
                s[k - 1].next = &s[k];
            stage_begin(&s[k++], &f[i], rows_too);
        }
    enum rc rc = out->broken ? RC_OK : through(r, at, s, e);
    for (size_t i = 0; i < k && rc == RC_OK; i++)
        finish(&s[i]);
    stages_end(s, k);
    return rc;
}
