/* What the technician's reports rest on: the machine's own state with the fix for each fault, the memory of
 * which unit stood where, and what remains of the service without a device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fs.h"
#include "firmware/ctl_diagnose.h"
#include "firmware/degrade.h"
#include "firmware/driver_known.h"

static char dir[64];
static struct arena *a;

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    snprintf(dir, sizeof(dir), "/tmp/pridvor-tech-XXXXXX");
    return mkdtemp(dir) ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", dir, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    arena_free(a);
    return 0;
}

static void put(const char *name, const char *text)
{
    struct err e = {0};
    char *path = arena_fmt(a, "%s/%s", dir, name), *folder = arena_str(a, path);
    *strrchr(folder, '/') = 0;
    assert_int_equal(fs_mkdirs(folder, 0755, &e), RC_OK);
    assert_int_equal(fs_write(path, text, strlen(text), 0644, &e), RC_OK);
}

/* One device with one interface, as sysfs shows it. */
static void device(const char *port, const char *vid, const char *pid, const char *words, int number)
{
    char cls[4], sub[4], proto[4], n[8];
    assert_int_equal(sscanf(words, "%3s %3s %3s", cls, sub, proto), 3);
    snprintf(n, sizeof(n), "%d\n", number);
    const char *base = arena_fmt(a, "sys/bus/usb/devices/%s", port);
    const char *face = arena_fmt(a, "sys/bus/usb/devices/%s:1.0", port);
    put(arena_fmt(a, "%s/idVendor", base), vid);
    put(arena_fmt(a, "%s/idProduct", base), pid);
    put(arena_fmt(a, "%s/busnum", base), "1\n");
    put(arena_fmt(a, "%s/devnum", base), n);
    put(arena_fmt(a, "%s/power/control", base), number % 2 ? "auto\n" : "on\n");
    put(arena_fmt(a, "%s/bInterfaceClass", face), cls);
    put(arena_fmt(a, "%s/bInterfaceSubClass", face), sub);
    put(arena_fmt(a, "%s/bInterfaceProtocol", face), proto);
}

static void on_finding(void *user, const char *name, bool ok, const char *text)
{
    buf_fmt(user, "%s %s %s\n", ok ? "ok" : "BAD", name, text);
}

static void diagnose(void **state)
{
    (void)state;
    BUF_SCOPE(b);
    device("1-1", "1234\n", "5678\n", "0b 00 00", 3); /* a CCID reader by class, autosuspend */
    device("1-2", "04b8\n", "0202\n", "07 01 02", 4); /* a receipt printer, held by usblp */
    device("1-3", "046d\n", "c31c\n", "03 01 01", 5); /* a keyboard: not ours */
    put("dev/bus/usb/001/004", "");
    put("sys/bus/usb/drivers/usblp/x", "");
    assert_int_equal(symlink(arena_fmt(a, "%s/sys/bus/usb/drivers/usblp", dir),
                             arena_fmt(a, "%s/sys/bus/usb/devices/1-2:1.0/driver", dir)),
                     0);
    put("run/pcscd/pcscd.comm", "");
    const char *source = getenv("PRIDVOR_SOURCE");
    setenv("PRIDVOR_SYSROOT", dir, 1);
    ctl_diagnose(a, arena_fmt(a, "%s/configs", source ? source : "."), on_finding, &b);
    unsetenv("PRIDVOR_SYSROOT");
    static const char *const said[] = {
        "BAD rights card on port 1-1",
        "usermod -aG pridvor",
        "BAD autosuspend card on port 1-1",
        "power/control",
        "BAD pcscd pcscd runs",
        "systemctl disable --now pcscd.socket",
        "\"transport\": \"pcsc\"",
        "ok rights print on port 1-2",
        "BAD usblp",
        "blacklist usblp",
        "ok usb 3 devices",
    };
    for (size_t i = 0; i < COUNT(said); i++)
        if (!strstr(b.p, said[i]))
            fail_msg("not said: %s\n%s", said[i], b.p);
    assert_null(strstr(b.p, "1-3"));
    assert_null(strstr(b.p, "autosuspend print"));
}

static void units(void **state)
{
    (void)state;
    const char *path = arena_fmt(a, "%s/devices.json", dir);
    static const struct {
        struct known now;
        enum known_news news;
        bool open;
    } steps[] = {
        {{"pad", "STU", "A1", "1-1", NULL}, KNOWN_NEW, false},
        {{"pad", "STU", "A1", "1-1", NULL}, KNOWN_SAME, false},
        {{"pad", "STU", "A1", "1-2", NULL}, KNOWN_MOVED, false},  /* the same unit, another port */
        {{"pad", "STU", "B2", "1-2", NULL}, KNOWN_SWAPPED, true}, /* another unit, the same port */
        {{"pad", "STU", "B2", "1-2", NULL}, KNOWN_SAME, true},    /* still not accepted */
        {{"print", "TM", "", "1-3", NULL}, KNOWN_NEW, false},     /* without a serial the port counts */
        {{"print", "TM", "", "1-4", NULL}, KNOWN_MOVED, false},
        {{"print", "CT", "", "1-4", NULL}, KNOWN_SWAPPED, true},
    };
    struct known_file *k = known_load(path);
    for (size_t i = 0; i < COUNT(steps); i++) {
        assert_int_equal(known_seen(k, &steps[i].now), steps[i].news);
        const struct known *is = known_of(k, steps[i].now.name);
        assert_non_null(is);
        assert_int_equal(is->was && is->was[0], steps[i].open);
        known_free(k); /* a restart changes nothing */
        k = known_load(path);
    }
    assert_true(known_accept(k, "pad"));
    assert_false(known_accept(k, "pad"));
    assert_false(known_accept(k, "scan"));
    known_free(k);
    put("devices.json", "{\"devices\":[{\"name\":");
    k = known_load(path); /* half a file is an empty one */
    assert_null(known_of(k, "pad"));
    assert_int_equal(known_seen(k, &steps[0].now), KNOWN_NEW);
    known_free(k);
}

static bool usable(void *user, const char *device_name)
{
    return !strstr(user, device_name);
}

static void degraded(void **state)
{
    (void)state;
    struct degrade d;
    struct err e = {0};
    const char *source = getenv("PRIDVOR_SOURCE");
    assert_int_equal(degrade_load(a, arena_fmt(a, "%s/configs", source ? source : "."), &d, &e), RC_OK);
    static const struct {
        const char *broken;
        bool signs, files;
        size_t n;
        const char *first;
    } rows[] = {{"", true, true, 0, NULL},
                {"card", true, true, 1, "degrade.card"},
                {"pad", false, true, 0, NULL},
                {"pad", true, true, 1, "degrade.pad"},
                {"scan", true, false, 0, NULL},
                {"scan", true, true, 1, "degrade.scan"},
                {"print register", true, true, 2, "degrade.print"},
                {"card print pad scan register", true, true, 5, "degrade.card"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct degrade_row *out[DEGRADE_MAX];
        const struct degrade_now now = {usable, (void *)(uintptr_t)rows[i].broken, rows[i].signs,
                                        rows[i].files};
        assert_int_equal(degrade_missing(&d, &now, out, DEGRADE_MAX), rows[i].n);
        if (rows[i].first)
            assert_string_equal(out[0]->say, rows[i].first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(diagnose), cmocka_unit_test(units),
                                       cmocka_unit_test(degraded)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
