/* What leaves the house: rendered when it is decided, signed by who decided, with a number of its own. */
#include <string.h>

#include "backend/doc_priv.h"
#include "backend/people.h"

static const char *given(const struct doc_effect *f, const char *need)
{
    for (size_t i = 0; i < f->n_given; i++)
        if (strcmp(f->given[i].need, need) == 0)
            return f->given[i].value;
    return NULL;
}

static const struct template *template_for(struct work *w, const struct doc_effect *f)
{
    const struct templates *all = &w->house->templates;
    const char *outcome = templates_outcome(all, f->c->service);
    const struct template *t = template_of_step(all, outcome, f->action);

    for (size_t i = 0; !t && i < all->n; i++)
        if (template_fits(&all->items[i], outcome))
            t = &all->items[i];
    return t ? t : template_find(all, "answer.petition");
}

/* ---- to look at ---- */

enum rc doc_templates_json(struct work *w, const struct actor *who, const struct casefile *c, struct buf *out,
                           struct err *e)
{
    const struct templates *all = &w->house->templates;
    const char *outcome = templates_outcome(all, c->service);
    bool first = true;

    for (int round = 0; round < 2; round++) /* those meant for it, then the general ones */
        for (size_t i = 0; i < all->n; i++) {
            const struct template *t = &all->items[i];
            bool fits = template_fits(t, outcome);
            bool general = strcmp(t->id, "answer.petition") == 0 || strcmp(t->id, "refusal") == 0;
            if (round == 0 ? !fits : fits || !general)
                continue;
            buf_str(out, first ? "[{\"id\":" : ",{\"id\":");
            first = false;
            json_quote(out, t->id);
            buf_fmt(out, ",\"kind\":\"%s\"", t->kind);
            for (int part = 0; part < 3; part++) {
                buf_str(out, part == 0 ? ",\"name\":{" : part == 1 ? "},\"title\":{" : "},\"body\":{");
                for (int l = 0, n = 0; l < LANG_COUNT; l++) {
                    struct doc_letter letter = {.t = t, .lang = (enum lang)l};
                    if (!t->langs[l])
                        continue;
                    if (part)
                        TRY(letter_case(w, &letter, c, e));
                    buf_fmt(out, "%s\"%s\":", n++ ? "," : "", lang_codes[l]);
                    json_quote(out, part == 0 ? t->name.t[l]
                                    : part == 1
                                        ? template_offer(w->a, t->title.t[l], letter.vars, letter.n_vars)
                                        : letter_offer(w, &letter));
                }
            }
            buf_str(out, "},\"langs\":[");
            for (int l = 0, n = 0; l < LANG_COUNT; l++)
                if (t->langs[l])
                    buf_fmt(out, "%s\"%s\"", n++ ? "," : "", lang_codes[l]);
            buf_str(out, "]}");
        }
    buf_str(out, first ? "[]" : "]");
    (void)who;
    return RC_OK;
}

enum rc doc_preview(struct work *w, const struct actor *who, const struct casefile *c, const char *reason,
                    struct bytes *pdf, struct err *e)
{
    const struct store_place place = doc_place(w);
    struct doc_row *pending, *sealed;
    struct doc_draft draft = {0};
    struct doc_letter letter;
    struct document paper;
    size_t n_pending, n_sealed;
    bool found, fixed;

    TRY(doc_may(w, who, "case.view", c, reason, e));
    TRY(doc_fixed(w, c, &fixed, &paper, e));
    if (fixed)
        return store_get(&place, w->a, paper.sha256, pdf, e);
    TRY(doc_rows(w, SQL_DOC_PENDING, c->id, &pending, &n_pending, e));
    TRY(doc_rows(w, SQL_DOC_SIGNED, c->id, &sealed, &n_sealed, e));
    TRY(doc_draft_get(w, c->id, &found, &draft, e));
    if (n_sealed && (!found || draft.at_ms <= sealed[0].d.signed_ms))
        return store_get(&place, w->a, sealed[0].d.sha256, pdf, e);
    if (n_pending && (!found || draft.at_ms <= pending[0].d.made_ms))
        return store_get(&place, w->a, pending[0].d.sha256, pdf, e);
    if (!found)
        return err_set(e, RC_NOT_FOUND, "nothing is written yet");
    TRY(letter_of_draft(w, c, &draft, &letter, e));
    TRY(letter_name_others(w, c, NULL, &letter, e));
    return letter_pdf(w, &letter, pdf, NULL, e);
}

enum rc doc_answer_of(struct work *w, const char *case_id, bool *found, struct document *out, struct err *e)
{
    struct doc_row *r;
    size_t n;

    TRY(doc_rows(w, SQL_DOC_SIGNED, case_id, &r, &n, e));
    *found = n == 1 && !r[0].d.disposed_ms;
    if (*found)
        *out = r[0].d;
    return RC_OK;
}

/* ---- render ---- */

static enum rc void_pending(struct work *w, const char *case_id, const char *why, struct err *e)
{
    struct doc_row *r;
    size_t n;

    TRY(doc_rows(w, SQL_DOC_PENDING, case_id, &r, &n, e));
    while (n) {
        struct db_param p[] = {DB_STR(r[0].d.id), DB_STR(doc_int(w, w->now_ms())), DB_STR(why)};
        TRY(work_sql(w, SQL_DOC_VOID, p, NULL, e));
        TRY(doc_rows(w, SQL_DOC_PENDING, case_id, &r, &n, e));
    }
    return RC_OK;
}

/* A paper that somebody brought in as the answer: signed outside, or by hand and scanned. */
static enum rc choose(struct work *w, const struct actor *who, const struct doc_effect *f, const char *id,
                      struct document *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(id), DB_STR(f->c->id)};

    if (!uuid_valid(id))
        return err_at(e, RC_BAD_FIELD, "document", "draft, or the id of a document of this case");
    TRY(void_pending(w, f->c->id, "replaced", e));
    TRY(work_sql(w, SQL_DOC_CHOOSE, p, &r, e));
    if (db_rows(r) != 1)
        return err_at(e, RC_BAD_FIELD, "document", "no PDF of this case that could be the answer");
    TRY(doc_get(w, id, out, e));
    return doc_happened(w, who, f->c, "answer chosen", out, e);
}

/* Given now, or with an earlier step. */
static enum rc reasons(struct work *w, const struct doc_effect *f, struct doc_letter *l, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(f->c->id)};

    TRY(work_sql(w, SQL_DOC_GIVEN, p, &r, e));
    const char *reason = given(f, "reason"), *basis = given(f, "legal_basis");
    if (!reason && !db_is_null(r, 0, 1))
        reason = arena_str(w->a, db_text(r, 0, 1));
    if (!basis && !db_is_null(r, 0, 2))
        basis = arena_str(w->a, db_text(r, 0, 2));
    if (reason)
        letter_var(l, "reason", reason);
    if (basis)
        letter_var(l, "legal_basis", basis);
    return RC_OK;
}

static enum rc letter_for(struct work *w, const struct actor *who, const struct doc_effect *f,
                          struct doc_letter *out, struct err *e)
{
    struct doc_draft d = {0};
    bool found;

    TRY(doc_draft_get(w, f->c->id, &found, &d, e));
    if (!found && given(f, "document"))
        return err_at(e, RC_BAD_FIELD, "document", "nothing is written yet");
    if (!found) {
        const struct template *t = template_for(w, f);
        enum lang lang = t->langs[f->c->lang] ? f->c->lang : LANG_RO;
        d = (struct doc_draft){.template = t->id, .lang = lang, .at_ms = w->now_ms()};
        if (who->kind == ACTOR_STAFF)
            d.author = who->account;
    }
    TRY(letter_of_draft(w, f->c, &d, out, e));
    TRY(letter_name_others(w, f->c, f->with, out, e));
    return reasons(w, f, out, e);
}

enum rc doc_render_case(struct work *w, const struct actor *who, const struct doc_effect *f,
                        struct document *out, struct err *e)
{
    const char *which = given(f, "document");
    struct doc_letter l;
    struct doc_row row = {0};
    struct bytes pdf;
    size_t pages;

    if (which && strcmp(which, "draft") != 0)
        return choose(w, who, f, which, out, e);
    TRY(letter_for(w, who, f, &l, e));
    TRY(letter_pdf(w, &l, &pdf, &pages, e));
    TRY(void_pending(w, f->c->id, "replaced", e));
    const char *title = l.title && *l.title ? l.title : tr_get(&l.t->name, l.lang);
    row.d = (struct document){.case_id = f->c->id,
                              .institution = f->c->institution,
                              .kind = l.t->kind,
                              .title = title,
                              .lang = lang_codes[l.lang],
                              .template = l.t->id};
    TRY(letter_source(w, f->c->id, &l, &row.source, e));
    TRY(doc_keep(w, who, pdf, pages, &row, e));
    *out = row.d;
    return doc_happened(w, who, f->c, "document rendered", out, e);
}

enum rc doc_draft_keep(struct work *w, const struct actor *who, const struct casefile *c, bool *kept,
                       struct err *e)
{
    const struct doc_effect f = {.c = c, .action = ""};
    struct doc_draft had = {0};
    struct document paper;

    TRY(doc_draft_get(w, c->id, kept, &had, e));
    *kept = *kept && (*had.title || *had.body);
    if (!*kept)
        return RC_OK;
    TRY(doc_render_case(w, who, &f, &paper, e));
    return void_pending(w, c->id, "answered with another", e);
}

/* ---- seal ---- */

/* Roles that decide. A clerk who presses the last key does not. */
static enum rc decides(struct work *w, const struct rights_person *person, const struct casefile *c,
                       bool *out, struct err *e)
{
    static const char *roles[] = {"approver", "officer", "head", "archivist"};
    static const struct right_action sign = {"document.sign", roles, COUNT(roles), NULL};
    const struct rights_place where = {c->institution, c->department, false, false};
    struct institutions tree;

    TRY(work_tree(w, &tree, e));
    *out = rights_decide_roles(&w->house->rights, &tree, person, &sign, &where).allowed;
    return RC_OK;
}

/* Somebody who decided before, by the roles they hold themselves; nobody of that name decides nothing. */
static enum rc decided(struct work *w, const char *account, const struct casefile *c, bool *out,
                       struct err *e)
{
    struct rights_person person;
    struct err none = {0};

    *out = false;
    if (people_load(w->db, w->a, account, &person, &none) != RC_OK)
        return none.rc == RC_NOT_FOUND ? RC_OK : err_set(e, none.rc, "%s", none.text);
    return decides(w, &person, c, out, e);
}

/* Who signs: whoever acts, if they may decide; else who decided before. What a published rule grants without
 * anybody is signed in the name of who heads the house; *out NULL: nobody does, and no name is put there. */
static enum rc signer_of(struct work *w, const struct actor *who, const struct casefile *c,
                         const struct doc_row *pending, const char **out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id), DB_STR(c->institution)};
    struct doc_row *before;
    size_t n;
    bool may = false;
    const char *candidates[1 + 21] = {pending->d.made_by};

    /* A stand-in acts by the roles lent for these days, and signs with the own name. */
    if (who->kind == ACTOR_STAFF)
        TRY(decides(w, &who->person, c, &may, e));
    if (may) {
        *out = who->account;
        return RC_OK;
    }
    TRY(doc_rows(w, SQL_DOC_SIGNED, c->id, &before, &n, e));
    const bool by_rule = who->kind == ACTOR_SYSTEM || n; /* or what was granted is written anew */
    TRY(work_sql(w, SQL_DOC_DECIDERS, p, &r, e));
    for (int i = 0; i < db_rows(r) && i < 21; i++)
        if (db_text(r, i, 1)[0] == 'w' || by_rule)
            candidates[1 + i] = arena_str(w->a, db_text(r, i, 0));
    for (size_t i = 0; i < COUNT(candidates); i++) {
        if (candidates[i])
            TRY(decided(w, candidates[i], c, &may, e));
        if (may) {
            *out = candidates[i];
            return RC_OK;
        }
    }
    *out = NULL;
    return by_rule ? RC_OK
                   : err_code(e, RC_STATE, "NO_SIGNER", 0, "nobody who may sign stands behind the decision");
}

struct sealing {
    const struct actor *who;
    const struct casefile *c;
    const char *signer; /* account; NULL: granted by a rule, in a house without a head */
};

/* The case's own book, or the general one where that takes nothing that goes out. */
static const char *book_of(struct work *w, const struct casefile *c)
{
    const struct register_rule *book = registers_find(&w->house->registers, c->reg);
    return book && register_takes(book, "out") ? c->reg : "general";
}

static enum rc number_of(struct work *w, const struct sealing *s, const struct document *d, const char *to,
                         struct book_line *out, struct err *e)
{
    const struct casefile *c = s->c;
    const struct book_entry entry = {
        .institution = c->institution,
        .reg = book_of(w, c),
        .direction = BOOK_OUT,
        .subject = arena_fmt(w->a, "%s (%s)", d->title, c->number),
        .correspondent = to,
        .department = *c->department ? c->department : NULL,
        .case_id = c->id,
        .document = d->id,
    };
    return book_enter(w, s->who, &entry, out, e);
}

/* The number that is likely, not taken. */
static enum rc likely_number(struct work *w, const struct casefile *c, int64_t at_ms, const char **out,
                             struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const struct date today = date_of_ms(at_ms);
    const char *reg = book_of(w, c);
    struct db_param p[] = {DB_STR(c->institution), DB_STR(reg), DB_STR(doc_int(w, today.y))};

    TRY(work_sql(w, SQL_DOC_PEEK, p, &r, e));
    *out = register_number(w->a, &w->house->registers, reg, db_int(r, 0, 0), today);
    return RC_OK;
}

static const char *number_line(struct work *w, enum lang lang, const char *number)
{
    static const char *const word[LANG_COUNT] = {"Nr.", "Szám:", "No."};
    return arena_fmt(w->a, "%s %s", word[lang], number);
}

static enum rc person_of(struct work *w, const struct sealing *s, enum lang lang, struct doc_person *out,
                         struct err *e)
{
    const struct right_role *role = rights_role(&w->house->rights, "approver");

    *out = (struct doc_person){"", role ? tr_get(&role->name, lang) : ""};
    return s->signer ? letter_person(w, s->signer, lang, out, e) : RC_OK;
}

/* The file with this number on it, at rest. */
static enum rc numbered(struct work *w, struct doc_letter *l, const char *number, struct doc_row *row,
                        struct err *e)
{
    struct bytes pdf;
    size_t pages;

    l->number = number_line(w, l->lang, number);
    letter_var(l, "number", number);
    TRY(letter_pdf(w, l, &pdf, &pages, e));
    row->d.number = number;
    return doc_rest(w, pdf, pages, row, e);
}

/* The letter gets number, day and signer; the row points to what was rendered before. Taking the number holds
 * the book for everybody, so the letter is drawn with the likely one first, and again only if another was
 * quicker. */
static enum rc final_letter(struct work *w, const struct sealing *s, struct doc_letter *l,
                            struct doc_row *row, struct err *e)
{
    struct book_line line;
    struct doc_person person;
    const char *likely;

    TRY(person_of(w, s, l->lang, &person, e));
    TRY(doc_id(w, &row->d.id, e));
    l->mark = NULL;
    if (strcmp(letter_value(l, "clerk"), person.name) == 0)
        l->prepared = NULL; /* who signs also wrote it */
    l->made_ms = w->now_ms();
    l->sign[SIGN_OFFICER] = person;
    letter_var(l, "officer", person.name);
    letter_var(l, "office", person.office);
    letter_var(l, "date", doc_day(w, l->made_ms, l->lang));
    TRY(likely_number(w, s->c, l->made_ms, &likely, e));
    TRY(numbered(w, l, likely, row, e));
    TRY(number_of(w, s, &row->d, l->n_to ? l->to[0] : NULL, &line, e));
    if (strcmp(line.number, likely) != 0) {
        TRY(doc_let_go(w, &row->d.sha256, 1, NULL, e)); /* nothing names it, and it names a person */
        letter_var(l, "date", doc_day(w, line.at_ms, l->lang));
        TRY(numbered(w, l, line.number, row, e));
    }
    row->d.made_ms = row->d.signed_ms = l->made_ms;
    row->d.signed_by = s->signer;
    row->d.signed_name = *person.office ? arena_fmt(w->a, "%s, %s", person.name, person.office) : person.name;
    return doc_name(w, s->who, row, e);
}

/* What was brought in leaves as it is, bit for bit; who stands for it and its number are beside it. */
static enum rc sign_given(struct work *w, const struct sealing *s, const struct doc_row *pending,
                          struct document *out, struct err *e)
{
    const struct casefile *c = s->c;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct doc_person person;
    struct book_line line;

    TRY(person_of(w, s, c->lang, &person, e));
    TRY(number_of(w, s, &pending->d, *c->person ? c->person : NULL, &line, e));
    struct db_param p[] = {DB_STR(pending->d.id), DB_STR(doc_int(w, line.at_ms)), DB_STR(s->signer),
                           DB_STR(person.name), DB_STR(line.number)};
    TRY(work_sql(w, SQL_DOC_SIGN, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_STATE, "document %s cannot be signed", pending->d.id);
    TRY(doc_get(w, pending->d.id, out, e));
    return doc_happened(w, s->who, c, "document signed", out, e);
}

/* Decided in a step that names a paper but renders nothing: that paper it is. */
static enum rc render_late(struct work *w, const struct actor *who, const struct doc_effect *f,
                           struct document *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(f->c->id)};
    struct document d;
    struct err none = {0};

    TRY(work_sql(w, SQL_DOC_GIVEN, p, &r, e));
    const char *id = db_is_null(r, 0, 0) ? NULL : arena_str(w->a, db_text(r, 0, 0));
    bool fit = id && doc_get(w, id, &d, &none) == RC_OK && strcmp(d.type, "application/pdf") == 0 &&
               (strcmp(d.kind, "attachment") == 0 || strcmp(d.kind, "scan") == 0) && d.case_id &&
               strcmp(d.case_id, f->c->id) == 0 && !d.signed_ms && !d.voided_ms && !d.disposed_ms;
    return fit ? choose(w, who, f, id, out, e) : doc_render_case(w, who, f, out, e);
}

enum rc doc_sign_case(struct work *w, const struct actor *who, const struct doc_effect *f,
                      struct document *out, struct err *e)
{
    struct doc_row *pending, row = {0};
    struct document rendered;
    struct doc_letter l;
    const char *signer = NULL;
    size_t n;

    TRY(doc_rows(w, SQL_DOC_PENDING, f->c->id, &pending, &n, e));
    if (!n) {
        TRY(render_late(w, who, f, &rendered, e));
        TRY(doc_rows(w, SQL_DOC_PENDING, f->c->id, &pending, &n, e));
    }
    if (!n)
        return err_set(e, RC_STATE, "case %s has no paper to sign", f->c->id);
    TRY(signer_of(w, who, f->c, pending, &signer, e));
    const struct sealing s = {who, f->c, signer};
    if (strstr(pending->source, "\"given\": true") == pending->source + 1)
        return sign_given(w, &s, pending, out, e);
    TRY(letter_of_source(w, f->c, pending->source, &l, e));
    TRY(letter_others_now(w, f->c, f->with, &l, e));
    row.d = pending->d;
    row.d.parent = pending->d.id;
    TRY(void_pending(w, f->c->id, "signed", e));
    TRY(final_letter(w, &s, &l, &row, e));
    *out = row.d;
    return doc_happened(w, who, f->c, "document signed", out, e);
}

/* ---- forward ---- */

enum rc doc_cover(struct work *w, const struct actor *who, const struct doc_effect *f,
                  const char *to_institution, struct document *out, struct err *e)
{
    const struct doc_draft d = {.template = "cover.forward", .lang = LANG_RO, .at_ms = w->now_ms()};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(to_institution)};
    struct doc_letter l;
    struct doc_row row = {0};

    if (who->kind != ACTOR_STAFF)
        return err_code(e, RC_STATE, "NO_SIGNER", 0, "the cover letter is signed by a person");
    TRY(letter_of_draft(w, f->c, &d, &l, e));
    TRY(work_sql(w, SQL_DOC_LETTERHEAD, p, &r, e));
    l.to[0] = db_rows(r) == 1 ? arena_str(w->a, db_text(r, 0, 0)) : to_institution;
    l.n_to = 1;
    l.title = NULL;
    l.body = NULL;
    letter_var(&l, "to_institution", l.to[0]);
    letter_var(&l, "reason", given(f, "reason"));
    row.d = (struct document){.case_id = f->c->id,
                              .institution = f->c->institution,
                              .kind = l.t->kind,
                              .title = tr_get(&l.t->name, LANG_RO),
                              .lang = lang_codes[LANG_RO],
                              .template = l.t->id};
    const struct sealing s = {who, f->c, who->account};
    TRY(final_letter(w, &s, &l, &row, e));
    *out = row.d;
    return doc_happened(w, who, f->c, "cover letter", out, e);
}
