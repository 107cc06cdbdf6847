/* Units to pages: two lines of a paragraph at least at the foot and at the top, a heading with its text, a
 * table's head again on each page, a signature never alone. */
#include <string.h>

#include "backend/paper_priv.h"

static bool kept(const struct unit *u, size_t i)
{
    if (i + 1 == u->lines)
        return u->glue;
    if (u->row_tag && strcmp(u->row_tag, "TR") == 0 && u->lines <= 8)
        return true; /* a row stays whole */
    return i == 0 || i + 2 == u->lines;
}

static void lines_of(struct press *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_units; i++)
        n += p->units[i].lines;
    p->lines = ARENA_ARRAY(p->arena, struct line, n + 1);
    for (size_t k = 0; k < p->n_units; k++) {
        const struct unit *u = &p->units[k];
        for (size_t i = 0; i < u->lines; i++) {
            double h = u->step + (i == 0 ? u->before : 0) + (i + 1 == u->lines ? u->after : 0);
            p->lines[p->n_lines++] = (struct line){.unit = k, .i = i, .h = h, .keep = kept(u, i)};
        }
    }
}

static double unit_height(const struct unit *u)
{
    return u->before + (double)u->lines * u->step + u->after;
}

/* Where the line stands when its page begins with it. */
static double page_top(const struct press *p, const struct line *l)
{
    const struct unit *u = &p->units[l->unit];
    double head = u->head >= 0 && (size_t)u->head != l->unit ? unit_height(&p->units[u->head]) : 0;
    return TOP + head - (l->i == 0 && !u->rule ? u->before : 0);
}

enum rc paper_flow(struct press *p, struct err *e)
{
    size_t start = 0;
    double y = TOP;

    lines_of(p);
    p->pages = 1;
    for (size_t k = 0; k < p->n_lines; k++) {
        struct line *l = &p->lines[k];
        if (k == start)
            y = k == 0 ? TOP : page_top(p, l);
        if (y + l->h > BOTTOM && k > start) {
            size_t b = k;
            while (b > start && p->lines[b - 1].keep)
                b--;
            start = b > start ? b : k;
            if (++p->pages > PAPER_PAGES_MAX)
                return err_set(e, RC_TOO_BIG, "more than %d pages", PAPER_PAGES_MAX);
            k = start - 1;
            continue;
        }
        l->y = y;
        l->page = p->pages;
        y += l->h;
    }
    return RC_OK;
}

static void rule(struct press *p, double y, double grey)
{
    cairo_set_source_rgb(p->cr, grey, grey, grey);
    cairo_set_line_width(p->cr, 0.5);
    cairo_move_to(p->cr, LEFT, y);
    cairo_line_to(p->cr, RIGHT, y);
    cairo_stroke(p->cr);
}

/* Lines [from, to] of one unit, standing on one page from y on. */
static void show(struct press *p, const struct unit *u, double y, size_t from, size_t to)
{
    double top = y + (from == 0 ? u->before : 0);

    if (u->draw) {
        u->draw(p, u, top);
        return;
    }
    for (size_t i = 0; i < u->n_cells; i++)
        if (u->cells[i].text[0] && (size_t)u->cells[i].lines > from)
            paper_show(p, &u->cells[i], top, (int)from, (int)to + 1);
    if (u->rule && to + 1 == u->lines)
        rule(p, top + (double)(to - from + 1) * u->step + u->after, u->head < 0 ? 0.2 : 0.82);
}

/* The head again is decoration: who hears the table has heard it. */
static void head_again(struct press *p, const struct unit *u)
{
    struct unit quiet = p->units[u->head];
    struct cell *cells = arena_dup(p->arena, quiet.cells, quiet.n_cells * sizeof *cells);

    for (size_t i = 0; i < quiet.n_cells; i++)
        cells[i].tag = NULL;
    quiet.cells = cells;
    show(p, &quiet, TOP, 0, quiet.lines - 1);
}

static void foot(struct press *p, int page, int pages)
{
    struct face right = face_label;
    char count[32];

    right.align = PANGO_ALIGN_RIGHT;
    right.figures = true;
    snprintf(count, sizeof count, "%d/%d", page, pages);
    rule(p, SHEET_H - 16 * MM, 0.75);
    struct cell text = {
        paper_clean(p, p->doc->foot ? p->doc->foot : ""), 0, WIDTH - 60, &face_label, NULL, 1};
    struct cell number = {count, WIDTH - 60, 60, &right, NULL, 1};
    if (text.text[0])
        paper_show(p, &text, SHEET_H - 14.5 * MM, 0, 1);
    paper_show(p, &number, SHEET_H - 14.5 * MM, 0, 1);
}

/* Says on each page what the paper is not; read aloud once. */
static void marked(struct press *p, int page)
{
    struct face loud = {.size = 7.5, .step = 10, .weight = 600, .grey = 0.35, .tracking = 0.6};

    if (!p->doc->mark)
        return;
    loud.align = PANGO_ALIGN_RIGHT;
    struct cell mark = {paper_clean(p, p->doc->mark), 0, WIDTH, &loud, page == 1 ? "P" : NULL, 1};
    paper_show(p, &mark, 8.5 * MM, 0, 1);
}

struct open {
    int group, page;
    const char *tag;
};

static void enter(struct press *p, struct open *o, const struct unit *u)
{
    if (o->group == u->group)
        return;
    paper_tag(p, o->tag, false);
    o->tag = u->group ? u->group_tag : NULL;
    o->group = u->group;
    paper_tag(p, o->tag, true);
}

static void turn(struct press *p, struct open *o, int page, int first, int pages)
{
    for (; o->page < page; o->page++) {
        foot(p, first + o->page, pages);
        cairo_show_page(p->cr);
        if (o->page < p->pages)
            marked(p, o->page + 1);
    }
}

/* first: pages that stand before; pages: of the whole document. */
enum rc paper_draw(struct press *p, int first, int pages, struct err *e)
{
    struct open o = {.page = 1};

    marked(p, 1);
    for (size_t k = 0; k < p->n_lines;) {
        const struct line *l = &p->lines[k];
        const struct unit *u = &p->units[l->unit];
        size_t end = k;
        while (end + 1 < p->n_lines && p->lines[end + 1].unit == l->unit && p->lines[end + 1].page == l->page)
            end++;
        bool fresh = l->page > o.page;
        turn(p, &o, l->page, first, pages);
        enter(p, &o, u);
        if (fresh && u->head >= 0 && (size_t)u->head != l->unit)
            head_again(p, u);
        paper_tag(p, u->row_tag, true);
        show(p, u, l->y, l->i, p->lines[end].i);
        paper_tag(p, u->row_tag, false);
        k = end + 1;
    }
    struct unit none = {0};
    enter(p, &o, &none);
    turn(p, &o, p->pages + 1, first, pages);
    cairo_status_t s = cairo_status(p->cr);
    return s == CAIRO_STATUS_SUCCESS ? RC_OK
                                     : err_set(e, RC_INTERNAL, "cairo: %s", cairo_status_to_string(s));
}
