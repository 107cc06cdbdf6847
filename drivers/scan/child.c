#include "drivers/scan/child.h"

#include "common/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct header {
    uint32_t type, len;
};

/* Standard input and output belong to the frames of the parent; a library that prints must not reach them. */
static void leave_frames(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        _exit(1);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    close(null);
}

enum rc child_start(struct child *c, int (*body)(int fd, const void *arg), const void *arg, struct err *e)
{
    int fd[2];
    child_kill(c);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
        return err_set(e, RC_INTERNAL, "socketpair: %s", strerror(errno));
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) {
        close(fd[0]);
        close(fd[1]);
        return err_set(e, RC_INTERNAL, "fork: %s", strerror(errno));
    }
    if (pid == 0) {
        close(fd[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        leave_frames();
        _exit(body(fd[1], arg));
    }
    close(fd[1]);
    *c = (struct child){.pid = pid, .fd = fd[0]};
    return RC_OK;
}

bool child_alive(const struct child *c)
{
    return c->pid > 0;
}

void child_nudge(struct child *c)
{
    if (c->pid > 0)
        kill(c->pid, SIGUSR1);
}

void child_kill(struct child *c)
{
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
            ;
        close(c->fd);
    }
    buf_free(&c->in);
    *c = (struct child){.fd = -1};
}

static bool send_all(int fd, const void *p, size_t len)
{
    for (const uint8_t *at = p; len > 0;) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool child_say(int fd, uint32_t type, const void *p, size_t len)
{
    struct header h = {type, (uint32_t)len};
    return len <= CHILD_RECORD_MAX && send_all(fd, &h, sizeof h) && (len == 0 || send_all(fd, p, len));
}

enum rc child_send(struct child *c, uint32_t type, const void *p, size_t len, struct err *e)
{
    if (c->pid > 0 && child_say(c->fd, type, p, len))
        return RC_OK;
    child_kill(c);
    return err_code(e, RC_LINK_LOST, "LINK_LOST", 0, "the scanning process ended");
}

/* A record is whole: its bytes stay in the buffer until the next call, which cuts them off. */
static bool whole(struct child *c, struct record *out)
{
    struct header h;
    if (c->in.len < sizeof h)
        return false;
    memcpy(&h, c->in.p, sizeof h);
    if (c->in.len - sizeof h < h.len)
        return false;
    *out = (struct record){h.type, h.len, (const uint8_t *)c->in.p + sizeof h};
    return true;
}

void child_done(struct child *c, struct record *r)
{
    if (r->p)
        buf_cut(&c->in, sizeof(struct header) + r->len);
    r->p = NULL;
}

enum rc child_next(struct child *c, int ms, struct record *out, struct err *e)
{
    child_done(c, out); /* the caller has used the one before */
    int64_t until = mono_ms() + ms;
    while (c->pid > 0) {
        if (whole(c, out))
            return RC_OK;
        if (c->in.len > sizeof(struct header) + CHILD_RECORD_MAX)
            break; /* says of a record that it is longer than any: a library gone mad, or worse */
        int64_t left = until - mono_ms();
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        int ready = poll(&p, 1, left > 0 ? (int)left : 0);
        if (ready == 0)
            return RC_TIMEOUT;
        if (ready < 0 && errno == EINTR)
            continue;
        uint8_t chunk[65536];
        ssize_t n = ready > 0 ? recv(c->fd, chunk, sizeof chunk, 0) : -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        buf_add(&c->in, chunk, (size_t)n);
        wipe(chunk, (size_t)n);
    }
    child_kill(c);
    return err_code(e, RC_LINK_LOST, "LINK_LOST", 0, "the scanning process ended");
}

static bool read_all(int fd, void *p, size_t len)
{
    for (uint8_t *at = p; len > 0;) {
        ssize_t n = recv(fd, at, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool child_hear(int fd, uint32_t *type, struct buf *in)
{
    struct header h;
    uint8_t chunk[4096];
    buf_reset(in);
    if (!read_all(fd, &h, sizeof h) || h.len > CHILD_RECORD_MAX)
        return false;
    *type = h.type;
    for (size_t left = h.len; left > 0;) {
        size_t n = left < sizeof chunk ? left : sizeof chunk;
        if (!read_all(fd, chunk, n))
            return false;
        buf_add(in, chunk, n);
        left -= n;
    }
    return true;
}
