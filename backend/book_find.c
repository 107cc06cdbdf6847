#include "backend/book_find.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "backend/book_fold.h"
#include "backend/pgarr.h"
#include "common/base/text.h"

enum {
    Q_MAX = 200,
    WORDS_MAX = 8,
    WORD_MAX = 60,
    LIMIT_DEFAULT = 50,
    LIMIT_MOST = 200,
    YEARS = 3, /* a number without its year: this one and the two before */
    CASE_COLUMNS = 33,
    HEX_CNP = 3 + 2 * SHA256_LEN,
};
#define RECENT_ROWS "600"
#define WINDOW_DAYS "3"
const char *const book_find_kinds[] = {"name", "number", "receipt", "cnp"};

/* ---- what was typed ---- */

static enum rc nothing(struct work *w, struct err *e)
{
    w->say = (struct tr){{"Scrieți un nume (cel puțin două litere), un număr de înregistrare sau un CNP.",
                          "Írjon be egy nevet (legalább két betűt), iktatószámot vagy CNP-t.",
                          "Type a name (two letters at least), a register number or a CNP."}};
    return err_at(e, RC_BAD_FIELD, "q", "nothing to look for");
}

static const char *digits(const char *p, int most, int64_t *out)
{
    int n = 0;

    for (*out = 0; isdigit((unsigned char)*p) && n <= most; p++, n++)
        *out = *out * 10 + (*p - '0');
    return n >= 1 && n <= most ? p : NULL;
}

/* The year behind a number: "/2026", "/22.11.2026", " din 22.11.2026". */
static bool year_behind(const char *p, int *year)
{
    int64_t d, m, y;
    const char *end;

    p += strspn(p, " ");
    if (strncasecmp(p, "din ", 4) == 0)
        p += 4;
    else if (*p == '/' || *p == '-')
        p++;
    else
        return *p == 0;
    p += strspn(p, " ");
    end = digits(p, 4, &y);
    if (!end)
        return false;
    if (*end == '.') {
        d = y;
        end = digits(end + 1, 2, &m);
        if (!end || *end != '.' || !(end = digits(end + 1, 4, &y)) ||
            !date_valid((struct date){(int)y, (int)m, (int)d}))
            return false;
    }
    *year = (int)y;
    return *(end + strspn(end, " ")) == 0 && y >= 1900 && y <= 9999;
}

/* In front of it: nothing, "nr.", "no", or the prefix of a register. */
static const char *prefix_of(struct work *w, const char *q, const char **reg)
{
    static const char *const words[] = {"nr.", "nr", "no.", "no", "numar", "num\xc4\x83r"};
    const struct registers *all = &w->house->registers;

    *reg = NULL;
    for (size_t i = 0; i < COUNT(words); i++) {
        size_t len = strlen(words[i]);
        if (strncasecmp(q, words[i], len) == 0 && (q[len] == ' ' || isdigit((unsigned char)q[len])))
            q += len;
    }
    q += strspn(q, " ");
    for (size_t i = 0; i < all->n; i++) {
        size_t len = strlen(all->items[i].prefix);
        if (!len || strncasecmp(q, all->items[i].prefix, len) != 0)
            continue;
        const char *rest = q + len + strspn(q + len, " .-");
        if (!isdigit((unsigned char)*rest))
            continue;
        *reg = all->items[i].id;
        return rest;
    }
    return q;
}

static bool is_number(struct work *w, const char *q, struct book_query *out)
{
    const char *p = digits(prefix_of(w, q, &out->reg), 9, &out->n);

    if (!p || out->n < 1)
        return false;
    out->kind = FIND_NUMBER;
    return year_behind(p, &out->year);
}

static bool is_cnp(struct work *w, const char *q, struct book_query *out)
{
    char d[14];
    size_t n = 0;

    for (; *q; q++) {
        if (*q == ' ' || *q == '-')
            continue;
        if (!isdigit((unsigned char)*q) || n == 13)
            return false;
        d[n++] = *q;
    }
    d[n] = 0;
    if (n != 13)
        return false;
    out->kind = FIND_CNP;
    out->text = arena_str(w->a, d);
    wipe(d, sizeof(d));
    return true;
}

/* Of the longest word. */
static size_t letters(struct arena *a, const char *folded)
{
    size_t most = 0;

    for (const char *p = folded; *p;) {
        size_t n = strcspn(p, " "), count = utf8_count(arena_strn(a, p, n));
        most = count > most ? count : most;
        p += n + (p[n] == ' ');
    }
    return most;
}

enum rc book_query(struct work *w, const char *q, struct book_query *out, struct err *e)
{
    const char *clean = "";
    struct err why = {0};

    *out = (struct book_query){0};
    if (!q || text_clean(w->a, q, &clean, &why) != RC_OK || !*clean)
        return nothing(w, e);
    if (utf8_count(clean) > Q_MAX)
        return err_at(e, RC_BAD_FIELD, "q", "longer than %d characters", Q_MAX);
    if (is_cnp(w, clean, out) || is_number(w, clean, out))
        return RC_OK;
    char code[RECEIPT_CODE_LEN + 1];
    *out = (struct book_query){.kind = FIND_NAME};
    out->code = receipt_code_norm(code, clean);
    out->text = text_fold(w->a, clean);
    return letters(w->a, out->text) < 2 ? nothing(w, e) : RC_OK;
}

/* ---- where and after what ---- */

struct find_reach {
    struct db_param institutions, departments, after_us, after_id, limit;
    size_t n; /* institutions */
    const char *first;
};

static struct db_param texts(struct arena *a, const char *const *list, size_t n)
{
    BUF_SCOPE(b);

    pgarr_open(&b, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        pgarr_text(&b, list[i]);
    return (struct db_param){arena_dup(a, b.p, b.len), (int)b.len, true};
}

static void places(struct work *w, const struct rights_place *p, size_t n, struct find_reach *out)
{
    const char **institutions = ARENA_ARRAY(w->a, const char *, n + 1);
    const char **departments = ARENA_ARRAY(w->a, const char *, n + 1);

    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        institutions[i] = p[i].institution;
        departments[i] = p[i].department;
        out->n += i == 0 || strcmp(p[i].institution, p[i - 1].institution) != 0;
    }
    out->first = n ? p[0].institution : "";
    out->institutions = texts(w->a, institutions, n);
    out->departments = texts(w->a, departments, n);
}

/* "<microseconds>.<id>" */
static enum rc cursor(struct work *w, const char *after, struct find_reach *out, struct err *e)
{
    int64_t us;
    const char *end = after ? digits(after, 17, &us) : NULL;

    out->after_us = out->after_id = (struct db_param){0};
    if (!after)
        return RC_OK;
    if (!end || *end != '.' || !uuid_valid(end + 1))
        return err_at(e, RC_BAD_FIELD, "after", "not the end of a page");
    out->after_us = (struct db_param)DB_STR(arena_strn(w->a, after, (size_t)(end - after)));
    out->after_id = (struct db_param)DB_STR(arena_str(w->a, end + 1));
    return RC_OK;
}

/* ---- the statements ---- */

/* 'pop':* & 'ion':* for the index, "% pop%" for what is read in order. Folded words have letters and digits
 * only. */
struct terms_of {
    const char *query;
    struct db_param patterns;
};

static const char *one_query(struct work *w, const char *folded, const char *institution)
{
    BUF_SCOPE(b);
    size_t n = 0;

    for (const char *p = folded; *p && n < WORDS_MAX; n++) {
        size_t len = strcspn(p, " "), cut = 0;
        for (size_t chars = 0; cut < len && chars < WORD_MAX; chars++)
            for (cut++; cut < len && ((unsigned char)p[cut] & 0xC0) == 0x80;)
                cut++;
        buf_str(&b, n ? " & '" : "'");
        for (const char *c = institution; *c; c++) { /* ids have no quotes; none gets through if one has */
            if (*c == '\'' || *c == '\\')
                buf_chr(&b, *c);
            buf_chr(&b, *c);
        }
        buf_fmt(&b, "%s%.*s':*", *institution ? "/" : "", (int)cut, p);
        p += len + (p[len] == ' ');
    }
    return arena_strn(w->a, b.p, b.len);
}

static struct terms_of terms(struct work *w, const char *folded, const char *institution)
{
    const char *list[WORDS_MAX];
    size_t n = 0;

    for (const char *p = folded; *p && n < WORDS_MAX; n++) {
        size_t len = strcspn(p, " ");
        list[n] = arena_fmt(w->a, "%% %.*s%%", (int)len, p);
        p += len + (p[len] == ' ');
    }
    return (struct terms_of){one_query(w, folded, institution), texts(w->a, list, n)};
}

static enum rc run(struct work *w, enum sql_id id, const struct find_reach *r, const struct db_param more[3],
                   struct db_result **out, struct err *e)
{
    const struct db_param p[] = {r->institutions, r->departments, r->after_us, r->after_id,
                                 r->limit,        more[0],        more[1],     more[2]};
    return work_sql(w, id, p, out, e);
}

/* What many bear fills the page from the newest rows, read in their order; what few bear is quick in the
 * index. Both give the same page. */
static enum rc by_name(struct work *w, const char *folded, const struct find_reach *r, int limit,
                       struct db_result **out, struct err *e)
{
    bool one = r->n == 1;
    const struct terms_of t = terms(w, folded, one ? r->first : "");
    const struct db_param quick[3] = {t.patterns, DB_STR(one ? RECENT_ROWS : WINDOW_DAYS)};

    TRY(run(w, one ? SQL_BOOK_FIND_RECENT : SQL_BOOK_FIND_WINDOW, r, quick, out, e));
    if (db_rows(*out) > limit)
        return RC_OK;
    db_result_free(*out);
    *out = NULL;
    const struct db_param exact[3] = {DB_STR(t.query)};
    return run(w, SQL_BOOK_FIND_WORDS, r, exact, out, e);
}

static enum rc by_number(struct work *w, const struct book_query *q, const struct find_reach *r,
                         struct db_result **out, struct err *e)
{
    const struct registers *all = &w->house->registers;
    const char **ids = ARENA_ARRAY(w->a, const char *, all->n + 1);
    int this_year = date_of_ms(w->now_ms()).y;
    const char *years = q->year ? arena_fmt(w->a, "{%d}", q->year)
                                : arena_fmt(w->a, "{%d,%d,%d}", this_year, this_year - 1, this_year - 2);
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++)
        if (!q->reg || strcmp(q->reg, all->items[i].id) == 0)
            ids[n++] = all->items[i].id;
    const struct db_param more[3] = {DB_STR(arena_fmt(w->a, "%lld", (long long)q->n)), DB_STR(years),
                                     texts(w->a, ids, n)};
    return run(w, SQL_BOOK_FIND_NUMBER, r, more, out, e);
}

static enum rc by_cnp(struct work *w, const struct book_find *find, const char *cnp, struct find_reach *r,
                      struct db_result **out, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];

    if (find->n_cnp_places == 0) {
        w->say = (struct tr){{"Nu aveți dreptul să căutați după CNP.", "CNP szerint nem kereshet.",
                              "You may not search by CNP."}};
        return err_set(e, RC_DENIED, "a search by CNP without case.search_cnp");
    }
    places(w, find->cnp_places, find->n_cnp_places, r);
    case_cnp_hash(w->house, cnp, hash);
    hex_encode(hex, hash, sizeof(hash));
    const struct db_param more[3] = {DB_STR(arena_fmt(w->a, "\\x%s", hex))};
    return run(w, SQL_BOOK_FIND_CNP, r, more, out, e);
}

static enum rc by_receipt(struct work *w, const char *typed, const struct find_reach *r,
                          struct db_result **out, struct err *e)
{
    char code[RECEIPT_CODE_LEN + 1];

    if (!receipt_code_norm(code, typed))
        return err_set(e, RC_INTERNAL, "not a receipt code");
    const struct db_param more[3] = {DB_STR(code)};
    return run(w, SQL_BOOK_FIND_RECEIPT, r, more, out, e);
}

static enum rc take(struct work *w, const struct db_result *r, int limit, struct book_found *out,
                    struct err *e)
{
    int n = db_rows(r);

    out->n = (size_t)(n > limit ? limit : n);
    out->items = ARENA_ARRAY(w->a, struct casefile, out->n + 1);
    for (size_t i = 0; i < out->n; i++)
        TRY(case_row(w, r, (int)i, &out->items[i], e));
    if (n > limit)
        out->next = arena_fmt(w->a, "%s.%s", db_text(r, limit - 1, CASE_COLUMNS), out->items[limit - 1].id);
    return RC_OK;
}

static enum rc look(struct work *w, const struct book_find *find, struct book_query *q, int limit,
                    struct db_result **out, struct err *e)
{
    struct find_reach r = {0};

    places(w, find->places, find->n_places, &r);
    TRY(cursor(w, find->after, &r, e));
    r.limit = (struct db_param)DB_STR(arena_fmt(w->a, "%d", limit + 1));
    if (q->kind == FIND_NUMBER)
        return by_number(w, q, &r, out, e);
    if (q->kind == FIND_CNP)
        return by_cnp(w, find, q->text, &r, out, e);
    if (q->code) {
        TRY(by_receipt(w, find->q, &r, out, e));
        if (db_rows(*out) > 0) {
            q->kind = FIND_RECEIPT;
            return RC_OK;
        }
        db_result_free(*out);
        *out = NULL;
    }
    return by_name(w, q->text, &r, limit, out, e);
}

enum rc book_find(struct work *w, const struct book_find *find, struct book_found *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct book_query q;
    int limit = find->limit > 0 ? find->limit : LIMIT_DEFAULT;

    *out = (struct book_found){0};
    limit = limit > LIMIT_MOST ? LIMIT_MOST : limit;
    TRY(book_query(w, find->q, &q, e));
    TRY(look(w, find, &q, limit, &r, e));
    out->kind = q.kind;
    return take(w, r, limit, out, e);
}
