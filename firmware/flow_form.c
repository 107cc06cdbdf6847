/* The form step: pages, answers, what the card fills in. */
#include <string.h>

#include "firmware/flow_int.h"

size_t form_now(struct flow *f, struct form_page *out)
{
    struct form_ctx ctx = flow_form(f);
    size_t n = form_pages(&ctx, &f->s->answers, out, PAGES_MAX);
    if (n > 0 && f->s->page >= n)
        f->s->page = n - 1;
    return n;
}

/* What each last part of a field's id takes from the card. */
struct card_value {
    const char *tail;
    size_t offset;
};
static const struct card_value card_values[] = {
    {"last_name", offsetof(struct identity, last_name)},
    {"first_name", offsetof(struct identity, first_name)},
    {"birth_date", offsetof(struct identity, birth_date)},
    {"id_doc", offsetof(struct identity, document_number)},
    {"cnp", offsetof(struct identity, cnp)},
};

static const char *card_value(const struct identity *id, const char *field)
{
    const char *dot = strrchr(field, '.');
    for (size_t i = 0; dot && i < COUNT(card_values); i++)
        if (strcmp(dot + 1, card_values[i].tail) == 0)
            return *(const char *const *)((const char *)id + card_values[i].offset);
    return NULL;
}

/* "act.last_name" is the citizen's own name only while "act.who" says so. */
static bool about_holder(struct flow *f, const char *field)
{
    const char *dot = strchr(field, '.');
    if (!dot || strncmp(field, "who.", 4) == 0)
        return true;
    char who[80];
    size_t n = (size_t)(dot - field);
    if (n + 5 > sizeof(who))
        return false;
    memcpy(who, field, n);
    memcpy(who + n, ".who", 5);
    if (!service_field(f->s->service, who))
        return true;
    const char *answer = answers_one(&f->s->answers, who);
    return answer && strcmp(answer, "self") == 0;
}

/* The citizen's own word stays, also when it is "nothing". What the card said follows the card that is read
 * now, and goes when it no longer concerns the holder. */
static void fill(struct flow *f, const struct field *fd)
{
    struct session *s = f->s;
    const char *source = answers_source(&s->answers, fd->id), *had = answers_one(&s->answers, fd->id);
    bool holder = about_holder(f, fd->id);
    if ((source && strcmp(source, "card") != 0) || (holder && !s->card.identity))
        return;
    const char *says = !holder               ? NULL
                       : address_of_card(fd) ? s->card.address
                                             : card_value(s->card.identity, fd->id);
    says = says ? says : "";
    if (strcmp(says, had ? had : "") != 0)
        answers_put(&s->answers, fd->id, &says, 1, "card");
}

void form_prefill(struct flow *f)
{
    const struct service *service = f->s->service;
    for (size_t i = 0; service && i < service->n_fields; i++)
        if (service->fields[i].from_card)
            fill(f, &service->fields[i]);
}

/* A question for papers asks the scanner what it has before the person is told where to lay them. */
static void form_papers(struct flow *f)
{
    struct form_page pages[PAGES_MAX];
    if (f->step != STEP_FORM || form_now(f, pages) == 0)
        return;
    const struct form_page *p = &pages[f->s->page];
    for (size_t i = 0; i < p->n; i++)
        if (p->fields[i]->type == FT_FILE)
            scan_enter(f, p->fields[i]);
}

void form_enter(struct flow *f)
{
    f->s->page = 0;
    f->s->n_errors = 0;
    f->s->from_review = false;
    form_prefill(f);
    flow_go(f, STEP_FORM);
}

bool form_back(struct flow *f)
{
    scan_stop(f);
    address_stop(f);
    f->s->n_errors = 0;
    f->s->from_review = false;
    if (f->s->page == 0)
        return false;
    f->s->page--;
    return true;
}

static bool on_page(const struct form_page *p, const char *id)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->fields[i]->id, id) == 0)
            return true;
    return false;
}

static size_t page_of(struct flow *f, const char *id)
{
    struct form_page pages[PAGES_MAX];
    size_t n = form_now(f, pages);
    for (size_t i = 0; i < n; i++)
        if (on_page(&pages[i], id))
            return i;
    return n;
}

/* The next place after a right page: back to the review when all is well there, else the first page in need.
 */
static void advance(struct flow *f)
{
    struct session *s = f->s;
    struct form_page pages[PAGES_MAX];
    struct form_ctx ctx = flow_form(f);
    struct form_error first;
    size_t n = form_now(f, pages);
    bool last = s->page + 1 >= n;
    if (!last && !s->from_review) {
        s->page++;
        return;
    }
    if (form_check(&ctx, &s->answers, &first, 1) == 0) {
        sign_drop(f);
        flow_go(f, STEP_REVIEW);
        return;
    }
    size_t at = page_of(f, first.field);
    s->page = at < n ? at : n - 1;
}

static const char *errors_json(struct flow_call *c)
{
    BUF_SCOPE(b);
    buf_str(&b, "{\"errors\":[");
    for (size_t i = 0; i < c->s->n_errors; i++) {
        buf_str(&b, i ? ",{\"field\":" : "{\"field\":");
        json_quote(&b, c->s->errors[i].field);
        buf_str(&b, ",\"text\":");
        json_quote(&b, c->s->errors[i].text);
        buf_chr(&b, '}');
    }
    buf_str(&b, "]}");
    return arena_strn(c->a, b.p, b.len);
}

static size_t judge_page(struct flow *f, const struct form_page *p)
{
    struct session *s = f->s;
    struct form_ctx ctx = flow_form(f);
    size_t n = form_check_page(&ctx, &s->answers, p, s->errors, ERRORS_MAX);
    s->n_errors = n < ERRORS_MAX ? n : ERRORS_MAX;
    return n;
}

void form_again(struct flow *f)
{
    struct form_page pages[PAGES_MAX];
    if (f->step == STEP_FORM && f->s->n_errors > 0 && form_now(f, pages) > 0)
        judge_page(f, &pages[f->s->page]);
}

enum rc form_proceed(struct flow_call *c, struct err *e)
{
    struct form_page pages[PAGES_MAX];
    (void)e;
    if (form_now(c->f, pages) > 0 && judge_page(c->f, &pages[c->s->page]) > 0) {
        c->out->status = 422;
        c->out->json = errors_json(c);
        return RC_OK;
    }
    form_prefill(c->f);
    advance(c->f);
    form_papers(c->f);
    return RC_OK;
}

static enum rc say_wrong(struct flow_call *c, const struct field *f, const char *key)
{
    c->s->errors[0] = (struct form_error){f->id, flow_say(c->f, key)};
    c->s->n_errors = 1;
    c->out->status = 422;
    c->out->json = errors_json(c);
    return RC_OK;
}

/* Papers are answered by the scanner alone: a page cannot name a file. */
static bool is_file(const struct service *s, const char *id)
{
    const struct field *f = service_field(s, id);
    return f && f->type == FT_FILE;
}

enum rc form_answer(struct flow_call *c, struct err *e)
{
    const struct in_values *in = c->in;
    struct session *s = c->s;
    struct form_page pages[PAGES_MAX];
    if (!in->values || in->values->kind != JV_OBJ)
        return err_at(e, RC_BAD_FIELD, "values", "values must be an object");
    if (form_now(c->f, pages) == 0)
        return err_set(e, RC_STATE, "the form has no page");
    const struct form_page *p = &pages[s->page];
    for (size_t i = 0; i < in->values->n; i++)
        if (!on_page(p, in->values->names[i]) || is_file(s->service, in->values->names[i]))
            return err_at(e, RC_BAD_FIELD, "values", "a field of another page");
    TRY(answers_read(&s->answers, s->service, in->values, e));
    address_stop(c->f); /* typing is the other way */
    for (size_t i = 0; i < p->n; i++) {
        const char *wrong = NULL;
        if (p->fields[i]->type == FT_FILE)
            TRY(scan_settle(c->f, p->fields[i], &wrong, e));
        if (wrong)
            return say_wrong(c, p->fields[i], wrong);
    }
    return form_proceed(c, e);
}

enum rc form_goto(struct flow_call *c, struct err *e)
{
    const struct in_field *in = c->in;
    struct form_page pages[PAGES_MAX];
    size_t n = form_now(c->f, pages), at = page_of(c->f, in->field);
    if (at >= n)
        return err_at(e, RC_BAD_FIELD, "field", "no such field");
    c->s->from_review = c->f->step == STEP_REVIEW || c->s->from_review;
    c->s->page = at;
    c->s->n_errors = 0;
    scan_stop(c->f);
    address_stop(c->f);
    flow_go(c->f, STEP_FORM);
    form_papers(c->f);
    return RC_OK;
}
