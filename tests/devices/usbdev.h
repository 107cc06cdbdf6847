/* A USB device below the unmodified libusb (umockdev, Linux usbfs ioctls).
 *
 * One thread: every callback of a model, every timer and every command runs in GLib's default main context.
 * So a model needs no lock, may use g_timeout_add() and g_unix_fd_add() freely, and must never block for more
 * than a few milliseconds. One process carries one device (umockdev: one testbed per process). */
#ifndef PRIDVOR_TESTS_USBDEV_H
#define PRIDVOR_TESTS_USBDEV_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct usbdev;

/* What a device is on the bus. */
struct usb_desc {
    const char *port;           /* sysfs name, "1-1" */
    int bus;                    /* the address is given at plug time and grows with every re-plug */
    int mbit;                   /* 12 or 480 */
    const uint8_t *descriptors; /* device descriptor, then the whole configuration: as sysfs has them */
    size_t len;
    const char *const
        *strings;       /* index 1, 2 ...; NULL-terminated; ASCII. The carrier answers them (0x0409) */
    const char *driver; /* kernel driver bound to interface 0 ("usblp", "usbhid"), or NULL */
};

/* What a device does. The carrier itself answers GET_DESCRIPTOR device, configuration and string,
 * GET/SET_CONFIGURATION, SET_INTERFACE, GET_STATUS and CLEAR_FEATURE; all else on endpoint 0 comes to
 * control(). */
struct usb_model {
    /* IN (setup[0] & 0x80): fill data, at most len. OUT: data holds len bytes.
     * Returns bytes, or -errno: -EPIPE stalls; -EINPROGRESS: no answer now (the host's time-out decides). */
    int (*control)(void *user, const uint8_t setup[8], uint8_t *data, size_t len);
    /* Bulk or interrupt OUT. Returns bytes taken, or -errno (-EPIPE stalls). Fewer than len: the endpoint
     * NAKs, the host's transfer stays open, and the rest is offered again after usb_resume(). len 0: a
     * zero-length packet. */
    int (*out)(void *user, uint8_t ep, const uint8_t *data, size_t len);
    void (*claimed)(void *user, int interface, bool yes); /* may be NULL */
    void (*halt_cleared)(void *user, uint8_t ep);         /* CLEAR_HALT; may be NULL */
    void (*reset)(void *user);                            /* port reset; may be NULL */
};

/* The testbed comes with the first call; it stands empty until usb_plug(). NULL when not under umockdev's
 * preload. */
struct usbdev *usb_new(const struct usb_desc *d, const struct usb_model *m, void *user);
void usb_set_user(struct usbdev *u, void *user);
void usb_free(struct usbdev *u);
const char *usb_root(const struct usbdev *u); /* the testbed's folder: UMOCKDEV_DIR of the clients */

bool usb_plug(struct usbdev *u);   /* false: already there, or umockdev refused (said on stderr) */
bool usb_unplug(struct usbdev *u); /* open transfers end with -ESHUTDOWN; queued IN data is forgotten */
bool usb_plugged(const struct usbdev *u);

/* One message on an IN endpoint: completes a waiting transfer or queues for the next. A message longer than
 * the host's buffer goes out in pieces, two messages are never joined. len 0: a zero-length packet. Messages
 * with a delay keep their order among those of the same delay only. */
void usb_in(struct usbdev *u, uint8_t ep, const void *data, size_t len, unsigned delay_ms);
void usb_in_stall(struct usbdev *u,
                  uint8_t ep); /* the waiting or next transfer of that endpoint ends with -EPIPE */
void usb_in_flush(struct usbdev *u, uint8_t ep);           /* forgets what is queued or delayed there */
size_t usb_in_waiting(const struct usbdev *u, uint8_t ep); /* messages the host has not fetched */
void usb_resume(struct usbdev *u, uint8_t ep);             /* out() may be offered the rest */

void usb_silence(struct usbdev *u, bool on); /* nothing is answered, only cancelling works, until it is off */

/* Something happens to the nth transfer from now on (1: the next that would succeed): stall, babble, error (a
 * CRC that never fits), short (half of it), zero (nothing of it), garble (IN: other bytes of the same
 * length), timeout (never answered, only cancelling works), unplug (in the middle of it); or submit: the
 * kernel refuses the nth request. n 0 takes it back. false: no such word. */
bool usb_fault(struct usbdev *u, const char *kind, unsigned n);

/* Finished transfers since usb_new (control, bulk and interrupt; answered or stalled, not cancelled ones),
 * and a function called after each: fault scripts count with it and may unplug inside. */
uint64_t usb_transfers(const struct usbdev *u);
void usb_on_transfer(struct usbdev *u, void (*fn)(void *user), void *user);

#endif
