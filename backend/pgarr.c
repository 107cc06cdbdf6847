#include "backend/pgarr.h"

#include <endian.h>
#include <string.h>

enum { HEAD = 20 }; /* dimensions, has nulls, element type, count, lower bound */
#define DAYS_TO_2000 10957
#define US_TO_2000 INT64_C(946684800000000)

static void put32(struct buf *b, uint32_t v)
{
    v = htobe32(v);
    buf_add(b, &v, sizeof(v));
}

void pgarr_open(struct buf *b, enum pgtype type, size_t n)
{
    b->len = 0;
    put32(b, 1);
    put32(b, 1);
    put32(b, type);
    put32(b, (uint32_t)n);
    put32(b, 1);
}

void pgarr_bytes(struct buf *b, const void *p, size_t len)
{
    put32(b, p ? (uint32_t)len : UINT32_MAX);
    if (p)
        buf_add(b, p, len);
}

void pgarr_text(struct buf *b, const char *s)
{
    pgarr_bytes(b, s, s ? strlen(s) : 0);
}

void pgarr_int4(struct buf *b, int32_t v)
{
    put32(b, 4);
    put32(b, (uint32_t)v);
}

void pgarr_bool(struct buf *b, bool v)
{
    put32(b, 1);
    buf_chr(b, v ? 1 : 0);
}

void pgarr_date(struct buf *b, struct date d)
{
    pgarr_int4(b, (int32_t)(date_days(d) - DAYS_TO_2000));
}

void pgarr_time(struct buf *b, int64_t unix_ms)
{
    uint64_t v = htobe64((uint64_t)(unix_ms * 1000 - US_TO_2000));
    pgarr_bytes(b, &v, sizeof(v));
}

struct db_param pgarr_param(const struct buf *b)
{
    return (struct db_param){b->p, (int)b->len, true};
}

struct db_param pgarr_single(const struct buf *b)
{
    uint32_t len;
    memcpy(&len, b->p + HEAD, sizeof(len));
    len = be32toh(len);
    if (len == UINT32_MAX)
        return (struct db_param){NULL, 0, true};
    return (struct db_param){b->p + HEAD + sizeof(len), (int)len, true};
}
