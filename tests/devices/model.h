/* A row of vdev: what a device model brings, and what vdev gives it.
 *
 * vdev reader|printer|pad --dir DIR [--card A|B|C | --vpcd PORT] [--script FILE]
 * reads the control socket, runs the fault script, plugs and unplugs; the model answers the words it knows.
 */
#ifndef PRIDVOR_TESTS_MODEL_H
#define PRIDVOR_TESTS_MODEL_H

#include "tests/devices/usbdev.h"

struct vdev; /* the program around the model */

struct vdev_opts {
    const char *dir;     /* pictures go here */
    const char *card;    /* "A", "B", "C" inserted at start, or NULL */
    int vpcd_port;       /* 0: none; else listen there on 127.0.0.1 for an external card */
    const char *variant; /* --model, or NULL for the usual one */
};

struct vmodel {
    const char *name; /* "reader", "printer", "pad" */
    const struct usb_desc *desc;
    /* The same for a device of many models; name NULL: the usual one. NULL: no such model. Goes before desc.
     */
    const struct usb_desc *(*variant)(const char *name);
    const struct usb_model *usb; /* its callbacks get what start() returned */
    /* NULL = cannot start (said on stderr). */
    void *(*start)(struct vdev *v, const struct vdev_opts *o);
    void (*stop)(void *user);
    void (*power)(void *user,
                  bool on); /* after plug, before unplug: the device forgets what RAM forgets. May be NULL */
    /* One command, split at blanks; words[0] is the verb. true: done, `reply` may hold JSON members
     * ("mm":42,"x":"y") without braces and without a leading comma. false: `reply` holds one sentence why
     * not. A verb that is not yours: return false with an empty reply. */
    bool (*command)(void *user, int n, char **words, GString *reply);
    /* Members for `state`, in the same form. May be NULL. */
    void (*state)(void *user, GString *members);
};

/* Rows. probe is what the carrier's own test needs. */
extern const struct vmodel reader_model, printer_model, pad_model, probe_model;

struct usbdev *vdev_usb(struct vdev *v); /* for usb_in() and friends; valid from start() on */
/* Something a fault script can wait for happened: unit "apdu", "reports" or "mm", by how much. Commands of
 * the script that become due run inside this call, so say it at the exact point where the fault shall strike
 * ("after 3 apdu remove": counted once the third answer is on its way) and look at your state again
 * afterwards. */
void vdev_count(struct vdev *v, const char *unit, double by);
/* JSON string with quotes, for replies. */
void vdev_quote(GString *out, const char *text);

#endif
