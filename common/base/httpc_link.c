/* One outgoing connection, TCP or Unix socket, plain or TLS. It has a life of its own, so that a new one can
 * start while an old one is still closing. */
#include "common/base/httpc_priv.h"

#include <stdlib.h>
#include <string.h>

struct hlink {
    union {
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } h;
    uv_timer_t soon; /* failures found inside a call are told from the loop */
    uv_connect_t connect;
    uv_write_t write;
    struct pool_job job;
    struct pool pool; /* of its own: a handshake may outlive the client that asked for it */
    struct tls *tls;
    const struct hlink_events *on;
    void *owner;
    struct buf outq, inflight;
    struct err err;
    enum rc rc;
    unsigned char handles;
    bool closed, up, writing, job_runs;
    char rbuf[16384];
};

static void gone(struct hlink *l)
{
    if (l->handles > 0 || l->job_runs)
        return;
    tls_free(l->tls);
    buf_free(&l->outq);
    buf_free(&l->inflight);
    wipe(l, sizeof(*l));
    free(l);
}

static void on_handle_closed(uv_handle_t *h)
{
    struct hlink *l = h->data;
    l->handles--;
    gone(l);
}

void hlink_close(struct hlink *l)
{
    if (l == NULL || l->closed)
        return;
    l->closed = true;
    l->owner = NULL;
    uv_close((uv_handle_t *)&l->h.stream, on_handle_closed);
    uv_close((uv_handle_t *)&l->soon, on_handle_closed);
}

static void tell_down(struct hlink *l)
{
    void *owner = l->owner;
    if (l->closed)
        return;
    struct err e = l->err;
    enum rc rc = l->rc;
    hlink_close(l);
    l->on->down(owner, rc, e.text);
}

static void on_soon(uv_timer_t *t)
{
    tell_down(t->data);
}

static void fail_soon(struct hlink *l, enum rc rc, const char *text)
{
    if (l->closed || l->rc != RC_OK)
        return;
    l->rc = rc;
    if (text != NULL)
        err_set(&l->err, rc, "%s", text);
    uv_timer_start(&l->soon, on_soon, 0, 0);
}

static void start_write(struct hlink *l);

static void on_written(uv_write_t *w, int status)
{
    struct hlink *l = w->data;
    buf_free(&l->inflight);
    l->writing = false;
    if (l->closed)
        return;
    if (status != 0)
        fail_soon(l, RC_UNAVAILABLE, uv_strerror(status));
    else if (l->outq.len > 0)
        start_write(l);
}

static void start_write(struct hlink *l)
{
    l->inflight = l->outq;
    l->outq = (struct buf){0};
    uv_buf_t b = uv_buf_init(l->inflight.p, (unsigned)l->inflight.len);
    l->write.data = l;
    l->writing = true;
    int ret = uv_write(&l->write, &l->h.stream, &b, 1, on_written);
    if (ret == 0)
        return;
    l->writing = false;
    fail_soon(l, RC_UNAVAILABLE, uv_strerror(ret));
}

static bool wire_write(struct hlink *l, const char *p, size_t n)
{
    if (!l->writing && l->outq.len == 0) {
        uv_buf_t b = {.base = (char *)(uintptr_t)p, .len = n};
        int ret = uv_try_write(&l->h.stream, &b, 1);
        if (ret < 0 && ret != UV_EAGAIN) {
            fail_soon(l, RC_UNAVAILABLE, uv_strerror(ret));
            return false;
        }
        if (ret > 0) {
            p += ret;
            n -= (size_t)ret;
        }
    }
    if (n > 0) {
        buf_add(&l->outq, p, n);
        if (!l->writing)
            start_write(l);
    }
    return true;
}

static bool flush_tls(struct hlink *l)
{
    const char *p;
    size_t n = tls_drain(l->tls, &p);
    bool ok = n == 0 || wire_write(l, p, n);
    tls_drained(l->tls, n);
    return ok;
}

bool hlink_write(struct hlink *l, const void *p, size_t n)
{
    if (l->closed || l->rc != RC_OK)
        return false;
    if (l->tls == NULL)
        return wire_write(l, p, n);
    if (tls_write(l->tls, p, n, &l->err) != RC_OK) {
        fail_soon(l, RC_TLS, NULL);
        return false;
    }
    return flush_tls(l);
}

static void alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
    (void)suggested;
    struct hlink *l = h->data;
    b->base = l->rbuf;
    b->len = sizeof(l->rbuf);
}

/* rbuf is free again here: its bytes are inside the TLS layer. */
static void pump_tls(struct hlink *l)
{
    while (!l->closed) {
        int n = tls_read(l->tls, l->rbuf, sizeof(l->rbuf), &l->err);
        if (n == 0)
            return;
        if (n < 0) {
            fail_soon(l, n == -1 ? RC_UNAVAILABLE : RC_TLS, n == -1 ? "the other side closed" : NULL);
            return;
        }
        l->on->bytes(l->owner, l->rbuf, (size_t)n);
        wipe(l->rbuf, (size_t)n);
    }
}

static void handshake(struct hlink *l);

static void read_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct hlink *l = stream->data;
    if (n == 0 || l->closed)
        return;
    if (n < 0) {
        fail_soon(l, RC_UNAVAILABLE, n == UV_EOF ? "the other side closed" : uv_strerror((int)n));
        return;
    }
    if (l->tls == NULL) {
        l->on->bytes(l->owner, b->base, (size_t)n);
        wipe(b->base, (size_t)n);
        return;
    }
    tls_feed(l->tls, b->base, (size_t)n);
    if (l->up)
        pump_tls(l);
    else
        handshake(l);
}

static void handshake_run(struct pool_job *j)
{
    struct hlink *l = (struct hlink *)((char *)j - offsetof(struct hlink, job));
    enum rc rc = tls_handshake(l->tls, &l->err);
    l->err.rc = rc;
}

static void handshake_done(struct pool_job *j)
{
    struct hlink *l = (struct hlink *)((char *)j - offsetof(struct hlink, job));
    l->job_runs = false;
    if (l->closed) {
        gone(l);
        return;
    }
    enum rc rc = l->err.rc;
    flush_tls(l);
    if (rc != RC_OK && rc != RC_BUSY) {
        fail_soon(l, RC_TLS, NULL);
        return;
    }
    uv_read_start(&l->h.stream, alloc_cb, read_cb);
    if (rc == RC_BUSY)
        return;
    l->up = true;
    l->on->up(l->owner);
    pump_tls(l);
}

static void handshake(struct hlink *l)
{
    uv_read_stop(&l->h.stream);
    l->job.run = handshake_run;
    l->job.done = handshake_done;
    l->job_runs = true;
    pool_submit(&l->pool, &l->job);
}

static void on_connected(uv_connect_t *req, int status)
{
    struct hlink *l = req->data;
    if (l->closed)
        return;
    if (status != 0) {
        fail_soon(l, RC_UNAVAILABLE, uv_strerror(status));
        return;
    }
    if (l->tls != NULL) {
        handshake(l);
        return;
    }
    uv_read_start(&l->h.stream, alloc_cb, read_cb);
    l->up = true;
    l->on->up(l->owner);
}

struct hlink *hlink_open(const struct hlink_conf *conf)
{
    struct hlink *l = calloc(1, sizeof(*l));
    if (l == NULL)
        abort();
    pool_init(&l->pool, conf->loop, 1);
    l->on = conf->on;
    l->owner = conf->owner;
    l->handles = 2;
    uv_timer_init(conf->loop, &l->soon);
    if (conf->unix_path != NULL)
        uv_pipe_init(conf->loop, &l->h.pipe, 0);
    else
        uv_tcp_init(conf->loop, &l->h.tcp);
    l->soon.data = l->h.stream.data = l->connect.data = l;
    if (conf->tls != NULL && tls_new(conf->tls, conf->server_name, &l->tls, &l->err) != RC_OK) {
        fail_soon(l, RC_TLS, NULL);
        return l;
    }
    if (conf->unix_path != NULL) {
        uv_pipe_connect(&l->connect, &l->h.pipe, conf->unix_path, on_connected);
        return l;
    }
    uv_tcp_nodelay(&l->h.tcp, 1);
    int ret = uv_tcp_connect(&l->connect, &l->h.tcp, conf->addr, on_connected);
    if (ret != 0)
        fail_soon(l, RC_UNAVAILABLE, uv_strerror(ret));
    return l;
}
