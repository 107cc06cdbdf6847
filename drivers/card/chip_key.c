#include "drivers/card/chip_key.h"

#include "drivers/card/tlv.h"

#include <string.h>

#define OID(text)                                                                                            \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }

static const struct {
    struct bytes oid;
    enum chip_key_kind kind;
    enum { NAMED, PKCS3, X942, STANDARD } how;
} kinds[] = {
    {OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"), CHIP_KEY_RSA, NAMED}, /* rsaEncryption */
    {OID("\x2A\x86\x48\xCE\x3D\x02\x01"), CHIP_KEY_EC, NAMED},          /* ecPublicKey */
    {OID("\x2B\x81\x04\x01\x0C"), CHIP_KEY_EC, NAMED},                  /* ecDH */
    {OID("\x2A\x86\x48\x86\xF7\x0D\x01\x03\x01"), CHIP_KEY_DH, PKCS3},  /* dhKeyAgreement: p, g, [l] */
    {OID("\x2A\x86\x48\xCE\x3E\x02\x01"), CHIP_KEY_DH, X942},           /* dhPublicNumber: p, g, q, ... */
    {OID("\x04\x00\x7F\x00\x07\x01\x02"), CHIP_KEY_EC, STANDARD},       /* standardizedDomainParameters */
};

static enum rc bad(struct err *e, const char *why)
{
    return err_set(e, RC_PROTOCOL, "public key of the chip: %s", why);
}

/* The next object, which must have that tag. */
static bool take(struct bytes in, size_t *at, uint32_t tag, struct bytes *out)
{
    struct tlv t;
    if (tlv_next(in.p, in.len, at, &t, NULL) != RC_OK || t.tag != tag)
        return false;
    *out = BYTES(t.v, t.len);
    return true;
}

/* INTEGER without zeros in front; negative ones are none of ours. */
static bool number(struct bytes in, size_t *at, struct bytes *out)
{
    struct bytes v;
    if (!take(in, at, 0x02, &v) || v.len == 0)
        return false;
    const uint8_t *p = v.p;
    while (v.len > 1 && *p == 0)
        p++, v.len--;
    *out = BYTES(p, v.len);
    return true;
}

/* ECParameters spelled out: { 1, { prime-field, p }, { a, b, [seed] }, G, n, [h] }; must be a known curve. */
static enum rc spelled_out(struct bytes params, const struct curve **out, struct err *e)
{
    struct curve_values v;
    struct bytes version, field, oid, pair;
    size_t at = 0, in = 0, ab = 0;
    if (!number(params, &at, &version) || !take(params, &at, 0x30, &field) || !take(field, &in, 0x06, &oid) ||
        !number(field, &in, &v.p) || !take(params, &at, 0x30, &pair) || !take(pair, &ab, 0x04, &v.a) ||
        !take(pair, &ab, 0x04, &v.b) || !take(params, &at, 0x04, &v.g) || !number(params, &at, &v.n))
        return bad(e, "curve parameters that cannot be read");
    *out = curve_by_values(&v);
    return *out ? RC_OK : err_set(e, RC_UNSUPPORTED, "public key of the chip: not a known curve");
}

static enum rc ec_domain(const struct tlv *params, struct chip_key *out, struct err *e)
{
    if (params->tag == 0x30)
        return spelled_out(BYTES(params->v, params->len), &out->curve, e);
    out->curve = params->tag == 0x06 ? curve_by_oid(params->v, params->len) : NULL;
    return out->curve ? RC_OK : err_set(e, RC_UNSUPPORTED, "public key of the chip: not a known curve");
}

static enum rc dh_domain(const struct tlv *params, bool order, struct chip_key *out, struct err *e)
{
    struct bytes in = {params->v, params->len};
    size_t at = 0;
    if (params->tag != 0x30 || !number(in, &at, &out->dh.p) || !number(in, &at, &out->dh.g) ||
        (order && !number(in, &at, &out->dh.q)))
        return bad(e, "DH parameters that cannot be read");
    return RC_OK;
}

static enum rc standard_domain(const struct tlv *params, struct chip_key *out, struct err *e)
{
    if (params->tag != 0x02 || params->len != 1)
        return bad(e, "a parameter id that cannot be read");
    out->id = params->v[0];
    out->curve = curve_by_id(out->id);
    out->kind = out->curve ? CHIP_KEY_EC : CHIP_KEY_DH;
    return ka_name(out->id) ? RC_OK
                            : err_set(e, RC_UNSUPPORTED, "public key of the chip: parameters %d", out->id);
}

enum rc chip_key_domain(struct bytes algorithm, struct chip_key *out, struct err *e)
{
    struct bytes oid;
    struct tlv params = {0};
    size_t at = 0, i = 0;
    if (!take(algorithm, &at, 0x06, &oid))
        return bad(e, "no algorithm");
    while (i < COUNT(kinds) && (kinds[i].oid.len != oid.len || memcmp(kinds[i].oid.p, oid.p, oid.len) != 0))
        i++;
    if (i == COUNT(kinds))
        return err_set(e, RC_UNSUPPORTED, "public key of the chip: unknown algorithm");
    struct chip_key k = {.kind = kinds[i].kind, .id = -1};
    bool there = tlv_next(algorithm.p, algorithm.len, &at, &params, NULL) == RC_OK;
    if (!there && k.kind != CHIP_KEY_RSA)
        return bad(e, "no parameters");
    if (kinds[i].how == STANDARD)
        TRY(standard_domain(&params, &k, e));
    else if (k.kind == CHIP_KEY_EC)
        TRY(ec_domain(&params, &k, e));
    else if (k.kind == CHIP_KEY_DH)
        TRY(dh_domain(&params, kinds[i].how == X942, &k, e));
    *out = k;
    return RC_OK;
}

enum rc chip_key_read(struct bytes spki, struct chip_key *out, struct err *e)
{
    struct bytes seq, algorithm, bits, in;
    size_t top = 0, at = 0, inside = 0, first = 0;
    if (!take(spki, &top, 0x30, &seq) || !take(seq, &at, 0x30, &algorithm) || !take(seq, &at, 0x03, &bits) ||
        bits.len < 2 || *(const uint8_t *)bits.p != 0)
        return bad(e, "not a SubjectPublicKeyInfo");
    struct chip_key k;
    TRY(chip_key_domain(algorithm, &k, e));
    k.value = BYTES((const uint8_t *)bits.p + 1, bits.len - 1);
    if (k.kind == CHIP_KEY_DH && !number(k.value, &inside, &k.value))
        return bad(e, "no DH number");
    if (k.kind == CHIP_KEY_RSA && (!take(k.value, &inside, 0x30, &in) || !number(in, &first, &k.rsa.n) ||
                                   !number(in, &first, &k.rsa.e)))
        return bad(e, "no RSA key");
    *out = k;
    return RC_OK;
}

enum rc chip_key_agreement(const struct chip_key *k, struct ka **out, struct err *e)
{
    if (k->kind == CHIP_KEY_EC)
        return ka_new_curve(k->curve, out, e);
    if (k->kind == CHIP_KEY_DH)
        return k->id >= 0 ? ka_new(k->id, out, e) : ka_new_dh(&k->dh, out, e);
    return err_set(e, RC_UNSUPPORTED, "an RSA key agrees on nothing");
}
