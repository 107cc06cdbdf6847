#include "common/base/arena.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define BLOCK_FIRST ((size_t)4096)
#define BLOCK_MAX ((size_t)262144)
#define ALIGN ((size_t)16)

/* Blocks come zeroed and are wiped with the arena, so what is handed out is always zero without a memset. */
struct block {
    struct block *next;
    size_t size, used;
    _Alignas(16) char data[];
};

struct arena {
    struct block *top; /* the block in use; older ones behind it */
    size_t handed;
};

static struct block *block_new(size_t size, struct block *next)
{
    struct block *b = calloc(1, size);
    if (b == NULL)
        abort();
    b->next = next;
    b->size = size - sizeof(*b);
    return b;
}

static void block_free(struct block *b)
{
    wipe(b->data, b->used);
    free(b);
}

struct arena *arena_new(void)
{
    struct arena *a = calloc(1, sizeof(*a));
    if (a == NULL)
        abort();
    a->top = block_new(BLOCK_FIRST, NULL);
    return a;
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct block *b = a->top, *next; b != NULL; b = next) {
        next = b->next;
        block_free(b);
    }
    free(a);
}

void arena_freep(struct arena **a)
{
    arena_free(*a);
    *a = NULL;
}

void arena_reset(struct arena *a)
{
    struct block *keep = a->top;
    while (keep->next != NULL) {
        struct block *next = keep->next;
        block_free(keep);
        keep = next;
    }
    wipe(keep->data, keep->used);
    keep->used = 0;
    a->top = keep;
    a->handed = 0;
}

static void *take(struct arena *a, size_t size, size_t align)
{
    struct block *b = a->top;
    size_t at = (b->used + align - 1) & ~(align - 1);
    if (size > b->size || at > b->size - size) {
        size_t want = b->size * 2 > BLOCK_MAX ? BLOCK_MAX : b->size * 2;
        if (size > SIZE_MAX / 2)
            abort();
        if (want < size + sizeof(*b) + ALIGN)
            want = size + sizeof(*b) + ALIGN;
        a->top = b = block_new(want, b);
        at = 0;
    }
    b->used = at + size;
    a->handed += size;
    return b->data + at;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return take(a, size, ALIGN);
}

void *arena_dup(struct arena *a, const void *p, size_t len)
{
    void *out = take(a, len, ALIGN);
    if (len > 0)
        memcpy(out, p, len);
    return out;
}

char *arena_strn(struct arena *a, const char *s, size_t len)
{
    char *out = take(a, len + 1, 1);
    if (len > 0)
        memcpy(out, s, len);
    return out;
}

char *arena_str(struct arena *a, const char *s)
{
    return arena_strn(a, s, strlen(s));
}

char *arena_fmt(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *out = take(a, len > 0 ? (size_t)len + 1 : 1, 1);
    if (len > 0)
        vsnprintf(out, (size_t)len + 1, fmt, again);
    va_end(again);
    return out;
}

size_t arena_used(const struct arena *a)
{
    return a->handed;
}

void wipe(void *p, size_t len)
{
    if (len > 0)
        explicit_bzero(p, len);
}

void memory_no_core(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    /* PRIDVOR_DUMPABLE: a debugger or a test without root wants to look into the process. */
    if (getenv("PRIDVOR_DUMPABLE") == NULL)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void memory_harden(void)
{
    mallopt(M_PERTURB, 0xA5);
    memory_no_core();
}

__attribute__((noinline)) void stack_wipe(void)
{
    char below[128 * 1024];
    explicit_bzero(below, sizeof(below));
}
