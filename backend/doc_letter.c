/* Template, values and the house's own head become a paper. */
#include <string.h>

#include "backend/doc_priv.h"
#include "backend/people.h"
#include "common/base/text.h"

void letter_var(struct doc_letter *l, const char *name, const char *value)
{
    for (size_t i = 0; i < l->n_vars; i++)
        if (strcmp(l->vars[i].name, name) == 0) {
            l->vars[i].value = value;
            return;
        }
    if (l->n_vars < DOC_VARS_MAX)
        l->vars[l->n_vars++] = (struct text_var){name, value};
}

const char *letter_value(const struct doc_letter *l, const char *name)
{
    for (size_t i = 0; i < l->n_vars; i++)
        if (strcmp(l->vars[i].name, name) == 0)
            return l->vars[i].value ? l->vars[i].value : "";
    return "";
}

/* ---- the house ---- */

struct head {
    struct tr name;
    const char *address, *secretary, *county;
    struct bytes arms;
};

static enum rc head_of(struct work *w, const char *institution, struct head *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(institution)};

    TRY(work_sql(w, SQL_DOC_LETTERHEAD, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no institution %s", institution);
    for (int l = 0; l < LANG_COUNT; l++)
        out->name.t[l] = arena_str(w->a, db_text(r, 0, l));
    out->address = arena_str(w->a, db_text(r, 0, 4));
    out->secretary = arena_str(w->a, db_text(r, 0, 6));
    out->county = arena_str(w->a, db_text(r, 0, 7));
    if (!db_is_null(r, 0, 5)) {
        const char *hex = db_text(r, 0, 5);
        size_t cap = strlen(hex) / 2 + 1, len = 0;
        uint8_t *png = arena_alloc(w->a, cap);
        if (hex_decode(png, cap, &len, hex))
            out->arms = BYTES(png, len);
    }
    return RC_OK;
}

/* "Primăria Comunei Sic" -> "Sic": the letter in the shield. */
static const char *place_of(const char *name)
{
    static const char *const words[] = {"Comunei ", "Municipiului ", "Orașului "};
    for (size_t i = 0; i < COUNT(words); i++) {
        const char *at = strstr(name, words[i]);
        if (at)
            return at + strlen(words[i]);
    }
    return name;
}

enum rc letter_person(struct work *w, const char *account, enum lang lang, struct doc_person *out,
                      struct err *e)
{
    static const char *const titled[] = {"approver", "officer", "head", "archivist", "registrar", "clerk"};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(account)};
    struct rights_person person;

    TRY(work_sql(w, SQL_DOC_SIGNER, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no account %s", account);
    out->name = arena_str(w->a, db_text(r, 0, 0));
    out->office = arena_str(w->a, db_text(r, 0, 1 + (int)lang));
    if (*out->office)
        return RC_OK;
    out->office = arena_str(w->a, db_text(r, 0, 1));
    if (*out->office)
        return RC_OK;
    TRY(people_load(w->db, w->a, account, &person, e));
    for (size_t i = 0; i < COUNT(titled) && !*out->office; i++)
        for (size_t k = 0; k < person.n && !*out->office; k++) {
            const struct right_role *role = rights_role(&w->house->rights, titled[i]);
            if (role && strcmp(person.grants[k].role, titled[i]) == 0)
                out->office = tr_get(&role->name, lang);
        }
    return RC_OK;
}

/* ---- values of a case ---- */

static enum rc address_of_page(struct work *w, struct doc_letter *l, const struct casefile *c, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->request_id)};
    const char *base = w->house->conf->public_url;

    if (!c->request_id || !base || !*base)
        return RC_OK;
    TRY(work_sql(w, SQL_DOC_CODE, p, &r, e));
    if (db_rows(r) == 1) {
        l->qr = arena_fmt(w->a, "%s/s/%s", base, db_text(r, 0, 0));
        letter_var(l, "url", l->qr);
    }
    return RC_OK;
}

enum rc letter_case(struct work *w, struct doc_letter *l, const struct casefile *c, struct err *e)
{
    const struct tr *department = catalog_department(&w->house->catalog, c->department);

    l->institution = c->institution;
    letter_var(l, "request_number", c->number);
    letter_var(l, "request_date", doc_day(w, c->registered_ms, l->lang));
    letter_var(l, "applicant", c->person);
    letter_var(l, "subject", c->subject);
    letter_var(l, "department", department ? tr_get(department, l->lang) : "");
    letter_var(l, "service", c->svc ? tr_get(&c->svc->name, l->lang) : c->service);
    letter_var(l, "service_legal", c->svc ? tr_get(&c->svc->legal_name, l->lang) : c->service);
    letter_var(l, "due", date_said(w->a, c->due, l->lang));
    if (*c->person) {
        l->to[0] = c->person;
        l->n_to = 1;
    }
    return address_of_page(w, l, c, e);
}

/* ---- text to blocks ---- */

struct blocks {
    struct paper_block *items;
    size_t n, cap;
};

static struct paper_block *block(struct work *w, struct blocks *b, enum paper_type type, const char *text)
{
    if (b->n == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 32;
        struct paper_block *more = ARENA_ARRAY(w->a, struct paper_block, cap);
        if (b->n)
            memcpy(more, b->items, b->n * sizeof *more);
        b->items = more;
        b->cap = cap;
    }
    b->items[b->n] = (struct paper_block){.type = type, .text = text};
    return &b->items[b->n++];
}

/* "- " begins an item, "## " a heading; else each line is a paragraph. */
static void written(struct work *w, struct blocks *b, const char *text)
{
    char *rest = NULL, *copy = arena_str(w->a, text);

    for (char *line = strtok_r(copy, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        size_t n = strspn(line, " \t");
        line += n;
        if (strncmp(line, "## ", 3) == 0)
            block(w, b, PAPER_H2, line + 3);
        else if (strncmp(line, "- ", 2) == 0)
            block(w, b, PAPER_ITEM, line + 2);
        else if (*line && strcmp(line, "-") != 0)
            block(w, b, PAPER_P, line);
    }
}

static void fixed(struct work *w, struct blocks *b, const struct doc_letter *l, const struct tr *texts,
                  size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text = template_fill(w->a, texts[i].t[l->lang], l->vars, l->n_vars);
        if (text)
            written(w, b, text);
    }
}

static void table(struct work *w, struct blocks *b, const struct doc_letter *l)
{
    const struct template *t = l->t;
    size_t columns = t->n_columns;
    if (!columns)
        return;
    const char **cells = ARENA_ARRAY(w->a, const char *, columns *(l->rows + 1));
    int *widths = ARENA_ARRAY(w->a, int, columns);

    for (size_t i = 0; i < columns; i++) {
        cells[i] = t->columns[i].head.t[l->lang];
        widths[i] = (int)t->columns[i].width;
    }
    if (l->rows)
        memcpy(cells + columns, l->cells, columns * l->rows * sizeof *cells);
    struct paper_block *x = block(w, b, PAPER_TABLE, NULL);
    x->cells = cells;
    x->columns = columns;
    x->rows = l->rows + 1;
    x->widths = widths;
}

static const char *join(struct work *w, const struct doc_letter *l,
                        const char *(*fill)(struct arena *, const char *, const struct text_var *, size_t))
{
    BUF_SCOPE(out);

    for (size_t i = 0; i < l->t->n_body; i++) {
        const char *line = fill(w->a, l->t->body[i].t[l->lang], l->vars, l->n_vars);
        if (line)
            buf_fmt(&out, "%s%s", out.len ? "\n" : "", line);
    }
    return arena_str(w->a, out.len ? out.p : "");
}

const char *letter_offer(struct work *w, const struct doc_letter *l)
{
    return join(w, l, template_offer);
}

/* What waits for a clerk's words ("…", an empty item) has no place in a letter that nobody wrote. */
static const char *fill_whole(struct arena *a, const char *text, const struct text_var *vars, size_t n)
{
    const char *line = template_fill(a, text, vars, n);
    return line && !strstr(line, "…") ? line : NULL;
}

const char *letter_default(struct work *w, const struct doc_letter *l)
{
    return join(w, l, fill_whole);
}

/* ---- the whole ---- */

static const char *const to_label[LANG_COUNT] = {"Către", "Címzett", "To"};
static const char *const status_label[LANG_COUNT] = {
    "Starea cererii, oricând:", "A kérelem állapota, bármikor:", "The state of the request, any time:"};
static const char *const closing[LANG_COUNT] = {"Cu stimă,", "Tisztelettel,", "Yours faithfully,"};
static const char *const secretary[LANG_COUNT] = {"Contrasemnează, secretar general", "Ellenjegyzi, főjegyző",
                                                  "Countersigned, general secretary"};

static size_t signatures(const struct doc_letter *l, const struct head *h, struct paper_sign *out)
{
    size_t n = 0;
    for (size_t i = 0; i < l->t->n_sign; i++) {
        const struct doc_person *p = &l->sign[l->t->sign[i]];
        if (l->t->sign[i] == SIGN_SECRETARY && *h->secretary)
            out[n++] = (struct paper_sign){secretary[l->lang], h->secretary};
        else if (l->t->sign[i] != SIGN_SECRETARY)
            out[n++] = (struct paper_sign){p->office, p->name};
    }
    return n;
}

static const char *short_url(const char *url)
{
    const char *at = url ? strstr(url, "://") : NULL;
    return at ? at + 3 : url;
}

/* A letter to somebody takes its leave; decisions and minutes do not. */
static bool takes_leave(const struct template *t)
{
    return !t->formal && t->n_sign && strcmp(t->kind, "protocol") != 0;
}

static struct blocks text_of(struct work *w, const struct doc_letter *l)
{
    struct blocks b = {0};

    fixed(w, &b, l, l->t->lead, l->t->n_lead);
    written(w, &b, l->body ? l->body : letter_default(w, l));
    table(w, &b, l);
    fixed(w, &b, l, l->t->tail, l->t->n_tail);
    if (l->ink)
        block(w, &b, PAPER_INK, NULL)->ink = l->ink;
    for (size_t i = 0; i < l->t->n_notes; i++) {
        const char *text = template_fill(w->a, l->t->notes[i].t[l->lang], l->vars, l->n_vars);
        if (text)
            block(w, &b, PAPER_NOTE, text);
    }
    if (takes_leave(l->t))
        block(w, &b, PAPER_P, closing[l->lang]);
    return b;
}

static const char *title_of(struct work *w, const struct doc_letter *l)
{
    const char *title =
        l->title && *l->title ? l->title : template_fill(w->a, l->t->title.t[l->lang], l->vars, l->n_vars);
    return title ? title : tr_get(&l->t->name, l->lang);
}

/* What the head of the house and the letter say to the paper. */
static struct paper paper_of(struct work *w, const struct doc_letter *l, const struct head *h)
{
    const char *own = h->name.t[LANG_RO], *other = tr_get(&h->name, l->lang);
    const char *refer = l->t->refer.t[l->lang];

    return (struct paper){
        .lang = l->lang,
        .title = title_of(w, l),
        .made_ms = l->made_ms,
        .county = *h->county ? arena_fmt(w->a, "România  ·  %s", h->county) : "România",
        .institution = own,
        .institution_second = l->lang != LANG_RO && strcmp(other, own) != 0 ? other : NULL,
        .contact = h->address,
        .arms = h->arms,
        .place = place_of(own),
        .mark = l->mark,
        .number = l->number,
        .refer = refer ? template_fill(w->a, refer, l->vars, l->n_vars) : NULL,
        .to_label = to_label[l->lang],
        .to = l->to,
        .n_to = l->n_to,
        .heading = title_of(w, l),
        .formal = l->t->formal,
        .prepared = l->prepared,
        .qr = l->t->qr ? l->qr : NULL,
        .qr_text = l->qr ? arena_fmt(w->a, "%s\n%s", status_label[l->lang], short_url(l->qr)) : NULL,
        .foot = arena_fmt(w->a, "%s%s%s", own, l->number ? "  ·  " : "", l->number ? l->number : ""),
    };
}

enum rc letter_paper(struct work *w, const struct doc_letter *letter, struct letter_paper *out, struct err *e)
{
    struct doc_letter *l = arena_dup(w->a, letter, sizeof *letter);
    struct head h = {0};

    if (!l->t->langs[l->lang])
        return err_at(e, RC_BAD_FIELD, "lang", "%s is not there in %s", l->t->id, lang_codes[l->lang]);
    TRY(head_of(w, l->institution, &h, e));
    letter_var(l, "institution", tr_get(&h.name, l->lang));
    letter_var(l, "county", h.county);
    if (!*letter_value(l, "date"))
        letter_var(l, "date", doc_day(w, l->made_ms, l->lang));
    const struct blocks b = text_of(w, l);
    out->paper = paper_of(w, l, &h);
    out->paper.blocks = b.items;
    out->paper.n_blocks = b.n;
    out->paper.n_signs = signatures(l, &h, out->signs);
    out->paper.signs = out->signs;
    return RC_OK;
}

enum rc letter_pdf(struct work *w, const struct doc_letter *l, struct bytes *pdf, size_t *pages,
                   struct err *e)
{
    struct letter_paper lp;
    BUF_SCOPE(out);

    TRY(letter_paper(w, l, &lp, e));
    TRY(paper_pdf(&lp.paper, &out, pages, e));
    *pdf = BYTES(arena_dup(w->a, out.p, out.len), out.len);
    return RC_OK;
}
