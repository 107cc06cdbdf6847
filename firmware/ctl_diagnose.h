#ifndef PRIDVOR_CTL_DIAGNOSE_H
#define PRIDVOR_CTL_DIAGNOSE_H

#include "common/base/json.h"

/* Looks at the machine; say() gets each finding, good ones too, with the fix in the text of a bad one. */
void ctl_diagnose(struct arena *a, const char *configs,
                  void (*say)(void *user, const char *name, bool ok, const char *text), void *user);

#endif
