/* Inside of the pad driver: pad.c (the device), capture.c (one signature). */
#ifndef PRIDVOR_PAD_PAD_H
#define PRIDVOR_PAD_PAD_H

#include "drivers/pad/cipher.h"
#include "drivers/pad/digitizer.h"
#include "drivers/pad/screen.h"

#define PAD_CAPTURE_MS 120000

struct pad {
    struct pad_link link;
    struct digitizer digitizer; /* when link.stu is false */
    struct pad_cipher cipher;
    const struct jval *profile; /* of the row, may be NULL */
    bool finish, clear;         /* said to the running command */
    int64_t asked_at;
    uint8_t kept[3][4]; /* brightness, contrast, boot screen as we found them; id 0: not there */
};

void pad_capture(struct drv *d, const struct task *t, struct result *r);
/* By hand: "svg" and "png" of the arguments name files for the picture of the signature. */
enum rc pad_keep(const struct jval *args, const struct jval *data, struct err *e);
/* pad_leave() with words for the ladder: a pad that does not come back needs it, a cancelled wait does not.
 */
void pad_tidy(struct drv *d, const char *why);

#endif
