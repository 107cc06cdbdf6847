#include "backend/paper.h"

#include <cairo-pdf.h>
#include <string.h>

#include "backend/paper_priv.h"
#include "common/base/clock.h"

static cairo_status_t raw_piece(void *user, const unsigned char *bytes, unsigned n)
{
    buf_add(user, bytes, n);
    return CAIRO_STATUS_SUCCESS;
}

static enum rc status(cairo_status_t s, struct err *e)
{
    return s == CAIRO_STATUS_SUCCESS ? RC_OK
                                     : err_set(e, RC_INTERNAL, "cairo: %s", cairo_status_to_string(s));
}

/* A font map for each thread: nothing is shared between them, and the fonts of the house are looked for once,
 * not for every letter. It goes with its thread. */
static PangoFontMap *fonts_of_thread(void)
{
    static GPrivate kept = G_PRIVATE_INIT(g_object_unref);
    PangoFontMap *map = g_private_get(&kept);

    if (!map && (map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT))) {
        pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(map), 72);
        g_private_set(&kept, map);
    }
    return map;
}

enum rc paper_open(struct press *p, const struct paper *doc, struct buf *raw, struct err *e)
{
    cairo_font_options_t *o = cairo_font_options_create();

    p->doc = doc;
    p->sheet_h = SHEET_H;
    p->arena = arena_new();
    PangoFontMap *fonts = fonts_of_thread();
    if (!fonts) {
        cairo_font_options_destroy(o);
        return err_set(e, RC_INTERNAL, "no FreeType fonts");
    }
    p->ctx = pango_font_map_create_context(fonts);
    pango_context_set_base_dir(p->ctx, PANGO_DIRECTION_LTR);
    pango_context_set_round_glyph_positions(p->ctx, FALSE);
    pango_context_set_language(p->ctx, pango_language_from_string(lang_codes[doc->lang]));
    cairo_font_options_set_hint_style(o, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(o, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(p->ctx, o);
    cairo_font_options_destroy(o);
    p->surface = cairo_pdf_surface_create_for_stream(raw_piece, raw, SHEET_W, SHEET_H);
    cairo_pdf_surface_restrict_to_version(p->surface, CAIRO_PDF_VERSION_1_5);
    return status(cairo_surface_status(p->surface), e);
}

enum rc paper_close(struct press *p, struct buf *raw, struct parts *out, struct err *e)
{
    cairo_destroy(p->cr);
    p->cr = NULL;
    cairo_surface_finish(p->surface);
    TRY(status(cairo_surface_status(p->surface), e));
    return paper_finish(p, raw, out, e);
}

void paper_drop(struct press *p)
{
    if (p->cr)
        cairo_destroy(p->cr);
    if (p->surface)
        cairo_surface_destroy(p->surface);
    if (p->ctx)
        g_object_unref(p->ctx);
    arena_free(p->arena);
}

enum rc paper_parts(const struct paper *doc, struct parts *out, size_t *pages, struct err *e)
{
    BUF_SCOPE(raw); /* a paper that is given up still writes its end here */
    struct press p SCOPED(paper_drop) = {0};

    TRY(paper_open(&p, doc, &raw, e));
    TRY(paper_build(&p, e));
    TRY(paper_flow(&p, e));
    p.cr = cairo_create(p.surface);
    cairo_tag_begin(p.cr, "Document", NULL);
    TRY(paper_draw(&p, 0, p.pages, e));
    cairo_tag_end(p.cr, "Document");
    if (pages)
        *pages = (size_t)p.pages;
    return paper_close(&p, &raw, out, e);
}

static void into_buf(void *user, const void *p, size_t n)
{
    buf_add(user, p, n);
}

enum rc paper_pdf(const struct paper *doc, struct buf *out, size_t *pages, struct err *e)
{
    struct parts made SCOPED(parts_free) = {.n = 0};

    TRY(paper_parts(doc, &made, pages, e));
    return parts_each(&made, into_buf, out, e);
}
