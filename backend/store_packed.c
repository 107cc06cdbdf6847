/* The dictionary of a stream that may be an object stream (ISO 32000-1, 7.3.8 and 7.5.7): whoever packs
 * objects must say where the first one stands. Read as a viewer reads it, remarks and strings stepped over.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "backend/store_active.h"

enum { WINDOW = 512, NAME_MAX_LEN = 64 };

enum sort { S_END, S_NAME, S_NUMBER, S_WORD, S_STRING, S_OPEN, S_CLOSE, S_LIST, S_LIST_END };

struct reading {
    struct store_reader *file;
    size_t at, from; /* the next byte; first of the window */
    size_t have;
    unsigned char window[WINDOW];
    char text[NAME_MAX_LEN];
    struct packed *out;
    struct err *e;
};

/* -1: the end. */
static int peek(struct reading *r)
{
    if (r->at >= r->from + r->have) {
        size_t left = store_size(r->file) - r->at;
        r->from = r->at;
        r->have = left < WINDOW ? left : WINDOW;
        if (r->e->rc != RC_OK || store_at(r->file, r->at, r->window, r->have, r->e) != RC_OK)
            r->have = 0;
        if (r->have == 0)
            return -1;
    }
    return r->window[r->at - r->from];
}

static int next(struct reading *r)
{
    int c = peek(r);
    r->at += c >= 0;
    return c;
}

static void string(struct reading *r)
{
    int c, depth = 1;

    while (depth > 0 && (c = next(r)) >= 0) {
        if (c == '\\')
            next(r);
        else
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
}

static void until(struct reading *r, const char *ends)
{
    int c = next(r);
    while (c >= 0 && (!c || !strchr(ends, c)))
        c = next(r);
}

static void word(struct reading *r, int c)
{
    size_t n = 0;

    do {
        if (n < sizeof r->text - 1)
            r->text[n++] = (char)c;
        c = peek(r);
    } while (c >= 0 && store_regular((unsigned char)c) && next(r) >= 0);
    r->text[n] = 0;
}

static enum sort token(struct reading *r)
{
    int c = next(r);

    while (c == '%' || (c >= 0 && (!c || strchr("\t\n\f\r )}{", c)))) {
        if (c == '%')
            until(r, "\r\n");
        c = next(r);
    }
    if (c < 0)
        return S_END;
    if (c == '(') {
        string(r);
        return S_STRING;
    }
    if (c == '<' || c == '>') {
        bool two = peek(r) == c && next(r) >= 0;
        if (!two && c == '<')
            until(r, ">");
        return two ? (c == '<' ? S_OPEN : S_CLOSE) : S_STRING;
    }
    if (c == '[' || c == ']')
        return c == '[' ? S_LIST : S_LIST_END;
    word(r, c);
    if (c == '/')
        store_plain(r->text);
    return c == '/' ? S_NAME : strspn(r->text, "+-.0123456789") == strlen(r->text) ? S_NUMBER : S_WORD;
}

/* ---- its members ---- */

static void filter_named(struct reading *r)
{
    static const struct {
        const char *name, *brief;
        enum filter_kind kind;
    } all[] = {{"/FlateDecode", "/Fl", FILTER_FLATE},
               {"/LZWDecode", "/LZW", FILTER_LZW},
               {"/ASCII85Decode", "/A85", FILTER_A85},
               {"/ASCIIHexDecode", "/AHx", FILTER_HEX},
               {"/RunLengthDecode", "/RL", FILTER_RUN}};
    struct packed *k = r->out;

    for (size_t i = 0; i < COUNT(all); i++)
        if (strcmp(r->text, all[i].name) == 0 || strcmp(r->text, all[i].brief) == 0) {
            k->opaque |= k->n == FILTERS_MAX;
            if (k->n < FILTERS_MAX)
                k->filters[k->n++].kind = all[i].kind;
            return;
        }
    k->opaque = true;
}

/* What stands elsewhere ("9 0 R") is not followed. */
static void filter_list(struct reading *r)
{
    enum sort s = token(r);
    bool list = s == S_LIST;

    r->out->opaque |= r->out->filtered;
    r->out->filtered = true;
    for (s = list ? token(r) : s; s != S_END && s != S_LIST_END; s = token(r)) {
        if (s == S_NAME)
            filter_named(r);
        else
            r->out->opaque = true;
        if (!list || s == S_CLOSE)
            return;
    }
}

static void one_parms(struct reading *r, struct filter *f)
{
    const struct {
        const char *name;
        int *to;
    } all[] = {{"/Predictor", &f->predictor},
               {"/Colors", &f->colors},
               {"/BitsPerComponent", &f->bits},
               {"/Columns", &f->columns},
               {"/EarlyChange", &f->early}};
    int *to = NULL;

    for (enum sort s = token(r); s != S_END && s != S_CLOSE; s = token(r)) {
        if (s == S_NUMBER && to) {
            long v = strtol(r->text, NULL, 10);
            *to = v < 0 || v > INT_MAX ? 0 : (int)v;
        } else if (s != S_NAME) {
            r->out->opaque = true;
        }
        to = NULL;
        for (size_t i = 0; s == S_NAME && i < COUNT(all); i++)
            if (strcmp(r->text, all[i].name) == 0)
                to = all[i].to;
    }
}

static void parms_list(struct reading *r)
{
    struct packed *k = r->out;
    enum sort s = token(r);
    bool list = s == S_LIST;
    size_t i = 0;

    k->opaque |= k->told;
    k->told = true;
    for (s = list ? token(r) : s; s != S_END && s != S_LIST_END && i < FILTERS_MAX; s = token(r), i++) {
        if (s == S_OPEN)
            one_parms(r, &k->filters[i]);
        else if (s != S_WORD || strcmp(r->text, "null") != 0)
            k->opaque = true;
        if (!list || s == S_CLOSE)
            return;
    }
    k->opaque |= s != S_LIST_END;
}

static bool is(const struct reading *r, const char *name, const char *brief)
{
    return strcmp(r->text, name) == 0 || strcmp(r->text, brief) == 0;
}

static bool members(struct reading *r)
{
    int depth = 1;

    while (depth > 0) {
        enum sort s = token(r);
        if (s == S_END)
            return false;
        depth += s == S_OPEN ? 1 : s == S_CLOSE ? -1 : 0;
        if (s != S_NAME || depth != 1)
            continue;
        if (is(r, "/First", "/ObjStm"))
            r->out->packed = true;
        else if (is(r, "/Filter", "/F"))
            filter_list(r);
        else if (is(r, "/DecodeParms", "/DP"))
            parms_list(r);
    }
    return true;
}

enum rc store_packed(struct store_reader *file, size_t at, struct packed *out, struct err *e)
{
    struct reading r = {.file = file, .at = at, .from = at, .out = out, .e = e};

    *out = (struct packed){.packed = false};
    for (size_t i = 0; i < FILTERS_MAX; i++)
        out->filters[i] = (struct filter){.predictor = 1, .colors = 1, .bits = 8, .columns = 1, .early = 1};
    bool stream = token(&r) == S_OPEN && members(&r) && token(&r) == S_WORD && strcmp(r.text, "stream") == 0;
    out->packed &= stream;
    out->read = r.at - at;
    if (stream && peek(&r) == '\r')
        next(&r);
    if (stream && peek(&r) == '\n')
        next(&r);
    out->at = r.at;
    return e->rc;
}
