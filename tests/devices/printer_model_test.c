/* The printer model through libusb: exact dots, paper in mm, status words, faults, any bytes. */
#include <cairo.h>
#include <libusb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/devices/harness.h"

enum { OUT = 0x01, IN = 0x82, DOTS = 576, ROW = 72, BLADE = 120 };

static libusb_context *ctx;
static libusb_device_handle *dev;
static const char *dir;

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void cmd(const char *line)
{
    char reply[4096];
    if (vdev_cmd_at(dir, line, reply, sizeof reply) != 0)
        fail_msg("%s: %s", line, reply);
}

static bool state_has(const char *text)
{
    char reply[4096];
    return vdev_cmd_at(dir, "state", reply, sizeof reply) == 0 && strstr(reply, text);
}

static double state_num(const char *name)
{
    char reply[4096], key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    if (vdev_cmd_at(dir, "state", reply, sizeof reply) != 0 || !strstr(reply, key))
        return -1;
    return strtod(strstr(reply, key) + strlen(key), NULL);
}

static void until(const char *text, int ms)
{
    for (long end = now_ms() + ms; !state_has(text);)
        if (now_ms() > end)
            fail_msg("never: %s", text);
}

static void open_device(void)
{
    for (long end = now_ms() + 5000; !dev && now_ms() < end;)
        dev = libusb_open_device_with_vid_pid(ctx, 0x04b8, 0x0e28);
    assert_non_null(dev);
    libusb_set_auto_detach_kernel_driver(dev, 1);
    assert_int_equal(libusb_claim_interface(dev, 0), 0);
}

static void close_device(void)
{
    libusb_close(dev);
    dev = NULL;
}

static int put(const void *p, size_t len, int ms)
{
    int n = 0;
    int rc = libusb_bulk_transfer(dev, OUT, (unsigned char *)(uintptr_t)p, (int)len, &n, (unsigned)ms);
    return rc == 0 || rc == LIBUSB_ERROR_TIMEOUT ? n : rc;
}

static void put_all(const void *p, size_t len)
{
    assert_int_equal(put(p, len, 20000), (int)len);
}

/* Bytes until `want` are there or ms are over. */
static int get(uint8_t *p, int want, int ms)
{
    int at = 0;
    for (long end = now_ms() + ms; at < want && now_ms() < end;) {
        int n = 0;
        unsigned char buf[64];
        if (libusb_bulk_transfer(dev, IN, buf, sizeof buf, &n, (unsigned)(end - now_ms() + 1)) == 0 &&
            at + n <= 64) {
            memcpy(p + at, buf, (size_t)n);
            at += n;
        }
    }
    return at;
}

static void expect(const void *bytes, int n, int ms)
{
    uint8_t got[64] = {0};
    assert_int_equal(get(got, n, ms), n);
    assert_memory_equal(got, bytes, n);
}

static void drain(void)
{
    uint8_t junk[64];
    while (get(junk, 1, 60) > 0)
        ;
}

static int setup(void **state)
{
    (void)state;
    open_device();
    static const char fresh[] = "\x10\x05\x02\x1b@";
    cmd("paper ok");
    cmd("cover close");
    cmd("cutter ok");
    cmd("process_id on");
    cmd("asb on");
    cmd("speed 3000");
    put_all(fresh, 5);
    until("\"busy\":false", 5000);
    cmd("tear");
    drain();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (dev)
        close_device();
    return 0;
}

/* ---- jobs ---- */

struct job {
    uint8_t p[400000];
    size_t n;
};
static struct job job;

static void add(const void *p, size_t n)
{
    assert_true(job.n + n <= sizeof job.p);
    memcpy(job.p + job.n, p, n);
    job.n += n;
}

static uint8_t pattern(int y, int i)
{
    return (uint8_t)(y * 31 + i * 7 + (y ^ i) * 5);
}

static void add_raster(int rows, int bytes, uint8_t mode)
{
    uint8_t head[8] = {
        0x1D, 'v', '0', mode, (uint8_t)bytes, (uint8_t)(bytes >> 8), (uint8_t)rows, (uint8_t)(rows >> 8)};
    add(head, 8);
    for (int y = 0; y < rows; y++)
        for (int i = 0; i < bytes; i++) {
            uint8_t b = pattern(y, i);
            add(&b, 1);
        }
}

static void start_job(void)
{
    job.n = 0;
    add("\x1b@\x1c.\x1d\x61\xff", 7);
}

static void end_job(const char *id)
{
    add("\x1dV\x42\x00", 4);
    add("\x1d(H\x06\x00\x30\x30", 7);
    add(id, 4);
}

/* The last ticket as rows of bits, 1 = black; *rows tells how many. */
static uint8_t *ticket(int *rows)
{
    char path[256];
    snprintf(path, sizeof path, "%s/paper-%d.png", dir, (int)state_num("tickets"));
    cairo_surface_t *s = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
    assert_int_equal(cairo_image_surface_get_width(s), DOTS);
    *rows = cairo_image_surface_get_height(s);
    cairo_surface_t *rgb = cairo_image_surface_create(CAIRO_FORMAT_RGB24, DOTS, *rows);
    cairo_t *cr = cairo_create(rgb);
    cairo_set_source_surface(cr, s, 0, 0);
    cairo_paint(cr);
    cairo_destroy(cr);
    cairo_surface_flush(rgb);
    uint8_t *out = calloc((size_t)*rows, ROW);
    const unsigned char *px = cairo_image_surface_get_data(rgb);
    for (int y = 0; y < *rows; y++)
        for (int x = 0; x < DOTS; x++)
            if ((((const uint32_t *)(const void *)(px + y * cairo_image_surface_get_stride(rgb)))[x] & 0xFF) <
                128)
                out[y * ROW + x / 8] |= (uint8_t)(0x80 >> x % 8);
    cairo_surface_destroy(rgb);
    cairo_surface_destroy(s);
    return out;
}

static void check_pattern(const uint8_t *t, int from, int rows)
{
    for (int y = 0; y < rows; y++)
        for (int i = 0; i < ROW; i++)
            assert_int_equal(t[(from + y) * ROW + i], pattern(y, i));
}

static void check_blank(const uint8_t *t, int from, int to)
{
    for (int i = from * ROW; i < to * ROW; i++)
        assert_int_equal(t[i], 0);
}

static const uint8_t idle_asb[4] = {0x10, 0, 0, 0};

static void expect_id(const char *id, int ms)
{
    uint8_t want[7] = {0x37, 0x22, (uint8_t)id[0], (uint8_t)id[1], (uint8_t)id[2], (uint8_t)id[3], 0};
    expect(want, 7, ms);
}

static void test_dots(void **state)
{
    (void)state;
    start_job();
    add_raster(200, ROW, 0);
    add("\x1bJ\x28", 3);
    end_job("A1b2");
    cmd("speed 150");
    long begin = now_ms();
    put_all(job.p, job.n);
    expect(idle_asb, 4, 2000);
    expect_id("A1b2", 5000);
    /* 200 + 40 + 120 rows at 1,200 rows a second, 0.3 s for the blade: not before it is true */
    assert_true(now_ms() - begin >= 590);
    int rows;
    uint8_t *t = ticket(&rows);
    assert_int_equal(rows, BLADE + 200 + 40); /* what lay between blade and head is white */
    check_blank(t, 0, BLADE);
    check_pattern(t, BLADE, 200);
    check_blank(t, BLADE + 200, rows);
    free(t);
    assert_true(state_has("\"unknown\":0,\"bad\":0"));
    assert_true(state_num("ticket_mm") == 45);
}

/* Cut without feed: the last 15 mm stay inside and come out with the next ticket. */
static void test_cut_line(void **state)
{
    (void)state;
    start_job();
    add_raster(200, ROW, 0);
    add("\x1dV\x01", 3);
    end_job("cut2");
    put_all(job.p, job.n);
    expect(idle_asb, 4, 2000);
    expect_id("cut2", 5000);
    int rows;
    uint8_t *t = ticket(&rows);
    assert_int_equal(rows, BLADE);
    for (int y = 0; y < BLADE; y++)
        for (int i = 0; i < ROW; i++)
            assert_int_equal(t[y * ROW + i], pattern(200 - BLADE + y, i));
    free(t);
}

/* The same bytes in every size of transfer, and the other ways to bring a picture. */
static void test_ways(void **state)
{
    (void)state;
    start_job();
    add_raster(12, ROW, 0);
    end_job("same");
    for (size_t piece = 1; piece <= 130; piece += 43) {
        for (size_t at = 0; at < job.n; at += piece)
            put_all(job.p + at, at + piece < job.n ? piece : job.n - at);
        expect(idle_asb, 4, 2000);
        expect_id("same", 5000);
        int rows;
        uint8_t *t = ticket(&rows);
        assert_int_equal(rows, BLADE + 12);
        check_pattern(t, BLADE, 12);
        free(t);
    }
    start_job(); /* GS ( L: store, print */
    uint8_t head[] = {0x1D, '(', 'L', 0, 0, 48, 112, 48, 1, 1, 49, DOTS & 0xFF, DOTS >> 8, 12, 0};
    head[3] = (uint8_t)((10 + 12 * ROW) & 0xFF);
    head[4] = (uint8_t)((10 + 12 * ROW) >> 8);
    add(head, sizeof head);
    for (int k = 0; k < 12 * ROW; k++) {
        uint8_t b = pattern(k / ROW, k % ROW);
        add(&b, 1);
    }
    add("\x1d(L\x02\x00\x30\x32", 7);
    end_job("grph");
    put_all(job.p, job.n);
    expect(idle_asb, 4, 2000);
    expect_id("grph", 5000);
    int rows;
    uint8_t *t = ticket(&rows);
    assert_int_equal(rows, BLADE + 12);
    check_pattern(t, BLADE, 12);
    free(t);
    start_job(); /* double width and height */
    add_raster(6, 36, 3);
    end_job("quad");
    put_all(job.p, job.n);
    expect(idle_asb, 4, 2000);
    expect_id("quad", 5000);
    t = ticket(&rows);
    assert_int_equal(rows, BLADE + 12);
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < DOTS; x++)
            assert_int_equal(!(t[(BLADE + y) * ROW + x / 8] & 0x80 >> x % 8),
                             !(pattern(y / 2, x / 16) & 0x80 >> x / 2 % 8));
    free(t);
}

static void ask(uint8_t n, uint8_t want)
{
    uint8_t q[3] = {0x10, 0x04, n};
    put_all(q, 3);
    expect(&want, 1, 1000);
}

static void ask_all(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    ask(1, a);
    ask(2, b);
    ask(3, c);
    ask(4, d);
}

static void test_status(void **state)
{
    (void)state;
    ask_all(0x12, 0x12, 0x12, 0x12);
    cmd("paper_near_end");
    ask_all(0x12, 0x12, 0x12, 0x1E);
    cmd("paper_end");
    ask_all(0x1A, 0x32, 0x12, 0x7E);
    cmd("paper ok");
    cmd("cover open");
    ask_all(0x1A, 0x16, 0x12, 0x12);
    cmd("cover close");
    ask_all(0x12, 0x12, 0x12, 0x12);
    put_all("\x1d\x61\xff", 3);
    expect(idle_asb, 4, 1000);
    cmd("cover open");
    expect("\x38\x00\x00\x00", 4, 1000);
    cmd("paper_end");
    expect("\x38\x00\x0f\x00", 4, 1000);
    cmd("paper ok");
    cmd("cover close");
    expect("\x38\x00\x00\x00\x10\x00\x00\x00", 8, 1000);
    cmd("asb off");
    cmd("cover open");
    cmd("cover close");
    uint8_t none[4];
    assert_int_equal(get(none, 1, 100), 0);
    put_all("\x1dI\x43", 3);
    expect("_TM-T20III", 11, 1000);
    unsigned char id[128];
    int n = libusb_control_transfer(dev, 0xA1, 0, 0, 0, id, sizeof id, 1000);
    assert_true(n > 20 && id[0] == 0 && id[1] == n && strncmp((char *)id + 2, "MFG:EPSON;", 10) == 0);
    assert_int_equal(libusb_control_transfer(dev, 0xA1, 1, 0, 0, id, 1, 1000), 1);
    assert_int_equal(id[0], 0x18);
}

/* Paper ends in the middle: it stops there, says so, takes no more, and goes on or forgets as DLE ENQ tells.
 */
static void test_paper_end(void **state)
{
    (void)state;
    start_job();
    add_raster(800, ROW, 0);
    end_job("lost");
    cmd("script at 40mm paper_end");
    int took = put(job.p, job.n, 1500);
    assert_true(took > 320 * ROW && took < (int)job.n);
    expect("\x10\x00\x00\x00\x18\x00\x0f\x00", 8, 2000);
    ask_all(0x3A, 0x32, 0x12, 0x7E);
    assert_true(state_num("out_mm") == 40);
    assert_int_equal(put("\x1b@", 2, 100), 0);
    cmd("paper ok");
    expect("\x18\x00\x00\x00", 4, 1000); /* still waits for the host */
    put_all("\x10\x05\x02", 3);
    expect(idle_asb, 4, 1000);
    ask(1, 0x12);
    start_job();
    add_raster(8, ROW, 0);
    end_job("next");
    put_all(job.p, job.n);
    expect(idle_asb, 4, 1000);
    expect_id("next", 3000);
    assert_true(state_has("\"ids\":") && !state_has("\"last_id\":\"lost\""));
}

static void test_resume(void **state)
{
    (void)state;
    start_job();
    add_raster(100, ROW, 0);
    end_job("goon");
    cmd("script at 5mm cover open");
    put_all(job.p, job.n);
    expect("\x10\x00\x00\x00\x38\x00\x00\x00", 8, 2000);
    cmd("cover close");
    expect("\x18\x00\x00\x00", 4, 1000);
    put_all("\x10\x05\x01", 3);
    expect(idle_asb, 4, 1000);
    expect_id("goon", 3000);
    int rows;
    uint8_t *t = ticket(&rows);
    assert_int_equal(rows, BLADE + 100);
    check_pattern(t, BLADE, 100);
    free(t);
}

static void test_cutter(void **state)
{
    (void)state;
    start_job();
    add_raster(10, ROW, 0);
    end_job("jam1");
    int before = (int)state_num("tickets");
    cmd("cutter jam");
    put_all(job.p, job.n);
    expect("\x10\x00\x00\x00\x18\x08\x00\x00", 8, 2000);
    ask_all(0x3A, 0x52, 0x1A, 0x12);
    cmd("cutter ok");
    put_all("\x10\x05\x01", 3);
    expect(idle_asb, 4, 1000);
    expect_id("jam1", 2000);
    assert_int_equal((int)state_num("tickets"), before + 1);
    cmd("process_id off");
    put_all(job.p, job.n);
    expect(idle_asb, 4, 1000);
    until("\"busy\":false", 3000);
    uint8_t none[1];
    assert_int_equal(get(none, 1, 150), 0);
}

/* After k transfers the cable goes: every call ends, the model lives, the next job is whole. */
static void test_unplug(void **state)
{
    (void)state;
    start_job();
    add_raster(50, ROW, 0);
    end_job("plug");
    for (int k = 1; k <= 6; k++) {
        char line[64];
        snprintf(line, sizeof line, "script after %d transfers unplug", k);
        cmd(line);
        int rc = 0;
        for (size_t at = 0; at < job.n && rc >= 0; at += 700)
            rc = put(job.p + at, job.n - at < 700 ? job.n - at : 700, 2000);
        if (rc >= 0)
            rc = put("\x10\x04\x01", 3, 500);
        assert_true(rc < 0 || k > 5);
        close_device();
        vdev_cmd_at(dir, "unplug", NULL, 0);
        cmd("plug");
        open_device();
        cmd("tear");
        put_all(job.p, job.n);
        expect(idle_asb, 4, 2000);
        expect_id("plug", 3000);
    }
}

static void test_any_bytes(void **state)
{
    (void)state;
    unsigned seed = 7;
    uint8_t junk[600];
    cmd("speed 100000");
    for (int round = 0; round < 400; round++) {
        size_t n = 1 + (size_t)rand_r(&seed) % sizeof junk;
        for (size_t i = 0; i < n; i++)
            junk[i] = (uint8_t)(rand_r(&seed) % 4 == 0 ? "\x1b\x1d\x10\x1c(LvVJ8"[rand_r(&seed) % 10]
                                                       : rand_r(&seed) % 256);
        put(junk, n, 300);
        if (round % 20 == 19)
            put("\x10\x05\x02", 3, 300);
    }
    assert_true(state_num("unknown") > 0);
    put("\x10\x05\x02", 3, 1000);
    close_device();
    cmd("unplug");
    cmd("plug");
    open_device();
    cmd("speed 3000");
    cmd("tear");
    start_job();
    add_raster(8, ROW, 0);
    end_job("okay");
    put_all(job.p, job.n);
    expect(idle_asb, 4, 2000);
    expect_id("okay", 5000);
}

int main(int argc, char **argv)
{
    (void)argc;
    dir = vdev_self("printer", argv);
    if (libusb_init(&ctx) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dots, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paper_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resume, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cutter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unplug, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_bytes, setup, teardown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    libusb_exit(ctx);
    return failed;
}
