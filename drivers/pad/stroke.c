#include "drivers/pad/stroke.h"

#include "common/base/arena.h"

#define SAME_MS 10000 /* two samples this close together are ordered by the pad's clock */

/* The pad numbers every report, pen up or down, so a gap is a gap. The same number again is the same sample.
 */
static bool repeated(const struct strokes *s, const struct stu_sample *sample)
{
    return sample->numbered && s->seen && sample->sequence == s->sequence &&
           (!sample->timed || sample->time == s->time);
}

static void count_lost(struct strokes *s, const struct stu_sample *sample, int64_t now_ms)
{
    if (sample->numbered) {
        if (s->seen)
            s->lost += (uint16_t)(sample->sequence - s->sequence - 1);
        s->sequence = sample->sequence;
        s->seen = true;
    }
    if (sample->timed && s->started && now_ms - s->at < SAME_MS)
        s->lost += (uint16_t)(sample->time - s->time) > UINT16_MAX / 2;
}

/* 16 bits of milliseconds, unwrapped by the time of arrival, which is all that a pad without a clock gives.
 */
static void advance(struct strokes *s, const struct stu_sample *sample, int64_t now_ms)
{
    uint16_t now = sample->timed ? sample->time : (uint16_t)now_ms;
    int64_t passed = s->started ? now_ms - s->at : 0;
    int64_t step = s->started ? (uint16_t)(now - s->time) : 0;
    while (passed - step > UINT16_MAX / 2)
        step += UINT16_MAX + 1;
    s->clock += (uint32_t)step;
    if (s->down && sample->down)
        s->ink_ms += (uint32_t)step;
    s->time = now;
    s->at = now_ms;
    s->started = true;
}

static int clamp(int v, int max)
{
    return v < max ? v : max;
}

bool strokes_add(struct strokes *s, const struct stu_sample *sample, int64_t now_ms,
                 const struct stu_capability *cap)
{
    if (repeated(s, sample))
        return false;
    count_lost(s, sample, now_ms);
    advance(s, sample, now_ms);
    s->rate = (uint32_t)cap->rate;
    if (!sample->down) {
        s->down = false;
        return false;
    }
    if (s->n == STROKE_SAMPLES_MAX) {
        s->full = true;
        return false;
    }
    if (s->n == 0)
        s->clock = 0;
    s->points[s->n++] =
        (struct stroke_point){.x = (uint16_t)clamp(sample->x, cap->max_x),
                              .y = (uint16_t)clamp(sample->y, cap->max_y),
                              .pressure = (uint16_t)clamp(sample->pressure, cap->max_pressure),
                              .first = !s->down,
                              .t = s->clock};
    s->strokes += !s->down;
    s->down = true;
    return true;
}

void strokes_clear(struct strokes *s)
{
    struct stroke_point *points = s->points;
    wipe(points, sizeof(*points) * s->n);
    *s = (struct strokes){.points = points};
}

/* Without numbers: every seventh sample missing is seen, less is not; the result says "sequenced": false. */
static bool too_few(const struct strokes *s)
{
    uint64_t expected = (uint64_t)s->ink_ms * s->rate / 1000;
    return !s->seen && s->rate && s->n + 3 < expected * 6 / 7;
}

enum rc strokes_judge(const struct strokes *s, struct err *e)
{
    if (s->full)
        return err_code(e, RC_TIMEOUT, "PAD_TIMEOUT", (int64_t)s->n, "more ink than a signature has");
    if (s->lost)
        return err_code(e, RC_PROTOCOL, "PAD_SEQ_GAP", s->lost, "%u samples were lost", s->lost);
    if (too_few(s))
        return err_code(e, RC_PROTOCOL, "PAD_SEQ_GAP", 0, "%zu samples in %u ms are too few", s->n,
                        s->ink_ms);
    if (s->n < STROKE_SAMPLES_MIN || s->points[s->n - 1].t < STROKE_MS_MIN)
        return err_code(e, RC_USER, "PAD_EMPTY", (int64_t)s->n, "%zu samples are no signature", s->n);
    return RC_OK;
}

void strokes_json(const struct strokes *s, struct buf *out)
{
    buf_chr(out, '[');
    for (size_t i = 0; i < s->n; i++) {
        const struct stroke_point *p = &s->points[i];
        buf_str(out, p->first ? (i ? "],[" : "[") : ",");
        buf_fmt(out, "[%u,%u,%u,%u]", p->x, p->y, p->pressure, p->t);
    }
    buf_str(out, s->n ? "]]" : "]");
}
