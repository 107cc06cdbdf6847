/* What the files of the desk share; nobody else includes this (tests do, for the table of routes). */
#ifndef PRIDVOR_DESK_PRIV_H
#define PRIDVOR_DESK_PRIV_H

#include "backend/case.h"
#include "backend/desk.h"
#include "backend/doc.h"
#include "backend/login.h"
#include "backend/parts.h"
#include "common/base/assets.h"
#include "common/base/http.h"

enum { DESK_REASON_MAX = 500, DESK_ID_MAX = 64 };

/* Who may call a route: everybody, whoever is logged in, or whoever holds a right of configs/roles.json
 * somewhere; where exactly, the handler judges. */
#define DESK_OPEN "-"
#define DESK_SESSION "+"

/* One request in work. What came lies in an arena of its own, what is made in w->a; both are wiped when it is
 * answered. */
struct desk_call {
    struct work *w;
    struct login *login; /* on this connection */
    struct actor who; /* not on open routes; nor are these accounts: one's own, and those one stands in for */
    const char **accounts;
    size_t n_accounts;
    const struct desk_route *route;
    const char *id;             /* what stood at {id}, or NULL */
    const char *reason;         /* why a sealed record is opened, or NULL */
    const char *token;          /* of the session, or NULL */
    const char *address, *name; /* of the browser; of a file that is sent (X-Name, X-Kind) */
    const char *kind, *sent;    /* sent: its Content-Type */
    const char *key;            /* Idempotency-Key, or NULL */
    const char *made;           /* id of what an act made, for its route's again */
    struct bytes body;
    struct store_file *received; /* or NULL */
    struct buf out;              /* JSON, unless file is set */
    struct buf more;             /* of an error: further members, beginning with a comma */
    /* the answer */
    int status;
    const char *cookie;          /* Set-Cookie, or NULL */
    const char *type, *save;     /* of a file; save: name under which the browser keeps it, NULL: shows it */
    struct bytes file;           /* made just now */
    struct store_reader *stored; /* or at rest */
    struct parts parts;          /* or text and files at rest */
};
/* in: what route->in describes, or NULL. */
typedef enum rc (*desk_fn)(struct desk_call *c, const void *in, struct err *e);
struct desk_route {
    const char *method, *path; /* {id} stands for one name between slashes */
    const char *right;
    const struct jdesc *in; /* of the body; of the query for GET */
    desk_fn fn;
    bool slow, file; /* a password is looked at; a browser frames the answer and cannot give a reason */
    bool reads;      /* its first statement only reads: the session is looked at in the same breath */
    bool once;       /* makes something that has no version: see desk_once */
    desk_fn again;   /* what it answers the second time; NULL: the first answer, which is kept */
};
/* Does not compile without a right in quotes. */
#define DESK_ROUTE(method, path, right, in, fn)                                                              \
    {                                                                                                        \
        method, path, "" right, in, fn, false, false, false, false, NULL                                     \
    }
#define DESK_FILE(method, path, right, in, fn)                                                               \
    {                                                                                                        \
        method, path, "" right, in, fn, false, true, false, false, NULL                                      \
    }
#define DESK_SLOW(method, path, right, in, fn)                                                               \
    {                                                                                                        \
        method, path, "" right, in, fn, true, false, false, false, NULL                                      \
    }
#define DESK_READ(path, right, in, fn)                                                                       \
    {                                                                                                        \
        "GET", path, "" right, in, fn, false, false, true, false, NULL                                       \
    }
/* As DESK_READ, but what is typed is personal and stands in the body: addresses are kept by browsers and
 * proxies. */
#define DESK_LOOK(path, right, in, fn)                                                                       \
    {                                                                                                        \
        "POST", path, "" right, in, fn, false, false, true, false, NULL                                      \
    }
#define DESK_ONCE(path, right, in, fn)                                                                       \
    {                                                                                                        \
        "POST", path, "" right, in, fn, false, false, false, true, NULL                                      \
    }
#define DESK_AGAIN(path, right, in, fn, again)                                                               \
    {                                                                                                        \
        "POST", path, "" right, in, fn, false, false, false, true, again                                     \
    }

/* desk_routes.c */
extern const struct desk_route desk_routes[];
extern const size_t n_desk_routes;
MUST enum rc desk_routes_check(const struct desk_route *routes, size_t n, const struct rights *r,
                               struct err *e);
/* RC_NOT_FOUND, RC_METHOD. id: DESK_ID_MAX + 1 bytes, "" where the path has none. */
MUST enum rc desk_route_find(const char *method, const char *path, const struct desk_route **out, char *id,
                             struct err *e);

/* desk_gate.c: what is true before a handler runs. */
MUST enum rc desk_same_origin(struct http_req *r, struct err *e);
/* The cookie's value, in a. */
const char *desk_token(struct arena *a, const struct http_req *r);
const char *desk_header_text(struct arena *a, const struct http_req *r, const char *name); /* decoded */
const struct jval *desk_query(struct arena *a, struct http_req *r, const struct jdesc *in);
MUST enum rc desk_enter(struct desk_call *c, struct err *e); /* session, actor, right */
/* As who the session was when it was last looked at; it is looked at again in one breath with the first
 * statement, and only if it still is the same (lead.held) is the answer one. False: not known here. */
struct desk_ahead {
    struct login_look look;
    struct work_lead lead;
};
bool desk_enter_ahead(struct desk_call *c, struct desk_ahead *x);
/* A refusal is written down: who, what, of which case. */
void desk_refused(struct desk_call *c, const struct err *why);

/* Code of an RC_NOT_FOUND for what exists but belongs to others: written down, never told. */
extern const char desk_foreign[];

/* desk_once.c: the route's handler; a route that has once, and a key: its answer holds for the next sending
 * of the same, and no personal data, for it is kept. Where an answer has such data, only the id of what was
 * made is kept, and again answers from it. Other content with that key: RC_CONFLICT. */
MUST enum rc desk_once(struct desk_call *c, const void *in, struct err *e);

/* desk_say.c: an error as the page gets it. */
void desk_error(struct buf *out, const struct err *e, const struct tr *say, const char *more);

/* desk_pages.c */
void desk_pages_get(const struct assets *pages, struct http_req *r);

int64_t desk_number(const char *digits);

/* desk_json.c: members one after the other; the comma comes by itself. name NULL: an element of a list. */
void js_next(struct buf *b, const char *name); /* only what stands before the value */
void js_open(struct buf *b, const char *name, char bracket);
void js_close(struct buf *b, char bracket);
void js_str(struct buf *b, const char *name, const char *s); /* NULL: null */
void js_int(struct buf *b, const char *name, int64_t v);
void js_bool(struct buf *b, const char *name, bool v);
void js_null(struct buf *b, const char *name);
void js_raw(struct buf *b, const char *name, const char *json); /* NULL: null */
void js_tr(struct buf *b, const char *name, const struct tr *t);

/* desk_scope.c: where a person holds a right, for statements and for one place. */
struct desk_scope {
    struct rights_place *places; /* department "": all of the institution */
    size_t n;
    struct db_param institutions, departments; /* the same as two arrays */
};
MUST enum rc desk_scope(struct desk_call *c, const char *right, struct desk_scope *out, struct err *e);
bool desk_reaches(const struct desk_scope *s, const char *institution, const char *department);
/* A day off holds for all institutions of this register: who declares it reaches all of them. */
extern const char desk_for_all[];
MUST enum rc desk_reaches_all(struct desk_call *c, bool *yes, struct err *e);
struct db_param desk_texts(struct arena *a, const char *const *list, size_t n);
/* The states of one of these clocks, or of one of these kinds (lists end with NULL). */
struct db_param desk_states(const struct work *w, const char *const *clocks, const char *const *kinds);

/* desk_show.c: the whole page of a case. */
MUST enum rc desk_case_body(struct desk_call *c, const struct casefile *f, struct err *e);
bool desk_from_here(const struct wf_action *a, const char *state);
void desk_rows(struct desk_call *c, const struct casefile *f); /* one more ROW in a list */
MUST enum rc desk_others(struct desk_call *c, const struct casefile *f, struct err *e); /* member "others" */

/* desk_case.c: the case at {id}, when this person may see it, else it does not exist. */
MUST enum rc desk_open(struct desk_call *c, const char *id, struct casefile *f, struct err *e);
/* What an act answers: the whole case as it is now, or, when somebody else was quicker, what has changed. */
MUST enum rc desk_done(struct desk_call *c, enum rc rc, int64_t seen, struct err *e);

/* desk_book.c: scans that this person handed in within a day, out of the store again. name: for people. */
enum { DESK_PAPERS_MAX = 40 };
struct desk_papers {
    struct doc_upload items[DESK_PAPERS_MAX];
    size_t n;
};
MUST enum rc desk_paper(struct desk_call *c, const char *sha256, const char *name, struct desk_papers *p,
                        struct err *e);
void desk_papers_drop(struct desk_papers *p);

/* desk_form.c: the answers of a whole form, or all that is wrong with them. */
MUST enum rc desk_form_judged(struct desk_call *c, const char *service, const struct jval *answers,
                              struct err *e);
/* The files that answers name. */
MUST enum rc desk_scans(struct desk_call *c, const struct service *s, const struct jval *answers,
                        struct desk_papers *p, struct err *e);

/* The handlers, one row each in desk_routes.c. */
#define DESK_HANDLER(fn) enum rc fn(struct desk_call *c, const void *in, struct err *e)
DESK_HANDLER(desk_login);
DESK_HANDLER(desk_logout);
DESK_HANDLER(desk_password);
DESK_HANDLER(desk_redeem);
DESK_HANDLER(desk_pin);
DESK_HANDLER(desk_lock);
DESK_HANDLER(desk_unlock);
DESK_HANDLER(desk_me);
DESK_HANDLER(desk_counts);
DESK_HANDLER(desk_queue);
DESK_HANDLER(desk_users);
DESK_HANDLER(desk_user_add);
DESK_HANDLER(desk_user_act);
DESK_HANDLER(desk_role);
DESK_HANDLER(desk_institutions);
DESK_HANDLER(desk_services);
DESK_HANDLER(desk_holidays);
DESK_HANDLER(desk_holiday_add);
DESK_HANDLER(desk_holiday_withdraw);
DESK_HANDLER(desk_audit);
DESK_HANDLER(desk_messages);
DESK_HANDLER(desk_message_retry);
DESK_HANDLER(desk_team);
DESK_HANDLER(desk_team_late);
DESK_HANDLER(desk_delegations);
DESK_HANDLER(desk_why);
DESK_HANDLER(desk_case_refused);
DESK_HANDLER(desk_case);
DESK_HANDLER(desk_act);
DESK_HANDLER(desk_assign);
DESK_HANDLER(desk_note);
DESK_HANDLER(desk_seal);
DESK_HANDLER(desk_opinion);
DESK_HANDLER(desk_fact);
DESK_HANDLER(desk_presence);
DESK_HANDLER(desk_delegate);
DESK_HANDLER(desk_delegate_end);
DESK_HANDLER(desk_draft);
DESK_HANDLER(desk_preview);
DESK_HANDLER(desk_document);
DESK_HANDLER(desk_certify);
DESK_HANDLER(desk_printed);
DESK_HANDLER(desk_upload);
DESK_HANDLER(desk_uploaded); /* c->made */
DESK_HANDLER(desk_templates);
DESK_HANDLER(desk_request);
DESK_HANDLER(desk_search);
DESK_HANDLER(desk_registers);
DESK_HANDLER(desk_page);
DESK_HANDLER(desk_day);
DESK_HANDLER(desk_entry);
DESK_HANDLER(desk_scan);
DESK_HANDLER(desk_correct);
DESK_HANDLER(desk_year);
DESK_HANDLER(desk_form);
DESK_HANDLER(desk_return);
DESK_HANDLER(desk_put_right);
DESK_HANDLER(desk_person_seen);
DESK_HANDLER(desk_person_due);
DESK_HANDLER(desk_person_copy);
DESK_HANDLER(desk_person_erase);
extern const struct jdesc desk_search_in, desk_registers_in, desk_page_in, desk_day_in, desk_entry_in;
extern const struct jdesc desk_correct_in, desk_year_in, desk_form_in, desk_put_right_in;
extern const struct jdesc desk_person_in;
extern const struct jdesc desk_act_in, desk_assign_in, desk_note_in, desk_seal_in, desk_opinion_in,
    desk_fact_in;
extern const struct jdesc desk_delegate_in, desk_draft_in, desk_templates_in;
extern const struct jdesc desk_login_in, desk_password_in, desk_redeem_in, desk_queue_in;
extern const struct jdesc desk_pin_in, desk_unlock_in;
extern const struct jdesc desk_user_in, desk_user_act_in, desk_role_in, desk_holiday_in, desk_holiday_day,
    desk_audit_in;
extern const struct jdesc desk_team_in, desk_why_in;

#endif
