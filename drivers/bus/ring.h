/* A ring of whole packets, each with the time it came. Fixed places, wiped when taken. */
#ifndef PRIDVOR_BUS_RING_H
#define PRIDVOR_BUS_RING_H

#include "common/base/base.h"

struct ring {
    size_t places, size; /* packets, bytes of each */
    size_t first, used;
    struct ring_packet *packets;
    uint8_t *bytes;
};

void ring_open(struct ring *r, size_t size);                             /* about 128 KiB, 32 to 512 places */
void ring_close(struct ring *r);                                         /* wipes */
bool ring_put(struct ring *r, const uint8_t *p, size_t len, int64_t at); /* false: full */
bool ring_take(struct ring *r, uint8_t *out, size_t cap, size_t *len, int64_t *at); /* cut at cap */
void ring_drop(struct ring *r);
void ring_wipe(struct ring *r); /* drops, and wipes places that were taken long ago */

#endif
