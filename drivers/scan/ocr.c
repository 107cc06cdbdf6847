#include "drivers/scan/ocr.h"

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "drivers/card/mrz.h"
#include "drivers/scan/band.h"
#include "drivers/scan/child.h"
#include "drivers/scan/pack.h"
#include "drivers/scan/talk.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tesseract/capi.h>

/* Loaded when it is needed, in the child that ends with the page: Tesseract brings fifty libraries. */
struct engine {
    TessBaseAPI *(*create)(void);
    int (*init)(TessBaseAPI *h, const char *data, const char *language);
    BOOL (*set)(TessBaseAPI *h, const char *name, const char *value);
    void (*mode)(TessBaseAPI *h, TessPageSegMode mode);
    void (*image)(TessBaseAPI *h, const unsigned char *px, int w, int height, int bytes, int stride);
    void (*dpi)(TessBaseAPI *h, int dpi);
    char *(*text)(TessBaseAPI *h);
    void (*text_free)(const char *text);
    void (*free)(TessBaseAPI *h);
    TessBaseAPI *h;
};

static enum rc load(struct engine *t, struct err *e)
{
    static const struct {
        const char *name;
        size_t at;
    } rows[] = {
        {"TessBaseAPICreate", offsetof(struct engine, create)},
        {"TessBaseAPIInit3", offsetof(struct engine, init)},
        {"TessBaseAPISetVariable", offsetof(struct engine, set)},
        {"TessBaseAPISetPageSegMode", offsetof(struct engine, mode)},
        {"TessBaseAPISetImage", offsetof(struct engine, image)},
        {"TessBaseAPISetSourceResolution", offsetof(struct engine, dpi)},
        {"TessBaseAPIGetUTF8Text", offsetof(struct engine, text)},
        {"TessDeleteText", offsetof(struct engine, text_free)},
        {"TessBaseAPIDelete", offsetof(struct engine, free)},
    };
    setenv("OMP_THREAD_LIMIT", "1", 1); /* a strip of letters is no work for threads */
    void *lib = dlopen("libtesseract.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(e, RC_UNSUPPORTED, "no Tesseract on this machine (package libtesseract5)");
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *f = dlsym(lib, rows[i].name);
        if (!f)
            return err_set(e, RC_UNSUPPORTED, "libtesseract has no %s", rows[i].name);
        memcpy((char *)t + rows[i].at, &f, sizeof f);
    }
    t->h = t->create();
    if (!t->h || t->init(t->h, NULL, "eng") != 0)
        return err_set(e, RC_UNSUPPORTED, "Tesseract has no language data (package tesseract-ocr-eng)");
    t->set(t->h, "tessedit_char_whitelist", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<");
    t->set(t->h, "load_system_dawg", "0"); /* there are no words in a zone */
    t->set(t->h, "load_freq_dawg", "0");
    t->set(t->h, "debug_file", "/dev/null");
    t->mode(t->h, PSM_SINGLE_LINE);
    return RC_OK;
}

static void read_line(struct engine *t, const struct picture *strip, struct buf *out)
{
    t->image(t->h, strip->px, strip->w, strip->h, 1, strip->w);
    t->dpi(t->h, 300);
    char *text = t->text(t->h);
    for (const char *p = text; p && *p; p++)
        if (*p != '\n' && *p != ' ')
            buf_chr(out, *p);
    buf_chr(out, '\n');
    if (text) {
        wipe(text, strlen(text));
        t->text_free(text);
    }
}

struct reading {
    struct engine *t;
    struct mrz mrz;
    unsigned repaired;
    bool seen; /* a zone that was not read right */
};

static bool read_band(struct reading *r, const struct picture *page, const struct band *b, bool over)
{
    BUF_SCOPE(text);
    struct err e = {0};
    for (int i = 0; i < b->n; i++) {
        ARENA_SCOPE(a);
        struct picture strip;
        band_strip(page, &b->line[over ? b->n - 1 - i : i], over, a, &strip);
        read_line(r->t, &strip, &text);
    }
    enum rc rc = mrz_find(text.p, text.len, &r->mrz, &r->repaired, &e);
    r->seen = r->seen || (e.code && strcmp(e.code, "MRZ_CHECK") == 0);
    return rc == RC_OK;
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
    struct engine t = {0};
    struct reading r = {.t = &t};
    TRY(load(&t, e));
    bool found = read_page(&r, grey);
    t.free(t.h);
    if (!found)
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
    end.rc = pack_grey(a, jpeg->p, jpeg->len, &page, &e);
    if (end.rc == RC_OK)
        end.rc = ocr_zone(&page, &json, &e);
    talk_end_set(&end, e.code ? RC_USER : end.rc, &e); /* what a person can mend is no fault of the machine */
    if (end.rc == RC_OK)
        child_say(fd, TALK_ABOUT, json.p, json.len);
    child_say(fd, TALK_END, &end, sizeof end);
    return 0;
}
