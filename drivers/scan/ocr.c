#include "drivers/scan/ocr.h"

#include "common/base/clock.h"
#include "drivers/card/mrz.h"
#include "drivers/scan/child.h"
#include "drivers/scan/letters.h"
#include "drivers/scan/pack.h"
#include "drivers/scan/talk.h"

#include <math.h>
#include <string.h>

#define FAR_MAX 520   /* farther from every letter: not read */
#define MARGIN_MIN 60 /* nearer to the next one: not certain */
#define DOUBT_MARGIN 160
#define DOUBTS_MAX 12

/* What may stand where (ICAO 9303 parts 4 to 6): a letters, d figures, s sex, x either. The filler may stand
 * everywhere. `sure`: no check digit looks after these letters, so each must be certain by itself. */
static const struct layout {
    int lines, columns;
    const char *kind[3];
    int sure;
} layouts[] = {
    {2, 36, {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "xxxxxxxxxdaaadddddddsdddddddxxxxxxxd"}, 0},
    {3,
     30,
     {"aaaaaxxxxxxxxxdxxxxxxxxxxxxxxx", "dddddddsdddddddaaaxxxxxxxxxxxd", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
     2},
    {2,
     44,
     {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "xxxxxxxxxdaaadddddddsdddddddxxxxxxxxxxxxxxdd"},
     0},
};

struct reading {
    struct mrz mrz;
    unsigned repaired;
    bool seen; /* a zone that was not read right */
};

struct zone {
    const struct picture *page;
    const struct band_line *line[3];
    const struct layout *layout;
    bool over;
};

/* A place where two letters are nearly equal (O and 0): the check digits may choose between them. */
struct doubt {
    size_t at; /* in the text */
    char other;
};
struct text {
    struct buf b;
    struct doubt doubt[DOUBTS_MAX];
    int doubts;
    bool certain; /* every letter that no check digit looks after */
};

static void read_line(const struct zone *z, int i, struct arena *a, struct text *t)
{
    const struct band_line *l = z->line[i];
    struct picture strip;
    struct letter cut[ZONE_COLUMNS];
    double scale = BAND_CAPITAL / l->height, len = hypot(l->x1 - l->x0, l->y1 - l->y0) * scale;
    double first = BAND_MARGIN + BAND_BEFORE * l->pitch * scale;
    band_strip(z->page, l, z->over, a, &strip);
    if (z->over) /* the strip was turned as a whole */
        first = strip.w - first - len;
    struct letter_row row = {first, first + len, z->layout->columns};
    letters_cut(&strip, &row, a, cut);
    for (int k = 0; k < row.n; k++) {
        struct letter_guess g = letter_read(&cut[k], z->layout->kind[i][k]);
        bool seen = g.far <= FAR_MAX, clear = seen && g.margin >= MARGIN_MIN;
        t->certain = t->certain && (clear || i != z->layout->sure);
        if (seen && g.margin < DOUBT_MARGIN && i != z->layout->sure && t->doubts < DOUBTS_MAX)
            t->doubt[t->doubts++] = (struct doubt){t->b.len, g.second};
        buf_chr(&t->b, seen ? g.c : '?');
    }
    buf_chr(&t->b, '\n');
}

/* How many letters the line has room for. */
static double places(const struct band_line *l)
{
    return hypot(l->x1 - l->x0, l->y1 - l->y0) / l->pitch + 1;
}

static bool fits(const struct zone *z)
{
    for (int i = 0; i < z->layout->lines; i++)
        if (fabs(places(z->line[i]) - z->layout->columns) > 1.5)
            return false;
    return true;
}

/* With one doubt the other way, when exactly one of these makes every check digit right. */
static bool resolve(struct reading *r, struct text *t)
{
    int right = 0;
    for (int i = 0; i < t->doubts; i++) {
        struct err e = {0};
        struct mrz m;
        unsigned repaired;
        char *at = t->b.p + t->doubt[i].at, was = *at;
        *at = t->doubt[i].other;
        if (mrz_find(t->b.p, t->b.len, &m, &repaired, &e) == RC_OK) {
            right++;
            r->mrz = m;
            r->repaired = repaired + 1;
        }
        *at = was;
    }
    return right == 1;
}

static bool read_zone(struct reading *r, const struct zone *z)
{
    ARENA_SCOPE(a);
    struct text t = {.certain = true};
    struct err e = {0};
    for (int i = 0; i < z->layout->lines; i++)
        read_line(z, i, a, &t);
    bool right =
        t.certain && (mrz_find(t.b.p, t.b.len, &r->mrz, &r->repaired, &e) == RC_OK || resolve(r, &t));
    buf_free(&t.b);
    r->seen = true;
    return right;
}

/* Neighbouring lines of the group, in the order of the document. */
static bool read_band(struct reading *r, const struct picture *page, const struct band *b, bool over)
{
    for (size_t k = 0; k < COUNT(layouts); k++)
        for (int at = b->n - layouts[k].lines; at >= 0; at--) {
            struct zone z = {page, {NULL}, &layouts[k], over};
            for (int i = 0; i < layouts[k].lines; i++)
                z.line[i] = &b->line[over ? at + layouts[k].lines - 1 - i : at + i];
            if (fits(&z) && read_zone(r, &z))
                return true;
        }
    return false;
}

/* As the card lies, upside down, and both on its side. */
static bool read_page(struct reading *r, const struct picture *page)
{
    for (int turned = 0; turned < 2; turned++) {
        ARENA_SCOPE(a);
        struct picture p = *page;
        struct band bands[BAND_GROUPS];
        if (turned)
            band_turn(page, a, &p);
        int n = band_find(&p, a, bands, BAND_GROUPS);
        for (int over = 0; over < 2; over++)
            for (int i = n - 1; i >= 0; i--) /* the zone is the lowest of what stands on a card */
                if (read_band(r, &p, &bands[i], over))
                    return true;
    }
    return false;
}

enum rc ocr_zone(const struct picture *grey, struct buf *json, struct err *e)
{
    struct reading r = {.seen = false};
    if (!read_page(&r, grey))
        return r.seen ? err_code(e, RC_BAD_FIELD, "MRZ_CHECK", 0,
                                 "the printed zone could not be read for certain")
                      : err_code(e, RC_NOT_FOUND, "MRZ_NONE", 0, "no printed zone on this page");
    buf_fmt(json, "{\"format\":\"%s\",\"repaired\":%u,\"identity\":", mrz_format_name(r.mrz.format),
            r.repaired);
    mrz_identity(&r.mrz, date_of_ms(unix_ms()), json);
    buf_chr(json, '}');
    return RC_OK;
}

int ocr_body(int fd, const void *arg)
{
    const struct bytes *jpeg = arg;
    ARENA_SCOPE(a);
    BUF_SCOPE(json);
    struct picture page;
    struct talk_end end = {0};
    struct err e = {0};
    enum rc rc = pack_grey(a, jpeg->p, jpeg->len, &page, &e);
    if (rc == RC_OK)
        rc = ocr_zone(&page, &json, &e);
    talk_end_set(&end, e.code ? RC_USER : rc, &e); /* what a person can mend is no fault of the machine */
    if (rc == RC_OK)
        child_say(fd, TALK_ABOUT, json.p, json.len);
    child_say(fd, TALK_END, &end, sizeof end);
    return 0;
}
