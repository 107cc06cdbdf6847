/* Signature pad: reports, and what makes strokes a signature. */
#include "drivers/pad/stroke.h"

#include "common/base/arena.h"
#include "common/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static unsigned cases;
static const struct stu_capability cap = {9600, 6000, 1023, 320, 200, 200, 2540, 0};

static size_t bytes(uint8_t *out, const char *hex)
{
    size_t n = 0;
    assert_true(hex_decode(out, 64, &n, hex));
    return n;
}

static void reports(void **state)
{
    (void)state;
    uint8_t p[256];
    struct err e = {0};
    struct stu_capability c;
    struct stu_status s;
    struct stu_sample x;
    size_t n = bytes(p, "09 2580 1770 03ff 0140 00c8 c8 09ec 02 0000");
    assert_int_equal(stu_capability_read(p, n, &c, &e), RC_OK);
    assert_true(c.max_x == 9600 && c.max_y == 6000 && c.max_pressure == 1023 && c.width == 320);
    assert_true(c.height == 200 && c.rate == 200 && c.resolution == 2540);
    n = bytes(p, "03 02 00 0000");
    assert_int_equal(stu_status_read(p, n, &s, &e), RC_OK);
    assert_true(s.state == STU_CAPTURING && s.error == 0);
    n = bytes(p, "34 9155 0102 0304 fffe 1234");
    assert_int_equal(stu_sample_read(p, n, 3, &x, &e), RC_OK);
    assert_true(x.near && x.down && x.timed && x.pressure == 0x155 && x.x == 0x102 && x.y == 0x304);
    assert_true(x.time == 0xfffe && x.sequence == 0x1234);
    n = bytes(p, "01 8000 0102 0304");
    assert_int_equal(stu_sample_read(p, n, 3, &x, &e), RC_OK);
    assert_true(x.near && !x.down && !x.timed && x.pressure == 0);
    assert_int_equal(stu_start(p, 0x01020304), 5);
    assert_memory_equal(p, "\x15\x01\x02\x03\x04", 5);
    const struct stu_rect r = {1, 2, 0x31f, 0x1df};
    assert_int_equal(stu_area(p, STU_ENC_RGB16, &r), 11);
    assert_memory_equal(p, "\x24\x02\x01\x01\x00\x02\x00\x1f\x03\xdf\x01", 11);
    assert_int_equal(stu_writing(p, &r), 9);
    assert_memory_equal(p, "\x2a\x01\x00\x02\x00\x1f\x03\xdf\x01", 9);
    assert_int_equal(stu_block(p, (const uint8_t *)"ab", 2), 256);
    assert_memory_equal(p,
                        "\x26\x02\x00"
                        "ab\0\0",
                        7);
    cases += 7;
}

static void bad_reports(void **state)
{
    (void)state;
    uint8_t p[256];
    struct stu_capability c;
    struct stu_status s;
    struct stu_sample x;
    char model[10];
    static const char *const capabilities[] = {
        "",
        "09",
        "09 2580 1770 03ff 0140 00c8 c8 09",
        "08 2580 1770 03ff 0140 00c8 c8 09ec 02 0000",
        "09 0000 1770 03ff 0140 00c8 c8 09ec 02 0000",
        "09 2580 1770 0000 0140 00c8 c8 09ec 02 0000",
        "09 2580 1770 03ff 0000 00c8 c8 09ec 02 0000",
        "09 2580 1770 03ff ffff 00c8 c8 09ec 02 0000",
    };
    for (size_t i = 0; i < COUNT(capabilities); i++, cases++) {
        struct err e = {0};
        assert_int_equal(stu_capability_read(p, bytes(p, capabilities[i]), &c, &e), RC_PROTOCOL);
    }
    static const char *const samples[] = {"", "01", "01 8000 0102 03", "34 9155 0102 0304 fffe 12",
                                          "02 8000 01020304"};
    for (size_t i = 0; i < COUNT(samples); i++, cases++) {
        struct err e = {0};
        assert_int_equal(stu_sample_read(p, bytes(p, samples[i]), 3, &x, &e), RC_PROTOCOL);
    }
    struct err e = {0};
    assert_int_equal(stu_status_read(p, bytes(p, "0302"), &s, &e), RC_PROTOCOL);
    stu_model_read(p, bytes(p, "08 5354552d353330 0102"), model);
    assert_string_equal(model, "STU-530");
    stu_model_read(p, bytes(p, "08 53 01 54"), model);
    assert_string_equal(model, "S");
    stu_model_read(p, 0, model);
    assert_string_equal(model, "");
    cases += 4;
}

/* ---- strokes ---- */

struct pen {
    struct strokes s;
    struct stu_sample at;
    int64_t now;
};

static struct pen pen_new(struct arena *a, bool timed, uint16_t time, uint16_t sequence)
{
    struct pen p = {.now = 1000000};
    p.s.points = ARENA_ARRAY(a, struct stroke_point, STROKE_SAMPLES_MAX);
    p.at = (struct stu_sample){100, 200, 300, true, true, timed, time, sequence, timed};
    return p;
}

static void step(struct pen *p, unsigned ms, unsigned numbers)
{
    strokes_add(&p->s, &p->at, p->now, &cap);
    p->now += ms;
    p->at.time = (uint16_t)(p->at.time + ms);
    p->at.sequence = (uint16_t)(p->at.sequence + numbers);
    p->at.x += 3;
}

static void draw(struct pen *p, unsigned n)
{
    while (n--)
        step(p, 5, 1);
}

static void lift(struct pen *p)
{
    p->at.down = false;
    step(p, 5, 1);
    p->at.down = true;
}

static void judged(const struct pen *p, enum rc rc, const char *code)
{
    struct err e = {0};
    assert_int_equal(strokes_judge(&p->s, &e), rc);
    assert_string_equal(e.code ? e.code : "", code);
    cases++;
}

static void signatures(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct pen p = pen_new(a, true, 65000, 65500); /* both numbers wrap on the way */
    draw(&p, 100);
    lift(&p);
    draw(&p, 100);
    judged(&p, RC_OK, "");
    assert_int_equal(p.s.n, 200);
    assert_int_equal(p.s.strokes, 2);
    assert_int_equal(p.s.points[0].t, 0);
    assert_int_equal(p.s.points[199].t, 200 * 5);
    p.at.pressure = 0; /* the switch says down: still the same stroke */
    draw(&p, 3);
    assert_int_equal(p.s.strokes, 2);
    p.at.down = false; /* 40 s and 80 s of rest: longer than the pad's clock can say */
    step(&p, 40000, 1);
    step(&p, 80000, 1);
    p.at.down = true;
    draw(&p, 30);
    judged(&p, RC_OK, "");
    assert_true(p.s.points[p.s.n - 1].t > 120000 && p.s.points[p.s.n - 1].t < 122000);
    strokes_clear(&p.s);
    assert_int_equal(p.s.n, 0);
    judged(&p, RC_USER, "PAD_EMPTY");
}

static void losses(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    for (unsigned gap = 2; gap < 40; gap += 7) {
        struct pen p = pen_new(a, true, 10, 65530);
        draw(&p, 4);
        step(&p, 5, gap);
        draw(&p, 100);
        judged(&p, RC_PROTOCOL, "PAD_SEQ_GAP");
        assert_int_equal(p.s.lost, gap - 1);
    }
    struct pen p = pen_new(a, true, 10, 10); /* while the pen is up */
    draw(&p, 100);
    p.at.down = false;
    step(&p, 5, 2);
    step(&p, 5, 1);
    judged(&p, RC_PROTOCOL, "PAD_SEQ_GAP");
    p = pen_new(a, true, 10, 10); /* the same sample twice */
    draw(&p, 50);
    p.at.time = (uint16_t)(p.at.time - 5);
    p.at.sequence--;
    step(&p, 5, 1);
    draw(&p, 50);
    judged(&p, RC_OK, "");
    assert_int_equal(p.s.n, 100);
    p = pen_new(a, true, 10000, 10); /* time runs backwards */
    draw(&p, 50);
    p.at.time = (uint16_t)(p.at.time - 500);
    draw(&p, 50);
    judged(&p, RC_PROTOCOL, "PAD_SEQ_GAP");
}

static void without_numbers(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct pen p = pen_new(a, false, 0, 0);
    draw(&p, 200);
    judged(&p, RC_OK, "");
    assert_false(p.s.seen);
    p = pen_new(a, false, 0, 0);
    for (int i = 0; i < 100; i++)
        step(&p, i % 2 ? 5 : 10, 0);
    judged(&p, RC_PROTOCOL, "PAD_SEQ_GAP");
    p = pen_new(a, false, 0, 0); /* long rests are no losses */
    for (int i = 0; i < 10; i++) {
        draw(&p, 20);
        lift(&p);
        p.now += 3000;
    }
    judged(&p, RC_OK, "");
}

static void bounds(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    BUF_SCOPE(json);
    struct pen p = pen_new(a, true, 0, 0);
    draw(&p, STROKE_SAMPLES_MIN - 1);
    judged(&p, RC_USER, "PAD_EMPTY");
    p = pen_new(a, true, 0, 0);
    for (int i = 0; i < 100; i++)
        step(&p, 1, 1);
    judged(&p, RC_USER, "PAD_EMPTY"); /* a tenth of a second */
    p = pen_new(a, true, 0, 0);
    p.at.x = 60000;
    p.at.pressure = 4095;
    draw(&p, STROKE_SAMPLES_MAX + 10);
    assert_int_equal(p.s.n, STROKE_SAMPLES_MAX);
    assert_int_equal(p.s.points[0].x, 9600);
    assert_int_equal(p.s.points[0].pressure, 1023);
    judged(&p, RC_TIMEOUT, "PAD_TIMEOUT");
    strokes_json(&p.s, &json);
    assert_true(json.len < 250 * 1024);
    p = pen_new(a, true, 0, 0);
    buf_reset(&json);
    strokes_json(&p.s, &json);
    assert_string_equal(json.p, "[]");
    draw(&p, 2);
    lift(&p);
    draw(&p, 1);
    buf_reset(&json);
    strokes_json(&p.s, &json);
    assert_string_equal(json.p, "[[[100,200,300,0],[103,200,300,5]],[[109,200,300,15]]]");
    cases += 4;
}

static int finish(void **state)
{
    (void)state;
    print_message("pad codec: %u cases\n", cases);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports), cmocka_unit_test(bad_reports),     cmocka_unit_test(signatures),
        cmocka_unit_test(losses),  cmocka_unit_test(without_numbers), cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
