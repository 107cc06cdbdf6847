/* registryd with its desk, people who log in, and their browsers. */
#ifndef PRIDVOR_TEST_DESK_RIG_H
#define PRIDVOR_TEST_DESK_RIG_H

#include "backend/login.h"
#include "backend/people.h"
#include "tests/db/server.h"
#include "tests/db/tclient.h"

struct desk_rig {
    struct server s;
    struct tls_ctx *ctx;
    struct db_sync *db;
    struct login login;
    struct arena *a; /* of the test program */
    struct rights rights;
};
struct browser {
    struct desk_rig *rig;
    struct tclient c;
    bool open;
    struct tls_ctx *ctx; /* of a thread; NULL: the rig's */
    char cookie[160];    /* "Cookie: ...\r\n" or "" */
    int seconds;         /* of the last refused login */
};
extern const char desk_secret[];

/* Pages: index.html, assets/desk.js, assets/desk.css, note.txt, and beside the folder a file secret.html.
 * False: no PostgreSQL. */
bool desk_rig_make(struct desk_rig *d);
void desk_rig_free(struct desk_rig *d);
void desk_person(struct desk_rig *d, const char *name, const char *institution);
void desk_grant(struct desk_rig *d, const char *name, const char *role,
                const char *at); /* "uat-1", "uat-1/tax",
                                    "cj-1/" below */

/* The status, -1: the connection ended. What a page of this origin sends is sent; more: whole lines. */
struct desk_ask {
    const char *method, *path, *text, *more;
};
int desk_send(struct browser *b, const struct desk_ask *ask, struct buf *head, struct buf *body);
int desk_get(struct browser *b, const char *path, struct buf *body);
int desk_post(struct browser *b, const char *path, const char *text, struct buf *body);
int desk_enter_as(struct browser *b, const char *name, const char *password);
void desk_leave(struct browser *b); /* closes the connection, forgets the cookie */
long desk_count(struct desk_rig *d, const char *sql);

#endif
