#include "tests/unit/card_golden.h"

#include "common/base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;
static struct {
    char name[32];
    struct jval *v;
} loaded[8];

static struct jval *load(const char *file)
{
    if (!arena)
        arena = arena_new();
    for (size_t i = 0; i < COUNT(loaded); i++) {
        if (loaded[i].v && strcmp(loaded[i].name, file) == 0)
            return loaded[i].v;
        if (loaded[i].v)
            continue;
        const char *root = getenv("PRIDVOR_SOURCE");
        char path[512];
        struct err e = {0};
        snprintf(path, sizeof path, "%s/tests/golden/%s", root ? root : ".", file);
        if (jval_load(arena, path, &loaded[i].v, &e) != RC_OK)
            fail_msg("%s: %s", path, e.text);
        snprintf(loaded[i].name, sizeof loaded[i].name, "%s", file);
        return loaded[i].v;
    }
    fail();
    return NULL;
}

const struct jval *gold_in(const struct jval *v, const char *path)
{
    const struct jval *at = v;
    for (const char *p = path; *p && at;) {
        if (*p == '[') {
            size_t i = strtoul(p + 1, NULL, 10);
            at = at->kind == JV_ARR && i < at->n ? &at->items[i] : NULL;
            p = strchr(p, ']') + 1;
            p += *p == '.';
            continue;
        }
        size_t n = strcspn(p, ".[");
        char name[96];
        snprintf(name, sizeof name, "%.*s", (int)n, p);
        at = jval_get(at, name);
        p += n;
        p += *p == '.';
    }
    if (!at)
        fail_msg("no member %s", path);
    return at;
}

const struct jval *gold(const char *file, const char *path)
{
    return gold_in(load(file), path);
}

const char *gold_str(const struct jval *v, const char *path)
{
    const struct jval *s = gold_in(v, path);
    assert_int_equal(s->kind, JV_STR);
    return s->s;
}

struct octets hex(const char *text)
{
    struct octets o = {0};
    assert_true(hex_decode(o.p, sizeof o.p, &o.n, text));
    return o;
}

struct octets hex_in(const struct jval *v, const char *path)
{
    return hex(gold_str(v, path));
}

struct octets gold_hex(const char *file, const char *path)
{
    return hex(gold(file, path)->s);
}

void assert_octets(const void *p, size_t n, const char *want_hex)
{
    struct octets want = hex(want_hex);
    char is[8193];
    hex_encode(is, p, n);
    if (n != want.n || memcmp(p, want.p, n) != 0)
        fail_msg("\n is  %s\n not %s", is, want_hex);
}

int gold_end(void **state)
{
    (void)state;
    arena_free(arena);
    arena = NULL;
    memset(loaded, 0, sizeof loaded);
    return 0;
}
