/* The desk's search: one line in which a person types what he has. Everything is found inside PostgreSQL, in
 * the same transaction that stored it, and only where the searcher's rights reach. */
#ifndef PRIDVOR_BOOK_FIND_H
#define PRIDVOR_BOOK_FIND_H

#include "backend/case.h"

enum book_find_kind { FIND_NAME, FIND_NUMBER, FIND_RECEIPT, FIND_CNP };
extern const char *const book_find_kinds[]; /* "name" "number" "receipt" "cnp" */

struct book_find {
    const char *q;
    const struct rights_place *places; /* where case.search is held; department "": all of it */
    size_t n_places;
    const struct rights_place *cnp_places; /* where case.search_cnp is */
    size_t n_cnp_places;
    const char *after; /* the `next` of the page before, or NULL */
    int limit;         /* 0: 50; at most 200 */
};
struct book_found {
    enum book_find_kind kind;
    struct casefile *items; /* newest first */
    size_t n;
    const char *next; /* NULL: the end */
};
/* 123, 123/2026, "CS 123/2026", "nr. 123 din 22.11.2026"; a receipt code; a CNP, looked for by its keyed
 * hash, and neither stored nor repeated anywhere; else words of names and subject, each from its beginning.
 * RC_BAD_FIELD with w->say: nothing to look for; RC_DENIED: a CNP without the right. */
MUST enum rc book_find(struct work *w, const struct book_find *find, struct book_found *out, struct err *e);

/* What was typed; exported for the tests. */
struct book_query {
    enum book_find_kind kind;
    int64_t n;
    int year;         /* 0: any */
    const char *reg;  /* NULL: any */
    const char *text; /* the code, the CNP, or the folded words */
    bool code;        /* words that may also be a receipt code */
};
MUST enum rc book_query(struct work *w, const char *q, struct book_query *out, struct err *e);

#endif
