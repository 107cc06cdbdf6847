/* Published vectors, seals that break when a bit flips, ids in order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/crypto.h"
#include "common/base/text.h"

static size_t bytes(uint8_t *out, size_t cap, const char *hex)
{
    size_t n = 0;
    assert_true(hex_decode(out, cap, &n, hex));
    return n;
}

static void digest(void **state)
{
    uint8_t out[32], want[32];
    (void)state;
    sha256(out, "abc", 3); /* FIPS 180-4 example */
    bytes(want, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_memory_equal(out, want, 32);
}

/* RFC 4231, cases 1, 2, 3, 6. */
static void hmac(void **state)
{
    static const struct {
        const char *key, *data, *mac;
        int key_repeat, data_repeat;
    } rows[] = {
        {"0b", "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", 20, 1},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", 1, 1},
        {"aa", "dd", "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe", 20, 50},
        {"aa",
         "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204"
         "6697273"
         "74",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", 131, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t key[256], data[256], want[32], out[32];
        size_t k = bytes(key, sizeof(key), rows[i].key), d = bytes(data, sizeof(data), rows[i].data);
        if (rows[i].key_repeat > 1)
            memset(key, key[0], k = (size_t)rows[i].key_repeat);
        if (rows[i].data_repeat > 1)
            memset(data, data[0], d = (size_t)rows[i].data_repeat);
        bytes(want, 32, rows[i].mac);
        hmac_sha256(out, key, k, data, d);
        assert_memory_equal(out, want, 32);
    }
}

/* RFC 5869, A.1 and A.3. */
static void hkdf(void **state)
{
    uint8_t key[22], salt[13], out[42], want[42];
    char info[11];
    struct err e;
    (void)state;
    memset(key, 0x0b, sizeof(key));
    bytes(salt, sizeof(salt), "000102030405060708090a0b0c");
    memset(info, 0, sizeof(info));
    bytes((uint8_t *)info, 10, "f0f1f2f3f4f5f6f7f8f9");
    bytes(want, 42, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    assert_int_equal(hkdf_sha256(out, 42, key, 22, salt, 13, info, &e), RC_OK);
    assert_memory_equal(out, want, 42);
    bytes(want, 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
    assert_int_equal(hkdf_sha256(out, 42, key, 22, NULL, 0, "", &e), RC_OK);
    assert_memory_equal(out, want, 42);
}

/* NIST GCM test case 16's key shape is covered by the library; here: our envelope, and every single bit of
 * it. */
static void seals(void **state)
{
    static const char text[] = "o cerere";
    struct seal_key key = {{1, 2, 3}};
    uint8_t sealed[sizeof(text) + 28], again[sizeof(sealed)], open[sizeof(sealed)];
    size_t n = 0, all = sizeof(text) + 28;
    struct err e;
    (void)state;
    assert_int_equal(seal(&key, "id", 2, text, sizeof(text), sealed, &e), RC_OK);
    assert_int_equal(seal(&key, "id", 2, text, sizeof(text), again, &e), RC_OK);
    assert_memory_not_equal(sealed, again, 12); /* nonces are random */
    assert_int_equal(unseal(&key, "id", 2, sealed, all, open, &n, &e), RC_OK);
    assert_int_equal(n, sizeof(text));
    assert_memory_equal(open, text, n);
    for (size_t bit = 0; bit < all * 8; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(unseal(&key, "id", 2, sealed, all, open, &n, &e), RC_DENIED);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(unseal(&key, "ie", 2, sealed, all, open, &n, &e), RC_DENIED);
    assert_int_equal(unseal(&key, "id", 2, sealed, all - 1, open, &n, &e), RC_DENIED);
    assert_int_equal(unseal(&key, "id", 2, sealed, 27, open, &n, &e), RC_BAD_REQUEST);
    key.k[31] ^= 1;
    assert_int_equal(unseal(&key, "id", 2, sealed, all, open, &n, &e), RC_DENIED);
    assert_int_equal(seal(&key, NULL, 0, "", 0, sealed, &e), RC_OK);
    assert_int_equal(unseal(&key, NULL, 0, sealed, 28, open, &n, &e), RC_OK);
    assert_int_equal(n, 0);
}

static void ids(void **state)
{
    char last[UUID_LEN] = "", id[UUID_LEN];
    struct err e;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(uuid7(id, &e), RC_OK);
        assert_true(uuid_valid(id));
        assert_int_equal(id[14], '7');
        assert_non_null(strchr("89ab", id[19]));
        assert_true(strncmp(id, last, 18) >= 0); /* in time order */
        assert_string_not_equal(id, last);
        memcpy(last, id, sizeof(id));
    }
    assert_false(uuid_valid("0192E4A0-0000-7000-8000-000000000000"));
    assert_false(uuid_valid("0192e4a0-0000-7000-8000-00000000000"));
    assert_false(uuid_valid("0192e4a0-0000-7000-8000-0000000000000"));
    assert_false(uuid_valid(""));
    assert_true(equal_ct("abc", "abc", 3));
    assert_false(equal_ct("abc", "abd", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(digest), cmocka_unit_test(hmac),
                                       cmocka_unit_test(hkdf), cmocka_unit_test(seals),
                                       cmocka_unit_test(ids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
