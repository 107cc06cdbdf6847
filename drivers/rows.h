/* configs/devices/NAME.device: one JSON object per file.
 * {"name":"...","driver":"card","maturity":"stable","match":[{"vid":"076b","pid":"3031","class":11,
 *  "subclass":0,"protocol":0,"bcd_from":"0100","bcd_to":"0200"}],"quirks":["..."],"profile":{...}}
 * Rows that name a device come before rows that name a class, so that quirks win. */
#ifndef PRIDVOR_ROWS_H
#define PRIDVOR_ROWS_H

#include "drivers/driver.h"

#define DEVICE_ROWS_MAX 256 /* the readers of ours alone are 63 */

struct device_rows {
    size_t n;
    struct device_row row[DEVICE_ROWS_MAX];
    struct bus_match match[DEVICE_ROWS_MAX]; /* the same order, as the bus wants them */
};

/* All rows of one driver in that folder. The error names the file. */
MUST enum rc rows_load(struct arena *a, const char *dir, const char *driver, struct device_rows *out,
                       struct err *e);
/* dir if given, else $PRIDVOR_DEVICES, ./configs/devices, /usr/share/pridvor/devices: the first that exists.
 */
const char *rows_dir(const char *dir);

#endif
