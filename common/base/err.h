/* Errors are values. One row per cause says what HTTP answers, whether the same act may be repeated by a
 * machine, and which sentence (key in configs/i18n) a person gets. */
#ifndef PRIDVOR_ERR_H
#define PRIDVOR_ERR_H

#include "common/base/base.h"

/*      name             http  retry  message key */
#define RC_TABLE(X)                                                                                          \
    X(RC_OK, 200, false, "ok")                                                                               \
    X(RC_BAD_JSON, 400, false, "err.bad_request")                                                            \
    X(RC_BAD_FIELD, 422, false, "err.bad_field")                                                             \
    X(RC_BAD_REQUEST, 400, false, "err.bad_request")                                                         \
    X(RC_TOO_BIG, 413, false, "err.too_big")                                                                 \
    X(RC_UNAUTHENTICATED, 401, false, "err.denied")                                                          \
    X(RC_DENIED, 403, false, "err.denied")                                                                   \
    X(RC_NOT_FOUND, 404, false, "err.not_found")                                                             \
    X(RC_METHOD, 405, false, "err.bad_request")                                                              \
    X(RC_CONFLICT, 409, false, "err.conflict")                                                               \
    X(RC_STATE, 409, false, "err.wrong_step")                                                                \
    X(RC_MISDIRECTED, 421, false, "err.denied")                                                              \
    X(RC_LIMIT, 429, true, "err.later")                                                                      \
    X(RC_INTERNAL, 500, false, "err.internal")                                                               \
    X(RC_UNAVAILABLE, 503, true, "err.later")                                                                \
    X(RC_TIMEOUT, 504, true, "err.later")                                                                    \
    X(RC_NO_SPACE, 507, true, "err.no_space")                                                                \
    X(RC_IO, 500, true, "err.internal")                                                                      \
    X(RC_TLS, 503, true, "err.later")                                                                        \
    X(RC_PROTOCOL, 502, true, "err.device")                                                                  \
    X(RC_NO_DEVICE, 503, true, "err.device")                                                                 \
    X(RC_LINK_LOST, 503, true, "err.device")                                                                 \
    X(RC_BUSY, 409, true, "err.busy")                                                                        \
    X(RC_CANCELLED, 409, false, "err.cancelled")                                                             \
    X(RC_UNSUPPORTED, 501, false, "err.unsupported")                                                         \
    X(RC_DEVICE, 502, false, "err.device")                                                                   \
    X(RC_USER, 409, false, "err.user")

enum rc {
#define X(name, http, retry, key) name,
    RC_TABLE(X)
#undef X
        RC_COUNT
};

/* Filled by whoever fails first. `text` is for the log, is UTF-8 and never holds personal data; `code` is the
 * device code of the sheet (CAN_WRONG, PAPER_END ...) or NULL; `path` names the JSON member at fault
 * ("answers.who.cnp"); `detail` is the number that belongs to the code (tries left, bytes), else 0. */
struct err {
    enum rc rc;
    const char *code; /* string constant */
    int64_t detail;
    char path[96];
    char text[256];
};

/* Each returns its rc, so that a failing function ends with: return err_set(e, RC_..., "...", ...). e may be
 * NULL. */
enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...) PRINTF(3, 4);
enum rc err_code(struct err *e, enum rc rc, const char *code, int64_t detail, const char *fmt, ...)
    PRINTF(5, 6);
/* The text becomes "path: ...": the caller does not say the path again, and gives it whole. */
enum rc err_at(struct err *e, enum rc rc, const char *path, const char *fmt, ...) PRINTF(4, 5);
/* Puts words in front of the text: err_wrap(e, rc, "reading %s", name). */
enum rc err_wrap(struct err *e, enum rc rc, const char *fmt, ...) PRINTF(3, 4);

const char *rc_name(enum rc rc); /* "RC_BAD_FIELD" */
int rc_http(enum rc rc);
bool rc_retry(enum rc rc);
const char *rc_key(enum rc rc);

/* TRY(call) hands a failure upwards. */
#define TRY(call)                                                                                            \
    do {                                                                                                     \
        enum rc try_rc_ = (call);                                                                            \
        if (try_rc_ != RC_OK)                                                                                \
            return try_rc_;                                                                                  \
    } while (0)

#endif
