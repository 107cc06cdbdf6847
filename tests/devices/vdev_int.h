/* Inside vdev: the program, the control socket, the fault script. */
#ifndef PRIDVOR_TESTS_VDEV_INT_H
#define PRIDVOR_TESTS_VDEV_INT_H

#include "tests/devices/model.h"

struct vscript;

struct vdev {
    const struct vmodel *model;
    void *user; /* the model's */
    struct usbdev *usb;
    struct vscript *script;
    struct vdev_opts opts;
    GMainLoop *loop;
};

/* Runs one line; the answer is a JSON object without the line feed. Never fails in another way. */
void vdev_line(struct vdev *v, const char *line, GString *answer);

/* vdev_script.c. Statements separated by ';' or line feed, one after the other:
 *   at 40mm CMD | at 2s CMD          when so much happened since the script was loaded
 *   after 3 apdu CMD | after 2 reports CMD | after 5 transfers CMD | after 20 mm CMD    since the statement
 * before wait 3s | wait 250ms | CMD       '#' starts a comment */
struct vscript *script_new(struct vdev *v);
void script_free(struct vscript *s);
/* false: the text is wrong, `why` says where; the old script stays. Replaces a running script. */
bool script_load(struct vscript *s, const char *text, GString *why);
void script_count(struct vscript *s, const char *unit, double by);
void script_state(const struct vscript *s, GString *members);

/* vdev_ctl.c: DIR/ctl.sock. */
bool ctl_open(struct vdev *v, const char *path);
void ctl_close(const char *path);

#endif
