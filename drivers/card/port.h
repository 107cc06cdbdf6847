/* What the card driver knows of a reader: one slot it watches, one card in it. Behind it stands a CCID reader
 * of our own (ccid_link.c) or the PC/SC service (pcsc.c); the code above is the same. */
#ifndef PRIDVOR_CARD_PORT_H
#define PRIDVOR_CARD_PORT_H

#include "common/base/buf.h"
#include "drivers/card/apdu.h"
#include "drivers/card/atr.h"
#include "drivers/card/ccid.h"

struct port_counters {
    unsigned apdus, exchanges, stale, resyncs, aborts, extensions, hardware_errors;
    uint64_t bytes_out, bytes_in;
    int64_t card_us; /* waiting for answers of the card */
};

struct port;
struct port_ops {
    const char *name; /* "ccid", "pcsc" */
    /* Reads what was said meanwhile; true: presence changed (card says how). No waiting. */
    bool (*notices)(struct port *p);
    MUST enum rc (*status)(struct port *p, struct err *e); /* <= 1 s; sets card */
    /* CARD_ABSENT, CARD_MUTE, ATR_BAD, PROTOCOL_UNSUPPORTED ... */
    MUST enum rc (*power_on)(struct port *p, struct err *e);
    void (*power_off)(struct port *p); /* best effort */
    /* One APDU as bytes, answer with its status word. */
    MUST enum rc (*exchange)(struct port *p, struct bytes cmd, struct buf *answer, struct err *e);
    /* Not the whole truth, for the technician: ,"level":"tpdu" ... as JSON members, each with a comma in
     * front. */
    void (*describe)(const struct port *p, struct buf *out);
    void (*wipe)(struct port *p);
};

struct port {
    const struct port_ops *ops;
    enum ccid_card card;
    bool powered;    /* by us, and nothing happened to the card since */
    bool left, came; /* seen since power-on */
    bool hardware;   /* a hardware error was announced */
    bool dirty;      /* a command went out and its answer is not known: resynchronise first */
    bool has_notices;
    int64_t deadline; /* of the running command; every wait ends there at the latest */
    struct atr atr;
    size_t max_command, max_answer; /* bytes of one APDU, status word included */
    struct port_counters count;
    struct buf answer; /* of the APDU under way */
};

/* The transport of emrtd_read(). reset() demands the same card: slot not opened meanwhile, same ATR. */
struct transport port_transport(struct port *p);
/* CARD_REMOVED, CARD_SWAPPED, READER_HARDWARE by what was noticed since power-on. */
MUST enum rc port_same_card(struct port *p, struct err *e);
void port_wipe(struct port *p);
void port_free(struct port *p);

#endif
