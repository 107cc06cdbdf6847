/* Brings the database to the version of this program: backend/migrations/NNNN_*.sql, embedded, each in one
 * transaction, never edited once applied (their SHA-256 is kept and compared). Several programs may start at
 * once. */
#ifndef PRIDVOR_MIGRATE_H
#define PRIDVOR_MIGRATE_H

#include "backend/db.h"

struct migration {
    int version;
    const char *name, *sql;
};
extern const struct migration migrations[];
extern const size_t n_migrations;

/* applied: how many were new, or NULL. RC_STATE: the database is newer than this program, or a file was
 * changed. */
MUST enum rc migrate(const char *conninfo, int *applied, struct err *e);

#endif
