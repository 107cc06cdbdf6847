/* Templates, letterheads, offices, and how papers go when their term is over. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/ctl.h"
#include "backend/ctl_work.h"
#include "backend/doc_priv.h"
#include "backend/people.h"
#include "common/base/fs.h"
#include "common/base/text.h"

/* ---- templates ---- */

static bool step_known(const struct workflows *w, const char *step)
{
    for (size_t i = 0; i < w->n; i++)
        if (workflow_action(&w->items[i], step))
            return true;
    return false;
}

static bool outcome_known(const struct templates *t, const char *outcome)
{
    for (size_t i = 0; i < t->n_outcomes; i++)
        if (strcmp(t->outcomes[i].document, outcome) == 0)
            return true;
    return false;
}

/* Names that lead outside the file: steps of some workflow, documents that some service ends with. */
static enum rc outside(const struct templates *all, const struct workflows *w, const struct template *t,
                       struct err *e)
{
    for (size_t i = 0; i < t->n_steps; i++)
        if (!step_known(w, t->steps[i]))
            return err_at(e, RC_BAD_FIELD, "steps", "%s.json: steps: no workflow has a step %s", t->id,
                          t->steps[i]);
    for (size_t i = 0; i < t->n_outcomes; i++)
        if (!outcome_known(all, t->outcomes[i]))
            return err_at(e, RC_BAD_FIELD, "outcomes", "%s.json: outcomes: no service ends with %s", t->id,
                          t->outcomes[i]);
    return RC_OK;
}

static enum rc cmd_template_check(const struct args *a, struct err *e)
{
    const char *configs = ctl_option(a, "configs", "configs");
    struct templates all;
    struct workflows w;
    struct template one;

    TRY(templates_load(a->arena, configs, &all, e));
    TRY(workflows_load(a->arena, configs, &w, e));
    if (a->what) {
        TRY(template_load(a->arena, a->what, &one, e));
        TRY(outside(&all, &w, &one, e));
        printf("%s holds\n", a->what);
        return RC_OK;
    }
    for (size_t i = 0; i < all.n; i++)
        TRY(outside(&all, &w, &all.items[i], e));
    printf("%zu templates hold\n", all.n);
    return RC_OK;
}

static enum rc cmd_template_list(const struct args *a, struct err *e)
{
    struct templates all;

    TRY(templates_load(a->arena, ctl_option(a, "configs", "configs"), &all, e));
    for (size_t i = 0; i < all.n; i++) {
        const struct template *t = &all.items[i];
        printf("%-20s %-9s %s%s%s  %s\n", t->id, t->kind, "ro", t->langs[LANG_HU] ? " hu" : "",
               t->langs[LANG_EN] ? " en" : "", t->name.t[LANG_RO]);
    }
    return RC_OK;
}

static void samples(struct arena *a, struct doc_letter *l)
{
    static const struct text_var known[] = {
        {"request_number", "PET 45/01.11.2026"},
        {"request_date", "01.11.2026"},
        {"applicant", "Ana-Mărioara Pop-Țîrlea"},
        {"year", "2026"},
        {"first", "1"},
        {"last", "1234"},
        {"count", "1234"},
        {"in_count", "900"},
        {"out_count", "334"},
        {"due", "01.12.2026"},
        {"retention_years", "10"},
        {"documents", "2345"},
        {"attached", ""},
        {"hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
        {"hash_before", "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"},
        {"url", "https://exemplu.ro/s/7K3M9X2QPD"},
    };
    for (size_t i = 0; template_vars[i]; i++)
        letter_var(l, template_vars[i], arena_fmt(a, "[%s]", template_vars[i]));
    for (size_t i = 0; i < COUNT(known); i++)
        letter_var(l, known[i].name, known[i].value);
    letter_var(l, "date", "22.11.2026");
    letter_var(l, "institution", NULL);
}

/* With places instead of values, to look at. */
static enum rc cmd_template_show(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct doc_letter l = {.number = "Nr. 123/22.11.2026", .made_ms = 1795337100000};
    const char *out;
    struct bytes pdf;
    size_t pages;

    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "the template's id is missing");
    TRY(ctl_need(a, "out", &out, e));
    TRY(ctl_need(a, "institution", &l.institution, e));
    if (!lang_parse(ctl_option(a, "lang", "ro"), &l.lang))
        return err_set(e, RC_BAD_REQUEST, "--lang is ro, hu or en");
    TRY(ctl_work_begin(a, &cw, e));
    l.t = template_find(&cw.house.templates, a->what);
    if (!l.t)
        return err_set(e, RC_NOT_FOUND, "there is no template %s", a->what);
    samples(a->arena, &l);
    l.qr = "https://exemplu.ro/s/7K3M9X2QPD";
    if (strcmp(l.t->kind, "protocol") != 0) {
        l.to[0] = letter_value(&l, "applicant");
        l.n_to = 1;
    }
    const char *row[TEMPLATE_COLUMNS_MAX];
    for (size_t i = 0; i < COUNT(row); i++)
        row[i] = "…";
    l.cells = row;
    l.rows = l.t->n_columns ? 1 : 0;
    for (size_t i = 0; i < SIGN_COUNT; i++)
        l.sign[i] = (struct doc_person){"Ioan Mureșan", "Primar"};
    l.body = letter_offer(&cw.w, &l);
    TRY(letter_pdf(&cw.w, &l, &pdf, &pages, e));
    TRY(fs_write(out, pdf.p, pdf.len, 0644, e));
    printf("%s: %zu pages\n", out, pages);
    return RC_OK;
}

/* ---- retention ---- */

static enum rc written(struct ctl_work *cw, const struct args *a, const struct document *d, struct err *e)
{
    const struct store_place place = doc_place(&cw->w);
    const char *out = ctl_option(a, "out", NULL);
    struct store_reader *file SCOPED(store_closep) = NULL;

    printf("document %s, %lld pages\n", d->id, (long long)d->pages);
    if (!out)
        return RC_OK;
    TRY(store_open(&place, d->sha256, &file, e));
    return store_save(file, out, 0600, e);
}

static enum rc begin_by(const struct args *a, struct ctl_work *cw, struct err *e)
{
    const char *by;

    TRY(ctl_need(a, "by", &by, e));
    return ctl_work_begin(a, cw, e);
}

static enum rc cmd_retention_list(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(ctl_option(a, "institution", NULL))};

    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_DISPOSE_LIST, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        printf("%s %s %s listed %s by %s, %s cases%s%s%s%s\n", db_text(r, i, 0), db_text(r, i, 1),
               db_text(r, i, 2), db_text(r, i, 3), db_text(r, i, 4), db_text(r, i, 5),
               *db_text(r, i, 7) ? ", disposed " : ", waits for approval", db_text(r, i, 7),
               *db_text(r, i, 7) ? " by " : "", db_text(r, i, 6));
    return RC_OK;
}

static enum rc cmd_retention_inventory(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct doc_class c;
    struct document d;
    const char *id;

    TRY(ctl_need(a, "institution", &c.institution, e));
    TRY(ctl_need(a, "class", &c.retention, e));
    TRY(begin_by(a, &cw, e));
    TRY(doc_dispose_list(&cw.w, &cw.who, &c, &id, &d, e));
    printf("list %s\n", id);
    return written(&cw, a, &d, e);
}

static enum rc cmd_retention_dispose(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct document d;

    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "the list's id is missing");
    TRY(begin_by(a, &cw, e));
    TRY(doc_dispose(&cw.w, &cw.who, a->what, &d, e));
    return written(&cw, a, &d, e);
}

/* ---- files that nothing names ---- */

enum { LITTER_SECONDS = 86400 };

static bool named(const struct db_result *known, const char *name)
{
    int low = 0, high = db_rows(known);
    while (low < high) {
        int mid = (low + high) / 2, cmp = strcmp(db_text(known, mid, 0), name);
        if (cmp == 0)
            return true;
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

/* One of the 256 folders. Younger files may still be on their way to their row. */
struct litter {
    struct ctl_work *cw;
    const struct db_result *known;
    bool remove; /* a row that leaves, for the sweep: somebody may be bringing the same bytes */
    int n;
};

static enum rc litter_in(struct litter *l, const char *folder, struct err *e)
{
    DIR *d = opendir(folder);
    char path[1400];
    struct stat st;
    enum rc rc = RC_OK;

    for (struct dirent *f; d && rc == RC_OK && (f = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
        if (strlen(f->d_name) != STORE_HEX - 1 || named(l->known, f->d_name) || stat(path, &st) != 0 ||
            time(NULL) - st.st_mtime < LITTER_SECONDS)
            continue;
        l->n++;
        printf("%s %lld bytes\n", f->d_name, (long long)st.st_size);
        struct db_param p[] = {DB_STR(f->d_name), DB_STR(doc_int(&l->cw->w, st.st_size))};
        if (l->remove)
            rc = work_sql(&l->cw->w, SQL_BLOB_LITTER, p, NULL, e);
    }
    if (d)
        closedir(d);
    return rc;
}

/* What was at rest when its act was undone: no row names it, nobody can reach it, and it may name a person.
 */
static enum rc cmd_litter(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct db_result *known SCOPED(db_result_freep) = NULL;
    struct litter l = {.cw = &cw, .remove = strcmp(ctl_option(a, "remove", "no"), "yes") == 0};

    TRY(ctl_work_begin(a, &cw, e));
    TRY(work_sql(&cw.w, SQL_BLOB_LIST, NULL, &known, e));
    l.known = known;
    for (int i = 0; i < 256; i++)
        TRY(litter_in(&l, arena_fmt(a->arena, "%s/%02x", cw.conf.blobs, (unsigned)i), e));
    if (l.remove)
        TRY(doc_sweep(&cw.w, e));
    printf("%d files that nothing names%s\n", l.n, l.remove ? ", removed" : "");
    return RC_OK;
}

/* ---- what letters say about the house ---- */

static enum rc cmd_office(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *ro, *by = ctl_option(a, "by", "registryctl");

    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "the account's name is missing");
    TRY(ctl_need(a, "ro", &ro, e));
    struct db_param p[] = {DB_STR(a->what), DB_STR(ro), DB_STR(ctl_option(a, "hu", NULL)),
                           DB_STR(ctl_option(a, "en", NULL))};
    for (size_t i = 1; i < COUNT(p); i++)
        if (p[i].p && (!utf8_valid(p[i].p, strlen(p[i].p)) || strlen(p[i].p) > 200))
            return err_set(e, RC_BAD_REQUEST, "an office of at most 200 bytes");
    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_DOC_OFFICE, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no account %s", a->what);
    TRY(people_audit(s, db_text(r, 0, 0), by, "office set", a->what, e));
    printf("%s signs as %s\n", a->what, ro);
    return RC_OK;
}

static enum rc cmd_letterhead(const struct args *a, struct err *e)
{
    struct db_sync *s SCOPED(db_sync_closep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *arms = ctl_option(a, "arms", NULL), *by = ctl_option(a, "by", "registryctl");
    char *hex = NULL, *png;
    size_t len;
    struct store_kind kind;

    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "the institution's id is missing");
    if (arms) {
        TRY(fs_read(a->arena, arms, 512 << 10, &png, &len, e));
        TRY(store_kind(BYTES(png, len), &kind, e));
        if (strcmp(kind.type, "image/png") != 0 || kind.width > 2000 || kind.height > 2000)
            return err_set(e, RC_BAD_REQUEST, "%s: a PNG of at most 2000 by 2000 dots", arms);
        hex = arena_alloc(a->arena, 2 * len + 1);
        hex_encode(hex, png, len);
    }
    struct db_param p[] = {DB_STR(a->what), DB_STR(ctl_option(a, "address", NULL)),
                           DB_STR(ctl_option(a, "secretary", NULL)), DB_STR(hex)};
    TRY(ctl_database(a, &s, e));
    TRY(ctl_query(s, SQL_DOC_LETTERHEAD_PUT, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no institution %s", a->what);
    TRY(people_audit(s, a->what, by, "letterhead set", NULL, e));
    printf("letterhead of %s kept\n", a->what);
    return RC_OK;
}

const struct command doc_commands[] = {
    {"template", "check", "[FILE] [--configs configs]",
     "every template, or one: members, places, languages, steps", cmd_template_check, 0},
    {"template", "list", "[--configs configs]", "the templates of letters and minutes", cmd_template_list, 0},
    {"template", "show", "ID --institution ID --out FILE [--lang ro]", "as a PDF, with places for values",
     cmd_template_show, 0},
    {"retention", "list", "[--institution ID]", "what was drawn up for disposal, and what was disposed of",
     cmd_retention_list, 0},
    {"retention", "inventory", "--institution ID --class ID --by USER [--out FILE]",
     "draws up the cases whose term is over", cmd_retention_inventory, 0},
    {"retention", "dispose", "LIST --by USER [--out FILE]",
     "somebody else approves: minutes, and the files go; the register's rows stay", cmd_retention_dispose, 0},
    {"retention", "litter", "[--remove yes]", "files older than a day that no row names", cmd_litter, 0},
    {"user", "office", "NAME --ro TEXT [--hu TEXT] [--en TEXT] [--by USER]",
     "what stands above the name on what this person signs", cmd_office, 0},
    {"institutions", "letterhead", "ID [--address TEXT] [--secretary NAME] [--arms FILE.png] [--by USER]",
     "what letters say about the house; what is not given stays", cmd_letterhead, 0},
};
const size_t n_doc_commands = COUNT(doc_commands);
