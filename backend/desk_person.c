/* The data of one person: seen, copied, erased. The CNP is typed and comes in a body; it stands in no
 * address, log or audit. */
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/person.h"
#include "backend/zip.h"

/* Its texts are in memory while it goes out; its files are read then. */
enum { TEXTS_MAX = 16 << 20, COPY_MAX = 1 << 30 };

/* A CNP; or a name with one more thing that tells two people of it apart, and then the numbers that were
 * chosen. */
struct person_in {
    const char *cnp, *name, *mark, *reason;
    const char **numbers;
    size_t n_numbers;
};
static const struct jfield person_fields[] = {
    JF_STR(struct person_in, cnp, J_PD, 0, 32),      JF_STR(struct person_in, name, J_PD, 0, 200),
    JF_STR(struct person_in, mark, J_PD, 0, 200),    JF_STRS(struct person_in, numbers, n_numbers, 0, 200),
    JF_STR(struct person_in, reason, J_REQ, 1, 500),
};
JDESC(desk_person_in, struct person_in, person_fields);

static struct person_ask ask_of(const void *in)
{
    const struct person_in *x = in;

    return (struct person_ask){.cnp = x->cnp && *x->cnp ? x->cnp : NULL,
                               .numbers = (const char *const *)x->numbers,
                               .n_numbers = x->n_numbers,
                               .name = x->name,
                               .reason = x->reason,
                               .due = true};
}

/* ---- seen ---- */

/* In words: why it stays. */
static struct tr why_kept(struct desk_call *c, const struct person_case *p)
{
    static const struct tr open = {{"Este în lucru.", "Folyamatban van.", "It is in work."}};
    static const struct tr ever = {{"Se păstrează permanent.", "Maradandó értékű.", "It is kept for ever."}};
    static const struct tr until = {{"Termenul de păstrare este până la {day}.",
                                     "A megőrzési idő vége: {day}.", "The retention term runs until {day}."}};
    struct date end;
    struct tr out;

    if (!p->kept)
        return (struct tr){{"", "", ""}};
    if (p->open)
        return open;
    if (!p->until_days)
        return ever;
    end = date_add((struct date){1970, 1, 1}, p->until_days);
    for (int k = 0; k < LANG_COUNT; k++) {
        const struct text_var day = {"day", date_said(c->w->a, end, (enum lang)k)};
        out.t[k] = text_fill(c->w->a, until.t[k], &day, 1);
    }
    return out;
}

/* What the copy has of it, and what becomes of it. */
static enum rc one_row(struct desk_call *c, const struct casefile *f, const struct person_case *p,
                       struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param of[] = {DB_STR(f->id)};
    const struct tr why = why_kept(c, p);

    TRY(work_sql(c->w, SQL_PERSON_DOCUMENTS, of, &r, e));
    desk_rows(c, f);
    c->out.len--; /* more of it */
    js_str(
        &c->out, "key",
        arena_fmt(c->w->a, "%s/%s/%lld/%lld", f->institution, f->reg, (long long)f->year, (long long)f->n));
    js_bool(&c->out, "signed", f->request_id && !p->erased);
    js_int(&c->out, "papers", db_rows(r));
    js_bool(&c->out, "cnp", p->cnp != NULL);
    js_bool(&c->out, "kept", p->kept);
    js_tr(&c->out, "why", &why);
    js_close(&c->out, '}');
    return RC_OK;
}

/* By name and mark; whoever looks chooses among them, and the copy asks for what was chosen. */
static enum rc looked_for(struct desk_call *c, const struct person_in *x, struct err *e)
{
    static const struct tr more = {
        {"Numele singur nu ajunge. Scrieți și e-mailul, telefonul, data nașterii sau numărul actului.",
         "A név magában nem elég. Írja be az e-mail-címet, a telefonszámot, a születési dátumot vagy az "
         "okmány számát is.",
         "A name alone is not enough. Give the e-mail, the phone, the date of birth or the number of the "
         "document, too."}};
    const struct person_find find = {.name = x->name, .mark = x->mark, .reason = x->reason};
    struct person_found found;
    int64_t due = 0;

    if (!x->mark || !x->mark[strspn(x->mark, " ")]) {
        c->w->say = more;
        return err_at(e, RC_BAD_FIELD, "mark", "is missing");
    }
    TRY(person_find(c->w, &c->who, &find, &found, e));
    js_open(&c->out, NULL, '{');
    js_open(&c->out, "cases", '[');
    for (size_t i = 0; i < found.n; i++) {
        TRY(one_row(c, &found.items[i], &found.cases[i], e));
        due += !found.cases[i].kept;
    }
    js_close(&c->out, ']');
    js_int(&c->out, "due", due);
    js_bool(&c->out, "choose", true);
    js_close(&c->out, '}');
    return RC_OK;
}

static enum rc seen(struct desk_call *c, const void *in, const char *right, struct err *e)
{
    const struct person_in *x = in;
    const struct person_ask ask = ask_of(in);
    struct work_log log = {c->who.institution, NULL, "person looked up",
                           arena_fmt(c->w->a, "%s, reason: %s", right, ask.reason)};
    struct person_list list;
    int64_t due = 0;

    if (x->name && *x->name && !x->n_numbers && !(x->cnp && *x->cnp))
        return looked_for(c, x, e);
    enum rc rc = person_cases(c->w, &c->who, right, &ask, &list, e);
    if (rc == RC_BAD_FIELD) /* nothing was looked for, or the reason bears the name */
        return rc;
    TRY(work_audit(c->w, &c->who, &log, e)); /* whatever is found */
    TRY(rc);
    js_open(&c->out, NULL, '{');
    js_open(&c->out, "cases", '[');
    for (size_t i = 0; i < list.n; i++) {
        const struct person_case *p = &list.items[i];
        struct casefile f;
        TRY(case_get(c->w, p->id, false, &f, e));
        due += !p->kept;
        TRY(one_row(c, &f, p, e));
    }
    js_close(&c->out, ']');
    js_int(&c->out, "due", due);
    js_close(&c->out, '}');
    return RC_OK;
}

enum rc desk_person_seen(struct desk_call *c, const void *in, struct err *e)
{
    return seen(c, in, "person.export", e);
}

enum rc desk_person_due(struct desk_call *c, const void *in, struct err *e)
{
    return seen(c, in, "person.erase", e);
}

/* ---- copied ---- */

static enum rc into_zip(void *user, const struct person_file *f, struct err *e)
{
    struct zip *z = user;

    if (z->out.text.len + f->text.len > TEXTS_MAX ||
        parts_size(&z->out) + (f->file ? store_size(f->file) : 0) > COPY_MAX)
        return err_set(e, RC_TOO_BIG, "the copy is larger than %d MB", COPY_MAX >> 20);
    if (f->file)
        return zip_lay(z, f->name, f->file, f->sha256, e);
    return zip_add(z, f->name, f->text, e);
}

static enum rc copied(struct desk_call *c, const struct person_ask *ask, struct zip *z, struct err *e)
{
    const struct person_sink sink = {into_zip, z};
    struct person_done done;
    struct document d;

    TRY(person_export(c->w, &c->who, ask, &sink, &done, e));
    for (size_t i = 0; i < done.n_protocols; i++) {
        const struct doc_ask of = {done.protocols[i].id, NULL};
        struct store_reader *file SCOPED(store_closep) = NULL;
        TRY(doc_read(c->w, &c->who, &of, &d, &file, e));
        const char *name = arena_fmt(c->w->a, "proces-verbal-%zu.pdf", i + 1);
        const struct person_file f = {name, {0}, file, d.sha256};
        TRY(into_zip(z, &f, e));
    }
    zip_end(z);
    c->parts = z->out;
    z->out = (struct parts){.n = 0};
    c->type = "application/zip";
    c->save = "attachment; filename=\"date-personale.zip\"";
    return RC_OK;
}

/* The minutes lie in it: whoever was given the copy has them, too. */
enum rc desk_person_copy(struct desk_call *c, const void *in, struct err *e)
{
    static const struct tr big = {
        {"Copia trece de 1 GB. Administratorul o face cu registryctl.",
         "A másolat nagyobb 1 GB-nál. A rendszergazda a registryctl paranccsal készíti el.",
         "The copy is larger than 1 GB. The administrator makes it with registryctl."}};
    static const struct tr many = {
        {"Copia are peste 65.535 de fișiere. Administratorul o face cu registryctl.",
         "A másolat több mint 65 535 fájlból áll. A rendszergazda a registryctl paranccsal készíti el.",
         "The copy has more than 65,535 files. The administrator makes it with registryctl."}};
    const struct person_ask ask = ask_of(in);
    struct zip z = {.out.place = {c->w->house->conf->blobs, 0}};

    TRY(work_begin(c->w, e));
    enum rc rc = work_end(c->w, copied(c, &ask, &z, e), e);
    zip_free(&z);
    if (rc == RC_TOO_BIG)
        c->w->say = e->code && strcmp(e->code, ZIP_FILES) == 0 ? many : big;
    return rc;
}

/* ---- erased ---- */

enum rc desk_person_erase(struct desk_call *c, const void *in, struct err *e)
{
    const struct person_ask ask = ask_of(in);
    struct person_done done;

    TRY(person_erase(c->w, &c->who, &ask, &done, e));
    js_open(&c->out, NULL, '{');
    js_int(&c->out, "cases", (int64_t)done.cases);
    js_int(&c->out, "files", (int64_t)done.files);
    js_open(&c->out, "protocols", '[');
    for (size_t i = 0; i < done.n_protocols; i++) {
        js_next(&c->out, NULL);
        doc_json(&done.protocols[i], &c->out);
    }
    js_close(&c->out, ']');
    js_close(&c->out, '}');
    return RC_OK;
}
