/* "My request" at a terminal: the same view and the same repair as on the pages, as JSON over the terminals'
 * own road. The terminal keeps nothing: code and PIN come with each ask. */
#include <string.h>

#include "backend/public.h"
#include "common/base/json.h"
#include "common/base/log.h"

struct asked {
    const char *code, *institution, *number, *pin, *lang; /* the code, or the number */
    struct jval *answers;
    int64_t return_id; /* that they answer; 0: not said */
};
static const struct jfield asked_fields[] = {
    JF_STR(struct asked, code, J_PD, 1, 24),          JF_STR(struct asked, institution, 0, 1, 120),
    JF_STR(struct asked, number, J_PD, 1, 60),        JF_STR(struct asked, pin, J_REQ | J_PD, 4, 4),
    JF_WORD(struct asked, lang, J_REQ, lang_codes),   JF_ANY(struct asked, answers, J_PD),
    JF_INT(struct asked, return_id, 0, 0, INT64_MAX),
};
static JDESC(asked_desc, struct asked, asked_fields);

struct kiosk_call {
    struct registry *g;
    struct http_req *http;
    struct asked in;
    const char *house; /* of the terminal */
    bool repairs;
    enum lang lang;
    int status;
    struct buf out;
};

static void text(struct buf *b, const char *name, const char *value)
{
    if (b->len > 0 && !strchr("{[", b->p[b->len - 1]))
        buf_chr(b, ',');
    if (name) {
        json_quote(b, name);
        buf_chr(b, ':');
    }
    json_quote(b, value);
}

static void list(struct buf *b, const char *name, char bracket)
{
    if (b->len > 0 && !strchr("{[", b->p[b->len - 1]))
        buf_chr(b, ',');
    if (name) {
        json_quote(b, name);
        buf_chr(b, ':');
    }
    buf_chr(b, bracket);
}

static const char *day(struct work *w, int64_t ms, enum lang lang)
{
    return date_said(w->a, date_of_ms(ms), lang);
}

static void put_due(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    const struct text_var vars[] = {{"day", date_said(w->a, v->due, lang)},
                                    {"n", arena_fmt(w->a, "%lld", (long long)v->days_left)}};
    bool late = v->late || v->days_left < 0;
    enum public_word left = late ? PW_LATE : v->days_left == 0 ? PW_DUE_TODAY : PW_DAYS_LEFT;

    char on[11];
    date_iso(on, v->due);
    text(b, "due_on", on);
    text(b, "due", text_fill(w->a, tr_get(&public_words[PW_ANSWER_BY], lang), vars, COUNT(vars)));
    text(b, "left", text_fill(w->a, tr_get(&public_words[left], lang), vars, COUNT(vars)));
    buf_fmt(b, ",\"late\":%s", late ? "true" : "false");
    text(b, "why", *v->calc ? v->calc : v->why);
}

static void put_back_by(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    const struct text_var vars[] = {{"day", date_said(w->a, v->back.by, lang)}};

    if (!date_valid(v->back.by))
        return;
    text(b, "by", text_fill(w->a, tr_get(&public_words[PW_BACK_BY], lang), vars, COUNT(vars)));
    text(b, "by_late", date_cmp(v->back.by, v->today) < 0 ? tr_get(&public_words[PW_BACK_LATE], lang) : "");
    text(b, "by_why", v->back.why);
}

static void put_ready(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    const struct text_var vars[] = {{"day", date_said(w->a, v->kept.by, lang)}};

    if (!*v->ready)
        return;
    text(b, "ready", v->ready);
    if (!date_valid(v->kept.by))
        return;
    text(b, "ready_by", text_fill(w->a, tr_get(&public_words[PW_READY_BY], lang), vars, COUNT(vars)));
    text(b, "ready_why", v->kept.why);
}

static void put_view(struct work *w, struct buf *b, const struct public_view *v, enum lang lang)
{
    buf_chr(b, '{');
    text(b, "number", v->number);
    text(b, "service", v->service);
    text(b, "institution", v->institution);
    text(b, "state", v->state);
    text(b, "says", v->state_text);
    put_ready(w, b, v, lang);
    list(b, "events", '[');
    for (size_t i = 0; i < v->n_events; i++) {
        list(b, NULL, '{');
        text(b, "day", day(w, v->events[i].at_ms, lang));
        text(b, "text", v->events[i].text);
        text(b, "more", v->events[i].more);
        buf_chr(b, '}');
    }
    buf_chr(b, ']');
    list(b, "notes", '[');
    for (size_t i = 0; i < v->n_notes; i++) {
        list(b, NULL, '{');
        text(b, "day", day(w, v->notes[i].at_ms, lang));
        text(b, "text", v->notes[i].text);
        buf_chr(b, '}');
    }
    buf_chr(b, ']');
    if (date_valid(v->due))
        put_due(w, b, v, lang);
    if (v->returned && v->c.svc) {
        list(b, "returned", '{');
        buf_fmt(b, "\"id\":%lld", (long long)v->ret.id);
        text(b, "reason", v->ret.reason);
        put_back_by(w, b, v, lang);
        text(b, "service", v->c.service);
        buf_fmt(b, ",\"version\":%lld", (long long)v->c.svc->version);
        list(b, "fields", '[');
        for (size_t i = 0; i < v->ret.n_fields; i++)
            text(b, NULL, v->ret.fields[i]);
        buf_str(b, "]}");
    }
    buf_chr(b, '}');
}

static enum rc enter(struct work *w, struct kiosk_call *c, struct visit *v, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char code[RECEIPT_CODE_LEN + 1];

    *v = (struct visit){
        .lang = c->lang, .terminal = http_peer_cn(c->http), .return_id = c->repairs ? c->in.return_id : 0};
    if (c->in.number) {
        const struct number_ask ask = {.institution = c->in.institution ? c->in.institution : c->house,
                                       .number = c->in.number,
                                       .pin = c->in.pin,
                                       .terminal = v->terminal};
        TRY(number_check(w, &ask, &v->request_id, e));
    } else if (!c->in.code || !receipt_code_norm(code, c->in.code) ||
               strspn(c->in.pin, "0123456789") != PIN_LEN) {
        return err_code(e, RC_DENIED, "WRONG", -1, "not a code and a PIN");
    } else {
        TRY(visit_check(w, code, c->in.pin, &v->request_id, e));
    }
    struct db_param p[] = {DB_STR(v->request_id)};
    TRY(work_sql(w, SQL_PUBLIC_CASE_OF, p, &r, e));
    v->case_id = db_rows(r) ? arena_str(w->a, db_text(r, 0, 0)) : NULL;
    return RC_OK;
}

/* For the receipt: the correction is kept, whatever becomes of this. */
static void put_after(struct work *w, struct kiosk_call *c, const struct visit *v, int64_t at_ms)
{
    struct public_view view;
    struct err e = {0};
    char at[25];

    iso_utc(at, at_ms);
    text(&c->out, "at", at);
    if (public_view(w, v, &view, &e) != RC_OK) {
        log_err(&e, "event=correction_view");
        return;
    }
    buf_str(&c->out, ",\"view\":");
    put_view(w, &c->out, &view, c->lang);
}

static enum rc repair(struct work *w, struct kiosk_call *c, const struct visit *v, struct err *e)
{
    struct form_error errors[64];
    struct public_fix fix = {
        .visit = v, .answers = c->in.answers, .errors = errors, .max_errors = COUNT(errors), .lang = c->lang};

    if (!c->in.answers || c->in.answers->kind != JV_OBJ)
        return err_at(e, RC_BAD_FIELD, "answers", "not an object");
    TRY(public_repair(w, &fix, e));
    c->status = fix.n_errors ? 422 : 200;
    buf_str(&c->out, "{");
    list(&c->out, "errors", '[');
    for (size_t i = 0; i < fix.n_errors; i++) {
        list(&c->out, NULL, '{');
        text(&c->out, "field", errors[i].field);
        text(&c->out, "text", errors[i].text);
        buf_chr(&c->out, '}');
    }
    buf_chr(&c->out, ']');
    if (!fix.n_errors)
        put_after(w, c, v, fix.at_ms);
    buf_chr(&c->out, '}');
    return RC_OK;
}

static enum rc on_thread(struct work *w, void *user, struct err *e)
{
    struct kiosk_call *c = user;
    struct visit visit;
    struct public_view v;

    TRY(enter(w, c, &visit, e));
    if (c->repairs)
        return repair(w, c, &visit, e);
    TRY(public_view(w, &visit, &v, e));
    c->status = 200;
    put_view(w, &c->out, &v, c->lang);
    return RC_OK;
}

static void on_done(const struct err *e, void *user)
{
    struct kiosk_call *c = user;
    struct buf out = c->out; /* c is gone with the answer */

    c->g->stats.status_ok += e->rc == RC_OK;
    c->g->stats.status_wrong += e->rc == RC_DENIED;
    c->g->stats.status_locked += e->rc == RC_LIMIT;
    if (e->rc == RC_OK)
        http_reply(c->http, c->status, "application/json", out.p, out.len);
    else {
        if (e->rc != RC_DENIED && e->rc != RC_LIMIT)
            log_err(e, "event=mine_refused");
        http_fail(c->http, e);
    }
    buf_free(&out);
}

static void ask(struct http_req *r, struct registry *g, bool repairs)
{
    struct kiosk_call *c = ARENA_NEW(http_arena(r), struct kiosk_call);
    const struct room_job job = {on_thread, on_done, c};
    struct err e = {0};
    size_t len;
    const char *body = http_body(r, &len);

    c->g = g;
    c->http = r;
    c->repairs = repairs;
    const struct terminal *t = registry_terminal(g, http_peer_serial(r), http_peer_cn(r));
    c->house = t ? arena_str(http_arena(r), t->institution) : "";
    enum rc rc = json_decode(http_arena(r), &asked_desc, body, len, &c->in, &e);
    if (rc == RC_OK && !lang_parse(c->in.lang, &c->lang))
        c->lang = LANG_RO;
    if (rc == RC_OK && !g->room)
        rc = err_set(&e, RC_UNAVAILABLE, "the register is starting");
    if (rc == RC_OK)
        rc = room_run(g->room, &job, &e);
    if (rc != RC_OK)
        http_fail(r, &e);
}

void mine_status(struct http_req *r, void *user)
{
    ask(r, user, false);
}

void mine_repair(struct http_req *r, void *user)
{
    ask(r, user, true);
}
