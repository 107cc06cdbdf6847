#include "drivers/card/curves.h"

#include "common/base/text.h"

#include <mbedtls/ecp.h>
#include <string.h>

/* Rows of curves.c from id 8 on. mbedTLS has none of brainpoolP192r1, P224r1, P320r1. */
#define FIRST 8
static const mbedtls_ecp_group_id built_in[] = {
    MBEDTLS_ECP_DP_SECP192R1, MBEDTLS_ECP_DP_NONE,    MBEDTLS_ECP_DP_SECP224R1, MBEDTLS_ECP_DP_NONE,
    MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_BP256R1, MBEDTLS_ECP_DP_NONE,      MBEDTLS_ECP_DP_SECP384R1,
    MBEDTLS_ECP_DP_BP384R1,   MBEDTLS_ECP_DP_BP512R1, MBEDTLS_ECP_DP_SECP521R1,
};

/* modp stays NULL: mbedTLS then reduces by division. id stays NONE: there is no number for it. */
static int fill(mbedtls_ecp_group *g, const struct curve *c)
{
    char x[2 * 66 + 1], y[2 * 66 + 1];
    hex_encode(x, c->gx, c->len);
    hex_encode(y, c->gy, c->len);
    int rc = mbedtls_mpi_read_binary(&g->P, c->p, c->len);
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&g->A, c->a, c->len);
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&g->B, c->b, c->len);
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&g->N, c->n, c->len);
    if (rc == 0) /* reading it from bytes needs a group that is complete */
        rc = mbedtls_ecp_point_read_string(&g->G, 16, x, y);
    g->pbits = mbedtls_mpi_bitlen(&g->P);
    g->nbits = mbedtls_mpi_bitlen(&g->N);
    return rc;
}

mbedtls_ecp_group *curve_group(const struct curve *c)
{
    static mbedtls_ecp_group groups[COUNT(built_in)];
    static bool loaded[COUNT(built_in)];
    size_t i = (size_t)(c->id - FIRST);
    if (loaded[i])
        return &groups[i];
    mbedtls_ecp_group_init(&groups[i]);
    int rc = built_in[i] != MBEDTLS_ECP_DP_NONE ? mbedtls_ecp_group_load(&groups[i], built_in[i])
                                                : fill(&groups[i], c);
    if (rc != 0) {
        mbedtls_ecp_group_free(&groups[i]);
        return NULL;
    }
    loaded[i] = true;
    return &groups[i];
}
