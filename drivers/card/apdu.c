#include "drivers/card/apdu.h"

#include <string.h>

/* ISO 7816-4 table 6, ICAO 9303-10 3.6; facts/emrtd.md section 2. */
static const struct sw_row rows[] = {
    {0x9000, 0xFFFF, RC_OK, NULL, "done"},
    {0x6281, 0xFFFF, RC_OK, NULL, "data may be corrupted"}, /* the hash of the file decides */
    {0x6282, 0xFFFF, RC_OK, NULL, "end of file reached before Le"},
    {0x6283, 0xFFFF, RC_OK, NULL, "the file is deactivated"}, /* said with the data all the same */
    {0x63C0, 0xFFF0, RC_USER, "CAN_WRONG", "verification failed, tries left"},
    {0x6300, 0xFFFF, RC_USER, "CAN_WRONG", "verification failed"},
    {0x6100, 0xFF00, RC_PROTOCOL, NULL, "more data wait"},
    {0x6700, 0xFFFF, RC_TOO_BIG, NULL, "wrong length"},
    {0x6881, 0xFFFF, RC_UNSUPPORTED, NULL, "logical channel not supported"},
    {0x6882, 0xFFFF, RC_UNSUPPORTED, NULL, "secure messaging not supported"},
    {0x6982, 0xFFFF, RC_DENIED, NULL, "security status not satisfied"},
    {0x6983, 0xFFFF, RC_UNSUPPORTED, "PACE_BLOCKED", "authentication blocked"},
    {0x6984, 0xFFFF, RC_UNSUPPORTED, "PACE_BLOCKED", "reference data not usable"},
    {0x6985, 0xFFFF, RC_STATE, NULL, "conditions of use not satisfied"},
    {0x6986, 0xFFFF, RC_STATE, NULL, "no file is selected"},
    {0x6987, 0xFFFF, RC_PROTOCOL, "SM_BROKEN", "secure messaging objects missing"},
    {0x6988, 0xFFFF, RC_PROTOCOL, "SM_BROKEN", "secure messaging objects wrong"},
    {0x6A80, 0xFFFF, RC_UNSUPPORTED, NULL, "wrong data in the command"},
    {0x6A81, 0xFFFF, RC_UNSUPPORTED, NULL, "function not supported"},
    {0x6A82, 0xFFFF, RC_NOT_FOUND, NULL, "file or application not found"},
    {0x6A86, 0xFFFF, RC_UNSUPPORTED, NULL, "wrong P1 or P2"},
    {0x6A88, 0xFFFF, RC_NOT_FOUND, NULL, "reference data not found"},
    {0x6B00, 0xFFFF, RC_NOT_FOUND, NULL, "offset behind the end"},
    {0x6C00, 0xFF00, RC_TOO_BIG, NULL, "wrong Le"},
    {0x6D00, 0xFFFF, RC_UNSUPPORTED, NULL, "instruction not supported"},
    {0x6E00, 0xFFFF, RC_UNSUPPORTED, NULL, "class not supported"},
    {0x6F00, 0xFF00, RC_DEVICE, NULL, "the card gives no reason"},
    {0x6200, 0xFF00, RC_DEVICE, NULL, "warning, memory unchanged"},
    {0x6300, 0xFF00, RC_DEVICE, NULL, "warning, memory changed"},
    {0x6000, 0xF000, RC_DEVICE, NULL, "unknown error"},
    {0x0000, 0x0000, RC_PROTOCOL, NULL, "not a status word"},
};

const struct sw_row *sw_row(uint16_t sw)
{
    const struct sw_row *r = rows;
    while ((sw & r->mask) != r->value)
        r++;
    return r;
}

int sw_tries(uint16_t sw)
{
    return (sw & 0xFFF0) == 0x63C0 ? sw & 0x0F : -1;
}

enum rc sw_fail(struct err *e, uint16_t sw, const char *what)
{
    const struct sw_row *r = sw_row(sw);
    if (r->rc == RC_OK)
        return err_set(e, RC_PROTOCOL, "%s: unexpected status %04X", what, sw);
    int64_t detail = r->code && r->rc == RC_USER ? sw_tries(sw) : 0;
    return err_code(e, r->rc, r->code, detail, "%s: %s (%04X)", what, r->text, sw);
}

enum rc apdu_encode(const struct apdu *c, uint8_t *out, size_t cap, size_t *len, struct err *e)
{
    if (c->lc > 0xFFFF || c->le > 65536)
        return err_set(e, RC_TOO_BIG, "a command with %zu bytes, Le %d is too big", c->lc, c->le);
    bool wide = c->wide || c->lc > 255 || c->le > 256;
    size_t need = 4 + (c->lc ? c->lc + (wide ? 3 : 1) : 0) + (c->le < 0 ? 0 : !wide ? 1 : c->lc ? 2 : 3);
    if (need > cap)
        return err_set(e, RC_TOO_BIG, "a command of %zu bytes does not fit into %zu", need, cap);
    uint8_t *p = out;
    *p++ = c->cla;
    *p++ = c->ins;
    *p++ = c->p1;
    *p++ = c->p2;
    if (wide && (c->lc || c->le >= 0))
        *p++ = 0;
    if (c->lc) {
        if (wide)
            *p++ = (uint8_t)(c->lc >> 8);
        *p++ = (uint8_t)c->lc;
        memcpy(p, c->data, c->lc);
        p += c->lc;
    }
    if (c->le >= 0) { /* 256 and 65536 are written as zeros */
        if (wide)
            *p++ = (uint8_t)(c->le >> 8);
        *p++ = (uint8_t)c->le;
    }
    *len = (size_t)(p - out);
    return RC_OK;
}

enum rc answer_decode(const uint8_t *p, size_t len, struct answer *out, struct err *e)
{
    if (len < 2)
        return err_set(e, RC_PROTOCOL, "an answer of %zu bytes has no status word", len);
    if (len - 2 > APDU_DATA_MAX)
        return err_set(e, RC_PROTOCOL, "an answer of %zu bytes is too big", len);
    uint16_t sw = (uint16_t)(p[len - 2] << 8 | p[len - 1]);
    if ((sw & 0xF000) != 0x9000 && (sw & 0xF000) != 0x6000)
        return err_set(e, RC_PROTOCOL, "the answer ends with %04X, which is no status word", sw);
    memcpy(out->data, p, len - 2);
    out->len = len - 2;
    out->sw = sw;
    return RC_OK;
}
