/* A hostile reader: descriptor, frames and notices of its own, the whole of the link above them. The clock
 * moves with every wait. */
#include "common/base/clock.h"
#include "drivers/card/ccid_link.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static const uint8_t *in;
static size_t left;
static int64_t now;
static bool ready;       /* a frame comes when somebody waits for it, not before */
static uint8_t last[10]; /* the header of the command sent last */
static struct bus_id id = {.vid = 1, .pid = 2};

int64_t __wrap_mono_ms(void);
int64_t __wrap_mono_ms(void)
{
    return now;
}

unsigned bus_wait(struct bus *b, unsigned want, int64_t deadline)
{
    (void)b;
    now += 3;
    while (left > 1 && in[0] & 1 && want & BUS_RING(CCID_RING_BULK)) { /* a notice nobody fetched */
        size_t n = 2u + in[1] < left ? 2u + in[1] : left;
        in += n;
        left -= n;
    }
    if (left > 1) {
        ready = true;
        return want;
    }
    now = deadline > now ? deadline : now;
    return BUS_LATE;
}

enum rc bus_await(struct bus *b, unsigned want, int64_t deadline, struct err *e)
{
    if (bus_wait(b, want, deadline) & want)
        return RC_OK;
    if (left)
        left--;
    else
        return err_code(e, RC_LINK_LOST, "LINK_LOST", 0, "the end");
    return err_set(e, RC_TIMEOUT, "late");
}

/* [how][n][bytes]: how says what a machine cannot guess and we put right. */
bool bus_take(struct bus *b, unsigned ring, uint8_t *out, size_t cap, size_t *len, int64_t *at_ms)
{
    (void)b;
    (void)at_ms;
    bool notice = ring == CCID_RING_NOTICE;
    if (left < 2 || (in[0] & 1) != notice || (!notice && !ready))
        return false;
    ready = false;
    uint8_t how = in[0];
    size_t n = in[1] < left - 2 ? in[1] : left - 2;
    n = n < cap ? n : cap;
    if (n)
        memcpy(out, in + 2, n);
    in += 2 + n;
    left -= 2 + n;
    if (how & 2 && n >= 10) { /* the answer to what was asked */
        static const uint8_t answers[][2] = {{0x62, 0x80}, {0x63, 0x81}, {0x65, 0x81},
                                             {0x6F, 0x80}, {0x61, 0x82}, {0x72, 0x81}};
        for (size_t i = 0; i < COUNT(answers); i++)
            out[0] = answers[i][0] == last[0] ? answers[i][1] : out[0];
        out[1] = (uint8_t)(n - 10);
        out[2] = out[3] = out[4] = 0;
        out[5] = last[5];
        out[6] = last[6];
        if (how & 4)
            out[7] = out[8] = out[9] = 0;
    }
    *len = n;
    return true;
}

void bus_drop(struct bus *b, unsigned ring)
{
    (void)b;
    (void)ring;
}

enum rc bus_write(struct bus *b, uint8_t ep, const void *p, size_t len, int64_t deadline, struct err *e)
{
    (void)b;
    (void)ep;
    (void)deadline;
    (void)e;
    if (len < 10)
        abort();
    memcpy(last, p, 10);
    return RC_OK;
}

enum rc bus_control(struct bus *b, const struct bus_setup *s, void *data, size_t *got, int64_t deadline,
                    struct err *e)
{
    (void)b;
    (void)deadline;
    (void)e;
    size_t n = s->length < left ? s->length : left;
    if (n && data)
        memcpy(data, in, n);
    if (got)
        *got = n;
    return RC_OK;
}

enum rc bus_clear_halt(struct bus *b, struct err *e)
{
    (void)b;
    (void)e;
    return RC_OK;
}

uint8_t bus_endpoint(const struct bus *b, enum bus_kind kind, bool to_us, uint16_t *size)
{
    (void)b;
    if (size)
        *size = 64;
    return kind == BUS_BULK ? (to_us ? 0x82 : 0x01) : to_us ? 0x83 : 0;
}

enum rc bus_class_descriptor(const struct bus *b, uint8_t type, uint8_t *out, size_t cap, size_t *len,
                             struct err *e)
{
    (void)b;
    (void)e;
    memset(out, 0, cap);
    size_t n = left < 54 ? left : 54;
    memcpy(out, in, n);
    in += n;
    left -= n;
    out[0] = 54;
    out[1] = type;
    out[46] = out[47] = 0; /* messages below 64 KiB */
    *len = 54;
    return RC_OK;
}

enum rc bus_listen(struct bus *b, unsigned ring, uint8_t ep, size_t size, unsigned posted, struct err *e)
{
    (void)b;
    (void)ring;
    (void)ep;
    (void)size;
    (void)posted;
    (void)e;
    return RC_OK;
}

const struct bus_id *bus_id(const struct bus *b)
{
    (void)b;
    return &id;
}

static void use(struct ccid_link *l)
{
    static struct answer answer;
    static uint8_t cmd[600] = {0x00, 0xA4, 0x04, 0x0C, 0x00, 0x02, 0x50};
    struct err e = {0};
    l->port.deadline = now + 30000;
    if (l->port.ops->status(&l->port, &e) != RC_OK || l->port.ops->power_on(&l->port, &e) != RC_OK)
        return;
    struct transport t = port_transport(&l->port);
    const size_t sizes[] = {4, 5, 599, 5};
    for (size_t i = 0; i < COUNT(sizes); i++)
        if (sizes[i] <= t.max_command && t.transmit(t.self, cmd, sizes[i], &answer, &e) != RC_OK &&
            t.reset(t.self, &e) != RC_OK)
            break;
    l->port.ops->power_off(&l->port);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    static struct ccid_link l;
    static struct ccid_rates memory;
    struct err e = {0};
    in = p;
    left = len;
    now = 1000;
    memset(&memory, 0, sizeof memory);
    l.memory = &memory;
    if (ccid_link_open(&l, NULL, NULL, &e) == RC_OK)
        for (int i = 0; i < 3 && left; i++)
            use(&l);
    if (now > 1000 + 600000 + (int64_t)len * 60000)
        abort(); /* every wait has a bound */
    port_free(&l.port);
    l.port = (struct port){0};
    return 0;
}
