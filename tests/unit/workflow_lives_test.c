/* Lives of cases beside a second reading of the same files: the model below knows nothing of the engine, it
 * reads the JSON and judges guards by itself. Every reachable state and marking is walked with every role,
 * then 1,000 lives of each workflow are lived at random, forbidden acts tried all along. PRIDVOR_LIVES: how
 * many. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/model/workflow.h"

static struct arena *arena;
static struct workflows w;
static const struct jval *files[16], *shared;

static uint64_t seed = 20261122;
static uint32_t dice(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % n;
}

static int setup(void **state)
{
    struct err e = {0};
    struct jval *v = NULL;
    (void)state;
    arena = arena_new();
    enum rc rc = workflows_load(arena, "configs", &w, &e);
    for (size_t i = 0; rc == RC_OK && i < w.n; i++) {
        rc = jval_load(arena, w.items[i].file, &v, &e);
        files[i] = v;
    }
    if (rc == RC_OK)
        rc = jval_load(arena, "configs/workflow/_shared.json", &v, &e);
    shared = v;
    if (rc != RC_OK)
        fprintf(stderr, "%s\n", e.text);
    return rc == RC_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* --- the model: a world of texts --- */
enum { FLAGS = 16, FACTS = 32 };
struct world {
    const char *flow_state;
    const char *flags[FLAGS]; /* NULL: not set */
    const char *paths[FACTS], *values[FACTS];
    size_t n_facts;
    const char *role; /* one; NULL none */
    bool reaches, author;
};

static bool listed(const struct jval *list, const char *s)
{
    for (size_t i = 0; list && i < list->n; i++)
        if (strcmp(list->items[i].s, s) == 0)
            return true;
    return false;
}

static bool flag_on(const struct world *m, const char *id)
{
    for (int i = 0; i < FLAGS; i++)
        if (m->flags[i] && strcmp(m->flags[i], id) == 0)
            return true;
    return false;
}

static const char *value_of(const struct world *m, const char *path)
{
    if (strncmp(path, "flags.", 6) == 0)
        return flag_on(m, path + 6) ? "true" : "false";
    if (strcmp(path, "actor.is_author") == 0)
        return m->author ? "true" : "false";
    if (strcmp(path, "actor.in_area") == 0)
        return m->reaches ? "true" : "false";
    for (size_t i = 0; i < m->n_facts; i++)
        if (strcmp(m->paths[i], path) == 0)
            return m->values[i];
    fail_msg("the model knows no %s", path);
    return NULL;
}

static bool word(const char **p, const char *s)
{
    while (**p == ' ')
        ++*p;
    size_t n = strlen(s);
    if (strncmp(*p, s, n) != 0 || (isalpha((unsigned char)*s) && (isalnum((unsigned char)(*p)[n]))))
        return false;
    *p += n;
    return true;
}

static const char *token(const char **p, char *out, size_t cap)
{
    size_t n = 0;
    bool quoted = word(p, "'");
    while (**p && (quoted ? **p != '\'' : isalnum((unsigned char)**p) || strchr("._", **p)) && n + 1 < cap)
        out[n++] = *(*p)++;
    out[n] = 0;
    *p += quoted ? 1 : 0;
    return out;
}

static bool guard_or(const struct world *m, const char **p);

static bool guard_leaf(const struct world *m, const char **p)
{
    char path[64], text[64];
    if (word(p, "not"))
        return !guard_leaf(m, p);
    if (word(p, "(")) {
        bool v = guard_or(m, p);
        assert_true(word(p, ")"));
        return v;
    }
    const char *is = value_of(m, token(p, path, sizeof(path)));
    bool eq = word(p, "==");
    if (eq || word(p, "!="))
        return (word(p, ""), is && strcmp(is, token(p, text, sizeof(text))) == 0) == eq;
    if (!word(p, "in"))
        return is && strcmp(is, "true") == 0;
    bool found = false;
    for (assert_true(word(p, "[")); !word(p, "]"); word(p, ","))
        found |= (word(p, ""), token(p, text, sizeof(text)), is && strcmp(is, text) == 0);
    return found;
}

static bool guard_and(const struct world *m, const char **p)
{
    bool v = guard_leaf(m, p);
    while (word(p, "and"))
        v = guard_leaf(m, p) && v;
    return v;
}

static bool guard_or(const struct world *m, const char **p)
{
    bool v = guard_and(m, p);
    while (word(p, "or"))
        v = guard_and(m, p) || v;
    return v;
}

static enum rc model_judges(const struct world *m, const struct jval *action)
{
    const char *guard = jval_str(action, "guard", NULL);
    if (!m->role || !m->reaches || !listed(jval_get(action, "roles"), m->role))
        return RC_DENIED;
    if (!listed(jval_get(action, "from"), m->flow_state))
        return RC_STATE;
    if (guard && !guard_or(m, &guard))
        return RC_STATE;
    return RC_OK;
}

static void set_flag(struct world *m, const char *id, bool on)
{
    for (int i = 0; i < FLAGS; i++)
        if (m->flags[i] && strcmp(m->flags[i], id) == 0)
            m->flags[i] = NULL;
    for (int i = 0; on && i < FLAGS; i++)
        if (!m->flags[i]) {
            m->flags[i] = id;
            return;
        }
}

static const struct jval *state_row(const char *id)
{
    const struct jval *list = jval_get(shared, "states");
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(jval_str(&list->items[i], "id", ""), id) == 0)
            return &list->items[i];
    fail_msg("no state %s", id);
    return NULL;
}

/* --- the same world for the engine --- */
static void throw_facts(struct world *m)
{
    const struct jval *list = jval_get(shared, "guard_context");
    m->n_facts = list->n;
    for (size_t i = 0; i < list->n; i++) {
        const struct jval *words = jval_get(&list->items[i], "words");
        uint32_t face = dice(words ? (uint32_t)words->n + 1 : 2);
        m->paths[i] = jval_str(&list->items[i], "path", "");
        m->values[i] = words ? (face ? words->items[face - 1].s : NULL) : face ? "true" : "false";
    }
    m->author = dice(2);
}

static struct workflow_case case_of(const struct world *m, const struct workflow *f, int64_t version)
{
    struct workflow_case c = {.flow = f, .state = m->flow_state, .version = version};
    struct err e = {0};
    for (int i = 0; i < FLAGS; i++)
        c.flags |= m->flags[i] ? workflow_flag(&w, m->flags[i]) : 0;
    for (size_t i = 0; i < m->n_facts; i++)
        if (strncmp(m->paths[i], "case.", 5) == 0)
            assert_int_equal(workflow_fact(&w, &c.facts, m->paths[i], m->values[i], &e), RC_OK);
    return c;
}

static struct workflow_actor actor_of(const struct world *m)
{
    uint32_t role = m->role ? workflow_role(&w, m->role) : 0;
    return (struct workflow_actor){
        .id = "a", .roles = m->reaches ? role : 0, .abroad = m->reaches ? 0 : role, .is_author = m->author};
}

static void compare(const struct world *m, const struct workflow *f, const struct jval *file)
{
    ARENA_SCOPE(a);
    struct workflow_case c = case_of(m, f, 1);
    struct workflow_actor who = actor_of(m);
    const struct jval *actions = jval_get(file, "actions");
    size_t n;
    const struct workflow_choice *list = workflow_actions(a, &w, &c, &who, &n);
    assert_int_equal(n, actions->n);
    for (size_t i = 0; i < n; i++) {
        enum rc rc = model_judges(m, &actions->items[i]);
        if (list[i].rc != rc)
            fail_msg("%s: %s in %s by %s: %s, the model says %s", f->id, list[i].action->id, m->flow_state,
                     m->role ? m->role : "nobody", rc_name(list[i].rc), rc_name(rc));
        assert_true(list[i].allowed == (rc == RC_OK));
        for (int l = 0; rc != RC_OK && l < LANG_COUNT; l++)
            assert_true(*list[i].why_not.t[l] && !strchr(list[i].why_not.t[l], '{'));
    }
}

/* Every reachable state and marking: from the start with any flag that nobody sets, by the model's own steps.
 */
struct places {
    struct world *list;
    size_t n, cap;
};

static uint32_t marks_of(const struct world *m, const struct jval *flags)
{
    uint32_t set = 0;
    for (size_t i = 0; i < flags->n; i++)
        set |= flag_on(m, flags->items[i].s) ? 1u << i : 0;
    return set;
}

static void add_place(struct places *p, const struct world *m, const struct jval *flags)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->list[i].flow_state, m->flow_state) == 0 &&
            marks_of(&p->list[i], flags) == marks_of(m, flags))
            return;
    assert_true(p->n < p->cap);
    p->list[p->n++] = *m;
}

static void step_marks(struct world *m, const struct jval *row)
{
    const struct jval *set = jval_get(row, "set_flags"), *clear = jval_get(row, "clear_flags");
    for (size_t i = 0; set && i < set->n; i++)
        set_flag(m, set->items[i].s, true);
    for (size_t i = 0; clear && i < clear->n; i++)
        set_flag(m, clear->items[i].s, false);
}

static bool anybody_sets(const struct jval *file, const char *flag)
{
    const struct jval *lists[] = {jval_get(file, "actions"), jval_get(file, "timers")};
    for (size_t k = 0; k < COUNT(lists); k++)
        for (size_t i = 0; i < lists[k]->n; i++)
            if (listed(jval_get(&lists[k]->items[i], "set_flags"), flag))
                return true;
    return false;
}

static void births(struct places *p, const struct jval *file, const struct jval *flags)
{
    for (uint32_t set = 0; set < 1u << flags->n; set++) {
        struct world m = {.flow_state = jval_str(file, "start", "")};
        bool born = true;
        for (size_t i = 0; i < flags->n; i++)
            if (set >> i & 1) {
                born &= !anybody_sets(file, flags->items[i].s);
                set_flag(&m, flags->items[i].s, true);
            }
        if (born)
            add_place(p, &m, flags);
    }
}

/* A step counts when some throw of the facts allows it. */
static void grow(struct places *p, const struct jval *file, const struct jval *flags, struct world at)
{
    const struct jval *actions = jval_get(file, "actions"), *timers = jval_get(file, "timers");
    for (size_t k = 0; k < actions->n; k++) {
        const struct jval *x = &actions->items[k];
        struct world m = at;
        m.role = jval_get(x, "roles")->items[0].s;
        m.reaches = true;
        enum rc rc = RC_STATE;
        for (int t = 0; rc != RC_OK && t < 200 && listed(jval_get(x, "from"), m.flow_state); t++) {
            throw_facts(&m);
            rc = model_judges(&m, x);
        }
        if (rc != RC_OK)
            continue;
        m.flow_state = jval_str(x, "to", "");
        step_marks(&m, x);
        add_place(p, &m, flags);
    }
    for (size_t k = 0; k < timers->n; k++)
        if (listed(jval_get(&timers->items[k], "in"), at.flow_state)) {
            struct world m = at;
            step_marks(&m, &timers->items[k]);
            add_place(p, &m, flags);
        }
}

static void every_place_every_role(void **state)
{
    static struct world room[1 << 13];
    (void)state;
    for (size_t i = 0; i < w.n; i++) {
        const struct jval *flags = jval_get(files[i], "flags");
        struct places p = {room, 0, COUNT(room)};
        size_t tried = 0;
        births(&p, files[i], flags);
        for (size_t k = 0; k < p.n; k++)
            grow(&p, files[i], flags, p.list[k]);
        for (size_t k = 0; k < p.n; k++)
            for (size_t r = 0; r <= w.roles.n; r++, tried++) {
                struct world m = p.list[k];
                m.role = r < w.roles.n ? w.roles.items[r].id : NULL;
                m.reaches = dice(8) != 0;
                throw_facts(&m);
                compare(&m, &w.items[i], files[i]);
            }
        print_message("%s: %zu states and markings, %zu meetings\n", w.items[i].id, p.n, tried);
        assert_true(p.n >= w.items[i].n_states);
    }
}

/* --- lives --- */
struct life {
    struct world m;
    const struct workflow *f;
    const struct jval *file;
    int64_t version;
    bool runs;   /* the term of the answer */
    bool number; /* given */
    size_t acts, refused;
};

static const struct workflow_given all_given[] = {
    {"reason", "x"}, {"fields", "x"},        {"legal_basis", "x"},         {"document", "x"},
    {"note", "x"},   {"institution", "x"},   {"case_number", "x"},         {"outcome_code", "x"},
    {"code", "x"},   {"search_result", "x"}, {"term_rule", "l421.notice"}, {"department", "x"}};

static bool same_notices(const struct workflow_done *d, const struct jval *list)
{
    size_t n = list ? list->n : 0;
    for (size_t i = 0; i < n && i < d->n_notices; i++)
        if (strcmp(d->notices[i].who, jval_str(&list->items[i], "who", "")) != 0 ||
            strcmp(d->notices[i].message, jval_str(&list->items[i], "message", "")) != 0)
            return false;
    return d->n_notices == n;
}

/* Terms: none runs twice, none stops that did not start; who waits for an answer has one running. */
static void model_terms(struct life *l, const struct workflow_done *d)
{
    for (size_t i = 0; i < d->n_effects; i++) {
        const struct workflow_effect *x = &d->effects[i];
        bool starts = strcmp(x->id, "start_term") == 0, sub = strcmp(x->id, "sub_term") == 0;
        assert_true((starts || sub) == (x->term != NULL));
        if (starts)
            assert_false(l->runs);
        if (strcmp(x->id, "stop_term") == 0 || strcmp(x->id, "extend_term") == 0)
            assert_true(l->runs || strcmp(x->id, "stop_term") == 0);
        if (strcmp(x->id, "number") == 0) {
            assert_false(l->number);
            l->number = true;
        }
        if (starts || (sub && strcmp(x->term, "og27.answer") == 0))
            l->runs = true;
        else if (strcmp(x->id, "stop_term") == 0)
            l->runs = false;
    }
    const char *clock = jval_str(state_row(d->now.state), "clock", "");
    if (strcmp(clock, "runs") == 0)
        assert_true(l->runs);
    if (strcmp(clock, "done") == 0)
        assert_false(l->runs);
}

static void lived(struct life *l, const struct jval *action, const struct workflow_done *d)
{
    l->m.flow_state = jval_str(action, "to", "");
    step_marks(&l->m, action);
    struct workflow_case model = case_of(&l->m, l->f, l->version + 1);
    assert_string_equal(d->now.state, model.state);
    assert_true(d->now.flags == model.flags);
    assert_int_equal(d->now.version, l->version + 1);
    assert_true(same_notices(d, jval_get(action, "notify")));
    bool numbered = !l->number && listed(jval_get(action, "effects"), "number");
    model_terms(l, d);
    assert_true(!numbered || l->number);
    l->version++;
    l->acts++;
}

/* Mostly an action of this state, seldom one that ends at once: lives should be long. */
static const struct jval *any_action(const struct life *l)
{
    const struct jval *actions = jval_get(l->file, "actions"), *x = NULL;
    for (int i = 0; i < 8; i++) {
        x = &actions->items[dice((uint32_t)actions->n)];
        const char *end = jval_str(state_row(jval_str(x, "to", "")), "kind", "");
        bool here = listed(jval_get(x, "from"), l->m.flow_state), ends = strcmp(end, "end") == 0;
        if ((here && (!ends || dice(20) == 0)) || (!here && dice(6) == 0))
            break;
    }
    return x;
}

/* One try: any action by anybody, sometimes stale, sometimes with nothing in hand. */
static void try_one(struct life *l)
{
    ARENA_SCOPE(a);
    struct err e = {0};
    struct workflow_done d;
    const struct jval *x = any_action(l), *needs = jval_get(x, "needs");
    throw_facts(&l->m);
    l->m.role = w.roles.items[dice((uint32_t)w.roles.n)].id;
    if (dice(3))
        l->m.role = jval_get(x, "roles")->items[0].s;
    l->m.reaches = dice(10) != 0;
    bool stale = dice(12) == 0, empty = dice(8) == 0;
    struct workflow_case c = case_of(&l->m, l->f, l->version), before = c;
    struct workflow_actor who = actor_of(&l->m);
    struct workflow_act act = {.action = jval_str(x, "id", ""),
                               .who = &who,
                               .version = l->version - stale,
                               .given = all_given,
                               .n_given = empty ? 0 : COUNT(all_given)};
    enum rc want = model_judges(&l->m, x);
    want = want != RC_DENIED && stale ? RC_CONFLICT : want;
    want = want == RC_OK && empty && needs && needs->n ? RC_BAD_FIELD : want;
    enum rc rc = workflow_apply(a, &w, &c, &act, &d, &e);
    if (rc != want)
        fail_msg("%s: %s in %s: %s, the model says %s", l->f->id, act.action, c.state, rc_name(rc),
                 rc_name(want));
    assert_memory_equal(&c, &before, sizeof(c));
    if (dice(4) == 0)
        assert_true(!*workflow_refusal(a, &w, &c, &act).t[LANG_HU] == (rc == RC_OK));
    if (rc == RC_OK)
        lived(l, x, &d);
    else
        l->refused++;
}

static void try_timer(struct life *l)
{
    ARENA_SCOPE(a);
    struct err e = {0};
    struct workflow_done d;
    const struct jval *timers = jval_get(l->file, "timers"), *t = &timers->items[dice((uint32_t)timers->n)];
    bool runs = listed(jval_get(t, "in"), l->m.flow_state);
    if (jval_get(t, "do"))
        return;
    struct workflow_case c = case_of(&l->m, l->f, l->version);
    enum rc rc = workflow_tick(a, &w, &c, jval_str(t, "id", ""), &d, &e);
    assert_int_equal(rc, runs ? RC_OK : RC_STATE);
    if (!runs)
        return;
    const struct jval *set = jval_get(t, "set_flags");
    bool over = set && flag_on(&l->m, set->items[0].s);
    assert_true(over ? d.n_notices == 0 : same_notices(&d, jval_get(t, "notify")));
    step_marks(&l->m, t);
    assert_true(d.now.flags == case_of(&l->m, l->f, 0).flags);
    assert_string_equal(d.now.state, c.state);
    l->version = d.now.version;
}

static void live(size_t flow, size_t *acts, size_t *refused)
{
    struct life l = {.f = &w.items[flow], .file = files[flow], .version = 1};
    const struct jval *flags = jval_get(l.file, "flags");
    l.m.flow_state = jval_str(l.file, "start", "");
    for (size_t i = 0; i < flags->n; i++)
        if (!anybody_sets(l.file, flags->items[i].s) && dice(3) == 0)
            set_flag(&l.m, flags->items[i].s, true);
    size_t tries = 0;
    for (; strcmp(jval_str(state_row(l.m.flow_state), "kind", ""), "end") != 0; tries++) {
        if (tries > 100000)
            fail_msg("%s: a life in %s does not end", l.f->id, l.m.flow_state);
        if (dice(6))
            try_one(&l);
        else
            try_timer(&l);
    }
    assert_false(l.runs);
    for (int i = 0; i < 20; i++) { /* what ended stays where it is */
        const char *end = l.m.flow_state;
        try_one(&l);
        assert_string_equal(l.m.flow_state, end);
    }
    *acts += l.acts;
    *refused += l.refused;
}

static void thousand_lives(void **state)
{
    const char *many = getenv("PRIDVOR_LIVES");
    long lives = many ? strtol(many, NULL, 10) : 1000;
    (void)state;
    for (size_t i = 0; i < w.n; i++) {
        size_t acts = 0, refused = 0;
        for (long k = 0; k < lives; k++)
            live(i, &acts, &refused);
        print_message("%s: %ld lives, %zu acts, %zu refused\n", w.items[i].id, lives, acts, refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_place_every_role),
                                       cmocka_unit_test(thousand_lives)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
