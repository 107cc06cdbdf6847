/* The print driver and the printer model in one process, over a bus that can fail at any transfer, with a
 * clock that only moves when somebody waits. Thousands of jobs in seconds. */
#ifndef PRIDVOR_TESTS_PRINT_CAMPAIGN_H
#define PRIDVOR_TESTS_PRINT_CAMPAIGN_H

#include "drivers/driver.h"
#include "tests/devices/printer.h"

enum fault {
    FAULT_NONE,
    FAULT_UNPLUG,  /* the link is gone before transfer k */
    FAULT_STUCK,   /* from transfer k on nothing moves */
    FAULT_LATE,    /* transfer k takes three seconds */
    FAULT_GARBLE,  /* its bytes are others */
    FAULT_LOST,    /* it never arrives */
    FAULT_TWICE,   /* what came from the printer comes again */
    FAULT_PAPER,   /* the paper ends then */
    FAULT_COVER,   /* the cover opens then */
    FAULT_CUTTER,  /* the blade jams at the next cut */
    FAULT_MUTE,    /* the printer says nothing from then on */
    FAULT_SESSION, /* the session ends: what runs is to stop */
    FAULTS,
};
extern const char *const fault_names[FAULTS];

struct rig; /* one printer, one driver */
struct rig *rig_new(const char *make, unsigned seed);
void rig_free(struct rig *r);
/* The fault strikes at transfer k (1 is the first) from now on. */
void rig_fault(struct rig *r, enum fault f, unsigned k);
bool rig_struck(const struct rig *r);
unsigned rig_transfers(const struct rig *r);
/* One command to its end; the result's data is the caller's. */
void rig_run(struct rig *r, const char *verb, const char *args, struct arena *a, struct result *out);
/* Everything is mended: plugged in, paper, cover, blade; an unplugged driver opens again. */
void rig_mend(struct rig *r);
void rig_rest(struct rig *r, int64_t ms); /* time passes, nobody asks for anything */
void rig_tear(struct rig *r);
void rig_wipe(struct rig *r);
void rig_take_after(struct rig *r, int64_t ms); /* an offered ticket is taken so long after; -1 never */
void rig_end_session_after(struct rig *r, int64_t ms); /* of the next command */
void rig_jam(struct rig *r, bool stuck);               /* the mouth does not give the ticket back */
int64_t rig_now(void);                                 /* ms */
const struct printer *rig_printer(const struct rig *r);
unsigned rig_events(const struct rig *r, const char *event); /* since the last command began */

#endif
