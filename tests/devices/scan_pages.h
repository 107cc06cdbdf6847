/* Pages as a scanner sees them, drawn: for tests, for the bench and for the virtual scanner. */
#ifndef PRIDVOR_TESTS_SCAN_PAGES_H
#define PRIDVOR_TESTS_SCAN_PAGES_H

#include "common/base/arena.h"
#include "drivers/scan/frame.h"

enum page_kind {
    PAGE_TEXT,   /* closely written */
    PAGE_LETTER, /* a few lines and a signature */
    PAGE_FORM,   /* ruled fields, filled in */
    PAGE_CERT,   /* medical certificate of a birth */
    PAGE_CARD,   /* identity card with a printed zone, on white */
    PAGE_PHOTO,  /* a photograph and a caption */
    PAGE_BLANK,  /* nothing but dust */
    PAGE_KINDS
};
extern const char *const page_kind_names[PAGE_KINDS];

struct page_ask {
    enum page_kind kind;
    unsigned seed;
    int dpi; /* 0: 300 */
    bool color;
    double turn;         /* degrees, clockwise */
    double blur;         /* pixels (sigma) */
    double paper, ink;   /* grey levels; both 0: 246 and 30 */
    double cut_mm;       /* the page lies so much too far left and up */
    double noise;        /* grey levels (sigma) */
    const char *zone[3]; /* of a card; NULL: its own */
};

/* A4, grey or colour; px is of the arena. */
struct picture page_draw(struct arena *a, const struct page_ask *ask);
/* The first family of these that this machine has, for the zone. */
bool page_has_ocr_b(void);

#endif
