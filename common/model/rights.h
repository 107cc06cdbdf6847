/* Who may do what, where: configs/roles.json as tables and one decision without I/O. Nothing is allowed
 * unless an action names a role, the person holds that role, and its jurisdiction reaches the place. */
#ifndef PRIDVOR_RIGHTS_H
#define PRIDVOR_RIGHTS_H

#include "common/model/institution.h"

enum reach {
    REACH_NONE,
    REACH_DEPARTMENT,  /* one department of one institution */
    REACH_INSTITUTION, /* all its departments */
    REACH_BELOW        /* it and everything under it */
};
enum reach reach_of(const char *word); /* "department", "institution", "below"; REACH_NONE for others */

struct right_role {
    const char *id;
    const char **reach; /* words it may be granted with */
    size_t n_reach;
    struct tr name;
};
struct right_action {
    const char *id;
    const char **roles;
    size_t n_roles;
    const char *sealed; /* "reason": on a sealed record a reason has to be given */
};
struct rights {
    struct right_role *roles;
    size_t n_roles;
    struct right_action *actions;
    size_t n_actions;
};
MUST enum rc rights_load(struct arena *a, const char *configs, struct rights *out, struct err *e);
const struct right_role *rights_role(const struct rights *r, const char *id);     /* NULL */
const struct right_action *rights_action(const struct rights *r, const char *id); /* NULL */

/* One row of a person's roles. */
struct grant {
    const char *role, *reach, *institution, *department; /* department: "" unless reach is "department" */
};
struct rights_person {
    const char *name;
    bool disabled;
    const struct grant *grants;
    size_t n;
};
/* Where the act would happen. department "": none. */
struct rights_place {
    const char *institution, *department;
    bool sealed, reason; /* of the record; a reason was given */
};

enum rights_word {
    RIGHTS_ALLOWED,
    RIGHTS_DISABLED, /* the person */
    RIGHTS_NO_ACTION,
    RIGHTS_NO_ROLE,  /* none of the action's roles is held */
    RIGHTS_NO_REACH, /* one is held, but not for this place */
    RIGHTS_NO_REASON /* all would be well, but the record is sealed and no reason was given */
};
struct rights_verdict {
    bool allowed;
    enum rights_word word;
    const struct right_action *action; /* NULL: not known */
    const struct grant *grant;         /* the row that decided; NULL: there is none */
};
struct rights_verdict rights_decide(const struct rights *r, const struct institutions *tree,
                                    const struct rights_person *p, const char *action,
                                    const struct rights_place *where);
/* The same for a list of roles that stands elsewhere (a step of a workflow). */
struct rights_verdict rights_decide_roles(const struct rights *r, const struct institutions *tree,
                                          const struct rights_person *p, const struct right_action *action,
                                          const struct rights_place *where);
/* One English sentence for the administrator, with the rows that decided. */
const char *rights_explain(struct arena *a, const struct rights_verdict *v, const struct rights_person *p,
                           const char *action, const struct rights_place *where);

#endif
