/* Diffie-Hellman over a prime field. Source: 9303-11 4.4.3.3, RFC 2631 (checks), RFC 5114 (groups). */
#include "drivers/card/crypto_ka.h"

#include "common/base/arena.h"

#include <mbedtls/bignum.h>
#include <stdlib.h>
#include <string.h>

#define BITS_MIN 1024
#define BITS_MAX 4096
#define KEY_BITS 512 /* of a private key where the order of the group is not told */

struct dh {
    struct ka base;
    size_t len; /* bytes of the prime */
    mbedtls_mpi p, g, q, pub, d;
    mbedtls_mpi rr; /* helper of mbedtls_mpi_exp_mod */
    bool order;     /* q is known */
};

static void dh_free(struct ka *ka)
{
    struct dh *x = (struct dh *)ka;
    mbedtls_mpi_free(&x->p); /* mbedTLS wipes what it frees */
    mbedtls_mpi_free(&x->g);
    mbedtls_mpi_free(&x->q);
    mbedtls_mpi_free(&x->pub);
    mbedtls_mpi_free(&x->d);
    mbedtls_mpi_free(&x->rr);
    wipe(x, sizeof *x);
    free(x);
}

static unsigned dh_bits(const struct ka *ka)
{
    return (unsigned)mbedtls_mpi_bitlen(&((const struct dh *)ka)->p);
}

static int power(struct dh *x, mbedtls_mpi *out, const mbedtls_mpi *base, const mbedtls_mpi *exponent)
{
    return mbedtls_mpi_exp_mod(out, base, exponent, &x->p, &x->rr);
}

/* 2 <= y <= p - 2, and of order q: a value of a small subgroup would tell the private key. */
static enum rc check_public(struct dh *x, const mbedtls_mpi *y, struct err *e)
{
    mbedtls_mpi t SCOPED(mbedtls_mpi_free);
    mbedtls_mpi_init(&t);
    int rc = mbedtls_mpi_sub_int(&t, &x->p, 2);
    if (rc == 0 && (mbedtls_mpi_cmp_int(y, 2) < 0 || mbedtls_mpi_cmp_mpi(y, &t) > 0))
        return err_set(e, RC_PROTOCOL, "the card's public key is out of range");
    if (rc == 0 && x->order)
        rc = power(x, &t, y, &x->q);
    if (rc != 0)
        return ka_fail(e, "checking a public key", rc);
    if (x->order && mbedtls_mpi_cmp_int(&t, 1) != 0)
        return err_set(e, RC_PROTOCOL, "the card's public key is outside the group");
    return RC_OK;
}

static enum rc read_public(struct dh *x, struct bytes in, mbedtls_mpi *y, struct err *e)
{
    if (in.len == 0 || in.len > x->len)
        return err_set(e, RC_PROTOCOL, "the card's public key has %zu bytes instead of %zu", in.len, x->len);
    int rc = mbedtls_mpi_read_binary(y, in.p, in.len);
    return rc == 0 ? check_public(x, y, e) : ka_fail(e, "reading a public key", rc);
}

static enum rc make_public(struct dh *x, struct err *e)
{
    int rc = power(x, &x->pub, &x->g, &x->d);
    if (rc != 0)
        return ka_fail(e, "making a public key", rc);
    x->base.key = true;
    return RC_OK;
}

static enum rc dh_keygen(struct ka *ka, struct err *e)
{
    struct dh *x = (struct dh *)ka;
    size_t n = x->order ? (mbedtls_mpi_bitlen(&x->q) + 7) / 8 : KEY_BITS / 8;
    int rc;
    do
        rc = mbedtls_mpi_fill_random(&x->d, n, ka_random, NULL);
    while (rc == 0 &&
           (mbedtls_mpi_cmp_int(&x->d, 1) <= 0 || (x->order && mbedtls_mpi_cmp_mpi(&x->d, &x->q) >= 0)));
    return rc == 0 ? make_public(x, e) : ka_fail(e, "making a private key", rc);
}

static enum rc dh_set_key(struct ka *ka, const uint8_t *d, size_t len, struct err *e)
{
    struct dh *x = (struct dh *)ka;
    int rc = mbedtls_mpi_read_binary(&x->d, d, len);
    if (rc != 0 || mbedtls_mpi_cmp_int(&x->d, 1) <= 0 || mbedtls_mpi_cmp_mpi(&x->d, &x->p) >= 0)
        return err_set(e, RC_BAD_FIELD, "the private key does not fit the group");
    return make_public(x, e);
}

static enum rc put(const struct dh *x, const mbedtls_mpi *v, uint8_t *out, size_t *len, struct err *e)
{
    int rc = mbedtls_mpi_write_binary(v, out, x->len);
    if (rc != 0)
        return ka_fail(e, "writing a number", rc);
    *len = x->len;
    return RC_OK;
}

static enum rc dh_public(const struct ka *ka, uint8_t *out, size_t *len, struct err *e)
{
    const struct dh *x = (const struct dh *)ka;
    return put(x, &x->pub, out, len, e);
}

static enum rc dh_generator(struct ka *ka, uint8_t *out, size_t *len, struct err *e)
{
    const struct dh *x = (const struct dh *)ka;
    return put(x, &x->g, out, len, e);
}

static enum rc set_generator(struct dh *x, const mbedtls_mpi *g, struct err *e)
{
    if (mbedtls_mpi_cmp_int(g, 1) <= 0)
        return err_set(e, RC_PROTOCOL, "the mapped generator is the neutral element");
    int rc = mbedtls_mpi_copy(&x->g, g);
    return rc == 0 ? RC_OK : ka_fail(e, "mapping", rc);
}

/* g^nonce * peer^d. The result of a power must not be its exponent (mbedTLS 3.6 overwrites it first). */
static enum rc dh_map(struct ka *ka, struct bytes nonce, struct bytes peer, struct err *e)
{
    struct dh *x = (struct dh *)ka;
    mbedtls_mpi s SCOPED(mbedtls_mpi_free), h SCOPED(mbedtls_mpi_free), g SCOPED(mbedtls_mpi_free);
    mbedtls_mpi_init(&s);
    mbedtls_mpi_init(&h);
    mbedtls_mpi_init(&g);
    TRY(read_public(x, peer, &h, e));
    int rc = power(x, &h, &h, &x->d);
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&s, nonce.p, nonce.len);
    if (rc == 0)
        rc = power(x, &g, &x->g, &s);
    if (rc == 0)
        rc = mbedtls_mpi_mul_mpi(&g, &g, &h);
    if (rc == 0)
        rc = mbedtls_mpi_mod_mpi(&g, &g, &x->p);
    return rc == 0 ? set_generator(x, &g, e) : ka_fail(e, "mapping", rc);
}

/* random^((p - 1) / q) */
static enum rc dh_map_integrated(struct ka *ka, struct bytes random, struct err *e)
{
    struct dh *x = (struct dh *)ka;
    mbedtls_mpi r SCOPED(mbedtls_mpi_free), a SCOPED(mbedtls_mpi_free);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&a);
    if (!x->order)
        return err_set(e, RC_UNSUPPORTED, "integrated mapping needs the order of the group");
    int rc = mbedtls_mpi_read_binary(&r, random.p, random.len);
    if (rc == 0)
        rc = mbedtls_mpi_mod_mpi(&r, &r, &x->p);
    if (rc == 0)
        rc = mbedtls_mpi_sub_int(&a, &x->p, 1);
    if (rc == 0)
        rc = mbedtls_mpi_div_mpi(&a, NULL, &a, &x->q);
    if (rc == 0)
        rc = power(x, &r, &r, &a);
    return rc == 0 ? set_generator(x, &r, e) : ka_fail(e, "mapping", rc);
}

static enum rc dh_shared(struct ka *ka, struct bytes peer, uint8_t *out, size_t *len, struct err *e)
{
    struct dh *x = (struct dh *)ka;
    mbedtls_mpi y SCOPED(mbedtls_mpi_free);
    mbedtls_mpi_init(&y);
    TRY(read_public(x, peer, &y, e));
    int rc = power(x, &y, &y, &x->d);
    if (rc != 0)
        return ka_fail(e, "key agreement", rc);
    if (mbedtls_mpi_cmp_int(&y, 1) <= 0)
        return err_set(e, RC_PROTOCOL, "the shared secret is the neutral element");
    return put(x, &y, out, len, e);
}

static const struct ka_ops ops = {true,      dh_free,      dh_bits, dh_keygen,         dh_set_key,
                                  dh_public, dh_generator, dh_map,  dh_map_integrated, dh_shared};

/* What a chip says about its own group: odd prime of a size we take, generator and order inside it. */
static enum rc check_group(struct dh *x, struct err *e)
{
    size_t bits = mbedtls_mpi_bitlen(&x->p);
    if (bits < BITS_MIN || bits > BITS_MAX || mbedtls_mpi_get_bit(&x->p, 0) == 0)
        return err_set(e, RC_UNSUPPORTED, "a DH group of %zu bits", bits);
    if (mbedtls_mpi_cmp_int(&x->g, 2) < 0 || mbedtls_mpi_cmp_mpi(&x->g, &x->p) >= 0 ||
        (x->order && (mbedtls_mpi_bitlen(&x->q) < 160 || mbedtls_mpi_cmp_mpi(&x->q, &x->p) >= 0)))
        return err_set(e, RC_UNSUPPORTED, "a DH group that cannot be");
    return RC_OK;
}

enum rc ka_open_dh(const struct dh_values *v, struct ka **out, struct err *e)
{
    struct dh *x = calloc(1, sizeof *x);
    if (!x)
        abort();
    x->base.ops = &ops;
    mbedtls_mpi_init(&x->p);
    mbedtls_mpi_init(&x->g);
    mbedtls_mpi_init(&x->q);
    mbedtls_mpi_init(&x->pub);
    mbedtls_mpi_init(&x->d);
    mbedtls_mpi_init(&x->rr);
    x->order = v->q.len > 0;
    bool fits = v->p.len <= BITS_MAX / 8 + 1 && v->g.len <= BITS_MAX / 8 + 1 && v->q.len <= BITS_MAX / 8 + 1;
    int rc = fits ? mbedtls_mpi_read_binary(&x->p, v->p.p, v->p.len) : -1;
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&x->g, v->g.p, v->g.len);
    if (rc == 0 && x->order)
        rc = mbedtls_mpi_read_binary(&x->q, v->q.p, v->q.len);
    enum rc result = rc == 0 ? check_group(x, e) : err_set(e, RC_UNSUPPORTED, "a DH group of too many bits");
    if (result != RC_OK) {
        dh_free(&x->base);
        return result;
    }
    x->len = mbedtls_mpi_size(&x->p);
    *out = &x->base;
    return RC_OK;
}
