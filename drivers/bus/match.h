/* Which device a row or a pin means, and who holds it. No libusb here. */
#ifndef PRIDVOR_BUS_MATCH_H
#define PRIDVOR_BUS_MATCH_H

#include "drivers/bus/usb.h"

struct bus_interface {
    int cls, sub, proto;
};
bool match_row(const struct bus_match *m, const struct bus_id *id, const struct bus_interface *i);

/* "usb:VID:PID[:SERIAL]", "serial:TEXT" or a port; NULL means any. RC_BAD_REQUEST for anything else. */
struct bus_pin {
    bool any;
    uint16_t vid, pid; /* 0: by port */
    char serial[64], port[32];
};
MUST enum rc pin_parse(const char *text, struct bus_pin *out, struct err *e);
bool pin_may(const struct bus_pin *p, const struct bus_id *id); /* before the device is open: no serial yet */
bool pin_takes(const struct bus_pin *p, const struct bus_id *id);

/* The sentences a technician reads. */
enum rc denied_error(struct err *e, const struct bus_id *id);
enum rc busy_error(struct err *e, const struct bus_id *id);

#endif
