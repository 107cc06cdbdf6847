/* One PDF 1.7 from scanned pages, A4 each. JPEG data stand in it bit for bit (DCTDecode), text pages as
 * Group 4; turning is a matrix, never a new coding. The same input gives the same bytes: no clock, no random.
 * ISO 32000-1:2008, 7.5 (structure), 7.4.6 and 7.4.8 (filters), 8.9.5 (images), 14.9.2 (language). */
#ifndef PRIDVOR_PDF_H
#define PRIDVOR_PDF_H

#include "common/base/buf.h"
#include "common/base/jpeg.h"

#define PDF_PAGES_MAX 100

struct pdf_page {
    struct bytes data;           /* JPEG, or Group 4 when g4 is set */
    int width, height, channels; /* pixels; 1 or 3 */
    int dpi;                     /* 0: as large as the sheet */
    int turns;                   /* quarter turns clockwise */
    bool g4;
};
struct pdf_doc {
    const char *title; /* UTF-8 */
    const char *lang;  /* "ro" "hu" "en" */
    int64_t made_ms;   /* UTC; shown as the date of creation */
    const struct pdf_page *pages;
    size_t n;
};
MUST enum rc pdf_write(const struct pdf_doc *doc, struct buf *out, struct err *e);
/* A text string in UTF-16BE with its mark (7.9.2.2), as hexadecimal. s: UTF-8. */
void pdf_text(struct buf *b, const char *s);

#endif
