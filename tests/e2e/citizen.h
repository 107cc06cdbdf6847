/* A citizen at the kiosk: each act is one call, done through the same local API as the page. Every call
 * returns false with c->error filled when the act did not end as it should. */
#ifndef PRIDVOR_E2E_CITIZEN_H
#define PRIDVOR_E2E_CITIZEN_H

#include "tests/e2e/api.h"

struct person_answer {
    const char *field, *value; /* value as JSON: "\"Turda\"", "[\"rust\"]", "true" */
};

bool citizen_start(struct api *c, const char *lang, const char *service);
bool citizen_card_in(struct api *c,
                     const char *card); /* "A", "B", "C" into the virtual reader; NULL: it is there */
bool citizen_read_can(struct api *c, const char *can);
bool citizen_read_mrz(struct api *c, const char *document, const char *birth, const char *expiry);
bool citizen_no_card(struct api *c);
/* At the question for the address: the PIN goes to the card; ends when the card has spoken. */
bool citizen_pin(struct api *c, const char *pin);
/* Answers page after page: from `own` first, else what the card gave, else a plausible value by type. Ends at
 * the review. */
bool citizen_answer(struct api *c, const struct person_answer *own, size_t n);
/* Answers until the question with this field is on the screen. */
bool citizen_to(struct api *c, const char *field, const struct person_answer *own, size_t n);
/* The same, but ends at the first question for papers; citizen_answer() goes on from there. */
bool citizen_to_papers(struct api *c, const struct person_answer *own, size_t n);
bool citizen_sign(struct api *c, bool by_vdev); /* by_vdev: the virtual pad draws; else a person does */
bool citizen_no_signature(struct api *c);
bool citizen_submit(struct api *c); /* until the step is done; number or provisional */
bool citizen_printed(struct api *c, const char *phases, int ms);
bool citizen_end(struct api *c); /* and sees that nothing is left: the old token is refused */

#endif
