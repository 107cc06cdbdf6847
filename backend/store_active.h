/* Between store_active.c and store_packed.c. */
#ifndef PRIDVOR_STORE_ACTIVE_H
#define PRIDVOR_STORE_ACTIVE_H

#include "backend/store_filter.h"

struct packed {
    bool packed; /* a stream that says where its first object stands */
    bool opaque; /* what it went through is not all known, or not to be told */
    bool filtered, told;
    struct filter filters[FILTERS_MAX];
    size_t n, at; /* at: its first byte */
    size_t read;  /* bytes of the dictionary */
};
/* Of the object whose word "obj" ends here. */
MUST enum rc store_packed(struct store_reader *file, size_t at, struct packed *out, struct err *e);

bool store_regular(unsigned char c); /* of a name or word (7.2.2) */
void store_plain(char *name);        /* "/J#61vaScript" is "/JavaScript" (7.3.5) */

#endif
