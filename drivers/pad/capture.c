/* One signature: key, screen, pen, hash. Everything of it is gone when it ends, and the pad is blank. */
#include "drivers/pad/pad.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "drivers/pad/stroke.h"

#define BATCH_MS 40 /* events of points to the page */
#define AFTER_FINISH_MS 60

struct capture {
    struct drv *d;
    struct pad *x;
    const struct task *t;
    struct strokes strokes;
    struct buf batch;
    size_t told; /* points already sent to the page */
    int64_t told_at, deadline;
    struct face face;
    char shown[SIGNATURE_HEX];
    int tap; /* the button under a pen that came down on one, or -1 */
    bool pressed, alone;
};

/* ---- begin ---- */

static enum rc show(struct capture *c, struct err *e)
{
    struct pad_link *p = &c->x->link;
    const struct jval *args = c->t->args;
    const struct face_text text = {.title = jval_str(args, "title", ""),
                                   .name = jval_str(args, "name", ""),
                                   .hash = jval_str(args, "hash", ""),
                                   .lang = jval_str(args, "lang", "ro"),
                                   .buttons = jval_bool(args, "buttons", true)};
    const struct screen_size size = {p->cap.width, p->cap.height, p->colour != p->text};
    c->shown[0] = '\0';
    if (!p->stu)
        return RC_OK;
    TRY(face_draw(c->t->arena, &text, &size, &c->face, e));
    TRY(pad_show(p, c->t->arena, &c->face, c->shown, e));
    uint8_t area[9];
    if (pad_has(p, HID_FEATURE, STU_WRITING))
        TRY(pad_order(p, area, stu_writing(area, &c->face.writing), e));
    return RC_OK;
}

static enum rc start(struct capture *c, struct err *e)
{
    struct pad_link *p = &c->x->link;
    struct pad_cipher *k = &c->x->cipher;
    uint8_t report[5];
    uint32_t session = 0;
    c->tap = -1;
    c->pressed = false;
    bus_drop(c->d->bus, PAD_PEN_RING);
    if (p->stu) {
        TRY(rnd_bytes(&session, sizeof(session), e));
        k->session = session ? session : 1;
        if (pad_has(p, HID_FEATURE, STU_INKING))
            TRY(pad_order(p, (const uint8_t[]){STU_INKING, 1}, 2, e));
        TRY(pad_order(p, report, stu_start(report, k->session), e));
        pad_settle(p, PAD_SETTLE_MS);
    }
    BUF_SCOPE(data);
    buf_fmt(&data,
            "{\"width\":%d,\"height\":%d,\"max_pressure\":%d,\"screen\":%s,\"encryption\":", p->cap.max_x,
            p->cap.max_y, p->cap.max_pressure, p->stu ? "true" : "false");
    json_quote(&data, k->word);
    buf_chr(&data, '}');
    drv_event(c->d, "capturing", data.p);
    return RC_OK;
}

/* Time and sequence numbers where the pad has them; without, losses are judged by the rate. */
static enum rc option(struct pad_link *p, struct err *e)
{
    bool both = pad_has(p, HID_INPUT, STU_PEN_TIMED) || pad_has(p, HID_INPUT, STU_SECRET_TIMED);
    bool one = pad_has(p, HID_INPUT, STU_PEN_OPTION) || pad_has(p, HID_INPUT, STU_SECRET_OPTION);
    p->option = both ? 3 : one ? 2 : 0;
    if (!p->stu || !pad_has(p, HID_FEATURE, STU_OPTION))
        p->option = 0;
    if (!p->option)
        return RC_OK;
    return pad_order(p, (const uint8_t[]){STU_OPTION, (uint8_t)p->option}, 2, e);
}

static enum rc begin(struct capture *c, struct err *e)
{
    struct pad *x = c->x;
    TRY(pad_leave(&x->link, e));
    TRY(option(&x->link, e));
    if (x->link.stu)
        TRY(pad_cipher_agree(&x->link, &x->cipher, x->profile, e));
    TRY(show(c, e));
    return start(c, e);
}

static enum rc prepare(struct capture *c, struct err *e)
{
    enum rc rc = begin(c, e);
    if (rc != RC_STATE || !c->x->link.stu)
        return rc;
    if (mono_ms() > c->deadline)
        return rc;
    return begin(c, e); /* not where we thought it was: once more from the beginning */
}

static enum rc again(struct capture *c, struct err *e)
{
    strokes_clear(&c->strokes);
    c->told = 0;
    c->x->clear = false;
    TRY(pad_leave(&c->x->link, e));
    drv_event(c->d, "cleared", "{}");
    if (c->x->link.stu) /* the key ends with its capture */
        TRY(pad_cipher_agree(&c->x->link, &c->x->cipher, c->x->profile, e));
    TRY(show(c, e));
    return start(c, e);
}

/* ---- the pen ---- */

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

static int under(const struct capture *c, const struct stu_sample *s)
{
    const struct stu_capability *cap = &c->x->link.cap;
    if (!c->x->link.stu)
        return -1;
    return face_hit(&c->face, s->x * cap->width / (cap->max_x + 1), s->y * cap->height / (cap->max_y + 1));
}

static void button(struct capture *c, int which)
{
    struct pad *x = c->x;
    BUF_SCOPE(data);
    buf_fmt(&data, "{\"button\":\"%s\"}", face_button_words[which]);
    drv_event(c->d, "button", data.p);
    if (!c->alone) /* whoever started this decides; by hand nobody does */
        return;
    x->finish = x->finish || which == FACE_OK;
    x->clear = x->clear || which == FACE_CLEAR;
}

/* A pen that comes down on a button writes nothing until it is lifted; lifted on the same button it was a
 * tap. true: the sample belongs to a button. */
static bool on_button(struct capture *c, struct stu_sample *s)
{
    int at = under(c, s);
    if (s->down && !c->pressed && !c->strokes.down) {
        c->tap = at;
        c->pressed = true;
        return at >= 0;
    }
    if (s->down)
        return c->tap >= 0;
    c->pressed = false;
    if (c->tap < 0)
        return false;
    int tapped = c->tap;
    c->tap = -1;
    if (at == tapped)
        button(c, tapped);
    return true;
}

static void sample(struct capture *c, struct stu_sample *s, int64_t at)
{
    bool was_down = c->strokes.down;
    if (on_button(c, s))
        s->down = false; /* still counted: a gap is a gap */
    strokes_add(&c->strokes, s, at, &c->x->link.cap);
    if (was_down && !c->strokes.down)
        tell(c, true);
}

static enum rc take(struct capture *c, struct err *e)
{
    struct pad *x = c->x;
    uint8_t packet[64];
    size_t len = 0;
    int64_t at = 0;
    enum rc rc = RC_OK;
    while (rc == RC_OK && bus_take(c->d->bus, PAD_PEN_RING, packet, sizeof(packet), &len, &at)) {
        struct stu_sample s[2] = {0};
        size_t n = 0;
        if (x->link.stu)
            rc = pad_cipher_read(&x->link, &x->cipher, BYTES(packet, len), s, &n, e);
        else
            n = digitizer_sample(&x->link.hid, &x->digitizer, BYTES(packet, len), s);
        for (size_t i = 0; rc == RC_OK && i < n; i++)
            sample(c, &s[i], at);
        wipe(s, sizeof(s));
    }
    wipe(packet, sizeof(packet));
    if (mono_ms() - c->told_at >= BATCH_MS)
        tell(c, false);
    return rc;
}

static enum rc pen(struct capture *c, struct err *e)
{
    bool by_time = jval_bool(c->t->args, "by_time", false);
    while (!c->x->finish) {
        int64_t until = c->told < c->strokes.n ? c->told_at + BATCH_MS : c->deadline;
        if (until > c->deadline)
            until = c->deadline;
        enum rc rc = bus_await(c->d->bus, BUS_RING(PAD_PEN_RING), until, e);
        if (rc == RC_TIMEOUT && mono_ms() >= c->deadline && by_time)
            break; /* by hand, without a page to say "finished" */
        if (rc == RC_TIMEOUT && mono_ms() >= c->deadline)
            return err_code(e, RC_TIMEOUT, "PAD_TIMEOUT", 0, "nobody finished the signature");
        if (rc != RC_TIMEOUT)
            TRY(rc);
        TRY(take(c, e));
        if (c->x->clear)
            TRY(again(c, e));
    }
    pad_settle(&c->x->link, AFTER_FINISH_MS); /* what is still on its way */
    TRY(take(c, e));
    tell(c, true);
    return strokes_judge(&c->strokes, e);
}

/* ---- end ---- */

static enum rc bind(struct capture *c, const char *request, char out[SIGNATURE_HEX], struct err *e)
{
    const struct strokes *s = &c->strokes;
    const struct stu_capability *cap = &c->x->link.cap;
    BUF_SCOPE(bytes);
    signature_head(&bytes, cap->max_x, cap->max_y, cap->max_pressure, s->strokes);
    for (size_t i = 0; i < s->n; i++) {
        size_t end = i + 1;
        while (s->points[i].first && end < s->n && !s->points[end].first)
            end++;
        if (s->points[i].first)
            signature_stroke(&bytes, end - i);
        signature_sample(&bytes, s->points[i].x, s->points[i].y, s->points[i].pressure, s->points[i].t);
    }
    return signature_bind(out, c->shown, BYTES(bytes.p, bytes.len), request, e);
}

static enum rc report(struct capture *c, int64_t ms, struct buf *out, struct err *e)
{
    const struct stu_capability *cap = &c->x->link.cap;
    const char *request = jval_str(c->t->args, "request_sha256", "");
    char bound[SIGNATURE_HEX] = "";
    if (*request)
        TRY(bind(c, request, bound, e));
    buf_fmt(out, "{\"width\":%d,\"height\":%d,\"max_pressure\":%d,\"samples\":%zu,\"ms\":%lld", cap->max_x,
            cap->max_y, cap->max_pressure, c->strokes.n, (long long)ms);
    buf_fmt(out, ",\"sequenced\":%s,\"shown_sha256\":\"%s\",\"bind\":\"%s\",\"encryption\":",
            c->strokes.seen ? "true" : "false", c->shown, bound);
    json_quote(out, c->x->cipher.word);
    buf_str(out, ",\"model\":");
    json_quote(out, c->x->link.stu ? c->x->link.model : "HID digitiser");
    buf_str(out, ",\"strokes\":");
    strokes_json(&c->strokes, out);
    buf_chr(out, '}');
    return RC_OK;
}

static int64_t time_is_up(const struct task *t)
{
    int64_t at = mono_ms() + jval_int(t->args, "timeout_ms", PAD_CAPTURE_MS);
    return t->deadline && t->deadline - 500 < at ? t->deadline - 500 : at;
}

void pad_capture(struct drv *d, const struct task *t, struct result *r)
{
    struct pad *x = d->self;
    struct err e = {0};
    int64_t began = mono_ms();
    struct capture c = {.d = d, .x = x, .t = t, .tap = -1};
    c.deadline = time_is_up(t);
    c.alone = jval_bool(t->args, "by_time", false);
    c.strokes.points = ARENA_ARRAY(t->arena, struct stroke_point, STROKE_SAMPLES_MAX);
    x->finish = x->clear = false;
    enum rc rc = prepare(&c, &e);
    c.deadline = time_is_up(t); /* a person's time begins when the pad takes ink */
    if (rc == RC_OK)
        rc = pen(&c, &e);
    if (rc == RC_OK)
        rc = report(&c, mono_ms() - began, &r->data, &e);
    if (rc == RC_CANCELLED)
        e.code = "PAD_CANCEL";
    else if (rc == RC_PROTOCOL && !e.code)
        e.code = "PAD_STATE";
    if (rc != RC_LINK_LOST)
        pad_tidy(d, "the pad does not leave its capture");
    pad_cipher_forget(&x->cipher);
    if (rc == RC_OK)
        result_ok(r);
    else
        result_fail(t->arena, r, O_NOT_DONE, &e);
    buf_free(&c.batch);
}
