#include "drivers/card/crypto.h"

#include "common/base/arena.h"
#include "common/base/crypto.h"

#include <mbedtls/aes.h>
#include <mbedtls/cipher.h>
#include <mbedtls/cmac.h>
#include <mbedtls/des.h>
#include <mbedtls/md.h>
#include <string.h>

size_t cipher_block(enum cipher c)
{
    return c == CIPHER_3DES ? 8 : 16;
}

size_t cipher_keylen(enum cipher c)
{
    static const size_t len[] = {16, 16, 24, 32};
    return len[c];
}

static void digest(mbedtls_md_type_t type, uint8_t *out, const void *p, size_t len)
{
    /* fails only for an unknown digest: both are built in everywhere */
    int rc = mbedtls_md(mbedtls_md_info_from_type(type), p, len, out);
    if (rc != 0)
        __builtin_trap();
}

void card_sha1(uint8_t out[SHA1_LEN], const void *p, size_t len)
{
    digest(MBEDTLS_MD_SHA1, out, p, len);
}

void card_kdf(struct card_key *out, enum cipher c, const uint8_t *secret, size_t len, uint8_t counter)
{
    uint8_t in[KA_SECRET_MAX + 4] = {0}, hash[32];
    size_t n = len <= KA_SECRET_MAX ? len : KA_SECRET_MAX;
    memcpy(in, secret, n);
    in[n + 3] = counter;
    bool longer = c == CIPHER_AES192 || c == CIPHER_AES256;
    digest(longer ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_SHA1, hash, in, n + 4);
    memset(out, 0, sizeof *out);
    out->cipher = c;
    memcpy(out->k, hash, cipher_keylen(c));
    if (c == CIPHER_3DES)
        for (size_t i = 0; i < 16; i++) { /* odd parity in the lowest bit */
            uint8_t b = out->k[i] & 0xFE;
            out->k[i] = b | !__builtin_parity(b);
        }
    wipe(in, sizeof in);
    wipe(hash, sizeof hash);
}

struct cbc {
    const struct card_key *key;
    bool encrypt;
    uint8_t iv[CARD_BLOCK_MAX];
};

static int cbc_3des(struct cbc *c, const uint8_t *in, size_t len, uint8_t *out)
{
    mbedtls_des3_context ctx;
    mbedtls_des3_init(&ctx);
    int rc =
        c->encrypt ? mbedtls_des3_set2key_enc(&ctx, c->key->k) : mbedtls_des3_set2key_dec(&ctx, c->key->k);
    if (rc == 0)
        rc = mbedtls_des3_crypt_cbc(&ctx, c->encrypt ? MBEDTLS_DES_ENCRYPT : MBEDTLS_DES_DECRYPT, len, c->iv,
                                    in, out);
    mbedtls_des3_free(&ctx);
    return rc;
}

static int cbc_aes(struct cbc *c, const uint8_t *in, size_t len, uint8_t *out)
{
    mbedtls_aes_context ctx;
    mbedtls_aes_init(&ctx);
    unsigned bits = (unsigned)cipher_keylen(c->key->cipher) * 8;
    int rc = c->encrypt ? mbedtls_aes_setkey_enc(&ctx, c->key->k, bits)
                        : mbedtls_aes_setkey_dec(&ctx, c->key->k, bits);
    if (rc == 0)
        rc = mbedtls_aes_crypt_cbc(&ctx, c->encrypt ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT, len, c->iv,
                                   in, out);
    mbedtls_aes_free(&ctx);
    return rc;
}

static enum rc cbc(struct cbc *c, const uint8_t *in, size_t len, uint8_t *out, struct err *e)
{
    size_t block = cipher_block(c->key->cipher);
    if (len % block != 0)
        return err_set(e, RC_PROTOCOL, "cipher text of %zu bytes is not a multiple of %zu", len, block);
    int rc = (c->key->cipher == CIPHER_3DES ? cbc_3des : cbc_aes)(c, in, len, out);
    wipe(c->iv, sizeof c->iv);
    return rc == 0 ? RC_OK : err_set(e, RC_INTERNAL, "cipher failed (-0x%04X)", (unsigned)-rc);
}

enum rc card_encrypt(const struct card_key *k, const uint8_t *iv, const uint8_t *in, size_t len, uint8_t *out,
                     struct err *e)
{
    struct cbc c = {k, true, {0}};
    if (iv)
        memcpy(c.iv, iv, cipher_block(k->cipher));
    return cbc(&c, in, len, out, e);
}

enum rc card_decrypt(const struct card_key *k, const uint8_t *iv, const uint8_t *in, size_t len, uint8_t *out,
                     struct err *e)
{
    struct cbc c = {k, false, {0}};
    if (iv)
        memcpy(c.iv, iv, cipher_block(k->cipher));
    return cbc(&c, in, len, out, e);
}

/* Single DES CBC-MAC with the first key; the last block goes through the second and the first again. */
static int retail_mac(const struct card_key *k, const uint8_t *in, size_t len, uint8_t mac[8])
{
    mbedtls_des_context one, two;
    mbedtls_des_init(&one);
    mbedtls_des_init(&two);
    uint8_t x[8] = {0};
    int rc = mbedtls_des_setkey_enc(&one, k->k);
    for (size_t i = 0; rc == 0 && i < len; i += 8) {
        for (size_t j = 0; j < 8; j++)
            x[j] ^= in[i + j];
        rc = mbedtls_des_crypt_ecb(&one, x, x);
    }
    if (rc == 0)
        rc = mbedtls_des_setkey_dec(&two, k->k + 8);
    if (rc == 0)
        rc = mbedtls_des_crypt_ecb(&two, x, x);
    if (rc == 0)
        rc = mbedtls_des_crypt_ecb(&one, x, mac);
    mbedtls_des_free(&one);
    mbedtls_des_free(&two);
    wipe(x, sizeof x);
    return rc;
}

static int cmac(const struct card_key *k, const uint8_t *in, size_t len, uint8_t mac[CARD_MAC_LEN])
{
    static const mbedtls_cipher_type_t types[] = {MBEDTLS_CIPHER_NONE, MBEDTLS_CIPHER_AES_128_ECB,
                                                  MBEDTLS_CIPHER_AES_192_ECB, MBEDTLS_CIPHER_AES_256_ECB};
    uint8_t full[16];
    int rc = mbedtls_cipher_cmac(mbedtls_cipher_info_from_type(types[k->cipher]), k->k,
                                 cipher_keylen(k->cipher) * 8, in, len, full);
    memcpy(mac, full, CARD_MAC_LEN);
    wipe(full, sizeof full);
    return rc;
}

enum rc card_mac(const struct card_key *k, const uint8_t *in, size_t len, uint8_t mac[CARD_MAC_LEN],
                 struct err *e)
{
    if (k->cipher == CIPHER_3DES && len % 8 != 0)
        return err_set(e, RC_INTERNAL, "retail MAC over %zu bytes, not a multiple of 8", len);
    uint8_t out[CARD_MAC_LEN] = {0};
    int rc = (k->cipher == CIPHER_3DES ? retail_mac : cmac)(k, in, len, out);
    if (rc != 0)
        return err_set(e, RC_INTERNAL, "MAC failed (-0x%04X)", (unsigned)-rc);
    memcpy(mac, out, sizeof out);
    return RC_OK;
}

size_t card_pad(uint8_t *p, size_t len, size_t block)
{
    size_t n = block - len % block;
    p[len] = 0x80;
    memset(p + len + 1, 0, n - 1);
    return len + n;
}

enum rc card_unpad(const uint8_t *p, size_t len, size_t block, size_t *out, struct err *e)
{
    if (len == 0 || len % block != 0)
        return err_set(e, RC_PROTOCOL, "padded text of %zu bytes is not a multiple of %zu", len, block);
    size_t found = 0, seen = 0; /* 1 + index of the 80 mark in the last block; 1 once another byte was met */
    for (size_t i = 0; i < block; i++) {
        uint8_t b = p[len - 1 - i];
        size_t mark = (size_t)(b == 0x80) & (seen ^ 1);
        found |= mark * (block - i);
        seen |= (size_t)(b != 0);
    }
    if (found == 0)
        return err_set(e, RC_PROTOCOL, "padding mark 80 not found");
    *out = len - block + found - 1;
    return RC_OK;
}

enum rc card_map_random(const struct card_key *t, struct bytes s, unsigned bits, uint8_t out[CARD_MAP_MAX],
                        size_t *len, struct err *e)
{
    static const char *const constants[2][2] = {
        {"\xa6\x68\x89\x2a\x7c\x41\xe3\xca\x73\x9f\x40\xb0\x57\xd8\x59\x04",
         "\xa4\xe1\x36\xac\x72\x5f\x73\x8b\x01\xc1\xf6\x02\x17\xc1\x88\xad"},
        {"\xd4\x63\xd6\x52\x34\x12\x4e\xf7\x89\x70\x54\x98\x6d\xca\x0a\x17"
         "\x4e\x28\xdf\x75\x8c\xba\xa0\x3f\x24\x06\x16\x41\x4d\x5a\x16\x76",
         "\x54\xbd\x72\x55\xf0\xaa\xf8\x31\xbe\xc3\x42\x3f\xcf\x39\xd6\x9b"
         "\x6c\xbf\x06\x66\x77\xd0\xfa\xae\x5a\xad\xd9\x9d\xf8\xe5\x35\x17"}};
    bool longer = t->cipher == CIPHER_AES192 || t->cipher == CIPHER_AES256;
    size_t l = longer ? 32 : 16, n = 0;
    if (s.len != l)
        return err_set(e, RC_PROTOCOL, "integrated mapping: a nonce of %zu bytes instead of %zu", s.len, l);
    struct card_key k = *t;
    uint8_t next[32];
    enum rc rc = card_encrypt(t, NULL, s.p, l, next, e);
    while (rc == RC_OK && n * 8 < bits + 64 && n + l <= CARD_MAP_MAX) {
        memcpy(k.k, next, cipher_keylen(t->cipher));
        rc = card_encrypt(&k, NULL, (const uint8_t *)constants[longer][0], l, next, e);
        if (rc == RC_OK)
            rc = card_encrypt(&k, NULL, (const uint8_t *)constants[longer][1], l, out + n, e);
        n += l;
    }
    wipe(&k, sizeof k);
    wipe(next, sizeof next);
    TRY(rc);
    *len = n;
    return RC_OK;
}
