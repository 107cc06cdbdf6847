/* When the term is over: what a person wrote and who it was goes. Number, day and direction stay in the book,
 * which is kept by law (GDPR art. 17(3)(b), (d); Legea 16/1996); whom they are about does not need to. */
#include <string.h>

#include "backend/person.h"
#include "common/base/text.h"

struct erasing {
    struct work *w;
    struct person_list cases;
    const char **cells, *ids; /* ids: as a PostgreSQL array */
    const char **files;       /* hashes of what answers named */
    size_t n_files, cap_files;
};

/* Only what is due goes, when that was asked; with nothing due, within_term says why. */
static void leave_kept(struct erasing *x)
{
    size_t n = 0, k = 0;

    for (size_t i = 0; i < x->cases.n; i++)
        n += !x->cases.items[i].kept;
    for (size_t i = 0; i < x->cases.n_entries; i++)
        k += !x->cases.entries[i].kept;
    if (n + k == 0)
        return;
    n = k = 0;
    for (size_t i = 0; i < x->cases.n; i++)
        if (!x->cases.items[i].kept)
            x->cases.items[n++] = x->cases.items[i];
    for (size_t i = 0; i < x->cases.n_entries; i++)
        if (!x->cases.entries[i].kept)
            x->cases.entries[k++] = x->cases.entries[i];
    x->cases.n = n;
    x->cases.n_entries = k;
}

/* What stands in the way: "PET 1/20.11.2026 (in work); 4/21.11.2026 (until 31.12.2036)". */
struct in_term {
    const char *said[LANG_COUNT];
    size_t n;
};
static void in_the_way(struct work *w, struct in_term *t, const char *number, bool open, int64_t until_days)
{
    static const char *const work[LANG_COUNT] = {"în lucru", "folyamatban", "in work"};
    static const char *const ever[LANG_COUNT] = {"se păstrează permanent", "maradandó", "kept for ever"};
    static const char *const until[LANG_COUNT] = {"până la ", "megőrzés: ", "until "};
    const struct tr day = date_tr(w->a, date_add((struct date){1970, 1, 1}, until_days));

    for (int k = 0; k < LANG_COUNT; k++) {
        const char *why = open          ? work[k]
                          : !until_days ? ever[k]
                                        : arena_fmt(w->a, "%s%s", until[k], day.t[k]);
        t->said[k] = arena_fmt(w->a, "%s%s%s (%s)", t->n ? t->said[k] : "", t->n ? "; " : "", number, why);
    }
    t->n++;
}

/* Which cases and entries stand in the way, and until when. */
static enum rc within_term(struct erasing *x, struct err *e)
{
    struct work *w = x->w;
    struct in_term t = {.n = 0};

    for (size_t i = 0; i < x->cases.n; i++) {
        const struct person_case *c = &x->cases.items[i];
        struct casefile f;
        if (!c->kept)
            continue;
        TRY(case_get(w, c->id, false, &f, e));
        in_the_way(w, &t, f.number, c->open, c->until_days);
    }
    bool cases = t.n > 0;
    for (size_t i = 0; i < x->cases.n_entries; i++)
        if (x->cases.entries[i].kept)
            in_the_way(w, &t, x->cases.entries[i].number, false, x->cases.entries[i].until_days);
    if (!t.n)
        return RC_OK;
    w->say = (struct tr){{arena_fmt(w->a, "Nu s-a șters nimic: mai sunt %s în termenul de păstrare: %s.",
                                    cases ? "dosare" : "poziții", t.said[LANG_RO]),
                          arena_fmt(w->a, "Semmi sem törlődött: megőrzési időn belüli %s: %s.",
                                    cases ? "ügyiratok" : "tételek", t.said[LANG_HU]),
                          arena_fmt(w->a, "Nothing was erased: %s still within their term: %s.",
                                    cases ? "cases" : "entries", t.said[LANG_EN])}};
    return err_set(e, RC_STATE, "%s", w->say.t[LANG_EN]);
}

/* Files that answers name ("sha256:..."), before the answers are gone. */
static void named(struct erasing *x, const struct answers *all)
{
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->items[i].n; k++) {
            const char *v = all->items[i].values[k];
            if (strncmp(v, "sha256:", 7) != 0 || strlen(v) != 7 + 2 * SHA256_LEN)
                continue;
            if (x->n_files == x->cap_files) {
                const char **more = ARENA_ARRAY(x->w->a, const char *, 2 * x->cap_files + 16);
                for (size_t m = 0; m < x->n_files; m++)
                    more[m] = x->files[m];
                x->files = more;
                x->cap_files = 2 * x->cap_files + 16;
            }
            x->files[x->n_files++] = v + 7;
        }
}

/* Their text itself is in the hash of a page that was sealed before lines had salts. */
static enum rc old_lines(struct erasing *x, const char *id, const char *key, const char **out, struct err *e)
{
    struct work *w = x->w;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(arena_fmt(w->a, "{%s}", id)), DB_STR(arena_fmt(w->a, "{%s}", key))};

    *out = "";
    TRY(work_sql(w, SQL_PERSON_LINES_KEPT, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        *out = arena_fmt(w->a, "%s%s%s", *out, i ? ", " : "",
                         register_number_year(w->a, &w->house->registers, db_text(r, i, 1), db_int(r, i, 3),
                                              (int)db_int(r, i, 2)));
    return RC_OK;
}

static const char *gone(struct work *w, const char *what, const char *stay)
{
    return *stay ? arena_fmt(w->a, "%s; rămâne textul pozițiilor %s, pagini sigilate în forma veche", what,
                             stay)
                 : what;
}

static enum rc look_through(struct erasing *x, struct err *e)
{
    struct work *w = x->w;
    BUF_SCOPE(ids);

    x->cells = ARENA_ARRAY(w->a, const char *, 3 * (x->cases.n + x->cases.n_entries) + 1);
    buf_chr(&ids, '{');
    for (size_t i = 0; i < x->cases.n; i++) {
        struct casefile f;
        struct case_answers answers;
        TRY(case_get(w, x->cases.items[i].id, false, &f, e));
        TRY(case_answers(w, &f, &answers, e));
        named(x, &answers.now);
        buf_fmt(&ids, "%s%s", i ? "," : "", f.id);
        x->cells[3 * i] = f.number;
        x->cells[3 * i + 1] = date_said(w->a, date_of_ms(x->cases.items[i].closed_ms), LANG_RO);
        const char *stay = "";
        TRY(old_lines(x, f.id, "", &stay, e));
        x->cells[3 * i + 2] =
            gone(w, "cererea, fișierele, datele de contact, CNP, textul din registru", stay);
    }
    for (size_t i = 0; i < x->cases.n_entries; i++) {
        const struct person_entry *f = &x->cases.entries[i];
        const char **cell = x->cells + 3 * (x->cases.n + i), *stay = "";
        TRY(old_lines(x, "", f->key, &stay, e));
        cell[0] = f->number;
        cell[1] = "fără dosar";
        cell[2] = gone(w, "textul din registru", stay);
    }
    buf_chr(&ids, '}');
    x->ids = arena_str(w->a, ids.p);
    return RC_OK;
}

/* ---- the book ---- */

enum rc person_erasure(struct work *w, struct person_house *h, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(h->institution)};

    TRY(work_sql(w, SQL_PERSON_ERASURE_LOCK, p, NULL, e));
    TRY(work_sql(w, SQL_PERSON_ERASURE_NEXT, p, &r, e));
    h->n = db_int(r, 0, 0);
    return RC_OK;
}

/* Each has its own row in the audit, so that nobody can blank a line and say that it was erased. */
enum rc person_lines(struct work *w, const struct actor *who, const struct person_house *h,
                     const char *minutes, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *n = arena_fmt(w->a, "%lld", (long long)h->n);
    char now[25];
    struct db_param put[] = {DB_STR(h->institution), DB_STR(n), DB_STR(now), DB_STR(who->account),
                             DB_STR(minutes)};
    struct db_param lines[] = {DB_STR(h->erased), DB_STR(now), DB_STR(h->institution), DB_STR(n),
                               DB_STR(h->keys)};

    iso_utc(now, w->now_ms());
    TRY(work_sql(w, SQL_PERSON_ERASURE_PUT, put, NULL, e));
    TRY(work_sql(w, SQL_PERSON_LINES_ERASE, lines, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        const struct work_log log = {
            h->institution, NULL, "register line erased",
            arena_fmt(w->a, "%s/%s/%s erasure %s", db_text(r, i, 0), db_text(r, i, 1), db_text(r, i, 2), n)};
        TRY(work_audit(w, who, &log, e));
    }
    return RC_OK;
}

static enum rc asked(struct erasing *x, const struct actor *who, const struct person_ask *ask, struct err *e)
{
    TRY(person_cases(x->w, who, "person.erase", ask, &x->cases, e));
    if (ask->due)
        leave_kept(x);
    TRY(within_term(x, e));
    return look_through(x, e);
}

static enum rc erase(struct erasing *x, const struct actor *who, const struct person_ask *ask,
                     struct person_done *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    char now[25];
    int64_t only;

    TRY(asked(x, who, ask, e));
    struct db_param lock[] = {DB_STR(x->ids), DB_STR(x->cases.keys)};
    TRY(work_sql(x->w, SQL_PERSON_LOCK, lock, NULL, e));
    /* as they stand under the lock */
    x->n_files = 0;
    TRY(asked(x, who, ask, e));
    out->cases = x->cases.n;
    out->entries = x->cases.n_entries;
    iso_utc(now, x->w->now_ms());
    struct db_param p[] = {DB_STR(x->ids), DB_STR(now)};
    TRY(work_sql(x->w, SQL_PERSON_ERASE, p, &r, e));
    const char **all = ARENA_ARRAY(x->w->a, const char *, x->n_files + (size_t)db_rows(r) + 1);
    for (size_t i = 0; i < x->n_files; i++)
        all[i] = x->files[i];
    for (int i = 0; i < db_rows(r); i++)
        all[x->n_files++] = arena_str(x->w->a, db_text(r, i, 0));
    x->files = all;
    TRY(doc_let_go(x->w, x->files, x->n_files, &only, e));
    out->files = (size_t)only;
    const struct person_minutes m = {"person.erase", "person erased", NULL, x->cases, x->cells, x->ids};
    return person_minutes(x->w, who, ask, &m, out, e);
}

enum rc person_erase(struct work *w, const struct actor *who, const struct person_ask *ask,
                     struct person_done *out, struct err *e)
{
    struct erasing x = {.w = w};

    *out = (struct person_done){0};
    TRY(work_begin(w, e));
    TRY(work_end(w, erase(&x, who, ask, out, e), e));
    return doc_sweep(w, e);
}
