/* The receipt printer: USB side, mechanism, faults. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/devices/printer.h"

enum { EP_OUT = 0x01, EP_IN = 0x82, TICK_MS = 4, ANSWERS_MAX = 512 };

/* ---- status ---- */

bool printer_end(const struct printer *p)
{
    return p->paper.left <= 0;
}

bool printer_near(const struct printer *p)
{
    return p->paper.left < PR_NEAR_MM;
}

bool printer_blocked(const struct printer *p)
{
    return p->cover_open || p->recover || p->cutter_error || printer_end(p);
}

void printer_status(const struct printer *p, uint8_t asb[4])
{
    asb[0] = (uint8_t)(0x10 | (printer_blocked(p) ? 0x08 : 0) | (p->cover_open ? 0x20 : 0));
    asb[1] = p->cutter_error ? 0x08 : 0;
    asb[2] = (uint8_t)((printer_near(p) ? 0x03 : 0) | (printer_end(p) ? 0x0C : 0));
    asb[3] = 0;
}

void printer_answer(struct printer *p, const void *d, size_t n)
{
    if (!p->mute &&
        usb_in_waiting(vdev_usb(p->v), EP_IN) < ANSWERS_MAX) /* nobody reads: lost, as in the real one */
        usb_in(vdev_usb(p->v), EP_IN, d, n, 0);
}

void printer_changed(struct printer *p)
{
    uint8_t s[4];
    printer_status(p, s);
    bool told = (p->asb_mask & 0x02 && s[0] != p->asb_last[0]) ||
                (p->asb_mask & 0x04 && s[1] != p->asb_last[1]) ||
                (p->asb_mask & 0x08 && s[2] != p->asb_last[2]);
    memcpy(p->asb_last, s, 4);
    if (told && !p->asb_broken)
        printer_answer(p, s, 4);
}

/* ---- mechanism ---- */

static bool working(const struct printer *p)
{
    return p->rx->len > 0 || p->raster_rows > 0 || p->feed > 0 || p->cut;
}

/* Something stopped the paper: in the middle of work the host must say how to go on (DLE ENQ). */
static void stopped(struct printer *p)
{
    if (working(p) && printer_blocked(p))
        p->recover = true;
    printer_changed(p);
}

bool printer_row(struct printer *p, const uint8_t *row)
{
    if (printer_end(p)) {
        stopped(p);
        return false;
    }
    bool near = printer_near(p);
    paper_feed(&p->paper, row);
    p->free_us += (gint64)(1e6 / (p->mm_s * p->kind->per_mm));
    if (printer_end(p))
        stopped(p);
    else if (near != printer_near(p))
        printer_changed(p);
    vdev_count(p->v, "mm", 1.0 / p->kind->per_mm);
    return true;
}

static void run(struct printer *p)
{
    gint64 now = g_get_monotonic_time();
    if (p->free_us < now - 1000 * TICK_MS * 4)
        p->free_us = now; /* it stood still: no time to catch up */
    while (p->free_us <= now && !printer_blocked(p) && escpos_step(p))
        ;
    usb_resume(vdev_usb(p->v), EP_OUT);
}

static gboolean on_tick(gpointer user)
{
    struct printer *p = user;
    run(p);
    if (working(p) && !printer_blocked(p))
        return G_SOURCE_CONTINUE;
    p->tick = 0;
    return G_SOURCE_REMOVE;
}

void printer_wake(struct printer *p)
{
    if (!p->tick)
        p->tick = g_timeout_add(TICK_MS, on_tick, p);
}

void printer_recover(struct printer *p, bool clear)
{
    p->recover = false;
    p->cutter_error = false;
    if (clear) {
        unsigned rt = p->rt_n;
        escpos_reset(p);
        p->rt_n = rt;
    }
    printer_changed(p);
    printer_wake(p);
}

/* ---- USB ---- */

static int on_control(void *user, const uint8_t setup[8], uint8_t *data, size_t len)
{
    struct printer *p = user;
    switch (setup[0] << 8 | setup[1]) {
    case 0xA100: { /* GET_DEVICE_ID: IEEE 1284, length big-endian and counting itself */
        g_autofree char *id = g_strdup_printf("MFG:%s;CMD:ESC/POS;MDL:%s;CLS:PRINTER;DES:%s %s;",
                                              p->kind->maker, p->kind->model, p->kind->maker, p->kind->model);
        uint8_t all[512];
        size_t n = MIN(strlen(id), sizeof all - 2) + 2;
        all[0] = (uint8_t)(n >> 8);
        all[1] = (uint8_t)n;
        memcpy(all + 2, id, n - 2);
        n = MIN(n, len);
        memcpy(data, all, n);
        return (int)n;
    }
    case 0xA101: /* GET_PORT_STATUS */
        if (len > 0)
            data[0] = (uint8_t)(0x10 | (printer_blocked(p) ? 0 : 0x08) | (printer_end(p) ? 0x20 : 0));
        return len > 0 ? 1 : 0;
    case 0x2102: /* SOFT_RESET */
    case 0x2302:
        escpos_reset(p);
        return 0;
    default:
        return -EPIPE;
    }
}

static int on_out(void *user, uint8_t ep, const uint8_t *data, size_t len)
{
    struct printer *p = user;
    if (ep != EP_OUT)
        return -EPIPE;
    /* A full buffer still takes a real-time command that comes alone. */
    size_t room = p->rx->len < PR_RX ? PR_RX - p->rx->len : 0;
    if (room < len && len <= 16 && data[0] == 0x10 && p->rx->len < PR_RX + 1024)
        room = len;
    size_t n = MIN(len, room);
    if (n == 0)
        return 0;
    /* Byte by byte: DLE ENQ 2 clears what came before it, not what comes after. */
    for (size_t i = 0; i < n; i++) {
        g_byte_array_append(p->rx, data + i, 1);
        bool third = p->rt_n == 2;
        escpos_realtime(p, data + i, 1);
        /* A question to an idle printer is not work that a paper end could interrupt. */
        if (third && p->rx->len == 3 && !p->cmd && p->raster_rows == 0)
            g_byte_array_set_size(p->rx, 0);
    }
    p->bytes += n;
    run(p);
    printer_wake(p);
    return (int)n;
}

static const struct usb_model usb = {.control = on_control, .out = on_out};

/* ---- vdev ---- */

static void *start(struct vdev *v, const struct vdev_opts *o)
{
    struct printer *p = g_new0(struct printer, 1);
    p->v = v;
    p->kind = printer_kind(o->variant);
    if (!p->kind) {
        g_free(p);
        return NULL;
    }
    p->mm_s = 150;
    p->spacing = 30;
    p->rx = g_byte_array_new();
    p->args = g_byte_array_new();
    p->store = g_byte_array_new();
    paper_init(&p->paper, p->kind, o->dir);
    return p;
}

static void stop(void *user)
{
    struct printer *p = user;
    g_clear_handle_id(&p->tick, g_source_remove);
    g_byte_array_free(p->rx, TRUE);
    g_byte_array_free(p->args, TRUE);
    g_byte_array_free(p->store, TRUE);
    paper_free(&p->paper);
    g_free(p);
}

/* The printer has its own power: unplugged it prints what its buffer still holds; a new link starts clean. */
static void power(void *user, bool on)
{
    struct printer *p = user;
    if (!on)
        return;
    escpos_reset(p);
    p->asb_mask = 0;
    p->recover = false;
}

static bool cmd_paper(struct printer *p, const char *arg)
{
    if (strcmp(arg, "ok") == 0)
        p->paper.left = PR_ROLL_MM;
    else if (g_ascii_isdigit(arg[0]))
        p->paper.left = MIN(g_ascii_strtod(arg, NULL), 1e6);
    else
        return false;
    stopped(p);
    printer_wake(p);
    return true;
}

static bool set_flag(bool *flag, const char *arg, const char *yes, const char *no)
{
    if (strcmp(arg, yes) != 0 && strcmp(arg, no) != 0)
        return false;
    *flag = strcmp(arg, yes) == 0;
    return true;
}

static bool cmd_one(struct printer *p, const char *verb, GString *reply)
{
    if (strcmp(verb, "paper_end") == 0) {
        p->paper.left = 0;
    } else if (strcmp(verb, "paper_near_end") == 0) {
        p->paper.left = MIN(p->paper.left, PR_NEAR_MM - 1);
    } else if (strcmp(verb, "tear") == 0) {
        paper_tear(&p->paper);
    } else if (strcmp(verb, "take") == 0) {
        if (p->mouth != MOUTH_OFFERED) {
            g_string_assign(reply, "nothing is offered");
            return false;
        }
        p->mouth = MOUTH_EMPTY;
        p->taken++;
        return true;
    } else if (strcmp(verb, "picture") == 0) {
        if (!paper_picture(&p->paper)) {
            g_string_assign(reply, "nothing printed yet");
            return false;
        }
        g_string_append_printf(reply, "\"ticket\":%d,\"path\":", p->paper.tickets);
        g_autofree char *path = g_build_filename(p->paper.dir, "paper.png", NULL);
        vdev_quote(reply, path);
        return true;
    } else {
        return false;
    }
    stopped(p);
    return true;
}

static bool cmd_two(struct printer *p, const char *verb, const char *arg)
{
    bool on = true;
    if (strcmp(verb, "paper") == 0)
        return cmd_paper(p, arg);
    if (strcmp(verb, "cover") == 0 && set_flag(&p->cover_open, arg, "open", "close")) {
        stopped(p);
        printer_wake(p);
        return true;
    }
    if (strcmp(verb, "cutter") == 0)
        return set_flag(&p->cutter_jam, arg, "jam", "ok");
    if (strcmp(verb, "process_id") == 0 && set_flag(&on, arg, "on", "off")) {
        p->id_broken = !on;
        return true;
    }
    if (strcmp(verb, "asb") == 0 && set_flag(&on, arg, "on", "off")) {
        p->asb_broken = !on;
        return true;
    }
    if (strcmp(verb, "mute") == 0)
        return set_flag(&p->mute, arg, "on", "off");
    if (strcmp(verb, "mouth") == 0)
        return set_flag(&p->mouth_stuck, arg, "jam", "ok");
    if (strcmp(verb, "speed") == 0 && g_ascii_isdigit(arg[0])) {
        p->mm_s = CLAMP(g_ascii_strtod(arg, NULL), 1, 100000);
        return true;
    }
    return false;
}

static bool command(void *user, int n, char **w, GString *reply)
{
    if (n == 1)
        return cmd_one(user, w[0], reply);
    return n == 2 && cmd_two(user, w[0], w[1]);
}

static const char *yes(bool b)
{
    return b ? "true" : "false";
}

static void state(void *user, GString *s)
{
    const struct printer *p = user;
    char num[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf(s, "\"paper_mm\":%s", g_ascii_formatd(num, sizeof num, "%.1f", p->paper.left));
    g_string_append_printf(s, ",\"printed_mm\":%s", g_ascii_formatd(num, sizeof num, "%.1f", p->paper.total));
    double out = (double)(p->paper.rows->len / p->paper.row - paper_blade(&p->paper)) / p->kind->per_mm;
    g_string_append_printf(s, ",\"out_mm\":%s", g_ascii_formatd(num, sizeof num, "%.1f", out));
    g_string_append_printf(s, ",\"ticket_mm\":%s",
                           g_ascii_formatd(num, sizeof num, "%.1f", p->paper.last_mm));
    g_string_append_printf(s, ",\"tickets\":%d,\"inked\":%s,\"busy\":%s,\"cover\":\"%s\",\"cutter\":\"%s\"",
                           p->paper.tickets, yes(p->paper.inked), yes(working(p)),
                           p->cover_open ? "open" : "closed",
                           p->cutter_error ? "error"
                           : p->cutter_jam ? "jam"
                                           : "ok");
    g_string_append_printf(s, ",\"near_end\":%s,\"end\":%s,\"offline\":%s,\"recover\":%s",
                           yes(printer_near(p)), yes(printer_end(p)), yes(printer_blocked(p)),
                           yes(p->recover));
    g_string_append_printf(s, ",\"asb\":%d,\"process_id\":%s,\"buffer\":%u,\"text_bytes\":%" G_GUINT64_FORMAT,
                           p->asb_mask, yes(!p->id_broken), p->rx->len, p->text_bytes);
    g_string_append_printf(s,
                           ",\"bytes\":%" G_GUINT64_FORMAT ",\"unknown\":%" G_GUINT64_FORMAT
                           ",\"bad\":%" G_GUINT64_FORMAT ",\"realtime\":%" G_GUINT64_FORMAT
                           ",\"ids\":%" G_GUINT64_FORMAT ",\"resets\":%" G_GUINT64_FORMAT ",\"last_id\":",
                           p->bytes, p->unknown, p->bad, p->realtime, p->ids, p->resets);
    vdev_quote(s, p->last_id);
    static const char *const mouths[] = {"empty", "inside", "offered"};
    g_string_append_printf(s, ",\"model\":\"%s\",\"dots\":%d,\"mouth\":\"%s\",\"taken\":%d,\"retracted\":%d",
                           p->kind->model, p->kind->dots, mouths[p->mouth], p->taken, p->retracted);
}

const struct vmodel printer_model = {.name = "printer",
                                     .variant = printer_variant,
                                     .usb = &usb,
                                     .start = start,
                                     .stop = stop,
                                     .power = power,
                                     .command = command,
                                     .state = state};
