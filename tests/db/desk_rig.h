/* registryd with its desk, people who log in, and their browsers. */
#ifndef PRIDVOR_TEST_DESK_RIG_H
#define PRIDVOR_TEST_DESK_RIG_H

#include <string.h>

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
 * s.desk_pages may name others; the rest is 0 before. False: no PostgreSQL. */
bool desk_rig_make(struct desk_rig *d);
void desk_rig_free(struct desk_rig *d);
void desk_person(struct desk_rig *d, const char *name, const char *institution);
void desk_grant(struct desk_rig *d, const char *name, const char *role,
                const char *at); /* "uat-1", "uat-1/tax",
                                    "cj-1/" below */
/* One who works at uat-1 with a role at a place, and is logged in at b. */
void desk_hand(struct desk_rig *d, struct browser *b, const char *name, const char *role, const char *at);

/* The status, -1: the connection ended. What a page of this origin sends is sent; more: whole lines. */
struct desk_ask {
    const char *method, *path, *text, *more;
    size_t len; /* of text; 0: to its NUL */
};
int desk_send(struct browser *b, const struct desk_ask *ask, struct buf *head, struct buf *body);
int desk_get(struct browser *b, const char *path, struct buf *body);
int desk_post(struct browser *b, const char *path, const char *text, struct buf *body);
/* A file in a request of its own, named "pagină 1.png". */
int desk_file(struct browser *b, const char *path, struct bytes file, struct buf *body);
extern const struct bytes desk_dot; /* a picture of one dot, PNG */
int desk_enter_as(struct browser *b, const char *name, const char *password);
void desk_leave(struct browser *b); /* closes the connection, forgets the cookie */
long desk_count(struct desk_rig *d, const char *sql);

#define assert_has(b, text)                                                                                  \
    do {                                                                                                     \
        if (!(b).p || !memmem((b).p, (b).len, (text), strlen(text)))                                         \
            fail_msg("no \"%s\" in: %.3000s", (text), (b).p ? (b).p : "");                                   \
    } while (0)
#define assert_status(want, call, body)                                                                      \
    do {                                                                                                     \
        int got_ = (call);                                                                                   \
        if (got_ != (want))                                                                                  \
            fail_msg("%d %.2000s", got_, (body).p ? (body).p : "");                                          \
    } while (0)

/* A step with the version that the case has now; given: the members, "" for none. */
int desk_step(struct browser *b, const char *id, const char *action, const char *given, struct buf *body);

#endif
