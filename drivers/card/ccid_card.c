/* The card in the reader: power, protocol and rate. */
#include "common/base/arena.h"
#include "common/base/clock.h"
#include "drivers/card/ccid_priv.h"

#include <string.h>

#define POWER_OFF_MS 1000
#define PARAMETERS_MS 5000
#define PPS_MS 3000
#define NOTICE_MS 60 /* for the interrupt endpoint to say what a failed command means */

enum rc ccid_failed(struct ccid_link *l, const struct ccid_in *in, const char *what, struct err *e)
{
    struct err frame = {0};
    struct port *p = &l->port;
    enum rc rc = ccid_fail(&frame, in, what);
    p->left |= in->card == CCID_ABSENT;
    if (in->card != CCID_ACTIVE && p->has_notices) {
        (void)bus_wait(l->bus, BUS_RING(CCID_RING_NOTICE), mono_ms() + NOTICE_MS);
        TRY(port_same_card(p, e));
    }
    if (in->card == CCID_INACTIVE && p->powered) /* it lost power behind our back */
        return err_code(e, RC_USER, "CARD_SWAPPED", 0, "%s: the card lost its power in the reader", what);
    if (e)
        *e = frame;
    return rc;
}

/* ---- rates that failed ---- */

static unsigned *back_of(struct ccid_link *l, bool make)
{
    struct ccid_rates *m = l->memory;
    const struct bus_id *id = bus_id(l->bus);
    const struct atr *a = &l->port.atr;
    for (size_t i = 0; m && i < COUNT(m->row); i++)
        if (m->row[i].len == a->len && a->len && m->row[i].vid == id->vid && m->row[i].pid == id->pid &&
            memcmp(m->row[i].atr, a->bytes, a->len) == 0)
            return &m->row[i].back;
    if (!m || !make)
        return NULL;
    size_t at = m->next++ % COUNT(m->row);
    m->row[at].vid = id->vid;
    m->row[at].pid = id->pid;
    m->row[at].len = a->len;
    memcpy(m->row[at].atr, a->bytes, a->len);
    m->row[at].back = 0;
    return &m->row[at].back;
}

void ccid_step_back(struct ccid_link *l)
{
    unsigned *back = l->ta1 == PPS_DEFAULT ? NULL : back_of(l, true);
    if (back)
        ++*back;
}

/* ---- protocol and rate ---- */

/* Does the reader leave it to us? An APDU reader that reads the ATR and does PPS by it needs nobody. */
static bool ours(const struct ccid_link *l)
{
    const uint32_t by_itself = CCID_AUTO_PARAMETERS | CCID_AUTO_PPS;
    if (l->cls.features & CCID_AUTO_NEGOTIATION)
        return false;
    return l->cls.level == CCID_TPDU || (l->cls.features & by_itself) != by_itself;
}

static enum rc choose(struct ccid_link *l, struct err *e)
{
    const struct atr *a = &l->port.atr;
    const unsigned *back = back_of(l, false);
    struct pps_reader r = {l->cls.clock_khz, l->cls.max_rate, l->rates, l->n_rates};
    bool may = l->cls.level == CCID_TPDU || (l->cls.features & CCID_AUTO_PPS), ok = true;
    l->ta1 = PPS_DEFAULT;
    l->protocol = pps_protocol(a, l->cls.protocols ? l->cls.protocols : 3);
    if (l->protocol < 0)
        return err_code(e, RC_UNSUPPORTED, "PROTOCOL_UNSUPPORTED", 0,
                        "the card speaks T=%d, the reader cannot (protocols %02X)", a->first,
                        (unsigned)l->cls.protocols & 0xFF);
    if (a->specific >= 0 || (may && !l->traits.no_pps))
        l->ta1 = pps_choose(a, &r, back ? *back : 0, &ok);
    if (!ok)
        return err_code(e, RC_UNSUPPORTED, "PROTOCOL_UNSUPPORTED", l->ta1,
                        "the card speaks at %u bit/s only, the reader cannot",
                        (unsigned)pps_rate(l->ta1, l->cls.clock_khz));
    return RC_OK;
}

/* The PPS of our own, before the first command (9.1). */
static enum rc pps(struct ccid_link *l, struct err *e)
{
    uint8_t request[PPS_MAX];
    BUF_SCOPE(answer);
    struct ccid_block b = {
        .p = request, .len = pps_request(l->protocol, l->ta1, request), .wait_ms = PPS_MS, .soft = true};
    TRY(ccid_block(l, &b, &answer, e));
    if (b.soft)
        return err_code(e, RC_DEVICE, "CARD_MUTE", 0, "PPS: the card does not answer");
    return pps_answer(request, (const uint8_t *)answer.p, answer.len, &l->ta1, e);
}

static enum rc set_parameters(struct ccid_link *l, struct err *e)
{
    uint8_t data[7];
    struct ccid_call c = {.out = {.type = CCID_SET_PARAMETERS,
                                  .word = {(uint8_t)l->protocol},
                                  .data = data,
                                  .len = ccid_parameters(&l->port.atr, l->protocol, l->ta1, data)},
                          .answer = CCID_PARAMETERS,
                          .deadline = ccid_earlier(mono_ms() + PARAMETERS_MS, l->port.deadline)};
    struct ccid_in in;
    l->cap_at = c.deadline;
    TRY(ccid_exchange(l, &c, &in, e));
    enum rc rc = RC_OK;
    bool own = l->ta1 == PPS_DEFAULT || (l->cls.features & CCID_AUTO_PARAMETERS) || l->cls.level != CCID_TPDU;
    if (in.card != CCID_ACTIVE)
        rc = ccid_failed(l, &in, "parameters", e);
    else if (in.failed && !own) /* "not changeable" is fine where nothing has to change */
        rc = err_code(e, RC_DEVICE, "RATE", in.error, "the reader does not take the rate of %u bit/s (%02X)",
                      (unsigned)pps_rate(l->ta1, l->cls.clock_khz), in.error);
    ccid_consume(l, c.total);
    return rc;
}

static enum rc negotiate(struct ccid_link *l, struct err *e)
{
    const struct atr *a = &l->port.atr;
    l->protocol = -1;
    l->ta1 = PPS_DEFAULT;
    if (l->cls.level != CCID_TPDU && (!ours(l) || a->protocols == 0))
        return RC_OK;
    enum rc rc = choose(l, e);
    if (rc == RC_UNSUPPORTED && l->cls.level != CCID_TPDU) { /* it may know better */
        l->protocol = -1;
        return RC_OK;
    }
    TRY(rc);
    bool asks = a->specific < 0 && (l->ta1 != PPS_DEFAULT || l->protocol != a->first);
    if (ours(l) && asks && l->cls.level == CCID_TPDU && !(l->cls.features & CCID_AUTO_PPS))
        TRY(pps(l, e));
    if (ours(l) && !l->traits.no_parameters)
        TRY(set_parameters(l, e));
    return l->cls.level == CCID_TPDU && l->protocol == 1 ? ccid_t1_start(l, e) : RC_OK;
}

/* ---- power ---- */

/* An ATR that breaks its own rules matters to those who speak the protocol. A reader that does it by itself
 * and says that the card is there has understood enough; nothing is then believed of the card. */
static enum rc take_atr(struct ccid_link *l, struct bytes p, struct err *e)
{
    const uint8_t *b = p.p;
    enum rc rc = atr_parse(b, p.len, &l->port.atr, e);
    if (rc != RC_OK && l->cls.level != CCID_TPDU && p.len >= 2 && p.len <= ATR_MAX &&
        (b[0] == 0x3B || b[0] == 0x3F)) {
        TRY(atr_parse((const uint8_t[]){b[0], 0}, 2, &l->port.atr, e));
        memcpy(l->port.atr.bytes, b, p.len);
        l->port.atr.len = p.len;
        l->port.atr.protocols = 0;
        return RC_OK;
    }
    return rc;
}

static enum rc power_at(struct ccid_link *l, uint8_t voltage, struct err *e)
{
    struct ccid_call c = {.out = {.type = CCID_ICC_POWER_ON, .word = {voltage}},
                          .answer = CCID_DATA_BLOCK,
                          .deadline = ccid_earlier(mono_ms() + l->traits.power_on_ms, l->port.deadline)};
    struct ccid_in in;
    int64_t start = mono_us();
    l->cap_at = ccid_earlier(c.deadline + l->traits.power_on_ms, l->port.deadline);
    TRY(ccid_exchange(l, &c, &in, e));
    l->port.count.card_us += mono_us() - start;
    enum rc rc;
    if (in.failed && in.card == CCID_ABSENT)
        rc = err_code(e, RC_USER, "CARD_ABSENT", 0, "no card in the reader");
    else if (in.failed)
        rc = ccid_failed(l, &in, "power-on", e);
    else
        rc = take_atr(l, BYTES(in.data, in.len), e);
    ccid_consume(l, c.total);
    l->port.powered = rc == RC_OK;
    return rc;
}

/* Lowest trouble first: the next voltage only when the card did not answer at this one (facts 5.5). */
static enum rc power(struct ccid_link *l, struct err *e)
{
    enum rc rc = err_code(e, RC_DEVICE, "CARD_MUTE", 0, "the reader offers no voltage");
    for (size_t i = 0; i < l->traits.n_volts; i++) {
        rc = power_at(l, l->traits.volts[i], e);
        if (rc != RC_DEVICE || l->port.hardware)
            return rc;
        if (i + 1 < l->traits.n_volts)
            ccid_power_off(&l->port);
    }
    return rc;
}

/* A card that fails at a faster rate gets another chance one step slower; each attempt starts from a reset.
 */
enum rc ccid_power_on(struct port *p, struct err *e)
{
    struct ccid_link *l = (struct ccid_link *)p;
    if (p->dirty)
        TRY(ccid_link_resync(l, e));
    if (l->traits.off_first)
        ccid_power_off(p);
    ccid_link_notices(l);
    p->powered = p->left = p->came = p->hardware = false;
    for (;;) {
        TRY(power(l, e));
        enum rc rc = negotiate(l, e);
        bool rate = l->ta1 != PPS_DEFAULT && p->atr.specific < 0 && l->memory;
        if (!rate || (rc != RC_DEVICE && rc != RC_PROTOCOL) || mono_ms() >= p->deadline)
            return rc;
        TRY(port_same_card(p, e));
        ccid_step_back(l);
        ccid_power_off(p);
    }
}

void ccid_power_off(struct port *p)
{
    struct ccid_link *l = (struct ccid_link *)p;
    struct ccid_call c = {.out = {.type = CCID_ICC_POWER_OFF}, .answer = CCID_SLOT_STATUS};
    struct ccid_in in;
    p->powered = false;
    if (p->dirty && ccid_link_resync(l, NULL) != RC_OK)
        return;
    l->cap_at = c.deadline = mono_ms() + POWER_OFF_MS;
    if (ccid_exchange(l, &c, &in, NULL) == RC_OK)
        ccid_consume(l, c.total);
}
