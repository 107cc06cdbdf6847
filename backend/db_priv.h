/* What db.c (the event loop) and db_sync.c (blocking) share. */
#ifndef PRIDVOR_DB_PRIV_H
#define PRIDVOR_DB_PRIV_H

#include "backend/db.h"

enum { PARAMS_MAX = 32 };
struct db_params {
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX], formats[PARAMS_MAX];
};
void db_params(struct db_params *out, const struct db_param *p, int n);
/* state: the SQLSTATE, "" when the failure is not the server's word. */
enum rc db_error(const struct db_result *r, char state[6], struct err *e);

#endif
