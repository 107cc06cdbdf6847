#include "firmware/driver_known.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/fs.h"
#include "common/base/log.h"

#define KNOWN_MAX 8

struct known_list {
    struct known *devices;
    size_t n;
};
static const struct jfield known_fields[] = {
    JF_STR(struct known, name, J_REQ, 1, 16),  JF_STR(struct known, model, 0, 0, 128),
    JF_STR(struct known, serial, 0, 0, 128),   JF_STR(struct known, port, 0, 0, 64),
    JF_STR(struct known, was, J_OMIT, 0, 400),
};
static JDESC(known_desc, struct known, known_fields);
static const struct jfield list_fields[] = {JF_ARR(struct known_list, devices, n, 0, KNOWN_MAX, &known_desc)};
static JDESC(list_desc, struct known_list, list_fields);

struct known_file {
    struct arena *arena; /* of the path and of the list; replaced as a whole at every change */
    char *path;
    struct known devices[KNOWN_MAX];
    size_t n;
};

static const char *some(const char *s)
{
    return s ? s : "";
}

struct known_file *known_load(const char *path)
{
    struct known_file *k = calloc(1, sizeof(*k));
    if (!k)
        abort();
    k->arena = arena_new();
    k->path = strdup(path);
    struct known_list list = {0};
    struct err e = {0};
    if (fs_exists(path) && json_load(k->arena, &list_desc, path, &list, &e) != RC_OK)
        log_err(&e, "event=known_devices");
    for (size_t i = 0; i < list.n && i < KNOWN_MAX; i++)
        k->devices[k->n++] = list.devices[i];
    return k;
}

void known_free(struct known_file *k)
{
    if (!k)
        return;
    arena_free(k->arena);
    free(k->path);
    free(k);
}

static struct known *find(const struct known_file *k, const char *name)
{
    for (size_t i = 0; i < k->n; i++)
        if (strcmp(k->devices[i].name, name) == 0)
            return (struct known *)&k->devices[i];
    return NULL;
}

const struct known *known_of(const struct known_file *k, const char *name)
{
    return k ? find(k, name) : NULL;
}

/* Copies everything into a fresh arena, so that years of changes do not add up, and writes it down. */
static void keep(struct known_file *k)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < k->n; i++) {
        struct known *d = &k->devices[i];
        *d =
            (struct known){arena_str(a, d->name), arena_str(a, some(d->model)), arena_str(a, some(d->serial)),
                           arena_str(a, some(d->port)), arena_str(a, some(d->was))};
    }
    arena_free(k->arena);
    k->arena = a;
    BUF_SCOPE(b);
    struct err e = {0};
    const struct known_list list = {k->devices, k->n};
    json_encode(&list_desc, &list, &b);
    buf_chr(&b, '\n');
    if (fs_write(k->path, b.p, b.len, 0600, &e) != RC_OK)
        log_err(&e, "event=known_devices");
}

static enum known_news compare(const struct known *was, const struct known *is)
{
    bool serials = some(was->serial)[0] || some(is->serial)[0];
    bool same_serial = strcmp(some(was->serial), some(is->serial)) == 0;
    bool same_model = strcmp(some(was->model), some(is->model)) == 0;
    bool same_port = strcmp(some(was->port), some(is->port)) == 0;
    if (serials ? !same_serial : !same_model)
        return KNOWN_SWAPPED;
    return same_port && same_model ? KNOWN_SAME : KNOWN_MOVED;
}

enum known_news known_seen(struct known_file *k, const struct known *now)
{
    if (!k)
        return KNOWN_SAME;
    struct known *was = find(k, now->name);
    struct known is = {.name = now->name, .model = now->model, .serial = now->serial, .port = now->port};
    if (!was) {
        if (k->n == KNOWN_MAX)
            return KNOWN_SAME;
        k->devices[k->n++] = is;
        keep(k);
        return KNOWN_NEW;
    }
    enum known_news news = compare(was, &is);
    if (news == KNOWN_SAME)
        return news;
    const char *old = arena_fmt(k->arena, "%s, serial %s, port %s", some(was->model),
                                some(was->serial)[0] ? was->serial : "none", some(was->port));
    is.was = news == KNOWN_MOVED ? some(was->was) : old;
    is.name = was->name;
    *was = is;
    keep(k);
    return news;
}

bool known_accept(struct known_file *k, const char *name)
{
    struct known *d = k ? find(k, name) : NULL;
    if (!d || !some(d->was)[0])
        return false;
    d->was = "";
    keep(k);
    return true;
}
