/* A case by the number that is printed on its slip: "PET 2/23.11.2026". */
#include <stdio.h>
#include <string.h>

#include "backend/book_find.h"
#include "backend/ctl.h"
#include "backend/people.h"
#include "backend/pgarr.h"
#include "common/base/text.h"

/* The day behind the slash; not valid: a year alone. */
static struct date day_of(const char *text)
{
    struct date d = {0, 0, 0};
    const char *at = strchr(text, '/');

    if (!at || sscanf(at + strspn(at, "/ "), "%2d.%2d.%4d", &d.d, &d.m, &d.y) != 3)
        return (struct date){0, 0, 0};
    return d;
}

/* Those with that prefix; without one all, for people leave it out. */
static struct db_param registers_of_prefix(struct arena *a, const struct registers *all, const char *one)
{
    const struct register_rule *named = one ? registers_find(all, one) : NULL;
    size_t n = 0;
    BUF_SCOPE(b);

    for (size_t i = 0; i < all->n; i++)
        n += !named || strcmp(all->items[i].prefix, named->prefix) == 0;
    pgarr_open(&b, PG_TEXT, n);
    for (size_t i = 0; i < all->n; i++)
        if (!named || strcmp(all->items[i].prefix, named->prefix) == 0)
            pgarr_text(&b, all->items[i].id);
    return (struct db_param){arena_dup(a, b.p, b.len), (int)b.len, true};
}

static bool is_number(const struct args *a, struct work_house *house, const char *text, struct book_query *q)
{
    struct work w = {.house = house, .a = a->arena};
    struct err no = {0};

    return strchr(text, '/') && book_query(&w, text, q, &no) == RC_OK && q->kind == FIND_NUMBER && q->year;
}

struct hits {
    const char *text, *one, *lines; /* one: the last, as institution/register/year/n */
    int n;
};
static void count(const struct args *a, const struct registers *all, const struct book_query *q,
                  const struct db_result *r, struct hits *x)
{
    const struct date day = day_of(x->text);

    for (int i = 0; i < db_rows(r); i++) {
        const char *reg = db_text(r, i, 1);
        struct date on = date_of_ms(db_int(r, i, 2));
        if (date_valid(day) && date_cmp(day, on) != 0)
            continue;
        x->n++;
        x->one = arena_fmt(a->arena, "%s/%s/%d/%lld", db_text(r, i, 0), reg, q->year, (long long)q->n);
        x->lines = arena_fmt(a->arena, "%s%s  %s\n", x->lines, x->one,
                             register_number(a->arena, all, reg, q->n, on));
    }
}

enum rc ctl_case_place(const struct args *a, struct db_sync *s, struct work_house *house, const char *which,
                       struct rights_place *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct book_query q;
    struct hits x = {.text = which, .lines = ""};

    if (!is_number(a, house, which, &q))
        return people_place(s, a->arena, &house->catalog, which, out, e);
    struct db_param p[] = {registers_of_prefix(a->arena, &house->registers, q.reg),
                           DB_STR(arena_fmt(a->arena, "%lld", (long long)q.n)),
                           DB_STR(arena_fmt(a->arena, "%d", q.year)),
                           DB_STR(ctl_option(a, "institution", NULL))};
    TRY(ctl_query(s, SQL_CASE_NUMBERED, p, &r, e));
    count(a, &house->registers, &q, r, &x);
    if (x.n == 0)
        return err_set(e, RC_NOT_FOUND, "there is no case %s", which);
    if (x.n == 1)
        return people_place(s, a->arena, &house->catalog, x.one, out, e);
    printf("%s", x.lines);
    return err_set(e, RC_CONFLICT, "%s is the number of %d cases: say which, as in the lines above", which,
                   x.n);
}
