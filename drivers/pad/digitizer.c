#include "drivers/pad/digitizer.h"

#define X 0x00010030u
#define Y 0x00010031u
#define TIP_SWITCH 0x000D0042u
#define IN_RANGE 0x000D0032u
#define TIP_PRESSURE 0x000D0030u
#define TOUCH 0x000D0033u
#define BUTTON_1 0x00090001u
#define PEN 0x000D0002u

/* The first value with this usage in this report; size 0: none. */
static struct hid_field value(const struct hid_map *m, uint8_t report, uint32_t usage)
{
    for (size_t i = 0; i < m->n_fields; i++)
        if (m->field[i].report == report && m->field[i].usage == usage && !m->field[i].relative &&
            m->field[i].max > m->field[i].min)
            return m->field[i];
    return (struct hid_field){0};
}

static int span(const struct hid_field *f)
{
    int64_t n = (int64_t)f->max - f->min;
    return n < 65535 ? (int)n : 65535;
}

static bool usable(const struct hid_map *m, uint8_t id, struct digitizer *out)
{
    static const uint32_t tips[] = {TIP_SWITCH, TOUCH, BUTTON_1};
    struct digitizer d = {
        value(m, id, X), value(m, id, Y), {0}, value(m, id, IN_RANGE), value(m, id, TIP_PRESSURE)};
    for (size_t k = 0; k < COUNT(tips) && d.tip.size == 0; k++)
        d.tip = value(m, id, tips[k]);
    if (!d.x.size || !d.y.size || !d.tip.size || span(&d.x) < 100 || span(&d.y) < 100)
        return false;
    *out = d;
    return true;
}

/* A screen that feels fingers and a pen has a report for each, often the fingers' first: one signs with the
 * pen. */
static int rank(const struct digitizer *d)
{
    return (d->x.within == PEN ? 2 : 0) + (d->pressure.size ? 1 : 0);
}

enum rc digitizer_find(const struct hid_map *m, struct digitizer *out, struct stu_capability *cap,
                       struct err *e)
{
    struct digitizer d, best = {0};
    int most = -1;
    for (size_t i = 0; i < m->n; i++)
        if (m->report[i].kind == HID_INPUT && usable(m, m->report[i].id, &d) && rank(&d) > most) {
            most = rank(&d);
            best = d;
        }
    if (most < 0)
        return err_set(e, RC_UNSUPPORTED, "neither a pen pad nor a touch pad: no absolute x, y and tip");
    *out = best;
    *cap = (struct stu_capability){.max_x = span(&best.x),
                                   .max_y = span(&best.y),
                                   .max_pressure = best.pressure.size ? span(&best.pressure) : 1};
    return RC_OK;
}

static int level(const struct hid_field *f, int32_t v)
{
    int64_t n = (int64_t)v - f->min;
    return n < 0 ? 0 : n > span(f) ? span(f) : (int)n;
}

bool digitizer_sample(const struct hid_map *m, const struct digitizer *d, struct bytes report,
                      struct stu_sample *out)
{
    int32_t x, y, tip, range = 1, pressure = 0;
    if (!hid_value(m, &d->x, report, &x) || !hid_value(m, &d->y, report, &y) ||
        !hid_value(m, &d->tip, report, &tip))
        return false;
    bool ranged = d->range.size, pressed = d->pressure.size;
    if ((ranged && !hid_value(m, &d->range, report, &range)) ||
        (pressed && !hid_value(m, &d->pressure, report, &pressure)))
        return false;
    *out = (struct stu_sample){.x = level(&d->x, x),
                               .y = level(&d->y, y),
                               .pressure = pressed ? level(&d->pressure, pressure)
                                           : tip   ? 1
                                                   : 0,
                               .near = ranged ? range != 0 : tip != 0,
                               .down = tip != 0};
    return true;
}
