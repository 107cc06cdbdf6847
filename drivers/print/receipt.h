/* The receipt: lines with styles -> one picture at the printer's width. The same picture is the preview and the
 * paper. Styles, from top to bottom of the usual receipt:
 *   title   who speaks (the institution), centred
 *   big     before the number: the heading, spaced capitals; after it: the one thing to remember, in a frame
 *           together with the small lines that follow (a date or number at its end is set large)
 *   number  as large as fits on one line
 *   text    "Label: value" makes a row of the table of its neighbours, anything else is a paragraph
 *   small   quiet paragraph
 *   qr      text = what the code holds; text and small lines after it stand beside it, up to the next other
 *           style
 *   rule    thin line
 *   space   a blank line */
#ifndef PRIDVOR_RECEIPT_H
#define PRIDVOR_RECEIPT_H

#include "drivers/print/raster.h"

#define RECEIPT_LINES_MAX 64
#define RECEIPT_TEXT_MAX 1024 /* bytes per line */
#define RECEIPT_MM_MAX 500

struct receipt_line {
    const char *style, *text;
};
struct receipt {
    const struct receipt_line *lines;
    size_t n;
    const char *lang; /* "ro", "hu", "en": the words of the copy banner */
    bool copy;        /* DUPLICAT / MÁSOLAT / COPY on top */
};
struct receipt_paper {
    int dots; /* printable width */
    int dpi;
};

/* Texts are cleaned first (NFC, comma below). Errors: RC_BAD_FIELD with the line, RC_TOO_BIG. */
MUST enum rc receipt_layout(struct arena *a, const struct receipt *r, const struct receipt_paper *p,
                            struct bitmap **out, struct err *e);
double receipt_mm(const struct bitmap *b, const struct receipt_paper *p);

#endif
