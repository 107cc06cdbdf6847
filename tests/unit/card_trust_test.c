/* Passive authentication with a small country that openssl makes: every algorithm, every verdict. */
#include "tests/unit/card_trust_rig.h"

#include "common/base/json.h"

#include <stdio.h>
#include <string.h>

static void is(const struct trust *t, const char *name, enum trust_word want)
{
    const char *why;
    enum trust_word word = rig_verdict(t, rig_sod(rig_file(arena_fmt(rig_arena(), "%s.cms", name))), &why);
    if (word != want)
        fail_msg("%s: %s (%s) instead of %s", name, trust_word(word), why, trust_word(want));
}

static void algorithms(void **state)
{
    (void)state;
    static const char *const names[] = {"rsa-sha1",
                                        "rsa-sha224",
                                        "rsa-sha256",
                                        "rsa-sha384",
                                        "rsa-sha512",
                                        "pss-sha1",
                                        "pss-sha224",
                                        "pss-sha256",
                                        "pss-sha384",
                                        "pss-sha512",
                                        "pss-mgf1-sha1",
                                        "pss-mgf1-sha512",
                                        "pss-salt-0",
                                        "pss-salt-max",
                                        "pss-2049",
                                        "rsa-2049",
                                        "ec-prime192v1",
                                        "ec-secp224r1",
                                        "ec-prime256v1",
                                        "ec-secp384r1",
                                        "ec-secp521r1",
                                        "ec-brainpoolP192r1",
                                        "ec-brainpoolP224r1",
                                        "ec-brainpoolP256r1",
                                        "ec-brainpoolP320r1",
                                        "ec-brainpoolP384r1",
                                        "ec-brainpoolP512r1",
                                        "ex-prime192v1",
                                        "ex-secp224r1",
                                        "ex-prime256v1",
                                        "ex-secp384r1",
                                        "ex-secp521r1",
                                        "ex-brainpoolP192r1",
                                        "ex-brainpoolP224r1",
                                        "ex-brainpoolP256r1",
                                        "ex-brainpoolP320r1",
                                        "ex-brainpoolP384r1",
                                        "ex-brainpoolP512r1",
                                        "ec-long",
                                        "ec-short",
                                        "lds1",
                                        "bare-attributes",
                                        "rsa-bare",
                                        "by-key",
                                        "indefinite"};
    struct trust *t = rig_trust("csca.cer pssca.pem");
    assert_int_equal(trust_size(t), 2);
    for (size_t i = 0; i < COUNT(names); i++)
        is(t, names[i], TRUST_VALID);
    print_message("%zu ways to sign\n", COUNT(names));
}

static const struct {
    const char *files, *sod;
    enum trust_word want;
} rows[] = {
    {"csca.cer", "v-late", TRUST_EXPIRED},
    {"csca.cer", "v-early", TRUST_NOT_CHECKED},
    {"csca.cer", "v-bare", TRUST_VALID}, /* no key identifiers */
    {"csca.cer", "v-mls", TRUST_SIGNER_UNKNOWN},
    {"csca.cer", "v-odd", TRUST_SIGNER_UNKNOWN},
    {"csca.cer", "v-revoked", TRUST_VALID},
    {"csca.cer csca.crl", "v-revoked", TRUST_REVOKED},
    {"csca.cer csca.crl.pem", "v-revoked", TRUST_VALID}, /* .pem holds certificates: refused and said so */
    {"csca.cer csca.crl", "ec-prime256v1", TRUST_VALID},
    {"csca.cer users.crl", "v-revoked", TRUST_REVOKED},
    {"csca.cer delta.crl", "v-revoked",
     TRUST_VALID}, /* not whole, for others, not understood: refused and said so */
    {"csca.cer indirect.crl", "v-revoked", TRUST_VALID},
    {"csca.cer odd.crl", "v-revoked", TRUST_VALID},
    {"csca.cer forged.crl", "v-revoked", TRUST_VALID},             /* not signed by csca */
    {"other.cer csca.cer forged.crl", "v-revoked", TRUST_REVOKED}, /* the same name: a list of this issuer */
    {"other.cer", "ec-prime256v1", TRUST_SIGNER_UNKNOWN},          /* the same name, another key */
    {"", "ec-prime256v1", TRUST_SIGNER_UNKNOWN},
    {"csca.cer", "v-stray", TRUST_SIGNER_UNKNOWN},
    {"csca.cer", "v-forged", TRUST_SIGNATURE_WRONG},
    {"csca.cer", "v-under-next", TRUST_SIGNER_UNKNOWN},
    {"csca.cer link.cer", "v-under-next", TRUST_VALID},
    {"link.cer", "v-under-next", TRUST_SIGNER_UNKNOWN}, /* nobody stands behind the link */
    {"next.cer", "v-under-next", TRUST_VALID},
    {"next.cer", "ec-prime256v1", TRUST_SIGNER_UNKNOWN},
    {"old.cer", "v-under-old", TRUST_EXPIRED},
    {"csca.cer", "apart", TRUST_SIGNER_UNKNOWN},
    {"csca.cer e-prime256v1.cer", "apart", TRUST_VALID},
    {"e-prime256v1.cer", "ec-prime256v1", TRUST_SIGNER_UNKNOWN}, /* a signer vouches for nobody */
    {"csca.cer", "data", TRUST_NOT_CHECKED}, /* signed, but not called a security object: China does so */
};

static void verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("%s with '%s'\n", rows[i].sod, rows[i].files);
        is(rig_trust(rows[i].files), rows[i].sod, rows[i].want);
    }
}

static struct trust_verdict ask(const struct trust *t, const char *sod, const struct trust_group *g, size_t n,
                                int64_t now)
{
    struct trust_verdict v;
    struct trust_question q = {rig_sod(rig_file(sod)), g, n, now};
    trust_check(t, rig_arena(), &q, &v);
    return v;
}

/* The issuer beside the signature, which no signature covers: its parts in another order, as one state writes
 * them, and another number, which then is nobody's. */
static void issuer_order(void **state)
{
    (void)state;
    static const char country[] = "\x31\x0B\x30\x09\x06\x03\x55\x04\x06";
    struct bytes sod = rig_file("ec-prime256v1.cms");
    uint8_t *p = arena_dup(rig_arena(), sod.p, sod.len), *name = NULL;
    for (size_t i = 0; i + 64 < sod.len; i++)
        if (memcmp(p + i, country, sizeof country - 1) == 0)
            name = p + i; /* the last one stands in the signer's part */
    assert_non_null(name);
    size_t first = 13, next = 2 + (size_t)name[first + 1];
    assert_int_equal(name[first], 0x31);
    uint8_t was[13];
    memcpy(was, name, first);
    memmove(name, name + first, next);
    memcpy(name + next, was, first);
    const char *why;
    struct trust *t = rig_trust("csca.cer");
    assert_int_equal(rig_verdict(t, rig_sod(BYTES(p, sod.len)), &why), TRUST_VALID);
    size_t length = name[-1] < 0x80 ? name[-1] : 0;
    assert_true(length > 0 && name[length] == 0x02); /* the number */
    name[length + 2] ^= 1;
    assert_int_equal(rig_verdict(t, rig_sod(BYTES(p, sod.len)), &why), TRUST_SIGNER_UNKNOWN);
}

static void groups(void **state)
{
    (void)state;
    const struct trust_group wrong[] = {{1, TEXT(DG2)}, {2, TEXT(DG2)}},
                             more[] = {{1, TEXT(DG1)}, {15, TEXT("a key of mine")}},
                             twice[] = {{1, TEXT(DG2)}, {1, TEXT(DG1)}}, one[] = {{1, TEXT(DG1)}};
    struct trust *t = rig_trust("csca.cer");
    int64_t now = rig_day(2026, 11, 22);
    struct trust_verdict v = ask(t, "ec-long.cms", wrong, 2, now);
    assert_int_equal(v.word, TRUST_HASH_DIFFERS);
    assert_string_equal(v.reason, "DG1 is not the file that was signed");
    assert_int_equal(v.group[1], TRUST_GROUP_DIFFERS);
    assert_int_equal(v.group[2], TRUST_GROUP_SAME);
    v = ask(t, "ec-long.cms", more, 2, now);
    assert_int_equal(v.word, TRUST_HASH_DIFFERS);
    assert_string_equal(v.reason, "DG15 is not listed in the security object");
    assert_int_equal(ask(t, "ec-long.cms", twice, 2, now).word, TRUST_HASH_DIFFERS);
    assert_int_equal(ask(t, "ec-long.cms", NULL, 0, now).word, TRUST_NOT_CHECKED);
    assert_int_equal(ask(NULL, "ec-long.cms", wrong, 2, now).word, TRUST_HASH_DIFFERS);
    v = ask(t, "lds1.cms", one, 1, now);
    assert_int_equal(v.word, TRUST_VALID);
    assert_int_equal(v.lds_version, 1);
    BUF_SCOPE(b);
    trust_json(&v, &b);
    assert_string_equal(b.p,
                        "{\"verdict\":\"valid\",\"reason\":\"signed by the state that issued the document\","
                        "\"signer\":\"C=RO,O=DGP,CN=Document Signer e-prime256v1\",\"list\":\"csca.cer\","
                        "\"hash\":\"SHA-256\",\"groups\":[\"DG1\"],\"differ\":[],\"not_listed\":[]}");
}

/* A machine whose clock is wrong must not call a card forged. */
static void clocks(void **state)
{
    (void)state;
    const struct trust_group one[] = {{1, TEXT(DG1)}};
    struct trust *t = rig_trust("csca.cer csca.crl");
    assert_int_equal(ask(t, "ec-long.cms", one, 1, 0).word, TRUST_NOT_CHECKED);
    assert_int_equal(ask(t, "v-late.cms", one, 1, 0).word,
                     TRUST_EXPIRED); /* signed after its end: by itself */
    assert_int_equal(ask(t, "v-revoked.cms", one, 1, 0).word, TRUST_REVOKED);
    assert_int_equal(ask(t, "ec-long.cms", one, 1, rig_day(2019, 12, 31)).word, TRUST_NOT_CHECKED);
    assert_int_equal(ask(t, "ec-long.cms", one, 1, rig_day(2034, 12, 31)).word, TRUST_VALID);
    assert_int_equal(ask(t, "ec-long.cms", one, 1, rig_day(2035, 1, 2)).word, TRUST_EXPIRED);
    assert_int_equal(ask(rig_trust(""), "v-stray.cms", one, 1, 0).word, TRUST_SIGNER_UNKNOWN);
}

/* A master list: in use only when its signer is certified, for this purpose, by a certificate of the folder.
 */
static void lists(void **state)
{
    (void)state;
    struct bytes certs = join(2, rig_file("next.cer"), rig_file("pssca.cer"));
    rig_write("ml", tlv(0x30, join(2, num(0), tlv(0x31, certs))));
    struct trust *t = rig_trust("ml"); /* the name alone does not make it a list */
    assert_int_equal(trust_size(t), 0);
    rig_run("for s in mls e-prime256v1; do openssl cms -sign -binary -nodetach -in ml -signer $s.pem -inkey "
            "$s.key -econtent_type 2.23.136.1.1.2 -outform DER -out by-$s.ml || exit 1; done");
    t = rig_trust("csca.cer by-mls.ml");
    assert_int_equal(trust_size(t), 3);
    is(t, "v-under-next", TRUST_VALID);
    is(t, "pss-sha256", TRUST_VALID);
    static const char *const refused[] = {"by-mls.ml", "other.cer by-mls.ml", "csca.cer by-e-prime256v1.ml",
                                          "next.cer by-mls.ml"};
    for (size_t i = 0; i < COUNT(refused); i++) {
        t = rig_trust(refused[i]);
        assert_in_range(trust_size(t), 0, 1);
        is(t, "pss-sha256", TRUST_SIGNER_UNKNOWN);
    }
}

static void report(void **state)
{
    (void)state;
    struct arena *a = rig_arena();
    struct jval *v = NULL;
    BUF_SCOPE(b);
    rig_write("noise.cer", TEXT("not a certificate"));
    struct trust *t = rig_trust("csca.cer old.cer noise.cer csca.crl forged.crl by-mls.ml");
    trust_report(t, a, rig_day(2034, 12, 1), &b);
    assert_int_equal(jval_parse(a, b.p, b.len, &v, NULL), RC_OK);
    assert_int_equal(jval_int(v, "certificates", 0), 4);
    assert_int_equal(jval_int(v, "expired", 0), 1);
    assert_int_equal(jval_int(v, "expiring", 0), 3);
    assert_true(jval_bool(&jval_get(v, "files")->items[1], "refused", false));
    const struct jval *crls = jval_get(v, "revocation_lists");
    assert_int_equal(crls->n, 2);
    assert_string_equal(jval_str(&crls->items[0], "state", ""), "in use");
    assert_string_equal(jval_str(&crls->items[1], "state", ""),
                        "not used: signed by no certificate of this folder");
    t = rig_trust("csca.cer");
    struct trust *none = NULL;
    assert_int_equal(trust_load(a, "/nowhere/at/all", &none, NULL), RC_OK);
    assert_int_equal(trust_size(none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(algorithms),   cmocka_unit_test(verdicts), cmocka_unit_test(groups),
        cmocka_unit_test(issuer_order), cmocka_unit_test(clocks),   cmocka_unit_test(lists),
        cmocka_unit_test(report),
    };
    return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
