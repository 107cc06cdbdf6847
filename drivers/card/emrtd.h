/* Reading an identity document: PACE first, BAC for documents without it; DG1 at once, the rest behind it;
 * the chip proves that it is no copy; the security object is judged. Straight line over a transport. Source:
 * ICAO 9303-10 and -11; facts/emrtd.md sections 2, 4, 5, 7, 11, 12. */
#ifndef PRIDVOR_CARD_EMRTD_H
#define PRIDVOR_CARD_EMRTD_H

#include "common/base/arena.h"
#include "drivers/card/lds.h"
#include "drivers/card/pace.h"
#include "drivers/card/trust.h"

#define EMRTD_FILES 12

struct emrtd_secret {
    const char *can; /* 6 digits, or NULL */
    bool has_mrz;
    struct mrz_key mrz;
    const char *pin; /* 4 digits: opens the address of the Romanian card. NULL: it is not asked for */
};

struct emrtd_file {
    const struct lds_file *file;
    const uint8_t *p;
    size_t len;
};

enum chip_verdict { CHIP_NOT_CHECKED, CHIP_NOT_OFFERED, CHIP_GENUINE, CHIP_FAILED };
const char *chip_verdict_word(enum chip_verdict v);

struct emrtd_result {
    const char *access; /* "PACE" or "BAC" */
    const char *pace;   /* "ECDH-GM-AES-128", or "" */
    const char *curve;  /* "brainpoolP256r1", or "" */
    bool has_mrz;
    struct mrz mrz;
    struct emrtd_file file[EMRTD_FILES];
    size_t n_files;
    const char *chip_method; /* "CAM", "CA", "AA" or "none" */
    enum chip_verdict chip;
    const char *chip_why; /* short English for the log */
    struct trust_verdict passive;
    const char *address; /* EDATA, NULL: not read */
};

struct emrtd {
    struct transport *t;
    struct arena *arena; /* files live here; the session's */
    struct emrtd_secret secret;
    const char *want[EMRTD_FILES]; /* names in reading order; n_want 0: DG1 COM SOD DG14 DG15 DG2 as needed */
    size_t n_want;
    bool want_address;         /* needs the PIN */
    const char *only;          /* document number: no other card's PIN is tried. NULL: any */
    const struct trust *trust; /* CSCA data, or NULL */
    int64_t now;               /* unix seconds for the verdict; 0: no trusted time */
    /* done of total, both for the whole reading. May be NULL. */
    void (*progress)(void *user, const char *step, int done, int total);
    void (*identity)(void *user, const struct mrz *m); /* once, as soon as DG1 is there. May be NULL */
    void *user;
    struct emrtd_result result;
    unsigned apdus; /* commands sent */
    /* inside */
    struct sm sm;
    struct pace_info pace; /* what EF.CardAccess led to; oid[0] 0: none */
    struct pace *mapping;  /* chip authentication mapping: what the chip has to prove. Wiped at the end */
    size_t chunk;          /* bytes of one READ BINARY */
    bool wide;             /* extended length, as the card and the reader can */
    bool by_sfi, sfi_seen; /* the card reads by short identifier: perhaps; has done so in this application */
    bool head_first;       /* it refuses to be asked for more than a file has */
    struct bytes security; /* EF.CardSecurity; len 0: none */
    struct bytes offered;  /* EF.CardAccess, which nobody signed; len 0: none */
    uint16_t left;         /* bare status with which the card left the channel; 0: it did not */
    struct bytes told;     /* DG1 as identity() heard it; len 0: not yet */
    /* What earlier attempts taught about this card. */
    struct care {
        bool select;      /* SELECT and READ, no short identifiers */
        bool header;      /* first the length of a file, then the rest */
        bool late;        /* an answer was lost once; twice is a card that is not well */
        bool sign_short;  /* extended length made the card leave the channel when it had to sign */
        bool no_proof;    /* chip authentication failed twice: read on without */
        bool no_security; /* the card left the channel over EF.CardSecurity */
        unsigned proofs;  /* failed attempts of it */
        size_t most;      /* bytes of one answer; 0: as the card says */
        uint32_t skip;    /* bit n: EF 01nn makes the card drop the channel */
    } care;
};

/* The card has just been powered. Codes: CAN_WRONG (detail: tries left, -1 unknown), PACE_BLOCKED,
 * PACE_UNSUPPORTED, SM_BROKEN, FILE_BAD, NOT_IDENTITY_CARD, PIN_WRONG (detail as above), PIN_BLOCKED,
 * NO_ADDRESS, CARD_SWAPPED (not the document of `only`), and what the transport says. A broken channel is
 * tried again from a reset, each time more carefully. Keys are wiped on every way out. A wrong verdict about
 * chip or signature is no failure: it stands in the result. */
MUST enum rc emrtd_read(struct emrtd *m, struct err *e);

/* ---- for the other files of the reading: emrtd_access.c, emrtd_chip.c, emrtd_edata.c ---- */

/* One command through the channel, if it is open. */
MUST enum rc emrtd_send(struct emrtd *m, const struct apdu *c, struct answer *a, struct err *e);
void emrtd_step(struct emrtd *m, const char *step, int done);
/* Select by file identifier; *sw tells. */
MUST enum rc emrtd_select(struct emrtd *m, uint8_t p1, const void *id, size_t len, uint16_t *sw,
                          struct err *e);
struct emrtd_bar {
    int from, to; /* percent of the whole reading */
};
/* A whole file, sized by its outermost object. RC_NOT_FOUND, RC_DENIED: not there, not for us. */
MUST enum rc emrtd_file(struct emrtd *m, const struct lds_file *f, struct emrtd_bar bar,
                        struct emrtd_file *out, struct err *e);
const struct emrtd_file *emrtd_have(const struct emrtd *m, const char *name); /* NULL: not read */
/* From a fresh card to an open channel in the eMRTD application. */
MUST enum rc emrtd_access(struct emrtd *m, struct err *e);
MUST enum rc emrtd_mf(struct emrtd *m, struct err *e);
/* PACE as m->pace says, from where the card stands. */
MUST enum rc emrtd_pace(struct emrtd *m, struct err *e);
/* DG14 is read (or DG15): the proof goes into the result. Fails only with the transport or the channel. */
MUST enum rc emrtd_chip_auth(struct emrtd *m, struct err *e);
MUST enum rc emrtd_active_auth(struct emrtd *m, struct err *e);
/* PACE had chip authentication mapping: EF.CardSecurity, from the MF. */
MUST enum rc emrtd_card_security(struct emrtd *m, struct err *e);
/* That mapping against the signed key. true: the verdict stands; false: other ways have to prove the chip. */
bool emrtd_mapping_proof(struct emrtd *m);
/* What the signed files say of PACE against EF.CardAccess and what was done. NULL: nothing against it. */
const char *emrtd_downgraded(struct emrtd *m);
/* The files read so far against the security object, into the result. */
void emrtd_judge(struct emrtd *m);
struct trust_question emrtd_question(const struct emrtd *m, struct trust_group group[EMRTD_FILES]);
void emrtd_chip_verdict(struct emrtd *m, const char *method, enum chip_verdict v, const char *why);
bool emrtd_refused(enum rc rc, const struct err *e); /* the card said no; it is not that the line broke */
bool emrtd_offers_chip_auth(const struct emrtd *m);  /* as far as DG14 is read */
/* Resets the card. Never tried twice: the card counts. */
MUST enum rc emrtd_address(struct emrtd *m, struct err *e);

#endif
