#include "drivers/pad/link.h"

#include <string.h>

#include "common/base/clock.h"

#define CONTROL_MS 1000

enum rc pad_describe(struct pad_link *p, struct err *e)
{
    uint8_t cls[64] = {0}, descriptor[HID_DESCRIPTOR_MAX];
    size_t len = 0, got = 0;
    TRY(bus_class_descriptor(p->bus, 0x21, cls, sizeof(cls), &len, e));
    if (len < 9 || cls[6] != 0x22)
        return err_set(e, RC_PROTOCOL, "the HID descriptor names no report descriptor");
    size_t want = (size_t)(cls[7] | cls[8] << 8);
    if (want == 0 || want > sizeof(descriptor))
        return err_set(e, RC_PROTOCOL, "a report descriptor of %zu bytes", want);
    struct bus_setup s = {0x81, 0x06, 0x2200, bus_id(p->bus)->interface, (uint16_t)want};
    TRY(bus_control(p->bus, &s, descriptor, &got, mono_ms() + CONTROL_MS, e));
    return hid_parse(descriptor, got, &p->hid, e);
}

bool pad_has(const struct pad_link *p, enum hid_kind kind, uint8_t id)
{
    return hid_length(&p->hid, kind, id) != 0;
}

void pad_settle(struct pad_link *p, int ms)
{
    int64_t end = mono_ms() + ms;
    while (mono_ms() < end && !(bus_wait(p->bus, 0, end) & (BUS_GONE | BUS_STOP | BUS_LATE)))
        ;
}

static enum rc unknown(uint8_t id, struct err *e)
{
    return err_set(e, RC_UNSUPPORTED, "the pad has no report %02x", id);
}

static struct bus_setup setup(struct pad_link *p, bool get, uint8_t id, size_t len)
{
    return (struct bus_setup){get ? 0xA1 : 0x21, get ? 0x01 : 0x09, (uint16_t)(0x0300 | id),
                              bus_id(p->bus)->interface, (uint16_t)len};
}

enum rc pad_set(struct pad_link *p, const uint8_t *report, size_t len, struct err *e)
{
    uint8_t copy[512] = {0};
    size_t whole = hid_length(&p->hid, HID_FEATURE, report[0]);
    if (whole == 0)
        return unknown(report[0], e);
    if (whole > sizeof(copy) || len > whole)
        return err_set(e, RC_PROTOCOL, "report %02x has %zu bytes here", report[0], whole);
    struct bus_setup s = setup(p, false, report[0], whole);
    memcpy(copy, report, len);
    return bus_control(p->bus, &s, copy, NULL, mono_ms() + CONTROL_MS, e);
}

enum rc pad_set1(struct pad_link *p, uint8_t id, uint8_t value, struct err *e)
{
    return pad_set(p, (const uint8_t[]){id, value}, 2, e);
}

enum rc pad_get(struct pad_link *p, uint8_t id, uint8_t *out, size_t len, size_t *got, struct err *e)
{
    size_t whole = hid_length(&p->hid, HID_FEATURE, id);
    if (whole == 0)
        return unknown(id, e);
    struct bus_setup s = setup(p, true, id, len < whole ? len : whole);
    return bus_control(p->bus, &s, out, got, mono_ms() + CONTROL_MS, e);
}

enum rc pad_status(struct pad_link *p, struct stu_status *out, struct err *e)
{
    uint8_t report[5] = {0};
    size_t got = 0;
    TRY(pad_get(p, STU_STATUS, report, sizeof(report), &got, e));
    return stu_status_read(report, got, out, e);
}

enum rc pad_order(struct pad_link *p, const uint8_t *report, size_t len, struct err *e)
{
    struct stu_status s;
    TRY(pad_set(p, report, len, e));
    TRY(pad_status(p, &s, e));
    if (s.error == 0)
        return RC_OK;
    if (s.error == 2)
        return err_code(e, RC_STATE, "PAD_STATE", s.state, "report %02x in state %d", report[0], s.state);
    return err_code(e, RC_DEVICE, "PAD_GRAPHICS", s.error, "report %02x: error %d", report[0], s.error);
}

enum rc pad_wait(struct pad_link *p, struct stu_status *out, struct err *e)
{
    struct stu_status s = {0};
    for (int i = 0; i < PAD_POLLS; i++) {
        TRY(pad_status(p, &s, e));
        if (s.state <= STU_CAPTURING) {
            *out = s;
            return RC_OK;
        }
        pad_settle(p, PAD_POLL_MS);
    }
    return err_code(e, RC_STATE, "PAD_STATE", s.state, "the pad stays in state %d", s.state);
}

static enum rc leave(struct pad_link *p, struct err *e)
{
    struct stu_status s = {0};
    TRY(pad_wait(p, &s, e));
    if (s.state == STU_IMAGING)
        TRY(pad_set1(p, STU_IMAGE_END, 1, e));
    if (s.state == STU_CAPTURING) {
        pad_settle(p, PAD_BEFORE_END_MS);
        TRY(pad_set1(p, STU_END, 0, e));
        pad_settle(p, PAD_SETTLE_MS);
    }
    TRY(pad_order(p, (const uint8_t[]){STU_CLEAR, 0}, 2, e));
    TRY(pad_wait(p, &s, e));
    if (s.state != STU_READY)
        return err_code(e, RC_STATE, "PAD_STATE", s.state, "the pad stays in state %d", s.state);
    return RC_OK;
}

enum rc pad_leave(struct pad_link *p, struct err *e)
{
    struct err quiet = {0};
    if (!p->stu)
        return RC_OK;
    enum rc rc = leave(p, e);
    if ((rc != RC_STATE && rc != RC_DEVICE) || !pad_has(p, HID_FEATURE, STU_RESET))
        return rc;
    if (pad_set1(p, STU_RESET, 0, &quiet) != RC_OK)
        return rc;
    pad_settle(p, PAD_RESET_MS);
    return leave(p, e);
}
