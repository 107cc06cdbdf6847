/* Inside of flow_*.c: the session and what its parts say to each other. */
#ifndef PRIDVOR_FLOW_INT_H
#define PRIDVOR_FLOW_INT_H

#include "common/base/jpeg.h"
#include "common/base/log.h"
#include "firmware/flow.h"

#define PAGES_MAX 64
#define ERRORS_MAX 64
#define SESSION_MAX_MS (30 * 60 * 1000) /* a cap on the whole session */
#define SESSION_BYTES (8u << 20)        /* and on its memory */
#define READ_MS 30000
#define SIGN_MS 120000
#define PRINT_MS 60000
#define REPRINTS_MAX 3
#define SCAN_MS 300000             /* a whole feeder */
#define SCAN_PAGES_MAX 20          /* of one question */
#define SCAN_FILES_MAX 10          /* questions with pages */
#define SCAN_ALL_MAX 60            /* pages of the session */
#define SCAN_FILE_BYTES (5u << 20) /* what the register takes as one file */
#define SCAN_ALL_BYTES (20u << 20) /* and with one request */
#define LOOKS_MAX 5                /* wrong receipt codes before a pause */
#define LOOKS_MS (5 * 60 * 1000)

struct trouble {
    const char *code; /* "" when there is none */
    int64_t tries_left;
};

enum card_phase { CARD_INSERT, CARD_CAN, CARD_MRZ, CARD_READING, CARD_OK, CARD_ERROR, CARD_SCANNING };
enum sign_phase { SIGN_READY, SIGN_PREPARING, SIGN_CAPTURING, SIGN_DONE, SIGN_ERROR, SIGN_ABSENT };
enum filing_phase { FILING_SAVING, FILING_SENDING, FILING_QUEUED, FILING_DONE };
enum print_phase {
    PRINT_NONE,
    PRINT_PRINTING,
    PRINT_PRINTED,
    PRINT_SENT,
    PRINT_FAILED,
    PRINT_UNKNOWN,
    PRINT_ABSENT
};

struct card_part {
    enum card_phase phase;
    int64_t cmd, progress, attempts, ms; /* ms: of the whole reading */
    struct trouble error;
    struct identity *identity; /* NULL: typed or not yet read */
    bool proven;               /* the whole reading ended well */
    bool by_mrz;               /* the last attempt opened the chip with printed data */
    bool scanned;              /* the identity was read from the printed card */
    const char *access, *sod;
    char can[7];         /* that opened the chip; only where the service asks for the address */
    const char *address; /* from behind the PIN; NULL: not read */
    const char *passive, *passive_reason, *csca, *chip; /* of the proof (submission.h); NULL: none */
};
/* The address behind the PIN (flow_address.c). */
enum address_phase { ADDRESS_OFFER, ADDRESS_READING, ADDRESS_TAKEN, ADDRESS_CLOSED };
struct address_part {
    enum address_phase phase;
    int64_t cmd, progress, attempts;
    int64_t left; /* tries that are surely left; never the last one is used here */
    struct trouble error;
    const struct field *field; /* being filled */
};
struct sign_part {
    enum sign_phase phase;
    int64_t cmd, samples, width, height, max_pressure;
    struct trouble error;
    struct jval *strokes;
    struct arena *ink; /* the strokes live here: a signature made again takes the place of the first */
    const char *shown_sha256, *bind, *encryption, *device; /* there, too */
    bool skipped;
};
struct filing_part {
    enum filing_phase phase;
    char id[UUID_LEN], code[RECEIPT_CODE_LEN + 1], pin[PIN_LEN + 1];
    char hash[2 * SHA256_LEN + 1];
    const char *text;   /* the request as signed */
    const char *key;    /* of the page's submit */
    int64_t filed_ms;   /* UTC */
    int64_t give_up_at; /* monotonic: provisional from then on */
    bool saved, answered;
    const char *number;
    struct date due;
    struct tr due_why;
    bool has_due;
    struct tr corrected; /* labels of what was put right; empty: a first filing */
    const char *house;   /* which keeps the request, when it says so; NULL: the terminal's own */
};
struct print_part {
    enum print_phase phase;
    const char *proof, *code;
    int64_t journal;
    int reprints, waits;
    int64_t again_at; /* monotonic; the printer was busy with the paper of the citizen before */
};
enum scan_phase { SCAN_READY, SCAN_RUNNING, SCAN_ERROR };
/* Every page lives in an arena of its own: what is deleted is wiped at once. */
struct scan_page {
    struct arena *arena;
    const struct field *field;
    int64_t id; /* for the page on the screen; never used twice in a session */
    struct bytes jpeg, thumb;
    struct jpeg_info info;
    int64_t dpi;
    int turns; /* quarter turns clockwise */
    char sha256[2 * SHA256_LEN + 1];
    const char *hints[6];
    size_t n_hints;
    bool poor, kept, text;
};
struct scan_file {
    struct arena *arena; /* NULL: its pages have changed since */
    const struct field *field;
    struct bytes pdf;
    char sha256[2 * SHA256_LEN + 1];
};
struct scan_part {
    enum scan_phase phase;
    int64_t cmd, ask, again, last_id, at_page, percent; /* again: id of the page that is taken anew */
    const struct field *field;
    const char *doing; /* "warmup" "scanning" "checking" */
    const char *held;  /* arguments of a scan that waits until the scanner has said what it has */
    struct trouble error;
    struct scan_page *pages; /* of all questions, in their order */
    size_t n;
    struct scan_page coming; /* its data are on their way */
    size_t got;
    struct scan_file files[SCAN_FILES_MAX];
    size_t n_files;
    bool feeder, flatbed, loaded; /* what the scanner says it has */
};
enum mine_phase { MINE_ENTER, MINE_ASKING, MINE_SHOWN, MINE_SENDING };
/* "My request": code and PIN of a receipt, what the register says of it, and what came back for repair. */
struct mine_part {
    enum mine_phase phase;
    char code[RECEIPT_CODE_LEN + 1], pin[PIN_LEN + 1];
    char number[61], house[121]; /* instead of the code, as it was typed; "" none */
    const char *problem;         /* key of a sentence, "" */
    struct arena *told;          /* of the view: a new answer takes the place of the old one */
    const struct jval *view;     /* as the register wrote it */
    const struct field **fields;
    size_t n_fields, n_sent;   /* n_sent: files that went */
    int64_t asked;             /* answers to older asks are passed over */
    int64_t sent_at, again_at; /* a correction: since when nobody answers, when it goes once more (0: not) */
    unsigned again_n;
    bool repairs; /* form and review are about these fields */
    bool over;    /* the register expects them no more: the view is of before */
};
static inline bool scan_runs(const struct scan_part *p)
{
    return p->cmd || p->held;
}
struct session {
    struct arena *arena;
    enum lang lang;
    const struct service *service;
    struct answers answers;
    size_t page;
    bool from_review;
    struct form_error errors[ERRORS_MAX];
    size_t n_errors;
    struct card_part card;
    struct address_part address;
    struct sign_part sign;
    struct filing_part filing;
    struct print_part print;
    struct scan_part scan;
    struct mine_part mine;
    const char *notice; /* key of a sentence, "" */
    int64_t begun_at, touched_at;
    bool slow;      /* large text: more time */
    bool card_gone; /* the warning is about the card that was taken out */
};

struct flow {
    struct flow_env env;
    enum step step;
    struct session *s; /* NULL in idle */
    int64_t seq;
    bool warn;
    int64_t warn_left;
    bool card_present;
    int looks; /* wrong receipt codes */
    int64_t looks_at;
    int64_t asks, answers; /* to the register and from it, in all visits */
    bool maintenance;
    uv_timer_t timer;
    struct print_job *job; /* of this session; a print may outlive it */
};

/* One command: body decoded by the row's descriptor into in. */
struct flow_call {
    struct flow *f;
    struct session *s; /* NULL only for start */
    struct arena *a;   /* of the request */
    const void *in;
    struct flow_reply *out;
};

/* flow.c */
void flow_go(struct flow *f, enum step to);
void flow_changed(struct flow *f);
void flow_touch(struct flow *f);
void flow_notice(struct flow *f, const char *key);
struct form_ctx flow_form(const struct flow *f);
/* The public word of a device; "absent" when it is not configured. */
const char *flow_device(const struct flow *f, const char *name);
bool flow_usable(const struct flow *f, const char *name);
void flow_event(struct flow *f, const char *device, const struct frame *fr);
const struct field *service_signs(const struct service *s); /* its sign field or NULL */

/* Parts. */
MUST enum rc card_read(struct flow_call *c, struct err *e);
MUST enum rc card_mrz(struct flow_call *c, struct err *e);
MUST enum rc card_skip(struct flow_call *c, struct err *e);
void card_enter(struct flow *f);
void card_presence(struct flow *f);
void card_leave(struct flow *f);
MUST enum rc form_answer(struct flow_call *c, struct err *e);
MUST enum rc form_goto(struct flow_call *c, struct err *e);
void form_again(struct flow *f); /* the page's errors once more, in the language of now */
bool form_back(struct flow *f);  /* false: it was the first page */
void form_prefill(struct flow *f);
void form_enter(struct flow *f);
size_t form_now(struct flow *f, struct form_page *out); /* pages; clamps the current one */
MUST enum rc sign_start(struct flow_call *c, struct err *e);
MUST enum rc sign_clear(struct flow_call *c, struct err *e);
MUST enum rc sign_finish(struct flow_call *c, struct err *e);
MUST enum rc sign_cancel(struct flow_call *c, struct err *e);
MUST enum rc sign_skip(struct flow_call *c, struct err *e);
void sign_enter(struct flow *f);
void sign_drop(struct flow *f);                        /* the text changes: the signature is void */
void sign_wipe(struct session *s);                     /* strokes and all */
MUST enum rc file_text(struct flow *f, struct err *e); /* makes the text that is signed, once */
MUST enum rc file_submit(struct flow_call *c, struct err *e);
void file_tick(struct flow *f, int64_t now);
MUST enum rc print_again(struct flow_call *c, struct err *e);
MUST enum rc print_resolve(struct flow_call *c, struct err *e);
void print_first(struct flow *f);
void print_tick(struct flow *f, int64_t now);
void print_detach(struct flow *f);

/* The address of the electronic card, behind its PIN. */
MUST enum rc address_start(struct flow_call *c, struct err *e);
MUST enum rc address_cancel(struct flow_call *c, struct err *e);
bool address_of_card(const struct field *field);   /* a question that the card can answer so */
bool address_wanted(const struct service *s);      /* has it such a question */
const struct field *address_asked(struct flow *f); /* it is on the screen, and there is something to say */
bool address_offered(const struct flow *f);        /* now */
void address_stop(struct flow *f);                 /* the question is left */
void address_forget(struct flow *f);               /* another card is read */
bool card_same(struct flow *f, const struct jval *read); /* a completion of read: is it the session's card */

/* The scanner: pages of the file questions. */
MUST enum rc scan_start(struct flow_call *c, struct err *e);
MUST enum rc scan_again(struct flow_call *c, struct err *e);
MUST enum rc scan_cancel(struct flow_call *c, struct err *e);
MUST enum rc scan_move(struct flow_call *c, struct err *e);
MUST enum rc scan_rotate(struct flow_call *c, struct err *e);
MUST enum rc scan_delete(struct flow_call *c, struct err *e);
MUST enum rc scan_keep(struct flow_call *c, struct err *e);
MUST enum rc scan_skip(struct flow_call *c, struct err *e);
void scan_enter(struct flow *f, const struct field *field); /* its question is on the screen now */
void scan_stop(struct flow *f);                             /* the question is left */
void scan_wipe(struct session *s);
/* The question's pages become its answer; 422 for the page when there is something to decide first. */
MUST enum rc scan_settle(struct flow *f, const struct field *field, const char **wrong, struct err *e);
size_t scan_count(const struct session *s, const struct field *field);
/* Of the questions that are asked, in their order: originals for the request, files for the queue. */
size_t scan_originals(struct flow *f, struct arena *a, struct original **out);
size_t scan_blobs(struct flow *f, struct arena *a, struct queue_blob **out);
MUST enum rc form_proceed(struct flow_call *c, struct err *e); /* judges the page and goes on */
/* The printed card, read from a scan. */
MUST enum rc mrz_scan(struct flow_call *c, struct err *e);
void card_identity(struct flow *f, const struct jval *identity);
/* A receipt that was provisional: what became of it. */
MUST enum rc receipt_look(struct flow_call *c, struct err *e);

/* A request that was filed before. */
MUST enum rc mine_open(struct flow_call *c, struct err *e);
MUST enum rc mine_look(struct flow_call *c, struct err *e);
MUST enum rc mine_repair(struct flow_call *c, struct err *e);
MUST enum rc mine_send(struct flow_call *c, struct err *e);
void mine_back(struct flow *f);  /* out of the form, or out of it all */
void mine_again(struct flow *f); /* the same in another language */
void mine_tick(struct flow *f, int64_t now);
void mine_wipe(struct session *s);

/* Bodies. */
struct in_scan {
    const char *field, *source;
};
struct in_page {
    int64_t page;
};
struct in_move {
    int64_t page, to;
};
struct in_comfort {
    bool slow;
};
struct in_code {
    const char *code;
};
struct in_mine {
    const char *code, *number, *institution, *pin; /* the code, or the number there */
};
struct in_lang {
    const char *lang;
};
struct in_service {
    const char *service;
};
struct in_can {
    const char *can;
};
struct in_pin {
    char *pin; /* wiped as soon as it has left */
};
struct in_mrz {
    const char *document_number, *birth_date, *expiry_date;
};
struct in_values {
    struct jval *values;
};
struct in_field {
    const char *field;
};
struct in_key {
    const char *key;
};
struct in_printed {
    bool printed;
};

#endif
