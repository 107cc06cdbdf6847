/* The receipt printer: verbs, and what the printer says of itself between jobs. */
#include "drivers/print/job.h"
#include "drivers/print/presenter.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/text.h"

#define ASK_MS 800
#define TICK_MS 2000
#define HEAL_MS 10000 /* a stuck blade is homed, a stop that is over is ended, at most so often */

struct print {
    struct printer printer;
};

static const char *const verbs[] = {"print", "test", "status", "render", "retract", NULL};
static const char *const dry[] = {"render", NULL};

/* ---- what the printer says of itself ---- */

static enum condition condition_of(const struct escpos_status *s)
{
    if (s->cutter || escpos_failed(s))
        return K_TECHNICIAN;
    if (s->cover || escpos_paper_out(s))
        return K_STAFF;
    if (s->ticket)
        return K_USER;
    return s->near_end ? K_WARN : K_OK;
}

static void publish(struct drv *d)
{
    struct print *x = d->self;
    const struct escpos_status *s = &x->printer.status;
    const char *media[5];
    size_t n = 0;
    if (escpos_paper_out(s))
        media[n++] = "paper_end";
    else if (s->near_end)
        media[n++] = "paper_near_end";
    if (s->cover)
        media[n++] = "cover_open";
    if (s->cutter)
        media[n++] = "cutter";
    if (s->ticket)
        media[n++] = "ticket_in_throat";
    drv_media(d, media, n);
    enum condition c = condition_of(s);
    drv_condition(d, c, n ? media[0] : c == K_TECHNICIAN ? "printer_error" : "");
}

static enum rc open(struct drv *d, struct err *e)
{
    struct print *x = d->self;
    bool half = x->printer.half; /* paper hangs on however often the cable is pulled */
    enum rc rc = printer_open(&x->printer, d, e);
    x->printer.half = half;
    if (rc != RC_OK)
        return rc;
    publish(d);
    return RC_OK;
}

static void close(struct drv *d)
{
    struct print *x = d->self;
    x->printer.bus = NULL;
}

/* Proof of life and, for printers without automatic status, the status itself. */
static enum rc idle(struct drv *d, unsigned woke, struct err *e)
{
    struct print *x = d->self;
    struct printer *p = &x->printer;
    enum rc rc = RC_OK;
    (void)woke;
    printer_drain(p);
    if (mono_ms() - p->asked_at >= TICK_MS)
        rc = printer_ask(p, ASK_MS, e);
    if (rc == RC_OK && printer_waits(p) && mono_ms() - p->healed_at >= HEAL_MS)
        rc = printer_heal(p, e);
    if (rc == RC_OK)
        rc = printer_probe(p, d, e);
    if (rc == RC_OK && p->status.near_end)
        rc = printer_ask_roll(p, e);
    publish(d);
    return rc == RC_TIMEOUT || rc == RC_CANCELLED ? RC_OK : rc; /* busy with its cover open is no lost link */
}

static void do_render(struct drv *d, const struct task *t, struct result *r)
{
    struct printer_profile profile;
    struct job j = {0};
    struct err e = {0};
    printer_profile(d->row, &profile);
    enum rc rc = job_prepare(&profile, t, &j, &e);
    if (rc != RC_OK) {
        result_fail(t->arena, r, O_NOT_DONE, &e);
        return;
    }
    result_ok(r);
    buf_fmt(&r->data, "{\"mm\":%d,\"png\":\"", (int)(j.mm + 0.5));
    buf_str(&r->data, base64_encode(t->arena, j.png.p, j.png.len));
    buf_str(&r->data, "\"}");
}

static void do_print(struct drv *d, const struct task *t, struct result *r)
{
    struct print *x = d->self;
    struct job j = {.began = mono_ms()};
    struct err e = {0};
    enum rc rc = job_prepare(&x->printer.profile, t, &j, &e);
    if (rc == RC_OK)
        rc = job_run(d, &x->printer, &j, &e);
    job_judge(t, &j, rc, &e, r);
    publish(d);
}

/* What this printer can prove at best, as far as it has shown. */
static const char *best_proof(const struct printer *p)
{
    if (!p->answers)
        return "L0";
    return p->profile.presenter ? "L3" : p->profile.process_id ? "L2" : "L1";
}

static void do_status(struct drv *d, const struct task *t, struct result *r)
{
    struct print *x = d->self;
    struct err e = {0};
    const struct escpos_status *s = &x->printer.status;
    const struct bus_id *id = bus_id(d->bus);
    if (printer_ask(&x->printer, ASK_MS, &e) != RC_OK) {
        result_fail(t->arena, r, O_NOT_DONE, &e);
        return;
    }
    publish(d);
    result_ok(r);
    const struct printer *p = &x->printer;
    buf_str(&r->data, "{\"printer\":");
    json_quote(&r->data, p->model[0] ? p->model : id->product[0] ? id->product : d->row->name);
    buf_str(&r->data, ",\"row\":");
    json_quote(&r->data, d->row->name);
    buf_str(&r->data, ",\"maturity\":");
    json_quote(&r->data, d->row->maturity);
    buf_fmt(&r->data, ",\"online\":%s,\"paper\":\"%s\",\"cover\":\"%s\",\"cutter\":\"%s\"",
            s->offline ? "false" : "true",
            escpos_paper_out(s) ? "end"
            : s->near_end       ? "near_end"
                                : "ok",
            s->cover ? "open" : "closed", s->cutter ? "stuck" : "ok");
    buf_fmt(&r->data, ",\"answers\":%s,\"proof\":\"%s\",\"dots\":%d,\"dpi\":%d",
            p->answers ? "true" : "false", best_proof(p), p->profile.paper.dots, p->profile.paper.dpi);
    if (p->profile.presenter)
        buf_fmt(&r->data, ",\"mouth\":\"%s\"", s->ticket ? "ticket" : "empty");
    if (p->roll_cm >= 0)
        buf_fmt(&r->data, ",\"roll_left_mm\":%lld", (long long)p->roll_cm * 10);
    buf_chr(&r->data, '}');
}

static void do_retract(struct drv *d, const struct task *t, struct result *r)
{
    struct print *x = d->self;
    struct err e = {0};
    enum rc rc = RC_OK;
    if (!x->printer.profile.presenter)
        rc = err_set(&e, RC_UNSUPPORTED, "this printer has no presenter");
    else
        rc = presenter_retract(&x->printer, &e);
    publish(d);
    if (rc == RC_OK)
        result_ok(r);
    else
        result_fail(t->arena, r, O_NOT_DONE, &e);
}

static void run(struct drv *d, const struct task *t, struct result *r)
{
    if (strcmp(t->verb, "render") == 0)
        do_render(d, t, r);
    else if (strcmp(t->verb, "status") == 0)
        do_status(d, t, r);
    else if (strcmp(t->verb, "retract") == 0)
        do_retract(d, t, r);
    else
        do_print(d, t, r);
}

/* A receipt that was left in the mouth is not the next person's business. */
static void wipe_session(struct drv *d)
{
    struct print *x = d->self;
    struct printer *p = &x->printer;
    struct err e = {0};
    if (p->bus && p->profile.presenter && printer_ask(p, ASK_MS, &e) == RC_OK && p->status.ticket) {
        bool gone = presenter_retract(p, &e) == RC_OK;
        log_info("event=retracted why=session_end empty=%d", gone);
        publish(d);
    }
    bus_wipe(d->bus);
}

const struct driver_ops print_driver = {
    .name = "print",
    .size = sizeof(struct print),
    .verbs = verbs,
    .dry = dry,
    .rings = BUS_RING(PRINTER_RING),
    .tick_ms = TICK_MS,
    .deadline_ms = 60000,
    .open = open,
    .close = close,
    .idle = idle,
    .run = run,
    .wipe = wipe_session,
};
