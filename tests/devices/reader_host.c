#include "tests/devices/reader_host.h"

#include <string.h>

static uint32_t le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void host_open(struct host *h)
{
    struct libusb_config_descriptor *c;
    memset(h, 0, sizeof *h);
    CHECK(libusb_init(&h->ctx) == 0);
    h->h = libusb_open_device_with_vid_pid(h->ctx, 0x08E6, 0x3437);
    CHECK(h->h);
    CHECK(libusb_claim_interface(h->h, 0) == 0);
    CHECK(libusb_get_active_config_descriptor(libusb_get_device(h->h), &c) == 0);
    const struct libusb_interface_descriptor *i = &c->interface[0].altsetting[0];
    CHECK(i->bInterfaceClass == 0x0B && i->bNumEndpoints == 3 && i->extra_length == 54 &&
          i->extra[1] == 0x21);
    h->features = le32(i->extra + 40);
    h->max = le32(i->extra + 44);
    libusb_free_config_descriptor(c);
}

void host_close(struct host *h)
{
    libusb_close(h->h);
    libusb_exit(h->ctx);
}

int host_send(struct host *h, uint8_t type, unsigned level, const void *data, size_t len)
{
    static uint8_t out[66000];
    uint8_t head[10] = {type, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16), 0, 0, ++h->seq, 0, 0,
                        0};
    int n;
    if (type == 0x6F) {
        head[8] = (uint8_t)level;
        head[9] = (uint8_t)(level >> 8);
    } else {
        head[7] = (uint8_t)level;
    }
    memcpy(out, head, 10);
    if (len)
        memcpy(out + 10, data, len);
    int rc = libusb_bulk_transfer(h->h, 0x01, out, (int)(10 + len), &n, 20000);
    CHECK(rc != 0 || n == (int)(10 + len));
    return rc;
}

int host_receive(struct host *h, int ms)
{
    int n = 0;
    int rc = libusb_bulk_transfer(h->h, 0x82, h->frame, sizeof h->frame, &n, (unsigned)ms);
    h->len = (size_t)n;
    return rc;
}

void host_do(struct host *h, uint8_t type, unsigned level, const void *data, size_t len)
{
    CHECK(host_send(h, type, level, data, len) == 0);
    do {
        CHECK(host_receive(h, 20000) == 0);
        CHECK(h->len >= 10 && h->frame[5] == 0 && h->frame[6] == h->seq && le32(h->frame + 1) == h->len - 10);
        h->extensions += (h->frame[7] & 0xC0) == 0x80;
    } while ((h->frame[7] & 0xC0) == 0x80);
}

bool host_is(const struct host *h, uint8_t type, uint8_t status, uint8_t error)
{
    bool good = h->frame[0] == type && h->frame[7] == status && (status < 0x40 || h->frame[8] == error);
    if (!good)
        fprintf(stderr, "type %02X status %02X error %02X\n", h->frame[0], h->frame[7], h->frame[8]);
    return good;
}

static bool send_apdu(struct host *h, const uint8_t *in, size_t len)
{
    size_t room = h->max - 10;
    for (size_t at = 0; at < len;) {
        size_t n = len - at < room ? len - at : room;
        bool first = at == 0, last = at + n == len;
        host_do(h, 0x6F, first ? (last ? 0 : 1) : last ? 2 : 3, in + at, n);
        if (h->frame[7] & 0x40)
            return false;
        CHECK(last || (h->frame[9] == 0x10 && h->len == 10));
        at += n;
    }
    return true;
}

size_t host_apdu(void *host, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
    struct host *h = host;
    size_t got = 0;
    if (!send_apdu(h, in, len))
        return 0;
    for (;;) {
        CHECK(got + h->len - 10 <= cap);
        memcpy(out + got, h->frame + 10, h->len - 10);
        got += h->len - 10;
        uint8_t chain = h->frame[9];
        if (chain == 0 || chain == 2)
            return got;
        CHECK((chain == 1 || chain == 3) && h->len == h->max);
        host_do(h, 0x6F, 0x10, NULL, 0);
        CHECK(!(h->frame[7] & 0x40));
    }
}

int host_interrupt(struct host *h, uint8_t out[8], int ms)
{
    int n = 0;
    return libusb_interrupt_transfer(h->h, 0x83, out, 8, &n, (unsigned)ms) == 0 ? n : 0;
}

size_t host_power(struct host *h, uint8_t atr[33])
{
    host_do(h, 0x62, 0, NULL, 0);
    if (h->frame[7] & 0x40)
        return 0;
    CHECK(h->frame[0] == 0x80 && h->len - 10 <= 33);
    memcpy(atr, h->frame + 10, h->len - 10);
    return h->len - 10;
}

/* Control request and bulk message with the same bSeq; everything before the SlotStatus is thrown away. */
bool host_abort(struct host *h)
{
    CHECK(libusb_control_transfer(h->h, 0x21, 1, (uint16_t)(h->seq << 8), 0, NULL, 0, 1000) == 0);
    h->seq--;
    CHECK(host_send(h, 0x72, 0, NULL, 0) == 0);
    for (int i = 0; i < 50; i++)
        if (host_receive(h, 1000) == 0 && h->len == 10 && h->frame[0] == 0x81 && h->frame[6] == h->seq)
            return true;
    return false;
}
