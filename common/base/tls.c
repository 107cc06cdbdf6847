/* TLS over memory. mbedTLS 2.28 (Debian 12) and 3.6 (Debian 13); what differs stands in the block below. */
#include "common/base/tls.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/version.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/text.h"

#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#define FIELD(x) MBEDTLS_PRIVATE(x)
#else
#define FIELD(x) x
#endif
#ifndef MBEDTLS_THREADING_C
#error "handshakes run on worker threads: mbedTLS must be built with MBEDTLS_THREADING_C"
#endif

#define TICKET_LIFE_S 86400
#define NAME_MAX_LEN 256
#define PAGE 4096
#define SMALL_RECORD 3500 /* with its header, nonce and tag within the first page */
#define KEEP_CAP 1024     /* buffers larger than this are given back when they are empty */

struct tls_ctx {
    bool server;
    mbedtls_ssl_config conf;
    mbedtls_x509_crt ca, own;
    mbedtls_x509_crl crl;
    mbedtls_pk_context key;
    mbedtls_ssl_ticket_context tickets;
    mbedtls_ssl_session kept; /* client: to resume with */
    char kept_name[NAME_MAX_LEN];
    bool has_kept;
};

struct tls {
    struct tls_ctx *ctx;
    mbedtls_ssl_context ssl;
    struct buf in, out;
    size_t in_at, out_at;
    bool full, unsaved;
    bool large; /* a record beyond the first page went by since tls_idle */
    char *name; /* client: the server's */
    char cn[72], serial[48];
};

static int rng(void *unused, unsigned char *p, size_t len)
{
    (void)unused;
    /* Up to 256 bytes getrandom is never interrupted; mbedTLS asks for less. */
    for (size_t at = 0; at < len;) {
        size_t n = len - at < 256 ? len - at : 256;
        if (getrandom(p + at, n, 0) != (ssize_t)n)
            return MBEDTLS_ERR_ERROR_GENERIC_ERROR;
        at += n;
    }
    return 0;
}

static enum rc fail(struct err *e, const char *what, int ret)
{
    char why[128];
    mbedtls_strerror(ret, why, sizeof(why));
    return err_set(e, RC_TLS, "%s: %s (-0x%04x)", what, why, (unsigned)-ret);
}

/* Fast ones first. mbedTLS works AES-GCM block by block even with the processor's AES: 2.3 KB take 8.0 us,
 * with ChaCha20- Poly1305 5.0 us (2.28, x86-64). All have forward secrecy and authenticate what they encrypt.
 */
static const int suites[] = {
#if MBEDTLS_VERSION_MAJOR >= 3
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
#endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    0,
};

static void set_versions(mbedtls_ssl_config *conf)
{
#if MBEDTLS_VERSION_MAJOR >= 3
    static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                      MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
    mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_groups(conf, groups);
#else
    static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_SECP384R1,
                                                  MBEDTLS_ECP_DP_NONE};
    mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_curves(conf, curves);
#endif
    mbedtls_ssl_conf_ciphersuites(conf, suites);
}

static enum rc set_tickets(struct tls_ctx *c, bool asks_client, struct err *e)
{
    if (!c->server) {
        mbedtls_ssl_conf_session_tickets(&c->conf, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
#if MBEDTLS_VERSION_NUMBER >= 0x03060100 && defined(MBEDTLS_SSL_PROTO_TLS1_3)
        mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
            &c->conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
        return RC_OK;
    }
    int ret = mbedtls_ssl_ticket_setup(&c->tickets, rng, NULL, MBEDTLS_CIPHER_AES_256_GCM, TICKET_LIFE_S);
    if (ret != 0)
        return fail(e, "tickets", ret);
    mbedtls_ssl_conf_session_tickets_cb(&c->conf, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse,
                                        &c->tickets);
#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_SSL_PROTO_TLS1_3)
    /* The library's TLS 1.3 tickets do not carry the client's certificate: a resumed client would have no
     * name. */
    if (asks_client)
        mbedtls_ssl_conf_new_session_tickets(&c->conf, 0);
#else
    (void)asks_client;
#endif
    return RC_OK;
}

/* The first use of a key fills a table inside it (2.28). Doing that here leaves nothing for two threads to
 * race on. */
static void warm_key(mbedtls_pk_context *pk, bool own)
{
    static const unsigned char hash[32] = {1}, sig[] = {0x30, 6, 2, 1, 1, 2, 1, 1};
    unsigned char out[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t len = 0;
    int ret;
    if (!own)
        ret = mbedtls_pk_verify(pk, MBEDTLS_MD_SHA256, hash, sizeof(hash), sig, sizeof(sig));
    else
#if MBEDTLS_VERSION_MAJOR >= 3
        ret = mbedtls_pk_sign(pk, MBEDTLS_MD_SHA256, hash, sizeof(hash), out, sizeof(out), &len, rng, NULL);
#else
        ret = mbedtls_pk_sign(pk, MBEDTLS_MD_SHA256, hash, sizeof(hash), out, &len, rng, NULL);
#endif
    (void)ret; /* the check fails, of course */
}

static enum rc load_own(struct tls_ctx *c, const struct tls_conf *conf, struct err *e)
{
    int ret = mbedtls_x509_crt_parse_file(&c->own, conf->cert);
    if (ret != 0)
        return fail(e, conf->cert, ret);
#if MBEDTLS_VERSION_MAJOR >= 3
    ret = mbedtls_pk_parse_keyfile(&c->key, conf->key, NULL, rng, NULL);
#else
    ret = mbedtls_pk_parse_keyfile(&c->key, conf->key, NULL);
#endif
    if (ret != 0)
        return fail(e, conf->key, ret);
#if MBEDTLS_VERSION_MAJOR >= 3
    ret = mbedtls_pk_check_pair(&c->own.pk, &c->key, rng, NULL);
#else
    ret = mbedtls_pk_check_pair(&c->own.pk, &c->key);
#endif
    if (ret != 0)
        return err_set(e, RC_TLS, "%s: does not belong to %s", conf->key, conf->cert);
    warm_key(&c->key, true);
    ret = mbedtls_ssl_conf_own_cert(&c->conf, &c->own, &c->key);
    return ret == 0 ? RC_OK : fail(e, conf->cert, ret);
}

static enum rc load_roots(struct tls_ctx *c, const struct tls_conf *conf, struct err *e)
{
    int ret = mbedtls_x509_crt_parse_file(&c->ca, conf->ca);
    if (ret != 0)
        return fail(e, conf->ca, ret);
    for (mbedtls_x509_crt *crt = &c->ca; crt != NULL; crt = crt->next)
        warm_key(&crt->pk, false);
    if (conf->crl != NULL) {
        ret = mbedtls_x509_crl_parse_file(&c->crl, conf->crl);
        if (ret != 0)
            return fail(e, conf->crl, ret);
    }
    mbedtls_ssl_conf_ca_chain(&c->conf, &c->ca, conf->crl != NULL ? &c->crl : NULL);
    return RC_OK;
}

static enum rc ctx_fill(struct tls_ctx *c, const struct tls_conf *conf, struct err *e)
{
    int ret =
        mbedtls_ssl_config_defaults(&c->conf, conf->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (ret != 0)
        return fail(e, "settings", ret);
    mbedtls_ssl_conf_rng(&c->conf, rng, NULL);
    set_versions(&c->conf);
    bool none = conf->server && conf->ca == NULL;
    mbedtls_ssl_conf_authmode(&c->conf, none ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_REQUIRED);
    TRY(set_tickets(c, !none, e));
    if (conf->ca != NULL)
        TRY(load_roots(c, conf, e));
    if (conf->cert != NULL)
        TRY(load_own(c, conf, e));
    return RC_OK;
}

enum rc tls_ctx_new(const struct tls_conf *conf, struct tls_ctx **out, struct err *e)
{
#if MBEDTLS_VERSION_MAJOR >= 3
    if (psa_crypto_init() != PSA_SUCCESS)
        return err_set(e, RC_TLS, "psa_crypto_init failed");
#endif
    if (conf->server ? conf->cert == NULL || conf->key == NULL : conf->ca == NULL)
        return err_set(e, RC_TLS, "%s", conf->server ? "a server needs cert and key" : "a client needs ca");
    struct tls_ctx *c = calloc(1, sizeof(*c));
    if (c == NULL)
        abort();
    c->server = conf->server;
    mbedtls_ssl_config_init(&c->conf);
    mbedtls_x509_crt_init(&c->ca);
    mbedtls_x509_crt_init(&c->own);
    mbedtls_x509_crl_init(&c->crl);
    mbedtls_pk_init(&c->key);
    mbedtls_ssl_ticket_init(&c->tickets);
    mbedtls_ssl_session_init(&c->kept);
    enum rc rc = ctx_fill(c, conf, e);
    if (rc == RC_OK)
        *out = c;
    else
        tls_ctx_free(c);
    return rc;
}

void tls_ctx_free(struct tls_ctx *c)
{
    if (c == NULL)
        return;
    mbedtls_ssl_session_free(&c->kept);
    mbedtls_ssl_ticket_free(&c->tickets);
    mbedtls_ssl_config_free(&c->conf);
    mbedtls_pk_free(&c->key);
    mbedtls_x509_crl_free(&c->crl);
    mbedtls_x509_crt_free(&c->own);
    mbedtls_x509_crt_free(&c->ca);
    wipe(c, sizeof(*c));
    free(c);
}

static int wire_send(void *p, const unsigned char *data, size_t len)
{
    struct tls *t = p;
    buf_add(&t->out, data, len);
    return (int)len;
}

static int wire_recv(void *p, unsigned char *data, size_t len)
{
    struct tls *t = p;
    size_t n = t->in.len - t->in_at;
    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    n = n < len ? n : len;
    memcpy(data, t->in.p + t->in_at, n);
    t->in_at += n;
    return (int)n;
}

/* An idle connection should hold little: large buffers go as soon as they are empty. */
static void shrink(struct buf *b, size_t *at)
{
    if (*at < b->len)
        return;
    *at = 0;
    if (b->cap > KEEP_CAP)
        buf_free(b);
    else
        b->len = 0; /* ciphertext: nothing to wipe */
}

enum rc tls_new(struct tls_ctx *c, const char *server_name, struct tls **out, struct err *e)
{
    struct tls *t = calloc(1, sizeof(*t));
    if (t == NULL)
        abort();
    t->ctx = c;
    mbedtls_ssl_init(&t->ssl);
    mbedtls_ssl_set_bio(&t->ssl, t, wire_send, wire_recv, NULL);
    int ret = mbedtls_ssl_setup(&t->ssl, &c->conf);
    if (ret == 0 && !c->server) {
        t->name = strndup(server_name != NULL ? server_name : "", NAME_MAX_LEN - 1);
        ret = mbedtls_ssl_set_hostname(&t->ssl, t->name);
        /* Resuming skips the certificate: only for the name it was verified for. A refused session is no
         * error. */
        if (ret == 0 && c->has_kept && strcmp(c->kept_name, t->name) == 0)
            c->has_kept = mbedtls_ssl_set_session(&t->ssl, &c->kept) == 0;
    }
    if (ret != 0) {
        tls_free(t);
        return fail(e, "setup", ret);
    }
    *out = t;
    return RC_OK;
}

void tls_free(struct tls *t)
{
    if (t == NULL)
        return;
    mbedtls_ssl_free(&t->ssl);
    buf_free(&t->in);
    buf_free(&t->out);
    free(t->name);
    wipe(t, sizeof(*t));
    free(t);
}

void tls_feed(struct tls *t, const void *p, size_t len)
{
    if (t->in_at > 0 && t->in_at == t->in.len)
        t->in.len = t->in_at = 0;
    buf_add(&t->in, p, len);
}

size_t tls_drain(struct tls *t, const char **p)
{
    *p = t->out.p != NULL ? t->out.p + t->out_at : "";
    return t->out.len - t->out_at;
}

void tls_drained(struct tls *t, size_t len)
{
    t->out_at += len;
    shrink(&t->out, &t->out_at);
}

/* An idle connection needs the names of the other side, not its certificate (about 3 KB). */
static void drop_certificate(struct tls *t)
{
#ifdef MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
    mbedtls_ssl_session *s = t->ssl.FIELD(session);
    if (!t->ctx->server || s == NULL || s->FIELD(peer_cert) == NULL)
        return;
    mbedtls_x509_crt_free(s->FIELD(peer_cert));
    free(s->FIELD(peer_cert));
    s->FIELD(peer_cert) = NULL;
#else
    (void)t;
#endif
}

static void peer_names(struct tls *t)
{
    const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&t->ssl);
    if (crt == NULL)
        return;
    for (const mbedtls_x509_name *n = &crt->subject; n != NULL; n = n->next) {
        /* id-at-commonName, 2.5.4.3 */
        if (n->oid.len != 3 || memcmp(n->oid.p, "\x55\x04\x03", 3) != 0)
            continue;
        size_t len = n->val.len < sizeof(t->cn) - 1 ? n->val.len : sizeof(t->cn) - 1;
        if (memchr(n->val.p, '\0', n->val.len) == NULL && utf8_valid((const char *)n->val.p, len))
            memcpy(t->cn, n->val.p, len);
    }
    size_t len =
        crt->serial.len < (sizeof(t->serial) - 1) / 2 ? crt->serial.len : (sizeof(t->serial) - 1) / 2;
    hex_encode(t->serial, crt->serial.p, len);
    drop_certificate(t);
}

static bool revoked(const struct tls *t, const mbedtls_x509_crt *crt)
{
    for (const mbedtls_x509_crl *l = &t->ctx->crl; l != NULL; l = l->next)
        if (l->version > 0 && l->issuer_raw.len == crt->issuer_raw.len &&
            memcmp(l->issuer_raw.p, crt->issuer_raw.p, crt->issuer_raw.len) == 0 &&
            mbedtls_x509_crt_is_revoked(crt, l))
            return true;
    return false;
}

/* A ticket outlives the day a certificate ends: what resumed is looked at again. */
static enum rc check_resumed(const struct tls *t, struct err *e)
{
    const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&t->ssl);
    if (crt == NULL)
        return RC_OK;
    if (mbedtls_x509_time_is_past(&crt->valid_to))
        return err_set(e, RC_TLS, "the certificate has expired");
    return revoked(t, crt) ? err_set(e, RC_TLS, "the certificate has been revoked") : RC_OK;
}

/* mbedTLS goes without a word when a client of TLS 1.2 sends no certificate (RFC 5246, 7.4.6). */
static void no_certificate(struct tls *t)
{
    const char *version = mbedtls_ssl_get_version(&t->ssl);
    if (version != NULL && strcmp(version, "TLSv1.2") == 0)
        (void)mbedtls_ssl_send_alert_message(&t->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                             MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
}

static enum rc handshake_failed(struct tls *t, int ret, struct err *e)
{
    if (ret == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE)
        no_certificate(t);
    uint32_t flags = mbedtls_ssl_get_verify_result(&t->ssl);
    if (ret != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED || flags == 0 || flags == UINT32_MAX)
        return fail(e, "handshake", ret);
    char why[160] = "";
    mbedtls_x509_crt_verify_info(why, sizeof(why), "", flags);
    why[strcspn(why, "\n")] = '\0';
    return err_set(e, RC_TLS, "certificate: %s", why);
}

enum rc tls_handshake(struct tls *t, struct err *e)
{
    int ret = 0;
    while (t->ssl.FIELD(state) != MBEDTLS_SSL_HANDSHAKE_OVER && ret == 0) {
        /* A resumed handshake has no certificate step, in TLS 1.2 and 1.3, on both sides. */
        t->full |= t->ssl.FIELD(state) == MBEDTLS_SSL_SERVER_CERTIFICATE;
        ret = mbedtls_ssl_handshake_step(&t->ssl);
    }
    shrink(&t->in, &t->in_at);
    if (ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE)
        return RC_BUSY;
    if (ret != 0)
        return handshake_failed(t, ret, e);
    if (!t->full)
        TRY(check_resumed(t, e));
    peer_names(t);
    t->large = true;
    t->unsaved = !t->ctx->server;
    return RC_OK;
}

/* Runs on the caller's own thread, unlike the handshake. */
static void save_session(struct tls *t)
{
    struct tls_ctx *c = t->ctx;
    t->unsaved = false;
    mbedtls_ssl_session_free(&c->kept);
    mbedtls_ssl_session_init(&c->kept);
    c->has_kept = mbedtls_ssl_get_session(&t->ssl, &c->kept) == 0;
    memcpy(c->kept_name, t->name, strlen(t->name) + 1);
}

int tls_read(struct tls *t, void *p, size_t cap, struct err *e)
{
    if (t->unsaved)
        save_session(t);
    int ret;
    bool more;
    do {
        size_t before = t->in_at;
        ret = mbedtls_ssl_read(&t->ssl, p, cap);
        more = ret == MBEDTLS_ERR_SSL_WANT_READ && t->in_at > before;
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
        if (ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
            save_session(t);
            more = true;
            ret = MBEDTLS_ERR_SSL_WANT_READ;
        }
#endif
        /* TLS 1.3: a ticket is no data, and data may follow it. */
    } while (more && t->in_at < t->in.len);
    shrink(&t->in, &t->in_at);
    t->large |= ret > SMALL_RECORD;
    if (ret > 0)
        return ret;
    if (ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE)
        return 0;
    if (ret == 0 || ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        return -1;
    fail(e, "read", ret);
    return -2;
}

enum rc tls_write(struct tls *t, const void *p, size_t len, struct err *e)
{
    const unsigned char *b = p;
    if (t->unsaved)
        save_session(t);
    t->large |= len > SMALL_RECORD;
    while (len > 0) {
        int ret = mbedtls_ssl_write(&t->ssl, b, len);
        if (ret <= 0)
            return fail(e, "write", ret);
        b += ret;
        len -= (size_t)ret;
    }
    return RC_OK;
}

/* Whole pages inside the buffer behind its first one; the first holds the record counter. */
static void drop_pages(unsigned char *buf)
{
    uintptr_t from = ((uintptr_t)buf + 2 * PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    uintptr_t to = ((uintptr_t)buf + 16384) & ~(uintptr_t)(PAGE - 1);
    madvise((void *)from, to - from, MADV_DONTNEED); /* reads as zero, stays allocated */
}

void tls_idle(struct tls *t)
{
    if (!t->large || t->in.len > t->in_at || t->out.len > t->out_at || t->ssl.FIELD(in_left) > 0 ||
        t->ssl.FIELD(out_left) > 0 || mbedtls_ssl_check_pending(&t->ssl) ||
        t->ssl.FIELD(state) != MBEDTLS_SSL_HANDSHAKE_OVER)
        return;
    t->large = false;
    drop_pages(t->ssl.FIELD(in_buf));
    drop_pages(t->ssl.FIELD(out_buf));
}

bool tls_partial(const struct tls *t)
{
    return t->in.len > t->in_at || t->ssl.FIELD(in_left) > 0;
}

void tls_close_notify(struct tls *t)
{
    if (t->ssl.FIELD(state) == MBEDTLS_SSL_HANDSHAKE_OVER)
        (void)mbedtls_ssl_close_notify(&t->ssl);
}

const char *tls_peer_cn(const struct tls *t)
{
    return t->cn;
}

const char *tls_peer_serial(const struct tls *t)
{
    return t->serial;
}

bool tls_resumed(const struct tls *t)
{
    return !t->full && t->ssl.FIELD(state) == MBEDTLS_SSL_HANDSHAKE_OVER;
}
