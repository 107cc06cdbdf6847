#include "common/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"

/* Room for more bytes and a NUL. realloc would leave a copy behind, so: new block, copy, wipe the old one. */
static void reserve(struct buf *b, size_t more)
{
    if (b->cap > b->len && b->cap - b->len > more)
        return;
    size_t cap = b->cap > 0 ? b->cap : 256;
    if (more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
        abort();
    while (cap - b->len <= more)
        cap *= 2;
    char *p = malloc(cap);
    if (p == NULL)
        abort();
    if (b->len > 0)
        memcpy(p, b->p, b->len);
    if (b->p != NULL) {
        wipe(b->p, b->len);
        free(b->p);
    }
    b->p = p;
    b->cap = cap;
}

void buf_add(struct buf *b, const void *p, size_t len)
{
    reserve(b, len);
    if (len > 0)
        memcpy(b->p + b->len, p, len);
    b->len += len;
    b->p[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_chr(struct buf *b, char c)
{
    reserve(b, 1);
    b->p[b->len++] = c;
    b->p[b->len] = '\0';
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    reserve(b, 64);
    int len = vsnprintf(b->p + b->len, b->cap - b->len, fmt, ap);
    va_end(ap);
    if (len > 0 && (size_t)len >= b->cap - b->len) {
        reserve(b, (size_t)len);
        vsnprintf(b->p + b->len, b->cap - b->len, fmt, again);
    }
    va_end(again);
    if (len > 0)
        b->len += (size_t)len;
    b->p[b->len] = '\0';
}

void buf_cut(struct buf *b, size_t head)
{
    if (head == 0)
        return;
    if (head > b->len)
        head = b->len;
    size_t rest = b->len - head;
    memmove(b->p, b->p + head, rest);
    wipe(b->p + rest, head);
    b->len = rest;
}

void buf_reset(struct buf *b)
{
    if (b->p != NULL)
        wipe(b->p, b->len);
    b->len = 0;
}

void buf_free(struct buf *b)
{
    if (b->p != NULL) {
        wipe(b->p, b->len);
        free(b->p);
    }
    *b = (struct buf){0};
}
