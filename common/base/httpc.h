/* HTTP/1.1 client on libuv with one kept connection, optional TLS (mutual when the context has a
 * certificate). One request in flight; others wait in order. Reconnects by itself with the next request. */
#ifndef PRIDVOR_HTTPC_H
#define PRIDVOR_HTTPC_H

#include <uv.h>

#include "common/base/err.h"
#include "common/base/tls.h"

struct httpc;
struct httpc_conf {
    const char *host; /* numeric address or name */
    int port;
    const char *unix_path; /* instead of host and port */
    struct tls_ctx *tls;
    const char *server_name;         /* verified in the certificate */
    unsigned connect_ms, request_ms; /* 0: 5 s, 15 s */
};
struct httpc_reply {
    enum rc rc; /* RC_OK: an answer came, whatever its status; else no answer */
    struct err err;
    bool sent; /* the request may have reached the server */
    int status;
    const char *body; /* valid during the callback */
    size_t len;
};
typedef void (*httpc_cb)(const struct httpc_reply *r, void *user);

struct httpc *httpc_new(uv_loop_t *loop, const struct httpc_conf *conf);
struct httpc_request {
    const char *method, *path;
    const char *const *headers; /* NULL-terminated "Name: value" lines or NULL */
    const void *body;           /* copied */
    size_t len;
    unsigned timeout_ms; /* 0: the client's request_ms */
};
/* cb is called exactly once, never from inside. */
void httpc_start(struct httpc *c, const struct httpc_request *q, httpc_cb cb, void *user);
#define httpc_send(c, method, path, headers, body, len, cb, user)                                            \
    httpc_start((c), &(struct httpc_request){(method), (path), (headers), (body), (len), 0}, (cb), (user))
/* The same with a function for each piece of an endless body (event streams); cb at its end. */
void httpc_stream(struct httpc *c, const char *path, const char *const *headers,
                  void (*piece)(const char *p, size_t len, void *user), httpc_cb cb, void *user);
void httpc_free(struct httpc *c); /* pending callbacks get RC_CANCELLED; memory goes when the loop has run */

#endif
