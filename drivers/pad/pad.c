/* The signature pad: shows what is signed, captures the pen, and leaves a dark pad behind whatever happens.
 */
#include "drivers/pad/screen.h"
#include "drivers/pad/stroke.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/crypto.h"

#define PEN_RING 0
#define TICK_MS 2000
#define SETTLE_MS 20 /* after start and end of capture */
#define BEFORE_END_MS 80
#define BATCH_MS 40 /* events of points to the page */
#define DEFAULT_MS 120000
#define AFTER_FINISH_MS 60

struct pad {
    struct pad_link link;
    uint8_t in;
    bool finish, clear; /* said to the running command */
    int64_t asked_at;
};

static const char *const verbs[] = {"capture", "status", NULL};
static const char *const aside_verbs[] = {"finish", "clear", NULL};

static void settle(struct drv *d, int ms)
{
    int64_t end = mono_ms() + ms;
    while (mono_ms() < end && !(bus_wait(d->bus, 0, end) & (BUS_GONE | BUS_LATE)))
        ;
}

/* A process that died in the middle left the pad capturing: end it, clear it. */
static enum rc leave_capture(struct drv *d, struct err *e)
{
    struct pad *x = d->self;
    struct stu_status s;
    TRY(pad_status(&x->link, &s, e));
    if (s.state == STU_IMAGING)
        TRY(pad_set1(&x->link, STU_IMAGE_END, 1, e));
    if (s.state == STU_CAPTURING) {
        settle(d, BEFORE_END_MS);
        TRY(pad_set1(&x->link, STU_END, 0, e));
        settle(d, SETTLE_MS);
    }
    TRY(pad_clear(&x->link, e));
    TRY(pad_status(&x->link, &s, e));
    return s.state == STU_READY
               ? RC_OK
               : err_code(e, RC_STATE, "PAD_STATE", s.state, "the pad stays in state %d", s.state);
}

static enum rc open(struct drv *d, struct err *e)
{
    struct pad *x = d->self;
    uint8_t report[17] = {0};
    uint16_t size = 0;
    size_t got = 0;
    *x = (struct pad){.link.bus = d->bus};
    x->in = bus_endpoint(d->bus, BUS_INTERRUPT, true, &size);
    if (!x->in)
        return err_set(e, RC_PROTOCOL, "the pad has no interrupt endpoint");
    TRY(bus_listen(d->bus, PEN_RING, x->in, size ? size : 64, 4, e));
    TRY(pad_get(&x->link, STU_CAPABILITY, report, sizeof(report), &got, e));
    TRY(stu_capability_read(report, got, &x->link.cap, e));
    TRY(pad_get(&x->link, STU_INFORMATION, report, sizeof(report), &got, e));
    stu_model_read(report, got, x->link.model);
    x->link.mono = jval_bool(d->row ? d->row->profile : NULL, "mono", false);
    raster_warm();
    return leave_capture(d, e);
}

static void close(struct drv *d)
{
    struct pad *x = d->self;
    x->link.bus = NULL;
}

static enum rc idle(struct drv *d, unsigned woke, struct err *e)
{
    struct pad *x = d->self;
    struct stu_status s;
    (void)woke;
    bus_drop(d->bus, PEN_RING); /* a pen over a dark pad */
    if (mono_ms() - x->asked_at < TICK_MS)
        return RC_OK;
    x->asked_at = mono_ms();
    return pad_status(&x->link, &s, e);
}

/* ---- capture ---- */

struct capture {
    struct drv *d;
    struct pad *x;
    const struct task *t;
    struct strokes strokes;
    struct buf batch;
    size_t told; /* points already sent to the page */
    int64_t told_at, deadline;
    const char *under;
};

static enum rc start(struct capture *c, struct err *e)
{
    struct pad_link *p = &c->x->link;
    uint8_t report[5];
    uint32_t session = 0;
    TRY(pad_show(p, c->t->arena, jval_str(c->t->args, "title", ""), c->under, e));
    TRY(rnd_bytes(&session, sizeof(session), e));
    bus_drop(c->d->bus, PEN_RING);
    TRY(pad_order(p, (const uint8_t[]){STU_INKING, 1}, 2, e));
    TRY(pad_order(p, report, stu_start(report, session | 1), e));
    settle(c->d, SETTLE_MS);
    drv_event(c->d, "capturing", "{}");
    return RC_OK;
}

static void tell(struct capture *c, bool up)
{
    const struct strokes *s = &c->strokes;
    if (c->told == s->n && !up)
        return;
    buf_reset(&c->batch);
    buf_str(&c->batch, "{\"points\":[");
    for (size_t i = c->told; i < s->n; i++) {
        const struct stroke_point *p = &s->points[i];
        buf_fmt(&c->batch, "%s[%u,%u,%u,%u]", i > c->told ? "," : "", p->x, p->y, p->pressure, p->t);
    }
    buf_fmt(&c->batch, "],\"up\":%s,\"samples\":%zu,\"width\":%d,\"height\":%d}", up ? "true" : "false", s->n,
            c->x->link.cap.max_x, c->x->link.cap.max_y);
    drv_event(c->d, "strokes", c->batch.p);
    c->told = s->n;
    c->told_at = mono_ms();
}

static enum rc take(struct capture *c, struct err *e)
{
    uint8_t packet[64];
    size_t len;
    int64_t at;
    while (bus_take(c->d->bus, PEN_RING, packet, sizeof(packet), &len, &at)) {
        struct stu_sample sample;
        if (len == 0 || (packet[0] != STU_PEN && packet[0] != STU_PEN_TIMED))
            continue;
        TRY(stu_sample_read(packet, len, &sample, e));
        bool was_down = c->strokes.down;
        strokes_add(&c->strokes, &sample, at, &c->x->link.cap);
        if (was_down && !c->strokes.down)
            tell(c, true);
    }
    wipe(packet, sizeof(packet));
    if (mono_ms() - c->told_at >= BATCH_MS)
        tell(c, false);
    return RC_OK;
}

static enum rc again(struct capture *c, struct err *e)
{
    strokes_clear(&c->strokes);
    c->told = 0;
    c->x->clear = false;
    TRY(leave_capture(c->d, e));
    drv_event(c->d, "cleared", "{}");
    return start(c, e);
}

static enum rc pen(struct capture *c, struct err *e)
{
    while (!c->x->finish) {
        int64_t until = c->told < c->strokes.n ? c->told_at + BATCH_MS : c->deadline;
        if (until > c->deadline)
            until = c->deadline;
        enum rc rc = bus_await(c->d->bus, BUS_RING(PEN_RING), until, e);
        if (rc == RC_TIMEOUT && mono_ms() >= c->deadline && jval_bool(c->t->args, "by_time", false))
            break; /* by hand, without a page to say "finished" */
        if (rc == RC_TIMEOUT && mono_ms() >= c->deadline)
            return err_code(e, RC_TIMEOUT, "PAD_TIMEOUT", 0, "nobody finished the signature");
        if (rc == RC_CANCELLED)
            return err_code(e, RC_CANCELLED, "PAD_CANCEL", 0, "cancelled");
        if (rc != RC_TIMEOUT)
            TRY(rc);
        TRY(take(c, e));
        if (c->x->clear)
            TRY(again(c, e));
    }
    settle(c->d, AFTER_FINISH_MS); /* what is still on its way */
    TRY(take(c, e));
    tell(c, true);
    return strokes_judge(&c->strokes, e);
}

/* Time and sequence numbers where the pad has them; without, losses cannot be seen and the result says so. */
static enum rc prepare(struct capture *c, struct err *e)
{
    TRY(leave_capture(c->d, e));
    enum rc rc = pad_set1(&c->x->link, STU_OPTION, 3, e);
    if (rc != RC_OK && rc != RC_UNSUPPORTED)
        return rc;
    rc = start(c, e);
    if (rc != RC_STATE)
        return rc;
    TRY(leave_capture(c->d, e)); /* not where we thought it was: once more from the beginning */
    return start(c, e);
}

static void report(struct capture *c, int64_t ms, struct buf *out)
{
    const struct stu_capability *cap = &c->x->link.cap;
    buf_fmt(out,
            "{\"width\":%d,\"height\":%d,\"max_pressure\":%d,\"samples\":%zu,\"ms\":%lld,\"sequenced\":%s,"
            "\"strokes\":",
            cap->max_x, cap->max_y, cap->max_pressure, c->strokes.n, (long long)ms,
            c->strokes.seen ? "true" : "false");
    strokes_json(&c->strokes, out);
    buf_chr(out, '}');
}

static void do_capture(struct drv *d, const struct task *t, struct result *r)
{
    struct pad *x = d->self;
    struct err e = {0}, after = {0};
    int64_t began = mono_ms();
    struct capture c = {.d = d, .x = x, .t = t};
    const char *name = jval_str(t->args, "name", ""), *hash = jval_str(t->args, "hash", "");
    c.deadline = began + jval_int(t->args, "timeout_ms", DEFAULT_MS);
    c.deadline = t->deadline && t->deadline - 500 < c.deadline ? t->deadline - 500 : c.deadline;
    c.under = arena_fmt(t->arena, "%s%s%s", name, *name && *hash ? "  ·  " : "", hash);
    c.strokes.points = ARENA_ARRAY(t->arena, struct stroke_point, STROKE_SAMPLES_MAX);
    x->finish = x->clear = false;
    enum rc rc = prepare(&c, &e);
    if (rc == RC_OK)
        rc = pen(&c, &e);
    if (rc == RC_CANCELLED)
        e.code = "PAD_CANCEL";
    bus_stop_clear(d->bus);
    if (rc != RC_LINK_LOST && leave_capture(d, &after) != RC_OK && after.rc != RC_LINK_LOST)
        drv_climb(d, "the pad does not leave its capture");
    if (rc == RC_OK) {
        result_ok(r);
        report(&c, mono_ms() - began, &r->data);
    } else {
        result_fail(t->arena, r, O_NOT_DONE, &e);
    }
    buf_free(&c.batch);
}

static void do_status(struct drv *d, const struct task *t, struct result *r)
{
    struct pad *x = d->self;
    struct stu_status s;
    struct err e = {0};
    const struct stu_capability *c = &x->link.cap;
    if (pad_status(&x->link, &s, &e) != RC_OK) {
        result_fail(t->arena, r, O_NOT_DONE, &e);
        return;
    }
    result_ok(r);
    buf_str(&r->data, "{\"pad\":");
    json_quote(&r->data, x->link.model);
    buf_str(&r->data, ",\"row\":");
    json_quote(&r->data, d->row->name);
    buf_fmt(
        &r->data,
        ",\"state\":%d,\"width\":%d,\"height\":%d,\"max_x\":%d,\"max_y\":%d,\"max_pressure\":%d,\"rate\":%d}",
        s.state, c->width, c->height, c->max_x, c->max_y, c->max_pressure, c->rate);
}

static void run(struct drv *d, const struct task *t, struct result *r)
{
    if (strcmp(t->verb, "capture") == 0)
        do_capture(d, t, r);
    else
        do_status(d, t, r);
}

static unsigned aside(struct drv *d, const struct task *t)
{
    struct pad *x = d->self;
    int64_t target = jval_int(t->args, "target", drv_command_id(d));
    if (target != drv_command_id(d))
        return 0;
    if (strcmp(t->verb, "finish") == 0)
        x->finish = true;
    else
        x->clear = true;
    return BUS_NOTE;
}

/* End of a session: the screen is dark and the pad says so itself. */
static void wipe_session(struct drv *d)
{
    struct err e = {0};
    if (bus_is_open(d->bus) && leave_capture(d, &e) != RC_OK && e.rc != RC_LINK_LOST)
        drv_climb(d, "the pad's screen could not be cleared");
    bus_wipe(d->bus);
}

const struct driver_ops pad_driver = {
    .name = "pad",
    .size = sizeof(struct pad),
    .verbs = verbs,
    .aside_verbs = aside_verbs,
    .rings = BUS_RING(PEN_RING),
    .tick_ms = TICK_MS,
    .deadline_ms = DEFAULT_MS,
    .open = open,
    .close = close,
    .idle = idle,
    .run = run,
    .aside = aside,
    .wipe = wipe_session,
};
