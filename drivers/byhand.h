/* kdrv by hand: one command, through kioskd when it runs, else on the device itself. Exit codes of the
 * manual. */
#ifndef PRIDVOR_BYHAND_H
#define PRIDVOR_BYHAND_H

#include "drivers/serve.h"

enum exit_code { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NO_DEVICE, EXIT_USER, EXIT_UNKNOWN };

struct byhand {
    const struct driver_ops *ops; /* NULL: every driver ("list") */
    const char *verb;
    struct buf args; /* a JSON object */
    int64_t deadline_ms;
    bool json, direct;
    const char *devices, *pin;
};
enum exit_code byhand_run(struct byhand *h);
enum exit_code byhand_list(struct byhand *h, const struct driver_ops *const *drivers, size_t n);

struct frame;
/* Keeps the pages of a scan in the folder that the argument "out" names. */
void byhand_page(const struct byhand *h, struct arena *a, const struct frame *f);

#endif
