#include "common/model/expr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum kind { X_OR, X_AND, X_NOT, X_EQ, X_NE, X_IN, X_PATH, X_STR, X_TRUE, X_FALSE, X_NULL };

struct expr {
    enum kind kind;
    struct expr *a, *b;
    const char *s;           /* path or literal */
    const struct expr *list; /* X_IN: literals */
    size_t n;
};

#define EXPR_DEPTH 32
#define LIST_MAX 64

struct parser {
    struct arena *arena;
    const char *text, *p;
    int depth;
    struct err *e;
};

static void blanks(struct parser *p)
{
    while (*p->p == ' ')
        p->p++;
}

static bool take(struct parser *p, const char *token)
{
    blanks(p);
    size_t n = strlen(token);
    if (strncmp(p->p, token, n) != 0)
        return false;
    bool word = isalpha((unsigned char)token[0]);
    if (word && (isalnum((unsigned char)p->p[n]) || p->p[n] == '_' || p->p[n] == '.'))
        return false;
    p->p += n;
    return true;
}

static enum rc wrong(struct parser *p, const char *what)
{
    return err_set(p->e, RC_BAD_FIELD, "condition \"%s\": %s at column %d", p->text, what,
                   (int)(p->p - p->text) + 1);
}

static struct expr *node(struct parser *p, enum kind kind, struct expr *a, struct expr *b)
{
    struct expr *x = ARENA_NEW(p->arena, struct expr);
    x->kind = kind;
    x->a = a;
    x->b = b;
    return x;
}

static enum rc parse_or(struct parser *p, struct expr **out);

static enum rc parse_string(struct parser *p, struct expr **out)
{
    const char *start = ++p->p;
    const char *end = strchr(start, '\'');
    if (!end)
        return wrong(p, "text without its closing quote");
    *out = node(p, X_STR, NULL, NULL);
    (*out)->s = arena_strn(p->arena, start, (size_t)(end - start));
    p->p = end + 1;
    return RC_OK;
}

static enum rc parse_operand(struct parser *p, struct expr **out)
{
    static const struct {
        const char *word;
        enum kind kind;
    } words[] = {{"true", X_TRUE}, {"false", X_FALSE}, {"null", X_NULL}};
    blanks(p);
    if (*p->p == '\'')
        return parse_string(p, out);
    for (size_t i = 0; i < COUNT(words); i++) {
        if (take(p, words[i].word)) {
            *out = node(p, words[i].kind, NULL, NULL);
            return RC_OK;
        }
    }
    const char *start = p->p;
    bool number = isdigit((unsigned char)*start) || (*start == '-' && isdigit((unsigned char)start[1]));
    if (!number && !islower((unsigned char)*start))
        return wrong(p, "a value or a name is missing");
    p->p++;
    while (number ? isdigit((unsigned char)*p->p)
                  : (islower((unsigned char)*p->p) || isdigit((unsigned char)*p->p) || *p->p == '_' ||
                     *p->p == '.'))
        p->p++;
    *out = node(p, number ? X_STR : X_PATH, NULL, NULL);
    (*out)->s = arena_strn(p->arena, start, (size_t)(p->p - start));
    return RC_OK;
}

static enum rc parse_list(struct parser *p, struct expr *in)
{
    struct expr *items = ARENA_ARRAY(p->arena, struct expr, LIST_MAX);
    if (!take(p, "["))
        return wrong(p, "a list is missing");
    do {
        struct expr *x = NULL;
        if (in->n == LIST_MAX)
            return wrong(p, "list too long");
        TRY(parse_operand(p, &x));
        if (x->kind == X_PATH)
            return wrong(p, "a list holds values only");
        items[in->n++] = *x;
    } while (take(p, ","));
    if (!take(p, "]"))
        return wrong(p, "the list does not end");
    in->list = items;
    return RC_OK;
}

static enum rc parse_comparison(struct parser *p, struct expr **out)
{
    struct expr *a = NULL, *b = NULL;
    if (take(p, "(")) {
        TRY(parse_or(p, out));
        return take(p, ")") ? RC_OK : wrong(p, "a closing bracket is missing");
    }
    TRY(parse_operand(p, &a));
    bool eq = take(p, "==");
    if (eq || take(p, "!=")) {
        TRY(parse_operand(p, &b));
        *out = node(p, eq ? X_EQ : X_NE, a, b);
        return RC_OK;
    }
    if (take(p, "in")) {
        *out = node(p, X_IN, a, NULL);
        return parse_list(p, *out);
    }
    *out = a;
    return RC_OK;
}

static enum rc parse_not(struct parser *p, struct expr **out)
{
    if (++p->depth > EXPR_DEPTH)
        return wrong(p, "too deep");
    struct expr *a = NULL;
    bool negated = take(p, "not");
    TRY(negated ? parse_not(p, &a) : parse_comparison(p, &a));
    *out = negated ? node(p, X_NOT, a, NULL) : a;
    p->depth--;
    return RC_OK;
}

static enum rc parse_and(struct parser *p, struct expr **out)
{
    TRY(parse_not(p, out));
    while (take(p, "and")) {
        struct expr *b = NULL;
        TRY(parse_not(p, &b));
        *out = node(p, X_AND, *out, b);
    }
    return RC_OK;
}

static enum rc parse_or(struct parser *p, struct expr **out)
{
    TRY(parse_and(p, out));
    while (take(p, "or")) {
        struct expr *b = NULL;
        TRY(parse_and(p, &b));
        *out = node(p, X_OR, *out, b);
    }
    return RC_OK;
}

enum rc expr_parse(struct arena *a, const char *text, struct expr **out, struct err *e)
{
    struct parser p = {a, text, text, 0, e};
    struct expr *x = NULL;
    TRY(parse_or(&p, &x));
    blanks(&p);
    if (*p.p)
        return wrong(&p, "more than one condition");
    *out = x;
    return RC_OK;
}

static struct expr_value value_of(const struct expr *x, expr_lookup lookup, void *user)
{
    switch (x->kind) {
    case X_PATH:
        return lookup(x->s, user);
    case X_STR:
        return (struct expr_value){.values = &x->s, .n = 1};
    case X_TRUE:
    case X_FALSE:
        return (struct expr_value){.is_bool = true, .truth = x->kind == X_TRUE};
    default:
        return (struct expr_value){0};
    }
}

/* == never converts types: a text never equals a truth value; null equals only null. */
static bool same(const struct expr_value *a, const struct expr_value *b)
{
    if (a->is_bool || b->is_bool)
        return a->is_bool && b->is_bool && a->truth == b->truth;
    if (a->n == 0 || b->n == 0)
        return a->n == b->n;
    return a->n == 1 && b->n == 1 && strcmp(a->values[0], b->values[0]) == 0;
}

static bool in_list(const struct expr *x, const struct expr_value *v)
{
    for (size_t i = 0; i < x->n; i++) {
        struct expr_value item = value_of(&x->list[i], NULL, NULL);
        if (x->list[i].kind == X_NULL)
            continue;
        if (v->is_bool && same(v, &item))
            return true;
        for (size_t k = 0; k < v->n && item.n; k++) {
            if (strcmp(v->values[k], item.values[0]) == 0)
                return true;
        }
    }
    return false;
}

bool expr_true(const struct expr *x, expr_lookup lookup, void *user)
{
    struct expr_value a, b;
    switch (x->kind) {
    case X_OR:
        return expr_true(x->a, lookup, user) || expr_true(x->b, lookup, user);
    case X_AND:
        return expr_true(x->a, lookup, user) && expr_true(x->b, lookup, user);
    case X_NOT:
        return !expr_true(x->a, lookup, user);
    case X_EQ:
    case X_NE:
        a = value_of(x->a, lookup, user);
        b = value_of(x->b, lookup, user);
        return same(&a, &b) == (x->kind == X_EQ);
    case X_IN:
        a = value_of(x->a, lookup, user);
        return in_list(x, &a);
    default:
        a = value_of(x, lookup, user);
        return a.is_bool && a.truth;
    }
}

void expr_paths(const struct expr *x, void (*fn)(const char *path, void *user), void *user)
{
    if (!x)
        return;
    if (x->kind == X_PATH)
        fn(x->s, user);
    expr_paths(x->a, fn, user);
    expr_paths(x->b, fn, user);
}

void expr_texts(const struct expr *x, void (*fn)(const char *path, const char *text, void *user), void *user)
{
    if (!x)
        return;
    bool pair = x->kind == X_EQ || x->kind == X_NE;
    if (pair && x->a->kind == X_PATH && x->b->kind == X_STR)
        fn(x->a->s, x->b->s, user);
    if (pair && x->b->kind == X_PATH && x->a->kind == X_STR)
        fn(x->b->s, x->a->s, user);
    for (size_t i = 0; x->kind == X_IN && x->a->kind == X_PATH && i < x->n; i++)
        if (x->list[i].kind == X_STR)
            fn(x->a->s, x->list[i].s, user);
    expr_texts(x->a, fn, user);
    expr_texts(x->b, fn, user);
}

struct blame {
    expr_lookup lookup;
    void (*fn)(const char *path, bool want, void *user);
    void *view, *user;
};

static void blame(const struct expr *x, bool want, const struct blame *b)
{
    if (expr_true(x, b->lookup, b->view) == want)
        return;
    switch (x->kind) {
    case X_NOT:
        blame(x->a, !want, b);
        break;
    case X_AND:
    case X_OR:
        blame(x->a, want, b);
        blame(x->b, want, b);
        break;
    case X_PATH:
        b->fn(x->s, want, b->user);
        break;
    default:
        if (x->a && x->a->kind == X_PATH)
            b->fn(x->a->s, want == (x->kind != X_NE), b->user);
    }
}

void expr_blame(const struct expr *x, expr_lookup lookup, void *view,
                void (*fn)(const char *path, bool want, void *user), void *user)
{
    struct blame b = {lookup, fn, view, user};
    blame(x, true, &b);
}
