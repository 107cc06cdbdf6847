/* PostgreSQL's binary form of one-dimensional arrays, as array_recv reads it: big-endian, no quoting. */
#ifndef PRIDVOR_PGARR_H
#define PRIDVOR_PGARR_H

#include "backend/db.h"
#include "common/base/buf.h"
#include "common/base/clock.h"

enum pgtype {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_DATE = 1082,
    PG_TIMESTAMPTZ = 1184,
    PG_UUID = 2950
};

void pgarr_open(struct buf *b, enum pgtype type, size_t n);
void pgarr_bytes(struct buf *b, const void *p, size_t len); /* bytea, uuid; NULL: SQL null */
void pgarr_text(struct buf *b, const char *s);              /* likewise */
void pgarr_int4(struct buf *b, int32_t v);
void pgarr_bool(struct buf *b, bool v);
void pgarr_date(struct buf *b, struct date d);
void pgarr_time(struct buf *b, int64_t unix_ms);
struct db_param pgarr_param(const struct buf *b);
/* The only element of an array of one, as a plain value. */
struct db_param pgarr_single(const struct buf *b);

#endif
