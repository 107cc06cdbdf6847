#include "drivers/card/atr.h"

#include <string.h>

struct interface {
    int group;    /* 1 = TA1..TD1 */
    int protocol; /* of the group, from the TD before it */
    bool t1_seen, t15_seen;
};

/* Groups 1 and 2 are global but for TC2, which belongs to T=0 (8.2.3, 10.2). */
static void note_global(struct atr *a, const struct interface *f, int which, uint8_t v)
{
    static const size_t first[] = {offsetof(struct atr, ta1), offsetof(struct atr, tb1),
                                   offsetof(struct atr, tc1)};
    if (f->group == 1) {
        *(int *)(void *)((char *)a + first[which]) = v;
    } else if (which == 0) {
        a->ta2 = v;
        a->specific = v & 0x0F;
        a->implicit = v & 0x10;
    } else if (which == 2) {
        a->wi = v ? v : 10; /* 0 is reserved */
    }
}

static void note(struct atr *a, const struct interface *f, int which, uint8_t v)
{
    if (f->group <= 2) {
        note_global(a, f, which, v);
    } else if (f->protocol == 1 && !f->t1_seen) { /* the first group for T=1 (11.4) */
        if (which == 0)
            a->ifsc = v == 0 || v == 255 ? 32 : v;
        else if (which == 1)
            a->tb3 = v >> 4 > 9 ? 0x40 | (v & 0x0F) : v;
        else
            a->crc = v & 1;
    } else if (f->protocol == 15 && !f->t15_seen && which == 0) {
        a->supply = v;
    }
}

/* TA TB TC TD, group after group; *at ends at the historical bytes; *check: a TD asks for the check byte. */
static enum rc interface_bytes(struct atr *a, size_t *at, bool *check, struct err *e)
{
    struct interface f = {.group = 1};
    uint8_t present = a->bytes[1] >> 4;
    while (present) {
        for (int which = 0; which < 3; which++)
            if (present & 1 << which) {
                if (*at >= a->len)
                    return err_code(e, RC_DEVICE, "ATR_BAD", 0, "ATR: interface bytes are cut off");
                note(a, &f, which, a->bytes[(*at)++]);
            }
        if (!(present & 8))
            return RC_OK;
        if (*at >= a->len)
            return err_code(e, RC_DEVICE, "ATR_BAD", 0, "ATR: interface bytes are cut off");
        uint8_t td = a->bytes[(*at)++];
        f.t1_seen |= f.group > 2 && f.protocol == 1;
        f.t15_seen |= f.group > 2 && f.protocol == 15;
        f.protocol = td & 0x0F;
        if (f.group == 1 && f.protocol == 15)
            return err_code(e, RC_DEVICE, "ATR_BAD", 0, "ATR: TD1 names T=15, which is no protocol");
        if (a->protocols == 0)
            a->first = f.protocol;
        if (f.protocol != 15) /* T=15 holds global bytes, it is no protocol */
            a->protocols |= 1u << f.protocol;
        *check |= f.protocol != 0;
        present = td >> 4;
        f.group++;
    }
    return RC_OK;
}

/* Category 80: compact-TLV from the second byte on; 00: the same with a status indicator at the end. */
static void capabilities(struct atr *a)
{
    if (a->hist_len < 1 || (a->hist[0] != 0x80 && a->hist[0] != 0x00))
        return;
    size_t end = a->hist[0] == 0x00 && a->hist_len >= 4 ? a->hist_len - 3 : a->hist_len;
    for (size_t i = 1; i < end;) {
        size_t n = a->hist[i] & 0x0F;
        if (i + 1 + n > end)
            return;
        if (a->hist[i] >> 4 == 7 && n >= 3) {
            uint8_t third = a->hist[i + 3];
            a->chaining = third & 0x80;
            a->wide = third & 0x40;
            a->info = third & 0x20;
        }
        i += 1 + n;
    }
}

enum rc atr_parse(const uint8_t *p, size_t len, struct atr *out, struct err *e)
{
    if (len < 2)
        return err_code(e, RC_DEVICE, "ATR_BAD", 0, "ATR: %zu bytes", len);
    if (len > ATR_MAX)
        return err_code(e, RC_DEVICE, "ATR_BAD", 0, "ATR: %zu bytes, at most %d are allowed", len, ATR_MAX);
    if (p[0] != 0x3B && p[0] != 0x3F)
        return err_code(e, RC_DEVICE, "ATR_BAD", 0, "ATR: starts with %02X, not 3B or 3F", p[0]);
    struct atr a = {.len = len,
                    .ta1 = -1,
                    .tb1 = -1,
                    .tc1 = -1,
                    .ta2 = -1,
                    .ifsc = 32,
                    .tb3 = 0x4D,
                    .wi = 10,
                    .supply = -1,
                    .specific = -1};
    memcpy(a.bytes, p, len);
    size_t at = 2;
    bool check = false;
    TRY(interface_bytes(&a, &at, &check, e));
    if (a.protocols == 0)
        a.protocols = 1;
    a.hist_len = p[1] & 0x0F;
    if (len != at + a.hist_len + check)
        return err_code(e, RC_DEVICE, "ATR_BAD", 0, "ATR: %zu bytes, its own words say %zu", len,
                        at + a.hist_len + check);
    uint8_t x = 0;
    for (size_t i = 1; check && i < len; i++)
        x ^= p[i];
    if (x != 0)
        return err_code(e, RC_DEVICE, "ATR_BAD", 0, "ATR: the check byte is wrong");
    *out = a;
    out->hist = out->bytes + at;
    capabilities(out);
    return RC_OK;
}
