#include "drivers/print/raster.h"

#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY "Inter, DejaVu Sans"
#define FAMILY_DISPLAY "Inter Display, Inter, DejaVu Sans"
#define THRESHOLD 112 /* of 255 coverage; a little below half, because thin joins must not break on paper */
#define TEXT_MAX_H 4096
#define SIDE_MAX 65536
#define BALANCE_MAX 4 /* lines of a paragraph that starts at the left */
#define KEEP_MAX 28   /* bytes of a word with a hyphen that is not broken */

struct bitmap *bitmap_new(struct arena *a, int w, int h)
{
    struct bitmap *b = ARENA_NEW(a, struct bitmap);
    *b = (struct bitmap){.w = w, .h = h, .stride = (size_t)(w + 7) / 8};
    b->bits = arena_alloc(a, b->stride * (size_t)h + 1);
    return b;
}

bool bitmap_get(const struct bitmap *b, int x, int y)
{
    if (x < 0 || y < 0 || x >= b->w || y >= b->h)
        return false;
    return b->bits[(size_t)y * b->stride + (size_t)x / 8] & (0x80 >> (x & 7));
}

static void set_dot(struct bitmap *b, int x, int y)
{
    if (x >= 0 && y >= 0 && x < b->w && y < b->h)
        b->bits[(size_t)y * b->stride + (size_t)x / 8] |= (uint8_t)(0x80 >> (x & 7));
}

void bitmap_rect(struct bitmap *b, int x, int y, int w, int h)
{
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            set_dot(b, i, j);
}

void bitmap_draw(struct bitmap *dst, const struct bitmap *src, int dx, int dy)
{
    for (int y = 0; y < src->h; y++)
        for (int x = 0; x < src->w; x++)
            if (bitmap_get(src, x, y))
                set_dot(dst, x + dx, y + dy);
}

void bitmap_put(const struct bitmap *b, struct buf *out)
{
    const int size[2] = {b->w, b->h};
    buf_add(out, size, sizeof size);
    buf_add(out, b->bits, b->stride * (size_t)b->h);
}

enum rc bitmap_take(struct arena *a, struct bytes *p, struct bitmap **out, struct err *e)
{
    int size[2] = {0};
    memcpy(size, p->p, p->len >= sizeof size ? sizeof size : 0);
    bool fits = size[0] > 0 && size[0] <= SIDE_MAX && size[1] > 0 && size[1] <= SIDE_MAX;
    size_t bits = fits ? (size_t)(size[0] + 7) / 8 * (size_t)size[1] : 0;
    if (!fits || p->len - sizeof size < bits)
        return err_set(e, RC_INTERNAL, "a bitmap that is not whole");
    *out = bitmap_new(a, size[0], size[1]);
    memcpy((*out)->bits, (const uint8_t *)p->p + sizeof size, bits);
    *p = BYTES((const uint8_t *)p->p + sizeof size + bits, p->len - sizeof size - bits);
    return RC_OK;
}

/* ---- Pango and Cairo objects with scope ---- */

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

/* The layout's own copy of the text may be a name: it is wiped where it stands. */
static void layout_freep(PangoLayout **l)
{
    if (!*l)
        return;
    char *text = (char *)(uintptr_t)pango_layout_get_text(*l);
    wipe(text, strlen(text));
    g_object_unref(*l);
}

/* Asked by LeakSanitizer in builds that have it: these keep fonts for the life of the process. Cairo could be
 * told to give them back, but aborts when Pango still holds one. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libcairo\nleak:libpango\n";
}

static PangoContext *ctx; /* process lifetime; keeps the loaded fonts */

/* Whole-dot metrics and slight hinting: horizontal strokes sit on dot rows, equal letters look equal. */
static PangoContext *context(void)
{
    if (ctx)
        return ctx;
    PangoFontMap *map = pango_cairo_font_map_get_default();
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(map), 72); /* 1 pt = 1 dot */
    ctx = pango_font_map_create_context(map);
    cairo_font_options_t *o = cairo_font_options_create();
    cairo_font_options_set_antialias(o, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(o, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_ON);
    pango_cairo_context_set_font_options(ctx, o);
    cairo_font_options_destroy(o);
    return ctx;
}

static void keep(PangoAttrList *list, const char *text, const char *from, const char *to)
{
    PangoAttribute *one = pango_attr_allow_breaks_new(FALSE);
    one->start_index = (guint)(from - text);
    one->end_index = (guint)(to - text);
    pango_attr_list_insert(list, one);
}

/* One letter, a short number, or a short word before a number leans on the word behind it: "A kódot", "30
 * nap", "art. 8". */
static bool leans(const char *word, size_t n)
{
    if (n > 0 && n <= 4 && word[n] == ' ' && word[n + 1] >= '0' && word[n + 1] <= '9')
        return true;
    bool letter = n == 1 || (n == 2 && (word[0] & 0x80));
    return letter || (n <= 3 && strspn(word, "0123456789") >= n);
}

/* Names with a hyphen stay together (Cluj-Napoca) unless they are too long for a line. */
static void keep_together(PangoAttrList *list, const char *text)
{
    for (const char *word = text; *word;) {
        size_t n = strcspn(word, " ");
        if (n <= KEEP_MAX && memchr(word, '-', n))
            keep(list, text, word, word + n);
        if (n > 0 && leans(word, n) && word[n] && word[n + 1])
            keep(list, text, word, word + n + 2);
        word += n + (word[n] != 0);
    }
}

/* Tabular figures keep numbers in columns; large ones look better with their own widths. */
static void set_attrs(PangoLayout *l, const char *text, const struct raster_face *f)
{
    PangoAttrList *list = pango_attr_list_new();
    pango_attr_list_insert(list, pango_attr_font_features_new(f->display ? "calt=0" : "tnum=1, calt=0"));
    keep_together(list, text);
    if (f->tracking != 0)
        pango_attr_list_insert(list, pango_attr_letter_spacing_new((int)(f->tracking * PANGO_SCALE)));
    pango_layout_set_attributes(l, list);
    pango_attr_list_unref(list);
}

static PangoLayout *layout(const char *text, const struct raster_face *f, int width)
{
    static const PangoAlignment align[] = {PANGO_ALIGN_LEFT, PANGO_ALIGN_CENTER, PANGO_ALIGN_RIGHT};
    PangoLayout *l = pango_layout_new(context());
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family_static(d, f->display ? FAMILY_DISPLAY : FAMILY);
    pango_font_description_set_weight(d, (PangoWeight)f->weight);
    pango_font_description_set_absolute_size(d, f->px * PANGO_SCALE);
    pango_layout_set_font_description(l, d);
    pango_font_description_free(d);
    set_attrs(l, text, f);
    pango_layout_set_alignment(l, align[f->align]);
    pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_width(l, width > 0 ? width * PANGO_SCALE : -1);
    if (f->leading > 0) {
        int natural = 0;
        PangoFontMetrics *m =
            pango_context_get_metrics(context(), pango_layout_get_font_description(l), NULL);
        natural = pango_font_metrics_get_ascent(m) + pango_font_metrics_get_descent(m);
        pango_font_metrics_unref(m);
        pango_layout_set_spacing(l, (int)(f->leading * f->px * PANGO_SCALE) - natural);
    }
    pango_layout_set_text(l, text, -1);
    return l;
}

int raster_measure(const char *text, const struct raster_face *f, int *baseline)
{
    PangoLayout *l SCOPED(layout_freep) = layout(text, f, 0);
    int w = 0;
    pango_layout_get_pixel_size(l, &w, NULL);
    if (baseline)
        *baseline = PANGO_PIXELS(pango_layout_get_baseline(l));
    return w;
}

int raster_missing(const char *text)
{
    static const struct raster_face f = {.px = 28, .weight = 400};
    PangoLayout *l SCOPED(layout_freep) = layout(text, &f, 0);
    return pango_layout_get_unknown_glyphs_count(l);
}

/* Coverage to dots at one threshold. */
static void threshold(cairo_surface_t *s, struct bitmap *b)
{
    cairo_surface_flush(s);
    const uint8_t *p = cairo_image_surface_get_data(s);
    size_t stride = (size_t)cairo_image_surface_get_stride(s);
    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            if (p[(size_t)y * stride + (size_t)x] >= THRESHOLD)
                set_dot(b, x, y);
}

static enum rc cairo_rc(cairo_status_t s, struct err *e)
{
    return s == CAIRO_STATUS_SUCCESS ? RC_OK
                                     : err_set(e, RC_INTERNAL, "cairo: %s", cairo_status_to_string(s));
}

/* Lines of about equal length, no word alone on the last: the narrowest width that needs no further line. */
static void balance(PangoLayout *l, int width)
{
    int lines = pango_layout_get_line_count(l);
    int low = width / 3, high = width;
    while (lines > 1 && high - low > 4) {
        int mid = (low + high) / 2;
        pango_layout_set_width(l, mid * PANGO_SCALE);
        if (pango_layout_get_line_count(l) > lines)
            low = mid;
        else
            high = mid;
    }
    pango_layout_set_width(l, high * PANGO_SCALE);
}

enum rc raster_text(struct arena *a, const char *text, const struct raster_face *f, int width,
                    struct bitmap **out, struct err *e)
{
    PangoLayout *l SCOPED(layout_freep) = layout(text, f, width);
    if (f->align == RASTER_CENTER || pango_layout_get_line_count(l) <= BALANCE_MAX)
        balance(l, width);
    int h = 0;
    pango_layout_get_pixel_size(l, NULL, &h);
    if (h > TEXT_MAX_H)
        return err_set(e, RC_TOO_BIG, "a text of %d dots", h);
    cairo_surface_t *s SCOPED(surface_freep) =
        cairo_image_surface_create(CAIRO_FORMAT_A8, width, h > 0 ? h : 1);
    cairo_t *c SCOPED(cairo_freep) = cairo_create(s);
    TRY(cairo_rc(cairo_status(c), e));
    cairo_set_source_rgba(c, 0, 0, 0, 1);
    cairo_translate(c, (width - pango_layout_get_width(l) / PANGO_SCALE) * (int)f->align / 2, 0);
    pango_cairo_show_layout(c, l);
    struct bitmap *b = bitmap_new(a, width, h);
    threshold(s, b);
    *out = b;
    return RC_OK;
}

void raster_frame(struct bitmap *b, struct raster_box box, int line, int radius)
{
    double r = radius, o = line / 2.0;
    int w = box.w, h = box.h;
    cairo_surface_t *s SCOPED(surface_freep) = cairo_image_surface_create(CAIRO_FORMAT_A8, w, h);
    cairo_t *c SCOPED(cairo_freep) = cairo_create(s);
    cairo_set_line_width(c, line);
    cairo_new_sub_path(c);
    cairo_arc(c, w - o - r, o + r, r, -G_PI_2, 0);
    cairo_arc(c, w - o - r, h - o - r, r, 0, G_PI_2);
    cairo_arc(c, o + r, h - o - r, r, G_PI_2, G_PI);
    cairo_arc(c, o + r, o + r, r, G_PI, 3 * G_PI_2);
    cairo_close_path(c);
    cairo_stroke(c);
    cairo_surface_flush(s);
    const uint8_t *p = cairo_image_surface_get_data(s);
    size_t stride = (size_t)cairo_image_surface_get_stride(s);
    for (int j = 0; p && j < h; j++)
        for (int i = 0; i < w; i++)
            if (p[(size_t)j * stride + (size_t)i] >= THRESHOLD)
                set_dot(b, box.x + i, box.y + j);
}

static cairo_status_t png_piece(void *user, const unsigned char *p, unsigned len)
{
    buf_add(user, p, len);
    return CAIRO_STATUS_SUCCESS;
}

enum rc raster_png(const struct bitmap *b, struct buf *out, struct err *e)
{
    cairo_surface_t *s SCOPED(surface_freep) = cairo_image_surface_create(CAIRO_FORMAT_RGB24, b->w, b->h);
    TRY(cairo_rc(cairo_surface_status(s), e));
    uint8_t *p = cairo_image_surface_get_data(s);
    size_t stride = (size_t)cairo_image_surface_get_stride(s);
    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            memset(p + (size_t)y * stride + (size_t)x * 4, bitmap_get(b, x, y) ? 0 : 255, 4);
    cairo_surface_mark_dirty(s);
    return cairo_rc(cairo_surface_write_to_png_stream(s, png_piece, out), e);
}
