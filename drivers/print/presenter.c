#include "drivers/print/presenter.h"

#include "common/base/clock.h"

#define LOOK_MS 250
#define ASK_MS 800
#define RETRACT_MS 5000

enum rc presenter_until(struct printer *p, bool ticket, int64_t ms, bool watch, struct err *e)
{
    for (int64_t end = mono_ms() + ms;;) {
        TRY(printer_ask(p, ASK_MS, e));
        bool told = p->status.seen & ESCPOS_SEEN_CUSTOM;
        if (told && p->status.ticket == ticket)
            return RC_OK;
        if (watch)
            TRY(printer_ready(p, e));
        int64_t next = mono_ms() + LOOK_MS;
        if (mono_ms() >= end)
            return err_set(e, RC_TIMEOUT, "the mouth stays %s", ticket ? "empty" : "full");
        enum rc rc = bus_await(p->bus, 0, next < end ? next : end, e);
        if (rc != RC_OK && rc != RC_TIMEOUT)
            return rc;
    }
}

enum rc presenter_retract(struct printer *p, struct err *e)
{
    BUF_SCOPE(b);
    escpos_retract(&b);
    bus_stop_clear(p->bus);
    TRY(bus_write(p->bus, p->out, b.p, b.len, mono_ms() + ASK_MS, e));
    enum rc rc = presenter_until(p, false, RETRACT_MS, false, e);
    if (rc != RC_TIMEOUT)
        return rc;
    return err_code(e, RC_USER, "TICKET_IN_THROAT", 0, "a ticket lies in the mouth and cannot be taken back");
}
