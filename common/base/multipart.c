#include "common/base/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"

enum { BOUNDARY_MAX = 70, HEAD_MAX = 2048 };

enum state { ST_DATA, ST_AFTER, ST_DASH, ST_LINE, ST_HEAD, ST_END, ST_BAD };

struct multipart {
    struct multipart_events ev;
    char mark[BOUNDARY_MAX + 5]; /* CR LF - - boundary: its first byte occurs in it once */
    size_t mark_len, matched;
    enum state state;
    bool open; /* a part is; before the first one there is nothing */
    size_t parts, head_len;
    char head[HEAD_MAX + 1];
    struct err err;
};

static enum rc bad(struct multipart *m, const char *why)
{
    m->state = ST_BAD;
    return err_at(&m->err, RC_BAD_REQUEST, "body", "%s", why);
}

/* RFC 2046: 1 to 70 of these, no blank at the end. */
static bool boundary_ok(const char *s, size_t n)
{
    static const char good[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=?";
    return n > 0 && n <= BOUNDARY_MAX && strspn(s, good) >= n;
}

enum rc multipart_new(const char *type, const struct multipart_events *ev, struct multipart **out,
                      struct err *e)
{
    static const char form[] = "multipart/form-data;", word[] = "boundary=";
    const char *at = type && strncasecmp(type, form, sizeof(form) - 1) == 0 ? type + sizeof(form) - 1 : NULL;

    while (at && *at == ' ')
        at++;
    if (!at || strncasecmp(at, word, sizeof(word) - 1) != 0)
        return err_at(e, RC_BAD_REQUEST, "Content-Type", "not a form with files");
    at += sizeof(word) - 1;
    bool quoted = *at == '"';
    at += quoted;
    size_t n = strcspn(at, quoted ? "\"" : "; ");
    if (!boundary_ok(at, n) || (quoted && at[n] != '"'))
        return err_at(e, RC_BAD_REQUEST, "Content-Type", "bad boundary");
    struct multipart *m = calloc(1, sizeof(*m));
    if (!m)
        abort();
    m->ev = *ev;
    m->mark_len = (size_t)snprintf(m->mark, sizeof(m->mark), "\r\n--%.*s", (int)n, at);
    m->matched = 2; /* the first mark stands at the very beginning */
    *out = m;
    return RC_OK;
}

void multipart_free(struct multipart *m)
{
    free(m);
}

static void give(struct multipart *m, const char *p, size_t n)
{
    if (n > 0)
        m->ev.data(p, n, m->ev.user);
}

/* Bytes of a part until the mark; returns how many were used. What looked like a mark and was none is given
 * from the mark itself: it may have come in earlier pieces. */
static size_t feed_data(struct multipart *m, const char *p, size_t n)
{
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] != m->mark[m->matched] && m->matched > 0) {
            if (!m->open) {
                (void)bad(m, "does not begin with its boundary");
                return n;
            }
            give(m, m->mark, m->matched);
            m->matched = 0;
            from = i;
        }
        if (p[i] != m->mark[m->matched])
            continue;
        if (m->matched == 0)
            give(m, p + from, i - from);
        if (++m->matched < m->mark_len)
            continue;
        if (m->open)
            m->ev.end(m->ev.user);
        m->open = false;
        m->matched = 0;
        m->state = ST_AFTER;
        return i + 1;
    }
    if (m->matched == 0)
        give(m, p + from, n - from);
    return n;
}

/* Behind a mark: a new line and a part, or two dashes and the end. */
static void feed_after(struct multipart *m, char c)
{
    if (m->state == ST_AFTER && (c == '\r' || c == '-'))
        m->state = c == '\r' ? ST_LINE : ST_DASH;
    else if (m->state == ST_DASH && c == '-')
        m->state = ST_END;
    else if (m->state == ST_LINE && c == '\n') {
        m->state = ST_HEAD;
        m->head_len = 0;
    } else
        (void)bad(m, "strange bytes after a boundary");
}

/* name="value" of Content-Disposition; browsers write a quote inside as %22. False: none. */
static bool word_of(const char *line, const char *name, char *out, size_t cap)
{
    size_t len = strlen(name);

    for (const char *at = line; (at = strchr(at, ';'));) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, name, len) != 0 || at[len] != '=' || at[len + 1] != '"')
            continue;
        const char *value = at + len + 2, *end = strchr(value, '"');
        if (!end || (size_t)(end - value) >= cap)
            return false;
        memcpy(out, value, (size_t)(end - value));
        out[end - value] = '\0';
        return true;
    }
    return false;
}

static void part_begins(struct multipart *m)
{
    static const char head[] = "Content-Disposition:", kind[] = "form-data;";
    char name[MULTIPART_NAME_MAX + 1], file[MULTIPART_FILE_MAX + 1], *line = NULL;

    if (!utf8_valid(m->head, m->head_len)) {
        (void)bad(m, "the head of a part is not text");
        return;
    }
    for (char *at = m->head; at && *at; at = strstr(at, "\r\n"), at = at ? at + 2 : NULL)
        if (strncasecmp(at, head, sizeof(head) - 1) == 0 && !line)
            line = at + sizeof(head) - 1;
    char *end = line ? strstr(line, "\r\n") : NULL;
    if (end)
        *end = '\0';
    while (line && *line == ' ')
        line++;
    if (!line || strncasecmp(line, kind, sizeof(kind) - 1) != 0 || !word_of(line, "name", name, sizeof(name)))
        (void)bad(m, "a part without a name");
    else if (++m->parts > MULTIPART_PARTS_MAX)
        (void)bad(m, "too many parts");
    else {
        bool has_file = strcasestr(line, "filename=") != NULL;
        if (has_file && !word_of(line, "filename", file, sizeof(file))) {
            (void)bad(m, "a file name that is too long");
            return;
        }
        m->open = true;
        m->state = ST_DATA;
        m->ev.part(name, has_file ? file : NULL, m->ev.user);
    }
}

static void feed_head(struct multipart *m, char c)
{
    if (m->head_len == HEAD_MAX) {
        (void)bad(m, "the head of a part is too long");
        return;
    }
    m->head[m->head_len++] = c;
    m->head[m->head_len] = '\0';
    if (m->head_len >= 4 && memcmp(m->head + m->head_len - 4, "\r\n\r\n", 4) == 0)
        part_begins(m);
}

enum rc multipart_feed(struct multipart *m, const void *p, size_t n, struct err *e)
{
    const char *at = p, *end = at + n;

    while (at < end && m->state != ST_BAD && m->state != ST_END) {
        if (m->state == ST_DATA)
            at += feed_data(m, at, (size_t)(end - at));
        else if (m->state == ST_HEAD)
            feed_head(m, *at++);
        else
            feed_after(m, *at++);
    }
    if (m->state != ST_BAD)
        return RC_OK;
    if (e)
        *e = m->err;
    return m->err.rc;
}

enum rc multipart_done(struct multipart *m, struct err *e)
{
    if (m->state == ST_END)
        return RC_OK;
    if (m->state != ST_BAD)
        (void)bad(m, "ends in the middle");
    if (e)
        *e = m->err;
    return m->err.rc;
}
