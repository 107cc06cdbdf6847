#include "drivers/pad/stroke.h"

#include "common/base/arena.h"

/* The pad numbers every report, pen up or down, so a gap is a gap. */
static void count_lost(struct strokes *s, const struct stu_sample *sample)
{
    if (!sample->timed)
        return;
    if (s->seen)
        s->lost += (uint16_t)(sample->sequence - s->sequence - 1);
    s->sequence = sample->sequence;
    s->seen = true;
}

static void advance(struct strokes *s, const struct stu_sample *sample, int64_t now_ms, bool first_ever)
{
    uint16_t now = sample->timed ? sample->time : (uint16_t)now_ms;
    if (first_ever)
        s->clock = 0;
    else
        s->clock += (uint16_t)(now - s->time);
    s->time = now;
}

static int clamp(int v, int max)
{
    return v < max ? v : max;
}

bool strokes_add(struct strokes *s, const struct stu_sample *sample, int64_t now_ms,
                 const struct stu_capability *cap)
{
    count_lost(s, sample);
    if (!sample->down) {
        s->down = false;
        return false;
    }
    if (s->n == STROKE_SAMPLES_MAX) {
        s->full = true;
        return false;
    }
    advance(s, sample, now_ms, s->n == 0);
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

enum rc strokes_judge(const struct strokes *s, struct err *e)
{
    if (s->lost)
        return err_code(e, RC_PROTOCOL, "PAD_SEQ_GAP", s->lost, "%u samples were lost", s->lost);
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
