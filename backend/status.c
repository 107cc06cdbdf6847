/* The pages for citizens over HTTP: receipt code and PIN, no JavaScript. The loop reads what came and sends
 * what a thread of the room made of it (public_answer). */
#include <stdlib.h>
#include <string.h>

#include "backend/public_store.h"
#include "common/base/log.h"

struct carry {
    struct registry *g;
    struct http_req *http;
    struct public_ask ask;
    struct public_reply reply;
    struct public_form *form;
    const char *path; /* of the language links */
};

/* Behind TLS the cookie says so, and no neighbour of the domain can set it. */
static bool secure(const struct registry *g)
{
    return g->conf.public_url && strncmp(g->conf.public_url, "https://", 8) == 0;
}

static const char *cookie_name(const struct registry *g)
{
    return secure(g) ? "__Host-pridvor_s" : "pridvor_s";
}

static const char *cookie_of(struct http_req *r, const char *name)
{
    const char *at = http_header(r, "cookie");
    size_t n = strlen(name);

    while (at) {
        at += strspn(at, "; ");
        if (strncmp(at, name, n) == 0 && at[n] == '=')
            return arena_strn(http_arena(r), at + n + 1, strcspn(at + n + 1, "; "));
        at = strchr(at, ';');
    }
    return NULL;
}

const char *public_cookie(struct http_req *r)
{
    const char *strict = cookie_of(r, "__Host-pridvor_s");
    return strict ? strict : cookie_of(r, "pridvor_s");
}

static void set_cookie(struct carry *c, const char *value, int seconds)
{
    http_set(c->http, "Set-Cookie",
             arena_fmt(http_arena(c->http), "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
                       cookie_name(c->g), value, seconds, secure(c->g) ? "; Secure" : ""));
}

static void send_page(struct http_req *r, int status, const struct html_frame *f)
{
    const char *page = html_page(http_arena(r), f);
    http_reply(r, status, "text/html; charset=utf-8", page, strlen(page));
}

static void send_form(struct carry *c, int status, const char *problem)
{
    enum lang lang = c->ask.guess;
    const char *code = c->ask.arg;
    struct arena *a = http_arena(c->http);
    const struct html_form form = {lang, code, problem};
    const struct html_frame f = {.lang = lang,
                                 .title = status_text(SW_TITLE, lang),
                                 .main = html_enter(a, &form),
                                 .path = code ? arena_fmt(a, "/s/%s", code) : "/s"};
    send_page(c->http, status, &f);
}

/* A name of any letters in a header: RFC 8187. */
static void send_file(struct carry *c)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    bool pdf = strcmp(c->reply.type, "application/pdf") == 0;
    const char *suffix = pdf ? "pdf" : "jpg";
    BUF_SCOPE(b);

    buf_fmt(&b, "attachment; filename=\"document.%s\"; filename*=UTF-8''", suffix);
    for (const char *s = c->reply.name; *s; s++)
        if (strchr(plain, *s))
            buf_chr(&b, *s);
        else
            buf_fmt(&b, "%%%02X", (unsigned char)*s);
    buf_fmt(&b, ".%s", suffix);
    http_set(c->http, "Content-Disposition", b.p);
    store_send(c->reply.file, c->http, pdf ? "application/pdf" : "image/jpeg");
}

static void count(struct registry *g, const struct carry *c)
{
    if (c->ask.page != PAGE_ENTER && c->ask.page != PAGE_NUMBER_DO)
        return;
    g->stats.status_ok += c->reply.status == 303;
    g->stats.status_wrong += c->reply.status == 403;
    g->stats.status_locked += c->reply.status == 429;
}

static void send_reply(struct carry *c)
{
    const struct public_reply *r = &c->reply;

    if (r->token)
        set_cookie(c, r->token, 3600);
    if (r->forget)
        set_cookie(c, "", 0);
    if (r->go) {
        http_set(c->http, "Location", r->go);
        http_reply(c->http, 303, "text/plain", "", 0);
    } else if (r->file) {
        send_file(c);
    } else {
        const struct html_frame f = {.lang = r->lang,
                                     .title = r->title,
                                     .main = r->main,
                                     .path = r->path     ? r->path
                                             : r->inside ? c->path
                                                         : "/s",
                                     .inside = r->inside};
        send_page(c->http, r->status, &f);
    }
}

static enum rc on_thread(struct work *w, void *user, struct err *e)
{
    struct carry *c = user;
    (void)e;
    public_answer(w, &c->ask, &c->reply);
    return RC_OK;
}

static void on_answered(const struct err *e, void *user)
{
    struct carry *c = user;
    struct public_form *form = c->form; /* c is gone with the answer */

    if (e->rc != RC_OK) {
        store_close(c->reply.file);
        log_err(e, "event=status_failed");
        send_form(c, rc_http(e->rc), status_text(SW_LATER, c->ask.guess));
    } else {
        count(c->g, c);
        send_reply(c);
    }
    form_drop(form);
}

static void start(struct carry *c)
{
    const struct room_job job = {on_thread, on_answered, c};
    struct public_form *form = c->form;
    struct err e = {0};

    if (c->g->room && room_run(c->g->room, &job, &e) == RC_OK)
        return;
    send_form(c, 503, status_text(SW_LATER, c->ask.guess));
    form_drop(form);
}

static enum lang lang_of(struct http_req *r)
{
    enum lang lang = LANG_RO;
    char accept[3] = "";
    const char *header = http_header(r, "accept-language");

    if (header && strlen(header) >= 2)
        memcpy(accept, header, 2);
    return lang_parse(accept, &lang) ? lang : LANG_RO;
}

/* Behind a proxy on this machine the address is what the proxy saw: the last one of the last such header.
 * What a client writes there itself stands before it. */
static const char *client_of(struct http_req *r)
{
    const char *at = http_remote(r);

    if (strncmp(at, "127.", 4) != 0 && strcmp(at, "::1") != 0)
        return at;
    const char *seen = http_header_last(r, "x-forwarded-for");
    if (!seen)
        return at;
    const char *comma = strrchr(seen, ','), *last = comma ? comma + 1 : seen;
    return arena_str(http_arena(r), last + strspn(last, " \t"));
}

static struct carry *carry_new(struct http_req *r, struct registry *g, enum public_page page,
                               const char *lang)
{
    struct carry *c = ARENA_NEW(http_arena(r), struct carry);

    c->g = g;
    c->http = r;
    c->path = http_path(r);
    c->ask.page = page;
    c->ask.guess = lang_of(r);
    c->ask.token = public_cookie(r);
    c->ask.client = client_of(r);
    c->ask.arg = NULL;
    if (lang && lang_parse(lang, &c->ask.guess))
        c->ask.lang = lang_codes[c->ask.guess];
    return c;
}

/* ---- application/x-www-form-urlencoded ---- */

static const char *decoded(struct arena *a, const char *p, size_t n)
{
    char *out = arena_alloc(a, n + 1), *to = out;

    for (size_t i = 0; i < n; i++) {
        uint8_t byte;
        size_t one;
        char hex[3] = {p[i], i + 1 < n ? p[i + 1] : 0, 0};
        if (p[i] != '%') {
            *to++ = p[i] == '+' ? ' ' : p[i];
            continue;
        }
        if (i + 2 >= n)
            return "";
        memcpy(hex, p + i + 1, 2);
        if (!hex_decode(&byte, 1, &one, hex) || one != 1 || byte == 0)
            return "";
        *to++ = (char)byte;
        i += 2;
    }
    return utf8_valid(out, (size_t)(to - out)) ? out : "";
}

static void read_form(struct carry *c)
{
    struct arena *a = http_arena(c->http);
    size_t len;
    const char *p = http_body(c->http, &len), *end = p + len;
    struct public_value *values = ARENA_ARRAY(a, struct public_value, PUBLIC_FIELDS_MAX);

    c->ask.values = values;
    while (p && p < end && c->ask.n_values < PUBLIC_FIELDS_MAX) {
        const char *amp = memchr(p, '&', (size_t)(end - p)), *stop = amp ? amp : end;
        const char *is = memchr(p, '=', (size_t)(stop - p));
        if (is)
            values[c->ask.n_values++] = (struct public_value){decoded(a, p, (size_t)(is - p)),
                                                              decoded(a, is + 1, (size_t)(stop - is - 1))};
        p = amp ? amp + 1 : end;
    }
    if (lang_parse(public_value(&c->ask, "lang"), &c->ask.guess))
        c->ask.lang = lang_codes[c->ask.guess];
}

/* What a browser says about where a form stood; the stamp in the form is what counts. */
static bool from_elsewhere(struct http_req *r)
{
    const char *site = http_header(r, "sec-fetch-site");
    return site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
}

/* ---- routes ---- */

void status_get(struct http_req *r, void *user)
{
    struct carry *c = carry_new(r, user, PAGE_ENTER, http_query(r, "lang"));
    char code[RECEIPT_CODE_LEN + 1];

    if (strncmp(http_path(r), "/s/", 3) == 0 && receipt_code_norm(code, http_path(r) + 3))
        c->ask.arg = arena_str(http_arena(r), code);
    send_form(c, 200, NULL);
}

static void post(struct http_req *r, struct registry *g, enum public_page page, const char *arg)
{
    struct carry *c = carry_new(r, g, page, NULL);

    read_form(c);
    if (from_elsewhere(r)) {
        send_form(c, 403, tr_get(&public_words[PW_OVER], c->ask.guess));
        return;
    }
    c->ask.arg = arg;
    start(c);
}

void status_post(struct http_req *r, void *user)
{
    post(r, user, PAGE_ENTER, NULL);
}

void number_get(struct http_req *r, void *user)
{
    start(carry_new(r, user, PAGE_NUMBER, http_query(r, "lang")));
}

void number_post(struct http_req *r, void *user)
{
    post(r, user, PAGE_NUMBER_DO, NULL);
}

void board_get(struct http_req *r, void *user)
{
    start(carry_new(r, user, PAGE_BOARD, http_query(r, "lang")));
}

void link_get(struct http_req *r, void *user)
{
    struct carry *c = carry_new(r, user, PAGE_LINK_OPEN, http_query(r, "lang"));
    enum lang lang = c->ask.guess;
    const struct html_frame f = {.lang = lang,
                                 .title = tr_get(&public_words[PW_LINK_TITLE], lang),
                                 .main = html_link(http_arena(r), lang, http_path(r) + strlen("/c/")),
                                 .path = http_path(r)};
    send_page(r, 200, &f);
}

void link_post(struct http_req *r, void *user)
{
    post(r, user, PAGE_LINK_OPEN, NULL);
}

/* What follows /case, and which page it is. */
static const struct place {
    const char *method, *prefix;
    enum public_page page;
} places[] = {
    {"GET", "/case/document/", PAGE_DOCUMENT}, {"GET", "/case/act/", PAGE_ACT},
    {"POST", "/case/act/", PAGE_ACT_DO},       {"GET", "/case/repair", PAGE_REPAIR},
    {"POST", "/case/end", PAGE_END},           {"GET", "/case", PAGE_CASE},
};

static const struct place *place_of(struct http_req *r)
{
    for (size_t i = 0; i < COUNT(places); i++) {
        size_t n = strlen(places[i].prefix);
        bool open = places[i].prefix[n - 1] == '/';
        if (strcmp(http_method(r), places[i].method) == 0 &&
            strncmp(http_path(r), places[i].prefix, n) == 0 &&
            (open ? http_path(r)[n] != '\0' : http_path(r)[n] == '\0'))
            return &places[i];
    }
    return NULL;
}

void case_get_page(struct http_req *r, void *user)
{
    const struct place *p = place_of(r);
    struct carry *c = carry_new(r, user, p ? p->page : PAGE_CASE, http_query(r, "lang"));
    struct registry *g = user;

    if (!p) {
        send_form(c, 404, tr_get(&public_words[PW_NOT_FOUND], c->ask.guess));
    } else if (!visit_token_good(&g->house, c->ask.token, unix_ms())) {
        send_form(c, 401, tr_get(&public_words[PW_OVER], c->ask.guess));
    } else {
        c->ask.arg = http_path(r) + strlen(p->prefix);
        start(c);
    }
}

void case_post_page(struct http_req *r, void *user)
{
    const struct place *p = place_of(r);
    struct registry *g = user;

    if (!p || !visit_token_good(&g->house, public_cookie(r), unix_ms())) {
        struct carry *c = carry_new(r, g, PAGE_CASE, NULL);
        send_form(c, p ? 401 : 404, tr_get(&public_words[p ? PW_OVER : PW_NOT_FOUND], c->ask.guess));
        return;
    }
    post(r, g, p->page, http_path(r) + strlen(p->prefix));
}

void repair_post(struct http_req *r, void *user)
{
    struct carry *c = carry_new(r, user, PAGE_REPAIR_SEND, NULL);
    struct public_form *form = http_sink_take(r);
    struct err e = {0};

    c->form = form;
    if (!form || from_elsewhere(r)) {
        send_form(c, 401, tr_get(&public_words[PW_OVER], c->ask.guess));
        form_drop(form);
        return;
    }
    if (form_done(form, &c->ask, &e) != RC_OK) {
        log_err(&e, "event=repair_refused");
        send_form(c, rc_http(e.rc), tr_get(&public_words[PW_FILE_LOST], c->ask.guess));
        form_drop(form);
        return;
    }
    if (lang_parse(public_value(&c->ask, ".lang"), &c->ask.guess))
        c->ask.lang = lang_codes[c->ask.guess];
    start(c);
}

void style_get(struct http_req *r, void *user)
{
    size_t len;
    const char *css = html_style(&len);
    (void)user;
    http_set(r, "Cache-Control", "public, max-age=3600");
    http_reply(r, 200, "text/css; charset=utf-8", css, len);
}

const struct http_route public_routes[] = {
    {.method = "GET", .path = "/healthz", .fn = healthz_get},
    {.method = "GET", .path = "/metrics", .fn = metrics_get},
    {.method = "GET", .path = "/s/style.css", .fn = style_get},
    {.method = "GET", .path = "/s/*", .fn = status_get},
    {.method = "GET", .path = "/s", .fn = status_get},
    {.method = "GET", .path = "/", .fn = status_get},
    {.method = "POST", .path = "/s", .fn = status_post},
    {.method = "POST", .path = "/s/*", .fn = status_post},
    {.method = "GET", .path = "/b", .fn = board_get},
    {.method = "GET", .path = "/n", .fn = number_get},
    {.method = "POST", .path = "/n", .fn = number_post},
    {.method = "GET", .path = "/c/*", .fn = link_get},
    {.method = "POST", .path = "/c", .fn = link_post},
    {.method = "GET", .path = "/case", .fn = case_get_page},
    {.method = "GET", .path = "/case/*", .fn = case_get_page},
    {.method = "POST", .path = "/case/repair", .fn = repair_post, .sink = &repair_sink, .max_body = 24 << 20},
    {.method = "POST", .path = "/case/*", .fn = case_post_page},
    {.method = "GET", .path = "/sms/*", .fn = outbox_report},
    {.method = "POST", .path = "/sms/*", .fn = outbox_report},
};
const size_t n_public_routes = COUNT(public_routes);
