/* Object streams behind every filter and predictor: what they bring is found, and who brings nothing is left
 * in peace. qpdf reads each sample back: it is what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "backend/store.h"
#include "common/base/text.h"
#include "tests/unit/paper_rig.h"

static struct arena *a;
static char dir[] = "/tmp/pridvor-filter-XXXXXX";

static bool active(const struct buf *b)
{
    const struct store_place s = {dir, 1};
    struct store_reader *r SCOPED(store_closep) = NULL;
    char hex[STORE_HEX];
    struct err e = {0};
    bool out = false;

    assert_int_equal(store_put(&s, BYTES(b->p, b->len), hex, &e), RC_OK);
    assert_int_equal(store_open(&s, hex, &r, &e), RC_OK);
    assert_int_equal(store_active(r, &out, &e), RC_OK);
    return out;
}

/* ---- the other way round ---- */

typedef void coder(const struct buf *in, struct buf *out);

static void hex(const struct buf *in, struct buf *out)
{
    for (size_t i = 0; i < in->len; i++)
        buf_fmt(out, i % 30 ? "%02X" : "\n%02x", (unsigned char)in->p[i]);
    buf_chr(out, '>');
}

static void base85(const struct buf *in, struct buf *out)
{
    for (size_t i = 0; i < in->len; i += 4) {
        size_t n = in->len - i < 4 ? in->len - i : 4;
        uint32_t v = 0;
        char five[5];
        for (size_t k = 0; k < 4; k++)
            v = v << 8 | (k < n ? (unsigned char)in->p[i + k] : 0);
        if (!v && n == 4) {
            buf_chr(out, 'z');
            continue;
        }
        for (int k = 4; k >= 0; k--, v /= 85)
            five[k] = (char)('!' + v % 85);
        buf_add(out, five, n + 1);
    }
    buf_str(out, "~>");
}

/* Every eighth byte as a run of its own. */
static void runs(const struct buf *in, struct buf *out)
{
    for (size_t i = 0; i < in->len;) {
        size_t n = in->len - i < 7 ? in->len - i : 7;
        buf_chr(out, (char)(n - 1));
        buf_add(out, in->p + i, n);
        i += n;
        for (n = 0; i + n < in->len && in->p[i + n] == in->p[i] && n < 128;)
            n++;
        if (n > 1) {
            buf_chr(out, (char)(257 - n));
            buf_chr(out, in->p[i]);
            i += n;
        }
    }
    buf_chr(out, (char)128);
}

static void bits(struct buf *out, uint32_t *have, int *n, uint32_t v, int width)
{
    *have = *have << width | v;
    for (*n += width; *n >= 8; *n -= 8)
        buf_chr(out, (char)(*have >> (*n - 8)));
}

/* A real one, with a table that grows: the longest known text each time. */
static void lzw_of(const struct buf *in, struct buf *out, int early)
{
    struct {
        int before;
        char c;
    } table[4096];
    uint32_t have = 0;
    int n = 0, codes = 258, at = -1;

    bits(out, &have, &n, 256, 9);
    for (size_t i = 0; i <= in->len; i++) {
        int found = -1, width = codes + early > 2048   ? 12
                                : codes + early > 1024 ? 11
                                : codes + early > 512  ? 10
                                                       : 9;
        for (int k = 258; i < in->len && at >= 0 && k < codes && found < 0; k++)
            if (table[k].before == at && table[k].c == in->p[i])
                found = k;
        if (i < in->len && (at < 0 || found >= 0)) {
            at = at < 0 ? (unsigned char)in->p[i] : found;
            continue;
        }
        bits(out, &have, &n, (uint32_t)at, width);
        if (i == in->len)
            break;
        table[codes].before = at;
        table[codes++].c = in->p[i];
        at = (unsigned char)in->p[i];
        if (codes == 4094) {
            bits(out, &have, &n, 256, 12);
            codes = 258;
        }
    }
    codes++;
    bits(out, &have, &n, 257,
         codes + early > 2048   ? 12
         : codes + early > 1024 ? 11
         : codes + early > 512  ? 10
                                : 9);
    bits(out, &have, &n, 0, 7);
}

static void lzw(const struct buf *in, struct buf *out)
{
    lzw_of(in, out, 1);
}

static void lzw_late(const struct buf *in, struct buf *out)
{
    lzw_of(in, out, 0);
}

static void flate(const struct buf *in, struct buf *out)
{
    uLongf n = compressBound(in->len);
    Bytef *z = malloc(n);

    assert_int_equal(compress2(z, &n, (const Bytef *)in->p, in->len, 9), Z_OK);
    buf_add(out, z, n);
    free(z);
}

/* Rows of nine bytes (three dots of three), a filter of its own for each. */
static void png_rows(const struct buf *in, struct buf *out)
{
    for (size_t row = 0; row * 9 < in->len; row++) {
        int tag = (int)(row % 5);
        buf_chr(out, (char)tag);
        for (size_t i = row * 9; i < row * 9 + 9 && i < in->len; i++) {
            const unsigned char *p = (const unsigned char *)in->p;
            int left = i % 9 >= 3 ? p[i - 3] : 0, up = row ? p[i - 9] : 0;
            int corner = row && i % 9 >= 3 ? p[i - 12] : 0, v = left + up - corner;
            int pa = abs(v - left), pb = abs(v - up), pc = abs(v - corner);
            int paeth = pa <= pb && pa <= pc ? left : pb <= pc ? up : corner;
            const int of[] = {0, left, up, (left + up) / 2, paeth};
            buf_chr(out, (char)(p[i] - of[tag]));
        }
    }
}

static void tiff_rows(const struct buf *in, struct buf *out)
{
    for (size_t i = 0; i < in->len; i++)
        buf_chr(out, (char)(in->p[i] - (i % 9 >= 3 ? in->p[i - 3] : 0)));
}

#define ROWS(predictor) "<</Predictor " predictor "/Colors 3/Columns 3>>"

static const struct {
    const char *says; /* of the dictionary */
    coder *coders[4]; /* in the order they are applied: the reader's last first */
} chains[] = {
    {"/Filter/FlateDecode", {flate}},
    {"/Filter[/Fl]", {flate}},
    {"/Filter /ASCIIHexDecode", {hex}},
    {"/Filter/ASCII85Decode", {base85}},
    {"/Filter/RunLengthDecode", {runs}},
    {"/Filter/LZWDecode", {lzw}},
    {"/Filter/LZWDecode/DecodeParms<</EarlyChange 0>>", {lzw_late}},
    {"/Filter[/ASCIIHexDecode/FlateDecode]", {flate, hex}},
    {"/Filter[/A85/Fl]", {flate, base85}},
    {"/Filter[/ASCII85Decode/LZWDecode/RunLengthDecode]", {runs, lzw, base85}},
    {"/Filter[/FlateDecode/FlateDecode/ASCIIHexDecode]", {hex, flate, flate}},
    {"/Filter/FlateDecode/DecodeParms" ROWS("12"), {png_rows, flate}},
    {"/Filter/FlateDecode/DecodeParms" ROWS("15"), {png_rows, flate}},
    {"/DecodeParms[" ROWS("10") "]/Filter[/FlateDecode]", {png_rows, flate}},
    {"/Filter/FlateDecode/DecodeParms" ROWS("2"), {tiff_rows, flate}},
    {"/Filter/LZWDecode/DecodeParms" ROWS("14"), {png_rows, lzw}},
    {"/Filter[/AHx/FlateDecode]/DecodeParms[null" ROWS("13") "]", {png_rows, flate, hex}},
    {"/Fi#6cter/F#6cateDecode/DecodePar#6ds<</P#72edictor 15/Colors 3/Columns 3>>", {png_rows, flate}},
};

/* An object stream with this in it; where: further members, remarks. */
static void pdf_of(const char *inner, const char *where, size_t chain, struct buf *out)
{
    struct buf step[5] = {0};
    size_t n = 0;

    buf_fmt(&step[0], "5 0 %s <</Later(%0900d)>>", inner, 7);
    for (; n < 4 && chains[chain].coders[n]; n++)
        chains[chain].coders[n](&step[n], &step[n + 1]);
    buf_fmt(out,
            "%%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count "
            "0>>\nendobj\n4 0 obj\n<</Type/ObjStm/N 1/First 4%s%s/Length %zu>>\nstream\n",
            where, chains[chain].says, step[n].len);
    buf_add(out, step[n].p, step[n].len);
    buf_str(out, "\nendstream\nendobj\ntrailer\n<</Root 1 0 R/Size 9>>\nstartxref\n9\n%%EOF\n");
    for (size_t i = 0; i < COUNT(step); i++)
        buf_free(&step[i]);
}

static void every_filter_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(chains); i++) {
        BUF_SCOPE(bad);
        BUF_SCOPE(good);
        pdf_of("<</S/JavaScript/JS(app.alert\\(1\\))>>", "", i, &bad);
        pdf_of("<</S/GoTo/D[3 0 R/Fit]>>", "", i, &good);
        assert_null(memmem(bad.p, bad.len, "/JavaScript", 11));
        const char *path = paper_save(a, "chain", &bad);
        const char *read =
            paper_ask(a, "qpdf --warning-exit-0 --show-object=4 --filtered-stream-data %s 2>&1", path);
        if (!strstr(read, "/S/JavaScript"))
            fail_msg("row %zu is not what it says: %s", i, read);
        if (!active(&bad))
            fail_msg("row %zu is not found", i);
        if (active(&good))
            fail_msg("row %zu is harmless", i);
    }
}

/* Words that end an object for who does not read it as one. */
static void dictionaries_may_be_disguised(void **state)
{
    static const char *const where[] = {
        "% endobj 9 0 obj\n",  "/X(endobj 9 0 obj <</A 1>> stream\nx\nendstream)",
        "/X(\\) >> stream\n)", "% >> stream\n",
        "/X<</Y[<</Z 1>>]>>",  "/X<3e3e>",
        " endobj 9 0 obj ",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(where); i++)
        for (size_t k = 11; k < 17; k++) {
            BUF_SCOPE(bad);
            pdf_of("<</S/JavaScript/JS(1)>>", where[i], k, &bad);
            if (!active(&bad))
                fail_msg("\"%s\", chain %zu", where[i], k);
        }
}

static void what_cannot_be_read_is_not_trusted(void **state)
{
    static const char *const rows[] = {
        "/Filter/DCTDecode",
        "/Filter/Crypt",
        "/Filter 9 0 R",
        "/Filter[9 0 R]",
        "/Filter[/AHx 9 0 R]",
        "/F(elsewhere.bin)",
        "/Filter/AHx/Filter/AHx",
        "/Filter/AHx/DecodeParms 9 0 R",
        "/Filter/Fl/DecodeParms<</Predictor 12/Columns 9 0 R>>",
        "/Filter/Fl/DecodeParms<</Predictor 12/Columns 2147483647>>",
        "/Filter/Fl/DecodeParms<</Predictor 12/Columns 99999999999999999999>>",
        "/Filter/Fl/DecodeParms<</Predictor 12/Colors -1>>",
        "/Filter/Fl/DecodeParms<</Predictor 7>>",
        "/Filter/Fl/DecodeParms<</Predictor 2/BitsPerComponent 1>>",
        "/Filter/Fl",
        "/Filter/LZW",
        "/Filter[/AHx/AHx/AHx/AHx/AHx/AHx/AHx/AHx/AHx]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(pdf);
        buf_fmt(&pdf, "%%PDF-1.5\n4 0 obj\n<</Type/ObjStm/N 1/First 4%s>>\nstream\n%c234567890>\nendstream\n",
                rows[i], i == 15 ? 0xFF : '1');
        if (!active(&pdf))
            fail_msg("row %zu: %s", i, rows[i]);
    }
}

/* Small, and without end, at any of its filters: given up, and not trusted. */
static void bombs_are_given_up(void **state)
{
    static const struct {
        const char *says;
        char fill;
        int times;
    } rows[] = {
        {"/Filter[/Fl/Fl/Fl]", '1', 3},
        {"/Filter[/Fl/AHx]", ' ', 1},
        {"/Filter[/Fl/A85]", 'z', 1},
        {"/Filter/Fl/DecodeParms<</Predictor 12/Columns 60000>>", 0, 1},
    };
    enum { MANY = 80 << 20 };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf now = {malloc(MANY), MANY, MANY};
        BUF_SCOPE(pdf);
        memset(now.p, rows[i].fill, MANY);
        for (int k = 0; k < rows[i].times; k++) {
            struct buf packed = {0};
            flate(&now, &packed);
            buf_free(&now);
            now = packed;
        }
        buf_fmt(&pdf, "%%PDF-1.5\n4 0 obj\n<</N 1/First 4%s>>\nstream\n", rows[i].says);
        buf_add(&pdf, now.p, now.len);
        buf_free(&now);
        if (!active(&pdf))
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_filter_is_read),
        cmocka_unit_test(dictionaries_may_be_disguised),
        cmocka_unit_test(what_cannot_be_read_is_not_trusted),
        cmocka_unit_test(bombs_are_given_up),
    };
    a = arena_new();
    if (!mkdtemp(dir))
        return 1;
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(a);
    return rc;
}
