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
#include <unistd.h>

#include "backend/registry.h"
#include "backend/sql.h"
#include "backend/store.h"
#include "common/base/fs.h"
#include "common/base/log.h"
#include "common/base/text.h"

enum { PATH_LEN = 1280, HEX_LEN = 2 * SHA256_LEN };
#define ADDRESS "/v1/blobs/"

/* What may come, told by its first bytes, whatever the header says. */
static const struct kind {
    const char *type, *magic;
} kinds[] = {{"application/pdf", "%PDF-"}, {"image/jpeg", "\xFF\xD8\xFF"}};

struct upload {
    struct registry *g;
    struct http_req *http;
    struct store_file *file;
    const struct kind *kind;
    size_t len;
    char hex[STORE_HEX], terminal[80];
    struct err err;
    uv_work_t work;
};

static void upload_drop(void *state)
{
    struct upload *u = state;
    store_drop(u->file);
    free(u);
}

/* Nothing is written for a stranger; the gate refuses him afterwards. */
static void *upload_open(struct http_req *r, void *user)
{
    struct registry *g = user;
    struct store_place place = {g->conf.blobs, g->conf.blobs_free_mb};

    if (!registry_terminal(g, http_peer_serial(r), http_peer_cn(r)))
        return NULL;
    struct upload *u = calloc(1, sizeof *u);
    if (!u)
        abort();
    u->g = g;
    u->file = store_begin(&place, BLOB_MAX);
    return u;
}

static void upload_piece(void *state, const void *p, size_t n)
{
    struct upload *u = state;
    store_add(u->file, p, n);
}

const struct http_sink blob_sink = {upload_open, upload_piece, upload_drop};

/* Beside the loop: it waits for the disk. */
static void settle_work(uv_work_t *w)
{
    struct upload *u = w->data;
    if (store_keep(u->file, &u->err) == RC_OK)
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
        db_send(u->g->db, SQL_BLOB_BROUGHT, p, (unsigned)u->g->conf.deadline_ms, on_row, u, &u->err) != RC_OK)
        refuse(u);
}

static const struct kind *kind_of(const struct upload *u, const char *type)
{
    const char *head = store_head(u->file);
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (type && strcmp(type, kinds[i].type) == 0 &&
            strncmp(head, kinds[i].magic, strlen(kinds[i].magic)) == 0)
            return &kinds[i];
    return NULL;
}

static enum rc judge(struct upload *u, struct http_req *r, struct err *e)
{
    uint8_t named[SHA256_LEN];
    size_t n;
    const char *name = http_path(r) + strlen(ADDRESS);

    TRY(store_sum(u->file, u->hex, &u->len, e));
    if (strlen(name) != HEX_LEN || !hex_decode(named, sizeof named, &n, name))
        return err_at(e, RC_NOT_FOUND, "sha256", "the address ends in 64 hex digits");
    if (strcmp(name, u->hex) != 0)
        return err_at(e, RC_BAD_FIELD, "sha256", "these bytes have another hash");
    u->kind = kind_of(u, http_header(r, "content-type"));
    if (!u->kind)
        return err_at(e, RC_BAD_FIELD, "Content-Type", "not a PDF or JPEG, or not what it says");
    return RC_OK;
}

/* A terminal that sends without end is put off for the day, before anything of it is kept. */
static void on_quota(const struct db_reply *r, void *user)
{
    struct upload *u = user;
    int64_t most = u->g->conf.blobs_day_mb << 20;

    u->err = r->err;
    if (u->err.rc == RC_OK && db_int(r->rows, 0, 0) + (int64_t)u->len > most)
        err_set(&u->err, RC_LIMIT, "the terminal has brought its %lld MB of the day",
                (long long)u->g->conf.blobs_day_mb);
    u->work.data = u;
    if (u->err.rc == RC_OK && uv_queue_work(u->g->loop, &u->work, settle_work, settled) != 0)
        err_set(&u->err, RC_UNAVAILABLE, "no thread");
    if (u->err.rc != RC_OK)
        refuse(u);
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
    struct db_param p[] = {DB_STR(u->terminal), DB_STR(u->hex)};
    if (judge(u, r, &u->err) != RC_OK ||
        db_send(g->db, SQL_BLOB_COMING, p, (unsigned)g->conf.deadline_ms, on_quota, u, &u->err) != RC_OK)
        refuse(u);
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
