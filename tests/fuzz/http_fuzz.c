/* The server on a socket pair of the loop: two bytes say how the input is cut into pieces. Every answer that
 * comes back must be an answer, and nothing may be left behind. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uv_loop_t loop;
static struct http_server *server;

static void echo(struct http_req *r, void *user)
{
    size_t n;
    (void)user;
    const char *p = http_body(r, &n), *q = http_query(r, "q");
    http_set(r, "X-Query", q != NULL ? q : "none");
    if (http_path(r)[0] != '/' || strstr(http_path(r), "/../") != NULL)
        abort();
    http_reply(r, 200, "text/plain", p, n);
}

static const struct http_route routes[] = {{"POST", "/echo", echo, 0}, {"GET", "/*", echo, 0}};

static void start(void)
{
    struct http_conf conf = {.host = "127.0.0.1",
                             .routes = routes,
                             .nroutes = COUNT(routes),
                             .max_body = 1000,
                             .header_ms = 1000000,
                             .body_ms = 1000000,
                             .idle_ms = 1000000};
    uv_loop_init(&loop);
    if (http_listen(&loop, &conf, &server, NULL) != RC_OK)
        abort();
}

static int join(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(server))};
    const struct linger reset = {1, 0}; /* no TIME_WAIT: there are many of us */
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* The fuzzer's own timer interrupts, and another test may hold the ports for a moment. */
    for (int tries = 0; tries < 500; tries++, usleep(10000)) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
            return fd;
        close(fd);
    }
    perror("connect");
    abort();
}

static void turn(void)
{
    for (int i = 0; i < 3; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char answer[65536];
    if (server == NULL)
        start();
    if (size < 2 || size > 40000)
        return 0;
    size_t step = data[0] % 64 == 0 ? size : data[0] % 64u + data[1];
    int fd = join();
    for (size_t at = 2; at < size; at += step) {
        size_t n = size - at < step ? size - at : step;
        if (send(fd, data + at, n, MSG_NOSIGNAL) < 0)
            break;
        turn();
    }
    shutdown(fd, SHUT_WR);
    turn();
    ssize_t n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
    if (n > 0 && (n < 12 || memcmp(answer, "HTTP/1.1 ", 9) != 0))
        abort();
    close(fd);
    for (int i = 0; i < 1000 && http_conns(server) > 0; i++)
        turn();
    if (http_conns(server) > 0)
        abort();
    return 0;
}
