#include "backend/audit.h"

#include "backend/sql.h"
#include "common/base/log.h"

/* Each round reads what is sealed since the mark, so few large ones after a long rest. */
#define SEAL_MOST_TEXT "10000"
enum { SEAL_EVERY_MS = 1000, SEAL_DEADLINE_MS = 30000 };

static void seal(struct audit_sealer *s);

static void on_sealed(const struct db_reply *r, void *user)
{
    struct audit_sealer *s = user;
    bool closing = uv_is_closing((uv_handle_t *)&s->timer);
    bool full = r->rows && db_int(r->rows, 0, 0) == AUDIT_SEAL_MOST;

    s->busy = false;
    if (!r->rows && !s->late && !closing)
        log_err(&r->err, "event=audit_not_sealed");
    s->late = !r->rows;
    if (r->rows && !full && db_int(r->rows, 0, 0) >= 0)
        s->again = false;
    if (full && !closing)
        seal(s);
}

static void seal(struct audit_sealer *s)
{
    struct db_param p[] = {DB_STR(SEAL_MOST_TEXT), DB_STR(s->again ? "true" : "false")};

    s->busy = db_send(s->db, SQL_AUDIT_SEAL, p, SEAL_DEADLINE_MS, on_sealed, s, NULL) == RC_OK;
}

static void on_tick(uv_timer_t *t)
{
    struct audit_sealer *s = t->data;

    if (!s->busy && db_up(s->db))
        seal(s);
}

void audit_sealer_start(struct audit_sealer *s, uv_loop_t *loop, struct db *db)
{
    s->db = db;
    s->again = true;
    s->timer.data = s;
    uv_timer_init(loop, &s->timer);
    uv_timer_start(&s->timer, on_tick, SEAL_EVERY_MS, SEAL_EVERY_MS);
}

enum rc audit_seal_all(struct db_sync *s, struct err *e)
{
    struct db_param p[] = {DB_STR(SEAL_MOST_TEXT), DB_STR("true")};
    int64_t n;

    do {
        struct db_result *r SCOPED(db_result_freep) = NULL;
        TRY(db_sync_query(s, sql_text(SQL_AUDIT_SEAL), p, COUNT(p), &r, e));
        n = db_int(r, 0, 0);
    } while (n == AUDIT_SEAL_MOST);
    return n < 0 ? err_set(e, RC_BUSY, "another process is sealing the audit") : RC_OK;
}
