/* Debian's own pcscd and libccid, unmodified, in private folders: they accept the reader model (they check it
 * as it checks our driver), and our driver reads through them with --transport pcsc. */
#include "tests/devices/card_rig.h"

#include "common/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PCSCD "/usr/sbin/pcscd"
#define LIBCCID "/usr/lib/pcsc/drivers/ifd-ccid.bundle"
#define SOCKET "/run/pcscd/pcscd.comm"

static const char t0_atr[] = "3B1F9680738421E0556978000080830790"
                             "00";
static pid_t daemon_pid;

/* A /run of our own, so that no pcscd of this machine is touched and ours finds its place. */
static bool private_run(void)
{
    uid_t uid = getuid();
    char map[64];
    if (uid != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return false;
        snprintf(map, sizeof map, "0 %u 1", uid);
        int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
        bool ok = fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map);
        if (fd >= 0)
            close(fd);
        if (!ok)
            return false;
    } else if (unshare(CLONE_NEWNS) != 0) {
        return false;
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0 && mkdir("/run/pcscd", 0755) == 0;
}

static void pcscd_up(void)
{
    const char *const argv[] = {PCSCD, "--foreground", "--critical", NULL};
    daemon_pid = vdev_spawn(&v, argv, NULL, NULL);
    assert_true(daemon_pid > 0);
    for (int64_t until = mono_ms() + 10000; access(SOCKET, F_OK) != 0; usleep(5000))
        if (mono_ms() > until || waitpid(daemon_pid, NULL, WNOHANG) == daemon_pid)
            fail_msg("pcscd does not start");
}

static void pcscd_down(void)
{
    kill(daemon_pid, SIGTERM);
    vdev_wait(daemon_pid, 10000);
    unlink(SOCKET);
}

/* Our driver outside of the virtual USB: only pcscd sees the reader. */
static void kdrv_up(void)
{
    static struct vdev_proc outside;
    setenv("PRIDVOR_KDRV_TRANSPORT", "pcsc", 1);
    assert_true(kdrv_start(&k, &outside, "card", NULL));
}

static void begin(const char *level, const char *card)
{
    setenv("PRIDVOR_READER_LEVEL", level, 1);
    const char *const args[] = {"--card", card, NULL};
    assert_true(vdev_start_args(&v, "reader", NULL, args));
    pcscd_up();
    kdrv_up();
    assert_true(kdrv_link(&k, "up", 15000));
}

static void end(void)
{
    assert_int_equal(kdrv_stop(&k), 0);
    pcscd_down();
    vdev_stop(&v);
}

static void levels(void **state)
{
    (void)state;
    static const char *const list[] = {"short", "extended", "whole", "tpdu"};
    for (size_t i = 0; i < COUNT(list); i++) {
        begin(list[i], "A");
        struct frame f = expect(CAN_A, "ok", "");
        assert_int_equal(jval_get(f.data, "files")->n, 5);
        print_message("  %s: %lld APDUs, %lld B in, %lld ms\n", list[i],
                      (long long)jval_int(f.data, "apdus", 0), (long long)jval_int(f.data, "bytes_in", 0),
                      (long long)jval_int(f.data, "ms", 0));
        assert_string_equal(kdrv_do(&k, "status", "{}", 0, &f), "ok");
        assert_string_equal(jval_str(f.data, "transport", ""), "pcsc");
        assert_non_null(strstr(jval_str(f.data, "reader", ""), "Gemalto"));
        expect("{\"can\":\"111111\"}", "user-needed", "CAN_WRONG");
        vcmd("swap C");
        good(MRZ_C);
        end();
    }
}

static void t0(void **state)
{
    (void)state;
    char line[96];
    begin("tpdu", "B");
    snprintf(line, sizeof line, "atr %s", t0_atr);
    vcmd("remove");
    vcmd(line);
    vcmd("insert A");
    good(CAN_A);
    end();
}

static void presence(void **state)
{
    (void)state;
    struct frame f;
    begin("extended", "A");
    for (int i = 0; i < 3; i++) {
        unsigned before = k.removed;
        vcmd("remove");
        while (k.removed == before)
            assert_true(kdrv_frame(&k, &f, 5000));
        expect(DG1_A, "user-needed", "CARD_ABSENT");
        before = k.inserted;
        vcmd("insert A");
        while (k.inserted == before)
            assert_true(kdrv_frame(&k, &f, 5000));
        good(DG1_A);
    }
    vcmd("unplug");
    assert_true(kdrv_link(&k, "absent", 30000));
    vcmd("plug");
    assert_true(kdrv_link(&k, "up", 15000));
    good(DG1_A);
    end();
}

#define PCSCD_LOOKS_MS 800 /* it looks at the slot each 400 ms while a card is in use, and not between */

/* In the middle of a reading, and put in again as fast as a hand can. A card that is back before the service
 * looked (400 ms) is taken for the old one, and absent, until it is taken out again. */
static void pulled(void **state)
{
    (void)state;
    struct frame f;
    begin("extended", "A");
    for (unsigned n = 1; n < 26; n += 2) {
        char script[64];
        unsigned inserted = k.inserted;
        snprintf(script, sizeof script, "script after %u apdu remove", n);
        vcmd(script);
        kdrv_do(&k, "read", CAN_A, 0, &f);
        if (strcmp(f.code, "CARD_REMOVED") != 0)
            fail_msg("pulled after %u APDUs: %s %s (%s)", n, f.completion, f.code, f.text);
        assert_int_equal(k.completions, 1);
        usleep(PCSCD_LOOKS_MS * 1000);
        vcmd("insert A");
        while (k.inserted == inserted)
            assert_true(kdrv_frame(&k, &f, 5000));
        good(DG1_A);
        cases++;
    }
    end();
}

/* Who holds what is said by its name; without the service there is a sentence, and it is found when it comes.
 */
static void owners(void **state)
{
    (void)state;
    struct frame f;
    begin("extended", "A");
    struct kdrv other;
    unsetenv("PRIDVOR_KDRV_TRANSPORT");
    assert_true(kdrv_start(&other, &v, "card", NULL)); /* the same reader by USB */
    int64_t until = mono_ms() + 10000;
    do
        assert_string_equal(kdrv_do(&other, "status", "{}", 0, &f), "no-device");
    while (!strstr(f.text, "pcscd") && mono_ms() < until);
    assert_non_null(strstr(f.text, "pcscd"));
    print_message("  %s\n", f.text);
    assert_string_not_equal(other.link, "up");
    assert_int_equal(kdrv_stop(&other), 0);
    good(DG1_A);
    pcscd_down();
    assert_true(kdrv_link(&k, "retry", 30000) || kdrv_link(&k, "absent", 1000));
    assert_string_equal(kdrv_do(&k, "read", DG1_A, 0, &f), "no-device");
    assert_non_null(strstr(f.text, "pcscd"));
    print_message("  %s\n", f.text);
    pcscd_up();
    assert_true(kdrv_link(&k, "up", 20000));
    good(DG1_A);
    end();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(levels), cmocka_unit_test(t0),
                                       cmocka_unit_test(presence), cmocka_unit_test(pulled),
                                       cmocka_unit_test(owners)};
    if (access(PCSCD, X_OK) != 0 || access(LIBCCID, F_OK) != 0) {
        print_message("skipped: pcscd or libccid is not installed\n");
        return 77;
    }
    if (!private_run()) {
        print_message("skipped: no mount namespace here (%s)\n", strerror(errno));
        return 77;
    }
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, rig_begin, rig_finish);
}
