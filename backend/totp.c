#include "backend/totp.h"

#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/crypto.h"

void totp_code(char out[9], enum totp_hash hash, struct bytes secret, int64_t step, int digits)
{
    static const uint32_t tens[] = {1000000, 10000000, 100000000};
    uint8_t counter[8], mac[SHA256_LEN];
    size_t len = hash == TOTP_SHA1 ? SHA1_LEN : SHA256_LEN;

    for (int i = 0; i < 8; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    if (hash == TOTP_SHA1)
        hmac_sha1(mac, secret.p, secret.len, counter, sizeof(counter));
    else
        hmac_sha256(mac, secret.p, secret.len, counter, sizeof(counter));
    /* RFC 4226, 5.3 */
    const uint8_t *p = mac + (mac[len - 1] & 15);
    uint32_t n = (uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    snprintf(out, 9, "%0*u", digits, n % tens[digits - 6]);
    wipe(mac, sizeof(mac));
}

int64_t totp_match(struct bytes secret, int64_t unix_s, int64_t after, const char *code)
{
    char want[9], given[TOTP_DIGITS] = {0};
    int64_t now = unix_s / TOTP_STEP_S, found = 0;
    bool shaped = code && strlen(code) == TOTP_DIGITS;

    if (shaped)
        memcpy(given, code, TOTP_DIGITS);
    for (int64_t step = now - 1; step <= now + 1; step++) {
        totp_code(want, TOTP_SHA1, secret, step, TOTP_DIGITS);
        bool same = equal_ct(want, given, TOTP_DIGITS);
        if (same & shaped & (step > after))
            found = step;
    }
    wipe(want, sizeof(want));
    return found;
}

const char *totp_uri(struct arena *a, const char *name, struct bytes secret)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; /* RFC 4648 */
    const uint8_t *p = secret.p;
    BUF_SCOPE(b);
    uint32_t bits = 0;
    int n = 0;

    for (size_t i = 0; i < secret.len; i++) {
        bits = bits << 8 | p[i];
        for (n += 8; n >= 5; n -= 5)
            buf_chr(&b, digits[bits >> (n - 5) & 31]);
    }
    if (n > 0)
        buf_chr(&b, digits[bits << (5 - n) & 31]);
    return arena_fmt(
        a, "otpauth://totp/Pridvor:%s?secret=%s&issuer=Pridvor&algorithm=SHA1&digits=6&period=30", name, b.p);
}
