/* Worked examples from tests/golden, found by path: gold("bac.json", "D3_authentication.rnd_ic"). */
#ifndef PRIDVOR_TESTS_CARD_GOLDEN_H
#define PRIDVOR_TESTS_CARD_GOLDEN_H

#include "common/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

/* "steps[2].command.ssc"; fails the test when there is no such member. */
const struct jval *gold(const char *file, const char *path);
const struct jval *gold_in(const struct jval *v, const char *path);
const char *gold_str(const struct jval *v, const char *path);

struct octets {
    size_t n;
    uint8_t p[4096];
};
struct octets hex(const char *text);
struct octets gold_hex(const char *file, const char *path);
struct octets hex_in(const struct jval *v, const char *path);
void assert_octets(const void *p, size_t n, const char *want_hex);
int gold_end(void **state); /* group teardown: forgets the files */

#endif
