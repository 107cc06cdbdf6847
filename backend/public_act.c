/* What a citizen may do: acts of the workflow, and putting right what came back. */
#include <stdlib.h>
#include <string.h>

#include "backend/public_priv.h"

/* Withdrawing, contesting, leaving a subscription. A correction has its own form, a fee its counter. */
static bool offered(const char *action)
{
    static const char *const not_here[] = {"submit", "correct", "pay"};
    for (size_t i = 0; i < COUNT(not_here); i++)
        if (strcmp(action, not_here[i]) == 0)
            return false;
    return true;
}

/* Reason and code are what a citizen can give on a page. */
static bool can_give(const struct wf_action *a)
{
    for (size_t i = 0; i < a->n_needs; i++)
        if (strcmp(a->needs[i], "reason") != 0 && strcmp(a->needs[i], "code") != 0)
            return false;
    return true;
}

static enum rc load_acts(struct work *w, struct public_view *v, struct err *e)
{
    const struct workflow_choice *choices;
    size_t n;

    TRY(case_choices(w, &actor_citizen, &v->c, &choices, &n, e));
    v->acts = ARENA_ARRAY(w->a, const struct wf_action *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (choices[i].allowed && offered(choices[i].action->id) && can_give(choices[i].action))
            v->acts[v->n_acts++] = choices[i].action;
    return RC_OK;
}

enum rc public_returned(struct work *w, struct public_view *v, struct err *e)
{
    struct err none = {0};
    enum rc rc = case_return_open(w, v->c.id, NULL, &v->ret, &none);

    v->returned = rc == RC_OK;
    if (rc == RC_OK || rc == RC_NOT_FOUND)
        return RC_OK;
    if (e)
        *e = none;
    return rc;
}

enum rc public_now(struct work *w, struct public_view *v, struct err *e)
{
    TRY(public_returned(w, v, e));
    return load_acts(w, v, e);
}

enum rc make_link(struct making *m, struct err *e)
{
    struct case_return ret;
    const char *link = public_value(m->ask, "link");

    if (strlen(link) != 32 || case_return_open(m->w, NULL, link, &ret, e) != RC_OK) {
        if (strlen(link) == 32 && e->rc != RC_NOT_FOUND)
            return e->rc;
        making_enter(m, 410, making_word(m, PW_LINK_DEAD));
        return RC_OK;
    }
    const struct visit_begin b = {.link = true, .case_id = ret.case_id, .return_id = ret.id, .lang = m->lang};
    return visit_opened(m, &b, "/case/repair", e);
}

static const struct wf_action *act_of(const struct public_view *v, const char *id)
{
    for (size_t i = 0; i < v->n_acts; i++)
        if (strcmp(v->acts[i]->id, id) == 0)
            return v->acts[i];
    return NULL;
}

static enum rc act_begin(struct making *m, struct public_view *v, const struct wf_action **act, struct err *e)
{
    TRY(making_visit(m, VISIT_MINUTES, e));
    TRY(making_pin(m, e));
    TRY(public_view(m->w, &m->visit, v, e));
    *act = act_of(v, m->ask->arg);
    return *act ? RC_OK : err_set(e, RC_STATE, "the citizen cannot do this now");
}

static void act_page(struct making *m, const struct public_view *v, const struct wf_action *act, int status,
                     const char *problem)
{
    const struct html_form f = {m->lang, m->stamp, problem};
    making_page(m, status, tr_get(&act->label, m->lang), html_act(m->w, v, act, &f));
}

enum rc make_act_ask(struct making *m, struct err *e)
{
    struct public_view v;
    const struct wf_action *act;

    TRY(act_begin(m, &v, &act, e));
    act_page(m, &v, act, 200, NULL);
    return RC_OK;
}

enum rc make_act(struct making *m, struct err *e)
{
    struct public_view v;
    const struct wf_action *act;
    struct workflow_given given[2];
    struct err why = {0};
    size_t n = 0;

    TRY(act_begin(m, &v, &act, e));
    TRY(making_stamped(m, public_value(m->ask, "stamp"), e));
    for (size_t i = 0; i < act->n_needs && n < COUNT(given); i++) {
        const char *value = public_value(m->ask, act->needs[i]);
        if (*value)
            given[n++] = (struct workflow_given){act->needs[i], value};
    }
    int64_t version = strtoll(public_value(m->ask, "version"), NULL, 10);
    const struct case_act a = {
        .id = v.c.id, .action = act->id, .version = version, .given = given, .n_given = n};
    enum rc rc = case_act(m->w, &actor_citizen, &a, NULL, &why);
    if (rc == RC_OK) {
        m->out->go = "/case";
        m->out->status = 303;
        return RC_OK;
    }
    if (rc != RC_CONFLICT && rc != RC_BAD_FIELD && rc != RC_STATE && rc != RC_DENIED) {
        *e = why;
        return rc;
    }
    const char *say = tr_get(&m->w->say, m->lang);
    TRY(public_view(m->w, &m->visit, &v, e));
    act_page(m, &v, act, rc_http(rc),
             *say ? say : making_word(m, rc == RC_CONFLICT ? PW_CHANGED : PW_REFUSED));
    return RC_OK;
}

/* ---- the repair ---- */

/* What stands in the fields at first: nothing personal, whoever holds the receipt. */
static enum rc first_values(struct making *m, const struct public_view *v, const struct field **fields,
                            size_t n, struct answers *out, struct err *e)
{
    struct case_answers all;

    TRY(case_answers(m->w, &v->c, &all, e));
    for (size_t i = 0; i < n; i++) {
        const struct answer *x = answers_get(&all.now, fields[i]->id);
        bool shown = fields[i]->type == FT_CHOICE || fields[i]->type == FT_MULTI;
        if (x && shown && !fields[i]->personal && !fields[i]->sensitive)
            answers_put(out, x->id, x->values, x->n, "applicant");
    }
    return RC_OK;
}

static enum rc repair_begin(struct making *m, struct public_view *v, const struct field **fields, size_t *n,
                            struct err *e)
{
    const char *had, *which = public_value(m->ask, ".return");

    TRY(making_visit(m, VISIT_REPAIR_MINUTES, e));
    if (!m->visit.link)
        TRY(making_pin(m, e));
    if (!m->visit.link && strspn(which, "0123456789") == strlen(which) && strlen(which) <= 18)
        m->visit.return_id = strtoll(which, NULL, 10);
    TRY(public_view(m->w, &m->visit, v, e));
    v->returned = v->returned && public_answers(&m->visit, &v->ret);
    if (!v->returned && m->ask->page != PAGE_REPAIR_SEND)
        return err_set(e, RC_STATE, "nothing is returned");
    if (!v->returned) /* sent once more: what was asked for then is read as it was then */
        TRY(public_last(m->w, &m->visit, v, &had, e));
    return public_fields(m->w, v, fields, RETURNED_MAX, n, e);
}

/* It was answered meanwhile, perhaps in another window. */
static void nothing_to_do(struct making *m)
{
    if (m->visit.link)
        making_enter(m, 410, making_word(m, PW_ALREADY));
    else {
        m->out->go = "/case";
        m->out->status = 303;
    }
}

static void repair_page(struct making *m, struct html_repair *r, int status)
{
    r->stamp = m->stamp;
    r->lang = m->lang;
    r->link = m->visit.link;
    making_page(m, status, making_word(m, PW_RETURNED), html_repair(m->w, r));
}

enum rc make_repair_ask(struct making *m, struct err *e)
{
    struct public_view v;
    const struct field *fields[RETURNED_MAX];
    struct answers given;
    struct html_repair r = {.view = &v, .fields = fields, .given = &given};

    enum rc rc = repair_begin(m, &v, fields, &r.n_fields, e);
    if (rc == RC_STATE) {
        nothing_to_do(m);
        return RC_OK;
    }
    TRY(rc);
    answers_init(&given, m->w->a);
    TRY(first_values(m, &v, fields, r.n_fields, &given, e));
    repair_page(m, &r, 200);
    return RC_OK;
}

/* The files of one question: sent now, or kept from the try before. */
static enum rc files_of(struct making *m, const struct field *f, const char **values, size_t *n,
                        const char **wrong, struct err *e)
{
    const struct public_ask *ask = m->ask;

    for (size_t i = 0; i < ask->n_uploads; i++) {
        struct public_upload *u = &ask->uploads[i];
        if (strcmp(u->field, f->id) != 0 || u->size == 0 || *n == PUBLIC_FILES_MAX)
            continue;
        enum rc rc = public_store(m->w, m->visit.case_id, u, e);
        if (rc == RC_OK)
            rc = visit_file(m->w, ask->token, u->sha256, e);
        if (rc == RC_BAD_FIELD || rc == RC_LIMIT) {
            *wrong = making_word(m, rc == RC_LIMIT                    ? PW_FILE_FULL
                                    : strcmp(e->code, "TOO_BIG") == 0 ? PW_FILE_BIG
                                                                      : PW_FILE_TYPE);
            continue;
        }
        TRY(rc);
        m->visit.files = arena_fmt(m->w->a, "%s,%s", m->visit.files, u->sha256);
        values[(*n)++] = arena_fmt(m->w->a, "sha256:%s", u->sha256);
    }
    const char *kept = arena_fmt(m->w->a, "kept:%s", f->id);
    bool fresh = *n > 0;
    for (size_t i = 0; i < ask->n_values && !fresh; i++)
        if (strcmp(ask->values[i].name, kept) == 0 && *n < PUBLIC_FILES_MAX)
            values[(*n)++] = ask->values[i].value;
    if (*n == 0 && *public_value(ask, arena_fmt(m->w->a, "counter:%s", f->id)))
        values[(*n)++] = FILE_AT_COUNTER;
    return RC_OK;
}

static void texts_of(const struct making *m, const struct field *f, const char **values, size_t *n,
                     size_t max)
{
    for (size_t i = 0; i < m->ask->n_values && *n < max; i++)
        if (strcmp(m->ask->values[i].name, f->id) == 0 && *m->ask->values[i].value)
            values[(*n)++] = m->ask->values[i].value;
    if (f->type != FT_MULTI && *n > 1)
        *n = 1;
}

static void json_value(struct arena *a, const struct field *f, const char *const *values, size_t n,
                       struct jval *out)
{
    if (f->type == FT_BOOL) {
        *out = (struct jval){.kind = JV_BOOL, .b = n > 0};
        return;
    }
    if (n == 0 || (f->type != FT_MULTI && f->type != FT_FILE)) {
        *out = (struct jval){.kind = n ? JV_STR : JV_NULL, .s = n ? values[0] : NULL};
        return;
    }
    if (strcmp(values[0], FILE_AT_COUNTER) == 0 && f->type == FT_FILE) {
        *out = (struct jval){.kind = JV_STR, .s = values[0]};
        return;
    }
    *out = (struct jval){.kind = JV_ARR, .n = n, .items = ARENA_ARRAY(a, struct jval, n)};
    for (size_t i = 0; i < n; i++)
        out->items[i] = (struct jval){.kind = JV_STR, .s = values[i]};
}

struct reading {
    struct jval object;
    struct answers given;
    struct form_error errors[RETURNED_MAX];
    size_t n_errors;
};

static enum rc read_fields(struct making *m, const struct html_repair *r, struct reading *in, struct err *e)
{
    struct arena *a = m->w->a;

    in->object = (struct jval){.kind = JV_OBJ,
                               .items = ARENA_ARRAY(a, struct jval, r->n_fields),
                               .names = ARENA_ARRAY(a, const char *, r->n_fields)};
    answers_init(&in->given, a);
    for (size_t i = 0; i < r->n_fields; i++) {
        const struct field *f = r->fields[i];
        const char *values[32], *wrong = NULL;
        size_t n = 0;
        if (f->type == FT_NOTE)
            continue;
        if (f->type == FT_FILE)
            TRY(files_of(m, f, values, &n, &wrong, e));
        else
            texts_of(m, f, values, &n, COUNT(values));
        if (wrong && in->n_errors < RETURNED_MAX)
            in->errors[in->n_errors++] = (struct form_error){f->id, wrong};
        if (n > 0)
            answers_put(&in->given, f->id, values, n, "applicant");
        in->object.names[in->object.n] = f->id;
        json_value(a, f, values, n, &in->object.items[in->object.n++]);
    }
    return RC_OK;
}

/* Every name in the form must be one that was asked for: whoever sends others is told, and nothing is stored.
 */
static enum rc only_asked(const struct making *m, const struct html_repair *r, struct err *e)
{
    for (size_t i = 0; i < m->ask->n_values + m->ask->n_uploads; i++) {
        bool file = i >= m->ask->n_values;
        const char *name = file ? m->ask->uploads[i - m->ask->n_values].field : m->ask->values[i].name;
        const char *colon = strchr(name, ':'), *id = colon && !file ? colon + 1 : name;
        bool known = name[0] == '.';
        for (size_t k = 0; k < r->n_fields && !known; k++)
            known = strcmp(r->fields[k]->id, id) == 0 && (!file || r->fields[k]->type == FT_FILE);
        if (!known)
            return err_at(e, RC_BAD_FIELD, "fields", "a field that was not returned");
    }
    return RC_OK;
}

enum rc make_repair(struct making *m, struct err *e)
{
    struct public_view v;
    const struct field *fields[RETURNED_MAX];
    struct reading *in = ARENA_NEW(m->w->a, struct reading);
    struct html_repair r = {.view = &v, .fields = fields, .given = &in->given, .errors = in->errors};

    enum rc rc = repair_begin(m, &v, fields, &r.n_fields, e);
    if (rc == RC_STATE) {
        nothing_to_do(m);
        return RC_OK;
    }
    TRY(rc);
    TRY(making_stamped(m, public_value(m->ask, ".stamp"), e));
    TRY(only_asked(m, &r, e));
    TRY(read_fields(m, &r, in, e));
    if (in->n_errors == 0) {
        struct public_fix fix = {.visit = &m->visit,
                                 .answers = &in->object,
                                 .errors = in->errors,
                                 .max_errors = RETURNED_MAX,
                                 .lang = m->lang};
        rc = public_repair(m->w, &fix, e);
        in->n_errors = fix.n_errors;
    }
    if (rc == RC_STATE || (in->n_errors > 0 && !v.returned)) {
        nothing_to_do(m);
        return RC_OK;
    }
    TRY(rc);
    if (in->n_errors == 0) {
        making_page(m, 200, making_word(m, PW_SENT_TITLE), html_sent(m->w->a, m->lang, m->visit.link));
        return RC_OK;
    }
    r.n_errors = in->n_errors;
    repair_page(m, &r, 422);
    return RC_OK;
}
