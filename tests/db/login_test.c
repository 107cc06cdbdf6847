/* Logging in against a real database, with a clock that the test turns. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "backend/login.h"
#include "backend/migrate.h"
#include "backend/password.h"
#include "backend/people.h"
#include "backend/sql.h"
#include "backend/totp.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "tests/db/pgcluster.h"

static const char right[] = "corect cal baterie", other[] = "un alt lung parol";
static struct pgcluster pg;
static struct db_sync *db;
static struct login l;
static int64_t clock_ms;
static struct err e;

static int64_t turned(void)
{
    return clock_ms;
}

static void pass(int64_t seconds)
{
    clock_ms += seconds * 1000;
}

static enum rc enter(const char *account, const char *password, const char *code, const char *address)
{
    char token[LOGIN_TOKEN];
    struct login_try t = {account, password, code, address};
    memset(&e, 0, sizeof(e));
    return login_enter(&l, &t, token, &e);
}

static enum rc redeem(const char *account, const char *code, const char *fresh)
{
    struct login_try t = {account, NULL, code, "10.0.0.9"};
    memset(&e, 0, sizeof(e));
    return login_redeem(&l, &t, fresh, &e);
}

static void person(const char *name)
{
    struct people_role at = {.account = name, .institution = "hall-1"};
    char code[LOGIN_CODE];

    assert_int_equal(people_add(db, &at, "Cineva", "root", &e), RC_OK);
    assert_int_equal(login_reset(&l, name, "root", code, &e), RC_OK);
    if (redeem(name, code, right) != RC_OK)
        fail_msg("%s", e.text);
}

static int setup(void **state)
{
    static const struct login_conf quick = {.memory_kib = 256, .passes = 1, .lanes = 1};
    static const uint8_t master[32] = {7};
    (void)state;

    if (!pgcluster_make(&pg))
        exit(77);
    pgcluster_database(&pg, "login");
    if (migrate(pg.conninfo, NULL, &e) != RC_OK || db_sync_open(pg.conninfo, &db, &e) != RC_OK ||
        login_init(&l, db, &quick, master, &e) != RC_OK)
        return -1;
    clock_ms = unix_ms();
    l.now = turned;
    pgcluster_query(&pg, "INSERT INTO institution (id, kind, name_ro, name_hu, name_en) VALUES "
                         "('hall-1', 'town_hall', 'P', 'P', 'P')");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    login_wipe(&l);
    db_sync_close(db);
    pgcluster_free(&pg);
    return 0;
}

static void one_answer(void **state)
{
    (void)state;
    struct people_role none = {.account = "fara", .institution = "hall-1"};

    person("ana");
    person("oprit");
    assert_int_equal(people_add(db, &none, "Fără Parolă", "root", &e), RC_OK);
    assert_int_equal(people_disable(db, "oprit", true, "root", &e), RC_OK);
    assert_int_equal(enter("ana", right, NULL, "10.0.0.1"), RC_OK);
    static const struct {
        const char *account, *password;
    } rows[] = {{"ana", "corect cal bateri"},
                {"ana", ""},
                {"nimeni", right},
                {"oprit", right},
                {"fara", right},
                {"fara", ""},
                {"Ana", right},
                {"", right},
                {"' OR 1=1 --", right},
                {"ana ", right},
                {"an%", right}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(enter(rows[i].account, rows[i].password, NULL, "10.0.0.2"), RC_DENIED);
        assert_string_equal(e.text, "name, password or code is wrong");
    }
    static char longer[70000];
    memset(longer, 'a', sizeof(longer) - 1);
    assert_int_equal(enter("ana", longer, NULL, "10.0.0.1"), RC_DENIED);
    assert_int_equal(enter(longer, right, NULL, "10.0.0.1"), RC_BAD_REQUEST);
    assert_int_equal(enter("ana\xff", right, NULL, "10.0.0.1"), RC_BAD_REQUEST);
    assert_int_equal(enter(NULL, right, NULL, "10.0.0.1"), RC_BAD_REQUEST);
    assert_int_equal(enter("ana", right, NULL, "10.0.0.1"), RC_OK);
}

static int64_t wrong_until_delayed(const char *account, const char *address, int *free)
{
    for (*free = 0; *free < 100; ++*free)
        if (enter(account, "gresit", NULL, address) == RC_LIMIT)
            return e.detail;
    fail_msg("never delayed");
    return 0;
}

/* Grows, has an end, holds nobody else. */
static void delays(void **state)
{
    (void)state;
    int tries;
    int64_t wait = 0, most = 0;

    person("dan");
    person("eva");
    pass(86400 * 3);
    assert_int_equal(enter("dan", right, NULL, "10.0.1.1"), RC_OK); /* his own place */
    assert_int_equal(wrong_until_delayed("dan", "66.6.6.6", &tries), 1);
    assert_int_equal(tries, 3);
    assert_int_equal(enter("dan", right, NULL, "66.6.6.6"), RC_LIMIT); /* even when right */
    for (int i = 0; i < 30; i++) {
        int64_t before = wait;
        if (enter("dan", "gresit", NULL, "66.6.6.6") == RC_LIMIT)
            wait = e.detail;
        assert_true(wait >= before || i == 0);
        most = wait > most ? wait : most;
        pass(wait);
        enter("dan", "gresit", NULL, "66.6.6.6");
        enter("dan", "gresit", NULL, "66.6.6.6");
        wait = e.detail;
    }
    assert_true(most >= 256 && most <= 300);
    /* The attack goes on, and dan works at his desk, eva everywhere. */
    assert_int_equal(enter("dan", "gresit", NULL, "66.6.6.6"), RC_LIMIT);
    assert_int_equal(enter("dan", right, NULL, "10.0.1.1"), RC_OK);
    assert_int_equal(enter("eva", right, NULL, "10.0.1.2"), RC_OK);
    /* Somewhere new he waits minutes, not for ever. */
    assert_int_equal(enter("dan", right, NULL, "10.0.1.77"), RC_LIMIT);
    pass(300);
    assert_int_equal(enter("dan", right, NULL, "10.0.1.77"), RC_OK);
    /* A new day begins with nothing. */
    wrong_until_delayed("eva", "10.0.1.55", &tries);
    pass(86401);
    wrong_until_delayed("eva", "10.0.1.55", &tries);
    assert_int_equal(tries, 3);
}

/* Somebody in the town hall tries a hundred names: those who work there go on working. */
static void one_address(void **state)
{
    (void)state;
    char name[32];
    int limited = 0;

    person("flo");
    person("gil");
    pass(86400 * 3);
    assert_int_equal(enter("flo", right, NULL, "10.0.2.1"), RC_OK);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "nume%d", i);
        limited += enter(name, right, NULL, "10.0.2.1") == RC_LIMIT;
        assert_true(e.detail <= 60);
    }
    assert_int_equal(limited, 80);
    assert_int_equal(enter("flo", right, NULL, "10.0.2.1"), RC_OK);
    assert_int_equal(enter("gil", right, NULL, "10.0.2.1"), RC_LIMIT); /* new here: a minute at most */
    assert_int_equal(enter("gil", right, NULL, "10.0.2.2"), RC_OK);
    pass(60);
    assert_int_equal(enter("gil", right, NULL, "10.0.2.1"), RC_OK);
}

static void at_the_same_time(void **state)
{
    (void)state;
    struct db_sync *two SCOPED(db_sync_closep) = NULL;

    person("hal");
    assert_int_equal(db_sync_open(pg.conninfo, &two, &e), RC_OK);
    assert_int_equal(db_sync_script(two, "BEGIN; SELECT pg_advisory_xact_lock(7210043, hashtext('hal'))", &e),
                     RC_OK);
    assert_int_equal(enter("hal", right, NULL, "10.0.3.1"), RC_LIMIT);
    assert_int_equal(enter("ana", right, NULL, "10.0.0.1"), RC_OK);
    assert_int_equal(db_sync_script(two, "ROLLBACK", &e), RC_OK);
    assert_int_equal(enter("hal", right, NULL, "10.0.3.1"), RC_OK);
}

static enum rc checked(const char *token, const char *account)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    enum rc rc = login_check(&l, token, &r, &e);

    if (rc == RC_OK && account)
        assert_string_equal(db_text(r, 0, SESSION_ACCOUNT), account);
    return rc;
}

static void open_session(const char *account, char token[LOGIN_TOKEN])
{
    struct login_try t = {account, right, NULL, "10.0.4.1"};
    assert_int_equal(login_enter(&l, &t, token, &e), RC_OK);
    assert_int_equal(checked(token, account), RC_OK);
}

static void sessions(void **state)
{
    (void)state;
    char a[LOGIN_TOKEN], b[LOGIN_TOKEN];
    struct login_try old = {"ina", right, NULL, "10.0.4.1"};

    person("ina");
    open_session("ina", a);
    pass(29 * 60);
    assert_int_equal(checked(a, NULL), RC_OK);
    pass(29 * 60);
    assert_int_equal(checked(a, NULL), RC_OK);
    pass(31 * 60);
    assert_int_equal(checked(a, NULL), RC_UNAUTHENTICATED);
    open_session("ina", a);
    for (int i = 0; i < 23; i++) {
        pass(25 * 60);
        assert_int_equal(checked(a, NULL), RC_OK);
    }
    pass(26 * 60); /* ten hours are over */
    assert_int_equal(checked(a, NULL), RC_UNAUTHENTICATED);
    open_session("ina", a);
    open_session("ina", b);
    assert_string_not_equal(a, b);
    assert_int_equal(login_leave(&l, a, &e), RC_OK);
    assert_int_equal(checked(a, NULL), RC_UNAUTHENTICATED);
    assert_int_equal(checked(b, NULL), RC_OK);
    assert_int_equal(login_password(&l, &old, "scurt", &e), RC_BAD_FIELD);
    assert_int_equal(login_password(&l, &old, "o parola a Inai buna", &e), RC_BAD_FIELD);
    assert_int_equal(login_password(&l, &old, other, &e), RC_OK);
    assert_int_equal(checked(b, NULL), RC_UNAUTHENTICATED);
    assert_int_equal(enter("ina", right, NULL, "10.0.4.1"), RC_DENIED);
    assert_int_equal(login_password(&l, &old, right, &e), RC_DENIED);
    old.password = other;
    assert_int_equal(login_password(&l, &old, right, &e), RC_OK);
    open_session("ina", a);
    assert_int_equal(people_disable(db, "ina", true, "root", &e), RC_OK);
    assert_int_equal(checked(a, NULL), RC_UNAUTHENTICATED);
    assert_int_equal(people_disable(db, "ina", false, "root", &e), RC_OK);
    assert_int_equal(checked(a, NULL), RC_UNAUTHENTICATED); /* ended, not asleep */
    static const char *const bad[] = {NULL, "", "00", "zz", "' OR true --"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(checked(bad[i], NULL), RC_UNAUTHENTICATED);
}

static void secret_of(const char *uri, uint8_t secret[20])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const char *s = strstr(uri, "secret=") + 7;
    uint32_t bits = 0;
    size_t n = 0, k = 0;
    for (; *s != '&'; s++) {
        bits = bits << 5 | (uint32_t)(strchr(digits, *s) - digits);
        if ((n += 5) >= 8)
            secret[k++] = (uint8_t)(bits >> (n -= 8));
    }
    assert_int_equal(k, 20);
}

static void second_factor(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    const char *uri;
    uint8_t secret[20];
    char code[9], before[9];

    person("jan");
    assert_int_equal(login_totp(&l, a, "jan", "root", &uri, &e), RC_OK);
    secret_of(uri, secret);
    assert_int_equal(enter("jan", right, NULL, "10.0.5.1"), RC_DENIED);
    assert_int_equal(enter("jan", right, "000000", "10.0.5.2"), RC_DENIED);
    pass(3600);
    totp_code(code, TOTP_SHA1, BYTES(secret, 20), clock_ms / 1000 / 30, 6);
    totp_code(before, TOTP_SHA1, BYTES(secret, 20), clock_ms / 1000 / 30 - 1, 6);
    assert_int_equal(enter("jan", right, code, "10.0.5.1"), RC_OK);
    assert_int_equal(enter("jan", right, code, "10.0.5.1"), RC_DENIED);   /* replayed */
    assert_int_equal(enter("jan", right, before, "10.0.5.1"), RC_DENIED); /* older than the used one */
    pass(60);
    totp_code(code, TOTP_SHA1, BYTES(secret, 20), clock_ms / 1000 / 30, 6);
    assert_int_equal(enter("jan", "gresit", code, "10.0.5.1"), RC_DENIED);
    pass(10);
    assert_int_equal(enter("jan", right, code, "10.0.5.1"), RC_DENIED); /* seen beside a wrong password */
    pass(3600);
    assert_int_equal(login_totp(&l, a, "jan", "root", NULL, &e), RC_OK);
    assert_int_equal(enter("jan", right, NULL, "10.0.5.1"), RC_OK);
    l.conf.totp_required = true;
    assert_int_equal(enter("jan", right, NULL, "10.0.5.1"), RC_DENIED);
    l.conf.totp_required = false;
    assert_int_equal(login_totp(&l, a, "nimeni", "root", &uri, &e), RC_NOT_FOUND);
}

static void reset(void **state)
{
    (void)state;
    char code[LOGIN_CODE], token[LOGIN_TOKEN];

    person("kim");
    open_session("kim", token);
    assert_int_equal(login_reset(&l, "kim", "root", code, &e), RC_OK);
    assert_int_equal(checked(token, NULL), RC_UNAUTHENTICATED); /* whoever else was in is out at once */
    assert_int_equal(enter("kim", right, NULL, "10.0.6.1"), RC_DENIED);
    assert_int_equal(redeem("kim", "", other), RC_DENIED);
    assert_int_equal(redeem("ana", code, other), RC_DENIED);
    assert_int_equal(redeem("kim", code, "scurt"), RC_BAD_FIELD);
    pass(3600);
    assert_int_equal(redeem("kim", code, other), RC_OK);
    assert_int_equal(redeem("kim", code, right), RC_DENIED); /* once */
    pass(3600);
    assert_int_equal(enter("kim", other, NULL, "10.0.6.1"), RC_OK);
    pass(3600);
    assert_int_equal(login_reset(&l, "kim", "root", code, &e), RC_OK);
    pass(24 * 3600 + 1);
    assert_int_equal(redeem("kim", code, right), RC_DENIED); /* too old */
    pass(3600);
    assert_int_equal(login_reset(&l, "kim", "root", code, &e), RC_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(redeem("kim", "AAAAA-AAAAA-AAAAA", right), RC_DENIED);
        pass(3600);
    }
    assert_int_equal(redeem("kim", code, right), RC_DENIED); /* void */
    assert_int_equal(login_reset(&l, "nimeni", "root", code, &e), RC_NOT_FOUND);
}

/* ---- while the door is being shut ---- */

enum quick { ENTERS, REDEEMS, CHANGES, SETS_PIN, IS_RESET, IS_DISABLED, GETS_TOTP };
struct other {
    pthread_t thread;
    enum quick what;
    const char *account, *code;
    enum rc rc;
};

/* What login_* does, on a connection of its own. */
static enum rc other_does(struct login *m, const struct other *o, struct err *own)
{
    ARENA_SCOPE(a);
    struct login_try t = {o->account, right, NULL, "10.0.7.1"};
    struct login_try code = {o->account, NULL, o->code, "10.0.7.2"};
    char token[LOGIN_TOKEN], fresh[LOGIN_CODE];
    const char *uri;

    switch (o->what) {
    case ENTERS:
        return login_enter(m, &t, token, own);
    case REDEEMS:
        return login_redeem(m, &code, other, own);
    case CHANGES:
        return login_password(m, &t, other, own);
    case SETS_PIN:
        return login_pin(m, &t, "2580", own);
    case IS_RESET:
        return login_reset(m, o->account, "root", fresh, own);
    case IS_DISABLED:
        return people_disable(m->db, o->account, true, "root", own);
    case GETS_TOTP:
        return login_totp(m, a, o->account, "root", &uri, own);
    }
    return RC_INTERNAL;
}

static void *other_runs(void *user)
{
    struct other *o = user;
    struct db_sync *own SCOPED(db_sync_closep) = NULL;
    struct login m = l;
    struct err no = {0};

    o->rc = db_sync_open(pg.conninfo, &own, &no);
    m.db = own;
    if (o->rc == RC_OK)
        o->rc = other_does(&m, o, &no);
    return NULL;
}

/* The other begins while `two` holds what it did, and waits for it. */
static void meets(struct db_sync *two, struct other *o)
{
    assert_int_equal(pthread_create(&o->thread, NULL, other_runs, o), 0);
    bool waited = pgcluster_waiting(&pg, 1);
    assert_int_equal(db_sync_script(two, "COMMIT", &e), RC_OK);
    pthread_join(o->thread, NULL);
    assert_true(waited);
}

static long alive(const char *account)
{
    char sql[200];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM login_session WHERE account = '%s' AND ended_at IS NULL",
             account);
    return strtol(pgcluster_query(&pg, sql), NULL, 10);
}

/* A password is looked at for long: what is changed meanwhile by the administrator holds. */
static void shut_in_between(void **state)
{
    (void)state;
    static const struct {
        const char *account, *set;
        enum quick what;
    } rows[] = {{"usa.lia", "password = NULL, reset_hash = '\\x00'", ENTERS},
                {"usa.mia", "disabled_at = now()", ENTERS},
                {"usa.nia", "totp = '\\x00'", ENTERS},
                {"usa.ola", "reset_hash = '\\x00'", REDEEMS},
                {"usa.pia", "disabled_at = now()", REDEEMS},
                {"usa.ria", "password = NULL, reset_hash = '\\x00'", CHANGES},
                {"usa.sia", "password = NULL, pin = NULL", SETS_PIN}};
    struct db_sync *two SCOPED(db_sync_closep) = NULL;

    assert_int_equal(db_sync_open(pg.conninfo, &two, &e), RC_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct other o = {.what = rows[i].what, .account = rows[i].account};
        char sql[200], code[LOGIN_CODE];
        person(rows[i].account);
        if (rows[i].what == REDEEMS)
            assert_int_equal(login_reset(&l, rows[i].account, "root", code, &e), RC_OK);
        o.code = code;
        snprintf(sql, sizeof(sql), "BEGIN; UPDATE account SET %s WHERE name = '%s'", rows[i].set,
                 rows[i].account);
        assert_int_equal(db_sync_script(two, sql, &e), RC_OK);
        meets(two, &o);
        if (o.rc != RC_DENIED || alive(rows[i].account) != 0)
            fail_msg("%s: %s, %ld alive", rows[i].account, rc_name(o.rc), alive(rows[i].account));
        snprintf(sql, sizeof(sql), "SELECT pin FROM account WHERE name = '%s'", rows[i].account);
        assert_string_equal(pgcluster_query(&pg, sql), "");
    }
}

/* Who is just coming in is seen by what ends sessions. */
static void in_while_it_shuts(void **state)
{
    (void)state;
    static const struct {
        const char *account;
        enum quick what;
    } rows[] = {
        {"usa.tia", IS_RESET}, {"usa.uta", IS_DISABLED}, {"usa.via", GETS_TOTP}, {"usa.zia", CHANGES}};
    struct db_sync *two SCOPED(db_sync_closep) = NULL;

    assert_int_equal(db_sync_open(pg.conninfo, &two, &e), RC_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct db_result *r SCOPED(db_result_freep) = NULL;
        struct other o = {.what = rows[i].what, .account = rows[i].account};
        char sql[100], password[PASSWORD_ENCODED], now[25], token[] = "0a";
        person(rows[i].account);
        iso_utc(now, clock_ms);
        snprintf(sql, sizeof(sql), "SELECT password FROM account WHERE name = '%s'", rows[i].account);
        snprintf(password, sizeof(password), "%s", pgcluster_query(&pg, sql));
        token[0] = (char)('0' + i);
        struct db_param p[] = {
            DB_STR(token), DB_STR(rows[i].account), DB_STR("10.0.7.3"), DB_STR("false"), DB_STR(now),
            DB_STR("10"),  DB_STR(password),        DB_STR(NULL)};
        assert_int_equal(db_sync_script(two, "BEGIN", &e), RC_OK);
        if (db_sync_query(two, sql_text(SQL_LOGIN_OPEN), p, COUNT(p), &r, &e) != RC_OK)
            fail_msg("%s", e.text);
        assert_int_equal(db_rows(r), 1);
        meets(two, &o);
        if (o.rc != RC_OK || alive(rows[i].account) != 0)
            fail_msg("%s: %s, %ld alive", rows[i].account, rc_name(o.rc), alive(rows[i].account));
    }
}

/* What was typed and what opens doors stands nowhere in the database. */
static void no_secret_is_kept(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    char token[LOGIN_TOKEN], code[LOGIN_CODE], sql[700], hex[41];
    const char *uri;
    uint8_t secret[20];

    person("lia");
    open_session("lia", token);
    assert_int_equal(enter("parola-in-loc-de-nume", right, NULL, "10.0.7.1"), RC_DENIED);
    assert_int_equal(login_totp(&l, a, "lia", "root", &uri, &e), RC_OK);
    assert_int_equal(login_reset(&l, "lia", "root", code, &e), RC_OK);
    secret_of(uri, secret);
    hex_encode(hex, secret, sizeof(secret));
    const char *words[] = {right, other, "gresit", token, code, hex, "parola-in-loc"};
    for (size_t i = 0; i < COUNT(words); i++) {
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) FROM (SELECT t::text FROM audit t UNION ALL SELECT t::text FROM "
                 "account t UNION ALL SELECT t::text FROM login_session t UNION ALL SELECT t::text FROM "
                 "login_delay t) x "
                 "WHERE strpos(x.t, '%s') > 0",
                 words[i]);
        assert_string_equal(pgcluster_query(&pg, sql), "0");
    }
    assert_string_equal(
        pgcluster_query(&pg, "SELECT bool_and(password LIKE '$argon2id$v=19$m=256,t=1,p=1$%') FROM "
                             "account WHERE password IS NOT NULL"),
        "t");
    /* Each attempt has its line: as many as were made in a minute of the clock. */
    const char *n = arena_str(a, pgcluster_query(&pg, "SELECT count(*) FROM audit WHERE act LIKE 'login%'"));
    enter("lia", right, NULL, "10.0.7.1");
    enter("nimeni", right, NULL, "10.0.7.1");
    assert_int_equal(
        strtol(pgcluster_query(&pg, "SELECT count(*) FROM audit WHERE act LIKE 'login%'"), NULL, 10),
        strtol(n, NULL, 10) + 2);
    assert_string_equal(
        pgcluster_query(&pg, "SELECT actor || '|' || act || '|' || detail FROM audit ORDER BY id DESC "
                             "LIMIT 1"),
        "?|login refused|session: no such account, from 10.0.7.1");
}

/* With the parameters of the product: a name that does not exist takes as long as one that does. */
/* Work, not time: a neighbour on this machine does not count. */
static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void same_work(void **state)
{
    (void)state;
    static const uint8_t master[32] = {7};
    struct login_conf standard = {0};
    struct login real;
    char token[LOGIN_TOKEN];
    int64_t best[2] = {INT64_MAX, INT64_MAX};

    assert_int_equal(login_init(&real, db, &standard, master, &e), RC_OK);
    person("mia");
    struct login_try old = {"mia", right, NULL, "10.0.8.1"};
    real.now = turned;
    assert_int_equal(login_password(&real, &old, other, &e), RC_OK);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 2; k++) {
            struct login_try t = {k ? "nimeni" : "mia", "gresit", NULL, "10.0.8.2"};
            pass(86401);
            int64_t begin = cpu_us();
            assert_int_equal(login_enter(&real, &t, token, &e), RC_DENIED);
            int64_t took = cpu_us() - begin;
            best[k] = took < best[k] ? took : best[k];
        }
    print_message("known %lld us, unknown %lld us\n", (long long)best[0], (long long)best[1]);
    assert_true(best[1] * 2 > best[0] && best[0] * 2 > best[1]);
    login_wipe(&real);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer),
        cmocka_unit_test(delays),
        cmocka_unit_test(one_address),
        cmocka_unit_test(at_the_same_time),
        cmocka_unit_test(sessions),
        cmocka_unit_test(second_factor),
        cmocka_unit_test(reset),
        cmocka_unit_test(no_secret_is_kept),
        cmocka_unit_test(same_work),
        cmocka_unit_test(shut_in_between),
        cmocka_unit_test(in_while_it_shuts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
