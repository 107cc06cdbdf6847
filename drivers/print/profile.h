/* What one model of receipt printer can: "profile" of configs/devices/printer-*.device.
 *
 *   gs_i      model names as GS I 67 says them (also taken from the IEEE 1284 id or the USB product): a row
 * with the same USB vendor whose list has the name takes the printer over, whatever its USB ids are dots dpi
 * printable width and resolution of the head blade_mm  head to blade; mm_s: paper speed raster    "raster" GS
 * v 0; "graphics" GS ( L cut       "partial" (one point stays), "full", "none" (tear by hand) status    "eot"
 * DLE EOT 1 to 4; "custom" also DLE EOT 20; "none" says nothing on USB asb, process_id   automatic status, GS
 * ( H fn 48 presenter "custom" GS e; present_steps of it: how far the ticket comes out; take_s: how long it
 * is offered Quirks of the same file: feed_before_cut  GS V 66 does not bring the last line above the blade
 *   no_soft_reset    the class request SOFT_RESET is not to be sent
 *   no_info          GS I is not to be sent */
#ifndef PRIDVOR_PRINT_PROFILE_H
#define PRIDVOR_PRINT_PROFILE_H

#include "drivers/driver.h"
#include "drivers/print/escpos.h"
#include "drivers/print/layout.h"

enum printer_cut { CUT_NONE, CUT_PARTIAL, CUT_FULL };

struct printer_profile {
    struct paper paper;
    int64_t blade_mm, mm_s, take_s;
    enum escpos_raster raster;
    enum printer_cut cut;
    bool status, custom; /* custom: DLE EOT 20 */
    bool process_id, asb, presenter, feed_before_cut, soft_reset, info;
    uint8_t present_steps;
};

/* row NULL: an unknown 80 mm printer. A value out of bounds is brought into them. */
void printer_profile(const struct device_row *row, struct printer_profile *out);
/* The row of the same vendor that names this model, or NULL. Names are compared without case; "TM-T88V" takes
 * "TM-T88V" and "TM-T88V-i", not "TM-T88VI". */
const struct device_row *printer_row_for(const struct device_row *rows, size_t n, uint16_t vid,
                                         const char *model);
/* Value of one key of an IEEE 1284 id ("MDL" or "MODEL"), cut to cap; "" when it is not there. */
void printer_id_value(const char *id, size_t len, const char *key, char *out, size_t cap);

#endif
