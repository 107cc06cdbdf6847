/* How long papers are kept, and how they go: one draws up the list with its inventory, another approves it,
 * the minutes say what went. Years count from the January after the case was closed. The rows of the
 * register, of the case, of its documents and of the audit stay. */
#include <string.h>

#include "backend/doc_priv.h"

struct batch {
    const struct retention *class;
    const char *institution, *id, *number;
    int64_t documents, first_ms, last_ms; /* first and last day of closing */
    const char **cells;                   /* of the table */
    size_t rows;
    const char *cases; /* PostgreSQL array */
};

static enum rc class_of(struct work *w, const char *retention, const struct retention **out, struct err *e)
{
    *out = retention_find(&w->house->templates, retention);
    if (!*out)
        return err_at(e, RC_BAD_FIELD, "retention", "there is no class %.40s", retention ? retention : "");
    if ((*out)->years < 0)
        return err_code(e, RC_STATE, "PERMANENT", 0, "%s is kept for ever", (*out)->id);
    return RC_OK;
}

static enum rc may(struct work *w, const struct actor *who, const char *institution, struct err *e)
{
    const struct rights_place where = {.institution = institution, .department = ""};

    return work_may(w, who, "retention.dispose", &where, e);
}

static const char *content(struct work *w, const struct db_result *r, int i)
{
    const struct service *s = catalog_version(&w->house->catalog, db_text(r, i, 4), db_int(r, i, 5));

    return s ? arena_str(w->a, tr_get(&s->name, LANG_RO)) : arena_str(w->a, db_text(r, i, 4));
}

enum { COLUMNS = 5, VARS = 8 };

/* Column 0 id, 1 register, 2 n, 3 registered, 4 service, 5 its version, 6 closed, 7 documents. Legea 16/1996
 * wants to know what was kept and what went; who asked for it is not needed (GDPR art. 5(1)(c)), and the
 * inventory is kept for ever: the kind of act, no subject and no name. */
static void fill(struct work *w, const struct db_result *r, struct batch *b)
{
    BUF_SCOPE(ids);

    b->rows = (size_t)db_rows(r);
    b->cells = ARENA_ARRAY(w->a, const char *, COLUMNS * b->rows + 1);
    for (int i = 0; i < db_rows(r); i++) {
        const char **c = b->cells + COLUMNS * (size_t)i;
        int64_t closed = db_int(r, i, 6);
        c[0] = doc_int(w, i + 1);
        c[1] = register_number(w->a, &w->house->registers, db_text(r, i, 1), db_int(r, i, 2),
                               date_of_ms(db_int(r, i, 3)));
        c[2] = content(w, r, i);
        c[3] = doc_day(w, closed, LANG_RO);
        c[4] = doc_int(w, db_int(r, i, 7));
        b->documents += db_int(r, i, 7);
        b->first_ms = !b->first_ms || closed < b->first_ms ? closed : b->first_ms;
        b->last_ms = closed > b->last_ms ? closed : b->last_ms;
        buf_fmt(&ids, "%s%s", i ? "," : "{", db_text(r, i, 0));
    }
    buf_chr(&ids, '}');
    b->cases = arena_str(w->a, b->rows ? ids.p : "{}");
}

/* What inventory and minutes say alike. */
static void said_of(struct work *w, const struct batch *b, struct text_var out[VARS])
{
    const struct text_var all[VARS] = {
        {"retention", tr_get(&b->class->name, LANG_RO)},  {"retention_code", b->class->id},
        {"retention_years", doc_int(w, b->class->years)}, {"list_number", b->number},
        {"count", doc_int(w, (int64_t)b->rows)},          {"documents", doc_int(w, b->documents)},
        {"from", doc_day(w, b->first_ms, LANG_RO)},       {"until", doc_day(w, b->last_ms, LANG_RO)}};

    memcpy(out, all, sizeof all);
}

static enum rc list(struct work *w, const struct actor *who, struct batch *b, struct document *inventory,
                    struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL, *nr SCOPED(db_result_freep) = NULL;
    struct db_param house[] = {DB_STR(b->institution)};
    const char *now = doc_int(w, w->now_ms());
    struct text_var vars[VARS];
    struct db_param due[] = {DB_STR(b->institution), DB_STR(b->class->id),
                             DB_STR(doc_int(w, b->class->years)), DB_STR(now)};

    TRY(work_sql(w, SQL_DISPOSE_LOCK, house, NULL, e));
    TRY(work_sql(w, SQL_DISPOSE_DUE, due, &r, e));
    if (!db_rows(r))
        return err_set(e, RC_STATE, "nothing of %s is over its term", b->class->id);
    fill(w, r, b);
    TRY(work_sql(w, SQL_DISPOSE_NUMBER, house, &nr, e));
    b->number = doc_int(w, db_int(nr, 0, 0));
    said_of(w, b, vars);
    const struct doc_order o = {.template = "archive.inventory",
                                .institution = b->institution,
                                .lang = LANG_RO,
                                .vars = vars,
                                .n_vars = COUNT(vars),
                                .cells = b->cells,
                                .rows = b->rows};
    TRY(doc_protocol(w, who, &o, inventory, e));
    TRY(doc_id(w, &b->id, e));
    struct db_param put[] = {DB_STR(b->id),         DB_STR(b->institution), DB_STR(b->class->id),
                             DB_STR(now),           DB_STR(who->account),   DB_STR(b->cases),
                             DB_STR(inventory->id), DB_STR(b->number)};
    TRY(work_sql(w, SQL_DISPOSE_PUT, put, NULL, e));
    const struct work_log log = {b->institution, NULL, "disposal listed",
                                 arena_fmt(w->a, "%s %s %zu", b->id, b->class->id, b->rows)};
    return work_audit(w, who, &log, e);
}

enum rc doc_dispose_list(struct work *w, const struct actor *who, const struct doc_class *c, const char **id,
                         struct document *inventory, struct err *e)
{
    struct batch b = {.institution = c->institution};

    TRY(class_of(w, c->retention, &b.class, e));
    TRY(may(w, who, c->institution, e));
    TRY(work_begin(w, e));
    enum rc rc = work_end(w, list(w, who, &b, inventory, e), e);
    *id = b.id;
    return rc;
}

/* ---- the second pair of eyes ---- */

struct listed {
    const char *by, *by_name, *on;
};

static enum rc read_list(struct work *w, const struct actor *who, struct batch *b, struct listed *l,
                         struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(b->id)};

    if (!uuid_valid(b->id))
        return err_set(e, RC_NOT_FOUND, "not the id of a list");
    TRY(work_sql(w, SQL_DISPOSE_GET, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no list %s", b->id);
    b->institution = arena_str(w->a, db_text(r, 0, 0));
    l->on = doc_day(w, db_int(r, 0, 2), LANG_RO);
    l->by = arena_str(w->a, db_text(r, 0, 3));
    l->by_name = arena_str(w->a, db_text(r, 0, 4));
    bool done = db_text(r, 0, 5)[0] == 't';
    b->number = doc_int(w, db_int(r, 0, 6));
    TRY(class_of(w, db_text(r, 0, 1), &b->class, e));
    if (done)
        return err_set(e, RC_STATE, "list %s was done before", b->id);
    const struct rights_place where = {.institution = b->institution, .department = ""};
    struct err other = {0};
    if (work_may(w, who, "retention.dispose", &where, &other) != RC_OK)
        TRY(work_may(w, who, "answer.sign", &where, e));
    if (strcmp(l->by, who->account) == 0)
        return err_code(e, RC_DENIED, "TWO_PERSONS", 0, "who drew up the list does not approve it");
    return RC_OK;
}

/* A case that was opened again, or whose class changed, stops the whole list. */
static enum rc read_cases(struct work *w, struct batch *b, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(b->id), DB_STR(doc_int(w, b->class->years)),
                           DB_STR(doc_int(w, w->now_ms()))};

    TRY(work_sql(w, SQL_DISPOSE_CASES, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        if (db_text(r, i, 8)[0] == 't')
            return err_set(e, RC_STATE, "case %s is not over its term any more", db_text(r, i, 0));
    fill(w, r, b);
    return RC_OK;
}

static enum rc minutes_of(struct work *w, const struct actor *who, const struct batch *b,
                          const struct listed *l, struct document *out, struct err *e)
{
    struct text_var vars[VARS + 2] = {[VARS] = {"list_date", l->on}, {"archivist", l->by_name}};
    struct doc_person head, archivist;

    TRY(letter_person(w, who->account, LANG_RO, &head, e));
    TRY(letter_person(w, l->by, LANG_RO, &archivist, e));
    said_of(w, b, vars);
    struct doc_order o = {.template = "archive.disposal",
                          .institution = b->institution,
                          .lang = LANG_RO,
                          .vars = vars,
                          .n_vars = COUNT(vars),
                          .cells = b->cells,
                          .rows = b->rows};
    o.sign[SIGN_OFFICER] = head;
    o.sign[SIGN_ARCHIVIST] = archivist;
    return doc_protocol(w, who, &o, out, e);
}

/* ---- files ---- */

static const char *array(struct arena *a, const char *const *items, size_t n)
{
    BUF_SCOPE(out);

    buf_chr(&out, '{');
    for (size_t i = 0; i < n; i++)
        buf_fmt(&out, "%s%s", i ? "," : "", items[i]);
    buf_chr(&out, '}');
    return arena_str(a, out.p);
}

enum rc doc_let_go(struct work *w, const char *const *files, size_t n, int64_t *only, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(array(w->a, files, n))};

    TRY(work_sql(w, SQL_BLOB_LEAVE, p, &r, e));
    if (only)
        *only = db_int(r, 0, 0);
    return RC_OK;
}

/* The rows are held before it is asked who names them: whoever came before is seen, whoever comes now waits
 * until the bytes are off the disk, and brings them again. */
static enum rc sweep(struct work *w, int *n, struct err *e)
{
    struct db_result *held SCOPED(db_result_freep) = NULL, *r SCOPED(db_result_freep) = NULL;
    const struct store_place place = doc_place(w);

    TRY(work_sql(w, SQL_BLOB_LEAVING, NULL, &held, e));
    *n = db_rows(held);
    const char **files = ARENA_ARRAY(w->a, const char *, (size_t)*n + 1);
    for (int i = 0; i < *n; i++)
        files[i] = db_text(held, i, 0);
    struct db_param p[] = {DB_STR(array(w->a, files, (size_t)*n))};
    TRY(work_sql(w, SQL_BLOB_GONE, p, &r, e));
    *n = db_rows(r);
    for (int i = 0; i < db_rows(r); i++)
        if (db_text(r, i, 1)[0] == 't')
            TRY(store_remove(&place, db_text(r, i, 0), e));
    return RC_OK;
}

enum rc doc_sweep(struct work *w, struct err *e)
{
    int n = 0;

    do {
        TRY(work_begin(w, e));
        TRY(work_end(w, sweep(w, &n, e), e));
    } while (n);
    return RC_OK;
}

static enum rc dispose(struct work *w, const struct actor *who, struct batch *b, struct document *minutes,
                       struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct listed l = {0};
    int64_t only;

    TRY(read_list(w, who, b, &l, e));
    TRY(read_cases(w, b, e));
    TRY(minutes_of(w, who, b, &l, minutes, e));
    struct db_param p[] = {DB_STR(b->id), DB_STR(who->account), DB_STR(minutes->id),
                           DB_STR(doc_int(w, w->now_ms()))};
    TRY(work_sql(w, SQL_DISPOSE_DONE, p, &r, e));
    const char **files = ARENA_ARRAY(w->a, const char *, (size_t)db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++)
        files[i] = db_text(r, i, 0);
    TRY(doc_let_go(w, files, (size_t)db_rows(r), &only, e));
    const struct work_log log = {b->institution, NULL, "disposal done",
                                 arena_fmt(w->a, "%s %zu cases %lld files", b->id, b->rows, (long long)only)};
    return work_audit(w, who, &log, e);
}

/* First it is written that they go, then they go: a file that stays by accident harms less than a row that
 * names nothing. */
enum rc doc_dispose(struct work *w, const struct actor *who, const char *id, struct document *minutes,
                    struct err *e)
{
    struct batch b = {.id = id};

    TRY(work_begin(w, e));
    TRY(work_end(w, dispose(w, who, &b, minutes, e), e));
    return doc_sweep(w, e);
}
