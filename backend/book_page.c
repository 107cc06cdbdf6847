#include "backend/book_page.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

enum { PAGE_DEFAULT = 50, PAGE_MOST = 500 };

/* book_page.sql */
enum {
    R_N,
    R_DIRECTION,
    R_AT,
    R_SUBJECT,
    R_WHO,
    R_SERVICE,
    R_DEPARTMENT,
    R_CASE,
    R_CORRECTS,
    R_CORRECTS_YEAR,
    R_BY,
    R_BY_NAME,
    R_REASON,
    R_PAPER_ON,
    R_PAPER_NUMBER,
    R_DOCUMENT,
    R_SEALED,
    R_OF_REG,
    R_OF_N,
    R_OF_AT,
    R_ERASED,
    R_ERASURE,
};

static const char *own(struct work *w, const struct db_result *r, int i, int col)
{
    const char *s = db_text(r, i, col);
    return s ? arena_str(w->a, s) : NULL;
}

static struct book_row row_of(struct work *w, const struct db_result *r, int i)
{
    bool sealed = db_text(r, i, R_SEALED)[0] == 't';

    return (struct book_row){
        .n = db_int(r, i, R_N),
        .direction = own(w, r, i, R_DIRECTION),
        .at_ms = db_int(r, i, R_AT),
        .subject = sealed ? "" : own(w, r, i, R_SUBJECT),
        .correspondent = sealed ? "" : own(w, r, i, R_WHO),
        .service = own(w, r, i, R_SERVICE),
        .department = own(w, r, i, R_DEPARTMENT),
        .case_id = own(w, r, i, R_CASE),
        .corrects = db_int(r, i, R_CORRECTS),
        .corrects_year = db_int(r, i, R_CORRECTS_YEAR),
        .by = own(w, r, i, R_BY),
        .by_name = own(w, r, i, R_BY_NAME),
        .reason = sealed ? "" : own(w, r, i, R_REASON),
        .paper_on = own(w, r, i, R_PAPER_ON),
        .paper_number = own(w, r, i, R_PAPER_NUMBER),
        .document = own(w, r, i, R_DOCUMENT),
        .of_reg = own(w, r, i, R_OF_REG),
        .of_n = db_int(r, i, R_OF_N),
        .of_ms = db_int(r, i, R_OF_AT),
        .erased_ms = db_int(r, i, R_ERASED),
        .erasure = db_int(r, i, R_ERASURE),
        .sealed = sealed,
    };
}

static const char *num(struct work *w, int64_t n)
{
    return arena_fmt(w->a, "%lld", (long long)n);
}

/* The numbers of a day: of its sealed page, or of the tail that is not sealed yet. */
static enum rc day_range(struct work *w, const struct book_ask *ask, struct book_page *out, int64_t *from,
                         int64_t *to, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_result *tail SCOPED(db_result_freep) = NULL;
    const char *year = num(w, ask->year);
    struct db_param p[] = {DB_STR(ask->institution), DB_STR(ask->reg), DB_STR(ask->day), DB_STR(year)};

    TRY(work_sql(w, SQL_BOOK_DAY, p, &r, e));
    if (!db_is_null(r, 0, 0)) {
        *from = out->first = db_int(r, 0, 0);
        *to = out->last = db_int(r, 0, 1);
        out->hash = own(w, r, 0, 2);
        out->sealed_ms = db_int(r, 0, 3);
        return RC_OK;
    }
    struct db_param t[] = {DB_STR(ask->institution), DB_STR(ask->reg), DB_STR(year), DB_STR(db_text(r, 0, 4)),
                           DB_STR(ask->day)};
    TRY(work_sql(w, SQL_BOOK_DAY_OPEN, t, &tail, e));
    *from = db_is_null(tail, 0, 0) ? 1 : db_int(tail, 0, 0);
    *to = db_int(tail, 0, 1); /* nothing: 0 */
    return RC_OK;
}

static enum rc ask_check(struct work *w, const struct actor *who, const struct book_ask *ask, struct err *e)
{
    const struct rights_place where = {.institution = ask->institution ? ask->institution : ""};
    struct date day;

    TRY(work_may(w, who, "register.view", &where, e));
    if (!registers_find(&w->house->registers, ask->reg))
        return err_at(e, RC_BAD_FIELD, "register", "there is no register %.32s", ask->reg ? ask->reg : "");
    if (ask->year < 1900 || ask->year > 9999)
        return err_at(e, RC_BAD_FIELD, "year", "not a year");
    if (ask->day && (!date_parse(ask->day, &day) || day.y != ask->year))
        return err_at(e, RC_BAD_FIELD, "day", "not a day of %d", ask->year);
    if (ask->after < 0 || ask->after > INT32_MAX)
        return err_at(e, RC_BAD_FIELD, "after", "not a number of this book");
    return RC_OK;
}

/* Of a day its numbers, of a year so many back from its end, which the statement itself finds. */
struct span {
    const char *from, *to, *most;
};

static enum rc span_of(struct work *w, const struct book_ask *ask, int64_t most, struct book_page *out,
                       struct span *x, struct err *e)
{
    int64_t from, to;

    *x = (struct span){NULL, ask->after ? num(w, ask->after - 1) : NULL, num(w, most)};
    if (!ask->day)
        return RC_OK;
    TRY(day_range(w, ask, out, &from, &to, e));
    from = ask->after + 1 > from ? ask->after + 1 : from;
    out->next = to - from >= most ? from + most - 1 : 0;
    x->from = num(w, from);
    x->to = num(w, out->next ? out->next : to);
    return RC_OK;
}

enum rc book_page(struct work *w, const struct actor *who, const struct book_ask *ask, struct book_page *out,
                  struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    int64_t most = ask->limit > 0 ? ask->limit : PAGE_DEFAULT;
    struct span x;

    *out = (struct book_page){0};
    TRY(ask_check(w, who, ask, e));
    TRY(span_of(w, ask, most > PAGE_MOST ? PAGE_MOST : most, out, &x, e));
    struct db_param p[] = {DB_STR(ask->institution),
                           DB_STR(ask->reg),
                           DB_STR(num(w, ask->year)),
                           DB_STR(x.from),
                           DB_STR(x.to),
                           DB_STR(ask->day ? "f" : "t"),
                           DB_STR(x.most)};
    TRY(work_sql(w, SQL_BOOK_PAGE, p, &r, e));
    out->n = (size_t)db_rows(r);
    out->rows = ARENA_ARRAY(w->a, struct book_row, out->n + 1);
    for (size_t i = 0; i < out->n; i++)
        out->rows[i] = row_of(w, r, (int)i);
    if (!ask->day && out->n && out->rows[out->n - 1].n > 1)
        out->next = out->rows[out->n - 1].n;
    return RC_OK;
}

const char *book_erased(struct work *w, const struct book_row *row)
{
    if (!row->erased_ms)
        return NULL;
    const char *day = date_said(w->a, date_of_ms(row->erased_ms), LANG_RO);
    return row->erasure ? arena_fmt(w->a, "șters la %s, protocol %lld", day, (long long)row->erasure)
                        : arena_fmt(w->a, "șters la %s", day);
}

/* ---- JSON ---- */

static void put_str(struct buf *b, const char *name, const char *value)
{
    buf_str(b, ",\"");
    buf_str(b, name);
    buf_str(b, "\":");
    if (value)
        json_quote(b, value);
    else
        buf_str(b, "null");
}

static void put_time(struct buf *b, const char *name, int64_t ms)
{
    char text[25];

    if (ms)
        iso_utc(text, ms);
    put_str(b, name, ms ? text : NULL);
}

static void put_row(struct work *w, const struct book_ask *ask, const struct book_row *row, struct buf *b)
{
    const struct registers *all = &w->house->registers;

    buf_fmt(b, "{\"n\":%lld", (long long)row->n);
    put_str(b, "number", register_number(w->a, all, ask->reg, row->n, date_of_ms(row->at_ms)));
    put_str(b, "direction", row->direction);
    put_time(b, "at", row->at_ms);
    put_str(b, "subject", row->subject);
    put_str(b, "correspondent", row->correspondent);
    put_str(b, "service", row->service);
    put_str(b, "department", row->department);
    put_str(b, "case", row->case_id);
    put_str(b, "number_of",
            row->of_n ? register_number(w->a, all, row->of_reg, row->of_n, date_of_ms(row->of_ms)) : NULL);
    put_str(b, "corrects",
            row->corrects ? register_number_year(w->a, all, ask->reg, row->corrects, (int)row->corrects_year)
                          : NULL);
    put_str(b, "by", row->by);
    put_str(b, "by_name", row->by_name);
    put_str(b, "text", row->reason);
    put_str(b, "paper_on", row->paper_on);
    put_str(b, "paper_number", row->paper_number);
    put_str(b, "document", row->document);
    put_time(b, "erased_at", row->erased_ms);
    if (row->erasure)
        buf_fmt(b, ",\"erasure\":%lld", (long long)row->erasure);
    buf_fmt(b, ",\"sealed\":%s}", row->sealed ? "true" : "false");
}

enum rc book_page_json(struct work *w, const struct actor *who, const struct book_ask *ask, struct buf *out,
                       struct err *e)
{
    struct book_page page;

    TRY(book_page(w, who, ask, &page, e));
    buf_str(out, "{\"entries\":[");
    for (size_t i = 0; i < page.n; i++) {
        if (i)
            buf_chr(out, ',');
        put_row(w, ask, &page.rows[i], out);
    }
    buf_str(out, "],\"day\":");
    if (page.hash) {
        buf_fmt(out, "{\"first\":%lld,\"last\":%lld", (long long)page.first, (long long)page.last);
        put_str(out, "date", ask->day);
        put_str(out, "hash", page.hash);
        put_time(out, "sealed_at", page.sealed_ms);
        buf_chr(out, '}');
    } else {
        buf_str(out, "null");
    }
    if (page.next)
        buf_fmt(out, ",\"next\":\"%lld\"}", (long long)page.next);
    else
        buf_str(out, ",\"next\":null}");
    return RC_OK;
}
