/* Revocation lists. */
#include "drivers/card/x509.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    struct crl c;
    int64_t since = 0;
    if (crl_read(BYTES(p, len), &c, NULL) != RC_OK)
        return 0;
    (void)crl_has(&c, BYTES("\x10\x0A", 2), &since);
    (void)name_hash(c.issuer);
    return 0;
}
