/* Power of a hub port: the bytes of the standard, and hubs that cannot. Which device a pin means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/bus/hub.h"
#include "drivers/bus/match.h"

static void bytes(void **state)
{
    (void)state;
    struct bus_setup s = hub_power_setup(3, false);
    assert_int_equal(s.type, 0x23); /* table 11-15: ClearPortFeature */
    assert_int_equal(s.request, 1);
    assert_int_equal(s.value, 8); /* table 11-17: PORT_POWER */
    assert_int_equal(s.index, 3);
    assert_int_equal(s.length, 0);
    s = hub_power_setup(3, true);
    assert_int_equal(s.request, 3);
    s = hub_descriptor_setup(false);
    assert_int_equal(s.type, 0xA0);
    assert_int_equal(s.request, 6);
    assert_int_equal(s.value, 0x2900);
    assert_int_equal(hub_descriptor_setup(true).value, 0x2A00);
}

static void which_hubs_can(void **state)
{
    (void)state;
    static const struct {
        uint8_t d[12];
        size_t len;
        unsigned port;
        enum rc want;
    } rows[] = {
        {{9, 0x29, 4, 0x09, 0, 50, 100, 0, 0xFF}, 9, 4, RC_OK},          /* each port, over-current each */
        {{9, 0x29, 4, 0xA9, 0, 50, 100, 0, 0xFF}, 9, 1, RC_OK},          /* and indicators */
        {{12, 0x2A, 4, 0x09, 0, 50, 100, 0, 0, 0, 0, 0}, 12, 2, RC_OK},  /* SuperSpeed */
        {{9, 0x29, 4, 0x08, 0, 50, 100, 0, 0xFF}, 9, 1, RC_UNSUPPORTED}, /* all ports together */
        {{9, 0x29, 4, 0x0A, 0, 50, 100, 0, 0xFF}, 9, 1, RC_UNSUPPORTED}, /* not at all */
        {{9, 0x29, 4, 0x0B, 0, 50, 100, 0, 0xFF}, 9, 1, RC_UNSUPPORTED}, /* not at all, 1x */
        {{9, 0x29, 4, 0x09, 0, 50, 100, 0, 0xFF}, 9, 5, RC_UNSUPPORTED}, /* no such port */
        {{9, 0x29, 4, 0x09, 0, 50, 100, 0, 0xFF}, 9, 0, RC_UNSUPPORTED},
        {{9, 0x29, 4, 0x09, 0, 50, 100, 0, 0xFF}, 6, 1, RC_PROTOCOL}, /* cut */
        {{9, 0x29, 4, 0x09, 0, 50, 100, 0, 0xFF}, 8, 1, RC_PROTOCOL}, /* says more than came */
        {{9, 0x21, 4, 0x09, 0, 50, 100, 0, 0xFF}, 9, 1, RC_PROTOCOL}, /* another descriptor */
        {{6, 0x29, 4, 0x09, 0, 50, 100, 0, 0xFF}, 9, 1, RC_PROTOCOL},
        {{0}, 0, 1, RC_PROTOCOL},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(hub_can_switch(rows[i].d, rows[i].len, rows[i].port, NULL), rows[i].want);
}

/* Two equal devices: told apart by serial, else by port. */
static void twins(void **state)
{
    (void)state;
    static const struct bus_id left = {.vid = 0x056a, .pid = 0xa4, .port = "1-1.1", .serial = "AAA"};
    static const struct bus_id right = {.vid = 0x056a, .pid = 0xa4, .port = "1-1.2", .serial = "BBB"};
    static const struct {
        const char *pin;
        bool left, right;
    } rows[] = {{NULL, true, true},
                {"usb:056a:00a4", true, true},
                {"usb:056a:00a4:AAA", true, false},
                {"usb:056a:00a4:BBB", false, true},
                {"serial:BBB", false, true},
                {"serial:CCC", false, false},
                {"1-1.1", true, false},
                {"1-1.2", false, true},
                {"1-1", false, false},
                {"usb:056a:00a5", false, false}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bus_pin p;
        assert_int_equal(pin_parse(rows[i].pin, &p, NULL), RC_OK);
        assert_int_equal(pin_takes(&p, &left), rows[i].left);
        assert_int_equal(pin_takes(&p, &right), rows[i].right);
    }
    static const char *const bad[] = {"", "usb:", "usb:56a:a4", "serial:", "the left one", "1-1/2"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct bus_pin p;
        assert_int_equal(pin_parse(bad[i], &p, NULL), RC_BAD_REQUEST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bytes), cmocka_unit_test(which_hubs_can),
                                       cmocka_unit_test(twins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
