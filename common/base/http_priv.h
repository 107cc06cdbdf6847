/* What the files of the HTTP server share; nobody else includes this. */
#ifndef PRIDVOR_HTTP_PRIV_H
#define PRIDVOR_HTTP_PRIV_H

#include <llhttp.h>

#include "common/base/buf.h"
#include "common/base/http.h"
#include "common/base/pool.h"

#define HTTP_HEAD_MAX ((size_t)16384)
#define HTTP_HEADERS_MAX 64
#define HTTP_HOLD_MAX ((size_t)65536)      /* bytes kept while a request is being answered */
#define HTTP_BACKLOG_MAX ((size_t)4 << 20) /* a stream whose reader is this far behind is cut */
#define HTTP_FLUSH_MIN ((size_t)65536)     /* of an answer, in each body_ms */
#define HTTP_PIECE ((size_t)65536)         /* of a body that comes from a source */
#define HTTP_OVER_MAX 64u                  /* beyond all places: told that there is none */
#define HTTP_SHAKE_MS 1000                 /* a handshake that took longer gives its place first */
#define HTTP_LINGER_MS 1000                /* so that the peer reads the answer before a reset reaches it */

enum phase {
    PH_TLS,    /* handshake */
    PH_IDLE,   /* between requests */
    PH_HEAD,   /* request line and headers come in */
    PH_BODY,   /* body comes in */
    PH_BUSY,   /* a handler has it */
    PH_STREAM, /* answered with a stream that is open */
    PH_FLUSH,  /* the answer goes out */
    PH_LINGER, /* answered; our side is shut, the rest is thrown away */
    PH_CLOSED,
};

struct http_server {
    uv_loop_t *loop;
    uv_tcp_t listener;
    struct http_conf conf;
    char *headers; /* for every answer, with line ends */
    size_t headers_len;
    struct pool pool;
    struct http_conn *conns;
    unsigned nconns, nopen; /* nopen: without those that are being closed */
    int port;
    bool closing, listener_gone;
    int64_t date_s;
    char date[40];
    struct buf scratch;                         /* the answer being put together */
    char rbuf[65536], pbuf[16384], wbuf[16384]; /* from the wire, decrypted, to be encrypted */
};

struct http_conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct pool_job job;
    struct http_server *srv;
    struct http_conn *next, **link;
    struct tls *tls;
    llhttp_t parser;
    struct http_req *req;
    struct buf pending;  /* decrypted bytes behind the request in work */
    struct buf outq;     /* bytes to write after inflight */
    struct buf inflight; /* bytes libuv is writing */
    struct err tls_err;
    struct http_source source; /* of the answer that goes out; next NULL: none; len: what is left */
    char *piece;
    size_t piece_len;
    struct err piece_err;
    enum rc tls_rc;
    size_t head_bytes, body_bytes, held, left;
    enum phase phase;
    uint64_t since; /* loop's clock: nothing came since, or the handshake began */
    int refuse;     /* status a parser callback wants */
    const char *refuse_why;
    unsigned char handles;
    bool keep, writing, job_runs, stopped, feeding, eof, broken, fresh, head_timer, body_timer;
    bool head_scanned, line_start, line_seen; /* see folded() */
    char remote[46];
};

struct http_hdr {
    uint32_t name, value; /* offsets in head */
};

struct http_req {
    struct arena *arena;
    struct http_conn *conn; /* NULL when the client went away */
    int64_t started_us;
    struct buf head, body;
    struct http_hdr hdrs[HTTP_HEADERS_MAX];
    unsigned nhdrs;
    size_t url_len;
    const char *method, *path, *query;
    struct buf extra; /* headers of the answer */
    bool url_done, complete, trailers, head_only, http10, in_name;
    void (*on_close)(struct http_req *r, void *p);
    void *on_close_p;
    bool streaming;
    const struct http_route *route; /* only of a sink */
    void *sink;
    size_t sunk;
};

/* http.c */
void server_gone(struct http_server *s); /* frees it when nothing uses it any more */
void conn_open(struct http_conn *c);     /* accepted: reads, against its first time */
void conn_close(struct http_conn *c);
void conn_gone(struct http_conn *c); /* frees it when nothing uses it any more */
/* Ends the connection in the loop's next round: callers may be in the middle of a request. */
void conn_break(struct http_conn *c);
void conn_timer(struct http_conn *c, unsigned ms);
/* Sends two pieces (the second may be empty) as one; what the socket does not take at once is queued. */
void conn_write(struct http_conn *c, const void *a, size_t alen, const void *b, size_t blen);
void conn_answered(struct http_conn *c); /* the answer was handed to conn_write */
void conn_streams(struct http_conn *c);  /* what the client still sends is thrown away */

/* http_send.c */
void send_next(struct http_conn *c); /* what was written before is on its way */
void send_drop(struct http_conn *c); /* the connection is closed */

/* http_parse.c */
void parse_init(struct http_conn *c);
/* Feeds bytes until they end or a request waits for its answer; returns how many were used. */
size_t parse_feed(struct http_conn *c, const char *p, size_t n);

/* http_reply.c */
struct http_req *req_new(struct http_conn *c);
void req_free(struct http_req *r);
struct buf *put_head(struct http_req *r, int status, const char *type, int64_t len); /* < 0: a stream */
void req_dispatch(struct http_req *r);
void req_route(struct http_req *r); /* the head is complete: is its body for a sink? */
size_t req_body_max(const struct http_req *r);
void req_refuse(struct http_conn *c, int status, const char *why); /* answers and closes */

#endif
