/* Builds every page again from the lines as they stand and says where the book does not hold. */
#include <stdlib.h>
#include <string.h>

#include "backend/book_seal.h"
#include "common/base/fs.h"
#include "common/base/text.h"

enum { HEADS_MAX = 16 << 20, LATE_DAYS = 2, FIELDS = 13 };

/* book_verify_lines.sql */
enum { L_INST, L_REG, L_YEAR, L_N, L_KIND, L_AT, L_DAY = 18, L_CORRECTS, L_CORRECTS_YEAR, L_SALT };
/* The personal members of a line of version 2: as SQL and docs/VERIFY.md name them, where the text stands and
 * where the digest that an erasure left. */
static const struct {
    const char *name;
    int text, kept;
} personal[] = {
    {"correspondent", L_AT + 4, L_SALT + 1},
    {"subject", L_AT + 5, L_SALT + 2},
    {"paper_number", L_AT + 7, L_SALT + 3},
    {"reason", L_AT + 12, L_SALT + 4},
};
enum { SALT_LEN = 32 };
/* book_verify_pages.sql */
enum { P_DAYS, P_FIRST, P_LAST, P_HASH, P_SEALED, P_DAY, P_YEAR };
/* book_verify_years.sql */
enum { Y_INST, Y_REG, Y_YEAR, Y_N, Y_CLOSED_N, Y_OPENED, Y_CLOSED, Y_LAST };

/* A page that was printed. */
struct kept {
    const char *book, *day, *hash;
    bool met;
};
struct check {
    FILE *out;
    struct book_report *report;
    struct arena *a;
    struct db_sync *db;
    struct kept *kept;
    size_t n_kept;
    struct db_result *years, *pages;
    bool *year_met;
    const char *inst, *reg, *book; /* that is read; NULL before the first */
    int year, page;
    int64_t n, page_last; /* of the year so far */
    int64_t today;
    struct sha256_sum *sum; /* of the page that is read, or NULL */
    uint8_t before[SHA256_LEN];
};

static void found(struct check *c, const char *text)
{
    c->report->bad++;
    fprintf(c->out, "%s %s: %s\n", c->inst, c->reg, text);
}

static void part(struct sha256_sum *sum, const char *s)
{
    char head[24];

    if (!s) {
        sha256_add(sum, "-,", 2);
        return;
    }
    int n = snprintf(head, sizeof(head), "%zu:", strlen(s));
    sha256_add(sum, head, (size_t)n);
    sha256_add(sum, s, strlen(s));
    sha256_add(sum, ",", 1);
}

/* ---- lines of version 2 ---- */

static bool is_erased(const struct db_result *r, int i)
{
    return !db_is_null(r, i, L_SALT + 2);
}

/* A line that was erased keeps nothing beside its digests: no hash covers what would stand there. */
static bool is_blank(const struct db_result *r, int i)
{
    for (size_t k = 0; k < COUNT(personal); k++)
        if (!db_is_null(r, i, personal[k].text) && *db_text(r, i, personal[k].text))
            return false;
    return db_is_null(r, i, L_SALT);
}

/* In hex; NULL: the member is null. Without a salt that could have been ours it meets no page. */
static const char *digest(char hex[2 * SHA256_LEN + 1], const struct db_result *r, int i, size_t k)
{
    uint8_t salt[SALT_LEN], hash[SHA256_LEN];
    const char *value = db_text(r, i, personal[k].text);
    size_t len = 0;

    if (is_erased(r, i))
        return db_text(r, i, personal[k].kept);
    if (!value)
        return NULL;
    if (!hex_decode(salt, sizeof(salt), &len, db_text(r, i, L_SALT)) || len != SALT_LEN)
        return "";
    struct sha256_sum *sum = sha256_begin();
    sha256_add(sum, salt, len);
    part(sum, personal[k].name);
    part(sum, value);
    sha256_end(sum, hash);
    hex_encode(hex, hash, sizeof(hash));
    return hex;
}

static const char *member(char hex[2 * SHA256_LEN + 1], const struct db_result *r, int i, int col)
{
    if (strcmp(db_text(r, i, L_KIND), "E2") == 0)
        for (size_t k = 0; k < COUNT(personal); k++)
            if (personal[k].text == col)
                return digest(hex, r, i, k);
    return db_text(r, i, col);
}

/* ---- pages ---- */

static const char *page_text(const struct check *c, int col)
{
    return db_text(c->pages, c->page, col);
}

static void page_begin(struct check *c)
{
    c->sum = sha256_begin();
    sha256_add(c->sum, c->before, SHA256_LEN);
    part(c->sum, c->inst);
    part(c->sum, c->reg);
    part(c->sum, page_text(c, P_YEAR));
    part(c->sum, page_text(c, P_DAYS));
    part(c->sum, page_text(c, P_FIRST));
    part(c->sum, page_text(c, P_LAST));
    part(c->sum, page_text(c, P_SEALED));
}

static void page_kept(struct check *c)
{
    for (size_t i = 0; i < c->n_kept; i++) {
        struct kept *k = &c->kept[i];
        if (strcmp(k->day, page_text(c, P_DAY)) != 0 || strcmp(k->book, c->book) != 0)
            continue;
        k->met = true;
        if (strcmp(k->hash, page_text(c, P_HASH)) != 0)
            found(c, arena_fmt(c->a, "page of %s: not the one that was kept", k->day));
    }
}

/* Goes on from what is stored, so that one edit is one finding. */
static void page_end(struct check *c)
{
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1] = "";
    const char *day = page_text(c, P_DAY), *stored = page_text(c, P_HASH);
    size_t len = 0;

    c->report->pages++;
    if (!c->sum)
        found(c, arena_fmt(c->a, "page of %s: its lines %s to %s are missing", day, page_text(c, P_FIRST),
                           page_text(c, P_LAST)));
    else {
        sha256_end(c->sum, hash);
        hex_encode(hex, hash, sizeof(hash));
        if (strcmp(hex, stored) != 0)
            found(c, arena_fmt(c->a, "page of %s, numbers %s to %s: not what was sealed", day,
                               page_text(c, P_FIRST), page_text(c, P_LAST)));
    }
    c->sum = NULL;
    page_kept(c);
    if (!hex_decode(c->before, SHA256_LEN, &len, stored) || len != SHA256_LEN)
        memset(c->before, 0, SHA256_LEN);
    int year = (int)db_int(c->pages, c->page, P_YEAR);
    bool same = c->page > 0 && db_int(c->pages, c->page - 1, P_YEAR) == year;
    int64_t last = same ? db_int(c->pages, c->page - 1, P_LAST) : 0;
    if (db_int(c->pages, c->page, P_FIRST) != last + 1)
        found(c, arena_fmt(c->a, "page of %s: begins with %s after %lld: a page is missing or was changed",
                           day, page_text(c, P_FIRST), (long long)last));
    c->page++;
}

/* On which page does this number stand? */
static void place(struct check *c, const struct db_result *r, int i)
{
    while (c->page < db_rows(c->pages)) {
        int64_t year = db_int(c->pages, c->page, P_YEAR);
        if (year > c->year || (year == c->year && db_int(c->pages, c->page, P_LAST) >= c->n))
            break;
        page_end(c);
    }
    bool there = c->page < db_rows(c->pages) && db_int(c->pages, c->page, P_YEAR) == c->year &&
                 db_int(c->pages, c->page, P_FIRST) <= c->n;
    if (there) {
        char hex[2 * SHA256_LEN + 1];
        if (!c->sum)
            page_begin(c);
        part(c->sum, db_text(r, i, L_KIND));
        part(c->sum, db_text(r, i, L_N));
        for (int k = 0; k < FIELDS; k++)
            part(c->sum, member(hex, r, i, L_AT + k));
        return;
    }
    c->report->open++;
    if (c->page < db_rows(c->pages) || db_int(r, i, L_DAY) + LATE_DAYS <= c->today)
        found(c, arena_fmt(c->a, "number %lld of %d stands on no page: added later, or nothing seals",
                           (long long)c->n, c->year));
}

/* ---- books and years ---- */

static void year_end(struct check *c)
{
    for (int i = 0; i < db_rows(c->years); i++) {
        const struct db_result *y = c->years;
        if (strcmp(db_text(y, i, Y_INST), c->inst) != 0 || strcmp(db_text(y, i, Y_REG), c->reg) != 0 ||
            db_int(y, i, Y_YEAR) != c->year)
            continue;
        c->year_met[i] = true;
        bool closed = db_text(y, i, Y_CLOSED)[0] == 't', shut = !db_is_null(y, i, Y_CLOSED_N);
        if (db_int(y, i, Y_N) != c->n)
            found(c, arena_fmt(c->a, "%d: the counter says %lld, the last number is %lld", c->year,
                               (long long)db_int(y, i, Y_N), (long long)c->n));
        if (closed != shut)
            found(c, arena_fmt(c->a, "%d: %s is closed, %s is not", c->year,
                               closed ? "the year" : "the counter", closed ? "its counter" : "the year"));
        if (closed && db_int(y, i, Y_LAST) != c->n)
            found(c, arena_fmt(c->a, "%d: closed with %lld, the last number is %lld", c->year,
                               (long long)db_int(y, i, Y_LAST), (long long)c->n));
        return;
    }
    found(c, arena_fmt(c->a, "%d: there is no counter", c->year));
}

static void book_end(struct check *c)
{
    if (!c->inst)
        return;
    while (c->page < db_rows(c->pages))
        page_end(c);
    year_end(c);
    db_result_free(c->pages);
    c->pages = NULL;
}

static enum rc book_begin(struct check *c, const char *inst, const char *reg, struct err *e)
{
    struct db_param p[] = {DB_STR(inst), DB_STR(reg)};
    const char *begin = arena_fmt(c->a, "pridvor book %s %s", inst, reg);

    c->inst = arena_str(c->a, inst);
    c->reg = arena_str(c->a, reg);
    c->book = arena_fmt(c->a, "%s %s", inst, reg);
    c->page = 0;
    c->report->books++;
    sha256(c->before, begin, strlen(begin));
    return db_sync_query(c->db, sql_text(SQL_BOOK_VERIFY_PAGES), p, COUNT(p), &c->pages, e);
}

static enum rc line(struct check *c, const struct db_result *r, int i, struct err *e)
{
    int64_t n = db_int(r, i, L_N);
    int year = (int)db_int(r, i, L_YEAR);
    bool same =
        c->inst && strcmp(c->inst, db_text(r, i, L_INST)) == 0 && strcmp(c->reg, db_text(r, i, L_REG)) == 0;

    if (!same) {
        book_end(c);
        TRY(book_begin(c, db_text(r, i, L_INST), db_text(r, i, L_REG), e));
    } else if (year != c->year) {
        year_end(c);
    }
    if (!same || year != c->year)
        c->n = 0;
    c->year = year;
    c->report->lines++;
    if (n == c->n)
        found(c, arena_fmt(c->a, "number %lld of %d stands twice", (long long)n, year));
    else if (n > c->n + 1)
        found(c, n == c->n + 2 ? arena_fmt(c->a, "number %lld of %d is missing", (long long)n - 1, year)
                               : arena_fmt(c->a, "numbers %lld to %lld of %d are missing",
                                           (long long)c->n + 1, (long long)n - 1, year));
    c->n = n;
    bool own_year = db_is_null(r, i, L_CORRECTS_YEAR);
    if (!db_is_null(r, i, L_CORRECTS) && own_year && db_int(r, i, L_CORRECTS) >= n)
        found(c, arena_fmt(c->a, "number %lld of %d corrects %lld, which comes later", (long long)n, year,
                           (long long)db_int(r, i, L_CORRECTS)));
    if (is_erased(r, i) && !is_blank(r, i))
        found(c,
              arena_fmt(c->a, "number %lld of %d is erased and bears words or a salt", (long long)n, year));
    place(c, r, i);
    return RC_OK;
}

static enum rc walk(struct check *c, const struct db_param *p, struct err *e)
{
    const char *declare =
        arena_fmt(c->a, "DECLARE book_walk NO SCROLL CURSOR FOR %s", sql_text(SQL_BOOK_VERIFY_LINES));

    TRY(db_sync_query(c->db, declare, p, 1, NULL, e));
    for (;;) {
        struct db_result *r SCOPED(db_result_freep) = NULL;
        TRY(db_sync_query(c->db, "FETCH 2000 FROM book_walk", NULL, 0, &r, e));
        if (db_rows(r) == 0)
            break;
        for (int i = 0; i < db_rows(r); i++)
            TRY(line(c, r, i, e));
    }
    book_end(c);
    return RC_OK;
}

/* What no line led to. */
static enum rc strays(struct check *c, const struct db_param *p, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL, *blank SCOPED(db_result_freep) = NULL;

    for (int i = 0; i < db_rows(c->years); i++) {
        c->inst = db_text(c->years, i, Y_INST);
        c->reg = db_text(c->years, i, Y_REG);
        if (!c->year_met[i] && db_int(c->years, i, Y_N) > 0)
            found(c, arena_fmt(c->a, "%s: the counter says %s, there is no line",
                               db_text(c->years, i, Y_YEAR), db_text(c->years, i, Y_N)));
    }
    TRY(db_sync_query(c->db, sql_text(SQL_BOOK_VERIFY_STRAYS), p, 1, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        c->inst = db_text(r, i, 1);
        c->reg = db_text(r, i, 2);
        if (strcmp(db_text(r, i, 0), "page") == 0)
            found(c, arena_fmt(c->a, "page of %s: there is no such year", db_text(r, i, 4)));
        else
            found(c, arena_fmt(c->a, "a case bears number %s of %s, no line does", db_text(r, i, 4),
                               db_text(r, i, 3)));
    }
    TRY(db_sync_query(c->db, sql_text(SQL_BOOK_VERIFY_ERASED), p, 1, &blank, e));
    for (int i = 0; i < db_rows(blank); i++) {
        c->inst = db_text(blank, i, 0);
        c->reg = db_text(blank, i, 1);
        found(c, arena_fmt(c->a, "number %s of %s is blank and no erasure is on record", db_text(blank, i, 3),
                           db_text(blank, i, 2)));
    }
    for (size_t i = 0; i < c->n_kept; i++)
        if (!c->kept[i].met) {
            c->report->bad++;
            fprintf(c->out, "%s: the page of %s that was kept is missing\n", c->kept[i].book, c->kept[i].day);
        }
    return RC_OK;
}

static enum rc kept_load(struct check *c, const char *path, const char *institution, struct err *e)
{
    char *text, *save = NULL;
    size_t len, lines = 1;

    if (!path)
        return RC_OK;
    TRY(fs_read(c->a, path, HEADS_MAX, &text, &len, e));
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    c->kept = ARENA_ARRAY(c->a, struct kept, lines);
    for (char *row = strtok_r(text, "\n", &save); row; row = strtok_r(NULL, "\n", &save)) {
        char inst[65], reg[33], day[11], hash[2 * SHA256_LEN + 1];
        int used = sscanf(row, "%64s %32s %*d last %*d sealed to %*d page %10s %64s", inst, reg, day, hash);
        if (used == 2) /* a book without a page yet */
            continue;
        if (used != 4 || strlen(hash) != 2 * SHA256_LEN)
            return err_set(e, RC_BAD_FIELD, "%s: not a line of register list", path);
        if (!institution || strcmp(inst, institution) == 0)
            c->kept[c->n_kept++] = (struct kept){arena_fmt(c->a, "%s %s", inst, reg), arena_str(c->a, day),
                                                 arena_str(c->a, hash), false};
    }
    return RC_OK;
}

static const char begin_sql[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL timezone = 'UTC'";

enum rc book_verify(struct db_sync *s, const char *institution, const char *heads, FILE *out,
                    struct book_report *report, struct err *e)
{
    ARENA_SCOPE(a);
    struct db_result *years SCOPED(db_result_freep) = NULL;
    struct check c = {.out = out, .report = report, .a = a, .db = s};
    struct db_param p[] = {DB_STR(institution)};

    memset(report, 0, sizeof(*report));
    c.today = date_days(date_of_ms(unix_ms()));
    TRY(kept_load(&c, heads, institution, e));
    TRY(db_sync_script(s, begin_sql, e));
    TRY(db_sync_query(s, sql_text(SQL_BOOK_VERIFY_YEARS), p, 1, &years, e));
    c.years = years;
    c.year_met = ARENA_ARRAY(a, bool, db_rows(years) + 1);
    enum rc rc = walk(&c, p, e);
    sha256_end(c.sum, NULL);
    db_result_free(c.pages);
    TRY(rc);
    TRY(strays(&c, p, e));
    return db_sync_script(s, "COMMIT", e);
}
