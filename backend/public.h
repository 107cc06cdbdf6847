/* What citizens see and do with the code and PIN of their receipt, or with the link of a message. A page is
 * made on a thread of the room, out of an ask and the database; the loop only carries it (status.c). Shown is
 * what the workflow calls public; what a clerk wrote for clerks never comes near. */
#ifndef PRIDVOR_PUBLIC_H
#define PRIDVOR_PUBLIC_H

#include "backend/case.h"
#include "backend/registry.h"
#include "backend/store.h"
#include "common/base/text.h"

enum {
    VISIT_MINUTES = 10,        /* without a page asked for */
    VISIT_REPAIR_MINUTES = 30, /* while a form is filled in */
    VISIT_RANDOM = 16,
    VISIT_TOKEN = VISIT_RANDOM + 8 + 16, /* random, end (ms), part of an HMAC over both */
    PUBLIC_FILES_MAX = 10,
    PUBLIC_FIELDS_MAX = 128,
    PUBLIC_TEXT_MAX = 2000,
    PUBLIC_MB_RECEIPT = 60 /* of files for one case within a day */
};

/* public_text.c: tr_get(&public_words[PW_...], lang) */
enum public_word {
    PW_CASE_TITLE,
    PW_HAPPENED,
    PW_FILED,
    PW_REGISTERED,
    PW_NEXT,
    PW_READY_PICKUP,
    PW_READY_BY,
    PW_READY_POST,
    PW_READY_EMAIL,
    PW_ANSWER_BY,
    PW_DAYS_LEFT,
    PW_DUE_TODAY,
    PW_LATE,
    PW_HOW,
    PW_REASON,
    PW_NOTES,
    PW_DOCUMENTS,
    PW_DOWNLOAD,
    PW_SIGNED,
    PW_MESSAGES,
    PW_MAIL_TO,
    PW_SMS_TO,
    PW_MS_QUEUED,
    PW_MS_SENT,
    PW_MS_DELIVERED,
    PW_MS_FAILED,
    PW_MS_FELL_BACK,
    PW_DATA,
    PW_RETURNED,
    PW_RETURNED_TEXT,
    PW_BACK_BY,
    PW_BACK_LATE,
    PW_REPAIR_NOW,
    PW_CLERK_SAYS,
    PW_SEND,
    PW_SENT_TITLE,
    PW_SENT_TEXT,
    PW_TO_CASE,
    PW_FILE_HELP,
    PW_FILE_HERE,
    PW_FILE_COUNTER,
    PW_FILE_TYPE,
    PW_FILE_BIG,
    PW_FILE_NONE,
    PW_FILE_LOST,
    PW_FILE_FULL,
    PW_OPTIONAL,
    PW_WRONG_ONE,
    PW_ALREADY,
    PW_CHANGED,
    PW_OPTIONS,
    PW_SURE_WITHDRAW,
    PW_SURE_CONTEST,
    PW_SURE_OTHER,
    PW_YOUR_REASON,
    PW_REASON_HELP,
    PW_YOUR_CODE,
    PW_BACK,
    PW_END,
    PW_ENDED,
    PW_OVER,
    PW_COOKIE,
    PW_LINK_TITLE,
    PW_LINK_TEXT,
    PW_LINK_GO,
    PW_LINK_DEAD,
    PW_NOT_FOUND,
    PW_REFUSED,
    PW_BY_NUMBER,
    PW_BY_CODE,
    PW_NUMBER_INTRO,
    PW_HOUSE,
    PW_HOUSE_HELP,
    PW_HOUSE_WHICH,
    PW_NUMBER_HELP,
    PW_NUMBER_BAD,
    PW_NUMBER_WRONG,
    PW_NUMBER_LOCKED,
    PW_BRIEF,
    PW_BRIEF_RETURN,
    PW_WITH_CODE,
    PW_NEED_CODE,
    PW_MOVED,
    PW_BOARD,
    PW_BOARD_TEXT,
    PW_BOARD_EMPTY,
    PW_BOARD_UNTIL,
    PW_EV_EXTEND,
    PW_EV_CORRECT,
    PW_EV_WITHOUT,
    PW_EV_CONTEST,
    PW_EV_FEE,
    PW_EV_PAID,
    PW_EV_VISIT,
    PW_EV_OPINIONS,
    PW_EV_CONNEX,
    PW_EV_REVOKED,
    PW_EV_COUNTED,
    PW_EV_NOT_LATE,
    PW_COUNT
};
extern const struct tr public_words[PW_COUNT];

/* ---- a visit ---- */

/* The secret of a visit's cookie: it says itself that it comes from here and until when, so that a stranger's
 * bytes never reach the database or the disk. */
MUST enum rc visit_token_new(const struct work_house *h, int64_t until_ms, char hex[2 * VISIT_TOKEN + 1],
                             struct err *e);
bool visit_token_good(const struct work_house *h, const char *hex, int64_t now_ms);
/* What a form must bring along: out of the token, and useless without it. */
void visit_stamp(const struct work_house *h, const char *hex, char stamp[33]);
/* A keyed hash of something for one purpose. */
void visit_mark(const struct work_house *h, const char *purpose, const char *text, char mark[33]);

struct visit {
    bool link;                        /* by the link of a message: only the repair */
    bool number;                      /* by number and PIN: the state and the dates alone */
    const char *request_id, *case_id; /* NULL: none (yet) */
    int64_t return_id;                /* that the link or the form answers; 0: whichever is open */
    enum lang lang;
    const char *files;    /* of a page: hashes with commas between */
    const char *terminal; /* or of a terminal: only what it brought itself */
};
struct visit_begin {
    bool link, number;
    const char *request_id, *case_id;
    int64_t return_id;
    enum lang lang;
};
MUST enum rc visit_begin(struct work *w, const struct visit_begin *b, char hex[2 * VISIT_TOKEN + 1],
                         struct err *e);
/* RC_UNAUTHENTICATED: over, or never begun. lang: the one now chosen, or NULL. */
MUST enum rc visit_get(struct work *w, const char *hex, const char *lang, int minutes, struct visit *out,
                       struct err *e);
MUST enum rc visit_end(struct work *w, const char *hex, struct err *e);
/* RC_LIMIT: it has sent enough. */
MUST enum rc visit_file(struct work *w, const char *hex, const char *sha256, struct err *e);
/* Code and PIN. RC_DENIED wrong (detail: tries left, -1 unknown code), RC_LIMIT locked (detail: until, ms).
 */
MUST enum rc visit_check(struct work *w, const char *code, const char *pin, const char **request_id,
                         struct err *e);

/* public_number.c: any of the registers of that house, the PIN decides. RC_BAD_FIELD with code HOUSE or
 * NUMBER: not understood; RC_DENIED: no such number, or the wrong PIN; RC_LIMIT (detail: until, ms). */
struct number_ask {
    const char *institution, *number, *pin; /* as people write them */
    const char *client, *terminal;          /* the address, or the terminal */
};
MUST enum rc public_houses(struct work *w, struct institutions *out, struct err *e);
MUST enum rc number_check(struct work *w, const struct number_ask *ask, const char **request_id,
                          struct err *e);

/* public_use.c: `amount` of what may be used up. Once `most` is reached, nothing goes for the rest of the
 * window; or with pause_s for that long, twice as long each time, a day at most. */
struct allowance {
    const char *key; /* without commas and quotes */
    int64_t amount, most;
    int window_s, pause_s;
    bool clear; /* what was counted before is forgiven */
};
/* RC_LIMIT (detail: until, ms): one of them is used up, and nothing was counted. */
MUST enum rc public_use(struct work *w, const struct allowance *a, size_t n, struct err *e);

/* ---- a case as its owner sees it ---- */

struct public_event {
    int64_t at_ms;
    const char *text, *more; /* more: the reason, or "" */
};
struct public_note {
    int64_t at_ms;
    const char *text;
};
struct public_message {
    const char *way, *to; /* email sms; masked */
    enum public_word state;
    int64_t at_ms;
};
struct public_document {
    const char *id, *title, *type, *signed_name;
    int64_t size, pages, signed_ms;
};
struct public_day {
    struct date by;  /* may not be valid: there is none */
    const char *why; /* how it was counted */
};
struct public_view {
    const char *number, *service, *institution, *state, *kind, *state_text; /* kind: of the state */
    int64_t registered_ms;
    struct date today, filed_on, due; /* due may not be valid: none, or not any more */
    int64_t days_left;                /* calendar days until due */
    bool late, brief;                 /* brief: opened by number, the state and the dates alone */
    const char *why, *calc;
    struct public_event *events;
    struct public_note *notes;
    struct public_message *messages;
    struct public_document *documents;
    size_t n_events, n_notes, n_messages, n_documents;
    bool has_case, returned;
    struct public_day back; /* until when the correction is asked for */
    const char *ready; /* where the finished document is; "" while there is none, or nothing to say of it */
    struct public_day kept; /* until when it is kept there */
    struct casefile c;
    struct case_return ret;
    const struct wf_action **acts; /* that the citizen may take now: withdraw, contest, ... */
    size_t n_acts;
};
MUST enum rc public_view(struct work *w, const struct visit *v, struct public_view *out, struct err *e);
/* public_act.c: what is returned, and what may be done now. */
MUST enum rc public_now(struct work *w, struct public_view *v, struct err *e);
MUST enum rc public_returned(struct work *w, struct public_view *v, struct err *e);
const char *public_mask(struct arena *a, const char *address);
/* Nothing is returned any more: ret becomes what this visit's person put right last, had its answers.
 * RC_STATE: nothing. */
MUST enum rc public_last(struct work *w, const struct visit *visit, struct public_view *v, const char **had,
                         struct err *e);
/* The fields of ret, in the form's order. */
MUST enum rc public_fields(struct work *w, const struct public_view *v, const struct field **out, size_t max,
                           size_t *n, struct err *e);
/* Judges and hands in; errors stand beside their fields, out[0..*n_errors). RC_OK with errors: nothing was
 * stored. */
struct public_fix {
    const struct visit *visit;
    const struct jval *answers;
    struct form_error *errors;
    size_t max_errors, n_errors;
    enum lang lang;
    int64_t at_ms; /* out: when it was handed in */
};
/* Does the visit answer this return? The form that lies on the table is not that of a later one. */
bool public_answers(const struct visit *visit, const struct case_return *ret);
/* The same once more, because its answer was lost on the way, is answered like the first time. RC_STATE:
 * nothing is returned, or something else was handed in. */
MUST enum rc public_repair(struct work *w, struct public_fix *fix, struct err *e);

/* public_board.c */
MUST enum rc public_board(struct work *w, enum lang lang, const char **html, struct err *e);

/* ---- pages ---- */

enum public_page {
    PAGE_ENTER,  /* code and PIN were sent */
    PAGE_NUMBER, /* asks for house, number and PIN */
    PAGE_NUMBER_DO,
    PAGE_CASE,
    PAGE_ACT, /* asks once more */
    PAGE_ACT_DO,
    PAGE_REPAIR,
    PAGE_REPAIR_SEND,
    PAGE_DOCUMENT,
    PAGE_LINK_OPEN, /* the link of a message was followed */
    PAGE_BOARD,     /* what hangs on the notice boards */
    PAGE_END,
};
struct public_value {
    const char *name, *value;
};
struct public_upload {
    const char *field;
    struct store_file *file;
    size_t size; /* 0: an empty choice */
    char sha256[STORE_HEX];
};
struct public_ask {
    enum public_page page;
    const char *lang;                /* chosen now, or NULL */
    enum lang guess;                 /* of the browser */
    const char *client;              /* address */
    const char *token, *arg, *stamp; /* arg: action, document, token of a link */
    const struct public_value *values;
    size_t n_values;
    struct public_upload *uploads;
    size_t n_uploads;
};
struct public_reply {
    int status;
    enum lang lang;
    const char *title, *main; /* HTML */
    const char *path;         /* of the language links; NULL: by the ask */
    bool inside;              /* of a visit */
    const char *go;           /* 303 instead */
    const char *token;        /* cookie to set */
    bool forget;              /* cookie to take away */
    struct store_reader *file;
    const char *type, *name;
};
/* Never fails: what went wrong is a page, too. All memory in w->a. */
void public_answer(struct work *w, const struct public_ask *ask, struct public_reply *out);
const char *public_value(const struct public_ask *ask, const char *name); /* "" */

/* status.c: the cookie of a visit, as it came, or NULL; and what the routes call. */
const char *public_cookie(struct http_req *r);
void status_get(struct http_req *r, void *user);
void status_post(struct http_req *r, void *user);
void style_get(struct http_req *r, void *user);
void number_get(struct http_req *r, void *user);
void number_post(struct http_req *r, void *user);
void board_get(struct http_req *r, void *user);
void link_get(struct http_req *r, void *user);
void link_post(struct http_req *r, void *user);
void case_get_page(struct http_req *r, void *user);
void case_post_page(struct http_req *r, void *user);
void repair_post(struct http_req *r, void *user);

/* public_html.c */
void html_text(struct buf *out, const char *s);
/* {name} is replaced by the pair of that name; a value with a '!' before its name is HTML already. */
void html_fill(struct buf *out, const char *tpl, const struct text_var *vars, size_t n);
struct html_frame {
    enum lang lang;
    const char *title, *main, *path; /* path: of the language links */
    bool inside;                     /* of a visit: what the foot says about the cookie */
};
const char *html_page(struct arena *a, const struct html_frame *f);
struct html_form {
    enum lang lang;
    const char *code, *problem; /* or NULL */
};
const char *html_enter(struct arena *a, const struct html_form *f); /* the form for code and PIN */
struct html_number {
    enum lang lang;
    const char *house, *number, *problem; /* as typed; problem NULL: none */
    const struct institutions *all;
};
const char *html_number(struct arena *a, const struct html_number *f);
const char *html_link(struct arena *a, enum lang lang, const char *token);
const char *html_style(size_t *len);
const char *html_case(struct work *w, const struct public_view *v, const char *stamp, enum lang lang);
/* Until when the correction is asked for, and how that was counted. */
void html_back_by(struct work *w, struct buf *b, const struct public_view *v, enum lang lang);
const char *html_act(struct work *w, const struct public_view *v, const struct wf_action *act,
                     const struct html_form *f);
struct html_repair {
    const struct public_view *view;
    const struct field **fields;
    size_t n_fields;
    const struct answers *given; /* what stands in the fields */
    const struct form_error *errors;
    size_t n_errors;
    const char *stamp, *problem;
    enum lang lang;
    bool link;
};
const char *html_repair(struct work *w, const struct html_repair *r);
const char *html_sent(struct arena *a, enum lang lang, bool link);

#endif
