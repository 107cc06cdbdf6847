/* HTTP/1.1 server on libuv, llhttp in strict mode, optional TLS. Keep-alive; one request at a time per
 * connection (pipelined bytes wait). Slow clients are cut by timers, big ones by limits, each with a clear
 * status. */
#ifndef PRIDVOR_HTTP_H
#define PRIDVOR_HTTP_H

#include <uv.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/tls.h"

struct http_server;
struct http_req; /* lives until it is answered; the arena in it too */

typedef void (*http_handler)(struct http_req *r, void *user);
/* Where a large body goes as it comes; it is never whole in memory. The handler is called when it is
 * complete. */
struct http_sink {
    void *(*open)(struct http_req *r, void *user); /* the head is there; NULL: the body is thrown away */
    void (*piece)(void *state, const void *p, size_t n);
    void (*drop)(void *state); /* with the request, unless http_sink_take() took it */
};
struct http_route {
    const char *method;
    const char *path; /* exact, or ending in '*' for a prefix; a '*' before is one name between slashes */
    http_handler fn;
    unsigned flags;               /* the program's own, seen by gate */
    const struct http_sink *sink; /* NULL: the body is kept for http_body() */
    size_t max_body;              /* of a sink; 0: the server's */
};
struct http_conf {
    const char *host; /* numeric address */
    int port;         /* 0: the system chooses, see http_port */
    struct tls_ctx *tls;
    const struct http_route *routes;
    size_t nroutes;
    size_t max_body;    /* 0: 64 KiB */
    unsigned header_ms; /* whole head incl. handshake; 0: 10 s */
    unsigned body_ms;   /* whole body, of a sink each 64 KiB; 0: 30 s */
    unsigned idle_ms;   /* between requests; 0: 75 s */
    unsigned max_conns; /* 0: 2048; one more takes the place of who waited longest, if any waits */
    /* Called for every matched request before its handler; answers itself and returns false to refuse. */
    bool (*gate)(struct http_req *r, unsigned flags, void *user);
    /* The body of an error that no handler answered; NULL: as http_fail. */
    void (*explain)(struct buf *out, const struct err *e);
    const char *const *headers; /* NULL-terminated "Name: value" lines for every answer, or NULL */
    void *user;
};

MUST enum rc http_listen(uv_loop_t *loop, const struct http_conf *conf, struct http_server **out,
                         struct err *e);
int http_port(const struct http_server *s);
unsigned http_conns(const struct http_server *s);
void http_close(
    struct http_server *s); /* stops accepting, closes connections; memory goes when the loop has run */

struct arena *http_arena(struct http_req *r);
const char *http_method(const struct http_req *r);
const char *http_path(const struct http_req *r); /* without the query, percent-decoded, no ".." */
const char *http_query(struct http_req *r, const char *name); /* decoded value or NULL */
const char *http_header(const struct http_req *r,
                        const char *name); /* NULL when absent; a doubled Host etc. was refused */
const char *http_header_last(const struct http_req *r, const char *name); /* of those with this name */
const char *http_body(const struct http_req *r, size_t *len);
void *http_sink_take(struct http_req *r); /* what open() returned; the caller frees it from now on */
const char *http_peer_cn(const struct http_req *r);
const char *http_peer_serial(const struct http_req *r);
const char *http_remote(const struct http_req *r);
int64_t http_started_us(const struct http_req *r);
void http_set(struct http_req *r, const char *name, const char *value); /* extra header of the answer */

/* Exactly one of these ends a request; it may happen later. If the client went away it does nothing. r is
 * gone after. */
void http_reply(struct http_req *r, int status, const char *type, const void *body, size_t len);
void http_json(struct http_req *r, int status, const char *json);
/* {"error":{"rc":"RC_BAD_FIELD","key":"err.bad_field","path":"...","text":"..."}} with the status of the row
 */
void http_fail(struct http_req *r, const struct err *e);

/* A body that is never whole in memory: a piece is made, written, and only then the next one is asked for, so
 * that a slow reader holds one piece and no thread. */
struct http_source {
    /* Exactly the next n bytes; on a thread of the pool. */
    enum rc (*next)(void *state, void *p, size_t n, struct err *e);
    /* On the loop, exactly once. e->rc RC_OK: all of it went out; RC_LINK_LOST: the reader went away; else
     * what next() said, and the connection was cut: the reader sees that it has less than was announced. */
    void (*end)(void *state, const struct err *e);
    void *state;
    size_t len;
};
void http_reply_from(struct http_req *r, int status, const char *type, const struct http_source *from);

/* Server-sent events: the head goes out now, the request stays open; on_close is called once, then r is gone.
 */
void http_stream(struct http_req *r, const char *type, void (*on_close)(struct http_req *r, void *p),
                 void *p);
void http_stream_send(struct http_req *r, const void *p, size_t len);
void http_stream_end(struct http_req *r);

#endif
