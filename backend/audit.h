/* The audit is a chain per institution. Whoever writes it inserts a row into `audit` within the commit of the
 * act; the sealer follows and gives the row its place and hash (migrations/0004_audit.sql has the form).
 * Each row also carries a MAC under the register's key, which is not in the database: a row that somebody
 * else inserts is found, sealed or not. Rows from before the first start with a key are vouched for once.
 * Honest limits: a row that was never sealed can vanish unseen (seconds), and who may write the database may
 * build a new chain of true rows; what he cannot do is make it end in a head that was printed before.
 */
#ifndef PRIDVOR_AUDIT_H
#define PRIDVOR_AUDIT_H

#include <stdio.h>
#include <uv.h>

#include "backend/db.h"
#include "common/base/arena.h"
#include "common/base/buf.h"

enum { AUDIT_SEAL_MOST = 10000, AUDIT_MAC = 24 };

/* What the writer of a row knows; NULL is SQL null. */
struct audit_line {
    const char *institution, *request, *actor, *act, *detail;
};
#define AUDIT_VOUCHED "earlier rows vouched for" /* detail: the last id of these */

/* Derives the key from the 32 bytes of the file `pin_key`; once, before a process has threads. */
MUST enum rc audit_key(const uint8_t master[32], struct err *e);
bool audit_has_key(void);
void audit_key_wipe(void); /* at the end of a process; what is written after it has no MAC */
/* 8 bytes that no other row has || the first 16 of HMAC-SHA-256 over these and the line's netstrings. Fills
 * out, which outlives the parameter; without a key the parameter is null. */
struct db_param audit_mac(uint8_t out[AUDIT_MAC], const struct audit_line *l);
bool audit_mac_holds(const uint8_t mac[AUDIT_MAC], const struct audit_line *l);
/* Blocking, once a database: what stands there from before there were MACs. Nothing without a key. */
MUST enum rc audit_vouch(struct db_sync *s, struct err *e);
/* A netstring, "-," for NULL. */
void audit_part(struct buf *b, const char *s);

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
