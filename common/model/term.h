/* Legal terms: rules and holidays are data (configs/terms.json, configs/holidays.json); the result shows its
 * calculation. Every case's dates are computed anew from the rule and the facts, so a holiday declared later
 * or a corrected rule moves them all. */
#ifndef PRIDVOR_TERM_H
#define PRIDVOR_TERM_H

#include "common/base/clock.h"
#include "common/model/lang.h"

struct terms; /* rules and holidays */

/* A day, and for rules in hours the time of that day in Bucharest. */
struct moment {
    struct date day;
    int minute; /* of the day; -1: only the day counts */
};
struct term_ask {
    const char *rule;
    struct moment start;   /* what starts_on names: the registration, an event, a certificate */
    int64_t n;             /* a local setting instead of the rule's own number; 0: none */
    const char *reason;    /* of the extension; NULL: not extended */
    int64_t returned_days; /* the citizen had the case back; counts only where the rule pauses */
};
struct term {
    struct date start, nominal, due; /* nominal: before it moves off a day off */
    struct date late_after; /* after this day the case is late; the day due, unless the law is unsure */
    int minute;             /* of nominal and due; -1 */
    bool paused, extended;  /* what of the asking the rule allowed */
    struct tr why;          /* "Legea dă 30 de zile de la înregistrare. ..." */
    struct tr calc;         /* the same with each step of the counting */
    const char *law, *article, *kind, *starts_on;
};
MUST enum rc terms_load(struct arena *a, const char *configs, struct terms **out, struct err *e);
/* The same with days off that were declared later, as date_days(). */
struct terms *terms_with(struct arena *a, const struct terms *t, const int64_t *off, size_t n);
/* RC_NOT_FOUND: no such rule. RC_BAD_FIELD: a rule in hours without a time. RC_STATE: the rule has no
 * extension. The texts live in a. */
MUST enum rc term_judge(struct arena *a, const struct terms *t, const struct term_ask *ask, struct term *out,
                        struct err *e);
/* A day, not extended, never returned. */
MUST enum rc term_compute(struct arena *a, const struct terms *t, const char *rule, struct date start,
                          struct term *out, struct err *e);
/* The legal days off of the file, as they stand there, with their names. */
struct term_holiday {
    struct date day;
    struct tr name;
};
const struct term_holiday *terms_holidays(const struct terms *t, size_t *n);
bool term_day_off(const struct terms *t, struct date d); /* Saturday, Sunday, holiday */
/* The rule by which a request is answered that was registered today: the service's own, if it starts with the
 * registration and counts days, else the petitions' (OG 27/2002). rule may be NULL. */
const char *term_of_answer(const struct terms *t, const char *rule);
/* Days from today until d: working days and all days; negative when d is over. */
int64_t term_working_left(const struct terms *t, struct date today, struct date d);

#endif
