/* The form rules. The same code judges on the kiosk and in the register, so the one never accepts what the
 * other refuses. */
#ifndef PRIDVOR_FORM_H
#define PRIDVOR_FORM_H

#include "common/base/clock.h"
#include "common/model/service.h"

/* Answers: field id -> one or several strings. bool: "true"/"false"; date: YYYY-MM-DD; choice: option id;
 * address: one line. */
struct answer {
    const char *id;
    const char **values;
    size_t n;
    const char *source; /* "applicant" or "card" */
};
struct answers {
    struct arena *arena;
    struct answer *items;
    size_t n, cap;
};
/* Files are answered by "sha256:<64 hex>" of each, or by this word alone: brought to the counter. */
#define FILE_AT_COUNTER "counter"
struct form_error {
    const char *field; /* id */
    const char *text;  /* what to do, in the person's language */
};
struct form_ctx {
    const struct service *service;
    const struct i18n *i18n;
    enum lang lang;
    struct date today;
    unsigned channel; /* CH_KIOSK hides what a kiosk cannot ask yet (map) */
    /* Not NULL: these alone are asked, whatever their conditions and the rules between fields say: the rest
     * of the answers is elsewhere (a repair of what was returned). */
    const struct field *const *only;
    size_t n_only;
};

void answers_init(struct answers *s, struct arena *a);
const struct answer *answers_get(const struct answers *s, const char *id);
const char *answers_one(const struct answers *s, const char *id); /* first value or NULL */
/* Who gave or cleared it last; NULL when nobody did. */
const char *answers_source(const struct answers *s, const char *id);
void answers_put(struct answers *s, const char *id, const char *const *values, size_t n, const char *source);
/* From {"id": "value" | ["a","b"] | true | null}; unknown fields and wrong shapes are refused with their
 * path. */
MUST enum rc answers_read(struct answers *s, const struct service *svc, const struct jval *v, struct err *e);
/* Canonical JSON object: visible fields only, in the service's order. */
void answers_encode(const struct form_ctx *c, const struct answers *s, struct buf *out);

bool form_visible(const struct form_ctx *c, const struct answers *s, const struct field *f);
bool form_asked(const struct form_ctx *c,
                const struct field *f); /* false: not on this channel, or judged elsewhere (sign) */
/* Cleans the value in place (blanks, NFC, phone, plate) and says what is wrong with it; NULL when right. */
const char *form_judge(const struct form_ctx *c, struct answers *s, const struct field *f);
/* Judges the whole form: at most max errors are written, the count is returned. 0: may be filed. */
size_t form_check(const struct form_ctx *c, struct answers *s, struct form_error *out, size_t max);

/* Pages: one question each, at most two fields (small text fields of one section stand together). */
struct form_page {
    const struct field *fields[2];
    size_t n;
};
size_t form_pages(const struct form_ctx *c, const struct answers *s, struct form_page *out, size_t max);
/* Judges one page: its fields and the rules that end on it. */
size_t form_check_page(const struct form_ctx *c, struct answers *s, const struct form_page *p,
                       struct form_error *out, size_t max);
/* A value as a person reads it: option label, 22.11.2026, CNP with its last four digits only. */
const char *form_shown(struct arena *a, const struct form_ctx *c, const struct answers *s,
                       const struct field *f);

#endif
