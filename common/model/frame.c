#include "common/model/frame.h"

#include <string.h>

const char *const frame_completions[] = {
    "ok",           "cancelled",    "timeout",     "busy",        "not-ready",   "no-device",
    "link-lost",    "device-error", "user-needed", "unsupported", "bad-request", "denied",
    "bad-sequence", "protocol",     "no-space",    "internal",    NULL};
const char *const frame_outcomes[] = {"done", "not-done", "partial", "unknown", NULL};
static const char *const kinds[] = {"ack", "event", "completion", "unsolicited", "state", NULL};
static const char *const links[] = {"absent", "opening", "up", "retry", NULL};
static const char *const activities[] = {"idle", "busy", "draining", NULL};
static const char *const conditions[] = {"ok", "warn", "user", "staff", "technician", NULL};

static const struct jfield command_fields[] = {
    JF_INT(struct command, id, J_REQ, 1, INT32_MAX),
    JF_STR(struct command, verb, J_REQ, 1, 32),
    JF_INT(struct command, deadline_ms, J_OMIT, 0, 600000),
    JF_ANY(struct command, args, J_OMIT | J_PD),
};
JDESC(command_desc, struct command, command_fields);

#define F struct frame
static const struct jfield frame_fields[] = {
    JF_WORD(F, kind, J_REQ, kinds),
    JF_INT(F, id, J_OMIT, 0, INT32_MAX),
    JF_STR(F, event, J_OMIT, 0, 32),
    JF_WORD(F, completion, J_OMIT, frame_completions),
    JF_STR(F, code, J_OMIT, 0, 40),
    JF_WORD(F, outcome, J_OMIT, frame_outcomes),
    JF_INT(F, detail, J_OMIT, -1, INT32_MAX),
    JF_STR(F, text, J_OMIT, 0, 512),
    JF_ANY(F, data, J_OMIT | J_PD),
    JF_WORD(F, link, J_OMIT, links),
    JF_WORD(F, activity, J_OMIT, activities),
    JF_WORD(F, condition, J_OMIT, conditions),
    JF_STRS(F, media, n_media, J_OMIT, 16),
    JF_STR(F, model, J_OMIT, 0, 128),
    JF_STR(F, serial, J_OMIT, 0, 128),
    JF_STR(F, port, J_OMIT, 0, 64),
    JF_STR(F, maturity, J_OMIT, 0, 16),
    JF_STR(F, firmware, J_OMIT, 0, 16),
    JF_ANY(F, counters, J_OMIT),
};
#undef F
JDESC(frame_desc, struct frame, frame_fields);

#define I struct identity
static const struct jfield identity_fields[] = {
    JF_STR(I, document_type, J_PD, 0, 4), JF_STR(I, document_number, J_PD, 0, 24),
    JF_STR(I, issuing_state, J_PD, 0, 4), JF_STR(I, nationality, J_PD, 0, 4),
    JF_STR(I, last_name, J_PD, 0, 120),   JF_STR(I, first_name, J_PD, 0, 120),
    JF_STR(I, birth_date, J_PD, 0, 10),   JF_STR(I, expiry_date, J_PD, 0, 10),
    JF_STR(I, sex, J_PD, 0, 1),           JF_STR(I, cnp, J_PD, 0, 13),
    JF_STR(I, mrz_format, 0, 0, 4),
};
#undef I
JDESC(identity_desc, struct identity, identity_fields);

enum rc command_read(struct arena *a, const char *line, size_t len, struct command *out, struct err *e)
{
    if (len > FRAME_MAX)
        return err_set(e, RC_TOO_BIG, "command longer than %d bytes", FRAME_MAX);
    return json_decode(a, &command_desc, line, len, out, e);
}

/* Which members each kind needs. */
static const char *missing(const struct frame *f)
{
    if (strcmp(f->kind, "state") == 0)
        return f->link && f->activity && f->condition ? NULL : "link, activity and condition";
    if (strcmp(f->kind, "unsolicited") == 0)
        return f->event && *f->event ? NULL : "event";
    if (f->id < 1)
        return "id";
    if (strcmp(f->kind, "event") == 0)
        return f->event && *f->event ? NULL : "event";
    if (strcmp(f->kind, "completion") == 0)
        return f->completion && f->outcome ? NULL : "completion and outcome";
    return NULL;
}

enum rc frame_read(struct arena *a, const char *line, size_t len, struct frame *out, struct err *e)
{
    struct frame f = {0};
    if (len > FRAME_MAX)
        return err_set(e, RC_TOO_BIG, "frame longer than %d bytes", FRAME_MAX);
    TRY(json_decode(a, &frame_desc, line, len, &f, e));
    const char *what = missing(&f);
    if (what)
        return err_at(e, RC_BAD_FIELD, "kind", "frame %s without %s", f.kind, what);
    *out = f;
    return RC_OK;
}
