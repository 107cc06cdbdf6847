/* Inside the casework core. */
#ifndef PRIDVOR_CASE_PRIV_H
#define PRIDVOR_CASE_PRIV_H

#include "backend/case.h"
#include "common/model/form.h"

struct doc_draft;

#define CASE_UNIDENTIFIED "unidentified" /* flag of a petition without name, address or signature */
enum { CASE_TEXT_MAX = 2000, CASE_LOCK_OPEN = 7210051 };

/* case.c */
struct date case_today(const struct work *w);
size_t case_words(struct arena *a, const char *list, const char ***out); /* "a, b" */

/* case_term.c */
const char *case_day(struct arena *a, struct date d); /* NULL: no day */
const char *case_int(struct arena *a, int64_t n);
const char *case_tr_json(struct arena *a, const struct tr *t); /* {"ro": ..., "hu": ..., "en": ...} */
int64_t case_ms(struct date d, int minute);                    /* that minute of that day in Bucharest */
/* The term of the service, counted from day. */
MUST enum rc case_term_start(struct work *w, struct casefile *c, struct date day, struct err *e);
/* which: rule, "service", "service.late". *due: of the new term, not valid when there is none. */
MUST enum rc case_term_sub(struct work *w, struct casefile *c, const char *which, struct date *due,
                           struct err *e);
MUST enum rc case_term_stop(struct work *w, struct casefile *c, struct err *e);
/* A day that a person is told, beside the law's: `rule`, from today unless it runs already. */
MUST enum rc case_term_wish(struct work *w, struct casefile *c, const char *rule, struct date *due,
                            struct err *e);
/* The last day of `rule` while it runs; not valid when it does not. */
MUST enum rc case_term_open(struct work *w, const struct casefile *c, const char *rule, struct date *last,
                            struct err *e);
MUST enum rc case_term_over(struct work *w, const struct casefile *c, const char *rule, struct err *e);
/* After case_save: an event when the step took the mark "late" away (bits, due: before it), and what rang for
 * the old day may ring for the new one. */
MUST enum rc case_late_lifted(struct work *w, const struct casefile *c, uint64_t bits, struct date due,
                              struct err *e);
struct case_term_change {
    const char *extension; /* reason: of the main term */
    int64_t returned_days; /* more */
};
/* Every term that runs anew; x may be NULL. */
MUST enum rc case_terms_again(struct work *w, struct casefile *c, const struct case_term_change *x,
                              bool *moved, struct err *e);

/* case_view.c */
const char *case_fact_of(const struct casefile *c, const char *path); /* NULL */
void case_settle(struct work *w, struct casefile *c, const char *path, const char *value);
MUST enum rc case_facts(struct work *w, const struct casefile *c, struct workflow_facts *out,
                        const char **author, struct err *e);
MUST enum rc case_view(struct work *w, const struct actor *who, const struct casefile *c,
                       struct workflow_case *as, struct workflow_actor *actor, struct err *e);

/* case_answers.c */
MUST enum rc case_seal_text(struct work *w, const char *what, const char *id, struct bytes text,
                            struct bytes *out, struct err *e);
MUST enum rc case_unseal_text(struct work *w, const char *what, const char *id, const char *hex,
                              struct bytes *out, struct err *e);
struct db_param case_bytea(struct arena *a, struct bytes b);
struct form_ctx case_form(const struct work *w, const struct casefile *c);
/* Of a row whose first columns are request and request id. */
MUST enum rc case_request_read(struct work *w, const struct casefile *c, const struct db_result *r, int row,
                               struct case_answers *out, struct err *e);
struct case_about {
    const char *subject, *person, *cnp, *email, *phone; /* "" */
    const char *answers;                                /* JSON to keep with the case, or NULL */
};
void case_about(struct work *w, const struct casefile *c, const struct case_answers *x,
                struct case_about *out);

/* case_store.c */
const char *case_flags_of(struct work *w, struct casefile *c, uint64_t bits); /* sets them */
const char *case_facts_json(struct work *w, const struct casefile *c);
MUST enum rc case_save(struct work *w, struct casefile *c, int64_t before, struct err *e);
MUST enum rc case_insert(struct work *w, struct casefile *c, const struct case_about *x, bool *there,
                         struct err *e);
const char *case_given_json(struct work *w, const struct workflow_given *given, size_t n);
struct case_happening {
    const struct actor *who;
    const char *act, *from, *to; /* or NULL */
    const char *given;           /* JSON object, or NULL */
    const char *detail;          /* for the audit */
    bool public, quiet;          /* quiet: the audit has it already */
};
MUST enum rc case_event(struct work *w, const struct casefile *c, const struct case_happening *x,
                        struct err *e);

/* One step while it is done. */
struct case_doing {
    struct work *w;
    const struct actor *who;
    struct casefile *c;          /* as it becomes */
    const struct casefile *with; /* answered with this one; or NULL */
    const struct case_act *act;  /* NULL: a timer */
    struct workflow_done done;
    const char *from; /* state before */
    struct date due_before, sub_due;
    const char *token, *code;         /* only for the applicant's message */
    const char *document;             /* id, "draft", or NULL */
    const struct doc_draft *letter;   /* what the paper that is being signed was made of; or NULL */
    const char *rung;                 /* a timer and its moment, when it does no step; else NULL */
    const char *other, *other_number; /* the case that was named */
    bool forwarded, say_need;         /* say_need: w->say is set */
};
const char *case_given(const struct case_doing *d, const char *need); /* NULL */

/* case_need.c */
MUST enum rc case_needs(struct case_doing *d, struct err *e);
/* RC_BAD_FIELD with a sentence for the person. */
MUST enum rc case_bad(struct work *w, const char *path, const struct tr *say, struct err *e);
MUST enum rc case_text(struct work *w, const char *path, const char *text, const char **out, struct err *e);

/* case_notice.c */
MUST enum rc case_institution(struct work *w, const char *id, struct tr *name, const char **parent,
                              struct err *e);
MUST enum rc case_notices(struct case_doing *d, const struct wf_notice *list, size_t n, struct err *e);

/* case_task.c */
MUST enum rc case_task_opinions(struct case_doing *d, struct err *e);
/* Counted anew, as of the day on which they were asked. */
MUST enum rc case_tasks_again(struct work *w, const struct casefile *c, bool *moved, struct err *e);
MUST enum rc case_task_visit(struct case_doing *d, struct err *e);
MUST enum rc case_task_child(struct case_doing *d, struct err *e);
MUST enum rc case_task_elsewhere(struct case_doing *d, const char *message, struct err *e);

/* case_effect.c, case_link.c, case_forward.c */
MUST enum rc case_effects(struct case_doing *d, struct err *e);
MUST enum rc case_connex(struct case_doing *d, const char *kind, struct err *e);
MUST enum rc case_connexed_answered(struct case_doing *d, struct err *e);
MUST enum rc case_forward(struct case_doing *d, struct err *e);
/* case_paper.c: what the steps write. */
MUST enum rc case_fx_render(struct case_doing *d, const struct workflow_effect *x, struct err *e);
MUST enum rc case_fx_seal(struct case_doing *d, const struct workflow_effect *x, struct err *e);
MUST enum rc case_fx_cover(struct case_doing *d, const char *to, struct err *e);
/* case_board.c */
MUST enum rc case_fx_print(struct case_doing *d, const struct workflow_effect *x, struct err *e);
MUST enum rc case_fx_notice(struct case_doing *d, const struct workflow_effect *x, struct err *e);
MUST enum rc case_fx_release(struct case_doing *d, const struct workflow_effect *x, struct err *e);
/* case_rule.c */
bool case_holds(const struct work *w, const struct casefile *c, const struct case_answers *x,
                const struct expr *when);
/* Fact case.rule_result of a case that begins; x NULL: could not be read. */
MUST enum rc case_rule(struct work *w, struct casefile *c, const struct case_answers *x, struct err *e);
/* Fact case.place_free, unless somebody has settled it. */
MUST enum rc case_place_free(struct work *w, const struct casefile *c, struct workflow_facts *out,
                             struct err *e);
/* case_code.c. A wrong guess is counted and audited, and with it the transaction is kept: the error's code is
 * CASE_WRONG_CODE. */
#define CASE_WRONG_CODE "WRONG_CODE"
MUST enum rc case_code_send(struct case_doing *d, struct err *e);
MUST enum rc case_code_check(struct case_doing *d, const char *need, const char *code, struct err *e);
MUST enum rc case_code_done(struct case_doing *d, struct err *e);
/* case_view.c: as case_actor, but without what this account lends them; lender NULL: with all. */
MUST enum rc case_actor_apart(struct work *w, const char *account, const char *lender, struct actor *out,
                              struct err *e);
/* case_work.c: is there such an account, and has it anything to do with this case's office? */
MUST enum rc case_assignable(struct work *w, const struct casefile *c, const char *account, struct err *e);

/* case_act.c: before a case is read for a step: all rows that the step may change, always in one order.
 * other: a case that is named, or NULL. */
MUST enum rc case_lock(struct work *w, const char *id, const char *other, struct err *e);
/* A step that the workflow allowed: effects, notices, row, event, audit, timers. */
MUST enum rc case_perform(struct case_doing *d, struct err *e);
/* What the system does by itself. */
MUST enum rc case_drive(struct work *w, struct casefile *c, struct err *e);
/* case_act inside a transaction that has begun. */
MUST enum rc case_step_inside(struct work *w, const struct actor *who, const struct case_act *act,
                              struct casefile *now, struct err *e);

/* case_return.c */
MUST enum rc case_return_make(struct case_doing *d, struct err *e);
/* What was asked and never came is not asked for any more. */
MUST enum rc case_return_over(struct case_doing *d, struct err *e);

/* case_timer.c */
MUST enum rc case_timers_wind(struct work *w, const struct casefile *c, struct err *e);

/* case_staff.c: e-mail to colleagues who have an address. */
MUST enum rc case_staff_assigned(struct work *w, const struct actor *who, const struct casefile *c,
                                 struct err *e);
MUST enum rc case_staff_asked(struct work *w, const struct casefile *c, const struct rights_place *at,
                              struct date due, struct err *e);
struct case_waiting {
    const struct casefile *c;
    const char *colleague, *since; /* whose work waits; since: of one absence always the same */
};
MUST enum rc case_staff_unheld(struct work *w, const struct case_waiting *x, struct err *e);
MUST enum rc case_staff_digest(struct work *w, struct err *e); /* once a working day for each */

/* case_unheld.c: work never waits for somebody who is not there without another who sees it. */
#define CASE_UNHELD "staff_unheld" /* attention */
MUST enum rc case_unheld(struct work *w, struct err *e);

/* case_stuck.c: a person has to look; id: of the case, whose row may not be readable. */
MUST enum rc case_stuck(struct work *w, const char *id, const char *act, const char *detail, struct err *e);
struct case_ring {
    const char *id, *timer, *at; /* at: ms, as the statement said it */
};
MUST enum rc case_timer_failed(struct work *w, const struct case_ring *x, const struct err *why,
                               struct err *e);
MUST enum rc case_figures(struct work *w, struct case_stats *out, struct err *e);

/* case_open.c */
/* Of a new program: what could not be opened is tried again now. */
MUST enum rc case_wake_unopened(struct work *w, struct err *e);
/* State, flags, facts, term and row of a case that begins; c has everything else. */
struct case_birth {
    const struct case_answers *answers;
    bool offline;
    const struct actor *who;
    const char *act; /* event */
};
MUST enum rc case_begin(struct work *w, struct casefile *c, const struct case_birth *b,
                        const struct case_about *x, struct err *e);

#endif
