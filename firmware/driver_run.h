/* Inside of driver.c and driver_run.c: one started process and the bookkeeping of its driver. */
#ifndef PRIDVOR_DRIVER_RUN_H
#define PRIDVOR_DRIVER_RUN_H

#include "common/base/buf.h"
#include "firmware/driver.h"
#include "firmware/driver_known.h"

#define DRIVERS_MAX 8

struct cmd {
    struct cmd *next;
    int64_t id, kill_at;
    bool physical, started;
    const char *refused; /* completion word, when it never left */
    driver_fn fn;
    void *user;
};

struct run {
    uv_process_t proc;
    uv_pipe_t in, out; /* the driver's stdin and stdout */
    struct driver *d;  /* NULL once it is no longer the driver's run */
    struct buf in_buf;
    int handles; /* not yet closed */
    int bad;
    int64_t second_at; /* frames are counted by the second: a flood is no work */
    int in_second;
    int64_t born_at;
    bool dead; /* killed or condemned: nothing it says counts */
};

struct kind;
struct driver {
    struct drivers *owner;
    const struct driver_conf *conf;
    const struct kind *kind; /* what is special about its class */
    struct run *run;
    struct cmd *cmds;
    uv_timer_t timer;
    int64_t start_at, ping_at, heard_at, quiet[8];
    size_t n_quiet;
    size_t level;
    bool spoke, wipe_owed;
    const char *last_public;
    struct arena *state_arena;
    const char *link, *activity, *condition, *model, *serial, *port;
    const char **media;
    size_t n_media;
    int64_t restarts, bad_frames, doubled, killed;
    const char *maturity, *firmware, *counters, *detail;
    int64_t since_ms;
};

struct drivers {
    uv_loop_t *loop;
    struct drivers_events ev;
    struct driver items[DRIVERS_MAX];
    size_t n;
    int64_t last_id;
    struct known_file *known;
    bool stopping;
    uv_timer_t stop_timer;
    void (*stopped)(void *user);
    void *stopped_user;
};

void driver_learn(struct driver *d); /* a state frame was kept: is it the unit of before? */
bool run_spawn(struct driver *d);    /* sets d->run */
bool run_write(struct run *r, const char *p, size_t len);
void run_close_stdin(struct run *r);
void driver_bytes(struct driver *d, const char *p, size_t len);
void driver_exited(struct driver *d, int64_t status, int signal);
void driver_wipe_now(struct driver *d);
void drivers_check_stopped(struct drivers *ds);

#endif
