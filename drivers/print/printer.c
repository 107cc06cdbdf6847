#include "drivers/print/printer.h"

#include <string.h>

#include "common/base/clock.h"

#define CHUNK 4096
#define STUCK_MS 10000 /* no byte taken for so long: it will not print on */
#define PIECE_MS 400
#define ASK_MS 800
#define ASK_EVERY_MS 1000 /* while waiting for a printer without automatic status */

void printer_profile(const struct device_row *row, struct printer_profile *out)
{
    const struct jval *v = row ? row->profile : NULL;
    *out = (struct printer_profile){.paper = {(int)jval_int(v, "dots", 576), (int)jval_int(v, "dpi", 203)},
                                    .blade_mm = jval_int(v, "blade_mm", 15),
                                    .mm_s = jval_int(v, "mm_s", 150),
                                    .process_id = jval_bool(v, "process_id", false),
                                    .asb = jval_bool(v, "asb", true),
                                    .cutter = jval_bool(v, "cutter", true),
                                    .feed_before_cut = row_has(row, "feed_before_cut"),
                                    .soft_reset = !row_has(row, "no_soft_reset")};
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
                p->answers += ev.kind == ESCPOS_STATUS || ev.kind == ESCPOS_ASB;
                if (ev.kind == ESCPOS_ID)
                    memcpy(p->id, ev.data, ESCPOS_ID_LEN);
            }
        }
    }
}

static bool all_four(const struct printer *p)
{
    return (p->status.seen & 0x1e) == 0x1e;
}

enum rc printer_ask(struct printer *p, int ms, struct err *e)
{
    BUF_SCOPE(b);
    printer_drain(p);
    escpos_forget(&p->demux);
    p->status.seen &= 1u;
    for (uint8_t n = 1; n <= 4; n++) {
        escpos_ask(&b, n);
        escpos_asked(&p->demux, n);
    }
    p->asked_at = mono_ms();
    TRY(bus_write(p->bus, p->out, b.p, b.len, mono_ms() + ms, e));
    for (int64_t end = mono_ms() + ms; !all_four(p);) {
        enum rc rc = bus_await(p->bus, BUS_RING(PRINTER_RING), end, e);
        printer_drain(p);
        if (rc == RC_TIMEOUT)
            return RC_OK;
        TRY(rc);
    }
    return RC_OK;
}

enum rc printer_open(struct printer *p, struct drv *d, struct err *e)
{
    *p = (struct printer){.bus = d->bus, .dirty = true};
    BUF_SCOPE(b);
    printer_profile(d->row, &p->profile);
    p->in = bus_endpoint(d->bus, BUS_BULK, true, &p->in_size);
    p->out = bus_endpoint(d->bus, BUS_BULK, false, &p->out_size);
    if (!p->out)
        return err_set(e, RC_PROTOCOL, "the printer has no bulk OUT endpoint");
    if (p->in)
        TRY(bus_listen(d->bus, PRINTER_RING, p->in, p->in_size ? p->in_size : 64, 2, e));
    escpos_init(&b);
    if (p->profile.asb)
        escpos_asb(&b, ESCPOS_ASB_ALL);
    /* A printer that stands with its cover open may take nothing now; the real-time questions still pass. */
    enum rc rc = bus_write(d->bus, p->out, b.p, b.len, mono_ms() + 500, e);
    if (rc != RC_OK && rc != RC_TIMEOUT)
        return rc;
    return printer_ask(p, ASK_MS, e);
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
    if (p->status.seen & 1u || mono_ms() - p->asked_at < ASK_EVERY_MS)
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
