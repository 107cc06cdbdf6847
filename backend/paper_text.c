/* Text by Pango, line by line. */
#include <string.h>

#include "backend/paper_priv.h"
#include "common/base/pdf.h"
#include "common/base/text.h"

#define FAMILY "Inter, DejaVu Sans"
#define FAMILY_DISPLAY "Inter Display, Inter, DejaVu Sans"

const struct face face_body = {.size = 10.5, .step = 15.5, .weight = 400};
const struct face face_strong = {.size = 10.5, .step = 15.5, .weight = 600};
const struct face face_figures = {.size = 9.5, .step = 13.5, .weight = 400, .figures = true};
const struct face face_h1 = {.size = 16, .step = 21, .weight = 650, .display = true, .tracking = -0.1};
const struct face face_h2 = {.size = 10.5, .step = 15.5, .weight = 650};
const struct face face_note = {.size = 8.5, .step = 12.5, .weight = 400, .grey = 0.25};
const struct face face_label = {.size = 8, .step = 11.5, .weight = 500, .grey = 0.38, .tracking = 0.15};

/* Bytes of the character at s, 0: not UTF-8. */
static size_t rune(const unsigned char *s, uint32_t *c)
{
    size_t n = *s < 0x80 ? 1 : *s < 0xE0 ? 2 : *s < 0xF0 ? 3 : 4;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if (!utf8_valid((const char *)s, n))
        return 0;
    *c = n == 1 ? *s : *s & (0x3Fu >> (n - 1));
    for (size_t i = 1; i < n; i++)
        *c = *c << 6 | (s[i] & 0x3Fu);
    return n;
}

/* Not seen, or turns the text around: nothing a letter needs. U+200C and U+200D shape letters and stay. */
static bool unseen(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x200B || c == 0x200E ||
           c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

const char *paper_clean(struct press *p, const char *text)
{
    size_t len = strlen(text), n = 0;
    char *out = arena_alloc(p->arena, 3 * len + 1);

    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t k = rune((const unsigned char *)text + i, &c);
        if (!k) { /* not UTF-8 */
            memcpy(out + n, "\xEF\xBF\xBD", 3);
            n += 3;
            i++;
            continue;
        }
        if (c == '\n') {
            out[n++] = '\n';
        } else if (c == '\t') {
            out[n++] = ' ';
        } else if (!unseen(c)) {
            memcpy(out + n, text + i, k);
            n += k;
        }
        i += k;
    }
    while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == ' '))
        n--;
    out[n] = 0;
    p->text += n;
    return out;
}

static void keep(PangoAttrList *list, size_t from, size_t to)
{
    PangoAttribute *one = pango_attr_allow_breaks_new(FALSE);
    one->start_index = (guint)from;
    one->end_index = (guint)to;
    pango_attr_list_insert(list, one);
}

/* "art. 8", "12 noiembrie", "a fost": what is short leans on what follows. */
static void keep_together(PangoAttrList *list, const char *text)
{
    for (const char *word = text; *word;) {
        size_t n = strcspn(word, " \n");
        const char *next = word + n + 1;
        bool number = n > 0 && word[n] == ' ' && (*next == '(' || (*next >= '0' && *next <= '9'));
        bool single = n <= 2 && word[n] == ' ' && (n == 1 || strspn(word, "0123456789") >= n);
        if ((number && n <= 5 && word[n - 1] == '.') || (n && single))
            keep(list, (size_t)(word - text), (size_t)(next + 1 - text));
        word += n + (word[n] != 0);
    }
}

static PangoLayout *layout(struct press *p, const char *text, const struct face *f, double w)
{
    PangoLayout *l = pango_layout_new(p->ctx);
    PangoFontDescription *d = pango_font_description_new();
    PangoAttrList *list = pango_attr_list_new();

    pango_font_description_set_family_static(d, f->display ? FAMILY_DISPLAY : FAMILY);
    pango_font_description_set_weight(d, (PangoWeight)(f->weight == 650 ? 600 : f->weight));
    pango_font_description_set_absolute_size(d, f->size * PANGO_SCALE);
    pango_layout_set_font_description(l, d);
    pango_font_description_free(d);
    pango_attr_list_insert(list, pango_attr_font_features_new(f->figures ? "tnum=1, calt=0" : "calt=0"));
    if (f->tracking != 0)
        pango_attr_list_insert(list, pango_attr_letter_spacing_new((int)(f->tracking * PANGO_SCALE)));
    pango_attr_list_insert(list, pango_attr_insert_hyphens_new(FALSE)); /* none in a name or a hash */
    keep_together(list, text);
    pango_layout_set_attributes(l, list);
    pango_attr_list_unref(list);
    pango_layout_set_auto_dir(l, FALSE);
    pango_layout_set_alignment(l, f->align);
    pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_width(l, (int)(w * PANGO_SCALE));
    pango_layout_set_text(l, text, -1);
    return l;
}

static void layout_free(PangoLayout *l)
{
    char *text = (char *)(uintptr_t)pango_layout_get_text(l);
    wipe(text, strlen(text)); /* its own copy of what may be a name */
    g_object_unref(l);
}

int paper_lines(struct press *p, const char *text, const struct face *f, double w)
{
    if (!*text)
        return 0;
    PangoLayout *l = layout(p, text, f, w);
    int n = pango_layout_get_line_count(l);
    layout_free(l);
    return n;
}

void paper_tag(struct press *p, const char *tag, bool begin)
{
    if (tag && begin)
        cairo_tag_begin(p->cr, tag, NULL);
    else if (tag)
        cairo_tag_end(p->cr, tag);
}

static void note(struct press *p, const char *members)
{
    if (p->n_members == p->cap_members) {
        size_t cap = p->cap_members ? 2 * p->cap_members : 32;
        const char **more = ARENA_ARRAY(p->arena, const char *, cap);
        if (p->n_members)
            memcpy(more, p->members, p->n_members * sizeof *more);
        p->members = more;
        p->cap_members = cap;
    }
    p->members[p->n_members++] = members;
}

void paper_figure(struct press *p, const char *alt, const struct paper_box *at)
{
    BUF_SCOPE(b);

    buf_str(&b, "/Alt");
    pdf_text(&b, alt);
    buf_fmt(&b, "/A<</O/Layout/Placement/Block/BBox[%d %d %d %d]>>", (int)at->x,
            (int)(p->sheet_h - at->y - at->h), (int)(at->x + at->w + 1), (int)(p->sheet_h - at->y + 1));
    note(p, arena_str(p->arena, b.p));
    cairo_tag_begin(p->cr, "Figure", NULL);
}

void paper_show(struct press *p, const struct cell *c, double y, int from, int to)
{
    PangoLayout *l = layout(p, c->text, c->face, c->w);
    int n = pango_layout_get_line_count(l);

    paper_tag(p, c->tag, true);
    if (c->tag && strcmp(c->tag, "TH") == 0)
        note(p, c->members);
    cairo_set_source_rgb(p->cr, c->face->grey, c->face->grey, c->face->grey);
    for (int i = from; i < n && i < to; i++) {
        PangoLayoutLine *one = pango_layout_get_line_readonly(l, i);
        PangoRectangle box;
        pango_layout_line_get_extents(one, NULL, &box);
        double w = (double)box.width / PANGO_SCALE, x = LEFT + c->x;
        if (c->face->align == PANGO_ALIGN_CENTER)
            x += (c->w - w) / 2;
        else if (c->face->align == PANGO_ALIGN_RIGHT)
            x += c->w - w;
        cairo_move_to(p->cr, x, y + (i - from) * c->face->step + c->face->step * 0.5 + c->face->size * 0.36);
        pango_cairo_show_layout_line(p->cr, one);
    }
    paper_tag(p, c->tag, false);
    layout_free(l);
}

void paper_letter(struct press *p, const char *text, const struct face *f, double middle, double y)
{
    PangoLayout *l = layout(p, text, f, 60);
    PangoRectangle box;

    pango_layout_line_get_extents(pango_layout_get_line_readonly(l, 0), NULL, &box);
    cairo_set_source_rgb(p->cr, f->grey, f->grey, f->grey);
    cairo_move_to(p->cr, middle - (double)box.width / PANGO_SCALE / 2, y);
    pango_cairo_layout_line_path(p->cr, pango_layout_get_line_readonly(l, 0));
    cairo_fill(p->cr);
    layout_free(l);
}
