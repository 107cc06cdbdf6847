/* The end of cairo's file anew. Cairo 1.16 writes the document information and the catalog as its last two
 * objects, without the language and without an id, and dates without their mark; they are written again here.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/paper_priv.h"
#include "common/base/clock.h"
#include "common/base/crypto.h"
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

static void number(struct buf *b, uint32_t c)
{
    buf_fmt(b, "%04X", c);
}

/* A text string in UTF-16BE with its mark (ISO 32000-1, 7.9.2.2). */
static void text_string(struct buf *b, const char *s)
{
    buf_str(b, "<FEFF");
    for (const unsigned char *p = (const unsigned char *)s; *p;) {
        int more = *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : *p >= 0xC0 ? 1 : 0;
        uint32_t c = more ? *p & (0x3Fu >> more) : *p;
        for (p++; more > 0 && (*p & 0xC0) == 0x80; more--, p++)
            c = c << 6 | (*p & 0x3Fu);
        if (c > 0xFFFF)
            number(b, 0xD800 + ((c - 0x10000) >> 10));
        number(b, c > 0xFFFF ? 0xDC00 + ((c - 0x10000) & 0x3FF) : c);
    }
    buf_chr(b, '>');
}

static void info(const struct paper *doc, const char *title, struct buf *out)
{
    char at[25];
    iso_utc(at, doc->made_ms);
    buf_str(out, "<</Title");
    text_string(out, title);
    buf_fmt(out, "/Creator(Pridvor %s)/Producer(cairo)/CreationDate(D:%.4s%.2s%.2s%.2s%.2s%.2sZ)>>\nendobj\n",
            PRIDVOR_VERSION, at, at + 5, at + 8, at + 11, at + 14, at + 17);
}

enum rc paper_finish(const struct paper *doc, const struct buf *raw, struct buf *out, struct err *e)
{
    static const char *const langs[LANG_COUNT] = {"ro-RO", "hu-RO", "en"};
    struct tail t = {0};
    struct press clean = {.arena = arena_new()};
    uint8_t hash[SHA256_LEN];
    char id[33];

    if (!raw->len || !read_tail(raw, &t)) {
        arena_free(clean.arena);
        return err_set(e, RC_INTERNAL, "the PDF ends in another way than cairo's");
    }
    buf_add(out, raw->p, offset_of(&t, t.info));
    size_t at_info = out->len;
    buf_fmt(out, "%zu 0 obj\n", t.info);
    info(doc, paper_clean(&clean, doc->title ? doc->title : ""), out);
    arena_free(clean.arena);
    size_t at_catalog = out->len;
    buf_fmt(out, "%zu 0 obj\n<<%.*s\n/Lang(%s)/ViewerPreferences<</DisplayDocTitle true>>\n>>\nendobj\n",
            t.catalog, (int)t.inside_len, t.inside, langs[doc->lang]);
    sha256(hash, out->p, out->len);
    hex_encode(id, hash, 16);
    size_t xref = out->len;
    buf_fmt(out, "xref\n0 %zu\n", t.objects);
    buf_add(out, t.table, 20 * t.info);
    buf_fmt(out, "%010zu 00000 n \n%010zu 00000 n \n", at_info, at_catalog);
    buf_fmt(out, "trailer\n<</Size %zu/Root %zu 0 R/Info %zu 0 R/ID[<%s><%s>]>>\nstartxref\n%zu\n%%%%EOF\n",
            t.objects, t.catalog, t.info, id, id, xref);
    return RC_OK;
}
