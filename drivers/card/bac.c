#include "drivers/card/bac.h"

#include "common/base/arena.h"
#include "common/base/crypto.h"

#include <string.h>

enum rc bac_start(struct bac *b, const char *mrz, const uint8_t *ours, struct err *e)
{
    uint8_t hash[SHA1_LEN], rnd[24];
    if (ours)
        memcpy(rnd, ours, sizeof rnd);
    else
        TRY(rnd_bytes(rnd, sizeof rnd, e));
    card_sha1(hash, mrz, strlen(mrz));
    card_kdf(&b->enc, CIPHER_3DES, hash, 16, 1);
    card_kdf(&b->mac, CIPHER_3DES, hash, 16, 2);
    memcpy(b->rnd_ifd, rnd, 8);
    memcpy(b->k_ifd, rnd + 8, 16);
    wipe(hash, sizeof hash);
    wipe(rnd, sizeof rnd);
    return RC_OK;
}

static enum rc mac_of(const struct bac *b, const uint8_t text[32], uint8_t mac[CARD_MAC_LEN], struct err *e)
{
    uint8_t padded[40];
    memcpy(padded, text, 32);
    card_pad(padded, 32, 8);
    return card_mac(&b->mac, padded, sizeof padded, mac, e);
}

enum rc bac_command(struct bac *b, const uint8_t challenge[BAC_CHALLENGE], uint8_t out[BAC_TOKEN],
                    struct err *e)
{
    memcpy(b->rnd_ic, challenge, 8);
    uint8_t s[32];
    memcpy(s, b->rnd_ifd, 8);
    memcpy(s + 8, b->rnd_ic, 8);
    memcpy(s + 16, b->k_ifd, 16);
    enum rc rc = card_encrypt(&b->enc, NULL, s, sizeof s, out, e);
    wipe(s, sizeof s);
    TRY(rc);
    return mac_of(b, out, out + 32, e);
}

enum rc bac_finish(const struct bac *b, const uint8_t *answer, size_t len, struct sm *sm, struct err *e)
{
    if (len != BAC_TOKEN)
        return err_set(e, RC_PROTOCOL, "BAC: an answer of %zu bytes instead of 40", len);
    uint8_t mac[CARD_MAC_LEN], r[32], seed[16], ssc[8];
    TRY(mac_of(b, answer, mac, e));
    if (!equal_ct(mac, answer + 32, sizeof mac))
        return err_set(e, RC_PROTOCOL, "BAC: the MAC of the card's answer is wrong");
    TRY(card_decrypt(&b->enc, NULL, answer, sizeof r, r, e));
    if (!equal_ct(r, b->rnd_ic, 8) || !equal_ct(r + 8, b->rnd_ifd, 8)) {
        wipe(r, sizeof r);
        return err_set(e, RC_PROTOCOL, "BAC: the card answers another challenge");
    }
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = b->k_ifd[i] ^ r[16 + i];
    memcpy(ssc, b->rnd_ic + 4, 4);
    memcpy(ssc + 4, b->rnd_ifd + 4, 4);
    sm_start(sm, CIPHER_3DES, seed, sizeof seed, ssc);
    wipe(r, sizeof r);
    wipe(seed, sizeof seed);
    return RC_OK;
}
