/* Opening a reader: what it says of itself, and what its row says of it. */
#include "common/base/clock.h"
#include "drivers/card/ccid_priv.h"

#include <string.h>

#define CONTROL_MS 1000
#define POWER_ON_MS 10000
#define POWER_ON_MAX_MS 60000
#define SHORT_COMMAND 261
#define SHORT_ANSWER 258
#define ICCD                                                                                                 \
    ": an ICCD token speaks over the control pipe, which is not supported; use a reader of the CCID class"

static uint32_t at_most(uint32_t value, int64_t limit)
{
    return limit > 0 && (value == 0 || value > limit) ? (uint32_t)limit : value;
}

static int level_by_name(const char *name)
{
    static const char *const names[] = {"character", "tpdu", "short", "extended"};
    for (size_t i = 0; name && i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

/* Numbers of an array member; how many, 0: it is not there. */
static size_t numbers(const struct jval *profile, const char *name, uint8_t *out, size_t cap)
{
    const struct jval *v = profile ? jval_get(profile, name) : NULL;
    size_t n = 0;
    for (size_t i = 0; v && v->kind == JV_ARR && i < v->n && n < cap; i++)
        if (v->items[i].kind == JV_INT && v->items[i].i >= 0 && v->items[i].i < 256)
            out[n++] = (uint8_t)v->items[i].i;
    return n;
}

/* What to try at power-on: the row's list; else by itself if the reader can; else 5 V, 3 V, 1.8 V as offered.
 */
static void volts(const struct ccid_class *c, const struct jval *profile, struct ccid_traits *t)
{
    t->n_volts = (uint8_t)numbers(profile, "volts", t->volts, COUNT(t->volts));
    if (t->n_volts == 0 && (c->features & CCID_AUTO_VOLTAGE))
        t->volts[t->n_volts++] = 0;
    bool offered = t->n_volts == 0;
    for (uint8_t v = 1; offered && v <= 3; v++)
        if (c->voltages & 1 << (v - 1))
            t->volts[t->n_volts++] = v;
}

/* The row wins over the descriptor. */
static void traits(struct ccid_link *l, const struct device_row *row)
{
    const struct jval *profile = row ? row->profile : NULL;
    struct ccid_class *c = &l->cls;
    struct ccid_traits *t = &l->traits;
    *t = (struct ccid_traits){.off_first = row_has(row, "off_first"),
                              .no_notices = row_has(row, "no_notices"),
                              .no_pps = row_has(row, "no_pps"),
                              .no_parameters = row_has(row, "no_parameters")};
    t->apdu_ms = ccid_earlier(CCID_APDU_MS, jval_int(profile, "apdu_ms", CCID_APDU_MS));
    t->cap_ms = ccid_earlier(CCID_CAP_MS, jval_int(profile, "cap_ms", CCID_CAP_MS));
    t->power_on_ms = ccid_earlier(POWER_ON_MAX_MS, jval_int(profile, "power_on_ms", POWER_ON_MS));
    int level = level_by_name(jval_str(profile, "level", NULL));
    if (level >= 0)
        c->level = (enum ccid_level)level;
    int64_t message = jval_int(profile, "max_message", 0);
    c->max_message = message > CCID_HEADER ? at_most(c->max_message, message) : c->max_message;
    if (c->max_message == 263) /* some SCM firmwares say so and take 271 */
        c->max_message = 271;
    c->max_ifsd = (uint32_t)jval_int(profile, "max_ifsd", c->max_ifsd);
    c->max_rate = at_most(c->max_rate, jval_int(profile, "max_rate", 0));
    volts(c, profile, t);
    t->n_slots = (uint8_t)numbers(profile, "slots", t->slots, CCID_SLOTS);
    bool all = t->n_slots == 0;
    for (uint8_t s = 0; all && s < c->slots && s < CCID_SLOTS; s++)
        t->slots[t->n_slots++] = s;
    for (size_t i = 0; i < t->n_slots; i++)
        l->cards[i] = CCID_ABSENT;
    l->slot = t->slots[0];
}

/* GET_DATA_RATES (5.3.3). A reader that does not know the request is taken at its dwMaxDataRate. */
static enum rc data_rates(struct ccid_link *l, struct err *e)
{
    uint8_t p[4 * CCID_RATES];
    size_t got = 0, n = l->cls.rates < CCID_RATES ? l->cls.rates : CCID_RATES;
    if (n == 0 || l->cls.level != CCID_TPDU)
        return RC_OK;
    struct bus_setup s = {
        .type = 0xA1, .request = 0x03, .index = bus_id(l->bus)->interface, .length = (uint16_t)(4 * n)};
    enum rc rc = bus_control(l->bus, &s, p, &got, mono_ms() + CONTROL_MS, e);
    if (rc == RC_LINK_LOST || rc == RC_CANCELLED)
        return rc;
    for (size_t i = 0; rc == RC_OK && i + 4 <= got; i += 4)
        l->rates[l->n_rates++] =
            p[i] | (uint32_t)p[i + 1] << 8 | (uint32_t)p[i + 2] << 16 | (uint32_t)p[i + 3] << 24;
    return RC_OK;
}

static enum rc listen_all(struct ccid_link *l, struct err *e)
{
    uint16_t in_size = 0, notice_size = 0;
    uint8_t ep_in = bus_endpoint(l->bus, BUS_BULK, true, &in_size);
    uint8_t notice = bus_endpoint(l->bus, BUS_INTERRUPT, true, &notice_size);
    l->ep_out = bus_endpoint(l->bus, BUS_BULK, false, NULL);
    if (!ep_in || !l->ep_out || !in_size)
        return err_set(e, RC_UNSUPPORTED, "the reader has no bulk endpoints" ICCD);
    TRY(bus_listen(l->bus, CCID_RING_BULK, ep_in, in_size, 8, e));
    l->port.has_notices = notice && notice_size && !l->traits.no_notices;
    if (l->port.has_notices)
        TRY(bus_listen(l->bus, CCID_RING_NOTICE, notice, notice_size, 2, e));
    return RC_OK;
}

static enum rc usable(const struct ccid_link *l, const struct device_row *row, struct err *e)
{
    const char *name = row ? row->name : "the reader";
    const char *refuse = row ? jval_str(row->profile, "refuse", NULL) : NULL;
    if (refuse)
        return err_set(e, RC_UNSUPPORTED, "%s: %s", name, refuse);
    const char *transport = row ? jval_str(row->profile, "transport", NULL) : NULL;
    if (transport && strcmp(transport, "pcsc") == 0)
        return err_set(e, RC_UNSUPPORTED,
                       "%s is known to work through PC/SC only: start the driver with --transport pcsc",
                       name);
    if (l->cls.features & CCID_ICCD)
        return err_set(e, RC_UNSUPPORTED, "%s is card and reader in one" ICCD, name);
    if (l->cls.level == CCID_CHARACTER)
        return err_set(
            e, RC_UNSUPPORTED,
            "%s works at character level, where the host times every byte; that is not supported, use "
            "a reader of TPDU or APDU level",
            name);
    if (l->traits.n_slots == 0)
        return err_set(e, RC_UNSUPPORTED, "%s has no slot for cards", name);
    return RC_OK;
}

static void describe(const struct port *p, struct buf *out)
{
    const struct ccid_link *l = (const struct ccid_link *)p;
    buf_fmt(out, ",\"transport\":\"ccid\",\"level\":\"%s\",\"slots\":%u,\"slot\":%u,\"max_message\":%u",
            ccid_level_name(l->cls.level), l->cls.slots, l->slot, (unsigned)l->cls.max_message);
    if (p->powered && l->protocol >= 0)
        buf_fmt(out, ",\"protocol\":\"T=%d\",\"ta1\":\"%02X\",\"bits_per_second\":%u", l->protocol, l->ta1,
                (unsigned)pps_rate(l->ta1, l->cls.clock_khz));
}

static bool notices(struct port *p)
{
    return ccid_link_notices((struct ccid_link *)p);
}

static enum rc status(struct port *p, struct err *e)
{
    return ccid_link_status((struct ccid_link *)p, e);
}

static void wipe_link(struct port *p)
{
    struct ccid_link *l = (struct ccid_link *)p;
    memset(l->frame, 0, sizeof l->frame);
    l->have = 0;
    port_wipe(p);
}

static const struct port_ops ops = {.name = "ccid",
                                    .notices = notices,
                                    .status = status,
                                    .power_on = ccid_power_on,
                                    .power_off = ccid_power_off,
                                    .exchange = ccid_apdu,
                                    .describe = describe,
                                    .wipe = wipe_link};

enum rc ccid_link_open(struct ccid_link *l, struct bus *bus, const struct device_row *row, struct err *e)
{
    uint8_t desc[64];
    size_t len = 0;
    struct ccid_rates *memory = l->memory;
    port_free(&l->port);
    *l = (struct ccid_link){.bus = bus, .memory = memory};
    l->port = (struct port){.ops = &ops, .card = CCID_ABSENT, .deadline = INT64_MAX};
    TRY(bus_class_descriptor(bus, 0x21, desc, sizeof desc, &len, e));
    TRY(ccid_class_parse(desc, len, &l->cls, e));
    traits(l, row);
    TRY(usable(l, row, e));
    bool wide = l->cls.level != CCID_SHORT;
    l->port.max_command = wide ? APDU_MAX : SHORT_COMMAND;
    l->port.max_answer = wide ? APDU_DATA_MAX : SHORT_ANSWER;
    TRY(listen_all(l, e));
    TRY(data_rates(l, e));
    return ccid_settle(l, e);
}
