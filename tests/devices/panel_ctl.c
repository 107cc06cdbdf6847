/* Commands to the virtual devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/sockpath.h"
#include "common/base/buf.h"
#include "tests/devices/panel.h"

enum { WAIT_MS = 3000, ANSWER_MAX = 1 << 20 };

struct ctl {
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_connect_t connect;
    uv_write_t write;
    struct buf line, answer;
    ctl_cb cb;
    void *user;
    int handles;
    bool ended;
};

static void on_closed(uv_handle_t *h)
{
    struct ctl *c = h->data;
    if (--c->handles > 0)
        return;
    buf_free(&c->line);
    buf_free(&c->answer);
    free(c);
}

static void end(struct ctl *c, const char *json)
{
    if (c->ended)
        return;
    c->ended = true;
    c->cb(json, c->user);
    uv_close((uv_handle_t *)&c->pipe, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void on_late(uv_timer_t *t)
{
    end(t->data, NULL);
}

static void on_room(uv_handle_t *h, size_t want, uv_buf_t *b)
{
    (void)h;
    (void)want;
    static char room[16384];
    *b = uv_buf_init(room, sizeof room);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct ctl *c = s->data;
    if (n < 0 || c->answer.len > ANSWER_MAX) {
        end(c, NULL);
        return;
    }
    buf_add(&c->answer, b->base, (size_t)n);
    char *nl = c->answer.p ? memchr(c->answer.p, '\n', c->answer.len) : NULL;
    if (!nl)
        return;
    *nl = '\0';
    end(c, c->answer.p);
}

static void on_written(uv_write_t *w, int status)
{
    if (status < 0)
        end(w->data, NULL);
}

static void on_connected(uv_connect_t *k, int status)
{
    struct ctl *c = k->data;
    if (c->ended)
        return;
    uv_buf_t b = uv_buf_init(c->line.p, (unsigned)c->line.len);
    c->write.data = c;
    if (status < 0 || uv_read_start((uv_stream_t *)&c->pipe, on_room, on_read) != 0 ||
        uv_write(&c->write, (uv_stream_t *)&c->pipe, &b, 1, on_written) != 0)
        end(c, NULL);
}

void ctl_send(uv_loop_t *loop, const char *dir, const char *device, const char *line, ctl_cb cb, void *user)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/ctl.sock", dir, device);
    struct ctl *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->cb = cb;
    c->user = user;
    c->handles = 2;
    buf_add(&c->line, line, strcspn(line, "\r\n"));
    buf_chr(&c->line, '\n');
    uv_pipe_init(loop, &c->pipe, 0);
    uv_timer_init(loop, &c->timer);
    c->pipe.data = c->timer.data = c->connect.data = c;
    uv_timer_start(&c->timer, on_late, WAIT_MS, 0);
    struct sockaddr_un where;
    int folder = sock_address(path, &where);
    uv_pipe_connect(&c->connect, &c->pipe, where.sun_path, on_connected);
    if (folder > 0) /* connect() was called inside */
        close(folder);
}
