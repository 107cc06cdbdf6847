/* PACE with ECDH generic mapping (9303-11 4.4) and chip authentication (9303-11 6.2), the chip's side. */
#include "tests/devices/card_priv.h"

#include <string.h>

enum {
    SW_OK = 0x9000,
    SW_WRONG = 0x6300,
    SW_BLOCKED = 0x6983,
    SW_CONDITIONS = 0x6985,
    SW_DATA = 0x6A80,
    SW_REFERENCE = 0x6A88,
    SW_LAST_EXPECTED = 0x6883
};
enum { PW_MRZ = 1, PW_CAN = 2 };

void pace_forget(struct card *c)
{
    elem_free(&c->pace.gen);
    mbedtls_mpi_free(&c->pace.mapping);
    wipe(&c->pace, sizeof c->pace);
    elem_init(&c->pace.gen);
    mbedtls_mpi_init(&c->pace.mapping);
}

static bool mapping_is(const struct card *c, const char *name)
{
    return c->conf.mapping && strcmp(c->conf.mapping, name) == 0;
}

void protocol_oid(const struct card *c, uint8_t family, uint8_t oid[10])
{
    static const uint8_t arc[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0, 0, 0};
    memcpy(oid, arc, 10);
    oid[7] = family;
    if (family == 3) {
        oid[8] = c->ca_grp.cv->prime ? 1 : 2;
        oid[9] = c->ca->c;
        return;
    }
    oid[8] = c->curve->prime ? 1 : 2;
    if (mapping_is(c, "IM"))
        oid[8] += 2;
    if (mapping_is(c, "CAM"))
        oid[8] = 6;
    oid[9] = c->cipher->c;
}

static void password_key(struct card *c, uint8_t ref)
{
    uint8_t sha[20];
    if (ref == PW_CAN) {
        kdf(c->cipher, (const uint8_t *)c->conf.can, strlen(c->conf.can), 3, c->pace.kpi);
        return;
    }
    hash(MBEDTLS_MD_SHA1, sha, c->mrz_info, strlen(c->mrz_info));
    kdf(c->cipher, sha, sizeof sha, 3, c->pace.kpi);
}

static bool counted(const struct card *c)
{
    return c->pace.can && c->conf.can_tries > 0;
}

static uint16_t tries_left(const struct card *c)
{
    int64_t left = c->conf.can_tries - (int64_t)c->wrong_cans;
    return (uint16_t)(0x63C0 | (left > 15 ? 15 : left < 0 ? 0 : left));
}

uint16_t pace_set_at(struct card *c, const struct apdu *a, struct buf *out)
{
    struct tlv oid, pw, id;
    uint8_t own[10];
    (void)out;
    pace_forget(c);
    if (!c->conf.pace)
        return SW_DATA;
    if (c->app == APP_LDS) /* seen on Romanian cards: only from the MF */
        return SW_CONDITIONS;
    protocol_oid(c, 4, own);
    if (!tlv_find(a->data, a->lc, 0x80, &oid) || oid.len != 10 || memcmp(oid.p, own, 10) != 0 ||
        !tlv_find(a->data, a->lc, 0x83, &pw) || pw.len != 1)
        return SW_DATA;
    if (tlv_find(a->data, a->lc, 0x84, &id) && (id.len != 1 || id.p[0] != c->curve->id))
        return SW_DATA;
    if (pw.p[0] != PW_MRZ && (pw.p[0] != PW_CAN || !c->conf.can))
        return SW_REFERENCE;
    c->pace.can = pw.p[0] == PW_CAN;
    if (counted(c) && c->wrong_cans >= c->conf.can_tries)
        return SW_BLOCKED;
    password_key(c, pw.p[0]);
    c->pace.step = PACE_SET;
    return counted(c) && c->wrong_cans ? tries_left(c) : SW_OK;
}

/* Integrated mapping needs a nonce as long as the PRF asks: 32 bytes with the longer AES keys. */
static size_t nonce_len(const struct card *c)
{
    return mapping_is(c, "IM") && c->cipher->key > 16 ? 32 : 16;
}

static uint16_t pace_nonce(struct card *c, const struct tlv *in, struct buf *out)
{
    uint8_t z[32];
    size_t n = nonce_len(c);
    (void)in;
    c->rnd(c->rnd_ctx, c->pace.s, n);
    cbc(&(struct cbc){c->cipher, c->pace.kpi, NULL}, true, c->pace.s, n, z);
    tlv(out, 0x80, z, n);
    return SW_OK;
}

static uint16_t map_by_nonce(struct card *c, const struct tlv *in, struct buf *out)
{
    uint8_t random[400];
    if (in->len != c->cipher->key)
        return SW_DATA;
    size_t bits = c->grp.cv->prime ? mbedtls_mpi_bitlen(&c->grp.p) : c->grp.ec.pbits;
    size_t n = map_random(c->cipher, c->pace.s, in->p, bits, random);
    if (!map_integrated(&c->grp, random, n, &c->pace.gen))
        return SW_DATA;
    tlv(out, 0x82, NULL, 0);
    return SW_OK;
}

/* The new generator is s*G + H, H = our key * theirs. */
static uint16_t pace_map(struct card *c, const struct tlv *in, struct buf *out)
{
    struct elem theirs, ours;
    uint8_t raw[PUBLIC_MAX];
    size_t n = 0;
    if (mapping_is(c, "IM"))
        return map_by_nonce(c, in, out);
    elem_init(&theirs);
    elem_init(&ours);
    bool good = elem_read(&c->grp, in->p, in->len, &theirs);
    if (good) {
        group_private(c, &c->grp, &c->pace.mapping);
        group_mul(&c->grp, NULL, &c->pace.mapping, &ours);
        good = map_generic(&c->grp, c->pace.s, &c->pace.mapping, &theirs, &c->pace.gen);
        elem_write(&c->grp, &ours, raw, &n);
        tlv(out, 0x82, raw, n);
    }
    elem_free(&theirs);
    elem_free(&ours);
    return good ? SW_OK : SW_DATA;
}

/* Shared secret: the x coordinate at full length (9303-11 4.4.3.3.2). */
void session_keys(const struct cipher *c, const uint8_t *secret, size_t n, uint8_t enc[32], uint8_t mac[32])
{
    kdf(c, secret, n, 1, enc);
    kdf(c, secret, n, 2, mac);
}

static uint16_t pace_agree(struct card *c, const struct tlv *in, struct buf *out)
{
    struct elem theirs, ours;
    mbedtls_mpi d;
    elem_init(&theirs);
    elem_init(&ours);
    mbedtls_mpi_init(&d);
    struct pace *p = &c->pace;
    bool good = elem_read(&c->grp, in->p, in->len, &theirs);
    if (good) {
        uint8_t secret[PUBLIC_MAX];
        group_private(c, &c->grp, &d);
        group_mul(&c->grp, &p->gen, &d, &ours);
        size_t n = group_secret(&c->grp, &theirs, &d, secret);
        session_keys(c->cipher, secret, n, p->enc, p->mac);
        elem_write(&c->grp, &ours, p->chip, &p->n);
        memcpy(p->term, in->p, in->len);
        good = memcmp(p->chip, p->term, p->n) != 0;
        tlv(out, 0x84, p->chip, p->n);
        wipe(secret, sizeof secret);
    }
    elem_free(&theirs);
    elem_free(&ours);
    mbedtls_mpi_free(&d);
    return good ? SW_OK : SW_DATA;
}

/* MAC over 7F49 { 06 protocol, 86 the other side's key }. */
static void token(struct card *c, const uint8_t *point, uint8_t out[8])
{
    uint8_t oid[10];
    BUF_SCOPE(inner);
    BUF_SCOPE(t);
    protocol_oid(c, 4, oid);
    tlv(&inner, 0x06, oid, sizeof oid);
    tlv(&inner, c->curve->prime ? 0x84 : 0x86, point, c->pace.n);
    tlv_buf(&t, 0x7F49, &inner);
    if (c->cipher->block == 8)
        pad(&t, 8);
    mac8(c->cipher, c->pace.mac, (const uint8_t *)t.p, t.len, out);
}

/* 8A: E(mapping key / static key), so that mapping public key = data * static public key (9303-11 4.4.3.5).
 * A clone has no static key; it makes one up. */
static void chip_data(struct card *c, struct buf *out)
{
    mbedtls_mpi x;
    uint8_t raw[80], iv[16];
    mbedtls_mpi_init(&x);
    if (c->conf.clone)
        must(mbedtls_mpi_lset(&x, 2));
    else
        must(mbedtls_mpi_inv_mod(&x, &c->ca_key, &c->grp.ec.N));
    must(mbedtls_mpi_mul_mpi(&x, &x, &c->pace.mapping));
    must(mbedtls_mpi_mod_mpi(&x, &x, &c->grp.ec.N));
    must(mbedtls_mpi_write_binary(&x, raw, c->grp.len));
    BUF_SCOPE(b);
    buf_add(&b, raw, c->grp.len);
    pad(&b, 16);
    memset(iv, 0xFF, sizeof iv);
    ecb_block(c->cipher, c->pace.enc, iv, iv);
    cbc(&(struct cbc){c->cipher, c->pace.enc, iv}, true, (const uint8_t *)b.p, b.len, (uint8_t *)b.p);
    tlv_buf(out, 0x8A, &b);
    mbedtls_mpi_free(&x);
    wipe(raw, sizeof raw);
}

static uint16_t pace_token(struct card *c, const struct tlv *in, struct buf *out)
{
    uint8_t mac[8];
    token(c, c->pace.chip, mac);
    if (in->len != 8 || memcmp(mac, in->p, 8) != 0) {
        if (c->pace.can)
            c->wrong_cans++;
        c->busy_ms += (unsigned)(c->conf.can_delay_ms * (c->wrong_cans > 10 ? 10 : c->wrong_cans));
        return counted(c) ? tries_left(c) : SW_WRONG;
    }
    token(c, c->pace.term, mac);
    tlv(out, 0x86, mac, sizeof mac);
    if (mapping_is(c, "CAM"))
        chip_data(c, out);
    if (c->pace.can)
        c->wrong_cans = 0;
    sm_start(&c->sm_next, c->cipher, c->pace.enc, c->pace.mac);
    c->sm_next_ready = c->access = true;
    return SW_OK;
}

static const struct pace_row {
    unsigned tag; /* what the command brings; 0: nothing */
    bool last;    /* the last command of the chain has CLA 00, the others 10 */
    uint16_t (*run)(struct card *c, const struct tlv *in, struct buf *out);
} pace_rows[] = {
    [PACE_SET] = {0, false, pace_nonce},
    [PACE_NONCE] = {0x81, false, pace_map},
    [PACE_MAPPED] = {0x83, false, pace_agree},
    [PACE_AGREED] = {0x85, true, pace_token},
};

static uint16_t pace_next(struct card *c, const struct apdu *a, const struct tlv *body, struct buf *out)
{
    const struct pace_row *row = &pace_rows[c->pace.step];
    struct tlv in = {0};
    BUF_SCOPE(inner);
    uint16_t sw = SW_DATA;
    if (row->last == ((a->cla & 0x10) != 0))
        sw = SW_LAST_EXPECTED;
    else if (row->tag == 0 ? body->len == 0 : tlv_find(body->p, body->len, row->tag, &in))
        sw = row->run(c, &in, &inner);
    if (sw == SW_OK) {
        tlv_buf(out, 0x7C, &inner);
        c->pace.step++;
    }
    if (sw != SW_OK || row->last)
        pace_forget(c);
    return sw;
}

uint16_t general_authenticate(struct card *c, const struct apdu *a, struct buf *out)
{
    struct tlv body;
    if (a->p1 != 0 || a->p2 != 0)
        return 0x6A86;
    if (!tlv_find(a->data, a->lc, 0x7C, &body)) {
        pace_forget(c);
        return SW_DATA;
    }
    if (c->ca_set)
        return ca_agree(c, &body, out);
    return c->pace.step == PACE_IDLE ? SW_CONDITIONS : pace_next(c, a, &body, out);
}
