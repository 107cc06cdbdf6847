/* The control socket: one command per line, one JSON answer per line. Anything may arrive here. */
#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/sockpath.h"
#include "tests/devices/vdev_int.h"

#define LINE 65536 /* a drawn stroke is long */

struct ctl {
    struct vdev *v;
    int fd;
    GString *in;
    bool skip; /* a line longer than LINE is thrown away up to its end */
};

static bool reply(struct ctl *c, GString *answer)
{
    g_string_append_c(answer, '\n');
    for (gsize at = 0; at < answer->len;) {
        ssize_t n = send(c->fd, answer->str + at, answer->len - at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (gsize)n;
    }
    return true;
}

static bool one_line(struct ctl *c, const char *line)
{
    g_autoptr(GString) answer = g_string_new(NULL);
    vdev_line(c->v, line, answer);
    return reply(c, answer);
}

static bool eat(struct ctl *c)
{
    char *nl;
    while ((nl = memchr(c->in->str, '\n', c->in->len))) {
        gsize len = (gsize)(nl - c->in->str);
        g_autofree char *line = g_strndup(c->in->str, len); /* ends at a NUL byte, too */
        g_string_erase(c->in, 0, (gssize)len + 1);
        bool skip = c->skip;
        c->skip = false;
        if (!skip && !one_line(c, line))
            return false;
    }
    if (c->in->len > LINE) {
        bool said = c->skip;
        c->skip = true;
        g_string_truncate(c->in, 0);
        g_autoptr(GString) answer = g_string_new("{\"ok\":false,\"text\":\"line too long\"}");
        return said || reply(c, answer);
    }
    return true;
}

static gboolean on_data(gint fd, GIOCondition cond, gpointer user)
{
    (void)cond;
    struct ctl *c = user;
    char buf[8192];
    ssize_t n = recv(fd, buf, sizeof buf, 0);
    if (n > 0)
        g_string_append_len(c->in, buf, n);
    if (n > 0 && eat(c))
        return G_SOURCE_CONTINUE;
    close(fd);
    g_string_free(c->in, TRUE);
    g_free(c);
    return G_SOURCE_REMOVE;
}

static gboolean on_accept(gint fd, GIOCondition cond, gpointer user)
{
    (void)cond;
    int s = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (s < 0)
        return G_SOURCE_CONTINUE;
    struct timeval limit = {.tv_sec = 2}; /* who does not read its answer is cut */
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    struct ctl *c = g_new0(struct ctl, 1);
    c->v = user;
    c->fd = s;
    c->in = g_string_new(NULL);
    g_unix_fd_add(s, G_IO_IN | G_IO_HUP | G_IO_ERR, on_data, c);
    return G_SOURCE_CONTINUE;
}

bool ctl_open(struct vdev *v, const char *path)
{
    struct sockaddr_un sa;
    int folder = sock_address(path, &sa);
    unlink(path);
    int fd = folder < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0 || listen(fd, 16) != 0) {
        fprintf(stderr, "vdev: %s: %s\n", path, strerror(errno));
        return false;
    }
    if (folder > 0)
        close(folder);
    g_unix_fd_add(fd, G_IO_IN, on_accept, v);
    return true;
}

void ctl_close(const char *path)
{
    unlink(path);
}
