/* Command lines, each with its exit code and words of what it says. */
#ifndef PRIDVOR_TEST_SAID_H
#define PRIDVOR_TEST_SAID_H

#include <stddef.h>

struct said {
    const char *words;
    int code;
    const char *says;
};
/* In their order; out: what run leaves there. Fails with the first that goes otherwise. */
void said_each(const struct said *rows, size_t n, int (*run)(const char *words), const char *out);

#endif
