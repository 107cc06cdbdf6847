#include "firmware/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/assets.h"
#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/log.h"
#include "common/base/qr.h"
#include "common/base/text.h"

#define SECRET_LEN 32
#define SECRET_HEX (2 * SECRET_LEN + 1)
#define BODY_MAX (64 * 1024)
#define LISTENERS_MAX 8

struct listener {
    struct api *api;
    struct http_req *req; /* NULL: free */
};

struct api {
    uv_loop_t *loop;
    struct api_conf conf;
    struct flow *flow;
    struct arena *arena;
    struct assets assets;
    struct http_server *server;
    uv_prepare_t prepare;
    char key[SECRET_HEX], token[SECRET_HEX]; /* token "": nobody may speak */
    char host[32], origin[48];
    bool dirty;
    bool heard;        /* this token's page has listened to the events */
    uv_timer_t absent; /* runs while a session has no page */
    bool stopping;
    int64_t event_id;
    struct listener listeners[LISTENERS_MAX];
};

#define G_TOKEN 1u /* flag of a route: the session's token is needed */

static const char *const headers[] = {
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob:; font-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: no-referrer",
    "Cross-Origin-Opener-Policy: same-origin",
    "Cross-Origin-Resource-Policy: same-origin",
    "Cross-Origin-Embedder-Policy: require-corp",
    "X-Frame-Options: DENY",
    "Cache-Control: no-store",
    "Permissions-Policy: accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
    "fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), "
    "magnetometer=(), "
    "microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), "
    "screen-wake-lock=(), serial=(), storage-access=(), usb=(), xr-spatial-tracking=()",
    NULL,
};

static void fail(struct api *a, struct http_req *r, const struct err *e)
{
    BUF_SCOPE(b);
    buf_str(&b, "{\"error\":{\"rc\":");
    json_quote(&b, rc_name(e->rc));
    buf_str(&b, ",\"key\":");
    json_quote(&b, rc_key(e->rc));
    buf_str(&b, ",\"path\":");
    json_quote(&b, e->path);
    buf_str(&b, ",\"text\":");
    json_quote(&b, flow_say(a->flow, rc_key(e->rc)));
    buf_str(&b, "}}");
    http_json(r, rc_http(e->rc), b.p);
}

static bool refuse(struct api *a, struct http_req *r, enum rc rc, const char *why)
{
    struct err e = {0};
    err_set(&e, rc, "%s", why);
    log_err(&e, "event=refused method=%s", http_method(r));
    fail(a, r, &e);
    return false;
}

static bool is(const char *header, const char *want)
{
    return header && strcmp(header, want) == 0;
}

static bool secret_fits(const char *given, const char *want)
{
    return given && strlen(given) == SECRET_HEX - 1 && want[0] && equal_ct(given, want, SECRET_HEX - 1);
}

static bool starts(const char *s, const char *head)
{
    return s && strncmp(s, head, strlen(head)) == 0;
}

/* Section 5 of the screen facts: each line keeps out one kind of stranger. */
static bool gate(struct http_req *r, unsigned flags, void *user)
{
    struct api *a = user;
    if (!is(http_header(r, "Host"), a->host))
        return refuse(a, r, RC_MISDIRECTED, "foreign host"); /* DNS rebinding */
    const char *origin = http_header(r, "Origin"), *site = http_header(r, "Sec-Fetch-Site");
    if (origin && strcmp(origin, a->origin) != 0)
        return refuse(a, r, RC_DENIED, "foreign origin");
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return refuse(a, r, RC_DENIED, "foreign site");
    if (strcmp(http_method(r), "POST") == 0) {
        if (!origin)
            return refuse(a, r, RC_DENIED, "no origin");
        if (!starts(http_header(r, "Content-Type"), "application/json"))
            return refuse(a, r, RC_DENIED, "not JSON");
    }
    if (!(flags & G_TOKEN))
        return true;
    const char *token = http_header(r, "X-Pridvor-Token");
    if (!token)
        return refuse(a, r, RC_DENIED, "no token");
    if (!secret_fits(token, a->token))
        return refuse(a, r, RC_UNAUTHENTICATED, "stale token");
    return true;
}

static enum rc secret_new(char out[SECRET_HEX], struct err *e)
{
    uint8_t raw[SECRET_LEN];
    TRY(rnd_bytes(raw, sizeof(raw), e));
    hex_encode(out, raw, sizeof(raw));
    wipe(raw, sizeof(raw));
    return RC_OK;
}

/* Event stream. */
static void send_event(struct api *a, struct listener *to, const char *event, const char *json)
{
    BUF_SCOPE(b);
    buf_fmt(&b, "id: %lld\nevent: %s\ndata: ", (long long)++a->event_id, event);
    buf_str(&b, json);
    buf_str(&b, "\n\n");
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        struct listener *l = &a->listeners[i];
        if (l->req && (!to || to == l))
            http_stream_send(l->req, b.p, b.len);
    }
}

static void send_state(struct api *a, struct listener *to)
{
    BUF_SCOPE(state);
    flow_state(a->flow, &state);
    send_event(a, to, "state", state.p);
}

static bool anybody(const struct api *a)
{
    for (size_t i = 0; i < LISTENERS_MAX; i++)
        if (a->listeners[i].req)
            return true;
    return false;
}

static void end_streams(struct api *a)
{
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        struct http_req *r = a->listeners[i].req;
        a->listeners[i].req = NULL;
        if (r)
            http_stream_end(r);
    }
}

/* Changes of one round of the loop leave as one state. */
static void on_prepare(uv_prepare_t *p)
{
    struct api *a = p->data;
    if (!a->dirty)
        return;
    a->dirty = false;
    if (anybody(a))
        send_state(a, NULL);
}

void api_changed(struct api *a)
{
    a->dirty = true;
}

void api_device(struct api *a, const char *json)
{
    send_event(a, NULL, "device", json);
}

void api_ended(struct api *a)
{
    wipe(a->token, sizeof(a->token));
    a->dirty = false;
    a->heard = false;
    uv_timer_stop(&a->absent);
    send_event(a, NULL, "bye", "{}");
    end_streams(a);
}

/* A page that dies in mid-session is started again by the browser within a second or two: the same person
 * still stands there and goes on (post_hello). After page_grace_ms nobody does: everything is wiped. What is
 * being filed is safe and ends by itself first. */
static void on_absent(uv_timer_t *t)
{
    struct api *a = t->data;
    if (anybody(a) || !flow_active(a->flow))
        return;
    if (flow_step(a->flow) == STEP_FILING)
        uv_timer_start(t, on_absent, 1000, 0);
    else
        flow_end(a->flow, "page_gone");
}

static void on_stream_close(struct http_req *r, void *p)
{
    struct listener *l = p;
    struct api *a = l->api;
    if (l->req == r)
        l->req = NULL;
    if (a->heard && !anybody(a) && !a->stopping)
        uv_timer_start(&a->absent, on_absent, (uint64_t)a->conf.conf->page_grace_ms, 0);
}

static void get_events(struct http_req *r, void *user)
{
    struct api *a = user;
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        struct listener *l = &a->listeners[i];
        if (l->req)
            continue;
        l->req = r;
        l->api = a;
        a->heard = true;
        uv_timer_stop(&a->absent);
        http_stream(r, "text/event-stream", on_stream_close, l);
        http_stream_send(r, "retry: 500\n\n", 12);
        send_state(
            a, l); /* the state is the whole truth: whatever Last-Event-ID says, nothing older is needed */
        return;
    }
    refuse(a, r, RC_LIMIT, "too many listeners");
}

/* Handlers. */
struct in_hello {
    const char *key;
};
static const struct jfield hello_fields[] = {JF_STR(struct in_hello, key, J_REQ | J_PD, 1, 128)};
static JDESC(hello_desc, struct in_hello, hello_fields);

static void hello_reply(struct api *a, struct http_req *r)
{
    const struct kiosk_conf *c = a->conf.conf;
    BUF_SCOPE(b);
    buf_fmt(&b, "{\"token\":\"%s\",\"terminal\":", a->token);
    json_quote(&b, c->terminal);
    buf_str(&b, ",\"institution\":{\"id\":");
    json_quote(&b, a->conf.institution->id);
    buf_str(&b, ",\"name\":{");
    for (int i = 0; i < LANG_COUNT; i++) {
        buf_fmt(&b, "%s\"%s\":", i ? "," : "", lang_codes[i]);
        json_quote(&b, tr_get(&a->conf.institution->name, (enum lang)i));
    }
    buf_fmt(&b, "}},\"langs\":[\"ro\",\"hu\",\"en\"],\"idle_s\":%lld,\"profile\":{\"ppmm_x1000\":%lld}}",
            (long long)c->idle_s, (long long)c->ppmm_x1000);
    http_json(r, 200, b.p);
}

static void post_hello(struct http_req *r, void *user)
{
    struct api *a = user;
    struct in_hello in;
    struct err e = {0};
    size_t len;
    const char *body = http_body(r, &len);
    enum rc rc = json_decode(http_arena(r), &hello_desc, body, len, &in, &e);
    if (rc == RC_OK && !secret_fits(in.key, a->key))
        rc = err_set(&e, RC_UNAUTHENTICATED, "wrong launch key");
    /* A page that listened and is gone may take its session up again; the old token is void from then on. */
    bool again = a->heard && !anybody(a);
    if (rc == RC_OK && flow_active(a->flow) && !again)
        rc = err_set(&e, RC_STATE, "a session is running");
    if (rc == RC_OK && flow_active(a->flow))
        log_info("event=page_again step=%s", step_name(flow_step(a->flow)));
    if (rc == RC_OK)
        rc = secret_new(a->token, &e);
    if (rc != RC_OK) {
        log_err(&e, "event=hello_refused");
        fail(a, r, &e);
        return;
    }
    a->heard = flow_active(a->flow); /* a second crash in a row is no different from the first */
    end_streams(a);                  /* of the page before this one */
    hello_reply(a, r);
}

static void get_state(struct http_req *r, void *user)
{
    struct api *a = user;
    BUF_SCOPE(state);
    flow_state(a->flow, &state);
    http_json(r, 200, state.p);
}

static void post_command(struct http_req *r, void *user)
{
    struct api *a = user;
    struct err e = {0};
    struct flow_reply reply;
    struct flow_ask ask = {.path = http_path(r)};
    ask.body = http_body(r, &ask.len);
    if (flow_command(a->flow, http_arena(r), &ask, &reply, &e) == RC_OK) {
        http_json(r, reply.status, reply.json);
        return;
    }
    log_err(&e, "event=command path=%s step=%s", flow_knows(ask.path) ? ask.path : "unknown",
            step_name(flow_step(a->flow)));
    fail(a, r, &e);
}

static void get_qr(struct http_req *r, void *user)
{
    struct api *a = user;
    struct qr qr;
    struct err e = {0};
    const char *url = flow_receipt_url(a->flow);
    if (!url) {
        refuse(a, r, RC_NOT_FOUND, "no receipt");
        return;
    }
    if (qr_encode(http_arena(r), url, &qr, &e) != RC_OK) {
        log_err(&e, "event=qr");
        fail(a, r, &e);
        return;
    }
    const char *svg = qr_svg(http_arena(r), &qr);
    http_reply(r, 200, "image/svg+xml", svg, strlen(svg));
}

/* Pages of the tray: /v1/scan/thumb/7 and /v1/scan/page/7. */
static void get_page(struct http_req *r, void *user)
{
    struct api *a = user;
    const char *path = http_path(r), *id = strrchr(path, '/') + 1;
    bool right = *id && strlen(id) < 10 && strspn(id, "0123456789") == strlen(id);
    struct bytes jpeg = right
                            ? flow_scan_image(a->flow, strtoll(id, NULL, 10), starts(path, "/v1/scan/page/"))
                            : BYTES(NULL, 0);
    if (jpeg.len)
        http_reply(r, 200, "image/jpeg", jpeg.p, jpeg.len);
    else
        refuse(a, r, RC_NOT_FOUND, "no such page");
}

static void get_health(struct http_req *r, void *user)
{
    struct api *a = user;
    struct err e = {0};
    int64_t n[QUEUE_STATES] = {0};
    bool ok = queue_counts(a->conf.queue, n, &e) == RC_OK;
    if (!ok)
        log_err(&e, "event=health");
    bool online = a->conf.online && a->conf.online(a->conf.user);
    const char *json =
        arena_fmt(http_arena(r),
                  "{\"ok\":%s,\"version\":\"" PRIDVOR_VERSION
                  "\",\"terminal\":\"%s\",\"session\":%s,\"register\":\"%s\","
                  "\"queue\":{\"queued\":%lld,\"sent\":%lld,\"acknowledged\":%lld,\"dead\":%lld}}",
                  ok ? "true" : "false", a->conf.conf->terminal, flow_active(a->flow) ? "true" : "false",
                  online ? "online" : "offline", (long long)n[QUEUE_QUEUED], (long long)n[QUEUE_SENT],
                  (long long)n[QUEUE_ACKED], (long long)n[QUEUE_DEAD]);
    http_json(r, ok ? 200 : 503, json);
}

static void get_asset(struct http_req *r, void *user)
{
    struct api *a = user;
    const struct asset *x = assets_find(&a->assets, http_path(r));
    if (x)
        http_reply(r, 200, x->type, x->body, x->len);
    else
        refuse(a, r, RC_NOT_FOUND, "no such file");
}

static const struct http_route routes[] = {
    {"GET", "/v1/state", get_state, G_TOKEN},
    {"GET", "/v1/events", get_events, G_TOKEN},
    {"GET", "/v1/qr.svg", get_qr, G_TOKEN},
    {"GET", "/v1/scan/thumb/*", get_page, G_TOKEN},
    {"GET", "/v1/scan/page/*", get_page, G_TOKEN},
    {"POST", "/v1/hello", post_hello, 0},
    {"POST", "/v1/*", post_command, G_TOKEN},
    {"GET", "/healthz", get_health, 0},
    {"GET", "/*", get_asset, 0},
};

/* Life. */
static enum rc listen_on(struct api *a, struct err *e)
{
    const struct http_conf hc = {.host = "127.0.0.1",
                                 .port = (int)a->conf.conf->port,
                                 .routes = routes,
                                 .nroutes = COUNT(routes),
                                 .max_body = BODY_MAX,
                                 .max_conns = 64,
                                 .gate = gate,
                                 .headers = headers,
                                 .user = a};
    TRY(http_listen(a->loop, &hc, &a->server, e));
    snprintf(a->host, sizeof(a->host), "127.0.0.1:%d", http_port(a->server));
    snprintf(a->origin, sizeof(a->origin), "http://%s", a->host);
    return RC_OK;
}

enum rc api_start(uv_loop_t *loop, const struct api_conf *conf, struct api **out, struct err *e)
{
    struct api *a = calloc(1, sizeof(*a));
    if (!a)
        abort();
    a->loop = loop;
    a->conf = *conf;
    a->arena = arena_new();
    enum rc rc = secret_new(a->key, e);
    if (rc == RC_OK)
        rc = assets_load(a->arena, conf->conf->ui_dir, &a->assets, e);
    if (rc == RC_OK)
        rc = listen_on(a, e);
    if (rc != RC_OK) {
        arena_free(a->arena);
        free(a);
        return rc;
    }
    uv_timer_init(loop, &a->absent);
    a->absent.data = a;
    uv_prepare_init(loop, &a->prepare);
    a->prepare.data = a;
    uv_prepare_start(&a->prepare, on_prepare);
    *out = a;
    return RC_OK;
}

void api_flow(struct api *a, struct flow *f)
{
    a->flow = f;
}

void api_stop(struct api *a)
{
    a->stopping = true;
    uv_close((uv_handle_t *)&a->absent, NULL);
    end_streams(a);
    http_close(a->server);
    uv_close((uv_handle_t *)&a->prepare, NULL);
}

void api_free(struct api *a)
{
    if (!a)
        return;
    arena_free(a->arena);
    wipe(a, sizeof(*a));
    free(a);
}

int api_port(const struct api *a)
{
    return http_port(a->server);
}

const char *api_key(const struct api *a)
{
    return a->key;
}

size_t api_assets(const struct api *a)
{
    return a->assets.n;
}

bool api_has_page(const struct api *a)
{
    return assets_find(&a->assets, "/") != NULL;
}
