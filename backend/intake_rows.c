#include "backend/intake_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/audit.h"
#include "backend/pgarr.h"
#include "backend/sql.h"
#include "common/base/text.h"

enum {
    SHARED = 17,
    NEW_AT = 19
}; /* columns that all statements have; where the books of intake_new.sql begin */

static int by_book(const struct intake_item *x, const struct intake_item *y)
{
    int order = strcmp(x->institution, y->institution);
    return order ? order : strcmp(x->reg, y->reg);
}

/* Mostly in few books and short, so: each walks up to its place; equal ones stay as they came. */
static void sort(struct intake_rows *r, const struct line *l)
{
    r->n = 0;
    for (struct intake_item *it = l->head; it; it = it->next) {
        unsigned k = r->n++;
        for (; k > 0 && by_book(r->at[k - 1], it) > 0; k--)
            r->at[k] = r->at[k - 1];
        r->at[k] = it;
    }
    r->n_books = 0;
    for (unsigned i = 1; i <= r->n; i++)
        if (i == r->n || by_book(r->at[i - 1], r->at[i]) != 0)
            r->ends[r->n_books++] = i;
}

static int32_t count_copies(const struct intake_item *it)
{
    int32_t n = 0;
    for (; it; it = it->copies)
        n++;
    return n;
}

static void encode_row(struct buf *c, const struct intake_item *it)
{
    pgarr_bytes(c++, it->id, sizeof(it->id));
    pgarr_text(c++, it->institution);
    pgarr_text(c++, it->reg);
    pgarr_text(c++, it->terminal);
    pgarr_text(c++, it->service);
    pgarr_int4(c++, (int32_t)it->service_version);
    pgarr_text(c++, it->channel);
    pgarr_text(c++, it->lang);
    pgarr_text(c++, it->receipt_code);
    pgarr_bytes(c++, it->pin_verifier, sizeof(it->pin_verifier));
    pgarr_bytes(c++, it->sha256, sizeof(it->sha256));
    pgarr_bytes(c++, it->request.p, it->request.len);
    pgarr_bytes(c++, it->signature.p, it->signature.len);
    pgarr_time(c++, it->filed_at_ms);
    pgarr_bool(c++, it->offline);
    pgarr_date(c++, it->filed_on);
    pgarr_date(c++, it->due);
    pgarr_text(c++, it->email);
    pgarr_text(c++, it->phone);
    pgarr_int4(c, count_copies(it));
}

/* The MAC of the row that the statement writes into the audit. */
static void encode_mac(struct buf *c, const struct intake_item *it)
{
    uint8_t mac[AUDIT_MAC];
    char id[UUID_LEN];
    uuid_text(id, it->id);
    struct db_param p = audit_mac(
        mac, &(struct audit_line){
                 .institution = it->institution, .request = id, .actor = it->terminal, .act = "registered"});
    pgarr_bytes(c, p.p, sizeof(mac));
}

static void encode_books(struct intake_rows *r)
{
    pgarr_open(&r->books[0], PG_TEXT, r->n_books);
    pgarr_open(&r->books[1], PG_TEXT, r->n_books);
    pgarr_open(&r->books[2], PG_INT4, r->n_books);
    pgarr_open(&r->behind, PG_INT4, r->n);
    for (unsigned b = 0, i = 0; b < r->n_books; b++) {
        pgarr_text(&r->books[0], r->at[i]->institution);
        pgarr_text(&r->books[1], r->at[i]->reg);
        pgarr_int4(&r->books[2], (int32_t)(r->ends[b] - i));
        for (; i < r->ends[b]; i++)
            pgarr_int4(&r->behind, (int32_t)(r->ends[b] - 1 - i));
    }
}

static void owe(struct buf *c, const struct intake_item *it, const char *way, const char *recipient)
{
    if (!recipient)
        return;
    pgarr_bytes(&c[0], it->id, sizeof(it->id));
    pgarr_text(&c[1], way);
    pgarr_text(&c[2], it->lang);
    pgarr_text(&c[3], recipient);
}

static void encode_owed(struct intake_rows *r)
{
    static const enum pgtype types[] = {PG_UUID, PG_TEXT, PG_TEXT, PG_TEXT};
    size_t n = 0;
    for (unsigned i = 0; i < r->n; i++)
        n += (r->at[i]->email != NULL) + (r->at[i]->phone != NULL);
    for (size_t c = 0; c < COUNT(types); c++)
        pgarr_open(&r->owed[c], types[c], n);
    for (unsigned i = 0; i < r->n; i++) {
        owe(r->owed, r->at[i], "email", r->at[i]->email);
        owe(r->owed, r->at[i], "sms", r->at[i]->phone);
    }
}

static enum intake_how how_for(const struct line *l, bool lonely)
{
    if (l->n == 1 && lonely)
        return INTAKE_ALONE;
    for (const struct intake_item *it = l->head; it; it = it->next)
        if (it->copies || it->doubtful)
            return INTAKE_ANY;
    return INTAKE_NEW;
}

void intake_rows_fill(struct intake_rows *r, const struct line *l, bool lonely,
                      const struct intake_conf *conf, int64_t now_ms)
{
    static const enum pgtype types[INTAKE_COLUMNS] = {
        PG_UUID,  PG_TEXT,  PG_TEXT,  PG_TEXT,        PG_TEXT, PG_INT4, PG_TEXT, PG_TEXT, PG_TEXT, PG_BYTEA,
        PG_BYTEA, PG_BYTEA, PG_BYTEA, PG_TIMESTAMPTZ, PG_BOOL, PG_DATE, PG_DATE, PG_TEXT, PG_TEXT, PG_INT4,
    };
    struct date today = date_of_ms(now_ms);

    r->how = how_for(l, lonely);
    sort(r, l);
    iso_utc(r->when, now_ms);
    snprintf(r->year, sizeof(r->year), "%d", today.y);
    for (size_t i = 0; i < INTAKE_COLUMNS; i++)
        pgarr_open(&r->cols[i], types[i], r->n);
    pgarr_open(&r->macs, PG_BYTEA, r->n);
    for (unsigned i = 0; i < r->n; i++) {
        struct intake_item *it = r->at[i];
        it->registered_ms = now_ms;
        it->done = it->repeat = false;
        conf->term(it, today, conf->user);
        encode_row(r->cols, it);
        encode_mac(&r->macs, it);
    }
    if (r->how != INTAKE_NEW)
        return;
    encode_books(r);
    encode_owed(r);
}

size_t intake_rows_stmt(const struct intake_rows *r)
{
    static const enum sql_id ids[] = {SQL_INTAKE_ONE, SQL_INTAKE_NEW, SQL_INTAKE_BATCH};
    return ids[r->how];
}

void intake_rows_params(const struct intake_rows *r, struct db_param p[INTAKE_PARAMS])
{
    size_t n = r->how == INTAKE_NEW ? SHARED : INTAKE_COLUMNS;

    for (size_t i = 0; i < n; i++)
        p[i] = r->how == INTAKE_ALONE ? pgarr_single(&r->cols[i]) : pgarr_param(&r->cols[i]);
    p[n] = (struct db_param)DB_STR(r->when);
    p[n + 1] = (struct db_param)DB_STR(r->year);
    if (r->how != INTAKE_NEW) {
        p[n + 2] = r->how == INTAKE_ALONE ? pgarr_single(&r->macs) : pgarr_param(&r->macs);
        return;
    }
    for (size_t i = 0; i < COUNT(r->books); i++)
        p[NEW_AT + i] = pgarr_param(&r->books[i]);
    p[NEW_AT + 3] = pgarr_param(&r->behind);
    for (size_t i = 0; i < COUNT(r->owed); i++)
        p[NEW_AT + 4 + i] = pgarr_param(&r->owed[i]);
    p[NEW_AT + 4 + COUNT(r->owed)] = pgarr_param(&r->macs);
}

void intake_rows_reg(struct intake_item *it, const char *reg)
{
    snprintf(it->first_reg, sizeof(it->first_reg), "%s", reg);
    it->reg = it->first_reg;
}

static void take_row(const struct db_result *res, int row, struct intake_item *it)
{
    const char *what = db_text(res, row, 2);
    it->n = db_int(res, row, 1);
    it->done = true;
    if (!what || strcmp(what, "new") == 0)
        return;
    it->repeat = true;
    it->registered_ms = strcmp(what, "repeat") == 0 ? db_int(res, row, 3) : -1; /* -1: a conflict */
    it->filed_on = date_add((struct date){1970, 1, 1}, db_int(res, row, 4));
    it->due = date_add((struct date){1970, 1, 1}, db_int(res, row, 5));
    intake_rows_reg(it, db_text(res, row, 6));
}

/* The counter of a book after this batch: its rows count back from there. */
static void take_book(struct intake_rows *r, const struct db_result *res, unsigned b)
{
    unsigned i = b ? r->ends[b - 1] : 0;
    if (strcmp(db_text(res, (int)b, 0), r->at[i]->institution) != 0 ||
        strcmp(db_text(res, (int)b, 1), r->at[i]->reg) != 0)
        return;
    for (; i < r->ends[b]; i++) {
        r->at[i]->n = db_int(res, (int)b, 2) - (r->ends[b] - 1 - i);
        r->at[i]->done = true;
    }
}

void intake_rows_take(struct intake_rows *r, const struct db_result *res)
{
    for (int row = 0; row < db_rows(res); row++) {
        int64_t ord = r->how == INTAKE_NEW ? 0 : db_int(res, row, 0);
        if (r->how == INTAKE_NEW && (unsigned)row < r->n_books)
            take_book(r, res, (unsigned)row);
        else if (ord >= 1 && ord <= r->n)
            take_row(res, row, r->at[ord - 1]);
    }
}

void intake_rows_free(struct intake_rows *r)
{
    for (size_t i = 0; i < COUNT(r->cols); i++)
        buf_free(&r->cols[i]);
    for (size_t i = 0; i < COUNT(r->books); i++)
        buf_free(&r->books[i]);
    buf_free(&r->behind);
    buf_free(&r->macs);
    for (size_t i = 0; i < COUNT(r->owed); i++)
        buf_free(&r->owed[i]);
}
