/* kill -9 of registryd, PostgreSQL, the mail server and the SMS gateway in the middle of the town halls' day:
 * every number that was told is there and none is missing between, every act that was answered happened once,
 * every letter came once or is shown as unknown. PRIDVOR_STORM_LIVES: how many requests; PRIDVOR_SEED. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/db/case_storm.h"

enum { LIVES = 26, DRAIN_MS = 180000, CALM_MS = 20000, STILL_MS = 60000, SMS_LANES = 4 };
struct storm storm;

enum victim { V_REGISTRY, V_POSTGRES, V_MAIL, V_BOX, V_CORE, V_COUNT };
static const char *const victim_names[] = {"registryd", "PostgreSQL", "mail server", "smsbox", "bearerbox"};

/* By the main thread alone: a child dies with the thread that began it. */
static void kill_one(enum victim v)
{
    switch (v) {
    case V_REGISTRY:
        server_kill(&storm.desk.s, SIGKILL);
        server_start(&storm.desk.s);
        break;
    case V_POSTGRES:
        pgcluster_stop(&storm.desk.s.pg, SIGKILL);
        pgcluster_start(&storm.desk.s.pg);
        break;
    case V_MAIL:
        posthouse_kill(&storm.post.mail);
        posthouse_mail_start(&storm.post);
        break;
    case V_BOX:
        posthouse_kill(&storm.post.box);
        posthouse_sms_start(&storm.post);
        break;
    default:
        posthouse_kill(&storm.post.core);
        posthouse_sms_start(&storm.post);
        break;
    }
}

static bool all_lived(void)
{
    if (storm.filed < storm.lives + STORM_HALLS)
        return false;
    pthread_mutex_lock(&storm.lock);
    size_t n = storm.n_cases;
    pthread_mutex_unlock(&storm.lock);
    for (size_t i = 0; i < n; i++)
        if (!storm.cases[i].ended && storm.cases[i].turns < STORM_TURNS)
            return false;
    return n >= storm.lives;
}

/* Until something was done again, then a moment more: a kill among people who only wait shows nothing. */
static void some_work(void)
{
    long before = storm.done, enough = 3 + random() % (2 + (long)storm.lives / 20);

    for (int64_t end = mono_ms() + CALM_MS; mono_ms() < end; usleep(2000))
        if (all_lived() || storm.done >= before + enough)
            break;
    usleep((useconds_t)(random() % 400000));
}

static void play(int kills[V_COUNT])
{
    pthread_t who[STORM_CLERKS + STORM_HALLS];
    static int numbers[STORM_CLERKS + STORM_HALLS];
    int64_t moved = mono_ms();
    long done = 0;

    for (int i = 0; i < (int)COUNT(who); i++) {
        bool citizen = i >= STORM_CLERKS;
        numbers[i] = citizen ? i - STORM_CLERKS + 1 : i;
        assert_int_equal(pthread_create(&who[i], NULL, citizen ? storm_citizen : storm_clerk, &numbers[i]),
                         0);
    }
    while (!all_lived() && mono_ms() < moved + STILL_MS) {
        some_work();
        enum victim v = (enum victim)(random() % V_COUNT);
        kills[v]++;
        kill_one(v);
        moved = storm.done > done || !storm.n_cases ? mono_ms() : moved;
        done = storm.done;
    }
    storm.stop = true;
    for (size_t i = 0; i < COUNT(who); i++)
        pthread_join(who[i], NULL);
    assert_true(all_lived());
}

/* ---- afterwards ---- */

static void reconnect(void)
{
    struct err e = {0};

    db_sync_close(storm.desk.db);
    storm.desk.db = NULL;
    for (int i = 0; i < 200 && db_sync_open(storm.desk.s.pg.conninfo, &storm.desk.db, &e) != RC_OK; i++)
        usleep(50000);
    assert_non_null(storm.desk.db);
    storm.rig.db = storm.desk.db;
}

static long tell(const char *sql)
{
    return desk_count(&storm.desk, sql);
}

/* The first of what must not be there. */
static void none(const char *sql)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct err e = {0};

    if (db_sync_query(storm.desk.db, sql, NULL, 0, &r, &e) != RC_OK)
        fail_msg("%s", e.text);
    if (db_rows(r))
        fail_msg("%d of them, the first: %s", db_rows(r), db_text(r, 0, 0));
}

static void write_down(void)
{
    struct err e = {0};

    assert_int_equal(db_sync_script(storm.desk.db,
                                    "CREATE TEMP TABLE told_number (id uuid, hall text, n bigint); "
                                    "CREATE TEMP TABLE told_act (id uuid, version bigint, actor text, act "
                                    "text, words text, answered bool)",
                                    &e),
                     RC_OK);
    for (size_t i = 0; i < storm.n_cases; i++) {
        const struct storm_case *c = &storm.cases[i];
        char n[24];
        snprintf(n, sizeof(n), "%lld", (long long)c->n);
        const struct db_param p[] = {DB_STR(c->id), DB_STR(c->hall), DB_STR(n)};
        if (c->service)
            assert_int_equal(db_sync_query(storm.desk.db,
                                           "INSERT INTO told_number VALUES ($1::uuid, $2, $3::bigint)", p, 3,
                                           NULL, &e),
                             RC_OK);
    }
    for (size_t i = 0; i < storm.n_acts; i++) {
        const struct storm_act *x = &storm.acts[i];
        char version[24];
        snprintf(version, sizeof(version), "%lld", (long long)x->version);
        const struct db_param p[] = {DB_STR(x->id),  DB_STR(version), DB_STR(x->actor),
                                     DB_STR(x->act), DB_STR(x->text), DB_STR(x->answered ? "t" : "f")};
        assert_int_equal(
            db_sync_query(storm.desk.db,
                          "INSERT INTO told_act VALUES ($1::uuid, $2::bigint, $3, $4, $5, $6::bool)", p, 6,
                          NULL, &e),
            RC_OK);
    }
}

static void numbers(void)
{
    assert_int_equal(tell("SELECT count(*) FROM told_number"), storm.lives);
    assert_int_equal(
        tell("SELECT count(*) FROM told_number t FULL JOIN request r ON r.request_id = t.id WHERE "
             "t.n IS DISTINCT FROM r.n OR t.hall IS DISTINCT FROM r.institution"),
        0);
    model_numbers(&storm.model);
    assert_int_equal(
        tell("SELECT count(*) FROM request r WHERE NOT EXISTS (SELECT FROM casefile c WHERE c.id "
             "= r.request_id)"),
        0);
}

/* What was answered is there once; what was lost on the way, once or not at all; nothing else is there. */
static long acts(void)
{
    static const char found[] = "FROM told_act t CROSS JOIN LATERAL (SELECT count(*) AS n FROM case_event v "
                                "WHERE v.case_id = t.id AND v.version = t.version AND v.actor = t.actor AND "
                                "v.act = t.act) x WHERE t.act NOT IN ('note', 'answer drafted')";
    static const char notes[] = "FROM told_act t CROSS JOIN LATERAL (SELECT count(*) AS n FROM case_note v "
                                "WHERE v.case_id = t.id AND v.text = t.words AND v.author = t.actor) x WHERE "
                                "t.act = 'note'";
    const char *both[] = {found, notes};
    long late = 0;

    for (size_t i = 0; i < COUNT(both); i++) {
        ARENA_SCOPE(a);
        none(arena_fmt(a, "SELECT t::text || x.n %s AND (t.answered AND x.n <> 1 OR x.n > 1)", both[i]));
        late += tell(arena_fmt(a, "SELECT count(*) %s AND NOT t.answered AND x.n = 1", both[i]));
    }
    none("SELECT concat_ws(' ', id, actor, lo, n, hi) FROM (SELECT id, actor, count(*) FILTER (WHERE "
         "answered) AS lo, "
         "count(*) AS hi FROM told_act WHERE act = 'answer drafted' GROUP BY 1, 2) t FULL JOIN (SELECT "
         "case_id AS id, "
         "actor, count(*) AS n FROM case_event WHERE act = 'answer drafted' GROUP BY 1, 2) v USING (id, "
         "actor) WHERE "
         "coalesce(n, 0) NOT BETWEEN coalesce(lo, 0) AND coalesce(hi, 0)");
    /* Beside what comes with a step, of this case or of another. */
    none(
        "SELECT concat_ws(' ', v.case_id, v.version, v.actor, v.act, v.given) FROM case_event v JOIN account "
        "a ON "
        "a.name = v.actor WHERE v.act NOT IN ('registered', 'connexed', 'merged', 'forwarded_here', "
        "'answered_with', 'own_answer', 'return_over', 'draft_kept', "
        "'opinions_done', 'answer drafted', 'answer chosen', 'document rendered', 'document signed', 'cover "
        "letter', "
        "'note') AND NOT EXISTS (SELECT FROM told_act t WHERE t.id = v.case_id AND t.version = v.version AND "
        "t.actor = v.actor AND t.act = v.act)");
    none("SELECT n.text FROM case_note n JOIN account a ON a.name = n.author WHERE n.text LIKE 'Nota %' AND "
         "NOT "
         "EXISTS (SELECT FROM told_act t WHERE t.words = n.text)");
    return late;
}

static void print_post(const char *what, const struct storm_post *t)
{
    print_message(
        "%s: owed %u, sent %u, unknown %u (%u of them arrived), fell back %u, failed %u; lost %u, twice "
        "%u; the server by itself twice %u\n",
        what, t->owed, t->sent, t->unknown, t->arrived_unknown, t->fell_back, t->failed, t->lost, t->twice,
        t->server_twice);
}

static void drained(void)
{
    for (int64_t end = mono_ms() + DRAIN_MS; mono_ms() < end; usleep(200000))
        if (tell("SELECT count(*) FROM owed_message WHERE closed_at IS NULL") == 0 &&
            tell("SELECT count(*) FROM request r WHERE NOT EXISTS (SELECT FROM casefile c WHERE c.id = "
                 "r.request_id)") == 0)
            break;
    /* The mail server has a queue of its own; letters whose fate is unknown fill its folder too. */
    for (int64_t end = mono_ms() + 60000; mono_ms() < end; usleep(500000)) {
        struct storm_post mail = {0}, sms = {0};
        storm_post_compare(&mail, &sms);
        if (mail.lost == 0)
            break;
    }
    sleep(3); /* what the servers still have in hand would be a double */
}

static void post(const int kills[V_COUNT])
{
    struct storm_post mail = {0}, sms = {0};
    int all = 0;

    for (int v = 0; v < V_COUNT; v++)
        all += kills[v];
    storm_post_compare(&mail, &sms);
    print_post("e-mail", &mail);
    print_post("SMS, as asked of the gateway", &sms);
    assert_int_equal(mail.open + sms.open, 0);
    assert_int_equal(mail.lost + sms.lost, 0);
    assert_int_equal(mail.twice + sms.twice + mail.stray + sms.stray, 0);
    assert_int_equal(mail.failed, 0);
    /* A gateway that was just killed may answer 400 to each lane as it comes back: failed, and shown to a
     * clerk. */
    assert_in_range(sms.failed, 0, (kills[V_BOX] + kills[V_CORE]) * SMS_LANES);
    assert_in_range(mail.unknown + sms.unknown, 0, all * 8); /* lanes of both roads */
    assert_int_equal(tell("SELECT count(*) FROM owed_message WHERE state = 'unknown' AND NOT attention"), 0);
    assert_int_equal(
        tell("SELECT count(*) FROM request r WHERE NOT EXISTS (SELECT FROM owed_message m WHERE "
             "m.request_id = r.request_id)"),
        tell("SELECT count(*) FROM casefile c JOIN request r ON r.request_id = c.id WHERE c.email "
             "IS NULL AND c.phone IS NULL"));
}

static void the_whole_day(void **state)
{
    const char *want = getenv("PRIDVOR_STORM_LIVES"), *seed = getenv("PRIDVOR_SEED");
    unsigned start = seed ? (unsigned)strtoul(seed, NULL, 10) : 20261123;
    int kills[V_COUNT] = {0};
    (void)state;

    storm.lives = want ? strtoul(want, NULL, 10) : LIVES;
    storm.max_cases = storm.lives * 4 + 100;
    storm.max_acts = storm.max_cases * STORM_TURNS * 2;
    storm.cases = calloc(storm.max_cases, sizeof(*storm.cases));
    storm.acts = calloc(storm.max_acts, sizeof(*storm.acts));
    assert_true(storm.cases && storm.acts);
    srandom(start);
    int64_t began = mono_ms();
    play(kills);
    print_message("seed %u, %lld s, killed:", start, (long long)(mono_ms() - began) / 1000);
    for (int v = 0; v < V_COUNT; v++)
        print_message(" %s %d%s", victim_names[v], kills[v], v + 1 < V_COUNT ? "," : "\n");
    reconnect();
    drained();
    write_down();
    long late = acts();
    print_message(
        "requests %zu, cases %zu, ended %ld; acts answered %ld, refused %ld, answers lost %ld (%ld of "
        "them done), put right by citizens %zu; looked %ld times, %ld times nobody there\n",
        (size_t)storm.lives, storm.n_cases, tell("SELECT count(*) FROM casefile WHERE closed_at IS NOT NULL"),
        (long)storm.done, (long)storm.refused, (long)storm.unclear, late, (size_t)storm.corrections,
        (long)storm.looked, (long)storm.away);
    if (storm.odds)
        fail_msg("%ld odd answers, the first: %s", (long)storm.odds, storm.odd);
    numbers();
    assert_in_range(tell("SELECT count(*) FROM case_return WHERE answers IS NOT NULL"), storm.corrections,
                    storm.corrections + storm.corrections_unclear);
    post(kills);
    model_terms(&storm.model, 0);
    model_audit(&storm.model);
    assert_int_equal(server_ctl(&storm.desk.s, (const char *[]){"verify", NULL}), 0);
    assert_int_equal(server_ctl(&storm.desk.s, (const char *[]){"verify-audit", NULL}), 0);
    assert_int_equal(server_ctl(&storm.desk.s, (const char *[]){"register", "verify", NULL}), 0);
}

static int setup(void **state)
{
    struct err e = {0};
    (void)state;

    pthread_mutex_init(&storm.lock, NULL);
    if (!posthouse_make(&storm.post, true) || !desk_rig_make(&storm.desk))
        exit(77);
    storm.a = arena_new();
    storm.rig.db = storm.desk.db;
    model_make(&storm.model, &storm.rig, 1);
    if (catalog_load(storm.a, "configs", &storm.catalog, &e) != RC_OK ||
        i18n_load(storm.a, "configs/i18n", &storm.i18n, &e) != RC_OK)
        fail_msg("%s", e.text);
    pgcluster_query(&storm.desk.s.pg, "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) VALUES "
                                      "('cj-1', 'county_council', 'Județul', 'Megye', 'County')");
    pgcluster_query(&storm.desk.s.pg, "UPDATE institution SET parent = 'cj-1' WHERE kind = 'town_hall'");
    server_terminal(&storm.desk.s, 2);
    storm_people();
    posthouse_mail_start(&storm.post);
    posthouse_sms_start(&storm.post);
    server_kill(&storm.desk.s, SIGTERM);
    server_conf(&storm.desk.s, posthouse_conf(&storm.post, storm.desk.s.public_port));
    server_start(&storm.desk.s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    desk_rig_free(&storm.desk);
    posthouse_free(&storm.post);
    arena_free(storm.model.a);
    arena_free(storm.a);
    free(storm.cases);
    free(storm.acts);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_whole_day)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
