#include "drivers/card/port.h"

#include "common/base/clock.h"

#include <string.h>

/* A session is bound to one card: out of the reader and back is another card, even when it looks the same. */
enum rc port_same_card(struct port *p, struct err *e)
{
    p->ops->notices(p);
    if (p->hardware)
        return err_code(e, RC_DEVICE, "READER_HARDWARE", 0, "the reader reports a hardware error");
    if (!p->left)
        return RC_OK;
    if (p->card == CCID_ABSENT)
        return err_code(e, RC_USER, "CARD_REMOVED", 0, "the card was taken out");
    return err_code(e, RC_USER, "CARD_SWAPPED", 0, "another card was put in");
}

static enum rc transmit(void *self, const uint8_t *cmd, size_t len, struct answer *out, struct err *e)
{
    struct port *p = self;
    int64_t start = mono_us();
    TRY(port_same_card(p, e));
    if (!p->powered)
        return err_code(e, RC_DEVICE, "CARD_MUTE", 0, "the card is not powered");
    buf_reset(&p->answer);
    enum rc rc = p->ops->exchange(p, BYTES(cmd, len), &p->answer, e);
    p->count.card_us += mono_us() - start;
    p->count.apdus++;
    p->count.bytes_out += len;
    p->count.bytes_in += p->answer.len;
    if (rc == RC_OK)
        rc = answer_decode((const uint8_t *)p->answer.p, p->answer.len, out, e);
    port_wipe(p);
    return rc;
}

static enum rc reset(void *self, struct err *e)
{
    struct port *p = self;
    struct atr before = p->atr;
    if (mono_ms() >= p->deadline)
        return err_set(e, RC_TIMEOUT, "no time left to begin again");
    TRY(port_same_card(p, e));
    p->ops->power_off(p);
    TRY(port_same_card(p, e)); /* power_on() forgets what was seen */
    TRY(p->ops->power_on(p, e));
    if (p->atr.len != before.len || memcmp(p->atr.bytes, before.bytes, before.len) != 0)
        return err_code(e, RC_USER, "CARD_SWAPPED", 0, "the card answers with another ATR");
    return RC_OK;
}

struct transport port_transport(struct port *p)
{
    return (struct transport){.self = p,
                              .transmit = transmit,
                              .reset = reset,
                              .max_command = p->max_command,
                              .max_answer = p->max_answer,
                              .atr = p->atr.bytes,
                              .atr_len = p->atr.len};
}

void port_wipe(struct port *p)
{
    buf_reset(&p->answer);
}

void port_free(struct port *p)
{
    buf_free(&p->answer);
}
