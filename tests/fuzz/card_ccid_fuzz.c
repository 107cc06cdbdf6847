/* CCID frames, class descriptors, notices and ATRs from a hostile reader. */
#include "drivers/card/atr.h"
#include "drivers/card/ccid.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    struct err e = {0};
    struct ccid_class cls;
    struct ccid_in in;
    struct ccid_notice notice;
    struct atr atr;
    size_t total = 0;
    if (ccid_expect(p, len, 4096, &total, &e) == RC_OK && total > 4096)
        abort();
    if (ccid_decode(p, len, &in, &e) == RC_OK) {
        if (in.len != len - CCID_HEADER || in.data != p + CCID_HEADER)
            abort();
        if (ccid_fail(&e, &in, "fuzz") == RC_OK)
            abort();
    }
    if (ccid_class_parse(p, len, &cls, &e) == RC_OK && (cls.slots < 1 || cls.slots > 256))
        abort();
    for (unsigned slot = 0; slot < 9; slot++)
        if (ccid_notice_decode(p, len, slot, &notice, &e) == RC_OK && notice.hardware_error && notice.changed)
            abort();
    if (atr_parse(p, len, &atr, &e) == RC_OK && atr.hist + atr.hist_len > atr.bytes + atr.len)
        abort();
    return 0;
}
