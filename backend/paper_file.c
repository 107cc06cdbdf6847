/* The end of cairo's file anew. Cairo 1.16 writes the document information and the catalog as its last two
 * objects, without the language and without an id, and dates without their mark; they are written again here.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/paper_priv.h"
#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/pdf.h"
#include "common/base/text.h"

struct tail {
    size_t info, catalog, objects; /* numbers; objects: with object 0 */
    const char *table;             /* first entry of the cross-reference table */
    const char *inside;            /* members of the catalog we keep */
    size_t inside_len;
};

static const char *last(const struct buf *b, const char *word)
{
    size_t n = strlen(word);
    for (size_t at = b->len >= n ? b->len - n + 1 : 0; at-- > 0;)
        if (memcmp(b->p + at, word, n) == 0)
            return b->p + at;
    return NULL;
}

static bool member(const char *from, const char *name, size_t *out)
{
    const char *at = from ? strstr(from, name) : NULL;
    char *end;
    if (!at)
        return false;
    *out = strtoul(at + strlen(name), &end, 10);
    return end > at + strlen(name) && *out < 10000000;
}

static size_t offset_of(const struct tail *t, size_t object)
{
    return strtoul(t->table + 20 * object, NULL, 10);
}

static bool read_tail(const struct buf *raw, struct tail *t)
{
    const char *trailer = last(raw, "\ntrailer\n"), *xref = last(raw, "\nxref\n0 ");
    size_t size = 0;

    if (!trailer || !xref || xref > trailer || !member(trailer, "/Size ", &t->objects) ||
        !member(trailer, "/Root ", &t->catalog) || !member(trailer, "/Info ", &t->info) ||
        !member(xref, "xref\n0 ", &size) || size != t->objects || t->catalog != t->info + 1 ||
        t->catalog + 1 != t->objects)
        return false;
    t->table = strchr(xref + strlen("\nxref\n"), '\n') + 1;
    if ((size_t)(trailer - t->table) < 20 * t->objects - 1)
        return false;
    const char *catalog = raw->p + offset_of(t, t->catalog), *open = strstr(catalog, "<<");
    const char *close = open ? strstr(open, "\n>>\nendobj") : NULL;
    if (offset_of(t, t->catalog) >= raw->len || !close)
        return false;
    t->inside = open + 2;
    t->inside_len = (size_t)(close - t->inside);
    return true;
}

static void info(const struct paper *doc, const char *title, struct buf *out)
{
    char at[25];
    iso_utc(at, doc->made_ms);
    buf_str(out, "<</Title");
    pdf_text(out, title);
    buf_fmt(out, "/Creator(Pridvor %s)/Producer(cairo)/CreationDate(D:%.4s%.2s%.2s%.2s%.2s%.2sZ)>>\nendobj\n",
            PRIDVOR_VERSION, at, at + 5, at + 8, at + 11, at + 14, at + 17);
}

/* Catalog members, and behind them the objects, of a file that lies inside. first: number of the first. */
static void inside_members(const struct paper_file *f, size_t first, struct buf *out)
{
    if (!f)
        return;
    buf_str(out, "/Names<</EmbeddedFiles<</Names[");
    pdf_text(out, f->name);
    buf_fmt(out, "%zu 0 R]>>>>/AF[%zu 0 R]", first, first);
}

static size_t inside_objects(const struct paper_file *f, size_t first, size_t at[2], struct parts *m)
{
    struct buf *out = &m->text;

    if (!f)
        return 0;
    at[0] = parts_size(m);
    buf_fmt(out, "%zu 0 obj\n<</Type/Filespec/AFRelationship/Source/F", first);
    pdf_text(out, f->name);
    buf_str(out, "/UF");
    pdf_text(out, f->name);
    buf_fmt(out, "/EF<</F %zu 0 R>>>>\nendobj\n", first + 1);
    at[1] = parts_size(m);
    buf_fmt(out, "%zu 0 obj\n<</Type/EmbeddedFile/Subtype/%s/Length %zu/Params<</Size %zu>>>>stream\n",
            first + 1,
            strcmp(f->type, "application/pdf") == 0 ? "application#2Fpdf" : "application#2Foctet-stream",
            store_size(f->file), store_size(f->file));
    parts_lay(m, f->file, 0, store_size(f->file));
    buf_str(out, "\nendstream\nendobj\n");
    return 2;
}

static void coding(const struct paper_scan *s, struct buf *out)
{
    const char *space = s->channels == 1 ? "DeviceGray" : "DeviceRGB";

    if (s->kind == SCAN_G4) {
        buf_fmt(out,
                "/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/CCITTFaxDecode"
                "/DecodeParms<</K -1/Columns %d/Rows %d>>",
                s->width, s->height);
        return;
    }
    if (s->palette)
        buf_fmt(out, "/ColorSpace[/Indexed/DeviceRGB %zu<%s>]", strlen(s->palette) / 6 - 1, s->palette);
    else
        buf_fmt(out, "/ColorSpace/%s", space);
    buf_fmt(out, "/BitsPerComponent %d/Filter/%s", s->bits,
            s->kind == SCAN_PNG ? "FlateDecode" : "DCTDecode");
    if (s->kind == SCAN_PNG) /* the rows of a PNG are those of a PDF (7.4.4.4) */
        buf_fmt(out, "/DecodeParms<</Predictor 15/Colors %d/BitsPerComponent %d/Columns %d>>", s->channels,
                s->bits, s->width);
}

static void picture(const struct paper_scan *s, size_t object, struct parts *m)
{
    size_t len = 0;

    for (size_t i = 0; i < s->n_spans; i++)
        len += s->spans[i].len;
    buf_fmt(&m->text, "%zu 0 obj\n<</Type/XObject/Subtype/Image/Width %d/Height %d/Length %zu", object,
            s->width, s->height, len);
    coding(s, &m->text);
    buf_str(&m->text, ">>stream\n");
    for (size_t i = 0; i < s->n_spans; i++)
        parts_lay(m, s->file, s->spans[i].at, s->spans[i].len);
    buf_str(&m->text, "\nendstream\nendobj\n");
}

/* Cairo 1.16 cannot write Group 4, and would copy a JPEG or PNG: such a page went through it as a JPEG of one
 * dot with a mark in it (paper_copy.c). Its number now leads to the real picture, which stands at the end. */
static bool pictures(const struct press *p, const struct buf *raw, char *table, struct parts *m)
{
    for (size_t i = 0; i < p->n_scans; i++) {
        char mark[PAPER_MARK], entry[24];
        if (p->scans[i].kind == SCAN_DRAWN)
            continue;
        paper_mark(mark, i);
        const char *at = memmem(raw->p, raw->len, mark, strlen(mark));
        while (at && at > raw->p && memcmp(at, " 0 obj\n", 7) != 0)
            at--;
        while (at && at > raw->p && at[-1] >= '0' && at[-1] <= '9')
            at--;
        size_t object = at ? strtoul(at, NULL, 10) : 0;
        if (!object || object >= p->objects)
            return false;
        snprintf(entry, sizeof entry, "%010zu", parts_size(m));
        memcpy(table + 20 * object, entry, 10);
        picture(&p->scans[i], object, m);
    }
    return true;
}

/* Cairo 1.16 knows neither alternative texts nor the scope of a table's head: such an element is written once
 * more at the end, with what it lacks, and its number leads there. */
static bool elements(const struct press *p, const struct buf *raw, const struct tail *t, char *table,
                     struct parts *m)
{
    static const char open[] = " 0 obj\n<< /Type /StructElem\n   ";
    size_t n = 0;

    for (size_t k = 1; k < t->info; k++) {
        const char *at = raw->p + offset_of(t, k), *type = at + strspn(at, "0123456789");
        char entry[24];
        if (strncmp(type, open, sizeof open - 1) != 0)
            continue;
        type += sizeof open - 1;
        const char *end = strstr(type, "endobj\n");
        if (!end)
            return false;
        size_t name = strcspn(type, "\n");
        bool ours = (name == 6 && memcmp(type, "/S /TH", 6) == 0) ||
                    (name == 10 && memcmp(type, "/S /Figure", 10) == 0);
        if (!ours)
            continue;
        if (n == p->n_members)
            return false;
        snprintf(entry, sizeof entry, "%010zu", parts_size(m));
        memcpy(table + 20 * k, entry, 10);
        buf_fmt(&m->text, "%zu 0 obj\n<< /Type /StructElem\n   %s\n   ", k, p->members[n++]);
        buf_add(&m->text, type, (size_t)(end - type));
        buf_str(&m->text, "endobj\n");
    }
    return n == p->n_members;
}

static void into_sum(void *user, const void *p, size_t n)
{
    sha256_add(user, p, n);
}

/* The id is the hash of all before it. */
static enum rc id_of(const struct parts *m, char id[33], struct err *e)
{
    struct sha256_sum *sum = sha256_begin();
    uint8_t hash[SHA256_LEN];

    enum rc rc = parts_each(m, into_sum, sum, e);
    sha256_end(sum, hash);
    hex_encode(id, hash, 16);
    return rc;
}

enum rc paper_finish(struct press *p, const struct buf *raw, struct parts *m, struct err *e)
{
    static const char *const langs[LANG_COUNT] = {"ro-RO", "hu-RO", "en"};
    const struct paper *doc = p->doc;
    struct tail t = {0};
    struct buf *out = &m->text;
    char id[33];

    if (!raw->len || !read_tail(raw, &t))
        return err_set(e, RC_INTERNAL, "the PDF ends in another way than cairo's");
    p->objects = t.objects;
    char *table = arena_dup(p->arena, t.table, 20 * t.info);
    buf_add(out, raw->p, offset_of(&t, t.info));
    if (!elements(p, raw, &t, table, m) || !pictures(p, raw, table, m))
        return err_set(e, RC_INTERNAL, "a page or a picture of the PDF is not found");
    size_t at_info = parts_size(m);
    buf_fmt(out, "%zu 0 obj\n", t.info);
    info(doc, paper_clean(p, doc->title ? doc->title : ""), out);
    size_t at_catalog = parts_size(m);
    buf_fmt(out, "%zu 0 obj\n<<%.*s\n/Lang(%s)/ViewerPreferences<</DisplayDocTitle true>>\n", t.catalog,
            (int)t.inside_len, t.inside, langs[doc->lang]);
    if (!memmem(t.inside, t.inside_len, "/MarkInfo", 9)) /* cairo 1.16 leaves it out of some */
        buf_str(out, "/MarkInfo<</Marked true>>\n");
    inside_members(doc->inside, t.objects, out);
    buf_str(out, ">>\nendobj\n");
    size_t at_inside[2], more = inside_objects(doc->inside, t.objects, at_inside, m);
    TRY(id_of(m, id, e));
    size_t xref = parts_size(m);
    buf_fmt(out, "xref\n0 %zu\n", t.objects + more);
    buf_add(out, table, 20 * t.info);
    buf_fmt(out, "%010zu 00000 n \n%010zu 00000 n \n", at_info, at_catalog);
    for (size_t i = 0; i < more; i++)
        buf_fmt(out, "%010zu 00000 n \n", at_inside[i]);
    buf_fmt(out, "trailer\n<</Size %zu/Root %zu 0 R/Info %zu 0 R/ID[<%s><%s>]>>\nstartxref\n%zu\n%%%%EOF\n",
            t.objects + more, t.catalog, t.info, id, id, xref);
    return RC_OK;
}
