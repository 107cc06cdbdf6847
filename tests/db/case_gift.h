/* Luck, and what a random step is given. */
#ifndef PRIDVOR_TEST_CASE_GIFT_H
#define PRIDVOR_TEST_CASE_GIFT_H

#include "tests/db/case_model.h"

extern struct rig rig;
extern struct model m;
void dice_from(unsigned long long seed); /* not 0 */
unsigned dice(unsigned n);               /* the same in every run from the same seed */
bool is(const char *a, const char *b);
struct gift {
    struct workflow_given given[8];
    size_t n;
    const char *found, *other; /* other: id of the case that was named */
};
/* False: nothing fits (no other case, no field). left_out: one need is not given. */
bool gift_of(const struct model_case *c, const struct jval *action, const struct model_user *u, bool left_out,
             struct gift *g);

/* Nobody takes a case along that is another office's, of another service, or answered already. */
bool gift_far(const struct model_user *u, const struct model_case *c, const char *other);
/* Codes sent to confirm with; fresh: 1 when the last one is still good. */
int gift_codes(const struct model_case *c, bool fresh);

#endif
