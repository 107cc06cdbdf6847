/* Frames between kioskd and its drivers: one JSON object per line. Meanings after XFS4IoT: acknowledge,
 * event, exactly one completion, unsolicited, state. */
#ifndef PRIDVOR_FRAME_H
#define PRIDVOR_FRAME_H

#include "common/base/json.h"

#define FRAME_MAX (256 * 1024)

struct command {
    int64_t id;
    const char *verb;
    int64_t deadline_ms;
    struct jval *args; /* object or NULL */
};
extern const struct jdesc command_desc;

/* Every frame a driver may send; `kind` says which members count. */
struct frame {
    const char *kind; /* ack event completion unsolicited state */
    int64_t id;
    const char *event, *completion, *code, *outcome, *text;
    int64_t detail;
    struct jval *data;
    const char *link, *activity, *condition, *model, *serial, *port, *maturity, *firmware;
    const char **media;
    size_t n_media;
    struct jval *counters;
};
extern const struct jdesc frame_desc;
extern const char *const frame_completions[], *const frame_outcomes[];

/* Decodes one line and checks that the members its kind needs are there. */
MUST enum rc frame_read(struct arena *a, const char *line, size_t len, struct frame *out, struct err *e);
MUST enum rc command_read(struct arena *a, const char *line, size_t len, struct command *out, struct err *e);

/* The identity as the card driver reports it (event "identity", completion of "read"). Dates YYYY-MM-DD. */
struct identity {
    const char *document_type, *document_number, *issuing_state, *nationality, *last_name, *first_name,
        *birth_date, *expiry_date, *sex, *cnp, *mrz_format;
};
extern const struct jdesc identity_desc;

#endif
