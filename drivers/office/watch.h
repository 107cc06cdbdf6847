/* Is it on paper? One job from its hand-over to its end, judged from what queue and printer say at each look.
 * No I/O and no clock of its own, so that a test can play hours.
 *
 * "completed" is not believed: cupsd says it when the bytes were taken (apple/cups#5207). What counts is the
 * number of sides printed: the printer's life counter before and after, or the counter of its own job,
 * whichever it has. */
#ifndef PRIDVOR_OFFICE_WATCH_H
#define PRIDVOR_OFFICE_WATCH_H

#include "drivers/office/reasons.h"
#include "drivers/office/cups.h"

#define WATCH_FIRST_MS (60 * 1000) /* facts: 60 s and 15 s for each page; a laser printer wakes for 20 s */
#define WATCH_PAGE_MS (15 * 1000)
#define WATCH_IDLE_MS                                                                                        \
    (20 * 1000) /* the job waits, the printer is idle and nothing moves: the queue is stuck */
#define WATCH_SETTLE_MS (3 * 1000) /* counters may come a little after "completed" */

enum watch_word {
    WATCH_ON,       /* look again */
    WATCH_PRINTED,  /* as many sides as asked */
    WATCH_UNPROVEN, /* said to be completed, and no counter proves it */
    WATCH_ENDED,    /* cancelled or aborted by somebody */
    WATCH_STUCK,    /* nothing moves although the printer is free */
    WATCH_LATE,     /* nothing moves: the printer waits for somebody, or does not answer */
};
struct watch {
    int64_t pages;  /* sides asked for, 0: not known */
    int64_t before; /* the printer's life counter, -1 */
    int64_t sides;  /* proven so far; -1: nobody counts */
    int64_t moved_at, completed_at;
    int last_state;
    bool processing; /* the printer had begun */
};
void watch_begin(struct watch *w, int64_t pages, int64_t before, int64_t now);
/* What one look saw; NULL: it did not answer. cupsd counts the pages that its filters made, printed or not:
 * the number of a queue's job is no proof, only that of the printer's own job is. */
struct watch_seen {
    const struct office_job *job;         /* at the queue: its state */
    const struct office_job *own;         /* at the printer itself: its count */
    const struct office_printer *printer; /* the one behind the queue, if it speaks; else the queue */
};
enum watch_word watch_look(struct watch *w, const struct watch_seen *seen, int64_t now);
/* What may be said of the paper when it ended so. */
enum outcome watch_outcome(const struct watch *w, enum watch_word word);

#endif
