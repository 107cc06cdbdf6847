/* The same run has the same luck: what a fuzz target draws by chance is a fixed stream, and the hour of the
 * day is always the same. */
#include <stdint.h>
#include <sys/types.h>

#include "common/base/clock.h"

int64_t __wrap_unix_ms(void);
int64_t __wrap_unix_ms(void)
{
    return INT64_C(1795424400000); /* 23.11.2026 */
}

int64_t __wrap_mono_us(void);
int64_t __wrap_mono_us(void)
{
    static int64_t at;
    return ++at;
}

ssize_t __wrap_getrandom(void *p, size_t len, unsigned flags);
ssize_t __wrap_getrandom(void *p, size_t len, unsigned flags)
{
    static uint32_t at = 1;
    uint8_t *b = p;

    (void)flags;
    for (size_t i = 0; i < len; i++) {
        at = at * 1664525u + 1013904223u;
        b[i] = (uint8_t)(at >> 24);
    }
    return (ssize_t)len;
}
