#include "drivers/print/profile.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static int64_t between(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static bool says(const struct jval *v, const char *key, const char *word, const char *def)
{
    return strcmp(jval_str(v, key, def), word) == 0;
}

void printer_profile(const struct device_row *row, struct printer_profile *out)
{
    const struct jval *v = row ? row->profile : NULL;
    *out = (struct printer_profile){
        .paper = {(int)between(jval_int(v, "dots", 576), 200, 2048),
                  (int)between(jval_int(v, "dpi", 203), 100, 600)},
        .blade_mm = between(jval_int(v, "blade_mm", 15), 0, 100),
        .mm_s = between(jval_int(v, "mm_s", 100), 10, 1000),
        .take_s = between(jval_int(v, "take_s", 25), 1, 50),
        .raster = says(v, "raster", "graphics", "raster") ? ESCPOS_GRAPHICS : ESCPOS_RASTER,
        .cut = says(v, "cut", "none", "partial")   ? CUT_NONE
               : says(v, "cut", "full", "partial") ? CUT_FULL
                                                   : CUT_PARTIAL,
        .status = !says(v, "status", "none", "eot"),
        .custom = says(v, "status", "custom", "eot"),
        .process_id = jval_bool(v, "process_id", false),
        .asb = jval_bool(v, "asb", false),
        .presenter = says(v, "presenter", "custom", ""),
        .present_steps = (uint8_t)between(jval_int(v, "present_steps", 12), 1, 255),
        .feed_before_cut = row_has(row, "feed_before_cut"),
        .soft_reset = !row_has(row, "no_soft_reset"),
        .info = !row_has(row, "no_info")};
}

static bool named(const char *list, const char *model)
{
    size_t n = strlen(list);
    return n > 0 && strncasecmp(model, list, n) == 0 && !isalnum((unsigned char)model[n]);
}

const struct device_row *printer_row_for(const struct device_row *rows, size_t n, uint16_t vid,
                                         const char *model)
{
    for (size_t i = 0; i < n; i++) {
        const struct jval *list = jval_get(rows[i].profile, "gs_i");
        if (rows[i].match.vid != vid || !list || list->kind != JV_ARR)
            continue;
        for (size_t k = 0; k < list->n; k++)
            if (list->items[k].kind == JV_STR && named(list->items[k].s, model))
                return &rows[i];
    }
    return NULL;
}

void printer_id_value(const char *id, size_t len, const char *key, char *out, size_t cap)
{
    size_t k = strlen(key);
    out[0] = 0;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(id + at, ';', len - at);
        size_t n = end ? (size_t)(end - id) - at : len - at;
        while (n > 0 && id[at] == ' ')
            at++, n--;
        if (n > k && id[at + k] == ':' && strncasecmp(id + at, key, k) == 0) {
            size_t m = n - k - 1 < cap - 1 ? n - k - 1 : cap - 1;
            memcpy(out, id + at + k + 1, m);
            out[m] = 0;
            return;
        }
        at += n + 1;
    }
}
