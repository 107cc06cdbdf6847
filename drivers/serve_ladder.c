/* What is done with a device that does not behave: the ladder of facts, each rung once, counted by the bus
 * and sent with every state frame. Clear-halt, the lowest rung, belongs to the one who sees the stall. */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "drivers/serve_impl.h"

#include <stdio.h>
#include <string.h>

#define MEMORY_MS (60 * 1000) /* a quiet minute: the next trouble begins at the bottom again */
#define FLAP_MS 3000          /* gone so soon after it came */
#define FLAPS 3
#define STEADY_MS 3000

static const struct rung {
    const char *name;
    enum rc (*climb)(struct bus *b, struct err *e);
} rungs[] = {{"reopen", bus_reopen}, {"reset", bus_reset}, {"reset", bus_reset}, {"power", bus_power}};

/* The next rung that may be taken; one that is used up or not there is passed over. */
static enum rc climb(struct serve *s, const char *why, struct err *e)
{
    enum rc rc = RC_LIMIT;
    while ((rc == RC_LIMIT || rc == RC_UNSUPPORTED) && s->rung < (int)COUNT(rungs)) {
        const struct rung *r = &rungs[s->rung++];
        *e = (struct err){0};
        rc = s->drv.ops->busless ? RC_OK : r->climb(s->drv.bus, e);
        log_warn("event=ladder rung=%s done=%s text=\"%s\"", r->name, rc_name(rc), rc ? e->text : why);
    }
    if (rc == RC_LIMIT || rc == RC_UNSUPPORTED)
        s->exhausted = true;
    return rc;
}

void serve_ladder(struct serve *s, const char *why)
{
    struct bus *bus = s->drv.bus;
    struct err e = {0};
    bus_stop_clear(bus);
    if (mono_ms() - s->climbed_at > MEMORY_MS)
        s->rung = 0;
    s->climbed_at = mono_ms();
    s->climb = NULL;
    size_t row = s->drv.row ? (size_t)(s->drv.row - s->rows->row) : 0;
    serve_axes(s, L_RETRY, s->condition, why);
    s->drv.ops->close(&s->drv);
    s->found = false;
    enum rc rc = climb(s, why, &e);
    int rung = s->rung;
    if (rc == RC_OK)
        rc = serve_start_device(s, row, &e);
    s->rung = rung; /* falls with the first good command, or with time */
    if (rc == RC_OK)
        return;
    bus_close(bus);
    s->found = false;
    s->failures++;
    bool technician = s->exhausted || s->failures > 3;
    serve_shut(s, rc == RC_NO_DEVICE ? L_ABSENT : L_RETRY, technician ? K_TECHNICIAN : K_OK, e.text);
    serve_later(s);
}

void serve_helped(struct serve *s)
{
    s->rung = 0;
    if (!s->exhausted)
        return;
    s->exhausted = false;
    drv_condition(&s->drv, K_OK, "");
}

void serve_gone(struct serve *s)
{
    bool flap = !s->used && mono_ms() - s->opened_at < FLAP_MS;
    s->flaps = flap ? s->flaps + 1 : 0;
}

/* A link that came and went: it counts as up once it has stayed. */
void serve_steady(struct serve *s)
{
    int64_t now = mono_ms();
    if (s->exhausted && s->link == L_UP && now - s->climbed_at > MEMORY_MS) {
        s->exhausted = false;
        drv_condition(&s->drv, K_OK, "");
    }
    if (s->steady_at && !serve_is_open(s))
        s->steady_at = 0;
    if (!s->steady_at || now < s->steady_at)
        return;
    s->steady_at = 0;
    s->flaps = 0;
    serve_axes(s, L_UP, s->condition, "");
}

/* How an open device is called from now on: up, or wait and see. */
void serve_opened(struct serve *s)
{
    s->opened_at = mono_ms();
    s->used = false;
    s->steady_at = s->flaps >= FLAPS ? s->opened_at + STEADY_MS : 0;
    enum condition c = s->exhausted ? K_TECHNICIAN : s->condition == K_TECHNICIAN ? K_OK : s->condition;
    if (s->steady_at)
        serve_axes(s, L_RETRY, c, "the link comes and goes: look at the cable and the port");
    else
        serve_axes(s, L_UP, c, s->exhausted ? "opening, resetting and switching off did not help" : "");
}
