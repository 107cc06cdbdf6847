/* The listener: who gets a place, and who has to give one. */
#include "common/base/http_priv.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define TLS_AT_ONCE 2 /* handshakes */
#define BACKLOG 1024

static void peer_name(struct http_conn *c)
{
    struct sockaddr_storage ss;
    int len = sizeof(ss);
    if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&ss, &len) != 0)
        return;
    if (ss.ss_family == AF_INET)
        uv_ip4_name((struct sockaddr_in *)&ss, c->remote, sizeof(c->remote));
    else
        uv_ip6_name((struct sockaddr_in6 *)&ss, c->remote, sizeof(c->remote));
}

/* Bytes that came and were not looked at yet. */
static bool has_unread(const struct http_conn *c)
{
    uv_os_fd_t fd;
    int n = 0;
    return uv_fileno((const uv_handle_t *)&c->tcp, &fd) == 0 && ioctl(fd, FIONREAD, &n) == 0 && n > 0;
}

enum { SHAKES_LONG, SILENT, AT_WORK, KEEPS }; /* who gives the place first */

static int gives_place(const struct http_conn *c)
{
    if (c->broken || c->writing || c->job_runs || c->eof)
        return KEEPS;
    if (c->phase == PH_TLS)
        return uv_now(c->srv->loop) - c->since >= HTTP_SHAKE_MS ? SHAKES_LONG : AT_WORK;
    if (c->phase != PH_IDLE || c->pending.len > 0)
        return KEEPS;
    return c->tls != NULL && tls_partial(c->tls) ? AT_WORK : SILENT;
}

/* All places are taken: whoever has been silent longest, with no request begun and no answer due, goes. A
 * young handshake and half a record go last: their clients are at work, or pretend to be. */
static bool make_room(struct http_server *s)
{
    struct http_conn *out = NULL;
    int rank = KEEPS;
    for (struct http_conn *c = s->conns; c != NULL; c = c->next) {
        int r = c->phase == PH_CLOSED ? KEEPS : gives_place(c);
        bool before = r < rank || (r == rank && r != KEEPS && c->since <= out->since);
        if (!before || has_unread(c))
            continue;
        out = c;
        rank = r;
    }
    if (out != NULL)
        conn_close(out);
    return out != NULL;
}

/* It is told, as long as that takes no more than a few places; one with TLS would have to shake hands first.
 */
static void no_room(struct http_conn *c)
{
    conn_open(c);
    c->req = req_new(c);
    http_set(c->req, "Retry-After", "2");
    req_refuse(c, 503, "all connections are in use, try again");
}

static void conn_start(struct http_conn *c, bool room)
{
    struct http_server *s = c->srv;
    if (uv_accept((uv_stream_t *)&s->listener, (uv_stream_t *)&c->tcp) != 0 || s->closing ||
        (!room && (s->conf.tls != NULL || s->nopen > s->conf.max_conns + HTTP_OVER_MAX))) {
        conn_close(c);
        return;
    }
    if (!room) {
        no_room(c);
        return;
    }
    if (s->conf.tls != NULL && tls_new(s->conf.tls, NULL, &c->tls, NULL) != RC_OK) {
        conn_close(c);
        return;
    }
    c->phase = s->conf.tls != NULL ? PH_TLS : PH_IDLE;
    uv_tcp_nodelay(&c->tcp, 1);
    peer_name(c);
    conn_open(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *s = listener->data;
    if (status != 0)
        return;
    struct http_conn *c = calloc(1, sizeof(*c));
    if (c == NULL)
        abort();
    bool room = s->closing || s->nopen < s->conf.max_conns || make_room(s);
    c->srv = s;
    c->fresh = true;
    c->phase = PH_IDLE;
    c->next = s->conns;
    c->link = &s->conns;
    if (c->next != NULL)
        c->next->link = &c->next;
    s->conns = c;
    s->nconns++;
    s->nopen++;
    c->handles = 2;
    uv_tcp_init(s->loop, &c->tcp);
    uv_timer_init(s->loop, &c->timer);
    c->tcp.data = c->timer.data = c;
    conn_start(c, room);
}

static void fill_defaults(struct http_conf *f)
{
    f->max_body = f->max_body != 0 ? f->max_body : 65536;
    f->header_ms = f->header_ms != 0 ? f->header_ms : 10000;
    f->body_ms = f->body_ms != 0 ? f->body_ms : 30000;
    f->idle_ms = f->idle_ms != 0 ? f->idle_ms : 75000;
    f->max_conns = f->max_conns != 0 ? f->max_conns : 2048;
}

static void on_listener_closed(uv_handle_t *h)
{
    struct http_server *s = h->data;
    s->listener_gone = true;
    server_gone(s);
}

static int bind_and_listen(struct http_server *s, const char *host, int port)
{
    struct sockaddr_storage ss = {0};
    int len = sizeof(ss);
    int ret = uv_ip4_addr(host, port, (struct sockaddr_in *)&ss);
    if (ret != 0)
        ret = uv_ip6_addr(host, port, (struct sockaddr_in6 *)&ss);
    if (ret == 0)
        ret = uv_tcp_bind(&s->listener, (struct sockaddr *)&ss, 0);
    if (ret == 0)
        ret = uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_connection);
    if (ret == 0)
        ret = uv_tcp_getsockname(&s->listener, (struct sockaddr *)&ss, &len);
    /* The port stands at the same place in both families. */
    s->port = ret == 0 ? ntohs(((struct sockaddr_in *)&ss)->sin_port) : 0;
    return ret;
}

enum rc http_listen(uv_loop_t *loop, const struct http_conf *conf, struct http_server **out, struct err *e)
{
    struct http_server *s = calloc(1, sizeof(*s));
    BUF_SCOPE(headers);
    signal(SIGPIPE, SIG_IGN); /* a client that is gone is an error of write, not the end of the program */
    if (s == NULL)
        abort();
    s->loop = loop;
    s->conf = *conf;
    fill_defaults(&s->conf);
    pool_init(&s->pool, loop, TLS_AT_ONCE);
    buf_str(&headers, "");
    for (const char *const *h = conf->headers; h != NULL && *h != NULL; h++)
        buf_fmt(&headers, "%s\r\n", *h);
    s->headers = strdup(headers.p);
    s->headers_len = headers.len;
    uv_tcp_init(loop, &s->listener);
    s->listener.data = s;
    int ret = bind_and_listen(s, conf->host, conf->port);
    if (ret == 0) {
        *out = s;
        return RC_OK;
    }
    http_close(s);
    return err_set(e, RC_IO, "listen on %s:%d: %s", conf->host, conf->port, uv_strerror(ret));
}

int http_port(const struct http_server *s)
{
    return s->port;
}

unsigned http_conns(const struct http_server *s)
{
    return s->nconns;
}

void http_close(struct http_server *s)
{
    if (s == NULL || s->closing)
        return;
    s->closing = true;
    for (struct http_conn *c = s->conns; c != NULL; c = c->next)
        conn_close(c);
    uv_close((uv_handle_t *)&s->listener, on_listener_closed);
}
