#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/ctl_work.h"
#include "backend/person.h"
#include "common/base/fs.h"

enum { WORD_MAX = 300 };

/* CNP and name stay out of the shell's history: "-" reads them from standard input. */
static enum rc word(const struct args *a, const char *what, const char **out, struct err *e)
{
    char line[WORD_MAX] = "";

    *out = what;
    if (!what || strcmp(what, "-") != 0)
        return RC_OK;
    if (!fgets(line, sizeof(line), stdin))
        return err_set(e, RC_BAD_REQUEST, "nothing on standard input");
    line[strcspn(line, "\r\n")] = 0;
    *out = arena_str(a->arena, line);
    wipe(line, sizeof(line));
    return RC_OK;
}

/* "hall-1/petitions/2026/1, PET 3/20.11.2026" */
static const char *const *numbers_of(const struct args *a, const char *list, size_t *out)
{
    const char **numbers = ARENA_ARRAY(a->arena, const char *, strlen(list) + 1);

    for (const char *p = list; *p;) {
        p += strspn(p, ", ");
        size_t n = strcspn(p, ",");
        while (n && p[n - 1] == ' ')
            n--;
        if (n)
            numbers[(*out)++] = arena_strn(a->arena, p, n);
        p += strcspn(p, ",");
    }
    return numbers;
}

static enum rc asked(const struct args *a, struct person_ask *out, struct err *e)
{
    const char *cases = ctl_option(a, "cases", NULL), *entries = ctl_option(a, "entries", NULL);

    *out = (struct person_ask){0};
    if (!a->what == (!cases && !entries))
        return err_set(
            e, RC_BAD_REQUEST,
            "person export|erase CNP|- or --cases NUMBERS --entries NUMBERS --name NAME, --reason TEXT "
            "[--institution ID] [--by USER]");
    TRY(word(a, a->what, &out->cnp, e));
    if (!a->what) {
        out->numbers = numbers_of(a, cases ? cases : "", &out->n_numbers);
        out->entries = numbers_of(a, entries ? entries : "", &out->n_entries);
        TRY(ctl_need(a, "name", &out->name, e));
        TRY(word(a, out->name, &out->name, e));
        if ((cases && !out->n_numbers) || (entries && !out->n_entries))
            return err_set(e, RC_BAD_REQUEST, "--%s names no number",
                           out->n_numbers || !cases ? "entries" : "cases");
    }
    out->institution = ctl_option(a, "institution", NULL);
    return ctl_need(a, "reason", &out->reason, e);
}

static const char *until(const struct args *a, bool kept, int64_t days)
{
    char day[11];

    if (!kept)
        return "due";
    if (!days)
        return "kept for ever";
    date_iso(day, date_add((struct date){1970, 1, 1}, days));
    return arena_fmt(a->arena, "kept until %s", day);
}

static const char *fate(const struct args *a, const struct person_case *c)
{
    return c->kept && c->open ? "in work" : until(a, c->kept, c->until_days);
}

/* What the operator needs to tell two people of one name apart; export and erase take the first column. */
static enum rc cmd_find(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct person_find in = {.mark = ctl_option(a, "mark", NULL),
                             .institution = ctl_option(a, "institution", NULL),
                             .entries = true};
    struct person_found found;

    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "person find NAME|- --reason TEXT [--mark TEXT]");
    TRY(word(a, a->what, &in.name, e));
    TRY(ctl_need(a, "reason", &in.reason, e));
    TRY(ctl_work_begin(a, &cw, e));
    TRY(person_find(&cw.w, &cw.who, &in, &found, e));
    for (size_t i = 0; i < found.n; i++) {
        const struct casefile *f = &found.items[i];
        printf("%s/%s/%lld/%lld\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f->institution, f->reg, (long long)f->year,
               (long long)f->n, f->number, f->service, f->person, f->email && *f->email ? f->email : "-",
               f->phone && *f->phone ? f->phone : "-", found.cases[i].cnp ? "with a CNP" : "without a CNP",
               fate(a, &found.cases[i]));
    }
    for (size_t i = 0; i < found.n_entries; i++) {
        const struct person_entry *x = &found.entries[i];
        printf("%s\t%s\tentry without a case\t%s\t%s\n", x->key, x->number, x->text,
               until(a, x->kept, x->until_days));
    }
    printf("%zu cases%s\n", found.n,
           found.n_entries ? arena_fmt(a->arena, ", %zu entries", found.n_entries) : "");
    return RC_OK;
}

static const char *lines(const struct args *a, const struct person_done *d)
{
    return d->entries ? arena_fmt(a->arena, "%zu entries, ", d->entries) : "";
}

static enum rc put(void *user, const struct person_file *f, struct err *e)
{
    ARENA_SCOPE(a);
    const char *path = arena_fmt(a, "%s/%s", (const char *)user, f->name);
    const char *slash = strchr(f->name, '/');

    if (slash)
        TRY(fs_mkdirs(arena_fmt(a, "%s/%.*s", (const char *)user, (int)(slash - f->name), f->name), 0700, e));
    return f->file ? store_save(f->file, path, 0600, e) : fs_write(path, f->text.p, f->text.len, 0600, e);
}

static enum rc cmd_export(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct person_ask ask;
    struct person_done done;
    const char *out;

    TRY(asked(a, &ask, e));
    TRY(ctl_need(a, "out", &out, e));
    if (fs_exists(out))
        return err_set(e, RC_CONFLICT, "%s exists", out);
    const char *part = arena_fmt(a->arena, "%s.part", out);
    const struct person_sink sink = {put, (void *)(uintptr_t)part};
    TRY(ctl_work_begin(a, &cw, e));
    TRY(fs_mkdirs(part, 0700, e));
    TRY(person_export(&cw.w, &cw.who, &ask, &sink, &done, e));
    if (rename(part, out) != 0)
        return err_set(e, RC_IO, "%s: cannot be named %s", part, out);
    printf("%zu cases, %s%zu files in %s; minutes %s\n", done.cases, lines(a, &done), done.files, out,
           done.n_protocols ? done.protocols[0].id : "-");
    return RC_OK;
}

static enum rc cmd_erase(const struct args *a, struct err *e)
{
    struct ctl_work cw SCOPED(ctl_work_end) = {0};
    struct person_ask ask;
    struct person_done done;

    TRY(asked(a, &ask, e));
    TRY(ctl_work_begin(a, &cw, e));
    TRY(person_erase(&cw.w, &cw.who, &ask, &done, e));
    printf("%zu cases erased, %s%zu files; minutes %s\n", done.cases, lines(a, &done), done.files,
           done.n_protocols ? done.protocols[0].id : "-");
    return RC_OK;
}

#define WHO                                                                                                  \
    "CNP|- or --cases NUMBERS and --entries NUMBERS --name NAME|-; --reason TEXT [--institution ID] [--by "  \
    "USER]"
const struct command person_commands[] = {
    {"person", "find", "NAME|- --reason TEXT [--mark TEXT] [--institution ID] [--by USER]",
     "cases and entries without one that bear a name, to choose numbers from; mark: e-mail, phone, date or "
     "document's number",
     cmd_find, 0},
    {"person", "export", WHO " --out DIR", "a copy of all that is here about one person", cmd_export, 0},
    {"person", "erase", WHO,
     "after the term: requests, files, contact, CNP and the book's words go; number and line stay", cmd_erase,
     0},
};
const size_t n_person_commands = COUNT(person_commands);
