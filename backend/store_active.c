/* What a PDF brings besides pages (ISO 32000-1, 12.6 and 7.11.4). No parser: every name in the file counts,
 * wherever it stands, and so does every name in an object stream (7.5.7; store_packed.c), through all its
 * filters, and in what may be one. What cannot be read to its end counts as if it brought something. A plain
 * "open at page one" (/OpenAction) is in every second PDF: what counts is what it would start. */
#include <string.h>

#include "backend/store_active.h"
#include "common/base/text.h"

enum { PIECE = 16384, TOKEN_MAX = 64, INFLATED_MAX = 64 << 20, DICTIONARIES = 4 };

enum token {
    TK_NONE,
    TK_ACTIVE, /* brings a program, a file, a form that sends itself */
    TK_STREAM,
    TK_OBJECT,
};
static const struct {
    const char *text; /* names with their slash */
    enum token means;
} tokens[] = {
    {"/JavaScript", TK_ACTIVE},    {"/Launch", TK_ACTIVE},     {"/EmbeddedFile", TK_ACTIVE},
    {"/EmbeddedFiles", TK_ACTIVE}, {"/XFA", TK_ACTIVE},        {"/RichMedia", TK_ACTIVE},
    {"/SubmitForm", TK_ACTIVE},    {"/ImportData", TK_ACTIVE}, {"/Rendition", TK_ACTIVE},
    {"/GoToE", TK_ACTIVE},         {"stream", TK_STREAM},      {"obj", TK_OBJECT},
};

struct lexer {
    char text[TOKEN_MAX];
    size_t n; /* more than fits: no word of ours */
};

bool store_regular(unsigned char c)
{
    return c && !strchr("\t\n\f\r ()<>[]{}/%", c);
}

void store_plain(char *s)
{
    char *to = s;
    for (; *s; s++, to++) {
        const char pair[3] = {s[1], s[1] ? s[2] : 0, 0};
        size_t n;
        *to = *s;
        if (*s == '#' && hex_decode(to, 1, &n, pair) && n == 1)
            s += 2;
    }
    *to = 0;
}

static enum token meaning(struct lexer *l)
{
    if (l->n == 0 || l->n >= sizeof l->text)
        return TK_NONE;
    l->text[l->n] = 0;
    if (l->text[0] == '/')
        store_plain(l->text);
    for (size_t i = 0; i < COUNT(tokens); i++)
        if (strcmp(tokens[i].text, l->text) == 0)
            return tokens[i].means;
    return TK_NONE;
}

/* The token that ends before this byte. */
static enum token feed(struct lexer *l, unsigned char c)
{
    if (store_regular(c)) {
        if (l->n < sizeof l->text)
            l->text[l->n++] = (char)c;
        return TK_NONE;
    }
    enum token t = meaning(l);
    l->n = 0;
    if (c == '/')
        l->text[l->n++] = '/';
    return t;
}

struct look {
    struct store_reader *file;
    size_t inflated, read; /* in all: out of streams, and of dictionaries */
    bool active;
    struct lexer l;          /* of the stream that is unpacked */
    bool guess, told, other; /* other: it is none */
};

/* An object stream begins with numbers, or with a remark. */
static bool may_be_packed(struct look *k, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n && !k->told; i++) {
        k->told = !(p[i] && strchr("\t\n\f\r ", p[i]));
        if (k->told && (!p[i] || !strchr("0123456789+-.%", p[i])))
            return false;
    }
    return true;
}

static bool take(void *user, const unsigned char *p, size_t n)
{
    struct look *k = user;

    k->other = k->guess && !may_be_packed(k, p, n);
    if (k->other)
        return false;
    for (size_t i = 0; i < n && !k->active; i++)
        k->active = feed(&k->l, p[i]) == TK_ACTIVE;
    return !k->active;
}

/* guess: nobody says that it is one. */
static enum rc unpack(struct look *k, size_t at, const struct filter *f, size_t n, bool guess, struct err *e)
{
    struct filtered out = {take, k, INFLATED_MAX - k->inflated, 0, false};

    k->l = (struct lexer){.n = 0};
    k->told = k->other = false;
    k->guess = guess;
    TRY(store_filter(k->file, at, f, n, &out, e));
    k->active |= feed(&k->l, ' ') == TK_ACTIVE;
    if (k->other)
        return RC_OK;
    k->active |= out.made > out.max || (out.broken && !guess); /* nobody needs so much: it hides something */
    k->inflated += k->active ? 0 : out.made;
    return RC_OK;
}

/* What stands behind the word "stream" that ended at `at`, whatever is said of it. */
static enum rc stream(struct look *k, size_t at, struct err *e)
{
    static const struct filter flate = {.kind = FILTER_FLATE, .predictor = 1};
    unsigned char head[4] = {0};
    size_t room = store_size(k->file) - at;

    TRY(store_at(k->file, at, head, room < sizeof head ? room : sizeof head, e));
    size_t eol = head[0] == '\r' && head[1] == '\n' ? 2 : 1;
    bool deflated = (head[eol] & 15) == 8 && (head[eol] << 8 | head[eol + 1]) % 31 == 0;
    return deflated ? unpack(k, at + eol, &flate, 1, true, e) : RC_OK;
}

/* The object behind the word "obj". */
static enum rc object(struct look *k, size_t at, struct err *e)
{
    struct packed p;

    TRY(store_packed(k->file, at, &p, e));
    k->read += p.read;
    k->active |= k->read > DICTIONARIES * (store_size(k->file) + INFLATED_MAX / 64);
    if (!p.packed || k->active)
        return RC_OK;
    k->active = p.opaque;
    return p.opaque || !p.n ? RC_OK : unpack(k, p.at, p.filters, p.n, false, e);
}

static enum rc step(struct look *k, enum token t, size_t at, struct err *e)
{
    k->active |= t == TK_ACTIVE;
    return t == TK_STREAM ? stream(k, at, e) : t == TK_OBJECT ? object(k, at, e) : RC_OK;
}

enum rc store_active(struct store_reader *r, bool *out, struct err *e)
{
    struct look k = {.file = r};
    struct lexer l = {.n = 0};
    unsigned char piece[PIECE];
    size_t n;

    for (size_t at = 0; at < store_size(r) && !k.active; at += n) {
        n = store_size(r) - at < sizeof piece ? store_size(r) - at : sizeof piece;
        TRY(store_at(r, at, piece, n, e));
        for (size_t i = 0; i < n && !k.active; i++)
            TRY(step(&k, feed(&l, piece[i]), at + i, e));
    }
    k.active |= feed(&l, ' ') == TK_ACTIVE;
    *out = k.active;
    return RC_OK;
}
