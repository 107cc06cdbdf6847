/* Submissions as a terminal makes them: about 2.5 KB, of which half is what was signed. */
#ifndef PRIDVOR_TEST_BODY_H
#define PRIDVOR_TEST_BODY_H

#include "common/model/submission.h"

struct body {
    char id[UUID_LEN], code[RECEIPT_CODE_LEN + 1], pin[PIN_LEN + 1];
    const char *terminal, *institution; /* the caller's */
    const char *service;                /* NULL: cs.birth_certificate; else complaint.abandoned_vehicle */
    const char *filed_at;               /* NULL: now */
    bool offline;
    const char *answers; /* NULL: those of the service above; JSON of any service */
    int64_t version;     /* of that service; 0: 1 */
    const char *lang;    /* NULL: ro */
    const char *note;    /* goes into an answer: another text under the same id; or NULL */
};

void body_init(struct body *b, const char *terminal, const char *institution); /* new id, code, PIN */
const char *body_request(struct arena *a, const struct body *b);
const char *body_text(struct arena *a, const struct body *b);
/* The headers that go with it. */
const char *body_headers(struct arena *a, const struct body *b);

#endif
