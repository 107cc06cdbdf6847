/* The scanner. This process hears commands and keeps the pages of the citizen's session; SANE runs in a child
 * (scanner_body), which is asked, then nudged, then killed. At the end of a session it dies with everything
 * its libraries still remember. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/text.h"
#include "drivers/scan/child.h"
#include "drivers/scan/ocr.h"
#include "drivers/scan/talk.h"

#define TICK_MS 10000
#define FIND_MS 30000 /* looking for scanners in the network */
#define STATUS_MS 5000
#define PAGE_MS 60000   /* without a word of the child */
#define FIRST_MS 120000 /* the same, with the lamp cold */
#define CANCEL_MS 700   /* a cancel is done within a second */
#define STEP_MS 50
#define OCR_MS 30000
#define PIECE (128 * 1024) /* raw bytes of a page in one frame */
#define KEPT_MAX 40
#define DPI_DEFAULT 300
/* What a child may say: its libraries have read what a stranger's scanner sent, so it is believed within
 * limits. */
#define PAGE_MAX (4u << 20) /* bytes; pack_fit() stays far below */
#define ABOUT_MAX (64u * 1024)

struct kept {
    int n, dpi;
    struct bytes jpeg;
};

struct scan {
    struct child child;
    struct talk_rows rows;
    struct talk_found found; /* name "": none yet */
    bool used;               /* the child has seen a page */
    struct kept kept[KEPT_MAX];
    int count; /* pages of this session */
};

/* Until wipe, also when the scanner is lost and found again meanwhile. */
static struct arena *pages_kept[KEPT_MAX];

static const char *const verbs[] = {"scan", "mrz", "status", NULL};
static const char *const dry_verbs[] = {"mrz", NULL};

/* ---- the child -------------------------------------------------------------------------------------------
 */

/* One request that runs: what comes before its end goes to take(). */
struct ask {
    struct drv *d;
    const struct task *t; /* NULL: nobody asked */
    int64_t deadline, quiet_ms;
    void (*take)(struct ask *q, const struct record *r);
    void (*wait)(struct ask *q); /* about once a second while nothing comes; may be NULL */
    int first;                   /* number of this scan's first page, less one */
    int most;                    /* pages that were asked for */
    int page;                    /* that is being scanned, of this scan */
    bool moving;                 /* rows of it have come */
    int64_t began, told;
    struct talk_end end;
    struct buf *about;
};

static enum rc ended(const struct talk_end *end, struct err *e)
{
    static const char *const codes[] = {"ADF_EMPTY",   "ADF_JAM",   "SCAN_COVER",  "SCAN_LOCKED",
                                        "SCAN_WARMUP", "SCAN_BUSY", "SCAN_DENIED", "SCAN_REFUSED",
                                        "LINK_LOST",   "MRZ_NONE",  "MRZ_CHECK"};
    if (end->rc == RC_OK)
        return RC_OK;
    if ((unsigned)end->rc >= RC_COUNT)
        return err_set(e, RC_PROTOCOL, "the scanning process says %d", (int)end->rc);
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(codes[i], end->code) == 0)
            return err_code(e, end->rc, codes[i], 0, "%.*s", (int)sizeof end->text - 1, end->text);
    return err_set(e, end->rc, "%.*s", (int)sizeof end->text - 1, end->text);
}

/* Ask, then kill. The pages that came meanwhile are kept. */
static void call_off(struct ask *q, struct child *c)
{
    struct record r = {0};
    struct err e = {0};
    int64_t until = mono_ms() + CANCEL_MS;
    child_nudge(c);
    while (mono_ms() < until) {
        enum rc rc = child_next(c, (int)(until - mono_ms()), &r, &e);
        if (rc == RC_OK && r.type != TALK_END) {
            q->take(q, &r);
            continue;
        }
        if (rc == RC_OK && r.len == sizeof q->end) {
            child_done(c, &r);
            return;
        }
        break;
    }
    child_kill(c);
}

static enum rc listen(struct ask *q, struct child *c, struct err *e)
{
    struct record r = {0};
    int64_t heard = mono_ms();
    for (;;) {
        enum rc rc = child_next(c, STEP_MS, &r, e);
        if (rc != RC_OK && rc != RC_TIMEOUT)
            return rc;
        if (rc == RC_OK) {
            heard = mono_ms();
            if (r.type == TALK_END && r.len == sizeof q->end) {
                memcpy(&q->end, r.p, sizeof q->end);
                q->end.code[sizeof q->end.code - 1] = q->end.text[sizeof q->end.text - 1] = 0;
                child_done(c, &r);
                return ended(&q->end, e);
            }
            q->take(q, &r);
        }
        if (drv_breathe(q->d) && q->t) {
            call_off(q, c);
            return err_set(e, RC_CANCELLED, "cancelled");
        }
        if (mono_ms() > q->deadline || mono_ms() - heard > q->quiet_ms) {
            call_off(q, c);
            return err_code(e, RC_TIMEOUT, "SCAN_TIMEOUT", 0, "no answer from the scanner for %lld s",
                            (long long)(mono_ms() - heard) / 1000);
        }
        if (q->wait && mono_ms() - q->told > 1000)
            q->wait(q);
    }
}

static enum rc request(struct ask *q, uint32_t type, struct bytes what, struct err *e)
{
    struct scan *x = q->d->self;
    q->began = mono_ms();
    TRY(child_send(&x->child, type, what.p, what.len, e));
    return listen(q, &x->child, e);
}

static void take_nothing(struct ask *q, const struct record *r)
{
    (void)q;
    (void)r;
}

static void take_found(struct ask *q, const struct record *r)
{
    struct scan *x = q->d->self;
    if (r->type != TALK_FOUND || r->len != sizeof x->found)
        return;
    memcpy(&x->found, r->p, sizeof x->found);
    x->found.name[sizeof x->found.name - 1] = x->found.model[sizeof x->found.model - 1] = 0;
}

/* A child with the scanner open: the one there is, or a new one. */
static enum rc ready(struct drv *d, const struct task *t, struct err *e)
{
    struct scan *x = d->self;
    if (child_alive(&x->child))
        return RC_OK;
    const char *want = x->found.name[0] ? x->found.name : getenv("PRIDVOR_SCANNER");
    struct ask q = {.d = d, .t = t, .deadline = mono_ms() + FIND_MS, .quiet_ms = FIND_MS, .take = take_found};
    TRY(child_start(&x->child, scanner_body, &x->rows, e));
    enum rc rc = request(&q, TALK_OPEN, BYTES(want ? want : "", want ? strlen(want) + 1 : 1), e);
    if (rc != RC_OK)
        child_kill(&x->child);
    return rc;
}

/* ---- open, idle, close -----------------------------------------------------------------------------------
 */

static enum rc open_scanner(struct drv *d, struct err *e)
{
    struct scan *x = d->self;
    x->rows.row = drv_rows(d, &x->rows.n);
    x->found.name[0] = 0;
    TRY(ready(d, NULL, e));
    d->row = x->found.row >= 0 && (size_t)x->found.row < x->rows.n ? &x->rows.row[x->found.row] : NULL;
    drv_id(d, x->found.model, "", x->found.name);
    return RC_OK;
}

static void close_scanner(struct drv *d)
{
    struct scan *x = d->self;
    child_kill(&x->child);
    x->found.name[0] = 0;
}

/* Plain USB: its node. Network: it answers. */
static enum rc idle(struct drv *d, unsigned woke, struct err *e)
{
    struct scan *x = d->self;
    char node[64];
    (void)woke;
    snprintf(node, sizeof node, "/dev/bus/usb/%03d/%03d", x->found.usb_bus, x->found.usb_address);
    if (x->found.usb_bus && access(node, F_OK) != 0)
        return err_set(e, RC_NO_DEVICE, "unplugged");
    struct ask q = {.d = d, .deadline = mono_ms() + STATUS_MS, .quiet_ms = STATUS_MS, .take = take_nothing};
    if (!child_alive(&x->child))
        return ready(d, NULL, e);
    if (x->found.usb_bus)
        return RC_OK;
    enum rc rc = request(&q, TALK_LOOK, BYTES(NULL, 0), e);
    return rc == RC_TIMEOUT || rc == RC_DEVICE ? err_set(e, RC_LINK_LOST, "%s", "the scanner does not answer")
           : rc == RC_BUSY                     ? RC_OK
                                               : rc;
}

/* ---- scan ------------------------------------------------------------------------------------------------
 */

struct scan_args {
    const char *source, *mode, *purpose, *out;
    int64_t dpi, max_pages;
    bool duplex;
};
static const char *const sources[] = {"auto", "flatbed", "feeder", NULL};
static const char *const modes[] = {"gray", "color", NULL};
static const char *const purposes[] = {"document", "id", NULL};
static const struct jfield args_fields[] = {
    JF_WORD(struct scan_args, source, J_OMIT, sources),   JF_WORD(struct scan_args, mode, J_OMIT, modes),
    JF_WORD(struct scan_args, purpose, J_OMIT, purposes), JF_INT(struct scan_args, dpi, J_OMIT, 75, 600),
    JF_INT(struct scan_args, max_pages, J_OMIT, 1, 50),   JF_BOOL(struct scan_args, duplex, J_OMIT),
    JF_STR(struct scan_args, out, J_OMIT, 0, 0), /* by hand: where the pages go; nothing to us */
};
static JDESC(args_desc, struct scan_args, args_fields);

static enum rc scan_ask(const struct task *t, struct talk_scan *out, struct err *e)
{
    struct scan_args a = {0};
    TRY(json_decode_val(t->arena, &args_desc, t->args, &a, e));
    *out = (struct talk_scan){.dpi = a.dpi ? (int)a.dpi : DPI_DEFAULT,
                              .max_pages = a.max_pages ? (int)a.max_pages : 20,
                              .color = a.mode && strcmp(a.mode, "color") == 0,
                              .id = a.purpose && strcmp(a.purpose, "id") == 0,
                              .duplex = a.duplex};
    for (int i = 0; sources[i]; i++)
        if (a.source && strcmp(a.source, sources[i]) == 0)
            out->source = (enum talk_source)i;
    return RC_OK;
}

static void say_progress(struct ask *q, const char *step, int percent)
{
    char data[96];
    snprintf(data, sizeof data, "{\"step\":\"%s\",\"page\":%d,\"percent\":%d}", step, q->first + q->page,
             percent);
    drv_event(q->d, "progress", data);
    q->told = mono_ms();
}

static void say_page(struct ask *q, int n, const struct talk_page *p, struct bytes jpeg)
{
    BUF_SCOPE(b);
    uint8_t sum[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    const struct quality *v = &p->quality;
    bool first = true;
    sha256(sum, jpeg.p, jpeg.len);
    hex_encode(hex, sum, sizeof sum);
    buf_fmt(&b,
            "{\"n\":%d,\"width\":%d,\"height\":%d,\"dpi\":%d,\"bytes\":%zu,\"sha256\":\"%s\",\"mode\":\"%s\"",
            n, p->width, p->height, p->dpi, jpeg.len, hex, p->color ? "color" : "gray");
    buf_fmt(&b, ",\"source\":\"%s\",\"text\":%s,\"quality\":{\"verdict\":\"%s\",\"hints\":[",
            p->source == SOURCE_FEEDER ? "feeder" : "flatbed", p->text ? "true" : "false",
            v->hints ? "poor" : "good");
    for (unsigned i = 0; i < QUALITY_HINTS; i++)
        if (v->hints & (1u << i)) {
            buf_fmt(&b, "%s\"%s\"", first ? "" : ",", quality_word(i));
            first = false;
        }
    buf_fmt(&b, "],\"skew_tenths\":%d}}", v->skew_tenths);
    drv_event(q->d, "page", b.p);
    for (size_t at = 0; at < jpeg.len; at += PIECE) {
        ARENA_SCOPE(a);
        size_t len = jpeg.len - at < PIECE ? jpeg.len - at : PIECE;
        buf_reset(&b);
        buf_fmt(&b, "{\"n\":%d,\"offset\":%zu,\"b64\":\"", n, at);
        buf_str(&b, base64_encode(a, (const uint8_t *)jpeg.p + at, len));
        buf_str(&b, "\"}");
        drv_event(q->d, "page_data", b.p);
    }
}

static void take_page(struct ask *q, const struct record *r)
{
    struct scan *x = q->d->self;
    struct talk_page p;
    if (r->len < sizeof p || r->len - sizeof p > PAGE_MAX || q->page > q->most)
        return;
    memcpy(&p, r->p, sizeof p);
    size_t len = r->len - sizeof p, at = (size_t)x->count % KEPT_MAX;
    struct kept *k = &x->kept[at];
    arena_free(pages_kept[at]); /* who scans for an hour fills no memory */
    pages_kept[at] = arena_new();
    *k = (struct kept){++x->count, p.dpi, BYTES(arena_dup(pages_kept[at], r->p + sizeof p, len), len)};
    q->page++;
    q->moving = false;
    say_page(q, k->n, &p, k->jpeg);
}

static void take_scan(struct ask *q, const struct record *r)
{
    static const char *const steps[] = {"warmup", "scanning", "checking"};
    struct talk_progress p;
    if (r->type == TALK_PAGE)
        take_page(q, r);
    if (r->type != TALK_PROGRESS || r->len != sizeof p)
        return;
    memcpy(&p, r->p, sizeof p);
    q->moving = p.step != STEP_WARMUP;
    if (q->moving)
        q->quiet_ms = PAGE_MS;
    if (p.step <= STEP_CHECKING)
        say_progress(q, steps[p.step], p.percent);
}

/* A call that blocks says nothing; the page on the kiosk shall move all the same. */
static void wait_scan(struct ask *q)
{
    int64_t ms = mono_ms() - q->began;
    if (!q->moving)
        say_progress(q, "warmup", (int)(ms < PAGE_MS ? ms * 100 / PAGE_MS : 99));
}

/* What the result says of the scanner itself. */
static void judge(struct drv *d, enum rc rc, const struct err *e)
{
    static const struct {
        const char *code, *media;
        enum condition c;
    } rows[] = {{"ADF_EMPTY", "feeder_empty", K_OK},
                {"ADF_JAM", "feeder_jam", K_USER},
                {"SCAN_COVER", "cover_open", K_USER},
                {"SCAN_LOCKED", NULL, K_TECHNICIAN},
                {"SCAN_DENIED", NULL, K_TECHNICIAN}};
    if (rc == RC_OK) {
        drv_media(d, NULL, 0);
        drv_condition(d, K_OK, "");
    }
    for (size_t i = 0; e->code && i < COUNT(rows); i++)
        if (strcmp(rows[i].code, e->code) == 0) {
            drv_media(d, &rows[i].media, rows[i].media != NULL);
            drv_condition(d, rows[i].c, rows[i].c == K_OK ? "" : e->text);
        }
    if (rc == RC_LINK_LOST || rc == RC_NO_DEVICE)
        drv_climb(d, "the scanner is gone");
}

static void do_scan(struct drv *d, const struct task *t, struct result *r)
{
    struct scan *x = d->self;
    struct err e = {0};
    struct talk_scan what;
    int before = x->count;
    int64_t began = mono_ms();
    struct ask q = {.d = d,
                    .t = t,
                    .deadline = t->deadline - CANCEL_MS,
                    .quiet_ms = FIRST_MS,
                    .take = take_scan,
                    .wait = wait_scan,
                    .first = before,
                    .page = 1,
                    .began = began,
                    .told = began};
    enum rc rc = scan_ask(t, &what, &e);
    if (rc == RC_OK)
        rc = ready(d, t, &e);
    if (rc == RC_OK) {
        x->used = true;
        q.most = what.max_pages;
        rc = request(&q, TALK_SCAN, BYTES(&what, sizeof what), &e);
    }
    int pages = x->count - before;
    judge(d, rc, &e);
    if (rc == RC_OK)
        result_ok(r);
    else
        result_fail(t->arena, r, pages ? O_PARTIAL : O_NOT_DONE, &e);
    buf_fmt(&r->data, "{\"pages\":%d,\"first\":%d,\"ms\":%lld,\"device\":", pages, pages ? before + 1 : 0,
            (long long)(mono_ms() - began));
    json_quote(&r->data, x->found.model);
    buf_chr(&r->data, '}');
}

/* ---- status, mrz, wipe -----------------------------------------------------------------------------------
 */

static void take_about(struct ask *q, const struct record *r)
{
    if (r->type == TALK_ABOUT && q->about->len + r->len <= ABOUT_MAX)
        buf_add(q->about, r->p, r->len);
}

/* Written anew: what stands in a frame is an object, on one line. */
static enum rc about_json(struct arena *a, const struct buf *about, struct buf *out, struct err *e)
{
    struct jval *v;
    if (jval_parse(a, about->len ? about->p : "", about->len, &v, NULL) != RC_OK || v->kind != JV_OBJ)
        return err_set(e, RC_PROTOCOL, "the scanning process says something else than an object");
    jval_encode(v, out);
    return RC_OK;
}

static void do_status(struct drv *d, const struct task *t, struct result *r)
{
    struct err e = {0};
    BUF_SCOPE(about);
    struct ask q = {
        .d = d, .t = t, .deadline = t->deadline, .quiet_ms = STATUS_MS, .take = take_about, .about = &about};
    enum rc rc = ready(d, t, &e);
    if (rc == RC_OK)
        rc = request(&q, TALK_STATUS, BYTES(NULL, 0), &e);
    if (rc == RC_OK)
        rc = about_json(t->arena, &about, &r->data, &e);
    judge(d, rc == RC_OK ? RC_BUSY : rc, &e); /* a scanner that answers says nothing of its jam */
    if (rc == RC_OK)
        result_ok(r);
    else
        result_fail(t->arena, r, O_NOT_DONE, &e);
}

static const struct kept *page_of(const struct scan *x, int64_t n)
{
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (x->kept[i].n > 0 && x->kept[i].n == n)
            return &x->kept[i];
    return NULL;
}

static void do_mrz(struct drv *d, const struct task *t, struct result *r)
{
    struct scan *x = d->self;
    struct err e = {0};
    struct child reader = {.fd = -1};
    BUF_SCOPE(about);
    const struct kept *k = page_of(x, jval_int(t->args, "page", x->count));
    struct ask q = {
        .d = d, .t = t, .deadline = t->deadline, .quiet_ms = OCR_MS, .take = take_about, .about = &about};
    enum rc rc = k ? child_start(&reader, ocr_body, &k->jpeg, &e)
                   : err_set(&e, RC_BAD_REQUEST, "no such page in this session");
    if (rc == RC_OK)
        rc = listen(&q, &reader, &e);
    child_kill(&reader);
    if (rc == RC_OK)
        rc = about_json(t->arena, &about, &r->data, &e);
    if (rc == RC_OK)
        result_ok(r);
    else
        result_fail(t->arena, r, O_NOT_DONE, &e);
}

static void run(struct drv *d, const struct task *t, struct result *r)
{
    if (strcmp(t->verb, "scan") == 0)
        do_scan(d, t, r);
    else if (strcmp(t->verb, "mrz") == 0)
        do_mrz(d, t, r);
    else
        do_status(d, t, r);
}

/* The pages, and the process whose libraries have seen them; a new one is ready before the next citizen. */
static void wipe_session(struct drv *d)
{
    struct scan *x = d->self;
    for (size_t i = 0; i < KEPT_MAX; i++) {
        arena_free(pages_kept[i]);
        pages_kept[i] = NULL;
    }
    memset(x->kept, 0, sizeof x->kept);
    x->count = 0;
    if (x->used)
        child_kill(&x->child);
    x->used = false;
}

const struct driver_ops scan_driver = {
    .name = "scan",
    .size = sizeof(struct scan),
    .busless = true,
    .blocking = true,
    .verbs = verbs,
    .dry = dry_verbs,
    .tick_ms = TICK_MS,
    .deadline_ms = 5 * 60 * 1000,
    .open = open_scanner,
    .close = close_scanner,
    .idle = idle,
    .run = run,
    .wipe = wipe_session,
};
