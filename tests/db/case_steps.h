/* A case of the rig, step by step: what the tests of the casework core share. */
#ifndef PRIDVOR_TEST_CASE_STEPS_H
#define PRIDVOR_TEST_CASE_STEPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/case_rig.h"

extern struct rig rig;
extern struct err e;
extern char sentence[600]; /* of the last refusal, English */
extern const char petition[];

#define Q(sql) pgcluster_query(&rig.pg, (sql))
#define GIVEN(...) ((struct workflow_given[]){__VA_ARGS__}), COUNT(((struct workflow_given[]){__VA_ARGS__}))

int steps_setup(void **state);
int steps_teardown(void **state);
/* A case just opened; its id in one of eight static buffers. */
const char *new_case(const char *institution, const char *service, const char *answers);
/* who: account or "citizen". */
enum rc step_at(const char *who, const char *id, int64_t version, const char *action,
                const struct workflow_given *given, size_t n);
enum rc step(const char *who, const char *id, const char *action, const struct workflow_given *given,
             size_t n);
#define DOES(who, id, action, ...)                                                                           \
    do {                                                                                                     \
        enum rc rc_ = step((who), (id), (action), __VA_ARGS__);                                              \
        if (rc_ != RC_OK)                                                                                    \
            fail_msg("%s %s: %s %s (%s)", (who), (action), rc_name(rc_), e.text, sentence);                  \
    } while (0)
const char *of_case(const char *id, const char *column); /* SQL over casefile c */
int ring(void);                                          /* all timers that are due; how many rang */
void draft_of(const char *id, const char *author);

#endif
