/* Inside of public_answer.c and public_act.c. */
#ifndef PRIDVOR_PUBLIC_PRIV_H
#define PRIDVOR_PUBLIC_PRIV_H

#include "backend/public_store.h"

enum { RETURNED_MAX = 64 }; /* fields */

struct making {
    struct work *w;
    const struct public_ask *ask;
    struct public_reply *out;
    enum lang lang;
    struct visit visit;
    char stamp[33];
};

const char *making_word(const struct making *m, enum public_word w);
void making_page(struct making *m, int status, const char *title, const char *main);
/* The form for code and PIN, with what is the matter above it. */
void making_enter(struct making *m, int status, const char *problem);
/* The cookie of a new visit, and where to go with it. */
MUST enum rc visit_opened(struct making *m, const struct visit_begin *b, const char *go, struct err *e);
MUST enum rc making_visit(struct making *m, int minutes, struct err *e);
/* Whoever came by a link has only the repair, by a number only the state. */
MUST enum rc making_pin(const struct making *m, struct err *e);
/* A change needs the stamp of a form that this visit was given. */
MUST enum rc making_stamped(const struct making *m, const char *stamp, struct err *e);

MUST enum rc make_link(struct making *m, struct err *e);
MUST enum rc make_act_ask(struct making *m, struct err *e);
MUST enum rc make_act(struct making *m, struct err *e);
MUST enum rc make_repair_ask(struct making *m, struct err *e);
MUST enum rc make_repair(struct making *m, struct err *e);

#endif
