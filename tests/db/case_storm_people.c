/* Who works at the desk: each knows only what the answers of the desk say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/db/case_storm.h"

enum { TRIES = 600, CALM = 25 };

static const struct colleague {
    const char *name, *role;
} colleagues[] = {
    {"clerk", "clerk"}, {"teller", "clerk"},    {"registrar", "registrar"},
    {"head", "head"},   {"officer", "officer"}, {"expert", "expert"},
    {"field", "field"}, {"mayor", "approver"},  {"archive", "archivist"},
};
struct clerk {
    struct browser who[STORM_USERS];
    struct tls_ctx *ctx;
    unsigned long long luck;
};
static struct user {
    char name[20], hall[16];
    const char *role;
} users[STORM_USERS];
static unsigned n_users;

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static unsigned roll(struct clerk *k, unsigned n)
{
    k->luck ^= k->luck << 13;
    k->luck ^= k->luck >> 7;
    k->luck ^= k->luck << 17;
    return (unsigned)((k->luck >> 11) % n);
}

static void employ(const char *name, const char *hall, const char *role, const char *home, const char *at)
{
    struct user *u = &users[n_users++];

    snprintf(u->name, sizeof(u->name), "%s", name);
    snprintf(u->hall, sizeof(u->hall), "%s", hall);
    u->role = role;
    desk_person(&storm.desk, name, home);
    desk_grant(&storm.desk, name, role, at);
}

void storm_people(void)
{
    for (int hall = 1; hall <= STORM_HALLS; hall++)
        for (size_t i = 0; i < COUNT(colleagues); i++) {
            const char *at = arena_fmt(storm.a, "uat-%d", hall);
            employ(arena_fmt(storm.a, "%s-%d", colleagues[i].name, hall), at, colleagues[i].role, at, at);
        }
    employ("county", "", "county", "cj-1", "cj-1/");
}

/* ---- lists that all share ---- */

struct storm_case *storm_add(const char *id, const char *hall)
{
    struct storm_case *c = NULL;

    pthread_mutex_lock(&storm.lock);
    for (size_t i = 0; i < storm.n_cases && !c; i++)
        c = same(storm.cases[i].id, id) ? &storm.cases[i] : NULL;
    if (!c && storm.n_cases < storm.max_cases) {
        c = &storm.cases[storm.n_cases];
        snprintf(c->id, sizeof(c->id), "%s", id);
        snprintf(c->hall, sizeof(c->hall), "%s", hall);
        storm.n_cases++;
    }
    pthread_mutex_unlock(&storm.lock);
    return c;
}

static struct storm_case *some_case(struct clerk *k)
{
    pthread_mutex_lock(&storm.lock);
    size_t n = storm.n_cases;
    pthread_mutex_unlock(&storm.lock);
    for (int i = 0; n && i < 40; i++) {
        struct storm_case *c = &storm.cases[roll(k, (unsigned)n)];
        if (!c->ended && c->turns < STORM_TURNS)
            return c;
    }
    return NULL;
}

static void note_act(const struct storm_act *x)
{
    pthread_mutex_lock(&storm.lock);
    if (storm.n_acts == storm.max_acts)
        abort();
    storm.acts[storm.n_acts++] = *x;
    pthread_mutex_unlock(&storm.lock);
}

void storm_odd(const char *what, int status, const struct buf *body)
{
    pthread_mutex_lock(&storm.lock);
    if (storm.odds++ == 0)
        snprintf(storm.odd, sizeof(storm.odd), "%s: %d %.400s", what, status, body && body->p ? body->p : "");
    pthread_mutex_unlock(&storm.lock);
}

/* ---- asking the desk ---- */

static bool gone(int status)
{
    return status < 0 || status == 503 || status == 504;
}

/* Enters when there is no session yet, or no longer. The status. */
static int ask(struct clerk *k, unsigned u, const struct desk_ask *what, struct buf *body)
{
    struct browser *b = &k->who[u];
    int status = -1;

    for (int i = 0; i < TRIES && !storm.stop; i++) {
        if (!*b->cookie && desk_enter_as(b, users[u].name, desk_secret) != 200) {
            usleep(20000);
            continue;
        }
        buf_reset(body);
        status = desk_send(b, what, NULL, body);
        if (status != 401)
            return status;
        b->cookie[0] = 0;
    }
    return status;
}

static const char json_lines[] = "X-Pridvor: 1\r\nContent-Type: application/json\r\n";

static struct jval *look(struct clerk *k, unsigned u, const char *id, struct arena *a, int *status)
{
    const struct desk_ask get = {"GET", arena_fmt(a, "/api/cases/%s", id), NULL, "X-Reason: lucru\r\n"};
    struct jval *v = NULL;
    struct err e = {0};
    BUF_SCOPE(body);

    *status = ask(k, u, &get, &body);
    storm.looked++;
    if (gone(*status)) {
        storm.away++;
        usleep(20000);
    } else if (*status == 200 && jval_parse(a, arena_strn(a, body.p, body.len), body.len, &v, &e) != RC_OK)
        storm_odd(e.text, 200, &body);
    else if (*status != 200 && *status != 404 && *status != 403 && *status != 429)
        storm_odd("look", *status, &body);
    return v;
}

/* Again with the same version until there is an answer: done twice it cannot be. */
static int change(struct clerk *k, unsigned u, const char *path, const char *text, struct storm_act *x)
{
    const struct desk_ask post = {"POST", path, text, json_lines};
    bool unclear = false;
    int status;
    BUF_SCOPE(body);

    for (;;) {
        status = ask(k, u, &post, &body);
        if (!gone(status) || storm.stop)
            break;
        unclear = true;
        if (*x->text)
            break; /* a note has no version: it is not said again */
        usleep(20000);
    }
    x->answered = status == 200;
    if (unclear || x->answered)
        note_act(x);
    storm.unclear += unclear;
    storm.done += x->answered;
    storm.refused += status == 403 || status == 404 || status == 409 || status == 422;
    if (status != 200 && status != 409 && status != 403 && status != 404 && status != 422 && !gone(status))
        storm_odd(text, status, &body);
    return status;
}

/* ---- what a step is given ---- */

static struct storm_act act_of(const struct storm_case *c, unsigned u, const char *act, int64_t version)
{
    struct storm_act x = {.version = version};

    snprintf(x.id, sizeof(x.id), "%s", c->id);
    snprintf(x.actor, sizeof(x.actor), "%s", users[u].name);
    snprintf(x.act, sizeof(x.act), "%.23s", act);
    return x;
}

static const char *other_case(struct clerk *k, const struct storm_case *c)
{
    const struct storm_case *o = some_case(k);
    return o && o != c && same(o->hall, c->hall) ? o->id : NULL;
}

static unsigned user_of(const char *hall, const char *role)
{
    for (unsigned i = 0; i < n_users; i++)
        if (same(users[i].hall, hall) && same(users[i].role, role))
            return i;
    return 0;
}

/* By somebody who may write one. */
static const char *draft(struct clerk *k, const struct storm_case *c, const struct jval *v, struct arena *a)
{
    const struct jval *now = jval_get(v, "draft");
    const char *text = arena_fmt(a,
                                 "{\"template\":\"answer.petition\",\"lang\":\"ro\",\"title\":\"Răspuns\","
                                 "\"body\":\"Vă răspundem.\",\"version\":%lld}",
                                 (long long)jval_int(now, "version", 0));
    const struct desk_ask put = {"PUT", arena_fmt(a, "/api/cases/%s/draft", c->id), text, json_lines};
    BUF_SCOPE(body);

    if (now && now->kind == JV_OBJ)
        return "draft";
    unsigned u = user_of(c->hall, roll(k, 2) ? "clerk" : "officer");
    int status = ask(k, u, &put, &body);
    struct storm_act x = act_of(c, u, "answer drafted", 0);
    x.answered = status == 200;
    if (x.answered || gone(status))
        note_act(&x);
    if (status != 200 && status != 409 && status != 404 && status != 403 && !gone(status))
        storm_odd("draft", status, &body);
    return status == 200 ? "draft" : NULL;
}

struct giving {
    struct clerk *k;
    const struct storm_case *c;
    const struct jval *v;
    struct arena *a;
};

static const char *value_of(const struct giving *g, const char *need)
{
    static const char *const offices[] = {"registratura", "politia_locala", "urbanism", "drumuri"};
    static const char *const found[] = {"yes", "no", "partial"};
    const struct jval *fields = jval_get(g->v, "returnable");

    if (same(need, "fields"))
        return fields && fields->n ? jval_str(&fields->items[roll(g->k, (unsigned)fields->n)], "field", NULL)
                                   : NULL;
    if (same(need, "department"))
        return offices[roll(g->k, COUNT(offices))];
    if (same(need, "institution"))
        return same(g->c->hall, "uat-1") ? "uat-2" : "uat-1";
    if (same(need, "term_rule"))
        return "l421.notice";
    if (same(need, "search_result"))
        return found[roll(g->k, COUNT(found))];
    if (same(need, "case_number"))
        return other_case(g->k, g->c);
    if (same(need, "code"))
        return NULL;
    return same(need, "document") ? draft(g->k, g->c, g->v, g->a) : "Fiindcă așa cere legea.";
}

static bool given(const struct giving *g, const struct jval *action, struct buf *out)
{
    const struct jval *needs = jval_get(action, "needs");

    buf_str(out, "{");
    for (size_t i = 0; needs && i < needs->n; i++) {
        const char *need = jval_str(&needs->items[i], "id", ""), *v = value_of(g, need);
        if (!v)
            return false;
        buf_fmt(out, "%s\"%s\":", i ? "," : "", need);
        json_quote(out, v);
    }
    buf_chr(out, '}');
    return true;
}

/* ---- one turn ---- */

static void step(const struct giving *g, struct storm_case *c, unsigned u, const struct jval *action)
{
    const char *id = jval_str(action, "id", "");
    int64_t seen = jval_int(jval_get(g->v, "case"), "version", 0);
    bool allowed = jval_bool(action, "allowed", false), stale = allowed && roll(g->k, 15) == 0;
    struct storm_act x = act_of(c, u, id, seen + 1);
    BUF_SCOPE(what);

    if (stale && --seen < 1)
        return;
    if (!given(g, action, &what))
        return;
    const char *text =
        arena_fmt(g->a, "{\"action\":\"%s\",\"version\":%lld,\"given\":%s}", id, (long long)seen, what.p);
    if (stale)
        x.version = seen + 1;
    int status = change(g->k, u, arena_fmt(g->a, "/api/cases/%s/act", c->id), text, &x);
    if (status == 200 && (stale || !allowed))
        storm_odd(stale ? "an old version was taken" : "what is not allowed was done", status, &what);
    if (status == 200 && same(jval_str(action, "to", ""), "returned"))
        c->returned = true;
    c->turns++;
}

static bool shuts(const char *action)
{
    static const char *const words[] = {"withdraw", "file",   "refuse",   "not_come", "not_paid",
                                        "forward",  "revoke", "reassign", "redo",     "expire"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (same(words[i], action))
            return true;
    return false;
}

/* One that may be done; now and then one that may not. Quick ends are rare while there is patience. */
static const struct jval *choose(struct clerk *k, const struct storm_case *c, const struct jval *list)
{
    bool forbidden = roll(k, 12) == 0;

    for (int i = 0; list && list->n && i < 30; i++) {
        const struct jval *x = &list->items[roll(k, (unsigned)list->n)];
        if (jval_bool(x, "allowed", false) == forbidden)
            continue;
        if (!forbidden && c->turns < CALM && shuts(jval_str(x, "id", "")) && roll(k, 8))
            continue;
        return x;
    }
    return NULL;
}

static void opinion(const struct giving *g, struct storm_case *c, unsigned u)
{
    const struct jval *tasks = jval_get(g->v, "tasks");
    int64_t seen = jval_int(jval_get(g->v, "case"), "version", 0);
    struct storm_act x = act_of(c, u, "opinion", seen + 1);

    for (size_t i = 0; tasks && i < tasks->n; i++) {
        const struct jval *t = &tasks->items[i];
        if (*jval_str(t, "done_at", "") || !same(jval_str(t, "kind", ""), "opinion") ||
            !same(jval_str(t, "institution", ""), users[u].hall))
            continue;
        const char *text = arena_fmt(
            g->a, "{\"task\":%lld,\"version\":%lld,\"result\":\"%s\",\"text\":\"Aviz.\"}",
            (long long)jval_int(t, "id", 0), (long long)seen, roll(g->k, 4) ? "positive" : "negative");
        change(g->k, u, arena_fmt(g->a, "/api/cases/%s/opinion", c->id), text, &x);
        return;
    }
}

static void settle(const struct giving *g, struct storm_case *c, unsigned u)
{
    static const struct {
        const char *role, *state, *path;
    } rows[] = {
        {"officer", "submitted", "case.both_present"}, {"officer", "in_work", "case.both_present"},
        {"clerk", "in_work", "case.evidence"},         {"clerk", "answered", "case.delivered"},
        {"clerk", "issued", "case.delivered"},
    };
    const struct jval *now = jval_get(g->v, "case");
    int64_t seen = jval_int(now, "version", 0);
    struct storm_act x = act_of(c, u, "fact", seen + 1);

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!same(rows[i].role, users[u].role) || !same(rows[i].state, jval_str(now, "state", "")))
            continue;
        const char *text = arena_fmt(g->a, "{\"path\":\"%s\",\"value\":\"true\",\"version\":%lld}",
                                     rows[i].path, (long long)seen);
        change(g->k, u, arena_fmt(g->a, "/api/cases/%s/fact", c->id), text, &x);
        return;
    }
}

static void note(const struct giving *g, struct storm_case *c, unsigned u)
{
    static atomic_uint next;
    struct storm_act x = act_of(c, u, "note", 0);

    snprintf(x.text, sizeof(x.text), "Nota %u", ++next);
    change(g->k, u, arena_fmt(g->a, "/api/cases/%s/note", c->id),
           arena_fmt(g->a, "{\"text\":\"%s\"}", x.text), &x);
}

static void learn(struct storm_case *c, const struct jval *v)
{
    const struct jval *now = jval_get(v, "case"), *links = jval_get(v, "links");
    const char *hall = same(c->hall, "uat-1") ? "uat-2" : "uat-1";

    if (model_ended(&storm.model, jval_str(now, "state", "")))
        c->ended = true;
    for (size_t i = 0; links && i < links->n; i++)
        if (same(jval_str(&links->items[i], "kind", ""), "forwarded"))
            storm_add(jval_str(&links->items[i], "case", ""), hall);
}

static void turn(struct clerk *k)
{
    struct storm_case *c = some_case(k);
    int status;
    ARENA_SCOPE(a);

    if (!c) {
        usleep(20000);
        return;
    }
    unsigned u = roll(k, n_users);
    for (int i = 0; i < 6 && !same(users[u].hall, c->hall) && roll(k, 20); i++)
        u = roll(k, n_users);
    struct jval *v = look(k, u, c->id, a, &status);
    if (!v) {
        c->turns += (status == 404 || status == 403) && roll(k, 8) == 0; /* it may not be open yet */
        return;
    }
    const struct giving g = {k, c, v, a};
    learn(c, v);
    if (c->ended)
        return;
    unsigned way = roll(k, 12);
    if (way < 2 && same(users[u].role, "expert"))
        opinion(&g, c, u);
    else if (way < 3)
        settle(&g, c, u);
    else if (way == 3)
        note(&g, c, u);
    else {
        const struct jval *action = choose(k, c, jval_get(v, "actions"));
        if (action)
            step(&g, c, u, action);
        else
            c->turns += roll(k, 4) == 0;
    }
}

void *storm_clerk(void *number)
{
    struct clerk *k = calloc(1, sizeof(*k));

    if (!k)
        abort();
    k->ctx = server_client(&storm.desk.s, NULL);
    k->luck = 88172645463325252ULL + (unsigned long long)*(const int *)number * 7919;
    for (unsigned i = 0; i < n_users; i++)
        k->who[i] = (struct browser){.rig = &storm.desk, .ctx = k->ctx};
    while (!storm.stop)
        turn(k);
    for (unsigned i = 0; i < n_users; i++)
        desk_leave(&k->who[i]);
    tls_ctx_free(k->ctx);
    free(k);
    return NULL;
}
