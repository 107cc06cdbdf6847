/* Inside the outbox. */
#ifndef PRIDVOR_OUTBOX_PRIV_H
#define PRIDVOR_OUTBOX_PRIV_H

#include "backend/outbox.h"
#include "backend/registry.h"
#include "backend/sql.h"

enum { LETTERS_MAX = 128, REPLY_MAX = 1024, OUTBOX_DEADLINE_MS = 10000 };
#define STMT(id) ((id)-SQL_OUTBOX_CLAIM) /* on the outbox's own connection */
extern const char *const way_names[WAY_COUNT];

/* ---- texts (outbox_text.c) ---- */

struct letter_facts { /* strings may be NULL */
    const char *message, *vars, *service, *institution, *receipt_code, *reg;
    enum lang lang;
    int64_t n, registered_ms, service_version;
    struct date filed_on, due;
};
struct letter_text {
    const char *subject, *body; /* body alone for SMS */
    const char *from_name;
};
struct outbox_texts;
/* configs/messages.json: each placeholder must be among the message's "vars". */
MUST enum rc outbox_texts_load(struct arena *a, const char *configs, struct outbox_texts **out,
                               struct err *e);
/* RC_BAD_FIELD: no such message, or a placeholder that nothing fills. A line of an e-mail without its value
 * is left out. Line ends and control characters in values become blanks. */
MUST enum rc outbox_text(struct registry *g, struct arena *a, const struct letter_facts *f, enum way way,
                         struct letter_text *out, struct err *e);

/* ---- forms (outbox_mime.c, outbox_gsm.c) ---- */

struct mail {
    const char *from, *from_name, *to, *message_id, *subject, *body;
    enum lang lang;
    int64_t at_ms;
};
bool mail_address_valid(const char *s); /* plain ASCII addr-spec of RFC 5321, no quoting, no literals */
/* RFC 5322 with CRLF; no line begins with a dot. */
void mail_write(struct buf *out, const struct mail *m);

struct sms_size {
    bool ucs2;
    unsigned units, parts;
};
struct sms_size sms_size(const char *utf8); /* 3GPP TS 23.038: 160/153 septets, 70/67 UTF-16 units */
const char *sms_fold(struct arena *a, const char *utf8); /* Romanian and Hungarian letters to those of GSM */

/* ---- network (outbox_net.c): the only user of libcurl ---- */

struct net;
struct net_job;
struct net_reply {
    enum rc rc;       /* RC_OK: connected, or an answer came */
    int status;       /* HTTP; SMTP: last reply code when connecting failed, or 0 */
    bool left;        /* bytes of the request may have left */
    const char *text; /* for the log */
};
typedef void (*net_cb)(struct net_job *j, const struct net_reply *r, void *user);
struct net *net_new(uv_loop_t *loop);
void net_free(struct net *n); /* jobs first */
struct net_mail_conf {
    const char *url, *user, *password, *ca;
    bool plain; /* no STARTTLS */
    unsigned timeout_ms;
};
/* Connects, STARTTLS, EHLO, AUTH. cb once; then net_send and net_recv until net_close. NULL: no memory. */
struct net_job *net_mail(struct net *n, const struct net_mail_conf *c, net_cb cb, void *user);
/* > 0 bytes, 0: not now, < 0: the connection is gone. */
int net_send(struct net_job *j, const char *p, size_t len);
int net_recv(struct net_job *j, char *p, size_t cap);
int net_fd(struct net_job *j);
struct net_http_conf {
    const char *url, *body, *type, *key, *ca; /* body NULL: GET; key: Idempotency-Key */
    unsigned timeout_ms;
};
struct net_job *net_http(struct net *n, const struct net_http_conf *c, net_cb cb, void *user);
void net_close(struct net_job *j); /* at any time, also inside cb */
char *net_escape(struct arena *a, const char *s);

/* ---- letters (outbox.c) ---- */

enum mark { MARK_HANDING, MARK_SENT, MARK_UNKNOWN, MARK_QUEUED, MARK_FAILED };
struct letter {
    struct letter *next;
    struct arena *arena;
    int64_t id;
    char id_text[24];
    enum way way;
    int tries;
    const char *recipient;
    struct letter_text text;
    enum lang lang;
    /* what is to be written about it */
    enum mark mark;
    int reply;
    int64_t delay_ms;
    bool tried;
    char detail[120];
    void (*handed)(struct letter *l, bool ok, void *user);
    void *user;
};
struct letters {
    struct letter *head, **tail;
    unsigned n;
};
/* One road out: SMTP or HTTP. A failing server makes it rest, letters wait. */
struct road_out {
    struct letters waiting;
    uint64_t rest_until; /* loop time */
    unsigned rest_ms;
    bool configured, claiming, full;
};
struct outbox {
    struct registry *g;
    struct net *net;
    struct db *db;
    struct outbox_texts *texts;
    uv_timer_t tick;
    uv_check_t check;
    unsigned ticks;
    int32_t claim;
    char claim_text[16];
    bool held, holding, marking, recovering, counting, stopping;
    struct letters marks, flying;
    struct road_out roads[WAY_COUNT];
    const char *password, *token; /* or NULL */
    struct mail_lane *mail_lanes;
    struct sms_lane *sms_lanes;
    struct outbox_stats stats;
};

void letters_init(struct letters *q);
void letters_add(struct letters *q, struct letter *l);
struct letter *letters_pop(struct letters *q);              /* NULL */
struct letter *outbox_next(struct outbox *o, enum way way); /* NULL: none, or the road rests */
/* Writes "handing"; handed(ok) follows. Not ok: it is no longer the caller's, nothing may leave. */
void outbox_hand(struct outbox *o, struct letter *l, void (*handed)(struct letter *l, bool ok, void *user),
                 void *user);
struct verdict {
    enum mark mark;
    int reply;        /* 0: none came */
    const char *text; /* without personal data */
    bool road;        /* the server's trouble, not this letter's */
};
/* What became of a letter; it belongs to the outbox again. */
void outbox_end(struct outbox *o, struct letter *l, const struct verdict *v);
void outbox_road_ok(struct outbox *o, enum way way);

/* ---- lanes (outbox_smtp.c, outbox_sms.c) ---- */
void mail_lanes_open(struct outbox *o);
void mail_lanes_wake(struct outbox *o); /* there is work, or a second has passed */
void mail_lanes_close(struct outbox *o);
void sms_lanes_open(struct outbox *o);
void sms_lanes_wake(struct outbox *o);
void sms_lanes_close(struct outbox *o);
void sms_seal(const struct registry *g, const char *id, char out[17]);

#endif
