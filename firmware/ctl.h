/* The technician's way in: a Unix socket (run_dir/kioskd.sock, mode 0600), one JSON line per command,
 * answered by frames as lines until the completion. Commands for a driver are refused (busy) while a citizen
 * session runs; "*" speaks to kioskd itself: list, status, queue, doctor, maintenance, accept. */
#ifndef PRIDVOR_CTL_H
#define PRIDVOR_CTL_H

#include <uv.h>

#include "firmware/api.h"
#include "firmware/link.h"

struct ctl;
struct ctl_env {
    const struct kiosk_conf *conf;
    struct drivers *drivers;
    struct flow *flow;
    struct queue *queue;
    struct link *link;
    struct api *api;
    struct ctl *ctl; /* set by ctl_start */
};

MUST enum rc ctl_start(uv_loop_t *loop, const char *path, const struct ctl_env *env, struct ctl **out,
                       struct err *e);
void ctl_stop(struct ctl *c); /* closes; the loop must run out before ctl_free */
void ctl_free(struct ctl *c);
/* A citizen's session began: what runs by hand is cancelled. */
void ctl_yield(struct ctl *c);
/* An unsolicited frame of a driver: true when it belonged to a trace and is dealt with. */
bool ctl_traced(struct ctl *c, const char *driver, const struct frame *f);
/* Left of maintenance in milliseconds, 0: in service. */
int64_t ctl_maintenance_left(const struct ctl *c);

/* kioskd's own answers, each a JSON object. */
MUST enum rc ctl_report(const struct ctl_env *env, const char *verb, struct buf *out, struct err *e);

#endif
