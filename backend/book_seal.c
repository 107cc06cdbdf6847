#include "backend/book_seal.h"

#include <string.h>

#include "backend/doc.h"
#include "backend/registry.h"
#include "common/base/log.h"

enum { GRACE_MS = 60000, EVERY_MS = 60000, FIRST_MS = 5000 };

/* Bucharest is two or three hours ahead: midnight there is 22:00 or 21:00 UTC of the day before. */
static int64_t midnight_ms(struct date day)
{
    int64_t utc = date_days(day) * INT64_C(86400000);
    int64_t winter = utc - 2 * INT64_C(3600000), summer = utc - 3 * INT64_C(3600000);
    return date_cmp(date_of_ms(summer), day) == 0 ? summer : winter;
}

enum rc book_seal_one(struct work *w, const struct book_name *b, struct date today, int *pages, int64_t *gap,
                      struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_result *missing SCOPED(db_result_freep) = NULL;
    char day[11], now[25];
    struct db_param p[] = {DB_STR(b->institution), DB_STR(b->reg), DB_STR(b->year), DB_STR(day), DB_STR(now)};

    date_iso(day, today);
    iso_utc(now, w->now_ms());
    TRY(work_sql(w, SQL_BOOK_SEAL, p, &r, e));
    *pages = (int)db_int(r, 0, 0);
    *gap = 0;
    if (db_is_null(r, 0, 1))
        return RC_OK;
    struct db_param q[] = {DB_STR(b->institution), DB_STR(b->reg), DB_STR(b->year), DB_STR(db_text(r, 0, 1))};
    TRY(work_sql(w, SQL_BOOK_MISSING, q, &missing, e));
    *gap = db_int(missing, 0, 0);
    return RC_OK;
}

static enum rc seal_one(struct work *w, const struct book_name *b, struct book_sealed *out, struct err *e)
{
    struct db_result *mine SCOPED(db_result_freep) = NULL;
    int64_t gap;
    int pages;

    TRY(work_sql(w, SQL_BOOK_LOCK, NULL, &mine, e));
    if (db_text(mine, 0, 0)[0] != 't')
        return err_set(e, RC_BUSY, "another process is sealing the registers");
    TRY(book_seal_one(w, b, date_of_ms(w->now_ms() - GRACE_MS), &pages, &gap, e));
    if (gap && out->gaps++ == 0)
        snprintf(out->gap, sizeof(out->gap), "%s %s %s: number %lld is missing", b->institution, b->reg,
                 b->year, (long long)gap);
    if (pages == 0)
        return RC_OK;
    out->pages += pages;
    out->books++;
    const struct work_log log = {b->institution, NULL, "register sealed",
                                 arena_fmt(w->a, "%s/%s pages %d", b->reg, b->year, pages)};
    return work_audit(w, &actor_system, &log, e);
}

enum rc book_seal(struct work *w, struct book_sealed *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char since[25];
    struct db_param p[] = {DB_STR(since)};

    memset(out, 0, sizeof(*out));
    iso_utc(since, midnight_ms(date_of_ms(w->now_ms() - GRACE_MS)));
    TRY(work_sql(w, SQL_BOOK_YEARS_OPEN, NULL, NULL, e));
    TRY(work_sql(w, SQL_BOOK_UNSEALED, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        const struct book_name b = {db_text(r, i, 0), db_text(r, i, 1), db_text(r, i, 2)};
        TRY(work_begin(w, e));
        TRY(work_end(w, seal_one(w, &b, out, e), e));
    }
    return RC_OK;
}

/* ---- in registryd ---- */

static enum rc seal_job(struct work *w, void *user, struct err *e)
{
    struct book_sealer *s = user;
    TRY(book_seal(w, &s->last, e));
    TRY(doc_seal_old(w, e));
    return doc_sweep(w, e);
}

static void seal_done(const struct err *e, void *user)
{
    struct book_sealer *s = user;

    s->busy = false;
    if (e->rc == RC_OK && s->last.pages)
        log_info("event=registers_sealed pages=%d books=%d", s->last.pages, s->last.books);
    if (e->rc == RC_OK && s->last.gaps && !s->said)
        log_error("event=register_gap books=%d first=\"%s\"", s->last.gaps, s->last.gap);
    s->said = e->rc == RC_OK && s->last.gaps > 0;
    if (e->rc != RC_OK && e->rc != RC_BUSY && !s->late)
        log_err(e, "event=registers_not_sealed");
    s->late = e->rc != RC_OK && e->rc != RC_BUSY;
}

static void on_tick(uv_timer_t *t)
{
    struct registry *g = t->data;
    struct book_sealer *s = &g->book;
    const struct room_job job = {seal_job, seal_done, s};

    if (!s->busy && g->room)
        s->busy = room_run(g->room, &job, NULL) == RC_OK;
}

void book_start(struct registry *g)
{
    g->book.timer.data = g;
    g->book.begun = true;
    uv_timer_init(g->loop, &g->book.timer);
    uv_timer_start(&g->book.timer, on_tick, FIRST_MS, EVERY_MS);
}

void book_stop(struct registry *g)
{
    if (g->book.begun)
        uv_close((uv_handle_t *)&g->book.timer, NULL);
    g->book.begun = false;
}
