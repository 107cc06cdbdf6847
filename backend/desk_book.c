/* The register: looked at, entered into, corrected, opened and closed; and the search over everything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/book_find.h"
#include "backend/book_page.h"
#include "backend/book_paper.h"
#include "backend/desk_priv.h"
#include "backend/sql.h"

enum { SCANS_MAX = 20, DAY_MAX = 500 };

/* ---- search ---- */

struct search_in {
    const char *q, *after;
};
static const struct jfield search_fields[] = {
    JF_STR(struct search_in, q, J_REQ, 1, 200),
    JF_STR(struct search_in, after, 0, 0, 200),
};
JDESC(desk_search_in, struct search_in, search_fields);

enum rc desk_search(struct desk_call *c, const void *in, struct err *e)
{
    const struct search_in *s = in;
    struct book_find find = {.q = s->q, .after = s->after && *s->after ? s->after : NULL};
    struct book_found found;
    struct desk_scope scope, cnp;

    TRY(desk_scope(c, "case.search", &scope, e));
    TRY(desk_scope(c, "case.search_cnp", &cnp, e));
    find.places = scope.places;
    find.n_places = scope.n;
    find.cnp_places = cnp.places;
    find.n_cnp_places = cnp.n;
    TRY(book_find(c->w, &find, &found, e));
    js_open(&c->out, NULL, '{');
    js_open(&c->out, "items", '[');
    for (size_t i = 0; i < found.n; i++)
        desk_rows(c, &found.items[i]);
    js_close(&c->out, ']');
    js_str(&c->out, "next", found.next);
    js_str(&c->out, "kind", book_find_kinds[found.kind]);
    js_close(&c->out, '}');
    return RC_OK;
}

/* ---- the book ---- */

struct book_in {
    const char *institution, *reg, *day, *date, *after;
    int64_t year;
};
static const struct jfield registers_fields[] = {JF_STR(struct book_in, institution, 0, 0, 64)};
JDESC(desk_registers_in, struct book_in, registers_fields);
#define REGISTER                                                                                             \
    {                                                                                                        \
        "register", J_STR, J_REQ, offsetof(struct book_in, reg), 0, 1, 64, NULL, NULL                        \
    }
static const struct jfield page_fields[] = {
    JF_STR(struct book_in, institution, 0, 0, 64),   REGISTER,
    JF_INT(struct book_in, year, J_REQ, 1990, 9999), JF_STR(struct book_in, day, 0, 0, 10),
    JF_STR(struct book_in, after, 0, 0, 18),
};
JDESC(desk_page_in, struct book_in, page_fields);
static const struct jfield day_fields[] = {
    JF_STR(struct book_in, institution, 0, 0, 64),
    REGISTER,
    JF_STR(struct book_in, date, J_REQ, 10, 10),
};
JDESC(desk_day_in, struct book_in, day_fields);

static const char *here(const struct desk_call *c, const char *institution)
{
    return institution && *institution ? institution : c->who.institution;
}

enum rc desk_registers(struct desk_call *c, const void *in, struct err *e)
{
    const char *institution = here(c, ((const struct book_in *)in)->institution);
    const struct actor *who = &c->who;
    struct desk_scope scope;

    /* Who works in one office enters papers there: which registers there are is known to all of the house. */
    TRY(desk_scope(c, "register.view", &scope, e));
    for (size_t i = 0; i < scope.n; i++)
        if (strcmp(scope.places[i].institution, institution) == 0)
            who = &actor_system;
    return book_registers_json(c->w, who, institution, &c->out, e);
}

enum rc desk_page(struct desk_call *c, const void *in, struct err *e)
{
    const struct book_in *b = in;
    struct book_ask ask = {.institution = here(c, b->institution),
                           .reg = b->reg,
                           .year = (int)b->year,
                           .day = b->day && *b->day ? b->day : NULL};

    if (b->after && b->after[strspn(b->after, "0123456789")])
        return err_at(e, RC_BAD_FIELD, "after", "not a place in this list");
    ask.after = b->after ? desk_number(b->after) : 0;
    return book_page_json(c->w, &c->who, &ask, &c->out, e);
}

static const char *direction_name(const char *id)
{
    static const char *const names[][2] = {
        {"in", "intrare"}, {"out", "ieșire"}, {"internal", "intern"}, {"correction", "corectură"}};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i][0], id) == 0)
            return names[i][1];
    return id;
}

static void line(struct desk_call *c, const struct book_row *r, const char **cell)
{
    int hour, minute;
    const struct tr *office = r->department ? catalog_department(&c->w->house->catalog, r->department) : NULL;

    time_of_ms(r->at_ms, &hour, &minute);
    cell[0] = arena_fmt(c->w->a, "%lld", (long long)r->n);
    cell[1] = arena_fmt(c->w->a, "%02d:%02d", hour, minute);
    cell[2] = direction_name(r->direction);
    cell[3] = r->correspondent ? r->correspondent : "";
    cell[4] = r->sealed ? "(acces restrâns)" : r->erased_ms ? book_erased(c->w, r) : r->subject;
    cell[5] = office ? tr_get(office, LANG_RO) : "";
}

/* All lines of the day, as many pages as it takes. */
static enum rc day_lines(struct desk_call *c, struct book_ask *ask, struct doc_order *o,
                         struct book_page *page, struct err *e)
{
    enum { CELLS = 6, LINES_MAX = 20000 };
    const char **cells = NULL;
    size_t cap = 0;

    do {
        TRY(book_page(c->w, &c->who, ask, page, e));
        if (o->rows + page->n > cap) {
            cap = 2 * (o->rows + page->n);
            const char **more = ARENA_ARRAY(c->w->a, const char *, cap *CELLS + 1);
            for (size_t i = 0; i < o->rows * CELLS; i++)
                more[i] = cells[i];
            cells = more;
        }
        for (size_t i = 0; i < page->n; i++)
            line(c, &page->rows[i], cells + CELLS * o->rows++);
        ask->after = page->next;
    } while (page->next && o->rows < LINES_MAX);
    o->cells = cells;
    return RC_OK;
}

enum rc desk_day(struct desk_call *c, const void *in, struct err *e)
{
    const struct book_in *b = in;
    const struct register_rule *rule = registers_find(&c->w->house->registers, b->reg);
    struct book_ask ask = {
        .institution = here(c, b->institution), .reg = b->reg, .day = b->date, .limit = DAY_MAX};
    struct doc_order o = {.template = "book.day", .institution = ask.institution, .lang = LANG_RO};
    struct book_page page;
    struct date day;
    struct bytes pdf;

    if (!rule || !date_parse(b->date, &day))
        return err_at(e, RC_BAD_FIELD, rule ? "date" : "register", "no such register or day");
    ask.year = day.y;
    TRY(day_lines(c, &ask, &o, &page, e));
    struct text_var vars[] = {
        {"register", tr_get(&rule->name, LANG_RO)},
        {"day", date_said(c->w->a, day, LANG_RO)},
        {"count", arena_fmt(c->w->a, "%zu", o.rows)},
        {"hash", page.hash ? page.hash : "ziua nu este încheiată"},
        {"hash_before", "pe pagina dinainte"},
    };
    o.vars = vars;
    o.n_vars = COUNT(vars);
    TRY(doc_protocol_pdf(c->w, &c->who, &o, &pdf, e));
    c->file = pdf;
    c->type = "application/pdf";
    return RC_OK;
}

/* ---- entries ---- */

struct contact_in {
    const char *email, *phone;
};
static const struct jfield contact_fields[] = {
    JF_STR(struct contact_in, email, 0, 0, 254),
    JF_STR(struct contact_in, phone, 0, 0, 32),
};
static JDESC(contact_desc, struct contact_in, contact_fields);
struct entry_in {
    const char *reg, *direction, *subject, *correspondent, *service, *department, *lang, *date_on_paper,
        *number_on_paper, *cnp;
    struct jval *answers;
    struct contact_in contact;
    const char **documents;
    size_t n_documents;
};
static const char *const directions[] = {"in", "out", "internal", NULL};
static const struct jfield entry_fields[] = {
    {"register", J_STR, 0, offsetof(struct entry_in, reg), 0, 0, 64, NULL, NULL}, /* or the service's */
    JF_WORD(struct entry_in, direction, J_REQ, directions),
    JF_STR(struct entry_in, subject, 0, 0, 4 * BOOK_SUBJECT_MAX), /* a service has its own */
    JF_STR(struct entry_in, correspondent, 0, 0, 4 * BOOK_WHO_MAX),
    JF_STR(struct entry_in, service, 0, 0, 64),
    JF_STR(struct entry_in, department, 0, 0, 64),
    JF_WORD(struct entry_in, lang, 0, lang_codes),
    JF_STR(struct entry_in, date_on_paper, 0, 0, 10),
    JF_STR(struct entry_in, number_on_paper, 0, 0, 4 * BOOK_PAPER_NUMBER_MAX),
    JF_STR(struct entry_in, cnp, J_PD, 0, 13),
    JF_ANY(struct entry_in, answers, 0),
    JF_OBJ(struct entry_in, contact, 0, &contact_desc),
    JF_STRS(struct entry_in, documents, n_documents, 0, SCANS_MAX),
};
JDESC(desk_entry_in, struct entry_in, entry_fields);

static const char *some(const char *s)
{
    return s && *s ? s : NULL;
}

enum rc desk_paper(struct desk_call *c, const char *sha256, const char *name, struct desk_papers *p,
                   struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param of[] = {DB_STR(c->who.account), DB_STR(sha256)};
    const struct registry_conf *conf = c->w->house->conf;
    struct store_place place = {conf->blobs, conf->blobs_free_mb};
    struct store_reader *file SCOPED(store_closep) = NULL;

    if (p->n == DESK_PAPERS_MAX)
        return err_at(e, RC_BAD_FIELD, "documents", "too many");
    TRY(work_sql(c->w, SQL_DESK_TAKEN, of, &r, e));
    if (db_rows(r) != 1)
        return err_at(e, RC_BAD_FIELD, "documents", "not a file that you have sent");
    TRY(store_open(&place, sha256, &file, e));
    struct doc_upload *up = &p->items[p->n++];
    *up = (struct doc_upload){.name = name, .file = store_begin(&place, STORE_FILE_MAX)};
    return store_copy(file, up->file, e);
}

void desk_papers_drop(struct desk_papers *p)
{
    for (size_t i = 0; i < p->n; i++)
        store_drop(p->items[i].file);
}

/* A service's own questions are judged before the number is taken. */
static enum rc enter(struct desk_call *c, const struct entry_in *in, struct book_paper *p,
                     struct desk_papers *papers, struct err *e)
{
    struct book_paper_done done;

    for (size_t i = 0; i < in->n_documents; i++)
        TRY(desk_paper(c, in->documents[i], "", papers, e));
    if (p->answers) {
        TRY(desk_form_judged(c, p->service, p->answers, e));
        TRY(desk_scans(c, catalog_find(&c->w->house->catalog, p->service), p->answers, papers, e));
    }
    p->scans = papers->items;
    p->n_scans = papers->n;
    TRY(book_paper(c->w, &c->who, p, &done, e));
    js_open(&c->out, NULL, '{');
    js_int(&c->out, "n", done.line.n);
    js_str(&c->out, "number", done.line.number);
    if (done.has_case)
        js_str(&c->out, "case", done.c.id);
    js_close(&c->out, '}');
    return RC_OK;
}

enum rc desk_entry(struct desk_call *c, const void *in, struct err *e)
{
    const struct entry_in *x = in;
    struct desk_papers papers = {.n = 0};
    struct book_paper p = {.service = some(x->service),
                           .cnp = some(x->cnp),
                           .email = some(x->contact.email),
                           .phone = some(x->contact.phone)};

    p.answers = p.service && x->answers && x->answers->kind != JV_NULL ? x->answers : NULL;
    if (!p.service && !some(x->subject))
        return err_at(e, RC_BAD_FIELD, "subject", "what it is about");
    p.entry = (struct book_entry){.institution = c->who.institution,
                                  .reg = x->reg,
                                  .direction = strcmp(x->direction, "in") == 0    ? BOOK_IN
                                               : strcmp(x->direction, "out") == 0 ? BOOK_OUT
                                                                                  : BOOK_INTERNAL,
                                  .subject = x->subject,
                                  .correspondent = some(x->correspondent),
                                  .department = some(x->department),
                                  .paper_on = some(x->date_on_paper),
                                  .paper_number = some(x->number_on_paper)};
    if (!x->lang || !lang_parse(x->lang, &p.lang))
        p.lang = LANG_RO;
    enum rc rc = enter(c, x, &p, &papers, e);
    desk_papers_drop(&papers);
    return rc;
}

/* Counted to who brings it, whether a paper will name it or not. */
static enum rc keep_scan(struct desk_call *c, const char *hex, size_t size, const char *type, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *whose = arena_fmt(c->w->a, "account:%s", c->who.account);
    const int64_t day_mb = c->w->house->conf->blobs_day_mb;
    struct db_param used[] = {DB_STR(whose)};
    struct db_param put[] = {DB_STR(hex), DB_STR(arena_fmt(c->w->a, "%zu", size)), DB_STR(type),
                             DB_STR(whose)};

    TRY(work_sql(c->w, SQL_BLOB_QUOTA, used, &r, e));
    if (db_int(r, 0, 0) + (int64_t)size > day_mb << 20)
        return err_set(e, RC_LIMIT, "%s has brought the %lld MB of the day", c->who.account,
                       (long long)day_mb);
    TRY(work_sql(c->w, SQL_BLOB_PUT, put, NULL, e));
    TRY(store_keep(c->received, e)); /* the row is held: no sweep comes in between */
    return work_audit(c->w, &c->who, &(struct work_log){c->who.institution, NULL, "scan taken", hex}, e);
}

/* A scan before its paper has a number. */
enum rc desk_scan(struct desk_call *c, const void *in, struct err *e)
{
    struct store_kind kind;
    char hex[STORE_HEX];
    size_t size;

    (void)in;
    if (!c->received)
        return err_set(e, RC_UNAVAILABLE, "the file was not taken, send it again");
    TRY(store_sum(c->received, hex, &size, e));
    TRY(store_look(c->received, &kind, e));
    TRY(work_begin(c->w, e));
    TRY(work_end(c->w, keep_scan(c, arena_str(c->w->a, hex), size, kind.type, e), e));
    js_open(&c->out, NULL, '{');
    js_str(&c->out, "sha256", hex);
    js_str(&c->out, "title", c->name ? c->name : "");
    js_str(&c->out, "type", kind.type);
    js_int(&c->out, "size", (int64_t)size);
    js_int(&c->out, "pages", kind.pages);
    js_close(&c->out, '}');
    return RC_OK;
}

struct correct_in {
    const char *reg, *text, *reason;
    int64_t year, n;
};
static const struct jfield correct_fields[] = {
    {"register", J_STR, J_REQ, offsetof(struct correct_in, reg), 0, 1, 64, NULL, NULL},
    JF_INT(struct correct_in, year, J_REQ, 1990, 9999),
    JF_INT(struct correct_in, n, J_REQ, 1, INT32_MAX),
    JF_STR(struct correct_in, text, J_REQ, 1, 4 * BOOK_SUBJECT_MAX),
    JF_STR(struct correct_in, reason, J_REQ, 1, 4 * BOOK_REASON_MAX),
};
JDESC(desk_correct_in, struct correct_in, correct_fields);

enum rc desk_correct(struct desk_call *c, const void *in, struct err *e)
{
    const struct correct_in *x = in;
    struct book_fix fix = {c->who.institution, x->reg, (int)x->year, x->n, x->text, x->reason};
    struct book_line l;

    TRY(book_correct(c->w, &c->who, &fix, &l, e));
    js_open(&c->out, NULL, '{');
    js_int(&c->out, "n", l.n);
    js_str(&c->out, "number", l.number);
    js_close(&c->out, '}');
    return RC_OK;
}

/* ---- years ---- */

struct year_in {
    const char *reg, *act;
    int64_t year;
};
static const char *const year_acts[] = {"open", "close", NULL};
static const struct jfield year_fields[] = {
    {"register", J_STR, J_REQ, offsetof(struct year_in, reg), 0, 1, 64, NULL, NULL},
    JF_INT(struct year_in, year, J_REQ, 1990, 9999),
    JF_WORD(struct year_in, act, J_REQ, year_acts),
};
JDESC(desk_year_in, struct year_in, year_fields);

enum rc desk_year(struct desk_call *c, const void *in, struct err *e)
{
    const struct year_in *x = in;
    struct book_of b = {c->who.institution, x->reg, (int)x->year};
    struct book_protocol p;

    TRY(strcmp(x->act, "close") == 0 ? book_year_close(c->w, &c->who, &b, &p, e)
                                     : book_year_open(c->w, &c->who, &b, &p, e));
    js_open(&c->out, NULL, '{');
    js_next(&c->out, "protocol");
    doc_json(&p.document, &c->out);
    js_close(&c->out, '}');
    return RC_OK;
}
