/* Passive authentication under attack: documents that openssl would not write, put together by hand and
 * signed with real keys. None of them may be valid. */
#include "tests/unit/card_trust_rig.h"

#include "drivers/card/cms.h"

#include <stdio.h>
#include <string.h>

#define OID_DATA "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"
#define OID_SO "\x06\x06\x67\x81\x08\x01\x01\x01"
#define SHA256 "\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define SHA512 "\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00"
#define SHA1 "\x30\x07\x06\x05\x2B\x0E\x03\x02\x1A"
#define ECDSA256 "\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02"
#define ECDSA512 "\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x04"
#define RSA256 "\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B\x05\x00"
#define RSA_ONLY "\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01\x05\x00"
#define PSS256                                                                                               \
    "\x30\x41\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A\x30\x34\xA0\x0F\x30\x0D\x06\x09\x60\x86\x48\x01"   \
    "\x65\x03\x04\x02\x01\x05\x00\xA1\x1C\x30\x1A\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08\x30\x0D\x06"   \
    "\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xA2\x03\x02\x01\x20"

#define NOTHING BYTES("", 0)
#define EC "e-prime256v1"

/* A document, and how it differs from a right one; empty members are filled with what is right. */
struct made {
    struct bytes content, attributes, digest_alg, sig_alg, sig, certificates, behind;
    const char *key, *digest; /* NULL: EC, sha256 */
    bool no_attributes;
    struct bytes signed_instead; /* what the key signs */
};

static struct trust *trusted;

static struct bytes or_else(struct bytes v, struct bytes other)
{
    return v.len ? v : other;
}

static struct bytes attribute(uint8_t which, struct bytes values)
{
    char oid[] = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x09?";
    oid[10] = (char)which;
    return tlv(0x30, join(2, BYTES(oid, 11), tlv(0x31, values)));
}

static struct bytes type_attribute(void)
{
    return attribute(3, TEXT(OID_SO));
}

static struct bytes digest_attribute(struct bytes content)
{
    uint8_t h[HASH_MAX];
    hash_of(HASH_SHA256, content, h);
    return attribute(4, tlv(4, BYTES(h, 32)));
}

static struct bytes build(const struct made *m)
{
    struct bytes content = or_else(m->content, rig_file("lds"));
    const char *key = m->key ? m->key : EC;
    struct bytes cer = rig_file(arena_fmt(rig_arena(), "%s.cer", key));
    struct bytes attributes =
        or_else(m->attributes, join(2, type_attribute(), digest_attribute(rig_file("lds"))));
    struct bytes tbs = or_else(m->signed_instead, m->no_attributes ? content : tlv(0x31, attributes));
    struct bytes sig = or_else(m->sig, NOTHING);
    struct cert c;
    assert_int_equal(cert_read(cer, &c, NULL), RC_OK);
    if (!sig.len)
        sig = rig_sign(key, m->digest ? m->digest : "sha256", tbs);
    struct bytes signer = tlv(0x30, join(6, num(1), tlv(0x30, join(2, c.issuer, tlv(2, c.serial))),
                                         or_else(m->digest_alg, TEXT(SHA256)),
                                         m->no_attributes ? NOTHING : tlv(0xA0, attributes),
                                         or_else(m->sig_alg, TEXT(ECDSA256)), tlv(4, sig)));
    struct bytes data = tlv(0x30, join(5, num(3), tlv(0x31, TEXT(SHA256)),
                                       tlv(0x30, join(2, TEXT(OID_SO), tlv(0xA0, tlv(4, content)))),
                                       tlv(0xA0, or_else(m->certificates, cer)), tlv(0x31, signer)));
    return join(2, rig_sod(tlv(0x30, join(2, TEXT(OID_DATA), tlv(0xA0, data)))), m->behind);
}

static void want(const char *what, const struct made *m, enum trust_word word)
{
    const char *why;
    enum trust_word is = rig_verdict(trusted, build(m), &why);
    if (is != word)
        fail_msg("%s: %s (%s)", what, trust_word(is), why);
    print_message("%-55s %s: %s\n", what, trust_word(is), why);
}

#define WRONG TRUST_SIGNATURE_WRONG

static void controls(void **state)
{
    (void)state;
    trusted = rig_trust("csca.cer pssca.cer");
    want("as it should be", &(struct made){0}, TRUST_VALID);
    want("without attributes", &(struct made){.no_attributes = true}, TRUST_VALID);
    want("RSA, hash named by the digest alone", &(struct made){.key = "r2048", .sig_alg = TEXT(RSA_ONLY)},
         TRUST_VALID);
}

static void content(void **state)
{
    (void)state;
    struct bytes lds = rig_file("lds"), other = join(1, rig_file("lds"));
    ((uint8_t *)other.p)[other.len - 1] ^= 1;
    struct bytes attributes = join(2, type_attribute(), digest_attribute(lds));
    want("other content under the same attributes", &(struct made){.content = other}, WRONG);
    want("attributes changed after signing",
         &(struct made){.content = other,
                        .attributes = join(2, type_attribute(), digest_attribute(other)),
                        .signed_instead = tlv(0x31, attributes)},
         WRONG);
    want("the signed attributes sold as content",
         &(struct made){.content = tlv(0x31, attributes), .no_attributes = true}, WRONG);
    want("bytes behind the document", &(struct made){.behind = TEXT("\x00")}, WRONG);
    want("a second document behind", &(struct made){.behind = TEXT("\x30\x00")}, WRONG);
    struct bytes longer = tlv(0x30, join(2, BYTES((const char *)lds.p + 2, lds.len - 2), TEXT("\x05\x00")));
    want("bytes behind the hashes", &(struct made){.content = longer, .no_attributes = true}, WRONG);
}

static void attributes(void **state)
{
    (void)state;
    struct bytes lds = rig_file("lds"), d = digest_attribute(lds), t = type_attribute(),
                 wrong = digest_attribute(TEXT("other"));
    want("attributes in another order than DER's", &(struct made){.attributes = join(2, d, t)}, TRUST_VALID);
    want("... signed in DER's order",
         &(struct made){.attributes = join(2, d, t), .signed_instead = tlv(0x31, join(2, t, d))},
         TRUST_VALID);
    want("no content type", &(struct made){.attributes = d}, WRONG);
    want("no digest", &(struct made){.attributes = t}, WRONG);
    want("another content type",
         &(struct made){.attributes = join(2, attribute(3, TEXT("\x06\x06\x67\x81\x08\x01\x01\x02")), d)},
         WRONG);
    want("the digest twice", &(struct made){.attributes = join(3, t, d, d)}, WRONG);
    want("a wrong digest, then the right one", &(struct made){.attributes = join(3, t, wrong, d)}, WRONG);
    want("the right digest, then a wrong one", &(struct made){.attributes = join(3, t, d, wrong)}, WRONG);
    uint8_t h[HASH_MAX];
    hash_of(HASH_SHA256, lds, h);
    struct bytes two = attribute(4, join(2, tlv(4, BYTES(h, 32)), tlv(4, BYTES(h, 31))));
    want("two values of the digest", &(struct made){.attributes = join(2, t, two)}, WRONG);
    want("no value of the digest", &(struct made){.attributes = join(2, t, attribute(4, NOTHING))}, WRONG);
    want("a shorter digest", &(struct made){.attributes = join(2, t, attribute(4, tlv(4, BYTES(h, 20))))},
         WRONG);
    want("attributes that are there but empty",
         &(struct made){.attributes = TEXT("\x05\x00"), .signed_instead = lds}, WRONG);
}

static void confusion(void **state)
{
    (void)state;
    want("digest SHA-512, signature with SHA-256", &(struct made){.digest_alg = TEXT(SHA512)}, WRONG);
    want("digest SHA-1, signature with SHA-256", &(struct made){.digest_alg = TEXT(SHA1)}, WRONG);
    want("signature says SHA-512, made with SHA-256", &(struct made){.sig_alg = TEXT(ECDSA512)}, WRONG);
    want("an RSA signature of an EC key", &(struct made){.sig_alg = TEXT(RSA256)}, WRONG);
    want("an EC signature of an RSA key", &(struct made){.key = "r2048"}, WRONG);
    want("PKCS#1 said to be PSS", &(struct made){.key = "r2048", .sig_alg = TEXT(PSS256)}, WRONG);
    want("an unknown algorithm",
         &(struct made){.sig_alg = TEXT("\x30\x05\x06\x03\x2B\x65\x70"), .sig = TEXT("0123456789")},
         TRUST_NOT_CHECKED);
    want("another certificate enclosed", &(struct made){.certificates = rig_file("stray.cer")},
         TRUST_SIGNER_UNKNOWN);
}

/* r and s at their limits. */
static void numbers(void **state)
{
    (void)state;
    static const char n[] =
        "\x00\xFF\xFF\xFF\xFF\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xBC\xE6\xFA\xAD"
        "\xA7\x17\x9E\x84\xF3\xB9\xCA\xC2\xFC\x63\x25\x51";
    struct bytes zero = TEXT("\x02\x01\x00"), one = TEXT("\x02\x01\x01"), order = tlv(2, BYTES(n, 33));
    struct bytes minus = TEXT("\x02\x01\xFF"), padded = TEXT("\x02\x02\x00\x01"), none = TEXT("\x02\x00");
    const struct bytes odd[] = {zero, order, minus, padded, none, one};
    for (size_t i = 0; i < COUNT(odd); i++) {
        want("r at its limit", &(struct made){.sig = tlv(0x30, join(2, odd[i], one))}, WRONG);
        want("s at its limit", &(struct made){.sig = tlv(0x30, join(2, one, odd[i]))}, WRONG);
    }
    struct bytes lds = rig_file("lds"), good = rig_sign(EC, "sha256", lds);
    want("the control", &(struct made){.sig = good, .no_attributes = true}, TRUST_VALID);
    want("bytes behind the signature",
         &(struct made){.sig = join(2, good, TEXT("\x00")), .no_attributes = true}, WRONG);
    struct bytes rs = BYTES((const char *)good.p + 2, good.len - 2);
    want("a third number", &(struct made){.sig = tlv(0x30, join(2, rs, one)), .no_attributes = true}, WRONG);
    struct bytes overlong = join(3, TEXT("\x30\x81"), BYTES((const char *)good.p + 1, 1), rs);
    want("an overlong length", &(struct made){.sig = overlong, .no_attributes = true}, WRONG);
}

/* Bytes as an RSA signature: sig ^ d of a block made by hand. */
static struct bytes raw_rsa(const char *tail, size_t len, size_t pad)
{
    uint8_t block[256];
    memset(block, 0xFF, sizeof block);
    block[0] = 0;
    block[1] = 1;
    block[2 + pad] = 0;
    memset(block + 3 + pad, 0xA5, sizeof block - 3 - pad);
    memcpy(block + 3 + pad, tail, len);
    rig_write("block", BYTES(block, sizeof block));
    rig_run("openssl pkeyutl -decrypt -inkey r2048.key -pkeyopt rsa_padding_mode:none -in block -out sig");
    return rig_file("sig");
}

static void forgeries(void **state)
{
    (void)state;
    uint8_t h[HASH_MAX];
    char info[80];
    hash_of(HASH_SHA256, rig_file("lds"), h);
    const struct made rsa = {.key = "r2048", .sig_alg = TEXT(RSA256), .no_attributes = true};
    struct made m = rsa;
    memcpy(info, "\x30\x31" SHA256 "\x04\x20", 19);
    memcpy(info + 19, h, 32);
    m.sig = raw_rsa(info, 51, 202);
    want("the control", &m, TRUST_VALID);
    m.sig = raw_rsa(info, 51, 8);
    want("garbage behind a short padding (2006)", &m, WRONG);
    m.sig = raw_rsa(info, 51, 201);
    want("one byte of garbage", &m, WRONG);
    memcpy(info, "\x30\x81\x31" SHA256 "\x04\x20", 20); /* BER */
    memcpy(info + 20, h, 32);
    m.sig = raw_rsa(info, 52, 201);
    want("an overlong length in DigestInfo", &m, WRONG);
    memcpy(info, "\x30\x2F\x30\x0B\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20", 17);
    memcpy(info + 17, h, 32);
    m.sig = raw_rsa(info, 49, 204);
    want("DigestInfo without NULL", &m, WRONG);
    m.sig = raw_rsa((char *)h, 32, 221);
    want("the bare digest", &m, WRONG);
    m = rsa;
    struct bytes good = rig_sign("r2048", "sha256", rig_file("lds"));
    m.sig = good;
    want("the control", &m, TRUST_VALID);
    m.sig = join(2, TEXT("\x00"), good);
    want("a zero in front", &m, WRONG);
    m.sig = BYTES((const char *)good.p + 1, good.len - 1);
    want("a byte less", &m, WRONG);
    uint8_t zeros[256] = {0};
    m.sig = BYTES(zeros, sizeof zeros);
    want("zero", &m, WRONG);
    zeros[255] = 1;
    want("one", &m, WRONG);
    memset(zeros, 0xFF, sizeof zeros);
    want("larger than the modulus", &m, WRONG);
}

/* A curve that is spelled out, with any byte of it changed: nothing is ever computed with it (CVE-2020-0601).
 */
static void curves(void **state)
{
    (void)state;
    static const char *const names[] = {"x-prime192v1",      "x-secp224r1",       "x-prime256v1",
                                        "x-secp384r1",       "x-secp521r1",       "x-brainpoolP192r1",
                                        "x-brainpoolP224r1", "x-brainpoolP256r1", "x-brainpoolP320r1",
                                        "x-brainpoolP384r1", "x-brainpoolP512r1"};
    size_t n = 0, seeds = 0, versions = 0;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct cert c;
        struct pub_key k;
        assert_int_equal(cert_read(rig_file(arena_fmt(rig_arena(), "%s.cer", names[i])), &c, NULL), RC_OK);
        assert_int_equal(key_read(c.spki, &k, NULL), RC_OK);
        assert_true(k.spelled_out);
        size_t end = (size_t)((const uint8_t *)k.point.p - (const uint8_t *)c.spki.p);
        for (size_t at = 0; at < end; at++)
            for (int bit = 0; bit < 8; bit++) {
                struct bytes bad = join(1, c.spki);
                struct pub_key other;
                ((uint8_t *)bad.p)[at] ^= (uint8_t)(1 << bit);
                n++;
                if (key_read(bad, &other, NULL) != RC_OK)
                    continue;
                assert_ptr_equal(other.curve, k.curve); /* the seed, the version: no number of the curve */
                seeds += k.seed;
                versions += !k.seed;
            }
    }
    print_message("%zu changes; accepted: %zu of a seed's bits, %zu of the version's\n", n, seeds, versions);
    assert_in_range(versions, 0, COUNT(names) * 8);
}

/* Every byte of a right document, changed: valid only where nothing is signed and nothing depends on it. */
static void every_byte(void **state)
{
    (void)state;
    struct bytes good = build(&(struct made){0});
    size_t valid = 0, words[TRUST_WORDS] = {0};
    for (size_t i = 0; i < good.len; i++) {
        struct bytes bad = join(1, good);
        ((uint8_t *)bad.p)[i] ^= (uint8_t)(1 << (i * 5 % 8));
        enum trust_word w = rig_verdict(trusted, bad, NULL);
        words[w]++;
        valid += w == TRUST_VALID;
    }
    for (size_t cut = 0; cut < good.len; cut += 1 + cut / 50)
        assert_int_not_equal(rig_verdict(trusted, BYTES(good.p, cut), NULL), TRUST_VALID);
    print_message("%zu bytes: %zu valid, %zu wrong, %zu unknown, %zu not checked\n", good.len, valid,
                  words[WRONG], words[TRUST_SIGNER_UNKNOWN], words[TRUST_NOT_CHECKED]);
    /* versions, the set of digest algorithms, the issuer's name beside the signer's number (the certificate
     * found by it must verify, and so must its chain): nobody's word depends on them */
    assert_in_range(valid, 0, 60);
}

/* A document that names a state, signed by a country: only its own may. */
static enum trust_word signed_for(const char *state)
{
    char mrz[] = "I<???D231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<";
    struct trust_verdict v;
    uint8_t h[HASH_MAX];
    memcpy(mrz + 2, state, 3);
    struct bytes dg1 = tlv(0x61, join(2, TEXT("\x5F\x1F\x5A"), TEXT(mrz)));
    hash_of(HASH_SHA256, dg1, h);
    struct bytes list = tlv(0x30, tlv(0x30, join(2, num(1), tlv(4, BYTES(h, 32)))));
    struct bytes object = tlv(0x30, join(3, num(0), TEXT(SHA256), list));
    struct bytes sod = build(
        &(struct made){.content = object, .attributes = join(2, type_attribute(), digest_attribute(object))});
    struct trust_group group = {1, dg1};
    struct trust_question q = {sod, &group, 1, rig_day(2026, 11, 22)};
    trust_check(trusted, rig_arena(), &q, &v);
    print_message("signed by RO for %s: %s (%s)\n", state, trust_word(v.word), v.reason);
    return v.word;
}

static void foreign(void **state)
{
    (void)state;
    assert_int_equal(signed_for("ROU"), TRUST_VALID);
    assert_int_equal(signed_for("HUN"), TRUST_SIGNER_UNKNOWN);
    assert_int_equal(signed_for("D<<"), TRUST_SIGNER_UNKNOWN);
    assert_int_equal(signed_for("UTO"), TRUST_VALID); /* no state: nobody's to sign */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls),   cmocka_unit_test(content), cmocka_unit_test(attributes),
        cmocka_unit_test(confusion),  cmocka_unit_test(numbers), cmocka_unit_test(forgeries),
        cmocka_unit_test(every_byte), cmocka_unit_test(foreign), cmocka_unit_test(curves),
    };
    return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
