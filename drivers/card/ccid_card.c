/* The card in the reader: power, APDUs, and whether it is still the same card. */
#include "common/base/arena.h"
#include "common/base/clock.h"
#include "drivers/card/ccid_priv.h"

#include <string.h>

#define POWER_ON_MS 10000
#define POWER_OFF_MS 1000
#define NOTICE_MS 60 /* for the interrupt endpoint to say what a failed command means */

enum level { WHOLE = 0x0000, BEGINS = 0x0001, ENDS = 0x0002, MIDDLE = 0x0003, GO_ON = 0x0010 };

/* A session is bound to one card: out of the reader and back is another card, even when it looks the same. */
static enum rc same_card(struct ccid_link *l, struct err *e)
{
    ccid_link_notices(l);
    if (l->hardware)
        return err_code(e, RC_DEVICE, "READER_HARDWARE", 0, "the reader reports a hardware error");
    if (!l->left)
        return RC_OK;
    if (l->card == CCID_ABSENT)
        return err_code(e, RC_USER, "CARD_REMOVED", 0, "the card was taken out");
    return err_code(e, RC_USER, "CARD_SWAPPED", 0, "another card was put in");
}

/* What a failed frame means, with what the interrupt endpoint says at the same moment. */
static enum rc failed(struct ccid_link *l, const struct ccid_in *in, const char *what, struct err *e)
{
    struct err frame = {0};
    enum rc rc = ccid_fail(&frame, in, what);
    l->left |= in->card == CCID_ABSENT;
    if (in->card != CCID_ACTIVE && l->has_notices) {
        (void)bus_wait(l->bus, BUS_RING(CCID_RING_NOTICE), mono_ms() + NOTICE_MS);
        TRY(same_card(l, e));
    }
    if (in->card == CCID_INACTIVE && l->powered) /* it lost power behind our back */
        return err_code(e, RC_USER, "CARD_SWAPPED", 0, "%s: the card lost its power in the reader", what);
    if (e)
        *e = frame;
    return rc;
}

static enum rc power_at(struct ccid_link *l, uint8_t voltage, struct err *e)
{
    struct ccid_call c = {.out = {.type = CCID_ICC_POWER_ON, .word = {voltage}},
                          .answer = CCID_DATA_BLOCK,
                          .deadline = ccid_earlier(mono_ms() + POWER_ON_MS, l->deadline)};
    struct ccid_in in;
    int64_t start = mono_us();
    TRY(ccid_exchange(l, &c, &in, e));
    l->count.card_us += mono_us() - start;
    enum rc rc;
    if (in.failed && in.card == CCID_ABSENT)
        rc = err_code(e, RC_USER, "CARD_ABSENT", 0, "no card in the reader");
    else if (in.failed)
        rc = failed(l, &in, "power-on", e);
    else
        rc = atr_parse(in.data, in.len, &l->atr, e);
    ccid_consume(l, c.total);
    l->powered = rc == RC_OK;
    return rc;
}

enum rc ccid_link_power_on(struct ccid_link *l, struct err *e)
{
    static const uint8_t bits[] = {1, 2, 4}; /* 5 V, 3 V, 1.8 V are asked for as 1, 2, 3 */
    if (l->dirty)
        TRY(ccid_link_resync(l, e));
    ccid_link_notices(l);
    l->powered = l->left = l->came = l->hardware = false;
    if (l->cls.features & CCID_AUTO_VOLTAGE)
        return power_at(l, 0, e);
    enum rc rc = err_code(e, RC_DEVICE, "CARD_MUTE", 0, "the reader offers no voltage");
    for (size_t i = 0; i < COUNT(bits); i++) {
        if (!(l->cls.voltages & bits[i]))
            continue;
        rc = power_at(l, (uint8_t)(i + 1), e);
        if (rc != RC_DEVICE)
            break;
    }
    return rc;
}

void ccid_link_power_off(struct ccid_link *l)
{
    struct ccid_call c = {.out = {.type = CCID_ICC_POWER_OFF}, .answer = CCID_SLOT_STATUS};
    struct ccid_in in;
    l->powered = false;
    if (l->dirty && ccid_link_resync(l, NULL) != RC_OK)
        return;
    c.deadline = mono_ms() + POWER_OFF_MS;
    if (ccid_exchange(l, &c, &in, NULL) == RC_OK)
        ccid_consume(l, c.total);
}

/* ---- APDUs -----------------------------------------------------------------------------------------------
 */

struct answer_bytes {
    uint8_t p[APDU_MAX];
    size_t len;
    uint8_t chain; /* bChainParameter of the last block: does more follow? */
};

/* One XfrBlock and its data block, appended to what came before. */
static enum rc block(struct ccid_link *l, uint16_t level, const uint8_t *p, size_t len,
                     struct answer_bytes *all, struct err *e)
{
    struct ccid_call c = {.out = {.type = CCID_XFR_BLOCK,
                                  .word = {0, (uint8_t)level, (uint8_t)(level >> 8)},
                                  .data = p,
                                  .len = len},
                          .answer = CCID_DATA_BLOCK,
                          .deadline = ccid_earlier(mono_ms() + l->apdu_ms, l->deadline)};
    struct ccid_in in;
    TRY(ccid_exchange(l, &c, &in, e));
    enum rc rc = RC_OK;
    if (in.failed || in.card != CCID_ACTIVE)
        rc = failed(l, &in, "APDU", e);
    else if (in.len > sizeof all->p - all->len)
        rc = err_set(e, RC_PROTOCOL, "an answer of more than %d bytes", APDU_MAX);
    else {
        memcpy(all->p + all->len, in.data, in.len);
        all->len += in.len;
        all->chain = in.param;
    }
    ccid_consume(l, c.total);
    return rc;
}

/* ccid.md section 3: an extended APDU goes and comes in pieces of dwMaxCCIDMessageLength - 10. */
static enum rc pieces(struct ccid_link *l, const uint8_t *cmd, size_t len, struct answer_bytes *all,
                      struct err *e)
{
    size_t piece = l->cls.max_message - CCID_HEADER;
    if (l->cls.level == CCID_SHORT || len <= piece)
        TRY(block(l, WHOLE, cmd, len, all, e));
    for (size_t at = 0; len > piece && l->cls.level == CCID_EXTENDED && at < len;) {
        size_t n = len - at < piece ? len - at : piece;
        uint16_t level = at == 0 ? BEGINS : at + n == len ? ENDS : MIDDLE;
        TRY(block(l, level, cmd + at, n, all, e));
        at += n;
        if (at < len && (all->chain != GO_ON || all->len > 0))
            return err_set(e, RC_PROTOCOL, "the reader answers (%02X) before the command is complete",
                           all->chain);
    }
    for (int more = 0; all->chain == BEGINS || all->chain == MIDDLE; more++) {
        if (more > 64)
            return err_set(e, RC_PROTOCOL, "an answer in more than 64 pieces");
        TRY(block(l, GO_ON, NULL, 0, all, e));
    }
    return RC_OK;
}

static enum rc transmit(void *self, const uint8_t *cmd, size_t len, struct answer *out, struct err *e)
{
    struct ccid_link *l = self;
    struct answer_bytes all = {.len = 0};
    int64_t start = mono_us();
    TRY(same_card(l, e));
    if (!l->powered)
        return err_code(e, RC_DEVICE, "CARD_MUTE", 0, "the card is not powered");
    enum rc rc = pieces(l, cmd, len, &all, e);
    l->count.card_us += mono_us() - start;
    l->count.apdus++;
    l->count.bytes_out += len;
    l->count.bytes_in += all.len;
    if (rc == RC_OK)
        rc = answer_decode(all.p, all.len, out, e);
    wipe(all.p, all.len);
    return rc;
}

static enum rc reset(void *self, struct err *e)
{
    struct ccid_link *l = self;
    struct atr before = l->atr;
    if (mono_ms() >= l->deadline)
        return err_set(e, RC_TIMEOUT, "no time left to begin again");
    TRY(same_card(l, e));
    ccid_link_power_off(l);
    TRY(same_card(l, e)); /* power_on() forgets what was seen */
    TRY(ccid_link_power_on(l, e));
    if (l->atr.len != before.len || memcmp(l->atr.bytes, before.bytes, before.len) != 0)
        return err_code(e, RC_USER, "CARD_SWAPPED", 0, "the card answers with another ATR");
    return RC_OK;
}

struct transport ccid_link_transport(struct ccid_link *l)
{
    bool wide = l->cls.level == CCID_EXTENDED;
    return (struct transport){.self = l,
                              .transmit = transmit,
                              .reset = reset,
                              .max_command = wide ? APDU_MAX : 261,
                              .max_answer = wide ? APDU_DATA_MAX : 258,
                              .atr = l->atr.bytes,
                              .atr_len = l->atr.len};
}
