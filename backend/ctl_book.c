#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/book.h"
#include "backend/book_page.h"
#include "backend/book_seal.h"
#include "backend/ctl.h"
#include "backend/ctl_work.h"

/* One line a book; verify --heads reads it again. */
static enum rc cmd_list(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct book_year *years;
    size_t n;

    TRY(ctl_work_begin(a, &cw, e));
    TRY(book_years(&cw.w, &(struct book_of){.institution = ctl_option(a, "institution", NULL)}, &years, &n,
                   e));
    for (size_t i = 0; i < n; i++) {
        const struct book_year *y = &years[i];
        printf("%s %s %d last %lld sealed to %lld ", y->institution, y->reg, y->year, (long long)y->last_n,
               (long long)y->sealed_n);
        if (y->page_day)
            printf("page %s %s ", y->page_day, y->page_hash);
        printf("%s\n", y->closed_ms ? "closed" : "open");
    }
    return RC_OK;
}

static enum rc year_in(const char *text, int *year, struct err *e)
{
    if (!text || strlen(text) != 4 || text[strspn(text, "0123456789")])
        return err_set(e, RC_BAD_REQUEST, "the year must have four digits");
    *year = (int)strtol(text, NULL, 10);
    return RC_OK;
}

static void show(struct work *w, const struct book_ask *ask, const struct book_page *page)
{
    char day[11];

    for (size_t i = 0; i < page->n; i++) {
        const struct book_row *r = &page->rows[i];
        struct date on = date_of_ms(r->at_ms);
        date_iso(day, on);
        printf("%s\t%s\t%s\t%s\t%s", register_number(w->a, &w->house->registers, ask->reg, r->n, on), day,
               r->direction, r->by, r->service ? r->service : "-");
        if (r->corrects)
            printf("\tcorrects %lld/%lld", (long long)r->corrects, (long long)r->corrects_year);
        printf("\t%s\n", r->sealed ? "(sealed)" : r->erased_ms ? book_erased(w, r) : r->subject);
    }
}

/* The lines of a day in their order, with the hash of its page. */
static enum rc cmd_page(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct book_page page;

    if (a->n_words != 2 || strlen(a->words[1]) < 4)
        return err_set(e, RC_BAD_REQUEST, "register page INSTITUTION REGISTER YYYY-MM-DD");
    struct book_ask ask = {.institution = a->what, .reg = a->words[0], .day = a->words[1], .limit = 500};
    TRY(year_in(arena_strn(a->arena, ask.day, 4), &ask.year, e));
    TRY(ctl_work_begin(a, &cw, e));
    do {
        TRY(book_page(&cw.w, &cw.who, &ask, &page, e));
        show(&cw.w, &ask, &page);
        ask.after = page.next;
    } while (page.next);
    if (page.hash)
        printf("page %lld to %lld, %s\n", (long long)page.first, (long long)page.last, page.hash);
    else
        printf("not sealed yet\n");
    return RC_OK;
}

static enum rc cmd_seal(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct book_sealed done;

    TRY(ctl_work_begin(a, &cw, e));
    TRY(book_seal(&cw.w, &done, e));
    printf("pages %d, books %d\n", done.pages, done.books);
    return done.gaps ? err_set(e, RC_STATE, "%d books have a gap; %s", done.gaps, done.gap) : RC_OK;
}

static enum rc cmd_verify(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct book_report r;

    TRY(ctl_database(a, &s, e));
    TRY(book_verify(s, ctl_option(a, "institution", NULL), ctl_option(a, "heads", NULL), stdout, &r, e));
    printf("books %ld, lines %ld, pages %ld, not on a page yet %ld, findings %ld\n", r.books, r.lines,
           r.pages, r.open, r.bad);
    return r.bad ? err_set(e, RC_STATE, "the register is not what was written") : RC_OK;
}

typedef enum rc (*year_act)(struct work *w, const struct actor *who, const struct book_of *b,
                            struct book_protocol *out, struct err *e);

static enum rc year(const struct args *a, year_act act, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct book_protocol p;
    int y;

    if (a->n_words != 2)
        return err_set(e, RC_BAD_REQUEST, "INSTITUTION REGISTER YEAR");
    TRY(year_in(a->words[1], &y, e));
    TRY(ctl_work_begin(a, &cw, e));
    TRY(act(&cw.w, &cw.who, &(struct book_of){a->what, a->words[0], y}, &p, e));
    for (size_t i = 0; i < p.n_vars; i++)
        printf("%s: %s\n", p.vars[i].name, p.vars[i].value);
    printf("minutes: %s\n", p.document.id);
    return RC_OK;
}

static enum rc cmd_open(const struct args *a, struct err *e)
{
    return year(a, book_year_open, e);
}

static enum rc cmd_close(const struct args *a, struct err *e)
{
    return year(a, book_year_close, e);
}

const struct command book_commands[] = {
    {"register", "list", "[--institution ID]", "books, last numbers, last sealed pages: to be kept on paper",
     cmd_list, 0},
    {"register", "page", "INSTITUTION REGISTER YYYY-MM-DD", "the lines of a day and the hash of its page",
     cmd_page, 2},
    {"register", "seal", NULL, "seal the pages of the days that are over; registryd does it every minute",
     cmd_seal, 0},
    {"register", "verify", "[--institution ID] [--heads FILE]",
     "gaps, doubles, changed, missing and added lines; FILE: register list of before", cmd_verify, 0},
    {"register", "open", "INSTITUTION REGISTER YEAR [--by USER]",
     "open the current year before its first number does", cmd_open, 2},
    {"register", "close", "INSTITUTION REGISTER YEAR [--by USER]", "close a year that is over; its protocol",
     cmd_close, 2},
};
const size_t n_book_commands = COUNT(book_commands);
