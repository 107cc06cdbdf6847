/* The card driver as a process: what stays in memory, what a kill does, what a hand on the command line gets.
 */
#include "tests/devices/card_rig.h"

#include "common/base/clock.h"
#include "drivers/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* After the end of a session nothing of the person is left in memory. */
static void memory(void **state)
{
    (void)state;
    static const char *const needles[] = {"POPESCU",  "ANA MARIA", "ANA<MARIA", "2900314120112",
                                          "XX204815", "TARANU",    "123456<",   "\"123456\""};
    struct frame f;
    unsigned seen = 0;
    up("A");
    good(CAN_A);
    vcmd("delay 100"); /* in the middle of a read the control shows that the search finds what is there */
    int64_t id = kdrv_send(&k, "read", CAN_A, 0);
    while (!k.identities && kdrv_frame(&k, &f, 5000))
        ;
    for (size_t i = 0; i < COUNT(needles); i++)
        seen += kdrv_memory(&k, needles[i]) > 0;
    vcmd("delay 0");
    assert_true(kdrv_completion(&k, id, &f, 20000));
    if (seen == 0) {
        print_message("memory may not be read here\n");
        down();
        skip();
    }
    assert_string_equal(kdrv_do(&k, "wipe", "{}", 0, &f), "ok");
    for (size_t i = 0; i < COUNT(needles); i++) {
        int n = kdrv_memory(&k, needles[i]);
        if (n != 0)
            fail_msg("'%s' stands %d times in memory after wipe", needles[i], n);
        cases++;
    }
    print_message("control: %u needles found while reading, none after wipe; resident %ld kB\n", seen,
                  kdrv_rss_kb(&k));
    down();
}

/* Killed at some moments of a read; the next process reads at once. */
static void killed(void **state)
{
    (void)state;
    struct frame f;
    up("A");
    for (int i = 0; i < 6; i++, cases++) {
        kdrv_send(&k, "read", CAN_A, 0);
        for (int n = 0; n < i * 2 + 1; n++)
            assert_true(kdrv_frame(&k, &f, 5000));
        kill(k.pid, SIGKILL);
        kdrv_stop(&k);
        int64_t at = mono_ms();
        assert_true(kdrv_start(&k, &v, "card", rows));
        assert_true(kdrv_link(&k, "up", 30000));
        if (i == 0)
            print_message("killed: up again after %lld ms\n", (long long)(mono_ms() - at));
        good(DG1_A);
    }
    down();
}

static int by_hand(const char *const *argv, char *out, size_t cap)
{
    int fd = -1;
    pid_t pid = vdev_spawn(&v, argv, NULL, &fd);
    size_t n = 0;
    for (ssize_t got; n + 1 < cap && (got = read(fd, out + n, cap - 1 - n)) > 0;)
        n += (size_t)got;
    out[n] = 0;
    close(fd);
    cases++;
    return vdev_wait(pid, 15000);
}

static void hands(void **state)
{
    (void)state;
    static char out[65536], kdrv[512];
    const char *own = getenv("PRIDVOR_KDRV"), *build = getenv("PRIDVOR_BUILD");
    snprintf(kdrv, sizeof kdrv, "%s%s", own ? own : build ? build : ".", own ? "" : "/drivers/kdrv");
    setenv("PRIDVOR_RUN", rows, 1); /* no kioskd there */
    const char *const args[] = {"--card", "A", NULL};
    assert_true(vdev_start_args(&v, "reader", NULL, args));
#define HAND(...) by_hand((const char *const[]){kdrv, __VA_ARGS__, NULL}, out, sizeof out)
    assert_int_equal(HAND("list", "--json"), 0);
    assert_non_null(strstr(out, "\"driver\":\"card\",\"vid\":\"08e6\",\"pid\":\"3437\",\"port\":\"1-1\""));
    assert_int_equal(HAND("card", "status"), 0);
    assert_int_equal(HAND("card", "read", "--can", "123456", "--json"), 0);
    assert_non_null(strstr(out, "\"last_name\":\"POPESCU\""));
    assert_int_equal(HAND("card", "read", "--mrz", "XX204815,900314,340520", "--want", "DG1"), 0);
    assert_non_null(strstr(out, "2900314120112"));
    assert_int_equal(HAND("card", "read", "--can", "111111", "--json"), 4);
    assert_non_null(strstr(out, "\"code\":\"CAN_WRONG\""));
    assert_int_equal(HAND("card", "read"), 2);
    assert_int_equal(HAND("card", "read", "--mrz", "A,B"), 2);
    assert_int_equal(HAND("card", "eat"), 2);
    assert_int_equal(HAND("fridge", "status"), 2);
    assert_int_equal(HAND("card", "status", "--match", "usb:ffff:0001"), 3);
    assert_int_equal(HAND("card", "status", "--match", "1-1"), 0);
    vcmd("remove");
    assert_int_equal(HAND("card", "read", "--can", "123456"), 4);
    vcmd("unplug");
    assert_int_equal(HAND("card", "status"), 3);
    vdev_stop(&v);
    unsetenv("PRIDVOR_RUN");
}

static int64_t counter(const char *name)
{
    struct frame f;
    kdrv_line(&k, "{\"id\":3,\"verb\":\"ping\"}");
    for (int i = 0; i < 50 && kdrv_frame(&k, &f, 2000); i++)
        if (strcmp(f.kind, "state") == 0 && strcmp(f.link, "up") == 0)
            return jval_int(f.counters, name, -1);
    return -1;
}

/* A reader that reports hardware errors again and again: close and reopen, then port reset, at most twice. */
static void ladder(void **state)
{
    (void)state;
    struct frame f;
    up("A");
    vcmd("hardware on");
    for (int i = 0; i < 10; i++, cases++) {
        assert_string_equal(kdrv_do(&k, "read", CAN_A, 0, &f), "device-error");
        assert_string_equal(f.code, "READER_HARDWARE");
        if (i % 2) {
            kdrv_drain(&k, 200); /* the state frame of the end of the command comes before the climb */
            assert_true(kdrv_link(&k, "up", 30000));
        }
    }
    kdrv_drain(&k, 300);
    print_message("ladder: %lld times reopened, %lld times reset\n", (long long)counter("reopen"),
                  (long long)counter("reset"));
    assert_true(counter("reopen") >= 1);
    assert_int_equal(counter("reset"), 2);
    vcmd("hardware off");
    good(DG1_A);
    down();
}

static bool refused(long rc)
{
    return rc < 0 && errno == EACCES;
}

/* The other doors to the same rooms. */
static bool no_way_round(void)
{
    static const char made[] = "/tmp/pridvor-sandbox", to[] = "/tmp/pridvor-sandbox-2";
    struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 0600};
    struct io_uring_params ring = {0};
    return refused(syscall(SYS_openat2, AT_FDCWD, made, &how, sizeof how)) && refused(rename(made, to)) &&
           refused(renameat(AT_FDCWD, made, AT_FDCWD, to)) && refused(link(made, to)) &&
           refused(symlink(made, to)) && refused(mkfifo(made, 0600)) && refused(chmod(made, 0777)) &&
           refused(rmdir(made)) && refused(syscall(SYS_io_uring_setup, 4, &ring)) &&
           refused(process_vm_writev(getpid(), NULL, 0, NULL, 0, 0));
}

/* A file of another driver under the same user, as it stands open to both. */
static bool others_file_safe(const char *path)
{
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
        return true; /* a kernel without it */
    return refused(open(path, O_WRONLY)) && refused(open(path, O_RDWR)) && refused(truncate(path, 0)) &&
           open(path, O_RDONLY) >= 0;
}

/* No network, no files, no other program: the kernel says no. */
static void sandbox(void **state)
{
    (void)state;
    char path[64], line[128];
    int mode = -1;
    up(NULL);
    snprintf(path, sizeof path, "/proc/%d/status", k.pid);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "Seccomp: %d", &mode) == 1)
            break;
    fclose(f);
    assert_int_equal(mode, 2);
    cases++;
    down();
    char other[] = "/tmp/pridvor-other-XXXXXX";
    close(mkstemp(other));
    pid_t pid = fork();
    if (pid == 0) {
        if (sandbox_enter("card", NULL) != RC_OK)
            _exit(77);
        if (!others_file_safe(other))
            _exit(2);
        bool tight = socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EACCES &&
                     socket(AF_INET6, SOCK_DGRAM, 0) < 0 &&
                     open("/tmp/pridvor-sandbox", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES &&
                     execl("/bin/true", "true", NULL) < 0 && no_way_round();
        bool open_ = socket(AF_UNIX, SOCK_STREAM, 0) >= 0 && open("/dev/null", O_RDWR) >= 0;
        _exit(tight && open_ ? 0 : 1);
    }
    assert_int_equal(vdev_wait(pid, 5000), 0);
    unlink(other);
    cases++;
}

/* Two processes for one reader: the second says who has it. */
static void held(void **state)
{
    (void)state;
    struct kdrv second;
    up("A");
    assert_true(kdrv_start(&second, &v, "card", rows));
    assert_true(kdrv_link(&second, "retry", 30000));
    for (struct frame f; !*second.text;)
        assert_true(kdrv_frame(&second, &f, 20000));
    assert_string_equal(second.condition, "technician");
    assert_non_null(strstr(second.text, "is held by"));
    print_message("second process: %s\n", second.text);
    cases++;
    assert_int_equal(kdrv_stop(&second), 0);
    good(DG1_A);
    down();
}

/* The reader is unplugged with the card in it and comes back empty: the card was told to be gone. */
static void emptied(void **state)
{
    (void)state;
    struct frame f;
    up("A");
    while (k.inserted < 1)
        assert_true(kdrv_frame(&k, &f, 20000));
    assert_int_equal(k.removed, 0);
    vcmd("unplug");
    assert_true(kdrv_link(&k, "absent", 30000));
    vcmd("remove");
    vcmd("plug");
    assert_true(kdrv_link(&k, "up", 30000));
    while (k.removed < 1)
        assert_true(kdrv_frame(&k, &f, 20000));
    kdrv_drain(&k, 500);
    assert_int_equal(k.inserted, 1);
    assert_int_equal(k.removed, 1);
    cases++;
    down();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory),  cmocka_unit_test(killed), cmocka_unit_test(hands),
        cmocka_unit_test(held),    cmocka_unit_test(ladder), cmocka_unit_test(sandbox),
        cmocka_unit_test(emptied),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, rig_begin, rig_finish);
}
