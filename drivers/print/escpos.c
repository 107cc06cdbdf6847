#include "drivers/print/escpos.h"

#include <string.h>

/* Fixed bits of the first byte tell the kinds apart: ASB 0xx1xx00, DLE EOT 0xx1xx10, block answers 0xx1xx11.
 */
#define FIRST_MASK 0x93
#define FIRST_ASB 0x10
#define FIRST_STATUS 0x12
#define HEAD_ID 0x37   /* GS ( H answer */
#define HEAD_INFO 0x5f /* GS I answer */
#define ID_KIND 0x22   /* fn 48; other functions answer in the same frame and are no proof */
#define CUSTOM_HEAD 0x10
#define CUSTOM_SECOND 0x0f
#define ROLL_DIGITS 7

enum step { MORE, DROP, EVENT, SKIP, PLAIN }; /* PLAIN: no length begins here, parse again */

void escpos_asked(struct escpos_demux *d, uint8_t n)
{
    if (d->nopen == ESCPOS_OPEN_MAX) {
        memmove(d->open, d->open + 1, ESCPOS_OPEN_MAX - 1);
        d->nopen--;
    }
    d->open[d->nopen++] = n;
}

void escpos_forget(struct escpos_demux *d)
{
    d->nopen = 0;
}

/* what: ESCPOS_CUSTOM_FULL, ESCPOS_CUSTOM_ROLL, or 0 for a question with an answer of one byte. */
static size_t open_find(const struct escpos_demux *d, uint8_t what)
{
    for (size_t i = 0; i < d->nopen; i++) {
        uint8_t is = d->open[i];
        if (is == what || (what == 0 && is != ESCPOS_CUSTOM_FULL && is != ESCPOS_CUSTOM_ROLL))
            return i;
    }
    return d->nopen;
}

static bool is_open(const struct escpos_demux *d, uint8_t what)
{
    return open_find(d, what) < d->nopen;
}

static uint8_t open_take(struct escpos_demux *d, uint8_t what)
{
    size_t i = open_find(d, what);
    if (i == d->nopen)
        return 0;
    uint8_t n = d->open[i];
    memmove(d->open + i, d->open + i + 1, d->nopen - i - 1);
    d->nopen--;
    return n;
}

static enum step event(const struct escpos_demux *d, struct escpos_event *ev, enum escpos_kind kind,
                       size_t from, size_t to)
{
    *ev = (struct escpos_event){.kind = kind, .len = (uint8_t)(to - from)};
    memcpy(ev->data, d->hold + from, to - from);
    return EVENT;
}

static enum step try_asb(struct escpos_demux *d, struct escpos_event *ev)
{
    if (d->hold[0] == CUSTOM_HEAD && (d->custom || is_open(d, ESCPOS_CUSTOM_FULL))) {
        if (d->len == 1)
            return MORE;
        if (d->hold[1] == CUSTOM_SECOND) {
            if (d->len < 6)
                return MORE;
            (void)open_take(d, ESCPOS_CUSTOM_FULL);
            return event(d, ev, ESCPOS_CUSTOM, 0, 6);
        }
    }
    for (size_t i = 1; i < d->len; i++)
        if (d->hold[i] & 0x90)
            return DROP;
    return d->len < 4 ? MORE : event(d, ev, ESCPOS_ASB, 0, 4);
}

/* 37 22 d1 d2 d3 d4 00, or 37 xx ... 00 for the other functions of GS ( H; 5F text 00. */
static enum step try_block(struct escpos_demux *d, struct escpos_event *ev)
{
    uint8_t last = d->hold[d->len - 1];
    if (d->len == 1)
        return MORE;
    if (last != 0)
        return last < 0x20 || last > 0x7e || d->len == ESCPOS_BLOCK_MAX ? DROP : MORE;
    if (d->hold[0] == HEAD_INFO)
        return event(d, ev, ESCPOS_INFO, 1, d->len - 1);
    if (d->hold[1] == ID_KIND && d->len == 3 + ESCPOS_ID_LEN)
        return event(d, ev, ESCPOS_ID, 2, 2 + ESCPOS_ID_LEN);
    return (d->hold[1] & 0xf0) == 0x20 ? SKIP : DROP; /* another function's answer, or a stray 37 */
}

/* "510cm": digits that look like status bytes, so only while the question is open. */
static enum step try_roll(struct escpos_demux *d, struct escpos_event *ev)
{
    size_t n = 0;
    while (n < d->len && d->hold[n] >= '0' && d->hold[n] <= '9')
        n++;
    if (n == 0 || n > ROLL_DIGITS)
        return DROP;
    if (d->len > n && d->hold[n] != 'c')
        return DROP;
    if (d->len > n + 1 && d->hold[n + 1] != 'm')
        return DROP;
    if (d->len < n + 2)
        return MORE;
    (void)open_take(d, ESCPOS_CUSTOM_ROLL);
    return event(d, ev, ESCPOS_ROLL, 0, n);
}

static enum step try_parse(struct escpos_demux *d, struct escpos_event *ev, bool plain)
{
    uint8_t b = d->hold[0];
    if (!plain && is_open(d, ESCPOS_CUSTOM_ROLL)) {
        enum step roll = try_roll(d, ev);
        return roll == DROP ? PLAIN : roll;
    }
    if ((b & FIRST_MASK) == FIRST_ASB)
        return try_asb(d, ev);
    if ((b & FIRST_MASK) == FIRST_STATUS) {
        enum step s = event(d, ev, ESCPOS_STATUS, 0, 1);
        ev->n = open_take(d, 0);
        return s;
    }
    if (b == HEAD_ID || b == HEAD_INFO)
        return try_block(d, ev);
    return DROP;
}

void escpos_put(struct escpos_demux *d, uint8_t b)
{
    if (d->len == ESCPOS_BLOCK_MAX) { /* the caller took no events out: the oldest byte goes */
        memmove(d->hold, d->hold + 1, --d->len);
        d->noise++;
    }
    d->hold[d->len++] = b;
}

/* Parses what is held as if it had come byte by byte, so that every split gives the same events. */
bool escpos_next(struct escpos_demux *d, struct escpos_event *ev)
{
    size_t have = d->len;
    size_t seen = 1;
    bool plain = false;
    enum step s = MORE;
    while (seen <= have && s != EVENT) {
        d->len = seen;
        s = try_parse(d, ev, plain);
        if (s == PLAIN) {
            plain = true;
            seen = 1;
            continue;
        }
        if (s == MORE) {
            seen++;
            continue;
        }
        size_t used = s == DROP ? 1 : seen; /* resync: one byte, then again */
        d->noise += s == DROP;
        have -= used;
        memmove(d->hold, d->hold + used, have);
        seen = 1;
        plain = false;
    }
    d->len = have;
    return s == EVENT;
}

static void merge_answer(struct escpos_status *s, uint8_t n, uint8_t b)
{
    switch (n) {
    case 1:
        s->offline = b & 0x08;
        break;
    case 2:
        s->cover = b & 0x04;
        s->feeding = b & 0x08;
        s->stopped = b & 0x20;
        s->error = b & 0x40;
        break;
    case 3:
        s->cutter = b & 0x08;
        s->unrecoverable = b & 0x20;
        s->recoverable = b & 0x40;
        break;
    case 4:
        s->near_end = b & 0x0c;
        s->paper_end = b & 0x60;
        break;
    default:
        return;
    }
    s->seen |= 1u << n;
}

static void merge_asb(struct escpos_status *s, const uint8_t b[4])
{
    s->offline = b[0] & 0x08;
    s->cover = b[0] & 0x20;
    s->feeding = b[0] & 0x40;
    s->cutter = b[1] & 0x08;
    s->unrecoverable = b[1] & 0x20;
    s->recoverable = b[1] & 0x40;
    s->near_end = b[2] & 0x03;
    s->paper_end = b[2] & 0x0c;
    s->error = s->cutter || s->unrecoverable || s->recoverable;
    s->stopped = s->paper_end;
    s->seen |= 1;
}

/* CUSTOM: 10 0F paper user recoverable unrecoverable. */
static void merge_custom(struct escpos_status *s, const uint8_t b[6])
{
    s->paper_end = b[2] & 0x01;
    s->near_end = b[2] & 0x44; /* or the virtual end of paper */
    s->ticket = b[2] & 0x20;
    s->stopped = s->paper_end;
    s->cover = b[3] & 0x03;
    s->recoverable = b[4] & 0x4b;
    s->cutter = b[5] & 0x03;
    s->unrecoverable = b[5] & 0xfc;
    s->error = s->cutter || s->unrecoverable || s->recoverable;
    s->seen |= ESCPOS_SEEN_CUSTOM;
}

void escpos_merge(struct escpos_status *s, const struct escpos_event *ev)
{
    if (ev->kind == ESCPOS_STATUS)
        merge_answer(s, ev->n, ev->data[0]);
    else if (ev->kind == ESCPOS_ASB)
        merge_asb(s, ev->data);
    else if (ev->kind == ESCPOS_CUSTOM)
        merge_custom(s, ev->data);
}

bool escpos_paper_out(const struct escpos_status *s)
{
    return s->paper_end || s->stopped;
}

bool escpos_failed(const struct escpos_status *s)
{
    return s->unrecoverable || s->recoverable || (s->error && !s->cutter);
}

/* ---- host -> printer ---- */

#define ADD(b, ...) buf_add((b), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

void escpos_init(struct buf *b)
{
    ADD(b, 0x1b, 0x40);
}

void escpos_asb(struct buf *b, uint8_t mask)
{
    ADD(b, 0x1d, 0x61, mask);
}

void escpos_ask(struct buf *b, uint8_t n)
{
    ADD(b, 0x10, 0x04, n);
}

void escpos_recover(struct buf *b, uint8_t how)
{
    ADD(b, 0x10, 0x05, how);
}

/* Function 112 stores the slice, function 50 prints what is stored. */
static void graphics(struct buf *b, const struct escpos_picture *p, const uint8_t *bits, int n)
{
    size_t bytes = (size_t)(p->width + 7) / 8 * (size_t)n, all = bytes + 10;
    if (all <= 0xffff)
        ADD(b, 0x1d, 0x28, 0x4c, (uint8_t)(all & 0xff), (uint8_t)(all >> 8));
    else
        ADD(b, 0x1d, 0x38, 0x4c, (uint8_t)(all & 0xff), (uint8_t)(all >> 8 & 0xff), (uint8_t)(all >> 16), 0);
    ADD(b, 0x30, 0x70, 0x30, 0x01, 0x01, 0x31, (uint8_t)(p->width & 0xff), (uint8_t)(p->width >> 8),
        (uint8_t)n, 0x00);
    buf_add(b, bits, bytes);
    ADD(b, 0x1d, 0x28, 0x4c, 0x02, 0x00, 0x30, 0x32);
}

void escpos_image(struct buf *b, const struct escpos_picture *p)
{
    size_t stride = (size_t)(p->width + 7) / 8;
    for (int y = 0; y < p->rows; y += ESCPOS_SLICE) {
        int n = p->rows - y < ESCPOS_SLICE ? p->rows - y : ESCPOS_SLICE;
        const uint8_t *bits = p->bits + (size_t)y * stride;
        if (p->how == ESCPOS_GRAPHICS) {
            graphics(b, p, bits, n);
            continue;
        }
        ADD(b, 0x1d, 0x76, 0x30, 0x00, (uint8_t)(stride & 0xff), (uint8_t)(stride >> 8), (uint8_t)n, 0x00);
        buf_add(b, bits, (size_t)n * stride);
    }
}

void escpos_feed_only(struct buf *b, int dots)
{
    for (; dots > 0; dots -= 255)
        ADD(b, 0x1b, 0x4a, (uint8_t)(dots < 255 ? dots : 255));
}

void escpos_feed_cut(struct buf *b, bool full, uint8_t units)
{
    ADD(b, 0x1d, 0x56, full ? 0x41 : 0x42, units);
}

void escpos_cut_here(struct buf *b, bool full)
{
    ADD(b, 0x1d, 0x56, full ? 0x00 : 0x01);
}

void escpos_info(struct buf *b, uint8_t n)
{
    ADD(b, 0x1d, 0x49, n);
}

void escpos_present(struct buf *b, uint8_t steps)
{
    ADD(b, 0x1d, 0x65, 0x03, steps);
}

void escpos_retract(struct buf *b)
{
    ADD(b, 0x1d, 0x65, 0x02);
}

void escpos_ask_roll(struct buf *b)
{
    ADD(b, 0x1d, 0xe1);
}

void escpos_process_id(struct buf *b, const char id[ESCPOS_ID_LEN])
{
    ADD(b, 0x1d, 0x28, 0x48, 0x06, 0x00, 0x30, 0x30, (uint8_t)id[0], (uint8_t)id[1], (uint8_t)id[2],
        (uint8_t)id[3]);
}

bool escpos_id_ok(const char *id)
{
    size_t n = 0;
    for (; id[n]; n++)
        if (id[n] < 0x20 || id[n] > 0x7e || n >= ESCPOS_ID_LEN)
            return false;
    return n == ESCPOS_ID_LEN;
}

size_t escpos_defuse(uint8_t *bits, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < len; i++) {
        if (bits[i] != 0x10 || (bits[i + 1] != 0x04 && bits[i + 1] != 0x05 && bits[i + 1] != 0x14))
            continue;
        bits[i + 1] |= 0x08;
        n++;
    }
    return n;
}
