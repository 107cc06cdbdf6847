/* From a document signer up to a certificate that is trusted. */
#include "drivers/card/trust_priv.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 4 /* signer, new key, link, old key */

static uint32_t four(struct bytes ski)
{
    uint32_t v = 0;
    if (ski.len >= 4)
        memcpy(&v, ski.p, 4);
    return v;
}

struct anchor *anchor_add(struct arena *a, struct trust *t, const struct cert *c, size_t source,
                          enum anchor_state state)
{
    uint32_t subject = name_hash(c->subject);
    for (size_t i = 0; i < t->n_anchors; i++) {
        struct anchor *x = &t->anchors[i];
        if (x->subject != subject || x->len != c->raw.len || memcmp(x->raw, c->raw.p, x->len) != 0)
            continue;
        if (state == ANCHOR_TRUSTED) /* in a list, too */
            x->state = ANCHOR_TRUSTED;
        return x;
    }
    if (t->n_anchors == t->cap_anchors) {
        size_t cap = t->cap_anchors ? t->cap_anchors * 2 : 16;
        struct anchor *more = ARENA_ARRAY(a, struct anchor, cap);
        if (t->n_anchors)
            memcpy(more, t->anchors, t->n_anchors * sizeof *more);
        t->anchors = more;
        t->cap_anchors = cap;
    }
    struct anchor *x = &t->anchors[t->n_anchors++];
    *x = (struct anchor){c->raw.p, (uint32_t)c->raw.len, subject, four(c->ski), (uint16_t)source, state};
    return x;
}

void anchor_cert(const struct anchor *x, struct cert *out)
{
    if (cert_read(BYTES(x->raw, x->len), out, NULL) != RC_OK)
        *out = (struct cert){.odd = true};
}

/* Above c by its names: the key identifiers must not differ. Above c by key: the identifiers are the same and
 * so is the country (a state may change its name between two keys). */
static bool above(const struct cert *c, const struct cert *by)
{
    char x[3], y[3];
    bool keys = c->aki.len && by->ski.len;
    if (keys && !der_same(c->aki, by->ski))
        return false;
    if (name_same(c->issuer, by->subject))
        return true;
    return keys && name_country(c->issuer, x) && name_country(by->subject, y) && strcmp(x, y) == 0;
}

static bool may_sign(const struct cert *by, unsigned usage)
{
    return !by->odd && (!by->has_usage || (by->usage & usage));
}

static void judge_dates(const struct cert *c, int64_t now, struct chain *out)
{
    if (now == 0 || out->word != CHAIN_OK)
        return;
    if (now < c->not_before) {
        out->word = CHAIN_EARLY;
        snprintf(out->why, sizeof out->why, "by the clock of this machine a certificate is not valid yet");
    } else if (now > c->not_after) {
        out->word = CHAIN_EXPIRED;
        snprintf(out->why, sizeof out->why, "a certificate has expired");
    }
}

static void judge_revoked(const struct trust *t, const struct cert *c, struct chain *out);

/* Is x a certificate that may vouch for others? Roots vouch for themselves, the others need one above. */
static void vouched(const struct trust *t, struct anchor *x, const struct cert *c, int64_t now, int depth,
                    struct chain *out)
{
    *out = (struct chain){.word = CHAIN_OK, .source = &t->sources[x->source]};
    if (x->state == ANCHOR_UNTRIED)
        x->state = name_same(c->issuer, c->subject) && cert_verify(c, c, NULL) == RC_OK ? ANCHOR_TRUSTED
                                                                                        : ANCHOR_BELOW;
    if (x->state == ANCHOR_BELOW) {
        if (c->ca && depth < DEPTH_MAX)
            chain_up(t, c, now, depth + 1, out);
        else
            *out = (struct chain){.word = CHAIN_NONE};
    }
    judge_revoked(t, c, out);
    judge_dates(c, now, out);
}

bool revoking_right(const struct trust *t, struct revoking *r)
{
    uint32_t name = name_hash(r->crl.issuer);
    for (size_t i = 0; r->state == 0 && i < t->n_anchors; i++) {
        struct cert by;
        struct chain up;
        if (t->anchors[i].subject != name)
            continue;
        anchor_cert(&t->anchors[i], &by);
        if (!may_sign(&by, USAGE_CRL_SIGN) || !name_same(r->crl.issuer, by.subject) ||
            (r->crl.aki.len && by.ski.len && !der_same(r->crl.aki, by.ski)) ||
            crl_verify(&r->crl, &by, NULL) != RC_OK)
            continue;
        r->state = 2; /* ends a search that comes back here */
        vouched(t, &t->anchors[i], &by, 0, 1, &up);
        r->state = up.word == CHAIN_OK ? 1 : 0;
    }
    if (r->state == 0)
        r->state = 2;
    return r->state == 1;
}

static void judge_revoked(const struct trust *t, const struct cert *c, struct chain *out)
{
    if (out->word > CHAIN_EXPIRED)
        return;
    for (size_t i = 0; i < t->n_crls; i++) {
        struct revoking *r = &t->crls[i];
        int64_t since;
        if (!name_same(r->crl.issuer, c->issuer) || !crl_has(&r->crl, c->serial, &since) ||
            !revoking_right(t, r))
            continue;
        out->word = CHAIN_REVOKED;
        snprintf(out->why, sizeof out->why, "revoked by %.100s", t->sources[r->source].name);
        return;
    }
}

/* One candidate. */
static void try_one(const struct trust *t, struct anchor *x, const struct cert *c, int64_t now, int depth,
                    struct chain *out)
{
    struct cert by;
    struct err e = {0};
    *out = (struct chain){.word = CHAIN_NONE};
    anchor_cert(x, &by);
    if (!may_sign(&by, USAGE_CERT_SIGN) || !above(c, &by) || der_same(c->raw, by.raw))
        return;
    enum rc rc = cert_verify(c, &by, &e);
    if (rc != RC_OK) { /* without key identifiers it may be a key that we do not have */
        bool known = c->aki.len && by.ski.len;
        out->word = rc == RC_UNSUPPORTED ? CHAIN_UNSUPPORTED : known ? CHAIN_WRONG : CHAIN_NONE;
        out->source = &t->sources[x->source];
        snprintf(out->why, sizeof out->why, "certificate of the signer: %.120s", e.text);
        return;
    }
    vouched(t, x, &by, now, depth, out);
}

void chain_up(const struct trust *t, const struct cert *c, int64_t now, int depth, struct chain *out)
{
    uint32_t name = name_hash(c->issuer), key = four(c->aki);
    *out = (struct chain){.word = CHAIN_NONE};
    if (!t)
        return;
    for (size_t i = 0; i < t->n_anchors && out->word != CHAIN_OK; i++) {
        struct anchor *x = &t->anchors[i];
        struct chain up;
        if (x->subject != name && (!key || x->ski != key))
            continue;
        try_one(t, x, c, now, depth, &up);
        if (up.word < out->word)
            *out = up;
    }
    judge_revoked(t, c, out);
    judge_dates(c, now, out);
}
