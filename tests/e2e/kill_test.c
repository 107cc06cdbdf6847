/* kill -9 of terminal, register and database at random moments. The citizen's own log of what was
 * acknowledged is compared with the register: nothing acknowledged is lost, nothing is there twice, no number
 * is missing. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/e2e/house.h"

#define ROUNDS 220
#define EVERY_CALL 20 /* POSTs of one session */
#define PAPERS 28     /* more rounds, with a scanned page, killed between its upload and the request */
#define ALL (ROUNDS + PAPERS)

static struct house house;

struct log {
    char code[ALL][16];
    int n;           /* requests whose "done" the citizen saw */
    int interrupted; /* sessions that ended without "done" */
    int papers;      /* those of n that have some */
    int provisional, kills[4];
};
static struct log seen;
static const char *const victims[] = {"kioskd", "registryd", "postgres", "drivers"};

static int setup(void **state)
{
    (void)state;
    srandom(20261123);
    return house_setup(&house, "kill", 17180);
}

static int teardown(void **state)
{
    (void)state;
    house_down(&house);
    return 0;
}

static const struct person_answer car[] = {
    {"who.wants_answer", "\"no\""}, {"land", "\"public\""}, {"place.address", "\"Turda, str. Lungă 1\""}};

static bool submitted(struct api *c)
{
    if (!citizen_submit(c))
        return false;
    const char *code = api_get(c, "done.receipt_code"), *provisional = api_get(c, "done.provisional");
    snprintf(seen.code[seen.n], sizeof(seen.code[0]), "%s", code ? code : "?");
    seen.provisional += provisional && strcmp(provisional, "true") == 0;
    seen.n++;
    api_call(c, "/v1/session/end", "{}");
    return true;
}

static bool to_the_photo(struct api *c)
{
    return citizen_start(c, "ro", "complaint.abandoned_vehicle") &&
           (strcmp(api_get(c, "step"), "card") != 0 || citizen_no_card(c)) &&
           citizen_to_papers(c, car, COUNT(car));
}

/* One request as far as it gets; true when the citizen saw "done". */
static bool one_request(void)
{
    struct api *c = API;
    return to_the_photo(c) && citizen_answer(c, car, COUNT(car)) && submitted(c);
}

static void kill_victim(int which)
{
    seen.kills[which]++;
    if (which == 2) { /* the postmaster and all of its children at once, as a power cut would */
        char line[400];
        snprintf(line, sizeof(line), "PRIDVOR_VAR='%s' ./pridvor stop-now postgres >/dev/null 2>&1",
                 house.var);
        FILE *p = popen(line, "r");
        if (p)
            pclose(p);
        return;
    }
    if (which == 3) {
        pid_t pids[8];
        size_t n = children_of(house_pid(&house, "kioskd"), pids, 8);
        for (size_t i = 0; i < n; i++)
            kill(pids[i], 9);
        return;
    }
    if (!house_kill(&house, victims[which]))
        fail_msg("%s", house.error);
}

static void revive(int which)
{
    if (which == 3)
        return;
    if (!house_start(&house, victims[which]))
        fail_msg("%s", house.error);
    if (which == 0 && !house_api(&house))
        fail_msg("%s", house.error);
}

static int fatal_call; /* kioskd dies just before this POST of the session */

static void kill_at_call(int calls)
{
    if (calls == fatal_call)
        house_kill(&house, "kioskd");
}

/* kill -9 before every single POST of a session in turn. */
static void round_at(int call)
{
    API->calls = 0;
    fatal_call = call;
    API->hook = kill_at_call;
    if (!one_request())
        seen.interrupted++;
    API->hook = NULL;
    seen.kills[0]++;
    house_kill(&house, "kioskd");
    revive(0);
}

/* The citizen acts in this process; a child kills after a random time. */
static void round_of(int which)
{
    int delay_us = (int)(random() % (random() % 2 ? 40000 : 260000));
    pid_t killer = fork();
    if (killer == 0) {
        usleep((useconds_t)delay_us);
        kill_victim(which);
        _exit(0); /* the parent counts */
    }
    if (!one_request())
        seen.interrupted++;
    int status = 0;
    waitpid(killer, &status, 0);
    seen.kills[which]++;
    revive(which);
    /* A session that the kill did not reach ends here, so that the next round begins at the start page. */
    if (which != 0)
        api_call(API, "/v1/session/end", "{}");
}

/* With a page in the tray; killed at a random time after the last touch: while the PDF is sealed, sent, or
 * the request behind it. */
static void round_with_papers(int which)
{
    int seed = seen.n + seen.interrupted + 1;
    char line[40];
    snprintf(line, sizeof(line), "seed %d", seed * 7919); /* every page is another file */
    if (!papers_load(API, "photo") || !vdev_command(API, "scanner", line) || !to_the_photo(API) ||
        !api_wait(API, "scan.phase", "ready", 20000) || !papers_scan(API, "feeder") ||
        !citizen_answer(API, car, COUNT(car)))
        fail_msg("%s", API->error);
    int delay_us = (int)(random() % 90000);
    pid_t killer = fork();
    if (killer == 0) {
        usleep((useconds_t)delay_us);
        kill_victim(which);
        _exit(0);
    }
    if (submitted(API))
        seen.papers++;
    else
        seen.interrupted++;
    int status = 0;
    waitpid(killer, &status, 0);
    seen.kills[which]++;
    revive(which);
    if (which != 0)
        api_call(API, "/v1/session/end", "{}");
}

/* What the register has of the requests with papers: each names one file, and has it. */
static void papers_are_there(void)
{
    ARENA_SCOPE(a);
    int64_t have = 0, whole = 0;
    char *codes = arena_str(a, house_sql(&house, a, "select string_agg(receipt_code, ' ') from request")),
         *at;
    for (const char *code = strtok_r(codes, " ", &at); code; code = strtok_r(NULL, " ", &at)) {
        const char *named = strstr(house_request(&house, a, code), "sha256:");
        have += named != NULL;
        whole += named && house_count(&house, arena_fmt(a,
                                                        "select count(*) from blob where sha256 = "
                                                        "decode('%.64s', 'hex')",
                                                        named + 7)) == 1;
    }
    print_message("%d rounds with papers: %d acknowledged, %lld registered, files whole for %lld\n", PAPERS,
                  seen.papers, (long long)have, (long long)whole);
    assert_in_range(have, seen.papers, PAPERS);
    assert_int_equal(whole, have);
    HOLDS(house_sound(&house));
}

static void kills(void **state)
{
    (void)state;
    for (int i = 0; i < PAPERS; i++)
        round_with_papers(i % 2);
    for (int call = 1; call <= EVERY_CALL; call++)
        round_at(call);
    for (int i = 0; i < ROUNDS - EVERY_CALL; i++)
        round_of(i % 4 == 2 ? (i % 8 == 2 ? 2 : 1) : i % 4 == 3 ? 3 : i % 4);
    char all[ALL * 16 + 64] = "";
    size_t len = 0;
    for (int i = 0; i < seen.n; i++)
        len += (size_t)snprintf(all + len, sizeof(all) - len, "%s'%s'", i ? "," : "", seen.code[i]);
    ARENA_SCOPE(a);
    const char *sql =
        arena_fmt(a, "select count(distinct receipt_code) from request where receipt_code in (%s)", all);
    int64_t found = 0;
    for (int64_t end = mono_ms() + 90000; mono_ms() < end && found < seen.n; usleep(300000))
        found = house_count(&house, sql);
    print_message("%d rounds: kioskd %d, registryd %d, postgres %d, drivers %d kills; %d acknowledged (%d "
                  "provisional), "
                  "%d interrupted; %lld found\n",
                  ALL, seen.kills[0], seen.kills[1], seen.kills[2], seen.kills[3], seen.n, seen.provisional,
                  seen.interrupted, (long long)found);
    assert_int_equal(found, seen.n);
    assert_true(seen.n > ROUNDS / 3);
    assert_int_equal(house_count(&house, "select count(*) - count(distinct receipt_code) from request"), 0);
    assert_int_equal(house_count(&house, "select count(*) - count(distinct n) from request"), 0);
    assert_int_equal(house_count(&house, "select max(n) - count(*) from request"), 0);
    papers_are_there();
    /* Nothing is there that no citizen began. */
    assert_true(house_count(&house, "select count(*) from request") <= seen.n + seen.interrupted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kills)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
