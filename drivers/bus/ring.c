#include "drivers/bus/ring.h"

#include "common/base/arena.h"

#include <stdlib.h>
#include <string.h>

struct ring_packet {
    size_t len;
    int64_t at;
};

void ring_open(struct ring *r, size_t size)
{
    size_t places = 128 * 1024 / size;
    *r = (struct ring){.places = places < 32 ? 32 : places > 512 ? 512 : places, .size = size};
    r->packets = calloc(r->places, sizeof *r->packets);
    r->bytes = calloc(r->places, size);
    if (!r->packets || !r->bytes)
        abort();
}

void ring_wipe(struct ring *r)
{
    if (r->bytes)
        wipe(r->bytes, r->places * r->size);
    r->first = r->used = 0;
}

void ring_close(struct ring *r)
{
    ring_wipe(r);
    free(r->packets);
    free(r->bytes);
    *r = (struct ring){0};
}

bool ring_put(struct ring *r, const uint8_t *p, size_t len, int64_t at)
{
    if (r->used == r->places || len > r->size)
        return false;
    size_t i = (r->first + r->used++) % r->places;
    r->packets[i] = (struct ring_packet){len, at};
    memcpy(r->bytes + i * r->size, p, len);
    return true;
}

bool ring_take(struct ring *r, uint8_t *out, size_t cap, size_t *len, int64_t *at)
{
    if (r->used == 0)
        return false;
    struct ring_packet *k = &r->packets[r->first];
    uint8_t *p = r->bytes + r->first * r->size;
    *len = k->len < cap ? k->len : cap;
    memcpy(out, p, *len);
    wipe(p, k->len);
    if (at)
        *at = k->at;
    r->first = (r->first + 1) % r->places;
    r->used--;
    return true;
}

void ring_drop(struct ring *r)
{
    for (; r->used > 0; r->used--, r->first = (r->first + 1) % r->places)
        wipe(r->bytes + r->first * r->size, r->packets[r->first].len);
}
