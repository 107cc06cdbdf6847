#include "drivers/scan/sane_impl.h"

#include <ctype.h>
#include <dlfcn.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

volatile bool sane_stop;

/* ---- the library -----------------------------------------------------------------------------------------
 */

enum rc sane_load(const struct sane_calls **out, struct err *e)
{
    static struct sane_calls calls;
    static const struct {
        const char *name;
        size_t at;
    } rows[] = {
#define CALL(m, n) {n, offsetof(struct sane_calls, m)}
        CALL(init, "sane_init"),
        CALL(get_devices, "sane_get_devices"),
        CALL(open, "sane_open"),
        CALL(close, "sane_close"),
        CALL(descriptor, "sane_get_option_descriptor"),
        CALL(control, "sane_control_option"),
        CALL(parameters, "sane_get_parameters"),
        CALL(start, "sane_start"),
        CALL(read, "sane_read"),
        CALL(cancel, "sane_cancel"),
#undef CALL
    };
    void *lib = dlopen("libsane.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_code(e, RC_UNSUPPORTED, "SCAN_DENIED", 0, "no SANE on this machine (package libsane1): %s",
                        dlerror());
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *f = dlsym(lib, rows[i].name);
        if (!f)
            return err_set(e, RC_UNSUPPORTED, "libsane has no %s", rows[i].name);
        memcpy((char *)&calls + rows[i].at, &f, sizeof f);
    }
    SANE_Int version = 0;
    SANE_Status s = calls.init(&version, NULL);
    if (s != SANE_STATUS_GOOD || SANE_VERSION_MAJOR(version) != 1)
        return sane_err(e, s, "starting SANE");
    *out = &calls;
    return RC_OK;
}

/* The two last are of some backends only and stand in no header (SANE standard 2 drafts). */
enum { WARMING_UP = 12, HW_LOCKED = 13 };

enum rc sane_err(struct err *e, SANE_Status s, const char *doing)
{
    static const struct {
        int status;
        enum rc rc;
        const char *code, *text;
    } rows[] = {
        {SANE_STATUS_UNSUPPORTED, RC_DEVICE, NULL, "the scanner cannot do that"},
        {SANE_STATUS_CANCELLED, RC_CANCELLED, NULL, "cancelled"},
        {SANE_STATUS_DEVICE_BUSY, RC_BUSY, "SCAN_BUSY", "the scanner is busy"},
        {SANE_STATUS_INVAL, RC_DEVICE, NULL, "the scanner refuses a value"},
        {SANE_STATUS_JAMMED, RC_USER, "ADF_JAM", "paper is jammed in the feeder"},
        {SANE_STATUS_NO_DOCS, RC_USER, "ADF_EMPTY", "the feeder is empty"},
        {SANE_STATUS_COVER_OPEN, RC_USER, "SCAN_COVER", "the cover is open"},
        {SANE_STATUS_IO_ERROR, RC_LINK_LOST, "LINK_LOST", "the scanner does not answer"},
        {SANE_STATUS_NO_MEM, RC_NO_SPACE, NULL, "no memory"},
        {SANE_STATUS_ACCESS_DENIED, RC_DENIED, "SCAN_DENIED",
         "the scanner may not be used: look at its udev rule, and whether ipp-usb holds it"},
        {WARMING_UP, RC_BUSY, "SCAN_WARMUP", "the lamp warms up"},
        {HW_LOCKED, RC_DEVICE, "SCAN_LOCKED", "the transport lock of the scanner is closed"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].status == (int)s)
            return err_code(e, rows[i].rc, rows[i].code, 0, "%s: %s", doing, rows[i].text);
    return err_code(e, RC_DEVICE, NULL, (int)s, "%s: status %d", doing, (int)s);
}

/* ---- which device ----------------------------------------------------------------------------------------
 */

/* "models" of a row are patterns over "maker model", upper and lower case alike; the longest one wins. */
static int row_of(const struct talk_rows *rows, const char *model)
{
    size_t most = 0;
    int best = -1;
    for (size_t i = 0; i < rows->n; i++) {
        const struct jval *models = jval_get(rows->row[i].profile, "models");
        for (size_t k = 0; models && models->kind == JV_ARR && k < models->n; k++) {
            const struct jval *m = &models->items[k];
            if (m->kind == JV_STR && strlen(m->s) > most && fnmatch(m->s, model, FNM_CASEFOLD) == 0) {
                most = strlen(m->s);
                best = (int)i;
            }
        }
    }
    return best;
}

static bool is_scanner(const SANE_Device *d)
{
    static const char *const others[] = {"camera", "webcam", "frame grabber"};
    for (size_t i = 0; d->type && i < COUNT(others); i++)
        if (strcasestr(d->type, others[i]))
            return false;
    return d->name && strncmp(d->name, "v4l:", 4) != 0;
}

static const SANE_Device *choose(const SANE_Device **list, const char *want)
{
    for (size_t i = 0; list && list[i]; i++)
        if (*want ? list[i]->name && strcmp(list[i]->name, want) == 0 : is_scanner(list[i]))
            return list[i];
    return NULL;
}

static void keep(char *to, size_t cap, const char *from)
{
    snprintf(to, cap, "%s", from ? from : "");
}

/* Maker and model, without the maker said twice; sane-airscan puts its protocol where the maker belongs. */
static void identify(struct scanner *x, const SANE_Device *d)
{
    const char *maker = d->vendor ? d->vendor : "", *model = d->model ? d->model : "";
    bool twice = strcmp(maker, "eSCL") == 0 || strcmp(maker, "WSD") == 0 ||
                 strncasecmp(model, maker, strlen(maker)) == 0;
    keep(x->name, sizeof x->name, d->name);
    keep(x->type, sizeof x->type, d->type);
    snprintf(x->model, sizeof x->model, "%s%s%s", twice ? "" : maker, twice ? "" : " ", model);
    for (char *p = x->model; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = ' ';
}

/* ":libusb:001:004" in the name says where the device is plugged in. */
static void place(const char *name, struct talk_found *out)
{
    const char *p = strstr(name, "libusb:");
    if (!p || sscanf(p + 7, "%d:%d", &out->usb_bus, &out->usb_address) != 2)
        out->usb_bus = out->usb_address = 0;
}

void sane_shut(struct scanner *x)
{
    SANE_Handle h = x->h;
    x->h = NULL; /* first: the signal must not cancel what is being closed */
    if (h)
        x->sane->close(h);
}

enum rc sane_reopen(struct scanner *x, struct err *e)
{
    sane_shut(x);
    SANE_Status s = x->sane->open(x->name, &x->h);
    if (s == SANE_STATUS_GOOD)
        return RC_OK;
    x->h = NULL;
    enum rc rc = sane_err(e, s, "opening the scanner");
    /* an invalid name or an answer that does not come: it is not there (any more) */
    return rc == RC_LINK_LOST || s == SANE_STATUS_INVAL
               ? err_code(e, RC_NO_DEVICE, NULL, 0, "the scanner %s is not there", x->model)
               : rc;
}

enum rc sane_find(struct scanner *x, const char *want, struct talk_found *out, struct err *e)
{
    const SANE_Device **list = NULL;
    SANE_Status s = x->sane->get_devices(&list, SANE_FALSE);
    if (s != SANE_STATUS_GOOD)
        return sane_err(e, s, "looking for scanners");
    const SANE_Device *d = choose(list, want);
    SANE_Device named = {want, "", want, ""}; /* known by name, not announced */
    if (!d && *want)
        d = &named;
    if (!d)
        return err_set(e, RC_NO_DEVICE, "SANE knows no scanner here");
    identify(x, d);
    TRY(sane_reopen(x, e));
    *out = (struct talk_found){.row = row_of(x->rows, x->model)};
    x->row = out->row >= 0 ? &x->rows->row[out->row] : NULL;
    keep(out->name, sizeof out->name, x->name);
    keep(out->model, sizeof out->model, x->model);
    place(x->name, out);
    return RC_OK;
}
