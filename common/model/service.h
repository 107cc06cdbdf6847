/* Service definitions: one JSON file per service drives kiosk, counter, web and register (configs/services).
 */
#ifndef PRIDVOR_SERVICE_H
#define PRIDVOR_SERVICE_H

#include "common/model/expr.h"
#include "common/model/lang.h"

enum ftype {
    FT_TEXT,
    FT_AREA,
    FT_DATE,
    FT_TIME,
    FT_INT,
    FT_DECIMAL,
    FT_CHOICE,
    FT_MULTI,
    FT_BOOL,
    FT_CNP,
    FT_CUI,
    FT_PLATE,
    FT_PHONE,
    FT_EMAIL,
    FT_ADDRESS,
    FT_LOCALITY,
    FT_GEO,
    FT_ROUTE,
    FT_PERSONS,
    FT_SLOT,
    FT_FILE,
    FT_SIGN,
    FT_NOTE,
    FT_COUNT
};
extern const char *const ftype_names[FT_COUNT + 1]; /* "text" "area" ... NULL, as in the files */

#define FC_NOT_FUTURE 1u
#define FC_FUTURE 2u

struct option {
    const char *id;
    struct tr label;
};
struct field {
    const char *id;
    enum ftype type;
    bool required, from_card, personal, sensitive;
    bool at_counter;              /* files: the paper may be brought to the counter instead */
    const struct expr *condition; /* NULL: always */
    struct tr label, help, why, section;
    const struct option *options;
    size_t n_options;
    int64_t min, max, min_items, max_items; /* max: characters, 0 = 200 */
    unsigned checks;
    const char *tone; /* notes: info care urgent */
};
struct form_rule {
    const char *id;
    const struct expr *must;
    bool stop;
    struct tr text;
    size_t after; /* index of the last field it names: judged on that page */
};
struct attachment {
    const char *id, *how, *held_by;
    bool required;
    const struct expr *condition;
    struct tr label, reason;
};
struct flag_rule {
    const char *flag;
    const struct expr *when;
};
struct service {
    const char *id, *department, *term, *identity_min, *workflow, *retention;
    const char *late_term; /* of a declaration after its day; "" */
    bool fee;              /* one is due, or may be by local rule */
    int64_t version, minutes;
    struct tr name, legal_name, intro, after;
    struct tr fee_note; /* who sets it, when it is paid; never a sum: those are set yearly, by each council */
    const struct tr *before;
    size_t n_before;
    const struct field *fields; /* in the order they are asked; a condition names earlier ones only */
    size_t n_fields;
    const struct form_rule *rules;
    size_t n_rules;
    const struct attachment *attachments;
    size_t n_attachments;
    const struct flag_rule *flags;
    size_t n_flags;
    unsigned channels; /* CH_* */
};
#define CH_KIOSK 1u
#define CH_COUNTER 2u
#define CH_WEB 4u

/* configs/services/<id>.json is what is offered now; <id>@<version>.json beside it is what was offered before
 * and may still arrive from a terminal that was away: a request is judged by the version it was made under.
 */
struct catalog {
    const struct service *services; /* sorted by id */
    size_t n;
    const struct service *old; /* sorted by id, then version */
    size_t n_old;
    const struct option *departments;
    size_t n_departments;
};
/* configs: the folder that holds services/ and lookups.json. The error names file and member. */
MUST enum rc catalog_load(struct arena *a, const char *configs, struct catalog *out, struct err *e);
const struct service *catalog_find(const struct catalog *c, const char *id);                     /* NULL */
const struct service *catalog_version(const struct catalog *c, const char *id, int64_t version); /* NULL */
const struct tr *catalog_department(const struct catalog *c, const char *id);                    /* NULL */
const struct field *service_field(const struct service *s, const char *id);
/* The same for one of many, which mostly come in the table's order: *at, 0 at first, says where to begin. */
const struct field *service_field_next(const struct service *s, const char *id, size_t *at);

#endif
