/* A CCID reader on the bus: one slot, APDU level. Every answer is taken by slot AND sequence number, every
 * wait has a ceiling, and presence comes by the interrupt endpoint. Source: facts/ccid.md sections 3 to 9. */
#ifndef PRIDVOR_CARD_CCID_LINK_H
#define PRIDVOR_CARD_CCID_LINK_H

#include "drivers/bus/usb.h"
#include "drivers/card/apdu.h"
#include "drivers/card/atr.h"
#include "drivers/card/ccid.h"
#include "drivers/driver.h"

#define CCID_RING_BULK 0
#define CCID_RING_NOTICE 1

struct ccid_counters {
    unsigned apdus, stale, resyncs, aborts, extensions, hardware_errors;
    uint64_t bytes_out, bytes_in;
    int64_t card_us; /* waiting for answers of the card */
};

#define CCID_APDU_MS 10000
#define CCID_CAP_MS 30000 /* CCID issue 155: 13 minutes without such a ceiling */

struct ccid_link {
    struct bus *bus;
    struct ccid_class cls;
    uint8_t ep_out, slot, seq;
    bool has_notices; /* an interrupt endpoint */
    enum ccid_card card;
    bool powered;    /* by us, and nothing happened to the card since */
    bool left, came; /* seen on the interrupt endpoint since power-on */
    bool hardware;   /* a HardwareError notice came */
    bool dirty;      /* a command went out and its answer is not known: resynchronise first */
    int64_t apdu_ms,
        cap_ms;       /* one APDU; with all time extensions. Ceilings: a row's profile may lower them */
    int64_t deadline; /* of the running command; every wait ends there at the latest */
    struct atr atr;
    uint8_t frame[CCID_HEADER + APDU_MAX + 64]; /* what came of the frame under way */
    size_t have;
    struct ccid_counters count;
};

/* Descriptor, endpoints, listening, warm-up. RC_UNSUPPORTED with a sentence for TPDU and character readers.
 */
MUST enum rc ccid_link_open(struct ccid_link *l, struct bus *bus, const struct device_row *row,
                            struct err *e);
/* Reads what the interrupt endpoint brought; true: presence changed (l->card says how). */
bool ccid_link_notices(struct ccid_link *l);
MUST enum rc ccid_link_status(struct ccid_link *l, struct err *e); /* <= 1 s; sets l->card */
/* CARD_ABSENT, CARD_MUTE, ATR_BAD ... */
MUST enum rc ccid_link_power_on(struct ccid_link *l, struct err *e);
void ccid_link_power_off(struct ccid_link *l); /* best effort */
/* Back to a quiet bus after a time-out or nonsense: abort, clear-halt, statuses at 100 ms until two agree. */
MUST enum rc ccid_link_resync(struct ccid_link *l, struct err *e);
void ccid_link_wipe(struct ccid_link *l);

/* The transport of emrtd_read(). reset() demands the same card: slot not opened meanwhile, same ATR. */
struct transport ccid_link_transport(struct ccid_link *l);

#endif
