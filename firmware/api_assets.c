#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/fs.h"
#include "common/base/log.h"
#include "firmware/api.h"

#define ASSETS_MAX 256
#define ASSET_BYTES (8u << 20)
#define DEPTH_MAX 4

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
    {".txt", "text/plain; charset=utf-8"},
};

/* NULL: not a file for a page (maps, notes, editors' leavings). */
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

static enum rc load_one(struct arena *a, const char *file, const char *path, struct assets *out,
                        struct err *e)
{
    const char *type = type_of(path);
    char *body;
    size_t len;
    if (!type)
        return RC_OK;
    if (out->n == ASSETS_MAX)
        return err_set(e, RC_TOO_BIG, "more than %d files in the page's folder", ASSETS_MAX);
    TRY(fs_read(a, file, ASSET_BYTES, &body, &len, e));
    out->items[out->n++] = (struct asset){arena_str(a, path), type, body, len};
    return RC_OK;
}

static enum rc load_dir(struct arena *a, const char *dir, const char *prefix, int depth, struct assets *out,
                        struct err *e)
{
    DIR *d SCOPED(closedirp) = opendir(dir);
    if (!d)
        return err_set(e, RC_IO, "cannot open folder %s", dir);
    struct dirent *de;
    while ((de = readdir(d))) {
        if (de->d_name[0] == '.')
            continue;
        const char *file = arena_fmt(a, "%s/%s", dir, de->d_name);
        const char *path = arena_fmt(a, "%s/%s", prefix, de->d_name);
        struct stat st;
        if (lstat(file, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth > 0)
            TRY(load_dir(a, file, path, depth - 1, out, e));
        else if (S_ISREG(st.st_mode))
            TRY(load_one(a, file, path, out, e));
    }
    return RC_OK;
}

enum rc assets_load(struct arena *a, const char *dir, struct assets *out, struct err *e)
{
    struct assets s = {ARENA_ARRAY(a, struct asset, ASSETS_MAX), 0};
    TRY(load_dir(a, dir, "", DEPTH_MAX, &s, e));
    *out = s;
    return RC_OK;
}

const struct asset *assets_find(const struct assets *s, const char *path)
{
    const char *want = strcmp(path, "/") == 0 ? "/index.html" : path;
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->items[i].path, want) == 0)
            return &s->items[i];
    return NULL;
}
