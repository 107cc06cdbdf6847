#include "common/base/crypto.h"

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

/* The two below can only fail by a missing algorithm, that is: a library built without SHA-256. */
void sha256(uint8_t out[SHA256_LEN], const void *p, size_t len)
{
    if (mbedtls_sha256(p, len, out, 0) != 0)
        abort();
}

struct sha256_sum {
    mbedtls_sha256_context c;
};

struct sha256_sum *sha256_begin(void)
{
    struct sha256_sum *s = malloc(sizeof *s);
    if (s == NULL)
        abort();
    mbedtls_sha256_init(&s->c);
    if (mbedtls_sha256_starts(&s->c, 0) != 0)
        abort();
    return s;
}

void sha256_add(struct sha256_sum *s, const void *p, size_t len)
{
    if (mbedtls_sha256_update(&s->c, p, len) != 0)
        abort();
}

void sha256_end(struct sha256_sum *s, uint8_t out[SHA256_LEN])
{
    uint8_t sum[SHA256_LEN];
    if (s == NULL)
        return;
    if (mbedtls_sha256_finish(&s->c, sum) != 0)
        abort();
    if (out != NULL)
        memcpy(out, sum, sizeof sum);
    mbedtls_sha256_free(&s->c);
    free(s);
}

void hmac_sha256(uint8_t out[SHA256_LEN], const void *key, size_t keylen, const void *p, size_t len)
{
    if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key, keylen, p, len, out) != 0)
        abort();
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

enum rc seal_bytes(const struct seal_key *key, struct bytes aad, struct bytes in, uint8_t *out, struct err *e)
{
    TRY(rnd_bytes(out, GCM_NONCE, e));
    mbedtls_gcm_context g SCOPED(mbedtls_gcm_free);
    mbedtls_gcm_init(&g);
    int ret = mbedtls_gcm_setkey(&g, MBEDTLS_CIPHER_ID_AES, key->k, 256);
    if (ret == 0)
        ret = mbedtls_gcm_crypt_and_tag(&g, MBEDTLS_GCM_ENCRYPT, in.len, out, GCM_NONCE, aad.p, aad.len, in.p,
                                        out + GCM_NONCE, GCM_TAG, out + GCM_NONCE + in.len);
    return ret == 0 ? RC_OK : err_set(e, RC_INTERNAL, "seal: -0x%04x", (unsigned)-ret);
}

enum rc unseal_bytes(const struct seal_key *key, struct bytes aad, struct bytes in, uint8_t *out,
                     size_t *outlen, struct err *e)
{
    const uint8_t *b = in.p;
    if (in.len < GCM_NONCE + GCM_TAG)
        return err_set(e, RC_BAD_REQUEST, "unseal: %zu bytes are too short", in.len);
    size_t n = in.len - GCM_NONCE - GCM_TAG;
    mbedtls_gcm_context g SCOPED(mbedtls_gcm_free);
    mbedtls_gcm_init(&g);
    int ret = mbedtls_gcm_setkey(&g, MBEDTLS_CIPHER_ID_AES, key->k, 256);
    if (ret == 0)
        ret = mbedtls_gcm_auth_decrypt(&g, n, b, GCM_NONCE, aad.p, aad.len, b + GCM_NONCE + n, GCM_TAG,
                                       b + GCM_NONCE, out);
    if (ret == MBEDTLS_ERR_GCM_AUTH_FAILED)
        return err_set(e, RC_DENIED, "unseal: the seal is broken");
    if (ret != 0)
        return err_set(e, RC_INTERNAL, "unseal: -0x%04x", (unsigned)-ret);
    *outlen = n;
    return RC_OK;
}

void uuid_text(char out[UUID_LEN], const uint8_t id[16])
{
    static const int at[] = {0, 8, 12, 16, 20, 32};
    char hex[33];
    hex_encode(hex, id, 16);
    for (int i = 0; i < 5; i++) {
        memcpy(out, hex + at[i], (size_t)(at[i + 1] - at[i]));
        out += at[i + 1] - at[i];
        *out++ = '-';
    }
    out[-1] = '\0';
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
    uuid_text(out, b);
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
