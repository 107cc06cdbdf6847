/* The one outbound connection: items of the queue go to the register over mutual TLS, oldest first, one in
 * flight. A request is idempotent by its id, so anything unsure is sent again. What the register refuses for
 * good is put aside and never holds up the others; what it cannot take now waits with back-off. */
#ifndef PRIDVOR_LINK_H
#define PRIDVOR_LINK_H

#include <uv.h>

#include "common/model/submission.h"
#include "firmware/config.h"
#include "firmware/queue.h"

#define LINK_PING_MS 10000
#define LINK_BACKOFF_MIN_MS 1000
#define LINK_BACKOFF_MAX_MS 60000

struct link;
struct link_events {
    void (*acked)(const char *id, const struct filed *filed, void *user);
    void (*refused)(const char *id, void *user); /* dead letter */
    void (*waits)(const char *id, void *user);   /* tried, and will be tried again later */
    void (*changed)(void *user);                 /* online or offline */
    void (*helped)(bool heard, void *user);      /* what became of link_help() */
    /* The answer to link_ask(); status 0: none came. */
    void (*answered)(int status, const char *body, size_t len, void *user);
    void *user;
};

MUST enum rc link_start(uv_loop_t *loop, const struct register_conf *conf, struct queue *q,
                        const struct link_events *ev, struct link **out, struct err *e);
void link_stop(struct link *l); /* closes; the loop must run out before link_free */
void link_free(struct link *l);
void link_kick(struct link *l, const char *id); /* a new item is on disk: now, whatever the back-off says */
/* A call for help from the screen: not kept, because it is of no use later. json: < 200 bytes. */
void link_help(struct link *l, const char *json);
/* Something the person who stands there waits for; not kept, not repeated. One answer for each. */
struct link_ask {
    const char *method, *path, *type;
    const void *body;
    size_t len;
};
void link_ask(struct link *l, const struct link_ask *ask);
bool link_online(const struct link *l);
int64_t link_next_try_ms(const struct link *l); /* until the next upload; 0: nothing waits */

/* What an HTTP status means for an item; pure. */
enum link_verdict { LINK_ACK, LINK_DEAD, LINK_LATER };
enum link_verdict link_judge(int status);
/* The n-th back-off with jitter from random bits: 1 s doubling to 60 s, +-25 %. Pure. */
int64_t link_backoff(unsigned n, uint32_t random);

/* What stays of an acknowledged item until it is pruned: no personal data. */
struct kept {
    const char *number, *registered_at, *due, *code;
};
extern const struct jdesc kept_desc;

#endif
