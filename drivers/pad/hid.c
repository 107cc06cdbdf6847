#include "drivers/pad/hid.h"

#include <string.h>

#define BITS_MAX (8 * 8192)
#define DEPTH_MAX 8
#define USAGES_MAX 64
#define PUSH_MAX 4

enum { MAIN, GLOBAL, LOCAL };

struct globals {
    uint32_t page;
    int32_t min, max;
    uint32_t size, count;
    uint8_t id;
};
struct parser {
    struct hid_map *m;
    struct globals g, pushed[PUSH_MAX];
    size_t n_pushed, depth;
    uint32_t usage[USAGES_MAX], lo, hi; /* local items */
    size_t n_usage;
    bool range;
    uint32_t within[DEPTH_MAX + 1];
};

struct item {
    unsigned type, tag;
    uint32_t value;
    int32_t number; /* the same with its sign */
    size_t size;
};

static enum rc next(const uint8_t **p, const uint8_t *end, struct item *out, struct err *e)
{
    static const uint8_t sizes[] = {0, 1, 2, 4};
    uint8_t head = *(*p)++;
    if (head == 0xFE) { /* long item: length, tag, data; nobody defined one */
        if (end - *p < 2 || end - *p < 2 + (*p)[0])
            return err_set(e, RC_PROTOCOL, "HID descriptor: cut inside a long item");
        *p += 2 + (*p)[0];
        *out = (struct item){.type = 3};
        return RC_OK;
    }
    *out = (struct item){.type = head >> 2 & 3, .tag = head >> 4, .size = sizes[head & 3]};
    if ((size_t)(end - *p) < out->size)
        return err_set(e, RC_PROTOCOL, "HID descriptor: cut inside item %02x", head);
    for (size_t i = 0; i < out->size; i++)
        out->value |= (uint32_t)(*p)[i] << 8 * i;
    *p += out->size;
    out->number = out->size == 1   ? (int8_t)out->value
                  : out->size == 2 ? (int16_t)out->value
                                   : (int32_t)out->value;
    return RC_OK;
}

static struct hid_report *report_of(struct hid_map *m, enum hid_kind kind, uint8_t id)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->report[i].id == id && m->report[i].kind == kind)
            return &m->report[i];
    if (m->n == HID_REPORTS_MAX)
        return NULL;
    m->report[m->n] = (struct hid_report){.id = id, .kind = kind};
    return &m->report[m->n++];
}

static uint32_t usage_of(const struct parser *x, uint32_t i)
{
    if (x->range)
        return x->lo + i <= x->hi ? x->lo + i : x->hi;
    if (!x->n_usage)
        return 0;
    return x->usage[i < x->n_usage ? i : x->n_usage - 1];
}

static void fields(struct parser *x, uint32_t bit, uint32_t flags)
{
    struct hid_map *m = x->m;
    bool variable = (flags & 3) == 2; /* data, variable */
    for (uint32_t i = 0; variable && i < x->g.count && m->n_fields < HID_FIELDS_MAX; i++) {
        if (x->g.size == 0 || x->g.size > 32)
            return;
        m->field[m->n_fields++] = (struct hid_field){.report = x->g.id,
                                                     .relative = flags & 4,
                                                     .size = (uint16_t)x->g.size,
                                                     .bit = bit + i * x->g.size,
                                                     .usage = usage_of(x, i),
                                                     .within = x->within[x->depth],
                                                     .min = x->g.min,
                                                     .max = x->g.max};
    }
}

static enum rc data(struct parser *x, enum hid_kind kind, uint32_t flags, struct err *e)
{
    struct hid_report *r = report_of(x->m, kind, x->g.id);
    if (!r)
        return err_set(e, RC_PROTOCOL, "HID descriptor: more than %d reports", HID_REPORTS_MAX);
    uint64_t bits = (uint64_t)x->g.size * x->g.count;
    if (bits > BITS_MAX || r->bits + bits > BITS_MAX)
        return err_set(e, RC_PROTOCOL, "HID descriptor: report %02x is too long", x->g.id);
    if (kind == HID_INPUT)
        fields(x, r->bits, flags);
    r->bits += (uint32_t)bits;
    return RC_OK;
}

static enum rc collection(struct parser *x, uint32_t kind, struct err *e)
{
    uint32_t usage = usage_of(x, 0);
    if (x->depth == DEPTH_MAX)
        return err_set(e, RC_PROTOCOL, "HID descriptor: collections too deep");
    x->depth++;
    x->within[x->depth] = kind == 1 ? usage : x->within[x->depth - 1];
    if (kind == 1 && !x->m->application)
        x->m->application = usage;
    return RC_OK;
}

static enum rc main_item(struct parser *x, const struct item *it, struct err *e)
{
    enum rc rc = RC_OK;
    switch (it->tag) {
    case 0x8:
        rc = data(x, HID_INPUT, it->value, e);
        break;
    case 0x9:
        rc = data(x, HID_OUTPUT, it->value, e);
        break;
    case 0xB:
        rc = data(x, HID_FEATURE, it->value, e);
        break;
    case 0xA:
        rc = collection(x, it->value, e);
        break;
    case 0xC:
        if (x->depth == 0)
            return err_set(e, RC_PROTOCOL, "HID descriptor: a collection ends that never began");
        x->depth--;
        break;
    default: /* reserved */
        break;
    }
    x->n_usage = 0;
    x->range = false;
    return rc;
}

static enum rc global_item(struct parser *x, const struct item *it, struct err *e)
{
    switch (it->tag) {
    case 0x0:
        x->g.page = it->value;
        break;
    case 0x1:
        x->g.min = it->number;
        break;
    case 0x2: /* unsigned where the minimum is not negative: many devices write 0xFF for 255 */
        x->g.max = x->g.min < 0 || it->value > INT32_MAX ? it->number : (int32_t)it->value;
        break;
    case 0x7:
        x->g.size = it->value;
        break;
    case 0x8:
        if (it->value == 0 || it->value > 255)
            return err_set(e, RC_PROTOCOL, "HID descriptor: report id %u", it->value);
        x->g.id = (uint8_t)it->value;
        x->m->ids = true;
        break;
    case 0x9:
        x->g.count = it->value;
        break;
    case 0xA:
        if (x->n_pushed == PUSH_MAX)
            return err_set(e, RC_PROTOCOL, "HID descriptor: pushed too deep");
        x->pushed[x->n_pushed++] = x->g;
        break;
    case 0xB:
        if (x->n_pushed == 0)
            return err_set(e, RC_PROTOCOL, "HID descriptor: popped from nothing");
        x->g = x->pushed[--x->n_pushed];
        break;
    default: /* units, physical size */
        break;
    }
    return RC_OK;
}

static void local_item(struct parser *x, const struct item *it)
{
    uint32_t usage = it->size == 4 ? it->value : x->g.page << 16 | (it->value & 0xffff);
    if (it->tag == 0 && x->n_usage < USAGES_MAX)
        x->usage[x->n_usage++] = usage;
    else if (it->tag == 1)
        x->lo = usage;
    else if (it->tag == 2) {
        x->hi = usage;
        x->range = x->hi >= x->lo;
    }
}

enum rc hid_parse(const uint8_t *p, size_t len, struct hid_map *out, struct err *e)
{
    const uint8_t *end = p + len;
    struct parser x = {.m = out};
    memset(out, 0, sizeof(*out));
    if (len == 0 || len > HID_DESCRIPTOR_MAX)
        return err_set(e, RC_PROTOCOL, "HID descriptor: %zu bytes", len);
    while (p < end) {
        struct item it = {0};
        TRY(next(&p, end, &it, e));
        if (it.type == MAIN)
            TRY(main_item(&x, &it, e));
        else if (it.type == GLOBAL)
            TRY(global_item(&x, &it, e));
        else if (it.type == LOCAL)
            local_item(&x, &it);
    }
    if (x.depth)
        return err_set(e, RC_PROTOCOL, "HID descriptor: a collection does not end");
    return RC_OK;
}

size_t hid_length(const struct hid_map *m, enum hid_kind kind, uint8_t id)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->report[i].id == id && m->report[i].kind == kind)
            return (m->report[i].bits + 7) / 8 + (m->ids ? 1 : 0);
    return 0;
}

bool hid_value(const struct hid_map *m, const struct hid_field *f, struct bytes report, int32_t *out)
{
    const uint8_t *p = report.p;
    uint64_t raw = 0;
    if (m->ids && (report.len == 0 || p[0] != f->report))
        return false;
    size_t start = f->bit / 8 + (m->ids ? 1 : 0), bytes = (f->bit % 8 + f->size + 7) / 8;
    if (start + bytes > report.len)
        return false;
    for (size_t i = 0; i < bytes; i++)
        raw |= (uint64_t)p[start + i] << 8 * i;
    raw = raw >> f->bit % 8 & (((uint64_t)1 << f->size) - 1);
    if (f->min < 0 && f->size < 32 && raw >> (f->size - 1))
        raw |= ~(((uint64_t)1 << f->size) - 1);
    *out = (int32_t)raw;
    return true;
}
