/* The inspection terminal of the tests. */
#include "tests/devices/card_terminal.h"

#include <string.h>

static void count(struct sm *sm)
{
    for (size_t i = sm->c->block; i-- > 0;)
        if (++sm->ssc[i] != 0)
            return;
}

static void sm_mac(struct sm *sm, const struct buf *m, uint8_t out[8])
{
    BUF_SCOPE(n);
    buf_add(&n, sm->ssc, sm->c->block);
    buf_add(&n, m->p, m->len);
    pad(&n, sm->c->block);
    mac8(sm->c, sm->mac, (const uint8_t *)n.p, n.len, out);
}

static void sm_cbc(struct sm *sm, bool enc, const uint8_t *in, size_t len, uint8_t *out)
{
    uint8_t iv[16] = {0};
    if (sm->c->block == 16)
        ecb_block(sm->c, sm->enc, sm->ssc, iv);
    cbc(&(struct cbc){sm->c, sm->enc, iv}, enc, in, len, out);
}

struct parts {
    const uint8_t *data, *le;
    size_t lc, nle;
    bool ext;
};

static struct parts split(const uint8_t *a, size_t len)
{
    struct parts p = {0};
    if (len == 4)
        return p;
    p.ext = len > 5 && a[4] == 0;
    size_t w = p.ext ? 2 : 1, at = p.ext ? 5 : 4;
    if (len == at + w) {
        p.le = a + at;
        p.nle = w;
        return p;
    }
    p.lc = p.ext ? (size_t)(a[5] << 8 | a[6]) : a[4];
    p.data = a + at + w;
    if (len > at + w + p.lc) {
        p.le = p.data + p.lc;
        p.nle = len - at - w - p.lc;
    }
    return p;
}

static void protect(struct sm *sm, const uint8_t *a, size_t len, struct buf *out)
{
    struct parts p = split(a, len);
    uint8_t head[4] = {a[0] | 0x0C, a[1], a[2], a[3]}, mac[8];
    BUF_SCOPE(objects);
    BUF_SCOPE(m);
    count(sm);
    if (p.lc) {
        BUF_SCOPE(text);
        BUF_SCOPE(v);
        buf_add(&text, p.data, p.lc);
        pad(&text, sm->c->block);
        if (!(a[1] & 1))
            buf_chr(&v, 1);
        size_t at = v.len;
        buf_add(&v, text.p, text.len);
        sm_cbc(sm, true, (const uint8_t *)text.p, text.len, (uint8_t *)v.p + at);
        tlv_buf(&objects, a[1] & 1 ? 0x85 : 0x87, &v);
    }
    if (p.nle)
        tlv(&objects, 0x97, p.le, p.nle);
    buf_add(&m, head, 4);
    pad(&m, sm->c->block);
    buf_add(&m, objects.p, objects.len);
    sm_mac(sm, &m, mac);
    tlv(&objects, 0x8E, mac, 8);
    buf_add(out, head, 4);
    if (p.ext)
        buf_chr(out, 0);
    put_be(out, (uint32_t)objects.len, p.ext ? 2 : 1);
    buf_add(out, objects.p, objects.len);
    put_be(out, 0, p.ext ? 2 : 1);
}

static bool unprotect(struct sm *sm, const uint8_t *p, size_t n, struct buf *data, uint16_t *sw)
{
    struct tlv status, mac, text;
    uint8_t own[8];
    if (!tlv_find(p, n, 0x99, &status) || status.len != 2 || !tlv_find(p, n, 0x8E, &mac) || mac.len != 8)
        return false;
    BUF_SCOPE(m);
    buf_add(&m, p, (size_t)(mac.raw - p));
    count(sm);
    sm_mac(sm, &m, own);
    if (memcmp(own, mac.p, 8) != 0)
        return false;
    *sw = (uint16_t)(status.p[0] << 8 | status.p[1]);
    bool even = tlv_find(p, n, 0x87, &text);
    if (!even && !tlv_find(p, n, 0x85, &text))
        return true;
    size_t skip = even ? 1 : 0, len = text.len - skip;
    BUF_SCOPE(plain);
    buf_add(&plain, text.p + skip, len);
    sm_cbc(sm, false, text.p + skip, len, (uint8_t *)plain.p);
    if (!unpad((const uint8_t *)plain.p, &len))
        return false;
    if (data)
        buf_add(data, plain.p, len);
    return true;
}

uint16_t term_send(struct terminal *t, const uint8_t *apdu, size_t len, struct buf *data)
{
    static uint8_t answer[CARD_RESP_MAX];
    BUF_SCOPE(cmd);
    if (t->sm.on)
        protect(&t->sm, apdu, len, &cmd);
    else
        buf_add(&cmd, apdu, len);
    size_t n = t->send(t->ctx, (const uint8_t *)cmd.p, cmd.len, answer, sizeof answer);
    t->apdus++;
    if (n < 2)
        return 0;
    uint16_t sw = (uint16_t)(answer[n - 2] << 8 | answer[n - 1]);
    if (!t->sm.on) {
        if (data)
            buf_add(data, answer, n - 2);
        return sw;
    }
    if (n == 2) { /* an error in clear: the chip closed the channel */
        t->sm.on = false;
        return sw;
    }
    return unprotect(&t->sm, answer, n - 2, data, &sw) ? sw : 0;
}

uint16_t term_hex(struct terminal *t, const char *apdu, struct buf *data)
{
    uint8_t raw[512];
    return term_send(t, raw, hexbytes(apdu, raw, sizeof raw), data);
}

/* ---- PACE ---- */

struct ec {
    mbedtls_ecp_group g;
    mbedtls_ecp_point theirs, ours, h, gen;
    mbedtls_mpi d, s, one;
};

static void ec_open(struct ec *x, const struct curve *cv)
{
    mbedtls_ecp_group_init(&x->g);
    mbedtls_ecp_point_init(&x->theirs);
    mbedtls_ecp_point_init(&x->ours);
    mbedtls_ecp_point_init(&x->h);
    mbedtls_ecp_point_init(&x->gen);
    mbedtls_mpi_init(&x->d);
    mbedtls_mpi_init(&x->s);
    mbedtls_mpi_init(&x->one);
    must(mbedtls_ecp_group_load(&x->g, cv->gid));
    must(mbedtls_mpi_lset(&x->one, 1));
}

static void ec_close(struct ec *x)
{
    mbedtls_ecp_group_free(&x->g);
    mbedtls_ecp_point_free(&x->theirs);
    mbedtls_ecp_point_free(&x->ours);
    mbedtls_ecp_point_free(&x->h);
    mbedtls_ecp_point_free(&x->gen);
    mbedtls_mpi_free(&x->d);
    mbedtls_mpi_free(&x->s);
    mbedtls_mpi_free(&x->one);
}

/* A fresh key on base point `base`; ours gets the public point, raw its bytes. */
static size_t ec_key(struct ec *x, const mbedtls_ecp_point *base, uint8_t raw[POINT_MAX])
{
    uint8_t k[66];
    size_t n, size = (x->g.nbits + 7) / 8;
    do {
        must(noise(NULL, k, size));
        must(mbedtls_mpi_read_binary(&x->d, k, size));
    } while (mbedtls_mpi_cmp_int(&x->d, 1) < 0 || mbedtls_mpi_cmp_mpi(&x->d, &x->g.N) >= 0);
    must(mbedtls_ecp_mul(&x->g, &x->ours, &x->d, base, noise, NULL));
    must(mbedtls_ecp_point_write_binary(&x->g, &x->ours, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, raw, POINT_MAX));
    return n;
}

static bool ec_shared(struct ec *x, const struct tlv *theirs, mbedtls_ecp_point *out)
{
    return mbedtls_ecp_point_read_binary(&x->g, &x->theirs, theirs->p, theirs->len) == 0 &&
           mbedtls_ecp_check_pubkey(&x->g, &x->theirs) == 0 &&
           mbedtls_ecp_mul(&x->g, out, &x->d, &x->theirs, noise, NULL) == 0;
}

static void ec_keys(struct ec *x, const mbedtls_ecp_point *shared, const struct cipher *c, uint8_t enc[32],
                    uint8_t mac[32])
{
    uint8_t raw[POINT_MAX];
    size_t n;
    must(mbedtls_ecp_point_write_binary(&x->g, shared, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, raw, sizeof raw));
    kdf(c, raw + 1, (n - 1) / 2, 1, enc);
    kdf(c, raw + 1, (n - 1) / 2, 2, mac);
}

static uint16_t authenticate(struct terminal *t, bool last, unsigned tag, const uint8_t *p, size_t n,
                             struct buf *out)
{
    BUF_SCOPE(body);
    BUF_SCOPE(cmd);
    BUF_SCOPE(dyn);
    if (tag)
        tlv(&body, tag, p, n);
    tlv_buf(&dyn, 0x7C, &body);
    put_be(&cmd, last ? 0x00860000 : 0x10860000, 4);
    put_be(&cmd, (uint32_t)dyn.len, 1);
    buf_add(&cmd, dyn.p, dyn.len);
    buf_chr(&cmd, 0);
    return term_send(t, (const uint8_t *)cmd.p, cmd.len, out);
}

static bool dynamic(const struct buf *b, unsigned tag, struct tlv *out)
{
    struct tlv body;
    return tlv_find((const uint8_t *)b->p, b->len, 0x7C, &body) && tlv_find(body.p, body.len, tag, out);
}

static uint16_t set_at(struct terminal *t, uint8_t family, uint8_t ref)
{
    uint8_t oid[10] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, family, 2, t->cipher->c};
    BUF_SCOPE(body);
    BUF_SCOPE(cmd);
    tlv(&body, 0x80, oid, sizeof oid);
    tlv(&body, family == 4 ? 0x83 : 0x84, &ref, 1);
    put_be(&cmd, family == 4 ? 0x0022C1A4 : 0x002241A4, 4);
    put_be(&cmd, (uint32_t)body.len, 1);
    buf_add(&cmd, body.p, body.len);
    return term_send(t, (const uint8_t *)cmd.p, cmd.len, NULL);
}

static void password_key(struct terminal *t, uint8_t ref, const char *password, uint8_t out[32])
{
    uint8_t sha[20];
    hash(MBEDTLS_MD_SHA1, sha, password, strlen(password));
    if (ref == TERM_CAN)
        kdf(t->cipher, (const uint8_t *)password, strlen(password), 3, out);
    else
        kdf(t->cipher, sha, sizeof sha, 3, out);
}

static void pace_token(struct terminal *t, const uint8_t *mac, const uint8_t *point, size_t n, uint8_t out[8])
{
    uint8_t oid[10] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 4, 2, t->cipher->c};
    BUF_SCOPE(inner);
    BUF_SCOPE(m);
    tlv(&inner, 0x06, oid, sizeof oid);
    tlv(&inner, 0x86, point, n);
    tlv_buf(&m, 0x7F49, &inner);
    mac8(t->cipher, mac, (const uint8_t *)m.p, m.len, out);
}

static uint16_t pace_agree(struct terminal *t, struct ec *x, uint8_t enc[32], uint8_t mac[32])
{
    uint8_t ours[POINT_MAX], mine[8], chip[8];
    struct tlv theirs, token;
    BUF_SCOPE(ans);
    BUF_SCOPE(last);
    size_t n = ec_key(x, &x->gen, ours);
    uint16_t sw = authenticate(t, false, 0x83, ours, n, &ans);
    if (sw != 0x9000)
        return sw;
    if (!dynamic(&ans, 0x84, &theirs) || !ec_shared(x, &theirs, &x->h))
        return 0;
    ec_keys(x, &x->h, t->cipher, enc, mac);
    pace_token(t, mac, theirs.p, theirs.len, mine);
    pace_token(t, mac, ours, n, chip);
    sw = authenticate(t, true, 0x85, mine, 8, &last);
    if (sw != 0x9000)
        return sw;
    return dynamic(&last, 0x86, &token) && token.len == 8 && memcmp(token.p, chip, 8) == 0 ? sw : 0;
}

static uint16_t pace_run(struct terminal *t, struct ec *x, const uint8_t *kpi, uint8_t enc[32],
                         uint8_t mac[32])
{
    uint8_t s[16], ours[POINT_MAX];
    struct tlv z, theirs;
    BUF_SCOPE(nonce);
    BUF_SCOPE(map);
    uint16_t sw = authenticate(t, false, 0, NULL, 0, &nonce);
    if (sw != 0x9000)
        return sw;
    if (!dynamic(&nonce, 0x80, &z) || z.len != 16)
        return 0;
    cbc(&(struct cbc){t->cipher, kpi, NULL}, false, z.p, 16, s);
    size_t n = ec_key(x, &x->g.G, ours);
    sw = authenticate(t, false, 0x81, ours, n, &map);
    if (sw != 0x9000)
        return sw;
    if (!dynamic(&map, 0x82, &theirs) || !ec_shared(x, &theirs, &x->h))
        return 0;
    must(mbedtls_mpi_read_binary(&x->s, s, 16));
    must(mbedtls_ecp_muladd(&x->g, &x->gen, &x->s, &x->g.G, &x->one, &x->h));
    return pace_agree(t, x, enc, mac);
}

uint16_t term_pace(struct terminal *t, uint8_t ref, const char *password)
{
    uint8_t kpi[32], enc[32], mac[32];
    t->sm.on = false;
    uint16_t sw = set_at(t, 4, ref);
    if (sw != 0x9000 && sw >> 4 != 0x63C) /* 63Cx: an earlier try was wrong */
        return sw;
    struct ec x;
    ec_open(&x, t->curve);
    password_key(t, ref, password, kpi);
    sw = pace_run(t, &x, kpi, enc, mac);
    ec_close(&x);
    if (sw == 0x9000)
        sm_start(&t->sm, t->cipher, enc, mac);
    return sw;
}

/* The key stands in the last 1+2n bytes of the BIT STRING of SubjectPublicKeyInfo. */
uint16_t term_chip_auth(struct terminal *t, const uint8_t *dg14, size_t len)
{
    struct tlv o, set, info, key, bits;
    if (!tlv_find(dg14, len, 0x6E, &o) || !tlv_find(o.p, o.len, 0x31, &set))
        return 0;
    const uint8_t *p = set.p;
    size_t n = set.len;
    while (tlv_next(&p, &n, &info))
        if (info.len > 40)
            break;
    if (!tlv_find(info.p, info.len, 0x30, &key) || !tlv_find(key.p, key.len, 0x03, &bits))
        return 0;
    uint16_t sw = set_at(t, 3, 1);
    if (sw != 0x9000)
        return sw;
    struct tlv point = {.p = bits.p + 1, .len = bits.len - 1};
    uint8_t ours[POINT_MAX], enc[32], mac[32];
    struct ec x;
    ec_open(&x, t->curve);
    size_t nk = ec_key(&x, &x.g.G, ours);
    sw = authenticate(t, true, 0x80, ours, nk, NULL);
    if (sw == 0x9000 && ec_shared(&x, &point, &x.h)) {
        ec_keys(&x, &x.h, t->cipher, enc, mac);
        sm_start(&t->sm, t->cipher, enc, mac);
    }
    ec_close(&x);
    return sw;
}

/* ---- BAC ---- */

uint16_t term_bac(struct terminal *t, const char *mrz_info)
{
    const struct cipher *des = cipher_named("3DES");
    uint8_t enc[16], mac[16], s[32], cmd[46] = {0x00, 0x82, 0x00, 0x00, 40}, r[32], seed[16], ke[32], km[32];
    BUF_SCOPE(challenge);
    BUF_SCOPE(ans);
    t->sm.on = false;
    bac_keys(mrz_info, enc, mac);
    uint16_t sw = term_hex(t, "0084000008", &challenge);
    if (sw != 0x9000 || challenge.len != 8)
        return sw;
    must(noise(NULL, s, sizeof s));
    memcpy(s + 8, challenge.p, 8);
    cbc(&(struct cbc){des, enc, NULL}, true, s, 32, cmd + 5);
    BUF_SCOPE(m);
    buf_add(&m, cmd + 5, 32);
    pad(&m, 8);
    mac8(des, mac, (const uint8_t *)m.p, m.len, cmd + 37);
    cmd[45] = 40;
    sw = term_send(t, cmd, sizeof cmd, &ans);
    if (sw != 0x9000 || ans.len != 40)
        return sw;
    cbc(&(struct cbc){des, enc, NULL}, false, (const uint8_t *)ans.p, 32, r);
    if (memcmp(r + 8, s, 8) != 0)
        return 0;
    for (size_t i = 0; i < 16; i++)
        seed[i] = s[16 + i] ^ r[16 + i];
    kdf(des, seed, 16, 1, ke);
    kdf(des, seed, 16, 2, km);
    sm_start(&t->sm, des, ke, km);
    memcpy(t->sm.ssc, challenge.p + 4, 4);
    memcpy(t->sm.ssc + 4, s + 4, 4);
    return sw;
}

/* ---- files ---- */

uint16_t term_select(struct terminal *t, uint16_t fid)
{
    uint8_t cmd[7] = {0x00, 0xA4, fid == 0x3F00 ? 0x00 : 0x02, 0x0C, 2, (uint8_t)(fid >> 8), (uint8_t)fid};
    return term_send(t, cmd, sizeof cmd, NULL);
}

uint16_t term_select_app(struct terminal *t)
{
    return term_hex(t, "00A4040C07A0000002471001", NULL);
}

static size_t file_length(const struct buf *b)
{
    const uint8_t *p = (const uint8_t *)b->p;
    size_t tag = (p[0] & 0x1F) == 0x1F ? 2 : 1, n = p[tag] & 0x80 ? p[tag] & 0x7F : 0, len = n ? 0 : p[tag];
    for (size_t i = 0; i < n; i++)
        len = len << 8 | p[tag + 1 + i];
    return tag + 1 + n + len;
}

uint16_t term_read(struct terminal *t, uint16_t fid, size_t chunk, struct buf *out)
{
    uint16_t sw = term_select(t, fid);
    if (sw != 0x9000)
        return sw;
    size_t total = 8;
    for (size_t off = 0; off < total; off = out->len) {
        size_t want = off == 0 ? 8 : total - off < chunk ? total - off : chunk;
        uint8_t cmd[7] = {0x00, 0xB0, (uint8_t)(off >> 8), (uint8_t)off, (uint8_t)want};
        if (want > 256) {
            cmd[4] = 0;
            cmd[5] = (uint8_t)(want >> 8);
            cmd[6] = (uint8_t)want;
        }
        sw = term_send(t, cmd, want > 256 ? 7 : 5, out);
        if ((sw != 0x9000 && sw != 0x6282) || out->len == off)
            return sw;
        if (off == 0)
            total = file_length(out);
    }
    return 0x9000;
}
