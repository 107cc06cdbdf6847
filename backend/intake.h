/* Requests become register entries. Whatever waits while a batch runs goes into the next one together: no
 * timer, one counter update per book and batch. Two batches may be under way in a connection, so that the
 * database has the next one when it is done with the first. They commit one after the other without waiting
 * for the disk; a flush, on a connection of its own, makes all of them safe that ran before it, and only then
 * are they answered. A batch that fails because of its data is run again in halves, so a bad request falls
 * alone. With several connections institutions are spread over them, so that two batches never hold one
 * counter; one carries about 25,000 requests a second. */
#ifndef PRIDVOR_INTAKE_H
#define PRIDVOR_INTAKE_H

#include <uv.h>

#include "backend/db.h"
#include "common/base/clock.h"
#include "common/base/crypto.h"

enum { INTAKE_BATCH_MAX = 256, INTAKE_SHARDS_MAX = 8, INTAKE_WAITING_MAX = 4096 };

struct intake_item;
typedef void (*intake_cb)(struct intake_item *it, const struct err *e, void *user);

/* The caller fills the first part and keeps it alive until cb; strings without U+0000, UTF-8. */
struct intake_item {
    uint8_t id[16];
    const char *institution, *reg, *terminal, *service, *channel, *lang, *receipt_code;
    const char *email, *phone;       /* or NULL */
    struct bytes request, signature; /* sealed */
    int64_t service_version;
    uint8_t pin_verifier[SHA256_LEN], sha256[SHA256_LEN];
    int64_t filed_at_ms; /* as the terminal says */
    bool offline;
    intake_cb cb;
    void *user;

    /* Set by the register before cb(RC_OK). */
    int64_t n, registered_ms;
    struct date filed_on, due;
    bool repeat; /* then reg is the one of the first time, whatever the files say today */

    /* inside */
    struct intake_item *next, *copies; /* copies: the same request again, answered with the first */
    bool done, doubtful;               /* doubtful: the statement for new ones failed over its batch */
    char first_reg[33];
    int64_t queued_us;
};

struct intake_stats {
    uint64_t registered, repeated, conflicts, failed, unanswered; /* requests */
    uint64_t batches, halved, doubted, flushes;                   /* doubted: not all were new */
    uint64_t size_sum[10];       /* batches of up to 1, 2, 4 ... 256 requests, and more */
    uint64_t commit_us, wait_us; /* sums: of batches, and of requests from arrival to answer */
};
struct intake_conf {
    const char *conninfo;
    unsigned shards;         /* 0: 2 */
    unsigned deadline_ms;    /* 0: 10 s */
    int64_t (*now_ms)(void); /* NULL: unix_ms */
    /* The first legal date for a request filed that day, and that day itself may be moved (late news of a
     * terminal). */
    void (*term)(struct intake_item *it, struct date today, void *user);
    void *user;
};

struct intake;
struct intake *intake_new(uv_loop_t *loop, const struct intake_conf *conf);
void intake_free(struct intake *in);
void intake_put(struct intake *in,
                struct intake_item *it);     /* cb exactly once, never from inside; others' may be */
unsigned intake_up(const struct intake *in); /* connections that work */
unsigned intake_shards(const struct intake *in);
unsigned intake_waiting(const struct intake *in);
const struct intake_stats *intake_stats(const struct intake *in);

#endif
