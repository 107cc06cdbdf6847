#include "drivers/card/ccid_link.h"

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "drivers/card/ccid_priv.h"

#include <string.h>

#define STATUS_MS 1000
#define WARM_UP_MS 5000 /* the first status after a plug may be slow */
#define QUICK_MS 100
#define PIECES_MS 500 /* from the first to the last byte of one frame */
#define STALE_MAX 10

int64_t ccid_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- frames ----------------------------------------------------------------------------------------------
 */

/* Takes packets until one frame stands in l->frame; *total is its length. */
static enum rc collect(struct ccid_link *l, int64_t deadline, size_t *total, struct err *e)
{
    for (;;) {
        size_t want = 0;
        TRY(ccid_expect(l->frame, l->have, sizeof l->frame, &want, e));
        if (want && l->have >= want) {
            *total = want;
            return RC_OK;
        }
        enum rc rc = bus_await(l->bus, BUS_RING(CCID_RING_BULK), deadline, e);
        if (rc == RC_TIMEOUT && l->have > 0)
            return err_set(e, RC_PROTOCOL, "CCID: a frame of %zu bytes stops after %zu", want, l->have);
        TRY(rc);
        size_t n = 0;
        bool first = l->have == 0;
        if (l->have == sizeof l->frame ||
            !bus_take(l->bus, CCID_RING_BULK, l->frame + l->have, sizeof l->frame - l->have, &n, NULL))
            continue;
        l->have += n;
        if (first)
            deadline = ccid_earlier(deadline, mono_ms() + PIECES_MS);
    }
}

void ccid_consume(struct ccid_link *l, size_t total)
{
    memmove(l->frame, l->frame + total, l->have - total);
    wipe(l->frame + l->have - total, total);
    l->have -= total;
}

/* Everything that came before a command goes out is old. */
static void forget(struct ccid_link *l)
{
    uint8_t junk[64];
    size_t n;
    l->count.stale += l->have > 0;
    while (bus_take(l->bus, CCID_RING_BULK, junk, sizeof junk, &n, NULL))
        l->count.stale++;
    wipe(l->frame, l->have);
    l->have = 0;
}

static enum rc send(struct ccid_link *l, struct ccid_out *m, int64_t deadline, struct err *e)
{
    uint8_t out[CCID_HEADER + APDU_MAX + 64];
    size_t len = 0;
    forget(l);
    m->slot = l->slot;
    m->seq = ++l->seq;
    TRY(ccid_encode(m, out, sizeof out, &len, e));
    enum rc rc = bus_write(l->bus, l->ep_out, out, len, deadline, e);
    wipe(out, len);
    return rc;
}

/* The answer to the command just sent. Others are counted and dropped, at most ten. The frame stays in
 * l->frame until the caller has used it. */
static enum rc receive(struct ccid_link *l, struct ccid_call *c, struct ccid_in *in, struct err *e)
{
    int64_t start = mono_ms(), cap = ccid_earlier(start + l->cap_ms, l->deadline), deadline = c->deadline;
    bool stretched = false;
    for (int stale = 0; stale <= STALE_MAX;) {
        enum rc rc = collect(l, deadline, &c->total, e);
        if (stretched && mono_ms() >= cap)
            return err_code(e, RC_TIMEOUT, "APDU_CAP", l->cap_ms,
                            "the card asks for more time again and again");
        TRY(rc);
        TRY(ccid_decode(l->frame, c->total, in, e));
        if (in->slot != l->slot || in->seq != l->seq) {
            ccid_consume(l, c->total);
            l->count.stale++;
            stale++;
        } else if (in->extension) {
            ccid_consume(l, c->total);
            l->count.extensions++;
            stretched = true;
            deadline = ccid_earlier(mono_ms() + (c->deadline - start), cap);
        } else if (in->type != c->answer && !in->failed) {
            return err_set(e, RC_PROTOCOL, "CCID: an answer of type %02X instead of %02X", in->type,
                           c->answer);
        } else {
            l->card = in->card;
            return RC_OK;
        }
    }
    return err_set(e, RC_PROTOCOL, "CCID: more than %d old frames in a row", STALE_MAX);
}

/* Until the answer is known the slot is dirty. */
enum rc ccid_exchange(struct ccid_link *l, struct ccid_call *c, struct ccid_in *in, struct err *e)
{
    l->dirty = true;
    TRY(send(l, &c->out, c->deadline, e));
    TRY(receive(l, c, in, e));
    l->dirty = false;
    return RC_OK;
}

static enum rc one_status(struct ccid_link *l, int64_t ms, struct err *e)
{
    struct ccid_call c = {
        .out = {.type = CCID_GET_SLOT_STATUS}, .answer = CCID_SLOT_STATUS, .deadline = mono_ms() + ms};
    struct ccid_in in;
    TRY(ccid_exchange(l, &c, &in, e));
    enum rc rc = in.failed ? ccid_fail(e, &in, "slot status") : RC_OK;
    ccid_consume(l, c.total);
    return rc == RC_USER ? RC_OK : rc; /* an empty slot is an answer */
}

enum rc ccid_link_status(struct ccid_link *l, struct err *e)
{
    if (l->dirty)
        TRY(ccid_link_resync(l, e));
    return one_status(l, STATUS_MS, e);
}

/* ---- opening and recovery --------------------------------------------------------------------------------
 */

/* Two quick ones that agree; a slow or strange one starts the count again. A busy machine may be slow, so a
 * reader that answers at all within ten rounds is good. */
static enum rc settle(struct ccid_link *l, struct err *e)
{
    int agree = 0, answered = 0;
    enum ccid_card last = CCID_ABSENT;
    for (int i = 0; i < 10 && agree < 2; i++) {
        int64_t start = mono_ms();
        enum rc rc = one_status(l, STATUS_MS, e);
        if (rc == RC_LINK_LOST || rc == RC_CANCELLED)
            return rc;
        if (rc != RC_OK) {
            agree = 0;
            (void)bus_wait(l->bus, 0, mono_ms() + QUICK_MS);
            continue;
        }
        answered++;
        agree = mono_ms() - start > QUICK_MS ? 0 : agree && l->card == last ? agree + 1 : 1;
        last = l->card;
    }
    return answered ? RC_OK : err_wrap(e, RC_PROTOCOL, "the reader does not answer");
}

static enum rc listen_all(struct ccid_link *l, struct err *e)
{
    uint16_t in_size = 0, notice_size = 0;
    uint8_t ep_in = bus_endpoint(l->bus, BUS_BULK, true, &in_size);
    uint8_t notice = bus_endpoint(l->bus, BUS_INTERRUPT, true, &notice_size);
    l->ep_out = bus_endpoint(l->bus, BUS_BULK, false, NULL);
    if (!ep_in || !l->ep_out || !in_size)
        return err_set(e, RC_UNSUPPORTED, "the reader has no bulk endpoints (ICCD tokens are not supported)");
    TRY(bus_listen(l->bus, CCID_RING_BULK, ep_in, in_size, 8, e));
    l->has_notices = notice && notice_size;
    if (l->has_notices)
        TRY(bus_listen(l->bus, CCID_RING_NOTICE, notice, notice_size, 2, e));
    return RC_OK;
}

enum rc ccid_link_open(struct ccid_link *l, struct bus *bus, const struct device_row *row, struct err *e)
{
    uint8_t desc[64];
    size_t len = 0;
    const struct jval *profile = row ? row->profile : NULL;
    *l = (struct ccid_link){.bus = bus, .card = CCID_ABSENT, .deadline = INT64_MAX};
    l->apdu_ms = ccid_earlier(CCID_APDU_MS, jval_int(profile, "apdu_ms", CCID_APDU_MS));
    l->cap_ms = ccid_earlier(CCID_CAP_MS, jval_int(profile, "cap_ms", CCID_CAP_MS));
    TRY(bus_class_descriptor(bus, 0x21, desc, sizeof desc, &len, e));
    TRY(ccid_class_parse(desc, len, &l->cls, e));
    if (row_has(row, "level_short"))
        l->cls.level = CCID_SHORT;
    if (row_has(row, "level_extended"))
        l->cls.level = CCID_EXTENDED;
    if (l->cls.level != CCID_SHORT && l->cls.level != CCID_EXTENDED)
        return err_set(
            e, RC_UNSUPPORTED,
            "%s works at %s level; readers that take whole APDUs are supported, this one is not yet",
            row ? row->name : "the reader", ccid_level_name(l->cls.level));
    TRY(listen_all(l, e));
    enum rc rc = one_status(l, WARM_UP_MS, e);
    if (rc == RC_LINK_LOST || rc == RC_CANCELLED)
        return rc;
    return settle(l, e);
}

static enum rc resync(struct ccid_link *l, struct err *e)
{
    /* CCID 5.3.1: the control request and the bulk command with one number, then the slot is free again. */
    struct bus_setup abort = {.type = 0x21, .request = 0x01, .index = bus_id(l->bus)->interface};
    struct ccid_call c = {
        .out = {.type = CCID_ABORT}, .answer = CCID_SLOT_STATUS, .deadline = mono_ms() + STATUS_MS};
    struct ccid_in in;
    abort.value = (uint16_t)((uint8_t)(l->seq + 1) << 8 | l->slot);
    enum rc rc = bus_control(l->bus, &abort, NULL, NULL, c.deadline, e);
    if (rc == RC_OK) {
        l->count.aborts++;
        rc = ccid_exchange(l, &c, &in, e);
        if (rc == RC_OK)
            ccid_consume(l, c.total);
    }
    if (rc == RC_LINK_LOST || rc == RC_CANCELLED)
        return rc;
    TRY(bus_clear_halt(l->bus, e));
    forget(l);
    TRY(settle(l, e));
    l->dirty = false;
    return RC_OK;
}

enum rc ccid_link_resync(struct ccid_link *l, struct err *e)
{
    int64_t deadline = l->deadline; /* may be over: getting the reader back has its own, short ones */
    l->deadline = INT64_MAX;
    l->count.resyncs++;
    enum rc rc = resync(l, e);
    l->deadline = deadline;
    return rc;
}

bool ccid_link_notices(struct ccid_link *l)
{
    uint8_t p[64];
    size_t n;
    bool changed = false;
    while (l->has_notices && bus_take(l->bus, CCID_RING_NOTICE, p, sizeof p, &n, NULL)) {
        struct ccid_notice notice;
        if (ccid_notice_decode(p, n, l->slot, &notice, NULL) != RC_OK)
            continue;
        if (notice.hardware_error) {
            l->hardware = true;
            l->count.hardware_errors++;
        }
        if (!notice.changed)
            continue;
        bool was = l->card != CCID_ABSENT;
        l->left |= !notice.present || was; /* changed to present while present: it was out and in */
        l->came |= notice.present;
        l->card = notice.present ? CCID_INACTIVE : CCID_ABSENT;
        l->powered = false;
        changed = true;
    }
    return changed;
}

void ccid_link_wipe(struct ccid_link *l)
{
    wipe(l->frame, sizeof l->frame);
    l->have = 0;
}
