#include "common/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <malloc.h>
#include <utf8proc.h>

#include "common/base/buf.h"

/* Length of the sequence at s (RFC 3629, table in section 4), 0 when it is not one. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return s[0] != 0;
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || left < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xED && s[1] > 0x9F;
    bool beyond = s[0] == 0xF4 && s[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : n;
}

bool utf8_valid(const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    for (size_t i = 0; i < len;) {
        uint64_t eight;
        if (len - i >= sizeof(eight)) { /* plain ASCII without U+0000, eight at a time */
            memcpy(&eight, p + i, sizeof(eight));
            if (((eight | (eight - 0x0101010101010101u)) & 0x8080808080808080u) == 0) {
                i += sizeof(eight);
                continue;
            }
        }
        size_t n = utf8_len(p + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

size_t utf8_cut(const char *s, size_t max)
{
    size_t n = strnlen(s, max);
    if (n < max)
        return n;
    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    return n;
}

size_t utf8_count(const char *s)
{
    size_t n = 0;
    for (; *s != '\0'; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

void utf8_mend(char *s)
{
    char *to = s;
    for (size_t left = strlen(s); left > 0;) {
        size_t n = utf8_len((const unsigned char *)s, left);
        memmove(to, s, n);
        to += n;
        s += n ? n : 1;
        left -= n ? n : 1;
    }
    *to = '\0';
}

/* The library's own mapping leaves unwiped copies behind, so the two steps are made here, in one place that
 * is wiped: it may hold a name. */
static void freep(utf8proc_uint8_t **p)
{
    if (*p)
        wipe(*p, malloc_usable_size(*p));
    free(*p);
}

static utf8proc_uint8_t *mapped(const char *s, utf8proc_option_t how)
{
    const utf8proc_uint8_t *in = (const utf8proc_uint8_t *)s;
    utf8proc_ssize_t n = utf8proc_decompose(in, 0, NULL, 0, how);
    utf8proc_int32_t *points = n < 0 ? NULL : calloc((size_t)n + 1, sizeof(*points));
    utf8proc_uint8_t *out SCOPED(freep) = (utf8proc_uint8_t *)points;
    if (!points || utf8proc_decompose(in, 0, points, n, how) != n || utf8proc_reencode(points, n, how) < 0)
        return NULL;
    utf8proc_uint8_t *done = out;
    out = NULL;
    return done;
}

/* Line ends and tabs are blanks too: a text area may send them, a register line cannot hold them. */
static bool is_blank(utf8proc_int32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return true;
    utf8proc_category_t k = utf8proc_category(c);
    return k == UTF8PROC_CATEGORY_ZS || k == UTF8PROC_CATEGORY_ZL || k == UTF8PROC_CATEGORY_ZP;
}

/* Cc, and the marks that turn the reading direction around and make a name show as another. */
static bool is_control(utf8proc_int32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x200E && c <= 0x200F) ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF || c == 0xFFFE ||
           c == 0xFFFF;
}

/* Windows and old keyboards give s and t with cedilla; Romanian has the comma below (SR 13411). */
static utf8proc_int32_t comma_below(utf8proc_int32_t c)
{
    switch (c) {
    case 0x015E:
        return 0x0218;
    case 0x015F:
        return 0x0219;
    case 0x0162:
        return 0x021A;
    case 0x0163:
        return 0x021B;
    default:
        return c;
    }
}

static enum rc clean_into(struct buf *out, const char *s, struct err *e)
{
    bool gap = false;
    for (const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s; *p != '\0';) {
        utf8proc_int32_t c = *p;
        utf8proc_ssize_t n = c < 0x80 ? 1 : utf8proc_iterate(p, -1, &c);
        p += n;
        if (is_blank(c)) {
            gap = out->len > 0;
            continue;
        }
        if (is_control(c))
            return err_set(e, RC_BAD_FIELD, "control character U+%04X", (unsigned)c);
        if (gap)
            buf_chr(out, ' ');
        gap = false;
        utf8proc_uint8_t enc[4];
        buf_add(out, enc, (size_t)utf8proc_encode_char(comma_below(c), enc));
    }
    return RC_OK;
}

/* What most people type is clean already: letters of Romanian, Hungarian and their neighbours, single blanks.
 * Each of these letters is its own normal form (U+00C0..U+017F, U+0218..U+021B), but for the four with a
 * cedilla. */
static bool clean_already(const char *s)
{
    const uint8_t *p = (const uint8_t *)s;
    for (uint8_t before = ' '; *p; before = *p++) {
        if (*p == ' ' ? before == ' ' || p[1] == '\0' : *p < ' ' || *p == 0x7F)
            return false;
        if (*p < 0x80)
            continue;
        unsigned c = (*p & 0x1Fu) << 6 | (p[1] & 0x3Fu);
        bool latin = *p >= 0xC3 && *p <= 0xC8 && (p[1] & 0xC0) == 0x80 &&
                     ((c >= 0xC0 && c <= 0x17F) || (c >= 0x218 && c <= 0x21B));
        if (!latin || c == 0x15E || c == 0x15F || c == 0x162 || c == 0x163)
            return false;
        p++;
    }
    return true;
}

enum rc text_clean(struct arena *a, const char *s, const char **out, struct err *e)
{
    if (clean_already(s)) {
        *out = arena_str(a, s);
        return RC_OK;
    }
    if (!utf8_valid(s, strlen(s)))
        return err_set(e, RC_BAD_FIELD, "not UTF-8");
    utf8proc_uint8_t *nfc SCOPED(freep) = mapped(s, UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (nfc == NULL)
        return err_set(e, RC_BAD_FIELD, "not UTF-8");
    BUF_SCOPE(b);
    TRY(clean_into(&b, (const char *)nfc, e));
    *out = arena_strn(a, b.p, b.len);
    return RC_OK;
}

/* Letters that Unicode does not take apart into a letter and a mark. */
static utf8proc_int32_t plain_letter(utf8proc_int32_t c)
{
    switch (c) {
    case 0x0111:
        return 'd';
    case 0x0142:
        return 'l';
    case 0x00F8:
        return 'o';
    default:
        return c;
    }
}

static bool is_word(utf8proc_int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) || k == UTF8PROC_CATEGORY_ND;
}

const char *text_fold(struct arena *a, const char *s)
{
    const utf8proc_option_t how = UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                  UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK;
    utf8proc_uint8_t *bare SCOPED(freep) = utf8_valid(s, strlen(s)) ? mapped(s, how) : NULL;
    if (!bare)
        return "";
    BUF_SCOPE(b);
    bool gap = false;
    for (const utf8proc_uint8_t *p = bare; *p != '\0';) {
        utf8proc_int32_t c;
        p += utf8proc_iterate(p, -1, &c);
        if (!is_word(c)) {
            gap = b.len > 0;
            continue;
        }
        if (gap)
            buf_chr(&b, ' ');
        gap = false;
        utf8proc_uint8_t enc[4];
        buf_add(&b, enc, (size_t)utf8proc_encode_char(plain_letter(c), enc));
    }
    return arena_strn(a, b.p, b.len);
}

static const char *var_value(const struct text_var *vars, size_t n, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(vars[i].name) == len && memcmp(vars[i].name, name, len) == 0)
            return vars[i].value;
    return NULL;
}

size_t text_joined(const char *value, char next)
{
    size_t n = strlen(value);
    return n > 0 && value[n - 1] == '.' && (next == '.' || next == '-') ? n - 1 : n;
}

const char *text_fill(struct arena *a, const char *tpl, const struct text_var *vars, size_t n)
{
    BUF_SCOPE(b);
    while (*tpl != '\0') {
        const char *end = *tpl == '{' ? strchr(tpl, '}') : NULL;
        const char *value = end != NULL ? var_value(vars, n, tpl + 1, (size_t)(end - tpl) - 1) : NULL;
        if (value == NULL) {
            buf_chr(&b, *tpl++);
            continue;
        }
        tpl = end + 1;
        buf_add(&b, value, text_joined(value, *tpl));
    }
    return arena_strn(a, b.p, b.len);
}

void hex_encode(char *out, const void *p, size_t len)
{
    static const char digit[] = "0123456789abcdef";
    const uint8_t *b = p;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digit[b[i] >> 4];
        out[2 * i + 1] = digit[b[i] & 15];
    }
    out[2 * len] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(void *out, size_t cap, size_t *len, const char *hex)
{
    uint8_t *b = out;
    size_t n = 0;
    while (*hex != '\0') {
        if (*hex == ' ' || *hex == '\t' || *hex == '\n' || *hex == '\r') {
            hex++;
            continue;
        }
        int hi = hex_value(hex[0]), lo = hi < 0 ? -1 : hex_value(hex[1]);
        if (lo < 0 || n == cap)
            return false;
        b[n++] = (uint8_t)(hi << 4 | lo);
        hex += 2;
    }
    *len = n;
    return true;
}

static const char base64_digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(struct arena *a, const void *p, size_t len)
{
    const uint8_t *b = p;
    char *out = arena_alloc(a, (len + 2) / 3 * 4 + 1), *o = out;
    for (size_t i = 0; i < len; i += 3, o += 4) {
        uint32_t v = (uint32_t)b[i] << 16;
        v |= i + 1 < len ? (uint32_t)b[i + 1] << 8 : 0;
        v |= i + 2 < len ? b[i + 2] : 0;
        o[0] = base64_digit[v >> 18];
        o[1] = base64_digit[v >> 12 & 63];
        o[2] = i + 1 < len ? base64_digit[v >> 6 & 63] : '=';
        o[3] = i + 2 < len ? base64_digit[v & 63] : '=';
    }
    return out;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict: whole groups of four, padding only at the end, spare bits zero (RFC 4648, section 3.5). */
enum rc base64_decode(struct arena *a, const char *s, uint8_t **out, size_t *len, struct err *e)
{
    size_t n = strlen(s), pad = 0;
    if (n % 4 != 0)
        return err_set(e, RC_BAD_FIELD, "base64: length is not a multiple of 4");
    while (pad < 2 && pad < n && s[n - 1 - pad] == '=')
        pad++;
    uint8_t *b = arena_alloc(a, n / 4 * 3 + 1);
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++) {
        int d = i >= n - pad ? 0 : base64_value(s[i]);
        if (d < 0)
            return err_set(e, RC_BAD_FIELD, "base64: bad character at %zu", i);
        v = v << 6 | (uint32_t)d;
        if (i % 4 != 3)
            continue;
        b[i / 4 * 3] = (uint8_t)(v >> 16);
        b[i / 4 * 3 + 1] = (uint8_t)(v >> 8);
        b[i / 4 * 3 + 2] = (uint8_t)v;
    }
    if ((pad == 1 && (v & 0xFF) != 0) || (pad == 2 && (v & 0xFFFF) != 0))
        return err_set(e, RC_BAD_FIELD, "base64: spare bits are not zero");
    *len = n / 4 * 3 - pad;
    *out = b;
    return RC_OK;
}

static bool is_wordy(const char *s)
{
    utf8proc_int32_t c = -1;

    if (!*s || utf8proc_iterate((const utf8proc_uint8_t *)s, -1, &c) <= 0)
        return false;
    utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NO; /* letters, marks, numbers */
}

static bool wordy_before(const char *s, const char *at)
{
    if (at == s)
        return false;
    for (at--; at > s && ((unsigned char)*at & 0xC0) == 0x80;)
        at--;
    return is_wordy(at);
}

static const struct text_swap *swap_at(const char *at, const struct text_swap *swaps, size_t n, size_t *len)
{
    const struct text_swap *best = NULL;

    *len = 0;
    for (size_t i = 0; i < n; i++) {
        size_t l = swaps[i].old ? strlen(swaps[i].old) : 0;
        if (l > *len && strncmp(at, swaps[i].old, l) == 0 && !is_wordy(at + l)) {
            best = &swaps[i];
            *len = l;
        }
    }
    return best;
}

const char *text_swapped(struct arena *a, const char *s, const struct text_swap *swaps, size_t n)
{
    size_t len;
    BUF_SCOPE(out);

    for (const char *at = s; *at;) {
        const struct text_swap *x = wordy_before(s, at) ? NULL : swap_at(at, swaps, n, &len);
        if (x) {
            buf_str(&out, x->now);
            at += len;
        } else {
            buf_chr(&out, *at++);
        }
    }
    return arena_strn(a, out.len ? out.p : "", out.len);
}
