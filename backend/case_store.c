/* Rows of casefile and case_event, written. */
#include "backend/book_fold.h"
#include "backend/case_priv.h"

#include <string.h>

#include "common/base/text.h"

static const char *joined(struct arena *a, const char *const *list, size_t n)
{
    const char *out = "";

    for (size_t i = 0; i < n; i++)
        out = arena_fmt(a, "%s%s%s", out, i ? "," : "", list[i]);
    return out;
}

static const char *bit(bool b)
{
    return b ? "true" : "false";
}

const char *case_flags_of(struct work *w, struct casefile *c, uint64_t bits)
{
    const struct wf_words *all = &w->house->workflows.flags;
    const char **ids = ARENA_ARRAY(w->a, const char *, all->n + 1);
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++)
        if (bits & UINT64_C(1) << i)
            ids[n++] = all->items[i].id;
    c->flags = ids;
    c->n_flags = n;
    c->bits = bits;
    return joined(w->a, ids, n);
}

const char *case_facts_json(struct work *w, const struct casefile *c)
{
    BUF_SCOPE(out);

    if (!c->facts)
        return "{}";
    jval_encode(c->facts, &out);
    return arena_strn(w->a, out.p, out.len);
}

static struct date dispose_day(struct work *w, const struct casefile *c)
{
    struct date none = {0}, d = case_today(w);
    struct jval *v = NULL;
    struct err e = {0};

    if (!c->retention || jval_load(w->a, arena_fmt(w->a, "%s/lookups.json", w->house->conf->configs), &v, &e))
        return none;
    const struct jval *list = jval_get(v, "retention");
    for (size_t i = 0; list && i < list->n; i++) {
        int64_t years = jval_int(&list->items[i], "years", 0);
        if (strcmp(jval_str(&list->items[i], "id", ""), c->retention) != 0)
            continue;
        /* Whole years are kept, from the first of January after the closing. */
        return years > 0 ? (struct date){d.y + 1 + (int)years, 1, 1} : none;
    }
    return none;
}

enum rc case_save(struct work *w, struct casefile *c, int64_t before, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct arena *a = w->a;
    bool ended = workflow_ended(&w->house->workflows, c->state);
    struct date dispose = {0};

    if (ended && !c->closed_ms) {
        c->closed_ms = w->now_ms();
        dispose = dispose_day(w, c);
    }
    struct db_param p[] = {DB_STR(c->id),
                           DB_STR(case_int(a, before)),
                           DB_STR(case_int(a, c->version)),
                           DB_STR(c->state),
                           DB_STR(case_flags_of(w, c, c->bits)),
                           DB_STR(c->department),
                           DB_STR(c->assignee),
                           DB_STR(c->author),
                           DB_STR(case_int(a, c->entered_ms)),
                           DB_STR(c->closed_ms ? case_int(a, c->closed_ms) : NULL),
                           DB_STR(case_day(a, c->due)),
                           DB_STR(case_day(a, c->late_after)),
                           DB_STR(case_facts_json(w, c)),
                           DB_STR(c->attention),
                           DB_STR(case_int(a, c->escalated)),
                           DB_STR(bit(c->sealed)),
                           DB_STR(case_day(a, c->filed_on)),
                           DB_STR(case_day(a, dispose))};
    TRY(work_sql(w, SQL_CASE_SAVE, p, &r, e));
    return db_rows(r) == 1 ? RC_OK : err_set(e, RC_CONFLICT, "case %s has another version", c->id);
}

/* A new row; *there: another one has this number. */
enum rc case_insert(struct work *w, struct casefile *c, const struct case_about *x, bool *there,
                    struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct arena *a = w->a;
    struct bytes sealed, answers;
    uint8_t hash[32];
    struct db_param none = {NULL, 0, false}, cnp = none, key = none, text = none;

    if (*x->cnp) {
        case_cnp_hash(w->house, x->cnp, hash);
        key = case_bytea(a, BYTES(hash, sizeof(hash)));
        TRY(case_seal_text(w, "cnp", c->id, BYTES(x->cnp, strlen(x->cnp)), &sealed, e));
        cnp = case_bytea(a, sealed);
    }
    if (x->answers) {
        TRY(case_seal_text(w, "answers", c->id, BYTES(x->answers, strlen(x->answers)), &answers, e));
        text = case_bytea(a, answers);
    }
    c->subject = x->subject;
    c->person = x->person;
    c->email = *x->email ? x->email : NULL;
    c->phone = *x->phone ? x->phone : NULL;
    struct db_param p[] = {DB_STR(c->id),
                           DB_STR(c->request_id),
                           DB_STR(c->institution),
                           DB_STR(c->reg),
                           DB_STR(case_int(a, c->year)),
                           DB_STR(case_int(a, c->n)),
                           DB_STR(c->service),
                           DB_STR(case_int(a, c->service_version)),
                           DB_STR(c->flow->id),
                           DB_STR(case_int(a, c->flow->version)),
                           DB_STR(c->state),
                           DB_STR(case_flags_of(w, c, c->bits)),
                           DB_STR(case_facts_json(w, c)),
                           DB_STR(c->department),
                           DB_STR(c->channel),
                           DB_STR(lang_codes[c->lang]),
                           DB_STR(case_int(a, c->registered_ms)),
                           DB_STR(case_int(a, w->now_ms())),
                           DB_STR(case_day(a, c->filed_on)),
                           DB_STR(c->subject),
                           DB_STR(c->person),
                           DB_STR(book_fold(a, arena_fmt(a, "%s %s", c->person, c->subject))),
                           key,
                           cnp,
                           DB_STR(c->email),
                           DB_STR(c->phone),
                           DB_STR(c->retention),
                           text,
                           DB_STR(bit(c->sealed)),
                           DB_STR(case_day(a, c->due)),
                           DB_STR(case_day(a, c->late_after))};
    TRY(work_sql(w, SQL_CASE_ADD, p, &r, e));
    *there = db_rows(r) == 0;
    return RC_OK;
}

static bool secret(const char *need)
{
    return strcmp(need, "code") == 0;
}

const char *case_given_json(struct work *w, const struct workflow_given *given, size_t n)
{
    BUF_SCOPE(out);

    buf_chr(&out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_chr(&out, ',');
        json_quote(&out, given[i].need);
        buf_chr(&out, ':');
        json_quote(&out, secret(given[i].need) ? "***" : given[i].value);
    }
    buf_chr(&out, '}');
    return arena_strn(w->a, out.p, out.len);
}

enum rc case_event(struct work *w, const struct casefile *c, const struct case_happening *x, struct err *e)
{
    struct db_param p[] = {DB_STR(c->id),
                           DB_STR(case_int(w->a, w->now_ms())),
                           DB_STR(case_int(w->a, c->version)),
                           DB_STR(x->who->account),
                           DB_STR(x->act),
                           DB_STR(x->from),
                           DB_STR(x->to),
                           DB_STR(x->given ? x->given : "{}"),
                           DB_STR(bit(x->public))};

    TRY(work_sql(w, SQL_CASE_EVENT_ADD, p, NULL, e));
    if (x->quiet)
        return RC_OK;
    return work_audit(w, x->who, &(struct work_log){c->institution, c->id, x->act, x->detail}, e);
}
