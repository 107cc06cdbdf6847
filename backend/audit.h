/* The audit is a chain per institution. Whoever writes it inserts a row into `audit` within the commit of the
 * act; the sealer follows and gives the row its place and hash (migrations/0004_audit.sql has the form).
 * Honest limits: a row that was never sealed can vanish unseen (seconds), and who may write the database may
 * build a whole new chain; what he cannot do is make it end in a head that was printed or published before.
 */
#ifndef PRIDVOR_AUDIT_H
#define PRIDVOR_AUDIT_H

#include <stdio.h>
#include <uv.h>

#include "backend/db.h"
#include "common/base/arena.h"

enum { AUDIT_SEAL_MOST = 10000 };

/* In registryd: seals every second on this connection, at the start also what stands below the mark. The
 * handle is the caller's and closes with uv_close. */
struct audit_sealer {
    uv_timer_t timer;
    struct db *db;
    bool busy, again;
    bool late; /* said once in the log */
};
void audit_sealer_start(struct audit_sealer *s, uv_loop_t *loop, struct db *db);

/* Blocking: seals everything that is there. */
MUST enum rc audit_seal_all(struct db_sync *s, struct err *e);

struct audit_report {
    long rows, chains; /* sealed */
    long waiting;      /* younger than a minute and not sealed yet */
    long late; /* sealed over ten minutes after they were written: the sealer stood still, or backdated */
    long bad;
};
/* institution: NULL for all. heads: what `registryctl audit-head` printed once, or NULL. Each finding becomes
 * one line in out. Reads the database in one snapshot. */
MUST enum rc audit_verify(struct db_sync *s, const char *institution, const char *heads, FILE *out,
                          struct audit_report *report, struct err *e);

#endif
