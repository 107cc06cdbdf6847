/* Papers of a case: shown, brought, certified, written. */
#include <stdlib.h>
#include <string.h>

#include "backend/desk_priv.h"

static void frame(struct desk_call *c, struct bytes file, const char *type)
{
    c->file = file;
    c->type = type;
}

/* What its own rights refuse after the case may be seen is a plain refusal. */
enum rc desk_document(struct desk_call *c, const void *in, struct err *e)
{
    struct doc_ask ask = {.id = c->id};
    struct document d;
    struct casefile f;

    (void)in;
    TRY(doc_get(c->w, c->id, &d, e));
    if (d.case_id)
        TRY(desk_open(c, d.case_id, &f, e));
    ask.reason = c->reason;
    enum rc rc = doc_read(c->w, &c->who, &ask, &d, &c->stored, e);
    if (rc == RC_DENIED && !d.case_id)
        return err_code(e, RC_NOT_FOUND, desk_foreign, 0, "there is no document %s", c->id);
    TRY(rc);
    bool safe = strcmp(d.type, "application/pdf") == 0 || strncmp(d.type, "image/", 6) == 0;
    c->type = safe ? d.type : "application/octet-stream";
    if (d.active) /* what it brings runs nowhere near the desk */
        c->save = "attachment; filename=\"document.pdf\"";
    else
        c->save = safe ? NULL : "attachment";
    return RC_OK;
}

/* The document that the path names, and its case, which this person may open. */
static enum rc of_case(struct desk_call *c, struct document *d, struct casefile *f, struct err *e)
{
    TRY(doc_get(c->w, c->id, d, e));
    if (!d->case_id)
        return err_set(e, RC_NOT_FOUND, "there is no document %s of a case", c->id);
    return desk_open(c, d->case_id, f, e);
}

enum rc desk_certify(struct desk_call *c, const void *in, struct err *e)
{
    struct document d, copy;
    struct casefile f;

    (void)in;
    TRY(of_case(c, &d, &f, e));
    TRY(doc_certify(c->w, &c->who, c->id, c->reason, &copy, e));
    doc_json(&copy, &c->out);
    return RC_OK;
}

enum rc desk_printed(struct desk_call *c, const void *in, struct err *e)
{
    struct document d;
    struct casefile f;

    (void)in;
    TRY(of_case(c, &d, &f, e));
    TRY(case_printed(c->w, &c->who, d.id, c->reason, e));
    return desk_case_body(c, &f, e);
}

enum rc desk_upload(struct desk_call *c, const void *in, struct err *e)
{
    struct doc_upload up = {.case_id = c->id,
                            .kind = c->kind ? c->kind : "scan",
                            .name = c->name ? c->name : "",
                            .type = c->sent,
                            .reason = c->reason,
                            .file = c->received};
    struct document d;
    struct casefile f;

    (void)in;
    TRY(desk_open(c, c->id, &f, e));
    if (!c->received)
        return err_set(e, RC_UNAVAILABLE, "the file was not taken, send it again");
    TRY(doc_add(c->w, &c->who, &up, &d, e));
    c->made = d.id;
    doc_json(&d, &c->out);
    return RC_OK;
}

enum rc desk_uploaded(struct desk_call *c, const void *in, struct err *e)
{
    struct document d;
    struct casefile f;

    (void)in;
    TRY(desk_open(c, c->id, &f, e));
    TRY(doc_get(c->w, c->made, &d, e));
    doc_json(&d, &c->out);
    return RC_OK;
}

/* ---- the answer ---- */

struct draft_in {
    const char *template, *lang, *title, *body;
    int64_t version;
};
static const struct jfield draft_fields[] = {
    JF_STR(struct draft_in, template, J_REQ, 1, 64),   JF_WORD(struct draft_in, lang, J_REQ, lang_codes),
    JF_STR(struct draft_in, title, 0, 0, 500),         JF_STR(struct draft_in, body, 0, 0, 64000),
    JF_INT(struct draft_in, version, 0, 0, INT64_MAX),
};
JDESC(desk_draft_in, struct draft_in, draft_fields);

enum rc desk_draft(struct desk_call *c, const void *in, struct err *e)
{
    const struct draft_in *x = in;
    struct doc_draft draft = {.template = x->template,
                              .title = x->title ? x->title : "",
                              .body = x->body ? x->body : "",
                              .version = x->version},
                     now;
    struct casefile f;

    TRY(desk_open(c, c->id, &f, e));
    draft.reason = c->reason;
    if (!lang_parse(x->lang, &draft.lang))
        return err_at(e, RC_BAD_FIELD, "lang", "not a language");
    enum rc rc = doc_draft_put(c->w, &c->who, &f, &draft, &now, e);
    if (rc == RC_CONFLICT) {
        buf_str(&c->more, ",\"draft\":");
        doc_draft_json(&now, &c->more);
    }
    TRY(rc);
    doc_draft_json(&now, &c->out);
    return RC_OK;
}

enum rc desk_preview(struct desk_call *c, const void *in, struct err *e)
{
    struct casefile f;
    struct bytes pdf;

    (void)in;
    TRY(desk_open(c, c->id, &f, e));
    TRY(doc_preview(c->w, &c->who, &f, c->reason, &pdf, e));
    frame(c, pdf, "application/pdf");
    return RC_OK;
}

enum rc desk_request(struct desk_call *c, const void *in, struct err *e)
{
    struct casefile f;
    struct bytes pdf;

    (void)in;
    TRY(desk_open(c, c->id, &f, e));
    TRY(doc_request_pdf(c->w, &c->who, &f, c->reason, &pdf, e));
    frame(c, pdf, "application/pdf");
    return RC_OK;
}

struct templates_in {
    const char *case_id;
};
static const struct jfield templates_fields[] = {
    {"case", J_STR, J_REQ, offsetof(struct templates_in, case_id), 0, 1, 64, NULL, NULL},
};
JDESC(desk_templates_in, struct templates_in, templates_fields);

enum rc desk_templates(struct desk_call *c, const void *in, struct err *e)
{
    struct casefile f;

    TRY(desk_open(c, ((const struct templates_in *)in)->case_id, &f, e));
    return doc_templates_json(c->w, &c->who, &f, &c->out, e);
}
