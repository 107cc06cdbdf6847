#include "drivers/card/sm.h"

#include "common/base/arena.h"
#include "common/base/crypto.h"
#include "drivers/card/tlv.h"

#include <string.h>

#define WORK_MAX (APDU_DATA_MAX + 64)

void sm_start(struct sm *sm, enum cipher c, const uint8_t *secret, size_t len, const uint8_t *ssc)
{
    card_kdf(&sm->enc, c, secret, len, 1);
    card_kdf(&sm->mac, c, secret, len, 2);
    memset(sm->ssc, 0, sizeof sm->ssc);
    if (ssc)
        memcpy(sm->ssc, ssc, cipher_block(c));
    sm->open = true;
}

void sm_wipe(struct sm *sm)
{
    wipe(sm, sizeof *sm);
}

static void count(struct sm *sm)
{
    for (size_t i = cipher_block(sm->enc.cipher); i-- > 0;)
        if (++sm->ssc[i] != 0)
            return;
}

/* AES: the IV is the encrypted counter; 3DES: zero (9303-11 9.8.6.1, 9.8.7.1). */
static enum rc crypt(const struct sm *sm, bool encrypt, const uint8_t *in, size_t len, uint8_t *out,
                     struct err *e)
{
    uint8_t iv[CARD_BLOCK_MAX] = {0};
    if (sm->enc.cipher != CIPHER_3DES)
        TRY(card_encrypt(&sm->enc, NULL, sm->ssc, sizeof iv, iv, e));
    return (encrypt ? card_encrypt : card_decrypt)(&sm->enc, iv, in, len, out, e);
}

static enum rc command_data(const struct sm *sm, const struct apdu *c, struct tlv_out *objects, struct err *e)
{
    if (c->lc == 0)
        return RC_OK;
    uint8_t text[KA_PUBLIC_MAX + 64];
    size_t block = cipher_block(sm->enc.cipher);
    if (c->lc + block + 1 > sizeof text)
        return err_set(e, RC_TOO_BIG, "a protected command with %zu bytes", c->lc);
    text[0] = 0x01; /* padding indicator: method 2 */
    memcpy(text + 1, c->data, c->lc);
    size_t n = card_pad(text + 1, c->lc, block);
    enum rc rc = crypt(sm, true, text + 1, n, text + 1, e);
    if (rc == RC_OK && (c->ins & 1))
        tlv_put(objects, 0x85, text + 1, n);
    else if (rc == RC_OK)
        tlv_put(objects, 0x87, text, n + 1);
    wipe(text, sizeof text);
    return rc;
}

/* MAC over counter, padded header (commands only) and objects. */
static enum rc seal_mac(const struct sm *sm, const uint8_t *header, const struct tlv_out *objects,
                        uint8_t mac[CARD_MAC_LEN], struct err *e)
{
    uint8_t m[WORK_MAX + 3 * CARD_BLOCK_MAX];
    size_t block = cipher_block(sm->mac.cipher), n = block;
    memcpy(m, sm->ssc, block);
    if (header) {
        memcpy(m + n, header, 4);
        n = card_pad(m, n + 4, block);
    }
    if (objects->len > 0) {
        memcpy(m + n, objects->p, objects->len);
        n = card_pad(m, n + objects->len, block);
    }
    return card_mac(&sm->mac, m, n, mac, e);
}

enum rc sm_wrap(struct sm *sm, const struct apdu *c, uint8_t *out, size_t cap, size_t *len, struct err *e)
{
    uint8_t room[KA_PUBLIC_MAX + 128];
    struct tlv_out objects = {.p = room, .cap = sizeof room};
    count(sm);
    TRY(command_data(sm, c, &objects, e));
    if (c->le >= 0) {
        uint8_t le[2] = {(uint8_t)(c->le >> 8), (uint8_t)c->le};
        bool two = c->le > 256 || (c->le == 0 && c->wide);
        tlv_put(&objects, 0x97, two ? le : le + 1, two ? 2 : 1);
    }
    uint8_t header[4] = {c->cla | 0x0C, c->ins, c->p1, c->p2}, mac[CARD_MAC_LEN];
    TRY(seal_mac(sm, header, &objects, mac, e));
    tlv_put(&objects, 0x8E, mac, sizeof mac);
    if (objects.full)
        return err_set(e, RC_TOO_BIG, "a protected command is too big");
    struct apdu sealed = {header[0], header[1], header[2], header[3], room, objects.len, 0, c->wide};
    return apdu_encode(&sealed, out, cap, len, e);
}

static enum rc broken(struct sm *sm, struct err *e, const char *why)
{
    sm->open = false;
    return err_code(e, RC_PROTOCOL, "SM_BROKEN", 0, "secure messaging: %s", why);
}

struct parts {
    struct tlv text, status, mac;
    size_t sealed; /* bytes the MAC covers */
};

static enum rc take_apart(struct sm *sm, const struct answer *a, struct parts *p, struct err *e)
{
    size_t at = 0;
    while (at < a->len) {
        struct tlv t;
        size_t before = at;
        if (tlv_next(a->data, a->len, &at, &t, NULL) != RC_OK)
            return broken(sm, e, "the answer is no row of objects");
        struct tlv *place = t.tag == 0x87 || t.tag == 0x85 ? &p->text
                            : t.tag == 0x99                ? &p->status
                            : t.tag == 0x8E                ? &p->mac
                                                           : NULL;
        if (!place || place->v || p->mac.v)
            return broken(sm, e, "an object that does not belong into an answer");
        *place = t;
        if (t.tag == 0x8E)
            p->sealed = before;
    }
    if (!p->mac.v)
        return broken(sm, e, "the answer has no MAC");
    /* early documents leave the status out where data are protected: then only "done" is believed */
    bool bare = !p->status.v && p->text.v && sw_row(a->sw)->rc == RC_OK;
    if (p->mac.len != CARD_MAC_LEN || (!bare && (!p->status.v || p->status.len != 2)))
        return broken(sm, e, "MAC or protected status of a wrong length");
    return RC_OK;
}

static enum rc open_text(struct sm *sm, struct answer *a, const struct tlv *text, struct err *e)
{
    const uint8_t *v = text->v;
    size_t n = text->len, plain = 0;
    if (text->tag == 0x87) {
        if (n < 1 || v[0] != 0x01)
            return broken(sm, e, "unknown padding of the data");
        v++;
        n--;
    }
    memmove(a->data, v, n);
    if (n == 0 || crypt(sm, false, a->data, n, a->data, NULL) != RC_OK ||
        card_unpad(a->data, n, cipher_block(sm->enc.cipher), &plain, NULL) != RC_OK)
        return broken(sm, e, "the data do not decrypt");
    wipe(a->data + plain, a->len - plain);
    a->len = plain;
    return RC_OK;
}

enum rc sm_unwrap(struct sm *sm, struct answer *a, struct err *e)
{
    count(sm);
    if (a->len == 0 && a->sw != 0x9000) { /* the card gave up secure messaging and says why in clear */
        sm->open = false;
        return RC_OK;
    }
    struct parts p = {0};
    TRY(take_apart(sm, a, &p, e));
    struct tlv_out sealed = {.p = a->data, .len = p.sealed};
    uint8_t mac[CARD_MAC_LEN];
    TRY(seal_mac(sm, NULL, &sealed, mac, e));
    if (!equal_ct(mac, p.mac.v, sizeof mac))
        return broken(sm, e, "the MAC of the answer is wrong");
    uint16_t told = p.status.v ? (uint16_t)(p.status.v[0] << 8 | p.status.v[1]) : a->sw;
    if (told != a->sw && a->sw != 0x9000) /* 9000 outside may be said of the transport alone */
        return broken(sm, e, "the status word is not the protected one");
    a->sw = told;
    if (p.text.v)
        return open_text(sm, a, &p.text, e);
    wipe(a->data, a->len);
    a->len = 0;
    return RC_OK;
}

size_t sm_room(const struct sm *sm, size_t answer)
{
    if (!sm->open)
        return answer - 2;
    size_t block = cipher_block(sm->enc.cipher);
    size_t overhead =
        2 + 4 + 10 + 1 + (answer > 258 ? 4 : 3); /* SW, 99, 8E, padding word, 87 and its length */
    if (answer < overhead + block)
        return 0;
    return (answer - overhead) / block * block - 1; /* padding takes at least one byte */
}
