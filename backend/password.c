#include "backend/password.h"

#include <string.h>

#include <argon2.h>

#include "common/base/crypto.h"
#include "common/base/text.h"

enum { SALT = 16, HASH = 32 };

enum rc password_fit(const char *account, const char *password, struct err *e)
{
    size_t len = password ? strlen(password) : 0;

    if (len > PASSWORD_MAX || !utf8_valid(password ? password : "", len) ||
        utf8_count(password ? password : "") < PASSWORD_MIN)
        return err_set(e, RC_BAD_FIELD, "a password has %d characters or more, at most %d bytes",
                       PASSWORD_MIN, PASSWORD_MAX);
    if (strcasestr(password, account))
        return err_set(e, RC_BAD_FIELD, "the account's name stands in the password");
    return RC_OK;
}

enum rc password_hash(const struct login_conf *conf, const char *password, char out[PASSWORD_ENCODED],
                      struct err *e)
{
    uint8_t salt[SALT];

    TRY(rnd_bytes(salt, sizeof(salt), e));
    int ret =
        argon2id_hash_encoded((uint32_t)conf->passes, (uint32_t)conf->memory_kib, (uint32_t)conf->lanes,
                              password, strlen(password), salt, sizeof(salt), HASH, out, PASSWORD_ENCODED);
    return ret == ARGON2_OK ? RC_OK : err_set(e, RC_INTERNAL, "argon2: %s", argon2_error_message(ret));
}

bool password_verify(const char *encoded, const char *password)
{
    return strlen(password) <= PASSWORD_MAX &&
           argon2id_verify(encoded, password, strlen(password)) == ARGON2_OK;
}
