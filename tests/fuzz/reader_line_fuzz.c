/* A hostile card at TPDU level: blocks of T=1 (with check bytes put right, so that the engine sees them),
 * answers of T=0, PPS, ATR with all that follows from it. */
#include "drivers/card/ccid.h"
#include "drivers/card/pps.h"
#include "drivers/card/t0.h"
#include "drivers/card/t1.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

struct input {
    const uint8_t *p;
    size_t len;
    unsigned turns;
};

static size_t take(struct input *in, uint8_t *out, size_t cap)
{
    size_t n = in->len ? in->p[0] : 0;
    if (in->len) {
        in->p++;
        in->len--;
    }
    n = n < in->len ? n : in->len;
    n = n < cap ? n : cap;
    if (n)
        memcpy(out, in->p, n);
    in->p += n;
    in->len -= n;
    return n;
}

/* The first byte of a chunk: put right what a machine cannot guess. */
static enum rc block(void *self, const uint8_t *out, size_t len, unsigned wtx, struct t1_frame *f,
                     struct err *e)
{
    struct input *in = self;
    struct t1_block sent;
    if (len < 4 || wtx == 0 || out[2] > T1_INF_MAX)
        abort();
    (void)sent;
    if (in->len == 0 && in->turns++ > 20)
        return err_set(e, RC_LINK_LOST, "the end");
    uint8_t raw[T1_BLOCK_MAX];
    size_t n = take(in, raw, sizeof raw);
    f->parity = n == 1 && raw[0] == 0xFF;
    if (n < 3 || raw[0] & 1) {
        memcpy(f->p, raw, n);
        f->len = n;
        return RC_OK;
    }
    memcpy(f->p, raw, n);
    f->p[0] = 0;
    f->p[2] = (uint8_t)(n - 3 > T1_INF_MAX ? T1_INF_MAX : n - 3);
    size_t at = 3u + f->p[2];
    f->p[at] = 0;
    for (size_t i = 0; i < at; i++)
        f->p[at] ^= f->p[i];
    f->len = at + 1;
    return RC_OK;
}

static void t1(struct input *in, uint8_t how)
{
    static uint8_t out[700], cmd[300];
    struct t1 t = {.block = block, .self = in};
    t1_begin(&t, (uint8_t)(how * 7), how & 1 ? 254 : 0, how & 2 && how & 4 ? T1_CRC : T1_LRC);
    if (how & 8)
        (void)!t1_announce(&t, NULL);
    for (int i = 0; i < 4 && in->len; i++) {
        struct t1_apdu a = {.cmd = cmd, .len = 5 + (how & 0x10 ? 290u : 0), .out = out, .cap = sizeof out};
        struct err e = {0};
        enum rc rc = t1_exchange(&t, &a, &e);
        if (a.got > sizeof out || (rc == RC_OK) != (e.rc == RC_OK))
            abort();
    }
    if (t.ifsc == 0 || t.ifsc == 255)
        abort();
}

static enum rc tpdu(void *self, const uint8_t *out, size_t len, uint8_t *in, size_t *got, struct err *e)
{
    struct input *f = self;
    if (len < 5 || len > T0_TPDU_MAX || (len > 5 && len != 5u + out[4]))
        abort();
    if (f->len == 0)
        return err_set(e, RC_LINK_LOST, "the end");
    *got = take(f, in, T0_ANSWER_MAX);
    return RC_OK;
}

static void t0(struct input *in, uint8_t how)
{
    static uint8_t out[700];
    uint8_t cmd[400] = {0};
    size_t n = how & 1 ? take(in, cmd, 255) : 0;
    if (how & 2 && n > 7) { /* an extended command that fits */
        n = 309;
        memcpy(cmd + 4, "\x00\x01\x2C", 3);
    }
    if (n == 0) {
        memcpy(cmd, how & 4 ? "\x00\xA4\x00\x00\x02\x3F\x00\x00" : "\x00\xB0\x00\x00\x00", how & 4 ? 8 : 5);
        n = how & 4 ? 8 : 5;
    }
    struct t0 t = {.tpdu = tpdu, .self = in};
    struct t0_apdu a = {.cmd = cmd, .len = n, .out = out, .cap = sizeof out};
    struct err e = {0};
    enum rc rc = t0_exchange(&t, &a, &e);
    if (a.got > sizeof out || (rc == RC_OK && a.got < 2))
        abort();
}

static void atr(const uint8_t *p, size_t len)
{
    struct atr a;
    uint8_t fixed[40], out[8];
    if (len > sizeof fixed - 1 || len < 2)
        return;
    memcpy(fixed, p, len);
    fixed[0] = p[0] & 1 ? 0x3B : 0x3F;
    for (int check = 0; check < 2; check++) {
        if (atr_parse(fixed, len + (size_t)check, &a, NULL) == RC_OK) {
            struct pps_reader r = {4000, 400000, NULL, 0};
            bool ok;
            for (unsigned back = 0; back < 10; back++) {
                uint8_t ta1 = pps_choose(&a, &r, back, &ok);
                if (pps_t1_ms(&a, ta1, 4000, 255) <= 0 || pps_t0_ms(&a, ta1, 4000) <= 0)
                    abort();
                if (a.specific < 0 && !pps_rate(ta1, 4000))
                    abort();
            }
            if (pps_protocol(&a, 3) > 1 || ccid_parameters(&a, 1, 0x11, out) != 7)
                abort();
        }
        fixed[len] = 0;
        for (size_t i = 1; i < len; i++)
            fixed[len] ^= fixed[i];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    uint8_t ta1 = 0, q[PPS_MAX];
    if (len < 2)
        return 0;
    struct input in = {.p = p + 2, .len = len - 2};
    switch (p[0] & 3) {
    case 0:
    case 1:
        t1(&in, p[1]);
        break;
    case 2:
        t0(&in, p[1]);
        break;
    default:
        atr(p + 1, len - 1);
        (void)pps_request(p[1] & 1, p[1], q);
        if (pps_answer(q, p + 2, len - 2, &ta1, NULL) == RC_OK && ta1 != PPS_DEFAULT && ta1 != p[1])
            abort();
    }
    return 0;
}
