#include "common/base/crypto.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <mbedtls/gcm.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include "common/base/arena.h"
#include "common/base/crypto_cpu.h"
#include "common/base/text.h"

#if MBEDTLS_VERSION_MAJOR < 3
#define mbedtls_sha256 mbedtls_sha256_ret
#define mbedtls_sha256_starts mbedtls_sha256_starts_ret
#define mbedtls_sha256_update mbedtls_sha256_update_ret
#define mbedtls_sha256_finish mbedtls_sha256_finish_ret
#endif

enum rc rnd_bytes(void *p, size_t len, struct err *e)
{
    uint8_t *b = p;
    while (len > 0) {
        ssize_t n = getrandom(b, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, RC_INTERNAL, "getrandom: %s", strerror(errno));
        b += n;
        len -= (size_t)n;
    }
    return RC_OK;
}

struct sha256_sum {
    bool own; /* the processor has instructions for it */
    uint32_t h[8];
    uint64_t len;
    uint8_t part[64]; /* the block that is not full yet */
    mbedtls_sha256_context c;
};

/* mbedTLS can only fail here by a missing algorithm, that is: a library built without SHA-256. */
static void sum_begin(struct sha256_sum *s)
{
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    s->own = cpu_has_sha256();
    s->len = 0;
    memcpy(s->h, first, sizeof(first));
    if (s->own)
        return;
    mbedtls_sha256_init(&s->c);
    if (mbedtls_sha256_starts(&s->c, 0) != 0)
        abort();
}

void sha256_add(struct sha256_sum *s, const void *p, size_t len)
{
    const uint8_t *b = p;
    size_t had = s->len % 64, more = had ? 64 - had : 0;
    if (len == 0)
        return;
    s->len += len;
    if (!s->own) {
        if (mbedtls_sha256_update(&s->c, p, len) != 0)
            abort();
        return;
    }
    more = more < len ? more : len;
    memcpy(s->part + had, b, more);
    if (more && had + more == 64)
        cpu_sha256(s->h, s->part, 1);
    cpu_sha256(s->h, b + more, (len - more) / 64);
    if (had + more == 64 || !had)
        memcpy(s->part, b + more + (len - more) / 64 * 64, (len - more) % 64);
}

static void sum_end(struct sha256_sum *s, uint8_t out[SHA256_LEN])
{
    static const uint8_t pad[64] = {0x80};
    uint64_t bits = htobe64(s->len * 8);
    if (s->own) {
        sha256_add(s, pad, (s->len % 64 < 56 ? 56 : 120) - s->len % 64);
        sha256_add(s, &bits, sizeof(bits));
        for (size_t i = 0; i < COUNT(s->h); i++)
            s->h[i] = htobe32(s->h[i]);
        memcpy(out, s->h, SHA256_LEN);
    } else {
        if (mbedtls_sha256_finish(&s->c, out) != 0)
            abort();
        mbedtls_sha256_free(&s->c);
    }
    wipe(s, sizeof(*s));
}

void sha256(uint8_t out[SHA256_LEN], const void *p, size_t len)
{
    struct sha256_sum s;
    sum_begin(&s);
    sha256_add(&s, p, len);
    sum_end(&s, out);
}

struct sha256_sum *sha256_begin(void)
{
    struct sha256_sum *s = malloc(sizeof *s);
    if (s == NULL)
        abort();
    sum_begin(s);
    return s;
}

void sha256_end(struct sha256_sum *s, uint8_t out[SHA256_LEN])
{
    uint8_t sum[SHA256_LEN];
    if (s == NULL)
        return;
    sum_end(s, out != NULL ? out : sum);
    free(s);
}

/* RFC 2104. */
void hmac_sha256(uint8_t out[SHA256_LEN], const void *key, size_t keylen, const void *p, size_t len)
{
    uint8_t pad[64] = {0};
    struct sha256_sum s;
    if (keylen > sizeof(pad))
        sha256(pad, key, keylen);
    else if (keylen > 0)
        memcpy(pad, key, keylen);
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] ^= 0x36;
    sum_begin(&s);
    sha256_add(&s, pad, sizeof(pad));
    sha256_add(&s, p, len);
    sum_end(&s, out);
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] ^= 0x36 ^ 0x5C;
    sum_begin(&s);
    sha256_add(&s, pad, sizeof(pad));
    sha256_add(&s, out, SHA256_LEN);
    sum_end(&s, out);
    wipe(pad, sizeof(pad));
}

void hmac_sha1(uint8_t out[SHA1_LEN], const void *key, size_t keylen, const void *p, size_t len)
{
    if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), key, keylen, p, len, out) != 0)
        abort();
}

enum rc hkdf_bytes(uint8_t *out, size_t len, struct bytes key, struct bytes salt, const char *info,
                   struct err *e)
{
    int ret = mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), salt.p, salt.len, key.p, key.len,
                           (const unsigned char *)info, strlen(info), out, len);
    return ret == 0 ? RC_OK : err_set(e, RC_INTERNAL, "hkdf: -0x%04x", (unsigned)-ret);
}

/* in becomes out, the tag is computed; whoever opens compares it. */
static enum rc gcm(const struct cpu_gcm *g, uint8_t tag[GCM_TAG], struct err *e)
{
    if (cpu_has_gcm()) {
        cpu_gcm(g, tag);
        return RC_OK;
    }
    mbedtls_gcm_context c SCOPED(mbedtls_gcm_free);
    mbedtls_gcm_init(&c);
    int ret = mbedtls_gcm_setkey(&c, MBEDTLS_CIPHER_ID_AES, g->key, 256);
    if (ret == 0)
        ret = mbedtls_gcm_crypt_and_tag(&c, g->open ? MBEDTLS_GCM_DECRYPT : MBEDTLS_GCM_ENCRYPT, g->len,
                                        g->nonce, GCM_NONCE, g->aad, g->aadlen, g->in, g->out, GCM_TAG, tag);
    return ret == 0 ? RC_OK : err_set(e, RC_INTERNAL, "gcm: -0x%04x", (unsigned)-ret);
}

enum rc seal_bytes(const struct seal_key *key, struct bytes aad, struct bytes in, uint8_t *out, struct err *e)
{
    const struct cpu_gcm g = {.key = key->k,
                              .nonce = out,
                              .aad = aad.p,
                              .aadlen = aad.len,
                              .in = in.p,
                              .len = in.len,
                              .out = out + GCM_NONCE};
    TRY(rnd_bytes(out, GCM_NONCE, e));
    return gcm(&g, out + GCM_NONCE + in.len, e);
}

enum rc unseal_bytes(const struct seal_key *key, struct bytes aad, struct bytes in, uint8_t *out,
                     size_t *outlen, struct err *e)
{
    const uint8_t *b = in.p;
    uint8_t tag[GCM_TAG];
    if (in.len < GCM_NONCE + GCM_TAG)
        return err_set(e, RC_BAD_REQUEST, "unseal: %zu bytes are too short", in.len);
    size_t n = in.len - GCM_NONCE - GCM_TAG;
    const struct cpu_gcm g = {.key = key->k,
                              .nonce = b,
                              .aad = aad.p,
                              .aadlen = aad.len,
                              .in = b + GCM_NONCE,
                              .len = n,
                              .out = out,
                              .open = true};
    TRY(gcm(&g, tag, e));
    if (!equal_ct(tag, b + GCM_NONCE + n, sizeof(tag))) {
        wipe(out, n);
        return err_set(e, RC_DENIED, "unseal: the seal is broken");
    }
    *outlen = n;
    return RC_OK;
}

/* RFC 9562, 5.7; the 12 bits of rand_a hold the part of the millisecond (6.2, method 3), so that ids of one
 * process sort in the order they were made. */
enum rc uuid7(char out[UUID_LEN], struct err *e)
{
    uint8_t b[16];
    struct timespec t;
    TRY(rnd_bytes(b, sizeof(b), e));
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    unsigned part = (unsigned)((uint64_t)(t.tv_nsec % 1000000) * 4096 / 1000000);
    for (int i = 0; i < 6; i++)
        b[i] = (uint8_t)(ms >> (40 - 8 * i));
    b[6] = (uint8_t)(0x70 | part >> 8);
    b[7] = (uint8_t)part;
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3F));
    char hex[33];
    hex_encode(hex, b, sizeof(b));
    static const int at[] = {0, 8, 12, 16, 20, 32};
    char *o = out;
    for (int i = 0; i < 5; i++) {
        memcpy(o, hex + at[i], (size_t)(at[i + 1] - at[i]));
        o += at[i + 1] - at[i];
        *o++ = '-';
    }
    out[UUID_LEN - 1] = '\0';
    return RC_OK;
}

bool uuid_valid(const char *s)
{
    size_t i = 0;
    for (; i < UUID_LEN - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f');
        if (dash ? s[i] != '-' : !hex)
            return false;
    }
    return s[i] == '\0';
}

bool uuid_bytes(uint8_t out[16], const char *s)
{
    char hex[33];
    size_t n = 0, len;
    if (!uuid_valid(s))
        return false;
    for (; *s; s++)
        if (*s != '-')
            hex[n++] = *s;
    hex[n] = '\0';
    return hex_decode(out, 16, &len, hex) && len == 16;
}

bool equal_ct(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a, *y = b;
    uint8_t diff = 0;
    for (size_t i = 0; i < len; i++)
        diff |= (uint8_t)(x[i] ^ y[i]);
    return diff == 0;
}
