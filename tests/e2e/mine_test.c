/* What came back is put right at any kiosk: filed at one terminal, returned by a clerk, corrected at another
 * one of another town, with the network cut in the middle. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "tests/e2e/house.h"

#define ELSEWHERE "uat-55008" /* Dej; the first terminal is Turda's */

static struct house house;
static struct api other;
static pid_t other_pid;
static char code[16], pin[8], number[40];

static const struct person_answer birth[] = {{"who.address", "\"Turda, str. Mihai Viteazul 3\""},
                                             {"act.birth_date", "\"1990-05-17\""},
                                             {"act.birth_place", "\"Turda\""},
                                             {"reason", "\"lost\""},
                                             {"format", "\"paper\""},
                                             {"delivery.how", "\"pickup\""}};
static const struct person_answer right[] = {{"act.birth_place", "\"Câmpia Turzii\""}};

static void ctl(const char *words)
{
    char line[1200];
    snprintf(line, sizeof(line),
             "PRIDVOR_VAR='%s' PRIDVOR_PORTS=%d PRIDVOR_BUILT=1 ./pridvor registryctl %s >>'%s.log' 2>&1",
             house.var, house.ports, words, house.var);
    FILE *p = popen(line, "r");
    if (!p || pclose(p) != 0)
        fail_msg("registryctl %s; see %s.log", words, house.var);
}

/* A terminal of another town hall, without devices; through the same relay as the first. */
static void second_terminal(void)
{
    ARENA_SCOPE(a);
    char root[300];
    struct err e = {0};

    assert_non_null(getcwd(root, sizeof(root)));
    const char *dir = arena_fmt(a, "%s/k08", house.var), *conf = arena_fmt(a, "%s/kiosk.conf", dir);
    assert_int_equal(fs_mkdirs(dir, 0700, &e), RC_OK);
    ctl(arena_fmt(a, "terminal add K08 --institution " ELSEWHERE " --ca '%s/tls' --out '%s'", house.var,
                  dir));
    const char *text = arena_fmt(
        a,
        "{\"terminal\":\"K08\",\"institution\":\"" ELSEWHERE "\",\"port\":%d,\"ui_dir\":\"%s/kiosk-ui/dist\","
        "\"configs\":\"%s/configs\",\"institutions\":\"%s/configs/institutions/"
        "cluj.json\",\"run_dir\":\"%s\","
        "\"queue\":\"%s/queue.db\",\"queue_key\":\"%s/queue.key\",\"queue_max_bytes\":1073741824,"
        "\"idle_s\":60,\"services\":[\"cs.birth_certificate\"],\"status_url\":\"http://127.0.0.1/s/\","
        "\"register\":{\"host\":\"127.0.0.1\",\"port\":%d,\"server_name\":\"localhost\",\"ca\":\"%s/tls/"
        "ca.pem\","
        "\"cert\":\"%s/terminal.pem\",\"key\":\"%s/terminal.key\"},\"drivers\":[]}",
        house.ports + 9, root, root, root, dir, dir, dir, house.ports + 4, house.var, dir, dir);
    assert_int_equal(fs_write(conf, text, strlen(text), 0600, &e), RC_OK);
    const char *build = getenv("PRIDVOR_BUILD");
    const char *program = arena_fmt(a, "%s/firmware/kioskd", build ? build : "build/asan");
    other_pid = fork();
    if (other_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!freopen(arena_fmt(a, "%s/kioskd.log", dir), "a", stderr))
            _exit(126);
        execl(program, "kioskd", "--config", conf, NULL);
        _exit(127);
    }
    if (!api_open(&other, arena_fmt(a, "%s/kiosk.url", dir), house.var, 20000))
        fail_msg("%s", other.error);
}

static int setup(void **state)
{
    (void)state;
    return house_setup(&house, "mine", 17440);
}

static int teardown(void **state)
{
    (void)state;
    if (other_pid > 0) {
        kill(other_pid, SIGTERM);
        waitpid(other_pid, NULL, 0);
    }
    api_close(&other);
    house_down(&house);
    return 0;
}

static const char key[] = "{\"key\":\"01900000-0000-7000-8000-000000000042\"}";

#define OTHER(call)                                                                                          \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s", #call, other.error);                                                          \
    } while (0)

static void filed_here(void **state)
{
    (void)state;
    HOLDS(citizen_start(API, "ro", "cs.birth_certificate"));
    HOLDS(citizen_no_card(API));
    HOLDS(citizen_answer(API, birth, COUNT(birth)));
    HOLDS(citizen_no_signature(API));
    HOLDS(citizen_submit(API));
    snprintf(code, sizeof(code), "%s", api_get(API, "done.receipt_code"));
    snprintf(pin, sizeof(pin), "%s", api_get(API, "done.pin"));
    snprintf(number, sizeof(number), "%s", api_get(API, "done.number"));
    HOLDS(citizen_end(API));
}

static void returned_by_a_clerk(void **state)
{
    (void)state;
    ctl("user add andrei --institution uat-55259 --full-name 'Andrei Functionaru'");
    ctl("user role andrei clerk --institution uat-55259 --department stare_civila");
    assert_true(house_until(&house, 1, "select count(*) from casefile", 20000));
    ARENA_SCOPE(a);
    const char *id = arena_str(a, house_sql(&house, a, "select id from casefile"));
    ctl(arena_fmt(a, "case act %s take --by andrei", id));
    ctl(arena_fmt(a,
                  "case act %s return --by andrei --reason 'Locul nasterii nu este cel din act.' --fields "
                  "act.birth_place",
                  id));
    assert_string_equal(house_sql(&house, a, "select state from casefile"), "returned");
}

/* A terminal that has only just started is not connected yet. */
static void look(struct api *c, const char *body)
{
    for (int i = 0; i < 40; i++) {
        if (!api_call(c, "/v1/mine/look", body) || !api_wait(c, "mine.phase", "shown|enter", 10000))
            fail_msg("%s", c->error);
        if (!strstr(api_get(c, "mine.problem"), "Registrul nu"))
            return;
        usleep(250000);
    }
}

static void to_my_request(struct api *c)
{
    if (!api_hello(c) || !api_call(c, "/v1/session/start", "{\"lang\":\"ro\"}") ||
        !api_call(c, "/v1/mine/open", "{}"))
        fail_msg("%s", c->error);
}

static void corrected_elsewhere(void **state)
{
    char body[300];
    ARENA_SCOPE(a);
    (void)state;

    second_terminal();
    to_my_request(&other);
    snprintf(body, sizeof(body), "{\"code\":\"%s\",\"pin\":\"%s\"}", code,
             strcmp(pin, "0000") == 0 ? "0001" : "0000");
    look(&other, body);
    assert_string_equal(api_get(&other, "mine.phase"), "enter");
    assert_non_null(strstr(api_get(&other, "mine.problem"), "nu se potrivesc"));
    /* by number: the house is named, for this kiosk is another's */
    snprintf(body, sizeof(body), "{\"number\":\"%s\",\"institution\":\"Turda\",\"pin\":\"%s\"}", number, pin);
    look(&other, body);
    assert_string_equal(api_get(&other, "mine.phase"), "shown");
    assert_string_equal(api_get(&other, "mine.view.state"), "returned");
    OTHER(api_call(&other, "/v1/session/back", "{}"));
    OTHER(api_call(&other, "/v1/mine/open", "{}"));
    snprintf(body, sizeof(body), "{\"code\":\"%s\",\"pin\":\"%s\"}", code, pin);
    look(&other, body);
    assert_string_equal(api_get(&other, "mine.phase"), "shown");
    assert_string_equal(api_get(&other, "mine.repairable"), "true");
    assert_string_equal(api_get(&other, "mine.view.returned.reason"), "Locul nasterii nu este cel din act.");
    OTHER(api_call(&other, "/v1/mine/repair", "{}"));
    OTHER(api_wait(&other, "step", "form", 20000));
    const struct jval *fields = jval_get(jval_get(other.body, "form"), "fields");
    assert_int_equal(fields->n, 1); /* only what was wrong */
    assert_string_equal(jval_str(&fields->items[0], "id", ""), "act.birth_place");
    OTHER(citizen_answer(&other, right, COUNT(right)));
    /* The network goes: a sentence, and everything stays as it was typed. */
    HOLDS(house_net(&house, false));
    (void)api_call(&other, "/v1/submit", key);
    OTHER(api_wait(&other, "step", "review", 40000));
    OTHER(api_wait(&other, "notice", "Registrul nu răspunde acum. Nimic nu s-a pierdut. Încercați din nou.",
                   40000));
    assert_string_equal(house_sql(&house, a, "select state from casefile"), "returned");
    HOLDS(house_net(&house, true));
    for (int i = 0; i < 40 && strcmp(api_get(&other, "step"), "review") == 0; i++) {
        (void)api_call(&other, "/v1/submit", key); /* one press, again */
        if (api_wait(&other, "step", "done", 3000))
            break;
    }
    /* No printer there: the number is on the screen, with what was put right and the term of today. */
    assert_string_equal(api_get(&other, "step"), "done");
    assert_string_equal(api_get(&other, "done.number"), number);
    assert_string_equal(api_get(&other, "done.print.phase"), "absent");
    assert_string_equal(api_get(&other, "done.corrected"), "Localitatea nașterii");
    assert_string_equal(api_get(&other, "done.receipt_code"), code);
    assert_non_null(strstr(api_get(&other, "done.due"), "20"));
    assert_true(strlen(api_get(&other, "done.due_why")) > 20);
    OTHER(api_call(&other, "/v1/session/end", "{}"));
}

/* Exactly once; the clerk has the new answer beside the old one, and the term goes on. */
static void the_clerk_sees_it(void **state)
{
    ARENA_SCOPE(a);
    (void)state;
    assert_int_equal(house_count(&house, "select count(*) from case_return"), 1);
    assert_int_equal(house_count(&house, "select count(*) from case_return where answered_at is not null"),
                     1);
    assert_int_equal(
        house_count(&house, "select count(*) from case_event where act = 'correct' and actor = 'citizen'"),
        1);
    assert_string_equal(house_sql(&house, a, "select state from casefile"), "in_work");
    assert_int_equal(house_count(&house, "select count(*) from case_term where main and ended_on is null"),
                     1);
    const char *shown = house_request(&house, a, code);
    assert_non_null(strstr(shown, "Turda")); /* what was signed stays */
    HOLDS(house_sound(&house));
    to_my_request(&other);
    char body[100];
    snprintf(body, sizeof(body), "{\"code\":\"%s\",\"pin\":\"%s\"}", code, pin);
    look(&other, body);
    assert_string_equal(api_get(&other, "mine.view.state"), "in_work");
    assert_null(api_get(&other, "mine.view.returned"));
    assert_non_null(api_get(&other, "mine.view.due"));
    OTHER(api_call(&other, "/v1/session/end", "{}"));
}

/* Returned once more: at the town's own terminal the correction gets its paper. */
static void a_receipt_for_it(void **state)
{
    char body[100];
    ARENA_SCOPE(a);
    (void)state;
    const char *id = arena_str(a, house_sql(&house, a, "select id from casefile"));
    ctl(arena_fmt(
        a, "case act %s return --by andrei --reason 'Si data.' --fields act.birth_date,act.birth_place", id));
    /* The commit takes a while, and the line is cut meanwhile: kept, and nobody heard. */
    (void)house_sql(&house, a,
                    "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(3); "
                    "return new; end'; create trigger slow after update on case_return for each row execute "
                    "function slow()");
    to_my_request(API);
    HOLDS(api_call(API, "/v1/session/lang", "{\"lang\":\"hu\"}"));
    snprintf(body, sizeof(body), "{\"code\":\"%s\",\"pin\":\"%s\"}", code, pin);
    look(API, body);
    HOLDS(api_call(API, "/v1/mine/repair", "{}"));
    HOLDS(citizen_answer(API, birth, COUNT(birth)));
    HOLDS(api_call(API, "/v1/submit", key));
    assert_true(
        house_until(&house, 1, "select count(*) from pg_stat_activity where wait_event = 'PgSleep'", 10000));
    HOLDS(house_net(&house, false));
    HOLDS(api_wait(API, "step", "review", 40000));
    assert_true(
        house_until(&house, 2, "select count(*) from case_return where answered_at is not null", 20000));
    HOLDS(house_net(&house, true));
    for (int i = 0; i < 40 && strcmp(api_get(API, "step"), "review") == 0; i++) {
        (void)api_call(API, "/v1/submit", key); /* one press, again: the answer that was lost */
        if (api_wait(API, "step", "done", 3000))
            break;
    }
    assert_string_equal(api_get(API, "step"), "done");
    assert_int_equal(house_count(&house, "select count(*) from case_event where act = 'correct'"), 2);
    assert_true(strlen(api_get(API, "done.due_why")) > 20);
    assert_string_equal(api_get(API, "done.number"), number);
    HOLDS(citizen_printed(API, "printed", 20000));
    assert_string_equal(api_get(API, "done.print.proof"), "L2");
    HOLDS(citizen_end(API));
    assert_string_equal(house_sql(&house, a, "select state from casefile"), "in_work");
    HOLDS(house_sound(&house));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filed_here),          cmocka_unit_test(returned_by_a_clerk),
        cmocka_unit_test(corrected_elsewhere), cmocka_unit_test(the_clerk_sees_it),
        cmocka_unit_test(a_receipt_for_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
