/* Scanned pages to PDF: bytes kept, read back by other people's programs (poppler, qpdf). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jpeglib.h>

#include "common/base/fs.h"
#include "common/base/g4.h"
#include "common/base/pdf.h"

static struct arena *a;
static char dir[] = "/tmp/pridvor-pdf-XXXXXX";

static const char *at(const char *name)
{
    return arena_fmt(a, "%s/%s", dir, name);
}

static void save(const char *name, const void *p, size_t len)
{
    struct err e = {0};
    assert_int_equal(fs_write(at(name), p, len, 0600, &e), RC_OK);
}

static struct bytes load(const char *name)
{
    struct err e = {0};
    char *p;
    size_t len;
    if (fs_read(a, at(name), 64 << 20, &p, &len, &e) != RC_OK)
        fail_msg("%s", e.text);
    return BYTES(p, len);
}

/* Output of a program; fails when it does not end well. */
static const char *ask(const char *cmd)
{
    BUF_SCOPE(b);
    char piece[4096];
    size_t n;
    FILE *f = popen(cmd, "r");
    assert_non_null(f);
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
        buf_add(&b, piece, n);
    buf_chr(&b, '\0');
    int rc = pclose(f);
    if (rc != 0)
        fail_msg("%s: exit %d: %s", cmd, WEXITSTATUS(rc), b.p);
    return arena_str(a, b.p);
}

/* A page of grey "text": dark words on paper that is not quite white. */
static uint8_t paper(int x, int y, unsigned seed)
{
    int line = y / 50, word = x / 90;
    unsigned h = (unsigned)(line * 131 + word * 37 + (int)seed) * 2654435761u;
    bool margin = x < 250 || x > 2230 || y < 300 || y > 3200;
    bool ink =
        !margin && y % 50 < 30 && x % 90 < 70 && (h >> 28) > 3 && ((x / 5) * 7 + (y / 6) * 13 + h) % 5 < 2;
    return ink ? 40 : 243;
}

static struct bytes jpeg(int width, int height, int channels, int quality)
{
    struct jpeg_compress_struct c = {0};
    struct jpeg_error_mgr err;
    unsigned char *out = NULL;
    unsigned long len = 0;
    c.err = jpeg_std_error(&err);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &out, &len);
    c.image_width = (unsigned)width;
    c.image_height = (unsigned)height;
    c.input_components = channels;
    c.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, quality, TRUE);
    c.density_unit = 1;
    c.X_density = c.Y_density = 300;
    jpeg_start_compress(&c, TRUE);
    uint8_t *row = arena_alloc(a, (size_t)width * (size_t)channels);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width * channels; x++)
            row[x] = paper(x / channels, y, 7);
        JSAMPROW r = row;
        jpeg_write_scanlines(&c, &r, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    struct bytes kept = BYTES(arena_dup(a, out, len), len);
    free(out);
    return kept;
}

static struct pdf_page page_of(struct bytes in, int turns)
{
    struct jpeg_info i;
    struct err e = {0};
    assert_int_equal(jpeg_head(in, &i, &e), RC_OK);
    return (struct pdf_page){.data = in,
                             .width = i.width,
                             .height = i.height,
                             .channels = i.channels,
                             .dpi = i.dpi,
                             .turns = turns};
}

static void write_pdf(struct pdf_page *pages, size_t n, struct buf *out)
{
    struct err e = {0};
    const struct pdf_doc doc = {"Împuternicire – ștampilă, őrség", "ro", 1795334400000, pages, n};
    assert_int_equal(pdf_write(&doc, out, &e), RC_OK);
}

static void test_pages(void **state)
{
    (void)state;
    struct bytes grey = jpeg(2480, 3508, 1, 55), colour = jpeg(1012, 638, 3, 80);
    struct pdf_page pages[] = {page_of(grey, 0), page_of(grey, 1), page_of(colour, 0), page_of(colour, 3)};
    BUF_SCOPE(one);
    BUF_SCOPE(two);
    write_pdf(pages, 4, &one);
    write_pdf(pages, 4, &two);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.p, two.p, one.len);
    save("a.pdf", one.p, one.len);
    ask(arena_fmt(a, "qpdf --check %s 2>&1", at("a.pdf")));
    const char *info = ask(arena_fmt(a, "pdfinfo -l 4 %s 2>&1", at("a.pdf")));
    assert_non_null(strstr(info, "Title:           Împuternicire – ștampilă, őrség"));
    assert_non_null(strstr(info, "Pages:           4"));
    assert_non_null(strstr(info, "Page    1 size:  595.276 x 841.89 pts (A4)"));
    assert_non_null(strstr(info, "Page    2 size:  841.89 x 595.276 pts (A4)"));
    assert_non_null(strstr(info, "Producer:        Pridvor"));
    assert_non_null(strstr(ask(arena_fmt(a, "qpdf --qdf %s - 2>&1 | grep -a /Lang", at("a.pdf"))), "(ro)"));
    /* The JPEG of page 1 comes out bit for bit. */
    ask(arena_fmt(a, "pdfimages -all %s %s/i 2>&1", at("a.pdf"), dir));
    struct bytes back = load("i-000.jpg");
    assert_int_equal(back.len, grey.len);
    assert_memory_equal(back.p, grey.p, grey.len);
    assert_true(one.len < 2 * grey.len + 2 * colour.len + 4000);
}

/* Turned clockwise: what was at the top left of the picture is then at the top right of the sheet. */
static void test_turns(void **state)
{
    (void)state;
    struct bilevel b = {64, 64, 8, arena_alloc(a, 512)};
    static const int corner[4][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}}; /* right, bottom */
    for (int y = 0; y < 32; y++)
        memset(b.bits + 8 * y, 0xff, 4);
    BUF_SCOPE(g4);
    g4_encode(&b, &g4);
    for (int t = 0; t < 4; t++) {
        struct pdf_page p = {BYTES(g4.p, g4.len), 64, 64, 1, 0, t, true};
        BUF_SCOPE(out);
        write_pdf(&p, 1, &out);
        save("t.pdf", out.p, out.len);
        ask(arena_fmt(a, "pdftoppm -gray -scale-to-x 60 -scale-to-y 84 %s %s/t 2>&1", at("t.pdf"), dir));
        struct bytes ppm = load("t-1.pgm");
        const uint8_t *px = (const uint8_t *)ppm.p + ppm.len - 60 * 84;
        for (int q = 0; q < 4; q++) {
            int x = corner[q][0] ? 45 : 15, y = corner[q][1] ? 56 : 28;
            assert_int_equal(px[y * 60 + x] < 128, q == t);
        }
    }
}

static int bit(const struct bilevel *b, int x, int y)
{
    return b->bits[y * b->stride + x / 8] >> (7 - x % 8) & 1;
}

static void same_back(const struct bilevel *b)
{
    BUF_SCOPE(g4);
    BUF_SCOPE(out);
    g4_encode(b, &g4);
    struct pdf_page p = {BYTES(g4.p, g4.len), b->width, b->height, 1, 0, 0, true};
    write_pdf(&p, 1, &out);
    save("g.pdf", out.p, out.len);
    ask(arena_fmt(a, "qpdf --check %s 2>&1 && pdfimages %s %s/g 2>&1", at("g.pdf"), at("g.pdf"), dir));
    struct bytes pbm = load("g-000.pbm");
    size_t body = (size_t)b->stride * (size_t)b->height;
    assert_true(pbm.len > body);
    const uint8_t *px = (const uint8_t *)pbm.p + pbm.len - body;
    for (int y = 0; y < b->height; y++)
        for (int x = 0; x < b->width; x++)
            if ((px[y * b->stride + x / 8] >> (7 - x % 8) & 1) != bit(b, x, y))
                fail_msg("%d x %d: pixel %d,%d differs", b->width, b->height, x, y);
}

/* Every run length of both colours, then noise of every density, at widths around the byte's edge. */
static void test_g4(void **state)
{
    (void)state;
    struct bilevel b = {5300, 2700, 663, arena_alloc(a, (size_t)663 * 2700)};
    for (int y = 0; y < b.height; y++)
        for (int x = y % 7; x < b.width; x++)
            if ((x - y % 7) / (y + 1) % 2 == (y & 1))
                b.bits[y * b.stride + x / 8] |= (uint8_t)(0x80 >> x % 8);
    same_back(&b);
    unsigned seed = 1;
    for (int k = 0; k < 12; k++) {
        int width = 57 + k;
        struct bilevel n = {width, 300, (width + 7) / 8, arena_alloc(a, 300 * 12)};
        for (int y = 0; y < 300; y++)
            for (int x = 0; x < width; x++) {
                seed = seed * 1664525u + 1013904223u;
                if ((seed >> 24) < (unsigned)(20 * k + 8))
                    n.bits[y * n.stride + x / 8] |= (uint8_t)(0x80 >> x % 8);
            }
        same_back(&n);
    }
}

static void test_text_page(void **state)
{
    (void)state;
    struct err e = {0};
    struct bytes in = jpeg(2480, 3508, 1, 90);
    struct bilevel b;
    assert_int_equal(jpeg_bilevel(a, in, &b, &e), RC_OK);
    size_t wrong = 0;
    for (int y = 0; y < b.height; y += 3)
        for (int x = 0; x < b.width; x += 3)
            wrong += bit(&b, x, y) != (paper(x, y, 7) < 128);
    assert_true(wrong < 600);
    BUF_SCOPE(g4);
    g4_encode(&b, &g4);
    print_message("the same page as Group 4: %zu bytes (JPEG %zu)\n", g4.len, in.len);
    assert_true(g4.len < 300 * 1024);
    struct bytes small;
    struct jpeg_info i;
    assert_int_equal(jpeg_thumb(a, in, 360, &small, &e), RC_OK);
    assert_int_equal(jpeg_head(small, &i, &e), RC_OK);
    assert_int_equal(i.height, 360);
    assert_int_equal(i.width, 254);
    assert_int_equal(i.channels, 1);
    assert_true(small.len < 60000);
}

static void refused(const void *p, size_t len)
{
    struct err e = {0};
    struct jpeg_info i;
    struct bytes out;
    assert_int_not_equal(jpeg_head(BYTES(p, len), &i, &e), RC_OK);
    assert_int_not_equal(jpeg_thumb(a, BYTES(p, len), 100, &out, &e), RC_OK);
}

static void test_hostile(void **state)
{
    (void)state;
    static const struct {
        const char *p;
        size_t len;
    } bad[] = {
        {"", 0},
        {"\xFF\xD8", 2},
        {"\xFF\xD8\xFF\xD9", 4},
        {"GIF89a", 6},
        {"\xFF\xD8\xFF\xE0\xFF\xFF", 6},                                      /* longer than the file */
        {"\xFF\xD8\xFF\xE0\x00\x01", 6},                                      /* shorter than itself */
        {"\xFF\xD8\xFF\xDA\x00\x02", 6},                                      /* picture before its frame */
        {"\xFF\xD8\xFF\xC0\x00\x0B\x08\x00\x00\x00\x10\x01\x01\x11\x00", 15}, /* no height */
        {"\xFF\xD8\xFF\xC0\x00\x0B\x0C\x00\x10\x00\x10\x01\x01\x11\x00", 15}, /* 12 bits */
        {"\xFF\xD8\xFF\xC0\x00\x0B\x08\xFF\xFF\xFF\xFF\x01\x01\x11\x00", 15}, /* 65,535 wide */
        {"\xFF\xD8\xFF\xC0\x00\x0B\x08\x00\x10\x00\x10\x04\x01\x11\x00", 15}, /* four colours, cut */
        {"\xFF\xD8\xFF\xC3\x00\x0B\x08\x00\x10\x00\x10\x01\x01\x11\x00", 15}, /* lossless */
        {"\xFF\xD8\xFF\xC9\x00\x0B\x08\x00\x10\x00\x10\x01\x01\x11\x00", 15}, /* arithmetic */
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        refused(bad[i].p, bad[i].len);
    struct bytes good = jpeg(200, 280, 1, 70);
    for (size_t cut = 0; cut < 300 && cut < good.len; cut++) { /* a head that ends early */
        struct err e = {0};
        struct bytes out;
        struct jpeg_info i;
        enum rc head = jpeg_head(BYTES(good.p, cut), &i, &e),
                all = jpeg_thumb(a, BYTES(good.p, cut), 100, &out, &e);
        assert_true(head == RC_OK || all != RC_OK);
    }
    struct err e = {0};
    BUF_SCOPE(out);
    struct pdf_page p = page_of(good, 0);
    assert_int_not_equal(pdf_write(&(struct pdf_doc){"x", "ro", 0, &p, 0}, &out, &e), RC_OK);
    assert_int_not_equal(pdf_write(&(struct pdf_doc){"x", "r)o", 0, &p, 1}, &out, &e), RC_OK);
    assert_int_not_equal(pdf_write(&(struct pdf_doc){"\xff", "ro", 0, &p, 1}, &out, &e), RC_OK);
    p.turns = 4;
    assert_int_not_equal(pdf_write(&(struct pdf_doc){"x", "ro", 0, &p, 1}, &out, &e), RC_OK);
}

/* A marker without a length (FFD0) that we would take for a segment: the head we judged is not the picture
 * that libjpeg then makes room for. */
static void test_two_heads(void **state)
{
    (void)state;
    enum { FRAME = 2 + 18 + 69, SKIPPED = 4 + 0xFFE0 };
    struct err e = {0};
    struct jpeg_info i;
    struct bytes out;
    char *good;
    size_t len;
    assert_int_equal(fs_read(a, "tests/fuzz/seeds/jpeg/grey.jpg", 65536, &good, &len, &e), RC_OK);
    uint8_t *p = arena_alloc(a, SKIPPED + len);
    memcpy(p, "\xFF\xD8\xFF\xD0", 4);
    memcpy(p + 4, good + 2, len - 2);
    memcpy(p + 2 + FRAME + 5, "\x0F\xA0\x0F\xA0", 4); /* 4000 x 4000 */
    memcpy(p + SKIPPED, good + 2, len - 2);
    enum rc head = jpeg_head(BYTES(p, SKIPPED + len - 2), &i, &e);
    assert_true(head != RC_OK || i.width == 24);
    assert_int_not_equal(jpeg_thumb(a, BYTES(p, SKIPPED + len - 2), 100, &out, &e), RC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages),   cmocka_unit_test(test_turns),
                                       cmocka_unit_test(test_g4),      cmocka_unit_test(test_text_page),
                                       cmocka_unit_test(test_hostile), cmocka_unit_test(test_two_heads)};
    if (!mkdtemp(dir))
        return 1;
    a = arena_new();
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    ask(arena_fmt(a, "rm -rf %s", dir));
    arena_free(a);
    return rc;
}
