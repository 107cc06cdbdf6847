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
    struct pace_info all[PACE_OFFERS];
    size_t n = 0;
    assert_int_equal(pace_choose(&infos, all, &n, NULL), RC_OK);
    *info = all[0];
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
    fixed = (struct pace_fixed){{mapping_key.p, mapping_key.n}, {ephemeral_key.p, ephemeral_key.n}};
    pace_fixed = &fixed;
    assert_int_equal(pace_start(p, &info, PACE_MRZ, g1("mrz_information")->s, NULL), RC_OK);
}

static void worked_example(void **state)
{
    (void)state;
    struct pace p SCOPED(pace_wipe) = {0};
    struct sm sm = {0};
    uint8_t data[PACE_DATA_MAX], point[KA_PUBLIC_MAX];
    size_t len = 0, n = 0;
    struct answer a;
    begin(&p);
    assert_octets(p.info.oid, 10, g1("oid_bytes")->s);
    assert_int_equal(p.info.parameter_id, 13);
    assert_string_equal(pace_name(&p.info), "ECDH-GM-AES-128");
    assert_string_equal(ka_name(13), g1("curve")->s);
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
    assert_int_equal(ka_generator(p.ka, point, &n, NULL), RC_OK);
    assert_octets(point, n, g1("mapped_generator")->s);
    assert_octets(p.ours, p.ours_len, g1("terminal_ephemeral_public_key")->s);
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

/* ---- the other worked examples: ECDH with integrated mapping, DH both ways ---- */

static struct answer dynamic_answer(const char *tag, const char *value)
{
    char text[1200];
    struct answer a = {.sw = 0x9000};
    size_t n = strlen(value) / 2, head = n > 127 ? 3 : 2;
    if (n > 127)
        snprintf(text, sizeof text, "7C81%02zX%s81%02zX%s", n + head, tag, n, value);
    else
        snprintf(text, sizeof text, "7C%02zX%s%02zX%s", n + head, tag, n, value);
    struct octets o = hex(text);
    memcpy(a.data, o.p, o.n);
    a.len = o.n;
    return a;
}

static void holds(const uint8_t *data, size_t len, const char *tag, const char *value)
{
    struct answer a = dynamic_answer(tag, value);
    assert_int_equal(len, a.len);
    assert_memory_equal(data, a.data, len);
}

/* The whole example; with `member` replaced by `value` the step that reads it must refuse with `text`. */
static void example(const struct jval *x, const char *member, const char *value, const char *text)
{
    struct pace p SCOPED(pace_wipe) = {0};
    struct sm sm = {0};
    uint8_t data[PACE_DATA_MAX];
    size_t len = 0, n = 0;
    struct err e = {0};
    const struct jval *zone = jval_get(x, "mrz_information");
    struct octets oid = hex(gold_str(x, "oid_bytes"));
    struct pace_info info = {.cipher = CIPHER_AES128, .reference = -1};
    memcpy(info.oid, oid.p, sizeof info.oid);
    info.dh = oid.p[8] == 1 || oid.p[8] == 3;
    info.mapping = oid.p[8] >= 3 ? MAP_IM : MAP_GM;
    info.parameter_id = (int)jval_int(x, "parameter_id", -1);
    mapping_key =
        hex(gold_str(x, info.mapping == MAP_IM ? "additional_nonce_t" : "terminal_mapping_private_key"));
    ephemeral_key = hex(gold_str(x, "terminal_ephemeral_private_key"));
    fixed = (struct pace_fixed){{mapping_key.p, mapping_key.n}, {ephemeral_key.p, ephemeral_key.n}};
    pace_fixed = &fixed;
#define PART(name) (member && strcmp(member, name) == 0 ? value : gold_str(x, name))
    enum rc rc = pace_start(&p, &info, zone ? PACE_MRZ : PACE_CAN, zone ? zone->s : "123456", &e);
    assert_int_equal(rc, RC_OK);
    assert_octets(p.password.k, 16, gold_str(x, "k_pi"));
    struct answer a = dynamic_answer("80", gold_str(x, "encrypted_nonce_z"));
    assert_int_equal(pace_map(&p, &a, data, &len, &e), RC_OK);
    assert_octets(p.nonce, p.nonce_len, gold_str(x, "nonce_s"));
    holds(data, len, "81",
          gold_str(x, info.mapping == MAP_IM ? "additional_nonce_t" : "terminal_mapping_public_key"));
    a = dynamic_answer("82", info.mapping == MAP_IM ? "" : PART("chip_mapping_public_key"));
    rc = pace_agree(&p, &a, data, &len, &e);
    if (rc == RC_OK) {
        uint8_t g[KA_PUBLIC_MAX];
        assert_int_equal(ka_generator(p.ka, g, &n, NULL), RC_OK);
        assert_octets(g, n, gold_str(x, "mapped_generator"));
        holds(data, len, "83", gold_str(x, "terminal_ephemeral_public_key"));
        a = dynamic_answer("84", PART("chip_ephemeral_public_key"));
        rc = pace_token(&p, &a, data, &len, &e);
    }
    if (rc == RC_OK && !member) {
        assert_octets(p.keys.enc.k, 16, gold_str(x, "ks_enc"));
        assert_octets(p.keys.mac.k, 16, gold_str(x, "ks_mac"));
        holds(data, len, "85", gold_str(x, "token_terminal"));
    }
    if (rc == RC_OK) {
        a = dynamic_answer("86", PART("token_chip"));
        rc = pace_finish(&p, &a, &sm, &e);
    }
    pace_fixed = NULL;
    assert_int_equal(rc, member ? RC_PROTOCOL : RC_OK);
    assert_int_equal(sm.open, !member);
    if (member)
        assert_string_equal(e.text, text);
}

/* p - 1 is the value of order 2; a random number is most likely of no use either. */
#define P0                                                                                                   \
    "B10B8F96A080E01DDE92DE5EAE5D54EC52C99FBCFB06A3C69A6A9DCA52D23B616073E28675A23D189838EF1E2EE652C013ECB4" \
    "AEA906112324975C3CD49B83BFACCBDD7D90C4BD7098488E9C219A73724EFFD6FAE5644738FAA31A4FF55BCCC0A151AF5F0DC8" \
    "B4BD45BF37DF365C1A65E68CFDA76D4DA708DF1FB2BC2E4A43"

static void other_examples(void **state)
{
    (void)state;
    const struct jval *h1 = gold(F, "H1_ecdh_integrated_mapping");
    const struct jval *g2 = gold("pace_dh.json", "G2_dh_generic_mapping");
    const struct jval *h2 = gold("pace_dh.json", "H2_dh_integrated_mapping");
    example(h1, NULL, NULL, NULL);
    example(g2, NULL, NULL, NULL);
    example(h2, NULL, NULL, NULL);
    static const struct {
        const char *member, *value, *text;
    } bad[] = {
        {"chip_mapping_public_key", "01", "the card's public key is out of range"},
        {"chip_mapping_public_key", "00", "the card's public key is out of range"},
        {"chip_mapping_public_key", P0 "70", "the card's public key is out of range"}, /* p - 1 */
        {"chip_mapping_public_key", P0 "71", "the card's public key is out of range"},
        {"chip_mapping_public_key", P0 "6F", "the card's public key is outside the group"},
        {"chip_ephemeral_public_key", "02", "the card's public key is outside the group"},
        {"chip_ephemeral_public_key", "", "the card's public key has 0 bytes instead of 128"},
        {"token_chip", "917F37B5C0E6D8D2", "PACE: the card's token is wrong"},
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        example(g2, bad[i].member, bad[i].value, bad[i].text);
    example(g2, "chip_ephemeral_public_key", gold_str(g2, "terminal_ephemeral_public_key"),
            "PACE: the card sends our own public key back");
    example(g2, "chip_mapping_public_key", gold_str(g2, "terminal_mapping_public_key"),
            "PACE: the card sends our own public key back");
    example(h1, "chip_ephemeral_public_key", gold_str(h1, "terminal_ephemeral_public_key"),
            "PACE: the card sends our own public key back");
    example(h1, "token_chip", gold_str(h1, "token_terminal"), "PACE: the card's token is wrong");
}

/* ---- all domain parameters ---- */

static const int ids[] = {0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};

static void pair(struct ka *ka, uint8_t pub[KA_PUBLIC_MAX], size_t *len)
{
    assert_int_equal(ka_keygen(ka, NULL), RC_OK);
    assert_int_equal(ka_public(ka, pub, len, NULL), RC_OK);
}

/* A chip and a terminal of our own: both sides get the same keys, and the cost is printed. */
static void both_sides(int id, bool integrated)
{
    struct ka *chip SCOPED(ka_freep) = NULL, *host SCOPED(ka_freep) = NULL;
    uint8_t nonce[64] = {1, 2, 3}, pc[KA_PUBLIC_MAX], ph[KA_PUBLIC_MAX], xc[KA_SECRET_MAX], xh[KA_SECRET_MAX];
    size_t nc = 0, nh = 0, lc = 0, lh = 0;
    struct bytes s = {nonce, integrated ? 64 : 16};
    assert_int_equal(ka_new(id, &chip, NULL), RC_OK);
    assert_int_equal(ka_new(id, &host, NULL), RC_OK);
    int64_t spent = 0, at = cpu_us();
    if (integrated) {
        assert_int_equal(ka_map_integrated(host, s, NULL), RC_OK);
        pair(host, ph, &nh);
        spent += cpu_us() - at;
        assert_int_equal(ka_map_integrated(chip, s, NULL), RC_OK);
        pair(chip, pc, &nc);
    } else {
        pair(chip, pc, &nc);
        at = cpu_us();
        pair(host, ph, &nh);
        assert_int_equal(ka_map(host, s, BYTES(pc, nc), NULL), RC_OK);
        spent += cpu_us() - at;
        assert_int_equal(ka_map(chip, s, BYTES(ph, nh), NULL), RC_OK);
        at = cpu_us();
        pair(host, ph, &nh);
        spent += cpu_us() - at;
        pair(chip, pc, &nc);
    }
    at = cpu_us();
    assert_int_equal(ka_shared(host, BYTES(pc, nc), xh, &lh, NULL), RC_OK);
    spent += cpu_us() - at;
    assert_int_equal(ka_shared(chip, BYTES(ph, nh), xc, &lc, NULL), RC_OK);
    assert_int_equal(lh, lc);
    assert_memory_equal(xh, xc, lh);
    print_message("  %-16s %s mapping: host part of PACE %5.1f ms CPU\n", ka_name(id),
                  integrated ? "integrated" : "generic", (double)spent / 1000);
}

static void curves(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++)
        for (int integrated = 0; integrated < 2; integrated++)
            if (!integrated || ids[i] != 10)
                both_sides(ids[i], integrated);
    struct ka *ka SCOPED(ka_freep) = NULL;
    struct err e = {0};
    assert_int_equal(ka_new(10, &ka, NULL), RC_OK);
    assert_int_equal(ka_map_integrated(ka, BYTES("123", 3), &e), RC_UNSUPPORTED);
    assert_string_equal(e.text, "integrated mapping does not work on secp224r1");
    static const int unknown[] = {-1, 3, 7, 19, 99};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        struct ka *none SCOPED(ka_freep) = NULL;
        assert_int_equal(ka_new(unknown[i], &none, NULL), RC_UNSUPPORTED);
    }
}

/* Keys and secrets that begin with zeros keep their length: looked for until some are met. */
static void leading_zeros(void **state)
{
    (void)state;
    static const int some[] = {0, 8, 12, 18};
    for (size_t i = 0; i < COUNT(some); i++) {
        unsigned keys = 0, secrets = 0, tries = 0;
        struct ka *a SCOPED(ka_freep) = NULL, *b SCOPED(ka_freep) = NULL;
        uint8_t pa[KA_PUBLIC_MAX], pb[KA_PUBLIC_MAX], xa[KA_SECRET_MAX], xb[KA_SECRET_MAX];
        size_t na = 0, nb = 0, la = 0, lb = 0, first = 0;
        assert_int_equal(ka_new(some[i], &a, NULL), RC_OK);
        assert_int_equal(ka_new(some[i], &b, NULL), RC_OK);
        pair(b, pb, &nb);
        size_t skip = ka_is_dh(a) ? 0 : 1;
        for (tries = 0; tries < 4000 && (keys == 0 || secrets == 0); tries++) {
            uint8_t d[2] = {(uint8_t)((tries + 2) >> 8), (uint8_t)(tries + 2)};
            assert_int_equal(ka_set_key(a, d, sizeof d, NULL), RC_OK);
            assert_int_equal(ka_public(a, pa, &na, NULL), RC_OK);
            assert_int_equal(ka_shared(a, BYTES(pb, nb), xa, &la, NULL), RC_OK);
            first = first ? first : na;
            assert_int_equal(na, first);
            bool zero = some[i] == 18 ? pa[skip] == 0 && pa[skip + 1] == 0 : pa[skip] == 0;
            bool x_zero = some[i] == 18 ? xa[0] == 0 && xa[1] == 0 : xa[0] == 0;
            if (!zero && !x_zero)
                continue;
            keys += zero;
            secrets += x_zero;
            assert_int_equal(ka_shared(b, BYTES(pa, na), xb, &lb, NULL), RC_OK);
            assert_int_equal(la, lb);
            assert_memory_equal(xa, xb, la);
        }
        assert_true(keys > 0 && secrets > 0);
        print_message("  %-16s %u keys and %u secrets with zeros in front among %u\n", ka_name(some[i]), keys,
                      secrets, tries);
    }
}

/* What cards offer, and what is taken. */
static const struct {
    const char *card_access;
    enum rc rc;
    int cipher, parameter;
    const char *text;
} offer_rows[] = {
    /* only AES-256 on P-256 */
    {"31143012060A04007F0007020204020402010202010C", RC_OK, CIPHER_AES256, 12, NULL},
    /* 3DES first, AES-128 behind it: AES */
    {"31283012060A04007F0007020204020102010202010D3012060A04007F0007020204020202010202010D", RC_OK,
     CIPHER_AES128, 13, NULL},
    /* integrated mapping only */
    {"31143012060A04007F0007020204040202010202010D", RC_OK, CIPHER_AES128, 13, NULL},
    /* integrated, then generic: generic; chip authentication mapping alone */
    {"31283012060A04007F0007020204040402010202010D3012060A04007F0007020204020302010202010C", RC_OK,
     CIPHER_AES192, 12, NULL},
    {"31143012060A04007F0007020204060402010202010D", RC_OK, CIPHER_AES256, 13, NULL},
    /* DH before 3DES on a curve; a curve behind a DH protocol, integrated mapping on secp224r1 */
    {"31283012060A04007F0007020204020102010202010D3012060A04007F00070202040102020102020102", RC_OK,
     CIPHER_AES128, 2, NULL},
    {"31143012060A04007F0007020204010202010202010D", RC_UNSUPPORTED, 0, 0,
     "no PACE we can do; the card offers 4.1.2"},
    {"31143012060A04007F0007020204040202010202010A", RC_UNSUPPORTED, 0, 0,
     "no PACE we can do; the card offers 4.4.2"},
    /* version 1 */
    {"31143012060A04007F0007020204020202010102010D", RC_UNSUPPORTED, 0, 0,
     "no PACE we can do; the card offers 4.2.2"},
    /* a curve that is none, then DH */
    {"31283012060A04007F0007020204020202010202011E3012060A04007F00070202040102020102020102", RC_OK,
     CIPHER_AES128, 2, NULL},
    {"31143012060A04007F0007020204020202010202011E", RC_UNSUPPORTED, 0, 0,
     "no PACE we can do; the card offers 4.2.2"},
    /* no parameter id, and a PACEDomainParameterInfo with one */
    {"312C300F060A04007F00070202040202020102"
     "3019060904007F000702020402300C060704007F0007010202010D",
     RC_OK, CIPHER_AES128, 13, NULL},
    /* a number of the card's own (64), and what it means: the second of two */
    {"31503012060A04007F00070202040202020102020140"
     "301C060904007F000702020402300C060704007F0007010202010C02013F"
     "301C060904007F000702020402300C060704007F0007010202010E020140",
     RC_OK, CIPHER_AES128, 14, NULL},
    /* chip authentication only */
    {"3111300F060A04007F00070202030204020101", RC_NOT_FOUND, 0, 0, "CardAccess names no PACE"},
    {"3100", RC_NOT_FOUND, 0, 0, "CardAccess names no PACE"},
};

static void offers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(offer_rows); i++) {
        struct octets o = hex(offer_rows[i].card_access);
        struct security_infos infos;
        struct pace_info all[PACE_OFFERS] = {0}, info;
        size_t n = 0;
        struct err e = {0};
        enum rc rc = lds_security_infos(o.p, o.n, &infos, &e);
        if (rc == RC_OK)
            rc = pace_choose(&infos, all, &n, &e);
        info = all[0];
        if (rc != offer_rows[i].rc)
            fail_msg("row %zu: %s", i, e.text);
        if (offer_rows[i].text)
            assert_string_equal(e.text, offer_rows[i].text);
        if (rc == RC_OK) {
            assert_int_equal(info.cipher, offer_rows[i].cipher);
            assert_int_equal(info.parameter_id, offer_rows[i].parameter);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example), cmocka_unit_test(refusals),       cmocka_unit_test(passwords),
        cmocka_unit_test(messages),       cmocka_unit_test(room),           cmocka_unit_test(curves),
        cmocka_unit_test(offers),         cmocka_unit_test(other_examples), cmocka_unit_test(leading_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, gold_end);
}
