/* Requests from before the seals; see migrations/0020_sealed.sql. */
#include <string.h>

#include "backend/sealed.h"
#include "backend/sql.h"
#include "common/base/text.h"

static enum rc query(struct db_sync *s, enum sql_id id, const struct db_param *p, struct db_result **out,
                     struct err *e)
{
    return db_sync_query(s, sql_text(id), p, sql_table[id].nparams, out, e);
}

/* The column's plain bytes, behind the mark, become a seal in hex. */
static enum rc seal_column(struct arena *a, const struct seal_key *key, const struct sealed_at *at,
                           const char *hex, const char **out, struct err *e)
{
    size_t n = 0, cap = strlen(hex) / 2 + 1;
    uint8_t *plain = arena_alloc(a, cap);
    struct bytes sealed;

    if (strncmp(hex, "\\x00", 4) != 0 || !hex_decode(plain, cap, &n, hex + 4))
        return err_set(e, RC_STATE, "%s of %s: not text to seal", at->column, at->id);
    TRY(sealed_request_seal(a, key, at, BYTES(plain, n), &sealed, e));
    char *text = arena_alloc(a, 2 * sealed.len + 1);
    hex_encode(text, sealed.p, sealed.len);
    *out = text;
    return RC_OK;
}

static enum rc seal_row(struct db_sync *s, const struct seal_key *key, const struct db_result *r, int row,
                        struct err *e)
{
    const char *id = db_text(r, row, 0), *request, *signature;
    ARENA_SCOPE(a);

    TRY(seal_column(a, key, &(struct sealed_at){id, "request"}, db_text(r, row, 1), &request, e));
    TRY(seal_column(a, key, &(struct sealed_at){id, "signature"}, db_text(r, row, 2), &signature, e));
    struct db_param p[] = {DB_STR(id), DB_STR(request), DB_STR(signature)};
    return query(s, SQL_SEAL_ROW, p, NULL, e);
}

/* One page in one transaction; last: the id it ended with. */
static enum rc seal_page(struct db_sync *s, const struct seal_key *key, char last[UUID_LEN], int *n,
                         struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(last)};

    TRY(db_sync_script(s, "BEGIN", e));
    TRY(query(s, SQL_SEAL_ROWS, p, &r, e));
    *n = db_rows(r);
    for (int i = 0; i < *n; i++)
        TRY(seal_row(s, key, r, i, e));
    if (*n)
        memcpy(last, db_text(r, *n - 1, 0), UUID_LEN);
    return db_sync_script(s, "COMMIT", e);
}

enum rc sealed_old(const char *conninfo, const struct seal_key *key, int64_t *n, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *due SCOPED(db_result_freep) = NULL;
    char last[UUID_LEN] = "00000000-0000-0000-0000-000000000000";
    int page;

    *n = 0;
    TRY(db_sync_open(conninfo, &s, e));
    TRY(db_sync_script(s, "SELECT pg_advisory_lock(7210043)", e)); /* one process does it, the others wait */
    TRY(query(s, SQL_SEAL_DUE, NULL, &due, e));
    if (db_rows(due) == 0)
        return RC_OK;
    do {
        TRY(seal_page(s, key, last, &page, e));
        *n += page;
    } while (page > 0);
    TRY(db_sync_script(s, "VACUUM (FULL, ANALYZE) request", e));
    return query(s, SQL_SEAL_DONE, NULL, NULL, e);
}
