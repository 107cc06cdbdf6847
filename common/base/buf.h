/* A growing byte buffer on the heap; wiped when it grows or is freed. */
#ifndef PRIDVOR_BUF_H
#define PRIDVOR_BUF_H

#include "common/base/base.h"

struct buf {
    char *p;    /* always NUL-terminated once something was added */
    size_t len; /* without the NUL */
    size_t cap;
};

void buf_add(struct buf *b, const void *p, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_chr(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_cut(struct buf *b, size_t head); /* drops head bytes from the front */
void buf_reset(struct buf *b);            /* len = 0, wiped, memory kept */
void buf_free(struct buf *b);             /* wiped; also for SCOPED */

#define BUF_SCOPE(name) struct buf name SCOPED(buf_free) = {0}

#endif
