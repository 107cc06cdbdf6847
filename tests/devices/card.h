/* The chip of an identity card: an ICAO LDS1 eMRTD written from ICAO 9303-10 and 9303-11, on purpose without
 * a line of our own driver. PACE (ECDH and DH; generic, integrated and
 * chip authentication mapping; CAN and MRZ), BAC, secure messaging, chip and active authentication,
 * EF.CardAccess, EF.COM, DG1, DG2, DG7, DG11, DG12, DG14, DG15, SOD; the address behind a PIN as the Romanian
 * card has it. One card is one JSON file in
 * tests/devices/cards/. The persons are invented. */
#ifndef PRIDVOR_TESTS_CARD_H
#define PRIDVOR_TESTS_CARD_H

#include "common/base/err.h"

#define CARD_ATR_MAX 33
#define CARD_APDU_MAX 65544 /* longest command: header, extended Lc, 65535 bytes, Le */
#define CARD_RESP_MAX 65538 /* longest answer: 65536 bytes and the status word */

struct card;

/* Reads the JSON file and personalises the chip: draws the portrait, signs the SOD. Same file, same chip. */
MUST enum rc card_new(const char *path, struct card **out, struct err *e);
void card_free(struct card *c);
void card_freep(struct card **c); /* for SCOPED */

/* Power-on or warm reset: selection, session and keys are gone; the counter of wrong CANs stays, as in a real
 * chip. */
void card_reset(struct card *c);
size_t card_atr(const struct card *c, uint8_t out[CARD_ATR_MAX]);
/* One command, one answer (data and status word, always at least 2 bytes). An answer longer than cap becomes
 * 6F00. */
size_t card_apdu(struct card *c, const uint8_t *in, size_t len, uint8_t *out, size_t cap);
/* How long a real chip would have thought about the last answer, beyond what the model took ("busy_ms" of the
 * JSON, and the growing delay after wrong CANs). The caller waits; the card never does. */
unsigned card_busy_ms(const struct card *c);

/* Where nonces and keys come from. Default: the kernel. */
void card_random(struct card *c, void (*fn)(void *ctx, void *p, size_t n), void *ctx);
void card_seed(struct card *c, uint64_t seed); /* the same session every time */

/* For tests: a file by its identifier (0x0101 DG1, 0x011D SOD, 0x011C EF.CardAccess), NULL when the card has
 * none. */
const uint8_t *card_file(const struct card *c, uint16_t fid, size_t *len);
/* Replaces a file of this chip (not its hash in the SOD): damaged and forged cards, worked examples. */
void card_put_file(struct card *c, uint16_t fid, const void *p, size_t len);
void card_drop_file(struct card *c, uint16_t fid);
/* How other people's chips behave within the standard, or nearly; switched by tests. */
struct manners {
    bool no_sfi;    /* the LDS application knows no short identifiers: 6A82 */
    bool strict;    /* asked for more than the file has: 6700 and nothing */
    bool outer_ok;  /* 9000 outside whatever the protected status says: T=0 behind GET RESPONSE */
    bool no_far;    /* no READ BINARY with odd INS: 6D00 */
    bool padded;    /* elementary files are longer than what stands in them */
    bool long_form; /* lengths of secure messaging objects with a byte more than they need */
    bool odd_87;    /* odd INS answered with DO 87 */
    bool no_mf;     /* the MF cannot be selected: 6A86 */
    bool warns;     /* 6283 behind the data where 6282 or 9000 is meant */
    bool fci;       /* SELECT gives an FCI though nobody asked */
};
struct manners *card_manners(struct card *c);

/* The certificate of the invented country signing CA (DER), which signed every document signer here. */
const uint8_t *card_csca(const struct card *c, size_t *len);
struct buf;
void card_csca_make(struct buf *der);       /* the same without a card; explicit curve parameters */
const char *card_mrz(const struct card *c); /* 90 characters, TD1 */

#endif
