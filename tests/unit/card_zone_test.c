/* Machine readable zones and files: every worked example, every damaged one, and the sentence each refusal
 * says. */
#include "tests/unit/card_golden.h"

#include "common/base/fs.h"
#include "drivers/card/lds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define F "mrz.json"

static size_t join(const struct jval *lines, char out[300])
{
    size_t n = 0;
    for (size_t i = 0; i < lines->n; i++)
        n += (size_t)snprintf(out + n, 300 - n, "%s", lines->items[i].s);
    return n;
}

static void same(const struct jval *fields, const char *name, const char *is, const char *id)
{
    const char *want = jval_str(fields, name, NULL);
    if (want && strcmp(want, is) != 0)
        fail_msg("%s: %s is '%s', not '%s'", id, name, is, want);
}

static void one_valid(const struct jval *v)
{
    char text[300], sex[2] = "";
    size_t len = join(gold_in(v, "lines"), text);
    const char *id = gold_str(v, "id");
    const struct jval *f = gold_in(v, "fields");
    struct mrz m;
    struct err e = {0};
    unsigned faults = 99;
    if (mrz_parse(text, len, &m, &faults, &e) != RC_OK)
        fail_msg("%s: %s", id, e.text);
    assert_int_equal(faults, 0);
    assert_string_equal(mrz_format_name(m.format), gold_str(v, "format"));
    sex[0] = m.sex;
    same(f, "document_code", m.code, id);
    same(f, "issuing_state", m.state, id);
    same(f, "surname", m.surname, id);
    same(f, "given_names", m.given, id);
    same(f, "nationality", m.nationality, id);
    same(f, "date_of_birth", m.birth, id);
    same(f, "date_of_expiry", m.expiry, id);
    same(f, "sex", sex, id);
    same(f, "document_number", m.number, id);
    same(f, "optional_data", m.optional, id);
    same(f, "optional_data_2", m.optional2, id);
    assert_int_equal(m.long_number, jval_bool(f, "long_document_number", false));
    char cnp[14];
    mrz_cnp(&m, cnp);
    const char *want = jval_str(f, "cnp", NULL);
    if (want)
        assert_string_equal(cnp, jval_bool(f, "cnp_valid", true) ? want : "");
}

static void valid(void **state)
{
    (void)state;
    static const char *const groups[] = {"valid", "romanian_old_identity_card_2x36",
                                         "romanian_electronic_card_derived"};
    size_t n = 0;
    for (size_t g = 0; g < COUNT(groups); g++) {
        const struct jval *list = gold(F, groups[g]);
        for (size_t i = 0; i < list->n; i++, n++)
            one_valid(&list->items[i]);
    }
    print_message("%zu zones accepted\n", n);
}

static void electronic_card(void **state)
{
    (void)state;
    char text[300], cnp[14];
    struct mrz m;
    size_t len = join(gold(F, "romanian_electronic_card_derived[0].lines"), text);
    assert_int_equal(mrz_parse(text, len, &m, NULL, NULL), RC_OK);
    mrz_cnp(&m, cnp);
    assert_string_equal(cnp, "1900101410011");
    m.birth[5] = '2'; /* the number belongs to another day */
    mrz_cnp(&m, cnp);
    assert_string_equal(cnp, "");
}

static const struct {
    const char *name;
    unsigned fault;
    const char *text;
} faults_of[] = {
    {"wrong_length", MRZ_LENGTH, "MRZ: wrong length, it is none of 3x30, 2x36, 2x44"},
    {"illegal_character", MRZ_CHARACTER, "MRZ: a character that cannot stand there"},
    {"document_number_check_digit", MRZ_NUMBER_CD, "MRZ: the check digit of the document number is wrong"},
    {"date_of_birth_check_digit", MRZ_BIRTH_CD, "MRZ: the check digit of the birth date is wrong"},
    {"date_of_expiry_check_digit", MRZ_EXPIRY_CD, "MRZ: the check digit of the expiry date is wrong"},
    {"optional_data_check_digit", MRZ_OPTIONAL_CD, "MRZ: the check digit of the optional data is wrong"},
    {"composite_check_digit", MRZ_COMPOSITE_CD, "MRZ: the check digit over everything is wrong"},
};

static void one_invalid(const struct jval *v)
{
    char text[300];
    size_t len = join(gold_in(v, "lines"), text);
    const struct jval *errors = gold_in(v, "errors");
    unsigned want = 0, is = 0;
    const char *sentence = NULL;
    for (size_t i = 0; i < COUNT(faults_of); i++)
        for (size_t k = 0; k < errors->n; k++)
            if (strcmp(errors->items[k].s, faults_of[i].name) == 0) {
                want |= faults_of[i].fault;
                sentence = sentence ? sentence : faults_of[i].text;
            }
    struct mrz m = {.sex = '?'};
    struct err e = {0};
    assert_int_equal(mrz_parse(text, len, &m, &is, &e), RC_BAD_FIELD);
    if (is != want)
        fail_msg("%s: faults %x instead of %x", gold_str(v, "id"), is, want);
    assert_string_equal(e.text, sentence);
    assert_string_equal(e.code, "MRZ_CHECK");
    assert_int_equal(m.sex, '?'); /* untouched on failure */
}

static void invalid(void **state)
{
    (void)state;
    const struct jval *list = gold(F, "invalid");
    for (size_t i = 0; i < list->n; i++)
        one_invalid(&list->items[i]);
    char nul[88 + 1] =
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    struct mrz m;
    nul[74] = 0;
    assert_int_equal(mrz_parse(nul, 88, &m, NULL, NULL), RC_BAD_FIELD);
    print_message("%zu damaged zones refused\n", list->n + 1);
}

static void digits(void **state)
{
    (void)state;
    const struct jval *list = gold(F, "check_digits");
    for (size_t i = 0; i < list->n; i++) {
        const char *data = gold_str(&list->items[i], "data");
        assert_int_equal(mrz_digit(data, strlen(data)), gold_str(&list->items[i], "check_digit")[0]);
    }
}

static void dates(void **state)
{
    (void)state;
    const struct date today = {2026, 11, 22};
    const struct jval *list = gold(F, "valid_syntax_impossible_date");
    struct date d;
    for (size_t i = 0; i < list->n; i++) {
        char text[300];
        struct mrz m;
        size_t len = join(gold_in(&list->items[i], "lines"), text);
        assert_int_equal(mrz_parse(text, len, &m, NULL, NULL), RC_OK);
        assert_false(mrz_birth(&m, today, &d));
    }
    static const struct {
        const char *yymmdd;
        int birth, expiry; /* years; 0 refused */
    } rows[] = {{"261122", 2026, 2026}, {"261123", 1926, 2026}, {"270101", 1927, 2027},
                {"850101", 1985, 1985}, {"000229", 2000, 2000}, {"660101", 1966, 2066},
                {"670101", 1967, 1967}, {"8501<<", 0, 0},       {"010229", 0, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mrz m = {0};
        memcpy(m.birth, rows[i].yymmdd, 6);
        memcpy(m.expiry, rows[i].yymmdd, 6);
        assert_int_equal(mrz_birth(&m, today, &d) ? d.y : 0, rows[i].birth);
        assert_int_equal(mrz_expiry(&m, today, &d) ? d.y : 0, rows[i].expiry);
    }
}

static void keys_refused(void **state)
{
    (void)state;
    static const struct {
        struct mrz_key key;
        const char *path;
    } rows[] = {
        {{"", "900101", "350101"}, "mrz.document_number"},
        {{"cj123456", "900101", "350101"}, "mrz.document_number"},
        {{"12345678901234567890123", "900101", "350101"}, "mrz.document_number"},
        {{"CJ123456", "90010", "350101"}, "mrz.birth_date"},
        {{"CJ123456", "1990-01-01", "350101"}, "mrz.birth_date"},
        {{"CJ123456", "900101", ""}, "mrz.expiry_date"},
        {{"CJ123456", "900101", NULL}, "mrz.expiry_date"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[MRZ_INFO_MAX];
        struct err e = {0};
        assert_int_equal(mrz_info(&rows[i].key, out, &e), RC_BAD_FIELD);
        assert_string_equal(e.path, rows[i].path);
    }
}

/* ---- files -----------------------------------------------------------------------------------------------
 */

static void bad_files(void **state)
{
    (void)state;
    static const struct {
        const char *file, *bytes, *text;
    } rows[] = {
        {"COM", "", "COM: TLV: nothing where a tag should be"},
        {"COM", "60", "COM: TLV: the length is cut off"},
        {"COM", "6080", "COM: TLV: an indefinite length"},
        {"COM", "60850000000000", "COM: TLV: a length of 5 bytes"},
        {"COM", "608401000001", "COM: TLV: an object of 16777217 bytes is too big"},
        {"COM", "6003010203", "COM: TLV: object 1 says 2 bytes, 1 are there"},
        {"COM", "60015F", "COM: TLV: the tag is cut off"},
        {"COM", "60045F010130", "COM: TLV: object 5C is missing"},
        {"COM", "61045F010130", "COM: starts with tag 61 instead of 60"},
        {"COM", "60055F010130", "COM: TLV: object 60 says 5 bytes, 4 are there"},
        {"COM", "60045F01013000", "COM: 1 bytes behind its end"},
        {"COM", "60075F0101305C0161", "COM: the version has not 4 characters"},
        {"DG1", "6103020100", "DG1: TLV: object 5F1F is missing"},
        {"DG1", "61065F1F03494F4E", "DG1: MRZ: wrong length, it is none of 3x30, 2x36, 2x44"},
        {"DG2", "7503020100", "DG2: TLV: object 7F61 is missing"},
        {"DG2", "75067F6103020101", "DG2: TLV: object 7F60 is missing"},
        {"DG2", "75097F61067F6003800101", "DG2: TLV: object 7F2E is missing"},
        {"DG2", "750C7F61097F60065F2E03464143", "DG2: no face record (FAC)"},
        {"DG2", "751A7F61177F60145F2E1146414300303130000000001100010000",
         "DG2: TLV: object 75 says 26 bytes, 25 are there"},
        {"DG14", "6E023000", "DG14: starts with tag 30 instead of 31"},
        {"DG14", "6E0431023000", "DG14: a security info that does not start with an OID"},
        {"DG14", "6E053103300102", "DG14: a security info that does not start with an OID"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].bytes);
        struct err e = {0};
        struct lds_com com;
        struct mrz m;
        struct lds_picture picture;
        struct security_infos infos;
        enum rc rc = strcmp(rows[i].file, "COM") == 0   ? lds_com(o.p, o.n, &com, &e)
                     : strcmp(rows[i].file, "DG1") == 0 ? lds_dg1(o.p, o.n, &m, &e)
                     : strcmp(rows[i].file, "DG2") == 0 ? lds_dg2(o.p, o.n, &picture, &e)
                                                        : lds_dg14(o.p, o.n, &infos, &e);
        assert_int_equal(rc, RC_PROTOCOL);
        assert_string_equal(e.code, "FILE_BAD");
        assert_string_equal(e.text, rows[i].text);
    }
    print_message("%zu damaged files refused, each with its sentence\n", COUNT(rows));
}

static void lengths(void **state)
{
    (void)state;
    static const struct {
        const char *file, *bytes;
        size_t total; /* 0: refused */
        const char *text;
    } rows[] = {
        {"DG1", "615D5F1F5A49", 95, NULL},
        {"DG2", "75823F2A7F61", 0x3F2A + 4, NULL},
        {"DG2", "7581907F6182", 0x90 + 3, NULL},
        {"SOD", "77830100000000", 65536 + 5, NULL},
        {"SOD", "778301C00000", 0, "SOD: says it has 114693 bytes"},
        {"DG1", "755D5F1F5A49", 0, "DG1: starts with tag 75 instead of 61"},
        {"DG1", "6182", 0, "DG1: TLV: the length is cut off"},
        {"DG1", "6180", 0, "DG1: TLV: an indefinite length"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].bytes);
        struct err e = {0};
        size_t total = 0;
        enum rc rc = lds_length(lds_by_name(rows[i].file), o.p, o.n, &total, &e);
        assert_int_equal(rc, rows[i].total ? RC_OK : RC_PROTOCOL);
        assert_int_equal(total, rows[i].total);
        if (rows[i].text)
            assert_string_equal(e.text, rows[i].text);
    }
}

/* ---- the BSI reference data of 2008, when they are at hand ------------------------------------------------
 */

static uint8_t *shared(struct arena *a, const char *name, size_t *len)
{
    const char *root = getenv("PRIDVOR_SHARED"), *source = getenv("PRIDVOR_SOURCE");
    char *p = NULL;
    const char *path =
        root ? arena_fmt(a, "%s/vectors/emrtd/bsi2008/%s", root, name)
             : arena_fmt(a, "%s/../shared/vectors/emrtd/bsi2008/%s", source ? source : ".", name);
    if (fs_read(a, path, 1 << 20, &p, len, NULL) != RC_OK)
        return NULL;
    return (uint8_t *)p;
}

static void reference_data(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    size_t n = 0;
    uint8_t *com = shared(a, "EF_COM.bin", &n);
    if (!com) {
        arena_free(a); /* skip() jumps over the scope */
        skip();
    }
    struct lds_com c;
    assert_int_equal(lds_com(com, n, &c, NULL), RC_OK);
    assert_string_equal(c.version, "0107");
    assert_int_equal(c.groups, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 14);
    struct mrz m;
    uint8_t *dg1 = shared(a, "Datagroup1.bin", &n);
    assert_int_equal(lds_dg1(dg1, n, &m, NULL), RC_OK);
    assert_string_equal(m.surname, "MUSTERMANN");
    assert_string_equal(m.number, "C11T002JM");
    assert_string_equal(m.state, "D");
    struct lds_picture picture;
    uint8_t *dg2 = shared(a, "Datagroup2.bin", &n);
    struct err e = {0};
    if (lds_dg2(dg2, n, &picture, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_int_equal(picture.kind, PICTURE_JPEG2000);
    assert_int_equal(picture.offset, 84);
    assert_int_equal(picture.faces, 1);
    /* the face record says 337 x 449; the codestream in it is 413 x 531, and the picture's own word counts */
    assert_int_equal(picture.width, 413);
    assert_int_equal(picture.height, 531);
    assert_int_equal(picture.offset + picture.len, n);
    struct security_infos infos;
    uint8_t *dg14 = shared(a, "Datagroup14.bin", &n);
    assert_int_equal(lds_dg14(dg14, n, &infos, NULL), RC_OK);
    assert_int_equal(infos.n, 3);
    uint8_t *sod = shared(a, "EF_SOD.bin", &n);
    size_t total = 0;
    assert_int_equal(lds_length(lds_by_name("SOD"), sod, 6, &total, NULL), RC_OK);
    assert_int_equal(total, n);
    /* cut at every length: refused, never read beyond */
    for (size_t cut = 0; cut < 400; cut++) {
        uint8_t *p = malloc(cut ? cut : 1);
        memcpy(p, dg2, cut);
        assert_int_equal(lds_dg2(p, cut, &picture, NULL), RC_PROTOCOL);
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid),     cmocka_unit_test(electronic_card), cmocka_unit_test(invalid),
        cmocka_unit_test(digits),    cmocka_unit_test(dates),           cmocka_unit_test(keys_refused),
        cmocka_unit_test(bad_files), cmocka_unit_test(lengths),         cmocka_unit_test(reference_data),
    };
    return cmocka_run_group_tests(tests, NULL, gold_end);
}
