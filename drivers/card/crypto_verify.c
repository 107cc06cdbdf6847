#include "drivers/card/crypto_verify.h"

#include "common/base/arena.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/md.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>

#define RSA_MIN_BITS 1024
#define EXPONENT_MAX 32 /* bytes; bounds the time of one check */

/* prefix: DigestInfo of RFC 8017 9.2 note 1, up to the digest. */
static const struct {
    mbedtls_md_type_t md;
    size_t len;
    const char *name;
    const char *prefix;
    size_t prefix_len;
} hashes[] = {
    [HASH_SHA1] = {MBEDTLS_MD_SHA1, 20, "SHA-1",
                   "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14", 15},
    [HASH_SHA224] = {MBEDTLS_MD_SHA224, 28, "SHA-224",
                     "\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c", 19},
    [HASH_SHA256] = {MBEDTLS_MD_SHA256, 32, "SHA-256",
                     "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", 19},
    [HASH_SHA384] = {MBEDTLS_MD_SHA384, 48, "SHA-384",
                     "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30", 19},
    [HASH_SHA512] = {MBEDTLS_MD_SHA512, 64, "SHA-512",
                     "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40", 19},
};

size_t hash_len(enum hash h)
{
    return hashes[h].len;
}

const char *hash_name(enum hash h)
{
    return hashes[h].name ? hashes[h].name : "";
}

void hash_parts(enum hash h, const struct bytes *parts, size_t n, uint8_t out[HASH_MAX])
{
    mbedtls_md_context_t md SCOPED(mbedtls_md_free);
    mbedtls_md_init(&md);
    int rc = mbedtls_md_setup(&md, mbedtls_md_info_from_type(hashes[h].md), 0);
    if (rc == 0)
        rc = mbedtls_md_starts(&md);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = mbedtls_md_update(&md, parts[i].p, parts[i].len);
    if (rc == 0)
        rc = mbedtls_md_finish(&md, out);
    if (rc != 0)
        abort(); /* no memory */
}

void hash_of(enum hash h, struct bytes p, uint8_t out[HASH_MAX])
{
    hash_parts(h, &p, 1, out);
}

static size_t bits_of(struct bytes n)
{
    const uint8_t *p = n.p;
    if (n.len == 0 || p[0] == 0)
        return 0;
    size_t bits = n.len * 8;
    for (unsigned top = p[0]; !(top & 0x80); top <<= 1)
        bits--;
    return bits;
}

enum rc rsa_open(const struct rsa_key *k, struct bytes sig, uint8_t out[RSA_MAX], struct err *e)
{
    size_t bits = bits_of(k->n);
    const uint8_t *exponent = k->e.p, *modulus = k->n.p;
    if (bits < RSA_MIN_BITS || k->n.len > RSA_MAX)
        return err_set(e, RC_UNSUPPORTED, "an RSA key of %zu bits", bits);
    if (k->e.len == 0 || k->e.len > EXPONENT_MAX || !(exponent[k->e.len - 1] & 1) ||
        (k->e.len == 1 && exponent[0] < 3) || !(modulus[k->n.len - 1] & 1))
        return err_set(e, RC_UNSUPPORTED, "an RSA key with an exponent of %zu bytes", k->e.len);
    if (sig.len != k->n.len)
        return err_set(e, RC_DENIED, "the signature has %zu bytes, the key %zu", sig.len, k->n.len);
    mbedtls_rsa_context rsa SCOPED(mbedtls_rsa_free);
#if MBEDTLS_VERSION_MAJOR >= 3
    mbedtls_rsa_init(&rsa);
#else
    mbedtls_rsa_init(&rsa, MBEDTLS_RSA_PKCS_V15, 0);
#endif
    int rc = mbedtls_rsa_import_raw(&rsa, modulus, k->n.len, NULL, 0, NULL, 0, NULL, 0, exponent, k->e.len);
    if (rc == 0)
        rc = mbedtls_rsa_complete(&rsa);
    if (rc == 0)
        rc = mbedtls_rsa_public(&rsa, sig.p, out);
    return rc == 0 ? RC_OK : err_set(e, RC_DENIED, "the signature does not fit the RSA key");
}

/* The whole block is built and compared: nothing of it is parsed, so there is nothing to hide garbage in
 * (Bleichenbacher 2006). */
enum rc rsa_pkcs1_check(const struct rsa_key *k, enum hash h, const uint8_t *digest, struct bytes sig,
                        struct err *e)
{
    uint8_t is[RSA_MAX], want[RSA_MAX];
    TRY(rsa_open(k, sig, is, e));
    size_t tail = hashes[h].prefix_len + hashes[h].len;
    memset(want, 0xFF, sig.len);
    want[0] = 0;
    want[1] = 1;
    want[sig.len - tail - 1] = 0; /* 128 bytes at least */
    memcpy(want + sig.len - tail, hashes[h].prefix, hashes[h].prefix_len);
    memcpy(want + sig.len - hashes[h].len, digest, hashes[h].len);
    return memcmp(is, want, sig.len) == 0 ? RC_OK : err_set(e, RC_DENIED, "the RSA signature is wrong");
}

/* MGF1, added to p. */
static void mask(enum hash h, const uint8_t *seed, size_t seed_len, uint8_t *p, size_t len)
{
    uint8_t block[HASH_MAX];
    for (uint32_t i = 0; len > 0; i++) {
        uint8_t counter[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        hash_parts(h, (struct bytes[]){{seed, seed_len}, {counter, 4}}, 2, block);
        size_t n = len < hash_len(h) ? len : hash_len(h);
        for (size_t k = 0; k < n; k++)
            *p++ ^= block[k];
        len -= n;
    }
}

/* RFC 8017 9.1.2. */
enum rc rsa_pss_check(const struct rsa_key *k, const struct pss *how, const uint8_t *digest, struct bytes sig,
                      struct err *e)
{
    uint8_t block[RSA_MAX], h[HASH_MAX];
    TRY(rsa_open(k, sig, block, e));
    size_t bits = bits_of(k->n) - 1, len = (bits + 7) / 8, hl = hash_len(how->hash);
    const uint8_t top = (uint8_t)(0xFF >> (8 * len - bits));
    uint8_t *em = block + (sig.len - len);
    if (how->salt > len || len < hl + how->salt + 2)
        return err_set(e, RC_DENIED, "a PSS salt of %zu bytes does not fit the key", how->salt);
    size_t db = len - hl - 1;
    if (em != block && block[0] != 0)
        return err_set(e, RC_DENIED, "the RSA-PSS signature is wrong");
    if (em[len - 1] != 0xBC || (em[0] & ~top))
        return err_set(e, RC_DENIED, "the RSA-PSS signature is wrong");
    mask(how->mgf, em + db, hl, em, db);
    em[0] &= top;
    size_t zeros = db - how->salt - 1;
    for (size_t i = 0; i < zeros; i++)
        if (em[i])
            return err_set(e, RC_DENIED, "the RSA-PSS signature is wrong");
    if (em[zeros] != 1)
        return err_set(e, RC_DENIED, "the RSA-PSS signature is wrong, or its salt has another length");
    static const uint8_t eight[8];
    hash_parts(how->hash, (struct bytes[]){{eight, 8}, {digest, hl}, {em + zeros + 1, how->salt}}, 3, h);
    return memcmp(h, em + db, hl) == 0 ? RC_OK : err_set(e, RC_DENIED, "the RSA-PSS signature is wrong");
}

enum rc ecdsa_check(const struct curve *c, struct bytes point, struct bytes digest,
                    const struct ec_signature *sig, struct err *e)
{
    mbedtls_ecp_group *g = curve_group(c);
    const uint8_t *q = point.p;
    if (!g)
        return err_set(e, RC_INTERNAL, "loading %s", c->name);
    if (point.len == 1 + c->len && (q[0] == 2 || q[0] == 3))
        return err_set(e, RC_UNSUPPORTED, "a compressed public key");
    if (point.len != 1 + 2 * c->len || q[0] != 4 || sig->r.len > c->len || sig->s.len > c->len)
        return err_set(e, RC_DENIED, "key or signature do not fit %s", c->name);
    mbedtls_ecp_point pub SCOPED(mbedtls_ecp_point_free);
    mbedtls_mpi r SCOPED(mbedtls_mpi_free), s SCOPED(mbedtls_mpi_free);
    mbedtls_ecp_point_init(&pub);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    int rc = mbedtls_ecp_point_read_binary(g, &pub, q, point.len);
    if (rc == 0)
        rc = mbedtls_ecp_check_pubkey(g, &pub);
    if (rc != 0)
        return err_set(e, RC_DENIED, "the public key is not a point of %s", c->name);
    rc = mbedtls_mpi_read_binary(&r, sig->r.p, sig->r.len);
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&s, sig->s.p, sig->s.len);
    if (rc == 0) /* 0 < r, s < n is checked there */
        rc = mbedtls_ecdsa_verify(g, digest.p, digest.len, &pub, &r, &s);
    return rc == 0 ? RC_OK : err_set(e, RC_DENIED, "the ECDSA signature is wrong");
}
