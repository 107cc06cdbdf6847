/* Basic access control (ICAO 9303-11 4.3), for documents without PACE. Pure; the caller sends the commands:
 * GET CHALLENGE 00 84 00 00 08, then EXTERNAL AUTHENTICATE 00 82 00 00 28 .. 28. */
#ifndef PRIDVOR_CARD_BAC_H
#define PRIDVOR_CARD_BAC_H

#include "drivers/card/mrz.h"
#include "drivers/card/sm.h"

#define BAC_CHALLENGE 8
#define BAC_TOKEN 40

struct bac {
    struct card_key enc, mac;
    uint8_t rnd_ifd[8], rnd_ic[8], k_ifd[16];
};

/* mrz: what mrz_info() made. ours: 8 random bytes, then 16; NULL takes them from the kernel. */
MUST enum rc bac_start(struct bac *b, const char *mrz, const uint8_t *ours, struct err *e);
MUST enum rc bac_command(struct bac *b, const uint8_t challenge[BAC_CHALLENGE], uint8_t out[BAC_TOKEN],
                         struct err *e);
/* Checks MAC and both randoms before anything of the answer is used. */
MUST enum rc bac_finish(const struct bac *b, const uint8_t *answer, size_t len, struct sm *sm, struct err *e);

#endif
