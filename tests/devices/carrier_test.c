/* The carrier against unmodified libusb: the list of what must run over it. The test starts the probe device
 * and itself again as its client, because the client needs the preload library from its first instruction on.
 */
#include <libusb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "tests/devices/harness.h"

enum { VID = 0x1209, PID = 0x0001, OUT = 0x01, IN = 0x82, INT = 0x83 };

static libusb_context *ctx;
static const char *dir; /* of the device */
static atomic_int arrived, left;

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void cmd(const char *line)
{
    if (vdev_cmd_at(dir, line, NULL, 0) != 0) {
        fprintf(stderr, "command refused: %s\n", line);
        exit(1);
    }
}

#define CHECK(cond)                                                                                          \
    do {                                                                                                     \
        if (!(cond)) {                                                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                                       \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static int on_hotplug(libusb_context *c, libusb_device *d, libusb_hotplug_event e, void *user)
{
    (void)c;
    (void)d;
    (void)user;
    atomic_fetch_add(e == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED ? &arrived : &left, 1);
    return 0;
}

static void pump(int ms)
{
    struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    libusb_handle_events_timeout_completed(ctx, &t, NULL);
}

static bool until(atomic_int *what, int value, int ms)
{
    for (long end = now_ms() + ms; now_ms() < end; pump(20))
        if (atomic_load(what) >= value)
            return true;
    return atomic_load(what) >= value;
}

static libusb_device_handle *open_claimed(void)
{
    libusb_device_handle *h = libusb_open_device_with_vid_pid(ctx, VID, PID);
    CHECK(h);
    libusb_set_auto_detach_kernel_driver(h, 1);
    CHECK(libusb_claim_interface(h, 0) == 0);
    return h;
}

static void check_open(void)
{
    libusb_device_handle *h = libusb_open_device_with_vid_pid(ctx, VID, PID);
    CHECK(h);
    CHECK(libusb_kernel_driver_active(h, 0) == 1);
    CHECK(libusb_claim_interface(h, 0) == LIBUSB_ERROR_BUSY);
    libusb_set_auto_detach_kernel_driver(h, 1);
    CHECK(libusb_claim_interface(h, 0) == 0);
    libusb_device_handle *other = libusb_open_device_with_vid_pid(ctx, VID, PID);
    CHECK(libusb_claim_interface(other, 0) == LIBUSB_ERROR_BUSY);
    libusb_close(other);
    unsigned char text[64];
    CHECK(libusb_get_string_descriptor_ascii(h, 2, text, sizeof text) == 5 &&
          strcmp((char *)text, "Probe") == 0);
    CHECK(libusb_get_string_descriptor_ascii(h, 9, text, sizeof text) == LIBUSB_ERROR_PIPE);
    int conf = 0;
    CHECK(libusb_get_configuration(h, &conf) == 0 && conf == 1);
    CHECK(libusb_release_interface(h, 0) == 0);
    CHECK(libusb_kernel_driver_active(h, 0) == 1); /* bound again: CONNECT said so */
    libusb_close(h);
}

static void check_control(libusb_device_handle *h)
{
    unsigned char d[600];
    CHECK(libusb_control_transfer(h, 0xC0, 2, 7, 0, d, sizeof d, 20000) == (int)sizeof d);
    for (size_t i = 0; i < sizeof d; i++)
        CHECK(d[i] == (unsigned char)(7 + i));
    CHECK(libusb_control_transfer(h, 0xC0, 3, 0, 0, d, 8, 20000) == LIBUSB_ERROR_PIPE);
    long t = now_ms();
    CHECK(libusb_control_transfer(h, 0xC0, 5, 0, 0, d, 8, 150) == LIBUSB_ERROR_TIMEOUT);
    CHECK(now_ms() - t >= 140 && now_ms() - t < 20000);
}

static void check_bulk(libusb_device_handle *h)
{
    unsigned char d[300], big[70] = "E over and out";
    int n;
    for (int round = 0; round < 50; round++) {
        CHECK(libusb_bulk_transfer(h, OUT, big, sizeof big, &n, 20000) == 0 && n == (int)sizeof big);
        CHECK(libusb_bulk_transfer(h, IN, d, sizeof d, &n, 20000) == 0 && n == (int)sizeof big);
        CHECK(memcmp(d, big, sizeof big) == 0);
    }
    /* a buffer shorter than the message: the rest waits */
    CHECK(libusb_bulk_transfer(h, OUT, big, sizeof big, &n, 20000) == 0);
    CHECK(libusb_bulk_transfer(h, IN, d, 64, &n, 20000) == 0 && n == 64);
    CHECK(libusb_bulk_transfer(h, IN, d, 64, &n, 20000) == 0 && n == 6);
    long t = now_ms();
    CHECK(libusb_bulk_transfer(h, IN, d, sizeof d, &n, 200) == LIBUSB_ERROR_TIMEOUT && n == 0);
    CHECK(now_ms() - t >= 190);
    cmd("stall");
    CHECK(libusb_bulk_transfer(h, IN, d, sizeof d, &n, 20000) == LIBUSB_ERROR_PIPE);
    CHECK(libusb_clear_halt(h, IN) == 0);
    CHECK(libusb_reset_device(h) == 0);
}

static void check_big(libusb_device_handle *h)
{
    static unsigned char mega[1 << 20];
    unsigned char d[4];
    unsigned before, after;
    int n;
    CHECK(libusb_control_transfer(h, 0xC0, 4, 0, 0, d, 4, 20000) == 4);
    memcpy(&before, d, 4);
    CHECK(libusb_bulk_transfer(h, OUT, mega, sizeof mega, &n, 5000) == 0 && n == (int)sizeof mega);
    CHECK(libusb_control_transfer(h, 0xC0, 4, 0, 0, d, 4, 20000) == 4);
    memcpy(&after, d, 4);
    CHECK(after - before == sizeof mega);
    /* NAK in the middle: the time-out says how much went, and with room again it goes on */
    cmd("room 1000");
    CHECK(libusb_bulk_transfer(h, OUT, mega, 5000, &n, 200) == LIBUSB_ERROR_TIMEOUT && n == 1000);
    cmd("room 100000000");
    CHECK(libusb_bulk_transfer(h, OUT, mega, 5000, &n, 20000) == 0 && n == 5000);
}

static void LIBUSB_CALL on_done(struct libusb_transfer *t)
{
    *(int *)t->user_data = 1 + (int)t->status;
}

static int run_transfer(struct libusb_transfer *t, int *done, int ms)
{
    for (long end = now_ms() + ms; !*done && now_ms() < end;)
        pump(50);
    (void)t;
    return *done - 1;
}

static void check_interrupt(libusb_device_handle *h)
{
    unsigned char buf[8], say[4] = {1, 2, 3, 4};
    int done = 0;
    struct libusb_transfer *t = libusb_alloc_transfer(0);
    libusb_fill_interrupt_transfer(t, h, INT, buf, sizeof buf, on_done, &done, 0);
    CHECK(libusb_submit_transfer(t) == 0);
    struct rusage a, b;
    getrusage(RUSAGE_SELF, &a);
    long begin = now_ms(); /* the device's 300 ms begin within this call */
    CHECK(libusb_control_transfer(h, 0x40, 1, 300, 0, say, 4, 20000) == 4);
    CHECK(run_transfer(t, &done, 20000) == LIBUSB_TRANSFER_COMPLETED);
    long took = now_ms() - begin;
    getrusage(RUSAGE_SELF, &b);
    CHECK(t->actual_length == 4 && memcmp(buf, say, 4) == 0);
    CHECK(took >= 280);
    long cpu = (b.ru_utime.tv_usec - a.ru_utime.tv_usec + b.ru_stime.tv_usec - a.ru_stime.tv_usec) / 1000 +
               (b.ru_utime.tv_sec - a.ru_utime.tv_sec + b.ru_stime.tv_sec - a.ru_stime.tv_sec) * 1000;
    fprintf(stderr, "interrupt after %ld ms, client CPU %ld ms\n", took, cpu);
    done = 0;
    CHECK(libusb_submit_transfer(t) == 0);
    CHECK(libusb_cancel_transfer(t) == 0);
    CHECK(run_transfer(t, &done, 20000) == LIBUSB_TRANSFER_CANCELLED);
    libusb_free_transfer(t);
}

static atomic_int stop_events, failures;

static void *event_thread(void *p)
{
    (void)p;
    while (!atomic_load(&stop_events))
        pump(50);
    return NULL;
}

static void *control_thread(void *h)
{
    unsigned char d[16];
    for (int i = 0; i < 200; i++)
        if (libusb_control_transfer(h, 0xC0, 2, (uint16_t)i, 0, d, 16, 5000) != 16 ||
            d[3] != (unsigned char)(i + 3))
            atomic_fetch_add(&failures, 1);
    return NULL;
}

static void check_threads(libusb_device_handle *h)
{
    pthread_t ev, t[4];
    long begin = now_ms();
    CHECK(pthread_create(&ev, NULL, event_thread, NULL) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&t[i], NULL, control_thread, h) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    atomic_store(&stop_events, 1);
    pthread_join(ev, NULL);
    CHECK(atomic_load(&failures) == 0);
    fprintf(stderr, "800 control transfers from 4 threads: %ld ms\n", now_ms() - begin);
}

static void check_unplug(libusb_device_handle *h)
{
    unsigned char buf[8];
    int done = 0, was_left = atomic_load(&left), was_arrived = atomic_load(&arrived);
    struct libusb_transfer *t = libusb_alloc_transfer(0);
    libusb_fill_interrupt_transfer(t, h, INT, buf, sizeof buf, on_done, &done, 0);
    CHECK(libusb_submit_transfer(t) == 0);
    cmd("unplug");
    CHECK(run_transfer(t, &done, 20000) == LIBUSB_TRANSFER_NO_DEVICE);
    CHECK(until(&left, was_left + 1, 5000));
    unsigned char d[8];
    CHECK(libusb_control_transfer(h, 0xC0, 2, 0, 0, d, 8, 20000) == LIBUSB_ERROR_NO_DEVICE);
    libusb_free_transfer(t);
    libusb_close(h);
    CHECK(libusb_open_device_with_vid_pid(ctx, VID, PID) == NULL);
    cmd("plug");
    CHECK(until(&arrived, was_arrived + 1, 5000));
    h = open_claimed();
    CHECK(libusb_control_transfer(h, 0xC0, 2, 0, 0, d, 8, 20000) == 8);
    /* by script, in the middle of a burst: every transfer ends, none hangs */
    cmd("script after 7 transfers unplug; wait 100ms; plug");
    int ok = 0, r = 0;
    for (int i = 0; i < 20 && r >= 0; i++)
        if ((r = libusb_control_transfer(h, 0xC0, 2, 0, 0, d, 8, 20000)) == 8)
            ok++;
    CHECK((ok == 6 || ok == 7) && (r == LIBUSB_ERROR_NO_DEVICE || r == LIBUSB_ERROR_IO));
    libusb_close(h);
    CHECK(until(&arrived, was_arrived + 2, 5000));
}

/* Many times in one process: umockdev's preload library has room for 50 open nodes and must get them back. */
static void check_cycles(void)
{
    unsigned char d[8];
    for (int i = 0; i < 60; i++) {
        int was = atomic_load(&arrived);
        libusb_device_handle *h = open_claimed();
        CHECK(libusb_control_transfer(h, 0xC0, 2, 0, 0, d, 8, 20000) == 8);
        libusb_close(h);
        if (i % 6 != 0)
            continue;
        cmd("unplug");
        cmd("plug");
        CHECK(until(&arrived, was + 1, 5000));
    }
}

static int client(void)
{
    CHECK(libusb_init(&ctx) == 0);
    libusb_hotplug_callback_handle hp;
    CHECK(libusb_hotplug_register_callback(
              ctx, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
              LIBUSB_HOTPLUG_ENUMERATE, VID, PID, LIBUSB_HOTPLUG_MATCH_ANY, on_hotplug, NULL, &hp) == 0);
    CHECK(atomic_load(&arrived) == 1);
    check_open();
    libusb_device_handle *h = open_claimed();
    check_control(h);
    check_bulk(h);
    check_big(h);
    check_interrupt(h);
    check_threads(h);
    check_unplug(h);
    check_cycles();
    libusb_exit(ctx);
    return 0;
}

/* ---- the test's own side ---- */

static const char *self;

static void test_libusb(void **state)
{
    (void)state;
    struct vdev_proc v;
    assert_true(vdev_start(&v, "probe", NULL));
    pid_t pid = vdev_spawn(&v, (const char *const[]){self, "client", v.dir, NULL}, NULL, NULL);
    assert_int_equal(vdev_wait(pid, 60000), 0);
    vdev_stop(&v);
}

static int holder(void)
{
    CHECK(libusb_init(&ctx) == 0);
    libusb_device_handle *h = open_claimed();
    unsigned char d[8];
    for (long end = now_ms() + 20000; now_ms() < end;)
        CHECK(libusb_control_transfer(h, 0xC0, 2, 0, 0, d, 8, 20000) == 8);
    return 1;
}

/* A client killed in the middle of a call leaves no claim behind. */
static void test_killed_client(void **state)
{
    (void)state;
    struct vdev_proc v;
    assert_true(vdev_start(&v, "probe", NULL));
    for (int i = 1; i <= 10; i++) {
        char want[32];
        snprintf(want, sizeof want, "\"claims\":%d", i);
        pid_t pid = vdev_spawn(&v, (const char *const[]){self, "holder", v.dir, NULL}, NULL, NULL);
        assert_true(vdev_until(&v, want, 30000));
        struct timespec t = {.tv_nsec = 3000000L * i};
        nanosleep(&t, NULL);
        assert_int_equal(vdev_wait(pid, 0), -1);
    }
    vdev_stop(&v);
}

static void test_lsusb(void **state)
{
    (void)state;
    struct vdev_proc v;
    assert_true(vdev_start(&v, "printer", NULL));
    int out;
    pid_t pid = vdev_spawn(&v, (const char *const[]){"lsusb", "-v", NULL}, NULL, &out);
    static char text[65536];
    size_t at = 0;
    FILE *f = fdopen(out, "r");
    at = fread(text, 1, sizeof text - 1, f);
    text[at] = '\0';
    fclose(f);
    int rc = vdev_wait(pid, 10000);
    vdev_stop(&v);
    if (rc == 127)
        skip();
    assert_int_equal(rc, 0);
    assert_non_null(strstr(text, "04b8"));
    assert_non_null(strstr(text, "bInterfaceProtocol      2"));
}

static void test_garbage(void **state)
{
    (void)state;
    struct vdev_proc v;
    char reply[512];
    assert_true(vdev_start(&v, "probe", NULL));
    static char junk[200000];
    unsigned seed = 1;
    for (int round = 0; round < 300; round++) {
        size_t n = 1 + (size_t)rand_r(&seed) % 400;
        for (size_t i = 0; i < n; i++)
            junk[i] = (char)(1 + rand_r(&seed) % 255);
        junk[n] = '\0';
        for (char *p = junk; (p = strchr(p, '\n'));)
            *p = ' ';
        assert_int_not_equal(vdev_cmd(&v, junk, reply, sizeof reply), 0);
    }
    memset(junk, 'x', sizeof junk - 1);
    vdev_cmd(&v, junk, reply, sizeof reply);
    assert_int_equal(vdev_cmd(&v, "script at mm x", reply, sizeof reply), 1);
    assert_int_equal(vdev_cmd(&v, "script wait 3s x", reply, sizeof reply), 1);
    assert_int_equal(vdev_cmd(&v, "script wait 10ms; room 5; after 2 transfers room 6", reply, sizeof reply),
                     0);
    assert_true(vdev_until(&v, "\"script_done\":2,\"script_left\":1", 30000));
    vdev_stop(&v);
}

int main(int argc, char **argv)
{
    self = "/proc/self/exe";
    if (argc == 3) {
        dir = argv[2];
        return strcmp(argv[1], "client") == 0 ? client() : holder();
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_libusb), cmocka_unit_test(test_killed_client),
                                       cmocka_unit_test(test_lsusb), cmocka_unit_test(test_garbage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
