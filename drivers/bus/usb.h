/* The USB bus: the only user of libusb. One process, one thread, one device.
 *
 * Straight-line drivers need one wait primitive. IN and interrupt transfers stay posted all the time and fill
 * rings; bus_wait() comes back when a ring the caller names has something, when a command line came in and
 * somebody must hear it (cancel), when the link is lost, or at the deadline. Every other call that takes a
 * deadline waits in the same loop, so a ping is answered while a page of paper is being fed.
 *
 * Deadlines are absolute, of mono_ms(). No transfer ever has the time-out 0 (= for ever). Nothing resets on
 * open. The hot-plug callback only notes: no call, no close inside it (libusb issues 39 and 1444). Source:
 * facts/usb-emulation.md, facts/devices.md sections 1, 4, 5. */
#ifndef PRIDVOR_BUS_USB_H
#define PRIDVOR_BUS_USB_H

#include "common/base/err.h"

struct bus;

/* What bus_wait() says, and what a command callback may answer. */
#define BUS_RING(i) (1u << (i)) /* ring i has at least one packet; i < BUS_RINGS */
#define BUS_RINGS 4
#define BUS_LATE 0x0100u /* the deadline */
#define BUS_GONE 0x0200u /* the device is unplugged or its link is dead; sticky until bus_close() */
#define BUS_STOP                                                                                             \
    0x0400u /* the running command is to end (cancel, end of input); sticky until bus_stop_clear() */
#define BUS_NOTE 0x0800u  /* something was said to the running command (pad: finish, clear); once */
#define BUS_PLUG 0x1000u  /* some device came; once. Only while nothing is open */
#define BUS_STALL 0x2000u /* an IN endpoint answered STALL and rests; sticky until bus_clear_halt() */

/* Which devices a driver takes. 0 (ids) and -1 (class words) mean any; bcd_hi 0 means no upper end. */
struct bus_match {
    uint16_t vid, pid;
    uint16_t bcd_lo, bcd_hi; /* bcdDevice */
    int cls, sub, proto;     /* of one interface */
};

/* Who is at the other end. Two equal devices are told apart by serial, then by port. */
struct bus_id {
    uint16_t vid, pid, bcd;
    uint8_t interface;
    uint8_t number, address; /* bus and device number: they change at every plug */
    char port[32];           /* "1-1.4": the place, does not change */
    char serial[64], maker[64], product[64];
};

/* commands: readable means bus_wait() calls heard(), which reads and answers what it can by itself (ping) and
 * returns BUS_STOP, BUS_NOTE or 0. commands -1: nobody speaks. */
MUST enum rc bus_new(int commands, unsigned (*heard)(void *user), void *user, struct bus **out,
                     struct err *e);
/* Starts libusb now instead of at the first use: before the process shuts itself in (sandbox.h). */
void bus_wake(struct bus *b);
void bus_free(struct bus *b); /* closes; NULL is fine */
void bus_freep(struct bus **b);
/* Nobody speaks any more (end of input): stops looking at the command descriptor. */
void bus_mute(struct bus *b);

/* All devices that a row takes, at most cap; nothing is opened beyond what the strings need. */
size_t bus_list(struct bus *b, const struct bus_match *rows, size_t n, struct bus_id *out, size_t cap);

/* Opens the first device one of the n rows takes (earlier rows win) and claims that interface with
 * auto-detach. pin: NULL, "usb:VID:PID", "usb:VID:PID:SERIAL" or a port "1-1". *row says which row it was.
 * RC_NO_DEVICE nothing there; RC_DENIED and RC_BUSY carry a sentence that names the fix or the holder. */
MUST enum rc bus_open(struct bus *b, const struct bus_match *rows, size_t n, const char *pin, size_t *row,
                      struct err *e);
void bus_close(struct bus *b);            /* takes back what is posted, releases, re-attaches; rings wiped */
bool bus_tells_plug(const struct bus *b); /* hot-plug works here, so BUS_PLUG will come */
bool bus_is_open(const struct bus *b);
const struct bus_id *bus_id(const struct bus *b); /* of the open device */

/* Endpoint address (0x81 ...) of the claimed interface, 0 when there is none. */
enum bus_kind { BUS_BULK = 2, BUS_INTERRUPT = 3 };
uint8_t bus_endpoint(const struct bus *b, enum bus_kind kind, bool in, uint16_t *packet_size);
/* The class descriptor `type` (0x21), after the interface or after any endpoint of it: some readers put it
 * last. */
MUST enum rc bus_class_descriptor(const struct bus *b, uint8_t type, uint8_t *out, size_t cap, size_t *len,
                                  struct err *e);

/* Keeps `posted` transfers of `size` bytes on an IN endpoint; what comes goes to ring `ring`. A full ring
 * holds back the next transfer instead of losing bytes. size: the packet size, unless the device ends every
 * message short. */
MUST enum rc bus_listen(struct bus *b, unsigned ring, uint8_t endpoint, size_t size, unsigned posted,
                        struct err *e);

/* One packet as it came (never joined, never cut). false: the ring is empty. at_ms: mono_ms() when it
 * arrived. The place in the ring is wiped. */
MUST bool bus_take(struct bus *b, unsigned ring, uint8_t *out, size_t cap, size_t *len, int64_t *at_ms);
void bus_drop(struct bus *b, unsigned ring); /* everything in the ring */

/* want: BUS_RING bits. Returns at once what is already true, else sleeps. Any mask of the bits above;
 * BUS_LATE alone means nothing happened. */
unsigned bus_wait(struct bus *b, unsigned want, int64_t deadline);
/* The same with the answer as an error: RC_OK (a wanted ring has something, or BUS_NOTE), RC_TIMEOUT,
 * RC_CANCELLED, RC_LINK_LOST (code LINK_LOST), RC_PROTOCOL (stall). */
MUST enum rc bus_await(struct bus *b, unsigned want, int64_t deadline, struct err *e);
void bus_stop_clear(struct bus *b); /* before clean-up that must talk to the device after a cancel */
bool bus_stopped(const struct bus *b);

/* Bulk or interrupt OUT in pieces of at most 16 KiB. */
MUST enum rc bus_write(struct bus *b, uint8_t endpoint, const void *p, size_t len, int64_t deadline,
                       struct err *e);
size_t bus_sent(const struct bus *b); /* what the device took of the last bus_write(), after a failure, too */

struct bus_setup {
    uint8_t type, request; /* bmRequestType says the direction */
    uint16_t value, index, length;
};
/* data: length bytes to send, or room for them. *got (IN) may be NULL. A stall is RC_UNSUPPORTED. */
MUST enum rc bus_control(struct bus *b, const struct bus_setup *s, void *data, size_t *got, int64_t deadline,
                         struct err *e);

/* Recovery ladder (facts/devices.md section 5), lowest rung first; each call is counted.
 * 1 clear-halt: both directions of the claimed interface, listening goes on. */
MUST enum rc bus_clear_halt(struct bus *b, struct err *e);
/* 2 close and open again: the same port and row. Listeners are gone: the driver starts from its open step. */
MUST enum rc bus_reopen(struct bus *b, struct err *e);
/* 3 port reset, at most 2 in 10 minutes (then RC_LIMIT); afterwards as after bus_reopen(). */
MUST enum rc bus_reset(struct bus *b, struct err *e);
/* 4 the hub takes the port's power away for 3 s, once in 10 minutes (RC_LIMIT); then as after bus_reopen().
 * RC_UNSUPPORTED: no hub above, or one that cannot switch a single port; what was open stays so. Works on the
 * port of the last device, so also when that one is gone for good. */
MUST enum rc bus_power(struct bus *b, struct err *e);

struct bus_counters {
    unsigned clear_halt, reopen, reset, power, lost; /* since start */
    uint64_t bytes_in, bytes_out, transfers;
};
const struct bus_counters *bus_counters(const struct bus *b);

/* What went over the bus, for a technician's eyes: one call per finished transfer (OUT, IN, control with its
 * eight bytes of set-up in front). NULL switches it off. No call of bus_* inside. */
struct bus_seen {
    int64_t at_ms;
    uint8_t endpoint;   /* 0x80: control in, 0x00: control out */
    enum bus_kind kind; /* 0: control */
    int status;         /* 0 fine, else enum libusb_transfer_status */
    const uint8_t *data;
    size_t len, setup; /* setup: so many bytes at the front are the set-up packet */
};
void bus_trace(struct bus *b, void (*seen)(void *user, const struct bus_seen *s), void *user);
void bus_wipe(struct bus *b); /* end of a citizen's session: rings and transfer buffers */

#endif
