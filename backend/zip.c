#include "backend/zip.h"

#include <string.h>

/* Four bits at a time. */
static uint32_t crc_add(uint32_t c, const void *p, size_t n)
{
    static const uint32_t of[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
                                    0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                    0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++) {
        c ^= b[i];
        c = c >> 4 ^ of[c & 15];
        c = c >> 4 ^ of[c & 15];
    }
    return c;
}

uint32_t crc32_of(const void *p, size_t n)
{
    return ~crc_add(0xFFFFFFFF, p, n);
}

static void little(struct buf *b, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_chr(b, (char)(v >> (8 * i)));
}

struct entry {
    const char *name;
    uint32_t crc, len;
};

/* Version, flags, method, time, date (1 January 1980: the index says when), sum, sizes, length of the name.
 */
static void about(struct buf *b, const struct entry *x)
{
    static const uint16_t head[] = {20, 0, 0, 0, 0x21};

    for (size_t i = 0; i < COUNT(head); i++)
        little(b, head[i], 2);
    little(b, x->crc, 4);
    little(b, x->len, 4);
    little(b, x->len, 4);
    little(b, (uint32_t)strlen(x->name), 2);
    little(b, 0, 2);
}

enum { LOCAL = 30, CENTRAL = 46, END = 22 }; /* bytes of each record without names */

/* Counts have 16 bits here and places 32; what is beyond would be written as something else. */
static enum rc room(const struct zip *z, const char *name, size_t len, struct err *e)
{
    const size_t names = 2 * strlen(name), all = UINT32_MAX - 1; /* all ones mean: see ZIP64 */
    const size_t there = parts_size(&z->out) + z->index.len + LOCAL + CENTRAL + END + names;

    if (z->n >= ZIP_FILES_MAX)
        return err_code(e, RC_TOO_BIG, ZIP_FILES, ZIP_FILES_MAX, "a ZIP holds at most %d files",
                        ZIP_FILES_MAX);
    if (names > 2 * UINT16_MAX || there > all || len > all - there)
        return err_set(e, RC_TOO_BIG, "a ZIP holds at most 4 GB");
    return RC_OK;
}

/* Its bytes follow. */
static void begin(struct zip *z, const struct entry *x)
{
    uint32_t at = (uint32_t)parts_size(&z->out);

    little(&z->out.text, 0x04034b50, 4);
    about(&z->out.text, x);
    buf_str(&z->out.text, x->name);
    little(&z->index, 0x02014b50, 4);
    little(&z->index, 20, 2);
    about(&z->index, x);
    for (int i = 0; i < 5; i++) /* comment, disk, attributes */
        little(&z->index, 0, 2);
    little(&z->index, at, 4);
    buf_str(&z->index, x->name);
    z->n++;
}

enum rc zip_add(struct zip *z, const char *name, struct bytes b, struct err *e)
{
    const struct entry x = {name, crc32_of(b.p, b.len), (uint32_t)b.len};

    TRY(room(z, name, b.len, e));
    begin(z, &x);
    buf_add(&z->out.text, b.p, b.len);
    return RC_OK;
}

static void into_crc(void *user, const void *p, size_t n)
{
    uint32_t *c = user;
    *c = crc_add(*c, p, n);
}

enum rc zip_lay(struct zip *z, const char *name, struct store_reader *file, const char *hex, struct err *e)
{
    uint32_t c = 0xFFFFFFFF;

    TRY(room(z, name, store_size(file), e));
    TRY(store_each(file, into_crc, &c, e));
    const struct entry x = {name, ~c, (uint32_t)store_size(file)};
    begin(z, &x);
    parts_lay_whole(&z->out, hex, store_size(file));
    return RC_OK;
}

void zip_end(struct zip *z)
{
    uint32_t at = (uint32_t)parts_size(&z->out);
    struct buf *out = &z->out.text;

    buf_add(out, z->index.p, z->index.len);
    little(out, 0x06054b50, 4);
    little(out, 0, 4);
    little(out, z->n, 2);
    little(out, z->n, 2);
    little(out, (uint32_t)z->index.len, 4);
    little(out, at, 4);
    little(out, 0, 2);
}

void zip_free(struct zip *z)
{
    parts_free(&z->out);
    buf_free(&z->index);
}
