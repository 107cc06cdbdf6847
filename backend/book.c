#include "backend/book.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

static const char *const directions[] = {"in", "out", "internal"};

static enum rc closed(struct work *w, enum rc rc, const char *institution, const char *reg, int year,
                      struct err *e)
{
    if (rc != RC_BAD_FIELD || !e || !strstr(e->text, "register_year_closed"))
        return rc;
    w->say = (struct tr){{arena_fmt(w->a, "Anul %d al registrului este închis.", year),
                          arena_fmt(w->a, "Az iktató %d. évi kötete le van zárva.", year),
                          arena_fmt(w->a, "The register is closed for %d.", year)}};
    return err_set(e, RC_STATE, "register %s of %s is closed for %d", reg, institution, year);
}

enum rc book_number(struct work *w, const char *institution, const char *reg, int year, int64_t *n,
                    struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    int64_t now = w->now_ms();
    char at[25], y[12];
    struct db_param p[] = {DB_STR(institution), DB_STR(reg), DB_STR(y), DB_STR(at)};

    if (year != date_of_ms(now).y)
        return err_set(e, RC_STATE, "%d is not the current year", year);
    if (!registers_find(&w->house->registers, reg))
        return err_at(e, RC_BAD_FIELD, "register", "there is no register %.32s", reg ? reg : "");
    iso_utc(at, now);
    snprintf(y, sizeof(y), "%d", year);
    TRY(closed(w, work_sql(w, SQL_BOOK_NUMBER, p, &r, e), institution, reg, year, e));
    *n = db_int(r, 0, 0);
    return RC_OK;
}

/* What a person typed: cleaned, within its length. NULL and "" pass as empty unless it is needed. */
static enum rc text_in(struct work *w, const char *name, const char **text, size_t max, struct err *e)
{
    const char *clean = "";
    struct err why = {0};

    if (*text && **text && text_clean(w->a, *text, &clean, &why) != RC_OK)
        return err_at(e, RC_BAD_FIELD, name, "%s", why.text);
    if (utf8_count(clean) > max) {
        w->say = (struct tr){{arena_fmt(w->a, "Cel mult %zu de caractere. Scrieți mai scurt.", max),
                              arena_fmt(w->a, "Legfeljebb %zu karakter. Írja rövidebben.", max),
                              arena_fmt(w->a, "At most %zu characters. Write it shorter.", max)}};
        return err_at(e, RC_BAD_FIELD, name, "longer than %zu characters", max);
    }
    *text = clean;
    return RC_OK;
}

static enum rc needed(const char *name, const char *text, struct err *e)
{
    return *text ? RC_OK : err_at(e, RC_BAD_FIELD, name, "is missing");
}

static enum rc paper_day(struct work *w, const char *day, struct err *e)
{
    struct date d;

    if (!day)
        return RC_OK;
    if (!date_parse(day, &d))
        return err_at(e, RC_BAD_FIELD, "paper_on", "not a date");
    if (date_cmp(d, date_of_ms(w->now_ms())) <= 0)
        return RC_OK;
    w->say = (struct tr){{"Data de pe hârtie este în viitor. Corectați-o sau lăsați-o goală.",
                          "Az iraton lévő dátum a jövőben van. Javítsa ki, vagy hagyja üresen.",
                          "The date on the paper lies in the future. Correct it or leave it empty."}};
    return err_at(e, RC_BAD_FIELD, "paper_on", "lies in the future");
}

static enum rc book_kind(struct work *w, const char *institution, const char *reg,
                         const struct register_rule **rule, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(institution)};

    *rule = registers_find(&w->house->registers, reg);
    if (!*rule)
        return err_at(e, RC_BAD_FIELD, "register", "there is no register %.32s", reg ? reg : "");
    TRY(work_sql(w, SQL_BOOK_INSTITUTION, p, &r, e));
    if (db_rows(r) != 1)
        return err_at(e, RC_NOT_FOUND, "institution", "there is no institution %.64s",
                      institution ? institution : "");
    if (!register_has_kind(*rule, db_text(r, 0, 0)))
        return err_at(e, RC_BAD_FIELD, "register", "%s does not keep a register %s", institution, reg);
    return RC_OK;
}

static enum rc entry_check(struct work *w, struct book_entry *in, struct err *e)
{
    const struct register_rule *rule;

    TRY(book_kind(w, in->institution, in->reg, &rule, e));
    if (!register_takes(rule, directions[in->direction]))
        return err_at(e, RC_BAD_FIELD, "direction", "register %s takes no %s entries", in->reg,
                      directions[in->direction]);
    TRY(text_in(w, "subject", &in->subject, BOOK_SUBJECT_MAX, e));
    TRY(needed("subject", in->subject, e));
    TRY(text_in(w, "correspondent", &in->correspondent, BOOK_WHO_MAX, e));
    TRY(text_in(w, "paper_number", &in->paper_number, BOOK_PAPER_NUMBER_MAX, e));
    TRY(paper_day(w, in->paper_on, e));
    if (in->department && *in->department && !catalog_department(&w->house->catalog, in->department))
        return err_at(e, RC_BAD_FIELD, "department", "there is no department %.64s", in->department);
    if ((in->case_id && !uuid_valid(in->case_id)) || (in->document && !uuid_valid(in->document)))
        return err_at(e, RC_BAD_FIELD, "case", "case, document: not an id");
    return RC_OK;
}

/* Number, row and audit of what was checked. */
struct fix_of {
    const char *n, *year, *reason;
};
static enum rc put(struct work *w, const struct actor *who, const struct book_entry *in,
                   const struct fix_of *fix, struct book_line *out, struct err *e)
{
    int64_t now = w->now_ms();
    struct date today = date_of_ms(now);
    char year[12], n[24], at[25];
    const char *what = fix ? "correction" : directions[in->direction];

    out->at_ms = now;
    out->year = today.y;
    if (!out->n)
        TRY(book_number(w, in->institution, in->reg, today.y, &out->n, e));
    snprintf(year, sizeof(year), "%d", today.y);
    snprintf(n, sizeof(n), "%lld", (long long)out->n);
    iso_utc(at, now);
    struct db_param p[] = {
        DB_STR(in->institution),
        DB_STR(in->reg),
        DB_STR(year),
        DB_STR(n),
        DB_STR(what),
        DB_STR(at),
        DB_STR(who->account),
        DB_STR(in->department ? in->department : ""),
        DB_STR(in->correspondent),
        DB_STR(in->subject),
        DB_STR(in->paper_on),
        DB_STR(*in->paper_number ? in->paper_number : NULL),
        DB_STR(in->case_id),
        DB_STR(in->document),
        DB_STR(fix ? fix->n : NULL),
        DB_STR(fix ? fix->year : NULL),
        DB_STR(fix ? fix->reason : NULL),
    };
    TRY(work_sql(w, SQL_BOOK_ENTER, p, NULL, e));
    out->number = register_number(w->a, &w->house->registers, in->reg, out->n, today);
    const struct work_log log = {in->institution, in->case_id, "register entry",
                                 arena_fmt(w->a, "%s/%s/%s %s", in->reg, year, n, what)};
    return work_audit(w, who, &log, e);
}

enum rc book_enter(struct work *w, const struct actor *who, const struct book_entry *in,
                   struct book_line *out, struct err *e)
{
    struct book_entry entry = *in;

    *out = (struct book_line){0};
    TRY(work_begin(w, e));
    enum rc rc = entry_check(w, &entry, e);
    if (rc == RC_OK)
        rc = put(w, who, &entry, NULL, out, e);
    return work_end(w, rc, e);
}

enum rc book_enter_as(struct work *w, const struct actor *who, const struct book_entry *in, int64_t n,
                      struct book_line *out, struct err *e)
{
    struct book_entry entry = *in;

    *out = (struct book_line){.n = n};
    TRY(entry_check(w, &entry, e));
    return put(w, who, &entry, NULL, out, e);
}

enum rc book_entry_check(struct work *w, const struct book_entry *in, struct err *e)
{
    struct book_entry entry = *in;
    return entry_check(w, &entry, e);
}

enum rc book_add(struct work *w, const struct actor *who, const struct book_entry *in, struct book_line *out,
                 struct err *e)
{
    const struct rights_place where = {.institution = in->institution ? in->institution : "",
                                       .department = in->department ? in->department : ""};

    TRY(work_may(w, who, "register.enter", &where, e));
    return book_enter(w, who, in, out, e);
}

static enum rc fix_put(struct work *w, const struct actor *who, const struct book_fix *in,
                       struct book_line *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct book_entry entry = {.institution = in->institution, .reg = in->reg, .subject = in->text};
    const struct register_rule *rule;
    const char *reason = in->reason;
    char n[24], year[12];

    TRY(book_kind(w, in->institution, in->reg, &rule, e));
    TRY(text_in(w, "text", &entry.subject, BOOK_SUBJECT_MAX, e));
    TRY(needed("text", entry.subject, e));
    TRY(text_in(w, "reason", &reason, BOOK_REASON_MAX, e));
    TRY(needed("reason", reason, e));
    entry.correspondent = entry.paper_number = "";
    if (in->n < 1 || in->n > INT32_MAX || in->year < 1900 || in->year > 9999)
        return err_set(e, RC_NOT_FOUND, "there is no such number");
    snprintf(n, sizeof(n), "%lld", (long long)in->n);
    snprintf(year, sizeof(year), "%d", in->year);
    struct db_param p[] = {DB_STR(in->institution), DB_STR(in->reg), DB_STR(year), DB_STR(n)};
    TRY(work_sql(w, SQL_BOOK_LINE, p, &r, e));
    if (db_text(r, 0, 0)[0] != 't')
        return err_set(e, RC_NOT_FOUND, "there is no number %s in register %s of %s", n, in->reg, year);
    const struct fix_of fix = {n, in->year == date_of_ms(w->now_ms()).y ? NULL : year, reason};
    return put(w, who, &entry, &fix, out, e);
}

enum rc book_correct(struct work *w, const struct actor *who, const struct book_fix *in,
                     struct book_line *out, struct err *e)
{
    const struct rights_place where = {.institution = in->institution ? in->institution : ""};

    *out = (struct book_line){0};
    TRY(work_may(w, who, "register.correct", &where, e));
    TRY(work_begin(w, e));
    return work_end(w, fix_put(w, who, in, out, e), e);
}
