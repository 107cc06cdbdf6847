/* What a PDF brings besides pages (ISO 32000-1, 12.6 and 7.11.4). No parser: every name in the file counts,
 * wherever it stands, and so does every name in what may be an object stream (7.5.7). A plain "open at page
 * one" (/OpenAction) is in every second PDF: what counts is what it would start. */
#include <string.h>
#include <zlib.h>

#include "backend/store.h"
#include "common/base/text.h"

enum { PIECE = 16384, TOKEN_MAX = 64, INFLATED_MAX = 64 << 20 };

enum token {
    TK_NONE,
    TK_ACTIVE, /* brings a program, a file, a form that sends itself */
    TK_PACKED, /* only an object stream says this */
    TK_CODED,  /* not to be seen through here */
    TK_FLATE,
    TK_STREAM,
    TK_APART, /* one object ends, another begins */
};
static const struct {
    const char *text; /* names with their slash */
    enum token means;
} tokens[] = {
    {"/JavaScript", TK_ACTIVE},
    {"/Launch", TK_ACTIVE},
    {"/EmbeddedFile", TK_ACTIVE},
    {"/EmbeddedFiles", TK_ACTIVE},
    {"/XFA", TK_ACTIVE},
    {"/RichMedia", TK_ACTIVE},
    {"/SubmitForm", TK_ACTIVE},
    {"/ImportData", TK_ACTIVE},
    {"/Rendition", TK_ACTIVE},
    {"/GoToE", TK_ACTIVE},
    {"/ObjStm", TK_PACKED},
    {"/First", TK_PACKED},
    {"/Predictor", TK_CODED},
    {"/LZWDecode", TK_CODED},
    {"/LZW", TK_CODED},
    {"/ASCII85Decode", TK_CODED},
    {"/A85", TK_CODED},
    {"/ASCIIHexDecode", TK_CODED},
    {"/AHx", TK_CODED},
    {"/RunLengthDecode", TK_CODED},
    {"/RL", TK_CODED},
    {"/Crypt", TK_CODED},
    {"/FlateDecode", TK_FLATE},
    {"/Fl", TK_FLATE},
    {"stream", TK_STREAM},
    {"obj", TK_APART},
    {"endobj", TK_APART},
    {"endstream", TK_APART},
};

struct lexer {
    char text[TOKEN_MAX];
    size_t n; /* more than fits: no word of ours */
};

static bool regular(unsigned char c)
{
    return c && !strchr("\t\n\f\r ()<>[]{}/%", c);
}

/* "/J#61vaScript" is "/JavaScript" (7.3.5). */
static void plain(char *s)
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
        plain(l->text);
    for (size_t i = 0; i < COUNT(tokens); i++)
        if (strcmp(tokens[i].text, l->text) == 0)
            return tokens[i].means;
    return TK_NONE;
}

/* The token that ends before this byte. */
static enum token feed(struct lexer *l, unsigned char c)
{
    if (regular(c)) {
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
    size_t inflated; /* in all */
    bool packed, coded, active;
    int flates;
};

/* An object stream begins with numbers, or with a remark. */
static bool may_be_packed(const struct look *k, const unsigned char *p, size_t n, bool *told)
{
    for (size_t i = 0; i < n && !*told; i++) {
        *told = !(strchr("\t\n\f\r ", p[i]) && p[i]) && (p[i] || !k->packed);
        if (*told && !k->packed && (!p[i] || !strchr("0123456789+-.%", p[i])))
            return false;
    }
    return true;
}

static void unpack_end(z_stream *z)
{
    inflateEnd(z);
}

static enum rc unpack(struct look *k, size_t at, struct err *e)
{
    z_stream z SCOPED(unpack_end) = {0};
    unsigned char in[PIECE], out[PIECE];
    struct lexer l = {.n = 0};
    bool told = false;
    int st = inflateInit(&z);

    k->active |= st != Z_OK;
    while (st == Z_OK && !k->active) {
        if (z.avail_in == 0) {
            size_t left = store_size(k->file) - at;
            z.avail_in = (unsigned)(left < sizeof in ? left : sizeof in);
            z.next_in = in;
            if (z.avail_in == 0)
                return RC_OK;
            TRY(store_at(k->file, at, in, z.avail_in, e));
            at += z.avail_in;
        }
        z.next_out = out;
        z.avail_out = sizeof out;
        st = inflate(&z, Z_NO_FLUSH);
        size_t n = sizeof out - z.avail_out;
        if (!may_be_packed(k, out, n, &told))
            return RC_OK;
        k->inflated += n;
        k->active |= k->inflated > INFLATED_MAX; /* nobody needs so much: it hides something */
        for (size_t i = 0; i < n && !k->active; i++)
            k->active = feed(&l, out[i]) == TK_ACTIVE;
    }
    k->active |= feed(&l, ' ') == TK_ACTIVE;
    return RC_OK;
}

/* What stands behind the word "stream" that ended at `at`. */
static enum rc stream(struct look *k, size_t at, struct err *e)
{
    unsigned char head[4] = {0};
    size_t room = store_size(k->file) - at;

    k->active |= k->packed && (k->coded || k->flates > 1);
    TRY(store_at(k->file, at, head, room < sizeof head ? room : sizeof head, e));
    size_t eol = head[0] == '\r' && head[1] == '\n' ? 2 : 1;
    bool flate = (head[eol] & 15) == 8 && (head[eol] << 8 | head[eol + 1]) % 31 == 0;
    return k->active || !flate ? RC_OK : unpack(k, at + eol, e);
}

static enum rc step(struct look *k, enum token t, size_t at, struct err *e)
{
    switch (t) {
    case TK_ACTIVE:
        k->active = true;
        return RC_OK;
    case TK_PACKED:
        k->packed = true;
        return RC_OK;
    case TK_CODED:
        k->coded = true;
        return RC_OK;
    case TK_FLATE:
        k->flates++;
        return RC_OK;
    case TK_STREAM:
        TRY(stream(k, at, e));
        break;
    default:
        break;
    }
    if (t != TK_NONE) {
        k->packed = k->coded = false;
        k->flates = 0;
    }
    return RC_OK;
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
    TRY(step(&k, feed(&l, ' '), store_size(r), e));
    *out = k.active;
    return RC_OK;
}
