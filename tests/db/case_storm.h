/* Two town halls and a county at work while everything below them is killed: citizens file at kiosks and put
 * right what came back, colleagues of every role work at the desk, letters leave by the real post. What each
 * was answered is written down by those who were answered. */
#ifndef PRIDVOR_TEST_CASE_STORM_H
#define PRIDVOR_TEST_CASE_STORM_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/db/body.h"
#include "tests/db/case_model.h"
#include "tests/db/desk_rig.h"
#include "tests/db/posthouse.h"

enum { STORM_HALLS = 2, STORM_CLERKS = 4, STORM_USERS = 32, STORM_TURNS = 40 };

struct storm_case {
    char id[UUID_LEN], hall[16];
    int64_t n;            /* the number that was told */
    struct body body;     /* as filed; code and PIN */
    unsigned luck;        /* of its answers */
    const char *service;  /* NULL: not filed at a kiosk (came from another office) */
    atomic_bool returned; /* a colleague sent something back */
    atomic_bool ended;
    atomic_int turns;
};
/* What somebody did with a case. answered: the answer was seen; else whether it happened is not known. */
struct storm_act {
    char id[UUID_LEN], actor[20], act[24], text[40]; /* text: of a note, which has no version */
    int64_t version;
    bool answered;
};
struct storm {
    struct desk_rig desk;
    struct posthouse post;
    struct model model; /* its rig has only a connection */
    struct rig rig;
    struct catalog catalog;
    struct i18n *i18n;
    struct arena *a;
    pthread_mutex_t lock; /* of both lists */
    struct storm_case *cases;
    size_t n_cases, max_cases;
    struct storm_act *acts;
    size_t n_acts, max_acts;
    atomic_size_t filed, lives, corrections, corrections_unclear;
    atomic_long looked, done, refused, away, unclear;
    atomic_bool stop;
    char odd[600]; /* the first answer nobody should get */
    atomic_long odds;
};
extern struct storm storm;

/* Colleagues of every role in both halls and at the county. */
void storm_people(void);
void *storm_clerk(void *number);   /* threads; number: const int * */
void *storm_citizen(void *number); /* of this hall, from 1: files, then puts right what came back */
void storm_odd(const char *what, int status, const struct buf *body);
struct storm_case *storm_add(const char *id, const char *hall);

/* Every letter by its own number, every text by the telephone. */
struct storm_post {
    unsigned owed, sent, unknown, arrived_unknown, failed, fell_back, open, lost, twice, server_twice, stray;
};
void storm_post_compare(struct storm_post *mail, struct storm_post *sms);

#endif
