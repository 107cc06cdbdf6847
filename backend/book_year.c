/* The years of a register: opened by the first number, closed with a protocol. */
#include <stdio.h>
#include <string.h>

#include "backend/book_page.h"
#include "backend/book_seal.h"
#include "common/base/text.h"

static const char *own(struct work *w, const struct db_result *r, int i, int col)
{
    const char *s = db_text(r, i, col);
    return s ? arena_str(w->a, s) : NULL;
}

enum rc book_years(struct work *w, const struct book_of *which, struct book_year **out, size_t *n,
                   struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *y = which->year ? arena_fmt(w->a, "%d", which->year) : NULL;
    struct db_param p[] = {DB_STR(which->institution), DB_STR(which->reg), DB_STR(y)};

    TRY(work_sql(w, SQL_BOOK_YEARS, p, &r, e));
    *n = (size_t)db_rows(r);
    *out = ARENA_ARRAY(w->a, struct book_year, *n + 1);
    for (int i = 0; i < db_rows(r); i++)
        (*out)[i] = (struct book_year){
            .institution = own(w, r, i, 0),
            .reg = own(w, r, i, 1),
            .year = (int)db_int(r, i, 2),
            .last_n = db_int(r, i, 3),
            .sealed_n = db_int(r, i, 4),
            .opened_ms = db_int(r, i, 5),
            .opened_by = own(w, r, i, 6),
            .closed_ms = db_int(r, i, 7),
            .closed_by = own(w, r, i, 8),
            .open_document = own(w, r, i, 9),
            .close_document = own(w, r, i, 10),
            .page_day = own(w, r, i, 11),
            .page_hash = own(w, r, i, 12),
        };
    return RC_OK;
}

/* ---- as the desk shows them ---- */

static void put_names(struct buf *b, const struct tr *name)
{
    buf_str(b, ",\"name\":{");
    for (int k = 0; k < LANG_COUNT; k++) {
        buf_fmt(b, "%s\"%s\":", k ? "," : "", lang_codes[k]);
        json_quote(b, tr_get(name, (enum lang)k));
    }
    buf_chr(b, '}');
}

static void put_years(struct buf *b, const char *reg, const struct book_year *years, size_t n)
{
    bool first = true;

    buf_str(b, ",\"years\":[");
    for (size_t i = n; i-- > 0;) {
        char closed[25];
        if (strcmp(years[i].reg, reg) != 0)
            continue;
        buf_fmt(b, "%s{\"year\":%d,\"open\":%s,\"last_n\":%lld,\"closed_at\":", first ? "" : ",",
                years[i].year, years[i].closed_ms ? "false" : "true", (long long)years[i].last_n);
        if (years[i].closed_ms)
            iso_utc(closed, years[i].closed_ms);
        buf_fmt(b, years[i].closed_ms ? "\"%s\"}" : "%s}", years[i].closed_ms ? closed : "null");
        first = false;
    }
    buf_str(b, "]}");
}

enum rc book_registers_json(struct work *w, const struct actor *who, const char *institution, struct buf *out,
                            struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const struct rights_place where = {.institution = institution ? institution : ""};
    struct db_param p[] = {DB_STR(institution)};
    struct book_year *years;
    size_t n;
    bool first = true;

    TRY(work_may(w, who, "register.view", &where, e));
    TRY(work_sql(w, SQL_BOOK_INSTITUTION, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no institution %.64s", institution ? institution : "");
    TRY(book_years(w, &(struct book_of){.institution = institution}, &years, &n, e));
    buf_chr(out, '[');
    for (size_t i = 0; i < w->house->registers.n; i++) {
        const struct register_rule *rule = &w->house->registers.items[i];
        if (!register_has_kind(rule, db_text(r, 0, 0)))
            continue;
        buf_fmt(out, "%s{\"register\":\"%s\",\"prefix\":\"%s\",\"institution\":", first ? "" : ",", rule->id,
                rule->prefix);
        json_quote(out, institution);
        put_names(out, &rule->name);
        buf_str(out, ",\"directions\":[");
        for (size_t k = 0; k < rule->n_directions; k++)
            buf_fmt(out, "%s\"%s\"", k ? "," : "", rule->directions[k]);
        buf_chr(out, ']');
        put_years(out, rule->id, years, n);
        first = false;
    }
    buf_chr(out, ']');
    return RC_OK;
}

/* ---- the protocol ---- */

static void put(struct book_protocol *p, struct work *w, const char *name, int64_t n)
{
    p->vars[p->n_vars++] = (struct text_var){name, arena_fmt(w->a, "%lld", (long long)n)};
}

static const char *day_text(struct work *w, const char *iso)
{
    struct date d;
    return iso && date_parse(iso, &d) ? date_said(w->a, d, LANG_RO) : "-";
}

static void vars_of(struct work *w, struct book_protocol *p)
{
    const struct register_rule *rule = registers_find(&w->house->registers, p->year.reg);

    p->vars = ARENA_ARRAY(w->a, struct text_var, 20);
    put(p, w, "year", p->year.year);
    put(p, w, "last_number", p->year.last_n);
    put(p, w, "requests", p->requests);
    put(p, w, "in", p->in);
    put(p, w, "out", p->out);
    put(p, w, "internal", p->internal);
    put(p, w, "corrections", p->corrections);
    put(p, w, "carried_over", p->open);
    put(p, w, "done", p->done);
    put(p, w, "pages", p->pages);
    p->vars[p->n_vars++] = (struct text_var){"first_day", day_text(w, p->first_day)};
    p->vars[p->n_vars++] = (struct text_var){"last_day", day_text(w, p->last_day)};
    p->vars[p->n_vars++] = (struct text_var){"hash", p->year.page_hash ? p->year.page_hash : "-"};
    p->vars[p->n_vars++] = (struct text_var){"register", rule ? tr_get(&rule->name, LANG_RO) : p->year.reg};
    p->vars[p->n_vars++] =
        (struct text_var){"register_hu", rule ? tr_get(&rule->name, LANG_HU) : p->year.reg};
    p->vars[p->n_vars++] =
        (struct text_var){"register_en", rule ? tr_get(&rule->name, LANG_EN) : p->year.reg};
}

enum rc book_year_protocol(struct work *w, const struct book_of *b, struct book_protocol *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *y = arena_fmt(w->a, "%d", b->year);
    struct db_param p[] = {DB_STR(b->institution), DB_STR(b->reg), DB_STR(y)};
    struct book_year *years;
    size_t n;

    *out = (struct book_protocol){0};
    TRY(book_years(w, b, &years, &n, e));
    if (n != 1)
        return err_set(e, RC_NOT_FOUND, "register %s of %s was not opened in %d", b->reg, b->institution,
                       b->year);
    TRY(work_sql(w, SQL_BOOK_YEAR_SUMS, p, &r, e));
    *out = (struct book_protocol){
        .year = years[0],
        .requests = db_int(r, 0, 0),
        .no_case = db_int(r, 0, 1),
        .in = db_int(r, 0, 2),
        .out = db_int(r, 0, 3),
        .internal = db_int(r, 0, 4),
        .corrections = db_int(r, 0, 5),
        .open = db_int(r, 0, 6),
        .done = db_int(r, 0, 7),
        .pages = db_int(r, 0, 8),
        .first_day = own(w, r, 0, 9),
        .last_day = own(w, r, 0, 10),
    };
    vars_of(w, out);
    return RC_OK;
}

/* ---- closing and opening ---- */

/* A request whose clock was read before midnight may still be on its way to its number. */
enum { GRACE_MS = 300000 };

static enum rc refuse(struct work *w, struct tr say, struct err *e)
{
    w->say = say;
    return err_set(e, RC_STATE, "%s", say.t[LANG_EN]);
}

static struct tr say(struct work *w, const char *ro, const char *hu, const char *en, int64_t n)
{
    char text[24];
    const struct text_var var[] = {{"n", text}};

    snprintf(text, sizeof(text), "%lld", (long long)n);
    return (struct tr){
        {text_fill(w->a, ro, var, 1), text_fill(w->a, hu, var, 1), text_fill(w->a, en, var, 1)}};
}

static enum rc seal_rest(struct work *w, const struct book_protocol *p, struct err *e)
{
    const struct book_name b = {p->year.institution, p->year.reg, arena_fmt(w->a, "%d", p->year.year)};
    int64_t gap;
    int pages;

    TRY(book_seal_one(w, &b, date_of_ms(w->now_ms()), &pages, &gap, e));
    if (!gap)
        return RC_OK;
    return refuse(w,
                  say(w, "Numărul {n} lipsește din registru: anul nu poate fi închis.",
                      "Az iktatóból hiányzik a(z) {n}. szám: az év nem zárható le.",
                      "Number {n} is missing in the register: the year cannot be closed.", gap),
                  e);
}

static enum rc may_close(struct work *w, const struct book_protocol *p, struct err *e)
{
    if (p->year.closed_ms)
        return refuse(w,
                      say(w, "Anul {n} este deja închis.", "A(z) {n}. év már le van zárva.",
                          "The year {n} is closed already.", p->year.year),
                      e);
    if (p->year.year >= date_of_ms(w->now_ms() - GRACE_MS).y)
        return refuse(w,
                      say(w, "Anul {n} nu s-a încheiat încă.", "A(z) {n}. év még nem ért véget.",
                          "The year {n} is not over yet.", p->year.year),
                      e);
    if (p->year.last_n == 0)
        return refuse(w,
                      say(w, "În anul {n} registrul nu are niciun număr.",
                          "A(z) {n}. évben az iktatóban nincs egyetlen szám sem.",
                          "The register has no number in {n}.", p->year.year),
                      e);
    if (p->no_case)
        return refuse(w,
                      say(w, "{n} cereri înregistrate nu au încă dosar: încercați din nou peste un minut.",
                          "{n} iktatott kérelemnek még nincs ügyirata: próbálja újra egy perc múlva.",
                          "{n} registered requests have no file yet: try again in a minute.", p->no_case),
                      e);
    return RC_OK;
}

static enum rc year_audit(struct work *w, const struct actor *who, const struct book_year *y, const char *act,
                          struct err *e)
{
    const struct work_log log = {y->institution, NULL, act, arena_fmt(w->a, "%s/%d", y->reg, y->year)};
    return work_audit(w, who, &log, e);
}

/* What goes over into the next year: a row for each state, with how many and the first of their numbers. */
static enum rc left_open(struct work *w, const struct book_protocol *p, struct doc_order *o, struct err *e)
{
    enum { CELLS = 3, NUMBERS = 40 };
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param q[] = {DB_STR(p->year.institution), DB_STR(p->year.reg),
                           DB_STR(arena_fmt(w->a, "%d", p->year.year))};

    TRY(work_sql(w, SQL_BOOK_YEAR_LEFT, q, &r, e));
    const char **cells = ARENA_ARRAY(w->a, const char *, CELLS *(size_t)db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++) {
        const struct wf_state *state = workflow_state(&w->house->workflows, db_text(r, i, 0));
        const char **row = cells + CELLS * o->rows++;
        row[0] = state ? tr_get(&state->label, LANG_RO) : own(w, r, i, 0);
        row[1] = own(w, r, i, 1);
        row[2] = arena_fmt(w->a, "%s%s", db_text(r, i, 2), db_int(r, i, 1) > NUMBERS ? "…" : "");
    }
    o->cells = cells;
    return RC_OK;
}

/* The minutes (templates book.open, book.close), in the act's own transaction. */
static enum rc minutes(struct work *w, const struct actor *who, struct book_protocol *p, bool closing,
                       struct err *e)
{
    const struct register_rule *rule = registers_find(&w->house->registers, p->year.reg);
    const char *year = arena_fmt(w->a, "%d", p->year.year);
    const char *last = arena_fmt(w->a, "%lld", (long long)p->year.last_n);
    const struct text_var vars[] = {
        {"register", rule ? tr_get(&rule->name, LANG_RO) : p->year.reg},
        {"year", year},
        {"first", "1"},
        {"last", last},
        {"count", last},
        {"in_count", arena_fmt(w->a, "%lld", (long long)(p->requests + p->in))},
        {"out_count", arena_fmt(w->a, "%lld", (long long)p->out)},
        {"hash", p->year.page_hash ? p->year.page_hash : "-"},
        {"open", arena_fmt(w->a, "%lld", (long long)p->open)},
    };
    struct doc_order o = {.template = closing ? "book.close" : "book.open",
                          .institution = p->year.institution,
                          .lang = LANG_RO,
                          .vars = vars,
                          .n_vars = COUNT(vars)};
    if (closing)
        TRY(left_open(w, p, &o, e));
    TRY(doc_protocol(w, who, &o, &p->document, e));
    struct db_param q[] = {DB_STR(p->year.institution), DB_STR(p->year.reg), DB_STR(year),
                           DB_STR(p->document.id), DB_STR(closing ? "t" : "f")};
    return work_sql(w, SQL_BOOK_YEAR_DOCUMENT, q, NULL, e);
}

static enum rc close_it(struct work *w, const struct actor *who, struct book_protocol *p, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char now[25];
    const char *institution = p->year.institution, *reg = p->year.reg;
    int year = p->year.year;
    const char *y = arena_fmt(w->a, "%d", year);
    struct db_param q[] = {DB_STR(institution), DB_STR(reg), DB_STR(y), DB_STR(now), DB_STR(who->account)};

    iso_utc(now, w->now_ms());
    TRY(may_close(w, p, e));
    TRY(work_sql(w, SQL_BOOK_YEARS_OPEN, NULL, NULL, e));
    TRY(seal_rest(w, p, e));
    TRY(work_sql(w, SQL_BOOK_YEAR_CLOSE, q, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_CONFLICT, "the year was closed meanwhile");
    TRY(book_year_protocol(w, &(struct book_of){institution, reg, year}, p, e));
    TRY(minutes(w, who, p, true, e));
    return year_audit(w, who, &p->year, "register year closed", e);
}

/* A number that is on its way is waited for, and so is another who closes: what is counted here stays so. No
 * counter, nothing to hold: then the book must be empty, else its counter was lost and the next first number
 * would be one that is taken. */
static enum rc only_we(struct work *w, const struct book_of *b, struct err *e)
{
    struct db_result *held SCOPED(db_result_freep) = NULL, *r SCOPED(db_result_freep) = NULL;
    const char *y = arena_fmt(w->a, "%d", b->year);
    struct db_param p[] = {DB_STR(b->institution), DB_STR(b->reg), DB_STR(y)};

    TRY(work_sql(w, SQL_BOOK_YEAR_LOCK, p, &held, e));
    if (db_rows(held) == 1)
        return RC_OK;
    TRY(work_sql(w, SQL_BOOK_YEAR_SUMS, p, &r, e));
    if (db_int(r, 0, 0) + db_int(r, 0, 2) + db_int(r, 0, 3) + db_int(r, 0, 4) + db_int(r, 0, 5) == 0)
        return RC_OK;
    return refuse(
        w,
        say(w,
            "Registrul are numere în anul {n}, dar contorul lui lipsește: anul nu poate fi închis. "
            "Administratorul verifică registrul.",
            "Az iktatóban vannak számok a(z) {n}. évben, de a számlálója hiányzik: az év nem zárható "
            "le. A rendszergazda ellenőrizze az iktatót.",
            "The register has numbers in {n}, but its counter is missing: the year cannot be "
            "closed. The administrator verifies the register.",
            b->year),
        e);
}

enum rc book_year_close(struct work *w, const struct actor *who, const struct book_of *b,
                        struct book_protocol *out, struct err *e)
{
    const struct rights_place where = {.institution = b->institution ? b->institution : ""};

    TRY(work_may(w, who, "register.year", &where, e));
    TRY(work_begin(w, e));
    enum rc rc = only_we(w, b, e);
    if (rc == RC_OK)
        rc = book_year_protocol(w, b, out, e);
    if (rc == RC_OK)
        rc = close_it(w, who, out, e);
    return work_end(w, rc, e);
}

static enum rc open_it(struct work *w, const struct actor *who, struct book_year *y, struct err *e)
{
    struct db_result *kind SCOPED(db_result_freep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const struct register_rule *rule = registers_find(&w->house->registers, y->reg);
    const char *year = arena_fmt(w->a, "%d", y->year);
    char now[25];
    struct db_param p[] = {DB_STR(y->institution)};
    struct db_param q[] = {DB_STR(y->institution), DB_STR(y->reg), DB_STR(year), DB_STR(now),
                           DB_STR(who->account)};

    iso_utc(now, w->now_ms());
    TRY(work_sql(w, SQL_BOOK_INSTITUTION, p, &kind, e));
    if (db_rows(kind) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no institution %.64s", y->institution);
    if (!rule || !register_has_kind(rule, db_text(kind, 0, 0)))
        return err_at(e, RC_BAD_FIELD, "register", "%s does not keep a register %.32s", y->institution,
                      y->reg);
    if (y->year != date_of_ms(w->now_ms()).y)
        return refuse(w,
                      say(w, "Se poate deschide doar anul în curs, nu {n}.",
                          "Csak a folyó évet lehet megnyitni, a(z) {n}. évet nem.",
                          "Only the current year can be opened, not {n}.", y->year),
                      e);
    TRY(work_sql(w, SQL_BOOK_YEARS_OPEN, NULL, NULL, e));
    TRY(work_sql(w, SQL_BOOK_YEAR_OPEN, q, &r, e));
    if (db_rows(r) != 1)
        return refuse(w,
                      say(w, "Anul {n} este deja deschis.", "A(z) {n}. év már meg van nyitva.",
                          "The year {n} is open already.", y->year),
                      e);
    return year_audit(w, who, y, "register year opened", e);
}

enum rc book_year_open(struct work *w, const struct actor *who, const struct book_of *b,
                       struct book_protocol *out, struct err *e)
{
    const struct rights_place where = {.institution = b->institution ? b->institution : ""};
    struct book_year y = {.institution = b->institution, .reg = b->reg ? b->reg : "", .year = b->year};

    TRY(work_may(w, who, "register.year", &where, e));
    TRY(work_begin(w, e));
    enum rc rc = open_it(w, who, &y, e);
    if (rc == RC_OK)
        rc = book_year_protocol(w, b, out, e);
    if (rc == RC_OK)
        rc = minutes(w, who, out, false, e);
    return work_end(w, rc, e);
}
