/* The zone among scanned text: noise, wrong runs of fillers, figures read as letters; and what must not be
 * guessed. */
#include "tests/unit/card_golden.h"

#include "drivers/card/mrz.h"

#include <stdio.h>
#include <string.h>

#define F "mrz.json"

static enum rc find(const char *text, struct mrz *m, unsigned *repaired, struct err *e)
{
    return mrz_find(text, strlen(text), m, repaired, e);
}

/* Every worked example, between lines of a page. */
static void examples(void **state)
{
    (void)state;
    static const char *const groups[] = {"valid", "romanian_old_identity_card_2x36",
                                         "romanian_electronic_card_derived"};
    size_t n = 0;
    for (size_t g = 0; g < COUNT(groups); g++) {
        const struct jval *list = gold(F, groups[g]);
        for (size_t i = 0; i < list->n; i++, n++) {
            const struct jval *lines = gold_in(&list->items[i], "lines");
            char text[600];
            int at = snprintf(text, sizeof text,
                              "ROUMANIE ROMANIA ROMANIA CARTE DE IDENTITATE\nNume/Nom/Last name\n\n");
            for (size_t k = 0; k < lines->n; k++)
                at += snprintf(text + at, sizeof text - (size_t)at, " %s \r\n\n", lines->items[k].s);
            snprintf(text + at, sizeof text - (size_t)at, "~ page 1\n");
            struct mrz m = {0};
            struct err e = {0};
            if (find(text, &m, NULL, &e) != RC_OK)
                fail_msg("%s: %s", gold_str(&list->items[i], "id"), e.text);
            assert_string_equal(mrz_format_name(m.format), gold_str(&list->items[i], "format"));
            assert_string_equal(m.number, gold_str(&list->items[i], "fields.document_number"));
            assert_string_equal(m.surname, gold_str(&list->items[i], "fields.surname"));
        }
    }
    print_message("%zu zones found\n", n);
}

static void damaged(void **state)
{
    (void)state;
    const struct jval *list = gold(F, "invalid");
    for (size_t i = 0; i < list->n; i++) {
        const struct jval *lines = gold_in(&list->items[i], "lines");
        const struct jval *errors = gold_in(&list->items[i], "errors");
        if (strstr(errors->items[0].s, "check_digit") == NULL)
            continue;
        char text[600] = "";
        int at = 0;
        for (size_t k = 0; k < lines->n; k++)
            at += snprintf(text + at, sizeof text - (size_t)at, "%s\n", lines->items[k].s);
        struct mrz m = {0};
        struct err e = {0};
        if (find(text, &m, NULL, &e) != RC_BAD_FIELD || strcmp(e.code, "MRZ_CHECK") != 0)
            fail_msg("%s: accepted, or %s", gold_str(&list->items[i], "id"), e.text);
    }
}

static const struct {
    const char *what, *text;
    enum rc rc;
    unsigned repaired;
    const char *cnp;
} rows[] = {
    {"as it is", "IDROUPOPESCU<<ANDREI<MIHAI<<<<<<<<<<\nKS123456<5ROU8001014M290513214001208\n", RC_OK, 0,
     "1800101400120"},
    {"blanks in the lines",
     "IDROU POPESCU << ANDREI<MIHAI <<<<<<<<<<\nKS123456<5 ROU8001014M2905132 14001208", RC_OK, 0,
     "1800101400120"},
    {"quotation marks",
     "IDROUPOPESCU\xC2\xAB"
     "ANDREI\xE2\x80\xB9MIHAI\xC2\xAB\xC2\xAB\xC2\xAB\xC2\xAB\n"
     "KS123456(5ROU8001014M290513214001208",
     RC_OK, 0, "1800101400120"},
    {"fillers too few and too many",
     "IDROUPOPESCU<<ANDREI<MIHAI<<<<<<<<<<<<<<<\nKS123456<5ROU8001014M290513214001208", RC_OK, 0,
     "1800101400120"},
    {"letters of fillers", "IDROUPOPESCU<<ANDREI<MIHAI<<K<<<CC<<\nKS123456<5ROU8001014M290513214001208",
     RC_OK, 3, "1800101400120"},
    {"O for 0 and I for 1 in dates",
     "IDROUPOPESCU<<ANDREI<MIHAI<<<<<<<<<<\nKS123456<5ROU8OOIO14M29O513214001208", RC_OK, 5, "1800101400120"},
    {"S for 5, B for 8 in the personal number's part",
     "IDROUPOPESCU<<ANDREI<MIHAI<<<<<<<<<<\nKS123456<SROU8001014M290513214OO1Z0B", RC_OK, 5, "1800101400120"},
    {"dirt at the edges",
     "\xC2\xA7 |IDROUPOPESCU<<ANDREI<MIHAI<<<<<<<<<< .\n__KS123456<5ROU8001014M290513214001208'", RC_OK, 0,
     "1800101400120"},
    {"a line of dirt between",
     "IDROUPOPESCU<<ANDREI<MIHAI<<<<<<<<<<\nEEEEEEEEEEEEEEEEEEEEEEEEEEE\n"
     "KS123456<5ROU8001014M290513214001208",
     RC_OK, 0, "1800101400120"},
    {"O for 0 in the document number is not guessed",
     "I<UTOD2314589O7<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
     RC_BAD_FIELD, 0, NULL},
    {"a figure in a name is not guessed",
     "IDROUP0PESCU<<ANDREI<MIHAI<<<<<<<<<<\nKS123456<5ROU8001014M290513214001208", RC_BAD_FIELD, 0, NULL},
    {"names behind the end of the names",
     "IDROUPOPESCU<<ANDREI<<<<MIHAI<<<<<<<\nKS123456<5ROU8001014M290513214001208", RC_BAD_FIELD, 0, NULL},
    {"a wrong figure", "IDROUPOPESCU<<ANDREI<MIHAI<<<<<<<<<<\nKS123456<5ROU8001014M290513214001218",
     RC_BAD_FIELD, 0, NULL},
    {"nothing", "", RC_NOT_FOUND, 0, NULL},
    {"a letter", "Subsemnatul Popescu Andrei, domiciliat in Cluj-Napoca,\nsolicit eliberarea\n", RC_NOT_FOUND,
     0, NULL},
    {"half a zone", "IDROUPOPESCU<<ANDREI<MIHAI<<<<<<<<<<\n", RC_NOT_FOUND, 0, NULL},
};

static void repairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mrz m = {.sex = '?'};
        struct err e = {0};
        unsigned repaired = 0;
        enum rc rc = find(rows[i].text, &m, &repaired, &e);
        if (rc != rows[i].rc)
            fail_msg("%s: %s %s", rows[i].what, rc_name(rc), e.text);
        if (repaired != rows[i].repaired)
            fail_msg("%s: %u repaired", rows[i].what, repaired);
        if (rc != RC_OK) {
            assert_non_null(e.code);
            assert_int_equal(m.sex, '?');
            continue;
        }
        char cnp[14];
        mrz_cnp(&m, cnp);
        assert_string_equal(cnp, rows[i].cnp);
        assert_string_equal(m.surname, "POPESCU");
        assert_string_equal(m.given, "ANDREI MIHAI");
    }
}

static void identity(void **state)
{
    (void)state;
    struct mrz m;
    BUF_SCOPE(b);
    assert_int_equal(find(rows[0].text, &m, NULL, NULL), RC_OK);
    mrz_identity(&m, (struct date){2026, 11, 22}, &b);
    assert_string_equal(
        b.p, "{\"document_type\":\"ID\",\"document_number\":\"KS123456\",\"issuing_state\":\"ROU\","
             "\"nationality\":\"ROU\",\"last_name\":\"POPESCU\",\"first_name\":\"ANDREI MIHAI\","
             "\"birth_date\":\"1980-01-01\",\"expiry_date\":\"2029-05-13\",\"sex\":\"M\","
             "\"cnp\":\"1800101400120\",\"mrz_format\":\"TD2\"}");
}

/* One damaged character anywhere: the same person, or nobody. */
static void every_character(void **state)
{
    (void)state;
    struct mrz want, m;
    const char *good = rows[0].text;
    assert_int_equal(find(good, &want, NULL, NULL), RC_OK);
    size_t n = 0, found = 0;
    for (size_t i = 37; good[i] && good[i] != '\n'; i++)
        for (char c = '0'; c <= 'Z'; c++) {
            char text[128];
            snprintf(text, sizeof text, "%s", good);
            text[i] = c;
            n++;
            if (find(text, &m, NULL, NULL) != RC_OK)
                continue;
            found++;
            /* weights 7 3 1 let some letters pass (A is 10, K is 20, < is 0) where letters may stand */
            char cnp[14];
            mrz_cnp(&m, cnp);
            if (strcmp(m.birth, want.birth) != 0 || strcmp(m.expiry, want.expiry) != 0 ||
                (cnp[0] && strcmp(cnp, "1800101400120") != 0))
                fail_msg("%s", text);
        }
    print_message("%zu of %zu changes accepted\n", found, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples), cmocka_unit_test(damaged),         cmocka_unit_test(repairs),
        cmocka_unit_test(identity), cmocka_unit_test(every_character),
    };
    return cmocka_run_group_tests(tests, NULL, gold_end);
}
