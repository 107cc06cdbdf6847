/* Words every file may use: attributes, sizes, scope cleanup. */
#ifndef PRIDVOR_BASE_H
#define PRIDVOR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Bytes somewhere else. */
struct bytes {
    const void *p;
    size_t len;
};
#define BYTES(p, len) ((struct bytes){(p), (len)})

/* Runs fn(&variable) when the variable leaves its scope. */
#define SCOPED(fn) __attribute__((cleanup(fn)))

#endif
