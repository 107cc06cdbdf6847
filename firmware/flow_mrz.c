/* A card without a chip: laid on the scanner, its printed zone is read. What it says fills the form like a
 * chip's word would, but nothing proves it: the person checks it, the clerk sees that it was a scan. */
#include <string.h>

#include "firmware/flow_int.h"

#define MRZ_MS 60000

static void failed(struct flow *f, const char *code)
{
    struct card_part *c = &f->s->card;
    log_warn("event=card_scan_failed code=%s", code);
    c->error = (struct trouble){arena_str(f->s->arena, code), -1};
    c->phase = CARD_ERROR;
    c->progress = 0;
}

static const char *code_of(const struct frame *fr)
{
    return fr->code && fr->code[0] ? fr->code : "LINK_LOST";
}

static void on_zone(const struct frame *fr, void *user)
{
    struct flow *f = user;
    if (!f->s || fr->id != f->s->scan.cmd || strcmp(fr->kind, "completion") != 0)
        return;
    f->s->scan.cmd = 0;
    flow_touch(f);
    const struct jval *identity = jval_get(fr->data, "identity");
    if (strcmp(fr->completion, "ok") != 0 || !identity)
        failed(f, strcmp(fr->completion, "ok") == 0 ? "MRZ_NOT_FOUND" : code_of(fr));
    else {
        struct card_part *c = &f->s->card;
        card_identity(f, identity);
        c->scanned = c->identity != NULL;
        c->phase = CARD_OK;
        c->progress = 100;
        if (!c->scanned)
            failed(f, "MRZ_NOT_FOUND");
        else if (f->step == STEP_CARD) {
            form_enter(f);
            flow_notice(f, "kiosk.take_card"); /* left on the glass it is the next person's to read */
        }
    }
    flow_changed(f);
}

static int64_t progress_of(const struct jval *data)
{
    int64_t n = jval_int(data, "percent", 0);
    return n < 0 ? 0 : n > 100 ? 100 : n;
}

static void on_scan(const struct frame *fr, void *user)
{
    struct flow *f = user;
    if (!f->s || fr->id != f->s->scan.cmd)
        return;
    struct card_part *c = &f->s->card;
    if (strcmp(fr->kind, "event") ==
        0) { /* the picture itself stays in the driver: only its words are wanted */
        if (strcmp(fr->event, "progress") == 0)
            c->progress = progress_of(fr->data) * 8 / 10;
        flow_touch(f);
        flow_changed(f);
        return;
    }
    if (strcmp(fr->kind, "completion") != 0)
        return;
    f->s->scan.cmd = 0;
    struct driver *d = drivers_find(f->env.drivers, "scan");
    if (strcmp(fr->completion, "ok") != 0 || !d)
        failed(f, code_of(fr));
    else {
        c->progress = 85;
        f->s->scan.cmd = driver_send(d, "mrz", MRZ_MS, "{}", on_zone, f);
    }
    flow_changed(f);
}

enum rc mrz_scan(struct flow_call *c, struct err *e)
{
    struct card_part *p = &c->s->card;
    struct driver *d = drivers_find(c->f->env.drivers, "scan");
    if (!d || !flow_usable(c->f, "scan"))
        return err_set(e, RC_NO_DEVICE, "no scanner");
    if (p->cmd || c->s->scan.cmd)
        return err_set(e, RC_BUSY, "a card is being read");
    p->error = (struct trouble){"", -1};
    p->phase = CARD_SCANNING;
    p->progress = 0;
    p->attempts++;
    p->identity = NULL;
    p->proven = p->scanned = false;
    address_forget(c->f);
    /* of a chip that was read before: not this card's */
    p->passive = p->passive_reason = p->csca = p->chip = NULL;
    c->s->scan.cmd = driver_send(
        d, "scan", SCAN_MS,
        "{\"source\":\"flatbed\",\"dpi\":300,\"mode\":\"gray\",\"max_pages\":1,\"purpose\":\"id\"}", on_scan,
        c->f);
    c->out->json = arena_fmt(c->a, "{\"requestId\":%lld}", (long long)c->s->scan.cmd);
    return RC_OK;
}
