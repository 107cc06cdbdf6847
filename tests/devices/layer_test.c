/* The device layer as a technician meets it: maintenance, guided tests, traces without personal data, swapped
 * units, and devices that freeze or rave beside others that must not notice. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/json.h"
#include "tests/devices/layer_rig.h"

#define WORDS(...)                                                                                           \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

static struct layer l;

static int ctl(struct buf *out, const char *const *words)
{
    return layer_ctl(&l, words, out);
}

static void has(const struct buf *b, const char *text)
{
    if (!strstr(b->p, text))
        fail_msg("no %s in: %s", text, b->p);
}

/* ---- maintenance -----------------------------------------------------------------------------------------
 */

static void hello(void)
{
    char body[120];
    l.token[0] = 0;
    snprintf(body, sizeof(body), "{\"key\":\"%s\"}", l.key);
    assert_int_equal(layer_post(&l, "/v1/hello", body), 200);
}

static void maintenance(void **state)
{
    (void)state;
    BUF_SCOPE(b);
    hello();
    assert_int_equal(ctl(&b, WORDS("trace", "card", "--seconds", "1")), 1); /* not in service */
    assert_int_equal(ctl(&b, WORDS("maintenance", "on")), 0);
    assert_int_equal(ctl(&b, WORDS("status", "--json")), 0);
    has(&b, "\"mode\":\"maintenance\"");
    assert_int_equal(layer_post(&l, "/v1/session/start", "{\"lang\":\"ro\"}"), 503);
    assert_int_equal(ctl(&b, WORDS("maintenance", "off")), 0);
    assert_int_equal(layer_post(&l, "/v1/session/start", "{\"lang\":\"ro\"}"), 200);
    assert_int_equal(ctl(&b, WORDS("maintenance", "on")), 1); /* a citizen stands there */
    assert_int_equal(ctl(&b, WORDS("test", "print", "--yes")), 1);
    assert_int_equal(layer_post(&l, "/v1/session/end", "{}"), 200);
}

/* Forgotten, it ends by itself. */
static void ends_by_itself(void **state)
{
    (void)state;
    BUF_SCOPE(b);
    assert_int_equal(ctl(&b, WORDS("maintenance", "on", "--minutes", "99")), 2);
    pid_t pid = layer_by_hand(&l, "*", "maintenance", "{\"on\":true,\"seconds\":1}");
    assert_int_equal(vdev_wait(pid, 10000), 0);
    for (int64_t until = mono_ms() + 20000;; poll(NULL, 0, 100)) {
        assert_int_equal(ctl(&b, WORDS("status", "--json")), 0);
        if (strstr(b.p, "\"mode\":\"service\""))
            break;
        assert_true(mono_ms() < until);
    }
}

/* A technician's command still running when a citizen begins is stopped. */
static void citizen_first(void **state)
{
    (void)state;
    hello();
    pid_t pid = layer_by_hand(&l, "pad", "capture",
                              "{\"title\":\"x\",\"name\":\"\",\"hash\":\"\",\"timeout_ms\":60000}");
    assert_true(layer_public(&l, "pad", "busy", 30000));
    assert_int_equal(layer_post(&l, "/v1/session/start", "{\"lang\":\"ro\"}"), 200);
    assert_int_equal(vdev_wait(pid, 20000), 1); /* completed, but not ok */
    assert_true(layer_public(&l, "pad", "ready", 30000));
    assert_int_equal(layer_post(&l, "/v1/session/end", "{}"), 200);
}

/* ---- guided tests ----------------------------------------------------------------------------------------
 */

static void guided(void **state)
{
    (void)state;
    BUF_SCOPE(b);
    assert_int_equal(ctl(&b, WORDS("test", "print", "--json")), 0);
    has(&b, "\"name\":\"proof\",\"ok\":true");
    assert_int_equal(ctl(&b, WORDS("test", "card", "--can", "123456", "--json")), 0);
    has(&b, "\"name\":\"chip\",\"ok\":true");
    assert_null(strstr(b.p, "POPESCU"));
    assert_int_equal(ctl(&b, WORDS("test", "card", "--can", "999999", "--json")), 4); /* a person must act */
    has(&b, "CAN_WRONG");
    assert_int_equal(ctl(&b, WORDS("test", "card", "--json")), 2); /* and no number was given */
    int fd;
    pid_t pid = layer_ctl_start(&l, WORDS("test", "pad", "--seconds", "12", "--json"), &fd);
    assert_true(layer_public(&l, "pad", "busy", 30000));
    assert_int_equal(vdev_cmd(&l.pad, "sign", NULL, 0), 0);
    assert_int_equal(vdev_wait(pid, 60000), 0);
    close(fd);
    assert_int_equal(ctl(&b, WORDS("test", "pad", "--seconds", "1", "--json")), 4); /* nobody drew */
    vdev_cmd(&l.print, "paper_end", NULL, 0);
    int code = ctl(&b, WORDS("test", "print", "--json"));
    assert_true(code == 4 || code == 1);
    has(&b, "PAPER_END");
    vdev_cmd(&l.print, "paper ok", NULL, 0);
    assert_true(layer_public(&l, "print", "ready", 20000));
    assert_int_equal(ctl(&b, WORDS("test", "toaster")), 2);
    assert_int_equal(ctl(&b, WORDS("status", "--json")), 0);
    has(&b, "\"mode\":\"service\""); /* each test left it again */
}

/* ---- trace -----------------------------------------------------------------------------------------------
 */

struct traced {
    size_t lines, hidden, bytes_shown, longest;
};

static struct traced trace_of(const char *device, const char *const *test, bool personal)
{
    BUF_SCOPE(b);
    BUF_SCOPE(t);
    int fd;
    struct traced out = {0};
    pid_t pid = layer_ctl_start(
        &l, WORDS("trace", device, "--seconds", "4", "--json", personal ? "--personal" : "--json"), &fd);
    poll(NULL, 0, 300);
    ctl(&b, test);
    char piece[65536];
    for (ssize_t n; (n = read(fd, piece, sizeof(piece))) > 0;)
        buf_add(&t, piece, (size_t)n);
    close(fd);
    buf_chr(&t, 0);
    assert_int_equal(vdev_wait(pid, 20000), 0);
    char *save = NULL;
    for (char *line = strtok_r(t.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        ARENA_SCOPE(a);
        struct jval *v = NULL;
        assert_int_equal(jval_parse(a, line, strlen(line), &v, NULL), RC_OK);
        size_t shown = strlen(jval_str(v, "head", "")) / 2;
        assert_int_equal(shown + (size_t)jval_int(v, "hidden", 0), jval_int(v, "bytes", -1));
        out.lines++;
        out.hidden += jval_int(v, "hidden", 0) > 0;
        out.longest = shown > out.longest ? shown : out.longest;
    }
    return out;
}

static void traces(void **state)
{
    (void)state;
    BUF_SCOPE(b);
    assert_int_equal(ctl(&b, WORDS("maintenance", "on")), 0);
    struct traced card = trace_of("card", WORDS("test", "card", "--can", "123456", "--json"), false);
    struct traced open = trace_of("card", WORDS("test", "card", "--can", "123456", "--json"), true);
    struct traced print = trace_of("print", WORDS("test", "print", "--json"), false);
    print_message(
        "trace: card %zu transfers, at most %zu bytes shown; with --personal %zu; printer %zu, %zu\n",
        card.lines, card.longest, open.longest, print.lines, print.longest);
    assert_in_range(card.lines, 20, 100000);
    assert_in_range(card.hidden, 10, 100000);
    assert_in_range(card.longest, 1, 10);
    assert_in_range(open.longest, 100, 4096);
    assert_in_range(print.lines, 3, 100000);
    assert_in_range(print.longest, 1, 8);
    assert_int_equal(ctl(&b, WORDS("maintenance", "off")), 0);
}

/* ---- units -----------------------------------------------------------------------------------------------
 */

static void swapped(void **state)
{
    (void)state;
    BUF_SCOPE(b);
    layer_down(&l);
    assert_true(layer_up(&l, NULL,
                         "{\"devices\":[{\"name\":\"print\",\"model\":\"Another\",\"serial\":\"OLD-1\","
                         "\"port\":\"1-2\"}]}"));
    assert_int_equal(ctl(&b, WORDS("devices", "--json")), 0);
    has(&b, "\"was\":\"Another, serial OLD-1, port 1-2\"");
    has(&b, "\"maturity\":\"");
    has(&b, "\"power\":0");
    assert_int_equal(ctl(&b, WORDS("devices")), 0);
    has(&b, "kioskctl accept print");
    assert_int_equal(ctl(&b, WORDS("diagnose")), 1);
    has(&b, "is another unit than before");
    assert_int_equal(ctl(&b, WORDS("accept", "print")), 0);
    assert_int_equal(ctl(&b, WORDS("devices", "--json")), 0);
    assert_null(strstr(b.p, "OLD-1"));
    assert_int_equal(ctl(&b, WORDS("accept", "toaster")), 3);
}

/* ---- neighbours ------------------------------------------------------------------------------------------
 */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

enum { ROUNDS = 60 };
struct pace {
    double median, p95, worst;
};

/* How long the pad and the printer take to answer "status", asked in turn. */
static struct pace pace(void)
{
    static double ms[2 * ROUNDS];
    for (int i = 0; i < 2 * ROUNDS; i++) {
        ms[i] = layer_command(&l, i % 2 ? "pad" : "print", "status", "{}");
        assert_true(ms[i] >= 0);
    }
    qsort(ms, 2 * ROUNDS, sizeof(ms[0]), by_size);
    return (struct pace){ms[ROUNDS], ms[2 * ROUNDS * 95 / 100], ms[2 * ROUNDS - 1]};
}

static void say(const char *what, struct pace p, struct pace calm)
{
    print_message("%-36s median %.2f ms (%.2f times), 95%% %.2f ms, worst %.2f ms\n", what, p.median,
                  p.median / calm.median, p.p95, p.worst);
}

static void neighbours(void **state)
{
    (void)state;
    static const char *const raving[][2] = {{"garbage", "garbage frames, restarted again and again"},
                                            {"babble", "megabytes without a line end"},
                                            {"flood", "endless good frames"},
                                            {"silent", "says nothing"}};
    struct pace calm = pace();
    say("all well", calm, calm);
    pid_t card = (pid_t)layer_number(&l, "card", "pid");
    assert_true(card > 1);
    kill(card, SIGSTOP);
    say("the card driver frozen", pace(), calm);
    kill(card, SIGKILL);
    say("the card driver killed", pace(), calm);
    assert_true(layer_public(&l, "card", "ready", 30000));
    vdev_cmd(&l.card, "silence on", NULL, 0);
    pid_t read = layer_by_hand(&l, "card", "read", "{\"can\":\"123456\"}");
    say("the reader does not answer", pace(), calm);
    vdev_cmd(&l.card, "silence off", NULL, 0);
    vdev_wait(read, 60000);
    kill(l.card.pid, SIGSTOP);
    say("the reader's bus frozen", pace(), calm);
    kill(l.card.pid, SIGCONT);
    for (size_t i = 0; i < sizeof(raving) / sizeof(raving[0]); i++) {
        layer_down(&l);
        assert_true(layer_up(&l, raving[i][0], NULL));
        say(raving[i][1], pace(), calm);
        if (strcmp(raving[i][0], "silent") != 0)
            assert_true(layer_number(&l, "scan", "killed") > 0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maintenance), cmocka_unit_test(ends_by_itself), cmocka_unit_test(citizen_first),
        cmocka_unit_test(guided),      cmocka_unit_test(traces),         cmocka_unit_test(swapped),
        cmocka_unit_test(neighbours),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    if (!layer_up(&l, NULL, NULL))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    layer_down(&l);
    return failed;
}
