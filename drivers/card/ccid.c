#include "drivers/card/ccid.h"

#include "drivers/card/atr.h"

#include <string.h>

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

const char *ccid_level_name(enum ccid_level level)
{
    static const char *const names[] = {"character", "tpdu", "short_apdu", "short_and_extended_apdu"};
    return names[level];
}

enum rc ccid_class_parse(const uint8_t *p, size_t len, struct ccid_class *out, struct err *e)
{
    if (len < 54)
        return err_set(e, RC_PROTOCOL, "CCID class descriptor: %zu bytes instead of 54", len);
    if (p[0] != 54)
        return err_set(e, RC_PROTOCOL, "CCID class descriptor: bLength is %u instead of 54", p[0]);
    if (p[1] != 0x21)
        return err_set(e, RC_PROTOCOL, "CCID class descriptor: type %02X instead of 21", p[1]);
    struct ccid_class c = {
        .slots = p[4] + 1u,
        .voltages = p[5],
        .protocols = le32(p + 6),
        .clock_khz = le32(p + 10),
        .max_rate = le32(p + 23),
        .rates = p[27],
        .max_ifsd = le32(p + 28),
        .features = le32(p + 40),
        .max_message = le32(p + 44),
        .pin_support = p[52],
        .busy_slots = p[53],
    };
    if (c.max_message <= CCID_HEADER)
        return err_set(e, RC_PROTOCOL, "CCID class descriptor: messages of %u bytes, the header alone has 10",
                       (unsigned)c.max_message);
    switch (c.features & 0x70000) {
    case 0:
        c.level = CCID_CHARACTER;
        break;
    case 0x10000:
        c.level = CCID_TPDU;
        break;
    case 0x20000:
        c.level = CCID_SHORT;
        break;
    case 0x40000:
        c.level = CCID_EXTENDED;
        break;
    default:
        return err_set(e, RC_PROTOCOL, "CCID class descriptor: more than one exchange level (%05X)",
                       (unsigned)(c.features & 0x70000));
    }
    *out = c;
    return RC_OK;
}

enum rc ccid_encode(const struct ccid_out *m, uint8_t *out, size_t cap, size_t *len, struct err *e)
{
    if (m->len > cap || cap - m->len < CCID_HEADER)
        return err_set(e, RC_TOO_BIG, "a CCID frame with %zu bytes does not fit into %zu", m->len, cap);
    out[0] = m->type;
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(m->len >> (8 * i));
    out[5] = m->slot;
    out[6] = m->seq;
    memcpy(out + 7, m->word, 3);
    if (m->len)
        memcpy(out + CCID_HEADER, m->data, m->len);
    *len = CCID_HEADER + m->len;
    return RC_OK;
}

enum rc ccid_expect(const uint8_t *p, size_t len, size_t max, size_t *total, struct err *e)
{
    size_t n = 0;
    if (len >= 5) {
        uint32_t body = le32(p + 1);
        if (body > max || max - body < CCID_HEADER)
            return err_set(e, RC_PROTOCOL, "CCID: a frame that says %u bytes, at most %zu are possible",
                           (unsigned)body, max);
        n = CCID_HEADER + body;
    }
    *total = n;
    return RC_OK;
}

enum rc ccid_decode(const uint8_t *p, size_t len, struct ccid_in *out, struct err *e)
{
    if (len < CCID_HEADER)
        return err_set(e, RC_PROTOCOL, "CCID: a frame of %zu bytes, the header has 10", len);
    uint32_t body = le32(p + 1);
    if (body != len - CCID_HEADER)
        return err_set(e, RC_PROTOCOL, "CCID: the frame says %u bytes, %zu came", (unsigned)body,
                       len - CCID_HEADER);
    if (p[0] < 0x80 || p[0] > 0x84)
        return err_set(e, RC_PROTOCOL, "CCID: a frame of unknown type %02X", p[0]);
    uint8_t status = p[7];
    if ((status & 0x03) == 3)
        return err_set(e, RC_PROTOCOL, "CCID: card status 3 does not exist");
    *out = (struct ccid_in){
        .type = p[0],
        .slot = p[5],
        .seq = p[6],
        .card = status & 0x03,
        .failed = (status & 0xC0) == 0x40,
        .extension = (status & 0xC0) == 0x80,
        .error = p[8],
        .param = p[9],
        .data = p + CCID_HEADER,
        .len = body,
    };
    return RC_OK;
}

/* Revision 1.1 table 6.2-2; facts/ccid.md sections 2 and 9. */
static const struct {
    uint8_t error;
    enum rc rc;
    const char *code, *text;
} errors[] = {
    {0xFE, RC_DEVICE, "CARD_MUTE", "the card does not answer"},
    {0xFD, RC_DEVICE, "PARITY", "parity error"},
    {0xFC, RC_DEVICE, "OVERRUN", "overrun"},
    {0xFB, RC_DEVICE, "READER_HARDWARE", "the reader reports a hardware error"},
    {0xF8, RC_DEVICE, "ATR_BAD", "bad TS in the ATR"},
    {0xF7, RC_DEVICE, "ATR_BAD", "bad check byte in the ATR"},
    {0xF6, RC_UNSUPPORTED, "PROTOCOL_UNSUPPORTED", "the card's protocol is not supported"},
    {0xF5, RC_UNSUPPORTED, "PROTOCOL_UNSUPPORTED", "the card's class is not supported"},
    {0xF4, RC_PROTOCOL, NULL, "procedure byte conflict"},
    {0xF3, RC_UNSUPPORTED, "PROTOCOL_UNSUPPORTED", "deactivated protocol"},
    {0xF2, RC_BUSY, NULL, "the reader is busy with its own sequence"},
    {0xE0, RC_BUSY, NULL, "the slot is busy"},
    {0xBB, RC_UNSUPPORTED, "READER_EMV_MODE", "the reader is set to payment cards (EMV mode)"},
    {0x00, RC_UNSUPPORTED, NULL, "the reader does not know the command"},
    {0x05, RC_UNSUPPORTED, NULL, "the slot does not exist"},
};

enum rc ccid_fail(struct err *e, const struct ccid_in *m, const char *what)
{
    if (m->card == CCID_ABSENT)
        return err_code(e, RC_USER, "CARD_REMOVED", 0, "%s: the card is gone", what);
    for (size_t i = 0; i < COUNT(errors); i++)
        if (errors[i].error == m->error)
            return err_code(e, errors[i].rc, errors[i].code, m->error, "%s: %s (%02X)", what, errors[i].text,
                            m->error);
    return err_code(e, RC_PROTOCOL, NULL, m->error, "%s: the reader refuses (%02X)", what, m->error);
}

size_t ccid_parameters(const struct atr *a, int protocol, uint8_t ta1, uint8_t out[7])
{
    uint8_t inverse = a->bytes[0] == 0x3F ? 0x02 : 0;
    out[0] = ta1;
    out[2] = a->tc1 > 0 ? (uint8_t)a->tc1 : 0;
    out[4] = 0; /* the clock is never stopped */
    if (protocol == 0) {
        out[1] = inverse;
        out[3] = (uint8_t)a->wi;
        return 5;
    }
    out[1] = (uint8_t)(0x10 | inverse | a->crc);
    out[3] = (uint8_t)a->tb3;
    out[5] = (uint8_t)a->ifsc;
    out[6] = 0; /* node address */
    return 7;
}

enum rc ccid_notice_decode(const uint8_t *p, size_t len, unsigned slot, struct ccid_notice *out,
                           struct err *e)
{
    if (len < 2)
        return err_set(e, RC_PROTOCOL, "CCID notice: %zu bytes", len);
    struct ccid_notice n = {0};
    if (p[0] == CCID_HARDWARE_ERROR) {
        n.hardware_error = true;
    } else if (p[0] != CCID_NOTIFY_SLOT_CHANGE) {
        return err_set(e, RC_PROTOCOL, "CCID notice: unknown type %02X", p[0]);
    } else if (1 + slot / 4 < len) { /* two bits a slot: present, changed */
        uint8_t bits = p[1 + slot / 4] >> (slot % 4 * 2);
        n.present = bits & 1;
        n.changed = bits & 2;
    }
    *out = n;
    return RC_OK;
}
