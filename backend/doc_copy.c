/* "Conform cu originalul", and the request as a paper to read. */
#include <string.h>

#include "backend/doc_priv.h"
#include "backend/sealed.h"
#include "common/base/text.h"

/* ---- certified copies ---- */

static const char *const band[LANG_COUNT] = {"Conform cu originalul", "Az eredetivel megegyezik",
                                             "True to the original"};

struct certifying {
    const struct actor *who;
    const struct casefile *c;
    struct document parent;
    struct store_reader *file;
    struct doc_person person;
    const char *day;
};

static enum rc pages_of(struct work *w, const struct certifying *x, struct paper_scan **out, size_t *n,
                        struct err *e)
{
    if (strcmp(x->parent.type, "application/pdf") == 0)
        return paper_scans(w->a, x->file, out, n, e);
    *out = ARENA_NEW(w->a, struct paper_scan);
    return paper_picture(w->a, x->file, *out, n, e);
}

/* As the reader's program wants to see it named. */
static const char *file_name(const char *type)
{
    return strcmp(type, "application/pdf") == 0 ? "original.pdf"
           : strcmp(type, "image/png") == 0     ? "original.png"
                                                : "original.jpg";
}

static enum rc copy_letter(struct work *w, const struct certifying *x, struct doc_letter *l, struct err *e)
{
    *l = (struct doc_letter){.t = template_find(&w->house->templates, "copy.certified"),
                             .lang = LANG_RO,
                             .institution = x->parent.institution,
                             .made_ms = w->now_ms()};
    if (!l->t)
        return err_set(e, RC_STATE, "template copy.certified is missing");
    letter_var(l, "clerk", x->person.name);
    letter_var(l, "office", x->person.office);
    letter_var(l, "subject", x->parent.title);
    letter_var(l, "request_number", x->c->number);
    letter_var(l, "date", x->day);
    letter_var(l, "hash", x->parent.sha256);
    l->sign[SIGN_REGISTRAR] = x->person;
    return RC_OK;
}

/* Scans and pictures get the band on every page. Another's PDF is not taken apart: it lies inside, bit for
 * bit, and the sheet says so. */
static enum rc copy_pdf(struct work *w, const struct certifying *x, struct parts *out, size_t *pages,
                        struct err *e)
{
    struct letter_paper lp;
    struct paper_scan *scans;
    struct doc_letter l;
    size_t n;

    const char *name = file_name(x->parent.type);
    TRY(copy_letter(w, x, &l, e));
    TRY(pages_of(w, x, &scans, &n, e));
    if (!n)
        letter_var(&l, "attached", name);
    TRY(letter_paper(w, &l, &lp, e));
    if (!n) {
        const struct paper_file inside = {name, x->parent.type, x->file};
        lp.paper.inside = &inside;
        return paper_parts(&lp.paper, out, pages, e);
    }
    const struct paper_copy copy = {
        .pages = scans,
        .n = n,
        .band = band[LANG_RO],
        .band_small = arena_fmt(w->a, "%s, %s  ·  %s  ·  %s\nSHA-256 %s", x->person.name, x->person.office,
                                lp.paper.institution, x->day, x->parent.sha256),
        .last = &lp.paper,
    };
    return paper_copy_pdf(&copy, out, pages, e);
}

static void into_file(void *user, const void *p, size_t n)
{
    store_add(user, p, n);
}

/* In pieces: neither the parent nor its copy is ever whole in memory. The parent was looked at when it was
 * opened, and is looked at again behind the last byte: what it says was not changed in between. */
static enum rc write_copy(const struct certifying *x, const struct parts *pdf, struct store_file *out,
                          struct err *e)
{
    char hex[STORE_HEX];

    TRY(parts_each(pdf, into_file, out, e));
    TRY(store_sum(out, hex, NULL, e));
    return store_check(x->file, e);
}

static enum rc certify(struct work *w, struct certifying *x, struct document *out, struct err *e)
{
    const struct store_place place = doc_place(w);
    struct doc_row row = {0};
    struct parts pdf SCOPED(parts_free) = {.n = 0};
    size_t pages;

    if (strcmp(x->parent.kind, "scan") != 0 && strcmp(x->parent.kind, "attachment") != 0)
        return err_set(e, RC_STATE, "only what was brought in is certified");
    if (x->parent.voided_ms || x->parent.disposed_ms)
        return err_set(e, RC_STATE, "document %s does not hold any more", x->parent.id);
    TRY(store_open(&place, x->parent.sha256, &x->file, e));
    TRY(letter_person(w, x->who->account, LANG_RO, &x->person, e));
    x->day = doc_day(w, w->now_ms(), LANG_RO);
    TRY(copy_pdf(w, x, &pdf, &pages, e));
    row.d = (struct document){.case_id = x->parent.case_id,
                              .institution = x->parent.institution,
                              .kind = "certified",
                              .title = x->parent.title,
                              .lang = lang_codes[LANG_RO],
                              .parent = x->parent.id,
                              .template = "copy.certified",
                              .certified_ms = w->now_ms(),
                              .certified_by = x->who->account};
    struct store_file *file SCOPED(store_dropp) = store_begin(&place, parts_size(&pdf));
    TRY(write_copy(x, &pdf, file, e));
    TRY(doc_rest_file(w, file, pages, &row, e));
    TRY(doc_name(w, x->who, &row, e));
    *out = row.d;
    return doc_happened(w, x->who, x->c, "document certified", out, e);
}

enum rc doc_certify(struct work *w, const struct actor *who, const char *id, const char *reason,
                    struct document *out, struct err *e)
{
    struct casefile c;
    struct certifying x = {.who = who, .c = &c};
    struct doc_row *before;
    size_t n;

    TRY(doc_get(w, id, &x.parent, e));
    if (!x.parent.case_id)
        return err_set(e, RC_STATE, "document %s belongs to no case", id);
    TRY(case_get(w, x.parent.case_id, false, &c, e));
    TRY(doc_may(w, who, "document.certify", &c, reason, e));
    TRY(doc_rows(w, SQL_DOC_CERTIFIED, id, &before, &n, e));
    if (n) {
        *out = before[0].d;
        return RC_OK;
    }
    TRY(work_begin(w, e));
    enum rc rc = work_end(w, certify(w, &x, out, e), e);
    store_close(x.file);
    return rc;
}
