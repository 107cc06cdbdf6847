/* Inside of serve, shared by serve.c (device and loop) and frames.c (what is said and heard). */
#ifndef PRIDVOR_SERVE_IMPL_H
#define PRIDVOR_SERVE_IMPL_H

#include "drivers/serve.h"

struct serve {
    struct drv drv;
    struct serve_opts opts;
    struct device_rows *rows;
    bool found;                            /* a busless driver has its device */
    char model[128], serial[64], port[64]; /* what drv_id() said */
    /* axes */
    enum link link;
    enum activity activity;
    enum condition condition;
    char detail[256]; /* why, for the log and the technician */
    /* device */
    int64_t retry_at;  /* next attempt to open */
    int failures;      /* attempts since the last success, device there */
    const char *climb; /* a driver asked for the ladder */
    int rung;
    int64_t climbed_at;
    bool exhausted; /* the whole ladder did not help: the technician's, until a command succeeds */
    char known[80]; /* who was open last: preferred at the next opening */
    int64_t opened_at;
    bool used;         /* a command ran since then */
    int flaps;         /* times it was gone within FLAP_MS of coming, in a row */
    int64_t steady_at; /* a flapping link counts as up from here on; 0: nothing to wait for */
    /* trace */
    int64_t trace_until; /* 0: off */
    bool trace_all;      /* personal data, too */
    uint8_t salt[16];
    /* commands */
    struct buf in;
    bool skipping; /* the rest of a line that is too long */
    bool quit;
    bool waiting;                /* `next` holds a command that has not begun */
    struct arena *arena, *spare; /* of the running, of the waiting command */
    struct command next;
    int64_t running; /* id, 0: none */
    bool completed;
    bool wiping; /* the running command is "wipe" */
};

/* frames.c */
unsigned serve_lines(struct serve *s); /* whole lines that came; what it says is serve_heard()'s answer */
unsigned serve_heard(void *s);         /* for the bus: BUS_STOP, BUS_NOTE or 0 */
void serve_ack(struct serve *s, int64_t id);
void serve_complete(struct serve *s, int64_t id, const struct result *r);
void serve_refuse(struct serve *s, int64_t id, enum completion c, const char *text);
void serve_state(struct serve *s);

/* serve_ladder.c */
void serve_ladder(struct serve *s, const char *why);
void serve_gone(struct serve *s);   /* the link went: flaps are counted */
void serve_helped(struct serve *s); /* a command succeeded */
void serve_opened(struct serve *s);
void serve_steady(struct serve *s); /* called every round: a link that has settled */
/* serve.c */
void serve_shut(struct serve *s, enum link l, enum condition c, const char *why);
enum rc serve_start_device(struct serve *s, size_t row, struct err *e);
void serve_later(struct serve *s);
/* serve_trace.c */
unsigned serve_trace(struct serve *s, const struct command *c);
void serve_trace_end(struct serve *s);

bool serve_is_open(const struct serve *s);
void serve_axes(struct serve *s, enum link l, enum condition c, const char *detail);
void serve_activity(struct serve *s, enum activity a);

#endif
