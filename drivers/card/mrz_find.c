/* The zone among the text that character recognition makes of a page. */
#include "drivers/card/mrz.h"

#include "common/base/arena.h"
#include "common/model/frame.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 64
#define LINES_MAX 96
#define SHORTEST 24
#define NAME_SLACK 16 /* fillers too many or too few behind the names, which no check digit covers */
#define DATA_SLACK 3

struct line {
    size_t len;
    char c[COLUMNS_MAX];
};

static bool legal(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '<';
}

/* Blanks go; the quotation marks that recognition sees in fillers become fillers; small letters become large
 * but for l, which may be I, L or 1. Everything else stays and is judged later. Returns bytes taken. */
static size_t fold(const char *p, size_t len, struct line *out)
{
    static const struct {
        const char *seen, *is;
    } rows[] = {{"\xC2\xAB", "<<"},
                {"\xE2\x80\xB9", "<"},
                {"\xE2\x8C\xA9", "<"},
                {"\xE2\x9F\xA8", "<"},
                {"\xE2\x89\xA4", "<"},
                {"(", "<"},
                {"{", "<"},
                {"[", "<"}};
    char one[2] = {*p, 0};
    const char *is = one;
    size_t taken = 1;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t n = strlen(rows[i].seen);
        if (n <= len && memcmp(p, rows[i].seen, n) == 0) {
            is = rows[i].is;
            taken = n;
        }
    }
    if (*p >= 'a' && *p <= 'z' && *p != 'l')
        one[0] = (char)(*p - 'a' + 'A');
    for (const char *c = is; *c; c++)
        if (*c != ' ' && *c != '\t' && *c != '\r')
            out->c[out->len < COLUMNS_MAX - 1 ? out->len++ : COLUMNS_MAX - 1] = *c;
    return taken;
}

/* What stands at the edge of a line and cannot be of a zone is dirt. */
static void trim(struct line *l)
{
    while (l->len > 0 && !legal(l->c[l->len - 1]))
        l->len--;
    size_t head = 0;
    while (head < l->len && !legal(l->c[head]))
        head++;
    l->len -= head;
    memmove(l->c, l->c + head, l->len);
}

static size_t split(const char *text, size_t len, struct line lines[LINES_MAX])
{
    size_t n = 0;
    struct line l = {0};
    for (size_t at = 0; at <= len;) {
        if (at < len && text[at] != '\n' && text[at] != '\f' && text[at] != 0) {
            at += fold(text + at, len - at, &l);
            continue;
        }
        at++;
        trim(&l);
        if (l.len >= SHORTEST) {
            if (n == LINES_MAX) /* the zone stands at the end of a page */
                memmove(lines, lines + 1, --n * sizeof *lines);
            lines[n++] = l;
        }
        l.len = 0;
    }
    wipe(&l, sizeof l);
    return n;
}

/* Fills or cuts the last run of fillers before the `tail` last characters until the line has `want`. */
static bool fit(const struct line *l, size_t want, size_t tail, size_t slack, char *out)
{
    size_t gap = l->len > want ? l->len - want : want - l->len;
    if (gap > slack || l->len <= tail)
        return false;
    size_t end = l->len - tail, run = 0;
    while (run < end && l->c[end - 1 - run] == '<')
        run++;
    if (gap && (!run || (l->len > want && run <= gap)))
        return false;
    size_t head = l->len > want ? end - gap : end;
    memset(out, '<', want);
    memcpy(out, l->c, head);
    memcpy(out + want - tail, l->c + end, tail);
    return true;
}

/* The figure that recognition took for a letter. */
static char figure(char c)
{
    static const char seen[] = "OQDoI|!lLZSBG", is[] = "0000111112586";
    const char *at = c ? strchr(seen, c) : NULL;
    return at ? is[at - seen] : c;
}

static unsigned figures(char *p, size_t len)
{
    unsigned n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = figure(p[i]);
        n += c != p[i];
        p[i] = c;
    }
    return n;
}

/* Only where nothing but figures can stand; a check digit judges each of these places afterwards. */
static unsigned repair(char *t, size_t len)
{
    size_t number = len == 90 ? 5 : len == 88 ? 44 : 36, birth = len == 90 ? 30 : len == 88 ? 57 : 49;
    unsigned n = figures(t + number + 9, 1) + figures(t + birth, 7) + figures(t + birth + 8, 7);
    if (t[0] == 'V')
        return n;
    n += figures(t + (len == 90 ? 59 : len - 1), 1);
    if (len == 88)
        n += figures(t + 86, 1);
    if (len == 72 && memcmp(t, "IDROU", 5) == 0 && t[64] != '<') /* seven figures of the personal number */
        n += figures(t + 64, 7);
    return n;
}

static size_t double_filler(const char *p, size_t from, size_t len)
{
    while (from + 1 < len && !(p[from] == '<' && p[from + 1] == '<'))
        from++;
    return from + 1 < len ? from : len;
}

/* Two fillers in a row end the surname, two more the names (9303-3 4.6): behind them stand fillers and the
 * letters that recognition makes of fillers. Figures cannot stand in a name, and which letter was meant is
 * not guessed. */
static bool names_right(char *p, size_t len, unsigned *repaired)
{
    size_t surname = double_filler(p, 0, len);
    size_t end = surname < len ? double_filler(p, surname + 2, len) : len;
    for (size_t i = 0; i < end; i++)
        if (p[i] >= '0' && p[i] <= '9')
            return false;
    for (size_t i = end; i < len; i++) {
        if (!strchr("<KCLEXS4", p[i]))
            return false;
        *repaired += p[i] != '<';
        p[i] = '<';
    }
    return true;
}

struct shape {
    size_t lines, width, name; /* name: the line that holds the names */
};
static const struct shape shapes[] = {{3, 30, 2}, {2, 36, 0}, {2, 44, 0}};

struct
try {
    struct mrz mrz;
    unsigned repaired, faults;
    struct err err;
};

/* One set of lines as one shape. RC_NOT_FOUND: the lengths do not fit. */
static enum rc attempt(const struct line *const *set, const struct shape *s, size_t tail, struct try *out)
{
    char t[MRZ_MAX + 1] = {0};
    for (size_t i = 0; i < s->lines; i++) {
        bool name = i == s->name;
        if (!fit(set[i], s->width, i == 1 ? tail : 0, name ? NAME_SLACK : DATA_SLACK, t + i * s->width))
            return RC_NOT_FOUND;
    }
    size_t len = s->lines * s->width, names = s->lines == 3 ? 60 : 5;
    if (!strchr("ACIPV", t[0]))
        return RC_NOT_FOUND;
    out->repaired = repair(t, len);
    bool letters = names_right(t + names, s->lines == 3 ? 30 : s->width - 5, &out->repaired);
    enum rc rc = mrz_parse(t, len, &out->mrz, &out->faults, &out->err);
    wipe(t, sizeof t);
    if (rc == RC_OK && !letters) {
        out->faults = MRZ_CHARACTER;
        return err_code(&out->err, RC_BAD_FIELD, "MRZ_CHECK", MRZ_CHARACTER, "MRZ: a figure in the name");
    }
    return rc;
}

static void keep_better(struct try *best, const struct try *t)
{
    if (!best->faults || __builtin_popcount(t->faults) < __builtin_popcount(best->faults))
        *best = *t;
}

static enum rc search(const struct line *lines, size_t n, struct try *best)
{
    for (size_t k = 0; k < COUNT(shapes); k++)
        for (size_t i = 0; i + shapes[k].lines <= n; i++)
            for (size_t skip = 0; skip < 2 && i + skip + shapes[k].lines <= n; skip++)
                for (size_t tail = 1; tail <= 2; tail++) {
                    const struct line *set[3] = {&lines[i], &lines[i + 1 + skip], NULL};
                    if (shapes[k].lines == 3)
                        set[2] = &lines[i + 2 + skip];
                    struct try t = {0};
                    enum rc rc = attempt(set, &shapes[k], tail, &t);
                    if (rc == RC_OK) {
                        *best = t;
                        return RC_OK;
                    }
                    if (rc == RC_BAD_FIELD)
                        keep_better(best, &t);
                }
    return best->faults ? RC_BAD_FIELD : RC_NOT_FOUND;
}

enum rc mrz_find(const char *text, size_t len, struct mrz *out, unsigned *repaired, struct err *e)
{
    struct line lines[LINES_MAX];
    struct try best = {0};
    size_t n = split(text, len, lines);
    enum rc rc = search(lines, n, &best);
    wipe(lines, sizeof lines);
    if (rc == RC_NOT_FOUND)
        return err_code(e, rc, "MRZ_NONE", 0, "no lines of a machine readable zone among %zu long lines", n);
    if (rc != RC_OK) {
        if (e)
            *e = best.err;
        return rc;
    }
    *out = best.mrz;
    if (repaired)
        *repaired = best.repaired;
    return RC_OK;
}

static void set_date(char out[11], bool ok, struct date d)
{
    out[0] = 0;
    if (ok)
        date_iso(out, d);
}

void mrz_identity(const struct mrz *m, struct date today, struct buf *out)
{
    char birth[11], expiry[11], cnp[14], sex[2] = {m->sex == '<' ? 'X' : m->sex, 0};
    struct date d;
    set_date(birth, mrz_birth(m, today, &d), d);
    set_date(expiry, mrz_expiry(m, today, &d), d);
    mrz_cnp(m, cnp);
    if (cnp[0] && birth[0]) { /* the first digit tells the century better than today's date does */
        bool old = cnp[0] == '3' || cnp[0] == '4', young = cnp[0] == '5' || cnp[0] == '6';
        memcpy(birth, old ? "18" : young ? "20" : cnp[0] <= '2' ? "19" : birth, 2);
    }
    struct identity id = {.document_type = m->code,
                          .document_number = m->number,
                          .issuing_state = m->state,
                          .nationality = m->nationality,
                          .last_name = m->surname,
                          .first_name = m->given,
                          .birth_date = birth,
                          .expiry_date = expiry,
                          .sex = sex,
                          .cnp = cnp,
                          .mrz_format = mrz_format_name(m->format)};
    json_encode(&identity_desc, &id, out);
    wipe(birth, sizeof birth);
    wipe(cnp, sizeof cnp);
}
