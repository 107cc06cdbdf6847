/* To another institution in one act: there it is a new case with its own number and its own clock. */
#include "backend/case_priv.h"

#include <string.h>

#include "backend/book.h"
#include "common/base/text.h"

#define FORWARD_RULE "og27.forward"

static bool forwards(const struct wf_action *x)
{
    for (size_t i = 0; x && i < x->n_effects; i++)
        if (strcmp(x->effects[i], "forward_case") == 0)
            return true;
    return false;
}

enum rc case_warning(struct work *w, const struct casefile *c, const struct wf_action *x, struct date *day,
                     struct tr *say, struct err *e)
{
    static const struct tr late = {
        {"Legea cerea trimiterea până la {due}. Se poate face și acum; dosarul păstrează că a fost târzie.",
         "A törvény szerint az áttétel határideje {due} volt. Most is megtehető; az ügyben marad, hogy "
         "késett.",
         "The law asked for this by {due}. It can still be done; the file keeps that it was late."}};

    *day = (struct date){0};
    *say = (struct tr){{NULL, NULL, NULL}};
    if (!forwards(x))
        return RC_OK;
    TRY(case_term_open(w, c, FORWARD_RULE, day, e));
    if (!date_valid(*day) || date_cmp(case_today(w), *day) <= 0) {
        *day = (struct date){0};
        return RC_OK;
    }
    for (int i = 0; i < LANG_COUNT; i++) {
        const struct text_var due = {"due", date_said(w->a, *day, (enum lang)i)};
        say->t[i] = text_fill(w->a, late.t[i], &due, 1);
    }
    return RC_OK;
}

static enum rc goes_where(struct case_doing *d, const char *to, const char **reg, struct err *e)
{
    struct institutions tree;
    const char *kind = "";

    TRY(work_tree(d->w, &tree, e));
    for (size_t i = 0; i < tree.n; i++)
        if (strcmp(tree.items[i].id, to) == 0)
            kind = tree.items[i].kind;
    const struct register_rule *rule = registers_of(&d->w->house->registers, kind, d->c->service);
    *reg = rule ? rule->id : "general";
    return RC_OK;
}

/* As it stands here, corrections and all. */
static enum rc about_it(struct case_doing *d, struct case_answers *x, struct case_about *about, struct err *e)
{
    struct casefile *c = d->c;
    BUF_SCOPE(json);

    TRY(case_answers(d->w, c, x, e));
    case_about(d->w, c, x, about);
    if (c->svc) {
        const struct form_ctx form = case_form(d->w, c);
        answers_encode(&form, &x->now, &json);
        about->answers = json.len ? arena_strn(d->w->a, json.p, json.len) : NULL;
    }
    about->subject = c->subject;
    about->person = c->person;
    about->email = c->email ? c->email : "";
    about->phone = c->phone ? c->phone : "";
    return case_cnp(d->w, c, &about->cnp, e);
}

/* A line in their book: what came in, from whom. */
static enum rc entered(struct case_doing *d, struct casefile *n, struct err *e)
{
    struct book_line line;
    struct tr here;

    TRY(case_institution(d->w, d->c->institution, &here, NULL, e));
    const struct book_entry in = {
        .institution = n->institution,
        .reg = n->reg,
        .direction = BOOK_IN,
        .subject = n->svc ? tr_get(&n->svc->name, LANG_RO) : n->service,
        .correspondent = tr_get(&here, LANG_RO),
        .department = n->department,
        .paper_number = d->c->number,
        .case_id = n->id,
    };
    TRY(book_enter(d->w, d->who, &in, &line, e));
    n->n = line.n;
    n->year = line.year;
    return RC_OK;
}

static enum rc new_there(struct case_doing *d, struct casefile *n, const char *to, struct err *e)
{
    const struct casefile *c = d->c;
    char id[UUID_LEN];

    TRY(uuid7(id, e));
    *n = (struct casefile){.id = arena_str(d->w->a, id), .request_id = c->request_id, .institution = to};
    n->service = c->service;
    n->service_version = c->service_version;
    n->svc = c->svc;
    n->flow = c->flow;
    n->workflow = c->workflow;
    n->department = c->svc ? c->svc->department : "registratura";
    n->channel = "institution";
    n->lang = c->lang;
    n->sealed = c->sealed;
    n->registered_ms = d->w->now_ms();
    n->filed_on = case_today(d->w);
    n->attention = "staff_forwarded";
    TRY(goes_where(d, to, &n->reg, e));
    return entered(d, n, e);
}

static enum rc papers(struct case_doing *d, const struct casefile *n, struct err *e)
{
    struct arena *a = d->w->a;
    const char *now = case_int(a, d->w->now_ms());
    struct db_param copy[] = {DB_STR(d->c->id), DB_STR(n->id), DB_STR(n->institution), DB_STR(now),
                              DB_STR(d->who->account)};
    struct db_param link[] = {DB_STR(d->c->id), DB_STR(n->id), DB_STR("forwarded"), DB_STR(now),
                              DB_STR(d->who->account)};

    TRY(work_sql(d->w, SQL_CASE_COPY_PAPERS, copy, NULL, e));
    return work_sql(d->w, SQL_CASE_LINK_ADD, link, NULL, e);
}

enum rc case_forward(struct case_doing *d, struct err *e)
{
    const char *to = case_given(d, "institution");
    struct casefile n;
    struct case_answers x;
    struct case_about about;

    /* A number here, a number there: in the order in which everybody takes the books of several houses. */
    bool ours_first = strcmp(d->c->institution, to) < 0;

    TRY(about_it(d, &x, &about, e));
    if (ours_first)
        TRY(case_fx_cover(d, to, e));
    TRY(new_there(d, &n, to, e));
    struct case_birth b = {&x, false, d->who, "forwarded_here"};
    TRY(case_begin(d->w, &n, &b, &about, e));
    TRY(papers(d, &n, e));
    if (!ours_first)
        TRY(case_fx_cover(d, to, e));
    return work_audit(d->w, d->who,
                      &(struct work_log){to, n.id, "forwarded_here", arena_fmt(d->w->a, "from %s", d->c->id)},
                      e);
}
