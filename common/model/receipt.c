#include "common/model/receipt.h"

#include <string.h>

#include "common/model/expr.h"

struct line_text {
    const char *id, *style;
    struct tr text;
    const struct expr *condition;
    bool twice; /* printed in Romanian too when the person chose another language */
};
struct receipt_texts {
    struct line_text *lines;
    size_t n;
};

static const struct jfield line_fields[] = {
    JF_STR(struct receipt_line, style, J_REQ, 1, 16),
    JF_STR(struct receipt_line, text, J_PD, 0, 1024),
};
JDESC(receipt_line_desc, struct receipt_line, line_fields);

enum rc receipt_texts_load(struct arena *a, const char *configs, struct receipt_texts **out, struct err *e)
{
    struct jval *v = NULL;
    TRY(jval_load(a, arena_fmt(a, "%s/messages.json", configs), &v, e));
    const struct jval *list = jval_get(jval_get(v, "receipt"), "lines");
    if (!list || list->kind != JV_ARR)
        return err_at(e, RC_BAD_FIELD, "receipt.lines", "messages.json: receipt.lines: missing");
    struct receipt_texts *t = ARENA_NEW(a, struct receipt_texts);
    t->lines = ARENA_ARRAY(a, struct line_text, list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        const struct jval *x = &list->items[i];
        struct line_text *line = &t->lines[t->n++];
        struct expr *condition = NULL;
        *line = (struct line_text){jval_str(x, "id", ""), jval_str(x, "style", "text"), tr_of(x, "text"),
                                   NULL, jval_bool(x, "bilingual", false)};
        if (jval_str(x, "condition", NULL))
            TRY(expr_parse(a, jval_str(x, "condition", ""), &condition, e));
        line->condition = condition;
    }
    *out = t;
    return RC_OK;
}

static struct expr_value flag_value(const char *path, void *user)
{
    const struct receipt_facts *f = user;
    const struct {
        const char *name;
        bool set;
    } flags[] = {{"flags.offline_origin", f->provisional},
                 {"flags.no_answer", f->no_answer},
                 {"flags.corrected", f->corrected},
                 {"flags.by_number", f->by_number}};
    for (size_t i = 0; i < COUNT(flags); i++) {
        if (strcmp(flags[i].name, path) == 0)
            return (struct expr_value){.is_bool = true, .truth = flags[i].set};
    }
    return (struct expr_value){0};
}

/* A line that names a value nobody has is left out: never "{pages}" on paper. */
static bool unfilled(const char *text)
{
    const char *open = strchr(text, '{');
    return open && strchr(open, '}');
}

static void add(struct receipt *r, const char *style, const char *text)
{
    r->lines[r->n++] = (struct receipt_line){style, text};
}

static bool always(const char *style)
{
    return strcmp(style, "rule") == 0 || strcmp(style, "space") == 0;
}

#define VARS_MAX 32

/* The text in one language, or NULL when it names a value that nobody has. */
static const char *filled(struct arena *a, const struct line_text *line, enum lang lang,
                          const struct receipt_facts *f)
{
    struct text_var vars[VARS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < f->n_vars && n < VARS_MAX; i++) {
        const char *value = tr_get(&f->vars[i].value, lang);
        if (*value)
            vars[n++] = (struct text_var){f->vars[i].name, value};
    }
    const char *text = text_fill(a, tr_get(&line->text, lang), vars, n);
    return *text && !unfilled(text) ? text : NULL;
}

static void add_line(struct arena *a, const struct line_text *line, enum lang lang,
                     const struct receipt_facts *f, struct receipt *out)
{
    if (always(line->style)) {
        add(out, line->style, "");
        return;
    }
    bool code = strcmp(line->style, "qr") == 0;
    const char *text = filled(a, line, lang, f);
    if (!text || (code && (!f->qr || !*f->qr)))
        return;
    if (code)
        add(out, "qr", f->qr);
    add(out, code ? "small" : line->style, text);
    const char *romanian = line->twice && lang != LANG_RO ? filled(a, line, LANG_RO, f) : NULL;
    if (romanian && strcmp(romanian, text) != 0)
        add(out, "small", romanian);
}

void receipt_make(struct arena *a, const struct receipt_texts *t, enum lang lang,
                  const struct receipt_facts *f, struct receipt *out)
{
    struct receipt r = {ARENA_ARRAY(a, struct receipt_line, t->n * 2 + 2), 0};
    for (size_t i = 0; i < t->n; i++) {
        const struct line_text *line = &t->lines[i];
        if (!line->condition || expr_true(line->condition, flag_value, (void *)(uintptr_t)f))
            add_line(a, line, lang, f, &r);
    }
    *out = r;
}
