/* TLS over memory: the caller moves the bytes. mbedTLS 2.28 (TLS 1.2) or 3.6 (TLS 1.3 too). Only ECDHE with
 * AEAD. */
#ifndef PRIDVOR_TLS_H
#define PRIDVOR_TLS_H

#include "common/base/err.h"

/* Files in PEM. A server with ca set demands and verifies a client certificate; a client always verifies. */
struct tls_conf {
    bool server;
    const char
        *ca; /* roots that the other side must chain to; NULL: no client certificate asked (server only) */
    const char *cert; /* own chain; NULL for a client without one */
    const char *key;
    const char *crl; /* or NULL */
};
struct tls_ctx;
struct tls;

MUST enum rc tls_ctx_new(const struct tls_conf *conf, struct tls_ctx **out, struct err *e);
void tls_ctx_free(struct tls_ctx *c);

MUST enum rc tls_new(struct tls_ctx *c, const char *server_name, struct tls **out,
                     struct err *e); /* name: client only */
void tls_free(struct tls *t);
void tls_feed(struct tls *t, const void *p, size_t len); /* bytes from the wire */
size_t tls_drain(struct tls *t, const char **p);         /* bytes for the wire; valid until tls_drained */
void tls_drained(struct tls *t, size_t len);
/* RC_OK done, RC_BUSY needs more bytes, else failed. CPU-heavy: may run on a worker thread, never two at once
 * on one t. */
MUST enum rc tls_handshake(struct tls *t, struct err *e);
/* > 0 bytes, 0 needs more bytes, -1 closed by the peer, -2 failed (e filled). */
MUST int tls_read(struct tls *t, void *p, size_t cap, struct err *e);
MUST enum rc tls_write(struct tls *t, const void *p, size_t len,
                       struct err *e); /* takes all, drain afterwards */
/* Nothing is on its way: gives the pages of the record buffers back, about 24 KB. Cheap when
 * only small records went by since the last time. */
void tls_idle(struct tls *t);
bool tls_partial(const struct tls *t); /* a record has begun to come and is not whole */
void tls_close_notify(struct tls *t);
const char *tls_peer_cn(const struct tls *t);     /* "" when there is none */
const char *tls_peer_serial(const struct tls *t); /* hex, "" when there is none */
bool tls_resumed(const struct tls *t);

#endif
