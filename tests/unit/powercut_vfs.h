/* A disk that loses power: a SQLite VFS in memory. Each file keeps what was synced and what was written
 * since. A cut decides for every 512-byte sector touched since the last sync: kept, lost, torn (a part of
 * it), or garbage. */
#ifndef PRIDVOR_POWERCUT_VFS_H
#define PRIDVOR_POWERCUT_VFS_H

#include <stdbool.h>

#define POWERCUT_VFS "powercut"

void powercut_register(void);
void powercut_reset(unsigned seed); /* an empty disk */
void powercut_arm(long operations); /* power goes with that write, sync or truncation; 0: never */
bool powercut_is_off(void);
void powercut_restore(void);    /* decides what the disk holds, and switches on */
void powercut_lying(bool on);   /* sync says yes and does nothing */
long powercut_operations(void); /* since the last arm */

#endif
