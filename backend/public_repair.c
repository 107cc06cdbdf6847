/* What came back to the citizen: only these fields and files, judged by the rules of the form. */
#include <stdio.h>
#include <string.h>

#include "backend/public.h"

enum { FIELDS_MAX = 64 };

enum rc public_fields(struct work *w, const struct public_view *v, const struct field **out, size_t max,
                      size_t *n, struct err *e)
{
    (void)w;
    *n = 0;
    if (v->ret.n_fields == 0 || !v->c.svc)
        return err_set(e, RC_STATE, "nothing was returned");
    for (size_t i = 0; i < v->c.svc->n_fields && *n < max; i++)
        for (size_t k = 0; k < v->ret.n_fields; k++)
            if (strcmp(v->c.svc->fields[i].id, v->ret.fields[k]) == 0)
                out[(*n)++] = &v->c.svc->fields[i];
    return *n ? RC_OK : err_set(e, RC_STATE, "the returned fields are not in this form");
}

static bool among(const struct field *const *fields, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i]->id, id) == 0)
            return true;
    return false;
}

static void add_error(struct public_fix *fix, const char *field, const char *text)
{
    if (fix->n_errors < fix->max_errors)
        fix->errors[fix->n_errors++] = (struct form_error){field, text};
}

/* A page can name only the files that this visit has sent; a terminal what it brought itself in these hours.
 * Nobody can put another person's file into a case by knowing its hash. */
static enum rc files_known(struct work *w, const struct public_fix *fix, const struct answers *all,
                           const struct field *f, bool *known, struct err *e)
{
    const struct answer *x = answers_get(all, f->id);
    const struct visit *v = fix->visit;
    const char *hashes = "";

    *known = true;
    if (f->type != FT_FILE || !x || strcmp(x->values[0], FILE_AT_COUNTER) == 0)
        return RC_OK;
    for (size_t i = 0; i < x->n; i++) {
        const char *hash = strncmp(x->values[i], "sha256:", 7) == 0 ? x->values[i] + 7 : "";
        if (strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64 ||
            (!v->terminal && !(v->files && strstr(v->files, hash))))
            *known = false;
        hashes = arena_fmt(w->a, "%s%s%s", hashes, *hashes ? "," : "", hash);
    }
    if (!*known)
        return RC_OK;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(arena_fmt(w->a, "{%s}", hashes)), DB_STR(v->terminal)};
    TRY(work_sql(w, v->terminal ? SQL_PUBLIC_NOT_BROUGHT : SQL_BLOBS_MISSING, p, &r, e));
    *known = db_rows(r) == 0;
    return RC_OK;
}

/* Every field by itself, so that all that is wrong is said at once. */
static enum rc judge(struct work *w, struct public_fix *fix, const struct public_view *v,
                     const struct field *const *fields, size_t n, struct err *e)
{
    struct case_answers all;
    bool known;

    TRY(case_answers(w, &v->c, &all, e));
    for (size_t i = 0; i < fix->answers->n; i++)
        if (!among(fields, n, fix->answers->names[i]))
            return err_at(e, RC_BAD_FIELD, fix->answers->names[i], "this field was not returned");
    TRY(answers_read(&all.now, v->c.svc, fix->answers, e));
    const struct form_ctx ctx = {
        .service = v->c.svc, .i18n = w->house->i18n, .lang = fix->lang, .today = v->today, .channel = CH_WEB};
    for (size_t i = 0; i < n; i++) {
        const char *wrong = form_judge(&ctx, &all.now, fields[i]);
        TRY(files_known(w, fix, &all.now, fields[i], &known, e));
        if (wrong && fields[i]->type == FT_FILE && !answers_get(&all.now, fields[i]->id))
            wrong = tr_get(&public_words[PW_FILE_NONE], fix->lang);
        if (!wrong && !known)
            wrong = tr_get(&public_words[PW_FILE_LOST], fix->lang);
        if (wrong)
            add_error(fix, fields[i]->id, wrong);
    }
    return RC_OK;
}

/* A returned field that nobody filled in is an empty answer. */
static void complete(struct work *w, struct public_fix *fix, const struct field *const *fields, size_t n)
{
    struct jval *all = ARENA_NEW(w->a, struct jval);

    *all = (struct jval){.kind = JV_OBJ, .n = fix->answers->n};
    all->items = ARENA_ARRAY(w->a, struct jval, all->n + n);
    all->names = ARENA_ARRAY(w->a, const char *, all->n + n);
    for (size_t i = 0; i < all->n; i++) {
        all->items[i] = fix->answers->items[i];
        all->names[i] = fix->answers->names[i];
    }
    for (size_t i = 0; i < n; i++)
        if (!jval_get(fix->answers, fields[i]->id) && fields[i]->type != FT_NOTE) {
            all->items[all->n] = (struct jval){.kind = JV_NULL};
            all->names[all->n++] = fields[i]->id;
        }
    fix->answers = all;
}

bool public_answers(const struct visit *visit, const struct case_return *ret)
{
    return !visit->return_id || visit->return_id == ret->id;
}

enum rc public_last(struct work *w, const struct visit *visit, struct public_view *v, const char **had,
                    struct err *e)
{
    struct err none = {0};
    enum rc rc = v->has_case ? case_return_last(w, v->c.id, &v->ret, had, &none) : RC_NOT_FOUND;

    if (rc == RC_NOT_FOUND || (rc == RC_OK && !public_answers(visit, &v->ret)))
        return err_set(e, RC_STATE, "nothing is returned");
    if (rc != RC_OK && e)
        *e = none;
    return rc;
}

/* What is kept decides the answer: for who sent it now, and for who sends the same once more. */
static enum rc kept(struct work *w, struct public_fix *fix, struct public_view *v, struct err *e)
{
    const struct field *fields[FIELDS_MAX];
    const char *had;
    size_t n;
    BUF_SCOPE(sent);

    TRY(public_last(w, fix->visit, v, &had, e));
    TRY(public_fields(w, v, fields, FIELDS_MAX, &n, e));
    complete(w, fix, fields, n);
    jval_encode(fix->answers, &sent);
    buf_str(&sent, "");
    if (strcmp(sent.p, had) != 0)
        return err_set(e, RC_STATE, "something else was handed in");
    fix->at_ms = v->ret.at_ms;
    return RC_OK;
}

enum rc public_repair(struct work *w, struct public_fix *fix, struct err *e)
{
    struct public_view v;
    const struct field *fields[FIELDS_MAX];
    struct err why = {0};
    size_t n;

    fix->n_errors = 0;
    TRY(public_view(w, fix->visit, &v, e));
    if (!v.returned || !public_answers(fix->visit, &v.ret))
        return kept(w, fix, &v, e);
    TRY(public_fields(w, &v, fields, FIELDS_MAX, &n, e));
    complete(w, fix, fields, n);
    TRY(judge(w, fix, &v, fields, n, e));
    if (fix->n_errors > 0)
        return RC_OK;
    enum rc rc = case_return_answer(w, &actor_citizen, v.c.id, fix->answers, NULL, &why);
    if (rc == RC_BAD_FIELD) {
        const char *id = strncmp(why.path, "answers.", 8) == 0 ? why.path + 8 : why.path;
        const char *said = tr_get(&w->say, fix->lang);
        add_error(fix, arena_str(w->a, id),
                  *said ? said : i18n_text(w->house->i18n, fix->lang, "err.bad_field"));
        return RC_OK;
    }
    if (rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_CONFLICT) /* another press may have been quicker */
        return kept(w, fix, &v, e);
    if (e)
        *e = why;
    return rc;
}

/* ---- the form ---- */

static const char *word(enum public_word w, enum lang lang)
{
    return tr_get(&public_words[w], lang);
}

static const char *wrong_with(const struct html_repair *r, const char *id)
{
    for (size_t i = 0; i < r->n_errors; i++)
        if (strcmp(r->errors[i].field, id) == 0)
            return r->errors[i].text;
    return NULL;
}

static bool chosen(const struct html_repair *r, const struct field *f, const char *value)
{
    const struct answer *x = answers_get(r->given, f->id);
    for (size_t i = 0; x && i < x->n; i++)
        if (strcmp(x->values[i], value) == 0)
            return true;
    return false;
}

static void attr(struct buf *b, const char *name, const char *value)
{
    buf_fmt(b, " %s=\"", name);
    html_text(b, value);
    buf_chr(b, '"');
}

static const struct kind {
    enum ftype type;
    const char *input, *mode; /* type= and inputmode= */
} kinds[] = {
    {FT_DATE, "date", NULL},      {FT_TIME, "time", NULL},         {FT_INT, "text", "numeric"},
    {FT_CNP, "text", "numeric"},  {FT_DECIMAL, "text", "decimal"}, {FT_PHONE, "tel", "tel"},
    {FT_EMAIL, "email", "email"}, {FT_CUI, "text", "numeric"},
};

static void common(struct buf *b, const struct html_repair *r, const struct field *f, size_t at)
{
    const char *wrong = wrong_with(r, f->id);
    bool help = *tr_get(&f->help, r->lang) != '\0';

    if (f->required && f->type != FT_FILE)
        buf_str(b, " required");
    if (wrong)
        buf_str(b, " aria-invalid=\"true\"");
    if (wrong || help || f->type == FT_FILE)
        buf_fmt(b, " aria-describedby=\"%s%zu%s%zu\"", wrong ? "e" : "h", at, wrong ? " h" : " h", at);
}

static void put_line(struct buf *b, const struct html_repair *r, const struct field *f, size_t at)
{
    const char *had = answers_one(r->given, f->id), *input = "text", *mode = NULL;

    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].type == f->type) {
            input = kinds[i].input;
            mode = kinds[i].mode;
        }
    buf_fmt(b, "<input id=\"f%zu\" type=\"%s\"", at, input);
    attr(b, "name", f->id);
    if (mode)
        attr(b, "inputmode", mode);
    attr(b, "value", had ? had : "");
    buf_fmt(b, " maxlength=\"%lld\" autocomplete=\"off\"", (long long)(f->max ? f->max : 200));
    common(b, r, f, at);
    buf_chr(b, '>');
}

static void put_area(struct buf *b, const struct html_repair *r, const struct field *f, size_t at)
{
    const char *had = answers_one(r->given, f->id);

    buf_fmt(b, "<textarea id=\"f%zu\" rows=\"5\" maxlength=\"%lld\"", at, (long long)(f->max ? f->max : 200));
    attr(b, "name", f->id);
    common(b, r, f, at);
    buf_chr(b, '>');
    html_text(b, had ? had : "");
    buf_str(b, "</textarea>");
}

static void put_box(struct buf *b, const char *kind, const char *name, const char *value, const char *label,
                    bool on)
{
    buf_fmt(b, "<label class=\"box\"><input type=\"%s\"", kind);
    attr(b, "name", name);
    attr(b, "value", value);
    buf_fmt(b, "%s><span>", on ? " checked" : "");
    html_text(b, label);
    buf_str(b, "</span></label>");
}

static void put_options(struct buf *b, const struct html_repair *r, const struct field *f)
{
    const char *kind = f->type == FT_MULTI ? "checkbox" : "radio";
    for (size_t i = 0; i < f->n_options; i++)
        put_box(b, kind, f->id, f->options[i].id, tr_get(&f->options[i].label, r->lang),
                chosen(r, f, f->options[i].id));
}

static void put_file(struct work *w, struct buf *b, const struct html_repair *r, const struct field *f,
                     size_t at)
{
    const struct answer *x = answers_get(r->given, f->id);
    bool here = x && strncmp(x->values[0], "sha256:", 7) == 0;

    buf_fmt(b, "<p class=\"hint\" id=\"h%zu\">", at);
    html_text(b, word(PW_FILE_HELP, r->lang));
    buf_str(b, "</p>");
    for (size_t i = 0; here && i < x->n; i++) {
        buf_str(b, "<input type=\"hidden\"");
        attr(b, "name", arena_fmt(w->a, "kept:%s", f->id));
        attr(b, "value", x->values[i]);
        buf_chr(b, '>');
    }
    if (here) {
        buf_str(b, "<p class=\"kept\">");
        html_text(b, word(PW_FILE_HERE, r->lang));
        buf_str(b, "</p>");
    }
    buf_fmt(b, "<input id=\"f%zu\" type=\"file\" accept=\"application/pdf,image/jpeg\"%s", at,
            f->max_items == 1 ? "" : " multiple");
    attr(b, "name", f->id);
    common(b, r, f, at);
    buf_chr(b, '>');
    if (f->at_counter)
        put_box(b, "checkbox", arena_fmt(w->a, "counter:%s", f->id), "yes", word(PW_FILE_COUNTER, r->lang),
                chosen(r, f, FILE_AT_COUNTER));
}

static void put_wrong(struct buf *b, const struct html_repair *r, const struct field *f, size_t at)
{
    const char *wrong = wrong_with(r, f->id);
    if (!wrong)
        return;
    buf_fmt(b, "<p class=\"wrong\" id=\"e%zu\">", at);
    html_text(b, wrong);
    buf_str(b, "</p>");
}

static void put_label(struct buf *b, const struct html_repair *r, const struct field *f, size_t at,
                      bool group)
{
    const char *help = tr_get(&f->help, r->lang);

    if (group)
        buf_str(b, "<fieldset><legend>");
    else
        buf_fmt(b, "<label for=\"f%zu\">", at);
    html_text(b, tr_get(&f->label, r->lang));
    if (!f->required) {
        buf_str(b, " <span class=\"optional\">");
        html_text(b, word(PW_OPTIONAL, r->lang));
        buf_str(b, "</span>");
    }
    buf_str(b, group ? "</legend>" : "</label>");
    if (*help && f->type != FT_FILE) {
        buf_fmt(b, "<p class=\"hint\" id=\"h%zu\">", at);
        html_text(b, help);
        buf_str(b, "</p>");
    }
    put_wrong(b, r, f, at);
}

static void put_field(struct work *w, struct buf *b, const struct html_repair *r, const struct field *f,
                      size_t at)
{
    bool group = f->type == FT_CHOICE || f->type == FT_MULTI;

    if (f->type == FT_NOTE)
        return;
    buf_str(b, wrong_with(r, f->id) ? "<div class=\"field bad\">" : "<div class=\"field\">");
    if (f->type == FT_BOOL) {
        put_wrong(b, r, f, at);
        put_box(b, "checkbox", f->id, "true", tr_get(&f->label, r->lang), chosen(r, f, "true"));
    } else {
        put_label(b, r, f, at, group);
        if (group)
            put_options(b, r, f);
        else if (f->type == FT_FILE)
            put_file(w, b, r, f, at);
        else if (f->type == FT_AREA)
            put_area(b, r, f, at);
        else
            put_line(b, r, f, at);
    }
    buf_str(b, group ? "</fieldset></div>" : "</div>");
}

static void put_problem(struct buf *b, const struct html_repair *r)
{
    if (!r->problem && r->n_errors == 0)
        return;
    buf_str(b, "<div class=\"problem\" role=\"alert\" id=\"problem\"><p>");
    html_text(b, r->problem ? r->problem : word(PW_WRONG_ONE, r->lang));
    buf_str(b, "</p><ul>");
    for (size_t i = 0; i < r->n_errors; i++)
        for (size_t k = 0; k < r->n_fields; k++)
            if (strcmp(r->fields[k]->id, r->errors[i].field) == 0) {
                buf_fmt(b, "<li><a href=\"#e%zu\">", k);
                html_text(b, tr_get(&r->fields[k]->label, r->lang));
                buf_str(b, ": ");
                html_text(b, r->errors[i].text);
                buf_str(b, "</a></li>");
            }
    buf_str(b, "</ul></div>");
}

const char *html_repair(struct work *w, const struct html_repair *r)
{
    BUF_SCOPE(b);

    buf_str(&b, "<h1>");
    html_text(&b, word(PW_RETURNED, r->lang));
    buf_str(&b, "</h1>");
    put_problem(&b, r);
    buf_str(&b, "<p class=\"lead\">");
    html_text(&b, arena_fmt(w->a, "%s · %s", r->view->number, r->view->service));
    buf_str(&b, "</p><section class=\"ask\"><p class=\"quiet\">");
    html_text(&b, word(PW_CLERK_SAYS, r->lang));
    buf_str(&b, "</p><p class=\"said\">");
    html_text(&b, r->view->ret.reason);
    buf_str(&b, "</p>");
    html_back_by(w, &b, r->view, r->lang);
    buf_str(&b, "</section><p>");
    html_text(&b, word(PW_RETURNED_TEXT, r->lang));
    buf_fmt(&b,
            "</p><form method=\"post\" action=\"/case/repair\" enctype=\"multipart/form-data\" novalidate>"
            "<input type=\"hidden\" name=\".lang\" value=\"%s\"><input type=\"hidden\" name=\".stamp\" "
            "value=\"%s\"><input type=\"hidden\" name=\".return\" value=\"%lld\">",
            lang_codes[r->lang], r->stamp, (long long)r->view->ret.id);
    for (size_t i = 0; i < r->n_fields; i++)
        put_field(w, &b, r, r->fields[i], i);
    buf_str(&b, "<button type=\"submit\">");
    html_text(&b, word(PW_SEND, r->lang));
    buf_str(&b, "</button></form>");
    if (!r->link) {
        buf_fmt(&b, "<p><a class=\"again\" href=\"/case?lang=%s\">", lang_codes[r->lang]);
        html_text(&b, word(PW_BACK, r->lang));
        buf_str(&b, "</a></p>");
    }
    return arena_strn(w->a, b.p, b.len);
}

const char *html_sent(struct arena *a, enum lang lang, bool link)
{
    BUF_SCOPE(b);

    buf_str(&b, "<div class=\"state good\"><svg viewBox=\"0 0 48 48\" width=\"48\" height=\"48\" "
                "aria-hidden=\"true\"><circle cx=\"24\" cy=\"24\" r=\"22\"/><path d=\"m14 25 7 7 "
                "13-15\"/></svg><h1>");
    html_text(&b, word(PW_SENT_TITLE, lang));
    buf_str(&b, "</h1></div><p class=\"lead\">");
    html_text(&b, word(PW_SENT_TEXT, lang));
    buf_str(&b, "</p>");
    if (!link) {
        buf_fmt(&b, "<p><a class=\"button\" href=\"/case?lang=%s\">", lang_codes[lang]);
        html_text(&b, word(PW_TO_CASE, lang));
        buf_str(&b, "</a></p>");
    }
    return arena_strn(a, b.p, b.len);
}
