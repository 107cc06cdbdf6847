/* Coming, going, and who one is. */
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/sql.h"

struct login_in {
    const char *account, *password, *code;
};
static const struct jfield login_fields[] = {
    JF_STR(struct login_in, account, J_REQ, 1, 64),
    JF_STR(struct login_in, password, J_REQ | J_PD, 1, 512),
    JF_STR(struct login_in, code, J_PD, 0, 32),
};
JDESC(desk_login_in, struct login_in, login_fields);

struct password_in {
    const char *old, *code, *fresh;
};
static const struct jfield password_fields[] = {
    JF_STR(struct password_in, old, J_REQ | J_PD, 1, 512),
    JF_STR(struct password_in, code, J_PD, 0, 32),
    JF_STR(struct password_in, fresh, J_REQ | J_PD, 1, 512),
};
JDESC(desk_password_in, struct password_in, password_fields);

struct redeem_in {
    const char *account, *code, *fresh;
};
static const struct jfield redeem_fields[] = {
    JF_STR(struct redeem_in, account, J_REQ, 1, 64),
    JF_STR(struct redeem_in, code, J_REQ | J_PD, 1, 32),
    JF_STR(struct redeem_in, fresh, J_REQ | J_PD, 1, 512),
};
JDESC(desk_redeem_in, struct redeem_in, redeem_fields);

struct pin_in {
    const char *password, *code, *pin;
};
static const struct jfield pin_fields[] = {
    JF_STR(struct pin_in, password, J_REQ | J_PD, 1, 512), JF_STR(struct pin_in, code, J_PD, 0, 32),
    JF_STR(struct pin_in, pin, J_PD, 0, 32), /* none: taken away */
};
JDESC(desk_pin_in, struct pin_in, pin_fields);

struct unlock_in {
    const char *pin;
};
static const struct jfield unlock_fields[] = {JF_STR(struct unlock_in, pin, J_REQ | J_PD, 1, 32)};
JDESC(desk_unlock_in, struct unlock_in, unlock_fields);

#define COOKIE "__Host-pridvor=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s"

static void forget(struct desk_call *c)
{
    c->cookie = arena_fmt(c->w->a, COOKIE, "", "; Max-Age=0");
}

/* Who is not let in learns one thing only. */
static enum rc not_in(enum rc rc, struct err *e)
{
    return rc == RC_DENIED
               ? err_code(e, RC_UNAUTHENTICATED, "LOGIN_WRONG", 0, "name, password or code is wrong")
               : rc;
}

enum rc desk_login(struct desk_call *c, const void *in, struct err *e)
{
    const struct login_in *l = in;
    struct login_try t = {l->account, l->password, l->code, c->address};
    struct err old = {0};
    char token[LOGIN_TOKEN];

    TRY(not_in(login_enter(c->login, &t, token, e), e));
    if (c->token && login_leave(c->login, c->token, &old) != RC_OK)
        old = (struct err){0}; /* the session before this one was none any more */
    c->token = arena_str(c->w->a, token);
    c->cookie = arena_fmt(c->w->a, COOKIE, token, "");
    wipe(token, sizeof(token));
    TRY(case_actor(c->w, l->account, &c->who, e));
    return desk_me(c, NULL, e);
}

enum rc desk_logout(struct desk_call *c, const void *in, struct err *e)
{
    (void)in;
    forget(c);
    return login_leave(c->login, c->token, e);
}

enum rc desk_password(struct desk_call *c, const void *in, struct err *e)
{
    const struct password_in *p = in;
    struct login_try t = {c->who.account, p->old, p->code, c->address};

    TRY(not_in(login_password(c->login, &t, p->fresh, e), e));
    forget(c);
    return RC_OK;
}

enum rc desk_pin(struct desk_call *c, const void *in, struct err *e)
{
    static const struct tr weak = {{"PIN-ul are 4 până la 6 cifre, nu toate la fel și nu la rând (1234).",
                                    "A PIN 4–6 számjegy, nem mind azonos és nem egymás utáni (1234).",
                                    "The PIN has 4 to 6 digits, not all the same and not in a row (1234)."}};
    const struct pin_in *p = in;
    struct login_try t = {c->who.account, p->password, p->code, c->address};
    enum rc rc = not_in(login_pin(c->login, &t, p->pin ? p->pin : "", e), e);

    if (rc == RC_BAD_FIELD)
        c->w->say = weak;
    return rc;
}

enum rc desk_lock(struct desk_call *c, const void *in, struct err *e)
{
    (void)in;
    return login_lock(c->login, c->token, e);
}

/* The page under the lock is still that of this person: it goes on where it was. */
enum rc desk_unlock(struct desk_call *c, const void *in, struct err *e)
{
    char account[LOGIN_ACCOUNT];

    TRY(login_unlock(c->login, c->token, ((const struct unlock_in *)in)->pin, c->address, account, e));
    TRY(case_actor(c->w, account, &c->who, e));
    return desk_me(c, NULL, e);
}

enum rc desk_redeem(struct desk_call *c, const void *in, struct err *e)
{
    const struct redeem_in *p = in;
    struct login_try t = {p->account, NULL, p->code, c->address};

    TRY(not_in(login_redeem(c->login, &t, p->fresh, e), e));
    /* Who has no second factor is in with it; the others log in. */
    struct login_in l = {p->account, p->fresh, NULL};
    struct err no = {0};
    if (desk_login(c, &l, &no) != RC_OK)
        buf_reset(&c->out);
    return RC_OK;
}

/* ---- me ---- */

static void roles(struct desk_call *c)
{
    const struct rights *r = &c->w->house->rights;

    js_open(&c->out, "roles", '[');
    for (size_t i = 0; i < c->who.person.n; i++) {
        const struct grant *g = &c->who.person.grants[i];
        const struct right_role *role = rights_role(r, g->role);
        js_open(&c->out, NULL, '{');
        js_str(&c->out, "role", g->role);
        js_tr(&c->out, "name", role ? &role->name : NULL);
        js_str(&c->out, "reach", g->reach);
        js_str(&c->out, "institution", g->institution);
        js_str(&c->out, "department", g->department);
        js_close(&c->out, '}');
    }
    js_close(&c->out, ']');
}

static enum rc rights(struct desk_call *c, struct err *e)
{
    static const struct institutions none = {0};
    static const struct rights_place nowhere = {"", "", false, false};
    const struct rights *r = &c->w->house->rights;
    bool all;

    TRY(desk_reaches_all(c, &all, e));
    js_open(&c->out, "can", '[');
    for (size_t i = 0; i < r->n_actions; i++) {
        struct rights_verdict v = rights_decide(r, &none, &c->who.person, r->actions[i].id, &nowhere);
        if (v.word == RIGHTS_NO_REACH && (all || strcmp(r->actions[i].id, desk_for_all) != 0))
            js_str(&c->out, NULL, r->actions[i].id);
    }
    js_close(&c->out, ']');
    return RC_OK;
}

/* Those that a grant reaches. */
static void departments(struct desk_call *c)
{
    const struct catalog *all = &c->w->house->catalog;

    js_open(&c->out, "departments", '[');
    for (size_t i = 0; i < all->n_departments; i++) {
        bool mine = false;
        for (size_t k = 0; k < c->who.person.n; k++) {
            const struct grant *g = &c->who.person.grants[k];
            mine |=
                reach_of(g->reach) != REACH_DEPARTMENT || strcmp(g->department, all->departments[i].id) == 0;
        }
        if (!mine)
            continue;
        js_open(&c->out, NULL, '{');
        js_str(&c->out, "id", all->departments[i].id);
        js_tr(&c->out, "name", &all->departments[i].label);
        js_close(&c->out, '}');
    }
    js_close(&c->out, ']');
}

static void words(struct buf *b, const char *kind, const struct wf_words *all)
{
    js_open(b, kind, '{');
    for (size_t i = 0; i < all->n; i++)
        js_tr(b, all->items[i].id, &all->items[i].name);
    js_close(b, '}');
}

/* What the ids of a case are called: said once, its rows carry ids alone. */
static void names(struct desk_call *c)
{
    const struct catalog *all = &c->w->house->catalog;
    const struct workflows *f = &c->w->house->workflows;
    struct buf *b = &c->out;

    js_open(b, "names", '{');
    js_open(b, "service", '{');
    for (size_t i = 0; i < all->n; i++)
        js_tr(b, all->services[i].id, &all->services[i].name);
    js_close(b, '}');
    js_open(b, "department", '{');
    for (size_t i = 0; i < all->n_departments; i++)
        js_tr(b, all->departments[i].id, &all->departments[i].label);
    js_close(b, '}');
    js_open(b, "state", '{');
    for (size_t i = 0; i < f->n_states; i++)
        js_tr(b, f->states[i].id, &f->states[i].label);
    js_close(b, '}');
    words(b, "flag", &f->flags);
    js_close(b, '}');
}

enum rc desk_me(struct desk_call *c, const void *in, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->who.institution)};
    struct tr name = {{"", "", ""}};
    char today[11];
    bool pin;

    (void)in;
    TRY(login_has_pin(c->login, c->who.account, &pin, e));
    TRY(work_sql(c->w, SQL_DESK_INSTITUTION, p, &r, e));
    for (int k = 0; k < LANG_COUNT && db_rows(r) == 1; k++)
        name.t[k] = db_text(r, 0, k);
    date_iso(today, date_of_ms(c->w->now_ms()));
    js_open(&c->out, NULL, '{');
    js_str(&c->out, "account", c->who.account);
    js_str(&c->out, "full_name", c->who.full_name);
    js_open(&c->out, "institution", '{');
    js_str(&c->out, "id", c->who.institution);
    js_tr(&c->out, "name", &name);
    js_close(&c->out, '}');
    roles(c);
    TRY(rights(c, e));
    departments(c);
    names(c);
    js_str(&c->out, "today", today);
    js_int(&c->out, "idle_minutes", c->login->conf.idle_minutes);
    js_bool(&c->out, "pin", pin);
    js_str(&c->out, "lang", "ro");
    js_close(&c->out, '}');
    return RC_OK;
}
