/* Between the files of the workflow module. */
#ifndef PRIDVOR_WORKFLOW_PRIV_H
#define PRIDVOR_WORKFLOW_PRIV_H

#include "common/model/workflow.h"

#define WF_NONE SIZE_MAX
size_t wf_index(const struct wf_words *list, const char *id); /* WF_NONE */
size_t wf_state_index(const struct workflows *w, const char *id);
size_t wf_fact_index(const struct workflows *w, const char *path);
uint8_t wf_word_of(const struct wf_fact *f, const char *text); /* 0: it is never that */

/* What a guard sees. */
struct wf_view {
    const struct workflows *w;
    uint64_t flags;
    struct workflow_facts facts; /* actor.* too */
};
struct expr_value wf_lookup(const char *path, void *view);

/* Every place a case can come to: state, the flags that guards ask for, and the facts that are settled with
 * the service. A place is a number. */
enum { WF_ASKED_MAX = 10, WF_SETTLED_MAX = 4 };
struct wf_graph {
    const struct workflows *w;
    const struct workflow *f;
    uint64_t asked[WF_ASKED_MAX]; /* flag bits */
    size_t settled[WF_SETTLED_MAX];
    size_t n_asked, n_settled, n_places;
    uint8_t *seen;       /* reachable from a start */
    uint32_t *by, *over; /* how it was first reached: from place, action (n_actions + timer); UINT32_MAX */
    uint32_t *order, n;  /* reachable places, nearest first */
    uint8_t *can;        /* per action, flags and settled facts: 1 somehow, 2 without the citizen */
};
MUST enum rc wf_graph_make(struct arena *a, const struct workflows *w, const struct workflow *f,
                           struct wf_graph *out, struct err *e);
size_t wf_place_state(const struct wf_graph *g, uint32_t place);
uint64_t wf_place_flags(const struct wf_graph *g, uint32_t place);
/* Where the action leads from there; UINT32_MAX when it cannot be done. alone: without the citizen. */
uint32_t wf_step(const struct wf_graph *g, uint32_t place, size_t action, bool alone);
uint32_t wf_timer_step(const struct wf_graph *g, uint32_t place, size_t timer);

#endif
