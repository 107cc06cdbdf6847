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

/* Takes packets until one frame stands in l->frame; *total is its length. Late or not, what has come is
 * looked at before anybody gives up: it may be we who stood still. */
static enum rc collect(struct ccid_link *l, int64_t deadline, size_t *total, struct err *e)
{
    for (bool empty = false;;) {
        size_t want = 0;
        TRY(ccid_expect(l->frame, l->have, sizeof l->frame, &want, e));
        if (want && l->have >= want) {
            *total = want;
            return RC_OK;
        }
        if (empty && mono_ms() >= deadline) /* packets without bytes may come for ever */
            return err_set(e, RC_TIMEOUT, "the device did not answer in time");
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
        empty = l->have == 0;
        if (first && !empty)
            deadline = mono_ms() + PIECES_MS;
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
    l->port.count.stale += l->have > 0;
    while (bus_take(l->bus, CCID_RING_BULK, junk, sizeof junk, &n, NULL))
        l->port.count.stale++;
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
    /* a halted endpoint is no answer to the command: getting back in step clears it */
    return rc == RC_UNSUPPORTED ? err_wrap(e, RC_PROTOCOL, "CCID") : rc;
}

enum rc ccid_cap(const struct ccid_link *l, struct err *e)
{
    return err_code(e, RC_TIMEOUT, "APDU_CAP", l->traits.cap_ms,
                    "the card asks for more time again and again");
}

/* The answer to the command just sent, which may take `base` from when the reader has it, and that long again
 * with each time extension. Others are counted and dropped, at most ten. The frame stays in l->frame until
 * the caller has used it. */
static enum rc receive(struct ccid_link *l, struct ccid_call *c, int64_t base, struct ccid_in *in,
                       struct err *e)
{
    int64_t cap = l->cap_at, deadline = ccid_earlier(mono_ms() + base, cap);
    bool stretched = false;
    deadline = deadline < c->deadline ? c->deadline : deadline;
    for (int stale = 0; stale <= STALE_MAX;) {
        enum rc rc = collect(l, deadline, &c->total, e);
        if (rc == RC_TIMEOUT && stretched && mono_ms() >= cap)
            return ccid_cap(l, e);
        TRY(rc);
        TRY(ccid_decode(l->frame, c->total, in, e));
        if (in->slot != l->slot || in->seq != l->seq) {
            ccid_consume(l, c->total);
            l->port.count.stale++;
            stale++;
        } else if (in->extension) {
            ccid_consume(l, c->total);
            l->port.count.extensions++;
            stretched = true;
            if (mono_ms() >= cap)
                return ccid_cap(l, e);
            deadline = ccid_earlier(mono_ms() + base * (in->error ? in->error : 1), cap);
        } else if (in->type != c->answer && !in->failed) {
            return err_set(e, RC_PROTOCOL, "CCID: an answer of type %02X instead of %02X", in->type,
                           c->answer);
        } else {
            l->port.card = in->card;
            return RC_OK;
        }
    }
    return err_set(e, RC_PROTOCOL, "CCID: more than %d old frames in a row", STALE_MAX);
}

/* Until the answer is known the slot is dirty. */
enum rc ccid_exchange(struct ccid_link *l, struct ccid_call *c, struct ccid_in *in, struct err *e)
{
    int64_t base = c->deadline - mono_ms();
    l->port.dirty = true;
    TRY(send(l, &c->out, c->deadline, e));
    TRY(receive(l, c, base, in, e));
    l->port.dirty = false;
    return RC_OK;
}

static enum rc one_status(struct ccid_link *l, int64_t ms, struct err *e)
{
    struct ccid_call c = {
        .out = {.type = CCID_GET_SLOT_STATUS}, .answer = CCID_SLOT_STATUS, .deadline = mono_ms() + ms};
    struct ccid_in in;
    l->cap_at = c.deadline;
    TRY(ccid_exchange(l, &c, &in, e));
    enum rc rc = in.failed ? ccid_fail(e, &in, "slot status") : RC_OK;
    ccid_consume(l, c.total);
    return rc == RC_USER ? RC_OK : rc; /* an empty slot is an answer */
}

/* ---- slots ---- */

/* The slot in use stays while it holds a card; else the first that has one, else the preferred one. */
static void choose_slot(struct ccid_link *l)
{
    size_t best = 0, at = 0;
    for (size_t i = l->traits.n_slots; i-- > 0;) {
        best = l->cards[i] != CCID_ABSENT ? i : best;
        at = l->traits.slots[i] == l->slot ? i : at;
    }
    if (l->cards[at] == CCID_ABSENT && l->traits.slots[best] != l->slot) {
        l->slot = l->traits.slots[best];
        l->port.powered = false;
        at = best;
    }
    l->port.card = l->cards[at];
}

static void note_card(struct ccid_link *l)
{
    for (size_t i = 0; i < l->traits.n_slots; i++)
        if (l->traits.slots[i] == l->slot)
            l->cards[i] = l->port.card;
}

/* Looks into the other slots when the one in use is empty. */
static enum rc look_around(struct ccid_link *l, struct err *e)
{
    uint8_t was = l->slot;
    note_card(l);
    for (size_t i = 0; i < l->traits.n_slots && l->port.card == CCID_ABSENT; i++) {
        if (l->traits.slots[i] == was)
            continue;
        l->slot = l->traits.slots[i];
        enum rc rc = one_status(l, STATUS_MS, e);
        note_card(l);
        if (rc != RC_OK || l->port.card == CCID_ABSENT)
            l->slot = was;
        if (rc != RC_OK)
            return rc;
    }
    choose_slot(l);
    return RC_OK;
}

enum rc ccid_link_status(struct ccid_link *l, struct err *e)
{
    if (l->port.dirty)
        TRY(ccid_link_resync(l, e));
    enum rc rc = one_status(l, STATUS_MS, e);
    if (rc == RC_PROTOCOL || rc == RC_TIMEOUT) { /* getting back in step asks for the status, too */
        TRY(ccid_link_resync(l, e));
        rc = RC_OK;
    }
    TRY(rc);
    return l->traits.n_slots > 1 ? look_around(l, e) : RC_OK;
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
        agree = mono_ms() - start > QUICK_MS ? 0 : agree && l->port.card == last ? agree + 1 : 1;
        last = l->port.card;
    }
    return answered ? RC_OK : err_wrap(e, RC_PROTOCOL, "the reader does not answer");
}

enum rc ccid_settle(struct ccid_link *l, struct err *e)
{
    enum rc rc = one_status(l, WARM_UP_MS, e);
    if (rc == RC_LINK_LOST || rc == RC_CANCELLED)
        return rc;
    TRY(settle(l, e));
    return l->traits.n_slots > 1 ? look_around(l, e) : RC_OK;
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
        l->port.count.aborts++;
        rc = ccid_exchange(l, &c, &in, e);
        if (rc == RC_OK)
            ccid_consume(l, c.total);
    }
    if (rc == RC_LINK_LOST || rc == RC_CANCELLED)
        return rc;
    TRY(bus_clear_halt(l->bus, e));
    forget(l);
    TRY(settle(l, e));
    l->port.dirty = false;
    return RC_OK;
}

enum rc ccid_link_resync(struct ccid_link *l, struct err *e)
{
    int64_t deadline = l->port.deadline; /* may be over: getting the reader back has its own, short ones */
    l->port.deadline = INT64_MAX;
    l->port.count.resyncs++;
    enum rc rc = resync(l, e);
    l->port.deadline = deadline;
    return rc;
}

static bool notice(struct ccid_link *l, size_t which, const uint8_t *p, size_t n)
{
    struct ccid_notice notice;
    bool active = l->traits.slots[which] == l->slot;
    if (ccid_notice_decode(p, n, l->traits.slots[which], &notice, NULL) != RC_OK)
        return false;
    if (notice.hardware_error && p[1] == l->traits.slots[which]) {
        l->port.hardware |= active;
        l->port.count.hardware_errors++;
    }
    if (!notice.changed)
        return false;
    if (active) {
        bool was = l->port.card != CCID_ABSENT;
        l->port.left |= !notice.present || was; /* changed to present while present: it was out and in */
        l->port.came |= notice.present;
        l->port.powered = false;
        l->port.card = notice.present ? CCID_INACTIVE : CCID_ABSENT;
    }
    l->cards[which] = notice.present ? CCID_INACTIVE : CCID_ABSENT;
    return true;
}

bool ccid_link_notices(struct ccid_link *l)
{
    uint8_t p[64];
    size_t n;
    bool changed = false;
    while (l->port.has_notices && bus_take(l->bus, CCID_RING_NOTICE, p, sizeof p, &n, NULL)) {
        note_card(l);
        for (size_t i = 0; i < l->traits.n_slots; i++)
            changed |= notice(l, i, p, n);
    }
    if (changed && !l->port.powered)
        choose_slot(l);
    return changed;
}
