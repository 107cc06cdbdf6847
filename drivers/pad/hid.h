/* USB HID report descriptors (HID 1.11 section 6.2.2), bytes -> which reports exist, how long they are, and
 * where in an input report each variable value stands. No I/O. Array items (keys) and constants only count
 * for the length. */
#ifndef PRIDVOR_PAD_HID_H
#define PRIDVOR_PAD_HID_H

#include "common/base/err.h"

enum hid_kind { HID_INPUT, HID_OUTPUT, HID_FEATURE };

#define HID_REPORTS_MAX 128
#define HID_FIELDS_MAX 512 /* ten fingers of ten values stand before the pen in some */
#define HID_DESCRIPTOR_MAX 4096

struct hid_report {
    uint8_t id; /* 0: the device has no report ids */
    enum hid_kind kind;
    uint32_t bits; /* without the id */
};
struct hid_field {
    uint8_t report;
    bool relative;
    uint16_t size;   /* bits, 1 to 32 */
    uint32_t bit;    /* from the start of the report's data, without the id */
    uint32_t usage;  /* page << 16 | usage */
    uint32_t within; /* usage of the application collection around it */
    int32_t min, max;
};
struct hid_map {
    size_t n, n_fields;
    bool ids;
    uint32_t application; /* usage of the first application collection */
    struct hid_report report[HID_REPORTS_MAX];
    struct hid_field field[HID_FIELDS_MAX]; /* input, variable */
};

/* RC_PROTOCOL: the items do not end where the descriptor does, collections do not match, a report of more
 * than 8 KiB, more reports than HID_REPORTS_MAX. More fields than HID_FIELDS_MAX are left out. */
MUST enum rc hid_parse(const uint8_t *p, size_t len, struct hid_map *out, struct err *e);
/* Bytes of a report with its id; 0: there is no such report. */
size_t hid_length(const struct hid_map *m, enum hid_kind kind, uint8_t id);
/* The value in a whole input report (id first when there are ids); false: another report, or too short. */
MUST bool hid_value(const struct hid_map *m, const struct hid_field *f, struct bytes report, int32_t *out);

#endif
