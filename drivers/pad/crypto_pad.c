#include "drivers/pad/crypto_pad.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/aes.h>
#include <mbedtls/bignum.h>
#include <mbedtls/md.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>

#include "common/base/arena.h"
#include "common/base/crypto.h"

struct pad_rsa {
    mbedtls_rsa_context rsa;
};

static enum rc failed(struct err *e, const char *what, int code)
{
    return err_code(e, RC_PROTOCOL, "PAD_CRYPTO", -code, "%s: -0x%04x", what, (unsigned)-code);
}

static int dice(void *user, unsigned char *out, size_t len)
{
    (void)user;
    return rnd_bytes(out, len, NULL) == RC_OK ? 0 : MBEDTLS_ERR_RSA_RNG_FAILED;
}

enum rc pad_rsa_new(unsigned bits, struct pad_rsa **out, struct err *e)
{
    struct pad_rsa *k = calloc(1, sizeof(*k));
    if (!k)
        return err_set(e, RC_INTERNAL, "no memory");
#if MBEDTLS_VERSION_MAJOR < 3
    mbedtls_rsa_init(&k->rsa, MBEDTLS_RSA_PKCS_V15, 0);
#else
    mbedtls_rsa_init(&k->rsa);
#endif
    int rc = mbedtls_rsa_gen_key(&k->rsa, dice, NULL, bits, PAD_RSA_E);
    if (rc != 0) {
        pad_rsa_free(k);
        return failed(e, "making an RSA key", rc);
    }
    *out = k;
    return RC_OK;
}

void pad_rsa_free(struct pad_rsa *k)
{
    if (!k)
        return;
    mbedtls_rsa_free(&k->rsa); /* mbedTLS wipes its numbers */
    wipe(k, sizeof(*k));
    free(k);
}

size_t pad_rsa_len(const struct pad_rsa *k)
{
    return mbedtls_rsa_get_len(&k->rsa);
}

enum rc pad_rsa_modulus(const struct pad_rsa *k, uint8_t out[PAD_RSA_MAX], struct err *e)
{
    int rc = mbedtls_rsa_export_raw(&k->rsa, out, pad_rsa_len(k), NULL, 0, NULL, 0, NULL, 0, NULL, 0);
    return rc == 0 ? RC_OK : failed(e, "the RSA modulus", rc);
}

enum rc pad_rsa_open(struct pad_rsa *k, enum pad_padding padding, struct bytes cipher,
                     uint8_t out[PAD_RSA_MAX], size_t *len, struct err *e)
{
    size_t n = 0;
    if (cipher.len != pad_rsa_len(k))
        return err_code(e, RC_PROTOCOL, "PAD_CRYPTO", 0, "%zu bytes are no RSA block", cipher.len);
    bool oaep = padding == PAD_OAEP;
    int rc = 0;
#if MBEDTLS_VERSION_MAJOR < 3
    mbedtls_rsa_set_padding(&k->rsa, oaep ? MBEDTLS_RSA_PKCS_V21 : MBEDTLS_RSA_PKCS_V15,
                            oaep ? MBEDTLS_MD_SHA1 : 0);
    rc = mbedtls_rsa_pkcs1_decrypt(&k->rsa, dice, NULL, MBEDTLS_RSA_PRIVATE, &n, cipher.p, out, PAD_RSA_MAX);
#else
    rc = mbedtls_rsa_set_padding(&k->rsa, oaep ? MBEDTLS_RSA_PKCS_V21 : MBEDTLS_RSA_PKCS_V15,
                                 oaep ? MBEDTLS_MD_SHA1 : MBEDTLS_MD_NONE);
    if (rc == 0)
        rc = mbedtls_rsa_pkcs1_decrypt(&k->rsa, dice, NULL, &n, cipher.p, out, PAD_RSA_MAX);
#endif
    if (rc != 0)
        return failed(e, "the pad's key does not open", rc);
    *len = n;
    return RC_OK;
}

/* ---- Diffie-Hellman ---- */

struct group {
    mbedtls_mpi p, a, b, c;
};

static void group_free(struct group *g)
{
    mbedtls_mpi_free(&g->p);
    mbedtls_mpi_free(&g->a);
    mbedtls_mpi_free(&g->b);
    mbedtls_mpi_free(&g->c);
}

static void group_init(struct group *g)
{
    mbedtls_mpi_init(&g->p);
    mbedtls_mpi_init(&g->a);
    mbedtls_mpi_init(&g->b);
    mbedtls_mpi_init(&g->c);
}

/* out = base ^ secret mod prime; base and result must be neither 0, 1 nor p - 1. */
static enum rc power(const uint8_t prime[PAD_DH_LEN], struct bytes base, const uint8_t secret[PAD_DH_LEN],
                     uint8_t out[PAD_DH_LEN], struct err *e)
{
    struct group g SCOPED(group_free);
    group_init(&g);
    int rc = mbedtls_mpi_read_binary(&g.p, prime, PAD_DH_LEN);
    rc = rc ? rc : mbedtls_mpi_read_binary(&g.a, base.p, base.len);
    rc = rc ? rc : mbedtls_mpi_read_binary(&g.b, secret, PAD_DH_LEN);
    if (rc != 0)
        return failed(e, "Diffie-Hellman", rc);
    if (mbedtls_mpi_bitlen(&g.p) < 64 || mbedtls_mpi_get_bit(&g.p, 0) == 0 ||
        mbedtls_mpi_cmp_int(&g.a, 1) <= 0 || mbedtls_mpi_cmp_mpi(&g.a, &g.p) >= 0)
        return err_code(e, RC_PROTOCOL, "PAD_CRYPTO", 0, "a Diffie-Hellman group that cannot be");
    rc = mbedtls_mpi_exp_mod(&g.c, &g.a, &g.b, &g.p, NULL);
    rc = rc ? rc : mbedtls_mpi_write_binary(&g.c, out, PAD_DH_LEN);
    rc = rc ? rc : mbedtls_mpi_add_int(&g.c, &g.c, 1);
    if (rc != 0)
        return failed(e, "Diffie-Hellman", rc);
    if (mbedtls_mpi_cmp_int(&g.c, 2) <= 0 || mbedtls_mpi_cmp_mpi(&g.c, &g.p) == 0)
        return err_code(e, RC_PROTOCOL, "PAD_CRYPTO", 0, "a Diffie-Hellman half that cannot be");
    return RC_OK;
}

enum rc pad_dh_ours(const uint8_t prime[PAD_DH_LEN], const uint8_t base[2], uint8_t secret[PAD_DH_LEN],
                    uint8_t ours[PAD_DH_LEN], struct err *e)
{
    TRY(rnd_bytes(secret, PAD_DH_LEN, e));
    secret[0] &= 0x7f;
    return power(prime, BYTES(base, 2), secret, ours, e);
}

enum rc pad_dh_common(const uint8_t prime[PAD_DH_LEN], const uint8_t secret[PAD_DH_LEN],
                      const uint8_t theirs[PAD_DH_LEN], uint8_t out[PAD_DH_LEN], struct err *e)
{
    return power(prime, BYTES(theirs, PAD_DH_LEN), secret, out, e);
}

enum rc pad_aes_open(struct bytes key, const uint8_t in[PAD_BLOCK], uint8_t out[PAD_BLOCK], struct err *e)
{
    mbedtls_aes_context aes SCOPED(mbedtls_aes_free);
    mbedtls_aes_init(&aes);
    int rc = mbedtls_aes_setkey_dec(&aes, key.p, (unsigned)key.len * 8);
    rc = rc ? rc : mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_DECRYPT, in, out);
    return rc == 0 ? RC_OK : failed(e, "AES", rc);
}
