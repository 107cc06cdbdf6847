/* Logging in: password and TOTP, sessions, delays, reset. Blocking and slow on purpose (Argon2id): on a
 * worker thread with a connection of its own. Every attempt is in the audit, without what was typed. One
 * answer for a wrong name, a wrong password, a wrong or used code and a disabled account: RC_DENIED.
 * RC_LIMIT: too early, detail says the seconds; the delay grows to minutes and never further, and does not
 * hold who logged in from this address before because of others. */
#ifndef PRIDVOR_LOGIN_H
#define PRIDVOR_LOGIN_H

#include "backend/conf.h"
#include "backend/db.h"
#include "common/base/arena.h"
#include "common/base/crypto.h"

enum { LOGIN_PIN_MIN = 4, LOGIN_PIN_MAX = 6 };
enum { LOGIN_TOKEN = 2 * SHA256_LEN + 1, LOGIN_CODE = 20, LOGIN_ACCOUNT = 33 };

struct login {
    struct db_sync *db;
    struct login_conf conf;
    struct seal_key key; /* seals TOTP secrets */
    uint8_t pin_key[SHA256_LEN];
    char nobody[160];     /* a hash for names that do not exist, so that they take as long */
    int64_t (*now)(void); /* unix_ms, or a test's */
};
/* master: the 32 bytes of the file `pin_key`; the key for secrets is derived from it. db stays the caller's.
 */
MUST enum rc login_init(struct login *l, struct db_sync *db, const struct login_conf *conf,
                        const uint8_t master[32], struct err *e);
void login_wipe(struct login *l);

struct login_try {
    const char *account, *password;
    const char *code;    /* TOTP, or of a reset; NULL or "": none */
    const char *address; /* of the browser, for delays and audit */
};
/* The token goes to the browser (HttpOnly) and is kept nowhere. */
MUST enum rc login_enter(struct login *l, const struct login_try *t, char token[LOGIN_TOKEN], struct err *e);
/* The rows of login_check.sql: who it is, and each grant. RC_UNAUTHENTICATED: not known, ended, idle too
 * long, too old, account disabled. The caller frees out whatever the verdict. */
enum {
    SESSION_ACCOUNT,
    SESSION_NAME,
    SESSION_HOUSE,
    SESSION_STALE,
    SESSION_VERSION, /* of what work.h keeps */
    SESSION_HOLDER,
    SESSION_ROLE,
    SESSION_REACH,
    SESSION_INSTITUTION,
    SESSION_DEPARTMENT
};
/* The same statement, to be asked with another. False: not a token. */
struct login_look {
    char token[2 * SHA256_LEN + 1]; /* its hash */
    char now[25], idle[24], today[11];
    struct db_param p[4]; /* of SQL_LOGIN_CHECK */
};
bool login_look(const struct login *l, const char *token, struct login_look *out);
MUST enum rc login_check(struct login *l, const char *token, struct db_result **out, struct err *e);
MUST enum rc login_leave(struct login *l, const char *token, struct err *e);

/* The quick PIN of a locked screen, set with password and code; "" takes it away, a new password too.
 * RC_BAD_FIELD: not 4 to 6 digits, or all the same, or in a row. */
MUST enum rc login_pin(struct login *l, const struct login_try *t, const char *pin, struct err *e);
MUST enum rc login_has_pin(struct login *l, const char *account, bool *yes, struct err *e);
/* A locked session is none until its PIN opens it. */
MUST enum rc login_lock(struct login *l, const char *token, struct err *e);
/* Opens a locked or idle session for the rest of its life, never a new one. RC_UNAUTHENTICATED: code
 * "PIN_WRONG", detail: tries left; "PIN_OVER": the third wrong one has ended the session; no code: nothing
 * that a PIN opens. */
MUST enum rc login_unlock(struct login *l, const char *token, const char *pin, const char *address,
                          char account[LOGIN_ACCOUNT], struct err *e);

/* The old password and, where there is one, the TOTP code are asked again. All sessions end. RC_BAD_FIELD:
 * the fresh one is too weak. */
MUST enum rc login_password(struct login *l, const struct login_try *t, const char *fresh, struct err *e);
/* By an administrator: a one-time code ("ABCDE-FGHJK-MNPQR"), given to the person by hand. The old password
 * serves until the code is used. */
MUST enum rc login_reset(struct login *l, const char *account, const char *by, char code[LOGIN_CODE],
                         struct err *e);
/* t->code: that code; t->password is not looked at. Void after five wrong tries. */
MUST enum rc login_redeem(struct login *l, const struct login_try *t, const char *fresh, struct err *e);
/* By an administrator: a new TOTP secret as otpauth:// text, or none any more (uri NULL). */
MUST enum rc login_totp(struct login *l, struct arena *a, const char *account, const char *by,
                        const char **uri, struct err *e);

#endif
