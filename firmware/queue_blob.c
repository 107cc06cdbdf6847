/* Attachments: sealed like their item, under the item's key, their hash bound into the seal. */
#include "firmware/queue_priv.h"

#include <stdio.h>
#include <string.h>

static const char *kind_of(struct arena *a, const char *sha256)
{
    return arena_fmt(a, "blob|%s", sha256);
}

static enum rc insert_blob(struct queue *q, const char *id, const struct queue_blob *b, struct err *e)
{
    ARENA_SCOPE(a);
    struct bytes sealed;
    TRY(queue_seal(q, a, (struct label){id, kind_of(a, b->sha256)}, b->data, &sealed, e));
    STMT(st, S_BLOB_PUT, id);
    sqlite3_bind_text(st, 2, b->sha256, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 3, (int64_t)b->data.len);
    sqlite3_bind_blob64(st, 4, sealed.p, sealed.len, SQLITE_STATIC);
    return queue_run(q, st, "writing an attachment", e);
}

/* What stands between BEGIN and COMMIT. */
static enum rc write_all(struct queue *q, const char *id, struct bytes body, struct queue_blobs blobs,
                         struct err *e)
{
    TRY(queue_insert(q, id, body, e));
    if (sqlite3_changes(q->db) == 0)
        return RC_OK; /* already sent: nothing of it may change any more */
    STMT(clear, S_BLOB_CLEAR, id);
    TRY(queue_run(q, clear, "replacing attachments", e));
    for (size_t i = 0; i < blobs.n; i++)
        TRY(insert_blob(q, id, &blobs.list[i], e));
    return RC_OK;
}

static enum rc command(struct queue *q, enum stmt_id which, struct err *e)
{
    STMT(st, which, NULL);
    return queue_run(q, st, "writing an item", e);
}

enum rc queue_put_with(struct queue *q, const char *id, struct bytes body, struct queue_blobs blobs,
                       struct err *e)
{
    size_t all = body.len;
    for (size_t i = 0; i < blobs.n; i++)
        all += blobs.list[i].data.len + PAGE;
    if (!uuid_valid(id))
        return err_set(e, RC_BAD_REQUEST, "item id is no UUID");
    TRY(queue_make_room(q, all, e));
    TRY(command(q, S_BEGIN, e));
    enum rc rc = write_all(q, id, body, blobs, e);
    if (rc == RC_OK)
        rc = command(q, S_COMMIT, e);
    if (rc != RC_OK && !sqlite3_get_autocommit(q->db) && command(q, S_ROLLBACK, NULL) != RC_OK)
        log_error("event=queue_rollback id=%s", id);
    return rc;
}

enum rc queue_blob_next(struct queue *q, struct arena *a, const char *id, struct queue_blob *out, bool *found,
                        struct err *e)
{
    struct queue_item content = {0};
    struct queue_blob b = {0};
    STMT(st, S_BLOB_NEXT, id);
    int got = sqlite3_step(st);
    *found = got == SQLITE_ROW;
    if (got == SQLITE_DONE)
        return RC_OK;
    if (got != SQLITE_ROW)
        return queue_sql_fail(q, "reading an attachment", e);
    snprintf(b.sha256, sizeof(b.sha256), "%s", (const char *)sqlite3_column_text(st, 0));
    TRY(queue_unseal(q, a, (struct label){id, kind_of(a, b.sha256)}, queue_column(st, 1), &content, e));
    b.data = BYTES(content.body, content.len);
    *out = b;
    return RC_OK;
}

enum rc queue_blob_sent(struct queue *q, const char *id, const char *sha256, struct err *e)
{
    STMT(st, S_BLOB_SENT, id);
    sqlite3_bind_text(st, 2, sha256, -1, SQLITE_STATIC);
    return queue_run_spared(q, st, "marking an attachment sent", e);
}

enum rc queue_blobs_again(struct queue *q, const char *id, struct err *e)
{
    STMT(st, S_BLOB_AGAIN, id);
    return queue_run_spared(q, st, "sending attachments again", e);
}

enum rc queue_blob_count(struct queue *q, const char *id, int64_t *n, int64_t *bytes, struct err *e)
{
    STMT(st, S_BLOB_COUNT, id);
    if (sqlite3_step(st) != SQLITE_ROW)
        return queue_sql_fail(q, "counting attachments", e);
    *n = sqlite3_column_int64(st, 0);
    *bytes = sqlite3_column_int64(st, 1);
    return RC_OK;
}

bool queue_has_room(struct queue *q, size_t bytes)
{
    struct err e;
    return queue_make_room(q, bytes, &e) == RC_OK;
}
