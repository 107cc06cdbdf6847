/* Minutes, inventories and pages of the book: a template, values, a table. */
#include <string.h>

#include "backend/doc_priv.h"

static enum rc order_letter(struct work *w, const struct actor *who, const struct doc_order *o,
                            struct doc_letter *l, struct err *e)
{
    struct doc_person person = {"", ""};

    *l = (struct doc_letter){.t = template_find(&w->house->templates, o->template),
                             .lang = o->lang,
                             .institution = o->institution,
                             .number = o->number,
                             .cells = o->cells,
                             .rows = o->rows,
                             .made_ms = o->made_ms ? o->made_ms : w->now_ms()};
    if (!l->t)
        return err_at(e, RC_BAD_FIELD, "template", "there is no %s", o->template);
    if (who->kind == ACTOR_STAFF)
        TRY(letter_person(w, who->account, o->lang, &person, e));
    for (size_t i = 0; i < o->n_vars; i++)
        letter_var(l, o->vars[i].name, o->vars[i].value);
    letter_var(l, "clerk", person.name);
    letter_var(l, "office", person.office);
    for (size_t i = 0; i < SIGN_COUNT; i++)
        l->sign[i] = o->sign[i].name ? o->sign[i] : (struct doc_person){"", ""};
    if (!o->sign[SIGN_REGISTRAR].name)
        l->sign[SIGN_REGISTRAR] = person;
    if (!o->sign[SIGN_ARCHIVIST].name)
        l->sign[SIGN_ARCHIVIST] = person;
    if (!o->sign[SIGN_OFFICER].name) {
        const struct right_role *role = rights_role(&w->house->rights, "approver");
        l->sign[SIGN_OFFICER] = (struct doc_person){"", role ? tr_get(&role->name, o->lang) : ""};
    }
    return RC_OK;
}

enum rc doc_protocol_pdf(struct work *w, const struct actor *who, const struct doc_order *o,
                         struct bytes *pdf, struct err *e)
{
    struct doc_letter l;

    TRY(order_letter(w, who, o, &l, e));
    return letter_pdf(w, &l, pdf, NULL, e);
}

static enum rc made(struct work *w, const struct actor *who, const struct doc_order *o, struct document *out,
                    struct err *e)
{
    struct doc_letter l;
    struct doc_row row = {0};
    struct bytes pdf;
    size_t pages;

    TRY(order_letter(w, who, o, &l, e));
    TRY(letter_pdf(w, &l, &pdf, &pages, e));
    const char *title = template_fill(w->a, l.t->title.t[l.lang], l.vars, l.n_vars);
    row.d = (struct document){.case_id = o->case_id,
                              .institution = o->institution,
                              .kind = l.t->kind,
                              .title = title ? title : tr_get(&l.t->name, l.lang),
                              .lang = lang_codes[l.lang],
                              .template = l.t->id,
                              .number = o->number,
                              .made_ms = l.made_ms};
    TRY(doc_keep(w, who, pdf, pages, &row, e));
    *out = row.d;
    const struct work_log log = {o->institution, o->case_id, "document made",
                                 arena_fmt(w->a, "%s %s %s", row.d.id, l.t->id, row.d.sha256)};
    return work_audit(w, who, &log, e);
}

enum rc doc_protocol(struct work *w, const struct actor *who, const struct doc_order *o, struct document *out,
                     struct err *e)
{
    TRY(work_begin(w, e));
    return work_end(w, made(w, who, o, out, e), e);
}
