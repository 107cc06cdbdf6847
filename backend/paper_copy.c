/* A certified copy: scanned pages made a little smaller, a band below each, a sheet behind them. */
#include <cairo-pdf.h>
#include <math.h>
#include <string.h>

#include "backend/paper_priv.h"

#define BAND (24 * MM)
#define EDGE (8 * MM)

static void freed(void *p)
{
    (void)p; /* the bytes are the caller's and outlive the surface */
}

struct png {
    struct store_reader *file;
    size_t at;
};

static cairo_status_t png_piece(void *user, unsigned char *out, unsigned n)
{
    struct png *p = user;
    struct err e = {0};

    if (store_at(p->file, p->at, out, n, &e) != RC_OK)
        return CAIRO_STATUS_READ_ERROR;
    p->at += n;
    return CAIRO_STATUS_SUCCESS;
}

void paper_mark(char out[PAPER_MARK], size_t page)
{
    snprintf(out, PAPER_MARK, "pridvor:picture:%06u", (unsigned)(page % 1000000));
}

/* A JPEG of one dot (ITU-T T.81, B.2), the mark as its comment. */
static size_t stand_in(unsigned char *out, size_t page)
{
    static const unsigned char dot[] = {0xFF, 0xC0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0xFF, 0xD9};
    char mark[PAPER_MARK];
    size_t n;

    paper_mark(mark, page);
    n = strlen(mark);
    memcpy(out, "\xFF\xD8\xFF\xFE", 4);
    out[4] = 0;
    out[5] = (unsigned char)(n + 2);
    memcpy(out + 6, mark, n);
    memcpy(out + 6 + n, dot, sizeof dot);
    return 6 + n + sizeof dot;
}

/* Most pictures go into the PDF as they are: cairo never sees it, one dot with a mark holds its
 * place (paper_file.c). */
static cairo_surface_t *carrier(struct press *p, const struct paper_scan *s, size_t page)
{
    struct png png = {s->file, 0};
    unsigned char *dot = arena_alloc(p->arena, 64);

    if (s->kind == SCAN_DRAWN)
        return cairo_image_surface_create_from_png_stream(png_piece, &png);
    cairo_surface_t *one = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
    cairo_surface_set_mime_data(one, CAIRO_MIME_TYPE_JPEG, dot, stand_in(dot, page), freed, NULL);
    return one;
}

/* The page's own matrix, upside down, onto the room above the band. */
static void place(cairo_t *c, const struct paper_scan *s, double w, double h)
{
    double k = fmin((w - 2 * EDGE) / s->sheet_w, (h - BAND - EDGE) / s->sheet_h);
    double x0 = (w - s->sheet_w * k) / 2, y0 = EDGE;
    const double *m = s->matrix;
    cairo_matrix_t at;

    cairo_matrix_init(&at, k * m[0], -k * m[1], -k * m[2], k * m[3], x0 + k * (m[2] + m[4]),
                      y0 + k * (s->sheet_h - m[3] - m[5]));
    cairo_transform(c, &at);
}

static const char *const scanned[LANG_COUNT] = {"Pagina scanată", "Szkennelt oldal", "Scanned page"};

static enum rc picture(struct press *p, size_t page, double w, double h, struct err *e)
{
    const struct paper_scan *s = &p->scans[page];
    cairo_surface_t *img = carrier(p, s, page);
    cairo_status_t st = cairo_surface_status(img);

    if (st == CAIRO_STATUS_SUCCESS) {
        cairo_save(p->cr);
        place(p->cr, s, w, h);
        cairo_scale(p->cr, 1.0 / cairo_image_surface_get_width(img),
                    1.0 / cairo_image_surface_get_height(img));
        cairo_set_source_surface(p->cr, img, 0, 0);
        paper_figure(p, arena_fmt(p->arena, "%s %zu/%zu", scanned[p->doc->lang], page + 1, p->n_scans),
                     &(struct paper_box){EDGE, EDGE, w - 2 * EDGE, h - BAND - EDGE});
        cairo_paint(p->cr);
        paper_tag(p, "Figure", false);
        cairo_restore(p->cr);
        st = cairo_status(p->cr);
    }
    cairo_surface_destroy(img);
    return st == CAIRO_STATUS_SUCCESS ? RC_OK
                                      : err_set(e, RC_BAD_FIELD, "picture: %s", cairo_status_to_string(st));
}

static void band(struct press *p, const struct paper_copy *c, double w, double h, const char *count)
{
    static const struct face loud = {.size = 11, .step = 15, .weight = 650, .tracking = 0.2};
    static const struct face small = {.size = 7.2, .step = 10, .weight = 450, .grey = 0.25};
    struct face right = face_label;
    double y = h - BAND + 4 * MM, inside = w - LEFT - 20 * MM;

    right.align = PANGO_ALIGN_RIGHT;
    cairo_set_source_rgb(p->cr, 0.078, 0.129, 0.239);
    cairo_set_line_width(p->cr, 1.1);
    cairo_rectangle(p->cr, LEFT - 4 * MM, y, inside + 8 * MM, BAND - 9 * MM);
    cairo_stroke(p->cr);
    struct cell one = {paper_clean(p, c->band), 0, inside - 50, &loud, "P", 1};
    struct cell two = {paper_clean(p, c->band_small), 0, inside, &small, "P", 1};
    struct cell n = {count, inside - 50, 50, &right, NULL, 1};
    paper_show(p, &one, y + 1.6 * MM, 0, 1);
    paper_show(p, &n, y + 2.2 * MM, 0, 1);
    paper_show(p, &two, y + 6.6 * MM, 0, 2);
}

/* Before anything is on the page, its first tag too: cairo drops what was there. */
static void sheet(struct press *p, const struct paper_copy *c, size_t page)
{
    bool lies = page < c->n && c->pages[page].sheet_w > c->pages[page].sheet_h;

    p->sheet_h = lies ? SHEET_W : SHEET_H;
    cairo_pdf_surface_set_size(p->surface, lies ? SHEET_H : SHEET_W, p->sheet_h);
}

static enum rc scans(struct press *p, const struct paper_copy *c, size_t pages, struct err *e)
{
    for (size_t i = 0; i < c->n; i++) {
        double h = p->sheet_h, w = SHEET_W + SHEET_H - h;
        char count[48];
        snprintf(count, sizeof count, "%zu/%zu", i + 1, pages);
        band(p, c, w, h, count); /* first: cairo 1.16 fails on a page that begins with a tagged picture */
        TRY(picture(p, i, w, h, e));
        cairo_show_page(p->cr);
        sheet(p, c, i + 1);
    }
    return RC_OK;
}

enum rc paper_copy_pdf(const struct paper_copy *c, struct parts *out, size_t *pages, struct err *e)
{
    BUF_SCOPE(raw); /* a paper that is given up still writes its end here */
    struct press p SCOPED(paper_drop) = {0};

    TRY(paper_open(&p, c->last, &raw, e));
    p.scans = c->pages;
    p.n_scans = c->n;
    TRY(paper_build(&p, e));
    TRY(paper_flow(&p, e));
    size_t all = c->n + (size_t)p.pages;
    p.cr = cairo_create(p.surface);
    sheet(&p, c, 0);
    cairo_tag_begin(p.cr, "Document", NULL);
    TRY(scans(&p, c, all, e));
    TRY(paper_draw(&p, (int)c->n, (int)all, e));
    cairo_tag_end(p.cr, "Document");
    if (pages)
        *pages = all;
    return paper_close(&p, &raw, out, e);
}
