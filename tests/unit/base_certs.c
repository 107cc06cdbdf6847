#include "tests/unit/base_certs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

#define NEED(call)                                                                                           \
    do {                                                                                                     \
        int ret_ = (call);                                                                                   \
        if (ret_ < 0) {                                                                                      \
            fprintf(stderr, "%s: -0x%04x\n", #call, (unsigned)-ret_);                                        \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

struct maker {
    mbedtls_pk_context key;
    const char *name; /* distinguished */
};

static int rng(void *unused, unsigned char *p, size_t n)
{
    (void)unused;
    return getrandom(p, n, 0) == (ssize_t)n ? 0 : -1;
}

const char *certs_path(const struct certs *c, const char *name)
{
    static char ring[4][160];
    static unsigned at;
    char *out = ring[at++ % 4];
    snprintf(out, sizeof(ring[0]), "%s/%s", c->dir, name);
    return out;
}

static void put(const struct certs *c, const char *name, const unsigned char *text)
{
    FILE *f = fopen(certs_path(c, name), "w");
    if (f == NULL || fputs((const char *)text, f) < 0 || fclose(f) != 0)
        abort();
}

static void new_key(mbedtls_pk_context *key)
{
    mbedtls_pk_init(key);
    NEED(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)));
    NEED(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), rng, NULL));
}

struct wish {
    const char *file, *subject, *from, *to, *serial;
    bool ca;
};

static void certify(const struct certs *c, mbedtls_pk_context *key, struct maker *by, const struct wish *w)
{
    unsigned char text[4096];
    mbedtls_x509write_cert x;
    mbedtls_mpi serial;
    mbedtls_x509write_crt_init(&x);
    mbedtls_mpi_init(&serial);
    NEED(mbedtls_mpi_read_string(&serial, 10, w->serial));
    mbedtls_x509write_crt_set_version(&x, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&x, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&x, key);
    mbedtls_x509write_crt_set_issuer_key(&x, &by->key);
    NEED(mbedtls_x509write_crt_set_subject_name(&x, w->subject));
    NEED(mbedtls_x509write_crt_set_issuer_name(&x, by->name));
#if MBEDTLS_VERSION_MAJOR >= 3
    unsigned char raw[4];
    NEED(mbedtls_mpi_write_binary(&serial, raw, sizeof(raw)));
    NEED(mbedtls_x509write_crt_set_serial_raw(&x, raw + 3, 1));
#else
    NEED(mbedtls_x509write_crt_set_serial(&x, &serial));
#endif
    NEED(mbedtls_x509write_crt_set_validity(&x, w->from, w->to));
    NEED(mbedtls_x509write_crt_set_basic_constraints(&x, w->ca, -1));
    NEED(mbedtls_x509write_crt_pem(&x, text, sizeof(text), rng, NULL));
    put(c, w->file, text);
    mbedtls_x509write_crt_free(&x);
    mbedtls_mpi_free(&serial);
}

static void leaf(const struct certs *c, struct maker *by, const struct wish *w)
{
    unsigned char text[2048];
    char name[64];
    mbedtls_pk_context key;
    new_key(&key);
    certify(c, &key, by, w);
    NEED(mbedtls_pk_write_key_pem(&key, text, sizeof(text)));
    snprintf(name, sizeof(name), "%.*s.key", (int)(strchr(w->file, '.') - w->file), w->file);
    put(c, name, text);
    mbedtls_pk_free(&key);
}

/* DER by hand, from the inside out: the library reads revocation lists and cannot write them. */
static size_t wrap(unsigned char *out, unsigned char tag, const unsigned char *in, size_t n)
{
    size_t head = n < 128 ? 2 : n < 256 ? 3 : 4;
    memmove(out + head, in, n);
    out[0] = tag;
    if (head == 2) {
        out[1] = (unsigned char)n;
    } else if (head == 3) {
        out[1] = 0x81;
        out[2] = (unsigned char)n;
    } else {
        out[1] = 0x82;
        out[2] = (unsigned char)(n >> 8);
        out[3] = (unsigned char)n;
    }
    return n + head;
}

/* RFC 5280, 5.1: serial 13 is revoked. */
static void write_crl(const struct certs *c, struct maker *by, const char *ca_file)
{
    static const unsigned char algo[] = {0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2};
    static const char times[] = "\x17\x0d"
                                "200101000000Z"
                                "\x17\x0d"
                                "400101000000Z";
    static const unsigned char entry[] = "\x30\x14\x30\x12\x02\x01\x0d\x17\x0d"
                                         "200101000000Z";
    unsigned char b[2048], hash[32], sig[512];
    char pem[4096];
    size_t n = 0, siglen = 0, len = 0;
    mbedtls_x509_crt ca;
    mbedtls_x509_crt_init(&ca);
    NEED(mbedtls_x509_crt_parse_file(&ca, ca_file));
    memcpy(b, "\x02\x01\x01", 3);
    n = 3;
    memcpy(b + n, algo, sizeof(algo));
    n += sizeof(algo);
    memcpy(b + n, ca.subject_raw.p, ca.subject_raw.len);
    n += ca.subject_raw.len;
    memcpy(b + n, times, sizeof(times) - 1);
    n += sizeof(times) - 1;
    memcpy(b + n, entry, sizeof(entry) - 1);
    n += sizeof(entry) - 1;
    n = wrap(b, 0x30, b, n);
    NEED(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), b, n, hash));
#if MBEDTLS_VERSION_MAJOR >= 3
    NEED(mbedtls_pk_sign(&by->key, MBEDTLS_MD_SHA256, hash, 32, sig + 1, 256, &siglen, rng, NULL));
#else
    NEED(mbedtls_pk_sign(&by->key, MBEDTLS_MD_SHA256, hash, 32, sig + 1, &siglen, rng, NULL));
#endif
    sig[0] = 0;
    siglen = wrap(sig, 3, sig, siglen + 1);
    memcpy(b + n, algo, sizeof(algo));
    memcpy(b + n + sizeof(algo), sig, siglen);
    n = wrap(b, 0x30, b, n + sizeof(algo) + siglen);
    NEED(mbedtls_pem_write_buffer("-----BEGIN X509 CRL-----\n", "-----END X509 CRL-----\n", b, n,
                                  (unsigned char *)pem, sizeof(pem), &len));
    put(c, "crl.pem", (unsigned char *)pem);
    mbedtls_x509_crt_free(&ca);
}

void certs_make(struct certs *c)
{
    static const char from[] = "20200101000000", to[] = "20400101000000";
    struct maker root = {.name = "CN=Root,O=Test"}, other = {.name = "CN=Root,O=Elsewhere"};
#if MBEDTLS_VERSION_MAJOR >= 3
    psa_crypto_init();
#endif
    snprintf(c->dir, sizeof(c->dir), "/tmp/pridvor-certs-XXXXXX");
    if (mkdtemp(c->dir) == NULL)
        abort();
    new_key(&root.key);
    new_key(&other.key);
    certify(c, &root.key, &root, &(struct wish){"ca.pem", root.name, from, to, "1", true});
    certify(c, &other.key, &other, &(struct wish){"foreign-ca.pem", other.name, from, to, "1", true});
    leaf(c, &root, &(struct wish){"server.pem", "CN=localhost", from, to, "2", false});
    leaf(c, &root, &(struct wish){"client.pem", "CN=K07,O=Primaria", from, to, "66", false});
    leaf(c, &root, &(struct wish){"expired.pem", "CN=K08", from, "20210101000000", "4", false});
    leaf(c, &root, &(struct wish){"revoked.pem", "CN=K09", from, to, "13", false});
    leaf(c, &other, &(struct wish){"foreign.pem", "CN=K07", from, to, "66", false});
    write_crl(c, &root, certs_path(c, "ca.pem"));
    mbedtls_pk_free(&root.key);
    mbedtls_pk_free(&other.key);
}

void certs_remove(struct certs *c)
{
    static const char *const files[] = {"ca.pem",      "foreign-ca.pem", "server.pem",  "server.key",
                                        "client.pem",  "client.key",     "expired.pem", "expired.key",
                                        "revoked.pem", "revoked.key",    "foreign.pem", "foreign.key",
                                        "crl.pem"};
    for (size_t i = 0; i < COUNT(files); i++)
        unlink(certs_path(c, files[i]));
    rmdir(c->dir);
}
