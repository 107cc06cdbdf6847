/* What goes on in the town halls beside the steps: people fall ill and come back, days off are declared and
 * taken back, notes are written, two reach for the same file at once. Each is judged by the model. */
#ifndef PRIDVOR_TEST_CASE_TOWN_H
#define PRIDVOR_TEST_CASE_TOWN_H

#include "tests/db/case_gift.h"

/* users[0] is the citizen; the others have accounts. places: for parking in one of the halls. */
void town_make(const struct model_user *users, size_t n, int64_t places);
void town_free(void);
const struct actor *town_actor(const struct model_user *u); /* with the roles lent on the day it was read */
/* Once a day: an absence, or its end; a day off, or its end. What must hold over all files is looked at. */
void town_day(void);
void town_note(const struct model_case *c);
/* Of those that were connexed with a case that was answered. */
void town_kin(const struct model_case *c);
void town_right(const struct model_case *c);
/* Both at the same moment, each on a connection of its own. */
struct town_two {
    const struct actor *who;
    struct case_act act;
    enum rc rc;
    struct err e;
};
void town_meet(struct town_two two[2]);
void town_told(void); /* how much of it there was */

#endif
