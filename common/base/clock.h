/* Time. Deadlines use the monotonic clock; dates are civil dates in Europe/Bucharest, computed here from the
 * rule in force (EU summer time: last Sunday of March 01:00 UTC to last Sunday of October 01:00 UTC), so no
 * machine setting matters. */
#ifndef PRIDVOR_CLOCK_H
#define PRIDVOR_CLOCK_H

#include "common/base/err.h"

struct date {
    int y, m, d;
};

int64_t mono_ms(void);
int64_t mono_us(void);
int64_t unix_ms(void);                                                      /* UTC */
struct date date_of_ms(int64_t unix_ms);                                    /* civil date in Bucharest */
void time_of_ms(int64_t unix_ms, int *hour, int *minute);                   /* wall time in Bucharest */
void iso_utc(char out[25], int64_t unix_ms);                                /* 2026-11-22T08:15:00.123Z */
MUST enum rc iso_utc_parse(const char *s, int64_t *unix_ms, struct err *e); /* exactly that form */
void date_iso(char out[11], struct date d);                                 /* 2026-11-22 */
void date_ro(char out[11], struct date d);                                  /* 22.11.2026 */
MUST bool date_parse(const char *s, struct date *d);                        /* YYYY-MM-DD, must exist */
bool date_valid(struct date d);
int64_t date_days(struct date d); /* days since 1970-01-01 */
struct date date_add(struct date d, int64_t days);
int date_weekday(struct date d); /* 1 Monday .. 7 Sunday */
int date_cmp(struct date a, struct date b);

#endif
