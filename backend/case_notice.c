/* What a step owes to whom: the applicant gets a message of the outbox, colleagues see it at the desk. */
#include "backend/case_priv.h"

#include <string.h>

struct vars {
    struct work *w;
    struct buf json;
    enum lang lang;
    size_t n;
    const char *rank;  /* on the waiting list; or NULL */
    struct date until; /* not valid: the message names none */
};

static void put(struct vars *v, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buf_chr(&v->json, v->n++ ? ',' : '{');
    json_quote(&v->json, name);
    buf_chr(&v->json, ':');
    json_quote(&v->json, value);
}

static void put_day(struct vars *v, const char *name, struct date d)
{
    char text[11];

    if (!date_valid(d))
        return;
    date_iso(text, d); /* the outbox writes it for the reader */
    put(v, name, text);
}

const char *case_given(const struct case_doing *d, const char *need)
{
    for (size_t i = 0; d->act && i < d->act->n_given; i++)
        if (strcmp(d->act->given[i].need, need) == 0)
            return d->act->given[i].value;
    return NULL;
}

enum rc case_institution(struct work *w, const char *id, struct tr *name, const char **parent, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(id)};

    TRY(work_sql(w, SQL_CASE_INSTITUTION, p, &r, e));
    if (db_rows(r) != 1)
        return err_at(e, RC_BAD_FIELD, "institution", "there is no such institution");
    for (int i = 0; i < LANG_COUNT; i++)
        name->t[i] = arena_str(w->a, db_text(r, 0, i));
    if (parent)
        *parent = arena_str(w->a, db_text(r, 0, 3));
    return RC_OK;
}

/* "data nașterii, numele" */
static const char *labels_of(const struct case_doing *d, enum lang lang)
{
    const char **ids, *out = "", *list = case_given(d, "fields");
    size_t n = list ? case_words(d->w->a, list, &ids) : 0;

    for (size_t i = 0; i < n; i++) {
        const struct field *f = d->c->svc ? service_field(d->c->svc, ids[i]) : NULL;
        out = arena_fmt(d->w->a, "%s%s%s", out, i ? ", " : "", f ? tr_get(&f->label, lang) : ids[i]);
    }
    return out;
}

/* Days that a message names: each stands with the case, with its calculation. */
static const struct {
    const char *message, *rule;
} wishes[] = {{"question", "policy.return"},
              {"payment", "policy.offer"},
              {"place_offer", "policy.offer"},
              {"optin", "policy.offer"},
              {"ready", "policy.pickup"}};

/* Who wanted it another way is not asked to come for it. */
static const struct {
    const char *message, *how, *instead;
} ways[] = {{"ready", "post", "ready_post"}, {"ready", "email", "ready_email"}};

static enum rc by_way(const struct case_doing *d, const char **message, struct err *e)
{
    const char *how = NULL;

    for (size_t i = 0; i < COUNT(ways); i++) {
        if (strcmp(ways[i].message, *message) != 0)
            continue;
        if (!how)
            TRY(case_delivery(d->w, d->c, &how, e));
        if (strcmp(ways[i].how, how) == 0) {
            *message = ways[i].instead;
            return RC_OK;
        }
    }
    return RC_OK;
}

static enum rc find_until(struct vars *v, const struct case_doing *d, const char *message, struct err *e)
{
    const char *end = case_fact_of(d->c, "date.permit_end");

    if (strcmp(message, "field_answer") == 0)
        v->until = d->sub_due;
    if (strncmp(message, "permit", 6) == 0 && (!end || !date_parse(end, &v->until)))
        v->until = case_today(v->w);
    for (size_t i = 0; i < COUNT(wishes); i++)
        if (strcmp(wishes[i].message, message) == 0)
            return case_term_wish(v->w, d->c, wishes[i].rule, &v->until, e);
    return RC_OK;
}

static const char *reason_of(const struct case_doing *d, const char *message, enum lang lang)
{
    static const struct tr late = {{"răspunsul nu a fost gata la timp", "a válasz nem készült el időben",
                                    "the answer was not ready in time"}};
    const char *reason = case_given(d, "reason");

    if (!reason)
        reason = case_given(d, "outcome_code");
    if (!reason && strcmp(message, "late") == 0)
        reason = tr_get(&late, lang);
    return reason;
}

static const char *fee_of(enum lang lang)
{
    static const struct tr local = {
        {"taxa afișată la casierie", "a pénztárnál kiírt díj", "the fee shown at the cashier"}};
    return tr_get(&local, lang);
}

static void put_all(struct vars *v, const struct case_doing *d, const struct tr *institution,
                    const struct tr *other, const char *message)
{
    const struct casefile *c = d->c;
    const struct tr *department = catalog_department(&v->w->house->catalog, c->department);
    const char *where = department ? tr_get(department, v->lang) : "";

    put(v, "number", c->number);
    put(v, "institution", tr_get(institution, v->lang));
    put(v, "service", c->svc ? tr_get(&c->svc->name, v->lang) : c->service);
    put(v, "department", where);
    put(v, "place", *where ? where : tr_get(institution, v->lang));
    put_day(v, "date", case_today(v->w));
    put_day(v, "due", date_valid(d->sub_due) ? d->sub_due : date_valid(c->due) ? c->due : d->due_before);
    put_day(v, "slot", date_valid(c->due) ? c->due : case_today(v->w));
    put_day(v, "until", v->until);
    put(v, "reason", reason_of(d, message, v->lang));
    put(v, "fields", labels_of(d, v->lang));
    put(v, "fee", fee_of(v->lang));
    put(v, "rank", v->rank);
    put(v, "code", d->code);
    if (other)
        put(v, "to_institution", tr_get(other, v->lang));
    const char *site = v->w->house->conf->public_url;
    if (d->token && site && *site)
        put(v, "url", arena_fmt(v->w->a, "%s/c/%s", site, d->token));
}

/* Once for each step; what a day brings, once for that day, however often it is counted anew. */
static const char *step_of(const struct case_doing *d)
{
    return d->rung ? arena_fmt(d->w->a, "%s/%s", d->c->id, d->rung)
                   : arena_fmt(d->w->a, "%s/%lld", d->c->id, (long long)d->c->version);
}

static enum rc owe(const struct case_doing *d, const char *message, const char *vars, struct err *e)
{
    const struct casefile *c = d->c;
    struct arena *a = d->w->a;
    const char *to = c->email ? c->email : c->phone;
    struct db_param p[] = {DB_STR(case_int(a, d->w->now_ms())),
                           DB_STR(c->request_id ? c->request_id : c->id),
                           DB_STR(c->email ? "email" : "sms"),
                           DB_STR(message),
                           DB_STR(lang_codes[c->lang]),
                           DB_STR(to),
                           DB_STR(step_of(d)),
                           DB_STR(vars),
                           DB_STR(c->email ? c->phone : NULL)};

    return work_sql(d->w, SQL_CASE_OWE, p, NULL, e);
}

static enum rc find_rank(struct vars *v, const struct casefile *c, const char *message, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};

    if (strcmp(message, "waiting_list") != 0)
        return RC_OK;
    TRY(work_sql(v->w, SQL_CASE_RANK, p, &r, e));
    v->rank = arena_str(v->w->a, db_text(r, 0, 0));
    return RC_OK;
}

/* Whoever left no address reads it at the kiosk or on the page of the slip. */
static enum rc tell_applicant(const struct case_doing *d, const char *wanted, struct err *e)
{
    struct tr here, there;
    const char *to = case_given(d, "institution"), *message = wanted;
    struct vars v = {.w = d->w, .lang = d->c->lang};

    TRY(by_way(d, &message, e));
    if (d->rung && message != wanted)
        return RC_OK; /* the reminder to come for it */
    TRY(find_until(&v, d, message, e));
    if (!d->c->email && !d->c->phone)
        return RC_OK;
    if (strcmp(message, "received") == 0 && d->c->request_id)
        return RC_OK; /* the intake has told them */
    TRY(case_institution(d->w, d->c->institution, &here, NULL, e));
    if (to)
        TRY(case_institution(d->w, to, &there, NULL, e));
    TRY(find_rank(&v, d->c, message, e));
    put_all(&v, d, &here, to ? &there : NULL, message);
    buf_chr(&v.json, '}');
    const char *vars = arena_strn(d->w->a, v.json.p, v.json.len);
    buf_free(&v.json);
    return owe(d, message, vars, e);
}

static bool is(const char *who, const char *word)
{
    return strcmp(who, word) == 0;
}

enum rc case_notices(struct case_doing *d, const struct wf_notice *list, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const char *who = list[i].who;
        if (is(who, "applicant") || is(who, "applicant_both"))
            TRY(tell_applicant(d, list[i].message, e));
        else if (is(who, "department") || is(who, "approver") || is(who, "gendarmes"))
            d->c->attention = list[i].message;
        else if (is(who, "county") || (is(who, "other_institution") && !d->forwarded))
            TRY(case_task_elsewhere(d, list[i].message, e));
        /* The others have their task by the step's effect; the receiving institution has the new case. */
    }
    return RC_OK;
}
