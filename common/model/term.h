/* Legal terms: rules and holidays are data (configs/terms.json, configs/holidays.json); the result shows its
 * calculation. */
#ifndef PRIDVOR_TERM_H
#define PRIDVOR_TERM_H

#include "common/base/clock.h"
#include "common/model/lang.h"

struct terms; /* rules and holidays */
struct term {
    struct date start, nominal, due; /* nominal: before it moves off a day off */
    struct tr why;                   /* "Legea dă 30 de zile de la înregistrare. ..." */
};
MUST enum rc terms_load(struct arena *a, const char *configs, struct terms **out, struct err *e);
/* RC_NOT_FOUND for an unknown rule, RC_UNSUPPORTED for a rule counted in hours. why lives in a. */
MUST enum rc term_compute(struct arena *a, const struct terms *t, const char *rule, struct date start,
                          struct term *out, struct err *e);
bool term_day_off(const struct terms *t, struct date d); /* Saturday, Sunday, holiday */

#endif
