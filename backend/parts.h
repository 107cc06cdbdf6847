/* A new file that is text with pieces of files at rest between them: it is never whole in memory. A certified
 * copy, the copy of a person's data. */
#ifndef PRIDVOR_PARTS_H
#define PRIDVOR_PARTS_H

#include "backend/store.h"
#include "common/base/buf.h"

struct part {
    size_t at; /* before this byte of the text */
    struct store_reader *file;
    char hex[STORE_HEX]; /* without a file: opened when its turn comes, all of it, and looked at on the way */
    size_t from, len;
};
struct parts {
    struct store_place place;
    struct buf text;
    struct part *items;
    size_t n, cap, more; /* more: bytes of all items */
};
/* The file stays the caller's, open until the last byte was taken. */
void parts_lay(struct parts *m, struct store_reader *file, size_t from, size_t len);
void parts_lay_whole(struct parts *m, const char *hex, size_t len);
size_t parts_size(const struct parts *m);
/* From the first byte to the last. RC_NOT_FOUND RC_STATE RC_IO. */
MUST enum rc parts_each(const struct parts *m, void (*put)(void *user, const void *p, size_t n), void *user,
                        struct err *e);
void parts_free(struct parts *m);
/* As the answer; m is the answer's own from here and is freed with it. */
void parts_send(struct parts *m, struct http_req *r, const char *type);

#endif
