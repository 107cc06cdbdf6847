/* A definition as a person reads it: every way to an end, every loop once. A way counts when it can be
 * walked, loops in between included. */
#include <stdio.h>
#include <string.h>

#include "common/model/workflow_priv.h"

enum { WAYS_MAX = 20000 };

/* A set of places, all in one state. */
struct places {
    uint32_t *list;
    size_t n;
};

struct walk {
    struct arena *a;
    const struct wf_graph *g;
    struct buf *out;
    size_t steps[WF_STATES_MAX], n, ways;
    uint32_t on; /* states of the way so far */
    size_t root; /* of a loop */
};

static void put(uint8_t *in, struct places *s, uint32_t place)
{
    if (place == UINT32_MAX || in[place])
        return;
    in[place] = 1;
    s->list[s->n++] = place;
}

/* Where one can also stand in this state after any loops. */
static struct places with_loops(struct arena *a, const struct wf_graph *g, const struct places *from)
{
    struct places all = {ARENA_ARRAY(a, uint32_t, g->n + 1), 0},
                  same = {ARENA_ARRAY(a, uint32_t, g->n + 1), 0};
    uint8_t *in = ARENA_ARRAY(a, uint8_t, g->n_places);
    size_t state = from->n ? wf_place_state(g, from->list[0]) : 0;
    for (size_t i = 0; i < from->n; i++)
        put(in, &all, from->list[i]);
    for (size_t i = 0; i < all.n; i++) {
        if (wf_place_state(g, all.list[i]) == state)
            same.list[same.n++] = all.list[i];
        for (size_t k = 0; k < g->f->n_actions; k++)
            put(in, &all, wf_step(g, all.list[i], k, false));
        for (size_t k = 0; k < g->f->n_timers; k++)
            put(in, &all, wf_timer_step(g, all.list[i], k));
    }
    return same;
}

static struct places after(struct arena *a, const struct wf_graph *g, const struct places *from,
                           size_t action)
{
    struct places to = {ARENA_ARRAY(a, uint32_t, from->n + 1), 0};
    uint8_t *in = ARENA_ARRAY(a, uint8_t, g->n_places);
    for (size_t i = 0; i < from->n; i++)
        put(in, &to, wf_step(g, from->list[i], action, false));
    return to;
}

static void say_way(struct walk *w, size_t start)
{
    const struct wf_graph *g = w->g;
    buf_fmt(w->out, "%5zu. %s", ++w->ways, g->w->states[start].id);
    for (size_t i = 0; i < w->n; i++) {
        const struct wf_action *x = &g->f->actions[w->steps[i]];
        buf_fmt(w->out, " -%s-> %s", x->id, x->to);
    }
    buf_chr(w->out, '\n');
}

static void walk_ways(struct walk *w, const struct places *here)
{
    ARENA_SCOPE(a);
    const struct wf_graph *g = w->g;
    struct places at = with_loops(a, g, here);
    size_t state = wf_place_state(g, at.list[0]);
    if (strcmp(g->w->states[state].kind, "end") == 0) {
        say_way(w, g->f->first);
        return;
    }
    w->on |= 1u << state;
    for (size_t k = 0; k < g->f->n_actions && w->ways < WAYS_MAX; k++) {
        const struct wf_action *x = &g->f->actions[k];
        if (!(x->in & 1u << state) || w->on & 1u << x->target)
            continue;
        struct places next = after(a, g, &at, k);
        w->steps[w->n++] = k;
        if (next.n)
            walk_ways(w, &next);
        w->n--;
    }
    w->on &= ~(1u << state);
}

/* A loop is said from its state with the lowest number. */
static void walk_loops(struct walk *w, const struct places *here, size_t state)
{
    ARENA_SCOPE(a);
    const struct wf_graph *g = w->g;
    struct places at = with_loops(a, g, here);
    w->on |= 1u << state;
    for (size_t k = 0; k < g->f->n_actions && w->ways < WAYS_MAX; k++) {
        const struct wf_action *x = &g->f->actions[k];
        bool back = x->target == w->root;
        if (!(x->in & 1u << state) || x->target < w->root || (!back && w->on & 1u << x->target))
            continue;
        struct places next = after(a, g, &at, k);
        w->steps[w->n++] = k;
        if (next.n && back)
            say_way(w, w->root);
        else if (next.n)
            walk_loops(w, &next, x->target);
        w->n--;
    }
    w->on &= ~(1u << state);
}

static struct places all_in(struct arena *a, const struct wf_graph *g, size_t state, bool born)
{
    struct places s = {ARENA_ARRAY(a, uint32_t, g->n + 1), 0};
    for (uint32_t i = 0; i < g->n; i++)
        if (wf_place_state(g, g->order[i]) == state && (!born || g->by[g->order[i]] == UINT32_MAX))
            s.list[s.n++] = g->order[i];
    return s;
}

static size_t say_loops(struct arena *a, const struct wf_graph *g, struct buf *out)
{
    struct walk w = {.a = a, .g = g, .out = out};
    for (size_t s = 0; s < g->w->n_states; s++) {
        struct places here = all_in(a, g, s, false);
        w.root = s;
        if (here.n)
            walk_loops(&w, &here, s);
    }
    return w.ways;
}

static void say_list(struct buf *out, const char *before, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_fmt(out, "%s%s", i ? ", " : before, list[i]);
}

static void say_steps(const struct workflow *f, struct buf *out)
{
    buf_str(out, "\nsteps:\n");
    for (size_t k = 0; k < f->n_actions; k++) {
        const struct wf_action *x = &f->actions[k];
        buf_fmt(out, "  %-18s", x->id);
        say_list(out, "by ", x->roles, x->n_roles);
        if (x->guard)
            buf_fmt(out, "; if %s", x->guard);
        say_list(out, "; needs ", x->needs, x->n_needs);
        say_list(out, "; marks ", x->set_flags, x->n_set_flags);
        say_list(out, "; unmarks ", x->clear_flags, x->n_clear_flags);
        say_list(out, "; does ", x->effects, x->n_effects);
        if (x->term)
            buf_fmt(out, " (term: %s)", x->term);
        for (size_t i = 0; i < x->n_notify; i++)
            buf_fmt(out, "%s%s to %s", i ? ", " : "; tells ", x->notify[i].message, x->notify[i].who);
        buf_chr(out, '\n');
    }
}

enum rc workflow_paths(const struct workflows *w, const struct workflow *f, struct buf *out, struct err *e)
{
    ARENA_SCOPE(a);
    struct wf_graph g;
    TRY(wf_graph_make(a, w, f, &g, e));
    struct walk ways = {.a = a, .g = &g, .out = out};
    struct places born = all_in(a, &g, f->first, true);
    buf_fmt(out, "%s, version %lld: %s\n\nways from %s to an end:\n", f->id, (long long)f->version,
            tr_get(&f->name, LANG_RO), f->start);
    walk_ways(&ways, &born);
    buf_str(out, "\nloops, each as often as it takes:\n");
    size_t loops = say_loops(a, &g, out);
    if (ways.ways >= WAYS_MAX || loops >= WAYS_MAX)
        return err_set(e, RC_LIMIT, "%s: more than %d ways", f->file, WAYS_MAX);
    say_steps(f, out);
    buf_fmt(out, "\n%zu ways, %zu loops, %zu states, %zu actions, %u places of state and marks\n", ways.ways,
            loops, f->n_states, f->n_actions, g.n);
    return RC_OK;
}

static void dot_text(struct buf *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            buf_chr(out, '\\');
        buf_chr(out, *s);
    }
}

static void dot_states(const struct workflows *w, const struct workflow *f, enum lang lang, struct buf *out)
{
    static const struct {
        const char *kind, *look;
    } looks[] = {{"start", "shape=circle"},
                 {"open", "shape=box"},
                 {"wait", "shape=box, style=dashed"},
                 {"end", "shape=box, peripheries=2"}};
    for (size_t i = 0; i < w->n_states; i++) {
        if (!(f->uses & 1u << i))
            continue;
        const char *look = "";
        for (size_t k = 0; k < COUNT(looks); k++)
            look = strcmp(looks[k].kind, w->states[i].kind) == 0 ? looks[k].look : look;
        buf_fmt(out, "  \"%s\" [%s, label=\"", w->states[i].id, look);
        dot_text(out, tr_get(&w->states[i].label, lang));
        buf_str(out, "\"];\n");
    }
}

void workflow_dot(const struct workflows *w, const struct workflow *f, enum lang lang, struct buf *out)
{
    buf_fmt(out, "digraph \"%s\" {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n", f->id);
    dot_states(w, f, lang, out);
    for (size_t k = 0; k < f->n_actions; k++) {
        const struct wf_action *x = &f->actions[k];
        for (size_t i = 0; i < x->n_from; i++) {
            buf_fmt(out, "  \"%s\" -> \"%s\" [label=\"", x->from[i], x->to);
            dot_text(out, tr_get(&x->label, lang));
            say_list(out, "\\n", x->roles, x->n_roles);
            if (x->guard) {
                buf_str(out, "\\n");
                dot_text(out, x->guard);
            }
            buf_str(out, "\"];\n");
        }
    }
    for (size_t k = 0; k < f->n_timers; k++) {
        const struct wf_timer *t = &f->timers[k];
        const struct wf_action *x = t->act ? workflow_action(f, t->act) : NULL;
        for (size_t i = 0; x && i < t->n_in; i++)
            buf_fmt(out, "  \"%s\" -> \"%s\" [style=dotted, label=\"%s\"];\n", t->in[i], x->to, t->id);
    }
    buf_str(out, "}\n");
}
