/* Definitions of workflows, checked and shown. */
#include "backend/ctl.h"

#include <stdio.h>
#include <string.h>

#include "common/model/workflow.h"

static enum rc check_one(struct arena *a, const struct workflows *w, const char *file, struct err *e)
{
    struct workflow f;
    TRY(workflow_read(a, w, file, &f, e));
    TRY(workflow_check(w, &f, e));
    printf("%s: %s, version %lld: %zu states, %zu actions, %zu timers, holds\n", file, f.id,
           (long long)f.version, f.n_states, f.n_actions, f.n_timers);
    return RC_OK;
}

static const char *folder(const struct args *a)
{
    return ctl_option(a, "configs", "configs");
}

static enum rc cmd_check(const struct args *a, struct err *e)
{
    struct workflows w;
    struct catalog c;
    if (a->what) {
        TRY(workflow_vocabulary(a->arena, folder(a), &w, e));
        return check_one(a->arena, &w, a->what, e);
    }
    TRY(workflows_load(a->arena, folder(a), &w, e));
    TRY(catalog_load(a->arena, folder(a), &c, e));
    TRY(workflow_services(&w, &c, e));
    for (size_t i = 0; i < w.n; i++)
        TRY(check_one(a->arena, &w, w.items[i].file, e));
    printf("%zu workflows, %zu services\n", w.n, c.n);
    return RC_OK;
}

/* A service says its workflow; anything with a slash or a point and no service is a file. */
static enum rc find(struct arena *a, const char *configs, const char *what, struct workflow *f, struct err *e)
{
    struct workflows w;
    struct catalog c;
    TRY(workflow_vocabulary(a, configs, &w, e));
    TRY(catalog_load(a, configs, &c, e));
    const struct service *s = catalog_find(&c, what);
    const char *end = strrchr(what, '.');
    bool file = strchr(what, '/') || (end && strcmp(end, ".json") == 0);
    if (!s && file)
        return workflow_read(a, &w, what, f, e);
    if (!s && strchr(what, '.'))
        return err_set(e, RC_NOT_FOUND, "there is no service %s", what);
    return workflow_read(a, &w, arena_fmt(a, "%s/workflow/%s.json", configs, s ? s->workflow : what), f, e);
}

static enum rc cmd_paths(const struct args *a, struct err *e)
{
    BUF_SCOPE(out);
    struct workflows w;
    struct workflow f;
    enum lang lang;
    bool dot = ctl_option(a, "dot", NULL) != NULL;
    if (!a->what)
        return err_set(e, RC_BAD_REQUEST, "a service, a workflow or a file is missing");
    if (!lang_parse(ctl_option(a, "lang", "ro"), &lang))
        return err_set(e, RC_BAD_REQUEST, "--lang is ro, hu or en");
    TRY(workflow_vocabulary(a->arena, folder(a), &w, e));
    TRY(find(a->arena, folder(a), a->what, &f, e));
    if (dot)
        workflow_dot(&w, &f, lang, &out);
    else
        TRY(workflow_paths(&w, &f, &out, e));
    fwrite(out.p, 1, out.len, stdout);
    return dot ? RC_OK : workflow_check(&w, &f, e);
}

const struct command workflow_commands[] = {
    {"workflow", "check", "[FILE] [--configs configs]", "every definition, or one: names, dead ends, loops",
     cmd_check, 0},
    {"workflow", "paths", "SERVICE|WORKFLOW|FILE [--dot] [--lang ro] [--configs configs]",
     "every way to an end and every loop; --dot: as a graph", cmd_paths, 0},
};
const size_t n_workflow_commands = COUNT(workflow_commands);
