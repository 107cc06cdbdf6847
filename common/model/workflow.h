/* How a case moves: states, flags and actions as data (configs/workflow, its README says how to write one).
 * Pure: nothing here reads a clock, a database or a user; the facts come in, the new case and what is owed go
 * out. What no row allows is refused. */
#ifndef PRIDVOR_WORKFLOW_H
#define PRIDVOR_WORKFLOW_H

#include "common/model/expr.h"
#include "common/model/service.h"

enum { WF_STATES_MAX = 32, WF_FLAGS_MAX = 64, WF_FACTS_MAX = 32, WF_ROLES_MAX = 32, WF_NEEDS_MAX = 32 };

/* One word of the vocabulary: role, flag, effect, receiver, need. */
struct wf_word {
    const char *id;
    struct tr name; /* "" where no person reads it */
};
struct wf_words {
    const struct wf_word *items;
    size_t n;
};
struct wf_state {
    const char *id, *kind, *clock; /* start open wait end; none runs by_rule done */
    struct tr label;               /* for staff */
    struct tr public;              /* for the citizen */
};
/* What a guard may ask about the case or the actor besides the flags. */
struct wf_fact {
    const char *path, *type, *meaning; /* "case.found"; bool string */
    const char **words;                /* string: what it can be */
    size_t n_words;
    const char *changes; /* "never": settled with the service; "by_citizen": may stay false for ever */
    struct tr yes, no;   /* why not, when it holds and should not; when it should and does not */
};
struct wf_notice {
    const char *who, *message; /* notify_who; messages.json */
};
/* The members of the file, then the same as bits: states by workflows.states, flags by .flags, ... */
struct wf_action {
    const char *id, *to, *guard, *term, *why;
    struct tr label;
    const char **from, **roles, **set_flags, **clear_flags, **needs, **effects;
    size_t n_from, n_roles, n_set_flags, n_clear_flags, n_needs, n_effects;
    struct wf_notice *notify;
    size_t n_notify;
    bool by_itself; /* the system does it as soon as it can, once in a case's life */
    uint32_t in, may, asks;
    uint64_t sets, clears;
    size_t target;
    const struct expr *when; /* NULL: always */
};
struct wf_when {
    const char *of, *state;
    int64_t offset_days, offset_hours;
};
struct wf_timer {
    const char *id, *act; /* act: the action that the system does, member "do"; or NULL */
    struct wf_when when;
    const char **in, **set_flags;
    size_t n_in, n_set_flags;
    struct wf_notice *notify;
    size_t n_notify;
    uint32_t states;
    uint64_t sets;
};
struct workflow {
    const char *id, *start, *file;
    int64_t version;
    struct tr name, use_for;
    const char **states, **flags;
    size_t n_states, n_flags;
    struct wf_action *actions;
    size_t n_actions;
    struct wf_timer *timers;
    size_t n_timers;
    struct jval *meta;
    uint32_t uses;  /* states */
    uint64_t bears; /* flags */
    size_t first;   /* the start state */
};
/* Who hears that a case is late; term: rule that says when, from its last good day. */
struct wf_late {
    int64_t level;
    const char *role, *term;
};
struct workflows {
    const struct wf_late *escalation; /* by level */
    size_t n_escalation;
    const struct wf_state *states;
    size_t n_states;
    const struct wf_fact *facts;
    size_t n_facts;
    struct wf_words roles, flags, effects, who, needs, messages, terms, refusals;
    const struct workflow *items; /* by id */
    size_t n;
};

/* Everything, checked: workflow_check() of each file. configs: the folder that holds workflow/, lookups.json,
 * messages.json, terms.json. Errors name file and member. */
MUST enum rc workflows_load(struct arena *a, const char *configs, struct workflows *out, struct err *e);
/* The vocabulary alone, then one file of anybody's: names resolved, not yet checked. */
MUST enum rc workflow_vocabulary(struct arena *a, const char *configs, struct workflows *out, struct err *e);
MUST enum rc workflow_read(struct arena *a, const struct workflows *w, const char *file, struct workflow *out,
                           struct err *e);
/* RC_BAD_FIELD: a state that is never reached, an action that can never be done or that nobody may do, a dead
 * end, a loop without exit, a place that only the citizen can lead out of, a way out of an end. Judged over
 * every reachable state with every combination of the flags that guards ask for. */
MUST enum rc workflow_check(const struct workflows *w, const struct workflow *f, struct err *e);
/* Every service's workflow exists and bears the flags that the service sets. */
MUST enum rc workflow_services(const struct workflows *w, const struct catalog *c, struct err *e);
const struct workflow *workflow_find(const struct workflows *w, const char *id); /* NULL */
const struct wf_action *workflow_action(const struct workflow *f, const char *id);
const struct wf_timer *workflow_timer(const struct workflow *f, const char *id);
const struct wf_state *workflow_state(const struct workflows *w, const char *id);
bool workflow_ended(const struct workflows *w, const char *state);

/* Bits by name; 0 when unknown. */
uint64_t workflow_flag(const struct workflows *w, const char *id);
uint32_t workflow_role(const struct workflows *w, const char *id);

/* What is known of a case; what was never said is false, or no word. */
struct workflow_facts {
    uint8_t v[WF_FACTS_MAX]; /* by workflows.facts; bool 0 1; word 0 none, 1.. */
};
/* RC_BAD_FIELD: no such fact, or it is never that. value: "true" "false", one of its words, NULL. actor.* are
 * not set here. */
MUST enum rc workflow_fact(const struct workflows *w, struct workflow_facts *facts, const char *path,
                           const char *value, struct err *e);

struct workflow_case {
    const struct workflow *flow;
    const char *state;
    uint64_t flags;
    int64_t version; /* grows by one with each act */
    const char *assignee, *department;
    struct workflow_facts facts;
};
struct workflow_actor {
    const char *id;  /* becomes the assignee; NULL: the system */
    uint32_t roles;  /* held over this case: jurisdiction covers it; applicant: it is their own */
    uint32_t abroad; /* held elsewhere only: never enough, but the answer says so */
    bool is_author;  /* prepared the decision */
};
struct workflow_choice {
    const struct wf_action *action;
    bool allowed;
    enum rc rc;        /* RC_OK; RC_DENIED role or jurisdiction; RC_STATE state or condition */
    struct tr why_not; /* a sentence in three languages */
};
/* Every action of the workflow, in the file's order; *n of them. */
const struct workflow_choice *workflow_actions(struct arena *a, const struct workflows *w,
                                               const struct workflow_case *c,
                                               const struct workflow_actor *who, size_t *n);

struct workflow_given {
    const char *need, *value; /* "reason", the text; never empty */
};
struct workflow_act {
    const char *action;
    const struct workflow_actor *who;
    int64_t version; /* of the case that the actor saw */
    const struct workflow_given *given;
    size_t n_given;
    const char *assignee; /* effect assign: to whom; NULL: whoever acts, or nobody in another department */
};
struct workflow_effect {
    const char *id;   /* _shared.json, effects */
    const char *term; /* start_term sub_term: rule of terms.json, "service", "service.late"; else NULL */
};
struct workflow_done {
    struct workflow_case now;
    const struct wf_action *action; /* NULL: a timer that only marks or reminds */
    const struct workflow_effect *effects;
    size_t n_effects;
    const struct wf_notice *notices; /* messages owed, in order */
    size_t n_notices;
};
/* RC_NOT_FOUND no such action; RC_DENIED role or jurisdiction; RC_CONFLICT somebody else was quicker;
 * RC_STATE state or condition; RC_BAD_FIELD something is not given (path: which). The sentence for the person
 * is in *no when it is given and the act is refused. */
MUST enum rc workflow_apply(struct arena *a, const struct workflows *w, const struct workflow_case *c,
                            const struct workflow_act *act, struct workflow_done *out, struct err *e);
struct tr workflow_refusal(struct arena *a, const struct workflows *w, const struct workflow_case *c,
                           const struct workflow_act *act);
/* A timer's day has come. Once it is done it owes nothing more: a timer whose flags all stand answers with no
 * notices. RC_STATE: not in this state. */
MUST enum rc workflow_tick(struct arena *a, const struct workflows *w, const struct workflow_case *c,
                           const char *timer, struct workflow_done *out, struct err *e);

/* Every way from the start to an end for a person to read, loops once beside them; or as a graph for dot(1).
 * service may be NULL. */
MUST enum rc workflow_paths(const struct workflows *w, const struct workflow *f, struct buf *out,
                            struct err *e);
void workflow_dot(const struct workflows *w, const struct workflow *f, enum lang lang, struct buf *out);

#endif
