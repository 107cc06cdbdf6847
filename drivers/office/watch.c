#include "drivers/office/watch.h"

void watch_begin(struct watch *w, int64_t pages, int64_t before, int64_t now)
{
    *w = (struct watch){.pages = pages, .before = before, .sides = before >= 0 ? 0 : -1, .moved_at = now};
}

static void count(struct watch *w, const struct watch_seen *v, int64_t now)
{
    const struct office_printer *p = v->printer;
    int64_t by_life = p && w->before >= 0 && p->impressions >= w->before ? p->impressions - w->before : -1;
    int64_t by_job = v->own ? v->own->impressions : -1;
    int64_t sides = by_life > by_job ? by_life : by_job;

    if (w->pages == 0 && v->own && v->own->total > 0)
        w->pages = v->own->total;
    if (sides > w->sides) {
        if (sides > 0)
            w->moved_at = now;
        w->sides = sides;
    }
}

static enum watch_word completed(struct watch *w, int64_t now)
{
    if (w->completed_at == 0)
        w->completed_at = now;
    if (w->sides > 0 && w->sides >= w->pages)
        return WATCH_PRINTED;
    return now - w->completed_at < WATCH_SETTLE_MS ? WATCH_ON : WATCH_UNPROVEN;
}

enum watch_word watch_look(struct watch *w, const struct watch_seen *v, int64_t now)
{
    const struct office_job *job = v->job;
    const struct office_printer *printer = v->printer;
    int64_t patience = WATCH_FIRST_MS + WATCH_PAGE_MS * (w->sides > 0 ? 1 : w->pages);

    count(w, v, now);
    if (job && job->state != w->last_state) {
        w->last_state = job->state;
        w->moved_at = now;
    }
    if (job && job->state == JOB_COMPLETED)
        return completed(w, now);
    if (job && (job->state == JOB_CANCELED || job->state == JOB_ABORTED))
        return WATCH_ENDED;
    if (printer && printer->state == PRINTER_PROCESSING)
        w->processing = true;
    bool idle = job && printer && printer->state == PRINTER_IDLE;
    if (idle && now - w->moved_at > WATCH_IDLE_MS)
        return WATCH_STUCK;
    return now - w->moved_at > patience ? WATCH_LATE : WATCH_ON;
}

enum outcome watch_outcome(const struct watch *w, enum watch_word word)
{
    if (word == WATCH_PRINTED)
        return O_DONE;
    if (w->sides > 0)
        return O_PARTIAL;
    /* Not one side by a counter that would have seen it. */
    if (w->sides == 0 && word != WATCH_UNPROVEN && !w->processing)
        return O_NOT_DONE;
    if (word != WATCH_UNPROVEN && w->last_state > 0 && w->last_state <= JOB_HELD)
        return O_NOT_DONE; /* it never left the queue, and is cancelled there */
    return O_UNKNOWN;
}
