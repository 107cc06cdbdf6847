/* The sign step: the text is fixed first, its hash goes to the pad, the strokes come back. */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/model/signature.h"
#include "firmware/flow_int.h"

static bool wanted(const struct flow *f)
{
    return f->s->service && service_signs(f->s->service);
}

void sign_enter(struct flow *f)
{
    struct sign_part *s = &f->s->sign;
    if (s->phase != SIGN_DONE && !s->cmd)
        s->phase = flow_usable(f, "pad") ? SIGN_READY : SIGN_ABSENT;
    flow_go(f, STEP_SIGN);
}

static void stop(struct flow *f)
{
    struct sign_part *s = &f->s->sign;
    struct driver *d = drivers_find(f->env.drivers, "pad");
    if (s->cmd && d) {
        driver_cancel(d, s->cmd);
        driver_forget(d, s->cmd);
    }
    s->cmd = 0;
}

void sign_wipe(struct session *s)
{
    arena_free(s->sign.ink);
    s->sign = (struct sign_part){.error.code = ""};
}

void sign_drop(struct flow *f)
{
    stop(f);
    sign_wipe(f->s);
    f->s->sign.phase = flow_usable(f, "pad") ? SIGN_READY : SIGN_ABSENT;
    if (!f->s->filing.saved)
        f->s->filing.text = NULL;
}

/* The frame's tree dies with the frame: a copy. */
static struct jval *keep_tree(struct arena *a, const struct jval *v)
{
    BUF_SCOPE(b);
    struct jval *copy = NULL;
    jval_encode(v, &b);
    return jval_parse(a, b.p, b.len, &copy, NULL) == RC_OK ? copy : NULL;
}

static void failed(struct flow *f, const char *code)
{
    struct sign_part *s = &f->s->sign;
    s->phase = SIGN_ERROR;
    s->error = (struct trouble){arena_str(f->s->arena, code), -1};
}

/* What was shown, the strokes and the request are one: computed here from what came, and compared with what
 * the pad's process says. */
static bool bound(struct flow *f, const struct frame *fr)
{
    struct sign_part *s = &f->s->sign;
    const struct ink ink = {s->width, s->height, s->max_pressure, s->strokes};
    const char *said = jval_str(fr->data, "bind", ""), *shown = jval_str(fr->data, "shown_sha256", "");
    char right[SIGNATURE_HEX];
    struct err e = {0};
    BUF_SCOPE(bytes);
    enum rc rc = signature_bytes(&ink, &bytes, &e);
    if (rc == RC_OK)
        rc = signature_bind(right, shown, BYTES(bytes.p, bytes.len), f->s->filing.hash, &e);
    if (rc != RC_OK || strlen(said) != sizeof(right) - 1 || !equal_ct(said, right, sizeof(right) - 1))
        return false;
    s->shown_sha256 = arena_str(s->ink, shown);
    s->bind = arena_str(s->ink, right);
    s->encryption = arena_str(s->ink, jval_str(fr->data, "encryption", "none"));
    s->device = arena_str(s->ink, jval_str(fr->data, "model", ""));
    return true;
}

static void captured(struct flow *f, const struct frame *fr)
{
    struct sign_part *s = &f->s->sign;
    const struct jval *strokes = jval_get(fr->data, "strokes");
    s->ink = s->ink ? s->ink : arena_new();
    s->strokes = strokes && strokes->n > 0 ? keep_tree(s->ink, strokes) : NULL;
    if (!s->strokes) {
        failed(f, "PAD_EMPTY");
        return;
    }
    s->width = jval_int(fr->data, "width", 0);
    s->height = jval_int(fr->data, "height", 0);
    s->max_pressure = jval_int(fr->data, "max_pressure", 0);
    if (!bound(f, fr)) {
        log_warn("event=sign_unbound");
        s->strokes = NULL;
        failed(f, "PAD_CRYPTO");
        return;
    }
    s->samples = jval_int(fr->data, "samples", s->samples);
    s->phase = SIGN_DONE;
    log_info("event=signed samples=%lld device=%s encryption=%s", (long long)s->samples, s->device,
             s->encryption);
}

/* The buttons drawn on the pad are the page's buttons. */
static void pressed(struct flow *f, const char *button)
{
    struct sign_part *s = &f->s->sign;
    struct driver *d = drivers_find(f->env.drivers, "pad");
    char args[48];
    snprintf(args, sizeof(args), "{\"target\":%lld}", (long long)s->cmd);
    if (!d || !s->cmd)
        return;
    if (strcmp(button, "ok") == 0)
        driver_send(d, "finish", 5000, args, NULL, NULL);
    else if (strcmp(button, "clear") == 0)
        driver_send(d, "clear", 5000, args, NULL, NULL);
    if (strcmp(button, "clear") == 0)
        s->samples = 0;
    if (strcmp(button, "cancel") == 0)
        sign_drop(f);
    flow_changed(f);
}

static void on_capture(const struct frame *fr, void *user)
{
    struct flow *f = user;
    if (!f->s || fr->id != f->s->sign.cmd)
        return;
    struct sign_part *s = &f->s->sign;
    flow_touch(f);
    if (strcmp(fr->kind, "event") == 0) {
        if (strcmp(fr->event, "capturing") == 0) { /* only now the pen is heard */
            s->phase = SIGN_CAPTURING;
            s->width = jval_int(fr->data, "width", 0); /* the page draws in the pad's own proportion */
            s->height = jval_int(fr->data, "height", 0);
            flow_changed(f);
        }
        if (strcmp(fr->event, "button") == 0) {
            flow_event(f, "pad", fr);
            pressed(f, jval_str(fr->data, "button", ""));
            return;
        }
        const struct jval *points = jval_get(fr->data, "points");
        bool first = s->samples == 0 && points && points->n > 0;
        s->samples += points ? (int64_t)points->n : 0;
        flow_event(f, "pad", fr);
        if (first)
            flow_changed(f); /* from empty to not empty: what "clear" is measured by */
        return;
    }
    if (strcmp(fr->kind, "completion") != 0)
        return;
    s->cmd = 0;
    const char *code = fr->code && fr->code[0]               ? fr->code
                       : strcmp(fr->completion, "busy") == 0 ? "PAD_STATE"
                                                             : "LINK_LOST";
    if (strcmp(fr->completion, "ok") == 0)
        captured(f, fr);
    else if (strcmp(fr->completion, "cancelled") == 0)
        s->phase = SIGN_READY;
    else
        failed(f, code);
    if (s->phase == SIGN_ERROR)
        log_warn("event=sign_failed completion=%s code=%s", fr->completion, code);
    flow_changed(f);
}

static const char *capture_args(struct flow_call *c)
{
    BUF_SCOPE(b);
    const struct session *s = c->s;
    buf_str(&b, "{\"title\":");
    json_quote(&b, tr_get(&s->service->name, s->lang));
    buf_str(&b, ",\"name\":");
    json_quote(&b, s->card.identity
                       ? arena_fmt(c->a, "%s %s", s->card.identity->first_name, s->card.identity->last_name)
                       : "");
    buf_fmt(&b,
            ",\"hash\":\"%.4s %.4s %.4s %.4s\",\"request_sha256\":\"%s\",\"lang\":\"%s\",\"timeout_ms\":%d}",
            s->filing.hash, s->filing.hash + 4, s->filing.hash + 8, s->filing.hash + 12, s->filing.hash,
            lang_codes[s->lang], SIGN_MS);
    return arena_strn(c->a, b.p, b.len);
}

enum rc sign_start(struct flow_call *c, struct err *e)
{
    struct flow *f = c->f;
    struct sign_part *s = &c->s->sign;
    if (!wanted(f))
        return err_set(e, RC_STATE, "this service has no signature");
    if (s->cmd)
        return err_set(e, RC_BUSY, "a signature is being made");
    struct driver *d = drivers_find(f->env.drivers, "pad");
    sign_enter(f);
    if (!d || !flow_usable(f, "pad"))
        return err_set(e, RC_NO_DEVICE, "no signature pad");
    TRY(file_text(f, e));
    sign_wipe(c->s);
    s->phase = SIGN_PREPARING;
    s->cmd = driver_send(d, "capture", SIGN_MS, capture_args(c), on_capture, f);
    c->out->json = arena_fmt(c->a, "{\"requestId\":%lld}", (long long)s->cmd);
    return RC_OK;
}

/* finish and clear: a word to the running capture. */
static enum rc tell(struct flow_call *c, const char *verb, struct err *e)
{
    struct sign_part *s = &c->s->sign;
    struct driver *d = drivers_find(c->f->env.drivers, "pad");
    if (!s->cmd || !d)
        return err_set(e, RC_STATE, "no signature is being made");
    char args[48];
    snprintf(args, sizeof(args), "{\"target\":%lld}", (long long)s->cmd);
    int64_t id = driver_send(d, verb, 5000, args, NULL, NULL);
    c->out->json = arena_fmt(c->a, "{\"requestId\":%lld}", (long long)id);
    return RC_OK;
}

enum rc sign_clear(struct flow_call *c, struct err *e)
{
    TRY(tell(c, "clear", e));
    c->s->sign.samples = 0;
    return RC_OK;
}

enum rc sign_finish(struct flow_call *c, struct err *e)
{
    return tell(c, "finish", e);
}

enum rc sign_cancel(struct flow_call *c, struct err *e)
{
    (void)e;
    sign_drop(c->f);
    return RC_OK;
}

/* At the counter instead: said on the request as "none". */
enum rc sign_skip(struct flow_call *c, struct err *e)
{
    if (!wanted(c->f))
        return err_set(e, RC_STATE, "this service has no signature");
    sign_drop(c->f);
    c->s->sign.skipped = true;
    sign_enter(c->f);
    return RC_OK;
}
