/* The office printer: a PDF onto paper, with the printer's own count of sides as proof. One process is one
 * printer. The document comes in pieces (put), because a frame holds a quarter of a megabyte, and is printed
 * byte for byte. */
#include "drivers/office/page.h"
#include "drivers/office/watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/base/log.h"
#include "common/base/text.h"

#define TICK_MS 5000
#define LOOK_MS 500
#define DOC_MAX ((size_t)32 << 20)
#define QUEUES_MAX 64

struct office {
    struct cups *queue, *device; /* device: behind the queue, or NULL */
    struct buf doc;              /* what put brought; personal */
};

static const char *const verbs[] = {"status", "list", "put", "print", "test", "resume", NULL};
static const char *const dry[] = {"list", "put", NULL};

/* ---- what the printer says of itself ---- */

/* Of both: the queue may be paused while the printer is fine, and the other way round. */
struct look {
    struct office_printer queue, device;
    bool has_device;
    struct office_job own; /* the job as the printer itself knows it */
    bool has_own;
};

static enum rc look(struct office *x, struct arena *a, struct look *out, struct err *e)
{
    struct err none = {0};
    TRY(cups_printer(x->queue, a, &out->queue, e));
    if (!x->device && out->queue.device[0])
        (void)!cups_device(out->queue.device, &x->device, &none);
    out->has_device = x->device && cups_printer(x->device, a, &out->device, &none) == RC_OK;
    if (x->device && !out->has_device) { /* away for now; a new connection next time */
        cups_close(x->device);
        x->device = NULL;
    }
    return RC_OK;
}

static const struct office_printer *who_counts(const struct look *l)
{
    return l->has_device ? &l->device : &l->queue;
}

static const struct reason *worst(const struct look *l, enum condition *c)
{
    enum condition dc = K_OK;
    const struct reason *r = reason_worst(l->queue.reasons, l->queue.n_reasons, c);
    const struct reason *d = l->has_device ? reason_worst(l->device.reasons, l->device.n_reasons, &dc) : NULL;
    if (d && dc > *c) {
        *c = dc;
        return d;
    }
    return r;
}

static bool among(const char *const *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

static void publish(struct drv *d, const struct look *l)
{
    const char *media[MEDIA_MAX];
    size_t n = 0;
    enum condition c;
    const struct reason *r = worst(l, &c);
    const struct office_printer *p[] = {&l->queue, &l->device};

    for (size_t k = 0; k < 1 + (size_t)l->has_device; k++)
        for (size_t i = 0; i < p[k]->n_reasons && n < COUNT(media); i++) {
            enum condition one;
            const struct reason *row = reason_find(p[k]->reasons[i], &one);
            if (row && row->media[0] && one > K_OK && !among(media, n, row->media))
                media[n++] = row->media;
        }
    if (c == K_OK && (l->queue.state == PRINTER_STOPPED || !l->queue.accepting)) {
        drv_media(d, (const char *[]){"queue_paused"}, 1);
        drv_condition(d, K_TECHNICIAN, "queue_paused");
        return;
    }
    drv_media(d, media, n);
    drv_condition(d, c, c > K_OK && r ? (r->media[0] ? r->media : r->name) : "");
}

static void let_go(struct drv *d)
{
    struct office *x = d->self;
    cups_closep(&x->queue);
    cups_closep(&x->device);
}

static enum rc office_open(struct drv *d, struct err *e)
{
    struct office *x = d->self;
    struct look l;
    ARENA_SCOPE(a);

    TRY(cups_open(drv_pin(d), &x->queue, e));
    TRY(look(x, a, &l, e));
    drv_id(d, l.has_device && l.device.model[0] ? l.device.model : l.queue.model, who_counts(&l)->uuid,
           l.queue.device[0] ? l.queue.device : cups_uri(x->queue));
    publish(d, &l);
    return RC_OK;
}

static enum rc office_idle(struct drv *d, unsigned woke, struct err *e)
{
    struct look l;
    ARENA_SCOPE(a);
    (void)woke;
    TRY(look(d->self, a, &l, e));
    publish(d, &l);
    return RC_OK;
}

/* ---- small verbs ---- */

static void put_words(struct buf *b, const char *name, const char *const *list, size_t n)
{
    buf_fmt(b, ",\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_chr(b, ',');
        json_quote(b, list[i]);
    }
    buf_chr(b, ']');
}

static void put_printer(struct buf *b, const struct office_printer *p)
{
    static const char *const states[] = {"idle", "processing", "stopped"};
    buf_str(b, "{\"name\":");
    json_quote(b, p->name);
    buf_str(b, ",\"model\":");
    json_quote(b, p->model);
    buf_str(b, ",\"device\":");
    json_quote(b, p->device[0] ? p->device : p->uri);
    buf_fmt(b, ",\"state\":\"%s\",\"accepting\":%s,\"impressions\":%lld,\"copies_max\":%lld",
            p->state >= PRINTER_IDLE && p->state <= PRINTER_STOPPED ? states[p->state - PRINTER_IDLE]
                                                                    : "unknown",
            p->accepting ? "true" : "false", (long long)p->impressions, (long long)p->copies_max);
    put_words(b, "reasons", p->reasons, p->n_reasons);
    put_words(b, "sides", p->sides, p->n_sides);
    put_words(b, "colors", p->colors, p->n_colors);
    buf_chr(b, '}');
}

static enum rc do_status(struct drv *d, const struct task *t, struct buf *data, struct err *e)
{
    struct look l;
    TRY(look(d->self, t->arena, &l, e));
    publish(d, &l);
    buf_str(data, "{\"queue\":");
    put_printer(data, &l.queue);
    if (l.has_device) {
        buf_str(data, ",\"printer\":");
        put_printer(data, &l.device);
    }
    buf_chr(data, '}');
    return RC_OK;
}

static enum rc do_list(struct drv *d, const struct task *t, struct buf *data, struct err *e)
{
    struct office_printer *list = ARENA_ARRAY(t->arena, struct office_printer, QUEUES_MAX);
    size_t n = 0;
    (void)d;
    TRY(cups_list(t->arena, list, QUEUES_MAX, &n, e));
    buf_str(data, "{\"queues\":[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_chr(data, ',');
        put_printer(data, &list[i]);
    }
    buf_str(data, "]}");
    return RC_OK;
}

static enum rc do_put(struct drv *d, const struct task *t, struct buf *data, struct err *e)
{
    struct office *x = d->self;
    uint8_t *p;
    size_t n;
    int64_t offset = jval_int(t->args, "offset", -1);

    if (offset == 0)
        buf_free(&x->doc);
    if (offset < 0 || (size_t)offset != x->doc.len)
        return err_at(e, RC_BAD_REQUEST, "offset", "the next piece begins at %zu", x->doc.len);
    TRY(base64_decode(t->arena, jval_str(t->args, "b64", ""), &p, &n, e));
    if (x->doc.len + n > DOC_MAX)
        return err_set(e, RC_TOO_BIG, "a document has at most %zu MB", DOC_MAX >> 20);
    buf_add(&x->doc, p, n);
    buf_fmt(data, "{\"size\":%zu}", x->doc.len);
    return RC_OK;
}

static enum rc do_resume(struct drv *d, const struct task *t, struct buf *data, struct err *e)
{
    struct office *x = d->self;
    (void)t;
    (void)data;
    return cups_resume(x->queue, e);
}

/* ---- print ---- */

struct printing {
    struct office_wish wish;
    const char *format;
    int64_t pages;
    struct watch watch;
    int job;
    const char *ignored[4]; /* wishes the printer does not have */
    size_t n_ignored;
    char sha256[2 * SHA256_LEN + 1];
    int64_t began;
};

static enum rc doc_read(struct office *x, const char *path, struct err *e)
{
    char piece[65536];
    struct stat st;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    buf_free(&x->doc);
    bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size <= DOC_MAX;
    while (good && (n = read(fd, piece, sizeof piece)) > 0) {
        buf_add(&x->doc, piece, (size_t)n);
        good = x->doc.len <= DOC_MAX; /* it may grow while it is read */
    }
    if (fd >= 0)
        close(fd);
    return good ? RC_OK : err_at(e, RC_BAD_REQUEST, "file", "not to be read, or over %zu MB", DOC_MAX >> 20);
}

/* By its first bytes: what a name says is nobody's proof. */
static const char *format_of(const struct buf *doc)
{
    static const struct {
        const char *magic, *format;
    } rows[] = {{"%PDF-", "application/pdf"}, {"\xFF\xD8\xFF", "image/jpeg"}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (doc->len > 8 && strncmp(doc->p, rows[i].magic, strlen(rows[i].magic)) == 0)
            return rows[i].format;
    return NULL;
}

/* A wish that the printer has; else it is named as ignored. */
static const char *wish(struct printing *p, const struct task *t, const char *name, const char *const *has,
                        size_t n)
{
    const char *asked = jval_str(t->args, name, NULL);
    if (asked && among(has, n, asked))
        return asked;
    if (asked)
        p->ignored[p->n_ignored++] = name;
    return NULL;
}

static enum rc prepare(struct office *x, const struct task *t, const struct look *l, struct printing *p,
                       struct err *e)
{
    const struct office_printer *q = &l->queue;
    uint8_t sum[SHA256_LEN];
    char id[UUID_LEN];

    if (strcmp(t->verb, "test") == 0) {
        buf_free(&x->doc);
        TRY(page_test(t->arena, who_counts(l)->model, unix_ms(), &x->doc, e));
        p->pages = 1;
    } else if (jval_str(t->args, "file", NULL)) {
        TRY(doc_read(x, jval_str(t->args, "file", NULL), e));
    }
    p->format = format_of(&x->doc);
    if (!p->format)
        return err_set(e, RC_BAD_REQUEST,
                       x->doc.len ? "not a PDF or JPEG" : "there is no document: put it first");
    if (q->n_formats && !among(q->formats, q->n_formats, p->format))
        return err_set(e, RC_UNSUPPORTED, "this printer does not take %s", p->format);
    sha256(sum, x->doc.p, x->doc.len);
    hex_encode(p->sha256, sum, sizeof sum);
    p->pages = jval_int(t->args, "pages", p->pages);
    /* The name finds the job again at the printer behind the queue. */
    TRY(uuid7(id, e));
    p->wish = (struct office_wish){
        .title = arena_fmt(t->arena, "%.60s %s", jval_str(t->args, "title", "Pridvor"), id + 24),
        .copies = jval_int(t->args, "copies", 1)};
    if (p->wish.copies < 1 || p->wish.copies > 99 || p->pages < 0 || p->pages > 10000)
        return err_set(e, RC_BAD_REQUEST, "copies: 1 to 99, pages: 0 to 10000");
    if (p->wish.copies > q->copies_max) {
        p->wish.copies = q->copies_max;
        p->ignored[p->n_ignored++] = "copies";
    }
    p->wish.sides = wish(p, t, "sides", q->sides, q->n_sides);
    p->wish.color = wish(p, t, "color", q->colors, q->n_colors);
    p->wish.media = wish(p, t, "media", q->media, q->n_media);
    return RC_OK;
}

/* Before anything is handed over: what stops the printer is said now, and nothing was printed. A paused queue
 * whose printer is fine is opened again. */
static enum rc may_print(struct office *x, struct arena *a, struct look *l, struct err *e)
{
    enum condition c;
    struct err why = {0};

    TRY(look(x, a, l, e));
    if (l->queue.state == PRINTER_STOPPED || !l->queue.accepting) {
        enum rc rc = cups_resume(x->queue, &why);
        log_info("event=queue_resumed rc=%s", rc_name(rc));
        if (rc != RC_OK)
            return err_code(e, RC_UNAVAILABLE, "QUEUE_PAUSED", 0,
                            "the queue is paused and may not be resumed: %.150s", why.text);
        TRY(look(x, a, l, e));
    }
    const struct reason *r = worst(l, &c);
    if (r && r->stops && c > K_WARN && strcmp(r->code, "QUEUE_PAUSED") != 0)
        return err_code(e, RC_UNAVAILABLE, r->code, 0, "the printer says %s", r->name);
    return RC_OK;
}

static void tell(struct drv *d, const struct printing *p, const struct look *l, const struct office_job *j)
{
    enum condition c;
    const struct reason *r = worst(l, &c);
    BUF_SCOPE(b);
    buf_fmt(&b, "{\"step\":\"%s\",\"done\":%lld,\"total\":%lld,\"waits_for\":",
            j && j->state >= JOB_PROCESSING ? "printing" : "queued",
            (long long)(p->watch.sides > 0 ? p->watch.sides : 0), (long long)p->watch.pages);
    json_quote(&b, r && r->stops && c >= K_WARN ? r->code : "");
    buf_chr(&b, '}');
    drv_event(d, "progress", b.p);
}

/* Until the watch has a word, the caller cancels, or the deadline comes. */
/* One look at queue and printer. false: the queue did not answer. */
static bool see(struct office *x, struct arena *a, const struct printing *p, struct office_job *job,
                struct look *l)
{
    struct err none = {0};
    struct err why = {0};

    if (cups_job(x->queue, a, p->job, job, &why) != RC_OK || look(x, a, l, &why) != RC_OK) {
        log_err(&why, "event=queue_silent job=%d", p->job);
        return false;
    }
    if (!l->queue.device[0]) { /* no queue between: its job is the printer's */
        l->own = *job;
        l->has_own = true;
    } else if (l->has_device) {
        l->has_own = cups_job_named(x->device, a, p->wish.title, &l->own, &none) == RC_OK;
    }
    return true;
}

static enum watch_word follow(struct drv *d, const struct task *t, struct printing *p, struct err *e)
{
    struct office *x = d->self;
    enum watch_word word = WATCH_ON;

    while (word == WATCH_ON) {
        struct office_job job;
        struct look l = {0};
        ARENA_SCOPE(a);
        bool seen = see(x, a, p, &job, &l);
        struct watch_seen v = {seen ? &job : NULL, l.has_own ? &l.own : NULL, seen ? who_counts(&l) : NULL};
        word = watch_look(&p->watch, &v, mono_ms());
        if (seen) {
            publish(d, &l);
            tell(d, p, &l, &job);
        }
        if (word == WATCH_ON && mono_ms() >= t->deadline)
            word = WATCH_LATE;
        if (word == WATCH_ON && (bus_wait(d->bus, 0, mono_ms() + LOOK_MS) & BUS_STOP)) {
            err_set(e, RC_CANCELLED, "cancelled");
            return WATCH_ENDED;
        }
    }
    return word;
}

static enum rc word_rc(enum watch_word word, const struct look *l, struct err *e)
{
    enum condition c;
    const struct reason *r = worst(l, &c);
    bool waits = r && r->stops && c >= K_WARN;

    switch (word) {
    case WATCH_PRINTED:
        return RC_OK;
    case WATCH_UNPROVEN:
        return err_code(e, RC_TIMEOUT, "IMPRESSIONS_MISSING", 0,
                        "the queue says completed, but the printer counted too few sides");
    case WATCH_STUCK:
        return err_code(e, RC_TIMEOUT, "QUEUE_STUCK", 0, "the printer is idle and the job does not move");
    case WATCH_LATE:
        if (waits)
            return err_code(e, RC_DEVICE, r->code, 0, "nobody came: the printer says %s", r->name);
        return err_code(e, RC_TIMEOUT, "QUEUE_STUCK", 0, "nothing moved for too long");
    default:
        if (waits)
            return err_code(e, RC_DEVICE, r->code, 0, "the job was stopped: the printer says %s", r->name);
        return err_code(e, RC_DEVICE, "JOB_ENDED", 0, "the job was cancelled or aborted at the queue");
    }
}

static void report(const struct printing *p, enum watch_word word, struct buf *b)
{
    buf_fmt(b, "{\"job\":%d,\"sides\":%lld,\"proof\":\"%s\",\"sha256\":\"%s\",\"ms\":%lld", p->job,
            (long long)(p->watch.sides > 0 ? p->watch.sides : 0), word == WATCH_PRINTED ? "L2" : "L0",
            p->sha256, (long long)(mono_ms() - p->began));
    put_words(b, "ignored", p->ignored, p->n_ignored);
    buf_chr(b, '}');
}

static void do_print(struct drv *d, const struct task *t, struct result *r)
{
    struct office *x = d->self;
    struct printing p = {.began = mono_ms()};
    struct look l = {0};
    struct err e = {0};
    enum rc rc = may_print(x, t->arena, &l, &e);

    if (rc == RC_OK)
        rc = prepare(x, t, &l, &p, &e);
    if (rc == RC_OK) {
        watch_begin(&p.watch, p.pages * p.wish.copies, who_counts(&l)->impressions, mono_ms());
        rc = cups_send(x->queue, &p.wish, p.format, BYTES(x->doc.p, x->doc.len), &p.job, &e);
    }
    buf_free(&x->doc);
    if (rc !=
        RC_OK) { /* a job without its document prints nothing; if it cannot be cancelled, nobody knows */
        result_fail(t->arena, r, p.job && rc == RC_LINK_LOST ? O_UNKNOWN : O_NOT_DONE, &e);
        return;
    }
    enum watch_word word = follow(d, t, &p, &e);
    if (word != WATCH_PRINTED && word != WATCH_UNPROVEN)
        (void)!cups_cancel(x->queue, p.job, NULL);
    ARENA_SCOPE(a);
    (void)!look(x, a, &l, NULL);
    if (e.rc == RC_OK && word_rc(word, &l, &e) == RC_OK)
        result_ok(r);
    else
        result_fail(t->arena, r, watch_outcome(&p.watch, word), &e);
    report(&p, word, &r->data);
}

static void office_run(struct drv *d, const struct task *t, struct result *r)
{
    static const struct {
        const char *verb;
        enum rc (*fn)(struct drv *d, const struct task *t, struct buf *data, struct err *e);
    } small[] = {{"status", do_status}, {"list", do_list}, {"put", do_put}, {"resume", do_resume}};
    struct err e = {0};

    for (size_t i = 0; i < COUNT(small); i++)
        if (strcmp(small[i].verb, t->verb) == 0) {
            if (small[i].fn(d, t, &r->data, &e) == RC_OK)
                result_ok(r);
            else
                result_fail(t->arena, r, O_NOT_DONE, &e);
            return;
        }
    do_print(d, t, r);
}

static void office_wipe(struct drv *d)
{
    struct office *x = d->self;
    buf_free(&x->doc); /* frees wiped */
}

const struct driver_ops office_driver = {.name = "office",
                                         .size = sizeof(struct office),
                                         .busless = true,
                                         .blocking = true,
                                         .verbs = verbs,
                                         .dry = dry,
                                         .tick_ms = TICK_MS,
                                         .deadline_ms = 10 * 60 * 1000,
                                         .open = office_open,
                                         .close = let_go,
                                         .idle = office_idle,
                                         .run = office_run,
                                         .wipe = office_wipe};
