#include "common/model/form.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/model/valid.h"

#define TEXT_MAX 200

struct scope {
    const struct form_ctx *c;
    const struct answers *s;
};

/* Hidden and unanswered fields are null. */
static struct expr_value field_value(const char *path, void *user)
{
    const struct scope *in = user;
    const struct field *f = service_field(in->c->service, path);
    const struct answer *x = f ? answers_get(in->s, path) : NULL;
    if (!x || !form_visible(in->c, in->s, f))
        return (struct expr_value){0};
    if (f->type == FT_BOOL)
        return (struct expr_value){.is_bool = true, .truth = strcmp(x->values[0], "true") == 0};
    return (struct expr_value){
        .values = x->values, .n = x->n, .multi = f->type == FT_MULTI || f->type == FT_FILE};
}

static bool chosen(const struct form_ctx *c, const struct field *f)
{
    for (size_t i = 0; i < c->n_only; i++)
        if (c->only[i] == f)
            return true;
    return !c->only;
}

bool form_visible(const struct form_ctx *c, const struct answers *s, const struct field *f)
{
    struct scope in = {c, s};
    if (c->only)
        return chosen(c, f);
    return !f->condition || expr_true(f->condition, field_value, &in);
}

bool form_asked(const struct form_ctx *c, const struct field *f)
{
    if (!chosen(c, f))
        return false;
    switch (f->type) {
    case FT_SIGN: /* a step of its own */
        return false;
    case FT_GEO:
    case FT_ROUTE:
    case FT_PERSONS:
    case FT_SLOT:
        return c->channel != CH_KIOSK;
    default:
        return true;
    }
}

/* A sentence by key, with {n} and {max} filled in. */
static const char *say(const struct form_ctx *c, struct arena *a, const char *key, int64_t n, int64_t max)
{
    const struct text_var vars[] = {{"n", arena_fmt(a, "%lld", (long long)n)},
                                    {"max", arena_fmt(a, "%lld", (long long)max)}};
    return text_fill(a, i18n_text(c->i18n, c->lang, key), vars, COUNT(vars));
}

struct judged {
    const struct form_ctx *c;
    const struct field *f;
    struct arena *arena;
    const char *value; /* cleaned; a judge may replace it by its normal form */
    bool many;         /* one of several values */
    int64_t n;         /* number for the sentence */
};

static const char *judge_text(struct judged *j)
{
    int64_t max = j->f->max ? j->f->max : TEXT_MAX;
    j->n = (int64_t)utf8_count(j->value);
    return j->n > max ? "err.too_long" : NULL;
}

static const char *judge_date(struct judged *j)
{
    struct date d;
    if (!date_parse(j->value, &d) || d.y < 1850 || d.y > 2200)
        return "err.date";
    if ((j->f->checks & FC_NOT_FUTURE) && date_cmp(d, j->c->today) > 0)
        return "err.date_future";
    if ((j->f->checks & FC_FUTURE) && date_cmp(d, j->c->today) <= 0)
        return "err.date_past";
    return NULL;
}

static const char *judge_time(struct judged *j)
{
    const char *s = j->value;
    bool shape =
        strlen(s) == 5 && s[2] == ':' && strspn(s, "0123456789") == 2 && strspn(s + 3, "0123456789") == 2;
    return shape && atol(s) < 24 && atol(s + 3) < 60 ? NULL : "err.time";
}

static const char *judge_int(struct judged *j)
{
    size_t digits = strspn(j->value, "0123456789");
    if (digits == 0 || digits > 12 || j->value[digits])
        return "err.number";
    int64_t n = strtoll(j->value, NULL, 10);
    return n < j->f->min || (j->f->max && n > j->f->max) ? "err.number_range" : NULL;
}

static const char *judge_decimal(struct judged *j)
{
    size_t whole = strspn(j->value, "0123456789");
    const char *tail = j->value + whole;
    size_t part = *tail == ',' || *tail == '.' ? strspn(tail + 1, "0123456789") : 0;
    return whole && whole <= 9 && (*tail == '\0' || (part && part <= 4 && !tail[part + 1])) ? NULL
                                                                                            : "err.number";
}

static const char *judge_option(struct judged *j)
{
    for (size_t i = 0; i < j->f->n_options; i++) {
        if (strcmp(j->f->options[i].id, j->value) == 0)
            return NULL;
    }
    return "err.choice";
}

static const char *judge_bool(struct judged *j)
{
    if (strcmp(j->value, "true") == 0)
        return NULL;
    if (strcmp(j->value, "false") == 0)
        return j->f->required ? "err.consent" : NULL;
    return "err.choice";
}

static const char *judge_cnp(struct judged *j)
{
    j->value = norm_digits(j->arena, j->value);
    j->n = (int64_t)utf8_count(j->value);
    return check_cnp(j->value, j->c->today);
}

static const char *judge_cui(struct judged *j)
{
    j->value = norm_digits(j->arena, j->value);
    return check_cui(j->value);
}

static const char *judge_plate(struct judged *j)
{
    j->value = norm_plate(j->arena, j->value);
    return check_plate(j->value);
}

static const char *judge_phone(struct judged *j)
{
    j->value = norm_phone(j->arena, j->value);
    return check_phone(j->value);
}

static const char *judge_email(struct judged *j)
{
    j->value = norm_email(j->arena, j->value);
    return check_email(j->value);
}

/* By its hash, or one word: the paper comes to the counter. */
static const char *judge_file(struct judged *j)
{
    if (strcmp(j->value, FILE_AT_COUNTER) == 0)
        return j->many ? "err.file" : j->f->at_counter || !j->f->required ? NULL : "err.required_file";
    return strncmp(j->value, "sha256:", 7) == 0 && strlen(j->value) == 71 &&
                   strspn(j->value + 7, "0123456789abcdef") == 64
               ? NULL
               : "err.file";
}

static const char *(*const judges[FT_COUNT])(struct judged *) = {
    [FT_TEXT] = judge_text,     [FT_AREA] = judge_text,    [FT_DATE] = judge_date,
    [FT_TIME] = judge_time,     [FT_INT] = judge_int,      [FT_DECIMAL] = judge_decimal,
    [FT_CHOICE] = judge_option, [FT_MULTI] = judge_option, [FT_BOOL] = judge_bool,
    [FT_CNP] = judge_cnp,       [FT_CUI] = judge_cui,      [FT_PLATE] = judge_plate,
    [FT_PHONE] = judge_phone,   [FT_EMAIL] = judge_email,  [FT_ADDRESS] = judge_text,
    [FT_LOCALITY] = judge_text, [FT_FILE] = judge_file,
};

static const char *missing_key(const struct field *f)
{
    if (f->type == FT_BOOL)
        return "err.consent";
    if (f->type == FT_FILE)
        return "err.required_file";
    return f->type == FT_CHOICE || f->type == FT_MULTI ? "err.required_choice" : "err.required";
}

static const char *doubled(const struct answer *x)
{
    for (size_t i = 0; i < x->n; i++) {
        for (size_t k = i + 1; k < x->n; k++) {
            if (strcmp(x->values[i], x->values[k]) == 0)
                return "err.choice";
        }
    }
    return NULL;
}

static const char *clean_lines(struct arena *a, const char *s)
{
    char *p = arena_str(a, s);
    for (char *c = p; *c; c++) {
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
    }
    return p;
}

const char *form_judge(const struct form_ctx *c, struct answers *s, const struct field *f)
{
    const struct answer *x = answers_get(s, f->id);
    if (f->type == FT_NOTE)
        return NULL;
    if (!x)
        return f->required ? say(c, s->arena, missing_key(f), 0, 0) : NULL;
    const char *wrong = doubled(x);
    struct judged j = {.c = c, .f = f, .arena = s->arena, .many = x->n > 1};
    for (size_t i = 0; i < x->n && !wrong; i++) {
        const char *raw = f->type == FT_AREA ? clean_lines(s->arena, x->values[i]) : x->values[i];
        if (text_clean(s->arena, raw, &j.value, NULL) != RC_OK)
            return say(c, s->arena, "err.text", 0, 0);
        if (!*j.value)
            return f->required ? say(c, s->arena, missing_key(f), 0, 0) : NULL;
        wrong = judges[f->type] ? judges[f->type](&j) : NULL;
        x->values[i] = j.value;
    }
    if (!wrong && f->max_items && x->n > (size_t)f->max_items)
        wrong = "err.too_many";
    int64_t max = f->max ? f->max : TEXT_MAX;
    return wrong ? say(c, s->arena, wrong, j.n, max) : NULL;
}

static size_t add_error(struct form_error *out, size_t n, size_t max, const char *field, const char *text)
{
    if (n < max)
        out[n] = (struct form_error){field, text};
    return n + 1;
}

static size_t judge_rules(const struct form_ctx *c, struct answers *s, const struct form_page *only,
                          struct form_error *out, size_t max)
{
    struct scope in = {c, s};
    size_t n = 0;
    for (size_t i = 0; !c->only && i < c->service->n_rules; i++) {
        const struct form_rule *r = &c->service->rules[i];
        const struct field *last = &c->service->fields[r->after];
        bool here = !only || only->fields[0] == last || (only->n > 1 && only->fields[1] == last);
        if (here && r->stop && !expr_true(r->must, field_value, &in))
            n = add_error(out, n, max, last->id, tr_get(&r->text, c->lang));
    }
    return n;
}

size_t form_check(const struct form_ctx *c, struct answers *s, struct form_error *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < c->service->n_fields; i++) {
        const struct field *f = &c->service->fields[i];
        const char *text = form_asked(c, f) && form_visible(c, s, f) ? form_judge(c, s, f) : NULL;
        if (text)
            n = add_error(out, n, max, f->id, text);
    }
    size_t left = n < max ? max - n : 0;
    return n + judge_rules(c, s, NULL, left ? out + n : out, left);
}

size_t form_check_page(const struct form_ctx *c, struct answers *s, const struct form_page *p,
                       struct form_error *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        const char *text = form_judge(c, s, p->fields[i]);
        if (text)
            n = add_error(out, n, max, p->fields[i]->id, text);
    }
    return n ? n : judge_rules(c, s, p, out, max);
}

static bool small(enum ftype t)
{
    return t == FT_TEXT || t == FT_PHONE || t == FT_EMAIL || t == FT_CNP || t == FT_PLATE || t == FT_DATE;
}

struct names_field {
    const char *id;
    bool found;
};

static void note_path(const char *path, void *user)
{
    struct names_field *w = user;
    w->found = w->found || strcmp(path, w->id) == 0;
}

/* Two fields share a page when both are short texts of one section and the second does not depend on the
 * first; a note stands above the question that follows it. */
static bool together(const struct field *a, const struct field *b)
{
    struct names_field w = {a->id, false};
    expr_paths(b->condition, note_path, &w);
    if (w.found)
        return false;
    if (a->type == FT_NOTE)
        return b->type != FT_NOTE;
    return small(a->type) && small(b->type) && a->section.t[LANG_RO] == b->section.t[LANG_RO];
}

size_t form_pages(const struct form_ctx *c, const struct answers *s, struct form_page *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < c->service->n_fields; i++) {
        const struct field *f = &c->service->fields[i];
        if (!form_asked(c, f) || !form_visible(c, s, f))
            continue;
        if (n && out[n - 1].n == 1 && together(out[n - 1].fields[0], f))
            out[n - 1].fields[out[n - 1].n++] = f;
        else if (n < max)
            out[n++] = (struct form_page){{f, NULL}, 1};
    }
    return n;
}

static const char *option_label(const struct form_ctx *c, const struct field *f, const char *id)
{
    for (size_t i = 0; i < f->n_options; i++) {
        if (strcmp(f->options[i].id, id) == 0)
            return tr_get(&f->options[i].label, c->lang);
    }
    return id;
}

static const char *shown_one(struct arena *a, const struct form_ctx *c, const struct field *f,
                             const char *value)
{
    struct date d;
    switch (f->type) {
    case FT_CHOICE:
    case FT_MULTI:
        return option_label(c, f, value);
    case FT_BOOL:
        return i18n_text(c->i18n, c->lang, strcmp(value, "true") == 0 ? "word.yes" : "word.no");
    case FT_CNP:
        return strlen(value) > 4 ? arena_fmt(a, "•••••••••%s", value + strlen(value) - 4) : value;
    case FT_FILE:
        return i18n_text(c->i18n, c->lang,
                         strcmp(value, FILE_AT_COUNTER) == 0 ? "word.at_counter" : "word.attached");
    case FT_DATE:
        return date_parse(value, &d) ? date_said(a, d, c->lang) : value;
    default:
        return value;
    }
}

const char *form_shown(struct arena *a, const struct form_ctx *c, const struct answers *s,
                       const struct field *f)
{
    const struct answer *x = answers_get(s, f->id);
    const char *out = "";
    for (size_t i = 0; x && i < x->n; i++) {
        const char *one = shown_one(a, c, f, x->values[i]);
        out = i ? arena_fmt(a, "%s, %s", out, one) : one;
    }
    return out;
}
