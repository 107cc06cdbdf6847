/* What the files of registryctl share. Commands come as rows of tables. */
#ifndef PRIDVOR_CTL_H
#define PRIDVOR_CTL_H

#include "backend/conf.h"
#include "backend/sql.h"
#include "backend/work.h"
#include "common/base/arena.h"

enum { CTL_OPTIONS_MAX = 16, CTL_WORDS_MAX = 4 };
struct args {
    struct arena *arena;
    const char *what;                 /* the word after the command's words, or NULL */
    const char *words[CTL_WORDS_MAX]; /* those after it */
    size_t n_words;
    const char *names[CTL_OPTIONS_MAX], *values[CTL_OPTIONS_MAX];
    size_t n;
};

/* A command is one or two words; `what` says what may follow it, `extra` how many words beyond the first. */
struct command {
    const char *first, *second, *what, *help;
    enum rc (*run)(const struct args *a, struct err *e);
    size_t extra;
};
extern const struct command request_commands[];
extern const size_t n_request_commands;
extern const struct command person_commands[];
extern const size_t n_person_commands;
extern const struct command book_commands[];
extern const size_t n_book_commands;
extern const struct command audit_commands[];
extern const size_t n_audit_commands;
extern const struct command case_commands[];
extern const size_t n_case_commands;
extern const struct command people_commands[];
extern const size_t n_people_commands;
extern const struct command doc_commands[];
extern const size_t n_doc_commands;
extern const struct command workflow_commands[];
extern const size_t n_workflow_commands;

const char *ctl_option(const struct args *a, const char *name, const char *def);
MUST enum rc ctl_need(const struct args *a, const char *name, const char **out, struct err *e);
MUST enum rc ctl_conf(const struct args *a, struct registry_conf *out, struct err *e);
MUST enum rc ctl_database(const struct args *a, struct db_sync **out, struct err *e);
/* The key that --config (or the usual configuration) names, when it is this database's. */
MUST enum rc ctl_key(const struct args *a, struct db_sync *s, uint8_t master[32], struct err *e);
/* What people_place knows, and the number as it is printed, of the institution that --institution names or of
 * any; of the house catalog and registers are needed. RC_CONFLICT: several, which are printed. */
MUST enum rc ctl_case_place(const struct args *a, struct db_sync *s, struct work_house *house,
                            const char *which, struct rights_place *out, struct err *e);
MUST enum rc ctl_query(struct db_sync *s, enum sql_id id, const struct db_param *p, struct db_result **out,
                       struct err *e);

#endif
