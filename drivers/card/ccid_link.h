/* A CCID reader on the bus, at every exchange level but the character. Every answer is taken by slot AND
 * sequence number, every wait has a ceiling, and presence comes by the interrupt endpoint. Source:
 * facts/ccid.md sections 3 to 9. */
#ifndef PRIDVOR_CARD_CCID_LINK_H
#define PRIDVOR_CARD_CCID_LINK_H

#include "drivers/bus/usb.h"
#include "drivers/card/pps.h"
#include "drivers/card/port.h"
#include "drivers/card/t1.h"
#include "drivers/driver.h"

#define CCID_RING_BULK 0
#define CCID_RING_NOTICE 1

#define CCID_APDU_MS 10000
#define CCID_CAP_MS 30000 /* CCID issue 155: 13 minutes without such a ceiling */
#define CCID_SLOTS 8
#define CCID_RATES 64

/* What a row of configs/devices says besides the class descriptor. */
struct ccid_traits {
    int64_t apdu_ms, cap_ms; /* one APDU; with all time extensions. A row may only lower them */
    int64_t power_on_ms;     /* up to 60 s */
    uint8_t volts[3],
        n_volts; /* what to try, as in the power-on command: 0 automatic, 1 5 V, 2 3 V, 3 1.8 V */
    uint8_t slots[CCID_SLOTS], n_slots; /* those where citizens put cards, preferred first */
    bool off_first;                     /* power off before each power-on */
    bool no_notices;                    /* the interrupt endpoint lies */
    bool no_pps;                        /* leave the card at its first rate */
    bool no_parameters;                 /* SetParameters upsets it */
};

/* A faster rate that failed is not tried again with this kind of card: one step slower each time. Lives as
 * long as the process. */
struct ccid_rates {
    struct {
        uint16_t vid, pid;
        uint8_t atr[ATR_MAX];
        size_t len;
        unsigned back;
    } row[16];
    unsigned next;
};

struct ccid_link {
    struct port port; /* first: the port is the link */
    struct bus *bus;
    struct ccid_class cls;
    struct ccid_traits traits;
    struct ccid_rates *memory; /* may be NULL */
    uint32_t rates[CCID_RATES];
    size_t n_rates;
    uint8_t ep_out, slot, seq;
    enum ccid_card cards[CCID_SLOTS]; /* of traits.slots */
    int64_t cap_at;                   /* of the APDU under way */
    /* the powered card */
    int protocol; /* 0, 1; -1: the reader takes APDUs and keeps it to itself */
    uint8_t ta1;
    struct t1 t1;
    uint8_t frame[CCID_HEADER + APDU_MAX + 64]; /* what came of the frame under way */
    size_t have;
};

/* Descriptor, endpoints, listening, warm-up. RC_UNSUPPORTED with a sentence for readers that are not for us.
 * Keeps l->memory. */
MUST enum rc ccid_link_open(struct ccid_link *l, struct bus *bus, const struct device_row *row,
                            struct err *e);
bool ccid_link_notices(struct ccid_link *l);
MUST enum rc ccid_link_status(struct ccid_link *l, struct err *e);
/* Back to a quiet bus after a time-out or nonsense: abort, clear-halt, statuses at 100 ms until two agree. */
MUST enum rc ccid_link_resync(struct ccid_link *l, struct err *e);

#endif
