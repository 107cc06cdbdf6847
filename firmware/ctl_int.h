/* Inside of the technician's socket, shared by ctl.c (connections) and ctl_mode.c (maintenance, trace). */
#ifndef PRIDVOR_CTL_INT_H
#define PRIDVOR_CTL_INT_H

#include "firmware/ctl.h"

#define CONNS_MAX 16

struct ctl_in {
    const char *driver, *verb;
    int64_t deadline_ms;
    struct jval *args;
};

struct conn {
    uv_pipe_t pipe;
    struct ctl *ctl; /* NULL: free */
    struct buf in;
    struct driver *driver; /* of the running command, or of the trace */
    int64_t cmd;
    int64_t trace_until; /* monotonic; 0: no trace */
    int64_t traced, lost;
    bool asked;
    char space[4096];
};

struct ctl {
    uv_pipe_t server;
    uv_timer_t clock;
    struct ctl_env env;
    struct conn conns[CONNS_MAX];
    char path[1024];
    int64_t maintenance_until; /* monotonic; 0: in service */
    bool waiting; /* one has connected and has no place yet: libuv hears nobody else until it is taken */
};

/* ctl.c */
void ctl_send(struct conn *c, const struct frame *f);
void ctl_complete(struct conn *c, const char *word, const char *text, struct jval *data);
/* ctl_mode.c; maintenance and accept answer at once, trace goes on until its time is over. */
void ctl_maintenance(struct conn *c, const struct ctl_in *in);
void ctl_accept(struct conn *c, const struct ctl_in *in);
void ctl_trace(struct conn *c, struct driver *d, const struct ctl_in *in);
void ctl_trace_stop(struct conn *c);
void ctl_on_clock(uv_timer_t *t);

#endif
