/* A letter to try with, and the programs that read it back. */
#ifndef PRIDVOR_PAPER_RIG_H
#define PRIDVOR_PAPER_RIG_H

#include "backend/paper.h"

/* In a folder of its own, or in PRIDVOR_PAPERS when somebody wants to look. */
const char *paper_save(struct arena *a, const char *name, const struct buf *pdf);
/* Output of a program; fails the test when it does not end well. %s in cmd is the file. */
const char *paper_ask(struct arena *a, const char *cmd, const char *file);
const struct paper *paper_sample(enum lang lang, struct paper *out);
void paper_make(const struct paper *p, struct buf *out, size_t *pages); /* fails the test */

#endif
