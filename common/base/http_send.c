/* Answers whose body comes in pieces from somewhere else: made on a thread, written on the loop. */
#include "common/base/http_priv.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

static void ended(struct http_conn *c, const struct err *e)
{
    struct http_source s = c->source;
    c->source = (struct http_source){0};
    s.end(s.state, e);
}

void send_drop(struct http_conn *c)
{
    struct err e = {0};
    if (c->source.next == NULL || c->job_runs)
        return;
    err_set(&e, RC_LINK_LOST, "the reader went away");
    ended(c, &e);
}

static struct http_conn *conn_of(struct pool_job *j)
{
    return (struct http_conn *)((char *)j - offsetof(struct http_conn, job));
}

static void piece_run(struct pool_job *j)
{
    struct http_conn *c = conn_of(j);
    c->piece = malloc(c->piece_len);
    if (c->piece == NULL)
        abort();
    c->piece_err.rc = c->source.next(c->source.state, c->piece, c->piece_len, &c->piece_err);
}

/* The next one is made only when this one has left. */
static void piece_sent(struct http_conn *c)
{
    if (c->source.len == 0) {
        struct err none = {0};
        ended(c, &none);
        conn_answered(c);
    } else if (c->writing) {
        c->left = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp) + c->outq.len;
        conn_timer(c, c->srv->conf.body_ms);
    } else {
        send_next(c);
    }
}

static void piece_done(struct pool_job *j)
{
    struct http_conn *c = conn_of(j);
    char *p = c->piece;
    c->job_runs = false;
    c->piece = NULL;
    c->source.len -= c->piece_len;
    if (c->phase != PH_CLOSED && c->piece_err.rc == RC_OK)
        conn_write(c, p, c->piece_len, NULL, 0);
    wipe(p, c->piece_len);
    free(p);
    if (c->phase == PH_CLOSED) {
        send_drop(c);
        conn_gone(c);
    } else if (c->piece_err.rc != RC_OK) {
        struct err e = c->piece_err;
        conn_break(c);
        ended(c, &e);
    } else if (!c->broken) {
        piece_sent(c);
    }
}

void send_next(struct http_conn *c)
{
    if (c->job_runs || c->broken)
        return;
    uv_timer_stop(&c->timer);
    c->piece_len = c->source.len < HTTP_PIECE ? c->source.len : HTTP_PIECE;
    c->piece_err = (struct err){0};
    c->job.run = piece_run;
    c->job.done = piece_done;
    c->job_runs = true;
    pool_submit(&c->srv->pool, &c->job);
}

/* What waits unsent in the kernel is small, so that "was taken" means the reader has room for it. */
static void little_ahead(struct http_conn *c)
{
    int fd, most = (int)HTTP_PIECE;
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof(most));
}

void http_reply_from(struct http_req *r, int status, const char *type, const struct http_source *from)
{
    struct http_conn *c = r->conn;
    struct err e = {0};
    if (c == NULL) {
        req_free(r);
        err_set(&e, RC_LINK_LOST, "the reader went away");
        from->end(from->state, &e);
        return;
    }
    bool bare = r->head_only || from->len == 0;
    struct buf *b = put_head(r, status, type, (int64_t)from->len);
    if (!bare)
        little_ahead(c);
    c->phase = PH_FLUSH;
    c->req = NULL;
    c->source = *from;
    conn_write(c, b->p, b->len, NULL, 0);
    buf_reset(b);
    req_free(r);
    if (bare) {
        ended(c, &e);
        conn_answered(c);
    } else {
        send_next(c);
    }
}
