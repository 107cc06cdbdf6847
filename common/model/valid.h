/* Romanian identifiers. Pure functions over UTF-8 strings. */
#ifndef PRIDVOR_VALID_H
#define PRIDVOR_VALID_H

#include "common/base/arena.h"
#include "common/base/clock.h"

/* Each returns NULL when the value is right, else the key of the sentence that says what to do
 * (configs/i18n). */
const char *check_cnp(const char *s, struct date today);
const char *check_cui(const char *s);
const char *check_plate(const char *s);
const char *check_phone(const char *s);
const char *check_email(const char *s);

/* One written form for what people type in many: digits only, E.164 (+40740123456), plate "CJ12ABC",
 * lower-case domain. */
const char *norm_digits(struct arena *a, const char *s);
const char *norm_phone(struct arena *a, const char *s);
const char *norm_plate(struct arena *a, const char *s);
const char *norm_email(struct arena *a, const char *s);

struct cnp_facts {
    struct date birth;
    char sex; /* 'M' 'F' */
    bool resident, county_known;
    char county[3];
};
MUST bool cnp_read(const char *cnp,
                   struct cnp_facts *out); /* false: not a CNP (length, digits, date, check digit) */

#endif
