/* Supervision: processes that die, hang, babble, complete twice. Every command ends once, with the right
 * outcome. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "firmware/driver.h"

#define MODES 8

static const char *const modes[MODES] = {"good",   "die",     "stuck",  "silent",
                                         "babble", "garbage", "double", "mute"};

struct seen {
    int completions;
    char word[20], outcome[12], code[24];
};
struct bench {
    uv_loop_t loop;
    uv_timer_t clock;
    struct drivers *ds;
    struct driver_conf conf[MODES];
    const char *argv[MODES][2];
    struct seen print[MODES], read[MODES];
    int64_t start;
    bool stopped;
};

static char fake[300];

static void on_frame(const struct frame *f, void *user)
{
    struct seen *s = user;
    if (strcmp(f->kind, "completion") != 0)
        return;
    s->completions++;
    snprintf(s->word, sizeof(s->word), "%s", f->completion);
    snprintf(s->outcome, sizeof(s->outcome), "%s", f->outcome);
    snprintf(s->code, sizeof(s->code), "%s", f->code ? f->code : "");
}

static void on_stopped(void *user)
{
    ((struct bench *)user)->stopped = true;
}

static bool all_answered(const struct bench *b)
{
    for (size_t i = 0; i < MODES; i++)
        if (!b->print[i].completions || !b->read[i].completions)
            return false;
    return true;
}

/* Ends when all is answered and a little more has passed, for what must not come. */
static void on_clock(uv_timer_t *t)
{
    struct bench *b = t->data;
    static int64_t quiet_since;
    if (!all_answered(b))
        quiet_since = 0;
    else if (!quiet_since)
        quiet_since = mono_ms();
    bool over = mono_ms() - b->start > 40000;
    if (!over && (!quiet_since || mono_ms() - quiet_since < 1500))
        return;
    uv_close((uv_handle_t *)t, NULL);
    drivers_stop(b->ds, on_stopped, b);
}

static void on_begin(uv_timer_t *t)
{
    struct bench *b = t->data;
    for (size_t i = 0; i < MODES; i++) {
        struct driver *d = drivers_find(b->ds, modes[i]);
        driver_send(d, "print", 5000, "{}", on_frame, &b->print[i]);
        driver_send(d, "read", 5000, "{\"can\":\"123456\"}", on_frame, &b->read[i]);
    }
    uv_timer_start(t, on_clock, 50, 50);
}

static void expect(const struct seen *s, const char *word, const char *outcome, const char *code)
{
    assert_int_equal(s->completions, 1);
    assert_string_equal(s->word, word);
    assert_string_equal(s->outcome, outcome);
    assert_string_equal(s->code, code);
}

static void check(struct bench *b)
{
    expect(&b->print[0], "ok", "done", "");
    expect(&b->read[0], "ok", "done", "");
    expect(&b->print[1], "device-error", "unknown", "DRIVER_DIED"); /* on paper or not: nobody knows */
    expect(&b->read[1], "device-error", "not-done", "DRIVER_DIED");
    expect(&b->print[2], "timeout", "unknown", "DRIVER_DEADLINE");
    expect(&b->read[2], "timeout", "not-done", "DRIVER_DEADLINE");
    for (size_t i = 3; i < MODES; i++) {
        assert_int_equal(b->print[i].completions, 1);
        assert_int_equal(b->read[i].completions, 1);
    }
    assert_string_equal(b->read[3].outcome, "not-done");
    expect(&b->print[6], "ok", "done", "");
    expect(&b->read[6], "ok", "done", "");
    assert_string_equal(b->read[7].outcome, "not-done");
}

static void check_views(struct bench *b)
{
    struct driver_view v;
    driver_view(drivers_find(b->ds, "good"), &v);
    assert_int_equal(v.restarts + v.bad_frames + v.doubled + v.killed, 0);
    assert_string_equal(v.model, "fake");
    driver_view(drivers_find(b->ds, "double"), &v);
    assert_int_equal(v.doubled, 2);
    assert_int_equal(v.killed, 0);
    static const char *const again[] = {"die", "stuck", "babble", "garbage", "mute"};
    for (size_t i = 0; i < COUNT(again); i++) {
        driver_view(drivers_find(b->ds, again[i]), &v);
        assert_true(v.restarts > 0);
    }
}

static void test_supervision(void **state)
{
    (void)state;
    static struct bench b;
    struct err e = {0};
    const struct drivers_events none = {0};
    uv_loop_init(&b.loop);
    for (size_t i = 0; i < MODES; i++) {
        b.argv[i][0] = fake;
        b.argv[i][1] = modes[i];
        b.conf[i] = (struct driver_conf){.name = modes[i], .argv = b.argv[i], .n_argv = 2};
    }
    assert_int_equal(drivers_start(&b.loop, b.conf, MODES, &none, &b.ds, &e), RC_OK);
    uv_timer_init(&b.loop, &b.clock);
    b.clock.data = &b;
    b.start = mono_ms();
    uv_timer_start(&b.clock, on_begin, 300, 0);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    assert_true(b.stopped);
    check(&b);
    check_views(&b);
    drivers_free(b.ds);
    assert_int_equal(uv_loop_close(&b.loop), 0);
}

/* A driver whose program does not exist: commands are refused at once, nothing was done. */
static void test_missing_program(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct drivers *ds;
    struct err e = {0};
    struct seen s = {0};
    const struct drivers_events none = {0};
    const char *argv[] = {"/nonexistent/kdrv"};
    const struct driver_conf conf = {.name = "card", .argv = argv, .n_argv = 1};
    uv_loop_init(&loop);
    assert_int_equal(drivers_start(&loop, &conf, 1, &none, &ds, &e), RC_OK);
    driver_send(drivers_find(ds, "card"), "print", 1000, "{}", on_frame, &s);
    assert_int_equal(s.completions, 0); /* never from inside the call */
    int64_t until = mono_ms() + 20000;
    while (!s.completions && mono_ms() < until)
        uv_run(&loop, UV_RUN_ONCE);
    expect(&s, "no-device", "not-done", "LINK_LOST");
    drivers_stop(ds, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    drivers_free(ds);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_public(void **state)
{
    (void)state;
    static const struct {
        bool running, fresh;
        const char *link, *activity, *condition, *want;
    } rows[] = {
        {false, true, "up", "idle", "ok", "retrying"},
        {true, false, "up", "idle", "ok", "retrying"},
        {true, true, "absent", "idle", "ok", "absent"},
        {true, true, "opening", "idle", "ok", "retrying"},
        {true, true, "retry", "idle", "staff", "retrying"},
        {true, true, "up", "idle", "ok", "ready"},
        {true, true, "up", "idle", "warn", "ready"},
        {true, true, "up", "busy", "ok", "busy"},
        {true, true, "up", "draining", "warn", "busy"},
        {true, true, "up", "busy", "user", "needs-citizen"},
        {true, true, "up", "idle", "staff", "needs-staff"},
        {true, true, "up", "idle", "technician", "needs-technician"},
        {true, true, NULL, NULL, NULL, "retrying"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct driver_view v = {.running = rows[i].running,
                                      .fresh = rows[i].fresh,
                                      .link = rows[i].link,
                                      .activity = rows[i].activity,
                                      .condition = rows[i].condition};
        assert_string_equal(driver_public(&v), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_public), cmocka_unit_test(test_missing_program),
                                       cmocka_unit_test(test_supervision)};
    signal(SIGPIPE, SIG_IGN); /* as kioskd does */
    const char *build = getenv("PRIDVOR_BUILD");
    snprintf(fake, sizeof(fake), "%s/tests/fake_kdrv", build ? build : "build/dev");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
