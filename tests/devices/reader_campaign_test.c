/* For each reading, each transfer k and each fault: the reading ends exactly once, with the outcome that is
 * true and in bounded time; what was read is right or nothing; and the next reading is good.
 * PRIDVOR_CAMPAIGN=full garbles each transfer in more ways. */
#include "tests/devices/card_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define READ                                                                                                 \
    "{\"mrz\":{\"document_number\":\"XX105533\",\"birth_date\":\"510627\",\"expiry_date\":\"310214\"},"      \
    "\"want\":[\"COM\",\"DG1\",\"SOD\"]}"
#define LONGEST_MS 75000 /* the command's own 30 s, and what it takes to get the reader back */

static unsigned tried, good, seeds = 1;
static char truth[4096];
static unsigned long apdus; /* of the last reading; more than usual: it began again */

/* Everything up to the counters. */
static void same(const struct result *r)
{
    const char *end = r->data.p ? strstr(r->data.p, "\"apdus\"") : NULL;
    assert_non_null(end);
    size_t n = (size_t)(end - r->data.p);
    if (!truth[0])
        snprintf(truth, sizeof truth, "%.*s", (int)n, r->data.p);
    if (strlen(truth) != n || memcmp(truth, r->data.p, n) != 0)
        fail_msg("read %s, the truth is %s", r->data.p, truth);
}

static enum completion read_once(struct bench *b, struct result *keep)
{
    ARENA_SCOPE(a);
    struct result r;
    bench_run(b, "read", READ, a, &r);
    if (r.completion == C_OK)
        same(&r);
    const char *n = r.completion == C_OK ? strstr(r.data.p, "\"apdus\":") : NULL;
    apdus = n ? strtoul(n + strlen("\"apdus\":"), NULL, 10) : 0;
    *keep = r;
    keep->text = keep->code = ""; /* lived in the arena */
    if (r.completion != C_OK && getenv("PRIDVOR_TELL"))
        print_message("    %s %s: %s\n", completion_word(r.completion), r.code, r.text);
    buf_free(&r.data);
    keep->data = (struct buf){0};
    return r.completion;
}

/* What each fault may end in besides a good reading. */
static bool may(enum bus_fault f, enum completion c)
{
    switch (f) {
    case BF_UNPLUG:
        return c == C_LINK_LOST;
    case BF_REMOVE:
    case BF_SWAP:
        return c == C_USER_NEEDED;
    case BF_CANCEL:
        return c == C_CANCELLED;
    case BF_STUCK:
        return c == C_TIMEOUT || c == C_PROTOCOL;
    case BF_GARBLE: /* the bytes may say anything, once */
        return c == C_TIMEOUT || c == C_PROTOCOL || c == C_DEVICE_ERROR || c == C_USER_NEEDED ||
               c == C_UNSUPPORTED || c == C_BUSY || c == C_LINK_LOST;
    default:
        return c == C_TIMEOUT || c == C_PROTOCOL || c == C_DEVICE_ERROR;
    }
}

static void one(struct bench *b, const char *level, enum bus_fault f, unsigned k, unsigned seed)
{
    struct result r;
    int64_t start = bench_now();
    bench_fault(b, f, k, k * 2654435761u + f + seed * 40503u);
    enum completion c = read_once(b, &r);
    tried++;
    good += c == C_OK;
    if (c != C_OK && !may(f, c))
        fail_msg("%s, %s at transfer %u: %s", level, bus_fault_names[f], k, completion_word(c));
    if (r.outcome != (c == C_OK ? O_DONE : O_NOT_DONE))
        fail_msg("%s, %s at transfer %u: outcome %s", level, bus_fault_names[f], k, outcome_word(r.outcome));
    if (bench_now() - start > LONGEST_MS)
        fail_msg("%s, %s at transfer %u: %lld ms", level, bus_fault_names[f], k,
                 (long long)(bench_now() - start));
    for (int tries = 0;; tries++) { /* the ladder may have to climb once more */
        bool up = bench_mend(b);
        bench_fault(b, BF_NONE, 0, 0);
        if (up && read_once(b, &r) == C_OK)
            break;
        if (tries == 2)
            fail_msg("%s, after %s at transfer %u: no good reading", level, bus_fault_names[f], k);
    }
}

static void at_level(const char *level, const char *atr)
{
    struct result r;
    struct bench *b = bench_new(level, atr);
    bench_fault(b, BF_NONE, 0, 0);
    truth[0] = 0;
    assert_int_equal(read_once(b, &r), C_OK);
    unsigned n = bench_transfers(b), before = tried, was_good = good;
    for (enum bus_fault f = BF_UNPLUG; f < BF_COUNT; f++)
        for (unsigned k = 1; k <= n; k++)
            for (unsigned seed = 0; seed < (f == BF_GARBLE || f == BF_SHORT ? seeds : 1); seed++)
                one(b, level, f, k, seed);
    print_message("  %s%s: %u transfers, %u cases, %u of them read all the same\n", level, atr ? " T=0" : "",
                  n, tried - before, good - was_good);
    bench_free(b);
}

static void all(void **state)
{
    (void)state;
    const char *full = getenv("PRIDVOR_CAMPAIGN");
    seeds = full && strcmp(full, "full") == 0 ? 32 : 1;
    at_level("tpdu", NULL);
    at_level("tpdu", "3B1F968073842"
                     "1E0556978000080830790"
                     "00");
    at_level("short", NULL);
    at_level("extended", NULL);
    at_level("whole", NULL);
    print_message("reader campaign: %u cases\n", tried);
}

/* A machine that stands still at any transfer, for longer than an APDU may take, has the answer before it
 * when it wakes: it is taken. A reader that is slow to take a command has its time for the answer all the
 * same. */
static void stands_still(void **state)
{
    static const struct {
        const char *level, *word;
        int64_t ms;
    } rows[] = {{"tpdu", "delay 0", 11000},
                {"short", "delay 0", 11000},
                {"extended", "delay 0", 11000},
                {"short", "delay 600", 9700}};
    struct result r;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bench *b = bench_new(rows[i].level, NULL);
        bench_late(b, rows[i].ms);
        bench_word(b, rows[i].word);
        bench_fault(b, BF_NONE, 0, 0);
        truth[0] = 0;
        assert_int_equal(read_once(b, &r), C_OK);
        unsigned n = bench_transfers(b);
        unsigned long usual = apdus;
        for (unsigned k = 1; k <= n; k++) {
            bench_fault(b, BF_LATE, k, 0);
            if (read_once(b, &r) != C_OK || apdus != usual)
                fail_msg("%s, %s, %lld ms at transfer %u of %u: %s, %lu APDUs instead of %lu", rows[i].level,
                         rows[i].word, (long long)rows[i].ms, k, n, completion_word(r.completion), apdus,
                         usual);
            assert_true(bench_mend(b));
        }
        bench_free(b);
    }
}

/* One answer that never comes costs time and nothing else: the card is read from a reset. */
static void lost_once(void **state)
{
    static const char *const levels[] = {"short", "extended", "whole"};
    enum { POWERED = 4 }; /* transfers: status and power-on, out and in */
    struct result r;
    (void)state;
    for (size_t i = 0; i < COUNT(levels); i++) {
        struct bench *b = bench_new(levels[i], NULL);
        bench_fault(b, BF_NONE, 0, 0);
        truth[0] = 0;
        assert_int_equal(read_once(b, &r), C_OK);
        unsigned n = bench_transfers(b);
        for (unsigned k = POWERED + 1; k <= n; k++) {
            bench_fault(b, BF_LOST, k, 0);
            if (read_once(b, &r) != C_OK)
                fail_msg("%s, lost at transfer %u: %s", levels[i], k, completion_word(r.completion));
            assert_true(bench_mend(b));
        }
        bench_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stands_still), cmocka_unit_test(lost_once),
                                       cmocka_unit_test(all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
