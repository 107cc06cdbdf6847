/* RFC 6238, appendix B, and what is accepted around a moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backend/totp.h"

static const char seed[] = "12345678901234567890123456789012";

static void golden(void **state)
{
    (void)state;
    static const struct {
        int64_t time;
        const char *sha1, *sha256;
    } rows[] = {{59, "94287082", "46119246"},         {1111111109, "07081804", "68084774"},
                {1111111111, "14050471", "67062674"}, {1234567890, "89005924", "91819424"},
                {2000000000, "69279037", "90698825"}, {INT64_C(20000000000), "65353130", "77737706"}};
    char code[9];

    for (size_t i = 0; i < COUNT(rows); i++) {
        totp_code(code, TOTP_SHA1, BYTES(seed, 20), rows[i].time / 30, 8);
        assert_string_equal(code, rows[i].sha1);
        totp_code(code, TOTP_SHA256, BYTES(seed, 32), rows[i].time / 30, 8);
        assert_string_equal(code, rows[i].sha256);
    }
}

static void window(void **state)
{
    (void)state;
    struct bytes secret = BYTES(seed, 20);
    int64_t t = 1111111111, step = t / 30;
    char code[9];

    for (int64_t d = -3; d <= 3; d++) {
        totp_code(code, TOTP_SHA1, secret, step + d, 6);
        assert_int_equal(totp_match(secret, t, 0, code), d >= -1 && d <= 1 ? step + d : 0);
        assert_int_equal(totp_match(secret, t, step + d, code), 0); /* used */
    }
    totp_code(code, TOTP_SHA1, secret, step, 6);
    assert_int_equal(totp_match(secret, t, step - 1, code), step);
    assert_int_equal(totp_match(secret, t, step + 1, code), 0);
    static const char *const bad[] = {NULL, "", "05047", "0504711", "05047x", "٠٥٠٤٧١", "      "};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(totp_match(secret, t, 0, bad[i]), 0);
}

static void uri(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    assert_string_equal(totp_uri(a, "ana", BYTES(seed, 20)),
                        "otpauth://totp/Pridvor:ana?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Pridvor&"
                        "algorithm=SHA1&digits=6&period=30");
    assert_non_null(strstr(totp_uri(a, "a", BYTES("f", 1)), "secret=MY&"));
    assert_non_null(strstr(totp_uri(a, "a", BYTES("fooba", 5)), "secret=MZXW6YTB&"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden), cmocka_unit_test(window),
                                       cmocka_unit_test(uri)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
