/* What remains of the service without a device (configs/degrade.json): said before the form begins, never
 * after it. */
#ifndef PRIDVOR_DEGRADE_H
#define PRIDVOR_DEGRADE_H

#include "common/base/json.h"

#define DEGRADE_MAX 16

struct degrade_row {
    const char *device; /* card print pad scan office register */
    const char *step;   /* that would have used it */
    const char *when;   /* always; sign: the service has a signature; file: it wants papers */
    const char *keeps;  /* what the citizen has instead, for the technician */
    const char *say;    /* key of the citizen's sentence */
};
struct degrade {
    struct degrade_row *rows;
    size_t n;
};

/* configs/degrade.json of that folder; without the file there is nothing to say. */
MUST enum rc degrade_load(struct arena *a, const char *configs, struct degrade *out, struct err *e);

/* What is known now. usable: is that device good for this citizen ("register": does it answer)? */
struct degrade_now {
    bool (*usable)(void *user, const char *device);
    void *user;
    bool signs, files; /* of the chosen service */
};
/* The rows that apply, in the file's order; at most cap. */
size_t degrade_missing(const struct degrade *d, const struct degrade_now *now, const struct degrade_row **out,
                       size_t cap);

#endif
