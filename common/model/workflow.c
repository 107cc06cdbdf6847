#include "common/model/workflow_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

const struct workflow *workflow_find(const struct workflows *w, const char *id)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->items[i].id, id) == 0)
            return &w->items[i];
    return NULL;
}

const struct wf_action *workflow_action(const struct workflow *f, const char *id)
{
    for (size_t i = 0; i < f->n_actions; i++)
        if (strcmp(f->actions[i].id, id) == 0)
            return &f->actions[i];
    return NULL;
}

const struct wf_timer *workflow_timer(const struct workflow *f, const char *id)
{
    for (size_t i = 0; i < f->n_timers; i++)
        if (strcmp(f->timers[i].id, id) == 0)
            return &f->timers[i];
    return NULL;
}

const struct wf_state *workflow_state(const struct workflows *w, const char *id)
{
    size_t i = wf_state_index(w, id);
    return i == WF_NONE ? NULL : &w->states[i];
}

bool workflow_ended(const struct workflows *w, const char *state)
{
    const struct wf_state *s = workflow_state(w, state);
    return s && strcmp(s->kind, "end") == 0;
}

uint64_t workflow_flag(const struct workflows *w, const char *id)
{
    size_t i = wf_index(&w->flags, id);
    return i == WF_NONE ? 0 : UINT64_C(1) << i;
}

uint32_t workflow_role(const struct workflows *w, const char *id)
{
    size_t i = wf_index(&w->roles, id);
    return i == WF_NONE ? 0 : 1u << i;
}

uint8_t wf_word_of(const struct wf_fact *f, const char *text)
{
    for (size_t i = 0; i < f->n_words; i++)
        if (strcmp(f->words[i], text) == 0)
            return (uint8_t)(i + 1);
    return 0;
}

enum rc workflow_fact(const struct workflows *w, struct workflow_facts *facts, const char *path,
                      const char *value, struct err *e)
{
    size_t i = wf_fact_index(w, path);
    if (i == WF_NONE || strncmp(path, "case.", 5) != 0)
        return err_at(e, RC_BAD_FIELD, path, "unknown fact \"%s\"", path);
    const struct wf_fact *f = &w->facts[i];
    bool truth = value && strcmp(value, "true") == 0;
    uint8_t word = value && f->n_words ? wf_word_of(f, value) : 0;
    bool known = f->n_words ? !value || word : value && (truth || strcmp(value, "false") == 0);
    if (!known)
        return err_at(e, RC_BAD_FIELD, path, "%s is never \"%s\"", path, value ? value : "null");
    facts->v[i] = f->n_words ? word : truth;
    return RC_OK;
}

struct expr_value wf_lookup(const char *path, void *user)
{
    const struct wf_view *v = user;
    if (strncmp(path, "flags.", 6) == 0)
        return (struct expr_value){.is_bool = true, .truth = (v->flags & workflow_flag(v->w, path + 6)) != 0};
    size_t i = wf_fact_index(v->w, path);
    if (i == WF_NONE)
        return (struct expr_value){0};
    const struct wf_fact *f = &v->w->facts[i];
    uint8_t now = v->facts.v[i];
    if (!f->n_words)
        return (struct expr_value){.is_bool = true, .truth = now != 0};
    if (!now || now > f->n_words)
        return (struct expr_value){0};
    return (struct expr_value){.values = &f->words[now - 1], .n = 1};
}

/* Why an act is refused: the rule it breaks, and the words for its sentence. */
struct verdict {
    enum rc rc;
    const char *rule;      /* refusals of _shared.json */
    const struct tr *said; /* a sentence of its own */
    const struct tr *flag;
};

struct asking {
    struct arena *a;
    const struct workflows *w;
    const struct workflow_case *c;
    const struct workflow_actor *who;
};

struct blamed {
    const struct workflows *w;
    const struct tr *said, *flag;
    bool flag_wanted;
};

static void note_blame(const char *path, bool want, void *user)
{
    struct blamed *b = user;
    size_t flag = strncmp(path, "flags.", 6) == 0 ? wf_index(&b->w->flags, path + 6) : WF_NONE;
    size_t fact = wf_fact_index(b->w, path);
    if (flag != WF_NONE && !b->flag) {
        b->flag = &b->w->flags.items[flag].name;
        b->flag_wanted = want;
    }
    if (fact == WF_NONE || b->said)
        return;
    const struct tr *said = want ? &b->w->facts[fact].no : &b->w->facts[fact].yes;
    b->said = tr_given(said) ? said : NULL;
}

static void set_actor(struct wf_view *v, bool in_area, bool is_author)
{
    size_t area = wf_fact_index(v->w, "actor.in_area"), author = wf_fact_index(v->w, "actor.is_author");
    if (area != WF_NONE)
        v->facts.v[area] = in_area;
    if (author != WF_NONE)
        v->facts.v[author] = is_author;
}

static struct verdict judge_guard(const struct asking *q, const struct wf_action *x)
{
    struct wf_view v = {q->w, q->c->flags, q->c->facts};
    set_actor(&v, (x->may & q->who->roles) != 0, q->who->is_author);
    if (!x->when || expr_true(x->when, wf_lookup, &v))
        return (struct verdict){.rc = RC_OK};
    /* A fact with its own sentence says more than a mark. */
    struct blamed b = {.w = q->w};
    expr_blame(x->when, wf_lookup, &v, note_blame, &b);
    if (b.said)
        return (struct verdict){RC_STATE, "guard", b.said, NULL};
    if (b.flag)
        return (struct verdict){RC_STATE, b.flag_wanted ? "unmarked" : "marked", NULL, b.flag};
    return (struct verdict){RC_STATE, "guard", NULL, NULL};
}

static struct verdict judge_rights(const struct asking *q, const struct wf_action *x)
{
    if (x->may & q->who->roles)
        return (struct verdict){.rc = RC_OK};
    return (struct verdict){RC_DENIED, x->may & q->who->abroad ? "area" : "role", NULL, NULL};
}

static struct verdict judge_case(const struct asking *q, const struct wf_action *x)
{
    size_t state = wf_state_index(q->w, q->c->state);
    if (state == WF_NONE || !(x->in & 1u << state))
        return (struct verdict){RC_STATE, "state", NULL, NULL};
    return judge_guard(q, x);
}

static const char *names_of(const struct asking *q, const struct wf_action *x, bool roles, enum lang lang)
{
    const char *list = "";
    size_t n = roles ? q->w->roles.n : q->w->n_states;
    for (size_t i = 0; i < n; i++) {
        const struct tr *name = roles ? &q->w->roles.items[i].name : &q->w->states[i].label;
        if ((roles ? x->may : x->in) & 1u << i)
            list = arena_fmt(q->a, "%s%s%s", list, *list ? ", " : "", tr_get(name, lang));
    }
    return list;
}

static struct tr sentence(const struct asking *q, const struct wf_action *x, const struct verdict *v,
                          const struct tr *need)
{
    static const struct tr empty = {{"", "", ""}};
    const struct wf_state *s = workflow_state(q->w, q->c->state);
    size_t rule = wf_index(&q->w->refusals, v->rule);
    const struct tr *tpl = v->said ? v->said : rule != WF_NONE ? &q->w->refusals.items[rule].name : &empty;
    struct tr out;
    for (int i = 0; i < LANG_COUNT; i++) {
        enum lang l = (enum lang)i;
        struct text_var vars[] = {
            {"action", x ? tr_get(&x->label, l) : ""},     {"state", s ? tr_get(&s->label, l) : q->c->state},
            {"states", x ? names_of(q, x, false, l) : ""}, {"roles", x ? names_of(q, x, true, l) : ""},
            {"flag", v->flag ? tr_get(v->flag, l) : ""},   {"need", need ? tr_get(need, l) : ""}};
        out.t[i] = text_fill(q->a, tr_get(tpl, l), vars, COUNT(vars));
    }
    return out;
}

const struct workflow_choice *workflow_actions(struct arena *a, const struct workflows *w,
                                               const struct workflow_case *c,
                                               const struct workflow_actor *who, size_t *n)
{
    const struct asking q = {a, w, c, who};
    struct workflow_choice *out = ARENA_ARRAY(a, struct workflow_choice, c->flow->n_actions + 1);
    for (size_t i = 0; i < c->flow->n_actions; i++) {
        const struct wf_action *x = &c->flow->actions[i];
        struct verdict v = judge_rights(&q, x);
        if (v.rc == RC_OK)
            v = judge_case(&q, x);
        out[i] = (struct workflow_choice){.action = x, .allowed = v.rc == RC_OK, .rc = v.rc};
        if (v.rc != RC_OK)
            out[i].why_not = sentence(&q, x, &v, NULL);
    }
    *n = c->flow->n_actions;
    return out;
}

static const char *given(const struct workflow_act *act, const char *need)
{
    for (size_t i = 0; i < act->n_given; i++)
        if (strcmp(act->given[i].need, need) == 0 && act->given[i].value && *act->given[i].value)
            return act->given[i].value;
    return NULL;
}

/* Everything an act must pass, in the order in which a person should hear of it: a stranger learns nothing of
 * the case, and who saw an older case hears that first. */
static struct verdict judge(const struct asking *q, const struct workflow_act *act,
                            const struct wf_action **out, const struct wf_word **need)
{
    const struct wf_action *x = workflow_action(q->c->flow, act->action);
    *out = x;
    *need = NULL;
    if (!x)
        return (struct verdict){RC_NOT_FOUND, "unknown", NULL, NULL};
    struct verdict v = judge_rights(q, x);
    if (v.rc != RC_OK)
        return v;
    if (act->version != q->c->version)
        return (struct verdict){RC_CONFLICT, "stale", NULL, NULL};
    v = judge_case(q, x);
    for (size_t i = 0; v.rc == RC_OK && i < x->n_needs; i++) {
        const char *value = given(act, x->needs[i]);
        bool bad = strcmp(x->needs[i], "term_rule") == 0 && value && wf_index(&q->w->terms, value) == WF_NONE;
        if (value && !bad)
            continue;
        *need = &q->w->needs.items[wf_index(&q->w->needs, x->needs[i])];
        return (struct verdict){RC_BAD_FIELD, "need", NULL, NULL};
    }
    return v;
}

struct tr workflow_refusal(struct arena *a, const struct workflows *w, const struct workflow_case *c,
                           const struct workflow_act *act)
{
    const struct asking q = {a, w, c, act->who};
    const struct wf_action *x;
    const struct wf_word *need;
    struct verdict v = judge(&q, act, &x, &need);
    if (v.rc == RC_OK)
        return (struct tr){{"", "", ""}};
    return sentence(&q, x, &v, need ? &need->name : NULL);
}

/* A term that never started cannot be stopped, nor can one that is done be extended. */
static bool effect_counts(const struct asking *q, const char *id)
{
    const struct wf_state *s = workflow_state(q->w, q->c->state);
    return strcmp(id, "stop_term") != 0 || strcmp(s->clock, "none") != 0;
}

static void list_effects(const struct asking *q, const struct wf_action *x, const struct workflow_act *act,
                         struct workflow_done *out)
{
    struct workflow_effect *list = ARENA_ARRAY(q->a, struct workflow_effect, x->n_effects + 1);
    size_t n = 0;
    for (size_t i = 0; i < x->n_effects; i++) {
        const char *id = x->effects[i], *term = NULL;
        if (!effect_counts(q, id))
            continue;
        if (strcmp(id, "start_term") == 0)
            term = "service";
        else if (strcmp(id, "sub_term") == 0)
            term = strcmp(x->term, "given") == 0 ? given(act, "term_rule") : x->term;
        list[n++] = (struct workflow_effect){id, term};
    }
    out->effects = list;
    out->n_effects = n;
    out->notices = x->notify;
    out->n_notices = x->n_notify;
}

/* To whom: the named one; else whoever acts, unless the case goes to another department or the system acts.
 */
static void assign(const struct asking *q, const struct workflow_act *act, struct workflow_case *now)
{
    const char *department = given(act, "department");
    if (department)
        now->department = department;
    now->assignee = act->assignee ? act->assignee : department ? NULL : q->who->id;
}

static bool has_effect(const struct wf_action *x, const char *id)
{
    for (size_t i = 0; i < x->n_effects; i++)
        if (strcmp(x->effects[i], id) == 0)
            return true;
    return false;
}

enum rc workflow_apply(struct arena *a, const struct workflows *w, const struct workflow_case *c,
                       const struct workflow_act *act, struct workflow_done *out, struct err *e)
{
    const struct asking q = {a, w, c, act->who};
    const struct wf_action *x;
    const struct wf_word *need;
    struct workflow_done done = {.now = *c};
    struct verdict v = judge(&q, act, &x, &need);
    if (v.rc != RC_OK)
        return err_at(e, v.rc, need ? need->id : "action", "%s: %s in %s: %s%s%s", c->flow->id, act->action,
                      c->state, v.rule, need ? " " : "", need ? need->id : "");
    done.action = x;
    done.now.state = w->states[x->target].id;
    done.now.flags = (c->flags | x->sets) & ~x->clears;
    done.now.version = c->version + 1;
    if (has_effect(x, "assign"))
        assign(&q, act, &done.now);
    list_effects(&q, x, act, &done);
    *out = done;
    return RC_OK;
}

enum rc workflow_tick(struct arena *a, const struct workflows *w, const struct workflow_case *c,
                      const char *timer, struct workflow_done *out, struct err *e)
{
    const struct wf_timer *t = workflow_timer(c->flow, timer);
    size_t state = wf_state_index(w, c->state);
    struct workflow_done done = {.now = *c};
    if (!t)
        return err_at(e, RC_NOT_FOUND, "timer", "%s: there is no timer %s", c->flow->id, timer);
    if (state == WF_NONE || !(t->states & 1u << state))
        return err_at(e, RC_STATE, "timer", "%s: timer %s does not run in %s", c->flow->id, timer, c->state);
    if (t->act) {
        struct workflow_actor system = {.roles = workflow_role(w, "system")};
        struct workflow_act act = {.action = t->act, .who = &system, .version = c->version};
        TRY(workflow_apply(a, w, c, &act, &done, e));
    }
    bool over = t->sets && (c->flags & t->sets) == t->sets;
    done.now.flags |= t->sets;
    done.now.version = over && !t->act ? c->version : c->version + 1;
    if (!over && t->n_notify) {
        struct wf_notice *list = ARENA_ARRAY(a, struct wf_notice, done.n_notices + t->n_notify);
        for (size_t i = 0; i < done.n_notices; i++)
            list[i] = done.notices[i];
        for (size_t i = 0; i < t->n_notify; i++)
            list[done.n_notices++] = t->notify[i];
        done.notices = list;
    }
    *out = done;
    return RC_OK;
}

struct unknown {
    const struct service *s;
    const char *path; /* of no question */
};

static void look_up(const char *path, void *user)
{
    struct unknown *u = user;
    if (!service_field(u->s, path))
        u->path = path;
}

/* A rule is of the service as it is offered now. */
static enum rc rules_fit(const struct workflow *f, const struct catalog *c, struct err *e)
{
    const struct jval *rules = jval_get(f->meta, "rules");
    ARENA_SCOPE(a);

    for (size_t i = 0; rules && i < rules->n; i++) {
        struct unknown u = {catalog_find(c, rules->names[i]), NULL};
        const char *text = jval_str(&rules->items[i], "if", "");
        struct expr *x;
        if (!u.s)
            continue; /* not offered here */
        if (strcmp(u.s->workflow, f->id) != 0)
            return err_at(e, RC_BAD_FIELD, "meta.rules", "%s: rules: %s is no service of this workflow",
                          f->file, rules->names[i]);
        enum rc rc = expr_parse(a, text, &x, e);
        if (rc != RC_OK)
            return err_wrap(e, rc, "%s: rules: %s", f->file, u.s->id);
        expr_paths(x, look_up, &u);
        if (u.path)
            return err_at(e, RC_BAD_FIELD, "meta.rules", "%s: rules: %s does not ask %s", f->file, u.s->id,
                          u.path);
    }
    return RC_OK;
}

enum rc workflow_services(const struct workflows *w, const struct catalog *c, struct err *e)
{
    for (size_t i = 0; i < w->n; i++)
        TRY(rules_fit(&w->items[i], c, e));
    for (size_t i = 0; i < c->n + c->n_old; i++) {
        const struct service *s = i < c->n ? &c->services[i] : &c->old[i - c->n];
        const struct workflow *f = workflow_find(w, s->workflow);
        if (!f)
            return err_at(e, RC_BAD_FIELD, "workflow", "service %s: workflow: there is no workflow \"%s\"",
                          s->id, s->workflow);
        for (size_t k = 0; k < s->n_flags; k++)
            if (!(workflow_flag(w, s->flags[k].flag) & f->bears))
                return err_at(e, RC_BAD_FIELD, "flags_on_submit",
                              "service %s: flags_on_submit: workflow %s does not bear the flag \"%s\"", s->id,
                              f->id, s->flags[k].flag);
    }
    return RC_OK;
}
