#include "common/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

static const struct {
    const char *name;
    int http;
    bool retry;
    const char *key;
} rows[RC_COUNT] = {
#define X(name, http, retry, key) [name] = {#name, http, retry, key},
    RC_TABLE(X)
#undef X
};

static void fill(struct err *e, enum rc rc, const char *code, int64_t detail)
{
    e->rc = rc;
    e->code = code;
    e->detail = detail;
    e->path[0] = '\0';
}

enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...)
{
    if (e == NULL)
        return rc;
    fill(e, rc, NULL, 0);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    utf8_mend(e->text);
    return rc;
}

enum rc err_code(struct err *e, enum rc rc, const char *code, int64_t detail, const char *fmt, ...)
{
    if (e == NULL)
        return rc;
    fill(e, rc, code, detail);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    utf8_mend(e->text);
    return rc;
}

enum rc err_at(struct err *e, enum rc rc, const char *path, const char *fmt, ...)
{
    if (e == NULL)
        return rc;
    char why[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    fill(e, rc, NULL, 0);
    snprintf(e->path, sizeof(e->path), "%s", path);
    utf8_mend(e->path);
    if (snprintf(e->text, sizeof(e->text), "%s%s%s", e->path, e->path[0] ? ": " : "", why) >= 0)
        utf8_mend(e->text);
    return rc;
}

enum rc err_wrap(struct err *e, enum rc rc, const char *fmt, ...)
{
    if (e == NULL)
        return rc;
    char front[sizeof(e->text)], back[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(front, sizeof(front), fmt, ap);
    va_end(ap);
    memcpy(back, e->text, sizeof(back));
    if (snprintf(e->text, sizeof(e->text), "%s%s%s", front, back[0] ? ": " : "", back) >= 0)
        utf8_mend(e->text);
    e->rc = rc;
    return rc;
}

const char *rc_name(enum rc rc)
{
    return (unsigned)rc < RC_COUNT ? rows[rc].name : "RC_UNKNOWN";
}

int rc_http(enum rc rc)
{
    return (unsigned)rc < RC_COUNT ? rows[rc].http : 500;
}

bool rc_retry(enum rc rc)
{
    return (unsigned)rc < RC_COUNT && rows[rc].retry;
}

const char *rc_key(enum rc rc)
{
    return (unsigned)rc < RC_COUNT ? rows[rc].key : "err.internal";
}
