/* The questions of a service at the counter, by the same definition and the same rules as at the kiosk: what
 * a clerk types from a paper, and what a clerk puts right for who stands there. */
#include <string.h>

#include "backend/book_paper.h"
#include "backend/desk_priv.h"
#include "backend/sql.h"
#include "common/model/form.h"

enum { FIELDS_MAX = 64, SCANS_MAX = 20 };

/* ---- a question as the page draws it ---- */

static void value(struct desk_call *c, const struct field *f, const struct answer *x)
{
    struct buf *b = &c->out;

    if (!x || f->type == FT_CNP) /* a CNP is typed anew */
        js_null(b, "value");
    else if (f->type != FT_MULTI && f->type != FT_FILE)
        js_str(b, "value", x->values[0]);
    else {
        js_open(b, "value", '[');
        for (size_t i = 0; i < x->n; i++)
            js_str(b, NULL, x->values[i]);
        js_close(b, ']');
    }
}

static void question(struct desk_call *c, const struct field *f, const struct answer *x)
{
    struct buf *b = &c->out;

    js_open(b, NULL, '{');
    js_str(b, "id", f->id);
    js_str(b, "type", ftype_names[f->type]);
    js_tr(b, "label", &f->label);
    js_tr(b, "help", f->from_card ? NULL : &f->help); /* that help is about the reader of a kiosk */
    js_tr(b, "section", &f->section);
    js_bool(b, "required", f->required);
    js_bool(b, "at_counter", f->at_counter);
    js_int(b, "max", f->max);
    js_str(b, "tone", f->tone);
    js_open(b, "options", '[');
    for (size_t i = 0; i < f->n_options; i++) {
        js_open(b, NULL, '{');
        js_str(b, "id", f->options[i].id);
        js_tr(b, "label", &f->options[i].label);
        js_close(b, '}');
    }
    js_close(b, ']');
    value(c, f, x);
    js_close(b, '}');
}

static struct form_ctx counter(struct desk_call *c, const struct service *s)
{
    return (struct form_ctx){
        .service = s, .i18n = c->w->house->i18n, .today = date_of_ms(c->w->now_ms()), .channel = CH_COUNTER};
}

/* ---- what is wrong, in every language ---- */

struct faults {
    const char *field[FIELDS_MAX];
    struct tr say[FIELDS_MAX];
    size_t n;
};

static void judge(struct form_ctx *form, struct answers *s, struct faults *out)
{
    struct form_error wrong[FIELDS_MAX];

    for (int k = 0; k < LANG_COUNT; k++) {
        form->lang = (enum lang)k;
        size_t n = form_check(form, s, wrong, FIELDS_MAX);
        out->n = n < FIELDS_MAX ? n : FIELDS_MAX;
        for (size_t i = 0; i < out->n; i++) {
            out->field[i] = wrong[i].field;
            out->say[i].t[k] = wrong[i].text;
        }
    }
}

static void faults_json(struct buf *b, const char *name, const struct faults *x)
{
    js_open(b, name, '[');
    for (size_t i = 0; i < x->n; i++) {
        js_open(b, NULL, '{');
        js_str(b, "field", x->field[i]);
        js_tr(b, "say", &x->say[i]);
        js_close(b, '}');
    }
    js_close(b, ']');
}

/* All of them at once, the first as the error's own. */
static enum rc refuse(struct desk_call *c, const struct faults *x, struct err *e)
{
    BUF_SCOPE(list);

    if (x->n == 0)
        return RC_OK;
    faults_json(&list, NULL, x);
    buf_fmt(&c->more, ",\"fields\":%s", list.p);
    c->w->say = x->say[0];
    return err_at(e, RC_BAD_FIELD, arena_fmt(c->w->a, "answers.%s", x->field[0]), "%s", x->say[0].t[LANG_EN]);
}

/* ---- the form of a service ---- */

struct form_in {
    const char *service;
    struct jval *answers;
};
static const struct jfield form_fields[] = {
    JF_STR(struct form_in, service, J_REQ, 1, 64),
    JF_ANY(struct form_in, answers, 0),
};
JDESC(desk_form_in, struct form_in, form_fields);

static enum rc service_at(struct desk_call *c, const char *id, const struct service **out, struct err *e)
{
    *out = catalog_find(&c->w->house->catalog, id);
    return *out ? RC_OK : err_at(e, RC_BAD_FIELD, "service", "there is no service %.64s", id);
}

static bool given(const struct jval *v)
{
    return v && v->kind != JV_NULL;
}

/* Which questions there are now depends on what was answered before: the page asks again. Only of a service
 * that this person may enter here. */
enum rc desk_form(struct desk_call *c, const void *in, struct err *e)
{
    const struct form_in *x = in;
    struct book_entry entry = {.institution = c->who.institution, .direction = BOOK_IN};
    const struct service *s;
    struct answers now;
    struct faults wrong = {.n = 0};

    TRY(service_at(c, x->service, &s, e));
    TRY(book_paper_place(c->w, &c->who, s->id, &entry, e));
    struct form_ctx form = counter(c, s);
    answers_init(&now, c->w->a);
    if (given(x->answers))
        TRY(answers_read(&now, s, x->answers, e));
    judge(&form, &now, &wrong);
    js_open(&c->out, NULL, '{');
    js_tr(&c->out, "name", &s->name);
    js_open(&c->out, "fields", '[');
    for (size_t i = 0; i < s->n_fields; i++)
        if (form_asked(&form, &s->fields[i]) && form_visible(&form, &now, &s->fields[i]))
            question(c, &s->fields[i], NULL);
    js_close(&c->out, ']');
    faults_json(&c->out, "errors", &wrong);
    js_close(&c->out, '}');
    return RC_OK;
}

enum rc desk_form_judged(struct desk_call *c, const char *service, const struct jval *answers, struct err *e)
{
    const struct service *s;
    struct answers now;
    struct faults wrong = {.n = 0};

    TRY(service_at(c, service, &s, e));
    struct form_ctx form = counter(c, s);
    answers_init(&now, c->w->a);
    TRY(answers_read(&now, s, answers, e));
    judge(&form, &now, &wrong);
    return refuse(c, &wrong, e);
}

/* ---- scans that answers name ---- */

static const char *hash_of(const struct jval *v)
{
    static const char scheme[] = "sha256:";
    bool is = v->kind == JV_STR && strncmp(v->s, scheme, sizeof scheme - 1) == 0;
    return is ? v->s + sizeof scheme - 1 : NULL;
}

enum rc desk_scans(struct desk_call *c, const struct service *s, const struct jval *answers,
                   struct desk_papers *p, struct err *e)
{
    for (size_t i = 0; given(answers) && answers->kind == JV_OBJ && i < answers->n; i++) {
        const struct field *f = service_field(s, answers->names[i]);
        const struct jval *v = &answers->items[i];
        for (size_t k = 0; f && f->type == FT_FILE && v->kind == JV_ARR && k < v->n; k++) {
            const char *hash = hash_of(&v->items[k]);
            if (hash)
                TRY(desk_paper(c, hash, tr_get(&f->label, LANG_RO), p, e));
        }
    }
    return RC_OK;
}

/* ---- for who stands at the counter ---- */

static enum rc open_return(struct desk_call *c, struct casefile *f, struct case_return *back, struct err *e)
{
    TRY(desk_open(c, c->id, f, e));
    TRY(case_may(c->w, &c->who, "case.return_fields", f, c->reason, e));
    TRY(case_return_open(c->w, f->id, NULL, back, e));
    return f->svc ? RC_OK : err_set(e, RC_STATE, "the service of case %s is gone", f->id);
}

static size_t returned(const struct casefile *f, const struct case_return *back, const struct field **out)
{
    size_t n = 0;

    for (size_t i = 0; i < back->n_fields && n < FIELDS_MAX; i++) {
        out[n] = service_field(f->svc, back->fields[i]);
        n += out[n] != NULL;
    }
    return n;
}

enum rc desk_return(struct desk_call *c, const void *in, struct err *e)
{
    const struct field *fields[FIELDS_MAX];
    struct case_return back;
    struct case_answers now;
    struct casefile f;
    char at[25];

    (void)in;
    TRY(open_return(c, &f, &back, e));
    TRY(case_answers(c->w, &f, &now, e));
    size_t n = returned(&f, &back, fields);
    iso_utc(at, back.at_ms);
    js_open(&c->out, NULL, '{');
    js_str(&c->out, "at", at);
    js_str(&c->out, "reason", back.reason);
    js_open(&c->out, "fields", '[');
    for (size_t i = 0; i < n; i++)
        question(c, fields[i], answers_get(&now.now, fields[i]->id));
    js_close(&c->out, ']');
    js_close(&c->out, '}');
    return RC_OK;
}

struct put_right_in {
    struct jval *answers;
    const char *note, **documents;
    size_t n_documents;
    int64_t version;
};
static const struct jfield put_right_fields[] = {
    JF_ANY(struct put_right_in, answers, J_REQ),
    JF_STR(struct put_right_in, note, 0, 0, 2000),
    JF_STRS(struct put_right_in, documents, n_documents, 0, SCANS_MAX),
    JF_INT(struct put_right_in, version, J_REQ, 1, INT64_MAX),
};
JDESC(desk_put_right_in, struct put_right_in, put_right_fields);

/* In the clerk's language; the case itself judges again, with everything that it knows. */
static enum rc fits(struct desk_call *c, const struct casefile *f, const struct case_return *back,
                    const struct jval *answers, struct err *e)
{
    const struct field *fields[FIELDS_MAX];
    struct form_ctx form = counter(c, f->svc);
    struct case_answers now;
    struct faults wrong = {.n = 0};

    form.only = fields;
    form.n_only = returned(f, back, fields);
    TRY(case_answers(c->w, f, &now, e));
    TRY(answers_read(&now.now, f->svc, answers, e));
    judge(&form, &now.now, &wrong);
    return refuse(c, &wrong, e);
}

static enum rc put_right(struct desk_call *c, const struct put_right_in *x, struct desk_papers *p,
                         struct err *e)
{
    struct case_return back;
    struct casefile f;
    struct document made;

    TRY(open_return(c, &f, &back, e));
    if (x->version == f.version)
        TRY(fits(c, &f, &back, x->answers, e));
    for (size_t i = 0; i < x->n_documents; i++)
        TRY(desk_paper(c, x->documents[i], "", p, e));
    TRY(desk_scans(c, f.svc, x->answers, p, e));
    for (size_t i = 0; i < p->n; i++) {
        struct doc_upload up = p->items[i];
        up.case_id = f.id;
        up.kind = "scan";
        up.reason = c->reason;
        TRY(doc_add(c->w, &c->who, &up, &made, e));
    }
    struct case_typed t = {f.id, x->note, x->answers, p->n, x->version};
    return case_return_typed(c->w, &c->who, &t, NULL, e);
}

enum rc desk_put_right(struct desk_call *c, const void *in, struct err *e)
{
    const struct put_right_in *x = in;
    struct desk_papers p = {.n = 0};

    TRY(work_begin(c->w, e));
    enum rc rc = work_end(c->w, put_right(c, x, &p, e), e);
    desk_papers_drop(&p);
    return desk_done(c, rc, x->version, e);
}
