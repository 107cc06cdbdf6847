/* The verb "trace" of every driver: what goes over the bus, as unsolicited frames, for a technician. Only the
 * head of a transfer is shown (set-up packet, CCID header, report id); the rest is a length and a keyed hash,
 * good for "the same again" and for nothing else: a citizen's data may be in it. The key lives as long as the
 * trace. */
#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "drivers/serve_impl.h"

#include <string.h>

#define SECONDS 30
#define SECONDS_MAX 600
#define PERSONAL_MAX 4096 /* bytes shown of one transfer, when asked for */

/* Bytes that are never personal, by driver: a CCID header is 10 bytes, a pad's report begins with its id, a
 * printer's answer is status throughout and its commands are four bytes long at most. */
static const struct {
    const char *driver;
    size_t out, in;
} heads[] = {{"card", 10, 10}, {"print", 4, 8}, {"pad", 1, 1}};

static size_t head_of(const struct serve *s, const struct bus_seen *t)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT(heads); i++)
        if (strcmp(heads[i].driver, s->drv.ops->name) == 0)
            n = t->endpoint & 0x80 ? heads[i].in : heads[i].out;
    n = t->kind ? n : t->setup; /* the data stage of a control transfer holds pictures and keys */
    return s->trace_all ? PERSONAL_MAX : n;
}

static void seen(void *user, const struct bus_seen *t)
{
    static const char *const kinds[] = {[0] = "control", [BUS_BULK] = "bulk", [BUS_INTERRUPT] = "interrupt"};
    struct serve *s = user;
    if (mono_ms() > s->trace_until) {
        serve_trace_end(s);
        return;
    }
    BUF_SCOPE(b);
    size_t head = head_of(s, t);
    head = head < t->len ? head : t->len;
    buf_fmt(
        &b,
        "{\"at_ms\":%lld,\"dir\":\"%s\",\"endpoint\":\"%02x\",\"kind\":\"%s\",\"status\":%d,\"bytes\":%zu",
        (long long)t->at_ms, t->endpoint & 0x80 ? "in" : "out", t->endpoint, kinds[t->kind], t->status,
        t->len);
    buf_str(&b, ",\"head\":\"");
    for (size_t i = 0; i < head; i++)
        buf_fmt(&b, "%02x", t->data[i]);
    buf_chr(&b, '"');
    if (t->len > head) {
        uint8_t sum[SHA256_LEN];
        hmac_sha256(sum, s->salt, sizeof s->salt, t->data + head, t->len - head);
        buf_fmt(&b, ",\"hidden\":%zu,\"hash\":\"%02x%02x%02x%02x\"", t->len - head, sum[0], sum[1], sum[2],
                sum[3]);
    }
    buf_chr(&b, '}');
    drv_unsolicited(&s->drv, "trace", b.p);
}

void serve_trace_end(struct serve *s)
{
    bus_trace(s->drv.bus, NULL, NULL);
    s->trace_until = 0;
    wipe(s->salt, sizeof s->salt);
}

/* Heard at any time, also while a command runs: that is when there is something to see. */
unsigned serve_trace(struct serve *s, const struct command *c)
{
    struct err e = {0};
    struct result ok = {.completion = C_OK, .outcome = O_DONE, .code = "", .text = ""};
    int64_t seconds = jval_int(c->args, "seconds", SECONDS);
    if (!jval_bool(c->args, "on", true)) {
        serve_trace_end(s);
    } else if (seconds < 1 || seconds > SECONDS_MAX) {
        serve_refuse(s, c->id, C_BAD_REQUEST, "seconds: 1 to 600");
        return 0;
    } else if (s->drv.ops->busless) {
        serve_refuse(s, c->id, C_UNSUPPORTED, "this driver speaks through a library, not over the bus");
        return 0;
    } else if (rnd_bytes(s->salt, sizeof s->salt, &e) != RC_OK) {
        serve_refuse(s, c->id, C_INTERNAL, "no random bytes");
        return 0;
    } else {
        s->trace_all = jval_bool(c->args, "personal", false);
        s->trace_until = mono_ms() + seconds * 1000;
        bus_trace(s->drv.bus, seen, s);
    }
    serve_ack(s, c->id);
    serve_complete(s, c->id, &ok);
    return 0;
}
