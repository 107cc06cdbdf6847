/* Power of one hub port: the bytes (USB 2.0, chapter 11.24.2; USB 3.2, 10.16.2). No I/O here. */
#ifndef PRIDVOR_BUS_HUB_H
#define PRIDVOR_BUS_HUB_H

#include "drivers/bus/usb.h"

#define HUB_DESCRIPTOR_MAX 71

/* GET_DESCRIPTOR of the hub class; a SuperSpeed hub has another type. */
struct bus_setup hub_descriptor_setup(bool superspeed);
/* May that hub switch this one port? RC_UNSUPPORTED: it switches all together or none, or has no such port.
 * Says RC_PROTOCOL for bytes that are no hub descriptor. */
MUST enum rc hub_can_switch(const uint8_t *descriptor, size_t len, unsigned port, struct err *e);
/* SET_FEATURE or CLEAR_FEATURE of PORT_POWER. */
struct bus_setup hub_power_setup(unsigned port, bool on);

#endif
