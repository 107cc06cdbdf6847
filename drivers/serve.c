#include "drivers/serve.h"

#include "common/base/clock.h"
#include "common/base/log.h"
#include "drivers/serve_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS 500
#define RETRY_MAX_MS 5000
#define DEADLINE_MAX_MS (10 * 60 * 1000)

enum rc serve_new(const struct driver_ops *ops, const struct serve_opts *o, struct serve **out, struct err *e)
{
    struct serve *s SCOPED(serve_freep) = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, RC_INTERNAL, "no memory");
    s->opts = *o;
    s->arena = arena_new();
    s->spare = arena_new();
    s->drv = (struct drv){.ops = ops, .serve = s, .process = arena_new()};
    s->drv.self = arena_alloc(s->drv.process, ops->size ? ops->size : 1);
    s->rows = ARENA_NEW(s->drv.process, struct device_rows);
    enum rc rc = rows_load(s->drv.process, rows_dir(o->devices), ops->name, s->rows, e);
    if (rc != RC_OK && !(ops->busless && rc == RC_NOT_FOUND)) /* it may do without rows */
        return rc;
    TRY(bus_new(o->commands, serve_heard, s, &s->drv.bus, e));
    if (!ops->busless)
        bus_wake(s->drv.bus);
    *out = s;
    s = NULL;
    return RC_OK;
}

bool serve_is_open(const struct serve *s)
{
    return s->drv.ops->busless ? s->found : bus_is_open(s->drv.bus);
}

void serve_shut(struct serve *s, enum link l, enum condition c, const char *why)
{
    if (serve_is_open(s)) {
        bus_stop_clear(s->drv.bus);
        s->drv.ops->close(&s->drv);
        bus_close(s->drv.bus);
    }
    s->found = false;
    s->drv.row = NULL;
    memset(s->drv.media, 0, sizeof s->drv.media);
    serve_axes(s, l, c, why);
}

void serve_free(struct serve *s)
{
    if (!s)
        return;
    if (s->drv.bus)
        serve_shut(s, L_ABSENT, K_OK, "");
    bus_free(s->drv.bus);
    buf_free(&s->in);
    arena_free(s->arena);
    arena_free(s->spare);
    arena_free(s->drv.process);
    free(s);
}

void serve_freep(struct serve **s)
{
    serve_free(*s);
    *s = NULL;
}

/* ---- the device ------------------------------------------------------------------------------------------
 */

enum rc serve_start_device(struct serve *s, size_t row, struct err *e)
{
    bool busless = s->drv.ops->busless;
    if (!busless) {
        const struct bus_id *id = bus_id(s->drv.bus);
        s->drv.row = &s->rows->row[row];
        drv_id(&s->drv, s->drv.row->name, id->serial, id->port);
    }
    enum rc rc = s->drv.ops->open(&s->drv, e);
    s->found = busless && rc == RC_OK;
    if (rc == RC_OK) {
        s->failures = s->rung = 0;
        s->climb = NULL;
        serve_opened(s);
        snprintf(s->known, sizeof s->known, "%s%s", s->serial[0] ? "serial:" : "",
                 s->serial[0] ? s->serial : s->port);
        if (!s->opts.quiet)
            log_info("event=open port=%s row=\"%s\"", s->port, s->model);
    }
    return rc;
}

/* Of two equal devices it stays with the one it had; another one only when that is not there. */
static enum rc find(struct serve *s, size_t *row, struct err *e)
{
    const char *prefer = s->known[0] ? s->known : s->opts.prefer;
    if (s->drv.ops->busless)
        return RC_OK;
    if (prefer && !s->opts.pin) {
        enum rc rc = bus_open(s->drv.bus, s->rows->match, s->rows->n, prefer, row, e);
        if (rc != RC_NO_DEVICE && rc != RC_BAD_REQUEST)
            return rc;
    }
    return bus_open(s->drv.bus, s->rows->match, s->rows->n, s->opts.pin, row, e);
}

/* There, and does not even let itself be opened properly: higher rungs may help (by hand: nobody climbs). */
static bool may_climb(const struct serve *s, enum rc rc)
{
    return !s->opts.quiet && !s->quit && s->failures >= 2 && bus_is_open(s->drv.bus) &&
           (rc == RC_TIMEOUT || rc == RC_PROTOCOL || rc == RC_IO || rc == RC_DEVICE);
}

const char *drv_pin(const struct drv *d)
{
    return d->serve->opts.pin;
}

enum rc serve_open(struct serve *s, struct err *e)
{
    size_t row = 0;
    struct err why = {0};
    enum rc rc = find(s, &row, &why);
    if (rc == RC_OK) {
        if (!s->drv.ops->busless) /* a search is no news */
            serve_axes(s, L_OPENING, s->condition, s->detail);
        rc = serve_start_device(s, row, &why);
    }
    if (rc == RC_OK)
        return RC_OK;
    s->failures += rc != RC_NO_DEVICE;
    if (e)
        *e = why;
    if (may_climb(s, rc)) {
        serve_ladder(s, why.text);
        return serve_is_open(s) ? RC_OK : rc;
    }
    /* A missing permission or a foreign holder is for the technician, and we go on trying. */
    bool technician = rc == RC_DENIED || rc == RC_BUSY || rc == RC_UNSUPPORTED || s->failures > 3;
    serve_shut(s, rc == RC_NO_DEVICE ? L_ABSENT : L_RETRY, technician ? K_TECHNICIAN : K_OK, why.text);
    return rc;
}

void serve_later(struct serve *s)
{
    int64_t wait = RETRY_FIRST_MS << (s->failures < 4 ? s->failures : 4);
    if (s->link == L_ABSENT && s->drv.ops->busless)
        wait = s->drv.ops->tick_ms;
    else if (s->link == L_ABSENT && bus_tells_plug(s->drv.bus))
        wait = RETRY_MAX_MS; /* it will say so; look now and then all the same */
    s->retry_at = mono_ms() + (wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}

/* ---- one command -----------------------------------------------------------------------------------------
 */

static void run(struct serve *s, const struct command *c)
{
    static const struct jval empty = {.kind = JV_OBJ};
    const struct driver_ops *ops = s->drv.ops;
    int64_t ms = c->deadline_ms > 0 ? c->deadline_ms : ops->deadline_ms;
    struct task t = {.id = c->id,
                     .verb = c->verb,
                     .deadline = mono_ms() + (ms > 0 && ms < DEADLINE_MAX_MS ? ms : DEADLINE_MAX_MS),
                     .args = c->args && c->args->kind == JV_OBJ ? c->args : &empty,
                     .arena = s->arena};
    struct result r = {
        .completion = C_INTERNAL, .outcome = O_UNKNOWN, .code = "", .text = "the driver said nothing"};
    serve_ack(s, c->id);
    if (strcmp(c->verb, "wipe") == 0) {
        ops->wipe(&s->drv);
        bus_wipe(s->drv.bus);
        r.text = "";
        result_ok(&r);
    } else if (!serve_is_open(s) && !serve_word_in(ops->dry, c->verb)) {
        r = (struct result){.completion = C_NO_DEVICE, .outcome = O_NOT_DONE, .code = "", .text = s->detail};
    } else {
        r.text = "";
        ops->run(&s->drv, &t, &r);
    }
    serve_complete(s, c->id, &r);
    s->completed = true;
    s->used = true;
    if (r.completion == C_OK && strcmp(c->verb, "wipe") != 0 && strcmp(c->verb, "status") != 0)
        serve_helped(s);
    if (r.completion != C_OK && !s->opts.quiet)
        log_warn("event=command verb=%s id=%lld completion=%s code=%s outcome=%s text=\"%s\"", c->verb,
                 (long long)c->id, completion_word(r.completion), r.code, outcome_word(r.outcome), r.text);
    buf_free(&r.data);
}

void serve_command(struct serve *s, const struct command *c)
{
    s->running = c->id;
    s->wiping = strcmp(c->verb, "wipe") == 0;
    s->completed = false;
    bus_stop_clear(s->drv.bus);
    serve_activity(s, A_BUSY);
    if (s->wiping)
        serve_lines(s);
    run(s, c);
    s->running = 0;
    bus_stop_clear(s->drv.bus);
    arena_reset(s->arena);
    stack_wipe();
    serve_activity(s, A_IDLE);
}

/* The waiting command becomes the running one; its arena, too, so that the next can be heard meanwhile. */
static void take(struct serve *s)
{
    struct arena *arena = s->spare;
    s->spare = s->arena;
    s->arena = arena;
    s->waiting = false;
    struct command c = s->next;
    serve_command(s, &c);
}

/* ---- the loop --------------------------------------------------------------------------------------------
 */

static void idle(struct serve *s, unsigned bits)
{
    const struct driver_ops *ops = s->drv.ops;
    struct err e = {0};
    if (bits & BUS_GONE) {
        serve_gone(s);
        serve_shut(s, L_ABSENT, K_OK, "unplugged");
        serve_later(s);
        return;
    }
    if (bits & BUS_STALL) {
        if (bus_clear_halt(s->drv.bus, &e) != RC_OK)
            s->climb = "the endpoint stays halted";
    } else if ((bits & (ops->rings | BUS_LATE)) && ops->idle(&s->drv, bits & ops->rings, &e) != RC_OK) {
        if (ops->busless && (e.rc == RC_NO_DEVICE || e.rc == RC_LINK_LOST)) {
            serve_shut(s, L_ABSENT, K_OK, e.text);
            serve_later(s);
            return;
        }
        s->climb = e.text[0] ? e.text : "idle failed";
    }
    if (s->climb && serve_is_open(s)) {
        struct err why = {0};
        err_set(&why, RC_PROTOCOL, "%s", s->climb);
        serve_ladder(s, why.text);
    }
    s->climb = NULL;
}

void serve_loop(struct serve *s)
{
    serve_state(s);
    while (!s->quit) {
        bool open = serve_is_open(s);
        int64_t now = mono_ms();
        if (!open && now >= s->retry_at && !s->waiting) {
            struct err e = {0};
            if (serve_open(s, &e) != RC_OK)
                serve_later(s);
            open = serve_is_open(s);
        }
        if (s->waiting) {
            take(s);
            if (s->climb && serve_is_open(s) && !s->quit)
                idle(s, 0);
            continue;
        }
        int64_t tick = s->drv.ops->tick_ms ? s->drv.ops->tick_ms : 60 * 1000;
        int64_t until = open ? now + tick : s->retry_at;
        if (s->steady_at && s->steady_at < until)
            until = s->steady_at;
        unsigned bits = bus_wait(s->drv.bus, open ? s->drv.ops->rings : 0, until);
        bus_stop_clear(s->drv.bus); /* nothing runs, so a stop is over as soon as it is seen */
        if (s->quit)                /* no ladder on the way out */
            break;
        serve_steady(s);
        if (open)
            idle(s, bits);
        else if (bits & BUS_PLUG)
            s->retry_at = mono_ms() + 50; /* udev sets the permissions meanwhile */
    }
}
