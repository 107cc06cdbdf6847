#ifndef PRIDVOR_TESTS_USB_STANDARD_H
#define PRIDVOR_TESTS_USB_STANDARD_H

#include "tests/devices/usbdev.h"

struct usb_behind {
    const struct usb_desc *desc;
    const struct usb_model *model;
    void *user;
};
/* Standard requests to the device or an endpoint; bytes or -errno; -ENOSYS: not one of them. */
int usb_standard(const struct usb_behind *u, const uint8_t setup[8], uint8_t *data, size_t len);

#endif
