#include "drivers/card/trust_priv.h"

#include "common/base/json.h"
#include "drivers/card/lds.h"

#include <stdio.h>
#include <string.h>

#define DAY 86400
#define SOD_TAG 0x77

static const char *const words[] = {
#define X(name, word) word,
    TRUST_VERDICTS(X)
#undef X
};

const char *trust_word(enum trust_word w)
{
    return words[w];
}

/* What is gathered on the way to a verdict. */
struct check {
    const struct trust *t;
    struct arena *a;
    const struct trust_question *q;
    struct cms cms;
    struct cert signer;
    struct security_object object;
    int64_t signed_at;
    struct trust_verdict *v;
};

static void say(struct check *c, enum trust_word word, const char *why)
{
    c->v->word = word;
    c->v->reason = arena_str(c->a, why);
}

/* What cannot be judged is one thing, what is wrong another. */
static bool failed(struct check *c, enum rc rc, const struct err *e)
{
    if (rc != RC_OK)
        say(c, rc == RC_UNSUPPORTED || rc == RC_INTERNAL ? TRUST_NOT_CHECKED : TRUST_SIGNATURE_WRONG,
            e->text);
    return rc != RC_OK;
}

static enum rc open_sod(struct check *c, struct err *e)
{
    struct bytes der;
    struct der d;
    struct der_item it;
    TRY(der_normal(c->a, c->q->sod, &der, e));
    d = der_in(der);
    TRY(der_take(&d, SOD_TAG, &it, e));
    TRY(der_end(&d, e));
    TRY(cms_read(c->a, it.v, &c->cms, e));
    if (!security_object_type(c->cms.type)) /* some states sign it as "data": no forgery, but not known */
        return err_set(e, RC_UNSUPPORTED, "the signed content says of itself that it is no security object");
    if (c->cms.n_signers != 1) /* 9303-10: exactly one */
        return err_set(e, RC_UNSUPPORTED, "a security object with %zu signers", c->cms.n_signers);
    return RC_OK;
}

/* EF.CardSecurity: SecurityInfos, signed by a document signer (9303-11 9.2.11). */
static enum rc open_card_security(struct check *c, struct err *e)
{
    TRY(cms_read(c->a, c->q->sod, &c->cms, e));
    if (!DER_IS(c->cms.type, "\x04\x00\x7F\x00\x07\x03\x02\x01")) /* id-SecurityObject, TR-03110-3 */
        return err_set(e, RC_UNSUPPORTED, "the signed content is no list of security infos");
    if (c->cms.n_signers != 1)
        return err_set(e, RC_UNSUPPORTED, "EF.CardSecurity with %zu signers", c->cms.n_signers);
    return RC_OK;
}

/* Enclosed, or among the certificates of the folder. */
static bool find_signer(struct check *c)
{
    struct err e = {0};
    const struct cms_signer *s = &c->cms.signer[0];
    bool found = cms_certificate(&c->cms, s, &c->signer, &e) == RC_OK;
    for (size_t i = 0; !found && c->t && i < c->t->n_anchors; i++) {
        anchor_cert(&c->t->anchors[i], &c->signer);
        found = c->signer.raw.len && cms_names(s, &c->signer);
    }
    if (!found) {
        say(c, TRUST_SIGNER_UNKNOWN, "the certificate of the signer is not there");
        return false;
    }
    c->v->signer = name_text(c->a, c->signer.subject);
    c->v->certificate = c->signer.raw;
    return true;
}

static void compare(struct check *c)
{
    const struct trust_question *q = c->q;
    for (size_t i = 0; i < q->n_groups; i++) {
        unsigned n = q->groups[i].n;
        uint8_t is[HASH_MAX];
        if (n < 1 || n > 16)
            continue;
        hash_of(c->object.hash, q->groups[i].file, is);
        bool listed = c->object.listed & 1u << n,
             same = listed && der_same(c->object.digest[n], BYTES(is, hash_len(c->object.hash)));
        if (c->v->group[n] != TRUST_GROUP_DIFFERS) /* given twice: once is enough */
            c->v->group[n] = same ? TRUST_GROUP_SAME : listed ? TRUST_GROUP_DIFFERS : TRUST_GROUP_NOT_LISTED;
    }
}

static bool groups_differ(struct check *c)
{
    for (unsigned n = 1; n <= 16; n++) {
        if (c->v->group[n] != TRUST_GROUP_DIFFERS && c->v->group[n] != TRUST_GROUP_NOT_LISTED)
            continue;
        c->v->word = TRUST_HASH_DIFFERS;
        c->v->reason =
            arena_fmt(c->a, "DG%u %s", n,
                      c->v->group[n] == TRUST_GROUP_DIFFERS ? "is not the file that was signed"
                                                            : "is not listed in the security object");
        return true;
    }
    return false;
}

/* Certificates that a country signs for other ends: master lists, deviation lists, visible seals, TLS; all
 * purposes below these numbers. */
static bool other_purpose(const struct cert *c)
{
    static const struct {
        const char *oid;
        size_t len;
    } rows[] = {{OID_EKU_MASTER_LIST, 6},
                {"\x67\x81\x08\x01\x01\x08", 6},
                {"\x67\x81\x08\x01\x01\x0B", 6},
                {"\x67\x81\x08\x01\x01\x0E", 6},
                {"\x2B\x06\x01\x05\x05\x07\x03", 7}};
    struct der d = der_in(c->eku);
    struct der_item it;
    while (d.len > 0 && der_take(&d, DER_OID, &it, NULL) == RC_OK)
        for (size_t i = 0; i < COUNT(rows); i++)
            if (it.v.len >= rows[i].len && der_is(BYTES(it.v.p, rows[i].len), rows[i].oid, rows[i].len))
                return true;
    return c->odd || c->ca || (c->has_usage && !(c->usage & USAGE_SIGN));
}

static void judge_chain(struct check *c, const struct chain *up)
{
    static const struct {
        enum trust_word word;
        const char *text;
    } rows[] = {
        [CHAIN_OK] = {TRUST_VALID, "signed by the state that issued the document"},
        [CHAIN_EARLY] = {TRUST_NOT_CHECKED, NULL},
        [CHAIN_EXPIRED] = {TRUST_EXPIRED, NULL},
        [CHAIN_REVOKED] = {TRUST_REVOKED, NULL},
        [CHAIN_UNSUPPORTED] = {TRUST_NOT_CHECKED, NULL},
        [CHAIN_WRONG] = {TRUST_SIGNATURE_WRONG, NULL},
        [CHAIN_NONE] = {TRUST_SIGNER_UNKNOWN, "no country certificate here has signed the signer's"},
    };
    say(c, rows[up->word].word, rows[up->word].text ? rows[up->word].text : up->why);
    if (up->word == CHAIN_NONE && trust_size(c->t) == 0)
        say(c, TRUST_SIGNER_UNKNOWN, "there are no country certificates on this machine");
    if (up->source)
        c->v->list = up->source->name;
}

/* Every country of the folder could sign a document of every other one; only its own are its business
 * (9303-12 4.1: the codes in DG1 and in the certificates are of the same state). */
static bool own_state(const struct check *c)
{
    struct mrz m;
    char country[3];
    for (size_t i = 0; i < c->q->n_groups; i++) {
        struct bytes file = c->q->groups[i].file;
        if (c->q->groups[i].n == 1 && lds_dg1(file.p, file.len, &m, NULL) == RC_OK &&
            name_country(c->signer.issuer, country))
            return state_signs(m.state, country);
    }
    return true;
}

static void judge_signer(struct check *c)
{
    struct chain up;
    int64_t at = c->signed_at;
    if (other_purpose(&c->signer)) {
        say(c, TRUST_SIGNER_UNKNOWN, "the certificate of the signer is not for signing documents");
        return;
    }
    chain_up(c->t, &c->signer, c->q->now, 0, &up);
    judge_chain(c, &up);
    if (c->v->word != TRUST_VALID)
        return;
    if (!own_state(c))
        say(c, TRUST_SIGNER_UNKNOWN, "signed by another country than the one that the document names");
    else if (at && (at < c->signer.not_before - DAY || at > c->signer.not_after + DAY))
        say(c, TRUST_EXPIRED, "signed on a day on which the signer's certificate was not valid");
    else if (c->q->now == 0)
        say(c, TRUST_NOT_CHECKED,
            "signature and hashes are right; without a trusted time nobody knows "
            "whether the certificates are valid today");
}

void trust_check(const struct trust *t, struct arena *a, const struct trust_question *q,
                 struct trust_verdict *out)
{
    struct err e = {0};
    struct check c = {.t = t, .a = a, .q = q, .v = out};
    *out = (struct trust_verdict){
        .reason = "", .signer = "", .list = t && t->version ? t->version : "", .hash = ""};
    if (q->sod.len == 0) {
        say(&c, TRUST_NOT_CHECKED, "the document has no security object");
        return;
    }
    if (failed(&c, open_sod(&c, &e), &e) || !find_signer(&c))
        return;
    if (failed(&c, cms_verify(&c.cms, &c.cms.signer[0], &c.signer, &c.signed_at, &e), &e) ||
        failed(&c, security_object_read(c.cms.content, &c.object, &e), &e))
        return;
    out->hash = hash_name(c.object.hash);
    out->listed = c.object.listed;
    out->lds_version = c.object.version;
    compare(&c);
    if (groups_differ(&c))
        return;
    judge_signer(&c);
    if (out->word == TRUST_VALID && q->n_groups == 0)
        say(&c, TRUST_NOT_CHECKED, "signed rightly, but no data group was given to compare");
}

void trust_card_security(const struct trust *t, struct arena *a, const struct trust_question *q,
                         struct bytes *infos, struct trust_verdict *out)
{
    struct err e = {0};
    struct check c = {.t = t, .a = a, .q = q, .v = out};
    *out = (struct trust_verdict){.reason = "", .signer = "", .list = "", .hash = ""};
    *infos = BYTES(NULL, 0);
    if (q->sod.len == 0) {
        say(&c, TRUST_NOT_CHECKED, "EF.CardSecurity is missing");
        return;
    }
    if (failed(&c, open_card_security(&c, &e), &e) || !find_signer(&c) ||
        failed(&c, cms_verify(&c.cms, &c.cms.signer[0], &c.signer, &c.signed_at, &e), &e))
        return;
    *infos = c.cms.content;
    judge_signer(&c);
}

static void names_json(const struct trust_verdict *v, enum trust_match match, const char *name,
                       struct buf *out)
{
    const char *comma = "";
    buf_fmt(out, ",\"%s\":[", name);
    for (unsigned n = 1; n <= 16; n++)
        if (v->group[n] == match) {
            buf_fmt(out, "%s\"DG%u\"", comma, n);
            comma = ",";
        }
    buf_chr(out, ']');
}

void trust_json(const struct trust_verdict *v, struct buf *out)
{
    const struct {
        const char *name, *value;
    } rows[] = {{"reason", v->reason}, {"signer", v->signer}, {"list", v->list}, {"hash", v->hash}};
    buf_fmt(out, "{\"verdict\":\"%s\"", words[v->word]);
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_fmt(out, ",\"%s\":", rows[i].name);
        json_quote(out, rows[i].value);
    }
    names_json(v, TRUST_GROUP_SAME, "groups", out);
    names_json(v, TRUST_GROUP_DIFFERS, "differ", out);
    names_json(v, TRUST_GROUP_NOT_LISTED, "not_listed", out);
    buf_chr(out, '}');
}
