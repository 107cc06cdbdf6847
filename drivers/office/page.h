/* The page that a technician prints to see whether letters, edges and size are right. */
#ifndef PRIDVOR_OFFICE_PAGE_H
#define PRIDVOR_OFFICE_PAGE_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"

MUST enum rc page_test(struct arena *a, const char *printer, int64_t now_ms, struct buf *pdf, struct err *e);

#endif
