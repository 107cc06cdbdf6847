/* What citizens and clerks send as files: whatever it is, it is judged inside its own bytes, and what is
 * taken has a type, and pictures a size. */
#include <stdlib.h>
#include <string.h>

#include "backend/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store_kind k = {0};
    struct err e = {0};
    uint8_t *own = malloc(size ? size : 1);

    memcpy(own, data, size);
    if (store_kind(BYTES(own, size), &k, &e) == RC_OK) {
        if (!k.type || !k.suffix || (strncmp(k.type, "image/", 6) == 0 && (k.width <= 0 || k.height <= 0)))
            abort();
    } else if (!e.text[0]) {
        abort();
    }
    free(own);
    return 0;
}
