/* The pad's side of both encryptions, from the facts: big numbers, SHA-1 and AES of mbedTLS, nothing of the
 * product. */
#include <mbedtls/aes.h>
#include <mbedtls/bignum.h>
#include <mbedtls/sha1.h>
#include <mbedtls/version.h>
#include <string.h>
#include <sys/random.h>

#include "tests/devices/pad.h"

#if MBEDTLS_VERSION_MAJOR < 3
#define sha1(p, n, out) mbedtls_sha1_ret(p, n, out)
#else
#define sha1(p, n, out) mbedtls_sha1(p, n, out)
#endif

enum { SET_TYPE = 1, SET_BLOCK, GET_STATUS, GET_BLOCK, MAKE_KEY, RSA_E = 0, RSA_N, RSA_C };
enum { NOT_READY = 0xFF, CALCULATING = 0xFA, FAILED = 1 };

/* The largest prime of 128 bits and the base 5: any group will do, the host reads it. */
static const uint8_t prime[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x61};
static const uint8_t base[2] = {0, 5};

static void dice(uint8_t *p, size_t n)
{
    if (getrandom(p, n, 0) != (ssize_t)n)
        g_error("no random bytes");
}

struct number {
    const uint8_t *p;
    size_t n;
};

/* out (m.n bytes) = b ^ x mod m */
static void power(struct number b, struct number x, struct number m, uint8_t *out)
{
    mbedtls_mpi v[4];
    for (int i = 0; i < 4; i++)
        mbedtls_mpi_init(&v[i]);
    if (mbedtls_mpi_read_binary(&v[0], b.p, b.n) || mbedtls_mpi_read_binary(&v[1], x.p, x.n) ||
        mbedtls_mpi_read_binary(&v[2], m.p, m.n) || mbedtls_mpi_exp_mod(&v[3], &v[0], &v[1], &v[2], NULL) ||
        mbedtls_mpi_write_binary(&v[3], out, m.n))
        memset(out, 0, m.n);
    for (int i = 0; i < 4; i++)
        mbedtls_mpi_free(&v[i]);
}

/* RFC 8017 B.2.1 and 7.1.1, SHA-1, empty label. */
static void mask(const uint8_t *seed, size_t sl, uint8_t *p, size_t n)
{
    for (uint32_t i = 0; n > 0; i++) {
        uint8_t in[260], h[20];
        memcpy(in, seed, sl);
        in[sl] = in[sl + 1] = in[sl + 2] = 0;
        in[sl + 3] = (uint8_t)i;
        sha1(in, sl + 4, h);
        for (size_t k = 0; k < 20 && n > 0; k++, n--)
            *p++ ^= h[k];
    }
}

static void oaep(uint8_t *em, size_t k, const uint8_t *m, size_t ml)
{
    uint8_t *seed = em + 1, *db = em + 21;
    size_t dl = k - 21;
    memset(em, 0, k);
    dice(seed, 20);
    sha1((const uint8_t *)"", 0, db);
    db[dl - ml - 1] = 1;
    memcpy(db + dl - ml, m, ml);
    mask(seed, 20, db, dl);
    mask(db, dl, seed, 20);
}

static void pkcs1(uint8_t *em, size_t k, const uint8_t *m, size_t ml)
{
    dice(em, k);
    for (size_t i = 2; i < k - ml - 1; i++)
        em[i] = em[i] ? em[i] : 1;
    em[0] = 0;
    em[1] = 2;
    em[k - ml - 1] = 0;
    memcpy(em + k - ml, m, ml);
}

static uint8_t make_key(struct pad_crypt *c)
{
    uint8_t em[256];
    size_t k = 128 + 64 * (size_t)(c->type[1] & 3), ml = (size_t)c->key_bits / 8;
    if (c->n_len != k || c->e_len == 0 || !c->key_bits || !(c->n[k - 1] & 1) || c->n[0] == 0)
        return FAILED;
    dice(c->key, ml);
    if (c->type[1] >> 6 == 2)
        oaep(em, k, c->key, ml);
    else
        pkcs1(em, k, c->key, ml);
    power((struct number){em, k}, (struct number){c->e, c->e_len}, (struct number){c->n, k}, c->c);
    if (c->bad)
        c->c[k / 2] ^= 0x40;
    c->c_len = k;
    c->busy = 2;
    c->have_c = c->ready = true;
    return 0;
}

static uint8_t set_type(struct pad_crypt *c, const uint8_t *p)
{
    bool weak = p[1] == 0 && (p[2] & 63) == 0;
    if (c->refuse || p[1] > 2 || (p[2] & 63) > 2 || p[2] >> 6 == 3 || (c->weak && !weak))
        return FAILED;
    bool faults[] = {c->bad, c->weak, c->refuse, c->mute};
    *c = (struct pad_crypt){.bad = faults[0], .weak = faults[1], .refuse = faults[2], .mute = faults[3]};
    c->type[0] = p[1];
    c->type[1] = p[2];
    c->key_bits = 128 + 64u * p[1];
    return 0;
}

static uint8_t set_block(struct pad_crypt *c, const uint8_t *p)
{
    uint8_t *to = p[1] == RSA_E ? c->e : c->n;
    size_t *len = p[1] == RSA_E ? &c->e_len : &c->n_len, cap = p[1] == RSA_E ? sizeof c->e : sizeof c->n;
    if (p[1] > RSA_N || p[2] == 0 || p[2] > 64 || *len + p[2] > cap)
        return FAILED;
    memcpy(to + *len, p + 3, p[2]);
    *len += p[2];
    return 0;
}

static uint8_t host_key(struct pad *d, const uint8_t *p)
{
    struct pad_crypt *c = &d->crypt;
    uint8_t secret[16], common[16];
    if (d->status != PAD_READY)
        return PAD_WRONG_STATE;
    dice(secret, sizeof secret);
    secret[0] &= 0x7f;
    const struct number x = {secret, sizeof secret}, m = {prime, sizeof prime};
    power((struct number){base, sizeof base}, x, m, c->ours);
    power((struct number){p, 16}, x, m, common);
    memcpy(c->key, common, sizeof common);
    if (c->bad)
        c->key[3] ^= 1;
    c->key_bits = 128;
    c->busy = 2;
    c->ready = true;
    return PAD_OK;
}

uint8_t pad_crypt_set(struct pad *d, uint8_t id, const uint8_t *p)
{
    struct pad_crypt *c = &d->crypt;
    if (id == 0x13)
        return host_key(d, p);
    switch (p[0]) {
    case SET_TYPE:
        c->result = set_type(c, p);
        break;
    case SET_BLOCK:
        c->result = set_block(c, p);
        break;
    case MAKE_KEY:
        c->result = make_key(c);
        break;
    case GET_BLOCK:
        c->index = p[2];
        c->result = p[1] == RSA_C && c->have_c && p[2] * 64u < c->c_len ? 0 : FAILED;
        break;
    default:
        c->result = FAILED;
    }
    return PAD_OK;
}

static void cipher_status(struct pad_crypt *c, uint8_t *out)
{
    size_t k = 128 + 64 * (size_t)(c->type[1] & 3);
    out[0] = c->type[0];
    out[1] = c->type[1];
    out[3] = c->e_len ? 0 : NOT_READY;
    out[4] = c->n_len == k ? 0 : NOT_READY;
    out[5] = !c->have_c ? NOT_READY : c->mute || c->busy ? CALCULATING : 0;
    out[6] = c->result;
    c->busy -= c->busy > 0;
}

void pad_crypt_get(struct pad *d, uint8_t id, uint8_t *out)
{
    struct pad_crypt *c = &d->crypt;
    size_t at = c->index * 64u;
    switch (id) {
    case 0x14:
        memcpy(out, c->ours, 16);
        break;
    case 0x1A:
        memcpy(out, prime, 16);
        break;
    case 0x1B:
        memcpy(out, base, 2);
        break;
    case 0x50:
        cipher_status(c, out);
        break;
    default:
        out[0] = GET_BLOCK;
        out[1] = RSA_C;
        if (!c->have_c || at >= c->c_len)
            break;
        out[2] = 64;
        memcpy(out + 3, c->c + at, 64);
    }
}

void pad_crypt_seal(struct pad *d, uint8_t block[16])
{
    mbedtls_aes_context aes;
    mbedtls_aes_init(&aes);
    if (mbedtls_aes_setkey_enc(&aes, d->crypt.key, d->crypt.key_bits) ||
        mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, block, block))
        memset(block, 0, 16);
    mbedtls_aes_free(&aes);
}

void pad_crypt_forget(struct pad *d)
{
    struct pad_crypt *c = &d->crypt;
    *c = (struct pad_crypt){.bad = c->bad, .weak = c->weak, .refuse = c->refuse, .mute = c->mute};
}
