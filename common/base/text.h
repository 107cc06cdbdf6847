/* Romanian and Hungarian text: UTF-8, NFC, comma below. */
#ifndef PRIDVOR_TEXT_H
#define PRIDVOR_TEXT_H

#include "common/base/arena.h"
#include "common/base/err.h"

bool utf8_valid(const char *s, size_t len); /* RFC 3629; U+0000 is not valid here */
size_t utf8_cut(const char *s, size_t max); /* bytes of whole characters among the first max */
size_t utf8_count(const char *s);           /* code points */
void utf8_mend(char *s); /* takes out what is no UTF-8: halves of a character that a length limit cut */
/* NFC, cedilla s/t to comma below, outer blanks off, inner runs of blanks to one, control characters refused.
 */
MUST enum rc text_clean(struct arena *a, const char *s, const char **out, struct err *e);
/* For comparing names: clean, lower case, no marks (ș, with comma or cedilla -> s; ő -> o), letters and
 * digits only, single blanks. */
const char *text_fold(struct arena *a, const char *s);
/* Whole words only: no letter, digit or mark stands before `old` or behind it. All in one go, the longest
 * first, so that what was put in is not looked at again. */
struct text_swap {
    const char *old, *now; /* old "": nothing to look for */
};
const char *text_swapped(struct arena *a, const char *s, const struct text_swap *swaps, size_t n);
/* How much of a value that is put into a text stands before next: its closing dot is the sentence's own, and
 * falls before a suffix (2026. 11. 22-ig). */
size_t text_joined(const char *value, char next);
/* {name} in tpl replaced by the value of the pair with that name; unknown names stay as they are. */
struct text_var {
    const char *name, *value;
};
const char *text_fill(struct arena *a, const char *tpl, const struct text_var *vars, size_t n);

void hex_encode(char *out, const void *p, size_t len);                     /* lower case, 2*len+1 bytes */
MUST bool hex_decode(void *out, size_t cap, size_t *len, const char *hex); /* blanks allowed between bytes */
char *base64_encode(struct arena *a, const void *p, size_t len);           /* standard alphabet, padded */
MUST enum rc base64_decode(struct arena *a, const char *s, uint8_t **out, size_t *len,
                           struct err *e); /* strict */

#endif
