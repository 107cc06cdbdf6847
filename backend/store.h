/* Files by their SHA-256: a folder per two first digits. Bytes go to a file of their own as they come, are
 * hashed on the way, synced and moved to their name; only then anybody writes a row about them. A file
 * without a row is litter that harms nobody; a row without its file does not happen. Never rewritten. */
#ifndef PRIDVOR_STORE_H
#define PRIDVOR_STORE_H

#include "common/base/arena.h"
#include "common/base/crypto.h"
#include "common/base/err.h"

enum { STORE_HEX = 2 * SHA256_LEN + 1, STORE_FILE_MAX = 5 << 20 };

struct store_file;
struct store_place {
    const char *folder;
    int64_t free_mb; /* nothing is taken while the disk has less left */
};
/* Never NULL: what went wrong here or in between is told by store_sum(). */
struct store_file *store_begin(const struct store_place *s, size_t max);
void store_add(struct store_file *f, const void *p, size_t n);
/* The end of the bytes. Twice is fine. RC_TOO_BIG RC_NO_SPACE RC_IO. */
MUST enum rc store_sum(struct store_file *f, char hex[STORE_HEX], size_t *size, struct err *e);
/* On disk under its name; waits for the disk. */
MUST enum rc store_keep(struct store_file *f, struct err *e);
const char *store_head(const struct store_file *f); /* the first 8 bytes, zeros behind */
void store_drop(struct store_file *f);              /* frees; what was not kept is gone. NULL is fine */
void store_dropp(struct store_file **f);

/* A file at rest, handed on in pieces; whoever holds it open has it whole, even when it is removed. */
struct store_reader;
struct http_req;
/* Every byte is looked at first. RC_NOT_FOUND; RC_STATE: the bytes have changed. */
MUST enum rc store_open(const struct store_place *s, const char *hex, struct store_reader **out,
                        struct err *e);
/* Not looked at yet: the last store_next() tells. */
MUST enum rc store_unseen(const struct store_place *s, const char *hex, struct store_reader **out,
                          struct err *e);
size_t store_size(const struct store_reader *r);
/* Exactly the next n bytes. They are hashed once more on the way, and the last of them are given only when
 * all are as they were. RC_STATE RC_IO. */
MUST enum rc store_next(struct store_reader *r, void *p, size_t n, struct err *e);
/* n bytes from somewhere in it. */
MUST enum rc store_at(struct store_reader *r, size_t at, void *p, size_t n, struct err *e);
/* A PDF that brings a program, another file, or a form that sends itself; what cannot be looked into counts
 * as such, too (store_active.c). Reads it once, in pieces. */
MUST enum rc store_active(struct store_reader *r, bool *out, struct err *e);
/* All of it, in pieces; from the beginning. RC_STATE: not as it was, and the last piece was not given. */
MUST enum rc store_each(struct store_reader *r, void (*put)(void *user, const void *p, size_t n), void *user,
                        struct err *e);
MUST enum rc store_check(struct store_reader *r, struct err *e); /* all of it once more */
/* A copy with a name of its own: whole, or nothing is there that was not before. RC_STATE RC_NO_SPACE RC_IO.
 */
MUST enum rc store_save(struct store_reader *r, const char *path, unsigned mode, struct err *e);
MUST enum rc store_copy(struct store_reader *r, struct store_file *to, struct err *e);
void store_close(struct store_reader *r); /* NULL is fine */
void store_closep(struct store_reader **r);
/* As the answer, with what was set before; closes it at the end (store_send.c). */
void store_send(struct store_reader *file, struct http_req *r, const char *type);
void store_cut(const struct err *e); /* how a sending ended, for the log */

/* What the bytes are, whatever anybody calls them: by their first bytes and by how they are built. */
struct store_kind {
    const char *type, *suffix; /* "application/pdf" ".pdf"; also image/jpeg image/png */
    int pages;                 /* 1 for pictures; a PDF's own count, 0 when it cannot be told */
    int width, height;         /* pictures */
    bool has_signature;        /* a PDF that carries a signature: every byte of it counts */
};
/* RC_BAD_FIELD: nothing of that (code TYPE, TIFF), cut off (BROKEN), locked by a password (LOCKED), or a
 * picture too large to open. */
MUST enum rc store_kind(struct bytes b, struct store_kind *out, struct err *e);
/* The same for what was received and not yet kept; err.path is "file". */
MUST enum rc store_look(struct store_file *f, struct store_kind *out, struct err *e);

MUST enum rc store_put(const struct store_place *s, struct bytes b, char hex[STORE_HEX], struct err *e);
/* RC_NOT_FOUND; RC_STATE: the bytes have changed. */
MUST enum rc store_get(const struct store_place *s, struct arena *a, const char *hex, struct bytes *out,
                       struct err *e);
/* Where a law ends the keeping; what is gone already is fine. */
MUST enum rc store_remove(const struct store_place *s, const char *hex, struct err *e);

#endif
