/* Which unit stood where: remembered on disk, so that another unit of the same make on the same port is
 * noticed after a restart, too. A unit is its serial number, where it has one; else its port. */
#ifndef PRIDVOR_DRIVER_KNOWN_H
#define PRIDVOR_DRIVER_KNOWN_H

#include "common/base/json.h"

struct known {
    const char *name; /* card, print ... */
    const char *model, *serial, *port;
    const char *was; /* what stood there before, until a technician accepts the change; "" */
};
enum known_news { KNOWN_SAME, KNOWN_NEW, KNOWN_MOVED, KNOWN_SWAPPED };

struct known_file;
/* A file that is missing or cannot be read is an empty one: what is there now is then taken for right. */
struct known_file *known_load(const char *path);
void known_free(struct known_file *k);
/* NULL: never seen. Valid until the next call of known_seen or known_accept. */
const struct known *known_of(const struct known_file *k, const char *name);
/* A device is up. Writes the file when something changed. */
enum known_news known_seen(struct known_file *k, const struct known *now);
/* The technician says it is right so. false: nothing was open. */
bool known_accept(struct known_file *k, const char *name);

#endif
