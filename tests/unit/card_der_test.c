/* DER and BER by hand: what is strict, what is written again, times, numbers, names, PEM. */
#include "drivers/card/x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define B(text) BYTES((text), sizeof(text) - 1)

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void strict(void **state)
{
    (void)state;
    static const struct bytes bad[] = {
        B("\x30"),                                         /* ends in a header */
        B("\x30\x81"),                                     /* ends in a length */
        B("\x30\x01"),                                     /* longer than what holds it */
        B("\x30\x81\x01\x00"),                             /* longer than needed */
        B("\x30\x82\x00\x80"),                             /* a zero in front */
        B("\x30\x80\x00\x00"),                             /* indefinite */
        B("\x1F\x81\x01\x00"),                             /* a tag of several bytes */
        B("\x30\x89\x01\x01\x01\x01\x01\x01\x01\x01\x01"), /* nine bytes of length */
        B("\x30\x88\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),     /* all of memory */
    };
    struct der_item it;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct der d = der_in(bad[i]);
        if (der_next(&d, &it, NULL) != RC_PROTOCOL)
            fail_msg("row %zu", i);
    }
    struct der none = der_in(B(""));
    assert_int_equal(der_next(&none, &it, NULL), RC_NOT_FOUND);
    assert_int_equal(der_take(&none, DER_SEQUENCE, &it, NULL), RC_PROTOCOL);
    assert_int_equal(der_maybe(&none, DER_SEQUENCE, &it, NULL), RC_OK);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        struct bytes v;
        enum rc rc;
        int is;
    } rows[] = {{B("\x00"), RC_OK, 0},
                {B("\x7F"), RC_OK, 127},
                {B("\x00\x80"), RC_OK, 128},
                {B("\x12\x34"), RC_OK, 0x1234},
                {B("\x00\xFF\xFF"), RC_OK, 65535},
                {B(""), RC_PROTOCOL, 0},
                {B("\x80"), RC_PROTOCOL, 0},
                {B("\x00\x7F"), RC_PROTOCOL, 0},
                {B("\x01\x00\x00"), RC_PROTOCOL, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct der_item it = {DER_INTEGER, rows[i].v, rows[i].v};
        int v = -1;
        assert_int_equal(der_small(&it, &v, NULL), rows[i].rc);
        if (rows[i].rc == RC_OK)
            assert_int_equal(v, rows[i].is);
    }
}

static void times(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        int64_t is; /* -1: refused */
    } rows[] = {{DER_UTC_TIME, "700101000000Z", 0},          {DER_UTC_TIME, "491231235959Z", 2524607999},
                {DER_UTC_TIME, "500101000000Z", -631152000}, {DER_TIME, "20500101000000Z", 2524608000},
                {DER_TIME, "20240229120000Z", 1709208000},   {DER_UTC_TIME, "230229120000Z", -1},
                {DER_UTC_TIME, "7001010000Z", -1},           {DER_UTC_TIME, "700101000000+0100", -1},
                {DER_UTC_TIME, "700101240000Z", -1},         {DER_UTC_TIME, "7001010000 0Z", -1},
                {DER_TIME, "20240101000000.5Z", -1},         {DER_OCTETS, "700101000000Z", -1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct der_item it = {.tag = rows[i].tag, .v = BYTES(rows[i].text, strlen(rows[i].text))};
        int64_t t = -1;
        enum rc rc = der_time(&it, &t, NULL);
        if ((rc == RC_OK) != (rows[i].is != -1) || t != rows[i].is)
            fail_msg("%s: %lld", rows[i].text, (long long)t);
    }
}

static void again(void **state)
{
    (void)state;
    static const struct {
        struct bytes in, out; /* out.len 0: refused */
    } rows[] = {
        {B("\x30\x03\x02\x01\x05"), B("\x30\x03\x02\x01\x05")},
        {B("\x30\x80\x02\x01\x05\x00\x00"), B("\x30\x03\x02\x01\x05")},
        {B("\x30\x81\x03\x02\x01\x05"), B("\x30\x03\x02\x01\x05")},
        {B("\x30\x84\x00\x00\x00\x03\x02\x01\x05"), B("\x30\x03\x02\x01\x05")},
        {B("\x24\x06\x04\x01\x41\x04\x01\x42"), B("\x04\x02\x41\x42")},
        {B("\x24\x80\x04\x01\x41\x24\x80\x04\x01\x42\x00\x00\x00\x00"), B("\x04\x02\x41\x42")},
        {B("\x24\x80\x00\x00"), B("\x04\x00")},
        {B("\x30\x80\x30\x80\x00\x00\x00\x00"), B("\x30\x02\x30\x00")},
        {B("\x30\x80\x02\x01\x05"), B("")},     /* no end */
        {B("\x30\x80\x02\x01\x05\x00"), B("")}, /* half an end */
        {B("\x02\x80\x05\x00\x00"), B("")},     /* a primitive item without length */
        {B("\x24\x03\x02\x01\x41"), B("")},     /* a piece that is a number */
        {B("\x30\x04\x02\x01\x05"), B("")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bytes out = {0};
        enum rc rc = der_normal(arena, rows[i].in, &out, NULL);
        if ((rc == RC_OK) != (rows[i].out.len > 0) || (rc == RC_OK && !der_same(out, rows[i].out)))
            fail_msg("row %zu", i);
    }
    uint8_t deep[4000];
    struct bytes out;
    for (size_t i = 0; i < sizeof deep; i += 2)
        memcpy(deep + i, "\x30\x80", 2);
    assert_int_equal(der_normal(arena, BYTES(deep, sizeof deep), &out, NULL), RC_PROTOCOL);
}

static struct bytes name(uint8_t kind, const char *country, const char *common)
{
    size_t n = strlen(common), k = 13 + 2 + 9 + n;
    uint8_t *p = arena_alloc(arena, k + 2), *w = p;
    *w++ = 0x30;
    *w++ = (uint8_t)(k - 2);
    w = (uint8_t *)memcpy(w, "\x31\x0B\x30\x09\x06\x03\x55\x04\x06\x13\x02", 11) + 11;
    w = (uint8_t *)memcpy(w, country, 2) + 2;
    const uint8_t head[] = {0x31, (uint8_t)(n + 9), 0x30, (uint8_t)(n + 7), 6, 3, 0x55, 4, 3,
                            kind, (uint8_t)n};
    w = (uint8_t *)memcpy(w, head, sizeof head) + sizeof head;
    w = (uint8_t *)memcpy(w, common, n) + n;
    p[1] = (uint8_t)(w - p - 2);
    return BYTES(p, (size_t)(w - p));
}

static void names(void **state)
{
    (void)state;
    struct bytes a = name(0x13, "RO", "CSCA Romania");
    const struct {
        struct bytes b;
        bool same;
    } rows[] = {{name(0x13, "ro", "CSCA Romania"), true},
                {name(0x0C, "RO", "CSCA Romania"), true},
                {name(0x13, "RO", "  csca   ROMANIA "), true},
                {name(0x13, "RU", "CSCA Romania"), false},
                {name(0x13, "RO", "CSCARomania"), false},
                {name(0x13, "RO", "CSCA Romani"), false},
                {name(0x13, "RO", ""), false},
                {B("\x30\x00"), false},
                {B(""), false}};
    char code[3];
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(name_same(a, rows[i].b), rows[i].same);
        assert_int_equal(name_same(rows[i].b, a), rows[i].same);
        if (rows[i].same)
            assert_int_equal(name_hash(a), name_hash(rows[i].b));
    }
    assert_string_equal(name_text(arena, a), "C=RO,CN=CSCA Romania");
    assert_string_equal(name_text(arena, name(0x14, "RO", "\xE9\x07")), "C=RO,CN=\xC3\xA9 ");
    assert_true(name_country(name(0x13, "ro", "x"), code));
    assert_string_equal(code, "RO");
    assert_false(name_country(B("\x30\x00"), code));
}

static void pem(void **state)
{
    (void)state;
    struct bytes text = B(
                     "Subject: x\n-----BEGIN CERTIFICATE-----\r\nMAMC\r\nAQU=\r\n-----END CERTIFICATE-----\n"
                     "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"
                     "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"),
                 out;
    size_t at = 0;
    assert_int_equal(pem_next(arena, text, &at, "CERTIFICATE", &out, NULL), RC_OK);
    assert_true(DER_IS(out, "\x30\x03\x02\x01\x05"));
    assert_int_equal(pem_next(arena, text, &at, "CERTIFICATE", &out, NULL), RC_OK);
    assert_true(DER_IS(out, "\x30\x00"));
    assert_int_equal(pem_next(arena, text, &at, "CERTIFICATE", &out, NULL), RC_NOT_FOUND);
    at = 0;
    assert_int_equal(pem_next(arena, B("-----BEGIN CERTIFICATE-----\nMAA="), &at, "CERTIFICATE", &out, NULL),
                     RC_PROTOCOL);
    assert_int_equal(pem_next(arena, B("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----"), &at,
                              "CERTIFICATE", &out, NULL),
                     RC_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict), cmocka_unit_test(numbers), cmocka_unit_test(times),
        cmocka_unit_test(again),  cmocka_unit_test(names),   cmocka_unit_test(pem),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
