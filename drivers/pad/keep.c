#include "common/base/fs.h"
#include "drivers/pad/pad.h"
#include "drivers/print/raster_ink.h"

#define PNG_WIDTH 1200

enum rc pad_keep(const struct jval *args, const struct jval *data, struct err *e)
{
    const struct ink ink = {jval_int(data, "width", 0), jval_int(data, "height", 0),
                            jval_int(data, "max_pressure", 0), jval_get(data, "strokes")};
    const char *svg = jval_str(args, "svg", ""), *png = jval_str(args, "png", "");
    BUF_SCOPE(out);
    if (*svg) {
        TRY(signature_svg(&ink, &out, e));
        TRY(fs_write(svg, out.p, out.len, 0600, e));
    }
    if (*png) {
        buf_reset(&out);
        TRY(raster_ink(&ink, PNG_WIDTH, &out, e));
        TRY(fs_write(png, out.p, out.len, 0600, e));
    }
    return RC_OK;
}
