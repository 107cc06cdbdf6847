#include "common/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static enum rc rc_of_errno(int no)
{
    switch (no) {
    case ENOENT:
    case ENOTDIR:
        return RC_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return RC_DENIED;
    case ENOSPC:
    case EDQUOT:
        return RC_NO_SPACE;
    default:
        return RC_IO;
    }
}

static enum rc fail(struct err *e, const char *path, const char *what)
{
    int no = errno;
    return err_set(e, rc_of_errno(no), "%s: %s: %s", path, what, strerror(no));
}

enum rc fs_read(struct arena *a, const char *path, size_t max, char **out, size_t *len, struct err *e)
{
    int fd SCOPED(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return fail(e, path, "open");
    if (S_ISDIR(st.st_mode))
        return err_set(e, RC_IO, "%s: is a folder", path);
    if (st.st_size < 0 || (uint64_t)st.st_size > max)
        return err_set(e, RC_TOO_BIG, "%s: larger than %zu bytes", path, max);
    /* One byte more than expected tells that the file grew; files of /proc say 0 and are read up to max. */
    size_t cap = st.st_size > 0 ? (size_t)st.st_size : max, n = 0;
    char *p = arena_alloc(a, cap + 1);
    while (n <= cap) {
        ssize_t k = read(fd, p + n, cap + 1 - n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return fail(e, path, "read");
        if (k == 0)
            break;
        n += (size_t)k;
    }
    if (n > cap)
        return err_set(e, RC_TOO_BIG, "%s: larger than %zu bytes", path, cap);
    p[n] = '\0';
    *out = p;
    if (len != NULL)
        *len = n;
    return RC_OK;
}

static bool write_all(int fd, const char *p, size_t len)
{
    while (len > 0) {
        ssize_t k = write(fd, p, len);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return false;
        p += k;
        len -= (size_t)k;
    }
    return true;
}

static enum rc sync_folder(const char *path, struct err *e)
{
    char dir[PATH_MAX];
    snprintf(dir, sizeof(dir), "%s", path);
    char *slash = strrchr(dir, '/');
    if (slash == NULL)
        snprintf(dir, sizeof(dir), ".");
    else
        slash[slash == dir] = '\0';
    int fd SCOPED(fd_closep) = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return fail(e, dir, "sync");
    return RC_OK;
}

enum rc fs_write(const char *path, const void *p, size_t len, int mode, struct err *e)
{
    char tmp[PATH_MAX];
    if ((size_t)snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= sizeof(tmp))
        return err_set(e, RC_IO, "%s: path too long", path);
    int fd SCOPED(fd_closep) = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0)
        return fail(e, path, "create");
    if (fchmod(fd, (mode_t)mode) != 0 || !write_all(fd, p, len) || fsync(fd) != 0 || rename(tmp, path) != 0) {
        enum rc rc = fail(e, path, "write");
        unlink(tmp);
        return rc;
    }
    return sync_folder(path, e);
}

enum rc fs_mkdirs(const char *path, int mode, struct err *e)
{
    char dir[PATH_MAX];
    if ((size_t)snprintf(dir, sizeof(dir), "%s", path) >= sizeof(dir))
        return err_set(e, RC_IO, "%s: path too long", path);
    for (char *p = dir;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char c = *p;
        *p = '\0';
        if (dir[0] != '\0' && mkdir(dir, (mode_t)mode) != 0 && errno != EEXIST)
            return fail(e, dir, "create");
        *p = c;
        if (c == '\0')
            break;
    }
    struct stat st;
    if (stat(dir, &st) != 0)
        return fail(e, dir, "look");
    return S_ISDIR(st.st_mode) ? RC_OK : err_set(e, RC_IO, "%s: not a folder", path);
}

bool fs_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}
