/* Who wrote a row: nobody without the register's key can make one that passes. */
#include "backend/audit.h"

#include <stdatomic.h>
#include <string.h>

#include "backend/sql.h"
#include "common/base/buf.h"
#include "common/base/crypto.h"

enum { NONCE = 8, TAG = AUDIT_MAC - NONCE };

/* One key a process, set before its threads start. */
static uint8_t key[SHA256_LEN];
static bool have;
static _Atomic uint64_t next_nonce; /* from a random place on: no two rows have one */

enum rc audit_key(const uint8_t master[32], struct err *e)
{
    uint64_t start;

    TRY(hkdf_sha256(key, sizeof(key), master, 32, "", 0, "pridvor audit", e));
    TRY(rnd_bytes(&start, sizeof(start), e));
    atomic_store(&next_nonce, start);
    have = true;
    return RC_OK;
}

void audit_key_wipe(void)
{
    have = false;
    wipe(key, sizeof(key));
}

bool audit_has_key(void)
{
    return have;
}

void audit_part(struct buf *b, const char *s)
{
    if (s)
        buf_fmt(b, "%zu:%s,", strlen(s), s);
    else
        buf_str(b, "-,");
}

static void tag(uint8_t out[AUDIT_MAC], const struct audit_line *l)
{
    const char *const parts[] = {l->institution, l->request, l->actor, l->act, l->detail};
    uint8_t full[SHA256_LEN];
    BUF_SCOPE(b);

    buf_add(&b, out, NONCE);
    for (size_t i = 0; i < COUNT(parts); i++)
        audit_part(&b, parts[i]);
    hmac_sha256(full, key, sizeof(key), b.p, b.len);
    memcpy(out + NONCE, full, TAG);
}

struct db_param audit_mac(uint8_t out[AUDIT_MAC], const struct audit_line *l)
{
    uint64_t nonce = atomic_fetch_add(&next_nonce, 1);

    if (!have)
        return (struct db_param)DB_STR(NULL);
    memcpy(out, &nonce, NONCE);
    tag(out, l);
    return (struct db_param){(const char *)out, AUDIT_MAC, true};
}

bool audit_mac_holds(const uint8_t mac[AUDIT_MAC], const struct audit_line *l)
{
    uint8_t right[AUDIT_MAC];

    memcpy(right, mac, NONCE);
    tag(right, l);
    return have && equal_ct(right, mac, AUDIT_MAC);
}

enum rc audit_vouch(struct db_sync *s, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_result *put SCOPED(db_result_freep) = NULL;
    uint8_t mac[AUDIT_MAC];

    if (!have)
        return RC_OK;
    TRY(db_sync_query(s, sql_text(SQL_AUDIT_VOUCHED), NULL, 0, &r, e));
    if (db_rows(r) == 0 || db_is_null(r, 0, 0))
        return RC_OK;
    struct audit_line l = {.actor = "registryd", .act = AUDIT_VOUCHED, .detail = db_text(r, 0, 0)};
    struct db_param p[] = {DB_STR(l.detail), audit_mac(mac, &l)};
    return db_sync_query(s, sql_text(SQL_AUDIT_VOUCH), p, COUNT(p), &put, e);
}
