#include "common/model/term.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

struct terms {
    const struct jval *rules, *explain;
    const int64_t *days_off; /* day numbers, sorted */
    size_t n_days;
};

static int day_cmp(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static enum rc add_year(const struct jval *year, int64_t *days, size_t *n, struct err *e)
{
    const struct jval *list = jval_get(year, "days");
    for (size_t i = 0; list && i < list->n; i++) {
        const char *text = jval_str(&list->items[i], "date", "");
        struct date d;
        if (!date_parse(text, &d))
            return err_at(e, RC_BAD_FIELD, "years.days.date", "holidays.json: \"%s\" is no date", text);
        days[(*n)++] = date_days(d);
    }
    return RC_OK;
}

static enum rc load_holidays(struct arena *a, const char *configs, struct terms *t, struct err *e)
{
    struct jval *v = NULL;
    TRY(jval_load(a, arena_fmt(a, "%s/holidays.json", configs), &v, e));
    const struct jval *years = jval_get(v, "years");
    size_t n = 0;
    for (size_t i = 0; years && i < years->n; i++) {
        const struct jval *days = jval_get(&years->items[i], "days");
        n += days ? days->n : 0;
    }
    int64_t *days = ARENA_ARRAY(a, int64_t, n + 1);
    for (size_t i = 0; years && i < years->n; i++)
        TRY(add_year(&years->items[i], days, &t->n_days, e));
    qsort(days, t->n_days, sizeof(*days), day_cmp);
    t->days_off = days;
    return RC_OK;
}

enum rc terms_load(struct arena *a, const char *configs, struct terms **out, struct err *e)
{
    struct terms *t = ARENA_NEW(a, struct terms);
    struct jval *v = NULL;
    TRY(jval_load(a, arena_fmt(a, "%s/terms.json", configs), &v, e));
    t->rules = jval_get(v, "rules");
    t->explain = jval_get(v, "explain");
    if (!t->rules || !t->explain)
        return err_at(e, RC_BAD_FIELD, "rules", "terms.json: rules or explain is missing");
    TRY(load_holidays(a, configs, t, e));
    *out = t;
    return RC_OK;
}

bool term_day_off(const struct terms *t, struct date d)
{
    int64_t day = date_days(d);
    return date_weekday(d) >= 6 || bsearch(&day, t->days_off, t->n_days, sizeof(day), day_cmp) != NULL;
}

static struct date working_days(const struct terms *t, struct date d, int64_t n)
{
    while (n > 0) {
        d = date_add(d, 1);
        n -= term_day_off(t, d) ? 0 : 1;
    }
    return d;
}

/* The counting words of terms.json: how many days are added to the start for n days. */
static const struct {
    const char *word;
    int add;
} countings[] = {{"day_after", 0}, {"free_days", 1}, {"both_counted", -1}};

static enum rc nominal_day(const struct terms *t, const struct jval *rule, struct date start,
                           struct date *out, struct err *e)
{
    const char *count = jval_str(rule, "count", ""), *unit = jval_str(rule, "unit", "");
    int64_t n = jval_int(rule, "n", 0);
    if (strcmp(count, "working_days") == 0) {
        *out = working_days(t, start, n);
        return RC_OK;
    }
    if (strcmp(count, "before") == 0 && strcmp(unit, "days") == 0) {
        *out = date_add(start, -n);
        return RC_OK;
    }
    for (size_t i = 0; i < COUNT(countings); i++) {
        if (strcmp(countings[i].word, count) == 0 && strcmp(unit, "days") == 0) {
            *out = date_add(start, n + countings[i].add);
            return RC_OK;
        }
    }
    return err_set(e, RC_UNSUPPORTED, "term %s is not counted in days", jval_str(rule, "id", ""));
}

static void explain(struct arena *a, const struct terms *t, const struct jval *rule, struct term *out)
{
    char nominal[11], due[11], start[11];
    date_ro(nominal, out->nominal);
    date_ro(due, out->due);
    date_ro(start, out->start);
    const struct text_var vars[] = {{"nominal", nominal}, {"due", due}, {"start", start}};
    struct tr because = tr_of(rule, "because"), rolled = tr_of(t->explain, "rolled");
    for (int i = 0; i < LANG_COUNT; i++) {
        const char *text = because.t[i];
        if (date_cmp(out->nominal, out->due) != 0)
            text = arena_fmt(a, "%s %s", text, text_fill(a, rolled.t[i], vars, COUNT(vars)));
        out->why.t[i] = text;
    }
}

enum rc term_compute(struct arena *a, const struct terms *t, const char *id, struct date start,
                     struct term *out, struct err *e)
{
    const struct jval *rule = NULL;
    for (size_t i = 0; i < t->rules->n && !rule; i++) {
        if (strcmp(jval_str(&t->rules->items[i], "id", ""), id) == 0)
            rule = &t->rules->items[i];
    }
    if (!rule)
        return err_set(e, RC_NOT_FOUND, "no term with the id %s", id);
    struct term term = {.start = start};
    TRY(nominal_day(t, rule, start, &term.nominal, e));
    term.due = term.nominal;
    while (strcmp(jval_str(rule, "roll", "none"), "next_working") == 0 && term_day_off(t, term.due))
        term.due = date_add(term.due, 1);
    explain(a, t, rule, &term);
    *out = term;
    return RC_OK;
}
