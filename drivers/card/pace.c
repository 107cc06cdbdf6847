#include "drivers/card/pace.h"

#include "common/base/arena.h"
#include "common/base/crypto.h"

#include <stdio.h>
#include <string.h>

const struct pace_fixed *pace_fixed;

/* 0.4.0.127.0.7.2.2.4 id-PACE, then mapping (2: ECDH-GM), then cipher 1 to 4. */
static const uint8_t id_pace[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04};
/* 0.4.0.127.0.7.1.2 standardizedDomainParameters */
static const uint8_t id_standard[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x02};

#define ECDH_GM 2

static const char *const names[] = {"ECDH-GM-3DES", "ECDH-GM-AES-128", "ECDH-GM-AES-192", "ECDH-GM-AES-256"};

const char *pace_name(const struct pace_info *info)
{
    return names[info->cipher];
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

/* PACEDomainParameterInfo of the same mapping: SEQUENCE { standardizedDomainParameters, id }. */
static int domain_parameters(const struct security_infos *infos, uint8_t mapping)
{
    for (size_t n = 0; n < infos->n; n++) {
        const struct security_info *i = &infos->info[n];
        struct tlv seq, oid, id;
        size_t at = 0;
        if (!is_pace(i, 9) || i->oid[8] != mapping || tlv_read(i->rest, i->rest_len, &seq, NULL) != RC_OK ||
            seq.tag != 0x30 || tlv_next(seq.v, seq.len, &at, &oid, NULL) != RC_OK || oid.tag != 0x06 ||
            oid.len != sizeof id_standard || memcmp(oid.v, id_standard, oid.len) != 0 ||
            tlv_next(seq.v, seq.len, &at, &id, NULL) != RC_OK || id.tag != 0x02 || id.len != 1)
            continue;
        return id.v[0];
    }
    return -1;
}

static bool usable(const struct security_infos *infos, const struct security_info *i, struct pace_info *out)
{
    size_t at = 0;
    uint8_t mapping = i->oid[8], cipher = i->oid[9];
    if (mapping != ECDH_GM || cipher < 1 || cipher > 4 || small_int(i, &at) != 2)
        return false;
    struct pace_info p = {.cipher = (enum cipher)(cipher - 1), .parameter_id = small_int(i, &at)};
    memcpy(p.oid, i->oid, sizeof p.oid);
    p.say_id = p.parameter_id >= 0;
    if (!p.say_id)
        p.parameter_id = domain_parameters(infos, mapping);
    struct ec *probe SCOPED(ec_freep) = NULL;
    if (ec_new(p.parameter_id, &probe, NULL) != RC_OK)
        return false;
    *out = p;
    return true;
}

enum rc pace_choose(const struct security_infos *infos, struct pace_info *out, struct err *e)
{
    struct pace_info found = {0}, one;
    bool any = false;
    char offered[128] = "";
    size_t used = 0;
    for (size_t n = 0; n < infos->n; n++) {
        const struct security_info *i = &infos->info[n];
        if (!is_pace(i, 10))
            continue;
        if (used + 8 < sizeof offered)
            used += (size_t)snprintf(offered + used, sizeof offered - used, " 4.%u.%u", i->oid[8], i->oid[9]);
        if (!usable(infos, i, &one))
            continue;
        if (!any || (found.cipher == CIPHER_3DES && one.cipher != CIPHER_3DES))
            found = one;
        any = true;
    }
    if (!any && used == 0)
        return err_code(e, RC_NOT_FOUND, NULL, 0, "CardAccess names no PACE");
    if (!any)
        return err_code(e, RC_UNSUPPORTED, "PACE_UNSUPPORTED", 0, "no PACE we can do; the card offers%s",
                        offered);
    *out = found;
    return RC_OK;
}

enum rc pace_start(struct pace *p, const struct pace_info *info, enum pace_secret kind, const char *secret,
                   struct err *e)
{
    memset(p, 0, sizeof *p);
    p->info = *info;
    TRY(ec_new(info->parameter_id, &p->ec, e));
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
    ec_freep(&p->ec);
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
    uint8_t reference = (uint8_t)kind, id = (uint8_t)p->info.parameter_id;
    tlv_put(&b, 0x80, p->info.oid, sizeof p->info.oid);
    tlv_put(&b, 0x83, &reference, 1);
    if (p->info.say_id)
        tlv_put(&b, 0x84, &id, 1);
    *len = b.len;
    return b.full ? err_set(e, RC_INTERNAL, "PACE: MSE:Set AT is too big") : RC_OK;
}

enum rc pace_ask_nonce(struct pace *p, uint8_t *out, size_t *len, struct err *e)
{
    (void)p;
    return wrap(0, NULL, 0, out, len, e);
}

static enum rc new_key(struct pace *p, const uint8_t *fixed, struct err *e)
{
    if (fixed)
        TRY(ec_set_key(p->ec, fixed, pace_fixed->len, e));
    else
        TRY(ec_keygen(p->ec, e));
    return ec_public(p->ec, p->ours, &p->point_len, e);
}

enum rc pace_map(struct pace *p, const struct answer *nonce, uint8_t *out, size_t *len, struct err *e)
{
    struct tlv z;
    TRY(unwrap(nonce, 0x80, &z, e));
    if (z.len == 0 || z.len > PACE_NONCE_MAX || z.len % cipher_block(p->info.cipher) != 0)
        return err_set(e, RC_PROTOCOL, "PACE: an encrypted nonce of %zu bytes", z.len);
    TRY(card_decrypt(&p->password, NULL, z.v, z.len, p->nonce, e));
    p->nonce_len = z.len;
    TRY(new_key(p, pace_fixed ? pace_fixed->mapping : NULL, e));
    return wrap(0x81, p->ours, p->point_len, out, len, e);
}

/* A key that is our own one is a reflected message (9303-11 4.4.1). */
static enum rc not_ours(const struct pace *p, const struct tlv *key, struct err *e)
{
    if (key->len == p->point_len && memcmp(key->v, p->ours, p->point_len) == 0)
        return err_set(e, RC_PROTOCOL, "PACE: the card sends our own public key back");
    return RC_OK;
}

enum rc pace_agree(struct pace *p, const struct answer *mapping, uint8_t *out, size_t *len, struct err *e)
{
    struct tlv key;
    TRY(unwrap(mapping, 0x82, &key, e));
    TRY(not_ours(p, &key, e));
    TRY(ec_map(p->ec, p->nonce, p->nonce_len, key.v, key.len, e));
    wipe(p->nonce, sizeof p->nonce);
    TRY(new_key(p, pace_fixed ? pace_fixed->ephemeral : NULL, e));
    return wrap(0x83, p->ours, p->point_len, out, len, e);
}

/* MAC over 7F49 { 06 OID, 86 public key } (9303-11 4.4.3.4). */
static enum rc token(const struct pace *p, const uint8_t *key, uint8_t mac[CARD_MAC_LEN], struct err *e)
{
    uint8_t body[PACE_DATA_MAX], text[PACE_DATA_MAX + 16];
    struct tlv_out in = {.p = body, .cap = sizeof body}, b = {.p = text, .cap = sizeof text};
    tlv_put(&in, 0x06, p->info.oid, sizeof p->info.oid);
    tlv_put(&in, 0x86, key, p->point_len);
    tlv_put(&b, 0x7F49, body, in.len);
    if (in.full || b.full)
        return err_set(e, RC_INTERNAL, "PACE: a token that is too big");
    size_t n = p->info.cipher == CIPHER_3DES ? card_pad(text, b.len, 8) : b.len;
    return card_mac(&p->keys.mac, text, n, mac, e);
}

enum rc pace_token(struct pace *p, const struct answer *key, uint8_t *out, size_t *len, struct err *e)
{
    struct tlv theirs;
    uint8_t x[EC_X_MAX], mac[CARD_MAC_LEN];
    size_t x_len = 0;
    TRY(unwrap(key, 0x84, &theirs, e));
    TRY(not_ours(p, &theirs, e));
    TRY(ec_shared(p->ec, theirs.v, theirs.len, x, &x_len, e));
    memcpy(p->theirs, theirs.v, theirs.len);
    sm_start(&p->keys, p->info.cipher, x, x_len, NULL);
    wipe(x, sizeof x);
    TRY(token(p, p->theirs, mac, e));
    return wrap(0x85, mac, sizeof mac, out, len, e);
}

enum rc pace_finish(struct pace *p, const struct answer *answer, struct sm *out, struct err *e)
{
    struct tlv theirs;
    uint8_t mac[CARD_MAC_LEN];
    TRY(unwrap(answer, 0x86, &theirs, e));
    TRY(token(p, p->ours, mac, e));
    if (theirs.len != sizeof mac || !equal_ct(theirs.v, mac, sizeof mac))
        return err_set(e, RC_PROTOCOL, "PACE: the card's token is wrong");
    *out = p->keys;
    return RC_OK;
}
