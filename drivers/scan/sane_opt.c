#include "drivers/scan/sane_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define A4_W_MM 210.0
#define A4_H_MM 297.0
#define MM_PER_INCH 25.4

/* ---- words of the backends -------------------------------------------------------------------------------
 * As they stand in the option lists of the SANE backends; an entry of the list that is equal, ignoring case,
 * wins, then one that contains the last, general word. Earlier is better. */

static const char *const flatbed_names[] = {"Flatbed",        "Platen",         "FB",
                                            "Normal",         "Document Table", "Flatbed Scanner",
                                            "FlatBed Normal", "flatbed",        NULL};
static const char *const feeder_names[] = {"ADF Simplex",
                                           "ADF Front",
                                           "ADF",
                                           "Automatic Document Feeder",
                                           "Document Feeder",
                                           "Automatic Document Feeder(left aligned)",
                                           "Automatic Document Feeder(centrally aligned)",
                                           "Automatic Document Feeder(left aligned,Simplex)",
                                           "Automatic Document Feeder(centrally aligned,Simplex)",
                                           "Feeder (left aligned)",
                                           "Feeder",
                                           "Sheetfed",
                                           "Paper Feeder",
                                           "ADF Rear",
                                           "ADF",
                                           NULL};
static const char *const duplex_names[] = {"ADF Duplex",
                                           "ADF Double Sided",
                                           "Duplex",
                                           "Automatic Document Feeder(left aligned,Duplex)",
                                           "Automatic Document Feeder(centrally aligned,Duplex)",
                                           "Duplex ADF",
                                           "duplex",
                                           NULL};
static const char *const grey_names[] = {
    "Gray", "Grayscale",  "True Gray", "8-bit Grayscale", "256 Gray Levels",
    "Grey", "Gray Scale", "Greyscale", "Gray (8-bit)",    "gray",
    NULL};
static const char *const color_names[] = {
    "Color", "24bit Color", "24 bit Color",      "24-bit Color", "Full Color", "Color (24-bit)",
    "RGB",   "Colour",      "24bit Color[Fast]", "color",        NULL};
static const char *const two_level_names[] = {"Lineart", "Binary", "Black & White", "Text", "Halftone",
                                              "line",    NULL};
static const char *const loaded_sensors[] = {"page-loaded", "adf-loaded", "paper-loaded", "paper-detect",
                                             NULL};
static const char *const cover_sensors[] = {"cover-open", "adf-cover-open", NULL};
static const char *const x_names[] = {SANE_NAME_SCAN_TL_X, SANE_NAME_SCAN_BR_X, "page-width"};
static const char *const y_names[] = {SANE_NAME_SCAN_TL_Y, SANE_NAME_SCAN_BR_Y, "page-height"};

/* ---- one option ------------------------------------------------------------------------------------------
 */

bool opt_find(const struct scanner *x, const char *name, struct sane_option *out)
{
    SANE_Int n = 0;
    if (!x->h || x->sane->control(x->h, 0, SANE_ACTION_GET_VALUE, &n, NULL) != SANE_STATUS_GOOD)
        return false;
    for (SANE_Int i = 1; i < n; i++) {
        const SANE_Option_Descriptor *d = x->sane->descriptor(x->h, i);
        if (d && d->name && strcmp(d->name, name) == 0 && SANE_OPTION_IS_ACTIVE(d->cap)) {
            *out = (struct sane_option){i, d};
            return true;
        }
    }
    return false;
}

bool opt_bool(const struct scanner *x, const char *name, bool *value)
{
    struct sane_option o;
    SANE_Bool b = SANE_FALSE;
    if (!opt_find(x, name, &o) || o.d->type != SANE_TYPE_BOOL || o.d->size != sizeof b ||
        x->sane->control(x->h, o.at, SANE_ACTION_GET_VALUE, &b, NULL) != SANE_STATUS_GOOD)
        return false;
    *value = b == SANE_TRUE;
    return true;
}

static bool settable(const struct scanner *x, const char *name, struct sane_option *o)
{
    return opt_find(x, name, o) && SANE_OPTION_IS_SETTABLE(o->d->cap);
}

static enum rc set(struct scanner *x, const struct sane_option *o, void *value, struct err *e)
{
    SANE_Int info = 0;
    SANE_Status s = x->sane->control(x->h, o->at, SANE_ACTION_SET_VALUE, value, &info);
    if (s == SANE_STATUS_GOOD)
        return RC_OK;
    char doing[64];
    snprintf(doing, sizeof doing, "setting %s", o->d->name);
    return sane_err(e, s, doing);
}

static double number_of(const SANE_Option_Descriptor *d, SANE_Word w)
{
    return d->type == SANE_TYPE_FIXED ? SANE_UNFIX(w) : (double)w;
}

static SANE_Word word_of(const SANE_Option_Descriptor *d, double v)
{
    return d->type == SANE_TYPE_FIXED ? SANE_FIX(v) : (SANE_Word)lround(v);
}

/* The nearest value the constraint allows; of a list the smallest that is enough, else the largest. */
static double allowed(const SANE_Option_Descriptor *d, double want)
{
    if (d->constraint_type == SANE_CONSTRAINT_RANGE && d->constraint.range) {
        const SANE_Range *r = d->constraint.range;
        double lo = number_of(d, r->min), hi = number_of(d, r->max), q = number_of(d, r->quant);
        double v = want < lo ? lo : want > hi ? hi : want;
        if (q > 0)
            v = lo + floor((v - lo) / q + 0.5) * q;
        return v > hi ? hi : v;
    }
    if (d->constraint_type != SANE_CONSTRAINT_WORD_LIST || !d->constraint.word_list)
        return want;
    const SANE_Word *list = d->constraint.word_list;
    double best = 0, most = 0;
    for (SANE_Word i = 1; i <= list[0]; i++) {
        double v = number_of(d, list[i]);
        if (v >= want && (best == 0 || v < best))
            best = v;
        if (v > most)
            most = v;
    }
    return best > 0 ? best : most > 0 ? most : want;
}

static enum rc set_number(struct scanner *x, const char *name, double want, double *got, struct err *e)
{
    struct sane_option o;
    if (!settable(x, name, &o) || (o.d->type != SANE_TYPE_INT && o.d->type != SANE_TYPE_FIXED) ||
        o.d->size != sizeof(SANE_Word))
        return RC_OK;
    double v = allowed(o.d, want);
    SANE_Word w = word_of(o.d, v);
    TRY(set(x, &o, &w, e));
    if (got) {
        *got = v;
        if (x->sane->control(x->h, o.at, SANE_ACTION_GET_VALUE, &w, NULL) == SANE_STATUS_GOOD)
            *got = number_of(o.d, w); /* the backend may have chosen another */
    }
    return RC_OK;
}

/* ---- strings ---------------------------------------------------------------------------------------------
 */

static const char *pick(const SANE_Option_Descriptor *d, const char *const *names)
{
    if (d->type != SANE_TYPE_STRING || d->constraint_type != SANE_CONSTRAINT_STRING_LIST)
        return NULL;
    const SANE_String_Const *list = d->constraint.string_list;
    const char *const *name = names;
    for (; *name; name++)
        for (size_t i = 0; list[i]; i++)
            if (strcasecmp(list[i], *name) == 0)
                return list[i];
    for (size_t i = 0; list[i]; i++)
        if (strcasestr(list[i], name[-1]))
            return list[i];
    return NULL;
}

static enum rc set_string(struct scanner *x, const struct sane_option *o, const char *value, struct err *e)
{
    char room[256] = "";
    size_t n = strlen(value);
    if (n >= sizeof room || o->d->size < 1 || n >= (size_t)o->d->size)
        return err_set(e, RC_DEVICE, "%s: a value of %zu bytes", o->d->name, n);
    memcpy(room, value, n);
    return set(x, o, room, e);
}

static const char *source_name(const struct scanner *x, enum talk_source source, bool duplex,
                               struct sane_option *o)
{
    if (!opt_find(x, SANE_NAME_SCAN_SOURCE, o))
        return NULL;
    const char *name = NULL;
    if (source == SOURCE_FLATBED)
        return pick(o->d, flatbed_names);
    if (duplex)
        name = pick(o->d, duplex_names);
    name = name ? name : pick(o->d, feeder_names);
    return name ? name : pick(o->d, duplex_names);
}

bool opt_has_source(const struct scanner *x, enum talk_source source)
{
    struct sane_option o;
    if (opt_find(x, SANE_NAME_SCAN_SOURCE, &o) && o.d->constraint_type == SANE_CONSTRAINT_STRING_LIST)
        return source_name(x, source, false, &o) != NULL;
    bool feeds = strcasestr(x->type, "sheetfed") || strcasestr(x->type, "feeder");
    return feeds == (source == SOURCE_FEEDER); /* one way only, named by the type of the device */
}

static enum rc set_source(struct scanner *x, enum talk_source source, bool duplex, struct err *e)
{
    struct sane_option o;
    const char *name = source_name(x, source, duplex, &o);
    return name && SANE_OPTION_IS_SETTABLE(o.d->cap) ? set_string(x, &o, name, e) : RC_OK;
}

static enum rc set_mode(struct scanner *x, bool color, struct err *e)
{
    static const char *const *const grey[] = {grey_names, color_names, two_level_names, NULL};
    static const char *const *const full[] = {color_names, grey_names, two_level_names, NULL};
    struct sane_option o;
    if (!settable(x, SANE_NAME_SCAN_MODE, &o))
        return RC_OK;
    for (const char *const *const *names = color ? full : grey; *names; names++) {
        const char *name = pick(o.d, *names);
        if (name)
            return set_string(x, &o, name, e);
    }
    return RC_OK;
}

/* ---- the whole -------------------------------------------------------------------------------------------
 */

static enum rc set_area(struct scanner *x, int dpi, struct err *e)
{
    struct sane_option o;
    for (int i = 2; i >= 0; i--) { /* the size of the paper first: it moves the limits of the others */
        bool pixels = opt_find(x, x_names[i], &o) && o.d->unit == SANE_UNIT_PIXEL;
        double per_mm = pixels ? dpi / MM_PER_INCH : 1;
        TRY(set_number(x, x_names[i], i == 0 ? 0 : A4_W_MM * per_mm, NULL, e));
        TRY(set_number(x, y_names[i], i == 0 ? 0 : A4_H_MM * per_mm, NULL, e));
    }
    return RC_OK;
}

/* "options" of a row: {"adf-mode":"Simplex","swcrop":false}. What the scanner does not have is passed over.
 */
static enum rc set_row(struct scanner *x, struct err *e)
{
    const struct jval *all = jval_get(x->row ? x->row->profile : NULL, "options");
    for (size_t i = 0; all && all->kind == JV_OBJ && i < all->n; i++) {
        const struct jval *v = &all->items[i];
        struct sane_option o;
        if (!settable(x, all->names[i], &o))
            continue;
        SANE_Bool b = v->kind == JV_BOOL && v->b ? SANE_TRUE : SANE_FALSE;
        if (v->kind == JV_BOOL && o.d->type == SANE_TYPE_BOOL)
            TRY(set(x, &o, &b, e));
        else if (v->kind == JV_STR && o.d->type == SANE_TYPE_STRING)
            TRY(set_string(x, &o, v->s, e));
        else if (v->kind == JV_INT)
            TRY(set_number(x, all->names[i], (double)v->i, NULL, e));
    }
    return RC_OK;
}

enum rc opt_configure(struct scanner *x, const struct talk_scan *ask, enum talk_source source, int *dpi,
                      struct err *e)
{
    struct sane_option o;
    int64_t most = jval_int(x->row ? x->row->profile : NULL, "dpi_max", 1200); /* some announce more */
    int want = ask->dpi < most ? ask->dpi : (int)most;
    double got = want;
    SANE_Bool no = SANE_FALSE;
    if (settable(x, SANE_NAME_PREVIEW, &o) && o.d->type == SANE_TYPE_BOOL)
        TRY(set(x, &o, &no, e));
    TRY(set_source(x, source, ask->duplex, e));
    TRY(set_mode(x, ask->color, e));
    if (settable(x, SANE_NAME_BIT_DEPTH, &o) && o.d->constraint_type != SANE_CONSTRAINT_NONE &&
        allowed(o.d, 8) >= 8) /* a list of 1 alone stays as it is */
        TRY(set_number(x, SANE_NAME_BIT_DEPTH, 8, NULL, e));
    TRY(set_number(x, SANE_NAME_SCAN_RESOLUTION, want, &got, e));
    TRY(set_number(x, SANE_NAME_SCAN_X_RESOLUTION, want, NULL, e));
    TRY(set_number(x, SANE_NAME_SCAN_Y_RESOLUTION, want, NULL, e));
    *dpi = (int)lround(got);
    if (*dpi < 50 || *dpi > 2400)
        return err_set(e, RC_DEVICE, "a resolution of %d dpi", *dpi);
    TRY(set_area(x, *dpi, e));
    return set_row(x, e);
}

/* ---- what it says of itself ------------------------------------------------------------------------------
 */

int opt_feeder_loaded(const struct scanner *x)
{
    bool loaded;
    for (const char *const *name = loaded_sensors; *name; name++)
        if (opt_bool(x, *name, &loaded))
            return loaded;
    return -1;
}

bool opt_cover_open(const struct scanner *x)
{
    bool open;
    for (const char *const *name = cover_sensors; *name; name++)
        if (opt_bool(x, *name, &open))
            return open;
    return false;
}

static void resolutions(const struct scanner *x, struct buf *json)
{
    static const int usual[] = {75, 100, 150, 200, 300, 400, 600, 1200};
    struct sane_option o;
    bool first = true;
    if (!opt_find(x, SANE_NAME_SCAN_RESOLUTION, &o))
        return;
    const SANE_Option_Descriptor *d = o.d;
    if (d->constraint_type == SANE_CONSTRAINT_WORD_LIST)
        for (SANE_Word i = 1; i <= d->constraint.word_list[0] && i <= 64; i++, first = false)
            buf_fmt(json, "%s%ld", first ? "" : ",", lround(number_of(d, d->constraint.word_list[i])));
    else
        for (size_t i = 0; i < COUNT(usual); i++)
            if (fabs(allowed(d, usual[i]) - usual[i]) < 0.5) {
                buf_fmt(json, "%s%d", first ? "" : ",", usual[i]);
                first = false;
            }
}

void opt_about(const struct scanner *x, struct buf *json)
{
    static const char *const loaded[] = {"unknown", "empty", "loaded"};
    struct sane_option o;
    bool flat = opt_has_source(x, SOURCE_FLATBED), feeder = opt_has_source(x, SOURCE_FEEDER);
    bool mode = opt_find(x, SANE_NAME_SCAN_MODE, &o);
    bool grey = !mode || pick(o.d, grey_names), color = mode && pick(o.d, color_names);
    buf_str(json, "{\"device\":");
    json_quote(json, x->name);
    buf_str(json, ",\"model\":");
    json_quote(json, x->model);
    buf_str(json, ",\"row\":");
    json_quote(json, x->row ? x->row->name : "");
    buf_fmt(json, ",\"sources\":[%s%s%s],\"feeder\":\"%s\",\"cover_open\":%s,\"dpi\":[",
            flat ? "\"flatbed\"" : "", flat && feeder ? "," : "", feeder ? "\"feeder\"" : "",
            feeder ? loaded[opt_feeder_loaded(x) + 1] : "none", opt_cover_open(x) ? "true" : "false");
    resolutions(x, json);
    buf_fmt(json, "],\"modes\":[%s%s%s]}", grey ? "\"gray\"" : "", grey && color ? "," : "",
            color ? "\"color\"" : "");
}
