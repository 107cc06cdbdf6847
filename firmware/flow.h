/* One citizen at a time, led through one table of steps. Everything of the person lives in the session's
 * arena, which one path, flow_end(), wipes from every state. Commands are rows of a table: path, steps in
 * which they are allowed, descriptor of the body, function. */
#ifndef PRIDVOR_FLOW_H
#define PRIDVOR_FLOW_H

#include <uv.h>

#include "common/model/institution.h"
#include "common/model/receipt.h"
#include "common/model/submission.h"
#include "common/model/term.h"
#include "firmware/config.h"
#include "firmware/driver.h"
#include "firmware/queue.h"

enum step {
    STEP_IDLE,
    STEP_SERVICE,
    STEP_CARD,
    STEP_FORM,
    STEP_REVIEW,
    STEP_SIGN,
    STEP_FILING,
    STEP_DONE,
    STEP_MINE, /* a request that was filed before */
    STEP_COUNT
};

/* A question to the register while the person waits. */
struct flow_asking {
    const char *method, *path, *type;
    const void *body;
    size_t len;
};
/* What the flow stands on; all of it outlives the flow. */
struct flow_env {
    uv_loop_t *loop;
    const struct kiosk_conf *conf;
    const struct catalog *catalog;
    const struct i18n *i18n;
    const struct institution *institution;
    const struct terms *terms;
    const struct receipt_texts *receipts;
    struct queue *queue;
    struct drivers *drivers;                      /* may be set later: flow_drivers() */
    void (*file)(const char *id, void *user);     /* the item is on disk: try to send it now */
    bool (*online)(void *user);                   /* the register answered last time */
    void (*changed)(void *user);                  /* flow_state() would say something else */
    void (*device)(const char *json, void *user); /* one event for the page */
    void (*ended)(void *user);                    /* the session is wiped: token and listeners go too */
    bool (*help)(const char *json, void *user);   /* somebody is called; false: nobody can be told now */
    void (*ask)(const struct flow_asking *q, void *user); /* the register, now; flow_answered() follows */
    void *user;
};
struct flow;

struct flow *flow_new(const struct flow_env *env);
void flow_stop(struct flow *f); /* ends a session; the loop must run out before flow_free */
void flow_free(struct flow *f);
void flow_drivers(struct flow *f, struct drivers *ds);

/* A command as it came: POST `path` with its body. */
struct flow_ask {
    const char *path, *body;
    size_t len;
};
/* What it leaves behind for its answer. */
struct flow_reply {
    int status;       /* 200 or 202, 422 with errors */
    const char *json; /* in the request's arena */
};
/* Runs it; the error's sentence for the person is flow_say(). */
MUST enum rc flow_command(struct flow *f, struct arena *a, const struct flow_ask *ask, struct flow_reply *out,
                          struct err *e);
bool flow_knows(const char *path);
const char *flow_say(const struct flow *f, const char *key); /* in the session's language */

bool flow_active(const struct flow *f); /* a citizen session runs */
/* A technician has the terminal: no session can begin, and the page says so. RC_BUSY while one runs. */
MUST enum rc flow_maintenance(struct flow *f, bool on, struct err *e);
bool flow_in_maintenance(const struct flow *f);
enum step flow_step(const struct flow *f);
/* The whole truth as JSON (the contract of GET /v1/state). */
void flow_state(struct flow *f, struct buf *out);
int64_t flow_seq(const struct flow *f);
const char *flow_receipt_url(const struct flow *f); /* NULL before there is a receipt */

/* The one way out of a session; why: a word for the log. Safe in every state. */
void flow_end(struct flow *f, const char *why);

/* From the drivers. */
void flow_device_changed(struct flow *f, const char *name);
void flow_unsolicited(struct flow *f, const char *name, const struct frame *fr);
/* From the link: the register answered, refused for good, or cannot be reached now. */
void flow_acked(struct flow *f, const char *id, const struct filed *filed);
void flow_refused(struct flow *f, const char *id);
void flow_waits(struct flow *f, const char *id);
void flow_helped(struct flow *f, bool heard);                                 /* what became of the call */
void flow_answered(struct flow *f, int status, const char *body, size_t len); /* to env.ask; 0: none came */
/* A page of the tray as JPEG, small or whole; empty when there is none of that id. */
struct bytes flow_scan_image(const struct flow *f, int64_t id, bool whole);
/* Advances the clock-driven parts; called by the flow's own timer, and by tests. */
void flow_tick(struct flow *f, int64_t now_ms);

/* For tests of the step table. */
struct flow_row {
    const char *path;
    unsigned steps; /* bit per enum step */
};
size_t flow_rows(const struct flow_row **out);
const char *step_name(enum step s);

#endif
