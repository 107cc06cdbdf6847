/* The published German master list and its single certificates: what is in them, and who verifies whom. The
 * files stay outside of the tree: PRIDVOR_SHARED or ../shared; without them the test is skipped. */
#include "common/base/clock.h"
#include "common/base/fs.h"
#include "drivers/card/cms.h"
#include "drivers/card/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LIST "DE_ML_2025-11-27-07-39-21.ml"
#define ROOT "DE_ROOT_CA_CSCA07.cer"
#define ALL 577

static struct arena *arena;
static char folder[256];
static struct cms list;
static struct cert certs[ALL];
static size_t n_certs;

static struct bytes file(const char *name)
{
    char path[400], *p;
    size_t len;
    struct err e = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (fs_read(arena, path, 1u << 21, &p, &len, &e) != RC_OK)
        fail_msg("%s", e.text);
    return BYTES(p, len);
}

static void load(void **state)
{
    (void)state;
    struct err e = {0};
    struct der d;
    struct der_item it;
    int64_t start = mono_us();
    if (cms_read(arena, file(LIST), &list, &e) != RC_OK || master_list_open(list.content, &d, &e) != RC_OK)
        fail_msg("%s", e.text);
    while (d.len > 0) {
        assert_in_range(n_certs, 0, ALL - 1);
        if (der_take(&d, DER_SEQUENCE, &it, &e) != RC_OK || cert_read(it.raw, &certs[n_certs++], &e) != RC_OK)
            fail_msg("%zu: %s", n_certs, e.text);
    }
    print_message("read in %lld us\n", (long long)(mono_us() - start));
    assert_int_equal(n_certs, ALL);
}

static void signature(void **state)
{
    (void)state;
    struct err e = {0};
    struct cert signer, root;
    int64_t at = 0;
    assert_int_equal(list.n_signers, 1);
    assert_true(DER_IS(list.type, OID_MASTER_LIST));
    if (cms_certificate(&list, &list.signer[0], &signer, &e) != RC_OK ||
        cms_verify(&list, &list.signer[0], &signer, &at, &e) != RC_OK ||
        cert_read(file(ROOT), &root, &e) != RC_OK || cert_verify(&signer, &root, &e) != RC_OK ||
        cert_verify(&root, &root, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_true(name_same(signer.issuer, root.subject));
    assert_true(der_same(signer.aki, root.ski));
    assert_true(cert_has_eku(&signer, "\x67\x81\x08\x01\x01\x03", 6));
    assert_true(DER_IS(signer.serial, "\x04\xD5") && DER_IS(root.serial, "\x04\xCD"));
}

static void keys(void **state)
{
    (void)state;
    static const struct {
        const char *curve;
        size_t bits, spelled, want;
    } rows[] = {{NULL, 2048, 0, 1},
                {NULL, 3072, 0, 54},
                {NULL, 4096, 0, 360},
                {NULL, 6144, 0, 7},
                {"secp384r1", 384, 0, 4},
                {"brainpoolP256r1", 256, 1, 24},
                {"brainpoolP384r1", 384, 1, 48},
                {"brainpoolP512r1", 512, 1, 17},
                {"secp256r1", 256, 1, 20},
                {"secp384r1", 384, 1, 24},
                {"secp521r1", 521, 1, 18}};
    size_t is[COUNT(rows)] = {0}, seeds = 0;
    for (size_t i = 0; i < n_certs; i++) {
        struct pub_key k;
        struct err e = {0};
        if (key_read(certs[i].spki, &k, &e) != RC_OK)
            fail_msg("%zu: %s", i, e.text);
        seeds += k.seed;
        assert_false(k.compressed);
        assert_true(!k.spelled_out || k.cofactor);
        for (size_t r = 0; r < COUNT(rows); r++)
            if (rows[r].bits == k.bits && rows[r].spelled == k.spelled_out &&
                (rows[r].curve ? k.curve && strcmp(k.curve->name, rows[r].curve) == 0 : k.kind != KEY_EC))
                is[r]++;
    }
    for (size_t r = 0; r < COUNT(rows); r++)
        if (is[r] != rows[r].want)
            fail_msg("%s %zu: %zu", rows[r].curve ? rows[r].curve : "RSA", rows[r].bits, is[r]);
    assert_int_equal(seeds, 18);
}

static void algorithms(void **state)
{
    (void)state;
    static const struct {
        enum sig_kind kind;
        enum hash hash;
        size_t want;
    } rows[] = {{SIG_ECDSA, HASH_SHA1, 13},   {SIG_ECDSA, HASH_SHA256, 44}, {SIG_ECDSA, HASH_SHA384, 53},
                {SIG_ECDSA, HASH_SHA512, 33}, {SIG_RSA, HASH_SHA1, 28},     {SIG_RSA, HASH_SHA256, 263},
                {SIG_RSA, HASH_SHA384, 3},    {SIG_RSA, HASH_SHA512, 18}};
    size_t is[COUNT(rows)] = {0}, pss = 0;
    for (size_t i = 0; i < n_certs; i++) {
        struct sig_alg a;
        assert_int_equal(alg_signature(certs[i].alg, &a, NULL), RC_OK);
        pss += a.kind == SIG_PSS;
        for (size_t r = 0; r < COUNT(rows); r++)
            is[r] += a.kind == rows[r].kind && a.hash == rows[r].hash;
    }
    for (size_t r = 0; r < COUNT(rows); r++)
        assert_int_equal(is[r], rows[r].want);
    assert_int_equal(pss, 122);
}

/* Who verifies whom, names compared as people read them ("C=ro" is "C=RO"). */
static void verified(void **state)
{
    (void)state;
    size_t self = 0, some = 0, issued = 0;
    uint32_t subject[ALL];
    for (size_t i = 0; i < n_certs; i++)
        subject[i] = name_hash(certs[i].subject);
    for (size_t i = 0; i < n_certs; i++) {
        const struct cert *c = &certs[i];
        uint32_t issuer = name_hash(c->issuer);
        issued += strcmp(name_text(arena, c->issuer), name_text(arena, c->subject)) == 0;
        if (der_same(c->aki, c->ski) || !c->aki.len)
            self += cert_verify(c, c, NULL) == RC_OK;
        bool ok = false;
        for (size_t k = 0; k < n_certs && !ok; k++) {
            bool name = name_same(c->issuer, certs[k].subject);
            assert_true(!name || issuer == subject[k]);
            ok = name && cert_verify(c, &certs[k], NULL) == RC_OK;
        }
        some += ok;
    }
    assert_int_equal(issued, 504); /* of the same letters */
    assert_int_equal(self, 373);
    assert_int_equal(some, 562);
}

static void single(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool self;
    } rows[] = {{"rsa-romania-2019-self-signed.der", true},
                {"rsa-romania-2023-self-signed.der", true},
                {"rsa-romania-2023-link.der", false},
                {"rsa-sha1-romania-2011.der", true},
                {"rsa-6144.der", true},
                {"ec-explicit-with-seed.der", true}};
    struct cert c[COUNT(rows)];
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(cert_read(file(rows[i].file), &c[i], NULL), RC_OK);
        if ((cert_verify(&c[i], &c[i], NULL) == RC_OK) != rows[i].self)
            fail_msg("%s", rows[i].file);
    }
    assert_int_equal(cert_verify(&c[2], &c[0], NULL), RC_OK); /* the new key, under the old one */
    assert_true(der_same(c[2].spki, c[1].spki));
    assert_true(name_same(c[3].subject, c[0].subject)); /* C=ro, C=RO */
    assert_false(der_same(c[3].subject, c[0].subject));
    assert_string_equal(name_text(arena, c[0].subject), "C=RO,O=DGP,CN=CSCA Romania");
}

static void spelled_out(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum rc key, self;
    } rows[] = {{"p256-genuine.der", RC_OK, RC_OK},
                {"p256-genuine-no-cofactor.der", RC_OK, RC_OK},
                {"p256-genuine-compressed-base.der", RC_OK, RC_OK},
                {"p256-rogue-generator.der", RC_DENIED, RC_DENIED},
                {"p256-wrong-order.der", RC_DENIED, RC_DENIED},
                {"p256-cofactor-4.der", RC_DENIED, RC_DENIED},
                {"p256-wrong-b.der", RC_DENIED, RC_DENIED},
                {"p256-signature-bit.der", RC_OK, RC_DENIED}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char name[100];
        struct cert c;
        struct pub_key k;
        snprintf(name, sizeof name, "explicit-derived/%s", rows[i].file);
        assert_int_equal(cert_read(file(name), &c, NULL), RC_OK);
        assert_int_equal(key_read(c.spki, &k, NULL), rows[i].key);
        if (cert_verify(&c, &c, NULL) != rows[i].self)
            fail_msg("%s", rows[i].file);
    }
}

/* The reference data of 2008: SHA-1, brainpoolP224r1 spelled out, version 0. Its CSCA is not published. */
static void reference_set(void **state)
{
    (void)state;
    static const unsigned numbers[] = {1, 2, 3, 14, 4, 15};
    struct trust_group groups[COUNT(numbers)];
    struct trust_verdict v;
    struct trust_question q = {file("../emrtd/bsi2008/EF_SOD.bin"), groups, 4, 1795000000};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char name[60];
        snprintf(name, sizeof name, "../emrtd/bsi2008/Datagroup%u.bin", numbers[i]);
        groups[i] = (struct trust_group){numbers[i], file(name)};
    }
    trust_check(NULL, arena, &q, &v);
    assert_int_equal(v.word, TRUST_SIGNER_UNKNOWN);
    assert_int_equal(v.listed, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 14);
    assert_string_equal(v.hash, "SHA-1");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(v.group[numbers[i]], TRUST_GROUP_SAME);
    q.n_groups = COUNT(groups);
    trust_check(NULL, arena, &q, &v);
    assert_int_equal(v.word, TRUST_HASH_DIFFERS);
    assert_int_equal(v.group[4], TRUST_GROUP_NOT_LISTED);
    assert_int_equal(v.group[15], TRUST_GROUP_NOT_LISTED);
}

/* The folder as a terminal has it: quick to load, small. */
static void whole_folder(void **state)
{
    (void)state;
    struct trust *t = NULL;
    struct err e = {0};
    ARENA_SCOPE(a);
    int64_t start = mono_us();
    if (trust_load(a, folder, &t, &e) != RC_OK)
        fail_msg("%s", e.text);
    print_message("%zu certificates in %lld us, %zu bytes\n", trust_size(t), (long long)(mono_us() - start),
                  arena_used(a));
    assert_in_range(trust_size(t), ALL, ALL + 1);
    assert_in_range(arena_used(a), 1, 2u << 20);
}

int main(void)
{
    const char *shared = getenv("PRIDVOR_SHARED");
    snprintf(folder, sizeof folder, "%s/vectors/csca", shared && *shared ? shared : "../shared");
    char probe[300];
    snprintf(probe, sizeof probe, "%s/" LIST, folder);
    if (!fs_exists(probe)) {
        print_message("%s is not there\n", probe);
        return 77;
    }
    arena = arena_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load),        cmocka_unit_test(signature),     cmocka_unit_test(keys),
        cmocka_unit_test(algorithms),  cmocka_unit_test(verified),      cmocka_unit_test(single),
        cmocka_unit_test(spelled_out), cmocka_unit_test(reference_set), cmocka_unit_test(whole_folder),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return rc;
}
