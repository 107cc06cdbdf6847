/* The address of a Unix socket, however long its path: the kernel takes 107 bytes, so a longer path goes by
 * an open descriptor of its folder. Header only: also for programs without this library. */
#ifndef PRIDVOR_SOCKPATH_H
#define PRIDVOR_SOCKPATH_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Returns a descriptor to close after bind() or connect(), 0 when none is needed, -1 with errno. */
static inline int sock_address(const char *path, struct sockaddr_un *out)
{
    const char *name = strrchr(path, '/');
    char folder[4096];
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((size_t)snprintf(out->sun_path, sizeof(out->sun_path), "%s", path) < sizeof(out->sun_path))
        return 0;
    if (!name ||
        (size_t)snprintf(folder, sizeof(folder), "%.*s", (int)(name - path), path) >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if ((size_t)snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d%s", fd, name) <
        sizeof(out->sun_path))
        return fd;
    errno = ENAMETOOLONG;
    return -1;
}

#endif
