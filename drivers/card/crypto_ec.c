#include "drivers/card/crypto_ka.h"

#include "common/base/arena.h"

#include <mbedtls/ecp.h>
#include <stdlib.h>
#include <string.h>

/* After generic mapping the generator is nonce * G + mapping * peer. It is never computed for a key pair:
 * with the private key e the public key is (e * nonce) * G + (e * mapping) * peer, one multiplication of a
 * foreign point instead of two. On brainpool curves, which mbedTLS reduces by division, that is a quarter of
 * the time of PACE. After integrated mapping `peer` is the generator itself. */
struct ec {
    struct ka base;
    const struct curve *curve;
    mbedtls_ecp_group *group; /* of the process: keeps the table of multiples of G */
    mbedtls_ecp_point peer;   /* the card's mapping key, or the mapped generator */
    mbedtls_mpi nonce, mapping;
    mbedtls_ecp_point pub;
    mbedtls_mpi d;
    bool integrated;
};

static void ec_free(struct ka *ka)
{
    struct ec *x = (struct ec *)ka;
    mbedtls_mpi_free(&x->d); /* mbedTLS wipes what it frees */
    mbedtls_mpi_free(&x->mapping);
    mbedtls_mpi_free(&x->nonce);
    mbedtls_ecp_point_free(&x->pub);
    mbedtls_ecp_point_free(&x->peer);
    free(x);
}

static unsigned ec_bits(const struct ka *ka)
{
    return (unsigned)((const struct ec *)ka)->group->pbits;
}

static size_t field_len(const struct ec *x)
{
    return (x->group->pbits + 7) / 8;
}

/* r = k * generator. */
static int times_generator(struct ec *ec, mbedtls_ecp_point *r, const mbedtls_mpi *k)
{
    if (!ec->base.mapped || ec->integrated)
        return mbedtls_ecp_mul(ec->group, r, k, ec->integrated ? &ec->peer : &ec->group->G, ka_random, NULL);
    mbedtls_mpi s SCOPED(mbedtls_mpi_free), m SCOPED(mbedtls_mpi_free);
    mbedtls_mpi_init(&s);
    mbedtls_mpi_init(&m);
    int rc = mbedtls_mpi_mul_mpi(&s, k, &ec->nonce);
    if (rc == 0)
        rc = mbedtls_mpi_mod_mpi(&s, &s, &ec->group->N);
    if (rc == 0)
        rc = mbedtls_mpi_mul_mpi(&m, k, &ec->mapping);
    if (rc == 0)
        rc = mbedtls_mpi_mod_mpi(&m, &m, &ec->group->N);
    if (rc == 0)
        rc = mbedtls_ecp_muladd(ec->group, r, &s, &ec->group->G, &m, &ec->peer);
    return rc;
}

static enum rc public_from_private(struct ec *ec, struct err *e)
{
    int rc = times_generator(ec, &ec->pub, &ec->d);
    if (rc == 0)
        rc = mbedtls_ecp_check_pubkey(ec->group, &ec->pub);
    if (rc != 0) /* with a mapped generator at infinity, too: the card's doing */
        return err_set(e, RC_PROTOCOL, "making a public key failed (-0x%04X)", (unsigned)-rc);
    ec->base.key = true;
    return RC_OK;
}

static enum rc ec_keygen(struct ka *ka, struct err *e)
{
    struct ec *ec = (struct ec *)ka;
    int rc = mbedtls_ecp_gen_privkey(ec->group, &ec->d, ka_random, NULL);
    if (rc != 0)
        return ka_fail(e, "making a private key", rc);
    return public_from_private(ec, e);
}

static enum rc ec_set_key(struct ka *ka, const uint8_t *d, size_t len, struct err *e)
{
    struct ec *ec = (struct ec *)ka;
    int rc = mbedtls_mpi_read_binary(&ec->d, d, len);
    if (rc == 0)
        rc = mbedtls_ecp_check_privkey(ec->group, &ec->d);
    if (rc != 0)
        return err_set(e, RC_BAD_FIELD, "the private key does not fit the curve");
    return public_from_private(ec, e);
}

static enum rc write_point(const struct ec *ec, const mbedtls_ecp_point *p, uint8_t *out, size_t *len,
                           struct err *e)
{
    int rc =
        mbedtls_ecp_point_write_binary(ec->group, p, MBEDTLS_ECP_PF_UNCOMPRESSED, len, out, KA_PUBLIC_MAX);
    return rc == 0 ? RC_OK : ka_fail(e, "writing a point", rc);
}

static enum rc ec_public(const struct ka *ka, uint8_t *out, size_t *len, struct err *e)
{
    const struct ec *ec = (const struct ec *)ka;
    return write_point(ec, &ec->pub, out, len, e);
}

static enum rc ec_generator(struct ka *ka, uint8_t *out, size_t *len, struct err *e)
{
    struct ec *ec = (struct ec *)ka;
    mbedtls_ecp_point g SCOPED(mbedtls_ecp_point_free);
    mbedtls_mpi one SCOPED(mbedtls_mpi_free);
    mbedtls_ecp_point_init(&g);
    mbedtls_mpi_init(&one);
    int rc = mbedtls_mpi_lset(&one, 1);
    if (rc == 0)
        rc = times_generator(ec, &g, &one);
    return rc == 0 ? write_point(ec, &g, out, len, e) : ka_fail(e, "the generator", rc);
}

static enum rc read_peer(const struct ec *ec, struct bytes in, mbedtls_ecp_point *out, struct err *e)
{
    size_t want = 1 + 2 * field_len(ec);
    if (in.len != want || *(const uint8_t *)in.p != 0x04)
        return err_set(e, RC_PROTOCOL, "the card's public key is not an uncompressed point of %zu bytes",
                       want);
    if (mbedtls_ecp_point_read_binary(ec->group, out, in.p, in.len) != 0 ||
        mbedtls_ecp_check_pubkey(ec->group, out) != 0)
        return err_set(e, RC_PROTOCOL, "the card's public key is not a point of the curve");
    return RC_OK;
}

static enum rc ec_map(struct ka *ka, struct bytes nonce, struct bytes peer, struct err *e)
{
    struct ec *ec = (struct ec *)ka;
    TRY(read_peer(ec, peer, &ec->peer, e));
    int rc = mbedtls_mpi_read_binary(&ec->nonce, nonce.p, nonce.len);
    if (rc == 0)
        rc = mbedtls_mpi_mod_mpi(&ec->nonce, &ec->nonce, &ec->group->N);
    if (rc == 0)
        rc = mbedtls_mpi_copy(&ec->mapping, &ec->d);
    return rc == 0 ? RC_OK : ka_fail(e, "mapping", rc);
}

/* The numbers of the point encoding; `a` and `b` come from our own table (mbedTLS keeps no a = -3). */
struct encoding {
    mbedtls_mpi p, a, b, t, alpha, x2, x3, h2, u, v, w;
};

static int mul(struct encoding *f, mbedtls_mpi *r, const mbedtls_mpi *x, const mbedtls_mpi *y)
{
    int rc = mbedtls_mpi_mul_mpi(r, x, y);
    return rc == 0 ? mbedtls_mpi_mod_mpi(r, r, &f->p) : rc;
}

static int add(struct encoding *f, mbedtls_mpi *r, const mbedtls_mpi *x, const mbedtls_mpi *y)
{
    int rc = mbedtls_mpi_add_mpi(r, x, y);
    return rc == 0 ? mbedtls_mpi_mod_mpi(r, r, &f->p) : rc;
}

/* x2 = -b / a * (1 + 1 / (alpha + alpha^2)), x3 = alpha * x2, alpha = -t^2 */
static int candidates(struct encoding *f)
{
    int rc = mul(f, &f->alpha, &f->t, &f->t);
    if (rc == 0)
        rc = mbedtls_mpi_sub_mpi(&f->alpha, &f->p, &f->alpha);
    if (rc == 0)
        rc = mul(f, &f->v, &f->alpha, &f->alpha);
    if (rc == 0)
        rc = add(f, &f->v, &f->v, &f->alpha);
    if (rc == 0)
        rc = mbedtls_mpi_inv_mod(&f->v, &f->v, &f->p);
    if (rc == 0)
        rc = mbedtls_mpi_add_int(&f->v, &f->v, 1);
    if (rc == 0)
        rc = mbedtls_mpi_inv_mod(&f->w, &f->a, &f->p);
    if (rc == 0)
        rc = mul(f, &f->w, &f->w, &f->b);
    if (rc == 0)
        rc = mbedtls_mpi_sub_mpi(&f->w, &f->p, &f->w);
    if (rc == 0)
        rc = mul(f, &f->x2, &f->w, &f->v);
    if (rc == 0)
        rc = mul(f, &f->x3, &f->alpha, &f->x2);
    return rc;
}

/* h2 = x2^3 + a * x2 + b; u = t^3 * h2; w = h2^(p - 1 - (p + 1) / 4): 1 / sqrt(h2) where h2 is a square */
static int roots(struct encoding *f)
{
    int rc = mul(f, &f->h2, &f->x2, &f->x2);
    if (rc == 0)
        rc = add(f, &f->h2, &f->h2, &f->a);
    if (rc == 0)
        rc = mul(f, &f->h2, &f->h2, &f->x2);
    if (rc == 0)
        rc = add(f, &f->h2, &f->h2, &f->b);
    if (rc == 0)
        rc = mul(f, &f->u, &f->t, &f->t);
    if (rc == 0)
        rc = mul(f, &f->u, &f->u, &f->t);
    if (rc == 0)
        rc = mul(f, &f->u, &f->u, &f->h2);
    if (rc == 0)
        rc = mbedtls_mpi_add_int(&f->v, &f->p, 1);
    if (rc == 0)
        rc = mbedtls_mpi_shift_r(&f->v, 2);
    if (rc == 0)
        rc = mbedtls_mpi_sub_mpi(&f->v, &f->p, &f->v);
    if (rc == 0)
        rc = mbedtls_mpi_sub_int(&f->v, &f->v, 1);
    if (rc == 0)
        rc = mbedtls_mpi_exp_mod(&f->w, &f->h2, &f->v, &f->p, NULL);
    return rc;
}

/* (x2, w * h2) where w^2 * h2 = 1, else (x3, w * u) */
static int choose(struct encoding *f, const struct ec *ec, uint8_t *point)
{
    size_t n = field_len(ec);
    int rc = mul(f, &f->v, &f->w, &f->w);
    if (rc == 0)
        rc = mul(f, &f->v, &f->v, &f->h2);
    bool square = rc == 0 && mbedtls_mpi_cmp_int(&f->v, 1) == 0;
    if (rc == 0)
        rc = mul(f, &f->w, &f->w, square ? &f->h2 : &f->u);
    point[0] = 0x04;
    if (rc == 0)
        rc = mbedtls_mpi_write_binary(square ? &f->x2 : &f->x3, point + 1, n);
    if (rc == 0)
        rc = mbedtls_mpi_write_binary(&f->w, point + 1 + n, n);
    return rc;
}

/* Point encoding of 9303-11 appendix B.2: for primes that are 3 mod 4, that is all but secp224r1. */
static enum rc ec_encode(struct ec *ec, struct bytes random, struct err *e)
{
    struct encoding f;
    uint8_t point[KA_PUBLIC_MAX];
    mbedtls_mpi *const all[] = {&f.p, &f.a, &f.b, &f.t, &f.alpha, &f.x2, &f.x3, &f.h2, &f.u, &f.v, &f.w};
    const struct curve *c = ec->curve;
    if ((c->p[c->len - 1] & 3) != 3)
        return err_set(e, RC_UNSUPPORTED, "integrated mapping does not work on %s", c->name);
    for (size_t i = 0; i < COUNT(all); i++)
        mbedtls_mpi_init(all[i]);
    int rc = mbedtls_mpi_read_binary(&f.p, c->p, c->len);
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&f.a, c->a, c->len);
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&f.b, c->b, c->len);
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&f.t, random.p, random.len);
    if (rc == 0)
        rc = mbedtls_mpi_mod_mpi(&f.t, &f.t, &f.p);
    if (rc == 0)
        rc = candidates(&f);
    if (rc == 0)
        rc = roots(&f);
    if (rc == 0)
        rc = choose(&f, ec, point);
    for (size_t i = 0; i < COUNT(all); i++)
        mbedtls_mpi_free(all[i]);
    if (rc != 0) /* 0, 1 and -1 have no image: the card's nonce does that once in 2^100 */
        return err_set(e, RC_PROTOCOL, "encoding a point failed (-0x%04X)", (unsigned)-rc);
    return read_peer(ec, BYTES(point, 1 + 2 * field_len(ec)), &ec->peer, e);
}

static enum rc ec_map_integrated(struct ka *ka, struct bytes random, struct err *e)
{
    struct ec *ec = (struct ec *)ka;
    TRY(ec_encode(ec, random, e));
    ec->integrated = true;
    return RC_OK;
}

/* The curves have cofactor 1, so a checked point times 0 < d < n is never infinity. */
static enum rc ec_shared(struct ka *ka, struct bytes peer, uint8_t *out, size_t *len, struct err *e)
{
    struct ec *ec = (struct ec *)ka;
    mbedtls_ecp_point q SCOPED(mbedtls_ecp_point_free), k SCOPED(mbedtls_ecp_point_free);
    mbedtls_ecp_point_init(&q);
    mbedtls_ecp_point_init(&k);
    TRY(read_peer(ec, peer, &q, e));
    int rc = mbedtls_ecp_mul(ec->group, &k, &ec->d, &q, ka_random, NULL);
    if (rc != 0)
        return ka_fail(e, "key agreement", rc);
    if (mbedtls_ecp_is_zero(&k))
        return err_set(e, RC_PROTOCOL, "the shared point is at infinity");
    uint8_t point[KA_PUBLIC_MAX];
    size_t n = 0;
    TRY(write_point(ec, &k, point, &n, e));
    *len = (n - 1) / 2;
    memcpy(out, point + 1, *len);
    wipe(point, sizeof point);
    return RC_OK;
}

static const struct ka_ops ops = {false,     ec_free,      ec_bits, ec_keygen,         ec_set_key,
                                  ec_public, ec_generator, ec_map,  ec_map_integrated, ec_shared};

enum rc ka_open_ec(const struct curve *c, struct ka **out, struct err *e)
{
    mbedtls_ecp_group *group = curve_group(c);
    if (!group)
        return err_set(e, RC_INTERNAL, "loading the curve failed");
    struct ec *ec = calloc(1, sizeof *ec);
    if (!ec)
        abort();
    ec->base.ops = &ops;
    ec->group = group;
    ec->curve = c;
    mbedtls_ecp_point_init(&ec->peer);
    mbedtls_ecp_point_init(&ec->pub);
    mbedtls_mpi_init(&ec->nonce);
    mbedtls_mpi_init(&ec->mapping);
    mbedtls_mpi_init(&ec->d);
    *out = &ec->base;
    return RC_OK;
}
