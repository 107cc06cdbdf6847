/* Small files, whole. */
#ifndef PRIDVOR_FS_H
#define PRIDVOR_FS_H

#include "common/base/arena.h"
#include "common/base/err.h"

MUST enum rc fs_read(struct arena *a, const char *path, size_t max, char **out, size_t *len,
                     struct err *e); /* NUL added */
/* Temporary file in the same folder, fsync, rename, fsync of the folder. */
MUST enum rc fs_write(const char *path, const void *p, size_t len, int mode, struct err *e);
MUST enum rc fs_mkdirs(const char *path, int mode, struct err *e);
bool fs_exists(const char *path);
void fd_closep(int *fd); /* for SCOPED; -1 is fine */

#endif
