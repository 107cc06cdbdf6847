/* The technician's hand-shake: while maintenance lasts no citizen can begin, and it ends by itself. Traces
 * exist only inside it. */
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "firmware/ctl_int.h"

#define MINUTES 15
#define MINUTES_MAX 15
#define TICK_MS 500
#define TRACE_SECONDS 30
#define TRACE_SECONDS_MAX 600
#define TRACE_QUEUE_MAX (4u << 20) /* a technician's terminal that does not read */

static void tick(struct ctl *c)
{
    bool wanted = c->maintenance_until != 0;
    for (size_t i = 0; i < CONNS_MAX; i++)
        wanted |= c->conns[i].trace_until != 0;
    if (uv_is_closing((uv_handle_t *)&c->clock))
        return;
    if (wanted && !uv_is_active((uv_handle_t *)&c->clock))
        uv_timer_start(&c->clock, ctl_on_clock, TICK_MS, TICK_MS);
    else if (!wanted)
        uv_timer_stop(&c->clock);
}

/* Whatever a technician read while trying is forgotten, as after a citizen. */
static void leave(struct ctl *c, const char *why)
{
    struct err e = {0};
    if (!c->maintenance_until)
        return;
    c->maintenance_until = 0;
    for (size_t i = 0; i < CONNS_MAX; i++)
        if (c->conns[i].trace_until) {
            ctl_trace_stop(&c->conns[i]);
            ctl_complete(&c->conns[i], "cancelled", "maintenance is over", NULL);
        }
    ctl_yield(c);
    drivers_wipe(c->env.drivers);
    if (flow_maintenance(c->env.flow, false, &e) != RC_OK)
        log_err(&e, "event=maintenance");
    log_info("event=maintenance mode=service why=%s", why);
}

int64_t ctl_maintenance_left(const struct ctl *c)
{
    int64_t left = c && c->maintenance_until ? c->maintenance_until - mono_ms() : 0;
    return left > 0 ? left : 0;
}

void ctl_maintenance(struct conn *c, const struct ctl_in *in)
{
    struct ctl *ctl = c->ctl;
    struct err e = {0};
    int64_t seconds = jval_int(in->args, "seconds", jval_int(in->args, "minutes", MINUTES) * 60);
    if (!jval_bool(in->args, "on", true)) {
        leave(ctl, "asked");
        tick(ctl);
        ctl_complete(c, "ok", "in service", NULL);
        return;
    }
    if (seconds < 1 || seconds > MINUTES_MAX * 60) {
        ctl_complete(c, "bad-request", "at most 15 minutes", NULL);
        return;
    }
    if (flow_maintenance(ctl->env.flow, true, &e) != RC_OK) {
        ctl_complete(c, "busy", e.text, NULL);
        return;
    }
    if (!ctl->maintenance_until)
        log_info("event=maintenance mode=maintenance seconds=%lld", (long long)seconds);
    ctl->maintenance_until = mono_ms() + seconds * 1000;
    tick(ctl);
    ctl_complete(c, "ok", "out of service until it ends by itself or: kioskctl maintenance off", NULL);
}

void ctl_accept(struct conn *c, const struct ctl_in *in)
{
    const char *name = jval_str(in->args, "device", "");
    struct driver *d = drivers_find(c->ctl->env.drivers, name);
    if (!d) {
        ctl_complete(c, "no-device", "no such driver is configured", NULL);
        return;
    }
    bool was = driver_accept(d);
    if (was)
        log_info("event=device_accepted name=%s", name);
    ctl_complete(c, "ok", was ? "accepted" : "nothing was open", NULL);
}

/* ---- trace -----------------------------------------------------------------------------------------------
 */

static void on_started(const struct frame *f, void *user)
{
    struct conn *c = user;
    if (strcmp(f->kind, "completion") != 0)
        return;
    c->cmd = 0;
    if (strcmp(f->completion, "ok") == 0)
        return;
    c->trace_until = 0;
    ctl_send(c, f);
}

void ctl_trace(struct conn *c, struct driver *d, const struct ctl_in *in)
{
    int64_t seconds = jval_int(in->args, "seconds", TRACE_SECONDS);
    bool personal = jval_bool(in->args, "personal", false);
    if (!c->ctl->maintenance_until) {
        ctl_complete(c, "denied", "only in maintenance: kioskctl maintenance on", NULL);
        return;
    }
    if (seconds < 1 || seconds > TRACE_SECONDS_MAX) {
        ctl_complete(c, "bad-request", "seconds: 1 to 600", NULL);
        return;
    }
    BUF_SCOPE(args);
    buf_fmt(&args, "{\"on\":true,\"seconds\":%lld,\"personal\":%s}", (long long)seconds,
            personal ? "true" : "false");
    struct driver_view v;
    driver_view(d, &v);
    log_warn("event=trace driver=%s seconds=%lld personal=%s", v.name, (long long)seconds,
             personal ? "yes" : "no");
    c->driver = d;
    c->trace_until = mono_ms() + seconds * 1000;
    c->cmd = driver_send(d, "trace", 5000, args.p, on_started, c);
    tick(c->ctl);
}

void ctl_trace_stop(struct conn *c)
{
    if (!c->trace_until)
        return;
    c->trace_until = 0;
    if (c->cmd)
        driver_forget(c->driver, c->cmd);
    c->cmd = 0;
    driver_send(c->driver, "trace", 2000, "{\"on\":false}", NULL, NULL);
}

bool ctl_traced(struct ctl *c, const char *driver, const struct frame *f)
{
    if (!f->event || strcmp(f->event, "trace") != 0)
        return false;
    for (size_t i = 0; c && i < CONNS_MAX; i++) {
        struct conn *t = &c->conns[i];
        struct driver_view v;
        if (!t->ctl || !t->trace_until)
            continue;
        driver_view(t->driver, &v);
        if (strcmp(v.name, driver) != 0)
            continue;
        if (uv_stream_get_write_queue_size((uv_stream_t *)&t->pipe) > TRACE_QUEUE_MAX) {
            t->lost++;
            continue;
        }
        t->traced++;
        ctl_send(t, f);
    }
    return true;
}

void ctl_on_clock(uv_timer_t *t)
{
    struct ctl *c = t->data;
    int64_t now = mono_ms();
    for (size_t i = 0; i < CONNS_MAX; i++) {
        struct conn *x = &c->conns[i];
        if (!x->ctl || !x->trace_until || now < x->trace_until)
            continue;
        BUF_SCOPE(b);
        ARENA_SCOPE(a);
        struct jval *data = NULL;
        struct err e = {0};
        buf_fmt(&b, "{\"transfers\":%lld,\"lost\":%lld}", (long long)x->traced, (long long)x->lost);
        ctl_trace_stop(x);
        if (jval_parse(a, b.p, b.len, &data, &e) == RC_OK)
            ctl_complete(x, "ok", "", data);
    }
    if (c->maintenance_until && now >= c->maintenance_until)
        leave(c, "time");
    tick(c);
}

void ctl_yield(struct ctl *c)
{
    for (size_t i = 0; c && i < CONNS_MAX; i++)
        if (c->conns[i].ctl && c->conns[i].cmd && !c->conns[i].trace_until)
            driver_cancel(c->conns[i].driver, c->conns[i].cmd);
}
