/* Answers to the questions of any service that the register takes, as a citizen at a kiosk might give them.
 */
#ifndef PRIDVOR_TEST_FORM_FILL_H
#define PRIDVOR_TEST_FORM_FILL_H

#include "common/model/form.h"

struct fill {
    const struct service *service;
    const struct i18n *i18n;
    unsigned long long luck;   /* another one gives other answers */
    const char *email, *phone; /* NULL: left empty where that is allowed */
};
/* JSON in the arena; NULL: no way was found. */
const char *fill_form(struct arena *a, const struct fill *f);

#endif
