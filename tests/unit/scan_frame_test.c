/* Rows of bytes from every kind of frame, cut at every byte; sizes that cannot be; the rows of scanners. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "drivers/rows.h"
#include "drivers/scan/child.h"
#include "drivers/scan/frame.h"

static void feed(struct frames *f, const struct frame_format *format, const uint8_t *p, size_t len,
                 size_t piece)
{
    struct err e = {0};
    assert_int_equal(frames_begin(f, format, &e), RC_OK);
    for (size_t at = 0; at < len; at += piece)
        assert_int_equal(frames_feed(f, p + at, len - at < piece ? len - at : piece, &e), RC_OK);
}

static void test_depths(void **state)
{
    (void)state;
    static const uint8_t bits[] = {0xA0, 0xFF, 0x5F, 0x00}; /* two lines of ten pixels */
    static const uint8_t grey[20] = {0,   255, 0,   255, 255, 255, 255, 255, 0,   0,
                                     255, 0,   255, 0,   0,   0,   0,   0,   255, 255};
    struct frames f = {0};
    struct picture p;
    struct err e = {0};
    for (size_t piece = 1; piece <= 4; piece++) {
        feed(&f, &(struct frame_format){FRAME_GRAY, 1, 10, 2, -1}, bits, sizeof bits, piece);
        assert_int_equal(frames_picture(&f, 300, &p, &e), RC_OK);
        assert_int_equal(p.h, 2);
        assert_memory_equal(p.px, grey, sizeof grey);
        frames_free(&f);
    }
    static const uint16_t deep[] = {0x12FF, 0xFE00, 0x0080};
    feed(&f, &(struct frame_format){FRAME_GRAY, 16, 3, 6, 1}, (const uint8_t *)deep, 6, 5);
    assert_int_equal(frames_picture(&f, 300, &p, &e), RC_OK);
    assert_memory_equal(p.px, ((uint8_t[]){0x12, 0xFE, 0x00}), 3);
    frames_free(&f);
    /* colour of one bit: a byte each of red, green, blue for eight pixels; 1 is full */
    static const uint8_t rgb[] = {0x80, 0x40, 0x20};
    feed(&f, &(struct frame_format){FRAME_RGB, 1, 3, 3, 1}, rgb, 3, 1);
    assert_int_equal(frames_picture(&f, 300, &p, &e), RC_OK);
    assert_memory_equal(p.px, ((uint8_t[]){255, 0, 0, 0, 255, 0, 0, 0, 255}), 9);
    frames_free(&f);
}

/* Lines with bytes that mean nothing, three frames in any order, a page that ends in the middle of a row. */
static void test_shapes(void **state)
{
    (void)state;
    struct frames f = {0};
    struct picture p;
    struct err e = {0};
    static const enum frame_kind orders[6][3] = {
        {FRAME_RED, FRAME_GREEN, FRAME_BLUE}, {FRAME_RED, FRAME_BLUE, FRAME_GREEN},
        {FRAME_GREEN, FRAME_RED, FRAME_BLUE}, {FRAME_GREEN, FRAME_BLUE, FRAME_RED},
        {FRAME_BLUE, FRAME_RED, FRAME_GREEN}, {FRAME_BLUE, FRAME_GREEN, FRAME_RED}};
    static const uint8_t planes[3][8] = {
        {1, 2, 0, 9, 3, 4, 0, 9}, {11, 12, 0, 9, 13, 14, 0, 9}, {21, 22, 0, 9, 23, 24, 0, 9}};
    static const uint8_t want[] = {1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24};
    int cases = 0;
    for (int o = 0; o < 6; o++)
        for (size_t piece = 1; piece <= 8; piece++, cases++) {
            for (int i = 0; i < 3; i++)
                feed(&f, &(struct frame_format){orders[o][i], 8, 2, 4, -1}, planes[orders[o][i] - FRAME_RED],
                     8, piece);
            assert_int_equal(frames_picture(&f, 300, &p, &e), RC_OK);
            assert_memory_equal(p.px, want, sizeof want);
            frames_free(&f);
        }
    for (size_t end = 0; end < 64; end++)
        for (size_t piece = 1; piece <= 16; piece++, cases++) {
            uint8_t page[64] = {0};
            feed(&f, &(struct frame_format){FRAME_GRAY, 8, 5, 7, 40}, page, end, piece);
            enum rc rc = frames_picture(&f, 300, &p, &e);
            assert_int_equal(rc, end < 7 ? RC_PROTOCOL : RC_OK);
            if (rc == RC_OK)
                assert_int_equal(p.h, end / 7);
            frames_free(&f);
        }
    printf("frames: %d ways and lengths\n", cases);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct frame_format bad[] = {
        {FRAME_GRAY, 8, 0, 8, 8},         {FRAME_GRAY, 8, -4, 8, 8},    {FRAME_GRAY, 8, 10, 9, 8},
        {FRAME_GRAY, 16, 10, 19, 8},      {FRAME_RGB, 8, 10, 29, 8},    {FRAME_GRAY, 12, 10, 20, 8},
        {FRAME_GRAY, 8, 30000, 30000, 8}, {FRAME_GRAY, 8, 8, 8, 90000}, {FRAME_GRAY, 8, 8, 8, 0},
        {FRAME_GRAY, 8, 8, 8, -2},        {FRAME_GRAY, 8, 8, 0, 8},     {FRAME_GRAY, 8, 8, 1 << 30, 8}};
    struct frames f = {0};
    struct err e = {0};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(frames_begin(&f, &bad[i], &e), RC_PROTOCOL);
    assert_int_equal(frames_begin(&f, &(struct frame_format){FRAME_RED, 8, 4, 4, 8}, &e), RC_OK);
    assert_int_equal(frames_begin(&f, &(struct frame_format){FRAME_GREEN, 8, 5, 5, 8}, &e), RC_PROTOCOL);
    assert_int_equal(frames_begin(&f, &(struct frame_format){FRAME_GRAY, 8, 4, 4, 8}, &e), RC_PROTOCOL);
    frames_free(&f);
}

/* A page that never ends ends here. */
static void test_endless(void **state)
{
    (void)state;
    struct frames f = {0};
    struct err e = {0};
    uint8_t row[64] = {0};
    enum rc rc = frames_begin(&f, &(struct frame_format){FRAME_GRAY, 8, 1, 1, -1}, &e);
    int rounds = 0;
    for (; rc == RC_OK && rounds < 10000; rounds++)
        rc = frames_feed(&f, row, sizeof row, &e);
    assert_int_equal(rc, RC_TOO_BIG);
    frames_free(&f);
}

static void test_rows(void **state)
{
    (void)state;
    ARENA_SCOPE(a);
    struct device_rows *rows = ARENA_NEW(a, struct device_rows);
    struct err e = {0};
    assert_int_equal(rows_load(a, "configs/devices", "scan", rows, &e), RC_OK);
    assert_true(rows->n >= 12);
    for (size_t i = 0; i < rows->n; i++) {
        const struct jval *models = jval_get(rows->row[i].profile, "models");
        assert_non_null(models);
        assert_true(models->n > 0);
    }
    printf("scan: %zu rows of scanners\n", rows->n);
}

/* Says that a record of 4 GB begins, and goes on saying it. */
static int endless(int fd, const void *arg)
{
    static const uint8_t piece[65536];
    uint32_t head[2] = {1, UINT32_MAX};
    (void)arg;
    bool heard = write(fd, head, sizeof head) == sizeof head;
    while (heard && write(fd, piece, sizeof piece) > 0)
        ;
    return 0;
}

/* A scanning process that a hostile scanner has taken over must not fill the memory of the one that asks. */
static void test_record_without_end(void **state)
{
    (void)state;
    struct child c = {.fd = -1};
    struct record r = {0};
    struct err e = {0};
    assert_int_equal(child_start(&c, endless, NULL, &e), RC_OK);
    assert_int_equal(child_next(&c, 60000, &r, &e), RC_LINK_LOST);
    assert_false(child_alive(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depths),  cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_endless),
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_record_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
