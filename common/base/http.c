/* The server's side of the sockets: bytes in and out (plain or TLS), timers, the end of connections. */
#include "common/base/http_priv.h"

#include <stdlib.h>
#include <string.h>

static void resume(struct http_conn *c);

void server_gone(struct http_server *s)
{
    if (!s->closing || !s->listener_gone || s->nconns > 0)
        return;
    buf_free(&s->scratch);
    free(s->headers);
    wipe(s, sizeof(*s));
    free(s);
}

void conn_gone(struct http_conn *c)
{
    struct http_server *s = c->srv;
    if (c->handles > 0 || c->job_runs)
        return;
    tls_free(c->tls);
    buf_free(&c->pending);
    buf_free(&c->outq);
    buf_free(&c->inflight);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    wipe(c, sizeof(*c));
    free(c);
    s->nconns--;
    server_gone(s);
}

static void on_handle_closed(uv_handle_t *h)
{
    struct http_conn *c = h->data;
    c->handles--;
    conn_gone(c);
}

void conn_close(struct http_conn *c)
{
    struct http_req *r = c->req;
    if (c->phase == PH_CLOSED)
        return;
    c->phase = PH_CLOSED;
    c->srv->nopen--;
    c->req = NULL;
    if (r != NULL) {
        r->conn = NULL;
        if (r->streaming && r->on_close != NULL)
            r->on_close(r, r->on_close_p);
        /* A request in a handler's hands is freed by its answer. */
        if (r->streaming || !r->complete)
            req_free(r);
    }
    send_drop(c);
    uv_close((uv_handle_t *)&c->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&c->timer, on_handle_closed);
}

/* A large answer may take its time as long as the reader takes some of it. */
static void keep_flushing(struct http_conn *c)
{
    size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
    if (c->left - left < HTTP_FLUSH_MIN) {
        conn_close(c);
        return;
    }
    c->left = left;
    conn_timer(c, c->srv->conf.body_ms);
}

static void on_timer(uv_timer_t *t)
{
    struct http_conn *c = t->data;
    if (c->broken) {
        conn_close(c);
        return;
    }
    switch (c->phase) {
    case PH_HEAD:
    case PH_BODY:
        req_refuse(c, 408, "the request took too long");
        return;
    case PH_BUSY:
    case PH_STREAM:
        return;
    case PH_FLUSH:
        keep_flushing(c);
        return;
    default:
        conn_close(c);
    }
}

void conn_timer(struct http_conn *c, unsigned ms)
{
    if (c->phase != PH_CLOSED)
        uv_timer_start(&c->timer, on_timer, c->broken ? 0 : ms, 0);
}

void conn_break(struct http_conn *c)
{
    c->broken = true;
    conn_timer(c, 0);
}

static void flushed(struct http_conn *c);
static void start_write(struct http_conn *c);

static void on_written(uv_write_t *w, int status)
{
    struct http_conn *c = w->data;
    buf_free(&c->inflight);
    c->writing = false;
    if (c->phase == PH_CLOSED)
        return;
    if (status != 0) {
        conn_close(c);
        return;
    }
    if (c->outq.len > 0)
        start_write(c);
    else if (c->phase == PH_FLUSH && c->source.next != NULL)
        send_next(c);
    else if (c->phase == PH_FLUSH)
        flushed(c);
}

static void start_write(struct http_conn *c)
{
    c->inflight = c->outq;
    c->outq = (struct buf){0};
    uv_buf_t b = uv_buf_init(c->inflight.p, (unsigned)c->inflight.len);
    c->write.data = c;
    c->writing = true;
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &b, 1, on_written) == 0)
        return;
    c->writing = false;
    conn_break(c);
}

/* Straight to the socket if nothing waits before it; the rest is copied and queued. */
static void wire_write(struct http_conn *c, const void *a, size_t alen, const void *b, size_t blen)
{
    size_t done = 0;
    if (!c->writing && c->outq.len == 0) {
        uv_buf_t v[2] = {{.base = (char *)(uintptr_t)a, .len = alen},
                         {.base = (char *)(uintptr_t)b, .len = blen}};
        int n = uv_try_write((uv_stream_t *)&c->tcp, v, blen > 0 ? 2 : 1);
        if (n < 0 && n != UV_EAGAIN) {
            conn_break(c);
            return;
        }
        done = n > 0 ? (size_t)n : 0;
    }
    if (done < alen)
        buf_add(&c->outq, (const char *)a + done, alen - done);
    done = done > alen ? done - alen : 0;
    if (done < blen)
        buf_add(&c->outq, (const char *)b + done, blen - done);
    if (c->outq.len > 0 && !c->writing)
        start_write(c);
}

static void flush_tls(struct http_conn *c)
{
    const char *p;
    size_t n = tls_drain(c->tls, &p);
    if (n == 0)
        return;
    wire_write(c, p, n, NULL, 0);
    tls_drained(c->tls, n);
}

void conn_write(struct http_conn *c, const void *a, size_t alen, const void *b, size_t blen)
{
    if (c->phase == PH_CLOSED || c->broken)
        return;
    if (c->tls == NULL) {
        wire_write(c, a, alen, b, blen);
        return;
    }
    /* One record for head and body when they fit. */
    if (blen > 0 && alen + blen <= sizeof(c->srv->wbuf)) {
        memcpy(c->srv->wbuf, a, alen);
        memcpy(c->srv->wbuf + alen, b, blen);
        a = c->srv->wbuf;
        alen += blen;
        blen = 0;
    }
    if (tls_write(c->tls, a, alen, NULL) != RC_OK || tls_write(c->tls, b, blen, NULL) != RC_OK) {
        conn_break(c);
        return;
    }
    if (a == c->srv->wbuf)
        wipe(c->srv->wbuf, alen);
    flush_tls(c);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    (void)req;
    (void)status;
}

static void alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *b);
static void read_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *b);

static void read_start(struct http_conn *c)
{
    if (c->stopped && !c->eof && c->phase != PH_CLOSED)
        uv_read_start((uv_stream_t *)&c->tcp, alloc_cb, read_cb);
    c->stopped = false;
}

static void read_stop(struct http_conn *c)
{
    uv_read_stop((uv_stream_t *)&c->tcp);
    c->stopped = true;
}

/* A close with unread bytes makes the kernel send a reset that may overtake the answer (RFC 9112, 9.6). */
static void linger(struct http_conn *c)
{
    if (c->eof || c->broken) {
        conn_close(c);
        return;
    }
    if (c->tls != NULL) {
        tls_close_notify(c->tls);
        flush_tls(c);
    }
    c->phase = PH_LINGER;
    conn_timer(c, HTTP_LINGER_MS);
    buf_free(&c->pending);
    if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) != 0)
        conn_break(c);
    read_start(c);
}

static void waits(struct http_conn *c)
{
    c->phase = PH_IDLE;
    c->since = uv_now(c->srv->loop);
}

static void flushed(struct http_conn *c)
{
    if (!c->keep || c->broken) {
        linger(c);
        return;
    }
    waits(c);
    c->fresh = c->head_timer = c->body_timer = false;
    conn_timer(c, c->srv->conf.idle_ms);
    if (!c->feeding)
        resume(c);
}

void conn_answered(struct http_conn *c)
{
    if (c->phase == PH_CLOSED)
        return;
    if (!c->writing) {
        flushed(c);
        return;
    }
    c->phase = PH_FLUSH;
    c->left = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp) + c->outq.len;
    conn_timer(c, c->srv->conf.body_ms);
}

static bool wants_bytes(const struct http_conn *c)
{
    return c->phase == PH_IDLE || c->phase == PH_HEAD || c->phase == PH_BODY;
}

static void feed(struct http_conn *c, const char *p, size_t n)
{
    size_t used = wants_bytes(c) ? parse_feed(c, p, n) : 0;
    bool waits = c->phase == PH_BUSY || c->phase == PH_FLUSH || wants_bytes(c);
    if (used < n && waits)
        buf_add(&c->pending, p + used, n - used);
}

/* The peer has nothing more to say. What it asked before is still answered. */
static void on_eof(struct http_conn *c)
{
    c->eof = true;
    if (c->phase != PH_BUSY && c->phase != PH_FLUSH)
        conn_close(c);
}

/* Decrypts and uses what came, until a request waits for its answer. */
static void pump_tls(struct http_conn *c)
{
    while (wants_bytes(c) || c->phase == PH_STREAM) {
        int n = tls_read(c->tls, c->srv->pbuf, sizeof(c->srv->pbuf), NULL);
        if (n == 0)
            break;
        if (n == -1)
            on_eof(c);
        else if (n < 0)
            conn_close(c);
        else
            feed(c, c->srv->pbuf, (size_t)n);
        if (n > 0)
            wipe(c->srv->pbuf, (size_t)n);
    }
}

/* Whole head and whole body have their time, counted from their first byte. */
static void arm(struct http_conn *c)
{
    if (c->phase == PH_HEAD && !c->head_timer && !c->fresh) {
        c->head_timer = true;
        conn_timer(c, c->srv->conf.header_ms);
    } else if (c->phase == PH_BODY && !c->body_timer) {
        c->body_timer = true;
        conn_timer(c, c->srv->conf.body_ms);
    }
}

static void idle_memory(struct http_conn *c)
{
    if (c->tls != NULL && c->phase == PH_IDLE && !c->writing)
        tls_idle(c->tls);
}

/* After an answer: requests that were waiting. */
static void resume(struct http_conn *c)
{
    struct buf b = c->pending;
    c->pending = (struct buf){0};
    c->held = 0;
    c->feeding = true;
    if (b.len > 0)
        feed(c, b.p, b.len);
    buf_free(&b);
    if (c->tls != NULL && wants_bytes(c))
        pump_tls(c);
    c->feeding = false;
    if (c->phase == PH_IDLE && c->eof) {
        conn_close(c);
        return;
    }
    arm(c);
    idle_memory(c);
    read_start(c);
}

void conn_streams(struct http_conn *c)
{
    c->phase = PH_STREAM;
    uv_timer_stop(&c->timer);
    buf_free(&c->pending);
    read_start(c); /* to notice the end */
    if (c->eof)
        conn_break(c);
}

static void handshake_run(struct pool_job *j)
{
    struct http_conn *c = (struct http_conn *)((char *)j - offsetof(struct http_conn, job));
    c->tls_rc = tls_handshake(c->tls, &c->tls_err);
}

static void handshake_done(struct pool_job *j)
{
    struct http_conn *c = (struct http_conn *)((char *)j - offsetof(struct http_conn, job));
    c->job_runs = false;
    if (c->phase == PH_CLOSED) {
        conn_gone(c);
        return;
    }
    flush_tls(c);
    if (c->tls_rc == RC_BUSY) {
        read_start(c);
        return;
    }
    if (c->tls_rc != RC_OK) {
        linger(c); /* the alert says why */
        return;
    }
    waits(c);
    resume(c);
}

static void handshake(struct http_conn *c)
{
    read_stop(c);
    c->job.run = handshake_run;
    c->job.done = handshake_done;
    c->job_runs = true;
    pool_submit(&c->srv->pool, &c->job);
}

/* One buffer for all: what it holds is used or copied before the next read. */
static void alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
    (void)suggested;
    struct http_conn *c = h->data;
    b->base = c->srv->rbuf;
    b->len = sizeof(c->srv->rbuf);
}

/* While a request is in work, a little of what follows is kept; then the socket has to wait. */
static void hold(struct http_conn *c, size_t n)
{
    if (c->phase != PH_BUSY && c->phase != PH_FLUSH)
        return;
    c->held += n;
    if (c->held > HTTP_HOLD_MAX)
        read_stop(c);
}

static void on_bytes(struct http_conn *c, const char *p, size_t n)
{
    bool busy = c->phase == PH_BUSY || c->phase == PH_FLUSH;
    if (c->phase == PH_LINGER)
        return;
    c->feeding = true;
    if (c->tls == NULL) {
        feed(c, p, n);
    } else {
        tls_feed(c->tls, p, n);
        if (c->phase == PH_TLS)
            handshake(c);
        else
            pump_tls(c);
    }
    c->feeding = false;
    if (busy)
        hold(c, n);
    arm(c);
    idle_memory(c);
}

static void read_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct http_conn *c = stream->data;
    if (n > 0) {
        struct http_server *s = c->srv;
        on_bytes(c, b->base, (size_t)n);
        if (s->conf.tls == NULL)
            wipe(b->base, (size_t)n);
    } else if (n == UV_EOF) {
        on_eof(c);
    } else if (n < 0) {
        conn_close(c);
    }
}

void conn_open(struct http_conn *c)
{
    parse_init(c);
    c->since = uv_now(c->srv->loop);
    conn_timer(c, c->srv->conf.header_ms);
    uv_read_start((uv_stream_t *)&c->tcp, alloc_cb, read_cb);
}
