/* A database as a county has it after two years: requests, their cases, dates and events over a hundred
 * institutions, with invented people. For benchmarks and for trying things out. */
#ifndef PRIDVOR_BENCH_FILL_H
#define PRIDVOR_BENCH_FILL_H

#include "backend/work.h"

struct fill {
    const char *conninfo;
    const struct work_house *house;
    int64_t n;
    bool mark; /* declare an empty database a demo one */
    bool say;  /* how far it is, on standard error */
};
/* RC_STATE: not marked as a demo database, or requests are there already. Needs institutions. */
MUST enum rc fill_database(const struct fill *f, struct err *e);

#endif
