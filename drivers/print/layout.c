#include "drivers/print/layout.h"

#include <ctype.h>
#include <string.h>

#include "common/base/qr.h"
#include "common/base/text.h"
#include "drivers/print/escpos.h"

/* All measures in dots at 203 dpi on 72 mm of print width; other heads scale them. */
#define REF_DPI 203.0
#define REF_WIDTH_MM 72.0
#define NARROW 0.86 /* 58 mm paper: a little smaller, or words break too often */
#define MARGIN 24   /* with QR_MODULE 6 also the quiet zone left of a code */
#define BOTTOM 16   /* then the blade */
#define QR_MODULE 6
#define QR_QUIET 4
#define LABEL_MAX 24 /* code points before the colon of a "Label: value" row */

struct page {
    struct arena *a;
    struct bitmap *b;
    const struct receipt_line *lines; /* cleaned */
    size_t n, i;                      /* i: the line being set */
    double s;                         /* dots per reference dot */
    int y;
    bool numbered; /* the number stands already */
};

/*                                px  weight tracking leading align display */
static const struct raster_face TITLE = {36, 700, 0, 1.14, RASTER_CENTER, true};
static const struct raster_face HEADING = {23, 600, 3.2, 1.3, RASTER_CENTER, false};
static const struct raster_face NUMBER = {78, 700, 0, 1.1, RASTER_CENTER, true};
static const struct raster_face LABEL = {23, 400, 0, 1.25, RASTER_LEFT, false};
static const struct raster_face VALUE = {26, 600, 0, 1.22, RASTER_LEFT, false};
static const struct raster_face BODY = {26, 400, 0, 1.3, RASTER_LEFT, false};
static const struct raster_face LEAD = {27, 500, 0, 1.25, RASTER_CENTER, false};
static const struct raster_face FIGURE = {58, 700, 0, 1.1, RASTER_CENTER, true};
static const struct raster_face TYPED = {42, 700, 0, 1.12, RASTER_LEFT, true};
static const struct raster_face STATEMENT = {36, 700, 0, 1.18, RASTER_CENTER, true};
static const struct raster_face SMALL = {22, 400, 0, 1.28, RASTER_LEFT, false};
static const struct raster_face BANNER = {34, 700, 9, 1.2, RASTER_CENTER, true};

static int dots(const struct page *p, double ref)
{
    return (int)(ref * p->s + 0.5);
}

static struct raster_face face(const struct page *p, struct raster_face f)
{
    f.px = (double)dots(p, f.px);
    f.tracking *= p->s;
    return f;
}

static struct raster_face aligned(const struct page *p, struct raster_face f, enum raster_align align)
{
    f.align = align;
    return face(p, f);
}

static enum rc room(const struct page *p, int h, struct err *e)
{
    if (p->y + h <= p->b->h)
        return RC_OK;
    return err_set(e, RC_TOO_BIG, "the receipt is longer than %d mm", LAYOUT_MM_MAX);
}

static enum rc block(struct page *p, const char *text, const struct raster_face *f, int x, int w,
                     struct err *e)
{
    struct bitmap *b = NULL;
    TRY(raster_text(p->a, text, f, w, &b, e));
    TRY(room(p, b->h, e));
    bitmap_draw(p->b, b, x, p->y);
    p->y += b->h;
    return RC_OK;
}

static int margin(const struct page *p)
{
    return dots(p, MARGIN);
}

static int inner(const struct page *p)
{
    return p->b->w - 2 * margin(p);
}

static const struct receipt_line *at(const struct page *p, size_t i)
{
    return i < p->n ? &p->lines[i] : NULL;
}

static bool is(const struct receipt_line *l, const char *style)
{
    return l && strcmp(l->style, style) == 0;
}

/* ---- styles ---- */

static enum rc set_title(struct page *p, const struct receipt_line *l, struct err *e)
{
    struct raster_face f = face(p, TITLE);
    TRY(block(p, l->text, &f, margin(p), inner(p), e));
    p->y += dots(p, 14);
    return RC_OK;
}

/* The largest size at which the text still fits on one line; never below 40 % of the full size. */
static struct raster_face fitted(const char *text, struct raster_face f, int w)
{
    int need = raster_measure(text, &f, NULL);
    if (need > w) {
        double px = f.px * w / need;
        f.px = (double)(int)(px > f.px * 0.4 ? px : f.px * 0.4);
    }
    return f;
}

static enum rc set_number(struct page *p, const struct receipt_line *l, struct err *e)
{
    struct raster_face f = fitted(l->text, face(p, NUMBER), inner(p));
    TRY(block(p, l->text, &f, margin(p), inner(p), e));
    p->y += dots(p, 12);
    p->numbered = true;
    return RC_OK;
}

static enum rc set_rule(struct page *p, const struct receipt_line *l, struct err *e)
{
    (void)l;
    int thick = dots(p, 2) > 0 ? dots(p, 2) : 1;
    TRY(room(p, dots(p, 36), e));
    p->y += dots(p, 12);
    bitmap_rect(p->b, margin(p), p->y, inner(p), thick);
    p->y += thick + dots(p, 20);
    return RC_OK;
}

static enum rc set_space(struct page *p, const struct receipt_line *l, struct err *e)
{
    (void)l;
    TRY(room(p, dots(p, 20), e));
    p->y += dots(p, 20);
    return RC_OK;
}

static enum rc set_small(struct page *p, const struct receipt_line *l, struct err *e)
{
    struct raster_face f = aligned(p, SMALL, RASTER_CENTER);
    TRY(block(p, l->text, &f, margin(p), inner(p), e));
    p->y += dots(p, 6);
    return RC_OK;
}

/* "Label: value": where the value starts, or NULL. */
static const char *value_of(const char *text)
{
    const char *colon = strstr(text, ": ");
    if (!colon || colon == text)
        return NULL;
    size_t points = 0;
    for (const char *q = text; q < colon; q++) {
        if (strchr(".,;!?", *q))
            return NULL;
        points += ((unsigned char)*q & 0xc0) != 0x80;
    }
    return points <= LABEL_MAX ? colon + 2 : NULL;
}

static const char *label_of(struct page *p, const char *text)
{
    const char *value = value_of(text);
    return value ? arena_strn(p->a, text, (size_t)(value - text) - 2) : "";
}

/* A row of the table, or a quiet line between two rows (the same in another language). */
static bool in_table(const struct page *p, size_t i)
{
    const struct receipt_line *l = at(p, i);
    return is(l, "small") || (is(l, "text") && value_of(l->text));
}

/* The label column of a run of rows: the widest label, at most 44 % of the line. */
static int label_column(struct page *p)
{
    struct raster_face f = face(p, LABEL);
    int w = 0;
    for (size_t i = p->i; in_table(p, i); i++) {
        if (is(at(p, i), "small"))
            continue;
        int need = raster_measure(label_of(p, at(p, i)->text), &f, NULL);
        w = need > w ? need : w;
    }
    int most = inner(p) * 44 / 100;
    return (w < most ? w : most) + dots(p, 18);
}

/* Label and first line of the value share a baseline. */
static enum rc set_row(struct page *p, const char *text, int column, struct err *e)
{
    struct raster_face lf = face(p, LABEL), vf = face(p, VALUE);
    int lb = 0, vb = 0;
    const char *label = label_of(p, text);
    (void)raster_measure(label, &lf, &lb);
    (void)raster_measure(value_of(text), &vf, &vb);
    int top = p->y;
    p->y = top + (vb > lb ? vb - lb : 0);
    TRY(block(p, label, &lf, margin(p), column - dots(p, 14), e));
    int under = p->y;
    p->y = top + (lb > vb ? lb - vb : 0);
    TRY(block(p, value_of(text), &vf, margin(p) + column, inner(p) - column, e));
    p->y = (p->y > under ? p->y : under) + dots(p, 11);
    return RC_OK;
}

static enum rc set_table(struct page *p, struct err *e)
{
    int column = label_column(p);
    struct raster_face small = face(p, SMALL);
    for (; in_table(p, p->i); p->i++) {
        const struct receipt_line *l = at(p, p->i);
        if (is(l, "small")) {
            p->y -= dots(p, 5);
            TRY(block(p, l->text, &small, margin(p) + column, inner(p) - column, e));
            p->y += dots(p, 10);
        } else {
            TRY(set_row(p, l->text, column, e));
        }
    }
    p->i--; /* the loop of the page steps on */
    return RC_OK;
}

static enum rc set_text(struct page *p, const struct receipt_line *l, struct err *e)
{
    if (p->i > 0 && is(at(p, p->i - 1), "number")) { /* belongs to the number: the day and hour */
        struct raster_face f = face(p, LEAD);
        TRY(block(p, l->text, &f, margin(p), inner(p), e));
        p->y += dots(p, 6);
        return RC_OK;
    }
    if (value_of(l->text))
        return set_table(p, e);
    struct raster_face f = face(p, BODY);
    p->y += dots(p, 6);
    TRY(block(p, l->text, &f, margin(p), inner(p), e));
    p->y += dots(p, 8);
    return RC_OK;
}

/* The day or number that a statement ends with, "22.12.2026", "2026. december 22.", "22 December 2026": from
 * its first figure to its last. NULL when it ends with another word, or is nothing else. */
static const char *figure_of(const char *text)
{
    const char *last = strrchr(text, ' ');
    if (!last || !isdigit((unsigned char)last[1]))
        return NULL;
    for (const char *gap = strchr(text, ' '); gap; gap = strchr(gap + 1, ' '))
        if (isdigit((unsigned char)gap[1]))
            return gap > text ? gap + 1 : NULL;
    return NULL;
}

static enum rc statement_text(struct page *p, const char *text, int x, int w, struct err *e)
{
    const char *figure = figure_of(text);
    struct raster_face f = face(p, STATEMENT), lead = face(p, LEAD);
    if (!figure)
        return block(p, text, &f, x, w, e);
    TRY(block(p, arena_strn(p->a, text, (size_t)(figure - text) - 1), &lead, x, w, e));
    p->y += dots(p, 2);
    f = fitted(figure, face(p, FIGURE), w);
    return block(p, figure, &f, x, w, e);
}

static enum rc set_statement(struct page *p, const struct receipt_line *l, struct err *e)
{
    int pad = dots(p, 20), top = p->y + dots(p, 14);
    struct raster_face small = aligned(p, SMALL, RASTER_CENTER);
    p->y = top + dots(p, 18);
    TRY(statement_text(p, l->text, margin(p) + pad, inner(p) - 2 * pad, e));
    while (is(at(p, p->i + 1), "small")) {
        p->y += dots(p, 6);
        TRY(block(p, at(p, ++p->i)->text, &small, margin(p) + pad, inner(p) - 2 * pad, e));
    }
    p->y += dots(p, 18);
    TRY(room(p, dots(p, 20), e));
    raster_frame(p->b, (struct raster_box){margin(p), top, inner(p), p->y - top}, dots(p, 3), dots(p, 14));
    p->y += dots(p, 20);
    return RC_OK;
}

static enum rc set_big(struct page *p, const struct receipt_line *l, struct err *e)
{
    if (p->numbered)
        return set_statement(p, l, e);
    struct raster_face f = face(p, HEADING);
    TRY(block(p, l->text, &f, margin(p), inner(p), e));
    p->y += dots(p, 4);
    return RC_OK;
}

/* ---- the code and what stands beside it ---- */

static void draw_code(struct page *p, const struct qr *q, int module, int x, int y)
{
    for (int j = 0; j < q->size; j++)
        for (int i = 0; i < q->size; i++)
            if (q->modules[j * q->size + i])
                bitmap_rect(p->b, x + i * module, y + j * module, module, module);
}

/* One "Label: value" beside the code: the value is to be typed, so it is large. */
static enum rc beside_row(struct page *c, const char *text, int w, struct err *e)
{
    struct raster_face small = face(c, SMALL), figure = face(c, TYPED);
    const char *value = value_of(text);
    c->y += dots(c, 8);
    if (!value)
        return block(c, text, &small, 0, w, e);
    figure = fitted(value, figure, w);
    TRY(block(c, label_of(c, text), &small, 0, w, e));
    return block(c, value, &figure, 0, w, e);
}

/* The small lines and then the text lines that follow the code, as one column on a page of its own. */
static enum rc beside(struct page *p, int w, struct bitmap **out, int *h, struct err *e)
{
    struct page c = *p;
    struct raster_face small = face(p, SMALL);
    c.b = bitmap_new(p->a, w, p->b->h);
    c.y = 0;
    while (is(at(&c, c.i + 1), "small"))
        TRY(block(&c, at(&c, ++c.i)->text, &small, 0, w, e));
    while (is(at(&c, c.i + 1), "text"))
        TRY(beside_row(&c, at(&c, ++c.i)->text, w, e));
    p->i = c.i;
    *out = c.b;
    *h = c.y;
    return RC_OK;
}

static enum rc set_qr(struct page *p, const struct receipt_line *l, struct err *e)
{
    struct qr q;
    TRY(qr_encode(p->a, l->text, &q, e));
    int module = dots(p, QR_MODULE);
    while (module > 1 && (q.size + 2 * QR_QUIET) * module > p->b->w)
        module--;
    int quiet = QR_QUIET * module, side = q.size * module;
    int column = inner(p) - side - quiet - dots(p, 4);
    bool alone = !is(at(p, p->i + 1), "small") && !is(at(p, p->i + 1), "text");
    alone = alone || column < dots(p, 200);
    TRY(room(p, side + 2 * quiet, e));
    if (alone) {
        draw_code(p, &q, module, (p->b->w - side) / 2, p->y + quiet);
        p->y += side + 2 * quiet;
        return RC_OK;
    }
    struct bitmap *text = NULL;
    int h = 0;
    TRY(beside(p, column, &text, &h, e));
    int tall = h > side ? h : side, top = p->y + quiet / 2;
    TRY(room(p, tall + quiet, e));
    draw_code(p, &q, module, margin(p), top + (tall - side) / 2);
    bitmap_draw(p->b, text, margin(p) + side + quiet + dots(p, 4), top + (tall - h) / 2);
    p->y = top + tall + quiet;
    return RC_OK;
}

static const struct {
    const char *name;
    enum rc (*set)(struct page *p, const struct receipt_line *l, struct err *e);
} STYLES[] = {
    {"title", set_title}, {"big", set_big}, {"number", set_number}, {"text", set_text},
    {"small", set_small}, {"qr", set_qr},   {"rule", set_rule},     {"space", set_space},
};

static enum rc set_line(struct page *p, struct err *e)
{
    const struct receipt_line *l = &p->lines[p->i];
    for (size_t k = 0; k < COUNT(STYLES); k++)
        if (is(l, STYLES[k].name))
            return STYLES[k].set(p, l, e);
    return err_at(e, RC_BAD_FIELD, "lines.style", "line %zu has an unknown style", p->i);
}

/* ---- the whole ---- */

static const struct {
    const char *lang, *word;
} COPY_WORDS[] = {{"ro", "DUPLICAT"}, {"hu", "MÁSOLAT"}, {"en", "COPY"}};

static enum rc set_banner(struct page *p, const char *lang, struct err *e)
{
    const char *word = COPY_WORDS[0].word;
    for (size_t k = 0; k < COUNT(COPY_WORDS); k++)
        if (lang && strcmp(lang, COPY_WORDS[k].lang) == 0)
            word = COPY_WORDS[k].word;
    struct raster_face f = face(p, BANNER);
    int top = p->y;
    p->y += dots(p, 12);
    TRY(block(p, word, &f, margin(p), inner(p), e));
    p->y += dots(p, 12);
    raster_frame(p->b, (struct raster_box){margin(p), top, inner(p), p->y - top}, dots(p, 5), dots(p, 4));
    p->y += dots(p, 20);
    return RC_OK;
}

static enum rc clean_lines(struct page *p, const struct layout *r, struct err *e)
{
    if (r->n == 0 || r->n > LAYOUT_LINES_MAX)
        return err_at(e, RC_BAD_FIELD, "lines", "1 to %d lines", LAYOUT_LINES_MAX);
    struct receipt_line *out = ARENA_ARRAY(p->a, struct receipt_line, r->n);
    for (size_t i = 0; i < r->n; i++) {
        const char *text = r->lines[i].text ? r->lines[i].text : "";
        out[i].style = r->lines[i].style ? r->lines[i].style : "";
        if (strlen(text) > LAYOUT_TEXT_MAX)
            return err_at(e, RC_BAD_FIELD, "lines.text", "line %zu is longer than %d", i, LAYOUT_TEXT_MAX);
        if (text_clean(p->a, text, &out[i].text, e) != RC_OK)
            return err_wrap(e, RC_BAD_FIELD, "line %zu", i);
    }
    p->lines = out;
    p->n = r->n;
    return RC_OK;
}

enum rc layout_make(struct arena *a, const struct layout *r, const struct paper *paper, struct bitmap **out,
                    struct err *e)
{
    if (paper->dots < 200 || paper->dots > 2048 || paper->dpi < 100 || paper->dpi > 600)
        return err_set(e, RC_BAD_REQUEST, "paper of %d dots at %d dpi", paper->dots, paper->dpi);
    double mm = paper->dots * 25.4 / paper->dpi;
    struct page p = {.a = a, .s = paper->dpi / REF_DPI * (mm < REF_WIDTH_MM * 0.75 ? NARROW : 1.0)};
    TRY(clean_lines(&p, r, e));
    p.b = bitmap_new(a, paper->dots, LAYOUT_MM_MAX * paper->dpi * 10 / 254);
    p.y = dots(&p, 16);
    if (r->copy)
        TRY(set_banner(&p, r->lang, e));
    for (p.i = 0; p.i < p.n; p.i++)
        TRY(set_line(&p, e));
    p.b->h = p.y + dots(&p, BOTTOM) < p.b->h ? p.y + dots(&p, BOTTOM) : p.b->h;
    (void)escpos_defuse(p.b->bits, p.b->stride * (size_t)p.b->h);
    *out = p.b;
    return RC_OK;
}

double layout_mm(const struct bitmap *b, const struct paper *p)
{
    return b->h * 25.4 / p->dpi;
}
