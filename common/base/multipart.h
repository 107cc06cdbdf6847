/* Bodies of forms with files (multipart/form-data, RFC 7578), in pieces of any size: nothing is kept but the
 * head of a part. Strict where browsers agree; what they never send is refused. */
#ifndef PRIDVOR_MULTIPART_H
#define PRIDVOR_MULTIPART_H

#include "common/base/err.h"

enum { MULTIPART_NAME_MAX = 64, MULTIPART_FILE_MAX = 255, MULTIPART_PARTS_MAX = 64 };

struct multipart_events {
    /* A part begins; file is its file name, NULL for a plain field. */
    void (*part)(const char *name, const char *file, void *user);
    void (*data)(const void *p, size_t n, void *user);
    void (*end)(void *user); /* of the part */
    void *user;
};
struct multipart;

/* type: value of Content-Type. RC_BAD_REQUEST: not such a form. */
MUST enum rc multipart_new(const char *type, const struct multipart_events *ev, struct multipart **out,
                           struct err *e);
/* After an error the rest is passed over; the same error comes again. */
MUST enum rc multipart_feed(struct multipart *m, const void *p, size_t n, struct err *e);
MUST enum rc multipart_done(struct multipart *m, struct err *e); /* was it whole? */
void multipart_free(struct multipart *m);

#endif
