/* A second, small opinion on what may happen to a case: it reads the same files, but shares no code with the
 * program beyond the JSON reader. Guards, roles and reach, states and flags; and the law's days, counted
 * again. */
#ifndef PRIDVOR_TEST_CASE_MODEL_H
#define PRIDVOR_TEST_CASE_MODEL_H

#include "tests/db/case_rig.h"

enum { MODEL_ACTS = 64, MODEL_FACTS = 6, MODEL_ASKS = 64, MODEL_LENDS = 512 };

struct model_user {
    const char *name, *role, *institution, *department; /* department "": all */
};
/* Away on these days (since 1970), and who stands in. */
struct model_lend {
    const struct model_user *from, *to;
    int64_t id, first, last;
    bool ended;
};
struct model_case {
    char id[37], institution[16], department[32], state[16], author[20], draft_by[20], found[8],
        attention[16];
    const char *service;
    const struct jval *flow;
    uint64_t flags;
    int64_t version;
    bool passes, fee_due, fee_paid, confirmed, has_wait, both, evidence, approvals, place, delivered, ended;
    bool did[MODEL_ACTS]; /* by action */
    int acts;
};
/* What the database said of a case, while nothing has changed. */
struct model_seen {
    const struct model_case *c;
    long stamp;
    char text[300]; /* a letter for each fact, then who is asked: " hall/department " */
};
struct model {
    long stamp; /* grows with every change */
    struct model_seen seen;
    struct db_stmt asks[MODEL_ASKS]; /* by the place of their text: each is planned once */
    size_t n_asks;
    struct rig *rig;
    struct arena *a;
    const struct jval *flows, *flags, *facts, *states, *terms, *roles, *refusals;
    struct model_case *cases;
    size_t n, cap;
    int64_t off[512]; /* days off */
    size_t n_off;
    int64_t touched[64]; /* off for a while */
    size_t n_touched;
    struct model_lend lends[MODEL_LENDS];
    size_t n_lends;
    int64_t lend_day; /* when it was read who stands in for whom */
};
void model_make(struct model *m, struct rig *r, size_t cap);
/* A constant statement with text parameters; its rows, or its first cell: "" for none, until the fourth from
 * now. */
#define MODEL_P(...)                                                                                         \
    (const char *const[]){"", ##__VA_ARGS__}, (int)COUNT(((const char *const[]){"", ##__VA_ARGS__})) - 1
#define model_rows(m, sql, ...) model_ask((m), (sql), MODEL_P(__VA_ARGS__))
#define model_sql(m, sql, ...) model_cell((m), (sql), MODEL_P(__VA_ARGS__))
struct db_result *model_ask(struct model *m, const char *sql, const char *const *p, int n); /* p[0] is none */
const char *model_cell(struct model *m, const char *sql, const char *const *p, int n);
const char *model_day(void);            /* of the clock */
const char *model_now(int64_t less_ms); /* ms, as text */
uint64_t model_flag(const struct model *m, const char *id);
bool model_reaches(const struct model_user *u, const struct model_case *c);
bool model_away(const struct model_lend *l, int64_t day);
/* 0: the user; then whom they stand in for; NULL: no more. */
const struct model_user *model_self(const struct model *m, const struct model_user *u, size_t i);
/* The rc that case_act has to answer when everything that is needed is given. */
enum rc model_judge(struct model *m, const struct model_user *u, const struct model_case *c,
                    const struct jval *action, bool stale);
/* The action was done: state, flags, facts. found: of a search. */
void model_done(struct model *m, struct model_case *c, const struct model_user *u, const struct jval *action,
                const char *found);
/* What the system does by itself then. true: something. */
bool model_drive(struct model *m, struct model_case *c);
bool model_ended(const struct model *m, const char *state);
bool model_word(const struct jval *list, const char *word);
/* Steps from a state to the nearest end, by the file alone. */
int model_distance(const struct model *m, const struct jval *flow, const char *state);
/* Right of roles.json. */
bool model_right(const struct model *m, const struct model_user *u, const struct model_case *c,
                 const char *right);
/* Without what this one lends them. */
bool model_right_apart(const struct model *m, const struct model_user *u, const struct model_user *lender,
                       const struct model_case *c, const char *right);
/* The last day of a rule counted again. */
bool model_due(struct model *m, const char *rule, struct date start, bool extended, struct date *due);
/* The law knows a longer form of the term that runs. */
bool model_extends(struct model *m, const struct model_case *c);
/* New from the database. */
struct model_case *model_add(struct model *m, const char *id);
void model_read(struct model *m, struct model_case *c);
/* The columns that model_take reads, of casefile c. */
#define MODEL_ROW                                                                                            \
    "concat_ws('|', c.state, c.department, c.version, array_to_string(c.flags, ','), c.attention, (SELECT "  \
    "author FROM draft d WHERE d.case_id = c.id), '')"
void model_take(struct model *m, struct model_case *c, const char *text);
/* case_proof.c: numbers without a gap, days as the law counts them, an audit that holds; each fails the test.
 */
void model_numbers(struct model *m);
void model_terms(struct model *m, size_t least); /* so many to judge */
void model_audit(struct model *m);
/* All open cases at once: none changed but by what the model followed; and time alone moved them by the rules
 * of the system only, which are taken over. */
void model_alone(struct model *m);
void model_in_time(struct model *m);

#endif
