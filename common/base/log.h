/* One line per event on stderr: time level program key=value ... Libraries do not log: whoever gives up does.
 * No personal data, ever. Values with spaces are quoted. */
#ifndef PRIDVOR_LOG_H
#define PRIDVOR_LOG_H

#include "common/base/err.h"

void log_open(const char *program);
void log_info(const char *fmt, ...) PRINTF(1, 2); /* log_info("event=start port=%d", port) */
void log_warn(const char *fmt, ...) PRINTF(1, 2);
void log_error(const char *fmt, ...) PRINTF(1, 2);
/* Ends a chain of failures: level by rc, adds rc=, code=, path=, text=. */
void log_err(const struct err *e, const char *fmt, ...) PRINTF(2, 3);

#endif
