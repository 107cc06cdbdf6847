/* The server under attack: every malformed request whole and byte by byte, slow clients, too much of
 * everything. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "tests/unit/base_rig.h"

static struct rig rig;

static int status_of(const char *answer)
{
    int status = 0;
    return sscanf(answer, "HTTP/1.1 %d ", &status) == 1 ? status : 0;
}

#define H "Host: x\r\n"

static const struct {
    const char *request;
    int status;      /* 0: closed without a word */
    const char *has; /* in the answer, or NULL */
} cases[] = {
    {"GET /hello HTTP/1.1\r\n" H "\r\n", 200, "{\"hello\":true}"},
    {"GET /hello HTTP/1.1\r\n" H "\r\n", 200, "X-Test: yes\r\n"},
    {"GET /hello HTTP/1.1\r\n" H "\r\n", 200, "\r\nX-Content-Type-Options: nosniff\r\n"},
    {"\r\nGET /hello HTTP/1.1\r\n" H "\r\n", 200, NULL}, /* RFC 9112, 2.2 */
    {"GET /hello HTTP/1.0\r\n\r\n", 200, "Connection: close\r\n"},
    {"HEAD /hello HTTP/1.1\r\n" H "\r\n", 200, "Content-Length: 14\r\n"},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 200, "\r\n\r\nabc"},
    {"POST /echo HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: "
     "1\r\n\r\n",
     200, "\r\n\r\nabc0123456789"},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", 200, NULL},
    {"GET /look?q=a+b%21&r=1 HTTP/1.1\r\n" H "x-PROBE:  v \r\n\r\n", 200,
     "GET /look q=a b! h=v cn= from=127.0.0.1"},
    {"GET /files/%C8%99/b%20c HTTP/1.1\r\n" H "\r\n", 200, "GET /files/ș/b c"},
    {"GET /files/a..b/.c HTTP/1.1\r\n" H "\r\n", 200, NULL},
    {"GET /look HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 200, NULL},
    {"GET /gated HTTP/1.1\r\n" H "\r\n", 403, "\"text\":\"no pass\""},
    {"GET /gated HTTP/1.1\r\n" H "X-Pass: 1\r\n\r\n", 200, NULL},
    {"POST /fail HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", 422,
     "{\"error\":{\"rc\":\"RC_BAD_FIELD\",\"key\":\"err.bad_field\",\"path\":\"who.\\\"cnp\\\"\",\"text\":"
     "\"who.\\\"cnp\\\": "
     "longer than 13 bytes\"}}"},
    {"GET /nothing HTTP/1.1\r\n" H "\r\n", 404, "RC_NOT_FOUND"},
    {"GET /helloo HTTP/1.1\r\n" H "\r\n", 404, NULL},
    {"POST /hello HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", 405, "Allow: GET\r\n"},
    {"DELETE /look HTTP/1.1\r\n" H "\r\n", 405, "Allow: GET, PUT, POST\r\n"},
    {"GET /../etc/passwd HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /files/../x HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /files/%2e%2e/x HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /files/.. HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /files/a%2fb HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /files/a%00b HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /files/a%5cb HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /files/%zz HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /files/%4 HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /files/%C8 HTTP/1.1\r\n" H "\r\n", 400, NULL},
    /* a whole address (RFC 9112, 3.2.2): of this host, or not at all */
    {"GET http://x/hello HTTP/1.1\r\n" H "\r\n", 200, "{\"hello\":true}"},
    {"GET HTTPS://X/look?q=a HTTP/1.1\r\n" H "\r\n", 200, "GET /look q=a "},
    {"GET http://x HTTP/1.1\r\n" H "\r\n", 404, NULL},
    {"GET http://x?q=/look HTTP/1.1\r\n" H "\r\n", 404, NULL},
    {"GET http://y/hello HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET http://x:80/hello HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET http://u@x/hello HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET http:///hello HTTP/1.1\r\nHost:\r\n\r\n", 400, NULL},
    {"GET http://x/../hello HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET http://x//hello#a HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET ftp://x/hello HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET http://x/hello HTTP/1.0\r\n\r\n", 400, NULL},
    {"CONNECT x:80 HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"OPTIONS * HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\n\r\n", 400, "Host"},
    {"GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "twice"},
    {"GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\nHost: x\n\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\nHost : x\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\n Host: x\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\n" H "A: b\001c\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\n" H "A\001: b\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\n" H ": b\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/1.1\r\n" H "A: b\rc\r\n\r\n", 400, NULL},
    {"GET /hello HTTP/2.0\r\n" H "\r\n", 505, NULL},
    {"GET /hello HTTP/0.9\r\n" H "\r\n", 505, NULL},
    {"GET /hello HTTP/1.2\r\n" H "\r\n", 400, NULL},
    {"GET /hello\r\n\r\n", 505, NULL},
    {"GET  /hello HTTP/1.1\r\n" H "\r\n", 200, NULL} /* a blank more: RFC 9112, 3 allows */,
    {"get /hello HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"FROB /hello HTTP/1.1\r\n" H "\r\n", 400, NULL},
    {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, NULL}, /* TLS at a plain port */
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\nabc", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\nabc", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 0x3\r\n\r\nabc", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 99999999999999999999999\r\n\r\n", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
     NULL},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400,
     NULL},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400, NULL},
    {"POST /echo HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n20000\r\n", 0,
     NULL}, /* cut short: no answer */
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 70000\r\n\r\n", 413, "RC_TOO_BIG"},
    {"POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 100,
     "HTTP/1.1 200 OK\r\n"},
    {"POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 70000\r\n\r\n", 413, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Expect: magic\r\nContent-Length: 3\r\n\r\nabc", 417, NULL},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nabc", 0, NULL},
    {"GET /hel", 0, NULL},
    {"", 0, NULL},
};

/* RFC 9112, 2.2: an empty line or two before the request are skipped; what is left must be refused or
 * answered, in the same way however the bytes arrive. */
static void table(void **state)
{
    static const size_t steps[] = {0, 1, 7};
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(steps); k++) {
            char *answer = raw_talk(rig.port, cases[i].request, strlen(cases[i].request), steps[k]);
            if (status_of(answer) != cases[i].status ||
                (cases[i].has != NULL && strstr(answer, cases[i].has) == NULL)) {
                print_error("%s\nstep %zu, want %d, got: %s\n", cases[i].request, steps[k], cases[i].status,
                            answer);
                wrong++;
            }
            assert_null(strstr(answer, "Evil"));
            if (cases[i].status >= 400 && strstr(answer, "Connection: close") == NULL)
                assert_true(cases[i].status == 403 || cases[i].status == 404 || cases[i].status == 405 ||
                            cases[i].status == 422);
            free(answer);
        }
    assert_int_equal(wrong, 0);
}

static void head_has_no_body(void **state)
{
    (void)state;
    static const char text[] = "HEAD /hello HTTP/1.1\r\n" H "\r\n";
    char *answer = raw_talk(rig.port, text, sizeof(text) - 1, 0);
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
}

static void nul_bytes(void **state)
{
    static const char in_header[] = "GET /hello HTTP/1.1\r\n" H "A: b\0c\r\n\r\n";
    static const char in_url[] = "GET /hel\0lo HTTP/1.1\r\n" H "\r\n";
    (void)state;
    char *answer = raw_talk(rig.port, in_header, sizeof(in_header) - 1, 0);
    assert_int_equal(status_of(answer), 400);
    free(answer);
    answer = raw_talk(rig.port, in_url, sizeof(in_url) - 1, 0);
    assert_int_equal(status_of(answer), 400);
    free(answer);
}

/* Just below and just above each limit of the head. */
static void head_limits(void **state)
{
    (void)state;
    static const struct {
        size_t url, value, count;
        int status;
    } rows[] = {{100, 100, 3, 200}, {16200, 10, 1, 200}, {16500, 1, 1, 414}, {9, 16200, 1, 200},
                {9, 16500, 1, 431}, {9, 40000, 1, 431},  {9, 10, 63, 200},   {9, 10, 64, 431},
                {9, 250, 60, 200},  {9, 300, 60, 431}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        BUF_SCOPE(b);
        buf_str(&b, "GET /look?");
        for (size_t k = 0; k < rows[i].url; k++)
            buf_chr(&b, 'u');
        buf_str(&b, " HTTP/1.1\r\n" H);
        for (size_t k = 0; k < rows[i].count; k++) {
            buf_fmt(&b, "A%zu: ", k);
            for (size_t v = 0; v < rows[i].value; v++)
                buf_chr(&b, 'v');
            buf_str(&b, "\r\n");
        }
        buf_str(&b, "\r\n");
        for (size_t step = 0; step < 2; step++) {
            char *answer = raw_talk(rig.port, b.p, b.len, step * 1000);
            if (status_of(answer) != rows[i].status)
                fail_msg("row %zu step %zu: %.60s", i, step, answer);
            free(answer);
        }
    }
}

/* Blanks and chunk extensions are in no field, and still end somewhere. */
static void endless(void **state)
{
    static const char *const starts[] = {"GET /hello HTTP/1.1\r\n" H "A:", "GET ",
                                         "POST /echo HTTP/1.1\r\n" H
                                         "Transfer-Encoding: chunked\r\n\r\n1;a="};
    (void)state;
    for (size_t i = 0; i < COUNT(starts); i++) {
        int fd = raw_connect(rig.port);
        char blanks[4096];
        bool open = raw_send(fd, starts[i], strlen(starts[i]), 0);
        memset(blanks, i == 2 ? 'a' : ' ', sizeof(blanks));
        for (int k = 0; open && k < 2000; k++)
            open = raw_send(fd, blanks, sizeof(blanks), 0);
        char *answer = raw_read(fd, 20000, NULL);
        assert_true(status_of(answer) >= 400);
        free(answer);
        close(fd);
    }
}

static void pipelining(void **state)
{
    BUF_SCOPE(b);
    (void)state;
    for (int i = 0; i < 200; i++) {
        if (i % 10 == 3)
            buf_str(&b, "GET /slow?ms=1 HTTP/1.1\r\n" H "\r\n");
        else
            buf_fmt(&b, "POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n%05d", i);
    }
    for (size_t step = 0; step < 4; step += 3) {
        char *answer = raw_talk(rig.port, b.p, b.len, step * 11);
        const char *p = answer;
        for (int i = 0; i < 200; i++) {
            char want[32];
            snprintf(want, sizeof(want), i % 10 == 3 ? "{\"late\":true}" : "\r\n\r\n%05d", i);
            const char *head = p;
            p = strstr(p, want);
            if (p == NULL)
                fail_msg("answer %d of 200 is missing", i);
            assert_true(p - head < 400); /* the next one, none skipped */
            p += strlen(want);
        }
        assert_string_equal(p, "");
        free(answer);
    }
}

/* More waiting bytes than are kept: the socket has to wait, nothing is lost. */
static void pipelining_much(void **state)
{
    enum { N = 60, SIZE = 8000 };
    BUF_SCOPE(b);
    (void)state;
    buf_str(&b, "GET /slow?ms=100 HTTP/1.1\r\n" H "\r\n");
    for (int i = 0; i < N; i++) {
        buf_fmt(&b, "POST /echo HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n", SIZE);
        for (int k = 0; k < SIZE; k++)
            buf_chr(&b, (char)('a' + i % 26));
    }
    char *answer = raw_talk(rig.port, b.p, b.len, 0);
    size_t count = 0;
    for (const char *p = answer; (p = strstr(p, "HTTP/1.1 200")) != NULL; p++)
        count++;
    assert_int_equal(count, N + 1);
    free(answer);
}

static void ten_megabytes(void **state)
{
    static const char *const heads[] = {"POST /echo HTTP/1.1\r\n" H "Content-Length: 10485760\r\n\r\n",
                                        "POST /echo HTTP/1.1\r\n" H
                                        "Transfer-Encoding: chunked\r\n\r\nA00000\r\n"};
    (void)state;
    size_t n = 10 << 20;
    char *body = calloc(1, n);
    memset(body, 'x', n);
    for (size_t i = 0; i < COUNT(heads); i++) {
        int fd = raw_connect(rig.port);
        raw_send(fd, heads[i], strlen(heads[i]), 0);
        raw_send(fd, body, n, 0); /* may be cut */
        char *answer = raw_read(fd, 20000, NULL);
        assert_int_equal(status_of(answer), 413);
        assert_non_null(strstr(answer, "Connection: close"));
        free(answer);
        close(fd);
    }
    free(body);
    assert_true(rig_wait_conns(&rig, 0, 30000));
}

/* Our own short timers: 2000 ms for the head, 2400 for the body. */
static void slow_clients(void **state)
{
    static const struct {
        const char *send;
        int status;
        int after; /* ms */
    } rows[] = {{"", 0, 1900},
                {"GET /hello HTTP/1.1\r\nHo", 408, 1900},
                {"POST /echo HTTP/1.1\r\n" H "Content-Length: 10\r\n\r\nabc", 408, 2300},
                {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 408, 2300}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t start = mono_ms();
        int fd = raw_connect(rig.port);
        raw_send(fd, rows[i].send, strlen(rows[i].send), 0);
        char *answer = raw_read(fd, 20000, NULL);
        int64_t took = mono_ms() - start;
        assert_int_equal(status_of(answer), rows[i].status);
        assert_in_range(took, rows[i].after, 20000);
        free(answer);
        close(fd);
    }
}

/* One byte now and then does not prolong the time of a head. */
static void drip(void **state)
{
    (void)state;
    int fd = raw_connect(rig.port);
    raw_say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\nA: ");
    for (int i = 0; i < 400 && raw_send(fd, "b", 1, 0); i++) /* never a whole head, however slow we are */
        usleep(50000);
    char *answer = raw_read(fd, 20000, NULL);
    assert_int_equal(status_of(answer), 408);
    free(answer);
    close(fd);
}

static bool is_cut(int fd)
{
    char *answer = raw_read(fd, 20000, NULL);
    bool cut = *answer == '\0';
    free(answer);
    return cut;
}

static void keep_alive_and_idle(void **state)
{
    (void)state;
    int fd = raw_connect(rig.port);
    for (int i = 0; i < 3; i++) {
        raw_say(fd, "GET /hello HTTP/1.1\r\n" H "\r\n");
        char *answer = raw_until(fd, "{\"hello\":true}", 20000);
        assert_int_equal(status_of(answer), 200);
        assert_null(strstr(answer, "Connection: close"));
        free(answer);
        usleep(2100000); /* longer than header_ms, shorter than idle_ms */
    }
    assert_true(is_cut(fd)); /* idle_ms */
    close(fd);
}

static void big_answer_slow_reader(void **state)
{
    (void)state;
    int fd = raw_connect(rig.port), small = 65536;
    size_t n = 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    raw_say(fd, "GET /big HTTP/1.1\r\n" H "Connection: close\r\n\r\n");
    usleep(50000);
    char *answer = raw_read(fd, 20000, &n);
    assert_true(n > 5u << 20);
    assert_int_equal(answer[n - 1], 'b');
    free(answer);
    close(fd);
}

/* The client is gone before the answer, in the middle of everything else. */
static void gone_clients(void **state)
{
    static const char *const sends[] = {"GET /slow?ms=20 HTTP/1.1\r\n" H "\r\n",
                                        "GET /big HTTP/1.1\r\n" H "\r\n", "GET /events HTTP/1.1\r\n" H "\r\n",
                                        "POST /echo HTTP/1.1\r\n" H "Content-Le"};
    const struct linger reset = {1, 0};
    (void)state;
    for (int i = 0; i < 40; i++) {
        int fd = raw_connect(rig.port);
        raw_send(fd, sends[i % 4], strlen(sends[i % 4]), 0);
        if (i % 8 < 4)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        usleep((unsigned)(i % 3) * 3000);
        close(fd);
    }
    assert_true(rig_wait_conns(&rig, 0, 30000));
}

enum { PLACES = 20 }; /* max_conns */

static int hello(int fd)
{
    raw_say(fd, "GET /hello HTTP/1.1\r\n" H "\r\n");
    char *answer = raw_until(fd, "true}", 20000);
    int status = status_of(answer);
    free(answer);
    return status;
}

static void let_go(int *fds, int n)
{
    for (int i = 0; i < n; i++)
        close(fds[i]);
    assert_true(rig_wait_conns(&rig, 0, 30000));
}

/* All places are held by the silent: each newcomer is served, and who was silent longest goes. */
static void full_of_silence(void **state)
{
    int fds[PLACES + 2];
    (void)state;
    assert_true(rig_wait_conns(&rig, 0, 30000));
    for (int i = 0; i < PLACES; i++) {
        fds[i] = raw_connect(rig.port);
        if (i < 2) { /* known, and for some milliseconds, before the next one comes */
            assert_true(rig_wait_conns(&rig, (unsigned)i + 1, 30000));
            usleep(5000);
        }
    }
    usleep(5000);
    assert_int_equal(hello(fds[0]), 200); /* from now on the second is the oldest */
    for (int i = PLACES; i < PLACES + 2; i++) {
        fds[i] = raw_connect(rig.port);
        assert_int_equal(hello(fds[i]), 200);
    }
    assert_true(is_cut(fds[1]));
    assert_int_equal(hello(fds[0]), 200);
    let_go(fds, PLACES + 2);
}

/* A request that has begun, is in work, or streams its answer keeps its place; the newcomer is told. */
static void full_of_work(void **state)
{
    static const char *const work[] = {"GET /slow?ms=1500 HTTP/1.1\r\n" H "\r\n",
                                       "POST /echo HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\na",
                                       "GET /events HTTP/1.1\r\n" H "\r\n", "GET /hello HTTP/1.1\r\nHo"};
    static const char *const rest[] = {"", "b", "", "st: x\r\n\r\n"};
    int fds[PLACES + 1];
    (void)state;
    assert_true(rig_wait_conns(&rig, 0, 30000));
    for (int i = 0; i < PLACES; i++) {
        fds[i] = raw_connect(rig.port);
        raw_say(fds[i], work[i % 4]);
    }
    assert_true(rig_wait_conns(&rig, PLACES, 30000)); /* accepted, */
    assert_true(rig_wait_conns(&rig, PLACES, 30000)); /* and what they said was read */
    fds[PLACES] = raw_connect(rig.port);
    char *answer = raw_read(fds[PLACES], 20000, NULL);
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "Retry-After: 2\r\n"));
    assert_non_null(strstr(answer, "all connections are in use"));
    free(answer);
    for (int i = 0; i < PLACES; i++) {
        raw_say(fds[i], rest[i % 4]);
        answer = raw_until(fds[i], "\r\n\r\n", 20000);
        assert_int_equal(status_of(answer), 200);
        free(answer);
    }
    let_go(fds, PLACES + 1);
}

static int start(void **state)
{
    (void)state;
    rig.conf = (struct http_conf){.header_ms = 2000, .body_ms = 2400, .idle_ms = 12000, .max_conns = PLACES};
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(table),
                                       cmocka_unit_test(head_has_no_body),
                                       cmocka_unit_test(nul_bytes),
                                       cmocka_unit_test(head_limits),
                                       cmocka_unit_test(endless),
                                       cmocka_unit_test(pipelining),
                                       cmocka_unit_test(pipelining_much),
                                       cmocka_unit_test(ten_megabytes),
                                       cmocka_unit_test(slow_clients),
                                       cmocka_unit_test(drip),
                                       cmocka_unit_test(keep_alive_and_idle),
                                       cmocka_unit_test(gone_clients),
                                       cmocka_unit_test(full_of_silence),
                                       cmocka_unit_test(full_of_work),
                                       cmocka_unit_test(big_answer_slow_reader)};
    return cmocka_run_group_tests(tests, start, stop);
}
