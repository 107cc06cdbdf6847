/* What the folder of CSCA data holds, for a technician. */
#include "drivers/card/trust_priv.h"

#include "common/base/clock.h"
#include "common/base/json.h"

#include <string.h>

#define SOON (90 * 86400)
#define SHOWN_MAX 20

static void day(struct buf *out, const char *name, int64_t seconds)
{
    char iso[25] = "";
    if (seconds)
        iso_utc(iso, seconds * 1000);
    iso[seconds ? 10 : 0] = 0;
    buf_fmt(out, ",\"%s\":\"%s\"", name, iso);
}

static void quoted(struct buf *out, const char *name, const char *value)
{
    buf_fmt(out, ",\"%s\":", name);
    json_quote(out, value ? value : "");
}

struct counts {
    size_t expired, early, soon, countries, newest;
    int64_t newest_at;
};

static struct counts count(const struct trust *t, int64_t now)
{
    struct counts n = {0};
    bool seen[26 * 26] = {false};
    for (size_t i = 0; i < t->n_anchors; i++) {
        struct cert c;
        char code[3];
        anchor_cert(&t->anchors[i], &c);
        n.expired += now && now > c.not_after;
        n.early += now && now < c.not_before;
        n.soon += now && now <= c.not_after && c.not_after - now < SOON;
        if (c.not_before > n.newest_at) {
            n.newest_at = c.not_before;
            n.newest = i;
        }
        if (name_country(c.subject, code) && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' &&
            code[1] <= 'Z') {
            bool *s = &seen[(code[0] - 'A') * 26 + code[1] - 'A'];
            n.countries += !*s;
            *s = true;
        }
    }
    return n;
}

static void one_cert(const struct trust *t, const struct anchor *x, struct arena *a, struct buf *out)
{
    struct cert c;
    anchor_cert(x, &c);
    buf_str(out, "{\"subject\":");
    json_quote(out, name_text(a, c.subject));
    day(out, "from", c.not_before);
    day(out, "to", c.not_after);
    quoted(out, "file", t->sources[x->source].name);
    buf_chr(out, '}');
}

static void expiring(const struct trust *t, struct arena *a, int64_t now, struct buf *out)
{
    size_t n = 0;
    buf_str(out, ",\"expire_within_90_days\":[");
    for (size_t i = 0; now && i < t->n_anchors && n < SHOWN_MAX; i++) {
        struct cert c;
        anchor_cert(&t->anchors[i], &c);
        if (now > c.not_after || c.not_after - now >= SOON)
            continue;
        if (n++)
            buf_chr(out, ',');
        one_cert(t, &t->anchors[i], a, out);
    }
    buf_chr(out, ']');
}

static const char *crl_state(const struct trust *t, size_t source, int64_t now)
{
    for (size_t i = 0; i < t->n_crls; i++) {
        struct revoking *r = &t->crls[i];
        if (r->source != source)
            continue;
        if (!revoking_right(t, r))
            return "not used: signed by no certificate of this folder";
        if (now && r->crl.next_update && now > r->crl.next_update)
            return "in use, but a newer one is due";
    }
    return "in use";
}

/* Of the certificates of one file: is each trusted, or below one that is? */
static const char *cert_state(const struct trust *t, size_t source)
{
    for (size_t i = 0; i < t->n_anchors; i++) {
        struct cert c;
        struct chain up;
        if (t->anchors[i].source != source)
            continue;
        anchor_cert(&t->anchors[i], &c);
        bool own = name_same(c.issuer, c.subject) && (!c.aki.len || !c.ski.len || der_same(c.aki, c.ski));
        if (t->anchors[i].state == ANCHOR_TRUSTED || (own && cert_verify(&c, &c, NULL) == RC_OK))
            continue;
        if (own)
            return "not used: its own signature is wrong";
        chain_up(t, &c, 0, 0, &up);
        if (up.word != CHAIN_OK)
            return "not used: signed by no certificate of this folder";
    }
    return "in use";
}

static const char *state_of(const struct trust *t, size_t i, int64_t now)
{
    const struct source *s = &t->sources[i];
    if (s->refused)
        return s->refused;
    return s->kind == SOURCE_CRL    ? crl_state(t, i, now)
           : s->kind == SOURCE_CERT ? cert_state(t, i)
                                    : "in use";
}

static void sources(const struct trust *t, enum source_kind kind, int64_t now, struct buf *out)
{
    static const char *const names[] = {"files", "lists", "revocation_lists"};
    bool more = false;
    buf_fmt(out, ",\"%s\":[", names[kind]);
    for (size_t i = 0; i < t->n_sources; i++) {
        const struct source *s = &t->sources[i];
        if (s->kind != kind)
            continue;
        buf_fmt(out, "%s{\"file\":", more ? "," : "");
        json_quote(out, s->name);
        buf_fmt(out, ",\"%s\":%zu", kind == SOURCE_CRL ? "entries" : "certificates", s->n);
        quoted(out, kind == SOURCE_CERT ? "subject" : "signer", s->signer);
        if (kind != SOURCE_CERT)
            day(out, "signed", s->signed_at);
        const char *state = state_of(t, i, now);
        quoted(out, "state", state);
        buf_fmt(out, ",\"refused\":%s}", s->refused || strncmp(state, "not", 3) == 0 ? "true" : "false");
        more = true;
    }
    buf_chr(out, ']');
}

void trust_report(const struct trust *t, struct arena *a, int64_t now, struct buf *out)
{
    struct counts n = count(t, now);
    buf_str(out, "{\"folder\":");
    json_quote(out, t->folder);
    buf_fmt(out, ",\"certificates\":%zu,\"countries\":%zu,\"expired\":%zu,\"not_valid_yet\":%zu",
            t->n_anchors, n.countries, n.expired, n.early);
    buf_fmt(out, ",\"expiring\":%zu,\"bytes\":%zu,\"loaded_us\":%lld", n.soon, t->bytes, (long long)t->us);
    if (t->n_anchors) {
        buf_str(out, ",\"newest\":");
        one_cert(t, &t->anchors[n.newest], a, out);
    }
    expiring(t, a, now, out);
    for (int k = SOURCE_CERT; k <= SOURCE_CRL; k++)
        sources(t, (enum source_kind)k, now, out);
    buf_chr(out, '}');
}
