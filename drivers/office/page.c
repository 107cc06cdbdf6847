#include "drivers/office/page.h"

#include "common/base/clock.h"
#include "common/base/g4.h"
#include "common/base/pdf.h"
#include "drivers/print/raster.h"

enum {
    DPI = 200,
    WIDTH = 1654,
    HEIGHT = 2339,
    EDGE = 118,
    INSET = 160
}; /* A4; a frame 15 mm from the edge */

static const struct {
    const char *text;
    double px;
    int weight;
} lines[] = {
    {"Pridvor", 90, 700},
    {"Pagină de probă · Próbaoldal · Test page", 44, 500},
    {"ș ț ă â î   Ș Ț Ă Â Î\nő ű á é í ó ö ú ü   Ő Ű", 72, 500},
    {"Linia din jur stă la 15 mm de margine și nu este tăiată nicăieri.\nA keret 15 mm-re van a széltől, "
     "sehol sincs "
     "levágva.\nThe frame stands 15 mm from the edge and is cut nowhere.",
     34, 400},
};

static enum rc draw(struct arena *a, const char *printer, int64_t now_ms, struct bitmap *sheet, struct err *e)
{
    char at[25];
    int y = 2 * INSET;

    raster_frame(sheet, (struct raster_box){EDGE, EDGE, WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE}, 3, 40);
    for (size_t i = 0; i <= COUNT(lines); i++) {
        struct raster_face face = {.px = 34, .weight = 400, .leading = 1.4, .align = RASTER_CENTER};
        const char *text;
        struct bitmap *b;
        iso_utc(at, now_ms);
        if (i < COUNT(lines)) {
            face.px = lines[i].px;
            face.weight = lines[i].weight;
            text = lines[i].text;
        } else {
            text = arena_fmt(a, "%s\n%s", printer, at);
        }
        TRY(raster_text(a, text, &face, WIDTH - 2 * INSET, &b, e));
        bitmap_draw(sheet, b, INSET, y);
        y += b->h + 90;
    }
    return RC_OK;
}

enum rc page_test(struct arena *a, const char *printer, int64_t now_ms, struct buf *pdf, struct err *e)
{
    struct bitmap *sheet = bitmap_new(a, WIDTH, HEIGHT);
    BUF_SCOPE(coded);

    TRY(draw(a, printer, now_ms, sheet, e));
    g4_encode(
        &(struct bilevel){
            .bits = sheet->bits, .width = sheet->w, .height = sheet->h, .stride = sheet->stride},
        &coded);
    struct pdf_page page = {.data = BYTES(coded.p, coded.len),
                            .width = WIDTH,
                            .height = HEIGHT,
                            .channels = 1,
                            .dpi = DPI,
                            .g4 = true};
    return pdf_write(
        &(struct pdf_doc){
            .title = "Pridvor: pagină de probă", .lang = "ro", .made_ms = now_ms, .pages = &page, .n = 1},
        pdf, e);
}
