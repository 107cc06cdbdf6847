/* What the reader says of itself: 08E6:3437, one slot, bulk in and out, interrupt. The real Gemalto reader of
 * that number works at TPDU level; this one takes APDUs, as most readers of a counter do. */
#include "tests/devices/reader.h"

#include <string.h>

#define LE16(v) (uint8_t)(v), (uint8_t)((v) >> 8)
#define LE32(v) LE16(v), LE16((uint32_t)(v) >> 16)

/* 0x02 parameters from the ATR, 0x08 voltage, 0x10 clock, 0x20 baud rate, 0x80 PPS, 0x400 IFSD: all by the
 * reader. */
enum {
    FEATURES = 0x000004BA,
    TPDU_FEATURES = 0x00000230, /* clock, baud rate; other node addresses */
    CONFIG = 18,
    CLASS = CONFIG + 9 + 9,
    CLASS_LEN = 54,
    TOTAL = 9 + 9 + CLASS_LEN + 3 * 7
};
enum { AT_SLOTS = CLASS + 4, AT_RATES = CLASS + 27, AT_FEATURES = CLASS + 40, AT_MESSAGE = CLASS + 44 };

/* clang-format off */
static uint8_t descriptors[CONFIG + TOTAL] = {
    18, 1, LE16(0x0200), 0, 0, 0, 64, LE16(0x08E6), LE16(0x3437), LE16(0x0201), 1, 2, 3, 1,
    9, 2, LE16(TOTAL), 1, 1, 0, 0x80, 50,
    9, 4, 0, 0, 3, 0x0B, 0, 0, 0,
    CLASS_LEN, 0x21, LE16(0x0110), 0 /* one slot */, 7 /* 5, 3, 1.8 V */, LE32(3) /* T=0, T=1 */,
    LE32(4800), LE32(4800), 0, LE32(12903), LE32(825806), 0, LE32(254), LE32(0), LE32(0),
    LE32(FEATURES), LE32(271), 0xFF, 0xFF, LE16(0), 0, 1,
    7, 5, EP_OUT, 2, LE16(64), 0,
    7, 5, EP_IN, 2, LE16(64), 0,
    7, 5, EP_INT, 3, LE16(8), 24,
};
/* clang-format on */

static const struct {
    const char *name;
    uint32_t features, message;
} levels[] = {
    [LEVEL_SHORT] = {"short", 0x20000, 271},
    [LEVEL_EXTENDED] = {"extended", 0x40000, 271}, /* long APDUs travel in pieces, as in the OMNIKEY 3x21 */
    [LEVEL_WHOLE] = {"whole", 0x40000, 65554},     /* and here in one message */
    [LEVEL_TPDU] = {"tpdu", 0x10000, 271}, /* as the real one: the host does PPS, parameters and blocks */
};
static enum level now = LEVEL_EXTENDED;

static const char *const strings[] = {"Pridvor", "Virtual Smart Card Reader", "R0001", NULL};
struct usb_desc reader_desc = {.port = "1-1",
                               .bus = 1,
                               .mbit = 12,
                               .descriptors = descriptors,
                               .len = sizeof descriptors,
                               .strings = strings,
                               .driver = NULL};

static void put32(uint8_t *p, uint32_t v)
{
    memcpy(p, (const uint8_t[]){LE32(v)}, 4);
}

void reader_set_level(enum level l)
{
    now = l;
    put32(descriptors + AT_FEATURES, (l == LEVEL_TPDU ? TPDU_FEATURES : FEATURES) | levels[l].features);
    descriptors[AT_RATES] = l == LEVEL_TPDU ? 10 : 0;
    put32(descriptors + AT_MESSAGE, levels[l].message);
}

enum level reader_level(void)
{
    return now;
}

void reader_set_slots(unsigned n)
{
    descriptors[AT_SLOTS] = (uint8_t)(n - 1);
}

size_t reader_slots(void)
{
    return descriptors[AT_SLOTS] + 1u;
}

size_t reader_max_message(void)
{
    return levels[now].message;
}

const char *reader_level_name(enum level l)
{
    return l < COUNT(levels) ? levels[l].name : NULL;
}
