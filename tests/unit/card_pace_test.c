/* ICAO 9303-11 appendix G.1 complete: mapping, keys, tokens, the command bytes, AES secure messaging with the
 * keys. */
#include "tests/unit/card_golden.h"

#include "drivers/card/pace.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define F "pace.json"
#define G "G1_ecdh_generic_mapping"

static const struct jval *g1(const char *member)
{
    return gold_in(gold(F, G), member);
}

static void choose(struct pace_info *info)
{
    struct octets ca = hex(g1("ef_card_access")->s);
    struct security_infos infos;
    assert_int_equal(lds_security_infos(ca.p, ca.n, &infos, NULL), RC_OK);
    assert_int_equal(pace_choose(&infos, info, NULL), RC_OK);
}

static struct answer response(int step)
{
    char path[64];
    snprintf(path, sizeof path, "apdus[%d].response", step);
    struct octets o = hex(g1(path)->s);
    struct answer a;
    assert_int_equal(answer_decode(o.p, o.n, &a, NULL), RC_OK);
    return a;
}

/* The whole command, as the document prints it. */
static void command(int step, const uint8_t *data, size_t len)
{
    char path[64];
    uint8_t out[300];
    size_t n = 0;
    struct apdu c = {step == 0 || step == 4 ? 0x00 : 0x10,
                     step == 0 ? 0x22 : 0x86,
                     step == 0 ? 0xC1 : 0,
                     step == 0 ? 0xA4 : 0,
                     data,
                     len,
                     step == 0 ? -1 : 256,
                     false};
    snprintf(path, sizeof path, "apdus[%d].command", step);
    assert_int_equal(apdu_encode(&c, out, sizeof out, &n, NULL), RC_OK);
    assert_octets(out, n, g1(path)->s);
}

static struct octets mapping_key, ephemeral_key;
static struct pace_fixed fixed;

static void begin(struct pace *p)
{
    struct pace_info info;
    choose(&info);
    mapping_key = hex(g1("terminal_mapping_private_key")->s);
    ephemeral_key = hex(g1("terminal_ephemeral_private_key")->s);
    fixed = (struct pace_fixed){mapping_key.p, ephemeral_key.p, mapping_key.n};
    pace_fixed = &fixed;
    assert_int_equal(pace_start(p, &info, PACE_MRZ, g1("mrz_information")->s, NULL), RC_OK);
}

static void worked_example(void **state)
{
    (void)state;
    struct pace p SCOPED(pace_wipe) = {0};
    struct sm sm = {0};
    uint8_t data[PACE_DATA_MAX], point[EC_POINT_MAX];
    size_t len = 0, n = 0;
    struct answer a;
    begin(&p);
    assert_octets(p.info.oid, 10, g1("oid_bytes")->s);
    assert_int_equal(p.info.parameter_id, 13);
    assert_string_equal(pace_name(&p.info), "ECDH-GM-AES-128");
    assert_string_equal(ec_name(13), g1("curve")->s);
    assert_octets(p.password.k, 16, g1("k_pi")->s);
    assert_int_equal(pace_set_at(&p, PACE_MRZ, data, &len, NULL), RC_OK);
    command(0, data, len);
    assert_int_equal(pace_ask_nonce(&p, data, &len, NULL), RC_OK);
    command(1, data, len);
    a = response(1);
    assert_int_equal(pace_map(&p, &a, data, &len, NULL), RC_OK);
    assert_octets(p.nonce, p.nonce_len, g1("nonce_s")->s);
    command(2, data, len);
    a = response(2);
    assert_int_equal(pace_agree(&p, &a, data, &len, NULL), RC_OK);
    assert_int_equal(ec_generator(p.ec, point, &n, NULL), RC_OK);
    assert_octets(point, n, g1("mapped_generator")->s);
    assert_octets(p.ours, p.point_len, g1("terminal_ephemeral_public_key")->s);
    command(3, data, len);
    a = response(3);
    assert_int_equal(pace_token(&p, &a, data, &len, NULL), RC_OK);
    assert_octets(p.keys.enc.k, 16, g1("ks_enc")->s);
    assert_octets(p.keys.mac.k, 16, g1("ks_mac")->s);
    command(4, data, len);
    a = response(4);
    assert_int_equal(pace_finish(&p, &a, &sm, NULL), RC_OK);
    assert_true(sm.open);
    assert_octets(sm.ssc, 16, g1("initial_ssc")->s);
    pace_fixed = NULL;
}

/* Runs up to a step with one answer replaced, and demands the refusal. */
static void refuse(int step, const char *answer, enum rc want, const char *text)
{
    struct pace p SCOPED(pace_wipe) = {0};
    struct sm sm = {0};
    uint8_t data[PACE_DATA_MAX];
    size_t len = 0;
    struct err e = {0};
    enum rc rc = RC_OK;
    begin(&p);
    for (int i = 1; i <= step && rc == RC_OK; i++) {
        struct answer a = response(i);
        if (i == step) {
            struct octets o = hex(answer);
            memcpy(a.data, o.p, o.n);
            a.len = o.n;
        }
        rc = i == 1   ? pace_map(&p, &a, data, &len, &e)
             : i == 2 ? pace_agree(&p, &a, data, &len, &e)
             : i == 3 ? pace_token(&p, &a, data, &len, &e)
                      : pace_finish(&p, &a, &sm, &e);
        assert_true(rc == RC_OK || i == step);
    }
    pace_fixed = NULL;
    assert_int_equal(rc, want);
    assert_string_equal(e.text, text);
    assert_false(sm.open);
}

static const char *dynamic(char out[600], const char *tag, const char *hex_value)
{
    size_t n = strlen(hex_value) / 2;
    snprintf(out, 600, "7C%02zX%s%02zX%s", n + 2, tag, n, hex_value);
    return out;
}

static void refusals(void **state)
{
    (void)state;
    char b[600];
#define NEG(member) g1("derived_negative_cases." member)->s
    refuse(1, "7C0080", RC_PROTOCOL, "PACE: the answer holds no 80 in 7C");
    refuse(1, "7C02810A", RC_PROTOCOL, "PACE: the answer holds no 80 in 7C");
    refuse(1, "", RC_PROTOCOL, "PACE: the answer holds no 80 in 7C");
    refuse(1, "7C028000", RC_PROTOCOL, "PACE: an encrypted nonce of 0 bytes");
    refuse(1,
           "7C118"
           "00F000102030405060708090A0B0C0D0E",
           RC_PROTOCOL, "PACE: an encrypted nonce of 15 bytes");
    refuse(2, dynamic(b, "82", NEG("chip_mapping_key_equal_to_terminal_mapping_key")), RC_PROTOCOL,
           "PACE: the card sends our own public key back");
    refuse(2, dynamic(b, "82", NEG("chip_point_at_infinity")), RC_PROTOCOL,
           "the card's public key is not an uncompressed point of 65 bytes");
    refuse(2, dynamic(b, "82", NEG("chip_public_key_not_on_curve")), RC_PROTOCOL,
           "the card's public key is not a point of the curve");
    refuse(3, dynamic(b, "84", NEG("chip_public_key_not_on_curve")), RC_PROTOCOL,
           "the card's public key is not a point of the curve");
    refuse(3, dynamic(b, "84", NEG("chip_ephemeral_key_equal_to_terminal_ephemeral_key")), RC_PROTOCOL,
           "PACE: the card sends our own public key back");
    refuse(3, dynamic(b, "84", NEG("chip_point_at_infinity")), RC_PROTOCOL,
           "the card's public key is not an uncompressed point of 65 bytes");
    refuse(4, dynamic(b, "86", NEG("chip_token_bit_flipped")), RC_PROTOCOL,
           "PACE: the card's token is wrong");
    refuse(4, dynamic(b, "86", NEG("chip_token_replaced_by_terminal_token")), RC_PROTOCOL,
           "PACE: the card's token is wrong");
    refuse(4, "7C0386013A", RC_PROTOCOL, "PACE: the card's token is wrong");
}

static void passwords(void **state)
{
    (void)state;
    static const char *const ciphers[] = {"3DES", "AES128", "AES192", "AES256"};
    const struct jval *cases = gold(F, "derived_password_key_derivation.cases");
    for (size_t i = 0; i < cases->n; i++) {
        const struct jval *c = &cases->items[i];
        bool mrz = strcmp(gold_str(c, "password_type"), "MRZ") == 0;
        struct pace_info info = {.parameter_id = 13};
        while (strcmp(ciphers[info.cipher], gold_str(c, "cipher")) != 0)
            info.cipher++;
        struct pace p SCOPED(pace_wipe) = {0};
        assert_int_equal(pace_start(&p, &info, mrz ? PACE_MRZ : PACE_CAN,
                                    gold_str(c, mrz ? "mrz_information" : "password"), NULL),
                         RC_OK);
        assert_octets(p.password.k, cipher_keylen(info.cipher), gold_str(c, "k_pi"));
    }
    assert_int_equal(cases->n, 16);
}

/* AES secure messaging with the session keys of the example. */
static void messages(void **state)
{
    (void)state;
    static const struct apdu commands[] = {
        {0x00, 0xA4, 0x04, 0x0C, (const uint8_t *)LDS_AID, LDS_AID_LEN, -1, false},
        {0x00, 0xA4, 0x02, 0x0C, (const uint8_t *)"\x01\x1E", 2, -1, false},
        {0x00, 0xB0, 0, 0, NULL, 0, 4, false},
        {0x00, 0xB0, 0, 4, NULL, 0, 18, false},
    };
    struct octets secret = hex(g1("shared_secret_x")->s);
    struct sm sm = {0};
    sm_start(&sm, CIPHER_AES128, secret.p, secret.n, NULL);
    const struct jval *steps = g1("derived_secure_messaging_aes.steps");
    assert_int_equal(steps->n, COUNT(commands));
    for (size_t i = 0; i < steps->n; i++) {
        const struct jval *s = &steps->items[i];
        uint8_t out[300];
        size_t len = 0;
        struct answer a;
        assert_int_equal(sm_wrap(&sm, &commands[i], out, sizeof out, &len, NULL), RC_OK);
        assert_octets(sm.ssc, 16, gold_str(s, "command.ssc"));
        assert_octets(out, len, gold_str(s, "command.protected"));
        struct octets raw = hex_in(s, "response.protected");
        assert_int_equal(answer_decode(raw.p, raw.n, &a, NULL), RC_OK);
        assert_int_equal(sm_unwrap(&sm, &a, NULL), RC_OK);
        assert_octets(sm.ssc, 16, gold_str(s, "response.ssc"));
        assert_octets(a.data, a.len, gold_str(s, "response.plain"));
    }
}

/* How much of a file goes into one answer, so that no answer is longer than the reader or the card can. */
static void room(void **state)
{
    (void)state;
    static const struct {
        enum cipher cipher;
        size_t answer, want;
    } rows[] = {{CIPHER_3DES, 258, 231},
                {CIPHER_AES128, 258, 223},
                {CIPHER_AES256, 258, 223},
                {CIPHER_AES128, 2048, 2015},
                {CIPHER_AES128, 30, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sm sm = {.open = true, .enc = {.cipher = rows[i].cipher}};
        assert_int_equal(sm_room(&sm, rows[i].answer), rows[i].want);
    }
}

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* A chip and a terminal of our own on every curve: both sides get the same keys, and the cost is printed. */
static void both_sides(int id)
{
    struct ec *chip SCOPED(ec_freep) = NULL, *host SCOPED(ec_freep) = NULL;
    uint8_t nonce[16] = {1, 2, 3}, pc[EC_POINT_MAX], ph[EC_POINT_MAX], xc[EC_X_MAX], xh[EC_X_MAX];
    size_t nc = 0, nh = 0, lc = 0, lh = 0;
    int64_t spent = 0, at;
    assert_int_equal(ec_new(id, &chip, NULL), RC_OK);
    assert_int_equal(ec_keygen(chip, NULL), RC_OK);
    assert_int_equal(ec_public(chip, pc, &nc, NULL), RC_OK);
    at = cpu_us();
    assert_int_equal(ec_new(id, &host, NULL), RC_OK);
    assert_int_equal(ec_keygen(host, NULL), RC_OK);
    assert_int_equal(ec_public(host, ph, &nh, NULL), RC_OK);
    assert_int_equal(ec_map(host, nonce, sizeof nonce, pc, nc, NULL), RC_OK);
    assert_int_equal(ec_keygen(host, NULL), RC_OK);
    spent += cpu_us() - at;
    assert_int_equal(ec_map(chip, nonce, sizeof nonce, ph, nh, NULL), RC_OK);
    assert_int_equal(ec_keygen(chip, NULL), RC_OK);
    assert_int_equal(ec_public(chip, pc, &nc, NULL), RC_OK);
    at = cpu_us();
    assert_int_equal(ec_public(host, ph, &nh, NULL), RC_OK);
    assert_int_equal(ec_shared(host, pc, nc, xh, &lh, NULL), RC_OK);
    spent += cpu_us() - at;
    assert_int_equal(ec_shared(chip, ph, nh, xc, &lc, NULL), RC_OK);
    assert_int_equal(lh, lc);
    assert_memory_equal(xh, xc, lh);
    print_message("  %-16s host part of PACE %5.1f ms CPU\n", ec_name(id), (double)spent / 1000);
}

static void curves(void **state)
{
    (void)state;
    static const int ids[] = {8, 10, 12, 13, 15, 16, 17, 18};
    for (size_t i = 0; i < COUNT(ids); i++)
        both_sides(ids[i]);
    static const struct {
        int id;
        const char *text;
    } refused[] = {
        {9, "domain parameters 9 (brainpoolP192r1) are not supported"},
        {14, "domain parameters 14 (brainpoolP320r1) are not supported"},
        {0, "domain parameters 0 (not an elliptic curve of ICAO 9303-11) are not supported"},
        {99, "domain parameters 99 (not an elliptic curve of ICAO 9303-11) are not supported"},
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct ec *ec SCOPED(ec_freep) = NULL;
        struct err e = {0};
        assert_int_equal(ec_new(refused[i].id, &ec, &e), RC_UNSUPPORTED);
        assert_string_equal(e.text, refused[i].text);
    }
}

/* What cards offer, and what is taken. */
static void offers(void **state)
{
    (void)state;
    static const struct {
        const char *card_access;
        enum rc rc;
        int cipher, parameter;
        const char *text;
    } rows[] = {
        /* only AES-256 on P-256 */
        {"31143012060A04007F0007020204020402010202010C", RC_OK, CIPHER_AES256, 12, NULL},
        /* 3DES first, AES-128 behind it: AES */
        {"31283012060A04007F0007020204020102010202010D3012060A04007F0007020204020202010202010D", RC_OK,
         CIPHER_AES128, 13, NULL},
        /* integrated mapping only */
        {"31143012060A04007F0007020204040202010202010D", RC_UNSUPPORTED, 0, 0,
         "no PACE we can do; the card offers 4.4.2"},
        /* version 1 */
        {"31143012060A04007F0007020204020202010102010D", RC_UNSUPPORTED, 0, 0,
         "no PACE we can do; the card offers 4.2.2"},
        /* a curve we have not, then DH */
        {"31283012060A04007F0007020204020202010202010E3012060A04007F00070202040102020102020102",
         RC_UNSUPPORTED, 0, 0, "no PACE we can do; the card offers 4.2.2 4.1.2"},
        /* no parameter id, and a PACEDomainParameterInfo with one */
        {"312C300F060A04007F00070202040202020102"
         "3019060904007F000702020402300C060704007F0007010202010D",
         RC_OK, CIPHER_AES128, 13, NULL},
        /* chip authentication only */
        {"3111300F060A04007F00070202030204020101", RC_NOT_FOUND, 0, 0, "CardAccess names no PACE"},
        {"3100", RC_NOT_FOUND, 0, 0, "CardAccess names no PACE"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].card_access);
        struct security_infos infos;
        struct pace_info info = {0};
        struct err e = {0};
        enum rc rc = lds_security_infos(o.p, o.n, &infos, &e);
        if (rc == RC_OK)
            rc = pace_choose(&infos, &info, &e);
        if (rc != rows[i].rc)
            fail_msg("row %zu: %s", i, e.text);
        if (rows[i].text)
            assert_string_equal(e.text, rows[i].text);
        if (rc == RC_OK) {
            assert_int_equal(info.cipher, rows[i].cipher);
            assert_int_equal(info.parameter_id, rows[i].parameter);
        }
    }
}

static int end(void **state)
{
    (void)state;
    gold_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example), cmocka_unit_test(refusals), cmocka_unit_test(passwords),
        cmocka_unit_test(messages),       cmocka_unit_test(room),     cmocka_unit_test(curves),
        cmocka_unit_test(offers),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
