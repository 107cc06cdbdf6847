/* Messages to citizens, from the table of what is owed (owed_message) to the mail server and the SMS gateway.
 *
 * A row goes queued -> sending (claimed by a process) -> handing (written just before the one step that
 * cannot be taken back: the final dot, the HTTP request) -> sent, failed, fell_back, or queued again. A
 * process that dies leaves sending rows, which wait again, and at most a few handing rows, of which nobody
 * can know whether they left: these become unknown, are not repeated, and a clerk sees them. So nothing goes
 * twice and nothing is lost in silence. */
#ifndef PRIDVOR_OUTBOX_H
#define PRIDVOR_OUTBOX_H

#include "common/base/buf.h"
#include "common/base/http.h"

struct registry;
struct outbox;
enum way { WAY_EMAIL, WAY_SMS, WAY_COUNT };
struct outbox_stats {
    uint64_t sent[WAY_COUNT], again[WAY_COUNT], failed[WAY_COUNT], unknown[WAY_COUNT], fell_back[WAY_COUNT];
    uint64_t recovered, recovered_unknown, reports;
    int64_t open, attention; /* rows, a few seconds old */
};

/* Reads secrets and texts; *out stays NULL when the configuration has neither "smtp" nor "sms". */
MUST enum rc outbox_load(struct registry *g, struct outbox **out, struct err *e);
void outbox_start(struct outbox *o); /* the database is migrated */
void outbox_stop(struct outbox *o);  /* memory goes with the loop */
void outbox_metrics(struct buf *out, const struct outbox *o);
void outbox_report(struct http_req *r, void *user); /* GET, POST /sms/ID/SEAL/WORD: the gateway's report */

#endif
