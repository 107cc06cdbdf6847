/* Who files at a kiosk, and comes back to put right what was returned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/db/case_storm.h"
#include "tests/db/form_fill.h"
#include "tests/db/tclient.h"

struct kiosk {
    char name[8], hall[16];
    struct tls_ctx *ctx;
    struct tclient c;
};

static bool offered(const struct service *s)
{
    return s->channels & CH_KIOSK;
}

static const struct service *service_at(size_t i)
{
    for (size_t k = 0;; k++) {
        const struct service *s = &storm.catalog.services[k % storm.catalog.n];
        if (offered(s) && i-- == 0)
            return s;
    }
}

/* Two of three by e-mail, every third by telephone alone; each with an address of their own. */
static const char *answers(struct arena *a, size_t i, const struct service *s)
{
    struct fill f = {.service = s, .i18n = storm.i18n, .luck = i + 1};

    if (i % 3)
        f.email = arena_fmt(a, "u%zu@post.example.ro", i + 1);
    else
        f.phone = arena_fmt(a, "0722%06zu", i + 1);
    const char *text = fill_form(a, &f);
    if (text)
        return text;
    f.email = arena_fmt(a, "u%zu@post.example.ro", i + 1); /* wants both */
    f.phone = arena_fmt(a, "0722%06zu", i + 1);
    return fill_form(a, &f);
}

/* One ask, over as many connections as it takes; again as long as nobody answers. unclear: it was lost. */
static int ask(struct kiosk *k, const char *path, const char *headers, const char *text, struct buf *reply,
               bool *unclear)
{
    int status;

    for (;;) {
        struct err e = {0};
        if (k->c.fd < 0 && tclient_open(&k->c, storm.desk.s.port, k->ctx, &e) != RC_OK) {
            if (storm.stop)
                return -1;
            usleep(5000);
            continue;
        }
        buf_reset(reply);
        status = tclient_request(&k->c, "POST", path, headers, text, reply, &e);
        if (status >= 0 && status != 503)
            return status;
        *unclear = true; /* 503 too: PostgreSQL may have died after the commit */
        if (status < 0)
            tclient_close(&k->c);
        if (storm.stop)
            return status;
        usleep(10000);
    }
}

static void file_one(struct kiosk *k, size_t i)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(reply);
    struct body b;
    struct filed f = {0};
    struct err e = {0};
    bool unclear = false;
    const struct service *s = service_at(i);
    const char *text = answers(a, i, s);

    if (!text) {
        storm_odd(s->id, 0, NULL);
        return;
    }
    body_init(&b, k->name, k->hall);
    b.service = s->id;
    b.version = s->version;
    b.answers = text;
    b.lang = lang_codes[i % LANG_COUNT];
    int status = ask(k, "/v1/requests", body_headers(a, &b), body_text(a, &b), &reply, &unclear);
    if ((status != 200 && status != 201) ||
        json_decode(a, &filed_desc, reply.p, reply.len, &f, &e) != RC_OK) {
        storm_odd(s->id, status, &reply);
        return;
    }
    b.answers = NULL;
    struct storm_case *c = storm_add(b.id, k->hall);
    if (!c)
        abort();
    c->body = b;
    c->n = f.n;
    c->luck = (unsigned)i;
    c->service = s->id;
}

/* The same answer once more, for each field that came back. */
static void put_right(struct kiosk *k, struct storm_case *c)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(reply);
    BUF_SCOPE(text);
    struct jval *v = NULL, *mine = NULL;
    struct err e = {0};
    bool unclear = false;
    const char *who =
        arena_fmt(a, "{\"code\":\"%s\",\"pin\":\"%s\",\"lang\":\"ro\"", c->body.code, c->body.pin);
    const char *json = "Content-Type: application/json\r\n";
    const char *first = answers(a, c->luck, catalog_find(&storm.catalog, c->service));

    int status = ask(k, "/v1/status", json, arena_fmt(a, "%s}", who), &reply, &unclear);
    if (status == 429 || storm.stop)
        return;
    if (status != 200 || jval_parse(a, arena_strn(a, reply.p, reply.len), reply.len, &v, &e) != RC_OK ||
        jval_parse(a, first, strlen(first), &mine, &e) != RC_OK) {
        storm_odd("status", status, &reply);
        return;
    }
    const struct jval *fields = jval_get(jval_get(v, "returned"), "fields");
    c->returned = fields != NULL;
    if (!fields)
        return;
    buf_fmt(&text, "%s,\"answers\":{", who);
    for (size_t i = 0; i < fields->n; i++) {
        const struct jval *x = jval_get(mine, fields->items[i].s);
        buf_fmt(&text, "%s\"%s\":", i ? "," : "", fields->items[i].s);
        if (x)
            jval_encode(x, &text);
        else
            buf_str(&text, "\"Text\"");
    }
    buf_str(&text, "}}");
    unclear = false;
    status = ask(k, "/v1/returns", json, text.p, &reply, &unclear);
    if (status == 200) {
        storm.corrections++;
        storm.corrections_unclear += unclear; /* may have been done by the first ask too */
        c->returned = false;
    } else if (unclear) {
        storm.corrections_unclear++;
    } else if (status != 409 && status != 422 && status != 429) {
        storm_odd("return", status, &reply);
    }
}

static struct storm_case *mine(const struct kiosk *k, size_t i)
{
    struct storm_case *c;

    pthread_mutex_lock(&storm.lock);
    c = i < storm.n_cases ? &storm.cases[i] : NULL;
    pthread_mutex_unlock(&storm.lock);
    return c && c->service && c->returned && strcmp(c->hall, k->hall) == 0 ? c : NULL;
}

void *storm_citizen(void *number)
{
    struct kiosk k = {.c = {.fd = -1}};
    size_t at = 0;

    snprintf(k.name, sizeof(k.name), "K%02d", *(const int *)number);
    snprintf(k.hall, sizeof(k.hall), "uat-%d", *(const int *)number);
    k.ctx = server_client(&storm.desk.s, k.name);
    while (!storm.stop) {
        size_t i = storm.filed++;
        if (i < storm.lives) {
            file_one(&k, i);
            usleep(20000);
            continue;
        }
        struct storm_case *c = mine(&k, at++ % storm.max_cases);
        if (c)
            put_right(&k, c);
        else
            usleep(500);
    }
    tclient_close(&k.c);
    tls_ctx_free(k.ctx);
    return NULL;
}
