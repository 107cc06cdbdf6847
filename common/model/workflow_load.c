/* Definitions by descriptors; every name is looked up while it is read. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/model/workflow_priv.h"

static const char *const kinds[] = {"start", "open", "wait", "end", NULL};
static const char *const clocks[] = {"none", "runs", "by_rule", "done", NULL};
static const char *const types[] = {"bool", "string", NULL};
static const char *const changes[] = {"never", "by_citizen", NULL};
static const char *const moments[] = {"due",        "late_after", "opinion_due", "contest_due", "offer_due",
                                      "permit_end", "registered", "entered",     NULL};

static const struct jfield notice_fields[] = {JF_STR(struct wf_notice, who, J_REQ, 0, 64),
                                              JF_STR(struct wf_notice, message, J_REQ, 0, 64)};
static JDESC(notice_desc, struct wf_notice, notice_fields);

static const struct jfield action_fields[] = {
    JF_STR(struct wf_action, id, J_REQ, 0, 64),
    JF_OBJ(struct wf_action, label, J_REQ, &tr_desc),
    JF_STRS(struct wf_action, from, n_from, J_REQ, WF_STATES_MAX),
    JF_STR(struct wf_action, to, J_REQ, 0, 64),
    JF_STRS(struct wf_action, roles, n_roles, J_REQ, WF_ROLES_MAX),
    JF_STR(struct wf_action, guard, 0, 0, 1024),
    JF_STRS(struct wf_action, set_flags, n_set_flags, 0, WF_FLAGS_MAX),
    JF_STRS(struct wf_action, clear_flags, n_clear_flags, 0, WF_FLAGS_MAX),
    JF_STRS(struct wf_action, needs, n_needs, 0, WF_NEEDS_MAX),
    JF_ARR(struct wf_action, notify, n_notify, 0, 16, &notice_desc),
    JF_STRS(struct wf_action, effects, n_effects, 0, 16),
    JF_STR(struct wf_action, term, 0, 0, 64),
    JF_BOOL(struct wf_action, by_itself, 0),
    JF_STR(struct wf_action, why, J_REQ, 0, 400)};
static JDESC(action_desc, struct wf_action, action_fields);

static const struct jfield when_fields[] = {JF_WORD(struct wf_when, of, J_REQ, moments),
                                            JF_STR(struct wf_when, state, 0, 0, 64),
                                            JF_INT(struct wf_when, offset_days, 0, -3660, 3660),
                                            JF_INT(struct wf_when, offset_hours, 0, -8784, 8784)};
static JDESC(when_desc, struct wf_when, when_fields);

static const struct jfield timer_fields[] = {
    JF_STR(struct wf_timer, id, J_REQ, 0, 64),
    JF_OBJ(struct wf_timer, when, J_REQ, &when_desc),
    JF_STRS(struct wf_timer, in, n_in, J_REQ, WF_STATES_MAX),
    {"do", J_STR, 0, offsetof(struct wf_timer, act), 0, 0, 64, NULL, NULL},
    JF_STRS(struct wf_timer, set_flags, n_set_flags, 0, WF_FLAGS_MAX),
    JF_ARR(struct wf_timer, notify, n_notify, 0, 16, &notice_desc)};
static JDESC(timer_desc, struct wf_timer, timer_fields);

static const struct jfield flow_fields[] = {
    JF_ANY(struct workflow, meta, 0),
    JF_STR(struct workflow, id, J_REQ, 0, 64),
    JF_INT(struct workflow, version, J_REQ, 1, 1000000),
    JF_OBJ(struct workflow, name, J_REQ, &tr_desc),
    JF_OBJ(struct workflow, use_for, J_REQ, &tr_desc),
    JF_STR(struct workflow, start, J_REQ, 0, 64),
    JF_STRS(struct workflow, states, n_states, J_REQ, WF_STATES_MAX),
    JF_STRS(struct workflow, flags, n_flags, J_REQ, WF_FLAGS_MAX),
    JF_ARR(struct workflow, actions, n_actions, J_REQ, 128, &action_desc),
    JF_ARR(struct workflow, timers, n_timers, 0, 64, &timer_desc)};
static JDESC(flow_desc, struct workflow, flow_fields);

static const struct jfield state_fields[] = {
    JF_STR(struct wf_state, id, J_REQ, 0, 64), JF_WORD(struct wf_state, kind, J_REQ, kinds),
    JF_WORD(struct wf_state, clock, J_REQ, clocks), JF_OBJ(struct wf_state, label, J_REQ, &tr_desc),
    JF_OBJ(struct wf_state, public, J_REQ, &tr_desc)};
static JDESC(state_desc, struct wf_state, state_fields);

static const struct jfield fact_fields[] = {
    JF_STR(struct wf_fact, path, J_REQ, 0, 64),     JF_WORD(struct wf_fact, type, J_REQ, types),
    JF_STR(struct wf_fact, meaning, J_REQ, 0, 400), JF_STRS(struct wf_fact, words, n_words, 0, 16),
    JF_WORD(struct wf_fact, changes, 0, changes),   JF_OBJ(struct wf_fact, yes, 0, &tr_desc),
    JF_OBJ(struct wf_fact, no, 0, &tr_desc)};
static JDESC(fact_desc, struct wf_fact, fact_fields);

struct effect_row {
    const char *id, *meaning;
};
static const struct jfield effect_fields[] = {JF_STR(struct effect_row, id, J_REQ, 0, 64),
                                              JF_STR(struct effect_row, meaning, J_REQ, 0, 400)};
static JDESC(effect_desc, struct effect_row, effect_fields);
static const struct jfield word_fields[] = {JF_STR(struct wf_word, id, J_REQ, 0, 64),
                                            JF_OBJ(struct wf_word, name, J_REQ, &tr_desc)};
static JDESC(word_desc, struct wf_word, word_fields);

static const struct jfield late_fields[] = {JF_INT(struct wf_late, level, J_REQ, 1, 9),
                                            JF_STR(struct wf_late, role, J_REQ, 0, 64),
                                            JF_STR(struct wf_late, term, J_REQ, 0, 64)};
static JDESC(late_desc, struct wf_late, late_fields);

struct shared {
    struct jval *meta;
    struct wf_state *states;
    struct wf_fact *guard_context;
    struct effect_row *effects;
    struct wf_word *needs, *refusals;
    struct wf_late *escalation;
    const char **notify_who, *flag_path;
    size_t n_states, n_facts, n_effects, n_needs, n_refusals, n_who, n_escalation;
};
static const struct jfield shared_fields[] = {
    JF_ANY(struct shared, meta, 0),
    JF_ARR(struct shared, states, n_states, J_REQ, WF_STATES_MAX, &state_desc),
    JF_ARR(struct shared, guard_context, n_facts, J_REQ, WF_FACTS_MAX, &fact_desc),
    JF_STR(struct shared, flag_path, 0, 0, 400),
    JF_ARR(struct shared, effects, n_effects, J_REQ, 64, &effect_desc),
    JF_ARR(struct shared, escalation, n_escalation, J_REQ, 8, &late_desc),
    JF_STRS(struct shared, notify_who, n_who, J_REQ, 64),
    JF_ARR(struct shared, needs, n_needs, J_REQ, WF_NEEDS_MAX, &word_desc),
    JF_ARR(struct shared, refusals, n_refusals, J_REQ, 32, &word_desc)};
static JDESC(shared_desc, struct shared, shared_fields);

size_t wf_index(const struct wf_words *list, const char *id)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].id, id) == 0)
            return i;
    return WF_NONE;
}

size_t wf_state_index(const struct workflows *w, const char *id)
{
    for (size_t i = 0; i < w->n_states; i++)
        if (strcmp(w->states[i].id, id) == 0)
            return i;
    return WF_NONE;
}

size_t wf_fact_index(const struct workflows *w, const char *path)
{
    for (size_t i = 0; i < w->n_facts; i++)
        if (strcmp(w->facts[i].path, path) == 0)
            return i;
    return WF_NONE;
}

/* Lists of rows with an id that belong to other parts: only the ids and names are read here. */
static enum rc words_of(struct arena *a, const char *file, const char *member, size_t max,
                        struct wf_words *out, struct err *e)
{
    struct jval *v = NULL;
    TRY(jval_load(a, file, &v, e));
    const struct jval *list = jval_get(v, member);
    if (!list || list->kind != JV_ARR || list->n == 0 || list->n > max)
        return err_set(e, RC_BAD_FIELD, "%s: %s: missing, empty or too long", file, member);
    struct wf_word *items = ARENA_ARRAY(a, struct wf_word, list->n);
    for (size_t i = 0; i < list->n; i++) {
        items[i] = (struct wf_word){jval_str(&list->items[i], "id", ""), tr_of(&list->items[i], "name")};
        struct wf_words before = {items, i};
        if (!*items[i].id || wf_index(&before, items[i].id) != WF_NONE)
            return err_set(e, RC_BAD_FIELD, "%s: %s: an id is missing or given twice", file, member);
    }
    *out = (struct wf_words){items, list->n};
    return RC_OK;
}

static enum rc check_facts(const struct workflows *w, const char *file, struct err *e)
{
    for (size_t i = 0; i < w->n_facts; i++) {
        const struct wf_fact *f = &w->facts[i];
        bool word = strcmp(f->type, "string") == 0;
        if (word != (f->n_words > 0))
            return err_set(e, RC_BAD_FIELD, "%s: guard_context: %s: words go with type string", file,
                           f->path);
        if (wf_fact_index(w, f->path) != i)
            return err_set(e, RC_BAD_FIELD, "%s: guard_context: %s: given twice", file, f->path);
    }
    return RC_OK;
}

static void take_shared(struct arena *a, const struct shared *s, struct workflows *w)
{
    struct wf_word *effects = ARENA_ARRAY(a, struct wf_word, s->n_effects),
                   *who = ARENA_ARRAY(a, struct wf_word, s->n_who + 1);
    for (size_t i = 0; i < s->n_effects; i++)
        effects[i].id = s->effects[i].id;
    for (size_t i = 0; i < s->n_who; i++)
        who[i].id = s->notify_who[i];
    w->states = s->states;
    w->n_states = s->n_states;
    w->facts = s->guard_context;
    w->n_facts = s->n_facts;
    w->escalation = s->escalation;
    w->n_escalation = s->n_escalation;
    w->effects = (struct wf_words){effects, s->n_effects};
    w->who = (struct wf_words){who, s->n_who};
    w->needs = (struct wf_words){s->needs, s->n_needs};
    w->refusals = (struct wf_words){s->refusals, s->n_refusals};
}

enum rc workflow_vocabulary(struct arena *a, const char *configs, struct workflows *out, struct err *e)
{
    struct workflows w = {0};
    struct shared s = {0};
    const char *file = arena_fmt(a, "%s/workflow/_shared.json", configs);
    const char *lookups = arena_fmt(a, "%s/lookups.json", configs);
    TRY(json_load(a, &shared_desc, file, &s, e));
    take_shared(a, &s, &w);
    TRY(check_facts(&w, file, e));
    TRY(words_of(a, lookups, "roles", WF_ROLES_MAX, &w.roles, e));
    TRY(words_of(a, lookups, "flags", WF_FLAGS_MAX, &w.flags, e));
    TRY(words_of(a, arena_fmt(a, "%s/messages.json", configs), "messages", 512, &w.messages, e));
    TRY(words_of(a, arena_fmt(a, "%s/terms.json", configs), "rules", 512, &w.terms, e));
    for (size_t i = 0; i < w.n_escalation; i++)
        if (wf_index(&w.terms, w.escalation[i].term) == WF_NONE)
            return err_set(e, RC_BAD_FIELD, "%s: escalation: unknown term \"%s\"", file,
                           w.escalation[i].term);
    *out = w;
    return RC_OK;
}

/* One file while its names are resolved. */
struct reader {
    struct arena *arena;
    const struct workflows *w;
    struct workflow *f;
    const char *owner; /* "actions.take" */
    struct err *e;
};

static enum rc unknown(struct reader *r, const char *member, const char *what, const char *id)
{
    const char *path = *r->owner ? arena_fmt(r->arena, "%s.%s", r->owner, member) : member;
    return err_set(r->e, RC_BAD_FIELD, "%s: %s: %s \"%s\"", r->f->file, path, what, id);
}

static enum rc states_of(struct reader *r, const char *member, const char *const *ids, size_t n,
                         uint32_t *out)
{
    uint32_t set = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = wf_state_index(r->w, ids[i]);
        if (k == WF_NONE)
            return unknown(r, member, "unknown state", ids[i]);
        if (*r->owner && !(r->f->uses & 1u << k))
            return unknown(r, member, "not among the workflow's states:", ids[i]);
        if (set & 1u << k)
            return unknown(r, member, "given twice:", ids[i]);
        set |= 1u << k;
    }
    *out = set;
    return RC_OK;
}

static enum rc flags_of(struct reader *r, const char *member, const char *const *ids, size_t n, uint64_t *out)
{
    uint64_t set = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t bit = workflow_flag(r->w, ids[i]);
        if (!bit)
            return unknown(r, member, "unknown flag", ids[i]);
        if (*r->owner && !(r->f->bears & bit))
            return unknown(r, member, "not among the workflow's flags:", ids[i]);
        set |= bit;
    }
    *out = set;
    return RC_OK;
}

static enum rc bits_of(struct reader *r, const struct wf_words *list, const char *member,
                       const char *const *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (wf_index(list, ids[i]) == WF_NONE)
            return unknown(r, member, "unknown:", ids[i]);
    return RC_OK;
}

static uint32_t mask_of(const struct wf_words *list, const char *const *ids, size_t n)
{
    uint32_t set = 0;
    for (size_t i = 0; i < n; i++)
        set |= 1u << wf_index(list, ids[i]);
    return set;
}

static enum rc notices_of(struct reader *r, const struct wf_notice *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (wf_index(&r->w->who, list[i].who) == WF_NONE)
            return unknown(r, "notify.who", "unknown:", list[i].who);
        if (wf_index(&r->w->messages, list[i].message) == WF_NONE)
            return unknown(r, "notify.message", "unknown message", list[i].message);
    }
    return RC_OK;
}

struct naming {
    struct reader *r;
    enum rc rc;
};

static void check_path(const char *path, void *user)
{
    struct naming *n = user;
    const char *flag = strncmp(path, "flags.", 6) == 0 ? path + 6 : NULL;
    if (n->rc != RC_OK)
        return;
    if (flag && !(workflow_flag(n->r->w, flag) & n->r->f->bears))
        n->rc = unknown(n->r, "guard", "not among the workflow's flags:", flag);
    else if (!flag && wf_fact_index(n->r->w, path) == WF_NONE)
        n->rc = unknown(n->r, "guard", "unknown fact", path);
}

static void check_text(const char *path, const char *text, void *user)
{
    struct naming *n = user;
    size_t k = wf_fact_index(n->r->w, path);
    if (n->rc == RC_OK && (k == WF_NONE || !wf_word_of(&n->r->w->facts[k], text)))
        n->rc = unknown(n->r, "guard", arena_fmt(n->r->arena, "%s is never", path), text);
}

static enum rc guard_of(struct reader *r, struct wf_action *x)
{
    struct naming n = {r, RC_OK};
    struct expr *when = NULL;
    if (!x->guard)
        return RC_OK;
    enum rc rc = expr_parse(r->arena, x->guard, &when, r->e);
    if (rc != RC_OK)
        return err_wrap(r->e, rc, "%s: %s.guard", r->f->file, r->owner);
    expr_paths(when, check_path, &n);
    expr_texts(when, check_text, &n);
    x->when = when;
    return n.rc;
}

static bool has(const char *const *list, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], id) == 0)
            return true;
    return false;
}

/* An action that starts a term of its own says which. */
static enum rc term_of(struct reader *r, const struct wf_action *x)
{
    bool starts = has(x->effects, x->n_effects, "sub_term");
    if (starts != (x->term != NULL))
        return unknown(r, "term", "goes with the effect", "sub_term");
    if (!starts || strcmp(x->term, "service") == 0 || strcmp(x->term, "service.late") == 0)
        return RC_OK;
    if (strcmp(x->term, "given") == 0)
        return has(x->needs, x->n_needs, "term_rule")
                   ? RC_OK
                   : unknown(r, "needs", "the term is given, so it needs", "term_rule");
    return wf_index(&r->w->terms, x->term) != WF_NONE ? RC_OK : unknown(r, "term", "unknown term", x->term);
}

static enum rc read_action(struct reader *r, struct wf_action *x)
{
    uint32_t to = 0;
    r->owner = arena_fmt(r->arena, "actions.%s", x->id);
    if (workflow_action(r->f, x->id) != x)
        return unknown(r, "id", "given twice:", x->id);
    TRY(states_of(r, "from", x->from, x->n_from, &x->in));
    TRY(states_of(r, "to", &x->to, 1, &to));
    TRY(bits_of(r, &r->w->roles, "roles", x->roles, x->n_roles));
    TRY(flags_of(r, "set_flags", x->set_flags, x->n_set_flags, &x->sets));
    TRY(flags_of(r, "clear_flags", x->clear_flags, x->n_clear_flags, &x->clears));
    TRY(bits_of(r, &r->w->needs, "needs", x->needs, x->n_needs));
    TRY(bits_of(r, &r->w->effects, "effects", x->effects, x->n_effects));
    TRY(notices_of(r, x->notify, x->n_notify));
    TRY(term_of(r, x));
    x->target = wf_state_index(r->w, x->to);
    x->may = mask_of(&r->w->roles, x->roles, x->n_roles);
    if (x->by_itself && (x->n_needs || !has(x->roles, x->n_roles, "system")))
        return unknown(r, "by_itself", "only for role system without needs:", x->id);
    x->asks = mask_of(&r->w->needs, x->needs, x->n_needs);
    return guard_of(r, x);
}

static enum rc read_timer(struct reader *r, struct wf_timer *t)
{
    uint32_t one;
    r->owner = arena_fmt(r->arena, "timers.%s", t->id);
    if (workflow_timer(r->f, t->id) != t)
        return unknown(r, "id", "given twice:", t->id);
    TRY(states_of(r, "in", t->in, t->n_in, &t->states));
    TRY(flags_of(r, "set_flags", t->set_flags, t->n_set_flags, &t->sets));
    TRY(notices_of(r, t->notify, t->n_notify));
    if ((strcmp(t->when.of, "entered") == 0) != (t->when.state != NULL))
        return unknown(r, "when.state", "goes with", "entered");
    if (t->when.state)
        TRY(states_of(r, "when.state", &t->when.state, 1, &one));
    if (t->act && !workflow_action(r->f, t->act))
        return unknown(r, "do", "unknown action", t->act);
    return RC_OK;
}

static enum rc resolve(struct reader *r)
{
    struct workflow *f = r->f;
    uint32_t start = 0;
    r->owner = "";
    TRY(states_of(r, "states", f->states, f->n_states, &f->uses));
    TRY(flags_of(r, "flags", f->flags, f->n_flags, &f->bears));
    TRY(states_of(r, "start", &f->start, 1, &start));
    if (!(start & f->uses))
        return unknown(r, "start", "not among the workflow's states:", f->start);
    f->first = wf_state_index(r->w, f->start);
    for (size_t i = 0; i < f->n_actions; i++)
        TRY(read_action(r, &f->actions[i]));
    for (size_t i = 0; i < f->n_timers; i++)
        TRY(read_timer(r, &f->timers[i]));
    return RC_OK;
}

enum rc workflow_read(struct arena *a, const struct workflows *w, const char *file, struct workflow *out,
                      struct err *e)
{
    struct workflow f = {0};
    struct reader r = {a, w, &f, "", e};
    TRY(json_load(a, &flow_desc, file, &f, e));
    f.file = arena_str(a, file);
    TRY(resolve(&r));
    *out = f;
    return RC_OK;
}

static int is_definition(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return d->d_name[0] != '_' && d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

static enum rc read_all(struct arena *a, const char *dir, struct dirent **names, struct workflows *w,
                        struct err *e)
{
    struct workflow *items = (struct workflow *)w->items;
    for (size_t i = 0; i < w->n; i++) {
        const char *name = names[i]->d_name, *file = arena_fmt(a, "%s/%s", dir, name);
        TRY(workflow_read(a, w, file, &items[i], e));
        if (strlen(items[i].id) + 5 != strlen(name) || strncmp(items[i].id, name, strlen(items[i].id)) != 0)
            return err_set(e, RC_BAD_FIELD, "%s: id: is not the file's name", file);
        TRY(workflow_check(w, &items[i], e));
    }
    return RC_OK;
}

enum rc workflows_load(struct arena *a, const char *configs, struct workflows *out, struct err *e)
{
    struct workflows w = {0};
    const char *dir = arena_fmt(a, "%s/workflow", configs);
    TRY(workflow_vocabulary(a, configs, &w, e));
    struct dirent **names = NULL;
    int n = scandir(dir, &names, is_definition, alphasort);
    if (n < 0)
        return err_set(e, RC_IO, "%s: cannot be read", dir);
    w.items = ARENA_ARRAY(a, struct workflow, n + 1);
    w.n = (size_t)n;
    enum rc rc = read_all(a, dir, names, &w, e);
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    TRY(rc);
    *out = w;
    return RC_OK;
}
