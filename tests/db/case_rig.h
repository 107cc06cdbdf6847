/* A town with its people for tests of the casework core: a cluster, four institutions, users of every role,
 * and requests as the intake leaves them. */
#ifndef PRIDVOR_TEST_CASE_RIG_H
#define PRIDVOR_TEST_CASE_RIG_H

#include "backend/case.h"
#include "tests/db/pgcluster.h"

struct rig {
    struct pgcluster pg;
    char dir[200];
    struct registry_conf conf;
    struct work_house house;
    struct arena *arena; /* of the house */
    struct db_sync *db;
};

/* False: no PostgreSQL here. Institutions: county (county_council), hall-1 and hall-2 (town_hall). */
bool rig_make(struct rig *r);
void rig_free(struct rig *r);
/* The clock of every job: moved by the test. */
extern int64_t rig_now;
int64_t rig_clock(void);
/* A job with an arena of its own; rig_end frees it. */
struct work rig_begin(struct rig *r);
void rig_end(struct work *w);
/* An account with one role; department "" for the whole institution, reach "below" when institution is county
 * and the role reaches so far. */
void rig_user(struct rig *r, const char *name, const char *role, const char *institution,
              const char *department);
void rig_actor(struct work *w, const char *name, struct actor *out);
/* A registered request; answers as JSON. id: 37 bytes. */
struct rig_request {
    const char *institution, *service, *answers, *lang;
    bool offline;
};
void rig_request(struct rig *r, const struct rig_request *q, char id[37]);
/* Opens what waits. */
int rig_open(struct rig *r);
/* Answers that fill every field of the service which has to be: enough for flags, not for the form. */
const char *rig_answers(struct arena *a, const struct service *s, unsigned seed);

#endif
