/* USB CCID, revision 1.1: class descriptor, bulk frames, slot-change frames. Pure: bytes <-> structs.
 * Source: facts/ccid.md sections 2, 3. */
#ifndef PRIDVOR_CARD_CCID_H
#define PRIDVOR_CARD_CCID_H

#include "common/base/err.h"

#define CCID_HEADER 10
#define CCID_CLASS 0x0B

enum ccid_level { CCID_CHARACTER, CCID_TPDU, CCID_SHORT, CCID_EXTENDED };

/* dwFeatures: what the reader does by itself. */
#define CCID_AUTO_PARAMETERS 0x02u /* from the ATR */
#define CCID_AUTO_ACTIVATE 0x04u
#define CCID_AUTO_VOLTAGE 0x08u
#define CCID_AUTO_NEGOTIATION 0x40u /* parameters and PPS, its own way: the host keeps off */
#define CCID_AUTO_PPS 0x80u         /* PPS by the parameters that are set */
#define CCID_AUTO_IFSD 0x400u
#define CCID_ICCD 0x800u /* a token without bulk endpoints */

struct ccid_class {
    unsigned slots;
    uint8_t voltages; /* 1: 5 V, 2: 3 V, 4: 1.8 V */
    uint32_t protocols, features, max_message, max_ifsd, clock_khz, max_rate;
    uint8_t rates; /* how many GET_DATA_RATES lists; 0: every rate up to max_rate */
    enum ccid_level level;
    uint8_t pin_support, busy_slots;
};
MUST enum rc ccid_class_parse(const uint8_t *p, size_t len, struct ccid_class *out, struct err *e);
const char *ccid_level_name(enum ccid_level level);

enum ccid_type {
    CCID_ICC_POWER_ON = 0x62,
    CCID_ICC_POWER_OFF = 0x63,
    CCID_GET_SLOT_STATUS = 0x65,
    CCID_SET_PARAMETERS = 0x61,
    CCID_XFR_BLOCK = 0x6F,
    CCID_ABORT = 0x72,
    CCID_DATA_BLOCK = 0x80,
    CCID_SLOT_STATUS = 0x81,
    CCID_PARAMETERS = 0x82,
    CCID_NOTIFY_SLOT_CHANGE = 0x50,
    CCID_HARDWARE_ERROR = 0x51,
};

struct ccid_out {
    uint8_t type, slot, seq;
    uint8_t word[3]; /* message-specific: power-on: voltage; XfrBlock: BWI, wLevelParameter LE */
    const uint8_t *data;
    size_t len;
};
MUST enum rc ccid_encode(const struct ccid_out *m, uint8_t *out, size_t cap, size_t *len, struct err *e);

enum ccid_card { CCID_ACTIVE, CCID_INACTIVE, CCID_ABSENT };

struct ccid_in {
    uint8_t type, slot, seq;
    enum ccid_card card;
    bool failed, extension; /* bError: the cause, or the multiplier */
    uint8_t error, param;   /* param: bChainParameter of a data block, clock status of a slot status */
    const uint8_t *data;
    size_t len;
};
/* How long the frame at p will be; 0: the header is not complete yet. RC_PROTOCOL: longer than max. */
MUST enum rc ccid_expect(const uint8_t *p, size_t len, size_t max, size_t *total, struct err *e);
/* p holds exactly one frame from the bulk endpoint. */
MUST enum rc ccid_decode(const uint8_t *p, size_t len, struct ccid_in *out, struct err *e);
/* The error a failed frame means: CARD_MUTE, ATR_BAD, ... ; what says what was being done. */
enum rc ccid_fail(struct err *e, const struct ccid_in *m, const char *what);

/* The protocol data structure of SetParameters (6.1.7). ta1: F and D in force. Returns its length, 5 or 7. */
struct atr;
size_t ccid_parameters(const struct atr *a, int protocol, uint8_t ta1, uint8_t out[7]);

struct ccid_notice {
    bool hardware_error;
    bool present, changed; /* of the slot asked for */
};
/* From the interrupt endpoint. A frame that does not cover the slot leaves present and changed false. */
MUST enum rc ccid_notice_decode(const uint8_t *p, size_t len, unsigned slot, struct ccid_notice *out,
                                struct err *e);

#endif
