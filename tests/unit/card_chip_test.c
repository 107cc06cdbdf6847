/* Proofs of a chip, and the smaller files: active authentication with every trailer and hash, keys in all
 * their forms, DG7, DG11, DG12, sizes of pictures. Golden bytes and a table of bad input each. */
#include "tests/unit/card_golden.h"

#include "drivers/card/active_auth.h"
#include "drivers/card/chip_auth.h"

#include <stdlib.h>
#include <string.h>

#define AA "active_auth.json"

static void signatures(const char *kind, const struct security_infos *infos, const char *only)
{
    struct octets challenge = gold_hex(AA, "challenge");
    const struct jval *k = gold(AA, kind), *cases = gold_in(k, "cases");
    struct octets dg15 = hex_in(k, "dg15");
    struct active_auth a;
    assert_int_equal(active_auth_read(BYTES(dg15.p, dg15.n), infos, &a, NULL), RC_OK);
    for (size_t i = 0; i < cases->n; i++) {
        const struct jval *c = &cases->items[i];
        struct octets s = hex(gold_str(c, "signature"));
        struct err e = {0};
        const char *name = gold_str(c, "name");
        bool want = jval_bool(c, "good", false) && (!only || strcmp(only, name) == 0);
        if (only && strcmp(name, "as a SEQUENCE") == 0)
            continue; /* with SHA-256, too */
        enum rc rc = active_auth_check(&a, challenge.p, BYTES(s.p, s.n), &e);
        if ((rc == RC_OK) != want)
            fail_msg("%s %s: %s %s", kind, name, rc_name(rc), e.text);
        assert_true(rc == RC_OK || e.text[0]);
    }
}

static void active(void **state)
{
    (void)state;
    signatures("rsa", NULL, NULL);
    signatures("ecdsa", NULL, NULL); /* the hash is not said: whichever fits */
    static const char *const named[][2] = {{"ecdsa.dg14_sha256", "SHA-256"},
                                           {"ecdsa.dg14_sha384", "SHA-384"}};
    for (size_t i = 0; i < COUNT(named); i++) {
        struct octets dg14 = gold_hex(AA, named[i][0]);
        struct security_infos infos;
        assert_int_equal(lds_dg14(dg14.p, dg14.n, &infos, NULL), RC_OK);
        signatures("ecdsa", &infos, named[i][1]);
    }
}

static void bad_keys(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *text;
    } rows[] = {
        {"", "TLV: nothing where a tag should be"},
        {"7500", "DG15 does not start with 6F"},
        {"6F00", "public key of the chip: not a SubjectPublicKeyInfo"},
        {"6F083006300003020000", "public key of the chip: no algorithm"},
        {"6F0D300B3005060301020303020000", "TLV: object 6F says 13 bytes, 12 are there"},
        {"6F0D300B300506032A0304030200FF", "public key of the chip: unknown algorithm"},
        {"6F15301330"
         "0D06092A864886F70D010101050003020000",
         "public key of the chip: no RSA key"},
        {"6F1A3018301206072A8648CE3D020106072A8648CE3D03010203020004",
         "TLV: object 6F says 26 bytes, 27 are there"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].hex);
        struct active_auth a;
        struct err e = {0};
        assert_int_not_equal(active_auth_read(BYTES(o.p, o.n), NULL, &a, &e), RC_OK);
        if (!strstr(rows[i].text, "says"))
            assert_string_equal(e.text, rows[i].text);
    }
}

/* What DG14 may say; keys are those of curves we know, or refused. */
static void offers(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        enum rc rc;
    } rows[] = {
        {"3100", RC_NOT_FOUND},
        {"3111300F060A04007F00070202030202020101", RC_UNSUPPORTED}, /* a protocol without a key */
        {"31143012060A04007F0007020204020202010202010D", RC_NOT_FOUND},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].set);
        struct security_infos infos;
        struct chip_auth c;
        assert_int_equal(lds_security_infos(o.p, o.n, &infos, NULL), RC_OK);
        assert_int_equal(chip_auth_choose(&infos, &c, NULL), rows[i].rc);
    }
}

static void holder(void **state)
{
    (void)state;
    struct lds_holder h;
    struct lds_issue x;
    struct octets o = hex("6B2A5C045F0E5F425F0E08504F503C3C414E415F2B0819900314"
                          "5F420A5354522E2041203C434A5F100131");
    o.p[1] = (uint8_t)(o.n - 2);
    assert_int_equal(lds_dg11(o.p, o.n, &h, NULL), RC_PROTOCOL); /* 5F2B says 8 and has 4 */
    o = hex("6B2A5C045F0E5F425F0E08504F503C3C414E415F2B0419900314"
            "5F420A5354522E2041203C434A5F100131");
    o.p[1] = (uint8_t)(o.n - 2);
    assert_int_equal(lds_dg11(o.p, o.n, &h, NULL), RC_OK);
    assert_memory_equal(h.full_name.p, "POP<<ANA", 8);
    assert_string_equal(h.birth_date, "19900314");
    assert_int_equal(h.address.len, 10);
    assert_int_equal(h.personal_number.len, 1);
    assert_int_equal(h.telephone.len, 0);
    o = hex("6C165F260832303234303532305F19085350434C45502031");
    o.p[1] = (uint8_t)(o.n - 2);
    assert_int_equal(lds_dg12(o.p, o.n, &x, NULL), RC_OK);
    assert_string_equal(x.date, "20240520");
    assert_int_equal(x.authority.len, 8);
    static const char *const bad[] = {"", "6B", "6C00", "6B03", "6B025F0E", "6B80"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        o = hex(bad[i]);
        assert_int_not_equal(lds_dg11(o.p, o.n, &h, NULL), RC_OK);
    }
}

static void pictures(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int kind; /* -1: refused */
        unsigned width, height;
    } rows[] = {
        {"FFD8FFE000104A46494600010100000100010000FFC0001108014000F003012200021101031101FFD9", PICTURE_JPEG,
         240, 320},
        {"FFD8FFC2000B0801C10151010111 00", PICTURE_JPEG, 337, 449},    /* progressive */
        {"FFD8FFFFFFC0000B0801C1015101011100", PICTURE_JPEG, 337, 449}, /* fill bytes */
        {"FF4FFF51002F0000000000F000000140000000000000000000000000", PICTURE_JPEG2000, 240, 320},
        {"FF4FFF51002F0000000000F0000001400000001000000020", PICTURE_JPEG2000, 224, 288},
        {"0000000C6A5020200D0A870A0000001E6A703268000000166968647200000140000000F000030707000000",
         PICTURE_JPEG2000, 240, 320},
        {"0000000C6A5020200D0A870A000000006A703263FF4FFF51002F0000000000F00000014000000000000000000000",
         PICTURE_JPEG2000, 240, 320},
        {"", -1, 0, 0},
        {"FFD8", -1, 0, 0},
        {"FFD8FFD9", -1, 0, 0},
        {"FFD8FFE0FFFF", -1, 0, 0},
        {"FFD8FFE00001FFC0001108014000F003", -1, 0, 0},
        {"FFD8FFC0000B0800000151010111 00", -1, 0, 0}, /* no height */
        {"FFD8FFDA000C03010002110311003F00", -1, 0, 0},
        {"FF4FFF51002F000000000010000000100000001000000010", -1, 0, 0},
        {"FF4FFF51002F0000FFFFFFFF000001400000000000000000", -1, 0, 0},
        {"0000000C6A5020200D0A870A", -1, 0, 0},
        {"0000000C6A5020200D0A870A000000076A703268", -1, 0, 0},
        {"0000000C6A5020200D0A870A000000016A703263FFFFFFFFFFFFFFFF", -1, 0, 0},
        {"89504E470D0A1A0A", -1, 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].hex);
        struct lds_size s = {0};
        struct err e = {0};
        enum rc rc = lds_picture_size(o.p, o.n, &s, &e);
        if ((rc == RC_OK) != (rows[i].kind >= 0))
            fail_msg("picture %zu: %s", i, e.text);
        if (rc != RC_OK)
            continue;
        assert_int_equal(s.kind, rows[i].kind);
        assert_int_equal(s.width, rows[i].width);
        assert_int_equal(s.height, rows[i].height);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(active), cmocka_unit_test(bad_keys), cmocka_unit_test(offers),
        cmocka_unit_test(holder), cmocka_unit_test(pictures),
    };
    return cmocka_run_group_tests(tests, NULL, gold_end);
}
