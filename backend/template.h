/* Letters and minutes with places for values: configs/templates/<id>.json (README.md there). */
#ifndef PRIDVOR_TEMPLATE_H
#define PRIDVOR_TEMPLATE_H

#include "common/base/text.h"
#include "common/model/lang.h"

enum template_sign { SIGN_OFFICER, SIGN_SECRETARY, SIGN_REGISTRAR, SIGN_ARCHIVIST, SIGN_COUNT };
extern const char *const template_signs[SIGN_COUNT + 1]; /* "officer" ... NULL */
extern const char *const template_vars[];                /* every {name} there is; NULL ends */
#define TEMPLATE_COLUMNS_MAX 8

struct template_column {
    struct tr head;
    int64_t width; /* thousandths, 1000 together */
};
struct template
{
    const char *id, *kind; /* of the document: answer decision cover protocol permit receipt */
    struct tr name, title, refer;
    bool langs[LANG_COUNT]; /* in which it exists; Romanian always */
    bool formal, qr;
    const char **outcomes, **steps; /* of which services, after which steps it is the first choice */
    size_t n_outcomes, n_steps;
    struct tr *lead, *body, *tail, *notes; /* body is where the clerk writes */
    size_t n_lead, n_body, n_tail, n_notes;
    struct template_column *columns;
    size_t n_columns;
    enum template_sign sign[4];
    size_t n_sign;
};
/* How long papers are kept. years -1: for ever. */
struct retention {
    const char *id;
    struct tr name;
    int64_t years;
};
struct template_outcome {
    const char *service, *document; /* "petition.general", "answer.petition" */
};
struct templates {
    const struct template *items; /* sorted by id */
    size_t n;
    const struct template_outcome *outcomes; /* what each service ends with */
    size_t n_outcomes;
    const struct retention *retention; /* of lookups.json */
    size_t n_retention;
};
/* Every file of the folder; the error names file and member: unknown member, unknown {place}, a language
 * missing, other places in one language than in another, a letter with a cedilla. */
MUST enum rc templates_load(struct arena *a, const char *configs, struct templates *out, struct err *e);
MUST enum rc template_load(struct arena *a, const char *file, struct template *out, struct err *e);
const struct template *template_find(const struct templates *t, const char *id); /* NULL */
/* "" when it ends with no document of ours. */
const char *templates_outcome(const struct templates *t, const char *service);
const struct retention *retention_find(const struct templates *t, const char *id); /* NULL */
bool template_fits(const struct template *t, const char *outcome);
/* The first choice after this step of a case that ends so; NULL: none is meant for it. */
const struct template *template_of_step(const struct templates *t, const char *outcome, const char *step);
/* The text with its values; NULL when one that it names is empty: such a line is left out. */
const char *template_fill(struct arena *a, const char *text, const struct text_var *vars, size_t n);
/* The same for a person to go on writing: what is empty stands as "…". */
const char *template_offer(struct arena *a, const char *text, const struct text_var *vars, size_t n);

#endif
