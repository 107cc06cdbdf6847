/* Samples become strokes. On pads that number their samples the loss of one is seen as a gap. Nothing is
 * interpolated; a lossy signature is written again. */
#ifndef PRIDVOR_STROKE_H
#define PRIDVOR_STROKE_H

#include "common/base/buf.h"
#include "drivers/pad/stu.h"

#define STROKE_SAMPLES_MAX 24000 /* two minutes at 200 Hz */
#define STROKE_SAMPLES_MIN 20    /* fewer, or shorter than STROKE_MS_MIN, is no signature */
#define STROKE_MS_MIN 150

struct stroke_point {
    uint16_t x, y, pressure;
    bool first; /* begins a stroke */
    uint32_t t; /* ms since the first sample */
};
struct strokes {
    struct stroke_point *points; /* STROKE_SAMPLES_MAX, in the command's arena */
    size_t n, strokes;
    bool down, seen; /* tip is pressed; a sequence number was seen */
    uint16_t sequence, time;
    uint32_t clock; /* ms, unwrapped */
    unsigned lost;  /* samples missing in the sequence */
    bool full;
};

/* Takes one sample; true when it is a point of the signature. */
bool strokes_add(struct strokes *s, const struct stu_sample *sample, int64_t now_ms,
                 const struct stu_capability *cap);
void strokes_clear(struct strokes *s);
/* Why this is no signature: RC_USER with PAD_EMPTY, RC_PROTOCOL with PAD_SEQ_GAP. */
MUST enum rc strokes_judge(const struct strokes *s, struct err *e);
/* [[[x,y,p,t],...],...] */
void strokes_json(const struct strokes *s, struct buf *out);

#endif
