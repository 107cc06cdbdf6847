#include "backend/db_priv.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* First match wins. 22 and 23 are the fault of the data, the rest passes by itself or needs a person. */
static const struct {
    const char *state;
    enum rc rc;
} states[] = {
    {"53100", RC_NO_SPACE}, {"08", RC_UNAVAILABLE}, {"53", RC_UNAVAILABLE},    {"57", RC_UNAVAILABLE},
    {"40", RC_UNAVAILABLE}, {"58", RC_UNAVAILABLE}, {"25006", RC_UNAVAILABLE}, {"55P03", RC_UNAVAILABLE},
    {"22", RC_BAD_FIELD},   {"23", RC_BAD_FIELD},
};

static enum rc rc_of_state(const char *state)
{
    for (size_t i = 0; i < COUNT(states); i++)
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
            return states[i].rc;
    return RC_INTERNAL;
}

/* The message of class 22 quotes the value at fault, which may be personal: only its code and place are told.
 */
enum rc db_error(const struct db_result *of, char state[6], struct err *e)
{
    const PGresult *r = (const PGresult *)of;
    const char *s = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);

    state[0] = 0;
    if (!s)
        return err_set(e, RC_UNAVAILABLE, "database: %.200s", PQresultErrorMessage(r));
    memcpy(state, s, 5);
    state[5] = 0;
    bool quotes = strncmp(s, "22", 2) == 0;
    return err_set(e, rc_of_state(s), "database: %s%s%s %.180s", s, constraint ? " " : "",
                   constraint ? constraint : "", quotes || !text ? "" : text);
}

void db_params(struct db_params *out, const struct db_param *p, int n)
{
    for (int i = 0; i < n && i < PARAMS_MAX; i++) {
        out->values[i] = p[i].p;
        out->lengths[i] = p[i].len;
        out->formats[i] = p[i].binary;
    }
}

static const PGresult *pg_of(const struct db_result *r)
{
    return (const PGresult *)r;
}

int db_rows(const struct db_result *r)
{
    return PQntuples(pg_of(r));
}

bool db_is_null(const struct db_result *r, int row, int col)
{
    return PQgetisnull(pg_of(r), row, col) == 1;
}

const char *db_text(const struct db_result *r, int row, int col)
{
    return db_is_null(r, row, col) ? NULL : PQgetvalue(pg_of(r), row, col);
}

int64_t db_int(const struct db_result *r, int row, int col)
{
    return strtoll(PQgetvalue(pg_of(r), row, col), NULL, 10);
}

bool db_same(const struct db_result *a, const struct db_result *b)
{
    int rows = db_rows(a), cols = PQnfields(pg_of(a));
    bool same = rows == db_rows(b) && cols == PQnfields(pg_of(b));

    for (int i = 0; same && i < rows * cols; i++) {
        const char *x = db_text(a, i / cols, i % cols), *y = db_text(b, i / cols, i % cols);
        same = x && y ? strcmp(x, y) == 0 : x == y;
    }
    return same;
}

/* ---- blocking ---- */

struct db_sync {
    PGconn *pg;
    const struct db_stmt **prepared;
    size_t n_prepared;
};

static void no_notice(void *user, const PGresult *r)
{
    (void)user;
    (void)r;
}

enum rc db_sync_open(const char *conninfo, struct db_sync **out, struct err *e)
{
    const char *keys[] = {"dbname", "application_name", "connect_timeout", NULL};
    const char *values[] = {conninfo, "registryctl", "5", NULL};
    PGconn *pg = PQconnectdbParams(keys, values, 1);

    if (!pg || PQstatus(pg) != CONNECTION_OK) {
        err_set(e, RC_UNAVAILABLE, "database: %.200s", pg ? PQerrorMessage(pg) : "no memory");
        PQfinish(pg);
        return RC_UNAVAILABLE;
    }
    struct db_sync *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    s->pg = pg;
    PQsetNoticeReceiver(pg, no_notice, NULL);
    *out = s;
    return RC_OK;
}

void db_sync_close(struct db_sync *s)
{
    if (!s)
        return;
    PQfinish(s->pg);
    free(s->prepared);
    free(s);
}

void db_sync_closep(struct db_sync **s)
{
    db_sync_close(*s);
}

static enum rc sync_result(PGresult *r, struct db_result **out, struct err *e)
{
    char state[6];
    ExecStatusType st = PQresultStatus(r);

    if (st != PGRES_TUPLES_OK && st != PGRES_COMMAND_OK) {
        enum rc rc = db_error((struct db_result *)r, state, e);
        PQclear(r);
        return rc;
    }
    if (out)
        *out = (struct db_result *)r;
    else
        PQclear(r);
    return RC_OK;
}

enum rc db_sync_script(struct db_sync *s, const char *sql, struct err *e)
{
    return sync_result(PQexec(s->pg, sql), NULL, e);
}

enum rc db_sync_commit(struct db_sync *s, struct err *e)
{
    PGresult *r = PQexec(s->pg, "COMMIT");
    bool undone = PQresultStatus(r) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(r), "COMMIT") != 0;

    TRY(sync_result(r, NULL, e));
    return undone ? err_set(e, RC_INTERNAL, "a statement failed and was passed over: all was undone") : RC_OK;
}

bool db_sync_idle(const struct db_sync *s)
{
    return PQtransactionStatus(s->pg) == PQTRANS_IDLE;
}

enum rc db_sync_query(struct db_sync *s, const char *sql, const struct db_param *params, int n,
                      struct db_result **out, struct err *e)
{
    struct db_params p;
    db_params(&p, params, n);
    return sync_result(PQexecParams(s->pg, sql, n, NULL, p.values, p.lengths, p.formats, 0), out, e);
}

static bool is_prepared(const struct db_sync *s, const struct db_stmt *stmt)
{
    for (size_t i = 0; i < s->n_prepared; i++)
        if (s->prepared[i] == stmt)
            return true;
    return false;
}

static enum rc prepared(struct db_sync *s, const struct db_stmt *stmt, struct err *e)
{
    if (is_prepared(s, stmt))
        return RC_OK;
    TRY(db_sync_prepare(s, stmt, e));
    const struct db_stmt **more = realloc(s->prepared, (s->n_prepared + 1) * sizeof(*more));
    if (!more)
        abort();
    s->prepared = more;
    s->prepared[s->n_prepared++] = stmt;
    return RC_OK;
}

enum rc db_sync_run(struct db_sync *s, const struct db_stmt *stmt, const struct db_param *params,
                    struct db_result **out, struct err *e)
{
    struct db_params p;

    TRY(prepared(s, stmt, e));
    db_params(&p, params, stmt->nparams);
    return sync_result(PQexecPrepared(s->pg, stmt->name, stmt->nparams, p.values, p.lengths, p.formats, 0),
                       out, e);
}

static enum rc send_all(struct db_sync *s, const struct db_ask *asks, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const struct db_stmt *stmt = asks[i].stmt;
        struct db_params p;
        db_params(&p, asks[i].params, stmt->nparams);
        if (!PQsendQueryPrepared(s->pg, stmt->name, stmt->nparams, p.values, p.lengths, p.formats, 0))
            return err_set(e, RC_UNAVAILABLE, "database: %.200s", PQerrorMessage(s->pg));
    }
    return PQpipelineSync(s->pg) ? RC_OK
                                 : err_set(e, RC_UNAVAILABLE, "database: %.200s", PQerrorMessage(s->pg));
}

/* Each statement has one answer and a NULL behind it; the last of all is that of the sync. The first failure
 * is told, what came behind it was not run. */
static enum rc take_all(struct db_sync *s, struct db_ask *asks, size_t n, struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n; i++) {
        PGresult *r = PQgetResult(s->pg);
        if (rc == RC_OK)
            rc = sync_result(r, &asks[i].rows, e);
        else
            PQclear(r);
        if (r)
            PQclear(PQgetResult(s->pg));
    }
    PQclear(PQgetResult(s->pg));
    return rc;
}

enum rc db_sync_many(struct db_sync *s, struct db_ask *asks, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        asks[i].rows = NULL;
        TRY(prepared(s, asks[i].stmt, e));
    }
    if (!PQenterPipelineMode(s->pg))
        return err_set(e, RC_UNAVAILABLE, "database: %.200s", PQerrorMessage(s->pg));
    enum rc rc = send_all(s, asks, n, e);
    if (rc == RC_OK)
        rc = take_all(s, asks, n, e);
    if (!PQexitPipelineMode(s->pg) && rc == RC_OK)
        rc = err_set(e, RC_UNAVAILABLE, "database: %.200s", PQerrorMessage(s->pg));
    for (size_t i = 0; rc != RC_OK && i < n; i++) {
        db_result_free(asks[i].rows);
        asks[i].rows = NULL;
    }
    return rc;
}

bool db_sync_broken(const struct db_sync *s)
{
    return PQstatus(s->pg) != CONNECTION_OK;
}

bool db_sync_alive(struct db_sync *s)
{
    /* between statements a server speaks only to say goodbye */
    struct pollfd p = {.fd = PQsocket(s->pg), .events = POLLIN};
    return PQstatus(s->pg) == CONNECTION_OK && poll(&p, 1, 0) == 0;
}

enum rc db_sync_prepare(struct db_sync *s, const struct db_stmt *stmt, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(sync_result(PQprepare(s->pg, stmt->name, stmt->sql, 0, NULL), NULL, e));
    TRY(sync_result(PQdescribePrepared(s->pg, stmt->name), &r, e));
    if (PQnparams(pg_of(r)) != stmt->nparams)
        return err_set(e, RC_INTERNAL, "%s: has %d parameters, the table says %d", stmt->name,
                       PQnparams(pg_of(r)), stmt->nparams);
    return RC_OK;
}

void db_result_free(struct db_result *r)
{
    PQclear((PGresult *)r);
}

void db_result_freep(struct db_result **r)
{
    PQclear((PGresult *)*r);
}
