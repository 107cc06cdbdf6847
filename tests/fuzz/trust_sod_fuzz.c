/* Security objects: never valid for files that the key behind the folder's certificates did not sign. */
#include "drivers/card/trust_priv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    ARENA_SCOPE(a);
    const struct trust_group group = {1, BYTES("no file of any state", 20)};
    struct trust_question q = {BYTES(p, len), &group, 1, 1795000000};
    struct trust_verdict v;
    struct security_object o;
    struct cms m;
    BUF_SCOPE(out);
    trust_check(NULL, a, &q, &v);
    if (v.word == TRUST_VALID)
        abort();
    trust_json(&v, &out);
    (void)!security_object_read(q.sod, &o, NULL);
    if (cms_read(a, q.sod, &m, NULL) == RC_OK && m.n_signers) { /* without the tag of the file */
        struct cert c;
        int64_t at;
        if (cms_certificate(&m, &m.signer[0], &c, NULL) == RC_OK)
            (void)!cms_verify(&m, &m.signer[0], &c, &at, NULL);
        (void)!security_object_read(m.content, &o, NULL);
    }
    return 0;
}
