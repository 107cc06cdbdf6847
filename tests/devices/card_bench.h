/* The card driver and the reader model in one process, over a bus that fails at any transfer, with a clock
 * that only moves when somebody waits. Thousands of readings in seconds. */
#ifndef PRIDVOR_TESTS_CARD_BENCH_H
#define PRIDVOR_TESTS_CARD_BENCH_H

#include "drivers/driver.h"
#include "tests/devices/reader.h"

enum bus_fault {
    BF_NONE,
    BF_UNPLUG, /* the reader is gone before transfer k */
    BF_STUCK,  /* from transfer k on nothing moves */
    BF_LATE,   /* transfer k takes three seconds, or what bench_late() said */
    BF_GARBLE, /* some of its bytes are others */
    BF_SHORT,  /* its end is missing */
    BF_LOST,   /* it never arrives */
    BF_TWICE,  /* what came from the reader comes again */
    BF_STALL,  /* the endpoint halts */
    BF_REMOVE, /* the card is taken out then */
    BF_SWAP,   /* another card lies there */
    BF_CANCEL, /* the citizen leaves */
    BF_COUNT
};
extern const char *const bus_fault_names[BF_COUNT];

struct bench; /* one reader, one driver */
struct bench *bench_new(const char *level, const char *atr);
void bench_free(struct bench *b);
void bench_fault(struct bench *b, enum bus_fault f, unsigned k, unsigned seed);
void bench_late(struct bench *b, int64_t ms);
unsigned bench_transfers(const struct bench *b); /* of the last command */
/* One command to its end; the result's data is the caller's. */
void bench_run(struct bench *b, const char *verb, const char *args, struct arena *a, struct result *out);
/* Everything is mended: plugged in, the card in its place; opens again when the link was lost. false: it does
 * not come up. */
bool bench_mend(struct bench *b);
bool bench_word(struct bench *b, const char *line); /* of the model */
int64_t bench_now(void);                            /* ms */

#endif
