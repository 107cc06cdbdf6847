#include "firmware/degrade.h"

#include <string.h>

#include "common/base/fs.h"

static const char *const devices[] = {"card", "print", "pad", "scan", "office", "register", NULL};
static const char *const whens[] = {"always", "sign", "file", NULL};
static const struct jfield row_fields[] = {
    JF_WORD(struct degrade_row, device, J_REQ, devices), JF_STR(struct degrade_row, step, J_REQ, 1, 16),
    JF_WORD(struct degrade_row, when, J_REQ, whens),     JF_STR(struct degrade_row, keeps, J_REQ, 1, 200),
    JF_STR(struct degrade_row, say, J_REQ, 1, 64),
};
static JDESC(row_desc, struct degrade_row, row_fields);
static const struct jfield file_fields[] = {
    JF_ARR(struct degrade, rows, n, J_REQ, DEGRADE_MAX, &row_desc),
};
static JDESC(file_desc, struct degrade, file_fields);

enum rc degrade_load(struct arena *a, const char *configs, struct degrade *out, struct err *e)
{
    const char *path = arena_fmt(a, "%s/degrade.json", configs);
    *out = (struct degrade){0};
    return fs_exists(path) ? json_load(a, &file_desc, path, out, e) : RC_OK;
}

static bool applies(const struct degrade_row *r, const struct degrade_now *now)
{
    return strcmp(r->when, "always") == 0 || (now->signs && strcmp(r->when, "sign") == 0) ||
           (now->files && strcmp(r->when, "file") == 0);
}

size_t degrade_missing(const struct degrade *d, const struct degrade_now *now, const struct degrade_row **out,
                       size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n && n < cap; i++)
        if (applies(&d->rows[i], now) && !now->usable(now->user, d->rows[i].device))
            out[n++] = &d->rows[i];
    return n;
}
