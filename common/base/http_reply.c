/* Requests as handlers see them: look-ups, routes, answers, streams. */
#include "common/base/http_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/text.h"

struct http_req *req_new(struct http_conn *c)
{
    struct arena *a = arena_new();
    struct http_req *r = ARENA_NEW(a, struct http_req);
    r->arena = a;
    r->conn = c;
    r->started_us = mono_us();
    return r;
}

void req_free(struct http_req *r)
{
    if (r->sink != NULL)
        r->route->sink->drop(r->sink);
    buf_free(&r->head);
    buf_free(&r->body);
    buf_free(&r->extra);
    arena_free(r->arena); /* r lies in it */
}

struct arena *http_arena(struct http_req *r)
{
    return r->arena;
}

const char *http_method(const struct http_req *r)
{
    return r->method != NULL ? r->method : "";
}

const char *http_path(const struct http_req *r)
{
    return r->path != NULL ? r->path : "";
}

const char *http_header(const struct http_req *r, const char *name)
{
    for (unsigned i = 0; i < r->nhdrs; i++)
        if (strcasecmp(r->head.p + r->hdrs[i].name, name) == 0)
            return r->head.p + r->hdrs[i].value;
    return NULL;
}

const char *http_header_last(const struct http_req *r, const char *name)
{
    for (unsigned i = r->nhdrs; i > 0; i--)
        if (strcasecmp(r->head.p + r->hdrs[i - 1].name, name) == 0)
            return r->head.p + r->hdrs[i - 1].value;
    return NULL;
}

const char *http_body(const struct http_req *r, size_t *len)
{
    if (len != NULL)
        *len = r->body.len;
    return r->body.p != NULL ? r->body.p : "";
}

const char *http_peer_cn(const struct http_req *r)
{
    return r->conn != NULL && r->conn->tls != NULL ? tls_peer_cn(r->conn->tls) : "";
}

const char *http_peer_serial(const struct http_req *r)
{
    return r->conn != NULL && r->conn->tls != NULL ? tls_peer_serial(r->conn->tls) : "";
}

const char *http_remote(const struct http_req *r)
{
    return r->conn != NULL ? r->conn->remote : "";
}

int64_t http_started_us(const struct http_req *r)
{
    return r->started_us;
}

/* application/x-www-form-urlencoded; NULL when it is malformed. */
static const char *decode_value(struct arena *a, const char *s, size_t n)
{
    char *out = arena_alloc(a, n + 1), *o = out;
    for (size_t i = 0; i < n; i++) {
        char pair[3] = "", ch = s[i] == '+' ? ' ' : s[i];
        size_t len;
        if (s[i] == '%') {
            if (i + 2 >= n)
                return NULL;
            memcpy(pair, s + i + 1, 2);
            if (!hex_decode(&ch, 1, &len, pair) || len != 1 || ch == '\0')
                return NULL;
            i += 2;
        }
        *o++ = ch;
    }
    return utf8_valid(out, (size_t)(o - out)) ? out : NULL;
}

const char *http_query(struct http_req *r, const char *name)
{
    size_t want = strlen(name);
    for (const char *p = r->query; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, "&");
        size_t key = strcspn(p, "=&");
        if (key == want && memcmp(p, name, want) == 0)
            return key < n ? decode_value(r->arena, p + key + 1, n - key - 1) : "";
        p += n + (p[n] == '&');
    }
    return NULL;
}

void http_set(struct http_req *r, const char *name, const char *value)
{
    if (strpbrk(name, "\r\n:") == NULL && strpbrk(value, "\r\n") == NULL)
        buf_fmt(&r->extra, "%s: %s\r\n", name, value);
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = {{200, "OK"},
                {201, "Created"},
                {202, "Accepted"},
                {204, "No Content"},
                {303, "See Other"},
                {304, "Not Modified"},
                {400, "Bad Request"},
                {401, "Unauthorized"},
                {403, "Forbidden"},
                {404, "Not Found"},
                {405, "Method Not Allowed"},
                {408, "Request Timeout"},
                {409, "Conflict"},
                {413, "Content Too Large"},
                {414, "URI Too Long"},
                {415, "Unsupported Media Type"},
                {417, "Expectation Failed"},
                {421, "Misdirected Request"},
                {422, "Unprocessable Content"},
                {429, "Too Many Requests"},
                {431, "Request Header Fields Too Large"},
                {500, "Internal Server Error"},
                {501, "Not Implemented"},
                {502, "Bad Gateway"},
                {503, "Service Unavailable"},
                {504, "Gateway Timeout"},
                {505, "HTTP Version Not Supported"},
                {507, "Insufficient Storage"}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].status == status)
            return rows[i].text;
    return "Other";
}

/* IMF-fixdate (RFC 9110, 5.6.7), made once a second. */
static const char *date_now(struct http_server *s)
{
    static const char days[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t now = time(NULL);
    if (now == s->date_s)
        return s->date;
    struct date d = date_add((struct date){1970, 1, 1}, now / 86400);
    int t = (int)(now % 86400);
    snprintf(s->date, sizeof(s->date), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[date_weekday(d) - 1], d.d,
             months[d.m - 1], d.y, t / 3600, t / 60 % 60, t % 60);
    s->date_s = now;
    return s->date;
}

struct buf *put_head(struct http_req *r, int status, const char *type, int64_t len)
{
    struct http_conn *c = r->conn;
    struct buf *b = &c->srv->scratch;
    buf_reset(b);
    buf_fmt(b, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, reason(status), date_now(c->srv));
    if (type != NULL && status != 204 && status != 304)
        buf_fmt(b, "Content-Type: %s\r\n", type);
    if (len >= 0 && status != 204 && status != 304)
        buf_fmt(b, "Content-Length: %lld\r\n", (long long)len);
    else if (len < 0 && !r->http10)
        buf_str(b, "Transfer-Encoding: chunked\r\n");
    if (status == 401) /* RFC 9110, 11.6.1: it must say how; no browser has a dialog for this one */
        buf_str(b, "WWW-Authenticate: Session realm=\"pridvor\"\r\n");
    buf_add(b, c->srv->headers, c->srv->headers_len);
    if (r->extra.len > 0)
        buf_add(b, r->extra.p, r->extra.len);
    if (!c->keep)
        buf_str(b, "Connection: close\r\n");
    else if (r->http10)
        buf_str(b, "Connection: keep-alive\r\n");
    buf_str(b, "\r\n");
    return b;
}

void http_reply(struct http_req *r, int status, const char *type, const void *body, size_t len)
{
    struct http_conn *c = r->conn;
    if (c == NULL) {
        req_free(r);
        return;
    }
    struct buf *b = put_head(r, status, type, (int64_t)len);
    bool bare = r->head_only || status == 204 || status == 304;
    conn_write(c, b->p, b->len, body, bare ? 0 : len);
    buf_reset(b);
    c->req = NULL;
    req_free(r);
    conn_answered(c);
}

void http_json(struct http_req *r, int status, const char *json)
{
    http_reply(r, status, "application/json", json, strlen(json));
}

static void put_error(struct buf *b, const struct err *e)
{
    buf_fmt(b, "{\"error\":{\"rc\":\"%s\",\"key\":\"%s\",\"path\":", rc_name(e->rc), rc_key(e->rc));
    json_quote(b, e->path);
    if (e->code != NULL) {
        buf_str(b, ",\"code\":");
        json_quote(b, e->code);
    }
    buf_str(b, ",\"text\":");
    json_quote(b, e->text);
    buf_str(b, "}}");
}

static void reply_error(struct http_req *r, int status, const struct err *e)
{
    BUF_SCOPE(b);
    if (r->conn != NULL && r->conn->srv->conf.explain != NULL)
        r->conn->srv->conf.explain(&b, e);
    else
        put_error(&b, e);
    http_reply(r, status, "application/json", b.p, b.len);
}

void http_fail(struct http_req *r, const struct err *e)
{
    reply_error(r, rc_http(e->rc), e);
}

static enum rc rc_of_status(int status)
{
    switch (status) {
    case 408:
        return RC_TIMEOUT;
    case 413:
    case 414:
    case 431:
        return RC_TOO_BIG;
    case 503:
        return RC_UNAVAILABLE;
    default:
        return RC_BAD_REQUEST;
    }
}

void req_refuse(struct http_conn *c, int status, const char *why)
{
    struct err e = {0};
    if (c->req == NULL)
        c->req = req_new(c);
    c->req->complete = true;
    c->keep = false;
    c->phase = PH_BUSY;
    err_set(&e, rc_of_status(status), "%s", why);
    reply_error(c->req, status, &e);
}

static bool path_matches(const struct http_route *t, const char *path)
{
    const char *p = t->path;

    for (; *p; p++) {
        if (*p != '*') {
            if (*p != *path++)
                return false;
            continue;
        }
        size_t n = strcspn(path, "/");
        if (!p[1])
            return true;
        if (n == 0)
            return false;
        path += n;
    }
    return *path == '\0';
}

static void not_here(struct http_req *r, const char *allowed)
{
    struct err e = {0};
    if (allowed == NULL) {
        err_set(&e, RC_NOT_FOUND, "nothing here");
    } else {
        http_set(r, "Allow", allowed);
        err_set(&e, RC_METHOD, "only %s here", allowed);
    }
    http_fail(r, &e);
}

static bool method_matches(const struct http_route *t, const struct http_req *r)
{
    return strcmp(t->method, r->method) == 0 || (r->head_only && strcmp(t->method, "GET") == 0);
}

void req_route(struct http_req *r)
{
    const struct http_conf *f = &r->conn->srv->conf;
    for (size_t i = 0; i < f->nroutes; i++) {
        const struct http_route *t = &f->routes[i];
        if (!path_matches(t, r->path) || !method_matches(t, r))
            continue;
        if (t->sink != NULL) {
            r->route = t;
            r->sink = t->sink->open(r, f->user);
        }
        return;
    }
}

size_t req_body_max(const struct http_req *r)
{
    return r->route != NULL && r->route->max_body > 0 ? r->route->max_body : r->conn->srv->conf.max_body;
}

void *http_sink_take(struct http_req *r)
{
    void *state = r->sink;
    r->sink = NULL;
    return state;
}

void req_dispatch(struct http_req *r)
{
    struct http_conn *c = r->conn;
    const struct http_conf *f = &c->srv->conf;
    BUF_SCOPE(allowed);
    c->phase = PH_BUSY;
    for (size_t i = 0; i < f->nroutes; i++) {
        const struct http_route *t = &f->routes[i];
        if (!path_matches(t, r->path))
            continue;
        if (method_matches(t, r)) {
            if (f->gate == NULL || f->gate(r, t->flags, f->user))
                t->fn(r, f->user);
            return;
        }
        if (allowed.p == NULL || strstr(allowed.p, t->method) == NULL)
            buf_fmt(&allowed, "%s%s", allowed.len > 0 ? ", " : "", t->method);
    }
    not_here(r, allowed.p);
}

void http_stream(struct http_req *r, const char *type, void (*on_close)(struct http_req *r, void *p), void *p)
{
    struct http_conn *c = r->conn;
    r->streaming = true;
    r->on_close = on_close;
    r->on_close_p = p;
    if (c == NULL) { /* went away before: the usual end */
        if (on_close != NULL)
            on_close(r, p);
        req_free(r);
        return;
    }
    if (r->http10)
        c->keep = false;
    struct buf *b = put_head(r, 200, type, -1);
    conn_streams(c);
    conn_write(c, b->p, b->len, NULL, 0);
    if (r->head_only)
        http_stream_end(r);
}

void http_stream_send(struct http_req *r, const void *p, size_t len)
{
    struct http_conn *c = r->conn;
    if (c == NULL || c->phase != PH_STREAM || len == 0)
        return;
    if (c->outq.len > HTTP_BACKLOG_MAX) {
        conn_break(c);
        return;
    }
    struct buf *b = &c->srv->scratch;
    buf_reset(b);
    if (!r->http10)
        buf_fmt(b, "%zx\r\n", len);
    buf_add(b, p, len);
    if (!r->http10)
        buf_str(b, "\r\n");
    conn_write(c, b->p, b->len, NULL, 0);
    buf_reset(b);
}

void http_stream_end(struct http_req *r)
{
    struct http_conn *c = r->conn;
    if (c == NULL || c->phase != PH_STREAM)
        return;
    if (!r->http10 && !r->head_only)
        conn_write(c, "0\r\n\r\n", 5, NULL, 0);
    c->req = NULL;
    c->phase = PH_BUSY;
    r->conn = NULL;
    if (r->on_close != NULL)
        r->on_close(r, r->on_close_p);
    req_free(r);
    conn_answered(c);
}
