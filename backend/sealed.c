#include "backend/sealed.h"

#include <string.h>

#include "common/base/text.h"

enum { AAD_MAX = 32, ID_BYTES = 16 };

/* What is bound to the seal: the id's 16 bytes and the column's name. */
static enum rc place(const struct sealed_at *at, uint8_t out[AAD_MAX], struct bytes *aad, struct err *e)
{
    size_t len = strlen(at->column);

    if (!uuid_bytes(out, at->id) || len > AAD_MAX - ID_BYTES)
        return err_set(e, RC_BAD_REQUEST, "%s %s: not a place for a seal", at->id, at->column);
    memcpy(out + ID_BYTES, at->column, len);
    *aad = BYTES(out, ID_BYTES + len);
    return RC_OK;
}

enum rc sealed_key(const uint8_t master[32], struct seal_key *out, struct err *e)
{
    return hkdf_sha256(out->k, sizeof(out->k), master, 32, "", 0, "pridvor request 1", e);
}

void sealed_key_wipe(struct seal_key *k)
{
    wipe(k, sizeof(*k));
}

enum rc sealed_request_seal(struct arena *a, const struct seal_key *key, const struct sealed_at *at,
                            struct bytes text, struct bytes *out, struct err *e)
{
    uint8_t bound[AAD_MAX], *p = arena_alloc(a, text.len + SEALED_MORE);
    struct bytes aad;

    TRY(place(at, bound, &aad, e));
    p[0] = SEALED_KEY;
    TRY(seal_bytes(key, aad, text, p + 1, e));
    *out = BYTES(p, text.len + SEALED_MORE);
    return RC_OK;
}

enum rc sealed_request_open(struct arena *a, const struct seal_key *key, const struct sealed_at *at,
                            const char *hex, struct bytes *out, struct err *e)
{
    uint8_t bound[AAD_MAX];
    struct bytes aad;
    size_t n = 0, len = 0, cap = strlen(hex) / 2 + 1;
    uint8_t *sealed = arena_alloc(a, cap), *text = arena_alloc(a, cap);

    TRY(place(at, bound, &aad, e));
    if (strncmp(hex, "\\x", 2) != 0 || !hex_decode(sealed, cap, &n, hex + 2) || n == 0)
        return err_set(e, RC_STATE, "%s of %s: not bytes", at->column, at->id);
    if (sealed[0] == SEALED_NOT)
        return err_set(e, RC_STATE, "%s of %s: not sealed yet; registryd does it when it starts", at->column,
                       at->id);
    if (sealed[0] != SEALED_KEY || n < SEALED_MORE)
        return err_set(e, RC_STATE, "%s of %s: not a seal that this program knows", at->column, at->id);
    enum rc rc = unseal_bytes(key, aad, BYTES(sealed + 1, n - 1), text, &len, e);
    if (rc != RC_OK)
        return err_wrap(e, rc, "%s of %s", at->column, at->id);
    text[len] = 0;
    *out = BYTES(text, len);
    return RC_OK;
}
