/* A chip and the reading of it in one process, with a line between them that bends: answers lost, garbled,
 * cut into pieces, refused, said in clear. */
#ifndef PRIDVOR_TESTS_CARD_DIRECT_H
#define PRIDVOR_TESTS_CARD_DIRECT_H

#include "drivers/card/emrtd.h"
#include "tests/devices/card.h"

enum bend {
    BEND_NONE,
    BEND_LOST,    /* time-out */
    BEND_PULLED,  /* the card is gone from here on */
    BEND_GARBAGE, /* other bytes of the same length, the status stays */
    BEND_NOISE,   /* random bytes, random length */
    BEND_FLIP,    /* one bit */
    BEND_STATUS,  /* 6F00 */
};

struct line {
    struct card *card;
    struct arena *arena;
    struct trust *trust;
    unsigned apdus, resets;
    unsigned at; /* which APDU bends, from 1; 0: none */
    enum bend bend;
    bool gone;
    uint32_t noise;
    size_t limit;  /* a card that answers 6700 to more than that many bytes */
    size_t pieces; /* answers longer than that come by 61xx and GET RESPONSE */
    bool exact;    /* 6Cxx instead of fewer bytes than asked for, in clear */
    bool no_sfi;   /* short identifiers are refused */
    bool bare;     /* errors come in clear and end the channel */
    bool by_zone;  /* opened with the printed zone though it has a CAN */
    bool no_wide;  /* extended length: 6700 */
    bool joins;    /* GENERAL AUTHENTICATE comes in pieces */
    uint8_t begun[CARD_APDU_MAX];
    size_t begun_len;
    uint8_t rest[CARD_RESP_MAX];
    size_t rest_len;
    int64_t chip_us;
};
extern struct line line;

void line_begin(const char *card); /* "A" */
void line_end(void);
/* A reading with what the card's file says: CAN, or printed zone. Fresh chip state. */
struct emrtd *line_reading(void);
void line_reset(void); /* counters, and the chip */
const struct emrtd_file *line_file(const struct emrtd *m, const char *name);
void line_same_files(const struct emrtd *m);
uint32_t line_random(void);

#endif
