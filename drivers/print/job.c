#include "drivers/print/job.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "drivers/apart.h"
#include "drivers/print/presenter.h"

#define ASK_MS 800
#define FRESH_MS 500 /* a status this young need not be asked again */
#define HEAD 64      /* the first piece: its end is the time of the first byte */
#define STRETCH 16384
#define DRAW_MS 4000 /* it takes about 20 */

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

/* The picture as it comes out of the process that draws. */
struct drawing {
    const struct layout *layout;
    const struct paper *paper;
    bool png;
};

static enum rc draw(const void *arg, struct buf *out, struct err *e)
{
    const struct drawing *w = arg;
    struct bitmap *b = NULL;
    ARENA_SCOPE(a);
    TRY(layout_make(a, w->layout, w->paper, &b, e));
    bitmap_put(b, out);
    return w->png ? raster_png(b, out, e) : RC_OK;
}

/* Names and fonts stay in a process that ends; here is only the picture (and behind it its PNG, if asked). */
static enum rc picture(const struct drawing *w, struct arena *a, struct job *j, struct err *e)
{
    BUF_SCOPE(out);
    TRY(apart_run(draw, w, DRAW_MS, &out, e));
    struct bytes left = BYTES(out.p, out.len);
    TRY(bitmap_take(a, &left, &j->picture, e));
    j->png = BYTES(arena_dup(a, left.p, left.len), left.len);
    return RC_OK;
}

enum rc job_prepare(const struct printer_profile *profile, const struct task *t, struct job *j, struct err *e)
{
    if (strcmp(t->verb, "test") == 0)
        j->layout = (struct layout){test_lines, COUNT(test_lines), "ro", false};
    else
        TRY(read_lines(t, &j->layout, e));
    const char *id = jval_str(t->args, "process_id", "TEST");
    if (!escpos_id_ok(id))
        return err_at(e, RC_BAD_REQUEST, "args.process_id", "process_id: four printable characters");
    memcpy(j->id, id, ESCPOS_ID_LEN);
    const struct drawing drawing = {&j->layout, &profile->paper, strcmp(t->verb, "render") == 0};
    TRY(picture(&drawing, t->arena, j, e));
    j->mm = layout_mm(j->picture, &profile->paper) + (double)profile->blade_mm;
    j->deadline = t->deadline;
    int64_t left = jval_int(t->args, "roll_left_mm", -1);
    if (left >= 0 && j->mm > (double)left)
        return err_code(e, RC_UNAVAILABLE, "PAPER_SHORT", left, "the roll has %lld mm left", (long long)left);
    return RC_OK;
}

/* ---- before the first byte ---- */

/* Cover and paper a person must see to; what the printer can forget by itself is cleared once. */
static enum rc look(struct drv *d, struct printer *p, const struct job *j, struct err *e)
{
    printer_drain(p);
    if (mono_ms() - p->asked_at > FRESH_MS || !p->answers || p->dirty)
        TRY(printer_ask(p, ASK_MS, e));
    enum rc rc = printer_ready(p, e);
    if (rc == RC_USER)
        return rc;
    if (p->profile.presenter && p->status.ticket) /* somebody else's */
        TRY(presenter_retract(p, e));
    if (p->dirty || rc != RC_OK || printer_waits(p))
        TRY(printer_heal(p, e));
    TRY(printer_ready(p, e));
    if (printer_waits(p))
        return err_code(e, RC_DEVICE, "PRINTER_ERROR", 0, "the printer stays offline and does not say why");
    if (p->status.near_end && p->roll_cm >= 0 && j->mm > (double)p->roll_cm * 10)
        return err_code(e, RC_UNAVAILABLE, "PAPER_SHORT", p->roll_cm * 10, "the printer counts %lld cm left",
                        (long long)p->roll_cm);
    p->dirty = false;
    if (bus_stopped(d->bus))
        return err_set(e, RC_CANCELLED, "cancelled before the first byte");
    return RC_OK;
}

static void cut_bytes(const struct printer_profile *p, struct buf *b)
{
    int blade = (int)(p->blade_mm * p->paper.dpi * 10 / 254);
    if (p->cut == CUT_NONE || p->feed_before_cut)
        escpos_feed_only(b, blade);
    if (p->cut != CUT_NONE)
        escpos_feed_cut(b, p->cut == CUT_FULL, 0);
}

/* Behind the last cut, in this order: the ticket is offered, the printer says that it is done. */
static void after_cut(const struct printer_profile *p, const struct job *j, struct buf *b)
{
    if (p->presenter)
        escpos_present(b, p->present_steps);
    if (p->process_id)
        escpos_process_id(b, j->id);
}

static void job_bytes(const struct printer *p, const struct job *j, struct buf *b)
{
    escpos_init(b);
    if (p->profile.asb)
        escpos_asb(b, ESCPOS_ASB_ALL);
    if (p->half)
        cut_bytes(&p->profile, b);
    const struct escpos_picture picture = {j->picture->bits, j->picture->w, j->picture->h, p->profile.raster};
    escpos_image(b, &picture);
    cut_bytes(&p->profile, b);
    after_cut(&p->profile, j, b);
}

/* ---- from the first byte on ---- */

static void progress(struct drv *d, double mm)
{
    char data[40];
    snprintf(data, sizeof(data), "{\"mm\":%d}", (int)mm);
    drv_event(d, "progress", data);
}

static enum rc stream(struct drv *d, struct printer *p, struct job *j, struct err *e)
{
    BUF_SCOPE(b);
    job_bytes(p, j, &b);
    memset(p->id, 0, sizeof(p->id));
    size_t n = b.len < HEAD ? b.len : HEAD;
    for (size_t at = 0; at < b.len; at += n) {
        n = at ? (b.len - at < STRETCH ? b.len - at : STRETCH) : n;
        TRY(printer_write(p, b.p + at, n, &j->sent, e));
        if (at == 0)
            j->first_byte_ms = mono_ms() - j->began;
        else
            progress(d, j->mm * (double)(at + n) / (double)b.len);
    }
    return RC_OK;
}

static int64_t paper_ms(const struct printer *p, const struct job *j)
{
    return (int64_t)(1000.0 * j->mm / (double)(p->profile.mm_s > 0 ? p->profile.mm_s : 100));
}

/* Twice the physical time and 5 s, but at least a second even when the caller is in a hurry: the paper is on
 * its way whatever we do. */
static int64_t wait_ms(const struct printer *p, const struct job *j)
{
    int64_t ms = 2 * paper_ms(p, j) + 5000, left = j->deadline - mono_ms();
    if (j->deadline && left < ms)
        ms = left;
    return ms > 1000 ? ms : 1000;
}

static bool alive(struct printer *p)
{
    struct err quiet = {0};
    return printer_ask(p, ASK_MS, &quiet) == RC_OK && printer_answered(p);
}

/* The ticket lies in the mouth: it is printed whatever happens now. Not taken in time, or the session ended:
 * it goes back, because it carries a name. */
static void offer(struct drv *d, struct printer *p, struct job *j)
{
    struct err e = {0};
    char data[40];
    j->proof = PROOF_L2;
    snprintf(data, sizeof(data), "{\"mm\":%d}", (int)(j->mm + 0.5));
    drv_event(d, "presented", data);
    enum rc rc = presenter_until(p, false, p->profile.take_s * 1000, false, &e);
    if (rc == RC_OK) {
        j->proof = PROOF_L3;
        j->taken = TAKEN_YES;
    } else if (rc == RC_TIMEOUT || rc == RC_CANCELLED) {
        j->taken = TAKEN_NO;
        j->retracted = presenter_retract(p, &e) == RC_OK;
    }
}

/* What the printer can say when it has no process id. */
static enum rc look_after(struct printer *p, struct job *j, struct err *e)
{
    TRY(printer_ask(p, ASK_MS, e));
    TRY(printer_ready(p, e));
    j->proof = printer_answered(p) ? PROOF_L1 : PROOF_L0;
    return RC_OK;
}

/* A mute printer stays at L0, which is no error: it never promised more. */
static enum rc prove(struct drv *d, struct printer *p, struct job *j, struct err *e)
{
    enum rc rc = RC_OK;
    if (p->profile.presenter) {
        rc = presenter_until(p, true, wait_ms(p, j), true, e);
        bus_stop_clear(p->bus);
        if (rc == RC_CANCELLED)
            rc = presenter_until(p, true, wait_ms(p, j), true, e);
        if (rc == RC_OK)
            offer(d, p, j);
        return rc == RC_TIMEOUT ? look_after(p, j, e) : rc; /* taken before anybody looked, perhaps */
    }
    if (p->profile.process_id) {
        TRY(printer_until(p, j->id, wait_ms(p, j), e));
        j->proof = PROOF_L2;
        return RC_OK;
    }
    rc = printer_until(p, NULL, paper_ms(p, j), e);
    return rc == RC_TIMEOUT ? look_after(p, j, e) : rc;
}

/* The picture is on paper, the blade is stuck: home it once, cut and prove again. The way to the blade was
 * fed before the cut failed. */
static enum rc cut_again(struct drv *d, struct printer *p, struct job *j, struct err *e)
{
    BUF_SCOPE(b);
    size_t sent = 0;
    TRY(printer_heal(p, e));
    TRY(printer_ready(p, e));
    if (p->profile.asb)
        escpos_asb(&b, ESCPOS_ASB_ALL);
    escpos_cut_here(&b, p->profile.cut == CUT_FULL);
    after_cut(&p->profile, j, &b);
    TRY(printer_write(p, b.p, b.len, &sent, e));
    return prove(d, p, j, e);
}

static bool is_code(const struct err *e, const char *code)
{
    return e->code && strcmp(e->code, code) == 0;
}

enum rc job_run(struct drv *d, struct printer *p, struct job *j, struct err *e)
{
    TRY(look(d, p, j, e));
    /* A copy by a driver that does not remember the first paper: some of that may hang out. */
    p->half = p->half || (p->fresh && j->layout.copy);
    j->cut = p->profile.cut != CUT_NONE;
    enum rc rc = stream(d, p, j, e);
    if (rc == RC_OK)
        rc = prove(d, p, j, e);
    if (rc == RC_DEVICE && is_code(e, "CUTTER")) {
        struct err again = {0};
        if (cut_again(d, p, j, &again) == RC_OK)
            rc = RC_OK;
        else
            j->cut = false;
    }
    if (rc == RC_TIMEOUT)
        j->proof = alive(p) ? PROOF_L1 : PROOF_L0;
    /* One that could have proved more may have swallowed the end of the job. */
    bool whole = rc == RC_OK && (j->proof >= PROOF_L2 || !p->profile.presenter);
    p->fresh = false;
    p->dirty = p->dirty || !whole;
    p->half = !whole && j->sent > 0 && !is_code(e, "CUTTER");
    return rc;
}

/* ---- what became of it ---- */

/* Named reasons. before: nothing was sent. */
static const struct {
    const char *code;
    enum completion before, during;
    enum outcome outcome; /* during */
} ends[] = {
    {"PAPER_END", C_NOT_READY, C_DEVICE_ERROR, O_PARTIAL},
    {"COVER_OPEN", C_USER_NEEDED, C_USER_NEEDED, O_PARTIAL},
    {"CUTTER", C_DEVICE_ERROR, C_DEVICE_ERROR, O_DONE},
    {"PRINTER_ERROR", C_DEVICE_ERROR, C_DEVICE_ERROR, O_PARTIAL},
    {"TICKET_IN_THROAT", C_USER_NEEDED, C_USER_NEEDED, O_UNKNOWN},
};

static void data_of(const struct job *j, bool printed, struct buf *out)
{
    static const char *const words[] = {"L0", "L1", "L2", "L3"};
    buf_fmt(out, "{\"proof\":\"%s\",\"mm\":%d,\"cut\":%s,\"bytes\":%zu,\"first_byte_ms\":%lld",
            words[j->proof], j->sent ? (int)(j->mm + 0.5) : 0, printed && j->cut ? "true" : "false", j->sent,
            (long long)j->first_byte_ms);
    if (j->taken != TAKEN_NOBODY_KNOWS)
        buf_fmt(out, ",\"taken\":%s,\"retracted\":%s", j->taken == TAKEN_YES ? "true" : "false",
                j->retracted ? "true" : "false");
    buf_chr(out, '}');
}

void job_judge(const struct task *t, const struct job *j, enum rc rc, struct err *e, struct result *r)
{
    if (rc == RC_OK) {
        result_ok(r);
        if (j->taken == TAKEN_NO)
            r->code = "TICKET_NOT_TAKEN";
        data_of(j, true, &r->data);
        return;
    }
    if (j->sent && rc == RC_TIMEOUT && !e->code)
        e->code = "PROCESS_ID_MISSING";
    result_fail(t->arena, r, j->sent ? O_UNKNOWN : O_NOT_DONE, e);
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (!is_code(e, ends[i].code))
            continue;
        r->completion = j->sent ? ends[i].during : ends[i].before;
        r->outcome = j->sent ? ends[i].outcome : O_NOT_DONE;
    }
    data_of(j, false, &r->data);
}
