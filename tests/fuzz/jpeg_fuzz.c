/* Pictures from a scanner: the head by our reader, then a thumbnail and black and white of what it let in.
 * What the head takes must become a PDF whatever its pixels are. */
#include "common/base/g4.h"
#include "common/base/pdf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = BYTES(data, size), thumb;
    struct jpeg_info i;
    struct bilevel b;
    struct err e = {0};
    ARENA_SCOPE(a);
    BUF_SCOPE(out);
    if (jpeg_head(in, &i, &e) != RC_OK)
        return 0;
    const struct pdf_page p = {in, i.width, i.height, i.channels, i.dpi, (int)(size % 4), false};
    const struct pdf_doc doc = {"x", "ro", 0, &p, 1};
    if (pdf_write(&doc, &out, &e) != RC_OK)
        abort();
    if ((long)i.width * i.height > 1 << 20)
        return 0;
    if (jpeg_thumb(a, in, 64, &thumb, &e) == RC_OK && jpeg_head(thumb, &i, &e) != RC_OK)
        abort();
    if (jpeg_bilevel(a, in, &b, &e) == RC_OK)
        g4_encode(&b, &out);
    return 0;
}
