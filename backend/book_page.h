/* What the book shows: its years, the page of a day, the lines in their order. */
#ifndef PRIDVOR_BOOK_PAGE_H
#define PRIDVOR_BOOK_PAGE_H

#include "backend/doc.h"
#include "backend/work.h"
#include "common/base/text.h"

struct book_year {
    const char *institution, *reg;
    int year;
    int64_t last_n, sealed_n;     /* sealed_n: up to here the pages are sealed */
    int64_t opened_ms, closed_ms; /* 0: not */
    const char *opened_by, *closed_by, *open_document, *close_document, *page_day, *page_hash; /* or NULL */
};
struct book_of {
    const char *institution, *reg;
    int year;
};
/* institution, reg: NULL for all; year 0 for all. Asks for no right. */
MUST enum rc book_years(struct work *w, const struct book_of *which, struct book_year **out, size_t *n,
                        struct err *e);
/* [{register,name{},institution,directions,years:[{year,open,last_n,closed_at}]}] of an institution, every
 * register that it may keep [register.view]. */
MUST enum rc book_registers_json(struct work *w, const struct actor *who, const char *institution,
                                 struct buf *out, struct err *e);

struct book_ask {
    const char *institution, *reg;
    int year;
    const char *day; /* YYYY-MM-DD: that page, from its first line on; NULL: the year, the last line first */
    int64_t after;   /* the n after which it goes on; 0: from the beginning */
    int limit;       /* 0: 50; at most 500 */
};
struct book_row {
    int64_t n, at_ms, corrects, corrects_year, of_n, of_ms;
    int64_t erased_ms, erasure; /* its words went then, by the minutes of that number; 0: not, none */
    const char *direction, *subject, *correspondent, *service, *department, *case_id, *by, *by_name, *reason;
    const char *paper_on, *paper_number, *document, *of_reg; /* or NULL */
    bool sealed; /* its case is: subject and correspondent are empty */
};
struct book_page {
    struct book_row *rows;
    size_t n;
    int64_t next;     /* for `after`; 0: the end */
    const char *hash; /* of the day's sealed page; or NULL */
    int64_t first, last, sealed_ms;
};
/* [register.view] RC_BAD_FIELD: no such register, year or day. */
MUST enum rc book_page(struct work *w, const struct actor *who, const struct book_ask *ask,
                       struct book_page *out, struct err *e);
/* "șters la 23.11.2026, protocol 4", in place of the words; or NULL. */
const char *book_erased(struct work *w, const struct book_row *row);
/* The same as the desk's API shows it. */
MUST enum rc book_page_json(struct work *w, const struct actor *who, const struct book_ask *ask,
                            struct buf *out, struct err *e);

/* What the protocol of a year says. */
struct book_protocol {
    struct book_year year;
    int64_t requests, in, out, internal, corrections, open, done, pages;
    int64_t no_case; /* requests that have no file yet */
    const char *first_day, *last_day;
    struct text_var *vars; /* for people */
    size_t n_vars;
    struct document document; /* the minutes, after an act */
};
MUST enum rc book_year_protocol(struct work *w, const struct book_of *b, struct book_protocol *out,
                                struct err *e);
/* [register.year] RC_STATE and w->say: the year is not over, a number is missing or not sealed, a request has
 * no file yet, or it is closed already. Cases still in work are carried over and counted in the protocol. */
MUST enum rc book_year_close(struct work *w, const struct actor *who, const struct book_of *b,
                             struct book_protocol *out, struct err *e);
/* [register.year] The first number opens a year by itself; this does it before, with a name to it. */
MUST enum rc book_year_open(struct work *w, const struct actor *who, const struct book_of *b,
                            struct book_protocol *out, struct err *e);

#endif
