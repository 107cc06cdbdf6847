#include "backend/book_fold.h"

#include <ctype.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/text.h"

/* U+00E2 U+00C2 U+00EE U+00CE: C3 and one of these. */
static bool circumflex(const char *p)
{
    return (unsigned char)p[0] == 0xC3 && ((unsigned char)p[1] == 0xA2 || (unsigned char)p[1] == 0x82 ||
                                           (unsigned char)p[1] == 0xAE || (unsigned char)p[1] == 0x8E);
}

static bool letter(unsigned char c)
{
    return c >= 0x80 || isalnum(c);
}

/* Inside a word each of them becomes this letter; at its beginning the spelling never changed. */
static const char *spelt(struct arena *a, const char *text, char as)
{
    BUF_SCOPE(b);
    bool inside = false;

    for (const char *p = text; *p; p++) {
        if (inside && circumflex(p)) {
            buf_chr(&b, as);
            p++;
            continue;
        }
        inside = letter((unsigned char)*p);
        buf_chr(&b, *p);
        if (circumflex(p))
            buf_chr(&b, *++p);
    }
    return b.len ? arena_strn(a, b.p, b.len) : "";
}

static size_t word(const char **p, const char **out)
{
    *p += strspn(*p, " ");
    *out = *p;
    size_t n = strcspn(*p, " ");
    *p += n;
    return n;
}

const char *book_fold(struct arena *a, const char *text)
{
    const char *clean = text;

    if (text_clean(a, text, &clean, NULL) != RC_OK)
        clean = text;
    const char *one = text_fold(a, spelt(a, clean, 'a')), *two = text_fold(a, spelt(a, clean, 'i'));
    BUF_SCOPE(b);
    for (;;) {
        const char *x, *y;
        size_t n = word(&one, &x), m = word(&two, &y);
        if (!n || !m)
            break;
        buf_fmt(&b, "%s%.*s", b.len ? " " : "", (int)n, x);
        if (n != m || memcmp(x, y, n) != 0)
            buf_fmt(&b, " %.*s", (int)m, y);
    }
    return b.len ? arena_strn(a, b.p, b.len) : "";
}
