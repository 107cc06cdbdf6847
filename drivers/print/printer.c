#include "drivers/print/printer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

#define CHUNK 4096
#define STUCK_MS 5000 /* no byte taken for so long: it will not print on */
#define PIECE_MS 400
#define ASK_MS 800
#define ASK_EVERY_MS 1000 /* while waiting for a printer without automatic status */
#define DEAF_MS 40        /* for one that never answered */
#define NAME_MS 300
#define PROBES_MAX 3

/* Everything the printer sends ends here. */
static void heard(struct printer *p, const struct escpos_event *ev)
{
    size_t n = ev->len < sizeof(p->info) - 1 ? ev->len : sizeof(p->info) - 1;
    p->replies |= p->status.seen;
    switch (ev->kind) {
    case ESCPOS_STATUS:
    case ESCPOS_ASB:
    case ESCPOS_CUSTOM:
        p->answers++;
        break;
    case ESCPOS_ID:
        memcpy(p->id, ev->data, ESCPOS_ID_LEN);
        break;
    case ESCPOS_INFO:
        memcpy(p->info, ev->data, n);
        p->info[n] = 0;
        break;
    case ESCPOS_ROLL:
        p->roll_cm = strtoll((const char *)ev->data, NULL, 10);
        break;
    }
}

void printer_drain(struct printer *p)
{
    uint8_t packet[512];
    size_t len;
    struct escpos_event ev;
    while (bus_take(p->bus, PRINTER_RING, packet, sizeof(packet), &len, NULL)) {
        for (size_t i = 0; i < len; i++) {
            escpos_put(&p->demux, packet[i]);
            while (escpos_next(&p->demux, &ev)) {
                escpos_merge(&p->status, &ev);
                heard(p, &ev);
            }
        }
    }
}

#define SEEN_EOT 0x1eu

bool printer_answered(const struct printer *p)
{
    return p->status.seen & (SEEN_EOT | ESCPOS_SEEN_CUSTOM);
}

/* The answers worth waiting for. */
static unsigned expected(const struct printer *p)
{
    unsigned all = SEEN_EOT | (p->profile.custom ? ESCPOS_SEEN_CUSTOM : 0);
    return p->asks <= 2 ? all : all & p->replies;
}

enum rc printer_ask(struct printer *p, int ms, struct err *e)
{
    BUF_SCOPE(b);
    printer_drain(p);
    escpos_forget(&p->demux);
    p->status.seen &= 1u;
    p->asked_at = mono_ms();
    if (!p->profile.status)
        return RC_OK;
    for (uint8_t n = 1; n <= 4; n++) {
        escpos_ask(&b, n);
        escpos_asked(&p->demux, n);
    }
    if (p->profile.custom) {
        escpos_ask(&b, ESCPOS_CUSTOM_FULL);
        escpos_asked(&p->demux, ESCPOS_CUSTOM_FULL);
    }
    p->asks++;
    TRY(bus_write(p->bus, p->out, b.p, b.len, mono_ms() + ms, e));
    for (int64_t end = mono_ms() + (expected(p) ? ms : DEAF_MS); p->in;) {
        if (expected(p) && (p->status.seen & expected(p)) == expected(p))
            return RC_OK;
        enum rc rc = bus_await(p->bus, BUS_RING(PRINTER_RING), end, e);
        printer_drain(p);
        if (rc == RC_TIMEOUT)
            return RC_OK;
        TRY(rc);
    }
    return RC_OK;
}

static enum rc greet(struct printer *p, struct err *e)
{
    BUF_SCOPE(b);
    p->demux.custom = p->profile.custom && !p->profile.asb;
    escpos_init(&b);
    if (p->profile.asb)
        escpos_asb(&b, ESCPOS_ASB_ALL);
    /* A printer that stands with its cover open may take nothing now; the real-time questions still pass. */
    enum rc rc = bus_write(p->bus, p->out, b.p, b.len, mono_ms() + 500, e);
    return rc == RC_TIMEOUT ? RC_OK : rc;
}

enum rc printer_open(struct printer *p, struct drv *d, struct err *e)
{
    *p = (struct printer){.bus = d->bus, .fresh = true, .dirty = true, .roll_cm = -1};
    printer_profile(d->row, &p->profile);
    p->in = bus_endpoint(d->bus, BUS_BULK, true, &p->in_size);
    p->out = bus_endpoint(d->bus, BUS_BULK, false, &p->out_size);
    if (!p->out)
        return err_set(e, RC_PROTOCOL, "the printer has no bulk OUT endpoint");
    if (p->in)
        TRY(bus_listen(d->bus, PRINTER_RING, p->in, p->in_size ? p->in_size : 64, 2, e));
    TRY(greet(p, e));
    TRY(printer_ask(p, ASK_MS, e));
    return printer_probe(p, d, e);
}

/* ---- who it is ---- */

/* Only the link's end is an error here: a printer that says no name is one like its row. */
static enum rc ask_name(struct printer *p, char name[64], struct err *e)
{
    BUF_SCOPE(b);
    name[0] = p->info[0] = 0;
    escpos_info(&b, 67);
    enum rc rc = bus_write(p->bus, p->out, b.p, b.len, mono_ms() + NAME_MS, e);
    for (int64_t end = mono_ms() + NAME_MS; rc == RC_OK && !p->info[0];) {
        rc = bus_await(p->bus, BUS_RING(PRINTER_RING), end, e);
        printer_drain(p);
    }
    snprintf(name, 64, "%s", p->info);
    return rc == RC_TIMEOUT || rc == RC_CANCELLED ? RC_OK : rc;
}

static enum rc device_id(struct printer *p, char name[64], struct err *e)
{
    uint8_t id[512];
    size_t n = 0;
    struct bus_setup get = {.type = 0xa1, .request = 0, .length = sizeof id};
    get.index = (uint16_t)(bus_id(p->bus)->interface << 8);
    enum rc rc = bus_control(p->bus, &get, id, &n, mono_ms() + NAME_MS, e);
    name[0] = 0;
    if (rc == RC_OK && n > 2) {
        printer_id_value((const char *)id + 2, n - 2, "MDL", name, 64);
        if (!name[0])
            printer_id_value((const char *)id + 2, n - 2, "MODEL", name, 64);
    }
    return rc == RC_LINK_LOST ? rc : RC_OK;
}

static bool adopt(struct printer *p, struct drv *d, const char *name)
{
    size_t n = 0;
    const struct device_row *rows = drv_rows(d, &n), *row = NULL;
    if (name[0])
        row = printer_row_for(rows, n, bus_id(p->bus)->vid, name);
    if (!row)
        return false;
    d->row = row;
    printer_profile(row, &p->profile);
    snprintf(p->model, sizeof(p->model), "%s", name);
    return true;
}

enum rc printer_probe(struct printer *p, struct drv *d, struct err *e)
{
    char name[64] = "";
    if (p->probed || p->probes >= PROBES_MAX)
        return RC_OK;
    p->probes++;
    bool talks = p->in && p->profile.info && printer_answered(p) && !p->status.offline;
    if (talks)
        TRY(ask_name(p, name, e));
    if (name[0] && !p->model[0])
        snprintf(p->model, sizeof(p->model), "%s", name);
    p->probed = name[0];
    if (adopt(p, d, name))
        return greet(p, e);
    if (p->probes > 1)
        return RC_OK;
    TRY(device_id(p, name, e));
    if (adopt(p, d, name) || adopt(p, d, bus_id(p->bus)->product))
        return greet(p, e);
    return RC_OK;
}

enum rc printer_ask_roll(struct printer *p, struct err *e)
{
    BUF_SCOPE(b);
    if (!p->profile.custom || !printer_answered(p) || p->status.offline)
        return RC_OK;
    escpos_ask_roll(&b);
    escpos_asked(&p->demux, ESCPOS_CUSTOM_ROLL);
    return bus_write(p->bus, p->out, b.p, b.len, mono_ms() + NAME_MS, e);
}

enum rc printer_ready(const struct printer *p, struct err *e)
{
    const struct escpos_status *s = &p->status;
    if (s->cover)
        return err_code(e, RC_USER, "COVER_OPEN", 0, "the cover is open");
    if (escpos_paper_out(s))
        return err_code(e, RC_USER, "PAPER_END", 0, "the paper has ended");
    if (s->cutter)
        return err_code(e, RC_DEVICE, "CUTTER", 0, "the cutter is stuck");
    if (escpos_failed(s))
        return err_code(e, RC_DEVICE, "PRINTER_ERROR", 0, "the printer reports an error");
    return RC_OK;
}

/* The job is lost. Only now may a question be put among its bytes: it would shift the picture. */
static enum rc stuck(struct printer *p, struct err *e)
{
    enum rc rc = printer_ask(p, ASK_MS, e);
    if (rc != RC_OK && rc != RC_TIMEOUT && rc != RC_CANCELLED)
        return rc;
    TRY(printer_ready(p, e));
    return err_set(e, RC_TIMEOUT, "the printer takes no more bytes");
}

enum rc printer_write(struct printer *p, const void *bytes, size_t len, size_t *sent, struct err *e)
{
    const uint8_t *at = bytes;
    int64_t moved = mono_ms();
    while (len) {
        enum rc rc = bus_write(p->bus, p->out, at, len < CHUNK ? len : CHUNK, mono_ms() + PIECE_MS, e);
        size_t took = bus_sent(p->bus);
        printer_drain(p);
        *sent += took;
        at += took;
        len -= took;
        if (took)
            moved = mono_ms();
        if (rc == RC_OK)
            continue;
        if (rc != RC_TIMEOUT && rc != RC_CANCELLED)
            return rc;
        bus_stop_clear(p->bus); /* once the first byte is out a cancel comes too late */
        TRY(printer_ready(p, e));
        if (mono_ms() - moved > STUCK_MS)
            return stuck(p, e);
    }
    return RC_OK;
}

/* A printer that tells nothing by itself is asked, one question set a second; the job's bytes are all out, so
 * the questions stand in no command. */
static enum rc prod(struct printer *p, struct err *e)
{
    if ((p->status.seen & 1u && !p->profile.custom) || mono_ms() - p->asked_at < ASK_EVERY_MS)
        return RC_OK;
    enum rc rc = printer_ask(p, ASK_MS, e);
    if (rc == RC_CANCELLED)
        bus_stop_clear(p->bus);
    return rc == RC_TIMEOUT || rc == RC_CANCELLED ? RC_OK : rc;
}

enum rc printer_until(struct printer *p, const char *id, int64_t ms, struct err *e)
{
    int64_t end = mono_ms() + ms;
    for (;;) {
        printer_drain(p);
        if (id && memcmp(p->id, id, ESCPOS_ID_LEN) == 0)
            return RC_OK;
        TRY(printer_ready(p, e));
        TRY(prod(p, e));
        int64_t step = mono_ms() + ASK_EVERY_MS;
        enum rc rc = bus_await(p->bus, BUS_RING(PRINTER_RING), step < end ? step : end, e);
        if (rc == RC_CANCELLED)
            bus_stop_clear(p->bus);
        else if (rc != RC_TIMEOUT || mono_ms() >= end)
            TRY(rc);
    }
}

bool printer_waits(const struct printer *p)
{
    const struct escpos_status *s = &p->status;
    return s->cutter || escpos_failed(s) ||
           (s->offline && !s->cover && !s->feeding && !s->paper_end && !s->near_end);
}

enum rc printer_heal(struct printer *p, struct err *e)
{
    BUF_SCOPE(b);
    struct bus_setup reset = {.type = 0x21, .request = 0x02};
    escpos_recover(&b, 2);
    p->healed_at = mono_ms();
    TRY(bus_write(p->bus, p->out, b.p, b.len, mono_ms() + ASK_MS, e));
    if (p->profile.soft_reset) {
        reset.index = bus_id(p->bus)->interface;
        enum rc rc = bus_control(p->bus, &reset, NULL, NULL, mono_ms() + ASK_MS, e);
        if (rc != RC_OK && rc != RC_UNSUPPORTED)
            return rc;
    }
    p->status.cutter = p->status.error = p->status.stopped = p->status.offline = false;
    p->status.recoverable = p->status.unrecoverable = false;
    return printer_ask(p, ASK_MS, e);
}
