/* Frames to the host, and everything that can be wrong with them. */
#include "tests/devices/reader.h"

#include <limits.h>
#include <string.h>

static const char *const names[] = {
#define X(id, word) word,
    FAULTS(X)
#undef X
};

const char *fault_name(enum fault f)
{
    return names[f];
}

bool fault_take(struct reader *r, enum fault f)
{
    if (r->faults[f] == 0)
        return false;
    if (r->faults[f] != UINT_MAX)
        r->faults[f]--;
    return true;
}

uint8_t reader_icc(const struct reader *r)
{
    return !slot_present(r) ? 2 : r->powered ? 0 : 1;
}

static void build(struct buf *b, const struct frame *f, uint8_t slot, uint32_t length)
{
    buf_add(b,
            (const uint8_t[]){f->type, (uint8_t)length, (uint8_t)(length >> 8), (uint8_t)(length >> 16),
                              (uint8_t)(length >> 24), slot, f->seq, f->status, f->error, f->chain},
            HEADER);
    if (f->len)
        buf_add(b, f->p, f->len);
}

static void send(struct reader *r, const struct buf *b)
{
    usb_in(vdev_usb(r->v), EP_IN, b->p, b->len, 0);
}

void emit(struct reader *r, const struct frame *f)
{
    BUF_SCOPE(b);
    build(&b, f, r->place, (uint32_t)f->len);
    send(r, &b);
    r->frames++;
}

/* Noise that never looks like an answer type. */
static void garbage(struct reader *r)
{
    uint8_t p[37];
    for (size_t i = 0; i < sizeof p; i++) {
        r->noise = r->noise * 1664525u + 1013904223u;
        p[i] = (uint8_t)(r->noise >> 24);
    }
    p[0] |= 0xC0;
    usb_in(vdev_usb(r->v), EP_IN, p, sizeof p, 0);
}

static void old_frame(const struct reader *r, const struct frame *f, struct buf *b)
{
    struct frame old = *f;
    old.seq--;
    old.p = r->old.p;
    old.len = r->old.len;
    build(b, &old, r->place, (uint32_t)old.len);
}

static void in_pieces(struct reader *r, const struct buf *b)
{
    for (size_t at = 0; at < b->len; at += 7)
        usb_in(vdev_usb(r->v), EP_IN, b->p + at, b->len - at < 7 ? b->len - at : 7, 0);
}

static void before(struct reader *r, const struct frame *f)
{
    if (fault_take(r, FAULT_NOTIFY))
        reader_notify(r, false);
    if (fault_take(r, FAULT_EMPTY))
        usb_in(vdev_usb(r->v), EP_IN, NULL, 0, 0);
    if (fault_take(r, FAULT_STALE)) {
        BUF_SCOPE(old);
        old_frame(r, f, &old);
        send(r, &old);
    }
}

void emit_answer(struct reader *r, const struct frame *f)
{
    r->frames++;
    if (fault_take(r, FAULT_SILENT))
        return;
    if (fault_take(r, FAULT_GARBAGE)) {
        garbage(r);
        return;
    }
    before(r, f);
    BUF_SCOPE(b);
    uint32_t length = (uint32_t)f->len + (fault_take(r, FAULT_LONG) ? 5 : 0);
    build(&b, f, fault_take(r, FAULT_BADSLOT) ? r->place ^ 1 : r->place, length);
    if (fault_take(r, FAULT_JOINED))
        old_frame(r, f, &b);
    if (fault_take(r, FAULT_SHORT))
        b.len -= b.len > HEADER ? (b.len - HEADER + 1) / 2 : 3;
    if (fault_take(r, FAULT_PIECES))
        in_pieces(r, &b);
    else
        send(r, &b);
    if (fault_take(r, FAULT_TWICE))
        send(r, &b);
    buf_reset(&r->old);
    if (f->len)
        buf_add(&r->old, f->p, f->len);
}
