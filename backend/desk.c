#include "backend/desk.h"

#include <stdlib.h>
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/room.h"
#include "common/base/log.h"

enum {
    WORKERS = 4, /* connections for work */
    SLOW = 1,    /* and for passwords and certified scans: each takes some 20 MB, a PNG up to 70 */
    WAITING_MAX = 256,
    SLOW_WAITING_MAX = 32,
    BODY_MAX = 256 << 10,
    SEEN_MAX = 256,
    UPLOADS_MAX = 16
};

struct desk {
    uv_loop_t *loop;
    const struct work_house *house;
    struct arena *arena;
    struct assets pages;
    struct tls_ctx *tls;
    struct http_server *http;
    struct login login;       /* copied for each job */
    struct room *work, *slow; /* NULL until the database is ready */
    bool stopping;
    struct desk_figures figures;
    unsigned uploads;                   /* under way */
    uint8_t seen[SEEN_MAX][SHA256_LEN]; /* sessions that were good a while ago */
    unsigned next_seen;
};
struct job {
    struct desk *d;
    struct http_req *http;
    struct arena *a; /* what came; what goes is in call.w->a */
    const struct jval *query;
    struct login login;
    struct desk_call call;
    struct tr say;
    int64_t since;
};

/* ---- answers, on the loop ---- */

static const char *const headers[] = {
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: no-referrer",
    "Cross-Origin-Opener-Policy: same-origin",
    "Cross-Origin-Resource-Policy: same-origin",
    "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()",
    NULL,
};
/* Of documents: the browser's own viewer, and nothing that a document brings. */
static const char file_csp[] = "default-src 'none'; img-src 'self'; object-src 'self'; style-src "
                               "'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";
static const char save_csp[] = "sandbox; default-src 'none'; frame-ancestors 'none'"; /* nowhere shown */
static const char json_csp[] = "default-src 'none'; frame-ancestors 'none'";

static void fail(struct desk *d, struct http_req *r, const struct err *e, const struct job *j)
{
    BUF_SCOPE(out);
    int status = rc_http(e->rc);

    d->figures.refused += status < 500;
    d->figures.turned_away += status == 503;
    if (status >= 500)
        log_err(e, "event=desk_failed method=%s", http_method(r));
    if (status == 503)
        http_set(r, "Retry-After", "2");
    http_set(r, "Cache-Control", "no-store");
    http_set(r, "Content-Security-Policy", json_csp);
    desk_error(&out, e, j ? &j->say : NULL, j && j->call.more.len ? j->call.more.p : NULL);
    http_reply(r, status, "application/json", out.p, out.len);
}

static void succeed(struct job *j)
{
    struct desk_call *c = &j->call;

    http_set(j->http, "Cache-Control", "no-store");
    if (c->cookie)
        http_set(j->http, "Set-Cookie", c->cookie);
    if (!c->file.p && !c->stored && !parts_size(&c->parts)) {
        http_set(j->http, "Content-Security-Policy", json_csp);
        http_reply(j->http, c->status, "application/json", c->out.len ? c->out.p : "{}",
                   c->out.len ? c->out.len : 2);
        return;
    }
    http_set(j->http, "Content-Security-Policy", c->save ? save_csp : file_csp);
    http_set(j->http, "Content-Disposition", c->save ? c->save : "inline");
    if (c->stored)
        store_send(c->stored, j->http, c->type);
    else if (parts_size(&c->parts))
        parts_send(&c->parts, j->http, c->type);
    else
        http_reply(j->http, c->status, c->type, c->file.p, c->file.len);
    c->stored = NULL;
}

/* ---- files, as they come ---- */

static bool known(const struct desk *d, const char *token, uint8_t hash[SHA256_LEN])
{
    sha256(hash, token, strlen(token));
    for (size_t i = 0; i < SEEN_MAX; i++)
        if (memcmp(d->seen[i], hash, SHA256_LEN) == 0)
            return true;
    return false;
}

static void remember(struct desk *d, const char *token)
{
    uint8_t hash[SHA256_LEN];
    if (token && !known(d, token, hash))
        memcpy(d->seen[d->next_seen++ % SEEN_MAX], hash, SHA256_LEN);
}

struct upload {
    struct desk *d;
    struct store_file *file;
};

/* Nothing is written for a stranger: only for a session that lately was good; whether it still is, and what
 * it may, is judged when the file is whole. */
static void *upload_open(struct http_req *r, void *user)
{
    struct desk *d = user;
    ARENA_SCOPE(a);
    const char *token = desk_token(a, r);
    uint8_t hash[SHA256_LEN];
    const struct registry_conf *conf = d->house->conf;
    struct store_place place = {conf->blobs, conf->blobs_free_mb};

    if (desk_same_origin(r, NULL) != RC_OK || !token || !known(d, token, hash) || d->uploads >= UPLOADS_MAX)
        return NULL;
    struct upload *u = calloc(1, sizeof *u);
    if (!u)
        abort();
    d->uploads++;
    *u = (struct upload){d, store_begin(&place, STORE_FILE_MAX)};
    return u;
}

static void upload_piece(void *state, const void *p, size_t n)
{
    store_add(((struct upload *)state)->file, p, n);
}

static void upload_drop(void *state)
{
    struct upload *u = state;
    store_drop(u->file);
    u->d->uploads--;
    free(u);
}

static const struct http_sink upload_sink = {upload_open, upload_piece, upload_drop};

static struct store_file *upload_take(struct http_req *r)
{
    struct upload *u = http_sink_take(r);
    struct store_file *f = u ? u->file : NULL;
    free(u);
    return f;
}

/* ---- answering ---- */

static void job_free(struct job *j)
{
    store_close(j->call.stored);
    parts_free(&j->call.parts);
    buf_free(&j->call.out);
    buf_free(&j->call.more);
    if (j->call.received) {
        store_drop(j->call.received);
        j->d->uploads--;
    }
    login_wipe(&j->login);
    arena_free(j->a);
    free(j);
}

static void job_done(const struct err *e, void *user)
{
    struct job *j = user;

    if (j->call.who.account)
        remember(j->d, j->call.token);
    if (e->rc == RC_OK)
        succeed(j);
    else
        fail(j->d, j->http, e, j);
    job_free(j);
}

/* ---- on a thread ---- */

static enum rc input(struct job *j, const void **in, struct err *e)
{
    const struct jdesc *d = j->call.route->in;

    *in = NULL;
    if (!d)
        return RC_OK;
    void *place = arena_alloc(j->a, d->size);
    *in = place;
    return j->query ? json_decode_val(j->a, d, j->query, place, e)
                    : json_decode(j->a, d, j->call.body.p, j->call.body.len, place, e);
}

/* False: nothing was said or done, and the session has to be looked at first. */
static bool in_one_breath(struct job *j, enum rc *rc, struct err *e)
{
    struct desk_call *c = &j->call;
    struct desk_ahead x = {.lead = {.held = false}};
    const void *in;

    if (!desk_enter_ahead(c, &x))
        return false;
    *rc = input(j, &in, e);
    if (*rc == RC_OK)
        *rc = c->route->fn(c, in, e);
    c->w->lead = NULL;
    if (x.lead.held)
        return true;
    *e = (struct err){0};
    buf_reset(&c->out);
    buf_reset(&c->more);
    c->w->say = (struct tr){{NULL, NULL, NULL}};
    c->w->terms = NULL;
    c->who = (struct actor){0};
    c->w->version = 0;
    return false;
}

static enum rc work(struct job *j, struct err *e)
{
    const void *in;
    enum rc rc;

    if (mono_ms() - j->since > j->d->house->conf->deadline_ms)
        return err_set(e, RC_UNAVAILABLE, "waited too long for a connection");
    if (in_one_breath(j, &rc, e))
        return rc;
    if (strcmp(j->call.route->right, DESK_OPEN) != 0)
        TRY(desk_enter(&j->call, e));
    TRY(input(j, &in, e));
    return desk_once(&j->call, in, e);
}

/* What was refused leaves its line in the audit, and nothing else: the act is undone first. */
static void refused(struct job *j, struct err *e)
{
    struct err undo = {0};
    bool foreign = e->code == desk_foreign, denied = e->rc == RC_DENIED && !e->code;

    j->call.w->depth = 0;
    if (db_sync_script(j->call.w->db, "ROLLBACK", &undo) != RC_OK)
        return;
    if (j->call.who.account && (foreign || denied))
        desk_refused(&j->call, e);
    if (foreign)
        e->code = NULL;
}

static enum rc job_work(struct work *w, void *user, struct err *e)
{
    struct job *j = user;

    j->call.w = w;
    j->login.db = w->db;
    enum rc rc = work(j, e);
    if (rc == RC_OK && w->depth > 0)
        rc = err_set(e, RC_INTERNAL, "the act did not end");
    e->rc = rc;
    j->say = w->say;
    if (rc != RC_OK)
        refused(j, e);
    return rc;
}

/* ---- on the loop ---- */

static void job_submit(struct job *j)
{
    struct room_job job = {job_work, job_done, j};
    struct err e = {0};

    j->d->figures.jobs++;
    if (room_run(j->call.route->slow ? j->d->slow : j->d->work, &job, &e) == RC_OK)
        return;
    err_set(&e, RC_UNAVAILABLE, "too many wait already");
    job_done(&e, j);
}

static struct job *job_new(struct desk *d, struct http_req *r, const struct desk_route *route, const char *id)
{
    struct job *j = calloc(1, sizeof *j);
    size_t len;

    if (!j)
        abort();
    j->d = d;
    j->http = r;
    j->a = arena_new();
    j->since = mono_ms();
    j->login = d->login;
    j->call = (struct desk_call){.login = &j->login, .route = route, .status = 200};
    j->call.id = *id ? arena_str(j->a, id) : NULL;
    j->call.token = desk_token(j->a, r);
    j->call.reason = desk_header_text(j->a, r, "x-reason");
    j->call.name = desk_header_text(j->a, r, "x-name");
    j->call.kind = desk_header_text(j->a, r, "x-kind");
    j->call.key =
        http_header(r, "idempotency-key") ? arena_str(j->a, http_header(r, "idempotency-key")) : NULL;
    j->call.sent = http_header(r, "content-type") ? arena_str(j->a, http_header(r, "content-type")) : NULL;
    j->call.received = upload_take(r);
    j->call.address = arena_str(j->a, http_remote(r));
    const char *body = http_body(r, &len);
    j->call.body = BYTES(arena_strn(j->a, body, len), len);
    if (route->in && strcmp(route->method, "GET") == 0)
        j->query = desk_query(j->a, r, route->in);
    return j;
}

static enum rc admit(struct desk *d, struct http_req *r, const struct desk_route **route, char *id,
                     struct err *e)
{
    const char *type = http_header(r, "content-type");

    TRY(desk_same_origin(r, e));
    TRY(desk_route_find(http_method(r), http_path(r), route, id, e));
    if ((*route)->in && strcmp((*route)->method, "GET") != 0 &&
        (!type || strncmp(type, "application/json", 16) != 0))
        return err_at(e, RC_BAD_REQUEST, "Content-Type", "application/json is wanted");
    return d->work ? RC_OK : err_set(e, RC_UNAVAILABLE, "the register is starting");
}

static void api(struct http_req *r, void *user)
{
    struct desk *d = user;
    const struct desk_route *route = NULL;
    char id[DESK_ID_MAX + 1] = "";
    struct err e = {0};

    if (admit(d, r, &route, id, &e) != RC_OK) {
        if (e.rc == RC_METHOD)
            http_set(r, "Allow", route->method);
        fail(d, r, &e, NULL);
        return;
    }
    job_submit(job_new(d, r, route, id));
}

static void explain(struct buf *out, const struct err *e)
{
    desk_error(out, e, NULL, NULL);
}

static void page(struct http_req *r, void *user)
{
    const struct desk *d = user;
    desk_pages_get(&d->pages, r);
}

/* ---- life ---- */

static const struct http_route routes[] = {
    {"GET", "/api/*", api, 0, NULL, 0},
    {"POST", "/api/cases/*/documents", api, 0, &upload_sink, STORE_FILE_MAX},
    {"POST", "/api/documents", api, 0, &upload_sink, STORE_FILE_MAX},
    {"POST", "/api/*", api, 0, NULL, 0},
    {"PUT", "/api/*", api, 0, NULL, 0},
    {"GET", "/*", page, 0, NULL, 0},
};

enum rc desk_new(uv_loop_t *loop, const struct work_house *house, struct desk **out, struct err *e)
{
    const struct desk_conf *conf = house->conf->desk;
    struct desk *d = *out = calloc(1, sizeof *d);

    if (!d)
        abort();
    d->loop = loop;
    d->house = house;
    d->arena = arena_new();
    TRY(desk_routes_check(desk_routes, n_desk_routes, &house->rights, e));
    if (conf->pages)
        TRY(assets_load(d->arena, conf->pages, &d->pages, e));
    return login_init(&d->login, NULL, &house->conf->login, house->master, e);
}

enum rc desk_listen(struct desk *d, struct err *e)
{
    const struct registry_conf *conf = d->house->conf;
    struct tls_conf tls = {.server = true,
                           .cert = conf->desk->cert ? conf->desk->cert : conf->tls.cert,
                           .key = conf->desk->key ? conf->desk->key : conf->tls.key};
    struct http_conf http = {.host = conf->desk->host,
                             .port = (int)conf->desk->port,
                             .routes = routes,
                             .nroutes = COUNT(routes),
                             .max_body = BODY_MAX,
                             .max_conns = 512,
                             .explain = explain,
                             .headers = headers,
                             .user = d};

    TRY(tls_ctx_new(&tls, &d->tls, e));
    http.tls = d->tls;
    return http_listen(d->loop, &http, &d->http, e);
}

void desk_start(struct desk *d)
{
    struct room_conf conf = {.loop = d->loop,
                             .house = d->house,
                             .seats = WORKERS,
                             .waiting = WAITING_MAX,
                             .statement_ms = d->house->conf->deadline_ms};

    if (d->stopping)
        return;
    d->work = room_new(&conf);
    conf.seats = SLOW;
    conf.waiting = SLOW_WAITING_MAX;
    d->slow = room_new(&conf);
}

void desk_stop(struct desk *d)
{
    if (!d || d->stopping)
        return;
    d->stopping = true;
    if (d->http)
        http_close(d->http);
    d->http = NULL;
    room_free(d->work);
    room_free(d->slow);
    d->work = d->slow = NULL;
}

void desk_free(struct desk *d)
{
    if (!d)
        return;
    login_wipe(&d->login);
    tls_ctx_free(d->tls);
    arena_free(d->arena);
    free(d);
}

int desk_port(const struct desk *d)
{
    return d->http ? http_port(d->http) : 0;
}

struct desk_figures desk_figures(const struct desk *d)
{
    struct desk_figures f = d->figures;
    f.waiting = room_pending(d->work) + room_pending(d->slow);
    return f;
}
