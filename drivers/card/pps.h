/* Rates and waiting times from the ATR (ISO 7816-3 sections 8.3, 9, 10.2, 11.4) and the PPS exchange. Pure.
 */
#ifndef PRIDVOR_CARD_PPS_H
#define PRIDVOR_CARD_PPS_H

#include "drivers/card/atr.h"

#define PPS_MAX 6
#define PPS_DEFAULT 0x11 /* F = 372, D = 1: what every card speaks after reset */

/* Tables 7 and 8; 0: reserved. ta1: F index in the high half, D index in the low one. */
unsigned pps_f(uint8_t ta1);
unsigned pps_d(uint8_t ta1);
uint32_t pps_rate(uint8_t ta1, uint32_t clock_khz); /* bit/s; 0 when F or D is reserved */

/* What the reader can do. */
struct pps_reader {
    uint32_t clock_khz, max_rate; /* max_rate 0: it does not say */
    const uint32_t *rates;        /* GET_DATA_RATES; n 0: no list */
    size_t n;
};
/* The fastest of the card's rates this reader can do, `back` steps slower; PPS_DEFAULT when nothing is faster
 * than that. In specific mode the card's only rate, whatever `back` says; *ok false: the reader cannot do it.
 */
uint8_t pps_choose(const struct atr *a, const struct pps_reader *r, unsigned back, bool *ok);
/* T=1 rather than T=0 when both ends can; -1: none in common. protocols: bit n: T=n, of the reader. */
int pps_protocol(const struct atr *a, uint32_t protocols);

/* PPS1 is left out for the default. Returns the length, at most PPS_MAX. */
size_t pps_request(int protocol, uint8_t ta1, uint8_t out[PPS_MAX]);
/* *ta1: what holds from now on; the card may have kept to the default (9.3). RC_PROTOCOL: no answer to this
 * request, the card must be reset. */
MUST enum rc pps_answer(const uint8_t *request, const uint8_t *p, size_t len, uint8_t *ta1, struct err *e);

/* How long to wait for an answer, in ms, with a second for the reader and the bus.
 * T=1: one block: BWT (times wtx), then 260 characters both ways; T=0: 3 WWT and 261 characters. */
int64_t pps_t1_ms(const struct atr *a, uint8_t ta1, uint32_t clock_khz, unsigned wtx);
int64_t pps_t0_ms(const struct atr *a, uint8_t ta1, uint32_t clock_khz);

#endif
