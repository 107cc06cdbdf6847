/* Blocking work of people on cases, documents and books: straight-line code on a worker thread (or in
 * registryctl and tests) with a connection of its own. What threads share, they only read. */
#ifndef PRIDVOR_WORK_H
#define PRIDVOR_WORK_H

#include "backend/conf.h"
#include "backend/sql.h"
#include "backend/template.h"
#include "common/base/clock.h"
#include "common/base/crypto.h"
#include "common/model/lang.h"
#include "common/model/registers.h"
#include "common/model/rights.h"
#include "common/model/service.h"
#include "common/model/term.h"
#include "common/model/workflow.h"

/* Files and keys; never changes while the program runs. */
struct work_house {
    const struct registry_conf *conf;
    struct catalog catalog;
    struct registers registers;
    struct workflows workflows;
    struct rights rights;
    struct templates templates;
    struct i18n *i18n;
    struct terms *terms;         /* of the files alone */
    uint8_t master[32];          /* of the file pin_key */
    uint8_t cnp_key[32];         /* keyed hash by which a CNP is found */
    uint8_t once_key[32];        /* keyed hash by which the desk knows what it was sent already */
    struct seal_key at_rest;     /* seals a CNP and what citizens correct */
    struct seal_key request_key; /* of what requests say; see sealed.h */
};
/* All memory in a, which outlives the house. */
MUST enum rc work_house_load(struct arena *a, const struct registry_conf *conf, struct work_house *out,
                             struct err *e);
MUST enum rc work_house_keys(struct work_house *h, struct err *e); /* from the master, and the audit's */
/* The last thing a process does with it: the key of the audit goes, too. */
void work_house_wipe(struct work_house *h);

enum { WORK_SESSIONS = 16 };

/* A statement that goes out in one breath with the first of the job, and the rows that it must bring: else
 * nothing of what was read behind it leaves work_sql. */
struct work_lead {
    struct db_ask ask;
    const struct db_result *want;
    bool held; /* asked, and it brought them */
};
/* Who a session was, when it was last looked at. */
struct work_session {
    char token[2 * SHA256_LEN + 1]; /* its hash */
    struct db_result *rows;         /* of login_check.sql; NULL: none */
};
/* What a connection keeps from job to job, and of which version of the database. */
struct work_kept {
    struct arena *a;
    int64_t version; /* 0: nothing */
    struct institutions tree;
    struct terms *terms;
    struct work_session sessions[WORK_SESSIONS];
    unsigned next_session; /* to be overwritten */
};
void work_kept_free(struct work_kept *k);
/* One job: its arena, its connection, its clock. */
struct work {
    const struct work_house *house;
    struct db_sync *db;
    struct arena *a;
    int64_t (*now_ms)(void); /* unix_ms, or a test's */
    struct terms *terms;     /* rules with the holidays that the database adds; see work_terms */
    struct work_kept *kept;  /* or NULL */
    int64_t version;         /* of what may be kept, as it was when the job began; 0: not asked */
    struct tr say;           /* after a refusal: the sentence for the person, or empty */
    struct db_ask *ahead;    /* see work_ahead */
    size_t n_ahead;
    struct work_lead *lead; /* not asked yet, or NULL */
    unsigned depth;         /* of begun transactions */
    bool failed;            /* an inner one was undone: the outer one must be, too */
};
/* The institutions as they stand now; they live as long as the job. */
MUST enum rc work_tree(struct work *w, struct institutions *out, struct err *e);
/* w->terms, loaded at the first call of a job. */
MUST enum rc work_terms(struct work *w, struct err *e);

/* out may be NULL; else the caller frees it (SCOPED(db_result_freep)). */
MUST enum rc work_sql(struct work *w, enum sql_id id, const struct db_param *p, struct db_result **out,
                      struct err *e);
/* For a page that will ask all of this: in one round trip. work_sql finds the answer when the statement comes
 * with the same values; asks and values stay the caller's and live until work_ahead_end. Only for what reads.
 */
#define WORK_ASK(id, params)                                                                                 \
    {                                                                                                        \
        &sql_table[id], (params), NULL                                                                       \
    }
MUST enum rc work_ahead(struct work *w, struct db_ask *asks, size_t n, struct err *e);
void work_ahead_end(struct work *w); /* also when nothing is ahead */
/* begin and end nest: only the outermost pair speaks to the database. End commits when rc is RC_OK and
 * everything inside went well, else undoes all and returns rc. */
MUST enum rc work_begin(struct work *w, struct err *e);
MUST enum rc work_end(struct work *w, enum rc rc, struct err *e);

enum actor_kind { ACTOR_STAFF, ACTOR_CITIZEN, ACTOR_SYSTEM };
struct actor {
    enum actor_kind kind;
    const char *account;     /* "citizen", "system" for these */
    const char *full_name;   /* "" for these */
    const char *institution; /* where the account belongs; "" for these */
    struct rights_person person;
};
extern const struct actor actor_system, actor_citizen;
/* RC_NOT_FOUND: no such account; a disabled one is RC_DENIED. */
MUST enum rc work_actor(struct work *w, const char *account, struct actor *out, struct err *e);
/* May this person do this there? RC_DENIED, and with a sealed place and no reason RC_DENIED with the key
 * err.reason_needed. The system may. */
MUST enum rc work_may(struct work *w, const struct actor *who, const char *action,
                      const struct rights_place *where, struct err *e);
/* One row in the audit, in the transaction of the act. detail without personal data. */
struct work_log {
    const char *institution, *case_id, *act, *detail; /* case_id, detail: or NULL */
};
MUST enum rc work_audit(struct work *w, const struct actor *who, const struct work_log *log, struct err *e);

#endif
