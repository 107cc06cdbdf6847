/* The receipt: lines with styles -> one picture at the printer's width. The same picture is the preview and
 * the paper. Styles, from top to bottom of the usual receipt:
 *   title   who speaks (the institution), centred
 *   big     before the number: the heading, spaced capitals; after it: the one thing to remember, in a frame
 *           together with the small lines that follow (a date or number at its end is set large)
 *   number  as large as fits on one line
 *   text    right after the number: centred under it; else "Label: value" makes a row of the table of its
 *           neighbours, anything else is a paragraph
 *   small   quiet paragraph
 *   qr      text = what the code holds; the small lines and then the text lines that follow stand beside it
 *   rule    thin line
 *   space   a blank line */
#ifndef PRIDVOR_LAYOUT_H
#define PRIDVOR_LAYOUT_H

#include "common/model/receipt.h"
#include "drivers/print/raster.h"

#define LAYOUT_LINES_MAX 64
#define LAYOUT_TEXT_MAX 1024 /* bytes per line */
#define LAYOUT_MM_MAX 500

struct layout {
    const struct receipt_line *lines;
    size_t n;
    const char *lang; /* "ro", "hu", "en": the words of the copy banner */
    bool copy;        /* DUPLICAT / MÁSOLAT / COPY on top */
};
struct paper {
    int dots; /* printable width */
    int dpi;
};

/* Texts are cleaned first (NFC, comma below). Errors: RC_BAD_FIELD with the line, RC_TOO_BIG. */
MUST enum rc layout_make(struct arena *a, const struct layout *r, const struct paper *p, struct bitmap **out,
                         struct err *e);
double layout_mm(const struct bitmap *b, const struct paper *p);

#endif
