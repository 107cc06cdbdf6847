/* The signature pad: reports, capture states, pen at 200 Hz, faults. */
#include <errno.h>
#include <string.h>

#include "tests/devices/pad.h"

struct report {
    uint8_t id;
    int total; /* with the id */
    bool in;   /* input report, else feature */
    void (*get)(const struct pad *d,
                uint8_t *out); /* out: the bytes after the id, zeroed; NULL: as it was set */
    uint8_t (*set)(struct pad *d, const uint8_t *p); /* returns an error code; NULL: kept */
};

static void be16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* ---- feature reports ---- */

static void get_status(const struct pad *d, uint8_t *out)
{
    out[0] = d->busy ? PAD_CALC : d->status;
    out[1] = d->error;
}

static void get_hid_info(const struct pad *d, uint8_t *out)
{
    (void)d;
    static const uint8_t info[8] = {0x6a, 0x05, 0xa5, 0x00, 0x00, 0x01, 0, 0}; /* ids and version, LE */
    memcpy(out, info, sizeof info);
}

static void get_information(const struct pad *d, uint8_t *out)
{
    (void)d;
    memcpy(out, "STU-530", 7);
    out[10] = 1;
    out[11] = 4;
    out[12] = 1;
}

static void get_capability(const struct pad *d, uint8_t *out)
{
    (void)d;
    be16(out, PAD_X);
    be16(out + 2, PAD_Y);
    be16(out + 4, PAD_P);
    be16(out + 6, PAD_W);
    be16(out + 8, PAD_H);
    out[10] = PAD_RATE;
    be16(out + 11, 2540);
    out[13] = 0x06; /* 16 and 24 bit */
}

static void get_uid(const struct pad *d, uint8_t *out)
{
    (void)d;
    memcpy(out, "\x00\x00\x05\x30\x00\x2a", 6);
}

static void get_serial(const struct pad *d, uint8_t *out)
{
    (void)d;
    memcpy(out, "7GQ0000042PRD", 13);
}

static void get_session(const struct pad *d, uint8_t *out)
{
    be16(out, d->session >> 16);
    be16(out + 2, d->session & 0xFFFF);
}

static void get_option(const struct pad *d, uint8_t *out)
{
    out[0] = d->option;
}

static uint8_t set_reset(struct pad *d, const uint8_t *p)
{
    (void)p;
    d->status = PAD_READY;
    d->option = 0;
    d->inking = 0;
    usb_in_flush(vdev_usb(d->v), PAD_EP_IN);
    return PAD_OK;
}

static uint8_t set_start(struct pad *d, const uint8_t *p)
{
    if (d->status != PAD_READY)
        return PAD_WRONG_STATE;
    d->session = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    d->status = PAD_CAPTURE;
    d->seq = 0;
    return PAD_OK;
}

static uint8_t set_end(struct pad *d, const uint8_t *p)
{
    (void)p;
    if (d->status != PAD_CAPTURE)
        return PAD_WRONG_STATE;
    d->status = PAD_READY;
    d->session = 0;
    return PAD_OK;
}

static uint8_t set_clear(struct pad *d, const uint8_t *p)
{
    (void)p;
    if (d->status != PAD_READY)
        return PAD_WRONG_STATE;
    pad_clear(d);
    return PAD_OK;
}

static uint8_t set_inking(struct pad *d, const uint8_t *p)
{
    d->inking = p[0];
    return PAD_OK;
}

static uint8_t set_area(struct pad *d, const uint8_t *p)
{
    int v[4];
    for (int i = 0; i < 4; i++)
        v[i] = p[2 * i] | p[2 * i + 1] << 8;
    if (d->status != PAD_READY)
        return PAD_WRONG_STATE;
    if (v[0] > v[2] || v[1] > v[3] || v[2] >= PAD_W || v[3] >= PAD_H)
        return PAD_GRAPHICS + 3;
    d->left = v[0];
    d->top = v[1];
    d->right = v[2];
    d->bottom = v[3];
    return PAD_OK;
}

static uint8_t set_image(struct pad *d, const uint8_t *p)
{
    return d->status == PAD_READY ? pad_image_start(d, p[0]) : PAD_WRONG_STATE;
}

static uint8_t set_block(struct pad *d, const uint8_t *p)
{
    size_t n = (size_t)(p[0] | p[1] << 8);
    return n > 253 ? PAD_GRAPHICS + 2 : pad_image_block(d, p + 2, n);
}

static uint8_t set_image_end(struct pad *d, const uint8_t *p)
{
    return pad_image_end(d, p[0] == 0);
}

static uint8_t set_option(struct pad *d, const uint8_t *p)
{
    if (d->status != PAD_READY)
        return PAD_WRONG_STATE;
    if (p[0] > 3)
        return PAD_WRONG_REPORT;
    d->option = p[0];
    return PAD_OK;
}

static const struct report reports[] = {
    {0x01, 7, true, NULL, NULL},
    {0x03, 5, false, get_status, NULL},
    {0x04, 2, false, NULL, set_reset},
    {0x06, 9, false, get_hid_info, NULL},
    {0x08, 17, false, get_information, NULL},
    {0x09, 17, false, get_capability, NULL},
    {0x0A, 11, false, get_uid, NULL},
    {0x0B, 11, false, get_uid, NULL},
    {0x0C, 2, false, NULL, NULL},
    {0x0D, 2, false, NULL, NULL},
    {0x0E, 2, false, NULL, NULL},
    {0x0F, 14, false, get_serial, NULL},
    {0x15, 5, false, get_session, set_start},
    {0x16, 2, false, NULL, set_end},
    {0x20, 2, false, NULL, set_clear},
    {0x21, 2, false, NULL, set_inking},
    {0x22, 9, false, NULL, NULL},
    {0x23, 11, false, NULL, set_clear},
    {0x24, 11, false, NULL, set_area},
    {0x25, 2, false, NULL, set_image},
    {0x26, 256, false, NULL, set_block},
    {0x27, 2, false, NULL, set_image_end},
    {0x28, 4, false, NULL, NULL},
    {0x29, 3, false, NULL, NULL},
    {0x2A, 9, false, NULL, NULL},
    {0x2B, 3, false, NULL, NULL},
    {0x2C, 3, false, NULL, NULL},
    {0x2D, 5, false, NULL, NULL},
    {0x2E, 4, false, NULL, NULL},
    {0x2F, 2, false, NULL, NULL},
    {0x30, 2, false, get_option, set_option},
    {0x31, 2, false, get_option, set_option},
    {0x32, 2, false, get_option, set_option},
    {0x34, 11, true, NULL, NULL},
};

/* ---- descriptors ---- */

enum { HID_LEN = 15 + 9 * (int)G_N_ELEMENTS(reports) };

static const uint8_t descriptors[] = {
    /* 056a:00a5, class by interface */
    18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x6a, 0x05, 0xa5, 0x00, 0x00, 0x01, 1, 2, 3, 1,
    /* configuration: 41 bytes, one interface, 500 mA */
    9, 2, 41, 0, 1, 1, 0, 0x80, 250,
    /* HID without boot protocol, and its descriptor */
    9, 4, 0, 0, 2, 3, 0, 0, 0, 9, 0x21, 0x10, 0x01, 0, 1, 0x22, HID_LEN & 0xFF, HID_LEN >> 8,
    /* interrupt IN 1, interrupt OUT 2, 64 bytes, 1 ms */
    7, 5, PAD_EP_IN, 3, 64, 0, 1, 7, 5, PAD_EP_OUT, 3, 64, 0, 1};
static const char *const strings[] = {"Wacom Co.,Ltd.", "STU-530", "7GQ0000042PRD", NULL};
static const struct usb_desc desc = {.port = "1-3",
                                     .bus = 1,
                                     .mbit = 12,
                                     .descriptors = descriptors,
                                     .len = sizeof descriptors,
                                     .strings = strings,
                                     .driver = "usbhid"};

static void hid_descriptor(uint8_t out[HID_LEN])
{
    static const uint8_t head[] = {0x06, 0x0D, 0xFF, 0x09, 0x01, 0xA1, 0x01,
                                   0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08};
    memcpy(out, head, sizeof head);
    uint8_t *p = out + sizeof head;
    for (size_t i = 0; i < G_N_ELEMENTS(reports); i++, p += 9) {
        const struct report *r = &reports[i];
        const uint8_t item[9] = {0x85,
                                 r->id,
                                 0x09,
                                 r->id,
                                 0x96,
                                 (uint8_t)(r->total - 1),
                                 (uint8_t)((r->total - 1) >> 8),
                                 r->in ? 0x81 : 0xB1,
                                 0x02};
        memcpy(p, item, sizeof item);
    }
    *p = 0xC0;
}

/* ---- USB ---- */

static const struct report *find_report(uint8_t id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reports); i++)
        if (reports[i].id == id && !reports[i].in)
            return &reports[i];
    return NULL;
}

static int get_report(struct pad *d, uint8_t id, uint8_t *data, size_t len)
{
    const struct report *r = find_report(id);
    uint8_t all[256] = {id};
    if (!r) {
        d->error = PAD_WRONG_REPORT;
        return -EPIPE;
    }
    if (r->get)
        r->get(d, all + 1);
    else
        memcpy(all + 1, d->stored[id], MIN((size_t)r->total - 1, sizeof d->stored[0]));
    len = MIN(len, (size_t)r->total);
    memcpy(data, all, len);
    return (int)len;
}

static int set_report(struct pad *d, uint8_t id, const uint8_t *data, size_t len)
{
    const struct report *r = find_report(id);
    /* Reports that are only kept here: their lengths are not all public, so any short one is taken. */
    bool kept = r && !r->get && !r->set && len >= 2 && len <= sizeof d->stored[0];
    if (!r || (len != (size_t)r->total && !kept) || data[0] != id || (r->get && !r->set)) {
        d->error = PAD_WRONG_REPORT;
        return -EPIPE;
    }
    if (r->set)
        d->error = r->set(d, data + 1);
    else
        d->error = PAD_OK;
    memcpy(d->stored[id], data + 1, MIN(len - 1, sizeof d->stored[0]));
    vdev_count(d->v, "reports", 1);
    return (int)len;
}

static int on_control(void *user, const uint8_t setup[8], uint8_t *data, size_t len)
{
    struct pad *d = user;
    uint8_t hid[HID_LEN];
    switch (setup[0] << 8 | setup[1]) {
    case 0x8106: /* GET_DESCRIPTOR of the interface */
        if (setup[3] == 0x22) {
            hid_descriptor(hid);
            len = MIN(len, sizeof hid);
            memcpy(data, hid, len);
            return (int)len;
        }
        if (setup[3] == 0x21) {
            len = MIN(len, (size_t)9);
            memcpy(data, descriptors + 18 + 9 + 9, len);
            return (int)len;
        }
        return -EPIPE;
    case 0xA101:
        return setup[3] == 3 ? get_report(d, setup[2], data, len) : -EPIPE;
    case 0x2109:
        return setup[3] == 3 ? set_report(d, setup[2], data, len) : -EPIPE;
    case 0x210A: /* SET_IDLE */
    case 0x210B: /* SET_PROTOCOL */
        return 0;
    default:
        return -EPIPE;
    }
}

static int on_out(void *user, uint8_t ep, const uint8_t *data, size_t len)
{
    struct pad *d = user;
    if (ep != PAD_EP_OUT)
        return -EPIPE;
    size_t n = len >= 3 ? (size_t)(data[1] | data[2] << 8) : 0;
    if (len < 3 || data[0] != 0x26 || n > 2557 || n > len - 3 || !(d->encoding & 0x10))
        d->error = PAD_WRONG_REPORT;
    else
        d->error = pad_image_block(d, data + 3, n);
    return (int)len;
}

static const struct usb_model usb = {.control = on_control, .out = on_out};

/* ---- pen ---- */

static void send_sample(struct pad *d, const struct pad_sample *s)
{
    bool both = d->option == 3;
    uint8_t r[11] = {both ? 0x34 : 0x01};
    be16(r + 1, (unsigned)((s->near ? 0x8000 : 0) | (s->p > 0 ? 0x1000 : 0) | s->p));
    be16(r + 3, (unsigned)s->x);
    be16(r + 5, (unsigned)s->y);
    be16(r + 7, (unsigned)(d->due_us / 1000) & 0xFFFF);
    be16(r + 9, d->seq++);
    unsigned times = 1;
    if (d->drop > 0) {
        d->drop--;
        times = 0;
    } else if (d->repeat > 0) {
        d->repeat--;
        times = 2;
    }
    if (usb_in_waiting(vdev_usb(d->v), PAD_EP_IN) >= PAD_FIFO)
        times = 0;
    d->lost += times == 0;
    for (; times > 0; times--) {
        usb_in(vdev_usb(d->v), PAD_EP_IN, r, both ? 11 : 7, 0);
        d->sent++;
        vdev_count(d->v, "reports", 1);
    }
}

static void take_sample(struct pad *d, struct pad_sample s)
{
    if (!s.near) { /* position is not known then; keep the last one */
        s.x = d->last.x;
        s.y = d->last.y;
    }
    if (d->status == PAD_CAPTURE && usb_plugged(vdev_usb(d->v))) {
        if (d->inking && s.p > 0 && d->last.p > 0)
            pad_ink(d, &d->last, &s);
        send_sample(d, &s);
    } else {
        d->unheard++;
    }
    d->last = s;
}

/* Full because this process was late and catches up in a burst: then the sample waits. Full for as long as
 * the FIFO itself lasts: nobody fetches, and the sample is lost. */
static bool must_wait(struct pad *d, gint64 now)
{
    if (usb_in_waiting(vdev_usb(d->v), PAD_EP_IN) < PAD_FIFO) {
        d->full_us = 0;
        return false;
    }
    if (d->full_us == 0)
        d->full_us = now;
    return now - d->full_us < PAD_FIFO_US;
}

static gboolean on_tick(gpointer user)
{
    struct pad *d = user;
    const gint64 step = 1000000 / PAD_RATE;
    for (gint64 now = g_get_monotonic_time(); d->due_us <= now && !must_wait(d, now); d->due_us += step) {
        if (d->next < d->queue->len) {
            struct pad_sample s = g_array_index(d->queue, struct pad_sample, d->next++);
            take_sample(d, s);
        } else if (d->last.near && d->last.p > 0) {
            take_sample(d, d->last); /* a resting pen is still seen, 200 times a second */
        } else {
            g_array_set_size(d->queue, 0);
            d->next = 0;
            d->tick = 0;
            return G_SOURCE_REMOVE;
        }
    }
    return G_SOURCE_CONTINUE;
}

static void wake(struct pad *d)
{
    if (d->tick)
        return;
    d->due_us = g_get_monotonic_time();
    d->tick = g_timeout_add(1000 / PAD_RATE, on_tick, d);
}

/* ---- vdev ---- */

static void *start(struct vdev *v, const struct vdev_opts *o)
{
    struct pad *d = g_new0(struct pad, 1);
    d->v = v;
    d->dir = o->dir;
    d->queue = g_array_new(FALSE, FALSE, sizeof(struct pad_sample));
    d->image = g_byte_array_new();
    pad_screen_new(d);
    return d;
}

static void stop(void *user)
{
    struct pad *d = user;
    g_clear_handle_id(&d->tick, g_source_remove);
    g_array_free(d->queue, TRUE);
    g_byte_array_free(d->image, TRUE);
    cairo_surface_destroy(d->screen);
    g_free(d);
}

/* Powered by the bus: it forgets everything. */
static void power(void *user, bool on)
{
    struct pad *d = user;
    (void)on;
    d->status = PAD_READY;
    d->error = PAD_OK;
    d->option = d->inking = 0;
    d->session = 0;
    memset(d->stored, 0, sizeof d->stored);
    pad_clear(d);
}

static void push(struct pad *d, double x, double y, double p, bool near)
{
    struct pad_sample s = {.x = (int)CLAMP(x, 0, PAD_X),
                           .y = (int)CLAMP(y, 0, PAD_Y),
                           .p = (int)CLAMP(p, 0, PAD_P),
                           .near = near};
    if (d->queue->len < 100000)
        g_array_append_val(d->queue, s);
    wake(d);
}

static void lift(struct pad *d)
{
    struct pad_sample l =
        d->queue->len > d->next ? g_array_index(d->queue, struct pad_sample, d->queue->len - 1) : d->last;
    push(d, l.x, l.y, 0, true);
    push(d, l.x, l.y, 0, false);
}

/* point x y pressure | points x y p x y p ... */
static bool points(struct pad *d, int n, char **w)
{
    if (n < 4 || (n - 1) % 3 != 0)
        return false;
    for (int i = 1; i < n; i++)
        if (!g_ascii_isdigit(w[i][0]))
            return false;
    for (int i = 1; i < n; i += 3)
        push(d, g_ascii_strtod(w[i], NULL), g_ascii_strtod(w[i + 1], NULL), g_ascii_strtod(w[i + 2], NULL),
             true);
    return true;
}

static bool command(void *user, int n, char **w, GString *reply)
{
    struct pad *d = user;
    if (strcmp(w[0], "sign") == 0 && n == 1) {
        pad_sign(d->queue);
        wake(d);
        g_string_append_printf(reply, "\"samples\":%u", d->queue->len - d->next);
    } else if (strcmp(w[0], "point") == 0 || strcmp(w[0], "points") == 0) {
        return points(d, n, w);
    } else if (strcmp(w[0], "lift") == 0 && n == 1) {
        lift(d);
    } else if (strcmp(w[0], "drop") == 0 && n == 2) {
        d->drop = (unsigned)g_ascii_strtoull(w[1], NULL, 10);
    } else if (strcmp(w[0], "repeat") == 0 && n == 2) {
        d->repeat = (unsigned)g_ascii_strtoull(w[1], NULL, 10);
    } else if (strcmp(w[0], "busy") == 0 && n == 2) {
        d->busy = strcmp(w[1], "on") == 0;
    } else if (strcmp(w[0], "picture") == 0 && n == 1) {
        return pad_picture(d);
    } else {
        return false;
    }
    return true;
}

static void state(void *user, GString *s)
{
    static const char *const words[] = {"ready", "image", "capture", "calculation"};
    const struct pad *d = user;
    g_string_append_printf(
        s, "\"status\":\"%s\",\"error\":%u,\"option\":%u,\"inking\":%s,\"session\":%u,\"pen\":\"%s\"",
        words[d->status], d->error, d->option, d->inking ? "true" : "false", d->session,
        !d->last.near   ? "away"
        : d->last.p > 0 ? "down"
                        : "near");
    g_string_append_printf(s,
                           ",\"queued\":%u,\"sent\":%" G_GUINT64_FORMAT ",\"lost\":%" G_GUINT64_FORMAT
                           ",\"unheard\":%" G_GUINT64_FORMAT ",\"images\":%" G_GUINT64_FORMAT
                           ",\"clears\":%" G_GUINT64_FORMAT,
                           d->queue->len - d->next, d->sent, d->lost, d->unheard, d->images, d->clears);
}

const struct vmodel pad_model = {.name = "pad",
                                 .desc = &desc,
                                 .usb = &usb,
                                 .start = start,
                                 .stop = stop,
                                 .power = power,
                                 .command = command,
                                 .state = state};
