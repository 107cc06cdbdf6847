/* What the running register knows: configuration, services, terms, terminals and institutions (kept fresh by
 * NOTIFY), and its two roads to the database. */
#ifndef PRIDVOR_REGISTRY_H
#define PRIDVOR_REGISTRY_H

#include "backend/audit.h"
#include "backend/book_seal.h"
#include "backend/conf.h"
#include "backend/desk.h"
#include "backend/intake.h"
#include "backend/outbox.h"
#include "backend/room.h"
#include "common/base/http.h"
#include "common/model/institution.h"
#include "common/model/registers.h"
#include "common/model/submission.h"
#include "common/model/term.h"

/* The name in the certificate, its serial, and the institution it speaks for. */
struct terminal {
    const char *serial, *cn, *institution;
};
struct world {
    struct terminal *terminals; /* sorted by serial */
    size_t n_terminals;
    struct institution *institutions; /* sorted by id; id, kind and name only */
    size_t n_institutions;
};

#define LATENCY_BOUNDS_MS                                                                                    \
    {                                                                                                        \
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000                                                       \
    }
enum { LATENCY_BUCKETS = 12, BLOB_MAX = 5 << 20 };
struct registry_stats {
    uint64_t latency[LATENCY_BUCKETS], latency_us; /* of POST /v1/requests */
    uint64_t refused[RC_COUNT];                    /* answers by cause */
    uint64_t status_ok, status_wrong, status_locked;
    uint64_t blobs, blobs_again, blob_bytes; /* received */
    uint64_t help;
};
/* A citizen who asked for a person (help.c). */
struct help_call {
    char terminal[65], step[17], lang[3];
    int64_t at_ms; /* monotonic */
};

enum { TERM_DAYS = 64 };
struct term_day {
    int64_t day;         /* 0: empty */
    const char *rule;    /* of the terms' own text */
    struct arena *arena; /* of this slot */
    struct term term;
};

struct registry {
    uv_loop_t *loop;
    struct arena *arena; /* process */
    struct registry_conf conf;
    uint8_t pin_key[32];
    struct catalog catalog;
    struct registers registers;
    struct i18n *i18n;
    struct terms *terms;
    struct arena *world_arena;
    struct world world;
    bool world_ready, world_loading, world_stale;
    struct db *db; /* everything but intake */
    struct intake *intake;
    struct audit_sealer sealer;
    struct desk *desk;       /* NULL: not configured */
    struct outbox *outbox;   /* NULL: neither e-mail nor SMS is configured */
    struct work_house house; /* the files; catalog, i18n and terms above are its own */
    struct room *room;       /* blocking work for citizens; NULL before the database is migrated */
    struct book_sealer book;
    struct case_runner *cases; /* case_run.c; NULL: not started */
    struct http_server *terminals, *public;
    struct tls_ctx *tls;
    struct term_day term_days[TERM_DAYS];
    struct registry_stats stats;
    struct help_call help[64];
};

/* registry.c */
MUST enum rc registry_load(struct registry *g, struct err *e);   /* files: services, terms, texts, key */
MUST enum rc registry_listen(struct registry *g, struct err *e); /* answers "later" until it has started */
MUST enum rc
registry_key_check(const struct registry *g,
                   struct err *e);       /* blocking: is it this database's key? Vouches for the audit once */
void registry_start(struct registry *g); /* the connections to a migrated database */
void registry_stop(struct registry *g);
const struct terminal *registry_terminal(const struct registry *g, const char *serial,
                                         const char *cn);                                 /* NULL */
const struct institution *registry_institution(const struct registry *g, const char *id); /* NULL */
/* The answer date of a service for a request filed on that day; valid until the next call. */
MUST enum rc registry_term(struct registry *g, const char *service, struct date filed_on,
                           const struct term **out, struct err *e);
bool registry_ready(const struct registry *g);

/* terminals.c, status.c, metrics.c */
extern const struct http_route terminal_routes[];
extern const size_t n_terminal_routes;
void help_post(struct http_req *r, void *user);   /* help.c */
void mine_status(struct http_req *r, void *user); /* public_kiosk.c */
void mine_repair(struct http_req *r, void *user);
void help_metrics(struct buf *out, const struct registry *g);
extern const struct http_sink blob_sink; /* blobs.c */
void blob_put(struct http_req *r, void *user);
MUST enum rc blobs_open(struct registry *g, struct err *e); /* the folder; what was half received goes */
/* The files that answers name ("sha256:" and 64 hex digits, in a list), as a PostgreSQL array; NULL: none. */
const char *blobs_named(struct arena *a, const struct jval *answers);
extern const struct http_route public_routes[];
extern const size_t n_public_routes;
bool terminal_gate(struct http_req *r, unsigned flags, void *user);
void intake_term(struct intake_item *it, struct date today, void *user);
void metrics_get(struct http_req *r, void *user);
void healthz_get(struct http_req *r, void *user);

/* status_text.c */
enum status_word {
    SW_TITLE,
    SW_INTRO,
    SW_CODE,
    SW_CODE_HELP,
    SW_PIN,
    SW_PIN_HELP,
    SW_SHOW,
    SW_WRONG,
    SW_LEFT,
    SW_LOCKED,
    SW_LATER,
    SW_FORM_BAD,
    SW_REGISTERED,
    SW_STATE,
    SW_NUMBER,
    SW_DATE,
    SW_FILED,
    SW_SERVICE,
    SW_INSTITUTION,
    SW_NEXT,
    SW_NOW,
    SW_UNTIL,
    SW_HELP,
    SW_PRIVACY,
    SW_AGAIN,
    SW_LANGS,
    SW_COUNT
};
const char *status_text(enum status_word w, enum lang lang);

#endif
