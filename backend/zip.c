#include "backend/zip.h"

#include <string.h>

uint32_t crc32_of(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint32_t c = 0xFFFFFFFF;

    for (size_t i = 0; i < n; i++) {
        c ^= b[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xEDB88320 : c >> 1;
    }
    return ~c;
}

static void little(struct buf *b, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_chr(b, (char)(v >> (8 * i)));
}

/* Version, flags, method, time, date (1 January 1980: the index says when), sum, sizes, length of the name.
 */
static void about(struct buf *b, const char *name, struct bytes file)
{
    static const uint16_t head[] = {20, 0, 0, 0, 0x21};

    for (size_t i = 0; i < COUNT(head); i++)
        little(b, head[i], 2);
    little(b, crc32_of(file.p, file.len), 4);
    little(b, (uint32_t)file.len, 4);
    little(b, (uint32_t)file.len, 4);
    little(b, (uint32_t)strlen(name), 2);
    little(b, 0, 2);
}

void zip_add(struct zip *z, const char *name, struct bytes b)
{
    uint32_t at = (uint32_t)z->out.len;

    little(&z->out, 0x04034b50, 4);
    about(&z->out, name, b);
    buf_str(&z->out, name);
    buf_add(&z->out, b.p, b.len);
    little(&z->index, 0x02014b50, 4);
    little(&z->index, 20, 2);
    about(&z->index, name, b);
    for (int i = 0; i < 5; i++) /* comment, disk, attributes */
        little(&z->index, 0, 2);
    little(&z->index, at, 4);
    buf_str(&z->index, name);
    z->n++;
}

void zip_end(struct zip *z)
{
    uint32_t at = (uint32_t)z->out.len;

    buf_add(&z->out, z->index.p, z->index.len);
    little(&z->out, 0x06054b50, 4);
    little(&z->out, 0, 4);
    little(&z->out, z->n, 2);
    little(&z->out, z->n, 2);
    little(&z->out, (uint32_t)z->index.len, 4);
    little(&z->out, at, 4);
    little(&z->out, 0, 2);
}

void zip_free(struct zip *z)
{
    buf_free(&z->out);
    buf_free(&z->index);
}
