/* Between the files of the paper. */
#ifndef PRIDVOR_PAPER_PRIV_H
#define PRIDVOR_PAPER_PRIV_H

#include <pango/pangocairo.h>

#include "backend/paper.h"

#define MM (72.0 / 25.4)
#define SHEET_W (210 * MM)
#define SHEET_H (297 * MM)
#define LEFT (25 * MM) /* room to bind */
#define RIGHT (SHEET_W - 20 * MM)
#define WIDTH (RIGHT - LEFT)
#define TOP (18 * MM)
#define BOTTOM (SHEET_H - 22 * MM)

struct press;
struct face {
    double size, step; /* points; step from line to line */
    int weight;
    double grey; /* 0 black */
    double tracking;
    PangoAlignment align;
    bool display, figures; /* figures as wide as each other */
};
struct cell {
    const char *text;
    double x, w; /* from the left margin */
    const struct face *face;
    const char *tag;
    int lines;
    const char *members; /* of its element in the file ("/A<<...>>"); with TH alone */
};
/* What the page is made of, from top to bottom. A unit is lines of one height; between them a page may end
 * unless a rule below forbids it. */
struct unit {
    const struct cell *cells;
    size_t n_cells;
    size_t lines;
    double step, before, after;
    const char *group_tag; /* "L" "Table": same group, same element */
    const char *row_tag;   /* "LI" "TR" or NULL */
    int group;             /* 0: none */
    int head;              /* unit shown again on top of a new page, or -1 */
    bool glue;             /* stays on the page of the next unit's first lines */
    bool rule;             /* a thin line below */
    void (*draw)(struct press *p, const struct unit *u, double y); /* NULL: the cells' text */
    const void *what;
};
struct line {
    size_t unit, i;
    double h, y;
    int page;
    bool keep; /* with the next */
};
struct press {
    const struct paper *doc;
    struct arena *arena;
    PangoContext *ctx;
    cairo_surface_t *surface;
    cairo_t *cr;
    struct unit *units;
    size_t n_units, cap_units;
    struct line *lines;
    size_t n_lines;
    int pages, groups;
    size_t text; /* bytes so far */
    const struct paper_scan *scans;
    size_t n_scans, objects;
    double sheet_h;       /* of the page that is drawn */
    const char **members; /* what cairo cannot say of its elements TH and Figure, in their order */
    size_t n_members, cap_members;
};

/* paper_text.c */
extern const struct face face_body, face_strong, face_h1, face_h2, face_note, face_label, face_figures;
const char *paper_clean(struct press *p, const char *text);
/* Lines it takes at that width. */
int paper_lines(struct press *p, const char *text, const struct face *f, double w);
/* Lines [from, to) of the text with the first one's top at y; as an element, or as decoration (tag NULL). */
void paper_show(struct press *p, const struct cell *c, double y, int from, int to);
/* A letter as a drawing, which nobody reads aloud; y is its base line. */
void paper_letter(struct press *p, const char *text, const struct face *f, double middle, double y);
#define LAST_LINE 1000000
void paper_tag(struct press *p, const char *tag, bool begin);
/* A picture with words for who cannot see it (ISO 32000-1, 14.9.3), where it stands from the sheet's top
 * left; ended by paper_tag(p, "Figure", false). */
struct paper_box {
    double x, y, w, h;
};
void paper_figure(struct press *p, const char *alt, const struct paper_box *at);

/* paper_build.c: the document as units. */
MUST enum rc paper_build(struct press *p, struct err *e);

/* paper_page.c: units to pages, pages to the surface. */
MUST enum rc paper_flow(struct press *p, struct err *e);
MUST enum rc paper_draw(struct press *p, int first, int pages, struct err *e);

/* paper.c */
MUST enum rc paper_open(struct press *p, const struct paper *doc, struct buf *raw, struct err *e);
MUST enum rc paper_close(struct press *p, struct buf *raw, struct parts *out, struct err *e);
void paper_drop(struct press *p);

/* paper_file.c: the end of cairo's file anew, with language, dates and an id that is the content's hash. */
MUST enum rc paper_finish(struct press *p, const struct buf *raw, struct parts *out, struct err *e);

/* paper_copy.c: the mark of a page that is put in at the end. */
enum { PAPER_MARK = 24 };
void paper_mark(char out[PAPER_MARK], size_t page);

#endif
