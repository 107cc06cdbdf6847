#include "firmware/ctl_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/sockpath.h"

#define DEADLINE_MAX 600000

static const struct jfield in_fields[] = {
    JF_STR(struct ctl_in, driver, J_REQ, 1, 16),
    JF_STR(struct ctl_in, verb, J_REQ, 1, 32),
    JF_INT(struct ctl_in, deadline_ms, 0, 0, DEADLINE_MAX),
    JF_ANY(struct ctl_in, args, J_PD),
};
static JDESC(in_desc, struct ctl_in, in_fields);

static void on_connection(uv_stream_t *s, int status);

static void on_closed(uv_handle_t *h)
{
    struct conn *c = h->data;
    struct ctl *ctl = c->ctl;
    buf_free(&c->in);
    wipe(c, sizeof(*c));
    if (ctl->waiting && !uv_is_closing((uv_handle_t *)&ctl->server)) {
        ctl->waiting = false;
        on_connection((uv_stream_t *)&ctl->server, 0);
    }
}

static void conn_close(struct conn *c)
{
    ctl_trace_stop(c);
    if (c->cmd) {
        driver_cancel(c->driver, c->cmd);
        driver_forget(c->driver, c->cmd);
        c->cmd = 0;
    }
    if (!uv_is_closing((uv_handle_t *)&c->pipe))
        uv_close((uv_handle_t *)&c->pipe, on_closed);
}

struct reply {
    uv_write_t req;
    struct conn *conn;
    bool last;
    size_t len;
    char data[];
};

static void on_written(uv_write_t *w, int status)
{
    struct reply *r = w->data;
    bool done = r->last || status != 0;
    struct conn *c = r->conn;
    wipe(r->data, r->len);
    free(r);
    if (done && c->ctl && !uv_is_closing((uv_handle_t *)&c->pipe))
        conn_close(c);
}

void ctl_send(struct conn *c, const struct frame *f)
{
    BUF_SCOPE(b);
    json_encode(&frame_desc, f, &b);
    buf_chr(&b, '\n');
    struct reply *r = malloc(sizeof(*r) + b.len);
    if (!r)
        abort();
    r->conn = c;
    r->last = strcmp(f->kind, "completion") == 0;
    r->len = b.len;
    r->req.data = r;
    memcpy(r->data, b.p, b.len);
    uv_buf_t out = uv_buf_init(r->data, (unsigned)r->len);
    if (uv_write(&r->req, (uv_stream_t *)&c->pipe, &out, 1, on_written) != 0)
        on_written(&r->req, -1);
}

void ctl_complete(struct conn *c, const char *word, const char *text, struct jval *data)
{
    const struct frame f = {.kind = "completion",
                            .id = 1,
                            .completion = word,
                            .outcome = strcmp(word, "ok") == 0 ? "done" : "not-done",
                            .text = text,
                            .data = data};
    ctl_send(c, &f);
}

static void on_frame(const struct frame *f, void *user)
{
    struct conn *c = user;
    if (strcmp(f->kind, "completion") == 0)
        c->cmd = 0;
    ctl_send(c, f);
}

static void own(struct conn *c, const char *verb)
{
    struct err e = {0};
    struct jval *data = NULL;
    ARENA_SCOPE(a);
    BUF_SCOPE(b);
    if (ctl_report(&c->ctl->env, verb, &b, &e) != RC_OK || jval_parse(a, b.p, b.len, &data, &e) != RC_OK) {
        log_err(&e, "event=ctl");
        ctl_complete(c, "unsupported", e.text, NULL);
        return;
    }
    ctl_complete(c, "ok", "", data);
}

static const struct {
    const char *verb;
    void (*fn)(struct conn *c, const struct ctl_in *in);
} modes[] = {{"maintenance", ctl_maintenance}, {"accept", ctl_accept}};

static void run(struct conn *c, const struct ctl_in *in)
{
    if (strcmp(in->driver, "*") == 0) {
        for (size_t i = 0; i < COUNT(modes); i++)
            if (strcmp(in->verb, modes[i].verb) == 0) {
                modes[i].fn(c, in);
                return;
            }
        own(c, in->verb);
        return;
    }
    struct driver *d = drivers_find(c->ctl->env.drivers, in->driver);
    if (!d) {
        ctl_complete(c, "no-device", "no such driver is configured", NULL);
        return;
    }
    if (flow_active(c->ctl->env.flow)) {
        ctl_complete(c, "busy", "a citizen session is running", NULL);
        return;
    }
    if (strcmp(in->verb, "trace") == 0) {
        ctl_trace(c, d, in);
        return;
    }
    BUF_SCOPE(args);
    if (in->args)
        jval_encode(in->args, &args);
    log_info("event=by_hand driver=%s verb=%s", in->driver, in->verb);
    c->driver = d;
    c->cmd = driver_send(d, in->verb, in->deadline_ms ? in->deadline_ms : 30000, args.len ? args.p : NULL,
                         on_frame, c);
}

static void on_line(struct conn *c, const char *line, size_t len)
{
    struct ctl_in in = {0};
    struct err e = {0};
    ARENA_SCOPE(a);
    c->asked = true;
    if (json_decode(a, &in_desc, line, len, &in, &e) == RC_OK)
        run(c, &in);
    else
        ctl_complete(c, "bad-request", e.text, NULL);
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *out)
{
    struct conn *c = h->data;
    (void)size;
    *out = uv_buf_init(c->space, sizeof(c->space));
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct conn *c = s->data;
    if (n < 0) {
        conn_close(c);
        return;
    }
    if (c->asked)
        return; /* one command per connection */
    buf_add(&c->in, b->base, (size_t)n);
    char *nl = c->in.len ? memchr(c->in.p, '\n', c->in.len) : NULL;
    if (nl)
        on_line(c, c->in.p, (size_t)(nl - c->in.p));
    else if (c->in.len > FRAME_MAX)
        conn_close(c);
}

static void on_connection(uv_stream_t *s, int status)
{
    struct ctl *ctl = s->data;
    if (status != 0)
        return;
    for (size_t i = 0; i < CONNS_MAX; i++) {
        struct conn *c = &ctl->conns[i];
        if (c->ctl)
            continue;
        c->ctl = ctl;
        uv_pipe_init(s->loop, &c->pipe, 0);
        c->pipe.data = c;
        if (uv_accept(s, (uv_stream_t *)&c->pipe) != 0 ||
            uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) != 0)
            conn_close(c);
        return;
    }
    ctl->waiting = true; /* until a place is free, or it gives up by its own clock */
}

enum rc ctl_start(uv_loop_t *loop, const char *path, const struct ctl_env *env, struct ctl **out,
                  struct err *e)
{
    struct ctl *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->env = *env;
    c->env.ctl = c;
    size_t n = strlen(path);
    if (n >= sizeof(c->path)) {
        free(c);
        return err_set(e, RC_BAD_FIELD, "%s: too long for a socket", path);
    }
    uv_timer_init(loop, &c->clock);
    c->clock.data = c;
    memcpy(c->path, path, n + 1);
    uv_pipe_init(loop, &c->server, 0);
    c->server.data = c;
    *out = c;
    struct sockaddr_un where;
    int folder = sock_address(path, &where);
    if (folder < 0)
        return err_set(e, RC_IO, "%s: %s", path, strerror(errno));
    unlink(path); /* of a killed predecessor; a living one holds the queue and we would not be here */
    mode_t old = umask(0177);
    int rc = uv_pipe_bind(&c->server, where.sun_path);
    umask(old);
    if (folder > 0)
        close(folder);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&c->server, CONNS_MAX, on_connection);
    return rc == 0 ? RC_OK : err_set(e, RC_IO, "%s: %s", path, uv_strerror(rc));
}

void ctl_stop(struct ctl *c)
{
    unlink(c->path);
    uv_close((uv_handle_t *)&c->server, NULL);
    uv_close((uv_handle_t *)&c->clock, NULL);
    for (size_t i = 0; i < CONNS_MAX; i++)
        if (c->conns[i].ctl)
            conn_close(&c->conns[i]);
}

void ctl_free(struct ctl *c)
{
    free(c);
}
