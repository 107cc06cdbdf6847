/* Two RSA keys of the invented country, and RSASSA-PSS with SHA-256 (RFC 8017 9.1.1; the salt comes from the
 * message, so that the same card file always gives the same bytes). Test keys: worth nothing. */
#include "tests/devices/card_priv.h"

#include <string.h>

static const struct {
    const char *p, *q;
} keys[] = {
    {"F0549C5019626CF3C15302CE674205F66F01BF0927CBF8F4212658D9FD1A859850395136FBAE88998357CBD717"
     "E972FC7B924F7F347F0B5999ADABE1C711B9296F90DE4773F7DA5404AFB7B4CB9CE3CF965346D9BBEA4123DDC7"
     "39D2E8FD2BDA2C4DACD43EE3F491AF670D64BD55254A93AD45EBC5A69B56156FB22D0EF25FBF",
     "B53DCF5E255B97F3A3330E0D0E9666C401E3410E8C2C1F0C39C69655212EFC177FB411C80480985C589ECC520B"
     "061A41D7B0457B9537095E3B0D4DF10519CE3EC2F274423D5BE668D656B0A887BC64B4AC599C20ACF3B3AC7B1D"
     "85D2D59A8210832EF8DCD6C621C189CDA0C99D12A5E9EE10EF548E0D95672AB1DF00A53A6E73"},
    {"F0DA384D7270239B8C010AADB2777E44221695AEEE3C3625A65411970969CD385087F52AC2608EAE7D8C126889"
     "94CA3BC4DA47556C0B9DF5BFA48A354AB5CBB512B69AB3889B1C5ECF3E7A7F01A71F45233B427D78DD7DE2E7D1"
     "42ADC4D09F34FCB9AFAF080E4D93771B19F78864F39C5E90BD7FC0F8A5F6E9A7A8D8AD4FB6FF",
     "BB7B071C6595DB283E36A9EEEE86A9EA6E51CC10ACD206B9969075E577313D49F9B6E44E62D636FE06D9CB5FC1"
     "42FA256B8F1F9EFFE73AF3FEB7FEF56D998EB6C566F40EC79750B322B83AF56C41EB88C4DA88AA3AC7E46B037B"
     "09221469DBF5CEF3F84A0DB086317AC97944FA2DA6027F6A59D52B21C4DE48B5DA2FBB52339D"},
};
#define EXPONENT 65537

struct rsa {
    mbedtls_mpi n, d;
};

static void rsa_load(struct rsa *k, int which)
{
    mbedtls_mpi p, q, phi;
    mbedtls_mpi_init(&p);
    mbedtls_mpi_init(&q);
    mbedtls_mpi_init(&phi);
    mbedtls_mpi_init(&k->n);
    mbedtls_mpi_init(&k->d);
    must(mbedtls_mpi_read_string(&p, 16, keys[which].p));
    must(mbedtls_mpi_read_string(&q, 16, keys[which].q));
    must(mbedtls_mpi_mul_mpi(&k->n, &p, &q));
    must(mbedtls_mpi_sub_int(&p, &p, 1));
    must(mbedtls_mpi_sub_int(&q, &q, 1));
    must(mbedtls_mpi_mul_mpi(&phi, &p, &q));
    must(mbedtls_mpi_lset(&p, EXPONENT));
    must(mbedtls_mpi_inv_mod(&k->d, &p, &phi));
    mbedtls_mpi_free(&p);
    mbedtls_mpi_free(&q);
    mbedtls_mpi_free(&phi);
}

static void rsa_free(struct rsa *k)
{
    mbedtls_mpi_free(&k->n);
    mbedtls_mpi_free(&k->d);
}

void rsa_modulus(int which, uint8_t n[RSA_LEN])
{
    struct rsa k;
    rsa_load(&k, which);
    must(mbedtls_mpi_write_binary(&k.n, n, RSA_LEN));
    rsa_free(&k);
}

/* in below the modulus: its first byte is below 80. */
void rsa_private(int which, const uint8_t in[RSA_LEN], uint8_t out[RSA_LEN])
{
    struct rsa k;
    mbedtls_mpi m;
    mbedtls_mpi_init(&m);
    rsa_load(&k, which);
    must(mbedtls_mpi_read_binary(&m, in, RSA_LEN));
    must(mbedtls_mpi_exp_mod(&m, &m, &k.d, &k.n, NULL));
    must(mbedtls_mpi_write_binary(&m, out, RSA_LEN));
    mbedtls_mpi_free(&m);
    rsa_free(&k);
}

void rsa_spki(struct buf *out, int which)
{
    uint8_t n[RSA_LEN];
    BUF_SCOPE(key);
    BUF_SCOPE(alg);
    BUF_SCOPE(bits);
    BUF_SCOPE(both);
    rsa_modulus(which, n);
    tlv_uint(&key, n, sizeof n);
    tlv_int(&key, EXPONENT);
    tlv_hex(&alg, 0x06, "2A864886F70D010101");
    tlv(&alg, 0x05, NULL, 0);
    buf_chr(&bits, 0);
    tlv_buf(&bits, 0x30, &key);
    tlv_buf(&both, 0x30, &alg);
    tlv_buf(&both, 0x03, &bits);
    tlv_buf(out, 0x30, &both);
}

void rsa_pss(const struct buf *message, uint8_t out[RSA_LEN])
{
    enum { HASH = 32, DB = RSA_LEN - HASH - 1 };
    uint8_t md[HASH], salt[HASH], em[RSA_LEN] = {0}, block[HASH];
    BUF_SCOPE(b);
    hash(MBEDTLS_MD_SHA256, md, message->p, message->len);
    hash(MBEDTLS_MD_SHA256, salt, md, sizeof md);
    buf_add(&b, (const uint8_t[8]){0}, 8);
    buf_add(&b, md, sizeof md);
    buf_add(&b, salt, sizeof salt);
    em[DB - HASH - 1] = 1;
    memcpy(em + DB - HASH, salt, HASH);
    hash(MBEDTLS_MD_SHA256, em + DB, b.p, b.len);
    for (uint32_t i = 0; i * HASH < DB; i++) { /* MGF1 */
        buf_reset(&b);
        buf_add(&b, em + DB, HASH);
        put_be(&b, i, 4);
        hash(MBEDTLS_MD_SHA256, block, b.p, b.len);
        for (size_t k = 0; k < HASH && i * HASH + k < DB; k++)
            em[i * HASH + k] ^= block[k];
    }
    em[0] &= 0x7F;
    em[RSA_LEN - 1] = 0xBC;
    rsa_private(0, em, out);
}
