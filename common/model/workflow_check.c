/* What a definition must hold, judged over every place a case can come to. */
#include <stdio.h>
#include <string.h>

#include "common/model/workflow_priv.h"

#define UNSEEN UINT32_MAX

size_t wf_place_state(const struct wf_graph *g, uint32_t place)
{
    return (place >> g->n_asked) % WF_STATES_MAX;
}

uint64_t wf_place_flags(const struct wf_graph *g, uint32_t place)
{
    uint64_t flags = 0;
    for (size_t i = 0; i < g->n_asked; i++)
        flags |= place >> i & 1 ? g->asked[i] : 0;
    return flags;
}

static uint32_t place_of(const struct wf_graph *g, uint32_t settled, size_t state, uint64_t flags)
{
    uint32_t low = 0;
    for (size_t i = 0; i < g->n_asked; i++)
        low |= flags & g->asked[i] ? 1u << i : 0;
    return (settled * WF_STATES_MAX + (uint32_t)state) << g->n_asked | low;
}

static uint32_t place_settled(const struct wf_graph *g, uint32_t place)
{
    return (place >> g->n_asked) / WF_STATES_MAX;
}

/* Which flags and which settled facts the guards ask for. */
struct gather {
    struct wf_graph *g;
    bool full;
};

static void gather_path(const char *path, void *user)
{
    struct gather *c = user;
    struct wf_graph *g = c->g;
    uint64_t flag = strncmp(path, "flags.", 6) == 0 ? workflow_flag(g->w, path + 6) : 0;
    size_t fact = wf_fact_index(g->w, path);
    bool settled = fact != WF_NONE && g->w->facts[fact].changes &&
                   strcmp(g->w->facts[fact].changes, "never") == 0 && !g->w->facts[fact].n_words;
    for (size_t i = 0; i < g->n_asked; i++)
        if (flag == g->asked[i])
            return;
    for (size_t i = 0; i < g->n_settled; i++)
        if (fact == g->settled[i])
            return;
    c->full |= (flag && g->n_asked == WF_ASKED_MAX) || (settled && g->n_settled == WF_SETTLED_MAX);
    if (flag && !c->full)
        g->asked[g->n_asked++] = flag;
    else if (settled && !c->full)
        g->settled[g->n_settled++] = fact;
}

/* The facts of one guard that may be this or that. */
struct loose {
    const struct wf_graph *g;
    bool alone; /* what only the citizen can bring stays false */
    size_t facts[WF_FACTS_MAX], n;
};

static bool is_settled(const struct wf_graph *g, size_t fact)
{
    for (size_t i = 0; i < g->n_settled; i++)
        if (g->settled[i] == fact)
            return true;
    return false;
}

static void gather_loose(const char *path, void *user)
{
    struct loose *l = user;
    const struct workflows *w = l->g->w;
    size_t fact = wf_fact_index(w, path);
    if (fact == WF_NONE || is_settled(l->g, fact))
        return;
    if (l->alone && w->facts[fact].changes && strcmp(w->facts[fact].changes, "by_citizen") == 0)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (l->facts[i] == fact)
            return;
    l->facts[l->n++] = fact;
}

/* The next of all ways the loose facts may stand; false after the last. */
static bool next_way(const struct loose *l, struct workflow_facts *facts)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct wf_fact *f = &l->g->w->facts[l->facts[i]];
        uint8_t last = f->n_words ? (uint8_t)f->n_words : 1;
        if (facts->v[l->facts[i]] < last) {
            facts->v[l->facts[i]]++;
            return true;
        }
        facts->v[l->facts[i]] = 0;
    }
    return false;
}

static bool possible(const struct wf_graph *g, const struct wf_action *x, uint32_t place, bool alone)
{
    struct loose l = {.g = g, .alone = alone};
    struct wf_view v = {.w = g->w, .flags = wf_place_flags(g, place)};
    uint32_t applicant = workflow_role(g->w, "applicant"), system = workflow_role(g->w, "system");
    if (alone && x->may & applicant && !(x->may & system))
        return false; /* a clerk may do it for the citizen, never without */
    if (!x->when)
        return true;
    for (size_t i = 0; i < g->n_settled; i++)
        v.facts.v[g->settled[i]] = place_settled(g, place) >> i & 1;
    expr_paths(x->when, gather_loose, &l);
    do {
        if (expr_true(x->when, wf_lookup, &v))
            return true;
    } while (next_way(&l, &v.facts));
    return false;
}

uint32_t wf_step(const struct wf_graph *g, uint32_t place, size_t action, bool alone)
{
    const struct wf_action *x = &g->f->actions[action];
    size_t state = wf_place_state(g, place), combos = (size_t)1 << (g->n_asked + g->n_settled);
    size_t combo = (size_t)place_settled(g, place) << g->n_asked | (place & ((1u << g->n_asked) - 1));
    if (!(x->in & 1u << state) || !(g->can[action * combos + combo] & (alone ? 2 : 1)))
        return UNSEEN;
    return place_of(g, place_settled(g, place), x->target, (wf_place_flags(g, place) | x->sets) & ~x->clears);
}

uint32_t wf_timer_step(const struct wf_graph *g, uint32_t place, size_t timer)
{
    const struct wf_timer *t = &g->f->timers[timer];
    size_t state = wf_place_state(g, place);
    if (t->act || !(t->states & 1u << state))
        return UNSEEN;
    return place_of(g, place_settled(g, place), state, wf_place_flags(g, place) | t->sets);
}

static void reach(struct wf_graph *g, uint32_t place, uint32_t by, uint32_t over)
{
    if (place == UNSEEN || g->seen[place])
        return;
    g->seen[place] = 1;
    g->by[place] = by;
    g->over[place] = over;
    g->order[g->n++] = place;
}

static void fill_can(struct wf_graph *g)
{
    size_t combos = (size_t)1 << (g->n_asked + g->n_settled);
    for (size_t i = 0; i < g->f->n_actions; i++) {
        for (size_t k = 0; k < combos; k++) {
            uint32_t settled = (uint32_t)(k >> g->n_asked);
            uint32_t place = (settled * WF_STATES_MAX << g->n_asked) | (k & ((1u << g->n_asked) - 1));
            g->can[i * combos + k] = (uint8_t)((possible(g, &g->f->actions[i], place, false) ? 1 : 0) |
                                               (possible(g, &g->f->actions[i], place, true) ? 2 : 0));
        }
    }
}

/* A case may be born with any flag that no action or timer sets: the service or the registry sets it. */
static void reach_all(struct wf_graph *g)
{
    uint64_t own = 0;
    for (size_t i = 0; i < g->f->n_actions; i++)
        own |= g->f->actions[i].sets;
    for (size_t i = 0; i < g->f->n_timers; i++)
        own |= g->f->timers[i].sets;
    for (uint32_t settled = 0; settled < 1u << g->n_settled; settled++)
        for (uint32_t low = 0; low < 1u << g->n_asked; low++) {
            uint32_t place = place_of(g, settled, g->f->first, 0) | low;
            if (!(wf_place_flags(g, place) & own))
                reach(g, place, UNSEEN, UNSEEN);
        }
    for (uint32_t i = 0; i < g->n; i++) {
        uint32_t n_actions = (uint32_t)g->f->n_actions;
        for (uint32_t k = 0; k < n_actions; k++)
            reach(g, wf_step(g, g->order[i], k, false), g->order[i], k);
        for (uint32_t k = 0; k < g->f->n_timers; k++)
            reach(g, wf_timer_step(g, g->order[i], k), g->order[i], n_actions + k);
    }
}

enum rc wf_graph_make(struct arena *a, const struct workflows *w, const struct workflow *f,
                      struct wf_graph *out, struct err *e)
{
    struct wf_graph g = {.w = w, .f = f};
    struct gather c = {&g, false};
    for (size_t i = 0; i < f->n_actions; i++)
        expr_paths(f->actions[i].when, gather_path, &c);
    if (c.full)
        return err_set(e, RC_BAD_FIELD, "%s: guards ask for more than %d flags or %d settled facts", f->file,
                       WF_ASKED_MAX, WF_SETTLED_MAX);
    g.n_places = (size_t)WF_STATES_MAX << (g.n_asked + g.n_settled);
    g.seen = ARENA_ARRAY(a, uint8_t, g.n_places);
    g.by = ARENA_ARRAY(a, uint32_t, g.n_places);
    g.over = ARENA_ARRAY(a, uint32_t, g.n_places);
    g.order = ARENA_ARRAY(a, uint32_t, g.n_places);
    g.can = ARENA_ARRAY(a, uint8_t, (f->n_actions + 1) << (g.n_asked + g.n_settled));
    fill_can(&g);
    reach_all(&g);
    *out = g;
    return RC_OK;
}

/* "submit, register, take" */
static const char *way_to(struct arena *a, const struct wf_graph *g, uint32_t place)
{
    const char *text = "";
    for (; g->by[place] != UNSEEN; place = g->by[place]) {
        uint32_t over = g->over[place], n = (uint32_t)g->f->n_actions;
        const char *id = over < n ? g->f->actions[over].id : g->f->timers[over - n].id;
        text = *text ? arena_fmt(a, "%s, %s", id, text) : id;
    }
    return *text ? text : "the start";
}

static const char *flags_text(struct arena *a, const struct wf_graph *g, uint32_t place)
{
    const char *text = "";
    for (size_t i = 0; i < g->n_asked; i++) {
        size_t bit = (size_t)__builtin_ctzll(g->asked[i]);
        if (place >> i & 1)
            text = arena_fmt(a, "%s%s%s", text, *text ? ", " : " marked ", g->w->flags.items[bit].id);
    }
    return text;
}

static bool ends(const struct wf_graph *g, uint32_t place)
{
    return strcmp(g->w->states[wf_place_state(g, place)].kind, "end") == 0;
}

/* Marks every reachable place that an end can be reached from. */
static uint8_t *finishing(struct arena *a, const struct wf_graph *g, bool alone)
{
    uint8_t *ok = ARENA_ARRAY(a, uint8_t, g->n_places);
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = g->n; i-- > 0;) {
            uint32_t place = g->order[i];
            bool good = ok[place] || ends(g, place);
            for (size_t k = 0; !good && k < g->f->n_actions; k++) {
                uint32_t to = wf_step(g, place, k, alone);
                good = to != UNSEEN && ok[to];
            }
            for (size_t k = 0; !good && k < g->f->n_timers; k++) {
                uint32_t to = wf_timer_step(g, place, k);
                good = to != UNSEEN && ok[to];
            }
            again |= good && !ok[place];
            ok[place] = good;
        }
    }
    return ok;
}

static uint32_t first_step(const struct wf_graph *g, uint32_t place)
{
    for (size_t k = 0; k < g->f->n_actions; k++) {
        uint32_t to = wf_step(g, place, k, false);
        if (to != UNSEEN)
            return to;
    }
    return UNSEEN;
}

static enum rc say_loop(struct arena *a, const struct wf_graph *g, uint32_t place, struct err *e)
{
    uint8_t *walked = ARENA_ARRAY(a, uint8_t, g->n_places);
    const char *text = "";
    uint32_t at = place;
    for (; !walked[at]; at = first_step(g, at))
        walked[at] = 1;
    uint32_t turn = at;
    do {
        text = arena_fmt(a, "%s%s -> ", text, g->w->states[wf_place_state(g, at)].id);
        at = first_step(g, at);
    } while (at != turn);
    return err_set(e, RC_BAD_FIELD, "%s: loop without exit: %s%s; reached by %s", g->f->file, text,
                   g->w->states[wf_place_state(g, turn)].id, way_to(a, g, place));
}

static enum rc check_ends(struct arena *a, const struct wf_graph *g, struct err *e)
{
    uint8_t *ok = finishing(a, g, false);
    uint32_t stuck = UNSEEN, looping = UNSEEN;
    for (uint32_t i = g->n; i-- > 0;) {
        uint32_t place = g->order[i];
        if (!ok[place] && first_step(g, place) == UNSEEN)
            stuck = place;
        else if (!ok[place])
            looping = place;
    }
    if (stuck != UNSEEN)
        return err_set(e, RC_BAD_FIELD, "%s: dead end: %s%s has no way to an end; reached by %s", g->f->file,
                       g->w->states[wf_place_state(g, stuck)].id, flags_text(a, g, stuck),
                       way_to(a, g, stuck));
    return looping == UNSEEN ? RC_OK : say_loop(a, g, looping, e);
}

/* Before the request is sent it is the citizen's own. */
static enum rc check_alone(struct arena *a, const struct wf_graph *g, struct err *e)
{
    uint8_t *ok = finishing(a, g, true);
    for (uint32_t i = 0; i < g->n; i++) {
        uint32_t place = g->order[i];
        if (!ok[place] && strcmp(g->w->states[wf_place_state(g, place)].kind, "start") != 0)
            return err_set(
                e, RC_BAD_FIELD,
                "%s: %s%s may wait for the citizen for ever: nothing without them leads to an end; "
                "reached by %s",
                g->f->file, g->w->states[wf_place_state(g, place)].id, flags_text(a, g, place),
                way_to(a, g, place));
    }
    return RC_OK;
}

static enum rc check_reached(const struct wf_graph *g, struct err *e)
{
    const struct workflow *f = g->f;
    uint32_t states = 0;
    for (uint32_t i = 0; i < g->n; i++)
        states |= 1u << wf_place_state(g, g->order[i]);
    for (size_t i = 0; i < g->w->n_states; i++)
        if (f->uses & ~states & 1u << i)
            return err_set(e, RC_BAD_FIELD, "%s: state %s is never reached", f->file, g->w->states[i].id);
    for (size_t k = 0; k < f->n_actions; k++) {
        bool ever = false;
        for (uint32_t i = 0; !ever && i < g->n; i++)
            ever = wf_step(g, g->order[i], k, false) != UNSEEN;
        if (!ever)
            return err_set(e, RC_BAD_FIELD, "%s: action %s can never be done: its condition never holds",
                           f->file, f->actions[k].id);
    }
    return RC_OK;
}

static enum rc check_action(const struct workflows *w, const struct workflow *f, const struct wf_action *x,
                            struct err *e)
{
    for (size_t i = 0; i < w->n_states; i++)
        if (x->in & 1u << i && strcmp(w->states[i].kind, "end") == 0 && x->target != i)
            return err_set(e, RC_BAD_FIELD, "%s: action %s leaves the end %s", f->file, x->id,
                           w->states[i].id);
    if (!x->may)
        return err_set(e, RC_BAD_FIELD, "%s: action %s: nobody may do it", f->file, x->id);
    if (!x->in)
        return err_set(e, RC_BAD_FIELD, "%s: action %s starts from no state", f->file, x->id);
    if (x->sets & x->clears)
        return err_set(e, RC_BAD_FIELD, "%s: action %s sets and clears the same flag", f->file, x->id);
    size_t basis = wf_index(&w->needs, "legal_basis");
    if (x->may & workflow_role(w, "system") && basis != WF_NONE && x->asks & 1u << basis)
        return err_set(e, RC_BAD_FIELD,
                       "%s: action %s needs a legal basis: a person decides, never the system", f->file,
                       x->id);
    return RC_OK;
}

static enum rc check_timer(const struct workflows *w, const struct workflow *f, const struct wf_timer *t,
                           struct err *e)
{
    const struct wf_action *x = t->act ? workflow_action(f, t->act) : NULL;
    if (!x && !t->sets && !t->n_notify)
        return err_set(e, RC_BAD_FIELD, "%s: timer %s does nothing", f->file, t->id);
    if (!x)
        return RC_OK;
    if (!(x->may & workflow_role(w, "system")))
        return err_set(e, RC_BAD_FIELD, "%s: timer %s: the system may not do %s", f->file, t->id, x->id);
    if (t->states & ~x->in)
        return err_set(e, RC_BAD_FIELD, "%s: timer %s runs in a state where %s cannot be done", f->file,
                       t->id, x->id);
    if (x->n_needs)
        return err_set(e, RC_BAD_FIELD, "%s: timer %s: nobody gives the %s that %s needs", f->file, t->id,
                       x->needs[0], x->id);
    return RC_OK;
}

enum rc workflow_check(const struct workflows *w, const struct workflow *f, struct err *e)
{
    ARENA_SCOPE(a);
    struct wf_graph g;
    bool end = false;
    for (size_t i = 0; i < w->n_states; i++)
        end |= f->uses & 1u << i && strcmp(w->states[i].kind, "end") == 0;
    if (!end)
        return err_set(e, RC_BAD_FIELD, "%s: none of its states is an end", f->file);
    if (strcmp(w->states[f->first].kind, "start") != 0)
        return err_set(e, RC_BAD_FIELD, "%s: start: %s is not a start", f->file, f->start);
    for (size_t i = 0; i < f->n_actions; i++)
        TRY(check_action(w, f, &f->actions[i], e));
    for (size_t i = 0; i < f->n_timers; i++)
        TRY(check_timer(w, f, &f->timers[i], e));
    TRY(wf_graph_make(a, w, f, &g, e));
    TRY(check_reached(&g, e));
    TRY(check_ends(a, &g, e));
    return check_alone(a, &g, e);
}
