#include "backend/login.h"

#include <stdio.h>
#include <string.h>

#include "backend/password.h"
#include "backend/people.h"
#include "backend/sql.h"
#include "backend/totp.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/text.h"

enum {
    TOKEN_BYTES = 32,
    NAME_MAX_LEN = 64,
    ADDRESS_MAX = 64,
    SEALED_TOTP = TOTP_SECRET + GCM_NONCE + GCM_TAG
};

/* What one attempt knows. It ends in a commit whatever the verdict: delays and audit must stay. */
struct attempt {
    const struct login_try *t;
    struct db_result *row; /* login_account.sql */
    const char *known;     /* "t" or "f" */
    const char *why;       /* NULL: good; for the audit */
    int64_t wait_s;
    bool open; /* a transaction */
    char now[25];
};
enum { A_INSTITUTION, A_DISABLED, A_PASSWORD, A_TOTP, A_STEP, A_RESET, A_WAIT };

static enum rc query(struct login *l, enum sql_id id, const struct db_param *p, struct db_result **out,
                     struct err *e)
{
    return db_sync_run(l->db, &sql_table[id], p, out, e);
}

static void hash_hex(char hex[2 * SHA256_LEN + 1], const void *p, size_t len)
{
    uint8_t sum[SHA256_LEN];
    sha256(sum, p, len);
    hex_encode(hex, sum, sizeof(sum));
}

enum rc login_init(struct login *l, struct db_sync *db, const struct login_conf *conf,
                   const uint8_t master[32], struct err *e)
{
    uint8_t random[16];
    char text[2 * sizeof(random) + 1];

    memset(l, 0, sizeof(*l));
    l->db = db;
    l->conf = *conf;
    l->now = unix_ms;
    login_conf_default(&l->conf);
    TRY(hkdf_sha256(l->key.k, sizeof(l->key.k), master, 32, "", 0, "pridvor totp", e));
    TRY(hkdf_sha256(l->pin_key, sizeof(l->pin_key), master, 32, "", 0, "pridvor quick pin", e));
    TRY(rnd_bytes(random, sizeof(random), e));
    hex_encode(text, random, sizeof(random));
    return password_hash(&l->conf, text, l->nobody, e);
}

void login_wipe(struct login *l)
{
    wipe(l, sizeof(*l));
}

/* ---- one attempt ---- */

static enum rc attempt_begin(struct login *l, struct attempt *at, const struct login_try *t, struct err *e)
{
    struct db_result *gate SCOPED(db_result_freep) = NULL;
    struct db_param g[] = {DB_STR(t->account), DB_STR(t->address)};

    *at = (struct attempt){.t = t};
    if (!t->account || !t->password || !t->address || strlen(t->account) > NAME_MAX_LEN ||
        strlen(t->address) > ADDRESS_MAX || !utf8_valid(t->account, strlen(t->account)) ||
        !utf8_valid(t->address, strlen(t->address)))
        return err_set(e, RC_BAD_REQUEST, "not an attempt to log in");
    iso_utc(at->now, l->now());
    TRY(db_sync_script(l->db, "BEGIN", e));
    at->open = true;
    TRY(query(l, SQL_LOGIN_GATE, g, &gate, e));
    at->known = db_text(gate, 0, 0)[0] == 't' ? "t" : "f";
    if (db_text(gate, 0, 1)[0] != 't') {
        at->why = "at once";
        at->wait_s = 1;
    }
    struct db_param p[] = {DB_STR(t->account), DB_STR(t->address), DB_STR(at->known), DB_STR(at->now)};
    TRY(query(l, SQL_LOGIN_ACCOUNT, p, &at->row, e));
    if (!at->why && (at->wait_s = db_int(at->row, 0, A_WAIT)) > 0)
        at->why = "too early";
    return RC_OK;
}

static bool exists(const struct attempt *at)
{
    return !db_is_null(at->row, 0, A_INSTITUTION);
}

/* Commits, and turns the verdict into an error. Unknown names are not written down: one may be a password. */
static enum rc attempt_end(struct login *l, struct attempt *at, const char *act, struct err *e)
{
    char detail[128];
    const char *actor = exists(at) ? at->t->account : "?";
    struct db_param p[] = {DB_STR(at->t->account), DB_STR(at->t->address), DB_STR(at->known),
                           DB_STR(at->now)};

    if (at->why && at->wait_s == 0)
        TRY(query(l, SQL_LOGIN_WRONG, p, NULL, e));
    snprintf(detail, sizeof(detail), "%s%s%s, from %s", act, at->why ? ": " : "", at->why ? at->why : "",
             at->t->address);
    TRY(people_audit(l->db, db_text(at->row, 0, A_INSTITUTION), actor, at->why ? "login refused" : "login",
                     detail, e));
    TRY(db_sync_commit(l->db, e));
    at->open = false;
    if (!at->why)
        return RC_OK;
    if (at->wait_s)
        return err_code(e, RC_LIMIT, "LOGIN_WAIT", at->wait_s, "too early by %lld s", (long long)at->wait_s);
    return err_code(e, RC_DENIED, "LOGIN_WRONG", 0, "name, password or code is wrong");
}

/* What a failing database left open must not be found by the next attempt. */
static void undo(struct login *l)
{
    struct err e = {0};
    if (db_sync_script(l->db, "ROLLBACK", &e) != RC_OK)
        log_err(&e, "event=login_not_undone");
}

static enum rc attempt_close(struct login *l, struct attempt *at, enum rc rc)
{
    db_result_free(at->row);
    if (at->open)
        undo(l);
    return rc;
}

static enum rc code_step(struct login *l, const struct attempt *at, int64_t *step, struct err *e)
{
    uint8_t sealed[SEALED_TOTP], secret[SEALED_TOTP];
    size_t n = 0, len = 0;
    const char *account = at->t->account;

    if (!hex_decode(sealed, sizeof(sealed), &n, db_text(at->row, 0, A_TOTP)))
        return err_set(e, RC_STATE, "the TOTP secret of %s is not whole", account);
    TRY(unseal(&l->key, account, strlen(account), sealed, n, secret, &len, e));
    *step = totp_match(BYTES(secret, len), l->now() / 1000, db_int(at->row, 0, A_STEP), at->t->code);
    wipe(secret, sizeof(secret));
    return RC_OK;
}

/* A code that was right is used up, whatever else was wrong. */
static enum rc second_factor(struct login *l, const struct attempt *at, bool *good, struct err *e)
{
    struct db_result *used SCOPED(db_result_freep) = NULL;
    int64_t step = 0;
    char text[24];

    *good = !l->conf.totp_required;
    if (!exists(at) || db_is_null(at->row, 0, A_TOTP))
        return RC_OK;
    *good = false;
    TRY(code_step(l, at, &step, e));
    if (step == 0)
        return RC_OK;
    snprintf(text, sizeof(text), "%lld", (long long)step);
    struct db_param p[] = {DB_STR(at->t->account), DB_STR(text)};
    TRY(query(l, SQL_LOGIN_STEP, p, &used, e));
    *good = db_rows(used) == 1;
    return RC_OK;
}

/* Password and code are both looked at, always. */
static enum rc judge(struct login *l, struct attempt *at, struct err *e)
{
    bool code = false;

    if (at->why)
        return RC_OK;
    bool has = exists(at) && !db_is_null(at->row, 0, A_PASSWORD);
    bool password = password_verify(has ? db_text(at->row, 0, A_PASSWORD) : l->nobody, at->t->password);
    TRY(second_factor(l, at, &code, e));
    at->why = !exists(at)                                 ? "no such account"
              : db_text(at->row, 0, A_DISABLED)[0] == 't' ? "disabled"
              : !has                                      ? "no password yet"
              : !password                                 ? "password"
              : !code                                     ? "code"
                                                          : NULL;
    return RC_OK;
}

static const char changed[] = "changed meanwhile";

/* What was judged has to be true still: the password is looked at for long, and may be another by then. */
static enum rc session_open(struct login *l, struct attempt *at, char token[LOGIN_TOKEN], struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    uint8_t random[TOKEN_BYTES];
    char hex[2 * SHA256_LEN + 1], hours[24];

    TRY(rnd_bytes(random, sizeof(random), e));
    hash_hex(hex, random, sizeof(random));
    snprintf(hours, sizeof(hours), "%lld", (long long)l->conf.session_hours);
    struct db_param p[] = {DB_STR(hex),
                           DB_STR(at->t->account),
                           DB_STR(at->t->address),
                           DB_STR(at->known),
                           DB_STR(at->now),
                           DB_STR(hours),
                           DB_STR(db_text(at->row, 0, A_PASSWORD)),
                           DB_STR(db_text(at->row, 0, A_TOTP))};
    TRY(query(l, SQL_LOGIN_OPEN, p, &r, e));
    if (db_rows(r) == 0)
        at->why = changed;
    else
        hex_encode(token, random, sizeof(random));
    wipe(random, sizeof(random));
    return RC_OK;
}

static enum rc enter(struct login *l, struct attempt *at, char token[LOGIN_TOKEN], struct err *e)
{
    TRY(judge(l, at, e));
    if (!at->why)
        TRY(session_open(l, at, token, e));
    return attempt_end(l, at, "session", e);
}

enum rc login_enter(struct login *l, const struct login_try *t, char token[LOGIN_TOKEN], struct err *e)
{
    struct attempt at;
    char fresh[LOGIN_TOKEN] = "";

    enum rc rc = attempt_begin(l, &at, t, e);
    if (rc == RC_OK)
        rc = enter(l, &at, fresh, e);
    if (rc == RC_OK)
        memcpy(token, fresh, sizeof(fresh));
    wipe(fresh, sizeof(fresh));
    return attempt_close(l, &at, rc);
}

/* ---- passwords ---- */

/* reset: the one-time code's hash that was right, or NULL: the password was. */
static enum rc password_set(struct login *l, struct attempt *at, const char *fresh, const char *reset,
                            struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char encoded[PASSWORD_ENCODED];
    struct db_param p[] = {DB_STR(at->t->account), DB_STR(encoded), DB_STR(at->now), DB_STR(reset),
                           DB_STR(reset ? NULL : db_text(at->row, 0, A_PASSWORD))};

    TRY(password_hash(&l->conf, fresh, encoded, e));
    TRY(query(l, SQL_ACCOUNT_HOLD, p, NULL, e));
    TRY(query(l, SQL_PASSWORD_SET, p, &r, e));
    at->why = db_rows(r) == 1 ? NULL : changed;
    return RC_OK;
}

static enum rc change(struct login *l, struct attempt *at, const char *fresh, struct err *e)
{
    TRY(judge(l, at, e));
    if (!at->why)
        TRY(password_set(l, at, fresh, NULL, e));
    return attempt_end(l, at, "password change", e);
}

enum rc login_password(struct login *l, const struct login_try *t, const char *fresh, struct err *e)
{
    struct attempt at;

    TRY(password_fit(t->account, fresh, e));
    enum rc rc = attempt_begin(l, &at, t, e);
    if (rc == RC_OK)
        rc = change(l, &at, fresh, e);
    return attempt_close(l, &at, rc);
}

static enum rc redeem(struct login *l, struct attempt *at, const char *fresh, struct err *e)
{
    char hex[2 * SHA256_LEN + 1];
    const char *code = at->t->code ? at->t->code : "", *want = db_text(at->row, 0, A_RESET);
    struct db_param p[] = {DB_STR(at->t->account)};

    hash_hex(hex, code, strlen(code));
    bool good = equal_ct(hex, want ? want : l->nobody, 2 * SHA256_LEN) && want &&
                db_text(at->row, 0, A_DISABLED)[0] != 't';
    if (!at->why && good)
        TRY(password_set(l, at, fresh, want, e));
    else if (!at->why) {
        at->why = "reset code";
        TRY(query(l, SQL_RESET_WRONG, p, NULL, e));
    }
    return attempt_end(l, at, "password reset", e);
}

enum rc login_redeem(struct login *l, const struct login_try *t, const char *fresh, struct err *e)
{
    struct attempt at;
    struct login_try quiet = *t;

    quiet.password = "";
    TRY(password_fit(t->account, fresh, e));
    enum rc rc = attempt_begin(l, &at, &quiet, e);
    if (rc == RC_OK)
        rc = redeem(l, &at, fresh, e);
    return attempt_close(l, &at, rc);
}

static enum rc administer(struct login *l, enum sql_id id, const struct db_param *p,
                          const char *const by_act[2], struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *account = p[0].p;

    TRY(query(l, SQL_ACCOUNT_HOLD, p, NULL, e));
    TRY(query(l, id, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no account %s", account);
    TRY(people_audit(l->db, db_text(r, 0, 0), by_act[0], by_act[1], account, e));
    return db_sync_commit(l->db, e);
}

/* One statement and its line in the audit, together. */
static enum rc by_administrator(struct login *l, enum sql_id id, const struct db_param *p, const char *by,
                                const char *act, struct err *e)
{
    TRY(db_sync_script(l->db, "BEGIN", e));
    enum rc rc = administer(l, id, p, (const char *const[]){by, act}, e);
    if (rc != RC_OK)
        undo(l);
    return rc;
}

enum rc login_reset(struct login *l, const char *account, const char *by, char code[LOGIN_CODE],
                    struct err *e)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"; /* 5 bits each, 75 in all */
    uint8_t random[15];
    char text[LOGIN_CODE] = "", hex[2 * SHA256_LEN + 1], until[25], now[25];
    size_t n = 0;

    TRY(rnd_bytes(random, sizeof(random), e));
    for (size_t i = 0; i < sizeof(random); i++) {
        if (i && i % 5 == 0)
            text[n++] = '-';
        text[n++] = letters[random[i] & 31];
    }
    hash_hex(hex, text, n);
    iso_utc(now, l->now());
    iso_utc(until, l->now() + l->conf.reset_hours * INT64_C(3600000));
    struct db_param p[] = {DB_STR(account), DB_STR(hex), DB_STR(until), DB_STR(now)};
    TRY(by_administrator(l, SQL_RESET_PUT, p, by, "reset code made", e));
    memcpy(code, text, sizeof(text));
    wipe(text, sizeof(text));
    return RC_OK;
}

enum rc login_totp(struct login *l, struct arena *a, const char *account, const char *by, const char **uri,
                   struct err *e)
{
    uint8_t secret[TOTP_SECRET], sealed[SEALED_TOTP];
    char hex[2 * SEALED_TOTP + 1];
    struct db_param p[] = {DB_STR(account), DB_STR(uri ? hex : NULL)};

    TRY(rnd_bytes(secret, sizeof(secret), e));
    TRY(seal(&l->key, account, strlen(account), secret, sizeof(secret), sealed, e));
    hex_encode(hex, sealed, sizeof(sealed));
    TRY(by_administrator(l, SQL_TOTP_PUT, p, by, uri ? "totp set" : "totp removed", e));
    if (uri)
        *uri = totp_uri(a, account, BYTES(secret, sizeof(secret)));
    wipe(secret, sizeof(secret));
    return RC_OK;
}

/* ---- sessions ---- */

static bool token_hash(const char *token, char hex[2 * SHA256_LEN + 1])
{
    uint8_t random[TOKEN_BYTES];
    size_t n = 0;

    if (!token || strlen(token) != 2 * TOKEN_BYTES || !hex_decode(random, sizeof(random), &n, token) ||
        n != sizeof(random))
        return false;
    hash_hex(hex, random, sizeof(random));
    wipe(random, sizeof(random));
    return true;
}

bool login_look(const struct login *l, const char *token, struct login_look *out)
{
    const struct db_param p[] = {DB_STR(out->token), DB_STR(out->now), DB_STR(out->idle), DB_STR(out->today)};

    if (!token_hash(token, out->token))
        return false;
    iso_utc(out->now, l->now());
    snprintf(out->idle, sizeof(out->idle), "%lld", (long long)l->conf.idle_minutes);
    date_iso(out->today, date_of_ms(l->now()));
    memcpy(out->p, p, sizeof(p));
    return true;
}

enum rc login_check(struct login *l, const char *token, struct db_result **out, struct err *e)
{
    struct login_look look;

    if (!login_look(l, token, &look))
        return err_set(e, RC_UNAUTHENTICATED, "not a session");
    TRY(query(l, SQL_LOGIN_CHECK, look.p, out, e));
    if (db_rows(*out) == 0)
        return err_set(e, RC_UNAUTHENTICATED, "no such session, or it has ended");
    return db_text(*out, 0, SESSION_STALE)[0] == 't' ? query(l, SQL_LOGIN_SEEN, look.p, NULL, e) : RC_OK;
}

/* One statement on a session, and its line in the audit when there was one. */
static enum rc on_session(struct login *l, const char *hex, enum sql_id id, const char *act, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char now[25];
    struct db_param p[] = {DB_STR(hex), DB_STR(now)};

    iso_utc(now, l->now());
    TRY(query(l, id, p, &r, e));
    if (db_rows(r) == 1)
        TRY(people_audit(l->db, db_text(r, 0, 1), db_text(r, 0, 0), act, NULL, e));
    return db_sync_commit(l->db, e);
}

static enum rc session_act(struct login *l, const char *token, enum sql_id id, const char *act, struct err *e)
{
    char hex[2 * SHA256_LEN + 1];

    if (!token_hash(token, hex))
        return err_set(e, RC_UNAUTHENTICATED, "not a session");
    TRY(db_sync_script(l->db, "BEGIN", e));
    enum rc rc = on_session(l, hex, id, act, e);
    if (rc != RC_OK)
        undo(l);
    return rc;
}

enum rc login_leave(struct login *l, const char *token, struct err *e)
{
    return session_act(l, token, SQL_LOGIN_END, "logout", e);
}

enum rc login_lock(struct login *l, const char *token, struct err *e)
{
    return session_act(l, token, SQL_LOGIN_LOCK, "screen locked", e);
}

/* ---- the quick PIN ---- */

static bool pin_shape(const char *pin)
{
    size_t n = strlen(pin);
    return n >= LOGIN_PIN_MIN && n <= LOGIN_PIN_MAX && strspn(pin, "0123456789") == n;
}

/* 1111, 1234, 9876 */
static bool pin_easy(const char *pin)
{
    int step = pin[1] - pin[0];
    bool same = step >= -1 && step <= 1;

    for (size_t i = 1; pin[i]; i++)
        same &= pin[i] - pin[i - 1] == step;
    return same;
}

/* All PINs are tried in no time: without the key, which is not in the database, their hashes say nothing. */
static void pin_text(const struct login *l, const char *account, const char *pin,
                     char hex[2 * SHA256_LEN + 1])
{
    char both[LOGIN_ACCOUNT + LOGIN_PIN_MAX + 2];
    uint8_t mac[SHA256_LEN];

    snprintf(both, sizeof(both), "%s %s", account, pin);
    hmac_sha256(mac, l->pin_key, sizeof(l->pin_key), both, strlen(both));
    hex_encode(hex, mac, sizeof(mac));
    wipe(both, sizeof(both));
}

static enum rc pin_set(struct login *l, struct attempt *at, const char *pin, struct err *e)
{
    char text[2 * SHA256_LEN + 1], encoded[PASSWORD_ENCODED];
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(at->t->account), DB_STR(*pin ? encoded : NULL),
                           DB_STR(db_text(at->row, 0, A_PASSWORD))};

    TRY(judge(l, at, e));
    if (!at->why) {
        pin_text(l, at->t->account, pin, text);
        TRY(password_hash(&l->conf, text, encoded, e));
        TRY(query(l, SQL_PIN_PUT, p, &r, e));
        at->why = db_rows(r) == 1 ? NULL : changed;
        wipe(text, sizeof(text));
    }
    return attempt_end(l, at, *pin ? "quick PIN set" : "quick PIN taken away", e);
}

enum rc login_pin(struct login *l, const struct login_try *t, const char *pin, struct err *e)
{
    struct attempt at;

    if (*pin && (!pin_shape(pin) || pin_easy(pin)))
        return err_at(e, RC_BAD_FIELD, "pin", "four to six digits, not the same, not in a row");
    enum rc rc = attempt_begin(l, &at, t, e);
    if (rc == RC_OK)
        rc = pin_set(l, &at, pin, e);
    return attempt_close(l, &at, rc);
}

enum rc login_has_pin(struct login *l, const char *account, bool *yes, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(account)};

    TRY(query(l, SQL_PIN_HAS, p, &r, e));
    *yes = db_rows(r) == 1 && db_text(r, 0, 0)[0] == 't';
    return RC_OK;
}

/* *left: tries, -1 when it was right. Commits either way. */
static enum rc unlock(struct login *l, const char *hex, const struct login_try *t, int64_t *left,
                      char *account, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_result *now_it SCOPED(db_result_freep) = NULL;
    char now[25], text[2 * SHA256_LEN + 1], detail[128];
    struct db_param p[] = {DB_STR(hex), DB_STR(now), DB_STR("false")};

    iso_utc(now, l->now());
    TRY(query(l, SQL_LOGIN_LOCKED, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_UNAUTHENTICATED, "nothing that a PIN opens");
    snprintf(account, LOGIN_ACCOUNT, "%s", db_text(r, 0, 0));
    pin_text(l, account, pin_shape(t->password) ? t->password : "", text);
    bool good = password_verify(db_text(r, 0, 2), text);
    p[2].p = good ? "true" : "false";
    TRY(query(l, SQL_LOGIN_UNLOCK, p, &now_it, e));
    *left = good ? -1 : db_int(now_it, 0, 0);
    snprintf(detail, sizeof(detail), "quick PIN%s, from %s", good ? "" : ": wrong", t->address);
    TRY(people_audit(l->db, db_text(r, 0, 1), account, good ? "login" : "login refused", detail, e));
    return db_sync_commit(l->db, e);
}

enum rc login_unlock(struct login *l, const char *token, const char *pin, const char *address,
                     char account[LOGIN_ACCOUNT], struct err *e)
{
    const struct login_try t = {.password = pin, .address = address};
    char hex[2 * SHA256_LEN + 1];
    int64_t left = 0;

    if (!token_hash(token, hex))
        return err_set(e, RC_UNAUTHENTICATED, "not a session");
    TRY(db_sync_script(l->db, "BEGIN", e));
    enum rc rc = unlock(l, hex, &t, &left, account, e);
    if (rc != RC_OK) {
        undo(l);
        return rc;
    }
    return left < 0
               ? RC_OK
               : err_code(e, RC_UNAUTHENTICATED, left ? "PIN_WRONG" : "PIN_OVER", left, "the PIN is wrong");
}
