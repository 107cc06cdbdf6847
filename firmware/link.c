#include "firmware/link.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/httpc.h"
#include "common/base/log.h"

#define KEEP_MS                                                                                              \
    (30ll * 24 * 3600 * 1000) /* acknowledged items: who comes back with a provisional receipt               \
                               */
#define PRUNE_EVERY_MS (3600 * 1000)
#define BLOB_MS 60000 /* 5 MB over a line of 1 Mbit/s */
#define ASK_SMALL 65536
#define HELP_MS 60000 /* a call for help is of no use later */
#define FRESH_MS 5000 /* sent this soon after filing, a request was not offline */

enum job { JOB_NONE, JOB_UPLOAD, JOB_BLOB, JOB_PING, JOB_HELP };

struct link {
    uv_loop_t *loop;
    struct queue *queue;
    struct link_events ev;
    struct tls_ctx *tls;
    struct httpc *http;
    uv_timer_t timer;
    enum job job;
    char id[UUID_LEN]; /* in flight */
    char blob[2 * SHA256_LEN + 1];
    char help[200]; /* a call that waits for its turn; "" none */
    int64_t help_until, help_at;
    char code[RECEIPT_CODE_LEN + 1];
    char fresh[UUID_LEN]; /* filed just now; "" once it was tried */
    char newest[UUID_LEN];
    int64_t fresh_at;
    bool online, stopped, waiting, server_later, hurry, asked_twice;
    unsigned failures;
    int64_t retry_at, ping_at, prune_at;
};

static const struct jfield kept_fields[] = {
    JF_STR(struct kept, number, J_REQ, 1, 40),
    JF_STR(struct kept, registered_at, J_REQ, 24, 24),
    JF_STR(struct kept, due, J_REQ, 10, 10),
    JF_STR(struct kept, code, 0, 0, RECEIPT_CODE_LEN),
};
JDESC(kept_desc, struct kept, kept_fields);

/* Statuses that say: this item, never. Everything else that is no success may be better later. */
static const int dead_statuses[] = {400, 403, 405, 409, 413, 415, 422};

enum link_verdict link_judge(int status)
{
    if (status == 200 || status == 201)
        return LINK_ACK;
    for (size_t i = 0; i < COUNT(dead_statuses); i++)
        if (dead_statuses[i] == status)
            return LINK_DEAD;
    return LINK_LATER;
}

int64_t link_backoff(unsigned n, uint32_t random)
{
    int64_t ms = LINK_BACKOFF_MAX_MS;
    if (n < 6)
        ms = (int64_t)LINK_BACKOFF_MIN_MS << n;
    return ms - ms / 4 + (int64_t)(random % (uint32_t)(ms / 2));
}

static void next(struct link *l);

static void set_online(struct link *l, bool online)
{
    if (l->online == online)
        return;
    l->online = online;
    log_info("event=register from=%s to=%s", online ? "offline" : "online", online ? "online" : "offline");
    if (l->ev.changed)
        l->ev.changed(l->ev.user);
}

static void back_off(struct link *l, bool by_server)
{
    uint32_t random = 0;
    struct err e;
    if (rnd_bytes(&random, sizeof(random), &e) != RC_OK)
        random = (uint32_t)mono_us();
    l->retry_at = mono_ms() + link_backoff(l->failures, random);
    l->failures++;
    l->server_later = by_server;
}

/* The register's answer to an item. */
static void acked(struct link *l, const struct httpc_reply *r)
{
    struct err e = {0};
    struct filed filed = {0};
    ARENA_SCOPE(a);
    enum rc rc = json_decode(a, &filed_desc, r->body, r->len, &filed, &e);
    if (rc == RC_OK && strcmp(filed.request_id, l->id) != 0)
        rc = err_set(&e, RC_PROTOCOL, "the answer is about another request");
    if (rc != RC_OK) {
        log_err(&e, "event=register_answer id=%s", l->id);
        back_off(l, true);
        return;
    }
    const struct kept kept = {filed.number, filed.registered_at, filed.due, l->code};
    BUF_SCOPE(b);
    json_encode(&kept_desc, &kept, &b);
    if (queue_ack(l->queue, l->id, b.p, b.len, &e) != RC_OK) {
        log_err(&e, "event=queue_ack id=%s", l->id); /* sent again later: the register answers the same */
        back_off(l, true);
    } else
        l->failures = 0;
    log_info("event=registered id=%s number=%s repeat=%d", l->id, filed.number, filed.repeat);
    if (l->ev.acked)
        l->ev.acked(l->id, &filed, l->ev.user);
}

static const struct jval *error_of(struct arena *a, const struct httpc_reply *r)
{
    struct jval *v = NULL;
    if (jval_parse(a, r->body ? r->body : "", r->len, &v, NULL) != RC_OK)
        return NULL;
    return jval_get(v, "error");
}

/* {"error":{"rc","key","path","text"}}: rc and path are safe for the log, the text may quote. */
static void refused(struct link *l, const struct httpc_reply *r)
{
    struct err e = {0};
    ARENA_SCOPE(a);
    const struct jval *error = error_of(a, r);
    const char *why = jval_str(error, "rc", "refused");
    log_error("event=dead_letter id=%s status=%d rc=%s path=%s", l->id, r->status, why,
              jval_str(error, "path", "-"));
    if (queue_dead(l->queue, l->id, why, &e) != RC_OK) {
        log_err(&e, "event=queue_dead id=%s", l->id);
        back_off(l, true);
        return;
    }
    l->failures = 0;
    if (l->ev.refused)
        l->ev.refused(l->id, l->ev.user);
}

static void later(struct link *l, const struct httpc_reply *r)
{
    struct err e = {0};
    bool answered = r->rc == RC_OK;
    log_warn("event=upload_later id=%s status=%d rc=%s", l->id, answered ? r->status : 0, rc_name(r->rc));
    if (answered && queue_retry(l->queue, l->id, &e) != RC_OK)
        log_err(&e, "event=queue_retry id=%s", l->id);
    back_off(l, answered);
    if (l->ev.waits)
        l->ev.waits(l->id, l->ev.user);
    /* No network for one is no network for the one behind it, whose citizen stands there. */
    if (!answered && l->fresh[0]) {
        char id[UUID_LEN];
        memcpy(id, l->fresh, sizeof(id));
        l->fresh[0] = '\0';
        if (l->ev.waits)
            l->ev.waits(id, l->ev.user);
    }
}

/* The register does not have the files (any more): they go once more, the request after them. */
static bool blob_missing(struct link *l, const struct httpc_reply *r)
{
    struct err e = {0};
    ARENA_SCOPE(a);
    if (r->rc != RC_OK || r->status != 409 ||
        strcmp(jval_str(error_of(a, r), "code", ""), "BLOB_MISSING") != 0)
        return false;
    log_warn("event=blob_missing id=%s", l->id);
    if (queue_blobs_again(l->queue, l->id, &e) != RC_OK)
        log_err(&e, "event=blob_missing id=%s", l->id);
    later(l, r);
    return true;
}

static void on_upload(const struct httpc_reply *r, void *user)
{
    struct link *l = user;
    if (l->stopped)
        return;
    l->job = JOB_NONE;
    set_online(l, r->rc == RC_OK && r->status < 500);
    /* A kept connection may have died while idle: the first failure says nothing about the register. */
    if (r->rc != RC_OK && l->hurry) {
        l->hurry = false;
        l->retry_at = 0;
        if (strcmp(l->id, l->newest) == 0)
            memcpy(l->fresh, l->id, sizeof(l->fresh));
        next(l);
        return;
    }
    if (blob_missing(l, r)) {
        next(l);
        return;
    }
    enum link_verdict verdict = r->rc == RC_OK ? link_judge(r->status) : LINK_LATER;
    void (*const acts[])(struct link *, const struct httpc_reply *) = {
        [LINK_ACK] = acked, [LINK_DEAD] = refused, [LINK_LATER] = later};
    acts[verdict](l, r);
    next(l);
}

/* `offline` is said by the wrapper, not by the signed text: only here is it known. */
static enum rc body_of(struct link *l, struct arena *a, const struct queue_item *item, struct buf *out,
                       struct err *e)
{
    struct submission sub = {0};
    TRY(json_decode(a, &submission_desc, item->body, item->len, &sub, e));
    sub.offline = strcmp(item->id, l->newest) != 0 || mono_ms() - l->fresh_at >= FRESH_MS;
    memset(l->code, 0, sizeof(l->code));
    memcpy(l->code, sub.receipt.code, strnlen(sub.receipt.code, RECEIPT_CODE_LEN));
    json_encode(&submission_desc, &sub, out);
    return RC_OK;
}

/* The citizen who stands there goes before those who have left. */
static enum rc choose(struct link *l, struct arena *a, struct queue_item *item, bool *found, struct err *e)
{
    char id[UUID_LEN];
    memcpy(id, l->fresh, sizeof(id));
    l->fresh[0] = '\0';
    if (id[0] && queue_get(l->queue, a, id, item, e) == RC_OK && item->state < QUEUE_ACKED) {
        *found = true;
        return RC_OK;
    }
    return queue_next(l->queue, a, item, found, e);
}

/* Unseals, but is no submission of this version: for a person, and no longer in the way of the others. */
static void unreadable(struct link *l, const char *id, struct err *e)
{
    log_err(e, "event=dead_letter id=%s", id);
    if (queue_dead(l->queue, id, rc_name(e->rc), e) != RC_OK) {
        log_err(e, "event=queue_dead id=%s", id);
        back_off(l, true);
        return;
    }
    l->retry_at = 0;
    if (l->ev.refused)
        l->ev.refused(id, l->ev.user);
}

/* The answer to one file. Its request, or the next file of it, follows at once. */
static void on_blob(const struct httpc_reply *r, void *user)
{
    struct link *l = user;
    struct err e = {0};
    if (l->stopped)
        return;
    l->job = JOB_NONE;
    set_online(l, r->rc == RC_OK && r->status < 500);
    enum link_verdict verdict = r->rc == RC_OK ? link_judge(r->status) : LINK_LATER;
    log_info("event=blob id=%s sha256=%.12s status=%d rc=%s", l->id, l->blob, r->rc == RC_OK ? r->status : 0,
             rc_name(r->rc));
    if (verdict == LINK_ACK && queue_blob_sent(l->queue, l->id, l->blob, &e) == RC_OK) {
        if (strcmp(l->id, l->newest) == 0) /* still the citizen who stands there */
            memcpy(l->fresh, l->id, sizeof(l->fresh));
        l->retry_at = 0;
    } else if (verdict == LINK_DEAD)
        refused(l, r);
    else
        later(l, r);
    next(l);
}

/* One file of the item on its way; false when there is none left to send, or it cannot be read. */
static bool send_blob(struct link *l, const char *id, bool *broken)
{
    struct err e = {0};
    struct queue_blob b;
    bool found = false;
    ARENA_SCOPE(a);
    if (queue_blob_next(l->queue, a, id, &b, &found, &e) != RC_OK) {
        *broken = true;
        unreadable(l, id, &e);
        return false;
    }
    if (!found)
        return false;
    memcpy(l->id, id, sizeof(l->id));
    memcpy(l->blob, b.sha256, sizeof(l->blob));
    static const char *const headers[] = {"Content-Type: application/pdf", NULL};
    const struct httpc_request q = {.method = "PUT",
                                    .path = arena_fmt(a, "/v1/blobs/%s", b.sha256),
                                    .headers = headers,
                                    .body = b.data.p,
                                    .len = b.data.len,
                                    .timeout_ms = BLOB_MS};
    l->job = JOB_BLOB;
    httpc_start(l->http, &q, on_blob, l);
    return true;
}

static bool upload(struct link *l)
{
    bool broken = false;
    struct err e = {0};
    struct queue_item item = {0};
    bool found = false;
    ARENA_SCOPE(a);
    BUF_SCOPE(body);
    if (choose(l, a, &item, &found, &e) != RC_OK) {
        log_err(&e, "event=queue_next");
        back_off(l, true);
        return false;
    }
    l->waiting = found;
    if (!found)
        return false;
    if (body_of(l, a, &item, &body, &e) != RC_OK) {
        unreadable(l, item.id, &e);
        return false;
    }
    if (send_blob(l, item.id, &broken) || broken)
        return !broken;
    if (queue_sent(l->queue, item.id, &e) != RC_OK) {
        log_err(&e, "event=upload id=%s", item.id);
        back_off(l, true);
        return false;
    }
    memcpy(l->id, item.id, sizeof(l->id));
    const char *const headers[] = {"Content-Type: application/json",
                                   arena_fmt(a, "Idempotency-Key: %s", item.id), NULL};
    l->job = JOB_UPLOAD;
    httpc_send(l->http, "POST", "/v1/requests", headers, body.p, body.len, on_upload, l);
    return true;
}

static void on_ping(const struct httpc_reply *r, void *user)
{
    struct link *l = user;
    if (l->stopped)
        return;
    l->job = JOB_NONE;
    l->ping_at = mono_ms() + LINK_PING_MS;
    bool ok = r->rc == RC_OK && r->status == 200;
    /* The kept connection may have died while idle: ask once more before saying "offline". */
    if (!ok && l->online && !l->asked_twice) {
        l->asked_twice = true;
        l->ping_at = 0;
        next(l);
        return;
    }
    l->asked_twice = false;
    set_online(l, ok);
    /* The register is back: what waited for the network goes now, what it put off itself keeps its time. */
    if (ok && !l->server_later)
        l->retry_at = 0;
    next(l);
}

static void prune(struct link *l, int64_t now)
{
    struct err e = {0};
    l->prune_at = now + PRUNE_EVERY_MS;
    if (queue_prune(l->queue, unix_ms() - KEEP_MS, &e) != RC_OK)
        log_err(&e, "event=queue_prune");
}

static void on_timer(uv_timer_t *t)
{
    next(t->data);
}

static void on_help(const struct httpc_reply *r, void *user)
{
    struct link *l = user;
    if (l->stopped)
        return;
    l->job = JOB_NONE;
    bool ok = r->rc == RC_OK && r->status < 300;
    log_info("event=help_sent status=%d rc=%s", r->rc == RC_OK ? r->status : 0, rc_name(r->rc));
    if (ok || (r->rc == RC_OK && r->status < 500) || mono_ms() >= l->help_until) {
        l->help[0] = '\0';
        if (l->ev.helped)
            l->ev.helped(ok, l->ev.user);
    } else
        l->help_at = mono_ms() + LINK_BACKOFF_MIN_MS;
    next(l);
}

/* Somebody stands there and waits: before everything else. */
static bool call_help(struct link *l, int64_t now)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    if (!l->help[0] || now < l->help_at)
        return false;
    l->job = JOB_HELP;
    httpc_send(l->http, "POST", "/v1/terminals/help", headers, l->help, strlen(l->help), on_help, l);
    return true;
}

void link_help(struct link *l, const char *json)
{
    if (strlen(json) >= sizeof(l->help))
        return;
    memcpy(l->help, json, strlen(json) + 1);
    l->help_until = mono_ms() + HELP_MS;
    l->help_at = 0;
    next(l);
}

static void on_ask(const struct httpc_reply *r, void *user)
{
    struct link *l = user;
    if (l->stopped)
        return;
    bool came = r->rc == RC_OK;
    log_info("event=asked status=%d rc=%s", came ? r->status : 0, rc_name(r->rc));
    if (l->ev.answered)
        l->ev.answered(came ? r->status : 0, came ? r->body : NULL, came ? r->len : 0, l->ev.user);
}

/* The client sends one after the other by itself. */
void link_ask(struct link *l, const struct link_ask *ask)
{
    ARENA_SCOPE(a);
    const char *const headers[] = {arena_fmt(a, "Content-Type: %s", ask->type), NULL};
    const struct httpc_request q = {.method = ask->method,
                                    .path = ask->path,
                                    .headers = headers,
                                    .body = ask->body,
                                    .len = ask->len,
                                    .timeout_ms = ask->len > ASK_SMALL ? BLOB_MS : 0};
    httpc_start(l->http, &q, on_ask, l);
}

static void next(struct link *l)
{
    int64_t now = mono_ms();
    if (l->stopped || l->job != JOB_NONE)
        return;
    if (call_help(l, now))
        return;
    if (now >= l->prune_at)
        prune(l, now);
    bool stands_there = l->fresh[0] != '\0'; /* tried once whatever befell the others */
    if (l->waiting && (stands_there || now >= l->retry_at) && upload(l))
        return;
    if (now >= l->ping_at) {
        l->job = JOB_PING;
        httpc_send(l->http, "GET", "/v1/ping", NULL, NULL, 0, on_ping, l);
        return;
    }
    int64_t due = l->ping_at;
    if (l->waiting && l->retry_at < due)
        due = l->retry_at;
    if (l->help[0] && l->help_at < due)
        due = l->help_at;
    uv_timer_start(&l->timer, on_timer, due > now ? (uint64_t)(due - now) : 1, 0);
}

void link_kick(struct link *l, const char *id)
{
    memcpy(l->fresh, id, sizeof(l->fresh));
    memcpy(l->newest, id, sizeof(l->newest));
    l->fresh_at = mono_ms();
    l->waiting = true;
    l->hurry = true;
    l->retry_at = 0;
    next(l);
}

bool link_online(const struct link *l)
{
    return l && l->online;
}

int64_t link_next_try_ms(const struct link *l)
{
    int64_t left = l->retry_at - mono_ms();
    return !l->waiting ? 0 : left > 1 ? left : 1;
}

enum rc link_start(uv_loop_t *loop, const struct register_conf *conf, struct queue *q,
                   const struct link_events *ev, struct link **out, struct err *e)
{
    const struct tls_conf tc = {.ca = conf->ca, .cert = conf->cert, .key = conf->key};
    struct tls_ctx *tls;
    TRY(tls_ctx_new(&tc, &tls, e));
    struct link *l = calloc(1, sizeof(*l));
    if (!l)
        abort();
    const struct httpc_conf hc = {.host = conf->host,
                                  .port = (int)conf->port,
                                  .tls = tls,
                                  .server_name = conf->server_name,
                                  .connect_ms = 3000,
                                  .request_ms = 10000};
    l->loop = loop;
    l->queue = q;
    l->ev = *ev;
    l->tls = tls;
    l->http = httpc_new(loop, &hc);
    l->waiting = true; /* whatever an earlier life left behind */
    uv_timer_init(loop, &l->timer);
    l->timer.data = l;
    uv_timer_start(&l->timer, on_timer, 0, 0);
    *out = l;
    return RC_OK;
}

void link_stop(struct link *l)
{
    l->stopped = true;
    httpc_free(l->http);
    uv_close((uv_handle_t *)&l->timer, NULL);
}

void link_free(struct link *l)
{
    if (!l)
        return;
    tls_ctx_free(l->tls);
    free(l);
}
