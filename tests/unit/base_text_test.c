/* Text as Romanians and Hungarians write it, hex, base64, templates; QR codes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/qr.h"
#include "common/base/text.h"

static void clean(void **state)
{
    static const struct {
        const char *in, *out; /* NULL: refused */
    } rows[] = {
        {"", ""},
        {"  Ana   Maria ", "Ana Maria"},
        {"a\tb\r\nc", "a b c"},
        {"a\xC2\xA0\xE2\x80\x83z", "a z"},
        {"\xC5\x9E"
         "tefan \xC5\xA2\xC5\x9F\xC5\xA3",
         "Ștefan Țșț"},
        {"s\xCC\xA6 S\xCC\xA7 a\xCC\x86 o\xCC\x8B", "ș Ș ă ő"},
        {"Őűőű éíóöőúüű", "Őűőű éíóöőúüű"},
        {"a\x01z", NULL},
        {"a\x7Fz", NULL},
        {"a\xC2\x85z", NULL},
        {"a\xE2\x80\xAEz", NULL},
        {"\xEF\xBB\xBFz", NULL},
        {"\xC3", NULL},
        {"\xED\xA0\x80", NULL},
        {"\xF8\x88\x80\x80\x80", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ARENA_SCOPE(a);
        const char *out = NULL;
        struct err e = {0};
        enum rc rc = text_clean(a, rows[i].in, &out, &e);
        assert_int_equal(rc, rows[i].out != NULL ? RC_OK : RC_BAD_FIELD);
        if (rows[i].out != NULL)
            assert_string_equal(out, rows[i].out);
        else
            assert_true(e.text[0] != '\0');
    }
}

static void fold(void **state)
{
    static const char *const rows[][2] = {
        {"ȘTEFĂNESCU", "stefanescu"},
        {"Ştefănescu-Țîru", "stefanescu tiru"},
        {"Őrsi  Ágnes", "orsi agnes"},
        {"Szűcs, Béla!", "szucs bela"},
        {"str. Mihai 3/A", "str mihai 3 a"},
        {"Đuro Łukasz", "duro lukasz"},
        {"STRAßE", "strasse"},
        {"\xFF", ""},
        {"  ", ""},
    };
    (void)state;
    ARENA_SCOPE(a);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(text_fold(a, rows[i][0]), rows[i][1]);
}

static void counting(void **state)
{
    (void)state;
    assert_int_equal(utf8_count("Țară 😀"), 6);
    assert_true(utf8_valid("\xF4\x8F\xBF\xBF", 4));
    assert_false(utf8_valid("\xF4\x90\x80\x80", 4));
    assert_false(utf8_valid("\xE0\x80\x80", 3));
    assert_false(utf8_valid("a\0b", 3));
    assert_false(utf8_valid("\xC8\x99", 1));
}

static void fill(void **state)
{
    static const struct text_var vars[] = {{"name", "Ana"}, {"n", "{name}"}};
    (void)state;
    ARENA_SCOPE(a);
    assert_string_equal(text_fill(a, "{name} {n} {x} { {name", vars, 2), "Ana {name} {x} { {name");
    assert_string_equal(text_fill(a, "", vars, 2), "");
    static const struct text_var day[] = {{"due", "2026. november 22."}};
    assert_string_equal(text_fill(a, "{due} után: {due}-ig, legkésőbb {due}.", day, 1),
                        "2026. november 22. után: 2026. november 22-ig, legkésőbb 2026. november 22.");
}

static void hex(void **state)
{
    uint8_t out[4];
    char text[9];
    size_t n;
    (void)state;
    assert_true(hex_decode(out, 4, &n, "00 fF\n7a"));
    assert_int_equal(n, 3);
    hex_encode(text, out, n);
    assert_string_equal(text, "00ff7a");
    assert_false(hex_decode(out, 4, &n, "0"));
    assert_false(hex_decode(out, 4, &n, "0 0"));
    assert_false(hex_decode(out, 4, &n, "0g"));
    assert_false(hex_decode(out, 4, &n, "0011223344"));
}

/* RFC 4648, section 10. */
static void base64(void **state)
{
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    static const char *const bad[] = {
        "Zg=", "Zg", "Z===", "Zh==", "Zm9=", "Zm9v\n", "Zg==Zg==", "=Zg=", "Zm-_"};
    (void)state;
    ARENA_SCOPE(a);
    uint8_t *out;
    size_t n;
    struct err e;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(base64_encode(a, rows[i][0], strlen(rows[i][0])), rows[i][1]);
        assert_int_equal(base64_decode(a, rows[i][1], &out, &n, &e), RC_OK);
        assert_int_equal(n, strlen(rows[i][0]));
        assert_memory_equal(out, rows[i][0], n);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(base64_decode(a, bad[i], &out, &n, &e), RC_BAD_FIELD);
}

static void qr(void **state)
{
    static const char finder[] = "111111101000001";
    (void)state;
    ARENA_SCOPE(a);
    struct qr q;
    struct err e = {0};
    assert_int_equal(qr_encode(a, "https://registru.example/s/ABCDE12345", &q, &e), RC_OK);
    assert_int_equal(q.size, 29); /* version 3 at level M: up to 42 bytes */
    for (int i = 0; i < 7; i++)
        assert_int_equal(q.modules[i], finder[i] - '0');
    const char *svg = qr_svg(a, &q);
    assert_non_null(strstr(svg, "viewBox=\"0 0 37 37\""));
    assert_non_null(strstr(svg, "M4 4h7v1h-7z"));
    char *big = arena_alloc(a, 3001);
    memset(big, 'x', 3000);
    assert_int_equal(qr_encode(a, big, &q, &e), RC_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean), cmocka_unit_test(fold),   cmocka_unit_test(counting), cmocka_unit_test(fill),
        cmocka_unit_test(hex),   cmocka_unit_test(base64), cmocka_unit_test(qr)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
