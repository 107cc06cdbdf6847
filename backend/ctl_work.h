/* Commands of registryctl that do what people do at the desk: the house, a connection, and who does it. */
#ifndef PRIDVOR_CTL_WORK_H
#define PRIDVOR_CTL_WORK_H

#include "backend/ctl.h"
#include "backend/work.h"

struct ctl_work {
    struct registry_conf conf;
    struct work_house house;
    struct work w;
    struct actor who; /* --by USER with that account's rights; without it the system */
};
MUST enum rc ctl_work_begin(const struct args *a, struct ctl_work *cw, struct err *e);
void ctl_work_end(struct ctl_work *cw);

#endif
