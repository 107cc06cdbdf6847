/* Memory with a lifetime: process, session or request, frame. Everything in an arena is wiped when it is
 * freed or reset. Allocation never returns NULL: sizes are bounded where input comes in, and a machine out of
 * memory ends the process, which may be killed at any line anyway. */
#ifndef PRIDVOR_ARENA_H
#define PRIDVOR_ARENA_H

#include "common/base/base.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);   /* wipes; NULL is fine */
void arena_freep(struct arena **a); /* for SCOPED */
void arena_reset(struct arena *a);  /* wipes, keeps one block */
void *arena_alloc(struct arena *a, size_t size)
    __attribute__((malloc, returns_nonnull)); /* zeroed, 16-byte aligned */
void *arena_dup(struct arena *a, const void *p, size_t len);
char *arena_str(struct arena *a, const char *s);
char *arena_strn(struct arena *a, const char *s, size_t len);
char *arena_fmt(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
size_t arena_used(const struct arena *a); /* bytes handed out */

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))
#define ARENA_SCOPE(name) struct arena *name SCOPED(arena_freep) = arena_new()

/* Wipes memory in a way the compiler keeps. */
void wipe(void *p, size_t len);
/* Forbids core dumps and looking in from outside (unless PRIDVOR_DUMPABLE is set); first line of main() in
 * each program that sees personal data. On a terminal glibc overwrites every freed block, too (M_PERTURB). */
void memory_no_core(void);
void memory_harden(void);
/* Overwrites the unused stack below the caller, so that ended sessions leave nothing there. */
void stack_wipe(void);

#endif
