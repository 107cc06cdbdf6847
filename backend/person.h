/* The data of one person: a copy of all of it (GDPR art. 15), and their erasure when their term is over (art.
 * 17). A person is who a CNP names; it is looked for by its keyed hash and stands in no log, audit or
 * message. Who has none is who filed the numbers that somebody chose: each must bear the name, and no two of
 * them different CNPs. */
#ifndef PRIDVOR_PERSON_H
#define PRIDVOR_PERSON_H

#include "backend/doc.h"

struct person_ask {
    const char *cnp;         /* or NULL: numbers */
    const char *institution; /* NULL: wherever the right reaches */
    const char *reason;      /* needed: it is audited */
    bool due; /* of an erasure: what is within its term stays, and the rest goes all the same */
    const char *const *numbers; /* "hall-1/petitions/2026/1"; with institution also "PET 1/20.11.2026" */
    size_t n_numbers;
    const char *const *entries; /* lines of the book that have no case, by their numbers, written alike */
    size_t n_entries;
    const char *name; /* with numbers or entries: its words stand in each of them */
};
/* One file of the copy; name: "index.json", "1/request.json". All of it lives until put() returns. */
struct person_file {
    const char *name;
    struct bytes text;
    struct store_reader *file; /* or NULL: text. Not looked at yet */
    const char *sha256;        /* of file */
};
struct person_sink {
    enum rc (*put)(void *user, const struct person_file *f, struct err *e);
    void *user;
};
struct person_done {
    size_t cases, entries, files;
    struct document *protocols; /* one per institution */
    size_t n_protocols;
};
/* [person.export] Everything of one person: each request as it was signed, its papers, messages and events,
 * with an index. Nothing is told unless the audit has it. RC_NOT_FOUND, RC_DENIED, RC_BAD_FIELD. */
MUST enum rc person_export(struct work *w, const struct actor *who, const struct person_ask *ask,
                           const struct person_sink *sink, struct person_done *out, struct err *e);
/* [person.erase] All or nothing, unless ask->due. RC_STATE: a case is within its term; w->say names them. The
 * row of the register and its number stay, and minutes say what went. */
MUST enum rc person_erase(struct work *w, const struct actor *who, const struct person_ask *ask,
                          struct person_done *out, struct err *e);

/* What both begin with; in the arena of w. */
struct person_case {
    const char *id, *institution;
    const char *cnp; /* its keyed hash in hex; or NULL */
    bool erased;
    int64_t until_days, closed_ms; /* until_days: kept until that day, since 1970; 0: for ever */
    bool kept, open;
};
/* A line of the book without a case. Its term is that of its register, from the January after it was entered.
 */
struct person_entry {
    const char *institution, *department, *key; /* key: "hall-1/general/2026/1" */
    const char *number;                         /* as printed */
    const char *text;                           /* sender or addressee, subject, what was put right */
    int64_t at_ms, until_days;                  /* until_days: as of a case */
    bool kept;
};
struct person_list {
    struct person_case *items;
    size_t n;
    struct person_entry *entries;
    size_t n_entries;
    const char *keys; /* of the entries, as a PostgreSQL array */
};
MUST enum rc person_cases(struct work *w, const struct actor *who, const char *right,
                          const struct person_ask *ask, struct person_list *out, struct err *e);

/* [person.export or person.erase] Cases that bear a name, newest first, at most 200 (RC_BAD_FIELD: more); a
 * restricted one is not found by its name. With a mark (e-mail, phone, date, number of a document) those that
 * bear it, too. Audited, without the name. */
enum { PERSON_FOUND_MAX = 200 };
struct person_find {
    const char *name, *mark, *institution, *reason; /* mark, institution: or NULL */
    bool entries; /* lines of the book without a case, too; each of the houses is read from end to end */
};
struct person_found {
    struct casefile *items;
    struct person_case *cases; /* beside each */
    size_t n;
    struct person_entry *entries; /* in the order of the book, at most 200 */
    size_t n_entries;
};
MUST enum rc person_find(struct work *w, const struct actor *who, const struct person_find *in,
                         struct person_found *out, struct err *e);

/* Parts of these, in person.c, person_find.c and person_entry.c. */
MUST enum rc person_reason(struct work *w, const struct person_ask *ask, struct err *e);
MUST enum rc person_read(struct work *w, const struct person_ask *ask, const char *ids, struct db_result **r,
                         struct err *e);
struct person_case person_case_at(struct work *w, const struct db_result *r, int i);
/* The cases of numbers, as a PostgreSQL array; are they of one person who bears the name; is the reason,
 * which stays in the audit, without the name? */
MUST enum rc person_numbers(struct work *w, const struct person_ask *ask, const char **ids, struct err *e);
MUST enum rc person_one(struct work *w, const struct person_ask *ask, const struct person_list *cases,
                        struct err *e);
MUST enum rc person_unnamed(struct work *w, const struct person_ask *ask, const struct person_list *cases,
                            struct err *e);
/* "hall-1/petitions/2026/1", or what is printed, where the institution is known: "PET 1/20.11.2026". */
bool person_number(struct work *w, const struct person_ask *ask, const char *typed, struct db_param p[4]);
/* All words of the name, folded, in any order; long ones, or several, give a person away. */
bool person_bears(struct work *w, const char *text, const char *name);
bool person_tells(struct work *w, const char *text, const char *name);
MUST enum rc person_refuse(struct work *w, const char *field, struct tr say, struct err *e);
/* RC_BAD_FIELD: more than 200 bear the name. */
MUST enum rc person_crowd(struct work *w, struct err *e);
/* The lines of these institutions (an array) that bear name and mark, have no case and were not erased. */
MUST enum rc person_named(struct work *w, const struct person_find *in, struct db_param institutions,
                          struct person_found *out, struct err *e);
/* ask->entries: each there, without a case, with the name, within reach; added to out. */
MUST enum rc person_entries(struct work *w, const struct actor *who, const char *right,
                            const struct person_ask *ask, struct person_list *out, struct err *e);
/* Minutes and a line in the audit for each institution among them. cells: three for each case, then for each
 * entry; or NULL. */
struct person_minutes {
    const char *template, *act, *hash;
    struct person_list cases;
    const char *const *cells;
    const char *erased; /* the cases as a PostgreSQL array: their lines of the book go, too; or NULL */
};
struct person_house {
    const char *institution, *erased;
    int64_t n;        /* of its erasures */
    const char *keys; /* entries without a case whose lines go, too, as a PostgreSQL array; or NULL */
};
/* The number of an erasure, before its minutes; then what leaves the book by them. */
MUST enum rc person_erasure(struct work *w, struct person_house *h, struct err *e);
MUST enum rc person_lines(struct work *w, const struct actor *who, const struct person_house *h,
                          const char *minutes, struct err *e);
MUST enum rc person_minutes(struct work *w, const struct actor *who, const struct person_ask *ask,
                            const struct person_minutes *m, struct person_done *out, struct err *e);

#endif
