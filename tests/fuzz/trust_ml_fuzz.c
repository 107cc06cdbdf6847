/* Master lists, up to each of their certificates. */
#include "drivers/card/cms.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    ARENA_SCOPE(a);
    struct cms m;
    struct der d;
    struct der_item it;
    struct cert c;
    struct bytes content = BYTES(p, len);
    if (cms_read(a, content, &m, NULL) == RC_OK) {
        content = m.content;
        for (size_t i = 0; i < m.n_signers; i++)
            (void)!cms_certificate(&m, &m.signer[i], &c, NULL);
    }
    if (master_list_open(content, &d, NULL) != RC_OK)
        return 0;
    while (d.len > 0 && der_take(&d, DER_SEQUENCE, &it, NULL) == RC_OK)
        (void)!cert_read(it.raw, &c, NULL);
    return 0;
}
