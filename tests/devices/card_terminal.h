/* The other side of the chip for tests: a small inspection terminal, written from 9303-11 and not from our
 * driver. It shares only the primitives with the applet; the worked examples of ICAO vouch for both. */
#ifndef PRIDVOR_TESTS_CARD_TERMINAL_H
#define PRIDVOR_TESTS_CARD_TERMINAL_H

#include "tests/devices/card_priv.h"

struct terminal {
    size_t (*send)(void *ctx, const uint8_t *in, size_t len, uint8_t *out, size_t cap);
    void *ctx;
    const struct curve *curve; /* for PACE and chip authentication */
    const struct cipher *cipher;
    struct sm sm;
    unsigned apdus;
};

#define TERM_CAN 2
#define TERM_MRZ 1

/* Answer data to `data` (may be NULL), returns the status word; through secure messaging when it is on.
 * Returns 0 when the answer itself is broken (MAC, objects). */
uint16_t term_send(struct terminal *t, const uint8_t *apdu, size_t len, struct buf *data);
uint16_t term_hex(struct terminal *t, const char *apdu, struct buf *data);
uint16_t term_pace(struct terminal *t, uint8_t ref,
                   const char *password); /* 9000 and secure messaging is on */
uint16_t term_bac(struct terminal *t, const char *mrz_info);
uint16_t term_chip_auth(struct terminal *t, const uint8_t *dg14, size_t len);
uint16_t term_select(struct terminal *t, uint16_t fid);
uint16_t term_select_app(struct terminal *t);
/* Whole file in pieces of `chunk` bytes (more than 256: extended length). */
uint16_t term_read(struct terminal *t, uint16_t fid, size_t chunk, struct buf *out);

#endif
