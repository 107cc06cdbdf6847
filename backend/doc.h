/* Documents: what came with a case, what was written in it, what left the house. Bytes lie in the file store
 * (store.h) and never change; a document is a row that names them. What is made from another points to it.
 * Blocking, on a connection of its own (work.h). Each act is one transaction with its event and audit row. */
#ifndef PRIDVOR_DOC_H
#define PRIDVOR_DOC_H

#include "backend/case.h"
#include "backend/store.h"
#include "backend/template.h"

struct document {
    const char *id, *case_id, *institution, *kind, *title, *lang, *sha256, *type, *parent, *template;
    int64_t size, pages, made_ms, signed_ms, certified_ms, voided_ms;
    int64_t disposed_ms; /* its bytes are gone */
    bool to_print;       /* waits in the queue for paper */
    /* A PDF with a program or a file in it is never shown inside a page. looked: that is known. */
    bool active, looked;
    const char *made_by, *signed_by, *signed_name, *certified_by, *voided_why;
    const char *number; /* in the register of what goes out; or NULL */
};
MUST enum rc doc_get(struct work *w, const char *id, struct document *out, struct err *e); /* RC_NOT_FOUND */
/* [document.view] at its case. */
struct doc_ask {
    const char *id, *reason; /* reason: of a sealed case; or NULL */
};
MUST enum rc doc_read(struct work *w, const struct actor *who, const struct doc_ask *ask,
                      struct document *out, struct store_reader **file, struct err *e);
MUST enum rc doc_list(struct work *w, const char *case_id, struct document **out, size_t *n, struct err *e);
/* Sees to it that `active` is known of all that were brought; reads each file once in its life. */
MUST enum rc doc_looked(struct work *w, struct document *list, size_t n, struct err *e);
void doc_json(const struct document *d, struct buf *out); /* DOC of the desk's API */

/* ---- papers that clerks add ---- */
struct doc_upload {
    const char *case_id, *kind, *name; /* kind: scan attachment; name: as the file was called, for people */
    const char *type;                  /* what its sender says it is; or NULL */
    const char *reason;                /* of a sealed case; or NULL */
    struct store_file *file;           /* stays the caller's to drop */
};
/* [document.add]. RC_BAD_FIELD: not what it says, or not whole; RC_LIMIT: conf.blobs_day_mb is
 * used up. */
MUST enum rc doc_add(struct work *w, const struct actor *who, const struct doc_upload *up,
                     struct document *out, struct err *e);
/* [document.certify] "Conform cu originalul": a new PDF with the name, the day and the parent's hash on every
 * page. RC_STATE: nothing that can be certified; certified already: that document again. */
MUST enum rc doc_certify(struct work *w, const struct actor *who, const char *id, const char *reason,
                         struct document *out, struct err *e);

/* ---- the answer ---- */
struct doc_draft {
    const char *template, *title, *body, *author;
    const char *reason; /* when it is saved: of a sealed case; or NULL */
    enum lang lang;
    int64_t version, at_ms;
};
/* found false: there is none. */
MUST enum rc doc_draft_get(struct work *w, const char *case_id, bool *found, struct doc_draft *out,
                           struct err *e);
/* [answer.draft] in->version: that was seen, 0 for the first. RC_STATE: doc_fixed(). RC_CONFLICT: somebody
 * else wrote meanwhile, and *now is theirs. RC_BAD_FIELD: template, lang, title or body. */
MUST enum rc doc_draft_put(struct work *w, const struct actor *who, const struct casefile *c,
                           const struct doc_draft *in, struct doc_draft *now, struct err *e);
/* Drafts from before the seals. */
MUST enum rc doc_seal_old(struct work *w, struct err *e);
/* What was written for another case, inside the caller's transaction and by its rights: over what is there.
 */
MUST enum rc doc_draft_as(struct work *w, const char *case_id, const struct doc_draft *in, struct err *e);
/* The words of the letter that waits for its signature, as it was rendered; *out NULL: none, or a file. */
MUST enum rc doc_waiting_text(struct work *w, const struct casefile *c, const struct doc_draft **out,
                              struct err *e);
/* The paper that stands while nobody writes: it waits for its signature or went out. found false: people are
 * at work on the case, or there is none. */
MUST enum rc doc_fixed(struct work *w, const struct casefile *c, bool *found, struct document *out,
                       struct err *e);
void doc_draft_json(const struct doc_draft *d, struct buf *out);
/* [case.view] The answer as it would leave the house, marked as not signed; once signed, that very file. */
MUST enum rc doc_preview(struct work *w, const struct actor *who, const struct casefile *c,
                         const char *reason, struct bytes *pdf, struct err *e);
/* [{id,name{},kind,langs,body{}}] that fit the case, the likeliest first. */
MUST enum rc doc_templates_json(struct work *w, const struct actor *who, const struct casefile *c,
                                struct buf *out, struct err *e);
/* The files that its answers name become documents of a case that begins; inside the caller's transaction. */
MUST enum rc doc_attach(struct work *w, const struct casefile *c, const struct answers *answers,
                        struct err *e);
/* [case.view] The request itself to read and to print. */
MUST enum rc doc_request_pdf(struct work *w, const struct actor *who, const struct casefile *c,
                             const char *reason, struct bytes *pdf, struct err *e);

/* ---- effects of the workflow; inside the transaction of case_act, which has asked for the rights ---- */
struct doc_effect {
    const struct casefile *c; /* as it is after the step */
    const char *action;
    const struct workflow_given *given;
    size_t n_given;
    const struct casefile *with; /* the case that it is answered with; or NULL */
};
/* render: the draft (or the template of that step) fixed as it stands, without number and signature. What was
 * rendered before and never signed is voided. */
MUST enum rc doc_render_case(struct work *w, const struct actor *who, const struct doc_effect *f,
                             struct document *out, struct err *e);
/* The draft of a case that is answered with another's words: it stays among the documents, to be read, and
 * was never an answer. kept false: nothing is written. */
MUST enum rc doc_draft_keep(struct work *w, const struct actor *who, const struct casefile *c, bool *kept,
                            struct err *e);
/* seal: the final PDF with its own number in the register, the day, and the name and office of who decided,
 * never the system. Renders first when nothing is. RC_STATE: nobody who may sign stands behind it. */
MUST enum rc doc_sign_case(struct work *w, const struct actor *who, const struct doc_effect *f,
                           struct document *out, struct err *e);
/* forward_case: the cover letter to another institution. */
MUST enum rc doc_cover(struct work *w, const struct actor *who, const struct doc_effect *f,
                       const char *to_institution, struct document *out, struct err *e);
/* What the citizen gets: the signed answer, or found false. */
MUST enum rc doc_answer_of(struct work *w, const char *case_id, bool *found, struct document *out,
                           struct err *e);

/* ---- minutes, inventories, pages of the book: any template, with a table ---- */
struct doc_person {
    const char *name, *office;
};
struct doc_order {
    const char *template, *institution, *case_id; /* case_id: or NULL */
    enum lang lang;
    const char *number; /* line below the head; or NULL */
    const struct text_var *vars;
    size_t n_vars;
    const char *const *cells; /* rows without the head, as many cells as the template has columns */
    size_t rows;
    struct doc_person sign[SIGN_COUNT]; /* who stands below; without a name: whoever acts, the head a line */
    int64_t made_ms;                    /* 0: now */
};
MUST enum rc doc_protocol(struct work *w, const struct actor *who, const struct doc_order *o,
                          struct document *out, struct err *e);
/* The same bytes without a document. */
MUST enum rc doc_protocol_pdf(struct work *w, const struct actor *who, const struct doc_order *o,
                              struct bytes *pdf, struct err *e);

/* ---- retention ---- */
/* Cases whose term is over, drawn up with an inventory [retention.dispose]; *id of the list. RC_STATE: none,
 * or kept for ever. */
struct doc_class {
    const char *institution, *retention; /* class of lookups.json */
};
MUST enum rc doc_dispose_list(struct work *w, const struct actor *who, const struct doc_class *c,
                              const char **id, struct document *inventory, struct err *e);
/* By somebody else than who drew it up [retention.dispose or answer.sign]. The minutes are written and what
 * is in the files goes; the rows of the register, of the cases and of the audit stay. */
MUST enum rc doc_dispose(struct work *w, const struct actor *who, const char *id, struct document *minutes,
                         struct err *e);
/* Inside the transaction that forgets them: files (hashes, hex) are let go of. *only: how many of them
 * nothing else names as it stands; may be NULL. */
MUST enum rc doc_let_go(struct work *w, const char *const *files, size_t n, int64_t *only, struct err *e);
/* After it, and each minute: takes off the disk what was let go of and what nothing names. Whoever brings the
 * same bytes holds the row first (doc_rest) or has announced them (SQL_BLOB_COMING). */
MUST enum rc doc_sweep(struct work *w, struct err *e);

#endif
