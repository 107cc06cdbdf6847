/* A case as its owner sees it. */
#include <string.h>

#include "backend/public.h"

static const char *word(enum public_word w, enum lang lang)
{
    return tr_get(&public_words[w], lang);
}

/* "m••••@example.ro", "07••••••56": enough to know one's own, too little to learn another's. */
const char *public_mask(struct arena *a, const char *s)
{
    const char *at = strchr(s, '@');
    size_t n = strlen(s);

    if (at && at > s)
        return arena_fmt(a, "%.*s••••%s", (unsigned char)*s < 0x80, s, at);
    return n > 5 ? arena_fmt(a, "%.2s••••••%s", s, s + n - 2) : "••••";
}

/* What an act is called where its new state does not say it. */
static const struct act_word {
    const char *act;
    enum public_word word;
} act_words[] = {
    {"extend", PW_EV_EXTEND},        {"correct", PW_EV_CORRECT},    {"continue_without", PW_EV_WITHOUT},
    {"contest", PW_EV_CONTEST},      {"ask_fee", PW_EV_FEE},        {"pay", PW_EV_PAID},
    {"visit", PW_EV_VISIT},          {"connex", PW_EV_CONNEX},      {"ask_opinions", PW_EV_OPINIONS},
    {"revoke", PW_EV_REVOKED},       {"expire", PW_EV_REVOKED},     {"register", PW_REGISTERED},
    {"check_in", PW_REGISTERED},     {"registered", PW_REGISTERED}, {"terms_moved", PW_EV_COUNTED},
    {"late_lifted", PW_EV_NOT_LATE},
};
/* Acts whose reason was written for the applicant: a message tells it, too. */
static const char *const reasons_told[] = {"return", "extend", "forward", "file", "not_paid", "revoke"};

static bool told(const char *act)
{
    for (size_t i = 0; i < COUNT(reasons_told); i++)
        if (strcmp(act, reasons_told[i]) == 0)
            return true;
    return false;
}

/* NULL: nothing that a citizen would understand. */
static const char *event_text(struct work *w, const struct db_result *r, int i, enum lang lang)
{
    const char *act = db_text(r, i, 1), *from = db_text(r, i, 2), *to = db_text(r, i, 3);

    for (size_t k = 0; k < COUNT(act_words); k++)
        if (strcmp(act, act_words[k].act) == 0)
            return word(act_words[k].word, lang);
    const struct wf_state *s = *to && strcmp(from, to) != 0 ? workflow_state(&w->house->workflows, to) : NULL;
    return s ? tr_get(&s->public, lang) : NULL;
}

/* The houses it went through; the number is the one that the citizen has. */
static enum rc load_chain(struct work *w, struct public_view *v, struct db_result **houses, struct err *e)
{
    struct db_param p[] = {DB_STR(v->c.id)};

    TRY(work_sql(w, SQL_PUBLIC_CHAIN, p, houses, e));
    if (db_rows(*houses) > 1)
        v->number = register_number(w->a, &w->house->registers, db_text(*houses, 0, 1), db_int(*houses, 0, 2),
                                    date_of_ms(db_int(*houses, 0, 3)));
    return RC_OK;
}

/* Where the story goes on in another house. */
static const char *moved(struct work *w, const struct db_result *houses, const char *case_id, enum lang lang)
{
    for (int i = 1; i < db_rows(houses); i++)
        if (strcmp(db_text(houses, i, 0), case_id) == 0) {
            const struct text_var vars[] = {
                {"house", db_text(houses, i, 4 + (int)lang)},
                {"number", register_number(w->a, &w->house->registers, db_text(houses, i, 1),
                                           db_int(houses, i, 2), date_of_ms(db_int(houses, i, 3)))}};
            return text_fill(w->a, word(PW_MOVED, lang), vars, COUNT(vars));
        }
    return NULL;
}

static enum rc load_events(struct work *w, struct public_view *v, enum lang lang, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL, *houses SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(v->c.id)};
    const char *here = "";

    TRY(load_chain(w, v, &houses, e));
    TRY(work_sql(w, SQL_PUBLIC_EVENTS, p, &r, e));
    int n = db_rows(r);
    v->events = ARENA_ARRAY(w->a, struct public_event, n + db_rows(houses) + 2);
    if (db_rows(houses) > 1)
        v->registered_ms = db_int(houses, 0, 3);
    v->events[v->n_events++] = (struct public_event){v->registered_ms, word(PW_REGISTERED, lang), ""};
    for (int i = 0; i < n; i++) {
        const char *there =
            strcmp(here, db_text(r, i, 5)) == 0 ? NULL : moved(w, houses, db_text(r, i, 5), lang);
        here = db_text(r, i, 5);
        if (there)
            v->events[v->n_events++] = (struct public_event){db_int(r, i, 0), there, ""};
        const char *text = event_text(w, r, i, lang);
        const struct public_event *last = &v->events[v->n_events - 1];
        const char *more = !v->brief && told(db_text(r, i, 1)) ? db_text(r, i, 4) : "";
        if (!text || (strcmp(text, last->text) == 0 && !*more))
            continue;
        v->events[v->n_events++] = (struct public_event){db_int(r, i, 0), text, arena_str(w->a, more)};
    }
    return RC_OK;
}

static enum rc load_notes(struct work *w, struct public_view *v, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(v->c.id)};

    TRY(work_sql(w, SQL_PUBLIC_NOTES, p, &r, e));
    v->notes = ARENA_ARRAY(w->a, struct public_note, db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++)
        v->notes[v->n_notes++] = (struct public_note){db_int(r, i, 0), arena_str(w->a, db_text(r, i, 1))};
    return RC_OK;
}

static enum public_word message_word(const char *state, bool delivered)
{
    if (delivered)
        return PW_MS_DELIVERED;
    if (strcmp(state, "sent") == 0 || strcmp(state, "unknown") == 0)
        return PW_MS_SENT;
    if (strcmp(state, "failed") == 0)
        return PW_MS_FAILED;
    return strcmp(state, "fell_back") == 0 ? PW_MS_FELL_BACK : PW_MS_QUEUED;
}

static enum rc load_messages(struct work *w, struct public_view *v, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(v->c.id), DB_STR(v->c.request_id), DB_STR(v->c.email), DB_STR(v->c.phone)};

    TRY(work_sql(w, SQL_PUBLIC_MESSAGES, p, &r, e));
    v->messages = ARENA_ARRAY(w->a, struct public_message, db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++)
        v->messages[v->n_messages++] = (struct public_message){
            arena_str(w->a, db_text(r, i, 0)), public_mask(w->a, db_text(r, i, 3)),
            message_word(db_text(r, i, 1), strcmp(db_text(r, i, 4), "t") == 0), db_int(r, i, 2)};
    return RC_OK;
}

static enum rc load_documents(struct work *w, struct public_view *v, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(v->c.id)};

    TRY(work_sql(w, SQL_PUBLIC_DOCUMENTS, p, &r, e));
    v->documents = ARENA_ARRAY(w->a, struct public_document, db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++)
        v->documents[v->n_documents++] = (struct public_document){
            .id = arena_str(w->a, db_text(r, i, 0)),
            .title = arena_str(w->a, db_text(r, i, 2)),
            .type = arena_str(w->a, db_text(r, i, 3)),
            .size = db_int(r, i, 4),
            .pages = db_int(r, i, 5),
            .signed_name = arena_str(w->a, db_text(r, i, 6)),
            .signed_ms = db_int(r, i, 7),
        };
    return RC_OK;
}

static struct date day_of(const struct db_result *r, int row, int col)
{
    return db_is_null(r, row, col) ? (struct date){0}
                                   : date_add((struct date){1970, 1, 1}, db_int(r, row, col));
}

static enum rc load_term(struct work *w, struct public_view *v, enum lang lang, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(v->c.id)};

    v->due = (struct date){0};
    TRY(work_sql(w, SQL_PUBLIC_TERMS, p, &r, e));
    if (db_rows(r) == 0 || strcmp(db_text(r, 0, 8), "t") == 0)
        return RC_OK;
    const char *why = db_text(r, 0, 2 + (int)lang), *calc = db_text(r, 0, 5 + (int)lang);
    v->due = day_of(r, 0, 0);
    v->why = arena_str(w->a, why ? why : "");
    v->calc = arena_str(w->a, calc ? calc : "");
    v->late = v->c.late;
    return RC_OK;
}

static enum rc load_institution(struct work *w, struct public_view *v, const char *id, enum lang lang,
                                struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(id)};

    TRY(work_sql(w, SQL_PUBLIC_INSTITUTION, p, &r, e));
    v->institution = arena_str(w->a, db_rows(r) ? db_text(r, 0, (int)lang) : id);
    return RC_OK;
}

/* Registered, and no casefile yet. */
static enum rc load_request(struct work *w, const struct visit *visit, struct public_view *v, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(visit->request_id)};
    struct term t;

    TRY(work_sql(w, SQL_PUBLIC_REQUEST, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "the request is gone");
    const struct service *s = catalog_find(&w->house->catalog, db_text(r, 0, 4));
    const struct wf_state *st = workflow_state(&w->house->workflows, "registered");
    v->registered_ms = db_int(r, 0, 1);
    v->number = register_number(w->a, &w->house->registers, db_text(r, 0, 6), db_int(r, 0, 0),
                                date_of_ms(v->registered_ms));
    v->filed_on = day_of(r, 0, 2);
    v->due = day_of(r, 0, 3);
    v->service = s ? tr_get(&s->name, visit->lang) : arena_str(w->a, db_text(r, 0, 4));
    v->state = "registered";
    v->kind = "open";
    v->state_text = st ? tr_get(&st->public, visit->lang) : "";
    const char *rule = term_of_answer(w->house->terms, s ? s->term : NULL);
    if (date_valid(v->due) && term_compute(w->a, w->house->terms, rule, v->filed_on, &t, NULL) == RC_OK &&
        date_cmp(t.due, v->due) == 0) {
        v->why = tr_get(&t.why, visit->lang);
        v->calc = tr_get(&t.calc, visit->lang);
    }
    v->events = ARENA_ARRAY(w->a, struct public_event, 1);
    v->events[v->n_events++] = (struct public_event){v->registered_ms, word(PW_REGISTERED, visit->lang), ""};
    return load_institution(w, v, db_text(r, 0, 5), visit->lang, e);
}

static enum rc load_case(struct work *w, const struct visit *visit, struct public_view *v, struct err *e)
{
    TRY(case_get(w, visit->case_id, false, &v->c, e));
    const struct service *s = v->c.svc ? v->c.svc : catalog_find(&w->house->catalog, v->c.service);
    const struct wf_state *st = workflow_state(&w->house->workflows, v->c.state);

    v->has_case = true;
    v->registered_ms = v->c.registered_ms;
    v->number = v->c.number;
    v->filed_on = v->c.filed_on;
    v->service = s ? tr_get(&s->name, visit->lang) : v->c.service;
    v->state = v->c.state;
    v->kind = st ? st->kind : "open";
    v->state_text = st ? tr_get(&st->public, visit->lang) : "";
    TRY(load_institution(w, v, v->c.institution, visit->lang, e));
    if (visit->link) /* whoever has the link alone sees what it is about, no more */
        return public_now(w, v, e);
    TRY(load_events(w, v, visit->lang, e));
    if (v->brief) {
        TRY(load_term(w, v, visit->lang, e));
        return public_returned(w, v, e);
    }
    TRY(load_notes(w, v, e));
    TRY(load_messages(w, v, e));
    TRY(load_documents(w, v, e));
    TRY(load_term(w, v, visit->lang, e));
    return public_now(w, v, e);
}

/* The day that the letter named, and how it was counted; a new holiday may have moved it since. */
static enum rc load_wish(struct work *w, const struct public_view *v, const char *rule, enum lang lang,
                         struct public_day *day, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(v->c.id), DB_STR(rule)};

    TRY(work_sql(w, SQL_PUBLIC_WISH, p, &r, e));
    if (db_rows(r) == 0)
        return RC_OK;
    day->by = day_of(r, 0, 0);
    day->why = arena_str(w->a, db_text(r, 0, 1 + (int)lang));
    return RC_OK;
}

/* What is made waits for its owner: where, or on which way it is. A permit has nothing to say here. */
static enum rc load_ready(struct work *w, struct public_view *v, enum lang lang, struct err *e)
{
    const char *how;

    if (v->brief || !v->has_case || strcmp(v->state, "issued") != 0)
        return RC_OK;
    TRY(case_delivery(w, &v->c, &how, e));
    if (strcmp(how, "post") == 0 || strcmp(how, "email") == 0) {
        v->ready = word(*how == 'p' ? PW_READY_POST : PW_READY_EMAIL, lang);
        return RC_OK;
    }
    TRY(load_wish(w, v, "policy.pickup", lang, &v->kept, e));
    if (!date_valid(v->kept.by))
        return RC_OK;
    const struct tr *d = catalog_department(&w->house->catalog, v->c.department);
    const struct text_var vars[] = {
        {"place", d ? arena_fmt(w->a, "%s, %s", tr_get(d, lang), v->institution) : v->institution}};
    v->ready = text_fill(w->a, word(PW_READY_PICKUP, lang), vars, COUNT(vars));
    return RC_OK;
}

enum rc public_view(struct work *w, const struct visit *visit, struct public_view *v, struct err *e)
{
    *v = (struct public_view){.today = date_of_ms(w->now_ms()),
                              .why = "",
                              .calc = "",
                              .back = {.why = ""},
                              .ready = "",
                              .kept = {.why = ""},
                              .brief = visit->number};
    TRY(visit->case_id ? load_case(w, visit, v, e) : load_request(w, visit, v, e));
    if (v->returned)
        TRY(load_wish(w, v, "policy.return", visit->lang, &v->back, e));
    if (!visit->link)
        TRY(load_ready(w, v, visit->lang, e));
    if (date_valid(v->due))
        v->days_left = date_days(v->due) - date_days(v->today);
    return RC_OK;
}
