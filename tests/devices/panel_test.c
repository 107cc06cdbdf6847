/* The panel as a bridge: commands and pictures over HTTP, and a cable that can be cut. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/devices/harness.h"
#include "tests/unit/port.h"

static struct vdev_proc printer;
static char dir[] = "/tmp/pridvor-panel.XXXXXX";
static pid_t panel;
static int port, relay, target = -1;

static int tcp(int to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)to)};
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval limit = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A socket that listens on a port of the system's choice. */
static int listener(int *number)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET};
    socklen_t len = sizeof sa;
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    *number = ntohs(sa.sin_port);
    return fd;
}

/* One connection after the other, each byte sent back. */
static void *echo(void *p)
{
    int fd = *(int *)p;
    for (int c; (c = accept(fd, NULL, NULL)) >= 0; close(c)) {
        char buf[4096];
        for (ssize_t n; (n = recv(c, buf, sizeof buf, 0)) > 0;)
            if (send(c, buf, (size_t)n, MSG_NOSIGNAL) != n)
                break;
    }
    return NULL;
}

static int setup(void **state)
{
    (void)state;
    static int number;
    static pthread_t thread;
    char exe[512], a[16], b[32], link[256];
    assert_true(vdev_start(&printer, "printer", NULL));
    assert_non_null(mkdtemp(dir));
    snprintf(link, sizeof link, "%s/printer", dir);
    assert_int_equal(symlink(printer.dir, link), 0);
    target = listener(&number);
    assert_int_equal(pthread_create(&thread, NULL, echo, &target), 0);
    port = test_port();
    relay = test_port();
    snprintf(exe, sizeof exe, "%s/tests/vpanel", getenv("PRIDVOR_BUILD"));
    snprintf(a, sizeof a, "%d", port);
    snprintf(b, sizeof b, "%d:%d", relay, number);
    panel = fork();
    if (panel == 0) {
        execl(exe, exe, "--dir", dir, "--port", a, "--relay", b, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500; i++) {
        int fd = tcp(port);
        if (fd >= 0)
            return close(fd);
        usleep(20000);
    }
    return 1;
}

static int teardown(void **state)
{
    (void)state;
    char link[256];
    kill(panel, SIGTERM);
    int rc = vdev_wait(panel, 5000); /* leaks and open handles would show here */
    snprintf(link, sizeof link, "%s/printer", dir);
    unlink(link);
    rmdir(dir);
    vdev_stop(&printer);
    shutdown(target, SHUT_RDWR);
    return rc;
}

static size_t http(const char *head, const char *body, char *out, size_t cap)
{
    char text[1024];
    int fd = tcp(port), n = snprintf(text, sizeof text,
                                     "%s\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
                                     "Content-Length: %zu\r\n\r\n%s",
                                     head, port, strlen(body), body);
    assert_true(fd >= 0 && n > 0 && n < (int)sizeof text);
    assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
    size_t at = 0;
    for (ssize_t k; at + 1 < cap && (k = recv(fd, out + at, cap - 1 - at, 0)) > 0;)
        at += (size_t)k;
    out[at] = '\0';
    close(fd);
    return at;
}

static char out[200000];

static void has(const char *text)
{
    if (!strstr(out, text))
        fail_msg("no %s in: %.600s", text, out);
}

static void test_bridge(void **state)
{
    (void)state;
    http("GET / HTTP/1.1", "", out, sizeof out);
    has("200 OK");
    has("Content-Security-Policy");
    has("Aparatură virtuală");
    http("GET /state HTTP/1.1", "", out, sizeof out);
    has("\"reader\":null,\"printer\":{\"ok\":true");
    has("\"net\":{\"cable\":\"open\",\"links\":0}");
    http("POST /ctl/printer HTTP/1.1", "cover open\r\nunplug", out, sizeof out);
    has("{\"ok\":true}");
    http("GET /state HTTP/1.1", "", out, sizeof out);
    has("\"cover\":\"open\"");
    has("\"plugged\":true"); /* one line, one command */
    http("POST /ctl/printer HTTP/1.1", "no such word", out, sizeof out);
    has("\"ok\":false");
    http("POST /ctl/pad HTTP/1.1", "sign", out, sizeof out);
    has("503 ");
    http("POST /ctl/stove HTTP/1.1", "on", out, sizeof out);
    has("404 ");
    http("POST /ctl/printer HTTP/1.1\r\nOrigin: http://example.org", "cover close", out, sizeof out);
    has("403 ");
    http("GET /paper.png HTTP/1.1", "", out, sizeof out);
    has("404 ");
    http("POST /ctl/printer HTTP/1.1", "script cover close", out, sizeof out);
    http("GET /ticket/../../x HTTP/1.1", "", out, sizeof out);
    assert_null(strstr(out, "200 OK"));
    http("GET /cards HTTP/1.1", "", out, sizeof out);
    has("POPESCU");
}

static void net(const char *word)
{
    http("POST /ctl/net HTTP/1.1", word, out, sizeof out);
    has("{\"ok\":true}");
}

static bool echoes(int fd, const char *text)
{
    char back[64] = "";
    ssize_t n = (ssize_t)strlen(text);
    return send(fd, text, (size_t)n, MSG_NOSIGNAL) == n && recv(fd, back, sizeof back, 0) == n &&
           memcmp(back, text, (size_t)n) == 0;
}

static void test_cable(void **state)
{
    (void)state;
    char byte;
    int fd = tcp(relay);
    assert_true(fd >= 0 && echoes(fd, "hello"));
    net("hole");
    struct timeval brief = {.tv_usec = 200000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
    assert_int_equal(send(fd, "wait", 4, MSG_NOSIGNAL), 4);
    assert_int_equal(recv(fd, &byte, 1, 0), -1); /* nobody is told */
    net("open");
    brief.tv_sec = 5;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
    char back[4];
    assert_int_equal(recv(fd, back, 4, MSG_WAITALL), 4);
    assert_memory_equal(back, "wait", 4);
    net("cut");
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    fd = tcp(relay);
    assert_true(fd < 0 || recv(fd, &byte, 1, 0) <= 0);
    if (fd >= 0)
        close(fd);
    net("open");
    fd = tcp(relay);
    assert_true(fd >= 0 && echoes(fd, "again"));
    static char big[3 << 20];
    size_t got = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(send(fd, big, sizeof big, MSG_NOSIGNAL) == (ssize_t)sizeof big ? 0 : 1);
    while (got < sizeof big) {
        static char room[65536];
        ssize_t n = recv(fd, room, sizeof room, 0);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_int_equal(vdev_wait(pid, 5000), 0);
    shutdown(fd, SHUT_WR);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bridge), cmocka_unit_test(test_cable)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
