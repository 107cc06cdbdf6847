/* Time-based one-time passwords (RFC 6238 over RFC 4226). Pure. */
#ifndef PRIDVOR_TOTP_H
#define PRIDVOR_TOTP_H

#include "common/base/arena.h"

enum totp_hash { TOTP_SHA1, TOTP_SHA256 };
enum { TOTP_STEP_S = 30, TOTP_SECRET = 20, TOTP_DIGITS = 6 };

/* The decimal code for a step, digits 6 to 8, with NUL. */
void totp_code(char out[9], enum totp_hash hash, struct bytes secret, int64_t step, int digits);
/* The step of a six-digit SHA-1 code: this one, one before, one after, and later than `after`; 0: none. Takes
 * the same time for every code. */
int64_t totp_match(struct bytes secret, int64_t unix_s, int64_t after, const char *code);
/* For an authenticator app: otpauth://totp/Pridvor:NAME?secret=... */
const char *totp_uri(struct arena *a, const char *name, struct bytes secret);

#endif
