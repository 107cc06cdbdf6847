/* The law's dates of a case: each a row with its rule, its facts and its sentence. */
#include "backend/case_priv.h"

#include <string.h>

const char *case_tr_json(struct arena *a, const struct tr *t)
{
    BUF_SCOPE(out);

    for (int i = 0; i < LANG_COUNT; i++) {
        buf_fmt(&out, "%s\"%s\":", i ? "," : "{", lang_codes[i]);
        json_quote(&out, tr_get(t, (enum lang)i));
    }
    buf_chr(&out, '}');
    return arena_strn(a, out.p, out.len);
}

const char *case_day(struct arena *a, struct date d)
{
    char text[11];

    if (!date_valid(d))
        return NULL;
    date_iso(text, d);
    return arena_str(a, text);
}

const char *case_int(struct arena *a, int64_t n)
{
    return arena_fmt(a, "%lld", (long long)n);
}

static bool in_minutes(const struct work *w, const char *rule)
{
    struct term t;
    struct err e = {0};
    struct term_ask ask = {.rule = rule, .start = {case_today(w), -1}};
    ARENA_SCOPE(a);

    return term_judge(a, w->terms, &ask, &t, &e) == RC_BAD_FIELD;
}

/* Whose day is ahead again is not late; who was called up the tree for it is called anew if it comes to that.
 */
static void main_days(const struct work *w, struct casefile *c, const struct term *t)
{
    uint64_t late = workflow_flag(&w->house->workflows, "late");

    c->due = t->due;
    c->late_after = t->late_after;
    if (!(c->bits & late) || date_cmp(case_today(w), c->late_after) > 0)
        return;
    c->bits &= ~late;
    c->escalated = 0;
    if (strcmp(c->attention, "staff_late") == 0)
        c->attention = "";
}

/* Of the case, rather than of one of its steps: begins with the registration and is the institution's. */
static bool answers(const struct work *w, const char *rule)
{
    return strcmp(term_of_answer(w->terms, rule), rule) == 0;
}

static enum rc add(struct work *w, struct casefile *c, const struct term_ask *ask, bool main,
                   struct date *due, struct err *e)
{
    struct arena *a = w->a;
    struct term t;

    TRY(term_judge(a, w->terms, ask, &t, e));
    struct db_param p[] = {DB_STR(c->id),
                           DB_STR(ask->rule),
                           DB_STR(main ? "true" : "false"),
                           DB_STR(case_day(a, ask->start.day)),
                           DB_STR(case_int(a, ask->start.minute)),
                           DB_STR(case_int(a, ask->n)),
                           DB_STR(case_day(a, t.due)),
                           DB_STR(case_int(a, t.minute)),
                           DB_STR(case_day(a, t.late_after)),
                           DB_STR(case_tr_json(a, &t.why)),
                           DB_STR(case_tr_json(a, &t.calc)),
                           DB_STR(case_int(a, w->now_ms()))};
    if (main)
        main_days(w, c, &t);
    if (due)
        *due = t.due;
    return work_sql(w, SQL_CASE_TERM_ADD, p, NULL, e);
}

/* From the registration, unless the rule counts from something that happens now. */
static struct moment start_of(const struct work *w, const struct casefile *c, const char *rule)
{
    struct moment m = {case_today(w), -1};
    struct term t;
    struct err e = {0};
    int hour, minute;
    ARENA_SCOPE(a);

    time_of_ms(w->now_ms(), &hour, &minute);
    if (in_minutes(w, rule)) {
        m.minute = hour * 60 + minute;
        return m;
    }
    bool ok = term_judge(a, w->terms, &(struct term_ask){.rule = rule, .start = m}, &t, &e) == RC_OK;
    if (ok && strcmp(t.starts_on, "request.registered") == 0)
        m.day = c->filed_on;
    return m;
}

enum rc case_term_start(struct work *w, struct casefile *c, struct date day, struct err *e)
{
    TRY(work_terms(w, e));
    if (c->svc && !*c->svc->term)
        return RC_OK; /* a form of the staff, without a term */
    const char *rule = term_of_answer(w->terms, c->svc ? c->svc->term : NULL);
    TRY(add(w, c, &(struct term_ask){.rule = rule, .start = {day, -1}}, true, NULL, e));
    /* What belongs to another institution goes there within five days. */
    if (strcmp(rule, "og27.answer") != 0 || !workflow_action(c->flow, "forward"))
        return RC_OK;
    return add(w, c, &(struct term_ask){.rule = "og27.forward", .start = {day, -1}}, false, NULL, e);
}

enum rc case_term_sub(struct work *w, struct casefile *c, const char *which, struct date *due, struct err *e)
{
    const char *rule = which;
    bool own = strcmp(which, "service") == 0;

    TRY(work_terms(w, e));
    if (own || strcmp(which, "service.late") == 0)
        rule = !c->svc ? "" : own ? c->svc->term : c->svc->late_term;
    if (!*rule)
        return RC_OK; /* the service has none */
    bool main = answers(w, rule);
    struct term_ask ask = {.rule = rule, .start = start_of(w, c, rule)};
    if (main && strcmp(which, "og27.answer") == 0)
        ask.start.day = case_today(w); /* a new asking: its own clock */
    return add(w, c, &ask, main, due, e);
}

/* One open term with other facts. */
struct open_term {
    int64_t id, n, returned_days;
    const char *rule, *extension;
    struct moment start;
    struct date due, late_after;
    bool main;
};

static size_t read_terms(struct work *w, const struct db_result *r, struct open_term **out)
{
    size_t n = (size_t)db_rows(r);
    struct date zero = {1970, 1, 1};
    struct open_term *t = ARENA_ARRAY(w->a, struct open_term, n + 1);

    for (size_t k = 0; k < n; k++) {
        int i = (int)k;
        t[k] = (struct open_term){
            .id = db_int(r, i, 0),
            .rule = arena_str(w->a, db_text(r, i, 1)),
            .main = db_text(r, i, 2)[0] == 't',
            .start = {date_add(zero, db_int(r, i, 3)), (int)db_int(r, i, 4)},
            .n = db_int(r, i, 5),
            .extension = db_is_null(r, i, 6) ? NULL : arena_str(w->a, db_text(r, i, 6)),
            .returned_days = db_int(r, i, 7),
            .due = date_add(zero, db_int(r, i, 8)),
            .late_after = date_add(zero, db_int(r, i, 10)),
        };
    }
    *out = t;
    return n;
}

/* *moved: the day is another one now. */
static enum rc move(struct work *w, struct casefile *c, const struct open_term *o, bool *moved, struct err *e)
{
    struct arena *a = w->a;
    struct term t;
    struct term_ask ask = {o->rule, o->start, o->n, o->extension, o->returned_days};

    TRY(term_judge(a, w->terms, &ask, &t, e));
    struct db_param p[] = {DB_STR(case_int(a, o->id)),
                           DB_STR(o->extension),
                           DB_STR(case_int(a, o->returned_days)),
                           DB_STR(case_day(a, t.due)),
                           DB_STR(case_int(a, t.minute)),
                           DB_STR(case_day(a, t.late_after)),
                           DB_STR(case_tr_json(a, &t.why)),
                           DB_STR(case_tr_json(a, &t.calc)),
                           DB_STR(case_int(a, w->now_ms()))};
    *moved |= date_cmp(t.due, o->due) != 0 || date_cmp(t.late_after, o->late_after) != 0;
    if (o->main)
        main_days(w, c, &t);
    return work_sql(w, SQL_CASE_TERM_MOVE, p, NULL, e);
}

enum rc case_terms_again(struct work *w, struct casefile *c, const struct case_term_change *x, bool *moved,
                         struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};
    struct open_term *t;

    struct db_param follow[] = {DB_STR(c->id)};

    *moved = false;
    TRY(work_terms(w, e));
    TRY(work_sql(w, SQL_CASE_TERMS_OPEN, p, &r, e));
    size_t n = read_terms(w, r, &t);
    for (size_t i = 0; i < n; i++) {
        if (x && x->extension && !t[i].main)
            continue;
        if (x && x->extension)
            t[i].extension = x->extension;
        t[i].returned_days += x ? x->returned_days : 0;
        TRY(move(w, c, &t[i], moved, e));
    }
    return work_sql(w, SQL_CASE_TASKS_FOLLOW, follow, NULL, e);
}

enum rc case_term_over(struct work *w, const struct casefile *c, const char *rule, struct err *e)
{
    struct db_param p[] = {DB_STR(c->id), DB_STR(case_day(w->a, case_today(w))), DB_STR(rule)};
    return work_sql(w, SQL_CASE_TERM_STOP, p, NULL, e);
}

enum rc case_term_stop(struct work *w, struct casefile *c, struct err *e)
{
    c->due = c->late_after = (struct date){0};
    return case_term_over(w, c, NULL, e);
}

enum rc case_term_open(struct work *w, const struct casefile *c, const char *rule, struct date *last,
                       struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};
    struct open_term *t;

    *last = (struct date){0};
    TRY(work_sql(w, SQL_CASE_TERMS_OPEN, p, &r, e));
    size_t n = read_terms(w, r, &t);
    for (size_t i = 0; i < n; i++)
        if (strcmp(t[i].rule, rule) == 0)
            *last = t[i].late_after;
    return RC_OK;
}

enum rc case_term_wish(struct work *w, struct casefile *c, const char *rule, struct date *due, struct err *e)
{
    TRY(case_term_open(w, c, rule, due, e));
    return date_valid(*due) ? RC_OK : case_term_sub(w, c, rule, due, e);
}

/* ---- moments ---- */

int64_t case_ms(struct date d, int minute)
{
    int64_t ms = (date_days(d) * 1440 + minute - 120) * 60000;
    int h, m;

    time_of_ms(ms, &h, &m);
    int off = h * 60 + m - minute;
    if (off > 720)
        off -= 1440;
    if (off < -720)
        off += 1440;
    return ms - off * 60000;
}
