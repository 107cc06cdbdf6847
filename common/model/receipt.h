/* The receipt as lines; drivers/print gives them their look. Texts: configs/messages.json, "receipt". */
#ifndef PRIDVOR_RECEIPT_H
#define PRIDVOR_RECEIPT_H

#include "common/model/lang.h"
#include "common/base/text.h"

struct receipt_line {
    const char *style; /* title big number text small qr rule space */
    const char *text;
};
struct receipt {
    struct receipt_line *lines;
    size_t n;
};
/* A value in three languages; one that has no language stands three times (RECEIPT_VAR). An empty one leaves
 * its lines out. */
struct receipt_var {
    const char *name;
    struct tr value;
};
#define RECEIPT_VAR(name, text)                                                                              \
    {                                                                                                        \
        (name),                                                                                              \
        {                                                                                                    \
            {                                                                                                \
                (text), (text), (text)                                                                       \
            }                                                                                                \
        }                                                                                                    \
    }
struct receipt_facts {
    bool provisional, no_answer, corrected, by_number; /* by_number: its QR leads to the page by number */
    const struct receipt_var
        *vars; /* institution number date time service name_short department due due_why
                * after pin terminal code corrected; a line that names another value is left out */
    size_t n_vars;
    const char *qr; /* text of the code, or NULL */
};
struct receipt_texts;
MUST enum rc receipt_texts_load(struct arena *a, const char *configs, struct receipt_texts **out,
                                struct err *e);
void receipt_make(struct arena *a, const struct receipt_texts *t, enum lang lang,
                  const struct receipt_facts *f, struct receipt *out);
extern const struct jdesc receipt_line_desc;

#endif
