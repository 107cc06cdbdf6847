/* What terminals may ask: file a request, and whether anybody is there. */
#include <stdio.h>
#include <string.h>

#include "backend/registry.h"
#include "backend/sealed.h"
#include "backend/sql.h"
#include "common/base/log.h"
#include "common/base/text.h"

enum { LATE_DAYS = 30 };
static const int64_t bounds_ms[] = LATENCY_BOUNDS_MS;

struct filing {
    struct http_req *http;
    struct registry *g;
    struct intake_item item;
    const char *request_id;
    const char *blobs; /* what it names, or NULL */
};

static void fail(struct registry *g, struct http_req *r, const struct err *e)
{
    g->stats.refused[e->rc]++;
    http_fail(r, e);
}

/* The certificate must be one that was given out, for this terminal, and not withdrawn since. */
bool terminal_gate(struct http_req *r, unsigned flags, void *user)
{
    struct registry *g = user;
    struct err e = {0};
    (void)flags;

    if (registry_terminal(g, http_peer_serial(r), http_peer_cn(r)))
        return true;
    if (!g->world_ready)
        err_set(&e, RC_UNAVAILABLE, "the register is starting");
    else
        err_set(&e, RC_DENIED, "this certificate is not enrolled");
    if (e.rc == RC_DENIED)
        log_warn("event=denied cn=\"%.64s\" serial=%s", http_peer_cn(r), http_peer_serial(r));
    fail(g, r, &e);
    return false;
}

static void ping_get(struct http_req *r, void *user)
{
    char now[25];
    (void)user;
    iso_utc(now, unix_ms());
    http_json(r, 200, arena_fmt(http_arena(r), "{\"ok\":true,\"time\":\"%s\"}", now));
}

/* Filed offline: the day on the provisional receipt stays the day of filing, if it is believable. */
void intake_term(struct intake_item *it, struct date today, void *user)
{
    struct registry *g = user;
    const struct term *term;
    struct err e = {0};
    struct date filed = date_of_ms(it->filed_at_ms);
    int64_t late = date_days(today) - date_days(filed);

    it->filed_on = it->offline && late >= 0 && late <= LATE_DAYS ? filed : today;
    it->due = registry_term(g, it->service, it->filed_on, &term, &e) == RC_OK ? term->due
                                                                              : date_add(it->filed_on, 30);
}

static void count_latency(struct registry *g, const struct http_req *r)
{
    int64_t us = mono_us() - http_started_us(r);
    size_t i = 0;
    while (i < COUNT(bounds_ms) && us > bounds_ms[i] * 1000)
        i++;
    g->stats.latency[i]++;
    g->stats.latency_us += (uint64_t)us;
}

static void on_filed(struct intake_item *it, const struct err *e, void *user)
{
    struct filing *f = user;
    struct registry *g = f->g;
    char registered_at[25], filed_on[11], due[11];
    struct date registered = date_of_ms(it->registered_ms);
    struct err err = {0};
    const struct term *term;
    BUF_SCOPE(out);

    count_latency(g, f->http);
    if (e->rc != RC_OK || registry_term(g, it->service, it->filed_on, &term, &err) != RC_OK) {
        fail(g, f->http, e->rc != RC_OK ? e : &err);
        return;
    }
    iso_utc(registered_at, it->registered_ms);
    date_iso(filed_on, it->filed_on);
    date_iso(due, it->due);
    struct filed filed = {
        .request_id = f->request_id,
        .number = register_number(http_arena(f->http), &g->registers, it->reg, it->n, registered),
        .n = it->n,
        .year = registered.y,
        .reg = it->reg,
        .registered_at = registered_at,
        .filed_on = filed_on,
        .due = due,
        .due_why = term->why,
        .repeat = it->repeat,
    };
    json_encode(&filed_desc, &filed, &out);
    http_reply(f->http, it->repeat ? 200 : 201, "application/json", out.p, out.len);
}

/* The signature as it came. The body has passed its schema: no other member has this name, a quote inside a
 * string is escaped, and the object holds words, numbers and lists, so its first closing brace is its own. */
static struct bytes signature_bytes(const char *body, size_t len)
{
    static const char name[] = "\"signature\"";
    const char *at = memmem(body, len, name, sizeof(name) - 1);
    const char *open = at ? memchr(at, '{', len - (size_t)(at - body)) : NULL;
    const char *close = open ? memchr(open, '}', len - (size_t)(open - body)) : NULL;
    return close ? BYTES(open, (size_t)(close + 1 - open)) : (struct bytes){0};
}

static const char *contact(const struct request *req, const char *field)
{
    const struct jval *v = jval_get(req->answers, field);
    return v && v->kind == JV_STR && v->s[0] ? v->s : NULL;
}

/* The terminal may only speak for itself and its own institution, and the header must name the same request.
 */
static enum rc check_sender(struct registry *g, struct http_req *r, const struct request *req, struct err *e)
{
    const struct terminal *t = registry_terminal(g, http_peer_serial(r), http_peer_cn(r));
    const char *key = http_header(r, "idempotency-key");

    if (!t || strcmp(t->cn, req->terminal) != 0)
        return err_at(e, RC_DENIED, "request.terminal", "not the terminal of this certificate");
    if (strcmp(t->institution, req->institution) != 0)
        return err_at(e, RC_DENIED, "request.institution", "not the terminal's own");
    if (!key || strcmp(key, req->request_id) != 0)
        return err_at(e, RC_BAD_REQUEST, "Idempotency-Key", "must be the request_id");
    return RC_OK;
}

static const char *register_for(const struct registry *g, const char *institution, const char *service)
{
    const struct institution *in = registry_institution(g, institution);
    const struct register_rule *r = registers_of(&g->registers, in ? in->kind : "", service);
    return r ? r->id : g->registers.items[0].id;
}

static enum rc fill_item(struct registry *g, const struct submission *s, const struct request *req,
                         struct intake_item *it, struct err *e)
{
    if (!uuid_bytes(it->id, req->request_id))
        return err_at(e, RC_BAD_FIELD, "request.request_id", "not a UUID");
    TRY(iso_utc_parse(s->filed_at, &it->filed_at_ms, e));
    it->institution = req->institution;
    it->reg = register_for(g, req->institution, req->service);
    it->terminal = req->terminal;
    it->service = req->service;
    it->service_version = req->service_version;
    it->channel = req->channel;
    it->lang = req->lang;
    it->receipt_code = s->receipt.code;
    it->email = contact(req, "who.email");
    it->phone = contact(req, "who.phone");
    it->offline = s->offline;
    /* submission_read compared this with the text */
    size_t len;
    if (!hex_decode(it->sha256, SHA256_LEN, &len, s->signature.sha256) || len != SHA256_LEN)
        return err_at(e, RC_BAD_FIELD, "signature.sha256", "not a SHA-256 in hex");
    pin_verifier(it->pin_verifier, g->pin_key, s->receipt.code, s->receipt.pin);
    return RC_OK;
}

/* plain: request and signature. They leave this program only sealed. */
static enum rc seal_item(struct arena *a, const struct seal_key *key, const char *id,
                         const struct bytes plain[2], struct intake_item *it, struct err *e)
{
    TRY(sealed_request_seal(a, key, &(struct sealed_at){id, "request"}, plain[0], &it->request, e));
    return sealed_request_seal(a, key, &(struct sealed_at){id, "signature"}, plain[1], &it->signature, e);
}

static enum rc request_take(struct registry *g, struct http_req *r, struct filing *f, struct err *e)
{
    struct arena *a = http_arena(r);
    struct submission s;
    struct request req;
    size_t len;
    const char *body = http_body(r, &len), *type = http_header(r, "content-type");

    if (!type || strncmp(type, "application/json", 16) != 0)
        return err_at(e, RC_BAD_REQUEST, "Content-Type", "must be application/json");
    TRY(submission_read(a, &(struct rulebook){&g->catalog, g->i18n}, BYTES(body, len), &s, &req, e));
    TRY(check_sender(g, r, &req, e));
    TRY(fill_item(g, &s, &req, &f->item, e));
    struct bytes plain[] = {BYTES(s.request, strlen(s.request)), signature_bytes(body, len)};
    if (!plain[1].p)
        return err_at(e, RC_BAD_FIELD, "signature", "write the member's name without escapes");
    TRY(seal_item(a, &g->house.request_key, req.request_id, plain, &f->item, e));
    f->request_id = req.request_id;
    f->blobs = blobs_named(a, req.answers);
    return RC_OK;
}

/* A request whose files are not here would be a promise without its papers: the terminal sends them first. */
static void on_blobs(const struct db_reply *r, void *user)
{
    struct filing *f = user;
    struct err e = r->err;

    if (e.rc == RC_OK && db_rows(r->rows) == 0) {
        intake_put(f->g->intake, &f->item);
        return;
    }
    if (e.rc == RC_OK)
        err_code(&e, RC_CONFLICT, "BLOB_MISSING", db_rows(r->rows), "file %s was not received",
                 db_text(r->rows, 0, 0));
    fail(f->g, f->http, &e);
}

static void requests_post(struct http_req *r, void *user)
{
    struct registry *g = user;
    struct err e = {0};
    struct filing *f = ARENA_NEW(http_arena(r), struct filing);

    if (request_take(g, r, f, &e) != RC_OK) {
        log_err(&e, "event=refused cn=%.64s", http_peer_cn(r));
        fail(g, r, &e);
        return;
    }
    f->http = r;
    f->g = g;
    f->item.cb = on_filed;
    f->item.user = f;
    if (!f->blobs) {
        intake_put(g->intake, &f->item);
        return;
    }
    struct db_param p[] = {DB_STR(f->blobs)};
    if (db_send(g->db, SQL_BLOBS_MISSING, p, (unsigned)g->conf.deadline_ms, on_blobs, f, &e) != RC_OK)
        fail(g, r, &e);
}

const struct http_route terminal_routes[] = {
    {.method = "POST", .path = "/v1/requests", .fn = requests_post},
    {.method = "PUT", .path = "/v1/blobs/*", .fn = blob_put, .sink = &blob_sink, .max_body = BLOB_MAX},
    {.method = "POST", .path = "/v1/terminals/help", .fn = help_post},
    {.method = "POST", .path = "/v1/status", .fn = mine_status},
    {.method = "POST", .path = "/v1/returns", .fn = mine_repair},
    {.method = "GET", .path = "/v1/ping", .fn = ping_get},
};
const size_t n_terminal_routes = COUNT(terminal_routes);
