#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/sockpath.h"
#include "firmware/kioskctl.h"

#define ANSWER_MS 10000
#define ANSWER_MAX (4u * 1024 * 1024)

static int dial(const char *dir)
{
    struct sockaddr_un to;
    char path[4096];
    if (!dir || (size_t)snprintf(path, sizeof(path), "%s/kioskd.sock", dir) >= sizeof(path))
        return -1;
    int folder = sock_address(path, &to);
    int fd = folder < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        fd = -1;
    }
    if (folder > 0)
        close(folder);
    return fd;
}

static enum rc connect_any(int *out, struct err *e)
{
    const char *const dirs[] = {getenv("PRIDVOR_RUN"), "var/run", "/run/pridvor"};
    for (size_t i = 0; i < COUNT(dirs); i++) {
        int fd = dial(dirs[i]);
        if (fd >= 0) {
            *out = fd;
            return RC_OK;
        }
    }
    return err_set(e, RC_UNAVAILABLE,
                   "kioskd does not answer: is it running? (looked in $PRIDVOR_RUN, var/run, "
                   "/run/pridvor)");
}

static enum rc more(int fd, struct buf *in, int64_t until, struct err *e)
{
    char piece[4096];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t left = until - mono_ms();
    int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
    if (ready == 0)
        return err_set(e, RC_TIMEOUT, "kioskd gave no answer in time");
    ssize_t n = ready < 0 ? -1 : read(fd, piece, sizeof(piece));
    if (n < 0 && errno == EINTR)
        return RC_OK;
    if (n <= 0)
        return err_set(e, RC_PROTOCOL, "kioskd closed the connection");
    buf_add(in, piece, (size_t)n);
    return in->len > ANSWER_MAX ? err_set(e, RC_TOO_BIG, "the answer is too long") : RC_OK;
}

/* Lines until the completion; events have an arena of their own, a trace may be long. */
static enum rc listen_to(struct arena *a, int fd, const struct ctl_ask *ask, struct frame *out, struct err *e)
{
    BUF_SCOPE(in);
    int64_t until = mono_ms() + ANSWER_MS + ask->deadline_ms;
    for (;;) {
        char *nl;
        while (in.len && (nl = memchr(in.p, '\n', in.len)) != NULL) {
            ARENA_SCOPE(own);
            struct frame f = {0};
            size_t len = (size_t)(nl - in.p);
            TRY(frame_read(own, in.p, len, &f, e));
            if (strcmp(f.kind, "completion") == 0)
                return frame_read(a, in.p, len, out, e);
            if (ask->event)
                ask->event(&f, ask->user);
            buf_cut(&in, len + 1);
        }
        TRY(more(fd, &in, until, e));
    }
}

enum rc ctl_talk(struct arena *a, const struct ctl_ask *ask, struct frame *out, struct err *e)
{
    int fd SCOPED(fd_closep) = -1;
    BUF_SCOPE(line);
    TRY(connect_any(&fd, e));
    buf_str(&line, "{\"driver\":");
    json_quote(&line, ask->driver);
    buf_str(&line, ",\"verb\":");
    json_quote(&line, ask->verb);
    if (ask->deadline_ms)
        buf_fmt(&line, ",\"deadline_ms\":%lld", (long long)ask->deadline_ms);
    buf_fmt(&line, ",\"args\":%s}\n", ask->args ? ask->args : "{}");
    if (send(fd, line.p, line.len, MSG_NOSIGNAL) != (ssize_t)line.len)
        return err_set(e, RC_IO, "cannot write to kioskd: %s", strerror(errno));
    return listen_to(a, fd, ask, out, e);
}

enum exit_code ctl_exit(const struct frame *f)
{
    static const struct {
        const char *completion;
        enum exit_code code;
    } rows[] = {{"ok", EXIT_FINE},
                {"no-device", EXIT_NO_DEVICE},
                {"user-needed", EXIT_USER},
                {"not-ready", EXIT_USER},
                {"bad-request", EXIT_USAGE}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].completion, f->completion) == 0)
            return rows[i].code;
    return strcmp(f->outcome, "unknown") == 0 ? EXIT_UNKNOWN : EXIT_FAILED;
}
