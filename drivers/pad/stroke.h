/* Samples become strokes. On pads that number their samples the loss of one is seen as a gap. Nothing is
 * interpolated; a lossy signature is written again. */
#ifndef PRIDVOR_STROKE_H
#define PRIDVOR_STROKE_H

#include "common/base/buf.h"
#include "drivers/pad/stu.h"

#define STROKE_SAMPLES_MAX 9000 /* 45 s of ink at 200 Hz; as JSON below the frame limit of 256 KiB */
#define STROKE_SAMPLES_MIN 20   /* fewer, or shorter than STROKE_MS_MIN, is no signature */
#define STROKE_MS_MIN 150

struct stroke_point {
    uint16_t x, y, pressure;
    bool first; /* begins a stroke */
    uint32_t t; /* ms since the first sample */
};
struct strokes {
    struct stroke_point *points; /* STROKE_SAMPLES_MAX, in the command's arena */
    size_t n, strokes;
    bool down, seen, started; /* tip is pressed; a sequence number, a time was seen */
    uint16_t sequence, time;
    uint32_t clock;        /* ms, unwrapped */
    int64_t at;            /* arrival of the last sample, mono_ms() */
    unsigned lost;         /* samples missing in the sequence, or out of order in time */
    uint32_t ink_ms, rate; /* time with the tip down and the pad's rate: all there is to judge losses by when
                            * it does not number its samples */
    bool full;
};

/* Takes one sample; true when it is a point of the signature. */
bool strokes_add(struct strokes *s, const struct stu_sample *sample, int64_t now_ms,
                 const struct stu_capability *cap);
void strokes_clear(struct strokes *s);
/* Why this is no signature: RC_USER with PAD_EMPTY, RC_PROTOCOL with PAD_SEQ_GAP, RC_TIMEOUT with PAD_TIMEOUT
 * when there was too much ink. */
MUST enum rc strokes_judge(const struct strokes *s, struct err *e);
/* [[[x,y,p,t],...],...] */
void strokes_json(const struct strokes *s, struct buf *out);

#endif
