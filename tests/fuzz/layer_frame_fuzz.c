/* Lines between kioskd and a driver, both ways. First byte: 0 frames, 1 commands, 2 the driver process itself
 * (a busless driver that answers at once, fed by a pipe), 3 pins and hub descriptors. */
#include "common/model/frame.h"
#include "drivers/bus/hub.h"
#include "drivers/bus/match.h"
#include "drivers/serve.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read can be written and read again, and says the same. */
static void frames(const char *p, size_t n)
{
    ARENA_SCOPE(a);
    BUF_SCOPE(one);
    BUF_SCOPE(two);
    struct frame f = {0}, g = {0};
    struct err e = {0};
    if (frame_read(a, p, n, &f, &e) != RC_OK)
        return;
    json_encode(&frame_desc, &f, &one);
    if (frame_read(a, one.p, one.len, &g, &e) != RC_OK)
        abort();
    json_encode(&frame_desc, &g, &two);
    if (one.len != two.len || memcmp(one.p, two.p, one.len) != 0)
        abort();
}

static void commands(const char *p, size_t n)
{
    ARENA_SCOPE(a);
    struct command c = {0};
    struct err e = {0};
    if (command_read(a, p, n, &c, &e) == RC_OK && (c.id < 1 || !c.verb || !*c.verb))
        abort();
}

/* ---- the process ---- */

static enum rc o_open(struct drv *d, struct err *e)
{
    (void)e;
    drv_id(d, "nothing", "", "");
    return RC_OK;
}

static void o_none(struct drv *d)
{
    (void)d;
}

static enum rc o_idle(struct drv *d, unsigned woke, struct err *e)
{
    (void)d;
    (void)woke;
    (void)e;
    return RC_OK;
}

static void o_run(struct drv *d, const struct task *t, struct result *r)
{
    if (strcmp(t->verb, "slow") == 0 && drv_breathe(d))
        r->completion = C_CANCELLED;
    else
        result_ok(r);
}

static const char *const verbs[] = {"go", "slow", NULL};
static const struct driver_ops ops = {.name = "scan",
                                      .busless = true,
                                      .verbs = verbs,
                                      .open = o_open,
                                      .close = o_none,
                                      .idle = o_idle,
                                      .run = o_run,
                                      .wipe = o_none};
struct count {
    size_t acks, completions;
};

static void on_frame(void *user, const char *line, size_t len)
{
    ARENA_SCOPE(a);
    struct count *c = user;
    struct frame f = {0};
    struct err e = {0};
    if (frame_read(a, line, len, &f, &e) != RC_OK)
        abort(); /* a driver's own frames are always good */
    c->acks += strcmp(f.kind, "ack") == 0;
    c->completions += strcmp(f.kind, "completion") == 0;
}

static void process(const uint8_t *p, size_t n)
{
    int fds[2];
    struct err e = {0};
    struct count c = {0};
    struct serve *s = NULL;
    if (n > 60000 || pipe(fds) != 0)
        return;
    const struct serve_opts o = {
        .devices = "/nonexistent", .quiet = true, .commands = fds[0], .emit = on_frame, .user = &c};
    if (write(fds[1], p, n) != (ssize_t)n)
        abort();
    close(fds[1]);
    if (serve_new(&ops, &o, &s, &e) != RC_OK)
        abort();
    serve_loop(s);
    serve_free(s);
    close(fds[0]);
    if (c.acks > c.completions) /* refusals have no ack */
        abort();
}

static void words(const uint8_t *p, size_t n)
{
    char text[256];
    struct bus_pin pin;
    const struct bus_id id = {.vid = 0x1234, .pid = 0x5678, .port = "1-1", .serial = "A"};
    size_t len = n < sizeof(text) - 1 ? n : sizeof(text) - 1;
    memcpy(text, p, len);
    text[len] = 0;
    if (pin_parse(text, &pin, NULL) == RC_OK && pin_takes(&pin, &id) && !pin_may(&pin, &id))
        abort();
    if (hub_can_switch(p, n, n ? p[0] : 0, NULL) == RC_OK && n < 7)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *text = (const char *)data + 1;
    switch (data[0] & 3) {
    case 0:
        frames(text, size - 1);
        break;
    case 1:
        commands(text, size - 1);
        break;
    case 2:
        process(data + 1, size - 1);
        break;
    default:
        words(data + 1, size - 1);
    }
    return 0;
}
