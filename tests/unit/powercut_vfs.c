#include "tests/unit/powercut_vfs.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define FILES 8
#define NAME 128

struct image {
    uint8_t *p;
    size_t len;
};
struct file {
    char name[NAME]; /* "": free */
    struct image now, safe;
    uint8_t *touched; /* per sector, since the last sync */
    size_t n_touched;
    bool exists_safe;
};
struct handle {
    sqlite3_file base;
    struct file *file;
    bool powersafe;
};

static struct {
    struct file files[FILES];
    bool off, lying;
    long left, operations;
    uint64_t random;
} disk;

static uint32_t draw(uint32_t n)
{
    disk.random ^= disk.random << 13;
    disk.random ^= disk.random >> 7;
    disk.random ^= disk.random << 17;
    return (uint32_t)((disk.random >> 16) % n);
}

/* Every operation that changes the disk asks here. The one at which the power goes is still begun. */
static bool goes_off(void)
{
    disk.operations++;
    if (disk.left > 0 && --disk.left == 0)
        disk.off = true;
    return disk.off;
}

static void resize(struct image *i, size_t len)
{
    if (len > i->len) {
        i->p = realloc(i->p, len);
        memset(i->p + i->len, 0, len - i->len);
    }
    i->len = len;
}

static void touch(struct file *f, size_t from, size_t to)
{
    size_t need = to / SECTOR + 1;
    if (need > f->n_touched) {
        f->touched = realloc(f->touched, need);
        memset(f->touched + f->n_touched, 0, need - f->n_touched);
        f->n_touched = need;
    }
    for (size_t s = from / SECTOR; s * SECTOR < to; s++)
        f->touched[s] = 1;
}

static void make_safe(struct file *f)
{
    resize(&f->safe, f->now.len);
    if (f->now.len)
        memcpy(f->safe.p, f->now.p, f->now.len);
    if (f->n_touched)
        memset(f->touched, 0, f->n_touched);
    f->exists_safe = true;
}

static struct file *lookup(const char *name, bool make)
{
    struct file *empty = NULL;
    for (int i = 0; i < FILES; i++) {
        if (strcmp(disk.files[i].name, name) == 0)
            return &disk.files[i];
        if (!disk.files[i].name[0] && !empty)
            empty = &disk.files[i];
    }
    if (make && empty)
        strncpy(empty->name, name, NAME - 1);
    return make ? empty : NULL;
}

static void drop(struct file *f)
{
    free(f->now.p);
    free(f->safe.p);
    free(f->touched);
    memset(f, 0, sizeof(*f));
}

/* What one sector holds after the cut. */
static void decide(struct file *f, size_t s, struct image *out)
{
    size_t at = s * SECTOR;
    if (at >= out->len)
        return;
    size_t n = out->len - at < SECTOR ? out->len - at : SECTOR;
    uint8_t *to = out->p + at;
    const uint8_t *now = at + n <= f->now.len ? f->now.p + at : NULL;
    switch (draw(4)) {
    case 0: /* kept */
        if (now)
            memcpy(to, now, n);
        break;
    case 1: /* lost: as it was */
        break;
    case 2: /* torn */
        if (now)
            memcpy(to, now, draw((uint32_t)n));
        break;
    default:
        for (size_t i = 0; i < n; i++)
            to[i] = (uint8_t)draw(256);
    }
}

static void settle(struct file *f)
{
    struct image out = {0};
    size_t len = f->safe.len;
    if (f->now.len > len)
        len += draw((uint32_t)((f->now.len - len) / SECTOR + 2)) * SECTOR;
    else if (f->now.len < len && draw(2))
        len = f->now.len;
    if (len > f->now.len && f->now.len > f->safe.len)
        len = f->now.len;
    resize(&out, len);
    if (f->safe.len && len)
        memcpy(out.p, f->safe.p, f->safe.len < len ? f->safe.len : len);
    for (size_t s = 0; s < f->n_touched; s++)
        if (f->touched[s])
            decide(f, s, &out);
    free(f->now.p);
    f->now = out;
    make_safe(f);
}

void powercut_restore(void)
{
    for (int i = 0; i < FILES; i++) {
        struct file *f = &disk.files[i];
        if (!f->name[0])
            continue;
        if (!f->exists_safe && draw(2))
            drop(f); /* a name that never reached the folder */
        else
            settle(f);
    }
    disk.off = false;
    disk.left = 0;
}

/* sqlite3_io_methods */
static int io_close(sqlite3_file *h)
{
    ((struct handle *)h)->file = NULL;
    return SQLITE_OK;
}

static int io_read(sqlite3_file *h, void *p, int n, sqlite3_int64 at)
{
    struct file *f = ((struct handle *)h)->file;
    if (disk.off)
        return SQLITE_IOERR_READ;
    size_t have = (size_t)at < f->now.len ? f->now.len - (size_t)at : 0;
    size_t take = have < (size_t)n ? have : (size_t)n;
    if (take)
        memcpy(p, f->now.p + at, take);
    if (take == (size_t)n)
        return SQLITE_OK;
    memset((char *)p + take, 0, (size_t)n - take);
    return SQLITE_IOERR_SHORT_READ;
}

static int io_write(sqlite3_file *h, const void *p, int n, sqlite3_int64 at)
{
    struct file *f = ((struct handle *)h)->file;
    if (disk.off)
        return SQLITE_IOERR_WRITE;
    size_t end = (size_t)at + (size_t)n;
    if (end > f->now.len)
        resize(&f->now, end);
    memcpy(f->now.p + at, p, (size_t)n);
    touch(f, (size_t)at, end);
    return goes_off() ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int io_truncate(sqlite3_file *h, sqlite3_int64 len)
{
    struct file *f = ((struct handle *)h)->file;
    if (disk.off)
        return SQLITE_IOERR_TRUNCATE;
    resize(&f->now, (size_t)len);
    return goes_off() ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int io_sync(sqlite3_file *h, int flags)
{
    struct file *f = ((struct handle *)h)->file;
    (void)flags;
    if (disk.off || goes_off())
        return SQLITE_IOERR_FSYNC;
    if (!disk.lying)
        make_safe(f);
    return SQLITE_OK;
}

static int io_size(sqlite3_file *h, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct handle *)h)->file->now.len;
    return SQLITE_OK;
}

static int io_lock(sqlite3_file *h, int level)
{
    (void)h;
    (void)level;
    return SQLITE_OK;
}

static int io_reserved(sqlite3_file *h, int *out)
{
    (void)h;
    *out = 0;
    return SQLITE_OK;
}

static int io_control(sqlite3_file *h, int op, void *arg)
{
    (void)h;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int io_sector(sqlite3_file *h)
{
    (void)h;
    return SECTOR;
}

static int io_device(sqlite3_file *h)
{
    return ((struct handle *)h)->powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = io_close,
    .xRead = io_read,
    .xWrite = io_write,
    .xTruncate = io_truncate,
    .xSync = io_sync,
    .xFileSize = io_size,
    .xLock = io_lock,
    .xUnlock = io_lock,
    .xCheckReservedLock = io_reserved,
    .xFileControl = io_control,
    .xSectorSize = io_sector,
    .xDeviceCharacteristics = io_device,
};

/* sqlite3_vfs */
static int fs_open(sqlite3_vfs *v, const char *name, sqlite3_file *h, int flags, int *out)
{
    struct handle *to = (struct handle *)h;
    (void)v;
    memset(to, 0, sizeof(*to));
    if (disk.off)
        return SQLITE_CANTOPEN;
    struct file *f = lookup(name ? name : "temporary", (flags & SQLITE_OPEN_CREATE) != 0);
    if (!f)
        return SQLITE_CANTOPEN;
    to->file = f;
    to->powersafe = name && sqlite3_uri_boolean(name, "psow", 1);
    to->base.pMethods = &methods;
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static int fs_delete(sqlite3_vfs *v, const char *name, int sync_folder)
{
    struct file *f = lookup(name, false);
    (void)v;
    (void)sync_folder;
    if (disk.off || goes_off())
        return SQLITE_IOERR_DELETE;
    if (f)
        drop(f);
    return SQLITE_OK;
}

static int fs_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    (void)v;
    (void)flags;
    struct file *f = lookup(name, false);
    *out = f && f->now.len > 0;
    return SQLITE_OK;
}

static int fs_full_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
    (void)v;
    sqlite3_snprintf(n, out, "%s", name);
    return SQLITE_OK;
}

static int fs_random(sqlite3_vfs *v, int n, char *out)
{
    (void)v;
    for (int i = 0; i < n; i++)
        out[i] = (char)draw(256);
    return n;
}

static int fs_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    return us;
}

static int fs_time(sqlite3_vfs *v, double *out)
{
    (void)v;
    *out = 2460000.5;
    return SQLITE_OK;
}

void powercut_register(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct handle),
        .mxPathname = NAME - 1,
        .zName = POWERCUT_VFS,
        .xOpen = fs_open,
        .xDelete = fs_delete,
        .xAccess = fs_access,
        .xFullPathname = fs_full_path,
        .xRandomness = fs_random,
        .xSleep = fs_sleep,
        .xCurrentTime = fs_time,
    };
    sqlite3_vfs_register(&vfs, 0);
}

void powercut_reset(unsigned seed)
{
    for (int i = 0; i < FILES; i++)
        drop(&disk.files[i]);
    disk.off = disk.lying = false;
    disk.left = disk.operations = 0;
    disk.random = 0x9e3779b97f4a7c15ull ^ ((uint64_t)seed << 20) ^ seed;
}

void powercut_arm(long operations)
{
    disk.left = operations;
    disk.operations = 0;
}

bool powercut_is_off(void)
{
    return disk.off;
}

void powercut_lying(bool on)
{
    disk.lying = on;
}

long powercut_operations(void)
{
    return disk.operations;
}
