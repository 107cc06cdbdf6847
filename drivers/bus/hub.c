#include "drivers/bus/hub.h"

enum { GET_DESCRIPTOR = 6, CLEAR_FEATURE = 1, SET_FEATURE = 3, PORT_POWER = 8 };
enum { TYPE_HUB = 0x29, TYPE_SUPERSPEED_HUB = 0x2A };
enum { SWITCHING = 3, SWITCH_EACH = 1 }; /* bits 0 and 1 of wHubCharacteristics */

struct bus_setup hub_descriptor_setup(bool superspeed)
{
    return (struct bus_setup){.type = 0xA0, /* in, class, device */
                              .request = GET_DESCRIPTOR,
                              .value = (uint16_t)((superspeed ? TYPE_SUPERSPEED_HUB : TYPE_HUB) << 8),
                              .length = HUB_DESCRIPTOR_MAX};
}

enum rc hub_can_switch(const uint8_t *d, size_t len, unsigned port, struct err *e)
{
    if (len < 7 || d[0] < 7 || d[0] > len || (d[1] != TYPE_HUB && d[1] != TYPE_SUPERSPEED_HUB))
        return err_set(e, RC_PROTOCOL, "the hub's descriptor of %zu bytes is none", len);
    if (port < 1 || port > d[2])
        return err_set(e, RC_UNSUPPORTED, "the hub has %u ports, not %u", d[2], port);
    if ((d[3] & SWITCHING) != SWITCH_EACH)
        return err_set(e, RC_UNSUPPORTED, "the hub cannot switch the power of one port");
    return RC_OK;
}

struct bus_setup hub_power_setup(unsigned port, bool on)
{
    return (struct bus_setup){.type = 0x23, /* out, class, other (a port) */
                              .request = on ? SET_FEATURE : CLEAR_FEATURE,
                              .value = PORT_POWER,
                              .index = (uint16_t)port};
}
