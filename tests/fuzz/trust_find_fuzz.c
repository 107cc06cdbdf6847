/* Zones among scanned text: what is found has right check digits and prints as JSON. */
#include "drivers/card/mrz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    struct mrz m;
    unsigned repaired = 0;
    if (mrz_find((const char *)p, len, &m, &repaired, NULL) != RC_OK)
        return 0;
    BUF_SCOPE(out);
    mrz_identity(&m, (struct date){2026, 11, 22}, &out);
    if (!out.p || repaired > 90 || strlen(m.surname) >= sizeof m.surname)
        abort();
    return 0;
}
