/* PostgreSQL over libpq on the event loop: only db.c and db_sync.c know libpq. One struct db is one
 * connection with its prepared statements; queries go out at once (pipeline mode, each its own transaction)
 * and are answered in order. A query that passes its deadline costs the connection: it is closed, never
 * cancelled, because a cancelled wait for the standby looks like a success. An answer is handed out after the
 * commit, and a WARNING beside it makes it a failure. */
#ifndef PRIDVOR_DB_H
#define PRIDVOR_DB_H

#include <uv.h>

#include "common/base/err.h"

struct db;
struct db_result; /* rows, valid until the callback returns (async) or db_result_free (sync) */
struct db_stmt {
    const char *name, *sql;
    int nparams;
};
struct db_param {
    const void *p; /* NULL: SQL null; text ends with NUL */
    int len;       /* binary only */
    bool binary;
};
struct db_reply {
    struct err err;               /* err.rc RC_OK: committed */
    char state[6];                /* SQLSTATE; "" when the failure is not the server's word */
    bool unknown;                 /* it may have been committed all the same */
    const struct db_result *rows; /* NULL on failure */
};
typedef void (*db_cb)(const struct db_reply *r, void *user);
struct db_conf {
    const char *conninfo, *name; /* name: for the log and pg_stat_activity */
    const char *session;         /* one statement run on each new connection, or NULL */
    const char *channel;         /* LISTEN to it, or NULL */
    const struct db_stmt *stmts;
    size_t nstmts;
    void (*on_up)(struct db *d, void *user);   /* connected and prepared; also after each reconnect */
    void (*on_down)(struct db *d, void *user); /* after its queries were failed */
    void (*on_notify)(struct db *d, void *user);
    void *user;
};

struct db *db_new(uv_loop_t *loop,
                  const struct db_conf *conf); /* connects by itself, for ever, with back-off */
void db_free(struct db *d);                    /* fails what is under way; memory goes with the loop */
bool db_up(const struct db *d);
unsigned db_pending(const struct db *d);
uint64_t db_connects(const struct db *d);
/* Callback exactly once, never from inside; RC_UNAVAILABLE and no callback while the connection is down. */
struct db_query {
    size_t stmt;
    const struct db_param *params;
    unsigned deadline_ms;
};
MUST enum rc db_query_send(struct db *d, const struct db_query *q, db_cb cb, void *user, struct err *e);
#define db_send(d, stmt, params, deadline_ms, cb, user, e)                                                   \
    db_query_send((d), &(struct db_query){(stmt), (params), (deadline_ms)}, (cb), (user), (e))

/* Takes what has arrived by now, in the middle of a long turn of the loop; callbacks come from inside.
 * Nothing happens within a callback of this connection. */
void db_look(struct db *d);

int db_rows(const struct db_result *r);
const char *db_text(const struct db_result *r, int row, int col); /* NULL: SQL null */
int64_t db_int(const struct db_result *r, int row, int col);      /* null: 0 */
bool db_is_null(const struct db_result *r, int row, int col);

/* Blocking, for registryctl, migrations and tests. */
struct db_sync;
MUST enum rc db_sync_open(const char *conninfo, struct db_sync **out, struct err *e);
void db_sync_close(struct db_sync *s);
void db_sync_closep(struct db_sync **s);
MUST enum rc db_sync_script(struct db_sync *s, const char *sql,
                            struct err *e); /* statements without parameters */
/* RC_INTERNAL: PostgreSQL undid it all, because a statement before had failed. */
MUST enum rc db_sync_commit(struct db_sync *s, struct err *e);
bool db_sync_idle(const struct db_sync *s); /* in no transaction */
MUST enum rc db_sync_query(struct db_sync *s, const char *sql, const struct db_param *params, int n,
                           struct db_result **out, struct err *e); /* out may be NULL */
/* Prepared on this connection at the first use. */
MUST enum rc db_sync_run(struct db_sync *s, const struct db_stmt *stmt, const struct db_param *params,
                         struct db_result **out, struct err *e);
/* Several in one round trip and, outside of a transaction, in one of their own. RC_OK: each has its rows,
 * which the caller frees; else none has. */
struct db_ask {
    const struct db_stmt *stmt;
    const struct db_param *params;
    struct db_result *rows;
};
MUST enum rc db_sync_many(struct db_sync *s, struct db_ask *asks, size_t n, struct err *e);
bool db_same(const struct db_result *a, const struct db_result *b); /* row by row, cell by cell */
bool db_sync_broken(const struct db_sync *s);                       /* the connection is gone for good */
bool db_sync_alive(struct db_sync *s); /* looks: has the server ended it meanwhile? */
MUST enum rc db_sync_prepare(struct db_sync *s, const struct db_stmt *stmt, struct err *e);
void db_result_free(struct db_result *r);
void db_result_freep(struct db_result **r);

#define DB_STR(s)                                                                                            \
    {                                                                                                        \
        (s), 0, false                                                                                        \
    }
#define DB_BIN(b)                                                                                            \
    {                                                                                                        \
        (b).p, (int)(b).len, true                                                                            \
    } /* of a struct buf */

#endif
