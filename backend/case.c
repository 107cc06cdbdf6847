/* Reading a casefile, and who may do what with it. */
#include "backend/case_priv.h"

#include <string.h>

#include "common/base/text.h"

static const char *own(struct arena *a, const struct db_result *r, int row, int col)
{
    return db_is_null(r, row, col) ? NULL : arena_str(a, db_text(r, row, col));
}

static struct date day_of(const struct db_result *r, int row, int col)
{
    struct date none = {0};
    return db_is_null(r, row, col) ? none : date_add((struct date){1970, 1, 1}, db_int(r, row, col));
}

struct date case_today(const struct work *w)
{
    return date_of_ms(w->now_ms());
}

const char *case_number(const struct work *w, const char *reg, int64_t n, int64_t registered_ms)
{
    return register_number(w->a, &w->house->registers, reg, n, date_of_ms(registered_ms));
}

size_t case_words(struct arena *a, const char *list, const char ***out)
{
    size_t n = 0, cap = 1;

    for (const char *p = list; *p; p++)
        cap += *p == ',';
    const char **words = ARENA_ARRAY(a, const char *, cap + 1);
    for (const char *p = list; *p;) {
        size_t len = strcspn(p, ",");
        const char *at = p;
        size_t word = len;
        for (; word && *at == ' '; at++)
            word--;
        while (word && at[word - 1] == ' ')
            word--;
        if (word)
            words[n++] = arena_strn(a, at, word);
        p += len + (p[len] == ',');
    }
    *out = words;
    return n;
}

static enum rc row_flow(struct work *w, const char *facts, struct casefile *c, struct err *e)
{
    struct jval *v = NULL;

    c->flow = workflow_find(&w->house->workflows, c->workflow);
    if (!c->flow)
        return err_set(e, RC_STATE, "case %s: there is no workflow %s any more", c->id, c->workflow);
    c->svc = catalog_version(&w->house->catalog, c->service, c->service_version);
    for (size_t i = 0; i < c->n_flags; i++)
        c->bits |= workflow_flag(&w->house->workflows, c->flags[i]);
    TRY(jval_parse(w->a, facts, strlen(facts), &v, e));
    c->facts = v;
    return RC_OK;
}

static enum rc row_days(struct work *w, struct casefile *c, struct err *e)
{
    const struct wf_state *s = workflow_state(&w->house->workflows, c->state);
    bool runs = s && (strcmp(s->clock, "runs") == 0 || strcmp(s->clock, "by_rule") == 0);

    if (!date_valid(c->due))
        return RC_OK;
    TRY(work_terms(w, e));
    c->days_left = term_working_left(w->terms, case_today(w), c->due);
    c->late = runs && date_valid(c->late_after) && date_cmp(case_today(w), c->late_after) > 0;
    return RC_OK;
}

enum rc case_row(struct work *w, const struct db_result *r, int i, struct casefile *c, struct err *e)
{
    struct arena *a = w->a;

    *c = (struct casefile){.id = own(a, r, i, 0), .request_id = own(a, r, i, 1)};
    c->institution = own(a, r, i, 2);
    c->reg = own(a, r, i, 3);
    c->n = db_int(r, i, 4);
    c->year = db_int(r, i, 5);
    c->version = db_int(r, i, 6);
    c->service_version = db_int(r, i, 7);
    c->registered_ms = db_int(r, i, 8);
    c->entered_ms = db_int(r, i, 9);
    c->closed_ms = db_int(r, i, 10);
    c->filed_on = day_of(r, i, 11);
    c->due = day_of(r, i, 12);
    c->late_after = day_of(r, i, 13);
    c->service = own(a, r, i, 14);
    c->workflow = own(a, r, i, 15);
    c->state = own(a, r, i, 16);
    c->n_flags = case_words(a, db_text(r, i, 17), &c->flags);
    c->department = own(a, r, i, 18);
    c->assignee = own(a, r, i, 19);
    c->author = own(a, r, i, 20);
    c->channel = own(a, r, i, 21);
    c->subject = own(a, r, i, 22);
    c->person = own(a, r, i, 23);
    c->attention = own(a, r, i, 24);
    c->email = own(a, r, i, 25);
    c->phone = own(a, r, i, 26);
    c->retention = own(a, r, i, 27);
    if (!lang_parse(db_text(r, i, 28), &c->lang))
        c->lang = LANG_RO;
    c->sealed = db_text(r, i, 29)[0] == 't';
    c->escalated = db_int(r, i, 31);
    c->assignee_name = own(a, r, i, 32);
    c->number = register_number(a, &w->house->registers, c->reg, c->n, date_of_ms(c->registered_ms));
    TRY(row_flow(w, db_text(r, i, 30), c, e));
    return row_days(w, c, e);
}

enum rc case_get(struct work *w, const char *id, bool lock, struct casefile *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(id)};

    if (!id || !uuid_valid(id))
        return err_set(e, RC_NOT_FOUND, "not the id of a case");
    TRY(work_sql(w, lock ? SQL_CASE_LOCK : SQL_CASE_GET, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no case %s", id);
    return case_row(w, r, 0, out, e);
}
