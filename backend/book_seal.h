/* The page of a day is closed after midnight: its hash covers the page before and every line. A page is a run
 * of numbers without a gap. Honest limits as for the audit: who may write the database may build new pages;
 * what he cannot do is make them end in a hash that was printed before. */
#ifndef PRIDVOR_BOOK_SEAL_H
#define PRIDVOR_BOOK_SEAL_H

#include <stdio.h>
#include <uv.h>

#include "backend/work.h"

struct book_sealed {
    int pages, books; /* sealed now */
    int gaps;         /* books that cannot be sealed because a number is missing */
    char gap[200];    /* the first of them, in words */
};
/* All books, each in a transaction of its own. A day is over a minute after midnight in Bucharest: until then
 * a number taken before it may still be on its way. RC_BUSY: another process is at it. */
MUST enum rc book_seal(struct work *w, struct book_sealed *out, struct err *e);

/* Pages of one book before a day, inside a transaction. gap: 0, or the number that is missing: nothing from
 * its page on is sealed. */
struct book_name {
    const char *institution, *reg, *year;
};
MUST enum rc book_seal_one(struct work *w, const struct book_name *b, struct date today, int *pages,
                           int64_t *gap, struct err *e);

struct book_report {
    long books, lines, pages;
    long open; /* lines on no page yet */
    long bad;
};
/* institution: NULL for all. heads: what `registryctl register list` printed once, or NULL. Each finding
 * becomes one line in out. Reads the database in one snapshot. */
MUST enum rc book_verify(struct db_sync *s, const char *institution, const char *heads, FILE *out,
                         struct book_report *report, struct err *e);

/* In registryd: each minute, as a job of the room. The timer is closed with uv_close by book_stop. */
struct book_sealer {
    uv_timer_t timer;
    struct book_sealed last;
    bool busy, begun;
    bool late, said; /* once in the log */
};
struct registry;
void book_start(struct registry *g);
void book_stop(struct registry *g);

#endif
