#include "tests/db/tclient.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static enum rc flush(struct tclient *c, struct err *e)
{
    const char *p;
    size_t n;
    while ((n = tls_drain(c->tls, &p)) > 0) {
        ssize_t done = send(c->fd, p, n, MSG_NOSIGNAL);
        if (done <= 0)
            return err_set(e, RC_LINK_LOST, "send failed");
        tls_drained(c->tls, (size_t)done);
    }
    return RC_OK;
}

static enum rc pull(struct tclient *c, struct err *e)
{
    char raw[16384];
    ssize_t n = recv(c->fd, raw, sizeof(raw), 0);
    if (n <= 0)
        return err_set(e, RC_LINK_LOST, "connection ended");
    if (!c->tls) {
        buf_add(&c->in, raw, (size_t)n);
        return RC_OK;
    }
    tls_feed(c->tls, raw, (size_t)n);
    return RC_OK;
}

static enum rc pull_clear(struct tclient *c, struct err *e)
{
    char clear[16384];
    if (!c->tls)
        return pull(c, e);
    for (;;) {
        int n = tls_read(c->tls, clear, sizeof(clear), e);
        if (n < 0)
            return err_set(e, RC_LINK_LOST, "connection ended");
        if (n > 0) {
            buf_add(&c->in, clear, (size_t)n);
            return RC_OK;
        }
        TRY(flush(c, e));
        TRY(pull(c, e));
    }
}

/* Four at a time: the server cuts a handshake after ten seconds, and a hundred of them together last longer
 * under a sanitizer on a machine that does other things too. Ours to test is what comes after. */
enum { LANES = 4 };
static pthread_mutex_t lanes[LANES] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                       PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};

static enum rc shake(struct tclient *c, struct err *e)
{
    for (;;) {
        enum rc rc = tls_handshake(c->tls, e);
        TRY(flush(c, e));
        if (rc != RC_BUSY)
            return rc;
        TRY(pull(c, e));
    }
}

static bool dial(struct tclient *c, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval wait = {.tv_sec = 60};
    int one = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static enum rc handshake(struct tclient *c, int port, struct err *e)
{
    static atomic_uint next;
    pthread_mutex_t *lane = &lanes[next++ % LANES];

    pthread_mutex_lock(lane);
    enum rc rc = dial(c, port) ? shake(c, e) : err_set(e, RC_LINK_LOST, "connect failed");
    pthread_mutex_unlock(lane);
    return rc;
}

enum rc tclient_open(struct tclient *c, int port, struct tls_ctx *ctx, struct err *e)
{
    enum rc rc = RC_OK;

    memset(c, 0, sizeof(*c));
    c->fd = -1;
    if (ctx)
        rc = tls_new(ctx, "localhost", &c->tls, e);
    if (rc == RC_OK && ctx)
        rc = handshake(c, port, e);
    else if (rc == RC_OK && !dial(c, port))
        rc = err_set(e, RC_LINK_LOST, "connect failed");
    if (rc != RC_OK)
        tclient_close(c);
    return rc;
}

enum rc tclient_send(struct tclient *c, const void *p, size_t len, struct err *e)
{
    const char *at = p;
    if (c->tls) {
        TRY(tls_write(c->tls, p, len, e));
        return flush(c, e);
    }
    while (len) {
        ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return err_set(e, RC_LINK_LOST, "send failed");
        at += n;
        len -= (size_t)n;
    }
    return RC_OK;
}

static long body_length(const char *head)
{
    const char *p = strcasestr(head, "\r\ncontent-length:");
    return p ? strtol(p + 17, NULL, 10) : 0;
}

int tclient_answer(struct tclient *c, struct buf *head, struct buf *body, struct err *e)
{
    char *end;
    int status = -1;

    while (!c->in.p || !(end = strstr(c->in.p, "\r\n\r\n")))
        if (pull_clear(c, e) != RC_OK)
            return -1;
    size_t headlen = (size_t)(end + 4 - c->in.p);
    end[2] = 0;
    size_t len = (size_t)body_length(c->in.p);
    if (sscanf(c->in.p, "HTTP/1.1 %d", &status) != 1)
        return -1;
    if (head)
        buf_str(head, c->in.p);
    while (c->in.len < headlen + len)
        if (pull_clear(c, e) != RC_OK)
            return -1;
    if (body)
        buf_add(body, c->in.p + headlen, len);
    buf_cut(&c->in, headlen + len);
    return status;
}

int tclient_exchange(struct tclient *c, const struct tclient_ask *ask, struct buf *body, struct err *e)
{
    BUF_SCOPE(out);
    buf_fmt(&out, "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n", ask->method,
            ask->path, ask->headers, strlen(ask->text));
    buf_str(&out, ask->text);
    if (tclient_send(c, out.p, out.len, e) != RC_OK)
        return -1;
    return tclient_answer(c, NULL, body, e);
}

bool tclient_pending(struct tclient *c)
{
    char byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return n >= 0;
}

void tclient_close(struct tclient *c)
{
    tls_free(c->tls);
    c->tls = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    buf_free(&c->in);
}
