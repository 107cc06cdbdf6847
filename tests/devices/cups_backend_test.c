/* The usb backend of CUPS, as the distribution ships it, takes the printer models for printers: it finds
 * them, reads their IEEE 1284 id, and prints a raw job on them dot by dot. Somebody else's eyes on our
 * models. */
#include <cairo.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/devices/harness.h"

#define BACKEND "/usr/lib/cups/backend/usb"
#define ROWS 200

static const struct {
    const char *model, *uri, *name, *id;
    int dots, blade;
} makes[] = {
    {"tm-t20iii", "usb://EPSON/TM-T20III?serial=PRDV000042", "\"EPSON TM-T20III\"", "MDL:TM-T20III;", 576,
     120},
    {"custom-kpm", "usb://CUSTOM%20SPA/KPM180H?serial=PRDV000042", "\"CUSTOM SPA KPM180H\"", "MDL:KPM180H;",
     640, 160},
    {"clone-no-status", "usb://USB/POS80%20Printer?serial=PRDV000042", "\"USB POS80 Printer\"",
     "MDL:POS80 Printer;", 576, 96},
};

static struct vdev_proc v;
static char backend[160], job[160];

/* The backend may be executable for root alone: a copy of it is not. */
static bool copy(const char *from, const char *to)
{
    static char bytes[1 << 20];
    FILE *f = fopen(from, "rb"), *t = f ? fopen(to, "wb") : NULL;
    size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    bool ok = t && n > 0 && n < sizeof bytes && fwrite(bytes, 1, n, t) == n;
    if (f)
        fclose(f);
    if (t)
        ok = fclose(t) == 0 && ok;
    return ok && chmod(to, 0755) == 0;
}

static bool black(int x, int y)
{
    return (x * 7 + y * 3) % 11 < 4;
}

/* ESC @, one GS v 0, GS V 66 0. */
static size_t write_job(int dots)
{
    int stride = dots / 8;
    FILE *f = fopen(job, "wb");
    assert_non_null(f);
    const uint8_t head[] = {0x1b, 0x40, 0x1d, 0x76, 0x30, 0, (uint8_t)stride, 0, ROWS, 0};
    fwrite(head, 1, sizeof head, f);
    for (int y = 0; y < ROWS; y++)
        for (int i = 0; i < stride; i++) {
            int b = 0;
            for (int x = 0; x < 8; x++)
                b |= black(8 * i + x, y) ? 0x80 >> x : 0;
            fputc(b, f);
        }
    fwrite("\x1d\x56\x42\x00", 1, 4, f);
    long n = ftell(f);
    fclose(f);
    return (size_t)n;
}

static int run(const char *const *argv, char *out, size_t cap)
{
    int fd = -1;
    size_t at = 0;
    pid_t pid = vdev_spawn(&v, argv, NULL, &fd);
    assert_true(pid > 0);
    for (ssize_t n; at + 1 < cap && (n = read(fd, out + at, cap - 1 - at)) > 0;)
        at += (size_t)n;
    out[at] = '\0';
    close(fd);
    return vdev_wait(pid, 30000);
}

static void same_dots(size_t k)
{
    cairo_surface_t *s = cairo_image_surface_create_from_png(vdev_path(&v, "paper-1.png"));
    assert_int_equal(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
    cairo_surface_t *flat =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, makes[k].dots, ROWS + makes[k].blade);
    cairo_t *c = cairo_create(flat);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    cairo_set_source_surface(c, s, 0, 0);
    cairo_paint(c);
    cairo_surface_flush(flat);
    assert_int_equal(cairo_image_surface_get_width(s), makes[k].dots);
    assert_int_equal(cairo_image_surface_get_height(s), ROWS + makes[k].blade);
    const uint8_t *p = cairo_image_surface_get_data(flat);
    for (int y = 0; y < ROWS; y++)
        for (int x = 0; x < makes[k].dots; x++) {
            const uint8_t *px =
                p + (ptrdiff_t)(y + makes[k].blade) * cairo_image_surface_get_stride(flat) + 4 * x;
            if ((px[0] < 128) != black(x, y))
                fail_msg("%s: dot %d,%d", makes[k].model, x, y);
        }
    cairo_destroy(c);
    cairo_surface_destroy(flat);
    cairo_surface_destroy(s);
}

static void accepted(void **state)
{
    (void)state;
    char out[8192];
    for (size_t k = 0; k < sizeof makes / sizeof makes[0]; k++) {
        assert_true(
            vdev_start_args(&v, "printer", NULL, (const char *const[]){"--model", makes[k].model, NULL}));
        assert_int_equal(vdev_cmd(&v, "speed 2000", NULL, 0), 0);
        assert_int_equal(run((const char *const[]){backend, NULL}, out, sizeof out), 0);
        if (!strstr(out, makes[k].uri) || !strstr(out, makes[k].name) || !strstr(out, makes[k].id))
            fail_msg("%s is listed as: %s", makes[k].model, out);
        size_t n = write_job(makes[k].dots);
        setenv("DEVICE_URI", makes[k].uri, 1);
        /* 134: under load the backend's own reading thread may still be aborted while libusb ends; by then
         * the paper is out, and it is judged below. */
        int rc = run((const char *const[]){backend, "1", "me", "bon", "1", "", job, NULL}, out, sizeof out);
        assert_true(rc == 0 || rc == 134);
        assert_true(vdev_until(&v, "\"tickets\":1,", 20000));
        assert_int_equal(vdev_num(&v, "bytes"), n);
        assert_int_equal(vdev_num(&v, "bad") + vdev_num(&v, "unknown") + vdev_num(&v, "text_bytes"), 0);
        same_dots(k);
        print_message("CUPS printed %zu bytes on %s\n", n, makes[k].uri);
        vdev_stop(&v);
    }
}

int main(void)
{
    if (access(BACKEND, R_OK) != 0) {
        print_message("no %s here (package cups)\n", BACKEND);
        return 77;
    }
    snprintf(backend, sizeof backend, "/tmp/pridvor-cups-%d", getpid());
    snprintf(job, sizeof job, "/tmp/pridvor-job-%d", getpid());
    const struct CMUnitTest tests[] = {cmocka_unit_test(accepted)};
    int rc = copy(BACKEND, backend) ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
    unlink(backend);
    unlink(job);
    return rc;
}
