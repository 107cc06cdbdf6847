/* One piece of work in a process of its own that ends with it: what a heavy library takes, keeps or leaks
 * (font memory, copies of names) is gone with the child, and its crash is one failed call. */
#ifndef PRIDVOR_APART_H
#define PRIDVOR_APART_H

#include "common/base/buf.h"
#include "common/base/err.h"

#define APART_MAX (32u * 1024 * 1024) /* bytes of an answer */

/* body runs in the child over a copy of everything; only what it adds to `out` and its error come back.
 * RC_TIMEOUT after ms, RC_INTERNAL when the child ends without an answer. */
typedef enum rc (*apart_body)(const void *arg, struct buf *out, struct err *e);
MUST enum rc apart_run(apart_body body, const void *arg, int ms, struct buf *out, struct err *e);

#endif
