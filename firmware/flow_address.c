/* The address of the Romanian electronic card stands in its chip alone, behind the holder's PIN. The question
 * for it offers to read it there and demands nothing: typing stays. The PIN passes through and is kept
 * nowhere. The card counts wrong ones, so that its last try is never used here. */
#include <string.h>

#include "firmware/flow_int.h"

#define PIN_TRIES 3 /* the card has no more; fewer may be left of days before */

bool address_of_card(const struct field *field)
{
    return field->type == FT_ADDRESS && field->from_card;
}

bool address_wanted(const struct service *s)
{
    for (size_t i = 0; s && i < s->n_fields; i++)
        if (address_of_card(&s->fields[i]))
            return true;
    return false;
}

static const struct field *on_screen(struct flow *f)
{
    struct form_page pages[PAGES_MAX];
    if (f->step != STEP_FORM || form_now(f, pages) == 0)
        return NULL;
    const struct form_page *p = &pages[f->s->page];
    for (size_t i = 0; i < p->n; i++)
        if (address_of_card(p->fields[i]))
            return p->fields[i];
    return NULL;
}

/* The only Romanian identity card with a chip is the electronic one; residence permits of foreigners look
 * alike but for the nationality. */
static bool of_the_kind(const struct card_part *c)
{
    const struct identity *id = c->identity;
    return id && c->proven && !c->scanned && !c->by_mrz && c->can[0] && strcmp(c->access, "PACE") == 0 &&
           strcmp(id->mrz_format, "TD1") == 0 && id->document_type[0] == 'I' &&
           strcmp(id->issuing_state, "ROU") == 0 && strcmp(id->nationality, "ROU") == 0;
}

bool address_offered(const struct flow *f)
{
    const struct session *s = f->s;
    return s->address.phase == ADDRESS_OFFER && !s->card.cmd && of_the_kind(&s->card) &&
           flow_usable(f, "card");
}

const struct field *address_asked(struct flow *f)
{
    const struct field *field = on_screen(f);
    const struct address_part *p = &f->s->address;
    bool something = p->phase != ADDRESS_OFFER || p->error.code[0] || address_offered(f);
    return field && something ? field : NULL;
}

/* What cannot get better in this visit. */
static bool hopeless(const char *code)
{
    static const char *const codes[] = {"PIN_LAST",   "PIN_UNSURE",   "PIN_BLOCKED",
                                        "NO_ADDRESS", "PACE_BLOCKED", "FILE_BAD"};
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

/* code: a string constant, or kept by the session's arena. */
static void say(struct flow *f, const char *code, int64_t tries)
{
    struct address_part *p = &f->s->address;
    p->error = (struct trouble){code, tries};
    p->progress = 0;
    p->phase = hopeless(code) ? ADDRESS_CLOSED : ADDRESS_OFFER;
    if (p->phase == ADDRESS_CLOSED)
        wipe(f->s->card.can, sizeof(f->s->card.can));
}

/* A reading that broke off may have cost a try: without a word of the card it counts as used. */
static void broke(struct flow *f, const char *code)
{
    if (f->s->address.left < 2 && !hopeless(code))
        code = "PIN_UNSURE";
    say(f, code, -1);
}

static void taken(struct flow *f, const struct jval *data)
{
    struct session *s = f->s;
    struct address_part *p = &s->address;
    const char *address = jval_str(data, "address", "");
    p->left = PIN_TRIES; /* the right PIN gives them all back */
    if (!card_same(f, data))
        say(f, "CARD_SWAPPED", -1);
    else if (!*address)
        say(f, "FILE_BAD", -1);
    else {
        s->card.address = arena_str(s->arena, address);
        answers_put(&s->answers, p->field->id, &s->card.address, 1, "card");
        s->n_errors = 0;
        p->phase = ADDRESS_TAKEN;
        p->progress = 100;
        wipe(s->card.can, sizeof(s->card.can));
    }
}

static void failed(struct flow *f, const struct frame *fr)
{
    struct address_part *p = &f->s->address;
    const char *code = fr->code && fr->code[0] ? fr->code : "LINK_LOST";
    if (strcmp(code, "PIN_WRONG") == 0) {
        p->left = fr->detail > 0 && fr->detail <= PIN_TRIES ? fr->detail : 0;
        say(f, p->left > 1 ? "PIN_WRONG" : p->left ? "PIN_LAST" : "PIN_UNSURE", p->left ? p->left : -1);
    } else if (strcmp(code, "CAN_WRONG") == 0) { /* it opened the card before: this is another one */
        p->left++;                               /* and the PIN was not on its way yet */
        say(f, "CARD_SWAPPED", -1);
    } else if (strcmp(code, "CARD_ABSENT") == 0) {
        p->left++;
        say(f, "CARD_ABSENT", -1);
    } else
        broke(f, arena_str(f->s->arena, code));
}

static void on_address(const struct frame *fr, void *user)
{
    struct flow *f = user;
    if (!f->s || fr->id != f->s->address.cmd)
        return;
    struct address_part *p = &f->s->address;
    flow_touch(f);
    if (strcmp(fr->kind, "event") == 0) {
        int64_t done = jval_int(fr->data, "done", 0), total = jval_int(fr->data, "total", 0);
        if (strcmp(fr->event, "progress") != 0 || total <= 0 || done < 0 || done > total)
            return;
        p->progress = done * 100 / total;
        flow_changed(f);
        return;
    }
    if (strcmp(fr->kind, "completion") != 0)
        return;
    p->cmd = 0;
    if (strcmp(fr->completion, "ok") == 0)
        taken(f, fr->data);
    else
        failed(f, fr);
    log_info("event=card_address completion=%s code=%s", fr->completion, p->error.code);
    flow_changed(f);
}

/* Another card's PIN must not be tried: the driver compares the document first. */
static void send_pin(struct flow *f, struct driver *d, const char *pin)
{
    struct session *s = f->s;
    BUF_SCOPE(b);
    buf_fmt(&b, "{\"can\":\"%s\",\"document\":", s->card.can);
    json_quote(&b, s->card.identity->document_number);
    buf_fmt(&b, ",\"pin\":\"%s\",\"want\":[\"DG1\",\"SOD\",\"DG14\",\"EDATA\"]}", pin);
    s->address.cmd = driver_send(d, "read", READ_MS, b.p, on_address, f);
}

static enum rc begin(struct flow_call *c, const char *pin, struct err *e)
{
    struct address_part *p = &c->s->address;
    struct driver *d = drivers_find(c->f->env.drivers, "card");
    const struct field *field = on_screen(c->f);
    if (strspn(pin, "0123456789") != 4)
        return err_at(e, RC_BAD_FIELD, "pin", "the PIN has 4 digits");
    if (!field || !d || p->cmd || !address_offered(c->f))
        return err_set(e, RC_STATE, "the address is not offered now");
    if (p->attempts++ == 0)
        p->left = PIN_TRIES;
    p->left--;
    p->error = (struct trouble){"", -1};
    p->phase = ADDRESS_READING;
    p->progress = 0;
    p->field = field;
    send_pin(c->f, d, pin);
    c->out->json = arena_fmt(c->a, "{\"requestId\":%lld}", (long long)p->cmd);
    return RC_OK;
}

enum rc address_start(struct flow_call *c, struct err *e)
{
    const struct in_pin *in = c->in;
    enum rc rc = begin(c, in->pin, e);
    wipe(in->pin, strlen(in->pin));
    stack_wipe();
    return rc;
}

void address_stop(struct flow *f)
{
    struct address_part *p = &f->s->address;
    struct driver *d = drivers_find(f->env.drivers, "card");
    if (p->cmd && d) {
        driver_cancel(d, p->cmd);
        driver_forget(d, p->cmd);
    }
    p->cmd = 0;
    if (p->phase != ADDRESS_READING)
        return;
    p->phase = ADDRESS_OFFER;
    if (p->left < 2)
        broke(f, "PIN_UNSURE");
}

enum rc address_cancel(struct flow_call *c, struct err *e)
{
    (void)e;
    address_stop(c->f);
    return RC_OK;
}

/* The offer that was closed stays so: it may be the same card again. */
void address_forget(struct flow *f)
{
    struct session *s = f->s;
    address_stop(f);
    wipe(s->card.can, sizeof(s->card.can));
    s->card.address = NULL;
    if (s->address.phase == ADDRESS_TAKEN)
        s->address.phase = ADDRESS_OFFER;
}
