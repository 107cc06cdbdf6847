/* The signature pad: shows what is signed, captures the pen, and leaves a dark pad behind whatever happens.
 */
#include "drivers/pad/pad.h"

#include <string.h>

#include "common/base/clock.h"

#define TICK_MS 2000

static const char *const verbs[] = {"capture", "status", NULL};
static const char *const aside_verbs[] = {"finish", "clear", NULL};
static const uint8_t keeps[] = {STU_BACKLIGHT, STU_CONTRAST, STU_BOOT};

/* ---- open and close ---- */

static void keep(struct pad *x)
{
    struct err quiet = {0};
    memset(x->kept, 0, sizeof(x->kept));
    for (size_t i = 0; i < COUNT(keeps); i++) {
        uint8_t report[4] = {0};
        size_t got = 0;
        if (pad_has(&x->link, HID_FEATURE, keeps[i]) &&
            pad_get(&x->link, keeps[i], report, sizeof(report), &got, &quiet) == RC_OK && got >= 2 &&
            report[0] == keeps[i])
            memcpy(x->kept[i], report, sizeof(report));
    }
}

/* Written only where it differs: some pads keep these in flash. */
static void restore(struct pad *x)
{
    struct err quiet = {0};
    for (size_t i = 0; i < COUNT(keeps); i++) {
        uint8_t report[4] = {0};
        size_t got = 0, len = hid_length(&x->link.hid, HID_FEATURE, keeps[i]);
        if (!x->kept[i][0] || len > sizeof(report) ||
            pad_get(&x->link, keeps[i], report, sizeof(report), &got, &quiet) != RC_OK ||
            memcmp(report, x->kept[i], len) == 0)
            continue;
        if (pad_set(&x->link, x->kept[i], len, &quiet) != RC_OK)
            return;
    }
}

static void brightness(struct pad *x)
{
    struct err quiet = {0};
    int64_t want = jval_int(x->profile, "brightness", -1);
    const uint8_t report[3] = {STU_BACKLIGHT, (uint8_t)want, (uint8_t)(want >> 8)};
    if (want < 0 || want > 0xffff || !x->kept[0][0] || memcmp(report, x->kept[0], sizeof(report)) == 0)
        return;
    if (pad_set(&x->link, report, sizeof(report), &quiet) != RC_OK)
        x->kept[0][0] = 0; /* not ours to set, nor to restore */
}

static enum rc open_stu(struct drv *d, struct err *e)
{
    struct pad *x = d->self;
    struct pad_link *p = &x->link;
    struct stu_status s;
    uint8_t report[17] = {0};
    size_t got = 0;
    TRY(pad_wait(p, &s, e)); /* a pad that boots is there before it listens */
    TRY(pad_get(p, STU_CAPABILITY, report, sizeof(report), &got, e));
    TRY(stu_capability_read(report, got, &p->cap, e));
    if (!p->cap.rate)
        p->cap.rate = (int)jval_int(x->profile, "rate", 0);
    if (pad_has(p, HID_FEATURE, STU_INFORMATION)) {
        TRY(pad_get(p, STU_INFORMATION, report, sizeof(report), &got, e));
        stu_model_read(report, got, p->model);
    }
    struct err quiet = {0};
    if (pad_has(p, HID_FEATURE, STU_SERIAL) && pad_get(p, STU_SERIAL, report, 14, &got, &quiet) == RC_OK)
        stu_text_read(report, got, p->serial, sizeof(p->serial));
    pad_encodings(p, x->profile);
    keep(x);
    brightness(x);
    return pad_leave(p, e);
}

static enum rc open(struct drv *d, struct err *e)
{
    struct pad *x = d->self;
    uint16_t size = 0;
    *x = (struct pad){.link = {.d = d, .bus = d->bus}, .profile = d->row ? d->row->profile : NULL};
    pad_cipher_forget(&x->cipher);
    const char *why = jval_str(x->profile, "refused", "");
    if (*why)
        return err_set(e, RC_UNSUPPORTED, "%s", why);
    uint8_t in = bus_endpoint(d->bus, BUS_INTERRUPT, true, &size);
    if (!in)
        return err_set(e, RC_PROTOCOL, "the pad has no interrupt endpoint");
    TRY(pad_describe(&x->link, e));
    x->link.stu = pad_has(&x->link, HID_FEATURE, STU_CAPABILITY) && pad_has(&x->link, HID_FEATURE, STU_START);
    if (!x->link.stu)
        TRY(digitizer_find(&x->link.hid, &x->digitizer, &x->link.cap, e));
    TRY(bus_listen(d->bus, PAD_PEN_RING, in, size ? size : 64, 4, e));
    return x->link.stu ? open_stu(d, e) : RC_OK;
}

static void close(struct drv *d)
{
    struct pad *x = d->self;
    if (x->link.stu && x->link.bus && bus_is_open(d->bus)) {
        bus_stop_clear(d->bus);
        restore(x);
    }
    pad_cipher_free(&x->cipher);
    x->link.bus = NULL;
}

static enum rc idle(struct drv *d, unsigned woke, struct err *e)
{
    struct pad *x = d->self;
    struct stu_status s;
    struct err quiet = {0};
    (void)woke;
    bus_drop(d->bus, PAD_PEN_RING); /* a pen over a dark pad */
    if (mono_ms() - x->asked_at < TICK_MS || !x->link.stu)
        return RC_OK;
    x->asked_at = mono_ms();
    enum rc rc = pad_status(&x->link, &s, e);
    if (rc == RC_CANCELLED) /* the end of input came meanwhile */
        return RC_OK;
    if (rc == RC_OK && pad_cipher_prepare(&x->link, &x->cipher, x->profile, &quiet) != RC_OK)
        return err_set(e, RC_PROTOCOL, "%s", quiet.text);
    return rc;
}

void pad_tidy(struct drv *d, const char *why)
{
    struct pad *x = d->self;
    struct err e = {0};
    if (!bus_is_open(d->bus))
        return;
    bus_stop_clear(d->bus);
    enum rc rc = pad_leave(&x->link, &e);
    if (rc == RC_CANCELLED ||
        rc == RC_PROTOCOL) { /* told to stop again in the middle of it; or one bad answer */
        bus_stop_clear(d->bus);
        rc = pad_leave(&x->link, &e);
    }
    if (rc != RC_OK && rc != RC_LINK_LOST && rc != RC_CANCELLED)
        drv_climb(d, why);
}

/* ---- verbs ---- */

static void do_status(struct drv *d, const struct task *t, struct result *r)
{
    struct pad *x = d->self;
    struct stu_status s = {0};
    struct err e = {0};
    const struct stu_capability *c = &x->link.cap;
    if (x->link.stu && pad_status(&x->link, &s, &e) != RC_OK) {
        result_fail(t->arena, r, O_NOT_DONE, &e);
        return;
    }
    result_ok(r);
    buf_str(&r->data, "{\"pad\":");
    json_quote(&r->data, x->link.stu ? x->link.model : "HID digitiser");
    buf_str(&r->data, ",\"row\":");
    json_quote(&r->data, d->row->name);
    buf_str(&r->data, ",\"serial\":");
    json_quote(&r->data, x->link.serial);
    buf_fmt(&r->data, ",\"state\":%d,\"screen\":%s,\"width\":%d,\"height\":%d,\"max_x\":%d,\"max_y\":%d",
            s.state, x->link.stu ? "true" : "false", c->width, c->height, c->max_x, c->max_y);
    buf_fmt(&r->data, ",\"max_pressure\":%d,\"rate\":%d,\"reports\":%zu,\"encodings\":%d}", c->max_pressure,
            c->rate, x->link.hid.n, c->encodings);
}

static void run(struct drv *d, const struct task *t, struct result *r)
{
    if (strcmp(t->verb, "capture") == 0)
        pad_capture(d, t, r);
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
    struct pad *x = d->self;
    pad_tidy(d, "the pad's screen could not be cleared");
    pad_cipher_forget(&x->cipher);
    bus_wipe(d->bus);
}

const struct driver_ops pad_driver = {
    .name = "pad",
    .size = sizeof(struct pad),
    .verbs = verbs,
    .aside_verbs = aside_verbs,
    .rings = BUS_RING(PAD_PEN_RING),
    .tick_ms = TICK_MS,
    .deadline_ms = PAD_CAPTURE_MS,
    .open = open,
    .close = close,
    .idle = idle,
    .run = run,
    .aside = aside,
    .keep = pad_keep,
    .wipe = wipe_session,
};
