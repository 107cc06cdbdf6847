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

void card_private_key(struct card *c, mbedtls_mpi *d)
{
    uint8_t raw[66];
    size_t n = (c->grp.nbits + 7) / 8;
    do {
        c->rnd(c->rnd_ctx, raw, n);
        must(mbedtls_mpi_read_binary(d, raw, n));
    } while (mbedtls_mpi_cmp_int(d, 1) < 0 || mbedtls_mpi_cmp_mpi(d, &c->grp.N) >= 0);
}

void point_write(struct card *c, const mbedtls_ecp_point *p, uint8_t out[POINT_MAX], size_t *n)
{
    must(mbedtls_ecp_point_write_binary(&c->grp, p, MBEDTLS_ECP_PF_UNCOMPRESSED, n, out, POINT_MAX));
}

/* Off the curve and the point at infinity are refused. */
bool point_read(struct card *c, const uint8_t *p, size_t n, mbedtls_ecp_point *out)
{
    return n == 1 + 2 * ((c->grp.pbits + 7) / 8) && p[0] == 4 &&
           mbedtls_ecp_point_read_binary(&c->grp, out, p, n) == 0 &&
           mbedtls_ecp_check_pubkey(&c->grp, out) == 0;
}

void pace_forget(struct card *c)
{
    mbedtls_ecp_point_free(&c->pace.gen);
    wipe(&c->pace, sizeof c->pace);
    mbedtls_ecp_point_init(&c->pace.gen);
}

/* 0.4.0.127.0.7.2.2 . 4 (PACE) or 3 (CA) . 2 (ECDH) . cipher */
static void protocol_oid(const struct card *c, uint8_t family, uint8_t oid[10])
{
    static const uint8_t arc[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0, 2, 0};
    memcpy(oid, arc, 10);
    oid[7] = family;
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
    if (c->app) /* seen on Romanian cards: only from the MF */
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

static uint16_t pace_nonce(struct card *c, const struct tlv *in, struct buf *out)
{
    uint8_t z[16];
    (void)in;
    c->rnd(c->rnd_ctx, c->pace.s, sizeof c->pace.s);
    cbc(&(struct cbc){c->cipher, c->pace.kpi, NULL}, true, c->pace.s, sizeof z, z);
    tlv(out, 0x80, z, sizeof z);
    return SW_OK;
}

/* H = our key * theirs; the new generator is s*G + H. */
static uint16_t pace_map(struct card *c, const struct tlv *in, struct buf *out)
{
    mbedtls_ecp_point theirs, ours, h;
    mbedtls_mpi d, s, one;
    uint8_t raw[POINT_MAX];
    size_t n = 0;
    mbedtls_ecp_point_init(&theirs);
    mbedtls_ecp_point_init(&ours);
    mbedtls_ecp_point_init(&h);
    mbedtls_mpi_init(&d);
    mbedtls_mpi_init(&s);
    mbedtls_mpi_init(&one);
    bool good = point_read(c, in->p, in->len, &theirs);
    if (good) {
        card_private_key(c, &d);
        must(mbedtls_ecp_mul(&c->grp, &ours, &d, &c->grp.G, noise, NULL));
        must(mbedtls_ecp_mul(&c->grp, &h, &d, &theirs, noise, NULL));
        must(mbedtls_mpi_read_binary(&s, c->pace.s, sizeof c->pace.s));
        must(mbedtls_mpi_lset(&one, 1));
        good = mbedtls_ecp_muladd(&c->grp, &c->pace.gen, &s, &c->grp.G, &one, &h) == 0 &&
               !mbedtls_ecp_is_zero(&c->pace.gen);
        point_write(c, &ours, raw, &n);
        tlv(out, 0x82, raw, n);
    }
    mbedtls_ecp_point_free(&theirs);
    mbedtls_ecp_point_free(&ours);
    mbedtls_ecp_point_free(&h);
    mbedtls_mpi_free(&d);
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&one);
    return good ? SW_OK : SW_DATA;
}

/* Shared secret: the x coordinate at full length (9303-11 4.4.3.3.2). */
static void session_keys(struct card *c, const mbedtls_ecp_point *shared, uint8_t enc[32], uint8_t mac[32])
{
    uint8_t raw[POINT_MAX];
    size_t n;
    point_write(c, shared, raw, &n);
    kdf(c->cipher, raw + 1, (n - 1) / 2, 1, enc);
    kdf(c->cipher, raw + 1, (n - 1) / 2, 2, mac);
    wipe(raw, sizeof raw);
}

static uint16_t pace_agree(struct card *c, const struct tlv *in, struct buf *out)
{
    mbedtls_ecp_point theirs, ours, shared;
    mbedtls_mpi d;
    mbedtls_ecp_point_init(&theirs);
    mbedtls_ecp_point_init(&ours);
    mbedtls_ecp_point_init(&shared);
    mbedtls_mpi_init(&d);
    struct pace *p = &c->pace;
    bool good = point_read(c, in->p, in->len, &theirs);
    if (good) {
        card_private_key(c, &d);
        must(mbedtls_ecp_mul(&c->grp, &ours, &d, &p->gen, noise, NULL));
        must(mbedtls_ecp_mul(&c->grp, &shared, &d, &theirs, noise, NULL));
        session_keys(c, &shared, p->enc, p->mac);
        point_write(c, &ours, p->chip, &p->n);
        memcpy(p->term, in->p, in->len);
        good = memcmp(p->chip, p->term, p->n) != 0;
        tlv(out, 0x84, p->chip, p->n);
    }
    mbedtls_ecp_point_free(&theirs);
    mbedtls_ecp_point_free(&ours);
    mbedtls_ecp_point_free(&shared);
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
    tlv(&inner, 0x86, point, c->pace.n);
    tlv_buf(&t, 0x7F49, &inner);
    if (c->cipher->block == 8)
        pad(&t, 8);
    mac8(c->cipher, c->pace.mac, (const uint8_t *)t.p, t.len, out);
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

uint16_t ca_set_at(struct card *c, const struct apdu *a, struct buf *out)
{
    struct tlv oid, key;
    uint8_t own[10];
    (void)out;
    protocol_oid(c, 3, own);
    c->ca_set = false;
    if (!c->conf.pace || !c->access)
        return SW_CONDITIONS;
    if (!tlv_find(a->data, a->lc, 0x80, &oid) || oid.len != 10 || memcmp(oid.p, own, 10) != 0)
        return SW_DATA;
    if (tlv_find(a->data, a->lc, 0x84, &key) && (key.len != 1 || key.p[0] != 1))
        return SW_REFERENCE;
    c->ca_set = true;
    return SW_OK;
}

/* The answer still travels under the old keys. */
static uint16_t ca_agree(struct card *c, const struct tlv *body, struct buf *out)
{
    struct tlv in;
    mbedtls_ecp_point theirs, shared;
    mbedtls_ecp_point_init(&theirs);
    mbedtls_ecp_point_init(&shared);
    c->ca_set = false;
    bool good = tlv_find(body->p, body->len, 0x80, &in) && point_read(c, in.p, in.len, &theirs);
    if (good) {
        uint8_t enc[32], mac[32];
        must(mbedtls_ecp_mul(&c->grp, &shared, &c->ca_key, &theirs, noise, NULL));
        session_keys(c, &shared, enc, mac);
        sm_start(&c->sm_next, c->cipher, enc, mac);
        c->sm_next_ready = true;
        tlv(out, 0x7C, NULL, 0);
    }
    mbedtls_ecp_point_free(&theirs);
    mbedtls_ecp_point_free(&shared);
    return good ? SW_OK : SW_WRONG;
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
