/* A case as lists show it. Who is behind a sealed one is not said in lists. */
#include <string.h>

#include "backend/desk_priv.h"

static void day(struct buf *b, const char *name, struct date d)
{
    char text[11] = "";

    if (date_valid(d))
        date_iso(text, d);
    js_str(b, name, *text ? text : NULL);
}

static void flags(struct desk_call *c, const struct casefile *f)
{
    const struct wf_words *words = &c->w->house->workflows.flags;

    js_open(&c->out, "flags", '[');
    for (size_t i = 0; i < f->n_flags; i++) {
        const struct tr *name = NULL;
        for (size_t k = 0; k < words->n; k++)
            if (strcmp(words->items[k].id, f->flags[i]) == 0)
                name = &words->items[k].name;
        js_open(&c->out, NULL, '{');
        js_str(&c->out, "id", f->flags[i]);
        js_tr(&c->out, "name", name);
        js_close(&c->out, '}');
    }
    js_close(&c->out, ']');
}

static void place(struct desk_call *c, const struct casefile *f, const char *assignee_name)
{
    struct buf *b = &c->out;

    js_str(b, "department", f->department);
    js_tr(b, "department_name", catalog_department(&c->w->house->catalog, f->department));
    js_str(b, "assignee", f->assignee);
    js_str(b, "assignee_name", assignee_name);
}

void desk_row_members(struct desk_call *c, const struct casefile *f, const char *assignee_name)
{
    const struct wf_state *state = workflow_state(&c->w->house->workflows, f->state);
    const struct service *service = f->svc ? f->svc : catalog_find(&c->w->house->catalog, f->service);
    struct buf *b = &c->out;
    char at[25];

    iso_utc(at, f->registered_ms);
    js_str(b, "id", f->id);
    js_str(b, "number", f->number);
    js_str(b, "register", f->reg);
    js_int(b, "year", f->year);
    js_int(b, "n", f->n);
    js_str(b, "institution", f->institution);
    js_str(b, "service", f->service);
    js_tr(b, "service_name", service ? &service->name : NULL);
    js_str(b, "state", f->state);
    js_tr(b, "state_label", state ? &state->label : NULL);
    flags(c, f);
    place(c, f, assignee_name);
    js_str(b, "registered_at", at);
    day(b, "filed_on", f->filed_on);
    day(b, "due", f->due);
    if (date_valid(f->due))
        js_int(b, "days_left", f->days_left);
    else
        js_null(b, "days_left");
    js_bool(b, "late", f->late);
    js_int(b, "version", f->version);
    js_bool(b, "sealed", f->sealed);
    js_str(b, "channel", f->channel);
    js_str(b, "lang", lang_codes[f->lang]);
    js_str(b, "attention", f->attention);
}

void desk_row(struct desk_call *c, const struct casefile *f, const char *assignee_name)
{
    js_open(&c->out, NULL, '{');
    desk_row_members(c, f, assignee_name);
    js_str(&c->out, "person", f->sealed ? "" : f->person);
    js_str(&c->out, "subject", f->sealed ? "" : f->subject);
    js_close(&c->out, '}');
}
