#include "tests/devices/card_bench.h"

#include "common/base/clock.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE 64
#define TIMERS 8

const char *const bus_fault_names[BF_COUNT] = {"none", "unplug", "stuck", "late",   "garble", "short",
                                               "lost", "twice",  "stall", "remove", "swap",   "cancel"};

struct packet {
    uint8_t p[600];
    size_t len;
};

struct bus {
    struct bench *bench;
};

struct bench {
    void *model;
    struct drv drv;
    struct bus bus;
    struct arena *arena;
    struct bus_id id;
    /* the wire */
    struct packet in[2][QUEUE]; /* bulk, notices */
    size_t used[2];
    bool open, gone, stuck, stalled, stop;
    enum bus_fault fault;
    unsigned at, seed, transfers;
    int64_t late_ms;
    bool busy; /* inside a fault */
};

static int64_t now = 1000;
static struct bench *only; /* the model's callbacks carry no user */
static struct timer {
    unsigned id;
    int64_t at;
    unsigned every;
    GSourceFunc fn;
    void *user;
} timers[TIMERS];

int64_t bench_now(void)
{
    return now;
}

int64_t __wrap_mono_ms(void);
int64_t __wrap_mono_ms(void)
{
    return now;
}

guint __wrap_g_timeout_add(guint ms, GSourceFunc fn, gpointer user);
guint __wrap_g_timeout_add(guint ms, GSourceFunc fn, gpointer user)
{
    static unsigned ids;
    for (size_t i = 0; i < TIMERS; i++)
        if (!timers[i].id) {
            timers[i] = (struct timer){++ids, now + ms, ms, fn, user};
            return ids;
        }
    abort();
}

gboolean __wrap_g_source_remove(guint id);
gboolean __wrap_g_source_remove(guint id)
{
    for (size_t i = 0; i < TIMERS; i++)
        if (timers[i].id == id)
            timers[i].id = 0;
    return TRUE;
}

/* The next timer within the time; false: none, the time is over. */
static bool tick(int64_t until)
{
    struct timer *t = NULL;
    for (size_t i = 0; i < TIMERS; i++)
        if (timers[i].id && timers[i].at <= until && (!t || timers[i].at < t->at))
            t = &timers[i];
    if (!t) {
        now = until > now ? until : now;
        return false;
    }
    unsigned id = t->id;
    now = t->at > now ? t->at : now;
    t->at = now + t->every;
    if (!t->fn(t->user) && t->id == id)
        t->id = 0;
    return true;
}

/* ---- vdev, as the model sees it ---- */

struct usbdev *vdev_usb(struct vdev *v)
{
    return (struct usbdev *)v;
}

void vdev_count(struct vdev *v, const char *unit, double by)
{
    (void)v;
    (void)unit;
    (void)by;
}

void vdev_quote(GString *out, const char *text)
{
    g_string_append(out, text);
}

void usb_in_flush(struct usbdev *u, uint8_t ep)
{
    (void)u;
    only->used[ep == EP_INT] = 0;
}

static void push(struct bench *b, int which, const uint8_t *p, size_t len)
{
    if (b->used[which] == QUEUE)
        return;
    struct packet *k = &b->in[which][b->used[which]++];
    k->len = len;
    if (len)
        memcpy(k->p, p, len);
}

static bool strike(struct bench *b, uint8_t *p, size_t *len, bool in);

/* Goes out in packets of 64 bytes, as full speed has it. */
void usb_in(struct usbdev *u, uint8_t ep, const void *data, size_t len, unsigned delay_ms)
{
    (void)u;
    (void)delay_ms;
    const uint8_t *p = data;
    size_t at = 0;
    do {
        uint8_t copy[64];
        size_t n = len - at < 64 ? len - at : 64;
        if (n)
            memcpy(copy, p + at, n);
        at += n;
        bool twice = only->fault == BF_TWICE && only->transfers + 1 == only->at;
        if (strike(only, copy, &n, true))
            for (int i = 0; i <= twice; i++)
                push(only, ep == EP_INT, copy, n);
    } while (at < len);
}

/* ---- faults ---- */

static void word(struct bench *b, const char *line)
{
    b->busy = true;
    bench_word(b, line);
    b->busy = false;
}

/* Counts one transfer; false: it does not arrive. */
static bool strike(struct bench *b, uint8_t *p, size_t *len, bool in)
{
    if (b->busy)
        return true;
    if (b->gone || b->stuck)
        return false;
    if (++b->transfers != b->at)
        return true;
    switch (b->fault) {
    case BF_UNPLUG:
        b->gone = true;
        return false;
    case BF_STUCK:
        b->stuck = true;
        return false;
    case BF_LATE:
        now += b->late_ms;
        return true;
    case BF_GARBLE:
        for (unsigned i = 0; i < 3 && *len; i++) {
            b->seed = b->seed * 1664525u + 1013904223u;
            p[(b->seed >> 8) % *len] ^= (uint8_t)(b->seed >> 24 | 1);
        }
        return true;
    case BF_SHORT:
        *len = *len * (b->seed % 4) / 4;
        return true;
    case BF_STALL:
        b->stalled = true;
        return !in;
    case BF_REMOVE:
        word(b, "remove");
        return true;
    case BF_SWAP:
        word(b, "swap A");
        return true;
    case BF_CANCEL:
        b->stop = true;
        return true;
    default:
        return b->fault != BF_LOST;
    }
}

/* ---- the bus, as the driver sees it ---- */

static enum rc lost(struct err *e)
{
    return err_code(e, RC_LINK_LOST, "LINK_LOST", 0, "the reader is gone");
}

unsigned bus_wait(struct bus *bus, unsigned want, int64_t deadline)
{
    struct bench *b = bus->bench;
    for (;;) {
        unsigned bits = (b->gone ? BUS_GONE : 0) | (b->stop ? BUS_STOP : 0);
        for (unsigned i = 0; i < 2; i++)
            bits |= want & BUS_RING(i) && b->used[i] ? BUS_RING(i) : 0;
        bits |= b->stalled && want & BUS_RING(0) ? BUS_STALL : 0;
        if (bits)
            return bits;
        if (!tick(deadline))
            return BUS_LATE;
    }
}

enum rc bus_await(struct bus *bus, unsigned want, int64_t deadline, struct err *e)
{
    unsigned bits = bus_wait(bus, want, deadline);
    if (bits & want)
        return RC_OK;
    if (bits & BUS_GONE)
        return lost(e);
    if (bits & BUS_STOP)
        return err_set(e, RC_CANCELLED, "cancelled");
    if (bits & BUS_STALL)
        return err_set(e, RC_PROTOCOL, "the device halted its endpoint");
    return err_set(e, RC_TIMEOUT, "the device did not answer in time");
}

bool bus_take(struct bus *bus, unsigned ring, uint8_t *out, size_t cap, size_t *len, int64_t *at_ms)
{
    struct bench *b = bus->bench;
    if (!b->used[ring])
        return false;
    struct packet *k = &b->in[ring][0];
    *len = k->len < cap ? k->len : cap;
    memcpy(out, k->p, *len);
    if (at_ms)
        *at_ms = now;
    memmove(k, k + 1, --b->used[ring] * sizeof *k);
    return true;
}

void bus_drop(struct bus *bus, unsigned ring)
{
    bus->bench->used[ring] = 0;
}

enum rc bus_write(struct bus *bus, uint8_t endpoint, const void *p, size_t len, int64_t deadline,
                  struct err *e)
{
    struct bench *b = bus->bench;
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, p, len);
    if (b->stop) {
        free(copy);
        return err_set(e, RC_CANCELLED, "cancelled");
    }
    size_t n = len;
    bool arrives = strike(b, copy, &n, false);
    if (arrives)
        reader_model.usb->out(b->model, endpoint, copy, n);
    free(copy);
    if (b->gone)
        return lost(e);
    if (b->stuck) {
        now = deadline > now ? deadline : now;
        return err_set(e, RC_TIMEOUT, "the device takes nothing");
    }
    return b->stalled ? err_set(e, RC_UNSUPPORTED, "the device refuses (stall)") : RC_OK;
}

enum rc bus_control(struct bus *bus, const struct bus_setup *s, void *data, size_t *got, int64_t deadline,
                    struct err *e)
{
    struct bench *b = bus->bench;
    uint8_t none[8], setup[8] = {s->type,
                                 s->request,
                                 (uint8_t)s->value,
                                 (uint8_t)(s->value >> 8),
                                 (uint8_t)s->index,
                                 (uint8_t)(s->index >> 8),
                                 (uint8_t)s->length,
                                 (uint8_t)(s->length >> 8)};
    size_t eight = 8;
    bool arrives = strike(b, (uint8_t[8]){0}, &eight, true);
    int n =
        arrives && !b->gone ? reader_model.usb->control(b->model, setup, data ? data : none, s->length) : -1;
    if (b->gone)
        return lost(e);
    if (!arrives) {
        now = deadline > now ? deadline : now;
        return err_set(e, RC_TIMEOUT, "the device takes nothing");
    }
    if (got)
        *got = n > 0 ? (size_t)n : 0;
    return n < 0 ? err_set(e, RC_UNSUPPORTED, "stall") : RC_OK;
}

enum rc bus_clear_halt(struct bus *bus, struct err *e)
{
    struct bench *b = bus->bench;
    if (b->gone)
        return lost(e);
    b->stalled = false;
    reader_model.usb->halt_cleared(b->model, EP_OUT);
    return RC_OK;
}

uint8_t bus_endpoint(const struct bus *b, enum bus_kind kind, bool in, uint16_t *packet_size)
{
    (void)b;
    if (packet_size)
        *packet_size = kind == BUS_BULK ? 64 : 8;
    return kind == BUS_BULK ? (in ? EP_IN : EP_OUT) : in ? EP_INT : 0;
}

enum rc bus_class_descriptor(const struct bus *b, uint8_t type, uint8_t *out, size_t cap, size_t *len,
                             struct err *e)
{
    (void)b;
    (void)type;
    (void)cap;
    (void)e;
    memcpy(out, reader_desc.descriptors + 36, 54);
    *len = 54;
    return RC_OK;
}

enum rc bus_listen(struct bus *b, unsigned ring, uint8_t endpoint, size_t size, unsigned posted,
                   struct err *e)
{
    (void)b;
    (void)ring;
    (void)endpoint;
    (void)size;
    (void)posted;
    (void)e;
    return RC_OK;
}

const struct bus_id *bus_id(const struct bus *b)
{
    return &b->bench->id;
}

void bus_stop_clear(struct bus *b)
{
    b->bench->stop = false;
}

/* ---- serve, as the driver sees it ---- */

void drv_event(struct drv *d, const char *event, const char *data)
{
    (void)d;
    (void)event;
    (void)data;
}

void drv_unsolicited(struct drv *d, const char *event, const char *data)
{
    (void)d;
    (void)event;
    (void)data;
}

void drv_media(struct drv *d, const char *const *words, size_t n)
{
    (void)d;
    (void)words;
    (void)n;
}

void drv_climb(struct drv *d, const char *why)
{
    struct bench *b = d->bus->bench;
    (void)why;
    b->gone = true; /* the ladder opens it again: bench_mend() */
}

bool drv_breathe(struct drv *d)
{
    return d->bus->bench->stop;
}

void drv_id(struct drv *d, const char *model, const char *serial, const char *port)
{
    (void)d;
    (void)model;
    (void)serial;
    (void)port;
}

/* ---- the bench ---- */

bool bench_word(struct bench *b, const char *line)
{
    g_autoptr(GString) reply = g_string_new(NULL);
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    return reader_model.command(b->model, (int)g_strv_length(words), words, reply);
}

static bool open_link(struct bench *b)
{
    struct err e = {0};
    b->gone = b->stuck = b->stalled = b->stop = false;
    b->used[0] = b->used[1] = 0;
    b->open = card_driver.open(&b->drv, &e) == RC_OK;
    return b->open;
}

struct bench *bench_new(const char *level, const char *atr)
{
    static const struct device_row row = {.name = "bench", .driver = "card", .maturity = "beta"};
    static struct arena *process; /* what a driver keeps for good it keeps here */
    struct bench *b = calloc(1, sizeof *b);
    process = process ? process : arena_new();
    only = b;
    memset(timers, 0, sizeof timers);
    setenv("PRIDVOR_READER_LEVEL", level, 1);
    b->bus.bench = b;
    b->late_ms = 3000;
    b->id = (struct bus_id){.vid = 0x08E6, .pid = 0x3437};
    b->model = reader_model.start((struct vdev *)b, &(struct vdev_opts){.card = "C"});
    b->drv = (struct drv){.ops = &card_driver,
                          .self = calloc(1, card_driver.size),
                          .bus = &b->bus,
                          .row = &row,
                          .process = process};
    char line[96];
    snprintf(line, sizeof line, "atr %s", atr ? atr : "own");
    if (!b->model || !bench_word(b, line) || !open_link(b)) {
        fprintf(stderr, "the bench does not start\n");
        exit(1);
    }
    return b;
}

void bench_free(struct bench *b)
{
    if (b->open)
        card_driver.close(&b->drv);
    reader_model.stop(b->model);
    free(b->drv.self);
    free(b);
}

void bench_fault(struct bench *b, enum bus_fault f, unsigned k, unsigned seed)
{
    b->fault = f;
    b->at = k;
    b->seed = seed;
    b->transfers = 0;
}

void bench_late(struct bench *b, int64_t ms)
{
    b->late_ms = ms;
}

unsigned bench_transfers(const struct bench *b)
{
    return b->transfers;
}

void bench_run(struct bench *b, const char *verb, const char *args, struct arena *a, struct result *out)
{
    struct jval *v = NULL;
    struct err e = {0};
    if (jval_parse(a, args, strlen(args), &v, &e) != RC_OK)
        abort();
    b->stop = false;
    *out = (struct result){.completion = C_INTERNAL, .outcome = O_UNKNOWN, .code = "", .text = ""};
    struct task t = {.id = 1, .verb = verb, .deadline = now + 30000, .args = v, .arena = a};
    card_driver.run(&b->drv, &t, out);
    if (!b->gone) {
        struct err why = {0};
        (void)!card_driver.idle(&b->drv, 0, &why);
    }
    card_driver.wipe(&b->drv);
}

bool bench_mend(struct bench *b)
{
    bool was_gone = b->gone;
    b->fault = BF_NONE;
    b->stuck = b->stop = false;
    if (was_gone) {
        card_driver.close(&b->drv);
        b->busy = true;
        reader_model.power(b->model, false);
        reader_model.power(b->model, true);
        b->busy = false;
    }
    b->busy = true;
    bench_word(b, "remove");
    bench_word(b, "insert C");
    b->busy = false;
    return !was_gone || open_link(b);
}
