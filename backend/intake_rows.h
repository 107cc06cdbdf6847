/* A batch of requests as parameters of its statement, and the statement's rows as their answers; for
 * intake.c. */
#ifndef PRIDVOR_INTAKE_ROWS_H
#define PRIDVOR_INTAKE_ROWS_H

#include "backend/line.h"
#include "common/base/buf.h"

/* Which statement: one that waits for the disk itself; all new; or new ones, repeats and copies in any
 * mixture. */
enum intake_how { INTAKE_ALONE, INTAKE_NEW, INTAKE_ANY };
enum { INTAKE_COLUMNS = 20, INTAKE_PARAMS = 28 };

struct intake_rows {
    enum intake_how how;
    struct intake_item *at[INTAKE_BATCH_MAX]; /* sorted by book, in each as they came */
    unsigned n, n_books;
    unsigned ends[INTAKE_BATCH_MAX]; /* of each book: the row behind its last */
    struct buf cols[INTAKE_COLUMNS], books[3], behind, owed[4], macs;
    char when[25], year[8];
};

/* Gives each of the line its dates, too. lonely: nothing else is under way. */
void intake_rows_fill(struct intake_rows *r, const struct line *l, bool lonely,
                      const struct intake_conf *conf, int64_t now_ms);
size_t intake_rows_stmt(const struct intake_rows *r); /* enum sql_id */
void intake_rows_params(const struct intake_rows *r, struct db_param p[INTAKE_PARAMS]);
/* Sets done, and what belongs to it, of each request that the statement speaks of. */
void intake_rows_take(struct intake_rows *r, const struct db_result *res);
/* The book of the first time, kept in the item. */
void intake_rows_reg(struct intake_item *it, const char *reg);
void intake_rows_free(struct intake_rows *r);

#endif
