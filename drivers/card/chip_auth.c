#include "drivers/card/chip_auth.h"

#include "common/base/arena.h"

#include <string.h>

/* 0.4.0.127.0.7.2.2.1 id-PK and .3 id-CA; then 1 DH, 2 ECDH; id-CA: then the cipher 1 to 4. */
static const uint8_t id_pk[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x01};
static const uint8_t id_ca[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03};

static bool begins(const struct security_info *i, const uint8_t *oid, size_t len)
{
    return i->oid_len > len && memcmp(i->oid, oid, len) == 0;
}

static int small_int(const struct security_info *i, size_t *at)
{
    struct tlv t;
    if (tlv_next(i->rest, i->rest_len, at, &t, NULL) != RC_OK || t.tag != 0x02 || t.len == 0 || t.len > 2)
        return -1;
    return t.len == 1 ? t.v[0] : t.v[0] << 8 | t.v[1];
}

/* ChipAuthenticationPublicKeyInfo ::= { protocol, SubjectPublicKeyInfo, keyId OPTIONAL } */
static enum rc key_of(const struct security_info *i, struct chip_key *key, int *id, struct err *e)
{
    struct tlv spki;
    size_t at = 0;
    TRY(tlv_next(i->rest, i->rest_len, &at, &spki, e));
    TRY(chip_key_read(BYTES(spki.v - spki.head, spki.head + spki.len), key, e));
    *id = small_int(i, &at);
    return RC_OK;
}

bool chip_auth_next_key(const struct security_infos *infos, size_t *at, struct chip_key *out)
{
    int id;
    while (*at < infos->n) {
        const struct security_info *i = &infos->info[(*at)++];
        if (begins(i, id_pk, sizeof id_pk) && key_of(i, out, &id, NULL) == RC_OK)
            return true;
    }
    return false;
}

/* The key that belongs to a protocol: same kind, and the same id where both have one. */
static bool find_key(const struct security_infos *infos, uint8_t kind, int want, struct chip_auth *c)
{
    for (size_t n = 0; n < infos->n; n++) {
        const struct security_info *i = &infos->info[n];
        struct chip_key key;
        int id;
        if (!begins(i, id_pk, sizeof id_pk) || i->oid[sizeof id_pk] != kind ||
            key_of(i, &key, &id, NULL) != RC_OK || key.kind == CHIP_KEY_RSA)
            continue;
        if (want >= 0 && id >= 0 && want != id)
            continue;
        c->key = key;
        c->key_id = id >= 0 ? id : want;
        return true;
    }
    return false;
}

/* ChipAuthenticationInfo ::= { protocol, version, keyId OPTIONAL }. The first drafts had no arc for the
 * cipher: 3DES. */
static bool protocol(const struct security_infos *infos, const struct security_info *i, struct chip_auth *out)
{
    struct chip_auth c = {.oid_len = i->oid_len};
    size_t at = 0;
    if (!begins(i, id_ca, sizeof id_ca) || i->oid_len > sizeof c.oid)
        return false;
    uint8_t cipher = i->oid_len == sizeof c.oid ? i->oid[9] : 1;
    if (cipher < 1 || cipher > 4 || small_int(i, &at) < 0)
        return false;
    memcpy(c.oid, i->oid, i->oid_len);
    c.cipher = (enum cipher)(cipher - 1);
    if (!find_key(infos, i->oid[sizeof id_ca], small_int(i, &at), &c))
        return false;
    *out = c;
    return true;
}

/* Documents that name a key and no protocol mean 3DES. */
static bool only_key(const struct security_infos *infos, struct chip_auth *out)
{
    for (uint8_t kind = 2; kind >= 1; kind--) {
        struct chip_auth c = {.oid_len = sizeof c.oid, .cipher = CIPHER_3DES};
        memcpy(c.oid, id_ca, sizeof id_ca);
        c.oid[8] = kind;
        c.oid[9] = 1;
        if (!find_key(infos, kind, -1, &c))
            continue;
        *out = c;
        return true;
    }
    return false;
}

enum rc chip_auth_choose(const struct security_infos *infos, struct chip_auth *out, struct err *e)
{
    struct chip_auth best, one;
    bool any = false, offered = false, named = false;
    for (size_t n = 0; n < infos->n; n++) {
        const struct security_info *i = &infos->info[n];
        named |= begins(i, id_ca, sizeof id_ca);
        offered |= begins(i, id_ca, sizeof id_ca) || begins(i, id_pk, sizeof id_pk);
        if (protocol(infos, i, &one) && (!any || one.cipher > best.cipher)) {
            best = one;
            any = true;
        }
    }
    if (!any && !named)
        any = only_key(infos, &best);
    if (!offered)
        return err_set(e, RC_NOT_FOUND, "DG14 offers no chip authentication");
    if (!any)
        return err_set(e, RC_UNSUPPORTED, "DG14 has no key for chip authentication that we can use");
    *out = best;
    return RC_OK;
}

enum rc chip_auth_start(struct chip_auth *c, struct err *e)
{
    TRY(chip_key_agreement(&c->key, &c->ka, e));
    TRY(ka_keygen(c->ka, e));
    return ka_public(c->ka, c->ours, &c->ours_len, e);
}

void chip_auth_wipe(struct chip_auth *c)
{
    ka_freep(&c->ka);
    wipe(c, sizeof *c);
}

static void put_id(const struct chip_auth *c, bool with_id, struct tlv_out *b)
{
    uint8_t two[2] = {(uint8_t)(c->key_id >> 8), (uint8_t)c->key_id};
    if (with_id && c->key_id >= 0)
        tlv_put(b, 0x84, c->key_id > 255 ? two : two + 1, c->key_id > 255 ? 2 : 1);
}

static enum rc built(const struct tlv_out *b, size_t *len, struct err *e)
{
    *len = b->len;
    return b->full ? err_set(e, RC_INTERNAL, "chip authentication: a key that is too big") : RC_OK;
}

enum rc chip_auth_kat(const struct chip_auth *c, bool with_id, uint8_t *out, size_t *len, struct err *e)
{
    struct tlv_out b = {.p = out, .cap = CHIP_DATA_MAX};
    tlv_put(&b, 0x91, c->ours, c->ours_len);
    put_id(c, with_id, &b);
    return built(&b, len, e);
}

enum rc chip_auth_at(const struct chip_auth *c, bool with_id, uint8_t *out, size_t *len, struct err *e)
{
    struct tlv_out b = {.p = out, .cap = CHIP_DATA_MAX};
    tlv_put(&b, 0x80, c->oid, c->oid_len);
    put_id(c, with_id, &b);
    return built(&b, len, e);
}

enum rc chip_auth_general(const struct chip_auth *c, uint8_t *out, size_t *len, struct err *e)
{
    uint8_t room[CHIP_DATA_MAX];
    struct tlv_out in = {.p = room, .cap = sizeof room}, b = {.p = out, .cap = CHIP_DATA_MAX};
    tlv_put(&in, 0x80, c->ours, c->ours_len);
    tlv_put(&b, 0x7C, room, in.len);
    b.full |= in.full;
    return built(&b, len, e);
}

enum rc chip_auth_keys(const struct chip_auth *c, struct sm *out, struct err *e)
{
    uint8_t x[KA_SECRET_MAX];
    size_t n = 0;
    enum rc rc = ka_shared(c->ka, c->key.value, x, &n, e);
    if (rc == RC_OK)
        sm_start(out, c->cipher, x, n, NULL);
    wipe(x, sizeof x);
    return rc;
}
