#include "common/model/term.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

struct terms {
    const struct jval *rules, *explain;
    const int64_t *days_off; /* day numbers, sorted */
    size_t n_days;
    const struct term_holiday *named; /* of the file alone */
    size_t n_named;
};

static int day_cmp(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static enum rc add_year(const struct jval *year, const struct jval *names, struct term_holiday *days,
                        size_t *n, struct err *e)
{
    const struct jval *list = jval_get(year, "days");
    for (size_t i = 0; list && i < list->n; i++) {
        const char *text = jval_str(&list->items[i], "date", "");
        struct date d;
        if (!date_parse(text, &d))
            return err_at(e, RC_BAD_FIELD, "years.days.date", "holidays.json: \"%s\" is no date", text);
        days[(*n)++] = (struct term_holiday){d, tr_of(names, jval_str(&list->items[i], "id", ""))};
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
    struct term_holiday *named = ARENA_ARRAY(a, struct term_holiday, n + 1);
    int64_t *days = ARENA_ARRAY(a, int64_t, n + 1);
    for (size_t i = 0; years && i < years->n; i++)
        TRY(add_year(&years->items[i], jval_get(v, "names"), named, &t->n_named, e));
    for (size_t i = 0; i < t->n_named; i++)
        days[t->n_days++] = date_days(named[i].day);
    t->named = named;
    qsort(days, t->n_days, sizeof(*days), day_cmp);
    t->days_off = days;
    return RC_OK;
}

const struct term_holiday *terms_holidays(const struct terms *t, size_t *n)
{
    *n = t->n_named;
    return t->named;
}

struct terms *terms_with(struct arena *a, const struct terms *t, const int64_t *off, size_t n)
{
    struct terms *out = arena_alloc(a, sizeof(*out));
    int64_t *days = ARENA_ARRAY(a, int64_t, t->n_days + n + 1);

    memcpy(days, t->days_off, t->n_days * sizeof(*days));
    for (size_t i = 0; i < n; i++)
        days[t->n_days + i] = off[i];
    qsort(days, t->n_days + n, sizeof(*days), day_cmp);
    *out = *t;
    out->days_off = days;
    out->n_days = t->n_days + n;
    return out;
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

/* Working days from a Monday long ago until this day, it included. */
static int64_t working_until(const struct terms *t, int64_t day)
{
    int64_t since = day + 3 + 7 * 100000, n = since / 7 * 5 + (since % 7 < 5 ? since % 7 + 1 : 5);

    for (size_t i = 0; i < t->n_days && t->days_off[i] <= day; i++)
        if ((i == 0 || t->days_off[i] != t->days_off[i - 1]) && (t->days_off[i] + 3 + 7 * 100000) % 7 < 5)
            n--;
    return n;
}

int64_t term_working_left(const struct terms *t, struct date today, struct date d)
{
    int64_t from = date_days(today), to = date_days(d),
            late = from > to; /* the last day counts, either way */
    return working_until(t, to - late) - working_until(t, from - late);
}

/* ---- counting: from the start and a number to the nominal day ---- */

/* CPC art. 181(1)3, Codul civil art. 2552: the same day of the month, or its last one. */
static struct date add_months(struct date d, int64_t n)
{
    int64_t month = d.y * 12 + (d.m - 1) + n;
    struct date out = {(int)(month / 12), (int)(month % 12) + 1, d.d};
    while (!date_valid(out))
        out.d--;
    return out;
}

struct counting {
    const struct terms *t;
    const struct jval *rule;
    struct moment start;
    int64_t n;
};

/* free: days beside the n, by how the ends count; a term in months has its day by name. */
static enum rc by_days(const struct counting *c, int64_t free, struct moment *out, struct err *e)
{
    (void)e;
    out->day = strcmp(jval_str(c->rule, "unit", ""), "months") == 0 ? add_months(c->start.day, c->n)
                                                                    : date_add(c->start.day, c->n + free);
    return RC_OK;
}

static enum rc by_hours(const struct counting *c, int64_t hours, struct moment *out, struct err *e)
{
    if (c->start.minute < 0)
        return err_at(e, RC_BAD_FIELD, "start", "term %s counts hours and needs a time",
                      jval_str(c->rule, "id", ""));
    int64_t minute = date_days(c->start.day) * 1440 + c->start.minute + hours * 60;
    out->day = date_add((struct date){1970, 1, 1}, minute / 1440);
    out->minute = (int)(minute % 1440);
    return RC_OK;
}

static enum rc day_after(const struct counting *c, struct moment *out, struct err *e)
{
    return by_days(c, 0, out, e);
}

/* Neither the first nor the last day is counted (CPC art. 181(1)2). */
static enum rc free_days(const struct counting *c, struct moment *out, struct err *e)
{
    return by_days(c, 1, out, e);
}

static enum rc both_counted(const struct counting *c, struct moment *out, struct err *e)
{
    return by_days(c, -1, out, e);
}

static enum rc working(const struct counting *c, struct moment *out, struct err *e)
{
    (void)e;
    out->day = working_days(c->t, c->start.day, c->n);
    return RC_OK;
}

static enum rc before(const struct counting *c, struct moment *out, struct err *e)
{
    struct counting back = *c;

    back.n = -c->n;
    return strcmp(jval_str(c->rule, "unit", ""), "hours") == 0 ? by_hours(&back, back.n, out, e)
                                                               : by_days(&back, 0, out, e);
}

static enum rc hours(const struct counting *c, struct moment *out, struct err *e)
{
    return by_hours(c, c->n, out, e);
}

static enum rc fixed_date(const struct counting *c, struct moment *out, struct err *e)
{
    char text[16];
    snprintf(text, sizeof text, "%04d-%.5s", c->start.day.y, jval_str(c->rule, "fixed_date", ""));
    if (!date_parse(text, &out->day))
        return err_at(e, RC_BAD_FIELD, "fixed_date", "term %s: no such day", jval_str(c->rule, "id", ""));
    return RC_OK;
}

/* The words of terms.json, "counting", each with the units it can count. */
static const struct {
    const char *word, *units[3];
    enum rc (*fn)(const struct counting *c, struct moment *out, struct err *e);
} countings[] = {
    {"day_after", {"days", "months"}, day_after},       {"free_days", {"days", "months"}, free_days},
    {"both_counted", {"days", "months"}, both_counted}, {"working_days", {"working_days"}, working},
    {"before", {"days", "months", "hours"}, before},    {"hours", {"hours"}, hours},
    {"fixed_date", {"fixed_date"}, fixed_date}};

static enum rc count(const struct counting *c, const char *word, struct moment *out, struct err *e)
{
    *out = (struct moment){.day = c->start.day, .minute = -1};
    for (size_t i = 0; i < COUNT(countings); i++)
        if (strcmp(countings[i].word, word) == 0)
            return countings[i].fn(c, out, e);
    return err_at(e, RC_BAD_FIELD, "count", "term %s: counting \"%s\"", jval_str(c->rule, "id", ""), word);
}

static bool counts(const char *word, const char *unit)
{
    for (size_t i = 0; i < COUNT(countings); i++)
        for (size_t k = 0; strcmp(countings[i].word, word) == 0 && k < COUNT(countings[i].units); k++)
            if (countings[i].units[k] && strcmp(countings[i].units[k], unit) == 0)
                return true;
    return false;
}

/* What a rule could only count wrongly is refused with the file, not with somebody's request. */
static enum rc rule_fits(const struct jval *rule, struct err *e)
{
    const char *id = jval_str(rule, "id", ""), *unit = jval_str(rule, "unit", ""),
               *word = jval_str(rule, "count", "");
    const char *late = jval_str(rule, "late_count", word);

    if (!counts(word, unit) || !counts(late, unit))
        return err_at(e, RC_BAD_FIELD, "rules.unit", "term %s: \"%s\" does not count \"%s\"", id,
                      counts(word, unit) ? late : word, unit);
    if (jval_int(jval_get(rule, "extension"), "max_extra_days", 0) && strcmp(unit, "days") != 0)
        return err_at(e, RC_BAD_FIELD, "rules.extension", "term %s: days more of a term in %s", id, unit);
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
    for (size_t i = 0; i < t->rules->n; i++)
        TRY(rule_fits(&t->rules->items[i], e));
    TRY(load_holidays(a, configs, t, e));
    *out = t;
    return RC_OK;
}

static struct date roll(const struct terms *t, const struct jval *rule, struct date d)
{
    if (strcmp(jval_str(rule, "roll", "none"), "next_working") == 0)
        while (term_day_off(t, d))
            d = date_add(d, 1);
    return d;
}

/* ---- words ---- */

struct words {
    struct arena *a;
    const struct terms *t;
    struct text_var vars[8];
    size_t n;
    int64_t extra; /* days that the extension gave */
};

static const char *say(const struct words *w, const char *key, int lang)
{
    struct tr text = tr_of(w->t->explain, key);
    return text_fill(w->a, text.t[lang], w->vars, w->n);
}

static const char *moment_text(const struct words *w, struct date d, int minute, enum lang lang)
{
    const char *day = date_said(w->a, d, lang);
    return minute < 0 ? day : arena_fmt(w->a, "%s, %02d:%02d", day, minute / 60, minute % 60);
}

static void words_of(struct words *w, const struct term_ask *ask, const struct term *out, enum lang lang)
{
    const struct text_var vars[] = {{"nominal", moment_text(w, out->nominal, out->minute, lang)},
                                    {"due", moment_text(w, out->due, out->minute, lang)},
                                    {"start", moment_text(w, out->start, ask->start.minute, lang)},
                                    {"reason", ask->reason ? ask->reason : ""},
                                    {"days", arena_fmt(w->a, "%lld", (long long)ask->returned_days)},
                                    {"late", moment_text(w, out->late_after, -1, lang)},
                                    {"extra", arena_fmt(w->a, "%lld", (long long)w->extra)}};
    w->n = COUNT(vars);
    memcpy(w->vars, vars, sizeof(vars));
}

static void explain(struct arena *a, const struct terms *t, const struct jval *rule,
                    const struct term_ask *ask, int64_t extra, struct term *out)
{
    struct tr because = tr_of(rule, "because");
    const char *word = jval_str(rule, "count", "");
    bool moved = date_cmp(out->nominal, out->due) != 0,
         by_registration = strstr(out->starts_on, "registered") != NULL;
    struct words w = {.a = a, .t = t, .extra = extra};
    for (int i = 0; i < LANG_COUNT; i++) {
        words_of(&w, ask, out, (enum lang)i);
        const char *text = because.t[i];
        if (out->extended)
            text = arena_fmt(a, "%s %s", text, say(&w, "extended", i));
        if (out->paused)
            text = arena_fmt(a, "%s %s", text, say(&w, "paused", i));
        if (moved)
            text = arena_fmt(a, "%s %s", text, say(&w, "rolled", i));
        out->why.t[i] = text;
        text = arena_fmt(a, "%s %s", say(&w, by_registration ? "start" : "start_event", i), text);
        if (by_registration && strcmp(word, "day_after") == 0)
            text = arena_fmt(a, "%s %s", text, say(&w, "not_counted", i));
        text = arena_fmt(a, "%s %s", text, say(&w, "due", i));
        if (date_cmp(out->late_after, out->due) > 0)
            text = arena_fmt(a, "%s %s", text, say(&w, "late", i));
        out->calc.t[i] = text;
    }
}

/* ---- one term ---- */

static const struct jval *rule_find(const struct terms *t, const char *id)
{
    for (size_t i = 0; i < t->rules->n; i++)
        if (strcmp(jval_str(&t->rules->items[i], "id", ""), id) == 0)
            return &t->rules->items[i];
    return NULL;
}

const char *term_of_answer(const struct terms *t, const char *rule)
{
    const struct jval *r = rule ? rule_find(t, rule) : NULL;
    bool fits = r && strcmp(jval_str(r, "starts_on", ""), "request.registered") == 0 &&
                strcmp(jval_str(r, "unit", ""), "hours") != 0 &&
                strcmp(jval_str(r, "kind", ""), "deadline") == 0;
    return fits ? jval_str(r, "id", "") : "og27.answer";
}

/* An extension is a rule of its own, counted once from the same start; or only a number of days more. extra:
 * days that it gives. */
static enum rc extend(const struct terms *t, const struct jval **rule, int64_t *more, int64_t *extra,
                      struct err *e)
{
    int64_t n = jval_int(*rule, "n", 0);
    const struct jval *x = jval_get(*rule, "extension");
    const char *other = jval_str(x, "rule", NULL);
    *more = jval_int(x, "max_extra_days", 0);
    if (!x || (!other && *more == 0))
        return err_set(e, RC_STATE, "term %s has no extension", jval_str(*rule, "id", ""));
    if (other && !(*rule = rule_find(t, other)))
        return err_set(e, RC_NOT_FOUND, "no term with the id %s", other);
    *extra = other ? jval_int(*rule, "n", 0) - n : *more;
    return RC_OK;
}

enum rc term_judge(struct arena *a, const struct terms *t, const struct term_ask *ask, struct term *out,
                   struct err *e)
{
    const struct jval *rule = rule_find(t, ask->rule);
    bool pauses = jval_bool(rule, "pause_on_return", false); /* extended or not */
    struct moment nominal, late;
    int64_t more = 0, extra = 0;

    if (!rule)
        return err_set(e, RC_NOT_FOUND, "no term with the id %s", ask->rule);
    if (ask->reason)
        TRY(extend(t, &rule, &more, &extra, e));
    struct counting c = {t, rule, ask->start, ask->n ? ask->n : jval_int(rule, "n", 0)};
    struct term x = {.start = ask->start.day,
                     .extended = ask->reason != NULL,
                     .paused = ask->returned_days > 0 && pauses,
                     .law = jval_str(rule, "law", ""),
                     .article = jval_str(rule, "article", ""),
                     .kind = jval_str(rule, "kind", "deadline"),
                     .starts_on = jval_str(rule, "starts_on", "")};
    c.n += more;
    if (x.paused)
        c.start.day = date_add(c.start.day, ask->returned_days);
    TRY(count(&c, jval_str(rule, "count", ""), &nominal, e));
    TRY(count(&c, jval_str(rule, "late_count", jval_str(rule, "count", "")), &late, e));
    x.nominal = nominal.day;
    x.minute = nominal.minute;
    x.due = roll(t, rule, nominal.day);
    x.late_after = roll(t, rule, late.day);
    explain(a, t, rule, ask, extra, &x);
    *out = x;
    return RC_OK;
}

enum rc term_compute(struct arena *a, const struct terms *t, const char *rule, struct date start,
                     struct term *out, struct err *e)
{
    return term_judge(a, t, &(struct term_ask){.rule = rule, .start = {start, -1}}, out, e);
}
