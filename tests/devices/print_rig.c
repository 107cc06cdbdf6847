#include "tests/devices/print_campaign.h"

#include "common/base/clock.h"
#include "drivers/apart.h"
#include "drivers/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 1024 /* bytes per OUT transfer here */
#define TICK_US 4000
#define RING_MAX 256

const char *const fault_names[FAULTS] = {"none",  "unplug", "stuck", "late",   "garble", "lost",
                                         "twice", "paper",  "cover", "cutter", "mute",   "session"};

struct packet {
    uint8_t bytes[64];
    size_t len;
};

struct bus {
    struct bus_id id;
    bool open, gone, stop, frozen;
    struct packet ring[RING_MAX];
    size_t n;
    size_t sent;
    struct rig *rig;
};

struct rig {
    struct bus bus;
    struct drv drv;
    struct printer *printer;
    struct device_rows *rows;
    unsigned k, transfers, seed;
    enum fault fault;
    bool struck;
    int64_t take_ms, offered_us, end_us;
    unsigned presented, progress;
};

/* The model's timer and the clock. One rig at a time. */
static struct rig *now;
static int64_t us = 1000 * 1000;
static GSourceFunc tick_fn;
static gpointer tick_user;

int64_t __wrap_mono_ms(void);
int64_t __wrap_mono_ms(void)
{
    return us / 1000;
}

gint64 __wrap_g_get_monotonic_time(void);
gint64 __wrap_g_get_monotonic_time(void)
{
    return us;
}

/* Thousands of jobs: drawn here, not in a process each. */
enum rc __wrap_apart_run(apart_body body, const void *arg, int ms, struct buf *out, struct err *e);
enum rc __wrap_apart_run(apart_body body, const void *arg, int ms, struct buf *out, struct err *e)
{
    (void)ms;
    return body(arg, out, e);
}

guint __wrap_g_timeout_add(guint ms, GSourceFunc fn, gpointer user);
guint __wrap_g_timeout_add(guint ms, GSourceFunc fn, gpointer user)
{
    (void)ms;
    tick_fn = fn;
    tick_user = user;
    return 1;
}

gboolean __wrap_g_source_remove(guint id);
gboolean __wrap_g_source_remove(guint id)
{
    (void)id;
    tick_fn = NULL;
    return TRUE;
}

static void hand_takes(struct rig *r)
{
    if (r->printer->mouth != MOUTH_OFFERED) {
        r->offered_us = 0;
        return;
    }
    if (!r->offered_us)
        r->offered_us = us;
    g_autoptr(GString) reply = g_string_new(NULL);
    char *words[] = {(char[]){"take"}, NULL};
    if (r->take_ms >= 0 && us - r->offered_us >= r->take_ms * 1000)
        printer_model.command(r->printer, 1, words, reply);
}

static void pass(int64_t until_us)
{
    while (us < until_us) {
        us = until_us - us > TICK_US && tick_fn ? us + TICK_US : tick_fn ? until_us : until_us;
        if (tick_fn && tick_fn(tick_user) == G_SOURCE_REMOVE)
            tick_fn = NULL;
        hand_takes(now);
        if (now->end_us && us >= now->end_us) {
            now->bus.stop = true;
            now->end_us = 0;
        }
    }
}

/* ---- what the model asks of its carrier ---- */

struct usbdev *vdev_usb(struct vdev *v)
{
    (void)v;
    return NULL;
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

size_t usb_in_waiting(const struct usbdev *u, uint8_t ep)
{
    (void)u;
    (void)ep;
    return now->bus.n;
}

void usb_resume(struct usbdev *u, uint8_t ep)
{
    (void)u;
    (void)ep;
}

static void command(struct rig *r, const char *one, const char *two)
{
    g_autoptr(GString) reply = g_string_new(NULL);
    g_autofree char *a = g_strdup(one), *b = g_strdup(two);
    char *words[] = {a, b, NULL};
    printer_model.command(r->printer, b ? 2 : 1, words, reply);
}

/* The fault, if it is its turn. true: it strikes this transfer. */
static bool strikes(struct rig *r)
{
    r->transfers++;
    if (!r->fault || r->struck || r->transfers != r->k)
        return false;
    r->struck = true;
    switch (r->fault) {
    case FAULT_UNPLUG:
        r->bus.gone = true;
        break;
    case FAULT_STUCK:
        r->bus.frozen = true;
        break;
    case FAULT_LATE:
        pass(us + 3000 * 1000);
        break;
    case FAULT_PAPER:
        command(r, "paper_end", NULL);
        break;
    case FAULT_COVER:
        command(r, "cover", "open");
        break;
    case FAULT_CUTTER:
        command(r, "cutter", "jam");
        break;
    case FAULT_MUTE:
        command(r, "mute", "on");
        break;
    case FAULT_SESSION:
        r->bus.stop = true;
        break;
    default:
        break;
    }
    return true;
}

static void put(struct bus *b, const uint8_t *p, size_t len)
{
    if (b->n == RING_MAX)
        return;
    struct packet *k = &b->ring[b->n++];
    k->len = len;
    memcpy(k->bytes, p, len);
}

static void garble(struct rig *r, uint8_t *p, size_t len)
{
    for (size_t i = 0; i < 1 + len / 200; i++)
        p[(size_t)rand_r(&r->seed) % len] ^= (uint8_t)(1 + rand_r(&r->seed) % 255);
}

void usb_in(struct usbdev *u, uint8_t ep, const void *data, size_t len, unsigned delay_ms)
{
    (void)u;
    (void)ep;
    (void)delay_ms;
    struct bus *b = &now->bus;
    uint8_t p[64];
    if (!b->open || b->gone)
        return;
    len = MIN(len, sizeof p);
    memcpy(p, data, len);
    bool hit = strikes(now);
    if (b->frozen || b->gone || (hit && now->fault == FAULT_LOST))
        return;
    if (hit && now->fault == FAULT_GARBLE)
        garble(now, p, len);
    put(b, p, len);
    if (hit && now->fault == FAULT_TWICE)
        put(b, p, len);
}

/* ---- what the driver asks of the bus ---- */

static enum rc lost(struct err *e)
{
    return err_code(e, RC_LINK_LOST, "LINK_LOST", 0, "the printer is gone");
}

static size_t one_transfer(struct rig *r, const uint8_t *p, size_t len, int64_t deadline)
{
    uint8_t copy[PIECE];
    size_t done = 0;
    memcpy(copy, p, len);
    bool hit = strikes(r);
    if (r->bus.gone)
        return 0;
    if (hit && r->fault == FAULT_LOST)
        return len;
    if (hit && r->fault == FAULT_GARBLE)
        garble(r, copy, len);
    for (;;) {
        int n = r->bus.frozen ? 0 : printer_model.usb->out(r->printer, 0x01, copy + done, len - done);
        done += n > 0 ? (size_t)n : 0;
        if (done == len || us / 1000 >= deadline)
            return done;
        pass(us + TICK_US);
    }
}

enum rc bus_write(struct bus *b, uint8_t ep, const void *p, size_t len, int64_t deadline, struct err *e)
{
    (void)ep;
    b->sent = 0;
    while (b->sent < len) {
        size_t n = MIN(len - b->sent, (size_t)PIECE);
        if (b->gone)
            return lost(e);
        if (b->stop)
            return err_set(e, RC_CANCELLED, "cancelled");
        size_t took = one_transfer(b->rig, (const uint8_t *)p + b->sent, n, deadline);
        b->sent += took;
        pass(us + 200);
        if (took < n && !b->gone)
            return err_set(e, RC_TIMEOUT, "nothing is taken");
    }
    return b->gone ? lost(e) : RC_OK;
}

size_t bus_sent(const struct bus *b)
{
    return b->sent;
}

enum rc bus_await(struct bus *b, unsigned want, int64_t deadline, struct err *e)
{
    for (;;) {
        if (want && b->n > 0)
            return RC_OK;
        if (b->gone)
            return lost(e);
        if (b->stop)
            return err_set(e, RC_CANCELLED, "cancelled");
        if (us / 1000 >= deadline)
            return err_set(e, RC_TIMEOUT, "no answer");
        pass(us + TICK_US);
    }
}

bool bus_take(struct bus *b, unsigned ring, uint8_t *out, size_t cap, size_t *len, int64_t *at_ms)
{
    (void)ring;
    (void)at_ms;
    if (b->n == 0)
        return false;
    *len = MIN(b->ring[0].len, cap);
    memcpy(out, b->ring[0].bytes, *len);
    memmove(b->ring, b->ring + 1, --b->n * sizeof b->ring[0]);
    return true;
}

enum rc bus_control(struct bus *b, const struct bus_setup *s, void *data, size_t *got, int64_t deadline,
                    struct err *e)
{
    (void)deadline;
    uint8_t room[512] = {0};
    const uint8_t setup[8] = {s->type, s->request, 0, 0, 0, 0, (uint8_t)s->length, (uint8_t)(s->length >> 8)};
    bool hit = strikes(b->rig);
    if (b->gone)
        return lost(e);
    if (b->frozen || (hit && b->rig->fault == FAULT_LOST)) {
        pass(MAX(us, deadline * 1000));
        return err_set(e, RC_TIMEOUT, "no answer");
    }
    int n = printer_model.usb->control(b->rig->printer, setup, room, MIN(s->length, sizeof room));
    if (n < 0)
        return err_set(e, RC_UNSUPPORTED, "stall");
    if (n > 0 && hit && b->rig->fault == FAULT_GARBLE)
        garble(b->rig, room, (size_t)n);
    if (data && s->length)
        memcpy(data, room, (size_t)n);
    if (got)
        *got = (size_t)n;
    return RC_OK;
}

enum rc bus_listen(struct bus *b, unsigned ring, uint8_t ep, size_t size, unsigned posted, struct err *e)
{
    (void)ring;
    (void)ep;
    (void)size;
    (void)posted;
    return b->gone ? lost(e) : RC_OK;
}

uint8_t bus_endpoint(const struct bus *b, enum bus_kind kind, bool in, uint16_t *packet)
{
    (void)b;
    (void)kind;
    *packet = 64;
    return in ? 0x82 : 0x01;
}

const struct bus_id *bus_id(const struct bus *b)
{
    return &b->id;
}

void bus_stop_clear(struct bus *b)
{
    b->stop = false;
}

bool bus_stopped(const struct bus *b)
{
    return b->stop;
}

void bus_wipe(struct bus *b)
{
    (void)b;
}

/* ---- what the driver asks of its process ---- */

void drv_condition(struct drv *d, enum condition c, const char *detail)
{
    (void)d;
    (void)c;
    (void)detail;
}

void drv_media(struct drv *d, const char *const *words, size_t n)
{
    (void)d;
    (void)words;
    (void)n;
}

void drv_event(struct drv *d, const char *event, const char *data)
{
    (void)d;
    (void)data;
    now->presented += strcmp(event, "presented") == 0;
    now->progress += strcmp(event, "progress") == 0;
}

const struct device_row *drv_rows(const struct drv *d, size_t *n)
{
    (void)d;
    *n = now->rows->n;
    return now->rows->row;
}

/* ---- the rig ---- */

static const struct device_row *row_of(struct rig *r)
{
    for (size_t i = 0; i < r->rows->n; i++) {
        const struct bus_match *m = &r->rows->row[i].match;
        if ((!m->vid || m->vid == r->bus.id.vid) && (!m->pid || m->pid == r->bus.id.pid))
            return &r->rows->row[i];
    }
    return NULL;
}

static void open_again(struct rig *r)
{
    struct err e = {0};
    r->bus.gone = r->bus.stop = r->bus.frozen = false;
    r->bus.n = 0;
    r->bus.open = true;
    r->drv.row = row_of(r);
    for (int tries = 0; print_driver.open(&r->drv, &e) != RC_OK; tries++)
        if (tries == 5 || r->bus.gone) {
            fprintf(stderr, "rig: %s\n", e.text);
            abort();
        }
}

struct rig *rig_new(const char *make, unsigned seed)
{
    struct rig *r = calloc(1, sizeof *r);
    struct err e = {0};
    const char *root = getenv("PRIDVOR_SOURCE");
    char dir[512];
    snprintf(dir, sizeof dir, "%s/configs/devices", root ? root : ".");
    if (!r)
        abort();
    now = r;
    tick_fn = NULL;
    r->seed = seed;
    r->take_ms = 2000;
    r->drv = (struct drv){.ops = &print_driver, .bus = &r->bus, .process = arena_new()};
    r->drv.self = calloc(1, print_driver.size);
    r->rows = ARENA_NEW(r->drv.process, struct device_rows);
    const struct vdev_opts o = {.variant = make};
    r->printer = printer_model.start(NULL, &o);
    if (!r->printer || rows_load(r->drv.process, dir, "print", r->rows, &e) != RC_OK)
        abort();
    const uint8_t *d = r->printer->kind->descriptors;
    r->bus.rig = r;
    r->bus.id = (struct bus_id){.vid = (uint16_t)(d[8] | d[9] << 8), .pid = (uint16_t)(d[10] | d[11] << 8)};
    snprintf(r->bus.id.product, sizeof r->bus.id.product, "%s", r->printer->kind->model);
    r->printer->mm_s = 1000;
    open_again(r);
    return r;
}

void rig_free(struct rig *r)
{
    print_driver.close(&r->drv);
    printer_model.stop(r->printer);
    tick_fn = NULL;
    free(r->drv.self);
    arena_free(r->drv.process);
    free(r);
    now = NULL;
}

void rig_fault(struct rig *r, enum fault f, unsigned k)
{
    r->fault = f;
    r->k = k;
    r->transfers = 0;
    r->struck = false;
}

bool rig_struck(const struct rig *r)
{
    return r->struck;
}

unsigned rig_transfers(const struct rig *r)
{
    return r->transfers;
}

void rig_run(struct rig *r, const char *verb, const char *args, struct arena *a, struct result *out)
{
    struct jval *v = NULL;
    struct err e = {0};
    if (jval_parse(a, args, strlen(args), &v, &e) != RC_OK)
        abort();
    const struct task t = {1, verb, us / 1000 + 60000, v, a};
    *out = (struct result){.completion = C_INTERNAL, .outcome = O_UNKNOWN, .code = "", .text = ""};
    r->presented = r->progress = 0;
    r->bus.stop = false;
    print_driver.run(&r->drv, &t, out);
    r->bus.stop = false;
}

void rig_rest(struct rig *r, int64_t ms)
{
    (void)r;
    pass(us + ms * 1000);
}

void rig_tear(struct rig *r)
{
    command(r, "tear", NULL);
}

void rig_end_session_after(struct rig *r, int64_t ms)
{
    r->end_us = us + ms * 1000;
}

void rig_jam(struct rig *r, bool stuck)
{
    command(r, "mouth", stuck ? "jam" : "ok");
}

int64_t rig_now(void)
{
    return us / 1000;
}

void rig_wipe(struct rig *r)
{
    print_driver.wipe(&r->drv);
}

void rig_mend(struct rig *r)
{
    bool was = r->bus.gone || r->bus.frozen;
    r->fault = FAULT_NONE;
    if (was) { /* a new link: plugged in again, or closed and opened by the ladder */
        print_driver.close(&r->drv);
        printer_model.power(r->printer, true);
    }
    command(r, "paper", "ok");
    command(r, "cover", "close");
    command(r, "cutter", "ok");
    command(r, "mute", "off");
    if (was)
        open_again(r);
}

void rig_take_after(struct rig *r, int64_t ms)
{
    r->take_ms = ms;
}

const struct printer *rig_printer(const struct rig *r)
{
    return r->printer;
}

unsigned rig_events(const struct rig *r, const char *event)
{
    return strcmp(event, "presented") == 0 ? r->presented : r->progress;
}
