/* The work on a case: requests become casefiles, people act on them by the workflow (configs/workflow), the
 * law's dates run, messages are owed. Blocking, on a connection of its own (work.h). Every act is one
 * transaction: change, event, audit, owed messages, timers. After a refusal w->say has the sentence for the
 * person, and nothing has happened; what was tried is audited by the caller (case_refused). */
#ifndef PRIDVOR_CASE_H
#define PRIDVOR_CASE_H

#include "backend/work.h"
#include "common/model/submission.h"

struct case_flag {
    const char *id;
    struct tr name;
};
/* A row of casefile; text in w->a. Days that are not there are not valid (date_valid). */
struct casefile {
    const char *id, *request_id; /* request_id NULL: paper, or from an institution that had it on paper */
    const char *institution, *reg, *number; /* number: as it is printed */
    int64_t n, year, version, service_version;
    int64_t registered_ms, entered_ms, closed_ms; /* closed_ms 0: open */
    struct date filed_on, due, late_after;
    const char *service, *workflow, *state;
    const char **flags; /* ids */
    size_t n_flags;
    const char *department, *assignee, *author;         /* department ""; the others NULL: nobody */
    const char *channel, *subject, *person, *attention; /* attention: a staff message's id, or "" */
    const char *assignee_name;                          /* NULL: nobody */
    const char *email, *phone;                          /* or NULL */
    const char *retention;                              /* or NULL */
    enum lang lang;
    bool sealed, late; /* late: today is after late_after and the clock still runs */
    int64_t days_left; /* working days until due, negative when it is over; 0 without due */
    int64_t escalated; /* 0; 1 head, 2 approver, 3 county */
    uint64_t bits;     /* the flags as workflow bits */
    const struct workflow *flow;
    const struct service *svc; /* of its version; NULL: withdrawn since */
    const struct jval *facts;  /* what was settled: {"case.found": "yes"} */
};

/* id: of the case. RC_NOT_FOUND. lock: within a transaction, until its end. */
MUST enum rc case_get(struct work *w, const char *id, bool lock, struct casefile *out, struct err *e);
/* which: case id, "15/2026", "15/22.11.2026" or "register/15/2026" within the institution. RC_NOT_FOUND. */
MUST enum rc case_by_number(struct work *w, const char *institution, const char *which, struct casefile *out,
                            struct err *e);
/* work_actor, and for the days of an absence also the roles of whom this account stands in for. */
MUST enum rc case_actor(struct work *w, const char *account, struct actor *out, struct err *e);
/* An action of configs/roles.json at this case. reason: for a sealed one; NULL or "": none given. Who was
 * asked for an opinion may see the case, too. RC_DENIED. Seeing a sealed case is audited here. */
MUST enum rc case_may(struct work *w, const struct actor *who, const char *right, const struct casefile *c,
                      const char *reason, struct err *e);
/* Every action of the case's workflow with what it needs and why it cannot be done now. */
MUST enum rc case_choices(struct work *w, const struct actor *who, const struct casefile *c,
                          const struct workflow_choice **out, size_t *n, struct err *e);

/* What a person is told before such a step: the law's day for it is over. *day: which; not valid, and say
 * without text: nothing. The step may be done all the same; its event has the day as "late_since". */
MUST enum rc case_warning(struct work *w, const struct casefile *c, const struct wf_action *x,
                          struct date *day, struct tr *say, struct err *e);

/* Who hears of a delay from now on, and when; nobody while no clock runs. */
struct case_escalation {
    const struct wf_late *late;
    struct term term;
};
MUST enum rc case_escalations(struct work *w, const struct casefile *c, struct case_escalation **out,
                              size_t *n, struct err *e);

struct case_act {
    const char *id, *action;
    int64_t version; /* that the actor saw */
    const struct workflow_given *given;
    size_t n_given;
    const char *assignee; /* account; NULL: whoever acts */
};
/* RC_NOT_FOUND, RC_DENIED, RC_CONFLICT (version; case_events since then say what changed), RC_STATE,
 * RC_BAD_FIELD with the need in e->path. now may be NULL. Values of needs:
 *   reason note legal_basis outcome_code   text, at most 2,000 characters
 *   fields         ids of the service's fields, "act.birth_date,file.id"
 *   document       "draft" (the draft of this case, rendered now) or the id of a document of this case
 *   institution    id; department: id of lookups.json
 *   case_number    as case_by_number
 *   search_result  yes no partial;  term_rule: id;  code: what the citizen was sent */
MUST enum rc case_act(struct work *w, const struct actor *who, const struct case_act *act,
                      struct casefile *now, struct err *e);
/* What was refused leaves one audit row: call it after case_act & co. said RC_DENIED. */
MUST enum rc case_refused(struct work *w, const struct actor *who, const char *id, const char *what,
                          struct err *e);

/* Each needs the right in brackets (configs/roles.json) and the version that was seen. */
struct case_step {
    const char *id;
    int64_t version;
    const char *reason; /* of a sealed case; or NULL */
};
MUST enum rc case_assign(struct work *w, const struct actor *who, const struct case_step *s,
                         const char *assignee, struct casefile *now, struct err *e); /* [case.assign] */
MUST enum rc case_note(struct work *w, const struct actor *who, const struct case_step *s, const char *text,
                       bool public, struct err *e); /* [case.note]; no version: notes do not collide */
/* need: case.both_present case.evidence case.approvals_open case.place_free case.delivered; value: "true"
 * "false". */
MUST enum rc case_fact(struct work *w, const struct actor *who, const struct case_step *s,
                       const struct workflow_given *fact, struct casefile *now, struct err *e);
/* [case.seal], [case.unseal]; the step's reason is always needed. */
MUST enum rc case_seal(struct work *w, const struct actor *who, const struct case_step *s, bool sealed,
                       struct casefile *now, struct err *e);
struct case_opinion {
    int64_t task;
    const char *result; /* positive negative none; done for visits, records and child protection */
    const char *text;
};
/* For whom the task was meant: expert or clerk, head, field, officer of its department. */
MUST enum rc case_opinion(struct work *w, const struct actor *who, const struct case_step *s,
                          const struct case_opinion *o, struct casefile *now, struct err *e);

/* The citizen puts right what was returned: a JSON object of the returned fields only, judged by the form's
 * rules. who: actor_citizen, or a clerk who types it for them. When everything asked is there, the workflow's
 * `correct` follows in the same transaction. RC_BAD_FIELD: path and say. The request's own bytes never
 * change. */
MUST enum rc case_return_answer(struct work *w, const struct actor *who, const char *case_id,
                                const struct jval *answers, struct casefile *now, struct err *e);
/* The same, typed by a clerk for an applicant who stands at the counter: the paper was scanned (scans of the
 * case, added before in this transaction) or the note says how it came. Event and audit say who did it for
 * whom. RC_CONFLICT: version. */
struct case_typed {
    const char *case_id, *note; /* note: or NULL */
    const struct jval *answers;
    size_t scans;
    int64_t version;
};
MUST enum rc case_return_typed(struct work *w, const struct actor *who, const struct case_typed *t,
                               struct casefile *now, struct err *e);
struct case_return {
    int64_t id, at_ms;
    const char *case_id, *reason;
    const char **fields;
    size_t n_fields;
};
/* The open return of a case (by id), or the one that a link names (token: 32 characters of the address
 * <public_url>/c/TOKEN). RC_NOT_FOUND. */
MUST enum rc case_return_open(struct work *w, const char *case_id, const char *token, struct case_return *out,
                              struct err *e);
/* What the citizen put right last, for whoever sends it once more within the hours of a visit: at_ms is when,
 * json the answers as they were kept. RC_NOT_FOUND. */
MUST enum rc case_return_last(struct work *w, const char *case_id, struct case_return *out, const char **json,
                              struct err *e);
/* The answers of the request with all corrections over them; corrected: ids of what a citizen put right. */
struct case_answers {
    struct answers now;
    const char **corrected;
    size_t n_corrected;
    const char *identity;          /* source of the identity: card_read typed none */
    const struct request *request; /* NULL: paper */
};
MUST enum rc case_answers(struct work *w, const struct casefile *c, struct case_answers *out, struct err *e);
/* How the applicant wants what is made, an option of the field delivery.how; "" where nothing was said. */
MUST enum rc case_delivery(struct work *w, const struct casefile *c, const char **how, struct err *e);
/* Fields that may be returned: asked, visible with these answers, not signed. ids. */
void case_returnable(struct work *w, const struct casefile *c, const struct case_answers *x,
                     const char ***ids, size_t *n);
/* The CNP that the case keeps sealed; "" none. Callers audit. */
MUST enum rc case_cnp(struct work *w, const struct casefile *c, const char **out, struct err *e);
void case_cnp_hash(const struct work_house *h, const char *cnp, uint8_t out[32]);

/* The effect `print` lets a letter wait for paper (queue "print" of the desk); a person says that it is
 * printed. [document.certify] reason: of a sealed case; or NULL. RC_STATE: it does not wait. */
MUST enum rc case_printed(struct work *w, const struct actor *who, const char *document, const char *reason,
                          struct err *e);
/* How many places of a service an institution has (workflows with a waiting list); until it is said, nobody
 * counts them. RC_BAD_FIELD. */
struct case_places {
    const char *institution, *service;
    int64_t n;
};
MUST enum rc case_places_set(struct work *w, const struct actor *who, const struct case_places *x,
                             struct err *e);
/* What hangs on an institution's notice board today (effect `post_notice`). Nothing of persons. */
struct case_notice {
    const struct service *service;        /* NULL: withdrawn since */
    const char *rule, *number, *document; /* rule: of the term that it serves, or ""; document: or NULL */
    struct date from, to;
};
MUST enum rc case_board(struct work *w, const char *institution, struct case_notice **out, size_t *n,
                        struct err *e);

/* Absence: what comes to `account` on these days is for `to_account`, who then also holds its casework roles.
 * [team.delegate] over the account's place, or one's own absence. */
struct case_delegation {
    const char *account, *to_account, *reason;
    struct date from, to;
};
MUST enum rc case_delegate(struct work *w, const struct actor *who, const struct case_delegation *d,
                           int64_t *id, struct err *e);
MUST enum rc case_delegate_end(struct work *w, const struct actor *who, int64_t id, struct err *e);
/* Who works today for this account: itself, or its stand-in. */
MUST enum rc case_stand_in(struct work *w, const char *account, const char **out, struct err *e);

/* Registered requests without a casefile become one. One process at a time; RC_OK and *opened 0 otherwise. Of
 * which none can be made, that lies apart (table case_unopened) and is tried again, each time later. */
MUST enum rc case_open_pending(struct work *w, int most, int *opened, struct err *e);
/* Paper over the counter, inside the caller's transaction. The number is taken; answers may be NULL (nothing
 * but what is here is known). */
struct case_paper {
    const char *institution, *reg;
    int64_t n, year;
    const char *service, *channel; /* counter, paper, or institution */
    enum lang lang;
    const char *department;                             /* NULL: the service's */
    const char *subject, *person, *cnp, *email, *phone; /* or NULL */
    const struct jval *answers;
    int64_t registered_ms; /* 0: now */
};
MUST enum rc case_open_paper(struct work *w, const struct actor *who, const struct case_paper *p,
                             struct casefile *out, struct err *e);

/* Timers whose time has come, and escalation; one process at a time. One that fails waits longer each time;
 * after the last try the case asks for attention. */
MUST enum rc case_timers(struct work *w, int most, int *done, struct err *e);
/* Every open term anew; what moved is an event and, with a new main date, a row in the audit. Each case is
 * its own transaction; one that cannot be counted asks for attention, and the others go on. *moved: cases. */
MUST enum rc case_recompute_terms(struct work *w, int *moved, struct err *e);

/* What happened after a version, oldest first: [{at,actor,actor_name,act,label{},from,to,reason,public}]. */
MUST enum rc case_events_json(struct work *w, const struct casefile *c, int64_t after_version,
                              struct buf *out, struct err *e);
/* ROW of the desk's API; of a sealed case without person and subject, unless it was opened with a reason. */
void case_json(struct work *w, const struct casefile *c, bool opened, struct buf *out);
/* A casefile out of row i of a statement that selects sql_parts/case_columns.sql first. */
MUST enum rc case_row(struct work *w, const struct db_result *r, int i, struct casefile *out, struct err *e);
/* As it is printed: "CS 15/22.11.2026". */
const char *case_number(const struct work *w, const char *reg, int64_t n, int64_t registered_ms);

/* In registryd: opens cases each second and runs timers each ten seconds, on a thread of the pool with a
 * connection of its own. */
struct registry;
struct case_stats {
    int64_t unopened, stuck; /* requests without a case, timers that gave up; some seconds old */
};
void case_metrics(struct buf *out, const struct registry *g);
void case_start(struct registry *g);
void case_stop(struct registry *g); /* nothing new is begun; what runs ends within a transaction */

#endif
