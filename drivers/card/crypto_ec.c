#include "drivers/card/crypto.h"

#include "common/base/arena.h"
#include "common/base/crypto.h"

#include <mbedtls/ecp.h>
#include <stdlib.h>
#include <string.h>

/* After ec_map() the generator is nonce * G + mapping * peer. It is never computed for a key pair: with the
 * private key e the public key is (e * nonce) * G + (e * mapping) * peer, one multiplication of a foreign
 * point instead of two. On brainpool curves, which mbedTLS reduces by division, that is a quarter of the time
 * of PACE. */
struct ec {
    mbedtls_ecp_group *group; /* of the process: keeps the table of multiples of G */
    mbedtls_ecp_point peer;   /* the card's mapping key */
    mbedtls_mpi nonce, mapping;
    mbedtls_ecp_point pub;
    mbedtls_mpi d;
    bool mapped, key;
};

/* 9303-11 9.5.1, table of standardised domain parameters. brainpoolP192r1 (9), P224r1 (11) and P320r1 (14)
 * are not built into mbedTLS. */
static const struct {
    int id;
    mbedtls_ecp_group_id group;
    const char *name;
} curves[] = {
    {8, MBEDTLS_ECP_DP_SECP192R1, "secp192r1"},      {9, MBEDTLS_ECP_DP_NONE, "brainpoolP192r1"},
    {10, MBEDTLS_ECP_DP_SECP224R1, "secp224r1"},     {11, MBEDTLS_ECP_DP_NONE, "brainpoolP224r1"},
    {12, MBEDTLS_ECP_DP_SECP256R1, "secp256r1"},     {13, MBEDTLS_ECP_DP_BP256R1, "brainpoolP256r1"},
    {14, MBEDTLS_ECP_DP_NONE, "brainpoolP320r1"},    {15, MBEDTLS_ECP_DP_SECP384R1, "secp384r1"},
    {16, MBEDTLS_ECP_DP_BP384R1, "brainpoolP384r1"}, {17, MBEDTLS_ECP_DP_BP512R1, "brainpoolP512r1"},
    {18, MBEDTLS_ECP_DP_SECP521R1, "secp521r1"},
};

static int rng(void *user, unsigned char *out, size_t len)
{
    (void)user;
    return rnd_bytes(out, len, NULL) == RC_OK ? 0 : -1;
}

static enum rc fail(struct err *e, const char *what, int rc)
{
    return err_set(e, RC_INTERNAL, "%s failed (-0x%04X)", what, (unsigned)-rc);
}

const char *ec_name(int parameter_id)
{
    for (size_t i = 0; i < COUNT(curves); i++)
        if (curves[i].id == parameter_id)
            return curves[i].name;
    return NULL;
}

void ec_freep(struct ec **ec)
{
    if (!*ec)
        return;
    mbedtls_mpi_free(&(*ec)->d); /* mbedTLS wipes what it frees */
    mbedtls_mpi_free(&(*ec)->mapping);
    mbedtls_mpi_free(&(*ec)->nonce);
    mbedtls_ecp_point_free(&(*ec)->pub);
    mbedtls_ecp_point_free(&(*ec)->peer);
    free(*ec);
    *ec = NULL;
}

/* Curves hold no secret: each is loaded once. */
static mbedtls_ecp_group *load(size_t curve, struct err *e)
{
    static mbedtls_ecp_group groups[COUNT(curves)];
    mbedtls_ecp_group *g = &groups[curve];
    if (g->id != MBEDTLS_ECP_DP_NONE)
        return g;
    mbedtls_ecp_group_init(g);
    int rc = mbedtls_ecp_group_load(g, curves[curve].group);
    if (rc == 0)
        return g;
    mbedtls_ecp_group_free(g);
    fail(e, "loading the curve", rc);
    return NULL;
}

enum rc ec_new(int parameter_id, struct ec **out, struct err *e)
{
    size_t i = 0;
    while (i < COUNT(curves) && (curves[i].id != parameter_id || curves[i].group == MBEDTLS_ECP_DP_NONE))
        i++;
    if (i == COUNT(curves)) {
        const char *name = ec_name(parameter_id);
        return err_set(e, RC_UNSUPPORTED, "domain parameters %d (%s) are not supported", parameter_id,
                       name ? name : "not an elliptic curve of ICAO 9303-11");
    }
    mbedtls_ecp_group *group = load(i, e);
    if (!group)
        return RC_INTERNAL;
    struct ec *ec = calloc(1, sizeof *ec);
    if (!ec)
        abort();
    ec->group = group;
    mbedtls_ecp_point_init(&ec->peer);
    mbedtls_ecp_point_init(&ec->pub);
    mbedtls_mpi_init(&ec->nonce);
    mbedtls_mpi_init(&ec->mapping);
    mbedtls_mpi_init(&ec->d);
    *out = ec;
    return RC_OK;
}

/* r = k * generator. */
static int times_generator(struct ec *ec, mbedtls_ecp_point *r, const mbedtls_mpi *k)
{
    if (!ec->mapped)
        return mbedtls_ecp_mul(ec->group, r, k, &ec->group->G, rng, NULL);
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
    ec->key = true;
    return RC_OK;
}

enum rc ec_keygen(struct ec *ec, struct err *e)
{
    int rc = mbedtls_ecp_gen_privkey(ec->group, &ec->d, rng, NULL);
    if (rc != 0)
        return fail(e, "making a private key", rc);
    return public_from_private(ec, e);
}

enum rc ec_set_key(struct ec *ec, const uint8_t *d, size_t len, struct err *e)
{
    int rc = mbedtls_mpi_read_binary(&ec->d, d, len);
    if (rc == 0)
        rc = mbedtls_ecp_check_privkey(ec->group, &ec->d);
    if (rc != 0)
        return err_set(e, RC_BAD_FIELD, "the private key does not fit the curve");
    return public_from_private(ec, e);
}

static enum rc write_point(const struct ec *ec, const mbedtls_ecp_point *p, uint8_t out[EC_POINT_MAX],
                           size_t *len, struct err *e)
{
    int rc =
        mbedtls_ecp_point_write_binary(ec->group, p, MBEDTLS_ECP_PF_UNCOMPRESSED, len, out, EC_POINT_MAX);
    return rc == 0 ? RC_OK : fail(e, "writing a point", rc);
}

enum rc ec_public(const struct ec *ec, uint8_t out[EC_POINT_MAX], size_t *len, struct err *e)
{
    if (!ec->key)
        return err_set(e, RC_INTERNAL, "no key pair yet");
    return write_point(ec, &ec->pub, out, len, e);
}

enum rc ec_generator(struct ec *ec, uint8_t out[EC_POINT_MAX], size_t *len, struct err *e)
{
    mbedtls_ecp_point g SCOPED(mbedtls_ecp_point_free);
    mbedtls_mpi one SCOPED(mbedtls_mpi_free);
    mbedtls_ecp_point_init(&g);
    mbedtls_mpi_init(&one);
    int rc = mbedtls_mpi_lset(&one, 1);
    if (rc == 0)
        rc = times_generator(ec, &g, &one);
    return rc == 0 ? write_point(ec, &g, out, len, e) : fail(e, "the generator", rc);
}

static enum rc read_peer(const struct ec *ec, const uint8_t *p, size_t len, mbedtls_ecp_point *out,
                         struct err *e)
{
    size_t want = 1 + 2 * ((ec->group->pbits + 7) / 8);
    if (len != want || p[0] != 0x04)
        return err_set(e, RC_PROTOCOL, "the card's public key is not an uncompressed point of %zu bytes",
                       want);
    if (mbedtls_ecp_point_read_binary(ec->group, out, p, len) != 0 ||
        mbedtls_ecp_check_pubkey(ec->group, out) != 0)
        return err_set(e, RC_PROTOCOL, "the card's public key is not a point of the curve");
    return RC_OK;
}

/* r = d * peer. The curves have cofactor 1, so a checked point times 0 < d < n is never infinity. */
static enum rc agree(struct ec *ec, const uint8_t *peer, size_t len, mbedtls_ecp_point *r, struct err *e)
{
    if (!ec->key)
        return err_set(e, RC_INTERNAL, "no key pair yet");
    mbedtls_ecp_point q SCOPED(mbedtls_ecp_point_free);
    mbedtls_ecp_point_init(&q);
    TRY(read_peer(ec, peer, len, &q, e));
    int rc = mbedtls_ecp_mul(ec->group, r, &ec->d, &q, rng, NULL);
    if (rc != 0)
        return fail(e, "key agreement", rc);
    if (mbedtls_ecp_is_zero(r))
        return err_set(e, RC_PROTOCOL, "the shared point is at infinity");
    return RC_OK;
}

enum rc ec_map(struct ec *ec, const uint8_t *nonce, size_t nonce_len, const uint8_t *peer, size_t len,
               struct err *e)
{
    if (!ec->key || ec->mapped)
        return err_set(e, RC_INTERNAL, "mapping needs one key pair and happens once");
    TRY(read_peer(ec, peer, len, &ec->peer, e));
    int rc = mbedtls_mpi_read_binary(&ec->nonce, nonce, nonce_len);
    if (rc == 0)
        rc = mbedtls_mpi_mod_mpi(&ec->nonce, &ec->nonce, &ec->group->N);
    if (rc == 0)
        rc = mbedtls_mpi_copy(&ec->mapping, &ec->d);
    if (rc != 0)
        return fail(e, "mapping", rc);
    ec->mapped = true;
    ec->key = false;
    return RC_OK;
}

enum rc ec_shared(struct ec *ec, const uint8_t *peer, size_t len, uint8_t out[EC_X_MAX], size_t *out_len,
                  struct err *e)
{
    mbedtls_ecp_point k SCOPED(mbedtls_ecp_point_free);
    mbedtls_ecp_point_init(&k);
    TRY(agree(ec, peer, len, &k, e));
    uint8_t point[EC_POINT_MAX];
    size_t n = 0;
    TRY(write_point(ec, &k, point, &n, e));
    *out_len = (n - 1) / 2;
    memcpy(out, point + 1, *out_len);
    wipe(point, sizeof point);
    return RC_OK;
}
