#include "drivers/card/t1.h"

#include "common/base/arena.h"

#include <string.h>

#define TRIES 3 /* rule 7.4: bad blocks in a row, then S(RESYNCH), as often */
#define BLOCKS 12000

/* ---- blocks ---- */

static uint16_t crc(const uint8_t *p, size_t len)
{
    uint16_t v = 0xFFFF; /* x^16 + x^12 + x^5 + 1, low bit first */
    for (size_t i = 0; i < len; i++) {
        v ^= p[i];
        for (int b = 0; b < 8; b++)
            v = (uint16_t)(v & 1 ? v >> 1 ^ 0x8408 : v >> 1);
    }
    return v;
}

/* The check bytes behind p; how many. */
static size_t check(const uint8_t *p, size_t len, enum t1_edc edc, uint8_t out[2])
{
    if (edc == T1_LRC) {
        out[0] = 0;
        for (size_t i = 0; i < len; i++)
            out[0] ^= p[i];
        return 1;
    }
    uint16_t v = crc(p, len);
    out[0] = (uint8_t)(edc == T1_CRC ? v >> 8 : ~v);
    out[1] = (uint8_t)(edc == T1_CRC ? v : ~v >> 8);
    return 2;
}

size_t t1_encode(const struct t1_block *b, enum t1_edc edc, uint8_t out[T1_BLOCK_MAX])
{
    size_t len = b->len > T1_INF_MAX ? T1_INF_MAX : b->len;
    out[0] = 0;
    if (b->kind == T1_I)
        out[1] = (uint8_t)(b->seq << 6 | b->more << 5);
    else if (b->kind == T1_R)
        out[1] = (uint8_t)(0x80 | b->seq << 4 | b->error);
    else
        out[1] = (uint8_t)(0xC0 | b->response << 5 | b->s);
    out[2] = (uint8_t)len;
    if (len)
        memcpy(out + 3, b->inf, len);
    return 3 + len + check(out, 3 + len, edc, out + 3 + len);
}

static enum rc bad(struct err *e, enum t1_error kind, const char *text)
{
    return err_code(e, RC_PROTOCOL, NULL, kind, "T=1: %s", text);
}

static const char *control(uint8_t pcb, struct t1_block *b)
{
    if (!(pcb & 0x80)) {
        b->kind = T1_I;
        b->seq = pcb & 0x40;
        b->more = pcb & 0x20;
        return pcb & 0x1F ? "an I-block with reserved bits" : NULL;
    }
    if (!(pcb & 0x40)) {
        b->kind = T1_R;
        b->seq = pcb & 0x10;
        b->error = pcb & 0x0F;
        if (b->len)
            return "an R-block with information";
        return pcb & 0x20 || b->error > T1_OTHER ? "an R-block with reserved bits" : NULL;
    }
    b->kind = T1_S;
    b->response = pcb & 0x20;
    b->s = pcb & 0x1F;
    if (b->s > T1_WTX)
        return "an S-block of unknown kind";
    if (b->len != (b->s == T1_IFS || b->s == T1_WTX))
        return "an S-block of the wrong length";
    if (b->s == T1_IFS && (b->inf[0] == 0 || b->inf[0] == 255))
        return "an information field size of 0 or 255";
    return NULL;
}

enum rc t1_decode(const uint8_t *p, size_t len, enum t1_edc edc, struct t1_block *out, struct err *e)
{
    uint8_t edc_is[2];
    size_t tail = edc == T1_LRC ? 1 : 2;
    if (len < 3 + tail)
        return bad(e, T1_OTHER, "a block that is too short");
    if (p[2] == 255)
        return bad(e, T1_OTHER, "a block with the reserved length 255");
    if (len != 3u + p[2] + tail)
        return bad(e, T1_OTHER, "a block whose length is not what it says");
    check(p, len - tail, edc, edc_is);
    if (memcmp(p + len - tail, edc_is, tail) != 0)
        return bad(e, T1_EDC_OR_PARITY, "a block whose check bytes are wrong");
    if (p[0] != 0)
        return bad(e, T1_OTHER, "a block for another node address");
    struct t1_block b = {.inf = p + 3, .len = p[2]};
    const char *why = control(p[1], &b);
    if (why)
        return bad(e, T1_OTHER, why);
    *out = b;
    return RC_OK;
}

/* ---- the engine ------------------------------------------------------------------------------------------
 */

/* One exchange under way. `tx` is what was sent last. */
struct run {
    struct t1 *t;
    struct t1_apdu *a;
    struct t1_block tx;
    uint8_t inf[1]; /* of an S-block of ours */
    size_t at;      /* of the command: acknowledged */
    size_t piece;   /* of the command: in the last I-block. The card may change its size before it says R */
    bool receiving; /* the answer has begun */
    bool aborted;   /* the card broke off; its word that we may go on is awaited */
    unsigned bad, resyncs, wtx;
    bool done;
};

void t1_begin(struct t1 *t, uint8_t ifsc, uint8_t ifsd, enum t1_edc edc)
{
    t->ifsc = t->ifsc0 = ifsc == 0 || ifsc == 255 ? 32 : ifsc;
    t->ifsd = ifsd > T1_INF_MAX ? T1_INF_MAX : ifsd;
    t->edc = edc;
    t->ns = t->nr = t->lost = t->heard = false;
    t->told = t->ifsd == 0;
}

/* The I-block from where the card has everything; cut anew each time, for the card may have changed its size.
 */
static void send_i(struct run *r)
{
    size_t left = r->a->len - r->at, n = left < r->t->ifsc ? left : r->t->ifsc;
    r->piece = n;
    r->tx = (struct t1_block){
        .kind = T1_I, .seq = r->t->ns, .more = n < left, .inf = r->a->cmd + r->at, .len = n};
}

static void send_r(struct run *r, enum t1_error error)
{
    r->tx = (struct t1_block){.kind = T1_R, .seq = r->t->nr, .error = error};
}

static void send_s(struct run *r, enum t1_s s, bool response, int value)
{
    r->inf[0] = (uint8_t)value;
    r->tx = (struct t1_block){.kind = T1_S, .s = s, .response = response, .inf = r->inf, .len = value >= 0};
}

/* The first block of an exchange, and after S(RESYNCH). */
static void start(struct run *r)
{
    r->at = r->a->got = 0;
    r->receiving = false;
    r->bad = 0;
    r->done = r->t->told && !r->a->cmd;
    if (!r->t->told)
        send_s(r, T1_IFS, false, r->t->ifsd);
    else if (r->a->cmd)
        send_i(r);
}

static enum rc resync(struct run *r, struct err *e)
{
    struct t1 *t = r->t;
    if (r->resyncs++ == TRIES)
        return err_code(e, RC_DEVICE, "CARD_MUTE", 0, "T=1: the card does not come back after %d S(RESYNCH)",
                        TRIES);
    t->resyncs++;
    if (t->edc != T1_LRC && !t->heard) { /* perhaps it computes the check bytes the other way */
        t->edc = t->edc == T1_CRC ? T1_CRC_INVERTED : T1_CRC;
        start(r);
        return RC_OK;
    }
    if (r->tx.kind == T1_S && r->tx.s == T1_IFS && !r->tx.response) { /* a card that does not know S(IFS) */
        t->told = true;
        t->ifsd = 0;
    }
    r->bad = 0;
    send_s(r, T1_RESYNCH, false, -1);
    return RC_OK;
}

static bool asks(const struct run *r)
{
    return r->tx.kind == T1_S && !r->tx.response;
}

/* Rules 7.1 to 7.4: an S-request is sent again, anything else is followed by an R-block. */
static enum rc invalid(struct run *r, enum t1_error error, struct err *e)
{
    r->t->bad++;
    if (asks(r) && r->tx.s == T1_RESYNCH)
        return resync(r, e);
    if (++r->bad == TRIES)
        return resync(r, e);
    if (!asks(r))
        send_r(r, error);
    return RC_OK;
}

/* The card wants something again. */
static enum rc repeat(struct run *r, struct err *e)
{
    r->t->bad++;
    if (++r->bad == TRIES)
        return resync(r, e);
    if (!r->receiving)
        send_i(r);
    return RC_OK;
}

static enum rc broken_off(struct err *e)
{
    return err_code(e, RC_DEVICE, "CARD_ABORT", 0, "T=1: the card broke off the exchange");
}

static enum rc on_i(struct run *r, const struct t1_block *b, struct err *e)
{
    struct t1 *t = r->t;
    if (asks(r) || b->seq != t->nr)
        return invalid(r, T1_OTHER, e);
    if (r->aborted) { /* it should have sent an R-block; nobody knows where it stands */
        t->lost = true;
        return broken_off(e);
    }
    if (!r->receiving && r->at + r->piece < r->a->len)
        return invalid(r, T1_OTHER, e); /* an answer before the command is complete */
    if (b->len > r->a->cap - r->a->got) {
        t->lost = true;
        return err_set(e, RC_TOO_BIG, "T=1: an answer of more than %zu bytes", r->a->cap);
    }
    if (!r->receiving)
        t->ns = !t->ns;
    r->receiving = true;
    t->nr = !t->nr;
    r->bad = 0;
    if (b->len)
        memcpy(r->a->out + r->a->got, b->inf, b->len);
    r->a->got += b->len;
    r->done = !b->more;
    send_r(r, T1_NO_ERROR);
    return RC_OK;
}

static enum rc on_r(struct run *r, const struct t1_block *b, struct err *e)
{
    struct t1 *t = r->t;
    if (asks(r))
        return invalid(r, T1_OTHER, e);
    if (r->aborted) {
        t->ns = b->seq;
        return broken_off(e);
    }
    if (r->receiving || b->seq == t->ns)
        return repeat(r, e);
    if (r->at + r->piece == r->a->len) /* it acknowledges the last block instead of answering it */
        return invalid(r, T1_OTHER, e);
    r->at += r->piece;
    t->ns = !t->ns;
    r->bad = 0;
    send_i(r);
    return RC_OK;
}

static enum rc on_request(struct run *r, const struct t1_block *b, struct err *e)
{
    if (asks(r) || b->s == T1_RESYNCH) /* only we may ask for RESYNCH */
        return invalid(r, T1_OTHER, e);
    r->bad = 0;
    if (b->s == T1_WTX) {
        r->t->extensions++;
        r->wtx = b->inf[0] ? b->inf[0] : 1;
    } else if (b->s == T1_IFS) {
        r->t->ifsc = b->inf[0];
    } else {
        r->aborted = true;
    }
    send_s(r, b->s, true, b->len ? b->inf[0] : -1);
    return RC_OK;
}

static enum rc on_response(struct run *r, const struct t1_block *b, struct err *e)
{
    struct t1 *t = r->t;
    if (!asks(r) || b->s != r->tx.s || (b->s == T1_IFS && b->inf[0] != r->inf[0]))
        return invalid(r, T1_OTHER, e);
    if (b->s == T1_RESYNCH) { /* both begin again as after a reset; the smaller size is right either way */
        t->ns = t->nr = t->lost = false;
        t->ifsc = t->ifsc < t->ifsc0 ? t->ifsc : t->ifsc0;
        t->told = true;
        start(r);
        t->told = t->ifsd == 0; /* announced again before the next command */
        return RC_OK;
    }
    t->told = true;
    start(r);
    return RC_OK;
}

static enum rc judge(struct run *r, const struct t1_frame *in, struct err *e)
{
    struct t1_block b = {0};
    struct err why = {0};
    if (in->parity)
        return invalid(r, T1_EDC_OR_PARITY, e);
    if (in->len == 0 || t1_decode(in->p, in->len, r->t->edc, &b, &why) != RC_OK)
        return invalid(r, why.detail == T1_EDC_OR_PARITY ? T1_EDC_OR_PARITY : T1_OTHER, e);
    r->t->heard = true;
    if (b.kind == T1_I)
        return on_i(r, &b, e);
    if (b.kind == T1_R)
        return on_r(r, &b, e);
    return b.response ? on_response(r, &b, e) : on_request(r, &b, e);
}

static enum rc carry(struct run *r, struct err *e)
{
    uint8_t out[T1_BLOCK_MAX];
    struct t1_frame in = {.len = 0};
    enum rc rc = RC_OK;
    for (unsigned n = 0; rc == RC_OK && !r->done; n++) {
        if (n == BLOCKS) {
            r->t->lost = true;
            return err_code(e, RC_DEVICE, "CARD_MUTE", 0, "T=1: %d blocks and no end", BLOCKS);
        }
        size_t len = t1_encode(&r->tx, r->t->edc, out);
        unsigned wtx = r->wtx;
        r->wtx = 1; /* an extension counts for one block */
        in.len = 0;
        in.parity = false;
        r->t->blocks++;
        rc = r->t->block(r->t->self, out, len, wtx, &in, e);
        if (rc == RC_OK)
            rc = judge(r, &in, e);
        else
            r->t->lost = true;
    }
    wipe(out, sizeof out);
    wipe(in.p, sizeof in.p);
    return rc;
}

enum rc t1_exchange(struct t1 *t, struct t1_apdu *a, struct err *e)
{
    struct run r = {.t = t, .a = a, .wtx = 1};
    start(&r);
    if (t->lost) {
        r.resyncs = 1;
        send_s(&r, T1_RESYNCH, false, -1);
    }
    enum rc rc = carry(&r, e);
    if (rc != RC_OK)
        a->got = 0;
    return rc;
}

enum rc t1_announce(struct t1 *t, struct err *e)
{
    struct t1_apdu none = {.cmd = NULL};
    struct run r = {.t = t, .a = &none, .wtx = 1};
    start(&r);
    return carry(&r, e);
}
