/* The terminal's memory across power cuts: requests on their way to the register and the journal of physical
 * acts. SQLite in WAL mode with synchronous=FULL: when a call returns RC_OK the change survives a power cut.
 * Each body is sealed with AES-256-GCM under its own key: HKDF-SHA256(queue key, salt = the item's id),
 * random nonce, the id and the kind of content as additional data. Ids, states, times and register numbers
 * are not personal data; everything else is only in the seal.
 *
 *   queued -> sent -> acknowledged -> (pruned)      the register answered; the body is overwritten by its
 * answer
 *                  -> dead                          refused for good: kept for a person, never blocks the
 * others */
#ifndef PRIDVOR_QUEUE_H
#define PRIDVOR_QUEUE_H

#include "common/base/arena.h"
#include "common/base/crypto.h"
#include "common/base/err.h"

struct queue;

enum queue_state { QUEUE_QUEUED, QUEUE_SENT, QUEUE_ACKED, QUEUE_DEAD, QUEUE_STATES };

struct queue_conf {
    const char *path;     /* queue.db; its folder must exist */
    const char *key_path; /* 32 random bytes, mode 0600; made when neither it nor the queue exists */
    int64_t max_bytes;    /* 0: 1 GiB */
    /* For the tests of this file only. */
    const char *vfs;         /* NULL: the system's */
    const char *synchronous; /* NULL: FULL */
    bool powersafe;          /* believe that a write never hurts its neighbours in the sector */
};

struct queue_item {
    char id[UUID_LEN];
    enum queue_state state;
    int64_t made_ms; /* UTC, for people; order never depends on the clock */
    int64_t tries;   /* answered attempts */
    char *body;      /* NUL-terminated, in the caller's arena */
    size_t len;
};

/* Fails with code QUEUE_KEY when the key does not open this queue, QUEUE_DAMAGED when the file is no sound
 * database. */
MUST enum rc queue_open(const struct queue_conf *conf, struct queue **out, struct err *e);
void queue_close(struct queue *q); /* NULL is fine */
void queue_closep(struct queue **q);

/* On disk when it returns. The same id again replaces a body that was not yet sent. RC_NO_SPACE: nothing was
 * promised. */
MUST enum rc queue_put(struct queue *q, const char *id, const void *body, size_t len, struct err *e);
/* Attachments go with their item in one transaction: both are on disk, or neither. */
struct queue_blob {
    char sha256[2 * SHA256_LEN + 1]; /* of data, hex */
    struct bytes data;
};
struct queue_blobs {
    const struct queue_blob *list;
    size_t n;
};
MUST enum rc queue_put_with(struct queue *q, const char *id, struct bytes body, struct queue_blobs blobs,
                            struct err *e);
/* The item's next attachment that the register has not yet; found=false when it has all. */
MUST enum rc queue_blob_next(struct queue *q, struct arena *a, const char *id, struct queue_blob *out,
                             bool *found, struct err *e);
MUST enum rc queue_blob_sent(struct queue *q, const char *id, const char *sha256, struct err *e);
MUST enum rc queue_blobs_again(struct queue *q, const char *id, struct err *e); /* the register lost them */
MUST enum rc queue_blob_count(struct queue *q, const char *id, int64_t *n, int64_t *bytes, struct err *e);
/* Would a request with attachments of so many bytes fit now? Asked before the person scans. */
bool queue_has_room(struct queue *q, size_t bytes);
/* The next one to send: fewest answered attempts first, then oldest. found=false when nothing waits. A row
 * that does not unseal is put aside as dead and skipped. */
MUST enum rc queue_next(struct queue *q, struct arena *a, struct queue_item *out, bool *found, struct err *e);
MUST enum rc queue_sent(struct queue *q, const char *id,
                        struct err *e); /* it may have reached the register */
MUST enum rc queue_retry(struct queue *q, const char *id, struct err *e); /* the register answered "later" */
/* Body replaced by the register's answer (sealed too), no personal data left. */
MUST enum rc queue_ack(struct queue *q, const char *id, const void *answer, size_t len, struct err *e);
MUST enum rc queue_dead(struct queue *q, const char *id, const char *why,
                        struct err *e); /* why: an rc name */
/* Any item by id with its content as it is now: the request, or the answer once acknowledged. */
MUST enum rc queue_get(struct queue *q, struct arena *a, const char *id, struct queue_item *out,
                       struct err *e);
/* Acknowledged items of before `before_ms`, and journal rows older than that which are settled, go. */
MUST enum rc queue_prune(struct queue *q, int64_t before_ms, struct err *e);
MUST enum rc queue_counts(struct queue *q, int64_t counts[QUEUE_STATES], struct err *e);
/* Calls fn for each item, oldest first, without its body. */
MUST enum rc queue_each(struct queue *q,
                        void (*fn)(const struct queue_item *item, const char *why, void *user), void *user,
                        struct err *e);
const char *queue_state_name(enum queue_state s);

/* The journal: an act on paper is written down before its frame goes out, and again when its outcome is
 * known. outcome: "started" until then; after a restart every "started" is "unknown", never silently
 * repeated. */
MUST enum rc queue_journal(struct queue *q, const char *item, const char *verb, const char *process_id,
                           int64_t *n, struct err *e);
MUST enum rc queue_journal_end(struct queue *q, int64_t n, const char *outcome, struct err *e);
/* How many acts of this item did or may have left something on paper: the next one is a copy when > 0. */
MUST enum rc queue_journal_copies(struct queue *q, const char *item, int64_t *n, struct err *e);
int64_t queue_journal_unknown(const struct queue *q); /* found "started" when the queue was opened */

#endif
