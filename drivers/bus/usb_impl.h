/* Inside of the bus, shared by usb.c (which device) and usb_io.c (bytes and waiting). */
#ifndef PRIDVOR_BUS_USB_IMPL_H
#define PRIDVOR_BUS_USB_IMPL_H

#include "drivers/bus/ring.h"
#include "drivers/bus/usb.h"

#define POSTED_MAX 8
#define ROWS_MAX 64
#define RESETS 2

struct libusb_context;
struct libusb_device_handle;
struct libusb_config_descriptor;
struct libusb_interface_descriptor;
struct libusb_transfer;
struct libusb_device;

struct listener {
    struct bus *bus;
    uint8_t endpoint; /* 0: not used */
    unsigned posted;
    struct ring ring;
    struct libusb_transfer *t[POSTED_MAX];
    bool out[POSTED_MAX]; /* at the kernel */
    unsigned errors;
    bool halted, closing;
};

struct bus {
    struct libusb_context *ctx;
    bool hotplug;
    int commands;
    unsigned (*heard)(void *);
    void *user;
    struct libusb_device_handle *h;
    struct libusb_config_descriptor *config;
    const struct libusb_interface_descriptor *face;
    struct bus_id id;
    struct bus_match rows[ROWS_MAX];
    size_t n_rows, row;
    struct listener l[BUS_RINGS];
    unsigned sticky; /* BUS_GONE, BUS_STOP */
    unsigned once;   /* BUS_NOTE, BUS_PLUG */
    int64_t pumped;
    size_t sent;
    int64_t resets[RESETS], powered_at;
    void (*seen)(void *user, const struct bus_seen *s); /* trace; NULL: off */
    void *seen_user;
    struct bus_counters count;
};

void bus_port_name(struct libusb_device *dev, char out[32]);
void bus_show(struct bus *b, const struct libusb_transfer *t); /* to the trace */
void bus_lost(struct bus *b);                                  /* sets BUS_GONE once */
enum rc bus_lost_error(const struct bus *b, struct err *e);    /* LINK_LOST, with the name of the device */
bool bus_silence(struct bus *b, struct listener *l);           /* takes back what is posted; bounded */
void bus_post(struct listener *l);                             /* posts what may be posted */
void bus_listener_close(struct bus *b, struct listener *l);

#endif
