/* Paper over the counter: number, entry, case and scans in one transaction. */
#ifndef PRIDVOR_BOOK_PAPER_H
#define PRIDVOR_BOOK_PAPER_H

#include "backend/book.h"
#include "backend/doc.h"

struct book_paper {
    struct book_entry entry; /* reg NULL: where the service goes; direction: BOOK_IN opens a case, others do
                                not; subject NULL: what the answers or the service say */
    const char *service;     /* NULL: a letter without a case */
    enum lang lang;
    const char *person, *cnp, *email, *phone; /* or NULL; person: the correspondent when NULL */
    const struct jval *answers;               /* of the service's form, or NULL */
    struct doc_upload *scans;                 /* case_id is set here */
    size_t n_scans;
};
struct book_paper_done {
    struct book_line line;
    bool has_case;
    struct casefile c;
    struct document *scans;
};
/* Where a paper of this service, or a letter (NULL), would be entered, and whether this person may: fills
 * entry's register and department. RC_DENIED, RC_NOT_FOUND: no such institution. */
MUST enum rc book_paper_place(struct work *w, const struct actor *who, const char *service,
                              struct book_entry *entry, struct err *e);
/* Right register.enter there; document.add for scans. */
MUST enum rc book_paper(struct work *w, const struct actor *who, const struct book_paper *in,
                        struct book_paper_done *out, struct err *e);

#endif
