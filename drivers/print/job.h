/* One receipt from lines to proof: look, refuse or print in one stream, cut, and wait until the printer says
 * itself that all of it is on paper. What is not proved is not called printed. */
#ifndef PRIDVOR_PRINT_JOB_H
#define PRIDVOR_PRINT_JOB_H

#include "drivers/print/printer.h"

/* L0 bytes handed over; L1 alive and without error after the last byte; L2 the process id came back, or the
 * presenter's sensor saw the ticket in its mouth; L3 and saw it taken. */
enum proof { PROOF_L0, PROOF_L1, PROOF_L2, PROOF_L3 };
enum taken { TAKEN_NOBODY_KNOWS, TAKEN_NO, TAKEN_YES };

struct job {
    struct layout layout;
    char id[ESCPOS_ID_LEN + 1];
    struct bitmap *picture;
    struct bytes png; /* the same picture, for the verb "render" */
    double mm;        /* picture and the way to the blade */
    size_t sent;      /* bytes the printer took */
    int64_t began, first_byte_ms, deadline;
    enum proof proof;
    bool cut;
    enum taken taken;
    bool retracted;
};

/* Reads the arguments and sets the picture; verb "test" brings its own lines. */
MUST enum rc job_prepare(const struct printer_profile *profile, const struct task *t, struct job *j,
                         struct err *e);
/* Prints it; progress is told through drv_event(). RC_OK: proof says how sure that is. */
MUST enum rc job_run(struct drv *d, struct printer *p, struct job *j, struct err *e);
/* Completion, outcome and data from what job_run() returned. */
void job_judge(const struct task *t, const struct job *j, enum rc rc, struct err *e, struct result *r);

#endif
