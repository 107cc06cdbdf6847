/* Inside the reader model: a CCID reader (USB class 0B) with one slot. In the slot is our card applet, or
 * whatever speaks the vpcd protocol on a TCP socket. Frames are those of the CCID specification,
 * revision 1.1. */
#ifndef PRIDVOR_TESTS_READER_H
#define PRIDVOR_TESTS_READER_H

#include "common/base/buf.h"
#include "tests/devices/card.h"
#include "tests/devices/model.h"

enum { EP_OUT = 0x01, EP_IN = 0x82, EP_INT = 0x83, HEADER = 10 };

/* How much of an APDU the reader takes at once (dwFeatures, dwMaxCCIDMessageLength). */
enum level { LEVEL_SHORT, LEVEL_EXTENDED, LEVEL_WHOLE };

/* What the reader does wrong. Each has a count of answers it strikes; UINT_MAX: until switched off. All but
 * `mute` and `hardware` strike answers to XfrBlock only, so that a driver can find its feet again. */
#define FAULTS(X)                                                                                            \
    X(MUTE, "mute")         /* the card does not answer: bError FE */                                        \
    X(HARDWARE, "hardware") /* bError FB and a HardwareError on the interrupt endpoint */                    \
    X(STALE, "stale")       /* an old answer with an old bSeq comes first */                                 \
    X(SHORT, "short")       /* fewer bytes than dwLength says */                                             \
    X(GARBAGE, "garbage")   /* noise instead of a frame */                                                   \
    X(ENDLESS, "endless")   /* time extensions for ever */                                                   \
    X(SILENT, "silent")     /* no answer at all */                                                           \
    X(BADSLOT, "badslot")   /* the frame names slot 1 */                                                     \
    X(LONG, "long")         /* dwLength larger than what comes */                                            \
    X(EMPTY, "empty")       /* a zero-length packet first */                                                 \
    X(TWICE, "twice")       /* the same frame again */                                                       \
    X(JOINED, "joined")     /* the frame and an old one in one transfer */                                   \
    X(PIECES, "pieces")     /* one frame in many transfers */                                                \
    X(NOTIFY, "notify")     /* a NotifySlotChange that tells of no change */
enum fault {
#define X(id, word) FAULT_##id,
    FAULTS(X)
#undef X
        FAULT_COUNT
};

enum source { FROM_NOWHERE, FROM_CARD, FROM_VPCD };

struct chip { /* the chips of this process: a card taken out and put in again remembers its wrong CANs */
    char *name;
    struct card *card;
};

struct vpcd; /* reader_vpcd.c */

struct reader {
    struct vdev *v;
    struct chip chips[8];
    /* the slot */
    enum source source;
    struct chip *chip;
    struct vpcd *vpcd;
    bool powered, param_set;
    uint8_t atr[CARD_ATR_MAX], params[7], protocol;
    size_t atrlen;
    /* the bus */
    struct buf in;    /* bytes of an unfinished command */
    struct buf chain; /* pieces of an extended APDU on their way to the card */
    struct buf rest;  /* pieces of an answer on their way to the host */
    struct buf old;   /* the answer frame before this one, for the faults */
    /* the command that runs */
    bool busy, power_on;
    uint8_t seq;
    unsigned done_timer, extension_timer;
    struct buf answer;
    int abort_control, abort_bulk; /* bSeq of a half-done abort, or -1 */
    /* faults and counters */
    unsigned faults[FAULT_COUNT], delay_ms;
    uint32_t noise;
    uint64_t apdus, bytes_to_card, bytes_from_card, frames, extensions, power_ons, aborts;
};

extern struct usb_desc reader_desc;
void reader_set_level(enum level l); /* takes effect when the host reads the descriptors: at the next plug */
enum level reader_level(void);
size_t reader_max_message(void);
const char *reader_level_name(enum level l);

/* reader_ccid.c: frames */
int reader_out(void *user, uint8_t ep, const uint8_t *data, size_t len);
int reader_control(void *user, const uint8_t setup[8], uint8_t *data, size_t len);
void reader_forget(struct reader *r);              /* everything that runs or waits */
void reader_xfr_done(struct reader *r);            /* r->answer is complete */
void reader_power_done(struct reader *r, bool ok); /* r->atr is set */
void reader_fail(struct reader *r, uint8_t error);
void reader_notify(struct reader *r, bool changed);

/* reader_emit.c: what goes to the host, with its faults */
uint8_t reader_icc(const struct reader *r); /* 0 active, 1 inactive, 2 absent */
struct frame {
    uint8_t type, seq, status, error, chain;
    const void *p;
    size_t len;
};
void emit(struct reader *r, const struct frame *f);        /* as it is */
void emit_answer(struct reader *r, const struct frame *f); /* of XfrBlock: faults strike here */
bool fault_take(struct reader *r, enum fault f);
const char *fault_name(enum fault f);

/* reader_slot.c */
bool slot_present(const struct reader *r);
bool slot_insert(struct reader *r, const char *name, GString *why);
void slot_remove(struct reader *r);
bool slot_renew(struct reader *r);
void slot_power(struct reader *r, bool on);                            /* on: ends in reader_power_done() */
void slot_transmit(struct reader *r, const uint8_t *apdu, size_t len); /* ends in reader_xfr_done() */
void slot_cancel(struct reader *r); /* the answer under way is not wanted any more */

/* reader_vpcd.c: the external card. */
struct vpcd *vpcd_new(struct reader *r, int port); /* NULL: the port is taken (said on stderr) */
void vpcd_free(struct vpcd *p);
bool vpcd_connected(const struct vpcd *p);
void vpcd_power(struct vpcd *p, bool on);
void vpcd_transmit(struct vpcd *p, const uint8_t *apdu, size_t len);
void vpcd_cancel(struct vpcd *p);
/* Called by it: */
void slot_vpcd_change(struct reader *r, bool connected);
void slot_vpcd_atr(struct reader *r, const uint8_t *atr, size_t len);
void slot_vpcd_answer(struct reader *r, const uint8_t *p, size_t len);

#endif
