#include "backend/registry.h"
#include "backend/audit.h"

#include <stdlib.h>
#include <string.h>

#include "backend/case.h"
#include "backend/key_check.h"
#include "backend/migrate.h"
#include "backend/sql.h"
#include "common/base/log.h"
#include "common/base/text.h"

enum { WORLD_DEADLINE_MS = 10000, PUBLIC_BODY_MAX = 32768 };

/* A status page needs its own style sheet and its own form, nothing else. */
static const char *const public_headers[] = {
    "Content-Security-Policy: default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: no-referrer",
    "Cross-Origin-Opener-Policy: same-origin",
    "Cross-Origin-Resource-Policy: same-origin",
    "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=()",
    "Cache-Control: no-store",
    NULL,
};
static const char *const terminal_headers[] = {"Cache-Control: no-store", NULL};

/* ---- terminals and institutions in memory ---- */

static int by_serial(const void *a, const void *b)
{
    return strcmp(((const struct terminal *)a)->serial, ((const struct terminal *)b)->serial);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct institution *)a)->id, ((const struct institution *)b)->id);
}

const struct terminal *registry_terminal(const struct registry *g, const char *serial, const char *cn)
{
    struct terminal key = {.serial = serial};
    const struct terminal *t =
        g->world.n_terminals ? bsearch(&key, g->world.terminals, g->world.n_terminals, sizeof(key), by_serial)
                             : NULL;
    return t && strcmp(t->cn, cn) == 0 ? t : NULL;
}

const struct institution *registry_institution(const struct registry *g, const char *id)
{
    struct institution key = {.id = id};
    return g->world.n_institutions
               ? bsearch(&key, g->world.institutions, g->world.n_institutions, sizeof(key), by_id)
               : NULL;
}

/* The next world is built in its own arena while the old one still serves. */
struct loading {
    struct registry *g;
    struct arena *arena;
    struct world world;
};

static void world_load(struct registry *g);

static void loading_end(struct loading *l, bool good)
{
    struct registry *g = l->g;

    g->world_loading = false;
    if (!good) {
        arena_free(l->arena); /* the connection is going down; its return loads again */
        free(l);
        return;
    }
    arena_free(g->world_arena);
    g->world_arena = l->arena;
    g->world = l->world;
    if (!g->world_ready)
        log_info("event=ready terminals=%zu institutions=%zu", g->world.n_terminals, g->world.n_institutions);
    g->world_ready = true;
    free(l);
    if (g->world_stale)
        world_load(g);
}

static void on_institutions(const struct db_reply *r, void *user);

static void on_terminals(const struct db_reply *r, void *user)
{
    struct loading *l = user;
    int n = r->rows ? db_rows(r->rows) : 0;

    if (!r->rows ||
        db_send(l->g->db, SQL_INSTITUTIONS, NULL, WORLD_DEADLINE_MS, on_institutions, l, NULL) != RC_OK) {
        loading_end(l, false);
        return;
    }
    l->world.terminals = ARENA_ARRAY(l->arena, struct terminal, n + 1);
    for (int i = 0; i < n; i++)
        l->world.terminals[l->world.n_terminals++] = (struct terminal){
            arena_str(l->arena, db_text(r->rows, i, 0)),
            arena_str(l->arena, db_text(r->rows, i, 1)),
            arena_str(l->arena, db_text(r->rows, i, 2)),
        };
    if (n)
        qsort(l->world.terminals, (size_t)n, sizeof(struct terminal), by_serial);
}

static void on_institutions(const struct db_reply *r, void *user)
{
    struct loading *l = user;
    int n = r->rows ? db_rows(r->rows) : 0;

    l->world.institutions = ARENA_ARRAY(l->arena, struct institution, n + 1);
    for (int i = 0; i < n; i++) {
        struct institution *to = &l->world.institutions[l->world.n_institutions++];
        to->id = arena_str(l->arena, db_text(r->rows, i, 0));
        for (int k = 0; k < LANG_COUNT; k++)
            to->name.t[k] = arena_str(l->arena, db_text(r->rows, i, 1 + k));
        to->kind = arena_str(l->arena, db_text(r->rows, i, 1 + LANG_COUNT));
    }
    if (n)
        qsort(l->world.institutions, (size_t)n, sizeof(struct institution), by_id);
    loading_end(l, r->rows != NULL);
}

static void world_load(struct registry *g)
{
    if (g->world_loading) {
        g->world_stale = true;
        return;
    }
    g->world_stale = false;
    struct loading *l = calloc(1, sizeof(*l));
    if (!l)
        abort();
    l->g = g;
    l->arena = arena_new();
    g->world_loading = true;
    if (db_send(g->db, SQL_TERMINALS, NULL, WORLD_DEADLINE_MS, on_terminals, l, NULL) != RC_OK)
        loading_end(l, false);
}

static void on_up(struct db *d, void *user)
{
    struct registry *g = user;
    (void)d;
    world_load(g);
}

/* ---- terms ---- */

enum rc registry_term(struct registry *g, const char *service, struct date filed_on, const struct term **out,
                      struct err *e)
{
    const struct service *s = catalog_find(&g->catalog, service);
    const char *rule = term_of_answer(g->terms, s ? s->term : NULL);
    int64_t day = date_days(filed_on);
    struct term_day *slot = &g->term_days[((uint64_t)day * 7 + (uintptr_t)rule / 16) % TERM_DAYS];

    if (slot->day != day || slot->rule != rule) {
        if (!slot->arena)
            slot->arena = arena_new();
        arena_reset(slot->arena);
        slot->day = 0;
        TRY(term_compute(slot->arena, g->terms, rule, filed_on, &slot->term, e));
        slot->day = day;
        slot->rule = rule;
    }
    *out = &slot->term;
    return RC_OK;
}

/* ---- life ---- */

enum rc registry_key_check(const struct registry *g, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char hex[KEY_MARK];
    struct db_param p[] = {DB_STR("pin_key"), DB_STR(hex)};

    key_mark(hex, g->pin_key);
    TRY(db_sync_open(g->conf.db, &s, e));
    TRY(db_sync_query(s, sql_text(SQL_SETTING_KEEP), p, COUNT(p), &r, e));
    if (strcmp(db_text(r, 0, 0), hex) != 0)
        return err_set(e, RC_STATE, "%s: not the key with which this database began", g->conf.pin_key);
    return audit_vouch(s, e);
}

bool registry_ready(const struct registry *g)
{
    return g->world_ready && db_up(g->db) && intake_up(g->intake) == intake_shards(g->intake);
}

enum rc registry_load(struct registry *g, struct err *e)
{
    const struct term *today;

    g->world_arena = arena_new();
    TRY(work_house_load(g->arena, &g->conf, &g->house, e));
    g->catalog = g->house.catalog;
    g->i18n = g->house.i18n;
    g->terms = g->house.terms;
    memcpy(g->pin_key, g->house.master, sizeof(g->pin_key));
    g->registers = g->house.registers;
    TRY(registry_term(g, "", date_of_ms(unix_ms()), &today, e));
    TRY(blobs_open(g, e));
    if (g->conf.desk)
        TRY(desk_new(g->loop, &g->house, &g->desk, e));
    return outbox_load(g, &g->outbox, e);
}

static enum rc listen_terminals(struct registry *g, struct err *e)
{
    struct tls_conf tls = {
        .server = true, .ca = g->conf.tls.ca, .cert = g->conf.tls.cert, .key = g->conf.tls.key};
    struct http_conf http = {
        .host = g->conf.terminals.host,
        .port = (int)g->conf.terminals.port,
        .routes = terminal_routes,
        .nroutes = n_terminal_routes,
        .max_body = SUBMISSION_MAX,
        .gate = terminal_gate,
        .headers = terminal_headers,
        .user = g,
    };
    TRY(tls_ctx_new(&tls, &g->tls, e));
    http.tls = g->tls;
    return http_listen(g->loop, &http, &g->terminals, e);
}

static enum rc listen_public(struct registry *g, struct err *e)
{
    struct http_conf http = {
        .host = g->conf.public.host,
        .port = (int)g->conf.public.port,
        .routes = public_routes,
        .nroutes = n_public_routes,
        .max_body = PUBLIC_BODY_MAX,
        .idle_ms = 15000,
        .headers = public_headers,
        .user = g,
    };
    return http_listen(g->loop, &http, &g->public, e);
}

enum rc registry_listen(struct registry *g, struct err *e)
{
    TRY(listen_terminals(g, e));
    TRY(listen_public(g, e));
    if (g->desk)
        TRY(desk_listen(g->desk, e));
    log_info("event=start version=%s terminals=%d public=%d desk=%d", PRIDVOR_VERSION,
             http_port(g->terminals), http_port(g->public), g->desk ? desk_port(g->desk) : 0);
    return RC_OK;
}

void registry_start(struct registry *g)
{
    struct db_conf dc = {
        .conninfo = g->conf.db,
        .name = "registryd",
        .session = sql_text(SQL_SESSION),
        .channel = "registry",
        .stmts = sql_table,
        .nstmts = SQL_SERVER_COUNT,
        .on_up = on_up,
        .on_notify = on_up,
        .user = g,
    };
    struct intake_conf ic = {
        .conninfo = g->conf.db,
        .shards = (unsigned)g->conf.intake_connections,
        .deadline_ms = (unsigned)g->conf.deadline_ms,
        .term = intake_term,
        .user = g,
    };
    const struct room_conf rc = {.loop = g->loop, .house = &g->house};
    g->db = db_new(g->loop, &dc);
    g->room = room_new(&rc);
    g->intake = intake_new(g->loop, &ic);
    audit_sealer_start(&g->sealer, g->loop, g->db);
    book_start(g);
    case_start(g);
    if (g->outbox)
        outbox_start(g->outbox);
    if (g->desk)
        desk_start(g->desk);
}

void registry_stop(struct registry *g)
{
    if (g->terminals)
        http_close(g->terminals);
    if (g->public)
        http_close(g->public);
    desk_stop(g->desk);
    if (g->sealer.db)
        uv_close((uv_handle_t *)&g->sealer.timer, NULL);
    g->sealer.db = NULL;
    book_stop(g);
    case_stop(g);
    room_free(g->room);
    g->room = NULL;
    intake_free(g->intake);
    outbox_stop(g->outbox);
    db_free(g->db);
    g->terminals = g->public = NULL;
    g->intake = NULL;
    g->db = NULL;
}
