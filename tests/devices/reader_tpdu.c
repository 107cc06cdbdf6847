/* The card's end of the line at TPDU level, from ISO 7816-3: PPS (section 9), T=1 (section 11), T=0
 * (section 12.2). On purpose without a line of the driver's. */
#include "tests/devices/reader.h"

#include <string.h>

enum { I_MORE = 0x20, I_SEQ = 0x40, R_BLOCK = 0x80, R_SEQ = 0x10, S_BLOCK = 0xC0, S_RESPONSE = 0x20 };
enum { S_RESYNCH, S_IFS, S_ABORT, S_WTX };
enum { IFSC = 254, NAD = 0, EDC = 1, OTHER = 2 };

/* ---- what the ATR promises ---- */

/* The protocols of the TDs, in order; T=0 when there is none. */
static size_t protocols(const struct reader *r, uint8_t out[8])
{
    size_t at = 1, n = 0;
    uint8_t td = (uint8_t)(r->atr[1] & 0xF0);
    for (; at < r->atrlen && n < 8; n++) {
        for (int b = 4; b < 7; b++)
            at += td >> b & 1;
        if (!(td & 0x80) || ++at >= r->atrlen)
            break;
        td = r->atr[at];
        out[n] = td & 0x0F;
    }
    if (n == 0)
        out[n++] = 0;
    return n;
}

static uint8_t ta1_of(const struct reader *r)
{
    return r->atr[1] & 0x10 && r->atrlen > 2 ? r->atr[2] : 0x11;
}

void tpdu_reset(struct reader *r)
{
    uint8_t list[8];
    (void)protocols(r, list);
    struct line *l = &r->line;
    buf_reset(&l->command);
    buf_reset(&l->answer);
    *l = (struct line){.fresh = true,
                       .protocol = list[0],
                       .ta1 = 0x11,
                       .ifsd = 32,
                       .command = l->command,
                       .answer = l->answer};
}

bool tpdu_protocol(const struct reader *r, uint8_t protocol, uint8_t ta1)
{
    bool fresh = r->line.fresh; /* a PPS comes before the protocol is set */
    return (fresh || protocol == r->line.protocol) && ta1 == r->line.ta1;
}

/* ---- PPS ---- */

static bool may_rate(const struct reader *r, uint8_t ta1)
{
    static const uint8_t d[16] = {0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0};
    uint8_t own = ta1_of(r);
    return ta1 == 0x11 || (ta1 >> 4 == own >> 4 && d[ta1 & 15] && d[ta1 & 15] <= d[own & 15]);
}

static void pps(struct reader *r, const uint8_t *p, size_t len)
{
    uint8_t list[8], x = 0, ta1 = p[1] & 0x10 ? p[2] : 0x11;
    size_t n = protocols(r, list), want = 3u + !!(p[1] & 0x10) + !!(p[1] & 0x20) + !!(p[1] & 0x40);
    bool offered = false;
    for (size_t i = 0; i < len; i++)
        x ^= p[i];
    for (size_t i = 0; i < n; i++)
        offered |= list[i] == (p[1] & 0x0F);
    if (len != want || x != 0 || !offered || !may_rate(r, ta1)) {
        reader_fail(r, 0xFE); /* a card that does not like it stays silent */
        return;
    }
    r->pps++;
    r->line.protocol = p[1] & 0x0F;
    if (fault_take(r, FAULT_REFUSE)) {
        uint8_t plain[3] = {0xFF, r->line.protocol, (uint8_t)(0xFF ^ r->line.protocol)};
        reader_block(r, plain, 3);
        return;
    }
    r->line.ta1 = ta1;
    reader_block(r, p, len);
}

/* ---- T=1 ---- */

static void put(struct reader *r, uint8_t pcb, const void *inf, size_t len)
{
    struct line *l = &r->line;
    uint8_t x = 0;
    l->last[0] = NAD;
    l->last[1] = pcb;
    l->last[2] = (uint8_t)len;
    if (len)
        memcpy(l->last + 3, inf, len);
    for (size_t i = 0; i < 3 + len; i++)
        x ^= l->last[i];
    l->last[3 + len] = x;
    l->lastlen = 4 + len;
}

static void go(struct reader *r)
{
    struct line *l = &r->line;
    uint8_t b[sizeof l->last];
    memcpy(b, l->last, l->lastlen);
    if (b[1] < S_BLOCK && fault_take(r, FAULT_SEQUENCE)) {
        uint8_t bit = b[1] & R_BLOCK ? R_SEQ : I_SEQ;
        b[1] ^= bit;
        b[l->lastlen - 1] ^= bit;
    }
    if (fault_take(r, FAULT_LRC))
        b[l->lastlen - 1] ^= 0xFF;
    reader_block(r, b, l->lastlen);
}

static void send_r(struct reader *r, uint8_t error)
{
    put(r, (uint8_t)(R_BLOCK | (r->line.nr ? R_SEQ : 0) | error), NULL, 0);
    go(r);
}

static void send_i(struct reader *r)
{
    struct line *l = &r->line;
    size_t n = l->answer.len < l->ifsd ? l->answer.len : l->ifsd;
    l->last_more = n < l->answer.len;
    put(r, (uint8_t)((l->ns ? I_SEQ : 0) | (l->last_more ? I_MORE : 0)), l->answer.p, n);
    buf_cut(&l->answer, n);
    l->ns = !l->ns;
    go(r);
}

static void request(struct reader *r, uint8_t kind, const void *inf, size_t len)
{
    r->line.await = kind == S_WTX ? AWAIT_WTX : kind == S_IFS ? AWAIT_IFS : AWAIT_NOTHING;
    put(r, (uint8_t)(S_BLOCK | kind), inf, len);
    go(r);
}

/* The card's turn to answer: perhaps it has something else to say first. */
static void speak(struct reader *r)
{
    if (fault_take(r, FAULT_WTX))
        request(r, S_WTX, "\x02", 1);
    else if (fault_take(r, FAULT_IFS))
        request(r, S_IFS, "\x14", 1);
    else
        send_i(r);
}

static void on_i(struct reader *r, const uint8_t *p)
{
    struct line *l = &r->line;
    bool more = p[1] & I_MORE;
    if (!(p[1] & I_SEQ) != !l->nr || p[2] > IFSC) {
        send_r(r, OTHER);
        return;
    }
    if (more && fault_take(r, FAULT_ABORT)) {
        l->nr = !l->nr;
        buf_reset(&l->command);
        request(r, S_ABORT, NULL, 0);
        return;
    }
    l->nr = !l->nr;
    buf_add(&l->command, p + 3, p[2]);
    if (more) {
        send_r(r, 0);
        return;
    }
    buf_reset(&l->answer);
    buf_reset(&r->chain);
    buf_add(&r->chain, l->command.p ? l->command.p : "", l->command.len);
    buf_reset(&l->command);
    reader_run(r);
}

static void on_r(struct reader *r, const uint8_t *p)
{
    struct line *l = &r->line;
    bool n = p[1] & R_SEQ, was_i = l->lastlen && !(l->last[1] & R_BLOCK);
    if (l->lastlen == 0)
        send_r(r, OTHER);
    else if (was_i && n == l->ns && l->last_more)
        send_i(r); /* acknowledged */
    else if (was_i && n == l->ns)
        send_r(r, 0); /* it has everything and wants the next: it must speak */
    else
        go(r); /* once more */
}

static void on_s(struct reader *r, const uint8_t *p)
{
    struct line *l = &r->line;
    uint8_t kind = p[1] & 0x1F;
    if (p[1] & S_RESPONSE) {
        bool waited = l->await != AWAIT_NOTHING;
        l->await = AWAIT_NOTHING;
        if (kind == S_ABORT || !waited)
            send_r(r, 0);
        else
            speak(r);
        return;
    }
    if (kind == S_IFS)
        l->ifsd = p[3];
    if (kind == S_RESYNCH) {
        l->ns = l->nr = false;
        l->ifsd = 32;
        l->await = AWAIT_NOTHING;
        buf_reset(&l->command);
        buf_reset(&l->answer);
    }
    put(r, (uint8_t)(p[1] | S_RESPONSE), p + 3, p[2]);
    go(r);
}

static void t1_in(struct reader *r, const uint8_t *p, size_t len)
{
    uint8_t x = 0;
    for (size_t i = 0; i < len; i++)
        x ^= p[i];
    if (fault_take(r, FAULT_DEAF) || x != 0)
        send_r(r, EDC);
    else if (len < 4 || len != 4u + p[2] || p[0] != NAD)
        send_r(r, OTHER);
    else if (!(p[1] & 0x80))
        on_i(r, p);
    else if (!(p[1] & 0x40))
        on_r(r, p);
    else
        on_s(r, p);
}

/* ---- T=0 ---- */

static void t0_out(struct reader *r, const void *data, size_t n, unsigned sw)
{
    uint8_t out[300];
    size_t at = 0;
    if (fault_take(r, FAULT_NULLS)) {
        memset(out, 0x60, 3);
        at = 3;
    }
    if (n)
        memcpy(out + at, data, n);
    out[at + n] = (uint8_t)(sw >> 8);
    out[at + n + 1] = (uint8_t)sw;
    reader_block(r, out, at + n + 2);
}

static unsigned waiting(const struct line *l)
{
    size_t n = l->answer.len - 2;
    return 0x6100u | (n < 256 ? (unsigned)n : 0);
}

/* The last two bytes of l->answer are the status word. */
static void t0_fetch(struct reader *r, size_t want)
{
    struct line *l = &r->line;
    size_t have = l->answer.len < 2 ? 0 : l->answer.len - 2;
    if (have == 0) {
        t0_out(r, NULL, 0, 0x6F00);
    } else if (want > have) {
        t0_out(r, NULL, 0, 0x6C00 | (unsigned)have);
    } else {
        uint8_t data[256];
        memcpy(data, l->answer.p, want);
        buf_cut(&l->answer, want);
        const uint8_t *sw = (const uint8_t *)l->answer.p + l->answer.len - 2;
        t0_out(r, data, want, l->answer.len > 2 ? waiting(l) : (unsigned)(sw[0] << 8 | sw[1]));
    }
}

static bool whole_apdu(const struct buf *b)
{
    const uint8_t *p = (const uint8_t *)b->p;
    return b->len >= 7 && p[4] == 0 && b->len >= 7u + (size_t)(p[5] << 8 | p[6]) &&
           (b->len == 7u + (size_t)(p[5] << 8 | p[6]) || b->len == 9u + (size_t)(p[5] << 8 | p[6]));
}

static void t0_in(struct reader *r, const uint8_t *p, size_t len)
{
    struct line *l = &r->line;
    size_t p3 = len > 4 ? p[4] : 0;
    bool gives = len > 5;
    if (len < 5 || (gives && len != 5 + p3)) {
        reader_fail(r, 0xFE);
        return;
    }
    if (p[1] == 0xC0 && !gives) {
        t0_fetch(r, p3 ? p3 : 256);
        return;
    }
    buf_reset(&l->answer);
    buf_reset(&r->chain);
    if (p[1] == 0xC2) { /* ENVELOPE */
        buf_add(&l->command, p + 5, p3);
        if (!whole_apdu(&l->command)) {
            t0_out(r, NULL, 0, 0x9000);
            return;
        }
        buf_add(&r->chain, l->command.p, l->command.len);
        buf_reset(&l->command);
    } else {
        buf_add(&r->chain, p, len);
        if (gives)
            buf_chr(&r->chain, 0); /* whether an answer is wanted, the card cannot see: it keeps one */
    }
    l->last[0] = gives ? 0 : 1; /* a command that fetches */
    l->last[1] = (uint8_t)p3;
    reader_run(r);
}

static void t0_answer(struct reader *r)
{
    struct line *l = &r->line;
    const uint8_t *sw = (const uint8_t *)l->answer.p + l->answer.len - 2;
    unsigned word = (unsigned)(sw[0] << 8 | sw[1]);
    if (l->answer.len == 2)
        t0_out(r, NULL, 0, word);
    else if (l->last[0])
        t0_fetch(r, l->last[1] ? l->last[1] : 256);
    else
        t0_out(r, NULL, 0, waiting(l));
}

/* ---- both ---- */

void tpdu_answer(struct reader *r)
{
    buf_reset(&r->line.answer);
    buf_add(&r->line.answer, r->answer.p, r->answer.len);
    if (r->line.protocol == 1)
        speak(r);
    else
        t0_answer(r);
}

void tpdu_in(struct reader *r, const uint8_t *p, size_t len)
{
    bool fresh = r->line.fresh;
    r->line.fresh = false;
    if (fresh && len > 2 && p[0] == 0xFF) {
        pps(r, p, len);
        return;
    }
    if (r->protocol != r->line.protocol || (r->line.ta1 != 0x11 && r->faults[FAULT_FAST]))
        reader_fail(r, 0xFE);
    else if (r->line.protocol == 1)
        t1_in(r, p, len);
    else
        t0_in(r, p, len);
}
