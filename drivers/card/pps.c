#include "drivers/card/pps.h"

#define CANDIDATES 10
#define MARGIN_US 1000000

static const uint16_t f_of[16] = {372, 372, 558, 744,  1116, 1488, 1860, 0,
                                  0,   512, 768, 1024, 1536, 2048, 0,    0};
static const uint8_t d_of[16] = {0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0};

unsigned pps_f(uint8_t ta1)
{
    return f_of[ta1 >> 4];
}

unsigned pps_d(uint8_t ta1)
{
    return d_of[ta1 & 0x0F];
}

uint32_t pps_rate(uint8_t ta1, uint32_t clock_khz)
{
    unsigned f = pps_f(ta1), d = pps_d(ta1);
    return f && d ? (uint32_t)((uint64_t)clock_khz * 1000 * d / f) : 0;
}

/* Lists are in bit/s, rounded to whole bits or to thousands, as the maker pleased. */
static bool near(uint32_t a, uint32_t b)
{
    uint32_t d = a > b ? a - b : b - a;
    return d <= 1 || (d < 1000 && (a % 1000 == 0 || b % 1000 == 0) && d <= a / 100);
}

static bool can(const struct pps_reader *r, uint8_t ta1)
{
    uint32_t rate = pps_rate(ta1, r->clock_khz);
    if (rate == 0 || (r->max_rate && rate > r->max_rate && !near(rate, r->max_rate)))
        return false;
    bool listed = r->n == 0;
    for (size_t i = 0; i < r->n; i++)
        listed |= near(rate, r->rates[i]);
    return listed;
}

/* 9.2: a card takes every D up to its own with its F. Fastest first, all faster than the default. */
static size_t candidates(uint8_t ta1, const struct pps_reader *r, uint8_t out[CANDIDATES])
{
    static const uint8_t by_speed[] = {7, 6, 9, 5, 8, 4, 3, 2, 1}; /* D = 64 32 20 16 12 8 4 2 1 */
    size_t n = 0;
    for (size_t i = 0; i < COUNT(by_speed); i++) {
        uint8_t c = (uint8_t)((ta1 & 0xF0) | by_speed[i]);
        if (pps_d(c) <= pps_d(ta1) && can(r, c) &&
            pps_rate(c, r->clock_khz) > pps_rate(PPS_DEFAULT, r->clock_khz))
            out[n++] = c;
    }
    return n;
}

uint8_t pps_choose(const struct atr *a, const struct pps_reader *r, unsigned back, bool *ok)
{
    uint8_t list[CANDIDATES];
    uint8_t ta1 =
        a->ta1 >= 0 && pps_f((uint8_t)a->ta1) && pps_d((uint8_t)a->ta1) ? (uint8_t)a->ta1 : PPS_DEFAULT;
    *ok = true;
    if (a->specific >= 0) {
        ta1 = a->implicit ? PPS_DEFAULT : ta1;
        *ok = ta1 == PPS_DEFAULT || can(r, ta1);
        return ta1;
    }
    size_t n = candidates(ta1, r, list);
    return back < n ? list[back] : PPS_DEFAULT;
}

int pps_protocol(const struct atr *a, uint32_t protocols)
{
    uint32_t both = a->protocols & protocols & 3;
    if (a->specific >= 0)
        both = a->specific < 2 && protocols & 1u << a->specific ? 1u << a->specific : 0;
    return both & 2 ? 1 : both & 1 ? 0 : -1;
}

size_t pps_request(int protocol, uint8_t ta1, uint8_t out[PPS_MAX])
{
    size_t n = 0;
    out[n++] = 0xFF;
    out[n++] = (uint8_t)(protocol | (ta1 == PPS_DEFAULT ? 0 : 0x10));
    if (ta1 != PPS_DEFAULT)
        out[n++] = ta1;
    uint8_t x = 0;
    for (size_t i = 0; i < n; i++)
        x ^= out[i];
    out[n++] = x;
    return n;
}

enum rc pps_answer(const uint8_t *request, const uint8_t *p, size_t len, uint8_t *ta1, struct err *e)
{
    uint8_t x = 0;
    for (size_t i = 0; i < len; i++)
        x ^= p[i];
    if (len < 3 || p[0] != 0xFF || x != 0)
        return err_set(e, RC_PROTOCOL, "PPS: %zu bytes that are no answer", len);
    bool asked = request[1] & 0x10, given = p[1] & 0x10;
    size_t want = 3u + given + !!(p[1] & 0x20) + !!(p[1] & 0x40);
    if (len != want || (p[1] & 0x8F) != (request[1] & 0x0F) || (p[1] & 0x60) || (given && !asked) ||
        (given && p[2] != request[2]))
        return err_set(e, RC_PROTOCOL, "PPS: the card answers %02X %02X to %02X %02X", p[1], p[2], request[1],
                       request[2]);
    *ta1 = given ? p[2] : PPS_DEFAULT;
    return RC_OK;
}

/* Microseconds of `n` clocks. */
static int64_t clocks_us(uint64_t n, uint32_t clock_khz)
{
    return (int64_t)(n * 1000 / (clock_khz ? clock_khz : 4000));
}

/* One elementary time unit in clocks, rounded up. */
static uint64_t etu(uint8_t ta1)
{
    unsigned f = pps_f(ta1), d = pps_d(ta1);
    return f && d ? (f + d - 1) / d : 372;
}

static uint64_t guard_etu(const struct atr *a, int protocol)
{
    if (a->tc1 == 255) /* the least there is: 12 etu, 11 in T=1 */
        return protocol == 1 ? 11 : 12;
    return 12u + (a->tc1 > 0 ? (uint64_t)a->tc1 : 0);
}

int64_t pps_t1_ms(const struct atr *a, uint8_t ta1, uint32_t clock_khz, unsigned wtx)
{
    unsigned bwi = (unsigned)a->tb3 >> 4, cwi = a->tb3 & 0x0F;
    uint64_t unit = etu(ta1), cwt = (11 + (1u << cwi)) * unit;
    uint64_t bwt = 11 * unit + ((uint64_t)960 * 372 << (bwi > 9 ? 9 : bwi));
    uint64_t all = bwt * (wtx ? wtx : 1) + 260 * guard_etu(a, 1) * unit + 260 * cwt;
    return (clocks_us(all, clock_khz) + MARGIN_US + 999) / 1000;
}

int64_t pps_t0_ms(const struct atr *a, uint8_t ta1, uint32_t clock_khz)
{
    unsigned f = pps_f(ta1) ? pps_f(ta1) : 372;
    uint64_t wwt = (uint64_t)a->wi * 960 * f;
    uint64_t all = 3 * wwt + 261 * guard_etu(a, 0) * etu(ta1);
    return (clocks_us(all, clock_khz) + MARGIN_US + 999) / 1000;
}
