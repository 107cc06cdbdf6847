/* Letters: what poppler and qpdf find in them, the same bytes twice, and texts that were not meant well. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/pdf.h"
#include "tests/unit/paper_rig.h"

static struct arena *a;

static void holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

/* One after the other. */
static void in_order(const char *text, const char *const *parts, size_t n)
{
    const char *at = text;
    for (size_t i = 0; i < n; i++) {
        const char *next = strstr(at, parts[i]);
        if (!next)
            fail_msg("\"%s\" does not follow in:\n%s", parts[i], text);
        at = next + strlen(parts[i]);
    }
}

static void every_language_reads_back(void **state)
{
    static const char *const lang[] = {"ro", "hu", "en"};
    static const char *const ro[] = {"Primăria Comunei Sic",     "Nr. 123", "Ana-Mărioara Pop-Țîrlea",
                                     "Răspuns la petiția",       "Stimată", "umplerea gropilor",
                                     "așezarea unui indicator.", "Temei",   "Ioan Mureșan"};
    static const char *const hu[] = {
        "Primăria Comunei Sic", "Szék község", "Kőszegi-Ördög", "Válasz a 45/2026", "Tisztelt",
        "feltöltése",           "egy tábla",   "Mureșan János"};
    static const char *const en[] = {"O’Neill", "Answer to petition", "Dear Madam,", "a sign", "Mayor"};

    (void)state;
    for (enum lang l = LANG_RO; l < LANG_COUNT; l++) {
        BUF_SCOPE(pdf);
        struct paper p;
        size_t pages = 0;
        paper_make(paper_sample(l, &p), &pdf, &pages);
        assert_int_equal(pages, 1);
        const char *file = paper_save(a, lang[l], &pdf);
        const char *tree = paper_ask(a, "pdfinfo -struct-text %s", file);
        in_order(tree,
                 l == LANG_RO   ? ro
                 : l == LANG_HU ? hu
                                : en,
                 l == LANG_RO   ? COUNT(ro)
                 : l == LANG_HU ? COUNT(hu)
                                : COUNT(en));
        static const char *const shape[] = {"Document",   "P (block)", "H1 (block)", "L (block)",
                                            "LI (block)", "LBody",     "P (block)"};
        in_order(tree, shape, COUNT(shape));
        holds(paper_ask(a, "pdftotext %s -", file), p.heading);
    }
}

static void file_is_whole_and_says_what_it_is(void **state)
{
    BUF_SCOPE(pdf);
    struct paper p;

    (void)state;
    paper_make(paper_sample(LANG_HU, &p), &pdf, NULL);
    const char *file = paper_save(a, "whole", &pdf);
    holds(paper_ask(a, "qpdf --check %s", file), "No syntax or stream encoding errors");
    const char *info = paper_ask(a, "TZ=UTC pdfinfo %s", file);
    holds(info, "Válasz a 45/2026 beadványra");
    holds(info, "Tagged:          yes");
    holds(info, "CreationDate:    Sun Nov 22 08:45:00 2026 UTC");
    holds(info, "(A4)");
    const char *json = paper_ask(a, "qpdf --json %s", file);
    holds(json, "u:hu-RO");
    holds(json, "\"/DisplayDocTitle\": true");
    holds(json, "\"/ID\"");
}

/* Every font lies inside, with the way back to letters. */
static void fonts_are_inside(void **state)
{
    BUF_SCOPE(pdf);
    struct paper p;
    struct paper_block odd = {PAPER_P, .text = "Inter, and what it lacks: שלום العربية Ⴀ ☃"};

    (void)state;
    paper_sample(LANG_RO, &p);
    p.blocks = &odd;
    p.n_blocks = 1;
    paper_make(&p, &pdf, NULL);
    char *fonts = arena_str(a, paper_ask(a, "pdffonts %s", paper_save(a, "fonts", &pdf)));
    int n = 0;
    char *rest = NULL;
    for (char *line = strtok_r(fonts, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (n++ < 2)
            continue;
        holds(line, "+");
        holds(line, " yes yes yes ");
    }
    assert_in_range(n, 4, 40);
}

static void *make_one(void *out)
{
    struct paper p;
    struct err e = {0};
    for (int i = 0; i < 20; i++) {
        struct buf *b = &((struct buf *)out)[i];
        if (paper_pdf(paper_sample((enum lang)(i % 3), &p), b, NULL, &e) != RC_OK)
            return out;
    }
    return NULL;
}

static void same_input_same_bytes_in_threads_too(void **state)
{
    enum { THREADS = 4, EACH = 20 };
    static struct buf made[THREADS][EACH];
    pthread_t t[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, make_one, made[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        void *bad;
        pthread_join(t[i], &bad);
        assert_null(bad);
    }
    for (int i = 0; i < THREADS; i++)
        for (int k = 0; k < EACH; k++) {
            assert_int_equal(made[i][k].len, made[0][k % 3].len);
            assert_memory_equal(made[i][k].p, made[0][k % 3].p, made[i][k].len);
        }
    for (int i = 0; i < THREADS; i++)
        for (int k = 0; k < EACH; k++)
            buf_free(&made[i][k]);
}

static void another_letter_has_other_bytes_and_another_id(void **state)
{
    BUF_SCOPE(one);
    BUF_SCOPE(two);
    struct paper p;

    (void)state;
    paper_make(paper_sample(LANG_RO, &p), &one, NULL);
    p.number = "Nr. 124 / 22.11.2026";
    paper_make(&p, &two, NULL);
    const char *id1 = strstr(one.p + one.len - 200, "/ID["), *id2 = strstr(two.p + two.len - 200, "/ID[");
    assert_non_null(id1);
    assert_non_null(id2);
    assert_int_not_equal(strncmp(id1, id2, 37), 0);
}

static size_t lines_on(const char *file, int page, const char *word)
{
    const char *text = paper_ask(a, arena_fmt(a, "pdftotext -f %d -l %d %%s -", page, page), file);
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, word)); at++)
        n++;
    return n;
}

/* Whatever the length: never one line of a paragraph alone on a page, never a heading or a signature alone.
 */
static void pages_end_where_they_may(void **state)
{
    static const char *const one =
        "XX unu doi trei patru cinci șase șapte opt nouă zece unsprezece doisprezece. ";
    struct paper p;

    (void)state;
    paper_sample(LANG_RO, &p);
    for (size_t rows = 24; rows < 38; rows++) {
        BUF_SCOPE(pdf);
        struct paper_block b[48];
        size_t pages = 0, n = 0;
        for (; n < rows - 6; n++)
            b[n] = (struct paper_block){PAPER_P, .text = "Rând."};
        b[n++] = (struct paper_block){PAPER_H2, .text = "Titlul unei părți"};
        b[n++] = (struct paper_block){
            PAPER_P, .text = arena_fmt(a, "%s%s%s%s%s", one, one, one, one, one)}; /* five marks */
        p.blocks = b;
        p.n_blocks = n;
        paper_make(&p, &pdf, &pages);
        const char *file = paper_save(a, "breaks", &pdf);
        for (int k = 1; k <= (int)pages; k++) {
            bool head = lines_on(file, k, "Titlul unei") > 0, text = lines_on(file, k, "XX") > 0;
            if (head)
                assert_true(text);
            if (lines_on(file, k, "Ioan Mureșan"))
                assert_true(text);
        }
    }
}

static void long_answer_has_pages_with_numbers(void **state)
{
    BUF_SCOPE(pdf);
    struct paper p;
    struct paper_block b[30];
    size_t pages = 0;

    (void)state;
    paper_sample(LANG_HU, &p);
    for (size_t i = 0; i < COUNT(b); i++)
        b[i] = (struct paper_block){
            PAPER_P, .text = "Megvizsgáltuk az Ön beadványát, amelyben a Malom utca állapotát kifogásolja. A "
                             "helyszíni szemlén megállapítottuk, hogy az út valóban rossz állapotban van, és "
                             "a járművek csak nehezen közlekednek rajta. Őszi esők után megáll a víz."};
    p.blocks = b;
    p.n_blocks = COUNT(b);
    p.mark = "TERVEZET";
    paper_make(&p, &pdf, &pages);
    assert_int_equal(pages, 3);
    const char *file = paper_save(a, "three", &pdf);
    for (int k = 1; k <= 3; k++) {
        const char *text = paper_ask(a, arena_fmt(a, "pdftotext -f %d -l %d %%s -", k, k), file);
        holds(text, arena_fmt(a, "%d/3", k));
        holds(text, "TERVEZET");
    }
}

static void table_goes_on_with_its_head(void **state)
{
    enum { ROWS = 120 };
    BUF_SCOPE(pdf);
    struct paper p;
    const char *cells[ROWS * 3];
    size_t pages = 0;
    static const int widths[] = {150, 650, 200};

    (void)state;
    for (int i = 0; i < ROWS; i++) {
        cells[3 * i] = i ? arena_fmt(a, "%d", i) : "Număr";
        cells[3 * i + 1] = i ? "Cerere de certificat de naștere, cu anexe" : "Conținut";
        cells[3 * i + 2] = i ? "10 ani" : "Termen";
    }
    struct paper_block t = {PAPER_TABLE, .cells = cells, .columns = 3, .rows = ROWS, .widths = widths};
    paper_sample(LANG_RO, &p);
    p.blocks = &t;
    p.n_blocks = 1;
    paper_make(&p, &pdf, &pages);
    assert_in_range(pages, 3, 6);
    const char *file = paper_save(a, "table", &pdf);
    for (int k = 1; k <= (int)pages; k++)
        assert_int_equal(lines_on(file, k, "Conținut"), 1);
    const char *tree = paper_ask(a, "pdfinfo -struct-text %s", file);
    const char *first = strstr(tree, "Conținut");
    assert_non_null(first);
    assert_null(strstr(first + 1, "Conținut")); /* heard once */
    assert_null(strstr(strstr(tree, "Table") + 1, "Table (block)"));
}

static void names_of_200_letters_stay_inside(void **state)
{
    BUF_SCOPE(pdf);
    struct paper p;
    char name[401] = "";

    (void)state;
    for (size_t i = 0; i < 200; i++)
        memcpy(name + 2 * i, "Ő", 3);
    const char *to[] = {name, name};
    struct paper_sign sign = {name, name};
    paper_sample(LANG_HU, &p);
    p.institution = p.institution_second = p.heading = p.number = name;
    p.to = to;
    p.n_to = 2;
    p.signs = &sign;
    paper_make(&p, &pdf, NULL);
    const char *file = paper_save(a, "names", &pdf);
    char *box = arena_str(a, paper_ask(a, "pdftotext -bbox %s -", file));
    int words = 0;
    for (char *at = box; (at = strstr(at, "xMax=\"")); words++) {
        at += strlen("xMax=\"");
        assert_true(strtod(at, NULL) <= 596);
    }
    assert_true(words > 20);
}

static void hostile_texts_are_only_text(void **state)
{
    static const struct {
        const char *in, *shown;
    } odd[] = {
        {"<b>gras</b> &amp; <span size='9999999'>mare</span>", "<b>gras</b> &amp; <span size='9999999'>"},
        {"inainte \xE2\x80\xAE"
         "desrever\xE2\x80\xAC dupa",
         "inainte desrever dupa"},
        {"zero\xE2\x80\x8Bwidth\xEF\xBB\xBF", "zerowidth"},
        {"a\x01"
         "b\x1B[31mc\x7F",
         "ab[31mc"},
        {"c1 \xC2\x9B"
         "31m",
         "c1 31m"},
        {"nu e UTF-8: \xFF\xC0\xAF.", "nu e UTF-8:"},
        {"cut\xE2\x80", "cut"},
        {"\xF0\x9F\x98\x80 zâmbet", "zâmbet"},
        {"%s%n%d {number} ${HOME}", "%s%n%d {number} ${HOME}"},
        {"(paranteze) /JS (x) >> endobj", "(paranteze) /JS (x) >> endobj"},
    };
    struct paper p;

    (void)state;
    for (size_t i = 0; i < COUNT(odd); i++) {
        BUF_SCOPE(pdf);
        struct paper_block b = {PAPER_P, .text = odd[i].in};
        paper_sample(LANG_RO, &p);
        p.title = odd[i].in;
        p.blocks = &b;
        p.n_blocks = 1;
        paper_make(&p, &pdf, NULL);
        const char *file = paper_save(a, arena_fmt(a, "odd%zu", i), &pdf);
        holds(paper_ask(a, "pdftotext %s -", file), odd[i].shown);
        holds(paper_ask(a, "qpdf --check %s", file), "No syntax or stream encoding errors");
        lacks(paper_ask(a, "pdftotext %s -", file), "\x1B");
    }
}

static void too_much_is_refused(void **state)
{
    struct paper p;
    struct err e = {0};
    char *much = malloc(PAPER_TEXT_MAX + 2);

    (void)state;
    memset(much, 'a', PAPER_TEXT_MAX + 1);
    much[PAPER_TEXT_MAX + 1] = 0;
    struct paper_block b = {PAPER_P, .text = much};
    struct paper_block many = {PAPER_P, .text = much};
    BUF_SCOPE(pdf);
    paper_sample(LANG_RO, &p);
    p.blocks = &b;
    p.n_blocks = 1;
    assert_int_equal(paper_pdf(&p, &pdf, NULL, &e), RC_TOO_BIG);
    for (size_t i = 0; i < 100000; i++)
        memcpy(much + 2 * i, "a\n", 2);
    much[200000] = 0;
    p.blocks = &many;
    assert_int_equal(paper_pdf(&p, &pdf, NULL, &e), RC_TOO_BIG);
    struct paper_block wide = {PAPER_TABLE, .columns = PAPER_COLUMNS_MAX + 1, .rows = 1};
    p.blocks = &wide;
    assert_int_equal(paper_pdf(&p, &pdf, NULL, &e), RC_BAD_FIELD);
    free(much);
}

/* The town's own arms in the head; what is no picture leaves the shield. */
static void arms_are_drawn(void **state)
{
    static const uint8_t dot[] = {
        0x89, 'P',  'N',  'G',  '\r', '\n', 0x1A, '\n', 0,    0,    0,    13,  'I',  'H',  'D',  'R',  0,
        0,    0,    1,    0,    0,    0,    1,    8,    0,    0,    0,    0,   0x3A, 0x7E, 0x9B, 0x55, 0,
        0,    0,    10,   'I',  'D',  'A',  'T',  0x78, 0x9C, 0x63, 0x60, 0,   0,    0,    2,    0,    1,
        0x48, 0xAF, 0xA4, 0x71, 0,    0,    0,    0,    'I',  'E',  'N',  'D', 0xAE, 0x42, 0x60, 0x82};
    struct paper p;

    (void)state;
    for (int i = 0; i < 2; i++) {
        BUF_SCOPE(pdf);
        paper_sample(LANG_RO, &p);
        p.arms = BYTES(dot, i ? 30 : sizeof dot);
        paper_make(&p, &pdf, NULL);
        const char *file = paper_save(a, i ? "noarms" : "arms", &pdf);
        const char *list = paper_ask(a, "pdfimages -list %s", file);
        if (i)
            lacks(list, "image");
        else
            holds(list, "image");
    }
}

/* Each picture has words, each head of a table says what it heads (ISO 14289-1, 7.3 and 7.5). */
static void pictures_have_words(void **state)
{
    static const char *const cells[] = {"Nr.", "Cerere", "1", "Ana"};
    static const struct paper_block more[] = {
        {PAPER_TABLE, .cells = cells, .columns = 2, .rows = 2},
        {PAPER_FACT, .cells = cells + 2, .columns = 2, .rows = 1},
    };
    static const char *const words[] = {"Cod QR al paginii https://sic.ro/c/7K3M9X2QPD",
                                        "QR-kód, a következő oldalé: https://sic.ro/c/7K3M9X2QPD",
                                        "QR code of the page https://sic.ro/c/7K3M9X2QPD"};
    struct paper p;

    (void)state;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        BUF_SCOPE(pdf);
        BUF_SCOPE(alt);
        paper_sample((enum lang)lang, &p);
        p.blocks = more;
        p.n_blocks = COUNT(more);
        p.mark = "PROIECT, NESEMNAT";
        paper_make(&p, &pdf, NULL);
        const char *file = paper_save(a, "words", &pdf);
        holds(paper_ask(a, "qpdf --check %s", file), "No syntax");
        const char *tree = paper_ask(a, "pdfinfo -struct-text %s", file);
        holds(tree, "Figure");
        holds(tree, "PROIECT, NESEMNAT");
        pdf_text(&alt, words[lang]);
        assert_non_null(memmem(pdf.p, pdf.len, alt.p, alt.len));
        const char *raw = paper_ask(a, "qpdf --qdf %s - | tr -d '\\n ' | tr '\\200-\\377' '?'", file);
        size_t columns = 0, rows = 0;
        for (const char *at = raw; (at = strstr(at, "/Scope/")); at += 7)
            ++*(at[7] == 'C' ? &columns : &rows);
        assert_int_equal(columns, 2);
        assert_int_equal(rows, 1);
        holds(raw, "/DisplayDocTitletrue");
        holds(raw, "/Markedtrue");
    }
}

static void nothing_at_all_is_an_empty_sheet(void **state)
{
    BUF_SCOPE(pdf);
    struct paper p = {.lang = LANG_EN};
    size_t pages = 0;

    (void)state;
    paper_make(&p, &pdf, &pages);
    assert_int_equal(pages, 1);
    holds(paper_ask(a, "qpdf --check %s", paper_save(a, "empty", &pdf)), "No syntax");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_language_reads_back),
        cmocka_unit_test(file_is_whole_and_says_what_it_is),
        cmocka_unit_test(fonts_are_inside),
        cmocka_unit_test(same_input_same_bytes_in_threads_too),
        cmocka_unit_test(another_letter_has_other_bytes_and_another_id),
        cmocka_unit_test(pages_end_where_they_may),
        cmocka_unit_test(long_answer_has_pages_with_numbers),
        cmocka_unit_test(table_goes_on_with_its_head),
        cmocka_unit_test(names_of_200_letters_stay_inside),
        cmocka_unit_test(hostile_texts_are_only_text),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(arms_are_drawn),
        cmocka_unit_test(pictures_have_words),
        cmocka_unit_test(nothing_at_all_is_an_empty_sheet),
    };
    a = arena_new();
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(a);
    return rc;
}
