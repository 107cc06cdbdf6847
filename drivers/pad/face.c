#include "drivers/pad/face.h"

#include <string.h>

#define INK 0x000000u
#define PAPER 0xffffffu
#define GREEN 0x1f6f43u
#define QUIET 0x4a4a4au

const char *const face_button_words[FACE_BUTTONS] = {"cancel", "clear", "ok"};

static const struct words {
    const char *lang, *button[FACE_BUTTONS], *here;
} words[] = {
    {"ro", {"Renunț", "Șterge", "Semnat"}, "Semnați pe linie"},
    {"hu", {"Mégse", "Törlés", "Kész"}, "Írja alá a vonalon"},
    {"en", {"Cancel", "Clear", "Done"}, "Sign on the line"},
};

static const struct words *words_of(const char *lang)
{
    for (size_t i = 0; i < COUNT(words); i++)
        if (lang && strcmp(words[i].lang, lang) == 0)
            return &words[i];
    return &words[0];
}

struct plan {
    int w, h, side;      /* of the screen; left and right margin */
    int right;           /* first column that belongs to the buttons, or w */
    int bottom;          /* first row that belongs to the buttons, or h */
    double title, small; /* em */
};

/* A low and wide pad has its buttons beside the line, the others below it. */
static struct plan plan_of(const struct screen_size *s, bool buttons)
{
    bool wide = s->w > 2 * s->h + s->h / 2;
    struct plan p = {.w = s->w, .h = s->h, .right = s->w, .bottom = s->h, .side = s->w / 20};
    p.title = wide ? s->h / 6.5 : s->h / 12.5;
    p.small = wide ? s->h / 8.5 : s->h / 20.0;
    p.small = p.small < 11.5 ? 11.5 : p.small;
    p.title = p.title < 14 ? 14 : p.title;
    if (buttons && wide)
        p.right = s->w - s->w / 4;
    else if (buttons)
        p.bottom = s->h - s->h * 19 / 100;
    return p;
}

static void add(struct face *f, const struct bitmap *b, int x, int y, const uint32_t colour[2])
{
    if (f->n < FACE_PARTS)
        f->part[f->n++] = (struct picture){b, x, y, colour[0], colour[1]};
}

/* Only the part with ink: each row of dots costs a transfer or more. */
static const struct bitmap *trimmed(struct arena *a, const struct bitmap *b, int *dx, int *dy)
{
    int x0 = b->w, y0 = b->h, x1 = -1, y1 = -1;
    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            if (bitmap_get(b, x, y)) {
                x0 = x < x0 ? x : x0;
                x1 = x > x1 ? x : x1;
                y0 = y < y0 ? y : y0;
                y1 = y;
            }
    if (x1 < 0)
        return NULL;
    struct bitmap *out = bitmap_new(a, x1 - x0 + 1, y1 - y0 + 1);
    bitmap_draw(out, b, -x0, -y0);
    *dx += x0;
    *dy += y0;
    return out;
}

/* A block of text at x, y, no wider than w and no higher than most; returns its height. */
static enum rc text(struct arena *a, struct face *f, const char *s, const struct raster_face *face,
                    struct raster_box *box, struct err *e)
{
    static const uint32_t ink[2] = {INK, PAPER};
    struct bitmap *b = NULL;
    int most = box->h, x = box->x, y = box->y;
    box->h = 0;
    if (!s || !*s)
        return RC_OK;
    TRY(raster_text(a, s, face, box->w, &b, e));
    b->h = b->h < most ? b->h : most;
    box->h = b->h;
    const struct bitmap *cut = trimmed(a, b, &x, &y);
    if (cut)
        add(f, cut, x, y, ink);
    return RC_OK;
}

/* Smaller letters for a long name, down to two thirds; what is longer still is cut below. */
static enum rc fitting(struct arena *a, const char *s, struct raster_face *face, const struct raster_box *box,
                       struct err *e)
{
    struct bitmap *b = NULL;
    for (double least = face->px * 0.66; *s && face->px > least; face->px *= 0.94) {
        TRY(raster_text(a, s, face, box->w, &b, e));
        if (b->h <= box->h)
            break;
    }
    return RC_OK;
}

/* As much of the text as fits on one line, with dots behind when it was longer. */
static const char *one_line(struct arena *a, const char *s, const struct raster_face *face, int width)
{
    size_t n = strlen(s);
    if (raster_measure(s, face, NULL) <= width)
        return s;
    while (n > 0) {
        do {
            n--;
        } while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80);
        const char *cut = arena_fmt(a, "%.*s…", (int)n, s);
        if (raster_measure(cut, face, NULL) <= width)
            return cut;
    }
    return "…";
}

static void flip(struct bitmap *b, const struct bitmap *holes, int dx, int dy)
{
    for (int y = 0; y < holes->h; y++)
        for (int x = 0; x < holes->w; x++)
            if (bitmap_get(holes, x, y) && bitmap_get(b, x + dx, y + dy))
                b->bits[(size_t)(y + dy) * b->stride + (size_t)(x + dx) / 8] &=
                    (uint8_t) ~(0x80 >> ((x + dx) & 7));
}

static enum rc button(struct arena *a, struct face *f, enum face_button which, const char *word,
                      const struct raster_box *box, struct err *e)
{
    static const uint32_t colours[FACE_BUTTONS][2] = {{QUIET, PAPER}, {QUIET, PAPER}, {GREEN, PAPER}};
    struct raster_face face = {.px = box->h * 0.42, .weight = 600, .align = RASTER_CENTER};
    struct bitmap *b = bitmap_new(a, box->w, box->h), *t = NULL;
    int radius = box->h / 6, line = box->h / 28 > 1 ? box->h / 28 : 1, dx = 0, dy = 0;
    while (face.px > 9 && raster_measure(word, &face, NULL) > box->w - 2 * radius)
        face.px -= 1;
    TRY(raster_text(a, word, &face, box->w, &t, e));
    const struct bitmap *cut = trimmed(a, t, &dx, &dy);
    raster_frame(b, (struct raster_box){0, 0, box->w, box->h}, line, radius);
    if (which == FACE_OK) {
        for (int i = line; i < box->h / 2; i += line) /* frame in frame: filled, with round corners */
            raster_frame(b, (struct raster_box){i, i, box->w - 2 * i, box->h - 2 * i}, line + 1,
                         radius > i ? radius - i : 0);
        bitmap_rect(b, radius, line, box->w - 2 * radius, box->h - 2 * line);
        bitmap_rect(b, line, radius, box->w - 2 * line, box->h - 2 * radius);
    }
    int baseline = 0;
    raster_measure(word, &face, &baseline);
    int top = (box->h - (int)(face.px * 0.72)) / 2 - baseline + (int)(face.px * 0.72); /* capitals centred */
    if (cut && which == FACE_OK)
        flip(b, t, 0, top);
    else if (cut)
        bitmap_draw(b, t, 0, top);
    add(f, b, box->x, box->y, colours[which]);
    f->button[which] = (struct stu_rect){box->x, box->y, box->x + box->w - 1, box->y + box->h - 1};
    return RC_OK;
}

static enum rc buttons(struct arena *a, struct face *f, const struct plan *p, const struct words *w,
                       struct err *e)
{
    int gap = p->side / 2 > 6 ? p->side / 2 : 6;
    bool column = p->right < p->w;
    for (int i = 0; i < FACE_BUTTONS; i++) {
        struct raster_box box;
        if (column) {
            int h = (p->h - 4 * 4) / FACE_BUTTONS;
            box = (struct raster_box){p->right + 4, 4 + (FACE_BUTTONS - 1 - i) * (h + 4), p->w - p->right - 8,
                                      h};
        } else {
            int wide = (p->w - 2 * p->side - 2 * gap) / FACE_BUTTONS;
            int h = (p->h - p->bottom) * 74 / 100;
            box = (struct raster_box){p->side + i * (wide + gap), p->bottom, wide, h};
        }
        TRY(button(a, f, (enum face_button)i, w->button[i], &box, e));
    }
    return RC_OK;
}

enum rc face_make(struct arena *a, const struct face_text *t, const struct screen_size *size,
                  struct face *out, struct err *e)
{
    static const uint32_t grey[2] = {QUIET, PAPER};
    struct plan p = plan_of(size, t->buttons);
    const struct words *w = words_of(t->lang);
    const struct raster_face small = {.px = p.small, .weight = 400};
    struct raster_face big = {.px = p.title, .weight = 600};
    int width = p.right - 2 * p.side, y = size->h / 20;
    bool low = p.right < p.w || size->h < 120;
    *out = (struct face){0};
    const char *title = t->title ? t->title : "";
    struct raster_box box = {p.side, y, width, (int)(p.title * (low ? 1.3 : 2.6))};
    TRY(fitting(a, low ? one_line(a, title, &big, width) : title, &big, &box, e));
    TRY(text(a, out, low ? one_line(a, title, &big, width) : title, &big, &box, e));
    y += box.h + size->h / 60;
    const char *name = t->name ? t->name : "", *hash = t->hash ? t->hash : "";
    const char *both = arena_fmt(a, "%s%s%s", name, *name && *hash ? "   ·   " : "", hash);
    if (raster_measure(both, &small, NULL) > width && *name && *hash && !low)
        both = arena_fmt(a, "%s\n%s", one_line(a, name, &small, width), hash);
    else if (raster_measure(both, &small, NULL) > width && *name && *hash) /* the name gives way */
        both = arena_fmt(a, "%s  ·  %s",
                         one_line(a, name, &small, width - raster_measure(hash, &small, NULL) - 2 * p.side),
                         hash);
    else
        both = one_line(a, both, &small, width);
    box = (struct raster_box){p.side, y, width, (int)(p.small * 3)};
    TRY(text(a, out, both, &small, &box, e));
    y += box.h;
    int caption = low ? 0 : (int)(p.small * 1.5), line = size->h / 240 > 1 ? size->h / 240 : 1;
    int at = p.bottom - caption - size->h / 30 - line;
    struct bitmap *rule = bitmap_new(a, width, line);
    bitmap_rect(rule, 0, 0, width, line);
    add(out, rule, p.side, at, grey);
    if (!low) {
        const struct raster_face note = {.px = p.small * 0.85, .weight = 400, .align = RASTER_LEFT};
        box = (struct raster_box){p.side, at + line + size->h / 120, width, caption};
        TRY(text(a, out, w->here, &note, &box, e));
    }
    out->writing = (struct stu_rect){0, y + 2, p.right - 1, (t->buttons ? p.bottom : size->h) - 1};
    return t->buttons ? buttons(a, out, &p, w, e) : RC_OK;
}

struct bitmap *face_whole(struct arena *a, const struct face *f, const struct screen_size *size)
{
    struct bitmap *b = bitmap_new(a, size->w, size->h);
    for (size_t i = 0; i < f->n; i++)
        bitmap_draw(b, f->part[i].bits, f->part[i].x, f->part[i].y);
    return b;
}

int face_hit(const struct face *f, int x, int y)
{
    for (int i = 0; i < FACE_BUTTONS; i++) {
        const struct stu_rect *r = &f->button[i];
        if (r->right > 0 && x >= r->left && x <= r->right && y >= r->top && y <= r->bottom)
            return i;
    }
    return -1;
}
