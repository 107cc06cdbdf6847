/* Who has no CNP (a foreigner, a company's representative, a paper typed without one) is known by the numbers
 * of what they filed. A name alone never is a person: it is only looked for, and somebody chooses the
 * numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/book_find.h"
#include "backend/book_fold.h"
#include "backend/person.h"
#include "backend/pgarr.h"
#include "common/base/text.h"

enum { NUMBERS_MAX = 200, PHONE_DIGITS = 9 };

enum rc person_refuse(struct work *w, const char *field, struct tr say, struct err *e)
{
    w->say = say;
    return err_at(e, RC_BAD_FIELD, field, "%s", say.t[LANG_EN]);
}

/* ---- words ---- */

static bool has_word(const char *folded, const char *word, size_t len)
{
    for (const char *p = folded; *p;) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, word, len) == 0)
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

/* How many of these words of so many letters and more stand there. */
static size_t words_of(const char *folded, const char *words, size_t least, size_t *all)
{
    size_t met = 0;

    *all = 0;
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ");
        if (n >= least) {
            ++*all;
            met += has_word(folded, p, n);
        }
        p += n + (p[n] == ' ');
    }
    return met;
}

static size_t words_in(const char *folded, const char *words, size_t *all)
{
    return words_of(folded, words, 2, all);
}

bool person_bears(struct work *w, const char *text, const char *name)
{
    size_t all;
    return words_in(book_fold(w->a, text), text_fold(w->a, name), &all) == all;
}

/* A long name tells who it is by itself, "Pop" or "Ion" only with another. */
bool person_tells(struct work *w, const char *text, const char *name)
{
    const char *words = book_fold(w->a, text), *folded = text_fold(w->a, name);
    size_t all, longer, met = words_in(words, folded, &all);

    return words_of(words, folded, 4, &longer) || (met && (met == all || met > 1));
}

enum rc person_unnamed(struct work *w, const struct person_ask *ask, const struct person_list *cases,
                       struct err *e)
{
    bool told = (ask->cnp && strstr(ask->reason, ask->cnp)) ||
                (cases->n_entries && person_tells(w, ask->reason, ask->name));

    for (size_t i = 0; !told && i < cases->n; i++) {
        struct casefile f;
        TRY(case_get(w, cases->items[i].id, false, &f, e));
        told = person_tells(w, ask->reason, f.person);
    }
    if (!told)
        return RC_OK;
    return person_refuse(
        w, "reason",
        (struct tr){{"Motivul nu poate conține numele sau CNP-ul persoanei: rămâne în jurnal.",
                     "Az indok nem tartalmazhatja a személy nevét vagy CNP-jét: a naplóban marad.",
                     "The reason cannot bear the person's name or CNP: it stays in the audit."}},
        e);
}

/* ---- numbers ---- */

bool person_number(struct work *w, const struct person_ask *ask, const char *typed, struct db_param p[4])
{
    char inst[65], reg[65];
    int year, n, used = 0;
    struct book_query q;
    struct err why = {0};

    if (sscanf(typed, "%64[^/ ]/%64[^/ ]/%4d/%9d%n", inst, reg, &year, &n, &used) == 4 && !typed[used]) {
        p[0] = (struct db_param)DB_STR(arena_str(w->a, inst));
        p[1] = (struct db_param)DB_STR(arena_str(w->a, reg));
        p[2] = (struct db_param)DB_STR(arena_fmt(w->a, "%d", year));
        p[3] = (struct db_param)DB_STR(arena_fmt(w->a, "%d", n));
        return true;
    }
    if (!ask->institution || book_query(w, typed, &q, &why) != RC_OK || q.kind != FIND_NUMBER || !q.year)
        return false;
    p[0] = (struct db_param)DB_STR(ask->institution);
    p[1] = (struct db_param)DB_STR(q.reg);
    p[2] = (struct db_param)DB_STR(arena_fmt(w->a, "%d", q.year));
    p[3] = (struct db_param)DB_STR(arena_fmt(w->a, "%lld", (long long)q.n));
    return true;
}

static enum rc one_number(struct work *w, const struct person_ask *ask, const char *typed, const char **id,
                          struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[4];

    if (!person_number(w, ask, typed, p))
        return person_refuse(
            w, "cases",
            (struct tr){{arena_fmt(w->a, "„%s” nu este un număr cu an și instituție.", typed),
                         arena_fmt(w->a, "„%s” nem szám évvel és intézménnyel.", typed),
                         arena_fmt(w->a, "%s is not a number with its year and institution.", typed)}},
            e);
    TRY(work_sql(w, SQL_PERSON_NUMBER, p, &r, e));
    if (db_rows(r) == 1) {
        *id = arena_str(w->a, db_text(r, 0, 0));
        return RC_OK;
    }
    if (db_rows(r) > 1)
        return person_refuse(
            w, "cases",
            (struct tr){{arena_fmt(w->a, "%s există în mai multe registre: scrieți și registrul.", typed),
                         arena_fmt(w->a, "%s több iktatóban is van: írja mellé az iktatót.", typed),
                         arena_fmt(w->a, "%s stands in several registers: name the register.", typed)}},
            e);
    w->say = (struct tr){{arena_fmt(w->a, "Nu există niciun dosar cu numărul %s.", typed),
                          arena_fmt(w->a, "Nincs ügyirat ezzel a számmal: %s.", typed),
                          arena_fmt(w->a, "There is no case with the number %s.", typed)}};
    return err_set(e, RC_NOT_FOUND, "%s", w->say.t[LANG_EN]);
}

enum rc person_numbers(struct work *w, const struct person_ask *ask, const char **ids, struct err *e)
{
    BUF_SCOPE(out);

    if (ask->cnp)
        return err_at(e, RC_BAD_FIELD, "cases", "a CNP or numbers, not both");
    if (ask->n_numbers + ask->n_entries > NUMBERS_MAX)
        return err_at(e, RC_BAD_FIELD, "cases", "more than %d numbers", NUMBERS_MAX);
    const char *name = "";
    size_t all = 0;
    if (ask->name && text_clean(w->a, ask->name, &name, NULL) == RC_OK)
        (void)words_in("", text_fold(w->a, name), &all);
    if (!all)
        return person_refuse(
            w, "name",
            (struct tr){{"Scrieți și numele persoanei: fiecare dosar sau poziție trebuie să îl poarte.",
                         "Írja be a személy nevét is: minden ügyiratnak vagy tételnek azt kell viselnie.",
                         "Give the person's name, too: each of the cases or entries must bear it."}},
            e);
    buf_chr(&out, '{');
    for (size_t i = 0; i < ask->n_numbers; i++) {
        const char *id = NULL;
        TRY(one_number(w, ask, ask->numbers[i], &id, e));
        buf_fmt(&out, "%s%s", i ? "," : "", id);
    }
    buf_chr(&out, '}');
    *ids = arena_str(w->a, out.p);
    return RC_OK;
}

/* ---- one person? ---- */

/* What the form asks about who files; not what it says of others. */
static bool of_applicant(const char *id)
{
    static const char *const heads[] = {"who.", "a.", "b.", "sub."};
    for (size_t i = 0; i < COUNT(heads); i++)
        if (strncmp(id, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

static enum rc bears(struct work *w, const struct casefile *f, const char *name, bool *yes, struct err *e)
{
    struct case_answers x;
    BUF_SCOPE(text);

    TRY(case_answers(w, f, &x, e));
    buf_str(&text, f->person);
    for (size_t i = 0; i < x.now.n; i++)
        for (size_t k = 0; of_applicant(x.now.items[i].id) && k < x.now.items[i].n; k++)
            buf_fmt(&text, " %s", x.now.items[i].values[k]);
    *yes = person_bears(w, text.p, name);
    return RC_OK;
}

enum rc person_one(struct work *w, const struct person_ask *ask, const struct person_list *cases,
                   struct err *e)
{
    const char *cnp = NULL;

    for (size_t i = 0; i < cases->n; i++) {
        const struct person_case *c = &cases->items[i];
        struct casefile f;
        bool yes;
        TRY(case_get(w, c->id, false, &f, e));
        if (c->erased)
            return person_refuse(w, "cases",
                                 (struct tr){{arena_fmt(w->a, "%s este deja șters.", f.number),
                                              arena_fmt(w->a, "%s már törölve van.", f.number),
                                              arena_fmt(w->a, "%s was erased already.", f.number)}},
                                 e);
        TRY(bears(w, &f, ask->name, &yes, e));
        if (!yes)
            return person_refuse(
                w, "name",
                (struct tr){{arena_fmt(w->a, "Dosarul %s nu poartă acest nume.", f.number),
                             arena_fmt(w->a, "A(z) %s ügyirat nem ezt a nevet viseli.", f.number),
                             arena_fmt(w->a, "The case %s does not bear this name.", f.number)}},
                e);
        if (cnp && c->cnp && strcmp(cnp, c->cnp) != 0)
            return person_refuse(
                w, "cases",
                (struct tr){{arena_fmt(w->a, "Dosarul %s are alt CNP: este altă persoană.", f.number),
                             arena_fmt(w->a, "A(z) %s ügyiratnak más a CNP-je: más személy.", f.number),
                             arena_fmt(w->a, "The case %s has another CNP: another person.", f.number)}},
                e);
        cnp = c->cnp ? c->cnp : cnp;
    }
    return RC_OK;
}

/* ---- looked for ---- */

static const char *last_digits(struct arena *a, const char *s)
{
    char *out = arena_alloc(a, strlen(s) + 1);
    size_t n = 0;

    for (; *s; s++)
        if (*s >= '0' && *s <= '9')
            out[n++] = *s;
    out[n] = 0;
    return n >= PHONE_DIGITS ? out + n - PHONE_DIGITS : NULL;
}

/* An e-mail, a phone in any spelling, a day as 17.05.1980, the number of a passport. */
static bool same_mark(struct arena *a, const char *value, const char *mark)
{
    const char *x, *y;

    if (!value || !*value)
        return false;
    if (strcmp(text_fold(a, value), text_fold(a, mark)) == 0)
        return true;
    x = strchr(value, '@') ? NULL : last_digits(a, value);
    y = strchr(mark, '@') ? NULL : last_digits(a, mark);
    return x && y && strcmp(x, y) == 0;
}

static const char *mark_of(struct work *w, const char *typed)
{
    int d, m, y, used = 0;

    if (sscanf(typed, "%2d.%2d.%4d%n", &d, &m, &y, &used) == 3 && !typed[used])
        return arena_fmt(w->a, "%04d-%02d-%02d", y, m, d);
    return typed;
}

static enum rc marked(struct work *w, const struct casefile *f, const char *mark, bool *yes, struct err *e)
{
    struct case_answers x;

    TRY(case_answers(w, f, &x, e));
    *yes = same_mark(w->a, f->email, mark) || same_mark(w->a, f->phone, mark) ||
           (x.request && same_mark(w->a, x.request->identity.document_number, mark));
    for (size_t i = 0; i < x.now.n && !*yes; i++)
        for (size_t k = 0; k < x.now.items[i].n && !*yes; k++)
            *yes = same_mark(w->a, x.now.items[i].values[k], mark);
    return RC_OK;
}

static enum rc places_of(struct work *w, const struct actor *who, const char *institution,
                         struct book_find *find, struct err *e)
{
    static const char *const rights[] = {"person.export", "person.erase"};
    struct institutions tree;
    struct err why = {0};

    TRY(work_tree(w, &tree, e));
    struct rights_place *places = ARENA_ARRAY(w->a, struct rights_place, tree.n + 1);
    for (size_t i = 0; i < tree.n; i++) {
        const struct rights_place at = {.institution = tree.items[i].id, .department = "", .reason = true};
        if (institution && strcmp(institution, at.institution) != 0)
            continue;
        if (work_may(w, who, rights[0], &at, &why) == RC_OK ||
            work_may(w, who, rights[1], &at, &why) == RC_OK)
            places[find->n_places++] = at;
    }
    find->places = places;
    if (find->n_places)
        return RC_OK;
    return why.rc ? err_set(e, RC_DENIED, "%s", why.text)
                  : err_at(e, RC_NOT_FOUND, "institution", "there is no such institution");
}

enum rc person_crowd(struct work *w, struct err *e)
{
    return person_refuse(
        w, "name",
        (struct tr){
            {"Peste 200 de dosare sau poziții poartă acest nume. Scrieți numele întreg sau instituția.",
             "Több mint 200 ügyirat vagy tétel viseli ezt a nevet. Írja be a teljes nevet vagy az "
             "intézményt.",
             "More than 200 cases or entries bear this name. Give the whole name or the institution."}},
        e);
}

static enum rc look(struct work *w, const struct person_find *in, const struct book_find *find,
                    struct person_found *out, struct err *e)
{
    struct book_found found;

    TRY(book_find(w, find, &found, e));
    if (found.next)
        return person_crowd(w, e);
    out->items = ARENA_ARRAY(w->a, struct casefile, found.n + 1);
    out->cases = ARENA_ARRAY(w->a, struct person_case, found.n + 1);
    for (size_t i = 0; i < found.n; i++) {
        const struct casefile *f = &found.items[i];
        const struct person_ask one = {0};
        struct db_result *r SCOPED(db_result_freep) = NULL;
        bool yes = true;
        TRY(bears(w, f, in->name, &yes, e)); /* not only its subject */
        if (yes && in->mark)
            TRY(marked(w, f, mark_of(w, in->mark), &yes, e));
        if (!yes)
            continue;
        TRY(person_read(w, &one, arena_fmt(w->a, "{%s}", f->id), &r, e));
        out->items[out->n] = *f;
        out->cases[out->n++] = person_case_at(w, r, 0);
    }
    return RC_OK;
}

static struct db_param houses_of(struct arena *a, const struct book_find *find)
{
    BUF_SCOPE(b);

    pgarr_open(&b, PG_TEXT, find->n_places);
    for (size_t i = 0; i < find->n_places; i++)
        pgarr_text(&b, find->places[i].institution);
    return (struct db_param){arena_dup(a, b.p, b.len), (int)b.len, true};
}

enum rc person_find(struct work *w, const struct actor *who, const struct person_find *in,
                    struct person_found *out, struct err *e)
{
    struct book_find find = {.q = in->name, .limit = PERSON_FOUND_MAX};
    struct person_ask ask = {.reason = in->reason, .name = in->name};
    struct book_query q;

    *out = (struct person_found){0};
    TRY(person_reason(w, &ask, e));
    TRY(book_query(w, in->name, &q, e));
    if (q.kind != FIND_NAME)
        return person_refuse(
            w, "name",
            (struct tr){{"Scrieți un nume; numerele se dau la copie sau ștergere.",
                         "Nevet írjon be; a számokat a másolatnál vagy törlésnél kell megadni.",
                         "Type a name; numbers are given to the copy or the erasure."}},
            e);
    TRY(places_of(w, who, in->institution, &find, e));
    TRY(look(w, in, &find, out, e));
    if (in->entries)
        TRY(person_named(w, in, houses_of(w->a, &find), out, e));
    const struct person_list list = {
        .items = out->cases, .n = out->n, .entries = out->entries, .n_entries = out->n_entries};
    TRY(person_unnamed(w, &ask, &list, e));
    const char *house = in->institution ? in->institution : *who->institution ? who->institution : NULL;
    const struct work_log log = {house, NULL, "person looked up",
                                 arena_fmt(w->a, "by name%s, cases %zu, entries %zu, reason: %s",
                                           in->mark ? " and a mark" : "", out->n, out->n_entries,
                                           in->reason)};
    return work_audit(w, who, &log, e);
}
