/* Which pads there are, which reports they have, and how they describe themselves. */
#include <string.h>

#include "tests/devices/pad_report.h"

#define NEW (HAS_V2 | HAS_TIMED | HAS_AREA | HAS_WRITING | HAS_BOOT)

const struct pad_kind pad_kinds[] = {
    {"530", "STU-530", "7GQ0000042PRD", 0x056a, 0x00a5, 10800, 6480, 1023, 800, 480, 200,
     PAD_CAN_ZLIB | PAD_CAN_MONO | PAD_CAN_16 | PAD_CAN_24, NEW | HAS_LIGHT | HAS_OUT, false},
    {"300", "STU-300", "2DQ0000017PRD", 0x056a, 0x00a2, 9900, 2500, 511, 396, 100, 0, 0, HAS_V1, false},
    {"430", "STU-430", "4JZ0000431PRD", 0x056a, 0x00a4, 9600, 6000, 1023, 320, 200, 200, PAD_CAN_MONO, NEW,
     false},
    {"500", "STU-500", "3AQ0000500PRD", 0x056a, 0x00a1, 10240, 7680, 511, 640, 480, 0, 0, HAS_V1, false},
    {"520a", "STU-520A", "5CQ0000520PRD", 0x056a, 0x00a3, 10400, 6048, 511, 800, 480, 200,
     PAD_CAN_MONO | PAD_CAN_16, HAS_V1 | HAS_OPTION | HAS_WRITING | HAS_LIGHT, false},
    {"540", "STU-540", "8HQ0000540PRD", 0x056a, 0x00a8, 10800, 6480, 1023, 800, 480, 200,
     PAD_CAN_MONO | PAD_CAN_16 | PAD_CAN_24, NEW | HAS_LIGHT | HAS_OUT, false},
    {"plain", "STU-430", "4JZ0000432PRD", 0x056a, 0x00a4, 9600, 6000, 1023, 320, 200, 200, PAD_CAN_MONO,
     HAS_TIMED | HAS_AREA, false},
    {"hid", "Pen pad", "HID0000001", 0x1209, 0xd161, 21600, 13500, 2047, 800, 500, 200, 0, 0, true},
    {NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false},
};

const struct pad_kind *pad_kind(const char *name)
{
    for (const struct pad_kind *k = pad_kinds; name && k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return name ? NULL : &pad_kinds[0];
}

bool pad_has_report(const struct pad_kind *k, const struct pad_report *r)
{
    return !k->hid && (r->needs == HAS_ALL || (k->has & r->needs));
}

/* Digitisers / pen: report 1 = tip, barrel, in range, 5 bits of padding, x, y, pressure. */
static const uint8_t digitizer[] = {
    0x05, 0x0D, 0x09, 0x02, 0xA1, 0x01, 0x85, 0x01, 0x09, 0x20, 0xA1, 0x00, 0x15, 0x00, 0x25, 0x01,
    0x75, 0x01, 0x95, 0x03, 0x09, 0x42, 0x09, 0x44, 0x09, 0x32, 0x81, 0x02, 0x95, 0x05, 0x81, 0x03,
    0x05, 0x01, 0x75, 0x10, 0x95, 0x01, 0x26, 0x60, 0x54, 0x09, 0x30, 0x81, 0x02, 0x26, 0xBC, 0x34,
    0x09, 0x31, 0x81, 0x02, 0x05, 0x0D, 0x26, 0xFF, 0x07, 0x09, 0x30, 0x81, 0x02, 0xC0, 0xC0};

size_t pad_hid_descriptor(const struct pad_kind *k, uint8_t out[2048])
{
    static const uint8_t head[] = {0x06, 0x0D, 0xFF, 0x09, 0x01, 0xA1, 0x01,
                                   0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08};
    if (k->hid) {
        memcpy(out, digitizer, sizeof digitizer);
        return sizeof digitizer;
    }
    memcpy(out, head, sizeof head);
    uint8_t *p = out + sizeof head;
    for (const struct pad_report *r = pad_reports; r->id; r++) {
        unsigned n = (unsigned)pad_report_length(k, r) - 1;
        if (!pad_has_report(k, r))
            continue;
        const uint8_t item[9] = {
            0x85, r->id, 0x09, r->id, 0x96, (uint8_t)n, (uint8_t)(n >> 8), r->in ? 0x81 : 0xB1, 0x02};
        memcpy(p, item, sizeof item);
        p += sizeof item;
    }
    *p++ = 0xC0;
    return (size_t)(p - out);
}

/* Device; one interface, 500 mA; HID without boot protocol; interrupt IN 1, interrupt OUT 2, 64 bytes, 1 ms.
 */
static uint8_t bytes[] = {18, 1,    0x00,      0x02, 0,  0, 0,    64,   0,   0,          0, 0,  0x00, 0x01,
                          1,  2,    3,         1, /* ids at 8 and 10 */
                          9,  2,    0,         0,    1,  1, 0,    0x80, 250, 9,          4, 0,  0,    0,
                          3,  0,    0,         0,                          /* length at 20, endpoints at 31 */
                          9,  0x21, 0x10,      0x01, 0,  1, 0x22, 0,    0, /* descriptor's length at 43 */
                          7,  5,    PAD_EP_IN, 3,    64, 0, 1,    7,    5,   PAD_EP_OUT, 3, 64, 0,    1};

static void le16(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

const struct usb_desc *pad_desc(const char *name)
{
    static const char *strings[4];
    static struct usb_desc desc;
    const struct pad_kind *k = pad_kind(name);
    uint8_t hid[2048];
    if (!k)
        return NULL;
    bool out = k->has & HAS_OUT;
    le16(bytes + 8, k->vid);
    le16(bytes + 10, k->pid);
    bytes[20] = out ? 41 : 34;
    bytes[31] = out ? 2 : 1;
    le16(bytes + 43, pad_hid_descriptor(k, hid));
    strings[0] = k->hid ? "Pridvor" : "Wacom Co.,Ltd.";
    strings[1] = k->product;
    strings[2] = k->serial;
    desc = (struct usb_desc){.port = "1-3",
                             .bus = 1,
                             .mbit = 12,
                             .descriptors = bytes,
                             .len = 18u + bytes[20],
                             .strings = strings,
                             .driver = "usbhid"};
    return &desc;
}
