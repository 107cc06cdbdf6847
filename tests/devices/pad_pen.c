/* The model's pen: 200 samples a second, in whichever form the host chose, with what may go wrong. */
#include <string.h>

#include "tests/devices/pad.h"

static void be16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void out(struct pad *d, const uint8_t *r, size_t len, unsigned times)
{
    if (usb_in_waiting(vdev_usb(d->v), PAD_EP_IN) >= PAD_FIFO)
        times = 0;
    d->lost += times == 0;
    for (; times > 0; times--) {
        usb_in(vdev_usb(d->v), PAD_EP_IN, r, len, 0);
        d->sent++;
        vdev_count(d->v, "reports", 1);
    }
}

static uint32_t session(struct pad *d)
{
    if (d->wrong == 0)
        return d->session;
    d->wrong--;
    return d->session + 1;
}

static void session_into(struct pad *d, uint8_t *p)
{
    uint32_t id = session(d);
    be16(p, id >> 16);
    be16(p + 2, id & 0xFFFF);
}

/* two: pen (6), number (2). The first waits for the second. */
static void send_pair(struct pad *d, const uint8_t one[8], unsigned times, bool last)
{
    uint8_t r[21] = {0x10};
    if (!d->have_half && !last) {
        memcpy(d->half, one, 8);
        d->have_half = true;
        return;
    }
    const uint8_t *first = d->have_half ? d->half : one;
    bool numbered = d->option == 1 || d->option == 2;
    d->have_half = false;
    r[0] = numbered ? 0x31 : 0x10;
    session_into(d, r + 1);
    memcpy(r + 5, first, 6);
    memcpy(r + 11, one, 6);
    memcpy(r + 17, first + 6, 2);
    memcpy(r + 19, one + 6, 2);
    pad_crypt_seal(d, r + 1);
    out(d, r, numbered ? 21 : 17, times);
}

static void send_timed(struct pad *d, const uint8_t *pen, unsigned ms, unsigned times)
{
    bool secret = d->crypt.ready;
    uint8_t r[17] = {secret ? 0x33 : 0x34};
    memcpy(r + 1, pen, 6);
    be16(r + 7, ms & 0xFFFF);
    be16(r + 9, d->seq++);
    if (secret) {
        session_into(d, r + 13);
        pad_crypt_seal(d, r + 1);
    }
    out(d, r, secret ? 17 : 11, times);
}

static void send_hid(struct pad *d, const struct pad_sample *s, unsigned times)
{
    uint8_t r[8] = {1,
                    (uint8_t)((s->p > 0 || s->light) | (s->near ? 4 : 0)),
                    (uint8_t)s->x,
                    (uint8_t)(s->x >> 8),
                    (uint8_t)s->y,
                    (uint8_t)(s->y >> 8),
                    (uint8_t)s->p,
                    (uint8_t)(s->p >> 8)};
    out(d, r, sizeof r, times);
}

static void send_sample(struct pad *d, const struct pad_sample *s)
{
    uint8_t pen[9] = {0};
    unsigned times = 1, ms = (unsigned)(d->due_us / 1000);
    if (d->drop > 0) {
        d->drop--;
        times = 0;
    } else if (d->repeat > 0) {
        d->repeat--;
        times = 2;
    }
    if (d->back > 0) {
        d->back--;
        ms -= 700;
    }
    be16(pen, (unsigned)((s->near ? 0x8000 : 0) | (s->p > 0 || s->light ? 0x1000 : 0) | s->p));
    be16(pen + 2, (unsigned)s->x);
    be16(pen + 4, (unsigned)s->y);
    if (d->kind->hid) {
        send_hid(d, s, times);
    } else if (d->option == 3) {
        send_timed(d, pen, ms, times);
    } else {
        be16(pen + 6, d->option == 1 ? ms & 0xFFFF : d->option == 2 ? d->seq++ : 0);
        uint8_t r[9] = {d->option ? 0x30 : 0x01};
        memcpy(r + 1, pen, 8);
        if (d->crypt.ready)
            send_pair(d, pen, times, !s->near);
        else
            out(d, r, d->option ? 9 : 7, times);
    }
}

static void take_sample(struct pad *d, struct pad_sample s)
{
    if (!s.near) { /* position is not known then; keep the last one */
        s.x = d->last.x;
        s.y = d->last.y;
    }
    if ((d->status == PAD_CAPTURE || d->kind->hid) && usb_plugged(vdev_usb(d->v))) {
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
    const gint64 step = 1000000 / PAD_HZ;
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
    d->tick = g_timeout_add(1000 / PAD_HZ, on_tick, d);
}

void pad_pen_stop(struct pad *d)
{
    g_clear_handle_id(&d->tick, g_source_remove);
}

static void push(struct pad *d, double x, double y, double p, bool near)
{
    struct pad_sample s = {.x = (int)CLAMP(x, 0, d->kind->x),
                           .y = (int)CLAMP(y, 0, d->kind->y),
                           .p = (int)CLAMP(p, 0, d->kind->p),
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

static bool numbers(int n, char **w, int from)
{
    for (int i = from; i < n; i++)
        if (!g_ascii_isdigit(w[i][0]))
            return false;
    return true;
}

/* point x y pressure | points x y p x y p ... */
static bool points(struct pad *d, int n, char **w)
{
    if (n < 4 || (n - 1) % 3 != 0 || !numbers(n, w, 1))
        return false;
    for (int i = 1; i < n; i += 3)
        push(d, g_ascii_strtod(w[i], NULL), g_ascii_strtod(w[i + 1], NULL), g_ascii_strtod(w[i + 2], NULL),
             true);
    return true;
}

static void line(struct pad *d, const double v[4], int samples)
{
    push(d, v[0], v[1], 0, true);
    for (int i = 0; i < samples; i++) {
        double f = samples > 1 ? (double)i / (samples - 1) : 0;
        push(d, v[0] + (v[2] - v[0]) * f, v[1] + (v[3] - v[1]) * f, d->kind->p * (0.3 + 0.4 * f), true);
    }
    lift(d);
}

/* line x0 y0 x1 y1 [samples]; tap x y */
static bool drawn(struct pad *d, int n, char **w)
{
    double v[4] = {0};
    bool tap = w[0][0] == 't';
    if (!numbers(n, w, 1) || (tap ? n != 3 : n != 5 && n != 6))
        return false;
    for (int i = 0; i < 4; i++)
        v[i] = g_ascii_strtod(w[1 + (tap ? i % 2 : i)], NULL);
    line(d, v, tap ? 6 : n == 6 ? (int)g_ascii_strtoull(w[5], NULL, 10) : 60);
    return true;
}

void pad_pen_start(struct pad *d)
{
    d->have_half = false;
    if (!d->autosign)
        return;
    g_array_set_size(d->queue, 0); /* a new hand */
    d->next = 0;
    d->last = (struct pad_sample){0};
    const double v[4] = {d->kind->x * 0.2, d->kind->y * 0.4, d->kind->x * 0.6, d->kind->y * 0.6};
    const double tap[4] = {d->ok_x, d->ok_y, d->ok_x, d->ok_y};
    line(d, v, 50);
    line(d, tap, 4);
}

static bool automatic(struct pad *d, int n, char **w)
{
    d->autosign = n == 3 && numbers(n, w, 1);
    if (d->autosign) {
        d->ok_x = g_ascii_strtod(w[1], NULL);
        d->ok_y = g_ascii_strtod(w[2], NULL);
    }
    return d->autosign || (n == 2 && strcmp(w[1], "off") == 0);
}

static bool light(struct pad *d, unsigned n)
{
    struct pad_sample s =
        d->queue->len > d->next ? g_array_index(d->queue, struct pad_sample, d->queue->len - 1) : d->last;
    s.p = 0;
    s.near = s.light = true;
    for (; n > 0 && d->queue->len < 100000; n--)
        g_array_append_val(d->queue, s);
    wake(d);
    return true;
}

bool pad_pen_command(struct pad *d, int n, char **w, GString *reply)
{
    const struct {
        const char *word;
        unsigned *count;
    } counts[] = {{"drop", &d->drop}, {"repeat", &d->repeat}, {"back", &d->back}, {"wrong", &d->wrong}};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        if (n == 2 && strcmp(w[0], counts[i].word) == 0) {
            *counts[i].count = (unsigned)g_ascii_strtoull(w[1], NULL, 10);
            return true;
        }
    if (strcmp(w[0], "sign") == 0 && n == 1) {
        pad_sign(d->queue, d->kind);
        wake(d);
        g_string_append_printf(reply, "\"samples\":%u", d->queue->len - d->next);
        return true;
    }
    if (strcmp(w[0], "lift") == 0 && n == 1) {
        lift(d);
        return true;
    }
    if (strcmp(w[0], "light") == 0 && n == 2)
        return light(d, (unsigned)g_ascii_strtoull(w[1], NULL, 10));
    if (strcmp(w[0], "point") == 0 || strcmp(w[0], "points") == 0)
        return points(d, n, w);
    if (strcmp(w[0], "line") == 0 || strcmp(w[0], "tap") == 0)
        return drawn(d, n, w);
    return strcmp(w[0], "autosign") == 0 && automatic(d, n, w);
}
