#include "common/base/arena.h"
#include "common/base/clock.h"
#include "drivers/bus/usb_impl.h"

#include <libusb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (16 * 1024)
#define CANCEL_MS 1000 /* for a cancelled transfer to come back */

void bus_lost(struct bus *b)
{
    if (b->h && !(b->sticky & BUS_GONE)) {
        b->sticky |= BUS_GONE;
        b->count.lost++;
    }
}

enum rc bus_lost_error(const struct bus *b, struct err *e)
{
    return err_code(e, RC_LINK_LOST, "LINK_LOST", 0, "%04x:%04x on port %s is gone", b->id.vid, b->id.pid,
                    b->id.port);
}

/* One round: sleep until libusb or the command descriptor has something, at most timeout_ms, and serve both.
 */
static void pump(struct bus *b, int64_t timeout_ms)
{
    struct pollfd fds[32];
    nfds_t n = 0;
    const struct libusb_pollfd **list = b->ctx ? libusb_get_pollfds(b->ctx) : NULL;
    for (size_t i = 0; list && list[i] && n < COUNT(fds) - 1; i++)
        fds[n++] = (struct pollfd){.fd = list[i]->fd, .events = list[i]->events};
    libusb_free_pollfds(list);
    nfds_t usb = n;
    if (b->commands >= 0)
        fds[n++] = (struct pollfd){.fd = b->commands, .events = POLLIN};
    int ready = poll(fds, n, (int)(timeout_ms < 0 ? 0 : timeout_ms > 1000 ? 1000 : timeout_ms));
    bool events = false;
    for (nfds_t i = 0; ready > 0 && i < usb; i++)
        events |= fds[i].revents != 0;
    struct timeval now = {0, 0};
    if (events && b->ctx)
        libusb_handle_events_timeout_completed(b->ctx, &now, NULL);
    if (ready > 0 && n > usb && fds[usb].revents) {
        unsigned bits = b->heard(b->user);
        b->sticky |= bits & BUS_STOP;
        b->once |= bits & BUS_NOTE;
    }
    b->pumped = mono_ms();
}

/* IN and control IN after they came, OUT after they left (what was meant to leave, when it did not). */
void bus_show(struct bus *b, const struct libusb_transfer *t)
{
    if (!b->seen || t->status == LIBUSB_TRANSFER_CANCELLED)
        return;
    bool control = t->type == LIBUSB_TRANSFER_TYPE_CONTROL;
    bool in = control ? t->buffer[0] & 0x80 : t->endpoint & 0x80;
    size_t setup = control ? LIBUSB_CONTROL_SETUP_SIZE : 0;
    size_t len = in ? (size_t)t->actual_length : (size_t)t->length - setup;
    const struct bus_seen s = {.at_ms = mono_ms(),
                               .endpoint = (uint8_t)(t->endpoint | (control && in ? 0x80 : 0)),
                               .kind = control ? 0 : (enum bus_kind)t->type,
                               .status = (int)t->status,
                               .data = t->buffer,
                               .len = setup + len,
                               .setup = setup};
    b->seen(b->seen_user, &s);
}

/* ---- listening -------------------------------------------------------------------------------------------
 */

static unsigned flying(const struct listener *l)
{
    unsigned n = 0;
    for (unsigned i = 0; i < l->posted; i++)
        n += l->out[i];
    return n;
}

/* Posts what may be posted: a place in the ring is kept for each transfer under way. */
void bus_post(struct listener *l)
{
    for (unsigned i = 0; i < l->posted; i++) {
        if (l->out[i] || l->halted || l->closing || l->ring.used + flying(l) >= l->ring.places)
            continue;
        int rc = libusb_submit_transfer(l->t[i]);
        l->out[i] = rc == 0;
        if (rc == LIBUSB_ERROR_NO_DEVICE)
            bus_lost(l->bus);
        if (rc != 0)
            return;
    }
}

static void LIBUSB_CALL arrived(struct libusb_transfer *t)
{
    struct listener *l = t->user_data;
    for (unsigned i = 0; i < l->posted; i++)
        if (l->t[i] == t)
            l->out[i] = false;
    bus_show(l->bus, t);
    if (t->actual_length > 0) {
        ring_put(&l->ring, t->buffer, (size_t)t->actual_length, mono_ms());
        wipe(t->buffer, (size_t)t->actual_length);
        l->bus->count.bytes_in += (uint64_t)t->actual_length;
    }
    l->bus->count.transfers++;
    switch (t->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        l->errors = 0;
        break;
    case LIBUSB_TRANSFER_STALL:
        l->halted = true;
        break;
    case LIBUSB_TRANSFER_NO_DEVICE:
        bus_lost(l->bus);
        break;
    case LIBUSB_TRANSFER_CANCELLED:
        return;
    default: /* a link that only errs is a lost link */
        if (++l->errors > 3)
            bus_lost(l->bus);
    }
    if (!(l->bus->sticky & BUS_GONE))
        bus_post(l);
}

enum rc bus_listen(struct bus *b, unsigned ring, uint8_t endpoint, size_t size, unsigned posted,
                   struct err *e)
{
    if (!b->h || ring >= BUS_RINGS || b->l[ring].endpoint || !(endpoint & 0x80) || size == 0)
        return err_set(e, RC_INTERNAL, "listening on endpoint %02X, ring %u: not possible", endpoint, ring);
    struct listener *l = &b->l[ring];
    *l = (struct listener){
        .bus = b, .endpoint = endpoint, .posted = posted > POSTED_MAX ? POSTED_MAX : posted};
    ring_open(&l->ring, size);
    uint16_t packet;
    bool bulk = bus_endpoint(b, BUS_BULK, true, &packet) == endpoint;
    for (unsigned i = 0; i < l->posted; i++) {
        unsigned char *p = calloc(1, size);
        l->t[i] = libusb_alloc_transfer(0);
        if (!l->t[i] || !p)
            abort();
        /* No time-out of its own: it stays posted; every wait for it is bounded in bus_wait(). */
        if (bulk)
            libusb_fill_bulk_transfer(l->t[i], b->h, endpoint, p, (int)size, arrived, l, 0);
        else
            libusb_fill_interrupt_transfer(l->t[i], b->h, endpoint, p, (int)size, arrived, l, 0);
        l->t[i]->flags = 0;
    }
    bus_post(l);
    return b->sticky & BUS_GONE ? err_code(e, RC_LINK_LOST, "LINK_LOST", 0, "the device is gone") : RC_OK;
}

/* Takes back what is posted; bounded. false: the kernel keeps a transfer, its memory must stay. */
bool bus_silence(struct bus *b, struct listener *l)
{
    l->closing = true;
    for (unsigned i = 0; i < l->posted; i++)
        if (l->out[i])
            libusb_cancel_transfer(l->t[i]);
    int64_t until = mono_ms() + CANCEL_MS;
    while (flying(l) > 0 && mono_ms() < until) {
        struct timeval tv = {0, 50 * 1000};
        libusb_handle_events_timeout_completed(b->ctx, &tv, NULL);
    }
    l->closing = false;
    return flying(l) == 0;
}

void bus_listener_close(struct bus *b, struct listener *l)
{
    if (!l->endpoint)
        return;
    l->halted = true;
    if (bus_silence(b, l)) {
        for (unsigned i = 0; i < l->posted; i++) {
            wipe(l->t[i]->buffer, (size_t)l->t[i]->length);
            free(l->t[i]->buffer);
            libusb_free_transfer(l->t[i]);
        }
    }
    ring_close(&l->ring);
    *l = (struct listener){0};
}

bool bus_take(struct bus *b, unsigned ring, uint8_t *out, size_t cap, size_t *len, int64_t *at_ms)
{
    struct listener *l = &b->l[ring];
    if (!l->endpoint || !ring_take(&l->ring, out, cap, len, at_ms))
        return false;
    if (!(b->sticky & BUS_GONE))
        bus_post(l);
    return true;
}

void bus_drop(struct bus *b, unsigned ring)
{
    ring_drop(&b->l[ring].ring);
    if (b->l[ring].endpoint && !(b->sticky & BUS_GONE))
        bus_post(&b->l[ring]);
}

/* ---- waiting ---------------------------------------------------------------------------------------------
 */

static unsigned news(struct bus *b, unsigned want)
{
    unsigned bits = b->sticky | b->once;
    for (unsigned i = 0; i < BUS_RINGS; i++)
        if (want & BUS_RING(i)) {
            bits |= b->l[i].ring.used > 0 ? BUS_RING(i) : 0;
            bits |= b->l[i].halted ? BUS_STALL : 0;
        }
    b->once = 0;
    return bits;
}

unsigned bus_wait(struct bus *b, unsigned want, int64_t deadline)
{
    if (mono_ms() - b->pumped > 5) /* a driver that always finds something must hear commands, too */
        pump(b, 0);
    for (;;) {
        unsigned bits = news(b, want);
        if (bits)
            return bits;
        int64_t left = deadline - mono_ms();
        if (left <= 0)
            return BUS_LATE;
        pump(b, left);
    }
}

enum rc bus_await(struct bus *b, unsigned want, int64_t deadline, struct err *e)
{
    unsigned bits = bus_wait(b, want, deadline);
    if (bits & want)
        return RC_OK;
    if (bits & BUS_GONE)
        return bus_lost_error(b, e);
    if (bits & BUS_STOP)
        return err_set(e, RC_CANCELLED, "cancelled");
    if (bits & BUS_STALL)
        return err_set(e, RC_PROTOCOL, "the device halted its endpoint");
    if (bits & BUS_NOTE)
        return RC_OK;
    return err_set(e, RC_TIMEOUT, "the device did not answer in time");
}

void bus_stop_clear(struct bus *b)
{
    b->sticky &= ~BUS_STOP;
}

bool bus_stopped(const struct bus *b)
{
    return b->sticky & BUS_STOP;
}

/* ---- single transfers ------------------------------------------------------------------------------------
 */

struct flight {
    bool done;
};

static void LIBUSB_CALL landed(struct libusb_transfer *t)
{
    ((struct flight *)t->user_data)->done = true;
}

static enum rc flight_error(struct bus *b, const struct libusb_transfer *t, struct err *e)
{
    switch (t->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        return RC_OK;
    case LIBUSB_TRANSFER_NO_DEVICE:
        bus_lost(b);
        return bus_lost_error(b, e);
    case LIBUSB_TRANSFER_STALL:
        return err_set(e, RC_UNSUPPORTED, "the device refuses (stall, endpoint %02X)", t->endpoint);
    case LIBUSB_TRANSFER_CANCELLED:
        if (b->sticky & BUS_GONE)
            return bus_lost_error(b, e);
        if (b->sticky & BUS_STOP)
            return err_set(e, RC_CANCELLED, "cancelled");
        return err_set(e, RC_TIMEOUT, "the device takes nothing (endpoint %02X)", t->endpoint);
    case LIBUSB_TRANSFER_TIMED_OUT:
        return err_set(e, RC_TIMEOUT, "the device takes nothing (endpoint %02X)", t->endpoint);
    default:
        return err_set(e, RC_IO, "transfer error %d on endpoint %02X", (int)t->status, t->endpoint);
    }
}

/* Submits and waits in our own loop, so that commands are heard. On any end the transfer is back in our
 * hands, or it is given up together with the link. */
static enum rc fly(struct bus *b, struct libusb_transfer *t, int64_t deadline, struct err *e)
{
    struct flight f = {false};
    t->user_data = &f;
    t->callback = landed;
    int64_t left = deadline - mono_ms();
    if (b->sticky & BUS_STOP)
        return err_set(e, RC_CANCELLED, "cancelled");
    if (left <= 0)
        return err_set(e, RC_TIMEOUT, "no time left for endpoint %02X", t->endpoint);
    t->timeout = (unsigned)left + CANCEL_MS; /* second guard; the first one is below */
    int rc = libusb_submit_transfer(t);
    if (rc == LIBUSB_ERROR_NO_DEVICE) {
        bus_lost(b);
        return bus_lost_error(b, e);
    }
    if (rc != 0)
        return err_set(e, RC_IO, "cannot submit to endpoint %02X: %s", t->endpoint, libusb_error_name(rc));
    bool cancelled = false;
    for (int64_t until = deadline; !f.done; pump(b, until - mono_ms())) {
        bool over = mono_ms() >= until || (b->sticky & (BUS_STOP | BUS_GONE));
        if (over && cancelled && mono_ms() >= until) {
            bus_lost(b);
            t->user_data = calloc(1, sizeof f); /* lands there, if ever */
            t->callback = t->user_data ? landed : NULL;
            return err_set(e, RC_INTERNAL, "a transfer does not come back");
        }
        if (over && !cancelled) {
            cancelled = true;
            until = mono_ms() + CANCEL_MS;
            libusb_cancel_transfer(t);
        }
    }
    b->count.transfers++;
    bus_show(b, t);
    return flight_error(b, t, e);
}

static bool is_interrupt(const struct bus *b, uint8_t endpoint)
{
    uint16_t packet;
    return bus_endpoint(b, BUS_INTERRUPT, endpoint & 0x80, &packet) == endpoint;
}

enum rc bus_write(struct bus *b, uint8_t endpoint, const void *p, size_t len, int64_t deadline, struct err *e)
{
    size_t done = 0;
    enum rc rc = b->h && !(b->sticky & BUS_GONE) ? RC_OK : bus_lost_error(b, e);
    while (rc == RC_OK && done < len) {
        size_t n = len - done < CHUNK ? len - done : CHUNK;
        struct libusb_transfer *t = libusb_alloc_transfer(0);
        unsigned char *copy = malloc(n);
        if (!t || !copy)
            abort();
        memcpy(copy, (const uint8_t *)p + done, n);
        libusb_fill_bulk_transfer(t, b->h, endpoint, copy, (int)n, NULL, NULL, 0);
        t->type = is_interrupt(b, endpoint) ? LIBUSB_TRANSFER_TYPE_INTERRUPT : LIBUSB_TRANSFER_TYPE_BULK;
        rc = fly(b, t, deadline, e);
        if (rc == RC_INTERNAL)
            break; /* still at the kernel: its memory stays */
        done += (size_t)t->actual_length;
        wipe(copy, n);
        free(copy);
        libusb_free_transfer(t);
    }
    b->count.bytes_out += done;
    b->sent = done;
    return rc;
}

size_t bus_sent(const struct bus *b)
{
    return b->sent;
}

enum rc bus_control(struct bus *b, const struct bus_setup *s, void *data, size_t *got, int64_t deadline,
                    struct err *e)
{
    if (!b->h || (b->sticky & BUS_GONE))
        return bus_lost_error(b, e);
    struct libusb_transfer *t = libusb_alloc_transfer(0);
    unsigned char *room = calloc(1, LIBUSB_CONTROL_SETUP_SIZE + s->length + 1u);
    if (!t || !room)
        abort();
    libusb_fill_control_setup(room, s->type, s->request, s->value, s->index, s->length);
    if (!(s->type & 0x80) && s->length)
        memcpy(room + LIBUSB_CONTROL_SETUP_SIZE, data, s->length);
    libusb_fill_control_transfer(t, b->h, room, NULL, NULL, 0);
    enum rc rc = fly(b, t, deadline, e);
    if (rc == RC_INTERNAL)
        return rc;
    size_t n = (size_t)t->actual_length;
    if (rc == RC_OK && (s->type & 0x80))
        memcpy(data, room + LIBUSB_CONTROL_SETUP_SIZE, n);
    if (rc == RC_OK && got)
        *got = n;
    wipe(room, LIBUSB_CONTROL_SETUP_SIZE + s->length);
    free(room);
    libusb_free_transfer(t);
    return rc;
}
