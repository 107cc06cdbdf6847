/* A device without a use: what the carrier's own test needs. Bulk loop, delayed interrupt, stall. */
#include <errno.h>
#include <string.h>

#include "tests/devices/model.h"

enum { EP_OUT = 0x01, EP_IN = 0x82, EP_INT = 0x83 };

struct probe {
    struct vdev *v;
    guint32 taken;
    guint claims;
    gsize room; /* of the OUT endpoint before it says NAK */
};

static const uint8_t
    descriptors[] = {18,   1,    0x00,   0x02, 0xFF, 0,      0, 64,   0x09, 0x12,  0x01,
                     0x00, 0x00, 0x01,   1,    2,    3,      1,           /* 1209:0001, pid.codes test */
                     9,    2,    39,     0,    1,    1,      0, 0x80, 50, /* */
                     9,    4,    0,      0,    3,    0xFF,   0, 0,    0,  /* */
                     7,    5,    EP_OUT, 2,    0,    2,      0, 7,    5,    EP_IN, 2,
                     0,    2,    0,      7,    5,    EP_INT, 3, 8,    0,    4};
static const char *const strings[] = {"Pridvor", "Probe", "P0001", NULL};
static const struct usb_desc desc = {.port = "1-2",
                                     .bus = 1,
                                     .mbit = 480,
                                     .descriptors = descriptors,
                                     .len = sizeof descriptors,
                                     .strings = strings,
                                     .driver = "probe"};

static int on_control(void *user, const uint8_t setup[8], uint8_t *data, size_t len)
{
    struct probe *p = user;
    unsigned value = (unsigned)(setup[2] | setup[3] << 8);
    switch (setup[0] << 8 | setup[1]) {
    case 0x4001: /* interrupt after value ms, with the data stage as its content */
        usb_in(vdev_usb(p->v), EP_INT, data, len, value);
        return (int)len;
    case 0xC002: /* a pattern */
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)(value + i);
        return (int)len;
    case 0xC004: /* bytes taken by OUT */
        if (len < 4)
            return -EPIPE;
        memcpy(data, &p->taken, 4);
        return 4;
    case 0xC005:
        return -EINPROGRESS;
    default:
        return -EPIPE;
    }
}

static int on_out(void *user, uint8_t ep, const uint8_t *data, size_t len)
{
    struct probe *p = user;
    if (ep != EP_OUT)
        return -EPIPE;
    size_t n = MIN(len, p->room);
    p->room -= n;
    p->taken += (guint32)n;
    if (n > 0 && data[0] == 'E')
        usb_in(vdev_usb(p->v), EP_IN, data, n, 0);
    return (int)n;
}

static void on_claimed(void *user, int interface, bool yes)
{
    struct probe *p = user;
    (void)interface;
    p->claims += yes ? 1 : 0;
}

static const struct usb_model usb = {.control = on_control, .out = on_out, .claimed = on_claimed};

static void *start(struct vdev *v, const struct vdev_opts *o)
{
    (void)o;
    struct probe *p = g_new0(struct probe, 1);
    p->v = v;
    p->room = G_MAXSIZE;
    return p;
}

static bool command(void *user, int n, char **w, GString *reply)
{
    struct probe *p = user;
    if (n == 2 && strcmp(w[0], "room") == 0) {
        p->room = (gsize)g_ascii_strtoull(w[1], NULL, 10);
        usb_resume(vdev_usb(p->v), EP_OUT);
        return true;
    }
    if (n == 1 && strcmp(w[0], "stall") == 0) {
        usb_in_stall(vdev_usb(p->v), EP_IN);
        return true;
    }
    (void)reply;
    return false;
}

static void state(void *user, GString *s)
{
    const struct probe *p = user;
    g_string_append_printf(s, "\"taken\":%u,\"claims\":%u", p->taken, p->claims);
}

const struct vmodel probe_model = {.name = "probe",
                                   .desc = &desc,
                                   .usb = &usb,
                                   .start = start,
                                   .stop = g_free,
                                   .command = command,
                                   .state = state};
