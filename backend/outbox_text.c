/* The texts of configs/messages.json, filled. */
#include <string.h>

#include "backend/outbox_priv.h"
#include "common/base/text.h"

enum { VARS_MAX = 48 };

struct message_text {
    const char *id;
    struct tr subject, body, sms;
};
struct outbox_texts {
    struct message_text *items;
    size_t n;
};

/* The next {name}; NULL when there is none. */
static const char *hole(const char *s, char name[32], const char **after)
{
    for (const char *p = strchr(s, '{'); p; p = strchr(p + 1, '{')) {
        size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_");
        if (n == 0 || n >= 32 || p[1 + n] != '}')
            continue;
        memcpy(name, p + 1, n);
        name[n] = 0;
        *after = p + n + 2;
        return p;
    }
    return NULL;
}

static bool declared(const struct jval *vars, const char *name)
{
    for (size_t i = 0; vars && i < vars->n; i++)
        if (vars->items[i].kind == JV_STR && strcmp(vars->items[i].s, name) == 0)
            return true;
    return false;
}

static enum rc check(const struct jval *m, const struct tr *t, const char *part, struct err *e)
{
    char name[32];
    const char *after, *id = jval_str(m, "id", "?");

    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (!*t->t[lang])
            return err_set(e, RC_BAD_FIELD, "messages.json: %s: %s: no text in %s", id, part,
                           lang_codes[lang]);
        for (const char *p = t->t[lang]; hole(p, name, &after); p = after)
            if (!declared(jval_get(m, "vars"), name))
                return err_set(e, RC_BAD_FIELD, "messages.json: %s: %s: {%s} is not among its vars", id, part,
                               name);
    }
    return RC_OK;
}

enum rc outbox_texts_load(struct arena *a, const char *configs, struct outbox_texts **out, struct err *e)
{
    struct jval *v = NULL;
    struct outbox_texts *t = ARENA_NEW(a, struct outbox_texts);

    TRY(jval_load(a, arena_fmt(a, "%s/messages.json", configs), &v, e));
    const struct jval *list = jval_get(v, "messages");
    if (!list || list->kind != JV_ARR)
        return err_set(e, RC_BAD_FIELD, "messages.json: messages: missing");
    t->items = ARENA_ARRAY(a, struct message_text, list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        const struct jval *m = &list->items[i], *mail = jval_get(m, "email");
        struct message_text *x = &t->items[t->n++];
        x->id = jval_str(m, "id", "");
        if (mail && mail->kind == JV_OBJ) {
            x->subject = tr_of(mail, "subject");
            x->body = tr_of(mail, "body");
            TRY(check(m, &x->subject, "subject", e));
            TRY(check(m, &x->body, "body", e));
        }
        if (jval_get(m, "sms") && jval_get(m, "sms")->kind == JV_OBJ) {
            x->sms = tr_of(m, "sms");
            TRY(check(m, &x->sms, "sms", e));
        }
    }
    *out = t;
    return RC_OK;
}

/* ---- values ---- */

struct values {
    struct arena *a;
    struct text_var v[VARS_MAX];
    size_t n;
};

/* A value is one line of text, whatever somebody typed: no CR LF reaches a header or starts a new line. */
static void put(struct values *vs, const char *name, const char *value)
{
    if (!value || !*value || vs->n == VARS_MAX)
        return;
    char *s = arena_str(vs->a, value);
    for (char *p = s; *p; p++)
        if ((uint8_t)*p < ' ' || *p == 127)
            *p = ' ';
    for (size_t i = 0; i < vs->n; i++) {
        if (strcmp(vs->v[i].name, name) == 0) {
            vs->v[i].value = s;
            return;
        }
    }
    vs->v[vs->n++] = (struct text_var){name, s};
}

/* Days among them stand as 2026-11-22 and are written for the reader. */
static void put_own(struct values *vs, const char *json, enum lang lang)
{
    struct jval *v = NULL;
    struct date d;

    if (!json || jval_parse(vs->a, json, strlen(json), &v, NULL) != RC_OK || v->kind != JV_OBJ)
        return;
    for (size_t i = 0; i < v->n; i++)
        if (v->items[i].kind == JV_STR)
            put(vs, v->names[i], date_parse(v->items[i].s, &d) ? date_said(vs->a, d, lang) : v->items[i].s);
}

static void put_request(struct registry *g, struct values *vs, const struct letter_facts *f)
{
    const struct service *s =
        f->service ? catalog_version(&g->catalog, f->service, f->service_version) : NULL;
    const struct institution *in = f->institution ? registry_institution(g, f->institution) : NULL;
    const struct term *term = NULL;
    struct date day = date_of_ms(f->registered_ms);

    if (!f->service)
        return;
    put(vs, "number", register_number(vs->a, &g->registers, f->reg, f->n, day));
    put(vs, "date", date_said(vs->a, f->filed_on, f->lang));
    put(vs, "due", date_said(vs->a, f->due, f->lang));
    if (registry_term(g, f->service, f->filed_on, &term, NULL) == RC_OK && date_cmp(term->due, f->due) == 0)
        put(vs, "due_why", tr_get(&term->why, f->lang));
    if (s) {
        const struct tr *department = catalog_department(&g->catalog, s->department);
        put(vs, "service", tr_get(&s->name, f->lang));
        put(vs, "department", department ? tr_get(department, f->lang) : NULL);
    }
    put(vs, "institution", in ? tr_get(&in->name, f->lang) : NULL);
    if (g->conf.public_url && *g->conf.public_url)
        put(vs, "url", arena_fmt(vs->a, "%s/s/%s", g->conf.public_url, f->receipt_code));
}

/* Fills one line; false when a value is missing. */
static bool fill(struct buf *out, const char *line, size_t len, const struct values *vs)
{
    char *text = arena_strn(vs->a, line, len), name[32];
    const char *p = text, *after, *at;

    for (; (at = hole(p, name, &after)); p = after) {
        size_t i = 0;
        while (i < vs->n && strcmp(vs->v[i].name, name) != 0)
            i++;
        if (i == vs->n)
            return false;
        buf_add(out, p, (size_t)(at - p));
        buf_add(out, vs->v[i].value, text_joined(vs->v[i].value, *after));
    }
    buf_str(out, p);
    return true;
}

static enum rc one_line(const char *tpl, const struct values *vs, const char **out, struct err *e)
{
    BUF_SCOPE(text);
    if (!fill(&text, tpl, strlen(tpl), vs))
        return err_set(e, RC_BAD_FIELD, "a value of the text is missing");
    *out = arena_strn(vs->a, text.p ? text.p : "", text.len);
    return RC_OK;
}

static const char *lines(const char *tpl, const struct values *vs)
{
    BUF_SCOPE(text);

    for (const char *p = tpl; *p;) {
        BUF_SCOPE(line);
        size_t n = strcspn(p, "\n");
        if (fill(&line, p, n, vs)) {
            buf_add(&text, line.p ? line.p : "", line.len);
            buf_chr(&text, '\n');
        }
        p += n + (p[n] == '\n');
    }
    return arena_strn(vs->a, text.p ? text.p : "", text.len);
}

enum rc outbox_text(struct registry *g, struct arena *a, const struct letter_facts *f, enum way way,
                    struct letter_text *out, struct err *e)
{
    struct values vs = {.a = a};
    const struct outbox_texts *t = g->outbox->texts;
    size_t i = 0;

    while (i < t->n && strcmp(t->items[i].id, f->message) != 0)
        i++;
    if (i == t->n)
        return err_set(e, RC_BAD_FIELD, "messages.json has no such message");
    const struct message_text *m = &t->items[i];
    put_request(g, &vs, f);
    put_own(&vs, f->vars, f->lang);
    *out = (struct letter_text){0};
    for (size_t k = 0; k < vs.n; k++)
        if (strcmp(vs.v[k].name, "institution") == 0)
            out->from_name = vs.v[k].value;
    if (way == WAY_SMS) {
        if (!tr_given(&m->sms))
            return err_set(e, RC_BAD_FIELD, "this message has no text for SMS");
        return one_line(tr_get(&m->sms, f->lang), &vs, &out->body, e);
    }
    if (!tr_given(&m->subject))
        return err_set(e, RC_BAD_FIELD, "this message has no text for e-mail");
    TRY(one_line(tr_get(&m->subject, f->lang), &vs, &out->subject, e));
    out->body = lines(tr_get(&m->body, f->lang), &vs);
    return RC_OK;
}
