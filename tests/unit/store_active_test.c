/* PDFs that bring more than pages: found by their names, however these are written and packed; ordinary files
 * are left in peace. qpdf packs the samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "backend/store.h"
#include "common/base/fs.h"
#include "tests/unit/paper_rig.h"

static struct arena *a;
static char dir[] = "/tmp/pridvor-active-XXXXXX";

/* One page; more: members of the catalog, and further objects from 4 on. */
static const char *pdf_of(const char *catalog, const char *objects)
{
    return arena_fmt(
        a,
        "%%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R%s>>\nendobj\n"
        "2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
        "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>\nendobj\n%s"
        "xref\n0 1\n0000000000 65535 f \ntrailer\n<</Root 1 0 R/Size 9>>\nstartxref\n9\n%%%%EOF\n",
        catalog, objects);
}

static bool active(struct bytes b)
{
    const struct store_place s = {dir, 1};
    struct store_reader *r SCOPED(store_closep) = NULL;
    char hex[STORE_HEX];
    struct err e = {0};
    bool out = false;

    assert_int_equal(store_put(&s, b, hex, &e), RC_OK);
    assert_int_equal(store_open(&s, hex, &r, &e), RC_OK);
    assert_int_equal(store_active(r, &out, &e), RC_OK);
    return out;
}

static bool text_active(const char *text)
{
    return active(BYTES(text, strlen(text)));
}

/* The same file as qpdf writes it with these words. */
static struct bytes by_qpdf(const char *text, const char *words)
{
    const char *in = arena_fmt(a, "%s/in.pdf", dir), *out = arena_fmt(a, "%s/out.pdf", dir);
    struct err e = {0};
    size_t len;
    char *p;

    assert_int_equal(fs_write(in, text, strlen(text), 0600, &e), RC_OK);
    paper_ask(a, arena_fmt(a, "qpdf --warning-exit-0 %s %%s %s 2>&1; true", words, out), in);
    assert_int_equal(fs_read(a, out, 1 << 20, &p, &len, &e), RC_OK);
    return BYTES(p, len);
}

#define PACK "--object-streams=generate --compress-streams=y"

static const struct {
    const char *catalog, *objects;
} programs[] = {
    {"/OpenAction 4 0 R", "4 0 obj\n<</S/JavaScript/JS(app.alert\\(1\\))>>\nendobj\n"},
    {"/Names<</JavaScript<</Names[(x)4 0 R]>>>>", "4 0 obj\n<</S/JavaScript/JS(1)>>\nendobj\n"},
    {"/OpenAction 4 0 R", "4 0 obj\n<</S/Launch/F(cmd.exe)>>\nendobj\n"},
    {"/Names<</EmbeddedFiles<</Names[(x)4 0 R]>>>>",
     "4 0 obj\n<</Type/Filespec/F(x.exe)/EF<</F 5 0 R>>>>\nendobj\n"
     "5 0 obj\n<</Type/EmbeddedFile/Length 2>>\nstream\nMZ\nendstream\nendobj\n"},
    {"/AcroForm<</XFA 4 0 R/Fields[]>>", "4 0 obj\n<</Length 6>>\nstream\n<xdp/>\nendstream\nendobj\n"},
    {"/OpenAction 4 0 R", "4 0 obj\n<</S/SubmitForm/F(http://x)>>\nendobj\n"},
};

static void programs_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(programs); i++) {
        const char *text = pdf_of(programs[i].catalog, programs[i].objects);
        if (!text_active(text))
            fail_msg("row %zu", i);
        struct bytes packed = by_qpdf(text, PACK);
        static const char *const words[] = {"/JavaScript", "/Launch", "/XFA", "/SubmitForm"};
        for (size_t k = 0; k < COUNT(words); k++) /* else the sample proves nothing */
            assert_null(memmem(packed.p, packed.len, words[k], strlen(words[k])));
        if (!active(packed))
            fail_msg("row %zu, packed", i);
    }
}

static void names_may_be_written_in_other_ways(void **state)
{
    static const char *const ways[] = {"/J#61vaScript", "/#4a#61#76#61#53#63#72#69#70#74", "/JavaScr#69pt"};
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        const char *object = arena_fmt(a, "4 0 obj\n<</S%s/JS(1)>>\nendobj\n", ways[i]);
        assert_true(text_active(pdf_of("/OpenAction 4 0 R", object)));
    }
    assert_true(text_active("%PDF-1.7\n<</S /JavaScript"));
}

/* What hides in a stream that only looks like another thing. */
static void tricks(void **state)
{
    (void)state;
    const char *inner = "4 0 obj\n<</S/JavaScript/JS(1)>>\nendobj\n";
    assert_true(text_active(pdf_of("/OpenAction 4 0 R", arena_fmt(a, "%% stream\n%sendstream\n", inner))));
    assert_true(
        text_active(pdf_of("/OpenAction 4 0 R", arena_fmt(a, "9 0 obj (>> stream\n) endobj\n%s", inner))));
    static const char *const coded[] = {
        "<</Type/ObjStm/N 1/First 4/Filter/LZWDecode/Length 9>>",
        "<</Type/ObjStm/N 1/First 4/Filter[/ASCII85Decode/FlateDecode]/Length 9>>",
        "<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/DecodeParms<</Predictor 12>>/Length 9>>",
        "<</Type/ObjStm/N 1/First 4/Filter[/FlateDecode/FlateDecode]/Length 9>>",
    };
    for (size_t i = 0; i < COUNT(coded); i++)
        if (!text_active(
                pdf_of("", arena_fmt(a, "4 0 obj\n%s\nstream\n123456789\nendstream\nendobj\n", coded[i]))))
            fail_msg("row %zu", i);
}

static void ordinary_files_are_left_in_peace(void **state)
{
    static const char *const objects =
        "4 0 obj\n<</First 5 0 R/Last 5 0 R/Count 1/Type/Outlines>>\nendobj\n"
        "5 0 obj\n<</Title(JavaScript for beginners, XFA and Launch)/Parent 4 0 R/Dest[3 0 R/Fit]>>\nendobj\n"
        "6 0 obj\n<</Length 20/Filter/LZWDecode>>\nstream\n12345678901234567890\nendstream\nendobj\n";
    BUF_SCOPE(letter);
    struct paper p;

    (void)state;
    const char *text = pdf_of("/Outlines 4 0 R/OpenAction[3 0 R/Fit]", objects);
    assert_false(text_active(text));
    assert_false(active(by_qpdf(text, PACK)));
    assert_false(active(by_qpdf(text, PACK " --linearize")));
    assert_false(text_active(""));
    paper_make(paper_sample(LANG_HU, &p), &letter, NULL);
    assert_false(active(BYTES(letter.p, letter.len)));
    paper_save(a, "sample", &letter);
}

/* A password keeps us out as well: such a file is refused where it comes in. */
static void locked_files_stay_outside(void **state)
{
    const char *text = pdf_of(programs[0].catalog, programs[0].objects);
    struct store_kind kind;
    struct err e = {0};

    (void)state;
    static const char *const ways[] = {"--encrypt '' x 256 -- ",
                                       "--encrypt x x 256 -- --object-streams=generate"};
    for (size_t i = 0; i < COUNT(ways); i++) {
        assert_int_equal(store_kind(by_qpdf(text, ways[i]), &kind, &e), RC_BAD_FIELD);
        assert_string_equal(e.code, "LOCKED");
    }
}

/* Small, and without end: looked at so far and no further, and not trusted. */
static void a_bomb_is_not_unpacked(void **state)
{
    static const char before[] = "%PDF-1.5\n4 0 obj\n<</Filter/FlateDecode>>\nstream\n";
    enum { MANY = 100 << 20 };
    char *numbers = malloc(MANY);
    uLongf len = MANY / 500;
    BUF_SCOPE(pdf);

    (void)state;
    memset(numbers, '1', MANY);
    Bytef *packed = malloc(len);
    assert_int_equal(compress2(packed, &len, (const Bytef *)numbers, MANY, 9), Z_OK);
    buf_str(&pdf, before);
    buf_add(&pdf, packed, len);
    buf_str(&pdf, "\nendstream\nendobj\n");
    assert_true(active(BYTES(pdf.p, pdf.len)));
    free(packed);
    free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_are_found),
        cmocka_unit_test(names_may_be_written_in_other_ways),
        cmocka_unit_test(tricks),
        cmocka_unit_test(ordinary_files_are_left_in_peace),
        cmocka_unit_test(locked_files_stay_outside),
        cmocka_unit_test(a_bomb_is_not_unpacked),
    };
    a = arena_new();
    if (!mkdtemp(dir))
        return 1;
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(a);
    return rc;
}
