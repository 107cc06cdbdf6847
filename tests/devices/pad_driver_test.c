/* The pad driver as a process, over the pad model below the unmodified libusb. Every scenario: exactly one
 * completion, the right code, and a pad that is left ready and blank. */
#include "tests/devices/kdrv_client.h"

#include "common/base/clock.h"

#include <cairo.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define NAME "Ștefania Țăndărescu-Kőszegi"
#define ARGS                                                                                                 \
    "{\"title\":\"Copie de pe certificatul de naștere\",\"name\":\"" NAME "\",\"hash\":\"7f3a 90c1\","       \
    "\"timeout_ms\":20000}"
#define SHORT "{\"title\":\"x\",\"name\":\"y\",\"hash\":\"z\",\"timeout_ms\":700}"

static struct vdev_proc v;
static struct kdrv k;
static unsigned cases, asides;

static void vcmd(const char *line)
{
    char reply[4096];
    if (vdev_cmd(&v, line, reply, sizeof reply) != 0)
        fail_msg("vdev: %s: %s", line, reply);
}

static void up(void)
{
    assert_true(vdev_start(&v, "pad", NULL));
    assert_true(kdrv_start(&k, &v, "pad", NULL));
    assert_true(kdrv_link(&k, "up", 30000));
}

static void down(void)
{
    assert_int_equal(kdrv_stop(&k), 0);
    vdev_stop(&v);
}

static void say(const char *verb, int64_t target)
{
    char line[96];
    snprintf(line, sizeof line, "{\"id\":%lld,\"verb\":\"%s\",\"args\":{\"target\":%lld}}",
             (long long)k.next_id++, verb, (long long)target);
    kdrv_line(&k, line);
    asides++;
}

static void event(const char *name)
{
    struct frame f;
    do
        assert_true(kdrv_frame(&k, &f, 20000));
    while (strcmp(f.kind, "event") != 0 || strcmp(f.event, name) != 0);
}

/* Starts a capture and waits until the pad takes samples. */
static int64_t capture(const char *args)
{
    int64_t id = kdrv_send(&k, "capture", args, 0);
    if (!vdev_until(&v, "\"capture\"", 30000))
        fail_msg("the pad does not capture");
    return id;
}

static void ended(int64_t id, struct frame *f, const char *completion, const char *code)
{
    if (!kdrv_completion(&k, id, f, 25000))
        fail_msg("no completion, expected %s %s", completion, code);
    cases++;
    if (strcmp(f->completion, completion) != 0 || strcmp(f->code, code) != 0)
        fail_msg("%s %s (%s), expected %s %s", f->completion, f->code, f->text, completion, code);
    assert_string_equal(f->outcome, strcmp(completion, "ok") == 0 ? "done" : "not-done");
    kdrv_drain(&k, 50);
    assert_int_equal(k.completions, 1 + asides); /* finish, clear, cancel have one of their own */
    asides = 0;
}

static void blank(void)
{
    assert_true(vdev_until(&v, "\"ready\"", 30000));
    vcmd("picture");
    cairo_surface_t *s = cairo_image_surface_create_from_png(vdev_path(&v, "screen.png"));
    assert_int_equal(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
    const uint8_t *p = cairo_image_surface_get_data(s);
    int h = cairo_image_surface_get_height(s), stride = cairo_image_surface_get_stride(s);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < cairo_image_surface_get_width(s); x++)
            if (p[y * stride + 4 * x] != 0xff)
                fail_msg("the screen is not blank at %d,%d", x, y);
    cairo_surface_destroy(s);
}

static unsigned dark_dots(void)
{
    unsigned n = 0;
    vcmd("picture");
    cairo_surface_t *s = cairo_image_surface_create_from_png(vdev_path(&v, "screen.png"));
    assert_int_equal(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
    const uint8_t *p = cairo_image_surface_get_data(s);
    int h = cairo_image_surface_get_height(s), stride = cairo_image_surface_get_stride(s);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < cairo_image_surface_get_width(s); x++)
            n += p[y * stride + 4 * x] < 128;
    cairo_surface_destroy(s);
    return n;
}

/* Waits until the pen is away and all of it has come. */
static void signed_all(void)
{
    vcmd("sign");
    for (int64_t end = mono_ms() + 15000; mono_ms() < end;) {
        kdrv_drain(&k, 200);
        if (vdev_until(&v, "\"pen\":\"away\",\"queued\":0", 1))
            return;
    }
    fail_msg("the pen does not rest");
}

static void good(void)
{
    struct frame f;
    int64_t id = capture(ARGS);
    signed_all();
    say("finish", id);
    ended(id, &f, "ok", "");
    assert_true(jval_int(f.data, "samples", 0) > 100);
    assert_true(jval_get(f.data, "strokes")->n >= 2);
}

/* ---- scenarios -------------------------------------------------------------------------------------------
 */

static void drawn(void **state)
{
    (void)state;
    struct frame f;
    up();
    int64_t began = mono_ms();
    int64_t id = capture(ARGS);
    int64_t shown = mono_ms() - began;
    unsigned text = dark_dots();
    assert_true(text > 1500);
    signed_all();
    assert_true(dark_dots() > text + 500); /* ink */
    unsigned events = k.events;
    say("finish", id);
    ended(id, &f, "ok", "");
    const struct jval *strokes = jval_get(f.data, "strokes");
    int64_t points = 0, last = -1;
    for (size_t i = 0; i < strokes->n; i++)
        for (size_t j = 0; j < strokes->items[i].n; j++, points++) {
            const struct jval *p = &strokes->items[i].items[j];
            assert_int_equal(p->n, 4);
            assert_in_range(p->items[0].i, 0, 10800);
            assert_in_range(p->items[1].i, 0, 6480);
            assert_in_range(p->items[2].i, 0, 1023);
            assert_true(p->items[3].i > last);
            last = p->items[3].i;
        }
    assert_int_equal(points, jval_int(f.data, "samples", 0));
    assert_int_equal(jval_int(f.data, "max_pressure", 0), 1023);
    assert_true(jval_bool(f.data, "sequenced", false));
    assert_true(events >= 2); /* while the pen writes; how many is a matter of the machine */
    print_message("shown in %lld ms, %zu strokes, %lld samples over %lld ms, %u events\n", (long long)shown,
                  strokes->n, (long long)points, (long long)last, events);
    blank();
    down();
}

static void lossy(void **state)
{
    (void)state;
    struct frame f;
    static const char *const drops[] = {"drop 1", "drop 3", "drop 40"};
    up();
    for (size_t i = 0; i < COUNT(drops); i++) {
        int64_t id = capture(ARGS);
        unsigned before = k.events;
        vcmd("points 100 100 300 140 140 310 180 180 320 220 220 330 300 300 340");
        while (k.events == before) /* from here on a number is missed */
            assert_true(kdrv_frame(&k, &f, 20000));
        vcmd(drops[i]);
        signed_all();
        say("finish", id);
        ended(id, &f, "protocol", "PAD_SEQ_GAP");
        assert_int_equal(f.detail, atoi(drops[i] + 5));
        blank();
        vcmd("lift");
        kdrv_drain(&k, 50);
    }
    int64_t id = capture(ARGS); /* the same sample twice is no loss */
    vcmd("repeat 1");
    signed_all();
    say("finish", id);
    ended(id, &f, "ok", "");
    down();
}

static void unsigned_(void **state)
{
    (void)state;
    struct frame f;
    up();
    int64_t id = capture(ARGS);
    say("finish", id);
    ended(id, &f, "user-needed", "PAD_EMPTY");
    blank();
    id = capture(ARGS);
    vcmd("points 100 100 300 140 140 310 180 180 320");
    vcmd("lift");
    kdrv_drain(&k, 200);
    say("finish", id);
    ended(id, &f, "user-needed", "PAD_EMPTY");
    id = kdrv_send(&k, "capture", SHORT, 0);
    ended(id, &f, "timeout", "PAD_TIMEOUT");
    blank();
    id = capture(ARGS);
    vcmd("sign");
    kdrv_drain(&k, 300);
    say("cancel", id);
    ended(id, &f, "cancelled", "PAD_CANCEL");
    blank();
    kdrv_drain(&k, 1500);
    id = capture(ARGS); /* written, wiped by the person, written again */
    signed_all();
    say("clear", id);
    event("cleared");
    event("capturing"); /* the pad itself says "capture" before and after */
    signed_all();
    say("finish", id);
    ended(id, &f, "ok", "");
    print_message("after clear: %lld samples\n", (long long)jval_int(f.data, "samples", 0));
    assert_true(jval_int(f.data, "samples", 0) < 500);
    assert_string_equal(kdrv_do(&k, "wipe", "{}", 0, &f), "ok");
    blank();
    say("finish", 7); /* nothing runs: refused */
    kdrv_drain(&k, 200);
    asides = 0;
    assert_string_equal(kdrv_do(&k, "status", "{}", 0, &f), "ok");
    down();
}

/* Unplugged after a number of transfers: while the text is sent, and while the pen writes. */
static void unplugged(void **state)
{
    (void)state;
    struct frame f;
    char script[64];
    static const unsigned after[] = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 120, 160};
    static const unsigned reports[] = {1, 2, 5, 20, 60, 120, 200};
    up();
    for (size_t i = 0; i < COUNT(after); i++) {
        snprintf(script, sizeof script, "script after %u transfers unplug", after[i]);
        vcmd(script);
        int64_t id = kdrv_send(&k, "capture", ARGS, 0);
        if (after[i] > 100 &&
            vdev_until(&v, "\"status\":\"capture\"", 20000)) /* the last ones strike the pen */
            vdev_cmd(&v, "sign", NULL, 0);
        ended(id, &f, "link-lost", "LINK_LOST");
        assert_true(kdrv_link(&k, "absent", 30000));
        vcmd("plug");
        assert_true(kdrv_link(&k, "up", 30000));
    }
    for (size_t i = 0; i < COUNT(reports); i++) {
        int64_t id = capture(ARGS);
        snprintf(script, sizeof script, "script after %u reports unplug", reports[i]);
        vcmd(script);
        vcmd("sign");
        ended(id, &f, "link-lost", "LINK_LOST");
        assert_true(kdrv_link(&k, "absent", 30000));
        vcmd("plug");
        assert_true(kdrv_link(&k, "up", 30000));
    }
    kdrv_drain(&k, 1500);
    good();
    down();
}

/* Killed while capturing, and while the text is being sent: the next process finds the pad, ends, clears. */
static void killed(void **state)
{
    (void)state;
    up();
    for (int i = 0; i < 4; i++, cases++) {
        if (i % 2) {
            kdrv_send(&k, "capture", ARGS, 0);
            assert_true(vdev_until(&v, "\"image\"", 30000));
        } else {
            capture(ARGS);
            vcmd("sign");
        }
        kill(k.pid, SIGKILL);
        kdrv_stop(&k);
        assert_true(kdrv_start(&k, &v, "pad", NULL));
        assert_true(kdrv_link(&k, "up", 30000));
        blank();
    }
    kdrv_drain(&k, 1500);
    good();
    down();
}

/* A pad that calculates for ever is not ready, and says so; later it works again without anybody's help. */
static void stuck(void **state)
{
    (void)state;
    struct frame f;
    up();
    vcmd("busy on");
    int64_t id = kdrv_send(&k, "capture", ARGS, 0);
    ended(id, &f, "bad-sequence", "PAD_STATE");
    vcmd("busy off");
    assert_true(kdrv_link(&k, "up", 15000));
    good();
    down();
}

static void memory(void **state)
{
    (void)state;
    static const char *const needles[] = {NAME, "Țăndărescu", "7f3a 90c1"};
    struct frame f;
    int seen = 0;
    up();
    int64_t id = capture(ARGS);
    for (size_t i = 0; i < COUNT(needles); i++)
        seen += kdrv_memory(&k, needles[i]) > 0;
    signed_all();
    say("finish", id);
    ended(id, &f, "ok", "");
    if (seen == 0) {
        print_message("memory may not be read here\n");
        down();
        skip();
    }
    assert_string_equal(kdrv_do(&k, "wipe", "{}", 0, &f), "ok");
    for (size_t i = 0; i < COUNT(needles); i++, cases++) {
        int n = kdrv_memory(&k, needles[i]);
        if (n != 0)
            fail_msg("'%s' stands %d times in memory after wipe", needles[i], n);
    }
    print_message("control: %d needles found while signing, none after wipe; resident %ld kB\n", seen,
                  kdrv_rss_kb(&k));
    down();
}

static int finish(void **state)
{
    (void)state;
    print_message("pad driver: %u cases\n", cases);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn),     cmocka_unit_test(lossy),  cmocka_unit_test(unsigned_),
        cmocka_unit_test(unplugged), cmocka_unit_test(killed), cmocka_unit_test(stuck),
        cmocka_unit_test(memory),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, finish);
}
