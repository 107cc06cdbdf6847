/* EF.SOD: CMS SignedData over the LDS security object (9303-10 4.6.2, 9303-12), its document signer
 * certificate, and the invented country signing CA behind it. Keys come from fixed words and ECDSA is
 * deterministic (RFC 6979), so the same card file always gives the same bytes. */
#include "tests/devices/card_priv.h"

#include <mbedtls/ecdsa.h>
#include <stdio.h>
#include <string.h>

#define OID_EC_KEY "2A8648CE3D0201"
#define OID_PRIME "2A8648CE3D0101"
#define OID_ECDSA_SHA256 "2A8648CE3D040302"
#define OID_SHA256 "608648016503040201"
#define OID_SIGNED "2A864886F70D010702"
#define OID_CONTENT_TYPE "2A864886F70D010903"
#define OID_DIGEST "2A864886F70D010904"
#define OID_TIME "2A864886F70D010905"
#define OID_LDS "678108010101"
#define OID_SECURITY "04007F0007030201" /* id-SecurityObject */
#define OID_DOCUMENT_TYPES "67810801010602"

struct signer {
    const char *cn;
    const struct curve *cv;
    mbedtls_ecp_group g;
    mbedtls_mpi d;
    mbedtls_ecp_point q;
    bool rsa;       /* RSASSA-PSS with the fixed key */
    struct buf key; /* SubjectPublicKeyInfo */
    uint8_t id[20]; /* subject key identifier */
};

void fixed_key(const char *word, const struct curve *cv, mbedtls_ecp_group *g, mbedtls_mpi *d,
               mbedtls_ecp_point *q)
{
    uint8_t raw[32];
    BUF_SCOPE(b);
    buf_str(&b, "pridvor test key ");
    buf_str(&b, word);
    hash(MBEDTLS_MD_SHA256, raw, b.p, b.len);
    raw[0] &= 0x7F; /* below the order of each curve here */
    must(mbedtls_ecp_group_load(g, cv->gid));
    must(mbedtls_mpi_read_binary(d, raw, sizeof raw));
    must(mbedtls_ecp_mul(g, q, d, &g->G, noise, NULL));
}

static void put_point(struct buf *b, const mbedtls_ecp_group *g, const mbedtls_ecp_point *p)
{
    uint8_t raw[POINT_MAX];
    size_t n;
    must(mbedtls_ecp_point_write_binary(g, p, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, raw, sizeof raw));
    buf_add(b, raw, n);
}

static void put_mpi(struct buf *b, unsigned tag, const mbedtls_mpi *m, size_t size)
{
    uint8_t raw[66];
    must(mbedtls_mpi_write_binary(m, raw, size));
    if (tag == 0x02)
        tlv_uint(b, raw, size);
    else
        tlv(b, tag, raw, size);
}

/* X9.62 ECParameters written out: 9303-12 4.1.6.3 demands it, mbedTLS and browsers refuse it. */
static void explicit_params(struct buf *out, const struct curve *cv)
{
    mbedtls_ecp_group g;
    mbedtls_ecp_group_init(&g);
    must(mbedtls_ecp_group_load(&g, cv->gid));
    size_t size = (g.pbits + 7) / 8;
    BUF_SCOPE(field);
    BUF_SCOPE(eq);
    BUF_SCOPE(base);
    BUF_SCOPE(params);
    tlv_hex(&field, 0x06, OID_PRIME);
    put_mpi(&field, 0x02, &g.P, size);
    if (cv->a)
        tlv_hex(&eq, 0x04, cv->a);
    else
        put_mpi(&eq, 0x04, &g.A, size);
    put_mpi(&eq, 0x04, &g.B, size);
    if (cv->seed) {
        BUF_SCOPE(bits);
        uint8_t seed[20];
        buf_chr(&bits, 0);
        buf_add(&bits, seed, hexbytes(cv->seed, seed, sizeof seed));
        tlv_buf(&eq, 0x03, &bits);
    }
    put_point(&base, &g, &g.G);
    tlv_int(&params, 1);
    tlv_buf(&params, 0x30, &field);
    tlv_buf(&params, 0x30, &eq);
    tlv_buf(&params, 0x04, &base);
    put_mpi(&params, 0x02, &g.N, (g.nbits + 7) / 8);
    tlv_int(&params, 1);
    tlv_buf(out, 0x30, &params);
    mbedtls_ecp_group_free(&g);
}

void spki(struct buf *out, const struct curve *cv, const mbedtls_ecp_point *q, bool explicit_ec)
{
    mbedtls_ecp_group g;
    mbedtls_ecp_group_init(&g);
    must(mbedtls_ecp_group_load(&g, cv->gid));
    BUF_SCOPE(alg);
    BUF_SCOPE(bits);
    BUF_SCOPE(both);
    tlv_hex(&alg, 0x06, OID_EC_KEY);
    if (explicit_ec)
        explicit_params(&alg, cv);
    else
        tlv_hex(&alg, 0x06, cv->oid);
    buf_chr(&bits, 0);
    put_point(&bits, &g, q);
    tlv_buf(&both, 0x30, &alg);
    tlv_buf(&both, 0x03, &bits);
    tlv_buf(out, 0x30, &both);
    mbedtls_ecp_group_free(&g);
}

static void signer_open(struct signer *s, const char *cn, const char *curve, bool explicit_ec)
{
    *s = (struct signer){.cn = cn, .cv = curve_named(curve), .rsa = strcmp(curve, "RSA-PSS") == 0};
    mbedtls_ecp_group_init(&s->g);
    mbedtls_mpi_init(&s->d);
    mbedtls_ecp_point_init(&s->q);
    if (s->rsa) {
        rsa_spki(&s->key, 0);
        hash(MBEDTLS_MD_SHA1, s->id, s->key.p, s->key.len);
        return;
    }
    fixed_key(cn, s->cv, &s->g, &s->d, &s->q);
    spki(&s->key, s->cv, &s->q, explicit_ec);
    BUF_SCOPE(raw);
    put_point(&raw, &s->g, &s->q);
    hash(MBEDTLS_MD_SHA1, s->id, raw.p, raw.len);
}

static void signer_close(struct signer *s)
{
    mbedtls_ecp_group_free(&s->g);
    mbedtls_mpi_free(&s->d);
    mbedtls_ecp_point_free(&s->q);
    buf_free(&s->key);
}

static void algorithm(struct buf *b, const char *oid)
{
    BUF_SCOPE(a);
    tlv_hex(&a, 0x06, oid);
    tlv_buf(b, 0x30, &a);
}

#define OID_PSS "2A864886F70D01010A"
#define OID_MGF1 "2A864886F70D010108"

/* RSASSA-PSS-params: SHA-256, MGF1 with SHA-256, salt of 32 bytes. */
static void pss_algorithm(struct buf *b)
{
    BUF_SCOPE(params);
    BUF_SCOPE(hash_alg);
    BUF_SCOPE(mgf);
    BUF_SCOPE(mgf_seq);
    BUF_SCOPE(salt);
    BUF_SCOPE(all);
    algorithm(&hash_alg, OID_SHA256);
    tlv_buf(&params, 0xA0, &hash_alg);
    tlv_hex(&mgf, 0x06, OID_MGF1);
    algorithm(&mgf, OID_SHA256);
    tlv_buf(&mgf_seq, 0x30, &mgf);
    tlv_buf(&params, 0xA1, &mgf_seq);
    tlv_int(&salt, 32);
    tlv_buf(&params, 0xA2, &salt);
    tlv_hex(&all, 0x06, OID_PSS);
    tlv_buf(&all, 0x30, &params);
    tlv_buf(b, 0x30, &all);
}

static void signature_algorithm(const struct signer *s, struct buf *b)
{
    if (s->rsa)
        pss_algorithm(b);
    else
        algorithm(b, OID_ECDSA_SHA256);
}

/* ECDSA-Sig-Value ::= SEQUENCE { r, s } */
static void sign(struct signer *s, const struct buf *message, struct buf *out)
{
    if (s->rsa) {
        uint8_t raw[RSA_LEN];
        rsa_pss(message, raw);
        buf_add(out, raw, sizeof raw);
        return;
    }
    uint8_t md[32];
    mbedtls_mpi r, v;
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&v);
    hash(MBEDTLS_MD_SHA256, md, message->p, message->len);
    must(mbedtls_ecdsa_sign_det_ext(&s->g, &r, &v, &s->d, md, sizeof md, MBEDTLS_MD_SHA256, noise, NULL));
    size_t size = (s->g.nbits + 7) / 8;
    BUF_SCOPE(pair);
    put_mpi(&pair, 0x02, &r, size);
    put_mpi(&pair, 0x02, &v, size);
    tlv_buf(out, 0x30, &pair);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&v);
}

static void rdn(struct buf *b, const char *oid, unsigned string, const char *text)
{
    BUF_SCOPE(pair);
    BUF_SCOPE(seq);
    tlv_hex(&pair, 0x06, oid);
    tlv(&pair, string, text, strlen(text));
    tlv_buf(&seq, 0x30, &pair);
    tlv_buf(b, 0x31, &seq);
}

static void name(struct buf *b, const char *cn)
{
    BUF_SCOPE(n);
    rdn(&n, "550406", 0x13, "RO");
    rdn(&n, "55040A", 0x0C, "Pridvor test, not genuine");
    rdn(&n, "550403", 0x0C, cn);
    tlv_buf(b, 0x30, &n);
}

static void extension(struct buf *b, const char *oid, bool critical, const struct buf *value)
{
    BUF_SCOPE(x);
    tlv_hex(&x, 0x06, oid);
    if (critical)
        tlv_hex(&x, 0x01, "FF");
    tlv_buf(&x, 0x04, value);
    tlv_buf(b, 0x30, &x);
}

static void extensions(struct buf *out, const struct signer *subject, const struct signer *issuer)
{
    bool ca = subject == issuer;
    BUF_SCOPE(all);
    BUF_SCOPE(aki);
    BUF_SCOPE(aki_id);
    BUF_SCOPE(ski);
    BUF_SCOPE(usage);
    tlv(&aki_id, 0x80, issuer->id, sizeof issuer->id);
    tlv_buf(&aki, 0x30, &aki_id);
    extension(&all, "551D23", false, &aki);
    tlv(&ski, 0x04, subject->id, sizeof subject->id);
    extension(&all, "551D0E", false, &ski);
    tlv_hex(&usage, 0x03, ca ? "0106" : "0780"); /* keyCertSign, cRLSign; digitalSignature */
    extension(&all, "551D0F", true, &usage);
    BUF_SCOPE(last);
    BUF_SCOPE(inner);
    if (ca) {
        tlv_hex(&inner, 0x01, "FF");
        tlv_int(&inner, 0);
        tlv_buf(&last, 0x30, &inner);
        extension(&all, "551D13", true, &last);
    } else { /* DocumentTypeList ::= SEQUENCE { version 0, SET OF "ID" } */
        BUF_SCOPE(types);
        tlv(&types, 0x13, "ID", 2);
        tlv_int(&inner, 0);
        tlv_buf(&inner, 0x31, &types);
        tlv_buf(&last, 0x30, &inner);
        extension(&all, OID_DOCUMENT_TYPES, false, &last);
    }
    BUF_SCOPE(list);
    tlv_buf(&list, 0x30, &all);
    tlv_buf(out, 0xA3, &list);
}

static void certificate(struct buf *out, const struct signer *subject, struct signer *issuer, unsigned serial)
{
    BUF_SCOPE(tbs);
    BUF_SCOPE(part);
    tlv_int(&part, 2);
    tlv_buf(&tbs, 0xA0, &part);
    tlv_int(&tbs, serial);
    signature_algorithm(issuer, &tbs);
    name(&tbs, issuer->cn);
    BUF_SCOPE(validity);
    tlv(&validity, 0x17, "240101000000Z", 13);
    tlv(&validity, 0x17, subject == issuer ? "391231235959Z" : "361231235959Z", 13);
    tlv_buf(&tbs, 0x30, &validity);
    name(&tbs, subject->cn);
    buf_add(&tbs, subject->key.p, subject->key.len);
    extensions(&tbs, subject, issuer);

    BUF_SCOPE(signed_part);
    BUF_SCOPE(sig);
    BUF_SCOPE(cert);
    tlv_buf(&signed_part, 0x30, &tbs);
    buf_chr(&sig, 0);
    sign(issuer, &signed_part, &sig);
    buf_add(&cert, signed_part.p, signed_part.len);
    signature_algorithm(issuer, &cert);
    tlv_buf(&cert, 0x03, &sig);
    tlv_buf(out, 0x30, &cert);
}

/* LDSSecurityObject ::= SEQUENCE { version 1, hash algorithm, hashes, versions } */
static void security_object(const struct card *c, struct buf *out)
{
    BUF_SCOPE(hashes);
    BUF_SCOPE(body);
    BUF_SCOPE(versions);
    for (size_t i = 0; i < c->nfiles; i++) {
        const struct file *f = &c->files[i];
        uint8_t md[32];
        if (f->fid >> 8 != 1 || f->fid > 0x0110)
            continue;
        BUF_SCOPE(one);
        hash(MBEDTLS_MD_SHA256, md, f->p, f->len);
        tlv_int(&one, f->fid & 0x1F);
        tlv(&one, 0x04, md, sizeof md);
        tlv_buf(&hashes, 0x30, &one);
    }
    tlv_int(&body, 1);
    algorithm(&body, OID_SHA256);
    tlv_buf(&body, 0x30, &hashes);
    tlv(&versions, 0x13, "0107", 4);
    tlv(&versions, 0x13, "040000", 6);
    tlv_buf(&body, 0x30, &versions);
    tlv_buf(out, 0x30, &body);
}

static void attribute(struct buf *b, const char *oid, const struct buf *value)
{
    BUF_SCOPE(a);
    tlv_hex(&a, 0x06, oid);
    tlv_buf(&a, 0x31, value);
    tlv_buf(b, 0x30, &a);
}

struct signed_part {
    const char *oid, *issuer;
    const struct buf *object, *certificate;
};

static void signer_info(struct signer *ds, const struct signed_part *what, struct buf *out)
{
    uint8_t md[32];
    BUF_SCOPE(attrs);
    BUF_SCOPE(type);
    BUF_SCOPE(when);
    BUF_SCOPE(digest);
    tlv_hex(&type, 0x06, what->oid);
    tlv(&when, 0x17, "260105100000Z", 13);
    hash(MBEDTLS_MD_SHA256, md, what->object->p, what->object->len);
    tlv(&digest, 0x04, md, sizeof md);
    attribute(&attrs, OID_CONTENT_TYPE, &type);
    attribute(&attrs, OID_TIME, &when);
    attribute(&attrs, OID_DIGEST, &digest);
    BUF_SCOPE(set); /* signed is the DER SET OF, stored is the same as [0] */
    BUF_SCOPE(sig);
    tlv_buf(&set, 0x31, &attrs);
    sign(ds, &set, &sig);

    BUF_SCOPE(issuer);
    BUF_SCOPE(info);
    name(&issuer, what->issuer);
    tlv_int(&issuer, 0x1001);
    tlv_int(&info, 1);
    tlv_buf(&info, 0x30, &issuer);
    algorithm(&info, OID_SHA256);
    tlv_buf(&info, 0xA0, &attrs);
    signature_algorithm(ds, &info);
    tlv_buf(&info, 0x04, &sig);
    tlv_buf(out, 0x30, &info);
}

static void signed_data(struct signer *ds, const struct signed_part *what, struct buf *out)
{
    BUF_SCOPE(body);
    BUF_SCOPE(algs);
    BUF_SCOPE(content);
    BUF_SCOPE(octets);
    BUF_SCOPE(infos);
    tlv_int(&body, 3);
    algorithm(&algs, OID_SHA256);
    tlv_buf(&body, 0x31, &algs);
    tlv_hex(&content, 0x06, what->oid);
    tlv_buf(&octets, 0x04, what->object);
    tlv_buf(&content, 0xA0, &octets);
    tlv_buf(&body, 0x30, &content);
    tlv_buf(&body, 0xA0, what->certificate);
    signer_info(ds, what, &infos);
    tlv_buf(&body, 0x31, &infos);

    BUF_SCOPE(seq);
    BUF_SCOPE(info);
    tlv_buf(&seq, 0x30, &body);
    tlv_hex(&info, 0x06, OID_SIGNED);
    tlv_buf(&info, 0xA0, &seq);
    tlv_buf(out, 0x30, &info);
}

void card_csca_make(struct buf *der)
{
    struct signer csca;
    signer_open(&csca, "CSCA Pridvor", "brainpoolP256r1", true);
    certificate(der, &csca, &csca, 1);
    signer_close(&csca);
}

void sod_build(struct card *c, struct buf *sod)
{
    struct signer csca, ds;
    BUF_SCOPE(root);
    BUF_SCOPE(cert);
    BUF_SCOPE(object);
    BUF_SCOPE(cms);
    signer_open(&csca, "CSCA Pridvor", "brainpoolP256r1", c->conf.explicit_ec);
    signer_open(&ds, "Document Signer Pridvor", c->conf.signer, c->conf.explicit_ec);
    certificate(&root, &csca, &csca, 1);
    certificate(&cert, &ds, &csca, 0x1001);
    security_object(c, &object);
    signed_data(&ds, &(struct signed_part){OID_LDS, csca.cn, &object, &cert}, &cms);
    tlv_buf(sod, 0x77, &cms);
    c->csca = arena_dup(c->a, root.p, root.len);
    c->csca_len = root.len;
    signer_close(&csca);
    signer_close(&ds);
}

/* EF.CardSecurity: the key of the chip, signed like the security object; a forger's: his own key, his own
 * signer, and a root that has the true one's name. */
void card_security_build(struct card *c, struct buf *file)
{
    bool forged = security_is(c, "forged");
    struct signer csca, ds;
    BUF_SCOPE(cert);
    BUF_SCOPE(set);
    BUF_SCOPE(infos);
    signer_open(&csca, forged ? "CSCA Elsewhere" : "CSCA Pridvor", "brainpoolP256r1", c->conf.explicit_ec);
    signer_open(&ds, forged ? "Forger" : "Document Signer Pridvor", c->conf.signer, c->conf.explicit_ec);
    certificate(&cert, &ds, &csca, 0x1001);
    chip_static_info(c, forged, &set);
    card_signed_infos(c, &set);
    tlv_buf(&infos, 0x31, &set);
    signed_data(&ds, &(struct signed_part){OID_SECURITY, csca.cn, &infos, &cert}, file);
    if (security_is(c, "broken"))
        file->p[file->len - 1] ^= 1;
    signer_close(&csca);
    signer_close(&ds);
}
