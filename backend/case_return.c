/* Only what was wrong comes back to the citizen: made with a token, answered by the form's own rules. */
#include "backend/case_priv.h"

#include <string.h>

#include "backend/registry.h"
#include "backend/doc.h"
#include "common/base/text.h"

enum { TOKEN_BYTES = 16, ERRORS_MAX = 64 };

static void mark_of(const char *token, uint8_t out[SHA256_LEN])
{
    sha256(out, token, strlen(token));
}

static const char *joined(struct arena *a, const char *const *ids, size_t n)
{
    const char *out = "";

    for (size_t i = 0; i < n; i++)
        out = arena_fmt(a, "%s%s%s", out, i ? "," : "", ids[i]);
    return out;
}

enum rc case_return_over(struct case_doing *d, struct err *e)
{
    struct case_return back;
    struct err no = {0};
    enum rc rc = case_return_open(d->w, d->c->id, NULL, &back, &no);

    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : err_set(e, rc, "%s", no.text);
    struct db_param p[] = {DB_STR(case_int(d->w->a, back.id)), DB_STR(NULL),
                           DB_STR(case_int(d->w->a, d->w->now_ms()))};
    return work_sql(d->w, SQL_CASE_RETURN_ANSWER, p, NULL, e);
}

enum rc case_return_make(struct case_doing *d, struct err *e)
{
    struct arena *a = d->w->a;
    uint8_t raw[TOKEN_BYTES], mark[SHA256_LEN];
    char *token = arena_alloc(a, 2 * TOKEN_BYTES + 1);
    const char **ids;
    size_t n = case_words(a, case_given(d, "fields"), &ids);

    TRY(rnd_bytes(raw, sizeof(raw), e));
    hex_encode(token, raw, sizeof(raw));
    mark_of(token, mark);
    d->token = token;
    TRY(case_return_over(d, e));
    struct db_param p[] = {DB_STR(d->c->id),          DB_STR(case_int(a, d->w->now_ms())),
                           DB_STR(d->who->account),   DB_STR(case_given(d, "reason")),
                           DB_STR(joined(a, ids, n)), case_bytea(a, BYTES(mark, sizeof(mark)))};
    return work_sql(d->w, SQL_CASE_RETURN_ADD, p, NULL, e);
}

static void read_return(struct work *w, const struct db_result *r, struct case_return *out)
{
    out->id = db_int(r, 0, 0);
    out->case_id = arena_str(w->a, db_text(r, 0, 1));
    out->at_ms = db_int(r, 0, 2);
    out->reason = arena_str(w->a, db_text(r, 0, 3));
    out->n_fields = case_words(w->a, db_text(r, 0, 4), &out->fields);
}

static const char *sealed_at(struct work *w, const char *case_id, int64_t id)
{
    return arena_fmt(w->a, "%s %lld", case_id, (long long)id);
}

enum rc case_return_open(struct work *w, const char *case_id, const char *token, struct case_return *out,
                         struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    uint8_t mark[SHA256_LEN];
    struct db_param none = {NULL, 0, false};

    if (token && strlen(token) != 2 * TOKEN_BYTES)
        return err_set(e, RC_NOT_FOUND, "no such link");
    if (token)
        mark_of(token, mark);
    struct db_param p[] = {DB_STR(case_id), token ? case_bytea(w->a, BYTES(mark, sizeof(mark))) : none};
    TRY(work_sql(w, SQL_CASE_RETURN_GET, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "nothing is with the citizen");
    read_return(w, r, out);
    return RC_OK;
}

enum rc case_return_last(struct work *w, const char *case_id, struct case_return *out, const char **json,
                         struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(case_id), DB_STR(case_int(w->a, w->now_ms()))};
    struct bytes text;

    TRY(work_sql(w, SQL_CASE_RETURN_LAST, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "nothing was put right lately");
    read_return(w, r, out);
    TRY(case_unseal_text(w, "case_return", sealed_at(w, out->case_id, out->id), db_text(r, 0, 5), &text, e));
    *json = arena_strn(w->a, text.p, text.len);
    return RC_OK;
}

static bool returned(const struct case_return *back, const char *id)
{
    for (size_t i = 0; i < back->n_fields; i++)
        if (strcmp(back->fields[i], id) == 0)
            return true;
    return false;
}

static const char *path_of(struct work *w, const char *id)
{
    return arena_fmt(w->a, "answers.%.80s", id);
}

/* Every returned field, and no other. */
static enum rc right_fields(struct work *w, const struct case_return *back, const struct jval *v,
                            struct err *e)
{
    static const struct tr shape = {
        {"Corectura nu este completă.", "A javítás nem teljes.", "The correction is not complete."}};
    static const struct tr other = {{"Acest câmp nu este de corectat.", "Ez a mező nem javítandó.",
                                     "This field is not to be corrected."}};
    static const struct tr missing = {{"Lipsește o corectură cerută.", "Hiányzik egy kért javítás.",
                                       "A correction that was asked for is missing."}};

    if (!v || v->kind != JV_OBJ)
        return case_bad(w, "answers", &shape, e);
    for (size_t i = 0; i < v->n; i++)
        if (!returned(back, v->names[i]))
            return case_bad(w, path_of(w, v->names[i]), &other, e);
    for (size_t i = 0; i < back->n_fields; i++)
        if (!jval_get(v, back->fields[i]))
            return case_bad(w, path_of(w, back->fields[i]), &missing, e);
    return RC_OK;
}

static enum rc wrong_field(struct work *w, const struct casefile *c, const struct form_error *x,
                           struct err *e)
{
    struct tr say = {{x->text, x->text, x->text}};

    (void)c;
    return case_bad(w, path_of(w, x->field), &say, e);
}

static enum rc files_here(struct work *w, const struct jval *v, struct err *e)
{
    static const struct tr missing = {{"Fișierul nu a ajuns. Trimiteți-l din nou.",
                                       "A fájl nem érkezett meg. Küldje be újra.",
                                       "The file has not arrived. Send it again."}};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *named = blobs_named(w->a, v);
    struct db_param p[] = {DB_STR(named)};

    if (!named)
        return RC_OK;
    TRY(work_sql(w, SQL_BLOBS_MISSING, p, &r, e));
    return db_rows(r) ? case_bad(w, "answers", &missing, e) : RC_OK;
}

/* By the rules of the form, with everything else as it stands. */
static enum rc judged(struct work *w, const struct casefile *c, const struct case_return *back,
                      const struct jval *v, const char **json, struct err *e)
{
    static const struct tr shape = {{"Valoarea nu are forma cerută.", "Az érték formája nem megfelelő.",
                                     "The value does not have the right form."}};
    struct form_error errors[ERRORS_MAX];
    struct case_answers x;
    struct form_ctx form = case_form(w, c);
    BUF_SCOPE(out);

    TRY(case_answers(w, c, &x, e));
    if (answers_read(&x.now, c->svc, v, e) != RC_OK) {
        w->say = shape;
        return RC_BAD_FIELD;
    }
    size_t n = form_check(&form, &x.now, errors, ERRORS_MAX);
    for (size_t i = 0; i < n; i++)
        if (returned(back, errors[i].field))
            return wrong_field(w, c, &errors[i], e);
    TRY(files_here(w, v, e));
    jval_encode(v, &out);
    *json = arena_strn(w->a, out.p, out.len);
    return RC_OK;
}

static enum rc keep(struct work *w, const struct casefile *c, const struct case_return *back,
                    const char *json, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct bytes sealed;

    TRY(case_seal_text(w, "case_return", sealed_at(w, c->id, back->id), BYTES(json, strlen(json)), &sealed,
                       e));
    struct db_param p[] = {DB_STR(case_int(w->a, back->id)), case_bytea(w->a, sealed),
                           DB_STR(case_int(w->a, w->now_ms()))};
    TRY(work_sql(w, SQL_CASE_RETURN_ANSWER, p, &r, e));
    return db_rows(r) == 1 ? RC_OK : err_set(e, RC_CONFLICT, "it was answered meanwhile");
}

/* New files are documents of the case from now on. */
static enum rc files_kept(struct work *w, const struct casefile *c, struct err *e)
{
    struct case_answers x;

    TRY(case_answers(w, c, &x, e));
    return doc_attach(w, c, &x.now, e);
}

static enum rc answer_inside(struct work *w, const struct actor *who, const char *case_id,
                             const struct jval *answers, struct casefile *c, struct err *e)
{
    struct case_return back;
    const char *json = NULL;

    TRY(case_lock(w, case_id, NULL, e));
    TRY(case_get(w, case_id, true, c, e));
    if (who->kind == ACTOR_STAFF)
        TRY(case_may(w, who, "case.return_fields", c, "typed for the applicant", e));
    TRY(case_return_open(w, case_id, NULL, &back, e));
    if (!c->svc || c->closed_ms)
        return err_set(e, RC_STATE, "case %s has ended, or its service is gone", c->id);
    TRY(right_fields(w, &back, answers, e));
    TRY(judged(w, c, &back, answers, &json, e));
    TRY(keep(w, c, &back, json, e));
    TRY(files_kept(w, c, e));
    if (strcmp(c->state, "returned") != 0)
        return RC_OK; /* the office went on without it; it is in the file all the same */
    struct case_act act = {.id = c->id, .action = "correct", .version = c->version};
    return case_step_inside(w, who, &act, c, e);
}

enum rc case_return_answer(struct work *w, const struct actor *who, const char *case_id,
                           const struct jval *answers, struct casefile *now, struct err *e)
{
    struct casefile c;

    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    TRY(work_end(w, answer_inside(w, who, case_id, answers, &c, e), e));
    if (now)
        *now = c;
    return RC_OK;
}

static enum rc typed_inside(struct work *w, const struct actor *who, const struct case_typed *t,
                            struct casefile *c, struct err *e)
{
    static const struct tr how = {{"Scanați foaia sau scrieți cum a venit corectura.",
                                   "Szkennelje be a lapot, vagy írja le, hogyan érkezett a javítás.",
                                   "Scan the sheet, or write how the correction came."}};
    bool noted = t->note && *t->note;
    struct workflow_given note = {"reason", t->note};

    TRY(case_lock(w, t->case_id, NULL, e));
    TRY(case_get(w, t->case_id, true, c, e));
    if (c->version != t->version)
        return err_set(e, RC_CONFLICT, "case %s has moved on", c->id);
    if (!noted && !t->scans)
        return case_bad(w, "note", &how, e);
    if (noted)
        TRY(case_text(w, "note", t->note, &note.value, e));
    struct case_happening h = {.who = who,
                               .act = "correction_typed",
                               .given = case_given_json(w, &note, noted),
                               .detail = arena_fmt(w->a, "for the applicant at the counter, %zu scans%s",
                                                   t->scans, noted ? ", with a note" : "")};
    TRY(case_event(w, c, &h, e));
    return answer_inside(w, who, t->case_id, t->answers, c, e);
}

enum rc case_return_typed(struct work *w, const struct actor *who, const struct case_typed *t,
                          struct casefile *now, struct err *e)
{
    struct casefile c;

    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    TRY(work_end(w, typed_inside(w, who, t, &c, e), e));
    if (now)
        *now = c;
    return RC_OK;
}
