/* Bodies out of a source: every byte in its place, a reader that takes its time holds one piece, what cannot
 * be read to its end is never taken for whole. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/unit/base_rig.h"

enum { BIG = 8 << 20, SMALL_WINDOW = 16 << 10, AHEAD = 4 << 20 };

static struct rig rig;

static bool wait_end(enum rc rc, unsigned n)
{
    for (int64_t end = mono_ms() + 20000; mono_ms() < end; usleep(2000))
        if (rig_ends(&rig, rc) == n)
            return true;
    return false;
}

static void ask(int fd, const char *method, size_t n, const char *more)
{
    char text[200];
    snprintf(text, sizeof(text), "%s /source?n=%zu%s HTTP/1.1\r\nHost: x\r\n\r\n", method, n, more);
    raw_say(fd, text);
}

/* Reads the head and n bytes of the body; how many were right. */
static size_t right_bytes(int fd, size_t n, char head[2048])
{
    char got[8192];
    size_t at = 0;
    for (size_t len = 0; len < 2047;) {
        if (recv(fd, head + len, 1, 0) != 1)
            return 0;
        head[++len] = 0;
        if (len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    while (at < n) {
        ssize_t k = recv(fd, got, n - at < sizeof(got) ? n - at : sizeof(got), 0);
        for (ssize_t i = 0; i < k; i++, at++)
            if (got[i] != raw_byte(at))
                return at;
        if (k <= 0)
            break;
    }
    return at;
}

static void whole_and_the_connection_goes_on(void **state)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, BIG};
    char head[2048], want[64];
    (void)state;
    unsigned before = rig_ends(&rig, RC_OK);
    int fd = raw_connect(rig.port);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        ask(fd, "GET", sizes[i], "");
        assert_int_equal(right_bytes(fd, sizes[i], head), sizes[i]);
        snprintf(want, sizeof(want), "\r\nContent-Length: %zu\r\n", sizes[i]);
        assert_non_null(strstr(head, want));
    }
    ask(fd, "HEAD", BIG, "");
    raw_say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    char *rest = raw_until(fd, "{\"hello\":true}", 20000);
    assert_non_null(strstr(rest, "\r\nContent-Length: 8388608\r\n"));
    assert_non_null(strstr(rest, "{\"hello\":true}"));
    free(rest);
    close(fd);
    assert_true(wait_end(RC_OK, before + COUNT(sizes) + 1));
}

static int narrow(void)
{
    int fd = raw_connect(rig.port), window = SMALL_WINDOW;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
    return fd;
}

/* What the kernel keeps between the two is not ours to say; a whole body would be far more. */
static void nothing_is_made_ahead(void **state)
{
    char head[2048];
    (void)state;
    unsigned before = rig_made(&rig), made, last;
    int fd = narrow();
    ask(fd, "GET", 10 * BIG, "");
    assert_int_equal(right_bytes(fd, 1000, head), 1000);
    for (int64_t end = mono_ms() + 20000; rig_made(&rig) - before < 65536 && mono_ms() < end;)
        usleep(2000);
    for (made = rig_made(&rig), last = made + 1; made != last; made = rig_made(&rig)) {
        last = made;
        usleep(200000);
    }
    assert_true(made - before >= 65536 && made - before < AHEAD);
    close(fd);
    assert_true(rig_wait_conns(&rig, 0, 30000));
}

static void a_source_that_fails_cuts_the_connection(void **state)
{
    char head[2048];
    (void)state;
    unsigned before = rig_ends(&rig, RC_IO);
    int fd = raw_connect(rig.port);
    ask(fd, "GET", BIG, "&dry=200000");
    size_t n = right_bytes(fd, BIG, head);
    assert_non_null(strstr(head, "\r\nContent-Length: 8388608\r\n"));
    assert_true(n < BIG && n <= 200000);
    close(fd);
    assert_true(wait_end(RC_IO, before + 1));
    assert_true(rig_wait_conns(&rig, 0, 30000));
}

static void who_goes_away_leaves_nothing(void **state)
{
    (void)state;
    unsigned before = rig_ends(&rig, RC_LINK_LOST);
    for (int i = 0; i < 20; i++) {
        struct linger now = {1, 0}; /* a reset in half of them */
        char head[2048];
        int fd = narrow();
        ask(fd, "GET", 10 * BIG, "");
        assert_int_equal(right_bytes(fd, (size_t)i * 5000, head), (size_t)i * 5000);
        if (i % 2)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        close(fd);
    }
    assert_true(wait_end(RC_LINK_LOST, before + 20));
    assert_true(rig_wait_conns(&rig, 0, 30000));
}

static void who_takes_nothing_is_cut(void **state)
{
    struct rig quick = {.conf = {.body_ms = 2000}};
    (void)state;
    rig_start(&quick);
    int fd = raw_connect(quick.port), window = SMALL_WINDOW;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
    char text[] = "GET /source?n=83886080 HTTP/1.1\r\nHost: x\r\n\r\n";
    raw_say(fd, text);
    assert_true(rig_wait_conns(&quick, 1, 30000));
    assert_true(rig_wait_conns(&quick, 0, 30000));
    assert_int_equal(rig_ends(&quick, RC_LINK_LOST), 1);
    close(fd);
    rig_stop(&quick);
}

static void the_server_closes(void **state)
{
    struct rig other = {0};
    char head[2048];
    (void)state;
    rig_start(&other);
    int fd[8];
    for (size_t i = 0; i < COUNT(fd); i++) {
        fd[i] = raw_connect(other.port);
        ask(fd[i], "GET", 10 * BIG, "");
        assert_int_equal(right_bytes(fd[i], 10000, head), 10000);
    }
    rig_stop(&other); /* aborts when a handle stays open */
    for (size_t i = 0; i < COUNT(fd); i++)
        close(fd[i]);
}

static int start(void **state)
{
    (void)state;
    rig_start(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_the_connection_goes_on),
        cmocka_unit_test(nothing_is_made_ahead),
        cmocka_unit_test(a_source_that_fails_cuts_the_connection),
        cmocka_unit_test(who_goes_away_leaves_nothing),
        cmocka_unit_test(who_takes_nothing_is_cut),
        cmocka_unit_test(the_server_closes),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
