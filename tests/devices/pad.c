/* The signature pad: reports, capture states, faults. */
#include <errno.h>
#include <string.h>

#include "tests/devices/pad_report.h"

static void be16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* ---- feature reports ---- */

/* A pad that calculates says so a few times, then it is ready. */
static void get_status(struct pad *d, uint8_t *out)
{
    bool calc = d->busy || ((d->kind->has & HAS_V1) && d->crypt.ready && d->crypt.busy);
    out[0] = calc ? PAD_CALC : d->status;
    out[1] = d->error;
    if (!d->busy && calc && !d->crypt.mute)
        d->crypt.busy--;
}

static void get_hid_info(struct pad *d, uint8_t *out)
{
    be16(out, d->kind->vid);
    be16(out + 2, d->kind->pid);
    out[5] = 1;
}

static void get_information(struct pad *d, uint8_t *out)
{
    memcpy(out, d->kind->product, MIN(strlen(d->kind->product), (size_t)9));
    out[9] = 1;
    out[10] = 4;
    out[11] = 1;
}

static void get_capability(struct pad *d, uint8_t *out)
{
    const struct pad_kind *k = d->kind;
    be16(out, (unsigned)k->x);
    be16(out + 2, (unsigned)k->y);
    be16(out + 4, (unsigned)k->p);
    be16(out + 6, (unsigned)k->w);
    be16(out + 8, (unsigned)k->h);
    if (!k->rate)
        return;
    out[10] = (uint8_t)k->rate;
    be16(out + 11, 2540);
    out[13] = k->encodings;
}

static void get_uid(struct pad *d, uint8_t *out)
{
    be16(out + 2, d->kind->pid);
    out[5] = 0x2a;
}

static void get_serial(struct pad *d, uint8_t *out)
{
    memcpy(out, d->kind->serial, 13);
}

static void get_session(struct pad *d, uint8_t *out)
{
    be16(out, d->session >> 16);
    be16(out + 2, d->session & 0xFFFF);
}

static void get_option(struct pad *d, uint8_t *out)
{
    out[0] = d->option;
}

static uint8_t set_reset(struct pad *d, const uint8_t *p)
{
    (void)p;
    d->status = PAD_READY;
    d->option = 0;
    d->inking = 0;
    pad_crypt_forget(d);
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
    pad_pen_start(d);
    return PAD_OK;
}

static uint8_t set_end(struct pad *d, const uint8_t *p)
{
    (void)p;
    if (d->status != PAD_CAPTURE)
        return PAD_WRONG_STATE;
    d->status = PAD_READY;
    d->session = 0;
    pad_crypt_forget(d); /* a key is for one capture */
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
    return d->status == PAD_READY ? pad_image_start(d, p[0], p + 2) : PAD_WRONG_STATE;
}

static uint8_t set_image(struct pad *d, const uint8_t *p)
{
    return d->status == PAD_READY ? pad_image_start(d, p[0], NULL) : PAD_WRONG_STATE;
}

static uint8_t set_block(struct pad *d, const uint8_t *p)
{
    size_t n = (size_t)(p[0] | p[1] << 8);
    return n > 253 || (d->encoding & 0x10) ? PAD_GRAPHICS + 2 : pad_image_block(d, p + 2, n);
}

static uint8_t set_image_end(struct pad *d, const uint8_t *p)
{
    return pad_image_end(d, p[0] == 0);
}

static uint8_t set_writing(struct pad *d, const uint8_t *p)
{
    return d->status == PAD_READY ? pad_writing(d, p) : PAD_WRONG_STATE;
}

static uint8_t set_option(struct pad *d, const uint8_t *p)
{
    if (d->status != PAD_READY)
        return PAD_WRONG_STATE;
    if (p[0] > 3 || (p[0] == 3 && !(d->kind->has & HAS_TIMED)))
        return PAD_WRONG_REPORT;
    d->option = p[0];
    return PAD_OK;
}

/* Secrets come and go by pad_crypt.c, which knows the report by its number. */
#define SECRET(id)                                                                                           \
    static void get_##id(struct pad *d, uint8_t *out)                                                        \
    {                                                                                                        \
        pad_crypt_get(d, 0x##id, out);                                                                       \
    }
SECRET(14)
SECRET(1A)
SECRET(1B)
SECRET(40)
SECRET(50)

static uint8_t set_13(struct pad *d, const uint8_t *p)
{
    return pad_crypt_set(d, 0x13, p);
}

static uint8_t set_40(struct pad *d, const uint8_t *p)
{
    return pad_crypt_set(d, 0x40, p);
}

const struct pad_report pad_reports[] = {
    {0x01, 7, true, HAS_ALL, NULL, NULL},
    {0x03, 5, false, HAS_ALL, get_status, NULL},
    {0x04, 2, false, HAS_ALL, NULL, set_reset},
    {0x06, 9, false, HAS_ALL, get_hid_info, NULL},
    {0x08, 17, false, HAS_ALL, get_information, NULL},
    {0x09, 17, false, HAS_ALL, get_capability, NULL},
    {0x0A, 11, false, HAS_ALL, get_uid, NULL},
    {0x0B, 11, false, HAS_ALL, get_uid, NULL},
    {0x0C, 2, false, HAS_ALL, NULL, NULL},
    {0x0D, 2, false, HAS_ALL, NULL, NULL},
    {0x0E, 2, false, HAS_ALL, NULL, NULL},
    {0x0F, 14, false, HAS_ALL, get_serial, NULL},
    {0x10, 17, true, HAS_CIPHER, NULL, NULL},
    {0x13, 17, false, HAS_V1, NULL, set_13},
    {0x14, 17, false, HAS_V1, get_14, NULL},
    {0x15, 5, false, HAS_ALL, get_session, set_start},
    {0x16, 2, false, HAS_ALL, NULL, set_end},
    {0x1A, 17, false, HAS_V1, get_1A, NULL},
    {0x1B, 3, false, HAS_V1, get_1B, NULL},
    {0x20, 2, false, HAS_ALL, NULL, set_clear},
    {0x21, 2, false, HAS_ALL, NULL, set_inking},
    {0x22, 9, false, HAS_ALL, NULL, NULL},
    {0x23, 11, false, HAS_AREA, NULL, set_clear},
    {0x24, 11, false, HAS_AREA, NULL, set_area},
    {0x25, 2, false, HAS_ALL, NULL, set_image},
    {0x26, 256, false, HAS_ALL, NULL, set_block},
    {0x27, 2, false, HAS_ALL, NULL, set_image_end},
    {0x28, 4, false, HAS_LIGHT, NULL, NULL},
    {0x29, 3, false, HAS_LIGHT, NULL, NULL},
    {0x2A, 9, false, HAS_WRITING, NULL, set_writing},
    {0x2B, 3, false, HAS_LIGHT, NULL, NULL},
    {0x2C, 3, false, HAS_LIGHT, NULL, NULL},
    {0x2D, 5, false, HAS_LIGHT, NULL, NULL},
    {0x2E, 4, false, HAS_LIGHT, NULL, NULL},
    {0x2F, 2, false, HAS_BOOT, NULL, NULL},
    {0x30, 9, true, HAS_OPTION, NULL, NULL},
    {0x31, 21, true, HAS_OPTION, NULL, NULL},
    {0x32, 2, false, HAS_MODE, get_option, set_option},
    {0x33, 17, true, HAS_TIMED, NULL, NULL},
    {0x34, 11, true, HAS_TIMED, NULL, NULL},
    {0x40, 68, false, HAS_V2, get_40, set_40},
    {0x50, 17, false, HAS_V2, get_50, NULL},
    {0, 0, false, 0, NULL, NULL},
};

int pad_report_length(const struct pad_kind *k, const struct pad_report *r)
{
    return r->id == 0x09 && !k->rate ? 11 : r->total;
}

/* ---- USB ---- */

static const struct pad_report *find_report(const struct pad *d, uint8_t id)
{
    for (const struct pad_report *r = pad_reports; r->id; r++)
        if (r->id == id && !r->in && pad_has_report(d->kind, r))
            return r;
    return NULL;
}

static int get_report(struct pad *d, uint8_t id, uint8_t *data, size_t len)
{
    const struct pad_report *r = find_report(d, id);
    uint8_t all[256] = {id};
    if (!r) {
        d->error = PAD_WRONG_REPORT;
        return -EPIPE;
    }
    if (r->get)
        r->get(d, all + 1);
    else
        memcpy(all + 1, d->stored[id], MIN((size_t)r->total - 1, sizeof d->stored[0]));
    len = MIN(len, (size_t)pad_report_length(d->kind, r));
    memcpy(data, all, len);
    for (size_t i = 0; d->garble && i < len; i++)
        data[i] ^= (uint8_t)(0x5a + 29 * i);
    d->garble -= d->garble > 0;
    return (int)len;
}

static int set_report(struct pad *d, uint8_t id, const uint8_t *data, size_t len)
{
    const struct pad_report *r = find_report(d, id);
    if (!r || len != (size_t)r->total || data[0] != id || (r->get && !r->set)) {
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
    uint8_t hid[2048];
    size_t n;
    switch (setup[0] << 8 | setup[1]) {
    case 0x8106: /* GET_DESCRIPTOR of the interface */
        n = pad_hid_descriptor(d->kind, hid);
        if (setup[3] == 0x22) {
            len = MIN(len, n);
            memcpy(data, hid, len);
            return (int)len;
        }
        if (setup[3] == 0x21) {
            const uint8_t cls[9] = {9, 0x21, 0x10, 0x01, 0, 1, 0x22, (uint8_t)n, (uint8_t)(n >> 8)};
            len = MIN(len, sizeof cls);
            memcpy(data, cls, len);
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
    d->bulk++;
    return (int)len;
}

static const struct usb_model usb = {.control = on_control, .out = on_out};

/* ---- vdev ---- */

static void *start(struct vdev *v, const struct vdev_opts *o)
{
    struct pad *d = g_new0(struct pad, 1);
    d->v = v;
    d->kind = pad_kind(o->variant);
    d->dir = o->dir;
    d->queue = g_array_new(FALSE, FALSE, sizeof(struct pad_sample));
    d->image = g_byte_array_new();
    pad_screen_new(d);
    return d;
}

static void stop(void *user)
{
    struct pad *d = user;
    pad_pen_stop(d);
    g_array_free(d->queue, TRUE);
    g_byte_array_free(d->image, TRUE);
    cairo_surface_destroy(d->screen);
    g_free(d);
}

/* Powered by the bus: it forgets everything but what its flash keeps. */
static void power(void *user, bool on)
{
    struct pad *d = user;
    (void)on;
    d->status = PAD_READY;
    d->error = PAD_OK;
    d->option = d->inking = 0;
    d->session = 0;
    d->garble = 0;
    memset(d->stored, 0, sizeof d->stored);
    d->stored[0x2B][0] = 2; /* brightness and boot screen as the factory set them */
    d->stored[0x2F][0] = 1;
    pad_crypt_forget(d);
    pad_clear(d);
}

/* crypt good | bad | weak | refuse | mute */
static bool crypt_word(struct pad *d, const char *w)
{
    struct pad_crypt *c = &d->crypt;
    bool *words[] = {NULL, &c->bad, &c->weak, &c->refuse, &c->mute};
    static const char *const names[] = {"good", "bad", "weak", "refuse", "mute"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(w, names[i]) == 0) {
            c->bad = c->weak = c->refuse = c->mute = false;
            if (words[i])
                *words[i] = true;
            return true;
        }
    return false;
}

static bool command(void *user, int n, char **w, GString *reply)
{
    struct pad *d = user;
    if (strcmp(w[0], "busy") == 0 && n == 2) {
        d->busy = strcmp(w[1], "on") == 0;
        return true;
    }
    if (strcmp(w[0], "garble") == 0 && n == 2) {
        d->garble = (unsigned)g_ascii_strtoull(w[1], NULL, 10);
        return true;
    }
    if (strcmp(w[0], "crypt") == 0 && n == 2)
        return crypt_word(d, w[1]);
    if (strcmp(w[0], "picture") == 0 && n == 1)
        return pad_picture(d);
    return pad_pen_command(d, n, w, reply);
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
    g_string_append_printf(
        s,
        ",\"queued\":%u,\"sent\":%" G_GUINT64_FORMAT ",\"lost\":%" G_GUINT64_FORMAT
        ",\"unheard\":%" G_GUINT64_FORMAT ",\"images\":%" G_GUINT64_FORMAT ",\"clears\":%" G_GUINT64_FORMAT
        ",\"bulk\":%" G_GUINT64_FORMAT ",\"blocks\":%" G_GUINT64_FORMAT,
        d->queue->len - d->next, d->sent, d->lost, d->unheard, d->images, d->clears, d->bulk, d->blocks);
    g_string_append_printf(s, ",\"model\":\"%s\",\"key_bits\":%u,\"light\":%u,\"boot\":%u", d->kind->product,
                           d->crypt.ready ? d->crypt.key_bits : 0, d->stored[0x2B][0], d->stored[0x2F][0]);
}

const struct vmodel pad_model = {.name = "pad",
                                 .variant = pad_desc,
                                 .usb = &usb,
                                 .start = start,
                                 .stop = stop,
                                 .power = power,
                                 .command = command,
                                 .state = state};
