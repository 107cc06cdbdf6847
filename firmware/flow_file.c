/* From the checked answers to a request that is safe: text, hash, seal, disk, register. */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "firmware/flow_int.h"

static struct identity_proof who(const struct session *s)
{
    const struct card_part *c = &s->card;
    if (c->identity && c->proven)
        return (struct identity_proof){"card_read", c->access, c->identity->document_number, c->sod};
    if (c->identity && c->scanned)
        return (struct identity_proof){"card_scan", "", c->identity->document_number, ""};
    const char *name = answers_one(&s->answers, "who.last_name");
    return (struct identity_proof){name ? "typed" : "none", "", "", ""};
}

/* What is known about the chip goes with it, also when the person then typed: a clerk looks at it. */
static struct identity_proof proof(const struct session *s)
{
    struct identity_proof p = who(s);
    p.passive = s->card.passive;
    p.passive_reason = s->card.passive_reason;
    p.csca = s->card.csca;
    p.chip = s->card.chip;
    return p;
}

/* Fixed before it is signed: what the pad shows and what the register stores is this, byte for byte. */
enum rc file_text(struct flow *f, struct err *e)
{
    struct session *s = f->s;
    struct filing_part *p = &s->filing;
    if (p->text)
        return RC_OK;
    if (s->card.cmd)
        return err_set(e, RC_BUSY, "the card is still being read");
    if (!p->id[0])
        TRY(uuid7(p->id, e));
    char created[25];
    iso_utc(created, unix_ms());
    struct form_ctx ctx = flow_form(f);
    BUF_SCOPE(answers);
    answers_encode(&ctx, &s->answers, &answers);
    struct original *originals;
    size_t n_originals = scan_originals(f, s->arena, &originals);
    const struct request r = {.v = 1,
                              .request_id = p->id,
                              .terminal = f->env.conf->terminal,
                              .institution = f->env.conf->institution,
                              .service = s->service->id,
                              .service_version = s->service->version,
                              .channel = "kiosk",
                              .lang = lang_codes[s->lang],
                              .created_at = created,
                              .identity = proof(s),
                              .originals = originals,
                              .n_originals = n_originals};
    const char *text = request_text(s->arena, &r, answers.p);
    if (!*text || strlen(text) > REQUEST_MAX)
        return err_set(e, RC_TOO_BIG, "the request is too long");
    uint8_t hash[SHA256_LEN];
    sha256(hash, text, strlen(text));
    hex_encode(p->hash, hash, sizeof(hash));
    p->text = text;
    return RC_OK;
}

static enum rc sealed_body(struct flow *f, struct buf *out, struct err *e)
{
    struct session *s = f->s;
    struct filing_part *p = &s->filing;
    char filed_at[25];
    iso_utc(filed_at, p->filed_ms);
    bool pad = s->sign.phase == SIGN_DONE;
    struct submission sub = {.request = p->text,
                             .signature = {.kind = pad ? "pad" : "none", .sha256 = p->hash},
                             .receipt = {p->code, p->pin},
                             .filed_at = filed_at,
                             .offline = !f->env.online || !f->env.online(f->env.user)};
    if (pad) {
        sub.signature.width = s->sign.width;
        sub.signature.height = s->sign.height;
        sub.signature.max_pressure = s->sign.max_pressure;
        sub.signature.strokes = s->sign.strokes;
        sub.signature.shown_sha256 = s->sign.shown_sha256;
        sub.signature.bind = s->sign.bind;
        sub.signature.encryption = s->sign.encryption;
        sub.signature.device = s->sign.device;
    }
    json_encode(&submission_desc, &sub, out);
    if (out->len > SUBMISSION_MAX)
        return err_set(e, RC_TOO_BIG, "the submission has %zu bytes", out->len);
    return RC_OK;
}

/* Promised only when this returns RC_OK. Its id stays the same over retries, so that a write that failed late
 * cannot make a second request. */
static enum rc save(struct flow *f, struct err *e)
{
    struct filing_part *p = &f->s->filing;
    BUF_SCOPE(body);
    TRY(file_text(f, e));
    if (!p->code[0])
        TRY(receipt_code_new(p->code, e));
    if (!p->pin[0])
        TRY(pin_new(p->pin, e));
    p->filed_ms = unix_ms();
    TRY(sealed_body(f, &body, e));
    int64_t start = mono_us();
    ARENA_SCOPE(a);
    struct queue_blob *files;
    size_t n_files = scan_blobs(f, a, &files);
    const struct queue_blobs blobs = {files, n_files};
    TRY(queue_put_with(f->env.queue, p->id, BYTES(body.p, body.len), blobs, e));
    p->saved = true;
    log_info("event=saved id=%s bytes=%zu us=%lld", p->id, body.len, (long long)(mono_us() - start));
    return RC_OK;
}

/* The term as the terminal knows it, until the register says its own. */
static void own_term(struct flow *f)
{
    struct filing_part *p = &f->s->filing;
    struct term t;
    struct err e = {0};
    const char *rule = term_of_answer(f->env.terms, f->s->service->term);
    if (term_compute(f->s->arena, f->env.terms, rule, date_of_ms(p->filed_ms), &t, &e) != RC_OK) {
        log_err(&e, "event=term rule=%s", rule);
        return;
    }
    p->due = t.due;
    p->due_why = t.why;
    p->has_due = true;
}

static void finish(struct flow *f)
{
    struct filing_part *p = &f->s->filing;
    p->phase = p->answered ? FILING_DONE : FILING_QUEUED;
    if (!p->answered) {
        own_term(f);
        p->number = arena_fmt(f->s->arena, "P-%.5s-%.5s", p->code, p->code + 5);
    }
    log_info("event=filed id=%s provisional=%d ms=%lld", p->id, !p->answered,
             (long long)(unix_ms() - p->filed_ms));
    flow_touch(f);
    flow_go(f, STEP_DONE);
    print_first(f);
}

static bool must_sign(const struct session *s)
{
    return service_signs(s->service) && s->sign.phase != SIGN_DONE && !s->sign.skipped;
}

enum rc file_submit(struct flow_call *c, struct err *e)
{
    const struct in_key *in = c->in;
    struct flow *f = c->f;
    struct session *s = c->s;
    struct filing_part *p = &s->filing;
    if (!uuid_valid(in->key))
        return err_at(e, RC_BAD_FIELD, "key", "not a UUID");
    if (s->mine.repairs)
        return mine_send(c, e);
    if (p->saved)
        return strcmp(p->key, in->key) == 0 ? RC_OK : err_set(e, RC_STATE, "already filed");
    if (must_sign(s)) {
        if (f->step == STEP_SIGN && s->sign.phase != SIGN_ABSENT)
            return err_set(e, RC_STATE, "not signed yet");
        if (f->step == STEP_REVIEW) { /* "Continue" of the review page: to the signature */
            sign_enter(f);
            return RC_OK;
        }
    }
    struct form_ctx ctx = flow_form(f);
    struct form_error first;
    if (form_check(&ctx, &s->answers, &first, 1) > 0)
        return err_at(e, RC_BAD_FIELD, first.field, "the form has an error");
    TRY(save(f, e));
    p->key = arena_str(s->arena, in->key);
    p->phase = FILING_SENDING;
    p->give_up_at = mono_ms() + f->env.conf->answer_ms;
    flow_go(f, STEP_FILING);
    if (f->env.file)
        f->env.file(p->id, f->env.user);
    return RC_OK;
}

void file_tick(struct flow *f, int64_t now)
{
    if (f->s->filing.phase == FILING_SENDING && now >= f->s->filing.give_up_at)
        finish(f);
}

static bool is_mine(const struct flow *f, const char *id)
{
    return f->s && f->s->filing.saved && strcmp(f->s->filing.id, id) == 0;
}

void flow_waits(struct flow *f, const char *id)
{
    if (is_mine(f, id) && f->step == STEP_FILING)
        finish(f);
}

void flow_acked(struct flow *f, const char *id, const struct filed *filed)
{
    if (!is_mine(f, id))
        return;
    struct filing_part *p = &f->s->filing;
    struct arena *a = f->s->arena;
    p->answered = true;
    p->number = arena_str(a, filed->number);
    p->has_due = date_parse(filed->due, &p->due);
    for (int i = 0; i < LANG_COUNT; i++)
        p->due_why.t[i] = arena_str(a, filed->due_why.t[i] ? filed->due_why.t[i] : "");
    int64_t at;
    if (iso_utc_parse(filed->registered_at, &at, NULL) == RC_OK)
        p->filed_ms = at;
    if (f->step == STEP_FILING)
        finish(f);
    else
        flow_changed(f);
}

/* Kept in the dead letter box for a person. The citizen hears it while still here. */
void flow_refused(struct flow *f, const char *id)
{
    if (!is_mine(f, id))
        return;
    if (f->step == STEP_FILING) {
        memset(&f->s->filing, 0, sizeof(f->s->filing));
        sign_drop(f);
        flow_go(f, STEP_REVIEW);
    }
    flow_touch(f);
    flow_notice(f, "kiosk.refused");
}

/* Who came by number showed no code, and gets none: it opens the documents, too. Their paper leads to the
 * page that asks for the number and the PIN. */
static const char *number_url(const struct flow *f)
{
    const char *url = f->env.conf->status_url;
    size_t n = strlen(url);

    if (n < 3 || strcmp(url + n - 3, "/s/") != 0)
        return NULL;
    return arena_fmt(f->s->arena, "%.*s/n", (int)(n - 3), url);
}

const char *flow_receipt_url(const struct flow *f)
{
    if (!f->s || !f->s->filing.saved || f->step != STEP_DONE)
        return NULL;
    if (!*f->s->filing.code)
        return number_url(f);
    return arena_fmt(f->s->arena, "%s%s", f->env.conf->status_url, f->s->filing.code);
}
