/* The county's tree of institutions (configs/institutions/cluj.json). */
#ifndef PRIDVOR_INSTITUTION_H
#define PRIDVOR_INSTITUTION_H

#include "common/model/lang.h"

struct institution {
    const char *id, *kind, *parent; /* "uat-54975", "town_hall", "cj-cluj" or "" */
    int64_t siruta;
    struct tr place; /* Cluj-Napoca / Kolozsvár */
    struct tr name;  /* Primăria Municipiului Cluj-Napoca / ... */
};
struct institutions {
    const struct institution *items;
    size_t n;
};
MUST enum rc institutions_load(struct arena *a, const char *file, struct institutions *out, struct err *e);
const struct institution *institution_find(const struct institutions *s, const char *id);

#endif
