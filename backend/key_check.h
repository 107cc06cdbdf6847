/* The file `pin_key` and the database belong together: what is sealed, hashed or signed with another's key is
 * lost to its own register. The database keeps a check value of the key with which it began (setting
 * "pin_key"). */
#ifndef PRIDVOR_KEY_CHECK_H
#define PRIDVOR_KEY_CHECK_H

#include "backend/db.h"

/* As hex, with its NUL. */
enum { KEY_MARK = 65 };
void key_mark(char out[KEY_MARK], const uint8_t master[32]);
/* Writes nothing. RC_STATE: path is another register's key, or is gone; a database that no registryd has
 * started on has no check value yet, and takes any. */
MUST enum rc key_fits(struct db_sync *s, const char *path, struct err *e);

#endif
