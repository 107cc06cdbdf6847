/* Files from terminals, stored by their SHA-256. A body goes to a file of its own as it comes, is compared
 * with the hash in its address, synced, moved to its name, and only then gets its row: what the table names
 * is whole and on disk. A file that loses its way is removed at a later start. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backend/registry.h"
#include "backend/sql.h"
#include "common/base/fs.h"
#include "common/base/log.h"
#include "common/base/text.h"

enum { PATH_LEN = 1280, HEAD_LEN = 8, HEX_LEN = 2 * SHA256_LEN };
#define ADDRESS "/v1/blobs/"

/* What may come, told by its first bytes, whatever the header says. */
static const struct kind {
    const char *type, *magic;
} kinds[] = {{"application/pdf", "%PDF-"}, {"image/jpeg", "\xFF\xD8\xFF"}};

struct upload {
    struct registry *g;
    struct http_req *http;
    int fd;
    struct sha256_sum *sum;
    char head[HEAD_LEN + 1];
    size_t len;
    const struct kind *kind;
    char hex[HEX_LEN + 1], terminal[80], path[PATH_LEN], final[PATH_LEN];
    struct err err;
    uv_work_t work;
};

static void upload_drop(void *state)
{
    struct upload *u = state;
    if (u->fd >= 0)
        close(u->fd);
    if (u->path[0])
        unlink(u->path);
    sha256_end(u->sum, NULL);
    free(u);
}

/* The register's own books, likely on the same disk, come before papers: whoever sends without end fills the
 * disk to here and no further. */
static enum rc has_room(const struct registry *g, struct err *e)
{
    struct statvfs v;
    if (statvfs(g->conf.blobs, &v) != 0)
        return err_set(e, RC_IO, "the file store: %s", strerror(errno));
    uint64_t mb = (uint64_t)v.f_bavail * v.f_frsize >> 20;
    return mb >= (uint64_t)g->conf.blobs_free_mb
               ? RC_OK
               : err_set(e, RC_NO_SPACE, "the file store: %llu MB are left", (unsigned long long)mb);
}

/* Nothing is written for a stranger; the gate refuses him afterwards. */
static void *upload_open(struct http_req *r, void *user)
{
    struct registry *g = user;
    char id[UUID_LEN];

    if (!registry_terminal(g, http_peer_serial(r), http_peer_cn(r)))
        return NULL;
    struct upload *u = calloc(1, sizeof *u);
    if (!u)
        abort();
    u->g = g;
    u->sum = sha256_begin();
    u->fd = -1;
    if (has_room(g, &u->err) != RC_OK || uuid7(id, &u->err) != RC_OK)
        return u;
    snprintf(u->path, sizeof u->path, "%s/new/%s", g->conf.blobs, id);
    u->fd = open(u->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (u->fd < 0) {
        err_set(&u->err, errno == ENOSPC ? RC_NO_SPACE : RC_IO, "the file store: %s", strerror(errno));
        u->path[0] = 0;
    }
    return u;
}

static void upload_piece(void *state, const void *p, size_t n)
{
    struct upload *u = state;
    const char *at = p;

    if (u->err.rc != RC_OK)
        return;
    for (size_t i = 0; i < n && u->len + i < HEAD_LEN; i++)
        u->head[u->len + i] = at[i];
    sha256_add(u->sum, p, n);
    u->len += n;
    while (n > 0) {
        ssize_t done = write(u->fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            err_set(&u->err, errno == ENOSPC ? RC_NO_SPACE : RC_IO, "the file store: %s", strerror(errno));
            return;
        }
        at += done;
        n -= (size_t)done;
    }
}

const struct http_sink blob_sink = {upload_open, upload_piece, upload_drop};

static enum rc sync_folder(const char *path, struct err *e)
{
    int fd SCOPED(fd_closep) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return err_set(e, RC_IO, "the file store: %s", strerror(errno));
    return RC_OK;
}

/* On disk under its name. Runs beside the loop: it waits for the disk. */
static enum rc settle(struct upload *u, struct err *e)
{
    char folder[PATH_LEN - 80];

    snprintf(folder, sizeof folder, "%.1024s/%.2s", u->g->conf.blobs, u->hex);
    snprintf(u->final, sizeof u->final, "%s/%s", folder, u->hex);
    if (!fs_exists(folder)) {
        TRY(fs_mkdirs(folder, 0700, e));
        TRY(sync_folder(u->g->conf.blobs, e));
    }
    if (fsync(u->fd) != 0 || rename(u->path, u->final) != 0)
        return err_set(e, errno == ENOSPC ? RC_NO_SPACE : RC_IO, "the file store: %s", strerror(errno));
    u->path[0] = 0;
    return sync_folder(folder, e);
}

static void settle_work(uv_work_t *w)
{
    struct upload *u = w->data;
    if (settle(u, &u->err) == RC_OK)
        u->err.rc = RC_OK;
}

static void refuse(struct upload *u)
{
    u->g->stats.refused[u->err.rc]++;
    log_err(&u->err, "event=blob_refused cn=%s", u->terminal);
    http_fail(u->http, &u->err);
    upload_drop(u);
}

static void on_row(const struct db_reply *r, void *user)
{
    struct upload *u = user;

    if (r->err.rc != RC_OK) {
        u->err = r->err;
        refuse(u);
        return;
    }
    bool fresh = db_rows(r->rows) == 1;
    u->g->stats.blobs += fresh;
    u->g->stats.blobs_again += !fresh;
    u->g->stats.blob_bytes += u->len;
    http_json(u->http, fresh ? 201 : 200,
              arena_fmt(http_arena(u->http), "{\"sha256\":\"%s\",\"size\":%zu,\"repeat\":%s}", u->hex, u->len,
                        fresh ? "false" : "true"));
    upload_drop(u);
}

static void settled(uv_work_t *w, int status)
{
    struct upload *u = w->data;
    char size[24];
    struct db_param p[] = {DB_STR(u->hex), DB_STR(size), DB_STR(u->kind->type), DB_STR(u->terminal)};

    snprintf(size, sizeof size, "%zu", u->len);
    if (status != 0)
        err_set(&u->err, RC_UNAVAILABLE, "the register is stopping");
    if (u->err.rc == RC_OK && !u->g->db)
        err_set(&u->err, RC_UNAVAILABLE, "the register is stopping");
    if (u->err.rc != RC_OK ||
        db_send(u->g->db, SQL_BLOB_PUT, p, (unsigned)u->g->conf.deadline_ms, on_row, u, &u->err) != RC_OK)
        refuse(u);
}

static const struct kind *kind_of(const struct upload *u, const char *type)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (type && strcmp(type, kinds[i].type) == 0 &&
            strncmp(u->head, kinds[i].magic, strlen(kinds[i].magic)) == 0)
            return &kinds[i];
    return NULL;
}

static enum rc judge(struct upload *u, struct http_req *r, struct err *e)
{
    uint8_t sum[SHA256_LEN], named[SHA256_LEN];
    size_t n;
    const char *name = http_path(r) + strlen(ADDRESS);

    sha256_end(u->sum, sum);
    u->sum = NULL;
    hex_encode(u->hex, sum, sizeof sum);
    if (u->err.rc != RC_OK)
        return u->err.rc;
    if (strlen(name) != HEX_LEN || !hex_decode(named, sizeof named, &n, name))
        return err_at(e, RC_NOT_FOUND, "sha256", "sha256: the address ends in 64 hex digits");
    if (strcmp(name, u->hex) != 0)
        return err_at(e, RC_BAD_FIELD, "sha256", "sha256: these bytes have another hash");
    u->kind = kind_of(u, http_header(r, "content-type"));
    if (!u->kind)
        return err_at(e, RC_BAD_FIELD, "Content-Type",
                      "Content-Type: not a PDF or JPEG, or not what it says");
    return RC_OK;
}

void blob_put(struct http_req *r, void *user)
{
    struct registry *g = user;
    struct upload *u = http_sink_take(r);
    struct err e = {0};

    if (!u) { /* enrolled only since the body began */
        err_set(&e, RC_UNAVAILABLE, "the register is starting");
        http_fail(r, &e);
        return;
    }
    u->http = r;
    snprintf(u->terminal, sizeof u->terminal, "%s", http_peer_cn(r));
    if (judge(u, r, &u->err) != RC_OK) {
        refuse(u);
        return;
    }
    u->work.data = u;
    if (uv_queue_work(g->loop, &u->work, settle_work, settled) != 0) {
        err_set(&u->err, RC_UNAVAILABLE, "no thread");
        refuse(u);
    }
}

/* Processes may share the folder; only who is alone there may clean it. The lock ends with the process. */
enum rc blobs_open(struct registry *g, struct err *e)
{
    char path[PATH_LEN], file[PATH_LEN + 256];

    snprintf(path, sizeof path, "%s/new", g->conf.blobs);
    TRY(fs_mkdirs(path, 0700, e));
    int lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = opendir(path);
    bool alone = lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0;
    for (struct dirent *f; alone && d && (f = readdir(d));) {
        snprintf(file, sizeof file, "%s/%s", path, f->d_name);
        if (f->d_name[0] != '.')
            unlink(file);
    }
    if (d)
        closedir(d);
    return lock >= 0 && flock(lock, LOCK_SH) == 0 ? RC_OK
                                                  : err_set(e, RC_IO, "%s: %s", path, strerror(errno));
}

static void put_hash(struct buf *out, const char *s)
{
    static const char scheme[] = "sha256:";
    uint8_t sum[SHA256_LEN];
    size_t n;

    if (strncmp(s, scheme, sizeof scheme - 1) != 0)
        return;
    s += sizeof scheme - 1;
    if (strlen(s) != HEX_LEN || !hex_decode(sum, sizeof sum, &n, s))
        return;
    buf_fmt(out, "%s%s", out->len ? "," : "{", s);
}

const char *blobs_named(struct arena *a, const struct jval *answers)
{
    BUF_SCOPE(out);

    for (size_t i = 0; i < answers->n; i++) {
        const struct jval *v = &answers->items[i];
        for (size_t k = 0; v->kind == JV_ARR && k < v->n; k++)
            if (v->items[k].kind == JV_STR)
                put_hash(&out, v->items[k].s);
    }
    return out.len ? arena_fmt(a, "%.*s}", (int)out.len, out.p) : NULL;
}
