/* What comes from a scanner: frames of any format, in pieces; pictures of any size through the quality check
 * and the search for a printed zone; bytes that may be a JPEG. The first byte chooses. */
#include "drivers/scan/ocr.h"
#include "drivers/scan/pack.h"
#include "drivers/scan/quality.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void frames(const uint8_t *p, size_t n)
{
    struct frames f = {0};
    struct picture out;
    struct err e = {0};
    size_t piece = 1 + p[0] % 64;
    for (int pass = 0; pass < 3 && n > 8; pass++) {
        struct frame_format format = {(enum frame_kind)(p[1] % 5), 1 << (p[2] % 5), p[3] | (p[4] & 3) << 8,
                                      p[5] | (p[6] & 15) << 8, p[7] ? p[7] - 2 : -1};
        size_t bytes = n / (size_t)(3 - pass);
        if (frames_begin(&f, &format, &e) != RC_OK)
            break;
        for (size_t at = 8; at < bytes; at += piece)
            if (frames_feed(&f, p + at, bytes - at < piece ? bytes - at : piece, &e) != RC_OK)
                break;
        p += bytes;
        n -= bytes;
    }
    if (frames_picture(&f, 300, &out, &e) == RC_OK)
        picture_grey(&out, out.px);
    frames_free(&f);
}

/* A picture as wide as the input says, each byte an area of it. */
static void picture(const uint8_t *p, size_t n, bool zone)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(json);
    struct quality q;
    struct err e = {0};
    int w = 1 + p[0] * 3, dpi = 50 + p[1] * 3, scale = 1 + p[2] % 12;
    int h = (int)((n - 3) * (size_t)scale * (size_t)scale / (size_t)w) + 1;
    h = h > 900 ? 900 : h;
    struct picture page = {malloc((size_t)w * (size_t)h), w, h, 1, dpi};
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            page.px[y * w + x] =
                p[3 + ((size_t)(y / scale) * (size_t)(w / scale + 1) + (size_t)(x / scale)) % (n - 3)];
    if (zone) {
        if (ocr_zone(&page, &json, &e) == RC_OK && json.len == 0)
            abort();
    } else {
        quality_check(&page, a, &q);
    }
    free(page.px);
}

static void jpeg(const uint8_t *p, size_t n)
{
    ARENA_SCOPE(a);
    struct picture out;
    struct err e = {0};
    /* libjpeg takes any size; only small ones are worth the time */
    for (size_t i = 0; i + 8 < n; i++)
        if (p[i] == 0xFF && p[i + 1] >= 0xC0 && p[i + 1] <= 0xCF && (p[i + 5] > 3 || p[i + 7] > 3))
            return;
    if (pack_grey(a, p, n, &out, &e) == RC_OK && (out.w < 1 || out.h < 1))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 16)
        return 0;
    if (data[0] % 4 == 0)
        frames(data + 1, size - 1);
    else if (data[0] % 4 == 3)
        jpeg(data + 1, size - 1);
    else
        picture(data + 1, size - 1, data[0] % 4 == 2);
    return 0;
}
