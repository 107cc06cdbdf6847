/* The receipt printer. A job: look, refuse or print in one stream, cut, and wait until the printer says
 * itself that all of it is on paper. What is not proved is not called printed. */
#include "drivers/print/printer.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"

#define ASK_MS 800
#define TICK_MS 2000

struct print {
    struct printer printer;
};

static const char *const verbs[] = {"print", "test", "status", "render", NULL};
static const char *const dry[] = {"render", NULL};

struct job {
    struct layout layout;
    char id[ESCPOS_ID_LEN + 1];
    struct bitmap *picture;
    double mm;
    size_t bytes, sent;
    int64_t began, first_byte_ms;
};

/* ---- what the printer says of itself ---- */

static enum condition condition_of(const struct escpos_status *s)
{
    if (s->cutter || escpos_failed(s))
        return K_TECHNICIAN;
    if (s->cover || escpos_paper_out(s))
        return K_STAFF;
    return s->near_end ? K_WARN : K_OK;
}

static void publish(struct drv *d)
{
    struct print *x = d->self;
    const struct escpos_status *s = &x->printer.status;
    const char *media[4];
    size_t n = 0;
    if (escpos_paper_out(s))
        media[n++] = "paper_end";
    else if (s->near_end)
        media[n++] = "paper_near_end";
    if (s->cover)
        media[n++] = "cover_open";
    if (s->cutter)
        media[n++] = "cutter";
    drv_media(d, media, n);
    drv_condition(d, condition_of(s), n ? media[0] : "");
}

static enum rc open(struct drv *d, struct err *e)
{
    struct print *x = d->self;
    TRY(printer_open(&x->printer, d, e));
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
    (void)woke;
    printer_drain(&x->printer);
    if (mono_ms() - x->printer.asked_at >= TICK_MS) {
        enum rc rc = printer_ask(&x->printer, ASK_MS, e);
        if (rc != RC_OK && rc != RC_TIMEOUT) /* busy with its cover open is no lost link */
            return rc;
    }
    publish(d);
    return RC_OK;
}

/* ---- the receipt of the command ---- */

static enum rc read_lines(const struct task *t, struct layout *out, struct err *e)
{
    const struct jval *list = jval_get(t->args, "lines");
    if (!list || list->kind != JV_ARR || list->n == 0 || list->n > LAYOUT_LINES_MAX)
        return err_at(e, RC_BAD_REQUEST, "args.lines", "print needs 1 to %d lines", LAYOUT_LINES_MAX);
    struct receipt_line *lines = ARENA_ARRAY(t->arena, struct receipt_line, list->n);
    for (size_t i = 0; i < list->n; i++)
        TRY(json_decode_val(t->arena, &receipt_line_desc, &list->items[i], &lines[i], e));
    *out =
        (struct layout){lines, list->n, jval_str(t->args, "lang", "ro"), jval_bool(t->args, "copy", false)};
    return RC_OK;
}

static const struct receipt_line test_lines[] = {
    {"title", "Pridvor"},
    {"rule", ""},
    {"big", "PROBĂ DE TIPĂRIRE"},
    {"number", "123/31.12"},
    {"text", "Română: Șteful și țața, în pâine, către"},
    {"text", "Magyar: árvíztűrő tükörfúrógép, Kőszeg"},
    {"text", "English: the quick brown fox"},
    {"rule", ""},
    {"qr", "https://exemplu.ro/s/0123456789"},
    {"small", "Literele ș ț ă â î ő ű se văd întregi, codul se citește."},
};

static enum rc prepare(const struct printer_profile *profile, const struct task *t, struct job *j,
                       struct err *e)
{
    static const char default_id[] = "TEST";
    if (strcmp(t->verb, "test") == 0)
        j->layout = (struct layout){test_lines, COUNT(test_lines), "ro", false};
    else
        TRY(read_lines(t, &j->layout, e));
    const char *id = jval_str(t->args, "process_id", default_id);
    if (!escpos_id_ok(id))
        return err_at(e, RC_BAD_REQUEST, "args.process_id", "process_id: four printable characters");
    memcpy(j->id, id, ESCPOS_ID_LEN);
    TRY(layout_make(t->arena, &j->layout, &profile->paper, &j->picture, e));
    j->mm = layout_mm(j->picture, &profile->paper) + (double)profile->blade_mm;
    int64_t left = jval_int(t->args, "roll_left_mm", -1);
    if (left >= 0 && j->mm > (double)left)
        return err_code(e, RC_UNAVAILABLE, "PAPER_SHORT", left, "the roll has %lld mm left", (long long)left);
    return RC_OK;
}

static void do_render(struct drv *d, const struct task *t, struct result *r)
{
    struct printer_profile profile;
    struct job j = {0};
    struct err e = {0};
    BUF_SCOPE(png);
    printer_profile(d->row, &profile);
    enum rc rc = prepare(&profile, t, &j, &e);
    if (rc == RC_OK)
        rc = raster_png(j.picture, &png, &e);
    if (rc != RC_OK) {
        result_fail(t->arena, r, O_NOT_DONE, &e);
        return;
    }
    result_ok(r);
    buf_fmt(&r->data, "{\"mm\":%d,\"png\":\"", (int)j.mm);
    buf_str(&r->data, base64_encode(t->arena, png.p, png.len));
    buf_str(&r->data, "\"}");
}

/* ---- the job ---- */

static bool id_came(const struct printer *p, const char *id)
{
    return memcmp(p->id, id, ESCPOS_ID_LEN) == 0;
}

static bool answered(const struct printer *p, const char *id)
{
    (void)id;
    return p->status.seen & 2u;
}

static void job_bytes(const struct printer_profile *p, const struct job *j, struct buf *b)
{
    escpos_init(b);
    if (p->asb)
        escpos_asb(b, ESCPOS_ASB_ALL);
    escpos_image(b, j->picture->bits, j->picture->w, j->picture->h);
    int feed = (int)(p->blade_mm * p->paper.dpi * 10 / 254);
    if (p->cutter)
        escpos_feed_cut(b, feed);
    else
        escpos_feed_only(b, feed);
    if (p->process_id)
        escpos_process_id(b, j->id);
}

static int wait_ms(const struct printer_profile *p, const struct job *j)
{
    return (int)(2000.0 * j->mm / (double)p->mm_s) + 5000;
}

static void finish(struct result *r, const struct job *j, const char *proof, bool cut)
{
    buf_fmt(&r->data, "{\"proof\":\"%s\",\"mm\":%d,\"cut\":%s,\"bytes\":%zu,\"first_byte_ms\":%lld}", proof,
            (int)j->mm, cut ? "true" : "false", j->sent, (long long)j->first_byte_ms);
}

/* The picture is on paper, the blade is stuck: clear the fault once, cut and ask again (a DLE ENQ 2 loses the
 * pending id). */
static enum rc cut_again(struct printer *p, const struct job *j, struct err *e)
{
    BUF_SCOPE(b);
    size_t sent = 0;
    escpos_recover(&b, 2);
    TRY(printer_write(p, b.p, b.len, &sent, e));
    struct err quiet = {0};
    p->status.cutter = p->status.error = p->status.recoverable = false;
    TRY(printer_ask(p, ASK_MS, &quiet));
    TRY(printer_ready(p, e));
    buf_reset(&b);
    escpos_feed_cut(&b, 0);
    escpos_process_id(&b, j->id);
    TRY(printer_write(p, b.p, b.len, &sent, e));
    return printer_until(p, id_came, j->id, 5000, e);
}

/* Printers without process id: alive after the last byte is all they can say. */
static void without_id(struct printer *p, const struct job *j, struct result *r, struct err *e)
{
    BUF_SCOPE(b);
    size_t sent = 0;
    p->status.seen = 0;
    escpos_forget(&p->demux);
    escpos_ask(&b, 1);
    escpos_asked(&p->demux, 1);
    enum rc rc = printer_write(p, b.p, b.len, &sent, e);
    if (rc == RC_OK)
        rc = printer_until(p, answered, NULL, wait_ms(&p->profile, j), e);
    result_ok(r);
    finish(r, j, rc == RC_OK ? "L1" : "L0", true);
}

/* What is known when the job did not end well. Nothing sent: not done. A reason that stops paper: partial. A
 * stuck blade: all is on paper, uncut. Anything else after the first byte: unknown. */
static void judge_failure(const struct task *t, const struct job *j, struct result *r, struct err *e)
{
    bool named = e->code && (e->rc == RC_USER || e->rc == RC_DEVICE);
    bool cutter = e->code && strcmp(e->code, "CUTTER") == 0;
    enum outcome o = O_UNKNOWN;
    if (j->sent == 0)
        o = O_NOT_DONE;
    else if (cutter)
        o = O_DONE;
    else if (named)
        o = O_PARTIAL;
    if (o == O_UNKNOWN && e->rc == RC_TIMEOUT)
        e->code = "PROCESS_ID_MISSING";
    result_fail(t->arena, r, o, e);
    if (named && o == O_NOT_DONE && e->rc == RC_USER)
        r->completion = C_NOT_READY;
    else if (named)
        r->completion = C_DEVICE_ERROR;
    finish(r, j, "L0", false);
}

static void progress(struct drv *d, double mm)
{
    char data[40];
    snprintf(data, sizeof(data), "{\"mm\":%d}", (int)mm);
    drv_event(d, "progress", data);
}

static enum rc put_on_paper(struct drv *d, struct job *j, struct err *e)
{
    struct print *x = d->self;
    struct printer *p = &x->printer;
    BUF_SCOPE(b);
    if (mono_ms() - p->asked_at > 500 || !p->answers)
        TRY(printer_ask(p, ASK_MS, e));
    TRY(printer_ready(p, e));
    if (bus_stopped(d->bus))
        return err_set(e, RC_CANCELLED, "cancelled before the first byte");
    memset(p->id, 0, sizeof(p->id));
    job_bytes(&p->profile, j, &b);
    size_t head = b.len < 64 ? b.len : 64;
    TRY(printer_write(p, b.p, head, &j->sent, e));
    j->first_byte_ms = mono_ms() - j->began;
    for (size_t at = head; at < b.len;) {
        size_t n = b.len - at < 16384 ? b.len - at : 16384;
        TRY(printer_write(p, b.p + at, n, &j->sent, e));
        at += n;
        progress(d, j->mm * (double)at / (double)b.len);
    }
    return RC_OK;
}

static void do_print(struct drv *d, const struct task *t, struct result *r)
{
    struct print *x = d->self;
    struct printer *p = &x->printer;
    struct job j = {.began = mono_ms()};
    struct err e = {0};
    enum rc rc = prepare(&p->profile, t, &j, &e);
    if (rc == RC_OK)
        rc = put_on_paper(d, &j, &e);
    if (rc == RC_OK && !p->profile.process_id) {
        without_id(p, &j, r, &e);
        publish(d);
        return;
    }
    if (rc == RC_OK)
        rc = printer_until(p, id_came, j.id, wait_ms(&p->profile, &j), &e);
    if (rc == RC_DEVICE && j.sent && e.code && strcmp(e.code, "CUTTER") == 0) {
        struct err again = {0};
        if (cut_again(p, &j, &again) == RC_OK)
            rc = RC_OK;
    }
    if (rc != RC_OK && rc != RC_LINK_LOST && p->status.cutter && id_came(p, j.id))
        rc = RC_OK;
    if (rc == RC_OK) {
        result_ok(r);
        finish(r, &j, "L2", true);
    } else {
        judge_failure(t, &j, r, &e);
    }
    publish(d);
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
    buf_str(&r->data, "{\"printer\":");
    json_quote(&r->data, id->product[0] ? id->product : d->row->name);
    buf_str(&r->data, ",\"row\":");
    json_quote(&r->data, d->row->name);
    buf_fmt(&r->data, ",\"online\":%s,\"paper\":\"%s\",\"cover\":\"%s\",\"cutter\":\"%s\"",
            s->offline ? "false" : "true",
            escpos_paper_out(s) ? "end"
            : s->near_end       ? "near_end"
                                : "ok",
            s->cover ? "open" : "closed", s->cutter ? "stuck" : "ok");
    buf_fmt(&r->data, ",\"answers\":%s,\"proof\":\"%s\",\"dots\":%d,\"dpi\":%d}",
            x->printer.answers ? "true" : "false",
            x->printer.profile.process_id ? "L2"
            : x->printer.answers          ? "L1"
                                          : "L0",
            x->printer.profile.paper.dots, x->printer.profile.paper.dpi);
}

static void run(struct drv *d, const struct task *t, struct result *r)
{
    if (strcmp(t->verb, "render") == 0)
        do_render(d, t, r);
    else if (strcmp(t->verb, "status") == 0)
        do_status(d, t, r);
    else
        do_print(d, t, r);
}

static void wipe_session(struct drv *d)
{
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
