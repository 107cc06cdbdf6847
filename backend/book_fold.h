/* How names are found: what is stored is folded once, what is asked is folded the same way. */
#ifndef PRIDVOR_BOOK_FOLD_H
#define PRIDVOR_BOOK_FOLD_H

#include "common/base/arena.h"

/* text_fold (no marks, small letters, single blanks), and a word with an inner "â" or "î" stands in both
 * spellings, old and new: "Cîmpean" gives "cimpean campean". For casefile.folded. */
const char *book_fold(struct arena *a, const char *text);

#endif
