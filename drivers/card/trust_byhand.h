/* `kdrv card verify` and `kdrv card csca`: passive authentication of files, without a card. */
#ifndef PRIDVOR_CARD_TRUST_BYHAND_H
#define PRIDVOR_CARD_TRUST_BYHAND_H

#include <stdbool.h>

bool trust_byhand_knows(const char *verb);
/* argv[1] is card, argv[2] the verb. Exit codes of kdrv: 0 valid (csca: everything in use), 1 not, 2 usage.
 */
int trust_byhand(int argc, char **argv);
/* --csca, PRIDVOR_CSCA, <devices>/../csca, in this order; devices may be NULL. At most cap bytes. */
const char *trust_folder(const char *option, const char *devices, char *out, int cap);

#endif
