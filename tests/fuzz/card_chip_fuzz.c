/* What a chip says about its keys and its pictures: DG14, DG15, signatures, DG2, DG7, DG11, DG12, JPEG and
 * JPEG 2000. No forged signature is ever accepted; nothing found lies outside the input. */
#include "drivers/card/active_auth.h"
#include "drivers/card/chip_auth.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void inside(const uint8_t *p, size_t len, const void *q, size_t n)
{
    const uint8_t *b = q;
    if (n > 0 && (b < p || n > len || b > p + (len - n)))
        abort();
}

static void key(const uint8_t *p, size_t len, const struct chip_key *k)
{
    inside(p, len, k->value.p, k->value.len);
    inside(p, len, k->rsa.n.p, k->rsa.n.len);
    inside(p, len, k->rsa.e.p, k->rsa.e.len);
    inside(p, len, k->dh.p.p, k->dh.p.len);
    inside(p, len, k->dh.q.p, k->dh.q.len);
}

static void dg14(const uint8_t *p, size_t len)
{
    static unsigned often;
    struct security_infos infos;
    struct chip_auth c SCOPED(chip_auth_wipe) = {0};
    struct chip_key k;
    struct sm sm = {0};
    uint8_t out[CHIP_DATA_MAX];
    size_t at = 0, n = 0;
    if (lds_dg14(p, len, &infos, NULL) != RC_OK)
        return;
    while (chip_auth_next_key(&infos, &at, &k))
        key(p, len, &k);
    if (chip_auth_choose(&infos, &c, NULL) != RC_OK)
        return;
    key(p, len, &c.key);
    if (often++ % 16 != 0 || chip_auth_start(&c, NULL) != RC_OK) /* costs milliseconds */
        return;
    (void)!chip_auth_kat(&c, true, out, &n, NULL);
    (void)!chip_auth_general(&c, out, &n, NULL);
    (void)!chip_auth_keys(&c, &sm, NULL);
}

static void dg15(const uint8_t *p, size_t len)
{
    static const uint8_t challenge[ACTIVE_CHALLENGE] = "pridvor";
    struct active_auth a;
    size_t head = len / 2;
    if (active_auth_read(BYTES(p, len), NULL, &a, NULL) == RC_OK) {
        key(p, len, &a.key);
        /* a modulus of the forger's own may be anything; a curve is ours */
        if (active_auth_check(&a, challenge, BYTES(p + head, len - head), NULL) == RC_OK &&
            a.key.kind == CHIP_KEY_EC)
            abort();
    }
}

static void texts(const uint8_t *p, size_t len)
{
    struct lds_holder h;
    struct lds_issue x;
    struct lds_picture picture;
    struct lds_size size;
    if (lds_dg11(p, len, &h, NULL) == RC_OK) {
        inside(p, len, h.address.p, h.address.len);
        inside(p, len, h.full_name.p, h.full_name.len);
        if (strlen(h.birth_date) > 8)
            abort();
    }
    if (lds_dg12(p, len, &x, NULL) == RC_OK && (strlen(x.date) > 8 || strlen(x.made) > 14))
        abort();
    if (lds_dg7(p, len, &picture, NULL) == RC_OK || lds_dg2(p, len, &picture, NULL) == RC_OK)
        inside(p, len, picture.p, picture.len);
    if (lds_picture_size(p, len, &size, NULL) == RC_OK && (!size.width || !size.height))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    struct chip_key k;
    if (len > 8192)
        return 0;
    if (chip_key_read(BYTES(p, len), &k, NULL) == RC_OK)
        key(p, len, &k);
    dg14(p, len);
    dg15(p, len);
    texts(p, len);
    return 0;
}
