/* The client: requests in a row, one connection under them. */
#include "common/base/httpc_priv.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX ((size_t)8 << 20)
#define HEAD_MAX ((size_t)65536)
#define CONNECT_MS 5000
#define REQUEST_MS 15000

struct creq {
    struct creq *next;
    struct buf out; /* head and body as they go to the wire */
    httpc_cb cb;
    void (*piece)(const char *p, size_t len, void *user);
    void *user;
    unsigned timeout_ms; /* 0: the client's */
    bool head, repeatable, repeated, written, answered;
};

struct httpc {
    uv_loop_t *loop;
    char *host, *unix_path, *server_name;
    int port;
    struct tls_ctx *tls;
    unsigned connect_ms, request_ms;
    uv_timer_t timer, kick;
    uv_getaddrinfo_t lookup;
    struct addrinfo *addrs, *addr; /* found, to be tried */
    struct hlink *link;
    struct creq *head, **tail;
    llhttp_t parser;
    struct buf body;
    size_t raw;      /* bytes of the answer's head */
    unsigned served; /* requests this link has answered */
    unsigned char handles;
    bool up, looking, freed, complete, keep;
};

static void advance(struct httpc *c);

static void gone(struct httpc *c)
{
    if (!c->freed || c->handles > 0 || c->looking)
        return;
    if (c->addrs != NULL)
        uv_freeaddrinfo(c->addrs);
    free(c->host);
    free(c->unix_path);
    free(c->server_name);
    wipe(c, sizeof(*c));
    free(c);
}

static void creq_free(struct creq *r)
{
    buf_free(&r->out);
    free(r);
}

/* The head of the row is done: its callback may do anything, even free the client. */
static void finish(struct httpc *c, enum rc rc, const char *text)
{
    struct creq *r = c->head;
    struct buf body = c->body;
    struct httpc_reply reply = {.rc = rc, .sent = r->written, .status = c->parser.status_code};
    c->body = (struct buf){0};
    c->head = r->next;
    if (c->head == NULL)
        c->tail = &c->head;
    uv_timer_stop(&c->timer);
    if (rc != RC_OK) {
        reply.status = 0;
        err_set(&reply.err, rc, "%s", text);
    } else {
        reply.body = body.p != NULL ? body.p : "";
        reply.len = body.len;
    }
    r->cb(&reply, r->user);
    buf_free(&body);
    creq_free(r);
}

static void drop_link(struct httpc *c)
{
    hlink_close(c->link);
    c->link = NULL;
    c->up = false;
    c->served = 0;
}

static void kick(struct httpc *c);

/* A kept connection may have been closed by the other side at the very moment it was used again. What may be
 * repeated safely is sent once more on a new one (RFC 9110, 9.2.2). */
static bool repeat(struct httpc *c)
{
    struct creq *r = c->head;
    if (r == NULL || c->served == 0 || !r->repeatable || r->repeated || r->answered)
        return false;
    r->repeated = true;
    r->written = false;
    return true;
}

static void lost(struct httpc *c, enum rc rc, const char *text)
{
    bool again = repeat(c), waiting = c->head != NULL && (c->head->written || !c->up);
    drop_link(c);
    if (again) {
        kick(c);
        return;
    }
    if (waiting)
        finish(c, rc, text);
    kick(c);
}

static int on_headers(llhttp_t *p)
{
    struct httpc *c = p->data;
    if (c->head->piece != NULL && p->status_code == 200)
        uv_timer_stop(&c->timer); /* endless from here on */
    return c->head->head ? 1 : 0;
}

static int on_body(llhttp_t *p, const char *s, size_t n)
{
    struct httpc *c = p->data;
    struct creq *r = c->head;
    if (r->piece != NULL && p->status_code == 200) {
        r->piece(s, n, r->user);
        return c->freed ? HPE_USER : 0;
    }
    if (n > BODY_MAX - c->body.len)
        return HPE_USER;
    buf_add(&c->body, s, n);
    return 0;
}

static int on_message(llhttp_t *p)
{
    struct httpc *c = p->data;
    if (p->status_code < 200) /* 100 Continue and its like: the answer follows */
        return 0;
    c->complete = true;
    c->keep = llhttp_should_keep_alive(p);
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers,
    .on_body = on_body,
    .on_message_complete = on_message,
};

static void completed(struct httpc *c, bool clean)
{
    c->served++;
    c->complete = false;
    if (!c->keep || !clean)
        drop_link(c);
    finish(c, RC_OK, NULL);
    kick(c);
}

static void link_bytes(void *owner, const char *p, size_t n)
{
    struct httpc *c = owner;
    if (c->head == NULL || !c->head->written) { /* nobody asked */
        lost(c, RC_PROTOCOL, "bytes without a request");
        return;
    }
    c->head->answered = true;
    enum llhttp_errno no = llhttp_execute(&c->parser, p, n);
    if (c->freed)
        return;
    if (c->complete) {
        completed(c, no == HPE_PAUSED && llhttp_get_error_pos(&c->parser) == p + n);
        return;
    }
    c->raw += n;
    if (no != HPE_OK)
        lost(c, RC_PROTOCOL, c->body.len > BODY_MAX / 2 ? "answer too large" : "malformed answer");
    else if (c->raw > HEAD_MAX + BODY_MAX && c->head->piece == NULL)
        lost(c, RC_PROTOCOL, "answer too large");
}

/* An answer without a length ends with the connection; all others are cut short by it. */
static void link_down(void *owner, enum rc rc, const char *text)
{
    struct httpc *c = owner;
    c->link = NULL;
    if (c->up && c->head != NULL && c->head->answered) {
        (void)llhttp_finish(&c->parser);
        if (c->complete) {
            c->keep = false;
            completed(c, false);
            return;
        }
    }
    /* Another address of the same name may do. */
    if (!c->up && c->addr != NULL && c->addr->ai_next != NULL) {
        c->addr = c->addr->ai_next;
        advance(c);
        return;
    }
    lost(c, rc, text);
}

static void link_up(void *owner)
{
    struct httpc *c = owner;
    c->up = true;
    advance(c);
}

static void on_timeout(uv_timer_t *t)
{
    struct httpc *c = t->data;
    bool up = c->up;
    if (c->head == NULL)
        return;
    if (up)
        c->head->repeated = true; /* late is not lost */
    drop_link(c);
    finish(c, RC_TIMEOUT, up ? "no answer in time" : "no connection in time");
    kick(c);
}

static void write_request(struct httpc *c)
{
    struct creq *r = c->head;
    llhttp_init(&c->parser, HTTP_RESPONSE, &settings);
    c->parser.data = c;
    c->raw = 0;
    c->complete = false;
    buf_free(&c->body);
    uv_timer_start(&c->timer, on_timeout, r->timeout_ms ? r->timeout_ms : c->request_ms, 0);
    r->written = true;
    if (!hlink_write(c->link, r->out.p, r->out.len))
        r->written = false; /* down follows */
}

static void open_link(struct httpc *c, const struct sockaddr *addr)
{
    static const struct hlink_events events = {link_up, link_bytes, link_down};
    struct hlink_conf conf = {.loop = c->loop,
                              .addr = addr,
                              .unix_path = c->unix_path,
                              .tls = c->tls,
                              .server_name = c->server_name,
                              .on = &events,
                              .owner = c};
    c->link = hlink_open(&conf);
}

static void on_found(uv_getaddrinfo_t *req, int status, struct addrinfo *list)
{
    struct httpc *c = req->data;
    c->looking = false;
    if (c->freed) {
        uv_freeaddrinfo(list);
        gone(c);
        return;
    }
    if (c->addrs != NULL)
        uv_freeaddrinfo(c->addrs);
    c->addrs = c->addr = status == 0 ? list : NULL;
    if (c->head == NULL)
        return;
    if (status == 0)
        advance(c);
    else
        lost(c, RC_UNAVAILABLE, uv_strerror(status));
}

static void look_up(struct httpc *c)
{
    char port[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    snprintf(port, sizeof(port), "%d", c->port);
    c->lookup.data = c;
    c->looking = uv_getaddrinfo(c->loop, &c->lookup, on_found, c->host, port, &hints) == 0;
    if (!c->looking)
        lost(c, RC_UNAVAILABLE, "name look-up failed");
}

static void connect_now(struct httpc *c)
{
    struct sockaddr_storage ss;
    if (c->unix_path != NULL)
        open_link(c, NULL);
    else if (uv_ip4_addr(c->host, c->port, (struct sockaddr_in *)&ss) == 0 ||
             uv_ip6_addr(c->host, c->port, (struct sockaddr_in6 *)&ss) == 0)
        open_link(c, (struct sockaddr *)&ss);
    else if (c->addr != NULL)
        open_link(c, c->addr->ai_addr);
    else
        look_up(c);
}

static void advance(struct httpc *c)
{
    if (c->head == NULL || c->freed)
        return;
    if (c->link == NULL) {
        if (!uv_is_active((uv_handle_t *)&c->timer))
            uv_timer_start(&c->timer, on_timeout, c->connect_ms, 0);
        if (!c->looking)
            connect_now(c);
    } else if (c->up && !c->head->written) {
        write_request(c);
    }
}

static void on_kick(uv_timer_t *t)
{
    struct httpc *c = t->data;
    if (c->link == NULL && c->addrs != NULL) { /* a name may have moved: look it up for each connection */
        uv_freeaddrinfo(c->addrs);
        c->addrs = c->addr = NULL;
    }
    advance(c);
}

static void kick(struct httpc *c)
{
    if (c->head == NULL || c->freed)
        return;
    if (c->up && !c->head->written)
        advance(c); /* hlink_write tells failures later */
    else if (c->link == NULL)
        uv_timer_start(&c->kick, on_kick, 0, 0);
}

static void on_handle_closed(uv_handle_t *h)
{
    struct httpc *c = h->data;
    c->handles--;
    gone(c);
}

struct httpc *httpc_new(uv_loop_t *loop, const struct httpc_conf *conf)
{
    struct httpc *c = calloc(1, sizeof(*c));
    signal(SIGPIPE, SIG_IGN); /* a server that is gone is an error of write, not the end of the program */
    if (c == NULL)
        abort();
    c->loop = loop;
    c->host = strdup(conf->host != NULL ? conf->host : "localhost");
    c->unix_path = conf->unix_path != NULL ? strdup(conf->unix_path) : NULL;
    c->server_name = conf->server_name != NULL ? strdup(conf->server_name) : strdup(c->host);
    c->port = conf->port;
    c->tls = conf->tls;
    c->connect_ms = conf->connect_ms != 0 ? conf->connect_ms : CONNECT_MS;
    c->request_ms = conf->request_ms != 0 ? conf->request_ms : REQUEST_MS;
    c->tail = &c->head;
    c->handles = 2;
    uv_timer_init(loop, &c->timer);
    uv_timer_init(loop, &c->kick);
    c->timer.data = c->kick.data = c;
    return c;
}

static bool has_header(const char *const *headers, const char *name)
{
    size_t n = strlen(name);
    for (; headers != NULL && *headers != NULL; headers++)
        if (strncasecmp(*headers, name, n) == 0 && (*headers)[n] == ':')
            return true;
    return false;
}

static void put_head(struct httpc *c, struct buf *b, const char *const *headers)
{
    bool v6 = strchr(c->host, ':') != NULL;
    if (!has_header(headers, "Host") && c->unix_path != NULL)
        buf_str(b, "Host: localhost\r\n");
    else if (!has_header(headers, "Host"))
        buf_fmt(b, "Host: %s%s%s:%d\r\n", v6 ? "[" : "", c->host, v6 ? "]" : "", c->port);
    for (; headers != NULL && *headers != NULL; headers++)
        if (strpbrk(*headers, "\r\n") == NULL)
            buf_fmt(b, "%s\r\n", *headers);
}

static struct creq *creq_new(struct httpc *c, const char *method, const char *path,
                             const char *const *headers)
{
    struct creq *r = calloc(1, sizeof(*r));
    if (r == NULL)
        abort();
    buf_fmt(&r->out, "%s %s HTTP/1.1\r\n", method, path);
    put_head(c, &r->out, headers);
    r->head = strcmp(method, "HEAD") == 0;
    bool same_again = strcmp(method, "GET") == 0 || strcmp(method, "PUT") == 0; /* RFC 9110, 9.2.2 */
    r->repeatable = r->head || same_again || has_header(headers, "Idempotency-Key");
    return r;
}

static void enqueue(struct httpc *c, struct creq *r)
{
    *c->tail = r;
    c->tail = &r->next;
    kick(c);
}

void httpc_start(struct httpc *c, const struct httpc_request *q, httpc_cb cb, void *user)
{
    struct creq *r = creq_new(c, q->method, q->path, q->headers);
    r->cb = cb;
    r->user = user;
    r->timeout_ms = q->timeout_ms;
    if (q->len > 0 || (strcmp(q->method, "GET") != 0 && !r->head))
        buf_fmt(&r->out, "Content-Length: %zu\r\n", q->len);
    buf_str(&r->out, "\r\n");
    buf_add(&r->out, q->body, q->len);
    enqueue(c, r);
}

void httpc_stream(struct httpc *c, const char *path, const char *const *headers,
                  void (*piece)(const char *p, size_t len, void *user), httpc_cb cb, void *user)
{
    struct creq *r = creq_new(c, "GET", path, headers);
    r->cb = cb;
    r->piece = piece;
    r->user = user;
    buf_str(&r->out, "\r\n");
    enqueue(c, r);
}

void httpc_free(struct httpc *c)
{
    if (c == NULL || c->freed)
        return;
    c->freed = true;
    drop_link(c);
    if (c->looking)
        uv_cancel((uv_req_t *)&c->lookup);
    while (c->head != NULL)
        finish(c, RC_CANCELLED, "the client was closed");
    buf_free(&c->body);
    uv_close((uv_handle_t *)&c->timer, on_handle_closed);
    uv_close((uv_handle_t *)&c->kick, on_handle_closed);
}
