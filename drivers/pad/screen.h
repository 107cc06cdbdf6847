/* The pad's screen: pictures in the encoding the pad offers, and the hash of what was shown. */
#ifndef PRIDVOR_PAD_SCREEN_H
#define PRIDVOR_PAD_SCREEN_H

#include "common/base/buf.h"
#include "common/model/signature.h"
#include "drivers/pad/face.h"
#include "drivers/pad/link.h"

#define PAD_IMAGE_MS 5000 /* ceiling of one screen */

/* Which encodings: what the capability report offers, else what the row says ("encodings": ["1bit", "16bit",
 * "24bit", "zlib"]); text goes as one bit where that exists, buttons in colour. "bulk": the row's word. */
void pad_encodings(struct pad_link *p, const struct jval *profile);
/* Shows the face on a blank screen: parts where the pad takes parts (report 24), else one whole picture.
 * shown becomes the SHA-256 over all starts of pictures and picture bytes, in the order the pad got them. */
MUST enum rc pad_show(struct pad_link *p, struct arena *a, const struct face *f, char shown[SIGNATURE_HEX],
                      struct err *e);
/* One picture's bytes in an encoding (without the bulk bit). */
void pad_encode(const struct picture *q, uint8_t encoding, struct buf *out);

#endif
