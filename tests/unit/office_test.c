/* Words of IPP printers, and the judgement whether a job is on paper, with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/office/watch.h"

static void words(void **state)
{
    static const struct {
        const char *keyword, *code;
        enum condition severity;
    } rows[] = {
        {"media-empty", "MEDIA_EMPTY", K_STAFF},
        {"media-empty-error", "MEDIA_EMPTY", K_STAFF},
        {"media-empty-warning", "MEDIA_EMPTY", K_WARN},
        {"media-empty-report", "MEDIA_EMPTY", K_OK},
        {"media-low", "MEDIA_LOW", K_WARN},
        {"toner-low-report", "TONER_LOW", K_OK},
        {"marker-supply-empty-error", "TONER_EMPTY", K_STAFF},
        {"door-open", "DOOR", K_STAFF},
        {"cover-open-error", "DOOR", K_STAFF},
        {"media-jam-warning", "MEDIA_JAM", K_WARN},
        {"paused", "QUEUE_PAUSED", K_TECHNICIAN},
        {"vendor-magic-error", "PRINTER_ERROR", K_TECHNICIAN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum condition c;
        const struct reason *r = reason_find(rows[i].keyword, &c);
        assert_non_null(r);
        assert_string_equal(r->code, rows[i].code);
        assert_int_equal(c, rows[i].severity);
    }
    static const char *const unheard[] = {"vendor-magic", "vendor-magic-report", "", "-error-", "media"};
    for (size_t i = 0; i < COUNT(unheard); i++) {
        enum condition c;
        assert_null(reason_find(unheard[i], &c));
    }
    enum condition c;
    assert_string_equal(
        reason_worst((const char *[]){"toner-low", "media-jam", "media-low-report"}, 3, &c)->code,
        "MEDIA_JAM");
    assert_int_equal(c, K_STAFF);
    assert_null(reason_worst((const char *[]){"vendor-thing"}, 1, &c));
    assert_int_equal(c, K_OK);
}

/* A life of a job: what is seen at each second until a word comes. state 0: the queue does not answer. */
struct seen {
    int for_s, job, printer;
    int64_t sides, life;
};
static const struct play {
    const char *name;
    int64_t pages, before;
    struct seen seen[6];
    enum watch_word word;
    enum outcome outcome;
} plays[] = {
    {"counted by the job",
     2,
     -1,
     {{2, JOB_PENDING, 3, 0, -1}, {3, JOB_PROCESSING, 4, 1, -1}, {9, JOB_COMPLETED, 3, 2, -1}},
     WATCH_PRINTED,
     O_DONE},
    {"counted by the printer's life",
     2,
     100,
     {{3, JOB_PROCESSING, 4, 0, 101}, {9, JOB_COMPLETED, 3, 0, 102}},
     WATCH_PRINTED,
     O_DONE},
    {"the counter comes late",
     1,
     100,
     {{3, JOB_PROCESSING, 4, 0, 100}, {2, JOB_COMPLETED, 3, 0, 100}, {9, JOB_COMPLETED, 3, 0, 101}},
     WATCH_PRINTED,
     O_DONE},
    {"completed, nobody counts",
     1,
     -1,
     {{3, JOB_PROCESSING, 4, 0, -1}, {9, JOB_COMPLETED, 3, 0, -1}},
     WATCH_UNPROVEN,
     O_UNKNOWN},
    {"completed, the counter stands",
     1,
     100,
     {{3, JOB_PROCESSING, 4, 0, 100}, {9, JOB_COMPLETED, 3, 0, 100}},
     WATCH_UNPROVEN,
     O_UNKNOWN},
    {"completed, one of two",
     2,
     100,
     {{3, JOB_PROCESSING, 4, 0, 101}, {9, JOB_COMPLETED, 3, 0, 101}},
     WATCH_UNPROVEN,
     O_PARTIAL},
    {"aborted before a side",
     2,
     100,
     {{3, JOB_PENDING, 3, 0, 100}, {9, JOB_ABORTED, 3, 0, 100}},
     WATCH_ENDED,
     O_NOT_DONE},
    {"aborted in the middle",
     2,
     -1,
     {{3, JOB_PROCESSING, 4, 1, -1}, {9, JOB_ABORTED, 3, 1, -1}},
     WATCH_ENDED,
     O_PARTIAL},
    {"aborted while printing, uncounted",
     2,
     -1,
     {{3, JOB_PROCESSING, 4, 0, -1}, {9, JOB_ABORTED, 3, 0, -1}},
     WATCH_ENDED,
     O_UNKNOWN},
    {"stuck: idle and pending", 1, -1, {{60, JOB_PENDING, 3, 0, -1}}, WATCH_STUCK, O_NOT_DONE},
    {"stuck: idle and processing", 1, 7, {{60, JOB_PROCESSING, 3, 0, 7}}, WATCH_STUCK, O_NOT_DONE},
    {"waits for paper, which comes",
     1,
     -1,
     {{70, JOB_PROCESSING, 5, 0, -1}, {5, JOB_COMPLETED, 3, 1, -1}},
     WATCH_PRINTED,
     O_DONE},
    {"waits for paper for ever", 1, 7, {{300, JOB_PROCESSING, 5, 0, 7}}, WATCH_LATE, O_NOT_DONE},
    {"jam after one",
     3,
     -1,
     {{5, JOB_PROCESSING, 4, 1, -1}, {300, JOB_PROCESSING, 5, 1, -1}},
     WATCH_LATE,
     O_PARTIAL},
    {"the queue falls silent",
     1,
     -1,
     {{2, JOB_PROCESSING, 4, 0, -1}, {300, 0, 0, 0, 0}},
     WATCH_LATE,
     O_UNKNOWN},
    {"silent, then back and done",
     1,
     -1,
     {{2, JOB_PROCESSING, 4, 0, -1}, {30, 0, 0, 0, 0}, {5, JOB_COMPLETED, 3, 1, -1}},
     WATCH_PRINTED,
     O_DONE},
    {"slow but moving",
     3,
     -1,
     {{70, JOB_PROCESSING, 4, 0, -1},
      {70, JOB_PROCESSING, 4, 1, -1},
      {70, JOB_PROCESSING, 4, 2, -1},
      {3, JOB_COMPLETED, 3, 3, -1}},
     WATCH_PRINTED,
     O_DONE},
    {"the number of sides comes from the job",
     0,
     -1,
     {{2, JOB_PROCESSING, 4, 1, -1}, {9, JOB_COMPLETED, 3, 1, -1}},
     WATCH_PRINTED,
     O_DONE},
    {"a counter that ran backwards proves nothing",
     1,
     100,
     {{2, JOB_PROCESSING, 4, 0, 3}, {9, JOB_COMPLETED, 3, 0, 4}},
     WATCH_UNPROVEN,
     O_UNKNOWN},
};

static void judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(plays); i++) {
        const struct play *p = &plays[i];
        struct watch w;
        enum watch_word word = WATCH_ON;
        int64_t now = 1000;
        watch_begin(&w, p->pages, p->before, now);
        for (size_t k = 0; k < COUNT(p->seen) && p->seen[k].for_s && word == WATCH_ON; k++)
            for (int s = 0; s < p->seen[k].for_s && word == WATCH_ON; s++, now += 1000) {
                const struct seen *v = &p->seen[k];
                struct office_job job = {.state = v->job, .impressions = v->sides, .total = -1};
                struct office_printer printer = {.state = v->printer, .impressions = v->life};
                const struct watch_seen seen = {v->job ? &job : NULL, v->job ? &job : NULL,
                                                v->printer ? &printer : NULL};
                word = watch_look(&w, &seen, now);
            }
        print_message("%s\n", p->name);
        assert_int_equal(word, p->word);
        assert_int_equal(watch_outcome(&w, word), p->outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(judged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
