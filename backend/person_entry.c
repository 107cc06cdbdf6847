/* Lines of the book that have no case: a paper that was answered at once over the counter, an internal line.
 * They are chosen by their numbers, bear the name, and are kept as the class of their register says. */
#include <string.h>

#include "backend/person.h"
#include "common/base/text.h"

static const char *own(struct work *w, const struct db_result *r, int i, int col)
{
    return arena_str(w->a, db_text(r, i, col));
}

static struct tr with(struct work *w, const char *ro, const char *hu, const char *en, const char *what)
{
    const struct text_var v = {"n", what};

    return (struct tr){{text_fill(w->a, ro, &v, 1), text_fill(w->a, hu, &v, 1), text_fill(w->a, en, &v, 1)}};
}

/* Kept through the whole years after the one in which it was entered; without a class for ever. */
static void term_of(struct work *w, const char *reg, int year, struct person_entry *out)
{
    const struct register_rule *rule = registers_find(&w->house->registers, reg);
    const struct retention *class = rule ? retention_find(&w->house->templates, rule->retention) : NULL;

    out->kept = true;
    out->until_days = 0;
    if (!class || class->years < 0)
        return;
    const struct date end = {(int)(year + class->years), 12, 31};
    out->until_days = date_days(end);
    out->kept = date_cmp(end, date_of_ms(w->now_ms())) >= 0;
}

/* What stands in the way of one line; NULL: nothing. */
static const char *const *stands_in_the_way(struct work *w, const struct person_ask *ask,
                                            const struct db_result *r)
{
    static const char *const says[][LANG_COUNT] = {
        {"{n} este o îndreptare: scrieți numărul îndreptat.",
         "A(z) {n} helyesbítés: a helyesbített számot írja be.",
         "{n} is a correction: give the number that it puts right."},
        {"{n} ține de un dosar: scrieți-l la --cases.", "A(z) {n} ügyirathoz tartozik: a --cases után írja.",
         "{n} belongs to a case: give it to --cases."},
        {"{n} este deja șters.", "{n} már törölve van.", "{n} was erased already."},
    };

    for (int i = 0; i < 3; i++)
        if (db_text(r, 0, 6 + i)[0] == 't')
            return says[i];
    static const char *const name[LANG_COUNT] = {"Poziția {n} nu poartă acest nume.",
                                                 "A(z) {n} tétel nem ezt a nevet viseli.",
                                                 "The entry {n} does not bear this name."};
    return person_bears(w, db_text(r, 0, 10), ask->name) ? NULL : name;
}

static enum rc found_one(struct work *w, const struct person_ask *ask, const char *typed,
                         struct db_result **r, struct err *e)
{
    struct db_param p[4];

    if (!person_number(w, ask, typed, p))
        return person_refuse(w, "entries",
                             with(w, "„{n}” nu este un număr cu an și instituție.",
                                  "„{n}” nem szám évvel és intézménnyel.",
                                  "{n} is not a number with its year and institution.", typed),
                             e);
    TRY(work_sql(w, SQL_PERSON_ENTRY, p, r, e));
    if (db_rows(*r) > 1)
        return person_refuse(w, "entries",
                             with(w, "{n} există în mai multe registre: scrieți și registrul.",
                                  "{n} több iktatóban is van: írja mellé az iktatót.",
                                  "{n} stands in several registers: name the register.", typed),
                             e);
    if (db_rows(*r) == 1)
        return RC_OK;
    w->say = with(w, "Nu există nicio poziție cu numărul {n}.", "Nincs tétel ezzel a számmal: {n}.",
                  "There is no entry with the number {n}.", typed);
    return err_set(e, RC_NOT_FOUND, "%s", w->say.t[LANG_EN]);
}

static struct person_entry entry_at(struct work *w, const struct db_result *r, int i)
{
    const char *reg = own(w, r, i, 1);
    const int64_t n = db_int(r, i, 3), at = db_int(r, i, 4);
    struct person_entry out = {.institution = own(w, r, i, 0),
                               .department = own(w, r, i, 5),
                               .number = register_number(w->a, &w->house->registers, reg, n, date_of_ms(at)),
                               .text = own(w, r, i, 10),
                               .at_ms = at};

    out.key = arena_fmt(w->a, "%s/%s/%s/%lld", out.institution, reg, db_text(r, i, 2), (long long)n);
    term_of(w, reg, (int)db_int(r, i, 2), &out);
    return out;
}

static enum rc entry_of(struct work *w, const struct person_ask *ask, const char *typed,
                        struct person_entry *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(found_one(w, ask, typed, &r, e));
    *out = entry_at(w, r, 0);
    const char *const *why = stands_in_the_way(w, ask, r);
    if (why)
        return person_refuse(w, "entries", with(w, why[LANG_RO], why[LANG_HU], why[LANG_EN], out->number), e);
    return RC_OK;
}

/* One page of the book: adds who bears the name; the last line read is where the next page begins. */
static enum rc page_named(struct work *w, const struct person_find *in, struct db_param *p,
                          struct person_found *out, bool *more, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(work_sql(w, SQL_PERSON_LINES_ON, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        ARENA_SCOPE(a);
        struct work look = {.a = a};
        const char *text = db_text(r, i, 10);
        if (!person_bears(&look, text, in->name) || (in->mark && !person_bears(&look, text, in->mark)))
            continue;
        if (out->n_entries == PERSON_FOUND_MAX)
            return person_crowd(w, e);
        out->entries[out->n_entries++] = entry_at(w, r, i);
    }
    *more = db_rows(r) > 0;
    for (int k = 0; *more && k < 4; k++)
        p[k + 1] = (struct db_param)DB_STR(own(w, r, db_rows(r) - 1, k));
    return RC_OK;
}

enum rc person_named(struct work *w, const struct person_find *in, struct db_param institutions,
                     struct person_found *out, struct err *e)
{
    struct db_param p[] = {institutions, DB_STR(""), DB_STR(""), DB_STR("0"), DB_STR("0"), DB_STR("2000")};
    bool more = true;

    out->entries = ARENA_ARRAY(w->a, struct person_entry, PERSON_FOUND_MAX);
    while (more)
        TRY(page_named(w, in, p, out, &more, e));
    return RC_OK;
}

static bool given_before(const struct person_list *all, const struct person_entry *one)
{
    for (size_t i = 0; i < all->n_entries; i++)
        if (strcmp(all->entries[i].key, one->key) == 0)
            return true;
    return false;
}

enum rc person_entries(struct work *w, const struct actor *who, const char *right,
                       const struct person_ask *ask, struct person_list *out, struct err *e)
{
    BUF_SCOPE(keys);

    out->entries = ARENA_ARRAY(w->a, struct person_entry, ask->n_entries + 1);
    buf_chr(&keys, '{');
    for (size_t i = 0; i < ask->n_entries; i++) {
        struct person_entry one;
        TRY(entry_of(w, ask, ask->entries[i], &one, e));
        const struct rights_place where = {
            .institution = one.institution, .department = one.department, .reason = true};
        TRY(work_may(w, who, right, &where, e));
        if (given_before(out, &one))
            continue;
        buf_fmt(&keys, "%s%s", out->n_entries ? "," : "", one.key);
        out->entries[out->n_entries++] = one;
    }
    buf_chr(&keys, '}');
    out->keys = arena_str(w->a, keys.p);
    return RC_OK;
}
