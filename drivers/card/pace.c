#include "drivers/card/pace.h"

#include "common/base/arena.h"
#include "common/base/crypto.h"
#include "drivers/card/chip_key.h"

#include <stdio.h>
#include <string.h>

const struct pace_fixed *pace_fixed;

/* 0.4.0.127.0.7.2.2.4 id-PACE, then mapping (2: ECDH-GM), then cipher 1 to 4. */
static const uint8_t id_pace[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04};
/* 0.4.0.127.0.7.1.2 standardizedDomainParameters */
static const uint8_t id_standard[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x02};

/* The arc behind id-PACE. */
static const struct {
    uint8_t arc;
    bool dh;
    enum pace_mapping mapping;
    const char *names[4];
} kinds[] = {
#define NAMES(kind)                                                                                          \
    {                                                                                                        \
        kind "-3DES", kind "-AES-128", kind "-AES-192", kind "-AES-256"                                      \
    }
    {1, true, MAP_GM, NAMES("DH-GM")},      {2, false, MAP_GM, NAMES("ECDH-GM")},
    {3, true, MAP_IM, NAMES("DH-IM")},      {4, false, MAP_IM, NAMES("ECDH-IM")},
    {6, false, MAP_CAM, NAMES("ECDH-CAM")},
};

/* Best first; among equals the card's order. 3DES last (112 bits, 64-bit blocks); curves before primes: a
 * quarter of the bytes. Generic before chip authentication mapping: DG14 proves the chip as well, and every
 * reader in the field uses it. */
static const struct {
    uint8_t arc;
    bool aes;
} preference[] = {{2, true},  {4, true},  {6, true},  {1, true},  {3, true},
                  {2, false}, {4, false}, {1, false}, {3, false}, {6, false}};

const char *pace_name(const struct pace_info *info)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].arc == info->oid[8])
            return kinds[i].names[info->cipher];
    return "";
}

static bool is_pace(const struct security_info *i, size_t oid_len)
{
    return i->oid_len == oid_len && memcmp(i->oid, id_pace, sizeof id_pace) == 0;
}

/* A small INTEGER at *at; -1 when there is none. */
static int small_int(const struct security_info *i, size_t *at)
{
    struct tlv t;
    if (tlv_next(i->rest, i->rest_len, at, &t, NULL) != RC_OK || t.tag != 0x02 || t.len != 1 || t.v[0] > 127)
        return -1;
    return t.v[0];
}

/* AlgorithmIdentifier of a domain: { standardizedDomainParameters, id }, or a curve spelled out or named. */
static int domain_of(const struct tlv *algorithm)
{
    struct tlv oid, id;
    struct chip_key key;
    size_t at = 0;
    if (algorithm->tag != 0x30 || tlv_next(algorithm->v, algorithm->len, &at, &oid, NULL) != RC_OK ||
        oid.tag != 0x06 || tlv_next(algorithm->v, algorithm->len, &at, &id, NULL) != RC_OK)
        return -1;
    if (oid.len == sizeof id_standard && memcmp(oid.v, id_standard, oid.len) == 0)
        return id.tag == 0x02 && id.len == 1 ? id.v[0] : -1;
    return chip_key_domain(BYTES(algorithm->v, algorithm->len), &key, NULL) == RC_OK && key.curve
               ? key.curve->id
               : -1;
}

/* PACEDomainParameterInfo of the same mapping: { OID, AlgorithmIdentifier, parameterId OPTIONAL }; with the
 * id that PACEInfo names, where it names one. */
static int domain_parameters(const struct security_infos *infos, uint8_t mapping, int reference)
{
    for (size_t n = 0; n < infos->n; n++) {
        const struct security_info *i = &infos->info[n];
        struct tlv algorithm;
        size_t at = 0;
        if (!is_pace(i, 9) || i->oid[8] != mapping ||
            tlv_next(i->rest, i->rest_len, &at, &algorithm, NULL) != RC_OK)
            continue;
        int id = small_int(i, &at), domain = domain_of(&algorithm);
        if (domain >= 0 && (reference < 0 || id == reference))
            return domain;
    }
    return -1;
}

/* PACEInfo ::= { protocol, version 2, parameterId OPTIONAL }. */
static bool usable(const struct security_infos *infos, const struct security_info *i, struct pace_info *out)
{
    size_t at = 0, kind = 0;
    uint8_t cipher = i->oid[9];
    while (kind < COUNT(kinds) && kinds[kind].arc != i->oid[8])
        kind++;
    if (kind == COUNT(kinds) || cipher < 1 || cipher > 4 || small_int(i, &at) != 2)
        return false;
    struct pace_info p = {.mapping = kinds[kind].mapping,
                          .dh = kinds[kind].dh,
                          .cipher = (enum cipher)(cipher - 1),
                          .reference = small_int(i, &at)};
    memcpy(p.oid, i->oid, sizeof p.oid);
    p.parameter_id = domain_parameters(infos, i->oid[8], p.reference);
    if (p.parameter_id < 0)
        p.parameter_id = p.reference;
    struct ka *probe SCOPED(ka_freep) = NULL;
    bool irregular = p.mapping == MAP_IM && p.parameter_id == 10; /* no point encoding on secp224r1 */
    if (irregular || ka_new(p.parameter_id, &probe, NULL) != RC_OK || ka_is_dh(probe) != p.dh)
        return false;
    *out = p;
    return true;
}

static void take_best(const struct security_infos *infos, size_t row, struct pace_info *out, size_t *n)
{
    struct pace_info one;
    for (size_t i = 0; i < infos->n && *n < PACE_OFFERS; i++) {
        const struct security_info *info = &infos->info[i];
        if (is_pace(info, 10) && info->oid[8] == preference[row].arc &&
            (info->oid[9] > 1) == preference[row].aes && usable(infos, info, &one))
            out[(*n)++] = one;
    }
}

enum rc pace_choose(const struct security_infos *infos, struct pace_info out[PACE_OFFERS], size_t *n,
                    struct err *e)
{
    char offered[128] = "";
    size_t used = 0, found = 0;
    for (size_t i = 0; i < infos->n; i++)
        if (is_pace(&infos->info[i], 10) && used + 12 < sizeof offered)
            used += (size_t)snprintf(offered + used, sizeof offered - used, " 4.%u.%u", infos->info[i].oid[8],
                                     infos->info[i].oid[9]);
    for (size_t row = 0; row < COUNT(preference); row++)
        take_best(infos, row, out, &found);
    if (found == 0 && used == 0)
        return err_code(e, RC_NOT_FOUND, NULL, 0, "CardAccess names no PACE");
    if (found == 0)
        return err_code(e, RC_UNSUPPORTED, "PACE_UNSUPPORTED", 0, "no PACE we can do; the card offers%s",
                        offered);
    *n = found;
    return RC_OK;
}

static bool among(const struct pace_info *one, const struct pace_info *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(list[i].oid, one->oid, sizeof one->oid) == 0 && list[i].parameter_id == one->parameter_id)
            return true;
    return false;
}

const char *pace_downgraded(const struct security_infos *offered, const struct security_infos *proven,
                            const struct pace_info *done)
{
    struct pace_info have[PACE_OFFERS], must[PACE_OFFERS];
    size_t n_have = 0, n_must = 0;
    if (pace_choose(proven, must, &n_must, NULL) != RC_OK)
        return NULL;
    if (pace_choose(offered, have, &n_have, NULL) != RC_OK)
        n_have = 0;
    for (size_t i = 0; i < n_must; i++)
        if (!among(&must[i], have, n_have))
            return "EF.CardAccess hides a PACE that the signed list names";
    return done && !among(done, must, n_must) ? "the PACE that was done is not in the signed list" : NULL;
}

enum rc pace_start(struct pace *p, const struct pace_info *info, enum pace_secret kind, const char *secret,
                   struct err *e)
{
    memset(p, 0, sizeof *p);
    p->info = *info;
    TRY(ka_new(info->parameter_id, &p->ka, e));
    uint8_t hash[SHA1_LEN];
    if (kind == PACE_MRZ) {
        card_sha1(hash, secret, strlen(secret));
        card_kdf(&p->password, info->cipher, hash, sizeof hash, 3);
        wipe(hash, sizeof hash);
    } else {
        card_kdf(&p->password, info->cipher, (const uint8_t *)secret, strlen(secret), 3);
    }
    return RC_OK;
}

void pace_wipe(struct pace *p)
{
    ka_freep(&p->ka);
    wipe(p, sizeof *p);
}

/* 7C { tag value }; tag 0: an empty 7C. */
static enum rc wrap(uint8_t tag, const uint8_t *v, size_t vlen, uint8_t *out, size_t *len, struct err *e)
{
    uint8_t room[PACE_DATA_MAX] = {0};
    struct tlv_out in = {.p = room, .cap = sizeof room}, b = {.p = out, .cap = PACE_DATA_MAX};
    if (tag)
        tlv_put(&in, tag, v, vlen);
    tlv_put(&b, 0x7C, room, in.len);
    if (in.full || b.full)
        return err_set(e, RC_INTERNAL, "PACE: a key that is too big");
    *len = b.len;
    return RC_OK;
}

static enum rc unwrap(const struct answer *a, uint8_t tag, struct tlv *out, struct err *e)
{
    struct tlv outer;
    if (tlv_read(a->data, a->len, &outer, NULL) != RC_OK || outer.tag != 0x7C ||
        outer.head + outer.len != a->len || tlv_find(outer.v, outer.len, tag, out, NULL) != RC_OK)
        return err_set(e, RC_PROTOCOL, "PACE: the answer holds no %02X in 7C", tag);
    return RC_OK;
}

enum rc pace_set_at(const struct pace *p, enum pace_secret kind, uint8_t *out, size_t *len, struct err *e)
{
    struct tlv_out b = {.p = out, .cap = PACE_DATA_MAX};
    uint8_t reference = (uint8_t)kind, id = (uint8_t)p->info.reference;
    tlv_put(&b, 0x80, p->info.oid, sizeof p->info.oid);
    tlv_put(&b, 0x83, &reference, 1);
    if (p->info.reference >= 0)
        tlv_put(&b, 0x84, &id, 1);
    *len = b.len;
    return b.full ? err_set(e, RC_INTERNAL, "PACE: MSE:Set AT is too big") : RC_OK;
}

enum rc pace_ask_nonce(struct pace *p, uint8_t *out, size_t *len, struct err *e)
{
    (void)p;
    return wrap(0, NULL, 0, out, len, e);
}

static enum rc new_key(struct pace *p, struct bytes fixed, struct err *e)
{
    if (fixed.len)
        TRY(ka_set_key(p->ka, fixed.p, fixed.len, e));
    else
        TRY(ka_keygen(p->ka, e));
    return ka_public(p->ka, p->ours, &p->ours_len, e);
}

static struct bytes fixed_mapping(void)
{
    return pace_fixed ? pace_fixed->mapping : BYTES(NULL, 0);
}

/* Integrated mapping: our nonce is a key of the cipher, in clear. */
static enum rc own_nonce(struct pace *p, uint8_t *out, size_t *len, struct err *e)
{
    struct bytes fixed = fixed_mapping();
    size_t n = cipher_keylen(p->info.cipher);
    p->extra.cipher = p->info.cipher;
    if (fixed.len == n)
        memcpy(p->extra.k, fixed.p, n);
    else
        TRY(rnd_bytes(p->extra.k, n, e));
    return wrap(0x81, p->extra.k, n, out, len, e);
}

enum rc pace_map(struct pace *p, const struct answer *nonce, uint8_t *out, size_t *len, struct err *e)
{
    struct tlv z;
    TRY(unwrap(nonce, 0x80, &z, e));
    if (z.len == 0 || z.len > PACE_NONCE_MAX || z.len % cipher_block(p->info.cipher) != 0)
        return err_set(e, RC_PROTOCOL, "PACE: an encrypted nonce of %zu bytes", z.len);
    TRY(card_decrypt(&p->password, NULL, z.v, z.len, p->nonce, e));
    p->nonce_len = z.len;
    if (p->info.mapping == MAP_IM)
        return own_nonce(p, out, len, e);
    TRY(new_key(p, fixed_mapping(), e));
    return wrap(0x81, p->ours, p->ours_len, out, len, e);
}

/* A key that is our own one is a reflected message (9303-11 4.4.1). */
static enum rc not_ours(const struct pace *p, const struct tlv *key, struct err *e)
{
    const uint8_t *v = key->v, *o = p->ours;
    size_t n = key->len, on = p->ours_len;
    for (; p->info.dh && n > 0 && *v == 0; n--) /* numbers are equal with other zeros in front, too */
        v++;
    for (; p->info.dh && on > 0 && *o == 0; on--)
        o++;
    if (n == on && memcmp(v, o, n) == 0)
        return err_set(e, RC_PROTOCOL, "PACE: the card sends our own public key back");
    return RC_OK;
}

static enum rc map_integrated(struct pace *p, struct err *e)
{
    uint8_t random[CARD_MAP_MAX];
    size_t n = 0;
    enum rc rc = card_map_random(&p->extra, BYTES(p->nonce, p->nonce_len), ka_bits(p->ka), random, &n, e);
    if (rc == RC_OK)
        rc = ka_map_integrated(p->ka, BYTES(random, n), e);
    wipe(random, sizeof random);
    return rc;
}

static enum rc map_generic(struct pace *p, const struct answer *mapping, struct err *e)
{
    struct tlv key;
    TRY(unwrap(mapping, 0x82, &key, e));
    TRY(not_ours(p, &key, e));
    TRY(ka_map(p->ka, BYTES(p->nonce, p->nonce_len), BYTES(key.v, key.len), e));
    memcpy(p->mapped, key.v, key.len); /* ka_map has looked at the length */
    p->mapped_len = key.len;
    return RC_OK;
}

enum rc pace_agree(struct pace *p, const struct answer *mapping, uint8_t *out, size_t *len, struct err *e)
{
    TRY(p->info.mapping == MAP_IM ? map_integrated(p, e) : map_generic(p, mapping, e));
    wipe(p->nonce, sizeof p->nonce);
    TRY(new_key(p, pace_fixed ? pace_fixed->ephemeral : BYTES(NULL, 0), e));
    return wrap(0x83, p->ours, p->ours_len, out, len, e);
}

/* MAC over 7F49 { 06 OID, 86 point or 84 number } (9303-11 4.4.3.4). */
static enum rc token(const struct pace *p, struct bytes key, uint8_t mac[CARD_MAC_LEN], struct err *e)
{
    uint8_t body[PACE_DATA_MAX], text[PACE_DATA_MAX + 16];
    struct tlv_out in = {.p = body, .cap = sizeof body}, b = {.p = text, .cap = PACE_DATA_MAX};
    tlv_put(&in, 0x06, p->info.oid, sizeof p->info.oid);
    tlv_put(&in, p->info.dh ? 0x84 : 0x86, key.p, key.len);
    tlv_put(&b, 0x7F49, body, in.len);
    if (in.full || b.full)
        return err_set(e, RC_INTERNAL, "PACE: a token that is too big");
    size_t n = p->info.cipher == CIPHER_3DES ? card_pad(text, b.len, 8) : b.len;
    return card_mac(&p->keys.mac, text, n, mac, e);
}

enum rc pace_token(struct pace *p, const struct answer *key, uint8_t *out, size_t *len, struct err *e)
{
    struct tlv theirs;
    uint8_t x[KA_SECRET_MAX], mac[CARD_MAC_LEN];
    size_t x_len = 0;
    TRY(unwrap(key, 0x84, &theirs, e));
    TRY(not_ours(p, &theirs, e));
    TRY(ka_shared(p->ka, BYTES(theirs.v, theirs.len), x, &x_len, e));
    memcpy(p->theirs, theirs.v, theirs.len);
    p->theirs_len = theirs.len;
    sm_start(&p->keys, p->info.cipher, x, x_len, NULL);
    wipe(x, sizeof x);
    TRY(token(p, BYTES(p->theirs, p->theirs_len), mac, e));
    return wrap(0x85, mac, sizeof mac, out, len, e);
}

/* Chip authentication data: CBC under the session key, IV = E(all ones), padded (9303-11 4.4.3.5). */
static enum rc chip_data(struct pace *p, const struct answer *answer, struct err *e)
{
    uint8_t iv[CARD_BLOCK_MAX];
    struct tlv data;
    size_t n = 0;
    if (p->info.mapping != MAP_CAM || unwrap(answer, 0x8A, &data, NULL) != RC_OK)
        return RC_OK; /* what is not there proves nothing, later */
    if (data.len == 0 || data.len > sizeof p->chip || data.len % CARD_BLOCK_MAX)
        return err_set(e, RC_PROTOCOL, "PACE: chip authentication data of %zu bytes", data.len);
    memset(iv, 0xFF, sizeof iv);
    TRY(card_encrypt(&p->keys.enc, NULL, iv, sizeof iv, iv, e));
    TRY(card_decrypt(&p->keys.enc, iv, data.v, data.len, p->chip, e));
    TRY(card_unpad(p->chip, data.len, CARD_BLOCK_MAX, &n, e));
    p->chip_len = n;
    return RC_OK;
}

enum rc pace_finish(struct pace *p, const struct answer *answer, struct sm *out, struct err *e)
{
    struct tlv theirs;
    uint8_t mac[CARD_MAC_LEN];
    TRY(unwrap(answer, 0x86, &theirs, e));
    TRY(token(p, BYTES(p->ours, p->ours_len), mac, e));
    if (theirs.len != sizeof mac || !equal_ct(theirs.v, mac, sizeof mac))
        return err_set(e, RC_PROTOCOL, "PACE: the card's token is wrong");
    TRY(chip_data(p, answer, e));
    *out = p->keys;
    return RC_OK;
}

/* The card's mapping key must be (chip authentication data) * (its static key). */
enum rc pace_prove_chip(const struct pace *p, struct bytes key, struct err *e)
{
    uint8_t x[KA_SECRET_MAX];
    size_t n = 0;
    struct ka *ka SCOPED(ka_freep) = NULL;
    if (p->chip_len == 0)
        return err_set(e, RC_DENIED, "the card sent no chip authentication data");
    TRY(ka_new(p->info.parameter_id, &ka, e));
    if (ka_set_key(ka, p->chip, p->chip_len, NULL) != RC_OK || ka_shared(ka, key, x, &n, NULL) != RC_OK)
        return err_set(e, RC_DENIED, "the chip authentication data do not fit the curve");
    bool same = p->mapped_len == 1 + 2 * n && memcmp(p->mapped + 1, x, n) == 0;
    return same ? RC_OK : err_set(e, RC_DENIED, "the chip authentication data belong to another key");
}
