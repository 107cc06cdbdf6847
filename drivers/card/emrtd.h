/* Reading an identity document: PACE first, BAC for documents without it; DG1 at once, the rest behind it.
 * Straight line over a transport. Source: ICAO 9303-10 and -11; facts/emrtd.md sections 2, 4, 11, 12. */
#ifndef PRIDVOR_CARD_EMRTD_H
#define PRIDVOR_CARD_EMRTD_H

#include "common/base/arena.h"
#include "drivers/card/lds.h"
#include "drivers/card/pace.h"

#define EMRTD_FILES 8

struct emrtd_secret {
    const char *can; /* 6 digits, or NULL */
    bool has_mrz;
    struct mrz_key mrz;
};

struct emrtd_file {
    const struct lds_file *file;
    const uint8_t *p;
    size_t len;
};

struct emrtd_result {
    const char *access; /* "PACE" or "BAC" */
    const char *pace;   /* "ECDH-GM-AES-128", or "" */
    const char *curve;  /* "brainpoolP256r1", or "" */
    bool has_mrz;
    struct mrz mrz;
    struct emrtd_file file[EMRTD_FILES];
    size_t n_files;
};

struct emrtd {
    struct transport *t;
    struct arena *arena; /* files live here; the session's */
    struct emrtd_secret secret;
    const char *want[EMRTD_FILES]; /* names in reading order; n_want 0: DG1 COM DG14 DG2 SOD as present */
    size_t n_want;
    /* done of total, both for the whole reading. May be NULL. */
    void (*progress)(void *user, const char *step, int done, int total);
    void (*identity)(void *user, const struct mrz *m); /* once, as soon as DG1 is there. May be NULL */
    void *user;
    struct emrtd_result result;
    unsigned apdus; /* commands sent */
    /* inside */
    struct sm sm;
    size_t chunk; /* bytes of one READ BINARY */
    bool wide;    /* extended length, as the card and the reader can */
    bool narrow;  /* second attempt: short length only */
    bool told;    /* identity() was called */
};

/* The card has just been powered. Codes: CAN_WRONG (detail: tries left, -1 unknown), PACE_BLOCKED,
 * PACE_UNSUPPORTED, SM_BROKEN, FILE_BAD, NOT_IDENTITY_CARD, and what the transport says. A broken channel is
 * tried once more from a reset. Keys are wiped on every way out. */
MUST enum rc emrtd_read(struct emrtd *m, struct err *e);

/* For emrtd_access.c: one command through the channel, if it is open. */
MUST enum rc emrtd_send(struct emrtd *m, const struct apdu *c, struct answer *a, struct err *e);
void emrtd_step(struct emrtd *m, const char *step, int done);
/* Select by file identifier; *sw tells. */
MUST enum rc emrtd_select(struct emrtd *m, uint8_t p1, const void *id, size_t len, uint16_t *sw,
                          struct err *e);
/* From a fresh card to an open channel in the eMRTD application. */
MUST enum rc emrtd_access(struct emrtd *m, struct err *e);

#endif
