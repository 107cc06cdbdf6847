/* The reader model, seen by a host over unmodified libusb in a second process: this program starts vdev, then
 * itself again as its client. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/devices/harness.h"
#include "tests/devices/reader_host.h"
#include "tests/unit/port.h"

static struct host host;
static const char *dir;

static void cmd(const char *line)
{
    char reply[2048];
    int rc = vdev_cmd_at(dir, line, reply, sizeof reply);
    if (rc != 0)
        fprintf(stderr, "%s: %s\n", line, reply);
    CHECK(rc == 0);
}

static struct card *open_card(const char *name)
{
    char path[64];
    struct err e = {0};
    struct card *c = NULL;
    snprintf(path, sizeof path, "tests/devices/cards/%s.json", name);
    CHECK(card_new(path, &c, &e) == RC_OK);
    return c;
}

static void read_file(struct terminal *t, struct card *twin, uint16_t fid, size_t chunk)
{
    size_t n;
    const uint8_t *f = card_file(twin, fid, &n);
    BUF_SCOPE(got);
    CHECK(term_read(t, fid, chunk, &got) == 0x9000);
    CHECK(got.len == n && memcmp(got.p, f, n) == 0);
}

static void session(const char *name, const char *can, size_t chunk)
{
    struct card *twin SCOPED(card_freep) = open_card(name); /* the same file gives the same chip */
    struct terminal t = {.send = host_apdu, .ctx = &host, .curve = twin->curve, .cipher = twin->cipher};
    uint8_t atr[33], want[33];
    size_t n = host_power(&host, atr);
    CHECK(n == card_atr(twin, want) && memcmp(atr, want, n) == 0);
    int64_t start = mono_ms();
    if (can)
        CHECK(term_pace(&t, TERM_CAN, can) == 0x9000);
    CHECK(term_select_app(&t) == 0x9000);
    if (!can)
        CHECK(term_bac(&t, twin->mrz_info) == 0x9000);
    read_file(&t, twin, 0x0101, chunk);
    read_file(&t, twin, 0x0102, chunk);
    read_file(&t, twin, 0x011D, chunk);
    printf("card %s, level %s, pieces of %zu: %u APDUs, %lld ms\n", name, getenv("PRIDVOR_READER_LEVEL"),
           chunk, t.apdus, (long long)(mono_ms() - start));
}

/* ---- clients: one function is one scenario ---- */

static void client_short(void)
{
    CHECK((host.features & 0x70000) == 0x20000 && host.max == 271);
    session("A", "123456", 223);
    uint8_t big[300] = {0x00, 0xD6};
    host_do(&host, 0x6F, 0, big, 262);
    CHECK(host_is(&host, 0x80, 0x40, 1)); /* longer than a short APDU */
    host_do(&host, 0x6F, 1, big, 100);
    CHECK(host_is(&host, 0x80, 0x40, 8)); /* pieces are for extended APDUs */
    cmd("swap B");
    session("B", "654321", 128);
    cmd("swap C");
    session("C", NULL, 231);
}

static void client_extended(void)
{
    CHECK((host.features & 0x70000) == 0x40000 && host.max == 271);
    session("A", "123456", 2000);
}

static void client_whole(void)
{
    CHECK((host.features & 0x70000) == 0x40000 && host.max == 65554);
    session("A", "123456", 1900);
}

static void client_commands(void)
{
    uint8_t atr[33], rates[16], params[7];
    host_do(&host, 0x65, 0, NULL, 0);
    CHECK(host_is(&host, 0x81, 1, 0)); /* present, not powered */
    host_do(&host, 0x6F, 0, "\x00\x84\x00\x00\x08", 5);
    CHECK(host_is(&host, 0x80, 0x41, 0xFE));
    CHECK(host_power(&host, atr) == 24);
    host_do(&host, 0x65, 0, NULL, 0);
    CHECK(host_is(&host, 0x81, 0, 0));
    host_do(&host, 0x6C, 0, NULL, 0);
    CHECK(host_is(&host, 0x82, 0, 0) && host.len == 17 && host.frame[9] == 1 && host.frame[10] == 0x96);
    memcpy(params, host.frame + 10, 7);
    params[5] = 0x80;
    host_do(&host, 0x61, 1, params, 7);
    CHECK(host_is(&host, 0x82, 0, 0) && memcmp(host.frame + 10, params, 7) == 0);
    host_do(&host, 0x61, 3, params, 7);
    CHECK(host_is(&host, 0x82, 0x40, 7));
    host_do(&host, 0x6D, 0, NULL, 0);
    CHECK(host.frame[15] == 0xFE);
    host_do(&host, 0x6B, 0, "\x1F\x02", 2);
    CHECK(host_is(&host, 0x83, 0, 0));
    host_do(&host, 0x69, 0, NULL, 0);
    CHECK(host_is(&host, 0x81, 0x40, 0)); /* PIN pad: none */
    host_do(&host, 0x6F, 0x10, NULL, 0);
    CHECK(host_is(&host, 0x80, 0x40, 8)); /* nothing to go on with */
    uint8_t slot5[10] = {0x65, 0, 0, 0, 0, 5, 99};
    int n;
    CHECK(libusb_bulk_transfer(host.h, 0x01, slot5, 10, &n, 1000) == 0 && host_receive(&host, 1000) == 0);
    CHECK(host_is(&host, 0x81, 0x42, 5) && host.frame[6] == 99);
    CHECK(libusb_control_transfer(host.h, 0xA1, 3, 0, 0, rates, 16, 1000) == 8);
    CHECK(libusb_control_transfer(host.h, 0xA1, 2, 0, 0, rates, 16, 1000) == 4);
    CHECK(libusb_control_transfer(host.h, 0xA1, 9, 0, 0, rates, 16, 1000) == LIBUSB_ERROR_PIPE);
    host_do(&host, 0x63, 0, NULL, 0);
    CHECK(host_is(&host, 0x81, 1, 0));
    uint8_t half[14] = {0x6F, 5, 0, 0,    0,    0,    100,
                        0,    0, 0, 0x00, 0x84, 0x00, 0x00}; /* the rest comes in the next transfer */
    CHECK(host_power(&host, atr) == 24);
    CHECK(libusb_bulk_transfer(host.h, 0x01, half, 14, &n, 1000) == 0);
    CHECK(host_receive(&host, 100) == LIBUSB_ERROR_TIMEOUT);
    CHECK(libusb_bulk_transfer(host.h, 0x01, (uint8_t[]){8}, 1, &n, 1000) == 0 &&
          host_receive(&host, 1000) == 0);
    CHECK(host.frame[6] == 100 && memcmp(host.frame + 10, "\x69\x85", 2) == 0);
}

static void client_presence(void)
{
    uint8_t m[8], atr[33];
    while (host_interrupt(&host, m, 50))
        continue;
    CHECK(host_power(&host, atr) == 24);
    cmd("remove");
    CHECK(host_interrupt(&host, m, 1000) == 2 && m[0] == 0x50 && m[1] == 2);
    host_do(&host, 0x65, 0, NULL, 0);
    CHECK(host_is(&host, 0x81, 2, 0));
    host_do(&host, 0x62, 0, NULL, 0);
    CHECK(host_is(&host, 0x80, 0x42, 0xFE));
    cmd("insert C");
    CHECK(host_interrupt(&host, m, 1000) == 2 && m[1] == 3);
    CHECK(host_power(&host, atr) == 13);
    cmd("swap A");
    CHECK(host_interrupt(&host, m, 1000) == 2 && m[1] == 2);
    CHECK(host_interrupt(&host, m, 1000) == 2 && m[1] == 3);
    host_do(&host, 0x6F, 0, "\x00\x84\x00\x00\x08", 5);
    CHECK(host_is(&host, 0x80, 0x41, 0xFE)); /* the new card has no power */
    CHECK(host_power(&host, atr) == 24);
    cmd("script after 2 apdu remove; wait 300ms; insert B");
    for (int i = 0; i < 2; i++) {
        host_do(&host, 0x6F, 0, "\x00\xA4\x00\x0C", 4);
        CHECK(host_is(&host, 0x80, 0, 0)); /* the answer was on its way before the card went */
    }
    host_do(&host, 0x6F, 0, "\x00\xA4\x00\x0C", 4);
    CHECK(host_is(&host, 0x80, 0x42, 0xFE));
    CHECK(host_interrupt(&host, m, 1000) == 2 && m[1] == 2);
    CHECK(host_interrupt(&host, m, 2000) == 2 && m[1] == 3);
    cmd("delay 5000");
    CHECK(host_power(&host, atr) == 24);
    CHECK(host_send(&host, 0x6F, 0, "\x00\xA4\x00\x0C", 4) == 0);
    cmd("remove");
    do
        CHECK(host_receive(&host, 1000) == 0);
    while (host.frame[7] & 0x80);
    CHECK(host_is(&host, 0x80, 0x42, 0xFE)); /* pulled while the card was thinking */
}

static void client_time(void)
{
    uint8_t atr[33];
    CHECK(host_power(&host, atr) == 24);
    cmd("delay 1000");
    int64_t start = mono_ms();
    host_do(&host, 0x6F, 0, "\x00\xA4\x00\x0C", 4);
    CHECK(mono_ms() - start >= 950 && host.extensions >= 1);
    cmd("delay 0");
    cmd("endless 1");
    CHECK(host_send(&host, 0x6F, 0, "\x00\xA4\x00\x0C", 4) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(host_receive(&host, 1000) == 0 && host_is(&host, 0x80, 0x80, 1));
    uint8_t second[10] = {0x65, 0, 0, 0, 0, 0, (uint8_t)(host.seq + 1)};
    int n;
    CHECK(libusb_bulk_transfer(host.h, 0x01, second, 10, &n, 1000) == 0);
    do
        CHECK(host_receive(&host, 1000) == 0);
    while (host.frame[7] & 0x80);
    CHECK(host_is(&host, 0x81, 0x40, 0xE0)); /* one command at a time */
    CHECK(host_abort(&host));
    host_do(&host, 0x6F, 0, "\x00\xA4\x00\x0C", 4);
    CHECK(host_is(&host, 0x80, 0, 0) && memcmp(host.frame + 10, "\x90\x00", 2) == 0);
}

static void faulty(const char *fault)
{
    char line[32];
    snprintf(line, sizeof line, "%s 1", fault);
    cmd(line);
    CHECK(host_send(&host, 0x6F, 0, "\x00\xA4\x00\x0C", 4) == 0);
}

static bool good_frame(void)
{
    return host_receive(&host, 1000) == 0 && host.len == 12 && host.frame[6] == host.seq &&
           host.frame[5] == 0 && host_is(&host, 0x80, 0, 0);
}

static void client_faults(void)
{
    uint8_t atr[33], m[8];
    while (host_interrupt(&host, m, 50))
        continue;
    CHECK(host_power(&host, atr) == 24);
    faulty("mute");
    CHECK(host_receive(&host, 1000) == 0 && host_is(&host, 0x80, 0x40, 0xFE));
    faulty("stale");
    CHECK(host_receive(&host, 1000) == 0 && host.frame[6] == (uint8_t)(host.seq - 1));
    CHECK(good_frame());
    faulty("short");
    CHECK(host_receive(&host, 1000) == 0 && host.len == 11 && host.frame[1] == 2);
    faulty("garbage");
    CHECK(host_receive(&host, 1000) == 0 && host.frame[0] >= 0xC0);
    faulty("silent");
    CHECK(host_receive(&host, 300) == LIBUSB_ERROR_TIMEOUT);
    faulty("badslot");
    CHECK(host_receive(&host, 1000) == 0 && host.frame[5] == 1);
    faulty("long");
    CHECK(host_receive(&host, 1000) == 0 && host.len == 12 && host.frame[1] == 7);
    faulty("empty");
    CHECK(host_receive(&host, 1000) == 0 && host.len == 0);
    CHECK(good_frame());
    faulty("twice");
    CHECK(good_frame() && good_frame());
    faulty("joined");
    CHECK(host_receive(&host, 1000) == 0 && host.len == 24 && host.frame[6] == host.seq);
    faulty("pieces");
    CHECK(host_receive(&host, 1000) == 0 && host.len == 7);
    CHECK(host_receive(&host, 1000) == 0 && host.len == 5);
    faulty("notify");
    CHECK(good_frame());
    CHECK(host_interrupt(&host, m, 1000) == 2 && m[1] == 1);
    cmd("hardware 1");
    host_do(&host, 0x62, 0, NULL, 0);
    CHECK(host_is(&host, 0x80, 0x40, 0xFB));
    CHECK(host_interrupt(&host, m, 1000) == 4 && m[0] == 0x51);
    CHECK(host_power(&host, atr) == 24);
}

static void client_wrong_can(void)
{
    struct card *twin SCOPED(card_freep) = open_card("A");
    struct terminal t = {.send = host_apdu, .ctx = &host, .curve = twin->curve, .cipher = twin->cipher};
    uint8_t atr[33];
    CHECK(host_power(&host, atr) == 24);
    CHECK(term_pace(&t, TERM_CAN, "111111") == 0x63C4);
    cmd("remove");
    cmd("insert A"); /* taken out and put in again: the chip remembers */
    CHECK(host_power(&host, atr) == 24);
    CHECK(term_pace(&t, TERM_CAN, "111111") == 0x63C3);
    cmd("renew");
    CHECK(host_power(&host, atr) == 24);
    CHECK(term_pace(&t, TERM_CAN, "111111") == 0x63C4);
    CHECK(term_pace(&t, TERM_CAN, "123456") == 0x9000);
}

/* ---- an external card: this process is reader's host and card simulator in one ---- */

static int join(int port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){5, 0}, sizeof(struct timeval)) == 0);
    return fd;
}

static size_t hear(int fd, uint8_t *out, size_t cap)
{
    uint8_t head[2];
    CHECK(recv(fd, head, 2, MSG_WAITALL) == 2);
    size_t n = (size_t)(head[0] << 8 | head[1]);
    CHECK(n <= cap && (n == 0 || recv(fd, out, n, MSG_WAITALL) == (ssize_t)n));
    return n;
}

static void say(int fd, const void *p, size_t n)
{
    uint8_t m[2 + 4096] = {(uint8_t)(n >> 8), (uint8_t)n};
    memcpy(m + 2, p, n);
    CHECK(send(fd, m, 2 + n, MSG_NOSIGNAL) == (ssize_t)(2 + n));
}

static void heard(int fd, const void *want, size_t n)
{
    uint8_t got[512];
    size_t len = hear(fd, got, sizeof got);
    CHECK(len == n && memcmp(got, want, n) == 0);
}

static void answered(const void *want, size_t n)
{
    do
        CHECK(host_receive(&host, 3000) == 0);
    while (host.frame[7] & 0x80);
    CHECK(host_is(&host, 0x80, 0, 0) && host.frame[6] == host.seq && host.len == 10 + n &&
          memcmp(host.frame + 10, want, n) == 0);
}

static void power_external(int fd, uint8_t control, const void *atr, size_t n)
{
    CHECK(host_send(&host, 0x62, 0, NULL, 0) == 0);
    heard(fd, &control, 1);
    heard(fd, "\x04", 1);
    say(fd, atr, n);
    answered(atr, n);
}

static void client_vpcd(void)
{
    static const char t0[] = "\x3B\x02\x14\x50"; /* T=0 only */
    uint8_t m[8];
    int port = (int)strtol(getenv("TEST_PORT"), NULL, 10);
    while (host_interrupt(&host, m, 50))
        continue;
    host_do(&host, 0x65, 0, NULL, 0);
    CHECK(host_is(&host, 0x81, 2, 0)); /* nobody there yet */
    int fd = join(port);
    CHECK(host_interrupt(&host, m, 2000) == 2 && m[1] == 3);
    power_external(fd, 1, t0, 4);
    host_do(&host, 0x6C, 0, NULL, 0);
    CHECK(host.frame[9] == 0 && host.len == 15);

    CHECK(host_send(&host, 0x6F, 0, "\x00\xB0\x00\x00\x10", 5) ==
          0); /* 6Cxx, then 61xx, done by the reader */
    heard(fd, "\x00\xB0\x00\x00\x10", 5);
    say(fd, "\x6C\x04", 2);
    heard(fd, "\x00\xB0\x00\x00\x04", 5);
    say(fd, "ab\x61\x02", 4);
    heard(fd, "\x00\xC0\x00\x00\x02", 5);
    say(fd, "cd\x90\x00", 4);
    answered("abcd\x90\x00", 6);

    CHECK(host_send(&host, 0x6F, 0, "\x00\x84\x00\x00\x08", 5) == 0); /* slow: 1 s */
    heard(fd, "\x00\x84\x00\x00\x08", 5);
    nanosleep(&(struct timespec){1, 0}, NULL);
    say(fd, "12345678\x90\x00", 10);
    answered("12345678\x90\x00", 10);

    CHECK(host_send(&host, 0x6F, 0, "\x00\x84\x00\x00\x07", 5) ==
          0); /* aborted; its late answer is nobody's */
    heard(fd, "\x00\x84\x00\x00\x07", 5);
    CHECK(host_abort(&host));
    CHECK(host_send(&host, 0x6F, 0, "\x00\x84\x00\x00\x06", 5) == 0);
    say(fd, "late\x90\x00", 6);
    heard(fd, "\x00\x84\x00\x00\x06", 5);
    say(fd, "fresh\x90\x00", 7);
    answered("fresh\x90\x00", 7);
    power_external(fd, 2, "\x3B\x80\x01\x81", 4); /* warm reset, another ATR */

    CHECK(host_send(&host, 0x6F, 0, "\x00\x84\x00\x00\x08", 5) == 0); /* goes away in the middle */
    heard(fd, "\x00\x84\x00\x00\x08", 5);
    close(fd);
    CHECK(host_receive(&host, 3000) == 0 && host_is(&host, 0x80, 0x42, 0xFE));
    CHECK(host_interrupt(&host, m, 2000) == 2 && m[1] == 2);
    fd = join(port);
    CHECK(host_interrupt(&host, m, 2000) == 2 && m[1] == 3);
    power_external(fd, 1, "\x3B\x80\x01\x81", 4);
    int other = join(port); /* a second card finds no place */
    CHECK(recv(other, m, 1, 0) == 0);
    close(other);
    close(fd);
}

static void client_vicc(void)
{
    uint8_t atr[33], out[300];
    size_t n = host_power(&host, atr);
    CHECK(n > 2 && (atr[0] == 0x3B || atr[0] == 0x3F));
    printf("vicc: ATR of %zu bytes", n);
    n = host_apdu(&host, (const uint8_t *)"\x00\xA4\x00\x0C\x02\x3F\x00", 7, out, sizeof out);
    CHECK(n >= 2);
    printf(", SELECT MF %02X%02X", out[n - 2], out[n - 1]);
    n = host_apdu(&host, (const uint8_t *)"\x00\x84\x00\x00\x08", 5, out, sizeof out);
    CHECK(n >= 2);
    printf(", GET CHALLENGE %zu bytes %02X%02X\n", n - 2, out[n - 2], out[n - 1]);
}

static const struct {
    const char *name;
    void (*run)(void);
} clients[] = {
    {"short", client_short},       {"extended", client_extended},   {"whole", client_whole},
    {"commands", client_commands}, {"presence", client_presence},   {"time", client_time},
    {"faults", client_faults},     {"wrong_can", client_wrong_can}, {"vpcd", client_vpcd},
    {"vicc", client_vicc},
};

static int client(const char *name, const char *folder)
{
    dir = folder;
    host_open(&host);
    for (size_t i = 0; i < COUNT(clients); i++)
        if (strcmp(clients[i].name, name) == 0)
            clients[i].run();
    host_close(&host);
    return 0;
}

/* ---- the test's own side ---- */

static void scenario(const char *name, const char *level, const char *const *args)
{
    struct vdev_proc v;
    setenv("PRIDVOR_READER_LEVEL", level, 1);
    assert_true(vdev_start_args(&v, "reader", NULL, args));
    pid_t pid =
        vdev_spawn(&v, (const char *const[]){"/proc/self/exe", "client", name, v.dir, NULL}, NULL, NULL);
    int rc = vdev_wait(pid, 60000);
    vdev_stop(&v);
    if (rc != 0)
        fail_msg("client %s: %d", name, rc);
}

static void with_card(void **state)
{
    const char *name = *state;
    bool level = strcmp(name, "short") == 0 || strcmp(name, "whole") == 0;
    scenario(name, level ? name : "extended", (const char *const[]){"--card", "A", NULL});
}

static void free_port(char text[8])
{
    snprintf(text, 8, "%d", test_port());
    setenv("TEST_PORT", text, 1);
}

static void external(void **state)
{
    char port[8];
    (void)state;
    free_port(port);
    scenario("vpcd", "extended", (const char *const[]){"--vpcd", port, NULL});
}

/* The simulator of Debian's vsmartcard-vpicc. Its Python parts are often incomplete: then this test says
 * skipped. */
static void real_simulator(void **state)
{
    char port[8];
    struct vdev_proc v;
    (void)state;
    free_port(port);
    setenv("PRIDVOR_READER_LEVEL", "extended", 1);
    assert_true(vdev_start_args(&v, "reader", NULL, (const char *const[]){"--vpcd", port, NULL}));
    pid_t vicc = fork();
    if (vicc == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(126);
        setenv("PATH", "/usr/bin:/bin", 1); /* Debian's Python, not another one */
        execlp("vicc", "vicc", "--type", "iso7816", "--hostname", "127.0.0.1", "--port", port, NULL);
        _exit(127);
    }
    if (!vdev_until(&v, "\"card\":\"vpcd\"", 30000)) {
        vdev_wait(vicc, 0);
        vdev_stop(&v);
        print_message("no working vicc here: skipped\n");
        skip();
    }
    pid_t pid =
        vdev_spawn(&v, (const char *const[]){"/proc/self/exe", "client", "vicc", v.dir, NULL}, NULL, NULL);
    int rc = vdev_wait(pid, 30000);
    kill(vicc, SIGTERM);
    vdev_wait(vicc, 2000);
    vdev_stop(&v);
    assert_int_equal(rc, 0);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "client") == 0)
        return client(argv[2], argv[3]);
#define CLIENT(word)                                                                                         \
    {                                                                                                        \
        word, with_card, NULL, NULL, (void *)(uintptr_t)word                                                 \
    }
    const struct CMUnitTest tests[] = {
        CLIENT("short"),
        CLIENT("extended"),
        CLIENT("whole"),
        CLIENT("commands"),
        CLIENT("presence"),
        CLIENT("time"),
        CLIENT("faults"),
        CLIENT("wrong_can"),
        cmocka_unit_test(external),
        cmocka_unit_test(real_simulator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
