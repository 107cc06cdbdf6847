#include "drivers/rows.h"

#include "common/base/fs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

struct match_file {
    const char *vid, *pid, *bcd_from, *bcd_to;
    struct jval *cls, *sub, *proto; /* numbers; absent means any */
};
struct device_file {
    const char *name, *driver, *maturity, *note;
    struct match_file *match;
    size_t n_match;
    const char **quirks;
    size_t n_quirks;
    struct jval *profile;
};

static const struct jfield match_fields[] = {
    JF_STR(struct match_file, vid, J_OMIT, 4, 4),
    JF_STR(struct match_file, pid, J_OMIT, 4, 4),
    JF_STR(struct match_file, bcd_from, J_OMIT, 4, 4),
    JF_STR(struct match_file, bcd_to, J_OMIT, 4, 4),
    {"class", J_ANY, J_OMIT, offsetof(struct match_file, cls), 0, 0, 0, NULL, NULL},
    {"subclass", J_ANY, J_OMIT, offsetof(struct match_file, sub), 0, 0, 0, NULL, NULL},
    {"protocol", J_ANY, J_OMIT, offsetof(struct match_file, proto), 0, 0, 0, NULL, NULL},
};
static JDESC(match_desc, struct match_file, match_fields);

static const char *const drivers[] = {"card", "print", "pad", "scan", "office", NULL};
static const char *const busless[] = {"scan", "office"}; /* their rows may stand without a match */
static const char *const maturities[] = {"experimental", "beta", "stable", NULL};
static const struct jfield file_fields[] = {
    JF_STR(struct device_file, name, J_REQ, 1, 80),
    JF_WORD(struct device_file, driver, J_REQ, drivers),
    JF_WORD(struct device_file, maturity, J_REQ, maturities),
    JF_STR(struct device_file, note, J_OMIT, 0, 400),
    JF_ARR(struct device_file, match, n_match, J_REQ, 32, &match_desc),
    JF_STRS(struct device_file, quirks, n_quirks, J_OMIT, 32),
    JF_ANY(struct device_file, profile, J_OMIT),
};
static JDESC(file_desc, struct device_file, file_fields);

const char *rows_dir(const char *dir)
{
    const char *const places[] = {dir, getenv("PRIDVOR_DEVICES"), "configs/devices"};
    for (size_t i = 0; i < COUNT(places); i++)
        if (places[i] && (i == 0 || fs_exists(places[i])))
            return places[i];
    return "/usr/share/pridvor/devices";
}

static enum rc hex(const char *s, uint16_t *out, struct err *e)
{
    if (s && strspn(s, "0123456789abcdefABCDEF") != 4)
        return err_set(e, RC_BAD_FIELD, "match: '%s' is not four hex digits", s);
    *out = s ? (uint16_t)strtoul(s, NULL, 16) : 0;
    return RC_OK;
}

static enum rc number(const struct jval *v, int *out, struct err *e)
{
    if (v && (v->kind != JV_INT || v->i < 0 || v->i > 255))
        return err_set(e, RC_BAD_FIELD, "match: class, subclass and protocol are numbers from 0 to 255");
    *out = v ? (int)v->i : -1;
    return RC_OK;
}

static enum rc match_of(const struct match_file *f, struct bus_match *out, struct err *e)
{
    TRY(hex(f->vid, &out->vid, e));
    TRY(hex(f->pid, &out->pid, e));
    TRY(hex(f->bcd_from, &out->bcd_lo, e));
    TRY(hex(f->bcd_to, &out->bcd_hi, e));
    TRY(number(f->cls, &out->cls, e));
    TRY(number(f->sub, &out->sub, e));
    TRY(number(f->proto, &out->proto, e));
    if (out->vid == 0 && out->cls < 0)
        return err_set(e, RC_BAD_FIELD, "match: neither a vendor nor a class, this would take every device");
    return RC_OK;
}

static bool is_busless(const char *driver)
{
    for (size_t i = 0; i < COUNT(busless); i++)
        if (strcmp(busless[i], driver) == 0)
            return true;
    return false;
}

static int weight(const struct bus_match *m)
{
    return (m->vid != 0) * 4 + (m->pid != 0) * 2 + (m->bcd_lo != 0 || m->bcd_hi != 0);
}

/* Before the first row that is less special; rows of equal weight keep their order. */
static void insert(struct device_rows *rows, const struct device_row *row)
{
    size_t at = 0;
    while (at < rows->n && weight(&rows->row[at].match) >= weight(&row->match))
        at++;
    memmove(&rows->row[at + 1], &rows->row[at], (rows->n - at) * sizeof *row);
    rows->row[at] = *row;
    rows->n++;
}

static enum rc add_file(struct arena *a, const char *path, const char *driver, struct device_rows *rows,
                        struct err *e)
{
    struct device_file f = {0};
    TRY(json_load(a, &file_desc, path, &f, e));
    if (strcmp(f.driver, driver) != 0)
        return RC_OK;
    size_t n = f.n_match ? f.n_match : is_busless(driver);
    for (size_t i = 0; i < n; i++) {
        struct device_row row = {.name = f.name,
                                 .driver = f.driver,
                                 .maturity = f.maturity,
                                 .quirks = f.quirks,
                                 .quirks_n = f.n_quirks,
                                 .profile = f.profile};
        row.match.cls = row.match.sub = row.match.proto = -1;
        enum rc rc = f.n_match ? match_of(&f.match[i], &row.match, e) : RC_OK;
        if (rc != RC_OK)
            return err_wrap(e, rc, "%s", path);
        if (rows->n == DEVICE_ROWS_MAX)
            return err_set(e, RC_TOO_BIG, "%s: more than %d rows for %s", path, DEVICE_ROWS_MAX, driver);
        insert(rows, &row);
    }
    return RC_OK;
}

static int device_files(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 7 && strcmp(d->d_name + n - 7, ".device") == 0;
}

enum rc rows_load(struct arena *a, const char *dir, const char *driver, struct device_rows *out,
                  struct err *e)
{
    struct dirent **list = NULL;
    int n = scandir(dir, &list, device_files, alphasort);
    if (n < 0)
        return err_set(e, RC_NOT_FOUND, "%s: no folder with device files", dir);
    *out = (struct device_rows){0};
    enum rc rc = RC_OK;
    for (int i = 0; i < n; i++) {
        if (rc == RC_OK)
            rc = add_file(a, arena_fmt(a, "%s/%s", dir, list[i]->d_name), driver, out, e);
        free(list[i]);
    }
    free(list);
    TRY(rc);
    if (out->n == 0)
        return err_set(e, RC_NOT_FOUND, "%s: no device file for the driver %s", dir, driver);
    for (size_t i = 0; i < out->n; i++)
        out->match[i] = out->row[i].match;
    return RC_OK;
}
