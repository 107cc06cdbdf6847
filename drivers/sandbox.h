/* A driver process talks to its device and to its parent, to nobody else: no network, no new files, no
 * writing to files that are no device, no other program. The kernel holds it to that (seccomp, Landlock);
 * whoever tries gets EACCES. Scanner and office printer may
 * have the network (table in sandbox.c). */
#ifndef PRIDVOR_SANDBOX_H
#define PRIDVOR_SANDBOX_H

#include "common/base/err.h"

/* For the rest of the process's life. RC_UNSUPPORTED on a kernel or a machine without the filter. */
MUST enum rc sandbox_enter(const char *driver, struct err *e);

#endif
