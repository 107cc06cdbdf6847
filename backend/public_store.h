/* Files that citizens send with a form, as they come: to disk, never whole in memory. */
#ifndef PRIDVOR_PUBLIC_STORE_H
#define PRIDVOR_PUBLIC_STORE_H

#include "backend/public.h"

extern const struct http_sink repair_sink;
/* What repair_sink made of the body: values and uploads of the ask. The form lives until form_drop. */
struct public_form;
MUST enum rc form_done(struct public_form *f, struct public_ask *ask, struct err *e);
void form_drop(void *form);
/* On a thread: on disk under its hash, and in the table of files. case_id: whose room it takes. RC_LIMIT:
 * none is left today. */
MUST enum rc public_store(struct work *w, const char *case_id, struct public_upload *u, struct err *e);

#endif
