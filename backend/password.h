/* Passwords as Argon2id (RFC 9106) in its usual encoding. The only file that knows libargon2 is password.c.
 * Takes tens of milliseconds of one processor and conf->memory_kib: never on an event loop. */
#ifndef PRIDVOR_PASSWORD_H
#define PRIDVOR_PASSWORD_H

#include "backend/conf.h"

enum { PASSWORD_MIN = 12, PASSWORD_MAX = 256, PASSWORD_ENCODED = 160 };

/* Long enough, UTF-8, not the name in it. */
MUST enum rc password_fit(const char *account, const char *password, struct err *e);
MUST enum rc password_hash(const struct login_conf *conf, const char *password, char out[PASSWORD_ENCODED],
                           struct err *e);
bool password_verify(const char *encoded, const char *password);

#endif
