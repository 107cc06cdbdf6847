/* The register book: gapless numbers per institution, register and year, shared by requests (intake) and by
 * what clerks enter. What stands in it is never changed: a mistake is put right by another entry, a day's
 * page is sealed after midnight, a year is closed with a protocol. */
#ifndef PRIDVOR_BOOK_H
#define PRIDVOR_BOOK_H

#include "backend/work.h"

/* The next number, inside the caller's transaction; undone with it, so no gap. It holds the book's counter
 * until the end of the transaction: take it late. RC_STATE: the year is closed, or not the current one. */
MUST enum rc book_number(struct work *w, const char *institution, const char *reg, int year, int64_t *n,
                         struct err *e);

/* What a person writes, in characters. The desk's pages (book.js, entry.js) say the same. */
enum { BOOK_SUBJECT_MAX = 1000, BOOK_WHO_MAX = 300, BOOK_PAPER_NUMBER_MAX = 60, BOOK_REASON_MAX = 1000 };

enum book_direction { BOOK_IN, BOOK_OUT, BOOK_INTERNAL };
struct book_entry {
    const char *institution, *reg;
    enum book_direction direction;
    const char *subject, *correspondent, *department; /* correspondent, department: or NULL */
    const char *paper_on, *paper_number; /* YYYY-MM-DD and number that the paper bears, or NULL */
    const char *case_id, *document;      /* or NULL */
};
struct book_line {
    int64_t n, at_ms;
    int year;
    const char *number; /* as printed: "CS 15/22.11.2026" */
};
/* Number and entry, with its row in the audit, in the caller's transaction or in one of its own. Asks for no
 * right: the act that it is a part of did. */
MUST enum rc book_enter(struct work *w, const struct actor *who, const struct book_entry *in,
                        struct book_line *out, struct err *e);
/* A clerk's own entry (right register.enter). */
MUST enum rc book_add(struct work *w, const struct actor *who, const struct book_entry *in,
                      struct book_line *out, struct err *e);

/* Its parts, for an act that needs the number before the row: check, book_number, and the row with that
 * number. */
MUST enum rc book_entry_check(struct work *w, const struct book_entry *in, struct err *e);
MUST enum rc book_enter_as(struct work *w, const struct actor *who, const struct book_entry *in, int64_t n,
                           struct book_line *out, struct err *e);

/* An entry that puts right what stands under another number (right register.correct). */
struct book_fix {
    const char *institution, *reg;
    int year; /* of n */
    int64_t n;
    const char *text, *reason;
};
MUST enum rc book_correct(struct work *w, const struct actor *who, const struct book_fix *in,
                          struct book_line *out, struct err *e);

#endif
