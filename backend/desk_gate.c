/* What is true before a handler runs: the request comes from our own page, its session lives, its person
 * holds the right somewhere. Where exactly, the handler asks case_may or work_may. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/sql.h"
#include "common/base/log.h"
#include "common/base/text.h"

const char desk_foreign[] = "FOREIGN";

/* A page elsewhere cannot send X-Pridvor without asking, and a browser says where a request comes from. */
enum rc desk_same_origin(struct http_req *r, struct err *e)
{
    const char *site = http_header(r, "sec-fetch-site"), *origin = http_header(r, "origin");
    const char *host = http_header(r, "host"), *mark = http_header(r, "x-pridvor");
    bool reads = strcmp(http_method(r), "GET") == 0 || strcmp(http_method(r), "HEAD") == 0;

    if (site && strcmp(site, "same-origin") != 0 && !(reads && strcmp(site, "none") == 0))
        return err_set(e, RC_DENIED, "not from the page of this server");
    if (origin && (!host || strncmp(origin, "https://", 8) != 0 || strcmp(origin + 8, host) != 0))
        return err_set(e, RC_DENIED, "not from the page of this server");
    if (!reads && (!mark || strcmp(mark, "1") != 0))
        return err_set(e, RC_DENIED, "the header X-Pridvor is missing");
    return RC_OK;
}

const char *desk_token(struct arena *a, const struct http_req *r)
{
    static const char name[] = "__Host-pridvor=";
    const char *p = http_header(r, "cookie");

    while (p && *p) {
        size_t n = strcspn(p, ";");
        if (strncmp(p, name, sizeof name - 1) == 0)
            return arena_strn(a, p + sizeof name - 1, n - (sizeof name - 1));
        p += n;
        p += strspn(p, "; ");
    }
    return NULL;
}

/* Percent-encoded UTF-8, so that headers can carry it. NULL: absent or malformed. */
const char *desk_header_text(struct arena *a, const struct http_req *r, const char *name)
{
    const char *s = http_header(r, name);
    size_t len = 0, one;

    if (!s || !*s || strlen(s) > (size_t)DESK_REASON_MAX * 3)
        return NULL;
    char *out = arena_alloc(a, strlen(s) + 1);
    for (; *s; s++) {
        char pair[3] = "";
        out[len] = *s;
        if (*s == '%') {
            memcpy(pair, s + 1, strnlen(s + 1, 2));
            if (!hex_decode(out + len, 1, &one, pair) || one != 1)
                return NULL;
            s += 2;
        }
        if ((unsigned char)out[len++] < ' ')
            return NULL;
    }
    return utf8_valid(out, len) ? out : NULL;
}

static struct jval value_of(const char *s, enum jtype type)
{
    struct jval v = {.kind = JV_STR, .s = s};
    char *end;
    long long n = strtoll(s, &end, 10);

    if (type == J_INT && *s && !*end && strlen(s) < 19)
        v = (struct jval){.kind = JV_INT, .i = n};
    else if (type == J_BOOL && (strcmp(s, "true") == 0 || strcmp(s, "false") == 0))
        v = (struct jval){.kind = JV_BOOL, .b = *s == 't'};
    return v;
}

const struct jval *desk_query(struct arena *a, struct http_req *r, const struct jdesc *in)
{
    struct jval *v = ARENA_NEW(a, struct jval);

    v->kind = JV_OBJ;
    v->items = ARENA_ARRAY(a, struct jval, in->n + 1);
    v->names = ARENA_ARRAY(a, const char *, in->n + 1);
    for (size_t i = 0; i < in->n; i++) {
        const char *s = http_query(r, in->fields[i].name);
        if (!s || (!*s && in->fields[i].type != J_STR))
            continue;
        v->names[v->n] = in->fields[i].name;
        v->items[v->n++] = value_of(arena_str(a, s), in->fields[i].type);
    }
    return v;
}

static bool holds(const struct desk_call *c)
{
    static const struct institutions none = {0};
    static const struct rights_place nowhere = {"", "", false, false};
    struct rights_verdict v =
        rights_decide(&c->w->house->rights, &none, &c->who.person, c->route->right, &nowhere);
    return v.allowed || v.word == RIGHTS_NO_REACH;
}

static bool casework(const struct work *w, const char *role)
{
    return workflow_role(&w->house->workflows, role) != 0;
}

/* One's own grants, and for casework those of whom one stands in for. */
static void grants(struct desk_call *c, const struct db_result *r)
{
    struct arena *a = c->w->a;
    size_t rows = (size_t)db_rows(r), n = 0;
    struct grant *g = ARENA_ARRAY(a, struct grant, rows);

    c->accounts = ARENA_ARRAY(a, const char *, rows);
    c->n_accounts = 0;
    for (int i = 0; i < db_rows(r); i++) {
        const char *holder = db_text(r, i, SESSION_HOLDER), *role = db_text(r, i, SESSION_ROLE);
        if (c->n_accounts == 0 || strcmp(c->accounts[c->n_accounts - 1], holder) != 0)
            c->accounts[c->n_accounts++] = arena_str(a, holder);
        if (role && (c->n_accounts == 1 || casework(c->w, role)))
            g[n++] = (struct grant){arena_str(a, role), arena_str(a, db_text(r, i, SESSION_REACH)),
                                    arena_str(a, db_text(r, i, SESSION_INSTITUTION)),
                                    arena_str(a, db_text(r, i, SESSION_DEPARTMENT))};
    }
    c->who.person = (struct rights_person){c->who.account, false, g, n};
}

static void become(struct desk_call *c, const struct db_result *r)
{
    c->w->version = db_int(r, 0, SESSION_VERSION);
    c->who = (struct actor){.kind = ACTOR_STAFF,
                            .account = arena_str(c->w->a, db_text(r, 0, SESSION_ACCOUNT)),
                            .full_name = arena_str(c->w->a, db_text(r, 0, SESSION_NAME)),
                            .institution = arena_str(c->w->a, db_text(r, 0, SESSION_HOUSE))};
    grants(c, r);
}

static struct work_session *kept(const struct desk_call *c, const char *token)
{
    struct work_kept *k = c->w->kept;

    for (size_t i = 0; k && i < WORK_SESSIONS; i++)
        if (k->sessions[i].rows && strcmp(k->sessions[i].token, token) == 0)
            return &k->sessions[i];
    return NULL;
}

static void keep(const struct desk_call *c, struct db_result *r)
{
    struct work_kept *k = c->w->kept;
    struct login_look look;

    /* one that is due to be noted as used will look as before when it is */
    if (!k || db_text(r, 0, SESSION_STALE)[0] == 't' || !login_look(c->login, c->token, &look)) {
        db_result_free(r);
        return;
    }
    struct work_session *s = kept(c, look.token);
    s = s ? s : &k->sessions[k->next_session++ % WORK_SESSIONS];
    db_result_free(s->rows);
    memcpy(s->token, look.token, sizeof(s->token));
    s->rows = r;
}

bool desk_enter_ahead(struct desk_call *c, struct desk_ahead *x)
{
    if (!c->route->reads || !login_look(c->login, c->token, &x->look))
        return false;
    const struct work_session *s = kept(c, x->look.token);
    if (!s)
        return false;
    become(c, s->rows);
    if (!holds(c))
        return false;
    x->lead = (struct work_lead){{&sql_table[SQL_LOGIN_CHECK], x->look.p, NULL}, s->rows, false};
    c->w->lead = &x->lead;
    return true;
}

enum rc desk_enter(struct desk_call *c, struct err *e)
{
    struct db_result *r = NULL;
    enum rc rc = login_check(c->login, c->token, &r, e);

    if (rc != RC_OK) {
        db_result_free(r);
        return rc;
    }
    become(c, r);
    keep(c, r);
    if (strcmp(c->route->right, DESK_SESSION) == 0 || holds(c))
        return RC_OK;
    return err_set(e, RC_DENIED, "nobody gave you the right %s", c->route->right);
}

void desk_refused(struct desk_call *c, const struct err *why)
{
    struct err e = {0};
    bool uuid = c->id && uuid_valid(c->id);
    struct work_log log = {c->who.institution, uuid ? c->id : NULL, "desk refused",
                           arena_fmt(c->w->a, "%s %s%s%s: %s", c->route->method, c->route->path,
                                     c->id && !uuid ? " " : "", c->id && !uuid ? c->id : "",
                                     why->rc == RC_NOT_FOUND ? "belongs to others" : "no right")};

    if (work_audit(c->w, &c->who, &log, &e) != RC_OK)
        log_err(&e, "event=desk_refusal_not_audited");
}

int64_t desk_number(const char *digits)
{
    return strtoll(digits, NULL, 10);
}
