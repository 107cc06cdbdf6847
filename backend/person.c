#include "backend/person.h"

#include <string.h>

#include "backend/sealed.h"
#include "common/base/text.h"
#include "common/model/valid.h"

enum { REASON_MAX = 500 };

static const char *own(struct work *w, const struct db_result *r, int i, int col)
{
    const char *s = db_text(r, i, col);
    return s ? arena_str(w->a, s) : NULL;
}

static const char *hash_of(struct work *w, const char *cnp)
{
    uint8_t hash[SHA256_LEN];
    char *hex = arena_alloc(w->a, 3 + 2 * SHA256_LEN);

    case_cnp_hash(w->house, cnp, hash);
    memcpy(hex, "\\x", 2);
    hex_encode(hex + 2, hash, sizeof(hash));
    return hex;
}

enum rc person_reason(struct work *w, const struct person_ask *ask, struct err *e)
{
    const char *clean = "";

    if (!ask->reason || text_clean(w->a, ask->reason, &clean, NULL) != RC_OK || !*clean ||
        utf8_count(clean) > REASON_MAX) {
        w->say = (struct tr){{"Scrieți motivul.", "Írja be az okot.", "Give the reason."}};
        return err_at(e, RC_BAD_FIELD, "reason", "is missing, or longer than %d characters", REASON_MAX);
    }
    return RC_OK;
}

static enum rc ask_check(struct work *w, const struct person_ask *ask, struct err *e)
{
    struct cnp_facts facts;

    if (!ask->n_numbers && !ask->n_entries && (!ask->cnp || !cnp_read(ask->cnp, &facts))) {
        w->say = (struct tr){{"Acesta nu este un CNP.", "Ez nem CNP.", "This is not a CNP."}};
        return err_at(e, RC_BAD_FIELD, "cnp", "not a CNP");
    }
    return person_reason(w, ask, e);
}

enum rc person_read(struct work *w, const struct person_ask *ask, const char *ids, struct db_result **r,
                    struct err *e)
{
    char today[11];
    struct db_param p[] = {DB_STR(ask->cnp ? hash_of(w, ask->cnp) : NULL),
                           DB_STR(ids ? NULL : ask->institution), DB_STR(today), DB_STR(ids)};

    date_iso(today, date_of_ms(w->now_ms()));
    return work_sql(w, SQL_PERSON_CASES, p, r, e);
}

struct person_case person_case_at(struct work *w, const struct db_result *r, int i)
{
    return (struct person_case){.id = own(w, r, i, 0),
                                .institution = own(w, r, i, 1),
                                .kept = db_text(r, i, 4)[0] == 't',
                                .open = db_text(r, i, 5)[0] == 't',
                                .until_days = db_int(r, i, 6),
                                .closed_ms = db_int(r, i, 7),
                                .cnp = own(w, r, i, 8),
                                .erased = db_text(r, i, 9)[0] == 't'};
}

/* Of a person's cases those within reach; of chosen ones all or none. */
static enum rc allowed(struct work *w, const struct actor *who, const char *right, const struct db_result *r,
                       struct person_list *out, struct err *denied)
{
    out->items = ARENA_ARRAY(w->a, struct person_case, db_rows(r) + 1);
    for (int i = 0; i < db_rows(r); i++) {
        const struct rights_place where = {.institution = own(w, r, i, 1),
                                           .department = own(w, r, i, 2),
                                           .sealed = db_text(r, i, 3)[0] == 't',
                                           .reason = true};
        if (work_may(w, who, right, &where, denied) == RC_OK)
            out->items[out->n++] = person_case_at(w, r, i);
    }
    return denied->rc;
}

enum rc person_cases(struct work *w, const struct actor *who, const char *right, const struct person_ask *ask,
                     struct person_list *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct err denied = {0};
    const char *ids = NULL;

    *out = (struct person_list){0};
    TRY(ask_check(w, ask, e));
    if (ask->n_numbers + ask->n_entries)
        TRY(person_numbers(w, ask, &ids, e));
    TRY(person_read(w, ask, ids, &r, e));
    if (allowed(w, who, right, r, out, &denied) != RC_OK && (ids || !out->n))
        return err_set(e, RC_DENIED, "%s", denied.text);
    if (ids)
        TRY(person_one(w, ask, out, e));
    TRY(person_entries(w, who, right, ask, out, e));
    if (out->n + out->n_entries)
        return person_unnamed(w, ask, out, e);
    w->say = (struct tr){{"Nu există niciun dosar cu acest CNP.", "Ezzel a CNP-vel nincs ügyirat.",
                          "There is no case with this CNP."}};
    return err_set(e, RC_NOT_FOUND, "there is no case with this CNP");
}

/* ---- minutes ---- */

struct house_minutes {
    const struct person_ask *ask;
    const struct person_minutes *m;
    const char *institution;
};

/* Of the cases, then of the entries. */
static const char *house_at(const struct person_list *all, size_t i)
{
    return i < all->n ? all->items[i].institution : all->entries[i - all->n].institution;
}

static enum rc one_house(struct work *w, const struct actor *who, const struct house_minutes *h,
                         struct document *out, struct err *e)
{
    const struct person_list *all = &h->m->cases;
    const char **cells = ARENA_ARRAY(w->a, const char *, 3 * (all->n + all->n_entries) + 1);
    size_t n = 0, cases = 0;

    for (size_t i = 0; i < all->n + all->n_entries; i++) {
        if (strcmp(house_at(all, i), h->institution) != 0)
            continue;
        for (size_t k = 0; h->m->cells && k < 3; k++)
            cells[3 * n + k] = h->m->cells[3 * i + k];
        n++;
        cases += i < all->n;
    }
    struct person_house house = {h->institution, h->m->erased, 0, all->keys};
    if (house.erased)
        TRY(person_erasure(w, &house, e));
    const char *number = arena_fmt(w->a, "%lld", (long long)house.n);
    const struct text_var vars[] = {{"count", arena_fmt(w->a, "%zu", cases)},
                                    {"entries", arena_fmt(w->a, "%zu", n - cases)},
                                    {"hash", h->m->hash}};
    const struct doc_order o = {.template = h->m->template,
                                .institution = h->institution,
                                .lang = LANG_RO,
                                .number = house.erased ? arena_fmt(w->a, "Nr. %s", number) : NULL,
                                .vars = vars,
                                .n_vars = h->m->hash ? 3 : 2,
                                .cells = cells,
                                .rows = h->m->cells ? n : 0};
    TRY(doc_protocol(w, who, &o, out, e));
    if (house.erased)
        TRY(person_lines(w, who, &house, out->id, e));
    const char *lines = n > cases ? arena_fmt(w->a, ", entries %zu", n - cases) : "";
    const struct work_log log = {h->institution, NULL, h->m->act,
                                 arena_fmt(w->a, "cases %zu%s, minutes %s%s%s, reason: %s", cases, lines,
                                           out->id, house.erased ? ", erasure " : "",
                                           house.erased ? number : "", h->ask->reason)};
    return work_audit(w, who, &log, e);
}

enum rc person_minutes(struct work *w, const struct actor *who, const struct person_ask *ask,
                       const struct person_minutes *m, struct person_done *out, struct err *e)
{
    const size_t all = m->cases.n + m->cases.n_entries;

    out->protocols = ARENA_ARRAY(w->a, struct document, all + 1);
    for (size_t i = 0; i < all; i++) {
        const struct house_minutes h = {ask, m, house_at(&m->cases, i)};
        bool before = false;
        for (size_t k = 0; k < i; k++)
            before |= strcmp(house_at(&m->cases, k), h.institution) == 0;
        if (!before)
            TRY(one_house(w, who, &h, &out->protocols[out->n_protocols++], e));
    }
    return RC_OK;
}

/* ---- the copy ---- */

struct copy {
    struct work *w;
    const struct person_sink *sink;
    struct person_done *done;
    struct buf index;
};

static enum rc give_file(struct copy *c, const struct person_file *f, struct err *e)
{
    c->done->files++;
    return c->sink->put(c->sink->user, f, e);
}

static enum rc give(struct copy *c, const char *name, struct bytes b, struct err *e)
{
    const struct person_file f = {name, b, NULL, NULL};
    return give_file(c, &f, e);
}

static void note(struct copy *c, const char *name, const char *value)
{
    buf_fmt(&c->index, ",\"%s\":", name);
    json_quote(&c->index, value ? value : "");
}

/* Byte for byte what was signed; its hash stands in the book. */
static enum rc copy_request(struct copy *c, const struct casefile *f, size_t i, struct err *e)
{
    struct work *w = c->w;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(f->id)};
    struct bytes text;

    TRY(work_sql(w, SQL_PERSON_REQUEST, p, &r, e));
    if (db_rows(r) != 1 || db_is_null(r, 0, 0))
        return RC_OK;
    const struct sealed_at at = {own(w, r, 0, 1), "request"};
    TRY(sealed_request_open(w->a, &w->house->request_key, &at, db_text(r, 0, 0), &text, e));
    const char *name = arena_fmt(w->a, "%zu/request.json", i);
    note(c, "request", name);
    note(c, "request_sha256", db_text(r, 0, 4));
    note(c, "receipt_code", db_text(r, 0, 2));
    return give(c, name, text, e);
}

static enum rc copy_answers(struct copy *c, const struct casefile *f, size_t i, struct err *e)
{
    struct case_answers x;
    BUF_SCOPE(json);

    if (!f->svc)
        return RC_OK;
    TRY(case_answers(c->w, f, &x, e));
    const struct form_ctx form = {.service = f->svc,
                                  .i18n = c->w->house->i18n,
                                  .lang = f->lang,
                                  .today = date_of_ms(c->w->now_ms()),
                                  .channel = CH_COUNTER};
    answers_encode(&form, &x.now, &json);
    if (!json.len)
        return RC_OK;
    const char *name = arena_fmt(c->w->a, "%zu/answers.json", i);
    note(c, "answers", name);
    return give(c, name, BYTES(json.p, json.len), e);
}

static enum rc copy_rest(struct copy *c, const struct casefile *f, size_t i, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(f->id)};

    TRY(work_sql(c->w, SQL_PERSON_REST, p, &r, e));
    const char *text = own(c->w, r, 0, 0), *name = arena_fmt(c->w->a, "%zu/case.json", i);
    note(c, "case_file", name);
    return give(c, name, BYTES(text, strlen(text)), e);
}

static enum rc copy_papers(struct copy *c, const struct casefile *f, size_t i, struct err *e)
{
    static const struct {
        const char *type, *suffix;
    } kinds[] = {{"application/pdf", "pdf"}, {"image/jpeg", "jpg"}, {"image/png", "png"}};
    const struct store_place place = {c->w->house->conf->blobs, 0};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(f->id)};

    TRY(work_sql(c->w, SQL_PERSON_DOCUMENTS, p, &r, e));
    buf_str(&c->index, ",\"documents\":[");
    for (int k = 0; k < db_rows(r); k++) {
        ARENA_SCOPE(a);
        struct store_reader *file SCOPED(store_closep) = NULL;
        const char *suffix = "bin";
        for (size_t t = 0; t < COUNT(kinds); t++)
            if (strcmp(kinds[t].type, db_text(r, k, 2)) == 0)
                suffix = kinds[t].suffix;
        const char *name = arena_fmt(a, "%zu/%d-%s.%s", i, k + 1, db_text(r, k, 3), suffix);
        TRY(store_unseen(&place, db_text(r, k, 1), &file, e));
        const struct person_file f_out = {name, {0}, file, db_text(r, k, 1)};
        TRY(give_file(c, &f_out, e));
        buf_fmt(&c->index, "%s{\"file\":\"%s\",\"sha256\":\"%s\"", k ? "," : "", name, db_text(r, k, 1));
        note(c, "title", db_text(r, k, 4));
        buf_chr(&c->index, '}');
    }
    buf_chr(&c->index, ']');
    return RC_OK;
}

static enum rc copy_case(struct copy *c, const struct person_case *pc, size_t i, struct err *e)
{
    struct casefile f;
    char at[25];

    TRY(case_get(c->w, pc->id, false, &f, e));
    iso_utc(at, f.registered_ms);
    buf_fmt(&c->index, "%s{\"case\":\"%s\"", i > 1 ? "," : "", f.id);
    note(c, "institution", f.institution);
    note(c, "number", f.number);
    note(c, "registered_at", at);
    note(c, "service", f.service);
    note(c, "person", f.person);
    note(c, "subject", f.subject);
    note(c, "state", f.state);
    TRY(copy_request(c, &f, i, e));
    TRY(copy_answers(c, &f, i, e));
    TRY(copy_rest(c, &f, i, e));
    TRY(copy_papers(c, &f, i, e));
    buf_chr(&c->index, '}');
    return RC_OK;
}

/* The lines that have no case, with what was corrected of them. */
static enum rc copy_entries(struct copy *c, const struct person_list *all, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(all->keys)};

    if (!all->n_entries)
        return RC_OK;
    TRY(work_sql(c->w, SQL_PERSON_ENTRIES, p, &r, e));
    const char *text = own(c->w, r, 0, 0);
    buf_str(&c->index, ",\"entries\":[");
    for (size_t i = 0; i < all->n_entries; i++) {
        if (i)
            buf_chr(&c->index, ',');
        json_quote(&c->index, all->entries[i].number);
    }
    buf_chr(&c->index, ']');
    note(c, "register", "register.json");
    return give(c, "register.json", BYTES(text, strlen(text)), e);
}

static enum rc copy_all(struct copy *c, const struct actor *who, const struct person_ask *ask,
                        const struct person_list *cases, struct err *e)
{
    uint8_t sum[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1], at[25];

    iso_utc(at, c->w->now_ms());
    buf_fmt(&c->index, "{\"made_at\":\"%s\"", at);
    note(c, "made_by", who->account);
    buf_str(&c->index, ",\"cases\":[");
    for (size_t i = 0; i < cases->n; i++)
        TRY(copy_case(c, &cases->items[i], i + 1, e));
    buf_chr(&c->index, ']');
    TRY(copy_entries(c, cases, e));
    buf_chr(&c->index, '}');
    sha256(sum, c->index.p, c->index.len);
    hex_encode(hex, sum, sizeof(sum));
    TRY(give(c, "index.json", BYTES(c->index.p, c->index.len), e));
    const struct person_minutes m = {"person.export", "person exported", hex, *cases, NULL, NULL};
    return person_minutes(c->w, who, ask, &m, c->done, e);
}

enum rc person_export(struct work *w, const struct actor *who, const struct person_ask *ask,
                      const struct person_sink *sink, struct person_done *out, struct err *e)
{
    struct person_list cases;
    struct copy c = {w, sink, out, {0}};

    *out = (struct person_done){0};
    TRY(person_cases(w, who, "person.export", ask, &cases, e));
    out->cases = cases.n;
    out->entries = cases.n_entries;
    TRY(work_begin(w, e));
    enum rc rc = work_end(w, copy_all(&c, who, ask, &cases, e), e);
    buf_free(&c.index);
    return rc;
}
