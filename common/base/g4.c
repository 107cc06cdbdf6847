#include "common/base/g4.h"

#include <string.h>

/* T.4, tables 2 and 3: length and bits of the codes for runs of white and of black. */
struct code {
    uint8_t len;
    uint16_t bits;
};
static const struct code end_codes[2][64] = {
    {{8, 0x35}, {6, 0x7},  {4, 0x7},  {4, 0x8},  {4, 0xb},  {4, 0xc},  {4, 0xe},  {4, 0xf},
     {5, 0x13}, {5, 0x14}, {5, 0x7},  {5, 0x8},  {6, 0x8},  {6, 0x3},  {6, 0x34}, {6, 0x35},
     {6, 0x2a}, {6, 0x2b}, {7, 0x27}, {7, 0xc},  {7, 0x8},  {7, 0x17}, {7, 0x3},  {7, 0x4},
     {7, 0x28}, {7, 0x2b}, {7, 0x13}, {7, 0x24}, {7, 0x18}, {8, 0x2},  {8, 0x3},  {8, 0x1a},
     {8, 0x1b}, {8, 0x12}, {8, 0x13}, {8, 0x14}, {8, 0x15}, {8, 0x16}, {8, 0x17}, {8, 0x28},
     {8, 0x29}, {8, 0x2a}, {8, 0x2b}, {8, 0x2c}, {8, 0x2d}, {8, 0x4},  {8, 0x5},  {8, 0xa},
     {8, 0xb},  {8, 0x52}, {8, 0x53}, {8, 0x54}, {8, 0x55}, {8, 0x24}, {8, 0x25}, {8, 0x58},
     {8, 0x59}, {8, 0x5a}, {8, 0x5b}, {8, 0x4a}, {8, 0x4b}, {8, 0x32}, {8, 0x33}, {8, 0x34}},
    {{10, 0x37}, {3, 0x2},   {2, 0x3},   {2, 0x2},   {3, 0x3},   {4, 0x3},   {4, 0x2},   {5, 0x3},
     {6, 0x5},   {6, 0x4},   {7, 0x4},   {7, 0x5},   {7, 0x7},   {8, 0x4},   {8, 0x7},   {9, 0x18},
     {10, 0x17}, {10, 0x18}, {10, 0x8},  {11, 0x67}, {11, 0x68}, {11, 0x6c}, {11, 0x37}, {11, 0x28},
     {11, 0x17}, {11, 0x18}, {12, 0xca}, {12, 0xcb}, {12, 0xcc}, {12, 0xcd}, {12, 0x68}, {12, 0x69},
     {12, 0x6a}, {12, 0x6b}, {12, 0xd2}, {12, 0xd3}, {12, 0xd4}, {12, 0xd5}, {12, 0xd6}, {12, 0xd7},
     {12, 0x6c}, {12, 0x6d}, {12, 0xda}, {12, 0xdb}, {12, 0x54}, {12, 0x55}, {12, 0x56}, {12, 0x57},
     {12, 0x64}, {12, 0x65}, {12, 0x52}, {12, 0x53}, {12, 0x24}, {12, 0x37}, {12, 0x38}, {12, 0x27},
     {12, 0x28}, {12, 0x58}, {12, 0x59}, {12, 0x2b}, {12, 0x2c}, {12, 0x5a}, {12, 0x66}, {12, 0x67}}};
static const struct code makeup[2][27] = {
    {{5, 0x1b}, {5, 0x12}, {6, 0x17}, {7, 0x37}, {8, 0x36}, {8, 0x37}, {8, 0x64}, {8, 0x65}, {8, 0x68},
     {8, 0x67}, {9, 0xcc}, {9, 0xcd}, {9, 0xd2}, {9, 0xd3}, {9, 0xd4}, {9, 0xd5}, {9, 0xd6}, {9, 0xd7},
     {9, 0xd8}, {9, 0xd9}, {9, 0xda}, {9, 0xdb}, {9, 0x98}, {9, 0x99}, {9, 0x9a}, {6, 0x18}, {9, 0x9b}},
    {{10, 0xf},  {12, 0xc8}, {12, 0xc9}, {12, 0x5b}, {12, 0x33}, {12, 0x34}, {12, 0x35},
     {13, 0x6c}, {13, 0x6d}, {13, 0x4a}, {13, 0x4b}, {13, 0x4c}, {13, 0x4d}, {13, 0x72},
     {13, 0x73}, {13, 0x74}, {13, 0x75}, {13, 0x76}, {13, 0x77}, {13, 0x52}, {13, 0x53},
     {13, 0x54}, {13, 0x55}, {13, 0x5a}, {13, 0x5b}, {13, 0x64}, {13, 0x65}}};
static const struct code longer[13] = {/* 1792 to 2560, both colours */
                                       {11, 0x8},  {11, 0xc},  {11, 0xd},  {12, 0x12}, {12, 0x13},
                                       {12, 0x14}, {12, 0x15}, {12, 0x16}, {12, 0x17}, {12, 0x1c},
                                       {12, 0x1d}, {12, 0x1e}, {12, 0x1f}};

struct coder {
    struct buf *out;
    uint32_t bits;
    int n;
};

static void put(struct coder *c, struct code code)
{
    c->bits = c->bits << code.len | code.bits;
    c->n += code.len;
    while (c->n >= 8) {
        c->n -= 8;
        buf_chr(c->out, (char)(c->bits >> c->n & 0xff));
    }
}

static void run(struct coder *c, int len, int black)
{
    for (; len > 2560 + 63; len -= 2560)
        put(c, longer[12]);
    if (len >= 1792) {
        put(c, longer[(len - 1792) / 64]);
        len %= 64;
    } else if (len >= 64) {
        put(c, makeup[black][len / 64 - 1]);
        len %= 64;
    }
    put(c, end_codes[black][len]);
}

static int pixel(const uint8_t *row, int x)
{
    return row[x / 8] >> (7 - x % 8) & 1;
}

/* The first place from x on whose colour is not `colour`; whole bytes of one colour are passed at once. */
static int change(const uint8_t *row, int x, int width, int colour)
{
    const uint8_t same = colour ? 0xff : 0;
    while (x < width) {
        if (x % 8 == 0 && row[x / 8] == same && x + 8 <= width)
            x += 8;
        else if (pixel(row, x) == colour)
            x++;
        else
            break;
    }
    return x;
}

/* b1: the first change on the line above, right of a0, to the colour that a0 has not. */
static int find_b1(const uint8_t *above, int a0, int width, int colour)
{
    int x = a0 < 0 ? 0 : a0;
    if (a0 >= 0 || pixel(above, 0) == colour) {
        if (a0 >= 0 && pixel(above, x) != colour)
            x = change(above, x, width, !colour);
        x = change(above, x, width, colour);
    }
    return x;
}

/* T.6, 2.2: pass, vertical or horizontal mode, until the line is full. */
static void line(struct coder *c, const uint8_t *above, const uint8_t *row, int width)
{
    static const struct code vertical[] = {{7, 2}, {6, 2}, {3, 2}, {1, 1}, {3, 3}, {6, 3}, {7, 3}};
    int a0 = -1, colour = 0;
    while (a0 < width) {
        int from = a0 < 0 ? 0 : a0;
        int a1 = change(row, from, width, colour), b1 = find_b1(above, a0, width, colour);
        int b2 = change(above, b1, width, !colour);
        if (b2 < a1) {
            put(c, (struct code){4, 1});
            a0 = b2;
        } else if (a1 - b1 >= -3 && a1 - b1 <= 3) {
            put(c, vertical[a1 - b1 + 3]);
            a0 = a1;
            colour = !colour;
        } else {
            int a2 = change(row, a1, width, !colour);
            put(c, (struct code){3, 1});
            run(c, a1 - from, colour);
            run(c, a2 - a1, !colour);
            a0 = a2;
        }
    }
}

void g4_encode(const struct bilevel *in, struct buf *out)
{
    struct coder c = {.out = out};
    uint8_t white[JPEG_SIDE_MAX / 8 + 1];
    memset(white, 0, sizeof(white));
    const uint8_t *above = white;
    if (in->width < 1 || in->width > JPEG_SIDE_MAX)
        return;
    for (int y = 0; y < in->height; y++) {
        const uint8_t *row = in->bits + (size_t)y * (size_t)in->stride;
        line(&c, above, row, in->width);
        above = row;
    }
    put(&c, (struct code){12, 1}); /* end of facsimile block */
    put(&c, (struct code){12, 1});
    if (c.n)
        put(&c, (struct code){(uint8_t)(8 - c.n), 0});
}
