/* The only file that knows SQLite. Facts and figures: power-cut model in tests/unit/powercut_vfs.c. */
#include "firmware/queue_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fs.h"

static const char *const stmt_sql[] = {
#define X(name, sql) sql,
    STATEMENTS(X)
#undef X
};

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE item(n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, state INTEGER NOT NULL,"
    " tries INTEGER NOT NULL DEFAULT 0, made_ms INTEGER NOT NULL, why TEXT NOT NULL DEFAULT '',"
    " sealed BLOB NOT NULL);"
    "CREATE INDEX item_due ON item(state, tries, n);"
    "CREATE TABLE journal(n INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, verb TEXT NOT NULL,"
    " process_id TEXT NOT NULL, outcome TEXT NOT NULL, made_ms INTEGER NOT NULL);"
    "CREATE INDEX journal_item ON journal(item);"
    "PRAGMA user_version=1;";
/* Attachments of an item; sent: the register has it. */
static const char schema_2[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE blob(n INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " size INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0, sealed BLOB NOT NULL, UNIQUE(item, sha256));"
    "PRAGMA user_version=2;COMMIT;";

enum rc queue_sql_fail(struct queue *q, const char *what, struct err *e)
{
    int code = sqlite3_extended_errcode(q->db);
    switch (code & 0xff) {
    case SQLITE_FULL:
        return err_code(e, RC_NO_SPACE, "QUEUE_FULL", code, "%s: no space", what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_code(e, RC_BUSY, "QUEUE_BUSY", code, "%s: another program has the queue open", what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_code(e, RC_IO, "QUEUE_DAMAGED", code, "%s: the queue file is damaged", what);
    default:
        return err_code(e, RC_IO, "QUEUE_IO", code, "%s: %s", what, sqlite3_errstr(code));
    }
}

void queue_stmt_done(sqlite3_stmt **st)
{
    sqlite3_reset(*st);
    sqlite3_clear_bindings(*st);
}

/* The statement with its text parameters 1..n bound; the scope that took it resets it. */
sqlite3_stmt *queue_stmt(struct queue *q, enum stmt_id id, const char *text)
{
    if (text)
        sqlite3_bind_text(q->st[id], 1, text, -1, SQLITE_STATIC);
    return q->st[id];
}

enum rc queue_run(struct queue *q, sqlite3_stmt *st, const char *what, struct err *e)
{
    return sqlite3_step(st) == SQLITE_DONE ? RC_OK : queue_sql_fail(q, what, e);
}

/* The reserve: a file that only takes space. On a full disk SQLite cannot even delete (the WAL has to grow
 * first). */
static void reserve_fill(const struct queue *q)
{
    if (!q->reserve[0])
        return;
    int fd SCOPED(fd_closep) = open(q->reserve, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES) != 0 && ftruncate(fd, 0) != 0)
        log_warn("event=queue_reserve errno=%d", errno);
}

/* Runs a statement that makes room in the end; with the reserve's help when the disk is full. */
enum rc queue_run_spared(struct queue *q, sqlite3_stmt *st, const char *what, struct err *e)
{
    if (sqlite3_step(st) == SQLITE_DONE)
        return RC_OK;
    enum rc rc = queue_sql_fail(q, what, e);
    if (rc != RC_NO_SPACE || !q->reserve[0] || unlink(q->reserve) != 0)
        return rc;
    log_warn("event=queue_reserve_used");
    sqlite3_reset(st);
    rc = queue_run(q, st, what, e);
    sqlite3_wal_checkpoint_v2(q->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    reserve_fill(q);
    return rc;
}

/* Seals. */
static enum rc item_key(const struct queue *q, const char *id, struct seal_key *out, struct err *e)
{
    return hkdf_sha256(out->k, sizeof(out->k), q->key.k, sizeof(q->key.k), id, strlen(id),
                       "pridvor queue item", e);
}

static void key_wipe(struct seal_key *k)
{
    wipe(k, sizeof(*k));
}

enum rc queue_seal(const struct queue *q, struct arena *a, struct label l, struct bytes in, struct bytes *out,
                   struct err *e)
{
    struct seal_key key SCOPED(key_wipe);
    TRY(item_key(q, l.id, &key, e));
    const char *aad = arena_fmt(a, "%s|%s", l.id, l.kind);
    uint8_t *sealed = arena_alloc(a, in.len + GCM_NONCE + GCM_TAG);
    TRY(seal(&key, aad, strlen(aad), in.p, in.len, sealed, e));
    *out = (struct bytes){sealed, in.len + GCM_NONCE + GCM_TAG};
    return RC_OK;
}

enum rc queue_unseal(const struct queue *q, struct arena *a, struct label l, struct bytes sealed,
                     struct queue_item *out, struct err *e)
{
    struct seal_key key SCOPED(key_wipe);
    if (!sealed.p || sealed.len < GCM_NONCE + GCM_TAG)
        return err_code(e, RC_IO, "QUEUE_SEAL", (int64_t)sealed.len, "item is too short for a seal");
    TRY(item_key(q, l.id, &key, e));
    const char *aad = arena_fmt(a, "%s|%s", l.id, l.kind);
    char *body = arena_alloc(a, sealed.len + 1);
    size_t n = 0;
    if (unseal(&key, aad, strlen(aad), sealed.p, sealed.len, (uint8_t *)body, &n, e) != RC_OK)
        return err_code(e, RC_IO, "QUEUE_SEAL", (int64_t)sealed.len, "item does not unseal");
    body[n] = '\0';
    out->body = body;
    out->len = n;
    return RC_OK;
}

struct bytes queue_column(sqlite3_stmt *st, int col)
{
    const void *p = sqlite3_column_blob(st, col);
    return (struct bytes){p, (size_t)sqlite3_column_bytes(st, col)};
}

/* Opening. */
static enum rc key_load(struct queue *q, const struct queue_conf *c, bool fresh, struct err *e)
{
    struct stat st;
    if (stat(c->key_path, &st) != 0) {
        if (errno != ENOENT || !fresh)
            return err_code(e, RC_IO, "QUEUE_KEY", errno, "key %s of an existing queue cannot be read",
                            c->key_path);
        TRY(rnd_bytes(q->key.k, sizeof(q->key.k), e));
        return fs_write(c->key_path, q->key.k, sizeof(q->key.k), 0600, e);
    }
    if (st.st_mode & 077)
        return err_code(e, RC_DENIED, "QUEUE_KEY", st.st_mode & 0777,
                        "%s must not be readable by others (chmod 600)", c->key_path);
    ARENA_SCOPE(a);
    char *p;
    size_t len;
    TRY(fs_read(a, c->key_path, sizeof(q->key.k), &p, &len, e));
    if (len != sizeof(q->key.k))
        return err_code(e, RC_IO, "QUEUE_KEY", (int64_t)len, "%s is not a key of 32 bytes", c->key_path);
    memcpy(q->key.k, p, len);
    return RC_OK;
}

static enum rc pragmas(struct queue *q, const struct queue_conf *c, struct err *e)
{
    char sql[512];
    q->max_pages = (c->max_bytes ? c->max_bytes : MAX_BYTES) / PAGE;
    /* Exclusive: one kioskd per queue, and the WAL index lives in memory, where a power cut cannot spoil it.
     */
    snprintf(
        sql, sizeof(sql),
        "PRAGMA page_size=%d;PRAGMA locking_mode=EXCLUSIVE;PRAGMA journal_mode=WAL;PRAGMA synchronous=%s;"
        "PRAGMA secure_delete=ON;PRAGMA wal_autocheckpoint=64;PRAGMA journal_size_limit=1048576;"
        "PRAGMA max_page_count=%lld;PRAGMA temp_store=MEMORY;PRAGMA cell_size_check=ON;"
        "PRAGMA trusted_schema=OFF;",
        PAGE, c->synchronous ? c->synchronous : "FULL", (long long)q->max_pages);
    return sqlite3_exec(q->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? RC_OK
               : queue_sql_fail(q, "opening the queue", e);
}

static enum rc check(struct queue *q, struct err *e)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(q->db, "PRAGMA quick_check(1)", -1, &st, NULL) != SQLITE_OK)
        return queue_sql_fail(q, "checking the queue", e);
    bool ok = sqlite3_step(st) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
    sqlite3_finalize(st);
    return ok ? RC_OK : err_code(e, RC_IO, "QUEUE_DAMAGED", 0, "the queue file is damaged");
}

static enum rc user_version(struct queue *q, int *out, struct err *e)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(q->db, "PRAGMA user_version", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        enum rc rc = queue_sql_fail(q, "reading the queue", e);
        sqlite3_finalize(st);
        return rc;
    }
    *out = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return RC_OK;
}

/* Tables and the proof of the key in one transaction: a queue exists whole or not at all. */
static enum rc create(struct queue *q, struct err *e)
{
    ARENA_SCOPE(a);
    struct bytes sealed;
    TRY(queue_seal(q, a, (struct label){"proof", "meta"}, (struct bytes){PROOF, strlen(PROOF)}, &sealed, e));
    if (sqlite3_exec(q->db, schema, NULL, NULL, NULL) != SQLITE_OK)
        return queue_sql_fail(q, "making the queue", e);
    sqlite3_stmt *st = NULL;
    bool ok = sqlite3_prepare_v2(q->db, "INSERT INTO meta VALUES('proof',?1)", -1, &st, NULL) == SQLITE_OK;
    if (ok) {
        sqlite3_bind_blob64(st, 1, sealed.p, sealed.len, SQLITE_STATIC);
        ok = sqlite3_step(st) == SQLITE_DONE;
        sqlite3_finalize(st);
    }
    return ok && sqlite3_exec(q->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK
               ? RC_OK
               : queue_sql_fail(q, "making the queue", e);
}

static enum rc prove(struct queue *q, struct err *e)
{
    ARENA_SCOPE(a);
    struct queue_item item;
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(q->db, "SELECT value FROM meta WHERE name='proof'", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        sqlite3_finalize(st);
        return err_code(e, RC_IO, "QUEUE_DAMAGED", 0, "the queue has no proof of its key");
    }
    enum rc rc = queue_unseal(q, a, (struct label){"proof", "meta"}, queue_column(st, 0), &item, e);
    sqlite3_finalize(st);
    return rc == RC_OK ? RC_OK : err_code(e, RC_DENIED, "QUEUE_KEY", 0, "the key does not open this queue");
}

static enum rc open_db(struct queue *q, const struct queue_conf *c, struct err *e)
{
    char uri[600];
    /* psow=0: a sector may be hurt by a write beside it, so SQLite fills sectors up before it calls them
     * safe. */
    snprintf(uri, sizeof(uri), "file:%s?psow=%d", c->path, c->powersafe);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(uri, &q->db, flags, c->vfs) != SQLITE_OK)
        return queue_sql_fail(q, c->path, e);
    sqlite3_busy_timeout(q->db, BUSY_MS);
    TRY(pragmas(q, c, e));
    TRY(check(q, e));
    int version = 0;
    TRY(user_version(q, &version, e));
    if (version > 2)
        return err_code(e, RC_UNSUPPORTED, "QUEUE_VERSION", version, "the queue was made by a newer kioskd");
    if (version == 0)
        TRY(create(q, e));
    if (version < 2 && sqlite3_exec(q->db, schema_2, NULL, NULL, NULL) != SQLITE_OK)
        return queue_sql_fail(q, "adding attachments to the queue", e);
    TRY(prove(q, e));
    for (int i = 0; i < S_COUNT_OF; i++)
        if (sqlite3_prepare_v3(q->db, stmt_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &q->st[i], NULL) !=
            SQLITE_OK)
            return queue_sql_fail(q, "preparing the queue", e);
    /* A change that was on its way when the power went may be read back now without ever having been synced,
     * and a torn write behind it in the log could still take it away: first into the database with it. */
    if (sqlite3_wal_checkpoint_v2(q->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
        return queue_sql_fail(q, "settling the queue", e);
    if (sqlite3_exec(q->db, "UPDATE journal SET outcome='unknown' WHERE outcome='started'", NULL, NULL, NULL))
        return queue_sql_fail(q, "closing the journal", e);
    q->unknown = sqlite3_changes(q->db);
    return RC_OK;
}

/* The folder's entry of a new file is only safe when the folder itself is on disk. */
static void sync_folder(const char *path)
{
    char dir[512];
    snprintf(dir, sizeof(dir), "%s", path);
    char *slash = strrchr(dir, '/');
    if (slash)
        *slash = '\0';
    int fd SCOPED(fd_closep) = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        log_warn("event=queue_folder_sync errno=%d", errno);
}

enum rc queue_open(const struct queue_conf *conf, struct queue **out, struct err *e)
{
    struct queue *q SCOPED(queue_closep) = calloc(1, sizeof(*q));
    if (!q)
        return err_set(e, RC_INTERNAL, "no memory");
    bool real = !conf->vfs;
    bool fresh = !real || !fs_exists(conf->path);
    TRY(key_load(q, conf, fresh, e));
    if (real && fresh) { /* SQLite gives the WAL the mode of the file it finds */
        int fd SCOPED(fd_closep) = open(conf->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0)
            return err_set(e, RC_IO, "%s: %s", conf->path, strerror(errno));
    }
    if (real)
        snprintf(q->reserve, sizeof(q->reserve), "%s.reserve", conf->path);
    TRY(open_db(q, conf, e));
    if (real && fresh)
        sync_folder(conf->path);
    reserve_fill(q);
    *out = q;
    q = NULL;
    return RC_OK;
}

void queue_close(struct queue *q)
{
    if (!q)
        return;
    for (int i = 0; i < S_COUNT_OF; i++)
        sqlite3_finalize(q->st[i]);
    sqlite3_close(q->db);
    wipe(q, sizeof(*q));
    free(q);
}

void queue_closep(struct queue **q)
{
    queue_close(*q);
}

/* Items. */
static enum rc has_room(struct queue *q, size_t len, struct err *e)
{
    STMT(st, S_PAGES, NULL);
    if (sqlite3_step(st) != SQLITE_ROW)
        return queue_sql_fail(q, "measuring the queue", e);
    int64_t used = sqlite3_column_int64(st, 0), need = (int64_t)(len / PAGE) + 4;
    if (used + need + SPARE_PAGES > q->max_pages)
        return err_code(e, RC_NO_SPACE, "QUEUE_FULL", used, "the queue has reached its size");
    return RC_OK;
}

/* Answers are kept for a day for the citizen's sake; a new request matters more. */
enum rc queue_make_room(struct queue *q, size_t len, struct err *e)
{
    struct err full = {0};
    enum rc rc = has_room(q, len, &full);
    if (rc != RC_NO_SPACE)
        return rc;
    log_warn("event=queue_full pages=%lld", (long long)full.detail);
    TRY(queue_prune(q, INT64_MAX, e));
    return has_room(q, len, e);
}

enum rc queue_insert(struct queue *q, const char *id, struct bytes body, struct err *e)
{
    ARENA_SCOPE(a);
    struct bytes sealed;
    TRY(queue_seal(q, a, (struct label){id, "request"}, body, &sealed, e));
    STMT(st, S_PUT, id);
    sqlite3_bind_int64(st, 2, unix_ms());
    sqlite3_bind_blob64(st, 3, sealed.p, sealed.len, SQLITE_STATIC);
    return queue_run(q, st, "writing an item", e);
}

enum rc queue_put(struct queue *q, const char *id, const void *body, size_t len, struct err *e)
{
    return queue_put_with(q, id, BYTES(body, len), (struct queue_blobs){NULL, 0}, e);
}

static enum rc row(const struct queue *q, struct arena *a, sqlite3_stmt *st, struct queue_item *out,
                   struct err *e)
{
    struct queue_item item = {0};
    snprintf(item.id, sizeof(item.id), "%s", (const char *)sqlite3_column_text(st, 0));
    item.state = (enum queue_state)sqlite3_column_int(st, 1);
    item.made_ms = sqlite3_column_int64(st, 2);
    item.tries = sqlite3_column_int64(st, 3);
    memcpy(out->id, item.id, sizeof(item.id)); /* also when the seal is broken: the caller must name it */
    struct label l = {item.id, item.state == QUEUE_ACKED ? "answer" : "request"};
    TRY(queue_unseal(q, a, l, queue_column(st, 4), &item, e));
    *out = item;
    return RC_OK;
}

enum rc queue_next(struct queue *q, struct arena *a, struct queue_item *out, bool *found, struct err *e)
{
    for (;;) {
        struct queue_item item = {0};
        enum rc rc;
        {
            STMT(st, S_NEXT, NULL);
            int got = sqlite3_step(st);
            if (got == SQLITE_DONE) {
                *found = false;
                return RC_OK;
            }
            if (got != SQLITE_ROW)
                return queue_sql_fail(q, "reading the queue", e);
            rc = row(q, a, st, &item, e);
        }
        if (rc == RC_OK) {
            *out = item;
            *found = true;
            return RC_OK;
        }
        log_error("event=queue_broken_item id=%s", item.id);
        TRY(queue_dead(q, item.id, "QUEUE_SEAL", e));
    }
}

enum rc queue_get(struct queue *q, struct arena *a, const char *id, struct queue_item *out, struct err *e)
{
    STMT(st, S_GET, id);
    int got = sqlite3_step(st);
    if (got == SQLITE_DONE)
        return err_set(e, RC_NOT_FOUND, "no such item");
    if (got != SQLITE_ROW)
        return queue_sql_fail(q, "reading an item", e);
    return row(q, a, st, out, e);
}

enum rc queue_sent(struct queue *q, const char *id, struct err *e)
{
    STMT(st, S_SENT, id);
    return queue_run_spared(q, st, "marking an item sent", e);
}

enum rc queue_retry(struct queue *q, const char *id, struct err *e)
{
    STMT(st, S_RETRY, id);
    return queue_run_spared(q, st, "marking an item", e);
}

enum rc queue_ack(struct queue *q, const char *id, const void *answer, size_t len, struct err *e)
{
    ARENA_SCOPE(a);
    struct bytes sealed;
    TRY(queue_seal(q, a, (struct label){id, "answer"}, (struct bytes){answer, len}, &sealed, e));
    STMT(st, S_ACK, id);
    sqlite3_bind_blob64(st, 2, sealed.p, sealed.len, SQLITE_STATIC);
    TRY(queue_run_spared(q, st, "acknowledging an item", e));
    STMT(blobs, S_BLOB_CLEAR, id); /* what a power cut leaves behind here goes with the next prune */
    return queue_run_spared(q, blobs, "dropping attachments", e);
}

enum rc queue_dead(struct queue *q, const char *id, const char *why, struct err *e)
{
    STMT(st, S_DEAD, id);
    sqlite3_bind_text(st, 2, why, -1, SQLITE_STATIC);
    return queue_run_spared(q, st, "putting an item aside", e);
}

enum rc queue_prune(struct queue *q, int64_t before_ms, struct err *e)
{
    STMT(blobs, S_PRUNE_BLOBS, NULL);
    TRY(queue_run_spared(q, blobs, "pruning", e));
    STMT(items, S_PRUNE, NULL);
    sqlite3_bind_int64(items, 1, before_ms);
    TRY(queue_run_spared(q, items, "pruning", e));
    STMT(journal, S_JOURNAL_PRUNE, NULL);
    sqlite3_bind_int64(journal, 1, before_ms);
    return queue_run_spared(q, journal, "pruning", e);
}

enum rc queue_counts(struct queue *q, int64_t counts[QUEUE_STATES], struct err *e)
{
    STMT(st, S_COUNT, NULL);
    int64_t n[QUEUE_STATES] = {0};
    int got;
    while ((got = sqlite3_step(st)) == SQLITE_ROW) {
        int state = sqlite3_column_int(st, 0);
        if (state >= 0 && state < QUEUE_STATES)
            n[state] = sqlite3_column_int64(st, 1);
    }
    if (got != SQLITE_DONE)
        return queue_sql_fail(q, "counting", e);
    memcpy(counts, n, sizeof(n));
    return RC_OK;
}

enum rc queue_each(struct queue *q, void (*fn)(const struct queue_item *item, const char *why, void *user),
                   void *user, struct err *e)
{
    STMT(st, S_EACH, NULL);
    int got;
    while ((got = sqlite3_step(st)) == SQLITE_ROW) {
        struct queue_item item = {0};
        snprintf(item.id, sizeof(item.id), "%s", (const char *)sqlite3_column_text(st, 0));
        item.state = (enum queue_state)sqlite3_column_int(st, 1);
        item.made_ms = sqlite3_column_int64(st, 2);
        item.tries = sqlite3_column_int64(st, 3);
        fn(&item, (const char *)sqlite3_column_text(st, 4), user);
    }
    return got == SQLITE_DONE ? RC_OK : queue_sql_fail(q, "listing", e);
}

const char *queue_state_name(enum queue_state s)
{
    static const char *const names[] = {"queued", "sent", "acknowledged", "dead"};
    return (unsigned)s < COUNT(names) ? names[s] : "?";
}

/* Journal. */
enum rc queue_journal(struct queue *q, const char *item, const char *verb, const char *process_id, int64_t *n,
                      struct err *e)
{
    STMT(st, S_JOURNAL, item);
    sqlite3_bind_text(st, 2, verb, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 3, process_id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 4, unix_ms());
    TRY(queue_run_spared(q, st, "writing the journal", e));
    *n = sqlite3_last_insert_rowid(q->db);
    return RC_OK;
}

enum rc queue_journal_end(struct queue *q, int64_t n, const char *outcome, struct err *e)
{
    STMT(st, S_JOURNAL_END, NULL);
    sqlite3_bind_int64(st, 1, n);
    sqlite3_bind_text(st, 2, outcome, -1, SQLITE_STATIC);
    return queue_run_spared(q, st, "closing a journal row", e);
}

enum rc queue_journal_copies(struct queue *q, const char *item, int64_t *n, struct err *e)
{
    STMT(st, S_JOURNAL_COPIES, item);
    if (sqlite3_step(st) != SQLITE_ROW)
        return queue_sql_fail(q, "reading the journal", e);
    *n = sqlite3_column_int64(st, 0);
    return RC_OK;
}

int64_t queue_journal_unknown(const struct queue *q)
{
    return q->unknown;
}
