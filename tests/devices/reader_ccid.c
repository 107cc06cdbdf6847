/* CCID commands: the table, and the life of the one command that may run at a time. */
#include "tests/devices/reader.h"

#include <errno.h>
#include <string.h>

enum { DATA_BLOCK = 0x80, SLOT_STATUS = 0x81, PARAMETERS = 0x82, ESCAPE = 0x83, DATA_RATE = 0x84 };
enum { FAILED = 0x40, TIME_EXTENSION = 0x80 };
enum {
    E_UNSUPPORTED = 0x00,
    E_LENGTH = 1,
    E_SLOT = 5,
    E_PROTOCOL = 7,
    E_LEVEL = 8,
    E_BUSY = 0xE0,
    E_HARDWARE = 0xFB,
    E_PARITY = 0xFD,
    E_MUTE = 0xFE,
    E_ABORTED = 0xFF
};
enum { WHOLE = 0, BEGINS = 1, ENDS = 2, MIDDLE = 3, GO_ON = 0x10 };
enum { EXTENSION_MS = 400, LONGEST = 66000 };

struct command {
    uint8_t type, slot, seq;
    const uint8_t *extra, *data; /* 3 bytes of the header; payload */
    size_t len;
};

static void answer_status(struct reader *r, uint8_t seq, uint8_t status, uint8_t error)
{
    emit(r, &(struct frame){SLOT_STATUS, seq, (uint8_t)(status | reader_icc(r)), error, 0, NULL, 0});
}

/* ---- the command that runs ---- */

static gboolean on_extension(gpointer user)
{
    struct reader *r = user;
    r->extensions++;
    emit(r, &(struct frame){DATA_BLOCK, r->seq, (uint8_t)(TIME_EXTENSION | reader_icc(r)), 1, 0, NULL, 0});
    return G_SOURCE_CONTINUE;
}

static void stop_timers(struct reader *r)
{
    if (r->done_timer)
        g_source_remove(r->done_timer);
    if (r->extension_timer)
        g_source_remove(r->extension_timer);
    r->done_timer = r->extension_timer = 0;
}

static void begin(struct reader *r, uint8_t seq, bool power_on)
{
    r->busy = true;
    r->power_on = power_on;
    r->seq = seq;
    buf_reset(&r->answer);
    r->extension_timer = g_timeout_add(EXTENSION_MS, on_extension, r);
}

static void end(struct reader *r)
{
    stop_timers(r);
    r->busy = false;
}

void reader_fail(struct reader *r, uint8_t error)
{
    if (!r->busy)
        return;
    end(r);
    emit(r, &(struct frame){DATA_BLOCK, r->seq, (uint8_t)(FAILED | reader_icc(r)), error, 0, NULL, 0});
}

void reader_forget(struct reader *r)
{
    if (r->busy)
        slot_cancel(r);
    end(r);
    buf_reset(&r->in);
    buf_reset(&r->chain);
    buf_reset(&r->rest);
    r->abort_control = r->abort_bulk = -1;
}

/* The next piece of r->rest; `first` says whether an earlier one went out. */
static void send_piece(struct reader *r, bool first)
{
    size_t room = reader_max_message() - HEADER, n = r->rest.len < room ? r->rest.len : room;
    bool last = n == r->rest.len;
    uint8_t chain = first ? (last ? WHOLE : BEGINS) : last ? ENDS : MIDDLE;
    emit_answer(r, &(struct frame){DATA_BLOCK, r->seq, reader_icc(r), 0, chain, r->rest.p, n});
    buf_cut(&r->rest, n);
}

static void deliver(struct reader *r)
{
    end(r);
    buf_reset(&r->rest);
    buf_add(&r->rest, r->answer.p, r->answer.len);
    r->apdus++;
    r->bytes_from_card += r->answer.len;
    if (reader_level() == LEVEL_TPDU)
        tpdu_answer(r);
    else
        send_piece(r, true);
    vdev_count(r->v, "apdu", 1);
}

void reader_block(struct reader *r, const uint8_t *p, size_t len)
{
    r->blocks++;
    stop_timers(r);
    r->busy = false;
    if (fault_take(r, FAULT_PARITY))
        emit(r, &(struct frame){DATA_BLOCK, r->seq, (uint8_t)(FAILED | reader_icc(r)), E_PARITY, 0, NULL, 0});
    else
        emit_answer(r, &(struct frame){DATA_BLOCK, r->seq, reader_icc(r), 0, 0, p, len});
    vdev_count(r->v, "blocks", 1);
}

static gboolean on_done(gpointer user)
{
    struct reader *r = user;
    r->done_timer = 0;
    deliver(r);
    return G_SOURCE_REMOVE;
}

void reader_xfr_done(struct reader *r)
{
    unsigned wait = r->delay_ms + (r->source == FROM_CARD ? card_busy_ms(r->chip->card) : 0);
    if (!r->busy)
        return;
    if (wait)
        r->done_timer = g_timeout_add(wait, on_done, r);
    else
        deliver(r);
}

/* T=1 when the ATR offers it first, else T=0; ISO 7816-3 8.2.3: TD1 tells. */
static void default_params(struct reader *r)
{
    bool ta1 = r->atrlen > 2 && (r->atr[1] & 0x10);
    size_t td1 = 2 + !!(r->atr[1] & 0x10) + !!(r->atr[1] & 0x20) + !!(r->atr[1] & 0x40);
    bool t1 = r->atrlen > td1 && (r->atr[1] & 0x80) && (r->atr[td1] & 0x0F) == 1;
    r->protocol = t1;
    memcpy(r->params,
           t1 ? (const uint8_t[]){0x11, 0x10, 0, 0x45, 0, 0xFE, 0}
              : (const uint8_t[]){0x11, 0, 0, 0x0A, 0, 0, 0},
           7);
    if (ta1 && reader_level() != LEVEL_TPDU)
        r->params[0] = r->atr[2];
    tpdu_reset(r);
}

void reader_power_done(struct reader *r, bool ok)
{
    if (!r->busy || !r->power_on)
        return;
    end(r);
    if (!ok) {
        r->powered = false;
        emit(r, &(struct frame){DATA_BLOCK, r->seq, (uint8_t)(FAILED | reader_icc(r)), E_MUTE, 0, NULL, 0});
        return;
    }
    r->powered = true;
    default_params(r);
    emit(r, &(struct frame){DATA_BLOCK, r->seq, 0, 0, 0, r->atr, r->atrlen});
}

/* ---- commands; each answers by itself ---- */

static void power_on(struct reader *r, const struct command *c)
{
    r->power_ons++;
    buf_reset(&r->chain);
    buf_reset(&r->rest);
    begin(r, c->seq, true);
    if (fault_take(r, FAULT_HARDWARE)) {
        reader_fail(r, E_HARDWARE);
        usb_in(vdev_usb(r->v), EP_INT, (const uint8_t[]){0x51, 0, c->seq, 1}, 4, 0);
    } else if (!slot_present(r) || fault_take(r, FAULT_MUTE) ||
               (r->volts && c->extra[0] && c->extra[0] != r->volts)) {
        r->powered = false;
        reader_fail(r, E_MUTE);
    } else {
        slot_power(r, true);
    }
}

static void power_off(struct reader *r, const struct command *c)
{
    slot_power(r, false);
    r->powered = false;
    answer_status(r, c->seq, 0, 0);
}

static void get_status(struct reader *r, const struct command *c)
{
    answer_status(r, c->seq, 0, 0);
}

static void xfr_refuse(struct reader *r, const struct command *c, uint8_t error)
{
    buf_reset(&r->chain);
    emit(r, &(struct frame){DATA_BLOCK, c->seq, (uint8_t)(FAILED | reader_icc(r)), error, 0, NULL, 0});
}

void reader_run(struct reader *r)
{
    r->bytes_to_card += r->chain.len;
    BUF_SCOPE(apdu);
    buf_add(&apdu, r->chain.p, r->chain.len);
    buf_reset(&r->chain);
    if (fault_take(r, FAULT_MUTE))
        reader_fail(r, E_MUTE);
    else if (fault_take(r, FAULT_HARDWARE))
        reader_fail(r, E_HARDWARE);
    else if (!fault_take(r, FAULT_ENDLESS)) /* endless: only the extensions go out */
        slot_transmit(r, (const uint8_t *)apdu.p, apdu.len);
}

static void transmit(struct reader *r, const struct command *c)
{
    begin(r, c->seq, false);
    reader_run(r);
}

/* TPDU level: one block or TPDU at a time. A reader set to another rate or protocol than the card hears
 * nothing. */
static void xfr_tpdu(struct reader *r, const struct command *c)
{
    if (c->len == 0 || c->len > 260 || c->extra[1] || c->extra[2]) {
        xfr_refuse(r, c, c->len && c->len <= 260 ? E_LEVEL : E_LENGTH);
        return;
    }
    begin(r, c->seq, false);
    if (fault_take(r, FAULT_MUTE) || !tpdu_protocol(r, r->protocol, r->params[0]))
        reader_fail(r, E_MUTE);
    else
        tpdu_in(r, c->data, c->len);
}

static void xfr_block(struct reader *r, const struct command *c)
{
    unsigned level = (unsigned)(c->extra[1] | c->extra[2] << 8);
    bool pieces = reader_level() != LEVEL_SHORT;
    if (!r->powered) {
        xfr_refuse(r, c, E_MUTE);
        return;
    }
    if (reader_level() == LEVEL_TPDU) {
        xfr_tpdu(r, c);
        return;
    }
    if ((!pieces && level != WHOLE) || (level > MIDDLE && level != GO_ON)) {
        xfr_refuse(r, c, E_LEVEL);
        return;
    }
    if (level == GO_ON) {
        r->seq = c->seq;
        if (r->rest.len && c->len == 0)
            send_piece(r, false);
        else
            xfr_refuse(r, c, E_LEVEL);
        return;
    }
    if (level == WHOLE || level == BEGINS)
        buf_reset(&r->chain);
    buf_add(&r->chain, c->data, c->len);
    if (r->chain.len == 0 || (!pieces && r->chain.len > 261) || r->chain.len > CARD_APDU_MAX)
        xfr_refuse(r, c, E_LENGTH);
    else if (level == BEGINS || level == MIDDLE)
        emit(r, &(struct frame){DATA_BLOCK, c->seq, reader_icc(r), 0, GO_ON, NULL, 0});
    else
        transmit(r, c);
}

static void answer_parameters(struct reader *r, const struct command *c)
{
    bool on = r->powered;
    emit(r, &(struct frame){PARAMETERS, c->seq, (uint8_t)((on ? 0 : FAILED) | reader_icc(r)), on ? 0 : E_MUTE,
                            r->protocol, r->params, on ? (r->protocol ? 7 : 5) : 0});
}

static void set_parameters(struct reader *r, const struct command *c)
{
    uint8_t protocol = c->extra[0];
    if (protocol > 1 || c->len != (protocol ? 7 : 5)) {
        emit(r, &(struct frame){PARAMETERS, c->seq, (uint8_t)(FAILED | reader_icc(r)), E_PROTOCOL,
                                r->protocol, NULL, 0});
        return;
    }
    if (r->powered) {
        r->protocol = protocol;
        memcpy(r->params, c->data, c->len);
    }
    answer_parameters(r, c);
}

static void reset_parameters(struct reader *r, const struct command *c)
{
    if (r->powered)
        default_params(r);
    answer_parameters(r, c);
}

static void escape(struct reader *r, const struct command *c)
{
    emit(r, &(struct frame){ESCAPE, c->seq, reader_icc(r), 0, 0, NULL, 0});
}

static void data_rate(struct reader *r, const struct command *c)
{
    emit(r, &(struct frame){DATA_RATE, c->seq, reader_icc(r), 0, 0, c->data, c->len == 8 ? 8 : 0});
}

/* Both halves of an abort, in either order, with the same bSeq (CCID 5.3.1, 6.1.13). */
static void try_abort(struct reader *r)
{
    if (r->abort_bulk < 0 || r->abort_bulk != r->abort_control)
        return;
    uint8_t seq = (uint8_t)r->abort_bulk;
    r->abort_bulk = r->abort_control = -1;
    r->aborts++;
    if (r->busy)
        slot_cancel(r);
    end(r);
    buf_reset(&r->chain);
    buf_reset(&r->rest);
    answer_status(r, seq, 0, 0);
}

static void abort_bulk(struct reader *r, const struct command *c)
{
    r->abort_bulk = c->seq;
    try_abort(r);
}

static const struct row {
    uint8_t type, answer;
    bool when_busy;
    void (*run)(struct reader *r, const struct command *c);
} rows[] = {
    {0x62, DATA_BLOCK, false, power_on},          {0x63, SLOT_STATUS, false, power_off},
    {0x65, SLOT_STATUS, false, get_status},       {0x6F, DATA_BLOCK, false, xfr_block},
    {0x6C, PARAMETERS, false, answer_parameters}, {0x61, PARAMETERS, false, set_parameters},
    {0x6D, PARAMETERS, false, reset_parameters},  {0x6B, ESCAPE, false, escape},
    {0x6E, SLOT_STATUS, false, get_status},       {0x6A, SLOT_STATUS, false, get_status},
    {0x73, DATA_RATE, false, data_rate},          {0x72, SLOT_STATUS, true, abort_bulk},
};

/* An empty slot: it has a status, nothing else. */
static void run_empty(struct reader *r, const struct command *c, uint8_t type)
{
    uint8_t place = r->place;
    r->place = c->slot; /* of this answer only */
    bool asks = c->type == 0x65 || c->type == 0x63;
    emit(r, &(struct frame){type, c->seq, (uint8_t)((asks ? 0 : FAILED) | 2), asks ? 0 : E_MUTE, 0, NULL, 0});
    r->place = place;
}

static void refuse(struct reader *r, const struct command *c, uint8_t type, uint8_t error)
{
    emit(r, &(struct frame){type, c->seq, (uint8_t)(FAILED | (error == E_SLOT ? 2 : reader_icc(r))), error, 0,
                            NULL, 0});
}

static void run(struct reader *r, const struct command *c)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].type != c->type)
            continue;
        if (c->slot >= reader_slots())
            refuse(r, c, rows[i].answer, E_SLOT);
        else if (c->slot != r->place)
            run_empty(r, c, rows[i].answer);
        else if (r->busy && !rows[i].when_busy)
            refuse(r, c, rows[i].answer, E_BUSY);
        else
            rows[i].run(r, c);
        return;
    }
    refuse(r, c, SLOT_STATUS, E_UNSUPPORTED);
}

int reader_out(void *user, uint8_t ep, const uint8_t *data, size_t len)
{
    struct reader *r = user;
    if (ep != EP_OUT)
        return -EPIPE;
    if (len == 0)
        return 0;
    buf_add(&r->in, data, len);
    if (r->in.len < HEADER)
        return (int)len;
    const uint8_t *p = (const uint8_t *)r->in.p;
    size_t size = p[1] | (size_t)p[2] << 8 | (size_t)p[3] << 16 | (size_t)p[4] << 24;
    if (size > LONGEST ||
        r->in.len > HEADER + size) { /* no command ends there: forget it, as a real reader does */
        buf_reset(&r->in);
        return (int)len;
    }
    if (r->in.len < HEADER + size)
        return (int)len;
    BUF_SCOPE(whole);
    buf_add(&whole, r->in.p, r->in.len);
    buf_reset(&r->in);
    p = (const uint8_t *)whole.p;
    run(r, &(struct command){
               .type = p[0], .slot = p[5], .seq = p[6], .extra = p + 7, .data = p + HEADER, .len = size});
    return (int)len;
}

/* Class requests: 01 ABORT (wValue: bSeq, bSlot), 02 GET_CLOCK_FREQUENCIES, 03 GET_DATA_RATES. */
int reader_control(void *user, const uint8_t setup[8], uint8_t *data, size_t len)
{
    static const uint8_t clock[] = {0xC0, 0x12, 0, 0};
    /* 12903, 825806, the doubles of 12903, 75000 and its doubles; little endian */
    static const uint8_t rates[] = {0x67, 0x32, 0, 0, 0xCE, 0x99, 0x0C, 0, 0xCE, 0x64, 0, 0, 0x9D, 0xC9, 0, 0,
                                    0x3B, 0x93, 1, 0, 0x77, 0x26, 3,    0, 0xEE, 0x4C, 6, 0, 0xF8, 0x24, 1, 0,
                                    0xF0, 0x49, 2, 0, 0xE0, 0x93, 4,    0};
    const size_t known = reader_level() == LEVEL_TPDU ? sizeof rates : 8;
    struct reader *r = user;
    switch (setup[0] << 8 | setup[1]) {
    case 0x2101:
        r->abort_control = setup[3];
        try_abort(r);
        return 0;
    case 0xA102:
        memcpy(data, clock, len < sizeof clock ? len : sizeof clock);
        return (int)(len < sizeof clock ? len : sizeof clock);
    case 0xA103:
        memcpy(data, rates, len < known ? len : known);
        return (int)(len < known ? len : known);
    default:
        return -EPIPE;
    }
}

/* Two bits for the slot: present, changed. */
void reader_notify(struct reader *r, bool changed)
{
    uint8_t bits = (uint8_t)((slot_present(r) ? 1 : 0) | (changed ? 2 : 0));
    uint8_t m[2] = {0x50, (uint8_t)(bits << (2 * (r->place % 4)))};
    usb_in(vdev_usb(r->v), EP_INT, m, sizeof m, 0);
}
