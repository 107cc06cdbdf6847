#include "backend/pki.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/fs.h"
#include "common/base/text.h"

enum { PEM_MAX = 4096, PATH_LEN = 1100 };
#define CA_DAYS 7300

static int rng(void *user, unsigned char *out, size_t len)
{
    struct err e = {0};
    (void)user;
    return rnd_bytes(out, len, &e) == RC_OK ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

static enum rc check(int ret, const char *what, struct err *e)
{
    return ret == 0 ? RC_OK
                    : err_set(e, RC_INTERNAL, "certificate: %s failed (-0x%04x)", what, (unsigned)-ret);
}

static enum rc key_new(mbedtls_pk_context *key, struct err *e)
{
    TRY(check(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), "key setup", e));
    return check(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), rng, NULL),
                 "key generation", e);
}

static enum rc key_write(mbedtls_pk_context *key, const char *path, struct err *e)
{
    unsigned char pem[PEM_MAX];
    TRY(check(mbedtls_pk_write_key_pem(key, pem, sizeof(pem)), "writing the key", e));
    enum rc rc = fs_write(path, pem, strlen((char *)pem), 0600, e);
    wipe(pem, sizeof(pem));
    return rc;
}

static void utc(char out[16], int64_t unix_ms)
{
    time_t t = (time_t)(unix_ms / 1000);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(out, 16, "%Y%m%d%H%M%S", &tm);
}

static enum rc set_serial(mbedtls_x509write_cert *w, uint8_t serial[PKI_SERIAL], struct err *e)
{
#if MBEDTLS_VERSION_MAJOR >= 3
    return check(mbedtls_x509write_crt_set_serial_raw(w, serial, PKI_SERIAL), "serial", e);
#else
    mbedtls_mpi n;
    mbedtls_mpi_init(&n);
    int ret = mbedtls_mpi_read_binary(&n, serial, PKI_SERIAL);
    if (ret == 0)
        ret = mbedtls_x509write_crt_set_serial(w, &n);
    mbedtls_mpi_free(&n);
    return check(ret, "serial", e);
#endif
}

static enum rc add_extension(mbedtls_x509write_cert *w, const char *oid, size_t oidlen, const uint8_t *der,
                             size_t len, struct err *e)
{
    return check(mbedtls_x509write_crt_set_extension(w, oid, oidlen, 0, der, len), "extension", e);
}

/* SEQUENCE of [2] dNSName and [7] iPAddress (RFC 5280, 4.2.1.6). */
static enum rc add_names(mbedtls_x509write_cert *w, const struct pki_request *r, struct err *e)
{
    static const uint8_t none[4];
    uint8_t der[160] = {0x30};
    size_t n = 2, len = r->dns ? strlen(r->dns) : 0;

    if (len > 64)
        return err_set(e, RC_BAD_FIELD, "certificate: name longer than 64");
    if (len) {
        der[n++] = 0x82;
        der[n++] = (uint8_t)len;
        memcpy(der + n, r->dns, len);
        n += len;
    }
    if (memcmp(r->ip, none, sizeof(none)) != 0) {
        der[n++] = 0x87;
        der[n++] = 4;
        memcpy(der + n, r->ip, 4);
        n += 4;
    }
    der[1] = (uint8_t)(n - 2);
    return n == 2 ? RC_OK
                  : add_extension(w, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                  MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), der, n, e);
}

/* SEQUENCE { OID serverAuth or clientAuth } */
static enum rc add_use(mbedtls_x509write_cert *w, enum pki_use use, struct err *e)
{
    uint8_t der[] = {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06,
                     0x01, 0x05, 0x05, 0x07, 0x03, use == PKI_SERVER ? 1 : 2};
    TRY(check(mbedtls_x509write_crt_set_basic_constraints(w, 0, -1), "constraints", e));
    TRY(check(mbedtls_x509write_crt_set_key_usage(w, MBEDTLS_X509_KU_DIGITAL_SIGNATURE), "key usage", e));
    return add_extension(w, MBEDTLS_OID_EXTENDED_KEY_USAGE, MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE),
                         der, sizeof(der), e);
}

static enum rc add_ca_use(mbedtls_x509write_cert *w, struct err *e)
{
    TRY(check(mbedtls_x509write_crt_set_basic_constraints(w, 1, 0), "constraints", e));
    TRY(check(
        mbedtls_x509write_crt_set_key_usage(w, MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN),
        "key usage", e));
    return check(mbedtls_x509write_crt_set_subject_key_identifier(w), "key identifier", e);
}

struct names {
    const char *subject, *issuer; /* "CN=..." */
};

static enum rc set_basics(mbedtls_x509write_cert *w, const struct names *names, uint8_t serial[PKI_SERIAL],
                          int64_t from_ms, int64_t till_ms, struct err *e)
{
    char from[16], till[16];

    TRY(rnd_bytes(serial, PKI_SERIAL, e));
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and always 16 bytes long */
    utc(from, from_ms);
    utc(till, till_ms);
    mbedtls_x509write_crt_set_version(w, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(w, MBEDTLS_MD_SHA256);
    TRY(set_serial(w, serial, e));
    TRY(check(mbedtls_x509write_crt_set_validity(w, from, till), "validity", e));
    TRY(check(mbedtls_x509write_crt_set_subject_name(w, names->subject), "subject", e));
    return check(mbedtls_x509write_crt_set_issuer_name(w, names->issuer), "issuer", e);
}

static enum rc cert_write(mbedtls_x509write_cert *w, const char *path, struct err *e)
{
    unsigned char pem[PEM_MAX];
    TRY(check(mbedtls_x509write_crt_pem(w, pem, sizeof(pem), rng, NULL), "signing", e));
    return fs_write(path, pem, strlen((char *)pem), 0644, e);
}

static enum rc subject_of(char out[128], const char *cn, struct err *e)
{
    /* Everything that RFC 4514 would have us escape is refused. */
    if (!cn[0] || strlen(cn) > 64 || strpbrk(cn, ",+\"\\<>;=#\r\n"))
        return err_set(e, RC_BAD_FIELD, "certificate: this name cannot be used");
    snprintf(out, 128, "CN=%s", cn);
    return RC_OK;
}

enum rc pki_ca_init(const char *dir, const char *name, struct err *e)
{
    char subject[128], cert[PATH_LEN], key_path[PATH_LEN];
    mbedtls_x509write_cert w SCOPED(mbedtls_x509write_crt_free);
    mbedtls_pk_context key SCOPED(mbedtls_pk_free);
    struct names names = {subject, subject};
    uint8_t serial[PKI_SERIAL];
    int64_t now = unix_ms();

    mbedtls_x509write_crt_init(&w);
    mbedtls_pk_init(&key);
    snprintf(cert, sizeof(cert), "%s/ca.pem", dir);
    snprintf(key_path, sizeof(key_path), "%s/ca.key", dir);
    if (fs_exists(cert) || fs_exists(key_path))
        return err_set(e, RC_CONFLICT, "%s: there is an authority already", dir);
    TRY(subject_of(subject, name, e));
    TRY(fs_mkdirs(dir, 0755, e));
    TRY(key_new(&key, e));
    TRY(set_basics(&w, &names, serial, now - 3600000, now + CA_DAYS * INT64_C(86400000), e));
    mbedtls_x509write_crt_set_subject_key(&w, &key);
    mbedtls_x509write_crt_set_issuer_key(&w, &key);
    TRY(add_ca_use(&w, e));
    TRY(key_write(&key, key_path, e));
    return cert_write(&w, cert, e);
}

struct authority {
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    char name[256];
};

static void authority_free(struct authority *ca)
{
    mbedtls_x509_crt_free(&ca->cert);
    mbedtls_pk_free(&ca->key);
}

static enum rc authority_load(struct authority *ca, const char *dir, struct err *e)
{
    char path[PATH_LEN];

    snprintf(path, sizeof(path), "%s/ca.pem", dir);
    if (mbedtls_x509_crt_parse_file(&ca->cert, path) != 0)
        return err_set(e, RC_NOT_FOUND, "%s: cannot read the authority's certificate", path);
    snprintf(path, sizeof(path), "%s/ca.key", dir);
#if MBEDTLS_VERSION_MAJOR >= 3
    int ret = mbedtls_pk_parse_keyfile(&ca->key, path, NULL, rng, NULL);
#else
    int ret = mbedtls_pk_parse_keyfile(&ca->key, path, NULL);
#endif
    if (ret != 0)
        return err_set(e, RC_NOT_FOUND, "%s: cannot read the authority's key", path);
    if (mbedtls_x509_dn_gets(ca->name, sizeof(ca->name), &ca->cert.subject) < 0)
        return err_set(e, RC_INTERNAL, "certificate: the authority's name is too long");
    return RC_OK;
}

static enum rc issue(struct authority *ca, mbedtls_pk_context *key, const struct pki_request *r,
                     uint8_t serial[PKI_SERIAL], struct err *e)
{
    char subject[128];
    mbedtls_x509write_cert w SCOPED(mbedtls_x509write_crt_free);
    struct names names = {subject, ca->name};

    mbedtls_x509write_crt_init(&w);
    TRY(subject_of(subject, r->cn, e));
    TRY(set_basics(&w, &names, serial, r->from_ms, r->till_ms, e));
    mbedtls_x509write_crt_set_subject_key(&w, key);
    mbedtls_x509write_crt_set_issuer_key(&w, &ca->key);
    TRY(add_use(&w, r->use, e));
    TRY(add_names(&w, r, e));
    TRY(check(mbedtls_x509write_crt_set_authority_key_identifier(&w), "key identifier", e));
    TRY(key_write(key, r->key, e));
    return cert_write(&w, r->cert, e);
}

enum rc pki_issue(const char *ca_dir, const struct pki_request *r, char serial[2 * PKI_SERIAL + 1],
                  struct err *e)
{
    struct authority ca SCOPED(authority_free);
    mbedtls_pk_context key SCOPED(mbedtls_pk_free);
    uint8_t raw[PKI_SERIAL];

    mbedtls_x509_crt_init(&ca.cert);
    mbedtls_pk_init(&ca.key);
    mbedtls_pk_init(&key);
    TRY(authority_load(&ca, ca_dir, e));
    TRY(key_new(&key, e));
    TRY(issue(&ca, &key, r, raw, e));
    hex_encode(serial, raw, sizeof(raw));
    return RC_OK;
}
