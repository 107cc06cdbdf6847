/* What the citizen wrote: the request as it was signed, and over it what was put right since. */
#include "backend/case_priv.h"

#include <string.h>

#include "backend/sealed.h"
#include "common/base/text.h"

/* ---- sealed columns of our own ---- */

enum rc case_seal_text(struct work *w, const char *what, const char *id, struct bytes text, struct bytes *out,
                       struct err *e)
{
    const char *aad = arena_fmt(w->a, "%s %s", what, id);
    uint8_t *to = arena_alloc(w->a, text.len + GCM_NONCE + GCM_TAG);

    TRY(seal(&w->house->at_rest, aad, strlen(aad), text.p, text.len, to, e));
    *out = BYTES(to, text.len + GCM_NONCE + GCM_TAG);
    return RC_OK;
}

enum rc case_unseal_text(struct work *w, const char *what, const char *id, const char *hex, struct bytes *out,
                         struct err *e)
{
    const char *aad = arena_fmt(w->a, "%s %s", what, id);
    size_t len = 0, cap = strlen(hex) / 2;
    uint8_t *raw = arena_alloc(w->a, cap + 1), *text = arena_alloc(w->a, cap + 1);

    if (!hex_decode(raw, cap + 1, &len, hex))
        return err_set(e, RC_STATE, "%s: not hex", what);
    TRY(unseal(&w->house->at_rest, aad, strlen(aad), raw, len, text, &len, e));
    text[len] = 0;
    *out = BYTES(text, len);
    return RC_OK;
}

struct db_param case_bytea(struct arena *a, struct bytes b)
{
    struct db_param p = {NULL, 0, false};
    char *hex = arena_alloc(a, 2 * b.len + 3);

    hex[0] = '\\';
    hex[1] = 'x';
    hex_encode(hex + 2, b.p, b.len);
    p.p = hex;
    return p;
}

/* The one place that knows how a request rests. */
static enum rc request_of(struct work *w, const struct db_result *r, int row, struct bytes *out,
                          struct err *e)
{
    const struct sealed_at at = {arena_str(w->a, db_text(r, row, 1)), "request"};

    return sealed_request_open(w->a, &w->house->request_key, &at, db_text(r, row, 0), out, e);
}

/* ---- answers ---- */

struct form_ctx case_form(const struct work *w, const struct casefile *c)
{
    return (struct form_ctx){.service = c->svc,
                             .i18n = w->house->i18n,
                             .lang = c->lang,
                             .today = case_today(w),
                             .channel = strcmp(c->channel, "kiosk") == 0 ? CH_KIOSK : CH_COUNTER};
}

static enum rc own_answers(struct work *w, const struct casefile *c, const char *hex, struct answers *out,
                           struct err *e)
{
    struct jval *v = NULL;
    struct bytes text;

    TRY(case_unseal_text(w, "answers", c->id, hex, &text, e));
    TRY(jval_parse(w->a, text.p, text.len, &v, e));
    return answers_read(out, c->svc, v, e);
}

enum rc case_request_read(struct work *w, const struct casefile *c, const struct db_result *r, int row,
                          struct case_answers *out, struct err *e)
{
    struct request *q = ARENA_NEW(w->a, struct request);
    struct bytes text;

    *out = (struct case_answers){.identity = "none"};
    answers_init(&out->now, w->a);
    if (db_is_null(r, row, 0))
        return RC_OK;
    TRY(request_of(w, r, row, &text, e));
    TRY(json_decode(w->a, &request_desc, text.p, text.len, q, e));
    out->request = q;
    out->identity = q->identity.source ? q->identity.source : "none";
    return c->svc ? answers_read(&out->now, c->svc, q->answers, e) : RC_OK;
}

static enum rc first_answers(struct work *w, const struct casefile *c, struct case_answers *out,
                             struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};

    TRY(work_sql(w, SQL_CASE_REQUEST, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no case %s", c->id);
    TRY(case_request_read(w, c, r, 0, out, e));
    if (db_is_null(r, 0, 2) || !c->svc)
        return RC_OK;
    /* What came from another institution came as it stood there. */
    answers_init(&out->now, w->a);
    return own_answers(w, c, db_text(r, 0, 2), &out->now, e);
}

static enum rc correct(struct work *w, const struct casefile *c, struct case_answers *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};

    TRY(work_sql(w, SQL_CASE_CORRECTIONS, p, &r, e));
    for (int i = 0; i < db_rows(r) && c->svc; i++) {
        struct jval *v = NULL;
        struct bytes text;
        const char *at = arena_fmt(w->a, "%s %s", c->id, db_text(r, i, 0));
        TRY(case_unseal_text(w, "case_return", at, db_text(r, i, 1), &text, e));
        TRY(jval_parse(w->a, text.p, text.len, &v, e));
        TRY(answers_read(&out->now, c->svc, v, e));
        const char **list = ARENA_ARRAY(w->a, const char *, out->n_corrected + v->n + 1);
        for (size_t k = 0; k < out->n_corrected; k++)
            list[k] = out->corrected[k];
        for (size_t k = 0; k < v->n; k++)
            list[out->n_corrected++] = v->names[k];
        out->corrected = list;
    }
    return RC_OK;
}

enum rc case_answers(struct work *w, const struct casefile *c, struct case_answers *out, struct err *e)
{
    TRY(first_answers(w, c, out, e));
    return correct(w, c, out, e);
}

enum rc case_delivery(struct work *w, const struct casefile *c, const char **how, struct err *e)
{
    struct case_answers x;

    TRY(case_answers(w, c, &x, e));
    const char *said = answers_one(&x.now, "delivery.how");
    *how = said ? said : "";
    return RC_OK;
}

void case_returnable(struct work *w, const struct casefile *c, const struct case_answers *x,
                     const char ***ids, size_t *n)
{
    struct form_ctx form = case_form(w, c);

    *n = 0;
    *ids = ARENA_ARRAY(w->a, const char *, (c->svc ? c->svc->n_fields : 0) + 1);
    for (size_t i = 0; c->svc && i < c->svc->n_fields; i++) {
        const struct field *f = &c->svc->fields[i];
        bool asked = f->type != FT_NOTE && f->type != FT_SIGN && form_asked(&form, f);
        if (asked && strncmp(f->id, "consent.", 8) != 0 && form_visible(&form, &x->now, f))
            (*ids)[(*n)++] = f->id;
    }
}

/* ---- what lists and search keep ---- */

static const char *one(const struct answers *s, const char *id)
{
    const char *v = answers_one(s, id);
    return v ? v : "";
}

static const char *first_of(const struct case_answers *x, const struct service *svc, const char *const *ids)
{
    for (size_t i = 0; ids[i]; i++) {
        const struct field *f = svc ? service_field(svc, ids[i]) : NULL;
        if (f && !f->sensitive && *one(&x->now, ids[i]))
            return one(&x->now, ids[i]);
    }
    return "";
}

static const char *short_text(struct arena *a, const char *s, size_t max)
{
    const char *clean;
    char *line = arena_str(a, s);

    for (char *p = line; *p; p++)
        if ((uint8_t)*p < ' ')
            *p = ' ';
    if (text_clean(a, line, &clean, NULL) != RC_OK)
        return "";
    size_t n = utf8_cut(clean, max);
    return clean[n] ? arena_fmt(a, "%.*s…", (int)n, clean) : clean;
}

void case_about(struct work *w, const struct casefile *c, const struct case_answers *x,
                struct case_about *out)
{
    static const char *const subjects[] = {
        "pet.subject",    "aud.topic",   "notice.title_ro", "event.name", "info.what",
        "doc.describe",   "group.name",  "permit.number",   "car.plate",  "place.address",
        "place.landmark", "zone.wanted", "act.last_name",   "ad.text",    NULL};
    static const char *const persons[] = {"who.company", "a.name", "group.name", NULL};
    static const char *const cnps[] = {"who.cnp", "a.cnp", NULL};
    static const char *const mails[] = {"who.email", "sub.email", NULL};
    static const char *const phones[] = {"who.phone", "sub.phone", NULL};
    struct arena *a = w->a;
    const char *last = one(&x->now, "who.last_name"), *first = one(&x->now, "who.first_name");
    const char *name = *last ? arena_fmt(a, "%s %s", last, first) : first_of(x, c->svc, persons);
    const char *other = one(&x->now, "b.name");

    if (!*last && *name && *other)
        name = arena_fmt(a, "%s, %s", name, other);
    out->person = short_text(a, name, 160);
    out->subject = short_text(a, first_of(x, c->svc, subjects), 160);
    out->cnp = *one(&x->now, cnps[0]) ? one(&x->now, cnps[0]) : one(&x->now, cnps[1]);
    out->email = first_of(x, c->svc, mails);
    out->phone = first_of(x, c->svc, phones);
}

void case_cnp_hash(const struct work_house *h, const char *cnp, uint8_t out[32])
{
    hmac_sha256(out, h->cnp_key, sizeof(h->cnp_key), cnp, strlen(cnp));
}

enum rc case_cnp(struct work *w, const struct casefile *c, const char **out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};
    struct bytes text;

    *out = "";
    TRY(work_sql(w, SQL_CASE_CNP, p, &r, e));
    if (db_rows(r) != 1 || db_is_null(r, 0, 0))
        return RC_OK;
    TRY(case_unseal_text(w, "cnp", c->id, db_text(r, 0, 0), &text, e));
    *out = text.p;
    return RC_OK;
}
