/* The page's files, read once at start: what is asked for is looked up by name, and no path leads anywhere.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/desk_priv.h"
#include "common/base/fs.h"
#include "common/base/text.h"

enum { PAGES_MAX = 256, PAGE_BYTES = 8 << 20, DEPTH = 3, ETAG = 35 };

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
    {".woff2", "font/woff2"},
    {".ico", "image/x-icon"},
};

/* Documents are shown beside the data, in a frame of this origin. */
static const char page_csp[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "font-src 'self'; frame-src 'self'; object-src 'self'; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

struct page {
    const char *path, *type;
    struct bytes body;
    char etag[ETAG];
};
struct desk_pages {
    struct page items[PAGES_MAX];
    size_t n;
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

static enum rc load_file(struct arena *a, const char *file, const char *path, struct desk_pages *out,
                         struct err *e)
{
    struct page *p = &out->items[out->n];
    uint8_t sum[SHA256_LEN];
    char *body;

    *p = (struct page){.path = path, .type = type_of(path)};
    if (!p->type)
        return RC_OK;
    if (out->n == PAGES_MAX - 1)
        return err_set(e, RC_TOO_BIG, "more than %d files in the folder of the pages", PAGES_MAX - 1);
    TRY(fs_read(a, file, PAGE_BYTES, &body, &p->body.len, e));
    p->body.p = body;
    sha256(sum, body, p->body.len);
    p->etag[0] = '"';
    hex_encode(p->etag + 1, sum, 16);
    memcpy(p->etag + 33, "\"", 2);
    out->n++;
    return RC_OK;
}

static enum rc load_dir(struct arena *a, const char *dir, const char *prefix, struct desk_pages *out,
                        struct err *e)
{
    DIR *d SCOPED(closedirp) = opendir(dir);
    struct stat st;
    int depth = 0;

    if (!d)
        return err_set(e, RC_IO, "cannot open the folder of the desk's pages, %s", dir);
    for (const char *s = prefix; *s; s++)
        depth += *s == '/';
    for (struct dirent *f; (f = readdir(d));) {
        const char *file = arena_fmt(a, "%s/%s", dir, f->d_name);
        const char *path = arena_fmt(a, "%s/%s", prefix, f->d_name);
        if (f->d_name[0] == '.' || lstat(file, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < DEPTH)
            TRY(load_dir(a, file, path, out, e));
        else if (S_ISREG(st.st_mode))
            TRY(load_file(a, file, path, out, e));
    }
    return RC_OK;
}

enum rc desk_pages_load(struct arena *a, const char *dir, struct desk_pages **out, struct err *e)
{
    *out = ARENA_NEW(a, struct desk_pages);
    return load_dir(a, dir, "", *out, e);
}

static const struct page *find(const struct desk_pages *p, const char *path)
{
    if (strcmp(path, "/") == 0)
        path = "/index.html";
    for (size_t i = 0; p && i < p->n; i++)
        if (strcmp(p->items[i].path, path) == 0)
            return &p->items[i];
    return NULL;
}

void desk_pages_get(const struct desk_pages *p, struct http_req *r)
{
    const struct page *page = find(p, http_path(r));
    const char *has = http_header(r, "if-none-match");
    struct err e = {0};

    if (!page) {
        http_set(r, "Cache-Control", "no-store");
        err_set(&e, RC_NOT_FOUND, "nothing here");
        http_fail(r, &e);
        return;
    }
    http_set(r, "Content-Security-Policy", page_csp);
    http_set(r, "Cache-Control", "no-cache");
    http_set(r, "ETag", page->etag);
    if (has && strcmp(has, page->etag) == 0)
        http_reply(r, 304, NULL, NULL, 0);
    else
        http_reply(r, 200, page->type, page->body.p, page->body.len);
}
