/* Basic access control, the chip's side: 9303-11 section 4.3. */
#include "tests/devices/card_priv.h"

#include <string.h>

enum { RND = 8, KEY = 16, CRYPT = RND + RND + KEY, TOKEN = CRYPT + 8 };

static void kdf3(const uint8_t *seed, uint8_t enc[32], uint8_t mac[32])
{
    kdf(cipher_named("3DES"), seed, KEY, 1, enc);
    kdf(cipher_named("3DES"), seed, KEY, 2, mac);
}

void bac_keys(const char *mrz_info, uint8_t enc[16], uint8_t mac[16])
{
    uint8_t sha[20], e[32], m[32];
    hash(MBEDTLS_MD_SHA1, sha, mrz_info, strlen(mrz_info));
    kdf3(sha, e, m);
    memcpy(enc, e, KEY);
    memcpy(mac, m, KEY);
}

static void token_mac(const uint8_t *key, const uint8_t *crypt, uint8_t out[8])
{
    BUF_SCOPE(b);
    buf_add(&b, crypt, CRYPT);
    pad(&b, 8);
    mac8(cipher_named("3DES"), key, (const uint8_t *)b.p, b.len, out);
}

uint16_t get_challenge(struct card *c, const struct apdu *a, struct buf *out)
{
    if (a->lc || a->le < RND)
        return 0x6700;
    if (!c->conf.bac || c->app != APP_LDS)
        return 0x6985;
    c->rnd(c->rnd_ctx, c->challenge, RND);
    c->challenged = true;
    buf_add(out, c->challenge, RND);
    return 0x9000;
}

/* Refuses a wrong token like a wrong MRZ: the chip cannot tell them apart. */
uint16_t external_authenticate(struct card *c, const struct apdu *a, struct buf *out)
{
    const struct cipher *des = cipher_named("3DES");
    uint8_t enc[16], mac[16], check[8], s[CRYPT], r[CRYPT], e[TOKEN], seed[KEY];
    bool asked = c->challenged;
    c->challenged = false;
    if (a->lc != TOKEN)
        return 0x6700;
    if (!asked)
        return 0x6985;
    bac_keys(c->mrz_info, enc, mac);
    token_mac(mac, a->data, check);
    if (memcmp(check, a->data + CRYPT, 8) != 0)
        return 0x6300;
    cbc(&(struct cbc){des, enc, NULL}, false, a->data, CRYPT, s);
    if (memcmp(s + RND, c->challenge, RND) != 0)
        return 0x6300;
    memcpy(r, c->challenge, RND);
    memcpy(r + RND, s, RND);
    c->rnd(c->rnd_ctx, r + 2 * RND, KEY);
    cbc(&(struct cbc){des, enc, NULL}, true, r, CRYPT, e);
    token_mac(mac, e, e + CRYPT);
    buf_add(out, e, TOKEN);

    uint8_t ksenc[32], ksmac[32];
    for (size_t i = 0; i < KEY; i++)
        seed[i] = s[2 * RND + i] ^ r[2 * RND + i];
    kdf3(seed, ksenc, ksmac);
    sm_start(&c->sm_next, des, ksenc, ksmac);
    memcpy(c->sm_next.ssc, c->challenge + 4, 4);
    memcpy(c->sm_next.ssc + 4, s + 4, 4);
    c->sm_next_ready = c->access = true;
    return 0x9000;
}
