/* Inside the casework core. */
#ifndef PRIDVOR_CASE_PRIV_H
#define PRIDVOR_CASE_PRIV_H

#include "backend/case.h"

struct date case_today(const struct work *w);
/* "a, b" as words. */
size_t case_words(struct arena *a, const char *list, const char ***out);

#endif
