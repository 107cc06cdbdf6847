/* The letters of a printed zone: OCR-B (ISO 1073-2), one of 37, at a fixed pitch. Pure.
 *
 * A letter is cut out by its connected ink, brought to a grid of its own box, and compared with drawn samples
 * (letters_table.c, made by tests/devices/zone_letters.c from the public-domain drawing of OCR-B). What the
 * format of the document lets stand at a place is all that is compared there. */
#ifndef PRIDVOR_SCAN_LETTERS_H
#define PRIDVOR_SCAN_LETTERS_H

#include "drivers/scan/band.h"

enum { GRID_W = 12, GRID_H = 16, ZONE_COLUMNS = 44 };

struct letter {
    uint8_t grid[GRID_W * GRID_H]; /* 0 paper .. 15 ink */
    int w, h;                      /* of its box, percent of a capital's height */
    bool ink;
};
struct letter_sample {
    char c;
    uint8_t w, h;
    const char *grid; /* a hexadecimal digit each, row by row */
};
extern const struct letter_sample letter_samples[37];

struct letter_guess {
    char c, second;
    int far;    /* from its sample: 0 the same, about 300 a bad print, 600 another letter */
    int margin; /* how much farther the next one is */
};
/* kind: 'a' letters and filler, 'd' figures and filler, 's' sex, 'x' all. */
struct letter_guess letter_read(const struct letter *l, char kind);

/* The letters of one level strip (band_strip) whose first and last centre and number are known. */
struct letter_row {
    double first, last;
    int n;
};
void letters_cut(const struct picture *strip, const struct letter_row *row, struct arena *a,
                 struct letter *out);

#endif
