/* The document as units: head, number and addressee, heading, blocks, signatures. */
#include <math.h>
#include <string.h>

#include "backend/paper_priv.h"
#include "common/base/qr.h"

#define SHIELD_W (13 * MM)
#define SHIELD_H (15.5 * MM)
#define HALF (WIDTH / 2 + 4 * MM) /* where the addressee and the signature stand */
#define SIGN_ROOM (15 * MM)
#define QR_SIDE (21 * MM)

static struct unit *unit_new(struct press *p)
{
    if (p->n_units == p->cap_units) {
        size_t cap = p->cap_units ? 2 * p->cap_units : 64;
        struct unit *more = ARENA_ARRAY(p->arena, struct unit, cap);
        if (p->n_units)
            memcpy(more, p->units, p->n_units * sizeof *more);
        p->units = more;
        p->cap_units = cap;
    }
    struct unit *u = &p->units[p->n_units++];
    *u = (struct unit){.head = -1};
    return u;
}

static struct cell cell_of(struct press *p, const char *text, const struct face *f, double x, double w)
{
    struct cell c = {.text = text, .x = x, .w = w, .face = f};
    c.lines = paper_lines(p, text, f, w);
    return c;
}

/* The cells one below the other; returns the height. Draws when the surface is there. */
static double stack(struct press *p, const struct cell *c, size_t n, double y)
{
    for (size_t i = 0; i < n; i++) {
        if (p->cr && c[i].text[0])
            paper_show(p, &c[i], y, 0, LAST_LINE);
        y += c[i].lines * c[i].face->step;
    }
    return y;
}

static struct unit *text_unit(struct press *p, const char *text, const struct face *f, const char *tag)
{
    const char *clean = paper_clean(p, text ? text : "");
    if (!*clean)
        return NULL;
    struct cell *c = ARENA_NEW(p->arena, struct cell);
    *c = cell_of(p, clean, f, 0, WIDTH);
    c->tag = tag;
    struct unit *u = unit_new(p);
    u->cells = c;
    u->n_cells = 1;
    u->lines = (size_t)c->lines;
    u->step = f->step;
    return u;
}

/* ---- the head ---- */

static cairo_status_t png_piece(void *user, unsigned char *out, unsigned n)
{
    struct bytes *b = user;
    if (b->len < n)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(out, b->p, n);
    *b = BYTES((const char *)b->p + n, b->len - n);
    return CAIRO_STATUS_SUCCESS;
}

/* What pictures say to who cannot see them. */
static const char *const alt_arms[LANG_COUNT] = {"Stema: %s", "Címer: %s", "Coat of arms: %s"};
static const char *const alt_qr[LANG_COUNT] = {"Cod QR al paginii %s", "QR-kód, a következő oldalé: %s",
                                               "QR code of the page %s"};
static const char *const alt_ink[LANG_COUNT] = {"Semnătura de mână, desenată pe ecran",
                                                "Képernyőn készült kézi aláírás",
                                                "Handwritten signature, drawn on the screen"};

static void figure(struct press *p, const char *const alt[LANG_COUNT], const char *of,
                   const struct paper_box *at)
{
    const char *words = alt[p->doc->lang], *hole = strstr(words, "%s");
    BUF_SCOPE(b);

    buf_add(&b, words, hole ? (size_t)(hole - words) : strlen(words));
    if (hole)
        buf_fmt(&b, "%s%s", paper_clean(p, of ? of : ""), hole + 2);
    paper_figure(p, b.p, at);
}

static bool arms_picture(struct press *p, double y)
{
    struct bytes png = p->doc->arms;
    if (!png.len)
        return false;
    cairo_surface_t *s = cairo_image_surface_create_from_png_stream(png_piece, &png);
    bool right = cairo_surface_status(s) == CAIRO_STATUS_SUCCESS;
    if (right) {
        double w = cairo_image_surface_get_width(s), h = cairo_image_surface_get_height(s);
        double k = fmin(SHIELD_W / w, SHIELD_H / h);
        cairo_save(p->cr);
        cairo_translate(p->cr, LEFT + (SHIELD_W - w * k) / 2, y + (SHIELD_H - h * k) / 2);
        cairo_scale(p->cr, k, k);
        cairo_set_source_surface(p->cr, s, 0, 0);
        figure(p, alt_arms, p->doc->institution, &(struct paper_box){LEFT, y, SHIELD_W, SHIELD_H});
        cairo_paint(p->cr);
        paper_tag(p, "Figure", false);
        cairo_restore(p->cr);
    }
    cairo_surface_destroy(s);
    return right;
}

/* Where no coat of arms is given: its shield and the place's first letter. */
static void shield(struct press *p, double y)
{
    cairo_t *c = p->cr;
    double w = SHIELD_W, h = SHIELD_H, x = LEFT + 0.5;

    cairo_new_path(c);
    cairo_move_to(c, x, y);
    cairo_line_to(c, x + w, y);
    cairo_line_to(c, x + w, y + h * 0.55);
    cairo_curve_to(c, x + w, y + h * 0.82, x + w * 0.68, y + h * 0.93, x + w / 2, y + h);
    cairo_curve_to(c, x + w * 0.32, y + h * 0.93, x, y + h * 0.82, x, y + h * 0.55);
    cairo_close_path(c);
    cairo_set_source_rgb(c, 0.078, 0.129, 0.239);
    cairo_set_line_width(c, 1.1);
    cairo_stroke(c);
    const char *place = p->doc->place && *p->doc->place ? paper_clean(p, p->doc->place) : "";
    size_t n = place[0] ? 1 : 0;
    while (n && ((unsigned char)place[n] & 0xC0) == 0x80)
        n++;
    static const struct face letter = {.size = 22, .step = 26, .weight = 600, .grey = 0.12, .display = true};
    if (n)
        paper_letter(p, arena_strn(p->arena, place, n), &letter, x + w / 2, y + h * 0.44 + 8);
}

static const struct face face_country = {
    .size = 7.5, .step = 10.5, .weight = 500, .grey = 0.3, .tracking = 0.7};
static const struct face face_house = {.size = 15, .step = 19, .weight = 600, .display = true};
static const struct face face_second = {.size = 9.5, .step = 13, .weight = 400, .grey = 0.25};
static const struct face face_contact = {.size = 7.5, .step = 10.5, .weight = 400, .grey = 0.38};

static size_t head_cells(struct press *p, struct cell c[4])
{
    const struct paper *d = p->doc;
    const char *texts[] = {d->county, d->institution, d->institution_second, d->contact};
    static const struct face *const faces[] = {&face_country, &face_house, &face_second, &face_contact};
    double x = SHIELD_W + 6 * MM;

    for (size_t i = 0; i < COUNT(texts); i++) {
        c[i] = cell_of(p, paper_clean(p, texts[i] ? texts[i] : ""), faces[i], x, WIDTH - x);
        c[i].tag = "P";
    }
    return COUNT(texts);
}

static void draw_head(struct press *p, const struct unit *u, double y)
{
    struct cell c[4];
    double h = stack(p, c, head_cells(p, c), y) - y;

    h = fmax(h, SHIELD_H);
    if (!arms_picture(p, y))
        shield(p, y);
    cairo_set_source_rgb(p->cr, 0.078, 0.129, 0.239);
    cairo_set_line_width(p->cr, 0.9);
    cairo_move_to(p->cr, LEFT, y + h + 3.5 * MM);
    cairo_line_to(p->cr, RIGHT, y + h + 3.5 * MM);
    cairo_stroke(p->cr);
    (void)u;
}

static void head(struct press *p)
{
    struct cell c[4];
    double h = stack(p, c, head_cells(p, c), 0);
    struct unit *u = unit_new(p);

    u->lines = 1;
    u->step = fmax(h, SHIELD_H) + 4 * MM;
    u->after = 7 * MM;
    u->draw = draw_head;
}

/* ---- number on the left, addressee on the right ---- */

static size_t left_cells(struct press *p, struct cell c[2])
{
    const struct paper *d = p->doc;
    c[0] = cell_of(p, paper_clean(p, d->number ? d->number : ""), &face_strong, 0, HALF - 8 * MM);
    c[1] = cell_of(p, paper_clean(p, d->refer ? d->refer : ""), &face_note, 0, HALF - 8 * MM);
    c[0].tag = c[1].tag = "P";
    return 2;
}

static size_t right_cells(struct press *p, struct cell c[PAPER_LINES_MAX + 1])
{
    const struct paper *d = p->doc;
    size_t n = 0;
    for (size_t i = 0; i < d->n_to && i < PAPER_LINES_MAX; i++) {
        const char *text = paper_clean(p, d->to[i] ? d->to[i] : "");
        if (!n && *text && d->to_label)
            c[n++] = cell_of(p, d->to_label, &face_label, HALF, WIDTH - HALF);
        if (*text)
            c[n++] = cell_of(p, text, i ? &face_body : &face_strong, HALF, WIDTH - HALF);
    }
    for (size_t i = 0; i < n; i++)
        c[i].tag = "P";
    return n;
}

static void draw_faces(struct press *p, const struct unit *u, double y)
{
    struct cell l[2], r[PAPER_LINES_MAX + 1];
    stack(p, l, left_cells(p, l), y);
    stack(p, r, right_cells(p, r), y - (p->doc->n_to ? 2 : 0));
    (void)u;
}

static void faces(struct press *p)
{
    struct cell l[2], r[PAPER_LINES_MAX + 1];
    double h = fmax(stack(p, l, left_cells(p, l), 0), stack(p, r, right_cells(p, r), 0));

    if (h <= 0)
        return;
    struct unit *u = unit_new(p);
    u->lines = 1;
    u->step = h;
    u->after = p->doc->n_to ? 8 * MM : 5 * MM;
    u->draw = draw_faces;
}

/* ---- blocks ---- */

static void paragraphs(struct press *p, const char *text, const struct face *f, double before, bool first)
{
    char *all = arena_str(p->arena, text);
    for (char *at = all, *end; at; at = end) {
        end = strchr(at, '\n');
        if (end)
            *end++ = 0;
        struct unit *u = text_unit(p, at, f, "P");
        if (u) {
            u->before = first ? before : 0;
            u->glue = at[strlen(at) - 1] == ':'; /* announces what follows */
        }
        first = u ? false : first || !*at;
    }
}

static void item(struct press *p, const char *text, int group)
{
    const char *clean = paper_clean(p, text);
    if (!*clean)
        return;
    struct cell *c = ARENA_ARRAY(p->arena, struct cell, 2);
    c[0] = cell_of(p, "•", &face_body, 2 * MM, 4 * MM);
    c[1] = cell_of(p, clean, &face_body, 7 * MM, WIDTH - 7 * MM);
    c[0].tag = "Lbl";
    c[1].tag = "LBody";
    struct unit *u = unit_new(p);
    *u = (struct unit){.cells = c,
                       .n_cells = 2,
                       .lines = (size_t)c[1].lines,
                       .step = face_body.step,
                       .before = 1 * MM,
                       .group = group,
                       .group_tag = "L",
                       .row_tag = "LI",
                       .head = -1};
}

static void row(struct press *p, const struct paper_block *b, size_t r, int first)
{
    struct cell *c = ARENA_ARRAY(p->arena, struct cell, b->columns);
    static const struct face head = {.size = 8, .step = 11.5, .weight = 600, .grey = 0.2};
    bool is_head = b->type == PAPER_TABLE && r == 0;
    const struct face *f = is_head ? &head : &face_figures;
    double x = 0;
    size_t lines = 1;

    for (size_t i = 0; i < b->columns; i++) {
        double w = WIDTH * (b->widths ? b->widths[i] / 1000.0 : 1.0 / (double)b->columns);
        bool label = b->type == PAPER_FACT && i == 0;
        const char *text = b->cells[r * b->columns + i];
        c[i] = cell_of(p, paper_clean(p, text ? text : ""), label ? &face_note : f, x, w - 3 * MM);
        c[i].tag = is_head || label ? "TH" : "TD";
        c[i].members = is_head ? "/A<</O/Table/Scope/Column>>" : "/A<</O/Table/Scope/Row>>";
        if (label) {
            struct face *same = arena_dup(p->arena, &face_note, sizeof *same);
            same->step = f->step;
            c[i].face = same;
        }
        lines = (size_t)c[i].lines > lines ? (size_t)c[i].lines : lines;
        x += w;
    }
    struct unit *u = unit_new(p);
    *u = (struct unit){.cells = c,
                       .n_cells = b->columns,
                       .lines = lines,
                       .step = f->step,
                       .before = 1.3 * MM,
                       .after = 1.3 * MM,
                       .group = p->groups,
                       .group_tag = "Table",
                       .row_tag = "TR",
                       .head = is_head || first < 0 ? -1 : first,
                       .glue = is_head,
                       .rule = true};
    if (r == 0)
        u->before += 2 * MM;
    if (b->type == PAPER_FACT)
        u->head = (int)(p->n_units - 1); /* its own: a light line, nothing shown again */
}

static void table(struct press *p, const struct paper_block *b)
{
    int first = b->type == PAPER_TABLE ? (int)p->n_units : -1;
    p->groups++;
    for (size_t r = 0; r < b->rows; r++)
        row(p, b, r, first);
}

static void draw_ink_piece(void *user, const struct ink_piece *k)
{
    cairo_t *c = user;
    cairo_set_line_width(c, k->width);
    cairo_move_to(c, k->x[0], k->y[0]);
    cairo_curve_to(c, k->x[1], k->y[1], k->x[2], k->y[2], k->x[3], k->y[3]);
    cairo_stroke(c);
}

#define INK_W (70 * MM)
#define INK_H (28 * MM)

static void draw_ink(struct press *p, const struct unit *u, double y)
{
    const struct paper_block *b = u->what;
    struct ink_box box;
    struct err e = {0};

    if (ink_bounds(b->ink, &box, &e) != RC_OK)
        return;
    double k = fmin(INK_W / box.w, INK_H / box.h);
    cairo_save(p->cr);
    cairo_translate(p->cr, LEFT, y);
    cairo_scale(p->cr, k, k);
    cairo_translate(p->cr, -box.x, -box.y);
    cairo_set_source_rgb(p->cr, 0.078, 0.129, 0.239);
    cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_ROUND);
    figure(p, alt_ink, NULL, &(struct paper_box){LEFT, y, box.w * k, box.h * k});
    if (ink_pieces(b->ink, draw_ink_piece, p->cr, &e) != RC_OK)
        cairo_new_path(p->cr);
    paper_tag(p, "Figure", false);
    cairo_restore(p->cr);
}

static enum rc ink(struct press *p, const struct paper_block *b, struct err *e)
{
    struct ink_box box;
    TRY(ink_bounds(b->ink, &box, e));
    struct unit *u = unit_new(p);
    u->lines = 1;
    u->step = fmin(INK_H, box.h * INK_W / box.w) + 3 * MM;
    u->before = 2 * MM;
    u->draw = draw_ink;
    u->what = b;
    return RC_OK;
}

static bool continues(const struct paper *d, size_t i)
{
    return i > 0 && d->blocks[i - 1].type == d->blocks[i].type;
}

static enum rc block(struct press *p, size_t i, struct err *e)
{
    const struct paper_block *b = &p->doc->blocks[i];
    struct unit *u;

    switch (b->type) {
    case PAPER_P:
        paragraphs(p, b->text, &face_body, i ? 2.6 * MM : 0, true);
        break;
    case PAPER_NOTE:
        paragraphs(p, b->text, &face_note, continues(p->doc, i) ? 1 * MM : 4 * MM, true);
        break;
    case PAPER_H2:
        u = text_unit(p, b->text, &face_h2, "H2");
        if (u) {
            u->before = 5 * MM;
            u->after = -1.2 * MM;
            u->glue = true;
        }
        break;
    case PAPER_ITEM:
        item(p, b->text, continues(p->doc, i) ? p->groups : ++p->groups);
        break;
    case PAPER_FACT:
    case PAPER_TABLE:
        if (b->columns < 1 || b->columns > PAPER_COLUMNS_MAX)
            return err_set(e, RC_BAD_FIELD, "a table of %zu columns", b->columns);
        table(p, b);
        break;
    case PAPER_INK:
        return ink(p, b, e);
    }
    return p->text <= PAPER_TEXT_MAX ? RC_OK
                                     : err_set(e, RC_TOO_BIG, "more than %d bytes of text", PAPER_TEXT_MAX);
}

/* ---- who signs, and the code beside ---- */

static double sign_column(struct press *p, size_t i, double y)
{
    const struct paper *d = p->doc;
    size_t columns = d->n_signs < 3 ? 2 : 3;
    double w = columns == 2 ? WIDTH - HALF : WIDTH / 3 - 5 * MM;
    double x =
        columns == 2 ? (d->n_signs == 1 ? HALF : (double)(i % 2) * HALF) : (double)(i % 3) * (WIDTH / 3);
    struct cell c[] = {
        cell_of(p, paper_clean(p, d->signs[i].office ? d->signs[i].office : ""), &face_note, x, w),
        cell_of(p, paper_clean(p, d->signs[i].name ? d->signs[i].name : ""), &face_strong, x, w),
    };
    c[0].tag = c[1].tag = "P";
    y = stack(p, c, 2, y);
    if (p->cr) {
        cairo_set_source_rgb(p->cr, 0.6, 0.6, 0.6);
        cairo_set_line_width(p->cr, 0.5);
        cairo_move_to(p->cr, LEFT + x, y + SIGN_ROOM);
        cairo_line_to(p->cr, LEFT + x + fmin(w, 55 * MM), y + SIGN_ROOM);
        cairo_stroke(p->cr);
    }
    return y + SIGN_ROOM;
}

static double signs(struct press *p, double y)
{
    const struct paper *d = p->doc;
    size_t columns = d->n_signs < 3 ? 2 : 3;
    double low = y;

    for (size_t i = 0; i < d->n_signs && i < PAPER_SIGNS_MAX; i++) {
        if (i && i % columns == 0)
            y = low + 5 * MM;
        low = fmax(low, sign_column(p, i, y));
    }
    return low;
}

static void draw_qr(struct press *p, double y)
{
    struct qr q;
    struct err e = {0};
    if (qr_encode(p->arena, p->doc->qr, &q, &e) != RC_OK)
        return;
    double k = QR_SIDE / q.size;
    cairo_set_source_rgb(p->cr, 0, 0, 0);
    for (int j = 0; j < q.size; j++)
        for (int i = 0; i < q.size; i++)
            if (q.modules[j * q.size + i])
                cairo_rectangle(p->cr, LEFT + i * k, y + j * k, k, k);
    figure(p, alt_qr, p->doc->qr, &(struct paper_box){LEFT, y, QR_SIDE, QR_SIDE});
    cairo_fill(p->cr);
    paper_tag(p, "Figure", false);
}

static double side(struct press *p, double y)
{
    const struct paper *d = p->doc;
    double x = d->qr ? QR_SIDE + 4 * MM : 0, w = HALF - x - 6 * MM;
    struct cell c[] = {cell_of(p, paper_clean(p, d->qr && d->qr_text ? d->qr_text : ""), &face_label, x, w),
                       cell_of(p, paper_clean(p, d->prepared ? d->prepared : ""), &face_label, x, w)};
    c[0].tag = c[1].tag = "P";
    if (p->cr && d->qr)
        draw_qr(p, y);
    double low = stack(p, c, 2, y);
    return d->qr ? fmax(low, y + QR_SIDE) : low;
}

static void draw_end(struct press *p, const struct unit *u, double y)
{
    double low = signs(p, y);
    if (p->doc->n_signs == 1)
        side(p, y + 2);
    else if (p->doc->qr || p->doc->prepared)
        side(p, p->doc->n_signs ? low + 6 * MM : y);
    (void)u;
}

static void ending(struct press *p)
{
    const struct paper *d = p->doc;
    double one = signs(p, 0), other = d->qr || d->prepared ? side(p, 0) : 0;

    if (!d->n_signs && other <= 0)
        return;
    size_t lines = 0; /* with what was said last, not with the leave alone */
    for (size_t k = p->n_units; k-- > 0 && lines < 3; lines += p->units[k].lines)
        p->units[k].glue = true;
    struct unit *u = unit_new(p);
    u->lines = 1;
    u->before = 10 * MM;
    u->step = d->n_signs == 1 ? fmax(one, other + 2) : one + (other > 0 ? other + 6 * MM : 0);
    u->draw = draw_end;
}

enum rc paper_build(struct press *p, struct err *e)
{
    const struct paper *d = p->doc;

    if (d->n_signs > PAPER_SIGNS_MAX)
        return err_set(e, RC_BAD_FIELD, "more than %d signatures", PAPER_SIGNS_MAX);
    if (d->institution)
        head(p);
    faces(p);
    struct unit *h = text_unit(p, d->heading, &face_h1, "H1");
    if (h) {
        struct cell *c = arena_dup(p->arena, h->cells, sizeof *c);
        struct face *f = arena_dup(p->arena, c->face, sizeof *f);
        f->align = d->formal ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT;
        c->face = f;
        h->cells = c;
        h->before = d->formal ? 3 * MM : 0;
        h->after = 5 * MM;
        h->glue = true;
    }
    for (size_t i = 0; i < d->n_blocks; i++)
        TRY(block(p, i, e));
    ending(p);
    return p->text <= PAPER_TEXT_MAX ? RC_OK
                                     : err_set(e, RC_TOO_BIG, "more than %d bytes of text", PAPER_TEXT_MAX);
}
