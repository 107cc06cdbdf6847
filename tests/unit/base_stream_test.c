/* Server-sent events: pieces, ends from both sides, a reader that does not read, a server that closes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/unit/base_rig.h"

static struct rig rig;

#define GET(path, version) "GET " path " HTTP/" version "\r\nHost: x\r\n\r\n"

static bool wait_closed(unsigned n)
{
    for (int64_t end = mono_ms() + 20000; mono_ms() < end; usleep(2000))
        if (rig_streams_closed(&rig) == n)
            return true;
    return false;
}

static void ends_by_server(void **state)
{
    static const char want[] = "\r\nTransfer-Encoding: chunked\r\n";
    static const char chunk[] = "\r\n\r\n1d\r\nid: 1\nevent: state\ndata: {}\n\n\r\n";
    (void)state;
    unsigned before = rig_streams_closed(&rig);
    int fd = raw_connect(rig.port);
    /* The connection goes on after the last chunk. */
    raw_say(fd, GET("/events?n=3", "1.1"));
    char *events = raw_until(fd, "\r\n0\r\n\r\n", 20000);
    raw_say(fd, GET("/hello", "1.1"));
    char *answer = raw_until(fd, "{\"hello\":true}", 20000);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    free(answer);
    answer = events;
    assert_non_null(strstr(answer, want));
    assert_non_null(strstr(answer, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(answer, chunk));
    assert_non_null(strstr(answer, "id: 3\nevent: state\ndata: {}\n\n\r\n0\r\n\r\n"));
    free(answer);
    close(fd);
    assert_true(wait_closed(before + 1));
}

static void http_1_0(void **state)
{
    (void)state;
    int fd = raw_connect(rig.port);
    raw_say(fd, GET("/events?n=2", "1.0"));
    char *answer = raw_read(fd, 20000, NULL);
    assert_null(strstr(answer, "chunked"));
    assert_non_null(strstr(answer, "\r\n\r\nid: 1\nevent: state\ndata: {}\n\nid: 2\n"));
    free(answer);
    close(fd);
}

static void ends_by_client(void **state)
{
    (void)state;
    assert_true(rig_wait_conns(&rig, 0, 30000));
    unsigned before = rig_streams_closed(&rig);
    int fd = raw_connect(rig.port);
    raw_say(fd, GET("/events", "1.1"));
    char *answer = raw_until(fd, "id: 5\n", 20000);
    assert_non_null(strstr(answer, "id: 5\n"));
    free(answer);
    close(fd);
    assert_true(wait_closed(before + 1));
    assert_true(rig_wait_conns(&rig, 0, 30000));
}

/* 15 MB to somebody who does not read: cut, not kept. */
static void deaf_reader(void **state)
{
    (void)state;
    unsigned before = rig_streams_closed(&rig);
    int fd = raw_connect(rig.port);
    raw_say(fd, GET("/flood", "1.1"));
    assert_true(wait_closed(before + 1));
    close(fd);
}

static void server_closes(void **state)
{
    struct rig other = {0};
    (void)state;
    rig_start(&other);
    int fd = raw_connect(other.port), slow = raw_connect(other.port);
    raw_say(fd, GET("/events", "1.1"));
    raw_say(slow, GET("/slow?ms=200", "1.1"));
    free(raw_until(fd, "id: 2\n", 20000));
    rig_stop(&other); /* aborts when a handle stays open */
    close(fd);
    close(slow);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(ends_by_server), cmocka_unit_test(http_1_0),
                                       cmocka_unit_test(ends_by_client), cmocka_unit_test(deaf_reader),
                                       cmocka_unit_test(server_closes)};
    return cmocka_run_group_tests(tests, start, stop);
}
