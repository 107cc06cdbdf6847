/* What every USB device answers by itself, whatever carries it. */
#include "tests/devices/usb_standard.h"

#include <errno.h>
#include <string.h>

static int string_descriptor(const struct usb_desc *u, unsigned index, uint8_t *out, size_t len)
{
    uint8_t d[255] = {4, 3, 0x09, 0x04};
    const char *const *s = u->strings;
    if (index > 0) {
        for (unsigned i = 1; s && *s && i < index; i++)
            s++;
        if (!s || !*s)
            return -EPIPE;
        size_t n = MIN(strlen(*s), (size_t)126);
        d[0] = (uint8_t)(2 + 2 * n);
        for (size_t i = 0; i < n; i++) {
            d[2 + 2 * i] = (uint8_t)(*s)[i];
            d[3 + 2 * i] = 0;
        }
    }
    size_t n = MIN((size_t)d[0], len);
    memcpy(out, d, n);
    return (int)n;
}

static int get_descriptor(const struct usb_desc *d, const uint8_t setup[8], uint8_t *out, size_t len)
{
    switch (setup[3]) {
    case 1:
        len = MIN(len, (size_t)18);
        memcpy(out, d->descriptors, len);
        return (int)len;
    case 2:
        len = MIN(len, d->len - 18);
        memcpy(out, d->descriptors + 18, len);
        return (int)len;
    case 3:
        return string_descriptor(d, setup[2], out, len);
    default:
        return -EPIPE;
    }
}

int usb_standard(const struct usb_behind *u, const uint8_t setup[8], uint8_t *data, size_t len)
{
    switch (setup[0] << 8 | setup[1]) {
    case 0x8006:
        return get_descriptor(u->desc, setup, data, len);
    case 0x8008:
        data[0] = 1;
        return len ? 1 : 0;
    case 0x8000:
    case 0x8100:
    case 0x8200:
        memset(data, 0, MIN(len, (size_t)2));
        return (int)MIN(len, (size_t)2);
    case 0x0009:
    case 0x010b:
    case 0x0001:
        return 0;
    case 0x0201:
        if (u->model->halt_cleared)
            u->model->halt_cleared(u->user, setup[4]);
        return 0;
    default:
        return -ENOSYS;
    }
}
