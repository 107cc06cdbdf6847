/* Cut differently, a body gives the same parts and the same verdict; parts open and close in turn. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct buf text;
    bool open;
};

static void on_part(const char *name, const char *file, void *user)
{
    struct seen *s = user;
    if (s->open || strlen(name) > MULTIPART_NAME_MAX || (file && strlen(file) > MULTIPART_FILE_MAX))
        abort();
    s->open = true;
    buf_fmt(&s->text, "[%s|%s|", name, file ? file : "");
}

static void on_data(const void *p, size_t n, void *user)
{
    struct seen *s = user;
    if (!s->open || n == 0)
        abort();
    buf_add(&s->text, p, n);
}

static void on_end(void *user)
{
    struct seen *s = user;
    if (!s->open)
        abort();
    s->open = false;
    buf_chr(&s->text, ']');
}

static enum rc run(const char *type, const uint8_t *p, size_t n, size_t piece, struct seen *s)
{
    const struct multipart_events ev = {on_part, on_data, on_end, s};
    struct multipart *m = NULL;
    struct err e = {0};

    enum rc rc = multipart_new(type, &ev, &m, &e);
    if (rc != RC_OK)
        return rc;
    for (size_t at = 0; at < n; at += piece)
        if (multipart_feed(m, p + at, n - at < piece ? n - at : piece, &e) != RC_OK)
            break;
    rc = multipart_done(m, &e);
    if (rc == RC_OK && s->open)
        abort();
    multipart_free(m);
    return rc;
}

/* The first line is the Content-Type, the next byte says how the rest is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = memchr(data, '\n', size < 200 ? size : 200);
    char type[201];
    struct seen a = {0}, b = {0};

    if (!line || line + 1 == data + size)
        return 0;
    memcpy(type, data, (size_t)(line - data));
    type[line - data] = '\0';
    buf_str(&a.text, "");
    buf_str(&b.text, "");
    size_t piece = 1 + line[1] % 61, n = size - (size_t)(line - data) - 2;
    enum rc one = run(type, line + 2, n, n + 1, &a), other = run(type, line + 2, n, piece, &b);
    if (one != other ||
        (one == RC_OK && (a.text.len != b.text.len || memcmp(a.text.p, b.text.p, a.text.len) != 0)))
        abort();
    buf_free(&a.text);
    buf_free(&b.text);
    return 0;
}
