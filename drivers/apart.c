#include "drivers/apart.h"

#include "common/base/arena.h"
#include "common/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The error travels as it stands: its `code` is a string constant, and both sides are the same program. */
struct head {
    enum rc rc;
    struct err err;
    size_t len;
};

static bool write_all(int fd, const void *p, size_t len)
{
    for (const uint8_t *at = p; len > 0;) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static void child(apart_body body, const void *arg, int fd)
{
    struct head h = {0};
    BUF_SCOPE(out);
    h.rc = body(arg, &out, &h.err);
    h.len = h.rc == RC_OK ? out.len : 0;
    _exit(write_all(fd, &h, sizeof h) && write_all(fd, out.p, h.len) ? 0 : 1);
}

/* Until the child closes its end. */
static enum rc read_all(int fd, int64_t until, struct buf *in, struct err *e)
{
    for (;;) {
        int64_t left = until - mono_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint8_t piece[16384];
        int ready = poll(&p, 1, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return err_set(e, RC_TIMEOUT, "the work apart takes too long");
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return RC_OK;
        if (in->len + (size_t)n > sizeof(struct head) + APART_MAX)
            return err_set(e, RC_TOO_BIG, "an answer of more than %u bytes", APART_MAX);
        buf_add(in, piece, (size_t)n);
        wipe(piece, (size_t)n);
    }
}

static enum rc answer(const struct buf *in, struct buf *out, struct err *e)
{
    struct head h = {0};
    if (in->len >= sizeof h)
        memcpy(&h, in->p, sizeof h);
    if (in->len < sizeof h || in->len - sizeof h != h.len)
        return err_set(e, RC_INTERNAL, "the work apart ended without an answer");
    if (h.rc == RC_OK)
        buf_add(out, in->p + sizeof h, h.len);
    else if (e)
        *e = h.err;
    return h.rc;
}

/* Under valgrind everything takes many times longer: with-valgrind says how many. */
static int64_t patience(int ms)
{
    const char *slow = getenv("PRIDVOR_SLOW");
    long times = slow ? strtol(slow, NULL, 10) : 1;
    return times > 1 && times <= 100 ? ms * times : ms;
}

enum rc apart_run(apart_body body, const void *arg, int ms, struct buf *out, struct err *e)
{
    int fd[2];
    BUF_SCOPE(in);
    if (pipe2(fd, O_CLOEXEC) != 0)
        return err_set(e, RC_INTERNAL, "pipe: %s", strerror(errno));
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            child(body, arg, fd[1]);
        _exit(1);
    }
    int why = errno;
    close(fd[1]);
    enum rc rc = pid < 0 ? err_set(e, RC_INTERNAL, "fork: %s", strerror(why))
                         : read_all(fd[0], mono_ms() + patience(ms), &in, e);
    close(fd[0]);
    if (pid > 0) {
        kill(pid, SIGKILL); /* it has said all it had to say */
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return rc == RC_OK ? answer(&in, out, e) : rc;
}
