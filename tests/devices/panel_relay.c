/* A cable that can be cut: TCP from one port to another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/devices/panel.h"

enum { PIECE = 65536 };

struct link;
struct side {
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shut;
    struct link *link;
    struct side *other;
    bool ended;  /* read its last byte */
    size_t held; /* bytes read here, on their way to the other side */
    char piece[PIECE];
};
struct link {
    struct relay *relay;
    struct link *next;
    uv_connect_t connect;
    struct side in, out;
    int open; /* handles not yet closed */
    bool closing, connected;
};
struct relay {
    uv_loop_t *loop;
    uv_tcp_t listener;
    struct sockaddr_in to;
    struct link *links;
    unsigned count;
    enum cable how;
    bool closed;
};

static void relay_free_when_done(struct relay *r)
{
    if (r->closed && !r->links)
        free(r);
}

static void on_closed(uv_handle_t *h)
{
    struct link *l = ((struct side *)h->data)->link;
    if (--l->open > 0)
        return;
    struct relay *r = l->relay;
    struct link **at = &r->links;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    r->count--;
    free(l);
    relay_free_when_done(r);
}

static void drop(struct link *l, bool reset)
{
    if (l->closing)
        return;
    l->closing = true;
    struct side *both[] = {&l->in, &l->out};
    for (int i = 0; i < 2; i++)
        if (!reset || uv_tcp_close_reset(&both[i]->tcp, on_closed) != 0)
            uv_close((uv_handle_t *)&both[i]->tcp, on_closed);
}

static void flow(struct side *s);

static void on_written(uv_write_t *w, int status)
{
    struct side *s = w->data; /* the side the bytes came from */
    s->held = 0;
    if (status < 0)
        drop(s->link, false);
    else
        flow(s);
}

static void on_shut(uv_shutdown_t *q, int status)
{
    (void)status;
    struct side *s = q->data;
    if (s->ended && s->other->ended)
        drop(s->link, false);
}

static void on_room(uv_handle_t *h, size_t want, uv_buf_t *b)
{
    (void)want;
    struct side *s = h->data;
    *b = uv_buf_init(s->piece, PIECE);
}

static void send_on(struct side *s)
{
    uv_buf_t b = uv_buf_init(s->piece, (unsigned)s->held);
    s->write.data = s;
    if (uv_write(&s->write, (uv_stream_t *)&s->other->tcp, &b, 1, on_written) != 0)
        drop(s->link, false);
}

static void on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
    struct side *s = h->data;
    (void)b;
    if (n == 0)
        return;
    uv_read_stop(h);
    if (n > 0) {
        s->held = (size_t)n;
        if (s->link->relay->how == CABLE_OPEN)
            send_on(s);
        return;
    }
    s->ended = true;
    s->shut.data = s;
    if (n != UV_EOF || uv_shutdown(&s->shut, (uv_stream_t *)&s->other->tcp, on_shut) != 0)
        drop(s->link, n != UV_EOF);
}

/* Reads on when the cable is whole and nothing is on its way. */
static void flow(struct side *s)
{
    struct link *l = s->link;
    if (l->closing || !l->connected || s->ended || l->relay->how != CABLE_OPEN)
        return;
    if (s->held > 0)
        send_on(s);
    else
        uv_read_start((uv_stream_t *)&s->tcp, on_room, on_read);
}

static void on_connected(uv_connect_t *k, int status)
{
    struct link *l = k->data;
    if (l->closing)
        return;
    if (status < 0) {
        drop(l, true);
        return;
    }
    l->connected = true;
    flow(&l->in);
    flow(&l->out);
}

static void on_accept(uv_stream_t *server, int status)
{
    struct relay *r = server->data;
    struct link *l = calloc(1, sizeof *l);
    if (status < 0 || !l) {
        free(l);
        return;
    }
    l->relay = r;
    l->next = r->links;
    r->links = l;
    r->count++;
    l->open = 2;
    struct side *both[] = {&l->in, &l->out};
    for (int i = 0; i < 2; i++) {
        uv_tcp_init(r->loop, &both[i]->tcp);
        both[i]->tcp.data = both[i];
        both[i]->link = l;
        both[i]->other = both[1 - i];
    }
    l->connect.data = l;
    if (uv_accept(server, (uv_stream_t *)&l->in.tcp) != 0 || r->how == CABLE_CUT)
        drop(l, true);
    else if (uv_tcp_connect(&l->connect, &l->out.tcp, (const struct sockaddr *)&r->to, on_connected) != 0)
        drop(l, true);
    else
        uv_tcp_nodelay(&l->in.tcp, 1);
}

struct relay *relay_new(uv_loop_t *loop, int from, int to)
{
    struct relay *r = calloc(1, sizeof *r);
    struct sockaddr_in here;
    if (!r)
        abort();
    r->loop = loop;
    uv_ip4_addr("127.0.0.1", from, &here);
    uv_ip4_addr("127.0.0.1", to, &r->to);
    uv_tcp_init(loop, &r->listener);
    r->listener.data = r;
    int rc = uv_tcp_bind(&r->listener, (const struct sockaddr *)&here, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&r->listener, 128, on_accept);
    if (rc == 0)
        return r;
    fprintf(stderr, "vpanel: port %d: %s\n", from, uv_strerror(rc));
    relay_close(r);
    return NULL;
}

void relay_set(struct relay *r, enum cable how)
{
    r->how = how;
    for (struct link *l = r->links, *next; l; l = next) {
        next = l->next;
        if (how == CABLE_CUT) {
            drop(l, true);
        } else if (how == CABLE_OPEN) {
            flow(&l->in);
            flow(&l->out);
        } else {
            uv_read_stop((uv_stream_t *)&l->in.tcp);
            uv_read_stop((uv_stream_t *)&l->out.tcp);
        }
    }
}

enum cable relay_get(const struct relay *r)
{
    return r->how;
}

unsigned relay_links(const struct relay *r)
{
    return r->count;
}

static void on_listener_closed(uv_handle_t *h)
{
    struct relay *r = h->data;
    r->closed = true;
    relay_free_when_done(r);
}

void relay_close(struct relay *r)
{
    for (struct link *l = r->links; l; l = l->next)
        drop(l, true);
    uv_close((uv_handle_t *)&r->listener, on_listener_closed);
}
