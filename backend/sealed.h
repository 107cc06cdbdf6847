/* Requests rest sealed: what a person wrote, signed and drew can be read only with the register's master key
 * (file `pin_key`), which is not in the database. A sealed column is key id (1 byte, SEALED_KEY) || nonce
 * (12) || AES-256-GCM || tag (16) and bound to its request and its column: moved elsewhere it does not open.
 * Opened it is byte for byte what came; request.sha256 is the hash of these plain bytes. */
#ifndef PRIDVOR_SEALED_H
#define PRIDVOR_SEALED_H

#include "common/base/arena.h"
#include "common/base/crypto.h"

/* SEALED_NOT: text from before the seals, until registryd has sealed it (sealed_old). */
enum { SEALED_NOT = 0, SEALED_KEY = 1, SEALED_MORE = 1 + GCM_NONCE + GCM_TAG };

/* What a sealed value belongs to. */
struct sealed_at {
    const char *id;     /* of the request, as text */
    const char *column; /* "request", "signature"; "draft", with the id of its case */
};

MUST enum rc sealed_key(const uint8_t master[32], struct seal_key *out, struct err *e);
void sealed_key_wipe(struct seal_key *k); /* for SCOPED */
/* out: in a, SEALED_MORE longer than text. */
MUST enum rc sealed_request_seal(struct arena *a, const struct seal_key *key, const struct sealed_at *at,
                                 struct bytes text, struct bytes *out, struct err *e);
/* hex: the column as PostgreSQL writes a bytea ("\x01..."). out: in a, with a NUL behind it. RC_STATE: not
 * whole, or not sealed; RC_DENIED: another key, another place, or a changed bit. */
MUST enum rc sealed_request_open(struct arena *a, const struct seal_key *key, const struct sealed_at *at,
                                 const char *hex, struct bytes *out, struct err *e);
/* Blocking; once after the migration that brought the seals. Seals what is there in batches, then rewrites
 * the table, so that no page keeps the text. *n: rows sealed. */
MUST enum rc sealed_old(const char *conninfo, const struct seal_key *key, int64_t *n, struct err *e);

#endif
