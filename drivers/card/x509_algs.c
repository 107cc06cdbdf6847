/* Algorithms and public keys of certificates. */
#include "drivers/card/x509.h"

#include <string.h>

#define RSA_ARC "\x2A\x86\x48\x86\xF7\x0D\x01\x01"
#define ECDSA_ARC "\x2A\x86\x48\xCE\x3D\x04"
#define SHA2_ARC "\x60\x86\x48\x01\x65\x03\x04\x02"
#define OID_PSS RSA_ARC "\x0A"
#define OID_MGF1 RSA_ARC "\x08"

struct oid_row {
    const char *oid;
    size_t len;
    int kind;
    enum hash hash;
};
#define OID(text) text, sizeof(text) - 1

static const struct oid_row hash_rows[] = {
    {OID("\x2B\x0E\x03\x02\x1A"), 0, HASH_SHA1}, {OID(SHA2_ARC "\x04"), 0, HASH_SHA224},
    {OID(SHA2_ARC "\x01"), 0, HASH_SHA256},      {OID(SHA2_ARC "\x02"), 0, HASH_SHA384},
    {OID(SHA2_ARC "\x03"), 0, HASH_SHA512},
};

static const struct oid_row signature_rows[] = {
    {OID(RSA_ARC "\x01"), SIG_RSA, HASH_NONE},           {OID(RSA_ARC "\x05"), SIG_RSA, HASH_SHA1},
    {OID(RSA_ARC "\x0E"), SIG_RSA, HASH_SHA224},         {OID(RSA_ARC "\x0B"), SIG_RSA, HASH_SHA256},
    {OID(RSA_ARC "\x0C"), SIG_RSA, HASH_SHA384},         {OID(RSA_ARC "\x0D"), SIG_RSA, HASH_SHA512},
    {OID(ECDSA_ARC "\x01"), SIG_ECDSA, HASH_SHA1},       {OID(ECDSA_ARC "\x03\x01"), SIG_ECDSA, HASH_SHA224},
    {OID(ECDSA_ARC "\x03\x02"), SIG_ECDSA, HASH_SHA256}, {OID(ECDSA_ARC "\x03\x03"), SIG_ECDSA, HASH_SHA384},
    {OID(ECDSA_ARC "\x03\x04"), SIG_ECDSA, HASH_SHA512},
};

static const struct oid_row *row_of(const struct oid_row *rows, size_t n, struct bytes oid)
{
    for (size_t i = 0; i < n; i++)
        if (der_is(oid, rows[i].oid, rows[i].len))
            return &rows[i];
    return NULL;
}

/* AlgorithmIdentifier: the OID, and what stands behind it. */
static enum rc alg_open(struct bytes alg, struct bytes *oid, struct der *parameters, struct err *e)
{
    struct der outer = der_in(alg);
    struct der_item it;
    TRY(der_enter(&outer, DER_SEQUENCE, parameters, e));
    TRY(der_end(&outer, e));
    TRY(der_take(parameters, DER_OID, &it, e));
    *oid = it.v;
    return RC_OK;
}

/* Nothing or NULL: the two are used alike. */
static enum rc no_parameters(struct der *p, struct err *e)
{
    struct der_item it;
    TRY(der_maybe(p, DER_NULL, &it, e));
    return der_end(p, e);
}

enum rc alg_hash(struct bytes alg, enum hash *out, struct err *e)
{
    struct bytes oid;
    struct der p;
    TRY(alg_open(alg, &oid, &p, e));
    const struct oid_row *row = row_of(hash_rows, COUNT(hash_rows), oid);
    if (!row)
        return err_set(e, RC_UNSUPPORTED, "a hash algorithm that is not SHA-1 or SHA-2");
    TRY(no_parameters(&p, e));
    *out = row->hash;
    return RC_OK;
}

static enum rc mgf_hash(struct bytes alg, enum hash *out, struct err *e)
{
    struct bytes oid;
    struct der p;
    struct der_item hash;
    TRY(alg_open(alg, &oid, &p, e));
    if (!DER_IS(oid, OID_MGF1))
        return err_set(e, RC_UNSUPPORTED, "a mask generation function that is not MGF1");
    TRY(der_take(&p, DER_SEQUENCE, &hash, e));
    TRY(der_end(&p, e));
    return alg_hash(hash.raw, out, e);
}

/* RSASSA-PSS-params (RFC 4055 3.1): all members may be left out. */
static enum rc pss_parameters(struct der *p, struct sig_alg *out, struct err *e)
{
    struct der in;
    struct der_item it, number;
    int salt = 20, trailer = 1;
    *out = (struct sig_alg){SIG_PSS, HASH_SHA1, HASH_SHA1, 20};
    TRY(der_enter(p, DER_SEQUENCE, &in, e));
    TRY(der_end(p, e));
    TRY(der_maybe(&in, DER_CTX(0), &it, e));
    if (it.raw.len)
        TRY(alg_hash(it.v, &out->hash, e));
    TRY(der_maybe(&in, DER_CTX(1), &it, e));
    if (it.raw.len)
        TRY(mgf_hash(it.v, &out->mgf, e));
    for (unsigned i = 2; i <= 3; i++) {
        TRY(der_maybe(&in, DER_CTX(i), &it, e));
        if (!it.raw.len)
            continue;
        struct der explicit = der_in(it.v);
        TRY(der_take(&explicit, DER_INTEGER, &number, e));
        TRY(der_end(&explicit, e));
        TRY(der_small(&number, i == 2 ? &salt : &trailer, e));
    }
    if (trailer != 1)
        return err_set(e, RC_UNSUPPORTED, "a PSS trailer other than BC");
    out->salt = (size_t)salt;
    return der_end(&in, e);
}

enum rc alg_signature(struct bytes alg, struct sig_alg *out, struct err *e)
{
    struct bytes oid;
    struct der p;
    TRY(alg_open(alg, &oid, &p, e));
    if (DER_IS(oid, OID_PSS))
        return pss_parameters(&p, out, e);
    const struct oid_row *row = row_of(signature_rows, COUNT(signature_rows), oid);
    if (!row)
        return err_set(e, RC_UNSUPPORTED, "a signature algorithm that is neither RSA nor ECDSA with SHA");
    TRY(no_parameters(&p, e));
    *out = (struct sig_alg){(enum sig_kind)row->kind, row->hash, HASH_NONE, 0};
    return RC_OK;
}

/* ---- keys ------------------------------------------------------------------------------------------------
 */

static enum rc rsa_read(struct bytes bits, struct pub_key *out, struct err *e)
{
    struct der outer = der_in(bits), in;
    struct der_item n, x;
    TRY(der_enter(&outer, DER_SEQUENCE, &in, e));
    TRY(der_end(&outer, e));
    TRY(der_take(&in, DER_INTEGER, &n, e));
    TRY(der_take(&in, DER_INTEGER, &x, e));
    TRY(der_end(&in, e));
    TRY(der_number(&n, &out->rsa.n, e));
    TRY(der_number(&x, &out->rsa.e, e));
    out->bits = out->rsa.n.len * 8;
    for (unsigned top = *(const uint8_t *)out->rsa.n.p; top && !(top & 0x80); top <<= 1)
        out->bits--;
    return RC_OK;
}

static enum rc take_number(struct der *d, struct bytes *out, struct err *e)
{
    struct der_item it;
    TRY(der_take(d, DER_INTEGER, &it, e));
    return der_number(&it, out, e);
}

static enum rc take_octets(struct der *d, struct bytes *out, struct err *e)
{
    struct der_item it;
    TRY(der_take(d, DER_OCTETS, &it, e));
    *out = it.v;
    return RC_OK;
}

/* SpecifiedECDomain (X9.62, RFC 3279 2.3.5). The seed tells how a and b were found; nothing depends on it. */
static enum rc spelled_out(struct der *p, struct pub_key *out, struct err *e)
{
    struct der in, field, curve;
    struct der_item it;
    struct curve_values v;
    TRY(der_enter(p, DER_SEQUENCE, &in, e));
    TRY(der_take(&in, DER_INTEGER, &it, e));
    TRY(der_enter(&in, DER_SEQUENCE, &field, e));
    TRY(der_take(&field, DER_OID, &it, e));
    if (!DER_IS(it.v, "\x2A\x86\x48\xCE\x3D\x01\x01"))
        return err_set(e, RC_UNSUPPORTED, "a curve over a field that is not prime");
    TRY(take_number(&field, &v.p, e));
    TRY(der_end(&field, e));
    TRY(der_enter(&in, DER_SEQUENCE, &curve, e));
    TRY(take_octets(&curve, &v.a, e));
    TRY(take_octets(&curve, &v.b, e));
    TRY(der_maybe(&curve, DER_BITS, &it, e));
    out->seed = it.raw.len > 0;
    TRY(der_end(&curve, e));
    TRY(take_octets(&in, &v.g, e));
    TRY(take_number(&in, &v.n, e));
    TRY(der_maybe(&in, DER_INTEGER, &it, e));
    out->cofactor = it.raw.len > 0;
    TRY(der_end(&in, e));
    if (out->cofactor && !DER_IS(it.v, "\x01"))
        return err_set(e, RC_DENIED, "a curve with a cofactor other than 1");
    out->spelled_out = true;
    out->compressed = v.g.len > 0 && *(const uint8_t *)v.g.p != 4;
    out->curve = curve_by_values(&v);
    return out->curve ? RC_OK : err_set(e, RC_DENIED, "a curve that equals none of the known ones");
}

static enum rc ec_read(struct der *p, struct bytes bits, struct pub_key *out, struct err *e)
{
    struct der_item it;
    if (der_at(p, DER_OID)) {
        TRY(der_take(p, DER_OID, &it, e));
        out->curve = curve_by_oid(it.v.p, it.v.len);
        if (!out->curve)
            return err_set(e, RC_UNSUPPORTED, "a named curve that documents do not use");
    } else {
        TRY(spelled_out(p, out, e));
    }
    out->bits = out->curve->bits;
    out->point = bits;
    return der_end(p, e);
}

enum rc key_read(struct bytes spki, struct pub_key *out, struct err *e)
{
    struct der outer = der_in(spki), in, p;
    struct der_item alg, it;
    struct bytes oid, bits;
    struct pub_key k = {0};
    TRY(der_enter(&outer, DER_SEQUENCE, &in, e));
    TRY(der_end(&outer, e));
    TRY(der_take(&in, DER_SEQUENCE, &alg, e));
    TRY(der_take(&in, DER_BITS, &it, e));
    TRY(der_end(&in, e));
    TRY(der_bits(&it, &bits, e));
    TRY(alg_open(alg.raw, &oid, &p, e));
    if (DER_IS(oid, RSA_ARC "\x01")) {
        TRY(no_parameters(&p, e));
        TRY(rsa_read(bits, &k, e));
    } else if (DER_IS(oid, OID_PSS)) {
        k.kind = KEY_PSS;
        k.has_pss = p.len > 0;
        if (k.has_pss)
            TRY(pss_parameters(&p, &k.pss, e));
        TRY(rsa_read(bits, &k, e));
    } else if (DER_IS(oid, "\x2A\x86\x48\xCE\x3D\x02\x01")) {
        k.kind = KEY_EC;
        TRY(ec_read(&p, bits, &k, e));
    } else {
        return err_set(e, RC_UNSUPPORTED, "a public key that is neither RSA nor of an elliptic curve");
    }
    *out = k;
    return RC_OK;
}

/* ---- signatures ------------------------------------------------------------------------------------------
 */

static enum rc ecdsa_read(struct bytes sig, struct ec_signature *out, struct err *e)
{
    struct der outer = der_in(sig), in;
    TRY(der_enter(&outer, DER_SEQUENCE, &in, e));
    TRY(der_end(&outer, e));
    TRY(take_number(&in, &out->r, e));
    TRY(take_number(&in, &out->s, e));
    return der_end(&in, e);
}

/* RFC 4055 3.3: the parameters in the key bind those of the signature. */
static bool pss_allowed(const struct pub_key *k, const struct sig_alg *a)
{
    return !k->has_pss || (k->pss.hash == a->hash && k->pss.mgf == a->mgf && a->salt >= k->pss.salt);
}

enum rc key_verify(const struct pub_key *k, const struct sig_alg *a, const struct bytes parts[2],
                   struct bytes sig, struct err *e)
{
    uint8_t digest[HASH_MAX];
    if ((a->kind == SIG_ECDSA) != (k->kind == KEY_EC) || (a->kind == SIG_RSA && k->kind == KEY_PSS))
        return err_set(e, RC_DENIED, "the signature is of another kind than the key");
    if (a->hash == HASH_NONE)
        return err_set(e, RC_PROTOCOL, "the signature does not say its hash algorithm");
    hash_parts(a->hash, parts, 2, digest);
    if (a->kind == SIG_RSA)
        return rsa_pkcs1_check(&k->rsa, a->hash, digest, sig, e);
    if (a->kind == SIG_PSS) {
        struct pss how = {a->hash, a->mgf, a->salt};
        if (!pss_allowed(k, a))
            return err_set(e, RC_DENIED, "PSS with other parameters than the key allows");
        return rsa_pss_check(&k->rsa, &how, digest, sig, e);
    }
    struct ec_signature rs;
    if (ecdsa_read(sig, &rs, e) != RC_OK)
        return err_wrap(e, RC_DENIED, "the ECDSA signature");
    return ecdsa_check(k->curve, k->point, BYTES(digest, hash_len(a->hash)), &rs, e);
}
