#include "drivers/card/x509.h"

#include <string.h>

#define CE "\x55\x1D"

/* One extension at a time. */
struct extension {
    struct bytes oid, value;
    bool critical;
};

static enum rc extension_next(struct der *list, struct extension *out, struct err *e)
{
    struct der in;
    struct der_item it;
    TRY(der_enter(list, DER_SEQUENCE, &in, e));
    TRY(der_take(&in, DER_OID, &it, e));
    *out = (struct extension){.oid = it.v};
    if (der_at(&in, DER_BOOLEAN)) {
        TRY(der_take(&in, DER_BOOLEAN, &it, e));
        TRY(der_bool(&it, &out->critical, e));
    }
    TRY(der_take(&in, DER_OCTETS, &it, e));
    out->value = it.v;
    return der_end(&in, e);
}

/* AuthorityKeyIdentifier: the identifier alone; issuer and serial number say nothing more. */
static enum rc aki_read(struct bytes v, struct bytes *out, struct err *e)
{
    struct der outer = der_in(v), in;
    struct der_item it;
    TRY(der_enter(&outer, DER_SEQUENCE, &in, e));
    TRY(der_end(&outer, e));
    TRY(der_maybe(&in, DER_CTXP(0), &it, e));
    *out = it.v;
    return RC_OK;
}

static enum rc take_alone(struct bytes v, uint8_t tag, struct der_item *out, struct err *e)
{
    struct der d = der_in(v);
    TRY(der_take(&d, tag, out, e));
    return der_end(&d, e);
}

static enum rc ski_ext(struct cert *c, struct bytes v, struct err *e)
{
    struct der_item it;
    TRY(take_alone(v, DER_OCTETS, &it, e));
    c->ski = it.v;
    return RC_OK;
}

static enum rc aki_ext(struct cert *c, struct bytes v, struct err *e)
{
    return aki_read(v, &c->aki, e);
}

static enum rc usage_ext(struct cert *c, struct bytes v, struct err *e)
{
    struct der_item it;
    TRY(take_alone(v, DER_BITS, &it, e));
    const uint8_t *p = it.v.p;
    if (it.v.len < 2 || p[0] > 7)
        return err_set(e, RC_PROTOCOL, "DER: not a KeyUsage");
    c->has_usage = true;
    c->usage = p[1];
    return RC_OK;
}

static enum rc basic_ext(struct cert *c, struct bytes v, struct err *e)
{
    struct der_item it;
    TRY(take_alone(v, DER_SEQUENCE, &it, e));
    struct der in = der_in(it.v);
    if (!der_at(&in, DER_BOOLEAN))
        return RC_OK;
    TRY(der_take(&in, DER_BOOLEAN, &it, e));
    return der_bool(&it, &c->ca, e);
}

static enum rc eku_ext(struct cert *c, struct bytes v, struct err *e)
{
    struct der_item it;
    TRY(take_alone(v, DER_SEQUENCE, &it, e));
    c->eku = it.v;
    return RC_OK;
}

/* read NULL: understood as far as it matters here, or only about where to find things. */
static const struct {
    const char *oid;
    size_t len;
    enum rc (*read)(struct cert *c, struct bytes v, struct err *e);
} extensions[] = {
    {CE "\x0E", 3, ski_ext},
    {CE "\x23", 3, aki_ext},
    {CE "\x0F", 3, usage_ext},
    {CE "\x13", 3, basic_ext},
    {CE "\x25", 3, eku_ext},
    {CE "\x10", 3, NULL},                      /* privateKeyUsagePeriod */
    {CE "\x11", 3, NULL},                      /* subjectAltName */
    {CE "\x12", 3, NULL},                      /* issuerAltName */
    {CE "\x1F", 3, NULL},                      /* cRLDistributionPoints */
    {CE "\x20", 3, NULL},                      /* certificatePolicies */
    {"\x67\x81\x08\x01\x01\x06\x01", 7, NULL}, /* nameChange */
    {"\x67\x81\x08\x01\x01\x06\x02", 7, NULL}, /* documentTypeList */
};

static enum rc extensions_read(struct cert *c, struct bytes v, struct err *e)
{
    struct der outer = der_in(v), list;
    unsigned seen = 0;
    TRY(der_enter(&outer, DER_SEQUENCE, &list, e));
    TRY(der_end(&outer, e));
    while (list.len > 0) {
        struct extension x;
        size_t i = 0;
        TRY(extension_next(&list, &x, e));
        while (i < COUNT(extensions) && !der_is(x.oid, extensions[i].oid, extensions[i].len))
            i++;
        if (i == COUNT(extensions)) {
            c->odd = c->odd || x.critical;
            continue;
        }
        if (seen & 1u << i)
            return err_set(e, RC_PROTOCOL, "the certificate has an extension twice");
        seen |= 1u << i;
        if (extensions[i].read)
            TRY(extensions[i].read(c, x.value, e));
    }
    return RC_OK;
}

/* SEQUENCE { what is signed, algorithm, signature }: certificate and revocation list. */
static enum rc signed_open(struct bytes raw, struct der_item *tbs, struct bytes *alg, struct bytes *sig,
                           struct err *e)
{
    struct der outer = der_in(raw), in;
    struct der_item it;
    TRY(der_enter(&outer, DER_SEQUENCE, &in, e));
    TRY(der_end(&outer, e));
    TRY(der_take(&in, DER_SEQUENCE, tbs, e));
    TRY(der_take(&in, DER_SEQUENCE, &it, e));
    *alg = it.raw;
    TRY(der_take(&in, DER_BITS, &it, e));
    TRY(der_end(&in, e));
    return der_bits(&it, sig, e);
}

static enum rc take_time(struct der *d, int64_t *out, struct err *e)
{
    struct der_item it;
    TRY(der_next(d, &it, e));
    return der_time(&it, out, e);
}

static enum rc validity(struct der *d, struct cert *c, struct err *e)
{
    struct der in;
    TRY(der_enter(d, DER_SEQUENCE, &in, e));
    TRY(take_time(&in, &c->not_before, e));
    TRY(take_time(&in, &c->not_after, e));
    return der_end(&in, e);
}

static enum rc version(struct der *d, struct cert *c, struct err *e)
{
    struct der in;
    struct der_item it;
    c->version = 1;
    if (!der_at(d, DER_CTX(0)))
        return RC_OK;
    TRY(der_enter(d, DER_CTX(0), &in, e));
    TRY(der_take(&in, DER_INTEGER, &it, e));
    TRY(der_end(&in, e));
    TRY(der_small(&it, &c->version, e));
    c->version++;
    return c->version <= 3 ? RC_OK : err_set(e, RC_UNSUPPORTED, "a certificate of a later version");
}

static enum rc tail(struct der *d, struct cert *c, struct err *e)
{
    struct der_item it;
    TRY(der_maybe(d, DER_CTXP(1), &it, e)); /* unique identifiers */
    TRY(der_maybe(d, DER_CTXP(2), &it, e));
    TRY(der_maybe(d, DER_CTX(3), &it, e));
    if (it.raw.len)
        TRY(extensions_read(c, it.v, e));
    return der_end(d, e);
}

enum rc cert_read(struct bytes raw, struct cert *out, struct err *e)
{
    struct cert c = {.raw = raw};
    struct der_item tbs, it;
    TRY(signed_open(raw, &tbs, &c.alg, &c.sig, e));
    c.tbs = tbs.raw;
    struct der d = der_in(tbs.v);
    TRY(version(&d, &c, e));
    TRY(der_take(&d, DER_INTEGER, &it, e));
    c.serial = it.v;
    TRY(der_take(&d, DER_SEQUENCE, &it, e));
    if (!der_same(it.raw, c.alg)) /* else the algorithm outside could be changed unseen */
        return err_set(e, RC_PROTOCOL, "the certificate names two signature algorithms");
    TRY(der_take(&d, DER_SEQUENCE, &it, e));
    c.issuer = it.raw;
    TRY(validity(&d, &c, e));
    TRY(der_take(&d, DER_SEQUENCE, &it, e));
    c.subject = it.raw;
    TRY(der_take(&d, DER_SEQUENCE, &it, e));
    c.spki = it.raw;
    TRY(tail(&d, &c, e));
    *out = c;
    return RC_OK;
}

static enum rc verify(struct bytes alg, struct bytes tbs, struct bytes sig, const struct cert *by,
                      struct err *e)
{
    struct sig_alg a;
    struct pub_key k;
    TRY(alg_signature(alg, &a, e));
    TRY(key_read(by->spki, &k, e));
    return key_verify(&k, &a, (struct bytes[]){tbs, {"", 0}}, sig, e);
}

enum rc cert_verify(const struct cert *c, const struct cert *by, struct err *e)
{
    return verify(c->alg, c->tbs, c->sig, by, e);
}

bool cert_has_eku(const struct cert *c, const char *oid, size_t len)
{
    struct der d = der_in(c->eku);
    struct der_item it;
    while (d.len > 0 && der_take(&d, DER_OID, &it, NULL) == RC_OK)
        if (der_is(it.v, oid, len))
            return true;
    return false;
}

/* ---- revocation lists ------------------------------------------------------------------------------------
 */

/* IssuingDistributionPoint: a list of only some certificates is fine, one for other issuers is not. */
static enum rc point_right(struct bytes v, struct err *e)
{
    struct der_item it;
    TRY(take_alone(v, DER_SEQUENCE, &it, e));
    struct der in = der_in(it.v);
    while (in.len > 0) {
        TRY(der_next(&in, &it, e));
        if (it.tag == DER_CTXP(4) || it.tag == DER_CTXP(5))
            return err_set(e, RC_UNSUPPORTED, "an indirect revocation list");
    }
    return RC_OK;
}

static enum rc crl_extension(struct crl *c, const struct extension *x, struct err *e)
{
    struct der_item it;
    if (DER_IS(x->oid, CE "\x23"))
        return aki_read(x->value, &c->aki, e);
    if (DER_IS(x->oid, CE "\x1C"))
        return point_right(x->value, e);
    if (DER_IS(x->oid, CE "\x1B"))
        return err_set(e, RC_UNSUPPORTED, "a delta revocation list");
    if (DER_IS(x->oid, CE "\x14")) {
        TRY(take_alone(x->value, DER_INTEGER, &it, e));
        c->number = it.v;
        return RC_OK;
    }
    return x->critical ? err_set(e, RC_UNSUPPORTED, "a revocation list with an unknown critical extension")
                       : RC_OK;
}

/* One entry; extensions that change its meaning are refused when the list is read. */
static enum rc entry_next(struct der *list, struct bytes *serial, int64_t *since, struct err *e)
{
    struct der in, exts;
    struct der_item it;
    TRY(der_enter(list, DER_SEQUENCE, &in, e));
    TRY(der_take(&in, DER_INTEGER, &it, e));
    *serial = it.v;
    TRY(take_time(&in, since, e));
    if (der_at(&in, DER_SEQUENCE)) {
        TRY(der_enter(&in, DER_SEQUENCE, &exts, e));
        while (exts.len > 0) {
            struct extension x;
            TRY(extension_next(&exts, &x, e));
            if (x.critical && !DER_IS(x.oid, CE "\x15"))
                return err_set(e, RC_UNSUPPORTED, "a revoked certificate with an unknown critical extension");
        }
    }
    return der_end(&in, e);
}

static enum rc crl_body(struct der d, struct crl *c, struct err *e)
{
    struct der_item it;
    struct der outer, list;
    TRY(der_maybe(&d, DER_INTEGER, &it, e)); /* version */
    TRY(der_take(&d, DER_SEQUENCE, &it, e));
    if (!der_same(it.raw, c->alg))
        return err_set(e, RC_PROTOCOL, "the revocation list names two signature algorithms");
    TRY(der_take(&d, DER_SEQUENCE, &it, e));
    c->issuer = it.raw;
    TRY(take_time(&d, &c->this_update, e));
    if (der_at(&d, DER_UTC_TIME) || der_at(&d, DER_TIME))
        TRY(take_time(&d, &c->next_update, e));
    TRY(der_maybe(&d, DER_SEQUENCE, &it, e));
    c->entries = it.v;
    for (list = der_in(it.v); list.len > 0; c->count++) {
        struct bytes serial;
        int64_t since;
        TRY(entry_next(&list, &serial, &since, e));
    }
    TRY(der_maybe(&d, DER_CTX(0), &it, e));
    TRY(der_end(&d, e));
    if (!it.raw.len)
        return RC_OK;
    outer = der_in(it.v);
    TRY(der_enter(&outer, DER_SEQUENCE, &list, e));
    TRY(der_end(&outer, e));
    while (list.len > 0) {
        struct extension x;
        TRY(extension_next(&list, &x, e));
        TRY(crl_extension(c, &x, e));
    }
    return RC_OK;
}

enum rc crl_read(struct bytes raw, struct crl *out, struct err *e)
{
    struct crl c = {0};
    struct der_item tbs;
    TRY(signed_open(raw, &tbs, &c.alg, &c.sig, e));
    c.tbs = tbs.raw;
    TRY(crl_body(der_in(tbs.v), &c, e));
    *out = c;
    return RC_OK;
}

enum rc crl_verify(const struct crl *c, const struct cert *by, struct err *e)
{
    return verify(c->alg, c->tbs, c->sig, by, e);
}

bool crl_has(const struct crl *c, struct bytes serial, int64_t *since)
{
    struct der list = der_in(c->entries);
    struct bytes s;
    int64_t at;
    while (list.len > 0 && entry_next(&list, &s, &at, NULL) == RC_OK)
        if (der_same(s, serial)) {
            *since = at;
            return true;
        }
    return false;
}
