/* The scanning process: one request after the other, blocking calls and all. scan.c hears the commands
 * meanwhile, and ends this process when it does not come back. */
#include "common/base/clock.h"
#include "drivers/scan/child.h"
#include "drivers/scan/pack.h"
#include "drivers/scan/sane_impl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define READ_PIECE (64 * 1024)
#define BUSY_TRIES 10
#define WARMUP_MS (60 * 1000)
#define TRY_AGAIN_MS 1000
#define TELL_MS 250
#define PAGE_LIMIT (300 * 1000) /* bytes: A4 grey at 300 dpi */
#define COLOR_LIMIT (600 * 1000)
#define CARD_LIMIT (1200 * 1000) /* an identity card: the OCR wants every detail */

static struct scanner *running; /* for the signal */

static void nudged(int signal)
{
    (void)signal;
    sane_stop = true;
    if (running && running->h)
        running->sane->cancel(running->h); /* the one call that is allowed here (SANE standard 4.3.10) */
}

static void pause_ms(int ms)
{
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&t, NULL); /* a signal ends it */
}

struct job {
    struct scanner *x;
    const struct talk_scan *ask;
    enum talk_source source;
    int dpi, page; /* the page that is being scanned, from 1 */
    int64_t told;
    struct frames frames;
    uint8_t piece[READ_PIECE];
};

static void tell(struct job *j, enum talk_step step, int percent, bool now)
{
    if (!now && mono_ms() - j->told < TELL_MS)
        return;
    j->told = mono_ms();
    struct talk_progress p = {step, j->page, percent};
    child_say(j->x->fd, TALK_PROGRESS, &p, sizeof p);
}

static enum rc stopped(struct err *e)
{
    return err_set(e, RC_CANCELLED, "cancelled");
}

/* Busy and a cold lamp pass by themselves, within limits. */
static enum rc start(struct job *j, struct err *e)
{
    int64_t until = mono_ms() + WARMUP_MS;
    int64_t tries = jval_int(j->x->row ? j->x->row->profile : NULL, "busy_tries", BUSY_TRIES);
    for (;;) {
        if (sane_stop)
            return stopped(e);
        SANE_Status s = j->x->sane->start(j->x->h);
        if (sane_stop)
            return stopped(e);
        if (s == SANE_STATUS_GOOD) {
            j->x->begun = true;
            return RC_OK;
        }
        enum rc rc = sane_err(e, s, "starting the scan");
        if (s == SANE_STATUS_JAMMED && j->source == SOURCE_FEEDER && j->page == 1 &&
            row_has(j->x->row, "jam_means_empty"))
            return sane_err(e, SANE_STATUS_NO_DOCS, "starting the scan");
        bool warm = rc == RC_BUSY && s != SANE_STATUS_DEVICE_BUSY;
        if (rc != RC_BUSY || mono_ms() > until || (!warm && --tries <= 0))
            return rc;
        j->x->sane->cancel(j->x->h);
        tell(j, STEP_WARMUP, (int)(100 - (until - mono_ms()) * 100 / WARMUP_MS), true);
        pause_ms(TRY_AGAIN_MS);
    }
}

static enum rc format_of(const SANE_Parameters *p, struct frame_format *out, struct err *e)
{
    static const struct {
        SANE_Frame frame;
        enum frame_kind kind;
    } kinds[] = {{SANE_FRAME_GRAY, FRAME_GRAY},
                 {SANE_FRAME_RGB, FRAME_RGB},
                 {SANE_FRAME_RED, FRAME_RED},
                 {SANE_FRAME_GREEN, FRAME_GREEN},
                 {SANE_FRAME_BLUE, FRAME_BLUE}};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].frame == p->format) {
            *out = (struct frame_format){kinds[i].kind, p->depth, p->pixels_per_line, p->bytes_per_line,
                                         p->lines};
            return RC_OK;
        }
    return err_set(e, RC_PROTOCOL, "a frame of kind %d", (int)p->format);
}

/* Until the end of the frame. */
static enum rc read_frame(struct job *j, struct err *e)
{
    int expected = j->frames.now.lines > 0 ? j->frames.now.lines : j->dpi * 1169 / 100;
    for (;;) {
        SANE_Int n = 0;
        SANE_Status s = j->x->sane->read(j->x->h, j->piece, sizeof j->piece, &n);
        if (sane_stop)
            return stopped(e);
        if (s == SANE_STATUS_EOF)
            return RC_OK;
        if (s != SANE_STATUS_GOOD)
            return sane_err(e, s, "reading the page");
        if (n < 0 || n > (SANE_Int)sizeof j->piece)
            return err_set(e, RC_PROTOCOL, "%d bytes read", (int)n);
        if (n == 0)
            pause_ms(2); /* a backend that does not block by itself */
        TRY(frames_feed(&j->frames, j->piece, (size_t)n, e));
        int percent = j->frames.row * 100 / expected;
        tell(j, STEP_SCANNING, percent < 99 ? percent : 99, false);
    }
}

/* One page: one frame, or three. */
static enum rc read_page(struct job *j, struct err *e)
{
    frames_free(&j->frames);
    for (;;) {
        SANE_Parameters p = {0};
        struct frame_format f = {0};
        SANE_Status s = j->x->sane->parameters(j->x->h, &p);
        if (s != SANE_STATUS_GOOD)
            return sane_err(e, s, "asking for the size of the page");
        TRY(format_of(&p, &f, e));
        TRY(frames_begin(&j->frames, &f, e));
        TRY(read_frame(j, e));
        if (p.last_frame == SANE_TRUE || f.kind == FRAME_GRAY || f.kind == FRAME_RGB)
            return RC_OK;
        TRY(start(j, e));
    }
}

/* Judged and packed here, so that only what is finished leaves this process. */
static enum rc finish_page(struct job *j, struct err *e)
{
    ARENA_SCOPE(scratch);
    BUF_SCOPE(out);
    struct picture p;
    tell(j, STEP_CHECKING, 99, true);
    TRY(frames_picture(&j->frames, j->dpi, &p, e));
    struct picture grey = {p.px, p.w, p.h, 1, p.dpi};
    if (p.channels == 3 && j->ask->color)
        grey.px = arena_alloc(scratch, (size_t)p.w * (size_t)p.h);
    picture_grey(&p, grey.px);
    if (!j->ask->color)
        p = grey;
    struct talk_page about = {.color = p.channels == 3, .source = j->source};
    quality_check(&grey, scratch, &about.quality);
    about.text = about.quality.text && !about.color;
    struct pack_fit_rule fit = {j->ask->id        ? CARD_LIMIT
                                : p.channels == 3 ? COLOR_LIMIT
                                                  : PAGE_LIMIT,
                                j->ask->id, about.quality.paper};
    BUF_SCOPE(jpeg);
    TRY(pack_fit(&p, &fit, &jpeg, e));
    about.width = p.w;
    about.height = p.h;
    about.dpi = p.dpi;
    buf_add(&out, &about, sizeof about);
    buf_add(&out, jpeg.p, jpeg.len);
    if (!child_say(j->x->fd, TALK_PAGE, out.p, out.len))
        return err_set(e, RC_INTERNAL, "nobody takes the page");
    return RC_OK;
}

static enum rc from_source(struct job *j, int *pages, struct err *e)
{
    if (j->source == SOURCE_FEEDER && opt_feeder_loaded(j->x) == 0)
        return sane_err(e, SANE_STATUS_NO_DOCS, "looking at the feeder");
    if (opt_cover_open(j->x))
        return sane_err(e, SANE_STATUS_COVER_OPEN, "looking at the cover");
    int most = j->source == SOURCE_FEEDER ? j->ask->max_pages : 1;
    for (j->page = 1; j->page <= most; j->page++) {
        tell(j, STEP_WARMUP, 0, true);
        enum rc rc = start(j, e);
        if (rc == RC_USER && j->page > 1 && e->code && strcmp(e->code, "ADF_EMPTY") == 0)
            return RC_OK; /* all of them */
        TRY(rc);
        TRY(read_page(j, e));
        TRY(finish_page(j, e));
        *pages = j->page;
    }
    return RC_OK;
}

enum rc sane_pages(struct scanner *x, const struct talk_scan *ask, int *pages, struct err *e)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        return err_set(e, RC_NO_SPACE, "no memory");
    *j = (struct job){.x = x, .ask = ask};
    x->begun = false;
    bool flat = opt_has_source(x, SOURCE_FLATBED), feeder = opt_has_source(x, SOURCE_FEEDER);
    enum talk_source order[2] = {ask->source, ask->source};
    if (ask->source == SOURCE_AUTO) { /* what lies in the feeder first */
        bool use = feeder && !(ask->id && flat);
        order[0] = use ? SOURCE_FEEDER : SOURCE_FLATBED;
        order[1] = flat ? SOURCE_FLATBED : order[0];
    }
    enum rc rc = RC_OK;
    for (int i = 0; i < 2; i++) {
        j->source = order[i];
        if (!(j->source == SOURCE_FEEDER ? feeder : flat)) {
            rc = err_set(e, RC_UNSUPPORTED, "this scanner has no %s",
                         j->source == SOURCE_FEEDER ? "feeder" : "flatbed");
            break;
        }
        rc = opt_configure(x, ask, j->source, &j->dpi, e);
        if (rc == RC_OK)
            rc = from_source(j, pages, e);
        x->sane->cancel(x->h); /* ends the scan in every case, also a good one (SANE standard 4.4) */
        bool empty = rc == RC_USER && e->code && strcmp(e->code, "ADF_EMPTY") == 0;
        if (!empty || order[1] == order[0])
            break;
    }
    frames_free(&j->frames);
    wipe(j, sizeof *j);
    free(j);
    return rc;
}

/* ---- requests --------------------------------------------------------------------------------------------
 */

static enum rc look(struct scanner *x, struct err *e)
{
    return x->name[0] ? sane_reopen(x, e) : err_set(e, RC_NO_DEVICE, "no scanner is open");
}

/* SANE has one word for a line that is cut and for a scanner that answers nonsense, such as a job at an
 * address that leads nowhere. One that lets itself be opened again is there. */
static enum rc no_scan(struct scanner *x, enum rc rc, struct err *e)
{
    if (rc != RC_LINK_LOST || x->begun || sane_stop || sane_reopen(x, &(struct err){0}) != RC_OK)
        return rc;
    return err_code(e, RC_DEVICE, "SCAN_REFUSED", 0,
                    "the scanner answers, but the scan does not come: is the address in its answers right?");
}

static enum rc serve_one(struct scanner *x, uint32_t type, const struct buf *in, int *pages, struct err *e)
{
    struct talk_found found;
    struct talk_scan ask;
    if (type == TALK_OPEN) {
        TRY(sane_find(x, in->len ? in->p : "", &found, e));
        child_say(x->fd, TALK_FOUND, &found, sizeof found);
        return RC_OK;
    }
    if (type == TALK_LOOK)
        return look(x, e);
    if (!x->h)
        TRY(sane_reopen(x, e));
    if (type == TALK_STATUS) {
        BUF_SCOPE(json);
        opt_about(x, &json);
        child_say(x->fd, TALK_ABOUT, json.p, json.len);
        return RC_OK;
    }
    if (type != TALK_SCAN || in->len != sizeof ask)
        return err_set(e, RC_INTERNAL, "request %u", type);
    memcpy(&ask, in->p, sizeof ask);
    enum rc rc = sane_pages(x, &ask, pages, e);
    if (rc != RC_OK && rc != RC_USER && rc != RC_BUSY)
        sane_shut(
            x); /* a handle that was cancelled or broke refuses the next settings; its job ends here, too */
    return no_scan(x, rc, e);
}

int scanner_body(int fd, const void *rows)
{
    struct scanner x = {.rows = rows, .fd = fd};
    struct err e = {0};
    BUF_SCOPE(in);
    struct sigaction act = {.sa_handler = nudged};
    sigaction(SIGUSR1, &act, NULL);
    running = &x;
    enum rc loaded = sane_load(&x.sane, &e);
    for (uint32_t type; child_hear(fd, &type, &in);) {
        struct talk_end end = {0};
        if (loaded == RC_OK) {
            e = (struct err){0};
            sane_stop = false;
            end.rc = serve_one(&x, type, &in, &end.pages, &e);
        } else {
            end.rc = loaded;
        }
        talk_end_set(&end, end.rc, &e);
        buf_reset(&in);
        if (!child_say(fd, TALK_END, &end, sizeof end))
            break;
    }
    sane_shut(&x);
    return 0;
}
