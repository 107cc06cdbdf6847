#include "drivers/bus/usb.h"

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "drivers/bus/match.h"
#include "drivers/bus/usb_impl.h"

#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESET_WINDOW_MS (10 * 60 * 1000)

/* Only notes (see usb.h). */
static int LIBUSB_CALL plugged(libusb_context *ctx, libusb_device *dev, libusb_hotplug_event event,
                               void *user)
{
    struct bus *b = user;
    (void)ctx;
    if (event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED)
        b->once |= BUS_PLUG;
    else if (b->h && libusb_get_device(b->h) == dev)
        bus_lost(b);
    return 0;
}

/* A machine without USB at all is not a reason to end: the next attempt may find it. */
static bool awake(struct bus *b)
{
    if (b->ctx)
        return true;
    if (libusb_init(&b->ctx) != 0) {
        b->ctx = NULL;
        return false;
    }
    libusb_set_option(b->ctx, LIBUSB_OPTION_LOG_LEVEL, LIBUSB_LOG_LEVEL_NONE);
    b->hotplug = libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) &&
                 libusb_hotplug_register_callback(
                     b->ctx, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
                     LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, plugged, b,
                     NULL) == 0;
    return true;
}

void bus_wake(struct bus *b)
{
    awake(b);
}

enum rc bus_new(int commands, unsigned (*heard)(void *user), void *user, struct bus **out, struct err *e)
{
    struct bus *b = calloc(1, sizeof *b);
    if (!b)
        return err_set(e, RC_INTERNAL, "no memory for the bus");
    b->commands = heard ? commands : -1;
    b->heard = heard;
    b->user = user;
    *out = b;
    return RC_OK;
}

void bus_free(struct bus *b)
{
    if (!b)
        return;
    bus_close(b);
    if (b->ctx)
        libusb_exit(b->ctx);
    free(b);
}

void bus_freep(struct bus **b)
{
    bus_free(*b);
    *b = NULL;
}

void bus_mute(struct bus *b)
{
    b->commands = -1;
}

/* ---- which device ----------------------------------------------------------------------------------------
 */

void bus_port_name(struct libusb_device *dev, char out[32])
{
    uint8_t path[8];
    int depth = libusb_get_port_numbers(dev, path, sizeof path);
    size_t n = (size_t)snprintf(out, 32, "%u", libusb_get_bus_number(dev));
    for (int i = 0; i < depth && n < 32; i++)
        n += (size_t)snprintf(out + n, 32 - n, "%c%u", i ? '.' : '-', path[i]);
}

static void identify(libusb_device *dev, const struct libusb_device_descriptor *d, struct bus_id *id)
{
    *id = (struct bus_id){.vid = d->idVendor,
                          .pid = d->idProduct,
                          .bcd = d->bcdDevice,
                          .number = libusb_get_bus_number(dev),
                          .address = libusb_get_device_address(dev)};
    bus_port_name(dev, id->port);
}

static void text(libusb_device_handle *h, uint8_t index, char out[64])
{
    unsigned char s[64] = "";
    int n = index ? libusb_get_string_descriptor_ascii(h, index, s, sizeof s) : 0;
    if (n < 0) /* once more: without its serial number it would be taken for another unit */
        n = libusb_get_string_descriptor_ascii(h, index, s, sizeof s);
    n = n < 0 ? 0 : n > 63 ? 63 : n;
    for (int i = 0; i < n; i++)
        out[i] = s[i] >= 0x20 && s[i] < 0x7F ? (char)s[i] : '?';
    out[n] = 0;
}

static void names(libusb_device_handle *h, const struct libusb_device_descriptor *d, struct bus_id *id)
{
    text(h, d->iManufacturer, id->maker);
    text(h, d->iProduct, id->product);
    text(h, d->iSerialNumber, id->serial);
}

/* The first interface the row takes; the caller frees the configuration. */
static const struct libusb_interface_descriptor *choose(const struct libusb_config_descriptor *c,
                                                        const struct bus_match *row, struct bus_id *id)
{
    for (int i = 0; i < c->bNumInterfaces; i++) {
        if (c->interface[i].num_altsetting < 1)
            continue;
        const struct libusb_interface_descriptor *f = &c->interface[i].altsetting[0];
        struct bus_interface words = {f->bInterfaceClass, f->bInterfaceSubClass, f->bInterfaceProtocol};
        if (match_row(row, id, &words)) {
            id->interface = f->bInterfaceNumber;
            return f;
        }
    }
    return NULL;
}

struct candidate {
    libusb_device *dev;
    struct libusb_device_descriptor desc;
    struct bus_id id;
    struct libusb_config_descriptor *config; /* NULL: nothing there fits */
    const struct libusb_interface_descriptor *face;
};

static bool fits(libusb_device *dev, const struct bus_match *row, struct candidate *c)
{
    *c = (struct candidate){.dev = dev};
    if (libusb_get_device_descriptor(dev, &c->desc) != 0)
        return false;
    identify(dev, &c->desc, &c->id);
    if (libusb_get_active_config_descriptor(dev, &c->config) != 0 &&
        libusb_get_config_descriptor(dev, 0, &c->config) != 0)
        return false;
    c->face = choose(c->config, row, &c->id);
    if (!c->face)
        libusb_free_config_descriptor(c->config);
    return c->face != NULL;
}

size_t bus_list(struct bus *b, const struct bus_match *rows, size_t n, struct bus_id *out, size_t cap)
{
    libusb_device **list = NULL;
    size_t found = 0;
    ssize_t count = awake(b) ? libusb_get_device_list(b->ctx, &list) : 0;
    for (ssize_t i = 0; i < count && found < cap; i++)
        for (size_t r = 0; r < n; r++) {
            struct candidate c;
            if (!fits(list[i], &rows[r], &c))
                continue;
            libusb_device_handle *h = NULL;
            if (libusb_open(list[i], &h) == 0) {
                names(h, &c.desc, &c.id);
                libusb_close(h);
            }
            libusb_free_config_descriptor(c.config);
            out[found++] = c.id;
            break;
        }
    if (list)
        libusb_free_device_list(list, 1);
    return found;
}

/* Opens and claims one candidate; on success its configuration belongs to the bus. */
static enum rc take(struct bus *b, struct candidate *c, const struct bus_pin *pin, struct err *e)
{
    libusb_device_handle *h = NULL;
    int rc = libusb_open(c->dev, &h);
    if (rc == LIBUSB_ERROR_ACCESS)
        return denied_error(e, &c->id);
    if (rc != 0)
        return err_set(e, RC_NO_DEVICE, "cannot open %04x:%04x: %s", c->id.vid, c->id.pid,
                       libusb_error_name(rc));
    names(h, &c->desc, &c->id);
    if (!pin_takes(pin, &c->id)) {
        libusb_close(h);
        return err_set(e, RC_NO_DEVICE, "%04x:%04x on port %s is another one", c->id.vid, c->id.pid,
                       c->id.port);
    }
    libusb_set_auto_detach_kernel_driver(h, 1);
    rc = libusb_claim_interface(h, c->id.interface);
    if (rc != 0) {
        libusb_close(h);
        if (rc == LIBUSB_ERROR_BUSY)
            return busy_error(e, &c->id);
        return err_set(e, RC_NO_DEVICE, "cannot claim %04x:%04x: %s", c->id.vid, c->id.pid,
                       libusb_error_name(rc));
    }
    b->h = h;
    b->id = c->id;
    b->config = c->config;
    b->face = c->face;
    b->sticky &= ~BUS_GONE;
    return RC_OK;
}

/* What to say when nothing could be opened: a refusal that has a fix before "nothing there". */
static void keep_worst(struct err *worst, const struct err *now)
{
    if (worst->rc == RC_OK || now->rc == RC_DENIED || (now->rc == RC_BUSY && worst->rc != RC_DENIED))
        *worst = *now;
}

static enum rc search(struct bus *b, const struct bus_pin *pin, size_t *row, struct err *e)
{
    libusb_device **list = NULL;
    ssize_t count = libusb_get_device_list(b->ctx, &list);
    struct err worst = {0};
    for (size_t r = 0; r < b->n_rows && !b->h; r++)
        for (ssize_t i = 0; i < count && !b->h; i++) {
            struct candidate c;
            struct err why = {0};
            if (!fits(list[i], &b->rows[r], &c))
                continue;
            enum rc rc = pin_may(pin, &c.id) ? take(b, &c, pin, &why) : RC_NO_DEVICE;
            if (rc == RC_OK) {
                *row = r;
                continue;
            }
            libusb_free_config_descriptor(c.config);
            if (why.rc != RC_OK)
                keep_worst(&worst, &why);
        }
    if (list)
        libusb_free_device_list(list, 1);
    if (b->h)
        return RC_OK;
    if (worst.rc == RC_OK)
        return err_set(e, RC_NO_DEVICE, "no such device is plugged in");
    if (e)
        *e = worst;
    return worst.rc;
}

enum rc bus_open(struct bus *b, const struct bus_match *rows, size_t n, const char *pin, size_t *row,
                 struct err *e)
{
    struct bus_pin parsed;
    TRY(pin_parse(pin, &parsed, e));
    if (b->h)
        return err_set(e, RC_INTERNAL, "a device is open already");
    if (!awake(b))
        return err_set(e, RC_NO_DEVICE, "this machine shows no USB (is /dev/bus/usb there?)");
    b->n_rows = n < ROWS_MAX ? n : ROWS_MAX;
    memmove(b->rows, rows, b->n_rows * sizeof *rows);
    size_t which = 0;
    TRY(search(b, &parsed, &which, e));
    b->row = which;
    if (row)
        *row = which;
    return RC_OK;
}

void bus_close(struct bus *b)
{
    if (!b->h)
        return;
    for (unsigned i = 0; i < BUS_RINGS; i++)
        bus_listener_close(b, &b->l[i]);
    if (!(b->sticky & BUS_GONE))
        libusb_release_interface(b->h, b->id.interface);
    libusb_close(b->h);
    libusb_free_config_descriptor(b->config);
    b->h = NULL;
    b->config = NULL;
    b->face = NULL;
    b->sticky &= ~BUS_GONE;
}

bool bus_tells_plug(const struct bus *b)
{
    return b->hotplug;
}

bool bus_is_open(const struct bus *b)
{
    return b->h != NULL;
}

const struct bus_id *bus_id(const struct bus *b)
{
    return &b->id;
}

uint8_t bus_endpoint(const struct bus *b, enum bus_kind kind, bool in, uint16_t *packet_size)
{
    for (int i = 0; b->face && i < b->face->bNumEndpoints; i++) {
        const struct libusb_endpoint_descriptor *ep = &b->face->endpoint[i];
        if ((ep->bmAttributes & 3) != (int)kind || !(ep->bEndpointAddress & 0x80) == in)
            continue;
        if (packet_size)
            *packet_size = ep->wMaxPacketSize & 0x7FF;
        return ep->bEndpointAddress;
    }
    return 0;
}

static bool find_class(const unsigned char *extra, int extra_len, uint8_t type, const uint8_t **p,
                       size_t *len)
{
    for (int at = 0; at + 2 <= extra_len && extra[at] >= 2 && at + extra[at] <= extra_len; at += extra[at])
        if (extra[at + 1] == type) {
            *p = extra + at;
            *len = extra[at];
            return true;
        }
    return false;
}

enum rc bus_class_descriptor(const struct bus *b, uint8_t type, uint8_t *out, size_t cap, size_t *len,
                             struct err *e)
{
    if (!b->face)
        return err_set(e, RC_NO_DEVICE, "nothing is open");
    const uint8_t *p = NULL;
    size_t n = 0;
    bool found = find_class(b->face->extra, b->face->extra_length, type, &p, &n);
    for (int i = 0; !found && i < b->face->bNumEndpoints; i++)
        found = find_class(b->face->endpoint[i].extra, b->face->endpoint[i].extra_length, type, &p, &n);
    if (!found)
        return err_set(e, RC_PROTOCOL, "%04x:%04x has no class descriptor of type %02X", b->id.vid, b->id.pid,
                       type);
    if (n > cap)
        return err_set(e, RC_PROTOCOL, "a class descriptor of %zu bytes", n);
    memcpy(out, p, n);
    *len = n;
    return RC_OK;
}

/* ---- ladder ----------------------------------------------------------------------------------------------
 */

enum rc bus_clear_halt(struct bus *b, struct err *e)
{
    if (!b->h || (b->sticky & BUS_GONE))
        return bus_lost_error(b, e);
    b->count.clear_halt++;
    for (unsigned i = 0; i < BUS_RINGS; i++)
        if (b->l[i].endpoint && !bus_silence(b, &b->l[i]))
            return err_set(e, RC_IO, "a transfer on endpoint %02X does not come back", b->l[i].endpoint);
    int worst = 0;
    for (int i = 0; i < b->face->bNumEndpoints; i++) {
        int rc = libusb_clear_halt(b->h, b->face->endpoint[i].bEndpointAddress);
        if (rc == LIBUSB_ERROR_NO_DEVICE)
            bus_lost(b);
        worst = rc ? rc : worst;
    }
    for (unsigned i = 0; i < BUS_RINGS; i++)
        if (b->l[i].endpoint) {
            b->l[i].halted = false;
            b->l[i].errors = 0;
            bus_post(&b->l[i]);
        }
    if (b->sticky & BUS_GONE)
        return bus_lost_error(b, e);
    return worst == 0 ? RC_OK : err_set(e, RC_IO, "clear-halt failed: %s", libusb_error_name(worst));
}

/* The same device on the same port through the same row. */
static enum rc open_again(struct bus *b, struct err *e)
{
    struct bus_match same = b->rows[b->row]; /* becomes row 0 */
    char port[32];
    snprintf(port, sizeof port, "%s", b->id.port);
    bus_close(b);
    return bus_open(b, &same, 1, port, NULL, e);
}

enum rc bus_reopen(struct bus *b, struct err *e)
{
    b->count.reopen++;
    return open_again(b, e);
}

enum rc bus_reset(struct bus *b, struct err *e)
{
    if (!b->h || (b->sticky & BUS_GONE))
        return bus_lost_error(b, e);
    int64_t now = mono_ms();
    if (b->resets[0] && now - b->resets[0] < RESET_WINDOW_MS)
        return err_set(e, RC_LIMIT, "the port was reset %d times in 10 minutes", RESETS);
    memmove(b->resets, b->resets + 1, sizeof b->resets - sizeof b->resets[0]);
    b->resets[RESETS - 1] = now;
    b->count.reset++;
    for (unsigned i = 0; i < BUS_RINGS; i++)
        bus_listener_close(b, &b->l[i]);
    int rc = libusb_reset_device(b->h);
    if (rc != 0 && rc != LIBUSB_ERROR_NOT_FOUND) /* not found: it comes back as a new device */
        return err_set(e, RC_IO, "port reset failed: %s", libusb_error_name(rc));
    return open_again(b, e);
}

void bus_trace(struct bus *b, void (*seen)(void *user, const struct bus_seen *s), void *user)
{
    b->seen = seen;
    b->seen_user = user;
}

const struct bus_counters *bus_counters(const struct bus *b)
{
    return &b->count;
}

void bus_wipe(struct bus *b)
{
    for (unsigned i = 0; i < BUS_RINGS; i++)
        ring_wipe(&b->l[i].ring);
}
