#include "tests/db/case_town.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/sql.h"

enum { USERS = 40 };

static struct err e;
static const struct model_user *users;
static size_t n_users;
static struct actor actors[USERS];
static struct arena *lent; /* of the actors' grants */
static struct db_sync *second;
static struct {
    long absences, ended, refused, declared, withdrawn, moved, notes, met;
} sum;

static void must(enum rc rc, const char *what)
{
    if (rc != RC_OK)
        fail_msg("%s: %s %s", what, rc_name(rc), e.text);
}

static int64_t today(void)
{
    return date_days(date_of_ms(rig_now));
}

static struct date day_of(int64_t days)
{
    return date_add((struct date){1970, 1, 1}, days);
}

/* ---- who is who today ---- */

static void read_actors(void)
{
    arena_free(lent);
    lent = arena_new();
    struct work w = {.house = &rig.house, .db = rig.db, .a = lent, .now_ms = rig_clock};
    actors[0] = actor_citizen;
    for (size_t i = 1; i < n_users; i++)
        rig_actor(&w, users[i].name, &actors[i]);
    m.lend_day = today();
}

const struct actor *town_actor(const struct model_user *u)
{
    return &actors[u - users];
}

/* Fewer than want one: some wait, and what is given back goes to the next. */
static void places(int64_t n)
{
    struct work w = rig_begin(&rig);
    const struct case_places x = {"hall-1", "parking.place", n};

    must(case_places_set(&w, &actor_system, &x, &e), "places");
    rig_end(&w);
}

void town_make(const struct model_user *all, size_t n, int64_t stock)
{
    assert_true(n <= USERS);
    memset(&sum, 0, sizeof(sum));
    users = all;
    n_users = n;
    read_actors();
    must(db_sync_open(rig.pg.conninfo, &second, &e), "second connection");
    must(db_sync_script(second, sql_text(SQL_SESSION), &e), "session");
    places(stock);
}

void town_free(void)
{
    db_sync_close(second);
    second = NULL;
    arena_free(lent);
    lent = NULL;
}

/* ---- absences ---- */

static const struct model_user *anybody(void)
{
    return &users[1 + dice((unsigned)n_users - 1)];
}

static bool among(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is(words[i], word))
            return true;
    return false;
}

/* One's own; or by who leads every place of that work, and hands on only what may be handed on: as things
 * stand today, and not by what this very one lends them. */
static bool enters(const struct model_user *who, const struct model_user *away)
{
    static const char *const handed[] = {"clerk", "registrar", "head", "expert", "field", "archivist"};
    static const char *const work[] = {"officer", "approver", "county"};
    static const char *const below[] = {"county", "hall-1", "hall-2"};
    bool any = among(away->role, handed, COUNT(handed)), all = is(away->institution, "county");

    if (who == away)
        return true;
    if (!any && !among(away->role, work, COUNT(work)))
        return false;
    for (size_t i = 0; i < (all ? COUNT(below) : 1); i++) {
        struct model_case at = {0};
        bool hands = any;
        const struct model_user *as;
        snprintf(at.institution, sizeof(at.institution), "%s", all ? below[i] : away->institution);
        snprintf(at.department, sizeof(at.department), "%s", away->department);
        for (size_t k = 0; (as = model_self(&m, who, k)) != NULL; k++)
            hands |= as != away && (is(as->role, away->role) || is(as->role, "approver")) &&
                     model_reaches(as, &at);
        if (!hands || !model_right_apart(&m, who, away, &at, "team.delegate"))
            return false;
    }
    return true;
}

static bool meets(const struct model_user *u, int64_t first, int64_t last)
{
    for (size_t i = 0; i < m.n_lends; i++)
        if (m.lends[i].from == u && !m.lends[i].ended && m.lends[i].first <= last && m.lends[i].last >= first)
            return true;
    return false;
}

static void is_away(void)
{
    const struct model_user *away = anybody(), *to = anybody(), *who = dice(2) ? away : anybody();
    int64_t first = today() + (int64_t)dice(6) - 2, last = first + (int64_t)dice(9) - 1, id = 0;
    struct work w = rig_begin(&rig);

    for (int i = 0; i < 4 && dice(8) && (to == away || !is(to->institution, away->institution)); i++)
        to = anybody();
    struct case_delegation d = {away->name, to->name, "Concediu.", day_of(first), day_of(last)};
    bool odd = to == away || !is(to->institution, away->institution) || first > last || last < today() ||
               meets(away, first, last) || meets(to, first, last);
    enum rc want = !enters(who, away) ? RC_DENIED : odd ? RC_BAD_FIELD : RC_OK;
    enum rc rc = case_delegate(&w, town_actor(who), &d, &id, &e);
    if (rc != want)
        fail_msg("%s away (%s) for %s by %s (%s), %lld to %lld: %s %s, the model says %s", away->name,
                 away->role, to->name, who->name, who->role, (long long)(first - today()),
                 (long long)(last - today()), rc_name(rc), e.text, rc_name(want));
    assert_true(rc == RC_OK || (w.say.t[LANG_RO] && w.say.t[LANG_HU] && w.say.t[LANG_EN]));
    if (rc == RC_OK)
        m.lends[m.n_lends++] = (struct model_lend){away, to, id, first, last, false};
    sum.absences += rc == RC_OK;
    sum.refused += rc != RC_OK;
    rig_end(&w);
}

static void comes_back(void)
{
    struct model_lend *l = &m.lends[dice((unsigned)m.n_lends)];
    const struct model_user *who = dice(2) ? l->from : anybody();
    enum rc want = l->ended ? RC_NOT_FOUND : enters(who, l->from) ? RC_OK : RC_DENIED;
    struct work w = rig_begin(&rig);

    enum rc rc = case_delegate_end(&w, town_actor(who), l->id, &e);
    if (rc != want)
        fail_msg("end of %s's absence by %s: %s %s, the model says %s", l->from->name, who->name, rc_name(rc),
                 e.text, rc_name(want));
    l->ended = l->ended || rc == RC_OK;
    sum.ended += rc == RC_OK;
    rig_end(&w);
}

/* Work goes to who is there. */
static void stands_in(void)
{
    const struct model_user *u = anybody();
    const char *want = u->name, *got;
    struct work w = rig_begin(&rig);

    for (size_t i = 0; i < m.n_lends; i++)
        if (m.lends[i].from == u && model_away(&m.lends[i], today()) &&
            !meets(m.lends[i].to, today(), today()))
            want = m.lends[i].to->name;
    must(case_stand_in(&w, u->name, &got, &e), "stand-in");
    assert_string_equal(got, want);
    rig_end(&w);
}

/* ---- days off ---- */

static bool declare(int64_t day)
{
    static const char sql[] = "INSERT INTO holiday AS h (day, name, at, by) VALUES ($1::date, 'Zi liberă', "
                              "to_timestamp($2::bigint / 1000.0), 'test') ON CONFLICT (day) DO UPDATE SET "
                              "recomputed_at = NULL, withdrawn_at = NULL RETURNING day";
    char iso[11];

    for (size_t i = 0; i < m.n_off; i++)
        if (m.off[i] == day)
            return false;
    if (m.n_off == COUNT(m.off))
        return false;
    date_iso(iso, day_of(day));
    model_sql(&m, sql, iso, model_now(0));
    m.off[m.n_off++] = day;
    sum.declared++;
    return true;
}

static bool take_back(int64_t day)
{
    char iso[11];

    for (size_t i = 0; i < m.n_off; i++)
        if (m.off[i] == day) {
            m.off[i] = m.off[--m.n_off];
            date_iso(iso, day_of(day));
            model_sql(&m,
                      "UPDATE holiday SET withdrawn_at = to_timestamp($2::bigint / 1000.0), recomputed_at = "
                      "NULL WHERE day = $1::date RETURNING day",
                      iso, model_now(0));
            sum.withdrawn++;
            return true;
        }
    return false;
}

/* A day that was off for a while counts either way for terms that had ended. */
static void days_off(void)
{
    bool again = m.n_touched && dice(2);
    int64_t day = again ? m.touched[dice((unsigned)m.n_touched)] : today() + (int64_t)dice(40);
    int moved = 0;

    if (!again && m.n_touched == COUNT(m.touched))
        return;
    if (!declare(day) && (!again || !take_back(day)))
        return;
    if (!again)
        m.touched[m.n_touched++] = day;
    struct work w = rig_begin(&rig);
    must(case_recompute_terms(&w, &moved, &e), "terms");
    rig_end(&w);
    sum.moved += moved;
    model_in_time(&m);
    model_terms(&m, 0);
}

/* ---- what holds each day ---- */

static void none(const char *what, const char *id)
{
    if (*id)
        fail_msg("%s: %s on %s", what, id, model_day());
}

static void holds_today(void)
{
    none("late, and its day is ahead",
         model_sql(&m,
                   "SELECT id || ' ' || state || ' ' || late_after FROM casefile WHERE closed_at IS NULL AND "
                   "'late' = ANY (flags) AND late_after >= $1::date LIMIT 1",
                   model_day()));
    none("more places given than there are, or one lies idle while somebody waits",
         model_sql(&m,
                   "SELECT concat_ws(' ', s.institution, s.n, x.held, x.idle) FROM place_stock s CROSS JOIN "
                   "LATERAL (SELECT count(*) FILTER (WHERE state IN ('decided', 'issued') OR state = "
                   "'waiting' AND facts->>'case.place_free' = 'true') AS held, count(*) FILTER (WHERE state "
                   "= 'waiting' AND facts->>'case.place_free' IS DISTINCT FROM 'true') AS idle FROM casefile "
                   "c WHERE (c.institution, c.service) = (s.institution, s.service) AND c.closed_at IS NULL) "
                   "x WHERE x.held > s.n OR x.held < s.n AND x.idle > 0 LIMIT 1"));
    none("two stand in for one",
         model_sql(&m, "SELECT x.account FROM delegation x JOIN delegation y ON x.account = y.account AND "
                       "x.id < y.id AND x.ended_at IS NULL AND y.ended_at IS NULL AND x.from_day <= y.to_day "
                       "AND x.to_day >= y.from_day LIMIT 1"));
}

void town_day(void)
{
    holds_today();
    m.lend_day = today();
    if (m.n_lends < COUNT(m.lends))
        is_away();
    if (m.n_lends && dice(3) == 0)
        comes_back();
    stands_in();
    if (dice(6) == 0)
        days_off();
    read_actors();
}

/* ---- at a file ---- */

/* Who was asked for an opinion looks into the file, and writes notes. */
static bool asked(const struct model_case *c, const struct model_user *u, const char *right)
{
    const struct model_user *as;

    if (!is(right, "case.view") && !is(right, "case.note"))
        return false;
    for (size_t i = 0; (as = model_self(&m, u, i)) != NULL; i++)
        if (!is(as->role, "auditor") && !(is(as->role, "county") && is(right, "case.note")) &&
            *model_sql(&m,
                       "SELECT 1 FROM case_task WHERE case_id = $1::uuid AND institution = $2 AND $3 IN ('', "
                       "department)",
                       c->id, as->institution, as->department))
            return true;
    return false;
}

void town_note(const struct model_case *c)
{
    const struct model_user *u = anybody();
    bool want = model_right(&m, u, c, "case.note") || asked(c, u, "case.note");
    struct work w = rig_begin(&rig);
    struct case_step s = {c->id, c->version, NULL};

    enum rc rc = case_note(&w, town_actor(u), &s, "De sunat mâine.", dice(2), &e);
    if (rc != (want ? RC_OK : RC_DENIED))
        fail_msg("note of %s at %s: %s %s", u->name, c->id, rc_name(rc), e.text);
    sum.notes += rc == RC_OK;
    assert_string_equal(model_sql(&m, "SELECT version FROM casefile WHERE id = $1::uuid", c->id),
                        arena_fmt(w.a, "%lld", (long long)c->version));
    rig_end(&w);
}

void town_right(const struct model_case *c)
{
    static const char *const rights[] = {"case.view",        "case.assign", "case.search_cnp", "answer.sign",
                                         "register.correct", "case.unseal", "person.erase"};
    const struct model_user *u = anybody();
    const char *right = rights[dice(COUNT(rights))];
    struct work w = rig_begin(&rig);
    struct casefile file;

    must(case_get(&w, c->id, false, &file, &e), "case");
    enum rc rc = case_may(&w, town_actor(u), right, &file, "test", &e);
    bool want = model_right(&m, u, c, right) || asked(c, u, right);
    if ((rc == RC_OK) != want)
        fail_msg("%s of %s: %s at %s: %s", right, u->name, rc_name(rc), c->institution, e.text);
    rig_end(&w);
}

/* One answer is the answer of those that were connexed, near or far; of the others none was touched
 * (model_alone). */
void town_kin(const struct model_case *c)
{
    static const char kin[] =
        "WITH RECURSIVE kin AS (SELECT $1::uuid AS id UNION SELECT CASE WHEN l.case_id = k.id THEN l.other "
        "ELSE l.case_id END FROM kin k JOIN case_link l ON (l.case_id = k.id OR l.other = k.id) AND l.kind "
        "IN "
        "('connexed', 'merged')) SELECT id FROM kin";
    struct db_result *r SCOPED(db_result_freep) = model_rows(&m, kin, c->id);
    size_t n = (size_t)db_rows(r);

    for (size_t i = 0; n > 1 && i < m.n; i++) {
        struct model_case *o = &m.cases[i];
        bool near = false;
        for (size_t k = 0; !near && k < n; k++)
            near = is(db_text(r, (int)k, 0), o->id);
        if (!near || o == c || o->ended || !(o->flags & model_flag(&m, "connexed")) || o->flow != c->flow)
            continue;
        char before[16];
        snprintf(before, sizeof(before), "%s", o->state);
        model_read(&m, o);
        if (!is(before, o->state))
            assert_string_equal(o->state, c->state);
    }
}

static void *goes(void *user)
{
    struct town_two *x = user;
    struct work w = {.house = &rig.house, .db = second, .a = arena_new(), .now_ms = rig_clock};

    x->rc = case_act(&w, x->who, &x->act, NULL, &x->e);
    arena_free(w.a);
    return NULL;
}

void town_meet(struct town_two two[2])
{
    struct work w = rig_begin(&rig);
    pthread_t other;

    assert_int_equal(pthread_create(&other, NULL, goes, &two[1]), 0);
    two[0].rc = case_act(&w, two[0].who, &two[0].act, NULL, &two[0].e);
    pthread_join(other, NULL);
    rig_end(&w);
    sum.met++;
}

void town_told(void)
{
    printf("absences %ld, ended %ld, refused %ld; days off declared %ld, withdrawn %ld, cases moved %ld; "
           "notes %ld; at the same moment %ld\n",
           sum.absences, sum.ended, sum.refused, sum.declared, sum.withdrawn, sum.moved, sum.notes, sum.met);
}
