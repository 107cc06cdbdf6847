#include "drivers/card/active_auth.h"

#include "common/base/crypto.h"

#include <string.h>

/* 2.23.136.1.1.5 id-icao-mrtd-security-aaProtocolObject */
static const uint8_t id_aa[] = {0x67, 0x81, 0x08, 0x01, 0x01, 0x05};
/* 0.4.0.127.0.7.1.1.4.1 ecdsa-plain-signatures, the hash follows: 1 SHA-1 ... 5 SHA-512 */
static const uint8_t id_plain[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x01, 0x04, 0x01};
/* 1.2.840.10045.4: 1 with SHA-1; 3.1 to 3.4 with SHA-224 to SHA-512. Some documents name these. */
static const uint8_t id_x962[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04};

static enum hash hash_of_oid(const struct tlv *oid)
{
    if (oid->len == sizeof id_plain + 1 && memcmp(oid->v, id_plain, sizeof id_plain) == 0 && oid->v[9] >= 1 &&
        oid->v[9] <= 5)
        return (enum hash)(HASH_SHA1 + oid->v[9] - 1);
    if (oid->len == 7 && memcmp(oid->v, id_x962, sizeof id_x962) == 0 && oid->v[6] == 1)
        return HASH_SHA1;
    if (oid->len == 8 && memcmp(oid->v, id_x962, sizeof id_x962) == 0 && oid->v[6] == 3 && oid->v[7] >= 1 &&
        oid->v[7] <= 4)
        return (enum hash)(HASH_SHA224 + oid->v[7] - 1);
    return HASH_NONE;
}

/* ActiveAuthenticationInfo ::= { protocol, version, signatureAlgorithm } */
static enum hash named_hash(const struct security_infos *infos)
{
    for (size_t n = 0; infos && n < infos->n; n++) {
        const struct security_info *i = &infos->info[n];
        struct tlv version, oid;
        size_t at = 0;
        if (i->oid_len == sizeof id_aa && memcmp(i->oid, id_aa, sizeof id_aa) == 0 &&
            tlv_next(i->rest, i->rest_len, &at, &version, NULL) == RC_OK &&
            tlv_next(i->rest, i->rest_len, &at, &oid, NULL) == RC_OK && oid.tag == 0x06)
            return hash_of_oid(&oid);
    }
    return HASH_NONE;
}

enum rc active_auth_read(struct bytes dg15, const struct security_infos *infos, struct active_auth *out,
                         struct err *e)
{
    struct tlv dg;
    TRY(tlv_read(dg15.p, dg15.len, &dg, e));
    if (dg.tag != 0x6F)
        return err_set(e, RC_PROTOCOL, "DG15 does not start with 6F");
    struct active_auth a = {.hash = named_hash(infos)};
    TRY(chip_key_read(BYTES(dg.v, dg.len), &a.key, e));
    if (a.key.kind == CHIP_KEY_DH)
        return err_set(e, RC_UNSUPPORTED, "DG15 holds a key that cannot sign");
    *out = a;
    return RC_OK;
}

size_t active_auth_len(const struct active_auth *a)
{
    return a->key.kind == CHIP_KEY_RSA ? a->key.rsa.n.len : 2 * a->key.curve->len;
}

/* n - m, where the signer has sent the smaller of s and n - s (ISO 9796-2 B.6). */
static void complement(const struct bytes n, uint8_t *m)
{
    const uint8_t *modulus = n.p;
    int borrow = 0;
    for (size_t i = n.len; i-- > 0;) {
        int d = modulus[i] - m[i] - borrow;
        borrow = d < 0;
        m[i] = (uint8_t)(d + (borrow ? 256 : 0));
    }
}

/* The trailer says the hash: BC is SHA-1, xx CC names it (ISO 10118-3). */
static enum hash trailer(const uint8_t *m, size_t len, size_t *used)
{
    static const struct {
        uint8_t id;
        enum hash hash;
    } ids[] = {{0x33, HASH_SHA1},
               {0x34, HASH_SHA256},
               {0x35, HASH_SHA512},
               {0x36, HASH_SHA384},
               {0x38, HASH_SHA224}};
    *used = m[len - 1] == 0xBC ? 1 : 2;
    if (m[len - 1] == 0xBC)
        return HASH_SHA1;
    for (size_t i = 0; m[len - 1] == 0xCC && i < COUNT(ids); i++)
        if (ids[i].id == m[len - 2])
            return ids[i].hash;
    return HASH_NONE;
}

/* Header of partial recovery: 01 1 x, then B nibbles of padding, then A; it ends on a whole byte. */
static size_t header(const uint8_t *m, size_t len)
{
    if ((m[0] & 0xE0) != 0x60)
        return 0;
    if ((m[0] & 0x0F) == 0x0A)
        return 1;
    if ((m[0] & 0x0F) != 0x0B)
        return 0;
    for (size_t i = 1; i < len; i++)
        if (m[i] != 0xBB)
            return m[i] == 0xBA ? i + 1 : 0;
    return 0;
}

/* m = header || M1 || H(M1 || challenge) || trailer */
static enum rc check_rsa(const struct active_auth *a, const uint8_t challenge[ACTIVE_CHALLENGE],
                         struct bytes signature, struct err *e)
{
    uint8_t m[RSA_MAX], digest[HASH_MAX];
    size_t len = a->key.rsa.n.len, tail = 0;
    TRY(rsa_open(&a->key.rsa, signature, m, e));
    if ((m[len - 1] & 0x0F) != 0x0C)
        complement(a->key.rsa.n, m);
    enum hash h = trailer(m, len, &tail);
    size_t head = header(m, len);
    if (h == HASH_NONE || head == 0 || head + hash_len(h) + tail > len)
        return err_set(e, RC_DENIED, "the answer is no signature of this key (ISO 9796-2)");
    size_t m1 = len - head - hash_len(h) - tail;
    hash_parts(h, (struct bytes[]){{m + head, m1}, {challenge, ACTIVE_CHALLENGE}}, 2, digest);
    if (!equal_ct(digest, m + head + m1, hash_len(h)))
        return err_set(e, RC_DENIED, "the chip signed something else");
    return RC_OK;
}

static bool ecdsa_with(const struct active_auth *a, enum hash h, const uint8_t *challenge,
                       const struct ec_signature *sig)
{
    uint8_t digest[HASH_MAX];
    hash_of(h, BYTES(challenge, ACTIVE_CHALLENGE), digest);
    return ecdsa_check(a->key.curve, a->key.value, BYTES(digest, hash_len(h)), sig, NULL) == RC_OK;
}

/* r || s; some chips send SEQUENCE { r, s } all the same. */
static bool split(struct bytes signature, size_t len, struct ec_signature *out)
{
    const uint8_t *p = signature.p;
    struct tlv seq, r, s;
    size_t at = 0;
    if (signature.len > 0 && signature.len % 2 == 0 && signature.len <= 2 * len) {
        *out = (struct ec_signature){{p, signature.len / 2}, {p + signature.len / 2, signature.len / 2}};
        return true;
    }
    if (tlv_read(p, signature.len, &seq, NULL) != RC_OK || seq.tag != 0x30 ||
        tlv_next(seq.v, seq.len, &at, &r, NULL) != RC_OK || tlv_next(seq.v, seq.len, &at, &s, NULL) != RC_OK)
        return false;
    while (r.len > 1 && *r.v == 0)
        r.v++, r.len--;
    while (s.len > 1 && *s.v == 0)
        s.v++, s.len--;
    *out = (struct ec_signature){{r.v, r.len}, {s.v, s.len}};
    return true;
}

static enum rc check_ec(const struct active_auth *a, const uint8_t challenge[ACTIVE_CHALLENGE],
                        struct bytes signature, struct err *e)
{
    struct ec_signature sig;
    if (!split(signature, a->key.curve->len, &sig))
        return err_set(e, RC_DENIED, "the answer is no ECDSA signature");
    if (a->hash != HASH_NONE && ecdsa_with(a, a->hash, challenge, &sig))
        return RC_OK;
    for (enum hash h = HASH_SHA1; a->hash == HASH_NONE && h <= HASH_SHA512; h++)
        if (ecdsa_with(a, h, challenge, &sig))
            return RC_OK;
    return err_set(e, RC_DENIED, "the ECDSA signature is wrong");
}

enum rc active_auth_check(const struct active_auth *a, const uint8_t challenge[ACTIVE_CHALLENGE],
                          struct bytes signature, struct err *e)
{
    return (a->key.kind == CHIP_KEY_RSA ? check_rsa : check_ec)(a, challenge, signature, e);
}
