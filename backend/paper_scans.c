/* Reads back the pages of a PDF that common/base/pdf.c wrote: no other is understood here, and what differs
 * from it by a byte is somebody else's. */
#include <stdlib.h>
#include <string.h>

#include "backend/paper.h"
#include "common/base/jpeg.h"
#include "common/base/pdf.h"

struct at {
    const char *p, *end;
};

static bool skip(struct at *a, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(a->end - a->p) < n || memcmp(a->p, word, n) != 0)
        return false;
    a->p += n;
    return true;
}

static bool seek(struct at *a, const char *word)
{
    const char *found = memmem(a->p, (size_t)(a->end - a->p), word, strlen(word));
    if (!found)
        return false;
    a->p = found + strlen(word);
    return true;
}

/* "-12.345 " or "12": no locale, no exponent. */
static bool number(struct at *a, double *out)
{
    bool minus = skip(a, "-");
    double v = 0, unit = 1;
    int digits = 0;
    bool point = false;

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

static bool page(struct at *a, struct paper_scan *s)
{
    int len;

    *s = (struct paper_scan){0};
    if (!number(a, &s->sheet_w) || !number(a, &s->sheet_h) || !seek(a, "stream\nq "))
        return false;
    for (int i = 0; i < 6; i++)
        if (!number(a, &s->matrix[i]))
            return false;
    if (!skip(a, "cm /P Do Q\nendstream") || !seek(a, "<</Type/XObject/Subtype/Image/Width ") ||
        !whole(a, &s->width, JPEG_SIDE_MAX) || !skip(a, "/Height ") || !whole(a, &s->height, JPEG_SIDE_MAX) ||
        !skip(a, "/Length ") || !whole(a, &len, 64 << 20) || !coding(a, s) || a->end - a->p < len)
        return false;
    s->data = BYTES(a->p, (size_t)len);
    a->p += len;
    return skip(a, "\nendstream") && s->sheet_w > 1 && s->sheet_h > 1 && s->sheet_w < 5000 &&
           s->sheet_h < 5000;
}

enum rc paper_scans(struct arena *a, struct bytes pdf, struct paper_scan **out, size_t *n, struct err *e)
{
    struct at at = {pdf.p, (const char *)pdf.p + pdf.len};

    *n = 0;
    *out = ARENA_ARRAY(a, struct paper_scan, PDF_PAGES_MAX);
    if (!skip(&at, "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/"))
        return RC_OK;
    while (seek(&at, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 ")) {
        if (*n == PDF_PAGES_MAX || !page(&at, &(*out)[*n])) {
            *n = 0;
            return RC_OK;
        }
        ++*n;
    }
    (void)e;
    return RC_OK;
}

struct paper_scan paper_picture(struct bytes data, int kind, int width, int height)
{
    bool lies = width > height;
    double w = lies ? 841.89 : 595.276, h = lies ? 595.276 : 841.89;
    double k = w / width < h / height ? w / width : h / height;
    struct paper_scan s = {.kind = (kind == SCAN_PNG ? SCAN_PNG : SCAN_JPEG),
                           .data = data,
                           .width = width,
                           .height = height,
                           .sheet_w = w,
                           .sheet_h = h};
    struct jpeg_info info = {.channels = 3};
    struct err none = {0};
    if (s.kind == SCAN_JPEG && jpeg_head(data, &info, &none) == RC_OK)
        s.channels = info.channels;
    s.matrix[0] = width * k;
    s.matrix[3] = height * k;
    s.matrix[4] = (w - width * k) / 2;
    s.matrix[5] = (h - height * k) / 2;
    return s;
}
