/* A letter as a PDF: A4, fonts inside, tagged (headings, paragraphs, lists, tables,
 * pictures with words), with title and language.
 * Blocking, for pool threads; it shares nothing between calls. The same input gives the same bytes, so what
 * was looked at before is what is printed. Text is text: no markup in it means anything, control characters
 * and those that turn the direction of writing are left out.
 * ISO 32000-1:2008, 14.3.3 (document information), 14.7 and 14.8 (structure), 14.9.2 (language). */
#ifndef PRIDVOR_PAPER_H
#define PRIDVOR_PAPER_H

#include "backend/parts.h"
#include "common/base/pdf.h"
#include "common/model/lang.h"
#include "common/model/signature.h"

enum {
    PAPER_PAGES_MAX = 400,
    PAPER_TEXT_MAX = 512 << 10, /* bytes of all text together */
    PAPER_COLUMNS_MAX = 8,
    PAPER_SIGNS_MAX = 5,
    PAPER_LINES_MAX = 8, /* of an addressee */
};

enum paper_type {
    PAPER_P,     /* text; a line feed begins a new line */
    PAPER_H2,    /* stays with what follows */
    PAPER_ITEM,  /* of a list */
    PAPER_NOTE,  /* small print: legal basis, remedies */
    PAPER_FACT,  /* cells: label, value */
    PAPER_TABLE, /* cells: row after row; the first row is the head, repeated on each page */
    PAPER_INK,   /* a signature's strokes */
};
struct paper_block {
    enum paper_type type;
    const char *text;
    const char *const *cells;
    size_t columns, rows; /* of cells, the head counted */
    const int *widths;    /* of the columns, thousandths together; NULL: equal */
    const struct ink *ink;
};
struct paper_file {
    const char *name, *type; /* "original.pdf", "application/pdf" */
    struct store_reader *file;
};
struct paper_sign {
    const char *office, *name; /* "Primar", "Ana Mureșan" */
};
struct paper {
    enum lang lang;
    const char *title; /* what the reader's window says */
    int64_t made_ms;   /* UTC; the document's date of creation */
    /* The head; without an institution there is none. Everything may be NULL. */
    const char *county, *institution, *institution_second, *contact;
    struct bytes arms;     /* PNG; without: a shield with the first letter of `place` */
    const char *place;     /* "Sic" */
    const char *mark;      /* beside each page's head: "Proiect, nesemnat" */
    const char *number;    /* "Nr. 123 / 22.11.2026" */
    const char *refer;     /* "La cererea dumneavoastră nr. 45 / 1.11.2026" */
    const char *to_label;  /* "Către" */
    const char *const *to; /* the addressee's lines, the name first */
    size_t n_to;
    const char *heading;
    bool formal; /* the heading stands in the middle: decisions, minutes */
    const struct paper_block *blocks;
    size_t n_blocks;
    const struct paper_sign *signs;
    size_t n_signs;
    const char *prepared;            /* "Întocmit: Ioana Pop" */
    const char *qr, *qr_text;        /* the public page of this case */
    const struct paper_file *inside; /* a file laid into the PDF, bit for bit (7.11.4); or NULL */
    const char *foot;                /* left of "1/3" */
};
/* What lies inside is not copied: the PDF is text with parts of that file between. */
MUST enum rc paper_parts(const struct paper *p, struct parts *out, size_t *pages, struct err *e);
/* The same in one piece. pages may be NULL. RC_TOO_BIG: more than the limits above. */
MUST enum rc paper_pdf(const struct paper *p, struct buf *out, size_t *pages, struct err *e);

/* Scanned pages once more, each with a band below that says what they are. Pictures go in as they are. */
struct paper_scan {
    enum { SCAN_JPEG, SCAN_PNG, SCAN_G4, SCAN_DRAWN } kind; /* PNG: its rows as they are; or drawn */
    struct store_reader *file;
    const struct paper_span {
        size_t at, len;
    } * spans; /* of the file: the picture's data */
    size_t n_spans;
    int width, height; /* pixels */
    int channels, bits;
    const char *palette;     /* of a PNG, hexadecimal; or NULL */
    double matrix[6];        /* of the unit square onto its sheet (ISO 32000-1, 8.3.4) */
    double sheet_w, sheet_h; /* points */
};
struct paper_copy {
    const struct paper_scan *pages;
    size_t n;
    const char *band, *band_small; /* "Conform cu originalul"; who, when and the hash */
    const struct paper *last;      /* the sheet behind them; title, language and date of the whole */
};
MUST enum rc paper_copy_pdf(const struct paper_copy *c, struct parts *out, size_t *pages, struct err *e);
/* The pages of a PDF that our scanner wrote (common/base/pdf.h); *n 0: written by somebody else. */
MUST enum rc paper_scans(struct arena *a, struct store_reader *pdf, struct paper_scan **out, size_t *n,
                         struct err *e);
/* A JPEG or PNG as large as a sheet allows; *n 0: of a kind that is not laid in (paper_picture.c). */
MUST enum rc paper_picture(struct arena *a, struct store_reader *file, struct paper_scan *out, size_t *n,
                           struct err *e);

#endif
