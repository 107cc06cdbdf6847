/* A case at a town hall, the people who work on it, and the programs that read what they make. */
#ifndef PRIDVOR_TEST_DOC_RIG_H
#define PRIDVOR_TEST_DOC_RIG_H

#include "backend/doc.h"
#include "tests/db/book_rig.h"

struct doc_rig {
    struct book_rig book;
    struct arena *a;
    struct work w;
    struct actor ana, primar, arhiva, dan; /* clerk, approver, archivist of hall-1; registrar of hall-2 */
};
bool doc_rig_make(struct doc_rig *r); /* false: no PostgreSQL here */
void doc_rig_free(struct doc_rig *r);
extern struct doc_rig rig; /* of a test program, and what makes and ends it; skips without PostgreSQL */
int doc_setup(void **state);
int doc_teardown(void **state);
void holds(const char *text, const char *part);
void lacks(const char *text, const char *part);
/* A case of a service in a state; its id in the arena. */
const char *doc_case(struct doc_rig *r, const char *service, const char *state);
struct casefile doc_case_get(struct doc_rig *r, const char *id);
const char *doc_sql(struct doc_rig *r, const char *fmt, ...) PRINTF(2, 3); /* first cell */
struct store_file *doc_file(struct doc_rig *r, const void *p, size_t n);
/* doc_read() to the last byte, in the rig's arena. */
enum rc doc_whole(struct doc_rig *r, const struct actor *who, const struct doc_ask *ask, struct document *out,
                  struct bytes *file, struct err *e);
/* Saves the PDF and asks a program about it ("pdftotext %s -"). */
const char *doc_ask(struct doc_rig *r, struct bytes pdf, const char *name, const char *cmd);
extern struct err doc_err;
/* The last argument is &doc_err. */
#define DOC_OK(call)                                                                                         \
    do {                                                                                                     \
        if ((call) != RC_OK)                                                                                 \
            fail_msg("%s: %s", #call, doc_err.text);                                                         \
    } while (0)

#endif
