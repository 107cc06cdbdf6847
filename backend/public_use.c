/* What may be used up: counted under its row's lock, so that many at once get no more than one after the
 * other. */
#include <stdlib.h>
#include <string.h>

#include "backend/public.h"

enum { FORGET_DAYS = 7, ROWS_MAX = 4 };

struct used {
    const char *key;
    int64_t since_ms, used, times, until_ms;
};

static const char *number(struct arena *a, int64_t v)
{
    return arena_fmt(a, "%lld", (long long)v);
}

static enum rc rows_of(struct work *w, const char *keys, struct used *out, size_t max, size_t *n,
                       struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char now[25];
    iso_utc(now, w->now_ms());
    struct db_param open[] = {DB_STR(keys), DB_STR(now)}, lock[] = {DB_STR(keys)};

    TRY(work_sql(w, SQL_PUBLIC_USE_OPEN, open, NULL, e));
    TRY(work_sql(w, SQL_PUBLIC_USE_LOCK, lock, &r, e));
    for (*n = 0; *n < (size_t)db_rows(r) && *n < max; (*n)++) {
        int i = (int)*n;
        out[i] = (struct used){arena_str(w->a, db_text(r, i, 0)), db_int(r, i, 1), db_int(r, i, 2),
                               db_int(r, i, 3), db_int(r, i, 4)};
    }
    return RC_OK;
}

static struct used *row_of(struct used *rows, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

/* The pause doubles each time, and is forgotten after a quiet week. */
static void count(struct used *u, const struct allowance *a, int64_t now)
{
    const int64_t window = (int64_t)a->window_s * 1000;

    if (u->times > 0 && u->until_ms + FORGET_DAYS * 86400000LL <= now)
        u->times = 0;
    if (u->since_ms + window <= now) {
        u->since_ms = now;
        u->used = 0;
    }
    if (a->clear)
        u->used = u->times = 0;
    u->used += a->amount;
    if (u->used < a->most)
        return;
    int64_t pause = a->pause_s ? (int64_t)a->pause_s * 1000 << (u->times < 10 ? u->times : 10) : 0;
    u->until_ms = pause == 0 ? u->since_ms + window : now + (pause < 86400000 ? pause : 86400000);
    u->times += u->times < 10;
    u->used = 0;
    u->since_ms = u->until_ms;
}

static enum rc counted(struct work *w, const struct allowance *a, size_t n, struct err *e)
{
    struct used rows[ROWS_MAX];
    const char *keys = "{";
    size_t n_rows;
    int64_t now = w->now_ms(), until = 0;

    for (size_t i = 0; i < n; i++)
        keys = arena_fmt(w->a, "%s%s%s", keys, i ? "," : "", a[i].key);
    TRY(rows_of(w, arena_fmt(w->a, "%s}", keys), rows, COUNT(rows), &n_rows, e));
    if (n_rows != n)
        return err_set(e, RC_INTERNAL, "%zu rows for %zu keys", n_rows, n);
    for (size_t i = 0; i < n; i++)
        if (rows[i].until_ms > now && rows[i].until_ms > until)
            until = rows[i].until_ms;
    if (until)
        return err_code(e, RC_LIMIT, "LOCKED", until, "used up");
    for (size_t i = 0; i < n; i++) {
        struct used *u = row_of(rows, n_rows, a[i].key);
        count(u, &a[i], now);
        struct db_param p[] = {DB_STR(u->key), DB_STR(number(w->a, u->since_ms)),
                               DB_STR(number(w->a, u->used)), DB_STR(number(w->a, u->times)),
                               DB_STR(number(w->a, u->until_ms))};
        TRY(work_sql(w, SQL_PUBLIC_USE_SAVE, p, NULL, e));
    }
    return RC_OK;
}

enum rc public_use(struct work *w, const struct allowance *a, size_t n, struct err *e)
{
    TRY(work_begin(w, e));
    return work_end(w, counted(w, a, n, e), e);
}
