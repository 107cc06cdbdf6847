/* A citizen with a browser of the simplest kind before a running registryd; what clerks did is put into the
 * tables. */
#ifndef PRIDVOR_TEST_PUBLIC_RIG_H
#define PRIDVOR_TEST_PUBLIC_RIG_H

#include "tests/db/body.h"
#include "tests/db/server.h"
#include "tests/db/tclient.h"

struct browser {
    char cookie[300], where[300]; /* "" none; where: Location of the last answer */
    struct buf head, page;
    int status;
};
extern struct server house;
extern const char *house_service; /* of the next request; NULL: cs.birth_certificate */

bool house_open(void); /* false: no PostgreSQL here */
void house_close(void);
/* A request of K01, registered. */
void house_file(struct body *b);
/* Its casefile, in this state; waits for it to be opened, or opens it. Returns its id in a static buffer. */
const char *house_case(const struct body *b, const char *state);
/* A return of these fields ("{act.birth_date,...}"); token NULL: no link. */
void house_return(const char *case_id, const char *fields, const char *reason, const char *token);
void house_event(const char *case_id, const char *act, const char *to, const char *reason, bool public);
const char *house_ask(const char *fmt, ...) PRINTF(1, 2); /* SQL; first cell */

void browse_get(struct browser *b, const char *path);
/* form: "a=b&c=d", or NULL with a body of its own. */
void browse_post(struct browser *b, const char *path, const char *form);
void browse_send(struct browser *b, const char *path, const char *type, const void *body, size_t len);
bool browse_enter(struct browser *b, const char *code, const char *pin); /* and the cookie */
bool browse_shows(const struct browser *b, const char *text);
/* value="..." of the hidden input of that name in the page, in a static buffer; "" none. */
const char *browse_hidden(const struct browser *b, const char *name);
void browse_close(struct browser *b);

/* A form with files; parts end with form_end. */
void form_text(struct buf *out, const char *name, const char *value);
void form_file(struct buf *out, const char *name, const char *file, const void *p, size_t n);
void form_end(struct buf *out);
extern const char form_type[];
void pdf_small(struct buf *out, const char *mark); /* a PDF of one page; mark makes it another file */

#endif
