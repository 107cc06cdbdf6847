#include "common/base/pdf.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/text.h"

/* Thousandths of a point (1/72 inch): numbers without locale and without rounding of doubles. */
#define A4_SHORT 595276
#define A4_LONG 841890
#define FIRST_PAGE 4 /* objects: 1 catalog, 2 pages, 3 info, then page, content, image for each page */

struct writer {
    struct buf *out;
    size_t at[FIRST_PAGE + 3 * PDF_PAGES_MAX];
    size_t n;
};

static void begin(struct writer *w)
{
    w->at[++w->n] = w->out->len;
    buf_fmt(w->out, "%zu 0 obj\n", w->n);
}

static void end(struct writer *w)
{
    buf_str(w->out, "\nendobj\n");
}

static void number(struct buf *b, int64_t thousandths)
{
    int64_t n = thousandths < 0 ? -thousandths : thousandths;
    buf_fmt(b, "%s%lld.%03lld ", thousandths < 0 ? "-" : "", (long long)(n / 1000), (long long)(n % 1000));
}

void pdf_text(struct buf *b, const char *s)
{
    buf_str(b, "<FEFF");
    for (const unsigned char *p = (const unsigned char *)s; *p;) {
        int more = *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : *p >= 0xC0 ? 1 : 0;
        uint32_t c = more ? *p & (0x3Fu >> more) : *p;
        for (p++; more > 0 && (*p & 0xC0) == 0x80; more--, p++)
            c = c << 6 | (*p & 0x3Fu);
        if (c > 0xFFFF)
            buf_fmt(b, "%04X%04X", 0xD800 + ((c - 0x10000) >> 10), 0xDC00 + ((c - 0x10000) & 0x3FF));
        else
            buf_fmt(b, "%04X", c);
    }
    buf_chr(b, '>');
}

/* Where the picture stands on its sheet. */
struct place {
    int64_t sheet_w, sheet_h, x, y, w, h;
};

/* Natural size when it fits, else as large as the sheet; a picture that lies gets a sheet that lies. */
static struct place place_of(const struct pdf_page *p)
{
    bool side = p->turns % 2;
    int64_t w = side ? p->height : p->width, h = side ? p->width : p->height;
    struct place at = {.sheet_w = w > h ? A4_LONG : A4_SHORT, .sheet_h = w > h ? A4_SHORT : A4_LONG};
    int64_t nw = p->dpi > 0 ? w * 72000 / p->dpi : 0, nh = p->dpi > 0 ? h * 72000 / p->dpi : 0;
    if (nw > 0 && nw <= at.sheet_w && nh <= at.sheet_h) {
        at.w = nw;
        at.h = nh;
    } else if (w * at.sheet_h > h * at.sheet_w) {
        at.w = at.sheet_w;
        at.h = h * at.sheet_w / w;
    } else {
        at.h = at.sheet_h;
        at.w = w * at.sheet_h / h;
    }
    at.x = (at.sheet_w - at.w) / 2;
    at.y = (at.sheet_h - at.h) / 2;
    return at;
}

/* The unit square of the image onto its place, turned clockwise (8.3.3). */
static void matrix(struct buf *b, const struct place *p, int turns)
{
    const int64_t m[4][6] = {
        {p->w, 0, 0, p->h, p->x, p->y},
        {0, -p->h, p->w, 0, p->x, p->y + p->h},
        {-p->w, 0, 0, -p->h, p->x + p->w, p->y + p->h},
        {0, p->h, -p->w, 0, p->x + p->w, p->y},
    };
    for (int i = 0; i < 6; i++)
        number(b, m[turns][i]);
}

static void page(struct writer *w, const struct pdf_page *p)
{
    struct place at = place_of(p);
    size_t id = w->n + 1;
    BUF_SCOPE(content);
    begin(w);
    buf_str(w->out, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 ");
    number(w->out, at.sheet_w);
    number(w->out, at.sheet_h);
    buf_fmt(w->out, "]/Contents %zu 0 R/Resources<</XObject<</P %zu 0 R>>>>>>", id + 1, id + 2);
    end(w);
    buf_str(&content, "q ");
    matrix(&content, &at, p->turns);
    buf_str(&content, "cm /P Do Q");
    begin(w);
    buf_fmt(w->out, "<</Length %zu>>stream\n%s\nendstream", content.len, content.p);
    end(w);
    begin(w);
    buf_fmt(w->out, "<</Type/XObject/Subtype/Image/Width %d/Height %d/Length %zu", p->width, p->height,
            p->data.len);
    if (p->g4)
        buf_fmt(w->out,
                "/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/CCITTFaxDecode"
                "/DecodeParms<</K -1/Columns %d/Rows %d>>",
                p->width, p->height);
    else
        buf_fmt(w->out, "/ColorSpace/%s/BitsPerComponent 8/Filter/DCTDecode",
                p->channels == 1 ? "DeviceGray" : "DeviceRGB");
    buf_str(w->out, ">>stream\n");
    buf_add(w->out, p->data.p, p->data.len);
    buf_str(w->out, "\nendstream");
    end(w);
}

static void head(struct writer *w, const struct pdf_doc *doc)
{
    char at[25];
    iso_utc(at, doc->made_ms); /* 2026-11-22T08:15:00.123Z */
    buf_str(w->out, "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n");
    begin(w);
    buf_str(w->out, "<</Type/Catalog/Pages 2 0 R/ViewerPreferences<</DisplayDocTitle true>>/Lang(");
    buf_str(w->out, doc->lang);
    buf_str(w->out, ")>>");
    end(w);
    begin(w);
    buf_str(w->out, "<</Type/Pages/Kids[");
    for (size_t i = 0; i < doc->n; i++)
        buf_fmt(w->out, "%zu 0 R ", FIRST_PAGE + 3 * i);
    buf_fmt(w->out, "]/Count %zu>>", doc->n);
    end(w);
    begin(w);
    buf_str(w->out, "<</Title");
    pdf_text(w->out, doc->title);
    buf_fmt(w->out, "/Producer(Pridvor %s)/CreationDate(D:%.4s%.2s%.2s%.2s%.2s%.2sZ)>>", PRIDVOR_VERSION, at,
            at + 5, at + 8, at + 11, at + 14, at + 17);
    end(w);
}

/* The file's id is a hash of its content (14.4): equal files have equal ids. */
static void tail(struct writer *w)
{
    uint8_t hash[SHA256_LEN];
    char id[33];
    sha256(hash, w->out->p, w->out->len);
    hex_encode(id, hash, 16);
    size_t xref = w->out->len;
    buf_fmt(w->out, "xref\n0 %zu\n0000000000 65535 f \n", w->n + 1);
    for (size_t i = 1; i <= w->n; i++)
        buf_fmt(w->out, "%010zu 00000 n \n", w->at[i]);
    buf_fmt(w->out, "trailer\n<</Size %zu/Root 1 0 R/Info 3 0 R/ID[<%s><%s>]>>\nstartxref\n%zu\n%%%%EOF\n",
            w->n + 1, id, id, xref);
}

static bool lang_right(const char *s)
{
    size_t n = strlen(s);
    return n >= 2 && n <= 8 && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == n;
}

enum rc pdf_write(const struct pdf_doc *doc, struct buf *out, struct err *e)
{
    struct writer w = {.out = out};
    if (doc->n < 1 || doc->n > PDF_PAGES_MAX)
        return err_set(e, RC_BAD_FIELD, "a PDF of %zu pages", doc->n);
    if (!lang_right(doc->lang) || !utf8_valid(doc->title, strlen(doc->title)))
        return err_set(e, RC_BAD_FIELD, "title or language");
    for (size_t i = 0; i < doc->n; i++) {
        const struct pdf_page *p = &doc->pages[i];
        bool shape = p->width > 0 && p->height > 0 && p->width <= JPEG_SIDE_MAX && p->height <= JPEG_SIDE_MAX;
        if (!shape || !p->data.len || p->turns < 0 || p->turns > 3 || (p->channels != 1 && p->channels != 3))
            return err_set(e, RC_BAD_FIELD, "page %zu of the PDF", i + 1);
    }
    head(&w, doc);
    for (size_t i = 0; i < doc->n; i++)
        page(&w, &doc->pages[i]);
    tail(&w);
    return RC_OK;
}
