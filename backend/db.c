#include "backend/db_priv.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"

enum { CONNECT_MS = 5000, PREPARE_MS = 10000, BACKOFF_MIN_MS = 50, BACKOFF_MAX_MS = 2000 };
enum db_state { DB_WAIT, DB_CONNECT, DB_PREPARE, DB_UP, DB_CLOSED };

struct query {
    struct query *next;
    int64_t deadline;
    db_cb cb;
    void *user;
    PGresult *result;
    struct db_reply reply;
};
/* The watcher has its own life: libuv frees it a turn later, and a reconnect brings a new socket. */
struct watch {
    uv_poll_t h;
    int fd;
    int events;
};
struct db {
    uv_loop_t *loop;
    struct db_conf conf;
    enum db_state state;
    PGconn *pg;
    struct watch *watch;
    uv_timer_t timer; /* back-off, connecting, or the deadline of the first query */
    unsigned backoff_ms, pending;
    uint64_t connects;
    bool taking; /* within the callback of an answer */
    struct query *head, **tail;
};

static void drop(struct db *d, enum rc rc, const char *why);

/* ---- queries ---- */

static void timer_for_head(struct db *d);

static void query_end(struct query *q)
{
    q->reply.rows = q->reply.err.rc == RC_OK ? (const struct db_result *)q->result : NULL;
    if (q->cb)
        q->cb(&q->reply, q->user);
    PQclear(q->result);
    free(q);
}

static struct query *query_pop(struct db *d)
{
    struct query *q = d->head;
    d->head = q->next;
    if (!d->head)
        d->tail = &d->head;
    d->pending--;
    return q;
}

static void query_push(struct db *d, unsigned deadline_ms, db_cb cb, void *user)
{
    struct query *q = calloc(1, sizeof(*q));
    if (!q)
        abort();
    q->deadline = mono_ms() + deadline_ms;
    q->cb = cb;
    q->user = user;
    *d->tail = q;
    d->tail = &q->next;
    d->pending++;
    if (d->head == q)
        timer_for_head(d);
}

static void watch_closed(uv_handle_t *h)
{
    free(h->data);
}

static void watch_free(struct db *d)
{
    struct watch *w = d->watch;
    d->watch = NULL;
    if (!w)
        return;
    uv_poll_stop(&w->h);
    w->h.data = w;
    uv_close((uv_handle_t *)&w->h, watch_closed);
}

static void on_poll(uv_poll_t *h, int status, int events);

/* During connecting libpq may change its socket in any call; afterwards only with a new PGconn. */
static enum rc watch_set(struct db *d, int events, struct err *e)
{
    int fd = PQsocket(d->pg);
    if (d->watch && (d->watch->fd != fd || d->state == DB_CONNECT))
        watch_free(d);
    if (fd < 0)
        return err_set(e, RC_UNAVAILABLE, "database: no socket");
    if (!d->watch) {
        struct watch *w = calloc(1, sizeof(*w));
        if (!w || uv_poll_init(d->loop, &w->h, fd) != 0) {
            free(w);
            return err_set(e, RC_UNAVAILABLE, "database: cannot watch socket %d", fd);
        }
        w->fd = fd;
        w->h.data = d;
        d->watch = w;
    }
    if (d->watch->events == events)
        return RC_OK;
    d->watch->events = events;
    uv_poll_start(&d->watch->h, events, on_poll);
    return RC_OK;
}

static void flush(struct db *d)
{
    int left = PQflush(d->pg);
    if (left < 0 || PQstatus(d->pg) == CONNECTION_BAD ||
        watch_set(d, left ? UV_READABLE | UV_WRITABLE : UV_READABLE, NULL) != RC_OK)
        drop(d, RC_UNAVAILABLE, PQerrorMessage(d->pg));
}

static void take(struct db *d, PGresult *r)
{
    struct query *q = d->head;
    ExecStatusType st = PQresultStatus(r);

    if (st == PGRES_PIPELINE_SYNC) {
        PQclear(r);
        if (!q)
            return;
        query_pop(d);
        timer_for_head(d);
        query_end(q);
        return;
    }
    if (!q || st == PGRES_PIPELINE_ABORTED || q->reply.err.rc != RC_OK) {
        PQclear(r);
        return;
    }
    if (st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK) {
        PQclear(q->result);
        q->result = r;
        return;
    }
    (void)db_error((struct db_result *)r, q->reply.state, &q->reply.err);
    q->reply.unknown = q->reply.state[0] == 0;
    PQclear(r);
}

static void take_all(struct db *d)
{
    PGnotify *n;
    bool empty = false;
    PGconn *pg = d->pg;

    d->taking = true;
    /* In pipeline mode a NULL separates the answers; two of them mean that nothing is left. */
    while (d->pg == pg && !PQisBusy(pg)) {
        PGresult *r = PQgetResult(pg);
        if (!r && empty)
            break;
        empty = !r;
        if (r)
            take(d, r);
    }
    while (d->pg == pg && pg && (n = PQnotifies(pg))) {
        PQfreemem(n);
        if (d->conf.on_notify)
            d->conf.on_notify(d, d->conf.user);
    }
    d->taking = false;
    if (d->pg == pg && pg && PQstatus(pg) == CONNECTION_BAD)
        drop(d, RC_UNAVAILABLE, PQerrorMessage(pg));
}

/* A wait for the standby that was cancelled commits here and nowhere else, and says so only in a WARNING. */
static void on_notice(void *user, const PGresult *r)
{
    struct db *d = user;
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    if (!severity || strcmp(severity, "WARNING") != 0 || !d->head || d->head->reply.err.rc != RC_OK)
        return;
    d->head->reply.unknown = true;
    err_set(&d->head->reply.err, RC_UNAVAILABLE, "database: warning %s beside the answer: not acknowledged",
            state ? state : "");
}

/* ---- connecting ---- */

static void on_timer(uv_timer_t *t);

static void timer_for_head(struct db *d)
{
    if (d->state == DB_CLOSED || d->state == DB_WAIT || d->state == DB_CONNECT)
        return;
    if (!d->head && d->watch) {
        uv_timer_stop(&d->timer);
        return;
    }
    int64_t left = d->watch ? d->head->deadline - mono_ms() : 0;
    uv_timer_start(&d->timer, on_timer, left > 0 ? (uint64_t)left : 0, 0);
}

static void drop(struct db *d, enum rc rc, const char *why)
{
    struct err e = {0};
    bool was_up = d->state == DB_UP, closing = d->state == DB_CLOSED;
    struct query *q = d->head;

    err_set(&e, rc, "database: %.200s", why);
    for (char *p = e.text; *p; p++)
        if (*p == '\n')
            *p = ' ';
    if (!closing) {
        log_err(&e, "event=db_down conn=%s next_ms=%u", d->conf.name, d->backoff_ms);
        d->state = DB_WAIT;
        uv_timer_start(&d->timer, on_timer, d->backoff_ms + (uint64_t)(mono_us() % 16), 0);
        d->backoff_ms = d->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : d->backoff_ms * 2;
    }
    watch_free(d);
    PQfinish(d->pg);
    d->pg = NULL;
    d->tail = &d->head;
    d->head = NULL;
    d->pending = 0;
    while (q) {
        struct query *next = q->next;
        if (q->reply.err.rc == RC_OK)
            q->reply.err = e;
        q->reply.unknown = true;
        query_end(q);
        q = next;
    }
    if (was_up && d->conf.on_down)
        d->conf.on_down(d, d->conf.user);
}

static void on_prepared(const struct db_reply *r, void *user)
{
    struct db *d = user;
    if (r->err.rc != RC_OK) {
        if (d->pg && d->state == DB_PREPARE) /* drop() itself brought us here otherwise */
            drop(d, r->err.rc, r->err.text);
        return;
    }
    d->state = DB_UP;
    d->backoff_ms = BACKOFF_MIN_MS;
    d->connects++;
    log_info("event=db_up conn=%s", d->conf.name);
    timer_for_head(d);
    if (d->conf.on_up)
        d->conf.on_up(d, d->conf.user);
}

static void prepare(struct db *d)
{
    char listen[64];
    bool ok = PQsetnonblocking(d->pg, 1) == 0 && PQenterPipelineMode(d->pg) == 1;

    d->state = DB_PREPARE;
    if (ok && d->conf.session)
        ok = PQsendQueryParams(d->pg, d->conf.session, 0, NULL, NULL, NULL, NULL, 0) == 1;
    for (size_t i = 0; ok && i < d->conf.nstmts; i++)
        ok = PQsendPrepare(d->pg, d->conf.stmts[i].name, d->conf.stmts[i].sql, 0, NULL) == 1;
    if (ok && d->conf.channel) {
        snprintf(listen, sizeof(listen), "LISTEN %s", d->conf.channel);
        ok = PQsendQueryParams(d->pg, listen, 0, NULL, NULL, NULL, NULL, 0) == 1;
    }
    if (!ok || PQpipelineSync(d->pg) != 1) {
        drop(d, RC_UNAVAILABLE, PQerrorMessage(d->pg));
        return;
    }
    query_push(d, PREPARE_MS, on_prepared, d);
    flush(d);
}

static void connect_step(struct db *d)
{
    struct err e = {0};
    PostgresPollingStatusType st = PQconnectPoll(d->pg);

    if (st == PGRES_POLLING_OK) {
        prepare(d);
        return;
    }
    if (st == PGRES_POLLING_FAILED) {
        drop(d, RC_UNAVAILABLE, PQerrorMessage(d->pg));
        return;
    }
    if (watch_set(d, st == PGRES_POLLING_WRITING ? UV_WRITABLE : UV_READABLE, &e) != RC_OK)
        drop(d, RC_UNAVAILABLE, e.text);
}

static void connect_start(struct db *d)
{
    struct err e = {0};
    const char *keys[] = {"dbname", "application_name", NULL};
    const char *values[] = {d->conf.conninfo, d->conf.name, NULL};

    d->state = DB_CONNECT;
    d->pg = PQconnectStartParams(keys, values, 1);
    if (!d->pg || PQstatus(d->pg) == CONNECTION_BAD) {
        drop(d, RC_UNAVAILABLE, d->pg ? PQerrorMessage(d->pg) : "no memory");
        return;
    }
    PQsetNoticeReceiver(d->pg, on_notice, d);
    uv_timer_start(&d->timer, on_timer, CONNECT_MS, 0);
    if (watch_set(d, UV_WRITABLE, &e) != RC_OK)
        drop(d, RC_UNAVAILABLE, e.text);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct db *d = h->data;

    if (d->state == DB_CONNECT) {
        connect_step(d);
        return;
    }
    if (status < 0 || ((events & UV_READABLE) && !PQconsumeInput(d->pg))) {
        if (status >= 0)
            take_all(d); /* the server's last words */
        if (d->pg)
            drop(d, RC_UNAVAILABLE, PQerrorMessage(d->pg));
        return;
    }
    if (events & UV_WRITABLE)
        flush(d);
    if (d->pg && (events & UV_READABLE))
        take_all(d);
}

void db_look(struct db *d)
{
    if (d->state == DB_UP && d->head && d->watch && !d->taking)
        on_poll(&d->watch->h, 0, UV_READABLE);
}

static void on_timer(uv_timer_t *t)
{
    struct db *d = t->data;
    if (d->state == DB_WAIT)
        connect_start(d);
    else if (d->state == DB_CONNECT)
        drop(d, RC_TIMEOUT, "connecting took too long");
    else if (!d->watch)
        drop(d, RC_UNAVAILABLE, PQerrorMessage(d->pg));
    else if (d->head && d->head->deadline <= mono_ms())
        drop(d, RC_TIMEOUT, "no answer before the deadline: connection closed");
    else
        timer_for_head(d);
}

/* ---- the surface ---- */

struct db *db_new(uv_loop_t *loop, const struct db_conf *conf)
{
    struct db *d = calloc(1, sizeof(*d));
    if (!d)
        abort();
    d->loop = loop;
    d->conf = *conf;
    d->tail = &d->head;
    d->backoff_ms = BACKOFF_MIN_MS;
    uv_timer_init(loop, &d->timer);
    d->timer.data = d;
    uv_timer_start(&d->timer, on_timer, 0, 0);
    return d;
}

static void db_closed(uv_handle_t *h)
{
    free(h->data);
}

void db_free(struct db *d)
{
    if (!d)
        return;
    d->state = DB_CLOSED;
    if (d->pg)
        drop(d, RC_CANCELLED, "closing");
    uv_close((uv_handle_t *)&d->timer, db_closed);
}

bool db_up(const struct db *d)
{
    return d && d->state == DB_UP;
}

unsigned db_pending(const struct db *d)
{
    return d->pending;
}

uint64_t db_connects(const struct db *d)
{
    return d ? d->connects : 0;
}

enum rc db_query_send(struct db *d, const struct db_query *q, db_cb cb, void *user, struct err *e)
{
    struct db_params p;
    const struct db_stmt *s = &d->conf.stmts[q->stmt];

    if (d->state != DB_UP)
        return err_set(e, RC_UNAVAILABLE, "database: not connected");
    db_params(&p, q->params, s->nparams);
    bool sent = PQsendQueryPrepared(d->pg, s->name, s->nparams, p.values, p.lengths, p.formats, 0) == 1 &&
                PQpipelineSync(d->pg) == 1;
    if (sent) {
        query_push(d, q->deadline_ms, cb, user);
        if (PQflush(d->pg) != 0)
            (void)watch_set(d, UV_READABLE | UV_WRITABLE, NULL);
    }
    /* A full socket makes libpq read while it writes; at the end of the stream it closes the socket by
     * itself. The watcher must go before the number is used again; the rest follows from the timer, not from
     * inside. */
    if (PQstatus(d->pg) == CONNECTION_BAD) {
        watch_free(d);
        timer_for_head(d);
    }
    return sent ? RC_OK : err_set(e, RC_UNAVAILABLE, "database: the connection is broken");
}
