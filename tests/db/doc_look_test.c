/* Every template, short and long, for the eye and for a ruler: nothing leaves its margins, and who signs
 * never stands alone on a sheet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/doc_priv.h"
#include "tests/db/doc_rig.h"

static const char name_200[] =
    "Anamaria-Ștefania-Gheorghița Kőszegi-Ördög Țîrlea-Mureșanu von Hohenzollern-Sigmaringen și "
    "Întreprinderea Individuală Brutăria Tradițională Ardelenească „Pâinea Bună a Părinților Noștri” Țaga "
    "Société Anonyme";
static const char long_word[] =
    "AleeaDoctorIuliuHațieganuNumărulDouăsuteTreizeciȘiPatruBloculZecScaraBEtajulDoi"
    "ApartamentulȘaptesprezeceInterfonZeroUnuȘapteCâmpiaTurzii";

static const char *body_of(const struct doc_letter *l, int size)
{
    BUF_SCOPE(b);

    buf_str(&b, letter_offer(&rig.w, l));
    for (int i = 0; i < size; i++)
        buf_fmt(
            &b,
            "\n%d. Drumul din strada Morii se repară în două etape: întâi se umplu gropile, apoi se toarnă "
            "stratul de uzură pe toată lungimea, de la pod până la școală, pe ambele sensuri.%s",
            i + 1, i % 7 == 3 ? "\n- până la 5 decembrie 2026;\n- după 1 martie 2027." : "");
    return arena_str(rig.a, b.p);
}

static void letter_of(struct doc_letter *l, const struct template *t, enum lang lang, int size)
{
    static const struct text_var known[] = {{"request_number", "PET 45/01.11.2026"},
                                            {"request_date", "01.11.2026"},
                                            {"year", "2026"},
                                            {"due", "01.12.2026"},
                                            {"number", "123/22.11.2026"},
                                            {"subject", "drumul din strada Morii"},
                                            {"reason", "terenul nu aparține comunei"},
                                            {"legal_basis", "art. 8 alin. (1) din OG nr. 27/2002"},
                                            {"service_legal", "petiție"},
                                            {"count", "12"},
                                            {"retention_years", "10"}};
    *l = (struct doc_letter){.t = t, .lang = lang, .institution = "hall-1", .number = "Nr. 123/22.11.2026"};
    l->made_ms = 1795337100000;
    for (size_t i = 0; template_vars[i]; i++)
        letter_var(l, template_vars[i], size ? name_200 : "Ana Pop");
    for (size_t i = 0; i < COUNT(known) && !size; i++)
        letter_var(l, known[i].name, known[i].value);
    letter_var(l, "date", "22.11.2026");
    letter_var(l, "institution", NULL);
    l->qr = "https://ghiseu.cluj.ro/s/7K3M9X2QPD";
    l->prepared = "Întocmit: Ioana Pop";
    for (size_t i = 0; i < SIGN_COUNT; i++)
        l->sign[i] = (struct doc_person){size ? name_200 : "Ioan Mureșan", "Primar"};
    if (strcmp(t->kind, "protocol") != 0) {
        l->to[0] = size ? name_200 : "Ana-Mărioara Pop-Țîrlea";
        l->to[1] = size ? long_word : "Str. Morii nr. 125, 407580 Sic";
        l->n_to = 2;
    }
    const size_t rows = t->n_columns ? (size ? 60 : 3) : 0;
    const char **cells = ARENA_ARRAY(rig.a, const char *, rows * t->n_columns + 1);
    for (size_t i = 0; i < rows * t->n_columns; i++)
        cells[i] = i % t->n_columns == 1 && size ? (i % 5 ? name_200 : long_word) : "PET 45";
    l->cells = cells;
    l->rows = rows;
    l->body = body_of(l, strcmp(t->kind, "protocol") == 0 ? 0 : size);
}

/* Words as poppler finds them; the head's band and the foot have their own places. */
static void inside(const char *file, const char *boxes)
{
    double x0, y0, x1, y1;
    size_t n = 0;

    for (const char *at = boxes; (at = strstr(at, "<word ")); at += 6, n++) {
        assert_int_equal(
            sscanf(at, "<word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%lf\"", &x0, &y0, &x1, &y1), 4);
        if (x0 < 70 || x1 > 541 || y0 < 20 || y1 > 830)
            fail_msg("%s: %.90s", file, at);
    }
    assert_true(n > 20);
}

static void short_and_long(void **state)
{
    static const int sizes[] = {0, 9};
    const struct templates *all = &rig.book.house.templates;

    (void)state;
    for (size_t i = 0; i < all->n; i++)
        for (int lang = 0; lang < LANG_COUNT; lang++)
            for (size_t k = 0; k < COUNT(sizes) && all->items[i].langs[lang]; k++) {
                struct doc_letter l;
                struct bytes pdf;
                size_t pages;
                letter_of(&l, &all->items[i], (enum lang)lang, sizes[k]);
                DOC_OK(letter_pdf(&rig.w, &l, &pdf, &pages, &doc_err));
                const char *file = arena_fmt(rig.a, "look_%s_%s_%d", l.t->id, lang_codes[lang], sizes[k]);
                inside(file, doc_ask(&rig, pdf, file, "pdftotext -bbox %s -"));
            }
}

/* Wherever the text ends, something of it stands above the leave and the names. */
static void names_are_never_alone(void **state)
{
    static const char *const ids[] = {"answer.petition", "archive.disposal"};

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++)
        for (int size = 1; size < 12; size++) {
            struct doc_letter l;
            struct bytes pdf;
            size_t pages;
            letter_of(&l, template_find(&rig.book.house.templates, ids[i]), LANG_RO, size);
            l.rows = (size_t)size; /* a row is higher than what is asked for below */
            DOC_OK(letter_pdf(&rig.w, &l, &pdf, &pages, &doc_err));
            const char *last = doc_ask(&rig, pdf, "alone", arena_fmt(rig.a, "pdftotext -f %zu %%s -", pages));
            const char *leave = strstr(last, "Cu stimă,"), *end = leave ? leave : strstr(last, "Primar\n");
            assert_non_null(end);
            if (end - last < 40)
                fail_msg("%s %d: alone on the last sheet: %s", ids[i], size, last);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(short_and_long),
                                       cmocka_unit_test(names_are_never_alone)};
    return cmocka_run_group_tests(tests, doc_setup, doc_teardown);
}
