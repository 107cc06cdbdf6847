/* The command table of the chip: ISO 7816-4 framing, selection, reading; 9303-10 section 3. */
#include "tests/devices/card_priv.h"

#include <string.h>

enum {
    SW_OK = 0x9000,
    SW_END_OF_FILE = 0x6282,
    SW_DEACTIVATED = 0x6283,
    SW_LENGTH = 0x6700,
    SW_ACCESS = 0x6982,
    SW_NO_FILE = 0x6986,
    SW_DATA = 0x6A80,
    SW_NOT_FOUND = 0x6A82,
    SW_P1P2 = 0x6A86,
    SW_OFFSET = 0x6B00,
    SW_INS = 0x6D00,
    SW_CLA = 0x6E00,
    SW_SM_MISSING = 0x6987
};
#define MF 0x3F00

/* LDS1 of ICAO; of the Romanian card: the national application and the one with the address. */
static const struct {
    int app;
    size_t len;
    uint8_t aid[16];
} apps[] = {
    {APP_LDS, 7, {0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01}},
    {APP_NATIONAL, 16, {0xA0, 0, 0, 0, 0x77, 0x03, 0x0C, 0x60, 0, 0, 0, 0xFE, 0, 0, 0x05, 0}},
    {APP_EDATA, 15, {0xE8, 0x28, 0xBD, 0x08, 0x0F, 0xA0, 0, 0, 0x01, 0x67, 0x45, 0x44, 0x41, 0x54, 0x41}},
};

static size_t be(const uint8_t *p, size_t n)
{
    size_t v = 0;
    while (n-- > 0)
        v = v << 8 | *p++;
    return v;
}

/* ISO 7816-3 12.1.3: the seven cases. false: lengths that fit none. */
static bool parse(const uint8_t *in, size_t len, struct apdu *a)
{
    if (len < 4)
        return false;
    *a = (struct apdu){.cla = in[0], .ins = in[1], .p1 = in[2], .p2 = in[3]};
    const uint8_t *p = in + 4;
    size_t n = len - 4, w = 1;
    if (n == 0)
        return true;
    if (n > 1 && p[0] == 0) { /* extended */
        if (n < 3)
            return false;
        a->ext = true;
        p++;
        n--;
        w = 2;
    }
    if (n != w) { /* not Le alone */
        a->lc = be(p, w);
        p += w;
        n -= w;
        if (a->lc == 0 || n < a->lc)
            return false;
        a->data = p;
        p += a->lc;
        n -= a->lc;
        if (n == 0)
            return true;
    }
    if (n != w)
        return false;
    a->le = be(p, w);
    a->le_any = a->le == 0;
    a->le = a->le ? a->le : w == 1 ? 256 : 65536;
    return true;
}

static const struct file *find(const struct card *c, uint16_t fid)
{
    for (size_t i = 0; i < c->nfiles; i++)
        if (c->files[i].fid == fid && c->files[i].app == c->app)
            return &c->files[i];
    return NULL;
}

static const struct file *find_sfi(const struct card *c, uint8_t sfi)
{
    for (size_t i = 0; i < c->nfiles && !(c->odd.no_sfi && c->app == APP_LDS); i++)
        if (c->files[i].sfi == sfi && c->files[i].app == c->app)
            return &c->files[i];
    return NULL;
}

static uint16_t use(struct card *c, const struct file *f)
{
    if (!f)
        return SW_NOT_FOUND;
    if (!f->open && !(c->access && c->sm.on && (f->app != APP_EDATA || c->pin_right)))
        return SW_ACCESS;
    c->ef = f;
    return SW_OK;
}

static uint16_t select_aid(struct card *c, const struct apdu *a, struct buf *out)
{
    size_t i = 0;
    while (i < COUNT(apps) && (apps[i].len != a->lc || memcmp(apps[i].aid, a->data, a->lc) != 0))
        i++;
    if (i == COUNT(apps) || (apps[i].app != APP_LDS && !c->conf.pin))
        return SW_NOT_FOUND;
    c->app = apps[i].app;
    c->ef = NULL;
    if (a->le && !(a->p2 & 0x0C)) {
        BUF_SCOPE(fci);
        tlv(&fci, 0x84, apps[i].aid, apps[i].len);
        tlv_buf(out, 0x6F, &fci);
    }
    return SW_OK;
}

static uint16_t select_fid(struct card *c, const struct apdu *a, struct buf *out)
{
    uint16_t fid = a->lc == 2 ? (uint16_t)be(a->data, 2) : MF;
    if (c->odd.no_mf && fid == MF)
        return SW_P1P2;
    if (c->odd.fci)
        buf_add(out, "\x6F\x07\x80\x02\x01\x00\x8A\x01\x05", 9);
    if (a->lc != 0 && a->lc != 2)
        return SW_LENGTH;
    if (a->p1 == 0 && fid == MF) {
        c->app = APP_MF;
        c->ef = NULL;
        return SW_OK;
    }
    return use(c, find(c, fid));
}

static uint16_t do_select(struct card *c, const struct apdu *a, struct buf *out)
{
    if (a->p2 & 0xF3)
        return SW_P1P2;
    switch (a->p1) {
    case 0x00:
    case 0x02:
        return select_fid(c, a, out);
    case 0x04:
        return select_aid(c, a, out);
    default:
        return SW_P1P2;
    }
}

/* room: how many bytes of the file the transport still carries. Asking for more than there is gives what
 * there is and the warning 6282; asking for more than fits gives 6700, as chips with a small buffer do. */
static uint16_t read_some(struct card *c, size_t off, const struct apdu *a, size_t overhead, struct buf *out)
{
    enum { PADDING = 300 };
    const struct file *f = c->ef;
    size_t size = f->len + (c->odd.padded ? PADDING : 0);
    if (off >= size && !(off == 0 && size == 0))
        return SW_OFFSET;
    if (a->le <= overhead || a->room <= overhead)
        return SW_LENGTH;
    size_t want = a->le - overhead, room = a->room - overhead, left = size - off;
    if ((!a->le_any && want > room) || (c->odd.strict && want > left))
        return SW_LENGTH;
    size_t n = want < left ? want : left;
    if (n > room)
        n = room;
    size_t real = off >= f->len ? 0 : n < f->len - off ? n : f->len - off;
    if (real)
        buf_add(out, f->p + off, real);
    for (size_t i = real; i < n; i++)
        buf_chr(out, (char)0xFF);
    if (c->odd.warns)
        return SW_DEACTIVATED;
    return n < want && !a->le_any ? SW_END_OF_FILE : SW_OK;
}

static uint16_t read_binary(struct card *c, const struct apdu *a, struct buf *out)
{
    size_t off = (size_t)(a->p1 << 8 | a->p2);
    if (a->lc)
        return SW_LENGTH;
    if (a->p1 & 0x80) {
        uint16_t sw = use(c, find_sfi(c, a->p1 & 0x1F));
        if (sw != SW_OK)
            return sw;
        off = a->p2;
    }
    if (!c->ef)
        return SW_NO_FILE;
    return read_some(c, off, a, 0, out);
}

/* Odd INS: DO 54 offset -> DO 53 data. Le counts the object with its header. */
static uint16_t read_binary_odd(struct card *c, const struct apdu *a, struct buf *out)
{
    struct tlv off;
    uint16_t target = (uint16_t)(a->p1 << 8 | a->p2), sw = SW_OK;
    if (c->odd.no_far)
        return SW_INS;
    if (target != 0)
        sw = use(c, target <= 0x1E ? find_sfi(c, (uint8_t)target) : find(c, target));
    if (sw != SW_OK)
        return sw;
    if (!c->ef)
        return SW_NO_FILE;
    if (!tlv_find(a->data, a->lc, 0x54, &off) || off.len == 0 || off.len > 4)
        return SW_DATA;
    BUF_SCOPE(part);
    size_t lim = a->le < a->room ? a->le : a->room;
    sw = read_some(c, be(off.p, off.len), a, lim < 130 ? 2 : lim < 259 ? 3 : 4, &part);
    if (part.len)
        tlv_buf(out, 0x53, &part);
    return sw;
}

/* 4 digits filled with FF, as a reference of the card that counts three tries. */
uint16_t verify_pin(struct card *c, const struct apdu *a, struct buf *out)
{
    enum { TRIES = 3, PLACES = 12 };
    uint8_t want[PLACES];
    (void)out;
    if (!c->conf.pin || c->app != APP_NATIONAL || !c->access || !c->sm.on)
        return SW_ACCESS;
    if (c->wrong_pins >= TRIES)
        return 0x6983;
    memset(want, 0xFF, sizeof want);
    memcpy(want, c->conf.pin, strlen(c->conf.pin));
    c->pin_right = a->lc == PLACES && memcmp(a->data, want, PLACES) == 0;
    c->wrong_pins = c->pin_right ? 0 : c->wrong_pins + 1;
    return c->pin_right ? SW_OK : (uint16_t)(0x63C0 | (TRIES - c->wrong_pins));
}

static const struct command {
    uint8_t ins;
    int p1, p2; /* -1: any */
    bool chain; /* CLA 10 allowed */
    uint16_t (*run)(struct card *c, const struct apdu *a, struct buf *out);
} commands[] = {
    {0xA4, -1, -1, false, do_select},           {0xB0, -1, -1, false, read_binary},
    {0xB1, -1, -1, false, read_binary_odd},     {0x84, 0, 0, false, get_challenge},
    {0x82, 0, 0, false, external_authenticate}, {0x22, 0xC1, 0xA4, false, pace_set_at},
    {0x22, 0x41, 0xA4, false, ca_set_at},       {0x22, 0x41, 0xA6, false, ca_set_kat},
    {0x88, 0, 0, false, internal_authenticate}, {0x20, 0, 3, false, verify_pin},
    {0x86, -1, -1, true, general_authenticate},
};

static uint16_t run(struct card *c, const struct apdu *a, struct buf *out)
{
    uint16_t sw = SW_INS;
    for (size_t i = 0; i < COUNT(commands); i++) {
        const struct command *k = &commands[i];
        if (k->ins != a->ins)
            continue;
        if ((k->p1 >= 0 && k->p1 != a->p1) || (k->p2 >= 0 && k->p2 != a->p2)) {
            sw = SW_P1P2;
            continue;
        }
        return (a->cla & 0x10) && !k->chain ? 0x6884 : k->run(c, a, out);
    }
    return sw;
}

/* A broken or a plain command ends the session (9303-11 9.8.8); the answer then goes out in clear. */
static uint16_t handle(struct card *c, const struct apdu *a, struct buf *out)
{
    bool secure = (a->cla & 0x0C) == 0x0C;
    BUF_SCOPE(data);
    if (!secure) {
        if (c->sm.on)
            sm_drop(c);
        return run(c, a, out);
    }
    if (!c->sm.on)
        return SW_SM_MISSING;
    struct apdu plain;
    BUF_SCOPE(store);
    uint16_t sw = sm_open(c, a, &plain, &store);
    if (sw) {
        sm_drop(c);
        return sw;
    }
    sw = run(c, &plain, &data);
    sm_close(c, a, &data, sw, out);
    return c->odd.outer_ok ? SW_OK : sw;
}

static size_t answer(const struct buf *data, uint16_t sw, uint8_t *out, size_t cap)
{
    size_t n = data->len;
    if (n + 2 > cap) {
        n = 0;
        sw = 0x6F00;
    }
    if (n)
        memcpy(out, data->p, n);
    out[n] = (uint8_t)(sw >> 8);
    out[n + 1] = (uint8_t)sw;
    return n + 2;
}

size_t card_apdu(struct card *c, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
    struct apdu a;
    BUF_SCOPE(data);
    c->busy_ms = (unsigned)c->conf.busy_ms;
    if (!parse(in, len, &a))
        return answer(&data, SW_LENGTH, out, cap);
    if (a.ext && c->conf.extended == 0)
        return answer(&data, SW_LENGTH, out, cap);
    if (a.cla & 0xE3)
        return answer(&data, SW_CLA, out, cap);
    a.room = a.ext ? (size_t)c->conf.extended : 256;
    uint16_t sw = handle(c, &a, &data);
    if (c->sm_next_ready) { /* the new keys count from the next command on */
        c->sm = c->sm_next;
        c->sm_next_ready = false;
        wipe(&c->sm_next, sizeof c->sm_next);
    }
    return answer(&data, sw, out, cap);
}

unsigned card_busy_ms(const struct card *c)
{
    return c->busy_ms;
}
