/* Inside the carrier: usb_node.c makes the device appear, usb_ioctl.c speaks with the client's preload
 * library, usb_urb.c keeps the transfers. */
#ifndef PRIDVOR_TESTS_USB_INT_H
#define PRIDVOR_TESTS_USB_INT_H

#include <linux/usbdevice_fs.h>

#include "tests/devices/usbdev.h"

/* One open file of a client process. */
struct usb_client {
    struct usbdev *u;
    int fd; /* socket of umockdev's preload library in that process */
    guint watch;
    bool stale;      /* the device it opened is gone; a re-plugged one is another */
    uint32_t claims; /* interfaces, as bits */
};

struct usb_urb {
    struct usb_client *c;
    uint64_t addr; /* of the struct in the client */
    uint8_t *data; /* buffer_length bytes, at least 1 */
    size_t moved;  /* OUT: taken by the model so far */
    bool done;
    bool fresh; /* not yet shown to the model */
    bool held;  /* by a fault: only cancelling ends it */
    struct usbdevfs_urb urb;
};

/* A message of an IN endpoint that no transfer took yet. */
struct usb_msg {
    uint8_t ep;
    bool stall;
    size_t off, len;
    uint8_t data[];
};
struct usb_later {
    struct usbdev *u;
    guint source;
    struct usb_msg *msg;
};

struct usbdev {
    const struct usb_desc *desc;
    const struct usb_model *model;
    void *user;
    void *testbed;  /* UMockdevTestbed */
    char *root;     /* folder of the testbed */
    char *syspath;  /* "/devices/..." while plugged */
    char *sockpath; /* where the preload library connects for this node */
    int listener;
    guint listen_watch;
    int address;         /* device number on the bus, grows */
    int gate, gate_peer; /* pty master, slave */
    bool gate_open, plugged, silent, bound;
    GPtrArray *clients; /* struct usb_client */
    GPtrArray *urbs;    /* struct usb_urb, in order of submission; done ones move to reap */
    GPtrArray *reap;    /* done, in order of completion */
    GQueue msgs;        /* struct usb_msg */
    GPtrArray *later;   /* struct usb_later */
    uint64_t transfers;
    void (*on_transfer)(void *user);
    void *on_user;
    bool moving; /* inside usb_urb_move: no second round below it */
    bool again, resume;
    int fault; /* enum in usb_urb.c */
    unsigned fault_in;
};

/* usb_node.c */
void usb_gate(struct usbdev *u); /* POLLOUT exactly while something can be reaped */

/* usb_sweep.c: marks this testbed as ours and removes those of processes that were killed. */
void usb_sweep(const char *root);

/* usb_ioctl.c */
bool usb_listen(struct usbdev *u);   /* for the present node */
void usb_unlisten(struct usbdev *u); /* clients that have it open stay */
void usb_clients_free(struct usbdev *u);
bool usb_mem_read(struct usb_client *c, uint64_t addr, void *p, size_t len);
bool usb_mem_write(struct usb_client *c, uint64_t addr, const void *p, size_t len);

/* usb_urb.c: each returns 0 or an errno for the client. */
int usb_urb_submit(struct usb_client *c, uint64_t addr);
int usb_urb_discard(struct usb_client *c, uint64_t addr);
int usb_urb_reap(struct usb_client *c, uint64_t arg);
void usb_urb_free(void *urb);
void usb_urb_drop_client(struct usb_client *c); /* the process went away */
void usb_urb_shutdown(struct usbdev *u);        /* the device went away */
void usb_urb_clear(struct usbdev *u);           /* queues emptied */

#endif
