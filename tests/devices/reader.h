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
enum level { LEVEL_SHORT, LEVEL_EXTENDED, LEVEL_WHOLE, LEVEL_TPDU };

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
    X(NOTIFY, "notify")     /* a NotifySlotChange that tells of no change */                                 \
    X(LRC, "lrc")           /* TPDU level, T=1: a block of the card with wrong check bytes */                \
    X(SEQUENCE, "sequence") /* an I- or R-block with the wrong number */                                     \
    X(PARITY, "parity")     /* bError FD instead of the block */                                             \
    X(WTX, "wtx")           /* S(WTX request) before the answer */                                           \
    X(IFS, "ifs")           /* S(IFS request 20) in the next turn of the card */                             \
    X(ABORT, "abort")       /* S(ABORT request) in the middle of a chain of the reader */                    \
    X(DEAF, "deaf")         /* the card does not understand the block: it asks again */                      \
    X(NULLS, "nulls")       /* T=0: NULL procedure bytes in front of the answer */                           \
    X(REFUSE, "refuse")     /* PPS: the card keeps to the default */                                         \
    X(FAST, "fast")         /* the card does not work at any rate but the default */
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

/* The card's side of the line at TPDU level: what a chip's operating system keeps. */
struct line {
    bool fresh; /* nothing came since reset: PPS is possible */
    uint8_t protocol, ta1;
    /* T=1 */
    bool ns, nr, last_more;
    unsigned ifsd;
    uint8_t last[260]; /* the block sent last */
    size_t lastlen;
    enum { AWAIT_NOTHING, AWAIT_WTX, AWAIT_IFS } await;
    /* both: the command so far, the answer still to be sent */
    struct buf command, answer;
};

struct reader {
    struct vdev *v;
    struct chip chips[24];
    /* the slot */
    enum source source;
    struct chip *chip;
    struct vpcd *vpcd;
    bool powered, param_set;
    uint8_t atr[CARD_ATR_MAX], params[7], protocol;
    size_t atrlen;
    uint8_t other_atr[CARD_ATR_MAX]; /* instead of the card's own; other_len 0: none */
    size_t other_len;
    uint8_t volts; /* the only voltage the card starts at, as in the power-on command; 0: all */
    uint8_t place; /* number of the slot that holds the card; the others are empty */
    struct line line;
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
    uint64_t apdus, bytes_to_card, bytes_from_card, frames, extensions, power_ons, aborts, blocks, pps;
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

void reader_run(struct reader *r); /* r->chain is a whole APDU: to the card */
size_t reader_slots(void);
void reader_set_slots(unsigned n); /* at the next plug */

/* reader_tpdu.c: blocks and TPDUs of one card. tpdu_in() ends in tpdu_out() of this, tpdu_answer() or a
 * failure. */
void tpdu_reset(struct reader *r);
void tpdu_in(struct reader *r, const uint8_t *p, size_t len);
void tpdu_answer(struct reader *r); /* r->answer is the card's answer to the APDU */
void reader_block(struct reader *r, const uint8_t *p, size_t len);         /* what the card sends back */
bool tpdu_protocol(const struct reader *r, uint8_t protocol, uint8_t ta1); /* could the card speak so? */

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
