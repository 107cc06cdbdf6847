/* ICAO 9303-11 appendix D: keys, mutual authentication, 3DES secure messaging, and what must be refused. */
#include "tests/unit/card_golden.h"

#include "drivers/card/bac.h"

#include <string.h>

#define F "bac.json"

static void keys(void **state)
{
    (void)state;
    struct octets seed = gold_hex(F, "D1_key_derivation.kseed");
    struct card_key k;
    card_kdf(&k, CIPHER_3DES, seed.p, seed.n, 1);
    assert_octets(k.k, 16, gold(F, "D1_key_derivation.kenc")->s);
    card_kdf(&k, CIPHER_3DES, seed.p, seed.n, 2);
    assert_octets(k.k, 16, gold(F, "D1_key_derivation.kmac")->s);
}

static void document_keys(void **state)
{
    (void)state;
    const struct jval *cases = gold(F, "D2_document_basic_access_keys.cases");
    for (size_t i = 0; i < cases->n; i++) {
        const struct jval *c = &cases->items[i];
        char info[MRZ_INFO_MAX];
        uint8_t hash[SHA1_LEN];
        struct mrz_key key = {gold_str(c, "document_number"), gold_str(c, "date_of_birth"),
                              gold_str(c, "date_of_expiry")};
        assert_int_equal(mrz_info(&key, info, NULL), RC_OK);
        assert_string_equal(info, gold_str(c, "mrz_information"));
        card_sha1(hash, info, strlen(info));
        assert_octets(hash, sizeof hash, gold_str(c, "sha1"));
    }
    assert_int_equal(cases->n, 4);
}

static void start(struct bac *b)
{
    struct octets rnd = gold_hex(F, "D3_authentication.rnd_ifd"), k = gold_hex(F, "D3_authentication.k_ifd");
    uint8_t ours[24];
    memcpy(ours, rnd.p, 8);
    memcpy(ours + 8, k.p, 16);
    assert_int_equal(
        bac_start(b, gold(F, "D2_document_basic_access_keys.used_below.mrz_information")->s, ours, NULL),
        RC_OK);
}

static void authentication(void **state)
{
    (void)state;
    struct bac b;
    struct sm sm = {0};
    uint8_t token[BAC_TOKEN];
    start(&b);
    assert_octets(b.enc.k, 16, gold(F, "D2_document_basic_access_keys.used_below.kenc")->s);
    assert_int_equal(bac_command(&b, gold_hex(F, "D3_authentication.rnd_ic").p, token, NULL), RC_OK);
    assert_octets(token, sizeof token, gold(F, "D3_authentication.cmd_data")->s);
    struct octets answer = gold_hex(F, "D3_authentication.resp_data");
    assert_int_equal(bac_finish(&b, answer.p, answer.n, &sm, NULL), RC_OK);
    assert_octets(sm.enc.k, 16, gold(F, "D3_authentication.ks_enc")->s);
    assert_octets(sm.mac.k, 16, gold(F, "D3_authentication.ks_mac")->s);
    assert_octets(sm.ssc, 8, gold(F, "D3_authentication.ssc")->s);
}

static void authentication_refused(void **state)
{
    (void)state;
    static const struct {
        const char *member, *text;
    } rows[] = {
        {"external_authenticate_response_bad_mac", "BAC: the MAC of the card's answer is wrong"},
        {"external_authenticate_response_short", "BAC: an answer of 39 bytes instead of 40"},
        {"external_authenticate_response_swapped_randoms", "BAC: the card answers another challenge"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bac b;
        struct sm sm = {0};
        struct err e = {0};
        uint8_t token[BAC_TOKEN];
        start(&b);
        assert_int_equal(bac_command(&b, gold_hex(F, "D3_authentication.rnd_ic").p, token, NULL), RC_OK);
        struct octets a = hex_in(gold(F, "negative_cases_derived"), rows[i].member);
        assert_int_equal(bac_finish(&b, a.p, a.n - 2, &sm, &e), RC_PROTOCOL);
        assert_string_equal(e.text, rows[i].text);
        assert_false(sm.open);
    }
}

static void channel(struct sm *sm)
{
    struct octets seed = gold_hex(F, "D3_authentication.ks_seed"),
                  ssc = gold_hex(F, "D4_secure_messaging.ssc_start");
    sm_start(sm, CIPHER_3DES, seed.p, seed.n, ssc.p);
}

static void step(struct sm *sm, const struct jval *s)
{
    struct octets plain = hex_in(s, "unprotected_command_apdu"),
                  answer = hex_in(s, "protected_response_apdu");
    bool data = plain.n > 5;
    struct apdu c = {plain.p[0],
                     plain.p[1],
                     plain.p[2],
                     plain.p[3],
                     data ? plain.p + 5 : NULL,
                     data ? plain.p[4] : 0,
                     data ? -1 : plain.p[4],
                     false};
    uint8_t out[300];
    size_t len = 0;
    struct answer a;
    assert_int_equal(sm_wrap(sm, &c, out, sizeof out, &len, NULL), RC_OK);
    assert_octets(out, len, gold_str(s, "protected_command_apdu"));
    assert_int_equal(answer_decode(answer.p, answer.n, &a, NULL), RC_OK);
    assert_int_equal(sm_unwrap(sm, &a, NULL), RC_OK);
    assert_octets(a.data, a.len, gold_str(s, "response_data"));
    assert_int_equal(a.sw, 0x9000);
}

static void messages(void **state)
{
    (void)state;
    struct sm sm = {0};
    channel(&sm);
    const struct jval *steps = gold(F, "D4_secure_messaging.steps");
    for (size_t i = 0; i < steps->n; i++)
        step(&sm, &steps->items[i]);
    assert_octets(sm.ssc, 8, gold(F, "D4_secure_messaging.ssc_end")->s);
}

/* Each damaged answer closes the channel. */
static void messages_refused(void **state)
{
    (void)state;
    static const struct {
        const char *member, *text;
    } rows[] = {
        {"step2_response_do87_bit_flipped", "secure messaging: the MAC of the answer is wrong"},
        {"step2_response_mac_bit_flipped", "secure messaging: the MAC of the answer is wrong"},
        {"step2_response_without_do8e", "secure messaging: the answer has no MAC"},
        {"step2_response_do99_differs_from_sw", "secure messaging: the status word is not the protected one"},
    };
    const struct jval *steps = gold(F, "D4_secure_messaging.steps");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sm sm = {0};
        struct err e = {0};
        struct answer a;
        channel(&sm);
        step(&sm, &steps->items[0]);
        sm.ssc[7]++; /* the command of step 2 */
        struct octets raw = hex_in(gold(F, "negative_cases_derived"), rows[i].member);
        assert_int_equal(answer_decode(raw.p, raw.n, &a, NULL), RC_OK);
        assert_int_equal(sm_unwrap(&sm, &a, &e), RC_PROTOCOL);
        assert_string_equal(e.text, rows[i].text);
        assert_string_equal(e.code, "SM_BROKEN");
        assert_false(sm.open);
    }
    struct sm sm = {0};
    struct err e = {0};
    struct answer a;
    channel(&sm);
    step(&sm, &steps->items[0]);
    step(&sm, &steps->items[1]);
    sm.ssc[7]++;
    struct octets raw = gold_hex(F, "negative_cases_derived.step2_response_replayed_at_next_ssc");
    assert_int_equal(answer_decode(raw.p, raw.n, &a, NULL), RC_OK);
    assert_int_equal(sm_unwrap(&sm, &a, &e), RC_PROTOCOL);
    assert_string_equal(e.text, "secure messaging: the MAC of the answer is wrong");
}

/* Every way to damage an answer by one bit is noticed. */
static void every_bit(void **state)
{
    (void)state;
    struct octets raw = hex_in(gold(F, "D4_secure_messaging.steps[1]"), "protected_response_apdu");
    unsigned refused = 0;
    for (size_t bit = 0; bit < raw.n * 8; bit++) {
        struct sm sm = {0};
        struct answer a;
        channel(&sm);
        step(&sm, gold(F, "D4_secure_messaging.steps[0]"));
        sm.ssc[7]++;
        struct octets bad = raw;
        bad.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum rc rc = answer_decode(bad.p, bad.n, &a, NULL);
        if (rc == RC_OK)
            rc = sm_unwrap(&sm, &a, NULL);
        assert_true(rc != RC_OK || !sm.open);
        refused++;
    }
    print_message("%u single-bit damages refused\n", refused);
}

static void padding(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int len; /* -1 refused */
        const char *text;
    } rows[] = {
        {"8000000000000000", 0, NULL},
        {"0102030405060780", 7, NULL},
        {"0102800000000000", 2, NULL},
        {"8080000000000000", 1, NULL},
        {"11223344556677888000000000000000", 8, NULL},
        {"0000000000000000", -1, "padding mark 80 not found"},
        {"0102030405060708", -1, "padding mark 80 not found"},
        {"8000000000000001", -1, "padding mark 80 not found"},
        {"80000000000000", -1, "padded text of 7 bytes is not a multiple of 8"},
        {"", -1, "padded text of 0 bytes is not a multiple of 8"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct octets o = hex(rows[i].bytes);
        struct err e = {0};
        size_t n = 99;
        enum rc rc = card_unpad(o.p, o.n, 8, &n, &e);
        assert_int_equal(rc, rows[i].len < 0 ? RC_PROTOCOL : RC_OK);
        if (rc == RC_OK)
            assert_int_equal(n, rows[i].len);
        else
            assert_string_equal(e.text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),           cmocka_unit_test(document_keys),
        cmocka_unit_test(authentication), cmocka_unit_test(authentication_refused),
        cmocka_unit_test(messages),       cmocka_unit_test(messages_refused),
        cmocka_unit_test(every_bit),      cmocka_unit_test(padding),
    };
    return cmocka_run_group_tests(tests, NULL, gold_end);
}
