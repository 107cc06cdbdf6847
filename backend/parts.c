#include "backend/parts.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/http.h"

enum { PIECE = 16384 };

static struct part *part_add(struct parts *m, size_t len)
{
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 32;
        m->items = realloc(m->items, m->cap * sizeof *m->items);
        if (!m->items)
            abort();
    }
    m->items[m->n] = (struct part){.at = m->text.len, .len = len};
    m->more += len;
    return &m->items[m->n++];
}

void parts_lay(struct parts *m, struct store_reader *file, size_t from, size_t len)
{
    struct part *p = part_add(m, len);
    p->file = file;
    p->from = from;
}

void parts_lay_whole(struct parts *m, const char *hex, size_t len)
{
    struct part *p = part_add(m, len);
    snprintf(p->hex, sizeof p->hex, "%s", hex);
}

size_t parts_size(const struct parts *m)
{
    return m->text.len + m->more;
}

void parts_free(struct parts *m)
{
    buf_free(&m->text);
    free(m->items);
    *m = (struct parts){.n = 0};
}

/* ---- from the first byte to the last ---- */

struct walk {
    const struct parts *m;
    size_t i, text, part; /* next part; bytes taken of the text and of that part */
    struct store_reader *own;
};

static void walk_end(struct walk *k)
{
    store_close(k->own);
}

static enum rc of_part(struct walk *k, const struct part *p, void *to, size_t n, struct err *e)
{
    if (p->file)
        return store_at(p->file, p->from + k->part, to, n, e);
    if (k->part == 0) {
        TRY(store_unseen(&k->m->place, p->hex, &k->own, e));
        if (store_size(k->own) != p->len)
            return err_set(e, RC_STATE, "file %s has changed", p->hex);
    }
    TRY(store_next(k->own, to, n, e));
    if (k->part + n == p->len) {
        store_close(k->own);
        k->own = NULL;
    }
    return RC_OK;
}

static enum rc walk_next(struct walk *k, char *to, size_t n, struct err *e)
{
    const struct parts *m = k->m;

    while (n > 0) {
        const struct part *p = k->i < m->n ? &m->items[k->i] : NULL;
        size_t room = (p ? p->at : m->text.len) - k->text, take = room < n ? room : n;
        if (room) {
            memcpy(to, m->text.p + k->text, take);
            k->text += take;
        } else if (p) {
            room = p->len - k->part;
            take = room < n ? room : n;
            if (take)
                TRY(of_part(k, p, to, take, e));
            k->part += take;
        } else {
            return err_set(e, RC_INTERNAL, "more is asked than there is");
        }
        if (p && k->text == p->at && k->part == p->len) {
            k->i++;
            k->part = 0;
        }
        to += take;
        n -= take;
    }
    return RC_OK;
}

enum rc parts_each(const struct parts *m, void (*put)(void *user, const void *p, size_t n), void *user,
                   struct err *e)
{
    struct walk k SCOPED(walk_end) = {.m = m};
    char piece[PIECE];

    for (size_t left = parts_size(m), n; left > 0; left -= n) {
        n = left < sizeof piece ? left : sizeof piece;
        TRY(walk_next(&k, piece, n, e));
        put(user, piece, n);
    }
    return RC_OK;
}

/* ---- to a reader ---- */

struct sending {
    struct parts m;
    struct walk k;
};

static enum rc next(void *state, void *p, size_t n, struct err *e)
{
    return walk_next(&((struct sending *)state)->k, p, n, e);
}

static void end(void *state, const struct err *e)
{
    struct sending *s = state;

    store_cut(e);
    walk_end(&s->k);
    parts_free(&s->m);
    free(s);
}

void parts_send(struct parts *m, struct http_req *r, const char *type)
{
    struct sending *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    s->m = *m;
    s->k.m = &s->m;
    *m = (struct parts){.n = 0};
    const struct http_source from = {next, end, s, parts_size(&s->m)};
    http_reply_from(r, 200, type, &from);
}
