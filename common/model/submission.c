#include "common/model/submission.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/model/signature.h"

#define SAMPLES_MAX 40000
static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const char *const sources[] = {"card_read", "card_scan", "typed", "none", NULL};
static const char *const accesses[] = {"PACE", "BAC", "", NULL};
static const char *const channels[] = {"kiosk", "counter", "web", NULL};
static const char *const signature_kinds[] = {"pad", "none", NULL};

const char *const passive_words[] = {"valid",        "signer_unknown",  "expired",     "revoked",
                                     "hash_differs", "signature_wrong", "not_checked", NULL};
const char *const chip_words[] = {"genuine", "failed", "not_offered", "not_checked", NULL};

#define P struct identity_proof
static const struct jfield identity_fields[] = {
    JF_WORD(P, source, J_REQ, sources),
    JF_WORD(P, access, 0, accesses),
    JF_STR(P, document_number, J_PD, 0, 24),
    JF_STR(P, sod_sha256, 0, 0, 64),
    JF_WORD(P, passive, J_OMIT, passive_words),
    JF_STR(P, passive_reason, J_OMIT, 0, 256),
    JF_STR(P, csca, J_OMIT, 0, 256),
    JF_WORD(P, chip, J_OMIT, chip_words),
};
#undef P
static JDESC(proof_desc, struct identity_proof, identity_fields);

#define O struct original
static const struct jfield original_fields[] = {
    JF_STR(O, field, J_REQ, 1, 64),
    JF_INT(O, page, J_REQ, 1, ORIGINALS_MAX),
    JF_STR(O, sha256, J_REQ, 64, 64),
};
#undef O
static JDESC(original_desc, struct original, original_fields);

#define R struct request
static const struct jfield request_fields[] = {
    JF_INT(R, v, J_REQ, 1, 1),
    JF_STR(R, request_id, J_REQ, 36, 36),
    JF_STR(R, terminal, J_REQ, 1, 64),
    JF_STR(R, institution, J_REQ, 1, 64),
    JF_STR(R, service, J_REQ, 1, 64),
    JF_INT(R, service_version, J_REQ, 1, 1000000),
    JF_WORD(R, channel, J_REQ, channels),
    JF_WORD(R, lang, J_REQ, lang_codes),
    JF_STR(R, created_at, J_REQ, 24, 24),
    JF_OBJ(R, identity, J_REQ, &proof_desc),
    JF_ANY(R, answers, J_REQ | J_PD),
    JF_ARR(R, originals, n_originals, J_OMIT, ORIGINALS_MAX, &original_desc),
};
#undef R
JDESC(request_desc, struct request, request_fields);

#define S struct signature
static const struct jfield signature_fields[] = {
    JF_WORD(S, kind, J_REQ, signature_kinds),  JF_STR(S, sha256, J_REQ, 64, 64),
    JF_INT(S, width, J_OMIT, 0, 100000),       JF_INT(S, height, J_OMIT, 0, 100000),
    JF_INT(S, max_pressure, J_OMIT, 0, 65535), JF_ANY(S, strokes, J_OMIT | J_PD),
    JF_STR(S, shown_sha256, J_OMIT, 64, 64),   JF_STR(S, bind, J_OMIT, 64, 64),
    JF_STR(S, encryption, J_OMIT, 1, 64),      JF_STR(S, device, J_OMIT, 1, 64),
};
#undef S
static JDESC(signature_desc, struct signature, signature_fields);

static const struct jfield receipt_fields[] = {
    JF_STR(struct receipt_ref, code, J_REQ, RECEIPT_CODE_LEN, RECEIPT_CODE_LEN),
    JF_STR(struct receipt_ref, pin, J_REQ | J_PD, PIN_LEN, PIN_LEN),
};
static JDESC(receipt_desc, struct receipt_ref, receipt_fields);

#define B struct submission
static const struct jfield submission_fields[] = {
    JF_STR(B, request, J_REQ | J_PD, 2, REQUEST_MAX),
    JF_OBJ(B, signature, J_REQ, &signature_desc),
    JF_OBJ(B, receipt, J_REQ, &receipt_desc),
    JF_STR(B, filed_at, J_REQ, 24, 24),
    JF_BOOL(B, offline, J_REQ),
};
#undef B
JDESC(submission_desc, struct submission, submission_fields);

#define A struct filed
static const struct jfield filed_fields[] = {
    JF_STR(A, request_id, J_REQ, 36, 36), JF_STR(A, number, J_REQ, 1, 40),
    JF_INT(A, n, J_REQ, 1, INT64_MAX),    {"register", J_STR, J_REQ, offsetof(A, reg), 0, 1, 40, NULL, NULL},
    JF_INT(A, year, J_REQ, 2000, 9999),   JF_STR(A, registered_at, J_REQ, 24, 24),
    JF_STR(A, filed_on, J_REQ, 10, 10),   JF_STR(A, due, J_REQ, 10, 10),
    JF_OBJ(A, due_why, J_REQ, &tr_desc),  JF_BOOL(A, repeat, J_REQ),
};
#undef A
JDESC(filed_desc, struct filed, filed_fields);

static bool sample_right(const struct signature *s, const struct jval *v)
{
    if (v->kind != JV_ARR || v->n != 4)
        return false;
    const int64_t max[] = {s->width, s->height, s->max_pressure, 600000};
    for (size_t i = 0; i < 4; i++) {
        if (v->items[i].kind != JV_INT || v->items[i].i < 0 || v->items[i].i > max[i])
            return false;
    }
    return true;
}

static enum rc check_strokes(const struct signature *s, struct err *e)
{
    const struct jval *strokes = s->strokes;
    size_t samples = 0;
    if (strcmp(s->kind, "none") == 0)
        return strokes && strokes->n ? err_at(e, RC_BAD_FIELD, "signature.strokes", "not expected") : RC_OK;
    if (!strokes || strokes->kind != JV_ARR || strokes->n == 0)
        return err_at(e, RC_BAD_FIELD, "signature.strokes", "missing or empty");
    for (size_t i = 0; i < strokes->n; i++) {
        const struct jval *stroke = &strokes->items[i];
        if (stroke->kind != JV_ARR || (samples += stroke->n) > SAMPLES_MAX)
            return err_at(e, RC_BAD_FIELD, "signature.strokes", "wrong type or too many samples");
        for (size_t k = 0; k < stroke->n; k++) {
            if (!sample_right(s, &stroke->items[k]))
                return err_at(e, RC_BAD_FIELD, "signature.strokes", "a sample outside the pad");
        }
    }
    return RC_OK;
}

/* Requests of older terminals have no bind and stay what they were; whoever says what was shown binds it. */
static enum rc check_bind(const struct signature *s, struct err *e)
{
    const struct ink ink = {s->width, s->height, s->max_pressure, s->strokes};
    char right[SIGNATURE_HEX];
    BUF_SCOPE(bytes);
    bool bound = s->bind && *s->bind;
    if (strcmp(s->kind, "none") == 0 || !bound) {
        bool loose = bound || (s->shown_sha256 && *s->shown_sha256);
        return loose ? err_at(e, RC_BAD_FIELD, "signature.bind", "does not belong here") : RC_OK;
    }
    TRY(signature_bytes(&ink, &bytes, e));
    TRY(signature_bind(right, s->shown_sha256, BYTES(bytes.p, bytes.len), s->sha256, e));
    if (!equal_ct(right, s->bind, sizeof(right) - 1))
        return err_at(e, RC_BAD_FIELD, "signature.bind", "does not bind this signature");
    return RC_OK;
}

static enum rc check_hash(const struct submission *s, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    sha256(hash, s->request, strlen(s->request));
    hex_encode(hex, hash, sizeof(hash));
    if (!equal_ct(hex, s->signature.sha256, sizeof(hex) - 1))
        return err_at(e, RC_BAD_FIELD, "signature.sha256", "not the hash of the request");
    return RC_OK;
}

static enum rc check_receipt(const struct submission *s, struct err *e)
{
    char code[RECEIPT_CODE_LEN + 1];
    if (!receipt_code_norm(code, s->receipt.code) || strcmp(code, s->receipt.code) != 0)
        return err_at(e, RC_BAD_FIELD, "receipt.code", "not 10 letters of the receipt alphabet");
    if (strspn(s->receipt.pin, "0123456789") != PIN_LEN)
        return err_at(e, RC_BAD_FIELD, "receipt.pin", "not 4 digits");
    return RC_OK;
}

static enum rc check_answers(const struct form_ctx *c, struct answers *s, const struct request *r,
                             struct err *e)
{
    struct form_error first;
    size_t at = 0;
    TRY(answers_read(s, c->service, r->answers, e));
    for (size_t i = 0; i < s->n; i++) {
        const struct field *f = service_field_next(c->service, s->items[i].id, &at);
        if (s->items[i].n && (!form_asked(c, f) || !form_visible(c, s, f)))
            return err_at(e, RC_BAD_FIELD, arena_fmt(s->arena, "answers.%s", f->id), "not asked");
    }
    if (form_check(c, s, &first, 1) == 0)
        return RC_OK;
    return err_at(e, RC_BAD_FIELD, arena_fmt(s->arena, "answers.%s", first.field), "%s", first.text);
}

static unsigned channel_bit(const char *name)
{
    for (unsigned i = 0; channels[i]; i++) {
        if (strcmp(channels[i], name) == 0)
            return 1u << i;
    }
    return 0;
}

bool submission_disproves(const char *passive)
{
    return passive && (strcmp(passive, "hash_differs") == 0 || strcmp(passive, "signature_wrong") == 0);
}

/* A card that was changed or copied proves nothing; what it says counts as typed. */
static enum rc check_proof(const struct identity_proof *p, struct err *e)
{
    bool bad = submission_disproves(p->passive) || (p->chip && strcmp(p->chip, "failed") == 0);
    return bad && strcmp(p->source, "card_read") == 0
               ? err_at(e, RC_BAD_FIELD, "request.identity.source", "not proven by this card")
               : RC_OK;
}

/* Times and ids that the descriptors cannot judge. */
static enum rc check_shape(const struct submission *s, const struct request *r, int64_t *created,
                           struct err *e)
{
    int64_t filed;
    if (!uuid_valid(r->request_id))
        return err_at(e, RC_BAD_FIELD, "request.request_id", "not a UUID");
    enum rc rc = iso_utc_parse(r->created_at, created, e);
    if (rc != RC_OK)
        return err_at(e, RC_BAD_FIELD, "request.created_at", "not a UTC time");
    rc = iso_utc_parse(s->filed_at, &filed, e);
    if (rc != RC_OK)
        return err_at(e, RC_BAD_FIELD, "filed_at", "not a UTC time");
    const struct identity_proof *p = &r->identity;
    if (p->sod_sha256 && *p->sod_sha256 && strspn(p->sod_sha256, "0123456789abcdef") != 64)
        return err_at(e, RC_BAD_FIELD, "request.identity.sod_sha256", "not a hash");
    return check_proof(p, e);
}

static enum rc judge(struct arena *a, const struct rulebook *rules, const struct request *r, int64_t created,
                     struct err *e)
{
    const struct service *svc = catalog_find(rules->catalog, r->service);
    struct form_ctx ctx = {.service = svc,
                           .i18n = rules->i18n,
                           .today = date_of_ms(created),
                           .channel = channel_bit(r->channel)};
    struct answers answers;
    if (!svc)
        return err_at(e, RC_BAD_FIELD, "request.service", "unknown service");
    if (!(svc->channels & ctx.channel))
        return err_at(e, RC_BAD_FIELD, "request.channel", "not offered there");
    /* A terminal may have learned of a version before we do: later then. Withdrawn ones are refused. */
    ctx.service = catalog_version(rules->catalog, r->service, r->service_version);
    if (!ctx.service)
        return err_at(e, r->service_version > svc->version ? RC_LIMIT : RC_CONFLICT,
                      "request.service_version", "%lld expected", (long long)svc->version);
    if (!lang_parse(r->lang, &ctx.lang))
        return err_at(e, RC_BAD_FIELD, "request.lang", "unknown");
    answers_init(&answers, a);
    return check_answers(&ctx, &answers, r, e);
}

enum rc submission_read(struct arena *a, const struct rulebook *rules, struct bytes body,
                        struct submission *out, struct request *req, struct err *e)
{
    struct submission s = {0};
    struct request r = {0};
    int64_t created = 0;
    if (body.len > SUBMISSION_MAX)
        return err_set(e, RC_TOO_BIG, "submission longer than %d bytes", SUBMISSION_MAX);
    TRY(json_decode(a, &submission_desc, body.p, body.len, &s, e));
    enum rc rc = json_decode(a, &request_desc, s.request, strlen(s.request), &r, e);
    if (rc != RC_OK)
        return err_wrap(e, rc, "request");
    TRY(check_hash(&s, e));
    TRY(check_receipt(&s, e));
    TRY(check_strokes(&s.signature, e));
    TRY(check_bind(&s.signature, e));
    TRY(check_shape(&s, &r, &created, e));
    TRY(judge(a, rules, &r, created, e));
    *out = s;
    *req = r;
    return RC_OK;
}

const char *request_text(struct arena *a, const struct request *r, const char *answers_json)
{
    struct jval *answers = NULL;
    struct request copy = *r;
    BUF_SCOPE(out);
    if (jval_parse(a, answers_json, strlen(answers_json), &answers, NULL) != RC_OK)
        return "";
    copy.answers = answers;
    json_encode(&request_desc, &copy, &out);
    return arena_strn(a, out.p, out.len);
}

enum rc receipt_code_new(char out[RECEIPT_CODE_LEN + 1], struct err *e)
{
    uint8_t random[RECEIPT_CODE_LEN];
    TRY(rnd_bytes(random, sizeof(random), e));
    for (int i = 0; i < RECEIPT_CODE_LEN; i++)
        out[i] = crockford[random[i] & 31];
    out[RECEIPT_CODE_LEN] = '\0';
    return RC_OK;
}

enum rc pin_new(char out[PIN_LEN + 1], struct err *e)
{
    uint32_t n;
    do {
        TRY(rnd_bytes(&n, sizeof(n), e));
    } while (n >= 4294960000u); /* every PIN equally likely */
    for (int i = 0; i < PIN_LEN; i++, n /= 10)
        out[i] = (char)('0' + n % 10);
    out[PIN_LEN] = '\0';
    return RC_OK;
}

/* Crockford: O is read as 0, I and L as 1; blanks and hyphens are decoration. */
bool receipt_code_norm(char out[RECEIPT_CODE_LEN + 1], const char *typed)
{
    size_t n = 0;
    for (const char *p = typed; *p; p++) {
        char c = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
        if (c == ' ' || c == '-')
            continue;
        c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
        if (n == RECEIPT_CODE_LEN || !strchr(crockford, c))
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return n == RECEIPT_CODE_LEN;
}
