/* APDUs through the reader, at each exchange level (facts/ccid.md section 3). */
#include "common/base/arena.h"
#include "common/base/clock.h"
#include "drivers/card/ccid_priv.h"
#include "drivers/card/t0.h"

#include <string.h>

#define OVERHEAD 5 /* of a T=1 block with CRC */
#define E_MUTE 0xFE
#define E_PARITY 0xFD
#define E_OVERRUN 0xFC

/* A card that is mute for one block, or bytes that came badly, are the business of T=1. */
static bool soft_error(const struct ccid_in *in)
{
    return in->failed && in->card == CCID_ACTIVE &&
           (in->error == E_MUTE || in->error == E_PARITY || in->error == E_OVERRUN);
}

enum rc ccid_block(struct ccid_link *l, struct ccid_block *b, struct buf *out, struct err *e)
{
    int64_t limit = ccid_earlier(l->cap_at, l->port.deadline);
    struct ccid_call c = {.out = {.type = CCID_XFR_BLOCK,
                                  .word = {b->bwi, (uint8_t)b->level, (uint8_t)(b->level >> 8)},
                                  .data = b->p,
                                  .len = b->len},
                          .answer = CCID_DATA_BLOCK,
                          .deadline = ccid_earlier(mono_ms() + b->wait_ms, limit)};
    struct ccid_in in;
    TRY(ccid_exchange(l, &c, &in, e));
    l->port.count.exchanges++;
    enum rc rc = RC_OK;
    bool soft = b->soft && soft_error(&in);
    b->soft = soft;
    b->parity = soft && in.error != E_MUTE;
    if (!soft && (in.failed || in.card != CCID_ACTIVE))
        rc = ccid_failed(l, &in, "APDU", e);
    else if (!soft && in.len > APDU_MAX - out->len)
        rc = err_set(e, RC_PROTOCOL, "an answer of more than %d bytes", APDU_MAX);
    else if (!soft && in.len)
        buf_add(out, in.data, in.len);
    b->chain = in.param;
    ccid_consume(l, c.total);
    return rc;
}

/* ---- APDU levels ---- */

static enum rc piece(struct ccid_link *l, enum ccid_chain level, struct bytes p, struct buf *answer,
                     struct err *e)
{
    struct ccid_block b = {.p = p.p, .len = p.len, .level = (uint16_t)level, .wait_ms = l->traits.apdu_ms};
    TRY(ccid_block(l, &b, answer, e));
    if (level == CCID_BEGINS || level == CCID_MIDDLE) {
        if (b.chain != CCID_GO_ON || answer->len > 0)
            return err_set(e, RC_PROTOCOL, "the reader answers (%02X) before the command is complete",
                           b.chain);
        return RC_OK;
    }
    for (int more = 0; b.chain == CCID_BEGINS || b.chain == CCID_MIDDLE; more++) {
        if (more > 64)
            return err_set(e, RC_PROTOCOL, "an answer in more than 64 pieces");
        b = (struct ccid_block){.level = CCID_GO_ON, .wait_ms = l->traits.apdu_ms};
        TRY(ccid_block(l, &b, answer, e));
    }
    return RC_OK;
}

/* An extended APDU goes and comes in pieces of dwMaxCCIDMessageLength - 10. */
static enum rc pieces(struct ccid_link *l, struct bytes cmd, struct buf *answer, struct err *e)
{
    size_t room = l->cls.max_message - CCID_HEADER;
    const uint8_t *p = cmd.p;
    if (l->cls.level == CCID_SHORT || cmd.len <= room)
        return piece(l, CCID_WHOLE, cmd, answer, e);
    for (size_t at = 0; at < cmd.len;) {
        size_t n = cmd.len - at < room ? cmd.len - at : room;
        enum ccid_chain level = at == 0 ? CCID_BEGINS : at + n == cmd.len ? CCID_ENDS : CCID_MIDDLE;
        TRY(piece(l, level, BYTES(p + at, n), answer, e));
        at += n;
    }
    return RC_OK;
}

/* ---- TPDU level, T=1 ---- */

static enum rc t1_block(void *self, const uint8_t *out, size_t len, unsigned wtx, struct t1_frame *in,
                        struct err *e)
{
    struct ccid_link *l = self;
    BUF_SCOPE(got);
    struct ccid_block b = {.p = out,
                           .len = len,
                           .bwi = (uint8_t)(wtx > 1 ? wtx : 0),
                           .wait_ms = pps_t1_ms(&l->port.atr, l->ta1, l->cls.clock_khz, wtx),
                           .soft = true};
    l->port.count.extensions += wtx > 1;
    if (mono_ms() >= l->cap_at)
        return ccid_cap(l, e);
    enum rc rc = ccid_block(l, &b, &got, e);
    if (rc == RC_TIMEOUT && mono_ms() >= l->cap_at && l->cap_at < l->port.deadline)
        return ccid_cap(l, e);
    TRY(rc);
    in->parity = b.parity;
    in->len = got.len < sizeof in->p ? got.len : sizeof in->p; /* too long is as wrong as longer */
    if (in->len)
        memcpy(in->p, got.p, in->len);
    return RC_OK;
}

static uint8_t t1_size(const struct ccid_link *l, unsigned want)
{
    size_t room =
        l->cls.max_message > CCID_HEADER + OVERHEAD ? l->cls.max_message - CCID_HEADER - OVERHEAD : 1;
    size_t n = want < T1_INF_MAX ? want : T1_INF_MAX;
    return (uint8_t)(n < room ? n : room);
}

enum rc ccid_t1_start(struct ccid_link *l, struct err *e)
{
    const struct atr *a = &l->port.atr;
    uint8_t ifsd = t1_size(l, l->cls.max_ifsd ? l->cls.max_ifsd : T1_INF_MAX);
    bool tell = !(l->cls.features & CCID_AUTO_IFSD) && ifsd > 32;
    l->t1 = (struct t1){.block = t1_block, .self = l};
    t1_begin(&l->t1, t1_size(l, (unsigned)a->ifsc), tell ? ifsd : 0, a->crc ? T1_CRC : T1_LRC);
    l->cap_at = ccid_earlier(mono_ms() + l->traits.cap_ms, l->port.deadline);
    return t1_announce(&l->t1, e);
}

static enum rc by_t1(struct ccid_link *l, struct bytes cmd, struct buf *answer, struct err *e)
{
    uint8_t out[APDU_MAX];
    struct t1_apdu a = {.cmd = cmd.p, .len = cmd.len, .out = out, .cap = sizeof out};
    enum rc rc = t1_exchange(&l->t1, &a, e);
    if (rc == RC_OK && a.got)
        buf_add(answer, out, a.got);
    wipe(out, sizeof out);
    return rc;
}

/* ---- TPDU level, T=0 ---- */

static enum rc t0_tpdu(void *self, const uint8_t *out, size_t len, uint8_t *in, size_t *got, struct err *e)
{
    struct ccid_link *l = self;
    BUF_SCOPE(answer);
    int64_t wait = pps_t0_ms(&l->port.atr, l->ta1, l->cls.clock_khz);
    struct ccid_block b = {
        .p = out, .len = len, .wait_ms = wait > l->traits.apdu_ms ? wait : l->traits.apdu_ms};
    if (mono_ms() >= l->cap_at)
        return ccid_cap(l, e);
    TRY(ccid_block(l, &b, &answer, e));
    if (answer.len > T0_ANSWER_MAX)
        return err_set(e, RC_PROTOCOL, "T=0: an answer of %zu bytes", answer.len);
    *got = answer.len;
    if (answer.len)
        memcpy(in, answer.p, answer.len);
    return RC_OK;
}

static enum rc by_t0(struct ccid_link *l, struct bytes cmd, struct buf *answer, struct err *e)
{
    uint8_t out[APDU_MAX];
    struct t0 t = {.tpdu = t0_tpdu, .self = l};
    struct t0_apdu a = {.cmd = cmd.p, .len = cmd.len, .out = out, .cap = sizeof out};
    enum rc rc = t0_exchange(&t, &a, e);
    if (rc == RC_OK)
        buf_add(answer, out, a.got);
    wipe(out, sizeof out);
    return rc;
}

/* ---- one APDU ---- */

/* Trouble on the line at a faster rate than the default: the next power-on is one step slower, and the caller
 * may begin again (RC_PROTOCOL says so). */
static enum rc slower(struct ccid_link *l, enum rc rc, struct err *e)
{
    if (rc != RC_DEVICE || l->cls.level != CCID_TPDU || l->ta1 == PPS_DEFAULT || l->port.atr.specific >= 0 ||
        l->port.hardware || (e && e->code && strcmp(e->code, "CARD_ABORT") == 0))
        return rc;
    ccid_step_back(l);
    return err_wrap(e, RC_PROTOCOL, "at %u bit/s", (unsigned)pps_rate(l->ta1, l->cls.clock_khz));
}

enum rc ccid_apdu(struct port *p, struct bytes cmd, struct buf *answer, struct err *e)
{
    struct ccid_link *l = (struct ccid_link *)p;
    l->cap_at = ccid_earlier(mono_ms() + l->traits.cap_ms, p->deadline);
    if (l->cls.level != CCID_TPDU)
        return pieces(l, cmd, answer, e);
    return slower(l, l->protocol == 1 ? by_t1(l, cmd, answer, e) : by_t0(l, cmd, answer, e), e);
}
