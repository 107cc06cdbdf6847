/* Primitives of the chip, straight from mbedTLS; 3DES and the retail MAC from single DES operations. */
#include "tests/devices/card_priv.h"

#include <mbedtls/aes.h>
#include <mbedtls/cipher.h>
#include <mbedtls/cmac.h>
#include <mbedtls/des.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const struct cipher ciphers[] = {
    {"3DES", 1, 16, 8, MBEDTLS_MD_SHA1},
    {"AES-128", 2, 16, 16, MBEDTLS_MD_SHA1},
    {"AES-192", 3, 24, 16, MBEDTLS_MD_SHA256},
    {"AES-256", 4, 32, 16, MBEDTLS_MD_SHA256},
};

/* Ids: 9303-11 table of standardized domain parameters. `a` of the NIST curve is p - 3, which mbedTLS leaves
 * out. */
static const struct curve curves[] = {
    {"MODP1024-160", 0, MBEDTLS_ECP_DP_NONE, "", NULL, NULL, true},
    {"MODP2048-256", 2, MBEDTLS_ECP_DP_NONE, "", NULL, NULL, true},
    {"secp192r1", 8, MBEDTLS_ECP_DP_SECP192R1, "2A8648CE3D030101",
     "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFC", NULL, false},
    {"secp224r1", 10, MBEDTLS_ECP_DP_SECP224R1, "2B81040021",
     "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFE", NULL, false},
    {"secp521r1", 18, MBEDTLS_ECP_DP_SECP521R1, "2B81040023",
     "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
     "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFC",
     NULL, false},
    {"secp256r1", 12, MBEDTLS_ECP_DP_SECP256R1, "2A8648CE3D030107",
     "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC",
     "C49D360886E704936A6678E1139D26B7819F7E90", false},
    {"brainpoolP256r1", 13, MBEDTLS_ECP_DP_BP256R1, "2B2403030208010107", NULL, NULL, false},
    {"brainpoolP384r1", 16, MBEDTLS_ECP_DP_BP384R1, "2B240303020801010B", NULL, NULL, false},
    {"brainpoolP512r1", 17, MBEDTLS_ECP_DP_BP512R1, "2B240303020801010D", NULL, NULL, false},
};

void must(int rc)
{
    if (rc == 0)
        return;
    fprintf(stderr, "card: a primitive failed (-0x%04x)\n", (unsigned)-rc);
    abort();
}

const struct cipher *cipher_named(const char *name)
{
    for (size_t i = 0; i < COUNT(ciphers); i++)
        if (strcmp(ciphers[i].name, name) == 0)
            return &ciphers[i];
    return NULL;
}

const struct curve *curve_named(const char *name)
{
    for (size_t i = 0; i < COUNT(curves); i++)
        if (strcmp(curves[i].name, name) == 0)
            return &curves[i];
    return NULL;
}

int noise(void *ctx, unsigned char *p, size_t n)
{
    (void)ctx;
    for (size_t at = 0; at < n;) {
        ssize_t got = getrandom(p + at, n - at, 0);
        if (got <= 0)
            return -1;
        at += (size_t)got;
    }
    return 0;
}

void hash(mbedtls_md_type_t md, uint8_t *out, const void *p, size_t len)
{
    must(mbedtls_md(mbedtls_md_info_from_type(md), p, len, out));
}

/* DES keys carry odd parity (9303-11 9.7.1.1); the cipher ignores it, the worked examples do not. */
static void des_parity(uint8_t *k, size_t n)
{
    for (size_t i = 0; i < n; i++)
        k[i] = (uint8_t)((k[i] & 0xFE) | (__builtin_parity(k[i] & 0xFE) ? 0 : 1));
}

void kdf(const struct cipher *c, const uint8_t *secret, size_t len, uint8_t counter, uint8_t out[32])
{
    uint8_t md[32];
    BUF_SCOPE(b);
    buf_add(&b, secret, len);
    buf_add(&b, (const uint8_t[]){0, 0, 0, counter}, 4);
    hash(c->md, md, b.p, b.len);
    memcpy(out, md, c->key);
    if (c->block == 8)
        des_parity(out, c->key);
}

static void cbc_aes(const struct cbc *k, uint8_t *iv, bool enc, const uint8_t *in, size_t len, uint8_t *out)
{
    mbedtls_aes_context x;
    mbedtls_aes_init(&x);
    unsigned bits = (unsigned)k->c->key * 8;
    must(enc ? mbedtls_aes_setkey_enc(&x, k->key, bits) : mbedtls_aes_setkey_dec(&x, k->key, bits));
    must(mbedtls_aes_crypt_cbc(&x, enc ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT, len, iv, in, out));
    mbedtls_aes_free(&x);
}

static void cbc_3des(const uint8_t *key, uint8_t *iv, bool enc, const uint8_t *in, size_t len, uint8_t *out)
{
    mbedtls_des3_context x;
    mbedtls_des3_init(&x);
    must(enc ? mbedtls_des3_set2key_enc(&x, key) : mbedtls_des3_set2key_dec(&x, key));
    must(mbedtls_des3_crypt_cbc(&x, enc ? MBEDTLS_DES_ENCRYPT : MBEDTLS_DES_DECRYPT, len, iv, in, out));
    mbedtls_des3_free(&x);
}

void cbc(const struct cbc *k, bool enc, const uint8_t *in, size_t len, uint8_t *out)
{
    uint8_t v[16] = {0};
    if (k->iv)
        memcpy(v, k->iv, k->c->block);
    if (k->c->block == 8)
        cbc_3des(k->key, v, enc, in, len, out);
    else
        cbc_aes(k, v, enc, in, len, out);
}

void ecb_block(const struct cipher *c, const uint8_t *key, const uint8_t *in, uint8_t *out)
{
    cbc(&(struct cbc){c, key, NULL}, true, in, c->block, out);
}

/* ISO 9797-1 MAC algorithm 3 with DES: CBC under the first half of the key, last block also under the second.
 */
static void retail_mac(const uint8_t *key, const uint8_t *p, size_t len, uint8_t out[8])
{
    mbedtls_des_context k1, k2, d1;
    mbedtls_des_init(&k1);
    mbedtls_des_init(&k2);
    mbedtls_des_init(&d1);
    must(mbedtls_des_setkey_enc(&k1, key) | mbedtls_des_setkey_dec(&k2, key + 8) |
         mbedtls_des_setkey_enc(&d1, key));
    uint8_t h[8] = {0};
    for (size_t i = 0; i + 8 <= len; i += 8) {
        for (size_t j = 0; j < 8; j++)
            h[j] ^= p[i + j];
        must(mbedtls_des_crypt_ecb(&k1, h, h));
    }
    must(mbedtls_des_crypt_ecb(&k2, h, h));
    must(mbedtls_des_crypt_ecb(&d1, h, out));
    mbedtls_des_free(&k1);
    mbedtls_des_free(&k2);
    mbedtls_des_free(&d1);
}

/* p is padded already where 9303-11 wants padding; the retail MAC always sees whole blocks. */
void mac8(const struct cipher *c, const uint8_t *key, const uint8_t *p, size_t len, uint8_t out[8])
{
    static const mbedtls_cipher_type_t types[] = {[16] = MBEDTLS_CIPHER_AES_128_ECB,
                                                  [24] = MBEDTLS_CIPHER_AES_192_ECB,
                                                  [32] = MBEDTLS_CIPHER_AES_256_ECB};
    if (c->block == 8) {
        retail_mac(key, p, len, out);
        return;
    }
    uint8_t full[16];
    const mbedtls_cipher_info_t *info = mbedtls_cipher_info_from_type(types[c->key]);
    must(mbedtls_cipher_cmac(info, key, c->key * 8, p, len, full));
    memcpy(out, full, 8);
}

void pad(struct buf *b, size_t block)
{
    buf_chr(b, (char)0x80);
    while (b->len % block)
        buf_chr(b, 0);
}

bool unpad(const uint8_t *p, size_t *len)
{
    size_t n = *len;
    while (n > 0 && p[n - 1] == 0)
        n--;
    if (n == 0 || p[n - 1] != 0x80)
        return false;
    *len = n - 1;
    return true;
}
