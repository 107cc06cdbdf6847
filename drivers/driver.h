/* What a driver is: a few callbacks and a text file (configs/devices). serve.c owns the process: frames,
 * claims of the device, hot-plug, ping, cancel, exactly one completion per command. A driver is straight-line
 * blocking code whose every wait goes through the bus, so that ping and cancel are heard meanwhile. */
#ifndef PRIDVOR_DRIVER_H
#define PRIDVOR_DRIVER_H

#include "common/base/json.h"
#include "drivers/bus/usb.h"

/* completion words, in the order of CONTRACT; the text is the word. */
#define COMPLETIONS(X)                                                                                       \
    X(C_OK, "ok")                                                                                            \
    X(C_CANCELLED, "cancelled")                                                                              \
    X(C_TIMEOUT, "timeout")                                                                                  \
    X(C_BUSY, "busy")                                                                                        \
    X(C_NOT_READY, "not-ready")                                                                              \
    X(C_NO_DEVICE, "no-device")                                                                              \
    X(C_LINK_LOST, "link-lost")                                                                              \
    X(C_DEVICE_ERROR, "device-error")                                                                        \
    X(C_USER_NEEDED, "user-needed")                                                                          \
    X(C_UNSUPPORTED, "unsupported")                                                                          \
    X(C_BAD_REQUEST, "bad-request")                                                                          \
    X(C_DENIED, "denied")                                                                                    \
    X(C_BAD_SEQUENCE, "bad-sequence")                                                                        \
    X(C_PROTOCOL, "protocol")                                                                                \
    X(C_NO_SPACE, "no-space")                                                                                \
    X(C_INTERNAL, "internal")

enum completion {
#define X(name, word) name,
    COMPLETIONS(X)
#undef X
        C_COUNT
};
enum outcome { O_DONE, O_NOT_DONE, O_PARTIAL, O_UNKNOWN };
const char *completion_word(enum completion c);
const char *outcome_word(enum outcome o);

/* One command as a driver sees it (struct command of common/model/frame.h is its form on the wire). */
struct task {
    int64_t id;
    const char *verb;
    int64_t deadline;        /* absolute, mono_ms(); serve fills in the driver's default */
    const struct jval *args; /* an object, never NULL */
    struct arena *arena;     /* lives until the completion is out, then wiped */
};

/* What became of a command. Starts as C_INTERNAL / O_UNKNOWN; the driver sets all of it. */
struct result {
    enum completion completion;
    enum outcome outcome;
    const char *code; /* "" or a device code: a string constant */
    int64_t detail;
    const char *text; /* for the log, no personal data; "" is fine */
    struct buf data;  /* a JSON object, or empty for {} */
};
/* The usual way out of a driver: words from the error. rc -> completion by a table; outcome as the driver
 * knows it. */
void result_fail(struct arena *a, struct result *r, enum outcome o, const struct err *e);
void result_ok(struct result *r);

enum link { L_ABSENT, L_OPENING, L_UP, L_RETRY };
enum activity { A_IDLE, A_BUSY, A_DRAINING };
enum condition { K_OK, K_WARN, K_USER, K_STAFF, K_TECHNICIAN };

/* One row of configs/devices: which device, what is special about it. */
struct device_row {
    const char *name;
    const char *driver;   /* "card", "print", "pad", "scan", "office" */
    const char *maturity; /* experimental, beta, stable */
    struct bus_match match;
    const char **quirks;
    size_t quirks_n;
    const struct jval *profile; /* the driver's own members ("profile" of the file), may be NULL */
};
bool row_has(const struct device_row *row, const char *quirk);

#define MEDIA_MAX 8

/* What serve gives every callback. `self` is the driver's own state (ops->size bytes, zeroed at start). */
struct drv {
    const struct driver_ops *ops;
    void *self;
    struct bus *bus;              /* always there; a busless driver uses it to wait (bus_wait) alone */
    const struct device_row *row; /* of the open device; NULL while none is open. A busless driver sets it */
    struct arena *process;        /* process lifetime */
    struct serve *serve;
    const char *media[MEDIA_MAX + 1]; /* string constants; set with drv_media() */
};

/* The one setter of each axis; a change makes a state frame and one log line OLD->NEW. */
void drv_condition(struct drv *d, enum condition c, const char *detail);
void drv_media(struct drv *d, const char *const *words, size_t n);
/* data: a JSON object as text. Events belong to the running command; without one they are dropped. */
void drv_event(struct drv *d, const char *event, const char *data);
void drv_unsolicited(struct drv *d, const char *event, const char *data);
int64_t drv_command_id(const struct drv *d); /* of the running command, else 0 */
/* A busless driver says who it found, from inside open(); serve copies. NULL is "". */
void drv_id(struct drv *d, const char *model, const char *serial, const char *port);
/* Which device is wanted (serve_opts.pin), or NULL; a busless driver reads it by its own rule. */
const char *drv_pin(const struct drv *d);
/* All rows of configs/devices for this driver, special ones first; a busless driver chooses by itself. */
const struct device_row *drv_rows(const struct drv *d, size_t *n);
/* Between two calls of a blocking library: hears commands (ping is answered) without waiting. true: the
 * running command is to end. */
bool drv_breathe(struct drv *d);
/* The driver is at its wits' end with this device: serve climbs the ladder (close and open again, then port
 * reset) once the running command is completed. why: a string constant for the log. */
void drv_climb(struct drv *d, const char *why);

struct driver_ops {
    const char *name;
    size_t size;
    /* No USB device of its own: serve opens nothing. open() finds its device (RC_NO_DEVICE: there is none),
     * says drv_id(); close() lets go; idle() runs at least every tick_ms and looks whether it is still there
     * (RC_NO_DEVICE or RC_LINK_LOST: gone). */
    bool busless;
    /* Its library may sit in a call for long: pings wait meanwhile. kioskd goes by the deadline of the
     * command (firmware/driver.c), and kills. Only a note for the reader here. */
    bool blocking;
    const char *const *verbs;       /* NULL-terminated; anything else is refused "unsupported" */
    const char *const *dry;         /* verbs that work without a device (render); may be NULL */
    const char *const *aside_verbs; /* heard by aside() while a command runs (finish, clear); may be NULL */
    unsigned rings;                 /* BUS_RING bits that end an idle wait */
    int64_t tick_ms;                /* idle() at least this often; 0: only when a ring has something */
    int64_t deadline_ms;            /* default for commands that name none */

    /* Just claimed: read descriptors, listen, learn the state. Failing makes serve close and try again later.
     */
    enum rc (*open)(struct drv *d, struct err *e);
    /* Forget the device; the bus is closed by serve right after. Also called when the link is already gone.
     */
    void (*close)(struct drv *d);
    /* Nothing runs: woke has the ring bits, 0 on a tick. RC_LINK_LOST or RC_PROTOCOL start the ladder. */
    enum rc (*idle)(struct drv *d, unsigned woke, struct err *e);
    /* Runs one command to its end. */
    void (*run)(struct drv *d, const struct task *t, struct result *r);
    /* A word to the running command, from inside bus_wait(): note it, no I/O. Returns BUS_NOTE, or 0 =
     * refused. */
    unsigned (*aside)(struct drv *d, const struct task *t);
    /* By hand: writes files that the arguments name from the data of a good completion; may be NULL. */
    enum rc (*keep)(const struct jval *args, const struct jval *data, struct err *e);
    /* End of a citizen's session: drop everything personal, dark screen, card off. */
    void (*wipe)(struct drv *d);
};

extern const struct driver_ops card_driver, card_pcsc_driver, print_driver, pad_driver, scan_driver,
    office_driver;

#endif
