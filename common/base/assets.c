#include "common/base/assets.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/crypto.h"
#include "common/base/fs.h"
#include "common/base/text.h"

enum { ASSETS_MAX = 256, ASSET_BYTES = 8 << 20, DEPTH_MAX = 4, ETAG_SUM = 16 };

static const struct {
    const char *ext, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".ico", "image/x-icon"},
};

static const char *type_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < COUNT(types); i++)
        if (strcmp(dot, types[i].ext) == 0)
            return types[i].type;
    return NULL;
}

static void closedirp(DIR **d)
{
    if (*d)
        closedir(*d);
}

static enum rc load_file(struct arena *a, const char *file, const char *path, struct assets *out,
                         struct err *e)
{
    struct asset *x = &out->items[out->n];
    uint8_t sum[SHA256_LEN];
    char *body;

    *x = (struct asset){.path = path, .type = type_of(path)};
    if (!x->type)
        return RC_OK;
    if (out->n == ASSETS_MAX - 1)
        return err_set(e, RC_TOO_BIG, "more than %d files in the folder of the pages", ASSETS_MAX - 1);
    TRY(fs_read(a, file, ASSET_BYTES, &body, &x->len, e));
    x->body = body;
    sha256(sum, body, x->len);
    x->etag[0] = '"';
    hex_encode(x->etag + 1, sum, ETAG_SUM);
    memcpy(x->etag + 1 + 2 * ETAG_SUM, "\"", 2);
    out->n++;
    return RC_OK;
}

static enum rc load_dir(struct arena *a, const char *dir, const char *prefix, int depth, struct assets *out,
                        struct err *e)
{
    DIR *d SCOPED(closedirp) = opendir(dir);
    struct stat st;

    if (!d)
        return err_set(e, RC_IO, "cannot open the folder of the pages, %s", dir);
    for (struct dirent *f; (f = readdir(d));) {
        const char *file = arena_fmt(a, "%s/%s", dir, f->d_name);
        const char *path = arena_fmt(a, "%s/%s", prefix, f->d_name);
        if (f->d_name[0] == '.' || lstat(file, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth > 0)
            TRY(load_dir(a, file, path, depth - 1, out, e));
        else if (S_ISREG(st.st_mode))
            TRY(load_file(a, file, path, out, e));
    }
    return RC_OK;
}

enum rc assets_load(struct arena *a, const char *dir, struct assets *out, struct err *e)
{
    *out = (struct assets){ARENA_ARRAY(a, struct asset, ASSETS_MAX), 0};
    return load_dir(a, dir, "", DEPTH_MAX, out, e);
}

const struct asset *assets_find(const struct assets *s, const char *path)
{
    const char *want = strcmp(path, "/") == 0 ? "/index.html" : path;
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->items[i].path, want) == 0)
            return &s->items[i];
    return NULL;
}
