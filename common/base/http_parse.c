/* Requests out of bytes: llhttp in strict mode, and what RFC 9112 leaves to the server to refuse. */
#include "common/base/http_priv.h"

#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/text.h"

static int refuse(struct http_conn *c, int status, const char *why)
{
    c->refuse = status;
    c->refuse_why = why;
    return HPE_USER;
}

static int on_begin(llhttp_t *p)
{
    struct http_conn *c = p->data;
    c->req = req_new(c);
    c->phase = PH_HEAD;
    c->head_bytes = c->body_bytes = 0;
    return 0;
}

static int add(struct http_conn *c, const char *p, size_t n)
{
    struct http_req *r = c->req;
    if (r->head.len + n > HTTP_HEAD_MAX)
        return refuse(c, r->url_done ? 431 : 414, r->url_done ? "headers too large" : "address too long");
    buf_add(&r->head, p, n);
    return 0;
}

static int on_url(llhttp_t *p, const char *s, size_t n)
{
    return add(p->data, s, n);
}

static int on_url_done(llhttp_t *p)
{
    struct http_conn *c = p->data;
    c->req->url_len = c->req->head.len;
    c->req->url_done = true;
    return add(c, "", 1);
}

static int on_field(llhttp_t *p, const char *s, size_t n)
{
    struct http_conn *c = p->data;
    struct http_req *r = c->req;
    if (!r->in_name) { /* first piece of this name */
        if (r->nhdrs == HTTP_HEADERS_MAX)
            return refuse(c, 431, "too many headers");
        r->hdrs[r->nhdrs] = (struct http_hdr){(uint32_t)r->head.len, 0};
        r->in_name = true;
    }
    return add(c, s, n);
}

static int on_field_done(llhttp_t *p)
{
    struct http_conn *c = p->data;
    if (!c->req->in_name || c->req->head.len == c->req->hdrs[c->req->nhdrs].name)
        return refuse(c, 400, "header without a name");
    c->req->in_name = false;
    int ret = add(c, "", 1);
    if (ret == 0)
        c->req->hdrs[c->req->nhdrs].value = (uint32_t)c->req->head.len;
    return ret;
}

static int on_value(llhttp_t *p, const char *s, size_t n)
{
    return add(p->data, s, n);
}

static int on_value_done(llhttp_t *p)
{
    struct http_conn *c = p->data;
    struct http_req *r = c->req;
    /* Blanks behind a value do not belong to it (RFC 9112, 5.1). */
    while (r->head.len > r->hdrs[r->nhdrs].value && strchr(" \t", r->head.p[r->head.len - 1]) != NULL)
        r->head.len--;
    int ret = add(c, "", 1);
    if (r->trailers)
        return ret; /* counted, not kept: the next one takes its place */
    r->nhdrs++;
    return ret;
}

/* Two of these would let two readers of one request see different things. */
static const char *const single[] = {
    "Host",   "Content-Length",  "Transfer-Encoding", "Content-Type",    "Authorization",   "Expect",
    "Origin", "X-Pridvor-Token", "Sec-Fetch-Site",    "Idempotency-Key", "Content-Encoding"};

static unsigned header_count(const struct http_req *r, const char *name)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->nhdrs; i++)
        n += strcasecmp(r->head.p + r->hdrs[i].name, name) == 0;
    return n;
}

static int hex1(char ch)
{
    int l = ch | 0x20;
    return ch >= '0' && ch <= '9' ? ch - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* Percent-decoded path; NULL for what has two readings: "..", encoded slashes, controls, bad UTF-8. */
static const char *decode_path(struct arena *a, const char *s, size_t n)
{
    char *out = arena_alloc(a, n + 1), *o = out;
    for (size_t i = 0; i < n; i++) {
        int ch = (unsigned char)s[i];
        if (ch == '%') {
            int hi = i + 2 < n ? hex1(s[i + 1]) : -1, lo = hi < 0 ? -1 : hex1(s[i + 2]);
            if (lo < 0)
                return NULL;
            ch = hi << 4 | lo;
            i += 2;
            if (ch == '/')
                return NULL;
        }
        if (ch < 0x20 || ch == 0x7F || ch == '\\')
            return NULL;
        *o++ = (char)ch;
    }
    if (!utf8_valid(out, (size_t)(o - out)))
        return NULL;
    for (const char *p = out; p != NULL; p = strchr(p + 1, '/'))
        if (p[0] == '/' && p[1] == '.' &&
            (p[2] == '\0' || p[2] == '/' || (p[2] == '.' && (p[3] == '\0' || p[3] == '/'))))
            return NULL;
    return out;
}

/* RFC 9112, 3.2.2: a whole address is taken, too, as clients of a proxy send it. Leaves what stands behind
 * the authority, which must be the Host; false when it is another. */
static bool skip_origin(const struct http_req *r, struct bytes *url)
{
    static const char *const schemes[] = {"http://", "https://"};
    const char *s = url->p, *host = http_header(r, "Host");
    for (size_t i = 0; i < COUNT(schemes); i++) {
        size_t n = strlen(schemes[i]);
        if (url->len < n || strncasecmp(s, schemes[i], n) != 0)
            continue;
        size_t end = n;
        while (end < url->len && s[end] != '/' && s[end] != '?')
            end++;
        if (host == NULL || end == n || strlen(host) != end - n || strncasecmp(host, s + n, end - n) != 0)
            return false;
        *url = BYTES(s + end, url->len - end);
        return true;
    }
    return url->len > 0;
}

static int take_url(struct http_conn *c)
{
    struct http_req *r = c->req;
    struct bytes url = BYTES(r->head.p, r->url_len);
    if (!skip_origin(r, &url) || memchr(url.p, '#', url.len) != NULL)
        return refuse(c, 400, "address must be a path");
    const char *s = url.p, *mark = memchr(s, '?', url.len);
    size_t n = mark != NULL ? (size_t)(mark - s) : url.len;
    bool whole = s != r->head.p; /* then an empty path is the root */
    if (n > 0 ? s[0] != '/' : !whole)
        return refuse(c, 400, "address must be a path");
    r->path = n > 0 ? decode_path(r->arena, s, n) : "/";
    if (r->path == NULL)
        return refuse(c, 400, "bad path");
    r->query = mark != NULL ? arena_strn(r->arena, mark + 1, url.len - n - 1) : "";
    return 0;
}

static int check_coding(struct http_conn *c, llhttp_t *p)
{
    const char *te = http_header(c->req, "Transfer-Encoding");
    if (te == NULL)
        return 0;
    if (http_header(c->req, "Content-Length") != NULL || p->http_minor == 0)
        return refuse(c, 400, "length given in two ways");
    return strcasecmp(te, "chunked") == 0 ? 0 : refuse(c, 501, "transfer coding not supported");
}

/* Host: no user part, no path (RFC 9110, 7.2). */
static bool host_ok(const char *host)
{
    return strpbrk(host, "/@?# \t,") == NULL;
}

static int check_head(struct http_conn *c, llhttp_t *p)
{
    struct http_req *r = c->req;
    if (p->http_major != 1 || p->http_minor > 1)
        return refuse(c, 505, "only HTTP/1.0 and 1.1");
    for (size_t i = 0; i < COUNT(single); i++)
        if (header_count(r, single[i]) > 1)
            return refuse(c, 400, "a header is given twice");
    const char *host = http_header(r, "Host");
    if (host != NULL ? !host_ok(host) : p->http_minor == 1)
        return refuse(c, 400, "bad or missing Host");
    int ret = check_coding(c, p);
    if (ret == 0)
        ret = take_url(c);
    if (ret == 0)
        req_route(r);
    if (ret == 0 && (p->flags & F_CONTENT_LENGTH) && p->content_length > req_body_max(r))
        ret = refuse(c, 413, "body too large");
    return ret;
}

static int on_head_done(llhttp_t *p)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct http_conn *c = p->data;
    struct http_req *r = c->req;
    r->method = llhttp_method_name((llhttp_method_t)p->method);
    r->head_only = p->method == HTTP_HEAD;
    r->http10 = p->http_minor == 0;
    int ret = check_head(c, p);
    if (ret != 0)
        return ret;
    p->upgrade = 0; /* offers to speak something else are ignored */
    r->trailers = true;
    c->phase = PH_BODY;
    const char *expect = http_header(r, "Expect");
    if (expect == NULL)
        return 0;
    if (strcasecmp(expect, "100-continue") != 0)
        return refuse(c, 417, "unknown expectation");
    if (!r->http10)
        conn_write(c, go_on, sizeof(go_on) - 1, NULL, 0);
    return 0;
}

static int sink(struct http_conn *c, const char *s, size_t n)
{
    struct http_req *r = c->req;
    if (n > req_body_max(r) - r->sunk)
        return refuse(c, 413, "body too large");
    if (r->sunk / HTTP_FLUSH_MIN != (r->sunk + n) / HTTP_FLUSH_MIN) /* fast enough: its time begins anew */
        conn_timer(c, c->srv->conf.body_ms);
    r->sunk += n;
    if (r->sink != NULL)
        r->route->sink->piece(r->sink, s, n);
    return 0;
}

static int on_body(llhttp_t *p, const char *s, size_t n)
{
    struct http_conn *c = p->data;
    if (c->req->route != NULL)
        return sink(c, s, n);
    if (n > c->srv->conf.max_body - c->req->body.len)
        return refuse(c, 413, "body too large");
    buf_add(&c->req->body, s, n);
    return 0;
}

static int on_done(llhttp_t *p)
{
    struct http_conn *c = p->data;
    c->req->complete = true;
    c->keep = llhttp_should_keep_alive(p) && !c->srv->closing;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_begin,
    .on_url = on_url,
    .on_url_complete = on_url_done,
    .on_header_field = on_field,
    .on_header_field_complete = on_field_done,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_done,
    .on_headers_complete = on_head_done,
    .on_body = on_body,
    .on_message_complete = on_done,
};

void parse_init(struct http_conn *c)
{
    llhttp_init(&c->parser, HTTP_REQUEST, &settings);
    c->parser.data = c;
}

/* The raw bytes count too: blanks and chunk extensions are in no field. */
static bool too_long(struct http_conn *c, size_t n)
{
    if (c->phase == PH_HEAD || c->phase == PH_IDLE)
        return (c->head_bytes += n) > HTTP_HEAD_MAX;
    return (c->body_bytes += n) > 2 * req_body_max(c->req) + 65536;
}

/* llhttp joins folded header lines; RFC 9112, 5.2 lets a server refuse them, and two readers of one head must
 * not see different things. Looks for a line of the head that begins with a blank. */
static bool folded(struct http_conn *c, const char *p, size_t n)
{
    for (size_t i = 0; i < n && !c->head_scanned;) {
        if (c->line_start && c->line_seen) {
            if (p[i] == ' ' || p[i] == '\t')
                return true;
            c->head_scanned = p[i] == '\r' || p[i] == '\n';
        }
        c->line_start = false;
        c->line_seen |= p[i] != '\r' && p[i] != '\n'; /* empty lines may come before a request */
        const char *lf = memchr(p + i, '\n', n - i);
        if (lf == NULL)
            break;
        c->line_start = true;
        i = (size_t)(lf - p) + 1;
    }
    return false;
}

static void malformed(struct http_conn *c)
{
    int status = c->refuse != 0 ? c->refuse : 400;
    const char *why = c->refuse != 0 ? c->refuse_why : llhttp_get_error_reason(&c->parser);
    c->refuse = 0;
    req_refuse(c, status, why != NULL && why[0] != '\0' ? why : "malformed request");
}

size_t parse_feed(struct http_conn *c, const char *p, size_t n)
{
    size_t used = 0;
    while (used < n && (c->phase == PH_IDLE || c->phase == PH_HEAD || c->phase == PH_BODY)) {
        if (folded(c, p + used, n - used)) {
            req_refuse(c, 400, "folded header");
            return n;
        }
        enum llhttp_errno no = llhttp_execute(&c->parser, p + used, n - used);
        if (no == HPE_OK) {
            if (too_long(c, n - used))
                req_refuse(c, c->phase == PH_BODY ? 413 : 431, "too large");
            return n;
        }
        if (no != HPE_PAUSED) {
            malformed(c);
            return n;
        }
        used = (size_t)(llhttp_get_error_pos(&c->parser) - p);
        llhttp_resume(&c->parser);
        c->head_scanned = c->line_start = c->line_seen = false;
        req_dispatch(c->req);
    }
    return used;
}
