/* The address of the Romanian electronic card: behind the PIN, in an application of its own.
 * Nothing of this is from an official specification (facts/emrtd.md section 7); the order is the one that was
 * seen to work: national application, PACE with the CAN, PIN, EDATA. The card counts wrong PINs, so that
 * nothing here is ever tried twice. */
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/text.h"
#include "drivers/card/emrtd.h"

#include <string.h>

static const uint8_t national[] = {0xA0, 0x00, 0x00, 0x00, 0x77, 0x03, 0x0C, 0x60,
                                   0x00, 0x00, 0x00, 0xFE, 0x00, 0x00, 0x05, 0x00};
static const uint8_t edata[] = {0xE8, 0x28, 0xBD, 0x08, 0x0F, 0xA0, 0x00, 0x00,
                                0x01, 0x67, 0x45, 0x44, 0x41, 0x54, 0x41};
static const struct lds_file address_file = {"EDATA address", 0x0106, 0x30, 0};
#define PIN_PLACES 12

static enum rc application(struct emrtd *m, struct bytes aid, uint16_t *sw, struct err *e)
{
    return emrtd_select(m, 0x04, aid.p, aid.len, sw, e);
}

/* A card of another kind does not know the name. */
static enum rc refused(uint16_t sw, const char *what, struct err *e)
{
    if (sw_row(sw)->rc == RC_NOT_FOUND)
        return err_code(e, RC_UNSUPPORTED, "NO_ADDRESS", 0, "%s is not on this card (%04X)", what, sw);
    return sw_fail(e, sw, what);
}

/* National application, then PACE; cards that want PACE from the MF say so, and are asked again from there.
 */
static enum rc enter(struct emrtd *m, struct err *e)
{
    uint16_t sw = 0;
    TRY(m->t->reset(m->t->self, e));
    TRY(emrtd_mf(m, e));
    TRY(application(m, BYTES(national, sizeof national), &sw, e));
    if (m->pace.oid[0] == 0)
        return sw == 0x9000 ? RC_OK : refused(sw, "the national application", e);
    struct err why = {0};
    enum rc rc = sw == 0x9000 ? emrtd_pace(m, &why) : RC_STATE;
    if (rc == RC_OK)
        return RC_OK;
    if (why.code || (rc != RC_STATE && rc != RC_UNSUPPORTED && rc != RC_NOT_FOUND)) {
        if (e)
            *e = why;
        return rc;
    }
    TRY(emrtd_mf(m, e));
    TRY(emrtd_pace(m, e));
    TRY(application(m, BYTES(national, sizeof national), &sw, e));
    return sw == 0x9000 ? RC_OK : refused(sw, "the national application", e);
}

/* 4 digits, filled up with FF. */
static enum rc verify(struct emrtd *m, struct err *e)
{
    uint8_t pin[PIN_PLACES];
    struct answer a;
    size_t n = strnlen(m->secret.pin, sizeof pin);
    if (!m->sm.open) /* anybody could hear it */
        return err_set(e, RC_UNSUPPORTED, "the PIN travels in a protected channel only");
    memset(pin, 0xFF, sizeof pin);
    memcpy(pin, m->secret.pin, n);
    struct apdu c = {0x00, 0x20, 0x00, 0x03, pin, sizeof pin, -1, false};
    enum rc rc = emrtd_send(m, &c, &a, e);
    wipe(pin, sizeof pin);
    if (rc != RC_OK && m->left) /* the refusal came in clear */
        a.sw = m->left;
    else
        TRY(rc);
    if (a.sw == 0x9000)
        return RC_OK;
    int tries = sw_tries(a.sw);
    if (tries == 0 || a.sw == 0x6983 || a.sw == 0x6984)
        return err_code(e, RC_UNSUPPORTED, "PIN_BLOCKED", 0, "the PIN is blocked (%04X)", a.sw);
    if (tries > 0 || a.sw == 0x6300)
        return err_code(e, RC_USER, "PIN_WRONG", tries, "the card refuses the PIN (%04X)", a.sw);
    return sw_fail(e, a.sw, "VERIFY");
}

/* SEQUENCE of context-tagged UTF-8: the parts in the card's order, one line. */
static enum rc address_line(struct emrtd *m, const struct emrtd_file *f, struct err *e)
{
    struct tlv seq, part;
    size_t at = 0;
    BUF_SCOPE(line);
    TRY(tlv_read(f->p, f->len, &seq, e));
    while (tlv_next(seq.v, seq.len, &at, &part, NULL) == RC_OK) {
        if (part.len == 0 || !utf8_valid((const char *)part.v, part.len))
            continue;
        if (line.len)
            buf_str(&line, ", ");
        buf_add(&line, part.v, part.len);
    }
    if (at < seq.len || line.len == 0)
        return err_code(e, RC_PROTOCOL, "FILE_BAD", 0, "EDATA: the address cannot be read");
    m->result.address = arena_strn(m->arena, line.p, line.len);
    return RC_OK;
}

enum rc emrtd_address(struct emrtd *m, struct err *e)
{
    struct emrtd_file file;
    uint16_t sw = 0;
    emrtd_step(m, "address", 98);
    sm_wipe(&m->sm);
    m->left = 0;
    enum rc rc = enter(m, e);
    m->left = 0;
    if (rc == RC_OK)
        rc = verify(m, e);
    if (rc == RC_OK)
        rc = application(m, BYTES(edata, sizeof edata), &sw, e);
    if (rc == RC_OK && sw != 0x9000)
        rc = refused(sw, "EDATA", e);
    m->by_sfi = false;
    m->chunk = m->sm.open ? sm_room(&m->sm, 258) : 256;
    m->wide = false;
    if (rc == RC_OK)
        rc = emrtd_file(m, &address_file, (struct emrtd_bar){98, 100}, &file, e);
    if (rc == RC_OK)
        rc = address_line(m, &file, e);
    sm_wipe(&m->sm);
    return rc;
}
