/* Between the files of the documents. */
#ifndef PRIDVOR_DOC_PRIV_H
#define PRIDVOR_DOC_PRIV_H

#include "backend/book.h"
#include "backend/doc.h"
#include "backend/paper.h"

enum { DOC_VARS_MAX = 48, DOC_TITLE_MAX = 300, DOC_BODY_MAX = 64 << 10 };

/* ---- rows (doc.c) ---- */
struct doc_row {
    struct document d;
    const char *source, *number; /* or NULL */
};
/* Makes id and time where they are not given. */
MUST enum rc doc_row_put(struct work *w, struct doc_row *r, struct err *e);
MUST enum rc doc_id(struct work *w, const char **out, struct err *e);
MUST enum rc doc_rows(struct work *w, enum sql_id id, const char *key, struct doc_row **out, size_t *n,
                      struct err *e);
/* The bytes at rest and the row about them; r->d gets hash and size. */
MUST enum rc doc_keep(struct work *w, const struct actor *who, struct bytes pdf, size_t pages,
                      struct doc_row *r, struct err *e);
/* Its two halves: the bytes with their row, and the row of the document. */
MUST enum rc doc_rest(struct work *w, struct bytes pdf, size_t pages, struct doc_row *r, struct err *e);
MUST enum rc doc_rest_file(struct work *w, struct store_file *file, size_t pages, struct doc_row *r,
                           struct err *e); /* the file stays the caller's to drop */
MUST enum rc doc_name(struct work *w, const struct actor *who, struct doc_row *r, struct err *e);
struct store_place doc_place(const struct work *w);
MUST enum rc doc_may(struct work *w, const struct actor *who, const char *right, const struct casefile *c,
                     const char *reason, struct err *e);
/* An event of the case and its row in the audit. */
MUST enum rc doc_happened(struct work *w, const struct actor *who, const struct casefile *c, const char *act,
                          const struct document *d, struct err *e);
const char *doc_day(struct work *w, int64_t ms, enum lang lang);
const char *doc_int(struct work *w, int64_t n);
const char *doc_ms(struct work *w, int64_t ms); /* NULL for 0 */

/* ---- letters (doc_letter.c) ---- */
struct doc_letter {
    const struct template *t;
    enum lang lang;
    const char *institution;    /* id */
    const char *title, *body;   /* NULL: the template's */
    const char *number, *refer; /* lines; or NULL */
    const char *mark, *qr;
    const char *to[PAPER_LINES_MAX];
    size_t n_to;
    struct text_var vars[DOC_VARS_MAX];
    size_t n_vars;
    struct doc_person sign[SIGN_COUNT];
    const char *prepared;
    const char *const *cells;
    size_t rows;
    const struct ink *ink; /* below the text; or NULL */
    int64_t made_ms;
};
void letter_var(struct doc_letter *l, const char *name, const char *value);
const char *letter_value(const struct doc_letter *l, const char *name);
/* Values that every letter of a case may name. */
MUST enum rc letter_case(struct work *w, struct doc_letter *l, const struct casefile *c, struct err *e);
/* Name and office of an account as letters print them. */
MUST enum rc letter_person(struct work *w, const char *account, enum lang lang, struct doc_person *out,
                           struct err *e);
/* The same as a paper, for who adds to it; all but the signatures lives in w->a. */
struct letter_paper {
    struct paper paper;
    struct paper_sign signs[4];
};
MUST enum rc letter_paper(struct work *w, const struct doc_letter *l, struct letter_paper *out,
                          struct err *e);
MUST enum rc letter_pdf(struct work *w, const struct doc_letter *l, struct bytes *pdf, size_t *pages,
                        struct err *e);
/* The body that a clerk starts from. */
const char *letter_offer(struct work *w, const struct doc_letter *l);
/* The same without a clerk: lines that lack a value are left out. */
const char *letter_default(struct work *w, const struct doc_letter *l);

/* ---- the answer (doc_draft.c, doc_answer.c) ---- */
/* The letter that a draft is, as the case stands. */
MUST enum rc letter_of_draft(struct work *w, const struct casefile *c, const struct doc_draft *d,
                             struct doc_letter *out, struct err *e);
/* What a rendered letter is made again from when it is signed; sealed. */
MUST enum rc letter_source(struct work *w, const char *case_id, const struct doc_letter *l,
                           const char **source, struct err *e);
MUST enum rc letter_of_source(struct work *w, const struct casefile *c, const char *source,
                              struct doc_letter *out, struct err *e);
/* doc_others.c: one answer to several petitions names them all, and none that is not answered by it. with:
 * the case whose answer this one is given, too; or NULL. */
MUST enum rc letter_name_others(struct work *w, const struct casefile *c, const struct casefile *with,
                                struct doc_letter *l, struct err *e);
/* The same when it is signed: one that went its own way since it was rendered is not named any more. */
MUST enum rc letter_others_now(struct work *w, const struct casefile *c, const struct casefile *with,
                               struct doc_letter *l, struct err *e);
/* Its body without the line that names the others: each letter has its own. */
const char *letter_alone(struct work *w, const struct doc_letter *l);
extern const char *const doc_unsigned[LANG_COUNT]; /* beside each page of what is not signed */

#endif
