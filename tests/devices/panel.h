/* vpanel: the virtual hardware as a page, and the network cable to the register as a switch. */
#ifndef PRIDVOR_TESTS_PANEL_H
#define PRIDVOR_TESTS_PANEL_H

#include <uv.h>

#include "common/base/http.h"

/* panel_ctl.c: one command to DIR/<device>/ctl.sock. cb exactly once, never from inside; NULL: no answer. */
typedef void (*ctl_cb)(const char *json, void *user);
void ctl_send(uv_loop_t *loop, const char *dir, const char *device, const char *line, ctl_cb cb, void *user);

/* panel_relay.c: 127.0.0.1:from -> 127.0.0.1:to. */
enum cable {
    CABLE_OPEN,
    CABLE_CUT,  /* connections are reset, new ones too */
    CABLE_HOLE, /* everything stands still, nobody is told */
};
struct relay;
struct relay *relay_new(uv_loop_t *loop, int from, int to); /* NULL: port taken, said on stderr */
void relay_set(struct relay *r, enum cable how);
enum cable relay_get(const struct relay *r);
unsigned relay_links(const struct relay *r);
void relay_close(struct relay *r); /* memory goes when the loop has run */

#endif
