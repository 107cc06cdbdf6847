#include "drivers/card/t0.h"

#include "common/base/arena.h"

#include <string.h>

#define INS_GET_RESPONSE 0xC0
#define INS_ENVELOPE 0xC2
#define ROUNDS 400 /* GET RESPONSE and corrections of Le in one APDU */

enum rc t0_command(const uint8_t *p, size_t len, struct t0_command *out, struct err *e)
{
    struct t0_command c = {.form = 1};
    if (len < 4)
        return err_set(e, RC_PROTOCOL, "a command of %zu bytes", len);
    size_t lc = len > 5 ? p[4] : 0, at = 5;
    if (len > 6 && p[4] == 0) {
        c.wide = true;
        lc = len > 7 ? (size_t)p[5] << 8 | p[6] : 0;
        at = 7;
    }
    if (len == 4) {
        ;
    } else if (len == 5 || (c.wide && len == 7)) {
        c.form = 2;
        c.ne = len == 5 ? (p[4] ? p[4] : 256) : ((size_t)p[5] << 8 | p[6]) ? (size_t)p[5] << 8 | p[6] : 65536;
    } else if (lc > 0 && len == at + lc) {
        c.form = 3;
    } else if (lc > 0 && !c.wide && len == at + lc + 1) {
        c.form = 4;
        c.ne = p[len - 1] ? p[len - 1] : 256;
    } else if (lc > 0 && c.wide && len == at + lc + 2) {
        size_t le = (size_t)p[len - 2] << 8 | p[len - 1];
        c.form = 4;
        c.ne = le ? le : 65536;
    } else {
        return err_set(e, RC_PROTOCOL, "a command of %zu bytes whose lengths do not fit", len);
    }
    c.nc = c.form > 2 ? lc : 0;
    c.data = c.nc ? p + at : NULL;
    *out = c;
    return RC_OK;
}

enum t0_procedure t0_procedure(uint8_t ins, uint8_t byte)
{
    if (byte == 0x60)
        return T0_NULL;
    if (byte == ins)
        return T0_ALL;
    if ((byte ^ ins) == 0xFF)
        return T0_ONE;
    return (byte & 0xF0) == 0x60 || (byte & 0xF0) == 0x90 ? T0_STATUS : T0_NONSENSE;
}

/* One exchange under way. */
struct run {
    struct t0 *t;
    struct t0_apdu *a;
    size_t ne;   /* still wanted */
    uint8_t cla; /* of GET RESPONSE */
    unsigned rounds;
    uint8_t in[T0_ANSWER_MAX];
    size_t n; /* data bytes in `in` */
    uint16_t sw;
};

/* Procedure bytes in front of an answer: a reader at this level should have eaten them. */
static size_t slipped(const struct run *r, uint8_t ins, size_t want, size_t got)
{
    size_t at = 0;
    while (got - at > want + 2 && t0_procedure(ins, r->in[at]) == T0_NULL)
        at++;
    if (got - at == want + 3 && want > 0 && t0_procedure(ins, r->in[at]) == T0_ALL)
        at++;
    size_t waits = at;
    while (waits + 2 < got && r->in[waits] == 0x60)
        waits++;
    bool refused = want > 0 && waits + 2 == got && got < want + 2 && r->in[waits] != 0x90;
    return refused ? waits : at; /* it waited, then it refused without data */
}

/* want: data bytes that are announced in P3, 0 when data go to the card. */
static enum rc tpdu(struct run *r, const uint8_t *out, size_t len, size_t want, struct err *e)
{
    size_t got = 0;
    if (r->rounds++ == ROUNDS)
        return err_set(e, RC_PROTOCOL, "T=0: %d commands and no end", ROUNDS);
    r->t->tpdus++;
    TRY(r->t->tpdu(r->t->self, out, len, r->in, &got, e));
    if (got < 2 || got > sizeof r->in)
        return err_set(e, RC_PROTOCOL, "T=0: an answer of %zu bytes", got);
    size_t at = slipped(r, out[1], want, got);
    memmove(r->in, r->in + at, got - at);
    got -= at;
    r->n = got - 2;
    r->sw = (uint16_t)(r->in[got - 2] << 8 | r->in[got - 1]);
    if ((r->sw & 0xF000) != 0x9000 && (r->sw & 0xF000) != 0x6000)
        return err_set(e, RC_PROTOCOL, "T=0: %04X is no status word", r->sw);
    if (r->n > want)
        return err_set(e, RC_PROTOCOL, "T=0: %zu bytes came, %zu were asked for", r->n, want);
    return RC_OK;
}

static enum rc keep(struct run *r, struct err *e)
{
    size_t n = r->n < r->ne ? r->n : r->ne;
    if (n > r->a->cap - r->a->got || r->a->cap - r->a->got - n < 2)
        return err_set(e, RC_TOO_BIG, "T=0: an answer of more than %zu bytes", r->a->cap);
    memcpy(r->a->out + r->a->got, r->in, n);
    r->a->got += n;
    r->ne -= n;
    return RC_OK;
}

/* A command that only fetches: 6Cxx says the length to ask for (12.2.3), once. */
static enum rc fetch(struct run *r, const uint8_t head[4], size_t want, struct err *e)
{
    uint8_t out[5];
    memcpy(out, head, 4);
    out[4] = (uint8_t)want;
    TRY(tpdu(r, out, 5, want ? want : 256, e));
    if (r->sw >> 8 == 0x6C && r->n == 0) {
        out[4] = (uint8_t)r->sw;
        TRY(tpdu(r, out, 5, out[4] ? out[4] : 256, e));
    }
    return keep(r, e);
}

static size_t piece_of(const struct run *r, size_t offered)
{
    size_t n = offered ? offered : 256;
    n = n < r->ne ? n : r->ne;
    return n < 256 ? n : 0; /* P3 = 0 means 256 */
}

/* 61xx: xx more bytes wait (12.2.5). */
static enum rc get_response(struct run *r, struct err *e)
{
    const uint8_t head[4] = {r->cla, INS_GET_RESPONSE, 0, 0};
    while (r->sw >> 8 == 0x61 && r->ne > 0)
        TRY(fetch(r, head, piece_of(r, r->sw & 0xFF), e));
    return RC_OK;
}

/* Data go to the card; what it has to say is fetched afterwards. */
static enum rc send(struct run *r, const uint8_t head[4], const uint8_t *data, size_t n, struct err *e)
{
    uint8_t out[T0_TPDU_MAX];
    memcpy(out, head, 4);
    out[4] = (uint8_t)n;
    if (n)
        memcpy(out + 5, data, n);
    enum rc rc = tpdu(r, out, 5 + n, 0, e);
    wipe(out, sizeof out);
    return rc;
}

/* The whole APDU as the data of ENVELOPE commands (12.2.6). */
static enum rc envelopes(struct run *r, struct err *e)
{
    const uint8_t head[4] = {r->cla, INS_ENVELOPE, 0, 0};
    for (size_t at = 0; at < r->a->len;) {
        size_t n = r->a->len - at < 255 ? r->a->len - at : 255;
        TRY(send(r, head, r->a->cmd + at, n, e));
        at += n;
        if (at < r->a->len && r->sw != 0x9000)
            return RC_OK; /* the card does not know it, or wants no more */
    }
    return RC_OK;
}

/* 12.2.5: a card that answers 9000 to the command part of a case 4 keeps its data until asked. One that has
 * none refuses; then the command was done all the same. */
static enum rc ask_once(struct run *r, struct err *e)
{
    const uint8_t head[4] = {r->cla, INS_GET_RESPONSE, 0, 0};
    TRY(fetch(r, head, piece_of(r, 0), e));
    unsigned high = r->sw >> 8;
    if (r->a->got == 0 && high != 0x90 && high != 0x61 && high != 0x62)
        r->sw = 0x9000;
    return RC_OK;
}

static enum rc carry(struct run *r, const struct t0_command *c, struct err *e)
{
    const uint8_t *p = r->a->cmd;
    if (c->form == 2)
        TRY(fetch(r, p, c->ne < 256 ? c->ne : 0, e));
    else if (c->nc > 255)
        TRY(envelopes(r, e));
    else
        TRY(send(r, p, c->data, c->nc, e));
    if (c->form == 4 && r->sw == 0x9000)
        TRY(ask_once(r, e));
    return get_response(r, e);
}

enum rc t0_exchange(struct t0 *t, struct t0_apdu *a, struct err *e)
{
    struct t0_command c;
    TRY(t0_command(a->cmd, a->len, &c, e));
    /* Bits of secure messaging and chaining belong to the command, not to the transport (12.2). */
    uint8_t cla = a->cmd[0];
    struct run r = {.t = t, .a = a, .ne = c.ne, .cla = cla & 0x80 ? cla : cla & (cla & 0x40 ? 0x4F : 0x03)};
    a->got = 0;
    enum rc rc = carry(&r, &c, e);
    if (rc == RC_OK && a->cap - a->got < 2)
        rc = err_set(e, RC_TOO_BIG, "T=0: no room for the status word");
    if (rc == RC_OK) {
        a->out[a->got++] = (uint8_t)(r.sw >> 8);
        a->out[a->got++] = (uint8_t)r.sw;
    }
    wipe(r.in, sizeof r.in);
    return rc;
}
