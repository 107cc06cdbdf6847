/* Accounts and their roles in the database. Blocking: for registryctl and for worker threads with a
 * connection of their own. Every change is audited in its own commit. */
#ifndef PRIDVOR_PEOPLE_H
#define PRIDVOR_PEOPLE_H

#include "backend/db.h"
#include "common/model/rights.h"
#include "common/model/service.h"

struct people_role {
    const char *account, *role, *reach, *institution, *department; /* department: "" unless reach says so */
};

/* by: who does it, for the audit. RC_CONFLICT: the name is taken; RC_NOT_FOUND: no such institution. */
MUST enum rc people_add(struct db_sync *s, const struct people_role *at, const char *full_name,
                        const char *by, struct err *e);
/* Where the person hears of work by e-mail; address "": nowhere. RC_BAD_FIELD, RC_NOT_FOUND. */
struct people_email {
    const char *account, *address;
    enum lang lang;
};
MUST enum rc people_email(struct db_sync *s, const struct people_email *m, const char *by, struct err *e);
MUST enum rc people_disable(struct db_sync *s, const char *name, bool disabled, const char *by,
                            struct err *e);
/* Refuses what configs/roles.json does not know. grant false: takes it back. */
MUST enum rc people_role(struct db_sync *s, const struct rights *r, const struct people_role *role,
                         bool grant, const char *by, struct err *e);

MUST enum rc people_load(struct db_sync *s, struct arena *a, const char *name, struct rights_person *out,
                         struct err *e); /* RC_NOT_FOUND */
MUST enum rc people_tree(struct db_sync *s, struct arena *a, struct institutions *out, struct err *e);
/* which: request id, receipt code, or institution/register/year/n. */
MUST enum rc people_place(struct db_sync *s, struct arena *a, const struct catalog *services,
                          const char *which, struct rights_place *out, struct err *e);
/* One row in the audit; institution and detail may be NULL. */
MUST enum rc people_audit(struct db_sync *s, const char *institution, const char *actor, const char *act,
                          const char *detail, struct err *e);

#endif
