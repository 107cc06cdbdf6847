/* The card step. DG1 opens the form at once; DG2 and the SOD follow while the person goes on. */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "firmware/flow_int.h"

static bool digits(const char *s, size_t n)
{
    return strlen(s) == n && strspn(s, "0123456789") == n;
}

static void clear_error(struct card_part *c)
{
    c->error = (struct trouble){"", -1};
}

/* Out of reading: what the page should show depends on the card being there. */
static enum card_phase resting(const struct flow *f)
{
    return f->card_present ? CARD_CAN : CARD_INSERT;
}

void card_enter(struct flow *f)
{
    struct card_part *c = &f->s->card;
    c->phase = resting(f);
    clear_error(c);
    flow_go(f, STEP_CARD);
}

void card_presence(struct flow *f)
{
    if (!f->s || f->step != STEP_CARD)
        return;
    struct card_part *c = &f->s->card;
    bool waiting = c->phase == CARD_INSERT || c->phase == CARD_CAN || c->phase == CARD_MRZ;
    /* An error stays until the person does something about it: takes the card out, or puts one in. */
    if (waiting || c->phase == CARD_ERROR)
        c->phase = resting(f);
}

/* Stops a running read, e.g. when the person goes back or types instead. */
void card_leave(struct flow *f)
{
    struct card_part *c = &f->s->card;
    struct driver *d = drivers_find(f->env.drivers, "card");
    if (c->cmd && d) {
        driver_cancel(d, c->cmd);
        driver_forget(d, c->cmd);
    }
    c->cmd = 0;
    scan_stop(f); /* the printed card may lie on the scanner */
    if (c->phase == CARD_READING || c->phase == CARD_SCANNING)
        c->phase = resting(f);
}

enum rc card_skip(struct flow_call *c, struct err *e)
{
    (void)e;
    card_leave(c->f);
    form_enter(c->f);
    return RC_OK;
}

/* Frames of the read. */
static const char *keep(struct flow *f, const char *s)
{
    return arena_str(f->s->arena, s ? s : "");
}

void card_identity(struct flow *f, const struct jval *v)
{
    struct identity in = {0};
    struct err e = {0};
    ARENA_SCOPE(a);
    if (json_decode_val(a, &identity_desc, v, &in, &e) != RC_OK) {
        log_err(&e, "event=card_identity");
        return;
    }
    struct identity *id = ARENA_NEW(f->s->arena, struct identity);
    *id = (struct identity){.document_type = keep(f, in.document_type),
                            .document_number = keep(f, in.document_number),
                            .issuing_state = keep(f, in.issuing_state),
                            .nationality = keep(f, in.nationality),
                            .last_name = keep(f, in.last_name),
                            .first_name = keep(f, in.first_name),
                            .birth_date = keep(f, in.birth_date),
                            .expiry_date = keep(f, in.expiry_date),
                            .sex = keep(f, in.sex),
                            .cnp = keep(f, in.cnp),
                            .mrz_format = keep(f, in.mrz_format)};
    f->s->card.identity = id;
    form_prefill(f);
}

static void on_read_event(struct flow *f, const struct frame *fr)
{
    struct card_part *c = &f->s->card;
    flow_touch(f);
    if (strcmp(fr->event, "progress") == 0) {
        int64_t done = jval_int(fr->data, "done", 0), total = jval_int(fr->data, "total", 0);
        if (total > 0 && done >= 0 && done <= total)
            c->progress = done * 100 / total;
    } else if (strcmp(fr->event, "identity") == 0) {
        const struct jval *id = jval_get(fr->data, "identity");
        card_identity(f, id ? id : fr->data);
        if (c->identity && f->step == STEP_CARD)
            form_enter(f);
    }
    flow_event(f, "card", fr);
    flow_changed(f);
}

/* The word if it is one of the list: a request with another one would be refused. */
static const char *known(struct flow *f, const char *const *words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return keep(f, word);
    return NULL;
}

/* Does this verdict prove a card here? Without a list of the terminal's own, everything but a change does. */
static bool accepted(const struct kiosk_conf *conf, const char *passive)
{
    bool in = conf->n_card_proof == 0;
    for (size_t i = 0; i < conf->n_card_proof; i++)
        in = in || (passive && strcmp(conf->card_proof[i], passive) == 0);
    return in && !submission_disproves(passive);
}

/* What the driver found out about the chip's files and the chip. false: they prove nothing. */
static bool take_proof(struct flow *f, const struct jval *data)
{
    struct card_part *c = &f->s->card;
    const struct jval *passive = jval_get(data, "passive");
    const char *reason = jval_str(passive, "reason", ""), *list = jval_str(passive, "list", "");
    c->passive = known(f, passive_words, jval_str(passive, "verdict", ""));
    c->chip = known(f, chip_words, jval_str(jval_get(data, "chip"), "verdict", ""));
    c->passive_reason = arena_strn(f->s->arena, reason, utf8_cut(reason, 200));
    c->csca = arena_strn(f->s->arena, list, utf8_cut(list, 200));
    return accepted(f->env.conf, c->passive) && (!c->chip || strcmp(c->chip, "failed") != 0);
}

/* The verdict is about the files of the completion: their holder has to be the one that filled the form. */
static bool same_holder(struct flow *f, const struct jval *v)
{
    struct identity in = {0};
    ARENA_SCOPE(a);
    BUF_SCOPE(told);
    BUF_SCOPE(read);
    if (!f->s->card.identity || json_decode_val(a, &identity_desc, v, &in, NULL) != RC_OK)
        return false;
    json_encode(&identity_desc, f->s->card.identity, &told);
    json_encode(&identity_desc, &in, &read);
    return strcmp(told.p, read.p) == 0;
}

/* Hash of the security object; "" when it was not read. */
static const char *sod_of(const struct jval *data)
{
    const struct jval *files = jval_get(data, "files");
    for (size_t i = 0; files && files->kind == JV_ARR && i < files->n; i++)
        if (strcmp(jval_str(&files->items[i], "name", ""), "SOD") == 0)
            return jval_str(&files->items[i], "sha256", "");
    return "";
}

/* The same holder, the same signed list of files (the chip's key is in it), and a chip that still holds the
 * key. */
bool card_same(struct flow *f, const struct jval *read)
{
    const struct card_part *c = &f->s->card;
    const char *chip = jval_str(jval_get(read, "chip"), "verdict", "");
    bool genuine = !c->chip || strcmp(c->chip, "genuine") != 0 || strcmp(chip, "genuine") == 0;
    return genuine && strcmp(chip, "failed") != 0 && same_holder(f, jval_get(read, "identity")) &&
           strcmp(sod_of(read), c->sod) == 0 &&
           accepted(f->env.conf, jval_str(jval_get(read, "passive"), "verdict", ""));
}

static void on_read_ok(struct flow *f, const struct frame *fr)
{
    struct card_part *c = &f->s->card;
    c->phase = CARD_OK;
    c->progress = 100;
    c->access = keep(f, jval_str(fr->data, "access", ""));
    c->ms = jval_int(fr->data, "ms", 0);
    c->sod = keep(f, sod_of(fr->data));
    if (!c->identity && jval_get(fr->data, "identity"))
        card_identity(f, jval_get(fr->data, "identity"));
    bool proven = take_proof(f, fr->data) && same_holder(f, jval_get(fr->data, "identity"));
    c->proven = c->identity && proven;
    log_info("event=card_read ms=%lld apdus=%lld passive=%s chip=%s", (long long)jval_int(fr->data, "ms", 0),
             (long long)jval_int(fr->data, "apdus", 0), c->passive ? c->passive : "-",
             c->chip ? c->chip : "-");
    if (c->identity && f->step == STEP_CARD)
        form_enter(f);
    if (c->identity && !proven) { /* what it says is in the form, and counts as typed */
        c->identity = NULL;
        flow_notice(f, "kiosk.card_not_proven");
    }
}

static void on_read_failed(struct flow *f, const struct frame *fr)
{
    struct card_part *c = &f->s->card;
    const char *code = fr->code && fr->code[0] ? fr->code : "LINK_LOST";
    log_warn("event=card_failed completion=%s code=%s detail=%lld", fr->completion, code,
             (long long)fr->detail);
    c->error = (struct trouble){keep(f, code), strcmp(code, "CAN_WRONG") == 0 ? fr->detail : -1};
    c->phase = c->by_mrz && f->card_present ? CARD_MRZ : CARD_ERROR;
    if (strcmp(code, "PACE_UNSUPPORTED") ==
        0) { /* no error: an older document, opened by what is printed on it */
        c->phase = CARD_MRZ;
        clear_error(c);
    }
    c->progress = 0;
    if (f->step == STEP_CARD)
        return;
    /* The names are in the form already, but nothing proves them: they count as typed. */
    c->identity = NULL;
    flow_notice(f, "kiosk.card_half_read");
}

static void on_read(const struct frame *fr, void *user)
{
    struct flow *f = user;
    if (!f->s || fr->id != f->s->card.cmd)
        return;
    if (strcmp(fr->kind, "event") == 0) {
        on_read_event(f, fr);
        return;
    }
    if (strcmp(fr->kind, "completion") != 0)
        return;
    f->s->card.cmd = 0;
    flow_touch(f);
    if (strcmp(fr->completion, "ok") == 0)
        on_read_ok(f, fr);
    else
        on_read_failed(f, fr);
    flow_changed(f);
}

static enum rc start_read(struct flow_call *c, const char *args, bool by_mrz, struct err *e)
{
    struct card_part *p = &c->s->card;
    struct driver *d = drivers_find(c->f->env.drivers, "card");
    if (!d || !flow_usable(c->f, "card"))
        return err_set(e, RC_NO_DEVICE, "no card reader");
    if (p->cmd || c->s->scan.cmd)
        return err_set(e, RC_BUSY, "a card is being read");
    clear_error(p);
    p->phase = CARD_READING;
    p->by_mrz = by_mrz;
    p->passive = p->passive_reason = p->csca = p->chip = NULL;
    p->progress = 0;
    p->attempts++;
    p->identity = NULL;
    p->proven = p->scanned = false;
    address_forget(c->f);
    p->cmd = driver_send(d, "read", READ_MS, args, on_read, c->f);
    c->out->json = arena_fmt(c->a, "{\"requestId\":%lld}", (long long)p->cmd);
    return RC_OK;
}

enum rc card_read(struct flow_call *c, struct err *e)
{
    const struct in_can *in = c->in;
    if (!digits(in->can, 6))
        return err_at(e, RC_BAD_FIELD, "can", "the CAN has 6 digits");
    TRY(start_read(c, arena_fmt(c->a, "{\"can\":\"%s\"}", in->can), false, e));
    if (address_wanted(c->s->service))
        snprintf(c->s->card.can, sizeof(c->s->card.can), "%s", in->can);
    return RC_OK;
}

/* YYYY-MM-DD or YYMMDD -> YYMMDD */
static bool mrz_date(const char *s, char out[7])
{
    struct date d;
    if (date_parse(s, &d)) {
        snprintf(out, 7, "%02u%02u%02u", (unsigned)d.y % 100, (unsigned)d.m % 100, (unsigned)d.d % 100);
        return true;
    }
    snprintf(out, 7, "%s", s);
    return digits(s, 6);
}

enum rc card_mrz(struct flow_call *c, struct err *e)
{
    const struct in_mrz *in = c->in;
    char birth[7], expiry[7];
    if (!mrz_date(in->birth_date, birth))
        return err_at(e, RC_BAD_FIELD, "birth_date", "not a date");
    if (!mrz_date(in->expiry_date, expiry))
        return err_at(e, RC_BAD_FIELD, "expiry_date", "not a date");
    BUF_SCOPE(b);
    buf_str(&b, "{\"mrz\":{\"document_number\":");
    json_quote(&b, in->document_number);
    buf_fmt(&b, ",\"birth_date\":\"%s\",\"expiry_date\":\"%s\"}}", birth, expiry);
    enum rc rc = start_read(c, b.p, true, e);
    wipe(birth, sizeof(birth));
    wipe(expiry, sizeof(expiry));
    return rc;
}
