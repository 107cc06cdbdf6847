/* What the terminal sends and the register stores. The request text is exactly what was signed; it travels
 * and rests as a string, byte for byte. */
#ifndef PRIDVOR_SUBMISSION_H
#define PRIDVOR_SUBMISSION_H

#include "common/base/crypto.h"
#include "common/model/form.h"

#define REQUEST_MAX (48 * 1024)
#define SUBMISSION_MAX (512 * 1024)
#define RECEIPT_CODE_LEN 10 /* Crockford base32, random: 50 bits */
#define PIN_LEN 4

struct identity_proof {
    const char *source; /* "card_read" "typed" "none" */
    const char *access; /* "PACE" "BAC" "" */
    const char *document_number, *sod_sha256;
    /* What the terminal found out about the chip's files (passive authentication, whose data judged it) and
     * about the chip itself; NULL: nothing, as in requests of older terminals. With "typed": the card was
     * read, and is no proof. */
    const char *passive, *passive_reason, *csca, *chip;
};
extern const char *const passive_words[], *const chip_words[]; /* ended by NULL */
bool submission_disproves(const char *passive); /* the word says that the card was changed; NULL: false */
/* A scanned page as it left the scanner, before it went into a PDF. */
struct original {
    const char *field, *sha256; /* hex */
    int64_t page;               /* from 1 */
};
#define ORIGINALS_MAX 100
struct request {
    int64_t v;
    const char *request_id, *terminal, *institution, *service;
    int64_t service_version;
    const char *channel, *lang, *created_at;
    struct identity_proof identity;
    struct jval *answers;
    struct original *originals;
    size_t n_originals;
};
struct signature {
    const char *kind;   /* "pad" "none" */
    const char *sha256; /* of the request text, hex */
    int64_t width, height, max_pressure;
    struct jval *strokes; /* [[[x,y,p,t],...],...]; checked by submission_read */
    /* What binds them (signature.h); absent in requests of older terminals. shown_sha256 is "" on a pad
     * without a screen. */
    const char *shown_sha256, *bind, *encryption, *device;
};
struct receipt_ref {
    const char *code, *pin;
};
struct submission {
    const char *request;
    struct signature signature;
    struct receipt_ref receipt;
    const char *filed_at;
    bool offline;
};
extern const struct jdesc request_desc, submission_desc, filed_desc;

/* What the register answers. */
struct filed {
    const char *request_id, *number; /* "15/22.11.2026" */
    int64_t n, year;
    const char *reg, *registered_at, *filed_on, *due; /* JSON member of reg is "register" */
    struct tr due_why;
    bool repeat;
};

/* What a request is judged by. */
struct rulebook {
    const struct catalog *catalog;
    const struct i18n *i18n;
};

/* Decodes and checks everything that needs no database: schema, ids, hash of the signature, strokes, service
 * and version, form rules. out and req point into a. RC_BAD_JSON, RC_BAD_FIELD (path and reason), RC_CONFLICT
 * (service version withdrawn), RC_LIMIT (not known here yet: try later). */
MUST enum rc submission_read(struct arena *a, const struct rulebook *rules, struct bytes body,
                             struct submission *out, struct request *req, struct err *e);
/* The text that is signed. answers as the service orders them. */
const char *request_text(struct arena *a, const struct request *r, const char *answers_json);
MUST enum rc receipt_code_new(char out[RECEIPT_CODE_LEN + 1], struct err *e);
MUST enum rc pin_new(char out[PIN_LEN + 1], struct err *e);
bool receipt_code_norm(char out[RECEIPT_CODE_LEN + 1],
                       const char *typed); /* upper case, O->0, I L->1, blanks off */

#endif
