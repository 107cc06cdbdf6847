#include "tests/db/said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void said_each(const struct said *rows, size_t n, int (*run)(const char *words), const char *out)
{
    for (size_t i = 0; i < n; i++) {
        int code = run(rows[i].words);
        if (code != rows[i].code || !strstr(out, rows[i].says))
            fail_msg("%s: %d, %s", rows[i].words, code, out);
    }
}
