/* Pages that are taken out of a scan, and pictures, as they go into a certified copy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "backend/paper.h"
#include "backend/zip.h"
#include "common/base/fs.h"
#include "tests/unit/paper_rig.h"

static struct arena *a;
static char dir[] = "/tmp/pridvor-scans-XXXXXX";

static struct bytes scan_of(void)
{
    static const uint8_t dot[] = {0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 40, 0, 30, 1, 1, 0x11, 0, 0xFF, 0xD9};
    const struct pdf_page pages[] = {
        {.data = BYTES(dot, sizeof dot), .width = 30, .height = 40, .channels = 1, .dpi = 100},
        {.data = BYTES("\x00\x10\x01", 3), .width = 64, .height = 64, .channels = 1, .turns = 3, .g4 = true},
    };
    const struct pdf_doc doc = {"Foaie", "ro", 1795334400000, pages, 2};
    struct err e = {0};
    BUF_SCOPE(out);

    assert_int_equal(pdf_write(&doc, &out, &e), RC_OK);
    return BYTES(arena_dup(a, out.p, out.len), out.len);
}

/* Bytes as a file at rest, whatever they say. */
static struct store_reader *at_rest(struct bytes b)
{
    static const char hex[] = "0000000000000000000000000000000000000000000000000000000000000000";
    const struct store_place s = {dir, 1};
    struct store_reader *r;
    struct err e = {0};

    assert_int_equal(fs_mkdirs(arena_fmt(a, "%s/00", dir), 0700, &e), RC_OK);
    FILE *f = fopen(arena_fmt(a, "%s/00/%s", dir, hex), "w");
    assert_int_equal(fwrite(b.p, 1, b.len, f), b.len);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(store_unseen(&s, hex, &r, &e), RC_OK);
    return r;
}

static void a_scan_gives_back_its_pages(void **state)
{
    struct store_reader *pdf SCOPED(store_closep) = at_rest(scan_of());
    struct store_reader *other SCOPED(store_closep) = NULL;
    struct paper_scan *s;
    struct err e = {0};
    char data[3];
    size_t n;

    (void)state;
    assert_int_equal(paper_scans(a, pdf, &s, &n, &e), RC_OK);
    assert_int_equal(n, 2);
    assert_int_equal(s[0].kind, SCAN_JPEG);
    assert_int_equal(s[0].width, 30);
    assert_int_equal(s[1].kind, SCAN_G4);
    assert_int_equal(s[1].spans[0].len, 3);
    assert_int_equal(store_at(pdf, s[1].spans[0].at, data, 3, &e), RC_OK);
    assert_memory_equal(data, "\x00\x10\x01", 3);
    assert_true(s[1].matrix[0] == 0 && s[1].matrix[2] < 0); /* lies on its side */
    other = at_rest(BYTES("%PDF-1.7\n", 9));
    assert_int_equal(paper_scans(a, other, &s, &n, &e), RC_OK);
    assert_int_equal(n, 0);
}

/* Every byte changed, every length: whole pages or none at all, and never a byte beyond the end. */
static void spoiled_scans(void **state)
{
    const struct bytes pdf = scan_of();
    static const char odd[] = {0, ' ', '-', '9', '>', '\n', '\xFF'};
    struct err e = {0};
    size_t seen = 0;
    char *copy = malloc(pdf.len);

    (void)state;
    for (size_t i = 0; i < pdf.len; i++)
        for (size_t k = 0; k < COUNT(odd) + 1; k++) {
            ARENA_SCOPE(one);
            size_t len = k < COUNT(odd) ? pdf.len : i;
            struct paper_scan *s;
            size_t n;
            memcpy(copy, pdf.p, len);
            if (k < COUNT(odd))
                copy[i] = odd[k];
            struct store_reader *r SCOPED(store_closep) = at_rest(BYTES(copy, len));
            assert_int_equal(paper_scans(one, r, &s, &n, &e), RC_OK);
            for (size_t p = 0; p < n; p++)
                assert_true(s[p].spans[0].at + s[p].spans[0].len <= len);
            seen += n;
        }
    free(copy);
    assert_true(seen > 0);
}

static void into_buf(void *user, const void *p, size_t n)
{
    buf_add(user, p, n);
}

/* Sheets of the scan and the one behind them are one document to who hears them. */
static void one_document(const char *path)
{
    const char *tree = paper_ask(a, "pdfinfo -struct %s 2>&1", path);

    if (strncmp(tree, "Document\n", 9) != 0 || strstr(tree, "Warning"))
        fail_msg("%s", tree);
}

/* A picture in a copy of its own; "": it lies inside, else what pdfimages says of it. */
static const char *picture_in(struct bytes b)
{
    struct store_reader *file SCOPED(store_closep) = at_rest(b);
    struct parts made SCOPED(parts_free) = {.n = 0};
    struct paper sheet = {.title = "x"};
    struct paper_scan s;
    struct err e = {0};
    size_t n;
    BUF_SCOPE(out);

    assert_int_equal(paper_picture(a, file, &s, &n, &e), RC_OK);
    if (!n)
        return "";
    struct paper_copy c = {.pages = &s, .n = 1, .band = "x", .band_small = "y", .last = &sheet};
    if (paper_copy_pdf(&c, &made, NULL, &e) != RC_OK)
        return rc_name(e.rc);
    assert_int_equal(parts_each(&made, into_buf, &out, &e), RC_OK);
    const char *path = paper_save(a, "picture", &out);
    assert_non_null(strstr(paper_ask(a, "qpdf --check %s", path), "No syntax"));
    one_document(path);
    return paper_ask(a, "pdfimages -list %s 2>&1", path);
}

static void chunk(struct buf *b, const char *type, struct bytes data)
{
    uint8_t n[4] = {(uint8_t)(data.len >> 24), (uint8_t)(data.len >> 16), (uint8_t)(data.len >> 8),
                    (uint8_t)data.len};
    buf_add(b, n, 4);
    size_t at = b->len;
    buf_str(b, type);
    buf_add(b, data.p, data.len);
    uint32_t c = crc32_of(b->p + at, b->len - at);
    const uint8_t sum[4] = {(uint8_t)(c >> 24), (uint8_t)(c >> 16), (uint8_t)(c >> 8), (uint8_t)c};
    buf_add(b, sum, 4);
}

struct png_sort {
    int bits, colour, interlace;
    int width, height, rows; /* rows: that are there */
    bool clear;
};
static struct bytes png_of(const struct png_sort *t)
{
    static const int channels[] = {1, 0, 3, 1, 2, 0, 4};
    const uint8_t head[13] = {0,
                              0,
                              (uint8_t)(t->width >> 8),
                              (uint8_t)t->width,
                              0,
                              0,
                              (uint8_t)(t->height >> 8),
                              (uint8_t)t->height,
                              (uint8_t)t->bits,
                              (uint8_t)t->colour,
                              0,
                              0,
                              (uint8_t)t->interlace};
    size_t row = (size_t)(t->width * channels[t->colour] * t->bits + 7) / 8 + 1, len = row * (size_t)t->rows;
    uint8_t *raw = arena_alloc(a, len);
    uLongf packed = compressBound(len);
    uint8_t *z = arena_alloc(a, packed);
    BUF_SCOPE(b);

    for (size_t i = 0; i < len; i++)
        raw[i] = i % row ? (uint8_t)(i * 7) : (uint8_t)(i / row % 5);
    assert_int_equal(compress(z, &packed, raw, len), Z_OK);
    buf_add(&b, "\x89PNG\r\n\x1A\n", 8);
    chunk(&b, "IHDR", BYTES(head, 13));
    if (t->colour == 3)
        chunk(&b, "PLTE", BYTES("\0\0\0\xFF\0\0\0\xFF\0\0\0\xFF", 12));
    if (t->clear)
        chunk(&b, "tRNS", BYTES("\0\1", 2));
    for (size_t at = 0; at < packed; at += 1000) /* as others cut it */
        chunk(&b, "IDAT", BYTES(z + at, packed - at < 1000 ? packed - at : 1000));
    chunk(&b, "IEND", BYTES("", 0));
    return BYTES(arena_dup(a, b.p, b.len), b.len);
}

static void rows_of_a_png_go_in_as_they_are(void **state)
{
    static const struct {
        struct png_sort t;
        const char *says;
    } rows[] = {
        {{8, 0, 0, 60, 40, 40}, "60    40  gray    1   8"},
        {{1, 0, 0, 61, 40, 40}, "61    40  gray    1   1"},
        {{16, 0, 0, 60, 40, 40}, "60    40  gray    1  16"},
        {{8, 2, 0, 600, 400, 400}, "600   400  rgb     3   8"},
        {{16, 2, 0, 60, 40, 40}, "60    40  rgb     3  16"},
        {{2, 3, 0, 61, 40, 40}, "61    40  index   1   2"},
        {{8, 6, 0, 60, 40, 40}, "smask"}, /* drawn */
        {{8, 4, 0, 60, 40, 40}, "smask"},
        {{8, 0, 0, 60, 40, 40, .clear = true}, "60    40"},
        {{8, 6, 0, 2000, 2000, 1}, ""}, /* too large to be drawn: it lies inside */
        {{8, 0, 0, 60, 40, 39}, ""},    /* a row is missing */
        {{8, 0, 0, 60, 40, 41}, ""},    /* one too many */
        {{8, 0, 0, 14000, 14000, 1}, ""},
        {{8, 2, 1, 60, 40, 3}, "BAD_FIELD"}, /* interlaced, and not whole */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *is = picture_in(png_of(&rows[i].t));
        if (*rows[i].says ? !strstr(is, rows[i].says) : *is)
            fail_msg("row %zu: \"%s\"", i, is);
    }
}

static void pictures_that_lie(void **state)
{
    static const struct png_sort one = {8, 0, 0, 1, 1, 1};
    const struct bytes dot = png_of(&one);
    uint8_t *lie = arena_dup(a, dot.p, dot.len);

    (void)state;
    memset(lie + 41, 0x55, 8); /* no zlib stream */
    assert_string_equal(picture_in(BYTES(lie, dot.len)), "");
    assert_string_equal(picture_in(BYTES(dot.p, 20)), "");
    assert_string_equal(picture_in(BYTES("\xFF\xD8\xFF\xE0", 4)), "");
    assert_string_equal(picture_in(BYTES("", 0)), "");
    assert_non_null(strstr(picture_in(dot), "image"));
}

/* A page of the scanner is not copied, not once: what is made beside it is small, however large it is. */
static void scans_are_laid_in_where_they_lie(void **state)
{
    enum { LARGE = 4 << 20 };
    static const uint8_t dot[] = {0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 40, 0, 30, 1, 1,
                                  0x11, 0,    0xFF, 0xDA, 0, 8,  1, 1, 0,  0, 63, 0, 0};
    uint8_t *large = calloc(1, LARGE);
    struct paper sheet = {.title = "x"};
    struct parts made SCOPED(parts_free) = {.n = 0};
    struct paper_scan s[2];
    struct err e = {0};
    size_t n;
    BUF_SCOPE(out);

    (void)state;
    memcpy(large, dot, sizeof dot);
    struct store_reader *file SCOPED(store_closep) = at_rest(BYTES(large, LARGE));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(paper_picture(a, file, &s[i], &n, &e), RC_OK);
        assert_int_equal(n, 1);
    }
    s[0].sheet_w = 2 * s[0].sheet_h;
    const struct paper_copy c = {.pages = s, .n = 2, .band = "x", .band_small = "y", .last = &sheet};
    assert_int_equal(paper_copy_pdf(&c, &made, NULL, &e), RC_OK);
    assert_int_equal(made.n, 2);
    assert_int_equal(made.more, 2 * LARGE);
    for (size_t i = 0; i < made.n; i++)
        assert_ptr_equal(made.items[i].file, file);
    assert_true(made.text.len < 200 << 10);
    assert_int_equal(parts_each(&made, into_buf, &out, &e), RC_OK);
    assert_int_equal(out.len, made.text.len + made.more);
    const char *path = paper_save(a, "large", &out);
    one_document(path);
    const char *sizes = paper_ask(a, "pdfinfo -f 1 -l 9 %s | grep size:", path);
    assert_non_null(strstr(sizes, "1 size:  841.89 x 595.276"));
    assert_non_null(strstr(sizes, "2 size:  595.276 x 841.89"));
    assert_non_null(strstr(sizes, "3 size:  595.276 x 841.89"));
    const char *images = paper_ask(a, "pdfimages -list %s 2>&1", path);
    assert_non_null(strstr(images, "jpeg"));
    assert_null(strstr(images, "Error"));
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_gives_back_its_pages),      cmocka_unit_test(spoiled_scans),
        cmocka_unit_test(rows_of_a_png_go_in_as_they_are),  cmocka_unit_test(pictures_that_lie),
        cmocka_unit_test(scans_are_laid_in_where_they_lie),
    };
    a = arena_new();
    if (!mkdtemp(dir))
        return 1;
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(a);
    return rc;
}
