#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/ctl_work.h"
#include "backend/person.h"
#include "common/base/fs.h"

/* The CNP stays out of the shell's history: "-" reads it from standard input. */
static enum rc asked(const struct args *a, struct person_ask *out, struct err *e)
{
    char line[32] = "";

    if (!a->what)
        return err_set(e, RC_BAD_REQUEST,
                       "person export|erase CNP|- --reason TEXT [--institution ID] [--by USER]");
    out->cnp = a->what;
    if (strcmp(a->what, "-") == 0) {
        if (!fgets(line, sizeof(line), stdin))
            return err_set(e, RC_BAD_REQUEST, "no CNP on standard input");
        line[strcspn(line, "\r\n")] = 0;
        out->cnp = arena_str(a->arena, line);
    }
    out->institution = ctl_option(a, "institution", NULL);
    return ctl_need(a, "reason", &out->reason, e);
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
    printf("%zu cases, %zu files in %s; minutes %s\n", done.cases, done.files, out,
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
    printf("%zu cases erased, %zu files; minutes %s\n", done.cases, done.files,
           done.n_protocols ? done.protocols[0].id : "-");
    return RC_OK;
}

const struct command person_commands[] = {
    {"person", "export", "CNP|- --reason TEXT --out DIR [--institution ID] [--by USER]",
     "a copy of all that is here about one person", cmd_export, 0},
    {"person", "erase", "CNP|- --reason TEXT [--institution ID] [--by USER]",
     "after the term: requests, files, contact and CNP go; number and line stay", cmd_erase, 0},
};
const size_t n_person_commands = COUNT(person_commands);
