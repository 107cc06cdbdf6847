/* Proofs that the chip is no copy: chip authentication (9303-11 6.2) and active authentication (9303-11 6.1),
 * the chip's side, and the files that tell of them. */
#include "tests/devices/card_priv.h"

#include <mbedtls/ecdsa.h>
#include <string.h>

enum { SW_OK = 0x9000, SW_WRONG = 0x6300, SW_CONDITIONS = 0x6985, SW_DATA = 0x6A80, SW_REFERENCE = 0x6A88 };
enum { KEY_ID = 1, CHALLENGE = 8 };

static bool aa_is(const struct card *c, const char *kind)
{
    return c->conf.aa && strcmp(c->conf.aa, kind) == 0;
}

/* ---- personalisation ---- */

static void dh_number(struct buf *out, const struct elem *pub, size_t len)
{
    uint8_t raw[PUBLIC_MAX];
    must(mbedtls_mpi_write_binary(&pub->n, raw, len));
    tlv_uint(out, raw, len);
}

/* dhPublicNumber (X9.42): { p, g, q }. */
static void dh_spki(struct buf *out, struct group *x, const struct elem *pub)
{
    BUF_SCOPE(params);
    BUF_SCOPE(alg);
    BUF_SCOPE(bits);
    BUF_SCOPE(both);
    struct elem e = {.n = x->p};
    dh_number(&params, &e, x->len);
    e.n = x->g;
    dh_number(&params, &e, x->len);
    e.n = x->q;
    dh_number(&params, &e, mbedtls_mpi_size(&x->q));
    tlv_hex(&alg, 0x06, "2A8648CE3E0201");
    tlv_buf(&alg, 0x30, &params);
    buf_chr(&bits, 0);
    dh_number(&bits, pub, x->len);
    tlv_buf(&both, 0x30, &alg);
    tlv_buf(&both, 0x03, &bits);
    tlv_buf(out, 0x30, &both);
}

/* The static key comes from the printed zone: the same card, the same key. */
static void static_key(struct card *c, struct elem *pub)
{
    uint8_t raw[32];
    BUF_SCOPE(b);
    buf_str(&b, "pridvor test key ");
    buf_str(&b, c->mrz);
    hash(MBEDTLS_MD_SHA256, raw, b.p, b.len);
    size_t n = c->ca_grp.cv->prime ? mbedtls_mpi_size(&c->ca_grp.q) : (c->ca_grp.ec.nbits + 7) / 8;
    n = n < sizeof raw ? n : sizeof raw;
    raw[0] &= 0x7F; /* below the order of each group here */
    must(mbedtls_mpi_read_binary(&c->ca_key, raw, n));
    group_mul(&c->ca_grp, NULL, &c->ca_key, pub);
}

static void put_info(struct buf *set, const char *oid, const uint8_t *last, size_t n, const struct buf *rest)
{
    uint8_t v[16];
    size_t len = hexbytes(oid, v, sizeof v);
    if (n)
        memcpy(v + len, last, n);
    BUF_SCOPE(info);
    tlv(&info, 0x06, v, len + n);
    buf_add(&info, rest->p, rest->len);
    tlv_buf(set, 0x30, &info);
}

static void static_info(struct card *c, const struct elem *pub, struct buf *set)
{
    uint8_t oid[10];
    BUF_SCOPE(key);
    protocol_oid(c, 3, oid);
    if (c->ca_grp.cv->prime)
        dh_spki(&key, &c->ca_grp, pub);
    else
        spki(&key, c->ca_grp.cv, &pub->pt, true);
    if (c->conf.ca_id)
        tlv_int(&key, KEY_ID);
    put_info(set, "04007F0007020201", oid + 8, 1, &key);
}

bool security_is(const struct card *c, const char *kind)
{
    const char *is = c->conf.security ? c->conf.security : "own";
    return strcmp(is, kind) == 0;
}

/* The forger's private key is 1/2: that is what the mapping of a clone fits (card_pace.c). */
void chip_static_info(struct card *c, bool forged, struct buf *set)
{
    struct elem pub;
    mbedtls_mpi half;
    elem_init(&pub);
    mbedtls_mpi_init(&half);
    must(mbedtls_mpi_lset(&half, 2));
    must(mbedtls_mpi_inv_mod(&half, &half, &c->ca_grp.ec.N));
    group_mul(&c->ca_grp, NULL, forged ? &half : &c->ca_key, &pub);
    static_info(c, &pub, set);
    elem_free(&pub);
    mbedtls_mpi_free(&half);
}

static void ca_infos(struct card *c, struct buf *set)
{
    struct elem pub;
    uint8_t oid[10];
    BUF_SCOPE(info);
    elem_init(&pub);
    static_key(c, &pub);
    protocol_oid(c, 3, oid);
    tlv_int(&info, 1);
    if (c->conf.ca_id)
        tlv_int(&info, KEY_ID);
    put_info(set, "04007F0007020203", oid + 8, 2, &info);
    static_info(c, &pub, set);
    elem_free(&pub);
}

void chip_infos(struct card *c, struct buf *set)
{
    if (c->ca)
        ca_infos(c, set);
    if (aa_is(c, "ECDSA")) { /* ecdsa-plain-SHA256 */
        BUF_SCOPE(info);
        tlv_int(&info, 1);
        tlv_hex(&info, 0x06, "04007F00070101040103");
        put_info(set, "678108010105", NULL, 0, &info);
    }
}

static void aa_ec_key(struct card *c, mbedtls_ecp_group *g, mbedtls_mpi *d, mbedtls_ecp_point *q)
{
    mbedtls_ecp_group_init(g);
    mbedtls_mpi_init(d);
    mbedtls_ecp_point_init(q);
    fixed_key(c->conf.clone ? "somebody else's" : c->mrz_info, curve_named("secp256r1"), g, d, q);
}

void chip_dg15(struct card *c, struct buf *key)
{
    bool clone = c->conf.clone;
    mbedtls_ecp_group g;
    mbedtls_mpi d;
    mbedtls_ecp_point q;
    if (aa_is(c, "RSA")) {
        rsa_spki(key, 1);
        return;
    }
    c->conf.clone = false; /* the file is the true one */
    aa_ec_key(c, &g, &d, &q);
    c->conf.clone = clone;
    spki(key, curve_named("secp256r1"), &q, c->conf.explicit_ec);
    mbedtls_ecp_group_free(&g);
    mbedtls_mpi_free(&d);
    mbedtls_ecp_point_free(&q);
}

/* ---- chip authentication ---- */

static bool right_id(const struct card *c, const struct apdu *a)
{
    struct tlv id;
    if (!tlv_find(a->data, a->lc, 0x84, &id))
        return !c->conf.ca_id;
    return id.len == 1 && id.p[0] == KEY_ID;
}

uint16_t ca_set_at(struct card *c, const struct apdu *a, struct buf *out)
{
    struct tlv oid;
    uint8_t own[10];
    (void)out;
    c->ca_set = false;
    if (!c->ca || !c->access)
        return SW_CONDITIONS;
    protocol_oid(c, 3, own);
    if (!tlv_find(a->data, a->lc, 0x80, &oid) || oid.len != 10 || memcmp(oid.p, own, 10) != 0)
        return SW_DATA;
    if (!right_id(c, a))
        return SW_REFERENCE;
    c->ca_set = true;
    return SW_OK;
}

/* The answer still travels under the old keys. */
static uint16_t agree(struct card *c, const struct tlv *in)
{
    struct elem theirs;
    mbedtls_mpi d;
    uint8_t secret[PUBLIC_MAX], enc[32], mac[32];
    elem_init(&theirs);
    mbedtls_mpi_init(&d);
    bool good = elem_read(&c->ca_grp, in->p, in->len, &theirs);
    if (good) {
        must(mbedtls_mpi_copy(&d, &c->ca_key));
        if (c->conf.clone)
            group_private(c, &c->ca_grp, &d);
        size_t n = group_secret(&c->ca_grp, &theirs, &d, secret);
        session_keys(c->ca, secret, n, enc, mac);
        sm_start(&c->sm_next, c->ca, enc, mac);
        c->sm_next_ready = true;
    }
    elem_free(&theirs);
    mbedtls_mpi_free(&d);
    wipe(secret, sizeof secret);
    return good ? SW_OK : SW_WRONG;
}

/* MSE:Set KAT is for 3DES alone (9303-11 6.2.4.2). */
uint16_t ca_set_kat(struct card *c, const struct apdu *a, struct buf *out)
{
    struct tlv key;
    (void)out;
    if (!c->ca || !c->access || c->ca->block != 8)
        return SW_CONDITIONS;
    if (!tlv_find(a->data, a->lc, 0x91, &key))
        return SW_DATA;
    return right_id(c, a) ? agree(c, &key) : SW_REFERENCE;
}

uint16_t ca_agree(struct card *c, const struct tlv *body, struct buf *out)
{
    struct tlv in;
    c->ca_set = false;
    if (!tlv_find(body->p, body->len, 0x80, &in))
        return SW_DATA;
    uint16_t sw = agree(c, &in);
    if (sw == SW_OK)
        tlv(out, 0x7C, NULL, 0);
    return sw;
}

/* ---- active authentication ---- */

/* ISO 9796-2 scheme 1 with SHA-256: 6A || M1 || H(M1 || challenge) || 34 CC. */
static void sign_rsa(struct card *c, const uint8_t *challenge, struct buf *out)
{
    uint8_t m[RSA_LEN], sig[RSA_LEN], md[32];
    const size_t m1 = RSA_LEN - 1 - 32 - 2;
    m[0] = 0x6A;
    c->rnd(c->rnd_ctx, m + 1, m1);
    BUF_SCOPE(b);
    buf_add(&b, m + 1, m1);
    buf_add(&b, challenge, CHALLENGE);
    hash(MBEDTLS_MD_SHA256, md, b.p, b.len);
    memcpy(m + 1 + m1, md, sizeof md);
    m[RSA_LEN - 2] = 0x34;
    m[RSA_LEN - 1] = 0xCC;
    rsa_private(c->conf.clone ? 0 : 1, m, sig);
    buf_add(out, sig, sizeof sig);
}

static void sign_ec(struct card *c, const uint8_t *challenge, struct buf *out)
{
    mbedtls_ecp_group g;
    mbedtls_mpi d, r, s;
    mbedtls_ecp_point q;
    uint8_t md[32], raw[64];
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    aa_ec_key(c, &g, &d, &q);
    hash(MBEDTLS_MD_SHA256, md, challenge, CHALLENGE);
    must(mbedtls_ecdsa_sign(&g, &r, &s, &d, md, sizeof md, noise, NULL));
    must(mbedtls_mpi_write_binary(&r, raw, 32));
    must(mbedtls_mpi_write_binary(&s, raw + 32, 32));
    buf_add(out, raw, sizeof raw);
    mbedtls_ecp_group_free(&g);
    mbedtls_mpi_free(&d);
    mbedtls_ecp_point_free(&q);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&s);
}

uint16_t internal_authenticate(struct card *c, const struct apdu *a, struct buf *out)
{
    if (!aa_is(c, "RSA") && !aa_is(c, "ECDSA"))
        return 0x6D00;
    if (!c->access || c->app != APP_LDS)
        return 0x6982;
    if (a->lc != CHALLENGE)
        return 0x6700;
    size_t need = aa_is(c, "RSA") ? RSA_LEN : 64;
    if (a->le < need || a->room < need)
        return 0x6700;
    (aa_is(c, "RSA") ? sign_rsa : sign_ec)(c, a->data, out);
    return SW_OK;
}
