/* Prints drivers/scan/letters_table.c: the 37 letters of a printed zone, drawn, cut out as the driver cuts
 * them. */
#include <math.h>
#include <stdio.h>

#include "drivers/scan/letters.h"
#include "tests/devices/scan_pages.h"

static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                  second[] = "<<<HHHH<<<<HHHH<<<<HHHH<<<<HHHH<<<<<";

static void print(char c, const struct letter *l)
{
    printf("    {'%c', %d, %d,\n     \"", c, l->w, l->h);
    for (int i = 0; i < GRID_W * GRID_H; i++)
        printf("%s%x", i && i % 96 == 0 ? "\"\n     \"" : "", l->grid[i]);
    printf("\"},\n");
}

int main(void)
{
    ARENA_SCOPE(a);
    struct page_ask ask = {.kind = PAGE_CARD, .blur = 0.7, .zone = {first, second, ""}};
    struct picture page = page_draw(a, &ask), strip;
    struct band bands[BAND_GROUPS];
    struct letter cut[36];
    int n = band_find(&page, a, bands, BAND_GROUPS);
    if (n < 1 || !page_has_ocr_b()) {
        fprintf(stderr, "no zone found on the drawn card, or no OCR-B font here\n");
        return 1;
    }
    const struct band *b = &bands[n - 1];
    printf("/* Made by tests/devices/zone_letters.c. */\n#include \"drivers/scan/letters.h\"\n\n/* "
           "clang-format off */\n"
           "const struct letter_sample letter_samples[37] = {\n");
    for (int i = 0; i < 2; i++) {
        const struct band_line *l = &b->line[b->n - 2 + i];
        double scale = BAND_CAPITAL / l->height, at = BAND_MARGIN + BAND_BEFORE * l->pitch * scale;
        struct letter_row row = {at, at + hypot(l->x1 - l->x0, l->y1 - l->y0) * scale, 36};
        band_strip(&page, l, false, a, &strip);
        letters_cut(&strip, &row, a, cut);
        for (int k = 0; k < (i ? 1 : 36); k++)
            print(i ? second[k] : first[k], &cut[k]);
    }
    printf("};\n");
    return 0;
}
