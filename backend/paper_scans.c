/* Reads back the pages of a PDF that common/base/pdf.c wrote: no other is understood here, and what differs
 * from it by a byte is somebody else's. */
#include <stdlib.h>
#include <string.h>

#include "backend/paper.h"
#include "common/base/jpeg.h"
#include "common/base/pdf.h"

/* All that is read of it: the pictures between are stepped over. What a line says fits in AHEAD. */
enum { WINDOW = 4096, AHEAD = 256 };

struct at {
    struct store_reader *file;
    char window[WINDOW];
    const char *p, *end; /* in the window */
    size_t next;         /* byte of the file behind the window */
    struct err *e;       /* the disk's */
};

static size_t here(const struct at *a)
{
    return a->next - (size_t)(a->end - a->p);
}

/* The window begins at this byte of the file. */
static void turn(struct at *a, size_t at)
{
    size_t left = store_size(a->file) - at, n = left < WINDOW ? left : WINDOW;

    if (a->e->rc == RC_OK && store_at(a->file, at, a->window, n, a->e) != RC_OK)
        n = 0;
    a->p = a->window;
    a->end = a->window + n;
    a->next = at + n;
}

static void ahead(struct at *a)
{
    if (a->end - a->p < AHEAD && a->next < store_size(a->file))
        turn(a, here(a));
}

static bool skip(struct at *a, const char *word)
{
    size_t n = strlen(word);

    ahead(a);
    if ((size_t)(a->end - a->p) < n || memcmp(a->p, word, n) != 0)
        return false;
    a->p += n;
    return true;
}

static bool seek(struct at *a, const char *word)
{
    size_t n = strlen(word);

    for (;;) {
        const char *found = memmem(a->p, (size_t)(a->end - a->p), word, n);
        if (found) {
            a->p = found + n;
            return true;
        }
        if (a->next >= store_size(a->file) || a->e->rc != RC_OK)
            return false;
        size_t kept = (size_t)(a->end - a->p) < n - 1 ? (size_t)(a->end - a->p) : n - 1;
        turn(a, a->next - kept);
    }
}

/* "-12.345 " or "12": no locale, no exponent. */
static bool number(struct at *a, double *out)
{
    bool minus = skip(a, "-");
    double v = 0, unit = 1;
    int digits = 0;
    bool point = false;

    ahead(a);
    for (; a->p < a->end && digits < 12; a->p++) {
        if (*a->p == '.' && !point) {
            point = true;
        } else if (*a->p >= '0' && *a->p <= '9') {
            v = v * 10 + (*a->p - '0');
            unit = point ? unit * 10 : unit;
            digits++;
        } else {
            break;
        }
    }
    while (a->p < a->end && *a->p == ' ')
        a->p++;
    *out = (minus ? -v : v) / unit;
    return digits > 0;
}

static bool whole(struct at *a, int *out, int most)
{
    double v;
    if (!number(a, &v) || v < 1 || v > most)
        return false;
    *out = (int)v;
    return true;
}

static bool coding(struct at *a, struct paper_scan *s)
{
    if (skip(a,
             "/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns ")) {
        s->kind = SCAN_G4;
        return seek(a, ">>>>stream\n");
    }
    s->kind = SCAN_JPEG;
    s->channels = skip(a, "/ColorSpace/DeviceGray/") ? 1 : skip(a, "/ColorSpace/DeviceRGB/") ? 3 : 0;
    return s->channels && skip(a, "BitsPerComponent 8/Filter/DCTDecode>>stream\n");
}

static bool page(struct at *a, struct arena *arena, struct paper_scan *s)
{
    struct paper_span *data = ARENA_NEW(arena, struct paper_span);
    int len;

    *s = (struct paper_scan){.file = a->file, .spans = data, .n_spans = 1, .bits = 8};
    if (!number(a, &s->sheet_w) || !number(a, &s->sheet_h) || !seek(a, "stream\nq "))
        return false;
    for (int i = 0; i < 6; i++)
        if (!number(a, &s->matrix[i]))
            return false;
    if (!skip(a, "cm /P Do Q\nendstream") || !seek(a, "<</Type/XObject/Subtype/Image/Width ") ||
        !whole(a, &s->width, JPEG_SIDE_MAX) || !skip(a, "/Height ") || !whole(a, &s->height, JPEG_SIDE_MAX) ||
        !skip(a, "/Length ") || !whole(a, &len, 64 << 20) || !coding(a, s) ||
        store_size(a->file) - here(a) < (size_t)len)
        return false;
    *data = (struct paper_span){here(a), (size_t)len};
    turn(a, here(a) + (size_t)len);
    return skip(a, "\nendstream") && s->sheet_w > 1 && s->sheet_h > 1 && s->sheet_w < 5000 &&
           s->sheet_h < 5000;
}

enum rc paper_scans(struct arena *a, struct store_reader *pdf, struct paper_scan **out, size_t *n,
                    struct err *e)
{
    struct at at = {.file = pdf, .e = e};

    *n = 0;
    *out = ARENA_ARRAY(a, struct paper_scan, PDF_PAGES_MAX);
    turn(&at, 0);
    if (!skip(&at, "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/"))
        return e->rc;
    while (seek(&at, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 ")) {
        if (*n == PDF_PAGES_MAX || !page(&at, a, &(*out)[*n])) {
            *n = 0;
            return e->rc;
        }
        ++*n;
    }
    return e->rc;
}
