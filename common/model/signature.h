/* A signature made with a pen: the bytes that stand for it, the one hash that binds it to what was shown and
 * to the request, and its picture.
 *
 * Canonical stroke bytes, all numbers 32 bits big-endian:
 *   "PVS1"  width  height  max_pressure  strokes
 *   then for each stroke: samples, then for each sample: x  y  pressure  t (ms since the first sample)
 * Bind:
 *   SHA-256( "pridvor.signature.bind.1" NUL  S  SHA-256(stroke bytes)  request )
 * S: one byte 1 and the 32 bytes of shown_sha256, or one byte 0 when the pad showed nothing (no screen).
 * request: the 32 bytes of the SHA-256 of the request text. */
#ifndef PRIDVOR_SIGNATURE_H
#define PRIDVOR_SIGNATURE_H

#include "common/base/crypto.h"
#include "common/base/json.h"

#define SIGNATURE_HEX (2 * SHA256_LEN + 1)

/* Writing the stroke bytes piece by piece, for whoever holds the samples in another form. */
void signature_head(struct buf *out, int64_t width, int64_t height, int64_t max_pressure, size_t strokes);
void signature_stroke(struct buf *out, size_t samples);
void signature_sample(struct buf *out, int64_t x, int64_t y, int64_t pressure, int64_t t);

struct ink {
    int64_t width, height, max_pressure; /* the pad's units */
    const struct jval *strokes;          /* [[[x,y,p,t],...],...] */
};
/* RC_BAD_FIELD: not strokes. */
MUST enum rc signature_bytes(const struct ink *s, struct buf *out, struct err *e);
/* shown, request: 64 hex digits; shown may be "" or NULL: nothing was shown. RC_BAD_FIELD: not hashes. */
MUST enum rc signature_bind(char out[SIGNATURE_HEX], const char *shown, struct bytes strokes,
                            const char *request, struct err *e);

/* ---- its picture ---- */

/* One piece of the line: a cubic curve of one width. The pen goes from a to d. */
struct ink_piece {
    double x[4], y[4], width;
    bool first; /* begins a stroke */
};
struct ink_box {
    double x, y, w, h; /* with a margin */
};
/* Smooth curves through the samples (Catmull-Rom), as wide as the pen pressed; same units as the strokes. */
enum rc ink_pieces(const struct ink *s, void (*piece)(void *user, const struct ink_piece *p), void *user,
                   struct err *e);
/* RC_BAD_FIELD: not strokes, or none. */
MUST enum rc ink_bounds(const struct ink *s, struct ink_box *out, struct err *e);
/* A whole SVG document, cut to the ink. */
MUST enum rc signature_svg(const struct ink *s, struct buf *out, struct err *e);

#endif
