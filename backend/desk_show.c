/* The page of a case: everything about it that this person may see, in one answer. */
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/sql.h"

void desk_rows(struct desk_call *c, const struct casefile *f)
{
    js_next(&c->out, NULL);
    case_json(c->w, f, false, &c->out);
}

static void moment(struct buf *b, const char *name, int64_t ms)
{
    char at[25];

    if (ms)
        iso_utc(at, ms);
    js_str(b, name, ms ? at : NULL);
}

/* Enough to compare with a card in the hand. */
static const char *masked(struct arena *a, const char *cnp)
{
    size_t len = strlen(cnp);
    return len < 5 ? NULL : arena_fmt(a, "•••••••••%s", cnp + len - 4);
}

static enum rc head(struct desk_call *c, const struct casefile *f, struct err *e)
{
    const char *cnp;
    struct buf *b = &c->out;

    TRY(case_cnp(c->w, f, &cnp, e));
    js_next(b, "case");
    case_json(c->w, f, true, b);
    b->len--; /* more of it */
    moment(b, "closed_at", f->closed_ms);
    moment(b, "entered_at", f->entered_ms);
    js_str(b, "author", f->author);
    js_open(b, "contact", '{');
    js_str(b, "email", f->email);
    js_str(b, "phone", f->phone);
    js_close(b, '}');
    js_str(b, "cnp_masked", masked(c->w->a, cnp));
    js_close(b, '}');
    return RC_OK;
}

/* Who hears of it first when the day passes. */
static enum rc next_ear(struct desk_call *c, const struct casefile *f, struct err *e)
{
    struct case_escalation *list;
    char day[11];
    size_t n;

    TRY(case_escalations(c->w, f, &list, &n, e));
    if (!n)
        return RC_OK;
    date_iso(day, list[0].term.due);
    js_open(&c->out, "escalation", '{');
    js_str(&c->out, "role", list[0].late->role);
    js_str(&c->out, "day", day);
    js_tr(&c->out, "calc", &list[0].term.calc);
    js_close(&c->out, '}');
    return RC_OK;
}

static enum rc term(struct desk_call *c, const struct casefile *f, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(f->id)};
    struct date began;
    struct term t = {.law = NULL};
    struct err no = {0};
    struct buf *b = &c->out;

    TRY(work_sql(c->w, SQL_DESK_CASE_TERM, p, &r, e));
    if (db_rows(r) == 0) {
        js_null(b, "term");
        return RC_OK;
    }
    TRY(work_terms(c->w, e));
    if (!date_parse(db_text(r, 0, 5), &began) ||
        term_compute(c->w->a, c->w->terms, db_text(r, 0, 0), began, &t, &no) != RC_OK)
        t = (struct term){.law = NULL}; /* the rule has left the file since; its sentence stays */
    js_open(b, "term", '{');
    js_str(b, "rule", db_text(r, 0, 0));
    js_str(b, "due", db_text(r, 0, 1));
    js_str(b, "late_after", db_text(r, 0, 2));
    js_raw(b, "why", db_text(r, 0, 3));
    js_raw(b, "calc", db_text(r, 0, 4));
    js_str(b, "law", t.law);
    js_str(b, "article", t.article);
    TRY(next_ear(c, f, e));
    js_close(b, '}');
    return RC_OK;
}

static enum rc parts(struct desk_call *c, const struct casefile *f, struct err *e)
{
    static const char *const names[] = {"terms", "notes", "tasks", "messages", "returns", "links"};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(f->id), DB_STR(f->request_id ? f->request_id : f->id)};

    TRY(work_sql(c->w, SQL_DESK_CASE_PARTS, p, &r, e));
    for (size_t i = 0; i < COUNT(names); i++)
        js_raw(&c->out, names[i], db_text(r, 0, (int)i));
    return RC_OK;
}

enum rc desk_others(struct desk_call *c, const struct casefile *f, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(f->id), DB_STR(c->who.account)};

    TRY(work_sql(c->w, SQL_DESK_OTHERS, p, &r, e));
    js_raw(&c->out, "others", db_text(r, 0, 0));
    return RC_OK;
}

/* ---- what was answered ---- */

static const char *option_of(const struct field *f, const char *value, enum lang lang)
{
    for (size_t i = 0; i < f->n_options; i++)
        if (strcmp(f->options[i].id, value) == 0)
            return tr_get(&f->options[i].label, lang);
    return value;
}

static const char *shown(struct arena *a, const struct field *f, const char *value, enum lang lang)
{
    static const struct tr yes = {{"Da", "Igen", "Yes"}}, no = {{"Nu", "Nem", "No"}};
    struct date d;

    switch (f->type) {
    case FT_BOOL:
        return tr_get(strcmp(value, "true") == 0 ? &yes : &no, lang);
    case FT_CNP:
        return masked(a, value) ? masked(a, value) : value;
    case FT_DATE:
        return date_parse(value, &d) ? date_said(a, d, lang) : value;
    default:
        return option_of(f, value, lang);
    }
}

/* text: Romanian, the language of the record; shown: the same in the language of whoever reads. */
static void answer(struct desk_call *c, const struct field *f, const struct answer *x)
{
    struct tr all;

    for (int k = 0; k < LANG_COUNT; k++) {
        BUF_SCOPE(text);
        buf_str(&text, "");
        for (size_t i = 0; i < x->n; i++)
            buf_fmt(&text, "%s%s", i ? ", " : "", shown(c->w->a, f, x->values[i], (enum lang)k));
        all.t[k] = arena_str(c->w->a, text.p);
    }
    js_open(&c->out, NULL, '{');
    js_str(&c->out, "field", f->id);
    js_tr(&c->out, "label", &f->label);
    js_str(&c->out, "type", ftype_names[f->type]);
    js_str(&c->out, "text", all.t[LANG_RO]);
    if (f->n_options || f->type == FT_BOOL || f->type == FT_DATE)
        js_tr(&c->out, "shown", &all);
    js_bool(&c->out, "personal", f->personal);
    js_bool(&c->out, "from_card", x->source && strcmp(x->source, "card") == 0);
    js_close(&c->out, '}');
}

static void identity(struct desk_call *c, const struct case_answers *a)
{
    static const struct {
        const char *word;
        struct tr say;
    } words[] = {
        {"card_read",
         {{"Identitatea a fost citită de pe act.", "A személyazonosság az okmányról lett beolvasva.",
           "The identity was read from the card."}}},
        {"typed",
         {{"Datele au fost scrise de persoană, neverificate.",
           "Az adatokat a személy írta be, nincs ellenőrizve.",
           "The data were typed by the person, not verified."}}},
        {"none", {{"Fără identificare.", "Azonosítás nélkül.", "Without identification."}}},
    };
    const struct tr *say = NULL;

    for (size_t i = 0; i < COUNT(words); i++)
        if (a->identity && strcmp(words[i].word, a->identity) == 0)
            say = &words[i].say;
    js_open(&c->out, "identity", '{');
    js_str(&c->out, "word", a->identity ? a->identity : "paper");
    js_tr(&c->out, "say", say);
    js_close(&c->out, '}');
}

static void answers(struct desk_call *c, const struct casefile *f, const struct case_answers *a)
{
    js_open(&c->out, "answers", '[');
    for (size_t i = 0; f->svc && i < f->svc->n_fields; i++) {
        const struct field *field = &f->svc->fields[i];
        const struct answer *x = answers_get(&a->now, field->id);
        if (x && field->type != FT_FILE && field->type != FT_SIGN && field->type != FT_NOTE)
            answer(c, field, x);
    }
    js_close(&c->out, ']');
    identity(c, a);
}

static void returnable(struct desk_call *c, const struct casefile *f, const struct case_answers *a)
{
    const char **ids;
    size_t n;

    case_returnable(c->w, f, a, &ids, &n);
    js_open(&c->out, "returnable", '[');
    for (size_t i = 0; i < n; i++) {
        const struct field *field = service_field(f->svc, ids[i]);
        js_open(&c->out, NULL, '{');
        js_str(&c->out, "field", ids[i]);
        js_tr(&c->out, "label", field ? &field->label : NULL);
        js_close(&c->out, '}');
    }
    js_close(&c->out, ']');
}

/* ---- what may be done ---- */

static const struct tr *need_name(const struct workflows *f, const char *id)
{
    for (size_t i = 0; i < f->needs.n; i++)
        if (strcmp(f->needs.items[i].id, id) == 0)
            return &f->needs.items[i].name;
    return NULL;
}

bool desk_from_here(const struct wf_action *a, const char *state)
{
    for (size_t i = 0; i < a->n_from; i++)
        if (strcmp(a->from[i], state) == 0)
            return true;
    return false;
}

static enum rc action(struct desk_call *c, const struct casefile *f, const struct workflow_choice *x,
                      struct err *e)
{
    struct buf *b = &c->out;
    struct date day;
    struct tr say;

    TRY(case_warning(c->w, f, x->action, &day, &say, e));
    js_open(b, NULL, '{');
    js_str(b, "id", x->action->id);
    js_tr(b, "label", &x->action->label);
    if (date_valid(day))
        js_tr(b, "warning", &say);
    js_bool(b, "allowed", x->allowed);
    js_tr(b, "why_not", x->allowed ? NULL : &x->why_not);
    js_open(b, "needs", '[');
    for (size_t i = 0; i < x->action->n_needs; i++) {
        js_open(b, NULL, '{');
        js_str(b, "id", x->action->needs[i]);
        js_tr(b, "name", need_name(&c->w->house->workflows, x->action->needs[i]));
        js_close(b, '}');
    }
    js_close(b, ']');
    js_str(b, "to", x->action->to);
    js_close(b, '}');
    return RC_OK;
}

static enum rc actions(struct desk_call *c, const struct casefile *f, struct err *e)
{
    const struct workflow_choice *list;
    size_t n;

    TRY(case_choices(c->w, &c->who, f, &list, &n, e));
    js_open(&c->out, "actions", '[');
    for (size_t i = 0; i < n; i++)
        if (desk_from_here(list[i].action, f->state))
            TRY(action(c, f, &list[i], e));
    js_close(&c->out, ']');
    return RC_OK;
}

static enum rc documents(struct desk_call *c, const struct casefile *f, struct err *e)
{
    struct document *list;
    struct doc_draft draft;
    struct document paper;
    size_t n;
    bool found, fixed;

    TRY(doc_list(c->w, f->id, &list, &n, e));
    TRY(doc_looked(c->w, list, n, e));
    js_open(&c->out, "documents", '[');
    for (size_t i = 0; i < n; i++) {
        js_next(&c->out, NULL);
        doc_json(&list[i], &c->out);
    }
    js_close(&c->out, ']');
    TRY(doc_draft_get(c->w, f->id, &found, &draft, e));
    js_next(&c->out, "draft");
    if (found)
        doc_draft_json(&draft, &c->out);
    else
        buf_str(&c->out, "null");
    TRY(doc_fixed(c->w, f, &fixed, &paper, e));
    js_str(&c->out, "fixed", fixed ? paper.id : NULL);
    return RC_OK;
}

static enum rc body(struct desk_call *c, const struct casefile *f, struct err *e)
{
    struct case_answers a = {.identity = NULL};

    js_open(&c->out, NULL, '{');
    TRY(head(c, f, e));
    TRY(term(c, f, e));
    TRY(parts(c, f, e));
    if (f->svc)
        TRY(case_answers(c->w, f, &a, e));
    answers(c, f, &a);
    TRY(documents(c, f, e));
    js_next(&c->out, "events");
    TRY(case_events_json(c->w, f, 0, &c->out, e));
    TRY(actions(c, f, e));
    returnable(c, f, &a);
    TRY(desk_others(c, f, e));
    js_close(&c->out, '}');
    return RC_OK;
}

enum rc desk_case_body(struct desk_call *c, const struct casefile *f, struct err *e)
{
    const char *request = f->request_id ? f->request_id : f->id;
    char today[11];
    struct db_param one[] = {DB_STR(f->id)}, events[] = {DB_STR(f->id), DB_STR("0")};
    struct db_param both[] = {DB_STR(f->id), DB_STR(request)};
    struct db_param others[] = {DB_STR(f->id), DB_STR(c->who.account)};
    struct db_param facts[] = {DB_STR(f->id), DB_STR(today), DB_STR(request)};
    struct db_ask asks[] = {WORK_ASK(SQL_CASE_CNP, one),         WORK_ASK(SQL_DESK_CASE_TERM, one),
                            WORK_ASK(SQL_DESK_CASE_PARTS, both), WORK_ASK(SQL_CASE_REQUEST, one),
                            WORK_ASK(SQL_CASE_CORRECTIONS, one), WORK_ASK(SQL_DOC_LIST, one),
                            WORK_ASK(SQL_DRAFT_GET, one),        WORK_ASK(SQL_CASE_EVENTS, events),
                            WORK_ASK(SQL_CASE_FACTS, facts),     WORK_ASK(SQL_DESK_OTHERS, others),
                            WORK_ASK(SQL_CASE_TERMS_OPEN, one)};

    date_iso(today, date_of_ms(c->w->now_ms()));
    TRY(work_ahead(c->w, asks, COUNT(asks), e));
    enum rc rc = body(c, f, e);
    work_ahead_end(c->w);
    return rc;
}
