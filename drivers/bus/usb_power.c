/* Rung 4 of the ladder: the port's power goes off and on again, by the hub above the device. */
#include "common/base/clock.h"
#include "drivers/bus/hub.h"
#include "drivers/bus/usb_impl.h"

#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_MS 1000
#define OFF_MS 3000
#define BACK_MS 8000 /* for the device to be enumerated again */
#define WINDOW_MS (10 * 60 * 1000)

static int ask(libusb_device_handle *hub, struct bus_setup s, uint8_t *data)
{
    return libusb_control_transfer(hub, s.type, s.request, s.value, s.index, data, s.length, ASK_MS);
}

/* The commands' pipe is heard meanwhile: a ping is answered while the port is dark. false: told to end. */
static bool rest(struct bus *b, int64_t ms)
{
    int64_t until = mono_ms() + ms;
    while (mono_ms() < until)
        if (bus_wait(b, 0, until) & BUS_STOP)
            return false;
    return true;
}

static enum rc off_and_on(struct bus *b, libusb_device_handle *hub, unsigned port, struct err *e)
{
    uint8_t d[HUB_DESCRIPTOR_MAX];
    bool superspeed = libusb_get_device_speed(libusb_get_device(hub)) >= LIBUSB_SPEED_SUPER;
    int n = ask(hub, hub_descriptor_setup(superspeed), d);
    if (n < 0)
        return err_set(e, RC_IO, "the hub does not answer: %s", libusb_error_name(n));
    TRY(hub_can_switch(d, (size_t)n, port, e));
    bus_close(b);
    n = ask(hub, hub_power_setup(port, false), NULL);
    rest(b, n < 0 ? 0 : OFF_MS);
    int back = ask(hub, hub_power_setup(port, true), NULL); /* whatever else happened */
    if (n < 0 || back < 0)
        return err_set(e, RC_IO, "the hub refuses to switch port %u: %s", port,
                       libusb_error_name(n < 0 ? n : back));
    return RC_OK;
}

/* "1-1.4" -> the hub at "1-1" and 4; "1-1" -> the root hub "1" and 1. The device itself need not be there. */
static bool above(const char *port, char hub[32], unsigned *number)
{
    snprintf(hub, 32, "%s", port);
    char *cut = strrchr(hub, '.');
    cut = cut ? cut : strchr(hub, '-');
    if (!cut)
        return false;
    *number = (unsigned)strtoul(cut + 1, NULL, 10);
    *cut = 0;
    return *number > 0;
}

static enum rc hub_of(struct bus *b, libusb_device_handle **hub, unsigned *port, struct err *e)
{
    char want[32], is[32];
    libusb_device **list = NULL;
    int rc = LIBUSB_ERROR_NOT_FOUND;
    ssize_t n = above(b->id.port, want, port) ? libusb_get_device_list(b->ctx, &list) : 0;
    for (ssize_t i = 0; i < n && rc == LIBUSB_ERROR_NOT_FOUND; i++) {
        bus_port_name(list[i], is);
        if (strcmp(is, want) == 0)
            rc = libusb_open(list[i], hub);
    }
    if (list)
        libusb_free_device_list(list, 1);
    if (rc == LIBUSB_ERROR_ACCESS)
        return err_set(e, RC_DENIED,
                       "no permission for the hub above port %s: the udev rule of packaging/udev gives it",
                       b->id.port);
    return rc == 0 ? RC_OK : err_set(e, RC_UNSUPPORTED, "no hub above port %s", b->id.port);
}

enum rc bus_power(struct bus *b, struct err *e)
{
    if (!b->ctx || !b->id.port[0])
        return err_set(e, RC_UNSUPPORTED, "no device was open yet");
    if (b->powered_at && mono_ms() - b->powered_at < WINDOW_MS)
        return err_set(e, RC_LIMIT, "the port was without power once in 10 minutes already");
    libusb_device_handle *hub = NULL;
    unsigned port = 0;
    struct bus_match same = b->rows[b->row];
    char where[32];
    snprintf(where, sizeof where, "%s", b->id.port);
    TRY(hub_of(b, &hub, &port, e));
    enum rc rc = off_and_on(b, hub, port, e);
    libusb_close(hub);
    if (rc != RC_UNSUPPORTED) { /* asked is not yet switched */
        b->powered_at = mono_ms();
        b->count.power++;
    }
    TRY(rc);
    int64_t until = mono_ms() + BACK_MS;
    do { /* "gone" of the handle closed above is no news; what comes is another device to libusb */
        rest(b, 200);
        rc = bus_open(b, &same, 1, where, NULL, e);
    } while (rc != RC_OK && rc != RC_DENIED && mono_ms() < until && !(b->sticky & BUS_STOP));
    return rc;
}
