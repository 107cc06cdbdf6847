/* Certificates: keys, algorithms, names. A curve that is spelled out equals a known one, or is refused. */
#include "drivers/card/x509.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    ARENA_SCOPE(a);
    struct cert c;
    struct pub_key k = {0};
    struct sig_alg alg;
    char code[3];
    struct bytes pem, in = BYTES(p, len);
    size_t at = 0;
    while (pem_next(a, in, &at, "CERTIFICATE", &pem, NULL) == RC_OK)
        ;
    (void)!key_read(in, &k, NULL);
    (void)!alg_signature(in, &alg, NULL);
    if (cert_read(in, &c, NULL) != RC_OK)
        return 0;
    if (strlen(name_text(a, c.subject)) > 500 || !name_same(c.subject, c.subject) ||
        (name_same(c.subject, c.issuer) && name_hash(c.subject) != name_hash(c.issuer)))
        abort();
    (void)!name_country(c.issuer, code);
    (void)!cert_has_eku(&c, "\x67\x81\x08\x01\x01\x03", 6);
    if (key_read(c.spki, &k, NULL) == RC_OK && k.kind == KEY_EC && !k.curve)
        abort();
    if (k.bits <= 3072) /* larger keys cost time, and show nothing more */
        (void)!cert_verify(&c, &c, NULL);
    return 0;
}
