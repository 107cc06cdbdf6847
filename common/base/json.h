/* JSON in and out. Strict: UTF-8 (RFC 3629), no U+0000, RFC 8259 grammar, no doubled members, at most
 * JSON_DEPTH deep. Handlers never pluck: a descriptor table says what a struct looks like, and decode,
 * canonical encode, configuration and the redacted log form all read that table. Free-form parts (form
 * answers, service definitions) come as jval trees. */
#ifndef PRIDVOR_JSON_H
#define PRIDVOR_JSON_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"

#define JSON_DEPTH 16

enum jkind {
    JV_NULL,
    JV_BOOL,
    JV_INT,
    JV_STR,
    JV_ARR,
    JV_OBJ
}; /* numbers are integers; a fraction is refused */

/* A read-only tree in an arena. */
struct jval {
    enum jkind kind;
    bool b;
    int64_t i;
    const char *s;      /* JV_STR, NUL-terminated */
    size_t n;           /* JV_ARR, JV_OBJ: children */
    struct jval *items; /* n children */
    const char **names; /* JV_OBJ: n names, in file order */
};

MUST enum rc jval_parse(struct arena *a, const char *text, size_t len, struct jval **out, struct err *e);
const struct jval *jval_get(const struct jval *v, const char *name); /* NULL when absent or not an object */
const char *jval_str(const struct jval *v, const char *name, const char *def);
int64_t jval_int(const struct jval *v, const char *name, int64_t def);
bool jval_bool(const struct jval *v, const char *name, bool def);
void jval_encode(const struct jval *v, struct buf *out); /* canonical, members in the order they stand */

enum jtype {
    J_STR,  /* const char *; length min..max bytes */
    J_INT,  /* int64_t; range min..max */
    J_BOOL, /* bool */
    J_OBJ,  /* struct inline, described by sub */
    J_OBJP, /* pointer to struct, NULL when absent */
    J_ARR,  /* struct pointer + size_t count at count_offset; at most max elements */
    J_STRS, /* const char ** + size_t count; each at most 4096 bytes; at most max elements */
    J_ANY,  /* struct jval * */
};

#define J_REQ 1u  /* must be present; a J_STR must then not be empty unless min says so */
#define J_PD 2u   /* personal data: shown as *** in the log form */
#define J_OMIT 4u /* encode leaves it out when it is NULL, zero, false or empty */

struct jdesc;
struct jfield {
    const char *name;
    enum jtype type;
    unsigned flags;
    size_t offset, count_offset;
    int64_t min, max; /* max 0: 4096 bytes, INT64_MAX, or 1024 elements */
    const struct jdesc *sub;
    const char *const *words; /* J_STR: NULL-terminated list of allowed values, or NULL */
};
struct jdesc {
    const char *name;
    size_t size;
    const struct jfield *fields;
    size_t n;
};

/* Short forms for tables. T: struct type, m: member. */
#define JF_STR(T, m, fl, lo, hi)                                                                             \
    {                                                                                                        \
#m, J_STR, (fl), offsetof(T, m), 0, (lo), (hi), NULL, NULL                                           \
    }
#define JF_WORD(T, m, fl, list)                                                                              \
    {                                                                                                        \
#m, J_STR, (fl), offsetof(T, m), 0, 0, 0, NULL, (list)                                               \
    }
#define JF_INT(T, m, fl, lo, hi)                                                                             \
    {                                                                                                        \
#m, J_INT, (fl), offsetof(T, m), 0, (lo), (hi), NULL, NULL                                           \
    }
#define JF_BOOL(T, m, fl)                                                                                    \
    {                                                                                                        \
#m, J_BOOL, (fl), offsetof(T, m), 0, 0, 0, NULL, NULL                                                \
    }
#define JF_OBJ(T, m, fl, d)                                                                                  \
    {                                                                                                        \
#m, J_OBJ, (fl), offsetof(T, m), 0, 0, 0, (d), NULL                                                  \
    }
#define JF_OBJP(T, m, fl, d)                                                                                 \
    {                                                                                                        \
#m, J_OBJP, (fl), offsetof(T, m), 0, 0, 0, (d), NULL                                                 \
    }
#define JF_ARR(T, m, cnt, fl, hi, d)                                                                         \
    {                                                                                                        \
#m, J_ARR, (fl), offsetof(T, m), offsetof(T, cnt), 0, (hi), (d), NULL                                \
    }
#define JF_STRS(T, m, cnt, fl, hi)                                                                           \
    {                                                                                                        \
#m, J_STRS, (fl), offsetof(T, m), offsetof(T, cnt), 0, (hi), NULL, NULL                              \
    }
#define JF_ANY(T, m, fl)                                                                                     \
    {                                                                                                        \
#m, J_ANY, (fl), offsetof(T, m), 0, 0, 0, NULL, NULL                                                 \
    }
#define JDESC(var, T, table) const struct jdesc var = {#T, sizeof(T), (table), COUNT(table)}

/* Errors name the path and the reason: "answers.who.cnp: longer than 13 bytes", "card.foo: unknown member",
 * "card.id: given twice". What is absent stays NULL, 0, false; an optional string may be there and empty (its
 * min counts from one byte on), a required one only with min -1; null stands for an absent J_OBJP. */
MUST enum rc json_decode(struct arena *a, const struct jdesc *d, const char *text, size_t len, void *out,
                         struct err *e);
MUST enum rc json_decode_val(struct arena *a, const struct jdesc *d, const struct jval *v, void *out,
                             struct err *e);
/* Canonical: table order, no spaces, shortest escapes, UTF-8 as it is. */
void json_encode(const struct jdesc *d, const void *in, struct buf *out);
/* The same with every J_PD member as "***". */
void json_redact(const struct jdesc *d, const void *in, struct buf *out);
/* One JSON text on standard output: a line for programs, indented for a person at a terminal. */
void json_show(const char *text);
/* A JSON string with its quotes. */
void json_quote(struct buf *out, const char *s);
/* Reads a file and decodes it; the error names the file. */
MUST enum rc json_load(struct arena *a, const struct jdesc *d, const char *path, void *out, struct err *e);
MUST enum rc jval_load(struct arena *a, const char *path, struct jval **out, struct err *e);

#endif
