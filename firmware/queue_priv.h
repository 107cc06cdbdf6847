/* Inside of queue_*.c, the only files that know SQLite. */
#ifndef PRIDVOR_QUEUE_PRIV_H
#define PRIDVOR_QUEUE_PRIV_H

#include <sqlite3.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "firmware/queue.h"

#define PAGE 4096
#define MAX_BYTES (1ll << 30)     /* 50 requests with 20 MB of attachments each, or 30,000 without */
#define SPARE_PAGES 64            /* new requests stop here, so that answers and journal rows still fit */
#define RESERVE_BYTES (1l << 20)  /* given back to a full disk, so that the queue can still empty itself */
#define BUSY_MS 2000              /* a predecessor may still be ending */
#define PROOF "pridvor queue key" /* sealed under every queue's key: tells a wrong key from a damaged row */

/* Everything the queue asks of SQLite. */
#define STATEMENTS(X)                                                                                        \
    X(PUT, "INSERT INTO item(id,state,made_ms,sealed) VALUES(?1,0,?2,?3) "                                   \
           "ON CONFLICT(id) DO UPDATE SET sealed=excluded.sealed WHERE state=0")                             \
    X(NEXT, "SELECT id,state,made_ms,tries,sealed FROM item WHERE state<2 ORDER BY tries,n LIMIT 1")         \
    X(GET, "SELECT id,state,made_ms,tries,sealed FROM item WHERE id=?1")                                     \
    X(EACH, "SELECT id,state,made_ms,tries,why FROM item ORDER BY n")                                        \
    X(SENT, "UPDATE item SET state=1 WHERE id=?1 AND state=0")                                               \
    X(RETRY, "UPDATE item SET tries=tries+1 WHERE id=?1 AND state<2")                                        \
    X(BLOB_PUT, "INSERT INTO blob(item,sha256,size,sealed) VALUES(?1,?2,?3,?4)")                             \
    X(BLOB_CLEAR, "DELETE FROM blob WHERE item=?1")                                                          \
    X(BLOB_NEXT, "SELECT sha256,sealed FROM blob WHERE item=?1 AND sent=0 ORDER BY n LIMIT 1")               \
    X(BLOB_SENT, "UPDATE blob SET sent=1 WHERE item=?1 AND sha256=?2")                                       \
    X(BLOB_AGAIN, "UPDATE blob SET sent=0 WHERE item=?1")                                                    \
    X(BLOB_COUNT, "SELECT count(*),coalesce(sum(size),0) FROM blob WHERE item=?1")                           \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                              \
    X(COMMIT, "COMMIT")                                                                                      \
    X(ROLLBACK, "ROLLBACK")                                                                                  \
    X(ACK, "UPDATE item SET state=2,sealed=?2 WHERE id=?1 AND state<>2")                                     \
    X(DEAD, "UPDATE item SET state=3,why=?2 WHERE id=?1 AND state<2")                                        \
    X(PRUNE_BLOBS, "DELETE FROM blob WHERE item IN (SELECT id FROM item WHERE state=2)")                     \
    X(PRUNE, "DELETE FROM item WHERE state=2 AND made_ms<?1")                                                \
    X(COUNT, "SELECT state,count(*) FROM item GROUP BY state")                                               \
    X(PAGES, "SELECT (SELECT page_count FROM pragma_page_count)-"                                            \
             "(SELECT freelist_count FROM pragma_freelist_count)")                                           \
    X(JOURNAL, "INSERT INTO journal(item,verb,process_id,outcome,made_ms) VALUES(?1,?2,?3,'started',?4)")    \
    X(JOURNAL_END, "UPDATE journal SET outcome=?2 WHERE n=?1")                                               \
    X(JOURNAL_COPIES, "SELECT count(*) FROM journal WHERE item=?1 AND outcome<>'not-done'")                  \
    X(JOURNAL_PRUNE, "DELETE FROM journal WHERE made_ms<?1 AND item NOT IN (SELECT id FROM item)")

enum stmt_id {
#define X(name, sql) S_##name,
    STATEMENTS(X)
#undef X
        S_COUNT_OF
};
struct queue {
    sqlite3 *db;
    sqlite3_stmt *st[S_COUNT_OF];
    struct seal_key key;
    char reserve[512]; /* path of the reserve file; empty under a test VFS */
    int64_t max_pages;
    int64_t unknown;
};

enum rc queue_sql_fail(struct queue *q, const char *what, struct err *e);
void queue_stmt_done(sqlite3_stmt **st);
/* The statement with its first text parameter bound; the scope that took it resets it. */
sqlite3_stmt *queue_stmt(struct queue *q, enum stmt_id id, const char *text);
#define STMT(name, id, text) sqlite3_stmt *name SCOPED(queue_stmt_done) = queue_stmt(q, (id), (text))
MUST enum rc queue_run(struct queue *q, sqlite3_stmt *st, const char *what, struct err *e);
/* The same with the reserve's help when the disk is full: for statements that make room in the end. */
MUST enum rc queue_run_spared(struct queue *q, sqlite3_stmt *st, const char *what, struct err *e);

/* What a seal is about: `kind` tells request from answer, so that neither can be shown as the other. */
struct label {
    const char *id, *kind;
};
MUST enum rc queue_seal(const struct queue *q, struct arena *a, struct label l, struct bytes in,
                        struct bytes *out, struct err *e);
MUST enum rc queue_unseal(const struct queue *q, struct arena *a, struct label l, struct bytes sealed,
                          struct queue_item *out, struct err *e);
struct bytes queue_column(sqlite3_stmt *st, int col);
/* Whether so many bytes still fit; what may go goes first. */
MUST enum rc queue_make_room(struct queue *q, size_t len, struct err *e);
/* The insert of an item without a transaction of its own. */
MUST enum rc queue_insert(struct queue *q, const char *id, struct bytes body, struct err *e);

#endif
