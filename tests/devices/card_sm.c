/* Secure messaging of the chip's side: 9303-11 section 9.8. The send sequence counter counts up before each
 * command and before each answer. AES: IV = E(K, SSC), CMAC; 3DES: IV zero, retail MAC; the MAC is 8 bytes in
 * both. */
#include "tests/devices/card_priv.h"

#include <string.h>

enum { DO_CIPHER = 0x87, DO_CIPHER_ODD = 0x85, DO_LE = 0x97, DO_STATUS = 0x99, DO_MAC = 0x8E };
#define SW_SM_MISSING 0x6987
#define SW_SM_WRONG 0x6988

struct objects {
    struct tlv cipher, le, mac; /* p NULL: absent */
};

void sm_start(struct sm *sm, const struct cipher *c, const uint8_t *enc, const uint8_t *mac)
{
    memset(sm, 0, sizeof *sm);
    sm->on = true;
    sm->c = c;
    memcpy(sm->enc, enc, c->key);
    memcpy(sm->mac, mac, c->key);
}

void sm_drop(struct card *c)
{
    wipe(&c->sm, sizeof c->sm);
    wipe(&c->sm_next, sizeof c->sm_next);
    c->sm_next_ready = c->access = c->ca_set = c->challenged = c->pin_right = false;
    c->ef = NULL;
    pace_forget(c);
}

static void count(struct sm *sm)
{
    for (size_t i = sm->c->block; i-- > 0;)
        if (++sm->ssc[i] != 0)
            return;
}

static void sm_crypt(struct sm *sm, bool enc, const uint8_t *in, size_t len, uint8_t *out)
{
    uint8_t iv[16] = {0};
    if (sm->c->block == 16)
        ecb_block(sm->c, sm->enc, sm->ssc, iv);
    cbc(&(struct cbc){sm->c, sm->enc, iv}, enc, in, len, out);
}

static bool collect(const struct apdu *a, struct objects *o)
{
    const uint8_t *p = a->data;
    size_t n = a->lc;
    struct tlv t;
    while (n > 0) {
        if (!tlv_next(&p, &n, &t))
            return false;
        struct tlv *to = t.tag == DO_LE                                      ? &o->le
                         : t.tag == DO_MAC                                   ? &o->mac
                         : t.tag == (a->ins & 1 ? DO_CIPHER_ODD : DO_CIPHER) ? &o->cipher
                                                                             : NULL;
        if (!to || to->p || o->mac.p) /* unknown, twice, or anything behind the MAC */
            return false;
        *to = t;
    }
    return true;
}

static bool mac_right(struct sm *sm, const struct apdu *a, const struct objects *o)
{
    BUF_SCOPE(m);
    uint8_t mac[8];
    buf_add(&m, (const uint8_t[]){a->cla, a->ins, a->p1, a->p2}, 4);
    pad(&m, sm->c->block);
    BUF_SCOPE(n);
    buf_add(&n, sm->ssc, sm->c->block);
    buf_add(&n, m.p, m.len);
    if (o->cipher.p)
        buf_add(&n, o->cipher.raw, o->cipher.rawlen);
    if (o->le.p)
        buf_add(&n, o->le.raw, o->le.rawlen);
    pad(&n, sm->c->block);
    mac8(sm->c, sm->mac, (const uint8_t *)n.p, n.len, mac);
    return o->mac.len == 8 && memcmp(mac, o->mac.p, 8) == 0;
}

static bool decrypt(struct sm *sm, const struct apdu *a, const struct tlv *o, struct buf *store)
{
    const uint8_t *p = o->p;
    size_t n = o->len;
    if (!(a->ins & 1)) { /* padding indicator 01 */
        if (n == 0 || *p != 1)
            return false;
        p++;
        n--;
    }
    if (n == 0 || n % sm->c->block)
        return false;
    buf_add(store, p, n);
    sm_crypt(sm, false, p, n, (uint8_t *)store->p);
    return unpad((const uint8_t *)store->p, &n) && (store->len = n, true);
}

static void expected_length(const struct tlv *le, struct apdu *plain)
{
    plain->le = 0;
    plain->le_any = false;
    if (!le->p)
        return;
    size_t v = 0;
    for (size_t i = 0; i < le->len; i++)
        v = v << 8 | le->p[i];
    plain->le_any = v == 0;
    plain->le = v ? v : le->len == 1 ? 256 : 65536;
}

uint16_t sm_open(struct card *c, const struct apdu *a, struct apdu *plain, struct buf *store)
{
    struct objects o = {0};
    if (!collect(a, &o))
        return SW_SM_WRONG;
    if (!o.mac.p)
        return SW_SM_MISSING;
    count(&c->sm);
    if (!mac_right(&c->sm, a, &o))
        return SW_SM_WRONG;
    if (o.le.p && (o.le.len == 0 || o.le.len > 2))
        return SW_SM_WRONG;
    if (o.cipher.p && !decrypt(&c->sm, a, &o.cipher, store))
        return SW_SM_WRONG;
    *plain = *a;
    plain->cla &= 0xF3;
    plain->data = (const uint8_t *)store->p;
    plain->lc = store->len;
    expected_length(&o.le, plain);
    plain->room = sm_room(&c->sm, a->ins & 1, a->room);
    return 0;
}

static size_t do_header(size_t len)
{
    return len < 0x80 ? 2 : len < 0x100 ? 3 : 4;
}

/* DO99 takes 4 bytes, DO8E 10. */
size_t sm_room(const struct sm *sm, bool odd, size_t room)
{
    size_t blocks = room / sm->c->block;
    for (; blocks > 0; blocks--) {
        size_t value = blocks * sm->c->block + (odd ? 0 : 1);
        if (do_header(value) + value + 14 <= room)
            return blocks * sm->c->block - 1;
    }
    return 0;
}

/* 81 nn where nn would do, and so on: BER, as some chips write. */
static void object(struct card *c, unsigned tag, const void *p, size_t len, struct buf *out)
{
    if (!c->odd.long_form || len > 0xFF) {
        tlv(out, tag, p, len);
        return;
    }
    put_be(out, tag << 16 | 0x82 << 8 | 0, 3);
    put_be(out, (uint32_t)len, 1);
    buf_add(out, p, len);
}

void sm_close(struct card *c, const struct apdu *a, const struct buf *data, uint16_t sw, struct buf *out)
{
    struct sm *sm = &c->sm;
    bool odd = (a->ins & 1) && !c->odd.odd_87;
    uint8_t status[2] = {(uint8_t)(sw >> 8), (uint8_t)sw}, mac[8];
    count(sm);
    BUF_SCOPE(objects);
    if (data->len) {
        BUF_SCOPE(v);
        if (!odd)
            buf_chr(&v, 1);
        size_t head = v.len;
        BUF_SCOPE(text);
        buf_add(&text, data->p, data->len);
        pad(&text, sm->c->block);
        buf_add(&v, text.p, text.len);
        sm_crypt(sm, true, (const uint8_t *)text.p, text.len, (uint8_t *)v.p + head);
        object(c, odd ? DO_CIPHER_ODD : DO_CIPHER, v.p, v.len, &objects);
    }
    object(c, DO_STATUS, status, 2, &objects);
    BUF_SCOPE(n);
    buf_add(&n, sm->ssc, sm->c->block);
    buf_add(&n, objects.p, objects.len);
    pad(&n, sm->c->block);
    mac8(sm->c, sm->mac, (const uint8_t *)n.p, n.len, mac);
    tlv(&objects, DO_MAC, mac, 8);
    buf_add(out, objects.p, objects.len);
}
