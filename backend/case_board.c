/* What steps do outside the file: a letter waits for paper, a notice hangs on the board, a place goes to who
 * is next. */
#include "backend/case_priv.h"

#include <string.h>

#include "backend/doc.h"

/* ---- print ---- */

enum rc case_fx_print(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    struct document paper;
    bool found;

    (void)x;
    TRY(doc_answer_of(d->w, d->c->id, &found, &paper, e));
    if (!found)
        return RC_OK;
    struct db_param p[] = {DB_STR(d->c->id), DB_STR(paper.id), DB_STR(case_int(d->w->a, d->w->now_ms())),
                           DB_STR(d->who->account)};
    return work_sql(d->w, SQL_CASE_PRINT_ADD, p, NULL, e);
}

static enum rc printed_inside(struct work *w, const struct actor *who, const char *document,
                              const char *reason, struct err *e)
{
    static const struct tr none = {{"Această scrisoare nu așteaptă tipărirea.",
                                    "Ez a levél nem vár nyomtatásra.",
                                    "This letter does not wait for paper."}};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(document), DB_STR(case_int(w->a, w->now_ms())), DB_STR(who->account)};
    struct document d;
    struct casefile c;

    TRY(doc_get(w, document, &d, e));
    if (!d.case_id)
        return err_set(e, RC_NOT_FOUND, "document %s is of no case", document);
    TRY(case_get(w, d.case_id, true, &c, e));
    TRY(case_may(w, who, "document.certify", &c, reason, e));
    TRY(work_sql(w, SQL_CASE_PRINT_DONE, p, &r, e));
    if (db_rows(r) != 1) {
        w->say = none;
        return err_set(e, RC_STATE, "document %s does not wait for paper", document);
    }
    struct case_happening h = {
        .who = who, .act = "printed", .from = c.state, .to = c.state, .detail = document};
    return case_event(w, &c, &h, e);
}

enum rc case_printed(struct work *w, const struct actor *who, const char *document, const char *reason,
                     struct err *e)
{
    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    return work_end(w, printed_inside(w, who, document, reason, e), e);
}

/* ---- the notice board ---- */

static const char *term_of(const struct case_doing *d)
{
    for (size_t i = 0; i < d->done.n_effects; i++)
        if (strcmp(d->done.effects[i].id, "sub_term") == 0)
            return d->done.effects[i].term;
    return NULL;
}

/* As long as the term runs that it serves. */
enum rc case_fx_notice(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    struct arena *a = d->w->a;
    struct date today = case_today(d->w), until = d->sub_due;
    const char *rule = term_of(d), *paper = case_given(d, "document");

    (void)x;
    if (rule && strcmp(rule, "service") == 0)
        rule = d->c->svc ? d->c->svc->term : NULL;
    if (!date_valid(until) || date_cmp(until, today) < 0) {
        rule = "policy.notice";
        TRY(case_term_sub(d->w, d->c, rule, &until, e));
    }
    struct db_param p[] = {DB_STR(d->c->id),
                           DB_STR(d->c->institution),
                           DB_STR(d->c->service),
                           DB_STR(rule),
                           DB_STR(paper && uuid_valid(paper) ? paper : NULL),
                           DB_STR(case_day(a, today)),
                           DB_STR(case_day(a, until)),
                           DB_STR(case_int(a, d->w->now_ms())),
                           DB_STR(d->who->account)};
    return work_sql(d->w, SQL_CASE_NOTICE_POST, p, NULL, e);
}

enum rc case_board(struct work *w, const char *institution, struct case_notice **out, size_t *n,
                   struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(institution), DB_STR(case_day(w->a, case_today(w)))};
    const struct date zero = {1970, 1, 1};

    TRY(work_sql(w, SQL_CASE_BOARD, p, &r, e));
    *n = (size_t)db_rows(r);
    *out = ARENA_ARRAY(w->a, struct case_notice, *n + 1);
    for (int i = 0; i < db_rows(r); i++)
        (*out)[i] = (struct case_notice){
            .service = catalog_find(&w->house->catalog, db_text(r, i, 0)),
            .rule = arena_str(w->a, db_text(r, i, 1)),
            .from = date_add(zero, db_int(r, i, 2)),
            .to = date_add(zero, db_int(r, i, 3)),
            .document = db_is_null(r, i, 4) ? NULL : arena_str(w->a, db_text(r, i, 4)),
            .number = case_number(w, db_text(r, i, 5), db_int(r, i, 6), db_int(r, i, 7)),
        };
    return RC_OK;
}

/* ---- what the case held ---- */

/* The place is there for who has waited longest; a person, or the next run, offers it. */
static enum rc next_in_line(struct case_doing *d, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(d->c->id)};
    struct casefile c;
    struct workflow_given given = {"case.place_free", "true"};

    TRY(work_sql(d->w, SQL_CASE_NEXT_WAITING, p, &r, e));
    if (db_rows(r) != 1)
        return RC_OK;
    TRY(case_get(d->w, arena_str(d->w->a, db_text(r, 0, 0)), true, &c, e));
    int64_t before = c.version++;
    case_settle(d->w, &c, given.need, given.value);
    c.attention = "staff_place_free";
    TRY(case_save(d->w, &c, before, e));
    struct case_happening h = {.who = &actor_system,
                               .act = "fact",
                               .from = c.state,
                               .to = c.state,
                               .given = case_given_json(d->w, &given, 1),
                               .detail = "place_free"};
    return case_event(d->w, &c, &h, e);
}

enum rc case_fx_release(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    struct arena *a = d->w->a;
    struct db_param p[] = {DB_STR(d->c->id), DB_STR(case_int(a, d->w->now_ms())),
                           DB_STR(case_day(a, case_today(d->w)))};
    const char *promised = strcmp(d->from, "waiting") == 0 ? case_fact_of(d->c, "case.place_free") : NULL;
    bool held = strcmp(d->from, "decided") == 0 || strcmp(d->from, "issued") == 0 ||
                (promised && strcmp(promised, "true") == 0);

    (void)x;
    TRY(work_sql(d->w, SQL_CASE_NOTICE_DOWN, p, NULL, e));
    return held && workflow_action(d->c->flow, "place_found") ? next_in_line(d, e) : RC_OK;
}
