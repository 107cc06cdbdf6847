/* The registers of an institution: configs/registers.json. Each counts by itself, from 1, every year. */
#ifndef PRIDVOR_REGISTERS_H
#define PRIDVOR_REGISTERS_H

#include "common/base/clock.h"
#include "common/model/service.h"

struct register_rule {
    const char *id, *prefix; /* prefix: "" or the word in front of a number: "CS 15/22.11.2026" */
    struct tr name;
    const char *retention; /* class in lookups.json of entries without a case; or NULL: kept for ever */
    const char **kinds;    /* of institutions; "*" all */
    size_t n_kinds;
    const char **services; /* ids, "cs.*", or "*": what no other register takes */
    size_t n_services;
    const char **directions; /* "in" "out" "internal" */
    size_t n_directions;
};
struct registers {
    struct register_rule *items; /* in the order of the file */
    size_t n;
};
/* Every service of the catalog falls into exactly one register of every kind that has one for it. */
MUST enum rc registers_load(struct arena *a, const char *configs, const struct catalog *services,
                            struct registers *out, struct err *e);
const struct register_rule *registers_find(const struct registers *r, const char *id);
bool register_has_kind(const struct register_rule *r, const char *kind);
bool register_takes(const struct register_rule *r, const char *direction);
/* Where a request of this service goes at an institution of this kind. */
const struct register_rule *registers_of(const struct registers *r, const char *kind, const char *service);
/* As it is printed: "15/22.11.2026", "CS 15/22.11.2026"; and "CS 15/2026". */
const char *register_number(struct arena *a, const struct registers *r, const char *id, int64_t n,
                            struct date day);
const char *register_number_year(struct arena *a, const struct registers *r, const char *id, int64_t n,
                                 int year);

#endif
