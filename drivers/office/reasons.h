/* printer-state-reasons (RFC 8011 5.4.12, PWG 5100.9) in the words of the other devices, so that a citizen
 * and a clerk read one language whichever printer it is. */
#ifndef PRIDVOR_OFFICE_REASONS_H
#define PRIDVOR_OFFICE_REASONS_H

#include "drivers/driver.h"

struct reason {
    const char *name; /* without -error, -warning, -report */
    const char *code; /* of the device sheet */
    const char *media;
    enum condition condition; /* as an error; a warning is K_WARN, a report K_OK */
    bool stops;               /* nothing is printed until somebody acts */
};

/* The row of a keyword; NULL: not in the table. *severity: what it is here. */
const struct reason *reason_find(const char *keyword, enum condition *severity);
/* The worst of them; NULL: nothing is wrong. Unknown words with -error count as a technician's. */
const struct reason *reason_worst(const char *const *keywords, size_t n, enum condition *severity);

#endif
