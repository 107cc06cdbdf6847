/* A blocking HTTP client over TLS or plain TCP, for tests that have a thread per terminal. */
#ifndef PRIDVOR_TEST_TCLIENT_H
#define PRIDVOR_TEST_TCLIENT_H

#include "common/base/buf.h"
#include "common/base/tls.h"

struct tclient {
    int fd; /* -1: closed */
    struct tls *tls;
    struct buf in;
};

/* ctx NULL: plain. RC_LINK_LOST when nobody listens, RC_TLS when the handshake fails. */
MUST enum rc tclient_open(struct tclient *c, int port, struct tls_ctx *ctx, struct err *e);
MUST enum rc tclient_send(struct tclient *c, const void *p, size_t len, struct err *e);
/* The status; -1 when the connection ended first. body: what came, headers: the head; both may be NULL. */
int tclient_answer(struct tclient *c, struct buf *head, struct buf *body, struct err *e);
/* headers: whole lines with CRLF, or "". */
struct tclient_ask {
    const char *method, *path, *headers, *text;
};
int tclient_exchange(struct tclient *c, const struct tclient_ask *ask, struct buf *body, struct err *e);
#define tclient_request(c, method, path, headers, text, body, e)                                             \
    tclient_exchange((c), &(struct tclient_ask){(method), (path), (headers), (text)}, (body), (e))
bool tclient_pending(struct tclient *c); /* an answer or the end has come */
void tclient_close(struct tclient *c);

#endif
