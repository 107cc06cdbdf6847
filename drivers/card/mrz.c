#include "drivers/card/mrz.h"

#include "common/base/arena.h"
#include "common/model/valid.h"

#include <stdio.h>
#include <string.h>

struct span {
    uint8_t at, len;
};

/* Places in the joined text. The check digit of number, birth and expiry stands right behind the field. */
static const struct layout {
    const char *name;
    size_t len;
    struct span holder, number, birth, expiry, nationality, optional, optional2;
    uint8_t sex;
    uint8_t optional_cd, composite_cd; /* 0: none */
    struct span composite[4];
} layouts[] = {
    [MRZ_TD1] = {"TD1",
                 90,
                 {60, 30},
                 {5, 9},
                 {30, 6},
                 {38, 6},
                 {45, 3},
                 {15, 15},
                 {48, 11},
                 37,
                 0,
                 59,
                 {{5, 25}, {30, 7}, {38, 7}, {48, 11}}},
    [MRZ_TD2] = {"TD2",
                 72,
                 {5, 31},
                 {36, 9},
                 {49, 6},
                 {57, 6},
                 {46, 3},
                 {64, 7},
                 {0, 0},
                 56,
                 0,
                 71,
                 {{36, 10}, {49, 7}, {57, 14}}},
    [MRZ_TD3] = {"TD3",
                 88,
                 {5, 39},
                 {44, 9},
                 {57, 6},
                 {65, 6},
                 {54, 3},
                 {72, 14},
                 {0, 0},
                 64,
                 86,
                 87,
                 {{44, 10}, {57, 7}, {65, 22}}},
    [MRZ_MRV_A] =
        {"MRV-A", 88, {5, 39}, {44, 9}, {57, 6}, {65, 6}, {54, 3}, {72, 16}, {0, 0}, 64, 0, 0, {{0, 0}}},
    [MRZ_MRV_B] =
        {"MRV-B", 72, {5, 31}, {36, 9}, {49, 6}, {57, 6}, {46, 3}, {64, 8}, {0, 0}, 56, 0, 0, {{0, 0}}},
};

const char *mrz_format_name(enum mrz_format f)
{
    return layouts[f].name;
}

static bool legal(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '<';
}

static unsigned value(char c)
{
    return c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'A' && c <= 'Z' ? (unsigned)(c - 'A') + 10 : 0;
}

static unsigned weigh(const char *p, size_t len, size_t *position)
{
    static const unsigned weights[] = {7, 3, 1};
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += value(p[i]) * weights[(*position)++ % 3];
    return sum;
}

char mrz_digit(const char *p, size_t len)
{
    size_t position = 0;
    return (char)('0' + weigh(p, len, &position) % 10);
}

/* A field without its fillers at the end; fillers inside become blanks. */
static void field(char *out, size_t cap, const char *p, size_t len)
{
    while (len > 0 && p[len - 1] == '<')
        len--;
    if (len >= cap)
        len = cap - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = p[i] == '<' ? ' ' : p[i];
    out[len] = 0;
}

static void names(struct mrz *m, const char *p, size_t len)
{
    size_t cut = 0;
    while (cut + 1 < len && !(p[cut] == '<' && p[cut + 1] == '<'))
        cut++;
    if (cut + 1 >= len) {
        field(m->surname, sizeof m->surname, p, len);
        return;
    }
    field(m->surname, sizeof m->surname, p, cut);
    field(m->given, sizeof m->given, p + cut + 2, len - cut - 2);
}

static unsigned digits_wrong(const char *t, struct span s, unsigned fault)
{
    return mrz_digit(t + s.at, s.len) == t[s.at + s.len] ? 0 : fault;
}

/* A number of more than 9 places goes on in the optional data, its check digit is the last character there
 * (9303-5 4.2.2). Returns the fault. */
static unsigned number(struct mrz *m, const char *t, const struct layout *l)
{
    const char *p = t + l->number.at, *more = t + l->optional.at;
    m->long_number = p[9] == '<' && more[0] != '<' && l->composite_cd;
    if (!m->long_number) {
        field(m->number, sizeof m->number, p, 9);
        field(m->optional, sizeof m->optional, more, l->optional.len);
        return digits_wrong(t, l->number, MRZ_NUMBER_CD);
    }
    size_t n = 0;
    while (n < l->optional.len && more[n] != '<')
        n++;
    memcpy(m->number, p, 9);
    memcpy(m->number + 9, more, n - 1);
    m->number[9 + n - 1] = 0;
    field(m->optional, sizeof m->optional, more + n, l->optional.len - n);
    return mrz_digit(m->number, 9 + n - 1) == more[n - 1] ? 0 : MRZ_NUMBER_CD;
}

static unsigned check(const char *t, const struct layout *l)
{
    unsigned faults = digits_wrong(t, l->birth, MRZ_BIRTH_CD) | digits_wrong(t, l->expiry, MRZ_EXPIRY_CD);
    if (l->optional_cd) { /* empty optional data: 0 or < */
        char want = mrz_digit(t + l->optional.at, l->optional.len), is = t[l->optional_cd];
        bool empty = strspn(t + l->optional.at, "<") >= l->optional.len;
        if (is != want && !(empty && is == '<'))
            faults |= MRZ_OPTIONAL_CD;
    }
    if (l->composite_cd) {
        size_t position = 0;
        unsigned sum = 0;
        for (size_t i = 0; i < COUNT(l->composite); i++)
            sum += weigh(t + l->composite[i].at, l->composite[i].len, &position);
        if ((char)('0' + sum % 10) != t[l->composite_cd])
            faults |= MRZ_COMPOSITE_CD;
    }
    return faults;
}

/* An unknown year, month or day is filled as a whole (9303-3 4.8). */
static bool date_right(const char *p)
{
    for (size_t i = 0; i < 6; i += 2) {
        bool unknown = p[i] == '<' && p[i + 1] == '<';
        if (!unknown && (p[i] < '0' || p[i] > '9' || p[i + 1] < '0' || p[i + 1] > '9'))
            return false;
    }
    return true;
}

static bool dates_are_digits(const char *t, const struct layout *l)
{
    char sex = t[l->sex];
    return date_right(t + l->birth.at) && date_right(t + l->expiry.at) &&
           (sex == 'M' || sex == 'F' || sex == '<');
}

static enum rc judge(unsigned faults, unsigned *all, struct err *e)
{
    static const struct {
        unsigned fault;
        const char *text;
    } rows[] = {
        {MRZ_LENGTH, "MRZ: wrong length, it is none of 3x30, 2x36, 2x44"},
        {MRZ_CHARACTER, "MRZ: a character that cannot stand there"},
        {MRZ_NUMBER_CD, "MRZ: the check digit of the document number is wrong"},
        {MRZ_BIRTH_CD, "MRZ: the check digit of the birth date is wrong"},
        {MRZ_EXPIRY_CD, "MRZ: the check digit of the expiry date is wrong"},
        {MRZ_OPTIONAL_CD, "MRZ: the check digit of the optional data is wrong"},
        {MRZ_COMPOSITE_CD, "MRZ: the check digit over everything is wrong"},
    };
    if (all)
        *all = faults;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (faults & rows[i].fault)
            return err_code(e, RC_BAD_FIELD, "MRZ_CHECK", faults, "%s", rows[i].text);
    return RC_OK;
}

enum rc mrz_parse(const char *text, size_t len, struct mrz *out, unsigned *faults, struct err *e)
{
    for (size_t i = 0; i < len; i++)
        if (!legal(text[i]))
            return judge(MRZ_CHARACTER, faults, e);
    if (len != 90 && len != 72 && len != 88)
        return judge(MRZ_LENGTH, faults, e);
    char t[MRZ_MAX + 1] = {0};
    memcpy(t, text, len);
    bool visa = t[0] == 'V';
    struct mrz m = {.format = len == 90   ? MRZ_TD1
                              : len == 72 ? (visa ? MRZ_MRV_B : MRZ_TD2)
                                          : (visa ? MRZ_MRV_A : MRZ_TD3)};
    const struct layout *l = &layouts[m.format];
    if (!dates_are_digits(t, l))
        return judge(MRZ_CHARACTER, faults, e);
    field(m.code, sizeof m.code, t, 2);
    field(m.state, sizeof m.state, t + 2, 3);
    field(m.nationality, sizeof m.nationality, t + l->nationality.at, 3);
    names(&m, t + l->holder.at, l->holder.len);
    memcpy(m.birth, t + l->birth.at, 6);
    memcpy(m.expiry, t + l->expiry.at, 6);
    m.sex = t[l->sex];
    field(m.optional2, sizeof m.optional2, t + l->optional2.at, l->optional2.len);
    unsigned bad = number(&m, t, l) | check(t, l);
    TRY(judge(bad, faults, e));
    *out = m;
    return RC_OK;
}

static int two(const char *p)
{
    return p[0] == '<' || p[1] == '<' ? -1 : (p[0] - '0') * 10 + (p[1] - '0');
}

/* The year yy that is at most `ahead` years after today. */
static bool place(const char *p, struct date today, int ahead, struct date *out)
{
    struct date d = {two(p), two(p + 2), two(p + 4)};
    if (d.y < 0)
        return false;
    d.y += today.y / 100 * 100 + 100;
    while (d.y > today.y + ahead)
        d.y -= 100;
    if (!date_valid(d))
        return false;
    *out = d;
    return true;
}

bool mrz_birth(const struct mrz *m, struct date today, struct date *out)
{
    struct date d;
    if (!place(m->birth, today, 0, &d))
        return false;
    if (date_cmp(d, today) > 0)
        d.y -= 100;
    if (!date_valid(d))
        return false;
    *out = d;
    return true;
}

bool mrz_expiry(const struct mrz *m, struct date today, struct date *out)
{
    return place(m->expiry, today, 40, out);
}

void mrz_cnp(const struct mrz *m, char out[14])
{
    char c[14] = "";
    out[0] = 0;
    if (strcmp(m->state, "ROU") != 0)
        return;
    if (m->format == MRZ_TD2 && strlen(m->optional) == 7)
        snprintf(c, sizeof c, "%c%s%s", m->optional[0], m->birth, m->optional + 1);
    else if ((m->format == MRZ_TD1 || m->format == MRZ_TD3) && strlen(m->optional) == 13)
        memcpy(c, m->optional, 14);
    struct cnp_facts facts;
    if (c[0] && cnp_read(c, &facts) && memcmp(c + 1, m->birth, 6) == 0)
        memcpy(out, c, 14);
    wipe(c, sizeof c);
}

static bool only(const char *s, size_t min, size_t max, const char *set)
{
    size_t n = s ? strlen(s) : 0;
    return n >= min && n <= max && strspn(s, set) == n;
}

enum rc mrz_info(const struct mrz_key *k, char out[MRZ_INFO_MAX], struct err *e)
{
    if (!only(k->number, 1, 22, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"))
        return err_at(e, RC_BAD_FIELD, "mrz.document_number", "capital letters and digits only");
    if (!only(k->birth, 6, 6, "0123456789<"))
        return err_at(e, RC_BAD_FIELD, "mrz.birth_date", "six digits YYMMDD");
    if (!only(k->expiry, 6, 6, "0123456789"))
        return err_at(e, RC_BAD_FIELD, "mrz.expiry_date", "six digits YYMMDD");
    char n[24];
    int len = snprintf(n, sizeof n, "%s", k->number);
    while (len < 9)
        n[len++] = '<';
    n[len] = 0;
    snprintf(out, MRZ_INFO_MAX, "%s%c%s%c%s%c", n, mrz_digit(n, (size_t)len), k->birth,
             mrz_digit(k->birth, 6), k->expiry, mrz_digit(k->expiry, 6));
    return RC_OK;
}
