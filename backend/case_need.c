/* What is given with a step, each need with its own rule and its own sentence. */
#include "backend/case_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

enum { FIELDS_MAX = 64, NUMBER_MAX = 64 };

enum rc case_bad(struct work *w, const char *path, const struct tr *say, struct err *e)
{
    w->say = *say;
    return err_at(e, RC_BAD_FIELD, path, "%s", say->t[LANG_EN]);
}

enum rc case_text(struct work *w, const char *path, const char *text, const char **out, struct err *e)
{
    static const struct tr empty = {{"Scrieți un text.", "Írjon be szöveget.", "Write a text."}};
    static const struct tr odd = {{"Textul are semne care nu se pot păstra.",
                                   "A szövegben nem tárolható jelek vannak.",
                                   "The text has characters that cannot be kept."}};
    static const struct tr big = {{"Textul are peste 2000 de semne.", "A szöveg 2000 jelnél hosszabb.",
                                   "The text is longer than 2,000 characters."}};

    *out = NULL;
    if (!text || !*text)
        return case_bad(w, path, &empty, e);
    if (strlen(text) > 4 * CASE_TEXT_MAX)
        return case_bad(w, path, &big, e);
    if (!utf8_valid(text, strlen(text)))
        return case_bad(w, path, &odd, e);
    if (utf8_count(text) > CASE_TEXT_MAX)
        return case_bad(w, path, &big, e);
    char *line = arena_str(w->a, text);
    for (char *p = line; *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    if (text_clean(w->a, line, out, NULL) != RC_OK)
        return case_bad(w, path, &odd, e);
    return **out ? RC_OK : case_bad(w, path, &empty, e);
}

static enum rc need_text(struct case_doing *d, const char *need, const char *value, struct err *e)
{
    const char *clean;
    return case_text(d->w, need, value, &clean, e);
}

static bool among(const char *const *list, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], id) == 0)
            return true;
    return false;
}

static enum rc need_fields(struct case_doing *d, const char *need, const char *value, struct err *e)
{
    static const struct tr none = {
        {"Alegeți cel puțin un câmp.", "Válasszon legalább egy mezőt.", "Choose at least one field."}};
    static const struct tr odd = {{"Acest câmp nu se poate cere din nou.", "Ez a mező nem kérhető be újra.",
                                   "This field cannot be asked for again."}};
    const char **ids, **may;
    struct case_answers x;
    size_t n = strlen(value) < 4096 ? case_words(d->w->a, value, &ids) : 0, n_may;

    if (n == 0 || n > FIELDS_MAX)
        return case_bad(d->w, need, &none, e);
    TRY(case_answers(d->w, d->c, &x, e));
    case_returnable(d->w, d->c, &x, &may, &n_may);
    for (size_t i = 0; i < n; i++)
        if (!among(may, n_may, ids[i]))
            return case_bad(d->w, need, &odd, e);
    return RC_OK;
}

static enum rc need_department(struct case_doing *d, const char *need, const char *value, struct err *e)
{
    static const struct tr odd = {
        {"Acest birou nu există.", "Nincs ilyen iroda.", "There is no such office."}};
    return catalog_department(&d->w->house->catalog, value) ? RC_OK : case_bad(d->w, need, &odd, e);
}

static enum rc need_institution(struct case_doing *d, const char *need, const char *value, struct err *e)
{
    static const struct tr odd = {
        {"Această instituție nu există.", "Nincs ilyen intézmény.", "There is no such institution."}};
    static const struct tr own = {{"Dosarul este deja la această instituție.",
                                   "Az ügy már ennél az intézménynél van.",
                                   "The case is with this institution already."}};
    struct institutions tree;

    TRY(work_tree(d->w, &tree, e));
    if (strcmp(value, d->c->institution) == 0)
        return case_bad(d->w, need, &own, e);
    for (size_t i = 0; i < tree.n; i++)
        if (strcmp(tree.items[i].id, value) == 0)
            return RC_OK;
    return case_bad(d->w, need, &odd, e);
}

/* What is taken along ends with this case: nobody does that to another office, though it asked them for a
 * word. */
static enum rc works_on(struct case_doing *d, const struct casefile *other, struct err *e)
{
    const struct rights_place at = {other->institution, other->department, false, false};

    TRY(work_may(d->w, d->who, "case.list", &at, e));
    return case_may(d->w, d->who, "case.view", other, arena_fmt(d->w->a, "step %.64s", d->done.action->id),
                    e);
}

/* One answer for both: the same service in the same way of working, and not answered yet. */
static enum rc belongs(struct case_doing *d, const char *need, const struct casefile *other, struct err *e)
{
    static const struct tr kind = {{"Dosarul acela este pentru alt serviciu: fiecare primește răspunsul său.",
                                    "Az az ügy másik szolgáltatásra vonatkozik: mindegyik külön választ kap.",
                                    "That case is of another service: each gets an answer of its own."}};
    static const struct tr late = {{"La dosarul acela s-a răspuns deja.", "Arra az ügyre már válaszoltak.",
                                    "That case was answered already."}};
    static const struct tr decided = {
        {"Dosarul acela are răspunsul său, care așteaptă semnătura: nimic nu s-a conexat. Ca să primească "
         "același răspuns, trebuie întors întâi la lucru; altfel fiecare rămâne cu răspunsul său.",
         "Annak az ügynek saját, aláírásra váró válasza van: semmi sem lett összevonva. Közös válaszhoz "
         "előbb vissza kell küldeni kidolgozásra; különben mindkettő a saját válaszát kapja.",
         "That case has an answer of its own that waits for its signature: nothing was connexed. To share "
         "this answer it has to be sent back to work first; else each keeps an answer of its own."}};
    static const char *const waits[] = {"registered", "in_work", "returned"};

    if (strcmp(other->service, d->c->service) != 0 || strcmp(other->flow->id, d->c->flow->id) != 0)
        return case_bad(d->w, need, &kind, e);
    if (strcmp(other->state, "decided") == 0)
        return case_bad(d->w, need, &decided, e);
    return among(waits, COUNT(waits), other->state) ? RC_OK : case_bad(d->w, need, &late, e);
}

static enum rc need_number(struct case_doing *d, const char *need, const char *value, struct err *e)
{
    static const struct tr odd = {{"Nu găsesc dosarul cu acest număr la instituția dumneavoastră.",
                                   "Ezen a számon nincs ügy az intézményénél.",
                                   "There is no case with this number at your institution."}};
    static const struct tr own = {
        {"Acesta este chiar dosarul de față.", "Ez maga a jelen ügy.", "That is this very case."}};
    static const struct tr over = {
        {"Dosarul acela este încheiat.", "Az az ügy már lezárult.", "That case has ended."}};
    struct casefile other;
    struct err no = {0};
    enum rc rc = case_by_number(d->w, d->c->institution, value, &other, &no);

    if (rc == RC_OK && d->who->kind == ACTOR_STAFF)
        rc = works_on(d, &other, &no);
    if (rc == RC_DENIED)
        rc = RC_NOT_FOUND;

    if (rc == RC_NOT_FOUND)
        return case_bad(d->w, need, &odd, e);
    if (rc != RC_OK)
        return err_set(e, rc, "%s", no.text);
    if (strcmp(other.id, d->c->id) == 0)
        return case_bad(d->w, need, &own, e);
    if (other.closed_ms)
        return case_bad(d->w, need, &over, e);
    TRY(belongs(d, need, &other, e));
    d->other = other.id;
    d->other_number = other.number;
    return RC_OK;
}

static enum rc need_found(struct case_doing *d, const char *need, const char *value, struct err *e)
{
    static const struct tr odd = {{"Rezultatul este: da, nu sau parțial.",
                                   "Az eredmény: igen, nem vagy részben.",
                                   "The result is yes, no or partial."}};
    static const char *const words[] = {"yes", "no", "partial"};

    return among(words, COUNT(words), value) ? RC_OK : case_bad(d->w, need, &odd, e);
}

static enum rc need_document(struct case_doing *d, const char *need, const char *value, struct err *e)
{
    static const struct tr odd = {{"Documentul nu este în acest dosar.", "Az irat nincs ebben az ügyben.",
                                   "The document is not in this case."}};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(value), DB_STR(d->c->id)};

    if (strcmp(value, "draft") != 0 && !uuid_valid(value))
        return case_bad(d->w, need, &odd, e);
    TRY(work_sql(d->w, SQL_CASE_DOCUMENT_HERE, p, &r, e));
    if (db_rows(r) == 0)
        return case_bad(d->w, need, &odd, e);
    d->document = value;
    return RC_OK;
}

static enum rc need_rule(struct case_doing *d, const char *need, const char *value, struct err *e)
{
    (void)d;
    (void)need;
    (void)value;
    (void)e; /* the workflow knows the rules */
    return RC_OK;
}

static const struct {
    const char *need;
    enum rc (*check)(struct case_doing *d, const char *need, const char *value, struct err *e);
} checks[] = {{"reason", need_text},           {"note", need_text},
              {"legal_basis", need_text},      {"outcome_code", need_text},
              {"code", case_code_check},       {"fields", need_fields},
              {"department", need_department}, {"institution", need_institution},
              {"case_number", need_number},    {"search_result", need_found},
              {"document", need_document},     {"term_rule", need_rule}};

static enum rc check_one(struct case_doing *d, const struct workflow_given *g, struct err *e)
{
    static const struct tr odd = {
        {"Acest pas nu cere așa ceva.", "Ez a lépés ilyet nem kér.", "This step does not ask for that."}};

    for (size_t i = 0; i < COUNT(checks); i++)
        if (strcmp(checks[i].need, g->need) == 0)
            return checks[i].check(d, g->need, g->value, e);
    return case_bad(d->w, "given", &odd, e);
}

/* Given beyond what the step needs: a reason is always welcome, nothing else is. */
static enum rc only_asked(struct case_doing *d, const struct workflow_given *g, struct err *e)
{
    static const struct tr odd = {
        {"Acest pas nu cere așa ceva.", "Ez a lépés ilyet nem kér.", "This step does not ask for that."}};
    const struct wf_action *x = d->done.action;

    if (among(x->needs, x->n_needs, g->need) || strcmp(g->need, "reason") == 0)
        return RC_OK;
    return case_bad(d->w, "given", &odd, e);
}

enum rc case_needs(struct case_doing *d, struct err *e)
{
    for (size_t i = 0; i < d->act->n_given; i++) {
        TRY(only_asked(d, &d->act->given[i], e));
        TRY(check_one(d, &d->act->given[i], e));
    }
    return RC_OK;
}

/* ---- a case by what is printed on its slip ---- */

static const char *reg_of(const struct work *w, const char *prefix)
{
    for (size_t i = 0; i < w->house->registers.n; i++) {
        const struct register_rule *x = &w->house->registers.items[i];
        if (strcmp(x->id, prefix) == 0 || (*x->prefix && strcmp(x->prefix, prefix) == 0))
            return x->id;
    }
    return NULL;
}

/* "15", "15/2026", "15/22.11.2026", "CS 15/22.11.2026", "civil_status/15/2026" */
static bool number_read(const struct work *w, const char *which, const char **reg, long *n, long *year)
{
    char word[33] = "", rest[33] = "";
    int used = 0;

    *reg = NULL;
    *year = 0;
    if (sscanf(which, "%32[A-Za-z_0-9]%*1[ /]%n", word, &used) == 1 && used > 0 &&
        strspn(word, "0123456789") == 0) {
        *reg = reg_of(w, word);
        if (!*reg)
            return false;
        which += used;
    }
    if (sscanf(which, "%9ld/%32[0-9.]%n", n, rest, &used) < 2)
        return sscanf(which, "%9ld%n", n, &used) == 1 && which[used] == 0 && *n > 0;
    const char *dot = strrchr(rest, '.');
    *year = strtol(dot ? dot + 1 : rest, NULL, 10);
    return which[used] == 0 && *n > 0 && *year > 1900 && *year < 3000;
}

enum rc case_by_number(struct work *w, const char *institution, const char *which, struct casefile *out,
                       struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *reg;
    long n, year;

    if (uuid_valid(which)) {
        TRY(case_get(w, which, false, out, e));
        return strcmp(out->institution, institution) == 0
                   ? RC_OK
                   : err_set(e, RC_NOT_FOUND, "of another institution");
    }
    if (strlen(which) > NUMBER_MAX || !number_read(w, which, &reg, &n, &year))
        return err_set(e, RC_NOT_FOUND, "not the number of a case");
    struct db_param p[] = {DB_STR(institution), DB_STR(reg), DB_STR(case_int(w->a, n)),
                           DB_STR(year ? case_int(w->a, year) : NULL), DB_STR(NULL)};
    TRY(work_sql(w, SQL_CASE_FIND, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no such case");
    return case_get(w, arena_str(w->a, db_text(r, 0, 0)), false, out, e);
}
