/* The lives of requests over every service: random steps by people of every role in two town halls and the
 * county, allowed and forbidden ones, while a model beside the program (case_model.c) says what each must
 * answer. After each act its own case is looked at; that no act touched any other is seen once a day for all
 * cases together. Numbers, terms and audit are proven at the end over everything.
 * PRIDVOR_CASE_LIVES: how many, five of each service without it. PRIDVOR_CASE_EACH: so many of every
 * service, each service in a town of its own; PRIDVOR_CASE_SERVICE: of these alone (a,b,c), so that several
 * processes can share the work; PRIDVOR_CASE_SEED: other luck. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/db/case_town.h"
#include "tests/db/pgcluster.h"

enum { LIVES = 130, KILL_LIVES = 26, PATIENCE = 14, HURRY = 120 };

static struct err e;
static bool kills;       /* PostgreSQL dies now and then */
static const char *only; /* the service that is played; NULL: all */
static int64_t began_ms;
static struct {
    long killed, unknown, tried, done, refused, stale, missing, timers, corrections;
} sum;

static const struct model_user users[] = {
    {"citizen", "applicant", "", ""},
    {"clerk-1", "clerk", "hall-1", ""},
    {"desk-1", "clerk", "hall-1", "politia_locala"},
    {"registrar-1", "registrar", "hall-1", ""},
    {"head-1", "head", "hall-1", ""},
    {"officer-1", "officer", "hall-1", ""},
    {"expert-1", "expert", "hall-1", ""},
    {"roads-1", "expert", "hall-1", "drumuri"},
    {"field-1", "field", "hall-1", ""},
    {"mayor-1", "approver", "hall-1", ""},
    {"archive-1", "archivist", "hall-1", ""},
    {"clerk-2", "clerk", "hall-2", ""},
    {"registrar-2", "registrar", "hall-2", ""},
    {"head-2", "head", "hall-2", ""},
    {"officer-2", "officer", "hall-2", ""},
    {"expert-2", "expert", "hall-2", ""},
    {"field-2", "field", "hall-2", ""},
    {"mayor-2", "approver", "hall-2", ""},
    {"archive-2", "archivist", "hall-2", ""},
    {"county-1", "county", "county", ""},
    {"prefect", "approver", "county", ""},
    {"auditor-1", "auditor", "hall-1", ""},
};

static void must(enum rc rc, const char *what)
{
    if (rc != RC_OK)
        fail_msg("%s: %s %s", what, rc_name(rc), e.text);
}

/* ---- PostgreSQL dies ---- */

static void *dies(void *user)
{
    usleep(*(const unsigned *)user);
    pgcluster_stop(&rig.pg, SIGKILL);
    return NULL;
}

/* ---- one attempt ---- */

/* All that an act may leave behind it. What an act owes is never a 'received': the index knows the others. */
static const char *trace(const struct model_case *c)
{
    return model_sql(
        &m,
        "SELECT concat_ws(' ', c.version, (SELECT count(*) FROM case_event WHERE case_id = c.id), (SELECT "
        "count(*) FROM owed_message WHERE request_id = coalesce(c.request_id, c.id) AND message <> "
        "'received'), (SELECT count(*) FROM document WHERE case_id = c.id), (SELECT count(*) FROM case_task "
        "WHERE case_id = c.id), (SELECT count(*) FROM case_term WHERE case_id = c.id)) FROM casefile c WHERE "
        "c.id = $1::uuid",
        c->id);
}

/* Nobody who may sign stands behind it: the program may say so instead of doing it. */
static bool seals(const struct jval *action)
{
    return model_word(jval_get(action, "effects"), "seal");
}

static void take_others(const struct model_case *c, const struct jval *action, const struct gift *g)
{
    const struct jval *effects = jval_get(action, "effects");
    bool releases = model_word(effects, "release_hold");

    if (model_word(effects, "forward_case"))
        model_add(&m,
                  model_sql(&m, "SELECT other FROM case_link WHERE case_id = $1::uuid AND kind = 'forwarded'",
                            c->id));
    for (size_t i = 0; g->other && i < m.n; i++)
        if (is(m.cases[i].id, g->other)) {
            uint64_t before = m.cases[i].flags;
            model_read(&m, &m.cases[i]);
            assert_int_equal(m.cases[i].flags & ~model_flag(&m, "connexed"),
                             before & ~model_flag(&m, "connexed"));
        }
    /* A place that was let go is there for the next in line. */
    for (size_t i = 0; releases && i < m.n; i++)
        if (!m.cases[i].ended && is(m.cases[i].state, "waiting") && &m.cases[i] != c)
            model_read(&m, &m.cases[i]);
    if (model_word(effects, "deliver"))
        town_kin(c);
}

static void after(struct model_case *c, const struct model_user *u, const struct jval *action,
                  const struct gift *g)
{
    struct model_case by_itself;
    int64_t before = c->version;

    model_done(&m, c, u, action, g->found);
    take_others(c, action, g);
    by_itself = *c;
    model_drive(&m, &by_itself);
    struct model_case now = *c;
    model_read(&m, &now);
    const struct model_case *want = is(now.attention, "by_hand") ? c : &by_itself;
    if (!is(now.state, want->state) || now.flags != want->flags || now.version <= before)
        fail_msg("%s %s %s by %s: %s %llx, the model says %s %llx", c->id, c->service,
                 jval_str(action, "id", ""), u->name, now.state, (unsigned long long)now.flags, want->state,
                 (unsigned long long)want->flags);
    if (model_word(jval_get(action, "effects"), "assign") == false)
        assert_string_equal(now.department, c->department);
    bool did[MODEL_ACTS];
    memcpy(did, want->did, sizeof(did));
    *c = now;
    memcpy(c->did, did, sizeof(did));
    c->acts++;
    sum.done++;
}

/* What was said to be done is there; of what broke off nobody knows, and it is there whole or not at all. */
static enum rc reborn(struct work *w, const struct model_case *c, enum rc rc, const char *before)
{
    db_sync_close(rig.db);
    rig.db = NULL;
    pgcluster_start(&rig.pg); /* not by the thread: the child dies with who began it */
    for (int i = 0; i < 200 && db_sync_open(rig.pg.conninfo, &rig.db, &e) != RC_OK; i++)
        usleep(50000);
    assert_non_null(rig.db);
    w->db = rig.db;
    sum.killed++;
    bool there = !is(trace(c), before);
    if (rc == RC_OK && !there)
        fail_msg("%s: a step that was answered is gone", c->id);
    sum.unknown += rc != RC_OK && there;
    return there ? RC_OK : rc;
}

static bool attempt(struct model_case *c, const struct model_user *u, const struct jval *action)
{
    struct work w = rig_begin(&rig);
    struct gift g;
    bool old = dice(12) == 0, less = dice(12) == 0;
    const struct jval *needs = jval_get(action, "needs");

    less = less && needs && needs->n > 0;
    if (!gift_of(c, action, u, less, &g)) {
        rig_end(&w);
        return false;
    }
    if (model_word(needs, "document"))
        model_read(&m, c); /* whose draft it is now */
    enum rc want = model_judge(&m, u, c, action, old);
    bool code = model_word(needs, "code");
    bool used = code && (c->confirmed || !gift_codes(c, true)); /* a code serves once, and for two days */
    if (want == RC_OK && (less || used || gift_far(u, c, g.other)))
        want = RC_BAD_FIELD;
    if (want == RC_OK && model_word(jval_get(action, "effects"), "extend_term") && !model_extends(&m, c))
        want = RC_STATE;
    if (want == RC_OK && model_word(jval_get(action, "effects"), "send_code") && gift_codes(c, false) >= 5)
        want = RC_STATE;
    char before[120];
    snprintf(before, sizeof(before), "%s", trace(c));
    const struct actor *who = town_actor(u);
    struct case_act act = {.id = c->id,
                           .action = jval_str(action, "id", ""),
                           .version = c->version - (old ? 1 : 0),
                           .given = g.given,
                           .n_given = g.n};
    pthread_t dying;
    unsigned wait = 500 + dice(12000);
    bool dead = kills && dice(25) == 0 && pthread_create(&dying, NULL, dies, &wait) == 0;
    enum rc rc = case_act(&w, who, &act, NULL, &e);
    if (dead) {
        pthread_join(dying, NULL);
        rc = reborn(&w, c, rc, before);
    }
    m.stamp += rc == RC_OK || dead;
    sum.tried++;
    if (dead && rc != RC_OK && rc != want) {
        rig_end(&w);
        return false;
    }
    bool unsigned_ = rc == RC_STATE && want == RC_OK && seals(action) && e.code && is(e.code, "NO_SIGNER");
    if (rc == RC_DENIED)
        must(case_refused(&w, who, c->id, act.action, &e), "refused");
    if (rc != want && !unsigned_)
        fail_msg("%s %s %s in %s by %s (%s): %s %s, the model says %s", c->id, c->service, act.action,
                 c->state, u->name, c->institution, rc_name(rc), e.text, rc_name(want));
    if (rc != RC_OK) {
        sum.refused++;
        sum.stale += rc == RC_CONFLICT;
        sum.missing += rc == RC_BAD_FIELD;
        assert_string_equal(trace(c), before);
        assert_true(w.say.t[LANG_RO] && *w.say.t[LANG_RO] && *w.say.t[LANG_HU] && *w.say.t[LANG_EN]);
    }
    rig_end(&w);
    if (rc == RC_OK)
        after(c, u, action, &g);
    return rc == RC_OK;
}

/* ---- what people bring about beside the steps ---- */

static void settle(struct model_case *c, const char *path, bool *mine, const char *role)
{
    struct work w = rig_begin(&rig);
    struct workflow_given g = {path, "true"};

    for (size_t i = 1; i < COUNT(users) && !*mine; i++) {
        if (!is(users[i].role, role) || !model_reaches(&users[i], c))
            continue;
        struct case_step s = {c->id, c->version, NULL};
        must(case_fact(&w, town_actor(&users[i]), &s, &g, NULL, &e), path);
        m.stamp++;
        *mine = true;
        struct model_case it = *c;
        model_drive(&m, &it);
        model_read(&m, c);
        memcpy(c->did, it.did, sizeof(c->did));
    }
    rig_end(&w);
}

static void correct(struct model_case *c)
{
    struct work w = rig_begin(&rig);
    struct case_return back;
    struct jval *v = NULL;
    const struct jval *action = NULL, *list = jval_get(c->flow, "actions");

    must(case_return_open(&w, c->id, NULL, &back, &e), "the return");
    const char *text = arena_fmt(w.a, "{\"%s\":\"Text corectat\"}", back.fields[0]);
    must(jval_parse(w.a, text, strlen(text), &v, &e), "json");
    for (size_t i = 0; i < list->n; i++)
        if (is(jval_str(&list->items[i], "id", ""), "correct"))
            action = &list->items[i];
    must(case_return_answer(&w, &actor_citizen, c->id, v, NULL, &e), "the correction");
    sum.corrections++;
    /* Sent once more it is expected no longer; what was taken is told. */
    const char *json, *left = arena_str(w.a, trace(c));
    must(case_return_last(&w, c->id, &back, &json, &e), "the correction again");
    assert_string_equal(json, text);
    assert_int_equal(case_return_answer(&w, &actor_citizen, c->id, v, NULL, &e), RC_NOT_FOUND);
    assert_string_equal(trace(c), left);
    rig_end(&w);
    after(c, &users[0], action, &(struct gift){.n = 0});
}

static void opinions(struct model_case *c)
{
    struct work w = rig_begin(&rig);
    const char *task = model_sql(
        &m,
        "SELECT id FROM case_task WHERE case_id = $1::uuid AND kind = 'opinion' AND done_at IS NULL AND "
        "institution = $2 ORDER BY id LIMIT 1",
        c->id, c->institution);
    if (*task) {
        struct case_opinion o = {atoll(task), dice(4) ? "positive" : "negative", "Aviz."};
        const struct actor *who = town_actor(is(c->institution, "hall-1") ? &users[6] : &users[15]);
        struct case_step s = {c->id, c->version, NULL};
        must(case_opinion(&w, who, &s, &o, NULL, &e), "opinion");
        model_read(&m, c);
    }
    rig_end(&w);
}

static void beside(struct model_case *c)
{
    if (c->ended)
        return;
    if (is(c->state, "returned") && dice(2))
        correct(c);
    else if (is(jval_str(c->flow, "id", ""), "timed"))
        settle(c, "case.both_present", &c->both, "officer");
    else if (is(jval_str(c->flow, "id", ""), "field"))
        settle(c, "case.evidence", &c->evidence, "clerk");
    else if (is(c->state, "answered") || is(c->state, "issued"))
        settle(c, "case.delivered", &c->delivered, "clerk");
    else if (c->flags & model_flag(&m, "waits_opinion"))
        opinions(c);
}

/* ---- time ---- */

static void days_pass(int64_t ms)
{
    int rang;

    model_alone(&m);
    rig_now += ms;
    do {
        struct work w = rig_begin(&rig);
        must(case_timers(&w, 500, &rang, &e), "timers");
        rig_end(&w);
        sum.timers += rang;
    } while (rang == 500);
    model_in_time(&m);
}

/* ---- lives ---- */

static const struct model_user *somebody(const struct model_case *c)
{
    const struct model_user *u = &users[dice(COUNT(users))];
    /* Mostly those of the house, or nothing would ever happen. */
    if (dice(4) && !is(u->institution, c->institution) && *u->institution)
        u = &users[dice(COUNT(users))];
    return u;
}

/* By whoever may, beginning anywhere. */
static bool by_who_may(struct model_case *c, const struct jval *x)
{
    for (unsigned u = 0, from = dice(COUNT(users)); u < COUNT(users); u++) {
        const struct model_user *who = &users[(from + u) % COUNT(users)];
        if (model_judge(&m, who, c, x, false) == RC_OK)
            return attempt(c, who, x);
    }
    return false;
}

/* A step that can be done now; near: one that leads nearer to an end. Stepping back is the last resort. */
static bool go_on(struct model_case *c, bool near)
{
    const struct jval *list = jval_get(c->flow, "actions");
    int here = model_distance(&m, c->flow, c->state);

    for (unsigned k = 0, from = dice((unsigned)list->n); k < list->n; k++) {
        const struct jval *x = &list->items[(from + k) % list->n];
        if (!model_word(jval_get(x, "from"), c->state))
            continue;
        if (near && model_distance(&m, c->flow, jval_str(x, "to", "")) >= here)
            continue;
        if (is(jval_str(x, "id", ""), "withdraw") && c->acts < HURRY / 2 && dice(15))
            continue;
        if (by_who_may(c, x))
            return true;
    }
    return false;
}

/* Needs nothing that another act of the same moment could use up. */
static bool plain(const struct jval *x)
{
    const struct jval *needs = jval_get(x, "needs"), *effects = jval_get(x, "effects");
    return !model_word(needs, "code") && !model_word(needs, "case_number") &&
           !model_word(effects, "extend_term") && !model_word(effects, "send_code");
}

/* Who comes first is chance: only where a seed or a number is asked for, not in each run. */
static bool races;

/* Two who may, on what both have read: one goes first, the other hears that the file has moved on. */
static void at_once(struct model_case *c)
{
    const struct jval *list = jval_get(c->flow, "actions"), *x[2];
    const struct model_user *u[2];
    struct town_two two[2];
    struct gift g[2];
    int n = 0;

    for (int i = 0; i < 40 && n < 2; i++) {
        x[n] = &list->items[dice((unsigned)list->n)];
        u[n] = &users[dice(COUNT(users))];
        if (!plain(x[n]) || model_judge(&m, u[n], c, x[n], false) != RC_OK ||
            !gift_of(c, x[n], u[n], false, &g[n]))
            continue;
        model_read(&m, c); /* whose draft it is now */
        n += model_judge(&m, u[n], c, x[n], false) == RC_OK;
    }
    if (n < 2)
        return;
    for (int i = 0; i < 2; i++)
        two[i] = (struct town_two){town_actor(u[i]),
                                   {c->id, jval_str(x[i], "id", ""), c->version, g[i].given, g[i].n, NULL},
                                   RC_OK,
                                   {0}};
    char before[120];
    snprintf(before, sizeof(before), "%s", trace(c));
    town_meet(two);
    m.stamp++;
    for (int i = 0; i < 2; i++) {
        bool unsigned_ = two[i].rc == RC_STATE && seals(x[i]) && is(two[i].e.code, "NO_SIGNER");
        /* The file went to another office meanwhile, and with it the right. */
        bool away = two[i].rc == RC_DENIED && two[!i].rc == RC_OK &&
                    (model_word(jval_get(x[!i], "effects"), "assign") ||
                     model_word(jval_get(x[!i], "effects"), "forward_case"));
        if (two[i].rc == RC_OK ? two[!i].rc == RC_OK : two[i].rc != RC_CONFLICT && !unsigned_ && !away)
            fail_msg("%s %s: %s by %s, while %s by %s: %s %s", c->id, c->state, two[i].act.action, u[i]->name,
                     two[!i].act.action, u[!i]->name, rc_name(two[i].rc), two[i].e.text);
    }
    if (two[0].rc != RC_OK && two[1].rc != RC_OK) {
        assert_string_equal(trace(c), before);
        return;
    }
    int first = two[0].rc == RC_OK ? 0 : 1;
    after(c, u[first], x[first], &g[first]);
}

static void live(struct model_case *c, size_t i)
{
    const struct jval *list = jval_get(c->flow, "actions");

    if (dice(4) == 0)
        beside(c);
    if (dice(20) == 0)
        town_right(c);
    if (dice(20) == 0)
        town_note(c);
    if (races && !kills && dice(12) == 0)
        at_once(c);
    if (c->ended || dice(3) == 0) {
        attempt(c, somebody(c), &list->items[dice((unsigned)list->n)]);
        return;
    }
    if (c->acts > PATIENCE)
        beside(c);
    /* The nearest end may be shut (a fee that is paid): then any way on. */
    if (!c->ended && !(c->acts > PATIENCE && go_on(c, true)) && !go_on(c, false))
        c->acts++;
    if (c->acts > HURRY)
        fail_msg("case %zu %s %s does not end: %s", i, c->id, c->service, c->state);
}

static void born(size_t lives)
{
    const struct catalog *all = &rig.house.catalog;

    for (size_t i = 0; i < lives; i++) {
        char id[37];
        ARENA_SCOPE(a);
        const struct service *s = only ? catalog_find(all, only) : &all->services[i % all->n];
        struct rig_request q = {.institution = i / (only ? 1 : all->n) % 2 ? "hall-2" : "hall-1",
                                .service = s->id,
                                .answers = rig_answers(a, s, (unsigned)i),
                                .lang = i % 3 == 0 ? "hu" : "ro",
                                .offline = i % 17 == 0};
        rig_request(&rig, &q, id);
        if (i % 100 == 99 || i + 1 == lives)
            rig_open(&rig);
    }
    const char *n = model_sql(&m, "SELECT count(*) FROM casefile");
    assert_int_equal(atoi(n), lives);
    struct db_result *r SCOPED(db_result_freep) = NULL;
    must(db_sync_query(rig.db, "SELECT id FROM casefile ORDER BY registered_at, id", NULL, 0, &r, &e),
         "cases");
    for (int i = 0; i < db_rows(r); i++)
        model_add(&m, db_text(r, i, 0));
}

static void a_thousand_lives(void **state)
{
    const char *asked = getenv(only ? "PRIDVOR_CASE_EACH" : "PRIDVOR_CASE_LIVES");
    size_t lives = asked ? (size_t)atol(asked) : kills ? KILL_LIVES : LIVES, open = lives;
    int round = 0;

    (void)state;
    model_make(&m, &rig, lives * 8 + 100);
    town_make(users, COUNT(users), only ? (int64_t)lives / 8 + 1 : 1);
    born(lives);
    for (; open > 0; round++) {
        open = 0;
        for (size_t i = 0; i < m.n; i++) {
            if (m.cases[i].ended && dice(40))
                continue;
            live(&m.cases[i], i);
            rig_now += 1000;
            open += !m.cases[i].ended;
        }
        if (!kills)
            town_day();
        days_pass((int64_t)(6 + dice(30)) * 3600000);
    }
    model_numbers(&m);
    model_terms(&m, only ? 0 : m.n / 2);
    model_audit(&m);
    if (only)
        printf("%s: ", only);
    if (kills)
        printf("PostgreSQL killed %ld times; done although the answer was lost: %ld\n", sum.killed,
               sum.unknown);
    printf("lives %zu (cases %zu): tried %ld, done %ld, refused %ld (stale %ld, incomplete %ld), timers %ld, "
           "corrections %ld, rounds %d, %.1f minutes\n",
           lives, m.n, sum.tried, sum.done, sum.refused, sum.stale, sum.missing, sum.timers, sum.corrections,
           round, (double)(mono_ms() - began_ms) / 60000);
    town_told();
    if (lives >= 20) /* a handful may be lucky, and a service that asks for little too */
        assert_true(sum.refused > sum.tried / 10 && (only || (sum.stale > 0 && sum.missing > 0)));
}

/* Luck of its own for each service, the same whether it is played alone or with others. */
static unsigned long long seed(void)
{
    const char *asked = getenv("PRIDVOR_CASE_SEED");
    races = asked || getenv("PRIDVOR_CASE_EACH");
    unsigned long long s = asked ? strtoull(asked, NULL, 10) : 20261122;

    for (const char *p = only; p && *p; p++)
        s = s * 31 + (unsigned char)*p;
    return s ? s : 1;
}

static int setup(void **state)
{
    only = *state;
    memset(&sum, 0, sizeof(sum));
    if (!rig_make(&rig))
        exit(77);
    if (only && !catalog_find(&rig.house.catalog, only))
        fail_msg("there is no service %s", only);
    /* No machine dies here. */
    pgcluster_setting(&rig.pg, "synchronous_commit", kills ? "on" : "off");
    pgcluster_setting(&rig.pg, "full_page_writes", "off");
    pgcluster_setting(&rig.pg, "fsync", "off");
    began_ms = mono_ms();
    dice_from(seed());
    if (iso_utc_parse("2026-02-02T07:00:00.000Z", &rig_now, &e) != RC_OK)
        return -1;
    for (size_t i = 1; i < COUNT(users); i++)
        rig_user(&rig, users[i].name, users[i].role, users[i].institution, users[i].department);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(m.a);
    town_free();
    rig_free(&rig);
    return 0;
}

#define LIFE(service)                                                                                        \
    {                                                                                                        \
        (service), a_thousand_lives, setup, teardown, (void *)(uintptr_t)(service)                           \
    }

/* So many lives of each service, one after the other. wanted: these, or NULL. */
static int each(const char *wanted)
{
    struct CMUnitTest tests[64];
    struct catalog all;
    size_t n = 0;
    ARENA_SCOPE(a);

    if (catalog_load(a, "configs", &all, &e) != RC_OK) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    const char *list = arena_fmt(a, ",%s,", wanted ? wanted : "");
    for (size_t i = 0; i < all.n && n < COUNT(tests); i++)
        if (!wanted || strstr(list, arena_fmt(a, ",%s,", all.services[i].id)))
            tests[n++] = (struct CMUnitTest)LIFE(all.services[i].id);
    return n ? _cmocka_run_group_tests("each service", tests, n, NULL, NULL) : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(a_thousand_lives, setup, teardown)};

    setvbuf(stdout, NULL, _IOLBF, 0); /* a long run tells as it goes */
    kills = argc > 1 && is(argv[1], "kill");
    if (getenv("PRIDVOR_CASE_EACH"))
        return each(getenv("PRIDVOR_CASE_SERVICE"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
