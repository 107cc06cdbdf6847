/* SHA-256 and AES-256-GCM with the processor's own instructions, for crypto.c alone. mbedTLS has none for
 * SHA-256 and works GCM block by block: for a filing of 2 KB both together took a quarter of registryd's
 * instructions. What this computes is compared with mbedTLS at every length by a test, and where the
 * instructions are missing mbedTLS does the work. */
#ifndef PRIDVOR_CRYPTO_CPU_H
#define PRIDVOR_CRYPTO_CPU_H

#include "common/base/base.h"

bool cpu_has_sha256(void);
void cpu_sha256(uint32_t h[8], const uint8_t *p, size_t blocks); /* FIPS 180-4, 6.2.2; blocks of 64 bytes */

struct cpu_gcm {
    const uint8_t *key, *nonce; /* 32 and 12 bytes */
    const uint8_t *aad, *in;
    size_t aadlen, len;
    uint8_t *out;
    bool open; /* in is the ciphertext */
};
bool cpu_has_gcm(void);
void cpu_gcm(const struct cpu_gcm *g, uint8_t tag[16]); /* SP 800-38D; whoever opens compares the tag */

#endif
