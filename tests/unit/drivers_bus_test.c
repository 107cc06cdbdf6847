/* The small parts around the bus: the ring, which device a row or a pin means, device files. */
#include "common/base/fs.h"
#include "drivers/bus/match.h"
#include "drivers/bus/ring.h"
#include "drivers/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void rings(void **state)
{
    (void)state;
    struct ring r;
    uint8_t p[64], out[64];
    size_t n = 0;
    int64_t at = 0;
    ring_open(&r, 64);
    assert_int_equal(r.places, 512);
    assert_false(ring_take(&r, out, sizeof out, &n, &at));
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < r.places; i++) {
            memset(p, (int)i, sizeof p);
            assert_true(ring_put(&r, p, 1 + i % 64, (int64_t)i));
        }
        assert_false(ring_put(&r, p, 1, 0)); /* full: nothing is lost, nothing overwritten */
        for (size_t i = 0; i < r.places - 1; i++) {
            assert_true(ring_take(&r, out, sizeof out, &n, &at));
            assert_int_equal(n, 1 + i % 64);
            assert_int_equal(out[n - 1], (uint8_t)i);
            assert_int_equal(at, i);
        }
        ring_drop(&r);
        assert_int_equal(r.used, 0);
    }
    assert_false(ring_put(&r, p, 65, 0)); /* longer than a place */
    for (size_t i = 0; i < r.places * r.size; i++)
        assert_int_equal(r.bytes[i], 0); /* what was taken or dropped is wiped */
    ring_close(&r);
}

static void pins(void **state)
{
    (void)state;
    static const struct bus_id id = {.vid = 0x08E6, .pid = 0x3437, .port = "1-1.4", .serial = "R0001"};
    static const struct {
        const char *pin;
        int takes; /* -1: refused */
        const char *text;
    } rows[] = {
        {NULL, 1, NULL},
        {"usb:08e6:3437", 1, NULL},
        {"usb:08E6:3437:R0001", 1, NULL},
        {"usb:08e6:3437:R0002", 0, NULL},
        {"usb:08e6:3438", 0, NULL},
        {"serial:R0001", 1, NULL},
        {"serial:R0002", 0, NULL},
        {"1-1.4", 1, NULL},
        {"1-1", 0, NULL},
        {"", -1, "'' is neither usb:VID:PID[:SERIAL], serial:TEXT nor a port like 1-1.2"},
        {"usb:08e6", -1, "'usb:08e6' is not usb:VID:PID or usb:VID:PID:SERIAL"},
        {"usb:08e6:34379", -1, "'usb:08e6:34379' is not usb:VID:PID or usb:VID:PID:SERIAL"},
        {"/dev/hidraw0", -1,
         "'/dev/hidraw0' is neither usb:VID:PID[:SERIAL], serial:TEXT nor a port like 1-1.2"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bus_pin pin;
        struct err e = {0};
        enum rc rc = pin_parse(rows[i].pin, &pin, &e);
        assert_int_equal(rc, rows[i].takes < 0 ? RC_BAD_REQUEST : RC_OK);
        if (rc == RC_OK)
            assert_int_equal(pin_takes(&pin, &id), rows[i].takes);
        else
            assert_string_equal(e.text, rows[i].text);
    }
}

static void matches(void **state)
{
    (void)state;
    static const struct bus_id id = {.vid = 0x08E6, .pid = 0x3437, .bcd = 0x0201};
    static const struct bus_interface ccid = {11, 0, 0};
    static const struct {
        struct bus_match m;
        bool takes;
    } rows[] = {
        {{.cls = 11, .sub = -1, .proto = -1}, true},
        {{.cls = 11, .sub = 0, .proto = 0}, true},
        {{.cls = 11, .sub = 0, .proto = 1}, false}, /* ICCD token */
        {{.cls = 7, .sub = -1, .proto = -1}, false},
        {{.vid = 0x08E6, .cls = -1, .sub = -1, .proto = -1}, true},
        {{.vid = 0x08E6, .pid = 0x3438, .cls = -1, .sub = -1, .proto = -1}, false},
        {{.vid = 0x08E6, .bcd_lo = 0x0201, .bcd_hi = 0x0201, .cls = -1, .sub = -1, .proto = -1}, true},
        {{.vid = 0x08E6, .bcd_lo = 0x0202, .cls = -1, .sub = -1, .proto = -1}, false},
        {{.vid = 0x08E6, .bcd_hi = 0x0200, .cls = -1, .sub = -1, .proto = -1}, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(match_row(&rows[i].m, &id, &ccid), rows[i].takes);
}

static void sentences(void **state)
{
    (void)state;
    static const struct bus_id id = {
        .vid = 0x08E6, .pid = 0x3437, .port = "1-1", .number = 1, .address = 250}; /* nobody has that node */
    struct err e = {0};
    assert_int_equal(denied_error(&e, &id), RC_DENIED);
    assert_non_null(strstr(e.text, "udev rule"));
    assert_non_null(strstr(e.text, "/dev/bus/usb/001/250"));
    assert_int_equal(busy_error(&e, &id), RC_BUSY);
    assert_non_null(strstr(e.text, "is held by another program"));
}

/* ---- device files ----------------------------------------------------------------------------------------
 */

static void own_rows(void **state)
{
    (void)state;
    static const char *const drivers[] = {"card", "print", "pad"};
    ARENA_SCOPE(a);
    const char *root = getenv("PRIDVOR_SOURCE");
    const char *dir = arena_fmt(a, "%s/configs/devices", root ? root : ".");
    for (size_t i = 0; i < COUNT(drivers); i++) {
        struct device_rows *rows = ARENA_NEW(a, struct device_rows);
        struct err e = {0};
        if (rows_load(a, dir, drivers[i], rows, &e) != RC_OK)
            fail_msg("%s %s", e.path, e.text);
        for (size_t k = 1; k < rows->n; k++) /* special rows before general ones */
            assert_true(rows->match[k - 1].vid || !rows->match[k].vid);
        print_message("  %-5s %zu rows\n", drivers[i], rows->n);
    }
}

static void bad_rows(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text;
    } rows[] = {
        {"{", ""},
        {"{\"name\":\"x\",\"driver\":\"card\",\"maturity\":\"beta\",\"match\":[{}]}",
         "match: neither a vendor nor a class, this would take every device"},
        {"{\"name\":\"x\",\"driver\":\"card\",\"maturity\":\"beta\",\"match\":[{\"vid\":\"08g6\"}]}",
         "match: '08g6' is not four hex digits"},
        {"{\"name\":\"x\",\"driver\":\"card\",\"maturity\":\"beta\",\"match\":[{\"class\":256}]}",
         "match: class, subclass and protocol are numbers from 0 to 255"},
        {"{\"name\":\"x\",\"driver\":\"card\",\"maturity\":\"new\",\"match\":[{\"class\":11}]}", "maturity"},
        {"{\"name\":\"x\",\"driver\":\"card\",\"maturity\":\"beta\",\"match\":[{\"class\":11,\"foo\":1}]}",
         "foo"},
        {"{\"name\":\"x\",\"driver\":\"pad\",\"maturity\":\"beta\",\"match\":[{\"class\":3}]}",
         "no device file for the driver card"},
    };
    char dir[] = "/tmp/pridvor-rows-XXXXXX";
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < COUNT(rows); i++) {
        ARENA_SCOPE(a);
        struct device_rows *out = ARENA_NEW(a, struct device_rows);
        struct err e = {0};
        const char *path = arena_fmt(a, "%s/x.device", dir);
        assert_int_equal(fs_write(path, rows[i].file, strlen(rows[i].file), 0600, &e), RC_OK);
        e = (struct err){0};
        assert_int_not_equal(rows_load(a, dir, "card", out, &e), RC_OK);
        if (!strstr(e.text, rows[i].text) && !strstr(e.path, rows[i].text))
            fail_msg("'%s' (%s) instead of '%s'", e.text, e.path, rows[i].text);
        assert_true(i + 1 == COUNT(rows) || strstr(e.text, "x.device") || strstr(e.path, "x.device"));
        unlink(path);
    }
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings),     cmocka_unit_test(pins),     cmocka_unit_test(matches),
        cmocka_unit_test(sentences), cmocka_unit_test(own_rows), cmocka_unit_test(bad_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
