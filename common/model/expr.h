/* Conditions of forms and guards of workflows; the grammar is in configs/services/README.md. */
#ifndef PRIDVOR_EXPR_H
#define PRIDVOR_EXPR_H

#include "common/base/arena.h"
#include "common/base/err.h"

struct expr;
/* What a path stands for: values of an answer (n 0: null), or a truth value for guard paths. */
struct expr_value {
    const char *const *values;
    size_t n;
    bool is_bool, truth;
    bool multi; /* a field of several options */
};
typedef struct expr_value (*expr_lookup)(const char *path, void *user);

MUST enum rc expr_parse(struct arena *a, const char *text, struct expr **out, struct err *e);
bool expr_true(const struct expr *x, expr_lookup lookup, void *user);
/* Calls fn for every path that the expression names. */
void expr_paths(const struct expr *x, void (*fn)(const char *path, void *user), void *user);
/* Calls fn for every text that the expression compares a path with. */
void expr_texts(const struct expr *x, void (*fn)(const char *path, const char *text, void *user), void *user);
/* Of an expression that is not true: calls fn for each path that keeps it so, in their order; want: what a
 * bare path had to be, true for a comparison that had to hold. */
void expr_blame(const struct expr *x, expr_lookup lookup, void *view,
                void (*fn)(const char *path, bool want, void *user), void *user);

#endif
