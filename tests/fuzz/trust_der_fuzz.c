/* DER and what is written again from BER: the result is DER, and stays as it is when it is written again. */
#include "drivers/card/der.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void walk(struct der d, int depth)
{
    struct der_item it;
    while (d.len > 0 && der_next(&d, &it, NULL) == RC_OK) {
        struct bytes b;
        int64_t t;
        int n;
        bool v;
        (void)!der_number(&it, &b, NULL);
        (void)!der_small(&it, &n, NULL);
        (void)!der_bits(&it, &b, NULL);
        (void)!der_bool(&it, &v, NULL);
        (void)!der_time(&it, &t, NULL);
        if ((it.tag & 0x20) && depth < DER_DEPTH)
            walk(der_in(it.v), depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    ARENA_SCOPE(a);
    struct bytes once, twice;
    walk(der_in(BYTES(p, len)), 0);
    if (der_normal(a, BYTES(p, len), &once, NULL) != RC_OK)
        return 0;
    walk(der_in(once), 0);
    if (der_normal(a, once, &twice, NULL) != RC_OK || twice.p != once.p || twice.len != once.len)
        abort();
    return 0;
}
