#include "backend/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/fs.h"
#include "common/base/text.h"

enum { PATH_LEN = 1280, PIECE = 16384, WHOLE_MAX = 64 << 20 };

struct store_file {
    char folder[1025], path[PATH_LEN];
    int fd;
    size_t max, len;
    struct sha256_sum *sum;
    char hex[STORE_HEX]; /* "": not ended */
    char head[9];
    struct err err;
};

/* The register's own books, likely on the same disk, come before papers: whoever sends without end fills the
 * disk to here and no further. */
static enum rc has_room(const struct store_place *s, struct err *e)
{
    struct statvfs v;
    if (statvfs(s->folder, &v) != 0)
        return err_set(e, RC_IO, "the file store: %s", strerror(errno));
    uint64_t mb = (uint64_t)v.f_bavail * v.f_frsize >> 20;
    return mb >= (uint64_t)s->free_mb
               ? RC_OK
               : err_set(e, RC_NO_SPACE, "the file store: %llu MB are left", (unsigned long long)mb);
}

static enum rc disk_error(struct err *e)
{
    return err_set(e, errno == ENOSPC ? RC_NO_SPACE : RC_IO, "the file store: %s", strerror(errno));
}

static void begin(struct store_file *f, const struct store_place *s)
{
    char id[UUID_LEN], folder[PATH_LEN];

    snprintf(folder, sizeof folder, "%s/new", f->folder);
    if (!fs_exists(folder) && fs_mkdirs(folder, 0700, &f->err) != RC_OK) {
        f->err.rc = RC_IO;
        return;
    }
    if (has_room(s, &f->err) != RC_OK || uuid7(id, &f->err) != RC_OK)
        return;
    snprintf(f->path, sizeof f->path, "%s/new/%s", f->folder, id);
    f->fd = open(f->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (f->fd < 0) {
        disk_error(&f->err);
        f->path[0] = 0;
    }
}

struct store_file *store_begin(const struct store_place *s, size_t max)
{
    struct store_file *f = calloc(1, sizeof *f);

    if (!f)
        abort();
    f->sum = sha256_begin();
    f->fd = -1;
    f->max = max;
    snprintf(f->folder, sizeof f->folder, "%s", s->folder);
    begin(f, s);
    return f;
}

static bool put_all(int fd, const char *at, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

void store_add(struct store_file *f, const void *p, size_t n)
{
    const char *at = p;

    if (f->err.rc != RC_OK)
        return;
    if (n > f->max - f->len) {
        err_set(&f->err, RC_TOO_BIG, "more than %zu bytes", f->max);
        return;
    }
    for (size_t i = 0; i < n && f->len + i < sizeof f->head - 1; i++)
        f->head[f->len + i] = at[i];
    sha256_add(f->sum, p, n);
    f->len += n;
    if (!put_all(f->fd, at, n))
        disk_error(&f->err);
}

enum rc store_sum(struct store_file *f, char hex[STORE_HEX], size_t *size, struct err *e)
{
    uint8_t sum[SHA256_LEN];

    if (f->sum) {
        sha256_end(f->sum, sum);
        f->sum = NULL;
        hex_encode(f->hex, sum, sizeof sum);
    }
    memcpy(hex, f->hex, STORE_HEX);
    if (size)
        *size = f->len;
    if (f->err.rc == RC_OK)
        return RC_OK;
    *e = f->err;
    return e->rc;
}

const char *store_head(const struct store_file *f)
{
    return f->head;
}

static enum rc sync_folder(const char *path, struct err *e)
{
    int fd SCOPED(fd_closep) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return err_set(e, RC_IO, "the file store: %s", strerror(errno));
    return RC_OK;
}

enum rc store_keep(struct store_file *f, struct err *e)
{
    char folder[PATH_LEN - 80], final[PATH_LEN], hex[STORE_HEX];

    TRY(store_sum(f, hex, NULL, e));
    snprintf(folder, sizeof folder, "%s/%.2s", f->folder, hex);
    snprintf(final, sizeof final, "%s/%s", folder, hex);
    if (!fs_exists(folder)) {
        TRY(fs_mkdirs(folder, 0700, e));
        TRY(sync_folder(f->folder, e));
    }
    if (fsync(f->fd) != 0 || rename(f->path, final) != 0)
        return disk_error(e);
    f->path[0] = 0;
    return sync_folder(folder, e);
}

void store_drop(struct store_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    if (f->path[0])
        unlink(f->path);
    sha256_end(f->sum, NULL);
    free(f);
}

void store_dropp(struct store_file **f)
{
    store_drop(*f);
}

/* Looked at where it lies, never copied. */
enum rc store_look(struct store_file *f, struct store_kind *out, struct err *e)
{
    char hex[STORE_HEX];

    TRY(store_sum(f, hex, NULL, e));
    if (!f->len)
        return err_code(e, RC_BAD_FIELD, "EMPTY", 0, "an empty file");
    void *p = mmap(NULL, f->len, PROT_READ, MAP_PRIVATE, f->fd, 0);
    if (p == MAP_FAILED)
        return err_set(e, RC_IO, "the file store: %s", strerror(errno));
    enum rc rc = store_kind(BYTES(p, f->len), out, e);
    munmap(p, f->len);
    if (rc == RC_BAD_FIELD) {
        snprintf(e->path, sizeof e->path, "file");
        e->code = e->code ? e->code : "BROKEN";
    }
    return rc;
}

enum rc store_put(const struct store_place *s, struct bytes b, char hex[STORE_HEX], struct err *e)
{
    struct store_file *f SCOPED(store_dropp) = store_begin(s, b.len);

    store_add(f, b.p, b.len);
    TRY(store_sum(f, hex, NULL, e));
    return store_keep(f, e);
}

static bool is_hash(const char *hex)
{
    return strlen(hex) == STORE_HEX - 1 && strspn(hex, "0123456789abcdef") == STORE_HEX - 1;
}

struct store_reader {
    int fd;
    size_t size, at;
    struct sha256_sum *sum;
    char hex[STORE_HEX];
};

void store_close(struct store_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    sha256_end(r->sum, NULL);
    free(r);
}

void store_closep(struct store_reader **r)
{
    store_close(*r);
}

size_t store_size(const struct store_reader *r)
{
    return r->size;
}

static enum rc changed(const struct store_reader *r, struct err *e)
{
    return err_set(e, RC_STATE, "file %s has changed", r->hex);
}

enum rc store_unseen(const struct store_place *s, const char *hex, struct store_reader **out, struct err *e)
{
    char path[PATH_LEN];
    struct stat st;

    if (!is_hash(hex))
        return err_set(e, RC_NOT_FOUND, "not a hash");
    snprintf(path, sizeof path, "%.1024s/%.2s/%s", s->folder, hex, hex);
    struct store_reader *r SCOPED(store_closep) = calloc(1, sizeof *r);
    if (!r)
        abort();
    memcpy(r->hex, hex, STORE_HEX);
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0 && errno == ENOENT)
        return err_set(e, RC_NOT_FOUND, "file %s is not here", hex);
    if (r->fd < 0 || fstat(r->fd, &st) != 0)
        return disk_error(e);
    r->size = (size_t)st.st_size;
    r->sum = sha256_begin();
    *out = r;
    r = NULL;
    return RC_OK;
}

enum rc store_at(struct store_reader *r, size_t at, void *p, size_t n, struct err *e)
{
    char *to = p;

    if (at > r->size || n > r->size - at)
        return changed(r, e);
    while (n > 0) {
        ssize_t done = pread(r->fd, to, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return disk_error(e);
        if (done == 0)
            return changed(r, e);
        to += done;
        at += (size_t)done;
        n -= (size_t)done;
    }
    return RC_OK;
}

enum rc store_next(struct store_reader *r, void *p, size_t n, struct err *e)
{
    uint8_t sum[SHA256_LEN];
    char found[STORE_HEX];

    TRY(store_at(r, r->at, p, n, e));
    sha256_add(r->sum, p, n);
    r->at += n;
    if (r->at < r->size)
        return RC_OK;
    sha256_end(r->sum, sum);
    r->sum = sha256_begin();
    r->at = 0;
    hex_encode(found, sum, sizeof sum);
    return strcmp(found, r->hex) == 0 ? RC_OK : changed(r, e);
}

enum rc store_each(struct store_reader *r, void (*put)(void *user, const void *p, size_t n), void *user,
                   struct err *e)
{
    char piece[PIECE];

    for (size_t left = r->size, n; left > 0; left -= n) {
        n = left < sizeof piece ? left : sizeof piece;
        TRY(store_next(r, piece, n, e));
        put(user, piece, n);
    }
    wipe(piece, sizeof piece);
    return r->size ? RC_OK : store_next(r, piece, 0, e);
}

static void seen(void *user, const void *p, size_t n)
{
    (void)user;
    (void)p;
    (void)n;
}

enum rc store_check(struct store_reader *r, struct err *e)
{
    return store_each(r, seen, NULL, e);
}

enum rc store_open(const struct store_place *s, const char *hex, struct store_reader **out, struct err *e)
{
    struct store_reader *r SCOPED(store_closep) = NULL;

    TRY(store_unseen(s, hex, &r, e));
    TRY(store_check(r, e));
    *out = r;
    r = NULL;
    return RC_OK;
}

static void into_file(void *user, const void *p, size_t n)
{
    store_add(user, p, n);
}

enum rc store_copy(struct store_reader *r, struct store_file *to, struct err *e)
{
    return store_each(r, into_file, to, e);
}

struct saving {
    int fd, error; /* the first errno */
};

static void into_saving(void *user, const void *p, size_t n)
{
    struct saving *s = user;

    if (!s->error && !put_all(s->fd, p, n))
        s->error = errno;
}

static enum rc save(struct store_reader *r, int fd, const char *path, struct err *e)
{
    struct saving s = {.fd = fd};

    TRY(store_each(r, into_saving, &s, e));
    if (!s.error && fsync(fd) != 0)
        s.error = errno;
    if (!s.error)
        return RC_OK;
    return err_set(e, s.error == ENOSPC ? RC_NO_SPACE : RC_IO, "%s: cannot be written: %s", path,
                   strerror(s.error));
}

/* Under another name until it is whole: a cut copy is not taken for one, and what stood there stays. */
enum rc store_save(struct store_reader *r, const char *path, unsigned mode, struct err *e)
{
    char tmp[PATH_LEN];

    if ((size_t)snprintf(tmp, sizeof tmp, "%s.XXXXXX", path) >= sizeof tmp)
        return err_set(e, RC_IO, "%s: path too long", path);
    int fd SCOPED(fd_closep) = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0)
        return err_set(e, RC_IO, "%s: %s", path, strerror(errno));
    enum rc rc = save(r, fd, path, e);
    if (rc == RC_OK && (fchmod(fd, mode) != 0 || rename(tmp, path) != 0))
        rc = err_set(e, RC_IO, "%s: cannot be written: %s", path, strerror(errno));
    if (rc != RC_OK)
        unlink(tmp);
    return rc;
}

enum rc store_get(const struct store_place *s, struct arena *a, const char *hex, struct bytes *out,
                  struct err *e)
{
    struct store_reader *r SCOPED(store_closep) = NULL;

    TRY(store_unseen(s, hex, &r, e));
    if (r->size > WHOLE_MAX)
        return err_set(e, RC_TOO_BIG, "file %s is larger than %d bytes", r->hex, WHOLE_MAX);
    char *p = arena_alloc(a, r->size + 1);
    *out = BYTES(p, r->size);
    return store_next(r, p, r->size, e);
}

enum rc store_remove(const struct store_place *s, const char *hex, struct err *e)
{
    char path[PATH_LEN];

    if (!is_hash(hex))
        return err_set(e, RC_NOT_FOUND, "not a hash");
    snprintf(path, sizeof path, "%.1024s/%.2s/%s", s->folder, hex, hex);
    return unlink(path) == 0 || errno == ENOENT ? RC_OK : disk_error(e);
}
