#include "backend/doc.h"

#include <string.h>

#include "backend/doc_priv.h"
#include "common/base/text.h"

struct store_place doc_place(const struct work *w)
{
    return (struct store_place){w->house->conf->blobs, w->house->conf->blobs_free_mb};
}

const char *doc_int(struct work *w, int64_t n)
{
    return arena_fmt(w->a, "%lld", (long long)n);
}

const char *doc_ms(struct work *w, int64_t ms)
{
    return ms ? doc_int(w, ms) : NULL;
}

const char *doc_day(struct work *w, int64_t ms, enum lang lang)
{
    return date_said(w->a, date_of_ms(ms), lang);
}

enum rc doc_may(struct work *w, const struct actor *who, const char *right, const struct casefile *c,
                const char *reason, struct err *e)
{
    const struct rights_place house = {.institution = c->institution, .department = ""};

    return c->id ? case_may(w, who, right, c, reason, e) : work_may(w, who, right, &house, e);
}

enum rc doc_happened(struct work *w, const struct actor *who, const struct casefile *c, const char *act,
                     const struct document *d, struct err *e)
{
    const struct work_log log = {c->institution, c->id, act, arena_fmt(w->a, "%s %s", d->id, d->sha256)};
    const char *given = arena_fmt(w->a, "{\"document\": \"%s\", \"kind\": \"%s\"}", d->id, d->kind);
    struct db_param p[] = {DB_STR(c->id), DB_STR(doc_int(w, w->now_ms())), DB_STR(who->account), DB_STR(act),
                           DB_STR(given)};

    TRY(work_sql(w, SQL_DOC_EVENT, p, NULL, e));
    return work_audit(w, who, &log, e);
}

static const char *own(struct work *w, const struct db_result *r, int row, int col)
{
    return db_is_null(r, row, col) ? NULL : arena_str(w->a, db_text(r, row, col));
}

static struct doc_row row_of(struct work *w, const struct db_result *r, int i, bool source)
{
    struct doc_row x = {0};
    const char **texts[] = {&x.d.id,   &x.d.case_id, &x.d.institution, &x.d.kind,   &x.d.title,
                            &x.d.lang, &x.d.sha256,  &x.d.type,        &x.d.parent, &x.d.template};
    int64_t *numbers[] = {&x.d.size,      &x.d.pages,        &x.d.made_ms,
                          &x.d.signed_ms, &x.d.certified_ms, &x.d.voided_ms};
    const char **names[] = {&x.d.made_by,      &x.d.signed_by,  &x.d.signed_name,
                            &x.d.certified_by, &x.d.voided_why, &x.d.number};

    for (size_t k = 0; k < COUNT(texts); k++)
        *texts[k] = own(w, r, i, (int)k);
    for (size_t k = 0; k < COUNT(numbers); k++)
        *numbers[k] = db_int(r, i, (int)(COUNT(texts) + k));
    for (size_t k = 0; k < COUNT(names); k++)
        *names[k] = own(w, r, i, (int)(COUNT(texts) + COUNT(numbers) + k));
    int last = COUNT(texts) + COUNT(numbers) + COUNT(names);
    x.d.disposed_ms = db_int(r, i, last);
    x.d.to_print = db_text(r, i, last + 1)[0] == 't';
    x.d.looked = !db_is_null(r, i, last + 2);
    x.d.active = x.d.looked && db_text(r, i, last + 2)[0] == 't';
    x.source = source ? own(w, r, i, last + 3) : NULL;
    return x;
}

enum rc doc_rows(struct work *w, enum sql_id id, const char *key, struct doc_row **out, size_t *n,
                 struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(key)};

    *n = 0;
    if (!key || !uuid_valid(key))
        return err_set(e, RC_NOT_FOUND, "not an id");
    TRY(work_sql(w, id, p, &r, e));
    *n = (size_t)db_rows(r);
    *out = ARENA_ARRAY(w->a, struct doc_row, *n + 1);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = row_of(w, r, (int)i, id == SQL_DOC_PENDING);
    return RC_OK;
}

enum rc doc_get(struct work *w, const char *id, struct document *out, struct err *e)
{
    struct doc_row *r;
    size_t n;

    TRY(doc_rows(w, SQL_DOC_GET, id, &r, &n, e));
    if (n != 1)
        return err_set(e, RC_NOT_FOUND, "there is no document %s", id);
    *out = r[0].d;
    return RC_OK;
}

/* Only what others made is looked at; once, by who first wants to see it. */
static enum rc look(struct work *w, struct document *d, struct store_reader *file, struct err *e)
{
    struct store_reader *own SCOPED(store_closep) = NULL;
    const struct store_place place = doc_place(w);
    bool brought = strcmp(d->kind, "scan") == 0 || strcmp(d->kind, "attachment") == 0;

    if (d->looked || d->disposed_ms || !brought || strcmp(d->type, "application/pdf") != 0)
        return RC_OK;
    if (!file) {
        TRY(store_open(&place, d->sha256, &own, e));
        file = own;
    }
    TRY(store_active(file, &d->active, e));
    d->looked = true;
    struct db_param p[] = {DB_STR(d->sha256), DB_STR(d->active ? "true" : "false")};
    return work_sql(w, SQL_BLOB_ACTIVE, p, NULL, e);
}

enum rc doc_list(struct work *w, const char *case_id, struct document **out, size_t *n, struct err *e)
{
    struct doc_row *r;

    TRY(doc_rows(w, SQL_DOC_LIST, case_id, &r, n, e));
    *out = ARENA_ARRAY(w->a, struct document, *n + 1);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = r[i].d;
    return RC_OK;
}

/* What cannot be read now is said when it is opened. */
enum rc doc_looked(struct work *w, struct document *list, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        enum rc rc = look(w, &list[i], NULL, e);
        if (rc != RC_OK && rc != RC_NOT_FOUND && rc != RC_STATE && rc != RC_IO)
            return rc;
    }
    return RC_OK;
}

enum rc doc_id(struct work *w, const char **out, struct err *e)
{
    char *id = arena_alloc(w->a, UUID_LEN);

    *out = id;
    return uuid7(id, e);
}

enum rc doc_row_put(struct work *w, struct doc_row *r, struct err *e)
{
    struct document *d = &r->d;

    if (!d->id)
        TRY(doc_id(w, &d->id, e));
    if (!d->made_ms)
        d->made_ms = w->now_ms();
    struct db_param p[] = {
        DB_STR(d->id),
        DB_STR(d->case_id),
        DB_STR(d->institution),
        DB_STR(d->kind),
        DB_STR(d->title),
        DB_STR(d->lang),
        DB_STR(d->sha256),
        DB_STR(doc_int(w, d->size)),
        DB_STR(d->type),
        DB_STR(d->pages ? doc_int(w, d->pages) : NULL),
        DB_STR(d->parent),
        DB_STR(d->template),
        DB_STR(doc_int(w, d->made_ms)),
        DB_STR(d->made_by),
        DB_STR(r->source),
        DB_STR(doc_ms(w, d->signed_ms)),
        DB_STR(d->signed_by),
        DB_STR(d->signed_name),
        DB_STR(d->number),
        DB_STR(doc_ms(w, d->certified_ms)),
        DB_STR(d->certified_by),
    };
    return work_sql(w, SQL_DOC_PUT, p, NULL, e);
}

enum rc doc_rest_file(struct work *w, struct store_file *file, size_t pages, struct doc_row *r, struct err *e)
{
    char *hex = arena_alloc(w->a, STORE_HEX);
    size_t size;

    TRY(store_sum(file, hex, &size, e));
    r->d.sha256 = hex;
    r->d.size = (int64_t)size;
    r->d.pages = (int64_t)pages;
    r->d.type = "application/pdf";
    struct db_param p[] = {DB_STR(hex), DB_STR(doc_int(w, r->d.size)), DB_STR(r->d.type), DB_STR("register")};
    TRY(work_sql(w, SQL_BLOB_PUT, p, NULL, e));
    return store_keep(file, e);
}

enum rc doc_rest(struct work *w, struct bytes pdf, size_t pages, struct doc_row *r, struct err *e)
{
    const struct store_place place = doc_place(w);
    struct store_file *file SCOPED(store_dropp) = store_begin(&place, pdf.len);

    store_add(file, pdf.p, pdf.len);
    return doc_rest_file(w, file, pages, r, e);
}

enum rc doc_name(struct work *w, const struct actor *who, struct doc_row *r, struct err *e)
{
    r->d.made_by = who->account;
    return doc_row_put(w, r, e);
}

/* The row is held, then the bytes are written, then it may be seen: what it names is whole and on disk, and
 * no sweep takes it in between. */
enum rc doc_keep(struct work *w, const struct actor *who, struct bytes pdf, size_t pages, struct doc_row *r,
                 struct err *e)
{
    TRY(doc_rest(w, pdf, pages, r, e));
    return doc_name(w, who, r, e);
}

enum rc doc_read(struct work *w, const struct actor *who, const struct doc_ask *ask, struct document *out,
                 struct store_reader **file, struct err *e)
{
    const struct store_place place = doc_place(w);
    struct casefile c = {0};

    TRY(doc_get(w, ask->id, out, e));
    if (out->case_id)
        TRY(case_get(w, out->case_id, false, &c, e));
    else
        c = (struct casefile){.institution = out->institution, .department = ""};
    TRY(doc_may(w, who, "document.view", &c, ask->reason, e));
    if (out->disposed_ms)
        return err_set(e, RC_NOT_FOUND, "document %s was disposed of", ask->id);
    struct store_reader *s SCOPED(store_closep) = NULL;
    TRY(store_open(&place, out->sha256, &s, e));
    TRY(look(w, out, s, e));
    *file = s;
    s = NULL;
    return RC_OK;
}

static void member(struct buf *out, const char *name, const char *value)
{
    buf_fmt(out, ",\"%s\":", name);
    if (value)
        json_quote(out, value);
    else
        buf_str(out, "null");
}

static void moment(struct buf *out, const char *name, int64_t ms)
{
    char at[25];
    if (ms)
        iso_utc(at, ms);
    member(out, name, ms ? at : NULL);
}

void doc_json(const struct document *d, struct buf *out)
{
    buf_str(out, "{\"id\":");
    json_quote(out, d->id);
    member(out, "kind", d->kind);
    member(out, "title", d->title);
    member(out, "type", d->type);
    buf_fmt(out, ",\"size\":%lld,\"pages\":%lld", (long long)d->size, (long long)d->pages);
    member(out, "sha256", d->sha256);
    moment(out, "made_at", d->made_ms);
    member(out, "made_by", d->made_by);
    member(out, "signed_by", d->signed_by);
    member(out, "signed_name", d->signed_name);
    moment(out, "signed_at", d->signed_ms);
    member(out, "certified_by", d->certified_by);
    moment(out, "certified_at", d->certified_ms);
    member(out, "parent", d->parent);
    member(out, "lang", d->lang);
    member(out, "number", d->number);
    moment(out, "voided_at", d->voided_ms);
    member(out, "voided_why", d->voided_why);
    buf_fmt(out, ",\"to_print\":%s,\"disposed\":%s,\"active\":%s}", d->to_print ? "true" : "false",
            d->disposed_ms ? "true" : "false", d->active ? "true" : "false");
}

/* ---- what clerks bring ---- */

static enum rc upload_sound(struct work *w, const struct actor *who, const struct doc_upload *up,
                            struct store_kind *kind, size_t *size, struct err *e)
{
    char hex[STORE_HEX];
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(arena_fmt(w->a, "account:%s", who->account))};

    if (strcmp(up->kind, "scan") != 0 && strcmp(up->kind, "attachment") != 0)
        return err_at(e, RC_BAD_FIELD, "kind", "scan or attachment");
    TRY(store_sum(up->file, hex, size, e));
    TRY(store_look(up->file, kind, e));
    if (up->type && *up->type && strcmp(up->type, kind->type) != 0)
        return err_at(e, RC_BAD_FIELD, "Content-Type", "this is %s", kind->type);
    TRY(work_sql(w, SQL_BLOB_QUOTA, p, &r, e));
    if (db_int(r, 0, 0) + (int64_t)*size > w->house->conf->blobs_day_mb << 20)
        return err_set(e, RC_LIMIT, "%s has brought the %lld MB of the day", who->account,
                       (long long)w->house->conf->blobs_day_mb);
    return RC_OK;
}

static enum rc name_of(struct work *w, const struct doc_upload *up, const char **out, struct err *e)
{
    const char *name = up->name ? up->name : "";

    if (strrchr(name, '/'))
        name = strrchr(name, '/') + 1;
    if (strrchr(name, '\\'))
        name = strrchr(name, '\\') + 1;
    if (text_clean(w->a, name, &name, e) != RC_OK)
        return err_at(e, RC_BAD_FIELD, "name", "not a name");
    *out = *name ? arena_strn(w->a, name, utf8_cut(name, 200)) : up->kind;
    return RC_OK;
}

static enum rc add(struct work *w, const struct actor *who, const struct doc_upload *up,
                   const struct casefile *c, struct document *out, struct err *e)
{
    struct store_kind kind;
    struct doc_row row = {0};
    char *hex = arena_alloc(w->a, STORE_HEX);
    size_t size;

    TRY(name_of(w, up, &row.d.title, e));
    TRY(upload_sound(w, who, up, &kind, &size, e));
    TRY(store_sum(up->file, hex, NULL, e));
    struct db_param p[] = {DB_STR(hex), DB_STR(doc_int(w, (int64_t)size)), DB_STR(kind.type),
                           DB_STR(arena_fmt(w->a, "account:%s", who->account))};
    TRY(work_sql(w, SQL_BLOB_PUT, p, NULL, e));
    TRY(store_keep(up->file, e));
    row.d = (struct document){.case_id = c->id,
                              .institution = c->institution,
                              .kind = up->kind,
                              .title = row.d.title,
                              .lang = lang_codes[c->lang],
                              .sha256 = hex,
                              .size = (int64_t)size,
                              .type = kind.type,
                              .pages = kind.pages,
                              .made_by = who->account};
    TRY(doc_row_put(w, &row, e));
    *out = row.d;
    return doc_happened(w, who, c, "document added", out, e);
}

enum rc doc_add(struct work *w, const struct actor *who, const struct doc_upload *up, struct document *out,
                struct err *e)
{
    struct casefile c;

    TRY(work_begin(w, e));
    enum rc rc = case_get(w, up->case_id, false, &c, e);
    if (rc == RC_OK)
        rc = doc_may(w, who, "document.add", &c, up->reason, e);
    if (rc == RC_OK)
        rc = add(w, who, up, &c, out, e);
    return work_end(w, rc, e);
}
