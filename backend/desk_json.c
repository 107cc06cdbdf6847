#include "backend/desk_priv.h"

void js_next(struct buf *b, const char *name)
{
    char last = b->len ? b->p[b->len - 1] : '[';

    if (last != '{' && last != '[' && last != ':')
        buf_chr(b, ',');
    if (!name)
        return;
    json_quote(b, name);
    buf_chr(b, ':');
}

void js_open(struct buf *b, const char *name, char bracket)
{
    js_next(b, name);
    buf_chr(b, bracket);
}

void js_close(struct buf *b, char bracket)
{
    buf_chr(b, bracket);
}

void js_str(struct buf *b, const char *name, const char *s)
{
    js_next(b, name);
    if (s)
        json_quote(b, s);
    else
        buf_str(b, "null");
}

void js_int(struct buf *b, const char *name, int64_t v)
{
    js_next(b, name);
    buf_fmt(b, "%lld", (long long)v);
}

void js_bool(struct buf *b, const char *name, bool v)
{
    js_next(b, name);
    buf_str(b, v ? "true" : "false");
}

void js_null(struct buf *b, const char *name)
{
    js_raw(b, name, NULL);
}

void js_raw(struct buf *b, const char *name, const char *json)
{
    js_next(b, name);
    buf_str(b, json ? json : "null");
}

void js_tr(struct buf *b, const char *name, const struct tr *t)
{
    js_open(b, name, '{');
    for (int k = 0; k < LANG_COUNT; k++)
        js_str(b, lang_codes[k], t && t->t[k] ? t->t[k] : "");
    js_close(b, '}');
}
