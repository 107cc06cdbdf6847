/* The kdrv processes: started, watched, killed when silent, restarted. A command gets exactly one completion,
 * from the driver or, when its process dies, from here: "unknown" when the act was physical and its frame had
 * left, else "not-done". Frames are checked in both directions; a driver that does not keep to them is
 * restarted. */
#ifndef PRIDVOR_DRIVER_H
#define PRIDVOR_DRIVER_H

#include <uv.h>

#include "common/model/frame.h"
#include "firmware/config.h"

#define DRIVER_PING_MS 2000
#define DRIVER_SILENT_MS 6000 /* blocking drivers: table in driver.c */
#define DRIVER_GRACE_MS 2000  /* after a command's own deadline */

struct driver;
struct drivers;

/* Every frame of one command; the last one is its completion. Valid during the call only. */
typedef void (*driver_fn)(const struct frame *f, void *user);

struct drivers_events {
    void (*changed)(const char *name, void *user); /* something in driver_view() is different */
    void (*unsolicited)(const char *name, const struct frame *f, void *user);
    void *user;
};

MUST enum rc drivers_start(uv_loop_t *loop, const struct driver_conf *conf, size_t n,
                           const struct drivers_events *ev, struct drivers **out, struct err *e);
/* Closes their stdin so that they end cleanly, kills what is left after a second; done is called when none is
 * left. */
void drivers_stop(struct drivers *ds, void (*done)(void *user), void *user);
/* Where the units are remembered (driver_known.h); without it nothing is noticed. After drivers_start. */
void drivers_known(struct drivers *ds, const char *path);
/* The technician accepts the unit that stands there now. */
bool driver_accept(struct driver *d);
void drivers_free(struct drivers *ds);                                   /* after done */
struct driver *drivers_find(const struct drivers *ds, const char *name); /* NULL when not configured */
size_t drivers_count(const struct drivers *ds);
struct driver *drivers_at(const struct drivers *ds, size_t i);
/* End of a citizen session: verb wipe to all; waits for a running physical act. */
void drivers_wipe(struct drivers *ds);

/* Sends a command; returns its id. The completion always comes, and never from inside this call. args: JSON
 * object. */
int64_t driver_send(struct driver *d, const char *verb, int64_t deadline_ms, const char *args, driver_fn fn,
                    void *user);
void driver_cancel(struct driver *d, int64_t id);
void driver_forget(struct driver *d, int64_t id); /* its frames go nowhere from now on */

/* What is known of a device; strings live until the next frame. */
struct driver_view {
    const char *name;
    bool running; /* the process lives and has spoken */
    bool fresh;   /* heard within DRIVER_SILENT_MS */
    const char *link, *activity, *condition, *model, *serial, *port;
    const char *const *media;
    size_t n_media;
    int pid;
    int64_t restarts, bad_frames, doubled, killed;
    const char *maturity, *firmware; /* of the row, of the device; "" when not told */
    const char *counters;            /* JSON object: each rung of the recovery ladder, as the driver counts */
    const char *detail;              /* why it is as it is: for the technician */
    const char *was;  /* another unit stood here before, and nobody has accepted this one; "" */
    int64_t since_ms; /* unix time of the last change of the public state */
};
void driver_view(const struct driver *d, struct driver_view *out);
/* The public state: derived here and nowhere stored. ready busy needs-citizen needs-staff needs-technician
 * absent retrying. */
const char *driver_public(const struct driver_view *v);

#endif
