#include "drivers/card/cms.h"

#include <stdlib.h>
#include <string.h>

#define PKCS9 "\x2A\x86\x48\x86\xF7\x0D\x01\x09"
#define OID_SIGNED_DATA "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"
#define ATTRIBUTES_MAX 16

static enum rc signer_id(struct der *d, struct cms_signer *s, struct err *e)
{
    struct der in;
    struct der_item it;
    TRY(der_maybe(d, DER_CTXP(0), &it, e));
    if (it.raw.len) {
        s->ski = it.v;
        return it.v.len ? RC_OK : err_set(e, RC_PROTOCOL, "CMS: an empty key identifier");
    }
    if (der_at(d, DER_CTX(0))) { /* some write the tag as explicit */
        TRY(der_enter(d, DER_CTX(0), &in, e));
        TRY(der_take(&in, DER_OCTETS, &it, e));
        s->ski = it.v;
        return it.v.len ? der_end(&in, e) : err_set(e, RC_PROTOCOL, "CMS: an empty key identifier");
    }
    TRY(der_enter(d, DER_SEQUENCE, &in, e));
    TRY(der_take(&in, DER_SEQUENCE, &it, e));
    s->issuer = it.raw;
    TRY(der_take(&in, DER_INTEGER, &it, e));
    s->serial = it.v;
    return der_end(&in, e);
}

static enum rc signer_read(struct der *list, struct cms_signer *s, struct err *e)
{
    struct der d;
    struct der_item it;
    *s = (struct cms_signer){0};
    TRY(der_enter(list, DER_SEQUENCE, &d, e));
    TRY(der_take(&d, DER_INTEGER, &it, e)); /* version: 1 or 3, by the kind of identifier; often wrong */
    TRY(signer_id(&d, s, e));
    TRY(der_take(&d, DER_SEQUENCE, &it, e));
    s->digest_alg = it.raw;
    TRY(der_maybe(&d, DER_CTX(0), &it, e));
    s->attributes = it.v;
    s->has_attributes = it.raw.len > 0;
    TRY(der_take(&d, DER_SEQUENCE, &it, e));
    s->sig_alg = it.raw;
    TRY(der_take(&d, DER_OCTETS, &it, e));
    s->sig = it.v;
    TRY(der_maybe(&d, DER_CTX(1), &it, e)); /* unsigned attributes */
    return der_end(&d, e);
}

static enum rc content_read(struct der *d, struct cms *m, struct err *e)
{
    struct der info, in;
    struct der_item it;
    TRY(der_enter(d, DER_SEQUENCE, &info, e));
    TRY(der_take(&info, DER_OID, &it, e));
    m->type = it.v;
    TRY(der_enter(&info, DER_CTX(0), &in, e));
    TRY(der_end(&info, e));
    TRY(der_take(&in, DER_OCTETS, &it, e));
    m->content = it.v;
    return der_end(&in, e);
}

static enum rc signed_data(struct der d, struct cms *m, struct err *e)
{
    struct der list;
    struct der_item it;
    TRY(der_take(&d, DER_INTEGER, &it, e));
    TRY(der_take(&d, DER_SET, &it, e)); /* digest algorithms: a hint */
    TRY(content_read(&d, m, e));
    TRY(der_maybe(&d, DER_CTX(0), &it, e));
    m->certificates = it.v;
    TRY(der_maybe(&d, DER_CTX(1), &it, e)); /* revocation lists come from the folder */
    TRY(der_enter(&d, DER_SET, &list, e));
    TRY(der_end(&d, e));
    while (list.len > 0) {
        if (m->n_signers == CMS_SIGNERS)
            return err_set(e, RC_UNSUPPORTED, "CMS: more than %d signers", CMS_SIGNERS);
        TRY(signer_read(&list, &m->signer[m->n_signers++], e));
    }
    return m->n_signers ? RC_OK : err_set(e, RC_PROTOCOL, "CMS: nobody signed");
}

enum rc cms_read(struct arena *a, struct bytes in, struct cms *out, struct err *e)
{
    struct bytes der;
    struct cms m = {0};
    struct der outer, info, data;
    struct der_item it;
    TRY(der_normal(a, in, &der, e));
    outer = der_in(der);
    TRY(der_enter(&outer, DER_SEQUENCE, &info, e));
    TRY(der_end(&outer, e));
    TRY(der_take(&info, DER_OID, &it, e));
    if (!DER_IS(it.v, OID_SIGNED_DATA))
        return err_set(e, RC_PROTOCOL, "CMS: not signed data");
    TRY(der_enter(&info, DER_CTX(0), &data, e));
    TRY(der_end(&info, e));
    TRY(der_take(&data, DER_SEQUENCE, &it, e));
    TRY(der_end(&data, e));
    TRY(signed_data(der_in(it.v), &m, e));
    *out = m;
    return RC_OK;
}

bool cms_names(const struct cms_signer *s, const struct cert *c)
{
    if (s->ski.len)
        return der_same(s->ski, c->ski);
    return der_same(s->serial, c->serial) && name_same(s->issuer, c->issuer);
}

enum rc cms_certificate(const struct cms *m, const struct cms_signer *s, struct cert *out, struct err *e)
{
    struct der list = der_in(m->certificates);
    struct cert second = {0};
    while (list.len > 0) {
        struct der_item it;
        struct cert c;
        TRY(der_next(&list, &it, e));
        if (it.tag != DER_SEQUENCE) /* attribute certificates and the like */
            continue;
        if (cert_read(it.raw, &c, e) != RC_OK)
            continue;
        if (cms_names(s, &c)) {
            *out = c;
            return RC_OK;
        }
        /* Some states write the issuer in another order than their certificate has it. Whether it is the
         * signer's, its key will tell. */
        if (!s->ski.len && der_same(s->serial, c.serial))
            second = c;
    }
    if (!second.raw.len)
        return err_set(e, RC_NOT_FOUND, "CMS: the signer's certificate is not enclosed");
    *out = second;
    return RC_OK;
}

/* ---- signed attributes -----------------------------------------------------------------------------------
 */

struct attributes {
    struct bytes raw[ATTRIBUTES_MAX];
    size_t n;
    struct bytes type, digest;
    int64_t signed_at;
    bool time, sorted;
};

static int order(const void *a, const void *b)
{
    const struct bytes *x = a, *y = b;
    size_t n = x->len < y->len ? x->len : y->len;
    int c = memcmp(x->p, y->p, n);
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

/* One value each, none twice (RFC 5652 11). */
static enum rc attribute(struct der d, struct attributes *out, struct err *e)
{
    static const char *const twice = "CMS: a signed attribute twice or with several values";
    struct der values;
    struct der_item oid, it;
    TRY(der_take(&d, DER_OID, &oid, e));
    TRY(der_enter(&d, DER_SET, &values, e));
    TRY(der_end(&d, e));
    bool type = DER_IS(oid.v, PKCS9 "\x03"), digest = DER_IS(oid.v, PKCS9 "\x04"),
         time = DER_IS(oid.v, PKCS9 "\x05");
    if (!type && !digest && !time)
        return RC_OK;
    TRY(der_next(&values, &it, e));
    if (values.len || (type && out->type.len) || (digest && out->digest.len) || (time && out->time))
        return err_set(e, RC_DENIED, "%s", twice);
    if (it.tag != (type ? DER_OID : digest ? DER_OCTETS : it.tag) || !it.v.len)
        return err_set(e, RC_PROTOCOL, "CMS: a signed attribute of another type");
    if (time) { /* written in another way than the standard says: not known, but no forgery */
        out->time = true;
        if (der_time(&it, &out->signed_at, NULL) != RC_OK)
            out->signed_at = 0;
        return RC_OK;
    }
    *(type ? &out->type : &out->digest) = it.v;
    return RC_OK;
}

static enum rc attributes_read(struct bytes v, struct attributes *out, struct err *e)
{
    struct der list = der_in(v);
    struct der_item it;
    *out = (struct attributes){.sorted = true};
    while (list.len > 0) {
        TRY(der_take(&list, DER_SEQUENCE, &it, e));
        if (out->n == ATTRIBUTES_MAX)
            return err_set(e, RC_UNSUPPORTED, "CMS: more than %d signed attributes", ATTRIBUTES_MAX);
        if (out->n && order(&out->raw[out->n - 1], &it.raw) > 0)
            out->sorted = false;
        out->raw[out->n++] = it.raw;
        TRY(attribute(der_in(it.v), out, e));
    }
    if (!out->type.len || !out->digest.len)
        return err_set(e, RC_DENIED, "CMS: a signed attribute that must be there is missing");
    return RC_OK;
}

/* The SET OF that is signed: tag 31 in place of the [0] it is sent with (RFC 5652 5.4). */
static size_t set_head(size_t len, uint8_t out[6])
{
    size_t k = 0;
    out[0] = DER_SET;
    out[1] = (uint8_t)len;
    if (len < 0x80)
        return 2;
    while (len >> (8 * k))
        k++;
    out[1] = (uint8_t)(0x80 | k);
    for (size_t i = 0; i < k; i++)
        out[2 + i] = (uint8_t)(len >> (8 * (k - 1 - i)));
    return 2 + k;
}

struct judge {
    const struct pub_key *key;
    const struct sig_alg *alg;
    struct bytes sig;
};

static enum rc over_attributes(const struct judge *j, const struct cms_signer *s, struct attributes *at,
                               struct err *e)
{
    uint8_t head[6];
    struct bytes parts[2] = {{head, set_head(s->attributes.len, head)}, s->attributes};
    enum rc rc = key_verify(j->key, j->alg, parts, j->sig, e);
    if (rc != RC_DENIED || at->sorted)
        return rc;
    /* Sent in another order than DER has: DER is what must be signed, the order sent is what some sign. Both
     * are the same attributes. */
    ARENA_SCOPE(a);
    uint8_t *p = arena_alloc(a, s->attributes.len), *w = p;
    qsort(at->raw, at->n, sizeof *at->raw, order);
    for (size_t i = 0; i < at->n; i++)
        w = (uint8_t *)memcpy(w, at->raw[i].p, at->raw[i].len) + at->raw[i].len;
    parts[1] = BYTES(p, s->attributes.len);
    return key_verify(j->key, j->alg, parts, j->sig, e);
}

enum rc cms_verify(const struct cms *m, const struct cms_signer *s, const struct cert *by, int64_t *signed_at,
                   struct err *e)
{
    enum hash digest;
    struct sig_alg alg;
    struct pub_key key;
    TRY(alg_hash(s->digest_alg, &digest, e));
    TRY(alg_signature(s->sig_alg, &alg, e));
    TRY(key_read(by->spki, &key, e));
    if (alg.hash == HASH_NONE) /* rsaEncryption */
        alg.hash = digest;
    if (alg.hash != digest)
        return err_set(e, RC_DENIED, "CMS: the digest is %s, but the signature is made with %s",
                       hash_name(digest), hash_name(alg.hash));
    struct judge j = {&key, &alg, s->sig};
    struct attributes at = {0};
    if (!s->has_attributes) {
        *signed_at = 0;
        return key_verify(&key, &alg, (struct bytes[]){m->content, {"", 0}}, s->sig, e);
    }
    TRY(attributes_read(s->attributes, &at, e));
    uint8_t is[HASH_MAX];
    hash_of(digest, m->content, is);
    if (!der_same(at.type, m->type))
        return err_set(e, RC_DENIED, "CMS: signed as content of another type");
    if (!der_same(at.digest, BYTES(is, hash_len(digest))))
        return err_set(e, RC_DENIED, "CMS: the signature is about other content");
    TRY(over_attributes(&j, s, &at, e));
    *signed_at = at.signed_at;
    return RC_OK;
}

enum rc master_list_open(struct bytes content, struct der *certificates, struct err *e)
{
    struct der outer = der_in(content), in;
    struct der_item it;
    int version;
    TRY(der_enter(&outer, DER_SEQUENCE, &in, e));
    TRY(der_end(&outer, e));
    TRY(der_take(&in, DER_INTEGER, &it, e));
    TRY(der_small(&it, &version, e));
    if (version != 0)
        return err_set(e, RC_UNSUPPORTED, "a master list of version %d", version);
    TRY(der_enter(&in, DER_SET, certificates, e));
    return der_end(&in, e);
}
