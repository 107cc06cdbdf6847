#include "backend/book_paper.h"

#include <string.h>

/* The register of the service, and its department unless another was chosen. */
static enum rc place(struct work *w, const char *service, struct book_entry *entry, struct err *e)
{
    struct institutions tree;
    const struct service *s = catalog_find(&w->house->catalog, service);

    if (!s)
        return err_at(e, RC_BAD_FIELD, "service", "there is no service %.64s", service);
    TRY(work_tree(w, &tree, e));
    const struct institution *at = entry->institution ? institution_find(&tree, entry->institution) : NULL;
    const struct register_rule *rule = registers_of(&w->house->registers, at ? at->kind : "", s->id);
    if (!at || !rule)
        return err_at(e, RC_NOT_FOUND, "institution", "there is no such institution");
    if (entry->reg && *entry->reg && strcmp(entry->reg, rule->id) != 0)
        return err_at(e, RC_BAD_FIELD, "register", "%s goes into %s", s->id, rule->id);
    entry->reg = rule->id;
    if (!entry->department || !*entry->department)
        entry->department = s->department;
    return RC_OK;
}

enum rc book_paper_place(struct work *w, const struct actor *who, const char *service,
                         struct book_entry *entry, struct err *e)
{
    if (service && entry->direction == BOOK_IN)
        TRY(place(w, service, entry, e));
    const struct rights_place where = {.institution = entry->institution ? entry->institution : "",
                                       .department = entry->department ? entry->department : ""};
    return work_may(w, who, "register.enter", &where, e);
}

static enum rc open_case(struct work *w, const struct actor *who, const struct book_paper *in,
                         struct book_paper_done *out, struct err *e)
{
    struct book_entry entry = in->entry;
    bool said = entry.subject && *entry.subject;
    int64_t n;

    if (!said)
        entry.subject = tr_get(&catalog_find(&w->house->catalog, in->service)->name, LANG_RO);
    TRY(book_entry_check(w, &entry, e));
    int year = date_of_ms(w->now_ms()).y;
    TRY(book_number(w, entry.institution, entry.reg, year, &n, e));
    const struct case_paper paper = {
        .institution = entry.institution,
        .reg = entry.reg,
        .n = n,
        .year = year,
        .service = in->service,
        .channel = "paper",
        .lang = in->lang,
        .department = entry.department,
        .subject = said ? entry.subject : NULL,
        .person = in->person && *in->person ? in->person : entry.correspondent,
        .cnp = in->cnp,
        .email = in->email,
        .phone = in->phone,
        .answers = in->answers,
    };
    TRY(case_open_paper(w, who, &paper, &out->c, e));
    out->has_case = true;
    entry.case_id = out->c.id;
    if (!said && *out->c.subject)
        entry.subject = out->c.subject;
    if (!entry.correspondent)
        entry.correspondent = out->c.person;
    return book_enter_as(w, who, &entry, n, &out->line, e);
}

static enum rc scans(struct work *w, const struct actor *who, const struct book_paper *in,
                     struct book_paper_done *out, struct err *e)
{
    if (in->n_scans && !out->has_case)
        return err_at(e, RC_BAD_FIELD, "documents", "a scan needs a case, and a case a service");
    out->scans = ARENA_ARRAY(w->a, struct document, in->n_scans + 1);
    for (size_t i = 0; i < in->n_scans; i++) {
        struct doc_upload up = in->scans[i];
        up.case_id = out->c.id;
        up.kind = "scan";
        TRY(doc_add(w, who, &up, &out->scans[i], e));
    }
    return RC_OK;
}

static enum rc all_of_it(struct work *w, const struct actor *who, const struct book_paper *in,
                         struct book_paper_done *out, struct err *e)
{
    if (in->service && in->entry.direction == BOOK_IN)
        TRY(open_case(w, who, in, out, e));
    else
        TRY(book_enter(w, who, &in->entry, &out->line, e));
    return scans(w, who, in, out, e);
}

enum rc book_paper(struct work *w, const struct actor *who, const struct book_paper *in,
                   struct book_paper_done *out, struct err *e)
{
    struct book_paper paper = *in;

    *out = (struct book_paper_done){0};
    TRY(book_paper_place(w, who, in->service, &paper.entry, e));
    TRY(work_begin(w, e));
    return work_end(w, all_of_it(w, who, &paper, out, e), e);
}
