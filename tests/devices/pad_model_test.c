/* The pad model through libusb: reports, states, the screen, the pen and its losses. */
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

enum { IN = 0x81, OUT = 0x02, W = 800, H = 480 };

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

static void open_device(void)
{
    for (long end = now_ms() + 5000; !dev && now_ms() < end;)
        dev = libusb_open_device_with_vid_pid(ctx, 0x056a, 0x00a5);
    assert_non_null(dev);
    libusb_set_auto_detach_kernel_driver(dev, 1);
    assert_int_equal(libusb_claim_interface(dev, 0), 0);
}

static int feature_get(uint8_t id, uint8_t *out, int len)
{
    return libusb_control_transfer(dev, 0xA1, 1, (uint16_t)(0x0300 | id), 0, out, (uint16_t)len, 1000);
}

static int feature_set(const uint8_t *p, int len)
{
    return libusb_control_transfer(dev, 0x21, 9, (uint16_t)(0x0300 | p[0]), 0, (unsigned char *)(uintptr_t)p,
                                   (uint16_t)len, 1000);
}

static void set2(uint8_t id, uint8_t value)
{
    uint8_t r[2] = {id, value};
    assert_int_equal(feature_set(r, 2), 2);
}

static void expect_status(uint8_t status, uint8_t error)
{
    uint8_t r[5];
    assert_int_equal(feature_get(0x03, r, 5), 5);
    assert_int_equal(r[0], 0x03);
    assert_int_equal(r[1], status);
    assert_int_equal(r[2], error);
}

static void capture(bool on)
{
    static const uint8_t start[5] = {0x15, 0xDE, 0xAD, 0xBE, 0xEF};
    if (on)
        assert_int_equal(feature_set(start, 5), 5);
    else
        set2(0x16, 0);
}

static int setup(void **state)
{
    (void)state;
    open_device();
    set2(0x04, 0);
    set2(0x20, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    libusb_close(dev);
    dev = NULL;
    return 0;
}

static void test_reports(void **state)
{
    (void)state;
    uint8_t r[256];
    static const uint8_t cap[17] = {0x09, 0x2a, 0x30, 0x19, 0x50, 0x03, 0xff, 0x03,
                                    0x20, 0x01, 0xe0, 200,  0x09, 0xec, 15};
    assert_int_equal(feature_get(0x09, r, 17), 17);
    assert_memory_equal(r, cap, 17);
    assert_int_equal(feature_get(0x08, r, 17), 17);
    assert_memory_equal(r + 1, "STU-530", 8);
    assert_int_equal(feature_get(0x0F, r, 14), 14);
    assert_int_equal(feature_get(0x0A, r, 11), 11);
    assert_int_equal(feature_get(0x77, r, 5), LIBUSB_ERROR_PIPE);
    expect_status(0, 1);
    uint8_t hid[1024];
    int n = libusb_control_transfer(dev, 0x81, 6, 0x2200, 0, hid, sizeof hid, 1000);
    assert_true(n > 100 && hid[0] == 0x06 && hid[n - 1] == 0xC0);
    struct libusb_config_descriptor *c;
    assert_int_equal(libusb_get_active_config_descriptor(libusb_get_device(dev), &c), 0);
    const struct libusb_interface_descriptor *i = &c->interface[0].altsetting[0];
    assert_int_equal(i->bInterfaceClass, 3);
    assert_int_equal(i->extra[7] | i->extra[8] << 8, n);
    libusb_free_config_descriptor(c);
}

static void test_states(void **state)
{
    (void)state;
    set2(0x16, 0);
    expect_status(0, 2);
    capture(true);
    expect_status(2, 0);
    uint8_t r[5];
    assert_int_equal(feature_get(0x15, r, 5), 5);
    assert_memory_equal(r + 1, "\xDE\xAD\xBE\xEF", 4);
    capture(true);
    expect_status(2, 2);
    set2(0x20, 0); /* the screen is not touched while capturing */
    expect_status(2, 2);
    set2(0x25, 4);
    expect_status(2, 2);
    capture(false);
    expect_status(0, 0);
    cmd("busy on");
    expect_status(3, 0);
    cmd("busy off");
    set2(0x25, 3); /* no such encoding */
    expect_status(0, 11);
    set2(0x25, 4);
    expect_status(1, 0);
    set2(0x27, 0); /* nothing came */
    expect_status(0, 10);
    set2(0x32, 9);
    expect_status(0, 1);
}

static uint32_t color(int x, int y)
{
    return (uint32_t)((x * 3 % 256) << 16 | (y * 2 % 256) << 8 | ((x + y) % 256));
}

static uint32_t *screen(cairo_surface_t **keep)
{
    char path[256];
    snprintf(path, sizeof path, "%s/screen.png", dir);
    *keep = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(*keep), CAIRO_STATUS_SUCCESS);
    assert_int_equal(cairo_image_surface_get_width(*keep), W);
    assert_int_equal(cairo_image_surface_get_height(*keep), H);
    return (uint32_t *)(void *)cairo_image_surface_get_data(*keep);
}

static void send_blocks(const uint8_t *p, size_t n, bool out)
{
    static uint8_t r[2560];
    size_t most = out ? 2557 : 253;
    for (size_t at = 0; at < n; at += most) {
        size_t k = n - at < most ? n - at : most;
        memset(r, 0, sizeof r);
        r[0] = 0x26;
        r[1] = (uint8_t)k;
        r[2] = (uint8_t)(k >> 8);
        memcpy(r + 3, p + at, k);
        int sent = 0;
        if (out)
            assert_int_equal(libusb_interrupt_transfer(dev, OUT, r, (int)k + 3, &sent, 1000), 0);
        else
            assert_int_equal(feature_set(r, 256), 256);
    }
}

static void test_images(void **state)
{
    (void)state;
    static uint8_t p[W * H * 3];
    for (int i = 0; i < W * H; i++) {
        uint32_t c = color(i % W, i / W);
        p[3 * i] = (uint8_t)c;
        p[3 * i + 1] = (uint8_t)(c >> 8);
        p[3 * i + 2] = (uint8_t)(c >> 16);
    }
    set2(0x25, 0x14);
    long t = now_ms();
    send_blocks(p, sizeof p, true);
    set2(0x27, 0);
    fprintf(stderr, "800x480x24 by the OUT endpoint: %ld ms\n", now_ms() - t);
    expect_status(0, 0);
    cairo_surface_t *s;
    const uint32_t *px = screen(&s);
    for (int i = 0; i < W * H; i += 7)
        assert_int_equal(px[i] & 0xFFFFFF, color(i % W, i / W));
    cairo_surface_destroy(s);
    /* a red area of 40 x 20, 16 bit, by feature reports */
    uint8_t area[11] = {0x24, 2, 1, 100, 0, 50, 0, 139, 0, 69, 0};
    assert_int_equal(feature_set(area, 11), 11);
    for (int i = 0; i < 800; i++) {
        p[2 * i] = 0x00;
        p[2 * i + 1] = 0xF8;
    }
    send_blocks(p, 1600, false);
    set2(0x27, 0);
    expect_status(0, 0);
    px = screen(&s);
    assert_int_equal(px[50 * W + 100] & 0xFFFFFF, 0xFF0000);
    assert_int_equal(px[69 * W + 139] & 0xFFFFFF, 0xFF0000);
    assert_int_equal(px[50 * W + 99] & 0xFFFFFF, color(99, 50));
    cairo_surface_destroy(s);
}

struct sample {
    int flags, p, x, y, t, seq;
};

/* Reads samples until the pen is away or ms of silence. */
static int read_pen(struct sample *out, int cap, int len, int ms)
{
    int n = 0;
    while (n < cap) {
        unsigned char r[64];
        int got = 0;
        if (libusb_interrupt_transfer(dev, IN, r, sizeof r, &got, (unsigned)ms) != 0)
            return n;
        assert_int_equal(got, len);
        assert_int_equal(r[0], len == 11 ? 0x34 : 0x01);
        out[n] = (struct sample){.flags = r[1] & 0xF0,
                                 .p = (r[1] & 0x0F) << 8 | r[2],
                                 .x = r[3] << 8 | r[4],
                                 .y = r[5] << 8 | r[6]};
        if (len == 11) {
            out[n].t = r[7] << 8 | r[8];
            out[n].seq = r[9] << 8 | r[10];
        }
        if (!(out[n++].flags & 0x80))
            return n;
    }
    return n;
}

static struct sample pen[2000];

static void test_signature(void **state)
{
    (void)state;
    set2(0x32, 3);
    set2(0x21, 1);
    capture(true);
    char reply[128];
    long t = now_ms();
    assert_int_equal(vdev_cmd_at(dir, "sign", reply, sizeof reply), 0);
    int n = read_pen(pen, 2000, 11, 1000);
    long took = now_ms() - t;
    assert_int_equal(n, atoi(strstr(reply, "\"samples\":") + 10));
    assert_true(n > 200 && n < 300 && took >= n * 5 - 50);
    int strokes = 0, down = 0;
    for (int i = 0; i < n; i++) {
        assert_int_equal(pen[i].seq, i);
        assert_true(pen[i].x <= 10800 && pen[i].y <= 6480 && pen[i].p <= 1023);
        if (i > 0)
            assert_int_equal((pen[i].t - pen[i - 1].t) & 0xFFFF, 5);
        strokes += pen[i].p > 0 && (i == 0 || pen[i - 1].p == 0);
        down += pen[i].p > 0;
        assert_int_equal(pen[i].p > 0, (pen[i].flags & 0x70) != 0);
    }
    assert_int_equal(strokes, 3);
    assert_true(down > 200);
    capture(false);
    cmd("picture");
    cairo_surface_t *s;
    const uint32_t *px = screen(&s);
    int inked = 0;
    for (int i = 0; i < W * H; i++)
        inked += (px[i] & 0xFFFFFF) != 0xFFFFFF;
    assert_true(inked > 1500 && inked < 40000);
    const char *copy = getenv("PRIDVOR_KEEP_SIGNATURE"); /* to look at */
    if (copy)
        cairo_surface_write_to_png(s, copy);
    cairo_surface_destroy(s);
}

static void test_losses(void **state)
{
    (void)state;
    set2(0x32, 3);
    capture(true);
    cmd("script after 20 reports drop 1; after 20 reports drop 3; after 20 reports repeat 1");
    cmd("sign");
    int n = read_pen(pen, 2000, 11, 1000), gaps = 0, lost = 0, twice = 0;
    for (int i = 1; i < n; i++) {
        int step = pen[i].seq - pen[i - 1].seq;
        gaps += step > 1;
        lost += step > 1 ? step - 1 : 0;
        twice += step == 0;
    }
    assert_int_equal(gaps, 2);
    assert_int_equal(lost, 4);
    assert_int_equal(twice, 1);
    capture(false);
}

static void test_points(void **state)
{
    (void)state;
    set2(0x32, 0);
    cmd("point 10 10 500"); /* not capturing: nobody hears it */
    cmd("lift");
    unsigned char r[64];
    int got;
    assert_int_equal(libusb_interrupt_transfer(dev, IN, r, sizeof r, &got, 100), LIBUSB_ERROR_TIMEOUT);
    capture(true);
    cmd("points 100 200 300 110 210 310 120 220 320");
    cmd("lift");
    int n = read_pen(pen, 100, 7, 500);
    assert_true(n >= 5);
    assert_int_equal(pen[0].x, 100);
    assert_int_equal(pen[2].y, 220);
    assert_int_equal(pen[2].p, 320);
    assert_int_equal(pen[n - 1].flags, 0);
    assert_int_equal(vdev_cmd_at(dir, "points 1 2", NULL, 0), 1);
    assert_int_equal(vdev_cmd_at(dir, "point a b c", NULL, 0), 1);
    capture(false);
}

static void test_unplug(void **state)
{
    (void)state;
    for (int k = 1; k <= 5; k++) {
        char line[80];
        set2(0x32, 3);
        capture(true);
        snprintf(line, sizeof line, "script after %d reports unplug", k * 17);
        cmd(line);
        cmd("sign");
        int n = read_pen(pen, 2000, 11, 1000);
        assert_true(n > 0 && n <= k * 17); /* what was not fetched yet went with the cable */
        uint8_t r[5];
        assert_int_equal(feature_get(0x03, r, 5), LIBUSB_ERROR_NO_DEVICE);
        libusb_close(dev);
        dev = NULL;
        cmd("plug");
        open_device();
        expect_status(0, 0); /* it forgot the capture */
        char reply[2048] = "";
        for (long end = now_ms() + 5000;
             !strstr(reply, "\"pen\":\"away\"") && now_ms() < end;) /* the hand goes on */
            vdev_cmd_at(dir, "state", reply, sizeof reply);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    dir = vdev_self("pad", argv);
    if (libusb_init(&ctx) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_states, setup, teardown),
        cmocka_unit_test_setup_teardown(test_images, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signature, setup, teardown),
        cmocka_unit_test_setup_teardown(test_losses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_points, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unplug, setup, teardown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    libusb_exit(ctx);
    return failed;
}
