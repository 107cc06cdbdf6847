#include "common/model/valid.h"

#include <ctype.h>
#include <string.h>

#include "common/base/text.h"

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)s[i]))
            return false;
    }
    return true;
}

static int two(const char *s)
{
    return (s[0] - '0') * 10 + (s[1] - '0');
}

static bool cnp_control(const char *s)
{
    static const char weights[] = "279146358279";
    int sum = 0;
    for (int i = 0; i < 12; i++)
        sum += (s[i] - '0') * (weights[i] - '0');
    int control = sum % 11;
    return (control == 10 ? 1 : control) == s[12] - '0';
}

/* First digit: sex and century. 7 and 8 are residents, 9 foreigners; their century is not written and 19xx is
 * tried first. */
static bool cnp_birth(const char *s, struct date *out)
{
    static const int century[] = {0, 1900, 1900, 1800, 1800, 2000, 2000, 1900, 1900, 1900};
    int first = s[0] - '0';
    if (first == 0)
        return false;
    struct date d = {century[first] + two(s + 1), two(s + 3), two(s + 5)};
    if (!date_valid(d) && first >= 7)
        d.y += 100; /* 29 February of a leap year of this century only */
    if (!date_valid(d))
        return false;
    *out = d;
    return true;
}

bool cnp_read(const char *cnp, struct cnp_facts *out)
{
    struct date birth;
    if (strlen(cnp) != 13 || !all_digits(cnp, 13) || !cnp_control(cnp) || !cnp_birth(cnp, &birth))
        return false;
    int county = two(cnp + 7);
    int first = cnp[0] - '0';
    bool known = (county >= 1 && county <= 48) || county == 51 || county == 52;
    bool seen = county == 70 || (county >= 80 && county <= 83); /* rule of 2024; others met in practice */
    if ((!known && !seen) || memcmp(cnp + 9, "000", 3) == 0)
        return false;
    *out = (struct cnp_facts){
        .birth = birth, .sex = first % 2 ? 'M' : 'F', .resident = first == 7 || first == 8};
    out->county_known = known;
    memcpy(out->county, cnp + 7, 2);
    return true;
}

const char *check_cnp(const char *s, struct date today)
{
    struct cnp_facts f;
    if (!all_digits(s, strlen(s)))
        return "err.cnp_digits";
    if (strlen(s) != 13)
        return "err.cnp_length";
    if (!cnp_control(s))
        return "err.cnp_control";
    if (!cnp_read(s, &f) || date_cmp(f.birth, today) > 0)
        return "err.cnp_date"; /* date, county or serial cannot be */
    return NULL;
}

/* Tax code: body right-aligned to nine digits, weights 753217532, 10 * sum mod 11, 10 counts as 0. */
const char *check_cui(const char *s)
{
    static const char weights[] = "753217532";
    if (strncasecmp(s, "RO", 2) == 0)
        s += 2;
    while (*s == ' ')
        s++;
    size_t n = strlen(s);
    if (n < 2 || n > 10 || !all_digits(s, n) || s[0] == '0')
        return "err.cui";
    int sum = 0;
    for (size_t i = 0; i + 1 < n; i++)
        sum += (s[i] - '0') * (weights[9 - (n - 1) + i] - '0');
    return sum * 10 % 11 % 10 == s[n - 1] - '0' ? NULL : "err.cui";
}

static bool county_plate(const char *s, size_t n)
{
    static const char *const counties[] = {"AB", "AG", "AR", "B",  "BC", "BH", "BN", "BR", "BT", "BV", "BZ",
                                           "CJ", "CL", "CS", "CT", "CV", "DB", "DJ", "GJ", "GL", "GR", "HD",
                                           "HR", "IF", "IL", "IS", "MH", "MM", "MS", "NT", "OT", "PH", "SB",
                                           "SJ", "SM", "SV", "TL", "TM", "TR", "VL", "VN", "VS"};
    for (size_t i = 0; i < COUNT(counties); i++) {
        if (strlen(counties[i]) == n && strncmp(counties[i], s, n) == 0)
            return true;
    }
    return false;
}

static size_t run(const char *s, int (*is)(int))
{
    size_t n = 0;
    while (is((unsigned char)s[n]))
        n++;
    return n;
}

/* County, 2 digits (3 in Bucharest), 3 letters without Q that do not begin with I or O; temporary: county and
 * 3-6 digits, first 0, second not; diplomatic: CD, TC, CO and 6 digits. */
const char *check_plate(const char *s)
{
    size_t letters = run(s, isupper), digits = run(s + letters, isdigit);
    const char *tail = s + letters + digits;
    size_t end = run(tail, isupper);
    if (tail[end] || letters == 0)
        return "err.plate";
    bool corps =
        letters == 2 && (memcmp(s, "CD", 2) == 0 || memcmp(s, "TC", 2) == 0 || memcmp(s, "CO", 2) == 0);
    if (corps && digits == 6 && end == 0)
        return NULL;
    if (!county_plate(s, letters))
        return "err.plate";
    const char *d = s + letters;
    if (end == 0)
        return digits >= 3 && digits <= 6 && d[0] == '0' && d[1] != '0' ? NULL : "err.plate";
    bool number = (digits == 2 || (digits == 3 && letters == 1)) && strspn(d, "0") < digits &&
                  (digits == 2 || d[0] != '0');
    bool group = end == 3 && !memchr(tail, 'Q', 3) && tail[0] != 'I' && tail[0] != 'O';
    return number && group ? NULL : "err.plate";
}

const char *check_phone(const char *s)
{
    size_t n = strlen(s);
    if (s[0] != '+' || n < 9 || n > 16 || !all_digits(s + 1, n - 1) || s[1] == '0')
        return "err.phone";
    bool romanian = strncmp(s, "+40", 3) == 0;
    return !romanian || (n == 12 && strchr("237", s[3])) ? NULL : "err.phone";
}

static bool domain_right(const char *d)
{
    size_t n = strlen(d), label = 0;
    bool dot = false;
    for (size_t i = 0; i < n; i++) {
        bool ok = isalnum((unsigned char)d[i]) || (d[i] == '-' && label > 0 && d[i + 1] && d[i + 1] != '.');
        if (d[i] == '.') {
            if (label == 0)
                return false;
            dot = true;
            label = 0;
        } else if (!ok || ++label > 63) {
            return false;
        }
    }
    return dot && label >= 2 && n <= 190;
}

/* The part of RFC 5321 that mailboxes of people use: a dot-atom, one @, a domain with a dot. */
const char *check_email(const char *s)
{
    const char *at = strrchr(s, '@');
    if (!at || at == s || at - s > 64 || !domain_right(at + 1))
        return "err.email";
    for (const char *p = s; p < at; p++) {
        bool ok = isalnum((unsigned char)*p) || strchr("!#$%&'*+/=?^_`{|}~-", *p) ||
                  (*p == '.' && p > s && p + 1 < at && p[1] != '.');
        if (!ok)
            return "err.email";
    }
    return NULL;
}

static char *keep(struct arena *a, const char *s, bool (*want)(char))
{
    char *out = arena_str(a, s);
    size_t n = 0;
    for (const char *p = s; *p; p++) {
        if (want(*p))
            out[n++] = *p;
    }
    out[n] = '\0';
    return out;
}

static bool not_separator(char c)
{
    return c != ' ' && c != '-' && c != '.' && c != '/' && c != '(' && c != ')';
}

const char *norm_digits(struct arena *a, const char *s)
{
    return keep(a, s, not_separator);
}

const char *norm_phone(struct arena *a, const char *s)
{
    const char *d = keep(a, s, not_separator);
    if (strncmp(d, "00", 2) == 0)
        return arena_fmt(a, "+%s", d + 2);
    if (d[0] == '0')
        return arena_fmt(a, "+40%s", d + 1);
    return d;
}

const char *norm_plate(struct arena *a, const char *s)
{
    char *p = keep(a, s, not_separator);
    for (char *c = p; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return p;
}

const char *norm_email(struct arena *a, const char *s)
{
    char *p = arena_str(a, s);
    char *at = strrchr(p, '@');
    for (char *c = at ? at : p + strlen(p); *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return p;
}
