/* PDFs that hide something: dictionaries, filters and rows of any kind are read within bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "backend/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAME "0000000000000000000000000000000000000000000000000000000000000000"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char dir[] = "/tmp/pridvor-fuzz-XXXXXX", path[120];
    const struct store_place s = {dir, 0};
    struct store_reader *r SCOPED(store_closep) = NULL;
    struct err e = {0};
    bool active = false;

    if (!path[0]) {
        if (!mkdtemp(dir))
            abort();
        snprintf(path, sizeof path, "%s/00", dir);
        mkdir(path, 0700);
        snprintf(path, sizeof path, "%s/00/%s", dir, NAME);
    }
    FILE *f = fopen(path, "w");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        abort();
    if (store_unseen(&s, NAME, &r, &e) != RC_OK || store_active(r, &active, &e) != RC_OK)
        abort();
    return 0;
}
